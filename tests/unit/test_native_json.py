"""JSON and JSON Lines: numbers keep their digits, types are not bent, keys stand once."""

import json
from datetime import date
from decimal import Decimal

import pytest

from filebridge.domain.orders import OrderInstruction, OrderType, Side
from filebridge.orderfiles import ParsedFile, parse

TODAY = date(2026, 11, 20)
ROW = '{"client_order_id": "A1", "symbol": "600000.SH", "side": "BUY", "quantity": 100, "limit_price": 10.50}'
ORDER = OrderInstruction(
    row=1,
    client_order_id="A1",
    symbol="600000.SH",
    side=Side.BUY,
    quantity=100,
    order_type=OrderType.LIMIT,
    limit_price=Decimal("10.50"),
)


def parsed(text: str | bytes, name: str = "orders.json", *, end_line_required: bool = False) -> ParsedFile:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return parse(data, name=name, today=TODAY, end_line_required=end_line_required)


def told(file: ParsedFile) -> list[tuple[int, str, str, str]]:
    return [(found.row, found.column, found.value, found.reason.code) for found in file.problems]


def row_with(key: str, value: str) -> str:
    """The good row with one value replaced by a JSON text."""
    pairs = {name: json.dumps(given) for name, given in json.loads(ROW).items()}
    pairs[key] = value
    return "{" + ", ".join(f"{json.dumps(name)}: {given}" for name, given in pairs.items()) + "}"


@pytest.mark.parametrize(
    ("text", "name", "format_name"),
    [
        (f"[{ROW}]", "a.json", "json"),
        (f'{{"orders": [{ROW}]}}', "a.JSON", "json"),
        (f"\ufeff[{ROW}]\n", "a.json", "json"),
        (ROW + "\n", "a.jsonl", "jsonl"),
        (ROW + "\r\n\r\n", "a.ndjson", "jsonl"),
        (ROW + '\n{"end": 1}', "a.jsonl", "jsonl"),
        (ROW + '\n{"end": 1}\n\n', "a.jsonl", "jsonl"),
    ],
)
def test_one_order_in_many_forms(text: str, name: str, format_name: str) -> None:
    file = parsed(text, name)
    assert file.problems == ()
    assert file.instructions == (ORDER,)
    assert (file.format, file.encoding, file.delimiter, file.rows) == (format_name, "utf-8", "", 1)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_is_utf8_also_where_it_could_be_gbk(name: str) -> None:
    row = row_with("note", '"café"')
    file = parsed(row + "\n" if name == "a.jsonl" else f"[{row}]", name)
    assert (file.problems, file.encoding, file.instructions[0].note) == ((), "utf-8", "café")
    gbk = row_with("note", '"买入"').encode("gbk")
    assert [code for *_, code in told(parsed(gbk, name))] == ["FILE_JSON_NOT_UTF8"]


def test_keys_have_chinese_names_and_known_export_keys_are_passed_over() -> None:
    text = '[{"自定义编号": "A1", "证券代码": 600000, "买卖方向": "买入", "委托数量": "1,000", "委托价格": "10.50"'
    text += ', "证券名称": null, "备注": null}]'
    (order,) = parsed(text).instructions
    assert (order.symbol, order.quantity, order.note) == ("600000.SH", 1000, "")


@pytest.mark.parametrize(
    ("key", "value", "shown", "code"),
    [
        ("quantity", "100.5", "100.5", "QUANTITY_NOT_INTEGER"),
        ("quantity", "1e3", "1e3", "QUANTITY_NOT_INTEGER"),
        ("quantity", "true", "true", "VALUE_TYPE_WRONG"),
        ("quantity", "NaN", "NaN", "VALUE_TYPE_WRONG"),
        ("quantity", "[100]", "[…]", "VALUE_TYPE_WRONG"),
        ("quantity", '{"shares": 100}', "{…}", "VALUE_TYPE_WRONG"),
        ("quantity", "-100", "-100", "QUANTITY_NOT_POSITIVE"),
        ("quantity", "null", "", "VALUE_MISSING"),
        ("limit_price", "10.510000000000002", "10.510000000000002", "PRICE_TOO_PRECISE"),
        ("limit_price", "-Infinity", "-Infinity", "VALUE_TYPE_WRONG"),
        ("client_order_id", "NaN", "NaN", "VALUE_TYPE_WRONG"),
        ("client_order_id", '"a\\u0000b"', "a\\u0000b", "ID_CHARACTERS"),
        ("client_order_id", '"a\\ud800b"', "a\\ud800b", "ID_CHARACTERS"),
        ("note", '"a\\nb"', "a\\u000ab", "TEXT_CONTROL_CHARACTER"),
        ("colour", '"red"', "red", "COLUMN_UNKNOWN"),
        ("price", "10", "10", "COLUMN_DUPLICATE"),
        ("证券代码", '"600000"', "600000", "COLUMN_DUPLICATE"),
        ("", '"x"', "x", "COLUMN_UNNAMED"),
    ],
)
def test_a_value_that_cannot_be_used(key: str, value: str, shown: str, code: str) -> None:
    file = parsed(f"[{row_with(key, value)}, {ROW}]")
    assert told(file) == [(1, key, shown, code)]
    assert [order.row for order in file.instructions] == [2]
    file.problems[0].reason.message.encode()
    file.problems[0].reason.message_zh.encode()


