"""Whatever a file holds: an answer, never a traceback; one table in any encoding is the same orders; no silent cut."""

import json
import re
from datetime import date
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from filebridge.domain.reasons import REASONS, Reason
from filebridge.domain.symbols import SymbolReading, read_symbol
from filebridge.orderfiles import FORMATS, ParsedFile, parse
from filebridge.orderfiles.columns import COLUMNS
from filebridge.orderfiles.values import READERS
from tests.property.stories import stories

TODAY = date(2026, 11, 20)
PLACEHOLDER = re.compile(r"\{(\w+)\}")

NAMES = st.sampled_from([f"orders{extension}" for extension in (*FORMATS, ".xlsx", "")])
WORDS = st.sampled_from(
    [
        *("600000", "000001.SZ", "1", "买入", "BUY", "sell", "100", "1,000", "100.0", "1e3", "10.5", "10,5", "-1", "0"),
        *("NaN", "=cmd", "cancel", "限价", "市价", "2026-11-20", "09:35", "茅台", "é", "🙂"),
    ]
)
CELLS = WORDS | st.text(max_size=8)
HEADERS = st.lists(st.sampled_from([*COLUMNS, *COLUMNS.values(), "价格", "序号", "", "x"]), max_size=8)
TABLES = st.tuples(HEADERS, st.lists(st.lists(CELLS, max_size=8), max_size=6))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | CELLS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(COLUMNS)) | CELLS, inner, max_size=6)
    ),
    max_leaves=12,
)

# Tables of good orders: text in ASCII and Chinese, as it comes out of a Chinese office.
SYMBOLS = st.sampled_from(["600000.SH", "SZ000001", "510300", "113052.SH", "1"])
CHINESE = st.lists(
    st.sampled_from(["网格", "低吸", "高抛", "沪深三百", "浦发银行", "平安", "策略一", "（二）", "“三”", "、"]),
    max_size=3,
).map("".join)
ORDERS = st.lists(
    st.tuples(
        st.integers(1, 9999).map("A{}".format),
        SYMBOLS,
        st.sampled_from(["买入", "卖出", "BUY", "S"]),
        st.integers(1, 10**6),
        st.decimals(min_value=Decimal("0.01"), max_value=2000, places=2),
        CHINESE,
    ),
    min_size=1,
    max_size=8,
)


def check_problems(file: ParsedFile) -> None:
    """Every answer can be written into a report, in both languages, with nothing left open."""
    for found in file.problems:
        texts = REASONS[found.reason.code]
        for text in texts:
            assert set(PLACEHOLDER.findall(text)) <= found.reason.context.keys(), found
        for shown in (found.column, found.value, found.reason.message, found.reason.message_zh):
            shown.encode()
            assert shown.isprintable() or not set(shown) & set("\0\r\n\t\x1b"), found
        assert len(found.value) <= 80
    if any(found.row == 0 and found.reason.code != "FILE_MORE_PROBLEMS" for found in file.problems):
        assert file.instructions == ()
    if not file.problems:
        assert file.instructions
        assert len(file.instructions) == file.rows


def table_text(orders: list[tuple[str, str, str, int, Decimal, str]]) -> str:
    header = "自定义编号,证券代码,买卖方向,委托数量,委托价格,备注\n"
    return header + "".join(",".join(map(str, order)) + "\n" for order in orders)


@settings(deadline=None)
@given(data=st.binary(max_size=300), name=NAMES)
@example(data=b"\xff\xfe", name="orders.csv")
@example(data=b"\x00" * 9, name="orders.json")
def test_any_bytes_get_an_answer(data: bytes, name: str) -> None:
    check_problems(parse(data, name=name, today=TODAY))


@settings(deadline=None)
@given(text=st.text(max_size=200), name=NAMES, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]))
def test_any_text_gets_an_answer(text: str, name: str, encoding: str) -> None:
    check_problems(parse(text.encode(encoding), name=name, today=TODAY))


@settings(deadline=None)
@given(table=TABLES, delimiter=st.sampled_from(",;\t"), end=st.sampled_from(["", "\n", "\n#END,2", "\n#END"]))
def test_any_table_gets_an_answer(table: tuple[list[str], list[list[str]]], delimiter: str, end: str) -> None:
    header, rows = table
    text = "\n".join(delimiter.join(row) for row in [header, *rows]) + end
    check_problems(parse(text.encode(), name="orders.csv", today=TODAY))


@settings(deadline=None)
@given(value=JSON_VALUES, name=st.sampled_from(["orders.json", "orders.jsonl"]))
def test_any_json_gets_an_answer(value: object, name: str) -> None:
    text = json.dumps(value) if name == "orders.jsonl" else json.dumps([value])
    check_problems(parse(text.encode() + b"\n", name=name, today=TODAY))


@settings(deadline=None)
@given(text=st.text(min_size=1) | WORDS, column=st.sampled_from(list(COLUMNS)))
def test_any_cell_gets_an_answer(text: str, column: str) -> None:
    value = READERS[column](text)
    assert not isinstance(value, Reason) or value.code in REASONS


@settings(deadline=None)
@given(text=st.from_regex(r"\A[A-Za-z]{0,5}\.?[0-9]{1,8}\.?[A-Za-z]{0,4}\Z"))
def test_what_is_read_as_a_symbol_is_canonical(text: str) -> None:
    reading = read_symbol(text)
    if isinstance(reading, SymbolReading):
        assert read_symbol(reading.symbol) == SymbolReading(reading.symbol)


@settings(deadline=None)
@given(orders=ORDERS)
def test_the_same_table_in_any_encoding_is_the_same_orders(
    orders: list[tuple[str, str, str, int, Decimal, str]],
) -> None:
    text = table_text(orders)
    plain = parse(text.encode(), name="orders.csv", today=TODAY)
    assert plain.problems == ()
    for encoding in ("utf-8-sig", "gbk", "gb18030", "utf-16"):
        for twin in (text, text.replace("\n", "\r\n"), text.replace(",", "\t")):
            file = parse(twin.encode(encoding), name="orders.txt", today=TODAY)
            assert (file.instructions, file.problems) == (plain.instructions, ())


# Each is cut at every byte.
@settings(deadline=None, max_examples=stories(25))
@given(orders=ORDERS, encoding=st.sampled_from(["utf-8", "gbk", "utf-16"]))
def test_a_cut_file_is_refused_or_whole(orders: list[tuple[str, str, str, int, Decimal, str]], encoding: str) -> None:
    data = (table_text(orders) + f"#END,{len(orders)}").encode(encoding)
    whole = parse(data, name="orders.csv", today=TODAY).instructions
    assert len(whole) == len(orders)
    for cut in range(len(data)):
        found = parse(data[:cut], name="orders.csv", today=TODAY, end_line_required=True)
        assert found.instructions in ((), whole)
        # Without the setting a cut between two rows leaves a shorter file, but never another order.
        found = parse(data[:cut], name="orders.csv", today=TODAY)
        assert found.instructions == whole[: len(found.instructions)]
