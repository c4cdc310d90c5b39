"""XLS, the binary workbook of Excel 97 to 2003 and of many Chinese programs, to sheets of cells, read by xlrd.

xlrd gives a formula's result as if it had been typed; which cells are formulas is read from the records themselves
([MS-XLS] 2.4.127). Macros are not even opened.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from filebridge.orderfiles.cells import (
    Area,
    Cell,
    CellKind,
    RowsTaken,
    Sheet,
    SheetName,
    Unusable,
    add_cell,
    add_row,
    broken,
    moment_text,
    number_text,
)

# An encrypted XLSX is wrapped in a file of this kind, under this name.
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_BOF, _EOF, _FORMULA, _SHEET = (0x0809, 0x000A, 0x0006, 0x0085)
_WORKSHEET = 0
_SECTOR = 512  # such a file is a whole number of these; one that was cut is mostly not


class Xls:
    def __init__(self, data: bytes) -> None:
        if _ENCRYPTED_PACKAGE in data:
            raise Unusable("FILE_WORKBOOK_LOCKED")
        if len(data) % _SECTOR:
            raise broken("its end is missing")
        # Here, for a tenth of a second that only such a file needs.
        import xlrd

        with _damage():
            stream = _workbook_stream(data)
            self._book = xlrd.open_workbook(
                file_contents=stream, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
            )
            self._formulas = _formulas(stream)
        self.sheets = [SheetName(sheet.name, sheet.visibility == 0) for sheet in self._book.sheets()]
        self.since_1904 = self._book.datemode == 1

    def read(self, index: int, *, rows_max: int) -> Sheet:
        with _damage():
            return self._read(index, rows_max)

    def _read(self, index: int, rows_max: int) -> Sheet:
        found = self._book.sheet_by_index(index)
        sheet = Sheet(
            hidden_columns=[(column, column) for column, info in found.colinfo_map.items() if info.hidden],
            merged=[Area(top + 1, left, bottom, right - 1) for top, bottom, left, right in found.merged_cells],
        )
        formulas = self._formulas[index] if index < len(self._formulas) else set()
        with suppress(RowsTaken):
            for row in range(found.nrows):
                cells: list[Cell] = []
                for column, cell in enumerate(found.row(row)):
                    if (value := self._value(cell)) is not None:
                        runs = found.rich_text_runlist_map.get((row, column), ())
                        fonts = [self._book.xf_list[cell.xf_index].font_index, *(font for _, font in runs)]
                        struck = any(self._book.font_list[font].struck_out for font in fonts)
                        add_cell(cells, row + 1, Cell(column, *value, (row, column) in formulas, struck=struck))
                info = found.rowinfo_map.get(row)
                add_row(sheet, row + 1, cells, hidden=bool(info and info.hidden), rows_max=rows_max)
        return sheet

    def _value(self, cell: Any) -> tuple[CellKind, str, str] | None:
        """Kind, text and format of a cell; None for an empty one. The numbers are xlrd's cell types."""
        code = self._book.format_map[self._book.xf_list[cell.xf_index].format_key].format_str
        match cell.ctype:
            case 1:
                return CellKind.TEXT, cell.value, "General"
            case 2:
                return CellKind.NUMBER, number_text(cell.value), code
            case 3:
                moment = moment_text(cell.value, since_1904=self.since_1904)
                return (CellKind.MOMENT, moment, code) if moment else (CellKind.NUMBER, number_text(cell.value), code)
            case 4:
                return CellKind.BOOLEAN, "TRUE" if cell.value else "FALSE", "General"
            case 5:
                from xlrd.biffh import error_text_from_code

                return CellKind.ERROR, error_text_from_code.get(cell.value, "#?"), "General"
        return None


@contextmanager
def _damage() -> Iterator[None]:
    """xlrd meets damaged bytes with errors of many kinds; each of them means that the file cannot be read."""
    from xlrd import XLRDError

    try:
        yield
    except Unusable:
        raise
    except XLRDError as error:
        raise (Unusable("FILE_WORKBOOK_LOCKED") if "encrypted" in str(error) else broken(str(error))) from error
    except Exception as error:  # why: it would be a traceback where a person waits for an answer
        raise broken(f"{type(error).__name__}: {error}") from error


def _workbook_stream(data: bytes) -> bytes:
    """The records of the workbook, out of the compound file in which they lie."""
    from xlrd.compdoc import CompDoc

    class Bounded(CompDoc):  # type: ignore[misc]
        """xlrd 2.0.2 follows a chain of short sectors as long as it leads anywhere: one that leads back to itself fills
        all memory."""

        def _get_stream(
            self, mem: bytes, base: int, sat: list[int], sec_size: int, start_sid: int, *others: Any, **named: Any
        ) -> bytes:
            length, sector = 0, start_sid
            while sector >= 0:
                length, sector = length + 1, sat[sector]
                if length > len(sat):
                    raise broken("a chain of sectors without an end")
            stream: bytes = super()._get_stream(mem, base, sat, sec_size, start_sid, *others, **named)
            return stream

    document = Bounded(data, logfile=io.StringIO())
    stream: bytes = document.get_named_stream("Workbook") or document.get_named_stream("Book") or b""
    if not stream:
        raise broken("no workbook in it")
    return stream


def _formulas(stream: bytes) -> list[set[tuple[int, int]]]:
    """The cells of each worksheet that are formulas, in the order of the sheets; row and column count from 0."""
    begins = []
    cells: dict[int, set[tuple[int, int]]] = {}
    parts: list[int] = []
    for place, kind, body in _records(stream):
        if kind == _SHEET and body[5:6] == bytes([_WORKSHEET]):
            begins.append(struct.unpack_from("<L", body)[0])
        elif kind == _BOF:
            parts.append(place)
        elif kind == _EOF:
            parts = parts[:-1]
        elif kind == _FORMULA and parts:
            cells.setdefault(parts[0], set()).add(struct.unpack_from("<HH", body))
    if parts or not begins:
        raise broken("its end is missing")
    return [cells.get(begin, set()) for begin in begins]


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield place, kind, stream[place + 4 : place + 4 + length]
        place += 4 + length
