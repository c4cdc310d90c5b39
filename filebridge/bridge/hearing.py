"""Home from the broker: each message becomes raw evidence in the ledger and, where it is news, an event of one order.

Pushes, answers and snapshots overlap, repeat and overtake each other; what is already known changes nothing.
"""

from collections.abc import Callable
from datetime import datetime

from filebridge.bridge.book import OrderBook
from filebridge.bridge.sending import Sender
from filebridge.domain import risk
from filebridge.domain.events import EventKind, FillReport, OrderEvent, OrderReport
from filebridge.domain.orders import Order, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import is_ours, news_of_fill, news_of_report
from filebridge.domain.sides import shown
from filebridge.gateways import base
from filebridge.gateways.base import Raw
from filebridge.ledger import codec


class Listener:
    """Turns what the broker says into events. `behind` is called when it knows an order of ours that we do not."""

    def __init__(
        self, book: OrderBook, sender: Sender, rules: risk.Rules, *, home_mark: str, behind: Callable[[str], None]
    ) -> None:
        self._book = book
        self._rules = rules
        self._sender = sender
        self._home_mark = home_mark
        self._behind = behind
        self._external: set[tuple[str, ...]] = set()
        # Something was filled or ended since the books were last read.
        self.books_are_old = False
        self.saw_stranger = False

    def hear(self, message: base.Message, now: datetime) -> None:
        match message:
            case base.OrderPushed(report, raw):
                self.order(report, raw, now)
            case base.FillPushed(report, raw):
                self.fill(report, raw, now)
            case base.OrderAnswer(tag, broker_order_id, text, raw):
                self._answer(tag, broker_order_id, text, raw, now)
            case base.OrderRefused(tag, text, raw):
                reason = Reason("BROKER_REJECTED", {"text": text})
                self._report(tag, OrderEvent(kind=EventKind.REPORT_REJECTED, at=now, reason=reason), raw)
            case base.CancelAnswer(tag, taken, text, raw):
                self._cancel_answer(tag, taken, text, raw, now)
            case base.NotCalled(tag):
                self._sender.not_called(tag, now)
            case base.Quotes():
                self._sender.quotes_told(message, now)
            case base.WorkerTrouble(text):
                self._book.turn.append("ALARM", codec.reason_body(Reason("WORKER_TROUBLE", {"text": text})))
            case _:
                raise AssertionError(f"{type(message).__name__} is not for the listener")

    def order(self, report: OrderReport, raw: Raw, now: datetime, *, in_snapshot: bool = False) -> Order | None:
        """An order as the broker sees it; returns ours, or None if it is not ours."""
        order = self._find(report)
        if order is None:
            self._not_known(report.tag, raw, (report.broker_order_id, report.counter_order_id, str(report.status_code)))
            return None
        news = news_of_report(order, report, now)
        if news is not None:
            order = self._book.happen(order, news.event, after=news.after, raw=raw)
            self.books_are_old = True
        elif not in_snapshot:
            self._book.turn.append("REPORT", {"raw": raw}, tag=order.terms.tag)
        return order

    def same_by_terms(self, order: Order, report: OrderReport, raw: Raw, now: datetime) -> None:
        """Take an untagged report for an order in doubt that only it can be; a person shall look at it."""
        news = news_of_report(order, report, now)
        assert news is not None
        reason = Reason("MATCHED_BY_TERMS", {"value": report.counter_order_id or report.broker_order_id})
        self._book.happen(order, news.event._replace(reason=reason, alarm=True), raw=raw)

    def fill(self, report: FillReport, raw: Raw, now: datetime, *, in_snapshot: bool = False) -> None:
        """One execution; booked once, whatever the order's status."""
        order = self._find(report)
        if order is None:
            self._not_known(report.tag, raw, (report.counter_order_id, report.fill.trade_id))
            return
        news = news_of_fill(order, report, now)
        if news is not None:
            self._book.happen(order, news.event, after=news.after, raw=raw)
            self.books_are_old = True
        elif not in_snapshot:
            self._book.turn.append("REPORT", {"raw": raw}, tag=order.terms.tag)

    def _answer(self, tag: str, broker_order_id: str, text: str, raw: Raw, now: datetime) -> None:
        order = self._book.get(tag)
        if order is None:
            self._not_known(tag, raw, (broker_order_id,))
        elif broker_order_id:
            if order.broker_order_id == broker_order_id:
                self._book.turn.append("REPORT", {"raw": raw}, tag=tag)
                return
            event = OrderEvent(kind=EventKind.REPORT_WORKING, at=now, broker_order_id=broker_order_id)
            self._book.happen(order, event, raw=raw)
        else:
            self._book.turn.append("REPORT", {"raw": raw}, tag=tag)
            if order.status is Status.SUBMITTING:
                self._sender.suspect(tag, now)

    def _cancel_answer(self, tag: str, taken: bool, text: str, raw: Raw, now: datetime) -> None:
        order = self._book.get(tag) if tag else None
        if order is not None and not taken and order.status is Status.PENDING_CANCEL:
            reason = Reason("CANCEL_REJECTED", {"text": text})
            self._book.happen(order, OrderEvent(kind=EventKind.REPORT_CANCEL_REJECTED, at=now, reason=reason), raw=raw)
        else:
            self._book.turn.append("REPORT", {"raw": raw}, tag=tag)

    def _report(self, tag: str, event: OrderEvent, raw: Raw) -> None:
        order = self._book.get(tag)
        if order is None:
            self._not_known(tag, raw, (event.kind,))
        elif order.status is Status.REJECTED:
            # The terminal's refusal and the counter's are the same news twice.
            self._book.turn.append("REPORT", {"raw": raw}, tag=tag)
        else:
            self._book.happen(order, event, raw=raw)

    def _find(self, report: OrderReport | FillReport) -> Order | None:
        """By tag, then by the broker's numbers, for brokers that cut or drop the remark."""
        if is_ours(report.tag, self._home_mark):
            return self._book.get(report.tag)
        said_at, today = _time_of(report), self._book.turn.trade_date
        # Numbers begin again every day, and the day's last list may be read when the next trading day has begun.
        own_day = risk.current_date(said_at, self._rules) if said_at else today
        for day in dict.fromkeys((own_day, today)):
            found = self._book.with_broker_ids(
                account=report.account,
                trade_date=day,
                broker_order_id=report.broker_order_id,
                counter_order_id=report.counter_order_id,
            )
            fitting = [order for order in found if order.terms.mode == self._rules.mode and _can_be(report, order)]
            if fitting:
                return fitting[0] if len(fitting) == 1 else None
        return None

    def _not_known(self, tag: str, raw: Raw, identity: tuple[str, ...]) -> None:
        """Not an order that we know: another program's, or ours from a ledger that was lost."""
        key = (tag, *identity)
        if key in self._external:
            return
        self._external.add(key)
        self._book.turn.append("EXTERNAL", {"raw": raw})
        # Its number may be one that we are about to learn: the next list will tell.
        self.saw_stranger = True
        if is_ours(tag, self._home_mark):
            self._behind(tag)


def _time_of(report: OrderReport | FillReport) -> datetime | None:
    """When the order was entered or traded, by the broker's clock, if it tells."""
    return report.ordered_at if isinstance(report, OrderReport) else codec.time_from(report.fill.traded_at)


def _can_be(report: OrderReport | FillReport, order: Order) -> bool:
    """Whether a report with an order's number is about it: numbers repeat, and a remark that cannot be what is left of
    our tag is another program's."""
    terms = order.terms
    if not terms.tag.startswith(report.tag) or report.symbol != terms.symbol:
        return False
    if shown(report.side) is not shown(terms.side):
        return False
    return isinstance(report, FillReport) or report.quantity == terms.quantity
