"""One folder that files come from: what lies there, what of it is finished, and claiming that."""

import os
import re
import stat
import sys
from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

from filebridge import failpoints
from filebridge.domain.reasons import Reason
from filebridge.inbox import claims
from filebridge.inbox.claims import CLAIMED, ClaimedFile, changed_at, short, time_of
from filebridge.inbox.finished import SETTLED, Seen, Writer, sign_of, writer_of
from filebridge.inbox.watcher import NEVER_ORDERS_START, Hints
from filebridge.sources import HOME_INBOX, OWN, Source

# Unfinished or foreign by their names: editors' locks, downloads, our own claims.
_NEVER_ORDERS = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~")
# What a spreadsheet lays beside an open workbook: Excel and WPS `~$orders.xlsx`, LibreOffice `.~lock.orders.xlsx#`.
_OWNER_FILE = re.compile(r"~\$(.+)|\.~lock\.(.+)#", re.DOTALL)
_OPEN_IN_EXCEL = "(is it open in Excel? 请先在表格软件中关闭该文件)"
_A_FOLDER = "a folder is not taken; drop the order files themselves 目录不会被收取，请直接放入委托文件"
_OF_ANOTHER_HOME = (
    "claimed by another home, or before this ledger began; if nobody will take it, give it its own name back "
    "已被另一个 filebridge 收取；如确认无人处理，请改回原文件名"
)
# A shorter one is still being written.
_PROOF_BYTES_MIN = {".hmac": 64, ".minisig": 200}
# A file that a program has open, and leaves unchanged for so long, is worth a word.
_SAID_AFTER_SECONDS = 2


# Inode, bytes and time of the last change: a file that looks the same was not written to.
Looks = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Sight:
    """How a file looked when it was last seen, and since when it has looked like that."""

    looks: Looks
    first_seen: datetime
    unchanged_since: datetime


@dataclass(slots=True)
class Claim:
    """A file that was claimed and not handed out yet: a writer holds on to it, or there was no room."""

    path: Path
    seen_at: datetime
    folder: "SourceFolder"

    @property
    def has_writer(self) -> bool:
        return self.folder.tells and writer_of(self.path) is Writer.SOME

    def file(self) -> ClaimedFile | None:
        """The file as it may be handed out; None where it is gone or out of reach, with its folder perhaps: it may come
        back, and must not hold up what lies elsewhere."""
        try:
            status = os.lstat(self.path)
        except OSError:
            self.folder.forget(self.path)
            return None
        return self.folder.claimed(self.path, status, self.seen_at)


@dataclass(frozen=True, slots=True, order=True)
class Finished:
    """A file that may be claimed. Oldest first is the order in which they are."""

    modified_ns: int
    name: str
    sign: str = field(compare=False)
    sight: _Sight = field(compare=False)
    folder: "SourceFolder" = field(compare=False)

    @property
    def looks(self) -> Looks:
        return self.sight.looks


def looks_of(status: os.stat_result) -> Looks:
    return (status.st_ino, status.st_size, status.st_mtime_ns)


def takes_name(source: Source, name: str) -> bool:
    """Whether a file of that name may be an order file of an entry."""
    if name.startswith(NEVER_ORDERS_START) or name.lower().endswith(_NEVER_ORDERS):
        return False
    patterns = source.pattern
    return patterns == OWN.pattern or any(fnmatch(name.lower(), pattern.lower()) for pattern in patterns)


def refuse_link(source: Source, place: Path) -> None:
    """Raises OSError where an entry's folder is a link."""
    if place.is_symlink() and source.folder != HOME_INBOX:
        raise OSError("this is a link; name the folder itself 不支持链接，请填写目录本身")


