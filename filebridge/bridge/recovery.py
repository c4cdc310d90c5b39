"""Coming to agree with the broker: after a start, a reconnect, and from time to time. There is one way, this one.

An order in doubt ends here by what the broker lists. That the broker does not list it is evidence for a person, never
proof.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from filebridge.bridge.book import OrderBook
from filebridge.bridge.hearing import Listener
from filebridge.bridge.judging import Judge
from filebridge.bridge.listing import Listing, SeenRows
from filebridge.bridge.pace import Pace
from filebridge.bridge.sending import Sender
from filebridge.domain import risk
from filebridge.domain.counters import Balance, balance_of
from filebridge.domain.events import EventKind, FillReport, OrderEvent, OrderReport
from filebridge.domain.orders import LOCAL, Order, Status, price_text
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import TAG_LENGTH, Lists, could_be, pair_untagged
from filebridge.domain.sides import TRANSFERS
from filebridge.errors import GatewayNotReady
from filebridge.gateways.base import Balances, Gateway, Raw, Snapshot, Snapshots
from filebridge.ledger import codec

_SOON, _PAUSE = timedelta(seconds=1), timedelta(seconds=0.3)
# So many orders are fetched from the ledger at a time.
_PART = 1000
_Report = TypeVar("_Report", OrderReport, FillReport)
_AT_BROKER = tuple(status for status in Status if status not in LOCAL)
_WORKING = (Status.ACCEPTED, Status.PARTIALLY_FILLED, Status.PENDING_CANCEL)


class Reconciler:
    """Knows whose books agree on this connection, and when to ask again."""

    def __init__(
        self,
        book: OrderBook,
        listener: Listener,
        sender: Sender,
        judge: Judge,
        gateway: Gateway,
        rules: risk.Rules,
        *,
        quiet_seconds: float,
        reconcile_seconds: float,
    ) -> None:
        self._book = book
        self._listener = listener
        self._sender = sender
        self._judge = judge
        self._gateway = gateway
        self._rules = rules
        self._quiet = timedelta(seconds=quiet_seconds)
        self._period = timedelta(seconds=reconcile_seconds)
        self._asked = False
        # The lists that are coming, by account; None: no answer is on its way.
        self._listings: dict[str, Listing] | None = None
        self._is_void = False
        self._more_wanted = False
        # When positions and assets alone were asked for, beside lists that are on their way.
        self._balances_at: datetime | None = None
        self._asked_at: datetime | None = None
        # By this moment the lists of the day are asked for as well: a push may have been lost.
        self._lists_by: datetime | None = None
        self._pace = Pace(self._period)
        # Since something changed, the broker's books have not been read again.
        self.is_owed_an_answer = False
        self._again = False
        self._untold_asks = 0
        self._ask_at: datetime | None = None
        self._books: dict[str, Any] = {}
        # When an account's orders were last listed completely.
        self._listed_at: dict[str, datetime] = {}
        self._seen = SeenRows()
        self._doubt_asks = 0
        # tag -> (first complete answer that did not list it, how many such answers)
        self._absent: dict[str, tuple[datetime, int]] = {}
        # tag -> the numbers of the orders without our tag that may be it, as a person was told
        self._fitting: dict[str, str] = {}
        self.agreed: set[str] = set()

    def connected(self, now: datetime) -> None:
        """All is to be asked anew. What is on its way (the clock leapt) comes to its end first, and counts for nothing:
        a second question would get the rest of the first one's answer."""
        self.is_owed_an_answer, self._is_void = True, self._asked
        self._ask_at, self._lists_by = now, now
        self._pace.begin()
        self._seen.clear()

    def disconnected(self) -> None:
        self._asked, self._is_void, self._ask_at = False, False, None
        self._listings, self._more_wanted, self._balances_at = None, False, None
        self.agreed.clear()

    def ask_soon(self, now: datetime, delay: timedelta = _SOON) -> None:
        """Ask for all books, the day's lists as well, within `delay`."""
        self._lists_by = min(self._lists_by or now + delay, now + delay)
        self._ask_by(now + delay)

    def _ask_by(self, moment: datetime) -> None:
        # What is being answered now may have been read before this change.
        self._again |= self._asked
        if self._ask_at is not None:
            self._ask_at = min(self._ask_at, moment)

    def ask_if_due(self, now: datetime) -> None:
        """After the commit: ask for the broker's books if it is time."""
        if self._listener.books_are_old:
            self._listener.books_are_old = False
            self.is_owed_an_answer = True
            self._ask_by(now + _SOON)
        if self._book.by_status[Status.UNKNOWN] and not self._asked:
            # Soon, then less and less often: a person may take hours. What is on its way is no reason to ask for more.
            self.ask_soon(now, min(max(self._quiet, _SOON) * 1.5 ** min(self._doubt_asks, 20), self._period))
        if self._listener.saw_stranger:
            self._listener.saw_stranger = False
            self.ask_soon(now)
        if self._more_wanted:
            self._more_wanted = False
            # Without a worker there is no more: another one is asked anew.
            with suppress(GatewayNotReady):
                self._gateway.more()
        if self._judge.wants_balance and not self._asked and self._ask_at is not None:
            # Orders wait for it. An answer that did not help them is no reason to ask without a pause.
            self._ask_by(max(now, (self._asked_at or now - _PAUSE) + _PAUSE))
        if self._judge.wants_balance and self._asked and self._balances_at is None:
            # A long list comes over many seconds, and its balance at its end only.
            self._judge.wants_balance = False
            with suppress(GatewayNotReady):
                self._gateway.balances()
                self._balances_at = now
        if self._asked or self._ask_at is None or now < self._ask_at:
            return
        hurried, self._judge.wants_balance = self._judge.wants_balance, False
        try:
            lists = Lists.NONE if hurried else self._lists_due(now)
            if self._lists_by is not None and now >= self._lists_by:
                lists = Lists.ALL
            self._gateway.query(lists, expected=self._book.tally.orders_today)
            self._asked, self._asked_at = True, now
            self._pace.asked(lists, now)
            if lists is Lists.ALL:
                self._lists_by = None
        except GatewayNotReady:
            self._ask_at = None

    def _lists_due(self, now: datetime) -> Lists:
        # What waits here to be sent, in a long line perhaps, is in no list of the broker's.
        silent = (o for o in self._book.in_status(*_AT_BROKER) if now - o.updated_at >= self._period)
        # Also when none of a large file's next part is ready yet: what was sent before is still to be answered.
        hurried = self._sender.is_hurried or not self._sender.is_idle
        return self._pace.due(now, silent, hurried=hurried)

    def hear(self, answer: Snapshots, now: datetime) -> bool:
        """Within a turn: bring the ledger to what the broker's books say, or this part of them. Returns whether the
        answer is at its end."""
        if answer.is_first:
            self._listings = {}
        if self._listings is None:
            # A dead worker's.
            return False
        if not answer.is_last:
            self._more_wanted = True
            for snapshot in () if self._is_void else answer.accounts:
                self._hear_part(snapshot, self._listings, now)
            return False
        listings, self._listings = self._listings, None
        self._asked = False
        self._pace.answered(now)
        if self._is_void:
            self._is_void, self._ask_at = False, now
            return False
        self.is_owed_an_answer, self._again = self._again, False
        self._doubt_asks = self._doubt_asks + 1 if self._book.by_status[Status.UNKNOWN] else 0
        self._ask_at = now + (_SOON if self.is_owed_an_answer else self._period)
        for snapshot in answer.accounts:
            self._hear_part(snapshot, listings, now)
        if self._pace.wants_all(now):
            self._ask_by(now + _SOON)
        self._listener.books_are_old = False
        # What ended a moment ago may have its fills on the way; they are heard later while orders wait to be sent.
        on_the_way = self._period if self._sender.is_hurried else _SOON
        untold = any(order.is_final and now - order.updated_at > on_the_way for order in self._book.open_orders())
        # The broker counts fills that it has not told yet; asked again soon, then less and less often.
        self._untold_asks = self._untold_asks + 1 if untold else 0
        if untold:
            self.ask_soon(now, max(_SOON * 2 ** min(self._untold_asks, 10), self._pace.rest))
        return True

    def hear_balances(self, answer: Balances) -> None:
        """Positions and assets alone: they say nothing of any order."""
        asked_at, self._balances_at = self._balances_at, None
        for snapshot in answer.accounts:
            if asked_at is not None and snapshot.complete:
                self._record_books(snapshot)
                self._book.tally.tell(snapshot.account, _balance(snapshot, asked_at))

    @property
    def is_reading(self) -> bool:
        """Whether the worker is busy with a list of the day, perhaps for many seconds: what is handed to it now would
        be late when its turn comes."""
        return self._asked and self._listings is None and self._pace.lists is Lists.ALL

    def _hear_part(self, snapshot: Snapshot, listings: dict[str, Listing], now: datetime) -> None:
        """One part of one account's list. Each row is a fact of its own; what is not there counts only at the end of a
        list of which no part is missing."""
        listing = listings.get(snapshot.account)
        if listing is None:
            listing = listings[snapshot.account] = Listing(in_doubt=frozenset(self._book.by_status[Status.UNKNOWN]))
        is_whole = listing.rows == snapshot.rows_before
        listing.rows += len(snapshot.orders) + len(snapshot.fills)
        self._hear_orders(snapshot, listing, now)
        for fill, raw in self._news(snapshot.fills):
            self._listener.fill(fill, raw, now, in_snapshot=True)
        if not snapshot.is_end:
            return
        if snapshot.lists is Lists.ALL:
            self._match_untagged(listing, now)
        if not (snapshot.complete and is_whole):
            self.agreed.discard(snapshot.account)
            self.ask_soon(now)
            return
        self._record_books(snapshot)
        self._book.tally.tell(snapshot.account, _balance(snapshot, self._asked_at or now))
        if snapshot.lists is Lists.WORKING:
            ours = (o for o in self._book.in_status(*_WORKING) if o.terms.account == snapshot.account)
            self._pace.is_missing |= any(self._is_missing(order, listing, now) for order in ours)
        if snapshot.lists is Lists.ALL:
            self._not_listed(snapshot.account, listing, now)
            if snapshot.account not in self.agreed:
                self.agreed.add(snapshot.account)
                self._sender.look_again()

    def _hear_orders(self, snapshot: Snapshot, listing: Listing, now: datetime) -> None:
        """Tell every order's report that is new, and note which of ours the broker lists."""
        listing.listed.update(report.tag for report, _ in snapshot.orders if self._book.get_open(report.tag))
        in_doubt = self._in_doubt(listing)
        for report, raw in self._news(snapshot.orders):
            order = self._listener.order(report, raw, now, in_snapshot=True)
            if order is None:
                if any(could_be(report, doubtful) for doubtful in in_doubt):
                    listing.strangers.append((report, raw))
                continue
            listing.listed.add(order.terms.tag)
            if report.tag == order.terms.tag:
                self._sender.listed(order, now)
            if report.kind is not EventKind.REPORT_PENDING_CANCEL:
                self._sender.cancel_again(order, now)

    def _match_untagged(self, listing: Listing, now: datetime) -> None:
        """Orders in doubt that the broker may list without our tag: its absence is then no evidence."""
        # Heard once more: since its part came, an order's answer may have told that this number is its own.
        rows = [row for row in listing.strangers if self._listener.order(*row, now, in_snapshot=True) is None]
        raws = {id(report): raw for report, raw in rows}
        strangers = [report for report, _ in rows]
        in_doubt = self._in_doubt(listing)
        for report, order in pair_untagged(strangers, in_doubt):
            self._listener.same_by_terms(order, report, raws[id(report)], now)
            listing.listed.add(order.terms.tag)
        for order in in_doubt:
            if order.terms.tag not in listing.listed and self._may_be_listed(order, strangers):
                listing.listed.add(order.terms.tag)

    def _in_doubt(self, listing: Listing) -> list[Order]:
        """The orders that have been in doubt since the list began."""
        doubtful = self._book.in_status(Status.UNKNOWN)
        return [o for o in doubtful if o.terms.tag in listing.in_doubt and o.terms.mode == self._rules.mode]

    def _may_be_listed(self, order: Order, untagged: list[OrderReport]) -> bool:
        """Whether the broker lists orders without our tag that may be this one: its absence is then no evidence."""
        fitting = [report for report in untagged if could_be(report, order)]
        numbers = ", ".join(report.counter_order_id or report.broker_order_id for report in fitting)
        if fitting and self._fitting.get(order.terms.tag) != numbers:
            self._fitting[order.terms.tag] = numbers
            text_zh = f"券商列有不带标记的委托，可能是其中之一：{numbers}"
            body = {"text": f"listed without our tag, and it may be any of these: {numbers}", "text_zh": text_zh}
            self._book.turn.append("EVIDENCE", body, tag=order.terms.tag)
        return bool(fitting)

    def _news(self, rows: Sequence[tuple[_Report, Raw]]) -> Iterator[tuple[_Report, Raw]]:
        """The rows of a list that were not so before, and all of open orders; their orders are at hand.

        On a busy day nearly all rows are about orders that ended long ago.
        """
        news = [(report, raw) for report, raw in rows if self._is_news(raw)]
        for start in range(0, len(news), _PART):
            part = news[start : start + _PART]
            self._book.fetch(report.tag for report, _ in part if len(report.tag) == TAG_LENGTH)
            yield from part

    def _is_news(self, raw: Raw) -> bool:
        seen = hash(tuple(raw.values()))
        if seen in self._seen and len(raw["tag"]) == TAG_LENGTH and self._book.get_open(raw["tag"]) is None:
            return False
        self._seen.add(seen)
        return True

    def _is_missing(self, order: Order, listing: Listing, now: datetime) -> bool:
        """Whether the list of working orders shows that a push about this one was lost."""
        if self._asked_at is None or order.updated_at >= self._asked_at:
            return False
        fills_are_late = order.filled_qty < order.reported_qty and now - order.updated_at >= self._period
        return fills_are_late or order.terms.tag not in listing.listed

    def _not_listed(self, account: str, listing: Listing, now: datetime) -> None:
        moment = risk.moment_of(now, self._rules)
        for order in self._book.open_orders():
            terms = order.terms
            if terms.account != account:
                continue
            if terms.tag in listing.listed:
                self._absent.pop(terms.tag, None)
            elif self._asked_at and order.submitted_at and order.submitted_at > self._asked_at:
                # Sent since the list was asked for, which therefore says nothing of it.
                continue
            elif terms.side in TRANSFERS:
                # It is in none of these lists.
                continue
            elif order.status is Status.UNKNOWN:
                # Of a doubt that is younger than the list, its rows without a tag were not compared.
                if terms.tag in listing.in_doubt:
                    self._evidence(order, now)
            elif order.status in _WORKING and risk.has_closed(terms, moment, self._rules):
                seen_to_the_end = self._listed_at.get(account, terms.received_at) >= risk.closes_at(terms, self._rules)
                reason = Reason("DAY_OVER" if seen_to_the_end else "DAY_OVER_UNSEEN")
                event = OrderEvent(kind=EventKind.DAY_OVER, at=now, reason=reason, alarm=not seen_to_the_end)
                self._book.happen(order, event)
            elif order.status in _WORKING:
                self._evidence(order, now)
        # As of the question: the parts of a long list come over some time.
        self._listed_at[account] = self._asked_at or now

    def _evidence(self, order: Order, now: datetime) -> None:
        """Count complete answers without the order; the second one after the quiet time is shown to a person."""
        tag = order.terms.tag
        first, count = self._absent.get(tag, (now, 0))
        if count == 0 or (count == 1 and now - first >= self._quiet):
            count += 1
            if count == 2:
                body = {
                    "text": "not listed by two complete answers",
                    "text_zh": "两次完整查询均未列出",
                    "first": first.isoformat(),
                    "second": now.isoformat(),
                }
                self._book.turn.append("EVIDENCE", body, tag=tag)
                if order.status is not Status.UNKNOWN:
                    # Of a doubt everybody is told already; this order was believed to work.
                    alarm = Reason("WORKING_NOT_LISTED", {"tag": tag, "client_order_id": order.terms.client_order_id})
                    self._book.turn.append("ALARM", codec.reason_body(alarm), tag=tag)
        self._absent[tag] = (first, count)

    def _record_books(self, snapshot: Snapshot) -> None:
        asset = snapshot.asset
        assert asset is not None
        books = {
            "account": snapshot.account,
            "positions": [
                {
                    "symbol": position.symbol,
                    "name": position.name,
                    "quantity": position.quantity,
                    "available_qty": position.available_qty,
                    "avg_cost": price_text(position.avg_cost),
                    "last_price": price_text(position.last_price),
                    "market_value": price_text(position.market_value),
                    "direction": position.direction,
                }
                for position in snapshot.positions
            ],
            "asset": {
                "cash": price_text(asset.cash),
                "frozen_cash": price_text(asset.frozen_cash),
                "market_value": price_text(asset.market_value),
                "total_asset": price_text(asset.total_asset),
            },
            "info": dict(snapshot.info),
        }
        if self._books.get(snapshot.account) != books:
            self._books[snapshot.account] = books
            self._book.turn.append("BOOKS", books)


def _balance(snapshot: Snapshot, asked_at: datetime) -> Balance:
    asset = snapshot.asset
    assert asset is not None
    held = ((row.symbol, row.quantity, row.available_qty) for row in snapshot.positions)
    return balance_of(asked_at, asset.cash, asset.total_asset, held)
