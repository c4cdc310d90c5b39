"""Receipts: what the answer to a file says, as CSV and JSON, made from its events alone. Nothing is written here."""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from filebridge.domain.reasons import Reason
from filebridge.sources import source_of
from filebridge.tables import RECEIPT, csv_lines, table

Row = dict[str, Any]

# What a receipt's files are called, and how their last lines begin: one that was cut has none.
CSV, JSON = ".receipt.csv", ".receipt.json"
CSV_END, JSON_END = b"#END,", b'],"chain_head":'
# What a row of the JSON says besides: of a refused one the column and the value that cannot be used, of a cancel of
# several orders their tags.
_EXTRA = ("column", "value", "canceled")
_NO_MESSAGES = {"message": "", "message_zh": ""}


def name_of(file: Row) -> str:
    """Named like the archived file, whose name carries the date and the number of the intake."""
    name: str = file["archived_as"].rpartition("/")[2]
    _, dot, ending = file["name"].rpartition(".")
    return name.removesuffix(dot + ending) if dot else name


def rows_of(events: Iterable[Row], read: Callable[[Any], Row] = from_json) -> tuple[list[Row], str]:
    """The rows of a receipt, and the chain's head when the file had been answered; `read` opens an event's body."""
    rows, head = [], ""
    for event in events:
        if event["kind"] == "ROW":
            rows.append(_row(event, read))
        elif event["kind"] == "FILE":
            head = event["hash"]
    # Malformed rows were answered before the others were decided; a reader expects them in their places.
    return sorted(rows, key=itemgetter("row")), head


def csv_text(rows: list[Row], head: str) -> str:
    return table(RECEIPT, rows) + _csv_end(len(rows), head)


def json_text(file: Row, rows: list[Row], head: str) -> str:
    """One row a line."""
    lines = ",\n".join([to_json(row).decode() for row in rows])
    return f'{_of_file(file)},"rows":[\n{lines}\n{_json_end(head)}'


def long_csv(_: Row, events: Callable[[], Iterator[Row]]) -> Iterator[str]:
    """The receipt of a very large file in pieces; `events` gives those of the file."""
    answers = _Answers(events())
    yield table(RECEIPT, ())
    yield from csv_lines(RECEIPT, answers)
    yield _csv_end(answers.count, answers.head)


def long_json(file: Row, events: Callable[[], Iterator[Row]]) -> Iterator[str]:
    """The same as JSON."""
    answers = _Answers(events())
    yield f'{_of_file(file)},"rows":[\n'
    for number, row in enumerate(answers):
        yield (",\n" if number else "") + to_json(row).decode()
    yield f"\n{_json_end(answers.head)}"


class _Answers:
    """The rows of a very large file's receipt, one after the other; `count` and `head` are known at the end."""

    def __init__(self, events: Iterator[Row]) -> None:
        self._events = events
        self.count, self.head = 0, ""

    def __iter__(self) -> Iterator[Row]:
        before = takewhile(lambda event: event["kind"] != "LOADED", self._events)
        # Malformed rows were answered before all others.
        malformed = [_row(event) for event in before if self._is_answer(event)]
        others = (_row(event) for event in self._events if self._is_answer(event))
        for row in merge(sorted(malformed, key=itemgetter("row")), others, key=itemgetter("row")):
            self.count += 1
            yield row

    def _is_answer(self, event: Row) -> bool:
        if event["kind"] == "FILE":
            self.head = event["hash"]
        return bool(event["kind"] == "ROW")


def messages(row: Row) -> Row:
    """What a row's reason says, in both languages."""
    code = row.get("reason_code", "")
    if not code:
        return _NO_MESSAGES
    reason = Reason(code, row.get("context", {}))
    return {"message": reason.message, "message_zh": reason.message_zh}


def receipt_heads(folder: Path) -> dict[str, str]:
    """The chain heads that the receipts in an outbox name, with the receipt's name."""
    heads = {}
    for path in sorted(folder.glob(f"*{CSV}")):
        end, _, rest = path.read_text(encoding="utf-8").rstrip("\n").rpartition("\n")[2].partition(",")
        if end == "#END":
            heads[rest.partition(",")[2]] = path.name
    return heads


def _row(event: Row, read: Callable[[Any], Row] = from_json) -> Row:
    said = read(event["body"])
    row = {**said.pop("terms", {}), **said, "tag": event["tag"] or said.get("tag", "")}
    found = {name: row.get(name, "") for name in RECEIPT}
    found |= {name: row[name] for name in _EXTRA if name in row}
    return found | messages(row)


def _of_file(file: Row) -> str:
    """What the JSON of a receipt says of the file as a whole, not closed."""
    whole = {"file": file["name"], "source": source_of(file["archived_as"])}
    whole |= {name: file[name] for name in ("intake_no", "received_at", "sha256", "outcome", "archived_as")}
    return to_json(whole).decode()[:-1]


def _csv_end(count: int, head: str) -> str:
    return f"#END,{count},{head}\n"


def _json_end(head: str) -> str:
    return f'],"chain_head":"{head}"}}\n'
