"""Files in control/: whatever lies there is answered, and none of them harms the bridge."""

import os
import sys
from pathlib import Path

import pytest

from filebridge.control import ControlFolder


def test_a_request_is_read_and_told_from_a_later_one_of_its_name(tmp_path: Path) -> None:
    folder = ControlFolder(tmp_path)
    (tmp_path / "halt.json").write_text('{"verb": "halt", "by": "me", "reason": "lunch"}', encoding="utf-8")
    (first,) = folder.requests()
    assert (first.verb, first.by, first.fields, first.problem) == ("halt", "me", {"reason": "lunch"}, "")
    folder.answer(first, {"ok": True})
    assert folder.wait("halt", 1) == {"ok": True}
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "halt.json").write_text('{"verb": "halt", "by": "me", "reason": "again"}', encoding="utf-8")
    os.utime(tmp_path / "halt.json", ns=(1, 1))
    (second,) = folder.requests()
    assert second.stamp != first.stamp
    assert second.age_seconds > 60


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"verb": "halt"}',
        b'{"verb": "sell everything", "by": "me"}',
        b'{"verb": "halt", "by": "x\\ud800"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b" " * 70_000,
    ],
)
def test_what_cannot_be_used_says_why(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.json").write_bytes(data)
    (request,) = ControlFolder(tmp_path).requests()
    assert request.problem
    assert request.verb == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a file system of another kind")
def test_pipes_links_folders_and_odd_names_do_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "control"
    folder.mkdir()
    os.mkfifo(folder / "a.json")
    (folder / "b.json").symlink_to(tmp_path)
    (folder / "c.json").mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xc6.json")).write_bytes(b"{}")
    requests = ControlFolder(folder).requests()
    assert len(requests) == 3
    assert all(request.problem for request in requests)
    for request in requests:
        request.name.encode()
        ControlFolder(folder).answer(request, {"ok": False})
    assert [path.name for path in folder.iterdir() if not path.name.endswith(".answer.json")] == ["c.json"]
