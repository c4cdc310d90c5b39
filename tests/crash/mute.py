"""A counter that says nothing for minutes, and one that forgot orders it had taken.

Nothing is sent twice; what is in doubt is shown to everybody, ends right when the counter speaks again, and otherwise
by a person alone. The counter that forgot remembers in the end: its process is stopped, the record of forgetting taken
out of its books, as if a backup had been restored, and started again. The orders then fill; the fills are booked,
whatever a person had said of them.
"""

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from filebridge.app import LEDGER
from filebridge.ledger.views import LedgerReader
from filebridge.simulator import server
from filebridge.simulator.faults import control
from tests.crash.case import recover, restart_until_rest
from tests.crash.invariants import Found, violations
from tests.crash.scenario import SETTINGS, Scenario
from tests.crash.trials import Outcome, Trial
from tests.integration.homes import ACCOUNT, Home, Row, living_in, until

# How soon after the counter speaks again every doubt must have ended: a worker that waits longer for its connection is
# replaced once in between.
_ENDED_SECONDS = 60.0
_FORGOTTEN = ("F-1", "F-2", "F-3", "F-4")
_SYMBOL, _RESTS_AT, _FILLS_AT = "600000.SH", 10.4, 10.3


def trials(_folder: Path, *, seconds: float) -> Iterator[Trial]:
    yield Trial(f"mute:{seconds:.0f} s", str, partial(_mute, seconds), alone=True)
    yield Trial("mute:forgotten orders", str, partial(_forgotten, min(seconds, 30.0)), alone=True)


def _mute(seconds: float, folder: Path, outcome: Outcome) -> None:
    """Mute while orders are being sent: those of a.csv are on their way, those of b.csv and c.csv come meanwhile."""
    scenario = Scenario.of(1)
    home = Home.made(folder / "home")
    with living_in(home):
        server.start(home.userdata, idle_seconds=None)
        home.ready(**SETTINGS)
        home.drop("a.csv", scenario.files["a.csv"])
        until(lambda: len(home.requests()) >= 4, "the first orders at the counter")
        control(home.userdata, mute=True)
        began = time.monotonic()
        at_counter = len(home.requests())
        for name in ("b.csv", "c.csv"):
            home.drop(name, scenario.files[name])
        until(lambda: _in_doubt(home), "orders in doubt")
        outcome.happened = True
        outcome.problems += _not_shown(home)
        threading.Event().wait(max(0.0, seconds - (time.monotonic() - began)))
        outcome.problems += _not_shown(home)
        if len(home.requests()) > at_counter:
            outcome.problems.append("the counter was not mute: nothing was tested")
        outcome.figures |= {"in doubt": len(_in_doubt(home)), "mute for": round(time.monotonic() - began)}
        control(home.userdata, mute=False)
        began = time.monotonic()
        until(lambda: not _in_doubt(home) and _all_sent(home, scenario), "the doubts to end", _ENDED_SECONDS)
        outcome.figures["ended after"] = round(time.monotonic() - began, 1)
        if home.twice():
            outcome.problems.append(f"sent twice: {home.twice()}")
        for name in ("cancel.csv", "x.csv", "a-again.csv"):
            home.drop(name, scenario.files[name])
        home.receipt_no(1, "a-again.csv")
        home.stop()
        recover(home, scenario, outcome)
        if outcome.resolved:
            outcome.problems.append(f"a person had to resolve {outcome.resolved} orders that the counter knew")


