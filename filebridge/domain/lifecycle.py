"""The life of an order: one flat table, (status, event) -> status, and `apply`.

The law of this file: **no row leads to SUBMITTING but from RECEIVED and APPROVED**, which nothing leads back to; so an
order can be sent at most once by construction. An event of our own that is not in the table is refused and changes
nothing. Fills and broker reports are never refused: every status has a row for each of them. Where such a row
contradicts what we believed, the broker is right, and `surprise` names the alarm.
"""

from decimal import Decimal

from filebridge.domain.events import OWN_EVENTS, EventKind, OrderEvent
from filebridge.domain.orders import FINAL, LOCAL, Fill, Order, OrderTerms, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import TRANSFERS

S = Status
E = EventKind

_NEVER_LEFT = (S.RECEIVED, S.HELD, S.APPROVED, S.DENIED, S.NOT_SENT, S.EXPIRED)
_NOT_AT_BROKER = frozenset((*_NEVER_LEFT, S.REJECTED, S.CANCELED))
_IN_FLIGHT = (S.SUBMITTING, S.UNKNOWN)
_WORKING = (S.ACCEPTED, S.PARTIALLY_FILLED, S.PENDING_CANCEL)


def _rows(event: EventKind, into: Status | None, *statuses: Status) -> dict[tuple[Status, EventKind], Status]:
    """Rows that lead from each of `statuses` into one status; `None` means that they stay as they are."""
    return {(status, event): into or status for status in statuses}


TABLE: dict[tuple[Status, EventKind], Status] = {
    # ---- ours, before sending
    # Taken in under other settings than those that count now.
    **_rows(E.HOLD, S.HELD, S.RECEIVED),
    **_rows(E.APPROVE, S.APPROVED, S.HELD),
    **_rows(E.DENY, S.DENIED, *LOCAL),
    **_rows(E.EXPIRE, S.EXPIRED, *LOCAL),
    **_rows(E.SUBMIT, S.SUBMITTING, S.RECEIVED, S.APPROVED),
    # A cancel of what is in doubt waits for the broker's number; of what never left, it ends the order here.
    **_rows(E.CANCEL, S.CANCELED, *LOCAL),
    **_rows(E.CANCEL, None, *_IN_FLIGHT, S.PENDING_CANCEL),
    **_rows(E.CANCEL, S.PENDING_CANCEL, S.ACCEPTED, S.PARTIALLY_FILLED),
    # ---- ours, in doubt
    **_rows(E.DOUBT, S.UNKNOWN, S.SUBMITTING),
    **_rows(E.PROVE_NOT_SENT, S.NOT_SENT, *_IN_FLIGHT),
    **_rows(E.RESOLVE_NOT_SENT, S.NOT_SENT, S.UNKNOWN),
    **_rows(E.RESOLVE_SENT, S.ACCEPTED, S.UNKNOWN),
    # An order in doubt does not lapse with its day: only a report, a proof or a person ends the doubt.
    **_rows(E.DAY_OVER, S.EXPIRED, *_WORKING),
    # ---- the broker: it works
    **_rows(E.REPORT_WORKING, S.ACCEPTED, *_IN_FLIGHT, *_NEVER_LEFT, S.ACCEPTED),
    # Late repeats of an earlier report change nothing.
    **_rows(E.REPORT_WORKING, None, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.CANCELED, S.REJECTED, S.FILLED),
    **_rows(E.REPORT_PENDING_CANCEL, S.PENDING_CANCEL, *_IN_FLIGHT, *_WORKING, *_NEVER_LEFT),
    **_rows(E.REPORT_PENDING_CANCEL, None, S.CANCELED, S.REJECTED, S.FILLED),
    **_rows(E.REPORT_PARTIALLY_FILLED, S.PARTIALLY_FILLED, *_IN_FLIGHT, *_NEVER_LEFT, S.ACCEPTED, S.REJECTED),
    **_rows(E.REPORT_PARTIALLY_FILLED, None, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.CANCELED, S.FILLED),
    # The broker refused the cancel: it works again (with fills: see `apply`).
    **_rows(E.REPORT_CANCEL_REJECTED, S.ACCEPTED, S.PENDING_CANCEL),
    **_rows(E.REPORT_CANCEL_REJECTED, None, *_NEVER_LEFT, *_IN_FLIGHT, S.ACCEPTED, S.PARTIALLY_FILLED),
    **_rows(E.REPORT_CANCEL_REJECTED, None, S.CANCELED, S.REJECTED, S.FILLED),
    # ---- the broker: it ended
    **_rows(E.REPORT_FILLED, S.FILLED, *Status),
    **_rows(E.REPORT_CANCELED, S.CANCELED, *_IN_FLIGHT, *_WORKING, *_NEVER_LEFT, S.CANCELED),
    **_rows(E.REPORT_CANCELED, None, S.REJECTED, S.FILLED),
    **_rows(E.REPORT_REJECTED, S.REJECTED, *_IN_FLIGHT, *_NEVER_LEFT, S.ACCEPTED, S.PENDING_CANCEL, S.REJECTED),
    # What is partly filled cannot be junk as a whole; its rest is dead.
    **_rows(E.REPORT_REJECTED, S.CANCELED, S.PARTIALLY_FILLED),
    **_rows(E.REPORT_REJECTED, None, S.CANCELED, S.FILLED),
    # ---- fills
    **_rows(E.FILL_PARTIAL, S.PARTIALLY_FILLED, *_IN_FLIGHT, *_NEVER_LEFT, S.ACCEPTED, S.PARTIALLY_FILLED, S.REJECTED),
    # Canceled after a part was filled, and the fill's push came second; or filled, and some fills still to come.
    **_rows(E.FILL_PARTIAL, None, S.PENDING_CANCEL, S.CANCELED, S.FILLED),
    **_rows(E.FILL_COMPLETE, S.FILLED, *Status),
}


