"""The orders that something can still change, as the bridge holds them in memory, over what the ledger holds for all.

Every change goes through here into the current turn, so memory and ledger cannot part: what the turn does not commit,
the process does not survive.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice

from filebridge.bridge.lanes import Lanes, Place
from filebridge.bridge.underway import UnderWay
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.lifecycle import apply
from filebridge.domain.orders import FINAL, LOCAL, Order, Side, Status
from filebridge.domain.tally import Tally
from filebridge.ledger.codec import Body
from filebridge.ledger.store import Ledger, Turn
from filebridge.ledger.views import LedgerReader

_SENDABLE = (Status.RECEIVED, Status.APPROVED)
_MOVING = (Status.SUBMITTING, Status.PENDING_CANCEL)
_KNOWN_TO_BROKER = (Status.ACCEPTED, Status.PARTIALLY_FILLED)

# Trade date and account: within one a client_order_id is a key.
Group = tuple[date, str]
# Late and repeated pushes are about orders that ended a moment ago; so many of those are kept at hand.
_RECENT_MAX = 2000


class OrderBook:
    """Open orders by tag and by status. `ready` holds them in the order in which they are to be sent; `cancels` those
    whose cancel is to be handed over, with the trade date on which the ledger recorded that, None if it is to record
    it once more. `tally` counts what left. A file with more rows than `rows_at_once` is a very large one."""

    def __init__(self, ledger: Ledger, reader: LedgerReader, *, rows_at_once: int) -> None:
        self._ledger = ledger
        self._reader = reader
        self._open: dict[str, Order] = {}
        self._recent: dict[str, Order] = {}
        # The tags of this turn's new orders; and what the ledger held of ids that were looked up, when the turn began.
        self._new: defaultdict[Group, dict[str, list[str]]] = defaultdict(dict)
        self._stored: defaultdict[Group, dict[str, tuple[Order, ...]]] = defaultdict(dict)
        self._marked: dict[tuple[date, str], set[str]] = {}
        self._turn: Turn | None = None
        self.by_status: dict[Status, dict[str, None]] = {status: {} for status in Status}
        self.ready = Lanes(reader.large_intakes(rows_at_once))
        self.under_way = UnderWay()
        self.cancels: dict[str, date | None] = {}
        # Nothing is counted until somebody judges.
        self.tally = Tally(date.min)
        # The order that takes the place of another, by the tag of that.
        self._successors: dict[str, str] = {}
        for order in reader.open_orders():
            self._put(order)
            if order.status is Status.PENDING_CANCEL:
                self.cancels[order.terms.tag] = None
        for order in list(self._open.values()):
            for old in self.replaced_by(order):
                if old.terms.replaces:
                    self._follow_up(old)

    @property
    def turn(self) -> Turn:
        assert self._turn is not None, "nothing changes outside a turn"
        return self._turn

    @contextmanager
    def open_turn(self, at: datetime, trade_date: date) -> Iterator[Turn]:
        """One turn of the bridge; on leaving, all of it is committed and flushed, or the exception ends the bridge."""
        with self._ledger.turn(at, trade_date) as turn:
            self._turn = turn
            yield turn
            self._turn = None
        self._new.clear()
        self._stored.clear()
        self._marked.clear()
        for tag, order in turn.orders.items():
            if order.is_settled:
                self._open.pop(tag, None)
                self.by_status[order.status].pop(tag, None)
                self._recent[tag] = order
        self._forget_oldest()

    # ---- finding

    def get(self, tag: str) -> Order | None:
        return self._open.get(tag) or self._recent.get(tag) or self._reader.order(tag)

    def fetch(self, tags: Iterable[str]) -> None:
        """Have these orders at hand, by one question to the ledger: of a day's list most ended long ago."""
        self._forget_oldest()
        missing = [tag for tag in tags if tag not in self._open and tag not in self._recent]
        self._recent |= {order.terms.tag: order for order in self._reader.orders_tagged(missing)}

    def _forget_oldest(self) -> None:
        for tag in list(islice(self._recent, max(len(self._recent) - _RECENT_MAX, 0))):
            del self._recent[tag]

    def get_open(self, tag: str) -> Order | None:
        return self._open.get(tag)

    def replaced_by(self, order: Order) -> Iterator[Order]:
        """What an order stands in for, newest first."""
        while order.terms.replaces:
            found = self.get(order.terms.replaces)
            assert found is not None, "what an order replaces was there before it"
            order = found
            yield order

    def successor(self, tag: str) -> Order | None:
        """The order that waits to take the place of this one, if any does; it may have replaced another that waited for
        that before it."""
        while tag := self._successors.get(tag, ""):
            found = self._open.get(tag)
            if found is not None and found.status in LOCAL:
                return found
        return None

    def heir(self, tag: str) -> Order | None:
        """The order that stands in the place of this one now, over any number of replacements, and has not ended."""
        found = None
        while tag := self._successors.get(tag, ""):
            order = self._open.get(tag)
            if order is not None and order.status not in FINAL:
                found = order
        return found

    @property
    def is_moving(self) -> bool:
        """Whether an order is on its way, or will be by itself: not one that waits for the end of a doubt."""
        if any(self.by_status[status] for status in _MOVING):
            return True
        waiting = (self._open[tag] for status in _SENDABLE for tag in self.by_status[status])
        return any(all(old.status is not Status.UNKNOWN for old in self.replaced_by(order)) for order in waiting)

    def open_orders(self) -> list[Order]:
        return list(self._open.values())

    def in_status(self, *statuses: Status) -> list[Order]:
        return [self._open[tag] for status in statuses for tag in self.by_status[status]]

    def look_up(self, *, trade_date: date, account: str, ids: Iterable[str]) -> None:
        """Have what the ledger knows of these client_order_ids at hand for this turn, by one question."""
        stored = self._stored[(trade_date, account)]
        missing = [name for name in ids if name not in stored]
        if not missing:
            return
        stored |= dict.fromkeys(missing, ())
        for order in self._reader.orders_with_keys(trade_date=trade_date, account=account, ids=missing):
            stored[order.terms.client_order_id] += (order,)

    def with_keys(self, *, trade_date: date, account: str, ids: Iterable[str]) -> defaultdict[str, list[Order]]:
        """What is known of these client_order_ids, oldest first; this turn's orders included."""
        wanted = list(ids)
        self.look_up(trade_date=trade_date, account=account, ids=wanted)
        stored, new = self._stored[(trade_date, account)], self._new[(trade_date, account)]
        found: defaultdict[str, list[Order]] = defaultdict(list)
        for name in wanted:
            if stored[name] or name in new:
                found[name] = [self._open.get(order.terms.tag, order) for order in stored[name]]
                found[name] += [self._open[tag] for tag in new.get(name, ())]
        return found

    def canceled_before(self, *, trade_date: date, account: str) -> set[str]:
        """The ids that a cancel named on that day before any such order was known; this turn's included."""
        if (trade_date, account) not in self._marked:
            self._marked[(trade_date, account)] = self._reader.canceled_before(trade_date=trade_date, account=account)
        return self._marked[(trade_date, account)]

    def mark_canceled(self, *, trade_date: date, account: str, client_order_id: str) -> None:
        self.canceled_before(trade_date=trade_date, account=account).add(client_order_id)
        self.turn.mark_canceled(trade_date=trade_date, account=account, client_order_id=client_order_id)

    def basket_orders(self, *, trade_date: date, account: str, basket: str, symbols: Iterable[str]) -> list[Order]:
        """The basket's orders with derived ids, oldest first; this turn's orders included."""
        wanted = set(symbols)
        stored = self._reader.basket_orders(trade_date=trade_date, account=account, basket=basket, symbols=wanted)
        fresh = [self._open[tag] for tags in self._new[(trade_date, account)].values() for tag in tags]
        return [self._open.get(order.terms.tag, order) for order in stored] + [
            order
            for order in fresh
            if order.terms.basket == basket and order.terms.id_derived and order.terms.symbol in wanted
        ]

    def subscribed(self, *, trade_date: date, account: str) -> list[Order]:
        """The account's subscriptions to new issues on that day, oldest first; this turn's included."""
        stored = self._reader.orders_of_side(trade_date=trade_date, account=account, side=Side.SUBSCRIBE)
        fresh = [self._open[tag] for tags in self._new.values() for tag in tags]
        wanted = (trade_date, account, Side.SUBSCRIBE)
        return [self._open.get(order.terms.tag, order) for order in stored] + [
            order for order in fresh if (order.terms.trade_date, order.terms.account, order.terms.side) == wanted
        ]

    def open_questions(self) -> list[Body]:
        """What files asked and nobody has answered yet; this turn's included."""
        answered = {(query["intake_no"], query["row"]) for query in self.turn.queries if query["answered_at"]}
        asked = [*self._reader.open_queries(), *self.turn.queries]
        return [query for query in asked if (query["intake_no"], query["row"]) not in answered]

    def questions_of(self, trade_date: date) -> list[Body]:
        """What files of earlier turns asked for that day, answered or not."""
        return self._reader.query_rows(trade_date)

    def open_with_id(self, *, account: str, client_order_id: str) -> list[Order]:
        wanted = (account, client_order_id)
        return [o for o in self._open.values() if (o.terms.account, o.terms.client_order_id) == wanted]

    def with_broker_ids(
        self, *, account: str, trade_date: date, broker_order_id: str, counter_order_id: str
    ) -> list[Order]:
        """The orders of that day and account with one of these numbers; empty ones are no numbers."""
        found = {
            order.terms.tag: order
            for order in self._reader.orders_with_broker_ids(
                account=account,
                trade_date=trade_date,
                broker_order_id=broker_order_id,
                counter_order_id=counter_order_id,
            )
        }
        for order in self.turn.orders.values():
            numbered = (broker_order_id and order.broker_order_id == broker_order_id) or (
                counter_order_id and order.counter_order_id == counter_order_id
            )
            if numbered and (order.terms.account, order.terms.trade_date) == (account, trade_date):
                found[order.terms.tag] = order
        return [self._open.get(tag, order) for tag, order in found.items()]

    def named(self, name: str) -> list[Order]:
        """Orders that a person may mean by `name`: a tag, a client_order_id, a number at the broker."""
        return [self._open.get(order.terms.tag, order) for order in self._reader.orders_named(name)]

    def file_names(self, intake_numbers: Iterable[int]) -> dict[int, str]:
        """The names of these files, this turn's included."""
        wanted, here = set(intake_numbers), self.turn.files
        found = {number: here[number]["name"] for number in wanted & here.keys()}
        stored = wanted - here.keys()
        return found | self._reader.file_names(stored) if stored else found

    def intakes_named(self, name: str) -> set[int]:
        """The numbers of earlier files of that name, this turn's included."""
        found = set(self._reader.intakes_named(name))
        return found | {number for number, file in self.turn.files.items() if file["name"] == name}

    # ---- changing

    def answer(self, body: Body, order: Order | None, *, intake_no: int) -> Body:
        """Record the answer to a row, and the order that it made, if it made one; what it made RECEIVED our rules were
        asked about."""
        self.turn.answer_row(body, intake_no=intake_no, order=order)
        if order is None:
            return body
        terms = order.terms
        self._new[(terms.trade_date, terms.account)].setdefault(terms.client_order_id, []).append(terms.tag)
        # Of what replaces another the quantity is not known yet.
        self._put(order, is_fit=not terms.replaces)
        return body

    def happen(self, order: Order, event: OrderEvent, *, after: Order | None = None, raw: Body | None = None) -> Order:
        """Apply and record an event; a wish to cancel that waited for the order's number goes out with it.

        `after` is the order after the event, where that is known already.
        """
        after = after or apply(order, event)
        if after is order:
            return order
        self.turn.happen(order, event, after, raw=raw)
        self._put(after)
        self.tally.put(after, order)
        if after.is_settled:
            self._wake_successor(after.terms.tag)
        if event.kind is EventKind.CANCEL and after.status is Status.PENDING_CANCEL:
            self.cancels[after.terms.tag] = self.turn.trade_date
            self.tally.canceled(after.terms.account)
        if after.cancel_requested and after.status in _KNOWN_TO_BROKER and after.broker_order_id:
            return self.happen(after, OrderEvent(kind=EventKind.CANCEL, at=event.at))
        return after

    def _wake_successor(self, tag: str) -> None:
        """An order is settled: what waits for that is looked at in this turn. It may be the successor of a successor
        that was canceled before it could leave."""
        while tag := self._successors.get(tag, ""):
            order = self._open.get(tag)
            if order is not None and order.status in _SENDABLE:
                self.ready.append(Place(tag, order.terms.account, order.terms.intake_no))

    def _follow_up(self, order: Order) -> None:
        """Note what an order takes the place of."""
        # One that was denied takes no place, and what has left or ended may not hide the one that waits.
        replaces, waits = order.terms.replaces, order.status in LOCAL
        if order.status is not Status.DENIED and (waits or replaces not in self._successors):
            self._successors[replaces] = order.terms.tag

    def _put(self, order: Order, *, is_fit: bool = False) -> None:
        terms, status = order.terms, order.status
        tag = terms.tag
        if terms.replaces:
            self._follow_up(order)
        before = self._open.get(tag)
        self._recent.pop(tag, None)
        self._open[tag] = order
        if before is not None and before.status is status:
            return
        if before is not None:
            self.by_status[before.status].pop(tag, None)
        self.by_status[status][tag] = None
        if status in _SENDABLE:
            self.ready.append(Place(tag, terms.account, terms.intake_no, is_fit))
