"""A sheet as its file holds it, whatever program wrote it: rows of cells with their kinds, what is hidden or merged.

What a cell means for an order stands in sheetvalues.py; XLSX, ODS and XLS are read in modules of their own names. Rows
and columns are counted as a person sees them: row 7, column C.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from filebridge.domain.reasons import Problem
from filebridge.orderfiles.base import file_problem

# Orders that a person keeps in a spreadsheet are hundreds; more rows than these are a program's, and better a CSV.
ROWS_MAX = 50_000
COLUMNS_MAX = 256
CELL_CHARS_MAX = 32_767  # as in Excel itself
SERIAL_MAX = 2_958_466  # 31 December 9999
_BEFORE_1900_MARCH = 61  # days that Excel counts with a 29 February 1900
_MS_PER_DAY = 86_400_000


class CellKind(StrEnum):
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    MOMENT = "MOMENT"
    BOOLEAN = "BOOLEAN"
    ERROR = "ERROR"
    # A formula whose result the file does not hold.
    NOT_CALCULATED = "NOT_CALCULATED"


class Cell(NamedTuple):
    """One cell that holds something; `column` counts from 0.

    `text` is the text itself, a number's shortest digits, a moment in ISO, TRUE or FALSE, or the error as shown;
    `format` is the number format, `General` where the number is shown as it is; `shown` is what a person sees of a
    number, where the file says so itself (ODS); `struck` that the text, or a part of it, is crossed out.
    """

    column: int
    kind: CellKind
    text: str
    format: str = "General"
    formula: bool = False
    shown: str = ""
    struck: bool = False


class SheetRow(NamedTuple):
    number: int
    cells: Sequence[Cell]


class Area(NamedTuple):
    """Merged cells, ends included; rows count from 1, columns from 0."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    def __str__(self) -> str:
        first, last = cell_name(self.first_column, self.first_row), cell_name(self.last_column, self.last_row)
        return f"{first}:{last}"


@dataclass(slots=True)
class Sheet:
    """The rows that hold anything, in their order, and what a person does not see of them."""

    rows: list[SheetRow] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    # First and last column of each hidden stretch.
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)


class SheetName(NamedTuple):
    name: str
    visible: bool


class Workbook(Protocol):
    """What the readers hand out. `read` may end the reading by raising Unusable."""

    @property
    def sheets(self) -> Sequence[SheetName]: ...
    @property
    def since_1904(self) -> bool: ...
    def read(self, index: int, *, rows_max: int) -> Sheet:
        """The sheet's rows, at most `rows_max`; a sheet with more is cut there."""
        ...


class Unusable(Exception):
    """Ends the reading of a workbook; it never leaves this package."""

    def __init__(self, code: str, value: str = "", **context: str) -> None:
        super().__init__(code)
        self.problem: Problem = file_problem(code, value, **context)


def broken(what: str) -> Unusable:
    return Unusable("FILE_WORKBOOK_BROKEN", what)


def too_large(what: str, limit: int) -> Unusable:
    return Unusable("FILE_WORKBOOK_TOO_LARGE", what, limit=str(limit))


class RowsTaken(Exception):
    """Ends the reading of a sheet when as many rows are there as were asked for."""


def add_row(sheet: Sheet, number: int, cells: list[Cell], *, hidden: bool, rows_max: int) -> None:
    """Append a row that holds anything."""
    if not cells:
        return
    if len(sheet.rows) == rows_max:
        raise RowsTaken
    if hidden:
        sheet.hidden_rows.add(number)
    sheet.rows.append(SheetRow(number, cells))


def add_cell(cells: list[Cell], row: int, cell: Cell) -> None:
    """Append a cell that holds anything, within the limits."""
    if cell.kind is CellKind.TEXT and not cell.text.strip():
        return
    if cell.column >= COLUMNS_MAX:
        raise too_large(cell_name(cell.column, row), COLUMNS_MAX)
    if len(cell.text) > CELL_CHARS_MAX:
        raise too_large(cell_name(cell.column, row), CELL_CHARS_MAX)
    cells.append(cell)


def column_letters(column: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """A -> 0, AA -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def cell_name(column: int, row: int) -> str:
    return f"{column_letters(column)}{row}"


def number_text(value: float) -> str:
    """The shortest digits that mean this number, without an exponent and without `.0`."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment_text(serial: float, *, since_1904: bool) -> str:
    """A spreadsheet's day number as ISO text: a date, a date with time, or below 1 a time; '' if it is none."""
    if not 0 <= serial < SERIAL_MAX:
        return ""
    day, milliseconds = divmod(round(serial * _MS_PER_DAY), _MS_PER_DAY)
    seconds, rest = divmod(milliseconds, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{rest:03}" if rest else "")
    if day == 0:
        return clock
    if not since_1904 and day < _BEFORE_1900_MARCH:
        return ""
    text = (date(1904, 1, 1) if since_1904 else date(1899, 12, 30)) + timedelta(days=day)
    return text.isoformat() if not milliseconds else f"{text.isoformat()}T{clock}"
