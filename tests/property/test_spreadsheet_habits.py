"""One table, written in every way that spreadsheets and people have: the same orders, or a refusal, never other orders.

And a file that was cut anywhere is never taken, if it says how many rows it has.
"""

import codecs
import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filebridge.domain.orders import OrderInstruction
from filebridge.orderfiles import ParsedFile, parse
from filebridge.orderfiles.columns import COLUMNS
from filebridge.orderfiles.template import workbook_template
from filebridge.orderfiles.wording import ALSO

TODAY = date(2026, 11, 20)
FIELDS = ("client_order_id", "symbol", "side", "quantity", "limit_price")
FULL_WIDTH = str.maketrans("0123456789,.", "０１２３４５６７８９，．")


class Row(NamedTuple):
    """An order as it is meant."""

    client_order_id: str
    symbol: str
    side: str
    quantity: int
    limit_price: Decimal


ROWS = st.lists(
    st.builds(
        Row,
        st.integers(1, 10**17).map(str) | st.integers(1, 99).map("A{:03}".format),
        st.sampled_from(["600000.SH", "000001.SZ", "510300.SH", "300059.SZ", "113052.SH", "002594.SZ", "430047.BJ"]),
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 10**7),
        st.decimals(min_value=Decimal("0.001"), max_value=3000, places=3),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row.client_order_id,
)


def plain(text: str) -> str:
    return text


def equals_sign(text: str) -> str:
    return f'="{text}"'


def number_only(symbol: str) -> str:
    return symbol[:6]


def zeros_lost(symbol: str) -> str:
    return str(int(symbol[:6]))


# Habit -> how it spells a cell. The last of each row may not be readable; it must then be refused.
ID_HABITS = (plain, equals_sign, " {} ".format, lambda text: f"{float(text):.5E}" if text.isdigit() else text)
SYMBOL_HABITS = (
    *(plain, number_only, zeros_lost, str.lower, equals_sign),
    *(lambda text: equals_sign(text[:6]), lambda text: text[7:] + text[:6], lambda text: text.translate(FULL_WIDTH)),
)
SIDE_HABITS: tuple[Mapping[str, str], ...] = (
    *({"BUY": "BUY", "SELL": "SELL"}, {"BUY": "买入", "SELL": "卖出"}, {"BUY": "证券买入", "SELL": "证券卖出"}),
    *({"BUY": "b", "SELL": "s"}, {"BUY": "1", "SELL": "2"}),
)
QUANTITY_HABITS = (
    *(str, "{:,}".format, lambda number: f"{number:,}".translate(FULL_WIDTH), "{}.0".format, "{:,}.00".format),
    *("{}.000".format, "{:.3e}".format, "{}股".format),
)
PRICE_HABITS = (
    *(str, "{:.6f}".format, "{:,.4f}".format, lambda price: str(price).translate(FULL_WIDTH), "{:,f}".format),
    *(lambda price: str(price).replace(".", ","), "￥{}".format),
)
MARKED = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "gb18030", *MARKED)
NAMES = st.sampled_from(["a.csv", "a.txt", "a.tsv", "a.xls"])
WORDS = {column: (column, COLUMNS[column], *ALSO.get(column, ())) for column in FIELDS}
# Formats under which a person sees the number itself, and formats under which not.
FORMATS = (
    *("General", "0", "0.00", "#,##0", "#,##0.000", "¥0.00", "@", "000000"),
    *("0%", '0"手"', "0.0,", "0.00E+00", "yyyy-mm-dd"),
)


def read(order: OrderInstruction) -> Row:
    assert order.side is not None
    assert order.limit_price is not None
    return Row(order.client_order_id, order.symbol, order.side.value, order.quantity, order.limit_price)


def same_or_refused(file: ParsedFile, rows: list[Row]) -> None:
    if file.problems:
        # A row with a problem is not taken; the others are what they are.
        assert {read(order) for order in file.instructions} <= set(rows)
    else:
        assert [read(order) for order in file.instructions] == rows


class Beside(NamedTuple):
    """What stands in a row beside the money."""

    note: str
    trade_date: date | None


