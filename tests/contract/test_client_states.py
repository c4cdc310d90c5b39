"""What the real xttrader.py gets from our native module in each state of a client: new, started, connected, with a mute
terminal, without one, stopped. Answers without a terminal are compared with those of the real module.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from filebridge.simulator import server
from filebridge.simulator.faults import control
from filebridge.simulator.native import _CLASSES, XtQuantAsyncClient
from filebridge.simulator.native_types import NativeCrash
from tests.contract import native_questions
from tests.contract.terminal import ACCOUNT, BELOW, DEADLINE_SECONDS, STOCK, Trader, furnish
from tests.integration.homes import until

RECORDED = json.loads(Path(native_questions.__file__).with_name("native_answers.json").read_text("utf-8"))["calls"]
TERMS: tuple[Any, ...] = (STOCK, 23, 100, 11, BELOW, "strategy", "remark")


@pytest.fixture
def userdata(tmp_path: Path) -> Iterator[Path]:
    folder = furnish(tmp_path / "userdata")
    server.start(folder, idle_seconds=60)
    yield folder
    server.stop(folder)


@pytest.fixture
def trader(userdata: Path) -> Iterator[Trader]:
    made = Trader(userdata, 1)
    yield made
    made.close()


def orders_at_the_counter(userdata: Path) -> int:
    lines = (userdata / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line)["kind"] == "order" for line in lines)


# ---- new


def test_before_start_a_call_waits(trader: Trader, userdata: Path) -> None:
    assert trader.order_stock_async(trader.account, *TERMS) > 0
    waiting = trader.left_waiting("query_stock_orders", trader.account)
    until(lambda: len(trader.trader.async_client._link._posted) == 2, "both requests")
    assert waiting.is_alive()
    assert trader.told == []
    assert orders_at_the_counter(userdata) == 0


def test_before_start_it_does_not_connect(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr("filebridge.simulator.native.CONNECT_SECONDS", 0.01)
        assert trader.connect() == -1
    trader.start()
    assert trader.connect() == 0


def test_an_asynchronous_order_without_a_callback_raises_before_it_is_sent(userdata: Path) -> None:
    trader = Trader(userdata, 3, has_callback=False).log_in()
    with pytest.raises(AttributeError):
        trader.order_stock_async(trader.account, *TERMS)
    assert trader.query_stock_orders(trader.account) == []
    trader.close()


# ---- connected


def test_connecting_again_answers_at_once(trader: Trader) -> None:
    trader.log_in()
    assert trader.connect() == 0
    assert trader.buy() > 0


def test_a_callback_may_ask_if_answers_have_a_thread_of_their_own(trader: Trader) -> None:
    trader.log_in()
    trader.set_relaxed_response_order_enabled(True)
    asked: list[Any] = []
    trader.trader.callback.__class__.on_stock_order = lambda _, order: asked.append(
        trader.trader.query_stock_order(trader.account, order.order_id)
    )
    number = trader.buy()
    assert until(lambda: asked, "the answer within the callback")[0].order_id == number


def test_a_mute_terminal_keeps_every_call_waiting(trader: Trader, userdata: Path) -> None:
    trader.log_in()
    number = trader.buy()
    control(userdata, mute=True)
    calls = [
        trader.left_waiting(method, trader.account, *arguments)
        for method, arguments in (
            ("query_stock_asset", ()),
            ("query_bank_info", ()),
            ("order_stock", TERMS),
            ("cancel_order_stock", (number,)),
            ("subscribe", ()),
        )
    ]
    seq = trader.order_stock_async(trader.account, *TERMS)
    # A terminal that hears would have answered before it answers this.
    control(userdata, mute=True)
    assert all(call.is_alive() for call in calls)
    assert trader.of("order_stock_async_response") == []
    control(userdata, mute=False)
    for call in calls:
        call.join(DEADLINE_SECONDS)
    assert not any(call.is_alive() for call in calls)
    assert trader.answer_to(seq, "order_stock_async_response").order_id > 0


# ---- after the terminal is lost


@pytest.fixture
def lost(trader: Trader, userdata: Path) -> Trader:
    trader.log_in()
    trader.buy()
    server.stop(userdata)
    until(lambda: trader.of("disconnected"), "the push of the disconnection")
    return trader


def test_without_a_terminal_every_call_answers_as_the_real_module_does(lost: Trader) -> None:
    account = lost.xttype.StockAccount(native_questions.ACCOUNT)
    differing = {}
    for method, arguments in native_questions.CALLS:
        values: list[Any] = [account if value == native_questions.ACCOUNT else value for value in arguments]
        answer = native_questions._in_time(lambda method=method, values=values: getattr(lost, method)(*values))  # type: ignore[misc]
        shown = json.loads(json.dumps(answer, default=native_questions._shown))
        real = RECORDED["answers"][method]
        if shown != real and not (method.endswith("_async") and shown > 0):
            differing[method] = (shown, real)
    assert differing == {}
    assert len(lost.of("disconnected")) == 1


def test_without_a_terminal_asynchronous_answers_name_nothing_but_the_account(lost: Trader) -> None:
    seq = lost.order_stock_async(lost.account, *TERMS)
    answer = lost.answer_to(seq, "order_stock_async_response")
    assert (answer.account_id, answer.order_id, answer.order_remark, answer.error_msg) == (ACCOUNT, -1, "", "")
    seq = lost.cancel_order_stock_async(lost.account, 5)
    cancel = lost.answer_to(seq, "cancel_order_stock_async_response")
    assert (cancel.account_id, cancel.cancel_result, cancel.order_id) == (ACCOUNT, -1, 0)
    assert lost.of("order_error") == lost.of("cancel_error") == []


def test_a_lost_connection_never_comes_back_but_a_new_client_finds_the_terminal(
    lost: Trader, userdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.start(userdata, idle_seconds=60)
    with monkeypatch.context() as hurried:
        hurried.setattr("filebridge.simulator.native.CONNECT_SECONDS", 0.01)
        assert lost.connect() == -1
    assert lost.query_stock_orders(lost.account) == []
    new = Trader(userdata, 2).log_in()
    assert len(new.query_stock_orders(new.account)) == 1
    new.close()


# ---- after stop


def test_after_stop_a_call_waits(trader: Trader, userdata: Path) -> None:
    trader.log_in()
    trader.stop()
    waiting = trader.left_waiting("order_stock", trader.account, *TERMS)
    until(lambda: trader.trader.async_client._link._posted, "the request")
    assert waiting.is_alive()
    assert orders_at_the_counter(userdata) == 0


def test_after_stop_nothing_is_pushed(trader: Trader, userdata: Path) -> None:
    trader.log_in()
    trader.buy()
    trader.stop()
    before = list(trader.told)
    control(userdata, set_price=[STOCK, BELOW])
    other = Trader(userdata, 2).log_in()
    assert {row.order_status for row in other.query_stock_orders(other.account)} == {56}
    assert trader.told == before
    other.close()


# ---- the client itself, as strict as it was seen to be


@pytest.fixture
def client() -> Any:
    return XtQuantAsyncClient("数据".encode("gb18030"), "xtquant", 1)


def test_two_starts_or_one_without_init_stand_for_the_end_of_the_process(client: Any) -> None:
    with pytest.raises(NativeCrash):
        client.start()
    client.init()
    client.start()
    with pytest.raises(NativeCrash):
        client.start()
    client.stop()
    client.stop()
    client.start()
    client.stop()


def test_a_request_returns_its_number_and_zero_for_nothing(client: Any) -> None:
    request = _CLASSES["QueryStockAssetReq"]()
    for number in (0, 7, 2**31, 2**63):
        assert client.queryStockAssetWithSeq(number, request) == number
    assert client.queryStockAssetWithSeq(7, None) == 0
    assert client.getSmartAlgoParamWithSeq(7, []) == 0
    assert client.querySmartAlgoTaskWithSeq(7, b"") == 0
    for no_number in (-1, 1.0, "1", None):
        with pytest.raises(TypeError):
            client.queryStockAssetWithSeq(no_number, request)


def test_texts_may_be_bytes_and_lists_tuples_but_nothing_else(client: Any) -> None:
    for names in (["VWAP"], ("VWAP",), [b"VWAP"]):
        assert client.getSmartAlgoParamWithSeq(7, names) == 7
    for document in (b"x", "x", bytearray(b"x")):
        assert client.querySmartAlgoTaskWithSeq(7, document) == 7
        assert client.syncTransactionFromExternalWithSeq(7, document, [document]) == 7
    for wrong in ("VWAP", [1], None, 1):
        with pytest.raises(TypeError):
            client.getSmartAlgoParamWithSeq(7, wrong)
    for no_text in (1, None, ["x"]):
        with pytest.raises(TypeError):
            client.querySmartAlgoTaskWithSeq(7, no_text)


def test_arguments_are_counted_and_have_no_names(client: Any) -> None:
    request = _CLASSES["QueryStockAssetReq"]()
    for arguments in ((7,), (7, request, request)):
        with pytest.raises(TypeError):
            client.queryStockAssetWithSeq(*arguments)
    with pytest.raises(TypeError):
        client.queryStockAssetWithSeq(seq=7, req=request)
    with pytest.raises(TypeError):
        client.nextSeq(1)
    with pytest.raises(TypeError):
        client.queryStockAssetWithSeq(7, _CLASSES["SubscribeReq"]())


def test_what_is_asked_before_start_or_after_stop_is_answered_by_the_next_start(client: Any) -> None:
    heard: list[int] = []
    client.bindOnQueryStockTradesCallback(lambda number, _: heard.append(number))
    client.init()
    for number in (7, 8):
        client.queryStockTradesWithSeq(number, _CLASSES["QueryStockTradesReq"]())
        assert number not in heard
        client.start()
        until(lambda number=number: number in heard, "the answer")  # type: ignore[misc]
        client.stop()
    assert heard == [7, 8]


def test_a_callback_may_be_unbound_again(client: Any) -> None:
    heard: list[Any] = []
    done = threading.Event()
    client.bindOnQueryStockAssetCallback(lambda *told: heard.append(told))
    client.bindOnQueryStockTradesCallback(lambda *told: done.set())
    assert client.bindOnQueryStockAssetCallback(None) is None
    client.init()
    client.start()
    client.queryStockAssetWithSeq(7, _CLASSES["QueryStockAssetReq"]())
    client.queryStockTradesWithSeq(8, _CLASSES["QueryStockTradesReq"]())
    assert done.wait(DEADLINE_SECONDS)
    assert heard == []
    client.stop()


def test_connecting_takes_a_number(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filebridge.simulator.native.CONNECT_SECONDS", 0.0)
    assert client.nextSeq() == 1
    assert client.connect() == -1
    assert client.nextSeq() == 3


def test_it_has_no_place_for_more(client: Any) -> None:
    assert not hasattr(client, "__dict__")
    with pytest.raises(AttributeError):
        client.one_more = 1
