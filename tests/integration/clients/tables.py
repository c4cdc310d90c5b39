"""DBF as these programs handle it: read in one go, with nothing of ours; appended to by a library of their kind."""

import gc
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import dbf

Row = dict[str, str]


def make(path: Path, columns: str) -> None:
    table = dbf.Table(str(path), columns, codepage="cp936", dbf_type="db3")
    table.open(dbf.READ_WRITE).close()
    # The library leaves files open until then.
    gc.collect()


def append(path: Path, row: Mapping[str, object] | Sequence[object]) -> None:
    table = dbf.Table(str(path), codepage="cp936")
    table.open(dbf.READ_WRITE)
    table.append(row)
    table.close()
    gc.collect()


def read(path: Path) -> list[Row]:
    """The records that the header counts; none where there is no file."""
    if not path.exists():
        return []
    data = path.read_bytes()
    count, start, size = struct.unpack_from("<IHH", data, 4)
    described = [data[place : place + 32] for place in range(32, start - 1, 32)]
    fields = [(field[:11].partition(b"\0")[0].decode(), field[16]) for field in described]
    rows = []
    for place in range(start, min(start + count * size, len(data) - size + 1), size):
        row, at = {}, place + 1
        for name, length in fields:
            row[name] = data[at : at + length].decode("gbk").strip()
            at += length
        rows.append(row)
    return rows
