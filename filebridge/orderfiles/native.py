"""The native order file: rows of named cells to instructions.

CSV, JSON and JSON Lines meet here. How one cell is read stands in values.py, what the cells of a row must say together
in together.py, what a file must look like in csvfile.py and jsonfile.py; accounts, duplicates, limits and the calendar
are the bridge's.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import repeat
from types import NoneType
from typing import Any

from filebridge.domain.orders import ALL_ISSUES, Action, OrderInstruction, OrderType, Side
from filebridge.domain.reasons import Problem, Reason
from filebridge.domain.sides import TRANSFERS, Pricing, facts_of
from filebridge.domain.symbols import SymbolReading
from filebridge.orderfiles.base import PROBLEMS_LISTED_MAX, ParsedFile, listed, problem
from filebridge.orderfiles.cells import column_letters
from filebridge.orderfiles.columns import COLUMNS, RANK, HeaderCell, column_names, column_of, read_header, unquoted
from filebridge.orderfiles.csvfile import CsvRow, CsvTable, read_slices
from filebridge.orderfiles.jsonfile import (
    JsonRow,
    JsonTable,
    raw_text,
    read_document,
    read_lines,
    scalar_text,
)
from filebridge.orderfiles.spreadsheet import SheetTable, TableRow
from filebridge.orderfiles.text import FileText
from filebridge.orderfiles.together import EARLIER_ORDER, MOMENTS, REQUIRED, Finding, check
from filebridge.orderfiles.values import NATIVE_READERS, Value

# What the plain rows of a table all have: a limit order's columns.
_PLAIN = (*REQUIRED[Action.ORDER], "limit_price")
# What a row is that does not say; the same by whichever way it is read, for its id may be derived from it.
_DEFAULTS = {**OrderInstruction._field_defaults, "order_type": OrderType.LIMIT}
_READINGS_MAX = 20_000
# Sides and order types with which a row is plain: all that a limit order may have.
_ONLY: dict[str, frozenset[Any]] = {
    "side": frozenset(side for side in Side if facts_of(side).pricing is not Pricing.NONE) - TRANSFERS,
    "order_type": frozenset({None, OrderType.LIMIT}),
}


# The column, how the file spells it, the text. A plain tuple: there are as many as cells.
_Cell = tuple[str, str, str]


# Rows that are plain are read column by column: no cancel, no time that needs a date, nothing left out.
_NOT_PLAIN = ("action", "query", "transfer_amount", *EARLIER_ORDER, *MOMENTS, "price_offset")
# The slices of a file, and at its end what there is to say of it as a whole.
Slices = Generator[list[OrderInstruction], None, ParsedFile]


class _Readings(dict[str, Value | Reason | None]):
    """What the texts of one column mean, None where nothing stands; equal texts are read once."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self._read = NATIVE_READERS[column]

    def __missing__(self, text: str) -> Value | Reason | None:
        stripped = unquoted(text.strip())
        value = self[text] = self._read(stripped) if stripped else None
        return value

    def forget_if_many(self) -> None:
        """Ids never repeat: of a very large file they would all be kept."""
        if len(self) > _READINGS_MAX:
            self.clear()


class _ReadingsOfColumns(dict[str, _Readings]):
    """Those of the columns that a file has."""

    def __missing__(self, column: str) -> _Readings:
        readings = self[column] = _Readings(column)
        return readings


def parse_csv(file: FileText, *, today: date, end_line_required: bool, rows_a_slice: int) -> Slices:
    """The orders of a CSV; `today` is the trade date of rows that name none."""
    table = CsvTable()
    rows = _Rows(today=today, has_header=True)
    header: list[HeaderCell] | None = None
    header_problems: list[Problem] = []
    slices = read_slices(file.text, table, end_line_required=end_line_required, rows_a_slice=rows_a_slice)
    for part in slices:
        if header is None:
            header, header_problems = read_header(table.header_row, table.header)
            rows.spelling = {cell.column: cell.spelled for cell in header}
        _read_csv_rows(part, header, rows)
        yield rows.end_slice(table.row_problems)
    if header is None:
        header, header_problems = read_header(table.header_row, table.header)
    if table.header:
        header_problems += rows.missing_columns(table.header_row, header)
    return _parsed("csv", file, table, [*table.file_problems, *header_problems], rows)


