"""One very large file, and small ones that must not wait for it."""

import json
import threading
import time
from datetime import datetime
from pathlib import Path

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.orders import HEADER, SYMBOLS
from benchmarks.sides import Filebridge

# Of no order in the large file, so that the journal tells the small ones apart.
SYMBOL = "601318.SH"
SMALL_EVERY_SECONDS = 1.0
LOOK_SECONDS = 0.1
# What changes by itself, or tells a person nothing.
NOT_PROGRESS = ("at", "ledger_seq", "chain_head")

assert SYMBOL not in SYMBOLS


def run(bench: Bench) -> None:
    size = bench.sizes.million
    ours = bench.filebridge(risk__max_order_age=86_400, inbox__max_file_age=86_400)
    bench.start(ours)
    ours.prepare_orders("large.csv", range(size))
    memory = 0.0
    progress = _Progress(ours)
    small = _SmallFiles(ours)
    pause = threading.Event()
    began = time.monotonic()
    ours.drop("large.csv")
    while ours.arrivals.total() < ours.given:
        pause.wait(LOOK_SECONDS)
        pids = ours.pids()
        memory = max(memory, sum(processes.memory_mb_max(pids[name]) for name in ("bridge", "worker")))
        ours.check_runs()
        progress.look()
        small.look()
        if ours.arrivals.total() < size:
            small.drop_if_due()
        _report(bench, size, memory, progress, small, ours.arrivals.total(), time.monotonic() - began)
        bench.deadline.check(f"the last of {size:,} rows ({ours.arrivals.total():,} received)")


def _report(
    bench: Bench, size: int, memory: float, progress: "_Progress", small: "_SmallFiles", received: int, seconds: float
) -> None:
    """All that is known until now: a file that is not through in time says how far it came."""
    note = f"{received:,} received in {seconds:.0f} s"
    bench.report("million.memory", size=size, ours=memory, value=memory, note=note)
    bench.report("million.progress", size=size, ours=progress.longest, value=progress.longest)
    waited = small.waited()
    if waited:
        slowest = max(waited)
        samples = {"ours": waited}
        bench.report(
            "million.beside", size=size, ours=slowest, value=slowest, samples=samples, note=f"{len(waited)} small files"
        )


class _Progress:
    """For how long, at most, status.json has said the same while the file was on its way; seconds."""

    def __init__(self, side: Filebridge) -> None:
        self._side = side
        self._said, self._said_at = "", time.monotonic()
        self.longest = 0.0

    def look(self) -> None:
        status = {name: value for name, value in self._side.status().items() if name not in NOT_PROGRESS}
        now, said = time.monotonic(), json.dumps(status)
        self.longest = max(self.longest, now - self._said_at)
        if said != self._said:
            self._said, self._said_at = said, now


class _SmallFiles:
    """One-order files, dropped at intervals; found again in the counter's journal by their symbol and quantity.

    Its times are whole milliseconds of the wall clock, which is exact enough for 200.
    """

    def __init__(self, side: Filebridge) -> None:
        self._side = side
        self._journal: Path = side.userdata / "journal.jsonl"
        self._read = 0
        self._dropped: dict[int, float] = {}
        self._came: dict[int, float] = {}

    def drop_if_due(self) -> None:
        newest = max(self._dropped.values(), default=0.0)
        if time.time() - newest < SMALL_EVERY_SECONDS:
            return
        number = len(self._dropped) + 1
        name = f"small-{number}.csv"
        self._side.prepare(name, f"{HEADER}\nS{number:07d},{SYMBOL},BUY,{number * 100},52.11\n")
        self._dropped[number] = time.time()
        self._side.drop(name)

    def look(self) -> None:
        with self._journal.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        if SYMBOL.encode() not in whole:
            return
        for line in whole.splitlines():
            if SYMBOL.encode() in line:
                row = json.loads(line)
                self._came[row["order_volume"] // 100] = datetime.fromisoformat(row["ts"]).timestamp()

    def waited(self) -> list[float]:
        """Milliseconds from the drop to the request; of one that has not come yet, until now."""
        now = time.time()
        return [(self._came.get(number, now) - at) * 1000 for number, at in self._dropped.items()]
