"""Processes that read mutated files: watched, with bounded memory, and replaced when one hangs or dies.

Which file a number stands for follows from the seed and the number alone, so every finding can be made again.
"""

import multiprocessing
import random
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.sharedctypes import Synchronized
from typing import Any, NamedTuple

from tests.fuzz.judge import Mutant, Verdict, in_slices, judge

FILE_SECONDS = 30.0
MEMORY_BYTES_MAX = 1_500_000_000
_REPORT_EVERY = 50
_FIRST_SECONDS = 60.0
_END_SECONDS = 10.0


class Finding(NamedTuple):
    number: int
    texts: list[str]


class Progress(NamedTuple):
    """What one process has done since it last said so; `peak_bytes` is None where the system does not tell."""

    files: int
    taken: int
    findings: list[Finding]
    slowest: float
    slowest_number: int
    peak_bytes: int | None


def made(seed: int, number: int) -> Mutant:
    """The file that a number stands for."""
    from tests.fuzz.mutations import mutant

    return mutant(random.Random(f"{seed}:{number}"))


def examine(mutant: Mutant, number: int) -> Verdict:
    """Read a file whole, and every third in slices as well."""
    verdict = judge(mutant)
    if number % 3 == 0:
        verdict.findings.extend(f"in slices: {text}" for text in judge(mutant, in_slices).findings)
    return verdict


class Job(NamedTuple):
    """Which files one process reads: from `first` on every `step`-th, before `end`; and who looks at them."""

    seed: int
    first: int
    end: int
    step: int = 1
    examine: Callable[[Mutant, int], Verdict] = examine


def run(job: Job, jobs: int, *, seconds: float, stop: Callable[[], bool]) -> Iterator[Progress]:
    """Read the files with so many processes, and tell of them until all are read or `stop` says so."""
    hands = [_Hand(job._replace(first=job.first + place, step=jobs)) for place in range(jobs)]
    try:
        while any(hand.is_busy for hand in hands) and not stop():
            busy = [hand for hand in hands if hand.is_busy]
            for ready in wait([hand.ear for hand in busy], timeout=0.5):
                hand = next(hand for hand in busy if hand.ear is ready)
                if (progress := hand.hear()) is not None:
                    yield progress
            for hand in busy:
                if (finding := hand.look(seconds)) is not None:
                    yield Progress(1, 0, [finding], seconds, finding.number, None)
    finally:
        for hand in hands:
            hand.end()


class _Hand:
    """One process, and the one that takes its place when it hangs or dies."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._start(job.first)

    def _start(self, first: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.is_busy, self._is_deaf = first < self._job.end, False
        self._at: Synchronized[int] = context.Value("q", -1)
        self._since, self._seen = time.monotonic() + _FIRST_SECONDS, -1
        self.ear, mouth = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_work, args=(self._job._replace(first=first), self._at, mouth), daemon=True
        )
        if self.is_busy:
            self._process.start()
        mouth.close()

    def hear(self) -> Progress | None:
        try:
            progress: Progress | None = self.ear.recv()
        except (EOFError, OSError):
            # It died; `look` says of what.
            self._is_deaf = True
            return None
        self.is_busy = progress is not None
        return progress

    def look(self, seconds: float) -> Finding | None:
        """What is wrong with the process itself, if anything is; another one then goes on behind the file."""
        number = self._at.value
        if number != self._seen:
            self._seen, self._since = number, time.monotonic()
        hangs = time.monotonic() - self._since > seconds
        if not self.is_busy or not (hangs or self._is_deaf):
            return None
        if self._is_deaf:
            self._process.join(_END_SECONDS)
        self.end()
        said = (
            f"hang: not read within {seconds:.0f} s"
            if hangs
            else f"death: the process ended ({self._process.exitcode})"
        )
        self._start((number if number >= 0 else self._job.first) + self._job.step)
        return Finding(number, [said])

    def end(self) -> None:
        if self._process.is_alive():
            self._process.kill()
        if self._process.pid is not None:
            self._process.join()
        self.ear.close()


def _work(job: Job, at: "Synchronized[int]", mouth: Connection) -> None:
    _bound_memory()
    # What is loaded once counts as the start, not as the first file.
    made(job.seed, job.first)
    files, taken, slowest, slowest_number = 0, 0, 0.0, -1
    findings: list[Finding] = []
    for number in range(job.first, job.end, job.step):
        at.value = number
        mutant = made(job.seed, number)
        began = time.monotonic()
        verdict = job.examine(mutant, number)
        slowest, slowest_number = max((slowest, slowest_number), (time.monotonic() - began, number))
        files, taken = files + 1, taken + (verdict.orders > 0)
        if verdict.findings:
            findings.append(Finding(number, verdict.findings))
        if findings or files == _REPORT_EVERY:
            mouth.send(Progress(files, taken, findings, slowest, slowest_number, _peak()))
            files, taken, slowest, findings = 0, 0, 0.0, []
    mouth.send(Progress(files, taken, findings, slowest, slowest_number, _peak()))
    mouth.send(None)


def _bound_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def _peak() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    usage: Any = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(usage) * (1 if sys.platform == "darwin" else 1024)
