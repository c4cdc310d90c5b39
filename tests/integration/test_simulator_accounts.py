"""Credit, futures and option accounts over the real, unmodified xttrader.py, and over a killed counter."""

import importlib
import os
import signal
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from filebridge.gateways.xtrows import position_row
from filebridge.simulator import native, server
from filebridge.simulator.exchange_clock import SHANGHAI
from filebridge.simulator.faults import control
from tests.integration.test_simulator import Client, NoUpdateCheck, until

STOCK, INDEX, CALL, FUND = "600000.SH", "IF2612.IF", "10005183.SHO", "510050.SH"
STOCKS, CREDIT, FUTURES, OPTIONS = "10001", "20002", "30003", "60006"
TYPES = {STOCKS: "STOCK", CREDIT: "CREDIT", FUTURES: "FUTURE", OPTIONS: "STOCK_OPTION"}
PRICES = {STOCK: 10, INDEX: 4000, CALL: 0.05, FUND: 2.5}


def load_xttrader() -> Any:
    if "xtquant.xttrader" in sys.modules:
        return sys.modules["xtquant.xttrader"]
    native.install()
    finder = NoUpdateCheck()
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module("xtquant.xttrader")
    finally:
        sys.meta_path.remove(finder)


class Floor:
    """A counter with an account of each kind, and a client that asks and orders for any of them."""

    def __init__(self, userdata: Path) -> None:
        self.userdata = userdata
        rows = [f"{account},{kind},1000000" for account, kind in TYPES.items()]
        (userdata / "accounts.csv").write_text("\n".join(("account,account_type,cash", *rows)) + "\n")
        header = "account,symbol,quantity,available_qty,avg_cost"
        (userdata / "holdings.csv").write_text(f"{header}\n{OPTIONS},{FUND},20000,20000,2\n")
        prices = [f"{symbol},{price},{price}" for symbol, price in PRICES.items()]
        (userdata / "market.csv").write_text("\n".join(("symbol,prev_close,last", *prices)) + "\n")
        self.session = 200
        self.clients: list[Client] = []
        self.enter()

    def enter(self) -> None:
        server.start(self.userdata, idle_seconds=30)
        self.session += 1
        self.client = Client(load_xttrader(), self.userdata, self.session).log_in()
        self.clients.append(self.client)
        make = load_xttrader()._XTTYPE_.StockAccount
        self.accounts = {account: make(account, kind) for account, kind in TYPES.items()}
        for account in self.accounts.values():
            assert self.client.call(self.client.trader.subscribe, account) == 0

    def ask(self, question: str, account: str, *more: Any) -> Any:
        return self.client.call(getattr(self.client.trader, question), self.accounts[account], *more)

    def order(self, account: str, order_type: int, symbol: str, quantity: int, price: float) -> Any:
        """The order as the counter lists it."""
        number = self.ask("order_stock", account, symbol, order_type, quantity, 11, price, "s", "T")
        return self.ask("query_stock_order", account, number)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    floor = Floor(tmp_path)
    yield floor
    for client in floor.clients:
        client.close()
    server.stop(tmp_path)


def test_a_credit_account_borrows_and_repays(floor: Floor) -> None:
    bought = floor.order(CREDIT, 27, STOCK, 10_000, 10)
    sold = floor.order(CREDIT, 28, STOCK, 1_000, 10)
    assert [(o.order_type, o.order_status, o.account_type) for o in (bought, sold)] == [(27, 56, 3), (28, 56, 3)]
    [detail] = floor.ask("query_credit_detail", CREDIT)
    fees = 25 + 1
    assert detail.m_dFinDebt == detail.m_dFinDealAvl == pytest.approx(100_000 + fees)
    assert (detail.m_dFinMaxQuota, detail.m_dFinEnableQuota) == (1_000_000, pytest.approx(900_000 - fees))
    assert (detail.m_dSloMarketValue, detail.m_dAvailable, detail.m_nStatus) == (10_000, 1_000_000, 0)
    assert detail.m_dSloSellBalance == 10_000
    assert detail.m_dPerAssurescaleValue == pytest.approx(detail.m_dBalance / detail.m_dTotalDebt)
    # cash, less both debts at 100 %, less the loss that the fees are
    assert detail.m_dEnableBailBalance == pytest.approx(1_000_000 - 110_000 - 2 * fees)
    compacts = floor.ask("query_stk_compacts", CREDIT)
    assert [(c.compact_type, c.instrument_id, c.exchange_id, c.business_vol) for c in compacts] == [
        (48, "600000", 0, 10_000), (49, "600000", 0, 1_000)]  # fmt: skip
    assert (compacts[0].real_compact_balance, compacts[1].real_compact_vol) == (pytest.approx(100_026), 1_000)
    subjects = {(s.exchange_id, s.instrument_id): s for s in floor.ask("query_credit_subjects", CREDIT)}
    assert len(subjects) > 300
    assert (subjects[0, "600000"].fin_status, subjects[0, "600000"].fin_ratio) == (48, 1.0)
    [left] = [code for code in floor.ask("query_credit_slo_code", CREDIT) if code.instrument_id == "600000"]
    assert left.enable_amount == 99_000
    ratios = {a.instrument_id: a.assure_ratio for a in floor.ask("query_credit_assure", CREDIT)}
    assert (ratios["600000"], ratios["510300"]) == (0.65, 0.8)
    tomorrow = datetime.now(SHANGHAI).date() + timedelta(days=1)
    control(floor.userdata, settle=tomorrow.isoformat())
    assert floor.order(CREDIT, 29, STOCK, 1_000, 10).order_status == 56
    repaid = floor.order(CREDIT, 32, STOCK, 100, 500_000)
    assert (repaid.order_status, repaid.traded_volume, repaid.traded_price) == (56, 100, 500_000)
    [detail] = floor.ask("query_credit_detail", CREDIT)
    assert (detail.m_dFinDebt, detail.m_dSloMarketValue) == (0, 0)
    for question in ("query_credit_detail", "query_stk_compacts", "query_credit_subjects", "query_credit_assure"):
        assert floor.ask(question, STOCKS) == []


