"""The exchange's clock of the simulated market: phases of boards, and how far a day has come."""

from datetime import date, datetime

import pytest

from filebridge.domain.market import TradingCalendar
from filebridge.simulator.exchange_clock import SHANGHAI, ExchangeClock, Phase

FRIDAY, MONDAY = date(2026, 7, 3), date(2026, 7, 6)
CLOCK = ExchangeClock(TradingCalendar.of([FRIDAY, MONDAY]))


def at(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("board", "day", "clock", "phase"),
    [
        ("MAIN", FRIDAY, "09:14:59", Phase.CLOSED),
        ("MAIN", FRIDAY, "09:15:00", Phase.AUCTION),
        ("MAIN", FRIDAY, "09:25:00", Phase.CLOSED),
        ("MAIN", FRIDAY, "09:30:00", Phase.CONTINUOUS),
        ("MAIN", FRIDAY, "11:30:00", Phase.CLOSED),
        ("MAIN", FRIDAY, "14:56:59", Phase.CONTINUOUS),
        ("MAIN", FRIDAY, "14:57:00", Phase.AUCTION),
        ("MAIN", FRIDAY, "15:00:00", Phase.CLOSED),
        # After hours at a fixed price: STAR and ChiNext for years, all shares and funds from 2026-07-06.
        ("STAR", FRIDAY, "15:05:00", Phase.FIXED_PRICE),
        ("MAIN", FRIDAY, "15:05:00", Phase.CLOSED),
        ("MAIN", MONDAY, "15:05:00", Phase.FIXED_PRICE),
        ("CONVERTIBLE", MONDAY, "15:05:00", Phase.CLOSED),
        ("REPO", FRIDAY, "15:29:59", Phase.CONTINUOUS),
        ("INDEX_FUTURE", FRIDAY, "09:29:30", Phase.CLOSED),
        ("INDEX_FUTURE", FRIDAY, "14:59:00", Phase.CONTINUOUS),
        ("COMMODITY_FUTURE", FRIDAY, "10:20:00", Phase.CLOSED),
        ("MAIN", date(2026, 7, 4), "10:00:00", Phase.CLOSED),
    ],
)
def test_phases(board: str, day: date, clock: str, phase: Phase) -> None:
    assert CLOCK.phase(board, at(day, clock)) == phase


def test_no_cancel_in_the_last_minutes_of_an_auction() -> None:
    can_cancel = {
        clock: running.can_cancel
        for clock in ("09:19:59", "09:20:00", "09:30:00", "14:57:00")
        if (running := CLOCK.session("MAIN", at(FRIDAY, clock)))
    }
    assert can_cancel == {"09:19:59": True, "09:20:00": False, "09:30:00": True, "14:57:00": False}


def test_a_day_moves_in_its_sessions_only() -> None:
    seconds = [CLOCK.day_part(at(FRIDAY, clock)).second for clock in ("08:00:00", "11:30:00", "12:59:59", "15:00:00")]
    assert seconds == [0, 7_500, 7_500, 14_700]
    # The weekend is still the end of Friday, and Monday follows Friday.
    assert CLOCK.day_part(at(date(2026, 7, 5), "10:00:00")) == CLOCK.day_part(at(FRIDAY, "20:00:00"))
    assert CLOCK.day_part(at(MONDAY, "08:00:00")).day == CLOCK.day_part(at(FRIDAY, "08:00:00")).day + 1


@pytest.mark.parametrize(
    ("then", "now", "ended"),
    [
        ("09:16:00", "09:24:59", False),
        ("09:24:59", "09:25:00", True),
        ("08:00:00", "10:00:00", True),
        ("09:25:00", "14:59:59", False),
        ("14:59:59", "15:00:01", True),
    ],
)
def test_an_auction_ends_once_however_seldom_one_looks(then: str, now: str, ended: bool) -> None:
    assert CLOCK.auction_ended("MAIN", at(FRIDAY, then), at(FRIDAY, now)) is ended
    assert not CLOCK.auction_ended("COMMODITY_FUTURE", at(FRIDAY, "10:00:00"), at(FRIDAY, "23:00:00"))


def test_without_a_calendar_it_is_always_open() -> None:
    clock = ExchangeClock()
    assert clock.phase("MAIN", at(date(2026, 7, 5), "23:59:59")) == Phase.CONTINUOUS
    assert clock.day_part(at(FRIDAY, "00:01:00")).second == 60
    assert not clock.opens_later("MAIN", at(FRIDAY, "08:00:00"))
    assert CLOCK.opens_later("MAIN", at(FRIDAY, "12:00:00"))
    assert not CLOCK.opens_later("MAIN", at(FRIDAY, "15:01:00"))
