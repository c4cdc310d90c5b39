"""`python dev.py windows`: the tests that need no Linux, on Windows' CPython, and what they do not show.

On Windows the Python that runs this; elsewhere one under Wine (machine.py). Standard library only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.windows.machine import ROOT, Machine, SetupFailed

PART_SECONDS = 3600.0
CACHE = ROOT / ".wine"


class Part(NamedTuple):
    """Tests that are run together; `quick` ones are what CI runs."""

    name: str
    paths: tuple[str, ...]
    quick: bool


PARTS = (
    Part("the real native module, and ours", ("tests/contract/test_native_contract.py",), True),
    Part("Windows itself", ("tests/windows",), True),
    Part("unit, golden", ("tests/unit", "tests/golden"), True),
    Part("contract, property", ("tests/contract/test_xttrader_import.py", "tests/property", "tests/fuzz"), False),
    # "Windows itself" runs the real program as well; CI has fifteen minutes for all.
    Part("the real program", ("tests/integration",), False),
)

# What no test here can show, and why. Nothing of it is simulated.
UNTESTED = (
    ("a terminal: connecting, orders, fills, pushes, a log-out at night", "it needs miniQMT and an account"),
    ("how the broker cuts or rewrites order_remark, and its error texts", "it needs a broker"),
    ("power loss on NTFS", "no Windows disk here; Linux shows it (docs/reliability.md)"),
    ("a virus scanner or an indexer that opens our files", "nothing of that kind runs here"),
    ("folders on a network drive", "no server of files here"),
    ("closing the console window, logging off, shutting down", "it ends the session that runs the tests"),
    ("Windows' sleep and hibernation", "this machine does not sleep"),
)
UNTESTED_UNDER_WINE = (
    ("NTFS itself: rights, short names, times of creation", "Wine keeps files on this machine's own file system"),
    ("how soon the watcher tells of a file", "Wine tells up to 2 s late, and not always; the scan carries the load"),
    ("numpy 2 and the pandas of constraints.txt", "Wine 8 lacks a function of theirs; constraints-wine.txt has others"),
    ("Ctrl-Break", "Wine delivers Ctrl-C only"),
    ("CPython 3.12 and 3.13 on Windows", "3.11 is what the registry carries whole"),
)


class Counts(NamedTuple):
    """What one part's tests came to, and why some were not run."""

    passed: int
    failed: int
    skipped: Counter[str]
    seconds: float


def main(arguments: list[str]) -> int:
    """0 when all tests passed, 1 when one failed, 2 when they could not be run."""
    options = _options(arguments)
    parts = [part for part in PARTS if part.quick or not options.quick]
    if options.paths:
        parts = [Part("what was asked for", tuple(options.paths), True)]
    began = time.monotonic()
    if sys.platform == "win32":
        return _report(parts, [_run_here(part, ROOT / f".windows-{n}.xml") for n, part in enumerate(parts)], UNTESTED)
    machine = Machine(options.cache)
    try:
        with machine.alone():
            machine.make()
            print(f"windows: ready after {time.monotonic() - began:.0f} s, in {machine.folder}", flush=True)
            counts = [_run_under_wine(machine, part, f"C:\\tests\\{number}") for number, part in enumerate(parts)]
    except SetupFailed as problem:
        print(f"windows: could not be set up (no test has failed): {problem}", file=sys.stderr)
        return 2
    return _report(parts, counts, UNTESTED + UNTESTED_UNDER_WINE)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py windows", description="Run the tests on Windows' CPython.")
    parser.add_argument("--quick", action="store_true", help="the parts that CI runs")
    cache = Path(os.environ.get("FILEBRIDGE_WINE") or CACHE)
    parser.add_argument("--cache", type=Path, default=cache, help=f"where Wine and Python are kept ({cache})")
    parser.add_argument("paths", nargs="*", help="only these tests")
    return parser.parse_args(arguments)


def _pytest(part: Part, report: str, folder: str) -> list[str]:
    # --import-mode and the like come from pyproject.toml; a cache would be shared with this machine's own tests.
    parallel = ("-n", "2", "--dist", "loadfile")
    files = (f"--junitxml={report}", f"--basetemp={folder}", "-p", "no:cacheprovider")
    return ["-m", "pytest", *parallel, *files, *part.paths]


def _run_here(part: Part, report: Path) -> Counts:
    print(f"\nwindows: {part.name}", flush=True)
    began = time.monotonic()
    subprocess.call([sys.executable, *_pytest(part, str(report), str(ROOT / ".windows-tests"))], cwd=ROOT)
    try:
        return _counted(report, time.monotonic() - began)
    finally:
        report.unlink(missing_ok=True)


def _run_under_wine(machine: Machine, part: Part, folder: str) -> Counts:
    print(f"\nwindows: {part.name}", flush=True)
    began = time.monotonic()
    report = machine.folder / "report.xml"
    report.unlink(missing_ok=True)
    machine.tests_folder.mkdir(exist_ok=True)
    try:
        for line in machine.run(_pytest(part, machine.path(report), folder), PART_SECONDS):
            print(line, flush=True)
    except TimeoutError as late:
        print(f"windows: {part.name}: {late}", flush=True)
    return _counted(report, time.monotonic() - began)


def _counted(report: Path, seconds: float) -> Counts:
    """From pytest's own report; a part that left none has failed as a whole."""
    if not report.is_file():
        return Counts(0, 1, Counter(), seconds)
    failed, passed, skipped = 0, 0, Counter[str]()
    for case in _cases(report):
        kinds = {child.tag: child for child in case}
        if "failure" in kinds or "error" in kinds:
            failed += 1
        elif "skipped" in kinds:
            skipped[kinds["skipped"].get("message") or "no reason given"] += 1
        else:
            passed += 1
    # No test at all is no success.
    return Counts(passed, failed or int(not passed), skipped, seconds)


def _cases(report: Path) -> Iterator[ElementTree.Element]:
    # Written by pytest a moment ago, on this machine.
    return ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314


def _report(parts: Sequence[Part], counts: Sequence[Counts], untested: Sequence[tuple[str, str]]) -> int:
    print("\nOn Windows' CPython:\n" if sys.platform == "win32" else "\nOn Windows' CPython, under Wine:\n")
    print(f"{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}  part")
    for part, found in zip(parts, counts, strict=True):
        skipped = sum(found.skipped.values())
        print(f"{found.passed:8}{found.failed:8}{skipped:9}{found.seconds:9.0f}  {part.name}")
    failed = sum(found.failed for found in counts)
    all_skipped = sum((found.skipped for found in counts), Counter[str]())
    total = sum(found.seconds for found in counts)
    print(f"{sum(c.passed for c in counts):8}{failed:8}{sum(all_skipped.values()):9}{total:9.0f}  in all")
    print("\nSkipped, and why:")
    for reason, number in all_skipped.most_common():
        print(f"  {number:4}  {reason}")
    print("\nUntested, and not simulated:")
    for what, why in untested:
        print(f"  - {what}: {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