class EventNotAllowed(ValueError):
    """An event of our own does not fit the order's status; nothing was changed."""

    def __init__(self, order: Order, event: OrderEvent) -> None:
        super().__init__(f"{event.kind} does not fit {order.status}")
        self.order = order
        self.event = event


def allows(status: Status, kind: EventKind) -> bool:
    return (status, kind) in TABLE


def apply(order: Order, event: OrderEvent) -> Order:
    """The order after the event.

    A fill whose trade_id is booked already changes nothing. Raises `EventNotAllowed` for an event of our own that
    does not fit.
    """
    if event.fill is not None and event.fill.trade_id in order.trade_ids:
        return order
    status = TABLE.get((order.status, event.kind))
    if status is None:
        assert event.kind in OWN_EVENTS, f"the table lacks {order.status} x {event.kind}"
        raise EventNotAllowed(order, event)

    filled_qty, filled_amount, trade_ids = _booked(order, event.fill)
    # "Works" and "partly filled" differ by the fills alone.
    if status is S.ACCEPTED and filled_qty:
        status = S.PARTIALLY_FILLED
    if event.kind is E.RESOLVE_SENT and order.terms.side in TRANSFERS:
        # A transfer never rests: whoever says that it went says that it is done.
        status = S.FILLED
    alarm = surprise(order, filled_qty, event, status)
    # Every field anew: `_replace` takes twice as long.
    return Order(
        terms=_terms_after(order.terms, event),
        status=status,
        updated_at=event.at,
        reason=alarm or _reason_after(order, event, status),
        filled_qty=filled_qty,
        filled_amount=filled_amount,
        reported_qty=max(order.reported_qty, event.reported_qty),
        trade_ids=trade_ids,
        broker_order_id=event.broker_order_id or order.broker_order_id,
        counter_order_id=event.counter_order_id or order.counter_order_id,
        name=event.name or order.name,
        cancel_requested=_cancel_requested(order, event),
        alarmed=order.alarmed or alarm is not None or event.alarm,
        approved_at=event.at if event.kind is E.APPROVE else order.approved_at,
        submitted_at=event.at if event.kind is E.SUBMIT else order.submitted_at,
    )


def surprise(order: Order, filled_qty: int, event: OrderEvent, status: Status) -> Reason | None:
    """The alarm, if a broker's event contradicts what we believed; `filled_qty` is the sum after the event."""
    if event.kind in OWN_EVENTS:
        return None
    if filled_qty > order.terms.quantity:
        return Reason("OVERFILLED")
    known_to_broker = order.status not in _NOT_AT_BROKER
    if known_to_broker or (status is order.status and filled_qty <= max(order.reported_qty, order.filled_qty)):
        return None
    if event.fill is not None:
        return Reason("FILL_AFTER_FINAL", {"earlier_status": order.status})
    return Reason("STATUS_CORRECTED", {"earlier_status": order.status, "text": event.kind})


def _terms_after(terms: OrderTerms, event: OrderEvent) -> OrderTerms:
    """What a sending decides, once: from here on it is what was asked for."""
    if event.limit_price is not None:
        terms = terms._replace(limit_price=event.limit_price)
    return terms._replace(quantity=event.quantity) if event.quantity else terms


def _booked(order: Order, fill: Fill | None) -> tuple[int, Decimal, frozenset[str]]:
    """Filled quantity, filled amount and trade ids with this fill."""
    if fill is None:
        return order.filled_qty, order.filled_amount, order.trade_ids
    # Not the fill's own amount: of a repo that is the money lent, of a future it counts the multiplier.
    amount = fill.last_price * Decimal(fill.last_qty)
    if not fill.by_price:
        amount = fill.amount or amount
    return order.filled_qty + fill.last_qty, order.filled_amount + amount, order.trade_ids | {fill.trade_id}


def _reason_after(order: Order, event: OrderEvent, status: Status) -> Reason | None:
    """An event's own reason stands; an old one stays while the order is where it was, or needs a person's look."""
    if event.reason is not None:
        return event.reason
    return order.reason if status is order.status or order.alarmed else None


def _cancel_requested(order: Order, event: OrderEvent) -> bool:
    """A wish to cancel holds until it is sent (PENDING_CANCEL) or moot."""
    if event.kind is E.CANCEL:
        return order.status in _IN_FLIGHT
    return order.cancel_requested and order.status not in FINAL
