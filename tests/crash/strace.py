"""The bridge killed before every system call that changes something: names, contents, flushes.

strace without -f follows the bridge's main thread alone, and that is where everything that changes a disk is done: the
ledger, claims, archive, reports. Its other threads only carry bytes to and from the worker; the worker, a child, and
the counter are not followed. strace counts each call by itself, so a point is a call and which one of its kind. The
signal is given on entry: the call that it names is never carried out.
"""

import signal
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from filebridge.control import ControlFolder
from filebridge.simulator import server
from tests.crash.case import HURT_SECONDS, recover
from tests.crash.machine import lacks, tool
from tests.crash.scenario import SETTINGS, Scenario
from tests.crash.trials import Outcome, Trial
from tests.integration.homes import Home, living_in

# Reads are not among them; `openat` is killed only where it may create. A ? passes over what this processor has not.
CALLS = (
    "rename renameat renameat2 link linkat unlink unlinkat symlink symlinkat mkdir mkdirat rmdir openat write pwrite64 "
    "writev pwritev fsync fdatasync sync_file_range ftruncate fallocate chmod fchmod fchmodat"
).split()
FREQUENT = ("pwrite64", "write", "openat")
# The write-ahead log is grown by thousands of equal writes in a row; of such a row the ends and the middle are taken.
_ROW_MAX = 1000
_KILLED = "+++ killed by SIGKILL +++"
# The runs differ a little; a point near the end is tried again somewhat earlier.
_TRIES = 4
_SEEDS = 3


def why_not() -> str:
    return lacks("strace")


def trials(folder: Path, *, every: int) -> Iterator[Trial]:
    """Every `every`-th point of a call that comes often, every fourth part of that of a rare one."""
    if why_not():
        yield Trial("strace:all", why_not, lambda folder, outcome: None)
        return
    for call, places in points(folder).items():
        step = every if call in FREQUENT else max(1, every // 4)
        for number in range(step // 2, len(places), step):
            seed = number % _SEEDS + 1
            yield Trial(f"strace:{call}:{number + 1}", why_not, partial(_kill_at, call, places, number, seed))


def points(folder: Path) -> dict[str, list[int]]:
    """Which calls a run makes: for each, the numbers (counted by strace) at which it changes something."""
    log = folder / "calls.txt"
    _run(folder, 1, (tool("strace"), "-o", str(log), "-e", f"trace={_all_of(CALLS)}"))
    counts: Counter[str] = Counter()
    found: dict[str, list[int]] = {}
    row: list[int] = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        call, parenthesis, _ = line.partition("(")
        if call == "pwrite64":
            counts[call] += 1
            row.append(counts[call])
            continue
        found.setdefault("pwrite64", []).extend(_ends(row))
        row.clear()
        if not parenthesis or call not in CALLS:
            continue
        counts[call] += 1
        if call != "openat" or "O_CREAT" in line:
            found.setdefault(call, []).append(counts[call])
    found["pwrite64"].extend(_ends(row))
    return {call: places for call, places in sorted(found.items()) if places}


def _ends(row: list[int]) -> list[int]:
    return row if len(row) < _ROW_MAX else [*row[:2], row[len(row) // 2], *row[-2:]]


def _kill_at(call: str, places: list[int], chosen: int, seed: int, folder: Path, outcome: Outcome) -> None:
    for number in range(_TRIES):
        nth = places[int(chosen * (1 - 0.1 * number))]
        log = folder / f"trace-{number}.txt"
        part = folder / f"run-{number}"
        inject = f"inject=?{call}:signal=KILL:when={nth}"
        before = (tool("strace"), "-o", str(log), "-e", f"trace=?{call}", "-e", inject)
        code = _run(part, seed, before, outcome)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        if code == -signal.SIGKILL and lines[-1] == _KILLED:
            outcome.happened = True
            outcome.figures |= {"nth": nth, "at": lines[-2][:160]}
            return
    outcome.problems.append(f"no run of {_TRIES} came as far as {call} number {places[chosen]}")


def _run(folder: Path, seed: int, before: tuple[str, ...], outcome: Outcome | None = None) -> int:
    """The work of a crash case under strace; then, for a trial, the clean starts and invariants. The exit code."""
    scenario = Scenario.of(seed)
    home = Home.made(folder / "home")
    with living_in(home):
        server.start(home.userdata, idle_seconds=None)
        scenario.drop_first(home)
        ControlFolder(home.folder / "control").ask("reconcile", by="crash suite")
        home.before = before
        process = home.start("--once", "--timeout", str(HURT_SECONDS), **SETTINGS)
        producer = scenario.drop_rest(home)
        code = process.wait()
        producer.join()
        home.before = ()
        if outcome is not None:
            recover(home, scenario, outcome)
    return code


def _all_of(calls: list[str]) -> str:
    return ",".join(f"?{call}" for call in calls)