class SourceFolder:
    """What is known of one folder. `others` are names in it that are folders of other sources."""

    def __init__(
        self,
        place: Path,
        source: Source = OWN,
        *,
        settle_seconds: float,
        give_up_seconds: float = 600,
        others: Set[str] = frozenset(),
        takes: Callable[[str], bool] = lambda name: True,
        is_alone: Callable[[str], bool] = lambda name: False,
        mark: str = "",
    ) -> None:
        """`takes` says of a name whether its file may be claimed, `is_alone` whether it is work enough for a turn;
        `mark` is the home's. After `settle_seconds` without a change a file is settled; after `give_up_seconds` it is
        answered, be it whole or not."""
        self.place = place
        self.source = source
        self.settle_seconds = settle_seconds
        self._give_up_seconds = give_up_seconds
        self._others = frozenset(os.path.normcase(name) for name in others)
        self.mark = mark
        self._takes = takes
        self.is_alone = is_alone
        self._sights: dict[str, _Sight] = {}
        self._stuck: dict[str, str] = {}
        # What is never taken, and why.
        self._left: dict[str, str] = {}
        # A file that is open in a spreadsheet -> the owner file that says so.
        self._open: dict[str, str] = {}
        self._first_scan = True
        # Names that came by a rename, or whose writer closed them, and have not been claimed yet.
        self._renamed: set[str] = set()
        self._closed: set[str] = set()
        # Finished files whose proof of origin has not come -> since when.
        self._unproven: dict[str, datetime] = {}
        # Files that say something of another one.
        self._companions: dict[str, os.stat_result] = {}
        # The tokens of our claims that lay there at the last look; any other is an earlier run's.
        self._ours: set[str] = set()
        self._found: list[Path] = []
        self._trouble = ""

    @property
    def tells(self) -> bool:
        """Whether the system can be asked who has a file open: of a share Linux knows this machine's programs alone,
        and may take its own ignorance for a writer; of Windows' shares the server keeps count."""
        return self.source.watch or sys.platform == "win32"

    @property
    def waiting(self) -> int:
        """How many entries lie there that have not been taken yet."""
        return len(self._sights)

    @property
    def hangs(self) -> Reason | None:
        """Said while it does not answer: of a folder that is looked at here, never."""
        return None

    def close(self) -> None:
        """Nothing goes on by itself."""

    def problems(self) -> Iterator[str]:
        """Why the folder cannot be read, and files that are finished but cannot be taken."""
        name = self.source.name
        if self._trouble:
            yield f"{name}: {self.place}: {self._trouble}"
        yield from (f"{name}: {short(each)}: {why}" for each, why in self._stuck.items())

    def look(self, now: datetime, hints: Hints, *, claimed: Collection[str]) -> list[Finished]:
        """List the folder: what is finished, and, for `leftovers`, what an earlier run claimed. `claimed` are tokens of
        ours that were not handed out yet. A folder that is not there is a problem, and may come back."""
        try:
            return self._look(now, hints, claimed)
        except OSError as error:
            self._trouble = error.strerror or str(error)
            return []

    def leftovers(self) -> list[ClaimedFile]:
        """Claims of an earlier run that the last look found, in the order in which they were made."""
        found, self._found = self._found, []
        files = []
        for path in sorted(found):
            try:
                status = path.lstat()
            except OSError:
                # Gone, or out of reach again: a later look will say.
                self.forget(path)
                continue
            self._bring_companions(path, claims.parts_of(path.name)[2])
            files.append(self.claimed(path, status, changed_at(status)))
        return files

    def claimed(self, path: Path, status: os.stat_result, seen_at: datetime) -> ClaimedFile:
        """A claim as it may be handed out, with what belongs to it."""
        beside = {suffix: claims.beside(path, suffix) for suffix in self.source.suffixes}
        found = {suffix: each for suffix, each in beside.items() if os.path.lexists(each)}
        return claims.claimed_file(path, status, seen_at, self.source.name, found)

    def claim(self, found: Finished) -> Claim | None:
        """Rename it to a name that is ours; None where that cannot be, now, or it is no longer as it was found."""
        name = found.name
        # Plain names here and below: of thousands of files a second, pathlib would take a third of the time.
        path = f"{self.place}/{name}"
        target = claims.new_claim(self.place, name, found.sign, self.mark)
        try:
            failpoints.hit("inbox.claim")
            # A listing of Windows knows no inodes and learns times late; there nobody renames what another has open.
            if sys.platform != "win32" and looks_of(os.lstat(path)) != found.looks:
                # It was written to since it was listed: the next listing says whether it is whole.
                return None
            os.rename(path, target)  # noqa: PTH104
        except FileNotFoundError:
            return None
        except OSError as error:
            # Someone (Excel, the writer) still has it open, or it is no file of ours to move. It stays and is tried
            # again, and holds up no other.
            self._stuck[name] = f"{error.strerror or error} {_OPEN_IN_EXCEL}"
            return None
        self._bring_companions(target, name)
        self._sights.pop(name, None)
        self._renamed.discard(name)
        self._closed.discard(name)
        self._unproven.pop(name, None)
        return self.own(target, found.sight.first_seen)

    def own(self, path: Path, seen_at: datetime) -> Claim:
        """Note a claim as ours: no later look takes it for an earlier run's."""
        self._ours.add(claims.parts_of(path.name)[0])
        return Claim(path, seen_at, self)

    def forget(self, path: Path) -> None:
        """Should this claim be seen again, it is an earlier run's."""
        self._ours.discard(claims.parts_of(path.name)[0])

    def _bring_companions(self, claim: Path, name: str) -> None:
        """Claim what belongs to a claimed file: after it, for alone it is nothing; again at a start, for a crash may
        have come between. Beside a newer file of that name it may be that one's."""
        for suffix in self.source.suffixes:
            companion = self.place / f"{name}{suffix}"
            try:
                newer = self.place / name
                if not newer.exists() or companion.lstat().st_mtime_ns < newer.lstat().st_mtime_ns:
                    companion.rename(claims.beside(claim, suffix))
            except FileNotFoundError:
                continue
            except OSError as error:
                self._stuck[companion.name] = error.strerror or str(error)

    # ---- looking

    def _look(self, now: datetime, hints: Hints, claimed: Collection[str]) -> list[Finished]:
        self._renamed |= hints.renamed
        self._closed |= hints.closed
        entries = self._entries(claimed)
        self._trouble = ""
        self._stuck = dict(self._left)
        before, self._sights = self._sights, {}
        finished = []
        for name, status in entries:
            sight = self._sights[name] = self._sight(name, status, before.get(name), now)
            if owner := self._open.get(name):
                # Saved, perhaps, but not given out of hand; a stale owner file is for a person to delete.
                self._stuck[name] = (
                    f"{short(owner)} lies beside it; close the file, or delete that one {_OPEN_IN_EXCEL}"
                )
            elif (sign := self._sign(name, status, sight, now)) and not self._waits_for_proof(name, now):
                finished.append(Finished(status.st_mtime_ns, name, sign, sight, self))
        self._first_scan = False
        # A hint is kept for as long as its file lies there.
        self._renamed &= self._sights.keys()
        self._closed &= self._sights.keys()
        self._unproven = {name: since for name, since in self._unproven.items() if name in self._sights}
        return finished

    def _entries(self, claimed: Collection[str]) -> list[tuple[str, os.stat_result]]:
        found, strangers = [], []
        tokens = set(claimed)
        self._open.clear()
        self._companions.clear()
        self._left.clear()
        refuse_link(self.source, self.place)
        for entry in os.scandir(self.place):
            name = entry.name
            if name.startswith(CLAIMED):
                token = claims.parts_of(name)[0]
                tokens.add(token)
                if claims.mark_of(token) not in ("", self.mark):
                    self._left[name] = _OF_ANOTHER_HOME
                elif token not in self._ours:
                    strangers.append(Path(entry.path))
                continue
            if owned := _OWNER_FILE.fullmatch(name):
                self._open[owned[1] or owned[2]] = name
            if not self._is_ours(name):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    # Whatever lies in it would go with it: another source's files, perhaps.
                    self._left[name] = _A_FOLDER
                elif name.endswith(self.source.suffixes):
                    self._companions[name] = status
                else:
                    found.append((name, status))
            except FileNotFoundError:
                # Renamed away by its writer between the listing and the look: the next scan sees the new name.
                continue
        self._ours = tokens
        self._found += strangers
        return found

    def _is_ours(self, name: str) -> bool:
        # A companion is taken as its file is.
        suffix = next((suffix for suffix in self.source.suffixes if name.endswith(suffix)), "")
        mine = os.path.normcase(name) not in self._others and self._takes(name.removesuffix(suffix))
        return mine and takes_name(self.source, name)

    def _sight(self, name: str, status: os.stat_result, before: _Sight | None, now: datetime) -> _Sight:
        looks = looks_of(status)
        if before is not None and before.looks == looks:
            return before
        # The system knows better than a scan when the file was last touched, unless its clock is ahead of ours.
        since = now
        if sys.platform != "win32" or self._first_scan:
            since = min(now, max(changed_at(status), time_of(status.st_mtime)))
        # A file that lay there at the start came, for all we know, when it was last changed.
        first_seen = before.first_seen if before else changed_at(status) if self._first_scan else now
        return _Sight(looks, first_seen, since)

    def _sign(self, name: str, status: os.stat_result, sight: _Sight, now: datetime) -> str:
        """What shows that the file is whole; empty while nothing does."""
        seconds = (now - sight.unchanged_since).total_seconds()
        if not stat.S_ISREG(status.st_mode):
            return SETTLED if seconds >= self.settle_seconds else ""
        seen = Seen(
            path=f"{self.place}/{name}",
            size=status.st_size,
            seconds=seconds,
            settle_seconds=self.settle_seconds,
            renamed=name in self._renamed,
            was_closed=name in self._closed,
            done=self._is_done(name, status),
            tells=self.tells,
        )
        sign = sign_of(self.source.policy, seen, give_up_seconds=self._give_up_seconds)
        if not sign and seconds >= _SAID_AFTER_SECONDS and seen.writer is Writer.SOME:
            self._stuck[name] = f"a program has it open 文件仍被其他程序打开 {_OPEN_IN_EXCEL}"
        return sign

    def _waits_for_proof(self, name: str, now: datetime) -> bool:
        """Whether a finished file has to wait for its proof of origin, which may come after it, but not at any time."""
        suffix = self.source.proof_suffix
        if not suffix:
            return False
        proof = self._companions.get(name + suffix)
        if proof is not None and proof.st_size >= _PROOF_BYTES_MIN[suffix]:
            path = f"{self.place}/{name}{suffix}"
            if not self.tells or writer_of(path) is not Writer.SOME:
                return False
        since = self._unproven.setdefault(name, now)
        if (now - since).total_seconds() >= self.source.proof_seconds:
            return False
        self._stuck[name] = f"waits for {short(name)}{suffix} 等待来源证明"
        return True

    def _is_done(self, name: str, status: os.stat_result) -> bool:
        """Whether its done-file lies there; one that is older than the file is left from an earlier one of the name."""
        if self.source.policy != "done_file":
            return False
        done = self._companions.get(name + self.source.done_suffix)
        if done is None:
            return False
        if done.st_mtime_ns < status.st_mtime_ns:
            self._stuck[name] = f"{short(name)}{self.source.done_suffix} is older than it 完成标记早于文件本身"
            return False
        return True
