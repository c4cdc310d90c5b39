"""DBF tables: read as another library and LibreOffice read them, and never a record that is not finished."""

import csv
import gc
import shutil
import string
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dbf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filebridge.dbf import (
    COUNT_OFFSET,
    END_MARK,
    DbfFault,
    DbfField,
    DbfHeader,
    DbfPart,
    count_to_bytes,
    header_to_bytes,
    new_header,
    read_header,
    read_records,
    record_to_bytes,
)

# The other library leaves files open; they are closed where it is known whose they are.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

TODAY = date(2026, 11, 20)
FIELDS = (
    DbfField("SYMBOL", "C", 12),
    DbfField("QTY", "N", 10),
    DbfField("PRICE", "N", 11, 4),
    DbfField("DAY", "D", 8),
    DbfField("DONE", "L", 1),
    DbfField("备注", "C", 20),
)
HEADER = new_header(FIELDS)
FAST = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

Row = dict[str, str]

# The other library takes spaces at the beginning away as well.
WORDS = st.text(string.ascii_letters + string.digits + " .,-\"'=买入卖出动量网格，。", max_size=9).map(str.strip)
ROWS = st.fixed_dictionaries(
    {
        "SYMBOL": st.sampled_from(["600000.SH", "000001.SZ", "1"]),
        "QTY": st.integers(-(10**8), 10**9).map(str) | st.just(""),
        "PRICE": st.integers(0, 10**8).map(lambda number: f"{number / 10_000:.4f}") | st.just(""),
        "DAY": st.dates(date(1990, 1, 1), date(2099, 12, 31)).map(lambda day: f"{day:%Y%m%d}") | st.just(""),
        "DONE": st.sampled_from(["T", "F", ""]),
        "备注": WORDS,
    }
)
TABLES = st.lists(ROWS, min_size=1, max_size=6)


@pytest.fixture(autouse=True)
def left_open() -> Iterator[None]:
    yield
    gc.collect()


def record(row: Row) -> bytes:
    data = record_to_bytes(HEADER, row)
    assert isinstance(data, bytes)
    return data


def table(rows: list[Row], *, count: int | None = None) -> bytes:
    """A whole file."""
    head = bytearray(header_to_bytes(HEADER, changed_on=TODAY))
    head[COUNT_OFFSET : COUNT_OFFSET + 4] = count_to_bytes(len(rows) if count is None else count)
    return bytes(head) + b"".join(map(record, rows)) + END_MARK


def part(data: bytes, first: int = 0) -> DbfPart:
    header = read_header(data)
    assert isinstance(header, DbfHeader), header
    return read_records(header, data[header.offset(first) :], first=first)


def cells(found: DbfPart) -> list[Row]:
    assert found.faults == ()
    return [dict(each.cells) for each in found.records]


# ---- as others read and write it -------------------------------------------------------------------------------------


@FAST
@given(TABLES)
def test_what_we_write_another_library_reads_alike(tmp_path: Path, rows: list[Row]) -> None:
    path = tmp_path / "ours.dbf"
    path.write_bytes(table(rows))
    with dbf.Table(str(path)).open(dbf.READ_ONLY) as theirs:
        assert theirs.codepage.name == "cp936"
        assert [as_text(each) for each in theirs] == rows


@FAST
@given(TABLES)
def test_what_another_library_appends_is_read_record_by_record(tmp_path: Path, rows: list[Row]) -> None:
    path = tmp_path / "theirs.dbf"
    path.unlink(missing_ok=True)
    spec = "SYMBOL C(12); QTY N(10,0); PRICE N(11,4); DAY D; DONE L; 备注 C(20)"
    following: list[Row] = []
    with dbf.Table(str(path), spec, codepage="cp936", dbf_type="db3").open(dbf.READ_WRITE) as theirs:
        for row in rows:
            theirs.append(as_values(row))
            found = part(path.read_bytes(), first=len(following))
            assert found.next_record == len(following) + 1
            following += cells(found)
    assert following == rows
    assert cells(part(path.read_bytes())) == following


OFFICE = shutil.which("soffice") or ""