def _forgotten(seconds: float, folder: Path, outcome: Outcome) -> None:
    """Orders taken, unanswered, and in no list: UNKNOWN until a person speaks, or the counter after all."""
    scenario = _four_resting()
    home = Home.made(folder / "home")
    with living_in(home):
        server.start(home.userdata, idle_seconds=None)
        home.ready(**SETTINGS)
        count = len(_FORGOTTEN)
        control(home.userdata, drop_next_answers=count, drop_next_pushes=count, query_lag_seconds=600.0)
        home.trade("f.csv", scenario.files["f.csv"])
        until(lambda: len(_in_doubt(home)) == count, "all orders to be in doubt")
        control(home.userdata, forget_orders=[line["order_id"] for line in home.requests()], query_lag_seconds=0.0)
        outcome.happened = True
        until(lambda: _evidence(home) == count, "the evidence for the person")
        threading.Event().wait(seconds)
        home.stop()
        # A start changes nothing: nobody has said a word about them.
        home.ready(**SETTINGS)
        outcome.problems += _not_shown(home)
        if (still := len(_in_doubt(home))) != count:
            outcome.problems.append(f"{count - still} orders stopped being in doubt without a word")
        for name, word in (("F-1", "--not-sent"), ("F-2", "--sent")):
            done = home.command("resolve", name, word, "--reason", "asked the broker", "--by", "crash suite")
            assert done.returncode == 0, done.stdout + done.stderr
        home.wait_for_status("F-1", "NOT_SENT")
        home.wait_for_status("F-2", "ACCEPTED")
        outcome.figures["in doubt after two were resolved"] = len(_in_doubt(home))
        _let_it_remember(home)
        until(lambda: not _in_doubt(home), "the counter's own word on the others", _ENDED_SECONDS)
        control(home.userdata, set_price=[_SYMBOL, _FILLS_AT])
        for name in _FORGOTTEN:
            home.wait_for_status(name, "FILLED")
        outcome.figures["needs a person after the late fills"] = [
            row["client_order_id"] for row in home.orders() if row["needs_person"] == "1"
        ]
        if home.order("F-1")["needs_person"] != "1":
            outcome.problems.append("a fill of an order that a person had called not sent raised no alarm")
        home.stop()
        restart_until_rest(home, outcome)
        outcome.problems += violations(Found.of(home, scenario))


def _four_resting() -> Scenario:
    made = Scenario(0)
    lines = ["client_order_id,symbol,side,quantity,limit_price\n"]
    for number, name in enumerate(_FORGOTTEN, start=1):
        lines.append(f"{name},{_SYMBOL},BUY,{100 * number},{_RESTS_AT}\n")
        made.orders[(ACCOUNT, _SYMBOL, 23, 100 * number, 11, _RESTS_AT, "")] = name
    made.files["f.csv"] = "".join(lines).encode()
    return made


def _let_it_remember(home: Home) -> None:
    server.stop(home.userdata)
    books = home.userdata / "books.jsonl"
    lines = books.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)[0] != "forget"]
    assert len(kept) < len(lines), "nothing had been forgotten"
    books.write_text("".join(kept), encoding="utf-8")
    server.start(home.userdata, idle_seconds=None)


def _in_doubt(home: Home) -> list[Row]:
    return [row for row in _ledger_rows(home) if row["status"] == "UNKNOWN"]


def _all_sent(home: Home, scenario: Scenario) -> bool:
    waiting = ("RECEIVED", "APPROVED", "SUBMITTING")
    rows = _ledger_rows(home)
    return len(rows) >= len(scenario.orders) and not any(row["status"] in waiting for row in rows)


def _ledger_rows(home: Home) -> list[Row]:
    reader = LedgerReader(home.folder / LEDGER)
    rows = list(reader.order_rows(None))
    reader.close()
    return rows


def _evidence(home: Home) -> int:
    return len({line["tag"] for line in home.events() if line["kind"] == "EVIDENCE"})


def _not_shown(home: Home) -> list[str]:
    """Where an order in doubt cannot be seen: the orders report, status.json. Both are given the time of a report."""

    def shown() -> bool:
        wanted = {row["tag"] for row in _in_doubt(home)}
        reported = {row["tag"] for row in home.orders() if row["status"] == "UNKNOWN" and row["needs_person"] == "1"}
        status = home.status_since(0)
        return bool(wanted) and wanted == reported and status["in_doubt"] == status["needs_person_count"] == len(wanted)

    try:
        until(shown, "the orders in doubt to be shown")
    except AssertionError as error:
        return [str(error)]
    return []
