"""When an order may leave: every market by its own hours, at the awkward moments."""

from datetime import date, datetime, time
from itertools import pairwise

import pytest

from filebridge.domain.market import Phase, TradingCalendar
from filebridge.domain.orders import SHANGHAI, OrderType
from filebridge.domain.trading_hours import closes_at, opening, opens_next, record_date, stretches, trade_date_of

FRIDAY, MONDAY, TUESDAY = date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)
SATURDAY = date(2026, 11, 21)
# After Tuesday comes a holiday.
AFTER = date(2026, 11, 27)
DAYS = TradingCalendar.of([FRIDAY, MONDAY, TUESDAY, AFTER])
STOCK, STAR, REPO, BOND, RUBBER, GOLD = "600000.SH", "688981.SH", "204001.SH", "T2612.IF", "ru2701.SF", "au2612.SF"
P = Phase


def at(day: date, text: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), SHANGHAI)


@pytest.mark.parametrize(
    ("symbol", "now", "phase", "since", "trade_date", "can_cancel"),
    [
        (STOCK, at(FRIDAY, "09:14:59"), P.CLOSED, None, FRIDAY, True),
        (STOCK, at(FRIDAY, "09:15"), P.OPENING_AUCTION, at(FRIDAY, "09:15"), FRIDAY, True),
        (STOCK, at(FRIDAY, "09:20"), P.OPENING_AUCTION, at(FRIDAY, "09:15"), FRIDAY, False),
        (STOCK, at(FRIDAY, "09:25"), P.BREAK, None, FRIDAY, True),
        (STOCK, at(FRIDAY, "10:00"), P.CONTINUOUS, at(FRIDAY, "09:30"), FRIDAY, True),
        (STOCK, at(FRIDAY, "11:30"), P.BREAK, None, FRIDAY, True),
        (STOCK, at(FRIDAY, "14:58"), P.CLOSING_AUCTION, at(FRIDAY, "13:00"), FRIDAY, False),
        (STOCK, at(FRIDAY, "15:00"), P.CLOSED, None, MONDAY, True),
        # Since 2026-07-06 every share trades after hours, but not by a limit order.
        (STOCK, at(FRIDAY, "15:10"), P.FIXED_PRICE, None, MONDAY, True),
        (STAR, at(FRIDAY, "15:10"), P.FIXED_PRICE, None, MONDAY, True),
        (REPO, at(FRIDAY, "15:10"), P.CONTINUOUS, at(FRIDAY, "13:00"), FRIDAY, True),
        (REPO, at(FRIDAY, "15:30"), P.CLOSED, None, MONDAY, True),
        (BOND, at(FRIDAY, "15:10"), P.CONTINUOUS, at(FRIDAY, "13:00"), FRIDAY, True),
        (BOND, at(FRIDAY, "15:15"), P.CLOSED, None, MONDAY, True),
        (RUBBER, at(FRIDAY, "10:20"), P.BREAK, None, FRIDAY, True),
        (RUBBER, at(FRIDAY, "20:54:59"), P.CLOSED, None, MONDAY, True),
        # A night belongs to the day after it, be a weekend between them.
        (RUBBER, at(FRIDAY, "20:55"), P.OPENING_AUCTION, at(FRIDAY, "20:55"), MONDAY, True),
        (RUBBER, at(FRIDAY, "20:59:30"), P.BREAK, None, MONDAY, True),
        (RUBBER, at(FRIDAY, "22:59"), P.CONTINUOUS, at(FRIDAY, "21:00"), MONDAY, True),
        (RUBBER, at(FRIDAY, "23:00"), P.BREAK, None, MONDAY, True),
        (GOLD, at(SATURDAY, "02:29"), P.CONTINUOUS, at(FRIDAY, "21:00"), MONDAY, True),
        (GOLD, at(SATURDAY, "02:30"), P.BREAK, None, MONDAY, True),
        (GOLD, at(TUESDAY, "01:00"), P.CONTINUOUS, at(MONDAY, "21:00"), TUESDAY, True),
        # Before a holiday there is none.
        (GOLD, at(TUESDAY, "21:30"), P.CLOSED, None, AFTER, True),
        (GOLD, at(AFTER, "09:00"), P.CONTINUOUS, at(AFTER, "09:00"), AFTER, True),
        (STOCK, at(SATURDAY, "10:00"), P.CLOSED, None, MONDAY, True),
        (STOCK, at(date(2030, 1, 1), "10:00"), P.CLOSED, None, None, True),
    ],
)
def test_a_moment_for_a_limit_order(
    symbol: str, now: datetime, phase: Phase, since: datetime | None, trade_date: date | None, can_cancel: bool
) -> None:
    found = opening(symbol, OrderType.LIMIT, now, DAYS, "exchange")
    assert found == (trade_date, since, phase, can_cancel)
    assert trade_date_of(symbol, OrderType.LIMIT, now, DAYS, "exchange") == trade_date


