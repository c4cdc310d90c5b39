"""What the machine does under the bridge: a disk that fills, a clock that leaps, a boot."""

import shutil
import sys
import time
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
    """What is wrong with the disk of a folder, in the same words as long as it is; empty if there is room enough to
    record what is sent."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"disk 磁盘: {error}"
    if free >= free_bytes_min:
        return ""
    return (
        f"disk: fewer than {free_bytes_min:,} bytes are free; nothing is taken in or sent until there is room "
        f"磁盘剩余不足 {free_bytes_min:,} 字节，释放空间前不接收也不发送"
    )


def boot_id() -> str:
    """What names this boot of the machine; empty where nothing does (then nothing is ever proven by a log)."""
    if sys.platform == "linux":
        path = Path("/proc/sys/kernel/random/boot_id")
        return path.read_text(encoding="ascii").strip() if path.exists() else ""
    if sys.platform == "win32":
        import ctypes

        # The boot's moment, in steps that a clock correction does not cross; a wrong guess only means more doubt.
        up_ms = ctypes.WinDLL("kernel32").GetTickCount64
        up_ms.restype = ctypes.c_ulonglong
        return f"windows-{int((time.time() - up_ms() / 1000) // 600)}"
    return ""
