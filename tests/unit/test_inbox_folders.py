"""Several folders: the oldest file first, no folder taken for a file, an earlier run's claims found in each."""

import errno
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import IO, Never

import pytest

from filebridge.config import Settings
from filebridge.domain.orders import SHANGHAI
from filebridge.inbox import Inbox, SourceFolder, folders, inbox_of
from filebridge.inbox.claims import new_claim
from filebridge.sources import Source

NOW = datetime(2126, 11, 20, 10, 0, tzinfo=SHANGHAI)


def folder(place: Path, **settings: object) -> SourceFolder:
    place.mkdir(exist_ok=True)
    source = Source.model_validate({"name": place.name, "folder": str(place), **settings})
    return SourceFolder(place, source, settle_seconds=0)


def put(path: Path, modified: int = 1_000_000_000) -> Path:
    path.write_bytes(b"x\n")
    os.utime(path, (modified, modified))
    return path


def test_the_oldest_of_all_folders_comes_first_and_equal_names_stay_apart(tmp_path: Path) -> None:
    inbox = Inbox([folder(tmp_path / "a"), folder(tmp_path / "b")])
    put(tmp_path / "a" / "orders.csv", 1_000_000_003)
    put(tmp_path / "b" / "orders.csv", 1_000_000_001)
    put(tmp_path / "a" / "z.csv", 1_000_000_002)
    files = inbox.scan(NOW)
    assert [(file.source, file.name) for file in files] == [("b", "orders.csv"), ("a", "z.csv"), ("a", "orders.csv")]
    assert all(file.path.parent.name == file.source for file in files)
    assert sorted(file.claim for file in files) == [file.claim for file in files]


def test_a_listing_serves_until_all_that_it_found_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_CLAIMS_A_SCAN", 2)
    inbox = Inbox([folder(tmp_path / "a")])
    for number in range(4):
        put(tmp_path / "a" / f"{number}.csv", 1_000_000_000 + number)
    assert [file.name for file in inbox.scan(NOW, at_most=2)] == ["0.csv", "1.csv"]
    # Older than all, but the listing did not see it.
    put(tmp_path / "a" / "late.csv", 1)
    assert [file.name for file in inbox.scan(NOW, at_most=2)] == ["2.csv", "3.csv"]
    assert inbox.has_more
    assert [file.name for file in inbox.scan(NOW, at_most=2)] == ["late.csv"]
    assert not inbox.has_more


@pytest.mark.skipif(sys.platform == "win32", reason="listings of Windows say too little of a file to compare it")
def test_what_was_written_to_since_it_was_listed_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_CLAIMS_A_SCAN", 1)
    inbox = Inbox([folder(tmp_path / "a")])
    for number in range(3):
        put(tmp_path / "a" / f"{number}.csv", 1_000_000_000 + number)
    assert [file.name for file in inbox.scan(NOW)] == ["0.csv"]
    put(tmp_path / "a" / "1.csv", 1_000_000_009)
    assert inbox.scan(NOW) == []
    assert [file.name for file in inbox.scan(NOW)] == ["2.csv"]
    assert [file.name for file in inbox.scan(NOW)] == ["1.csv"]


def test_a_source_within_a_source_is_no_file_of_it(tmp_path: Path) -> None:
    outer = SourceFolder(tmp_path, settle_seconds=0, others=frozenset({"desk"}))
    inbox = Inbox([outer, folder(tmp_path / "desk")])
    put(tmp_path / "desk" / "orders.csv")
    assert [file.source for file in inbox.scan(NOW)] == ["desk"]
    assert (tmp_path / "desk").is_dir()


def test_names_that_fit_no_pattern_lie(tmp_path: Path) -> None:
    inbox = Inbox([folder(tmp_path / "a", pattern=["*.csv", "XHPT_*"])])
    for name in ("B.CSV", "c.txt", "xhpt_wt.dbf"):
        put(tmp_path / "a" / name)
    assert [file.name for file in inbox.scan(NOW)] == ["B.CSV", "xhpt_wt.dbf"]
    assert (tmp_path / "a" / "c.txt").exists()


def test_claims_of_an_earlier_run_are_found_in_every_folder_at_a_start(tmp_path: Path) -> None:
    folders = [folder(tmp_path / "a"), folder(tmp_path / "b")]
    earlier = [new_claim(each.place, "orders.csv", "settled") for each in folders]
    for path in earlier:
        put(path)
    inbox = Inbox(folders)
    inbox.look(NOW)
    found = inbox.leftovers()
    assert [file.path for file in found] == earlier
    assert [file.sign for file in found] == ["settled", "settled"]
    assert inbox.leftovers() == []
    inbox.keep(found[1])
    assert [file.path for file in inbox.scan(NOW)] == [earlier[1]]
    # What was handed out, or is known to be recorded, is no news however often it is seen.
    assert inbox.scan(NOW) == inbox.leftovers() == []


def test_a_claim_without_a_sign_is_one_of_an_older_version(tmp_path: Path) -> None:
    inbox = Inbox([folder(tmp_path / "a")])
    put(tmp_path / "a" / ".claimed-0001700000000000000abcd-my-orders.csv")
    inbox.look(NOW)
    (found,) = inbox.leftovers()
    assert (found.claim, found.sign, found.name) == ("0001700000000000000abcd", "", "my-orders.csv")


