"""The whole counter but its sockets, with its time given: the same requests in the same market give the same files."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from filebridge.simulator import accounts as b
from filebridge.simulator.accounts import Order
from filebridge.simulator.desk import Desk
from filebridge.simulator.exchange_clock import SHANGHAI, ExchangeClock
from filebridge.simulator.faults import Faults
from filebridge.simulator.instruments import Instruments
from filebridge.simulator.market import Market, Offer
from filebridge.simulator.matching import Depth
from filebridge.simulator.prices import Said, WalkingPrices, still
from filebridge.simulator.replay import Replay

ACCOUNT, OPTIONS, SESSION = "10001", "60006", 1
STOCK, SHENZHEN, STAR, BOND = "600000.SH", "000001.SZ", "688981.SH", "113050.SH"
SYMBOLS = (STOCK, SHENZHEN, STAR, BOND)
FILES = ("journal.jsonl", "books.jsonl")
MONDAY = datetime(2026, 1, 5, tzinfo=SHANGHAI)
LIMIT, BEST5_CANCEL, BEST5_LIMIT, PEER_BEST, OWN_BEST, IMMEDIATE_OR_CANCEL, FILL_OR_KILL = 11, 42, 43, 44, 45, 46, 48
WALK = 'prices = "walk"\nseed = {}\n'
EXCHANGE = 'prices = "walk"\nhours = "exchange"\n'

Request = list[Any]


def userdata_of(folder: Path, counter_toml: str) -> Path:
    folder.mkdir()
    accounts = f"account,account_type,cash\n{ACCOUNT},STOCK,100000000\n{OPTIONS},STOCK_OPTION,100000\n"
    (folder / "accounts.csv").write_text(accounts, encoding="utf-8")
    rows = [f"{ACCOUNT},{symbol},200000,200000,10" for symbol in SYMBOLS]
    holdings = "\n".join(("account,symbol,quantity,available_qty,avg_cost", *rows))
    (folder / "holdings.csv").write_text(holdings + "\n", encoding="utf-8")
    (folder / "counter.toml").write_text(counter_toml, encoding="utf-8")
    return folder


def order(symbol: str, side: str, quantity: int, price: float, price_type: int = LIMIT) -> Request:
    return ["order", 1, 2, ACCOUNT, symbol, {"BUY": 23, "SELL": 24}[side], quantity, price_type, price, "s", "TAG"]


def cancel(number: int) -> Request:
    return ["cancel", 1, 2, ACCOUNT, number, 0, ""]


def stream(seconds: int) -> Iterable[tuple[datetime, list[Request]]]:
    """Groups of requests with their times, from the afternoon on: orders of many kinds, and cancels."""
    dice, now, number = random.Random(4), MONDAY + timedelta(hours=14), 0
    end = now + timedelta(seconds=seconds)
    instruments = Instruments()
    while now < end:
        now += timedelta(milliseconds=dice.randrange(8_000))
        requests: list[Request] = []
        for _ in range(dice.randrange(3)):
            number += 1
            if dice.random() < 0.15:
                requests.append(cancel(dice.randrange(1, number + 1)))
                continue
            symbol = dice.choice(SYMBOLS)
            instrument = instruments.get(symbol)
            assert instrument is not None
            close, tick = still(instrument).prev_close, instrument.board.tick
            price = close * dice.randrange(92, 109) // 100 // tick * tick / 1000
            price_type = dice.choice((LIMIT, LIMIT, BEST5_CANCEL, PEER_BEST, OWN_BEST, FILL_OR_KILL))
            side, quantity = dice.choice(("BUY", "SELL")), dice.choice((200, 1_000, 5_000, 40_000))
            requests.append(order(symbol, side, quantity, price if price_type == LIMIT else 0, price_type))
        yield now, requests


def driven(folder: Path, seconds: int, *, restart_at: int | None = None) -> Path:
    """The folder after the stream; with a restart of the counter after so many of its groups."""
    desk = Desk(folder, Faults(), MONDAY)
    for number, (now, requests) in enumerate(stream(seconds)):
        desk.handle(SESSION, requests, now)
        if number == restart_at:
            desk.close()
            desk = Desk(folder, Faults(), now)
    desk.close()
    return folder


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


def fills(folder: Path) -> list[list[Any]]:
    lines = (folder / "books.jsonl").read_text(encoding="utf-8").splitlines()
    return [record for line in lines if (record := json.loads(line))[0] == "fill"]


def replayed(folder: Path, turn: int = 1) -> Path:
    """Its market is a file of prices that wander around each symbol's close."""
    dice, rows, instruments = random.Random(turn), [], Instruments()
    for second in range(0, 1_200, 5):
        for symbol in SYMBOLS:
            instrument = instruments.get(symbol)
            assert instrument is not None
            close, tick = still(instrument).prev_close, instrument.board.tick
            last = close * dice.randrange(970, 1031) // 1000 // tick * tick
            clock = (MONDAY + timedelta(hours=14, seconds=second)).time().isoformat()
            rows.append(f"{symbol},{clock},{last / 1000},{close / 1000},{dice.randrange(1, 300) * 100}")
    userdata_of(folder, 'prices = "replay"\nreplay = "ticks.csv"\n')
    text = "\n".join(("symbol,time,last,prev_close,volume", *rows)) + "\n"
    (folder / "ticks.csv").write_text(text, encoding="utf-8")
    return folder