BESIDES = st.builds(
    Beside,
    st.sampled_from(["", "网格", "路", "茅台", "café", "a,b;c\td|e", 'he said "buy"', "（二）", "１２", "-"]),
    st.none() | st.dates(date(2026, 11, 20), date(2027, 3, 1)),
)
# The last two have two readings or none that is sure.
DATE_HABITS = (
    *(date.isoformat, lambda day: f"{day:%Y%m%d}", lambda day: f"{day.year}/{day.month}/{day.day}"),
    *(lambda day: f"{day.year}年{day.month}月{day.day}日", lambda day: day.isoformat().translate(FULL_WIDTH)),
    *(lambda day: f'="{day:%Y%m%d}"', lambda day: f"{day:%d/%m/%Y}", lambda day: str((day - date(1899, 12, 30)).days)),
)
HABITS = st.tuples(
    *map(st.sampled_from, (ID_HABITS, SYMBOL_HABITS, SIDE_HABITS, QUANTITY_HABITS, PRICE_HABITS, DATE_HABITS))
)
BESIDE_NAMES = {"note": ("note", "备注", "投资备注"), "trade_date": ("trade_date", "交易日", "交易日期")}
# Of terminals' exports; they say nothing about what to order.
PASSED_OVER = ("证券名称", "最新价", "股票余额")


@settings(deadline=None, max_examples=200)
@given(data=st.data(), rows=ROWS)
def test_a_table_in_any_habit_is_the_same_orders_or_refused(data: st.DataObject, rows: list[Row]) -> None:
    draw = data.draw
    delimiter, newline = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting: Any = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    besides = [draw(BESIDES) for _ in rows]
    spelled: list[dict[str, str]] = []
    # One habit for all rows, or each its own: a sheet may be put together from several.
    habits = [draw(HABITS) for _ in rows] if draw(st.booleans()) else [draw(HABITS)] * len(rows)
    for row, beside, (as_id, as_symbol, as_side, as_quantity, as_price, as_date) in zip(
        rows, besides, habits, strict=True
    ):
        spelled.append(
            {
                "client_order_id": as_id(row.client_order_id),
                "symbol": as_symbol(row.symbol),
                "side": as_side[row.side],
                "quantity": as_quantity(row.quantity),
                "limit_price": as_price(row.limit_price),
                "note": beside.note,
                "trade_date": as_date(beside.trade_date) if beside.trade_date else "",
                **dict.fromkeys(PASSED_OVER, "7"),
            }
        )
    names = {**WORDS, **BESIDE_NAMES}
    columns = draw(
        st.permutations([*FIELDS, *BESIDE_NAMES, *draw(st.sampled_from([(), PASSED_OVER[:1], PASSED_OVER]))])
    )
    blank = [""] * draw(st.integers(0, 3))
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow([draw(st.sampled_from(names.get(column, (column,)))) for column in columns] + blank)
    writer.writerows([*(cells[column] for column in columns), *blank] for cells in spelled)
    text = buffer.getvalue() + draw(st.sampled_from(["", newline, delimiter * 4 + newline, f"#END,{len(rows)}"]))
    # The line of Excel may name another delimiter than the file has.
    declared = draw(st.sampled_from([delimiter, delimiter, ";"]))
    text = draw(st.sampled_from(["", "", f"sep={declared}{newline}", newline])) + text
    file = parse(encoded(text, draw(st.sampled_from(ENCODINGS))), name=draw(NAMES), today=TODAY)
    same_or_refused(file, rows)
    meant = {row.client_order_id: beside for row, beside in zip(rows, besides, strict=True)}
    for order in file.instructions:
        assert (order.note, order.trade_date) == meant[order.client_order_id]


def encoded(text: str, encoding: str) -> bytes:
    """With its mark where the encoding has one; what GBK cannot hold is saved as UTF-8, as every program does."""
    if encoding in MARKED:
        return MARKED[encoding] + text.encode(encoding)
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode("utf-8")


