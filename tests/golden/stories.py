"""Samples that are stories: for reasons that no file alone can show, because a broker, a person or time has a part.

A story is `samples/stories/<name>.toml`: settings that differ from a new home's, and steps, which happen one after the
other. Each step is one of `drop` (a file into the inbox), `write`, `remove` (a file of the home), `command`, `broker`,
`wait` (seconds) or `bridge`, and then the bridge has some turns. It is played with the real bridge, ledger, folders and
commands; the broker is the tests' model, the clock the story's. Its answer beside it is what the ledger holds of it.
"""

import json
import os
import re
import shlex
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from typer.testing import CliRunner

from filebridge import control
from filebridge.cli import app, asking
from filebridge.config import Settings
from filebridge.domain.events import EventKind
from filebridge.domain.market import TradingCalendar
from filebridge.domain.orders import Order, Side
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import Lists
from filebridge.gateways import base
from tests.golden.regenerate import SAMPLES, answer_path
from tests.property import program
from tests.property.broker_model import ACCOUNT, BookOrder, BrokerModel, Fate, Truth
from tests.property.program import START, Program

STORIES = SAMPLES / "stories"
# What a person at the console sees of a story's order: each word is one that docs/statuses.md explains.
_SHOWN = ("client_order_id", "symbol", "side", "quantity", "limit_price", "status", "filled_qty")
_TURNS = 8
_HELD = {"600000.SH": 20_000, "000001.SZ": 20_000}
HOME: dict[str, Any] = {
    "broker": {"accounts": [{"id": ACCOUNT}]},
    "inbox": {"settle_seconds": 0},
    "ledger": {"free_bytes_min": 0},
}


def stories() -> list[Path]:
    return sorted(STORIES.glob("*.toml"))


def shown_by(story: Path) -> list[str]:
    """The reasons that a story says it shows."""
    shows: list[str] = tomllib.loads(story.read_text(encoding="utf-8"))["shows"]
    return shows


def told(story: Path) -> str:
    """What comes of a story, as its expected file holds it."""
    script = tomllib.loads(story.read_text(encoding="utf-8"))
    stage = Stage(_settings(script.get("settings", {})))
    try:
        said: list[dict[str, Any]] = []
        stage.begin()
        for number, step in enumerate(script["steps"], 1):
            stage.play(step)
            said += [{"step": number, **each} for each in stage.news()]
        orders = [{name: row[name] for name in _SHOWN} for row in stage.orders()]
        return stage.without_tags(json.dumps({"said": said, "orders": orders}, ensure_ascii=False, indent=2) + "\n")
    finally:
        stage.close()


def _settings(given: dict[str, Any]) -> Settings:
    names = HOME.keys() | given.keys()
    return Settings.model_validate({name: {**HOME.get(name, {}), **given.get(name, {})} for name in names})


