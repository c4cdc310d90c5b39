"""Which orders wait for a person's approval, whose word counts, and when it comes too late. Cancels never wait."""

from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import NamedTuple

from filebridge.domain.counters import value_of
from filebridge.domain.orders import Order, OrderTerms, Status, price_text
from filebridge.domain.reasons import Reason


class Approval(NamedTuple):
    """The settings of [approval]. An order is held if the mode asks for it, its account is one of `accounts`, and it is
    worth more than `above_value_cny`. `author`, where it is not empty, stands for whoever dropped a file."""

    required: str = "never"
    above_value_cny: Decimal = Decimal(0)
    accounts: tuple[str, ...] = ("*",)
    by_another: bool = False
    author: str = ""
    expire: timedelta = timedelta(hours=1)


NOTHING_TO_APPROVE = Approval()


def required(terms: OrderTerms, approval: Approval) -> Reason | None:
    """Why an order must be approved before it may leave, or None."""
    if approval.required != "always" and approval.required != terms.mode:
        return None
    if not any(fnmatchcase(terms.account, pattern) for pattern in approval.accounts):
        return None
    # Of an order without a price of its own nobody knows what it will cost.
    value = None if terms.limit_price is None else value_of(terms, terms.quantity)
    if value is not None and value <= approval.above_value_cny:
        return None
    seconds = str(int(approval.expire.total_seconds()))
    return Reason("APPROVAL_REQUIRED", {"value": price_text(value) or "?", "tag": terms.tag, "seconds": seconds})


def objection(order: Order, approval: Approval, *, author: str, by: str, owner: str) -> Reason | None:
    """Why this person's word does not release a held order, or None. `author` dropped its file, `owner` owns the
    request: users as the system knows them, empty where it does not tell. `by` is the name that the person gives."""
    needs_word = required(order.terms, approval) is not None or (
        order.reason is not None and order.reason.code == "APPROVAL_REQUIRED"
    )
    if not (needs_word and approval.by_another):
        return None
    author = approval.author or author
    if not author:
        return Reason("APPROVAL_AUTHOR_UNKNOWN")
    # Where a setting names the author, the system's users are nobody in particular.
    names = (by,) if approval.author else (by, owner)
    if author.casefold() in (name.casefold() for name in names):
        return Reason("APPROVAL_BY_AUTHOR", {"by": by, "author": author})
    return None


def lapsed(order: Order, now: datetime, approval: Approval) -> Reason | None:
    """Why an order that nobody approved in time is denied, or None; it has been held since its last change."""
    if order.status is not Status.HELD or now - order.updated_at <= approval.expire:
        return None
    return Reason("APPROVAL_EXPIRED", {"seconds": str(int(approval.expire.total_seconds()))})
