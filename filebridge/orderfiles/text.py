"""Bytes to text: which encoding a file is in, and whether it is text at all. What the text says is read elsewhere.

Byte order mark, then strict UTF-8, then strict GB18030, with the check that what is not ASCII is Chinese or full
width. JSON is UTF-8 by its standard. No statistics: detectors that count letters fail on order files, which are short
and mostly ASCII. What could be both and says different things is refused.
"""

import codecs
import re
from dataclasses import dataclass

from filebridge.domain.reasons import Problem
from filebridge.orderfiles.base import file_problem
from filebridge.orderfiles.columns import column_of


@dataclass(frozen=True, slots=True)
class FileText:
    """A whole file as text, without its byte order mark."""

    text: str
    encoding: str


# First bytes -> the problem that they prove. Renaming a workbook to .csv does not make it one.
_MAGIC = (
    (b"PK\x03\x04", "FILE_IS_WORKBOOK"),
    (b"PK\x05\x06", "FILE_IS_WORKBOOK"),
    (b"\xd0\xcf\x11\xe0", "FILE_IS_WORKBOOK"),
    (b"%PDF", "FILE_BINARY"),
    (b"\x1f\x8b", "FILE_BINARY"),
    (b"Rar!", "FILE_BINARY"),
    (b"7z\xbc\xaf", "FILE_BINARY"),
)

# UTF-32 begins like UTF-16; its zeros are then refused as binary.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Compiled when it is first asked, for that takes longer than most files.
# Neither ASCII, nor Chinese, nor the punctuation and full-width signs that Chinese input methods produce.
_NOT_CHINESE = (
    "[^\x00-\x7f\u00a0\u00b7\u00d7\u00a5\u2014\u2018\u2019\u201c\u201d\u2026\u2103"
    "\u3000-\u3011\u3014-\u301e\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e\uffe5]"
)
# Punctuation and signs below it take two bytes in UTF-8, as a Chinese character does in GBK ("路" is "·").
_THREE_BYTES = "[\u2000-\uffff]"
_CELL_EDGE = re.compile(r"[,;\t\r\n]+")
_HEADER_CHARS_MAX = 8192
_HEADER_LINES = 2  # the first may be `sep=;`
_CELL_WITH_OTHERS = re.compile(rb"[^,;\t\r\n]*[\x80-\xff][^,;\t\r\n]*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def read_text(data: bytes, *, is_json: bool = False) -> FileText | Problem:
    """The text of a file, or why it is none."""
    if not data:
        return file_problem("FILE_EMPTY")
    for magic, code in _MAGIC:
        if data.startswith(magic):
            return file_problem(code)
    found = _decode(data, is_json)
    if isinstance(found, Problem):
        return found
    # Programs of DOS and their children (FoxPro) end a text by this sign. What else must stand at its end is not it.
    found = FileText(found.text.removesuffix("\x1a"), found.encoding)
    # A second mark stands where two files were copied together by their bytes.
    if not found.text.strip("\ufeff \t\r\n\u3000"):
        return file_problem("FILE_EMPTY")
    if control := _CONTROL.search(found.text):
        code = "FILE_BINARY" if control[0] == "\0" else "FILE_CONTROL_CHARACTER"
        line = found.text.count("\n", 0, control.start()) + 1
        return file_problem(code, control[0], line=str(line), character=f"U+{ord(control[0]):04X}")
    return found


def _decode(data: bytes, is_json: bool) -> FileText | Problem:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = _strict(data[len(mark) :], encoding)
            return file_problem("FILE_ENCODING_UNKNOWN") if text is None else FileText(text, encoding)
    if b"\0" in data:
        return file_problem("FILE_BINARY")
    as_utf8 = _strict(data, "utf-8")
    if as_utf8 is not None and (is_json or as_utf8.isascii()):
        return FileText(as_utf8, "utf-8")
    if is_json:
        return file_problem("FILE_JSON_NOT_UTF8")
    as_gb18030 = _strict(data, "gb18030")
    if as_gb18030 is not None and not _is_chinese(as_gb18030):
        as_gb18030 = None
    if as_utf8 is None:
        return file_problem("FILE_ENCODING_UNKNOWN") if as_gb18030 is None else FileText(as_gb18030, "gb18030")
    if as_gb18030 is None or (_is_chinese(as_utf8) and re.search(_THREE_BYTES, as_utf8)):
        return FileText(as_utf8, "utf-8")
    return _by_header(data, as_utf8, as_gb18030)


def _by_header(data: bytes, as_utf8: str, as_gb18030: str) -> FileText | Problem:
    """A few Chinese words in GBK ("茅台") are valid UTF-8 ("ę́") as well. A header of Chinese columns says which."""
    if _names_columns(as_utf8) != _names_columns(as_gb18030):
        return FileText(as_utf8, "utf-8") if _names_columns(as_utf8) else FileText(as_gb18030, "gb18030")
    cell = match[0] if (match := _CELL_WITH_OTHERS.search(data)) else data
    utf8, gbk = (cell.decode(encoding, "replace") for encoding in ("utf-8", "gb18030"))
    return file_problem("FILE_ENCODING_AMBIGUOUS", utf8, utf8=utf8, gbk=gbk)


def _names_columns(text: str) -> bool:
    """Whether a header cell that is not ASCII is the name of a column."""
    lines = [line for line in text[:_HEADER_CHARS_MAX].splitlines() if line.strip()][:_HEADER_LINES]
    cells = [cell for line in lines for cell in _CELL_EDGE.split(line)]
    return any(isinstance(column_of(cell.strip(' "')), str) for cell in cells if cell.strip() and not cell.isascii())


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_chinese(text: str) -> bool:
    return text.isascii() or re.search(_NOT_CHINESE, text) is None
