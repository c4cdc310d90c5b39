"""Rows of a file as a person sees them, to be shown beside what is wrong with them. Nothing is judged here."""

from collections.abc import Container, Iterator, Sequence
from itertools import chain
from pathlib import PurePath

from filebridge.domain.reasons import Problem
from filebridge.orderfiles import FORMATS
from filebridge.orderfiles.csvfile import records_of
from filebridge.orderfiles.jsonfile import JsonRow, JsonTable, raw_text, read_document, read_lines
from filebridge.orderfiles.spreadsheet import is_workbook, rows_as_shown
from filebridge.orderfiles.text import read_text

# The name of the column as the file spells it, and the text of the cell; in a header row both are the same.
Cells = Sequence[tuple[str, str]]


def excerpt(data: bytes, *, name: str, rows: Container[int]) -> dict[int, Cells]:
    """The cells of these rows; a row that cannot be read, or is of no table, is left out."""
    format_name = FORMATS.get(PurePath(name).suffix.lower(), "")
    if format_name == "workbook" and is_workbook(data):
        return dict(_of_sheet(data, rows))
    if format_name not in ("csv", "json", "jsonl", "workbook"):
        return {}
    file = read_text(data, is_json=format_name in ("json", "jsonl"))
    if isinstance(file, Problem):
        return {}
    if format_name in ("json", "jsonl"):
        return dict(_of_json(file.text, format_name, rows))
    return dict(_of_csv(file.text, rows))


def _of_csv(text: str, rows: Container[int]) -> Iterator[tuple[int, Cells]]:
    records = records_of(text)
    header = next(records, None)
    if header is None:
        return
    for record in chain([header], records):
        if record.number in rows:
            blank = [""] * (len(record.cells) - len(header.cells))
            yield record.number, [*zip([*header.cells, *blank], record.cells, strict=False)]


def _of_sheet(data: bytes, rows: Container[int]) -> Iterator[tuple[int, Cells]]:
    found = rows_as_shown(data)
    header = found[0][1] if found else {}
    for number, texts in found:
        if number in rows:
            places = range(min(header, default=0), max((*header, *texts), default=-1) + 1)
            yield number, [(header.get(place, ""), texts.get(place, "")) for place in places]


def _of_json(text: str, format_name: str, rows: Container[int]) -> Iterator[tuple[int, Cells]]:
    table = JsonTable()
    slices = (
        read_document(text, table)
        if format_name == "json"
        else read_lines(text, table, end_line_required=False, rows_a_slice=1000)
    )
    found: Iterator[JsonRow] = chain.from_iterable(slices)
    for row in found:
        if row.number in rows:
            yield row.number, [(key, raw_text(value)) for key, value in row.pairs]
