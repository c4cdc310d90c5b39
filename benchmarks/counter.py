"""The simulated counter, unchanged, with a clock at its door.

Its journal gives times in whole milliseconds of the wall clock; a latency of a few milliseconds needs more. So each
group of requests is noted as it is received, before anything is done with it: (monotonic nanoseconds, orders in it), in
a file of its own. On Linux the monotonic clock is one for all processes, so the producer's times can be compared.

    python -m benchmarks.counter USERDATA
"""

import os
import struct
import sys
import time
from datetime import datetime
from pathlib import Path

from filebridge.simulator import server
from filebridge.simulator.desk import Desk
from filebridge.simulator.wire import Message

ARRIVALS = "arrivals.bin"
RECORD = struct.Struct("<QQ")


def main() -> None:
    userdata = Path(sys.argv[1])
    _put_a_clock_at_the_door(userdata / ARRIVALS)
    server.serve(userdata)


def _put_a_clock_at_the_door(path: Path) -> None:
    door = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    handle = Desk.handle

    def noted(self: Desk, session: int, requests: list[Message], now: datetime) -> None:
        at = time.monotonic_ns()
        orders = sum(request[0] == "order" for request in requests)
        if orders:
            os.write(door, RECORD.pack(at, orders))
        handle(self, session, requests, now)

    Desk.handle = noted  # type: ignore[method-assign]


class Arrivals:
    """When orders reached the counter, read while it writes. Times are monotonic nanoseconds."""

    def __init__(self, userdata: Path) -> None:
        self._path = userdata / ARRIVALS
        self._read = 0
        self._groups: list[tuple[int, int]] = []
        self._total = 0

    def total(self) -> int:
        """How many orders have been received until now."""
        self._read_on()
        return self._total

    def at(self, number: int) -> int:
        """When the order of this number (from 1) was received."""
        self._read_on()
        # Asked for the newest ones, so searched from the end.
        for at, until in reversed(self._groups):
            if until < number:
                break
            found = at
        return found

    def _read_on(self) -> None:
        if not self._path.exists() or self._path.stat().st_size == self._read:
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        data = data[: len(data) // RECORD.size * RECORD.size]
        self._read += len(data)
        for at, orders in RECORD.iter_unpack(data):
            self._total += orders
            self._groups.append((at, self._total))


if __name__ == "__main__":
    main()
