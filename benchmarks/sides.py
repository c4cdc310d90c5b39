"""The programs that are compared, each a process with an inbox and a simulated counter of its own.

All are fed the same way: a file that was written whole is renamed to its name in the inbox, and the producer takes the
time just before the rename. Everything is read from outside.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks import verify
from benchmarks.counter import Arrivals
from benchmarks.orders import CASH, MARKET, order_file
from filebridge.simulator import server
from filebridge.simulator.faults import control
from tests.integration.homes import ACCOUNT, Home

ROOT = Path(__file__).resolve().parents[1]
POLL_SECONDS = 0.001
END_SECONDS = 20.0
_LAST_WORDS = 2000
Found = TypeVar("Found")


class OutOfTime(Exception):
    """The scenario's time is over; the text says what it still waited for."""


class Deadline:
    """Until when a scenario may take; every wait asks it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def until(self, condition: Callable[[], Found | None], what: str, *, poll_seconds: float = POLL_SECONDS) -> Found:
        """The first true value of `condition`. OutOfTime once the time is over."""
        pause = threading.Event()
        while not (found := condition()):
            self.check(what)
            pause.wait(poll_seconds)
        return found

    def check(self, what: str) -> None:
        """OutOfTime, with what was still to come, once the time is over."""
        if time.monotonic() > self._end:
            raise OutOfTime(f"after {self.seconds:.0f} s still waiting for {what}")

    def end(self) -> None:
        """Whatever is still waited for comes too late."""
        self._end = time.monotonic()

    def still(self, count: Callable[[], float], wanted: float, quiet_seconds: float) -> None:
        """Wait until `count` has reached `wanted`, or has not grown for `quiet_seconds`. OutOfTime as above."""
        last, grown_at = count(), time.monotonic()

        def at_rest() -> bool:
            nonlocal last, grown_at
            now = count()
            if now != last:
                last, grown_at = now, time.monotonic()
            return now >= wanted or time.monotonic() - grown_at > quiet_seconds

        self.until(at_rest, f"{wanted:,} of something that still grows", poll_seconds=0.01)


class Side:
    """A program under measurement: its inbox, its counter, and what it was given."""

    def __init__(self, name: str, folder: Path, deadline: Deadline) -> None:
        self.name, self.folder, self.deadline = name, folder, deadline
        self.home = Home.made(folder, cash=CASH)
        self.inbox, self.userdata = self.home.inbox, self.home.userdata
        (self.userdata / "market.csv").write_text(MARKET, encoding="utf-8")
        self._beside = folder / "beside"
        self._beside.mkdir()
        self._written: dict[str, Path] = {}
        self.arrivals = Arrivals(self.userdata)
        self.wanted = verify.expected()
        self.given = 0
        self._counter: subprocess.Popen[bytes] | None = None

    # ---- its life

    def start(self) -> None:
        self.start_counter()
        self.start_program()

    def start_counter(self) -> None:
        with (self.folder / "counter.txt").open("ab") as said:
            command = [sys.executable, "-m", "benchmarks.counter", str(self.userdata)]
            self._counter = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        self.deadline.until(lambda: server.running(self.userdata), "the counter", poll_seconds=0.01)

    def start_program(self) -> None:
        raise NotImplementedError

    def stop_program(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.stop_program()
        if self._counter is None:
            return
        self._counter.terminate()
        try:
            self._counter.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._counter.kill()
            self._counter.wait(END_SECONDS)

    def check_runs(self) -> None:
        """Raises RuntimeError with its last words if the program has ended by itself."""

    def pids(self) -> dict[str, int]:
        """Its processes by name, the counter's among them."""
        assert self._counter is not None
        return {"counter": self._counter.pid}

    def fault(self, **faults: object) -> None:
        """Tell its counter to do something wrong, or slowly; see simulator/faults.py."""
        control(self.userdata, **faults)

    # ---- in

    def prepare(self, name: str, text: str, *, in_inbox: bool = False) -> None:
        """Write a file beside the inbox, or in it as `.part`, to be dropped later."""
        self._written[name] = self.inbox / f"{name}.part" if in_inbox else self._beside / name
        self._written[name].write_text(text, encoding="utf-8")
        more = verify.expected(text)
        self.wanted.update(more)
        self.given += more.total()

    def drop(self, name: str) -> int:
        """Rename a prepared file to its name in the inbox; the monotonic nanoseconds just before."""
        source, target = self._written.pop(name), self.inbox / name
        at = time.monotonic_ns()
        source.rename(target)
        return at

    def prepare_orders(self, name: str, numbers: range) -> None:
        self.prepare(name, order_file(numbers))

    def drop_orders(self, name: str, numbers: range) -> int:
        """Write and drop one file with the orders of these numbers."""
        self.prepare_orders(name, numbers)
        return self.drop(name)

    # ---- out

    def received_all(self, *, poll_seconds: float = POLL_SECONDS) -> int:
        """Wait until the counter has received all that was dropped; when it received the last order."""
        wanted = self.given
        what = f"{self.name} to send {wanted:,} orders"

        def came() -> bool:
            self.check_runs()
            return self.arrivals.total() >= wanted

        try:
            self.deadline.until(came, what, poll_seconds=poll_seconds)
        except OutOfTime as late:
            raise OutOfTime(f"{late} ({self.arrivals.total():,} received)") from None
        return self.arrivals.at(wanted)

    def filled_all(self) -> int:
        """Wait until the program has all fills of all orders; when it had the last one, in monotonic nanoseconds."""
        raise NotImplementedError

    def problems(self, *, is_complete: bool = True) -> list[str]:
        """What is wrong with what its counter received."""
        return [f"{self.name}: {line}" for line in verify.problems(self.wanted, self.userdata, is_complete=is_complete)]


