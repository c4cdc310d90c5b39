"""DBF tables (dBASE III, FoxPro) as bytes: which records are there and finished, and what their cells say.

No disk here. Other programs append to such a file while we read it: a record counts when the header counts it *and*
its bytes are whole, so whichever of the two a program writes first, nothing half written is read. A cell stays the text
that it holds, for the columns' own readers to judge. What cannot be understood is a fault, told with its record, and
never skipped silently.
"""

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

FIELDS_MAX = 255
CHARS_MAX = 254
NUMBER_CHARS_MAX = 32
# The header's first bytes, until the fields begin; the count in it is what makes appended records valid.
HEAD_BYTES = 32
COUNT_OFFSET = 4
END_MARK = b"\x1a"

_HEAD = struct.Struct("<B3BIHH17xB2x")
_FIELD = struct.Struct("<11sc4xBB14x")
_FIELDS_END = b"\r"
_PRESENT, _DELETED = b" ", b"*"
# dBASE III and FoxPro, with and without a memo file; a field that lies in the memo file is a fault of its own.
_VERSIONS = (0x03, 0x30, 0x31, 0x32, 0x83, 0xF5)
_GBK_MARK = 0x4D

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DATE = re.compile(r"[0-9]{8}")
_LOGICAL = {**dict.fromkeys("TtYy", "T"), **dict.fromkeys("FfNn", "F"), "?": ""}


class DbfFault(NamedTuple):
    """Why a table or one of its records cannot be used. `record` counts from 0; None is the table itself."""

    code: str
    text: str
    record: int | None = None
    field: str = ""


class DbfField(NamedTuple):
    """A column: `kind` is C, N, F, D or L; `length` its bytes in a record."""

    name: str
    kind: str
    length: int
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class DbfHeader:
    """What the header says; `records` is how many it counts, which may be more or fewer than lie there."""

    fields: tuple[DbfField, ...]
    records: int
    header_bytes: int
    encoding: str = "gbk"

    @property
    def record_bytes(self) -> int:
        return 1 + sum(field.length for field in self.fields)

    def offset(self, record: int) -> int:
        """Where a record begins in the file."""
        return self.header_bytes + record * self.record_bytes


class DbfRecord(NamedTuple):
    """One finished record: its cells as texts, by column. `raw` are its bytes, to see whether it changes later."""

    number: int
    cells: Mapping[str, str]
    is_deleted: bool
    raw: bytes


class DbfPart(NamedTuple):
    """What was read from a record on: `next_record` is the first that is not finished yet.

    `uncounted` are whole records behind those that the header counts: of a program that never updates its header, or
    is just about to.
    """

    records: tuple[DbfRecord, ...]
    faults: tuple[DbfFault, ...]
    next_record: int
    uncounted: int


# ---- reading ---------------------------------------------------------------------------------------------------------


def read_header(data: bytes, *, encoding: str = "gbk") -> DbfHeader | DbfFault:
    """The header of a table that begins with `data`; its own mark of an encoding is often wrong, so that is told."""
    if len(data) < HEAD_BYTES:
        return DbfFault("DBF_HEADER_CUT", f"{len(data)} bytes are no header")
    version, _, _, _, records, header_bytes, record_bytes, _ = _HEAD.unpack_from(data)
    if version not in _VERSIONS:
        return DbfFault("DBF_VERSION_UNKNOWN", f"0x{version:02x} is neither dBASE III nor FoxPro")
    if len(data) < header_bytes:
        return DbfFault("DBF_HEADER_CUT", f"{len(data)} bytes of a header of {header_bytes}")
    fields: list[DbfField] = []
    place = HEAD_BYTES
    while data[place : place + 1] != _FIELDS_END:
        if place + _FIELD.size >= header_bytes or len(fields) == FIELDS_MAX:
            return DbfFault("DBF_HEADER_BROKEN", "the list of fields has no end")
        field = _read_field(data, place, encoding)
        if isinstance(field, DbfFault):
            return field
        fields.append(field)
        place += _FIELD.size
    header = DbfHeader(tuple(fields), records, header_bytes, encoding)
    names = {field.name.casefold() for field in fields}
    if not fields or len(names) < len(fields):
        return DbfFault("DBF_HEADER_BROKEN", "no field, or two of one name")
    if header.record_bytes != record_bytes:
        return DbfFault("DBF_HEADER_BROKEN", f"a record has {record_bytes} bytes, its fields {header.record_bytes}")
    return header


