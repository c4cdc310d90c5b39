"""The guard at the gate: keeps how things stand (halted, reduce-only, armed), records each change, halts by itself.

What the stance means for an order is `domain/guard.py`. All that changes it stands in the ledger first, so a start
finds it again; only what counts towards a halt begins anew.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from filebridge.bridge.book import OrderBook
from filebridge.bridge.surroundings import LEAP
from filebridge.domain import guard
from filebridge.domain.guard import Level, Stance
from filebridge.domain.market import is_open
from filebridge.domain.orders import Order, OrderTerms, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.risk import Rules
from filebridge.ledger.codec import reason_body, reason_from, time_from
from filebridge.ledger.views import LedgerReader
from filebridge.sections import Halt

OURSELVES = "filebridge"
_LEVELS = {"HALTED": Level.HALTED, "REDUCE_ONLY": Level.REDUCE_ONLY, "RESUMED": Level.OPEN}
# What a person must hear of, whatever halted before: orders that the ledger lacks, and a day that may come twice.
_GRAVE = ("LEDGER_BEHIND_BROKER", "CLOCK_WENT_BACK")
# What has not been answered yet says nothing of the broker's refusals.
_UNANSWERED = (Status.SUBMITTING, Status.UNKNOWN, Status.NOT_SENT)


def stance_in(reader: LedgerReader) -> Stance:
    """How things stand by the ledger."""
    level = reader.last_event(*_LEVELS)
    arms = reader.last_event("ARMED", "DISARMED")
    armed = {name: date.fromisoformat(day) for name, day in json.loads(arms["body"])["armed"].items()} if arms else {}
    if level is None:
        return Stance(armed=armed)
    body = json.loads(level["body"])
    return Stance(_LEVELS[level["kind"]], why_of(body), body["by"], time_from(level["at"]), armed)


def why_of(body: Mapping[str, Any]) -> Reason:
    """The reason that an event of a halt, reduce-only or resume says."""
    if "reason_code" in body:
        reason = reason_from(body["reason_code"], body["context"])
        assert reason is not None
        return reason
    # A ledger from before halts had codes.
    return Reason("HALT_ASKED", {"text": body["text"]})


def state_of(stance: Stance, today: date) -> str:
    """How things stand, for a person; empty where nothing is out of the ordinary."""
    said = []
    if stance.why is not None and stance.level is not Level.OPEN:
        english, chinese = ("HALTED", "已暂停发送") if stance.is_halted else ("REDUCE-ONLY", "只许减仓")
        said.append(
            f"{english} by {stance.by}: {stance.why.message}. {chinese}（{stance.by}）：{stance.why.message_zh}"
        )
    armed = sorted(name for name, day in stance.armed.items() if day == today)
    if armed:
        said.append(f"armed for live trading on {today} 已解锁实盘: {', '.join(armed)}")
    return "; ".join(said)


def _said(why: Reason, by: str) -> dict[str, Any]:
    """The text as well, for whoever reads the events."""
    return {"by": by, "text": why.message, **reason_body(why)}


class Guard:
    """Everything that changes something happens within the current turn."""

    def __init__(self, book: OrderBook, reader: LedgerReader, rules: Rules, settings: Halt) -> None:
        self._book = book
        self._rules = rules
        self._settings = settings
        self.stance = stance_in(reader)
        # The newest orders that the broker answered, and whether it refused them.
        self._refused: dict[str, bool] = {}
        # How long the broker was out of reach while the market was open; None before it was there.
        self._lost: timedelta | None = None
        self._looked_at: datetime | None = None

    def refusal(self, terms: OrderTerms) -> Reason | None:
        """Why no such order may leave now, or None."""
        return guard.refusal(terms, self.stance)

    @property
    def clock_went_back(self) -> bool:
        """Whether a day may come a second time, so that nothing may be taken in either."""
        why = self.stance.why
        # Older ledgers have the code in the text.
        said = () if why is None else (why.code, why.message)
        return self.stance.is_halted and any(each.startswith("CLOCK_WENT_BACK") for each in said)

    # ---- people, and what halts by itself

    def halt(self, why: Reason, by: str = OURSELVES) -> None:
        """Let nothing but cancels out until a person resumes. The first reason stays, but before one that is graver."""
        said = self.stance.why.code if self.stance.is_halted and self.stance.why is not None else ""
        if not self.stance.is_halted or (why.code in _GRAVE and said not in (why.code, *_GRAVE)):
            self._book.turn.append("HALTED", _said(why, by))
            self._become(Level.HALTED, why, by)

    def see_halt_file(self, name: str, text: str) -> None:
        """A file of that name lies in control/."""
        self.halt(Reason("HALT_FILE", {"file": name, "text": text}), by=f"control/{name}")

    def reduce_only(self, why: Reason, by: str) -> None:
        """Let nothing out but cancels and what reduces a position."""
        self._book.turn.append("REDUCE_ONLY", _said(why, by))
        self._become(Level.REDUCE_ONLY, why, by)

    def resume(self, why: Reason, by: str) -> None:
        self._book.turn.append("RESUMED", _said(why, by))
        self._become(Level.OPEN, why, by)
        # What led to the halt is the person's to judge now.
        self._refused.clear()
        self._lost = None

    def arm(self, account: str, trade_date: date, by: str, **said: Any) -> None:
        """Let an account trade live on that trade date; `said` stands in the ledger beside it."""
        self.suppose_armed(account, trade_date)
        self._book.turn.append("ARMED", {"account": account, "by": by, "armed": self._armed_days(), **said})

    def disarm(self, account: str, by: str, **said: Any) -> None:
        left = {name: day for name, day in self.stance.armed.items() if name != account}
        self.stance = self.stance._replace(armed=left)
        self._book.turn.append("DISARMED", {"account": account, "by": by, "armed": self._armed_days(), **said})

    def _armed_days(self) -> dict[str, str]:
        """By account, the trade date for which it was armed last."""
        return {name: day.isoformat() for name, day in self.stance.armed.items()}

    def suppose_armed(self, account: str, trade_date: date) -> None:
        """For a dry run: nothing is recorded."""
        self.stance = self.stance._replace(armed={**self.stance.armed, account: trade_date})

    def _become(self, level: Level, why: Reason, by: str) -> None:
        self.stance = self.stance._replace(level=level, why=why, by=by, since=self._book.turn.at)

    # ---- what halts by itself

    def look(self, now: datetime, *, connected: bool) -> None:
        """Once a turn, after what came was heard and before anything leaves."""
        self._look_at_answers(self._book.turn.orders)
        self._look_at_connection(now, connected)

    def ledger_is_behind(self, tag: str) -> None:
        """The broker has an order of ours that the ledger does not know: an older one was put in its place."""
        self.halt(Reason("LEDGER_BEHIND_BROKER", {"tag": tag}))

    def _look_at_answers(self, orders: Mapping[str, Order]) -> None:
        for tag, order in orders.items():
            if order.submitted_at is not None and order.status not in _UNANSWERED:
                # The terminal may take what the counter rejects later.
                self._refused[tag] = order.status is Status.REJECTED
        newest = self._settings.reject_orders
        for tag in list(self._refused)[:-newest]:
            del self._refused[tag]
        count, limit = sum(self._refused.values()), self._settings.reject_percent_max
        if len(self._refused) == newest and count * 100 >= limit * newest:
            self.halt(Reason("HALT_REJECTS", {"value": str(count), "orders": str(newest), "limit": str(limit)}))

    def _look_at_connection(self, now: datetime, connected: bool) -> None:
        """Only what was there can be lost, and only time counts in which the market is open and this program runs."""
        since, self._looked_at = self._looked_at or now, now
        if connected:
            self._lost = timedelta(0)
        elif self._lost is not None and is_open(now, self._rules.calendar, self._rules.hours):
            self._lost += min(max(now - since, timedelta(0)), LEAP)
            if self._lost >= timedelta(seconds=self._settings.broker_lost_seconds):
                self.halt(Reason("HALT_BROKER_LOST", {"value": str(int(self._lost.total_seconds()))}))

    # ---- state

    def guard_status(self, today: date) -> dict[str, Any]:
        """For status.json."""
        stance = self.stance
        why = stance.why if stance.level is not Level.OPEN else None
        return {
            "halted": stance.is_halted,
            "reduce_only": stance.level is Level.REDUCE_ONLY,
            "halt_reason": why.message if why else "",
            "halt_reason_zh": why.message_zh if why else "",
            "halt_reason_code": why.code if why else "",
            "halted_by": stance.by if why else "",
            "halted_since": stance.since.isoformat(timespec="milliseconds") if why and stance.since else "",
            "armed_accounts": sorted(name for name, day in stance.armed.items() if day == today),
        }