def test_the_same_seed_gives_the_same_fills_byte_for_byte(tmp_path: Path) -> None:
    first, second, other = (
        driven(userdata_of(tmp_path / name, WALK.format(seed)), 1_200)
        for name, seed in (("first", 1), ("second", 1), ("other", 2))
    )
    assert len(fills(first)) > 100
    assert contents(first) == contents(second)
    # The requests were the same, the market was not.
    assert contents(first)[0] == contents(other)[0]
    assert fills(first) != fills(other)


def test_the_same_replay_gives_the_same_fills_byte_for_byte(tmp_path: Path) -> None:
    first, second = (driven(replayed(tmp_path / name), 1_200) for name in ("first", "second"))
    other = driven(replayed(tmp_path / "other", turn=2), 1_200)
    assert len(fills(first)) > 100
    assert contents(first) == contents(second)
    assert fills(first) != fills(other)


@pytest.mark.parametrize("restart_at", [40, 41, 150])
def test_a_restart_in_mid_day_changes_nothing(tmp_path: Path, restart_at: int) -> None:
    """Books, ids and prices go on, and what was taken from the depth is still gone."""
    steady = driven(userdata_of(tmp_path / "steady", WALK.format(1)), 900)
    again = driven(userdata_of(tmp_path / "again", WALK.format(1)), 900, restart_at=restart_at)
    assert contents(steady) == contents(again)


