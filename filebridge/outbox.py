"""The outbox: receipts, orders, fills, events, positions, asset, status. Views of the ledger, made from its rows alone.

What appears by rename is never seen half; what is appended grows by whole lines. A report that somebody has open (Excel
on Windows) is not lost: it is made again, from the ledger, as soon as it can be written.
"""

import json
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import from_json

from filebridge import failpoints, receipts
from filebridge.tables import ASSET, FILLS, ORDERS, POSITIONS, QUERIES, csv_lines, table

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Row = dict[str, Any]
# A short report: its name and all that it says.
Text = tuple[str, str]
# So many texts are not worth another thread; and so many lots of them may be under way.
_FEW, _UNDER_WAY_MAX = 20, 10

# More than the line that ends a receipt: a count and a hash.
_END_BYTES = 200
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
# The receipt of a file with more rows is never held in memory as a whole.
_LONG_ROWS = 5000


class Rows(Protocol):
    """What the outbox asks of the ledger."""

    def order_rows(self, trade_date: date | None) -> Iterator[Row]: ...
    def fill_rows(self, trade_date: date | None) -> Iterator[Row]: ...
    def file_rows(self, trade_date: date | None) -> Iterator[Row]: ...
    def file_events(self, intake_no: int) -> Iterator[Row]: ...
    def events(self, *, trade_date: date | None = None) -> Iterator[Row]: ...
    def newest_books(self) -> Iterable[Row]: ...
    def query_rows(self, trade_date: date) -> list[Row]: ...
    def query_row(self, intake_no: int, row: int) -> Row: ...
    def file_numbered(self, intake_no: int) -> Row | None: ...


