"""Lots, odd lots, sizes and ticks by market and day; and that the simulated counter, which has its own, agrees."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filebridge.domain import sides
from filebridge.domain.market_rules import CHECKS, RULES, breach, rule_of
from filebridge.domain.orders import AccountType, OrderTerms, OrderType, Side
from filebridge.domain.symbols import instrument_kind
from filebridge.simulator.books import Books
from filebridge.simulator.counter import REJECTIONS, Counter, Ticket
from filebridge.simulator.fees import Fees
from filebridge.simulator.market import Market
from tests.unit.test_lifecycle import TERMS

MAIN, CHINEXT, STAR, BSE = "600000.SH", "300750.SZ", "688981.SH", "430047.BJ"
FUND, LOF, BOND, REPO = "510300.SH", "161725.SZ", "113050.SH", "204001.SH"
SYMBOLS = (MAIN, "000001.SZ", CHINEXT, STAR, BSE, FUND, "159915.SZ", LOF, BOND, "127050.SZ", REPO, "131810.SZ")
DAY = date(2026, 11, 20)
QUANTITIES = st.one_of(
    st.integers(1, 1_200_000),
    st.builds(
        lambda edge, off: max(edge + off, 1),
        st.sampled_from((10, 100, 200, 1_000, 50_000, 100_000, 150_000, 300_000, 1_000_000)),
        st.sampled_from((-100, -10, -1, 0, 1, 10, 100)),
    ),
)
PRICES = st.integers(1, 2_000_000).map(lambda units: Decimal(units) / 10_000)


def order(symbol: str, side: str, quantity: int, price: str | Decimal = "10", day: date = DAY) -> OrderTerms:
    return TERMS._replace(symbol=symbol, side=Side(side), quantity=quantity, limit_price=Decimal(price), trade_date=day)


def said(symbol: str, side: str, quantity: int, price: str = "10", available: int | None = None) -> tuple[str, str]:
    found = breach(order(symbol, side, quantity, price), available_qty=available)
    return (found.code, found.context["nearest"]) if found else ("", "")


@pytest.mark.parametrize(
    ("symbol", "side", "quantity", "price", "code", "nearest"),
    [
        (MAIN, "BUY", 100, "10.51", "", ""),
        (MAIN, "BUY", 1, "10.51", "QUANTITY_BELOW_MINIMUM", "100"),
        (MAIN, "BUY", 199, "10.51", "QUANTITY_NOT_IN_LOTS", "100 / 200"),
        (MAIN, "BUY", 1_000_000, "10.51", "", ""),
        (MAIN, "BUY", 1_000_001, "10.51", "QUANTITY_NOT_IN_LOTS", "1000000"),
        (MAIN, "BUY", 1_000_100, "10.51", "QUANTITY_ABOVE_MAXIMUM", "1000000"),
        (MAIN, "SELL", 1_000_001, "10.51", "QUANTITY_ABOVE_MAXIMUM", "1000000"),
        (MAIN, "BUY", 100, "10.515", "PRICE_NOT_ON_TICK", "10.51 / 10.52"),
        (MAIN, "BUY", 100, "0.001", "PRICE_NOT_ON_TICK", "0.01"),
        (MAIN, "BUY", 100, "10.510", "", ""),
        (CHINEXT, "BUY", 300_000, "10", "", ""),
        (CHINEXT, "BUY", 300_100, "10", "QUANTITY_ABOVE_MAXIMUM", "300000"),
        (STAR, "BUY", 199, "10", "QUANTITY_BELOW_MINIMUM", "200"),
        (STAR, "BUY", 201, "10", "", ""),
        (STAR, "BUY", 100_001, "10", "QUANTITY_ABOVE_MAXIMUM", "100000"),
        (BSE, "BUY", 99, "10", "QUANTITY_BELOW_MINIMUM", "100"),
        (BSE, "BUY", 101, "10", "", ""),
        (FUND, "BUY", 150, "4.001", "QUANTITY_NOT_IN_LOTS", "100 / 200"),
        (FUND, "BUY", 100, "4.0015", "PRICE_NOT_ON_TICK", "4.001 / 4.002"),
        (LOF, "BUY", 100, "0.812", "", ""),
        (BOND, "BUY", 10, "118.401", "", ""),
        (BOND, "BUY", 15, "118.401", "QUANTITY_NOT_IN_LOTS", "10 / 20"),
        (REPO, "SELL", 10, "1.855", "", ""),
        (REPO, "SELL", 15, "1.855", "QUANTITY_NOT_IN_LOTS", "10 / 20"),
        (REPO, "SELL", 10, "1.851", "PRICE_NOT_ON_TICK", "1.85 / 1.855"),
        ("IF2612.IF", "BUY_OPEN", 21, "4000.2", "QUANTITY_ABOVE_MAXIMUM", "20"),
        ("IF2612.IF", "SELL_OPEN", 20, "4000.1", "PRICE_NOT_ON_TICK", "4000 / 4000.2"),
        ("10004358.SHO", "BUY_OPEN", 50, "0.05671", "PRICE_NOT_ON_TICK", "0.0567 / 0.0568"),
        ("787001.SH", "SUBSCRIBE", 700, "10.5", "QUANTITY_NOT_IN_LOTS", "500 / 1000"),
        # What never meets the market has no lots and no ticks.
        (MAIN, "DIRECT_RETURN", 101, "10", "", ""),
    ],
)
def test_the_rules_of_today(symbol: str, side: str, quantity: int, price: str, code: str, nearest: str) -> None:
    assert said(symbol, side, quantity, price) == (code, nearest)


@pytest.mark.parametrize(
    ("symbol", "quantity", "available", "code", "nearest"),
    [
        # Nobody knows the position: any odd lot may be the whole of it.
        (MAIN, 50, None, "", ""),
        (MAIN, 50, 1_050, "", ""),
        (MAIN, 1_050, 1_050, "", ""),
        (MAIN, 950, 1_050, "", ""),
        (MAIN, 40, 1_050, "ODD_LOT_NOT_WHOLE", "50 / 100"),
        (MAIN, 150, 1_000, "ODD_LOT_NOT_WHOLE", "100 / 200"),
        (MAIN, 50, 30, "ODD_LOT_NOT_WHOLE", "30"),
        (STAR, 150, 150, "", ""),
        (STAR, 150, 151, "ODD_LOT_NOT_WHOLE", "151"),
        (STAR, 150, 350, "ODD_LOT_NOT_WHOLE", "200"),
        (STAR, 201, 350, "", ""),
        (BOND, 3, 33, "", ""),
        (BOND, 4, 33, "ODD_LOT_NOT_WHOLE", "3 / 10"),
        (REPO, 10, 0, "", ""),
    ],
)
def test_an_odd_lot_is_sold_whole(symbol: str, quantity: int, available: int | None, code: str, nearest: str) -> None:
    assert said(symbol, "SELL", quantity, available=available) == (code, nearest)


def test_a_rule_holds_from_its_day_on_and_the_older_one_before() -> None:
    before, after = date(2020, 8, 23), date(2020, 8, 24)
    assert breach(order(CHINEXT, "BUY", 1_000_000, day=before)) is None
    assert breach(order(CHINEXT, "BUY", 1_000_000, day=after)) is not None
    assert breach(order(REPO, "SELL", 10, "1.8", day=date(2022, 5, 15))) is not None
    assert breach(order(REPO, "SELL", 10, "1.8", day=date(2022, 5, 16))) is None
    assert rule_of(MAIN, date(1990, 12, 19)) == rule_of(MAIN, DAY)


def test_market_orders_have_a_largest_size_of_their_own() -> None:
    rule = rule_of(STAR, DAY)
    assert rule is not None
    assert (rule.limit_max, rule.market_max) == (100_000, 50_000)
    assert rule.quantity_max(OrderType.LIMIT) == 100_000


def test_every_tradable_kind_has_its_rule_and_every_rule_its_market() -> None:
    assert {instrument_kind(symbol) for symbol in SYMBOLS} == {rule.kind for rule in RULES}
    assert {rule_of(symbol, rule.since) for symbol in SYMBOLS for rule in RULES} >= set(RULES)


@given(st.sampled_from(SYMBOLS), QUANTITIES, PRICES)
def test_what_is_named_as_nearest_is_allowed(symbol: str, quantity: int, price: Decimal) -> None:
    """Following the remedies one after the other ends with an order that breaks no rule."""
    for near in (0, -1):
        asked = order(symbol, "BUY", quantity, price)
        for _ in CHECKS:
            found = breach(asked)
            if found is None:
                break
            value = found.context["nearest"].split(" / ")[near]
            column = {"SIDE": "side", "QUANTITY": "quantity", "PRICE": "limit_price"}[found.code.split("_")[0]]
            asked = asked._replace(**{column: {"side": Side, "quantity": int, "limit_price": Decimal}[column](value)})
        assert breach(asked) is None


# ---- beside the simulated counter

ASKED_OF_BOTH = ("QUANTITY_BELOW_MINIMUM", "QUANTITY_NOT_IN_LOTS", "QUANTITY_ABOVE_MAXIMUM", "PRICE_NOT_ON_TICK")
WORDS = tuple(REJECTIONS[code].split("]")[0] for code in (*ASKED_OF_BOTH, "SYMBOL_NOT_FOR_BUSINESS"))
HELD = {MAIN: 2_000_050, STAR: 150, BSE: 199, BOND: 2_003, CHINEXT: 1_000_000, FUND: 99}


EDGES = (1, 5, 10, 50, 99, 100, 150, 199, 200, 1_000, 50_000, 100_000, 150_000, 300_000, 1_000_000, 2_000_050)
EDGE_QUANTITIES = sorted({edge + off for edge in EDGES for off in (-100, -10, -1, 0, 1, 10, 100) if edge + off > 0})
MARKET = Market()


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_counter_refuses_what_we_deny_and_nothing_else(symbol: str) -> None:
    instrument = MARKET.instrument(symbol)
    assert instrument is not None
    held = HELD.get(symbol, 0)
    for side, quantity, off in product(("BUY", "SELL"), EDGE_QUANTITIES, (0, 1, 5, 10)):
        books = Books()
        books.apply(["open", DAY.isoformat(), [["1", 2, 10**17]], [["1", symbol, held, held, 1]] if held else []])
        counter = Counter(MARKET, books, fees=Fees(), on_order=lambda order, status: None, on_fill=lambda fill: None)
        # Within the day's limits, in thousandths of a yuan.
        price = MARKET.quote(instrument).last + off
        placed = counter.place(Ticket("1", symbol, side, quantity, "LIMIT", price, "", "T"), 1, 0)
        asked = order(symbol, side, quantity, Decimal(price) / 1000)
        ours = sides.breach(asked, AccountType.STOCK) or breach(asked, available_qty=held)
        if symbol == "131810.SZ" and off % 5:
            # Sources differ on this tick: the counter takes the coarser one, and we leave it to the exchange.
            assert ours is None or ours.code != "PRICE_NOT_ON_TICK"
        else:
            assert placed.message.startswith(WORDS) is (ours is not None), (side, quantity, off, placed.message, ours)
