"""Prices as xtdata tells them, read into our words: what it leaves out, and numbers that are none."""

import sys
from types import ModuleType
from typing import Any

import pytest

from filebridge.gateways import wire, xtquotes

TICK = {
    "time": 1_795_140_000_000,
    "lastPrice": 10.5,
    "lastClose": 10.45,
    "bidPrice": [10.49, 10.48, 0.0, 0.0, 0.0],
    "askPrice": [10.500000000000002, 10.51, 10.52, 10.53, 10.54],
}
DETAIL = {
    "InstrumentName": "浦发银行",
    "PreClose": 10.44,
    "UpStopPrice": 11.5,
    "DownStopPrice": 9.41,
    "OpenDate": "19991110",
}


@pytest.fixture
def xtdata(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it would be on Windows, of whose native part there is none here."""
    module = ModuleType("xtquant.xtdata")
    monkeypatch.setitem(sys.modules, "xtquant", ModuleType("xtquant"))
    monkeypatch.setitem(sys.modules, "xtquant.xtdata", module)
    return module


def told(xtdata: ModuleType, tick: Any, detail: Any) -> dict[str, Any]:
    vars(xtdata).update(
        get_full_tick=lambda symbols: {"600000.SH": tick} if tick else {},
        get_instrument_detail_list=lambda symbols: dict.fromkeys(symbols, detail),
    )
    return xtquotes.XtQuotes(paper=False, userdata="").ask(["600000.SH"])


def test_a_whole_answer(xtdata: ModuleType) -> None:
    answer = told(xtdata, TICK, DETAIL)
    assert (answer["source"], answer["symbols"], answer["text"]) == ("terminal", ["600000.SH"], "")
    assert answer["rows"] == [
        {
            "symbol": "600000.SH",
            "at": "2026-11-20T10:00:00.000+08:00",
            "name": "浦发银行",
            "prev_close": "10.45",
            "last": "10.5",
            "bids": ["10.49", "10.48"],
            "asks": ["10.5", "10.51", "10.52", "10.53", "10.54"],
            "limit_down": "9.41",
            "limit_up": "11.5",
            "listed_on": "1999-11-10",
        }
    ]
    message = wire.message_of(answer, 1)
    assert message is not None
    assert str(message.quotes[0].asks[0]) == "10.5"  # type: ignore[union-attr]


@pytest.mark.parametrize("price", [0.0, float("nan"), float("inf"), -1.0, 1e10, None, "10"])
def test_numbers_that_are_no_price(xtdata: ModuleType, price: Any) -> None:
    (row,) = told(xtdata, TICK | {"lastPrice": price}, DETAIL | {"UpStopPrice": price})["rows"]
    assert (row["last"], row["limit_up"]) == ("", "")


def test_what_a_terminal_leaves_out(xtdata: ModuleType) -> None:
    (row,) = told(xtdata, {"timetag": "20261120 10:00:00", "lastPrice": 10.5}, None)["rows"]
    assert (row["at"], row["last"], row["name"], row["bids"]) == ("2026-11-20T10:00:00.000+08:00", "10.5", "", [])
    # Nobody could say how old it is.
    assert told(xtdata, {"lastPrice": 10.5}, DETAIL)["rows"] == []
    assert told(xtdata, None, DETAIL)["rows"] == []


def test_market_data_that_is_not_there_says_why(xtdata: ModuleType) -> None:
    def raises(symbols: list[str]) -> None:
        raise Exception("无法连接xtquant服务")

    vars(xtdata)["get_full_tick"] = raises
    answer = xtquotes.XtQuotes(paper=False, userdata="").ask(["600000.SH"])
    assert (answer["rows"], answer["text"]) == ([], "Exception: 无法连接xtquant服务")
