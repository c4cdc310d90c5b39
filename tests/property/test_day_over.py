"""What becomes of orders that still worked, or were in doubt, when their trade date ended."""

import csv
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.property.broker_model import Fate
from tests.property.program import Program, Row

NIGHT_SECONDS = 14 * 3600


@pytest.fixture
def program() -> Iterator[Program]:
    made = Program()
    yield made
    made.close()


def dropped(program: Program, *rows: Row) -> Program:
    program.start()
    program.kind_turn(3)
    program.drop_rows("a.csv", list(rows))
    return program


def reported(program: Program, quantity: int) -> dict[str, str]:
    """The order of this quantity as its day's report shows it."""
    order = program.order(quantity)
    with (program.folder / "outbox" / f"orders-{order['trade_date']}.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        (row,) = [row for row in csv.DictReader(file) if row["tag"] == order["tag"]]
    return row


def test_a_day_whose_end_nobody_saw_needs_a_person(program: Program) -> None:
    """The last list was read in the morning: it may have been filled since, and the new day's list cannot say."""
    dropped(program, Row("A-1", "600000.SH", 100, "10.5", "")).kind_turn(3)
    assert program.order(100)["status"] == "ACCEPTED"
    (book,) = program.broker.books
    program.broker.fill(book, 100)
    program.broker.words.clear()
    program.wait(NIGHT_SECONDS)
    program.come_to_rest()
    row = reported(program, 100)
    assert (row["status"], row["reason_code"], row["needs_person"]) == ("EXPIRED", "DAY_OVER_UNSEEN", "1")
    assert row["message"]
    assert row["message_zh"]
    program.check_always()


def test_a_day_that_was_seen_to_its_end_is_over(program: Program) -> None:
    """The broker still listed it, working, when its day was over; on the next one it does not."""
    dropped(program, Row("A-1", "600000.SH", 100, "10.5", "")).kind_turn(3)
    # Past midnight, and the broker's own day has not ended yet.
    program.now += timedelta(seconds=NIGHT_SECONDS)
    program.ask("reconcile")
    program.kind_turn(8)
    assert program.order(100)["status"] == "ACCEPTED"
    program.broker.begin_day()
    program.come_to_rest()
    row = reported(program, 100)
    assert (row["status"], row["reason_code"], row["needs_person"]) == ("EXPIRED", "DAY_OVER", "0")
    program.check_always()


def test_the_last_list_of_a_day_counts_when_it_is_read_on_the_next_one(program: Program) -> None:
    """By their numbers, for this broker cuts our tag; and by the day that it says itself, for numbers repeat."""
    dropped(program, Row("A-1", "600000.SH", 100, "10.5", "")).kind_turn(3)
    (book,) = program.broker.books
    book.tag = book.tag[:8]
    program.broker.fill(book, 100)
    program.broker.words.clear()
    program.now += timedelta(seconds=NIGHT_SECONDS)
    program.ask("reconcile")
    program.kind_turn(8)
    row = reported(program, 100)
    assert (row["status"], row["filled_qty"], row["needs_person"]) == ("FILLED", "100", "0")
    assert program.rows("SELECT * FROM events WHERE kind = 'EXTERNAL'") == []


def test_a_doubt_does_not_end_with_its_day(program: Program) -> None:
    """That the next day's list lacks it proves nothing of yesterday: a person says what became of it."""
    dropped(program, Row("A-1", "600000.SH", 100, "10.5", "")).turn(2)
    program.broker.work(Fate.LOST)
    program.wait(11)
    program.turn()
    assert program.order(100)["status"] == "UNKNOWN"
    program.wait(NIGHT_SECONDS)
    program.come_to_rest()
    row = reported(program, 100)
    assert (row["status"], row["reason_code"], row["needs_person"]) == ("UNKNOWN", "OUTCOME_UNKNOWN", "1")
    program.ask("resolve", row["tag"], sent=False)
    program.come_to_rest()
    assert reported(program, 100)["status"] == "NOT_SENT"
    program.check_always()


def test_a_cancel_of_yesterdays_order_never_hits_the_one_with_its_number_today(program: Program) -> None:
    dropped(program, Row("A-1", "600000.SH", 100, "10.5", "")).kind_turn(3)
    yesterdays = program.order(100)
    program.wait(NIGHT_SECONDS - 4)
    program.kind_turn(3)
    program.wait(4)
    # The broker begins to number again. It is asked at once what the account has on this day, and not yet what of
    # yesterday it still lists.
    assert program.order(100)["status"] == "ACCEPTED"
    program.drop_rows("b.csv", [Row("B-1", "600000.SH", 200, "10.5", "")])
    program.turn(2)
    for _ in ("query", "submit", "handed"):
        program.broker.work(Fate.GOOD)
        program.broker.flow()
        program.broker.hear_all()
        program.turn()
    todays = program.order(200)
    assert program.order(100)["status"] == "ACCEPTED"
    assert (todays["status"], todays["broker_order_id"]) == ("ACCEPTED", yesterdays["broker_order_id"])
    program.ask("cancel", tag=yesterdays["tag"])
    program.turn(2)
    program.broker.work(Fate.GOOD)
    program.broker.hear_all()
    program.come_to_rest()
    assert (program.order(100)["status"], program.order(200)["status"]) == ("EXPIRED", "ACCEPTED")
    program.check_always()
