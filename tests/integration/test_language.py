"""Every side, order type and kind of instrument: what a file says is what xtquant's native module receives.

The samples are those of docs/language.md. What each becomes is written here in xtconstant's own names, apart from the
tables of the program.
"""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from xtquant import xtconstant

from filebridge.config import SETTINGS_FILE
from filebridge.domain.orders import OrderType
from filebridge.domain.sides import FACTS, TRANSFERS
from filebridge.domain.symbols import InstrumentKind, instrument_kind
from filebridge.orderfiles import parse
from filebridge.simulator.bank import BANK_NO
from tests.golden.regenerate import RULES, SAMPLES, TODAY
from tests.integration.homes import Home, Row, living_in, until

FILES = [
    SAMPLES / "language" / f"{name}.csv"
    for name in ("credit", "etf", "futures", "issues", "options", "prices", "stocks", "transfer")
]
KINDS = {"10000001": "STOCK", "20000001": "CREDIT", "30000001": "FUTURE", "60000001": "STOCK_OPTION"}

# Sample row -> symbol, order_type, volume, price_type, price; the constants by their names.
RECEIVED: dict[str, tuple[str, str, int, str, float]] = {
    "S-01": ("600000.SH", "STOCK_BUY", 100, "FIX_PRICE", 10.5),
    "S-02": ("600036.SH", "STOCK_SELL", 100, "FIX_PRICE", 10.5),
    "S-03": ("000001.SZ", "STOCK_BUY", 100, "FIX_PRICE", 11.65),
    "S-04": ("300750.SZ", "STOCK_BUY", 100, "FIX_PRICE", 200),
    "S-05": ("688981.SH", "STOCK_BUY", 200, "FIX_PRICE", 90),
    "S-06": ("430047.BJ", "STOCK_BUY", 100, "FIX_PRICE", 20),
    "S-07": ("510050.SH", "STOCK_BUY", 100, "FIX_PRICE", 2.6),
    "S-08": ("161725.SZ", "STOCK_BUY", 100, "FIX_PRICE", 1.1),
    "S-09": ("113050.SH", "STOCK_BUY", 10, "FIX_PRICE", 110),
    "S-10": ("204001.SH", "STOCK_SELL", 10, "FIX_PRICE", 1.85),
    "S-11": ("131810.SZ", "STOCK_SELL", 10, "FIX_PRICE", 1.85),
    "I-01": ("787001.SH", "STOCK_BUY", 500, "FIX_PRICE", 10.5),
    "I-02": ("301001.SZ", "STOCK_BUY", 500, "FIX_PRICE", 20.5),
    "I-03": ("889001.BJ", "STOCK_BUY", 100, "FIX_PRICE", 8.5),
    "I-04": ("733001.SH", "STOCK_BUY", 10000, "FIX_PRICE", 100),
    "I-05": ("072001.SZ", "STOCK_BUY", 10000, "FIX_PRICE", 100),
    "I-06": ("787001.SH", "CREDIT_BUY", 500, "FIX_PRICE", 10.5),
    "E-01": ("510050.SH", "ETF_PURCHASE", 900000, "FIX_PRICE", 0),
    "E-02": ("510050.SH", "ETF_REDEMPTION", 900000, "FIX_PRICE", 0),
    "P-01": ("600000.SH", "STOCK_BUY", 100, "FIX_PRICE", 10.5),
    "P-02": ("600000.SH", "STOCK_BUY", 100, "LATEST_PRICE", 11.55),
    "P-03": ("600000.SH", "STOCK_BUY", 100, "MARKET_PEER_PRICE_FIRST", 10.6),
    "P-04": ("000001.SZ", "STOCK_BUY", 100, "MARKET_PEER_PRICE_FIRST", 12.82),
    "P-05": ("600000.SH", "STOCK_BUY", 100, "MARKET_MINE_PRICE_FIRST", 10.6),
    "P-06": ("000001.SZ", "STOCK_BUY", 100, "MARKET_MINE_PRICE_FIRST", 11.7),
    "P-07": ("600000.SH", "STOCK_BUY", 100, "MARKET_SH_CONVERT_5_CANCEL", 10.6),
    "P-08": ("000001.SZ", "STOCK_BUY", 100, "MARKET_SZ_CONVERT_5_CANCEL", 12.82),
    "P-09": ("430047.BJ", "STOCK_BUY", 100, "MARKET_SH_CONVERT_5_CANCEL", 20.1),
    "P-10": ("600000.SH", "STOCK_BUY", 100, "MARKET_SH_CONVERT_5_LIMIT", 10.6),
    "P-11": ("000001.SZ", "STOCK_BUY", 100, "MARKET_SZ_INSTBUSI_RESTCANCEL", 12.82),
    "P-12": ("000001.SZ", "STOCK_BUY", 100, "MARKET_SZ_FULL_OR_CANCEL", 11.7),
    # The terminal's 盘后定价 has no name in xtconstant.
    "P-13": ("688981.SH", "STOCK_BUY", 200, "49", 90),
    "P-14": ("300059.SZ", "STOCK_SELL", 100, "49", 200),
    "C-01": ("600000.SH", "CREDIT_BUY", 100, "FIX_PRICE", 10.5),
    "C-02": ("600036.SH", "CREDIT_SELL", 100, "FIX_PRICE", 10.5),
    "C-03": ("600000.SH", "CREDIT_FIN_BUY", 100, "FIX_PRICE", 10.5),
    "C-04": ("600036.SH", "CREDIT_SLO_SELL", 100, "FIX_PRICE", 10.5),
    "C-05": ("600000.SH", "CREDIT_BUY_SECU_REPAY", 100, "FIX_PRICE", 10.5),
    "C-06": ("600000.SH", "CREDIT_DIRECT_SECU_REPAY", 100, "FIX_PRICE", 0),
    "C-07": ("600036.SH", "CREDIT_SELL_SECU_REPAY", 100, "FIX_PRICE", 10.5),
    "C-08": ("600000.SH", "CREDIT_DIRECT_CASH_REPAY", 1, "FIX_PRICE", 5000),
    "C-09": ("600000.SH", "CREDIT_FIN_BUY_SPECIAL", 100, "FIX_PRICE", 10.5),
    "C-10": ("600036.SH", "CREDIT_SLO_SELL_SPECIAL", 100, "FIX_PRICE", 10.5),
    "C-11": ("600000.SH", "CREDIT_BUY_SECU_REPAY_SPECIAL", 100, "FIX_PRICE", 10.5),
    "C-12": ("600000.SH", "CREDIT_DIRECT_SECU_REPAY_SPECIAL", 100, "FIX_PRICE", 0),
    "C-13": ("600036.SH", "CREDIT_SELL_SECU_REPAY_SPECIAL", 100, "FIX_PRICE", 10.5),
    "C-14": ("600000.SH", "CREDIT_DIRECT_CASH_REPAY_SPECIAL", 1, "FIX_PRICE", 5000),
    "F-01": ("rb2701.SF", "FUTURE_OPEN_LONG", 2, "FIX_PRICE", 3500),
    "F-02": ("rb2705.SF", "FUTURE_OPEN_SHORT", 2, "FIX_PRICE", 3500),
    "F-03": ("rb2705.SF", "FUTURE_CLOSE_LONG_TODAY", 1, "FIX_PRICE", 3500),
    "F-04": ("rb2701.SF", "FUTURE_CLOSE_SHORT_TODAY", 1, "FIX_PRICE", 3500),
    "F-05": ("rb2705.SF", "FUTURE_CLOSE_LONG_HISTORY", 1, "FIX_PRICE", 3500),
    "F-06": ("rb2701.SF", "FUTURE_CLOSE_SHORT_HISTORY", 1, "FIX_PRICE", 3500),
    "F-07": ("IF2703.IF", "FUTURE_CLOSE_LONG_TODAY_FIRST", 1, "FIX_PRICE", 4000),
    "F-08": ("IF2703.IF", "FUTURE_CLOSE_LONG_HISTORY_FIRST", 1, "FIX_PRICE", 4000),
    "F-09": ("IF2612.IF", "FUTURE_CLOSE_SHORT_TODAY_FIRST", 1, "FIX_PRICE", 4000),
    "F-10": ("IF2612.IF", "FUTURE_CLOSE_SHORT_HISTORY_FIRST", 1, "FIX_PRICE", 4000),
    "F-11": ("IF2612.IF", "FUTURE_CLOSE_SHORT_TODAY_HISTORY_THEN_OPEN_LONG", 1, "FIX_PRICE", 4000),
    "F-12": ("IF2612.IF", "FUTURE_CLOSE_SHORT_HISTORY_TODAY_THEN_OPEN_LONG", 1, "FIX_PRICE", 4000),
    "F-13": ("IF2703.IF", "FUTURE_CLOSE_LONG_TODAY_HISTORY_THEN_OPEN_SHORT", 1, "FIX_PRICE", 4000),
    "F-14": ("IF2703.IF", "FUTURE_CLOSE_LONG_HISTORY_TODAY_THEN_OPEN_SHORT", 1, "FIX_PRICE", 4000),
    "F-15": ("IF2612.IF", "FUTURE_OPEN_LONG", 1, "MARKET_CANCEL_5", 4010),
    "F-16": ("IF2612.IF", "FUTURE_OPEN_LONG", 1, "MARKET_CONVERT_5", 4400),
    "F-17": ("IF2612.IF", "FUTURE_OPEN_LONG", 1, "MARKET_CANCEL_1", 4400),
    "F-18": ("IF2612.IF", "FUTURE_OPEN_LONG", 1, "MARKET_CONVERT_1", 4400),
    "F-19": ("m2701.DF", "FUTURE_OPEN_LONG", 1, "MARKET_CANCEL", 3120),
    "F-20": ("m2701.DF", "FUTURE_OPEN_LONG", 1, "MARKET_CANCEL_ALL", 3120),
    "F-21": ("SR701.ZF", "FUTURE_OPEN_LONG", 1, "MARKET_BEST", 6240),
    "F-22": ("sc2612.INE", "FUTURE_OPEN_LONG", 1, "FIX_PRICE", 500),
    "F-23": ("si2612.GF", "FUTURE_OPEN_LONG", 1, "FIX_PRICE", 9000),
    "F-24": ("T2612.IF", "FUTURE_OPEN_LONG", 1, "FIX_PRICE", 108),
    "O-01": ("10005183.SHO", "STOCK_OPTION_BUY_OPEN", 1, "FIX_PRICE", 0.05),
    "O-02": ("10005184.SHO", "STOCK_OPTION_SELL_CLOSE", 1, "FIX_PRICE", 0.05),
    "O-03": ("10005184.SHO", "STOCK_OPTION_SELL_OPEN", 1, "FIX_PRICE", 0.05),
    "O-04": ("10005183.SHO", "STOCK_OPTION_BUY_CLOSE", 1, "FIX_PRICE", 0.05),
    "O-05": ("510050.SH", "STOCK_OPTION_SECU_LOCK", 10000, "FIX_PRICE", 0),
    "O-06": ("10005184.SHO", "STOCK_OPTION_COVERED_OPEN", 1, "FIX_PRICE", 0.05),
    "O-07": ("10005183.SHO", "STOCK_OPTION_COVERED_CLOSE", 1, "FIX_PRICE", 0.05),
    "O-08": ("10005183.SHO", "STOCK_OPTION_CALL_EXERCISE", 1, "FIX_PRICE", 0),
    "O-09": ("10005183.SHO", "STOCK_OPTION_PUT_EXERCISE", 1, "FIX_PRICE", 0),
    "O-10": ("510050.SH", "STOCK_OPTION_SECU_UNLOCK", 10000, "FIX_PRICE", 0),
    "O-11": ("90001234.SZO", "STOCK_OPTION_BUY_OPEN", 1, "MARKET_SZ_FULL_OR_CANCEL", 0.05),
}