def parse_sheet(table: SheetTable, parts: Iterable[Sequence[TableRow]], *, today: date) -> Slices:
    """The orders of a spreadsheet; every problem names its cell, as a person sees it. `table` has its header with the
    first row of `parts`, and all that is wrong with it after the last."""
    rows = _Rows(today=today, has_header=True)
    letters: dict[str, str] = {}
    for part in parts:
        if part and not letters:
            rows.spelling = {cell.column: cell.spelled for cell in table.header}
            letters = {cell.spelled: column_letters(cell.index) for cell in table.header}
        for row in part:
            rows.read(row.number, row.cells, row.problems, row.notes)
        rows.problems = [_with_cell(found, letters) for found in rows.problems]
        yield rows.end_slice(())
    whole = [*table.file_problems, *table.header_problems]
    if not table.file_problems:
        whole += rows.missing_columns(table.header_row, table.header)
    return ParsedFile(
        format=table.format,
        problems=listed([*whole, *rows.kept], more=rows.not_kept),
        rows=table.rows_found,
        ids=rows.ids,
        is_broken=bool(whole),
    )


def _with_cell(found: Problem, letters: dict[str, str]) -> Problem:
    if "cell" in found.reason.context or found.column not in letters:
        return found
    cell = f"{letters[found.column]}{found.row}"
    return found._replace(reason=Reason(found.reason.code, {**found.reason.context, "cell": cell}))


def parse_json(file: FileText, *, today: date) -> Slices:
    """The orders of a JSON document."""
    table = JsonTable()
    return (yield from _parse_json_rows("json", file, table, read_document(file.text, table), today))


def parse_json_lines(file: FileText, *, today: date, end_line_required: bool, rows_a_slice: int) -> Slices:
    """The orders of JSON Lines."""
    table = JsonTable()
    slices = read_lines(file.text, table, end_line_required=end_line_required, rows_a_slice=rows_a_slice)
    return (yield from _parse_json_rows("jsonl", file, table, slices, today))


@dataclass(slots=True)
class _Rows:
    """Reads row after row, slice after slice.

    `spelling` is what the header calls each column; JSON has none, and there the column's own name stands in problems.
    """

    today: date
    has_header: bool = False
    spelling: dict[str, str] = field(default_factory=dict)
    # Of this slice.
    instructions: list[OrderInstruction] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    # Of the whole file; of its problems as many as can be listed, and how many more there are.
    kept: list[Problem] = field(default_factory=list)
    not_kept: int = 0
    columns_needed: set[str] = field(default_factory=set)
    ids: dict[int, str] = field(default_factory=dict)
    readings: _ReadingsOfColumns = field(default_factory=_ReadingsOfColumns)

    def end_slice(self, of_form: Sequence[Problem]) -> list[OrderInstruction]:
        """The instructions of the slice; its problems join those of the file, after those that its form has."""
        found = sorted([*of_form, *self.problems], key=_row_of) if of_form else self.problems
        room = PROBLEMS_LISTED_MAX + 1 - len(self.kept)
        self.kept += found[:room]
        self.not_kept += max(len(found) - room, 0)
        instructions, self.instructions, self.problems = self.instructions, [], []
        for readings in self.readings.values():
            readings.forget_if_many()
        return instructions

    def read(
        self, number: int, cells: Sequence[_Cell], found: Sequence[Problem] = (), notes: tuple[Reason, ...] = ()
    ) -> None:
        """Adds an instruction, or the problems of the row; `found` are those that its form already has."""
        # A cell that cannot be read is not missing as well: None stands for it.
        values: dict[str, Any] = {}
        problems = list(found)
        for bad in found:
            if isinstance(column_found := column_of(bad.column), str):
                values[column_found] = None
        readings = self.readings
        for column, spelled, text in cells:
            value: Any = readings[column][text]
            if value is None:
                continue
            if isinstance(value, Reason):
                problems.append(problem(number, spelled, text, value))
                value = None
            values[column] = value
        problems += self._check_together(number, values)
        if problems and self._is_header(cells):
            problems = [problem(number, "", "", Reason("ROW_REPEATS_HEADER"))]
        if problems:
            self.problems += sorted(problems, key=self._rank)
            if len(self.kept) <= PROBLEMS_LISTED_MAX:
                self.ids[number] = values.get("client_order_id") or values.get("orig_client_order_id") or ""
        else:
            self.instructions.append(_instruction(number, values, notes))

    def missing_columns(self, header_row: int, header: Sequence[HeaderCell]) -> list[Problem]:
        """A column that the file lacks and its rows need is told once, not row by row."""
        needed = self.columns_needed - {cell.column for cell in header}
        missing = [column for column in COLUMNS if column in needed]
        return [problem(header_row, column, "", Reason("COLUMN_MISSING", column_names(column))) for column in missing]

    def _is_header(self, cells: Sequence[_Cell]) -> bool:
        """Whether every column's own name stands in it; a row of one cell may say that by chance."""
        said = [unquoted(text.strip()) for _, _, text in cells]
        return self.has_header and len(said) > 1 and said == [spelled for _, spelled, _ in cells]

    def _check_together(self, number: int, values: dict[str, Any]) -> list[Problem]:
        problems: list[Problem] = []
        for finding in check(values, self.today):
            if finding.is_missing and self.has_header and finding.column not in self.spelling:
                self.columns_needed.add(finding.column)
            else:
                problems.append(self._problem(number, finding))
        return problems

    def _problem(self, number: int, finding: Finding) -> Problem:
        reason = Reason(finding.code, {**column_names(finding.column), **finding.context})
        return problem(number, self.spelling.get(finding.column, finding.column), finding.value, reason)

    def _rank(self, found: Problem) -> int:
        column = column_of(found.column)
        return RANK.get(column, -1) if isinstance(column, str) else -1


