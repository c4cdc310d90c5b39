"""The ZIP package that XLSX and ODS are, and the XML in it: opened within limits, never followed outside.

The parts are read by the standard library's expat, which has its own guard against entities; a document type, the only
place where they could be declared, is refused before. A package that was cut has lost its directory, which stands at
its end, and a part that was damaged has another checksum: both are refused.
"""

import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from xml.parsers import expat

from filebridge.orderfiles.cells import Unusable, broken, too_large

EXPANDED_BYTES_MAX = 100_000_000
PARTS_MAX = 2_000
DEPTH_MAX = 64
# Over all parts that are read: 50,000 rows of 30 cells, twice. 100 kB can hold 24 million, which took a minute.
ELEMENTS_MAX = 4_000_000
_PIECE = 65_536
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# All that zipfile, zlib and expat raise for bytes that are no whole package; LookupError for an unknown encoding.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError, ValueError, NotImplementedError),
    LookupError,
)

# Handlers take names as `namespace local`; attributes likewise.
Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Data = Callable[[str], None]


class Package:
    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except _DAMAGE as error:
            raise broken(str(error)) from error
        parts = self._zip.infolist()
        if len(parts) > PARTS_MAX:
            raise too_large(f"{len(parts)} parts", PARTS_MAX)
        # No part gives more bytes than it declares: the standard library stops there and compares the checksum.
        self.expanded = sum(part.file_size for part in parts)
        if self.expanded > EXPANDED_BYTES_MAX:
            raise too_large(f"{self.expanded} bytes", EXPANDED_BYTES_MAX)
        self.names = frozenset(part.filename for part in parts)
        if len(self.names) != len(parts):
            raise broken("a part stands twice")
        if any(part.flag_bits & _ENCRYPTED for part in parts):
            raise Unusable("FILE_WORKBOOK_LOCKED")
        if any(part.compress_type not in _METHODS for part in parts):
            raise broken("an unknown compression")
        self._elements = 0

    def bytes_of(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except KeyError as error:
            raise broken(f"{name} is missing") from error
        except _DAMAGE as error:
            raise broken(f"{name}: {error}") from error

    def parse(self, name: str, start: Start, end: End, data: Data) -> None:
        """Read a part of XML from its beginning to its end."""
        parser = self._parser(start, end, data)
        try:
            with self._zip.open(name) as part:
                while piece := part.read(_PIECE):
                    parser.Parse(piece, False)
                parser.Parse(b"", True)
        except KeyError as error:
            raise broken(f"{name} is missing") from error
        except _DAMAGE as error:
            raise broken(f"{name}: {error}") from error

    def _parser(self, start: Start, end: End, data: Data) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        depth = 0

        def deeper(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            self._elements += 1
            if depth > DEPTH_MAX:
                raise too_large("XML", DEPTH_MAX)
            if self._elements > ELEMENTS_MAX:
                raise too_large("XML", ELEMENTS_MAX)
            start(name, attributes)

        def back(name: str) -> None:
            nonlocal depth
            depth -= 1
            end(name)

        parser.StartElementHandler = deeper
        parser.EndElementHandler = back
        parser.CharacterDataHandler = data
        parser.StartDoctypeDeclHandler = _refuse_document_type
        return parser


def _refuse_document_type(*_: object) -> None:
    raise Unusable("FILE_WORKBOOK_UNSAFE")


@lru_cache(maxsize=1024)
def local(name: str) -> str:
    """The name without its namespace."""
    return name[name.rfind(" ") + 1 :]
