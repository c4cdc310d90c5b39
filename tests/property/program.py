"""The whole program in this process: the real bridge over a real home, with the broker's model and a given clock.

Stand-ins: the gateway (`BrokerModel`), the clock, and the watcher, which never wakes (the scan is the truth). A crash
is an exception that nothing in the program catches: no line after it runs, and what was not committed is gone.
"""

import csv
import json
import os
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from queue import Queue
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any

import pytest

from filebridge import failpoints
from filebridge.app import FOLDERS, LEDGER, outbox_of, quotations_of, rules_of
from filebridge.archive import Archive
from filebridge.bridge import mailbox
from filebridge.bridge.conductor import Bridge
from filebridge.bridge.following import follower_of
from filebridge.bridge.parts import Parts
from filebridge.bridge.replies import replies_of
from filebridge.config import Settings
from filebridge.control import ANSWER, ControlFolder
from filebridge.domain.events import EventKind
from filebridge.domain.market import TradingCalendar
from filebridge.domain.orders import SHANGHAI, Order, Status
from filebridge.errors import LedgerError
from filebridge.gateways import base
from filebridge.inbox import Inbox, SourceFolder, Watcher
from filebridge.ledger import opening, store
from filebridge.ledger.verify import verify
from filebridge.ledger.views import LedgerReader
from tests.property.broker_model import ACCOUNT, BookOrder, BrokerModel, Fate, Truth

# Later than any machine's clock, so that the age of a file is what the test gives it and not when the test runs.
START = datetime(2090, 3, 1, 10, 0, tzinfo=SHANGHAI)
TURN_SECONDS = 0.25
MAX_AGE = timedelta(seconds=600)
_REST_TURNS = 120
_MEMORY = Path("/dev/shm")  # noqa: S108  # why: a home in memory, where there is such a place; nobody else knows its name
# Under Wine it can be seen, but not used.
_HAS_MEMORY = sys.platform == "linux" and _MEMORY.is_dir()
SETTINGS = Settings.model_validate(
    {
        "broker": {"accounts": [{"id": ACCOUNT}], "group_size": 2},
        "inbox": {"settle_seconds": 0, "max_file_age": MAX_AGE.total_seconds()},
        "risk": {"max_order_age": MAX_AGE.total_seconds()},
        "ledger": {"free_bytes_min": 0},
    }
)
CALENDAR = TradingCalendar.of([START.date()])
# Where the program says of an order that it never left.
_NEVER_LEFT = ("RECEIVED", "HELD", "APPROVED", "DENIED", "NOT_SENT")
_STATUS_OF = {
    EventKind.REPORT_WORKING: Status.ACCEPTED,
    EventKind.REPORT_PENDING_CANCEL: Status.PENDING_CANCEL,
    EventKind.REPORT_PARTIALLY_FILLED: Status.PARTIALLY_FILLED,
    EventKind.REPORT_FILLED: Status.FILLED,
    EventKind.REPORT_CANCELED: Status.CANCELED,
    EventKind.REPORT_REJECTED: Status.REJECTED,
}


class Crash(BaseException):
    """The process dies here."""


class StillWatcher(Watcher):
    """A watcher that never starts: losing every event only makes the bridge slower."""

    def keep_alive(self) -> None:
        """Nothing: no thread, no events."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an order file. Its quantity names what is meant: the same order at another price has the same one."""

    name: str
    symbol: str
    quantity: int
    price: str
    basket: str

    def __str__(self) -> str:
        return f"{self.name},{self.symbol},BUY,{self.quantity},{self.price},{self.basket}"


@dataclass(slots=True)
class Fault:
    """What happens at the n-th passing of a failpoint."""

    point: str
    left: int
    error: BaseException


