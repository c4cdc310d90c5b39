"""While orders wait to be sent, reports are told late and by parts; what is told late is told once."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from filebridge.bridge import reports
from tests.property.broker_model import Fate
from tests.property.program import Program, Row

ORDERS = 40


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """No more than one turn is told in one; the waiting of messages is counted by the program's own clock."""
    monkeypatch.setattr(reports, "_TOLD_A_TURN", 1)
    made = Program()
    made.time_messages()
    made.start()
    made.kind_turn(6)
    yield made
    made.close()


def trade(program: Program) -> None:
    """Each order is filled as soon as it is there, while the others wait to be sent."""
    broker = program.broker
    program.drop_rows("a.csv", [Row(f"A-{n}", "600000.SH", 100 * n, "10.5", "") for n in range(1, ORDERS + 1)])
    filled = 0
    for _ in range(40 * ORDERS):
        while broker.work(Fate.GOOD):
            pass
        for book in broker.books[filled:]:
            broker.fill(book, book.quantity)
        filled = len(broker.books)
        broker.flow()
        broker.hear_all()
        program.turn()
        if len(fills_told(program)) >= ORDERS and not program.rows("SELECT 1 FROM orders WHERE status <> 'FILLED'"):
            break
    program.kind_turn(20)


def fills_told(program: Program) -> list[str]:
    found = []
    for path in (program.folder / "outbox").glob("fills-*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found += [row["seq"] for row in csv.DictReader(file)]
    return found


def check_told_once(program: Program) -> None:
    known = [str(row["seq"]) for row in program.rows("SELECT seq FROM fills ORDER BY seq")]
    assert len(known) == ORDERS
    assert fills_told(program) == known


def test_the_first_fills_of_a_day_are_told_once(program: Program) -> None:
    trade(program)
    check_told_once(program)


def test_fills_of_a_report_that_was_taken_away_are_told_once(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a reader does that moves what it has read: the report is made again as a whole."""
    turn = program.turn
    taken: list[Path] = []

    def turn_and_take(turns: int = 1) -> None:
        turn(turns)
        told = list((program.folder / "outbox").glob("fills-*.csv"))
        if told and not taken:
            told[0].unlink()
            taken.append(told[0])

    monkeypatch.setattr(program, "turn", turn_and_take)
    trade(program)
    assert taken
    check_told_once(program)
