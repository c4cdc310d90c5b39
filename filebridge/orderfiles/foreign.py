"""What the order files of other systems have in common: a table under fixed column names, whose rows are codes.

Each system's own columns and codes stand in its module. A code means what its table says or the row is refused; a row
without an id of its own is named after its file and place, for in such files two equal rows are two orders.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePath
from typing import Any, NamedTuple

from filebridge.dbf import DbfFault, DbfRecord, read_header, read_records
from filebridge.domain.orders import Action, OrderInstruction, OrderType, Side
from filebridge.domain.reasons import Problem, Reason
from filebridge.domain.sides import Pricing, facts_of
from filebridge.domain.symbols import SymbolReading
from filebridge.orderfiles.base import PROBLEMS_LISTED_MAX, Origin, ParsedFile, file_problem, listed, problem
from filebridge.orderfiles.columns import header_width, unquoted
from filebridge.orderfiles.csvfile import CsvRow
from filebridge.orderfiles.native import Slices
from filebridge.orderfiles.text import read_text
from filebridge.orderfiles.values import READERS, read_account, read_id

Values = dict[str, Any]
# Row 1 of a table is its header, also where it is none of the file's lines.
HEADER_ROW = 1


class Code(NamedTuple):
    """What a code means: the name of a side or an order type, and the same for a person."""

    name: str
    meaning: str
    meaning_zh: str


class Table(NamedTuple):
    """The columns of one kind of file: name -> other spellings of it; those that a file needs; how a row is read.

    `least`: a row has so many cells at least, where not all of them.
    """

    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    read: "Callable[[Cells], Values]"
    least: int = 0


class _Found(NamedTuple):
    """The rows of a file as texts, and what is wrong with it as a whole."""

    encoding: str
    delimiter: str
    header: Sequence[str]
    rows: Iterator[CsvRow | Problem]
    problems: list[Problem]
    # Asked once the rows are read.
    at_the_end: Callable[[int], list[Problem]]


@dataclass(slots=True)
class Cells:
    """The cells of one row. What cannot be read is noted, and None stands for it."""

    # The file's name.
    name: str
    number: int
    origin: Origin
    cells: Mapping[str, str]
    # How the file spells each column.
    spelled: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def text(self, column: str) -> str:
        return unquoted(self.cells.get(column, "").strip())

    def read(self, column: str, meaning: str, *, required: bool = False) -> Any:
        """The value of a cell, read as our own column `meaning` is."""
        return self.read_text(column, self.text(column), meaning, required=required)

    def read_text(self, column: str, text: str, meaning: str, *, required: bool = False) -> Any:
        if not text:
            if required:
                self.refuse(column, "VALUE_MISSING", name=self.spelled.get(column, column), name_zh=column)
            return None
        value = READERS[meaning](text)
        if isinstance(value, Reason):
            self.refuse(column, value.code, **value.context)
            return None
        return value

    def code(self, column: str, codes: Mapping[str, Code], *, kind: type[Side] | type[OrderType]) -> Any:
        """The side or order type that a code means; a meaning that we cannot send is refused by its name."""
        text = self.text(column)
        if not text:
            self.refuse(column, "VALUE_MISSING", name=self.spelled.get(column, column), name_zh=column)
            return None
        found = codes.get(text)
        if found is None:
            self.refuse(column, "CODE_UNKNOWN", known=", ".join(sorted(codes)))
            return None
        value = kind.__members__.get(found.name)
        if value is None:
            self.refuse(column, "CODE_NOT_SUPPORTED", meaning=found.meaning, meaning_zh=found.meaning_zh)
        return value

    def pricing(self, column: str, order_type: OrderType | None, side: Side | None) -> Values:
        """The order's type and its limit: an order at the market has none, or one that protects it.

        These forms know no type for what never meets the market: `limit`, with nothing or 0 in the price, says it.
        """
        if order_type is OrderType.LIMIT and side is not None and facts_of(side).pricing is Pricing.NONE:
            if self.text(column).strip("0."):
                self.refuse(column, "PRICE_NOT_OF_TYPE", type=OrderType.NO_PRICE.value)
            return {"order_type": OrderType.NO_PRICE}
        has_limit = order_type in (None, OrderType.LIMIT) or self.text(column).strip("0.")
        limit = self.read(column, "limit_price", required=True) if has_limit else None
        return {"order_type": order_type, "limit_price": limit}

    def blank(self, *columns: str) -> None:
        """Columns that would make it another kind of order, which is not sent without them."""
        for column in columns:
            if self.text(column).strip("0."):
                self.refuse(column, "COLUMN_NOT_SUPPORTED")

    def account(self, column: str, *candidates: str) -> str:
        """Our account that one of these names means, the most exact first. An unknown one is nobody's."""
        named = [name for name in candidates if name]
        accounts = self.origin.accounts
        for name in named:
            if name in accounts:
                return accounts[name]
        if not named:
            return ""
        own = read_account(named[-1])
        if isinstance(own, Reason) or (accounts and own not in accounts.values()):
            self.refuse(column, "ACCOUNT_NOT_MAPPED", account=named[0])
            return ""
        return own

    def refuse(self, column: str, code: str, **context: str) -> None:
        spelled = self.spelled.get(column) or column
        self.problems.append(problem(self.number, spelled, self.text(column), Reason(code, context)))


