"""When an order may leave, by the hours of its own market: auctions, breaks, nights, the fixed price after hours.

`market.py` has the tables; here a trading day of a symbol becomes one row of stretches, its night session before it and
its fixed price behind it, and a moment is judged by them. What keeps the same hours is worked out once (`kept_hours`).
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from filebridge.domain.market import (
    AFTER_HOURS,
    NIGHT_AUCTION,
    NIGHT_MATCHING,
    NIGHT_OPENS,
    Hours,
    Market,
    Phase,
    TradingCalendar,
    day_before,
    has_night_before,
    market_of,
    night_ends_at,
    sessions_on,
    trades_after_hours,
)
from filebridge.domain.order_types import FACTS as ORDER_TYPES
from filebridge.domain.orders import SHANGHAI, OrderType

_ALL_SESSIONS = frozenset({Phase.OPENING_AUCTION, Phase.CONTINUOUS, Phase.CLOSING_AUCTION})


class Stretch(NamedTuple):
    """A part of a trading day without a break in it; half-open."""

    starts: datetime
    ends: datetime
    phase: Phase
    can_cancel: bool = True


class Kept(NamedTuple):
    """What decides about the hours of a symbol: its market, and the end of its night session if it has one."""

    market: Market
    night_ends: time | None


class Opening(NamedTuple):
    """What a moment means for an order: the trade date of one that comes now (None outside the calendar), since when
    such orders have been taken without a break (None while they are not), and whether a cancel is."""

    today: date | None
    open_since: datetime | None
    phase: Phase
    can_cancel: bool = True


def phases_of(order_type: OrderType) -> frozenset[Phase]:
    """In which phases an order may leave that is priced so."""
    phases = ORDER_TYPES[order_type].phases
    return _ALL_SESSIONS if phases is None else phases


@lru_cache(maxsize=8192)
def kept_hours(symbol: str) -> Kept:
    return Kept(market_of(symbol), night_ends_at(symbol))


def stretches(symbol: str, trade_date: date, calendar: TradingCalendar) -> tuple[Stretch, ...]:
    """A trading day of a symbol, in the order of the clock."""
    kept = kept_hours(symbol)
    night = kept.night_ends is not None and has_night_before(trade_date, calendar)
    evening = day_before(trade_date, calendar) if night else None
    return _stretches(kept, trade_date, evening, trades_after_hours(symbol, trade_date))


def opening(symbol: str, order_type: OrderType, now: datetime, calendar: TradingCalendar, hours: Hours) -> Opening:
    """What `now` means for an order of a symbol that is priced so."""
    local = now.astimezone(SHANGHAI)
    if hours == "always":
        return Opening(local.date(), datetime.combine(local.date(), time(0), SHANGHAI), Phase.CONTINUOUS)
    phases = phases_of(order_type)
    today = trade_date_of(symbol, order_type, now, calendar, hours)
    if today is None:
        return Opening(None, None, Phase.CLOSED)
    # A cancel may come when such an order would not be taken any more: it is about the day that still runs.
    running_day = local.date() if calendar.is_trading_day(local.date()) else today
    for day in dict.fromkeys((running_day, today)):
        found = stretches(symbol, day, calendar)
        running = next((row for row in found if row.starts <= local < row.ends), None)
        if running is not None:
            since = _since(running, found, phases) if day == today and running.phase in phases else None
            return Opening(today, since, running.phase, running.can_cancel)
    found = stretches(symbol, today, calendar)
    between = any(before.ends <= local < after.starts for before, after in pairwise(found))
    return Opening(today, None, Phase.BREAK if between else Phase.CLOSED)


def trade_date_of(
    symbol: str, order_type: OrderType, now: datetime, calendar: TradingCalendar, hours: Hours
) -> date | None:
    """The trading day on which such an order would execute: the present one until its market takes no more of them."""
    local = now.astimezone(SHANGHAI)
    if hours == "always":
        return local.date()
    if calendar.is_trading_day(local.date()) and local < _last(symbol, local.date(), calendar, phases_of(order_type)):
        return local.date()
    return calendar.next_trading_day(local.date())


def opens_next(
    symbol: str, order_type: OrderType, trade_date: date, now: datetime, calendar: TradingCalendar, hours: Hours
) -> datetime | None:
    """From when such an order of that trade date is taken, at `now` at the earliest; None: not any more."""
    if hours == "always":
        starts = datetime.combine(trade_date, time(0), SHANGHAI)
        return max(starts, now) if now < starts + timedelta(days=1) else None
    phases = phases_of(order_type)
    rows = (row for row in stretches(symbol, trade_date, calendar) if row.phase in phases)
    return next((max(row.starts, now) for row in rows if now < row.ends), None)


def closes_at(
    symbol: str, order_type: OrderType, trade_date: date, calendar: TradingCalendar, hours: Hours
) -> datetime:
    """The first moment at which such an order of that trade date cannot trade any more."""
    if hours == "always":
        return datetime.combine(trade_date, time(0), SHANGHAI) + timedelta(days=1)
    # What an order leaves on the book trades on, in whatever phase such orders are taken.
    return _last(symbol, trade_date, calendar, phases_of(order_type) | _ALL_SESSIONS)


def record_date(now: datetime, calendar: TradingCalendar, hours: Hours) -> date | None:
    """The trading day that what happens at `now` belongs to: the present one until its last market has closed."""
    local = now.astimezone(SHANGHAI)
    if hours == "always" or (calendar.is_trading_day(local.date()) and local.time() < AFTER_HOURS[1]):
        return local.date()
    return calendar.next_trading_day(local.date())


def _last(symbol: str, day: date, calendar: TradingCalendar, phases: frozenset[Phase]) -> datetime:
    return max(row.ends for row in stretches(symbol, day, calendar) if row.phase in phases)


def _since(running: Stretch, rows: tuple[Stretch, ...], phases: frozenset[Phase]) -> datetime:
    since = running.starts
    for row in reversed(rows):
        if row.ends == since and row.phase in phases:
            since = row.starts
    return since


@lru_cache(maxsize=512)
def _stretches(kept: Kept, trade_date: date, evening: date | None, after_hours: bool) -> tuple[Stretch, ...]:
    def at(moment: time, day: date = trade_date) -> datetime:
        return datetime.combine(day, moment, SHANGHAI)

    rows = [
        Stretch(at(row.starts), at(row.ends), row.phase, row.can_cancel) for row in sessions_on(trade_date, kept.market)
    ]
    if after_hours:
        rows.append(Stretch(at(AFTER_HOURS[0]), at(AFTER_HOURS[1]), Phase.FIXED_PRICE))
    if evening is None or kept.night_ends is None:
        return tuple(rows)
    over_midnight = kept.night_ends < NIGHT_AUCTION
    ends = at(kept.night_ends, evening + timedelta(days=over_midnight))
    auction = Stretch(at(NIGHT_AUCTION, evening), at(NIGHT_MATCHING, evening), Phase.OPENING_AUCTION)
    return (auction, Stretch(at(NIGHT_OPENS, evening), ends, Phase.CONTINUOUS), *rows)
