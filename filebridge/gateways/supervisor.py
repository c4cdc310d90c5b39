"""Keeps one worker process: starts it, feeds it, listens to it, and kills and replaces it when it is silent or late.

Lives in the bridge's process. Its reader threads only put messages on the bridge's queue.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from filebridge.domain.orders import Order, price_text
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import TAG_LENGTH, Lists
from filebridge.errors import GatewayNotReady
from filebridge.gateways import base
from filebridge.gateways.lifeline import Lifeline
from filebridge.gateways.wire import NEWS, message_of

# Each session id leaves a large queue file in a live terminal's userdata, and the same one again at once is refused.
SESSIONS = 4
_STILL_SECONDS = 1.0
# The whole list of a day comes at once: of half a million orders in some ten seconds.
ORDERS_LISTED_A_SECOND = 10_000
HANDED_SUFFIX = ".tags"
RETRY_SECONDS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What a worker has to know; `folder` is where this home keeps hand-over logs and what workers print."""

    userdata: Path
    accounts: tuple[tuple[str, str], ...]
    # Of the accounts that have one, the bank that transfers come from and go to.
    banks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    paper: bool
    session_base: int
    home: Path
    folder: Path
    connect_seconds: float
    answer_seconds: float
    heartbeat_seconds: float


@dataclass(slots=True)
class _Worker:
    """One living worker, and what it owes us."""

    generation: int
    process: subprocess.Popen[bytes]
    handover: Path
    # On the supervisor's waking clock, as the deadlines below are.
    heard_at: float
    # Until its first word it is only starting, which a slow disk or a virus scanner can make long.
    has_spoken: bool = field(default=False, kw_only=True)
    # Deadlines of what it was asked and has not answered yet, oldest first. The loop appends, the reader's thread alone
    # changes and takes away the first: each is one step of the interpreter, and nothing ever writes the list anew.
    owes: list[tuple[str, float]] = field(default_factory=list)
    up: bool = False
    # It lives, but its terminal is gone; a flag of its own, for the next heartbeat would cover up anything else.
    is_cut_off: bool = False
    last_words: Reason | None = None
    commands: "queue.Queue[dict[str, Any] | None]" = field(default_factory=queue.Queue)


