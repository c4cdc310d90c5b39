"""What a run says: a line for each scenario, one table, and benchmarks/results.json."""

import json
import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.rows import Result

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
_BEGIN, _END = "<!-- made by `python3 dev.py bench --docs` -->\n", "<!-- end -->\n"
LIBRARIES = ("filebridge", "xtquant", "watchdog", "pandas", "sqlalchemy", "pydantic")
Facts = dict[str, Any]

_CONSOLE = Console(highlight=False)


def begins(name: str) -> None:
    _CONSOLE.print(f"{name:14}", end="")
    _CONSOLE.file.flush()


def progress(seconds: float, results: Sequence[Result], problems: Sequence[str]) -> None:
    """The rest of the line when the scenario is over."""
    met = sum(result.met for result in results)
    wrong = f", VERIFICATION FAILED ({len(problems)})" if problems else ", verified"
    _CONSOLE.print(f"{seconds:6.1f} s   {met} of {len(results)} met{wrong}")


def show(results: Sequence[Result], problems: Sequence[str]) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("")
    for column in ("ours", "by hand", "floor", "ratio"):
        table.add_column(column, justify="right")
    table.add_column("to reach")
    table.add_column("met")
    for result in results:
        table.add_row(
            f"{result.title} ({result.target.unit})",
            number(result.ours),
            number(result.byhand),
            number(result.floor),
            number(result.ratio),
            result.target.target,
            Text("yes", style="green") if result.met else Text("NO", style="bold red"),
        )
    _CONSOLE.print()
    _CONSOLE.print(table)
    for result in results:
        if result.note:
            _CONSOLE.print(f"{result.target.key}: {result.note}", style="dim")
    for why in dict.fromkeys(result.cut_short for result in results if result.cut_short):
        keys = ", ".join(result.target.key for result in results if result.cut_short == why)
        _CONSOLE.print(f"{keys}: {why}", style="yellow")
    for problem in problems:
        _CONSOLE.print(f"VERIFICATION: {problem}", style="bold red")


def save(
    path: Path, results: Sequence[Result], problems: Sequence[str], machine: Facts, *, way: str, is_whole: bool
) -> None:
    """Write results.json. A run of some scenarios alone takes the place of their rows only."""
    rows = {} if is_whole else {row["key"]: row for row in _stored_rows(path)}
    stamp = {"way": way, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    rows |= {result.target.key: result.as_json() | stamp for result in results}
    whole = {**stamp, "machine": machine, "rows": [*rows.values()], "verification": [*problems]}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def machine(folder: Path) -> Facts:
    """What the figures were measured on."""
    cpu = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    return {
        "cpu": cpu[0] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory[0]) / 1024 / 1024, 1) if memory else None,
        "system": platform.platform(),
        "file_system": _file_system(folder),
        "commit": _commit(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in LIBRARIES},
    }


def number(value: float | None) -> str:
    """Three digits that matter, whole numbers from a hundred on."""
    if value is None:
        return ""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def write_docs() -> None:
    """Put the table of results.json into docs/performance.md."""
    stored = json.loads(RESULTS.read_bytes())
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    assert begin, f"{PAGE.name} has no place for the table"
    assert end, f"{PAGE.name} has no end of the table"
    PAGE.write_text("".join((before, begin, *_docs_lines(stored), end, after)), encoding="utf-8")


def _docs_lines(stored: Facts) -> Iterator[str]:
    machine = stored["machine"]
    versions = ", ".join(f"{name} {machine[name]}" for name in ("python", "sqlite", *LIBRARIES))
    yield f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['file_system']}, "
    yield f"{machine['system']}; {versions}. Run of {stored['at']} ({stored['way']}) on commit {machine['commit']}.\n\n"
    yield "| | unit | ours | by hand | floor | ratio | to reach | met |\n|---|---|---|---|---|---|---|---|\n"
    for row in stored["rows"]:
        figures = (number(row[name]) for name in ("ours", "byhand", "floor", "ratio"))
        way = "" if row["way"] == stored["way"] else f" ({row['way']})"
        cells = (row["name"] + way, row["unit"], *figures, row["target"], "yes" if row["met"] else "**no**")
        yield f"| {' | '.join(cells)} |\n"
    yield "\n"
    yield from (f"- {row['name']}: {row['note']}\n" for row in stored["rows"] if row["note"])


def _stored_rows(path: Path) -> list[Facts]:
    try:
        rows: list[Facts] = json.loads(path.read_bytes())["rows"]
    except (OSError, ValueError, KeyError):
        return []
    return rows


def _commit() -> str:
    """Which tree was measured; `-dirty` where it is not what was committed."""
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=PAGE.parent, capture_output=True, text=True, check=False).stdout.strip()


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def _file_system(folder: Path) -> str:
    """The type of the file system that holds the folder: of all mounts above it, the deepest."""
    mounts = [line.split() for line in _lines("/proc/mounts")]
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount[1])]
    return max(above, key=lambda mount: len(mount[1]))[2]
