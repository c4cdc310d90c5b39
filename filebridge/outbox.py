"""The outbox: receipts, orders, fills, events, positions, asset, status. Views of the ledger, made from its rows alone.

What appears by rename is never seen half; what is appended grows by whole lines. A report that somebody has open (Excel
on Windows) is not lost: it is made again, from the ledger, as soon as it can be written.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from heapq import merge
from itertools import takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

from pydantic_core import from_json, to_json

from filebridge import failpoints
from filebridge.domain.reasons import Reason
from filebridge.sources import source_of
from filebridge.tables import ASSET, FILLS, ORDERS, POSITIONS, QUERIES, RECEIPT, csv_lines, table

Row = dict[str, Any]

# More than the line that ends a receipt: a count and a hash.
_END_BYTES = 200
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
        self._slow: dict[Path, Iterator[None]] = {}
        # Reports that could not be written when they were due, with what makes them again.
        self._late: dict[Path, Callable[[], Iterable[str]]] = {}
        # The newest status.json; nothing before the first.
        self.told: Row = {}
        self._errors: dict[Path, str] = {}

    # ---- as it happens

    def publish(self, events: list[Row], fills: list[Row], receipts: list[tuple[Row, list[Row]]]) -> None:
        """Report what one commit has put into the ledger: its events and fills, and files with their events."""
        for day, part in _by_day(events):
            self._append(self._events_path(day), (_event_line(row) for row in part), self._events_text(day))
        for day, part in _by_day(fills):
            self._append(self._fills_path(day), csv_lines(FILLS, part), self._fills_text(day))
        for file, file_events in receipts:
            self.receipt(file, file_events)
        for row in events:
            if row["kind"] == "BOOKS":
                self.books(json.loads(row["body"]), row["at"])
            elif row["kind"] == "QUERIED" and (told := from_json(row["body"]))["is_end"]:
                self.query(self._rows.query_row(row["intake_no"], told["row"]))

    def query(self, query: Row) -> None:
        """Write what the broker answered to a row of a file, or that it did not."""
        columns, answers = QUERIES[query["query"]], partial(self._rows.file_events, query["intake_no"])
        self._replace_slowly(self.folder / query["report"], lambda: _csv(columns, _told_rows(query, answers())))

    def receipt(self, file: Row, events: Iterable[Row]) -> None:
        """Write the answer to one file, as CSV and JSON, beside those of earlier files of the same name."""
        rows, head = receipt_rows(events)
        csv_text = [table(RECEIPT, rows), f"#END,{len(rows)},{head}\n"]
        # One row a line.
        row_lines = ",\n".join(to_json(row).decode() for row in rows)
        json_text = [to_json(_of_file(file)).decode()[:-1], f',"rows":[\n{row_lines}\n],"chain_head":"{head}"}}\n']
        for suffix, text in ((".receipt.csv", csv_text), (".receipt.json", json_text)):
            self._replace(self._receipt_path(file, suffix), _constant(text))

    def long_receipt(self, file: Row) -> None:
        """Begin the receipt of a very large file, whose events came in many commits, once all of it is answered."""
        if file["archived_as"]:
            for suffix, text in ((".receipt.csv", _long_csv), (".receipt.json", _long_json)):
                events = partial(self._rows.file_events, file["intake_no"])
                self._replace_slowly(self._receipt_path(file, suffix), partial(text, file, events))

    def books(self, books: Row, at: str) -> None:
        """Write positions and asset of one account."""
        account = books["account"]
        # An older ledger says nothing of the direction.
        held = [{"direction": "", **position} for position in books["positions"]]
        self._replace(self.folder / f"positions-{account}.csv", lambda: [table(POSITIONS, held)])
        if books["asset"]:
            row = {**books["asset"], "at": at}
            self._replace(self.folder / f"asset-{account}.csv", lambda: [table(ASSET, [row])])

    def orders_changed(self, days: Iterable[date]) -> None:
        """Note that the orders of these days have changed; `write_due` reports them."""
        self._orders_due.update(days)

    def write_due(self) -> None:
        """Begin the orders reports that are due, and again those that could not be written; `go_on` writes them. Not
        to be called while it still has something to write."""
        due, self._orders_due = self._orders_due, set()
        for day in due:
            self._replace_slowly(self.folder / f"orders-{day.isoformat()}.csv", self._orders_text(day))
        for path, text in list(self._late.items()):
            # At once: what is appended to meanwhile would miss what is written in pieces from the ledger as it was.
            self._replace(path, text)

    def go_on(self, seconds: float) -> None:
        """Write for about so long at what is under way, one piece at least: a short report appears at once, a long one
        after many calls."""
        until = time.monotonic() + seconds
        while self._slow:
            path, pieces = next(iter(self._slow.items()))
            for _ in pieces:
                if time.monotonic() >= until:
                    return
            self._slow.pop(path, None)

    @property
    def is_writing(self) -> bool:
        return bool(self._slow)

    def status(self, status: Row) -> None:
        self.told = status
        self._replace(self.folder / "status.json", lambda: [json.dumps(status, ensure_ascii=False, indent=1)])

    def problems(self) -> list[str]:
        """Reports that cannot be written at present."""
        return [f"outbox: {path.name}: {self._errors.get(path, 'not whole')}" for path in self._late]

    # ---- from the ledger alone

    def rebuild(self, days: Iterable[date], *, receipts: bool) -> None:
        """Make the reports of these days again; `receipts` rewrites every receipt, otherwise only missing ones."""
        for day in days:
            self._replace(self._events_path(day), self._events_text(day))
            if any(True for _ in self._rows.fill_rows(day)):
                self._replace(self._fills_path(day), self._fills_text(day))
            if any(True for _ in self._rows.order_rows(day)):
                self._replace(self.folder / f"orders-{day.isoformat()}.csv", self._orders_text(day))
            for file in list(self._rows.file_rows(day)):
                if receipts or not self._receipt_is_whole(file):
                    self._receipt_again(file)
            for query in self._rows.query_rows(day):
                if query["answered_at"] and (receipts or not (self.folder / query["report"]).exists()):
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

    def _receipt_path(self, file: Row, suffix: str) -> Path:
        return self.folder / (_receipt_name(file) + suffix)

    def _receipt_is_whole(self, file: Row) -> bool:
        """Whether both files of a receipt are there and not cut, as they are after a power loss."""
        path = f"{self.folder}/{_receipt_name(file)}"
        return _last_line(f"{path}.receipt.csv").startswith(b"#END,") and _last_line(f"{path}.receipt.json").startswith(
            b'],"chain_head":'
        )

    def _events_path(self, day: date) -> Path:
        return self.folder / f"events-{day.isoformat()}.jsonl"

    def _fills_path(self, day: date) -> Path:
        return self.folder / f"fills-{day.isoformat()}.csv"

    def _events_text(self, day: date) -> Callable[[], Iterable[str]]:
        return lambda: (_event_line(row) for row in self._rows.events(trade_date=day))

    def _fills_text(self, day: date) -> Callable[[], Iterable[str]]:
        return lambda: _csv(FILLS, self._rows.fill_rows(day))

    def _orders_text(self, day: date) -> Callable[[], Iterable[str]]:
        return lambda: _csv(ORDERS, map(self._present, self._rows.order_rows(day)))

    # ---- to disk

    def _replace(self, path: Path, text: Callable[[], Iterable[str]]) -> None:
        self._slow.pop(path, None)
        for _ in self._pieces(path, text):
            pass

    def _replace_slowly(self, path: Path, text: Callable[[], Iterable[str]]) -> None:
        """Have `go_on` write it, behind what is under way."""
        self._slow[path] = self._pieces(path, text)

    def _pieces(self, path: Path, text: Callable[[], Iterable[str]]) -> Iterator[None]:
        # Plain names: of thousands of receipts a second, pathlib would take half the time.
        temporary = f"{self.folder}/.{path.name}.tmp"
        try:
            try:
                file = open(temporary, "w", encoding="utf-8", newline="")  # noqa: PTH123, SIM115
            except FileNotFoundError:
                self.folder.mkdir()
                file = open(temporary, "w", encoding="utf-8", newline="")  # noqa: PTH123, SIM115
            with file:
                for piece in text():
                    file.write(piece)
                    yield
            failpoints.hit("outbox.replace")
            os.replace(temporary, path)  # noqa: PTH105
        except OSError as error:
            self._late[path] = text
            self._errors[path] = error.strerror or str(error)
        else:
            self._late.pop(path, None)
            self._errors.pop(path, None)

    def _append(self, path: Path, lines: Iterable[str], whole: Callable[[], Iterable[str]]) -> None:
        if path in self._late:
            return
        if not path.exists():
            # The ledger has these lines already, so a new file is made from it as a whole.
            self._replace(path, whole)
            return
        data = "".join(lines).encode()
        try:
            failpoints.hit("outbox.append")
            # Unbuffered, so one write: a reader never sees a part of a line.
            with path.open("ab", buffering=0) as file:
                if file.write(data) != len(data):
                    # The disk is full in the middle of a line; a new whole file takes its place later.
                    self._late[path] = whole
        except OSError as error:
            self._late[path] = whole
            self._errors[path] = error.strerror or str(error)


def _csv(columns: list[str], rows: Iterable[Row]) -> Iterator[str]:
    """A table in pieces, each made when it is written: a long day's is never in memory as a whole."""
    yield table(columns, [])
    yield from csv_lines(columns, rows)


