"""When the market trades: the calendar, the sessions of a day, and the trade date on which an order would execute.

Here live the rules of trading time and nothing else. The current time and the days of the calendar come in as
arguments; every instant must carry an offset and is read as Asia/Shanghai. Half-open intervals: at 15:00:00 the market
is closed. What keeps the same hours is one `Market`; where none is named, stocks, funds and convertible bonds are.

`hours` says which clock rules: "exchange" is the exchange's; "always" is paper trading round the clock, where a trade
date is simply the calendar day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Literal, Self

from filebridge.domain.contracts import product_of
from filebridge.domain.orders import SHANGHAI
from filebridge.domain.symbols import Board, InstrumentKind, board, instrument_kind

Hours = Literal["always", "exchange"]


class Phase(StrEnum):
    """What a market does at a moment; in BREAK and CLOSED it takes no orders."""

    OPENING_AUCTION = "OPENING_AUCTION"
    CONTINUOUS = "CONTINUOUS"
    CLOSING_AUCTION = "CLOSING_AUCTION"
    # After hours, at the close of the day: for orders that ask for it, not for limit orders.
    FIXED_PRICE = "FIXED_PRICE"
    # Between the sessions of a day.
    BREAK = "BREAK"
    CLOSED = "CLOSED"


class Market(StrEnum):
    """What keeps the same hours."""

    SECURITIES = "SECURITIES"
    REPO = "REPO"
    INDEX_FUTURES = "INDEX_FUTURES"
    BOND_FUTURES = "BOND_FUTURES"
    COMMODITIES = "COMMODITIES"


@dataclass(frozen=True, slots=True)
class Session:
    """One stretch of a trading day in which orders are taken; `since` is the day from which its row holds."""

    since: date
    starts: time
    ends: time
    phase: Phase
    can_cancel: bool
    market: Market = Market.SECURITIES


def _rows(since: date, market: Market, *stretches: tuple[str, str, Phase]) -> tuple[Session, ...]:
    return tuple(
        Session(since, time.fromisoformat(starts), time.fromisoformat(ends), phase, True, market)
        for starts, ends, phase in stretches
    )


# The trading rules of the exchanges; of Shanghai and Shenzhen as in force since Shanghai got its closing auction. A day
# of a market is ruled by its rows with the latest `since` that is not after it: a new rule brings a full set of rows.
_CLOSING_AUCTION_RULES = date(2018, 8, 20)
_AUCTION, _CONTINUOUS = Phase.OPENING_AUCTION, Phase.CONTINUOUS
_MORNING = ("09:30", "11:30", _CONTINUOUS)
SESSIONS: tuple[Session, ...] = (
    Session(_CLOSING_AUCTION_RULES, time(9, 15), time(9, 20), Phase.OPENING_AUCTION, True),
    Session(_CLOSING_AUCTION_RULES, time(9, 20), time(9, 25), Phase.OPENING_AUCTION, False),
    Session(_CLOSING_AUCTION_RULES, time(9, 30), time(11, 30), Phase.CONTINUOUS, True),
    Session(_CLOSING_AUCTION_RULES, time(13, 0), time(14, 57), Phase.CONTINUOUS, True),
    Session(_CLOSING_AUCTION_RULES, time(14, 57), time(15, 0), Phase.CLOSING_AUCTION, False),
    # Lending goes on after the close of the stocks, since the bond trading rules of 2022 at the latest.
    Session(date(2022, 5, 16), time(9, 15), time(9, 20), Phase.OPENING_AUCTION, True, Market.REPO),
    Session(date(2022, 5, 16), time(9, 20), time(9, 25), Phase.OPENING_AUCTION, False, Market.REPO),
    *_rows(date(2022, 5, 16), Market.REPO, _MORNING, ("13:00", "15:30", _CONTINUOUS)),
    *_rows(
        *(date(2016, 1, 1), Market.INDEX_FUTURES),
        *(("09:25", "09:29", _AUCTION), _MORNING, ("13:00", "15:00", _CONTINUOUS)),
    ),
    *_rows(
        *(date(2020, 7, 20), Market.BOND_FUTURES),
        *(("09:25", "09:29", _AUCTION), _MORNING, ("13:00", "15:15", _CONTINUOUS)),
    ),
    *_rows(
        *(date(2010, 1, 1), Market.COMMODITIES),
        *(("08:55", "08:59", _AUCTION), ("09:00", "10:15", _CONTINUOUS), ("10:30", "11:30", _CONTINUOUS)),
        ("13:30", "15:00", _CONTINUOUS),
    ),
)

# Night sessions of commodity futures: when they end, by exchange, with the products' letters. What stands in no row has
# none. They begin at 21:00, after an auction from 20:55, on the evening of a trading day, unless more than a weekend
# lies between it and the next. As known in 2025: products come and change their hours, so this may warn, not deny.
NIGHT_AUCTION, NIGHT_MATCHING, NIGHT_OPENS = time(20, 55), time(20, 59), time(21)
_NIGHT_ENDS: tuple[tuple[str, time, str], ...] = (
    ("SF", time(23), "rb hc ru fu bu sp br"),
    ("SF", time(1), "cu al zn pb ni sn ss ao"),
    ("SF", time(2, 30), "au ag"),
    ("INE", time(23), "nr lu"),
    ("INE", time(1), "bc"),
    ("INE", time(2, 30), "sc"),
    ("DF", time(23), "a b m y p c cs rr i j jm l v pp eg eb pg"),
    ("ZF", time(23), "SR CF CY TA MA FG RM OI ZC SA PF PX SH PR"),
)
_NIGHTS = {(exchange, product): ends for exchange, ends, products in _NIGHT_ENDS for product in products.split()}
_BOND_FUTURES = frozenset({"T", "TF", "TS", "TL"})

# The fixed price after hours, 15:05 to 15:30: since when, and for which boards and kinds. STAR's and ChiNext's special
# provisions; for all A shares and ETFs by the trading rules in force from 2026-07-06.
AFTER_HOURS = (time(15, 5), time(15, 30))
_AFTER_HOURS_SINCE: tuple[tuple[date, frozenset[Board | InstrumentKind]], ...] = (
    (date(2019, 7, 22), frozenset({Board.STAR})),
    (date(2020, 8, 24), frozenset({Board.STAR, Board.CHINEXT})),
    (date(2026, 7, 6), frozenset({*Board, InstrumentKind.ETF})),
)


@dataclass(frozen=True, slots=True)
class TradingCalendar:
    """The trading days that are known, in order. About days before the first and after the last it knows nothing."""

    days: tuple[date, ...]

    @classmethod
    def of(cls, days: Iterable[date]) -> Self:
        """From days in any order, repeated or not; at least one."""
        ordered = tuple(sorted(set(days)))
        if not ordered:
            raise ValueError("a trading calendar needs at least one day")
        return cls(ordered)

    @property
    def first(self) -> date:
        return self.days[0]

    @property
    def last(self) -> date:
        return self.days[-1]

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    def is_trading_day(self, day: date) -> bool:
        """False outside the calendar as well: ask `covers` where the difference matters."""
        at = bisect_right(self.days, day)
        return at > 0 and self.days[at - 1] == day

    def days_between(self, first: date, last: date) -> tuple[date, ...]:
        """The trading days from `first` to `last`, both included."""
        return self.days[bisect_left(self.days, first) : bisect_right(self.days, last)]

    def next_trading_day(self, day: date) -> date | None:
        """The first trading day after `day`; None where the calendar does not say."""
        if not self.covers(day):
            return None
        at = bisect_right(self.days, day)
        return self.days[at] if at < len(self.days) else None


HEADER = "trade_date"


def read_calendar(lines: Iterable[str]) -> TradingCalendar:
    """Reads the column `trade_date`, one ISO date a line; blank lines and lines that begin with # say nothing.

    The header may come again, so that a user's further days can simply be chained behind the packaged ones.
    Raises ValueError with the number of the line that cannot be read.
    """
    days: list[date] = []
    header_seen = False
    for number, line in enumerate(lines, start=1):
        text = line.lstrip("\ufeff").strip()
        if not text or text.startswith("#"):
            continue
        if text == HEADER:
            header_seen = True
            continue
        if not header_seen:
            raise ValueError(f"trading calendar, line {number}: the header {HEADER} must come first, not {text!r}")
        days.append(_read_day(text, number))
    return TradingCalendar.of(days)


def trade_date_at(now: datetime, calendar: TradingCalendar, hours: Hours) -> date | None:
    """The trading day on which an order that is taken at `now` would execute.

    Until the close it is the day itself; after the close, on a weekend or a holiday the next trading day. None where
    the calendar does not reach.
    """
    local = _local(now)
    if hours == "always":
        return local.date()
    if calendar.is_trading_day(local.date()) and local < closes_at(local.date(), hours):
        return local.date()
    return calendar.next_trading_day(local.date())


def session_at(now: datetime, calendar: TradingCalendar, market: Market = Market.SECURITIES) -> Session | None:
    """The session of the day that is running at `now`; None between sessions and outside the calendar."""
    local = _local(now)
    if not calendar.is_trading_day(local.date()):
        return None
    running = (row for row in sessions_on(local.date(), market) if row.starts <= local.time() < row.ends)
    return next(running, None)


def market_of(symbol: str) -> Market:
    """Whose hours a canonical symbol keeps."""
    number, _, exchange = symbol.partition(".")
    # Money has no exchange, and is moved while securities trade.
    if exchange in ("", "SH", "SZ", "BJ", "SHO", "SZO"):
        return Market.REPO if instrument_kind(symbol) is InstrumentKind.REPO else Market.SECURITIES
    if exchange != "IF":
        return Market.COMMODITIES
    return Market.BOND_FUTURES if product_of(number) in _BOND_FUTURES else Market.INDEX_FUTURES


def phase_at(symbol: str, now: datetime, calendar: TradingCalendar) -> Phase:
    """What the market of a symbol does at `now`, its night session and its fixed price after hours included."""
    local, market = _local(now), market_of(symbol)
    running = session_at(now, calendar, market)
    if running is not None:
        return running.phase
    night = _night_phase(symbol, local, calendar)
    if night is not None:
        return night
    if not calendar.is_trading_day(local.date()):
        return Phase.CLOSED
    if AFTER_HOURS[0] <= local.time() < AFTER_HOURS[1] and trades_after_hours(symbol, local.date()):
        return Phase.FIXED_PRICE
    rows = sessions_on(local.date(), market)
    return Phase.BREAK if rows[0].starts <= local.time() < rows[-1].ends else Phase.CLOSED


def day_before(trade_date: date, calendar: TradingCalendar) -> date | None:
    """The last trading day before a day; None where the calendar does not say."""
    at = bisect_left(calendar.days, trade_date)
    return calendar.days[at - 1] if at else None


def night_ends_at(symbol: str) -> time | None:
    """When the night session of a symbol ends; None where it has none."""
    number, _, exchange = symbol.partition(".")
    return _NIGHTS.get((exchange, product_of(number)))


def has_night_before(trade_date: date, calendar: TradingCalendar) -> bool:
    """Whether night sessions are held before a trading day: nothing but a weekend lies between it and the last one."""
    before = day_before(trade_date, calendar)
    if before is None or not calendar.is_trading_day(trade_date):
        return False
    between = (before + timedelta(days=n) for n in range(1, (trade_date - before).days))
    return all(day.weekday() >= _SATURDAY for day in between)


def open_since(now: datetime, calendar: TradingCalendar, hours: Hours) -> datetime | None:
    """Since when the market has been taking orders without a break; None while it does not."""
    day = _local(now).date()
    if hours == "always":
        return opens_at(day, hours)
    running = session_at(now, calendar)
    if running is None:
        return None
    since = running.starts
    for row in reversed(sessions_on(day)):
        if row.ends == since:
            since = row.starts
    return datetime.combine(day, since, SHANGHAI)


def is_open(now: datetime, calendar: TradingCalendar, hours: Hours) -> bool:
    """Whether an order may be handed to the broker at `now`."""
    return hours == "always" or session_at(now, calendar) is not None


def market_age(symbol: str, at: datetime, now: datetime, calendar: TradingCalendar, hours: Hours) -> timedelta:
    """How old a price of `at` is for its market: time between sessions of one day, when no price moves, is left out.

    A price of an earlier day gets no such discount: its limits and its previous close are another day's.
    """
    since, until = _local(at), _local(now)
    day = until.date()
    if hours == "always" or since > until or since.date() != day or not calendar.is_trading_day(day):
        return until - since
    rows = sessions_on(day, market_of(symbol))
    age = until - since
    for before, after in pairwise(rows):
        starts, ends = (datetime.combine(day, clock, SHANGHAI) for clock in (before.ends, after.starts))
        age -= max(min(ends, until) - max(starts, since), timedelta(0))
    return age


def opens_at(trade_date: date, hours: Hours) -> datetime:
    """The first moment of the trade date at which orders are taken."""
    starts = time(0) if hours == "always" else sessions_on(trade_date)[0].starts
    return datetime.combine(trade_date, starts, SHANGHAI)


def closes_at(trade_date: date, hours: Hours) -> datetime:
    """The first moment at which the trade date is over."""
    if hours == "always":
        return datetime.combine(trade_date, time(0), SHANGHAI) + timedelta(days=1)
    return datetime.combine(trade_date, sessions_on(trade_date)[-1].ends, SHANGHAI)


@lru_cache(maxsize=64)
def sessions_on(day: date, market: Market = Market.SECURITIES) -> tuple[Session, ...]:
    """The sessions of a trading day by the rules in force on it, in the order of the clock; no night sessions.

    The oldest rules answer for days before them too: nothing trades there, and the calendar is who says so.
    """
    rows = [row for row in SESSIONS if row.market is market]
    oldest = min(row.since for row in rows)
    ruling = max((row.since for row in rows if row.since <= day), default=oldest)
    return tuple(row for row in rows if row.since == ruling)


_SATURDAY = 5


def _night_phase(symbol: str, local: datetime, calendar: TradingCalendar) -> Phase | None:
    """The phase of a night session, which belongs to the trading day after it; None outside of one."""
    ends = night_ends_at(symbol)
    if ends is None:
        return None
    clock = local.time()
    begun = clock >= NIGHT_AUCTION
    if not begun and not (clock < ends < NIGHT_AUCTION):
        return None
    evening = local.date() if begun else local.date() - timedelta(days=1)
    following = calendar.next_trading_day(evening)
    if following is None or not calendar.is_trading_day(evening) or not has_night_before(following, calendar):
        return None
    if clock < NIGHT_OPENS and begun:
        return Phase.OPENING_AUCTION if clock < NIGHT_MATCHING else Phase.BREAK
    # An end after midnight lies on the other side of this evening.
    return Phase.CONTINUOUS if not begun or ends < NIGHT_AUCTION or clock < ends else None


def trades_after_hours(symbol: str, day: date) -> bool:
    """Whether a canonical symbol trades at the fixed price after hours on a day."""
    ruling = [known for since, known in _AFTER_HOURS_SINCE if since <= day]
    return bool(ruling) and bool({board(symbol), instrument_kind(symbol)} & ruling[-1])


def _read_day(text: str, number: int) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # Read back, so that ISO's other spellings (20260105, 2026-W02-1) are not taken: nobody means them here.
    if day is None or day.isoformat() != text:
        raise ValueError(f"trading calendar, line {number}: {text!r} is not a date like 2026-01-05")
    return day


def _local(now: datetime) -> datetime:
    assert now.utcoffset() is not None, "a time without an offset came into the domain"
    return now.astimezone(SHANGHAI)
