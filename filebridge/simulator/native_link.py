"""The native module's connection to a counter and its one thread, which reads, writes and calls back.

Sending never waits: what the counter does not take at once, the thread sends later. What the messages mean is not
known here. The end of a connection is reported once and is final, as with a real terminal.
"""

import collections
import contextlib
import selectors
import socket
import threading
from collections.abc import Callable

from filebridge.simulator.endpoint import Terminal, dial
from filebridge.simulator.wire import Message, decode_lines

READ_BYTES = 1 << 18


class NativeLink:
    """`on_messages` and `on_lost` are called on the link's own thread, and so is everything posted."""

    def __init__(self, on_messages: Callable[[list[Message]], None], on_lost: Callable[[], None]) -> None:
        self._on_messages, self._on_lost = on_messages, on_lost
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._unsent = bytearray()
        self._unread = b""
        self._posted: collections.deque[Callable[[], None]] = collections.deque()
        self._thread: threading.Thread | None = None
        self._waker: socket.socket | None = None
        self._stopping = False
        self.was_lost = False

    @property
    def started(self) -> bool:
        return self._thread is not None and not self._stopping

    @property
    def connected(self) -> bool:
        return self._socket is not None

    def start(self) -> None:
        """Also after a stop; what was posted meanwhile is done then."""
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="native-link", daemon=True)
        self._wake()
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and the connection; answers that are still to come never arrive."""
        if not self.started or self._thread is None:
            return
        self._stopping = True
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def open(self, terminal: Terminal, session_id: int, pid: int, timeout_seconds: float) -> bool:
        """True when the counter let this session in."""
        try:
            hello = {"hello": "client", "session": session_id, "pid": pid}
            link, _ = dial(terminal, hello, timeout_seconds)
        except OSError:
            return False
        link.setblocking(False)
        with self._lock:
            self._socket = link
        self.post(lambda: self._watch(selectors.EVENT_READ))
        return True

    def send(self, data: bytes) -> bool:
        """False if there is no terminal. True says no more than that the data is on its way."""
        with self._lock:
            link = self._socket
            if link is None:
                return False
            sent = 0
            if not self._unsent:
                # An error here is left to the thread, which sees the end of the connection in its own order.
                with contextlib.suppress(OSError):
                    sent = link.send(data)
            if sent == len(data):
                return True
            self._unsent += data[sent:]
        self.post(lambda: self._watch(selectors.EVENT_READ | selectors.EVENT_WRITE))
        return True

    def post(self, action: Callable[[], None]) -> None:
        """Runs `action` on the thread, after what was posted before; before `start`, as soon as there is one."""
        self._posted.append(action)
        self._wake()

    def _wake(self) -> None:
        # A full pipe means that the thread is being woken already; a closed one, that it has ended.
        if self._waker is not None:
            with contextlib.suppress(OSError):
                self._waker.send(b"\0")

    def _run(self) -> None:
        while not self._stopping:
            for key, events in self._selector.select():
                if key.fileobj is self._woken:
                    with contextlib.suppress(BlockingIOError):
                        self._woken.recv(4096)
                    continue
                if events & selectors.EVENT_WRITE:
                    self._flush()
                if events & selectors.EVENT_READ:
                    self._read()
            while self._posted and not self._stopping:
                self._posted.popleft()()
        with self._lock:
            link, self._socket = self._socket, None
            self.was_lost = self.was_lost or link is not None
        self._posted.clear()
        self._selector.close()
        for end in (link, self._waker, self._woken):
            if end is not None:
                end.close()

    def _watch(self, events: int) -> None:
        if self._socket is None:
            return
        if self._socket in self._selector.get_map():
            self._selector.modify(self._socket, events)
        else:
            self._selector.register(self._socket, events)

    def _flush(self) -> None:
        with self._lock:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    del self._unsent[: self._socket.send(self._unsent)]
            if not self._unsent:
                self._watch(selectors.EVENT_READ)

    def _read(self) -> None:
        link = self._socket
        if link is None:
            return
        try:
            data = link.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose(link)
            return
        whole, newline, rest = (self._unread + data).rpartition(b"\n")
        self._unread = rest
        if newline:
            self._on_messages(decode_lines(whole))

    def _lose(self, link: socket.socket) -> None:
        self._selector.unregister(link)
        with self._lock:
            self._socket = None
            self.was_lost = True
        link.close()
        self._on_lost()
