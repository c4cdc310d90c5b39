"""All folders that files come from, as one: the oldest finished file of any of them is claimed first."""

import errno
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from shutil import copyfileobj, copystat
from types import MappingProxyType
from typing import Any

from filebridge import failpoints
from filebridge.config import Settings
from filebridge.domain.reasons import Reason
from filebridge.inbox import claims
from filebridge.inbox.claims import ClaimedFile, changed_at
from filebridge.inbox.courier import Courier, Landing, ShareFolder
from filebridge.inbox.folder import Claim, Finished, SourceFolder
from filebridge.inbox.watcher import Hints
from filebridge.sources import Source, folder_problems

# Each takes some microseconds, and others wait for the end of their turn.
_CLAIMS_A_SCAN = 1000
_NO_HINTS = Hints()
_STRAY = (
    "files of a share whose entry is gone lie here, brought and not taken; give it its entry back, or delete them "
    "此处有已删除来源的文件，已取回但未处理；请恢复该来源的设置，或删除这些文件"
)


class Inbox:
    """Not thread-safe. The first folder is where a released file comes back if its own is no more."""

    def __init__(self, folders: Sequence[SourceFolder], strays: Sequence[Path] = ()) -> None:
        """`strays` hold files of shares that stand in the settings no more."""
        self.folders = tuple(folders)
        self._strays = [f"{place}: {_STRAY}" for place in strays]
        # Claimed, but not handed out yet: a writer holds on to them, or a later step of the scan failed.
        self._claims: list[Claim] = []
        # Found finished by the last listing, and not claimed yet; and what was seen to happen since then, by folder.
        self._finished: deque[Finished] = deque()
        self._hints: dict[Path, Hints] = {}
        # Entries whose folders hang, as far as that was told.
        self._hanging: set[str] = set()
        # Whether the next scan has something to do, whatever happens meanwhile.
        self.has_more = False

    def scan(
        self, now: datetime, *, hints: Mapping[Path, Hints] = MappingProxyType({}), at_most: int = 200
    ) -> list[ClaimedFile]:
        """Claim what is finished, oldest first, and hand out `at_most` of it, or less where one file is work enough for
        a turn. The folders are listed only when everything that the last listing found is claimed: of ten thousand
        files each listing takes a third of a second. `hints` say what the watcher saw, by folder."""
        for place, seen in hints.items():
            self._hints[place] = self._hints.get(place, _NO_HINTS) | seen
        is_listed = False
        if len(self._claims) < at_most:
            if is_listed := not self._finished:
                self._list(now)
            self._claim()
        # Last, for nothing can fail after it: what is handed out is nowhere else.
        return self._finished_claims(at_most, is_listed=is_listed)

    def leftovers(self) -> list[ClaimedFile]:
        """Files that an earlier run claimed and did not bring to rest, in the order of their claims: all that the last
        scan found, be it in a folder that has only now come back."""
        found = [file for folder in self.folders for file in folder.leftovers()]
        return sorted(found, key=lambda file: file.claim)

    def look(self, now: datetime) -> None:
        """List every folder and claim nothing: for what `leftovers` finds at a start."""
        for folder in self.folders:
            folder.look(now, _NO_HINTS, claimed=())

    def keep(self, file: ClaimedFile) -> None:
        """Take up an earlier run's claim: the next scan hands it out, once no writer holds on to it."""
        self._claims.append(self._folder(file.source).own(file.path, file.seen_at))

    def problems(self) -> list[str]:
        """Folders that cannot be read, and files that are finished but cannot be taken."""
        return [problem for folder in self.folders for problem in folder.problems()] + self._strays

    def alarms(self) -> list[Reason]:
        """Folders that have begun to hang since the last call."""
        hanging = {folder.source.name: reason for folder in self.folders if (reason := folder.hangs) is not None}
        told, self._hanging = self._hanging, set(hanging)
        return [reason for name, reason in hanging.items() if name not in told]

    def close(self) -> None:
        for folder in self.folders:
            folder.close()

    def format_of(self, source: str) -> str:
        """How the files of an entry are read."""
        return self._folder(source).source.format

    def adopt(self, path: Path, name: str, source: str, intake_no: int, rows_before: int | None = None) -> ClaimedFile:
        """Bring a file from elsewhere in the home, which that intake had set aside, back as a claim; the next scan
        hands it out. `rows_before`: it holds rows of a file that grows, behind so many."""
        folder = self._folder(source)
        sign = claims.sign_of_released(intake_no, rows_before)
        target = claims.new_claim(folder.place, name, sign, folder.mark)
        for suffix in folder.source.suffixes:
            companion = path.with_name(path.name + suffix)
            if companion.exists():
                _move(companion, claims.beside(target, suffix))
        _move(path, target)
        status = target.lstat()
        file = folder.claimed(target, status, changed_at(status))
        self.keep(file)
        return file

    @property
    def waiting(self) -> int:
        """How many entries lie there that have not been taken yet."""
        return sum(folder.waiting for folder in self.folders) + len(self._claims)

    def _folder(self, source: str) -> SourceFolder:
        return next((folder for folder in self.folders if folder.source.name == source), self.folders[0])

    def _list(self, now: datetime) -> None:
        waiting = {claims.parts_of(claim.path.name)[0] for claim in self._claims}
        hints, self._hints = self._hints, {}
        finished = [
            found
            for folder in self.folders
            for found in folder.look(now, hints.get(folder.place, _NO_HINTS), claimed=waiting)
        ]
        self._finished.extend(sorted(finished))

    def _claim(self) -> None:
        for _ in range(min(_CLAIMS_A_SCAN, len(self._finished))):
            found = self._finished.popleft()
            claim = found.folder.claim(found)
            if claim is not None:
                # Ours from here on, and noted before anything can fail: a claim is in no later listing.
                self._claims.append(claim)
                failpoints.hit("inbox.claimed")

    def _finished_claims(self, at_most: int, *, is_listed: bool) -> list[ClaimedFile]:
        """Claims that no writer holds on to (any more), in the order in which they were made."""
        done: list[ClaimedFile] = []
        busy = []
        is_full = False
        for claim in self._claims:
            if is_full or claim.has_writer:
                busy.append(claim)
            elif (file := claim.file()) is not None:
                done.append(file)
                is_full = len(done) == at_most or claim.folder.is_alone(file.name)
        self._claims = busy
        # What came since the last listing is not seen before the next one.
        self.has_more = is_full or bool(self._finished) or (not is_listed and len(busy) < at_most)
        return done


