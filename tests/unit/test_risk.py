"""What our own rules say of an order when it is about to leave."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from filebridge.config import Risk, Settings
from filebridge.domain.bounds import Limits
from filebridge.domain.guard import Level, Stance
from filebridge.domain.market import TradingCalendar
from filebridge.domain.orders import SHANGHAI, Order, OrderInstruction, OrderType, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.risk import (
    Rules,
    Verdict,
    at_sending,
    event_of,
    has_closed,
    is_of_earlier_date,
    may_cancel,
    moment_of,
    opening_of,
    outside_session,
    refusal,
    row_date,
)
from tests.unit.test_lifecycle import NOW, TERMS

RULES = Rules(
    mode="paper",
    hours="exchange",
    calendar=TradingCalendar.of([date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23)]),
    max_order_age=timedelta(minutes=10),
    limits=Limits(),
)
OPEN = Stance()
ORDER = Order(terms=TERMS, status=Status.RECEIVED, updated_at=NOW)


HALTED = Stance(Level.HALTED, Reason("HALT_ASKED", {"text": "a look first"}), by="李雷")


def code(order: Order, at: datetime, rules: Rules = RULES, stance: Stance = OPEN) -> str:
    found = at_sending(order, moment_of(at, rules), rules, stance)
    return found.code if isinstance(found, Reason) else found.value


def at(hour: int, minute: int, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def test_it_goes_in_its_session_and_waits_outside_of_it() -> None:
    assert code(ORDER, at(10, 1)) == Verdict.SEND
    assert code(ORDER, at(10, 1), stance=HALTED) == "HALTED"
    early = ORDER._replace(terms=TERMS._replace(received_at=at(8, 0)))
    assert code(early, at(9, 0)) == Verdict.WAIT
    # Its age counts from the moment at which it could go.
    assert code(early, at(9, 16)) == Verdict.SEND
    before_noon = ORDER._replace(terms=TERMS._replace(received_at=at(11, 29)))
    assert code(before_noon, at(12, 30)) == Verdict.WAIT
    assert code(before_noon, at(13, 5)) == Verdict.SEND


def test_what_waited_too_long_or_belongs_to_another_day_expires() -> None:
    assert code(ORDER, at(10, 11)) == "EXPIRED_TOO_OLD"
    assert code(ORDER, at(10, 0, day=23)) == "EXPIRED_TRADE_DATE"
    assert code(ORDER, at(15, 0)) == "EXPIRED_TRADE_DATE"
    timed = ORDER._replace(terms=TERMS._replace(expire_at=at(10, 5)))
    assert (code(timed, at(10, 4)), code(timed, at(10, 5))) == (Verdict.SEND, "EXPIRED_AT")
    later = ORDER._replace(terms=TERMS._replace(start_at=at(14, 0)))
    assert (code(later, at(13, 59)), code(later, at(14, 5))) == (Verdict.WAIT, Verdict.SEND)
    tomorrow = ORDER._replace(terms=TERMS._replace(trade_date=date(2026, 11, 23)))
    assert code(tomorrow, at(10, 1)) == Verdict.WAIT


def test_an_approval_is_a_fresh_start() -> None:
    approved = ORDER._replace(status=Status.APPROVED, approved_at=at(11, 0))
    assert code(approved, at(11, 5)) == Verdict.SEND


def test_a_clock_that_went_back_leaves_no_age() -> None:
    future = ORDER._replace(terms=TERMS._replace(received_at=at(11, 0)))
    assert code(future, at(10, 0)) == "EXPIRED_CLOCK_WENT_BACK"


def test_an_order_of_one_mode_never_leaves_in_the_other() -> None:
    live = replace(RULES, mode="live")
    assert code(ORDER, at(10, 1), live) == "MODE_MISMATCH"
    assert code(ORDER._replace(terms=TERMS._replace(mode="live")), at(10, 1), live) == "LIVE_NOT_ARMED"
    assert event_of(Reason("MODE_MISMATCH")) == "DENY"


def test_the_market_and_the_limits_have_a_word_at_the_intake_and_again_before_sending() -> None:
    odd = ORDER._replace(terms=TERMS._replace(quantity=1_050))
    narrow = replace(RULES, limits=Limits(order_value_cny_max=Decimal("10499.99"), symbols_forbidden=("600000.SH",)))
    for order, rules, expected in (
        (odd, RULES, "QUANTITY_NOT_IN_LOTS"),
        (odd, narrow, "QUANTITY_NOT_IN_LOTS"),
        (ORDER, narrow, "SYMBOL_FORBIDDEN"),
        (ORDER, replace(narrow, limits=narrow.limits._replace(symbols_forbidden=())), "ORDER_VALUE_ABOVE_LIMIT"),
    ):
        found = refusal(order.terms, rules)
        assert found is not None
        assert found.code == expected
        assert code(order, at(10, 1), rules) == expected
        assert event_of(found) == "DENY"


def test_the_settings_are_the_limits_and_none_is_left_out() -> None:
    written = {"order_value_cny_max": "5000.5", "symbols_allowed": ["6*.SH"], "orders_per_day_max": 7}
    found = Settings.model_validate({"risk": written}).limits
    assert found == Limits()._replace(
        order_value_cny_max=Decimal("5000.5"), symbols_allowed=("6*.SH",), orders_per_day_max=7
    )
    assert Settings().limits == Limits()
    live = Settings.model_validate({"broker": {"mode": "live"}}).limits
    assert (live.orders_per_second_max, live.orders_per_day_max, live.balance_lag) == (
        290,
        19_000,
        timedelta(seconds=3),
    )
    assert {name for name in Limits._fields if name not in Risk.model_fields} == set()
    for name in Limits._fields:
        if name in ("balance_lag", "symbols_forbidden", "strategies_forbidden") or "percent_max" in name:
            continue
        with pytest.raises(ValidationError):
            Settings.model_validate({"risk": {name: 0}})
    with pytest.raises(ValidationError):
        Settings.model_validate({"risk": {"order_value_cny_max": "NaN"}})


def test_hours_are_written_as_a_person_writes_them() -> None:
    found = Settings.model_validate({"risk": {"hours_allowed": ["09:30-11:30", "21:00-02:30", "13:00-24:00"]}}).limits
    assert found.hours_allowed == ((time(9, 30), time(11, 30)), (time(21), time(2, 30)), (time(13), time.max))
    for hours in ([], ["9:30-11:30"], ["09:30"], ["24:00-01:00"], ["09:30-25:00"]):
        with pytest.raises(ValidationError):
            Settings.model_validate({"risk": {"hours_allowed": hours}})


def test_outside_its_session_an_order_waits_or_is_denied() -> None:
    deny = replace(RULES, outside_session="deny")
    noon = ORDER._replace(terms=TERMS._replace(received_at=at(11, 29)))
    assert (code(noon, at(12, 0)), code(noon, at(12, 0), deny)) == (Verdict.WAIT, "OUTSIDE_SESSION")
    # One that names its time waits for it: before its day has begun, and before its start.
    early = ORDER._replace(terms=TERMS._replace(received_at=at(8, 0)))
    assert code(early, at(8, 30), deny) == Verdict.WAIT
    later = noon._replace(terms=noon.terms._replace(start_at=at(13, 30)))
    assert code(later, at(12, 0), deny) == Verdict.WAIT
    opening = opening_of(TERMS, moment_of(at(12, 0), deny), deny)
    assert outside_session(TERMS, opening, RULES) is None
    found = outside_session(TERMS, opening, deny)
    assert found is not None
    assert "BREAK" in found.message


def test_a_market_order_waits_for_the_end_of_the_auction() -> None:
    market = TERMS._replace(order_type=OrderType.BEST5_OR_CANCEL, received_at=at(9, 16))
    order = ORDER._replace(terms=market)
    assert code(order, at(9, 16)) == Verdict.WAIT
    assert code(order, at(9, 30)) == Verdict.SEND
    # In the closing auction it is too late for it; what it left on the book trades until the close.
    assert code(order._replace(terms=market._replace(received_at=at(14, 56))), at(14, 58)) == "EXPIRED_TRADE_DATE"
    assert not has_closed(market, moment_of(at(14, 59), RULES), RULES)
    assert has_closed(market, moment_of(at(15, 0), RULES), RULES)


def test_a_cancel_waits_while_the_exchange_takes_none() -> None:
    def taken(*clock: int) -> bool:
        return may_cancel(ORDER, moment_of(at(*clock), RULES), RULES)

    assert [taken(9, 19), taken(9, 20), taken(9, 25), taken(14, 57), taken(15, 0)] == [True, False, True, False, True]
    always = replace(RULES, hours="always")
    assert may_cancel(ORDER, moment_of(at(9, 21), always), always)


def test_a_row_without_a_date_gets_the_day_of_its_own_market() -> None:
    share, repo = (OrderInstruction(row=2, symbol=symbol) for symbol in ("600000.SH", "204001.SH"))
    assert row_date(share, at(15, 10), RULES) == date(2026, 11, 23)
    assert row_date(repo, at(15, 10), RULES) == date(2026, 11, 20)
    assert row_date(share._replace(order_type=OrderType.AFTER_HOURS), at(15, 10), RULES) == date(2026, 11, 20)
    assert not is_of_earlier_date(repo._replace(trade_date=date(2026, 11, 20)), at(15, 10), RULES)
    assert is_of_earlier_date(share._replace(trade_date=date(2026, 11, 20)), at(15, 10), RULES)