class Filebridge(Side):
    """filebridge itself: the real program in a temporary home, paper mode, no limits of rate."""

    def __init__(self, name: str, folder: Path, deadline: Deadline, **settings: object) -> None:
        super().__init__(name, folder, deadline)
        self.settings = settings
        self._fills = Lines(lambda: next(iter(self.home.outbox.glob("fills-*.csv")), None))

    def start_program(self) -> None:
        began = time.time()
        self.home.start(**self.settings)
        self.deadline.until(
            lambda: self.home.status_since(began).get("agreed_accounts"),
            "a bridge that has agreed with the broker",
            poll_seconds=0.005,
        )

    def bridge_pid(self) -> int:
        """The bridge itself, also where a tracer was put before it."""
        return int((self.folder / ".filebridge" / "bridge.lock").read_text(encoding="utf-8"))

    def check_runs(self) -> None:
        if self.home.bridge is not None and self.home.bridge.poll() is not None:
            raise RuntimeError(f"the bridge ended: {self.home.said_last()[-_LAST_WORDS:]}")

    def stop_program(self) -> None:
        process = self.home.bridge
        if process is None or process.poll() is not None:
            return
        try:
            os.kill(self.bridge_pid(), signal.SIGTERM)
            process.wait(END_SECONDS)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            # The worker goes with the bridge; a tracer before it does not end it.
            with contextlib.suppress(OSError, ValueError):
                os.kill(self.bridge_pid(), signal.SIGKILL)
            process.kill()
            process.wait(END_SECONDS)

    def pids(self) -> dict[str, int]:
        return super().pids() | {"bridge": self.bridge_pid(), "worker": self.home.worker_pid()}

    def filled_all(self) -> int:
        """Seen in outbox/fills-<date>.csv by looking every few milliseconds; a line is a fill, after the header."""
        wanted = self.given + 1

        def came() -> bool:
            self.check_runs()
            return self._fills.count() >= wanted

        try:
            self.deadline.until(came, "the fills in outbox", poll_seconds=0.005)
        except OutOfTime as late:
            raise OutOfTime(f"{late} ({self._fills.count() - 1:,} of {self.given:,} are there)") from None
        return time.monotonic_ns()

    def fills_told(self) -> int:
        """How many fills are in the outbox."""
        return max(0, self._fills.count() - 1)

    def status(self) -> dict[str, object]:
        """status.json as it is now; empty where it cannot be read."""
        try:
            found: dict[str, object] = json.loads((self.home.outbox / "status.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found


class Script(Side):
    """A program of ours that says `ready` and ends with its input: by hand, or the floor."""

    def __init__(self, name: str, folder: Path, deadline: Deadline, module: str, *words: str) -> None:
        super().__init__(name, folder, deadline)
        self._command = [sys.executable, "-m", module, "--userdata", str(self.userdata), "--inbox", str(self.inbox)]
        self._command += ["--account", ACCOUNT, *words]
        self._process: subprocess.Popen[str] | None = None

    def start_program(self) -> None:
        with (self.folder / "said.txt").open("ab") as said:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
            )
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        assert answer == "ready\n", (self.folder / "said.txt").read_text(encoding="utf-8")

    def stop_program(self) -> None:
        if self._process is None:
            return
        # `with` closes both pipes and waits; it ends with its input.
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def pids(self) -> dict[str, int]:
        assert self._process is not None
        return super().pids() | {"program": self._process.pid}

    def fills(self) -> tuple[int, int]:
        """How many fills it was told of until now, and when of the last."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        count, at = self._process.stdout.readline().split()
        return int(count), int(at)

    def filled_all(self) -> int:
        wanted = self.given
        self.deadline.until(lambda: self.fills()[0] >= wanted, f"the fills of {self.name}", poll_seconds=0.02)
        return self.fills()[1]


def by_hand(folder: Path, deadline: Deadline, *, is_async: bool) -> Script:
    """The program by hand: a loop of order_stock, or of order_stock_async."""
    name, words = ("by hand, async", ("--async",)) if is_async else ("by hand", ())
    return Script(name, folder, deadline, "benchmarks.byhand.loop", *words)


def floor(folder: Path, deadline: Deadline) -> Script:
    return Script("floor", folder, deadline, "benchmarks.floor")


class Lines:
    """Counts the lines of a file that grows; a file that took its place is counted from its start."""

    def __init__(self, where: Callable[[], Path | None]) -> None:
        self._where = where
        self._inode = self._read = self._count = 0

    def count(self) -> int:
        path = self._where()
        if path is None:
            return 0
        with path.open("rb") as file:
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._inode:
                self._inode, self._read, self._count = inode, 0, 0
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        self._count += data.count(b"\n")
        return self._count
