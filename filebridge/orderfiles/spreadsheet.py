"""Workbooks as they are: which kind a file really is, which sheet holds the orders, and its cells as text.

A sheet named 委托 or orders is read, else the first one, and only what a person sees of it. What two readings could be
given is refused: a second sheet that looks like orders, hidden rows that hold something, merged cells, text above the
header.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from filebridge.domain.reasons import Problem, Reason
from filebridge.domain.symbols import half_width
from filebridge.orderfiles.base import file_problem, problem
from filebridge.orderfiles.cells import (
    ROWS_MAX,
    Area,
    CellKind,
    Sheet,
    SheetRow,
    Unusable,
    Workbook,
    broken,
    cell_name,
    column_letters,
    too_large,
)
from filebridge.orderfiles.columns import (
    LOOK_ROWS,
    HeaderCell,
    header_elsewhere,
    is_no_header,
    named_columns,
    read_header,
)
from filebridge.orderfiles.csvfile import END_MARK
from filebridge.orderfiles.sheetvalues import cell_text

_NAMED = ("委托", "orders")
_NAMES_SHOWN = 5
_END_ROW = re.compile(rf"{END_MARK},([0-9]{{1,9}})", re.IGNORECASE)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
# A workbook within both is read in a fraction of a second, whatever stands in it: an element takes four bytes at least.
_QUICK_BYTES, _QUICK_EXPANDED_BYTES = 250_000, 1_000_000
# Over all cells: one long text may stand in each of them, and takes room wherever it is told.
_TEXT_CHARS_MAX = 100_000_000


class TableRow(NamedTuple):
    """A row as the columns need it: column, how the header spells it, text; with the problems that its cells have."""

    number: int
    cells: Sequence[tuple[str, str, str]]
    problems: Sequence[Problem] = ()
    notes: tuple[Reason, ...] = ()


@dataclass(slots=True)
class SheetTable:
    """What could be read of a sheet; `rows_found` counts the rows that hold anything, the unusable ones too."""

    format: str = ""
    header_row: int = 1
    header: list[HeaderCell] = field(default_factory=list)
    header_problems: list[Problem] = field(default_factory=list)
    rows: list[TableRow] = field(default_factory=list)
    rows_found: int = 0
    file_problems: list[Problem] = field(default_factory=list)


# How a workbook is read: its bytes and the rows of a slice -> what is told of the sheet, complete once its rows are
# through, and the rows. An empty slice says that none is there yet.
SheetReader = Callable[[bytes, int], tuple[SheetTable, Iterator[Sequence[TableRow]]]]


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a workbook's, whatever the file is called; a text that is named .xls is none."""
    return data.startswith((_OLE, _ZIP))


def is_quick(data: bytes) -> bool:
    """Whether a workbook is so small that reading it takes no time to speak of."""
    if len(data) > _QUICK_BYTES:
        return False
    if data.startswith(_OLE):
        return True
    from filebridge.orderfiles.package import Package

    try:
        return Package(data).expanded <= _QUICK_EXPANDED_BYTES
    except Unusable:
        # It is refused for what its directory says.
        return True


def read_at_once(data: bytes, rows_a_slice: int) -> tuple[SheetTable, Iterator[Sequence[TableRow]]]:
    """The reader that does all of it before the first slice."""
    table = read_workbook(data)
    starts = range(0, len(table.rows), rows_a_slice)
    return table, (table.rows[start : start + rows_a_slice] for start in starts)


def read_workbook(data: bytes) -> SheetTable:
    """Every row of the sheet that holds the orders, and everything that is wrong with its form."""
    table = SheetTable()
    try:
        table.format, book = _open(data)
        _read_sheet(book, _sheet_of_orders(book), table)
    except Unusable as reason:
        table.file_problems.append(reason.problem)
        table.rows.clear()
    return table


