"""All folders that files come from, as one: the oldest finished file of any of them is claimed first."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from shutil import move
from types import MappingProxyType

from filebridge import failpoints
from filebridge.config import Settings
from filebridge.inbox import claims
from filebridge.inbox.claims import ClaimedFile, changed_at
from filebridge.inbox.finished import RELEASED
from filebridge.inbox.folder import Claim, SourceFolder
from filebridge.inbox.watcher import Hints

# A listing of a full folder takes long, a claim as well: so many of one listing.
_CLAIMS_A_SCAN = 1000
_NO_HINTS = Hints()


class Inbox:
    """Not thread-safe. The first folder is where a released file comes back if its own is no more."""

    def __init__(self, folders: Sequence[SourceFolder]) -> None:
        self.folders = tuple(folders)
        # Claimed, but not handed out yet: a writer holds on to them, or a later step of the scan failed.
        self._claims: list[Claim] = []

    def scan(
        self, now: datetime, *, hints: Mapping[Path, Hints] = MappingProxyType({}), at_most: int = 200
    ) -> list[ClaimedFile]:
        """Claim what is finished, oldest first, and hand out `at_most` of it; the folders are listed only when earlier
        claims are not enough. `hints` say what the watcher saw, by folder."""
        if len(self._claims) < at_most:
            self._claim_finished(now, hints)
        # Last, for nothing can fail after it: what is handed out is nowhere else.
        return self._finished_claims(at_most)

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
        return [problem for folder in self.folders for problem in folder.problems()]

    def adopt(self, path: Path, name: str, source: str) -> ClaimedFile:
        """Bring a file from elsewhere in the home back as a claim; the next scan hands it out."""
        folder = self._folder(source)
        target = claims.new_claim(folder.place, name, RELEASED, folder.mark)
        for suffix in folder.source.suffixes:
            companion = path.with_name(path.name + suffix)
            if companion.exists():
                move(companion, claims.beside(target, suffix))
        move(path, target)
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

    def _claim_finished(self, now: datetime, hints: Mapping[Path, Hints]) -> None:
        waiting = {claims.parts_of(claim.path.name)[0] for claim in self._claims}
        finished = [
            found
            for folder in self.folders
            for found in folder.look(now, hints.get(folder.place, _NO_HINTS), claimed=waiting)
        ]
        finished.sort()
        for found in finished[:_CLAIMS_A_SCAN]:
            claim = found.folder.claim(found)
            if claim is not None:
                # Ours from here on, and noted before anything can fail: a claim is in no later listing.
                self._claims.append(claim)
                failpoints.hit("inbox.claimed")

    def _finished_claims(self, at_most: int) -> list[ClaimedFile]:
        """Claims that no writer holds on to (any more), in the order in which they were made."""
        done: list[ClaimedFile] = []
        busy = []
        for claim in self._claims:
            if len(done) == at_most or claim.has_writer:
                busy.append(claim)
            elif (file := claim.file()) is not None:
                done.append(file)
        self._claims = busy
        return done


def inbox_of(home: Path, settings: Settings, takes: Callable[[str, str], bool], mark: str) -> Inbox:
    """All folders that files come from; one that lies within another one is not taken for a file there. `takes` says
    of a format and a name whether such a file comes whole; `mark` is the home's, as in its ledger."""
    places = {source.name: source.place(home) for source in settings.inbox.all_sources}
    folders = []
    for source in settings.inbox.all_sources:
        place = places[source.name]
        folder = SourceFolder(
            place,
            source,
            settle_seconds=settings.inbox.settle_seconds,
            give_up_seconds=settings.inbox.max_file_age,
            others=frozenset(name for other in places.values() if (name := _first_within(place, other))),
            takes=partial(takes, source.format),
            mark=mark,
        )
        folders.append(folder)
    return Inbox(folders)


def _first_within(place: Path, other: Path) -> str:
    """The entry of a folder in which the other one lies; empty if it does not."""
    outer, inner = Path(os.path.normcase(place)), Path(os.path.normcase(other))
    return inner.relative_to(outer).parts[0] if outer in inner.parents else ""
