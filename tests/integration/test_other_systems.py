"""Programs of other systems trade through the bridge, each knowing its own files alone: order, cancel, part of a fill,
rejection, restart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from filebridge.config import SETTINGS_FILE
from tests.integration.clients import cats, goldminer, hundsun, ptrade, xuntou
from tests.integration.homes import ACCOUNT, Home, until

# The library by which the programs append leaves files open.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
GUID = "e2cdd75b-8e51-11f0-b2eb-52560acd7da0"
PRODUCT = "00080003"
ENTRIES = {
    "goldminer": f'reports = "other/out"\naccounts = {{ "{GUID}" = "{ACCOUNT}" }}',
    "xuntou": "",
    "hundsun": f'accounts = {{ "{PRODUCT}/0001/0001" = "{ACCOUNT}" }}',
    "cats": f'accounts = {{ "0/20800018203" = "{ACCOUNT}" }}',
    "ptrade": "",
}
# A buy above the last price is filled, one below it rests.
FILLED, RESTING = 10.51, 9.80


@pytest.fixture
def opened(home: Home) -> Callable[[str], Path]:
    def open_for(system: str) -> Path:
        settings = home.folder / SETTINGS_FILE
        entry = f'\n[[inbox.sources]]\nname = "{system}"\nfolder = "other/in"\nformat = "{system}"\n{ENTRIES[system]}\n'
        settings.write_text(settings.read_text(encoding="utf-8") + entry, encoding="utf-8")
        start(home)
        return home.folder / "other" / "in"

    return open_for


def start(home: Home) -> None:
    home.ready(outbox__report_seconds=0.05, inbox__settle_seconds=0.1)


def test_goldminer(home: Home, opened: Callable[[str], Path]) -> None:
    client = goldminer.Client(opened("goldminer"), home.folder / "other" / "out", GUID)
    client.order("A1", "SHSE.600000", 200, 1, FILLED)
    until(lambda: client.status("A1").get("status") == "3", "A1 to be filled")
    (fill,) = client.executions("A1")
    assert (fill["exec_type"], fill["volume"], fill["symbol"]) == ("15", "200", "SHSE.600000")
    client.order("A2", "SHSE.600000", 100, 1, RESTING)
    until(lambda: client.status("A2").get("status") == "1", "A2 to be reported")
    # Too far from the last price for the counter, and not a code at all.
    client.order("A3", "SHSE.600000", 100, 1, 99.0)
    client.order("A4", "SHSE.600000", 100, 7, FILLED)
    until(lambda: client.status("A3").get("status") == "8", "A3 to be rejected")
    until(lambda: client.status("A4").get("status") == "8", "A4 to be refused")
    assert client.status("A3")["ord_rej_reason_detail(rej_detail)"]
    assert "order_business" in client.status("A4")["ord_rej_reason_detail(rej_detail)"]
    home.kill()
    client.cancel("A2")
    start(home)
    until(lambda: client.status("A2").get("status") == "5", "A2 to be canceled after the restart")
    states = [row["status"] for row in client.read("order_status_change.csv") if row["sid"] == "A2"]
    assert states[-1] == "5"
    assert len(client.executions("A1")) == 1
    until(lambda: client.read("cash.csv"), "the cash")
    held = until(lambda: client.read("position.csv"), "positions")
    assert "SHSE.600000" in {row["symbol"] for row in held}


def test_xuntou(home: Home, opened: Callable[[str], Path]) -> None:
    client = xuntou.Client(opened("xuntou"), ACCOUNT)
    client.make()
    bought = client.order(23, "600000", 200, FILLED, "n1")
    resting = client.order(23, "SH600000", 100, RESTING)
    until(lambda: client.answer(bought).get("orderState") == "56", "the first to be filled")
    assert client.answer(bought)["TASKPRO"] == "200/200"
    assert client.answer(bought)["note"] == "n1"
    until(lambda: client.answer(resting).get("orderId", "-1") != "-1", "the second to have a number")
    number = client.answer(resting)["orderId"]
    home.kill()
    canceled = client.cancel(number)
    rejected = client.order(23, "600000", 100, 99.0)
    refused = client.order(77, "600000", 100, FILLED)
    start(home)
    until(lambda: client.answer(resting).get("orderState") == "54", "the second to be canceled")
    until(lambda: client.answer(rejected).get("orderState") == "57", "the fourth to be rejected")
    until(lambda: client.answer(refused).get("orderId") == "-2", "the fifth to be refused")
    assert client.answer(refused)["message"]
    assert client.answer(canceled)["orderId"] == "-1"
    assert client.answer(bought)["orderState"] == "56"


def test_cats(home: Home, opened: Callable[[str], Path]) -> None:
    client = cats.Client(opened("cats"), "20800018203")
    client.make()
    client.order("c1", "600000.SH", 1, 200, "10.51")
    client.order("c2", "600000.SH", 1, 100, "9.80")
    client.order("c3", "600000.SH", 1, 100, "99.00")
    until(lambda: [row["ord_status"] for row in client.updates("c1")][-1:] == ["2"], "c1 to be filled")
    assert client.updates("c1")[-1]["filled_qty"] == "200"
    reported = until(lambda: client.updates("c2"), "c2 to be reported")
    until(lambda: [row["ord_status"] for row in client.updates("c3")][-1:] in (["5"], ["6"]), "c3 to be rejected")
    assert client.updates("c3")[-1]["err_msg"]
    home.kill()
    client.cancel(reported[-1]["ord_no"])
    start(home)
    until(lambda: [row["ord_status"] for row in client.updates("c2")][-1:] == ["4"], "c2 to be canceled")
    assert client.updates("c2")[-1]["cxl_qty"] == "100"
    assert client.updates("c2")[-1]["acct"] == "20800018203"
    name = "csv_input_1795140000.0_42.csv"
    client.order_by_file(name, "600000.SH", 1, 100, "10.51")
    until(lambda: [row["ord_status"] for row in client.updates(file=name)][-1:] == ["2"], "the CSV to be filled")


def test_hundsun(home: Home, opened: Callable[[str], Path]) -> None:
    client = hundsun.Client(opened("hundsun"), PRODUCT)
    client.make()
    client.order(100_000_001, "1", "600000", "1", FILLED, 200)
    client.order(100_000_002, "1", "600000", "1", RESTING, 100)
    client.order(100_000_003, "1", "600000", "1", 99.0, 100)
    client.order(100_000_004, "1", "600000", "9", FILLED, 100)
    until(lambda: client.status(100_000_001).get("WTZT") == "7", "the first to be filled")
    until(lambda: client.fills(), "its fill")
    assert [(row["WTXH"], row["CJSL"], row["CPBH"]) for row in client.fills()] == [("1", "200", PRODUCT)]
    until(lambda: client.status(100_000_002).get("WTZT") == "4", "the second to be reported")
    until(lambda: client.status(100_000_003).get("WTZT") == "5", "the third to be rejected")
    until(lambda: client.own_rows()[3]["WTXH"] == "0" and client.own_rows()[3]["SBYY"], "the fourth to be refused")
    assert [row["WTXH"] for row in client.own_rows()][:2] == ["1", "2"]
    home.kill()
    client.cancel(2)
    start(home)
    until(lambda: client.status(100_000_002).get("WTZT") == "9", "the second to be canceled")
    assert len(client.fills()) == 1
    assert client.own_rows()[0]["WTXH"] == "1"


def test_ptrade(home: Home, opened: Callable[[str], Path]) -> None:
    folder = opened("ptrade")
    ptrade.basket(folder, "b1.csv", "600000.SS,buy,200,10.51,limit,grid,P1", "600000.SS,buy,100,9.8,limit,grid,P2")
    home.wait_for_status("P1", "FILLED")
    home.wait_for_status("P2", "ACCEPTED")
    home.kill()
    ptrade.basket(folder, "b2.csv", "600000.SS,buy,100,99,limit,grid,P3")
    start(home)
    home.wait_for_status("P3", "REJECTED")
    assert home.order("P1")["strategy"] == "grid"
