"""A broker in process: worker, terminal and counter behind the contract of gateways/base, with every bad habit at hand.

Nothing happens here by itself. A test says when the worker works, what becomes of a request, what the counter does and
which of its words arrive; the model keeps the truth, and asks a witness about all that comes in.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import count
from queue import Queue
from typing import Protocol

from filebridge.domain.events import EventKind
from filebridge.domain.orders import Order, Side, price_text
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import Lists
from filebridge.errors import GatewayNotReady
from filebridge.gateways import base
from filebridge.gateways.base import Raw
from filebridge.gateways.wire import fill_report, message_of, order_report

ACCOUNT = "10000001"
# So few that lists of several parts are common.
PART_ROWS = 2
_ENDED = (EventKind.REPORT_FILLED, EventKind.REPORT_CANCELED, EventKind.REPORT_REJECTED)
_CODE = {
    EventKind.REPORT_WORKING: 50,
    EventKind.REPORT_PENDING_CANCEL: 51,
    EventKind.REPORT_CANCELED: 54,
    EventKind.REPORT_PARTIALLY_FILLED: 55,
    EventKind.REPORT_FILLED: 56,
    EventKind.REPORT_REJECTED: 57,
}


class Truth(StrEnum):
    """Where an order really is, whatever anybody believes."""

    QUEUED = "QUEUED"  # with a living worker, which has not come to it yet
    NEVER_LEFT = "NEVER_LEFT"  # its worker died before it came to it
    ON_ITS_WAY = "ON_ITS_WAY"  # called; the terminal has it, the counter not yet
    LOST = "LOST"  # called, and it will never arrive
    REFUSED = "REFUSED"  # the terminal said no
    RECEIVED = "RECEIVED"  # in the counter's books


class Fate(StrEnum):
    """What becomes of the worker's next request."""

    GOOD = "GOOD"
    REJECT = "REJECT"  # the counter refuses the order; the terminal refuses the cancel
    REFUSE = "REFUSE"  # the terminal answers -1, and an error
    LATE = "LATE"  # it arrives when the test says so
    LOST = "LOST"
    INCOMPLETE = "INCOMPLETE"  # of a question: a part of it is not answered
    EMPTY = "EMPTY"  # of a question: all lists are empty


class Connection(StrEnum):
    NONE = "NONE"
    STARTING = "STARTING"
    UP = "UP"


class Witness(Protocol):
    """Who is asked, at the very moment, whether something may be."""

    def handed_over(self, orders: Sequence[Order]) -> None: ...

    def cancel_handed_over(self, orders: Sequence[Order]) -> None: ...

    def received(self, order: Order) -> None: ...


@dataclass(slots=True, eq=False)
class BookOrder:
    """An order in the counter's books; `listed` is what questions are answered with, which may lag behind."""

    tag: str
    symbol: str
    side: Side
    quantity: int
    price: Decimal
    broker_order_id: str
    day: date
    ordered_at: datetime
    status: EventKind = EventKind.REPORT_WORKING
    account: str = ACCOUNT
    fills: list[Raw] = field(default_factory=list)
    listed: tuple[Raw, tuple[Raw, ...]] | None = None

    @property
    def filled_qty(self) -> int:
        return sum(fill["last_qty"] for fill in self.fills)

    @property
    def is_working(self) -> bool:
        return self.status not in _ENDED

    def wire(self) -> Raw:
        """As a worker would write it."""
        return {
            "kind": "order",
            "report": self.status.value,
            "status_code": _CODE[self.status],
            "text": "",
            **self._identity(),
            "quantity": self.quantity,
            "limit_price": price_text(self.price),
            "filled_qty": self.filled_qty,
            "name": "",
            "ordered_at": self.ordered_at.isoformat(),
        }

    def filled(self, trade_id: str, quantity: int) -> Raw:
        amount = price_text(self.price * quantity)
        fill = {"trade_id": trade_id, "last_qty": quantity, "last_price": price_text(self.price), "amount": amount}
        return {"kind": "fill", **self._identity(), **fill, "commission": "0", "traded_at": self.ordered_at.isoformat()}

    def _identity(self) -> Raw:
        number = self.broker_order_id
        numbers = {"tag": self.tag, "broker_order_id": number, "counter_order_id": f"C{number}"}
        return {"account": self.account, "symbol": self.symbol, "side": self.side.value, **numbers}


