"""Which home follows the growing files of a folder: a note in it names the one, and every other leaves them alone.

Two homes that follow one file would both send its rows. The lock on the note says whether its holder lives, wherever
the file system keeps locks between processes; across machines, where it may not, the note's beat does. Whoever comes
after another home begins anew: what lies there then, the other one may have sent.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from filebridge.locks import FileLock
from filebridge.plainfiles import open_plain

NOTE = ".filebridge-follower.json"
# A home of another machine lives while its note changes: it is written so often, and watched for so long.
BEAT_SECONDS, QUIET_SECONDS = 5.0, 30.0
# Where locks may not hold, two homes that begin at once both write; after so long only the later one's note stands.
CONFIRM_SECONDS = 2.0
_NOTE_BYTES_MAX = 8192
_SAID = "the filebridge that follows the growing files of this folder 读取本目录追加文件的 filebridge"
_REMEDY = (
    "its growing files are followed by another filebridge ({home} on {host}, process {pid}), so they are not read "
    "here; stop that one, or give each home a folder of its own 其追加文件正由另一个 filebridge 读取，本程序不读取；"
    "请停止其中一个，或为每个主目录设置各自的目录"
)
_NO_NOTE = "{note} cannot be written ({why}), so its growing files are not read 无法写入该文件，追加文件不读取"


class Home(NamedTuple):
    """Who follows. A home that was copied or moved is another one: `number` is its folder's at the file system.

    `boot` names this boot of this machine, empty where nothing does.
    """

    mark: str
    path: str
    number: str
    boot: str

    @classmethod
    def at(cls, folder: Path, *, mark: str, boot: str) -> "Home":
        return cls(mark, str(folder.resolve()), str(folder.stat().st_ino), boot)


class Held(Enum):
    NOT = "another one follows them, or it is not sure yet"
    ANEW = "ours from now on; what lies there may be another's"
    OURS = "ours, as before"


class FolderHold:
    """The note of one folder. `is_share`: locks may hold on this machine only."""

    def __init__(
        self,
        folder: Path,
        home: Home,
        *,
        is_share: bool,
        quiet_seconds: float = QUIET_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = folder / NOTE
        self._home = home
        self._is_share = is_share
        self._quiet = quiet_seconds
        self._clock = clock
        self._lock: FileLock | None = None
        self._beats, self._beaten_at, self._sure_at = 0, 0.0, 0.0
        # What the next look answers, where it finds our note.
        self._answer = Held.OURS
        # Another home's note, and since when it has been as it is.
        self._seen, self._seen_at = b"", 0.0
        # The home that followed before us, for a person; empty if none is known to have.
        self.before = ""
        self.trouble = ""

    def look(self) -> Held:
        """Whether the files are ours to follow now; to be asked before each look at them."""
        try:
            held = self._look()
        except FileNotFoundError:
            # The folder is away: the inbox tells.
            self.trouble = ""
            return Held.NOT
        except OSError as error:
            self.trouble = _NO_NOTE.format(note=self._path, why=error.strerror or error)
            return Held.NOT
        if held is not Held.NOT:
            self.trouble = ""
        return held

    def release(self) -> None:
        """Let go; the note stays, and says who was the last."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _look(self) -> Held:
        found = self._read()
        is_ours = self._is_ours(found)
        if self._lock is None or not is_ours:
            # Not ours, or not any more: another one took it while we stood still, or the folder was away.
            self.release()
            self._take(found, is_ours=is_ours)
        if self._lock is None or self._clock() < self._sure_at:
            return Held.NOT
        if self._clock() - self._beaten_at >= BEAT_SECONDS:
            self._write(self._lock)
        held, self._answer = self._answer, Held.OURS
        return held

    def _take(self, found: bytes, *, is_ours: bool) -> None:
        if found and not is_ours and self._may_live(found):
            self.trouble = _REMEDY.format(**_shown(found))
            return
        lock = FileLock.on(self._open())
        if lock is None:
            self.trouble = _REMEDY.format(**_shown(found))
            return
        if self._read() != found:
            # Somebody was faster.
            lock.release()
            return
        self._write(lock)
        self._lock = lock
        if not is_ours:
            self._answer, self.before = Held.ANEW, _home_of(found)
            self._sure_at = self._clock() + (CONFIRM_SECONDS if self._is_share or not lock.is_sure else 0)

    def _may_live(self, found: bytes) -> bool:
        """Whether the home of a note may still follow, for all that its lock says on this machine."""
        if found != self._seen:
            self._seen, self._seen_at = found, self._clock()
        # On one machine, and since one boot, its lock has said all.
        note = _read_note(found)
        is_here = bool(self._home.boot) and (note.get("boot"), note.get("host")) == (self._home.boot, platform.node())
        return not is_here and self._clock() - self._seen_at < self._quiet

    def _is_ours(self, found: bytes) -> bool:
        note = _read_note(found)
        return (note.get("mark"), note.get("home"), note.get("number")) == self._home[:3]

    def _read(self) -> bytes:
        try:
            handle = open_plain(self._path)
        except FileNotFoundError:
            return b""
        with os.fdopen(handle, "rb") as file:
            return file.read(_NOTE_BYTES_MAX)

    def _open(self) -> int:
        try:
            return open_plain(self._path, os.O_RDWR)
        except FileNotFoundError:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            return os.open(self._path, flags, 0o666)

    def _write(self, lock: FileLock) -> None:
        self._beats += 1
        note = {
            "filebridge": _SAID,
            **dict(zip(("mark", "home", "number", "boot"), self._home, strict=True)),
            "host": platform.node(),
            "pid": os.getpid(),
            "beat": self._beats,
        }
        lock.write(json.dumps(note, ensure_ascii=False).encode("utf-8", "replace"), flush=self._is_share)
        self._beaten_at = self._clock()


def _read_note(found: bytes) -> dict[str, Any]:
    try:
        note = json.loads(found)
    except (ValueError, RecursionError):
        # Being written, or none of ours.
        return {}
    return note if isinstance(note, dict) else {}


def _shown(found: bytes) -> dict[str, Any]:
    return {"home": "?", "host": "?", "pid": "?", **_read_note(found)}


def _home_of(found: bytes) -> str:
    """Whose note it is, for a person; empty where there was none."""
    return "{home} ({host})".format(**_shown(found)) if found else ""
