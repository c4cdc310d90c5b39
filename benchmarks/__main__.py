"""`python dev.py bench [--quick | --full] [--only NAME …]`: every scenario, one table, benchmarks/results.json."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import bench, report
from benchmarks.bench import Scenario
from benchmarks.rows import Result
from benchmarks.scenarios import basket, commands, day, flood, flush, idle, latency, ledger, million
from benchmarks.sizes import FULL, NORMAL, QUICK

SIZES = {"quick": QUICK, "normal": NORMAL, "full": FULL}
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


def main(argv: Sequence[str], scenarios: Sequence[Scenario] = SCENARIOS) -> int:
    """0 when the counter received exactly what the files said in every scenario, 1 if not, 2 where it cannot run."""
    options = _options(argv, [scenario.name for scenario in scenarios])
    if options.docs:
        if not report.RESULTS.exists():
            print(f"there is no {report.RESULTS.name} yet: run `python dev.py bench` first", file=sys.stderr)
            return 2
        report.write_docs()
        return 0
    if sys.platform != "linux":
        print("the benchmarks read /proc and one clock for all processes: they run on Linux only", file=sys.stderr)
        return 2
    # As they are installed: where Python may not keep compiled modules, every start compiles them all.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    way = "quick" if options.quick else "full" if options.full else "normal"
    machine = report.machine(options.folder or Path(tempfile.gettempdir()))
    results: list[Result] = []
    problems: list[str] = []
    for scenario in scenarios:
        if options.only and scenario.name not in options.only:
            continue
        report.begins(scenario.name)
        began = time.monotonic()
        # One for each, gone at its end: a ledger of millions of orders takes gigabytes.
        with tempfile.TemporaryDirectory(prefix="filebridge-bench-", dir=options.folder) as folder:
            found, wrong = bench.run(scenario, Path(folder), SIZES[way])
        results += found
        problems += wrong
        report.progress(time.monotonic() - began, found, wrong)
    report.show(results, problems)
    report.save(options.results, results, problems, machine, way=way, is_whole=not options.only)
    return 1 if problems else 0


def _options(argv: Sequence[str], names: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a sample of everything, in under one minute")
    size.add_argument("--full", action="store_true", help="also the ledger with three million orders")
    listed = ", ".join(names)
    parser.add_argument("--only", action="extend", nargs="+", choices=names, metavar="NAME", help=f"of: {listed}")
    parser.add_argument("--folder", type=Path, help="where the homes are made (default: the system's temporary folder)")
    parser.add_argument("--results", type=Path, default=report.RESULTS, help="where the figures go")
    parser.add_argument("--docs", action="store_true", help="only put the table of results.json into the documentation")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
