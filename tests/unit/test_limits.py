"""Every limit of [risk]: what it just allows, what it just does not, and that its answer names all values."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from filebridge.domain.bounds import Limits
from filebridge.domain.counters import Balance, Counters, DayCounts, Holding
from filebridge.domain.limits import (
    CHECKS,
    ST_BUY_MAX,
    Asked,
    Need,
    balance_is_old,
    breach,
    must_wait,
)
from filebridge.domain.orders import SHANGHAI, OrderTerms, Side
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import REASONS
from filebridge.domain.symbols import CASH
from tests.unit.test_lifecycle import TERMS

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
D = Decimal
WIDE = Limits()
BALANCE = Balance(NOW, D(100_000), D(200_000), {"600000.SH": Holding(5_050, 5_050)})
QUOTE = Quote("600000.SH", NOW, "test", "浦发银行", D(10), D(10))
# 1,000 shares at 10.50: worth 10,500.
BUY = TERMS._replace(side=Side.BUY, quantity=1_000, limit_price=D("10.50"))
SELL = BUY._replace(side=Side.SELL)
IN = BUY._replace(symbol=CASH, side=Side.BANK_IN, quantity=1, limit_price=D(5_000))
BOTH_WAYS = ("BANK_IN", "BANK_OUT")
REPO = SELL._replace(symbol="204001.SH", quantity=100, limit_price=D("1.85"))


def asked(
    terms: OrderTerms = BUY, counters: Counters | None = None, quote: Quote | None = QUOTE, **limits: Any
) -> Asked:
    counters = counters or Counters()
    return Asked(terms, WIDE._replace(**limits), NOW, counters._replace(balance=counters.balance or BALANCE), quote)


def day(**counts: Any) -> Counters:
    return Counters(account=DayCounts(**counts))


def total(**counts: Any) -> Counters:
    return Counters(total=DayCounts(**counts))


def st_stock(bought_qty: int) -> Asked:
    return asked(counters=Counters(bought_qty=bought_qty), quote=QUOTE._replace(name="*ST某某"))


def at(hour: int, minute: int, *hours: tuple[time, time]) -> Asked:
    now = datetime(2026, 11, 20, hour, minute, tzinfo=SHANGHAI)
    counters = Counters(balance=BALANCE._replace(asked_at=now))
    return replace(asked(counters=counters, quote=QUOTE._replace(at=now), hours_allowed=hours), now=now)


# code -> (the last that is allowed, the first that is not)
EDGES: dict[str, tuple[tuple[Asked, Asked], ...]] = {
    "TRANSFER_NOT_ALLOWED": (
        (asked(IN, transfers_allowed=BOTH_WAYS, symbols_allowed=("6*",)), asked(IN)),
        (asked(), asked(IN, transfers_allowed=("BANK_OUT",))),
    ),
    "TRANSFER_VALUE_ABOVE_LIMIT": (
        (
            asked(IN, transfers_allowed=BOTH_WAYS, transfer_value_cny_max=D(5_000), order_value_cny_max=D(1)),
            asked(IN, transfers_allowed=BOTH_WAYS, transfer_value_cny_max=D("4999.99")),
        ),
    ),
    "SYMBOL_FORBIDDEN": ((asked(symbols_forbidden=("60000?.SZ",)), asked(symbols_forbidden=("60000?.SH",))),),
    "SYMBOL_NOT_ALLOWED": ((asked(symbols_allowed=("1*", "6*.SH")), asked(symbols_allowed=("1*", "6*.SZ"))),),
    "STRATEGY_FORBIDDEN": (
        (
            asked(strategies_forbidden=("alpha",)),
            asked(BUY._replace(strategy="alpha"), strategies_forbidden=("alpha",)),
        ),
    ),
    "STRATEGY_NOT_ALLOWED": (
        (asked(BUY._replace(strategy="alpha"), strategies_allowed=("al*",)), asked(strategies_allowed=("al*",))),
    ),
    "ORDER_QUANTITY_ABOVE_LIMIT": ((asked(order_quantity_max=1_000), asked(order_quantity_max=999)),),
    "ORDER_VALUE_ABOVE_LIMIT": (
        (asked(order_value_cny_max=D(10_500)), asked(order_value_cny_max=D("10499.99"))),
        (asked(REPO, order_value_cny_max=D(10_000)), asked(REPO, order_value_cny_max=D(9_999))),
    ),
    "HOUR_NOT_ALLOWED": (
        (at(9, 30, (time(9, 30), time(11, 30))), at(11, 30, (time(9, 30), time(11, 30)))),
        (at(1, 0, (time(21), time(2, 30))), at(2, 30, (time(21), time(2, 30)))),
        (at(23, 59, (time(13), time.max)), at(12, 59, (time(9), time(11)), (time(13), time.max))),
    ),
    "ORDERS_PER_DAY_EXCEEDED": (
        (
            asked(counters=day(orders=5, cancels=4), orders_per_day_max=10),
            asked(counters=day(orders=9, cancels=1), orders_per_day_max=10),
        ),
    ),
    "TOTAL_ORDERS_PER_DAY_EXCEEDED": (
        (
            asked(counters=total(orders=9), total_orders_per_day_max=10),
            asked(counters=total(cancels=10), total_orders_per_day_max=10),
        ),
    ),
    "DAY_VALUE_ABOVE_LIMIT": (
        (
            asked(counters=day(value=D(500)), day_value_cny_max=D(11_000)),
            asked(counters=day(value=D("500.01")), day_value_cny_max=D(11_000)),
        ),
    ),
    "TOTAL_DAY_VALUE_ABOVE_LIMIT": (
        (
            asked(counters=total(value=D(500)), total_day_value_cny_max=D(11_000)),
            asked(counters=total(value=D(501)), total_day_value_cny_max=D(11_000)),
        ),
    ),
    "TRANSFER_DAY_VALUE_ABOVE_LIMIT": (
        (
            asked(
                IN,
                day(moved=D(3_000), value=D(10**9)),
                transfers_allowed=BOTH_WAYS,
                transfer_day_value_cny_max=D(8_000),
            ),
            asked(IN, day(moved=D(3_001)), transfers_allowed=BOTH_WAYS, transfer_day_value_cny_max=D(8_000)),
        ),
    ),
    "OPEN_ORDERS_ABOVE_LIMIT": (
        (asked(counters=day(open_orders=2), open_orders_max=3), asked(counters=day(open_orders=3), open_orders_max=3)),
    ),
    "TOTAL_OPEN_ORDERS_ABOVE_LIMIT": (
        (
            asked(counters=total(open_orders=2), total_open_orders_max=3),
            asked(counters=total(open_orders=3), total_open_orders_max=3),
        ),
    ),
    "ORDER_REPEATED": (
        (asked(counters=Counters(repeats=2), repeats_max=3), asked(counters=Counters(repeats=3), repeats_max=3)),
    ),
    "CANCEL_RATIO_ABOVE_LIMIT": (
        (
            asked(counters=day(orders=100, cancels=50), cancel_percent_max=D(50)),
            asked(counters=day(orders=100, cancels=51), cancel_percent_max=D(50)),
        ),
        (
            asked(counters=day(orders=99, cancels=99), cancel_percent_max=D(50)),
            asked(counters=day(orders=100, cancels=99), cancel_percent_max=D(50)),
        ),
    ),
    "SELF_TRADE": (
        (asked(counters=Counters(own_opposite=D("10.51"))), asked(counters=Counters(own_opposite=D("10.50")))),
        (asked(SELL, Counters(own_opposite=D("10.49"))), asked(SELL, Counters(own_opposite=D("10.50")))),
        (asked(REPO, Counters(own_opposite=D("1.85"))), asked(SELL, Counters(own_opposite=D("10.60")))),
    ),
    "PRICE_FAR_FROM_LAST": (
        (asked(price_from_last_percent_max=D(5)), asked(price_from_last_percent_max=D("4.99"))),
        # A sale that is dear hurts nobody; one that is cheap does.
        (
            asked(SELL, price_from_last_percent_max=D(1)),
            asked(SELL._replace(limit_price=D("9.89")), price_from_last_percent_max=D(1)),
        ),
        # Before the first trade it is measured from the previous close.
        (
            asked(quote=QUOTE._replace(last=None), price_from_last_percent_max=D(5)),
            asked(quote=QUOTE._replace(last=None), price_from_last_percent_max=D(4)),
        ),
    ),
    "PRICE_FAR_FROM_PREV_CLOSE": (
        (asked(price_from_prev_close_percent_max=D(5)), asked(price_from_prev_close_percent_max=D("4.99"))),
    ),
    "ST_BUY_ABOVE_LIMIT": (
        (st_stock(ST_BUY_MAX - 1_000), st_stock(ST_BUY_MAX - 999)),
        (asked(counters=Counters(bought_qty=ST_BUY_MAX)), st_stock(ST_BUY_MAX)),
    ),
    # 5,050 held, 1,000 asked, 450 on the way: 6,500 at 10.50 are 68,250.
    "POSITION_VALUE_ABOVE_LIMIT": (
        (
            asked(counters=Counters(exposed_qty=450), position_value_cny_max=D(68_250)),
            asked(counters=Counters(exposed_qty=451), position_value_cny_max=D(68_250)),
        ),
        (asked(SELL, position_value_cny_max=D(1)), asked(position_value_cny_max=D(1))),
    ),
    "CONCENTRATION_ABOVE_LIMIT": (
        (asked(position_percent_max=D("31.7625")), asked(position_percent_max=D("31.7624"))),
    ),
    "CASH_NOT_ENOUGH": (
        (asked(counters=Counters(cash_reserved=D(89_500))), asked(counters=Counters(cash_reserved=D("89500.01")))),
        (asked(REPO, Counters(cash_reserved=D(90_000))), asked(REPO, Counters(cash_reserved=D(90_001)))),
        (asked(SELL, Counters(cash_reserved=D(100_000))), asked(counters=Counters(cash_reserved=D(100_000)))),
    ),
    "SELLABLE_NOT_ENOUGH": (
        (asked(SELL, Counters(sell_reserved=4_050)), asked(SELL, Counters(sell_reserved=4_051))),
        (asked(REPO), asked(SELL._replace(symbol="600001.SH"))),
    ),
    "ODD_LOT_NOT_WHOLE": (
        (asked(SELL._replace(quantity=50)), asked(SELL._replace(quantity=49))),
        (asked(SELL._replace(quantity=1_050)), asked(SELL._replace(quantity=1_049))),
    ),
}


@pytest.mark.parametrize("code", EDGES)
def test_a_limit_allows_its_own_value_and_nothing_above(code: str) -> None:
    for allowed, denied in EDGES[code]:
        assert breach(allowed) is None
        found = breach(denied)
        assert found is not None
        assert found.code == code
        for text in (found.message, found.message_zh):
            assert not re.search(r"\{\w+\}", text), text


def test_every_check_has_its_edges_and_its_texts() -> None:
    assert [check.code for check in CHECKS] == list(EDGES)
    assert {check.code for check in CHECKS} <= REASONS.keys()


def test_what_is_not_known_denies() -> None:
    assert breach(asked()) is None
    old = BALANCE._replace(asked_at=NOW - timedelta(seconds=61))
    ahead = BALANCE._replace(asked_at=NOW + timedelta(seconds=1))
    stale = QUOTE._replace(at=NOW - timedelta(seconds=31))
    for case, code in (
        (replace(asked(), counters=Counters()), "BALANCE_NOT_KNOWN"),
        (asked(counters=Counters(balance=old)), "BALANCE_NOT_KNOWN"),
        (asked(counters=Counters(balance=ahead)), "BALANCE_NOT_KNOWN"),
        (asked(quote=None), "QUOTE_MISSING"),
        (asked(quote=QUOTE._replace(prev_close=None), price_from_last_percent_max=D(50)), "QUOTE_MISSING"),
        (asked(quote=stale), "QUOTE_STALE"),
    ):
        found = breach(case)
        assert found is not None
        assert found.code == code
        assert not re.search(r"\{\w+\}", found.message + found.message_zh)
        assert balance_is_old(case) is (code == "BALANCE_NOT_KNOWN")


def test_only_the_checks_whose_needs_are_named_are_asked() -> None:
    nothing_known = Asked(BUY, WIDE, NOW)
    assert breach(nothing_known, frozenset({Need.ROW, Need.PAST})) is None
    assert breach(nothing_known, frozenset({Need.QUOTE})) is not None
    late = replace(nothing_known, limits=WIDE._replace(orders_per_day_max=0))
    assert breach(late, frozenset({Need.ROW})) is None


def test_the_first_check_of_the_table_answers() -> None:
    found = breach(asked(order_value_cny_max=D(1), order_quantity_max=1, orders_per_day_max=0))
    assert found is not None
    assert found.code == "ORDER_QUANTITY_ABOVE_LIMIT"


def test_a_full_second_makes_wait_and_does_not_deny() -> None:
    full = asked(counters=Counters(last_second=3), orders_per_second_max=3)
    assert must_wait(full)
    assert breach(full) is None
    assert not must_wait(asked(counters=Counters(last_second=2), orders_per_second_max=3))
