"""Operating-system locks on files: held by one living process, gone with it, whatever it died of."""

import os
import sys
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    import msvcrt

    # Far behind the content, which must stay readable while the lock is held.
    _LOCK_AT = 1 << 30

    def _try_lock(handle: int) -> bool:
        os.lseek(handle, _LOCK_AT, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class FileLock:
    """A lock that this process holds until it is released or the process ends."""

    def __init__(self, handle: int, *, is_sure: bool = True) -> None:
        self._handle = handle
        # Whether the file system keeps locks at all.
        self.is_sure = is_sure

    @classmethod
    def acquire(cls, path: Path, note: str) -> Self | None:
        """Take the lock and leave `note` in the file; None if another process holds it.

        The note is trustworthy while the lock is held: whoever wrote it is alive.
        """
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.set_inheritable(handle, False)
        if not _try_lock(handle):
            os.close(handle)
            return None
        os.lseek(handle, 0, os.SEEK_SET)
        os.ftruncate(handle, 0)
        os.write(handle, note.encode())
        return cls(handle)

    @classmethod
    def on(cls, handle: int) -> Self | None:
        """Take the lock on an open file, whose content stays as it is; None, and the file is closed, if another
        process holds it."""
        try:
            is_free, is_sure = _try_lock(handle), True
        except OSError:
            is_free, is_sure = True, False
        if not is_free:
            os.close(handle)
            return None
        return cls(handle, is_sure=is_sure)

    def write(self, content: bytes, *, flush: bool = False) -> None:
        """Write the file anew, in one go and in place."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, content)
        os.ftruncate(self._handle, len(content))
        if flush:
            os.fsync(self._handle)

    def release(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def holder_note(path: Path) -> str:
    """What the holder of a lock wrote; empty if the file is not there."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
