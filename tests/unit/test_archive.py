"""The archive when the disk does not do what it is asked."""

import os
from pathlib import Path

import pytest

from filebridge.archive import Archive


def test_a_flush_that_fails_leaves_the_file_in_the_inbox_and_no_handle_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "a.csv"
    source.write_text("orders\n", encoding="utf-8")
    opened: list[int] = []
    closed: list[int] = []
    really_open, really_close = os.open, os.close

    def note_open(path: Path, flags: int) -> int:
        opened.append(really_open(path, flags))
        return opened[-1]

    def note_close(handle: int) -> None:
        closed.append(handle)
        really_close(handle)

    def fail(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "open", note_open)
    monkeypatch.setattr(os, "close", note_close)
    monkeypatch.setattr(os, "fsync", fail)
    failed = Archive(tmp_path / "archive").rest([(source, "2026-01-05/accepted/a.20260105-1.csv")])
    assert failed == {source: "Input/output error"}
    assert source.exists()
    assert opened == closed != []