def test_a_key_twice_is_not_the_last_one_wins() -> None:
    text = ROW.replace('"quantity": 100', '"quantity": 100, "quantity": 1000')
    assert told(parsed(f"[{text}]")) == [(1, "quantity", "1000", "COLUMN_DUPLICATE")]


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("", "a.json", "FILE_EMPTY"),
        ("symbol,side\n", "a.json", "FILE_CONTENT_MISMATCH"),
        (f"[{ROW}]", "a.jsonl", "FILE_CONTENT_MISMATCH"),
        (f"[{ROW}", "a.json", "FILE_JSON_BROKEN"),
        (f"[{ROW}] x", "a.json", "FILE_JSON_BROKEN"),
        ("[" * 100_000, "a.json", "FILE_JSON_BROKEN"),
        (ROW, "a.json", "FILE_JSON_SHAPE"),
        ('{"orders": {}}', "a.json", "FILE_JSON_SHAPE"),
        ('{"orders": [], "account": "1"}', "a.json", "FILE_JSON_SHAPE"),
        ('{"orders": [], "orders": []}', "a.json", "FILE_JSON_SHAPE"),
        ("[]", "a.json", "FILE_NO_ORDERS"),
        (ROW, "a.jsonl", "FILE_NO_FINAL_NEWLINE"),
        (ROW + '\n{"end": 2}', "a.jsonl", "FILE_ROW_COUNT_MISMATCH"),
        (ROW + '\n{"end": "1"}', "a.jsonl", "FILE_ROW_COUNT_MISMATCH"),
        (ROW + '\n{"end": 1}\n' + ROW + "\n", "a.jsonl", "FILE_END_LINE_NOT_LAST"),
        ('{"end": 0}\n', "a.jsonl", "FILE_NO_ORDERS"),
    ],
)
def test_a_broken_file_has_no_instructions(text: str, name: str, code: str) -> None:
    file = parsed(text, name)
    assert file.problems[0].reason.code == code
    assert file.instructions == ()


def test_an_element_that_is_no_object_is_a_problem_of_its_row() -> None:
    file = parsed(f"[{ROW}, 5, [], null]")
    assert told(file) == [
        (2, "", "5", "ROW_NOT_AN_OBJECT"),
        (3, "", "[…]", "ROW_NOT_AN_OBJECT"),
        (4, "", "null", "ROW_NOT_AN_OBJECT"),
    ]
    assert file.instructions == (ORDER,)
    assert file.rows == 4


def test_a_broken_line_is_a_problem_of_its_row() -> None:
    file = parsed(f'{ROW}\n{{"symbol": \n{ROW}\n{{"end": 3}}\n', "a.jsonl")
    assert [(found.row, found.reason.code) for found in file.problems] == [(2, "ROW_JSON_BROKEN")]
    assert [order.row for order in file.instructions] == [1, 3]


def test_a_required_end_line() -> None:
    assert told(parsed(ROW + "\n", "a.jsonl", end_line_required=True)) == [(0, "", "", "FILE_END_LINE_MISSING")]
    assert parsed(ROW + '\n{"end": 1}', "a.jsonl", end_line_required=True).problems == ()


def test_huge_numbers_are_problems_not_tracebacks() -> None:
    file = parsed(f"[{row_with('quantity', '9' * 10_000)}, {row_with('limit_price', '1' * 10_000)}]")
    assert [found.reason.code for found in file.problems] == ["QUANTITY_TOO_LARGE", "PRICE_NOT_NUMBER"]