class Supervisor:
    """The gateway of base.Gateway by way of a worker process."""

    def __init__(self, settings: WorkerSettings, messages: "queue.Queue[list[base.Message]]") -> None:
        self._settings = settings
        self._messages = messages
        self._worker: _Worker | None = None
        self._lifeline = Lifeline()
        self._generation = self._accepted = 0
        self._unsaid: deque[base.Message] = deque()
        self._failures = 0
        self._retry_at = 0.0
        self._ticked_at = time.monotonic()
        # How long one of the lists that were asked for last may take more than an answer.
        self._list_seconds = 0.0
        # Seconds in which this process stood still.
        self._slept = 0.0

    # ---- the gateway's contract

    def start(self) -> None:
        self._settings.folder.mkdir(exist_ok=True)
        self._spawn()

    def accept(self, generation: int) -> None:
        self._accepted = generation

    @property
    def is_ready(self) -> bool:
        worker = self._worker
        return worker is not None and worker.up and worker.generation == self._accepted

    def submit(self, orders: Sequence[Order]) -> None:
        not_after = time.time() + self._settings.answer_seconds
        self._ask("submit", "handed", orders=[_outgoing(order) for order in orders], not_after=not_after)

    def cancel(self, orders: Sequence[Order]) -> None:
        self._ask("cancel", "handed", orders=[_outgoing(order) for order in orders])

    def query(self, lists: Lists, *, expected: int) -> None:
        self._list_seconds = expected / ORDERS_LISTED_A_SECOND if lists is Lists.ALL else 0.0
        self._ask("query", "snapshots", extra_seconds=self._list_seconds, lists=lists)

    def more(self) -> None:
        # The next part may be the first of another list of the day.
        self._ask("more", "snapshots", extra_seconds=self._list_seconds)

    def balances(self) -> None:
        self._ask("balances", "balances")

    def ask(self, query: str, account: str, number: int) -> None:
        self._ask("ask", "told", query=query, account=account, number=number)

    def quotes(self, symbols: Sequence[str]) -> None:
        self._tell("quotes", symbols=list(symbols))

    def tick(self) -> None:
        self._say()
        worker = self._worker
        self._note_standstill()
        if worker is None:
            if time.monotonic() >= self._retry_at:
                self._spawn()
            return
        awake = self._awake()
        # Heard at the very moment of waking, before the standstill was noted: not later than now.
        worker.heard_at = min(worker.heard_at, awake)
        late = next((what for what, due in worker.owes[:1] if awake > due), "")
        if worker.process.poll() is not None:
            self._end(worker, worker.last_words or _reason("WORKER_ENDED", value=worker.process.returncode))
        elif worker.is_cut_off or (worker.has_spoken and awake - worker.heard_at > self._settings.heartbeat_seconds):
            self._end(worker, worker.last_words or Reason("WORKER_SILENT"))
        elif late:
            self._end(worker, _reason("WORKER_LATE", value=late))

    def _note_standstill(self) -> None:
        """Time in which this process itself stood still (a paused machine) is not the worker's silence."""
        now = time.monotonic()
        slept, self._ticked_at = now - self._ticked_at, now
        if slept > _STILL_SECONDS:
            self._slept += slept

    def _awake(self) -> float:
        """Seconds on a clock that stands still when this process does."""
        return time.monotonic() - self._slept

    def close(self) -> None:
        if self._worker is not None:
            _kill(self._worker)
            self._worker = None
        self._lifeline.cut()

    # ---- the worker's life

    def _spawn(self) -> None:
        self._generation += 1
        settings = self._settings
        # A name of its own for each worker ever started, so that no log is read as another one's.
        handover = settings.folder / f"handover-{time.time_ns()}-{self._generation}{HANDED_SUFFIX}"
        with (settings.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                # -P: a module of that name in the current folder must not take the place of ours.
                [sys.executable, "-P", "-m", "filebridge.gateways.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )
        trouble = self._lifeline.tie(process)
        if trouble:
            # It still looks at its parent before each call; but that a stronger hold is missing must be seen.
            self._unsaid.append(base.WorkerTrouble(trouble))
        worker = _Worker(self._generation, process, handover, self._awake())
        worker.owes.append(("up", self._awake() + settings.connect_seconds))
        self._worker = worker
        for target in (self._listen, self._feed):
            threading.Thread(target=target, args=(worker,), daemon=True).start()
        first = {
            "parent_pid": os.getpid(),
            "userdata": str(settings.userdata),
            "accounts": settings.accounts,
            "banks": settings.banks,
            "paper": settings.paper,
            "session": settings.session_base + self._generation % SESSIONS,
            "handover": str(handover),
            "home": str(settings.home),
        }
        worker.commands.put(first)

    def _ask(self, verb: str, answer: str, *, extra_seconds: float = 0.0, **fields: Any) -> None:
        allowed = self._settings.answer_seconds + extra_seconds
        self._ready_worker().owes.append((answer, self._awake() + allowed))
        self._tell(verb, **fields)

    def _tell(self, verb: str, **fields: Any) -> None:
        self._ready_worker().commands.put({"do": verb, **fields})

    def _ready_worker(self) -> _Worker:
        if self._worker is None or not self.is_ready:
            raise GatewayNotReady("there is no connection to the broker")
        return self._worker

    def _feed(self, worker: _Worker) -> None:
        """Write the commands on a thread of its own: a worker that hangs reads nothing, and a full pipe blocks."""
        assert worker.process.stdin is not None
        with contextlib.suppress(OSError):
            while (command := worker.commands.get()) is not None:
                worker.process.stdin.write(to_json(command) + b"\n")
                worker.process.stdin.flush()
        # Broken or ended: how much was read is for the hand-over log to say, and the next tick ends this worker.
        with contextlib.suppress(OSError):
            worker.process.stdin.close()

    def _end(self, worker: _Worker, why: Reason) -> None:
        """Kill the worker, make sure that it is dead, and say what it had handed over."""
        _kill(worker)
        self._worker = None
        self._failures = 0 if worker.up else self._failures + 1
        self._retry_at = time.monotonic() + RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        handed = handed_over(worker.handover)
        self._unsaid.append(base.GatewayDown(worker.generation, why, handed))
        self._say()

    def _say(self) -> None:
        """Never waits: whoever calls `tick` is the one who empties the queue."""
        with contextlib.suppress(queue.Full):
            while self._unsaid:
                self._messages.put_nowait([self._unsaid[0]])
                self._unsaid.popleft()

    # ---- what it says (on the reader's thread)

    def _listen(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        handle = worker.process.stdout.fileno()
        rest = b""
        while chunk := os.read(handle, 1 << 16):
            worker.heard_at, worker.has_spoken = self._awake(), True
            *lines, rest = (rest + chunk).split(b"\n")
            messages = [message for line in lines if (message := self._heard(worker, line)) is not None]
            if messages:
                self._messages.put(messages)

    def _heard(self, worker: _Worker, line: bytes) -> base.Message | None:
        if line.startswith(NEWS):
            return base.Sealed(line)
        wire = from_json(line)
        kind = wire["kind"]
        # The worker answers in the order in which it was asked.
        if worker.owes and worker.owes[0][0] == kind:
            worker.owes.pop(0)
            # It only comes to what it was asked meanwhile now.
            for what, due in worker.owes[:1]:
                worker.owes[0] = (what, max(due, self._awake() + self._settings.answer_seconds))
        if kind == "up":
            worker.up = True
        elif kind == "failed":
            worker.last_words = Reason(wire["code"], wire["context"])
        elif kind == "locked":
            worker.last_words = _reason("ACCOUNT_IN_USE", account=wire["account"], text=wire["holder"])
            if _end_own_predecessor(self._settings.home, wire["holder"]):
                worker.last_words = Reason("OLD_WORKER_ENDED")
        elif kind == "disconnected":
            # xttrader does not reconnect by itself: a new worker with another session does.
            worker.last_words = Reason("TERMINAL_DISCONNECTED")
            worker.is_cut_off = True
        return message_of(wire, worker.generation)


def handed_over(path: Path) -> frozenset[str] | None:
    """The tags in a hand-over log; None if it is missing or not whole, and so proves nothing."""
    try:
        tags = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return frozenset(tags) if all(len(tag) == TAG_LENGTH for tag in tags) else None


def last_handed(folder: Path) -> list[str]:
    """The last whole line of each hand-over log in a folder: a tag, unless a power loss left something else."""
    found = []
    for path in sorted(folder.glob(f"*{HANDED_SUFFIX}")):
        with contextlib.suppress(OSError):
            found += path.read_text(encoding="ascii", errors="replace").split("\n")[:-1][-1:]
    return found


def _reason(code: str, **context: object) -> Reason:
    return Reason(code, {name: str(value) for name, value in context.items()})


def _kill(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.wait()
    worker.commands.put(None)


def _end_own_predecessor(home: Path, holder: str) -> bool:
    """Kill the process that holds an account's lock if it is an old worker of this home (it lives, for it holds it)."""
    try:
        note = json.loads(holder)
        ours = note["home"] == str(home)
        if ours:
            os.kill(int(note["pid"]), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    except (ValueError, KeyError, TypeError, OSError):
        return False
    return bool(ours)


def _outgoing(order: Order) -> dict[str, Any]:
    terms = order.terms
    # It may lie with the worker for a while, behind others: it is not to leave after its own time.
    own_time = {"not_after": terms.expire_at.timestamp()} if terms.expire_at is not None else {}
    return {
        **own_time,
        "tag": terms.tag,
        "account": terms.account,
        "symbol": terms.symbol,
        "side": terms.side.value,
        "quantity": terms.quantity,
        "order_type": terms.order_type.value,
        "limit_price": price_text(terms.limit_price),
        "strategy": terms.strategy,
        "broker_order_id": order.broker_order_id,
    }
