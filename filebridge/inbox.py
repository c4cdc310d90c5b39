"""The inbox: which files lie there, which are finished, and taking one so that nobody can touch it any more.

The scan is the truth; the watcher only wakes. A claim renames the file within the inbox to a name that is never an
order, so it is atomic on any file system, and a crash at any point leaves the file in exactly one place. Nothing here
reads what a file says, beyond its end mark.
"""

import errno
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from watchdog.events import FileClosedEvent, FileCreatedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver

from filebridge import failpoints
from filebridge.domain.orders import SHANGHAI

CLAIMED = ".claimed-"
# Unfinished or foreign by their names: editors' locks, downloads, our own claims.
_NEVER_ORDERS = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~")
_NEVER_ORDERS_START = (".", "~$")
# What a spreadsheet lays beside an open workbook: Excel and WPS `~$orders.xlsx`, LibreOffice `.~lock.orders.xlsx#`.
_OWNER_FILE = re.compile(r"~\$(.+)|\.~lock\.(.+)#", re.DOTALL)
_END_MARK = b"#END,"
# Room for our own prefix under the 255 bytes that file systems allow.
_NAME_BYTES_MAX = 180
_HINTS_MAX = 100_000
# A listing of a full folder takes long, a claim as well: so many of one listing.
_CLAIMS_A_SCAN = 1000


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file that is ours alone. `claim` is its unique name in the ledger, `name` the user's (a very long one cut)."""

    path: Path
    name: str
    claim: str
    size: int
    is_regular: bool
    modified_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class _Sight:
    """How a file looked when it was last seen, and since when it has looked like that."""

    looks: tuple[int, int, int]
    first_seen: datetime
    unchanged_since: datetime


