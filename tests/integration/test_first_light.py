"""The main job: a file dropped while the bridge runs becomes orders, fills and reports, and its bytes rest."""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from filebridge.app import now
from filebridge.simulator.journal import JOURNAL_FIELDS
from filebridge.tables import ASSET, FILLS, ORDERS, POSITIONS, RECEIPT
from tests.integration.homes import (
    ACCOUNT,
    ANEW,
    MARKET,
    PATIENCE,
    Home,
    Receipt,
    living_in,
    orders_file,
    read_csv,
    run_program,
    until,
)
from tests.windows.console import press_ctrl_c
from tests.windows.marks import not_installed_under_wine

HEADER = "client_order_id,symbol,side,quantity,limit_price,strategy,note"
FILE = orders_file(
    "A-1,600000.SH,BUY,1000,10.51,mean reversion,first",
    "A-2,000001.SZ,SELL,300,11.60,,",
    "A-3,510300.SH,BUY,10000,4.013,,=1+1",
    "A-4,113052.SH,BUY,100,118.45,,a convertible bond",
    "A-5,601318.SH,BUY,200,99.99,,above its limit: the counter says no",
    header=HEADER,
)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Receipt]]:
    """A home made by `init`, one file traded in it while `run` watched, and the bridge stopped again."""
    folder = tmp_path_factory.mktemp("first") / "家 home"
    made = run_program("init", str(folder), "--cash", "1000000", before=ANEW)
    assert made.returncode == 0, made.stderr
    (folder / "userdata" / "market.csv").write_text(MARKET, encoding="utf-8")
    with living_in(Home(folder)) as home:
        home.before = ANEW
        receipt = home.ready().trade("first basket.csv", FILE)
        home.settled()
        asset = home.outbox / f"asset-{ACCOUNT}.csv"
        until(lambda: home.fills() and read_csv(asset)[0]["cash"] != "1000000", "the books after the fills")
        assert home.stop() == 0
        yield home, receipt


def test_the_journal_has_the_orders_as_xttrader_sent_them(first: tuple[Home, Receipt]) -> None:
    home, receipt = first
    sent = home.requests()
    assert [tuple(line) for line in sent] == [JOURNAL_FIELDS] * 5
    names = ("stock_code", "order_type", "order_volume", "price_type", "price", "strategy_name")
    assert [tuple(line[name] for name in names) for line in sent] == [
        ("600000.SH", 23, 1000, 11, 10.51, "mean reversion"),
        ("000001.SZ", 24, 300, 11, 11.6, ""),
        ("510300.SH", 23, 10000, 11, 4.013, ""),
        ("113052.SH", 23, 100, 11, 118.45, ""),
        ("601318.SH", 23, 200, 11, 99.99, ""),
    ]
    assert [line["account"] for line in sent] == [ACCOUNT] * 5
    assert [line["order_remark"] for line in sent] == receipt.tags
    assert len(set(receipt.tags)) == 5
    assert all(len(tag) == 20 and tag.isascii() and tag.isalnum() for tag in receipt.tags)


def test_the_receipt_answers_every_row(first: tuple[Home, Receipt]) -> None:
    home, receipt = first
    assert list(receipt.rows[0]) == RECEIPT
    assert [(row["row"], row["client_order_id"]) for row in receipt.rows] == [
        (str(number), f"A-{number - 1}") for number in range(2, 7)
    ]
    assert receipt.outcomes == ["ACCEPTED"] * 5
    assert receipt.whole["file"] == "first basket.csv"
    assert [row["tag"] for row in receipt.whole["rows"]] == receipt.tags
    head = next(event["hash"] for event in home.events() if event["kind"] == "FILE")
    assert receipt.end == ["#END", "5", head]
    assert receipt.whole["chain_head"] == head
    today = f"{now():%Y%m%d}"
    assert receipt.path.name == f"first basket.{today}-1.receipt.csv"