class Program:
    """One home, at most one living bridge, and everything that can be asked of them."""

    def __init__(self, settings: Settings = SETTINGS, make_broker: type[BrokerModel] = BrokerModel) -> None:
        self.settings = settings
        self.folder = Path(mkdtemp(prefix="filebridge-", dir=_MEMORY if _HAS_MEMORY else None))
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(opening, "WAL_BYTES", 0)
        self._patch.setattr(failpoints, "hit", self._pass)
        for name in FOLDERS:
            (self.folder / name).mkdir()
        (self.folder / LEDGER).write_bytes(_empty_ledger())
        self.now = START
        self.broker = make_broker(lambda: self.now, self)
        self.control = ControlFolder(self.folder / "control")
        self.fault: Fault | None = None
        self.boot = 1
        self.boots_changed = False
        self.crashes = 0
        self.bridge: Bridge | None = None
        # It did what it must not do: there is nothing to be learned from how it goes on.
        self.is_broken = False
        self._ledger: store.Ledger | None = None
        self._reader: LedgerReader | None = None
        self._look = sqlite3.connect((self.folder / LEDGER).as_uri() + "?mode=ro", uri=True)
        self._look.row_factory = sqlite3.Row
        # What was dropped, by the hash of its bytes; what a person asked, by the request's name; what was answered.
        self.dropped: Counter[str] = Counter()
        self.asked: dict[str, tuple[str, str]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.sent: dict[tuple[object, ...], str] = {}

    def time_messages(self) -> None:
        """Have the waiting of messages counted by this program's clock, not by the machine's."""
        self._patch.setattr(mailbox, "time", SimpleNamespace(monotonic=lambda: self.now.timestamp()))

    # ---- the life of the process

    def start(self, *, reboot: bool = False) -> None:
        assert self.bridge is None
        if reboot:
            self.boot += 1
            self.boots_changed = True
            self.broker.lose_logs()
        messages: Queue[list[base.Message]] = Queue()
        self.broker.serve(messages)
        with self._may_die():
            self._ledger = opening.open_ledger(self.folder / LEDGER, at=self.now)
            self._reader = LedgerReader(self.folder / LEDGER)
            parts = Parts(
                settings=self.settings,
                rules=rules_of(self.settings, CALENDAR),
                clock=lambda: self.now,
                ledger=self._ledger,
                reader=self._reader,
                gateway=self.broker,
                messages=messages,
                inbox=Inbox([SourceFolder(self.folder / "inbox", settle_seconds=0)]),
                watcher=StillWatcher([self.folder / "inbox"], lambda: None),
                follower=follower_of(self.folder, SETTINGS, self._reader.feeds(), self.folder / "grown"),
                replies=replies_of(self.folder, SETTINGS, self._reader),
                archive=Archive(self.folder / "archive"),
                outbox=outbox_of(self.folder, self._reader),
                control=self.control,
                quotations=quotations_of(self.folder, self.settings, rules_of(self.settings, CALENDAR)),
                boot_id=str(self.boot),
                handed_over=self.broker.handed_over,
                forget_handed=self.broker.forget_handed,
                keep_counter=lambda: None,
                watch=lambda turn: None,
            )
            self.bridge = Bridge(parts)
            self.bridge.start()

    def turn(self, turns: int = 1) -> None:
        """So many turns of a living bridge."""
        for _ in range(turns):
            self.wait(TURN_SECONDS)
            if self.bridge is not None:
                with self._may_die():
                    self.bridge.step(wait_seconds=0)
        self._read_answers()

    def kind_turn(self, turns: int = 1) -> None:
        """Turns with a broker that does at once all that it is asked."""
        for _ in range(turns):
            self.broker.come_up()
            while self.broker.work(Fate.GOOD):
                pass
            self.broker.end_pending_cancels()
            self.broker.flow()
            self.broker.hear_all()
            self.turn()

    def crash(self, *, last_gasp: bool = False) -> None:
        """kill -9; the worker ends with its parent, at most with the call that it has begun."""
        self.crashes += 1
        self.bridge, self.fault = None, None
        if self._reader is not None:
            self._reader.close()
        if self._ledger is not None:
            self._ledger.close()
        self._reader = self._ledger = None
        self.broker.orphan(last_gasp=last_gasp)

    def wait(self, seconds: float) -> None:
        """Time passes while the machine stands still."""
        day = self.now.date()
        self.now += timedelta(seconds=seconds)
        if self.now.date() != day:
            self.broker.begin_day()

    def close(self) -> None:
        self.crash()
        self._look.close()
        self._patch.undo()
        shutil.rmtree(self.folder)

    def _may_die(self) -> "_Dying":
        return _Dying(self)

    def _pass(self, point: str) -> bool:
        """In the place of failpoints.hit."""
        fault = self.fault
        if fault is not None and fault.point == point:
            fault.left -= 1
            if fault.left == 0:
                self.fault = None
                raise fault.error
        return False

    # ---- people

    def drop(self, name: str, text: str) -> bool:
        """Put a whole file into the inbox; False if one of that name still lies there."""
        if self.lies_there(name):
            return False
        path = self.folder / "inbox" / name
        path.write_bytes(text.encode())
        os.utime(path, (self.now.timestamp(),) * 2)
        self.dropped[sha256(text.encode()).hexdigest()] += 1
        return True

    def lies_there(self, name: str) -> bool:
        return (self.folder / "inbox" / name).exists()

    def drop_rows(self, name: str, rows: Sequence[Row]) -> bool:
        lines = ["client_order_id,symbol,side,quantity,limit_price,basket", *map(str, rows)]
        return self.drop(name, "\n".join(lines) + "\n")

    def drop_cancel(self, name: str, client_order_id: str) -> bool:
        return self.drop(name, f"action,orig_client_order_id\ncancel,{client_order_id}\n")

    def drop_replace(self, name: str, new: str, old: str, quantity: int | None, price: str) -> bool:
        header = "action,client_order_id,orig_client_order_id,quantity,limit_price"
        return self.drop(name, f"{header}\nreplace,{new},{old},{quantity or ''},{price}\n")

    def ask(self, verb: str, tag: str = "", *, by: str = "李雷", **fields: Any) -> None:
        name = self.control.ask(verb, by=by, **({"id": tag} if tag else {}), **fields)
        self.asked[name] = (verb, tag)

    def _read_answers(self) -> None:
        for path in sorted((self.folder / "control").glob(f"*{ANSWER}")):
            self.answers[path.name.removesuffix(ANSWER)] = json.loads(path.read_text(encoding="utf-8"))
            path.unlink()

    def is_halted(self) -> bool | None:
        """What the person knows; None while a request of his is not answered."""
        wishes = [(name, verb) for name, (verb, _) in self.asked.items() if verb in ("halt", "resume")]
        if any(name not in self.answers for name, _ in wishes):
            return None
        return bool(wishes) and wishes[-1][1] == "halt"

    # ---- what is on the ledger, read by a connection of the test's own

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self._look.execute(query, values).fetchall()

    def orders(self, status: str = "") -> list[sqlite3.Row]:
        return self.rows("SELECT * FROM orders WHERE ? IN ('', status) ORDER BY intake_no, row", status)

    def order(self, quantity: int, price: str | None = None) -> sqlite3.Row:
        """The newest order of what is meant by this quantity (at this price)."""
        rows = [row for row in self.orders() if row["quantity"] == quantity and price in (None, row["limit_price"])]
        return rows[-1]

    def _status(self, tag: str) -> str:
        found = self.rows("SELECT status FROM orders WHERE tag = ?", tag)
        return str(found[0]["status"]) if found else "not on the ledger"

    # ---- the witness

    def handed_over(self, orders: Sequence[Order]) -> None:
        assert self.is_halted() is not True, "sent while halted"
        for order in orders:
            terms = order.terms
            assert self._status(terms.tag) == "SUBMITTING", "handed over before its intent was committed"
            assert terms.trade_date == self.now.date(), "an order of another day was sent"
            assert self.now - (order.approved_at or terms.received_at) <= MAX_AGE, "an order that is too old was sent"
            self._stands_alone(order)

    def _stands_alone(self, order: Order) -> None:
        """Nothing that an order takes the place of can trade any more, and it asks for no more than what is left."""
        (born,) = self.rows("SELECT body FROM events WHERE kind = 'ROW' AND tag = ?", order.terms.tag)
        said = json.loads(born["body"])
        left, before = (said | said["terms"])["quantity"], order.terms.replaces
        while before:
            assert self.broker.truth.get(before) not in (Truth.QUEUED, Truth.ON_ITS_WAY), "both may be at the market"
            for book in self.broker.books + self.broker.past:
                if book.tag == before:
                    assert not book.is_working, "both are at the market"
                    left -= book.filled_qty
            (before,) = self.rows("SELECT replaces FROM orders WHERE tag = ?", before)[0]
        assert order.terms.quantity == left, "it does not ask for what is left"

    def cancel_handed_over(self, orders: Sequence[Order]) -> None:
        for order in orders:
            assert self._status(order.terms.tag) == "PENDING_CANCEL", "a cancel left before it was committed"

    def received(self, order: Order) -> None:
        terms = order.terms
        status = self._status(terms.tag)
        assert status not in (*_NEVER_LEFT, "not on the ledger", "EXPIRED"), f"the counter received what is {status}"
        meant = (terms.trade_date, terms.symbol, terms.side, terms.quantity, terms.limit_price)
        assert meant not in self.sent, f"{meant} was received twice, as {self.sent[meant]} and {terms.tag}"
        self.sent[meant] = terms.tag

    # ---- what must hold

    def check_always(self) -> None:
        """What holds at any moment, whatever has just happened."""
        problems = []
        for row in self.orders():
            truth = self.broker.truth.get(row["tag"])
            unsent = row["status"] in ("EXPIRED", "CANCELED") and not row["submitted_at"]
            if row["status"] in _NEVER_LEFT or unsent:
                # Proven unsent, or resolved by a person, it cannot be on its way; before sending, nobody was given it.
                may_be = (None, Truth.NEVER_LEFT, Truth.LOST, Truth.REFUSED) if row["status"] == "NOT_SENT" else (None,)
                if truth not in may_be:
                    problems.append(f"{row['tag']} is {row['status']}, but {truth}")
        self.is_broken |= bool(problems)
        assert not problems, "\n" + "\n".join(problems)

    def come_to_rest(self) -> None:
        """Let a friendly broker and a patient person bring everything to its end, as far as it has one."""
        self.fault = None
        if self.bridge is None:
            self.start()
        self.broker.lag(False)
        for order in list(self.broker.on_their_way):
            self.broker.receive(order)
        self.ask("resume", reason="all well")
        self.kind_turn(2)
        self.ask("reconcile")
        for _ in range(_REST_TURNS):
            self.kind_turn(4)
            if self._is_at_rest():
                break
        else:
            statuses = [(row["status"], row["quantity"]) for row in self.orders()]
            raise AssertionError(f"it does not come to rest: {statuses}")
        # The reports are written once a second.
        self.kind_turn(8)

    def _is_at_rest(self) -> bool:
        assert self.bridge is not None
        broker = self.broker
        said = bool(broker.commands or broker.words or broker.said)
        return self.bridge.is_quiet() and not said and all(name in self.answers for name in self.asked)

    def check_at_rest(self) -> None:
        assert self.bridge is not None
        problems = [f"{check.__name__}: {text}" for check in AT_REST for text in check(self)]
        assert not problems, "\n" + "\n".join(problems)


class _Dying:
    """Within it, the process may die of what is injected; anything else is a bug."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if isinstance(error, (Crash, LedgerError)):
            # After a ledger error the program leaves; only an injected one can come here.
            assert isinstance(error, Crash) or isinstance(error.__cause__, OSError)
            self._program.crash()
            return True
        self._program.is_broken |= error is not None
        return False


@cache
def _empty_ledger() -> bytes:
    """The bytes of a new ledger: made once, for making it takes longer than most examples."""
    folder = Path(mkdtemp(prefix="filebridge-"))
    try:
        opening.open_ledger(folder / LEDGER, at=START).close()
        return (folder / LEDGER).read_bytes()
    finally:
        shutil.rmtree(folder)


# ---- what must hold at rest; each yields what does not


def books_and_ledger_agree(program: Program) -> Iterator[str]:
    rows = {row["tag"]: row for row in program.orders()}
    for book in program.broker.books:
        if not book.tag:
            continue
        row = rows[book.tag]
        if row["status"] != _STATUS_OF[book.status].value or row["filled_qty"] != book.filled_qty:
            yield f"{book.tag} is {row['status']}/{row['filled_qty']}, there {book.status}/{book.filled_qty}"
    for book in program.broker.past:
        # Of an earlier day's order the broker says no more; what it said in time is known.
        if book.tag and rows[book.tag]["filled_qty"] > book.filled_qty:
            yield f"{book.tag}: more fills than the broker made"


def every_fill_stands_once(program: Program) -> Iterator[str]:
    def there(books: Sequence[BookOrder]) -> Counter[tuple[str, str, int]]:
        return Counter((book.tag, each["trade_id"], each["last_qty"]) for book in books for each in book.fills)

    here = Counter((row["tag"], row["trade_id"], row["last_qty"]) for row in program.rows("SELECT * FROM fills"))
    today, ever = there(program.broker.books), there(program.broker.books + program.broker.past)
    if today - here or here - ever:
        yield f"at the broker only: {today - here}; on the ledger only: {here - ever}"


def doubt_is_real_and_proof_is_true(program: Program) -> Iterator[str]:
    today = {book.tag for book in program.broker.books}
    for row in program.orders():
        tag, status = row["tag"], row["status"]
        truth = program.broker.truth.get(tag)
        if status == "UNKNOWN" and tag in today:
            yield f"{tag} is UNKNOWN, but the broker lists it"
        # After a crash, what was doubted before stays in doubt; on another boot nothing is proven.
        if status == "UNKNOWN" and tag not in program.broker.called and not program.crashes:
            yield f"{tag} is UNKNOWN, but was never called"
        if status == "NOT_SENT" and truth not in (None, Truth.NEVER_LEFT, Truth.LOST, Truth.REFUSED):
            yield f"{tag} is NOT_SENT, but {truth}"
        waits = any(old["status"] == "UNKNOWN" for old in _replaced_by(program, row))
        if status in ("SUBMITTING", "RECEIVED", "APPROVED") and not waits:
            yield f"{tag} is {status} at rest"
        if status in ("ACCEPTED", "PARTIALLY_FILLED", "PENDING_CANCEL", "FILLED") and truth is not Truth.RECEIVED:
            yield f"{tag} is {status}, but {truth}"
        if status == "REJECTED" and truth not in (Truth.REFUSED, Truth.RECEIVED):
            yield f"{tag} is REJECTED, but {truth}"


def _replaced_by(program: Program, row: sqlite3.Row) -> Iterator[sqlite3.Row]:
    while row["replaces"]:
        (row,) = program.rows("SELECT * FROM orders WHERE tag = ?", row["replaces"])
        yield row


def nothing_forbidden_was_sent(program: Program) -> Iterator[str]:
    """Each sent order was born free or approved, submitted once, and nobody had forbidden it before."""
    rows = {row["tag"]: row for row in program.orders()}
    marks = {
        (body["trade_date"], body["client_order_id"]): row["seq"]
        for row in program.rows("SELECT seq, body FROM events WHERE kind = 'CANCEL_MARK' ORDER BY seq DESC")
        for body in [json.loads(row["body"])]
    }
    approved = {tag for name, (verb, tag) in program.asked.items() if verb == "approve" and program.answers[name]["ok"]}
    books = program.broker.books + program.broker.past
    bought = {book.tag for book in books if book.fills or book.is_working}
    meant: Counter[tuple[str, int]] = Counter()
    for tag in program.broker.called:
        story = program.rows("SELECT seq, kind, body FROM events WHERE tag = ? ORDER BY seq", tag)
        bodies = [json.loads(row["body"]) for row in story]
        kinds = [body.get("event") for body in bodies]
        before = kinds[1 : kinds.index("SUBMIT")]
        if kinds.count("SUBMIT") != 1 or any(kind not in ("APPROVE", None) for kind in before):
            yield f"{tag}: {kinds}"
        if (bodies[0]["status"] == "HELD") is not (tag in approved) or bodies[0]["status"] not in ("HELD", "RECEIVED"):
            yield f"{tag} was {bodies[0]['status']}, and went out"
        key = (rows[tag]["trade_date"], rows[tag]["client_order_id"])
        if marks.get(key, story[0]["seq"]) < story[0]["seq"]:
            yield f"{tag} was canceled before it came, and went out"
        # What stands in for another asks for what that one has left (see `handed_over`).
        if tag in bought and not rows[tag]["replaces"]:
            meant[(rows[tag]["trade_date"], rows[tag]["quantity"])] += tag not in approved
    for each, times in meant.items():
        if times > 1:
            yield f"{each} was bought {times} times at different prices, and nobody approved it"


def nobody_else_was_touched(program: Program) -> Iterator[str]:
    for book in program.broker.books:
        if not book.tag and book.status is not EventKind.REPORT_WORKING:
            yield "an order of somebody else's was canceled"
    for row in program.rows("SELECT body FROM events WHERE kind = 'HALTED'"):
        if json.loads(row["body"])["by"] == "filebridge":
            yield f"halted without a reason: {row['body']}"


def every_row_is_answered(program: Program) -> Iterator[str]:
    for file in program.rows("SELECT * FROM files"):
        stem = Path(file["archived_as"]).stem
        paths = [program.folder / "outbox" / f"{stem}.receipt{suffix}" for suffix in (".csv", ".json")]
        if not all(path.exists() for path in paths):
            yield f"{file['name']} ({file['intake_no']}) has no receipt"
            continue
        answered = len(json.loads(paths[1].read_text(encoding="utf-8"))["rows"])
        if answered != (1 if file["outcome"] == "QUARANTINED" else file["rows"]):
            yield f"{file['name']} ({file['intake_no']}) has {answered} answers"


def inputs_rest_unchanged_in_one_place(program: Program) -> Iterator[str]:
    resting = Counter(
        sha256(path.read_bytes()).hexdigest() for path in (program.folder / "archive").rglob("*") if path.is_file()
    )
    if resting != program.dropped:
        yield f"not at rest: {program.dropped - resting}; too many: {resting - program.dropped}"
    left = [path.name for path in (program.folder / "inbox").iterdir()]
    if left:
        yield f"left in the inbox: {left}"


def reports_say_what_the_ledger_says(program: Program) -> Iterator[str]:
    outbox = program.folder / "outbox"
    for (day,) in program.rows("SELECT DISTINCT trade_date FROM events"):
        lines = (outbox / f"events-{day}.jsonl").read_text(encoding="utf-8").splitlines()
        here = [json.loads(line)["seq"] for line in lines]
        there = [row["seq"] for row in program.rows("SELECT seq FROM events WHERE trade_date = ? ORDER BY seq", day)]
        if here != there:
            yield f"events-{day}.jsonl lacks {set(there) - set(here)}, has {len(here)} lines"
    for (day,) in program.rows("SELECT DISTINCT trade_date FROM orders"):
        report = {row["tag"]: row["status"] for row in _read_csv(outbox / f"orders-{day}.csv")}
        there_too = {row["tag"]: row["status"] for row in program.orders() if row["trade_date"] == day}
        if report != there_too:
            yield f"orders-{day}.csv says {report}, the ledger {there_too}"
    for (day,) in program.rows("SELECT DISTINCT trade_date FROM fills"):
        told = [int(row["seq"]) for row in _read_csv(outbox / f"fills-{day}.csv")]
        if told != [row["seq"] for row in program.rows("SELECT seq FROM fills WHERE trade_date = ? ORDER BY seq", day)]:
            yield f"fills-{day}.csv has {told}"


def the_ledger_is_whole(program: Program) -> Iterator[str]:
    yield from verify(program.folder / LEDGER).problems


def _read_csv(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


AT_REST: tuple[Callable[[Program], Iterator[str]], ...] = (
    books_and_ledger_agree,
    every_fill_stands_once,
    doubt_is_real_and_proof_is_true,
    nothing_forbidden_was_sent,
    nobody_else_was_touched,
    every_row_is_answered,
    inputs_rest_unchanged_in_one_place,
    reports_say_what_the_ledger_says,
    the_ledger_is_whole,
)
