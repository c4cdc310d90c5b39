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
    Market,
    Phase,
    TradingCalendar,
    closes_at,
    is_open,
    market_age,
    opens_at,
    phase_at,
    read_calendar,
    session_at,
    sessions_on,
    trade_date_at,
)
from filebridge.domain.orders import SHANGHAI
from filebridge.simulator.exchange_clock import ExchangeClock
from filebridge.simulator.instruments import Instruments

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


# ---- the markets beside the stocks

# Friday to Tuesday, and over a holiday of one weekday: Thursday 2026-01-15 does not trade here.
NIGHTS = TradingCalendar.of([FRIDAY, MONDAY, TUESDAY, date(2026, 1, 14), date(2026, 1, 16)])
WEDNESDAY, FRIDAY_AFTER = date(2026, 1, 14), date(2026, 1, 16)
A = Phase.OPENING_AUCTION
C = Phase.CONTINUOUS


@pytest.mark.parametrize(
    ("symbol", "day", "text", "phase"),
    [
        ("600000.SH", FRIDAY, "09:25", Phase.BREAK),
        ("600000.SH", FRIDAY, "12:00", Phase.BREAK),
        ("600000.SH", FRIDAY, "14:58", Phase.CLOSING_AUCTION),
        ("600000.SH", FRIDAY, "15:10", Phase.CLOSED),
        ("600000.SH", FRIDAY, "09:14:59", Phase.CLOSED),
        ("600000.SH", SATURDAY, "10:00", Phase.CLOSED),
        ("688981.SH", FRIDAY, "15:05", Phase.FIXED_PRICE),
        ("688981.SH", FRIDAY, "15:04:59", Phase.CLOSED),
        ("300750.SZ", FRIDAY, "15:29:59", Phase.FIXED_PRICE),
        ("300750.SZ", FRIDAY, "15:30", Phase.CLOSED),
        ("688981.SH", SATURDAY, "15:10", Phase.CLOSED),
        ("204001.SH", FRIDAY, "15:10", C),
        ("204001.SH", FRIDAY, "15:30", Phase.CLOSED),
        ("IF2612.IF", FRIDAY, "09:20", Phase.CLOSED),
        ("IF2612.IF", FRIDAY, "09:25", A),
        ("IF2612.IF", FRIDAY, "14:58", C),
        ("IF2612.IF", FRIDAY, "15:00", Phase.CLOSED),
        ("TS2612.IF", FRIDAY, "15:14", C),
        ("rb2610.SF", FRIDAY, "10:20", Phase.BREAK),
        ("rb2610.SF", FRIDAY, "14:59", C),
        ("10004358.SHO", FRIDAY, "14:58", Phase.CLOSING_AUCTION),
        # Nights: until 23:00, until 1:00, until 2:30, and none.
        ("rb2610.SF", FRIDAY, "20:55", A),
        ("rb2610.SF", FRIDAY, "20:59", Phase.BREAK),
        ("rb2610.SF", FRIDAY, "22:59", C),
        ("rb2610.SF", FRIDAY, "23:00", Phase.CLOSED),
        ("rb2610.SF", SATURDAY, "00:30", Phase.CLOSED),
        ("cu2610.SF", FRIDAY, "23:59", C),
        ("cu2610.SF", SATURDAY, "00:59", C),
        ("cu2610.SF", SATURDAY, "01:00", Phase.CLOSED),
        ("sc2610.INE", SATURDAY, "02:29", C),
        ("sc2610.INE", SATURDAY, "21:30", Phase.CLOSED),
        ("jd2610.DF", FRIDAY, "21:30", Phase.CLOSED),
        ("ag2610.SF", MONDAY, "00:30", Phase.CLOSED),
        ("ag2610.SF", MONDAY, "21:30", C),
        # A holiday comes after Wednesday: no night before it, and none on the holiday itself.
        ("ag2610.SF", WEDNESDAY, "21:30", Phase.CLOSED),
        ("ag2610.SF", date(2026, 1, 15), "21:30", Phase.CLOSED),
        # The calendar does not say what comes after.
        ("ag2610.SF", FRIDAY_AFTER, "21:30", Phase.CLOSED),
    ],
)
def test_phases_of_other_markets(symbol: str, day: date, text: str, phase: Phase) -> None:
    assert phase_at(symbol, at(day, text), NIGHTS) == phase


