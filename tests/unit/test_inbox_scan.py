"""A scan that fails half-way loses no file that was claimed before."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Never

import pytest

from filebridge.domain.orders import SHANGHAI
from filebridge.inbox import Inbox, SourceFolder
from filebridge.inbox.claims import time_of


def test_claims_survive_a_listing_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox([SourceFolder(tmp_path, settle_seconds=0)])
    for number in range(5):
        (tmp_path / f"{number}.csv").write_text("x\n", encoding="utf-8")
    now = datetime.now(SHANGHAI) + timedelta(seconds=1)
    handed_out = [file.name for file in inbox.scan(now, at_most=3)]

    def too_many_open(_: object) -> Never:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as broken:
        broken.setattr(os, "scandir", too_many_open)
        handed_out += [file.name for file in inbox.scan(now, at_most=3)]
        assert "Too many" in inbox.problems()[0]
    handed_out += [file.name for file in inbox.scan(now, at_most=3)]
    assert sorted(handed_out) == [f"{number}.csv" for number in range(5)]


def test_a_file_of_a_year_that_no_calendar_has_is_taken(tmp_path: Path) -> None:
    assert time_of(1e12).year == 9999
    assert time_of(-1e12).year == 1970
