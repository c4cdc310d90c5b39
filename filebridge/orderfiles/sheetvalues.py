"""What a spreadsheet's cell says as text in a given column: the text that it would have in a CSV written well.

A spreadsheet keeps numbers as binary fractions of 15 sure digits, dates as numbers, and what a person typed sometimes
as neither. What has one reading is turned into its text, and said; what has two is refused. How the text itself is read
stands in values.py.
"""

import re
from typing import NamedTuple

from filebridge.domain.reasons import Reason
from filebridge.orderfiles.cells import Cell, CellKind, moment_text, number_text
from filebridge.orderfiles.numberformats import is_percent_format, shows_itself

_NUMBERS = ("quantity", "limit_price")
_DATES = ("trade_date",)
_CLOCKS = ("start_at", "expire_at")
# 15 digits survive in a spreadsheet; a number of 16 or more was rounded.
_WHOLE_LIMIT = 10**15
# What shows a whole number as its plain digits.
_PLAIN_FORMATS = ("", "General", "@", "0")
# As numbers of Hong Kong are shown.
_FIVE_DIGITS = re.compile(r"0[0-9]{1,4}")
_PACKED_DATE = re.compile(r"20[0-9]{6}")
_FIRST_SERIAL = 36_526  # 1 January 2000
_LAST_SERIAL = 80_000


class CellText(NamedTuple):
    """The text of a cell, and what has to be said about it (None if nothing has)."""

    text: str
    note: Reason | None = None


def cell_text(column: str, cell: Cell, *, since_1904: bool) -> CellText | Reason:
    """The text of `cell` in the column `column`, or why it has none."""
    match cell.kind:
        case CellKind.TEXT:
            return CellText(cell.text)
        case CellKind.NUMBER:
            return _number(column, cell, since_1904)
        case CellKind.MOMENT if column in (*_DATES, *_CLOCKS):
            return CellText(cell.text)
    return Reason(_REFUSED[cell.kind])


_REFUSED = {
    CellKind.MOMENT: "CELL_IS_DATE",
    CellKind.BOOLEAN: "CELL_IS_BOOLEAN",
    CellKind.ERROR: "CELL_IS_ERROR",
    CellKind.NOT_CALCULATED: "CELL_NOT_CALCULATED",
}


def _number(column: str, cell: Cell, since_1904: bool) -> CellText | Reason:
    if column in _NUMBERS:
        return _amount(cell)
    if column in _DATES or column in _CLOCKS:
        return _moment(column, cell, since_1904)
    if column == "symbol":
        # 000001 may be shown as 1, and 1 as 000001, but not as SH000001; 700 shown as 00700 is what is seen.
        if not shows_itself(cell.text, cell.format, cell.shown):
            return _ambiguous(cell)
        zeros = len(cell.format) if set(cell.format) == {"0"} else 0
        seen = cell.shown or cell.text.zfill(zeros)
        return CellText(seen if _FIVE_DIGITS.fullmatch(seen) else cell.text)
    if abs(float(cell.text)) >= _WHOLE_LIMIT:
        return Reason("ID_ROUNDED_BY_SPREADSHEET")
    if cell.format not in _PLAIN_FORMATS or cell.shown not in ("", cell.text):
        return _ambiguous(cell)
    return CellText(cell.text)


def _ambiguous(cell: Cell) -> Reason:
    return Reason("CELL_FORMAT_AMBIGUOUS", {"format": cell.shown or cell.format})


def _amount(cell: Cell) -> CellText | Reason:
    """A quantity or a price: 10.299999999999999 is what a calculation leaves of 10.3, and the sheet shows 10.3."""
    if is_percent_format(cell.format):
        return Reason("CELL_IS_PERCENT", {"format": cell.format})
    sure = number_text(float(format(float(cell.text), ".15g")))
    if not shows_itself(sure, cell.format, cell.shown):
        return _ambiguous(cell)
    note = None if sure == cell.text else Reason("CELL_ROUNDED", {"value": cell.text, "meaning": sure})
    return CellText(sure, note)


def _moment(column: str, cell: Cell, since_1904: bool) -> CellText:
    """A day typed as 20261120, or a date whose format was lost: the workbook says which day is its first."""
    if _PACKED_DATE.fullmatch(cell.text):
        return CellText(cell.text)
    serial = float(cell.text)
    is_clock = column in _CLOCKS and 0 < serial < 1
    is_day = _FIRST_SERIAL <= serial < _LAST_SERIAL and (column in _CLOCKS or serial.is_integer())
    moment = moment_text(serial, since_1904=since_1904) if is_clock or is_day else ""
    if not moment:
        return CellText(cell.text)
    return CellText(moment, Reason("CELL_DATE_FROM_NUMBER", {"value": cell.text, "meaning": moment}))