# Transfers have no tag: kind of request, security, direction, shares, money. The numbers of the bank stand in
# xttrader.py itself.
MOVED: dict[str, tuple[str, str, str, int, float]] = {
    "T-01": ("bank_transfer", "", "501", 0, 5000),
    "T-02": ("bank_transfer", "", "502", 0, 1000.5),
    "T-03": ("transfer", "", "FUNDS_TRANSFER_NORMAL_TO_SPEED", 0, 2000),
    "T-04": ("transfer", "", "FUNDS_TRANSFER_SPEED_TO_NORMAL", 0, 2000),
    "T-05": ("transfer", "", "NODE_FUNDS_TRANSFER_SH_TO_SZ", 0, 100),
    "T-06": ("transfer", "", "NODE_FUNDS_TRANSFER_SZ_TO_SH", 0, 100),
    "T-07": ("transfer", "SH600036", "SECU_TRANSFER_NORMAL_TO_SPEED", 100, 0),
    "T-08": ("transfer", "SH600036", "SECU_TRANSFER_SPEED_TO_NORMAL", 100, 0),
}
# Which the counter has not enabled.
NOT_ENABLED = ("T-05", "T-06", "T-07", "T-08")
# What this market leaves working.
RESTS = ("I-01", "I-06", "P-05", "P-06", "S-06")


