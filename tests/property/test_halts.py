"""What halts by itself, what a halt does to orders on their way, and approvals over time: the real bridge."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from filebridge.bridge import intake
from filebridge.config import Settings
from filebridge.domain.events import EventKind, OrderEvent
from tests.property.broker_model import ACCOUNT, Fate
from tests.property.program import SETTINGS, Program, Row


def settings_with(**sections: Any) -> Settings:
    return Settings.model_validate({**SETTINGS.model_dump(), **sections})


@contextmanager
def running(settings: Settings) -> Iterator[Program]:
    program = Program(settings)
    try:
        program.start()
        program.kind_turn(3)
        yield program
    finally:
        program.close()


def rows_of(count: int, start: int = 1) -> list[Row]:
    return [Row(f"H-{n}", "600000.SH", 100 * n, "10.5", "") for n in range(start, start + count)]


def codes(program: Program) -> list[str]:
    return [row["reason_code"] for row in program.orders()]


def halts(program: Program) -> list[str]:
    return [row["body"].split('"reason_code":"')[1].split('"')[0] for row in program.rows(HALTS)]


HALTS = "SELECT body FROM events WHERE kind = 'HALTED' ORDER BY seq"


def test_a_broker_that_refuses_everything_halts() -> None:
    with running(settings_with(halt={"reject_orders": 5, "reject_percent_max": 80})) as program:
        for n in (1, 4):
            program.drop_rows(f"{n}.csv", rows_of(3, n))
            program.turn(2)
            while program.broker.work(Fate.REFUSE):
                pass
            program.kind_turn(3)
        assert halts(program) == ["HALT_REJECTS"]
        program.drop_rows("late.csv", rows_of(1, 9))
        program.kind_turn(2)
        assert codes(program)[-1] == "HALTED"
        # It outlasts a crash; a person resumes, and what was counted before is his to judge.
        program.crash()
        program.start()
        program.kind_turn(3)
        program.ask("resume", reason="the terminal was restarted")
        program.kind_turn(2)
        program.drop_rows("again.csv", rows_of(1, 9))
        program.kind_turn(4)
        assert program.order(900)["status"] == "ACCEPTED"
        assert halts(program) == ["HALT_REJECTS"]


@pytest.mark.parametrize(("seconds", "expected"), [(10, ["HALT_BROKER_LOST"]), (100, [])])
def test_a_broker_that_stays_away_halts(seconds: int, expected: list[str]) -> None:
    with running(settings_with(halt={"broker_lost_seconds": seconds})) as program:
        program.broker.die("the worker ended")
        # A machine that slept was not without its broker all the time.
        program.wait(3600)
        program.turn(50)
        assert halts(program) == expected


def test_a_broker_that_was_never_there_halts_nothing() -> None:
    program = Program(settings_with(halt={"broker_lost_seconds": 1}))
    try:
        program.start()
        program.turn(40)
        assert halts(program) == []
    finally:
        program.close()


def test_a_halt_is_looked_at_between_groups_and_denies_the_rest() -> None:
    with running(SETTINGS) as program:
        program.drop_rows("many.csv", rows_of(9))
        program.turn(3)
        # Two groups of two are with the worker, the others wait.
        assert len(program.orders("SUBMITTING")) == 4
        (program.folder / "control" / "HALT").write_text("stop", encoding="utf-8")
        program.kind_turn(4)
        assert codes(program)[4:] == ["HALTED"] * 5
        assert halts(program) == ["HALT_FILE"]
        # Taking the file away does not resume.
        (program.folder / "control" / "HALT").unlink()
        program.drop_rows("more.csv", rows_of(1, 20))
        program.kind_turn(4)
        assert codes(program)[-1] == "HALTED"
        # A cancel goes all the same.
        program.ask("cancel", program.orders("ACCEPTED")[0]["tag"])
        program.kind_turn(4)
        assert len(program.orders("CANCELED")) == 1


def test_what_waits_for_approval_outlasts_a_crash_and_not_its_time() -> None:
    strict = settings_with(approval={"required": "always", "expire_seconds": 60})
    with running(strict) as program:
        program.drop_rows("a.csv", rows_of(3))
        program.kind_turn(2)
        assert codes(program) == ["APPROVAL_REQUIRED"] * 3
        program.crash()
        program.start()
        program.kind_turn(3)
        program.ask("approve", program.order(100)["tag"])
        program.ask("deny", program.order(200)["tag"], reason="too much")
        program.kind_turn(4)
        assert [row["status"] for row in program.orders()] == ["ACCEPTED", "DENIED", "HELD"]
        program.wait(61)
        program.kind_turn(8)
        assert codes(program)[2] == "APPROVAL_EXPIRED"
        # Its word comes too late.
        program.ask("approve", program.order(300)["tag"])
        program.kind_turn(2)
        assert program.order(300)["status"] == "DENIED"


def test_a_word_that_comes_too_late_sends_nothing_though_the_machine_slept_meanwhile() -> None:
    """The word is heard before what time alone does."""
    with running(settings_with(approval={"required": "always", "expire_seconds": 60})) as program:
        program.drop_rows("a.csv", rows_of(2))
        program.kind_turn(2)
        program.wait(61)
        program.ask("approve", program.order(100)["tag"])
        program.ask("approve", all=True)
        program.kind_turn(4)
        assert [answer["reason_code"] for answer in program.answers.values()] == ["APPROVAL_EXPIRED", "APPROVED_PARTLY"]
        assert codes(program) == ["APPROVAL_EXPIRED"] * 2


def test_an_order_taken_in_before_approval_was_asked_for_is_held_when_its_turn_comes() -> None:
    program = Program(SETTINGS)
    try:
        program.start()
        # The broker is not there yet: it waits.
        program.wait(40)
        program.drop_rows("a.csv", rows_of(2))
        program.turn(3)
        assert [row["status"] for row in program.orders()] == ["RECEIVED"] * 2
        program.crash()
        program.settings = settings_with(approval={"required": "always", "above_value_cny": 1500})
        program.start()
        program.kind_turn(8)
        assert [row["status"] for row in program.orders()] == ["ACCEPTED", "HELD"]
        program.ask("approve", file="a.csv")
        program.kind_turn(4)
        assert [row["status"] for row in program.orders()] == ["ACCEPTED", "ACCEPTED"]
    finally:
        program.close()


def test_while_halted_nobody_approves() -> None:
    with running(settings_with(approval={"required": "always"})) as program:
        program.drop_rows("a.csv", rows_of(1))
        program.kind_turn(2)
        program.ask("halt", reason="a look first")
        program.ask("approve", all=True)
        program.kind_turn(2)
        assert [answer["reason_code"] for answer in program.answers.values()] == ["CONTROL_DONE", "APPROVED_PARTLY"]
        assert program.order(100)["status"] == "HELD"
        program.ask("resume", reason="looked")
        program.ask("approve", all=True)
        program.kind_turn(4)
        assert program.order(100)["status"] == "ACCEPTED"


def test_a_live_account_is_armed_by_a_whole_request_on_its_day_only() -> None:
    broker = {"accounts": [{"id": ACCOUNT}], "mode": "live", "trading_hours": "always"}
    live = settings_with(broker=broker, quotes={"ask": "needed"})
    with running(live) as program:
        today = program.now.date().isoformat()
        for fields in (
            {"account": ACCOUNT, "trade_date": today},
            {"account": ACCOUNT, "trade_date": "2090-02-28", "checked": {"all": "well"}},
            {"account": "another", "trade_date": today, "checked": {"all": "well"}},
            {"account": ACCOUNT, "trade_date": today, "checked": {"all": "well"}},
        ):
            program.ask("arm", **fields)
        program.kind_turn(2)
        said = [answer["reason_code"] for answer in program.answers.values()]
        assert said == ["ARM_LIST_MISSING", "ARM_OTHER_DATE", "ARM_ACCOUNT_NOT_AGREED", "CONTROL_DONE"]
        program.drop_rows("a.csv", rows_of(1))
        program.kind_turn(4)
        assert program.order(100)["status"] == "ACCEPTED"
        program.wait(14 * 3600)
        program.kind_turn(8)
        program.drop_rows("b.csv", rows_of(1, 2))
        program.kind_turn(4)
        assert program.order(200)["reason_code"] == "LIVE_NOT_ARMED"


@pytest.mark.parametrize("crash", [False, True])
def test_who_dropped_a_file_may_not_approve_it_after_it_was_let_in_again(
    monkeypatch: pytest.MonkeyPatch, crash: bool
) -> None:
    """In the archive it may be a copy of the bridge's own: of a file of a share, or on another drive."""
    owner = ["quant"]
    monkeypatch.setattr(intake, "owner_of", lambda path: owner[0])
    approval = {"required": "always", "by_another": True}
    with running(settings_with(approval=approval)) as program:
        program.crash()
        program.drop_rows("a.csv", rows_of(1))
        program.wait(3600)
        program.start()
        program.kind_turn(12)
        assert [row["outcome"] for row in program.rows("SELECT outcome FROM files")] == ["QUARANTINED"]
        owner[0] = "service"
        program.ask("release", file="a.csv")
        program.kind_turn(1)
        if crash:
            # It was brought back, and lies there too long again.
            program.crash()
            program.start()
            program.kind_turn(12)
            program.ask("release", file="a.csv")
        program.kind_turn(12)
        held = program.order(100)
        assert held["status"] == "HELD"
        program.ask("approve", held["tag"], by="quant")
        program.kind_turn(4)
        assert program.order(100)["status"] == "HELD"
        assert [*program.answers.values()][-1]["reason_code"] == "APPROVAL_BY_AUTHOR"
        program.ask("approve", held["tag"], by="risk")
        program.kind_turn(8)
        assert program.order(100)["status"] == "ACCEPTED"


