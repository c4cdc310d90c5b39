"""A full disk: the whole home's, the archive's alone, the outbox's alone; with the floor of free space and without it.

Nothing is sent without a committed intent, nothing is lost, and it comes to rest once there is room again.
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from filebridge.simulator import server
from tests.crash.case import HURT_SECONDS, recover
from tests.crash.machine import Disk, disk, lacks_disks
from tests.crash.scenario import SETTINGS, Scenario
from tests.crash.trials import Outcome, Trial
from tests.integration.homes import Home, living_in, until

# The ledger's write-ahead log alone takes 16 MB; with the default floor, 64 MB more must be free.
_MEGABYTES, _FLOOR_MEGABYTES, _FOLDER_MEGABYTES = 48, 160, 8
_FLOOR_BYTES = 67_108_864
_LATER = ("cancel.csv", "x.csv", "a-again.csv", "c.csv")
_FULL_SECONDS = 2.0


def trials(_folder: Path, *, seeds: int) -> Iterator[Trial]:
    for seed in range(1, seeds + 1):
        yield Trial(f"disk:home without a floor:{seed}", lacks_disks, partial(_home_is_full, seed))
        yield Trial(f"disk:archive:{seed}", lacks_disks, partial(_folder_is_full, "archive", seed))
        yield Trial(f"disk:outbox:{seed}", lacks_disks, partial(_folder_is_full, "outbox", seed))
    yield Trial("disk:home with the floor", lacks_disks, _home_with_floor)


def _home_is_full(seed: int, folder: Path, outcome: Outcome) -> None:
    """Filled to the last block while orders flow; one more start on the full disk; then there is room again."""
    scenario, chance = Scenario.of(seed), random.Random(seed)
    with ExitStack() as stack:
        own = stack.enter_context(disk(folder / "home", megabytes=_MEGABYTES))
        home = _home_on(own, folder, stack)
        waiting = _written_before(home, scenario)
        process = home.start("--once", "--timeout", str(HURT_SECONDS), **SETTINGS)
        orders = chance.randint(0, 20)
        until(lambda: len(home.requests()) >= orders or process.poll() is not None, "orders at the counter")
        own.fill()
        outcome.happened = True
        before = len(home.requests())
        _appear(waiting)
        outcome.figures |= {"full at": before, "exit": process.wait(), "sent on the full disk": 0}
        # A start on a disk that is still full may refuse; it may not lose or send what it cannot record.
        outcome.figures["exit of a start on it"] = home.once(timeout=_FULL_SECONDS, **SETTINGS).returncode
        outcome.figures["sent on the full disk"] = len(home.requests()) - before
        own.free()
        recover(home, scenario, outcome)


def _home_with_floor(folder: Path, outcome: Outcome) -> None:
    """Below the floor nothing is taken in or sent and status.json says so; above it the same bridge goes on."""
    scenario = Scenario.of(1)
    settings = {**SETTINGS, "ledger__free_bytes_min": _FLOOR_BYTES}
    with ExitStack() as stack:
        own = stack.enter_context(disk(folder / "home", megabytes=_FLOOR_MEGABYTES))
        home = _home_on(own, folder, stack)
        home.ready(**settings)
        home.drop("a.csv", scenario.files["a.csv"])
        home.receipt_no(1, "a.csv")
        until(lambda: len(home.requests()) >= 12, "all orders of a.csv at the counter")
        own.fill(but_bytes=_FLOOR_BYTES // 8)
        until(lambda: _says(home, "bytes are free"), "status.json to tell of the full disk")
        outcome.happened = True
        before = len(home.requests())
        for name in ("b.csv", *_LATER):
            home.drop(name, scenario.files[name])
        threading.Event().wait(_FULL_SECONDS)
        sent = len(home.requests()) - before
        if sent or home.receipts("b.csv"):
            outcome.problems.append(f"below the floor {sent} orders were sent, receipts {home.receipts('b.csv')}")
        own.free()
        home.receipt_no(1, "c.csv")
        until(lambda: not _says(home, "bytes are free"), "status.json to forget the full disk")
        outcome.figures["sent by the same bridge once there was room"] = len(home.requests()) - before
        home.stop()
        recover(home, scenario, outcome)


def _folder_is_full(which: str, seed: int, folder: Path, outcome: Outcome) -> None:
    """Archive or outbox have no room: orders go on all the same; what could not be written comes later."""
    scenario = Scenario.of(seed)
    with ExitStack() as stack:
        home = Home.made(folder / "home")
        small = stack.enter_context(disk(home.folder / which, megabytes=_FOLDER_MEGABYTES))
        stack.enter_context(living_in(home))
        server.start(home.userdata, idle_seconds=None)
        small.fill()
        for name in ("a.csv", "b.csv"):
            home.drop(name, scenario.files[name])
        process = home.start(**SETTINGS)
        until(lambda: len(home.requests()) >= 20 or process.poll() is not None, "20 orders at the counter")
        for name in _LATER:
            home.drop(name, scenario.files[name])
        until(lambda: len(home.requests()) >= 23 or process.poll() is not None, "23 orders at the counter")
        outcome.happened = process.poll() is None
        outcome.figures["sent while it was full"] = len(home.requests())
        if which == "archive":
            until(lambda: _says(home, "archive"), "status.json to tell of the archive")
        if seed % 2:
            # The same bridge finds room again; else the next one does.
            small.free()
            until(_whole[which](home, scenario), f"the {which} to be whole")
            home.stop()
        else:
            home.stop()
            small.free()
        recover(home, scenario, outcome)


def _archive_is_whole(home: Home, scenario: Scenario) -> Callable[[], bool]:
    return lambda: len(home.archived("*")) == len(scenario.files)


def _outbox_is_whole(home: Home, scenario: Scenario) -> Callable[[], bool]:
    return lambda: all(home.receipts(name) for name in scenario.files) and len(home.orders()) >= len(scenario.orders)


_whole: dict[str, Callable[[Home, Scenario], Callable[[], bool]]] = {
    "archive": _archive_is_whole,
    "outbox": _outbox_is_whole,
}


def _home_on(own: Disk, folder: Path, stack: ExitStack) -> Home:
    """A home that fills a disk of its own; the counter, which must survive, lives elsewhere."""
    home = Home.made(own.place)
    home.move_userdata(folder / "userdata")
    stack.enter_context(living_in(home))
    server.start(home.userdata, idle_seconds=None)
    return home


def _written_before(home: Home, scenario: Scenario) -> list[tuple[Path, Path]]:
    """a.csv and b.csv lie there; the others are written already, for on a full disk they could not be, and only lack
    their names."""
    for name in ("a.csv", "b.csv"):
        home.drop(name, scenario.files[name])
    waiting = []
    for name in _LATER:
        part = home.inbox / f"{name}.part"
        part.write_bytes(scenario.files[name])
        waiting.append((part, home.inbox / name))
    return waiting


def _appear(waiting: list[tuple[Path, Path]]) -> None:
    for part, path in waiting:
        part.rename(path)


def _says(home: Home, text: str) -> bool:
    status: dict[str, Any] = home.status_since(0)
    return any(text in problem for problem in status.get("problems", ()))
