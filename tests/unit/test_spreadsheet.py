"""Workbooks as people and programs leave them: what is read from their cells, and what is refused."""

import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from filebridge.domain.orders import SHANGHAI, OrderInstruction
from filebridge.orderfiles import ParsedFile, parse
from filebridge.orderfiles.cells import cell_name, moment_text, number_text
from filebridge.orderfiles.numberformats import is_moment_format, is_percent_format, shows_itself

TODAY = date(2026, 11, 20)
AT_NINE = datetime(2026, 11, 20, 9, 35, 7, tzinfo=SHANGHAI)
SHEET = "xl/worksheets/sheet1.xml"
HEADER = ("自定义编号", "证券代码", "买卖方向", "委托数量", "委托价格", "备注", "交易日", "开始时间")
GOOD = ("A1", "600000", "买入", 100, 10.5)

Change = Callable[[Any], object]


def sheet_of(*rows: tuple[object, ...], change: Change = lambda sheet: None, name: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    for row in rows:
        sheet.append(row)
    change(sheet)
    return saved(book)


def saved(book: Any) -> bytes:
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def repacked(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same package with one part changed; a part that is missing is added."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as before, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after:
        parts = {info.filename: before.read(info) for info in before.infolist()}
        parts[part] = change(parts.get(part, b""))
        for name, content in parts.items():
            after.writestr(name, content)
    return buffer.getvalue()


def read(data: bytes, name: str = "orders.xlsx") -> ParsedFile:
    return parse(data, name=name, today=TODAY)


def codes(file: ParsedFile) -> list[str]:
    return [found.reason.code for found in file.problems]


def only(file: ParsedFile) -> OrderInstruction:
    assert file.problems == ()
    (order,) = file.instructions
    return order


def test_a_sheet_is_the_same_order_as_the_csv() -> None:
    file = read(sheet_of(HEADER[:5], GOOD))
    csv = parse(
        "自定义编号,证券代码,买卖方向,委托数量,委托价格\nA1,600000,买入,100,10.5\n".encode(), name="a.csv", today=TODAY
    )
    assert (file.format, file.rows, file.instructions) == ("xlsx", 1, csv.instructions)


@pytest.mark.parametrize(
    ("column", "value", "number_format", "field", "expected", "notes"),
    [
        ("证券代码", 600000, "General", "symbol", "600000.SH", []),
        ("证券代码", 1, "General", "symbol", "000001.SZ", ["SYMBOL_ZEROS_RESTORED"]),
        ("证券代码", 1, "000000", "symbol", "000001.SZ", ["SYMBOL_ZEROS_RESTORED"]),
        ("证券代码", "'600000", "@", "symbol", None, ["SYMBOL_NOT_RECOGNISED"]),
        ("委托数量", 1000.0, "#,##0.00", "quantity", 1000, []),
        ("委托数量", "１，０００", "@", "quantity", 1000, []),
        ("委托数量", 999.9999999999999, "General", "quantity", 1000, ["CELL_ROUNDED"]),
        ("委托数量", 100.5, "0.0", "quantity", None, ["QUANTITY_NOT_INTEGER"]),
        ("委托数量", 1, "0%", "quantity", None, ["CELL_IS_PERCENT"]),
        ("委托数量", True, "General", "quantity", None, ["CELL_IS_BOOLEAN"]),
        ("委托数量", "#REF!", "General", "quantity", None, ["CELL_IS_ERROR"]),
        ("委托数量", "=1+1", "General", "quantity", None, ["CELL_NOT_CALCULATED"]),
        ("委托数量", date(2026, 11, 20), "yyyy-mm-dd", "quantity", None, ["CELL_IS_DATE"]),
        ("委托价格", 10.1, "¥#,##0.00", "limit_price", Decimal("10.1"), []),
        ("委托价格", 10.29999999999999, "0.00", "limit_price", Decimal("10.3"), ["CELL_ROUNDED"]),
        ("委托价格", 10.12345, "General", "limit_price", None, ["PRICE_TOO_PRECISE"]),
        ("委托价格", 10.514, "0.00", "limit_price", None, ["CELL_FORMAT_AMBIGUOUS"]),
        ("委托数量", 10, '0"手"', "quantity", None, ["CELL_FORMAT_AMBIGUOUS"]),
        ("证券代码", 1, '"SH"000000', "symbol", None, ["CELL_FORMAT_AMBIGUOUS"]),
        ("委托价格", 0.1051, "0.00%", "limit_price", None, ["CELL_IS_PERCENT"]),
        ("自定义编号", 1001, "General", "client_order_id", "1001", []),
        ("自定义编号", 123456789012345, "General", "client_order_id", "123456789012345", []),
        ("自定义编号", 1234567890123456, "0", "client_order_id", None, ["ID_ROUNDED_BY_SPREADSHEET"]),
        ("自定义编号", 2.02611e17, "General", "client_order_id", None, ["ID_ROUNDED_BY_SPREADSHEET"]),
        ("自定义编号", 7, "0000", "client_order_id", None, ["CELL_FORMAT_AMBIGUOUS"]),
        ("自定义编号", date(2026, 1, 2), "yyyy-mm-dd", "client_order_id", None, ["CELL_IS_DATE"]),
        ("备注", "a_x0041_b", "General", "note", "aAb", []),
        ("备注", "a_x000D_b", "General", "note", None, ["TEXT_CONTROL_CHARACTER"]),
        ("交易日", date(2026, 11, 23), 'yyyy"年"m"月"d"日"', "trade_date", date(2026, 11, 23), []),
        ("交易日", 46349, "General", "trade_date", date(2026, 11, 23), ["CELL_DATE_FROM_NUMBER"]),
        ("交易日", 20261123, "General", "trade_date", date(2026, 11, 23), []),
        ("交易日", "2026年11月23日", "@", "trade_date", date(2026, 11, 23), []),
        (
            "交易日",
            datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI).replace(tzinfo=None),
            "yyyy-mm-dd",
            "trade_date",
            None,
            ["DATE_NOT_READABLE"],
        ),
        ("交易日", 3, "General", "trade_date", None, ["DATE_NOT_READABLE"]),
        ("开始时间", time(9, 35), "h:mm", "start_at", datetime(2026, 11, 20, 9, 35, tzinfo=SHANGHAI), []),
        (
            *(
                "开始时间",
                datetime(2026, 11, 20, 9, 35, 7, tzinfo=SHANGHAI).replace(tzinfo=None),
                "yyyy-mm-dd h:mm",
                "start_at",
            ),
            *(AT_NINE, []),
        ),
        (
            *("开始时间", 0.39930555555555558, "General", "start_at"),
            *(datetime(2026, 11, 20, 9, 35, tzinfo=SHANGHAI), ["CELL_DATE_FROM_NUMBER"]),
        ),
    ],
)
def test_a_cell_is_read_or_refused(
    column: str, value: object, number_format: str, field: str, expected: object, notes: list[str]
) -> None:
    place = HEADER.index(column) + 1

    def put(sheet: Any) -> None:
        cell = sheet.cell(2, place, value)
        cell.number_format = number_format

    file = read(sheet_of(HEADER, GOOD, change=put))
    if expected is None:
        assert codes(file) == notes
        assert file.problems[0].reason.message.startswith(f"{cell_name(place - 1, 2)}: ")
        assert file.problems[0].reason.message_zh.startswith(f"{cell_name(place - 1, 2)}：")
    else:
        order = only(file)
        assert getattr(order, field) == expected
        assert [note.code for note in order.notes] == notes


def test_a_formula_is_taken_with_the_result_that_the_file_holds() -> None:
    data = sheet_of(HEADER[:5], ("A1", "600000", "买入", "=50*2", 10.5))
    held = repacked(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"<v></v>", b"<v>100</v>").replace(b"<v />", b"<v>100</v>"),
    )
    # openpyxl writes that everything is to be worked out again: then a result that stands there is not current.
    assert codes(read(held)) == ["CELL_NOT_CALCULATED"]
    current = repacked(held, "xl/workbook.xml", lambda xml: xml.replace(b'fullCalcOnLoad="1"', b""))
    order = only(read(current))
    assert order.quantity == 100
    assert [(note.code, note.context["cells"]) for note in order.notes] == [("CELL_FROM_FORMULA", "D2")]