class Outbox:
    """All reports of one home. `present` turns a row of the ledger's orders into one of the report."""

    def __init__(self, folder: Path, rows: Rows, present: Callable[[Row], Row]) -> None:
        self.folder = folder
        self._rows = rows
        self._present = present
        self._orders_due: set[date] = set()
        # Long reports under way, in pieces; the newest version of each, oldest first.
        self._slow: dict[str, Iterator[None]] = {}
        # Reports that could not be written when they were due, with what makes them again.
        self._late: dict[str, Callable[[], Iterable[str]]] = {}
        # The number of the newest event that was told here. The ledger may have more, still to be told: what is
        # appended to is made from it up to this one, or they would stand there twice.
        self._told_seq = math.inf
        # The newest status.json; nothing before the first.
        self.told: Row = {}
        self._errors: dict[str, str] = {}
        # What a thread of its own is writing, oldest first, with why each text could not be written.
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: deque[tuple[list[Text], Future[list[str]]]] = deque()

    # ---- as it happens

    def publish(self, events: list[Row], fills: list[Row], answered: list[tuple[Row, list[Row]]]) -> None:
        """Report what one commit has put into the ledger: its events and fills, and files with their events."""
        if events:
            self._told_seq = events[-1]["seq"]
        for day, part in _by_day(events):
            self._append(_events_name(day), (_event_line(row) for row in part), self._events_text(day))
        for day, part in _by_day(fills):
            self._append(_fills_name(day), csv_lines(FILLS, part), self._fills_text(day))
        self._settle()
        self._put_all([text for file, file_events in answered for text in _receipt(file, file_events)])
        for row in events:
            if row["kind"] == "BOOKS":
                self.books(json.loads(row["body"]), row["at"])
            elif row["kind"] == "QUERIED" and (told := from_json(row["body"]))["is_end"]:
                self.query(self._rows.query_row(row["intake_no"], told["row"]))

    def query(self, query: Row) -> None:
        """Write what the broker answered to a row of a file, or that it did not."""
        columns, answers = QUERIES[query["query"]], partial(self._rows.file_events, query["intake_no"])
        self._replace_slowly(query["report"], lambda: _csv(columns, _told_rows(query, answers())))

    def receipt(self, file: Row, events: Iterable[Row]) -> None:
        """Write the answer to one file, as CSV and JSON, beside those of earlier files of the same name."""
        for name, text in _receipt(file, events):
            self._put(name, text)

    def long_receipt(self, file: Row) -> None:
        """Begin the receipt of a very large file, whose events came in many commits, once all of it is answered."""
        if file["archived_as"]:
            name = receipts.name_of(file)
            for suffix, text in ((receipts.CSV, receipts.long_csv), (receipts.JSON, receipts.long_json)):
                events = partial(self._rows.file_events, file["intake_no"])
                self._replace_slowly(name + suffix, partial(text, file, events))

    def books(self, books: Row, at: str) -> None:
        """Write positions and asset of one account."""
        account = books["account"]
        # An older ledger says nothing of the direction.
        held = [{"direction": "", **position} for position in books["positions"]]
        self._replace(f"positions-{account}.csv", lambda: [table(POSITIONS, held)])
        if books["asset"]:
            row = {**books["asset"], "at": at}
            self._replace(f"asset-{account}.csv", lambda: [table(ASSET, [row])])

    def orders_changed(self, days: Iterable[date]) -> None:
        """Note that the orders of these days have changed; `write_due` reports them."""
        self._orders_due.update(days)

    def write_due(self) -> None:
        """Begin the orders reports that are due, and again those that could not be written; `go_on` writes them. Not
        to be called while it still has something to write."""
        due, self._orders_due = self._orders_due, set()
        for day in due:
            self._replace_slowly(f"orders-{day.isoformat()}.csv", self._orders_text(day))
        for name, text in list(self._late.items()):
            # At once: what is appended to meanwhile would miss what is written in pieces from the ledger as it was.
            self._replace(name, text)

    def go_on(self, seconds: float) -> None:
        """Write for about so long at what is under way, one piece at least: a short report appears at once, a long one
        after many calls."""
        until = time.monotonic() + seconds
        self._settle(wait=seconds == math.inf)
        while self._slow:
            name, pieces = next(iter(self._slow.items()))
            for _ in pieces:
                if time.monotonic() >= until:
                    return
            self._slow.pop(name, None)

    @property
    def is_writing(self) -> bool:
        return bool(self._slow)

    def status(self, status: Row) -> None:
        self.told = status
        self._replace("status.json", lambda: [json.dumps(status, ensure_ascii=False, indent=1)])

    def problems(self) -> list[str]:
        """Reports that cannot be written at present."""
        self._settle()
        return [f"outbox: {name}: {self._errors.get(name, 'not whole')}" for name in self._late]

    # ---- from the ledger alone

    def rebuild(self, days: Iterable[date], *, all_receipts: bool) -> None:
        """Make the reports of these days again; `all_receipts` rewrites every receipt, otherwise only missing ones."""
        for day in days:
            self._replace(_events_name(day), self._events_text(day))
            if any(True for _ in self._rows.fill_rows(day)):
                self._replace(_fills_name(day), self._fills_text(day))
            if any(True for _ in self._rows.order_rows(day)):
                self._replace(f"orders-{day.isoformat()}.csv", self._orders_text(day))
            for file in list(self._rows.file_rows(day)):
                if all_receipts or not self._receipt_is_whole(file):
                    self._receipt_again(file)
            for query in self._rows.query_rows(day):
                if query["answered_at"] and (all_receipts or not (self.folder / query["report"]).exists()):
                    self.query(query)
                # Its answers came after the receipt was written.
                if query["asked_for"] and (asked_in := self._rows.file_numbered(query["intake_no"])):
                    self._receipt_again(asked_in)
        self.go_on(float("inf"))
        for row in self._rows.newest_books():
            self.books(json.loads(row["body"]), row["at"])

    def _receipt_again(self, file: Row) -> None:
        """A very large file that is still being answered has no receipt yet."""
        if file["archived_as"] and file["rows"] > _LONG_ROWS:
            self.long_receipt(file)
        elif file["archived_as"]:
            self.receipt(file, self._rows.file_events(file["intake_no"]))

    def _receipt_is_whole(self, file: Row) -> bool:
        """Whether both files of a receipt are there and not cut, as they are after a power loss."""
        path = f"{self.folder}/{receipts.name_of(file)}"
        return _last_line(path + receipts.CSV).startswith(receipts.CSV_END) and _last_line(
            path + receipts.JSON
        ).startswith(receipts.JSON_END)

    def _events_text(self, day: date) -> Callable[[], Iterable[str]]:
        return lambda: map(_event_line, self._until_told(self._rows.events(trade_date=day)))

    def _fills_text(self, day: date) -> Callable[[], Iterable[str]]:
        return lambda: _csv(FILLS, self._until_told(self._rows.fill_rows(day)))

    def _until_told(self, rows: Iterable[Row]) -> Iterator[Row]:
        return (row for row in rows if row["seq"] <= self._told_seq)

    def _orders_text(self, day: date) -> Callable[[], Iterable[str]]:
        return lambda: _csv(ORDERS, map(self._present, self._rows.order_rows(day)))

    # ---- to disk

    def _replace(self, name: str, text: Callable[[], Iterable[str]]) -> None:
        self._slow.pop(name, None)
        for _ in self._pieces(name, text):
            pass

    def _replace_slowly(self, name: str, text: Callable[[], Iterable[str]]) -> None:
        """Have `go_on` write it, behind what is under way."""
        self._slow[name] = self._pieces(name, text)

    def _put_all(self, texts: list[Text]) -> None:
        """Write short reports; many on a thread of their own, for nearly all of it is the system's work."""
        if len(texts) <= _FEW:
            for name, text in texts:
                self._put(name, text)
            return
        if self._thread is None:
            from concurrent.futures import ThreadPoolExecutor

            self._thread = ThreadPoolExecutor(1, "outbox")
        self._under_way.append((texts, self._thread.submit(self._write_all, texts)))

    def _settle(self, *, wait: bool = False) -> None:
        """Take note of what the thread has written; wait for all of it, or for the oldest where much is under way."""
        while self._under_way and (wait or len(self._under_way) > _UNDER_WAY_MAX or self._under_way[0][1].done()):
            texts, written = self._under_way.popleft()
            for (name, text), why in zip(texts, written.result(), strict=True):
                self._note(name, text, why)

    def _put(self, name: str, text: str) -> None:
        self._slow.pop(name, None)
        self._note(name, text, self._write(name, text))

    def _note(self, name: str, text: str, why: str) -> None:
        if why:
            self._late[name], self._errors[name] = lambda: [text], why
        else:
            self._late.pop(name, None)
            self._errors.pop(name, None)

    def _write_all(self, texts: list[Text]) -> list[str]:
        return [self._write(name, text) for name, text in texts]

    def _write(self, name: str, text: str) -> str:
        """Write a short report, whole; why it could not be, or nothing. Streams and pathlib take half of the time.
        Nothing of the outbox changes here, for it may be another thread."""
        temporary = self._temporary(name)
        try:
            handle = self._new(temporary)
            try:
                data = text.encode()
                while data:
                    data = data[os.write(handle, data) :]
            finally:
                os.close(handle)
            self._appear(temporary, name)
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def _pieces(self, name: str, text: Callable[[], Iterable[str]]) -> Iterator[None]:
        temporary = self._temporary(name)
        try:
            with os.fdopen(self._new(temporary), "w", encoding="utf-8", newline="") as file:
                for piece in text():
                    file.write(piece)
                    yield
            self._appear(temporary, name)
        except OSError as error:
            self._fail(name, text, error)
        else:
            self._late.pop(name, None)
            self._errors.pop(name, None)

    def _temporary(self, name: str) -> str:
        return f"{self.folder}/.{name}.tmp"

    def _new(self, path: str) -> int:
        """A handle of a new file in the folder, which is made again if it is gone."""
        try:
            return os.open(path, _NEW, 0o666)
        except FileNotFoundError:
            self.folder.mkdir()
            return os.open(path, _NEW, 0o666)

    def _appear(self, temporary: str, name: str) -> None:
        failpoints.hit("outbox.replace")
        os.replace(temporary, f"{self.folder}/{name}")  # noqa: PTH105

    def _fail(self, name: str, text: Callable[[], Iterable[str]], error: OSError) -> None:
        self._late[name] = text
        self._errors[name] = error.strerror or str(error)

    def _append(self, name: str, lines: Iterable[str], whole: Callable[[], Iterable[str]]) -> None:
        path = self.folder / name
        if name in self._late:
            return
        if not path.exists():
            # The ledger has these lines, and may have others of that day before them: a new file is made from it.
            self._replace(name, whole)
            return
        data = "".join(lines).encode()
        try:
            failpoints.hit("outbox.append")
            # Unbuffered, so one write: a reader never sees a part of a line.
            with path.open("ab", buffering=0) as file:
                if file.write(data) != len(data):
                    # The disk is full in the middle of a line; a new whole file takes its place later.
                    self._late[name] = whole
        except OSError as error:
            self._fail(name, whole, error)


