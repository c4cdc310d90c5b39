"""A worker dies while much of its news waits to be heard; the next one, up before that, is given nothing yet.

What it was given would not be in the dead one's hand-over log, so it would be "proven" unsent, and sent again when its
file comes again.
"""

from collections.abc import Iterator

import pytest

from filebridge.bridge.mailbox import MESSAGES_A_TURN
from filebridge.gateways import base
from tests.property.broker_model import Connection, Fate
from tests.property.program import Program, Row

ORDERS = 8


@pytest.fixture
def program() -> Iterator[Program]:
    made = Program()
    made.start()
    made.kind_turn(6)
    yield made
    made.close()


def test_a_worker_is_given_nothing_before_the_bridge_has_heard_of_it(program: Program) -> None:
    broker, bridge = program.broker, program.bridge
    assert bridge is not None
    rows = [Row(f"A-{n}", "600000.SH", 100 * n, "10.5", "") for n in range(1, ORDERS + 1)]
    program.drop_rows("a.csv", rows)
    while not broker.commands:
        program.turn()
    news: list[base.Message] = [base.CancelAnswer("", True, "", {"kind": "cancel_answer"})] * (3 * MESSAGES_A_TURN)
    bridge._mailbox._messages.put(news)
    broker.die("the terminal is gone")
    broker.flow()
    while broker.connection is not Connection.STARTING:
        program.turn()
    broker.come_up()
    given = set(broker.truth)
    program.turn()
    assert bridge.has_agreed is False
    while broker.work(Fate.GOOD):
        pass
    assert set(broker.truth) == given
    # What is proven unsent may be meant again; the witness sees whether anything is received twice.
    program.come_to_rest()
    program.drop_rows("a.csv", rows)
    program.come_to_rest()
    program.check_always()