def test_the_fixed_price_after_hours_came_board_by_board() -> None:
    def boards(day: date) -> str:
        calendar = TradingCalendar.of([day])
        symbols = ("688981.SH", "300750.SZ", "600000.SH", "430047.BJ", "510300.SH", "113050.SH", "204001.SH")
        return " ".join(s for s in symbols if phase_at(s, at(day, "15:10"), calendar) is Phase.FIXED_PRICE)

    assert boards(date(2019, 7, 19)) == ""
    assert boards(date(2019, 7, 22)) == "688981.SH"
    assert boards(date(2026, 7, 3)) == "688981.SH 300750.SZ"
    assert boards(date(2026, 7, 6)) == "688981.SH 300750.SZ 600000.SH 430047.BJ 510300.SH"


@given(st.sampled_from(list(Market)), st.dates(date(2015, 1, 1), date(2030, 1, 1)))
def test_every_market_has_its_hours_in_order_on_every_day(market: Market, day: date) -> None:
    rows = sessions_on(day, market)
    assert rows
    assert all(row.market is market and row.starts < row.ends for row in rows)
    assert all(before.ends <= after.starts for before, after in pairwise(rows))


def test_a_night_belongs_to_the_day_after_it() -> None:
    for day, text in ((FRIDAY, "21:30"), (SATURDAY, "01:30")):
        assert phase_at("ag2610.SF", at(day, text), NIGHTS) is Phase.CONTINUOUS
        assert trade_date_at(at(day, text), NIGHTS, "exchange") == MONDAY
    assert trade_date_at(at(TUESDAY, "01:30"), NIGHTS, "exchange") == TUESDAY


SAME = {
    Phase.OPENING_AUCTION: "AUCTION",
    Phase.CLOSING_AUCTION: "AUCTION",
    Phase.CONTINUOUS: "CONTINUOUS",
    Phase.FIXED_PRICE: "FIXED_PRICE",
    Phase.BREAK: "CLOSED",
    Phase.CLOSED: "CLOSED",
}


@pytest.mark.parametrize("day", [FRIDAY, SATURDAY, date(2026, 7, 6)])
def test_the_simulated_exchange_which_has_its_own_clock_keeps_the_same_hours_by_day(day: date) -> None:
    calendar = TradingCalendar.of([FRIDAY, date(2026, 7, 6)])
    clock, instruments = ExchangeClock(calendar), Instruments()
    for symbol in (
        "600000.SH",
        "688981.SH",
        "510300.SH",
        "113050.SH",
        "204001.SH",
        "IF2612.IF",
        "T2612.IF",
        "rb2701.SF",
    ):
        instrument = instruments.get(symbol)
        assert instrument is not None
        for minute in range(8 * 60, 20 * 60):
            now = at(day, f"{minute // 60:02}:{minute % 60:02}")
            assert SAME[phase_at(symbol, now, calendar)] == clock.phase(instrument.board.board, now), (symbol, now)


@pytest.mark.parametrize(
    ("symbol", "at", "now", "seconds"),
    [
        ("600000.SH", "10:00:00", "10:00:05", 5),
        # Between 9:25 and 9:30, and at noon, no price moves.
        ("600000.SH", "09:24:58", "09:30:01", 3),
        ("600000.SH", "11:29:58", "13:00:01", 3),
        ("600000.SH", "11:29:58", "12:00:00", 2),
        ("600000.SH", "12:00:00", "12:00:07", 0),
        ("600000.SH", "09:24:00", "13:01:00", 60 + 7200 + 60),
        # Another market's break, and none of its own.
        ("ag2702.SF", "10:14:58", "10:30:01", 3),
        ("600000.SH", "10:00:05", "10:00:00", -5),
    ],
)
def test_a_price_ages_while_its_market_trades(symbol: str, at: str, now: str, seconds: int) -> None:
    since, until = (datetime.fromisoformat(f"2026-11-20T{clock}+08:00") for clock in (at, now))
    calendar = TradingCalendar.of([date(2026, 11, 20)])
    assert market_age(symbol, since, until, calendar, "exchange").total_seconds() == seconds
    assert market_age(symbol, since, until, calendar, "always") == until - since


def test_a_price_of_another_day_is_as_old_as_it_is() -> None:
    since, until = (datetime.fromisoformat(f"2026-11-{text}+08:00") for text in ("19T14:59:59", "20T09:15:01"))
    calendar = TradingCalendar.of([date(2026, 11, 19), date(2026, 11, 20)])
    assert market_age("600000.SH", since, until, calendar, "exchange") == until - since
