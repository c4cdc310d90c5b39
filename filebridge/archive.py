"""The archive: where a finished file rests, byte for byte, and how it gets there without a moment in no place.

`archive/<date>/{accepted,refused,duplicate,quarantined}/<stem>.<YYYYMMDD>-<intake number><suffix>`; what came from
another folder than the home's own inbox lies in one of that source's name below. What belongs to a file (a signature)
lies beside it.
"""

import filecmp
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from filebridge import failpoints
from filebridge.sources import HOME_INBOX

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_ALONE_MAX = 4
_FLUSHES_AT_ONCE = 8
FOLDERS = {"ACCEPTED": "accepted", "REFUSED": "refused", "DUPLICATE": "duplicate", "QUARANTINED": "quarantined"}


def numbered(name: str, trade_date: date, intake_no: int, suffix: str | None = None) -> str:
    """The name of a file with the date and number of its intake, unique in the home; `suffix` replaces its own."""
    stem, dot, ending = name.rpartition(".")
    if not stem or not ending:
        stem, dot, ending = name, "", ""
    day = trade_date.isoformat().replace("-", "")
    return f"{stem}.{day}-{intake_no}{dot + ending if suffix is None else suffix}"


def place(source: str, name: str, trade_date: date, *, outcome: str, intake_no: int) -> str:
    """Where a file will rest, relative to the archive."""
    of_source = "" if source == HOME_INBOX else f"{source}/"
    return f"{trade_date.isoformat()}/{FOLDERS[outcome]}/{of_source}{numbered(name, trade_date, intake_no)}"


@dataclass(frozen=True, slots=True)
class Resting:
    """A file in the archive, with its original name, where it came from, and the number of its intake."""

    path: Path
    name: str
    source: str
    intake_no: int


class Archive:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._thread: ThreadPoolExecutor | None = None

    def rest(self, moves: Iterable[tuple[Path, str]]) -> dict[Path, str]:
        """Bring claimed files to rest. The copy in the inbox goes only when the one here is flushed.

        May be repeated: what is already here, or gone from there, is passed over. Returns the files that could not be
        brought, and why; they hold up no other.
        """
        # Whether each can have a second name; and plain names here: of thousands of files, pathlib would take most of
        # the time.
        wanted = [(source, place_name, _is_linkable(source)) for source, place_name in moves]
        linked: list[Path] = []
        made: set[str] = set()
        folders: set[Path] = set()
        failed = _flush_all(source for source, _, is_linkable in wanted if is_linkable)
        for source, place_name, is_linkable in wanted:
            if failed and source in failed:
                continue
            try:
                failpoints.hit("archive.link")
                if (place := place_name.rpartition("/")[0]) not in made:
                    folder = self.folder / place
                    folder.mkdir(parents=True, exist_ok=True)
                    made.add(place)
                    # It may be new, and the day's: each is an entry of the one above it, which a power loss could take
                    # back.
                    folders |= {each for each in (folder, *folder.parents) if each.is_relative_to(self.folder)}
                target = f"{self.folder}/{place_name}"
                if (is_linkable and _is_linked(source, target)) or _bring(source, Path(target)):
                    linked.append(source)
            except OSError as error:
                failed[source] = error.strerror or str(error)
        failpoints.hit("archive.flush")
        for folder in folders:
            _flush(folder)
        for source in linked:
            failpoints.hit("archive.unlink")
            with suppress(FileNotFoundError):
                os.unlink(source)  # noqa: PTH108
        return failed

    def begin(self, moves: Sequence[tuple[Path, str]]) -> "Future[dict[Path, str]]":
        """The same on a thread of its own, one call after the other."""
        if self._thread is None:
            from concurrent.futures import ThreadPoolExecutor

            self._thread = ThreadPoolExecutor(1, "archive")
        return self._thread.submit(self.rest, moves)

    def find(self, name: str) -> Resting | None:
        """A quarantined file by its archived or its original name; the newest if there are several."""
        own = [(path, HOME_INBOX) for path in self.folder.glob("*/quarantined/*")]
        others = [(path, path.parent.name) for path in self.folder.glob("*/quarantined/*/*")]
        named = [each for each in own + others if name in (each[0].name, _original(each[0]))]
        # Among them lie the folders of sources.
        found = [each for each in named if not each[0].is_dir()]
        newest = max(found, key=lambda each: each[0].stat().st_ctime_ns, default=None)
        if newest is None:
            return None
        path, source = newest
        _, _, number = path.stem.rpartition("-")
        return Resting(path, _original(path), source, int(number) if number.isdecimal() else 0)


def _bring(source: Path, target: Path) -> bool:
    """Give the file its second name; False if the source is no longer there, or was moved as a whole."""
    if not os.path.lexists(source):
        return False
    if not source.is_symlink() and not _is_linkable(source):
        # A folder cannot be linked, a pipe would wait for its other end, and what we may not read we cannot copy.
        source.rename(target)
        return False
    if os.path.lexists(target):
        if _is_same(source, target):
            return True
        # A ledger that was restored counts on from where it was then: what rests here is another file.
        target.rename(_beside(target))
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return True
    if not _is_linked(source, target):
        # No links on this file system, or the archive lies on another one.
        copy = target.with_name(f".{target.name}.part")
        shutil.copy2(source, copy)
        _flush(copy)
        copy.rename(target)
    return True


def _is_linked(source: Path, target: Path | str) -> bool:
    """Give it a second name, if it can have that one; false where it is taken, too."""
    try:
        # A link and a later unlink, not a rename: a rename out of a watched folder delays the watcher's next event.
        os.link(source, target)
    except OSError:
        return False
    return True


def _is_same(source: Path, target: Path) -> bool:
    """Whether it was brought before, by a run that ended before it deleted the one in the inbox."""
    if source.is_symlink() or target.is_symlink():
        return source.is_symlink() and target.is_symlink() and source.readlink() == target.readlink()
    return source.samefile(target) or filecmp.cmp(source, target, shallow=False)


def _beside(target: Path) -> Path:
    """A free name next to it."""
    names = (target.with_name(f"{target.stem}+{number}{target.suffix}") for number in count(2))
    return next(name for name in names if not os.path.lexists(name))


def _is_linkable(source: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(source).st_mode) and os.access(source, os.R_OK)
    except OSError:
        return False


def _flush_all(paths: Iterable[Path]) -> dict[Path, str]:
    """Flush files, several at a time: a disk takes little longer for many than for one. Those that failed, and why."""

    def flush(part: list[Path]) -> dict[Path, str]:
        problems = {}
        for path in part:
            try:
                _flush(path)
            except OSError as error:
                problems[path] = error.strerror or str(error)
        return problems

    wanted = list(paths)
    if len(wanted) < _ALONE_MAX:
        return flush(wanted)
    parts = [wanted[start::_FLUSHES_AT_ONCE] for start in range(_FLUSHES_AT_ONCE)]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_FLUSHES_AT_ONCE) as pool:
        return {path: why for problems in pool.map(flush, parts) for path, why in problems.items()}


def _flush(path: Path) -> None:
    if sys.platform == "win32":
        # Windows flushes a folder's entries with its journal and opens no folder; a file needs a writable handle.
        if path.is_file() and os.access(path, os.W_OK):
            _sync(os.open(path, os.O_RDWR | os.O_BINARY))
        return
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        # Not ours to read, so not ours to flush; it is moved as it is.
        return
    _sync(handle)


def _sync(handle: int) -> None:
    """Flush and close; closed too where a flush fails, for it is tried again, every second."""
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _original(path: Path) -> str:
    stem, _, _ = path.stem.rpartition(".")
    return stem + path.suffix
