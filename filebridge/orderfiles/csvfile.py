"""Text to a table of cells: delimiter, quotes, widths, and whether the file is whole; not what the cells mean.

A CSV ends with a newline, or with a line `#END,<rows>` whose count must fit. It may begin with a line `#ROWS,<rows>`:
that shows every cut by itself, while the end line may be what was cut off. Rows are counted as a spreadsheet does: the
header of a plain file is row 1, and a quoted line break begins no new row.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

from filebridge.domain.reasons import Problem, Reason
from filebridge.orderfiles.base import file_problem, problem
from filebridge.orderfiles.columns import LOOK_ROWS, header_elsewhere, header_width, is_no_header, named_columns

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
END_MARK = "#END"
_END_LINE = re.compile(r"#END,([0-9]{1,9})", re.IGNORECASE)
ROWS_MARK = "#ROWS"
_ROWS_LINE = re.compile(rf'\ufeff?"?{ROWS_MARK}"?(?:[,;\t]"?([0-9]{{1,9}})"?)?[ ,;\t]*(\r\n?|\n)', re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]+")
_WHOLE_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SEP_LINE = re.compile(r'\ufeff?"?sep=([,;\t])"?[ ,;\t]*(?:\r\n?|\n)', re.IGNORECASE)
# A count is in the first of them.
LOOK_CHARS = 200
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


class CsvRow(NamedTuple):
    """A row as it stands: its number in a spreadsheet and exactly as many cells as the header has."""

    number: int
    cells: Sequence[str]


@dataclass(slots=True)
class CsvTable:
    """What could be read of a CSV until now; `rows_found` counts the rows that were not blank, the unusable ones too.

    `row_problems` are those of the slice that was read last.
    """

    delimiter: str = ""
    header_row: int = 1
    header: Sequence[str] = ()
    rows_found: int = 0
    # The count of the end line, and that of the first line.
    promised: int | None = None
    announced: int | None = None
    file_problems: list[Problem] = field(default_factory=list)
    row_problems: list[Problem] = field(default_factory=list)


def read_slices(text: str, table: CsvTable, *, end_line_required: bool, rows_a_slice: int) -> Iterator[list[CsvRow]]:
    """Every row of a CSV that has the header's width, some at a time; `table` says what is wrong with its form.

    What stands in `table` of the file as a whole is complete only at the end.
    """
    text, declared = _declared_delimiter(text)
    text, line_end = _without_count(text, table)
    delimiter = declared or _delimiter(text, lines_above=1 if line_end else 0)
    if isinstance(delimiter, Problem):
        table.file_problems.append(delimiter)
    if table.file_problems or isinstance(delimiter, Problem):
        return
    table.delimiter = DELIMITERS[delimiter]
    records = _records(text, delimiter, table, lines_above=1 if line_end else 0)
    rows = _until_end_line(records, table)
    first = list(islice(rows, LOOK_ROWS))
    if place := header_elsewhere([row.cells for row in first]):
        above = " ".join(filter(None, first[0].cells))
        table.file_problems.append(file_problem("FILE_HEADER_NOT_FIRST", above, header_row=str(first[place].number)))
        return
    if first and is_no_header(first[0].cells):
        spelled = " ".join(filter(None, first[0].cells))
        table.file_problems.append(file_problem("FILE_HEADER_MISSING", spelled, line=str(first[0].number)))
        return
    if first:
        header, rows = first[0], chain(first[1:], rows)
        table.header_row, table.header = header.number, header.cells
        while part := list(islice(rows, rows_a_slice)):
            table.rows_found += len(part)
            table.row_problems = []
            yield _of_width(part, header_width(header.cells), table)
    table.row_problems = []
    _check_whole(text, table, line_end, end_line_required=end_line_required)
    if not table.rows_found and not table.file_problems:
        table.file_problems.append(file_problem("FILE_NO_ORDERS"))


def records_of(text: str) -> Iterator[CsvRow]:
    """Every record that is not blank, the header first, as far as they can be read: to show them, not to trade them."""
    text, declared = _declared_delimiter(text)
    text, line_end = _without_count(text, CsvTable())
    delimiter = declared or _delimiter(text)
    if isinstance(delimiter, Problem):
        return iter(())
    return _records(text, delimiter, CsvTable(), lines_above=1 if line_end else 0)


def _declared_delimiter(text: str) -> tuple[str, str]:
    """The text without the line `sep=;`, which Excel obeys and does not show as a row, and what that line declares."""
    match = _SEP_LINE.match(text)
    return (text[match.end() :], match[1]) if match else (text, "")


def _without_count(text: str, table: CsvTable) -> tuple[str, str]:
    """The text without the line `#ROWS,50`, whose count goes into the table, and how that line ends."""
    match = _ROWS_LINE.match(text)
    if match is not None and match[1]:
        table.announced = int(match[1])
        return text[match.end() :], match[2]
    if text[:LOOK_CHARS].lstrip('\ufeff "').upper().startswith(ROWS_MARK):
        first = next(iter(_LINE.findall(text, 0, LOOK_CHARS)), "")
        table.file_problems.append(file_problem("FILE_ROWS_LINE_BROKEN", first))
    return text, ""


def _delimiter(text: str, *, lines_above: int = 0) -> str | Problem:
    """The one delimiter that stands in the header line outside quotes."""
    lines = (match[0] for match in _LINE.finditer(text))
    header_line = next((line for line in lines if line.strip("\ufeff ,;\t\u3000")), "")
    bare = _QUOTED.sub("", header_line)
    present = [delimiter for delimiter in DELIMITERS if delimiter in bare]
    if not present and named_columns([header_line.rstrip("\r\n")]) == {"action"}:
        # The one column that says something alone: cancel_all.
        return next(iter(DELIMITERS))
    if not present:
        return _below_a_title(text, header_line, lines_above) or file_problem("FILE_DELIMITER_UNKNOWN", header_line)
    if len(present) > 1:
        return file_problem("FILE_DELIMITER_AMBIGUOUS", header_line)
    return present[0]


def _below_a_title(text: str, title: str, lines_above: int) -> Problem | None:
    """The first line may be a title or a remark, and the header stand below it."""
    for number, line in enumerate(islice(_WHOLE_LINE.finditer(text), LOOK_ROWS), start=lines_above + 1):
        for delimiter in DELIMITERS:
            if len(named_columns(cell.strip('"') for cell in line[0].strip().split(delimiter))) > 1:
                return file_problem("FILE_HEADER_NOT_FIRST", title, header_row=str(number))
    return None


def _records(text: str, delimiter: str, table: CsvTable, *, lines_above: int) -> Iterator[CsvRow]:
    """Every record that is not blank, numbered as if so many lines stood above. A quote that is never closed ends the
    reading: nothing after it is sure."""
    # Not through StringIO, which takes four bytes for each character.
    lines = (match[0] for match in _WHOLE_LINE.finditer(text))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = lines_above
    try:
        for number, cells in enumerate(reader, start=lines_above + 1):
            if header_width(cells):
                yield CsvRow(number, cells)
    except csv.Error:
        table.file_problems.append(file_problem("FILE_CSV_BROKEN", line=str(number + 1)))


def _until_end_line(records: Iterator[CsvRow], table: CsvTable) -> Iterator[CsvRow]:
    """The records before the end line; whatever follows it is a problem."""
    for row in records:
        if _is_end_line(row):
            _read_end_line(row, records, table)
            return
        yield row


def _read_end_line(end_line: CsvRow, records: Iterator[CsvRow], table: CsvTable) -> None:
    spelled = ",".join(end_line.cells[: header_width(end_line.cells)]).strip()
    following = list(islice(records, 1))
    for _ in records:
        # To its end: what is broken there is told as well.
        pass
    if following:
        table.file_problems.append(file_problem("FILE_END_LINE_NOT_LAST", spelled, line=str(following[0].number)))
    match = _END_LINE.fullmatch(spelled)
    if match is None:
        table.file_problems.append(file_problem("FILE_END_LINE_BROKEN", spelled))
    else:
        table.promised = int(match[1])


def _is_end_line(row: CsvRow) -> bool:
    first = row.cells[0].lstrip()
    return first[:1] == "#" and first.upper().startswith(END_MARK)


def _of_width(records: Sequence[CsvRow], width: int, table: CsvTable) -> list[CsvRow]:
    """The rows that have the header's width exactly; blank cells beyond it are none."""
    rows = []
    for row in records:
        found = len(row.cells)
        if found == width:
            rows.append(row)
        elif found < width:
            reason = Reason("ROW_TOO_SHORT", {"found": str(found), "expected": str(width)})
            table.row_problems.append(problem(row.number, "", "", reason))
        elif header_width(row.cells) > width:
            stray = next(cell for cell in row.cells[width:] if header_width([cell]))
            reason = Reason("ROW_TEXT_AFTER_LAST_COLUMN", {"expected": str(width)})
            table.row_problems.append(problem(row.number, "", stray, reason))
        else:
            rows.append(CsvRow(row.number, row.cells[:width]))
    return rows


def _check_whole(text: str, table: CsvTable, line_end: str, *, end_line_required: bool) -> None:
    """`line_end` is how the line with the count ends: then the last one ends so too, or was cut in its last letter."""
    if any(found.reason.code in ("FILE_CSV_BROKEN", "FILE_END_LINE_BROKEN") for found in table.file_problems):
        return
    counts = [count for count in (table.announced, table.promised) if count is not None]
    wrong = next((count for count in counts if count != table.rows_found), None)
    if wrong is not None:
        context = {"promised": str(wrong), "found": str(table.rows_found)}
        table.file_problems.append(file_problem("FILE_ROW_COUNT_MISMATCH", **context))
    elif end_line_required and not counts:
        table.file_problems.append(file_problem("FILE_END_LINE_MISSING", found=str(table.rows_found)))
    elif table.promised is None and not text.endswith(line_end or ("\n", "\r")):
        table.file_problems.append(file_problem("FILE_NO_FINAL_NEWLINE"))
