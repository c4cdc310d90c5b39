"""`python dev.py fuzz`: order files, damaged in many ways; what must hold of each is in judge.py.

Three parts: mutations of all samples and of the corpus (crew.py), tables that hypothesis makes, and, where atheris is
installed, files that it makes by watching which code they reach.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz import crew, guided
from tests.fuzz.judge import in_slices, judge, kind, minimised, read
from tests.fuzz.seeds import files

FILES = 100_000
# One in so many is made by hypothesis.
_HYPOTHESIS_SHARE = 20
_SHOWN_MAX = 10
_SAY_EVERY = 5.0


def main(arguments: list[str]) -> int:
    """0 when nothing was found, 1 when something was, 2 when it could not be run."""
    options = _options(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**9)
    if not files():
        print("fuzz: there are no samples to mutate", file=sys.stderr)
        return 2
    if options.case is not None:
        return _one(seed, options.case)
    began = time.monotonic()
    deadline = began + options.minutes * 60 if options.minutes else float("inf")
    wanted = options.files or (sys.maxsize if options.minutes else FILES)
    by_hypothesis = min(wanted // _HYPOTHESIS_SHARE, FILES // _HYPOTHESIS_SHARE)
    print(f"seed {seed}: {len(files())} files to mutate, {options.jobs} processes", flush=True)
    found = _mutate(seed, wanted - by_hypothesis, options.jobs, deadline)
    if time.monotonic() < deadline:
        texts = guided.by_hypothesis(seed, by_hypothesis)
        print(f"hypothesis: {by_hypothesis:,} tables, {len(texts)} findings")
        texts += guided.by_atheris(seed, options.atheris_seconds)
        found += [crew.Finding(-1, [text]) for text in texts]
    _tell(seed, found)
    print(f"{time.monotonic() - began:.0f} s, {len(found)} findings")
    return 1 if found else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="dev.py fuzz", description=__doc__)
    options.add_argument("--files", type=int, help=f"how many files (default {FILES:,}; with --minutes: no bound)")
    options.add_argument("--minutes", type=float, help="end after so many minutes, whatever is left")
    options.add_argument("--seed", type=int, help="the same seed makes the same files; default: another each time")
    options.add_argument("--jobs", type=int, default=2, help="processes at a time (default 2)")
    options.add_argument("--case", type=int, help="only the file of this number, with its story, minimised")
    options.add_argument("--atheris-seconds", type=int, default=60, help="how long atheris looks (default 60)")
    return options.parse_args(arguments)


def _mutate(seed: int, wanted: int, jobs: int, deadline: float) -> list[crew.Finding]:
    began = said = time.monotonic()
    done, taken, slowest, peak = 0, 0, (0.0, -1), 0
    found: list[crew.Finding] = []
    job = crew.Job(seed, 0, wanted)
    for progress in crew.run(job, jobs, seconds=crew.FILE_SECONDS, stop=lambda: time.monotonic() > deadline):
        done, taken = done + progress.files, taken + progress.taken
        slowest, peak = max(slowest, (progress.slowest, progress.slowest_number)), max(peak, progress.peak_bytes or 0)
        found += progress.findings
        if time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            rate = done / (said - began)
            print(f"{done:10,} files, {rate:.0f} a second, {len(found)} findings", flush=True)
    memory = f"{peak / 1e6:.0f} MB at most" if peak else "memory is not bounded on this system"
    print(
        f"mutated: {done:,} files, {taken:,} of them taken, the slowest ({slowest[1]}) in {slowest[0]:.1f} s, {memory}"
    )
    return found


def _one(seed: int, number: int) -> int:
    mutant = crew.made(seed, number)
    print(f"{mutant.name}, {len(mutant.data)} bytes: {'; '.join(mutant.story)} ({mutant.promise.name})")
    verdict = crew.examine(mutant, number - number % 3)
    for text in verdict.findings:
        print(f"  {text}")
    if verdict.findings:
        _show_smallest(seed, number)
    print(f"{verdict.orders} orders, {len(verdict.findings)} findings")
    return 1 if verdict.findings else 0


def _tell(seed: int, found: list[crew.Finding]) -> None:
    """Each kind of finding once, with its smallest file; and how often it came."""
    of_kind: dict[str, list[crew.Finding]] = {}
    for each in found:
        of_kind.setdefault(kind(each.texts[0]), []).append(each)
    for first, *others in list(of_kind.values())[:_SHOWN_MAX]:
        print(f"\nFOUND {1 + len(others)} times: {first.texts[0]}")
        if first.number >= 0:
            print(f"  again: python dev.py fuzz --seed {seed} --case {first.number}")
            if not first.texts[0].startswith(("hang", "death", "memory")):
                _show_smallest(seed, first.number)


def _show_smallest(seed: int, number: int) -> None:
    mutant = crew.made(seed, number)
    small = minimised(mutant, in_slices if not judge(mutant).findings else read)
    place = Path(tempfile.mkdtemp(prefix="filebridge-fuzz-")) / Path(mutant.name).name
    place.write_bytes(small.data)
    print(f"  {'; '.join(mutant.story)}")
    print(f"  the smallest that shows it: {place} ({len(small.data)} bytes) {small.data[:200]!r}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