class BrokerModel:
    """Implements base.Gateway for one bridge after the other; terminal, counter and hand-over logs outlive them."""

    def __init__(self, clock: Callable[[], datetime], witness: Witness) -> None:
        self._clock = clock
        self._witness = witness
        # Of orders and trades: they begin at 1 again every day, as those of some brokers do.
        self._numbers = count(1)
        self._log_numbers = count(1)
        self._messages: Queue[list[base.Message]] = Queue()
        self.positions: tuple[base.Position, ...] = ()
        # The worker: what it was asked, and what it said that the bridge has not read yet (in this order).
        self.connection = Connection.NONE
        self.generation = self._accepted = 0
        self.commands: deque[tuple[str, Order | Lists | None]] = deque()
        self.said: deque[base.Message] = deque()
        self._log = ""
        # Answers and pushes: they may come in any order, twice, late or never.
        self.words: list[base.Message] = []
        # The hand-over logs that lie in the home, and the tags for which the broker was ever about to be called.
        self._logs: dict[str, set[str]] = {}
        self.called: set[str] = set()
        self.truth: dict[str, Truth] = {}
        self.on_their_way: list[Order] = []
        self.books: list[BookOrder] = []
        self.past: list[BookOrder] = []
        self.is_lagging = False
        self._parts: Iterator[base.Snapshots] = iter(())

    # ---- the gateway's contract

    def serve(self, messages: "Queue[list[base.Message]]") -> None:
        """Speak with another bridge from now on."""
        self._messages, self.generation, self.connection = messages, 0, Connection.NONE

    def start(self) -> None:
        self.tick()

    def submit(self, orders: Sequence[Order]) -> None:
        self._must_be_up()
        self._witness.handed_over(orders)
        for order in orders:
            tag = order.terms.tag
            assert tag not in self.truth, f"{tag} was handed over twice"
            self.truth[tag] = Truth.QUEUED
            self.commands.append(("submit", order))
        self.commands.append(("handed", None))

    def cancel(self, orders: Sequence[Order]) -> None:
        self._must_be_up()
        self._witness.cancel_handed_over(orders)
        self.commands.extend(("cancel", order) for order in orders)
        self.commands.append(("handed", None))

    def accept(self, generation: int) -> None:
        self._accepted = generation

    @property
    def is_ready(self) -> bool:
        return self.connection is Connection.UP and self.generation == self._accepted

    def query(self, lists: Lists, *, expected: int) -> None:
        self._must_be_up()
        self.commands.append(("query", lists))

    def ask(self, query: str, account: str, number: int) -> None:
        self._must_be_up()

    def more(self) -> None:
        self._must_be_up()
        self.commands.append(("more", None))

    def balances(self) -> None:
        self._must_be_up()
        self.commands.append(("balances", None))

    def quotes(self, symbols: Sequence[str]) -> None:
        """No order of these programs needs one."""
        raise AssertionError("nobody asks for market data here")

    def tick(self) -> None:
        if self.connection is Connection.NONE:
            self.generation += 1
            self.connection, self._log = Connection.STARTING, f"log-{next(self._log_numbers)}"

    def close(self) -> None:
        self.orphan(last_gasp=False)

    def _must_be_up(self) -> None:
        if not self.is_ready:
            raise GatewayNotReady("there is no connection to the broker")

    # ---- the worker

    def come_up(self) -> None:
        if self.connection is Connection.STARTING:
            self.connection = Connection.UP
            self._be_alone()
            self.said.append(base.GatewayUp(self.generation))

    def fail_to_connect(self, *, alone: bool) -> None:
        """The terminal is not there; or (not alone) another worker still holds the account's lock."""
        if self.connection is Connection.STARTING:
            if alone:
                self._be_alone()
            self.die("connect() answered -1")

    def _be_alone(self) -> None:
        self._logs[self._log] = set()
        self.said.append(base.SoleSender(self.generation, self._log))

    def die(self, why: str, *, speechless: bool = False, overtaken: bool = False) -> None:
        """The worker is killed. What it said last may be lost with it (speechless), or be read at any time after
        the news of its death (overtaken)."""
        if self.connection is Connection.NONE:
            return
        self._forget_commands()
        if speechless:
            self.said.clear()
            self.words.clear()
        if overtaken:
            self.words += self.said
            self.said.clear()
        self.said.append(
            base.GatewayDown(self.generation, Reason("WORKER_LATE", {"value": why}), self.handed_over(self._log))
        )
        self.flow()
        self.connection = Connection.NONE

    def orphan(self, *, last_gasp: bool) -> None:
        """The bridge is gone: its worker ends, at most with the one call that it has begun."""
        if last_gasp and self.commands and self.commands[0][0] == "submit":
            self._work_on_order(self.commands.popleft()[1], Fate.LATE)
        self._forget_commands()
        self.said.clear()
        self.words.clear()
        self.connection = Connection.NONE

    def work(self, fate: Fate) -> bool:
        """The worker takes up its next request; False if it has none."""
        if not self.commands:
            return False
        verb, what = self.commands.popleft()
        match verb:
            case "submit":
                self._work_on_order(what, fate)
            case "cancel":
                assert isinstance(what, Order)
                self._work_on_cancel(what, fate)
            case "query":
                assert isinstance(what, Lists)
                self._parts = in_parts(self._snapshots(fate, what))
                self.said.append(next(self._parts))
            case "more":
                self.said.append(next(self._parts))
            case "balances":
                books = self._snapshots(fate, Lists.NONE)
                self.said.append(base.Balances(books.generation, books.accounts))
            case _:
                self.said.append(base.GroupHanded(self.generation))
        return True

    def _forget_commands(self) -> None:
        for verb, what in self.commands:
            if verb == "submit":
                assert isinstance(what, Order)
                self.truth[what.terms.tag] = Truth.NEVER_LEFT
        self.commands.clear()

    def _work_on_order(self, order: object, fate: Fate) -> None:
        assert isinstance(order, Order)
        tag = order.terms.tag
        self._logs[self._log].add(tag)
        self.called.add(tag)
        self.truth[tag] = Truth.ON_ITS_WAY
        match fate:
            case Fate.LOST:
                self.truth[tag] = Truth.LOST
            case Fate.REFUSE:
                self.truth[tag] = Truth.REFUSED
                self._answer({"kind": "order_answer", "tag": tag, "broker_order_id": "", "text": ""})
                self._answer({"kind": "order_refused", "tag": tag, "text": "the terminal refuses"})
            case Fate.LATE:
                self.on_their_way.append(order)
            case _:
                self.on_their_way.append(order)
                self.receive(order, reject=fate is Fate.REJECT)

    def _work_on_cancel(self, order: Order, fate: Fate) -> None:
        tag = order.terms.tag
        found = [each for each in self.books if each.broker_order_id == order.broker_order_id]
        if fate in (Fate.LOST, Fate.LATE):
            return
        if not found or not found[0].is_working or fate in (Fate.REJECT, Fate.REFUSE):
            self._answer({"kind": "cancel_answer", "tag": tag, "taken": False, "text": "it cannot be canceled"})
            return
        assert found[0].tag == tag, "a cancel of somebody else's order"
        self._answer({"kind": "cancel_answer", "tag": tag, "taken": True, "text": ""})
        self._become(found[0], EventKind.REPORT_PENDING_CANCEL)

    # ---- the counter

    def receive(self, order: Order, *, reject: bool = False) -> None:
        """A request on its way arrives."""
        terms = order.terms
        assert terms.limit_price is not None
        self.on_their_way.remove(order)
        self._witness.received(order)
        self.truth[terms.tag] = Truth.RECEIVED
        book = self._enter(terms.tag, terms.symbol, terms.side, terms.quantity, terms.limit_price)
        book.account = terms.account
        number = book.broker_order_id
        self._answer({"kind": "order_answer", "tag": terms.tag, "broker_order_id": number, "text": ""})
        self._become(book, EventKind.REPORT_REJECTED if reject else EventKind.REPORT_WORKING)

    def lose(self, order: Order) -> None:
        self.on_their_way.remove(order)
        self.truth[order.terms.tag] = Truth.LOST

    def fill(self, book: BookOrder, quantity: int) -> None:
        wire = book.filled(f"T{next(self._numbers)}", quantity)
        book.fills.append(wire)
        self._answer(wire)
        if book.filled_qty == book.quantity:
            self._become(book, EventKind.REPORT_FILLED)
        elif book.status is EventKind.REPORT_WORKING:
            self._become(book, EventKind.REPORT_PARTIALLY_FILLED)
        else:
            self._become(book, book.status)

    def end(self, book: BookOrder) -> None:
        """Canceled, on our wish or not."""
        self._become(book, EventKind.REPORT_CANCELED)

    def end_pending_cancels(self) -> None:
        for book in self.books:
            if book.status is EventKind.REPORT_PENDING_CANCEL:
                self.end(book)

    def trade_for_somebody_else(self) -> None:
        book = self._enter("", "600000.SH", Side.BUY, 7, Decimal(10))
        self._become(book, EventKind.REPORT_WORKING)

    def begin_day(self) -> None:
        """What yesterday left ends with its day; its orders and trades are not listed any more."""
        self.past += self.books
        self.books = []
        self._numbers = count(1)
        for order in list(self.on_their_way):
            self.lose(order)

    def lag(self, is_lagging: bool) -> None:
        """Whether questions are answered with the books as they were."""
        self.is_lagging = is_lagging
        for book in self.books:
            self._list(book)

    def _enter(self, tag: str, symbol: str, side: Side, quantity: int, price: Decimal) -> BookOrder:
        now = self._clock()
        number = str(next(self._numbers))
        book = BookOrder(tag, symbol, side, quantity, price, number, now.date(), now)
        self.books.append(book)
        return book

    def _become(self, book: BookOrder, status: EventKind) -> None:
        book.status = status
        self._list(book)
        self._answer(book.wire())

    def _list(self, book: BookOrder) -> None:
        if not self.is_lagging:
            book.listed = (book.wire(), tuple(book.fills))

    def _snapshots(self, fate: Fate, lists: Lists) -> base.Snapshots:
        listed = [book for book in self.books if book.listed is not None and _is_in(lists, book.listed[0])]
        if fate in (Fate.EMPTY, Fate.REFUSE, Fate.LOST):
            listed = []
        views = [book.listed for book in listed if book.listed is not None]
        asset = base.Asset(ACCOUNT, *(Decimal(10**9),) * 4)
        snapshot = base.Snapshot(
            account=ACCOUNT,
            complete=fate not in (Fate.INCOMPLETE, Fate.LATE, Fate.REJECT),
            lists=lists,
            orders=tuple((order_report(wire), wire) for wire, _ in views),
            fills=tuple((fill_report(wire), wire) for _, fills in views for wire in fills if lists is Lists.ALL),
            positions=self.positions,
            asset=asset,
        )
        return base.Snapshots(self.generation, (snapshot,))

    # ---- what arrives at the bridge

    def _answer(self, wire: Raw) -> None:
        """Pushes and answers go to whoever is connected."""
        message = message_of(wire, self.generation)
        if self.connection is Connection.UP and message is not None:
            self.words.append(message)

    def _tell(self, messages: Sequence[base.Message]) -> None:
        if messages:
            self._messages.put(list(messages))

    def flow(self) -> None:
        """The bridge can read what its worker said."""
        self._tell(self.said)
        self.said.clear()

    def hear(self, index: int, *, keep: bool = False) -> None:
        """One answer or push arrives; kept, it will come again."""
        self._tell([self.words[index] if keep else self.words.pop(index)])

    def hear_all(self) -> None:
        self._tell(self.words)
        self.words.clear()

    # ---- hand-over logs, as the next bridge finds them

    def handed_over(self, log: str) -> frozenset[str] | None:
        return frozenset(self._logs[log]) if log in self._logs else None

    def forget_handed(self) -> None:
        self._logs.clear()

    def lose_logs(self) -> None:
        """The machine lost its power: the logs are there, but what was in them was never flushed."""
        self._logs = {log: set() for log in self._logs}


