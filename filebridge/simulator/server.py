"""The counter's process: serving a userdata folder. Other processes start, find and stop it by launching.py.

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
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import FrameType

from filebridge.simulator.desk import Desk
from filebridge.simulator.endpoint import (
    LOOPBACK,
    FolderLock,
    Terminal,
    remove_terminal,
    write_terminal,
)
from filebridge.simulator.faults import Faults
from filebridge.simulator.launching import LOG_FILE, CounterNotStarted, running, start, stop
from filebridge.simulator.scenario import SCENARIO_FILE, Scenario, ScenarioUnusable, read_scenario
from filebridge.simulator.sessions import SHANGHAI, Sessions
from filebridge.simulator.settings import SettingsRefused

__all__ = ["CounterNotStarted", "FolderAlreadyServed", "main", "running", "serve", "start", "stop"]

LOG = logging.getLogger("filebridge.simulator")

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


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


if __name__ == "__main__":
    main()
