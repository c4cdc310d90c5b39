"""Text to a table of cells: delimiter, quotes, widths, and whether the file is whole; not what the cells mean.

A CSV ends with a newline, or with a line `#END,<rows>` whose count must fit; only the latter shows every cut. Rows are
counted as a spreadsheet does: the header of a plain file is row 1, and a quoted line break begins no new row.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from filebridge.domain.reasons import Problem, Reason
from filebridge.orderfiles.base import file_problem, problem
from filebridge.orderfiles.columns import header_width

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
END_MARK = "#END"
_END_LINE = re.compile(r"#END,([0-9]{1,9})", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]+")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


class CsvRow(NamedTuple):
    """A row as it stands: its number in a spreadsheet and exactly as many cells as the header has."""

    number: int
    cells: Sequence[str]


@dataclass(slots=True)
class CsvTable:
    """What could be read of a CSV; `rows_found` counts the rows that were not blank, the unusable ones too."""

    delimiter: str = ""
    header_row: int = 1
    header: Sequence[str] = ()
    rows: list[CsvRow] = field(default_factory=list)
    rows_found: int = 0
    file_problems: list[Problem] = field(default_factory=list)
    row_problems: list[Problem] = field(default_factory=list)


def read_table(text: str, *, end_line_required: bool) -> CsvTable:
    """Every row of a CSV, and everything that is wrong with its form."""
    table = CsvTable()
    delimiter = _delimiter(text)
    if isinstance(delimiter, Problem):
        table.file_problems.append(delimiter)
        return table
    table.delimiter = DELIMITERS[delimiter]
    records = _records(text, delimiter, table)
    end_line = _take_end_line(records, table)
    _split(records, table)
    _check_whole(text, end_line, table, end_line_required=end_line_required)
    if not table.rows_found and not table.file_problems:
        table.file_problems.append(file_problem("FILE_NO_ORDERS"))
    return table


def _delimiter(text: str) -> str | Problem:
    """The one delimiter that stands in the header line outside quotes."""
    lines = (match[0] for match in _LINE.finditer(text))
    header_line = next((line for line in lines if line.strip("\ufeff ,;\t\u3000")), "")
    bare = _QUOTED.sub("", header_line)
    present = [delimiter for delimiter in DELIMITERS if delimiter in bare]
    if not present:
        return file_problem("FILE_DELIMITER_UNKNOWN", header_line)
    if len(present) > 1:
        return file_problem("FILE_DELIMITER_AMBIGUOUS", header_line)
    return present[0]


def _records(text: str, delimiter: str, table: CsvTable) -> list[CsvRow]:
    """Every record that is not blank. A quote that is never closed ends the reading: nothing after it is sure."""
    records: list[CsvRow] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if header_width(cells):
                records.append(CsvRow(number, cells))
    except csv.Error:
        table.file_problems.append(file_problem("FILE_CSV_BROKEN", line=str(number + 1)))
    return records


def _take_end_line(records: list[CsvRow], table: CsvTable) -> int | None:
    """Takes the end line, and whatever follows it, out of the records; its count, or None where there is none."""
    place = next((place for place, row in enumerate(records) if _is_end_line(row)), None)
    if place is None:
        return None
    end_line, following = records[place], records[place + 1 :]
    del records[place:]
    spelled = ",".join(end_line.cells[: header_width(end_line.cells)]).strip()
    if following:
        table.file_problems.append(file_problem("FILE_END_LINE_NOT_LAST", spelled, line=str(following[0].number)))
    match = _END_LINE.fullmatch(spelled)
    if match is None:
        table.file_problems.append(file_problem("FILE_END_LINE_BROKEN", spelled))
        return None
    return int(match[1])


def _is_end_line(row: CsvRow) -> bool:
    first = row.cells[0].lstrip()
    return first[:1] == "#" and first.upper().startswith(END_MARK)


def _split(records: list[CsvRow], table: CsvTable) -> None:
    """The first record is the header; every other one must have its width exactly."""
    if not records:
        return
    table.header_row, table.header = records[0].number, records[0].cells
    width = header_width(table.header)
    table.rows_found = len(records) - 1
    for row in records[1:]:
        found = len(row.cells)
        if found == width:
            table.rows.append(row)
        elif found < width:
            reason = Reason("ROW_TOO_SHORT", {"found": str(found), "expected": str(width)})
            table.row_problems.append(problem(row.number, "", "", reason))
        elif header_width(row.cells) > width:
            stray = next(cell for cell in row.cells[width:] if header_width([cell]))
            reason = Reason("ROW_TEXT_AFTER_LAST_COLUMN", {"expected": str(width)})
            table.row_problems.append(problem(row.number, "", stray, reason))
        else:
            table.rows.append(CsvRow(row.number, row.cells[:width]))


def _check_whole(text: str, end_line: int | None, table: CsvTable, *, end_line_required: bool) -> None:
    if any(found.reason.code in ("FILE_CSV_BROKEN", "FILE_END_LINE_BROKEN") for found in table.file_problems):
        return
    if end_line is not None:
        if end_line != table.rows_found:
            context = {"promised": str(end_line), "found": str(table.rows_found)}
            table.file_problems.append(file_problem("FILE_ROW_COUNT_MISMATCH", **context))
    elif end_line_required:
        table.file_problems.append(file_problem("FILE_END_LINE_MISSING", found=str(table.rows_found)))
    elif not text.endswith(("\n", "\r")):
        table.file_problems.append(file_problem("FILE_NO_FINAL_NEWLINE"))
