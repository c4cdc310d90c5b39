"""Whether a file is whole: what its own end, its writer and the time since its last change say."""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, get_args

from filebridge.plainfiles import open_plain
from filebridge.sources import Policy

# What shows that a file is whole, as a claim's name says it.
RENAMED, NAMED, COUNTED, DONE, CLOSED, SETTLED = "renamed", "named", "counted", "done", "closed", "settled"
# Nothing showed it for as long as a file may lie.
LATE = "late"
_RESTED = "rested"
_END_MARK = b"#END,"
_END_LINE_BYTES = 64
# What Windows says of a file that another program has open, or has locked a part of.
_SHARING_VIOLATION, _LOCK_VIOLATION = 32, 33


class Writer(Enum):
    """Whether a program has a file open, so may still write to it."""

    NONE = "none"
    SOME = "some"
    # The system does not tell: another machine's file, or another user's.
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Seen:
    """What is known of one file. `seconds` have passed since its last change; the rest are hints and companions."""

    path: str
    size: int
    seconds: float
    settle_seconds: float
    renamed: bool
    was_closed: bool
    done: bool
    # Whether the system can say who has it open: of a share it knows what this machine does, and takes that for all.
    tells: bool
    _writer: Writer | None = None

    @property
    def writer(self) -> Writer:
        if self._writer is None:
            self._writer = writer_of(self.path) if self.tells else Writer.UNKNOWN
        return self._writer

    @property
    def is_settled(self) -> bool:
        return self.seconds >= self.settle_seconds

    @property
    def is_closed(self) -> bool:
        # An empty one may have been made for somebody who has not opened it yet.
        return self.size > 0 and (self.writer is Writer.NONE or (self.writer is Writer.UNKNOWN and self.was_closed))


_SHOWS: dict[str, Callable[[Seen], bool]] = {
    RENAMED: lambda seen: seen.renamed,
    # The producer's word: what has the name of an order file is whole.
    NAMED: lambda seen: True,
    COUNTED: lambda seen: has_end_mark(seen.path, seen.size),
    DONE: lambda seen: seen.done,
    CLOSED: lambda seen: seen.is_closed,
    _RESTED: lambda seen: seen.is_settled and seen.is_closed,
    SETTLED: lambda seen: seen.is_settled,
}
# Policy -> what shows that a file is whole, in the order in which it is asked.
_SIGNS: dict[str, tuple[str, ...]] = {
    "auto": (RENAMED, _RESTED, SETTLED, COUNTED),
    "rename": (NAMED,),
    "done_file": (DONE,),
    "end_line": (COUNTED,),
    "closed": (CLOSED, SETTLED),
    "settle": (SETTLED,),
}
assert set(_SIGNS) == set(get_args(Policy))


def sign_of(policy: str, seen: Seen, *, give_up_seconds: float) -> str:
    """What shows under a policy that a file is whole; LATE where nothing has for so long; empty while nothing does."""
    for sign in _SIGNS[policy]:
        if _SHOWS[sign](seen):
            return "" if seen.writer is Writer.SOME else CLOSED if sign == _RESTED else sign
    return LATE if seen.seconds >= give_up_seconds else ""


def has_end_mark(path: str, size: int) -> bool:
    """Whether the file's last line says that it is the last: `#END,<rows>`, in JSON Lines `{"end": <rows>}`."""
    try:
        with os.fdopen(open_plain(path), "rb") as file:
            file.seek(max(0, size - _END_LINE_BYTES))
            tail = file.read(_END_LINE_BYTES).replace(b"\0", b"").rstrip(b"\r\n, ;\t")
    except OSError:
        return False
    last = tail.rpartition(b"\n")[2]
    if last.startswith(b"{"):
        try:
            end = json.loads(last)
        except ValueError:
            return False
        return isinstance(end, dict) and list(end) == ["end"] and isinstance(end["end"], int)
    return last.startswith(_END_MARK) and last[len(_END_MARK) :].isdigit()


def writer_of(path: Path | str) -> Writer:
    """Whether a program has the file open: on Linux for writing, on Windows at all."""
    if sys.platform == "win32":
        return _opened_alone(path)
    if sys.platform != "linux":
        return Writer.UNKNOWN
    import fcntl

    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return Writer.UNKNOWN
    try:
        # When somebody opens it for writing in this very moment, the kernel signals us: SIGIO, which would end this
        # process, unless told otherwise. Nobody minds SIGURG.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        # A lease on reading is only given while nobody has the file open for writing.
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return Writer.SOME if error.errno == errno.EAGAIN else Writer.UNKNOWN
    finally:
        os.close(handle)
    return Writer.NONE


def _opened_alone(path: Path | str) -> Writer:
    """Open it so that nobody else may have it open, which Windows refuses while anybody does; a share's server too."""
    if sys.platform != "win32":
        return Writer.UNKNOWN
    import ctypes
    from ctypes import wintypes

    create, close = _file_functions()
    read, exists, of_the_link_itself = 0x80000000, 3, 0x00200000
    handle = create(str(path), read, 0, None, exists, of_the_link_itself, None)
    if handle == wintypes.HANDLE(-1).value:
        return Writer.SOME if ctypes.get_last_error() in (_SHARING_VIOLATION, _LOCK_VIOLATION) else Writer.UNKNOWN
    close(handle)
    return Writer.NONE


@cache
def _file_functions() -> tuple[Any, Any]:
    """Windows' CreateFileW and CloseHandle."""
    if sys.platform != "win32":
        raise AssertionError("only Windows has them")
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    create, close = kernel.CreateFileW, kernel.CloseHandle
    create.argtypes = [
        *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, wintypes.LPVOID),
        *(wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE),
    ]
    create.restype = wintypes.HANDLE
    close.argtypes = [wintypes.HANDLE]
    return create, close
