"""The worker process: hosts xttrader, takes JSON lines on its standard input, answers with JSON lines.

It can hang, crash or leak, and is then killed and replaced. It sends only while its parent lives: a parent that is gone
may have been replaced by one that knows nothing of what still waits in this pipe. Before each call to the broker the
order's tag goes to the hand-over log, so that a tag that is not there is proven unsent.
"""

import contextlib
import ctypes
import errno
import gc
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from pydantic_core import from_json, to_json

from filebridge import failpoints
from filebridge.domain.orders import Query
from filebridge.domain.reasons import Reason
from filebridge.domain.reconcile import Lists
from filebridge.errors import GatewayNotReady
from filebridge.gateways.xtquotes import XtQuotes
from filebridge.gateways.xttrader import XtBroker, import_xttrader
from filebridge.locks import FileLock, holder_note

Wire = dict[str, Any]
BEAT_SECONDS = 0.5
_FAILPOINTS = {"order_answer": "worker.answer", "order": "worker.push", "fill": "worker.push"}
# How long a new worker waits for the account's lock while the one before it is ending.
LOCK_SECONDS = 5.0


class Outlet:
    """The pipe to the bridge. Standard output itself is given to whatever the native module prints."""

    def __init__(self) -> None:
        self._handle = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def emit(self, message: Wire) -> None:
        point = _FAILPOINTS.get(message["kind"])
        if point is not None and failpoints.hit(point):
            return
        line = to_json(message) + b"\n"
        with self._lock:
            view = memoryview(line)
            while view:
                view = view[os.write(self._handle, view) :]


class Parent:
    """The bridge that started this process, and whether it still lives."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        if sys.platform == "linux":
            # The kernel kills this process with its parent, even in the middle of a call that never returns.
            ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
        elif sys.platform == "win32":
            kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            synchronize = 0x00100000
            self._handle = kernel.OpenProcess(synchronize, False, pid)
            self._kernel = kernel

    def is_gone(self) -> bool:
        if sys.platform == "win32":
            still_running = 0x102
            return not self._handle or self._kernel.WaitForSingleObject(self._handle, 0) != still_running
        return os.getppid() != self._pid


class HandOver:
    """The unflushed log of tags that were about to be handed to the broker, one a line, in a file of this worker's own.

    It outlives the process (not the machine: the bridge compares the boot).
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, tag: str) -> None:
        """Raises OSError unless the whole line was written: what is not noted must not be sent."""
        line = tag.encode() + b"\n"
        if os.write(self._handle, line) != len(line):
            raise OSError(errno.ENOSPC, "the hand-over log took a part of a line only")


def main() -> NoReturn:
    """Entry point of the process; its settings are the first line of its input."""
    for name in ("SIGINT", "SIGBREAK"):
        # Ctrl-C reaches every process of a console. What becomes of the worker is for the bridge to say.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # As in the bridge (cli/__init__.py): values by the thousand, and none in a ring.
    gc.set_threshold(20_000, 20, 20)
    settings: Wire = json.loads(sys.stdin.buffer.readline())
    outlet, parent = Outlet(), Parent(settings["parent_pid"])
    threading.Thread(target=_beat, args=(outlet, parent), daemon=True).start()
    trouble = _serve(settings, outlet, parent)
    if trouble is not None:
        outlet.emit({"kind": "failed", "code": trouble.code, "context": dict(trouble.context)})
    # Not sys.exit: xttrader's destructor and its threads would speak, or hang, at the interpreter's end.
    sys.stderr.flush()
    os._exit(0)


