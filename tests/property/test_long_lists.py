"""A day's list comes in parts: it counts as one only when none of them is missing."""

from collections.abc import Iterator

import pytest

from filebridge.bridge.listing import SeenRows
from filebridge.gateways import base
from tests.property.broker_model import PART_ROWS, Fate
from tests.property.program import Program, Row

ORDERS = 3 * PART_ROWS


@pytest.fixture
def program() -> Iterator[Program]:
    """A second start, which waits for the broker's list: it has more orders than fit into two parts."""
    made = Program()
    made.start()
    made.kind_turn(3)
    made.drop_rows("a.csv", [Row(f"A-{n}", "600000.SH", 100 * n, "10.5", "") for n in range(1, ORDERS + 1)])
    made.kind_turn(5)
    made.crash()
    made.start()
    made.broker.come_up()
    say(made)
    yield made
    made.close()


def say(program: Program) -> list[base.Snapshots]:
    """The worker does the one thing that it was asked, and the bridge hears it; the parts of lists that this were."""
    program.broker.work(Fate.GOOD)
    parts = [message for message in program.broker.said if isinstance(message, base.Snapshots)]
    program.broker.flow()
    program.broker.hear_all()
    program.turn()
    return parts


def agrees(program: Program) -> bool:
    assert program.bridge is not None
    return program.bridge.has_agreed


def test_books_agree_at_the_end_of_the_last_part_and_not_before(program: Program) -> None:
    parts = []
    while not agrees(program):
        parts += say(program)
    assert len(parts) == ORDERS // PART_ROWS
    assert [part.is_last for part in parts] == [False, False, True]
    assert sum(len(part.accounts[0].orders) for part in parts) == ORDERS


def test_a_list_of_which_a_part_is_missing_proves_nothing(program: Program) -> None:
    assert say(program)
    # The second part is made, and never arrives.
    program.broker.work(Fate.GOOD)
    program.broker.said.clear()
    program.broker.more()
    (last,) = say(program)
    assert last.is_last
    assert not agrees(program)
    program.come_to_rest()
    assert agrees(program)


def test_a_worker_that_dies_within_a_list_leaves_nothing_of_it(program: Program) -> None:
    assert not say(program)[0].is_last
    program.broker.die("in the middle")
    program.broker.hear_all()
    program.turn()
    assert not agrees(program)
    # What a dead worker said last may be heard after its death.
    program.come_to_rest()
    assert agrees(program)
    assert {program.order(100 * n)["status"] for n in range(1, ORDERS + 1)} == {"ACCEPTED"}
    program.check_always()


def test_a_list_on_its_way_when_the_clock_leaps_counts_for_nothing(program: Program) -> None:
    assert not say(program)[0].is_last
    # Everything is to be asked again, but not before this answer is at its end: its rest would be the next one's.
    program.wait(60)
    program.turn()
    parts = []
    while not agrees(program):
        parts += say(program)
    assert [part.is_first for part in parts] == [False, False, True, False, False]


def test_seen_rows_are_known_again() -> None:
    seen = SeenRows()
    # 0 is a hash like any other, and so are those that share a place.
    rows = [0, *range(5, 50_000, 7), *(n << 40 for n in range(1, 500)), -1, -(2**63), 2**63 - 1]
    for row in rows:
        assert row not in seen
        seen.add(row)
    assert all(row in seen for row in rows)
    assert 6 not in seen
    seen.clear()
    assert 5 not in seen
