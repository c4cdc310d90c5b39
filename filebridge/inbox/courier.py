"""A folder that may hang: everything that touches it happens on one thread of its own, which brings its files home.

A call to a share whose server is gone may block for minutes, and nobody else shall wait for it. What is finished there
is claimed there, then copied under the claim's name into a folder of the home, flushed, and only then deleted there. A
crash between the two leaves both: then it is brought again, under the claim that the ledger knows.
"""

import json
import math
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from filebridge import failpoints
from filebridge.domain.reasons import Reason
from filebridge.inbox import claims
from filebridge.inbox.claims import CLAIMED, ClaimedFile, Written, short
from filebridge.inbox.folder import Claim, Finished, Looks, SourceFolder, looks_of
from filebridge.inbox.watcher import Hints
from filebridge.owners import owner_of
from filebridge.plainfiles import NOT_PLAIN, open_plain, write_new

# A share that has not answered for so long hangs, as far as anyone waits for it.
HANGS_SECONDS = 5.0
_STOP_SECONDS = 1.0
_CLAIMS_A_ROUND = 1000
_CHUNK = 1 << 20
# Beside a claim that was brought: whose it was, and when it was written and seen. And: what is being brought.
_ORIGIN, _PART = ".origin-", ".brought-"
_NO_HINTS = Hints()
_TOO_LARGE = "it is larger than max_file_bytes, so left alone 超过 max_file_bytes，未作处理"
_CHANGED = "it changed while it was copied 复制期间文件发生变化"
_WRITTEN_TO = (
    "it was written to after it was taken; what was added was not read, and lies there "
    "取走之后又被写入，新增内容未读取，仍留在该处"
)


