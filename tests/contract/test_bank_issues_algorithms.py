"""Issues, bank, algorithms and exports through the real xttrader.py, and what of them survives the counter's death."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from filebridge.simulator import server
from filebridge.simulator.bank import BANK_NO, OPENING_BALANCE, YUAN, bank_account_of
from filebridge.simulator.native import NOT_ENABLED
from tests.contract.terminal import ACCOUNT, BELOW, CASH, CREDIT, HELD_QTY, LAST, OTHER, STOCK, Trader, furnish
from tests.integration.homes import until

BANK = (BANK_NO, bank_account_of(ACCOUNT))


@pytest.fixture
def userdata(tmp_path: Path) -> Iterator[Path]:
    folder = furnish(tmp_path / "userdata")
    server.start(folder, idle_seconds=60)
    yield folder
    server.stop(folder)


@pytest.fixture
def trader(userdata: Path) -> Iterator[Trader]:
    made = Trader(userdata, 1).log_in()
    yield made
    made.close()


def cash(trader: Trader) -> float:
    return float(trader.query_stock_asset(trader.account).cash)


# ---- bank


def test_money_goes_in_and_out_and_comes_back_after_a_restart(trader: Trader, userdata: Path) -> None:
    assert trader.bank_transfer_in(trader.account, *BANK, 1000.5, "secret", "secret") == (True, "")
    assert cash(trader) == CASH + 1000.5
    seq = trader.bank_transfer_out_async(trader.account, *BANK, 0.25)
    assert (trader.answer_to(seq, "bank_transfer_async_response").msg, cash(trader)) == ("", CASH + 1000.25)
    server.stop(userdata)
    server.start(userdata, idle_seconds=60)
    new = Trader(userdata, 2).log_in()
    assert cash(new) == CASH + 1000.25
    assert new.query_bank_amount(new.account, *BANK, "")[0].balance == OPENING_BALANCE / YUAN - 1000.25
    stream = new.query_bank_transfer_stream(new.account, "20200101", "20991231")
    assert [(row.transfer_no, row.transfer_direction, row.balance, row.success) for row in stream] == [
        ("00000001", "1", 1000.5, True),
        ("00000002", "2", 0.25, True),
    ]
    today = datetime.now(server_zone()).strftime("%Y%m%d")
    assert {row.date for row in stream} == {today}
    assert new.query_bank_transfer_stream(new.account, "20200101", "20200102") == []
    new.close()
    kept = [path for path in userdata.iterdir() if path.is_file() and b"secret" in path.read_bytes()]
    assert kept == []


def server_zone() -> Any:
    from filebridge.simulator.sessions import SHANGHAI

    return SHANGHAI


@pytest.mark.parametrize(
    ("method", "arguments", "text"),
    [
        ("bank_transfer_out", (*BANK, CASH + 0.01), "[260200]资金可用数不足"),
        ("bank_transfer_in", (*BANK, OPENING_BALANCE / YUAN + 0.01), "[260212]银行余额不足"),
        ("bank_transfer_in", (*BANK, 0), "[260211]转账金额不合法"),
        ("bank_transfer_in", (*BANK, -1), "[260211]转账金额不合法"),
        ("bank_transfer_in", (*BANK, 0.001), "[260211]转账金额不合法"),
        ("bank_transfer_in", (*BANK, float("nan")), "[260211]转账金额不合法"),
        ("bank_transfer_in", ("9", BANK[1], 1), "[260210]银行信息不存在"),
        ("bank_transfer_in", (BANK_NO, "1", 1), "[260210]银行信息不存在"),
    ],
)
def test_a_refused_transfer_moves_nothing(trader: Trader, method: str, arguments: tuple[Any, ...], text: str) -> None:
    assert getattr(trader, method)(trader.account, *arguments) == (False, text)
    assert cash(trader) == CASH
    assert trader.query_bank_transfer_stream(trader.account, "", "") == []


def test_what_was_sold_today_stays_in_the_account_until_tomorrow(trader: Trader) -> None:
    trader.order_stock(trader.account, "600036.SH", 24, 1000, 11, LAST, "s", "r")
    assert cash(trader) > CASH
    assert trader.bank_transfer_out(trader.account, *BANK, CASH + 1)[0] is False
    assert trader.bank_transfer_out(trader.account, *BANK, CASH)[0] is True


def test_a_credit_account_has_no_bank_here(trader: Trader) -> None:
    credit = trader.xttype.StockAccount(CREDIT, "CREDIT")
    assert trader.bank_transfer_in(credit, *BANK, 1) == (False, NOT_ENABLED)
    assert trader.query_bank_info(credit) == trader.query_bank_amount(credit, *BANK, "") == []


# ---- issues


def test_todays_issues_and_how_much_of_them(trader: Trader) -> None:
    issues = trader.query_ipo_data()
    assert issues["780816.SH"]["issuePrice"] == 4.88
    for code, issue in issues.items():
        assert set(issue) == {"name", "type", "maxPurchaseNum", "minPurchaseNum", "purchaseDate", "issuePrice"}
        assert code.endswith(".SH")
        assert 0 < issue["minPurchaseNum"] <= issue["maxPurchaseNum"]
        assert issue["purchaseDate"] == datetime.now(server_zone()).strftime("%Y%m%d")
    # 2,000 shares at 10 yuan in Shanghai: four times 5,000 yuan.
    assert trader.query_new_purchase_limit(trader.account) == {"KCB": 2000, "SH": 2000, "SZ": 0}
    other = trader.xttype.StockAccount(OTHER)
    assert trader.query_new_purchase_limit(other) == {"KCB": 0, "SH": 0, "SZ": 0}
    trader.call(trader.trader.order_stock, other, STOCK, 23, 900, 11, LAST)  # 9,000 yuan: too little
    assert trader.query_new_purchase_limit(other)["SH"] == 0
    assert trader.query_new_purchase_limit(trader.xttype.StockAccount("nobody")) == {}


def test_a_subscription_is_a_buy_of_the_code_at_the_issue_price(trader: Trader) -> None:
    code, issue = next(iter(trader.query_ipo_data().items()))
    terms = (23, issue["minPurchaseNum"], 11, issue["issuePrice"], "strategy", "new")
    order = trader.query_stock_order(trader.account, trader.order_stock(trader.account, code, *terms))
    # It waits for the lot to be drawn, which this counter never does.
    assert (order.order_status, order.traded_volume) == (50, 0)


# ---- exports


def test_exports_are_the_books_as_csv(trader: Trader, tmp_path: Path) -> None:
    working, filled = trader.buy(), trader.buy(LAST)

    def exported(data_type: str, *times: str) -> list[dict[str, str]]:
        path = tmp_path / f"导出 {data_type}.csv"
        assert trader.export_data(trader.account, str(path), data_type, *times) == {"msg": "export success"}
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    assert [int(row["order_id"]) for row in exported("order")] == [working, filled]
    assert [(row["account_id"], row["account_Type"], row["order_id"]) for row in exported("deal")] == [
        (ACCOUNT, "2", str(filled))
    ]
    assert {row["stock_code"]: row["volume"] for row in exported("position")} == {
        "600036.SH": str(HELD_QTY),
        STOCK: "100",
    }
    assert float(exported("account")[0]["cash"]) == cash(trader)
    today = datetime.now(server_zone()).strftime("%Y%m%d")
    assert len(exported("order", today, today)) == len(exported("order", "", today)) == 2
    assert exported("order", "20200101", "20200102") == exported("deal", "20990101") == []


def test_an_export_that_fails_says_why(trader: Trader, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    nobody = trader.xttype.StockAccount("nobody")
    told = trader.export_data(nobody, str(path), "deal")
    assert told == {"error": {"errorMsg": "can not find account info, accountID:nobody accountType:2"}}
    assert "dataType:weather" in trader.export_data(trader.account, str(path), "weather")["error"]["errorMsg"]
    told = trader.export_data(trader.account, str(tmp_path / "nowhere" / "out.csv"), "deal")
    assert "can not write file" in told["error"]["errorMsg"]
    assert trader.query_data(nobody, str(path), "deal") == {
        "error": told["error"] | {"errorMsg": "can not find account info, accountID:nobody accountType:2"}
    }
    assert not path.exists()


# ---- algorithms (their schedule: tests/unit/test_algorithms.py)


# So large that a slice of it is a whole lot some seconds after midnight already: a day begins at 00:00:00.
LARGE = 900_000


def algorithm(
    trader: Trader, *, price: float = LAST, quantity: int = 1000, name: str = "TWAP", **parameters: Any
) -> Any:
    terms = (STOCK, 23, quantity, 11, price, "strategy", "big", name, "00:00:00", "23:59:59", parameters)
    return trader.answer_to(trader.smart_algo_order_async(trader.account, *terms), "smart_algo_order_async_response")


def task(trader: Trader, number: int) -> dict[str, Any]:
    return next(task for task in trader.query_smart_algo_task(trader.account) if task["task_id"] == number)


def test_an_algorithm_trades_through_orders_of_its_own(trader: Trader) -> None:
    answer = algorithm(trader, m_nSliceSeconds=3600)
    assert (answer.account_id, answer.order_remark, answer.error_msg) == (ACCOUNT, "big", "")
    shown = task(trader, answer.task_id)
    assert (shown["order_num"], shown["order_remark"]) == (1000, "big")
    # All slices until now at once, for it began at midnight.
    children = [trader.query_stock_order(trader.account, number) for number in shown["order_id_list"]]
    assert sum(child.traded_volume for child in children) == int(shown["business_num"])
    assert {child.order_remark for child in children} <= {"big"}


def test_a_canceled_task_leaves_no_order_working(trader: Trader) -> None:
    number = algorithm(trader, price=BELOW, quantity=LARGE, m_nSliceSeconds=1).task_id
    until(lambda: task(trader, number)["order_id_list"], "a slice")
    answer = trader.answer_to(
        trader.cancel_smart_algo_task_async(trader.account, number), "operate_smart_task_async_response"
    )
    assert (answer.success, answer.task_id, answer.error_msg) == (True, number, "")
    assert trader.query_stock_orders(trader.account, True) == []
    assert task(trader, number)["task_status"] == "已撤销"
    for wrong, text in ((number, "[260304]任务已结束"), (99, "[260303]任务不存在")):
        seq = trader.cancel_smart_algo_task_async(trader.account, wrong)
        answer = trader.answer_to(seq, "operate_smart_task_async_response")
        assert (answer.success, answer.error_msg) == (False, text)


def test_a_task_goes_on_after_a_restart(trader: Trader, userdata: Path) -> None:
    number = algorithm(trader, price=BELOW, quantity=LARGE, m_nSliceSeconds=1).task_id
    server.stop(userdata)
    server.start(userdata, idle_seconds=60)
    new = Trader(userdata, 2).log_in()
    before = len(task(new, number)["order_id_list"])
    until(lambda: len(task(new, number)["order_id_list"]) > before, "a slice after the restart")
    assert task(new, number)["task_status"] == "运行中"
    assert len(new.query_stock_orders(new.account, True)) <= 1
    new.close()


def test_a_refused_algorithm_says_why(trader: Trader) -> None:
    assert algorithm(trader, name="nonesuch").error_msg == "[260300]不支持的算法"
    assert algorithm(trader, quantity=0).error_msg == "[260301]算法委托参数不合法"
    assert algorithm(trader, m_nSliceSeconds=0).error_msg == "[260301]算法委托参数不合法"
    assert algorithm(trader, name="nonesuch").task_id == -1
    assert trader.query_smart_algo_task(trader.account) == []
    assert trader.query_smart_algo_task(trader.xttype.StockAccount("nobody")) == []