def rows_as_shown(data: bytes) -> list[tuple[int, dict[int, str]]]:
    """Row number and texts by place, the header first, of the sheet that holds the orders; nothing if none does."""
    try:
        _, book = _open(data)
        rows = book.read(_sheet_of_orders(book), rows_max=ROWS_MAX + 1).rows
    except Unusable:
        return []
    return [(row.number, {cell.column: cell.shown or cell.text for cell in row.cells}) for row in rows]


def _open(data: bytes) -> tuple[str, Workbook]:
    # Each reader only where it is needed: none of them is on the way of a CSV.
    if data.startswith(_OLE):
        from filebridge.orderfiles.xls import Xls

        return "xls", Xls(data)
    from filebridge.orderfiles.package import Package

    package = Package(data)
    if "mimetype" in package.names and "content.xml" in package.names:
        from filebridge.orderfiles.ods import Ods

        return "ods", Ods(package)
    if "[Content_Types].xml" not in package.names:
        raise broken("a ZIP archive without a workbook")
    from filebridge.orderfiles.xlsx import Xlsx

    return "xlsx", Xlsx(package)


def _sheet_of_orders(book: Workbook) -> int:
    """The place of the one sheet that holds the orders."""
    visible = [place for place, sheet in enumerate(book.sheets) if sheet.visible]
    if not visible:
        raise broken("no visible sheet")
    named = [place for place in visible if half_width(book.sheets[place].name).strip().casefold() in _NAMED]
    if not named:
        others = [place for place in visible[1:] if _looks_like_orders(book.read(place, rows_max=LOOK_ROWS))]
        named = [visible[0], *others]
    if len(named) > 1:
        first, second = (book.sheets[place].name for place in named[:2])
        raise Unusable("SHEETS_AMBIGUOUS", "", first=first, second=second)
    return named[0]


def _looks_like_orders(sheet: Sheet) -> bool:
    return any({"symbol", "quantity"} <= named_columns(cell.text for cell in row.cells) for row in sheet.rows)


def _read_sheet(book: Workbook, place: int, table: SheetTable) -> None:
    sheet = book.read(place, rows_max=ROWS_MAX + 2)
    if len(sheet.rows) > ROWS_MAX + 1:
        raise too_large(book.sheets[place].name, ROWS_MAX)
    if not sheet.rows:
        raise Unusable("FILE_NO_ORDERS")
    _refuse_hidden(sheet, book.sheets[place].name)
    header = sheet.rows[0]
    first = min(cell.column for cell in header.cells)
    spelled = [""] * (max(cell.column for cell in header.cells) + 1)
    for cell in header.cells:
        spelled[cell.column] = cell.text
    if elsewhere := header_elsewhere([[cell.text for cell in row.cells] for row in sheet.rows[:LOOK_ROWS]]):
        found = sheet.rows[elsewhere].number
        raise Unusable("FILE_HEADER_NOT_FIRST", " ".join(filter(None, spelled)), header_row=str(found))
    if is_no_header(spelled):
        raise Unusable("FILE_HEADER_MISSING", " ".join(filter(None, spelled)), line=str(header.number))
    table.header_row = header.number
    # A table may begin in column B: what is blank from top to bottom is no column.
    if any(cell.column < first for row in sheet.rows for cell in row.cells):
        first = 0
    cells, table.header_problems = read_header(header.number, spelled[first:])
    table.header = [HeaderCell(cell.index + first, cell.spelled, cell.column) for cell in cells]
    _refuse_merged(sheet, table)
    body = _without_end(sheet.rows[1:], table)
    table.rows_found = len(body)
    if not body and not table.file_problems:
        raise Unusable("FILE_NO_ORDERS")
    _read_rows(body, table, len(spelled), since_1904=book.since_1904)


def _refuse_hidden(sheet: Sheet, name: str) -> None:
    columns = {cell.column for row in sheet.rows for cell in row.cells}
    hidden = sorted(column for first, last in sheet.hidden_columns for column in columns if first <= column <= last)
    rows = sorted(sheet.hidden_rows)
    if not hidden and not rows:
        return
    letters, numbers = _few([*map(column_letters, hidden)]), _few([*map(str, rows)])
    english = " and ".join(filter(None, (f"rows {numbers}" if rows else "", f"columns {letters}" if hidden else "")))
    chinese = "、".join(filter(None, (f"第 {numbers} 行" if rows else "", f"{letters} 列" if hidden else "")))
    raise Unusable("SHEET_HIDDEN", "", sheet=name, hidden=english, hidden_zh=chinese)


