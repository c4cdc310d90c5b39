"""What a person asks of the running bridge: each request stands in the ledger, with a name, before it is answered."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from filebridge.bridge.asking import stop_subscribing
from filebridge.bridge.book import OrderBook
from filebridge.bridge.guard import Guard
from filebridge.bridge.large import LargeFiles
from filebridge.bridge.recovery import Reconciler
from filebridge.control import Request
from filebridge.domain import approval, replacing
from filebridge.domain.canceling import SELECTS, Selection, can_cancel, selection_from, several_canceled
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.guard import Level
from filebridge.domain.lifecycle import allows
from filebridge.domain.orders import LOCAL, STATUSES_ZH, Order, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.risk import Rules
from filebridge.ledger.codec import Body
from filebridge.ledger.views import LedgerReader

Answer = dict[str, Any]
DONE = "CONTROL_DONE"
DONE_CODES = (
    *(DONE, "CONTROL_RELEASED", "CONTROL_CANCEL_WAITING", "CONTROL_CANCEL_REMEMBERED"),
    *("CANCEL_ALL_TAKEN", "CANCEL_ALL_AND_REST", "CANCEL_ALL_REST", "CANCEL_ALL_NONE"),
)
# What was asked while nothing ran may no longer be meant when it starts again; what lets less out always is.
AGE_MAX_SECONDS = 60.0
NEVER_TOO_OLD = ("halt", "reduce_only", "disarm")
REASON_MAX = 200
_VERBS_ZH = {"approve": "批准", "deny": "拒绝", "resolve": "人工确认"}


class Controls:
    """Does what was asked, within the current turn; `release` brings a quarantined file back."""

    def __init__(
        self,
        book: OrderBook,
        guard: Guard,
        reconciler: Reconciler,
        release: Callable[[str], Reason],
        large: LargeFiles,
        reader: LedgerReader,
        rules: Rules,
    ) -> None:
        self._book = book
        self._guard = guard
        self._reconciler = reconciler
        self._release = release
        self._large = large
        self._reader = reader
        self._rules = rules
        self._halt_file = ""
        self._verbs: dict[str, Callable[[Request, datetime], Reason]] = {
            "halt": self._halt,
            "reduce_only": self._reduce_only,
            "resume": self._resume,
            "arm": self._arm,
            "disarm": self._disarm,
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

    def see_halt_file(self, found: tuple[str, str] | None) -> None:
        """The name and the text of a HALT file in the folder, or that none lies there."""
        self._halt_file = found[0] if found else ""
        if found:
            self._guard.see_halt_file(*found)

    # ---- one method a verb; each returns what was done, or why it could not be

    def _halt(self, request: Request, now: datetime) -> Reason:
        why = _why(request) or f"halted by {request.by}"
        self._guard.halt(Reason("HALT_ASKED", {"text": why}), by=request.by)
        return _done(f"halted: {why}", f"已暂停发送：{why}")

    def _reduce_only(self, request: Request, now: datetime) -> Reason:
        if self._guard.stance.is_halted:
            return Reason("HALTED_ALREADY")
        why = _why(request) or f"reduce-only by {request.by}"
        self._guard.reduce_only(Reason("HALT_ASKED", {"text": why}), by=request.by)
        return _done(f"reduce-only: {why}", f"只许减仓：{why}")

    def _resume(self, request: Request, now: datetime) -> Reason:
        why = Reason("HALT_ASKED", {"text": _why(request)})
        if self._guard.stance.level is Level.OPEN:
            return _done("resume: nothing was halted", "并未暂停，无需恢复")
        if self._halt_file:
            return Reason("RESUME_HALT_FILE", {"file": self._halt_file})
        if not why.message:
            return Reason("RESUME_NEEDS_REASON")
        if request.fields.get("reduce_only") is True:
            self._guard.reduce_only(why, by=request.by)
            return _done("resume: what reduces a position may leave again", "已恢复减仓委托的发送")
        self._guard.resume(why, by=request.by)
        return _done("resume: sending again", "已恢复发送")

    def _arm(self, request: Request, now: datetime) -> Reason:
        """The list was worked out by the command; what the bridge itself knows it looks at once more."""
        account, today = str(request.fields.get("account", "")), self._book.turn.trade_date
        checked, day = request.fields.get("checked"), request.fields.get("trade_date")
        if self._rules.mode != "live":
            return Reason("ARM_NOT_LIVE", {"mode": self._rules.mode})
        if account not in self._reconciler.agreed:
            return Reason("ARM_ACCOUNT_NOT_AGREED", {"account": account})
        if not (isinstance(checked, dict) and checked):
            return Reason("ARM_LIST_MISSING")
        if day != today.isoformat():
            return Reason("ARM_OTHER_DATE", {"value": str(day), "trade_date": today.isoformat()})
        self._guard.arm(account, today, request.by, checked=checked, dry_run=str(request.fields.get("dry_run", "")))
        return _done(f"arm: account {account} trades live on {today}", f"账号 {account} 将在 {today} 实盘交易")

    def _disarm(self, request: Request, now: datetime) -> Reason:
        account = str(request.fields.get("account", ""))
        self._guard.disarm(account, request.by, text=_why(request))
        return _done(f"disarm: account {account}", f"已重新锁定账号 {account}")

    def _approve(self, request: Request, now: datetime) -> Reason:
        event = OrderEvent(kind=EventKind.APPROVE, at=now)
        several = self._held(request)
        if several is None:
            found = self._one(request, event.kind)
            why = found if isinstance(found, Reason) else self._objection(found, request, now)
            return why or self._on_one(request, event)
        objections = {order.terms.tag: self._objection(order, request, now) for order in several}
        for order in several:
            if objections[order.terms.tag] is None:
                self._book.happen(order, event)
        left = [why for why in objections.values() if why is not None]
        done = len(several) - len(left)
        if not left:
            return _done(f"approve: {done}", f"已批准 {done} 笔")
        said = {"text": left[0].message, "text_zh": left[0].message_zh}
        return Reason("APPROVED_PARTLY", {"done": str(done), "left": str(len(left)), **said})

    def _objection(self, order: Order, request: Request, now: datetime) -> Reason | None:
        """Why this person's word does not send a held order now; it stays held."""
        # After a start, or where the machine slept, a word may come before what time alone does.
        late = approval.lapsed(order, now, self._rules.approval)
        if late is not None:
            return late
        dropped = self._reader.last_file_event(order.terms.intake_no, "AUTHOR")
        author = json.loads(dropped["body"])["author"] if dropped else ""
        said = {"author": author, "by": request.by, "owner": request.owner}
        return approval.objection(order, self._rules.approval, **said) or self._guard.refusal(order.terms)

    def _deny(self, request: Request, now: datetime) -> Reason:
        event = OrderEvent(kind=EventKind.DENY, at=now, reason=Reason("DENIED_BY_PERSON", _who(request)))
        several = self._held(request)
        if several is None:
            return self._on_one(request, event)
        for order in several:
            self._book.happen(order, event)
        return _done(f"deny: {len(several)}", f"已拒绝 {len(several)} 笔")

    def _held(self, request: Request) -> list[Order] | None:
        """The held orders of all files, or of those with one name; None where one order is meant."""
        name = str(request.fields.get("file", ""))
        if not name and request.fields.get("all") is not True:
            return None
        held = self._book.in_status(Status.HELD)
        if not name:
            return held
        numbers = self._book.intakes_named(name)
        return [order for order in held if order.terms.intake_no in numbers]

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
        if request.fields.get("all") is True or any(request.fields.get(name) for name in SELECTS):
            return self._cancel_several(request, now)
        found = self._one(request, EventKind.CANCEL)
        if isinstance(found, Reason):
            return found if found.code == "CONTROL_AMBIGUOUS" else self._not_canceled(request, found)
        # Whoever cancels an order that is being replaced does not mean the new one to go instead.
        successor = self._book.successor(found.terms.tag)
        if successor is not None:
            self._book.happen(successor, _cancel_event(successor, now))
        after = self._book.happen(found, _cancel_event(found, now))
        text, text_zh = f"cancel {_name(after)}", f"撤单 {_name_zh(after)}"
        if after.cancel_requested:
            waits = Reason("CANCEL_IN_DOUBT", {"orig_client_order_id": after.terms.client_order_id})
            text, text_zh = f"{text}; {waits.message}", f"{text_zh}；{waits.message_zh}"
        return _done(text, text_zh)

    def _cancel_several(self, request: Request, now: datetime) -> Reason:
        """Every open order that fits all that the request names; nothing where a word of it is not understood."""
        wanted = selection_from(request.fields)
        unknown = sorted(request.fields.keys() - {*SELECTS, "id", "all", "reason"})
        if not isinstance(wanted, Selection) or unknown or request.fields.get("id"):
            text = f"{wanted[0]} {wanted[1]}" if not isinstance(wanted, Selection) else ", ".join(unknown) or "id"
            return Reason("CONTROL_SELECTION_UNCLEAR", {"value": text})
        orders = wanted.among(self._book.open_orders())
        for order in orders:
            self._book.happen(order, _cancel_event(order, now))
        # All of them: then what is still being read may as well be refused.
        files = self._large.cancel_all() if wanted == Selection() else self._large.stop_rest(wanted)
        return several_canceled(orders, stop_subscribing(self._book, wanted), files)

    def _not_canceled(self, request: Request, why: Reason) -> Reason:
        """Whoever names an order that was replaced hears which one works instead; it may not be the one he means."""
        name = str(request.fields.get("id", ""))
        for order in self._book.named(name) if name else ():
            heir = self._book.heir(order.terms.tag)
            if heir is not None:
                return replacing.hint("CONTROL_ORDER_REPLACED", name, order, heir)
        return self._cancel_waiting(request, why)

    def _cancel_waiting(self, request: Request, unknown: Reason) -> Reason:
        """No order that can be canceled has this id; but a row of a very large file may have it, or one to come."""
        name = str(request.fields.get("id", ""))
        if name and stop_subscribing(self._book, Selection(client_order_id=name)):
            return _done(f"cancel {name}: its new issues will not be subscribed to", f"撤单 {name}：不再申购其新股新债")
        found, reading = self._large.waiting(name) if name else ([], [])
        if not (found or reading):
            return unknown
        self._large.stop_rest(Selection(client_order_id=name))
        where = {"value": name, "file": ", ".join(found or reading)}
        return Reason("CONTROL_CANCEL_WAITING" if found else "CONTROL_CANCEL_REMEMBERED", where)

    def _release_file(self, request: Request, now: datetime) -> Reason:
        return self._release(str(request.fields.get("file", "")))

    def _reconcile(self, request: Request, now: datetime) -> Reason:
        self._reconciler.connected(now)
        return _done("reconcile: the broker's books are being read", "正在与券商对账")

    # ---- finding the order that is meant

    def _on_one(self, request: Request, event: OrderEvent) -> Reason:
        found = self._one(request, event.kind)
        if isinstance(found, Reason):
            return found
        after = self._book.happen(found, event)
        return _done(f"{request.verb} {_name(after)}", f"{_VERBS_ZH[request.verb]} {_name_zh(after)}")

    def _one(self, request: Request, kind: EventKind) -> Order | Reason:
        """The one order that the id names and that the event fits."""
        name = str(request.fields.get("id", ""))
        named = self._book.named(name) if name else []
        fits = can_cancel if kind is EventKind.CANCEL else lambda order: allows(order.status, kind)
        fitting = list(filter(fits, named))
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return Reason("CONTROL_AMBIGUOUS", {"value": name, "text": _tags(fitting)})
        if named:
            status = named[0].status.value
            return Reason("CONTROL_NOT_POSSIBLE", {"value": name, "earlier_status": status, "verb": request.verb})
        return Reason("CONTROL_UNKNOWN_ORDER", {"value": name})


