"""What must hold after any crash, checked from outside: journal, books, ledger, reports and folders."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from filebridge.app import LEDGER
from filebridge.ledger.verify import verify
from filebridge.ledger.views import LedgerReader
from filebridge.simulator.books import Books
from tests.crash.scenario import Scenario
from tests.integration.homes import Home, Receipt, content

_STATUS_AT_COUNTER = {
    50: {"ACCEPTED", "PENDING_CANCEL"},
    53: {"CANCELED"},
    54: {"CANCELED"},
    55: {"PARTIALLY_FILLED"},
    56: {"FILLED"},
    57: {"REJECTED"},
}
_NEVER_SENT = {"DENIED", "NOT_SENT", "EXPIRED", "CANCELED"}


@dataclass(slots=True)
class Found:
    """Everything that the invariants look at, read once."""

    home: Home
    scenario: Scenario
    journal: list[dict[str, Any]]
    orders: dict[str, dict[str, Any]]
    places: set[str]
    books: Books

    @classmethod
    def of(cls, home: Home, scenario: Scenario) -> "Found":
        reader = LedgerReader(home.folder / LEDGER)
        orders = {row["tag"]: row for row in reader.order_rows(None)}
        places = {row["archived_as"] for row in reader.file_rows(None)}
        reader.close()
        return cls(home, scenario, home.requests(), orders, places, books_of(home))


def books_of(home: Home) -> Books:
    """The counter's books, made again from its own file."""
    books = Books()
    for line in (home.userdata / "books.jsonl").read_text(encoding="utf-8").splitlines():
        books.apply(json.loads(line))
    return books


def halves(home: Home) -> list[str]:
    """Reports that appear by rename, but are not whole."""
    found = []
    for path in home.outbox.glob("*.receipt.csv"):
        if not path.read_text(encoding="utf-8").rpartition("\n#END,")[2].endswith("\n"):
            found.append(f"half written: {path.name}")
    for path in (*home.outbox.glob("*.receipt.json"), *home.outbox.glob("status.json")):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            found.append(f"half written: {path.name}")
    return found


def violations(found: Found) -> list[str]:
    """Every invariant that does not hold, by its name and what was seen."""
    return [f"{check.__name__}: {text}" for check in INVARIANTS for text in check(found)]


def sent_at_most_once(found: Found) -> Iterator[str]:
    for each, times in Counter(map(content, found.journal)).items():
        if times > 1:
            yield f"{each} was received {times} times"
    for tag, times in Counter(line["order_remark"] for line in found.journal).items():
        if times > 1:
            yield f"tag {tag} was used {times} times"


def nothing_forbidden_was_sent(found: Found) -> Iterator[str]:
    for line in found.journal:
        each = content(line)
        if each in found.scenario.forbidden or each not in found.scenario.orders:
            yield f"{each} was never to be sent"


def every_row_is_answered_and_accounted_for(found: Found) -> Iterator[str]:
    """Each order was sent, or the ledger proves that it was not and the receipt or report says so."""
    sent = {content(line) for line in found.journal}
    # What the terminal refused was received, but is not there.
    at_counter = {order.tag for order in found.books.orders.values()}
    known: Counter[tuple[Any, ...]] = Counter()
    for row in found.orders.values():
        key = (row["account"], row["symbol"], 23, row["quantity"], 11, float(row["limit_price"]), row["strategy"])
        known[key] += 1
        if key not in sent and row["status"] not in _NEVER_SENT:
            yield f"{row['client_order_id']} is {row['status']}, but the counter never received it"
        if row["status"] == "NOT_SENT" and row["tag"] in at_counter:
            yield f"{row['client_order_id']} is NOT_SENT, but the counter has it"
    for each, name in found.scenario.orders.items():
        if not known[each]:
            yield f"{name or each} is nowhere in the ledger"


def every_file_has_whole_receipts(found: Found) -> Iterator[str]:
    by_name: dict[str, list[Receipt]] = {}
    for receipt in found.home.receipts_all():
        by_name.setdefault(receipt.whole["file"], []).append(receipt)
    for name, data in found.scenario.files.items():
        rows = data.count(b"\n") - 1
        if name not in by_name:
            yield f"{name} was never answered"
        for receipt in by_name.get(name, []):
            if len(receipt.rows) != rows or receipt.end[1] != str(rows):
                yield f"{receipt.path.name} answers {len(receipt.rows)} of {rows} rows"


def an_intent_precedes_every_receipt_at_the_counter(found: Found) -> Iterator[str]:
    for line in found.journal:
        row = found.orders.get(line["order_remark"])
        if row is None or not row["submitted_at"]:
            yield f"{line['order_remark']} reached the counter without a committed intent"


def ledger_and_counter_agree(found: Found) -> Iterator[str]:
    for order in found.books.orders.values():
        row = found.orders.get(order.tag)
        if row is None:
            yield f"the counter has {order.tag}, the ledger not"
        elif row["status"] not in _STATUS_AT_COUNTER[order.status] or row["filled_qty"] != order.filled_qty:
            yield f"{order.tag} is {row['status']}/{row['filled_qty']}, there {order.status}/{order.filled_qty}"


def every_fill_stands_once(found: Found) -> Iterator[str]:
    there = Counter(
        (fill.order.tag, fill.trade_id, str(fill.last_qty))
        for account in found.books.accounts.values()
        for fill in account.fills
    )
    here = Counter((row["tag"], row["trade_id"], row["last_qty"]) for row in found.home.fills())
    if there != here:
        yield f"at the counter only: {there - here}; in the report only: {here - there}"


def inputs_rest_unchanged_in_one_place(found: Found) -> Iterator[str]:
    dropped = Counter(hashlib.sha256(data).hexdigest() for data in found.scenario.files.values())
    places = [path for path in found.home.archive.rglob("*") if path.is_file()]
    resting = Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in places)
    if dropped != resting:
        yield f"archived: {sorted(path.name for path in places)}"
    recorded = found.places
    for path in places:
        name = path.relative_to(found.home.archive).as_posix()
        if name not in recorded:
            yield f"{name} rests where the ledger does not look for it"
    left = sorted(path.name for path in found.home.inbox.iterdir() if not path.name.endswith(".part"))
    if left:
        yield f"left in the inbox: {left}"


def the_ledger_is_whole(found: Found) -> Iterator[str]:
    yield from verify(found.home.folder / LEDGER).problems


INVARIANTS: tuple[Callable[[Found], Iterator[str]], ...] = (
    sent_at_most_once,
    nothing_forbidden_was_sent,
    every_row_is_answered_and_accounted_for,
    every_file_has_whole_receipts,
    an_intent_precedes_every_receipt_at_the_counter,
    ledger_and_counter_agree,
    every_fill_stands_once,
    inputs_rest_unchanged_in_one_place,
    the_ledger_is_whole,
)
