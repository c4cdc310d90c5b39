"""How the reports of other systems come to disk: whole by rename, or appended in whole lines and records.

What is appended to is compared with the ledger's version at the first write: a file that a crash left short is
completed, one that says anything else is made anew. Nothing is flushed: a start makes it again.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Protocol

from filebridge import dbf, failpoints
from filebridge.plainfiles import open_plain, write_new
from filebridge.reports.base import FAULTS, cut, fault_text


class Target(Protocol):
    """One file; `write` raises OSError, and may be called again."""

    path: Path

    def write(self) -> None: ...


class Whole:
    """A file that appears as a whole, by rename, whenever its content is due."""

    def __init__(self, path: Path, content: Callable[[], bytes]) -> None:
        self.path = path
        self._content = content
        self.due = True

    def write(self) -> None:
        if self.due:
            _replace(self.path, self._content())
            self.due = False


class Appended:
    """A text that only grows, by whole lines, in one write each time."""

    def __init__(self, path: Path, head: bytes) -> None:
        self.path = path
        self._content = bytearray(head)
        self._written = -1

    def add(self, lines: bytes) -> None:
        self._content += lines

    def write(self) -> None:
        if self._written == len(self._content):
            return
        if self._written < 0:
            self._written = _agreeing(self.path, self._content)
        if self._written <= 0 or _size(self.path) != self._written:
            _replace(self.path, bytes(self._content))
        else:
            with os.fdopen(open_plain(self.path, os.O_WRONLY | os.O_APPEND), "ab", buffering=0) as file:
                file.write(self._content[self._written :])
        self._written = len(self._content)


class AppendedDbf:
    """A DBF that only grows: the record first, then the count that makes it valid."""

    def __init__(self, path: Path, fields: Sequence[dbf.DbfField], changed_on: date) -> None:
        self.path = path
        self._header = dbf.new_header(fields)
        self._changed_on = changed_on
        self._records: list[bytes] = []
        self._written = -1

    def add(self, cells: Mapping[str, str]) -> None:
        self._records.append(record(self._header, cells))

    def write(self) -> None:
        if self._written == len(self._records):
            return
        whole = table(self._header.fields, self._records, self._changed_on)
        if self._written < 0 and _agreeing(self.path, whole) == len(whole):
            self._written = len(self._records)
        elif self._written < 0 or not self._append():
            _replace(self.path, whole)
        self._written = len(self._records)

    def _append(self) -> bool:
        """Add what is new in place; False if the file is not what was written last."""
        end = self._header.offset(self._written)
        if _size(self.path) != end + len(dbf.END_MARK):
            return False
        with os.fdopen(open_plain(self.path, os.O_RDWR), "r+b", buffering=0) as file:
            file.seek(end)
            failpoints.hit("reports.append")
            file.write(b"".join(self._records[self._written :]) + dbf.END_MARK)
            file.seek(dbf.COUNT_OFFSET)
            file.write(dbf.count_to_bytes(len(self._records)))
        return True


def table(fields: Sequence[dbf.DbfField], records: Sequence[bytes], changed_on: date) -> bytes:
    """A whole DBF."""
    header = replace(dbf.new_header(fields), records=len(records))
    return dbf.header_to_bytes(header, changed_on=changed_on) + b"".join(records) + dbf.END_MARK


def record(header: dbf.DbfHeader, cells: Mapping[str, str]) -> bytes:
    """A record, texts cut to their columns. A number that does not fit is left out: cut it would be another one; and
    so is whatever else cannot stand in its column."""
    fitting = {}
    for field in header.fields:
        text = cells.get(field.name, "")
        is_text = field.kind == "C"
        fitting[field.name] = cut(text, field.length) if is_text else text if len(text) <= field.length else ""
    while isinstance(found := dbf.record_to_bytes(header, fitting), dbf.DbfFault):
        fitting[found.field] = ""
    return found


def columns(text: str) -> tuple[dbf.DbfField, ...]:
    """Columns as a fact sheet writes them: `WTXH N8 WTJG F11.4 SBYY C254`."""
    words = text.split()
    found = []
    for name, form in zip(words[::2], words[1::2], strict=True):
        length, _, decimals = form[1:].partition(".")
        found.append(dbf.DbfField(name, form[0], int(length), int(decimals or 0)))
    return tuple(found)


def write_all(targets: Iterable[Target]) -> dict[Path, str]:
    """Write each; those that cannot be written at present, and why."""
    failed = {}
    for target in targets:
        try:
            target.write()
        except OSError as error:
            failed[target.path] = error.strerror or str(error)
        except FAULTS as error:
            failed[target.path] = fault_text(error)
    return failed


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_new(temporary, content)
    failpoints.hit("reports.replace")
    os.replace(temporary, path)  # noqa: PTH105


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return -1


def _agreeing(path: Path, content: bytes | bytearray) -> int:
    """The size of a file that says what the beginning of `content` says; 0 for any other, or none."""
    try:
        with os.fdopen(open_plain(path), "rb") as file:
            found = file.read(len(content) + 1)
    except FileNotFoundError:
        return 0
    return len(found) if content.startswith(found) else 0