def test_no_fill_is_beyond_a_daily_limit_or_worse_than_its_order(tmp_path: Path) -> None:
    folder = driven(userdata_of(tmp_path / "home", WALK.format(5)), 1_200)
    prices, instruments = WalkingPrices(5, 3, 1, ExchangeClock()), Instruments()
    orders: dict[int, list[Any]] = {}
    for line in (folder / "books.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record[0] == "order":
            orders[record[1]] = record
        if record[0] == "fill":
            _, _, _, symbol, side, _, _, limit, *_ = orders[record[1]]
            instrument, price = instruments.get(symbol), record[4]
            assert instrument is not None
            quote = prices.shown(instrument, datetime.fromtimestamp(record[-1], SHANGHAI), Said()).quote
            assert quote.limit_down <= price <= quote.limit_up
            assert price % instrument.board.tick == 0
            assert price <= limit if side == "BUY" else price >= limit


class Floor:
    """A desk whose clock is turned by hand, and its newest order."""

    def __init__(self, folder: Path, counter_toml: str, clock: str) -> None:
        self.now, self._folder = at(clock), userdata_of(folder, counter_toml)
        self.desk = Desk(self._folder, Faults(), self.now)

    def restart(self) -> None:
        self.desk.close()
        self.desk = Desk(self._folder, Faults(), self.now)

    def go_to(self, clock: str) -> "Floor":
        self.now = at(clock)
        self.desk.tick(self.now)
        return self

    def place(self, *terms: Any) -> Order:
        self.desk.handle(SESSION, [order(*terms)], self.now)
        return next(reversed(self.desk.counter.books.orders.values()))

    def cancel(self, working: Order) -> None:
        self.desk.handle(SESSION, [cancel(working.broker_order_id)], self.now)

    def depth(self, symbol: str) -> Any:
        instrument = self.desk.market.instrument(symbol)
        assert instrument is not None
        return self.desk.market.depth(instrument)

    def last(self, symbol: str) -> float:
        instrument = self.desk.market.instrument(symbol)
        assert instrument is not None
        return self.desk.market.quote(instrument).last / 1000

    def fills(self, filled: Order) -> list[tuple[int, int]]:
        told = self.desk.counter.books.accounts[ACCOUNT].fills
        return [(fill.last_qty, fill.last_price) for fill in told if fill.order is filled]


NewFloor = Callable[[str, str], Floor]


@pytest.fixture
def new_floor(tmp_path: Path) -> Iterator[NewFloor]:
    floors: list[Floor] = []

    def build(counter_toml: str, clock: str) -> Floor:
        floors.append(Floor(tmp_path / f"home-{len(floors)}", counter_toml, clock))
        return floors[-1]

    yield build
    for floor in floors:
        floor.desk.close()


def at(clock: str) -> datetime:
    day, _, time = clock.rpartition(" ")
    return datetime.fromisoformat(f"{day or MONDAY.date()} {time}").replace(tzinfo=SHANGHAI)


def test_an_order_takes_the_depth_level_by_level_and_leaves_less_to_the_next(new_floor: NewFloor) -> None:
    floor = new_floor(WALK.format(1), "10:00:00")
    asks = floor.depth(STOCK).asks
    wanted = asks[0].quantity + asks[1].quantity + 100
    first = floor.place(STOCK, "BUY", wanted, asks[2].price / 1000)
    assert floor.fills(first) == [
        (asks[0].quantity, asks[0].price),
        (asks[1].quantity, asks[1].price),
        (100, asks[2].price),
    ]
    assert floor.depth(STOCK).asks[0] == (asks[2].price, asks[2].quantity - 100)
    rest = floor.place(STOCK, "BUY", asks[2].quantity, asks[2].price / 1000)
    assert (rest.status, rest.leaves_qty) == (b.PARTIALLY_FILLED, 100)
    # The next tick brings new depth; while the market falls, the remainder is filled.
    assert floor.go_to("10:00:03").depth(STOCK).asks[0].quantity > 0


def test_what_was_taken_is_still_gone_after_a_restart(new_floor: NewFloor) -> None:
    floor = new_floor(WALK.format(1), "10:00:00")
    asks = floor.depth(STOCK).asks
    placed = floor.place(STOCK, "BUY", asks[0].quantity + 100, asks[0].price / 1000)
    left = floor.depth(STOCK)
    floor.restart()
    assert floor.depth(STOCK) == left
    assert floor.desk.counter.books.orders[placed.broker_order_id] == placed
    floor.go_to("10:00:03")
    assert floor.depth(STOCK) != left


@pytest.mark.parametrize(
    ("symbol", "price_type", "levels", "more", "status"),
    [
        (STOCK, BEST5_CANCEL, 5, 100, b.PARTIALLY_CANCELED),
        (STOCK, BEST5_LIMIT, 5, 100, b.PARTIALLY_FILLED),
        (STOCK, PEER_BEST, 1, 100, b.PARTIALLY_FILLED),
        (STOCK, OWN_BEST, 0, 100, b.REPORTED),
        (SHENZHEN, IMMEDIATE_OR_CANCEL, 5, 100, b.PARTIALLY_CANCELED),
        (SHENZHEN, FILL_OR_KILL, 2, 0, b.FILLED),
        (SHENZHEN, FILL_OR_KILL, 5, 100, b.CANCELED),
    ],
)
def test_market_orders_by_their_definitions(
    new_floor: NewFloor, symbol: str, price_type: int, levels: int, more: int, status: int
) -> None:
    floor = new_floor(WALK.format(1), "10:00:00")
    depth = floor.depth(symbol)
    there = [(level.quantity, level.price) for level in depth.asks[:levels]]
    placed = floor.place(symbol, "BUY", sum(quantity for quantity, _ in there) + more, 0, price_type)
    assert placed.status == status
    assert floor.fills(placed) == ([] if status == b.CANCELED else there)
    if placed.leaves_qty:
        assert placed.limit_price == (there[-1][1] if there else depth.bids[0].price)


def test_a_protective_price_holds(new_floor: NewFloor) -> None:
    floor = new_floor(WALK.format(1), "10:00:00")
    asks = floor.depth(STOCK).asks
    placed = floor.place(STOCK, "BUY", 200_000, asks[1].price / 1000, BEST5_CANCEL)
    assert floor.fills(placed) == [(level.quantity, level.price) for level in asks[:2]]


def test_an_opening_auction_trades_at_one_price(new_floor: NewFloor) -> None:
    floor = new_floor(EXCHANGE, "09:16:00")
    up, down = floor.last(STOCK) * 1.05, floor.last(STOCK) * 0.95
    buys = [floor.place(STOCK, "BUY", 30_000, round(up, 2)), floor.place(STOCK, "BUY", 10_000, round(up, 2))]
    sell = floor.place(STOCK, "SELL", 40_000, round(down, 2))
    away = floor.place(STOCK, "BUY", 1_000, round(down, 2))
    gone = floor.place(STOCK, "BUY", 1_000, round(up, 2))
    assert {each.status for each in (*buys, sell, away, gone)} == {b.REPORTED}
    floor.cancel(gone)
    assert gone.status == b.CANCELED
    assert "市价委托" in floor.place(STOCK, "BUY", 100, 0, BEST5_CANCEL).message
    floor.go_to("09:20:00").cancel(sell)
    assert sell.status == b.REPORTED
    floor.go_to("09:25:00")
    assert {each.status for each in (*buys, sell)} == {b.FILLED}
    prices = {price for each in (*buys, sell) for _, price in floor.fills(each)}
    assert len(prices) == 1
    assert away.status == b.REPORTED
    assert "当前时间不允许委托" in floor.place(STOCK, "BUY", 100, floor.last(STOCK)).message
    floor.cancel(away)
    assert away.status == b.CANCELED


@pytest.mark.parametrize(("symbol", "price"), [(STOCK, 10_200), (SHENZHEN, 10_100)])
def test_of_several_auction_prices_shanghai_takes_the_middle_and_shenzhen_the_nearest(
    tmp_path: Path, symbol: str, price: int
) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text(f"symbol,time,last,prev_close\n{symbol},09:30:00,10.00,10.00\n", encoding="utf-8")
    market = Market(source=Replay(path, Instruments(), 60))
    instrument = market.instrument(symbol)
    assert instrument is not None
    market.advance(at("09:25:00"), [])
    assert market.depth(instrument) == Depth()
    offers = [Offer("BUY", 10_300, 200), Offer("SELL", 10_100, 200), Offer("SELL", 10_400, 200)]
    assert market.auction(instrument, offers) == [(200, price), (200, price), (0, price)]


def test_a_day_at_the_exchange(new_floor: NewFloor) -> None:
    floor = new_floor(EXCHANGE, "10:00:00")
    assert floor.place(STOCK, "BUY", 100, round(floor.last(STOCK) * 1.02, 2)).status == b.FILLED
    closing = floor.go_to("14:58:00").place(STOCK, "BUY", 100, round(floor.last(STOCK) * 1.02, 2))
    floor.cancel(closing)
    assert closing.status == b.REPORTED
    floor.go_to("15:00:00")
    assert closing.status == b.FILLED
    assert floor.place(STAR, "SELL", 200, floor.last(STAR)).status == b.REJECTED
    after = floor.go_to("15:05:00").place(STAR, "SELL", 200, round(floor.last(STAR) * 0.99, 2))
    assert floor.fills(after) == [(200, round(floor.last(STAR) * 1000))]
    assert floor.place(STOCK, "SELL", 200, floor.last(STOCK)).status == b.REJECTED
    floor.go_to("2026-01-10 10:00:00")
    assert floor.place(STOCK, "BUY", 100, floor.last(STOCK)).status == b.REJECTED


def test_what_the_close_leaves_has_no_part_in_the_trade_after_hours(new_floor: NewFloor) -> None:
    floor = new_floor(EXCHANGE, "14:58:00")
    low = round(floor.last(STAR) * 0.9, 2)
    for _ in range(2):
        left = floor.place(STAR, "SELL", 100_000, low)
    floor.go_to("15:00:00")
    assert left.leaves_qty > 0
    filled_qty = left.filled_qty
    assert floor.go_to("15:06:00").place(STAR, "BUY", 200, floor.last(STAR)).status == b.FILLED
    assert left.filled_qty == filled_qty


def test_orders_can_be_held_until_the_next_session_of_the_day(new_floor: NewFloor) -> None:
    floor = new_floor(EXCHANGE + 'closed = "hold"\n', "08:00:00")
    early = floor.place(STOCK, "BUY", 100, round(floor.last(STOCK) * 1.05, 2))
    assert early.status == b.REPORTED
    floor.go_to("09:25:00")
    assert early.status == b.FILLED
    noon = floor.go_to("12:00:00").place(STOCK, "BUY", 100, round(floor.last(STOCK) * 1.05, 2))
    assert noon.status == b.REPORTED
    floor.go_to("13:00:00")
    assert noon.status == b.FILLED
    assert floor.go_to("15:01:00").place(STOCK, "BUY", 100, floor.last(STOCK)).status == b.REJECTED


def test_an_option_is_priced_in_ten_thousandths(new_floor: NewFloor) -> None:
    floor = new_floor(WALK.format(1), "10:00:00")
    asks = floor.depth("10005183.SHO").asks
    terms = [6, OPTIONS, "10005183.SHO", 48, 1, LIMIT, asks[0].price / 10_000, "s", "TAG"]
    floor.desk.handle(SESSION, [["order", 1, *terms]], floor.now)
    told = floor.desk.counter.books.accounts[OPTIONS].fills
    assert [(fill.last_qty, fill.last_price) for fill in told] == [(1, asks[0].price)]


def test_an_account_that_the_file_names_later_is_opened_when_it_is_asked_for(tmp_path: Path) -> None:
    userdata, now = userdata_of(tmp_path / "userdata", ""), MONDAY + timedelta(hours=14)
    desk = Desk(userdata, Faults(), now)
    before = desk.counter.books.accounts[ACCOUNT].cash
    for row, opened in ((None, False), ("20002,STOCK,much", False), ("20002,STOCK,500", True)):
        if row:
            (userdata / "accounts.csv").write_text(f"account,account_type,cash\n{ACCOUNT},STOCK,1\n{row}\n")
        desk.handle(SESSION, [["subscribe", 1, 2, "20002"]], now)
        assert ("20002" in desk.counter.books.accounts) is opened
    desk.close()
    desk = Desk(userdata, Faults(), now)
    desk.close()
    again = desk.counter.books.accounts
    assert (again["20002"].cash, again[ACCOUNT].cash) == (500_000, before)
    assert again[ACCOUNT].positions.keys() == set(SYMBOLS)