class Inbox:
    """The scan of one folder. Not thread-safe; only `wake` may be touched by the watcher."""

    def __init__(self, folder: Path, *, settle_seconds: float) -> None:
        self.folder = folder
        self._settle_seconds = settle_seconds
        self._sights: dict[str, _Sight] = {}
        # Claimed, but not handed out yet: a writer holds on to them, or a later step of the scan failed.
        self._claims: list[tuple[Path, str, datetime]] = []
        self._stuck: dict[str, str] = {}
        # A file that is open in a spreadsheet -> the owner file that says so.
        self._open: dict[str, str] = {}
        self._first_scan = True
        # Names that came by a rename and have not been claimed yet.
        self._whole: dict[str, None] = {}

    def scan(self, now: datetime, *, renamed_in: Iterable[str] = (), at_most: int = 200) -> list[ClaimedFile]:
        """Claim what is finished, oldest first, and hand out `at_most` of it; the folder is listed only when earlier
        claims are not enough. `renamed_in` names files that came by a rename, so are whole."""
        self._whole |= dict.fromkeys(renamed_in)
        if len(self._claims) < at_most:
            self._claim_finished(now)
        # Last, for nothing can fail after it: what is handed out is nowhere else.
        return self._finished_claims(at_most)

    def _claim_finished(self, now: datetime) -> None:
        whole, self._whole = self._whole, {}
        room = _CLAIMS_A_SCAN
        entries = sorted(self._entries(), key=lambda entry: (entry[1].st_mtime_ns, entry[0]))
        sights: dict[str, _Sight] = {}
        self._stuck.clear()
        for name, status in entries:
            sight = sights[name] = self._look(name, status, now)
            if owner := self._open.get(name):
                # Saved, perhaps, but not given out of hand; a stale owner file is for a person to delete.
                self._stuck[name] = f"{_short(owner)} lies beside it; close the file, or delete that one"
                continue
            if room and self._is_finished(name, status, sight, now, name in whole) and self._claim(name, sight):
                del sights[name]
                room -= 1
        self._sights = sights
        self._first_scan = False
        # What had no room keeps its hint.
        self._whole |= {name: None for name in whole if name in sights}

    def leftovers(self) -> list[ClaimedFile]:
        """Files that an earlier run claimed and did not bring to rest, in the order of their claims."""
        found = []
        for entry in os.scandir(self.folder):
            if entry.name.startswith(CLAIMED):
                status = entry.stat(follow_symlinks=False)
                name = entry.name.removeprefix(CLAIMED).partition("-")[2]
                found.append(_claimed(Path(entry.path), name, status, _changed_at(status)))
        return sorted(found, key=lambda file: file.claim)

    def keep(self, file: ClaimedFile) -> None:
        """Take up an earlier run's claim: the next scan hands it out, once no writer holds on to it."""
        self._claims.append((file.path, file.name, file.seen_at))

    def problems(self) -> list[str]:
        """Files that are finished but cannot be taken."""
        said = "(is it open in Excel? 请先在表格软件中关闭该文件)"
        return [f"inbox: {_short(name)}: {why} {said}" for name, why in self._stuck.items()]

    def adopt(self, path: Path, name: str) -> ClaimedFile:
        """Bring a file from elsewhere in the home back as a claim; the next scan hands it out."""
        target = self._claim_path(name)
        shutil.move(path, target)
        status = target.stat(follow_symlinks=False)
        file = _claimed(target, _short(name), status, _changed_at(status))
        self._claims.append((target, file.name, file.seen_at))
        return file

    @property
    def waiting(self) -> int:
        """How many entries lie there that have not been taken yet."""
        return len(self._sights) + len(self._claims)

    def _entries(self) -> list[tuple[str, os.stat_result]]:
        found = []
        self._open.clear()
        for entry in os.scandir(self.folder):
            name = entry.name
            if owned := _OWNER_FILE.fullmatch(name):
                self._open[owned[1] or owned[2]] = name
            if name.startswith(_NEVER_ORDERS_START) or name.lower().endswith(_NEVER_ORDERS):
                continue
            try:
                found.append((name, entry.stat(follow_symlinks=False)))
            except FileNotFoundError:
                # Renamed away by its writer between the listing and the look: the next scan sees the new name.
                continue
        return found

    def _look(self, name: str, status: os.stat_result, now: datetime) -> _Sight:
        looks = (status.st_ino, status.st_size, status.st_mtime_ns)
        before = self._sights.get(name)
        if before is not None and before.looks == looks:
            return before
        # The system knows better than a scan when the file was last touched, unless its clock is ahead of ours.
        changed_at = now
        if sys.platform != "win32" or self._first_scan:
            changed_at = min(now, max(_changed_at(status), _time_of(status.st_mtime)))
        # A file that lay there at the start came, for all we know, when it was last changed.
        first_seen = before.first_seen if before else _changed_at(status) if self._first_scan else now
        return _Sight(looks, first_seen, changed_at)

    def _is_finished(self, name: str, status: os.stat_result, sight: _Sight, now: datetime, whole: bool) -> bool:
        path = f"{self.folder}/{name}"
        settled = (now - sight.unchanged_since).total_seconds() >= self._settle_seconds
        if not stat.S_ISREG(status.st_mode):
            return settled
        return (settled or whole or _has_end_mark(path, status.st_size)) and not _has_writer(path)

    def _claim(self, name: str, sight: _Sight) -> bool:
        target = self._claim_path(name)
        failpoints.hit("inbox.claim")
        try:
            # Plain names here and below: of thousands of files a second, pathlib would take a third of the time.
            os.rename(f"{self.folder}/{name}", target)  # noqa: PTH104
        except FileNotFoundError:
            return False
        except OSError as error:
            # Someone (Excel, the writer) still has it open, or it is no file of ours to move. It stays and is tried
            # again, and holds up no other.
            self._stuck[name] = error.strerror or str(error)
            return False
        # Ours from here on, and noted before anything can fail: a claim is in no later listing.
        self._claims.append((target, _short(name), sight.first_seen))
        failpoints.hit("inbox.claimed")
        return True

    def _claim_path(self, name: str) -> Path:
        # The clock first, so that claims sort in the order in which they were made.
        token = f"{time.time_ns():020d}{secrets.token_hex(4)}"
        return self.folder / f"{CLAIMED}{token}-{_short(name)}"

    def _finished_claims(self, at_most: int) -> list[ClaimedFile]:
        """Claims that no writer holds on to (any more), in the order in which they were made."""
        done: list[ClaimedFile] = []
        busy = []
        for path, name, seen_at in self._claims:
            if len(done) == at_most or _has_writer(path):
                busy.append((path, name, seen_at))
            elif (status := _status_of(path)) is not None:
                done.append(_claimed(path, name, status, seen_at))
        self._claims = busy
        return done


