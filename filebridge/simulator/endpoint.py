"""Where a counter is found and how a connection to it begins: terminal.json, the folder lock, the first line.

Used by both ends. Loopback only; the token in terminal.json (readable by its owner only) is what lets a client in.
"""

import contextlib
import json
import os
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filebridge.simulator.wire import HELLO_BYTES_MAX, encode

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOOPBACK = "127.0.0.1"
TERMINAL_FILE = "terminal.json"
LOCK_FILE = "counter.lock"
# How long a reader may keep the file from being replaced.
READ_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Terminal:
    port: int
    pid: int
    started_at: str
    token: str


def read_terminal(userdata: Path) -> Terminal | None:
    """The counter that says it serves this folder; it may be dead by now."""
    try:
        values = json.loads((userdata / TERMINAL_FILE).read_bytes())
        return Terminal(int(values["port"]), int(values["pid"]), str(values["started_at"]), str(values["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_terminal(userdata: Path, terminal: Terminal) -> None:
    """Appears whole, by rename, and never with wider rights than its owner's."""
    temporary = userdata / f"{TERMINAL_FILE}.{os.getpid()}.tmp"
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - by fd
        file.write(encode(asdict(terminal)))
    deadline = time.monotonic() + READ_SECONDS
    while True:
        try:
            temporary.replace(userdata / TERMINAL_FILE)
        except PermissionError:
            # On Windows a file that somebody is just reading cannot be replaced.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def remove_terminal(userdata: Path, terminal: Terminal) -> None:
    """Removes the file if it is still this counter's; the folder may be gone."""
    if read_terminal(userdata) == terminal:
        with contextlib.suppress(OSError):
            (userdata / TERMINAL_FILE).unlink()


class FolderLock:
    """One counter per userdata folder; the operating system frees the lock when the process dies, however it dies."""

    def __init__(self, userdata: Path) -> None:
        self._file = os.open(userdata / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self) -> bool:
        try:
            if sys.platform == "win32":
                msvcrt.locking(self._file, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def close(self) -> None:
        os.close(self._file)


def dial(terminal: Terminal, hello: dict[str, Any], timeout_seconds: float) -> tuple[socket.socket, dict[str, Any]]:
    """Connects, says hello with the token, and reads the answer. OSError if nobody answers or lets us in."""
    link = socket.create_connection((LOOPBACK, terminal.port), timeout=timeout_seconds)
    try:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(encode({**hello, "token": terminal.token}))
        answer = b""
        while not answer.endswith(b"\n"):
            piece = link.recv(HELLO_BYTES_MAX)
            if not piece:
                raise ConnectionRefusedError("the counter closed the connection")
            answer += piece
        return link, json.loads(answer)
    except (OSError, ValueError) as error:
        link.close()
        raise error if isinstance(error, OSError) else ConnectionRefusedError(str(error)) from error
