"""Ties a worker's life to ours: whatever this process dies of, the operating system ends the worker with it.

An orphan that went on sending what still waits in its pipe would trade behind the back of the next bridge. On Linux the
worker asks the kernel for it itself (worker.Parent); on Windows it is put into a job that ends with its last handle,
which only this process has. Beside both the worker looks at its parent before each call.
"""

import subprocess
import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    # winnt.h
    _KILL_ON_JOB_CLOSE = 0x2000
    _EXTENDED_LIMIT_INFORMATION = 9

    class _BasicLimits(ctypes.Structure):
        _fields_ = (
            ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
            ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        )

    class _ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("BasicLimitInformation", _BasicLimits),
            ("IoInfo", ctypes.c_ulonglong * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        )

    def _kernel() -> ctypes.WinDLL:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
        kernel.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD)
        kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
        return kernel

    class Lifeline:
        """A job of our own. Its one handle is never inherited, and closes with this process."""

        def __init__(self) -> None:
            self._kernel = _kernel()
            self._job = self._kernel.CreateJobObjectW(None, None)
            limits = _ExtendedLimits()
            limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE
            self._kernel.SetInformationJobObject(
                self._job, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
            )

        def tie(self, process: "subprocess.Popen[bytes]") -> str:
            """Returns what went wrong, or an empty text."""
            if self._kernel.AssignProcessToJobObject(self._job, int(process._handle)):  # type: ignore[attr-defined]
                return ""
            return f"the worker could not be put into a job: {ctypes.WinError(ctypes.get_last_error())}"

        def cut(self) -> None:
            """End what is tied, and let go."""
            if self._job:
                self._kernel.CloseHandle(self._job)
                self._job = None

else:

    class Lifeline:
        """Nothing to do: the worker ties itself."""

        def tie(self, process: "subprocess.Popen[bytes]") -> str:
            return ""

        def cut(self) -> None:
            pass