def test_a_folder_that_goes_away_is_a_problem_and_comes_back_with_its_claims(tmp_path: Path) -> None:
    inbox = Inbox([folder(tmp_path / "a"), folder(tmp_path / "share")])
    put(tmp_path / "share" / "one.csv")
    (taken,) = inbox.scan(NOW)
    earlier = put(new_claim(tmp_path / "share", "earlier.csv", "renamed"))
    (tmp_path / "share").rename(tmp_path / "away")
    put(tmp_path / "a" / "two.csv")
    assert [file.name for file in inbox.scan(NOW)] == ["two.csv"]
    (said,) = inbox.problems()
    assert said.startswith("share: ")
    (tmp_path / "away").rename(tmp_path / "share")
    assert inbox.scan(NOW) == []
    assert inbox.problems() == []
    assert [file.path for file in inbox.leftovers()] == [earlier]
    # A share may also look empty while it is away: then its claims are news again, for the ledger to know.
    taken.path.rename(tmp_path / "elsewhere")
    inbox.scan(NOW)
    (tmp_path / "elsewhere").rename(taken.path)
    inbox.scan(NOW)
    assert [file.claim for file in inbox.leftovers()] == [taken.claim]


def test_a_claim_that_was_not_handed_out_when_its_folder_went_comes_back_once(tmp_path: Path) -> None:
    inbox = Inbox([folder(tmp_path / "share")])
    put(tmp_path / "share" / "one.csv")
    put(tmp_path / "share" / "two.csv")
    (first,) = inbox.scan(NOW, at_most=1)
    (tmp_path / "share").rename(tmp_path / "away")
    assert inbox.scan(NOW) == []
    (tmp_path / "away").rename(tmp_path / "share")
    inbox.scan(NOW)
    (left,) = inbox.leftovers()
    assert left.name == "two.csv"
    assert first.name == "one.csv"


def test_a_claim_out_of_reach_holds_up_no_other_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox([folder(tmp_path / "share"), folder(tmp_path / "disk")])
    put(tmp_path / "share" / "one.csv", 1_000_000_001)
    put(tmp_path / "share" / "two.csv", 1_000_000_002)
    assert [file.name for file in inbox.scan(NOW, at_most=1)] == ["one.csv"]
    put(tmp_path / "disk" / "three.csv", 1_000_000_003)
    look = os.lstat

    def not_connected(path: Path) -> os.stat_result:
        if "share" in str(path):
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return look(path)

    with monkeypatch.context() as broken:
        broken.setattr(os, "lstat", not_connected)
        assert [file.name for file in inbox.scan(NOW)] == ["three.csv"]
    inbox.scan(NOW)
    assert "two.csv" in [file.name for file in inbox.leftovers()]


def test_half_a_released_file_is_never_a_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox([folder(tmp_path / "a")])
    resting = put(tmp_path / "orders.20261120-1.csv")

    def elsewhere(path: Path, target: Path) -> Never:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    def full(source: IO[bytes], copy: IO[bytes]) -> Never:
        copy.write(source.read(1))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", elsewhere)
    with monkeypatch.context() as broken:
        broken.setattr(folders, "copyfileobj", full)
        with pytest.raises(OSError, match="No space"):
            inbox.adopt(resting, "orders.csv", "a", 1)
    assert resting.read_bytes() == b"x\n"
    inbox.look(NOW)
    assert inbox.leftovers() == inbox.scan(NOW) == []
    inbox.adopt(resting, "orders.csv", "a", 1)
    (file,) = inbox.scan(NOW)
    assert (file.name, file.path.read_bytes(), resting.exists()) == ("orders.csv", b"x\n", False)
    assert (file.let_in_of, file.rows_before) == (1, None)
    assert file.modified_at.timestamp() == 1_000_000_000


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no links here")
def test_a_folder_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    put(tmp_path / "real" / "orders.csv")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    source = Source(name="link", folder=str(tmp_path / "link"))
    inbox = Inbox([SourceFolder(tmp_path / "link", source, settle_seconds=0)])
    assert inbox.scan(NOW) == []
    assert "link" in inbox.problems()[0]


def test_two_homes_over_one_folder_leave_each_other_their_claims(tmp_path: Path) -> None:
    def home(mark: str) -> Inbox:
        source = Source.model_validate({"name": "a", "folder": str(tmp_path)})
        return Inbox([SourceFolder(tmp_path, source, settle_seconds=0, mark=mark)])

    put(tmp_path / "orders.csv")
    first, second = home("AAAA"), home("BBBB")
    (file,) = first.scan(NOW)
    assert second.scan(NOW) == second.leftovers() == []
    assert "another home" in second.problems()[0]
    assert first.problems() == []
    # The first one's next run finds it; so it does what a version without marks left.
    earlier = put(new_claim(tmp_path, "old.csv", "settled"))
    again = home("AAAA")
    again.look(NOW)
    assert {found.path for found in again.leftovers()} == {file.path, earlier}


def test_a_folder_is_told_and_never_claimed_with_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "desk" / "alpha").mkdir(parents=True)
    put(tmp_path / "desk" / "alpha" / "orders.csv")
    inbox = Inbox([folder(tmp_path)])
    assert inbox.scan(NOW) == []
    assert "a folder" in inbox.problems()[0]
    assert inbox.waiting == 0
    assert (tmp_path / "desk" / "alpha" / "orders.csv").exists()


def test_a_source_deeper_within_a_source_is_no_trouble(tmp_path: Path) -> None:
    settings = Settings.model_validate({"inbox": {"sources": [{"name": "deep", "folder": "inbox/desk/alpha"}]}})
    put_in = tmp_path / "inbox" / "desk" / "alpha"
    put_in.mkdir(parents=True)
    inbox = inbox_of(
        *(tmp_path, settings, lambda system, name: True, lambda system, name: False, "AAAA"),
        landed=tmp_path / "landed",
        clock=lambda: NOW,
    )
    assert inbox.scan(NOW) == []
    assert inbox.problems() == []