def _move(path: Path, target: Path) -> None:
    """Also onto another file system: what stands under a claim's name is whole, and a crash on the way leaves the file
    where it was."""
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = target.with_name(f".part-{target.name}")
        with path.open("rb") as source, part.open("wb") as copy:
            copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
        copystat(path, part)
        part.replace(target)
        path.unlink()


def inbox_of(
    home: Path,
    settings: Settings,
    takes: Callable[[str, str], bool],
    is_alone: Callable[[str, str], bool],
    mark: str,
    *,
    landed: Path,
    clock: Callable[[], datetime],
) -> Inbox:
    """All folders that files come from; one that lies within another one is not taken for a file there. `takes` says
    of a format and a name whether such a file comes whole, `is_alone` whether it is work enough for a turn; `mark` is
    the home's, as in its ledger. Files of shares are brought into folders of `landed`."""
    places = {source.name: source.place(home) for source in settings.inbox.all_sources}
    folders: list[SourceFolder] = []
    for source in settings.inbox.all_sources:
        place = places[source.name]
        folder = SourceFolder(
            place,
            source,
            settle_seconds=settings.inbox.settle_seconds,
            give_up_seconds=settings.inbox.max_file_age,
            others=frozenset(name for other in places.values() if (name := _first_within(place, other))),
            takes=partial(takes, source.format),
            is_alone=partial(is_alone, source.format),
            mark=mark,
        )
        place = landed / source.name
        if source.watch:
            # What was brought while it was a share is still taken.
            folders += [folder, Landing(place, folder)] if place.is_dir() else [folder]
            continue
        refused = partial(_refused, source, home)
        how: dict[str, Any] = {"seconds": settings.inbox.share_seconds, "bytes_max": settings.inbox.max_file_bytes}
        courier = Courier(folder, place, **how, clock=clock, refused=refused)
        folders.append(ShareFolder(place, folder, courier))
    strays = [place for place in sorted(landed.glob("*")) if place.name not in places and any(place.iterdir())]
    return Inbox(folders, strays)


def _refused(source: Source, home: Path) -> list[str]:
    """Why a share may not be read, once its links may be followed."""
    return [" ".join(both) for both in folder_problems((source.model_copy(update={"watch": True}),), home)]


def _first_within(place: Path, other: Path) -> str:
    """The entry of a folder in which the other one lies; empty if it does not."""
    outer, inner = Path(os.path.normcase(place)), Path(os.path.normcase(other))
    return inner.relative_to(outer).parts[0] if outer in inner.parents else ""
