"""Under every policy a file is taken whole or not at all, whatever its writer does between two looks at it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filebridge.domain.orders import SHANGHAI
from filebridge.inbox import ClaimedFile, Hints, Inbox, SourceFolder
from filebridge.inbox.finished import CLOSED, COUNTED, DONE, LATE, NAMED, RENAMED, SETTLED
from filebridge.sources import Source
from tests.windows.marks import not_windows

SETTLE, GIVE_UP = 60.0, 600.0
PIECES = (b"symbol,side,quantity,limit_price\n", b"600000.SH,BUY,", b"100,10.51\n", b"#END,1\n")
# A writer waits after each step; what it has done by its last is whole.
Writer = Callable[[Path], Iterator[None]]


def by_rename(path: Path) -> Iterator[None]:
    part = path.with_name(path.name + ".part")
    for piece in PIECES:
        with part.open("ab") as file:
            file.write(piece)
        yield
    part.rename(path)


def by_done_file(path: Path) -> Iterator[None]:
    for piece in PIECES:
        with path.open("ab") as file:
            file.write(piece)
        yield
    path.with_name(path.name + ".done").touch()


def by_end_line(path: Path) -> Iterator[None]:
    for piece in PIECES[:-1]:
        with path.open("ab") as file:
            file.write(piece)
        yield
    with path.open("ab") as file:
        file.write(PIECES[-1])


def in_one_go(path: Path) -> Iterator[None]:
    with path.open("wb") as file:
        for piece in PIECES:
            file.write(piece)
            file.flush()
            yield


class Way(NamedTuple):
    policy: str
    write: Writer
    # How long the writer pauses, at most, and how long after its last step the file is taken.
    pause: float
    after: float
    sign: str


WAYS = (
    Way("rename", by_rename, GIVE_UP - 1, 0, NAMED),
    Way("done_file", by_done_file, GIVE_UP - 1, 0, DONE),
    Way("end_line", by_end_line, GIVE_UP - 1, 0, COUNTED),
    Way("closed", in_one_go, GIVE_UP * 2, 0, CLOSED),
    Way("settle", by_end_line, SETTLE - 1, SETTLE, SETTLED),
    Way("auto", in_one_go, GIVE_UP * 2, 0, COUNTED),
    Way("auto", by_end_line, SETTLE - 1, 0, COUNTED),
)


def inbox_of(place: Path, **said: object) -> Inbox:
    place.mkdir(exist_ok=True)
    source = Source.model_validate({"name": "s", "folder": str(place), **said})
    return Inbox([SourceFolder(place, source, settle_seconds=SETTLE, give_up_seconds=GIVE_UP)])


def scan(inbox: Inbox, later: float = 0) -> list[ClaimedFile]:
    return inbox.scan(datetime.now(SHANGHAI) + timedelta(seconds=later))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.policy}-{way.write.__name__}")
def test_a_file_is_never_taken_half(tmp_path: Path, way: Way) -> None:
    inbox = inbox_of(tmp_path / "s", policy=way.policy)
    path = tmp_path / "s" / "orders.csv"
    writer = way.write(path)
    scan(inbox)
    for _ in writer:
        for pause in (0.0, way.pause / 2, way.pause):
            assert scan(inbox, pause) == []
    # Windows does not say when a file was last changed as surely as Linux does: there it counts from the first look.
    (file,) = scan(inbox) or scan(inbox, way.after)
    assert file.sign == way.sign
    assert file.path.read_bytes() == b"".join(PIECES)
    rest = [each.name for each in (tmp_path / "s").iterdir()]
    assert sorted(rest) == sorted([file.path.name, *(each.name for each in file.companions.values())])


@given(pauses=st.lists(st.floats(0, GIVE_UP - 2), min_size=4, max_size=4), way=st.sampled_from(WAYS[:4]))
@settings(max_examples=40, deadline=None)
def test_no_pause_within_the_bound_cuts_a_file(
    tmp_path_factory: pytest.TempPathFactory, pauses: list[float], way: Way
) -> None:
    place = tmp_path_factory.mktemp("hand-over")
    inbox = inbox_of(place, policy=way.policy)
    for _, pause in zip(way.write(place / "orders.csv"), pauses, strict=False):
        assert scan(inbox, pause) == []
    # The writer has gone before its last step, or has just made it.
    for file in scan(inbox_of(place, policy=way.policy)):
        assert file.path.read_bytes() == b"".join(PIECES)


def test_a_rename_that_was_seen_is_enough_for_auto(tmp_path: Path) -> None:
    inbox = inbox_of(tmp_path / "s")
    (tmp_path / "s" / "orders.csv").write_bytes(b"x\n")
    assert scan(inbox) == []
    hints = {tmp_path / "s": Hints(frozenset({"orders.csv"}))}
    (file,) = inbox.scan(datetime.now(SHANGHAI), hints=hints)
    assert file.sign == RENAMED


def test_auto_takes_what_nobody_has_open_when_it_is_settled(tmp_path: Path) -> None:
    inbox = inbox_of(tmp_path / "s")
    (tmp_path / "s" / "orders.csv").write_bytes(b"x\n")
    assert scan(inbox) == []
    (file,) = scan(inbox, SETTLE)
    assert file.sign == CLOSED


def test_a_share_tells_nothing_of_writers_so_it_is_only_settled(tmp_path: Path) -> None:
    inbox = inbox_of(tmp_path / "s", watch=False)
    (tmp_path / "s" / "orders.csv").write_bytes(b"x\n")
    assert scan(inbox) == []
    (file,) = scan(inbox, SETTLE)
    assert file.sign == (SETTLED if os.name == "posix" else CLOSED)


@pytest.mark.parametrize("policy", ["done_file", "end_line"])
def test_what_is_never_finished_is_answered_and_not_believed(tmp_path: Path, policy: str) -> None:
    inbox = inbox_of(tmp_path / "s", policy=policy)
    (tmp_path / "s" / "orders.csv").write_bytes(b"x\n")
    assert scan(inbox, GIVE_UP - 1) == []
    (file,) = scan(inbox, GIVE_UP)
    assert file.sign == LATE


def test_a_done_file_of_an_earlier_file_says_nothing_of_this_one(tmp_path: Path) -> None:
    inbox = inbox_of(tmp_path / "s", policy="done_file", done_suffix=".fin")
    path = tmp_path / "s" / "orders.csv"
    path.with_name("orders.csv.fin").touch()
    os.utime(path.with_name("orders.csv.fin"), (1_000_000_000, 1_000_000_000))
    path.write_bytes(b"x\n")
    assert scan(inbox) == []
    assert "orders.csv.fin is older" in inbox.problems()[0]
    path.with_name("orders.csv.fin").touch()
    (file,) = scan(inbox)
    assert list(file.companions) == [".fin"]
    assert file.companions[".fin"].parent == path.parent


def test_a_companion_that_a_crash_left_is_claimed_with_its_file(tmp_path: Path) -> None:
    inbox = inbox_of(tmp_path / "s", policy="done_file")
    (tmp_path / "s" / "orders.csv").write_bytes(b"x\n")
    (tmp_path / "s" / "orders.csv.done").touch()
    (file,) = scan(inbox)
    # As a crash between the two renames leaves them.
    file.companions[".done"].rename(tmp_path / "s" / "orders.csv.done")
    again = inbox_of(tmp_path / "s", policy="done_file")
    again.look(datetime.now(SHANGHAI))
    (left,) = again.leftovers()
    assert left.companions == file.companions
    assert file.companions[".done"].exists()
    # But beside a newer file of the name it is that one's.
    file.companions[".done"].rename(tmp_path / "s" / "orders.csv.done")
    (tmp_path / "s" / "orders.csv").write_bytes(b"y\n")
    os.utime(tmp_path / "s" / "orders.csv", (1_000_000_000, 1_000_000_000))
    third = inbox_of(tmp_path / "s", policy="done_file")
    third.look(datetime.now(SHANGHAI))
    (left,) = third.leftovers()
    assert left.companions == {}


def test_a_finished_file_waits_for_its_proof_and_no_longer(tmp_path: Path) -> None:
    inbox = inbox_of(tmp_path / "s", policy="rename", proof="hmac", key_env="KEY", proof_seconds=10)
    place = tmp_path / "s"
    for name in ("a.csv", "b.csv"):
        (place / name).write_bytes(b"x\n")
    assert scan(inbox) == []
    assert "waits for a.csv.hmac" in inbox.problems()[0]
    (place / "a.csv.hmac").write_bytes(b"0" * 10)
    assert scan(inbox, 5) == []
    (place / "a.csv.hmac").write_bytes(b"0" * 64)
    (file,) = scan(inbox, 6)
    assert (file.name, list(file.companions)) == ("a.csv", [".hmac"])
    assert file.companions[".hmac"].read_bytes() == b"0" * 64
    (file,) = scan(inbox, 11)
    assert (file.name, list(file.companions)) == ("b.csv", [])


@not_windows
def test_a_writer_that_breaks_its_word_is_seen_where_the_system_tells(tmp_path: Path) -> None:
    inbox = inbox_of(tmp_path / "s", policy="rename")
    with (tmp_path / "s" / "orders.csv").open("wb") as file:
        file.write(b"x")
        file.flush()
        assert scan(inbox, 5) == []
        assert "a program has it open" in inbox.problems()[0]
    assert len(scan(inbox, 5)) == 1


OPENED_IN_THAT_MOMENT = """
import fcntl, os, sys
from filebridge.inbox import finished
set_lease = fcntl.fcntl
def between(handle, command, value):
    answer = set_lease(handle, command, value)
    if command == fcntl.F_SETLEASE and value == fcntl.F_RDLCK:
        try:
            os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
        except BlockingIOError:
            print("held", end=" ")
    return answer
fcntl.fcntl = between
print(finished.writer_of(sys.argv[1]).name)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_a_writer_that_comes_while_the_file_is_looked_at_ends_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x", encoding="utf-8")
    program = [sys.executable, "-c", OPENED_IN_THAT_MOMENT, str(path)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, "held NONE\n"), ended.stderr