def _receipt(file: Row, events: Iterable[Row]) -> list[Text]:
    name, (rows, head) = receipts.name_of(file), receipts.rows_of(events)
    return [
        (name + receipts.CSV, receipts.csv_text(rows, head)),
        (name + receipts.JSON, receipts.json_text(file, rows, head)),
    ]


def _events_name(day: date) -> str:
    return f"events-{day.isoformat()}.jsonl"


def _fills_name(day: date) -> str:
    return f"fills-{day.isoformat()}.csv"


def _csv(columns: list[str], rows: Iterable[Row]) -> Iterator[str]:
    """A table in pieces, each made when it is written: a long day's is never in memory as a whole."""
    yield table(columns, [])
    yield from csv_lines(columns, rows)


def _last_line(path: str) -> bytes:
    """The last line of a file, if it is a short one; nothing if there is none. Only the end is read: a day has tens of
    thousands of receipts."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            file.seek(max(0, os.fstat(file.fileno()).st_size - _END_BYTES))
            return file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except OSError:
        return b""


def _told_rows(query: Row, events: Iterable[Row]) -> list[Row]:
    """The rows of an answer; one that says so where there is none. A question that was asked again begins anew."""
    blank = dict.fromkeys(QUERIES[query["query"]], "") | {"account": query["account"], "at": query["answered_at"]}
    found: list[Row] = []
    for event in events:
        if event["kind"] != "QUERIED" or (told := from_json(event["body"]))["row"] != query["row"]:
            continue
        why = [{name: told[name] for name in ("reason_code", "context")}] if "reason_code" in told else []
        rows = [blank | row | receipts.messages(row) for row in (*told["rows"], *why)]
        found = rows if told["is_first"] else found + rows
    for row in found:
        # Of an order: our word for the broker's number.
        row["status"] = row.get("report", "").removeprefix("REPORT_")
    return found


def _by_day(rows: list[Row]) -> Iterator[tuple[date, list[Row]]]:
    days: dict[str, list[Row]] = {}
    for row in rows:
        days.setdefault(row["trade_date"], []).append(row)
    for day, part in days.items():
        yield date.fromisoformat(day), part


def _event_line(row: Row) -> str:
    # Our own words, tags and numbers need no escaping; the body is JSON already, exactly what was hashed.
    return (
        f'{{"seq": {row["seq"]}, "at": "{row["at"]}", "kind": "{row["kind"]}", "tag": "{row["tag"]}", '
        f'"intake_no": {row["intake_no"]}, "hash": "{row["hash"]}", "body": {row["body"]}}}\n'
    )
