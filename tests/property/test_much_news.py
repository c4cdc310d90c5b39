"""More news than the bridge can hear at once: no order is doubted over an answer that lies here unheard, and no other
order leaves meanwhile, which would only add to it."""

from collections.abc import Iterator

import pytest

from filebridge.bridge.mailbox import MESSAGES_A_TURN
from filebridge.gateways import base
from tests.property.broker_model import Fate
from tests.property.program import SETTINGS, TURN_SECONDS, Program, Row

TURNS = int((SETTINGS.broker.answer_seconds + 4) / TURN_SECONDS)
NEWS: base.Message = base.CancelAnswer("", True, "", {"kind": "cancel_answer"})


@pytest.fixture
def program() -> Iterator[Program]:
    made = Program()
    made.time_messages()
    made.start()
    made.kind_turn(6)
    yield made
    made.close()


def test_an_answer_that_lies_behind_much_other_news_is_waited_for(program: Program) -> None:
    broker, bridge = program.broker, program.bridge
    assert bridge is not None
    program.drop_rows("a.csv", [Row("A-1", "600000.SH", 100, "10.5", "")])
    while not broker.commands:
        program.turn()
    bridge._mailbox._messages.put([NEWS] * (TURNS * MESSAGES_A_TURN))
    program.turn(2)
    while broker.work(Fate.GOOD):
        pass
    broker.flow()
    broker.hear_all()
    # What one turn may be behind before orders wait.
    program.turn(int(4 / TURN_SECONDS))
    given = set(broker.truth)
    program.drop_rows("b.csv", [Row("B-1", "600000.SH", 200, "10.5", "")])
    statuses = set()
    for _ in range(TURNS - int(8 / TURN_SECONDS)):
        program.turn()
        assert not broker.commands
        statuses.add(program.order(100)["status"])
    assert statuses == {"SUBMITTING"}
    assert set(broker.truth) == given
    program.kind_turn(20)
    assert program.order(100)["status"] == "ACCEPTED"
    assert program.order(200)["status"] == "ACCEPTED"
    assert not program.rows("SELECT 1 FROM events WHERE body LIKE '%DOUBT%'")
    program.check_always()
