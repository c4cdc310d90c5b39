"""A push may be lost: what still works is listed now and then, and the lists of the day where that shows a gap."""

from collections.abc import Iterator

import pytest

from filebridge.domain.reconcile import Lists
from tests.property.broker_model import BrokerModel
from tests.property.program import TURN_SECONDS, Program, Row

PERIOD_SECONDS = 30


class Asked(BrokerModel):
    """Notes what it is asked for."""

    def query(self, lists: Lists, *, expected: int) -> None:
        super().query(lists, expected=expected)
        self.lists = [*getattr(self, "lists", []), lists]


@pytest.fixture
def program() -> Iterator[Program]:
    """Two orders that rest at the broker; all that was called for is read."""
    made = Program(make_broker=Asked)
    made.start()
    made.drop_rows("a.csv", [Row("A-1", "600000.SH", 100, "10.5", ""), Row("A-2", "600000.SH", 200, "10.5", "")])
    made.kind_turn(20)
    yield made
    made.close()


def asked_within(program: Program, seconds: float) -> list[Lists]:
    broker = program.broker
    assert isinstance(broker, Asked)
    broker.lists = []
    program.kind_turn(int(seconds / TURN_SECONDS))
    return broker.lists


def test_orders_that_rest_are_no_reason_to_read_the_lists_of_the_day(program: Program) -> None:
    asked = asked_within(program, 5 * PERIOD_SECONDS)
    assert asked.count(Lists.WORKING) >= 3
    assert Lists.ALL not in asked


def test_an_end_that_was_not_told_is_found(program: Program) -> None:
    asked_within(program, PERIOD_SECONDS)
    program.broker.fill(program.broker.books[0], 100)
    program.broker.words.clear()
    asked = asked_within(program, 3 * PERIOD_SECONDS)
    assert asked.count(Lists.ALL) == 1
    assert program.order(100)["status"] == "FILLED"
    assert program.order(200)["status"] == "ACCEPTED"
    assert Lists.ALL not in asked_within(program, 5 * PERIOD_SECONDS)


def test_a_fill_that_was_not_told_is_found(program: Program) -> None:
    """The order goes on to work: its report says that something was traded, and the lists of the day say what."""
    asked_within(program, PERIOD_SECONDS)
    program.broker.fill(program.broker.books[1], 100)
    program.broker.words.clear()
    assert Lists.ALL in asked_within(program, 4 * PERIOD_SECONDS)
    order = program.order(200)
    assert (order["status"], order["filled_qty"]) == ("PARTIALLY_FILLED", 100)
    assert Lists.ALL not in asked_within(program, 5 * PERIOD_SECONDS)
