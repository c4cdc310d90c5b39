"""Which home follows a folder's growing files, where locks between machines hold and where they do not."""

import errno
import sys
from pathlib import Path

import pytest

from filebridge.inbox import FolderHold, Held, Home
from filebridge.inbox.holding import BEAT_SECONDS, CONFIRM_SECONDS, NOTE, QUIET_SECONDS


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def hold(folder: Path, name: str, clock: Clock, *, boot: str = "", is_share: bool = True) -> FolderHold:
    home = Home(name, f"/homes/{name}", "1", boot or f"boot of {name}")
    return FolderHold(folder, home, is_share=is_share, clock=clock)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system of another machine that keeps no locks, as the operating system says it."""
    if sys.platform == "win32":
        pytest.skip("Windows' shares keep locks")
    import fcntl

    def flock(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", flock)


def wait(clock: Clock, seconds: float, *holds: FolderHold) -> list[Held]:
    """So much time, with a look of each every second; what the last one said at the end."""
    said = []
    for _ in range(int(seconds)):
        clock.now += 1
        said = [each.look() for each in holds]
    return said


def test_the_first_holds_at_once_and_the_same_home_again_as_before(tmp_path: Path, clock: Clock) -> None:
    first = hold(tmp_path, "a", clock, is_share=False)
    assert [first.look(), first.look()] == [Held.ANEW, Held.OURS]
    first.release()
    again = hold(tmp_path, "a", clock, is_share=False)
    assert again.look() is Held.OURS
    again.release()


def test_after_a_crash_on_this_machine_another_home_takes_over_at_once(tmp_path: Path, clock: Clock) -> None:
    first, second = (hold(tmp_path, name, clock, boot="one", is_share=False) for name in "ab")
    first.look()
    assert second.look() is Held.NOT
    assert "/homes/a" in second.trouble
    # As the system does for a process that died.
    first.release()
    assert (second.look(), second.look()) == (Held.ANEW, Held.OURS)
    assert (second.trouble, "/homes/a" in second.before) == ("", True)
    second.release()


def test_without_locks_a_home_of_another_machine_is_waited_for_while_its_note_beats(
    tmp_path: Path, clock: Clock, no_locks: None
) -> None:
    first, second = hold(tmp_path, "a", clock), hold(tmp_path, "b", clock)
    assert first.look() is Held.NOT
    assert wait(clock, CONFIRM_SECONDS + 1, first) == [Held.OURS]
    assert wait(clock, 5 * QUIET_SECONDS, first, second) == [Held.OURS, Held.NOT]
    # It stands still, and is back after another one took over.
    assert wait(clock, QUIET_SECONDS - BEAT_SECONDS - 1, second) == [Held.NOT]
    assert wait(clock, CONFIRM_SECONDS + 2 * BEAT_SECONDS, second) == [Held.OURS]
    assert "/homes/a" in second.before
    assert wait(clock, 5 * QUIET_SECONDS, second, first) == [Held.OURS, Held.NOT]
    assert "/homes/b" in first.trouble


def test_without_locks_of_two_that_begin_at_once_one_holds(tmp_path: Path, clock: Clock, no_locks: None) -> None:
    first, second = hold(tmp_path, "a", clock), hold(tmp_path, "b", clock)
    # Both saw that nobody held; the later one's note stands.
    first.look()
    note = (tmp_path / NOTE).read_bytes()
    (tmp_path / NOTE).unlink()
    second.look()
    said = [(first.look(), second.look())]
    for _ in range(3 * int(QUIET_SECONDS)):
        clock.now += 1
        said.append((first.look(), second.look()))
    assert note != (tmp_path / NOTE).read_bytes()
    assert {Held.NOT} <= set(said[-1])
    assert all(Held.NOT in both for both in said)
    assert said[-1][1] is Held.OURS


def test_a_home_that_was_copied_or_moved_is_another_one(tmp_path: Path, clock: Clock) -> None:
    first = FolderHold(tmp_path, Home("a", "/homes/a", "1", "one"), is_share=False, clock=clock)
    first.look()
    first.release()
    for path, number in (("/homes/copy", "1"), ("/homes/a", "2")):
        other = FolderHold(tmp_path, Home("a", path, number, "one"), is_share=False, clock=clock)
        assert other.look() is Held.ANEW
        other.release()


@pytest.mark.parametrize("note", [b"", b"{", b"[1]", b"\xff", b'{"mark": "a"}'])
def test_a_note_that_says_nothing_is_waited_out(tmp_path: Path, clock: Clock, note: bytes) -> None:
    (tmp_path / NOTE).write_bytes(note)
    late = hold(tmp_path, "a", clock, is_share=False)
    assert late.look() is (Held.ANEW if not note else Held.NOT)
    wait(clock, QUIET_SECONDS, late)
    assert late.look() is Held.OURS
    late.release()


def test_where_no_note_can_be_left_nothing_is_followed(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / NOTE).mkdir()
    blocked = hold(tmp_path, "a", clock)
    assert blocked.look() is Held.NOT
    assert NOTE in blocked.trouble
    away = hold(tmp_path / "away", "a", clock)
    assert (away.look(), away.trouble) == (Held.NOT, "")


def test_a_note_that_is_no_note_ends_no_program(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / NOTE).write_bytes(b"[" * 8000)
    one = hold(tmp_path, "one", clock, is_share=False)
    assert wait(clock, QUIET_SECONDS, one) == [Held.NOT]
    assert wait(clock, 1, one) == [Held.ANEW]
