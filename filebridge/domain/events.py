"""What can happen to an order, and the raw reports of the broker that such events are made from."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from filebridge.domain.orders import Fill, Order, Side
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import Reason


class EventKind(StrEnum):
    # Ours: refused where they do not fit.
    HOLD = "HOLD"
    APPROVE = "APPROVE"
    DENY = "DENY"
    EXPIRE = "EXPIRE"
    SUBMIT = "SUBMIT"
    CANCEL = "CANCEL"
    DOUBT = "DOUBT"
    PROVE_NOT_SENT = "PROVE_NOT_SENT"
    RESOLVE_SENT = "RESOLVE_SENT"
    RESOLVE_NOT_SENT = "RESOLVE_NOT_SENT"
    DAY_OVER = "DAY_OVER"
    # The broker's: never refused.
    REPORT_WORKING = "REPORT_WORKING"
    REPORT_PENDING_CANCEL = "REPORT_PENDING_CANCEL"
    REPORT_PARTIALLY_FILLED = "REPORT_PARTIALLY_FILLED"
    REPORT_FILLED = "REPORT_FILLED"
    REPORT_CANCELED = "REPORT_CANCELED"
    REPORT_REJECTED = "REPORT_REJECTED"
    REPORT_CANCEL_REJECTED = "REPORT_CANCEL_REJECTED"
    FILL_PARTIAL = "FILL_PARTIAL"
    FILL_COMPLETE = "FILL_COMPLETE"


OWN_EVENTS = frozenset(kind for kind in EventKind if not kind.startswith(("REPORT_", "FILL_")))


class OrderEvent(NamedTuple):
    """One thing that happened to one order. Empty fields carry no news."""

    kind: EventKind
    at: datetime
    reason: Reason | None = None
    broker_order_id: str = ""
    counter_order_id: str = ""
    name: str = ""
    reported_qty: int = 0
    fill: Fill | None = None
    # A person should look at it, whatever the status.
    alarm: bool = False
    # Of a sending: the price that it goes with, where market data made it, and the quote by which it was judged.
    limit_price: Decimal | None = None
    # What its sender should know beside `reason`.
    also: tuple[Reason, ...] = ()
    quote: Quote | None = None
    # Of a SUBMIT: what is left to order, where what the order replaces has filled some.
    quantity: int = 0


class Change(NamedTuple):
    """One row that was answered, or one thing that happened to an order, as the ledger has it.

    `order` is the order after it; None for a row that made none. `answer` is what the receipt says of the row; empty
    for `event`.
    """

    seq: int
    at: datetime
    intake_no: int
    order: Order | None
    event: OrderEvent | None
    answer: Mapping[str, Any]


class OrderReport(NamedTuple):
    """What the broker says of one order, in our words. `tag` is the remark as it came back: perhaps cut, perhaps empty.

    `status_code` is the broker's own number, kept as evidence; `text` its reason, if any.
    """

    kind: EventKind
    account: str
    symbol: str
    side: Side | None
    quantity: int
    limit_price: Decimal
    filled_qty: int
    tag: str
    broker_order_id: str
    counter_order_id: str
    name: str
    status_code: int
    text: str
    ordered_at: datetime | None


class FillReport(NamedTuple):
    """One execution as the broker tells it."""

    account: str
    symbol: str
    side: Side | None
    tag: str
    broker_order_id: str
    counter_order_id: str
    fill: Fill
