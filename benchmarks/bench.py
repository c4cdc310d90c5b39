"""One scenario's surroundings: the programs that it started, what it has measured, and whether that may be believed."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks import processes, sides
from benchmarks.rows import TARGETS, Result
from benchmarks.sides import Deadline, Filebridge, OutOfTime, Script, Side
from benchmarks.sizes import Sizes

AnySide = TypeVar("AnySide", bound=Side)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`keys` are the rows that it fills; what is still running after `limit_seconds` is reported as not met."""

    name: str
    run: Callable[["Bench"], None]
    keys: tuple[str, ...]
    limit_seconds: float
    # Rows that only `--full` fills.
    full_keys: tuple[str, ...] = ()


class Bench:
    """What a scenario works with. Whatever it starts here is stopped and verified at its end."""

    def __init__(self, folder: Path, sizes: Sizes, limit_seconds: float) -> None:
        self.folder, self.sizes = folder, sizes
        self.deadline = Deadline(limit_seconds)
        self.results: dict[str, Result] = {}
        self.problems: list[str] = []
        self._sides: list[Side] = []
        self._may_lose: set[Side] = set()

    # ---- the programs

    def filebridge(self, name: str = "filebridge", **settings: object) -> Filebridge:
        """A new home with these settings; to be started, like the others, by `start`."""
        return self._known(Filebridge(name, self.folder / name, self.deadline, **settings))

    def by_hand(self, *, is_async: bool) -> Script:
        return self._known(
            sides.by_hand(self.folder / ("async" if is_async else "sync"), self.deadline, is_async=is_async)
        )

    def floor(self) -> Script:
        return self._known(sides.floor(self.folder / "floor", self.deadline))

    def start(self, *started: Side) -> None:
        """Start them all at once, and wait until each is ready."""
        with ThreadPoolExecutor(len(started)) as pool:
            list(pool.map(lambda side: side.start(), started))

    def _known(self, side: AnySide) -> AnySide:
        self._sides.append(side)
        return side

    def may_lose(self, side: Side) -> None:
        """What this program loses is a result, not a failure of the benchmark."""
        self._may_lose.add(side)

    # ---- what is measured

    def report(self, key: str, **measured: object) -> None:
        """Fill a row of the table; see Result for the names."""
        self.results[key] = Result(target=TARGETS[key], **measured)  # type: ignore[arg-type]

    # ---- the end

    def close(self, *, is_complete: bool) -> None:
        """Stop everything, then compare what each counter received with what the files said."""
        with ThreadPoolExecutor(max(1, len(self._sides))) as pool:
            list(pool.map(lambda side: side.stop(), self._sides))
        for side in self._sides:
            self.problems += side.problems(is_complete=is_complete and side not in self._may_lose)


class CpuUse:
    """Processor seconds of each process of a program, from one moment to another, and of the benchmark itself."""

    def __init__(self, side: Side) -> None:
        self._pids = side.pids() | {"benchmark": os.getpid()}
        self._before = {name: processes.cpu_seconds(pid) for name, pid in self._pids.items()}

    def until_now(self) -> dict[str, float]:
        return {name: round(processes.cpu_seconds(pid) - self._before[name], 3) for name, pid in self._pids.items()}


def run(scenario: Scenario, folder: Path, sizes: Sizes) -> tuple[list[Result], list[str]]:
    """One scenario to its end or its time limit: a row for each of its targets, and what the verification found."""
    bench = Bench(folder, sizes, scenario.limit_seconds)
    why = ""
    try:
        scenario.run(bench)
    except OutOfTime as late:
        why = str(late)
    except Exception as error:  # noqa: BLE001  # why: one scenario that breaks must not take the others with it
        why = f"{type(error).__name__}: {error}"
        bench.problems.append(f"{scenario.name} broke off: {why}")
    finally:
        bench.close(is_complete=not why)
    keys = scenario.keys + (scenario.full_keys if sizes.is_full else ())
    results = {key: Result(target=TARGETS[key]) for key in keys} | bench.results
    if why:
        for result in results.values():
            result.cut_short = why
    return [*results.values()], bench.problems
