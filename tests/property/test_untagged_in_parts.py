"""A broker that drops remarks lists an order in one part; before the last part its own answer names it."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from filebridge.domain.events import EventKind
from filebridge.domain.orders import Status
from filebridge.domain.reconcile import Lists
from filebridge.gateways import base
from filebridge.gateways.wire import order_report
from tests.property.broker_model import ACCOUNT, Fate
from tests.property.program import Program, Row

NUMBER = "77"


@pytest.fixture
def program() -> Iterator[Program]:
    """Two orders with the same terms, both in doubt."""
    made = Program()
    made.start()
    made.kind_turn(6)
    made.drop_rows("a.csv", [Row(name, "600000.SH", 100, "10", "") for name in ("X", "Y")])
    while not made.broker.commands:
        made.turn()
    while made.broker.work(Fate.LOST):
        pass
    made.broker.flow()
    while len(made.orders("UNKNOWN")) < 2:
        made.turn()
    yield made
    made.close()


def test_two_doubts_never_get_one_number(program: Program) -> None:
    bridge, broker = program.bridge, program.broker
    assert bridge is not None
    x, y = sorted(bridge.book.in_status(Status.UNKNOWN), key=lambda order: order.terms.client_order_id)
    assert x.submitted_at is not None
    row = {
        "kind": "order",
        "report": EventKind.REPORT_WORKING.value,
        "status_code": 50,
        "text": "",
        "tag": "",
        "account": ACCOUNT,
        "symbol": "600000.SH",
        "side": "BUY",
        "quantity": 100,
        "limit_price": "10",
        "filled_qty": 0,
        "broker_order_id": NUMBER,
        "counter_order_id": "C77",
        "name": "",
        "ordered_at": x.submitted_at.isoformat(),
    }
    part = base.Snapshot(ACCOUNT, False, Lists.ALL, ((order_report(row), row),), (), (), None, False, 0)
    end = base.Snapshot(ACCOUNT, True, Lists.ALL, (), (), (), base.Asset(ACCOUNT, *(Decimal(1),) * 4), True, 1)
    answer = {"kind": "order_answer", "tag": x.terms.tag, "broker_order_id": NUMBER, "text": ""}
    said: list[base.Message] = [
        base.Snapshots(broker.generation, (part,), is_first=True, is_last=False),
        base.OrderAnswer(x.terms.tag, NUMBER, "", answer),
        base.Snapshots(broker.generation, (end,), is_first=False, is_last=True),
    ]
    broker.commands.clear()
    broker.said.clear()
    for message in said:
        bridge._mailbox._messages.put([message])
        program.turn()
    found = {tag: bridge.book.get(tag) for tag in (x.terms.tag, y.terms.tag)}
    assert [order.broker_order_id for order in found.values() if order is not None] == [NUMBER, ""]
    assert [order.status for order in found.values() if order is not None] == [Status.ACCEPTED, Status.UNKNOWN]