def parse_text(
    data: bytes,
    tables: Sequence[Table],
    *,
    format_name: str,
    name: str,
    origin: Origin,
    rows_a_slice: int,
    columns: Sequence[str] = (),
    must_end: bool = True,
) -> Slices:
    """The orders of a text file of another system: one row a line. `columns` are those of a file without a header;
    `must_end`: its last line ends, or the file may have been cut."""
    file = read_text(data)
    if isinstance(file, Problem):
        return ParsedFile(format=format_name, problems=(file,), is_broken=True)
    lines = file.text.removeprefix("\ufeff").split("\n")
    unfinished = lines.pop()
    problems = []
    if unfinished:
        lines.append(unfinished)
        if must_end:
            problems.append(file_problem("FILE_NO_FINAL_NEWLINE"))
    rows = _rows_of_lines(lines)
    header: Sequence[str] = columns
    if not columns:
        first = next(rows, CsvRow(HEADER_ROW, ()))
        header = () if isinstance(first, Problem) else first.cells[: header_width(first.cells)]
        problems += [first] if isinstance(first, Problem) else []
    found = _Found(file.encoding, "comma", header, rows, problems, lambda _: [])
    return (yield from _parse(found, tables, format_name, name, origin, rows_a_slice))


def parse_dbf(
    data: bytes, tables: Sequence[Table], *, format_name: str, name: str, origin: Origin, rows_a_slice: int
) -> Slices:
    """The orders of a DBF file of another system; record 0 is row 2, as a spreadsheet shows it."""
    header = read_header(data)
    if isinstance(header, DbfFault):
        found = file_problem(header.code, text=header.text, field=header.field)
        return ParsedFile(format=format_name, problems=(found,), is_broken=True)
    part = read_records(header, data[header.header_bytes :])
    whole = part.next_record + part.uncounted

    def cut(_: int) -> list[Problem]:
        if whole == header.records:
            return []
        return [file_problem("FILE_ROW_COUNT_MISMATCH", promised=str(header.records), found=str(whole))]

    names = [field.name for field in header.fields]
    records: dict[int, list[CsvRow | Problem]] = {record.number: [_row_of(record)] for record in part.records}
    for fault in part.faults:
        assert fault.record is not None
        reason = Reason(fault.code, {"text": fault.text})
        records.setdefault(fault.record, []).append(problem(fault.record + 2, fault.field, "", reason))
    rows = (row for number in sorted(records) for row in records[number])
    found_rows = _Found(header.encoding, "", names, rows, [], cut)
    return (yield from _parse(found_rows, tables, format_name, name, origin, rows_a_slice))


def _row_of(record: DbfRecord) -> CsvRow | Problem:
    if record.is_deleted:
        return problem(record.number + 2, "", "", Reason("ROW_DELETED"))
    return CsvRow(record.number + 2, list(record.cells.values()))


def _rows_of_lines(lines: Sequence[str]) -> Iterator[CsvRow | Problem]:
    """One row a line: a quotation mark that is not closed spoils its own line only."""
    for number, line in enumerate(lines, start=1):
        try:
            cells = next(csv.reader([line.removesuffix("\r")], strict=True), [])
        except csv.Error:
            yield problem(number, "", line, Reason("FILE_CSV_BROKEN", {"line": str(number)}))
            continue
        if header_width(cells):
            yield CsvRow(number, cells)


