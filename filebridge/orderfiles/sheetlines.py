"""A sheet as lines of text between two processes, and the process that reads a workbook and writes them.

`python -m filebridge.orderfiles.sheetlines ROWS` takes a workbook on its standard input. It answers with one line for
the sheet, then lines of so many rows at most, then an empty object. Cells are texts and stay so: what they mean is not
decided here, and whatever a hostile file does to this process, it can say nothing but cells.
"""

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from filebridge.domain.reasons import Problem, Reason
from filebridge.orderfiles.columns import HeaderCell
from filebridge.orderfiles.spreadsheet import SheetTable, TableRow, read_workbook

SECONDS_MAX = 30.0
_MEMORY_BYTES_MAX = 2 << 30
# Of text in one line, beside the last row of it.
_LINE_CHARS = 1_000_000

Wire = Any


def lines_of(table: SheetTable, rows_a_line: int) -> Iterator[bytes]:
    """The lines that tell of a sheet."""
    yield _line(
        {
            "format": table.format,
            "header_row": table.header_row,
            "header": [[cell.index, cell.spelled, cell.column] for cell in table.header],
            "header_problems": [_problem_wire(found) for found in table.header_problems],
            "rows_found": table.rows_found,
            "file_problems": [_problem_wire(found) for found in table.file_problems],
        }
    )
    part: list[Wire] = []
    chars = 0
    for row in table.rows:
        part.append([row.number, row.cells, [*map(_problem_wire, row.problems)], [*map(_reason_wire, row.notes)]])
        chars += sum(len(text) for _, _, text in row.cells)
        if len(part) == rows_a_line or chars > _LINE_CHARS:
            yield _line({"rows": part})
            part, chars = [], 0
    if part:
        yield _line({"rows": part})
    yield _line({})


def read_line(line: bytes, table: SheetTable) -> list[TableRow] | None:
    """The rows of a line; what the first one says goes into `table`. None for the last one.

    Raises ValueError, KeyError or TypeError for what is no such line.
    """
    said = json.loads(line)
    if "rows" in said:
        return [_row(wire) for wire in said["rows"]]
    if not said:
        return None
    table.format, table.header_row, table.rows_found = said["format"], said["header_row"], said["rows_found"]
    table.header = [HeaderCell(*cell) for cell in said["header"]]
    table.header_problems = [_problem(wire) for wire in said["header_problems"]]
    table.file_problems = [_problem(wire) for wire in said["file_problems"]]
    return []


def main() -> None:
    """Read one workbook, within bounds that hold whatever it does to the reader."""
    for name in ("SIGINT", "SIGBREAK", "SIGTERM"):
        # Ctrl-C reaches every process of a console, and a service's stop every one of its own. A bridge that stops
        # reads the file again at its next start, and must not take its reader's end for what the file did.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _bound_memory()
    # Whoever asked may have ended.
    too_long = threading.Timer(SECONDS_MAX, os._exit, [1])
    too_long.daemon = True
    too_long.start()
    table = read_workbook(sys.stdin.buffer.read())
    too_long.cancel()
    with contextlib.suppress(BrokenPipeError):
        for line in lines_of(table, int(sys.argv[1])):
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def _bound_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))


def _line(said: dict[str, Wire]) -> bytes:
    return json.dumps(said).encode() + b"\n"


def _row(wire: Sequence[Wire]) -> TableRow:
    number, cells, problems, notes = wire
    found = [(column, spelled, text) for column, spelled, text in cells]
    return TableRow(number, found, [_problem(each) for each in problems], tuple(Reason(*each) for each in notes))


def _problem_wire(found: Problem) -> Wire:
    return [found.row, found.column, found.value, *_reason_wire(found.reason)]


def _reason_wire(reason: Reason) -> Wire:
    return [reason.code, dict(reason.context)]


def _problem(wire: Sequence[Wire]) -> Problem:
    row, column, value, code, context = wire
    return Problem(row, column, value, Reason(code, context))


if __name__ == "__main__":
    main()
