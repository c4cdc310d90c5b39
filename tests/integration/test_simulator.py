"""The simulated counter as its own process, driven by the real, unmodified xttrader.py over the stand-in module."""

import importlib
import json
import os
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest

from filebridge.simulator import native, server
from filebridge.simulator.endpoint import FolderLock, Terminal, dial, read_terminal
from filebridge.simulator.exchange_clock import SHANGHAI
from filebridge.simulator.faults import control
from filebridge.simulator.journal import JOURNAL_FIELDS
from filebridge.simulator.market import Market

ACCOUNT, STOCK = "10001", "600000.SH"
DEADLINE_SECONDS = 60.0
CASH = 10_000_000.0


class NoUpdateCheck(MetaPathFinder):
    """`import xtquant` asks the network for a newer version if it finds these two; it shall not."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name in ("requests", "pkg_resources"):
            raise ImportError(name)


@pytest.fixture(scope="session")
def xttrader() -> Any:
    native.install()
    finder = NoUpdateCheck()
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module("xtquant.xttrader")
    finally:
        sys.meta_path.remove(finder)


@pytest.fixture
def userdata(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "用户数据"
    folder.mkdir()
    (folder / "accounts.csv").write_text(f"account,account_type,cash\n{ACCOUNT},STOCK,{CASH}\n20002,CREDIT,1\n")
    (folder / "holdings.csv").write_text(
        f"account,symbol,quantity,available_qty,avg_cost\n{ACCOUNT},600036.SH,2000,1500,31.25\n"
    )
    yield folder
    server.stop(folder)


@pytest.fixture
def counter(userdata: Path) -> Path:
    server.start(userdata, idle_seconds=30)
    return userdata


class Client:
    """A trader with a callback that keeps what it is told, in order; every call has a deadline."""

    def __init__(self, xttrader: Any, userdata: Path, session: int) -> None:
        self.heard: list[tuple[str, Any]] = []
        self._threads = ThreadPoolExecutor(4)
        keep = self.heard.append

        class Callback(xttrader.XtQuantTraderCallback):  # type: ignore[misc] # its base has no types
            def on_disconnected(self) -> None:
                keep(("disconnected", None))

            def __getattribute__(self, name: str) -> Any:
                if name.startswith("on_") and name != "on_disconnected":
                    return lambda told: keep((name.removeprefix("on_"), told))
                return super().__getattribute__(name)

        self.trader = self.call(xttrader.XtQuantTrader, str(userdata), session, Callback())
        # Built outside the main thread it lacks this, and its __del__ in the main thread would complain.
        self.trader.oldloop = None
        self.account = xttrader._XTTYPE_.StockAccount(ACCOUNT)
        self.trader.start()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return self._threads.submit(function, *arguments).result(DEADLINE_SECONDS)

    def log_in(self) -> "Client":
        assert self.call(self.trader.connect) == 0
        assert self.call(self.trader.subscribe, self.account) == 0
        return self

    def order(self, price: float, *, symbol: str = STOCK, side: int = 23, quantity: int = 1000, tag: str = "T") -> int:
        arguments = (self.account, symbol, side, quantity, 11, price, "strategy", tag)
        return int(self.call(self.trader.order_stock, *arguments))

    def order_async(self, price: float, *, quantity: int = 1000, tag: str = "T", account: Any = None) -> int:
        arguments = (account or self.account, STOCK, 23, quantity, 11, price, "strategy", tag)
        return int(self.call(self.trader.order_stock_async, *arguments))

    def told(self, kind: str) -> list[Any]:
        return [told for name, told in list(self.heard) if name == kind]

    def statuses(self) -> list[int]:
        return [order.order_status for order in self.told("stock_order")]

    def orders(self) -> list[Any]:
        return list(self.call(self.trader.query_stock_orders, self.account))

    def close(self) -> None:
        self.trader.stop()
        self.trader.loop.close()
        self._threads.shutdown(wait=False)


@pytest.fixture
def new_client(xttrader: Any, userdata: Path) -> Iterator[Callable[[], Client]]:
    clients: list[Client] = []

    def build() -> Client:
        clients.append(Client(xttrader, userdata, 100 + len(clients)))
        return clients[-1]

    yield build
    for client in clients:
        client.close()


@pytest.fixture
def client(counter: Path, new_client: Callable[[], Client]) -> Client:
    return new_client().log_in()


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_SECONDS
    pause = threading.Event()
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        pause.wait(0.005)
    raise AssertionError(f"never: {what}")


def quote(symbol: str = STOCK) -> Any:
    market = Market()
    instrument = market.instrument(symbol)
    assert instrument is not None
    return market.quote(instrument)


UP, DOWN, LAST = quote().limit_up / 1000, quote().limit_down / 1000, quote().last / 1000


def test_an_order_is_filled_and_everything_is_pushed(client: Client) -> None:
    seq = client.order_async(UP, tag="0123456789abcdefghij")
    until(lambda: client.told("order_stock_async_response"), "a response")
    assert [name for name, _ in client.heard] == [
        "stock_order", "stock_trade", "stock_order", "order_stock_async_response",
    ]  # fmt: skip
    response = client.told("order_stock_async_response")[0]
    assert (response.seq, response.order_remark, response.order_id > 0) == (seq, "0123456789abcdefghij", True)
    first, last = client.told("stock_order")
    assert (first.order_status, first.order_sysid, first.order_id) == (48, "", response.order_id)
    assert (last.order_status, last.traded_volume, last.traded_price, last.price_type) == (56, 1000, LAST, 50)
    assert last.order_sysid
    assert last.instrument_name == "浦发银行"
    trade = client.told("stock_trade")[0]
    assert (trade.traded_volume, trade.traded_price, trade.order_sysid) == (1000, LAST, last.order_sysid)
    assert (trade.m_strOrderRemark, trade.offset_flag) == ("0123456789abcdefghij", 48)
    assert trade.commission >= 5.0


def test_queries_agree_with_what_happened(client: Client) -> None:
    filled = client.order(UP)
    resting = client.order(DOWN)
    orders = {order.order_id: order for order in client.orders()}
    assert {number: order.order_status for number, order in orders.items()} == {filled: 56, resting: 50}
    call, trader, account = client.call, client.trader, client.account
    assert call(trader.query_stock_order, account, filled).order_id == filled
    assert [o.order_id for o in call(trader.query_stock_orders, account, True)] == [resting]
    trades = call(trader.query_stock_trades, account)
    assert [(t.order_id, t.traded_volume) for t in trades] == [(filled, 1000)]
    asset = call(trader.query_stock_asset, account)
    assert asset.cash + asset.frozen_cash == pytest.approx(CASH - 1000 * LAST - trades[0].commission)
    assert asset.frozen_cash == pytest.approx(1000 * DOWN + 5 + round(1000 * DOWN * 0.00001, 2))
    positions = {p.stock_code: p for p in call(trader.query_stock_positions, account)}
    assert (positions[STOCK].volume, positions[STOCK].can_use_volume) == (1000, 0)
    held = positions["600036.SH"]
    assert (held.volume, held.can_use_volume, held.avg_price) == (2000, 1500, 31.25)
    assert call(trader.query_stock_position, account, STOCK).on_road_volume == 1000
    assert {s.account_id: s.status for s in call(trader.query_account_status)} == {ACCOUNT: 0, "20002": 0}
    assert {i.account_id: i.account_type for i in call(trader.query_account_infos)} == {ACCOUNT: 2, "20002": 3}


def test_cancels_by_both_numbers_and_their_refusals(client: Client) -> None:
    first, second = client.order(DOWN), client.order(DOWN)
    assert client.call(client.trader.cancel_order_stock, client.account, first) == 0
    sysid = {order.order_id: order.order_sysid for order in client.orders()}[second]
    assert client.call(client.trader.cancel_order_stock_sysid, client.account, "SH", sysid) == 0
    assert [order.order_status for order in client.orders()] == [54, 54]
    until(lambda: client.statuses() == [48, 50, 48, 50, 51, 54, 51, 54], "the pushes of both cancels")
    assert client.call(client.trader.cancel_order_stock, client.account, first) == -1
    assert client.call(client.trader.cancel_order_stock, client.account, 999) == -1
    # One error waits inside xttrader.py for a response that it can belong to; an asynchronous cancel lets it out.
    client.call(client.trader.cancel_order_stock_async, client.account, first)
    until(lambda: client.told("cancel_error"), "the reason")
    assert "不能撤单" in client.told("cancel_error")[0].error_msg


def test_a_larger_order_is_filled_in_part(client: Client) -> None:
    client.order(LAST, quantity=quote().liquidity + 1000)
    until(lambda: client.statuses() == [48, 55], "the part")
    assert client.told("stock_order")[-1].traded_volume == quote().liquidity


def test_the_counter_rejects_and_the_terminal_refuses(client: Client, xttrader: Any) -> None:
    number = client.order(UP + 1)
    assert number > 0
    until(lambda: client.statuses() == [48, 57], "the rejection")
    assert "价格超出涨跌停" in client.told("stock_order")[-1].status_msg
    stranger = xttrader._XTTYPE_.StockAccount("99999")
    seq = client.order_async(UP, account=stranger, tag="WHO")
    until(lambda: client.told("order_error"), "the refusal")
    error = client.told("order_error")[0]
    assert (error.order_id, error.seq, error.order_remark) == (-1, seq, "WHO")
    assert "资金账号" in error.error_msg
    assert client.told("order_stock_async_response")[-1].order_id == -1


def test_a_half_character_crosses_as_it_is(client: Client) -> None:
    # Asynchronously: xttrader.py cannot read its response either, so a synchronous order would never return.
    client.order_async(DOWN, tag="汉" * 8)
    order = until(lambda: client.told("stock_order"), "a push")[0]
    with pytest.raises(UnicodeDecodeError):
        _ = order.order_remark
    assert client.told("order_stock_async_response") == []


def test_a_wrong_setting_keeps_the_counter_from_starting_and_is_named(userdata: Path) -> None:
    (userdata / "counter.toml").write_text('prices = "walk"\nsede = 1\n', encoding="utf-8")
    with pytest.raises(server.CounterNotStarted, match=r"counter.toml: unknown setting 'sede'; did you mean 'seed'"):
        server.start(userdata, idle_seconds=30)


def test_time_alone_brings_new_prices(userdata: Path, new_client: Callable[[], Client]) -> None:
    soon = datetime.now(SHANGHAI) + timedelta(seconds=1)
    rows = (f"{STOCK},2026-01-05 09:30:00,10.00,1000", f"{STOCK},{soon:%Y-%m-%d %H:%M:%S},9.90,1000")
    (userdata / "ticks.csv").write_text("\n".join(("symbol,time,last,volume", *rows, "")), encoding="utf-8")
    (userdata / "counter.toml").write_text('prices = "replay"\nreplay = "ticks.csv"\n', encoding="utf-8")
    server.start(userdata, idle_seconds=30)
    client = new_client().log_in()
    client.order(9.95)
    until(lambda: 56 in client.statuses(), "the fill")
    assert [trade.traded_price for trade in client.told("stock_trade")] == [9.90]


def test_a_user_moves_the_price_by_market_csv(client: Client, userdata: Path) -> None:
    client.order(DOWN)
    (userdata / "market.csv").write_text(f"symbol,prev_close,last\n{STOCK},,{DOWN}\n")
    until(lambda: client.told("stock_trade"), "a fill at the new price")
    assert client.told("stock_trade")[0].traded_price == DOWN


def test_the_journal_has_every_request(client: Client, userdata: Path) -> None:
    number = client.order(UP, tag="TAG")
    client.orders()
    lines = [json.loads(line) for line in (userdata / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["connect", "subscribe", "order", "query_orders"]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert all(tuple(line) == JOURNAL_FIELDS for line in lines)
    order = lines[2]
    del order["ts"], order["seq"]
    assert order == {
        "kind": "order", "account": ACCOUNT, "stock_code": STOCK, "order_type": 23, "order_volume": 1000,
        "price_type": 11, "price": UP, "strategy_name": "strategy", "order_remark": "TAG", "order_id": number,
    }  # fmt: skip
    assert datetime.fromisoformat(lines[0]["ts"]).utcoffset() == timedelta(hours=8)


def test_a_killed_counter_keeps_its_books(client: Client, counter: Path, new_client: Callable[[], Client]) -> None:
    before = [client.order(UP), client.order(DOWN)]
    asset = client.call(client.trader.query_stock_asset, client.account)
    killed = server.running(counter)
    assert killed is not None
    os.kill(killed, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    until(lambda: client.told("disconnected"), "the end of the connection")
    assert client.orders() == []
    assert client.order(UP) == -1
    assert server.running(counter) is None
    assert server.start(counter, idle_seconds=30) != killed
    assert client.call(client.trader.connect) == -1  # a lost connection never comes back
    again = new_client().log_in()
    assert {o.order_id: o.order_status for o in again.orders()} == dict(zip(before, [56, 50], strict=True))
    assert again.order(UP) not in before
    assert again.call(again.trader.cancel_order_stock, again.account, before[1]) == 0
    after = again.call(again.trader.query_stock_asset, again.account)
    assert after.cash < asset.cash + asset.frozen_cash
    assert len(client.told("disconnected")) == 1


def test_an_unfinished_last_line_is_dropped(client: Client, counter: Path, new_client: Callable[[], Client]) -> None:
    number = client.order(DOWN)
    server.stop(counter)
    for name in ("books.jsonl", "journal.jsonl"):
        with (counter / name).open("ab") as file:
            file.write(b'["order",77,"100')
    server.start(counter, idle_seconds=30)
    again = new_client().log_in()
    assert [order.order_id for order in again.orders()] == [number]
    assert again.order(DOWN) == number + 1


def test_an_id_that_only_the_journal_knows_is_not_given_again(client: Client, counter: Path) -> None:
    number = client.order(DOWN)
    server.stop(counter)
    journal = counter / "journal.jsonl"
    line = json.loads(journal.read_text(encoding="utf-8").splitlines()[-1])
    with journal.open("a") as file:
        file.write(json.dumps({**line, "seq": line["seq"] + 1, "kind": "order", "order_id": number + 5}) + "\n")
    server.start(counter, idle_seconds=30)
    terminal = read_terminal(counter)
    assert terminal is not None
    link, _ = dial(terminal, {"hello": "client", "session": 7}, DEADLINE_SECONDS)
    with link:
        link.sendall(json.dumps(["order", 1, 2, ACCOUNT, STOCK, 23, 100, 11, DOWN, "", ""]).encode() + b"\n")
        answer = json.loads(link.makefile().readline())
    assert answer[2][2] == number + 6


def test_without_a_terminal(userdata: Path, new_client: Callable[[], Client]) -> None:
    client = new_client()
    began = time.monotonic()
    assert client.call(client.trader.connect) == -1
    assert 2.9 < time.monotonic() - began < 6
    assert client.call(client.trader.subscribe, client.account) == -1
    assert client.orders() == []
    assert client.call(client.trader.query_stock_asset, client.account) is None
    assert client.order(UP) == -1
    assert client.call(client.trader.cancel_order_stock, client.account, 1) == -1
    assert client.order_async(UP, tag="TAG") > 0
    response = until(lambda: client.told("order_stock_async_response"), "a response")[0]
    # Without a terminal the real module does not repeat the remark.
    assert (response.order_id, response.order_remark) == (-1, "")


def test_what_is_asked_before_the_start_is_answered_by_the_start(xttrader: Any, counter: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        trader = threads.submit(xttrader.XtQuantTrader, str(counter), 5).result(DEADLINE_SECONDS)
    trader.oldloop = None
    answered: list[Any] = []
    trader.query_account_infos_async(answered.append)
    trader.start()
    trader.query_account_infos_async(answered.append)
    assert trader.connect() == 0
    trader.query_account_infos_async(answered.append)
    until(lambda: answered and answered[-1], "the answer to what was asked after the connecting")
    trader.stop()
    trader.loop.close()
    # Not connected yet, the first two had no terminal to ask. The very first answer is lost where it overtakes
    # xttrader's own start, which makes its executor only afterwards.
    assert answered[:-1] in ([[]], [[], []])
    assert len(answered[-1]) == 2


def test_a_session_id_is_connected_once(client: Client, xttrader: Any, counter: Path) -> None:
    twin = Client(xttrader, counter, 100)
    assert twin.call(twin.trader.connect) == -1
    twin.close()


# Faults


def test_a_lost_answer_leaves_the_order_live(client: Client, counter: Path) -> None:
    control(counter, drop_next_answers=1, drop_next_pushes=1)
    client.order_async(UP, tag="LOST")
    client.order_async(UP, tag="HEARD")
    until(lambda: client.told("order_stock_async_response"), "the second response")
    assert [r.order_remark for r in client.told("order_stock_async_response")] == ["HEARD"]
    assert {order.order_remark for order in client.told("stock_order")} == {"HEARD"}
    assert [order.order_remark for order in client.orders()] == ["LOST", "HEARD"]


def test_a_lost_request_never_arrives(client: Client, counter: Path) -> None:
    assert control(counter, drop_next_requests=1)["drop_next_requests"] == 1
    client.order_async(UP, tag="LOST")
    client.order(UP, tag="HEARD")
    assert [order.order_remark for order in client.orders()] == ["HEARD"]
    assert "LOST" not in (counter / "journal.jsonl").read_text(encoding="utf-8")
    assert control(counter)["drop_next_requests"] == 0


def test_a_mute_counter_says_nothing_until_it_may(client: Client, counter: Path, new_client: Any) -> None:
    control(counter, mute=True)
    client.order_async(UP)
    late = new_client()
    assert late.call(late.trader.connect) == -1
    assert client.heard == []
    assert server.running(counter) is not None
    control(counter, mute=False)
    until(lambda: client.told("order_stock_async_response"), "the response after all")


def test_slow_answers_come_after_their_pushes(client: Client, counter: Path) -> None:
    control(counter, answer_delay_seconds=0.3)
    began = time.monotonic()
    client.order(UP)
    assert time.monotonic() - began >= 0.3
    assert len(client.told("stock_order")) == 2


def test_pushes_twice_in_reverse_and_after_the_answer(client: Client, counter: Path) -> None:
    control(counter, duplicate_pushes=True, reorder_pushes=True, push_before_answer=False)
    client.order_async(UP)
    until(lambda: len(client.heard) == 7, "everything")
    assert client.heard[0][0] == "order_stock_async_response"
    assert client.statuses() == [56, 56, 48, 48]
    assert len(client.told("stock_trade")) == 2


def test_queries_lag_behind(client: Client, counter: Path) -> None:
    control(counter, query_lag_seconds=0.5)
    client.order(UP)
    assert client.orders() == []
    until(client.orders, "the order, later")
    control(counter, query_lag_seconds=0)
    client.order(UP)
    assert len(client.orders()) == 2


def test_rejected_and_refused_on_demand(client: Client, counter: Path) -> None:
    control(counter, reject_next=1, reject_text="[1]柜台说不", refuse_next=0)
    client.order(UP)
    until(lambda: client.statuses() == [48, 57], "the rejection")
    assert client.told("stock_order")[-1].status_msg == "[1]柜台说不"
    control(counter, refuse_next=1)
    assert client.order(UP) == -1
    assert client.order(UP) > 0


def test_forgotten_orders_and_a_set_price(client: Client, counter: Path) -> None:
    forgotten, kept = client.order(DOWN), client.order(DOWN)
    control(counter, forget_orders=[forgotten])
    assert [order.order_id for order in client.orders()] == [kept]
    control(counter, set_price=[STOCK, DOWN])
    until(lambda: client.told("stock_trade"), "a fill")
    assert [trade.order_id for trade in client.told("stock_trade")] == [kept]


def test_account_status_and_disconnect(client: Client, counter: Path) -> None:
    control(counter, account_status=6)
    until(lambda: [s.status for s in client.told("account_status")] == [6], "the new status")
    control(counter, disconnect=True)
    until(lambda: client.told("disconnected"), "the end")


def test_the_night_settles(client: Client, counter: Path) -> None:
    client.order(UP)
    client.order(DOWN)
    control(counter, settle="2999-01-04")
    assert client.orders() == []
    until(lambda: client.statuses()[-1] == 54, "the cancel of the night")
    assert client.call(client.trader.query_stock_position, client.account, STOCK).can_use_volume == 1000


@pytest.mark.parametrize("faults", [{"no_such": 1}, {"mute": "yes"}, {"set_price": ["X", 1]}, {"stop": 1}])
def test_the_table_of_faults_is_strict(counter: Path, faults: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no such|takes"):
        control(counter, **faults)


# The process


def test_one_counter_for_one_folder(counter: Path) -> None:
    assert server.start(counter, idle_seconds=30) == server.running(counter)
    with pytest.raises(server.FolderAlreadyServed):
        server.serve(counter)
    lock = FolderLock(counter)
    assert not lock.take()
    server.stop(counter)
    assert lock.take()
    lock.close()
    assert not (counter / "terminal.json").exists()
    server.stop(counter)


def test_the_token_is_needed_and_kept_from_others(counter: Path) -> None:
    terminal = read_terminal(counter)
    assert terminal is not None
    if os.name == "posix":
        assert stat.S_IMODE((counter / "terminal.json").stat().st_mode) == 0o600
    for token in ("", "0" * 32):
        with pytest.raises(OSError, match="closed"):
            dial(Terminal(terminal.port, terminal.pid, "", token), {"hello": "ping"}, DEADLINE_SECONDS)
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b"{}\n", b"\xff\n"):
        with socket.create_connection(("127.0.0.1", terminal.port), timeout=DEADLINE_SECONDS) as link:
            link.sendall(nonsense)
            assert link.recv(10) == b""
    assert server.running(counter) == terminal.pid


def test_it_ends_when_nobody_is_left(userdata: Path, new_client: Callable[[], Client]) -> None:
    server.start(userdata, idle_seconds=0.3)
    client = new_client().log_in()
    until(lambda: client.orders() == [], "an answer")
    client.trader.stop()
    until(lambda: server.running(userdata) is None, "its end")


def test_it_ends_with_its_folder(counter: Path) -> None:
    terminal = read_terminal(counter)
    assert terminal is not None
    counter.rename(counter.with_name("moved"))

    def ended() -> bool:
        try:
            dial(terminal, {"hello": "ping"}, DEADLINE_SECONDS)[0].close()
        except OSError:
            return True
        return False

    until(ended, "its end")


def test_a_counter_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account,account_type,cash\n1,STOCK,much\n")
    with pytest.raises(server.CounterNotStarted, match="much"):
        server.start(tmp_path, idle_seconds=5)
