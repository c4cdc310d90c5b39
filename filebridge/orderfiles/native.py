"""The native order file: rows of named cells to instructions, and what the cells of one row must say together.

CSV, JSON and JSON Lines meet here. How one cell is read stands in values.py, what a file must look like in csvfile.py
and jsonfile.py; accounts, duplicates, limits and the calendar are the bridge's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from filebridge.domain.orders import SHANGHAI, Action, OrderInstruction, OrderType
from filebridge.domain.reasons import Problem, Reason
from filebridge.domain.symbols import SymbolReading
from filebridge.orderfiles.base import ParsedFile, listed, problem
from filebridge.orderfiles.columns import COLUMNS, RANK, HeaderCell, column_names, column_of, read_header
from filebridge.orderfiles.csvfile import CsvTable, read_table
from filebridge.orderfiles.jsonfile import (
    JsonRow,
    JsonTable,
    raw_text,
    read_document,
    read_lines,
    scalar_text,
)
from filebridge.orderfiles.text import FileText
from filebridge.orderfiles.values import READERS, Value

_REQUIRED = {Action.ORDER: ("symbol", "side", "quantity", "limit_price"), Action.CANCEL: ()}
_EARLIER_ORDER = ("orig_client_order_id", "broker_order_id")
_MOMENTS = ("start_at", "expire_at")


# The column, how the file spells it, the text. A plain tuple: there are as many as cells.
_Cell = tuple[str, str, str]


class _Readings(dict[str, Value | Reason]):
    """What the texts of one column mean; equal texts are read once."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self._read = READERS[column]

    def __missing__(self, text: str) -> Value | Reason:
        value = self[text] = self._read(text)
        return value


def parse_csv(file: FileText, *, today: date, end_line_required: bool) -> ParsedFile:
    """The orders of a CSV; `today` is the trade date of rows that name none."""
    table = read_table(file.text, end_line_required=end_line_required)
    header, header_problems = read_header(table.header_row, table.header)
    rows = _Rows(today=today, has_header=True, spelling={cell.column: cell.spelled for cell in header})
    if table.header:
        _read_csv_rows(table, header, rows)
        header_problems += rows.missing_columns(table.header_row, header)
    in_order = sorted(table.row_problems + rows.problems, key=_row_of)
    return _parsed("csv", file, table, [*table.file_problems, *header_problems], in_order, rows)


def parse_json(file: FileText, *, today: date) -> ParsedFile:
    """The orders of a JSON document."""
    return _parse_json_rows("json", file, read_document(file.text), today)


def parse_json_lines(file: FileText, *, today: date, end_line_required: bool) -> ParsedFile:
    """The orders of JSON Lines."""
    return _parse_json_rows("jsonl", file, read_lines(file.text, end_line_required=end_line_required), today)