def test_a_person_who_halted_hears_of_a_ledger_that_is_behind() -> None:
    """Else he would resume without knowing, and the orders that an older ledger lacks would be sent once more."""
    with running(settings_with()) as program:
        program.kind_turn(2)
        program.ask("halt", reason="an older ledger is put back")
        program.kind_turn(2)
        bridge, now = program.bridge, program.now
        assert bridge is not None
        with bridge._turn(now):
            bridge._guard.ledger_is_behind("ABCD0000000000000000")
            bridge._guard.ledger_is_behind("ABCD0000000000000001")
        assert halts(program) == ["HALT_ASKED", "LEDGER_BEHIND_BROKER"]


def test_what_the_terminal_took_and_the_counter_rejected_later_counts_as_rejected() -> None:
    broker = {**SETTINGS.broker.model_dump(), "group_size": 5}
    with running(settings_with(halt={"reject_orders": 5, "reject_percent_max": 80}, broker=broker)) as program:
        bridge = program.bridge
        assert bridge is not None
        program.drop_rows("five.csv", rows_of(5))
        program.kind_turn(2)
        taken = bridge.book.open_orders()
        assert [order.status for order in taken] == ["ACCEPTED"] * 5
        assert halts(program) == []
        with bridge._turn(program.now):
            for order in taken:
                bridge.book.happen(order, OrderEvent(kind=EventKind.REPORT_REJECTED, at=program.now))
            bridge._guard.look(program.now, connected=True)
        assert halts(program) == ["HALT_REJECTS"]