def test_what_says_nothing_about_orders_may_hold_anything() -> None:
    order = only(read(sheet_of((*HEADER[:5], "证券名称"), (*GOOD, "#N/A"))))
    assert order.client_order_id == "A1"


def test_dates_that_are_kept_as_text_of_iso_8601() -> None:
    book = openpyxl.Workbook()
    book.iso_dates = True
    book.active.append((*HEADER[:5], "交易日", "开始时间"))
    book.active.append((*GOOD, date(2026, 11, 23), AT_NINE.replace(tzinfo=None)))
    order = only(read(saved(book)))
    assert (order.trade_date, order.start_at) == (date(2026, 11, 23), AT_NINE)


def hide_row(sheet: Any) -> None:
    sheet.row_dimensions[2].hidden = True


def hide_column(sheet: Any) -> None:
    sheet.column_dimensions["B"].hidden = True


def merge(sheet: Any) -> None:
    sheet.merge_cells("C2:C3")


@pytest.mark.parametrize(
    ("rows", "change", "code"),
    [
        ([HEADER[:5], GOOD], hide_row, "SHEET_HIDDEN"),
        ([HEADER[:5], GOOD], hide_column, "SHEET_HIDDEN"),
        ([HEADER[:5], GOOD, ("A2", "600000", None, 100, 10.5)], merge, "CELL_MERGED"),
        ([("委托清单 2026-11-19",), HEADER[:5], GOOD], None, "FILE_HEADER_NOT_FIRST"),
        ([HEADER[:5], (*GOOD, None, "x")], None, "CELL_OUTSIDE_TABLE"),
        ([HEADER[:5]], None, "FILE_NO_ORDERS"),
        ([], None, "FILE_NO_ORDERS"),
        ([HEADER[:5], GOOD, ("#END", 2)], None, "FILE_ROW_COUNT_MISMATCH"),
        ([HEADER[:5], GOOD, ("#END", "x")], None, "FILE_END_LINE_BROKEN"),
        ([HEADER[:5], GOOD, ("#END", 1), GOOD], None, "FILE_END_LINE_NOT_LAST"),
        ([HEADER[:4], GOOD[:4]], None, "COLUMN_MISSING"),
        ([(*HEADER[:5], "合同编号"), GOOD], None, "COLUMN_OF_PLACED_ORDER"),
        ([(*HEADER[:5], "x"), GOOD], None, "COLUMN_UNKNOWN"),
        ([HEADER[:5], ("A1", "600000", None, 100, 10.5)], None, "VALUE_MISSING"),
    ],
)
def test_a_sheet_with_two_readings_is_refused(rows: list[tuple[object, ...]], change: Change | None, code: str) -> None:
    file = read(sheet_of(*rows, change=change or (lambda sheet: None)))
    assert code in codes(file)
    assert file.instructions == ()


