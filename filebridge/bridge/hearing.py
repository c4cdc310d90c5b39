"""Home from the broker: each message becomes raw evidence in the ledger and, where it is news, an event of one order.

Pushes, answers and snapshots overlap, repeat and overtake each other; what is already known changes nothing.
"""

from collections.abc import Callable
from datetime import datetime

from filebridge.bridge.book import OrderBook
from filebridge.bridge.sending import Sender
from filebridge.domain.events import EventKind, FillReport, OrderEvent, OrderReport
from filebridge.domain.orders import Order, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import event_of_fill, event_of_report, is_ours, lone_candidate
from filebridge.gateways import base
from filebridge.gateways.base import Raw


class Listener:
    """Turns what the broker says into events. `behind` is called when it knows an order of ours that we do not."""

    def __init__(self, book: OrderBook, sender: Sender, home_mark: str, behind: Callable[[str], None]) -> None:
        self._book = book
        self._sender = sender
        self._home_mark = home_mark
        self._behind = behind
        self._external: set[tuple[str, ...]] = set()
        # Something was filled or ended since the books were last read.
        self.books_are_old = False

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
            case base.WorkerTrouble(text):
                self._book.turn.append("ALARM", {"reason_code": "WORKER_TROUBLE", "context": {"text": text}})
            case _:
                raise AssertionError(f"{type(message).__name__} is not for the listener")

    def order(self, report: OrderReport, raw: Raw, now: datetime, *, in_snapshot: bool = False) -> Order | None:
        """An order as the broker sees it; returns ours, or None if it is not ours."""
        order = self._find(report.account, report.tag, report.counter_order_id, now)
        if order is None and in_snapshot and not is_ours(report.tag, self._home_mark):
            order = lone_candidate(report, self._book.in_status(Status.UNKNOWN))
        if order is None:
            self._not_known(report.tag, raw, (report.broker_order_id, report.counter_order_id, str(report.status_code)))
            return None
        event = event_of_report(order, report, now)
        if event is not None:
            order = self._book.happen(order, event, raw=raw)
            self.books_are_old = True
        elif not in_snapshot:
            self._book.turn.append("REPORT", {"raw": raw}, tag=order.terms.tag)
        return order

    def fill(self, report: FillReport, raw: Raw, now: datetime, *, in_snapshot: bool = False) -> None:
        """One execution; booked once, whatever the order's status."""
        order = self._find(report.account, report.tag, report.counter_order_id, now)
        if order is None:
            self._not_known(report.tag, raw, (report.counter_order_id, report.fill.trade_id))
            return
        event = event_of_fill(order, report, now)
        if event is not None:
            self._book.happen(order, event, raw=raw)
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

    def _find(self, account: str, tag: str, counter_order_id: str, now: datetime) -> Order | None:
        """By tag, then by the counter's number, for brokers that cut or drop the remark."""
        order = self._book.get(tag) if is_ours(tag, self._home_mark) else None
        if order is None and counter_order_id:
            order = self._book.with_counter_id(
                account=account, trade_date=self._book.turn.trade_date, counter_order_id=counter_order_id
            )
        return order

    def _not_known(self, tag: str, raw: Raw, identity: tuple[str, ...]) -> None:
        """Not an order that we know: another program's, or ours from a ledger that was lost."""
        key = (tag, *identity)
        if key in self._external:
            return
        self._external.add(key)
        self._book.turn.append("EXTERNAL", {"raw": raw})
        if is_ours(tag, self._home_mark):
            self._behind(tag)