def _is_in(lists: Lists, wire: Raw) -> bool:
    return lists is Lists.ALL or (lists is Lists.WORKING and EventKind(wire["report"]) not in _ENDED)


def in_parts(answer: base.Snapshots) -> Iterator[base.Snapshots]:
    """The answer as a worker gives it, which tells a few rows at a time, one account after the other."""
    for whole in answer.accounts:
        is_first, is_last = whole is answer.accounts[0], whole is answer.accounts[-1]
        for part in _parts_of(base.Snapshots(answer.generation, (whole,))):
            yield part._replace(is_first=part.is_first and is_first, is_last=part.is_last and is_last)


def _parts_of(answer: base.Snapshots) -> Iterator[base.Snapshots]:
    (whole,) = answer.accounts
    rows_before = 0
    while len(whole.orders) + len(whole.fills) > PART_ROWS:
        part = whole._replace(complete=False, positions=(), asset=None, is_end=False, rows_before=rows_before)
        if len(whole.orders) > PART_ROWS:
            part = part._replace(orders=whole.orders[:PART_ROWS], fills=())
        else:
            part = part._replace(fills=whole.fills[: PART_ROWS - len(whole.orders)])
        yield base.Snapshots(answer.generation, (part,), is_first=rows_before == 0, is_last=False)
        rows_before += len(part.orders) + len(part.fills)
        whole = whole._replace(orders=whole.orders[len(part.orders) :], fills=whole.fills[len(part.fills) :])
    yield base.Snapshots(answer.generation, (whole._replace(rows_before=rows_before),), is_first=rows_before == 0)