def test_a_table_may_begin_further_down_and_right_and_end_with_its_count() -> None:
    blank = (None,) * 5
    file = read(sheet_of(blank, (None, *HEADER[:5]), (None, *GOOD), blank, (None, "#END", 1)))
    assert only(file).row == 3


def test_the_sheet_named_orders_is_read() -> None:
    book = openpyxl.Workbook()
    book.active.append(("证券代码", "委托数量"))
    for name, number in (("Orders ", "A1"), ("other", "A2")):
        sheet = book.create_sheet(name)
        sheet.append(HEADER[:5])
        sheet.append((number, *GOOD[1:]))
    assert only(read(saved(book))).client_order_id == "A1"
    book["other"].title = "委托"
    file = read(saved(book))
    assert codes(file) == ["SHEETS_AMBIGUOUS"]
    assert "Orders" in file.problems[0].reason.message
    assert "委托" in file.problems[0].reason.message
    book["委托"].sheet_state = "hidden"
    assert only(read(saved(book))).client_order_id == "A1"


def test_two_sheets_that_look_like_orders_are_refused() -> None:
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("Sheet2")):
        sheet.append(HEADER[:5])
        sheet.append(GOOD)
    assert codes(read(saved(book))) == ["SHEETS_AMBIGUOUS"]
    book["Sheet2"].sheet_state = "veryHidden"
    assert only(read(saved(book))).client_order_id == "A1"


