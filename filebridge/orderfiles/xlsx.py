"""XLSX and XLSM: the package's parts to sheets of cells. Macros, links, pictures and pivots are not even opened.

Ours over the standard library, not openpyxl: that one, where it reads row by row, tells neither what is hidden nor a
formula from its result. The tests compare both on every file. Names are ECMA-376's (SpreadsheetML); the namespaces of
its transitional and its strict form differ, so only local names count.
"""

import posixpath
import re
from collections.abc import Mapping
from contextlib import suppress

from filebridge.orderfiles.cells import (
    Area,
    Cell,
    CellKind,
    RowsTaken,
    Sheet,
    SheetName,
    add_cell,
    add_row,
    broken,
    column_number,
    moment_text,
    number_text,
)
from filebridge.orderfiles.numberformats import is_moment_format
from filebridge.orderfiles.package import Package, local

_TRUE = ("1", "true", "on")
_ROW_LAST = 1_048_576
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_AREA = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
# A character written by its number (ECMA-376, ST_Xstring).
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Formats that a file names by number only; 27 to 36 and 50 to 58 are the dates of Chinese Excel.
_BUILT_IN = {0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 49: "@"}
_BUILT_IN |= dict.fromkeys((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)), "yyyy-mm-dd hh:mm")


class Xlsx:
    def __init__(self, package: Package) -> None:
        self._package = package
        root = self._relations("")
        book = next((target for kind, target in root.values() if kind == "officeDocument"), "")
        self._targets = self._relations(book)
        names = _Names()
        package.parse(book, names.start, _ignore, _ignore)
        self.sheets = [SheetName(name, visible) for name, visible, _ in names.found]
        self._ids = [relation for _, _, relation in names.found]
        self.since_1904 = names.since_1904
        # Such a file says itself that its results are to be worked out again: programs write it with results of 0.
        self._stale = names.stale
        self._formats, self._struck = self._styles()
        self._texts: _Texts | None = None

    def read(self, index: int, *, rows_max: int) -> Sheet:
        kind, target = self._targets.get(self._ids[index], ("", ""))
        if kind != "worksheet":
            return Sheet()
        if self._texts is None:
            self._texts = self._shared_texts()
        reader = _Rows(
            self._texts, self._formats, self._struck, rows_max, since_1904=self.since_1904, stale=self._stale
        )
        with suppress(RowsTaken):
            self._package.parse(target, reader.start, reader.end, reader.data)
        return reader.sheet

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """The parts that a part names, by the id that it uses: kind and place. What lies outside is left out."""
        folder, name = posixpath.split(part)
        place = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}
        if place not in self._package.names:
            return found

        def start(element: str, attributes: Mapping[str, str]) -> None:
            if local(element) == "Relationship" and attributes.get("TargetMode") != "External":
                kind = attributes.get("Type", "").rpartition("/")[2]
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
                found[attributes.get("Id", "")] = (kind, target)

        self._package.parse(place, start, _ignore, _ignore)
        return found

    def _styles(self) -> tuple[list[str], list[bool]]:
        """Of each style that cells use: its number format, and whether its font is struck out."""
        styles = _Styles()
        if place := self._part("styles"):
            self._package.parse(place, styles.start, styles.end, _ignore)
        formats = [styles.codes.get(number, _BUILT_IN.get(number, f"#{number}")) for number, _ in styles.used]
        return formats, [font in styles.struck_fonts for _, font in styles.used]

    def _shared_texts(self) -> "_Texts":
        texts = _Texts()
        if place := self._part("sharedStrings"):
            self._package.parse(place, texts.start, texts.end, texts.data)
        return texts

    def _part(self, kind: str) -> str:
        return next((target for found, target in self._targets.values() if found == kind), "")


class _Names:
    """The workbook part: its sheets, its first day, and whether its results are current."""

    def __init__(self) -> None:
        self.found: list[tuple[str, bool, str]] = []
        self.since_1904 = False
        self.stale = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match local(name):
            case "sheet":
                plain = {local(key): value for key, value in attributes.items()}
                visible = plain.get("state", "visible") == "visible"
                self.found.append((plain.get("name", ""), visible, plain.get("id", "")))
            case "workbookPr":
                self.since_1904 = attributes.get("date1904") in _TRUE
            case "calcPr":
                self.stale = attributes.get("fullCalcOnLoad") in _TRUE


class _Styles:
    """The number format and the font of each style that cells use, and which fonts are struck out."""

    def __init__(self) -> None:
        self.codes: dict[int, str] = {}
        self.used: list[tuple[int, int]] = []
        self.struck_fonts: set[int] = set()
        self._fonts = 0
        # The list that is being read: others hold elements of the same names.
        self._inside = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match local(name):
            case "numFmt":
                self.codes[_whole(attributes.get("numFmtId", ""))] = attributes.get("formatCode", "")
            case "cellXfs" | "fonts" as found:
                self._inside = found
            case "xf" if self._inside == "cellXfs":
                self.used.append((_whole(attributes.get("numFmtId", "0")), _whole(attributes.get("fontId", "0"))))
            case "font" if self._inside == "fonts":
                self._fonts += 1
            case "strike" if self._inside == "fonts" and _is_on(attributes):
                self.struck_fonts.add(self._fonts - 1)

    def end(self, name: str) -> None:
        if local(name) == self._inside:
            self._inside = ""