def _done(text: str, text_zh: str) -> Reason:
    return Reason(DONE, {"text": text, "text_zh": text_zh})


def _name(order: Order) -> str:
    terms = order.terms
    return f"{terms.client_order_id} ({terms.side} {terms.quantity} {terms.symbol}): {order.status}"


def _name_zh(order: Order) -> str:
    terms = order.terms
    status = STATUSES_ZH[order.status]
    return f"{terms.client_order_id}（{terms.side} {terms.quantity} {terms.symbol}）：{order.status} {status}"


def answer_of(recorded: Body) -> Answer:
    """The answer to a request, from what the ledger says of it."""
    reason = Reason(recorded["reason_code"], recorded["context"])
    answered = {name: recorded[name] for name in ("ok", "reason_code", "context")}
    return {**answered, "message": reason.message, "message_zh": reason.message_zh}


def answers_before(reader: LedgerReader) -> dict[str, Answer]:
    """By its stamp, the answer to every request that the ledger has."""
    recorded = [json.loads(row["body"]) for row in reader.rare_events("CONTROL")]
    return {body["stamp"]: answer_of(body) for body in recorded}


def _why(request: Request) -> str:
    return str(request.fields.get("reason", "")).strip()[:REASON_MAX]


def _who(request: Request) -> dict[str, str]:
    return {"by": request.by, "text": _why(request)}


def _cancel_event(order: Order, now: datetime) -> OrderEvent:
    reason = Reason("CANCELED_BEFORE_SENDING") if order.status in LOCAL else None
    return OrderEvent(kind=EventKind.CANCEL, at=now, reason=reason)


def _tags(orders: Sequence[Order]) -> str:
    return ", ".join(f"{order.terms.tag} {order.status}" for order in orders)
