"""Plain files in folders that others can write to: neither through a link nor waiting for the other end of a pipe."""

import errno
import os
import stat
import sys
from pathlib import Path

_ALWAYS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
NOT_PLAIN = "it is a link, a pipe or a folder, so left alone 是链接、管道或目录，未作处理"


def open_plain(path: Path | str, access: int = os.O_RDONLY) -> int:
    """A handle of a file that is there. `access` is O_RDONLY, O_RDWR or O_WRONLY | O_APPEND.

    Raises FileNotFoundError, and OSError for what is no file or may not be opened. What is written to must have one
    name only: the other one may be a file of somebody else's.
    """
    if sys.platform == "win32" and not stat.S_ISREG(os.lstat(path).st_mode):
        raise OSError(errno.ELOOP, NOT_PLAIN)
    try:
        handle = os.open(path, access | _ALWAYS)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise OSError(error.errno, NOT_PLAIN) from error
        raise
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or (access != os.O_RDONLY and status.st_nlink > 1):
        os.close(handle)
        raise OSError(errno.EINVAL, NOT_PLAIN)
    return handle


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is new, in the place of whatever was left there under its name. Raises OSError."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ALWAYS, 0o666), "wb") as file:
        file.write(content)