@dataclass(slots=True)
class _Rows:
    """Reads row after row.

    `spelling` is what the header calls each column; JSON has none, and there the column's own name stands in problems.
    """

    today: date
    has_header: bool = False
    spelling: dict[str, str] = field(default_factory=dict)
    instructions: list[OrderInstruction] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    columns_needed: set[str] = field(default_factory=set)
    ids: dict[int, str] = field(default_factory=dict)
    _readings: dict[str, _Readings] = field(default_factory=lambda: {column: _Readings(column) for column in COLUMNS})

    def read(self, number: int, cells: Iterable[_Cell], found: Sequence[Problem] = ()) -> None:
        """Adds an instruction, or the problems of the row; `found` are those that its form already has."""
        # A cell that cannot be read is not missing as well: None stands for it.
        values: dict[str, Any] = {}
        problems = list(found)
        for bad in found:
            if isinstance(column_found := column_of(bad.column), str):
                values[column_found] = None
        readings = self._readings
        for column, spelled, text in cells:
            stripped = text.strip()
            if not stripped:
                continue
            value: Any = readings[column][stripped]
            if isinstance(value, Reason):
                problems.append(problem(number, spelled, text, value))
                value = None
            values[column] = value
        problems += self._check_together(number, values)
        if problems:
            self.problems += sorted(problems, key=self._rank)
            self.ids[number] = values.get("client_order_id") or values.get("orig_client_order_id") or ""
        else:
            self.instructions.append(_instruction(number, values))

    def missing_columns(self, header_row: int, header: Sequence[HeaderCell]) -> list[Problem]:
        """A column that the file lacks and its rows need is told once, not row by row."""
        present = {cell.column for cell in header}
        missing = [column for column in COLUMNS if column in self.columns_needed - present]
        return [problem(header_row, column, "", Reason("COLUMN_MISSING", column_names(column))) for column in missing]

    def _check_together(self, number: int, values: dict[str, Any]) -> list[Problem]:
        action = values.get("action", Action.ORDER)
        problems: list[Problem] = []
        if action is Action.CANCEL:
            # Not by the broker's number alone: taken but not understood, it would cancel nothing.
            if "orig_client_order_id" not in values:
                problems.append(self._problem(number, "orig_client_order_id", "CANCEL_ID_REQUIRED"))
        elif action is Action.ORDER:
            values["order_type"] = values.get("order_type", OrderType.LIMIT)
            for column in _EARLIER_ORDER:
                if values.get(column):
                    problems.append(self._problem(number, column, "CANCEL_ID_ON_ORDER", values[column]))
        for column in _REQUIRED.get(action, ()):
            if column not in values:
                problems += self._missing(number, column)
        return problems + self._put_on_dates(number, values)

    def _missing(self, number: int, column: str) -> list[Problem]:
        if self.has_header and column not in self.spelling:
            self.columns_needed.add(column)
            return []
        return [self._problem(number, column, "PRICE_MISSING" if column == "limit_price" else "VALUE_MISSING")]

    def _put_on_dates(self, number: int, values: dict[str, Any]) -> list[Problem]:
        """A time without a date means the row's trade date."""
        if "start_at" not in values and "expire_at" not in values:
            return []
        day = values.get("trade_date") or self.today
        for column in _MOMENTS:
            if isinstance(clock := values.get(column), time):
                values[column] = datetime.combine(day, clock, SHANGHAI)
        start_at, expire_at = (values.get(column) for column in _MOMENTS)
        if start_at and expire_at and expire_at <= start_at:
            context = {"start_at": start_at.isoformat(), "expire_at": expire_at.isoformat()}
            return [self._problem(number, "expire_at", "EXPIRE_BEFORE_START", expire_at.isoformat(), **context)]
        return []

    def _problem(self, number: int, column: str, code: str, value: str = "", **context: str) -> Problem:
        reason = Reason(code, {**column_names(column), **context})
        return problem(number, self.spelling.get(column, column), value, reason)

    def _rank(self, found: Problem) -> int:
        column = column_of(found.column)
        return RANK.get(column, -1) if isinstance(column, str) else -1


def _instruction(number: int, values: dict[str, Any]) -> OrderInstruction:
    reading: SymbolReading | None = values.get("symbol")
    if reading:
        values["symbol"] = reading.symbol
        if reading.note:
            values["notes"] = (reading.note,)
    return OrderInstruction(row=number, **values)


def _read_csv_rows(table: CsvTable, header: Sequence[HeaderCell], rows: _Rows) -> None:
    used = [cell for cell in header if cell.column]
    places = [cell.index for cell in used]
    columns = [cell.column for cell in used]
    spelled = [cell.spelled for cell in used]
    for row in table.rows:
        cells = row.cells
        rows.read(row.number, zip(columns, spelled, [cells[place] for place in places], strict=True))


def _parse_json_rows(format_name: str, file: FileText, table: JsonTable, today: date) -> ParsedFile:
    rows = _Rows(today=today)
    for row in table.rows:
        cells, found = _json_cells(row)
        rows.read(row.number, cells, found)
    in_order = sorted(table.row_problems + rows.problems, key=_row_of)
    return _parsed(format_name, file, table, table.file_problems, in_order, rows)


def _json_cells(row: JsonRow) -> tuple[list[_Cell], list[Problem]]:
    """The cells of a JSON object that can be read, and the problems of its keys and types."""
    cells: list[_Cell] = []
    problems: list[Problem] = []
    first_key: dict[str, str] = {}
    for key, value in row.pairs:
        column = column_of(key)
        text = scalar_text(value)
        if isinstance(column, Reason):
            reason = Reason(column.code, {**column.context, "place": str(len(first_key) + 1)})
            problems.append(problem(row.number, key, raw_text(value), reason))
        elif column and column in first_key:
            reason = Reason("COLUMN_DUPLICATE", {"first": first_key[column], **column_names(column)})
            problems.append(problem(row.number, key, raw_text(value), reason))
        elif column:
            first_key[column] = key
            if isinstance(text, Reason):
                problems.append(problem(row.number, key, raw_text(value), text))
            else:
                cells.append((column, key, text))
    return cells, problems


def _parsed(
    format_name: str,
    file: FileText,
    table: CsvTable | JsonTable,
    whole: Sequence[Problem],
    in_rows: Sequence[Problem],
    rows: _Rows,
) -> ParsedFile:
    """With a problem of the file or its header nothing in it can be trusted, so no row becomes an instruction."""
    return ParsedFile(
        format=format_name,
        encoding=file.encoding,
        delimiter=table.delimiter if isinstance(table, CsvTable) else "",
        instructions=() if whole else tuple(rows.instructions),
        problems=listed([*whole, *in_rows]),
        rows=table.rows_found,
        ids=rows.ids,
    )


def _row_of(found: Problem) -> int:
    return found.row
