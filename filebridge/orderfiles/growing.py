"""Files that other programs append to all day: which new rows are whole, and proof that what was read still stands.

Nothing here reads what a row says. A row of a CSV is whole when its line ends; a record of a DBF when its header counts
it and its bytes are there and not blank (whether its last cell is filled in, only time shows; and whether one before
others stays blank). What was read is kept as a hash: a file that was cut, or written anew with other rows, is found
out, for its new rows could be old ones.
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
)
from filebridge.domain.reasons import Reason
from filebridge.orderfiles import hundsun

_COUNT_BYTES = 4
_NO_LINE = "its last line is not read, for it does not end with a line feed 最后一行没有换行符，尚未读取"
_NO_HEADER = "its header is not whole 文件头不完整"
_CUT = "its header counts records that are not there 文件头记录数多于实际记录"
_UNCOUNTED = "it holds records that its header does not count 文件头记录数未更新，其后的记录尚未读取"


class Extent(NamedTuple):
    """How far a file was read: its rows, the bytes that they take with the header, and a hash of what they say."""

    rows: int = 0
    offset: int = 0
    digest: str = ""


START = Extent()


class Growth(NamedTuple):
    """A file's header, its whole rows behind an extent, each as its bytes, and the bytes of the rows `before`.

    `kept` are the parts of a record that count: what is not its producer's to write says nothing. `unread` says why
    something behind the rows is none yet; it passes, unless its writer does not write as such files are written.
    """

    header: bytes
    rows: Sequence[bytes]
    dbf: DbfHeader | None
    kept: tuple[slice, ...]
    before: bytes
    unread: str = ""


def read_growth(data: bytes, *, is_dbf: bool, upto: Extent) -> Growth | Reason | None:
    """The rows behind `upto` of a file that holds `data`; None while it is empty.

    A reason: it does not begin with what was read, or is no table at all.
    """
    growth = _dbf_growth(data, upto) if is_dbf else _text_growth(data, upto)
    if not isinstance(growth, Growth) or upto == START:
        return growth
    return growth if _digest(growth, 0) == upto.digest else Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})


def piece(growth: Growth, rows: int) -> bytes:
    """The first so many of the new rows as an order file of its own."""
    if growth.dbf is None:
        return growth.header + b"".join(growth.rows[:rows])
    # A blank record ends what is read of a table; as a deleted one it keeps its number, and is told.
    deleted = b"*".ljust(growth.dbf.record_bytes)
    body = b"".join(deleted if is_blank(row) else row for row in growth.rows[:rows])
    counted = growth.header[:COUNT_OFFSET] + count_to_bytes(rows) + growth.header[COUNT_OFFSET + _COUNT_BYTES :]
    return counted + body + END_MARK


def is_blank(record: bytes) -> bool:
    """Whether a record was appended and no cell of it filled in."""
    return not record.strip(b" \0")


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
        if upto != START:
            return Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})
        return Growth(b"", (), None, (), b"", _NO_LINE) if data else None
    if len(data) < upto.offset:
        return Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})
    start = upto.offset or end_of_header
    # Nothing but the end of a line holds this byte, in UTF-8 and in GBK.
    *lines, rest = data[start:].split(b"\n")
    rows = [line + b"\n" for line in lines]
    header = data[:end_of_header]
    # The mark by which DOS ended a text is no row.
    unread = _NO_LINE if rest.strip(b" \t\r\0\x1a") or b"\r" in header.rstrip(b"\r\n") else ""
    return Growth(header, rows, None, (), data[end_of_header:start], unread)


def _dbf_growth(data: bytes, upto: Extent) -> Growth | Reason | None:
    header = read_header(data)
    if isinstance(header, DbfFault):
        if upto != START:
            return Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})
        if header.code != "DBF_HEADER_CUT":
            return Reason(header.code, {"text": header.text, "field": header.field})
        return Growth(b"", (), None, (), b"", _NO_HEADER) if data else None
    start = header.offset(upto.rows)
    if upto != START and (start != upto.offset or len(data) < start):
        return Reason("FILE_REWRITTEN", {"rows": str(upto.rows)})
    size = header.record_bytes
    counted = header.offset(max(header.records, upto.rows))
    rows = [data[place : place + size] for place in range(start, min(len(data) - size + 1, counted), size)]
    while rows and is_blank(rows[-1]):
        rows.pop()
    before = data[header.header_bytes : start]
    return Growth(data[: header.header_bytes], rows, header, _producers(header), before, _unread(data, counted, size))


def _unread(data: bytes, counted: int, size: int) -> str:
    """Why records of a table, which are counted up to that byte, are none yet."""
    if len(data.rstrip(END_MARK)) < counted - size:
        return _CUT
    behind = data[counted:].partition(END_MARK)[0]
    return _UNCOUNTED if len(behind) >= size and not is_blank(behind) else ""


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
