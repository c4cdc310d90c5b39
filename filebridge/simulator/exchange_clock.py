"""The exchange's clock: which phase of the day a board is in, and how far the trading day has come.

`hours` "always" knows one phase, continuous trading from midnight to midnight. "exchange" follows the table below on
the days of a trading calendar. The moment comes in as an argument; nothing here reads a clock.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import NamedTuple

from filebridge.domain.market import TradingCalendar
from filebridge.simulator.instruments import STOCK_BOARDS

SHANGHAI = timezone(timedelta(hours=8))
DAY_SECONDS = 86_400


class Phase(StrEnum):
    CLOSED = "CLOSED"
    AUCTION = "AUCTION"
    CONTINUOUS = "CONTINUOUS"
    FIXED_PRICE = "FIXED_PRICE"


@dataclass(frozen=True, slots=True)
class Session:
    """A stretch of the day in which a board's orders are taken; `since` is the day from which the row holds."""

    boards: frozenset[str]
    starts: time
    ends: time
    phase: Phase
    can_cancel: bool = True
    since: date = date.min


FUNDS = frozenset({"FUND", "FUND_T0"})
SECURITIES = STOCK_BOARDS | FUNDS | {"CONVERTIBLE", "OPTION", "IPO"}
FINANCIAL_FUTURES = frozenset({"INDEX_FUTURE", "BOND_FUTURE"})
COMMODITIES = frozenset({"COMMODITY_FUTURE"})
REPOS = frozenset({"REPO"})

# Trading rules of SSE, SZSE and BSE; the fixed price after hours began with STAR (2019) and ChiNext (2020), and takes
# all A shares and ETFs from 2026-07-06. CFFEX's index futures open 9:30, its bond futures too (since 2020-07-20).
# Night sessions of the commodity exchanges are not modelled.
SESSIONS = (
    Session(SECURITIES | REPOS, time(9, 15), time(9, 20), Phase.AUCTION),
    Session(SECURITIES | REPOS, time(9, 20), time(9, 25), Phase.AUCTION, can_cancel=False),
    Session(SECURITIES | REPOS, time(9, 30), time(11, 30), Phase.CONTINUOUS),
    Session(SECURITIES, time(13), time(14, 57), Phase.CONTINUOUS),
    Session(SECURITIES, time(14, 57), time(15), Phase.AUCTION, can_cancel=False),
    Session(REPOS, time(13), time(15, 30), Phase.CONTINUOUS),
    Session(frozenset({"STAR", "CHINEXT"}), time(15, 5), time(15, 30), Phase.FIXED_PRICE),
    Session(STOCK_BOARDS | FUNDS, time(15, 5), time(15, 30), Phase.FIXED_PRICE, since=date(2026, 7, 6)),
    Session(FINANCIAL_FUTURES, time(9, 25), time(9, 29), Phase.AUCTION),
    Session(FINANCIAL_FUTURES, time(9, 30), time(11, 30), Phase.CONTINUOUS),
    Session(FINANCIAL_FUTURES, time(13), time(15), Phase.CONTINUOUS),
    Session(frozenset({"BOND_FUTURE"}), time(15), time(15, 15), Phase.CONTINUOUS),
    Session(COMMODITIES, time(8, 55), time(8, 59), Phase.AUCTION),
    Session(COMMODITIES, time(9), time(10, 15), Phase.CONTINUOUS),
    Session(COMMODITIES, time(10, 30), time(11, 30), Phase.CONTINUOUS),
    Session(COMMODITIES, time(13, 30), time(15), Phase.CONTINUOUS),
)
ALWAYS = Session(frozenset(), time.min, time.max, Phase.CONTINUOUS)
# Prices move between the end of the opening auction and the close, not over lunch.
MOVING = ((time(9, 25), time(11, 30)), (time(13), time(15)))


class DayPart(NamedTuple):
    """How far the market has come: the day's number, and `second` of the `seconds` in which its prices move."""

    day: int
    second: int
    seconds: int


class ExchangeClock:
    """Without a calendar it is always open."""

    def __init__(self, calendar: TradingCalendar | None = None) -> None:
        self._calendar = calendar

    @property
    def always_open(self) -> bool:
        return self._calendar is None

    def session(self, board: str, now: datetime) -> Session | None:
        """The session of the board that runs at `now`; half-open, so that at 15:00:00 the closing auction is over."""
        if self._calendar is None:
            return ALWAYS
        local = now.astimezone(SHANGHAI)
        if not self._calendar.is_trading_day(local.date()):
            return None
        return next((row for row in _on(local.date(), board) if row.starts <= local.time() < row.ends), None)

    def phase(self, board: str, now: datetime) -> Phase:
        running = self.session(board, now)
        return running.phase if running else Phase.CLOSED

    def auction_ended(self, board: str, then: datetime, now: datetime) -> bool:
        """Whether an auction of the board came to its end after `then` and not after `now`, on the day of `now`."""
        before, local = then.astimezone(SHANGHAI), now.astimezone(SHANGHAI)
        if self._calendar is None or not self._calendar.is_trading_day(local.date()):
            return False
        rows = _on(local.date(), board)
        starts = {row.starts for row in rows if row.phase == Phase.AUCTION}
        ends = {row.ends for row in rows if row.phase == Phase.AUCTION} - starts
        since = before.time() if before.date() == local.date() else time.min
        return any(since < end <= local.time() for end in ends)

    def opens_later(self, board: str, now: datetime) -> bool:
        """Whether a session with an auction or continuous trading is still to come on this day."""
        local = now.astimezone(SHANGHAI)
        if self._calendar is None or not self._calendar.is_trading_day(local.date()):
            return False
        return any(row.starts > local.time() and row.phase != Phase.FIXED_PRICE for row in _on(local.date(), board))

    def day_part(self, now: datetime) -> DayPart:
        """On a day without trading it is still the end of the last one that had some."""
        local = now.astimezone(SHANGHAI)
        if self._calendar is None:
            return DayPart(local.date().toordinal(), _seconds(local.time()), DAY_SECONDS)
        day = bisect_right(self._calendar.days, local.date())
        total = sum(_seconds(ends) - _seconds(starts) for starts, ends in MOVING)
        if not self._calendar.is_trading_day(local.date()):
            return DayPart(day, total, total)
        clock = _seconds(local.time())
        moved = sum(min(max(clock - _seconds(starts), 0), _seconds(ends) - _seconds(starts)) for starts, ends in MOVING)
        return DayPart(day, moved, total)


def _on(day: date, board: str) -> list[Session]:
    return [row for row in SESSIONS if board in row.boards and row.since <= day]


def _seconds(moment: time) -> int:
    return (moment.hour * 60 + moment.minute) * 60 + moment.second
