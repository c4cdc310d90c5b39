"""Power loss: home and archive on disks of their own, shut down in the middle; what was not flushed is gone.

The disks are ext4 in files, the power button is the file system's shutdown without a flush of its journal. The archive
has its own, as it may well have: only between two journals does it show whether the new place of a file is flushed
before the old one goes. The counter lives elsewhere and sees nothing of it. After the cut the bridge reads another boot
id, as after any real one.
"""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from filebridge.simulator import server
from tests.crash.case import Rest, recover
from tests.crash.machine import Disk, disk, flush, flush_all, lacks, lacks_disks, with_boot_id
from tests.crash.mutants import Mutant, edited
from tests.crash.scenario import SETTINGS, Scenario
from tests.crash.trials import FINDINGS, Outcome, Trial
from tests.integration.homes import Home, living_in, until

HOME_MEGABYTES, ARCHIVE_MEGABYTES = 64, 8
# Files that come while it runs, in this order.
_LATER = ("cancel.csv", "x.csv", "a-again.csv", "c.csv")
# Otherwise the power fails when the counter has this many orders, and at most so many seconds later.
_ORDERS_MAX, _LATER_SECONDS = 20, 0.05
# A busy machine starts slowly, and a power that fails before anything happened shows nothing.
_PATIENCE_SECONDS = 15.0
_MUTANT_SEEDS = 12

MUTANTS = (
    Mutant(
        "synchronous=NORMAL", (("ledger/opening.py", '("synchronous", "FULL", 2)', '("synchronous", "NORMAL", 1)'),)
    ),
    Mutant(
        "no folder flush",
        (("archive.py", "        for folder in folders:\n            _flush(folder)\n", "        folders.clear()\n"),),
    ),
)


def why_not() -> str:
    return lacks_disks() or lacks("unshare", root=True)


def trials(_folder: Path, *, seeds: int) -> Iterator[Trial]:
    for seed in range(1, seeds + 1):
        yield Trial(f"power:{seed}", why_not, partial(_cut, seed))
    for mutant in MUTANTS:
        yield Trial(f"power:mutant {mutant.name}", why_not, partial(_is_caught, mutant), alone=True)


def _cut(seed: int, folder: Path, outcome: Outcome) -> None:
    outcome.happened = True
    outcome.figures["when"] = power_loss(seed, folder, outcome)


def _is_caught(mutant: Mutant, folder: Path, outcome: Outcome) -> None:
    """The program without this flush must break an invariant in one of the first losses."""
    outcome.happened = True
    unreadable: list[str] = []
    with edited(mutant.edits):
        for seed in range(1, _MUTANT_SEEDS + 1):
            lost = Rest()
            try:
                power_loss(seed, folder / str(seed), lost)
            except FINDINGS as error:
                # A report that cannot even be read is caught as well, but an invariant says more.
                unreadable.append(f"seed {seed}: {type(error).__name__}: {error}")
            if lost.problems:
                outcome.figures |= {"seeds": seed, "caught by": lost.problems[0][:200], "unreadable": len(unreadable)}
                return
    if not unreadable:
        outcome.problems.append(f"MISSED in {_MUTANT_SEEDS} power losses")
    outcome.figures |= {"seeds": _MUTANT_SEEDS, "unreadable": unreadable}


def power_loss(seed: int, folder: Path, rest: Rest) -> str:
    """One loss and what follows; returns when it was."""
    scenario = Scenario.of(seed)
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    boot = folder / "boot-id"
    with disk(folder / "home", megabytes=HOME_MEGABYTES) as own:
        home = Home.made(own.place)
        home.before = with_boot_id(boot)
        boot.write_text(f"{uuid.UUID(int=seed)}\n", encoding="ascii")
        home.move_userdata(folder / "userdata")
        with disk(home.archive, megabytes=ARCHIVE_MEGABYTES) as archive, living_in(home):
            server.start(home.userdata, idle_seconds=None)
            producer = _Producer(home, scenario)
            for name in ("a.csv", "b.csv"):
                producer.drop(name)
            flush_all(own.place)
            home.start(**SETTINGS)
            # Every other loss comes when some files are just archived, the rest while orders flow.
            before = chance.choice(_LATER) if seed % 2 else ""
            orders, moment = chance.randint(0, _ORDERS_MAX), chance.uniform(0, _LATER_SECONDS)

            cuts: list[int] = []

            def cut_power() -> None:
                cuts.append(len(home.requests()))
                for each in chance.sample([own, archive], 2):
                    each.cut_power()

            thread = threading.Thread(target=producer.run, args=(before, cut_power))
            thread.start()
            if before:
                thread.join()
                when = f"before {before}"
            else:
                deadline = time.monotonic() + _PATIENCE_SECONDS
                until(lambda: len(home.requests()) >= orders or time.monotonic() > deadline, "orders at the counter")
                threading.Event().wait(moment)
                when = f"{moment * 1000:.0f} ms after {orders} orders"
                cut_power()
            home.kill()
            until(home.worker_is_gone, "the end of the worker")
            thread.join()
            assert cuts, "the power never failed"
            when += f", {cuts[0]} orders at the counter"
            boot.write_text(f"{uuid.UUID(int=seed + (1 << 64))}\n", encoding="ascii")
            _restore(own, archive)
            producer.drop_what_is_missing()
            recover(home, scenario, rest)
    return when


def _restore(own: Disk, archive: Disk) -> None:
    # One is mounted within the other.
    archive.unmount()
    own.unmount()
    own.mount_again()
    archive.mount_again()


class _Producer:
    """Drops as a careful program does that means to survive a power loss: flushed, renamed, the folder flushed. What
    could not be dropped for want of a disk is dropped again later; what was dropped must never be lost."""

    def __init__(self, home: Home, scenario: Scenario) -> None:
        self._home = home
        self._scenario = scenario
        self._dropped: set[str] = set()

    def drop(self, name: str) -> None:
        part = self._home.inbox / ".being-written.part"
        part.write_bytes(self._scenario.files[name])
        flush(part)
        part.rename(self._home.inbox / name)
        flush(self._home.inbox)
        self._dropped.add(name)

    def run(self, before: str, cut_power: Callable[[], None]) -> None:
        """All later files; or those before one, and when they are archived the power fails."""
        pause = threading.Event()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            while len(self._home.requests()) < len(self._scenario.orders) - 4 and time.monotonic() < deadline:
                pause.wait(0.01)
            for name in _LATER:
                if name == before:
                    while self._is_in_inbox() and time.monotonic() < deadline:
                        pause.wait(0.005)
                    # Some program flushes something of its own: what the bridge took away is gone for good now.
                    flush(self._home.inbox)
                    cut_power()
                    return
                self.drop(name)
                pause.wait(0.05)
        except OSError:
            # The power failed.
            return

    def _is_in_inbox(self) -> bool:
        return any(not path.name.endswith(".part") for path in self._home.inbox.iterdir())

    def drop_what_is_missing(self) -> None:
        """What was not confirmed may have come through all the same: it looks before it drops again."""
        for name in self._scenario.files:
            if name not in self._dropped and not self._is_somewhere(name):
                self.drop(name)

    def _is_somewhere(self, name: str) -> bool:
        stem, _, suffix = name.rpartition(".")
        inbox, archive = self._home.inbox, self._home.archive
        places = ((inbox, name), (inbox, f".claimed-*-{name}"), (archive, f"*/*/{stem}.*.{suffix}"))
        return any(any(folder.glob(pattern)) for folder, pattern in places)
