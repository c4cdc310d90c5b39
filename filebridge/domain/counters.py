"""What the limits know of earlier orders and of an account, as values; `tally` makes them. No rule here."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from filebridge.domain.contracts import contract_of
from filebridge.domain.orders import OrderTerms, Side
from filebridge.domain.symbols import InstrumentKind, instrument_kind

_ZERO = Decimal(0)
# What one 张 lent by a reverse repo is worth, whatever its rate.
_REPO_FACE_CNY = Decimal(100)


class Holding(NamedTuple):
    quantity: int = 0
    available_qty: int = 0


class Balance(NamedTuple):
    """An account's books as the broker told them; they are as old as the question, `asked_at`."""

    asked_at: datetime
    cash: Decimal
    total_asset: Decimal
    holdings: Mapping[str, Holding]


def balance_of(
    asked_at: datetime, cash: Decimal, total_asset: Decimal, held: Iterable[tuple[str, int, int]]
) -> Balance:
    """From rows of symbol, quantity and available_qty; a symbol may stand there once for each direction."""
    holdings: dict[str, Holding] = {}
    for symbol, quantity, available_qty in held:
        known = holdings.get(symbol, Holding())
        holdings[symbol] = Holding(known.quantity + quantity, known.available_qty + available_qty)
    return Balance(asked_at, cash, total_asset, holdings)


class DayCounts(NamedTuple):
    """What left on this trade date, and what still works, in one account or in all. `value` is of orders, `moved` the
    money of transfers."""

    orders: int = 0
    cancels: int = 0
    value: Decimal = _ZERO
    open_orders: int = 0
    moved: Decimal = _ZERO


class Counters(NamedTuple):
    """What was before one order, of its account unless it says otherwise. `tally` tells how each is counted.

    `last_second` orders and cancels that left within a second, or are with the worker; `repeats` orders like this one
    within `repeat_time`; `own_opposite` the own working price that it would meet, in any account; `bought_qty`
    shares of its symbol bought today or still to be; `exposed_qty`, `cash_reserved` and `sell_reserved` what the
    balance does not show yet.
    """

    account: DayCounts = DayCounts()
    total: DayCounts = DayCounts()
    last_second: int = 0
    repeats: int = 0
    own_opposite: Decimal | None = None
    bought_qty: int = 0
    exposed_qty: int = 0
    cash_reserved: Decimal = _ZERO
    sell_reserved: int = 0
    balance: Balance | None = None


class Past(NamedTuple):
    """Orders of this trade date that ended a while ago, summed: those of one account, symbol, side and price."""

    account: str
    symbol: str
    side: Side
    limit_price: Decimal | None
    orders: int
    quantity: int
    filled_qty: int


def value_of(terms: OrderTerms, quantity: int) -> Decimal:
    """What so many of an order's shares or lots are worth at its price, in CNY; of a repo, what is lent."""
    return share_value(terms.symbol, terms.limit_price) * quantity


# Prices repeat: the same few thousand come in each basket.
@lru_cache(maxsize=10_000)
def share_value(symbol: str, price: Decimal | None) -> Decimal:
    """What one share or lot is worth at a price, in CNY; of a repo, what one 张 lends. Without a price it is nothing:
    whoever lets such an order go must know the market's."""
    if instrument_kind(symbol) is InstrumentKind.REPO:
        return _REPO_FACE_CNY
    contract = contract_of(symbol)
    return (price or _ZERO) * (contract.multiplier if contract else 1)