def _serve(settings: Wire, outlet: Outlet, parent: Parent) -> Reason | None:
    """Serve until the parent ends; returns why there is nothing to serve with, if so."""
    try:
        import_xttrader(paper=settings["paper"])
        locks = _lock_accounts(settings)
    except GatewayNotReady as error:
        return Reason("NATIVE_MODULE_ABSENT", {"text": str(error)})
    except FileNotFoundError:
        return Reason("USERDATA_ABSENT", {"userdata": settings["userdata"]})
    except OSError as error:
        return Reason("USERDATA_NOT_WRITABLE", {"userdata": settings["userdata"], "text": str(error)})
    if isinstance(locks, dict):
        outlet.emit({"kind": "locked", **locks})
        return None
    handover = HandOver(Path(settings["handover"]))
    outlet.emit({"kind": "alone", "log": Path(settings["handover"]).name})
    broker = XtBroker(
        userdata=settings["userdata"],
        session=settings["session"],
        accounts=[tuple(pair) for pair in settings["accounts"]],
        banks=settings["banks"],
        paper=settings["paper"],
        emit=outlet.emit,
    )
    trouble = broker.connect()
    if trouble is not None:
        return trouble
    outlet.emit({"kind": "up"})
    wanted = _answer_quotes(outlet, XtQuotes(paper=settings["paper"], userdata=settings["userdata"]))
    books: Iterator[Wire] = iter(())
    for command in _commands():
        if parent.is_gone():
            break
        match command["do"]:
            case "submit":
                if not _submit(command, broker, handover, outlet, parent):
                    break
            case "cancel":
                for order in command["orders"]:
                    broker.cancel(order)
                outlet.emit({"kind": "handed"})
            case "quotes":
                wanted.put(command["symbols"])
            case "ask":
                for part in broker.told(Query(command["query"]), command["account"], command["number"]):
                    outlet.emit(part)
            case "query":
                books = broker.books(Lists(command["lists"]))
                outlet.emit(next(books))
            case "more":
                # There is none where the answer was at its end already: an end that belongs to no list.
                end = {"kind": "snapshots", "accounts": [], "is_first": False, "is_last": True}
                outlet.emit(next(books, end))
            case "balances":
                outlet.emit(broker.balances())
    return None


def _submit(command: Wire, broker: XtBroker, handover: HandOver, outlet: Outlet, parent: Parent) -> bool:
    """Call the broker for each order of a group, its tag noted first; False when the parent has gone meanwhile."""
    for order in command["orders"]:
        if parent.is_gone():
            return False
        if time.time() >= min(command["not_after"], order.get("not_after", command["not_after"])):
            # This machine slept, or the terminal hung: what was meant then is not meant now; or its own time is over.
            outlet.emit({"kind": "not_called", "tag": order["tag"]})
            continue
        failpoints.hit("worker.note")
        handover.note(order["tag"])
        failpoints.hit("worker.call")
        broker.submit(order)
        failpoints.hit("worker.called")
    outlet.emit({"kind": "handed"})
    return True


def _answer_quotes(outlet: Outlet, quotes: XtQuotes) -> "queue.Queue[list[str]]":
    """Answer questions for prices on a thread of its own: no order waits for them, nor for a service that hangs."""
    wanted: queue.Queue[list[str]] = queue.Queue()

    def answer() -> None:
        # The pipe breaks when the bridge is gone; the heartbeat ends this process then.
        with contextlib.suppress(OSError):
            while True:
                outlet.emit(quotes.ask(wanted.get()))

    threading.Thread(target=answer, daemon=True).start()
    return wanted


def _commands() -> Iterator[Wire]:
    for line in sys.stdin.buffer:
        # A line without its end was cut by the parent's death: it may not be a whole command.
        if line.endswith(b"\n"):
            yield from_json(line)


def _beat(outlet: Outlet, parent: Parent) -> None:
    while True:
        if parent.is_gone():
            os._exit(0)
        try:
            outlet.emit({"kind": "beat"})
        except OSError:
            os._exit(0)
        time.sleep(BEAT_SECONDS)


def _lock_accounts(settings: Wire) -> list[FileLock] | dict[str, str]:
    """One sender per account and terminal, whichever home it belongs to; or who holds which account."""
    locks = []
    folder = Path(settings["userdata"])
    for account, _ in settings["accounts"]:
        path = folder / f"filebridge-{account}.lock"
        note = json.dumps({"home": settings["home"], "pid": os.getpid()}, ensure_ascii=False)
        lock = _wait_for_lock(path, note)
        if lock is None:
            return {"account": account, "holder": holder_note(path)}
        locks.append(lock)
    return locks


def _wait_for_lock(path: Path, note: str) -> FileLock | None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        lock = FileLock.acquire(path, note)
        if lock is not None or time.monotonic() > deadline:
            return lock
        # No system wakes who waits for a lock with a deadline.
        time.sleep(0.02)


if __name__ == "__main__":
    main()
