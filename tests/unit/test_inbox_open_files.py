"""A workbook that is open in a spreadsheet waits in the inbox, and is said to."""

from datetime import datetime
from pathlib import Path

import pytest

from filebridge.domain.orders import SHANGHAI
from filebridge.inbox import Hints, Inbox, SourceFolder

NOW = datetime(2126, 11, 20, 10, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize("owner", ["~$委托.xlsx", ".~lock.委托.xlsx#"])
def test_an_open_workbook_waits_until_it_is_closed(tmp_path: Path, owner: str) -> None:
    (tmp_path / "委托.xlsx").write_bytes(b"PK")
    (tmp_path / "other.csv").write_bytes(b"x")
    (tmp_path / owner).write_bytes(b"a name")
    inbox = Inbox([SourceFolder(tmp_path, settle_seconds=0)])
    assert [file.name for file in inbox.scan(NOW, hints={tmp_path: Hints(frozenset({"委托.xlsx"}))})] == ["other.csv"]
    (said,) = inbox.problems()
    assert "委托.xlsx" in said
    assert owner in said
    assert inbox.scan(NOW) == []
    (tmp_path / owner).unlink()
    assert [file.name for file in inbox.scan(NOW)] == ["委托.xlsx"]
    assert inbox.problems() == []
