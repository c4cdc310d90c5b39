"""The counter's process: serving a userdata folder, and starting, finding and stopping such a process.

`python -m filebridge.simulator.server --userdata DIR [--idle-seconds S] [--scenario FILE]` serves until told to stop.
The pieces are put together here; what they do is theirs.
"""

import argparse
import contextlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import FrameType

from filebridge.simulator.desk import Desk
from filebridge.simulator.endpoint import (
    LOOPBACK,
    FolderLock,
    Terminal,
    dial,
    read_terminal,
    remove_terminal,
    write_terminal,
)
from filebridge.simulator.faults import Faults
from filebridge.simulator.scenario import SCENARIO_FILE, Scenario, ScenarioUnusable, read_scenario
from filebridge.simulator.sessions import SHANGHAI, Sessions
from filebridge.simulator.settings import SettingsRefused

LOG = logging.getLogger("filebridge.simulator")

LOG_FILE = "counter.log"
START_SECONDS = 30.0
STOP_SECONDS = 30.0
PING_SECONDS = 5.0
POLL_SECONDS = 0.01
LOG_TAIL_CHARACTERS = 2_000
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class CounterNotStarted(RuntimeError):
    """The counter's process ended or did not answer in time; the message ends with its log."""


class FolderAlreadyServed(RuntimeError):
    """Another counter serves this userdata folder; two would tear its books apart."""


def serve(userdata: Path, *, idle_seconds: float | None = None, scenario_file: Path | None = None) -> None:
    """Serves `userdata` in this process; returns when stopped, idle for `idle_seconds`, or when the folder is gone.

    Faults come by `scenario_file`, or by scenario.toml in the folder if there is one. Raises ScenarioUnusable,
    FolderAlreadyServed.
    """
    userdata = userdata.resolve()
    userdata.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as links, contextlib.ExitStack() as stack:
        links.enter_context(_logging_to(userdata / LOG_FILE))
        lock = FolderLock(userdata)
        stack.callback(lock.close)
        if not lock.take():
            raise FolderAlreadyServed(f"a counter already serves {userdata}")
        now = datetime.now(SHANGHAI)
        scenario = _scenario(userdata, scenario_file, now)
        faults = Faults()
        desk = Desk(userdata, faults, now)
        stack.callback(desk.close)
        listener = socket.create_server((LOOPBACK, 0), backlog=64)
        listener.setblocking(False)
        port = listener.getsockname()[1]
        terminal = Terminal(port, os.getpid(), now.isoformat(timespec="seconds"), secrets.token_hex(16))
        sessions = Sessions(userdata, desk, faults, scenario, terminal, listener)
        # Links close after files and lock, so who sees the end of a link can start another counter at once.
        links.callback(sessions.close)
        stack.callback(remove_terminal, userdata, terminal)
        _stop_on_signal(sessions)
        write_terminal(userdata, terminal)
        LOG.info("serving %s on port %d, pid %d", userdata, port, terminal.pid)
        sessions.run(idle_seconds)
        LOG.info("ends")


def running(userdata: Path) -> int | None:
    """The pid of a counter that answers for this folder, or None."""
    terminal = read_terminal(userdata)
    if terminal is None:
        return None
    try:
        link, answer = dial(terminal, {"hello": "ping"}, PING_SECONDS)
    except OSError:
        return None
    link.close()
    pid = answer.get("pid")
    return pid if isinstance(pid, int) else None


def start(userdata: Path, *, idle_seconds: float | None) -> int:
    """Starts a detached counter unless one answers already; its pid. CounterNotStarted if none answers in time."""
    userdata = userdata.resolve()
    pid = running(userdata)
    if pid is not None:
        return pid
    userdata.mkdir(parents=True, exist_ok=True)
    process = _spawn(userdata, idle_seconds)
    # Waiting for it in a thread keeps a counter that ended from staying behind as a zombie of this process.
    threading.Thread(target=process.wait, name="counter-reaper", daemon=True).start()
    deadline = time.monotonic() + START_SECONDS
    pause = threading.Event()
    while time.monotonic() < deadline:
        ended = process.poll()
        pid = running(userdata)
        if pid is not None:
            return pid
        if ended is not None:
            break
        pause.wait(POLL_SECONDS)
    ended = process.poll()
    reason = f"did not answer within {START_SECONDS:.0f} s" if ended is None else f"ended with exit code {ended}"
    raise CounterNotStarted(f"the counter of {userdata} {reason}; its log ends:\n{_log_tail(userdata)}")


def stop(userdata: Path) -> None:
    """Stops the counter of this folder and waits for its end; does nothing if none answers."""
    userdata = userdata.resolve()
    terminal = read_terminal(userdata)
    if terminal is None or running(userdata) is None:
        return
    # A counter that stops answers nothing but closes its links last, so the refusal below is the sign.
    with contextlib.suppress(ConnectionError):
        dial(terminal, {"hello": "control", "control": {"stop": True}}, STOP_SECONDS)[0].close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="filebridge.simulator.server", description="The simulated counter.")
    parser.add_argument("--userdata", type=Path, required=True)
    parser.add_argument("--idle-seconds", type=float, default=None)
    parser.add_argument("--scenario", type=Path, default=None)
    options = parser.parse_args(arguments)
    try:
        serve(options.userdata, idle_seconds=options.idle_seconds, scenario_file=options.scenario)
    except (FolderAlreadyServed, ScenarioUnusable, SettingsRefused) as error:
        parser.exit(2, f"{error}\n")


def _scenario(userdata: Path, given: Path | None, now: datetime) -> Scenario:
    path = given or userdata / SCENARIO_FILE
    if given is None and not path.exists():
        return Scenario([])
    try:
        return read_scenario(path, now)
    except OSError as error:
        raise ScenarioUnusable(f"{path} cannot be read: {error}") from error


def _spawn(userdata: Path, idle_seconds: float | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "filebridge.simulator.server", "--userdata", str(userdata)]
    if idle_seconds is not None:
        command += ["--idle-seconds", str(idle_seconds)]
    # The package is found from its own parent folder, whatever folder the user stands in.
    package_parent = Path(__file__).resolve().parents[2]
    with (userdata / LOG_FILE).open("ab") as log:
        if sys.platform == "win32":
            flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
            return subprocess.Popen(
                command, cwd=package_parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log, creationflags=flags
            )
        return subprocess.Popen(
            command, cwd=package_parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


@contextlib.contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        handler.close()


def _stop_on_signal(sessions: Sessions) -> None:
    def stop_serving(_number: int, _frame: FrameType | None) -> None:
        sessions.stopping = True

    # Signals can be set in the main thread only; served from another one, `stop` is the way.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop_serving)


def _log_tail(userdata: Path) -> str:
    try:
        return (userdata / LOG_FILE).read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARACTERS:]
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    main()
