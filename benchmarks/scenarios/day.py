"""A long day: basket after basket, all pushes, and people who look at it meanwhile."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.sides import Filebridge
from tests.integration.homes import PROGRAM, environment

BASKETS = 100
WARM_UP = 0.1
READ_EVERY_SECONDS = 2.0
COMMANDS = (("orders", "--json"), ("fills", "--csv"), ("files",), ("positions",))


def run(bench: Bench) -> None:
    size = bench.sizes.day
    ours = bench.filebridge(risk__max_order_age=86_400, inbox__max_file_age=86_400)
    bench.start(ours)
    each = size // BASKETS
    used: dict[str, list[float]] = {"bridge": [], "worker": []}
    reads = 0
    with _readers(ours) as done:
        for number in range(BASKETS):
            ours.drop_orders(f"basket-{number}.csv", range(number * each, (number + 1) * each))
            ours.received_all(poll_seconds=0.02)
            for name in used:
                used[name].append(processes.memory_mb(ours.pids()[name]))
            _report(bench, size, used, "")
        ours.filled_all()
        reads = len(done)
    for name in used:
        used[name].append(processes.memory_mb(ours.pids()[name]))
    _report(bench, size, used, f"; {reads} commands read beside")
    # Every fill is in the outbox, or filled_all would not have returned; the counter's books say how many there were.
    books = (ours.userdata / "books.jsonl").read_bytes()
    lost = books.count(b'["fill",') - ours.fills_told()
    bench.report("day.lost", size=size, ours=float(lost), value=float(lost))


def _report(bench: Bench, size: int, used: dict[str, list[float]], more: str) -> None:
    """Memory as it is known until now, so that a day that is cut short says how far it came."""
    totals = [sum(pair) for pair in zip(*used.values(), strict=True)]
    warm = int(len(totals) * WARM_UP)
    growth = {name: values[-1] - values[warm] for name, values in used.items()}
    told = ", ".join(f"{name} {values[-1]:.0f} MB ({growth[name]:+.0f})" for name, values in used.items())
    note = f"{told} after {min(len(totals), BASKETS)} of {BASKETS} baskets{more}"
    bench.report("day.memory", size=size, ours=max(totals), value=max(totals), samples=used, note=note)
    bench.report("day.growth", size=size, ours=sum(growth.values()), value=sum(growth.values()))


@contextmanager
def _readers(ours: Filebridge) -> Iterator[list[int]]:
    """Commands that read the ledger, one after the other, until the end; the list grows with each that answered."""
    stop = threading.Event()
    answered: list[int] = []

    def read() -> None:
        number = 0
        while not stop.wait(READ_EVERY_SECONDS):
            words = [*COMMANDS[number % len(COMMANDS)], "--home", str(ours.folder)]
            done = subprocess.run([*PROGRAM, *words], stdout=subprocess.DEVNULL, env=environment({}), check=False)
            number += 1
            if done.returncode == 0:
                answered.append(number)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield answered
    finally:
        stop.set()
        reader.join()
