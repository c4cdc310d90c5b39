"""The watch: wakes the bridge when something happens in a folder; losing every event would only make it slower."""

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Only a bridge that runs watches.
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

NEVER_ORDERS_START = (".", "~$")
_HINTS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Hints:
    """What was seen to happen to names in one folder; never needed, for any of it may be lost."""

    # Came by a rename.
    renamed: frozenset[str] = frozenset()
    # A program that could write to it closed it.
    closed: frozenset[str] = frozenset()

    def __or__(self, later: "Hints") -> "Hints":
        return Hints(self.renamed | later.renamed, self.closed | later.closed)


class Watcher:
    """The watch over several folders."""

    def __init__(self, folders: Iterable[Path], wake: Callable[[], None]) -> None:
        self._watches = [_Watch(folder, wake) for folder in folders]

    def take(self) -> tuple[bool, dict[Path, Hints]]:
        """Whether anything came since the last call, and what was seen, by folder."""
        taken = {watch.folder: watch.take() for watch in self._watches}
        return any(woken for woken, _ in taken.values()), {folder: hints for folder, (_, hints) in taken.items()}

    def keep_alive(self) -> None:
        """Start each watch, and start it again if its threads died or the folder was replaced."""
        for watch in self._watches:
            watch.keep_alive()

    def stop(self) -> None:
        for watch in self._watches:
            watch.stop()


class _Watch:
    """The watch over one folder."""

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self.folder = folder
        self._handler = _Waker(wake)
        self._observer: BaseObserver | None = None
        self._inode = 0

    def take(self) -> tuple[bool, Hints]:
        handler = self._handler
        woken, handler.woken = handler.woken, False
        return woken, Hints(_emptied(handler.renamed), _emptied(handler.closed))

    def keep_alive(self) -> None:
        try:
            inode = self.folder.stat().st_ino
        except OSError:
            return
        observer = self._observer
        alive = observer is not None and observer.is_alive() and all(e.is_alive() for e in observer.emitters)
        if alive and inode == self._inode:
            return
        self.stop()
        self._observer, self._inode = _observe(self.folder, self._handler), inode

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer = None


class _Waker:
    """Watchdog's handler. Notes and wakes, nothing else: an exception here would end its thread for good."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self.woken = False
        self.renamed: list[str] = []
        self.closed: list[str] = []

    def dispatch(self, event: "FileSystemEvent") -> None:
        # Not "modified": a large file that is being written would keep the bridge scanning.
        if event.event_type in ("created", "moved", "closed"):
            name = os.fsdecode(event.dest_path or event.src_path).rpartition(os.sep)[2]
            self.note(name, {"moved": self.renamed, "closed": self.closed}.get(event.event_type))

    def note(self, name: str, hints: list[str] | None) -> None:
        """Something came under this name. `hints` are those that it belongs to, if it is one."""
        # Our own claims among them: each would cost a look at the whole folder.
        if name.startswith(NEVER_ORDERS_START):
            return
        if hints is not None and len(hints) < _HINTS_MAX:
            hints.append(name)
        if not self.woken:
            self.woken = True
            self._wake()


def _emptied(names: list[str]) -> frozenset[str]:
    """The names, taken out one by one: the watcher's thread may be adding to them."""
    found = set()
    while names:
        found.add(names.pop())
    return frozenset(found)


def _observe(folder: Path, handler: _Waker) -> "BaseObserver | None":
    from watchdog.events import FileClosedEvent, FileCreatedEvent, FileMovedEvent, FileSystemEvent
    from watchdog.observers.api import BaseObserver

    wanted: list[type[FileSystemEvent]] = [FileCreatedEvent, FileMovedEvent, FileClosedEvent]
    if sys.platform == "linux":
        from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
        from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, Mask

        class Arrivals(InotifyWatchGroup):
            """What comes, not what leaves: without the other half of a rename nothing has to be paired, which takes a
            search of all that waits and holds back what follows for half a second."""

            def on_event(self, event: InotifyEvent) -> None:
                # To the handler at once: it only notes it, and two queues and a thread more cost many times that.
                if event.is_moved_to:
                    handler.note(os.fsdecode(event.name), handler.renamed)
                elif event.is_close_write:
                    handler.note(os.fsdecode(event.name), handler.closed)
                else:
                    super().on_event(event)

        class Emitter(InotifyEmitter):
            """Watches for them, and ends with the folder."""

            def on_thread_start(self) -> None:
                wanted = (
                    InotifyConstants.IN_MOVED_TO | InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_DELETE_SELF
                )
                self._inotify = Arrivals(self._inotify_fd, os.fsencode(self.watch.path), event_mask=Mask(wanted))

        observer = BaseObserver(Emitter)
    else:
        from watchdog.observers import Observer

        observer = Observer()
    try:
        observer.schedule(handler, str(folder), event_filter=wanted)  # type: ignore[arg-type]
        observer.start()
    except OSError:
        # No watch to be had (limits, a network drive): the scan carries on alone, and this is tried again.
        return None
    return observer
