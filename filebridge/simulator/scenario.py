"""A scenario: faults that come by themselves, at the n-th request or at a time, read from a TOML file.

    [[step]]
    order = 3             # when the third order arrives, before it is looked at
    reject_next = 1

    [[step]]
    seconds = 10          # ten seconds after the counter's start
    account_status = 1
    logged_out = true

Each step has exactly one "when" (`WHEN`), and at least one fault or command of `faults`. Requests are counted from the
start of the counter's process; every step happens once. Nothing is done here: the sessions do what is due.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from filebridge.simulator.faults import checked

SCENARIO_FILE = "scenario.toml"
REQUEST_KINDS = ("connect", "order", "cancel", "query")
# What a step may wait for: its type, and what it means.
WHEN: dict[str, tuple[type, str]] = {
    **dict.fromkeys(REQUEST_KINDS, (int, "the n-th one since the counter's start, before it is looked at")),
    "seconds": (float, "so many seconds after the counter's start"),
    "at": (time, "a time of day in Asia/Shanghai, such as `15:00:00`; the next time that the clock shows it"),
}

Changes = dict[str, Any]


class ScenarioUnusable(ValueError):
    """A scenario file that cannot be read; the message names the step and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to change, and when: at the `number`-th request of `kind`, or at the moment `due`."""

    changes: Changes
    kind: str = ""
    number: int = 0
    due: datetime | None = None


class Scenario:
    """The steps that have not happened yet."""

    def __init__(self, steps: list[Step]) -> None:
        self._by_request = {(step.kind, step.number): step.changes for step in steps if step.due is None}
        self._by_time = sorted(((step.due, step.changes) for step in steps if step.due), key=lambda pair: pair[0])
        self._arrived: Counter[str] = Counter()

    def arrives(self, kind: str) -> Changes | None:
        """A request (a kind of `wire.REQUESTS`, or connect) arrives: what changes before it is looked at."""
        if not self._by_request:
            return None
        group = "query" if kind.startswith("query_") else kind
        self._arrived[group] += 1
        return self._by_request.pop((group, self._arrived[group]), None)

    def next_due(self) -> datetime | None:
        return self._by_time[0][0] if self._by_time else None

    def take_due(self, now: datetime) -> list[Changes]:
        due = [changes for moment, changes in self._by_time if moment <= now]
        del self._by_time[: len(due)]
        return due


def read_scenario(path: Path, started: datetime) -> Scenario:
    """Raises ScenarioUnusable for anything that is not exactly as described above; OSError if there is no such file."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioUnusable(f"{path.name} is no TOML: {error}") from error
    rows = tables.pop("step", [])
    if tables or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ScenarioUnusable(f"{path.name} may hold nothing but [[step]] tables")
    steps: list[Step] = []
    for number, row in enumerate(rows, start=1):
        try:
            step = _step(row, started)
            if step.kind and any((step.kind, step.number) == (other.kind, other.number) for other in steps):
                raise ValueError(f"{step.kind} = {step.number} stands twice; put both into one step")
        except ValueError as error:
            raise ScenarioUnusable(f"{path.name}, step {number}: {error}") from error
        steps.append(step)
    return Scenario(steps)


def _step(row: Changes, started: datetime) -> Step:
    given = [name for name in row if name in WHEN]
    if len(given) != 1:
        raise ValueError(f"it takes exactly one of {', '.join(WHEN)}")
    (name,) = given
    value = row[name]
    if name == "seconds" and type(value) is int:
        value = float(value)
    if not _fits(name, value):
        raise ValueError(f"{name} takes {WHEN[name][0].__name__}, not {value!r}")
    changes = checked({key: each for key, each in row.items() if key != name})
    if not changes:
        raise ValueError("it changes nothing")
    if name == "seconds":
        return Step(changes, due=started + timedelta(seconds=value))
    if name == "at":
        due = datetime.combine(started.date(), value, started.tzinfo)
        return Step(changes, due=due if due > started else due + timedelta(days=1))
    return Step(changes, kind=name, number=value)


def _fits(name: str, value: Any) -> bool:
    is_kind = type(value) is WHEN[name][0]
    return is_kind and (name == "at" or value >= (0 if name == "seconds" else 1))
