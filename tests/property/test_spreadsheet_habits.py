"""One table, written in every way that spreadsheets and people have: the same orders, or a refusal, never other orders.

And a file that was cut anywhere is never taken, if it says how many rows it has.
"""

import csv
import io
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
ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16")
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


@settings(deadline=None, max_examples=100)
@given(data=st.data(), rows=ROWS)
def test_a_table_in_any_habit_is_the_same_orders_or_refused(data: st.DataObject, rows: list[Row]) -> None:
    draw = data.draw
    delimiter, newline = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting: Any = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    as_id, as_symbol = draw(st.sampled_from(ID_HABITS)), draw(st.sampled_from(SYMBOL_HABITS))
    as_side, as_quantity = draw(st.sampled_from(SIDE_HABITS)), draw(st.sampled_from(QUANTITY_HABITS))
    as_price = draw(st.sampled_from(PRICE_HABITS))
    blank = [""] * draw(st.integers(0, 3))
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow([draw(st.sampled_from(WORDS[column])) for column in FIELDS] + blank)
    for row in rows:
        cells = [as_id(row.client_order_id), as_symbol(row.symbol), as_side[row.side]]
        writer.writerow([*cells, as_quantity(row.quantity), as_price(row.limit_price), *blank])
    text = buffer.getvalue() + draw(st.sampled_from(["", newline, delimiter * 4 + newline, f"#END,{len(rows)}"]))
    text = draw(st.sampled_from(["", f"sep={delimiter}{newline}", newline])) + text
    data_in = text.encode(draw(st.sampled_from(ENCODINGS)))
    same_or_refused(parse(data_in, name=draw(st.sampled_from(["a.csv", "a.txt", "a.xls"])), today=TODAY), rows)


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


def fifty_in_csv() -> bytes:
    lines = [",".join(FIELDS), *(",".join(map(str, row)) for row in FIFTY), "#END,50"]
    return "\r\n".join(lines).encode("utf-8-sig")


def fifty_in_the_template() -> bytes:
    book: Any = openpyxl.load_workbook(io.BytesIO(workbook_template(60)))
    for place, row in enumerate(FIFTY, start=2):
        for column, value in enumerate(row, start=1):
            book["委托"].cell(place, column).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "data"), [("a.csv", fifty_in_csv()), ("a.xlsx", fifty_in_the_template())])
def test_a_file_of_fifty_rows_cut_at_any_byte_is_never_taken(name: str, data: bytes) -> None:
    whole = parse(data, name=name, today=TODAY, end_line_required=True)
    assert ([read(order) for order in whole.instructions], whole.problems) == (FIFTY, ())
    taken = [
        cut
        for cut in range(len(data))
        if parse(data[:cut], name=name, today=TODAY, end_line_required=True).instructions
    ]
    assert taken == []
