"""Workbooks that would hold up a turn, read in a process of their own: nothing waits for it, and it can be killed.

Its threads only carry bytes; the rows are taken up between other things, as those of a very large CSV are.
"""

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from filebridge.orderfiles.base import file_problem
from filebridge.orderfiles.sheetlines import SECONDS_MAX, read_line
from filebridge.orderfiles.spreadsheet import SheetTable, TableRow

# It ends by itself before that.
_SILENCE_SECONDS = SECONDS_MAX + 5
# So many lines wait here; the process waits with the rest.
_LINES_WAITING = 4
_ENDED = b""


def read_apart(data: bytes, rows_a_slice: int) -> tuple[SheetTable, Iterator[Sequence[TableRow]]]:
    """A reader of workbooks for `orderfiles.parse_slices`; its slices are empty while the process has none."""
    table = SheetTable()
    return table, _slices(data, rows_a_slice, table)


def _slices(data: bytes, rows_a_slice: int, table: SheetTable) -> Iterator[Sequence[TableRow]]:
    not_read = file_problem("FILE_WORKBOOK_NOT_READ", seconds=f"{SECONDS_MAX:g}")
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "filebridge.orderfiles.sheetlines", str(rows_a_slice)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        # The machine has no room for another one; that ends no bridge.
        table.file_problems.append(not_read)
        return
    lines: queue.Queue[bytes] = queue.Queue(_LINES_WAITING)
    over = threading.Event()
    threading.Thread(target=_feed, args=(process, data), daemon=True).start()
    threading.Thread(target=_listen, args=(process, lines, over), daemon=True).start()
    heard_at = time.monotonic()
    try:
        while True:
            # What was said counts, however long nobody came to hear it: a full disk, a machine that slept.
            try:
                line = lines.get_nowait()
            except queue.Empty:
                if time.monotonic() - heard_at >= _SILENCE_SECONDS:
                    break
                yield []
                continue
            heard_at = time.monotonic()
            try:
                part = read_line(line, table)
            except (ValueError, KeyError, TypeError):
                # It was killed, or ended, or said what no reader says.
                break
            if part is None:
                return
            yield part
        table.file_problems.append(not_read)
    finally:
        over.set()
        process.kill()
        # Room for the thread's last words. It is not waited for: when the interpreter ends, it runs no more.
        with contextlib.suppress(queue.Empty):
            while True:
                lines.get_nowait()
        process.wait()


def _feed(process: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError), process.stdin as stream:
        stream.write(data)


def _listen(process: "subprocess.Popen[bytes]", lines: "queue.Queue[bytes]", over: threading.Event) -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        for line in stream:
            lines.put(line)
            if over.is_set():
                return
    lines.put(_ENDED)