class Courier:
    """Brings what is finished in `far` into the folder `home`, every so many seconds.

    `refused` says why that folder may not be used; it is asked on the thread, for it looks at the folder. What is
    larger than `bytes_max` is left there, for it would only be refused, and could fill the home's disk.
    """

    def __init__(
        self,
        far: SourceFolder,
        home: Path,
        *,
        seconds: float,
        clock: Callable[[], datetime],
        bytes_max: int = sys.maxsize,
        refused: Callable[[], list[str]] = list,
    ) -> None:
        self._far = far
        self._bytes_max = bytes_max
        self._home = home
        self._seconds = seconds
        self._clock = clock
        self._refused = refused
        self._thread: threading.Thread | None = None
        self._end = threading.Event()
        self._claims: list[Claim] = []
        # Claims of this run -> how they looked last, and since when (monotonic seconds).
        self._looks: dict[str, tuple[Looks, float]] = {}
        # Brought in this run, and not deleted there yet.
        self._brought: set[str] = set()
        # ---- what others read: each is set in one step
        # Since when (monotonic seconds) the folder has not answered.
        self._asked_at: float | None = None
        # How many entries the last round left there; unknown before the first.
        self._left: int | None = None
        # Brought, and not seen here yet.
        self._unseen: set[str] = set()
        self._problems: tuple[str, ...] = ()
        self._bug: BaseException | None = None

    # ---- for the bridge's thread

    def keep_going(self) -> None:
        """Begin, if it has not yet. A bug on the thread is one of the program."""
        if self._bug is not None:
            raise self._bug
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"courier-{self._far.source.name}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Begin no other round; one that hangs is left to itself."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def seen(self, tokens: Set[str]) -> None:
        """These claims were seen to have come."""
        self._unseen -= tokens

    @property
    def hangs(self) -> Reason | None:
        """Said while the folder does not answer."""
        asked_at = self._asked_at
        seconds = time.monotonic() - asked_at if asked_at is not None else 0.0
        if seconds < HANGS_SECONDS:
            return None
        said = {"source": self._far.source.name, "folder": str(self._far.place), "seconds": f"{seconds:.0f}"}
        return Reason("SHARE_HANGS", said)

    @property
    def waiting(self) -> int:
        """How many entries have not come yet; of a folder that hangs nobody knows."""
        if self.hangs:
            return len(self._unseen)
        return (1 if self._left is None else self._left) + len(self._unseen)

    def problems(self) -> tuple[str, ...]:
        hangs = self.hangs
        return (*self._problems, f"{hangs.message} {hangs.message_zh}") if hangs else self._problems

    # ---- on its own thread

    def _run(self) -> None:
        try:
            while not self._end.is_set():
                self._asked_at = time.monotonic()
                self._round()
                self._asked_at = None
                self._end.wait(self._seconds)
        except Exception as bug:  # noqa: BLE001  # why: raised where it is not overlooked
            self._bug, self._asked_at = bug, None

    def _round(self) -> None:
        if refused := self._refused():
            self._problems, self._left = tuple(refused), 0
            return
        finished = self._far.look(self._clock(), _NO_HINTS, claimed={_token(claim.path) for claim in self._claims})
        self._claims += [self._far.own(file.path, file.seen_at) for file in self._far.leftovers()]
        problems = []
        for found in sorted(finished)[:_CLAIMS_A_ROUND]:
            if why := self._why_left(found.name):
                problems.append(f"{self._far.source.name}: {short(found.name)}: {why}")
            elif (claim := self._far.claim(found)) is not None:
                self._claims.append(claim)
                self._looks[_token(claim.path)] = (found.looks, -math.inf)
                failpoints.hit("inbox.claimed")
        problems += self._far.problems()
        waiting = []
        for claim in self._claims:
            self._asked_at = time.monotonic()
            try:
                if claim.has_writer or not self._fetch(claim):
                    waiting.append(claim)
            except OSError as error:
                waiting.append(claim)
                problems.append(f"{self._far.source.name}: {claim.path.name}: {error.strerror or error}")
            if self._end.is_set():
                return
        self._claims = waiting
        self._tidy()
        self._problems, self._left = tuple(problems), self._far.waiting + len(waiting)

    def _why_left(self, name: str) -> str:
        """Why it is not claimed; empty if it may be."""
        try:
            status = (self._far.place / name).lstat()
        except OSError:
            # Gone, perhaps: the claim will say.
            return ""
        if not stat.S_ISREG(status.st_mode):
            # It could not be copied, and a link not be believed.
            return NOT_PLAIN
        return _TOO_LARGE if status.st_size > self._bytes_max else ""

    def _is_as_found(self, claim: Claim) -> bool:
        """Whether it is as it was when something showed that it is whole; one that was written to since, while the
        share hung perhaps, has to rest anew."""
        looks = looks_of(claim.path.lstat())
        known, since = self._looks.get(_token(claim.path), (looks, -math.inf))
        if looks != known:
            since = time.monotonic()
        self._looks[_token(claim.path)] = (looks, since)
        return time.monotonic() - since >= self._far.settle_seconds

    def _fetch(self, claim: Claim) -> bool:
        """Bring a claim home and delete it there. Whether it is there no more."""
        file = claim.file()
        if file is None:
            self._looks.pop(_token(claim.path), None)
            return True
        token, target = file.claim, self._home / file.path.name
        if token not in self._brought:
            if os.path.lexists(target):
                # By an earlier run.
                self._looks.setdefault(token, (looks_of(target.lstat()), -math.inf))
            elif not self._is_as_found(claim):
                return False
            else:
                self._looks[token] = (looks_of(self._bring(file, target)), -math.inf)
            self._brought.add(token)
        failpoints.hit("archive.unlink")
        known = self._looks.get(token)
        # By its size: some servers give a file its time of change only after it was closed.
        if known is not None and known[0][1] != file.path.lstat().st_size:
            raise OSError(_WRITTEN_TO)
        for path in (*file.companions.values(), file.path):
            path.unlink(missing_ok=True)
        self._brought.discard(token)
        self._looks.pop(token, None)
        return True

    def _bring(self, file: ClaimedFile, target: Path) -> os.stat_result:
        """The file last, by rename: once it is here, all that belongs to it is. What it was then."""
        for suffix, path in file.companions.items():
            self._copy(path, claims.beside(target, suffix))
        part = self._home / f"{_PART}{file.claim}"
        status = self._copy(file.path, part)
        said = {
            "seen_at": file.seen_at.isoformat(),
            "modified_at": file.modified_at.isoformat(),
            "status": list(status),
            "author": owner_of(file.path),
        }
        origin = self._home / f"{_ORIGIN}{file.claim}"
        write_new(origin, json.dumps(said).encode())
        _flush(origin)
        # Before it can be seen.
        self._unseen.add(file.claim)
        part.rename(target)
        if sys.platform != "win32":
            _flush(self._home)
        return status

    def _copy(self, source: Path, place: Path) -> os.stat_result:
        """Copy and flush a plain file; what it was when it was opened. Raises OSError, also if it changes meanwhile."""
        with os.fdopen(open_plain(source), "rb") as stream:
            status = os.fstat(stream.fileno())
            if status.st_size > self._bytes_max:
                raise OSError(_TOO_LARGE)
            left = status.st_size
            place.unlink(missing_ok=True)
            with place.open("xb") as copy:
                while left >= 0 and (chunk := stream.read(_CHUNK)):
                    copy.write(chunk)
                    left -= len(chunk)
                    # It is slow, but it answers.
                    self._asked_at = time.monotonic()
                copy.flush()
                os.fsync(copy.fileno())
            after = os.fstat(stream.fileno())
        if left != 0 or (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
            raise OSError(_CHANGED)
        return status

    def _tidy(self) -> None:
        """Delete what belongs to no claim any more, and what an earlier run left half brought."""
        names = [path.name for path in self._home.iterdir()]
        lying = {claims.parts_of(name)[0] for name in names if name.startswith(CLAIMED)}
        for name in names:
            if name.startswith(_PART) or (name.startswith(_ORIGIN) and name.removeprefix(_ORIGIN) not in lying):
                (self._home / name).unlink(missing_ok=True)


class Landing(SourceFolder):
    """A folder of the home into which files of `far` were brought; it holds claims alone."""

    def __init__(self, home: Path, far: SourceFolder) -> None:
        super().__init__(
            home, far.source, settle_seconds=0, takes=lambda name: False, is_alone=far.is_alone, mark=far.mark
        )
        home.mkdir(parents=True, exist_ok=True)

    def claimed(self, path: Path, status: os.stat_result, seen_at: datetime) -> ClaimedFile:
        """A claim as it was where it came from; one that a person released came from the archive."""
        file = super().claimed(path, status, seen_at)
        try:
            said: dict[str, Any] = json.loads((self.place / f"{_ORIGIN}{file.claim}").read_bytes())
        except FileNotFoundError:
            return file
        return replace(
            file,
            seen_at=datetime.fromisoformat(said["seen_at"]),
            modified_at=datetime.fromisoformat(said["modified_at"]),
            written=Written(os.stat_result(said["status"]), said["author"]),
        )


class ShareFolder(Landing):
    """A share, as the bridge sees it: what its courier has brought, and how the courier fares."""

    def __init__(self, home: Path, far: SourceFolder, courier: Courier) -> None:
        super().__init__(home, far)
        self._courier = courier

    def look(self, now: datetime, hints: Hints, *, claimed: Collection[str]) -> list[Finished]:
        self._courier.keep_going()
        found = super().look(now, hints, claimed=claimed)
        self._courier.seen(self._ours)
        return found

    @property
    def waiting(self) -> int:
        return self._courier.waiting

    @property
    def hangs(self) -> Reason | None:
        return self._courier.hangs

    def problems(self) -> Iterator[str]:
        yield from self._courier.problems()
        yield from super().problems()

    def close(self) -> None:
        self._courier.stop()


def _token(path: Path) -> str:
    return claims.parts_of(path.name)[0]


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0) if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
