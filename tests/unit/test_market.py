"""The trading calendar, the sessions and the trade date: the awkward moments by hand, the rest as properties."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filebridge.domain.market import (
    SESSIONS,
    Hours,
    Phase,
    TradingCalendar,
    closes_at,
    is_open,
    opens_at,
    read_calendar,
    session_at,
    sessions_on,
    trade_date_at,
)
from filebridge.domain.orders import SHANGHAI

FRIDAY, MONDAY, TUESDAY = date(2026, 1, 9), date(2026, 1, 12), date(2026, 1, 13)
SATURDAY, SUNDAY = date(2026, 1, 10), date(2026, 1, 11)
WEEK = TradingCalendar.of([MONDAY, FRIDAY, TUESDAY, MONDAY])


def at(day: date, text: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), SHANGHAI)


def test_the_calendar_orders_its_days_and_knows_its_ends() -> None:
    assert WEEK.days == (FRIDAY, MONDAY, TUESDAY)
    assert (WEEK.first, WEEK.last) == (FRIDAY, TUESDAY)
    assert WEEK.covers(SATURDAY)
    assert not WEEK.covers(TUESDAY + timedelta(days=1))
    assert not WEEK.covers(FRIDAY - timedelta(days=1))
    with pytest.raises(ValueError, match="at least one day"):
        TradingCalendar.of([])


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (FRIDAY, MONDAY),
        (SATURDAY, MONDAY),
        (MONDAY, TUESDAY),
        (TUESDAY, None),
        (FRIDAY - timedelta(days=1), None),
        (TUESDAY + timedelta(days=1), None),
    ],
)
def test_next_trading_day(day: date, expected: date | None) -> None:
    assert WEEK.next_trading_day(day) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(FRIDAY, "00:00"), FRIDAY),
        (at(FRIDAY, "12:00"), FRIDAY),
        (at(FRIDAY, "14:59:59.999999"), FRIDAY),
        (at(FRIDAY, "15:00"), MONDAY),
        (at(SATURDAY, "10:00"), MONDAY),
        (at(SUNDAY, "23:59:59"), MONDAY),
        (at(TUESDAY, "15:00"), None),
        (at(TUESDAY + timedelta(days=1), "10:00"), None),
        (at(FRIDAY - timedelta(days=1), "10:00"), None),
        # 07:00 in UTC is the close in Shanghai, whatever the offset that the time came with.
        (datetime(2026, 1, 9, 6, 59, tzinfo=UTC), FRIDAY),
        (datetime(2026, 1, 9, 7, 0, tzinfo=UTC), MONDAY),
        (datetime(2026, 1, 9, 2, 0, tzinfo=timezone(timedelta(hours=-5))), MONDAY),
    ],
)
def test_trade_date_by_the_exchange(now: datetime, expected: date | None) -> None:
    assert trade_date_at(now, WEEK, "exchange") == expected


def test_trade_date_round_the_clock_is_the_day_in_shanghai() -> None:
    assert trade_date_at(at(SATURDAY, "23:59"), WEEK, "always") == SATURDAY
    assert trade_date_at(datetime(2026, 1, 9, 16, 0, tzinfo=UTC), WEEK, "always") == SATURDAY
    assert trade_date_at(at(date(2035, 5, 5), "01:00"), WEEK, "always") == date(2035, 5, 5)


@pytest.mark.parametrize(
    ("text", "phase", "can_cancel"),
    [
        ("09:14:59.999999", None, False),
        ("09:15", Phase.OPENING_AUCTION, True),
        ("09:19:59", Phase.OPENING_AUCTION, True),
        ("09:20", Phase.OPENING_AUCTION, False),
        ("09:25", None, False),
        ("09:30", Phase.CONTINUOUS, True),
        ("11:29:59", Phase.CONTINUOUS, True),
        ("11:30", None, False),
        ("13:00", Phase.CONTINUOUS, True),
        ("14:57", Phase.CLOSING_AUCTION, False),
        ("14:59:59.999999", Phase.CLOSING_AUCTION, False),
        ("15:00", None, False),
    ],
)
def test_sessions_of_a_day(text: str, phase: Phase | None, can_cancel: bool) -> None:
    session = session_at(at(FRIDAY, text), WEEK)
    assert (session and session.phase) == phase
    assert bool(session and session.can_cancel) is can_cancel
    assert is_open(at(FRIDAY, text), WEEK, "exchange") is (phase is not None)
    assert is_open(at(FRIDAY, text), WEEK, "always")


def test_closed_on_days_that_do_not_trade_or_are_not_known() -> None:
    assert not is_open(at(SATURDAY, "10:00"), WEEK, "exchange")
    assert not is_open(at(TUESDAY + timedelta(days=1), "10:00"), WEEK, "exchange")
    assert is_open(at(SATURDAY, "10:00"), WEEK, "always")


def test_opening_and_closing() -> None:
    assert (opens_at(FRIDAY, "exchange"), closes_at(FRIDAY, "exchange")) == (at(FRIDAY, "09:15"), at(FRIDAY, "15:00"))
    assert (opens_at(FRIDAY, "always"), closes_at(FRIDAY, "always")) == (at(FRIDAY, "00:00"), at(SATURDAY, "00:00"))


def test_every_set_of_sessions_runs_forward_without_overlap() -> None:
    for since in {row.since for row in SESSIONS}:
        rows = sessions_on(since)
        assert all(row.starts < row.ends for row in rows)
        assert all(earlier.ends <= later.starts for earlier, later in pairwise(rows))
    assert sessions_on(date(1990, 12, 19)) == sessions_on(min(row.since for row in SESSIONS))


@pytest.mark.parametrize(
    "ask",
    [lambda now: trade_date_at(now, WEEK, "always"), lambda now: session_at(now, WEEK)],
)
def test_a_time_without_offset_is_a_bug(ask: Callable[[datetime], object]) -> None:
    with pytest.raises(AssertionError, match="without an offset"):
        ask(at(FRIDAY, "10:00").replace(tzinfo=None))


def test_reads_a_calendar_and_a_users_days_behind_it() -> None:
    lines = ["\ufeff# a comment\n", "trade_date\n", "2026-01-12\n", "\n", "trade_date\n", "2026-01-09\r\n"]
    assert read_calendar(lines) == TradingCalendar.of([FRIDAY, MONDAY])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "at least one day"),
        (["trade_date"], "at least one day"),
        (["2026-01-09"], "line 1: the header trade_date"),
        (["trade_date", "20260109"], "line 2: '20260109' is not a date"),
        (["trade_date", "2026-W02-5"], "line 2"),
        (["trade_date", "2026-02-30"], "line 2"),
        (["trade_date", "2026-01-09,1"], "line 2"),
    ],
)
def test_a_calendar_that_cannot_be_read_names_the_line(lines: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_calendar(lines)


def test_the_packaged_calendar() -> None:
    text = files("filebridge").joinpath("trading_calendar.csv").read_text(encoding="utf-8")
    calendar = read_calendar(text.splitlines())
    assert calendar.first == date(2020, 1, 2)
    assert calendar.last >= date(2025, 12, 31)
    assert all(day.weekday() < 5 for day in calendar.days)
    # Spring festival of 2024: Friday the 9th to the 18th of February; National Day; an ordinary day.
    assert calendar.next_trading_day(date(2024, 2, 8)) == date(2024, 2, 19)
    assert calendar.next_trading_day(date(2024, 9, 30)) == date(2024, 10, 8)
    assert calendar.is_trading_day(date(2025, 6, 3))


DAYS = st.dates(min_value=date(2019, 1, 1), max_value=date(2030, 12, 31))
CALENDARS = st.sets(DAYS, min_size=1, max_size=40).map(TradingCalendar.of)
MOMENTS = st.datetimes(
    min_value=datetime(2019, 1, 2),  # noqa: DTZ001 - the strategy adds the offset
    max_value=datetime(2030, 12, 30),  # noqa: DTZ001
    timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)


@given(calendar=CALENDARS, day=DAYS)
def test_next_trading_day_is_the_nearest_one(calendar: TradingCalendar, day: date) -> None:
    following = calendar.next_trading_day(day)
    later = [known for known in calendar.days if known > day]
    assert following == (later[0] if later and calendar.covers(day) else None)
    assert calendar.is_trading_day(day) is (day in calendar.days)


@given(calendar=CALENDARS, now=MOMENTS)
def test_a_trade_date_is_a_trading_day_that_is_not_over(calendar: TradingCalendar, now: datetime) -> None:
    trade_date = trade_date_at(now, calendar, "exchange")
    if trade_date is None:
        assert not calendar.covers(now.astimezone(SHANGHAI).date()) or now >= opens_at(calendar.last, "exchange")
    else:
        assert calendar.is_trading_day(trade_date)
        assert now < closes_at(trade_date, "exchange")


@given(calendar=CALENDARS, now=MOMENTS, hours=st.sampled_from(["always", "exchange"]))
def test_while_the_market_is_open_the_trade_date_is_today(
    calendar: TradingCalendar, now: datetime, hours: Hours
) -> None:
    if is_open(now, calendar, hours):
        today = now.astimezone(SHANGHAI).date()
        assert trade_date_at(now, calendar, hours) == today
        assert opens_at(today, hours) <= now < closes_at(today, hours)


@given(calendar=CALENDARS, now=MOMENTS, later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40)))
def test_the_trade_date_never_goes_back(calendar: TradingCalendar, now: datetime, later: timedelta) -> None:
    earlier_date = trade_date_at(now, calendar, "exchange")
    later_date = trade_date_at(now + later, calendar, "exchange")
    if earlier_date is not None and later_date is not None:
        assert earlier_date <= later_date


@given(calendar=CALENDARS)
def test_a_written_calendar_reads_back(calendar: TradingCalendar) -> None:
    assert read_calendar(["# days", "trade_date", *(day.isoformat() for day in calendar.days)]) == calendar
