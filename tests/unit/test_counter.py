"""The counter alone: no process, no socket; time is given."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filebridge.simulator import accounts as b
from filebridge.simulator.accounts import Fill, Order
from filebridge.simulator.books import Books
from filebridge.simulator.counter import Counter, Ticket
from filebridge.simulator.fees import Fees
from filebridge.simulator.market import Market
from filebridge.simulator.money import exact_price, price

ACCOUNT = "10001"
CASH = 1_000_000_000
STOCK, BOND, STAR, BSE = "600000.SH", "113050.SH", "688981.SH", "430047.BJ"


class Desk:
    """Holds what the counter shows, step by step."""

    def __init__(self, market: Market | None = None, fees: Fees | None = None) -> None:
        self.market = market or Market()
        self.books = Books()
        self.opening = ["open", "2025-01-06", [[ACCOUNT, 2, CASH]], [[ACCOUNT, STOCK, 1_050, 1_050, 10_500_000]]]
        self.books.apply(self.opening)
        self.statuses: list[int] = []
        self.fills: list[Fill] = []
        self.numbers = count(1)
        self.counter = Counter(
            self.market, self.books, fees=fees or Fees(), on_order=self._order, on_fill=self.fills.append
        )

    def _order(self, order: Order, status: int) -> None:
        self.statuses.append(status)

    def place(self, symbol: str, side: str, quantity: int, limit: int | None, order_type: str = "LIMIT") -> Order:
        ticket = Ticket(ACCOUNT, symbol, side, quantity, order_type, limit, "strategy", "TAG")
        return self.counter.place(ticket, next(self.numbers), 0)

    def quote(self, symbol: str) -> Any:
        instrument = self.market.instrument(symbol)
        assert instrument is not None
        return self.market.quote(instrument)

    @property
    def account(self) -> b.Account:
        return self.books.accounts[ACCOUNT]


def assert_balanced(desk: Desk) -> None:
    """Nothing comes from nowhere: cash, frozen cash and shares add up to the opening and the fills."""
    account = desk.account
    cash, bought = CASH, {STOCK: 1_050}
    for fill in desk.fills:
        sign = 1 if fill.order.side == "BUY" else -1
        cash -= sign * fill.last_qty * fill.last_price + fill.commission
        bought[fill.order.symbol] = bought.get(fill.order.symbol, 0) + sign * fill.last_qty
    assert account.cash + account.frozen_cash == cash
    assert account.cash >= 0
    working = [order for order in desk.books.orders.values() if order.status not in b.FINAL]
    assert account.frozen_cash == sum(order.frozen_cash for order in working)
    assert account.frozen_cash >= 0
    for symbol, held in account.positions.items():
        assert held.quantity == bought.get(symbol, 0)
        assert held.quantity == held.available_qty + held.frozen_qty + held.unsettled_qty
        assert min(held.available_qty, held.frozen_qty, held.unsettled_qty, held.cost) >= 0
        selling = sum(o.leaves_qty for o in working if o.symbol == symbol and o.side == "SELL")
        assert held.frozen_qty == selling


def test_a_marketable_order_fills_at_the_last_price() -> None:
    desk = Desk()
    quote = desk.quote(STOCK)
    order = desk.place(STOCK, "BUY", 1_000, quote.limit_up)
    assert order.status == b.FILLED
    assert desk.statuses == [b.UNREPORTED, b.FILLED]
    assert [(fill.last_qty, fill.last_price) for fill in desk.fills] == [(1_000, quote.last)]
    assert order.counter_order_id == "00000001"
    assert_balanced(desk)


def test_an_order_away_from_the_market_rests_and_is_canceled() -> None:
    desk = Desk()
    order = desk.place(STOCK, "BUY", 1_000, desk.quote(STOCK).limit_down)
    assert order.status == b.REPORTED
    assert desk.account.frozen_cash == 1_000 * order.limit_price + Fees().total(1_000 * order.limit_price, "BUY",
        desk.market.instrument(STOCK).board)  # type: ignore[union-attr]  # fmt: skip
    assert_balanced(desk)
    assert desk.counter.cancel(order, ACCOUNT) == ""
    assert desk.statuses == [b.UNREPORTED, b.REPORTED, b.REPORTED_CANCELING, b.CANCELED]
    assert desk.account.cash == CASH
    assert "不能撤单" in desk.counter.cancel(order, ACCOUNT)
    assert "不存在" in desk.counter.cancel(None, ACCOUNT)
    assert "不存在" in desk.counter.cancel(order, "another")


def test_an_order_larger_than_the_market_fills_in_part() -> None:
    desk = Desk()
    desk.market.set_price(STOCK, last=5_000, prev_close=5_000)
    quote = desk.quote(STOCK)
    order = desk.place(STOCK, "BUY", quote.liquidity + 500, quote.last)
    assert (order.status, order.filled_qty, order.leaves_qty) == (b.PARTIALLY_FILLED, quote.liquidity, 500)
    assert_balanced(desk)
    assert desk.counter.cancel(order, ACCOUNT) == ""
    assert desk.statuses[-2:] == [b.PARTIALLY_FILLED_CANCELING, b.PARTIALLY_CANCELED]
    assert desk.account.frozen_cash == 0
    assert_balanced(desk)


def test_a_new_price_fills_resting_orders() -> None:
    desk = Desk()
    quote = desk.quote(STOCK)
    order = desk.place(STOCK, "BUY", 1_000, quote.last - 10)
    desk.market.set_price(STOCK, last=quote.last - 20)
    desk.counter.requote([STOCK], 0)
    assert order.status == b.FILLED
    assert desk.fills[0].last_price == quote.last - 20
    assert_balanced(desk)


REJECTED: list[tuple[str, str, int, str, str]] = [
    ("ABC", "BUY", 100, "last", "证券代码不存在"),
    ("600000.HK", "BUY", 100, "last", "证券代码不存在"),
    ("60000٠.SH", "BUY", 100, "last", "证券代码不存在"),
    (STOCK, "BUY", 0, "last", "委托数量必须大于0"),
    (STOCK, "BUY", -100, "last", "委托数量必须大于0"),
    (STOCK, "BUY", 150, "last", "委托数量必须是100的整数倍"),
    (STOCK, "BUY", 1_000_100, "last", "超过单笔最大"),
    (STAR, "BUY", 199, "last", "低于最小申报数量"),
    (BOND, "BUY", 15, "last", "委托数量必须是10的整数倍"),
    (STOCK, "BUY", 100, "none", "委托价格不合法"),
    (STOCK, "BUY", 100, "zero", "委托价格不合法"),
    (STOCK, "BUY", 100, "off tick", "最小变动价位"),
    (STOCK, "BUY", 100, "above", "价格超出涨跌停"),
    (STOCK, "SELL", 100, "below", "价格超出涨跌停"),
    (STOCK, "BUY", 900_000, "up", "资金可用数不足"),
    (STOCK, "SELL", 1_100, "last", "证券可用数量不足"),
    (STOCK, "SELL", 75, "last", "委托数量必须是100的整数倍"),
    (BOND, "SELL", 10, "last", "证券可用数量不足"),
]


@pytest.mark.parametrize(("symbol", "side", "quantity", "at", "text"), REJECTED)
def test_rejections_carry_the_counters_words(symbol: str, side: str, quantity: int, at: str, text: str) -> None:
    desk = Desk()
    quote = desk.quote(symbol if desk.market.instrument(symbol) else STOCK)
    limits = {
        "last": quote.last, "none": None, "zero": 0, "off tick": quote.last + 1, "above": quote.limit_up + 10,
        "below": quote.limit_down - 10, "up": quote.limit_up,
    }  # fmt: skip
    order = desk.place(symbol, side, quantity, limits[at])
    assert (order.status, order.leaves_qty) == (b.REJECTED, 0)
    assert text in order.message
    assert desk.statuses == [b.UNREPORTED, b.REJECTED]
    assert desk.account.cash == CASH
    assert_balanced(desk)


@pytest.mark.parametrize("quantity", [50, 1_000, 1_050, 150])
def test_an_odd_lot_is_sold_whole_only(quantity: int) -> None:
    desk = Desk()
    assert desk.place(STOCK, "SELL", quantity, desk.quote(STOCK).last).status == b.FILLED
    assert_balanced(desk)


def test_what_was_bought_today_is_sold_tomorrow_but_bonds_today() -> None:
    desk = Desk()
    for symbol in (STAR, BOND):
        desk.place(symbol, "BUY", 200, desk.quote(symbol).limit_up)
    assert desk.place(STAR, "SELL", 200, desk.quote(STAR).last).status == b.REJECTED
    assert desk.place(BOND, "SELL", 200, desk.quote(BOND).last).status == b.FILLED
    resting = desk.place(STOCK, "BUY", 100, desk.quote(STOCK).limit_down)
    desk.counter.settle("2025-01-07")
    assert resting.status == b.CANCELED
    assert desk.books.orders == {}
    assert desk.place(STAR, "SELL", 200, desk.quote(STAR).last).status == b.FILLED
    assert desk.books.trade_date == "2025-01-07"
    assert_balanced(desk)


@pytest.mark.parametrize(
    ("symbol", "order_type", "more", "status"),
    [
        (STOCK, "BEST5_CANCEL", 100, b.PARTIALLY_CANCELED),
        (STOCK, "BEST5_LIMIT", 100, b.PARTIALLY_FILLED),
        (STOCK, "LATEST", 0, b.FILLED),
        (STOCK, "OWN_BEST", 0, b.REPORTED),
        (STOCK, "FILL_OR_KILL", 0, b.REJECTED),
        ("000001.SZ", "FILL_OR_KILL", 100, b.CANCELED),
        ("000001.SZ", "FILL_OR_KILL", 0, b.FILLED),
        ("000001.SZ", "BEST5_LIMIT", 0, b.REJECTED),
    ],
)
def test_market_types(symbol: str, order_type: str, more: int, status: int) -> None:
    desk = Desk()
    liquidity = desk.quote(symbol).liquidity
    desk.market.set_price(symbol, last=5_000, prev_close=5_000)
    assert desk.place(symbol, "BUY", liquidity + more, 0, order_type).status == status
    assert_balanced(desk)


def test_commission_has_its_minimum_once_per_order() -> None:
    desk = Desk()
    quote = desk.quote(STOCK)
    desk.market.set_price(STOCK, last=quote.last + 10)
    order = desk.place(STOCK, "BUY", 200, quote.last)
    desk.market.set_price(STOCK, last=quote.last)
    desk.counter.requote([STOCK], 0)
    assert order.commission == 5_030  # with the transfer fee
    sold = desk.place(STOCK, "SELL", 1_000, quote.limit_down)
    amount = sold.filled_amount
    rated = [round(amount * rate / 10) * 10 for rate in (0.00025, 0.0005, 0.00001)]
    assert sold.commission == max(5_000, rated[0]) + rated[1] + rated[2]


def test_prices_are_the_same_everywhere_and_inside_the_limits() -> None:
    first, second = Market(), Market()
    for number in range(600_000, 601_000):
        instrument = first.instrument(f"{number}.SH")
        assert instrument is not None
        quote = first.quote(instrument)
        assert quote == second.quote(instrument)
        assert quote.limit_down <= quote.last <= quote.limit_up
        assert quote.last % 10 == quote.limit_up % 10 == 0
        assert 50_000 <= quote.liquidity <= 200_000


@pytest.mark.parametrize(
    ("symbol", "prev_close", "limit_down", "limit_up"),
    [
        (STOCK, 10_000, 9_000, 11_000),
        (STOCK, 10_050, 9_050, 11_060),  # 9.045 and 11.055, half up
        ("300750.SZ", 10_010, 8_010, 12_010),
        (BSE, 10_000, 7_000, 13_000),
        ("510300.SH", 3_995, 3_596, 4_395),
    ],
)
def test_daily_limits_round_half_up(symbol: str, prev_close: int, limit_down: int, limit_up: int) -> None:
    market = Market()
    assert market.set_price(symbol, last=prev_close, prev_close=prev_close)
    instrument = market.instrument(symbol)
    assert instrument is not None
    quote = market.quote(instrument)
    assert (quote.limit_down, quote.limit_up) == (limit_down, limit_up)


def test_market_csv_overrides_and_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "market.csv"
    market = Market(path)
    assert market.reread() == []
    path.write_text("﻿symbol,prev_close,last\n600000.SH,10.00,10.5\nnonsense,1,1\n600036.SH,x,1\n", encoding="utf-8")
    assert market.reread() == [STOCK]
    assert market.reread() == []
    instrument = market.instrument(STOCK)
    assert instrument is not None
    assert (market.quote(instrument).last, market.quote(instrument).limit_up) == (10_500, 11_000)


@pytest.mark.parametrize(
    ("value", "thousandths"),
    [(10.51, 10_510), (0.001, 1), (0.1 + 0.2, 300), (10.0005, None), (float("nan"), None), (float("inf"), None)],
)
def test_exact_price(value: float, thousandths: int | None) -> None:
    assert exact_price(value) == thousandths


@pytest.mark.parametrize("text", ["", "x", "NaN", "-1", "Infinity"])
def test_price_refuses_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        price(text)


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("place"),
            st.sampled_from([STOCK, BOND, STAR, BSE, "510300.SH"]),
            st.sampled_from(["BUY", "SELL"]),
            st.one_of(st.integers(-1, 40).map(lambda n: n * 50), st.integers(1, 300_000)),
            st.integers(-12, 12),
            st.sampled_from(["LIMIT", "LIMIT", "BEST5_CANCEL", "OWN_BEST", "LATEST"]),
        ),
        st.tuples(st.just("cancel"), st.integers(1, 30)),
        st.tuples(st.just("price"), st.sampled_from([STOCK, BOND, STAR, BSE]), st.integers(-8, 8)),
        st.tuples(st.just("settle")),
        st.tuples(st.just("forget"), st.integers(1, 30)),
    ),
    max_size=40,
)


def walk(desk: Desk, step: tuple[Any, ...], day: int) -> None:
    match step:
        case ("place", symbol, side, quantity, percent, order_type):
            quote = desk.quote(symbol)
            instrument = desk.market.instrument(symbol)
            assert instrument is not None
            tick = instrument.board.tick
            limit = quote.last * (100 + percent) // 100 // tick * tick
            desk.place(symbol, side, quantity, limit, order_type)
        case ("cancel", number):
            desk.counter.cancel(desk.books.orders.get(number), ACCOUNT)
        case ("price", symbol, percent):
            quote = desk.quote(symbol)
            instrument = desk.market.instrument(symbol)
            assert instrument is not None
            tick = instrument.board.tick
            desk.market.set_price(symbol, last=quote.prev_close * (100 + percent) // 100 // tick * tick)
            desk.counter.requote([symbol], 0)
        case ("settle",):
            desk.counter.settle(f"2025-02-{day:02d}")
        case ("forget", number):
            desk.counter.forget([number])


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(0, 3_000), st.integers(0, 10_000))
def test_books_balance_and_replay_to_the_same_whatever_happens(
    steps: list[tuple[Any, ...]], commission_ppm: int, commission_min: int
) -> None:
    desk = Desk(MARKET, Fees(commission_ppm=commission_ppm, commission_min=commission_min))
    for day, step in enumerate(steps, start=1):
        walk(desk, step, day)
        assert_balanced(desk)
    replayed = Books()
    for record in [desk.opening, *desk.counter.records]:
        replayed.apply(record)
    assert replayed.accounts == desk.books.accounts
    assert replayed.orders == desk.books.orders
    assert replayed.last_order_number == desk.books.last_order_number


# One market for all examples: reading the tables anew for each would take most of the time. Prices move inside it,
# which is all the same to what is tested.
MARKET = Market()