@settings(deadline=None, max_examples=50)
@given(data=st.data(), rows=ROWS)
def test_a_sheet_with_any_formats_is_the_same_orders_or_refused(data: st.DataObject, rows: list[Row]) -> None:
    draw = data.draw
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([draw(st.sampled_from(WORDS[column])) for column in FIELDS])
    for row in rows:
        number = int(row.client_order_id) if row.client_order_id.isdigit() and draw(st.booleans()) else None
        sheet.append(
            [
                row.client_order_id if number is None else number,
                draw(st.sampled_from([row.symbol, row.symbol[:6], int(row.symbol[:6])])),
                draw(st.sampled_from(SIDE_HABITS[:4]))[row.side],
                draw(st.sampled_from([row.quantity, float(row.quantity), str(row.quantity)])),
                draw(st.sampled_from([float(row.limit_price), str(row.limit_price)])),
            ]
        )
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.number_format = draw(st.sampled_from(FORMATS))
    buffer = io.BytesIO()
    book.save(buffer)
    same_or_refused(parse(buffer.getvalue(), name="a.xlsx", today=TODAY), rows)


FIFTY = [Row(f"A{n}", "600000.SH", "BUY", 100 * n, Decimal(10) + Decimal(n) / 100) for n in range(1, 51)]


def fifty_in_csv(encoding: str, *, first: bool = False) -> bytes:
    names = [COLUMNS[column] for column in FIELDS]
    lines = [",".join(names), *(",".join(map(str, row)) for row in FIFTY)]
    return encoded("\r\n".join(["#ROWS,50", *lines, ""] if first else [*lines, "#END,50"]), encoding)


def in_json(rows: list[Row]) -> str:
    # Short names: every byte is a cut.
    names = ("cl_ord_id", "code", "bs", "qty", "px")
    return ",\n".join(json.dumps(dict(zip(names, map(str, row), strict=True)), separators=(",", ":")) for row in rows)


def fifty_in_the_template() -> bytes:
    book: Any = openpyxl.load_workbook(io.BytesIO(workbook_template(60)))
    for place, row in enumerate(FIFTY, start=2):
        for column, value in enumerate(row, start=1):
            book["委托"].cell(place, column).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# Fewer, for each is a document of its own.
TWENTY_LINES = in_json(FIFTY[:20]).replace(",\n", "\n") + "\n"
# As every home reads them.
CUT = {
    **{f"{encoding}.csv": fifty_in_csv(encoding, first=True) for encoding in ENCODINGS},
    "feeds.csv": fifty_in_csv("utf-8", first=True).replace(b"\r\n", b"\n"),
    "semicolons.csv": fifty_in_csv("utf-8-sig", first=True).replace(b",", b";"),
    "document.json": f"[{in_json(FIFTY)}]".encode(),
    "lines.jsonl": ('{"rows": 20}\n' + TWENTY_LINES).encode(),
    "template.xlsx": fifty_in_the_template(),
}
# An end line may be what was cut off, so these need the setting.
CUT_WITH_END_LINES = {
    "utf-8-sig.csv": fifty_in_csv("utf-8-sig"),
    "lines.jsonl": (TWENTY_LINES + '{"end": 20}').encode(),
}


@pytest.mark.parametrize(("name", "data"), CUT.items(), ids=CUT)
def test_a_file_of_fifty_rows_cut_at_any_byte_is_never_taken(name: str, data: bytes) -> None:
    never_taken_cut(name, data, end_line_required=False)


@pytest.mark.parametrize(("name", "data"), CUT_WITH_END_LINES.items(), ids=CUT_WITH_END_LINES)
def test_where_the_count_is_required_it_may_be_the_end_line(name: str, data: bytes) -> None:
    never_taken_cut(name, data, end_line_required=True)


def test_without_the_setting_a_cut_between_two_rows_takes_the_end_line_with_it() -> None:
    data = fifty_in_csv("utf-8-sig")
    taken = [cut for cut in range(len(data)) if parse(data[:cut], name="a.csv", today=TODAY).instructions]
    ends = [place for place in range(len(data)) if data[:place].endswith((b"\r", b"\n"))]
    # The header alone is no order.
    assert taken == ends[2:]


def never_taken_cut(name: str, data: bytes, *, end_line_required: bool) -> None:
    def taken(data: bytes) -> ParsedFile:
        return parse(data, name=name, today=TODAY, end_line_required=end_line_required)

    whole = taken(data)
    assert ([read(order) for order in whole.instructions], whole.problems) == (FIFTY[: len(whole.instructions)], ())
    assert len(whole.instructions) >= 20
    assert [cut for cut in range(len(data)) if taken(data[:cut]).instructions] == []
