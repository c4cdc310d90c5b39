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
# What an order waits for a person with.
HOLDS = frozenset({"APPROVAL_REQUIRED", "APPROVAL_REQUIRED_AT_MARKET", "APPROVAL_REQUIRED_UNPRICED"})


def required(terms: OrderTerms, approval: Approval, highest: Decimal | None = None) -> Reason | None:
    """Why an order must be approved before it may leave, or None. `highest` is the highest price at which one without a
    price of its own can trade on its day, where that is known: the person who approves it hears what it may cost."""
    if approval.required != "always" and approval.required != terms.mode:
        return None
    if not any(fnmatchcase(terms.account, pattern) for pattern in approval.accounts):
        return None
    said = {"tag": terms.tag, "seconds": str(int(approval.expire.total_seconds()))}
    value = value_of(terms, terms.quantity)
    if value and value <= approval.above_value_cny:
        return None
    if value:
        return Reason("APPROVAL_REQUIRED", said | {"value": price_text(value)})
    # Of an order without a price of its own nobody knows what it will cost, so it waits whatever that may be.
    if highest is None:
        return Reason("APPROVAL_REQUIRED_UNPRICED", said | {"value": terms.order_type.value})
    most = value_of(terms._replace(limit_price=highest), terms.quantity)
    return Reason("APPROVAL_REQUIRED_AT_MARKET", said | {"value": price_text(most), "limit": price_text(highest)})


def objection(order: Order, approval: Approval, *, author: str, by: str, owner: str) -> Reason | None:
    """Why this person's word does not release a held order, or None. `author` dropped its file, `owner` owns the
    request: users as the system knows them, empty where it does not tell. `by` is the name that the person gives."""
    needs_word = required(order.terms, approval) is not None or (
        order.reason is not None and order.reason.code in HOLDS
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