def test_futures_show_their_positions_by_direction(floor: Floor) -> None:
    for order_type, quantity in ((0, 2), (3, 1)):
        assert floor.order(FUTURES, order_type, INDEX, quantity, 4_000).order_status == 56
    closing = floor.order(FUTURES, 2, INDEX, 1, 4_000)
    assert (closing.order_status, closing.direction, closing.offset_flag, closing.order_type) == (56, 48, 51, 2)
    trades = floor.ask("query_stock_trades", FUTURES)
    assert [(t.traded_amount, t.traded_price, t.direction) for t in trades] == [
        (2_400_000, 4_000, 48), (1_200_000, 4_000, 49), (1_200_000, 4_000, 48)]  # fmt: skip
    positions = floor.ask("query_stock_positions", FUTURES)
    assert [(p.stock_code, p.direction, p.volume, p.avg_price) for p in positions] == [
        (INDEX, 48, 1, 4_000), (INDEX, 49, 1, 4_000)]  # fmt: skip
    assert [position_row(p)["direction"] for p in positions] == ["LONG", "SHORT"]
    asset = floor.ask("query_stock_asset", FUTURES)
    fees = sum(t.commission for t in trades)
    assert (asset.market_value, asset.total_asset) == (pytest.approx(288_000), pytest.approx(1_000_000 - fees))
    statistics = floor.ask("query_position_statistics", FUTURES)
    assert [(s.instrument_id, s.direction, s.today_position, s.used_margin) for s in statistics] == [
        ("IF2612", 48, 1, 144_000), ("IF2612", 49, 1, 144_000)]  # fmt: skip
    rejected = floor.order(FUTURES, 1, INDEX, 1, 4_000)
    assert (rejected.order_status, rejected.status_msg) == (57, "[51]CTP:平昨仓位不足")


def test_what_no_account_or_another_one_may_do_is_not_enabled(floor: Floor) -> None:
    for account, order_type in ((STOCKS, 27), (STOCKS, 134), (STOCKS, 0), (FUTURES, 23), (OPTIONS, 23), (CREDIT, 135)):
        floor.client.heard.clear()
        assert floor.ask("order_stock", account, STOCK, order_type, 100, 11, 10.0, "s", "T") == -1
        error = until(lambda: floor.client.told("order_error"), "an error")[0]
        assert (error.error_id, error.error_msg) == (100022, "[100022]该业务未开通")
    assert floor.ask("order_stock", STOCKS, STOCK, 999, 100, 11, 10.0, "s", "T") == -1


def test_a_killed_counter_keeps_every_kind_of_account(floor: Floor) -> None:
    floor.order(STOCKS, 24, "204001.SH", 100, 1.5)
    floor.order(CREDIT, 27, STOCK, 10_000, 10)
    floor.order(CREDIT, 40, STOCK, 1_000, 9.5)
    floor.order(CREDIT, 28, STOCK, 1_000, 10)
    floor.order(FUTURES, 0, INDEX, 2, 4_000)
    floor.order(FUTURES, 3, INDEX, 1, 4_100)
    assert floor.order(OPTIONS, 56, FUND, 10_000, 0).order_status == 56
    floor.order(OPTIONS, 52, CALL, 1, 0.05)
    floor.order(OPTIONS, 50, CALL, 2, 0.06)
    before = told(floor)
    killed = server.running(floor.userdata)
    assert killed is not None
    os.kill(killed, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    until(lambda: floor.client.told("disconnected"), "the end of the connection")
    floor.enter()
    assert told(floor) == before
    resting = [(a, o) for a in TYPES for o in floor.ask("query_stock_orders", a, True)]
    assert [account for account, _ in resting] == [CREDIT, FUTURES, OPTIONS]
    for account, order in resting:
        assert floor.ask("cancel_order_stock", account, order.order_id) == 0
    assert [floor.ask("query_stock_asset", account).frozen_cash for account in TYPES] == [0] * 4


def told(floor: Floor) -> list[Any]:
    """All that can be asked about all accounts, as values."""
    questions = ("query_stock_orders", "query_stock_trades", "query_stock_positions", "query_stk_compacts")
    rows = [row for account in TYPES for question in questions for row in floor.ask(question, account)]
    rows += [floor.ask("query_stock_asset", account) for account in TYPES]
    return [{name: getattr(row, name) for name in dir(row) if not name.startswith(("_", "m_"))} for row in rows]
