"""What an order of any business holds back and what a trade of it moves: the shapes that the account kinds share.

Each kind (credit, margin, options) has a function that answers `hold` and one that answers `post`; `accounting` asks
the right one. All of them decide from a `Case` alone and change nothing.
"""

from dataclasses import dataclass, field
from typing import Any

from filebridge.simulator.accounts import FINAL, Account, Order
from filebridge.simulator.books import Books, Change, Hold, Record
from filebridge.simulator.debts import CreditTerms
from filebridge.simulator.effects import Business
from filebridge.simulator.fees import Fees
from filebridge.simulator.instruments import Instrument
from filebridge.simulator.market import Market
from filebridge.simulator.prices import Quote


@dataclass(frozen=True, slots=True)
class Case:
    """One order before the books, with all that may be looked at to decide about it."""

    order: Order
    business: Business
    account: Account
    instrument: Instrument
    quote: Quote
    books: Books
    market: Market
    fees: Fees
    terms: CreditTerms

    @property
    def symbol(self) -> str:
        return self.order.symbol


@dataclass(frozen=True, slots=True)
class Holding:
    """What a new order holds back, or the reason (a key of the counter's texts) why it is rejected."""

    reason: str = ""
    holds: list[Hold] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Posting:
    """A trade: what it is worth and costs, what it takes from the order's holds, and what it adds to cells.

    `before` are records that the changes need, such as the opening of a debt.
    """

    amount: int
    commission: int
    takes: list[Hold]
    changes: list[Change]
    before: list[Record] = field(default_factory=list)


def refused(reason: str) -> Holding:
    return Holding(reason)


def bought(case: Case, quantity: int, cost: int) -> list[Change]:
    """Securities that come in by a trade: for tomorrow, or at once where the board is T+0."""
    cell = "available_qty" if case.instrument.board.settle_days == 0 else "unsettled_qty"
    return [["LONG", case.symbol, name, amount] for name, amount in
            (("quantity", quantity), (cell, quantity), ("cost", cost))]  # fmt: skip


def gone(account: Account, leg: str, symbol: str, quantity: int) -> list[Change]:
    """What leaves a position (its frozen part is taken by the trade), with its share of cost and margin."""
    held = account.held(leg, symbol)
    changes: list[Any] = [[leg, symbol, "quantity", -quantity]]
    for cell in ("cost", "margin"):
        amount = getattr(held, cell) * quantity // held.quantity
        if amount:
            changes.append([leg, symbol, cell, -amount])
    return changes


def working(books: Books, *names: str) -> list[Order]:
    """Orders of these businesses that the counter took and that still work, over all accounts."""
    orders = (order for order in books.orders.values() if order.counter_order_id and order.status not in FINAL)
    return [order for order in orders if order.business in names]
