"""Which other system wrote a file: by its name and its columns together, for a name alone proves little.

A folder's entry in the settings may say it instead.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from filebridge.dbf import DbfFault, read_header
from filebridge.domain.reasons import Problem
from filebridge.orderfiles import cats, goldminer, hundsun, ptrade, xuntou
from filebridge.orderfiles.base import Origin, extension_of
from filebridge.orderfiles.columns import unquoted
from filebridge.orderfiles.foreign import Table, known_names
from filebridge.orderfiles.native import Slices
from filebridge.orderfiles.text import read_text


class Parse(Protocol):
    """How a system's module reads a file of its own."""

    def __call__(self, data: bytes, *, name: str, origin: Origin, rows_a_slice: int) -> Slices: ...


class System(NamedTuple):
    """`growing`: the names of files that are appended to and stay where they are; `taken`: of those that come whole."""

    parse: Parse
    growing: re.Pattern[str] | None
    taken: re.Pattern[str] | None


_ANY_CSV = re.compile(r".+\.csv", re.IGNORECASE)
# By the names that an entry of the settings gives them.
FOREIGN: Mapping[str, System] = {
    goldminer.FORMAT: System(goldminer.parse, goldminer.GROWING, goldminer.NAMES),
    xuntou.FORMAT: System(xuntou.parse, xuntou.NAMES, None),
    hundsun.FORMAT: System(hundsun.parse, hundsun.NAMES, None),
    cats.FORMAT: System(cats.parse, cats.NAMES, _ANY_CSV),
    ptrade.FORMAT: System(ptrade.parse, None, _ANY_CSV),
}
_TEXTS = (".csv", ".txt")
_DBF = (("xuntou", xuntou.ORDERS), ("hundsun", hundsun.ORDERS), ("hundsun", hundsun.CANCELS),
        ("cats", cats.INSTRUCTIONS), ("goldminer", goldminer.ORDERS), ("goldminer", goldminer.CANCELS))  # fmt: skip
# Of 掘金 orders; its cancels have so few columns that the file's name must say it.
_CSV = (("goldminer", goldminer.ORDERS), ("ptrade", ptrade.ORDERS))
_HEAD_BYTES = 4096


def may_be_claimed(system: str, name: str) -> bool:
    """Whether a file of that name is one that comes whole; in a folder of no other system all are."""
    if system not in FOREIGN:
        return True
    taken, growing = FOREIGN[system].taken, FOREIGN[system].growing
    grows = growing is not None and growing.fullmatch(name) is not None
    return taken is not None and taken.fullmatch(name) is not None and not grows


def system_of(data: bytes, name: str) -> str:
    """The format of the system that wrote the file; empty if no other system's."""
    extension = extension_of(name).lower()
    if extension == ".dbf":
        return _of_dbf(data)
    if extension not in _TEXTS:
        return ""
    if cats.LINE.match(data):
        return cats.FORMAT
    line = data[:_HEAD_BYTES].partition(b"\n")[0]
    if goldminer.NAMES.fullmatch(name) and _fits(_cells(line), goldminer.CANCELS):
        return goldminer.FORMAT
    return _of_header(line)


# Thousands of small files begin alike.
@lru_cache(maxsize=64)
def _of_header(line: bytes) -> str:
    header = _cells(line)
    return next((system for system, table in _CSV if _fits(header, table)), "")


def _of_dbf(data: bytes) -> str:
    header = read_header(data)
    if isinstance(header, DbfFault):
        return ""
    names = [field.name for field in header.fields]
    return next((system for system, table in _DBF if _fits(names, table)), "")


def _cells(line: bytes) -> list[str]:
    head = read_text(line + b"\n")
    if isinstance(head, Problem):
        return []
    try:
        return next(csv.reader([head.text.rstrip("\r\n")], strict=True), [])
    except csv.Error:
        return []


def _fits(header: Sequence[str], table: Table) -> bool:
    """Whether all that a file of this kind needs is there, and nothing that it does not know."""
    known = known_names(table)
    columns = [known.get(unquoted(cell.strip("\ufeff \t\u3000")).casefold()) for cell in header]
    return None not in columns and set(table.required) <= set(columns)
