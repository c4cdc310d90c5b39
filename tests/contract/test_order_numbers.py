"""Orders and cancels through the real xttrader.py: by the terminal's number and the counter's, synchronous and not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from filebridge.simulator import server
from filebridge.simulator.faults import control
from tests.contract.terminal import (
    ACCOUNT,
    BELOW,
    CREDIT,
    FUTURES,
    HELD,
    HELD_AVAILABLE,
    HELD_QTY,
    LAST,
    OTHER,
    SHENZHEN,
    STOCK,
    Trader,
    furnish,
)
from tests.integration.homes import until

UNKNOWN_ORDER, FINISHED_ORDER = "[251050]委托不存在", "[251051]委托已完成，不能撤单"
WORKING, CANCELED, FILLED = 50, 54, 56


@pytest.fixture(scope="module")
def userdata(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = furnish(tmp_path_factory.mktemp("numbers") / "userdata")
    server.start(folder, idle_seconds=60)
    yield folder
    server.stop(folder)


@pytest.fixture
def trader(userdata: Path) -> Iterator[Trader]:
    made = Trader(userdata, 1).log_in()
    yield made
    made.close()


def row(trader: Trader, number: int) -> Any:
    return trader.query_stock_order(trader.account, number)


# How each of the four methods names an order, and what its answer says of it.
def by_number(trader: Trader, number: int, account: Any) -> int:
    return int(trader.cancel_order_stock(account, number))


def by_number_async(trader: Trader, number: int, account: Any) -> int:
    answer = trader.answer_to(trader.cancel_order_stock_async(account, number), "cancel_order_stock_async_response")
    assert (answer.order_id, answer.account_id) == (number, account.account_id)
    return int(answer.cancel_result)


def by_sysid(trader: Trader, number: int, account: Any) -> int:
    return int(trader.cancel_order_stock_sysid(account, 0, sysid_of(trader, number)))


def by_sysid_async(trader: Trader, number: int, account: Any) -> int:
    sysid = sysid_of(trader, number)
    seq = trader.cancel_order_stock_sysid_async(account, "SH", sysid)
    answer = trader.answer_to(seq, "cancel_order_stock_async_response")
    assert (answer.order_sysid, answer.account_id) == (sysid, account.account_id)
    return int(answer.cancel_result)


def sysid_of(trader: Trader, number: int) -> str:
    found = row(trader, number)
    return str(found.order_sysid) if found else "99999999"


WAYS = (by_number, by_number_async, by_sysid, by_sysid_async)


@pytest.mark.parametrize("cancel", WAYS)
def test_a_working_order_is_canceled_once(trader: Trader, cancel: Any) -> None:
    number = trader.buy()
    assert cancel(trader, number, trader.account) == 0
    assert row(trader, number).order_status == CANCELED
    assert cancel(trader, number, trader.account) == -1
    if cancel in (by_number_async, by_sysid_async):
        error = until(lambda: trader.of("cancel_error"), "the error")[0]
        assert (error.error_id, error.error_msg) == (251051, FINISHED_ORDER)


@pytest.mark.parametrize("cancel", WAYS)
def test_a_filled_order_is_not_canceled(trader: Trader, cancel: Any) -> None:
    number = trader.buy(LAST)
    assert row(trader, number).order_status == FILLED
    assert cancel(trader, number, trader.account) == -1


@pytest.mark.parametrize("cancel", WAYS)
def test_an_unknown_order_is_not_canceled(trader: Trader, cancel: Any) -> None:
    assert row(trader, 99_999_999) is None
    assert cancel(trader, 99_999_999, trader.account) == -1
    if cancel in (by_number_async, by_sysid_async):
        assert until(lambda: trader.of("cancel_error"), "the error")[0].error_msg == UNKNOWN_ORDER


@pytest.mark.parametrize("cancel", WAYS)
@pytest.mark.parametrize("stranger", [OTHER, CREDIT, "nobody"])
def test_another_accounts_order_is_not_canceled(trader: Trader, cancel: Any, stranger: str) -> None:
    number = trader.buy()
    kind = "CREDIT" if stranger == CREDIT else "STOCK"
    assert cancel(trader, number, trader.xttype.StockAccount(stranger, kind)) == -1
    assert row(trader, number).order_status == WORKING


@pytest.mark.parametrize("market", [1, "SZ", "nonesuch", 70])
def test_a_counters_number_is_one_of_its_market(trader: Trader, market: Any) -> None:
    number = trader.buy()
    assert trader.cancel_order_stock_sysid(trader.account, market, sysid_of(trader, number)) == -1
    assert row(trader, number).order_status == WORKING
    shenzhen = trader.buy(symbol=SHENZHEN)
    assert trader.cancel_order_stock_sysid(trader.account, 1, sysid_of(trader, shenzhen)) == 0


@pytest.mark.parametrize(
    ("terms", "account", "text"),
    [
        ((STOCK, 23, 100, 11, BELOW), "nobody", "[100010]资金账号不存在或未登录"),
        ((STOCK, 999, 100, 11, BELOW), ACCOUNT, "[100020]不支持的委托类型"),
        ((STOCK, 23, 100, 999, BELOW), ACCOUNT, "[100021]不支持的报价类型"),
    ],
)
def test_a_refused_order_has_no_number_and_its_error_names_the_request(
    trader: Trader, terms: tuple[Any, ...], account: str, text: str
) -> None:
    who = trader.xttype.StockAccount(account)
    before = len(trader.query_stock_orders(trader.account))
    assert trader.order_stock(who, *terms, "strategy", "sync") == -1
    seq = trader.order_stock_async(who, *terms, "strategy", "async")
    answer = trader.answer_to(seq, "order_stock_async_response")
    assert (answer.order_id, answer.order_remark, answer.error_msg) == (-1, "async", text)
    error = until(lambda: [error for error in trader.of("order_error") if error.seq == seq], "the error")[0]
    assert (error.order_id, error.order_remark, error.error_msg) == (-1, "async", text)
    assert len(trader.query_stock_orders(trader.account)) == before


def test_a_rejected_order_has_a_number_and_a_reason(trader: Trader) -> None:
    seq = trader.order_stock_async(trader.account, STOCK, 23, 100, 11, 100.0, "strategy", "dear")
    answer = trader.answer_to(seq, "order_stock_async_response")
    assert answer.order_id > 0
    rejected = row(trader, answer.order_id)
    assert (rejected.order_status, rejected.status_msg, rejected.order_sysid) == (57, "[251042]价格超出涨跌停", "")


SH_ONLY, SZ_ONLY, BOTH = {STOCK}, {SHENZHEN}, {STOCK, SHENZHEN}
# What becomes of 100 shares at once where prices stand still, by the type of price: 50 rests, 56 filled.
PRICE_TYPES = {
    11: (BOTH, FILLED), 5: (BOTH, FILLED), 42: (BOTH, FILLED), 43: (SH_ONLY, FILLED), 44: (BOTH, FILLED),
    45: (BOTH, WORKING), 46: (SZ_ONLY, FILLED), 47: (BOTH, FILLED), 48: (SZ_ONLY, FILLED),
}  # fmt: skip


@pytest.mark.parametrize("symbol", [STOCK, SHENZHEN])
@pytest.mark.parametrize("price_type", PRICE_TYPES)
def test_every_type_of_price_is_taken_where_its_exchange_has_it(trader: Trader, price_type: int, symbol: str) -> None:
    exchanges, becomes = PRICE_TYPES[price_type]
    number = trader.order_stock(trader.account, symbol, 23, 100, price_type, LAST, "strategy", "typed")
    found = row(trader, number)
    assert found.order_status == (becomes if symbol in exchanges else 57)
    # Terminals show the broker's own types, not what was sent.
    assert found.price_type == (50 if price_type == 11 else 49)


def test_asked_for_order_0_the_first_of_all_is_answered(trader: Trader) -> None:
    number = trader.buy()
    assert row(trader, 0).order_id == trader.query_stock_orders(trader.account)[0].order_id <= number


def test_only_working_orders_can_be_canceled_and_are_listed_so(trader: Trader) -> None:
    working, filled = trader.buy(), trader.buy(LAST)
    listed = {order.order_id for order in trader.query_stock_orders(trader.account, True)}
    assert working in listed
    assert filled not in listed
    assert {working, filled} <= {order.order_id for order in trader.query_stock_orders(trader.account, False)}


def test_one_position_or_none(trader: Trader) -> None:
    held = trader.query_stock_position(trader.account, HELD)
    assert (held.volume, held.can_use_volume, held.last_price) == (HELD_QTY, HELD_AVAILABLE, LAST)
    assert trader.query_stock_position(trader.account, "688999.SH") is None
    nobody = trader.xttype.StockAccount("nobody")
    assert trader.query_stock_position(nobody, HELD) is None
    assert trader.query_stock_asset(nobody) is None
    assert trader.query_stock_orders(nobody) == trader.query_stock_positions(nobody) == []


def test_accounts_are_named_with_their_types_and_a_change_of_status_is_pushed(trader: Trader, userdata: Path) -> None:
    infos = {info.account_id: info.account_type for info in trader.query_account_infos()}
    assert infos == {ACCOUNT: 2, OTHER: 2, CREDIT: 3, FUTURES: 1}
    control(userdata, account_status=1)
    assert {status.account_id: status.status for status in trader.query_account_status()}[ACCOUNT] == 1
    pushed = until(lambda: trader.of("account_status"), "the push")
    # Of the account that was subscribed, and of no other.
    assert [(status.account_id, status.account_type, status.status) for status in pushed] == [(ACCOUNT, 2, 1)]
    control(userdata, account_status=0)
    until(lambda: len(trader.of("account_status")) == 2, "the second push")
