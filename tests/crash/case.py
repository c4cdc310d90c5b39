"""One crash case: the program is hurt once, started again until it rests, and looked at from outside."""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filebridge.app import LEDGER
from filebridge.control import ControlFolder
from filebridge.ledger.views import LedgerReader
from filebridge.simulator import server
from filebridge.simulator.faults import control
from tests.crash.invariants import Found, books_of, halves, violations
from tests.crash.scenario import SETTINGS, Scenario
from tests.integration.homes import Home, content, living_in, until

RESTARTS_MAX = 6
# How long the first, hurt run may take, and each clean one after it.
HURT_SECONDS, CLEAN_SECONDS = 10, 6


@dataclass(frozen=True, slots=True)
class Case:
    """`point` and `fault` name the failpoint, `nth` its passing; `seed` the scenario; `broker` what the counter does
    wrong meanwhile, a name of `BROKER_FAULTS`."""

    point: str
    fault: str
    nth: int
    seed: int
    broker: str = ""

    def __str__(self) -> str:
        broker = f" with {self.broker}" if self.broker else ""
        return f"{self.point}:{self.fault}:{self.nth} seed {self.seed}{broker}"


# What the counter does wrong: from the beginning of the hurt run, or (`mid`) when it has received some orders.
# What is in `LASTING` goes on during the clean starts.
BROKER_FAULTS: dict[str, dict[str, Any]] = {
    "request dropped": {"drop_next_requests": 2},
    "answer dropped": {"drop_next_answers": 3},
    "pushes dropped": {"drop_next_pushes": 5},
    "late answer": {"answer_delay_seconds": 0.3},
    # Longer than a bridge or a worker takes to start again, on a busy machine as well.
    "query lag": {"query_lag_seconds": 5.0},
    "pushes twice and out of order": {"duplicate_pushes": True, "reorder_pushes": True},
    "refused with -1": {"refuse_next": 4},
    "reject storm": {"reject_next": 12},
    "disconnect mid batch": {"disconnect": True},
}
MID = {"disconnect mid batch"}
LASTING = {"query lag", "pushes twice and out of order"}
_MENDED = {"answer_delay_seconds": 0.0, "drop_next_requests": 0, "drop_next_answers": 0, "drop_next_pushes": 0}
_MENDED |= {"reject_next": 0, "refuse_next": 0}


@dataclass(slots=True)
class Rest:
    """How a hurt home came to rest: clean starts, orders that a person had to resolve, broken invariants."""

    restarts: int = 0
    resolved: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Result(Rest):
    """What came of a case. `happened` is false if the failpoint was never passed."""

    case: Case
    happened: bool = False


def run_case(case: Case, folder: Path) -> Result:
    """Run one case in a folder of its own, which is removed if all invariants held."""
    result = Result(case=case)
    scenario = Scenario.of(case.seed)
    home = Home.made(folder / "home")
    with living_in(home):
        server.start(home.userdata, idle_seconds=None)
        _hurt(home, scenario, case)
        result.happened = _done_file(home).exists()
        # Before anything mends them: what a reader sees at this moment.
        result.problems += halves(home)
        if case.broker and case.broker not in LASTING:
            control(home.userdata, **_MENDED)
        recover(home, scenario, result)
    if not result.problems and result.happened:
        shutil.rmtree(folder)
    return result


def _hurt(home: Home, scenario: Scenario, case: Case) -> None:
    scenario.drop_first(home)
    # A person's request, so that its way is crossed too.
    ControlFolder(home.folder / "control").ask("reconcile", by="crash suite")
    if case.broker and case.broker not in MID:
        control(home.userdata, **BROKER_FAULTS[case.broker])
    failpoint = f"{case.point}:{case.fault}:{case.nth}:{_done_file(home)}"
    process = home.start("--once", "--timeout", str(HURT_SECONDS), failpoint=failpoint, **SETTINGS)
    producer = scenario.drop_rest(home)
    if case.broker in MID:
        until(lambda: len(home.requests()) >= 6 or process.poll() is not None, "some orders at the counter")
        control(home.userdata, **BROKER_FAULTS[case.broker])
    process.wait()
    producer.join()


def _done_file(home: Home) -> Path:
    return home.folder.with_name("fault-happened")


def recover(home: Home, scenario: Scenario, rest: Rest) -> None:
    """Start it again until it rests, look at every invariant, and drop the same files once more."""
    restart_until_rest(home, rest)
    rest.problems += violations(Found.of(home, scenario))
    if not rest.problems:
        rest.problems += again_sends_nothing(home, scenario)


def restart_until_rest(home: Home, rest: Rest, *, seconds: float = CLEAN_SECONDS) -> None:
    """Clean starts; what stays in doubt is looked up at the counter and resolved, as a person would."""
    person = ControlFolder(home.folder / "control")
    for _ in range(RESTARTS_MAX):
        rest.restarts += 1
        home.once(timeout=seconds, **SETTINGS)
        left = _open_orders(home)
        if not left:
            return
        taken = {order.tag for order in books_of(home).orders.values()}
        for tag, status in left.items():
            if status == "UNKNOWN":
                rest.resolved += 1
                person.ask("resolve", by="crash suite", id=tag, sent=tag in taken, reason="looked at the counter")
            else:
                person.ask("cancel", by="crash suite", id=tag)
    rest.problems.append(f"not at rest after {RESTARTS_MAX} starts: {left}")


def _open_orders(home: Home) -> dict[str, str]:
    reader = LedgerReader(home.folder / LEDGER)
    left = {order.terms.tag: order.status.value for order in reader.open_orders()}
    reader.close()
    return left


def again_sends_nothing(home: Home, scenario: Scenario) -> list[str]:
    """The same files once more: only what provably never left may be sent now."""
    before = {content(line) for line in home.requests()}
    for name, data in scenario.files.items():
        home.drop(name, data)
    home.once(timeout=1.5, **SETTINGS)
    taken = Counter(content(line) for line in home.requests() if line["order_id"] > 0)
    again = [each for each, times in taken.items() if times > 1]
    late = {content(line) for line in home.requests()} - before - set(scenario.orders)
    return [f"sent again: {again}"] * bool(again) + [f"sent though forbidden: {late}"] * bool(late)
