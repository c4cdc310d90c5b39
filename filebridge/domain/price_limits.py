"""How far a price may go on a day: the daily limits and the price cage, from dated tables. Quotes come in as values.

As in `market_rules`, a trade date is ruled by the row of its board with the latest `since` that is not after it.

Sources: trading rules of the exchanges (main board 10 % since 1996-12-16; no limit on the first five days since
2023-04-10; ST as all others from 2026-07-06), the special provisions for STAR (2019-07-22) and ChiNext (2020-08-24),
the rules of the Beijing exchange (2021-11-15), those for convertible bonds (2022-08-01). The cage: 2 % or ten ticks on
the boards of Shanghai and Shenzhen since 2023-04-10 (2 % alone on STAR and ChiNext before), 5 % or ten ticks in
Beijing.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from filebridge.domain.market import Phase, TradingCalendar
from filebridge.domain.market_rules import rule_of
from filebridge.domain.order_types import FACTS as ORDER_TYPES
from filebridge.domain.order_types import Price
from filebridge.domain.orders import OrderTerms, OrderType, price_text
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import direction
from filebridge.domain.symbols import Board, InstrumentKind, board, half_width, instrument_kind


class PriceBand(NamedTuple):
    """The lowest and highest price of a day in CNY; outside of it the exchange refuses, or (not `is_certain`) may."""

    low: Decimal
    high: Decimal
    is_certain: bool


class LimitRule(NamedTuple):
    """Percent up and down from the previous close; `st_percent` where the name says ST; none on the first `free_days`.

    Where one kind has two limits that only the fund's contract tells apart, the wider one stands here.
    """

    since: date
    kind: InstrumentKind
    board: Board | None
    percent: int
    st_percent: int
    free_days: int = 0


_STOCK = InstrumentKind.STOCK
LIMITS: tuple[LimitRule, ...] = (
    LimitRule(date(1996, 12, 16), _STOCK, Board.MAIN, 10, 5),
    LimitRule(date(2023, 4, 10), _STOCK, Board.MAIN, 10, 5, 5),
    LimitRule(date(2026, 7, 6), _STOCK, Board.MAIN, 10, 10, 5),
    LimitRule(date(2020, 8, 24), _STOCK, Board.CHINEXT, 20, 20, 5),
    LimitRule(date(2019, 7, 22), _STOCK, Board.STAR, 20, 20, 5),
    LimitRule(date(2021, 11, 15), _STOCK, Board.BSE, 30, 30, 1),
    # 10 % by rule; 20 % where the fund holds ChiNext and STAR shares.
    LimitRule(date(2020, 8, 24), InstrumentKind.ETF, None, 20, 20),
    LimitRule(date(2020, 8, 24), InstrumentKind.LOF, None, 20, 20),
    LimitRule(date(2022, 8, 1), InstrumentKind.CONVERTIBLE_BOND, None, 20, 20),
)
# A convertible bond on its first day: percent down and up from the issue price.
_BOND_FIRST_DAY = (Decimal("43.3"), Decimal("57.3"))

# (since, boards, percent, ticks)
CAGES: tuple[tuple[date, frozenset[Board], int, int], ...] = (
    (date(2019, 7, 22), frozenset({Board.STAR}), 2, 0),
    (date(2020, 8, 24), frozenset({Board.CHINEXT}), 2, 0),
    (date(2021, 11, 15), frozenset({Board.BSE}), 5, 10),
    (date(2023, 4, 10), frozenset({Board.MAIN, Board.CHINEXT, Board.STAR}), 2, 10),
)


def band_of(symbol: str, quote: Quote, trade_date: date, calendar: TradingCalendar) -> PriceBand | None:
    """The daily limits of a symbol; None where it has none, or the previous close is not known."""
    if quote.limit_down is not None and quote.limit_up is not None:
        return PriceBand(quote.limit_down, quote.limit_up, is_certain=True)
    rows = [row for row in LIMITS if (row.kind, row.board) == (instrument_kind(symbol), board(symbol))]
    ruling = max((row for row in rows if row.since <= trade_date), key=lambda row: row.since, default=None)
    rule = rule_of(symbol, trade_date)
    if ruling is None or rule is None or quote.prev_close is None:
        return None
    name = half_width(quote.name).upper()
    days = _days_listed(quote, trade_date, calendar)
    # The exchange writes N before the name on the first day and C on the further ones without limits.
    if ruling.free_days and (name.startswith(("N", "C")) or (days is not None and days <= ruling.free_days)):
        return None
    down = up = Decimal(ruling.st_percent if "ST" in name else ruling.percent)
    if ruling.kind is InstrumentKind.CONVERTIBLE_BOND and days == 1:
        down, up = _BOND_FIRST_DAY
    # 退: a stock that is about to leave, which has no limit on the first day of that.
    is_certain = "退" not in name and (days is not None or bool(name))
    return PriceBand(_moved(quote.prev_close, -down, rule.tick), _moved(quote.prev_close, up, rule.tick), is_certain)


def outside(terms: OrderTerms, band: PriceBand | None) -> Reason | None:
    """Why the exchange would refuse the limit price, or None. Of an uncertain band see `warnings`."""
    if band is None or not _is_outside(terms, band) or not band.is_certain:
        return None
    return _band_reason("PRICE_OUTSIDE_LIMITS", terms, band)


def warnings(terms: OrderTerms, quote: Quote, phase: Phase, band: PriceBand | None) -> tuple[Reason, ...]:
    """What the sender should know and nobody denies: the cage, and limits that could not be worked out for certain."""
    found = []
    if band is not None and not band.is_certain and _is_outside(terms, band):
        found.append(_band_reason("PRICE_PERHAPS_OUTSIDE_LIMITS", terms, band))
    # The cage is for limit orders.
    is_limit = terms.order_type is OrderType.LIMIT or ORDER_TYPES[terms.order_type].price is Price.LEVEL
    price = terms.limit_price if is_limit else None
    edge = cage_edge(terms, quote) if phase is Phase.CONTINUOUS else None
    if price is not None and edge is not None and (price - edge) * direction(terms.side) > 0:
        context = {"symbol": terms.symbol, "value": price_text(price), "nearest": price_text(edge)}
        found.append(Reason("PRICE_BEYOND_CAGE", context))
    return tuple(found)


def cage_edge(terms: OrderTerms, quote: Quote) -> Decimal | None:
    """The highest price of a buy, or the lowest of a sell, in the continuous session; None where there is no cage."""
    listed, base, sign = board(terms.symbol), quote.base(terms.side), direction(terms.side)
    rule = rule_of(terms.symbol, terms.trade_date)
    rows = [row for row in CAGES if listed in row[1] and row[0] <= terms.trade_date]
    if not rows or base is None or rule is None or not sign:
        return None
    _, _, percent, ticks = max(rows, key=lambda row: row[0])
    by_percent, by_ticks = _moved(base, Decimal(sign * percent), rule.tick), base + sign * ticks * rule.tick
    return max(by_percent, by_ticks) if sign > 0 else min(by_percent, by_ticks)


def _days_listed(quote: Quote, trade_date: date, calendar: TradingCalendar) -> int | None:
    """Which trading day of its life this is: 1 is the first. None where that is not known."""
    if quote.listed_on is None or not calendar.covers(trade_date):
        return None
    listed_on = max(quote.listed_on, calendar.first)
    return len(calendar.days_between(listed_on, trade_date)) or None


def _moved(price: Decimal, percent: Decimal, tick: Decimal) -> Decimal:
    """The price moved by so many percent, rounded half up to the tick; at least one tick away, and above zero."""
    exact = price * (100 + percent) / 100
    rounded = (exact / tick).quantize(Decimal(1), ROUND_HALF_UP) * tick
    if rounded == price:
        rounded += tick.copy_sign(percent)
    return max(rounded, tick)


def _is_outside(terms: OrderTerms, band: PriceBand) -> bool:
    """Of an order that meets the market and names a price."""
    price = terms.limit_price if direction(terms.side) else None
    return price is not None and not band.low <= price <= band.high


def _band_reason(code: str, terms: OrderTerms, band: PriceBand) -> Reason:
    assert terms.limit_price is not None
    nearest = min(max(terms.limit_price, band.low), band.high)
    context = {"symbol": terms.symbol, "value": price_text(terms.limit_price), "nearest": price_text(nearest)}
    return Reason(code, context | {"low": price_text(band.low), "high": price_text(band.high)})
