"""The cases of the corpus: what stands in the sheet, and what must come of it, by the way in which it is written.

An answer is a list of orders, each `id symbol side quantity price [trade_date [start_at]]` as far as the case has them,
or the reason code of the refusal. `*` is the answer for all ways, `xlsx`, `xls`, `ods`, `csv` for a kind, and the name
of a way for that one; None leaves the file out, where LibreOffice cannot write what the case is about.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple


class Put(NamedTuple):
    """A value with its number format."""

    value: object
    format: str = ""


Answer = Sequence[str] | str | None


@dataclass(frozen=True)
class Case:
    name: str
    rows: Sequence[Sequence[object]]
    answers: Mapping[str, Answer]
    sheet: str = "Sheet1"
    change: Callable[[Any], object] = lambda book: None


H = ("自定义编号", "证券代码", "买卖方向", "委托数量", "委托价格")
A = ("A1", "600000", "买入", 100, 10.5)
B = ("A2", "000001", "卖出", 2000, 11.66)
A_READ, B_READ = "A1 600000.SH BUY 100 10.5", "A2 000001.SZ SELL 2000 11.66"
BOTH = (A_READ, B_READ)


def quantity(value: object, code: str = "") -> tuple[tuple[object, ...], ...]:
    return (H, ("A1", "600000", "买入", Put(value, code), 10.5))


def price(value: object, code: str = "") -> tuple[tuple[object, ...], ...]:
    return (H, ("A1", "600000", "买入", 100, Put(value, code)))


def number(value: object, code: str = "") -> tuple[tuple[object, ...], ...]:
    return (H, (Put(value, code), *A[1:]))


def code_of(value: object, code: str = "") -> tuple[tuple[object, ...], ...]:
    return (H, ("A1", Put(value, code), *A[2:]))


def day(value: object, code: str = "") -> tuple[tuple[object, ...], ...]:
    return ((*H, "交易日"), (*A, Put(value, code)))


def start(value: object, code: str = "") -> tuple[tuple[object, ...], ...]:
    return ((*H, "交易日", "开始时间"), (*A, "2026-11-20", Put(value, code)))


def hide_row(book: Any) -> None:
    book.active.row_dimensions[3].hidden = True


def hide_column(book: Any) -> None:
    book.active.column_dimensions["F"].hidden = True


def strike_row(book: Any) -> None:
    from openpyxl.styles import Font

    for cell in book.active[3]:
        cell.font = Font(strike=True)


def strike_part(book: Any) -> None:
    """A value that was crossed out, with another one behind it."""
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    book.active["D3"] = CellRichText(TextBlock(InlineFont(strike=True), "1000"), TextBlock(InlineFont(), "2000"))


def strike_empty(book: Any) -> None:
    """Only a cell that holds nothing."""
    from openpyxl.styles import Font

    book.active["F9"].font = Font(strike=True)


def merge(reference: str) -> Callable[[Any], None]:
    return lambda book: book.active.merge_cells(reference)


def second(name: str, *rows: Sequence[object], state: str = "visible") -> Callable[[Any], None]:
    def change(book: Any) -> None:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = state

    return change


def dress(book: Any) -> None:
    """What sheets in offices look like: wide columns, a frozen header, borders and fills far below the table."""
    from openpyxl.styles import Border, Font, PatternFill, Side

    sheet = book.active
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = "A1:E3"
    sheet.column_dimensions["B"].width = 30
    for row in sheet["A1:H30"]:
        for cell in row:
            cell.font, cell.fill = Font(name="宋体", size=10), PatternFill("solid", fgColor="FFFFFF")
            cell.border = Border(bottom=Side(style="thin"))


MANY = [(f"M{n}", "600000", "买入", 100 * n, 10 + n / 100) for n in range(1, 201)]
MANY_READ = [f"M{n} 600000.SH BUY {100 * n} {10 + n / 100:g}" for n in range(1, 201)]
SHEET_KINDS = ("xlsx", "xls", "ods")


def sheets(answer: Answer, csv: Answer) -> dict[str, Answer]:
    return {**dict.fromkeys(SHEET_KINDS, answer), "csv": csv}


def formulas(answer: Answer, csv: Answer) -> dict[str, Answer]:
    """openpyxl writes formulas without their results."""
    return {"openpyxl": "CELL_NOT_CALCULATED", **sheets(answer, csv)}


CASES = (
    Case("plain", (H, A, B), {"*": BOTH}),
    Case("english", (("client_order_id", "symbol", "side", "quantity", "limit_price"), A, B), {"*": BOTH}),
    Case("both-names", (("自定义编号 client_order_id", *H[1:]), A, B), {"*": BOTH}),
    Case("dressed", (H, A, B), {"*": BOTH}, change=dress),
    Case("many", (H, *MANY), {"*": MANY_READ}),
    Case("gaps", ((), H, (), A, (), (), B, (None, "", " ")), {"*": BOTH}),
    Case("counted", (H, A, B, (), ("#END", 2)), {"*": BOTH}),
    Case("counted-wrong", (H, A, B, ("#END", 3)), {"*": "FILE_ROW_COUNT_MISMATCH"}),
    Case(
        "counted-by-formula",
        (H, A, B, (None,), ("#END", '=SUMPRODUCT(--(A2:A4&B2:B4<>""))')),
        {"*": BOTH},
    ),
    # Codes
    Case("code-number", code_of(600000), {"*": [A_READ]}),
    Case("code-zeros-lost", code_of(1), {"*": ["A1 000001.SZ BUY 100 10.5"]}),
    Case("code-zeros-shown", code_of(1, "000000"), {"*": ["A1 000001.SZ BUY 100 10.5"]}),
    Case("code-with-exchange", code_of("SZ000001"), {"*": ["A1 000001.SZ BUY 100 10.5"]}),
    Case("code-five-digits", code_of("00700"), {"*": "SYMBOL_ZEROS_AMBIGUOUS"}),
    Case("code-five-digits-shown", code_of(700, "00000"), {"*": "SYMBOL_ZEROS_AMBIGUOUS"}),
    Case("code-full-width", code_of("６０００００"), {"*": [A_READ]}),
    Case("code-ambiguous-name", code_of("浦发银行"), {"*": "SYMBOL_NOT_RECOGNISED"}),
    Case("code-fraction", code_of(600000.5), {"*": "SYMBOL_NOT_RECOGNISED"}),
    Case("code-as-formula-text", code_of('="600000"'), formulas([A_READ], [A_READ])),
    # Quantities
    Case("quantity-thousands", quantity(1000, "#,##0"), {"*": ["A1 600000.SH BUY 1000 10.5"]}),
    Case("quantity-text", quantity("1000", "@"), {"*": ["A1 600000.SH BUY 1000 10.5"]}),
    Case("quantity-text-thousands", quantity("1,000", "@"), {"*": ["A1 600000.SH BUY 1000 10.5"]}),
    Case("quantity-full-width", quantity("１０００"), {"*": ["A1 600000.SH BUY 1000 10.5"]}),
    Case("quantity-two-decimals", quantity(1000, "0.00"), {"*": ["A1 600000.SH BUY 1000 10.5"]}),
    Case("quantity-two-decimals-thousands", quantity(1000, "#,##0.00"), {"*": ["A1 600000.SH BUY 1000 10.5"]}),
    Case("quantity-three-decimals", quantity(1, "0.000"), sheets(["A1 600000.SH BUY 1 10.5"], "QUANTITY_NOT_INTEGER")),
    Case("quantity-unit", quantity(1000, '0"股"'), sheets(["A1 600000.SH BUY 1000 10.5"], "QUANTITY_NOT_INTEGER")),
    Case("quantity-half", quantity(100.5), {"*": "QUANTITY_NOT_INTEGER"}),
    Case("quantity-percent", quantity(1, "0%"), sheets("CELL_IS_PERCENT", "QUANTITY_NOT_INTEGER")),
    Case("quantity-true", quantity(True), sheets("CELL_IS_BOOLEAN", "QUANTITY_NOT_INTEGER")),
    Case("quantity-error", quantity("=1/0"), formulas("CELL_IS_ERROR", "QUANTITY_NOT_INTEGER")),
    Case("quantity-formula", quantity("=50*2"), formulas([A_READ], [A_READ])),
    Case("quantity-date", quantity(date(2026, 11, 20), "yyyy-mm-dd"), sheets("CELL_IS_DATE", "QUANTITY_NOT_INTEGER")),
    Case("quantity-negative", quantity(-100), {"*": "QUANTITY_NOT_POSITIVE"}),
    Case("quantity-zero", quantity(0), {"*": "QUANTITY_NOT_POSITIVE"}),
    Case("quantity-million", quantity(1000000), {"*": ["A1 600000.SH BUY 1000000 10.5"]}),
    Case("quantity-lots-in-words", quantity("10手"), {"*": "QUANTITY_NOT_INTEGER"}),
    Case("quantity-missing", quantity(None), {"*": "VALUE_MISSING"}),
    # Prices
    Case("price-binary", price(10.1), {"*": ["A1 600000.SH BUY 100 10.1"]}),
    Case("price-two-decimals", price(10.5, "0.00"), {"*": [A_READ]}),
    Case("price-currency", price(10.5, "¥#,##0.00"), sheets([A_READ], "PRICE_NOT_NUMBER")),
    Case("price-thousands", price(1680.5, "#,##0.00"), {"*": ["A1 600000.SH BUY 100 1680.5"]}),
    Case("price-thousands-whole", price(1680, "#,##0"), sheets(["A1 600000.SH BUY 100 1680"], "PRICE_AMBIGUOUS")),
    Case("price-noise", price("=10.1+0.2"), formulas(["A1 600000.SH BUY 100 10.3"], ["A1 600000.SH BUY 100 10.3"])),
    Case("price-percent", price(0.1051, "0.00%"), sheets("CELL_IS_PERCENT", "PRICE_NOT_NUMBER")),
    Case("price-shown-rounded", price(10.514, "0.00"), sheets("CELL_FORMAT_AMBIGUOUS", ["A1 600000.SH BUY 100 10.51"])),
    Case("quantity-lots-by-format", quantity(10, '0"手"'), sheets("CELL_FORMAT_AMBIGUOUS", "QUANTITY_NOT_INTEGER")),
    Case("quantity-scaled", quantity(20000, '0.0,"千"'), sheets("CELL_FORMAT_AMBIGUOUS", "QUANTITY_NOT_INTEGER")),
    Case("quantity-scientific", quantity(20000, "0.00E+00"), sheets("CELL_FORMAT_AMBIGUOUS", "QUANTITY_NOT_INTEGER")),
    Case("code-of-index-by-format", code_of(1, '"SH"000000'), sheets("CELL_FORMAT_AMBIGUOUS", ["A1 000001.SH BUY 100 10.5"])),
    Case("price-five-decimals", price(10.51234), {"*": "PRICE_TOO_PRECISE"}),
    Case("price-text-comma", price("10,5", "@"), {"*": "PRICE_AMBIGUOUS"}),
    Case("price-missing", price(None), {"*": "PRICE_MISSING"}),
    # Ids
    Case("id-number", number(20261120), {"*": ["20261120 600000.SH BUY 100 10.5"]}),
    Case("id-twelve-digits", number(202611200001, "0"), {"*": ["202611200001 600000.SH BUY 100 10.5"]}),
    Case("id-rounded", number(202611200000000017), {"*": "ID_ROUNDED_BY_SPREADSHEET"}),
    Case("id-zeros-shown", number(7, "0000"), sheets("CELL_FORMAT_AMBIGUOUS", ["0007 600000.SH BUY 100 10.5"])),
    Case("id-zeros-typed", number("0007", "@"), {"*": ["0007 600000.SH BUY 100 10.5"]}),
    Case("id-date", number(date(2026, 1, 2), "yyyy-mm-dd"), sheets("CELL_IS_DATE", ["2026-01-02 600000.SH BUY 100 10.5"])),
    Case("id-missing-word", number("NaN"), {"*": "ID_MEANS_MISSING"}),
    # Dates and times
    Case("date-cell", day(date(2026, 11, 23), "yyyy-mm-dd"), {"*": [f"{A_READ} 2026-11-23"]}),
    Case("date-slashes", day(date(2026, 11, 23), "yyyy/m/d"), {"*": [f"{A_READ} 2026-11-23"]}),
    Case("date-chinese", day(date(2026, 11, 23), 'yyyy"年"m"月"d"日"'), {"*": [f"{A_READ} 2026-11-23"]}),
    Case("date-american", day(date(2026, 11, 23), "mm/dd/yyyy"), sheets([f"{A_READ} 2026-11-23"], "DATE_NOT_READABLE")),
    Case("date-text", day("2026-11-23", "@"), {"*": [f"{A_READ} 2026-11-23"]}),
    Case("date-packed", day(20261123), {"*": [f"{A_READ} 2026-11-23"]}),
    Case("date-serial", day(46349), sheets([f"{A_READ} 2026-11-23"], "DATE_IS_SERIAL")),
    Case("time-cell", start(time(9, 35), "hh:mm"), {"*": [f"{A_READ} 2026-11-20 2026-11-20T09:35:00+08:00"]}),
    Case("time-seconds", start(time(14, 5, 9), "h:mm:ss"), {"*": [f"{A_READ} 2026-11-20 2026-11-20T14:05:09+08:00"]}),
    Case(
        "time-with-date",
        start(datetime(2026, 11, 20, 9, 35, tzinfo=UTC).replace(tzinfo=None), "yyyy-mm-dd hh:mm"),
        {"*": [f"{A_READ} 2026-11-20 2026-11-20T09:35:00+08:00"]},
    ),
    Case("time-half-day", start(time(14, 5), "h:mm AM/PM"), sheets([f"{A_READ} 2026-11-20 2026-11-20T14:05:00+08:00"], "TIME_NOT_READABLE")),
    # The sheet
    Case("title", (("委托清单",), H, A), {"*": "FILE_HEADER_NOT_FIRST", "lo-utf16-tab": "FILE_HEADER_NOT_FIRST"}),
    Case("title-merged", (("委托清单",), H, A), {"*": "FILE_HEADER_NOT_FIRST"}, change=merge("A1:E1")),
    Case("account-above", (("资金账号", "12345678"), (), H, A), {"*": "FILE_HEADER_NOT_FIRST"}),
    Case("hidden-row", (H, A, B), sheets("SHEET_HIDDEN", BOTH), change=hide_row),
    Case("hidden-column", ((*H, "备注"), (*A, "x")), sheets("SHEET_HIDDEN", [A_READ]), change=hide_column),
    Case("merged-side", (H, A, ("A2", "000001", None, 2000, 11.66)), sheets("CELL_MERGED", "VALUE_MISSING"), change=merge("C2:C3")),
    Case("merged-basket", ((*H, "篮子"), (*A, "b"), B), sheets("CELL_MERGED", None), change=merge("F2:F3")),
    Case("struck-row", (H, A, B), sheets("CELL_STRUCK_OUT", BOTH), change=strike_row),
    Case("struck-part", (H, A, B), sheets("CELL_STRUCK_OUT", None), change=strike_part),
    Case("struck-empty", (H, A, B), {"*": BOTH}, change=strike_empty),
    Case("beside", ((*H,), (*A, None, "x")), sheets("CELL_OUTSIDE_TABLE", "ROW_TEXT_AFTER_LAST_COLUMN")),
    Case("total-row", (H, A, B, (None, None, "合计", 2100)), {"*": "SIDE_UNKNOWN"}),
    Case("named-sheet", (("x", "y"), (1, 2)), sheets([A_READ], None), change=second("委托", H, A)),
    Case("named-sheet-english", (("x", "y"), (1, 2)), sheets([A_READ], None), change=second("ORDERS", H, A)),
    Case("hidden-second", (H, A), sheets([A_READ], None), change=second("委托", H, B, state="hidden")),
    Case("two-sheets", (H, A), sheets("SHEETS_AMBIGUOUS", None), change=second("Sheet2", H, B)),
    Case("notes-sheet", (H, A), sheets([A_READ], None), change=second("说明", ("如何填写",))),
    Case("no-orders", (H,), {"*": "FILE_NO_ORDERS"}),
    Case("column-without-name", ((*H, None, "备注"), (*A, "x", "y")), {"*": "COLUMN_UNNAMED"}),
    Case("column-misspelt", ((*H[:4], "委托价各"), A), {"*": "COLUMN_MISSPELT"}),
    Case("two-prices", ((*H, "限价"), (*A, 10.6)), {"*": "COLUMN_DUPLICATE"}),
    # Texts
    Case("note-quotes", ((*H, "备注"), (*A, '说"好",再买;吗')), {"*": [A_READ]}),
    Case("note-tab", ((*H, "备注"), (*A, "一\t二")), {"*": "TEXT_CONTROL_CHARACTER"}),
    Case("note-two-lines", ((*H, "备注"), (*A, "一\n二")), {"*": "TEXT_CONTROL_CHARACTER"}),
    Case("note-formula-text", ((*H, "备注"), (*A, "+1.5倍")), {"*": [A_READ]}),
    Case("name-error", ((*H, "证券名称"), (*A, "=1/0")), {"*": [A_READ]}),
    # Terminals
    Case("ths", (("证券代码", "证券名称", "操作", "委托数量", "委托价格"), ("600000", "浦发银行", "证券买入", 100, 10.5)), {"*": ["- 600000.SH BUY 100 10.5"]}),
    Case("tdx", (("证券代码", "证券名称", "买卖标志", "数量", "价格(元)"), ("000001", "平安银行", "卖出", 200, 11.66)), {"*": ["- 000001.SZ SELL 200 11.66"]}),
    Case("eastmoney", (("股票代码", "股票名称", "委托方向", "委托股数", "委托价"), ("300059", "东方财富", "买入", 100, 20.5)), {"*": ["- 300059.SZ BUY 100 20.5"]}),
    Case("qmt", (("资金账号", "证券代码", "买卖", "下单量", "下单价", "投资备注"), ("12345678", "600000.SH", "买入", 100, 10.5, "x")), {"*": ["- 600000.SH BUY 100 10.5"]}),
    Case("ptrade", (("stock_code", "direction", "order_volume", "order_price"), ("600000.SS", "buy", 100, 10.5)), {"*": ["- 600000.SH BUY 100 10.5"]}),
    Case("positions", (("证券代码", "证券名称", "股票余额", "可用余额", "成本价", "市价", "盈亏比(%)"), ("600000", "浦发银行", 1000, 1000, 9.8, 10.5, 7.1)), {"*": "COLUMN_MISSING"}),
    Case("positions-with-orders", ((*H, "股票余额", "可用余额", "成本价"), (*A, 1000, 1000, 9.8)), {"*": [A_READ]}),
    Case("positions-ambiguous", (("证券代码", "买卖", "数量", "委托价格", "可用余额"), ("600000", "卖出", 1000, 10.5, 800)), {"*": "COLUMN_AMBIGUOUS"}),
    Case("orders-placed", (("委托时间", "证券代码", "证券名称", "操作", "委托数量", "成交数量", "委托价格", "合同编号"), ("09:31:05", "600000", "浦发银行", "买入", 100, 100, 10.5, "123")), {"*": "COLUMN_OF_PLACED_ORDER"}),
    Case("unit-ours", ((*H[:3], "委托数量（股）", "委托价格(元)"), A), {"*": [A_READ]}),
    Case("unit-money", ((*H[:3], "委托数量(元)", H[4]), A), {"*": "COLUMN_UNIT_UNKNOWN"}),
    Case("unit-myriads", ((*H[:3], "委托数量/万股", H[4]), A), {"*": "COLUMN_UNIT_UNKNOWN"}),
    Case("exchange-beside", ((*H, "交易市场"), (*A, "上海")), {"*": "COLUMN_OF_EXCHANGE"}),
    Case("lots", ((*H[:3], "手数", H[4]), A), {"*": "COLUMN_IN_LOTS"}),
    Case("type-or-side", ((*H, "委托类型"), (*A, "限价")), {"*": "COLUMN_AMBIGUOUS"}),
)  # fmt: skip