BOMB = b"<x>" + b"a" * 101_000_000 + b"</x>"
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "b">]>'
DEEP = b"<x>" * 100 + b"</x>" * 100


@pytest.mark.parametrize(
    ("part", "change", "code"),
    [
        ("xl/media/image.xml", lambda _: BOMB, "FILE_WORKBOOK_TOO_LARGE"),
        (SHEET, lambda _: DEEP, "FILE_WORKBOOK_TOO_LARGE"),
        (SHEET, lambda xml: ENTITIES + xml, "FILE_WORKBOOK_UNSAFE"),
        (SHEET, lambda xml: (ENTITIES.decode() + xml.decode()).encode("utf-16"), "FILE_WORKBOOK_UNSAFE"),
        (SHEET, lambda xml: xml[:-9], "FILE_WORKBOOK_BROKEN"),
        (SHEET, lambda xml: xml.replace(b'r="2"', b'r="1"'), "FILE_WORKBOOK_BROKEN"),
        (SHEET, lambda xml: xml.replace(b'r="B2"', b'r="B3"'), "FILE_WORKBOOK_BROKEN"),
        (SHEET, lambda xml: xml.replace(b"<v>100</v>", b"<v>1_00</v>"), "FILE_WORKBOOK_BROKEN"),
        (SHEET, lambda xml: xml.replace(b't="inlineStr"', b't="s"'), "FILE_WORKBOOK_BROKEN"),
        ("[Content_Types].xml", lambda _: b"", ""),
        ("xl/workbook.xml", lambda _: b"<workbook/>", "FILE_WORKBOOK_BROKEN"),
        ("_rels/.rels", lambda _: b"<Relationships/>", "FILE_WORKBOOK_BROKEN"),
    ],
)
def test_a_hostile_or_damaged_package_is_refused(part: str, change: Callable[[bytes], bytes], code: str) -> None:
    file = read(repacked(sheet_of(HEADER[:5], GOOD), part, change))
    assert codes(file) == ([code] if code else [])