def _receipt_name(file: Row) -> str:
    """Named like the archived file, whose name carries the date and the number of the intake."""
    name: str = file["archived_as"].rpartition("/")[2]
    _, dot, ending = file["name"].rpartition(".")
    return name.removesuffix(dot + ending) if dot else name


def _last_line(path: str) -> bytes:
    """The last line of a file, if it is a short one; nothing if there is none. Only the end is read: a day has tens of
    thousands of receipts."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            file.seek(max(0, os.fstat(file.fileno()).st_size - _END_BYTES))
            return file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except OSError:
        return b""


def receipt_heads(folder: Path) -> dict[str, str]:
    """The chain heads that the receipts in an outbox name, with the receipt's name."""
    heads = {}
    for path in sorted(folder.glob("*.receipt.csv")):
        end, _, rest = path.read_text(encoding="utf-8").rstrip("\n").rpartition("\n")[2].partition(",")
        if end == "#END":
            heads[rest.partition(",")[2]] = path.name
    return heads


def _long_csv(_: Row, events: Callable[[], Iterator[Row]]) -> Iterator[str]:
    answers = _Answers(events())
    yield table(RECEIPT, ())
    yield from csv_lines(RECEIPT, answers)
    yield f"#END,{answers.count},{answers.head}\n"


def _long_json(file: Row, events: Callable[[], Iterator[Row]]) -> Iterator[str]:
    answers = _Answers(events())
    yield to_json(_of_file(file)).decode()[:-1] + ',"rows":[\n'
    for number, row in enumerate(answers):
        yield (",\n" if number else "") + to_json(row).decode()
    yield f'\n],"chain_head":"{answers.head}"}}\n'


