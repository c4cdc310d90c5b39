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
COMMANDS = (("orders", "--json"), ("fills", "--csv"), ("files",))


def run(bench: Bench) -> None:
    size = bench.sizes.day
    ours = bench.filebridge(risk__max_order_age=86_400, inbox__max_file_age=86_400)
    bench.start(ours)
    each = size // BASKETS
    used: dict[str, list[float]] = {"bridge": [], "worker": []}
    pids = ours.pids()
    with _readers(ours) as reads:
        try:
            for number in range(BASKETS):
                ours.drop_orders(f"basket-{number}.csv", range(number * each, (number + 1) * each))
                ours.received_all(poll_seconds=0.02)
                for name, values in used.items():
                    values.append(processes.memory_mb(pids[name]))
            ours.filled_all()
        finally:
            # Also when the time is over: then these say how far it came.
            _report(bench, size, used, {name: processes.memory_mb_max(pids[name]) for name in used}, len(reads))
            _report_lost(bench, size, ours)
    orders = ours.home.json_of("orders")
    unfilled = sum(order["status"] != "FILLED" for order in orders) + abs(size - len(orders))
    if unfilled:
        bench.problems.append(f"{unfilled} orders of the day are not told as FILLED, although all their fills are")


def _report(bench: Bench, size: int, used: dict[str, list[float]], most: dict[str, float], reads: int) -> None:
    baskets = len(used["worker"])
    growth = {name: values[-1] - values[int(baskets * WARM_UP)] for name, values in used.items() if values}
    told = ", ".join(
        f"{name} {used[name][-1]:.0f} MB ({grown:+.0f}, at most {most[name]:.0f})" for name, grown in growth.items()
    )
    note = f"{told} after {baskets} of {BASKETS} baskets; {reads} commands read beside"
    total = sum(most.values())
    bench.report("day.memory", size=size, ours=total, value=total, samples=used, note=note)
    bench.report("day.growth", size=size, ours=sum(growth.values()), value=sum(growth.values()))


def _report_lost(bench: Bench, size: int, ours: Filebridge) -> None:
    """Fills that stand in the counter's books and not in the outbox."""
    lost = float((ours.userdata / "books.jsonl").read_bytes().count(b'["fill",') - ours.fills_told())
    bench.report("day.lost", size=size, ours=lost, value=lost)


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