def test_limits_of_rows_columns_and_cells() -> None:
    wide = sheet_of(HEADER[:5], GOOD, change=lambda sheet: sheet.cell(2, 300, "x"))
    assert codes(read(wide)) == ["FILE_WORKBOOK_TOO_LARGE"]
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (row, row) for row in range(3, 50_010))
    many = repacked(sheet_of(HEADER[:5], GOOD), SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    assert codes(read(many)) == ["FILE_WORKBOOK_TOO_LARGE"]
    cell = repacked(
        sheet_of(HEADER[:5], GOOD), SHEET, lambda xml: xml.replace(b"<t>A1<", b"<t>" + b"A" * 40_000 + b"<")
    )
    assert codes(read(cell)) == ["FILE_WORKBOOK_TOO_LARGE"]


def test_shared_texts_are_joined_from_their_runs_without_what_only_says_how_to_speak() -> None:
    shared = b"<sst><si><r><t>A</t></r><r><t>1</t></r><rPh><t>x</t></rPh></si></sst>"
    relation = b'<Relationship Type="x/sharedStrings" Target="sharedStrings.xml" Id="rId9" />'
    data = repacked(
        sheet_of(HEADER[:5], GOOD),
        SHEET,
        lambda xml: xml.replace(b't="inlineStr"><is><t>A1</t></is>', b't="s"><v>0</v>'),
    )
    data = repacked(data, "xl/sharedStrings.xml", lambda _: shared)
    links = "xl/_rels/workbook.xml.rels"
    assert codes(read(data)) == ["FILE_WORKBOOK_BROKEN"]
    data = repacked(data, links, lambda xml: xml.replace(b"</Relationships>", relation + b"</Relationships>"))
    assert only(read(data)).client_order_id == "A1"
    outside = repacked(data, links, lambda xml: xml.replace(b'Id="rId9"', b'Id="rId9" TargetMode="External"'))
    assert codes(read(outside)) == ["FILE_WORKBOOK_BROKEN"]


def test_a_workbook_cut_anywhere_is_refused() -> None:
    data = sheet_of(HEADER[:5], GOOD)
    for cut in range(len(data)):
        assert read(data[:cut]).instructions == ()
    assert codes(read(data[:-1])) == ["FILE_WORKBOOK_BROKEN"]


@pytest.mark.parametrize(
    ("text", "encoding", "code"),
    [
        (
            '证券代码\t证券名称\t操作\t委托数量\t委托价格\t\r\n="600000"\t浦发银行\t证券买入\t100\t10.50\t\r\n',
            "gbk",
            "",
        ),
        ("证券代码\t操作\t委托数量\t委托价格\r\n600000\t买入\t100\t10.50\r\n", "utf-16", ""),
        ("<html><table><tr><td>600000</td></tr></table></html>", "utf-8", "FILE_IS_WEB_PAGE"),
        ('<?xml version="1.0"?><Workbook/>', "utf-8", "FILE_IS_WEB_PAGE"),
        ("", "utf-8", "FILE_EMPTY"),
    ],
)
def test_a_text_named_xls_is_read_as_what_it_is(text: str, encoding: str, code: str) -> None:
    file = read(text.encode(encoding), "导出.xls")
    assert codes(file) == ([code] if code else [])
    if not code:
        assert (file.format, only(file).symbol) == ("csv", "600000.SH")


def test_a_workbook_of_the_other_kind_is_read_as_what_it_is() -> None:
    data = sheet_of(HEADER[:5], GOOD)
    for name in ("a.xls", "a.ods", "a.XLSM"):
        assert only(read(data, name)).client_order_id == "A1"


@pytest.mark.parametrize(
    ("code", "moment", "percent"),
    [
        *[
            (code, False, False)
            for code in ("General", "0.00", "@", '0"股"', "#,##0_);[Red]\\(#,##0\\)", "[$¥-804]0.00")
        ],
        *[(code, False, False) for code in ("0.00E+00", "G/通用格式", '[DBNum1]General"元"', "¥0.00;[Red]-¥0.00")],
        *[
            (code, True, False)
            for code in ("yyyy-mm-dd", 'm"月"d"日"', "[$-804]aaaa yyyy", "[h]:mm", "h:mm AM/PM", "e.m.d")
        ],
        *[(code, False, True) for code in ("0%", "0.00%;[Red]-0.00%")],
    ],
)
def test_number_formats(code: str, moment: bool, percent: bool) -> None:
    assert (is_moment_format(code), is_percent_format(code)) == (moment, percent)


def test_day_numbers() -> None:
    assert moment_text(46346, since_1904=False) == "2026-11-20"
    assert moment_text(46346 - 1462, since_1904=True) == "2026-11-20"
    assert moment_text(46346.4, since_1904=False) == "2026-11-20T09:36:00"
    assert moment_text(0.5, since_1904=False) == "12:00:00"
    assert [moment_text(day, since_1904=False) for day in (-1.0, 60.0, 3e6)] == ["", "", ""]
    assert [number_text(value) for value in (1000.0, 10.1, 1e22, 1e-7)] == ["1000", "10.1", "1" + "0" * 22, "0.0000001"]


@pytest.mark.parametrize(
    ("number", "code", "shown", "itself"),
    [
        *[("10.5", code, "", True) for code in ("General", "@", "0.00", "#,##0.00", "¥#,##0.00", '0.0"元"', "0.0##")],
        *[("10.5", code, "", True) for code in ("[$¥-804]0.00", "[Red]0.00;0", '_ "¥"* #,##0.00_ ', "[DBNum1]0.0")],
        *[("10.514", code, "", False) for code in ("0.00", "0", "#,##0.0#", "¥0.00")],
        *[("1000", code, "", False) for code in ("0,", "0.0,", "0.00E+00", '0"手"', '0.0,"万"', "# ?/?", '0"00"')],
        *[("1000", code, "", False) for code in ("0\\.0000", "[>100]0", "[$手]0", "##0.0E+0", '"SH"000000')],
        *[("1000", "General", shown, True) for shown in ("1000", "1,000.00", "¥1,000", "1000股", "１０００")],
        *[("1000", "General", shown, False) for shown in ("1.0万", "10手", "1E+03", "一千", "1001")],
    ],
)
def test_a_person_sees_the_number_or_not(number: str, code: str, shown: str, itself: bool) -> None:
    assert shows_itself(number, code, shown) is itself
