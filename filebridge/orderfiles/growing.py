"""Files that other programs append to all day: which new rows are whole, and proof that what was read still stands.

Nothing here reads what a row says. A row of a CSV is whole when its line ends; a record of a DBF when its header counts
it and its bytes are there and not blank (whether its last cell is filled in, only time shows). What was read is kept as
a hash: a file that was cut, or written anew with other rows, is found out, for its new rows could be old ones.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from filebridge.dbf import (
    COUNT_OFFSET,
    END_MARK,
    HEAD_BYTES,
    DbfFault,
    DbfHeader,
    count_to_bytes,
    read_header,
    read_records,
)
from filebridge.domain.reasons import Reason
from filebridge.orderfiles import hundsun

_COUNT_BYTES = 4


class Extent(NamedTuple):
    """How far a file was read: its rows, the bytes that they take with the header, and a hash of what they say."""

    rows: int = 0
    offset: int = 0
    digest: str = ""


START = Extent()


class Growth(NamedTuple):
    """A file's header, its whole rows behind an extent, each as its bytes, and the bytes of the rows `before`.

    `kept` are the parts of a record that count: what is not its producer's to write says nothing.
    """

    header: bytes
    rows: Sequence[bytes]
    dbf: DbfHeader | None
    kept: tuple[slice, ...]
    before: bytes


def read_growth(data: bytes, *, is_dbf: bool, upto: Extent) -> Growth | Reason | None:
    """The rows behind `upto` of a file that holds `data`; None while it has no whole header.

    A reason: it does not begin with what was read, or is no table at all.
    """
    growth = _dbf_growth(data, upto) if is_dbf else _text_growth(data, upto)
    if not isinstance(growth, Growth) or upto == START:
        return growth
    return growth if _digest(growth, 0) == upto.digest else Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})


def piece(growth: Growth, rows: int) -> bytes:
    """The first so many of the new rows as an order file of its own."""
    body = b"".join(growth.rows[:rows])
    if growth.dbf is None:
        return growth.header + body
    counted = growth.header[:COUNT_OFFSET] + count_to_bytes(rows) + growth.header[COUNT_OFFSET + _COUNT_BYTES :]
    return counted + body + END_MARK


def extent(growth: Growth, upto: Extent, rows: int) -> Extent:
    """How far the file is read with the first so many of its new rows."""
    start = upto.offset or len(growth.header)
    return Extent(upto.rows + rows, start + sum(map(len, growth.rows[:rows])), _digest(growth, rows))


def _digest(growth: Growth, rows: int) -> str:
    """Over the header and every row, those read before and the first so many of the new ones."""
    digest = hashlib.sha256(growth.header if growth.dbf is None else growth.header[HEAD_BYTES:])
    digest.update(_said(growth, growth.before))
    digest.update(_said(growth, b"".join(growth.rows[:rows])))
    return digest.hexdigest()


def _said(growth: Growth, records: bytes) -> bytes:
    if growth.dbf is None:
        return records
    size, kept = growth.dbf.record_bytes, growth.kept
    whole = (records[start : start + size] for start in range(0, len(records), size))
    return b"".join(record[part] for record in whole for part in kept)


def _text_growth(data: bytes, upto: Extent) -> Growth | Reason | None:
    end_of_header = data.find(b"\n") + 1
    if not end_of_header:
        return None if upto == START else Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})
    if len(data) < upto.offset:
        return Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})
    start = upto.offset or end_of_header
    # Nothing but the end of a line holds this byte, in UTF-8 and in GBK.
    lines = data[start:].split(b"\n")[:-1]
    rows = [line + b"\n" for line in lines]
    return Growth(data[:end_of_header], rows, None, (), data[end_of_header:start])


def _dbf_growth(data: bytes, upto: Extent) -> Growth | Reason | None:
    header = read_header(data)
    if isinstance(header, DbfFault):
        if upto != START:
            return Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})
        cut = header.code == "DBF_HEADER_CUT"
        return None if cut else Reason(header.code, {"text": header.text, "field": header.field})
    start = header.offset(upto.rows)
    if upto != START and (start != upto.offset or len(data) < start):
        return Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})
    end = read_records(header, data[start:], first=upto.rows).next_record
    size = header.record_bytes
    rows = [data[place : place + size] for place in range(start, header.offset(end), size)]
    before = data[header.header_bytes : start]
    return Growth(data[: header.header_bytes], rows, header, _producers(header), before)


def _producers(header: DbfHeader) -> tuple[slice, ...]:
    """The parts of a record that its producer writes: not its first byte, and not the answers written into it."""
    parts: list[slice] = []
    answers = hundsun.answers_of({field.name.upper() for field in header.fields})
    start = place = 1
    for field in header.fields:
        if field.name.upper() in answers:
            parts.append(slice(start, place))
            start = place + field.length
        place += field.length
    return (*parts, slice(start, place))
