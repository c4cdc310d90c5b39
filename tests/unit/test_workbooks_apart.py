"""A workbook that is read in a process of its own says what it says read at once, and no reader outlives its use."""

import io
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from filebridge.bridge import workbooks
from filebridge.bridge.workbooks import read_apart
from filebridge.domain.orders import OrderInstruction
from filebridge.orderfiles import Origin, ParsedFile, is_slow, parse, parse_slices

TODAY = date(2026, 11, 20)
SAMPLES = Path(__file__).parents[2] / "samples"
HEADER = ("client_order_id", "symbol", "side", "quantity", "limit_price", "note")
# Whole, with notes; an XLS; damaged; with rows that cannot be used; with a header that cannot.
FILES = (
    *("accepted/workbook.xlsx", "accepted/导出.xls", "refused/file-workbook-broken.xlsx"),
    *("refused/cell-not-calculated.xlsx", "refused/sheets-ambiguous.xlsx"),
)


def workbook(rows: int, *, junk: int = 0) -> bytes:
    """A sheet of orders, every hundredth of them malformed, and beside it one of text that is no order."""
    book: Any = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("orders")
    sheet.append(HEADER)
    for n in range(rows):
        sheet.append((f"W-{n}", "600000", "买入", 100 if n % 100 else "x", 10.5, "备注 😀"))
    other = book.create_sheet("说明")
    for n in range(junk):
        other.append([f"line {n}", "text " * 20])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read(data: bytes, name: str, rows_a_slice: int) -> tuple[ParsedFile, list[OrderInstruction], Sequence[int]]:
    """The file read apart: what it says as a whole, its rows, and how many came at a time."""
    rest = threading.Event()
    rows: list[OrderInstruction] = []
    sizes: list[int] = []
    slices = parse_slices(
        data, name=name, today=TODAY, end_line_required=False, rows_a_slice=rows_a_slice, sheets=read_apart
    )
    while True:
        try:
            part = next(slices)
        except StopIteration as end:
            return end.value, rows, sizes
        rows += part
        if part:
            sizes.append(len(part))
        else:
            rest.wait(0.005)


@pytest.mark.parametrize("name", FILES)
def test_apart_a_workbook_says_the_same(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    same(data, name, rows_a_slice=2)


def test_a_long_workbook_comes_in_slices_and_says_the_same() -> None:
    sizes = same(workbook(1200), "long.xlsx", rows_a_slice=500)
    # Of each hundred rows one is refused.
    assert sizes == [495, 495, 198]


def same(data: bytes, name: str, rows_a_slice: int) -> Sequence[int]:
    whole = parse(data, name=name, today=TODAY)
    apart, rows, sizes = read(data, name, rows_a_slice)
    assert (apart.format, apart.rows, apart.ids) == (whole.format, whole.rows, whole.ids)
    assert apart.problems == whole.problems
    assert ([] if apart.is_broken else rows) == list(whole.instructions)
    return sizes


def test_only_what_may_take_long_is_read_apart() -> None:
    origin = Origin()
    assert not is_slow(workbook(50), name="a.xlsx", origin=origin)
    slow = workbook(1, junk=12_000)
    assert len(slow) < 250_000, "it is small until it is unpacked"
    assert is_slow(slow, name="a.xlsx", origin=origin)
    assert not is_slow(slow, name="a.csv", origin=origin)
    assert not is_slow(slow, name="a.xlsx", origin=Origin(format="csv"))


def test_a_reader_that_says_nothing_is_ended_and_its_file_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    started = noted(monkeypatch)
    monkeypatch.setattr(workbooks, "_SILENCE_SECONDS", 0.0)
    parsed, rows, _ = read(workbook(5), "a.xlsx", 500)
    assert [found.reason.code for found in parsed.problems] == ["FILE_WORKBOOK_NOT_READ"]
    assert (parsed.is_broken, rows) == (True, [])
    assert started[0].returncode is not None


def test_a_reader_that_is_killed_refuses_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    started = noted(monkeypatch)
    slices = parse_slices(workbook(5), name="a.xlsx", today=TODAY, end_line_required=False, sheets=read_apart)
    assert next(slices) == []
    started[0].kill()
    started[0].wait()
    with pytest.raises(StopIteration) as end:
        for _ in range(1_000_000):
            assert next(slices) == []
    assert [found.reason.code for found in end.value.value.problems] == ["FILE_WORKBOOK_NOT_READ"]


def test_where_no_process_can_be_started_the_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*args: Any, **options: Any) -> None:
        raise BlockingIOError("no process is left")

    monkeypatch.setattr(subprocess, "Popen", none_left)
    parsed, rows, _ = read(workbook(5), "a.xlsx", 500)
    assert [found.reason.code for found in parsed.problems] == ["FILE_WORKBOOK_NOT_READ"]
    assert rows == []


def test_who_needs_no_more_rows_ends_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    started = noted(monkeypatch)
    slices = parse_slices(workbook(5), name="a.xlsx", today=TODAY, end_line_required=False, sheets=read_apart)
    next(slices)
    slices.close()
    assert started[0].returncode is not None


def test_what_a_reader_said_counts_however_late_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {*threading.enumerate()}
    slices = parse_slices(workbook(5), name="a.xlsx", today=TODAY, end_line_required=False, sheets=read_apart)
    assert next(slices) == []
    for thread in {*threading.enumerate()} - before:
        # All of it waits here.
        thread.join()
    # As if nobody had come for longer than a reader may be silent.
    monkeypatch.setattr(workbooks, "_SILENCE_SECONDS", -1.0)
    with pytest.raises(StopIteration) as end:
        while True:
            next(slices)
    assert [found.reason.code for found in end.value.value.problems] == ["QUANTITY_NOT_INTEGER"]


def test_a_bridge_ends_while_a_workbook_is_being_read() -> None:
    program = (
        "from filebridge.bridge.workbooks import read_apart\n"
        "class Ring: pass\n"
        "ring = Ring()\n"
        "ring.itself, (_, ring.slices) = ring, read_apart(bytes(5_000_000), 500)\n"
        "next(ring.slices)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.skipif(sys.platform == "win32", reason="nobody sends such signals there")
def test_signals_that_end_a_bridge_do_not_end_its_reader() -> None:
    command = [sys.executable, "-P", "-m", "filebridge.orderfiles.sheetlines", "500"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        # More than a pipe holds: it has begun to read when this is done.
        process.stdin.write(bytes(1_000_000))
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate()
    assert said.splitlines()[-1] == b"{}"


def noted(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that is started from here on."""
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    return started
