"""What the machine does under the bridge: a disk that fills, a clock that leaps."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from filebridge.domain import risk
from filebridge.domain.reasons import Reason

# A turn never takes this long: the machine slept, was stopped, or its clock was set.
LEAP = timedelta(seconds=5)


class ClockWatch:
    """Compares each turn's time with the one before; the first with what the ledger last recorded."""

    def __init__(self, before: datetime, rules: risk.Rules) -> None:
        self._before = before
        self._rules = rules

    def look(self, now: datetime) -> tuple[bool, Reason | None]:
        """Whether time leapt (reports may have been missed, and planned moments are wrong), and why to halt if it went
        back over a trade date, whose keys and limits would count again."""
        before, self._before = self._before, now
        if risk.current_date(now, self._rules) < risk.current_date(before, self._rules):
            return True, Reason("CLOCK_WENT_BACK", {"before": before.isoformat(), "now": now.isoformat()})
        return now - before > LEAP or before - now > risk.CLOCK_SLACK, None


def last_recorded(newest_event: dict[str, Any] | None, now: datetime) -> datetime:
    """When the ledger was last written, if that is later than now: the clock went back while nothing ran."""
    return max(datetime.fromisoformat(newest_event["at"]), now) if newest_event else now


def disk_problem(folder: Path, free_bytes_min: int) -> str:
    """What is wrong with the disk of a folder; empty if there is room enough to record what is sent."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"disk: {error}"
    return "" if free >= free_bytes_min else f"disk: only {free} bytes are free; nothing is taken in or sent"
