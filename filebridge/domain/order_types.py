"""What is known of each order type: which exchanges and kinds of instruments take it, when, and what price it has.

One row for each word of `OrderType`. Sources: xtquant's xtconstant.py for what an exchange takes; the exchanges'
trading rules for the rest: market types go in the continuous session only, and in Shanghai and Beijing they carry a
protective limit (STAR since 2019-07-22, Beijing since 2021-11-15, Shanghai's main board since 2023-04-10); bonds and
repos take limit orders only.
"""

from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from filebridge.domain.market import Phase, trades_after_hours
from filebridge.domain.orders import OrderTerms, OrderType, price_text
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import FACTS as SIDES
from filebridge.domain.sides import Pricing
from filebridge.domain.symbols import Board, InstrumentKind, board, instrument_kind


class Price(StrEnum):
    """What stands in `limit_price`."""

    LIMIT = "LIMIT"  # the limit; it must be there
    PROTECTIVE = "PROTECTIVE"  # a protective limit; where none must be written, it becomes the day's limit at sending
    LEVEL = "LEVEL"  # nothing; a limit is taken from market data at sending
    NONE = "NONE"  # nothing


class OrderTypeFacts(NamedTuple):
    """`exchanges` and `kinds` take it; `phases` are those in which the exchange does, None for all of its sessions."""

    price: Price
    exchanges: frozenset[str]
    kinds: frozenset[InstrumentKind]
    phases: frozenset[Phase] | None = None

    @property
    def is_market(self) -> bool:
        return self.price is Price.PROTECTIVE


_K = InstrumentKind
_ALL = frozenset({"SH", "SZ", "BJ", "SHO", "SZO", "IF", "SF", "DF", "ZF", "INE", "GF"})
_ALL_KINDS = frozenset(InstrumentKind)
_SPOT = frozenset({_K.STOCK, _K.ETF, _K.LOF})
_LOTS = frozenset({_K.FUTURE, _K.OPTION})
_CONTINUOUS = frozenset({Phase.CONTINUOUS})


def _market(exchanges: str) -> OrderTypeFacts:
    return OrderTypeFacts(Price.PROTECTIVE, frozenset(exchanges.split()), _SPOT | _LOTS, _CONTINUOUS)


FACTS: dict[OrderType, OrderTypeFacts] = {
    OrderType.LIMIT: OrderTypeFacts(Price.LIMIT, _ALL, _ALL_KINDS),
    # The terminal takes the last price at the moment of sending, as a limit; ours is the bound for the limits.
    OrderType.LATEST: OrderTypeFacts(Price.LEVEL, _ALL, _SPOT | _LOTS | {_K.CONVERTIBLE_BOND, _K.REPO}),
    OrderType.COUNTERPARTY_BEST: _market("SH SZ BJ SZO"),
    OrderType.OWN_BEST: _market("SH SZ BJ SZO"),
    OrderType.BEST5_OR_CANCEL: _market("SH SZ BJ SZO IF"),
    OrderType.BEST5_OR_LIMIT: _market("SH BJ IF"),
    OrderType.BEST1_OR_CANCEL: _market("IF"),
    OrderType.BEST1_OR_LIMIT: _market("IF"),
    OrderType.IMMEDIATE_OR_CANCEL: _market("SZ SZO DF"),
    OrderType.FILL_OR_KILL: _market("SZ SZO DF"),
    OrderType.MARKET_BEST: _market("ZF"),
    # At the close, with a limit that the close must keep; taken during the day as well.
    OrderType.AFTER_HOURS: OrderTypeFacts(
        *(Price.LIMIT, frozenset({"SH", "SZ", "BJ"}), frozenset({_K.STOCK, _K.ETF})),
        frozenset({Phase.CONTINUOUS, Phase.CLOSING_AUCTION, Phase.FIXED_PRICE}),
    ),
    **{
        OrderType[f"{of}_{level}"]: OrderTypeFacts(Price.LEVEL, _ALL, _SPOT | _LOTS | {_K.CONVERTIBLE_BOND, _K.REPO})
        for of in ("OWN", "OPPOSITE")
        for level in range(1, 6)
    },
    OrderType.NO_PRICE: OrderTypeFacts(Price.NONE, _ALL, _ALL_KINDS),
}
# A row with one of these names no price.
UNPRICED = frozenset({Price.LEVEL, Price.NONE})

# Where a market order must carry a protective limit: since when, the exchange, and one board of it (None: all of it).
PROTECTED: tuple[tuple[date, str, Board | None], ...] = (
    (date(2019, 7, 22), "SH", Board.STAR),
    (date(2021, 11, 15), "BJ", None),
    (date(2023, 4, 10), "SH", None),
)


# Asked twice for each order, of symbols that repeat.
@lru_cache(maxsize=8192)
def types_of(symbol: str) -> tuple[OrderType, ...]:
    """The order types that a symbol's exchange takes for its kind; NO_PRICE belongs to sides, not to exchanges."""
    exchange, kind = symbol.rpartition(".")[2], instrument_kind(symbol)
    return tuple(
        order_type
        for order_type, facts in FACTS.items()
        if exchange in facts.exchanges and kind in facts.kinds and order_type is not OrderType.NO_PRICE
    )


def needs_protection(terms: OrderTerms) -> bool:
    """Whether it is a market order that must carry a protective limit on its trade date."""
    if not FACTS[terms.order_type].is_market:
        return False
    exchange, listed = terms.symbol.rpartition(".")[2], board(terms.symbol)
    return any(
        since <= terms.trade_date and exchange == where and on in (None, listed) for since, where, on in PROTECTED
    )


@cache
def of_pricing(pricing: Pricing) -> tuple[OrderType, ...]:
    """The order types that a side with this pricing may have; the first is meant where a row names none."""
    if pricing is Pricing.NONE:
        return (OrderType.NO_PRICE,)
    priced = tuple(order_type for order_type in OrderType if order_type is not OrderType.NO_PRICE)
    return priced if pricing is Pricing.ANY else (OrderType.LIMIT,)


def breach(terms: OrderTerms) -> Reason | None:
    """Why its side, its symbol or its exchange does not take an order so priced, or None."""
    order_type, price, side = terms.order_type, FACTS[terms.order_type].price, SIDES[terms.side]
    possible = of_pricing(side.pricing)
    if order_type not in possible:
        return _reason("ORDER_TYPE_NOT_OF_SIDE", terms, nearest=" / ".join(possible))
    if side.direction and order_type not in (taken := types_of(terms.symbol)):
        return _reason("ORDER_TYPE_NOT_OF_EXCHANGE", terms, nearest=" / ".join(taken))
    if order_type is OrderType.AFTER_HOURS and not trades_after_hours(terms.symbol, terms.trade_date):
        return _reason("ORDER_TYPE_NOT_OF_EXCHANGE", terms, nearest=OrderType.LIMIT.value)
    # A file with such a row is refused; an order may come by another way.
    if price is Price.LIMIT and terms.limit_price is None:
        return _reason("PRICE_MISSING", terms, name="limit_price", name_zh="委托价格")
    if price is Price.NONE and terms.limit_price is not None:
        return Reason("PRICE_NOT_OF_TYPE", {"type": order_type.value, "value": price_text(terms.limit_price)})
    if terms.limit_price is None and needs_protection(terms):
        return _reason("PROTECTIVE_PRICE_REQUIRED", terms)
    return None


def _reason(code: str, terms: OrderTerms, **more: str) -> Reason:
    return Reason(code, {"symbol": terms.symbol, "side": terms.side.value, "value": terms.order_type.value, **more})
