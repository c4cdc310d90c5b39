"""Order files: bytes in, instructions and problems out. No clock, no disk, no ledger; any bytes give an answer.

`parse` chooses the format by the file's name and checks that the content agrees; the formats themselves stand in
their own modules.
"""

from dataclasses import replace
from datetime import date

from filebridge.dbf import DbfFault, read_header
from filebridge.domain.orders import OrderInstruction
from filebridge.domain.reasons import Problem
from filebridge.orderfiles.base import Origin, ParsedFile, extension_of, file_problem
from filebridge.orderfiles.native import Slices, parse_csv, parse_json, parse_json_lines, parse_sheet
from filebridge.orderfiles.recognising import FOREIGN, may_be_claimed, system_of
from filebridge.orderfiles.spreadsheet import SheetReader, is_quick, is_workbook, read_at_once
from filebridge.orderfiles.text import FileText, read_text

__all__ = [
    "FOREIGN",
    "FORMATS",
    "Origin",
    "ParsedFile",
    "SheetReader",
    "Slices",
    "format_of",
    "is_slow",
    "is_workbook_name",
    "may_be_claimed",
    "parse",
    "parse_slices",
]

ROWS_A_SLICE = 1000

# Extension -> format.
FORMATS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
    ".dbf": "dbf",
}
_ANYWHERE = Origin()
_WORKBOOKS = tuple(extension for extension, name in FORMATS.items() if name == "workbook")
# Format -> the first characters that its content can have; any other for CSV, which never begins with a bracket.
_FIRST_CHARACTERS = {"json": "[{", "jsonl": "{"}


def format_of(name: str, origin: Origin = _ANYWHERE) -> str:
    """The format that a file is read as: what its folder holds, else by its extension; empty where neither says."""
    return origin.format or FORMATS.get(extension_of(name).lower(), "")


def is_workbook_name(system: str, name: str) -> bool:
    """Whether a file of that name is read as a workbook in a folder whose files are of `system`, `auto` for any."""
    return format_of(name, Origin(format=system.removeprefix("auto"))) == "workbook"


def is_slow(data: bytes, *, name: str, origin: Origin) -> bool:
    """Whether reading it may take seconds, before its first row is there."""
    return format_of(name, origin) == "workbook" and is_workbook(data) and not is_quick(data)


def parse(
    data: bytes, *, name: str, today: date, end_line_required: bool = False, origin: Origin = _ANYWHERE
) -> ParsedFile:
    """Reads a whole order file.

    `name` gives the format by its extension, where neither `origin` nor the content shows another system's. `today` is
    the trade date of rows that name none: the day that a time of day (`start_at` 09:35) is put on.
    `end_line_required` refuses a CSV or JSON Lines file without its end line; only then is a file that was cut between
    two rows found out. Never raises for any bytes: problems are values.
    """
    instructions: list[OrderInstruction] = []
    slices = parse_slices(data, name=name, today=today, end_line_required=end_line_required, origin=origin)
    while True:
        try:
            instructions += next(slices)
        except StopIteration as end:
            parsed: ParsedFile = end.value
            return parsed if parsed.is_broken else replace(parsed, instructions=tuple(instructions))


def parse_slices(
    data: bytes,
    *,
    name: str,
    today: date,
    end_line_required: bool,
    rows_a_slice: int = ROWS_A_SLICE,
    origin: Origin = _ANYWHERE,
    sheets: SheetReader = read_at_once,
) -> Slices:
    """Like `parse`, some rows at a time; returns the file without its instructions, which count only if it is not
    broken. A JSON document comes in one slice. `sheets` reads workbooks; its empty slices are handed on."""
    extension = extension_of(name)
    system = origin.format if origin.format in FOREIGN else "" if origin.format else system_of(data, name)
    if system:
        parse_foreign = FOREIGN[system].parse
        return (yield from parse_foreign(data, name=name, origin=origin, rows_a_slice=rows_a_slice))
    format_name = format_of(name, origin)
    if format_name == "dbf":
        header = read_header(data)
        fault = header if isinstance(header, DbfFault) else DbfFault("FILE_DBF_UNKNOWN", "")
        return _refused(file_problem(fault.code, text=fault.text, field=fault.field), format_name)
    if not format_name:
        return _refused(file_problem("FILE_FORMAT_UNKNOWN", extension or name))
    if format_name == "workbook":
        if is_workbook(data):
            return (yield from parse_sheet(*sheets(data, rows_a_slice), today=today))
        # Terminals and web pages write text under such a name; the content says what it is.
        format_name = "csv"
    file = read_text(data, is_json=format_name in _FIRST_CHARACTERS)
    if isinstance(file, Problem):
        return _refused(file, format_name)
    if extension.lower() in _WORKBOOKS and file.text.lstrip().startswith("<"):
        return _refused(file_problem("FILE_IS_WEB_PAGE", extension), format_name, file.encoding)
    if not _content_agrees(file, format_name):
        return _refused(file_problem("FILE_CONTENT_MISMATCH", extension), format_name, file.encoding)
    # What is read is not needed twice.
    del data
    if format_name == "json":
        return (yield from parse_json(file, today=today))
    read = parse_json_lines if format_name == "jsonl" else parse_csv
    return (yield from read(file, today=today, end_line_required=end_line_required, rows_a_slice=rows_a_slice))


def _content_agrees(file: FileText, format_name: str) -> bool:
    first = file.text.lstrip("\ufeff \t\r\n")[:1]
    if format_name in _FIRST_CHARACTERS:
        return first in _FIRST_CHARACTERS[format_name]
    return first not in ("[", "{")


def _refused(found: Problem, format_name: str = "", encoding: str = "") -> ParsedFile:
    return ParsedFile(format=format_name, encoding=encoding, problems=(found,), is_broken=True)
