"""The rows of the table: what each must reach, and what came out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_LISTED_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One row of the table. `value` of the result is what is compared; `is_least` says from which side."""

    key: str
    title: str
    unit: str
    target: str
    bound: float
    is_least: bool = False

    def met_by(self, value: float) -> bool:
        return value >= self.bound if self.is_least else value <= self.bound


@dataclass(slots=True, kw_only=True)
class Result:
    """What came out for one target. `ours`, `byhand` and `floor` are medians in the target's unit."""

    target: Target
    size: int = 0
    ours: float | None = None
    byhand: float | None = None
    floor: float | None = None
    ratio: float | None = None
    value: float | None = None
    note: str = ""
    # What the scenario still waited for when it ran out of time: then the figures say what was reached, and the target
    # is not met.
    cut_short: str = ""
    # All that was measured, per side, in the order in which it was; and what the processes used.
    samples: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.target.title.format(f"{self.size:,}" if self.size else "n")

    @property
    def met(self) -> bool:
        return not self.cut_short and self.value is not None and self.target.met_by(self.value)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.target.key,
            "name": self.title,
            "unit": self.target.unit,
            "ours": self.ours,
            "byhand": self.byhand,
            "floor": self.floor,
            "ratio": self.ratio,
            "target": self.target.target,
            "value": self.value,
            "met": self.met,
            "note": "; ".join(filter(None, (self.note, self.cut_short))),
            "samples": {name: _summary(values) for name, values in self.samples.items()},
            "cpu_seconds": self.cpu,
        }


def _targets(*rows: tuple[str, str, str, str, float] | tuple[str, str, str, str, float, bool]) -> dict[str, Target]:
    made = {}
    for key, title, unit, target, bound, *least in rows:
        made[key] = Target(key=key, title=title, unit=unit, target=target, bound=bound, is_least=bool(least))
    return made


# key, title ({} is the size of this run), unit, target, bound; True where the value must be at least the bound.
TARGETS = _targets(
    ("latency.p50.floor", "one order, p50, over the floor", "ms", "≤ 3 × floor", 3),
    ("latency.p50", "one order, p50", "ms", "< 5 ms", 5),
    ("latency.p99", "one order, p99", "ms", "< 20 ms", 20),
    ("basket", "{} rows, last request", "s", "≤ 1.5 × by hand", 1.5),
    ("basket.slow_counter", "{} rows, counter answers in 5 ms", "s", "≥ 30 × faster", 30, True),
    ("large.received", "{} rows, requests", "orders/s", "≥ 0.8 × by hand", 0.8, True),
    ("large.filled", "{} rows, fills in outbox", "fills/s", "≥ 0.5 × by hand", 0.5, True),
    ("flood.rate", "{} files at once", "files/s", "≥ 1,500 files/s", 1500, True),
    ("flood.lost", "{} files at once, lost", "files", "0 lost", 0),
    ("flush", "{} rows, flush takes 5 ms more", "s", "≤ 2 × fast disk", 2),
    ("ledger.middle", "one order, p50, ledger of {}", "ms", "≤ 1.2 × empty", 1.2),
    ("ledger.middle.start", "start, ledger of {}", "s", "< 3 s", 3),
    ("ledger.large", "one order, p50, ledger of {}", "ms", "≤ 1.2 × empty", 1.2),
    ("ledger.large.start", "start, ledger of {}", "s", "< 3 s", 3),
    ("day.memory", "day of {}, memory", "MB", "< 250 MB", 250),
    ("day.growth", "day of {}, growth", "MB", "< 40 MB", 40),
    ("day.lost", "day of {}, pushes lost", "fills", "0 lost", 0),
    ("million.memory", "file of {}, memory", "MB", "< 600 MB", 600),
    ("million.progress", "file of {}, no progress for", "s", "≤ 2 s", 2),
    ("million.beside", "file of {}, small ones beside", "ms", "≤ 200 ms", 200),
    ("idle", "idle", "% of a core", "< 1 %", 1),
    ("help", "filebridge --help", "s", "< 0.3 s", 0.3),
    ("check", "filebridge check, {} rows", "s", "< 0.5 s", 0.5),
)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _summary(values: Sequence[float]) -> list[float] | dict[str, float]:
    """All values where they are few, else how they are spread."""
    if len(values) <= _LISTED_MAX:
        return [round(value, 4) for value in values]
    spread = {f"p{percent}": round(percentile(values, percent), 4) for percent in (0, 10, 50, 90, 99, 100)}
    return {"count": len(values), **spread}