class Sent:
    """All samples dropped into one home with an account of each kind: what the counter was asked, and its answers."""

    def __init__(self, home: Home) -> None:
        home.start(risk__transfers_allowed=json.dumps(sorted(TRANSFERS)), outbox__report_seconds=0.1)
        until(lambda: all_are_answered(home.orders()), "every order to end or to rest")
        assert home.stop() == 0
        self.orders = {row["client_order_id"]: row for row in home.orders()}
        self.requests = {line["order_remark"]: line for line in home.requests()}
        self.moved = [*home.requests("bank_transfer"), *home.requests("transfer")]
        self.receipts = {row["client_order_id"]: row for path in FILES for row in home.receipts(path.name)[0].rows}


def all_are_answered(orders: list[Row]) -> bool:
    working = {row["client_order_id"] for row in orders if row["leaves_qty"] != "0" or row["status"] == "UNKNOWN"}
    return len(orders) == len(RECEIVED) + len(MOVED) and working == set(RESTS)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    with living_in(Home.made(tmp_path_factory.mktemp("language") / "home")) as home:
        settings = home.folder / SETTINGS_FILE
        bank = f'bank_no = "{BANK_NO}"'
        accounts = ", ".join(f'{{ id = "{name}", type = "{kind}", {bank} }}' for name, kind in KINDS.items())
        text = settings.read_text(encoding="utf-8").splitlines()
        kept = [f"accounts = [{accounts}]" if line.startswith("accounts = ") else line for line in text]
        settings.write_text("\n".join(kept) + "\n", encoding="utf-8")
        rows = "".join(f"{account},{kind},100000000\n" for account, kind in KINDS.items())
        held = [
            *("10000001,600036.SH", "10000001,510050.SH", "10000001,300059.SZ"),
            *("20000001,600036.SH", "20000001,600000.SH", "60000001,510050.SH"),
        ]
        holdings = "".join(f"{each},1000000,1000000,1\n" for each in held)
        header = "account,symbol,quantity,available_qty,avg_cost\n"
        (home.userdata / "holdings.csv").write_text(header + holdings, encoding="utf-8")
        (home.userdata / "accounts.csv").write_text(f"account,account_type,cash\n{rows}", encoding="utf-8")
        prices = "".join(f"{symbol},{price},{price}\n" for symbol, _, _, _, price in RECEIVED.values() if price)
        # Where the file names no price, the day's limit of these becomes the bound.
        market = f"symbol,prev_close,last\n{prices}000001.SZ,11.65,11.65\n600000.SH,10.5,10.5\nIF2612.IF,4000,4000\n"
        market += "m2701.DF,3000,3000\nSR701.ZF,6000,6000\n"
        (home.userdata / "market.csv").write_text(market, encoding="utf-8")
        for path in FILES:
            home.drop(path.name, path.read_bytes())
        yield Sent(home)