def _parse(
    found: _Found, tables: Sequence[Table], format_name: str, name: str, origin: Origin, rows_a_slice: int
) -> Slices:
    table, spelled, whole = _table_of(found.header, tables)
    whole = [*found.problems, *whole]
    problems: list[Problem] = []
    ids: dict[int, str] = {}
    rows_found = 0
    if not whole:
        while part := list(islice(found.rows, rows_a_slice)):
            instructions = []
            for row in part:
                rows_found += 1
                if isinstance(row, Problem):
                    problems.append(row._replace(row=row.row + origin.rows_before))
                    continue
                answer = _read_row(row, spelled, table, origin, name)
                if isinstance(answer, Cells):
                    problems += answer.problems
                    ids[answer.number] = next(filter(None, map(answer.text, _IDS)), "")
                else:
                    instructions.append(answer)
            yield instructions
        whole = found.at_the_end(rows_found)
        if not rows_found and not whole:
            whole = [file_problem("FILE_NO_ORDERS")]
    more = max(len(problems) - PROBLEMS_LISTED_MAX - 1, 0)
    return ParsedFile(
        format=format_name,
        encoding=found.encoding,
        delimiter=found.delimiter,
        problems=listed([*whole, *problems[: PROBLEMS_LISTED_MAX + 1]], more=more),
        rows=rows_found,
        ids={number: text for number, text in ids.items() if text and not isinstance(read_id(text), Reason)},
        is_broken=bool(whole),
    )


# The users' own ids, as the systems call them.
_IDS = ("sid", "note", "client_id", "signal_id")


def _table_of(header: Sequence[str], tables: Sequence[Table]) -> tuple[Table, dict[str, str], list[Problem]]:
    """The table whose columns the header names best, how the header spells them by their names, and its problems."""
    spelled = [unquoted(cell.strip("\ufeff \t\u3000")) for cell in header]
    table = max(tables, key=lambda table: _likeness(spelled, table))
    names = known_names(table)
    problems: list[Problem] = []
    by_name: dict[str, str] = {}
    for place, cell in enumerate(spelled, start=1):
        column = names.get(cell.casefold())
        if column is None:
            code = "COLUMN_UNNAMED" if not cell else "COLUMN_UNKNOWN"
            problems.append(problem(HEADER_ROW, cell, cell, Reason(code, {"place": str(place)})))
        elif column in by_name:
            context = {"first": by_name[column], "name": column, "name_zh": column}
            problems.append(problem(HEADER_ROW, cell, cell, Reason("COLUMN_DUPLICATE", context)))
        else:
            by_name[column] = cell
    missing = [column for column in table.required if column not in by_name]
    if not header:
        return table, by_name, [file_problem("FILE_NO_ORDERS")]
    for column in missing:
        context = {"name": column, "name_zh": column}
        problems.append(problem(HEADER_ROW, column, "", Reason("COLUMN_MISSING", context)))
    return table, by_name, problems


def _likeness(header: Sequence[str], table: Table) -> int:
    """How many columns a header has of a table, less those that the table needs and the header lacks."""
    names = known_names(table)
    found = {names[cell.casefold()] for cell in header if cell.casefold() in names}
    return len(found) - len(set(table.required) - found)


def known_names(table: Table) -> dict[str, str]:
    """Every spelling of a table's columns, in small letters -> the column."""
    return {name.casefold(): column for column, others in table.columns.items() for name in (column, *others)}


def _read_row(
    row: CsvRow, spelled: Mapping[str, str], table: Table, origin: Origin, name: str
) -> OrderInstruction | Cells:
    number, found, width = row.number + origin.rows_before, header_width(row.cells), len(spelled)
    cells = Cells(name, number, origin, dict(zip(spelled, row.cells, strict=False)), spelled)
    if len(row.cells) < (table.least or width):
        reason = Reason("ROW_TOO_SHORT", {"found": str(found), "expected": str(width)})
        cells.problems.append(problem(number, "", "", reason))
        return cells
    if found > width:
        reason = Reason("ROW_TEXT_AFTER_LAST_COLUMN", {"expected": str(width)})
        cells.problems.append(problem(number, "", row.cells[found - 1], reason))
        return cells
    values = {name: value for name, value in table.read(cells).items() if value is not None}
    if cells.problems:
        return cells
    reading: SymbolReading | None = values.get("symbol")
    notes = (reading.note,) if reading and reading.note else ()
    if reading:
        values["symbol"] = reading.symbol
    if values.get("action", Action.ORDER) is Action.ORDER and not values.get("client_order_id"):
        values["client_order_id"] = _id_of_place(origin.place or PurePath(name).stem, number)
    return OrderInstruction(row=number, notes=notes, **values)


def _id_of_place(place: str, number: int) -> str:
    """The id of a row that brought none; empty where the file's name makes none, and it is derived as any other is."""
    found = f"{place}#{number}"
    return "" if isinstance(read_id(found), Reason) else found
