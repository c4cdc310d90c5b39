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


def test_a_place_that_is_taken_loses_neither_file(tmp_path: Path) -> None:
    """A ledger that was restored gives numbers again that files in the archive have."""
    archive = Archive(tmp_path / "archive")
    place = "2026-01-05/quarantined/a.20260105-1.csv"
    source = tmp_path / "a.csv"
    for text in ("first\n", "second\n", "third\n"):
        source.write_text(text, encoding="utf-8")
        # The second time as after a crash that came before the source was deleted.
        for _ in range(2):
            assert archive.rest([(source, place)]) == {}
            assert not source.exists()
            source.write_text(text, encoding="utf-8")
    rest = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "archive").glob("*/*/*")}
    assert rest == {
        "a.20260105-1.csv": "third\n",
        "a.20260105-1+2.csv": "first\n",
        "a.20260105-1+3.csv": "second\n",
    }
    found = archive.find("a.20260105-1+2.csv")
    assert found is not None
    assert (found.name, found.intake_no) == ("a.csv", 0)


def test_the_folder_of_a_source_is_no_quarantined_file(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    source = tmp_path / "a.csv"
    source.write_text("orders\n", encoding="utf-8")
    archive.rest([(source, "2026-01-05/quarantined/desk/a.20260105-7.csv")])
    assert archive.find("desk") is None
    found = archive.find("a.csv")
    assert found is not None
    assert (found.name, found.source, found.intake_no) == ("a.csv", "desk", 7)