def number(name: str) -> int:
    return int(name) if name.isdigit() else int(getattr(xtconstant, name))


def test_the_samples_leave_no_side_type_or_instrument_out() -> None:
    instructions = [row for path in FILES for row in _parsed(path)]
    assert {row.side for row in instructions} == set(FACTS)
    from_market_data = {order_type for order_type in OrderType if order_type.value[-2:-1] == "_"}
    assert {row.order_type for row in instructions} == set(OrderType) - from_market_data
    assert {instrument_kind(row.symbol) for row in instructions} == set(InstrumentKind) - {InstrumentKind.OTHER}
    assert {row.account for row in instructions} == set(KINDS) == set(RULES.accounts)
    assert {row.client_order_id for row in instructions} == RECEIVED.keys() | MOVED.keys()
    assert {row.side for row in instructions if row.client_order_id in MOVED} == TRANSFERS


@pytest.mark.parametrize("name", RECEIVED)
def test_what_a_row_says_is_what_the_native_module_receives(sent: Sent, name: str) -> None:
    symbol, order_type, volume, price_type, price = RECEIVED[name]
    assert sent.receipts[name]["outcome"] == "ACCEPTED", sent.receipts[name]["message"]
    order = sent.orders[name]
    request = sent.requests[order["tag"]]
    assert request["account"] == order["account"]
    assert request["stock_code"] == symbol
    assert request["order_type"] == number(order_type)
    assert request["order_volume"] == volume
    assert request["price_type"] == number(price_type)
    assert request["price"] == price


