"""The counter's connections: one thread, one selector, whole groups of lines read and written at once.

Who may come in, what a session is, and when nobody is left; what the lines mean is the desk's.
"""

import hmac
import logging
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from filebridge.simulator.desk import Desk
from filebridge.simulator.endpoint import Terminal
from filebridge.simulator.faults import COMMANDS, Faults, checked
from filebridge.simulator.scenario import Scenario
from filebridge.simulator.wire import HELLO_BYTES_MAX, REQUESTS, Message, decode_lines, encode

LOG = logging.getLogger(__name__)

SHANGHAI = timezone(timedelta(hours=8))
TICK_SECONDS = 0.2
READ_BYTES = 65_536
# A client that reads nothing must not fill the memory; it is cut off, as a terminal would do.
UNSENT_BYTES_MAX = 256 * 1024 * 1024


@dataclass(eq=False, slots=True)
class Session:
    number: int
    link: socket.socket
    kind: str = ""
    session_id: int | None = None
    unread: bytes = b""
    unsent: bytearray = field(default_factory=bytearray)
    closing: bool = False


class Sessions:
    """Serves until stopped, until idle for `idle_seconds` (None: never), or until the folder is gone."""

    def __init__(
        self,
        userdata: Path,
        desk: Desk,
        faults: Faults,
        scenario: Scenario,
        terminal: Terminal,
        listener: socket.socket,
    ) -> None:
        self.stopping = False
        self._userdata, self._desk, self._faults, self._terminal = userdata, desk, faults, terminal
        self._scenario = scenario
        self._selector = selectors.DefaultSelector()
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ)
        self._sessions: dict[int, Session] = {}
        self._held: list[tuple[Session, dict[str, Any]]] = []
        self._last_number = 0
        self._folder = _identity(userdata)
        self._hellos: dict[str, Callable[[Session, dict[str, Any]], None]] = {
            "client": self._hello_client,
            "control": self._hello_control,
            "ping": self._hello_ping,
            "quotes": self._hello_quotes,
        }

    def run(self, idle_seconds: float | None) -> None:
        idle_since = time.monotonic()
        next_tick = 0.0
        while not self.stopping:
            for key, events in self._selector.select(self._patience()):
                if key.fileobj is self._listener:
                    self._accept()
                    continue
                session: Session = key.data
                # What came before it in this round may have cut it off.
                if events & selectors.EVENT_WRITE and session.number in self._sessions:
                    self._write(session)
                if events & selectors.EVENT_READ and session.number in self._sessions:
                    self._read(session)
            for changes in self._scenario.take_due(_now()):
                self._play(changes)
            clock = time.monotonic()
            if clock >= next_tick or self._desk.out.next_due():
                next_tick = clock + TICK_SECONDS
                self._desk.tick(_now())
                self._send()
                if _identity(self._userdata) != self._folder:
                    LOG.info("the folder is gone")
                    return
            if self._held and not self._faults.mute:
                self._admit_held()
            if any(session.kind == "client" for session in self._sessions.values()):
                idle_since = clock
            elif idle_seconds is not None and clock - idle_since >= idle_seconds:
                LOG.info("no client for %s s", idle_seconds)
                return

    def close(self) -> None:
        for session in list(self._sessions.values()):
            self._close(session)
        self._selector.close()
        self._listener.close()

    def _patience(self) -> float:
        dues = [due for due in (self._desk.out.next_due(), self._scenario.next_due()) if due is not None]
        return min([TICK_SECONDS, *(max(0.0, (due - _now()).total_seconds()) for due in dues)])

    def _accept(self) -> None:
        try:
            link, _ = self._listener.accept()
        except OSError as error:  # the client gave up already, or no descriptors are left
            LOG.warning("accept: %s", error)
            return
        link.setblocking(False)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._last_number += 1
        session = self._sessions[self._last_number] = Session(self._last_number, link)
        self._selector.register(link, selectors.EVENT_READ, session)

    def _read(self, session: Session) -> None:
        if self._faults.mute and session.kind == "client":
            return
        try:
            data = session.link.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(session)
            return
        if session.closing:
            return
        whole, newline, rest = (session.unread + data).rpartition(b"\n")
        session.unread = rest
        if not session.kind:
            self._greet(session, whole)
        elif newline:
            self._handle(session, whole)
        self._send()

    def _handle(self, session: Session, whole: bytes) -> None:
        try:
            requests = decode_lines(whole)
            for request in requests:
                if request[0] not in REQUESTS or len(request) != len(REQUESTS[request[0]]) + 2:
                    raise ValueError(f"no such request: {request!r}")
        except (ValueError, TypeError, IndexError, KeyError) as error:
            LOG.error("session %d speaks nonsense: %s", session.number, error)
            self._close(session)
            return
        now = _now()
        group: list[Message] = []
        for request in requests:
            changes = self._scenario.arrives(request[0])
            if changes:
                self._desk.handle(session.number, group, now)
                self._play(changes)
                group = []
                if session.number not in self._sessions:
                    # Cut off in the middle of what it was sending: the rest never arrived.
                    return
            group.append(request)
        self._desk.handle(session.number, group, now)

    def _greet(self, session: Session, line: bytes) -> None:
        if not line:
            if len(session.unread) > HELLO_BYTES_MAX:
                self._close(session)
            return
        try:
            first: Any = decode_lines(line)[0]
        except ValueError:
            first = None
        hello: dict[str, Any] = first if isinstance(first, dict) else {}
        token = hello.get("token")
        known = isinstance(token, str) and hmac.compare_digest(token.encode(), self._terminal.token.encode())
        if not known or hello.get("hello") not in self._hellos:
            LOG.warning("a connection without the right token was closed")
            self._close(session)
            return
        session.kind = hello["hello"]
        self._hellos[session.kind](session, hello)

    def _hello_client(self, session: Session, hello: dict[str, Any]) -> None:
        self._play(self._scenario.arrives("connect") or {})
        if session.number in self._sessions:
            self._let_in(session, hello)

    def _let_in(self, session: Session, hello: dict[str, Any]) -> None:
        if self._faults.mute:
            self._held.append((session, hello))
            self._watch(session)
            return
        if self._faults.logged_out:
            self._close(session)
            return
        others = [s for s in self._sessions.values() if s is not session and s.kind == "client"]
        if any(other.session_id == hello.get("session") for other in others):
            LOG.warning("session id %s is in use: refused", hello.get("session"))
            self._close(session)
            return
        session.session_id = hello.get("session")
        self._desk.connected(_now())
        self._put(session, {"welcome": self._terminal.pid})

    def _hello_ping(self, session: Session, hello: dict[str, Any]) -> None:
        session.closing = True
        self._put(session, {"pid": self._terminal.pid})

    def _hello_quotes(self, session: Session, hello: dict[str, Any]) -> None:
        """What xtdata would be asked. It is another service of a terminal: what befalls a client does not touch it."""
        session.closing = True
        symbols = [symbol for symbol in hello.get("symbols", ()) if isinstance(symbol, str)]
        self._put(session, self._desk.quotes(symbols, _now()))

    def _hello_control(self, session: Session, hello: dict[str, Any]) -> None:
        session.closing = True
        try:
            self._change(checked(hello.get("control", {})))
            answer: dict[str, Any] = {"faults": asdict(self._faults)}
        except ValueError as error:
            answer = {"error": str(error)}
        # The answer to stop is the end of the connection, which comes when everything else is closed.
        if not self.stopping:
            self._put(session, answer)

    def _change(self, changes: dict[str, Any]) -> None:
        """Faults and commands whose names and types are checked already; ValueError where a command makes no sense."""
        for name, value in changes.items():
            if name in COMMANDS:
                self._command(name, value)
            else:
                setattr(self._faults, name, value)
        if "query_lag_seconds" in changes:
            self._desk.start_lag()
        if changes.get("logged_out"):
            self._cut_off()
        if "mute" in changes:
            for other in self._sessions.values():
                self._watch(other)

    def _play(self, changes: dict[str, Any]) -> None:
        """What a scenario wants; there is nobody to answer."""
        if changes:
            LOG.info("scenario: %s", changes)
        try:
            self._change(changes)
        except ValueError as error:
            LOG.error("scenario: %s", error)
        self._send()

    def _command(self, name: str, value: Any) -> None:
        if name == "stop":
            self.stopping = value
        elif name == "disconnect":
            if value:
                self._cut_off()
        else:
            self._desk.command(name, value, _now())

    def _cut_off(self) -> None:
        # What was said before, such as the account's new status, still reaches them.
        self._send()
        for session in [s for s in self._sessions.values() if s.kind == "client"]:
            self._close(session)

    def _admit_held(self) -> None:
        held, self._held = self._held, []
        for session, hello in held:
            if session.number in self._sessions:
                self._let_in(session, hello)
        self._send()

    def _put(self, session: Session, message: dict[str, Any]) -> None:
        session.unsent += encode(message)
        self._write(session)

    def _send(self) -> None:
        """Takes the desk's outbox and writes what the links take; the rest waits for them."""
        for number in list(self._desk.out.lines):
            lines = self._desk.out.lines.pop(number)
            session = self._sessions.get(number)
            if session is not None:
                session.unsent += b"".join(lines)
                self._write(session)

    def _write(self, session: Session) -> None:
        if session.unsent and not (self._faults.mute and session.kind == "client"):
            try:
                sent = session.link.send(session.unsent)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._close(session)
                return
            del session.unsent[:sent]
        if len(session.unsent) > UNSENT_BYTES_MAX:
            LOG.error("session %d reads nothing: cut off", session.number)
            self._close(session)
        elif session.closing and not session.unsent:
            self._close(session)
        else:
            self._watch(session)

    def _watch(self, session: Session) -> None:
        """Selects what the session waits for; a muted one is not even read, so its own buffers fill."""
        muted = self._faults.mute and session.kind == "client"
        events = 0 if muted else selectors.EVENT_READ | (selectors.EVENT_WRITE if session.unsent else 0)
        registered = self._selector.get_map().get(session.link)
        if registered is None:
            if events:
                self._selector.register(session.link, events, session)
        elif not events:
            self._selector.unregister(session.link)
        elif registered.events != events:
            self._selector.modify(session.link, events, session)

    def _close(self, session: Session) -> None:
        if self._sessions.pop(session.number, None) is None:
            return
        self._desk.out.left(session.number)
        if session.link in self._selector.get_map():
            self._selector.unregister(session.link)
        session.link.close()


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        stat = folder.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _now() -> datetime:
    return datetime.now(SHANGHAI)
