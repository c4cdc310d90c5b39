"""What a process has used, from /proc: processor time in seconds, memory in megabytes."""

import os
import sys
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK") if sys.platform == "linux" else 100
MEGABYTE = 1024 * 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads; a tick is 10 ms. 0 for a process that is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    # The name in brackets may hold anything; what follows is in the order of proc(5), from field 3.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def memory_mb(pid: int) -> float:
    """Resident memory now."""
    return _status_kb(pid, "VmRSS") * 1024 / MEGABYTE


def memory_mb_max(pid: int) -> float:
    """The most resident memory that it ever had."""
    return _status_kb(pid, "VmHWM") * 1024 / MEGABYTE


def _status_kb(pid: int, name: str) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:")), 0)
