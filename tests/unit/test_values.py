"""What one cell may say: notation is normalised, a value never is."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from filebridge.domain.orders import SHANGHAI, Action, OrderType, Side
from filebridge.domain.reasons import REASONS, Reason
from filebridge.orderfiles.columns import COLUMNS
from filebridge.orderfiles.values import READERS


def read(column: str, text: str) -> object:
    """The value, or the code of the reason why there is none."""
    value = READERS[column](text)
    return value.code if isinstance(value, Reason) else value


def test_every_column_has_a_reader() -> None:
    assert list(READERS) == list(COLUMNS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100", 100),
        ("1,000", 1000),
        ("1,234,500", 1234500),
        ("１００", 100),
        ("１，０００", 1000),
        ("100.0", 100),
        ("1,000.00", 1000),
        ("000100", 100),
        ("2147483647", 2147483647),
        ("2147483648", "QUANTITY_TOO_LARGE"),
        ("9" * 5000, "QUANTITY_TOO_LARGE"),
        ("0", "QUANTITY_NOT_POSITIVE"),
        ("-100", "QUANTITY_NOT_POSITIVE"),
        ("－100", "QUANTITY_NOT_POSITIVE"),
        *(
            (text, "QUANTITY_NOT_INTEGER")
            for text in (
                "1e3",
                "1.000",
                "100.",
                "1_000",
                "1 000",
                "10,00",
                "1,0000",
                ",100",
                "+100",
                "NaN",
                "1手",
                "100股",
                "٣",
            )
        ),
    ],
)
def test_quantity(text: str, value: object) -> None:
    assert read("quantity", text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10.51", Decimal("10.51")),
        ("10", Decimal(10)),
        ("10.500000", Decimal("10.5")),
        ("１０．５", Decimal("10.5")),
        ("1,680.50", Decimal("1680.5")),
        ("0.0001", Decimal("0.0001")),
        ("10,5", "PRICE_AMBIGUOUS"),
        ("1,680", "PRICE_AMBIGUOUS"),
        ("0", "PRICE_NOT_POSITIVE"),
        ("0.000", "PRICE_NOT_POSITIVE"),
        ("-10.5", "PRICE_NOT_POSITIVE"),
        ("10.50001", "PRICE_TOO_PRECISE"),
        ("10.510000000000002", "PRICE_TOO_PRECISE"),
        ("10000000", "PRICE_TOO_LARGE"),
        *(
            (text, "PRICE_NOT_NUMBER")
            for text in ("1e1", "1_0.5", "10.", ".5", "NaN", "Infinity", "¥10.5", "10.5元", "10,50.5", "1" * 500, "+10")
        ),
    ],
)
def test_price(text: str, value: object) -> None:
    assert read("limit_price", text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, Side.BUY) for text in ("BUY", "buy", "B", "Ｂ", "买", "买入", "证券买入")),
        *((text, Side.SELL) for text in ("SELL", "Sell", "s", "卖", "卖出", "证券卖出")),
        *((text, "SIDE_NOT_SUPPORTED") for text in ("债转股", "基金申购", "质押入库")),
        *((text, "SIDE_AMBIGUOUS") for text in ("申购", "平今", "行权", "Short", "还券", "开仓")),
        *((text, "SIDE_UNKNOWN") for text in ("1", "23", "买卖", "long", "+", "buyy")),
    ],
)
def test_side(text: str, value: object) -> None:
    assert read("side", text) == value


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("action", "ORDER", Action.ORDER),
        ("action", "撤单", Action.CANCEL),
        ("action", "全撤", Action.CANCEL_ALL),
        ("action", "buy", "ACTION_UNKNOWN"),
        ("order_type", "limit", OrderType.LIMIT),
        ("order_type", "限价委托", OrderType.LIMIT),
        ("order_type", "最优五档即时成交剩余撤销", OrderType.BEST5_OR_CANCEL),
        ("side", "融资买入", Side.MARGIN_BUY),
        ("side", "卖出平今", Side.SELL_CLOSE_TODAY),
        ("side", "ＣＯＶＥＲＥＤ_ＯＰＥＮ", Side.COVERED_OPEN),
        ("order_type", "市价委托", "ORDER_TYPE_AMBIGUOUS"),
        ("order_type", "止损限价", "ORDER_TYPE_NOT_SUPPORTED"),
        ("order_type", "11", "ORDER_TYPE_UNKNOWN"),
        ("mode", "Paper", "paper"),
        ("mode", "实盘", "live"),
        ("mode", "test", "MODE_UNKNOWN"),
        ("symbol", "6" * 10_000, "SYMBOL_NOT_RECOGNISED"),
        ("account", "１２３４５６７８", "12345678"),
        ("account", "8.80001E+11", "ID_ROUNDED_BY_SPREADSHEET"),
        ("account", "88 01", "ACCOUNT_CHARACTERS"),
        ("account", "8" * 33, "ACCOUNT_CHARACTERS"),
    ],
)
def test_words_and_accounts(column: str, text: str, value: object) -> None:
    assert read(column, text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A-001", "A-001"),
        ("买入#1", "买入#1"),
        ("2026/11/20 买入 1", "2026/11/20 买入 1"),
        ("x" * 64, "x" * 64),
        ("x" * 65, "ID_TOO_LONG"),
        ("2.02611E+17", "ID_ROUNDED_BY_SPREADSHEET"),
        ("7e12", "7e12"),
        ("NaN", "ID_MEANS_MISSING"),
        *(
            (text, "ID_CHARACTERS")
            for text in ("=cmd|' /C calc'!A0", "-1", "@x", "#N/A", "a\nb", "a\u200bb", "Ａ1", "a,b")
        ),
    ],
)
def test_ids(text: str, value: object) -> None:
    assert read("client_order_id", text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("低吸 🙂", "低吸 🙂"),
        ("x" * 128, "x" * 128),
        ("x" * 129, "TEXT_TOO_LONG"),
        *((text, "TEXT_CONTROL_CHARACTER") for text in ("a\nb", "a\x00b", "a\u2028b", "a\ud800b")),
    ],
)
def test_free_text_is_kept(text: str, value: object) -> None:
    assert read("note", text) == value


@pytest.mark.parametrize("text", ["2026-11-20", "20261120", "2026/11/20", "２０２６－１１－２０"])
def test_dates(text: str) -> None:
    assert read("trade_date", text) == date(2026, 11, 20)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "20/11/2026", "26-11-20", "2026-11/20", "2026.11.20", "2026111", "今天"]
)
def test_no_dates(text: str) -> None:
    assert read("trade_date", text) == "DATE_NOT_READABLE"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-20T09:35:00", datetime(2026, 11, 20, 9, 35, tzinfo=SHANGHAI)),
        ("2026/11/20 9:35", datetime(2026, 11, 20, 9, 35, tzinfo=SHANGHAI)),
        ("2026-11-20T09:35:00.25+08:00", datetime(2026, 11, 20, 9, 35, 0, 250_000, tzinfo=SHANGHAI)),
        ("2026-11-20T01:35:00Z", datetime(2026, 11, 20, 9, 35, tzinfo=SHANGHAI)),
        ("2026-11-19T20:35-0500", datetime(2026, 11, 20, 9, 35, tzinfo=SHANGHAI)),
        ("09:35", time(9, 35)),
        ("9:35:01", time(9, 35, 1)),
        *(
            (text, "TIME_NOT_READABLE")
            for text in (
                "25:00",
                "9",
                "0935",
                "9:5",
                "2026-11-20",
                "2026-11-20T24:00",
                "2026-11-20T09:35+25:00",
                "下午三点",
            )
        ),
        ("2026-13-20T09:35", "TIME_NOT_READABLE"),
    ],
)
def test_moments(text: str, value: object) -> None:
    assert read("start_at", text) == value


def test_a_moment_is_kept_in_shanghai_time() -> None:
    moment = READERS["expire_at"]("2026-11-20T01:35:00Z")
    assert isinstance(moment, datetime)
    assert moment.tzinfo == timezone(timedelta(hours=8))


def test_every_code_of_a_reader_is_in_the_table() -> None:
    for read_cell in READERS.values():
        value = read_cell("?" * 200)
        assert isinstance(value, Reason)
        assert value.code in REASONS
