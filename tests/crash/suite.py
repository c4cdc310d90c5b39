"""All of the crash suite: `python dev.py crash --all`, on a Debian machine, as root.

Failpoints and mutants (matrix.py), every system call (strace.py), power loss (power.py), full disks (disk.py), a bridge
that stands still (paused.py), a clock that is set (clock.py), a mute or forgetful counter (mute.py). What cannot run
says why and is counted as skipped, never as passed. `--shard 2/3` runs a third; `--resume FILE` notes what is finished
and passes it over the next time.
"""

import argparse
import json
import shutil
import tempfile
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.crash import clock, disk, mute, paused, power, strace
from tests.crash.trials import Outcome, Trial


def add_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("--all", action="store_true", help="also what needs Debian and root: see docs/reliability.md")
    options.add_argument("--quick", action="store_true", help="with --all: fewer and smaller trials of each part")
    options.add_argument("--parts", default="", help="with --all: only these, e.g. strace,power")
    options.add_argument("--every", type=int, default=12, help="with --all: kill at every n-th system call; 1 is all")
    options.add_argument("--shard", default="1/1", help="with --all: which part of how many, e.g. 2/3")
    options.add_argument("--resume", type=Path, help="with --all: a file of finished trials, which are passed over")


def run_all(given: argparse.Namespace, failpoints: Iterable[Trial]) -> int:
    """Run what is asked for and report; 1 if anything was broken, missed, or did not happen."""
    shard, shards = (int(part) for part in given.shard.split("/"))
    assert 1 <= shard <= shards, f"--shard {given.shard}: not i/n"
    folder = Path(tempfile.mkdtemp(prefix="filebridge-crash-"))
    parts = set(filter(None, given.parts.split(",")))
    wanted = [
        trial
        for trial in (*failpoints, *_others(folder, given, parts))
        if zlib.crc32(trial.name.encode()) % shards == shard - 1
        and given.only in trial.name
        and (not parts or trial.part in parts)
    ]
    journal = _Journal(given.resume)
    todo = [trial for trial in wanted if not journal.is_done(trial)]
    print(f"{len(wanted)} trials in shard {given.shard}, {len(wanted) - len(todo)} of them finished before", flush=True)

    def one(trial: Trial) -> None:
        place = Path(tempfile.mkdtemp(prefix="filebridge-crash-"))
        outcome = trial.outcome(place)
        journal.note(outcome)
        print(f"{outcome.mark:8}{outcome.name}  {_short(outcome)}", flush=True)
        for problem in outcome.problems:
            print(f"         {problem}", flush=True)
        if outcome.is_good:
            shutil.rmtree(place, ignore_errors=True)

    with ThreadPoolExecutor(given.jobs) as pool:
        list(pool.map(one, (trial for trial in todo if not trial.alone)))
    for trial in todo:
        if trial.alone:
            one(trial)
    shutil.rmtree(folder, ignore_errors=True)
    return _report([journal.outcomes[trial.name] for trial in wanted])


def _others(folder: Path, given: argparse.Namespace, parts: set[str]) -> Iterator[Trial]:
    few = given.quick
    if not parts or "strace" in parts:
        yield from strace.trials(folder, every=48 if few else given.every)
    yield from power.trials(folder, seeds=4 if few else 24)
    yield from disk.trials(folder, seeds=1 if few else 4)
    yield from clock.trials(folder, seeds=1 if few else 3)
    yield from paused.trials(folder, files=2_000 if few else 20_000)
    yield from mute.trials(folder, seconds=15 if few else 120)


class _Journal:
    """Outcomes by name, and the file that keeps them if one was named; what failed or was skipped is run again."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.outcomes: dict[str, Outcome] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                values: dict[str, Any] = json.loads(line)
                self.outcomes[values["name"]] = Outcome(**values)

    def is_done(self, trial: Trial) -> bool:
        before = self.outcomes.get(trial.name)
        return before is not None and before.mark == "ok"

    def note(self, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[outcome.name] = outcome
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")


def _short(outcome: Outcome) -> str:
    if outcome.skipped:
        return outcome.skipped
    figures = ", ".join(f"{name} {value}" for name, value in outcome.figures.items())
    return f"{outcome.seconds:.0f} s, restarts {outcome.restarts}, resolved {outcome.resolved}; {figures}"


def _report(outcomes: list[Outcome]) -> int:
    parts = Counter(outcome.name.partition(":")[0] for outcome in outcomes)
    print(
        f"\n{'part':12}{'trials':>8}{'ok':>8}{'FAILED':>8}{'skipped':>9}{'restarts':>10}{'resolved':>10}{'seconds':>9}"
    )
    for part, count in parts.items():
        own = [outcome for outcome in outcomes if outcome.name.partition(":")[0] == part]
        marks = Counter(outcome.mark for outcome in own)
        restarts, resolved = sum(each.restarts for each in own), sum(each.resolved for each in own)
        row = f"{part:12}{count:8}{marks['ok']:8}{marks['FAILED']:8}{marks['skipped']:9}{restarts:10}{resolved:10}"
        print(f"{row}{sum(each.seconds for each in own):9.0f}")
    failed = [outcome for outcome in outcomes if not outcome.is_good]
    missed = [outcome.name for outcome in failed if not outcome.happened]
    skipped = Counter(outcome.skipped for outcome in outcomes if outcome.skipped)
    for why, count in skipped.items():
        print(f"skipped {count}: {why}")
    print(f"{len(outcomes)} trials; did not happen as meant: {len(missed)} {missed}")
    print(f"failed: {len(failed)} {[outcome.name for outcome in failed]}")
    return 1 if failed else 0
