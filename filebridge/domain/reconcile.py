"""Broker reports are not events: here (order, report) becomes the event that is news, at run time and at a start.

A repeated, late or reordered report gives no event, so that pushes and snapshots may overlap freely.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from filebridge.domain.events import EventKind, FillReport, OrderEvent, OrderReport
from filebridge.domain.lifecycle import apply
from filebridge.domain.orders import FINAL, Order, Status
from filebridge.domain.reasons import Reason

TAG_LENGTH = 20
# A report without our tag may be an order in doubt if the counter's time lies this near to the sending.
CANDIDATE_WINDOW = timedelta(seconds=120)


def event_of_report(order: Order, report: OrderReport, at: datetime) -> OrderEvent | None:
    """The event that a report of this order makes; None where it says nothing new."""
    event = OrderEvent(
        kind=report.kind,
        at=at,
        reason=_reason_of(report),
        broker_order_id=report.broker_order_id,
        counter_order_id=report.counter_order_id,
        name=report.name,
        reported_qty=report.filled_qty,
    )
    after = apply(order, event)
    return event if _news(order, after) else None


def event_of_fill(order: Order, report: FillReport, at: datetime) -> OrderEvent | None:
    """The event that books a fill; None if it is booked already."""
    fill = report.fill
    if fill.trade_id in order.trade_ids:
        return None
    complete = order.filled_qty + fill.last_qty >= order.terms.quantity
    return OrderEvent(
        kind=EventKind.FILL_COMPLETE if complete else EventKind.FILL_PARTIAL,
        at=at,
        broker_order_id=report.broker_order_id,
        counter_order_id=report.counter_order_id,
        fill=fill,
    )


def is_ours(tag: str, home_mark: str) -> bool:
    """Whether a remark can only have come from this home."""
    return len(tag) == TAG_LENGTH and tag.startswith(home_mark)


def lone_candidate(report: OrderReport, in_doubt: Iterable[Order]) -> Order | None:
    """The one order in doubt that an untagged report can be, for brokers that drop or rewrite the remark.

    Only orders without a broker number count, of the same account, symbol, side, quantity and price, sent within
    `CANDIDATE_WINDOW` of the report's time; with two such orders nobody can say, and a person decides.
    """
    found = [order for order in in_doubt if _could_be(report, order)]
    return found[0] if len(found) == 1 else None


def lapsed(order: Order, *, today_started_after: bool) -> bool:
    """Whether a working order ended with its day: a later trade date runs, and the broker lists it no more."""
    return today_started_after and order.status in (Status.ACCEPTED, Status.PARTIALLY_FILLED, Status.PENDING_CANCEL)


def _could_be(report: OrderReport, order: Order) -> bool:
    terms = order.terms
    if order.status is not Status.UNKNOWN or order.broker_order_id or order.submitted_at is None:
        return False
    asked = (terms.account, terms.symbol, terms.side, terms.quantity, terms.limit_price)
    if (report.account, report.symbol, report.side, report.quantity, report.limit_price) != asked:
        return False
    return report.ordered_at is not None and abs(report.ordered_at - order.submitted_at) <= CANDIDATE_WINDOW


def _reason_of(report: OrderReport) -> Reason | None:
    match report.kind:
        case EventKind.REPORT_REJECTED:
            return Reason("BROKER_REJECTED", {"text": report.text})
        case EventKind.REPORT_CANCELED:
            return Reason("BROKER_CANCELED", {"text": report.text})
        case EventKind.REPORT_CANCEL_REJECTED:
            return Reason("CANCEL_REJECTED", {"text": report.text})
        case _:
            return None


def _news(before: Order, after: Order) -> bool:
    if before.status in FINAL and after.status is before.status:
        # A later repeat of the end is not news, but fills that it counts and numbers that it brings are.
        return after.reported_qty != before.reported_qty or after.counter_order_id != before.counter_order_id
    return _facts(before) != _facts(after)


def _facts(order: Order) -> tuple[object, ...]:
    return (order.status, order.broker_order_id, order.counter_order_id, order.reported_qty, order.alarmed)
