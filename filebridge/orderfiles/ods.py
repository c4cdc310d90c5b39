"""ODS, the sheets of LibreOffice and WPS, to sheets of cells. Scripts, links and pictures are not even opened.

Ours over the standard library, as no well-kept reader tells formulas, errors and hidden rows. Names are those of ODF
1.3; a cell that shows an error is known by LibreOffice's extension.
"""

import re
from collections.abc import Mapping
from contextlib import suppress

from filebridge.orderfiles.cells import (
    COLUMNS_MAX,
    ROWS_MAX,
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
    number_text,
)
from filebridge.orderfiles.package import Package, local

CONTENT, STYLES = "content.xml", "styles.xml"
# How many styles may stand above a style; a chain that leads back to itself ends there.
_PARENTS_MAX = 16
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TABLE, _TEXT = f"{_ODF}office:1.0 ", f"{_ODF}table:1.0 ", f"{_ODF}text:1.0 "
_SHOWN_TYPE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
_REPEATED_MAX = 20_000_000
_TIME = re.compile(r"PT([0-9]{1,5})H([0-9]{1,2})M([0-9]{1,2})(?:[.,]([0-9]+))?S")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_DIGIT = re.compile("[0-9]")
_LINE_THROUGH = ("text-line-through-style", "text-line-through-type")
# What a cell's text:p may hold and a person does not read as its text.
_BESIDE = (f"{_OFFICE}annotation", f"{_TEXT}note", f"{_TEXT}ruby-text")


class Ods:
    since_1904 = False

    def __init__(self, package: Package) -> None:
        self._package = package
        manifest = package.bytes_of("META-INF/manifest.xml") if "META-INF/manifest.xml" in package.names else b""
        if b"encryption-data" in manifest:
            raise Unusable("FILE_WORKBOOK_LOCKED")
        names = _Names()
        if STYLES in package.names:
            package.parse(STYLES, names.start, names.end, _ignore)
        package.parse(CONTENT, names.start, names.end, _ignore)
        self.sheets = names.found
        self._struck = names.struck()

    def read(self, index: int, *, rows_max: int) -> Sheet:
        reader = _Rows(index, rows_max, self._struck)
        with suppress(RowsTaken):
            self._package.parse(CONTENT, reader.start, reader.end, reader.data)
        return reader.sheet


class _Names:
    """The sheets of the document, which of them are hidden by their style, and which styles strike text out."""

    def __init__(self) -> None:
        self.found: list[SheetName] = []
        self._style = ""
        self._hidden: set[str] = set()
        # Style -> the style that it is based on; and whether it strikes text out, where it says so.
        self._parents: dict[str, str] = {}
        self._lines: dict[str, bool] = {}
        self._depth = 0

    def struck(self) -> frozenset[str]:
        """The styles of cells and of parts of text, by name, that strike text out."""
        return frozenset(style for style in self._parents if self._is_struck(style))

    def _is_struck(self, style: str) -> bool:
        for _ in range(_PARENTS_MAX):
            if style in self._lines:
                return self._lines[style]
            style = self._parents.get(style, "")
        return False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match local(name):
            case "style":
                named = _plain(attributes)
                self._style = named.get("name", "")
                self._parents[self._style] = named.get("parent-style-name", "")
                self._lines.pop(self._style, None)
            case "text-properties" if self._style:
                # LibreOffice gives parts of a text the second of them alone.
                plain = _plain(attributes)
                lines = [plain[name] for name in _LINE_THROUGH if name in plain]
                if lines:
                    self._lines[self._style] = "none" not in lines
            case "table-properties" if _plain(attributes).get("display") == "false":
                self._hidden.add(self._style)
            case "table" if name == f"{_TABLE}table":
                self._depth += 1
                if self._depth > 1:
                    raise broken("a table in a table")
                shown = attributes.get(f"{_TABLE}style-name", "") not in self._hidden
                # LibreOffice keeps copies of other files' sheets under names of this form.
                sheet = attributes.get(f"{_TABLE}name", "")
                self.found.append(SheetName(sheet, shown and not sheet.startswith("'file:")))

    def end(self, name: str) -> None:
        if name == f"{_TABLE}table":
            self._depth -= 1
        elif local(name) == "style":
            # Styles of numbers have such properties, too.
            self._style = ""


