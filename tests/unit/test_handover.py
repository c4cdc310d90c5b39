"""The hand-over log: what it proves, and when it proves nothing."""

import os
from pathlib import Path

import pytest

from filebridge.gateways.supervisor import handed_over, last_handed
from filebridge.gateways.worker import HandOver

A, B = "HOME" + "A" * 16, "HOME" + "B" * 16


def test_what_was_noted_is_read(tmp_path: Path) -> None:
    log = HandOver(tmp_path / "log")
    assert handed_over(tmp_path / "log") == frozenset()
    log.note(A)
    log.note(B)
    assert handed_over(tmp_path / "log") == frozenset({A, B})


@pytest.mark.parametrize("text", [A[:7], f"{A}\n{B[:19]}\n", f"{A}{B}\n", f"{A}\n\n{B}\n"])
def test_a_log_that_is_not_whole_proves_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "log").write_text(text, encoding="ascii")
    assert handed_over(tmp_path / "log") is None


def test_a_missing_log_proves_nothing(tmp_path: Path) -> None:
    assert handed_over(tmp_path / "log") is None


def test_a_tag_that_is_noted_in_part_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = HandOver(tmp_path / "log")
    really = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: really(handle, data[:1]))
    with pytest.raises(OSError, match="part of a line"):
        log.note(A)


def test_the_last_of_each_log_is_found_whatever_was_cut(tmp_path: Path) -> None:
    assert last_handed(tmp_path / "nowhere") == []
    for name, text in {"a": f"{A}\n{B}\n", "b": f"{A}\n{B[:7]}", "c": "", "d": B}.items():
        (tmp_path / f"{name}.tags").write_text(text, encoding="ascii")
    assert last_handed(tmp_path) == [B, A]