def test_each_transfer_reaches_the_native_module_once_and_its_answer_stands(sent: Sent) -> None:
    received = [
        (line["kind"], line["stock_code"] or "", line["order_type"], line["order_volume"] or 0, line["price"])
        for line in sent.moved
    ]
    meant = [(kind, code, number(way), *rest) for kind, code, way, *rest in MOVED.values()]
    assert sorted(received) == sorted(meant)
    assert {line["account"] for line in sent.moved} == {"10000001"}
    for name in MOVED:
        assert sent.receipts[name]["outcome"] == "ACCEPTED", sent.receipts[name]["message"]
        assert sent.orders[name]["status"] == ("REJECTED" if name in NOT_ENABLED else "FILLED"), sent.orders[name]


def test_each_order_was_followed_to_its_end_or_rests(sent: Sent) -> None:
    """None is in doubt, none was taken for another: the counter's own answer stands on each."""
    assert {order["status"] for order in sent.orders.values()} <= {"FILLED", "ACCEPTED", "REJECTED", "CANCELED"}
    assert len(sent.requests) == len(RECEIVED)
    assert len(sent.orders) == len(RECEIVED) + len(MOVED)
    for name in ("S-01", "C-01", "C-03", "F-01", "O-01", "O-05", "P-03", "P-13"):
        assert sent.orders[name]["status"] == "FILLED", sent.orders[name]
    # A subscription rests until the night, and this counter has no funds to create.
    assert sent.orders["E-01"]["status"] == "REJECTED"


def _parsed(path: Path) -> Any:
    found = parse(path.read_bytes(), name=path.name, today=TODAY)
    assert not found.problems
    assert len(found.instructions) == len(list(csv.DictReader(StringIO(path.read_text(encoding="utf-8")))))
    return found.instructions