def _instruction(number: int, values: dict[str, Any], notes: tuple[Reason, ...]) -> OrderInstruction:
    reading: SymbolReading | None = values.get("symbol")
    if reading:
        values["symbol"] = reading.symbol
        if reading.note:
            notes = (reading.note, *notes)
    return OrderInstruction(row=number, notes=notes, **values)


def _read_csv_rows(part: Sequence[CsvRow], header: Sequence[HeaderCell], rows: _Rows) -> None:
    used = [cell for cell in header if cell.column]
    if (plain := _read_plain(part, used, rows)) is not None:
        rows.instructions += plain
        return
    places = [cell.index for cell in used]
    columns = [cell.column for cell in used]
    spelled = [cell.spelled for cell in used]
    for row in part:
        cells = row.cells
        rows.read(row.number, list(zip(columns, spelled, [cells[place] for place in places], strict=True)))


def _read_plain(part: Sequence[CsvRow], used: Sequence[HeaderCell], rows: _Rows) -> Iterable[OrderInstruction] | None:
    """The rows column by column, which takes a third of the time; None if any needs to be looked at by itself."""
    names = {cell.column for cell in used}
    if not part or not names.issuperset(_PLAIN) or not names.isdisjoint(_NOT_PLAIN):
        return None
    columns: dict[str, Any] = {"row": [row.number for row in part]}
    for cell in used:
        readings = rows.readings[cell.column]
        values: list[Any] = [readings[row.cells[cell.index]] for row in part]
        kinds = set(map(type, values))
        if Reason in kinds or (NoneType in kinds and cell.column in _PLAIN):
            return None
        if cell.column in _ONLY and not set(values) <= _ONLY[cell.column]:
            return None
        if NoneType in kinds:
            values = [_DEFAULTS[cell.column] if value is None else value for value in values]
        columns[cell.column] = values
    readings_of_symbols: list[SymbolReading] = columns["symbol"]
    columns["symbol"] = [reading.symbol for reading in readings_of_symbols]
    if 0 in columns["quantity"] or not ALL_ISSUES.keys().isdisjoint(columns["symbol"]):
        return None
    columns["notes"] = [(reading.note,) if reading.note else () for reading in readings_of_symbols]
    fields = OrderInstruction._fields
    return map(OrderInstruction, *(columns.get(name) or repeat(_DEFAULTS[name]) for name in fields))


def _parse_json_rows(
    format_name: str, file: FileText, table: JsonTable, slices: Iterable[list[JsonRow]], today: date
) -> Slices:
    rows = _Rows(today=today)
    for part in slices:
        for row in part:
            cells, found = _json_cells(row)
            rows.read(row.number, cells, found)
        yield rows.end_slice(table.row_problems)
    return _parsed(format_name, file, table, table.file_problems, rows)


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
    format_name: str, file: FileText, table: CsvTable | JsonTable, whole: Sequence[Problem], rows: _Rows
) -> ParsedFile:
    """What there is to say of a file, beside its rows. With a problem of the file or its header nothing in it can be
    trusted, and no row is an instruction."""
    return ParsedFile(
        format=format_name,
        encoding=file.encoding,
        delimiter=table.delimiter if isinstance(table, CsvTable) else "",
        problems=listed([*whole, *rows.kept], more=rows.not_kept),
        rows=table.rows_found,
        ids=rows.ids,
        is_broken=bool(whole),
    )


def _row_of(found: Problem) -> int:
    return found.row
