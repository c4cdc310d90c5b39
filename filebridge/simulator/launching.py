"""Starting, finding and stopping the counter's process, from another one: which need not know how a counter works.

Its own side is server.py.
"""

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

from filebridge.simulator.endpoint import dial, read_terminal

LOG_FILE = "counter.log"
START_SECONDS = 30.0
STOP_SECONDS = 30.0
PING_SECONDS = 5.0
POLL_SECONDS = 0.01
LOG_TAIL_CHARACTERS = 2_000


class CounterNotStarted(RuntimeError):
    """The counter's process ended or did not answer in time; the message ends with its log."""


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


def _log_tail(userdata: Path) -> str:
    try:
        return (userdata / LOG_FILE).read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARACTERS:]
    except OSError as error:
        return str(error)