@pytest.mark.skipif(not OFFICE, reason="soffice: not on this machine")
def test_libreoffice_reads_what_we_write_alike(tmp_path: Path) -> None:
    rows = [
        {"SYMBOL": "600000.SH", "QTY": "100", "PRICE": "10.5100", "DONE": "TRUE", "备注": "动量,甲"},
        {"SYMBOL": "000001.SZ", "QTY": "-5", "PRICE": "0.0001", "DONE": "FALSE", "备注": '"=1+1"'},
    ]
    (tmp_path / "ours.dbf").write_bytes(table([row | {"DONE": row["DONE"][:1]} for row in rows]))
    # 67 is GBK, which it does not take from the header; 44 and 34 are comma and quotation mark, 76 UTF-8.
    words = ["--headless", "--infilter=dBase:67", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1"]
    profile = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
    command = [OFFICE, profile, *words, "--outdir", str(tmp_path), str(tmp_path / "ours.dbf")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    if "could not be loaded" in said.stderr:
        pytest.skip("LibreOffice's database drivers: not on this machine")
    with (tmp_path / "ours.csv").open(encoding="utf-8", newline="") as file:
        names, *theirs = csv.reader(file)
    assert names == ["SYMBOL,C,12", "QTY,N,10,0", "PRICE,N,11,4", "DAY,D", "DONE,L", "备注,C,20"]
    assert [[cell for cell in each if cell] for each in theirs] == [list(row.values()) for row in rows]


def as_text(each: Any) -> Row:
    """A record of the other library, as our cells."""
    values = {name: each[name.lower()] for name in ("SYMBOL", "QTY", "PRICE", "DAY", "DONE", "备注")}
    return {
        **{name: values[name].rstrip() for name in ("SYMBOL", "备注")},
        "QTY": "" if values["QTY"] is None else str(values["QTY"]),
        "PRICE": "" if values["PRICE"] is None else f"{values['PRICE']:.4f}",
        "DAY": f"{values['DAY']:%Y%m%d}" if values["DAY"] else "",
        "DONE": {True: "T", False: "F"}.get(values["DONE"], ""),
    }


def as_values(row: Row) -> dict[str, Any]:
    return {
        "symbol": row["SYMBOL"],
        "qty": int(row["QTY"]) if row["QTY"] else None,
        "price": float(row["PRICE"]) if row["PRICE"] else None,
        "day": date.fromisoformat(row["DAY"]) if row["DAY"] else None,
        "done": {"T": True, "F": False}.get(row["DONE"]),
        "备注": row["备注"],
    }


# ---- files that others are just writing ------------------------------------------------------------------------------


@FAST
@given(TABLES)
def test_a_file_cut_anywhere_gives_its_whole_records_and_no_other(rows: list[Row]) -> None:
    data = table(rows)
    for length in range(len(data)):
        header = read_header(data[:length])
        if isinstance(header, DbfFault):
            assert header.code == "DBF_HEADER_CUT"
            assert length < HEADER.header_bytes
        else:
            whole = (length - HEADER.header_bytes) // HEADER.record_bytes
            assert cells(part(data[:length])) == cells(part(data))[:whole]


def test_a_record_is_not_read_before_the_header_counts_it_and_its_bytes_are_there() -> None:
    rows = [{"SYMBOL": "600000.SH", "QTY": "100"}, {"SYMBOL": "000001.SZ", "QTY": "200"}]
    for unfinished in (table(rows, count=1), table(rows, count=2)[: -HEADER.record_bytes // 2]):
        assert [row["QTY"] for row in cells(part(unfinished))] == ["100"]
        assert part(unfinished).next_record == 1
    assert part(table(rows, count=1)).uncounted == 1
    assert part(table(rows, count=2)).uncounted == 0
    assert part(table(rows, count=9)).next_record == 2


def test_a_record_that_is_appended_blank_and_filled_in_later_is_waited_for() -> None:
    rows = [{"SYMBOL": "600000.SH"}, {}, {"SYMBOL": "000001.SZ"}]
    found = part(table(rows))
    assert [each.number for each in found.records] == [0]
    assert found.next_record == 1
    assert [each.number for each in part(table(rows), first=2).records] == [2]
    grown = bytes(len(record({})))
    assert part(table(rows[:1], count=2)[:-1] + grown).next_record == 1


def test_a_deleted_record_says_so() -> None:
    data = bytearray(table([{"SYMBOL": "600000.SH"}]))
    data[HEADER.header_bytes] = ord("*")
    assert [each.is_deleted for each in part(bytes(data)).records] == [True]


# ---- what cannot be understood ---------------------------------------------------------------------------------------


def damaged(name: str, cell: bytes) -> DbfPart:
    """A table of two records, with other bytes in a cell of the first."""
    data = bytearray(table([{"SYMBOL": "600000.SH"}, {"SYMBOL": "000001.SZ"}]))
    place = HEADER.header_bytes + 1
    for field in FIELDS:
        if field.name == name:
            data[place : place + field.length] = cell.ljust(field.length)
        place += field.length
    return part(bytes(data))


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *(("QTY", cell) for cell in (b"1e3", b"**********", b"1,000", b"0x10", b"1 0", "１".encode("gbk"))),
        *(("DAY", cell) for cell in (b"2026-1-5", b"2026112")),
        ("DONE", b"1"),
        *(("备注", cell) for cell in (b"\xff\xff", "动量".encode("gbk")[:3], b"a\0b", b"\x81")),
    ],
)
def test_a_cell_that_cannot_be_read_is_a_fault_of_its_record_alone(name: str, cell: bytes) -> None:
    found = damaged(name, cell)
    assert [(fault.code, fault.record, fault.field) for fault in found.faults] == [("DBF_CELL_NOT_READABLE", 0, name)]
    assert [each.cells["SYMBOL"] for each in found.records] == ["000001.SZ"]
    assert found.next_record == 2


def test_a_cell_filled_up_with_zeros_is_read() -> None:
    assert [each.cells["备注"] for each in damaged("备注", b"a".ljust(20, b"\0")).records] == ["a", ""]


def head(**changes: bytes) -> bytes:
    data = bytearray(header_to_bytes(HEADER, changed_on=TODAY))
    for place, new in ((int(name[1:]), new) for name, new in changes.items()):
        data[place : place + len(new)] = new
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "DBF_HEADER_CUT"),
        (head()[:-1], "DBF_HEADER_CUT"),
        (head(_0=b"\x04"), "DBF_VERSION_UNKNOWN"),
        (head(_10=b"\x00\x01"), "DBF_HEADER_BROKEN"),
        (head(_224=b"\0"), "DBF_HEADER_BROKEN"),
        (head(_32=b"\0"), "DBF_HEADER_BROKEN"),
        (head(_64=b"SYMBOL\0"), "DBF_HEADER_BROKEN"),
        (head(_43=b"M"), "DBF_FIELD_UNKNOWN"),
        (head(_43=b"D"), "DBF_FIELD_UNKNOWN"),
        (head(_48=b"\0"), "DBF_FIELD_UNKNOWN"),
    ],
)
def test_a_header_that_cannot_be_understood_is_a_fault(data: bytes, code: str) -> None:
    found = read_header(data)
    assert isinstance(found, DbfFault)
    assert found.code == code


@settings(max_examples=300)
@given(st.binary(max_size=80), st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=8))
def test_no_bytes_raise(junk: bytes, changes: list[tuple[int, int]]) -> None:
    data = bytearray(table([{"SYMBOL": "600000.SH", "备注": "动量"}] * 3))
    for place, byte in changes:
        data[place % len(data)] = byte
    for each in (junk, bytes(data)):
        header = read_header(each)
        if isinstance(header, DbfHeader):
            found = read_records(header, each[header.offset(0) :])
            assert len(found.records) <= found.next_record <= header.records
            assert all(set(one.cells) == {field.name for field in header.fields} for one in found.records)


@pytest.mark.parametrize(
    "row", [{"QTY": "12345678901"}, {"QTY": "1e3"}, {"备注": "动" * 11}, {"备注": "🙂"}, {"DAY": "x"}]
)
def test_what_does_not_fit_is_not_written_cut(row: Row) -> None:
    assert isinstance(record_to_bytes(HEADER, row), DbfFault)
