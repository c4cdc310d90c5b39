"""What the exchanges let one order be: smallest and largest sizes, lots, odd lots, ticks. Needs no market data.

One dated table: a trade date is ruled by the row of its market with the latest `since` that is not after it, so a new
rule is a new row, and the old row goes on ruling the days before. Quantities are what the broker counts: shares, or 张
of bonds and repos, lots of futures and options.

Sources: the trading rules of the Shanghai and Shenzhen exchanges (2006, as revised to 2023), the special provisions for
STAR (2019-07-22) and for ChiNext with registration (2020-08-24), the rules of the Beijing exchange (2021-11-15), and
the bond trading rules and convertible bond provisions of 2022 (2022-05-16 and 2022-08-01); for subscriptions the online
issue rules of both exchanges (2018, Shanghai's unit of 500 shares for the main board since 2023-02-17) and of Beijing
(2021-11-15). Futures and options stand in contracts.py.

Selling an odd lot is allowed if it is the whole of it, which only the position can tell. Without a position every odd
lot for sale passes here, and whoever knows it asks `breach` again with `available_qty`; the exchange has the last word.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from filebridge.domain.contracts import contract_of
from filebridge.domain.order_types import FACTS as ORDER_TYPES
from filebridge.domain.orders import OrderTerms, OrderType, Side, price_text
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import FACTS as SIDES
from filebridge.domain.sides import Pricing, Takes, takes
from filebridge.domain.symbols import Board, InstrumentKind, board, instrument_kind


class MarketRule(NamedTuple):
    """What holds in one market from `since` on. Buying takes `buy_min` and as many `step` more as is wanted."""

    since: date
    exchanges: tuple[str, ...]
    kind: InstrumentKind
    board: Board | None
    buy_min: int
    step: int
    limit_max: int
    market_max: int
    tick: Decimal

    def quantity_max(self, order_type: OrderType) -> int:
        return self.market_max if ORDER_TYPES[order_type].is_market else self.limit_max


_MILLION = 1_000_000
_CENT, _MILLE, _HALF_CENT = Decimal("0.01"), Decimal("0.001"), Decimal("0.005")
_SH, _SZ, _BJ, _BOTH = ("SH",), ("SZ",), ("BJ",), ("SH", "SZ")
_K, _B = InstrumentKind, Board

RULES: tuple[MarketRule, ...] = (
    MarketRule(date(2006, 7, 1), _BOTH, _K.STOCK, _B.MAIN, 100, 100, _MILLION, _MILLION, _CENT),
    MarketRule(date(2009, 10, 30), _SZ, _K.STOCK, _B.CHINEXT, 100, 100, _MILLION, _MILLION, _CENT),
    MarketRule(date(2020, 8, 24), _SZ, _K.STOCK, _B.CHINEXT, 100, 100, 300_000, 150_000, _CENT),
    MarketRule(date(2019, 7, 22), _SH, _K.STOCK, _B.STAR, 200, 1, 100_000, 50_000, _CENT),
    MarketRule(date(2021, 11, 15), _BJ, _K.STOCK, _B.BSE, 100, 1, _MILLION, _MILLION, _CENT),
    MarketRule(date(2006, 7, 1), _BOTH, _K.ETF, None, 100, 100, _MILLION, _MILLION, _MILLE),
    MarketRule(date(2006, 7, 1), _BOTH, _K.LOF, None, 100, 100, _MILLION, _MILLION, _MILLE),
    MarketRule(date(2022, 8, 1), _BOTH, _K.CONVERTIBLE_BOND, None, 10, 10, _MILLION, _MILLION, _MILLE),
    # Lending is selling; the borrower's side needs pledged bonds. Shanghai took 100,000 yuan at least until 2022-05-16.
    MarketRule(date(2006, 7, 1), _SH, _K.REPO, None, 1_000, 1_000, _MILLION, _MILLION, _HALF_CENT),
    MarketRule(date(2022, 5, 16), _SH, _K.REPO, None, 10, 10, _MILLION, _MILLION, _HALF_CENT),
    # Older sources say 0.001: what they allow beyond this is left to the exchange.
    MarketRule(date(2006, 7, 1), _SZ, _K.REPO, None, 10, 10, _MILLION, _MILLION, _MILLE),
)
# New issues, subscribed to at the issue price; what an issue allows beside this stands in its announcement.
_ISSUE_MAX, _BOND_ISSUE_MAX = 99_999_500, 10_000
SUBSCRIPTIONS: tuple[MarketRule, ...] = (
    MarketRule(date(2018, 6, 15), _SH, _K.NEW_SHARE, None, 500, 500, _ISSUE_MAX, 0, _CENT),
    MarketRule(date(2018, 6, 15), _SZ, _K.STOCK, None, 500, 500, _ISSUE_MAX, 0, _CENT),
    MarketRule(date(2021, 11, 15), _BJ, _K.NEW_SHARE, None, 100, 100, _ISSUE_MAX, 0, _CENT),
    MarketRule(date(2021, 11, 15), _BJ, _K.STOCK, None, 100, 100, _ISSUE_MAX, 0, _CENT),
    MarketRule(date(2018, 6, 15), _BOTH, _K.NEW_BOND, None, 10, 10, _BOND_ISSUE_MAX, 0, _CENT),
)
_LOTS_SINCE = date(2010, 4, 16)
# The rows of each market, newest first.
_BY_MARKET: dict[tuple[str, InstrumentKind, Board | None], tuple[MarketRule, ...]] = {
    (exchange, rule.kind, rule.board): tuple(
        sorted(
            (row for row in RULES if (row.kind, row.board) == (rule.kind, rule.board) and exchange in row.exchanges),
            key=lambda row: row.since,
            reverse=True,
        )
    )
    for rule in RULES
    for exchange in rule.exchanges
}


@lru_cache(maxsize=8192)
def rule_of(symbol: str, trade_date: date) -> MarketRule | None:
    """The rule for trading a canonical symbol on a day; None where no row knows its market.

    The oldest row answers for the days before it too: nothing trades there, and the calendar is who says so.
    """
    contract = contract_of(symbol)
    if contract is not None:
        _, tick, limit_max, market_max = contract
        exchanges = (symbol.rpartition(".")[2],)
        return MarketRule(_LOTS_SINCE, exchanges, instrument_kind(symbol), None, 1, 1, limit_max, market_max, tick)
    rows = _BY_MARKET.get((symbol.rpartition(".")[2], instrument_kind(symbol), board(symbol)), ())
    return next((row for row in rows if row.since <= trade_date), rows[-1] if rows else None)


def subscription_rule(symbol: str) -> MarketRule | None:
    """The rule for subscribing to a symbol; None where it is no code of a new issue."""
    exchange, kind = symbol.rpartition(".")[2], instrument_kind(symbol)
    return next((row for row in SUBSCRIPTIONS if exchange in row.exchanges and row.kind is kind), None)


def rule_for(terms: OrderTerms) -> MarketRule | None:
    """The rule that an order meets; None where it never meets the market, and where no row knows it."""
    if terms.side is Side.SUBSCRIBE:
        return subscription_rule(terms.symbol)
    return rule_of(terms.symbol, terms.trade_date) if SIDES[terms.side].direction else None


def breach(terms: OrderTerms, *, available_qty: int | None = None) -> Reason | None:
    """The first rule of its market that an order breaks, or None; a market that no row knows has no rule to break.

    `available_qty` is what the account may sell now, None where that is not known.
    """
    rule = rule_for(terms)
    if rule is None:
        return _positive(terms) if SIDES[terms.side].pricing is Pricing.AMOUNT else None
    for check in CHECKS:
        if (found := check(terms, rule, available_qty)) is not None:
            return found
    return None


def _minimum(terms: OrderTerms, rule: MarketRule, available_qty: int | None) -> Reason | None:
    if SIDES[terms.side].direction < 0 or terms.quantity >= rule.buy_min:
        return None
    return _reason("QUANTITY_BELOW_MINIMUM", terms, terms.quantity, _near(terms, rule), limit=rule.buy_min)


def _lots(terms: OrderTerms, rule: MarketRule, available_qty: int | None) -> Reason | None:
    # Who lends by a repo sells nothing that could be odd, and who sells short could not have it.
    if terms.quantity % rule.step == 0 or takes(terms) is Takes.SHARES:
        return None
    return _reason("QUANTITY_NOT_IN_LOTS", terms, terms.quantity, _near(terms, rule), step=rule.step)


def _odd_lot(terms: OrderTerms, rule: MarketRule, available_qty: int | None) -> Reason | None:
    if available_qty is None or takes(terms) is not Takes.SHARES:
        return None
    quantity, step = terms.quantity, rule.step
    if quantity >= rule.buy_min and quantity % step == 0:
        return None
    whole = available_qty % step if step > 1 else available_qty
    # With the odd rest may go as many full lots as are wanted; what is counted by the share has a rest below the
    # smallest order only.
    if quantity <= available_qty and quantity % step == available_qty % step and (step > 1 or quantity == whole):
        return None
    odd = [whole] if 0 < whole < rule.buy_min else []
    near = odd + ([] if available_qty < rule.buy_min else list(_near(terms, rule)))
    return _reason("ODD_LOT_NOT_WHOLE", terms, quantity, near, available=available_qty)


def _maximum(terms: OrderTerms, rule: MarketRule, available_qty: int | None) -> Reason | None:
    limit = rule.quantity_max(terms.order_type)
    if terms.quantity <= limit:
        return None
    return _reason("QUANTITY_ABOVE_MAXIMUM", terms, terms.quantity, _near(terms, rule), limit=limit)


def _positive(terms: OrderTerms, rule: MarketRule | None = None, available_qty: int | None = None) -> Reason | None:
    # A file with such a price is refused; an order may come by another way.
    price = terms.limit_price
    return None if price is None or price > 0 else Reason("PRICE_NOT_POSITIVE", {"value": price_text(price)})


def _tick(terms: OrderTerms, rule: MarketRule, available_qty: int | None) -> Reason | None:
    if terms.limit_price is None or not (beyond := terms.limit_price % rule.tick):
        return None
    below = terms.limit_price - beyond
    near = [price_text(price) for price in (below, below + rule.tick) if price > 0]
    return _reason("PRICE_NOT_ON_TICK", terms, price_text(terms.limit_price), near, step=price_text(rule.tick))


# In the order in which they are asked; the first that finds something answers.
CHECKS: tuple[Callable[[OrderTerms, MarketRule, int | None], Reason | None], ...] = (
    _minimum,
    _lots,
    _odd_lot,
    _maximum,
    _positive,
    _tick,
)


def _near(terms: OrderTerms, rule: MarketRule) -> list[int]:
    """The whole quantities next to what was asked: the one below, if there is one, and the one above."""
    largest = rule.quantity_max(terms.order_type) // rule.step * rule.step
    below = terms.quantity // rule.step * rule.step
    return sorted({min(max(quantity, rule.buy_min), largest) for quantity in (below, below + rule.step)})


def _reason(code: str, terms: OrderTerms, value: object, nearest: Iterable[object], **more: object) -> Reason:
    context = {"symbol": terms.symbol, "value": str(value), "nearest": " / ".join(map(str, nearest))}
    return Reason(code, context | {name: str(said) for name, said in more.items()})
