"""What a courier brings from a share is what lay there: its bytes, its age, its owner, and in what order it came."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from filebridge import failpoints
from filebridge.config import Settings
from filebridge.domain.orders import SHANGHAI
from filebridge.inbox import ClaimedFile, Inbox, SourceFolder, inbox_of
from filebridge.inbox.claims import new_claim
from filebridge.inbox.courier import Courier, ShareFolder
from filebridge.inbox.folder import Claim, Finished
from filebridge.owners import owner_of
from filebridge.sources import Source
from tests.integration.homes import until


def now() -> datetime:
    return datetime.now(SHANGHAI)


@contextmanager
def inbox_over(
    share: Path, kind: type[SourceFolder] = SourceFolder, settle_seconds: float = 0, **settings: object
) -> Iterator[Inbox]:
    share.mkdir(exist_ok=True)
    source = Source.model_validate({"name": "far", "folder": str(share), "watch": False, **settings})
    far = kind(share, source, settle_seconds=settle_seconds, mark="AAAA")
    home = share.with_name("landed")
    inbox = Inbox([ShareFolder(home, far, Courier(far, home, seconds=0.01, clock=now, bytes_max=10))])
    try:
        yield inbox
    finally:
        inbox.close()


def arrived(inbox: Inbox, count: int = 1) -> list[ClaimedFile]:
    """So many files, once they have come and are handed out."""
    found: list[ClaimedFile] = []

    def came() -> bool:
        found.extend(inbox.scan(now()))
        for file in inbox.leftovers():
            inbox.keep(file)
        return len(found) >= count

    until(came, f"{count} files")
    return found


def moved(folder: Path, place: Path) -> bool:
    try:
        folder.rename(place)
    except PermissionError:
        return False
    return True


def put(path: Path, data: bytes = b"x\n", *, days_old: int = 0) -> Path:
    path.write_bytes(data)
    moment = (now() - timedelta(days=days_old)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_a_file_comes_home_with_its_age_owner_and_companions(tmp_path: Path) -> None:
    share = tmp_path / "share"
    with inbox_over(share, policy="done_file") as inbox:
        written = put(share / "orders.csv", b"abc\n", days_old=3)
        status, author = written.stat(), owner_of(written)
        (share / "orders.csv.done").touch()
        (file,) = arrived(inbox)
        assert (file.name, file.source, file.sign, file.size) == ("orders.csv", "far", "done", 4)
        assert file.path.read_bytes() == b"abc\n"
        assert file.path.is_relative_to(tmp_path / "landed")
        assert file.modified_at.timestamp() == pytest.approx(status.st_mtime)
        assert [path.read_bytes() for path in file.companions.values()] == [b""]
        assert file.written is not None
        assert file.written.author == author
        assert (file.written.status.st_uid, file.written.status.st_mode) == (status.st_uid, status.st_mode)
        until(lambda: not list(share.iterdir()), "an empty share")
        until(lambda: inbox.waiting == 0, "nothing that waits")
        assert inbox.problems() == []


def test_when_a_file_was_first_seen_is_not_when_it_came_home(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "landed").mkdir()
    # As a run left it that ended on the way: seen and written long ago.
    claim = put(new_claim(tmp_path / "landed", "orders.csv", "renamed", "AAAA"))
    token = claim.name.split(".")[1].removeprefix("claimed-")
    times = {"seen_at": "2026-11-19T10:00:00+08:00", "modified_at": "2026-11-19T09:00:00+08:00"}
    said = json.dumps({**times, "status": list(claim.stat()), "author": "trader"})
    (tmp_path / "landed" / f".origin-{token}").write_text(said)
    with inbox_over(share) as inbox:
        (file,) = arrived(inbox)
    assert (file.seen_at.isoformat(), file.modified_at.isoformat()) == tuple(times.values())
    assert file.written is not None
    assert file.written.author == "trader"


def test_files_come_in_their_order_and_a_claim_comes_once(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "landed").mkdir()
    # An earlier run was killed before it deleted what it had brought.
    left = put(new_claim(share, "first.csv", "renamed", "AAAA"))
    put(tmp_path / "landed" / left.name)
    put(share / "third.csv", days_old=1)
    put(share / "second.csv", days_old=2)
    with inbox_over(share, policy="rename") as inbox:
        files = arrived(inbox, 3)
        assert [file.name for file in files] == ["first.csv", "second.csv", "third.csv"]
        until(lambda: not list(share.iterdir()), "an empty share")
        for file in files:
            file.path.unlink()
        # What was said of them goes with them.
        until(lambda: not list((tmp_path / "landed").iterdir()), "an empty landing")
        assert inbox.scan(now()) == inbox.leftovers() == []


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no links here")
def test_what_is_no_plain_file_is_left_and_told(tmp_path: Path) -> None:
    share = tmp_path / "share"
    with inbox_over(share, policy="rename") as inbox:
        secret = put(tmp_path / "secret.csv")
        (share / "link.csv").symlink_to(secret)
        put(share / "orders.csv")
        assert [file.name for file in arrived(inbox)] == ["orders.csv"]
        told = until(inbox.problems, "what is said of the link")
        assert "link.csv" in told[0]
        assert (share / "link.csv").is_symlink()


def test_what_is_larger_than_may_be_read_is_left_and_told(tmp_path: Path) -> None:
    share = tmp_path / "share"
    with inbox_over(share, policy="rename") as inbox:
        put(share / "film.csv", bytes(11))
        put(share / "orders.csv", bytes(10))
        assert [file.name for file in arrived(inbox)] == ["orders.csv"]
        told = until(inbox.problems, "what is said of the large one")
        assert "film.csv" in told[0]
        assert (share / "film.csv").stat().st_size == 11


def test_a_file_that_is_written_to_after_it_was_found_whole_rests_anew(tmp_path: Path) -> None:
    class StillWritten(SourceFolder):
        """Its writer comes back once the share does, and is slow."""

        written_at = 0.0

        def claim(self, found: Finished) -> Claim | None:
            claim = super().claim(found)
            assert claim is not None
            with claim.path.open("ab") as file:
                file.write(b"y\n")
            StillWritten.written_at = time.monotonic()
            return claim

    share = tmp_path / "share"
    with inbox_over(share, StillWritten, 0.3, policy="rename") as inbox:
        put(share / "orders.csv")
        (file,) = arrived(inbox)
        assert time.monotonic() - StillWritten.written_at >= 0.3
        assert file.path.read_bytes() == b"x\ny\n"


def test_what_is_added_to_a_file_after_it_was_taken_is_told_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"

    def add(name: str) -> None:
        if name == "archive.unlink":
            monkeypatch.setattr(failpoints, "hit", lambda name: None)
            (claim,) = share.iterdir()
            with claim.open("ab") as file:
                file.write(b"y\n")

    monkeypatch.setattr(failpoints, "hit", add)
    with inbox_over(share, policy="rename") as inbox:
        put(share / "orders.csv")
        (file,) = arrived(inbox)
        assert file.path.read_bytes() == b"x\n"
        told = until(inbox.problems, "what is said of the addition")
        assert "written to after it was taken" in told[0]
        (claim,) = share.iterdir()
        assert claim.read_bytes() == b"x\ny\n"


def test_a_share_that_goes_away_is_told_and_comes_back(tmp_path: Path) -> None:
    share = tmp_path / "share"
    with inbox_over(share, policy="rename") as inbox:
        until(lambda: inbox.scan(now()) == [] and inbox.waiting == 0, "the first round")
        until(lambda: moved(share, tmp_path / "away"), "nobody in the folder, which Windows wants")
        until(inbox.problems, "what is said of the share")
        put(tmp_path / "away" / "orders.csv")
        (tmp_path / "away").rename(share)
        assert [file.name for file in arrived(inbox)] == ["orders.csv"]
        until(lambda: inbox.problems() == [], "no more problems")


@pytest.mark.parametrize("entry", ["watched", "gone"])
def test_what_was_brought_from_a_share_that_is_none_any_more_is_taken_or_told(tmp_path: Path, entry: str) -> None:
    place = tmp_path / "landed" / "far"
    place.mkdir(parents=True)
    put(new_claim(place, "orders.csv", "renamed", "AAAA"))
    sources = [{"name": "far", "folder": "far"}] if entry == "watched" else []
    (tmp_path / "far").mkdir()
    (tmp_path / "inbox").mkdir()
    settings = Settings.model_validate({"inbox": {"sources": sources}})
    inbox = inbox_of(
        tmp_path,
        settings,
        lambda system, name: True,
        lambda system, name: False,
        "AAAA",
        landed=tmp_path / "landed",
        clock=now,
    )
    inbox.look(now())
    assert [(file.name, file.source) for file in inbox.leftovers()] == [("orders.csv", "far")] * len(sources)
    assert ["whose entry is gone" in line for line in inbox.problems()] == [True] * (1 - len(sources))
