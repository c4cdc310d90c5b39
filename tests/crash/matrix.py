"""Every failpoint with every fault that can happen there, over several seeds: `python dev.py crash`.

With `--all` also what needs a Debian machine and root: see suite.py. Prints each case that failed, and the counts that
docs/reliability.md quotes.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

from filebridge.failpoints import POINTS
from tests.crash import suite
from tests.crash.case import BROKER_FAULTS, Case, Result, run_case
from tests.crash.mutants import MUTANTS, Mutant, caught_by
from tests.crash.trials import Outcome, Trial

# point -> how often the scenario surely passes it in the hurt run; a seed chooses which passing is hit.
PASSES = {
    "inbox.claim": 4, "inbox.claimed": 4, "intake.read": 4, "large.part": 2, "large.loaded": 1,
    "large.answered": 2, "ledger.write": 8, "ledger.commit": 8,
    "ledger.committed": 8, "sending.submit": 4, "sending.submitted": 4, "sending.cancel": 1, "archive.link": 4,
    "archive.flush": 2, "archive.unlink": 4, "outbox.replace": 10, "outbox.append": 6, "control.answer": 1,
    "start.leftovers": 1, "start.recorded": 1, "recovery.snapshot": 1, "worker.note": 12, "worker.call": 12,
    "worker.called": 12, "worker.answer": 12, "worker.push": 20,
}  # fmt: skip
_FILES = ("kill", "eio", "enospc")
# Where a system call can fail, it does; what a pipe carries can be lost; everywhere the process can die.
FAULTS = {
    **dict.fromkeys(POINTS, ("kill",)),
    **dict.fromkeys(("inbox.claim", "intake.read", "ledger.write", "ledger.commit", "ledger.committed"), _FILES),
    **dict.fromkeys(("archive.link", "archive.flush", "archive.unlink"), _FILES),
    **dict.fromkeys(("outbox.replace", "outbox.append", "control.answer", "worker.note"), _FILES),
    **dict.fromkeys(("worker.answer", "worker.push"), ("kill", "lose")),
}


# Where the bridge or the worker dies while the broker misbehaves.
KILLED_WITH_BROKER_FAULTS = ("sending.submitted", "ledger.committed", "worker.called")


def cases(seeds: int) -> Iterator[Case]:
    """All cases, seed by seed, so that a run that is cut short has seen every point."""
    for seed in range(1, seeds + 1):
        for broker, point in product(BROKER_FAULTS, KILLED_WITH_BROKER_FAULTS):
            nth = random.Random(f"{point}{broker}{seed}").randint(1, min(PASSES[point], 3))
            yield Case(point, "kill", nth, seed, broker)
        for point in POINTS:
            for fault in FAULTS[point]:
                nth = random.Random(f"{point}{fault}{seed}").randint(1, PASSES[point])
                yield Case(point, fault, nth, seed)


def run(wanted: list[Case], *, jobs: int, say: bool = True) -> list[Result]:
    """Run cases side by side; each has a folder, a counter and ports of its own."""

    def one(case: Case) -> Result:
        result = run_case(case, Path(tempfile.mkdtemp(prefix="filebridge-crash-")))
        if say:
            mark = "ok" if result.happened and not result.problems else "FAILED"
            print(f"{mark:7}{case}  restarts {result.restarts}, resolved {result.resolved}", flush=True)
            for problem in result.problems:
                print(f"        {problem}", flush=True)
        return result

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, wanted))


def main() -> int:
    options = argparse.ArgumentParser(prog="dev.py crash", description=__doc__)
    options.add_argument("--seeds", type=int, default=2, help="scenarios for each point and fault")
    options.add_argument("--jobs", type=int, default=2, help="cases at a time")
    options.add_argument("--only", default="", help="only cases whose name contains this")
    suite.add_options(options)
    given = options.parse_args()
    if given.all:
        return suite.run_all(given, failpoint_trials(given.seeds))
    results = run([case for case in cases(given.seeds) if given.only in str(case)], jobs=given.jobs)
    failed = report(results)
    return failed if given.only else failed | mutants_caught()


def failpoint_trials(seeds: int) -> Iterator[Trial]:
    """The cases and mutants of this module as a part of `--all`."""
    for case in cases(seeds):
        yield Trial(f"failpoint:{case}", str, partial(_run_case, case))
    for mutant in MUTANTS:
        yield Trial(f"mutant:{mutant.name}", str, partial(_is_caught, mutant), alone=True)


def _run_case(case: Case, folder: Path, outcome: Outcome) -> None:
    result = run_case(case, folder / "case")
    outcome.happened, outcome.problems = result.happened, result.problems
    outcome.restarts, outcome.resolved = result.restarts, result.resolved


def _is_caught(mutant: Mutant, _folder: Path, outcome: Outcome) -> None:
    outcome.happened = True
    caught = caught_by(mutant)
    outcome.figures["caught by"] = caught
    if not caught:
        outcome.problems.append("MISSED")


def mutants_caught() -> int:
    """Run every mutant; 1 if the suite does not notice one."""
    print("\nmutants:")
    caught = [(mutant, caught_by(mutant)) for mutant in MUTANTS]
    for mutant, problem in caught:
        print(f"{'caught' if problem else 'MISSED':7}{mutant.name}: {problem}", flush=True)
    return 0 if all(problem for _, problem in caught) else 1


def report(results: list[Result]) -> int:
    """Print the counts; 1 if any invariant was broken or any fault did not happen."""
    brokers = sorted({result.case.broker for result in results} - {""})
    by_fault = Counter(result.case.fault for result in results if result.happened)
    broken = [result for result in results if result.problems]
    missed = [result for result in results if not result.happened]
    names = Counter(problem.partition(":")[0] for result in broken for problem in result.problems)
    print(f"\n{len(results)} cases, {len({result.case.point for result in results})} of {len(POINTS)} failpoints")
    print(f"crossed with {len(brokers)} broker faults: {', '.join(brokers)}")
    print("faults that happened: " + ", ".join(f"{fault} {count}" for fault, count in sorted(by_fault.items())))
    print(f"clean restarts: {sum(r.restarts for r in results)}; orders resolved: {sum(r.resolved for r in results)}")
    print(f"faults that did not happen: {len(missed)} {[str(result.case) for result in missed]}")
    print(f"cases with a broken invariant: {len(broken)} {dict(names)}")
    return 1 if broken or missed else 0


if __name__ == "__main__":
    sys.exit(main())