def test_round_the_clock_it_is_always_open() -> None:
    now = at(SATURDAY, "03:00")
    assert opening(STOCK, OrderType.LIMIT, now, DAYS, "always") == (SATURDAY, at(SATURDAY, "00:00"), P.CONTINUOUS, True)
    assert closes_at(STOCK, OrderType.LIMIT, SATURDAY, DAYS, "always") == at(date(2026, 11, 22), "00:00")


def test_when_a_day_is_over_depends_on_the_market() -> None:
    closes = {symbol: closes_at(symbol, OrderType.LIMIT, FRIDAY, DAYS, "exchange") for symbol in (STOCK, REPO, BOND)}
    assert closes == {STOCK: at(FRIDAY, "15:00"), REPO: at(FRIDAY, "15:30"), BOND: at(FRIDAY, "15:15")}
    assert record_date(at(FRIDAY, "15:29:59"), DAYS, "exchange") == FRIDAY
    assert record_date(at(FRIDAY, "15:30"), DAYS, "exchange") == MONDAY
    assert record_date(at(SATURDAY, "10:00"), DAYS, "always") == SATURDAY


@pytest.mark.parametrize("symbol", [STOCK, STAR, REPO, BOND, RUBBER, GOLD, "510300.SH", "920002.BJ", "IF2612.IF"])
def test_the_stretches_of_a_day_run_forward(symbol: str) -> None:
    for day in DAYS.days:
        rows = stretches(symbol, day, DAYS)
        assert all(row.starts < row.ends for row in rows)
        assert all(before.ends <= after.starts for before, after in pairwise(rows))
        assert {row.starts.date() for row in rows if row.starts.time() < time(20)} == {day}


@pytest.mark.parametrize(
    ("symbol", "order_type", "trade_date", "now", "expected"),
    [
        (STOCK, OrderType.LIMIT, FRIDAY, at(FRIDAY, "08:00"), at(FRIDAY, "09:15")),
        (STOCK, OrderType.LIMIT, FRIDAY, at(FRIDAY, "09:26"), at(FRIDAY, "09:30")),
        (STOCK, OrderType.LIMIT, FRIDAY, at(FRIDAY, "10:00"), at(FRIDAY, "10:00")),
        (STOCK, OrderType.LIMIT, FRIDAY, at(FRIDAY, "12:00"), at(FRIDAY, "13:00")),
        (STOCK, OrderType.LIMIT, FRIDAY, at(FRIDAY, "15:00"), None),
        (STOCK, OrderType.LIMIT, MONDAY, at(FRIDAY, "15:00"), at(MONDAY, "09:15")),
        (STOCK, OrderType.AFTER_HOURS, FRIDAY, at(FRIDAY, "15:01"), at(FRIDAY, "15:05")),
        (RUBBER, OrderType.LIMIT, MONDAY, at(FRIDAY, "16:00"), at(FRIDAY, "20:55")),
    ],
)
def test_when_an_order_is_taken_next(
    symbol: str, order_type: OrderType, trade_date: date, now: datetime, expected: datetime | None
) -> None:
    assert opens_next(symbol, order_type, trade_date, now, DAYS, "exchange") == expected


def test_where_it_is_always_open_an_order_waits_for_its_day_alone() -> None:
    known = (STOCK, OrderType.LIMIT)
    assert opens_next(*known, FRIDAY, at(FRIDAY, "03:00"), DAYS, "always") == at(FRIDAY, "03:00")
    assert opens_next(*known, SATURDAY, at(FRIDAY, "03:00"), DAYS, "always") == at(SATURDAY, "00:00")
    assert opens_next(*known, FRIDAY, at(SATURDAY, "00:00"), DAYS, "always") is None
