"""What a person asks of the running bridge: each request stands in the ledger, with a name, before it is answered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from filebridge.bridge.book import OrderBook
from filebridge.bridge.large import LargeFiles
from filebridge.bridge.recovery import Reconciler
from filebridge.bridge.sending import Sender
from filebridge.control import Request
from filebridge.domain.canceling import Selection
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.lifecycle import allows
from filebridge.domain.orders import LOCAL, Order
from filebridge.domain.reasons import Reason
from filebridge.ledger.codec import Body

Answer = dict[str, Any]
DONE = "CONTROL_DONE"
DONE_CODES = (DONE, "CONTROL_CANCEL_WAITING", "CONTROL_CANCEL_REMEMBERED")
# What was asked while nothing ran may no longer be meant when it starts again; a halt always is.
AGE_MAX_SECONDS = 60.0
NEVER_TOO_OLD = ("halt",)


class Controls:
    """Does what was asked, within the current turn; `release` brings a quarantined file back."""

    def __init__(
        self,
        book: OrderBook,
        sender: Sender,
        reconciler: Reconciler,
        release: Callable[[str], Path | None],
        large: LargeFiles,
    ) -> None:
        self._book = book
        self._sender = sender
        self._reconciler = reconciler
        self._release = release
        self._large = large
        self._verbs: dict[str, Callable[[Request, datetime], Reason]] = {
            "halt": self._halt,
            "resume": self._resume,
            "approve": self._approve,
            "deny": self._deny,
            "resolve": self._resolve,
            "cancel": self._cancel,
            "release": self._release_file,
            "reconcile": self._reconcile,
        }

    def handle(self, request: Request, now: datetime) -> Answer:
        """Do and record one request; the answer may be given once the turn is committed."""
        if request.problem:
            reason = Reason("CONTROL_UNREADABLE", {"file": request.name, "text": request.problem})
        elif request.age_seconds > AGE_MAX_SECONDS and request.verb not in NEVER_TOO_OLD:
            reason = Reason("CONTROL_TOO_OLD", {"verb": request.verb, "age_seconds": str(int(request.age_seconds))})
        else:
            reason = self._verbs[request.verb](request, now)
        answered = {"ok": reason.code in DONE_CODES, "reason_code": reason.code, "context": dict(reason.context)}
        asked = {
            "name": request.name,
            "stamp": request.stamp,
            "verb": request.verb,
            "by": request.by,
            "fields": request.fields,
        }
        recorded = {**asked, **answered}
        self._book.turn.append("CONTROL", recorded)
        return answer_of(recorded)

    def halt(self, by: str, why: str) -> None:
        """Stop sending until a person resumes; cancels and reports go on."""
        if not self._sender.halted:
            self._book.turn.append("HALTED", {"by": by, "text": why})
        self._sender.halted = why

    # ---- one method a verb; each returns what was done, or why it could not be

    def _halt(self, request: Request, now: datetime) -> Reason:
        self.halt(request.by, str(request.fields.get("reason") or f"halted by {request.by}"))
        return _done(f"halted: {self._sender.halted}")

    def _resume(self, request: Request, now: datetime) -> Reason:
        if self._sender.halted:
            self._book.turn.append("RESUMED", {"by": request.by, "text": str(request.fields.get("reason", ""))})
        self._sender.halted = ""
        return _done("resume: sending again")

    def _approve(self, request: Request, now: datetime) -> Reason:
        return self._on_one(request, OrderEvent(kind=EventKind.APPROVE, at=now))

    def _deny(self, request: Request, now: datetime) -> Reason:
        reason = Reason("DENIED_BY_PERSON", _who(request))
        return self._on_one(request, OrderEvent(kind=EventKind.DENY, at=now, reason=reason))

    def _resolve(self, request: Request, now: datetime) -> Reason:
        match request.fields.get("sent"):
            case True:
                kind, code = EventKind.RESOLVE_SENT, "RESOLVED_SENT"
            case False:
                kind, code = EventKind.RESOLVE_NOT_SENT, "RESOLVED_NOT_SENT"
            case _:
                return Reason("CONTROL_UNREADABLE", {"file": request.name, "text": "`sent` must be true or false"})
        return self._on_one(request, OrderEvent(kind=kind, at=now, reason=Reason(code, _who(request))))

    def _cancel(self, request: Request, now: datetime) -> Reason:
        if request.fields.get("all") is True:
            wanted = [order for order in self._book.open_orders() if allows(order.status, EventKind.CANCEL)]
            for order in wanted:
                self._book.happen(order, _cancel_event(order, now))
            stopped = self._large.cancel_all()
            more = f", and the rest of {stopped} very large files" if stopped else ""
            return _done(f"cancel --all: {len(wanted)}{more}")
        found = self._one(request, EventKind.CANCEL)
        if isinstance(found, Reason):
            return found if found.code == "CONTROL_AMBIGUOUS" else self._cancel_waiting(request, found)
        # Whoever cancels an order that is being replaced does not mean the new one to go instead.
        successor = self._book.successor(found.terms.tag)
        if successor is not None:
            self._book.happen(successor, _cancel_event(successor, now))
        after = self._book.happen(found, _cancel_event(found, now))
        waits = Reason("CANCEL_IN_DOUBT", {"orig_client_order_id": after.terms.client_order_id})
        return _done(f"cancel {_name(after)}" + (f"; {waits.message}" if after.cancel_requested else ""))

    def _cancel_waiting(self, request: Request, unknown: Reason) -> Reason:
        """No order that can be canceled has this id; but a row of a very large file may have it, or one to come."""
        name = str(request.fields.get("id", ""))
        found, reading = self._large.waiting(name) if name else ([], [])
        if not (found or reading):
            return unknown
        self._large.stop_rest(Selection(client_order_id=name))
        where = {"value": name, "file": ", ".join(found or reading)}
        return Reason("CONTROL_CANCEL_WAITING" if found else "CONTROL_CANCEL_REMEMBERED", where)

    def _release_file(self, request: Request, now: datetime) -> Reason:
        name = str(request.fields.get("file", ""))
        found = self._release(name)
        return _done(f"release {name}") if found is not None else Reason("CONTROL_FILE_UNKNOWN", {"value": name})

    def _reconcile(self, request: Request, now: datetime) -> Reason:
        self._reconciler.connected(now)
        return _done("reconcile")

    # ---- finding the order that is meant

    def _on_one(self, request: Request, event: OrderEvent) -> Reason:
        found = self._one(request, event.kind)
        if isinstance(found, Reason):
            return found
        return _done(f"{request.verb} {_name(self._book.happen(found, event))}")

    def _one(self, request: Request, kind: EventKind) -> Order | Reason:
        """The one order that the id names and that the event fits."""
        name = str(request.fields.get("id", ""))
        named = self._book.named(name) if name else []
        fitting = [order for order in named if allows(order.status, kind)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return Reason("CONTROL_AMBIGUOUS", {"value": name, "text": _tags(fitting)})
        if named:
            status = named[0].status.value
            return Reason("CONTROL_NOT_POSSIBLE", {"value": name, "earlier_status": status, "verb": request.verb})
        return Reason("CONTROL_UNKNOWN_ORDER", {"value": name})


def _done(text: str) -> Reason:
    return Reason(DONE, {"text": text})


def _name(order: Order) -> str:
    terms = order.terms
    return f"{terms.client_order_id} ({terms.side} {terms.quantity} {terms.symbol}): {order.status}"


def answer_of(recorded: Body) -> Answer:
    """The answer to a request, from what the ledger says of it."""
    reason = Reason(recorded["reason_code"], recorded["context"])
    answered = {name: recorded[name] for name in ("ok", "reason_code", "context")}
    return {**answered, "message": reason.message, "message_zh": reason.message_zh}


def _who(request: Request) -> dict[str, str]:
    return {"by": request.by, "text": str(request.fields.get("reason", ""))[:200]}


def _cancel_event(order: Order, now: datetime) -> OrderEvent:
    reason = Reason("CANCELED_BEFORE_SENDING") if order.status in LOCAL else None
    return OrderEvent(kind=EventKind.CANCEL, at=now, reason=reason)


def _tags(orders: Sequence[Order]) -> str:
    return ", ".join(f"{order.terms.tag} {order.status}" for order in orders)
