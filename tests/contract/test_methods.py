"""Every public method of XtQuantTrader, really called against a counter: is each answered as methods.csv says?

A method that a later xtquant adds is in no table, and the first test fails.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from filebridge.gateways.xttrader import import_xttrader
from filebridge.simulator import server
from filebridge.simulator.bank import BANK_NAME, BANK_NO, bank_account_of
from filebridge.simulator.money import read_rows
from filebridge.simulator.native import NOT_ENABLED
from tests.contract.terminal import (
    ACCOUNT,
    BELOW,
    CASH,
    CREDIT,
    DEADLINE_SECONDS,
    FUTURE,
    FUTURE_PRICE,
    FUTURES,
    HELD,
    HELD_QTY,
    STOCK,
    Trader,
    furnish,
)
from tests.integration.homes import until

TABLE = {row["method"]: row for row in read_rows(Path(server.__file__).parent / "methods.csv")}
ANSWERS = ("modelled", "not enabled", "local", "never returns")


def named(answer: str) -> list[str]:
    return [method for method, row in TABLE.items() if row["answer"] == answer]


def public_methods() -> set[str]:
    xttrader, _ = import_xttrader(paper=True)
    return {name for name, _ in inspect.getmembers(xttrader.XtQuantTrader, callable) if not name.startswith("_")}


@pytest.fixture(scope="module")
def userdata(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = furnish(tmp_path_factory.mktemp("counter") / "用户数据")
    server.start(folder, idle_seconds=60)
    yield folder
    server.stop(folder)


@pytest.fixture(scope="module")
def trader(userdata: Path) -> Iterator[Trader]:
    made = Trader(userdata, 1).log_in()
    yield made
    made.close()


@pytest.fixture
def unused(userdata: Path) -> Iterator[Trader]:
    made = Trader(userdata, 2)
    yield made
    made.close()


def test_the_table_has_every_method_and_no_other() -> None:
    assert set(TABLE) == public_methods()
    assert {row["answer"] for row in TABLE.values()} == set(ANSWERS)
    assert [method for method, row in TABLE.items() if not row["note"]] == []


# ---- modelled


def _algorithm(trader: Trader) -> Any:
    terms: tuple[Any, ...] = (STOCK, 23, 1000, 11, BELOW, "strategy", "remark", "TWAP", "00:00:00", "23:59:59", {})
    seq = trader.smart_algo_order_async(trader.account, *terms)
    return trader.answer_to(seq, "smart_algo_order_async_response")


def _exported(trader: Trader, path: Path) -> bool:
    trader.buy(10.0)
    told = trader.export_data(trader.account, str(path / "deal.csv"), "deal")
    header = (path / "deal.csv").read_text(encoding="utf-8").splitlines()[0]
    return told == {"msg": "export success"} and header.startswith("account_id,account_Type,stock_code,order_type")


def _read(trader: Trader, path: Path) -> bool:
    trader.buy()
    frame = trader.query_data(trader.account, str(path / "order.csv"), "order")
    return not (path / "order.csv").exists() and set(frame["account_id"]) == {int(ACCOUNT)}


def _sysid(trader: Trader, order_id: int) -> str:
    return str(trader.query_stock_order(trader.account, order_id).order_sysid)


BANK = (BANK_NO, bank_account_of(ACCOUNT))


def _pushed(kind: str, succeeded: Callable[[Any], bool]) -> Callable[[Trader, int], bool]:
    return lambda trader, seq: seq > 0 and succeeded(trader.answer_to(seq, kind))


_ordered = _pushed("order_stock_async_response", lambda answer: answer.order_id > 0)
_canceled = _pushed("cancel_order_stock_async_response", lambda answer: answer.cancel_result == 0)
_moved = _pushed("bank_transfer_async_response", lambda answer: answer.success is True)
_ended = _pushed("operate_smart_task_async_response", lambda answer: answer.success is True)
_TERMS = (STOCK, 23, 100, 11, BELOW, "s", "r")

CREDIT_QUERIES = (
    *("query_credit_detail", "query_stk_compacts", "query_credit_subjects", "query_credit_slo_code"),
    "query_credit_assure",
)


def _indebted(trader: Trader, ask: Callable[[Any], Any]) -> Any:
    """The answer for a credit account that owes something; of an ordinary one nothing is listed."""
    credit = trader.account_of(CREDIT, "CREDIT")
    assert trader.order_stock(credit, STOCK, 27, 100, 11, 10.0, "s", "r") > 0
    assert ask(trader.account) == []
    return ask(credit)


def _opened(trader: Trader) -> str:
    """A long position of a futures account, as its statistics call it."""
    assert trader.order_stock(trader.account_of(FUTURES, "FUTURE"), FUTURE, 0, 1, 11, FUTURE_PRICE, "s", "r") > 0
    return FUTURE.partition(".")[0]


# Each calls its method and says whether what came is what a counter with these books answers.
GRANTED: dict[str, Callable[[Trader, Path], bool]] = {
    "connect": lambda t, _: t.connect() == 0,
    "subscribe": lambda t, _: t.subscribe(t.account) == 0,
    "unsubscribe": lambda t, _: t.unsubscribe(t.account) == 0 and t.subscribe(t.account) == 0,
    "query_account_infos": lambda t, _: ACCOUNT in {row.account_id for row in t.query_account_infos()},
    "query_account_info": lambda t, _: ACCOUNT in {row.account_id for row in t.query_account_info()},
    "query_account_infos_async": lambda t, _: len(t.heard("query_account_infos_async")) == 4,
    "query_account_status": lambda t, _: {row.status for row in t.query_account_status()} == {0},
    "query_account_status_async": lambda t, _: len(t.heard("query_account_status_async")) == 4,
    "order_stock": lambda t, _: t.order_stock(t.account, *_TERMS) > 0,
    "order_stock_async": lambda t, _: _ordered(t, t.order_stock_async(t.account, *_TERMS)),
    "cancel_order_stock": lambda t, _: t.cancel_order_stock(t.account, t.buy()) == 0,
    "cancel_order_stock_async": lambda t, _: _canceled(t, t.cancel_order_stock_async(t.account, t.buy())),
    "cancel_order_stock_sysid": lambda t, _: t.cancel_order_stock_sysid(t.account, 0, _sysid(t, t.buy())) == 0,
    "cancel_order_stock_sysid_async": lambda t, _: _canceled(
        t, t.cancel_order_stock_sysid_async(t.account, "SH", _sysid(t, t.buy()))
    ),
    "query_stock_asset": lambda t, _: 0 < t.query_stock_asset(t.account).cash <= CASH,
    "query_stock_asset_async": lambda t, _: t.heard("query_stock_asset_async", t.account).account_id == ACCOUNT,
    "query_stock_order": lambda t, _: t.query_stock_order(t.account, t.buy()).price == BELOW,
    "query_stock_orders": lambda t, _: t.buy() in {row.order_id for row in t.query_stock_orders(t.account)},
    "query_stock_orders_async": lambda t, _: t.buy() in {
        row.order_id for row in t.heard("query_stock_orders_async", t.account)
    },
    "query_stock_trades": lambda t, _: t.buy(10.0) in {row.order_id for row in t.query_stock_trades(t.account)},
    "query_stock_trades_async": lambda t, _: t.buy(10.0) in {
        row.order_id for row in t.heard("query_stock_trades_async", t.account)
    },
    "query_stock_position": lambda t, _: t.query_stock_position(t.account, HELD).volume == HELD_QTY,
    "query_stock_positions": lambda t, _: HELD in {row.stock_code for row in t.query_stock_positions(t.account)},
    "query_stock_positions_async": lambda t, _: HELD in {
        row.stock_code for row in t.heard("query_stock_positions_async", t.account)
    },
    "query_position_statistics": lambda t, _: _opened(t) in {
        row.instrument_id for row in t.query_position_statistics(t.account_of(FUTURES, "FUTURE"))
    },
    **{
        name: lambda t, _, name=name: CREDIT in {  # type: ignore[misc]
            row.account_id for row in _indebted(t, getattr(t, name))
        }
        for name in CREDIT_QUERIES
    },
    **{
        f"{name}_async": lambda t, _, name=name: CREDIT in {  # type: ignore[misc]
            row.account_id for row in _indebted(t, lambda account: t.heard(f"{name}_async", account))
        }
        for name in CREDIT_QUERIES
    },
    "query_ipo_data": lambda t, _: {issue["type"] for issue in t.query_ipo_data().values()} == {"STOCK"},
    "query_ipo_data_async": lambda t, _: all(row.m_dIssuePrice > 0 for row in t.heard("query_ipo_data_async")),
    "query_new_purchase_limit": lambda t, _: t.query_new_purchase_limit(t.account)["SH"] >= 2000,
    "query_new_purchase_limit_async": lambda t, _: {
        row.m_strNewPurchaseLimitKey for row in t.heard("query_new_purchase_limit_async", t.account)
    } == {"SH", "SZ", "KCB"},
    "bank_transfer_in": lambda t, _: t.bank_transfer_in(t.account, *BANK, 1.5, "1", "2") == (True, ""),
    "bank_transfer_in_async": lambda t, _: _moved(t, t.bank_transfer_in_async(t.account, *BANK, 1.5)),
    "bank_transfer_out": lambda t, _: t.bank_transfer_out(t.account, *BANK, 1.5) == (True, ""),
    "bank_transfer_out_async": lambda t, _: _moved(t, t.bank_transfer_out_async(t.account, *BANK, 1.5)),
    "fund_transfer": lambda t, _: t.fund_transfer(t.account, 510, 1.5) == (True, ""),
    "query_com_fund": lambda t, _: t.query_com_fund(t.account)["enableBalance"] > 0,
    "query_bank_info": lambda t, _: [row.bank_name for row in t.query_bank_info(t.account)] == [BANK_NAME],
    "query_bank_amount": lambda t, _: t.query_bank_amount(t.account, *BANK, "1")[0].balance > 0,
    "query_bank_transfer_stream": lambda t, _: t.bank_transfer_in(t.account, *BANK, 0.07) == (True, "")
    and 0.07 in {row.balance for row in t.query_bank_transfer_stream(t.account, "20200101", "20991231")},
    "get_smart_algo_param": lambda t, _: list(t.get_smart_algo_param(["TWAP", "nonesuch"])) == ["TWAP"],
    "smart_algo_order_async": lambda t, _: _algorithm(t).task_id > 0,
    "query_smart_algo_task": lambda t, _: _algorithm(t).task_id in {
        task["task_id"] for task in t.query_smart_algo_task(t.account)
    },
    "cancel_smart_algo_task_async": lambda t, _: _ended(
        t, t.cancel_smart_algo_task_async(t.account, _algorithm(t).task_id)
    ),
    "export_data": _exported,
    "query_data": _read,
}  # fmt: skip


@pytest.mark.parametrize("method", named("modelled"))
def test_a_modelled_method_is_answered_from_the_books(
    trader: Trader, unused: Trader, tmp_path: Path, method: str
) -> None:
    if method == "connect":
        unused.start()
    assert GRANTED[method](unused if method == "connect" else trader, tmp_path)


# ---- not enabled


def _refusal(kind: str) -> Callable[[Trader, int], bool]:
    return lambda trader, seq: seq > 0 and trader.answer_to(seq, kind).success is False


_transfer_refused = _refusal("ctp_internal_transfer_async_response")
_appointment_refused = _refusal("smt_appointment_async_response")
_CTP = (ACCOUNT, ACCOUNT, 1.0)
_NO = (False, NOT_ENABLED)


def _raises(error: type[Exception], method: str, *arguments: Any) -> Callable[[Trader, Path], bool]:
    def ask(trader: Trader, _: Path) -> bool:
        with pytest.raises(error):
            getattr(trader, method)(trader.account, *arguments)
        return True

    return ask


REFUSED: dict[str, Callable[[Trader, Path], bool]] = {
    **{
        name: lambda t, _, name=name: getattr(t, name)(t.account) == []  # type: ignore[misc]
        for name in (
            "query_secu_account",
            *("smt_query_quoter", "smt_query_order", "smt_query_compact"),
        )
    },
    "secu_transfer": lambda t, _: t.secu_transfer(t.account, 520, STOCK, 100, 1) == _NO,
    "sync_transaction_from_external": lambda t, _: (
        t.sync_transaction_from_external("ADD", "DEAL", t.account, [{}]) == {"error": {"msg": NOT_ENABLED}}
    ),
    "ctp_transfer_option_to_future": lambda t, _: t.ctp_transfer_option_to_future(*_CTP) == _NO,
    "ctp_transfer_option_to_future_async": lambda t, _: _transfer_refused(
        t, t.ctp_transfer_option_to_future_async(*_CTP)
    ),
    "ctp_transfer_future_to_option": lambda t, _: t.ctp_transfer_future_to_option(*_CTP) == _NO,
    "ctp_transfer_future_to_option_async": lambda t, _: _transfer_refused(
        t, t.ctp_transfer_future_to_option_async(*_CTP)
    ),
    "smt_negotiate_order_async": lambda t, _: _appointment_refused(
        t, t.smt_negotiate_order_async(t.account, "1", STOCK, 7, 100, 0.01, {"fineRate": 0.1})
    ),
    "smt_appointment_order_async": lambda t, _: _appointment_refused(
        t, t.smt_appointment_order_async(t.account, STOCK, 7, 100, 0.01)
    ),
    "smt_appointment_cancel_async": _raises(NameError, "smt_appointment_cancel_async", "1"),
    "smt_compact_renewal_async": _raises(AttributeError, "smt_compact_renewal_async", "1", STOCK, 7, 100, 0.01),
    "smt_compact_return_async": _raises(AttributeError, "smt_compact_return_async", "1", "1", STOCK, 100),
}


@pytest.mark.parametrize("method", named("not enabled"))
def test_a_method_that_is_not_enabled_says_so(trader: Trader, tmp_path: Path, method: str) -> None:
    assert REFUSED[method](trader, tmp_path)


def test_each_method_is_asked_in_one_way_only() -> None:
    assert set(GRANTED) == set(named("modelled"))
    assert set(REFUSED) == set(named("not enabled"))
    assert set(LOCAL) == set(named("local"))
    assert set(SILENT) == set(named("never returns"))


# ---- local, and never


def _starts_and_stops(trader: Trader) -> None:
    assert trader.trader.executor is None
    assert trader.start() is None
    assert trader.query_stock_orders(trader.account) == []
    assert trader.stop() is None


def _registers(trader: Trader) -> None:
    callback = object()
    assert trader.register_callback(callback) is None
    assert trader.trader.callback is callback


def _relaxes(trader: Trader) -> None:
    trader.start()
    trader.set_relaxed_response_order_enabled(True)
    assert trader.trader.resp_executor is trader.trader.relaxed_resp_executor


def _asks_by_hand(trader: Trader) -> None:
    trader.start()
    client, request = trader.trader.async_client, _native().QueryStockOrdersReq()
    assert trader.common_op_sync_with_seq(7, (client.queryStockOrdersWithSeq, 7, request)) == []
    heard: list[Any] = []
    assert trader.common_op_async_with_seq(8, (client.queryStockOrdersWithSeq, 8, request), heard.append) == 8
    until(lambda: heard, "the callback")


def _native() -> Any:
    xttrader, _ = import_xttrader(paper=True)
    return xttrader._XTQC_


def _changes_no_time(trader: Trader) -> None:
    assert trader.set_timeout(1) is None
    with pytest.raises(TypeError):
        trader.set_timeout(1.5)


LOCAL: dict[str, Callable[[Trader], None]] = {
    "register_callback": _registers,
    "start": _starts_and_stops,
    "stop": _starts_and_stops,
    "set_timeout": _changes_no_time,
    "set_relaxed_response_order_enabled": _relaxes,
    "common_op_async_with_seq": _asks_by_hand,
    "common_op_sync_with_seq": _asks_by_hand,
}


@pytest.mark.parametrize("method", named("local"))
def test_a_local_method_needs_no_terminal(unused: Trader, method: str) -> None:
    LOCAL[method](unused)


# Its arguments, and why it cannot return.
SILENT: dict[str, tuple[Callable[[Trader], tuple[Any, ...]], Callable[[Trader], bool]]] = {
    "sleep": (lambda _: (0,), lambda t: not t.trader.loop.is_running()),
    "run_forever": (lambda _: (), lambda t: "while True" in inspect.getsource(t.trader.run_forever)),
    "query_com_position": (
        lambda t: (t.account,),
        lambda t: "bindOnQueryComPositionRespCallback" not in t.trader.async_client._callbacks,
    ),
}


@pytest.mark.parametrize("method", named("never returns"))
def test_a_method_that_never_returns_holds_nobody_else_up(trader: Trader, method: str) -> None:
    arguments, cannot_return = SILENT[method]
    waiting = trader.left_waiting(method, *arguments(trader))
    assert cannot_return(trader)
    assert trader.query_stock_asset(trader.account).account_id == ACCOUNT
    assert waiting.is_alive()
    if method == "sleep":
        # With the loop that xttrader.py never runs, it would have returned.
        trader.call(trader.trader.loop.run_until_complete, asyncio.to_thread(waiting.join, DEADLINE_SECONDS))
        assert not waiting.is_alive()


# ---- how this test can fail


def test_a_wrong_row_would_be_noticed(trader: Trader, tmp_path: Path) -> None:
    assert not REFUSED["secu_transfer"](_Renamed(trader, "secu_transfer", lambda *_: (True, "")), tmp_path)
    assert not GRANTED["bank_transfer_in"](_Renamed(trader, "bank_transfer_in", lambda *_: _NO), tmp_path)
    assert not GRANTED["get_smart_algo_param"](_Renamed(trader, "get_smart_algo_param", lambda *_: {}), tmp_path)


class _Renamed(Trader):
    """A trader one of whose methods answers something else."""

    def __init__(self, trader: Trader, method: str, answer: Callable[..., Any]) -> None:
        self.__dict__ = {**vars(trader), method: answer}