def test_fills_and_orders_tell_how_it_ended(first: tuple[Home, Receipt]) -> None:
    home, receipt = first
    day = now().date().isoformat()
    fills = read_csv(home.outbox / f"fills-{day}.csv")
    assert list(fills[0]) == FILLS
    assert {(row["client_order_id"], row["symbol"], row["side"], row["filled_qty"]) for row in fills} == {
        ("A-1", "600000.SH", "BUY", "1000"),
        ("A-2", "000001.SZ", "SELL", "300"),
        ("A-3", "510300.SH", "BUY", "10000"),
        ("A-4", "113052.SH", "BUY", "100"),
    }
    assert all(Decimal(row["amount"]) == int(row["last_qty"]) * Decimal(row["last_price"]) for row in fills)
    assert all(row["trade_id"] and row["counter_order_id"] and Decimal(row["commission"]) > 0 for row in fills)
    orders = read_csv(home.outbox / f"orders-{day}.csv")
    assert list(orders[0]) == ORDERS
    assert [(row["client_order_id"], row["status"], row["filled_qty"], row["leaves_qty"]) for row in orders] == [
        ("A-1", "FILLED", "1000", "0"),
        ("A-2", "FILLED", "300", "0"),
        ("A-3", "FILLED", "10000", "0"),
        ("A-4", "FILLED", "100", "0"),
        ("A-5", "REJECTED", "0", "0"),
    ]
    assert [row["tag"] for row in orders] == receipt.tags
    assert orders[0]["strategy"] == "mean reversion"
    # Excel must not run it.
    assert orders[2]["note"] == "'=1+1"
    rejected = orders[4]
    assert rejected["reason_code"] == "BROKER_REJECTED"
    assert "价格超出涨跌停" in rejected["message"]
    assert "价格超出涨跌停" in rejected["message_zh"]
    for name in ("received_at", "submitted_at", "updated_at"):
        assert datetime.fromisoformat(orders[0][name]).utcoffset() == timedelta(hours=8)


def test_the_books_and_the_status_are_reported(first: tuple[Home, Receipt]) -> None:
    home, _ = first
    positions = read_csv(home.outbox / f"positions-{ACCOUNT}.csv")
    assert list(positions[0]) == POSITIONS
    held = {row["symbol"]: (row["quantity"], row["available_qty"]) for row in positions}
    # T+1 for stocks and this ETF, but bonds may be sold on the same day.
    assert held["600000.SH"] == ("21000", "20000")
    assert held["000001.SZ"] == ("19700", "19700")
    assert held["113052.SH"] == ("100", "100")
    asset = read_csv(home.outbox / f"asset-{ACCOUNT}.csv")
    assert list(asset[0]) == ASSET
    assert Decimal(asset[0]["frozen_cash"]) == 0
    paid = {"BUY": -1, "SELL": 1}
    fills = home.fills()
    amounts = sum((paid[row["side"]] * Decimal(row["amount"]) - Decimal(row["commission"]) for row in fills), Decimal())
    assert Decimal(asset[0]["cash"]) == 1_000_000 + amounts
    status = json.loads((home.outbox / "status.json").read_text(encoding="utf-8"))
    assert (status["mode"], status["connected"], status["connection"]) == ("paper", False, "stopped")
    assert (status["halted"], status["open_orders"], status["in_doubt"]) == (False, {}, 0)
    assert status["ledger_seq"] == home.events()[-1]["seq"]
    assert status["chain_head"] == home.events()[-1]["hash"]


def test_the_events_are_the_ledger(first: tuple[Home, Receipt]) -> None:
    home, receipt = first
    events = home.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["kind"], events[-1]["kind"]) == ("STARTED", "STOPPED")
    for tag in receipt.tags:
        kinds = [event["body"].get("event", event["kind"]) for event in events if event["tag"] == tag]
        assert kinds[:2] == ["ROW", "SUBMIT"]
    done = home.command("verify")
    assert done.returncode == 0
    assert events[-1]["hash"] in done.stdout


def test_the_archive_holds_the_bytes_and_the_inbox_nothing(first: tuple[Home, Receipt]) -> None:
    home, receipt = first
    resting = home.archive / now().date().isoformat() / "accepted" / f"first basket.{now():%Y%m%d}-1.csv"
    assert resting.read_bytes() == FILE.encode()
    assert receipt.whole["archived_as"] == resting.relative_to(home.archive).as_posix()
    assert list(home.inbox.iterdir()) == []
    assert [path for path in home.outbox.iterdir() if path.name.startswith(".")] == []


def test_the_commands_show_it(first: tuple[Home, Receipt]) -> None:
    home, receipt = first
    orders = home.json_of("orders")
    assert [(row["client_order_id"], row["status"]) for row in orders][:2] == [("A-1", "FILLED"), ("A-2", "FILLED")]
    assert {row["client_order_id"] for row in home.json_of("fills")} == {"A-1", "A-2", "A-3", "A-4"}
    (file,) = home.json_of("files")
    assert (file["name"], file["outcome"], file["rows"]) == ("first basket.csv", "ACCEPTED", 5)
    (story,) = home.json_of("show", "A-1").values()
    assert [line["kind"] for line in story][:2] == ["ROW", "ORDER"]
    assert "FILLED" in story[-1]["what"] or story[-1]["kind"] == "REPORT"
    assert receipt.tags[0] in home.command("show", receipt.tags[0]).stdout
    assert home.command("show", "NO-SUCH").returncode == 1
    assert home.json_of("orders", "--date", "2020-01-02") == []