def _refuse_merged(sheet: Sheet, table: SheetTable) -> None:
    last = sheet.rows[-1].number
    used = [cell.index for cell in table.header if cell.column]
    for area in sheet.merged:
        if area.last_row >= table.header_row and area.first_row <= last and _covers(area, used):
            table.file_problems.append(file_problem("CELL_MERGED", str(area), area=str(area)))


def _covers(area: Area, columns: Sequence[int]) -> bool:
    return any(area.first_column <= column <= area.last_column for column in columns)


def _without_end(rows: list[SheetRow], table: SheetTable) -> list[SheetRow]:
    """The rows above the end row (`#END` and a count), which is compared where the file holds the count."""
    place = next((place for place, row in enumerate(rows) if _is_end(row)), None)
    if place is None:
        return rows
    body, end, following = rows[:place], rows[place], rows[place + 1 :]
    spelled = ",".join(cell.text.strip() for cell in end.cells)
    if following:
        context = {"line": str(following[0].number)}
        table.file_problems.append(file_problem("FILE_END_LINE_NOT_LAST", spelled, **context))
    # A program that fills in the template leaves its count uncalculated; a package that was cut is found out anyway.
    if [cell.kind for cell in end.cells[1:]] == [CellKind.NOT_CALCULATED]:
        return body
    match = _END_ROW.fullmatch(spelled)
    if match is None:
        table.file_problems.append(file_problem("FILE_END_LINE_BROKEN", spelled))
    elif int(match[1]) != len(body):
        context = {"promised": match[1], "found": str(len(body))}
        table.file_problems.append(file_problem("FILE_ROW_COUNT_MISMATCH", **context))
    return body


def _is_end(row: SheetRow) -> bool:
    return row.cells[0].text.lstrip().upper().startswith(END_MARK)


def _read_rows(body: Sequence[SheetRow], table: SheetTable, width: int, *, since_1904: bool) -> None:
    by_place = {cell.index: cell for cell in table.header}
    if sum(len(cell.text) for row in body for cell in row.cells) > _TEXT_CHARS_MAX:
        raise too_large("the text of all cells", _TEXT_CHARS_MAX)
    for row in body:
        cells: list[tuple[str, str, str]] = []
        problems: list[Problem] = []
        notes: list[Reason] = []
        formulas: list[str] = []
        if struck := next((cell for cell in row.cells if cell.struck), None):
            # To cross a row out says in an office that it is off, and to cross out a value that another one holds.
            place, head = cell_name(struck.column, row.number), by_place.get(struck.column)
            reason = Reason("CELL_STRUCK_OUT", {"cell": place})
            problems.append(problem(row.number, head.spelled if head else "", struck.text, reason))
        for cell in row.cells:
            head = by_place.get(cell.column)
            if cell.column >= width:
                where = {"cell": cell_name(cell.column, row.number)}
                problems.append(problem(row.number, "", cell.text, Reason("CELL_OUTSIDE_TABLE", where)))
            if head is None or not head.column:
                continue
            found = cell_text(head.column, cell, since_1904=since_1904)
            if isinstance(found, Reason):
                problems.append(problem(row.number, head.spelled, cell.text, found))
                continue
            cells.append((head.column, head.spelled, found.text))
            if found.note:
                where = {"cell": cell_name(cell.column, row.number)}
                notes.append(Reason(found.note.code, {**found.note.context, **where}))
            if cell.formula:
                formulas.append(cell_name(cell.column, row.number))
        if formulas:
            notes.append(Reason("CELL_FROM_FORMULA", {"cells": _few(formulas)}))
        table.rows.append(TableRow(row.number, cells, problems, tuple(notes)))


def _few(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" … (+{more})" if more > 0 else "")