def read_records(header: DbfHeader, data: bytes, *, first: int = 0) -> DbfPart:
    """The finished records from `first` on; `data` begins at `header.offset(first)` and ends where the file does.

    A record that is all blank is not finished: FoxPro appends it so, counts it, and fills in one cell after the other;
    whether the last is filled in, the bytes do not show, only that `raw` changes no more. Ask again with `first` set to
    `next_record`, the header read anew before its records; a blank record that stays is for the caller to pass over.
    """
    size = header.record_bytes
    whole = len(data) // size
    counted = max(0, header.records - first)
    records: list[DbfRecord] = []
    faults: list[DbfFault] = []
    number = first
    for place in range(0, min(whole, counted) * size, size):
        raw = data[place : place + size]
        if not raw.strip(b" \0"):
            break
        record = _read_record(header, number, raw)
        if isinstance(record, DbfRecord):
            records.append(record)
        else:
            faults += record
        number += 1
    behind = data[counted * size :].partition(END_MARK)[0]
    return DbfPart(tuple(records), tuple(faults), number, len(behind) // size)


def _read_field(data: bytes, place: int, encoding: str) -> DbfField | DbfFault:
    raw_name, kind_byte, length, decimals = _FIELD.unpack_from(data, place)
    name = _decoded(raw_name.partition(b"\0")[0].strip(), encoding)
    kind = kind_byte.decode("latin-1")
    if not name:
        return DbfFault("DBF_HEADER_BROKEN", "a field has no name that can be read")
    if kind not in _LENGTHS:
        return DbfFault("DBF_FIELD_UNKNOWN", f"a field of the type {kind!r} is not read", field=name)
    lengths = _LENGTHS[kind]
    # Clipper keeps the high byte of a long text's length where others keep decimals.
    if length not in lengths or (kind == "C" and decimals):
        return DbfFault("DBF_FIELD_UNKNOWN", f"{length} bytes, {decimals} decimals for the type {kind}", field=name)
    return DbfField(name, kind, length, decimals)


def _read_record(header: DbfHeader, number: int, raw: bytes) -> DbfRecord | list[DbfFault]:
    mark = raw[:1]
    if mark not in (_PRESENT, _DELETED):
        return [DbfFault("DBF_RECORD_BROKEN", f"it begins with 0x{raw[0]:02x}", number)]
    cells: dict[str, str] = {}
    faults: list[DbfFault] = []
    place = 1
    for field in header.fields:
        text = _decoded(raw[place : place + field.length], header.encoding)
        place += field.length
        # Programs in C fill up with zeros; a zero between letters is no text.
        plain = None if text is None else text.rstrip("\0 ")
        value = None if plain is None or "\0" in plain else _READ[field.kind](plain)
        if value is None:
            shown = raw[place - field.length : place].hex(" ") if plain is None else plain
            faults.append(DbfFault("DBF_CELL_NOT_READABLE", f"{field.kind}: {shown}", number, field.name))
        else:
            cells[field.name] = value
    return faults or DbfRecord(number, cells, mark == _DELETED, raw)


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _number(text: str) -> str | None:
    """The digits as they stand. Asterisks, which mean that a number did not fit, are none."""
    number = text.strip()
    return number if not number or _NUMBER.fullmatch(number) else None


def _day(text: str) -> str | None:
    day = text.strip()
    return day if not day or _DATE.fullmatch(day) else None


# Kind of field -> the text of its cell, None where that is not what the kind can hold.
_READ: Mapping[str, Callable[[str], str | None]] = {
    "C": lambda text: text,
    "N": _number,
    "F": _number,
    "D": _day,
    "L": lambda text: _LOGICAL.get(text, "" if not text else None),
}
_LENGTHS: Mapping[str, Sequence[int]] = {
    "C": range(1, CHARS_MAX + 1),
    "N": range(1, NUMBER_CHARS_MAX + 1),
    "F": range(1, NUMBER_CHARS_MAX + 1),
    "D": (8,),
    "L": (1,),
}


# ---- writing ---------------------------------------------------------------------------------------------------------
# To append: the record with END_MARK behind it at `offset(records)`, and only then the new count at COUNT_OFFSET.


def new_header(fields: Sequence[DbfField], *, encoding: str = "gbk") -> DbfHeader:
    """The header of a table without records."""
    return DbfHeader(tuple(fields), 0, HEAD_BYTES + _FIELD.size * len(fields) + len(_FIELDS_END), encoding)


def header_to_bytes(header: DbfHeader, *, changed_on: date) -> bytes:
    """A dBASE III header, which every program reads; `changed_on` is the day of the last change."""
    changed = (changed_on.year - 1900, changed_on.month, changed_on.day)
    mark = _GBK_MARK if header.encoding == "gbk" else 0
    head = _HEAD.pack(_VERSIONS[0], *changed, header.records, header.header_bytes, header.record_bytes, mark)
    fields = [
        _FIELD.pack(field.name.encode(header.encoding), field.kind.encode(), field.length, field.decimals)
        for field in header.fields
    ]
    return head + b"".join(fields) + _FIELDS_END


def count_to_bytes(records: int) -> bytes:
    """What stands at COUNT_OFFSET."""
    return struct.pack("<I", records)


def record_to_bytes(header: DbfHeader, cells: Mapping[str, str]) -> bytes | DbfFault:
    """A record of exactly `record_bytes`; a text that does not fit is a fault, for cut it would say something else."""
    parts = [_PRESENT]
    for field in header.fields:
        text = cells.get(field.name, "")
        try:
            raw = text.encode(header.encoding)
        except UnicodeEncodeError:
            return DbfFault("DBF_CELL_NOT_WRITABLE", f"{text!r} in {header.encoding}", field=field.name)
        if len(raw) > field.length or "\0" in text or _READ[field.kind](text.rstrip()) is None:
            return DbfFault("DBF_CELL_NOT_WRITABLE", f"{text!r} as {field.kind}{field.length}", field=field.name)
        # Numbers stand to the right, as every program writes them.
        parts.append(raw.rjust(field.length) if field.kind in "NF" else raw.ljust(field.length))
    return b"".join(parts)
