"""When the market trades: the calendar, the sessions of a day, and the trade date on which an order would execute.

Here live the rules of trading time and nothing else. The current time and the days of the calendar come in as
arguments; every instant must carry an offset and is read as Asia/Shanghai. Half-open intervals: at 15:00:00 the market
is closed.

`hours` says which clock rules: "exchange" is the exchange's; "always" is paper trading round the clock, where a trade
date is simply the calendar day.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, Self

from filebridge.domain.orders import SHANGHAI

Hours = Literal["always", "exchange"]


class Phase(StrEnum):
    OPENING_AUCTION = "OPENING_AUCTION"
    CONTINUOUS = "CONTINUOUS"
    CLOSING_AUCTION = "CLOSING_AUCTION"


@dataclass(frozen=True, slots=True)
class Session:
    """One stretch of a trading day in which orders are taken; `since` is the day from which its row holds."""

    since: date
    starts: time
    ends: time
    phase: Phase
    can_cancel: bool


# The trading rules of both exchanges, as in force since Shanghai got its closing auction. A day is ruled by the rows
# with the latest `since` that is not after it: a new rule brings a full set of rows.
_CLOSING_AUCTION_RULES = date(2018, 8, 20)
SESSIONS: tuple[Session, ...] = (
    Session(_CLOSING_AUCTION_RULES, time(9, 15), time(9, 20), Phase.OPENING_AUCTION, True),
    Session(_CLOSING_AUCTION_RULES, time(9, 20), time(9, 25), Phase.OPENING_AUCTION, False),
    Session(_CLOSING_AUCTION_RULES, time(9, 30), time(11, 30), Phase.CONTINUOUS, True),
    Session(_CLOSING_AUCTION_RULES, time(13, 0), time(14, 57), Phase.CONTINUOUS, True),
    Session(_CLOSING_AUCTION_RULES, time(14, 57), time(15, 0), Phase.CLOSING_AUCTION, False),
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


def session_at(now: datetime, calendar: TradingCalendar) -> Session | None:
    """The session of the exchange that is running at `now`; None between sessions and outside the calendar."""
    local = _local(now)
    if not calendar.is_trading_day(local.date()):
        return None
    running = (row for row in sessions_on(local.date()) if row.starts <= local.time() < row.ends)
    return next(running, None)


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


def opens_at(trade_date: date, hours: Hours) -> datetime:
    """The first moment of the trade date at which orders are taken."""
    starts = time(0) if hours == "always" else sessions_on(trade_date)[0].starts
    return datetime.combine(trade_date, starts, SHANGHAI)


def closes_at(trade_date: date, hours: Hours) -> datetime:
    """The first moment at which the trade date is over."""
    if hours == "always":
        return datetime.combine(trade_date, time(0), SHANGHAI) + timedelta(days=1)
    return datetime.combine(trade_date, sessions_on(trade_date)[-1].ends, SHANGHAI)


def sessions_on(day: date) -> tuple[Session, ...]:
    """The sessions of a trading day by the rules in force on it, in the order of the clock.

    The oldest rules answer for days before them too: nothing trades there, and the calendar is who says so.
    """
    oldest = min(row.since for row in SESSIONS)
    ruling = max((row.since for row in SESSIONS if row.since <= day), default=oldest)
    return tuple(row for row in SESSIONS if row.since == ruling)


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