class _Texts:
    """Shared texts; of rich text the runs are joined, and phonetic runs left out."""

    def __init__(self) -> None:
        self.found: list[str] = []
        # The places of those that are struck out, or of which a part is.
        self.struck: set[int] = set()
        self._parts: list[str] = []
        self._taking = False
        self._phonetic = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match local(name):
            case "si":
                self._parts.clear()
            case "strike" if _is_on(attributes):
                self.struck.add(len(self.found))
            case "rPh":
                self._phonetic = True
            case "t":
                self._taking = not self._phonetic

    def end(self, name: str) -> None:
        match local(name):
            case "si":
                self.found.append(_unescaped("".join(self._parts)))
            case "rPh":
                self._phonetic = False
            case "t":
                self._taking = False

    def data(self, text: str) -> None:
        if self._taking:
            self._parts.append(text)


class _Rows:
    """The sheet part: its rows and cells, in the order in which they must stand."""

    def __init__(
        self,
        texts: _Texts,
        formats: list[str],
        struck: list[bool],
        rows_max: int,
        *,
        since_1904: bool,
        stale: bool,
    ) -> None:
        self.sheet = Sheet()
        self._texts = texts.found
        self._struck_texts = texts.struck
        self._formats = formats
        self._struck_styles = struck
        self._moments = [is_moment_format(code) for code in formats]
        self._rows_max = rows_max
        self._since_1904 = since_1904
        self._stale = stale
        self._row = 0
        self._hidden = False
        self._cells: list[Cell] = []
        self._column = -1
        self._type = ""
        self._style = 0
        self._formula = False
        self._struck = False
        self._parts: list[str] = []
        self._in_cell = False
        self._taking = False
        self._phonetic = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match local(name):
            case "c":
                self._start_cell(attributes)
            case "v" | "t" if self._in_cell:
                self._taking = not self._phonetic
            case "f" if self._in_cell:
                self._formula = True
            case "strike" if self._in_cell and _is_on(attributes):
                self._struck = True
            case "rPh":
                self._phonetic = True
            case "row":
                row = _whole(attributes["r"]) if "r" in attributes else self._row + 1
                if not self._row < row <= _ROW_LAST:
                    raise broken(f"row {row} stands after row {self._row}")
                self._row, self._column, self._cells = row, -1, []
                self._hidden = attributes.get("hidden") in _TRUE
            case "col" if attributes.get("hidden") in _TRUE:
                first, last = _whole(attributes.get("min", "")), _whole(attributes.get("max", ""))
                self.sheet.hidden_columns.append((first - 1, last - 1))
            case "mergeCell":
                if match := _AREA.fullmatch(attributes.get("ref", "")):
                    left, right = column_number(match[1]), column_number(match[3])
                    self.sheet.merged.append(Area(int(match[2]), left, int(match[4]), right))

    def end(self, name: str) -> None:
        match local(name):
            case "c":
                self._end_cell()
            case "v" | "t":
                self._taking = False
            case "rPh":
                self._phonetic = False
            case "row":
                add_row(self.sheet, self._row, self._cells, hidden=self._hidden, rows_max=self._rows_max)
                self._cells = []

    def data(self, text: str) -> None:
        if self._taking:
            self._parts.append(text)

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        column = self._column + 1
        if reference := attributes.get("r"):
            match = _REFERENCE.fullmatch(reference)
            if match is None or int(match[2]) != self._row or column_number(match[1]) < column:
                raise broken(f"cell {reference} stands in row {self._row}")
            column = column_number(match[1])
        self._column = column
        self._type = attributes.get("t", "n")
        self._style = _whole(attributes.get("s", "0"))
        self._formula = False
        self._struck = self._style < len(self._struck_styles) and self._struck_styles[self._style]
        self._in_cell = True
        self._parts = []

    def _end_cell(self) -> None:
        self._in_cell = False
        text = "".join(self._parts)
        if self._formula and (self._stale or (not text and self._type != "str")):
            cell = Cell(self._column, CellKind.NOT_CALCULATED, "", formula=True, struck=self._struck)
        else:
            found = self._value(text)
            if found is None:
                return
            kind, meaning, code = found
            struck = self._struck or (self._type == "s" and _whole(text) in self._struck_texts)
            cell = Cell(self._column, kind, meaning, code, self._formula, struck=struck)
        add_cell(self._cells, self._row, cell)

    def _value(self, text: str) -> tuple[CellKind, str, str] | None:
        """Kind, text and format of a cell; None for an empty one."""
        match self._type:
            case "s":
                place = _whole(text)
                if place >= len(self._texts):
                    raise broken(f"text {place} is missing")
                return CellKind.TEXT, self._texts[place], "General"
            case "str" | "inlineStr":
                return CellKind.TEXT, _unescaped(text), "General"
            case "b":
                return CellKind.BOOLEAN, "TRUE" if text.strip() in _TRUE else "FALSE", "General"
            case "e":
                return CellKind.ERROR, text, "General"
            case "d":
                return CellKind.MOMENT, text.removesuffix("T00:00:00"), "General"
        if not text.strip():
            return None
        return self._number(text.strip())

    def _number(self, text: str) -> tuple[CellKind, str, str]:
        if not _NUMBER.fullmatch(text):
            raise broken(f"{text} is no number")
        number = float(text)
        if self._style >= len(self._formats):
            # A package without styles shows its numbers as they are.
            return CellKind.NUMBER, number_text(number), "General"
        if self._moments[self._style] and (moment := moment_text(number, since_1904=self._since_1904)):
            return CellKind.MOMENT, moment, self._formats[self._style]
        return CellKind.NUMBER, number_text(number), self._formats[self._style]


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _is_on(attributes: Mapping[str, str]) -> bool:
    """Whether a property of a font holds; without a value it does."""
    return attributes.get("val", "1") in _TRUE


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise broken(f"{text} is no number")
    return int(text)


def _ignore(*_: object) -> None:
    pass