class Watcher:
    """Wakes the bridge when something happens in the inbox; losing every event would only make it slower."""

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self._folder = folder
        self._handler = _Waker(wake)
        self._observer: BaseObserver | None = None
        self._inode = 0

    def take(self) -> tuple[bool, set[str]]:
        """Whether anything came since the last call, and the names that came by a rename: hints, never needed."""
        handler = self._handler
        woken, handler.woken = handler.woken, False
        names = set()
        while handler.renamed:
            names.add(handler.renamed.pop())
        return woken, names

    def keep_alive(self) -> None:
        """Start the watch, and start it again if its threads died or the folder was replaced."""
        try:
            inode = self._folder.stat().st_ino
        except OSError:
            return
        observer = self._observer
        alive = observer is not None and observer.is_alive() and all(e.is_alive() for e in observer.emitters)
        if alive and inode == self._inode:
            return
        self.stop()
        self._observer, self._inode = _observe(self._folder, self._handler), inode

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer = None


class _Waker(FileSystemEventHandler):
    """Sets a flag and wakes, nothing else: an exception here would end the watcher's thread for good."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self.woken = False
        self.renamed: list[str] = []

    def on_any_event(self, event: FileSystemEvent) -> None:
        # Not "modified": a large file that is being written would keep the bridge scanning.
        if event.event_type not in ("created", "moved", "closed"):
            return
        name = os.fsdecode(event.dest_path or event.src_path).rpartition(os.sep)[2]
        # Our own claims among them: each would cost a look at the whole folder.
        if name.startswith(_NEVER_ORDERS_START):
            return
        if event.event_type == "moved" and len(self.renamed) < _HINTS_MAX:
            self.renamed.append(name)
        self.woken = True
        self._wake()


def _observe(folder: Path, handler: FileSystemEventHandler) -> BaseObserver | None:
    wanted: list[type[FileSystemEvent]] = [FileCreatedEvent, FileMovedEvent, FileClosedEvent]
    if sys.platform == "linux":
        from watchdog.observers.inotify import InotifyFullEmitter
        from watchdog.observers.inotify_c import InotifyConstants, Mask

        class Arrivals(InotifyFullEmitter):
            """What comes, not what leaves: without the other half of a rename nothing has to be paired, which takes a
            search of all that waits and holds back what follows for half a second. The full emitter tells a rename
            from a creation."""

            def get_event_mask_from_filter(self) -> Mask:
                return Mask(
                    InotifyConstants.IN_MOVED_TO | InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_DELETE_SELF
                )

            def queue_event(self, event: FileSystemEvent) -> None:
                # To the handler at once: it only sets a flag, and a queue and a thread more cost many times that.
                handler.on_any_event(event)

        observer = BaseObserver(Arrivals)
    else:
        from watchdog.observers import Observer

        observer = Observer()
    try:
        observer.schedule(handler, str(folder), event_filter=wanted)
        observer.start()
    except OSError:
        # No watch to be had (limits, a network drive): the scan carries on alone, and this is tried again.
        return None
    return observer


def _claimed(path: Path, name: str, status: os.stat_result, seen_at: datetime) -> ClaimedFile:
    claim = path.name.removeprefix(CLAIMED).partition("-")[0]
    is_regular = stat.S_ISREG(status.st_mode)
    return ClaimedFile(path, name, claim, status.st_size, is_regular, _time_of(status.st_mtime), seen_at)


def _status_of(path: Path) -> os.stat_result | None:
    """What the entry itself is, a link not followed; None where there is none."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _has_end_mark(path: str, size: int) -> bool:
    """Whether the file's last line says that it is the last: `#END,<rows>`."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            file.seek(max(0, size - 64))
            tail = file.read(64).replace(b"\0", b"").rstrip(b"\r\n, ;\t")
    except OSError:
        return False
    last = tail.rpartition(b"\n")[2]
    return last.startswith(_END_MARK) and last[len(_END_MARK) :].isdigit()


def _has_writer(path: Path | str) -> bool:
    """Whether a program has the file open for writing; False where the system does not tell."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False


def _changed_at(status: os.stat_result) -> datetime:
    """When the file came here: creation on Windows, the last change of the inode elsewhere."""
    born = getattr(status, "st_birthtime", status.st_ctime) if sys.platform == "win32" else status.st_ctime
    return _time_of(born)


def _time_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, SHANGHAI)


def _short(name: str) -> str:
    """The name as it can be written anywhere: without control characters, and cut where it is too long to carry our
    additions."""
    data = name.encode("utf-8", "surrogateescape")
    name = "".join(letter if letter.isprintable() else "_" for letter in data.decode("utf-8", "replace"))
    if len(data) <= _NAME_BYTES_MAX:
        return name
    suffix = Path(name).suffix[:10]
    return data[: _NAME_BYTES_MAX - 40].decode("utf-8", "ignore") + "…" + suffix