class _Answers:
    """The rows of a very large file's receipt, one after the other; `count` and `head` are known at the end."""

    def __init__(self, events: Iterator[Row]) -> None:
        self._events = events
        self.count, self.head = 0, ""

    def __iter__(self) -> Iterator[Row]:
        before = takewhile(lambda event: event["kind"] != "LOADED", self._events)
        # Malformed rows were answered before all others.
        malformed = [_receipt_row(event) for event in before if self._is_answer(event)]
        others = (_receipt_row(event) for event in self._events if self._is_answer(event))
        for row in merge(sorted(malformed, key=itemgetter("row")), others, key=itemgetter("row")):
            self.count += 1
            yield row

    def _is_answer(self, event: Row) -> bool:
        if event["kind"] == "FILE":
            self.head = event["hash"]
        return bool(event["kind"] == "ROW")


def _told_rows(query: Row, events: Iterable[Row]) -> list[Row]:
    """The rows of an answer; one that says so where there is none. A question that was asked again begins anew."""
    blank = dict.fromkeys(QUERIES[query["query"]], "") | {"account": query["account"], "at": query["answered_at"]}
    found: list[Row] = []
    for event in events:
        if event["kind"] != "QUERIED" or (told := from_json(event["body"]))["row"] != query["row"]:
            continue
        why = [{name: told[name] for name in ("reason_code", "context")}] if "reason_code" in told else []
        rows = [blank | row | _messages(row) for row in (*told["rows"], *why)]
        found = rows if told["is_first"] else found + rows
    for row in found:
        # Of an order: our word for the broker's number.
        row["status"] = row.get("report", "").removeprefix("REPORT_")
    return found


def receipt_rows(events: Iterable[Row], read: Callable[[Any], Row] = from_json) -> tuple[list[Row], str]:
    """The rows of a receipt, and the chain's head when the file had been answered; `read` opens an event's body."""
    rows, head = [], ""
    for event in events:
        if event["kind"] == "ROW":
            rows.append(_receipt_row(event, read))
        elif event["kind"] == "FILE":
            head = event["hash"]
    # Malformed rows were answered before the others were decided; a reader expects them in their places.
    return sorted(rows, key=lambda row: row["row"]), head


def _receipt_row(event: Row, read: Callable[[Any], Row] = from_json) -> Row:
    body = read(event["body"])
    terms = body.pop("terms", {})
    row = {**terms, **body, "tag": event["tag"] or body.get("tag", "")}
    return {name: row.get(name, "") for name in RECEIPT} | _extra(row) | _messages(row)


def _of_file(file: Row) -> Row:
    """What the JSON of a receipt says of the file as a whole."""
    whole = {"file": file["name"], "source": source_of(file["archived_as"])}
    return whole | {name: file[name] for name in ("intake_no", "received_at", "sha256", "outcome", "archived_as")}


def _constant(text: list[str]) -> Callable[[], Iterable[str]]:
    return lambda: text


def _extra(row: Row) -> Row:
    """What a row of the JSON receipt says besides: of a refused one the column and the value that cannot be used, of a
    cancel of several orders their tags."""
    return {name: row[name] for name in ("column", "value", "canceled") if name in row}


def _messages(row: Row) -> Row:
    code = row.get("reason_code", "")
    if not code:
        return {"message": "", "message_zh": ""}
    reason = Reason(code, row.get("context", {}))
    return {"message": reason.message, "message_zh": reason.message_zh}


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
