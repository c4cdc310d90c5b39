"""`python dev.py bench [--quick | --full] [--only NAME …]`: every scenario, one table, benchmarks/results.json."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import bench, report
from benchmarks.bench import Scenario
from benchmarks.rows import Result
from benchmarks.scenarios import basket, commands, day, flood, flush, idle, latency, ledger, million
from benchmarks.sizes import FULL, NORMAL, QUICK

LARGE_LEDGER = ("ledger.large", "ledger.large.start")
SCENARIOS = (
    Scenario("latency", latency.run, ("latency.p50.floor", "latency.p50", "latency.p99"), 300),
    Scenario("basket", basket.basket, ("basket",), 180),
    Scenario("slow-counter", basket.slow_counter, ("basket.slow_counter",), 180),
    Scenario("large", basket.large, ("large.received", "large.filled"), 600),
    Scenario("flood", flood.run, ("flood.rate", "flood.lost"), 180),
    Scenario("flush", flush.run, ("flush",), 180),
    Scenario("ledger", ledger.run, ("ledger.middle", "ledger.middle.start"), 3600, LARGE_LEDGER),
    Scenario("day", day.run, ("day.memory", "day.growth", "day.lost"), 600),
    Scenario("million", million.run, ("million.memory", "million.progress", "million.beside"), 900),
    Scenario("idle", idle.run, ("idle",), 120),
    Scenario("commands", commands.run, ("help", "check"), 120),
)


def main() -> int:
    """0 when the counter received exactly what the files said in every scenario, 1 if not, 2 where it cannot run."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a sample of everything, in under one minute")
    size.add_argument("--full", action="store_true", help="also the ledger with three million orders")
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"one of: {', '.join(names)}")
    parser.add_argument("--folder", type=Path, help="where the homes are made (default: the system's temporary folder)")
    options = parser.parse_args()
    if sys.platform != "linux":
        parser.exit(2, "the benchmarks read /proc and one clock for all processes: they run on Linux only\n")
    sizes = QUICK if options.quick else FULL if options.full else NORMAL
    chosen = [scenario for scenario in SCENARIOS if not options.only or scenario.name in options.only]
    results: list[Result] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="filebridge-bench-", dir=options.folder) as folder:
        for scenario in chosen:
            began = time.monotonic()
            found, wrong = bench.run(scenario, Path(folder) / scenario.name, sizes)
            results += found
            problems += wrong
            report.progress(scenario.name, time.monotonic() - began, found, wrong)
        machine = report.machine(Path(folder))
    report.show(results, problems)
    way = "quick" if options.quick else "full" if options.full else "normal"
    report.save(results, problems, machine, way=way, only=options.only)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
