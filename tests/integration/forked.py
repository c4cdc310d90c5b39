"""Starts the program without importing it all again each time: forked from a process that has done so once.

What runs is the same: `main()` of the command line in a process of its own, with its own words, environment, folder and
files. It is a child of the process that it was forked from, which passes on how it ended. Where nothing can be forked
(Windows), and where the interpreter itself is to start in another way, the program is started as a user starts it.
"""

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

_MESSAGE_BYTES = 1 << 18


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """What Python itself reads when it starts, but for the encoding of its files, which can be set later."""
    return {name: environment[name] for name in environment if name.startswith("PYTHON") and name != "PYTHONIOENCODING"}


# Of the process that is forked from, whatever a test may set meanwhile.
_AT_START = _at_start(os.environ)
# What a bridge and the commands import once they run.
_LATER = (
    *("filebridge.app", "filebridge.trial", "filebridge.bridge.conductor", "filebridge.bridge.parts"),
    *("filebridge.gateways.supervisor", "filebridge.simulator.server", "filebridge.ledger.verify"),
    "filebridge.ledger.opening",
    *("rich.box", "rich.console", "rich.table", "rich.text"),
)


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a program with this environment can be forked: Python must not have to start in another way."""
    return sys.platform == "linux" and _at_start(environment) == _AT_START


class Forked:
    """As much of subprocess.Popen as the tests use, of a program that was forked."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], files: Sequence[IO[bytes]]) -> None:
        """`files` become its standard input, output and error."""
        self.args = [*words]
        asked = {"words": self.args, "environment": dict(environment), "folder": str(Path.cwd())}
        self.pid = _stem().ask(asked, [file.fileno() for file in files])
        self.returncode: int | None = None
        self._lock = threading.Lock()
        # Readable once the process has ended. Until then, and until we ask how, no other process gets its number.
        self._ended = os.pidfd_open(self.pid)

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _look(self, seconds: float | None) -> int | None:
        # Waited for without the lock: another thread may look meanwhile.
        if self.returncode is None and select.select([self._ended], [], [], seconds)[0]:
            with self._lock:
                if self.returncode is None:
                    self.returncode = _stem().ask({"ended": self.pid})
        return self.returncode

    def __del__(self) -> None:
        os.close(self._ended)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Stem:
    """The process that is forked from, as the tests see it; it ends when they do."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -P as in homes.PROGRAM; the module that runs there is this one.
            command = [sys.executable, "-P", __file__, str(theirs.fileno())]
            others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
            environment = {**others, **_AT_START, "PYTHONIOENCODING": "utf-8"}
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
                pass_fds=[theirs.fileno()],
            )
        self._lock = threading.Lock()

    def ask(self, asked: dict[str, Any], files: Sequence[int] = ()) -> int:
        with self._lock:
            socket.send_fds(self._link, [json.dumps(asked).encode()], files)
            answer = self._link.recv(_MESSAGE_BYTES)
        assert answer, f"the process that is forked from has ended with {self._process.wait()}"
        return int(answer)


@cache
def _stem() -> _Stem:
    return _Stem()


def _serve(link: socket.socket) -> None:
    """Forks and tells how what was forked has ended, until the tests are over; returns in each forked process."""
    while True:
        data, files, _, _ = socket.recv_fds(link, _MESSAGE_BYTES, 3)
        if not data:
            os._exit(0)
        asked = json.loads(data)
        if "ended" in asked:
            answer = os.waitstatus_to_exitcode(os.waitpid(asked["ended"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                link.close()
                _become(asked, files)
                return
        for file in files:
            os.close(file)
        link.send(str(answer).encode())


def _become(asked: dict[str, Any], files: Sequence[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["-c", *asked["words"]]
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.reconfigure(encoding=os.environ["PYTHONIOENCODING"], errors=stream.errors)  # type: ignore[union-attr]
    # It looks at its variable when it is imported.
    importlib.reload(sys.modules["filebridge.failpoints"])


if __name__ == "__main__":
    from filebridge.cli import main

    for name in _LATER:
        importlib.import_module(name)
    _serve(socket.socket(fileno=int(sys.argv[1])))
    main()