class Counter(BrokerModel):
    """A broker that does at once what it is asked, but for what the story says of it."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.fates: dict[str, Fate] = {}
        self.is_idle = self.is_away = False
        self.answers_queries, self.is_mute = True, False
        # What it says of new issues; None: no answer to that or another question of a file.
        self.issues: list[base.Raw] | None = None
        price = Decimal("10.5")
        self.positions = tuple(
            base.Position(ACCOUNT, symbol, "", quantity, quantity, price, price, price * quantity)
            for symbol, quantity in _HELD.items()
        )

    def ask(self, query: str, account: str, number: int) -> None:
        super().ask(query, account, number)
        if self.issues is not None or not self.answers_queries:
            is_known = self.answers_queries
            self.said.append(base.Told(number, tuple(self.issues or ()), is_known, is_first=True, is_end=True))

    def a_turn(self) -> None:
        """What it does between two turns of the bridge."""
        if not self.is_away:
            self.come_up()
        while self.commands and not self.is_idle:
            if self.is_mute and self.commands[0] in (("query", Lists.NONE), ("balances", None)):
                self.commands.popleft()
            else:
                self.work(self.fates.get(self.commands[0][0], Fate.GOOD))
        if not self.is_idle:
            self.end_pending_cancels()
        self.flow()
        self.hear_all()


class Stage(Program):
    """The program, played by a script."""

    broker: Counter

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, Counter)
        self._patch.setattr(program, "CALENDAR", TradingCalendar.of(START.date() + timedelta(days=n) for n in range(3)))
        self._patch.setattr(asking, "ANSWER_SECONDS", 0.0)
        # Requests are as old as the story says.
        clock = SimpleNamespace(time=lambda: self.now.timestamp(), time_ns=time.time_ns)
        clock.monotonic, clock.sleep = time.monotonic, time.sleep
        self._patch.setattr(control, "time", clock)
        self._seen = 0

    def received(self, order: Order) -> None:
        """The same may be meant several times here."""

    # ---- the script

    def begin(self) -> None:
        self.start()
        self.go_on(4)
        self._seen = self._newest()

    def play(self, step: dict[str, Any]) -> None:
        turns = step.pop("turns", _TURNS)
        verb = next(iter(step))
        value = step.pop(verb)
        act: dict[str, Callable[..., None]] = {
            "drop": self._drop,
            "write": self._write,
            "remove": lambda name: (self.folder / name).unlink(),
            "command": self._command,
            "broker": self._broker,
            "wait": self.wait,
            "bridge": self._bridge,
        }
        act[verb](value, **step)
        self.go_on(turns)

    def go_on(self, turns: int) -> None:
        for _ in range(turns if self.bridge is not None else 0):
            self.broker.a_turn()
            self.turn()

    def _drop(self, name: str, *, text: str, seconds_old: float = 0) -> None:
        path = self.folder / "inbox" / name
        self._put(path, text, seconds_old)

    def _write(self, name: str, *, text: str, seconds_old: float = 0) -> None:
        self._put(self.folder / name, text.replace("{now}", self.now.isoformat()), seconds_old)

    def _put(self, path: Path, text: str, seconds_old: float) -> None:
        path.write_bytes(text.encode())
        os.utime(path, (self.now.timestamp() - seconds_old,) * 2)

    def _command(self, line: str, *, seconds_old: float = 0) -> None:
        """A command of the program, as it is typed; `{tag of A-1}` in it is the tag of that order."""
        tagged = re.sub(r"\{tag of (\S+)\}", lambda found: str(self._named(found[1])["tag"]), line)
        before = set((self.folder / "control").iterdir())
        CliRunner().invoke(app, [*shlex.split(tagged)[1:], "--home", str(self.folder)])
        for path in set((self.folder / "control").iterdir()) - before:
            os.utime(path, (self.now.timestamp() - seconds_old,) * 2)

    def _bridge(self, what: str, *, settings: dict[str, Any] | None = None) -> None:
        if settings is not None:
            self.settings = _settings(settings)
        if what == "killed":
            self.crash()
        else:
            assert what == "started", what
            self.start()

    # ---- the broker

    def _broker(self, what: str, *, issues: list[base.Raw] | None = None) -> None:
        words = what.split()
        if what == "tells new issues":
            self.broker.issues = issues
        elif what in BROKER:
            BROKER[what](self.broker)
        elif what == "has an order of ours that the ledger does not know":
            book = self.broker._enter(f"{self._mark()}{'0' * 16}", "600000.SH", Side.BUY, 100, Decimal(10))
            self.broker._become(book, book.status)
        elif words[0] in ABOUT_AN_ORDER:
            tag = self._named(words[1])["tag"]
            ABOUT_AN_ORDER[words[0]](self.broker, self._at_broker(tag), *map(int, words[2:3]))
        elif words[0] == "lists" and words[2:] == ["without", "its", "tag"]:
            self._list_without_tag(str(self._named(words[1])["tag"]))
        else:
            raise AssertionError(f"the broker cannot do this: {what}")

    def _at_broker(self, tag: str) -> BookOrder:
        """The order in the counter's books; one that is still on its way arrives now."""
        for order in list(self.broker.on_their_way):
            if order.terms.tag == tag:
                self.broker.receive(order)
        for order in self._lost(tag):
            self.broker.on_their_way.append(order)
            self.broker.receive(order)
        return next(book for book in self.broker.books if book.tag == tag)

    def _list_without_tag(self, tag: str) -> None:
        """It came after all, but this broker cut what it should have kept."""
        (order,) = self._lost(tag)
        terms = order.terms
        assert terms.limit_price is not None
        assert order.submitted_at is not None
        book = self.broker._enter("", terms.symbol, terms.side, terms.quantity, terms.limit_price)
        book.ordered_at = order.submitted_at
        self.broker._become(book, book.status)

    def _lost(self, tag: str) -> list[Order]:
        lost = self.broker.truth.get(tag) in (Truth.LOST, Truth.REFUSED)
        assert self._reader is not None
        found = self._reader.order(tag)
        return [found] if lost and found is not None else []

    # ---- what the ledger holds of it

    def news(self) -> Iterator[dict[str, Any]]:
        """Every reason that was recorded since the last look."""
        before, self._seen = self._seen, self._newest()
        files = {row["intake_no"]: row["name"] for row in self.rows("SELECT intake_no, name FROM files")}
        names = {row["tag"]: row["client_order_id"] for row in self.orders()}
        # A file's own event repeats a code of its rows.
        for row in self.rows("SELECT * FROM events WHERE seq > ? AND kind <> 'FILE' ORDER BY seq", before):
            body = json.loads(row["body"])
            for found in _with_reason(body):
                reason = Reason(found["reason_code"], found.get("context", {}))
                of = names.get(row["tag"], "") or body.get("client_order_id", "") or files.get(row["intake_no"], "")
                became = body.get("outcome") or body.get("status") or ""
                yield {
                    "kind": row["kind"],
                    **({"of": of} if of else {}),
                    **({"row": body["row"]} if row["kind"] == "ROW" else {}),
                    **({"became": became} if became else {}),
                    "code": reason.code,
                    "message": found.get("detail", reason.message),
                    "message_zh": found.get("detail_zh", reason.message_zh),
                }

    def without_tags(self, text: str) -> str:
        for row in self.orders():
            text = text.replace(row["tag"], f"<tag of {row['client_order_id']}>")
        return text.replace(self._mark(), "<home>")

    def _mark(self) -> str:
        return str(self.rows("SELECT value FROM meta WHERE key = 'home_mark'")[0]["value"])

    def _named(self, name: str) -> Any:
        return [row for row in self.orders() if row["client_order_id"] == name][-1]

    def _newest(self) -> int:
        return int(self.rows("SELECT max(seq) AS seq FROM events")[0]["seq"])


