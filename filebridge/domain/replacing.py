"""Replacing an order: cancel it, and once it is certain how much of it was filled, send a new one for the rest.

Never both at once at the market: the new order leaves only when all that it stands in for are CANCELED and settled.
Quantities are FIX's: the new order's is the total, with what the old one has filled; what is sent is what is left.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from filebridge.domain.admission import Answer, Known, born, burning
from filebridge.domain.canceling import contradicted
from filebridge.domain.events import EventKind
from filebridge.domain.lifecycle import allows
from filebridge.domain.orders import LOCAL, Order, OrderInstruction, OrderTerms, OrderType, Outcome, Status, price_text
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import TRANSFERS


class Replaced(NamedTuple):
    """What a row wants to replace: the order, those that it replaces itself (newest first), and the one that is about
    to take its place already."""

    order: Order
    before: Sequence[Order] = ()
    successor: Order | None = None


def target_of(orders: Sequence[Order], mode: str) -> Order | None:
    """The order that an id names, of those that have it; another mode's orders are at another broker."""
    ours = [order for order in orders if order.terms.mode == mode]
    return burning(ours) or (ours[-1] if ours else None)


def terms_after(
    instruction: OrderInstruction,
    replaced: Replaced,
    *,
    tag: str,
    client_order_id: str,
    body: str,
    intake_no: int,
    received_at: datetime,
) -> OrderTerms:
    """The terms of the new order: those of the old one, but for what the row changes."""
    old = replaced.order.terms
    # Once it was sent, its own quantity is what was left then.
    filled_before = sum(order.filled_qty for order in replaced.before) if replaced.order.submitted_at else 0
    return old._replace(
        tag=tag,
        client_order_id=client_order_id,
        id_derived=not instruction.client_order_id,
        quantity=instruction.quantity or old.quantity + filled_before,
        limit_price=old.limit_price if instruction.limit_price is None else instruction.limit_price,
        note=instruction.note or old.note,
        start_at=instruction.start_at or old.start_at,
        expire_at=instruction.expire_at or old.expire_at,
        intake_no=intake_no,
        row=instruction.row,
        received_at=received_at,
        body_hash=body,
        replaces=old.tag,
    )


def unknown(instruction: OrderInstruction, client_order_id: str, account: str) -> Answer:
    """The answer to a row that names an order which nobody knows: nothing is canceled, and nothing remembered."""
    reason = Reason("REPLACE_UNKNOWN_ORDER", {"orig_client_order_id": instruction.orig_client_order_id})
    return _denied(instruction, client_order_id, account, reason)


def decide_replace(
    instruction: OrderInstruction, terms: OrderTerms, replaced: Replaced, known: Known, at: datetime
) -> Answer:
    """The answer to a row that replaces an order. Only with ACCEPTED and HELD is the old one to be canceled."""
    old = replaced.order
    context = {
        "orig_client_order_id": old.terms.client_order_id,
        "client_order_id": terms.client_order_id,
        "earlier_status": old.status.value,
        "tag": terms.tag,
    }
    # What the row leaves open is the old order's: the receipt says what is ordered.
    shown = instruction._replace(
        symbol=terms.symbol, side=terms.side, quantity=terms.quantity, limit_price=terms.limit_price
    )
    if old.terms.side in TRANSFERS:
        return _denied(shown, terms.client_order_id, terms.account, Reason("REPLACE_OF_TRANSFER", context))
    number = instruction.broker_order_id
    if number and old.broker_order_id not in ("", number):
        disagree = context | {"value": number, "broker_order_id": old.broker_order_id}
        return _denied(shown, terms.client_order_id, terms.account, Reason("CANCEL_IDS_DISAGREE", disagree))
    contradiction = contradicted(instruction, old.terms)
    if instruction.limit_price is not None and old.terms.order_type is not OrderType.LIMIT:
        said = {"column": "limit_price", "value": price_text(instruction.limit_price)}
        contradiction = {**said, "expected": old.terms.order_type.value}
    if contradiction:
        reason = Reason("CANCEL_NOT_THAT_ORDER", context | contradiction)
        return _denied(shown, terms.client_order_id, terms.account, reason)
    denied = known.refusal
    if known.canceled_before:
        denied = Reason("CANCELED_BEFORE_ARRIVAL", {"client_order_id": terms.client_order_id})
    elif not allows(old.status, EventKind.CANCEL):
        denied = Reason("REPLACE_TOO_LATE", context)
    elif replaced.successor is not None:
        context["successor"] = replaced.successor.terms.client_order_id
        denied = Reason("REPLACE_ALREADY", context)
    if denied is not None:
        answer = born(shown, terms, Status.DENIED, Outcome.DENIED, denied, at)
    elif known.approval is not None:
        answer = born(shown, terms, Status.HELD, Outcome.HELD, known.approval, at)
    elif old.status in (Status.HELD, Status.APPROVED):
        # What a person has to approve, or has approved as it was, does not become another order unseen.
        answer = born(shown, terms, Status.HELD, Outcome.HELD, Reason("REPLACES_HELD", context), at)
    else:
        answer = born(shown, terms, Status.RECEIVED, Outcome.ACCEPTED, None, at)
        if old.status not in LOCAL:
            answer = answer._replace(reason=Reason("REPLACE_WAITS", context))
    return answer._replace(earlier_status=old.status.value)


def hint(code: str, name: str, old: Order, heir: Order) -> Reason:
    """What is said to somebody who names an order that ended by being replaced: which one works in its place."""
    context = {"earlier_status": old.status.value, "successor": heir.terms.client_order_id, "tag": heir.terms.tag}
    return Reason(code, {"orig_client_order_id": name, **context, "status": heir.status.value})


def quantity_left(order: Order, replaced: Sequence[Order]) -> int | Reason | None:
    """How much of an order may leave, given all that it stands in for, newest first: None while that is not certain,
    a reason if none of it may."""
    for old in replaced:
        where = {"orig_client_order_id": old.terms.client_order_id, "earlier_status": old.status.value}
        if old.status in (Status.ACCEPTED, Status.PARTIALLY_FILLED) and not old.cancel_requested:
            # It was being canceled when this order was taken, so the broker has said no.
            return Reason("REPLACE_CANCEL_REJECTED", where)
        if not old.is_settled:
            return None
        if old.status is not Status.CANCELED:
            return Reason("REPLACE_TOO_LATE", where)
    filled = sum(old.filled_qty for old in replaced)
    left = order.terms.quantity - filled
    return left if left > 0 else Reason("REPLACE_NOTHING_LEFT", {"filled_qty": str(filled)})


def rest_of(order: Order, left: int, replaced: Sequence[Order]) -> Order:
    """An order as it is judged when what it replaces has ended: for what is left, and as if it could go only since
    then, for until then its money or shares were bound."""
    free_at = max(old.updated_at for old in replaced)
    free_at = max(order.approved_at or free_at, free_at)
    return order._replace(terms=order.terms._replace(quantity=left), approved_at=free_at)


def expected(terms: OrderTerms, replaced: Replaced) -> OrderTerms:
    """The new terms for what would be left now: as the rules of the market look at them before it is certain."""
    left = terms.quantity - sum(order.filled_qty for order in (replaced.order, *replaced.before))
    return terms._replace(quantity=left) if left > 0 else terms


def _denied(instruction: OrderInstruction, client_order_id: str, account: str, reason: Reason) -> Answer:
    return Answer(instruction, Outcome.DENIED, client_order_id, account, reason)
