"""Another process, as the tests need it on Windows: one that holds a file open, and one that stands still."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# winnt.h: what else may be done with a file meanwhile.
NOTHING, READING = 0, 1

_HOLD = """
import ctypes, sys
from ctypes import wintypes
kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.CreateFileW.restype = wintypes.HANDLE
generic_read, open_existing = 0x80000000, 3
handle = kernel.CreateFileW(sys.argv[1], generic_read, int(sys.argv[2]), None, open_existing, 0, None)
if handle == wintypes.HANDLE(-1).value:
    sys.exit(f"not held: {ctypes.WinError(ctypes.get_last_error())}")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path, share: int) -> Iterator[None]:
    """While another process has the file open: Excel allows READING, some programs NOTHING."""
    command = [sys.executable, "-c", _HOLD, str(path), str(share)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"held"
        try:
            yield
        finally:
            process.stdin.close()
            process.wait(60)


def suspend(pid: int) -> None:
    """Let a process stand still, in the middle of whatever it does: it sees nothing and does nothing any more."""
    if sys.platform != "win32":
        raise AssertionError("only Windows does it so")
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    suspend_resume = 0x0800
    handle = wintypes.HANDLE(kernel.OpenProcess(suspend_resume, False, pid))
    assert handle.value, ctypes.WinError(ctypes.get_last_error())
    assert ctypes.WinDLL("ntdll").NtSuspendProcess(handle) == 0
    kernel.CloseHandle(handle)