def _with_reason(body: Any) -> Iterator[dict[str, Any]]:
    """Every part of an event that names a reason."""
    if isinstance(body, dict):
        if body.get("reason_code"):
            yield body
        for value in body.values():
            yield from _with_reason(value)
    elif isinstance(body, list):
        for value in body:
            yield from _with_reason(value)


def _fate(**fates: Fate) -> Callable[[Counter], None]:
    def become(broker: Counter) -> None:
        broker.fates, broker.is_idle = fates, False

    return become


def _idle(broker: Counter) -> None:
    broker.is_idle = True


def _away(broker: Counter) -> None:
    broker.is_away = True
    broker.die("the story wants it")


def _back(broker: Counter) -> None:
    broker.is_away = broker.is_idle = False


def _mute(broker: Counter) -> None:
    broker.is_mute = True


def _without_queries(broker: Counter) -> None:
    broker.answers_queries = False


def _troubled(broker: Counter) -> None:
    broker.said.append(base.WorkerTrouble("a message could not be read"))


def _numbers_again(broker: Counter) -> None:
    broker._numbers = count(1)


def _fill(broker: Counter, book: BookOrder, quantity: int = 0) -> None:
    broker.fill(book, quantity or book.quantity - book.filled_qty)


def _count(broker: Counter, book: BookOrder, quantity: int) -> None:
    """Its report counts a fill that it has not told yet."""
    book.fills.append(book.filled("T-late", quantity))
    broker._become(book, EventKind.REPORT_FILLED)


def _forget(_: Counter, book: BookOrder) -> None:
    book.listed = None


def _reject(broker: Counter, book: BookOrder) -> None:
    broker._become(book, EventKind.REPORT_REJECTED)


def _nothing(_: Counter, book: BookOrder) -> None:
    """That it arrived is all."""


# What a story may say of the broker from a step on, or once.
BROKER: dict[str, Callable[[Counter], None]] = {
    "rejects orders": _fate(submit=Fate.REJECT),
    "refuses orders": _fate(submit=Fate.REFUSE),
    "loses orders": _fate(submit=Fate.LOST),
    "refuses cancels": _fate(cancel=Fate.REJECT),
    "does what it is asked": _fate(),
    "takes nothing up": _idle,
    "does not say what the account has": _mute,
    "knows no such query": _without_queries,
    "numbers its orders from 1 again": _numbers_again,
    "reports trouble": _troubled,
    "is gone": _away,
    "is back": _back,
}
# "fills A-1 100": what it does with one order.
ABOUT_AN_ORDER: dict[str, Callable[..., None]] = {
    "fills": _fill,
    "counts": _count,
    "cancels": Counter.end,
    "rejects": _reject,
    "forgets": _forget,
    "has": _nothing,
}


if __name__ == "__main__":
    for story in stories():
        answer_path(story).write_text(told(story), encoding="utf-8", newline="\n")
