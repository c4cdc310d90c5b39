"""Broker reports are not events: here (order, report) becomes the event that is news, at run time and at a start.

A repeated, late or reordered report gives no event, so that pushes and snapshots may overlap freely.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from filebridge.domain.events import EventKind, FillReport, OrderEvent, OrderReport
from filebridge.domain.lifecycle import apply
from filebridge.domain.order_types import FACTS as ORDER_TYPES
from filebridge.domain.order_types import Price
from filebridge.domain.orders import FINAL, Order, OrderType, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import shown

TAG_LENGTH = 20
# A report without our tag may be an order in doubt if the counter's time lies this near to the sending.
CANDIDATE_WINDOW = timedelta(seconds=120)
CLOCK_SLACK = timedelta(seconds=2)


class Lists(StrEnum):
    """What is asked for beside positions and asset: nothing, the orders that still work, or all of the day's orders and
    trades, which on a busy day are hundreds of thousands."""

    NONE = "none"
    WORKING = "working"
    ALL = "all"


class News(NamedTuple):
    """An event that a report makes, and the order after it."""

    event: OrderEvent
    after: Order


def news_of_report(order: Order, report: OrderReport, at: datetime) -> News | None:
    """What a report of this order changes; None where it says nothing new."""
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
    return News(event, after) if _is_news(order, after) else None


def news_of_fill(order: Order, report: FillReport, at: datetime) -> News | None:
    """What a fill changes; None if it is booked already."""
    fill = report.fill
    if fill.trade_id in order.trade_ids:
        return None
    complete = order.filled_qty + fill.last_qty >= order.terms.quantity
    event = OrderEvent(
        kind=EventKind.FILL_COMPLETE if complete else EventKind.FILL_PARTIAL,
        at=at,
        broker_order_id=report.broker_order_id,
        counter_order_id=report.counter_order_id,
        fill=fill,
    )
    return News(event, apply(order, event))


def is_ours(tag: str, home_mark: str) -> bool:
    """Whether a remark can only have come from this home."""
    return len(tag) == TAG_LENGTH and tag.startswith(home_mark)


def pair_untagged(reports: Sequence[OrderReport], in_doubt: Sequence[Order]) -> list[tuple[OrderReport, Order]]:
    """Reports without our tag and orders in doubt that can only be each other, where a broker drops or cuts the remark.

    Only orders without a broker number count, of the same account, symbol, side, quantity and price, sent shortly
    before the report's time. Where two reports or two orders fit, nobody can say, and a person decides.
    """
    fitting = [(report, order) for report in reports for order in in_doubt if could_be(report, order)]
    return [
        (report, order)
        for report, order in fitting
        if sum(report is other for other, _ in fitting) == 1 and sum(order is other for _, other in fitting) == 1
    ]


def could_be(report: OrderReport, order: Order) -> bool:
    """Whether a report without our tag may be about this order in doubt."""
    terms = order.terms
    if order.status is not Status.UNKNOWN or order.broker_order_id or order.submitted_at is None:
        return False
    # Another program's remark is not ours that was rewritten: that would be a guess with somebody else's order.
    if not terms.tag.startswith(report.tag):
        return False
    asked = (terms.account, terms.symbol, shown(terms.side), terms.quantity)
    if (report.account, report.symbol, shown(report.side), report.quantity) != asked:
        return False
    # Of an order that went without a limit the counter shows a price of its own, or none.
    is_limit = ORDER_TYPES[terms.order_type].price in (Price.LIMIT, Price.LEVEL)
    is_limit &= terms.order_type is not OrderType.LATEST
    if is_limit and report.limit_price != terms.limit_price:
        return False
    if report.ordered_at is None:
        return False
    # The counter tells whole seconds, and its clock is its own.
    return -CLOCK_SLACK <= report.ordered_at - order.submitted_at <= CANDIDATE_WINDOW


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


def _is_news(before: Order, after: Order) -> bool:
    if before.status in FINAL and after.status is before.status:
        # A later repeat of the end is not news, but fills that it counts and numbers that it brings are.
        return after.reported_qty != before.reported_qty or after.counter_order_id != before.counter_order_id
    return (
        after.status is not before.status
        or after.broker_order_id != before.broker_order_id
        or after.counter_order_id != before.counter_order_id
        or after.reported_qty != before.reported_qty
        or after.alarmed is not before.alarmed
    )