def test_once_ends_with_0_when_all_is_filled(home: Home) -> None:
    home.drop("good.csv", orders_file("B-1,600000.SH,BUY,100,10.51", "B-2,000001.SZ,BUY,100,11.66"))
    done = home.once()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [row["status"] for row in home.orders()] == ["FILLED", "FILLED"]
    assert len(home.fills()) == 2
    # Nothing to do is clean too.
    assert home.once().returncode == 0


@pytest.mark.parametrize(
    ("row", "outcome", "status"),
    [
        ("C-1,600000.SH,BUY,100,99.99", "ACCEPTED", ["REJECTED"]),
        ("C-1,600000.SH,BUY,many,10.51", "REFUSED", []),
        ("C-1,IF2612.CFFEX,BUY,1,4000", "DENIED", ["DENIED"]),
    ],
)
def test_once_ends_with_1_when_something_went_wrong(home: Home, row: str, outcome: str, status: list[str]) -> None:
    home.drop("bad.csv", orders_file(row))
    assert home.once().returncode == 1
    assert home.receipt_no(1, "bad.csv").outcomes == [outcome]
    assert [row["status"] for row in home.orders()] == status


def test_the_window_names_what_was_not_sent_and_why(home: Home) -> None:
    sells = [f"S-{number:02},601318.SH,SELL,100,52.00" for number in range(1, 13)]
    home.drop("mixed.csv", orders_file(*sells, "R-1,600000.SH,BUY,many,10.51", "R-2,60000O,BUY,100,10.51"))
    said = home.once(inbox__on_bad_row="skip").stdout
    for word in (
        "mixed.csv row 14 第 14 行 R-1: REFUSED 不予接受 QUANTITY_NOT_INTEGER\n",
        "mixed.csv row 15 第 15 行 R-2: REFUSED 不予接受 SYMBOL_NOT_RECOGNISED\n",
        "证券代码",
    ):
        assert word in said
    # Accepted, and denied only when they were about to leave.
    assert "S-01  SELL 卖出 100 601318.SH: DENIED 已拒绝 SELLABLE_NOT_ENOUGH\n" in said
    assert said.count(": DENIED 已拒绝 SELLABLE_NOT_ENOUGH\n") == 10
    assert "2 more DENIED SELLABLE_NOT_ENOUGH" in said
    assert "另有 2 条" in said


def test_once_names_at_its_time_limit_what_still_works(home: Home) -> None:
    home.drop("resting.csv", orders_file("D-1,600000.SH,BUY,100,9.90", "D-2,600000.SH,BUY,100,10.51"))
    done = home.once(timeout=4 * PATIENCE)
    assert done.returncode == 1
    last = done.stdout[done.stdout.index("Not final") :]
    assert "D-1" in last
    assert "ACCEPTED" in last
    assert "D-2" not in last
    assert home.requests("cancel") == []
    # The next run takes it up: the price has come, and it ends clean.
    market = MARKET.replace("600000.SH,10.45,10.50", "600000.SH,10.45,9.90")
    (home.userdata / "market.csv").write_text(market, encoding="utf-8")
    assert home.once().returncode == 0
    assert [row["status"] for row in home.orders()] == ["FILLED", "FILLED"]
    assert len(home.requests()) == 2


def test_ctrl_c_stops_a_running_bridge(home: Home) -> None:
    home.ready().trade("resting.csv", orders_file("E-1,600000.SH,BUY,100,9.90"))
    home.wait_for_status("E-1", "ACCEPTED")
    assert home.bridge is not None
    if sys.platform == "win32":
        press_ctrl_c(home.bridge.pid)
    else:
        # A terminal sends it to the worker as well, which must not die of it before the bridge has ended it.
        os.kill(home.worker_pid(), signal.SIGINT)
        home.bridge.send_signal(signal.SIGINT)
    # Without --once an order that still works is no problem.
    assert home.ended() == 0
    assert "Not final" in home.said()
    assert [event["body"]["up"] for event in home.events() if event["kind"] == "CONNECTION"] == [True]
    assert not (home.folder / ".filebridge" / "worker.log").read_bytes()
    assert "E-1" in home.said()
    assert home.worker_is_gone()


@not_installed_under_wine
def test_the_console_script_is_the_same_program() -> None:
    script = shutil.which("filebridge", path=sysconfig.get_path("scripts"))
    assert script is not None
    done = subprocess.run([script, "--help"], capture_output=True, check=False)
    assert done.returncode == 0
    assert "文件即委托" in done.stdout.decode()