class _Rows:
    """One table of the document; a repeated row or cell is written once and counted."""

    def __init__(self, index: int, rows_max: int, struck: frozenset[str]) -> None:
        self.sheet = Sheet()
        self._struck_styles = struck
        self._wanted = index
        self._index = -1
        self._rows_max = rows_max
        self._row = 0
        self._row_repeated = 1
        self._hidden = False
        self._columns = 0
        # What cells without a style of their own have: that of their row, else that of their column.
        self._row_style = ""
        self._column_styles: list[tuple[int, str]] = []
        self._cells: list[Cell] = []
        self._column = 0
        self._cell: Mapping[str, str] | None = None
        self._paragraphs: list[str] = []
        self._in_paragraph = False
        self._struck_part = False
        self._beside = 0

    @property
    def _here(self) -> bool:
        return self._index == self._wanted

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == f"{_TABLE}table":
            self._index += 1
        if not self._here:
            return
        if name in _BESIDE:
            self._beside += 1
        elif self._beside:
            return
        elif name == f"{_TABLE}table-row":
            self._row_repeated = _repeated(attributes, "rows")
            self._hidden = attributes.get(f"{_TABLE}visibility", "visible") != "visible"
            self._row_style = attributes.get(f"{_TABLE}default-cell-style-name", "")
            self._row, self._column, self._cells = self._row + 1, 0, []
        elif name in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._cell, self._paragraphs, self._struck_part = attributes, [], False
        elif name == f"{_TEXT}p":
            self._paragraphs.append("")
            self._in_paragraph = True
        elif name.startswith(_TEXT) and self._in_paragraph:
            self._struck_part |= attributes.get(f"{_TEXT}style-name", "") in self._struck_styles
            self.data(_SIGNS.get(local(name), "") * _count(attributes, f"{_TEXT}c"))
        elif name == f"{_TABLE}table-column":
            last = self._columns + _repeated(attributes, "columns") - 1
            if attributes.get(f"{_TABLE}visibility", "visible") != "visible":
                self.sheet.hidden_columns.append((self._columns, last))
            self._columns = last + 1
            self._column_styles.append((last, attributes.get(f"{_TABLE}default-cell-style-name", "")))

    def end(self, name: str) -> None:
        if not self._here:
            return
        if name in _BESIDE:
            self._beside -= 1
        elif self._beside:
            return
        elif name == f"{_TEXT}p":
            self._in_paragraph = False
        elif name in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._end_cell()
        elif name == f"{_TABLE}table-row":
            self._end_row()
        elif name == f"{_TABLE}table":
            raise RowsTaken

    def data(self, text: str) -> None:
        if self._in_paragraph and not self._beside and self._here:
            self._paragraphs[-1] += text

    def _end_row(self) -> None:
        copies = self._row_repeated if self._cells else 0
        for number in range(self._row, self._row + min(copies, ROWS_MAX + 1)):
            add_row(self.sheet, number, self._cells, hidden=self._hidden, rows_max=self._rows_max)
        self._row += self._row_repeated - 1

    def _end_cell(self) -> None:
        attributes = self._cell
        if attributes is None:
            return
        self._cell = None
        across, down = _count(attributes, _SPANS[0]), _count(attributes, _SPANS[1])
        if across > 1 or down > 1:
            area = Area(self._row, self._column, self._row + down - 1, self._column + across - 1)
            self.sheet.merged.append(area)
        copies = _repeated(attributes, "columns")
        shown = "\n".join(self._paragraphs)
        found = _value(attributes, shown)
        if found is not None:
            kind, text, code = found
            seen = shown if kind is CellKind.NUMBER else ""
            formula = f"{_TABLE}formula" in attributes
            for column in range(self._column, self._column + min(copies, COLUMNS_MAX + 1)):
                struck = self._struck_part or self._style_of(attributes, column) in self._struck_styles
                add_cell(self._cells, self._row, Cell(column, kind, text, code, formula, seen, struck))
        self._column += copies

    def _style_of(self, attributes: Mapping[str, str], column: int) -> str:
        own = attributes.get(f"{_TABLE}style-name") or self._row_style
        return own or next((style for last, style in self._column_styles if column <= last), "")


_SPANS = (f"{_TABLE}number-columns-spanned", f"{_TABLE}number-rows-spanned")
_SIGNS = {"s": " ", "tab": "\t", "line-break": "\n"}


def _value(attributes: Mapping[str, str], shown: str) -> tuple[CellKind, str, str] | None:
    """Kind, text and format of a cell; None for an empty one."""
    kind = attributes.get(f"{_OFFICE}value-type", "")
    if attributes.get(_SHOWN_TYPE) == "error":
        return CellKind.ERROR, shown, "General"
    match kind:
        case "string":
            return CellKind.TEXT, attributes.get(f"{_OFFICE}string-value", shown), "General"
        case "float" | "currency" | "percentage":
            return _number(kind, attributes.get(f"{_OFFICE}value", ""), shown)
        case "date":
            return CellKind.MOMENT, attributes.get(f"{_OFFICE}date-value", "").removesuffix("T00:00:00"), "General"
        case "time":
            return CellKind.MOMENT, _clock(attributes.get(f"{_OFFICE}time-value", "")), "General"
        case "boolean":
            return CellKind.BOOLEAN, attributes.get(f"{_OFFICE}boolean-value", "").upper(), "General"
        case "":
            if f"{_TABLE}formula" in attributes:
                return CellKind.NOT_CALCULATED, "", "General"
            return (CellKind.TEXT, shown, "General") if shown else None
    raise broken(f"a cell of type {kind}")


def _number(kind: str, text: str, shown: str) -> tuple[CellKind, str, str]:
    if not _NUMBER.fullmatch(text):
        raise broken(f"{text} is no number")
    plain = number_text(float(text))
    if plain in ("0", "1") and shown and not _DIGIT.search(shown):
        # LibreOffice keeps TRUE as the number 1, which only looks like TRUE.
        return CellKind.BOOLEAN, shown, "General"
    return CellKind.NUMBER, plain, "0%" if kind == "percentage" else "General"


def _clock(text: str) -> str:
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    hours, minutes, seconds, fraction = match.groups()
    rest = f".{fraction[:6]}" if fraction and fraction.strip("0") else ""
    return f"{int(hours):02}:{int(minutes):02}:{int(seconds):02}{rest}"


def _repeated(attributes: Mapping[str, str], what: str) -> int:
    return _count(attributes, f"{_TABLE}number-{what}-repeated")


def _count(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 9 and 0 < int(text) < _REPEATED_MAX):
        raise broken(f"{local(name)}={text}")
    return int(text)


def _plain(attributes: Mapping[str, str]) -> dict[str, str]:
    return {local(name): value for name, value in attributes.items()}


def _ignore(*_: object) -> None:
    pass
