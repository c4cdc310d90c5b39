"""Every status × event pair, and the laws of the table."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from filebridge.domain.events import OWN_EVENTS, EventKind, OrderEvent
from filebridge.domain.lifecycle import TABLE, EventNotAllowed, apply
from filebridge.domain.orders import FINAL, SHANGHAI, Fill, Order, OrderTerms, OrderType, Side, Status
from filebridge.ledger.codec import event_body, event_from

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
LATER = datetime(2026, 11, 20, 10, 1, tzinfo=SHANGHAI)
TERMS = OrderTerms(
    tag="HOMEAAAAAAAAAAAAAAAA",
    client_order_id="a1",
    id_derived=False,
    account="1000",
    mode="paper",
    trade_date=date(2026, 11, 20),
    symbol="600000.SH",
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    quantity=1000,
    limit_price=Decimal("10.50"),
    strategy="",
    note="",
    basket="",
    start_at=None,
    expire_at=None,
    intake_no=1,
    row=2,
    received_at=NOW,
    body_hash="x",
)
PAIRS = [(status, kind) for status in Status for kind in EventKind]


def order_in(status: Status) -> Order:
    sent = status not in (Status.RECEIVED, Status.HELD, Status.APPROVED, Status.DENIED)
    return Order(terms=TERMS, status=status, updated_at=NOW, submitted_at=NOW if sent else None)


def fill(trade_id: str = "t1", quantity: int = 100) -> Fill:
    price = Decimal("10.49")
    return Fill(trade_id, quantity, price, price * quantity, Decimal("5"), "c1", "2026-11-20T10:00:30+08:00")


def event(kind: EventKind) -> OrderEvent:
    quantity = {EventKind.FILL_PARTIAL: 100, EventKind.FILL_COMPLETE: 1000}.get(kind)
    return OrderEvent(kind=kind, at=LATER, fill=fill(quantity=quantity) if quantity else None)


@pytest.mark.parametrize(("status", "kind"), PAIRS)
def test_every_pair(status: Status, kind: EventKind) -> None:
    before = order_in(status)
    expected = TABLE.get((status, kind))
    if expected is None:
        assert kind in OWN_EVENTS, "a broker's report may never be refused"
        with pytest.raises(EventNotAllowed):
            apply(before, event(kind))
        assert before == order_in(status)
        return
    after = apply(before, event(kind))
    assert after.status is expected
    assert after.terms is before.terms
    assert after.updated_at == LATER
    if kind in (EventKind.FILL_PARTIAL, EventKind.FILL_COMPLETE):
        assert after.filled_qty == (100 if kind is EventKind.FILL_PARTIAL else 1000)


def test_no_path_leads_back_to_submitting() -> None:
    moves = {(status, after) for (status, _), after in TABLE.items() if status is not after}
    into = {status for status, after in moves if after is Status.SUBMITTING}
    assert into == {Status.RECEIVED, Status.APPROVED}

    def reachable(start: Status) -> set[Status]:
        seen: set[Status] = set()
        todo = [start]
        while todo:
            here = todo.pop()
            for status, after in moves:
                if status is here and after not in seen:
                    seen.add(after)
                    todo.append(after)
        return seen

    assert not reachable(Status.SUBMITTING) & {Status.SUBMITTING, Status.RECEIVED, Status.HELD, Status.APPROVED}


def test_unknown_is_left_only_by_broker_proof_or_person() -> None:
    ways_out = {kind for (status, kind), after in TABLE.items() if status is Status.UNKNOWN and after is not status}
    ours = ways_out & OWN_EVENTS
    assert ours == {EventKind.PROVE_NOT_SENT, EventKind.RESOLVE_SENT, EventKind.RESOLVE_NOT_SENT}


def test_every_status_can_be_left_or_is_final() -> None:
    for status in Status:
        if status not in FINAL:
            assert any(after in FINAL for (start, _), after in TABLE.items() if start is status)


@pytest.mark.parametrize("status", [Status.CANCELED, Status.REJECTED, Status.NOT_SENT, Status.DENIED, Status.EXPIRED])
def test_a_fill_after_the_end_is_booked_with_an_alarm(status: Status) -> None:
    after = apply(order_in(status), event(EventKind.FILL_PARTIAL))
    assert after.filled_qty == 100
    assert after.alarmed
    assert after.needs_person
    assert after.reason is not None
    assert after.reason.code == "FILL_AFTER_FINAL"
    assert status in after.reason.message


def test_a_cancel_report_may_come_before_the_fill_that_it_counts() -> None:
    reported = OrderEvent(kind=EventKind.REPORT_CANCELED, at=LATER, reported_qty=100)
    canceled = apply(order_in(Status.PENDING_CANCEL), reported)
    assert not canceled.is_settled
    after = apply(canceled, event(EventKind.FILL_PARTIAL))
    assert (after.status, after.filled_qty, after.alarmed) == (Status.CANCELED, 100, False)
    assert after.is_settled


def test_the_same_fill_twice_changes_nothing() -> None:
    once = apply(order_in(Status.ACCEPTED), event(EventKind.FILL_PARTIAL))
    assert apply(once, event(EventKind.FILL_PARTIAL)) is once


def test_more_than_ordered_is_an_alarm() -> None:
    once = apply(order_in(Status.ACCEPTED), event(EventKind.FILL_COMPLETE))
    more = OrderEvent(kind=EventKind.FILL_COMPLETE, at=LATER, fill=fill("t2", 100))
    after = apply(once, more)
    assert after.filled_qty == 1100
    assert after.reason is not None
    assert after.reason.code == "OVERFILLED"


def test_a_refused_cancel_returns_to_what_the_fills_say() -> None:
    pending = order_in(Status.PENDING_CANCEL)
    refused = OrderEvent(kind=EventKind.REPORT_CANCEL_REJECTED, at=LATER)
    assert apply(pending, refused).status is Status.ACCEPTED
    part = pending._replace(filled_qty=300)
    assert apply(part, refused).status is Status.PARTIALLY_FILLED


def test_a_cancel_in_doubt_waits_until_the_order_is_known() -> None:
    wished = apply(order_in(Status.UNKNOWN), OrderEvent(kind=EventKind.CANCEL, at=LATER))
    assert (wished.status, wished.cancel_requested) == (Status.UNKNOWN, True)
    known = apply(wished, OrderEvent(kind=EventKind.REPORT_WORKING, at=LATER, broker_order_id="7"))
    assert (known.status, known.cancel_requested, known.broker_order_id) == (Status.ACCEPTED, True, "7")
    asked = apply(known, OrderEvent(kind=EventKind.CANCEL, at=LATER))
    assert (asked.status, asked.cancel_requested) == (Status.PENDING_CANCEL, False)


def test_which_orders_use_up_their_key() -> None:
    burnt = {status for status in Status if order_in(status).burns_key}
    unsent_end = {Status.DENIED, Status.NOT_SENT}
    assert burnt == set(Status) - unsent_end
    assert not order_in(Status.EXPIRED)._replace(submitted_at=None).burns_key
    assert order_in(Status.CANCELED)._replace(submitted_at=None).burns_key, "its owner took it back"


def test_the_average_price_is_of_prices_and_no_money() -> None:
    """Money lent by a repo is 100 a 张 at whatever rate; a future's amount counts its multiplier."""
    rates = [Decimal("3.22"), Decimal("3.24")]
    order = order_in(Status.ACCEPTED)
    for number, rate in enumerate(rates):
        lent = Fill(f"t{number}", 500, rate, Decimal(50_000), Decimal(0), "c1", "2026-11-20T10:00:30+08:00")
        kind = EventKind.FILL_COMPLETE if number else EventKind.FILL_PARTIAL
        order = apply(order, OrderEvent(kind=kind, at=LATER, fill=lent))
    assert order.avg_fill_price == Decimal("3.2300")


def test_what_an_older_version_recorded_keeps_its_average() -> None:
    """Else `verify` would find other rows in its views than the events say."""
    lent = Fill("t1", 500, Decimal("3.22"), Decimal(50_000), Decimal(0), "c1", "2026-11-20T10:00:30+08:00")
    body = event_body(OrderEvent(kind=EventKind.FILL_PARTIAL, at=LATER, fill=lent), Status.PARTIALLY_FILLED)
    assert event_from(body, LATER.isoformat()).fill == lent
    del body["fill"]["by_price"]
    order = apply(order_in(Status.ACCEPTED), event_from(body, LATER.isoformat()))
    assert order.avg_fill_price == Decimal("100.0000")
