"""Files that other programs append to all day: their new rows, each handed out once, as an order file of its own.

Such a file is not ours to rename. How far it was read is recorded in the commit that answers its rows, so a restart
goes on there: no row comes twice, and none is lost. A piece of new rows is laid down as a claim of our own; one that an
earlier run left without recording it is deleted, for the file still has its rows.
"""

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from filebridge import failpoints
from filebridge.config import Settings
from filebridge.domain.reasons import Reason
from filebridge.inbox import ClaimedFile, refuse_link, takes_name
from filebridge.inbox.claims import claimed_file, new_claim, parts_of, time_of
from filebridge.orderfiles import FOREIGN
from filebridge.orderfiles.growing import START, Extent, Growth, extent, is_blank, piece, read_growth
from filebridge.sources import Source

Body = dict[str, Any]
# By which a claim is known as a piece of a file that stays where it is.
GREW = "grew"
ROWS_A_PIECE = 1000
_NEVER = (0, 0, 0)
# Of whatever comes under the name of a file that was looked at: no link is followed, and no pipe waited for.
_FLAGS = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    _FLAGS |= getattr(os, _flag, 0)
# A file may be cut for a moment while a program writes it anew; one that stays so was cut.
_REWRITING = timedelta(seconds=2)
# What is unread for so long is told; a record that stays blank for so long, with others behind it, is passed over.
_PATIENCE = timedelta(seconds=5)
_DAY = re.compile(r"(?<![0-9])20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9])")


@dataclass(frozen=True, slots=True)
class Place:
    """An entry whose files of one format grow, and its folder."""

    source: Source
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece(ClaimedFile):
    """New rows of a file that grows. `feed` names it in the ledger, `upto` is how far it is read with them.

    `set_aside` is why they cannot be orders: the file was written anew, or nobody knows how old they are.
    """

    feed: str
    rows_before: int
    grown_at: Path
    upto: Extent
    refused: str = ""
    problem: Reason | None = None
    set_aside: Reason | None = None

    @property
    def written_at(self) -> Path:
        """Not the copy of the rows, which is our own."""
        return self.grown_at

    def record(self, today: date) -> Body:
        """How far the file is read, as the ledger keeps it."""
        return {"feed": self.feed, "trade_date": today.isoformat(), **self.upto._asdict(), "refused": self.refused}


@dataclass(slots=True)
class _Feed:
    """One file that grows, as it was seen last."""

    place: Place
    name: str
    upto: Extent = START
    # Trade date of the last piece; None before the first.
    recorded_on: date | None = None
    # The hash of a content that was refused, so that it is not refused again.
    refused: str = ""
    looks: tuple[int, int, int] = _NEVER
    # A moment at which the rows behind `upto` were not there yet; None while they may have lain there at the start.
    since: datetime | None = None
    # Of each record behind `upto`: its bytes, and since when they are as they are.
    fresh: list[tuple[bytes, datetime]] = field(default_factory=list)
    rewritten_since: datetime | None = None
    # The last moment at which a file written anew held no rows.
    empty_at: datetime | None = None
    # Since when something behind `upto` is no row.
    unread_since: datetime | None = None
    # What waits for the time to show whether it is whole.
    waits: bool = False
    trouble: str = ""

    @property
    def key(self) -> str:
        return f"{self.place.source.name}/{self.name}"

    @property
    def is_dbf(self) -> bool:
        return self.name.lower().endswith(".dbf")


class Follower:
    """All files that grow, of all folders. Not thread-safe."""

    def __init__(
        self,
        places: Iterable[Place],
        recorded: Iterable[Mapping[str, Any]],
        spool: Path,
        *,
        settle_seconds: float,
        bytes_max: int,
        rows_max: int = ROWS_A_PIECE,
    ) -> None:
        """`recorded` are the rows of the ledger's view `feeds`; `spool` is the folder in which claims lie."""
        self._places = list(places)
        self._spool = spool
        self._settle = timedelta(seconds=settle_seconds)
        self._bytes_max = bytes_max
        self._rows_max = rows_max
        self._recorded = {row["feed"]: row for row in recorded}
        self._feeds: dict[str, _Feed] = {}
        # Folders that were listed: what comes into them after that is new.
        self._listed: set[str] = set()

    def scan(self, now: datetime, today: date) -> list[ClaimedFile]:
        """The pieces that have come, one of a file at most. Whoever takes one records it in the same turn."""
        found: list[ClaimedFile] = []
        for place in self._places:
            try:
                refuse_link(place.source, place.folder)
                names = sorted(path.name for path in place.folder.iterdir())
            except OSError:
                # The inbox tells of a folder that is away, or a link.
                continue
            for name in names:
                if _grows(place.source, name) and (new := self._at(place, name, now, today)) is not None:
                    found.append(new)
            self._listed.add(place.source.name)
            self._forget_gone(place, set(names))
        return found

    def _forget_gone(self, place: Place, names: set[str]) -> None:
        """A file that is gone waits for nothing; should it come back, it is looked at anew."""
        for feed in self._feeds.values():
            if feed.place == place and feed.name not in names:
                feed.looks, feed.waits, feed.trouble = _NEVER, False, ""

    def leftovers(self) -> list[tuple[Path, str]]:
        """The pieces that an earlier run laid down, with their claims."""
        self._spool.mkdir(exist_ok=True)
        return [(path, parts_of(path.name)[0]) for path in sorted(self._spool.iterdir())]

    @property
    def waiting(self) -> int:
        """How many files hold rows that are not taken yet."""
        return sum(feed.waits for feed in self._feeds.values())

    def problems(self) -> list[str]:
        return [f"inbox: {feed.name}: {feed.trouble}" for feed in self._feeds.values() if feed.trouble]

    def _at(self, place: Place, name: str, now: datetime, today: date) -> Piece | None:
        feed = self._feed(place, name, now)
        try:
            # Asked of the file: on Windows its folder's listing shows an old size while its writer has it open.
            return self._look(feed, (place.folder / name).lstat(), now, today)
        except OSError as error:
            # Its writer holds it, or the disk is full: its rows stay behind `upto`, and other files' pieces are taken.
            feed.trouble, feed.waits = error.strerror or str(error), True
            return None

    def _feed(self, place: Place, name: str, now: datetime) -> _Feed:
        key = f"{place.source.name}/{name}"
        if key not in self._feeds:
            feed = self._feeds[key] = _Feed(place, name, since=now if place.source.name in self._listed else None)
            if row := self._recorded.get(key):
                feed.upto = Extent(row["rows"], row["offset"], row["digest"])
                feed.recorded_on, feed.refused = date.fromisoformat(row["trade_date"]), row["refused"]
        return self._feeds[key]

    def _look(self, feed: _Feed, status: os.stat_result, now: datetime, today: date) -> Piece | None:
        looks = (status.st_ino, status.st_size, status.st_mtime_ns)
        if looks == feed.looks and not feed.waits:
            feed.since = feed.since and now
            return None
        data = self._read(feed, status)
        if data is None:
            return None
        feed.looks, feed.waits = looks, False
        growth = read_growth(data, is_dbf=feed.is_dbf, upto=feed.upto)
        if isinstance(growth, Reason) and feed.recorded_on is not None and feed.recorded_on < today:
            growth = self._anew(feed, data, growth, now)
        if isinstance(growth, Reason):
            return self._refuse(feed, data, growth, status, now)
        feed.trouble = ""
        if growth is None:
            return None
        feed.rewritten_since = feed.empty_at = None
        rows = self._ripe(feed, growth, now)
        feed.waits = rows < len(growth.rows) or bool(growth.unread)
        taken = self._piece(feed, growth, rows, status, now, today) if rows else None
        feed.since = _since(feed, growth, rows, now)
        self._tell_unread(feed, growth, rows, now)
        return taken

    def _tell_unread(self, feed: _Feed, growth: Growth, rows: int, now: datetime) -> None:
        if not growth.unread:
            feed.unread_since = None
            return
        if rows or feed.unread_since is None:
            feed.unread_since = now
        if now - feed.unread_since >= _PATIENCE:
            feed.trouble = growth.unread

    def _anew(self, feed: _Feed, data: bytes, why: Reason, now: datetime) -> Growth | Reason | None:
        """A new file under the name of an earlier day's, once it is sure to be none that is only being written again.

        Rows that it had when we first saw it may be of any day.
        """
        anew = read_growth(data, is_dbf=feed.is_dbf, upto=START)
        if anew is None or (isinstance(anew, Growth) and not anew.rows):
            feed.empty_at = now
        if anew is None:
            return None
        if isinstance(anew, Reason) or now - (feed.rewritten_since or now) < _REWRITING:
            return why
        feed.upto, feed.fresh, feed.since = START, [], feed.empty_at
        return anew

    def _read(self, feed: _Feed, status: os.stat_result) -> bytes | None:
        if not stat.S_ISREG(status.st_mode) or status.st_size > self._bytes_max:
            feed.trouble = "it is no plain file, or larger than max_file_bytes 不是普通文件，或超过 max_file_bytes"
            return None
        with os.fdopen(os.open(feed.place.folder / feed.name, _FLAGS), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise OSError("it is no plain file")
            return stream.read(self._bytes_max)

    def _ripe(self, feed: _Feed, growth: Growth, now: datetime) -> int:
        """How many of the new rows are whole, from the first on."""
        rows = growth.rows[: self._rows_max]
        if not feed.is_dbf:
            return len(rows)
        known = feed.fresh
        feed.fresh = [
            known[place] if place < len(known) and known[place][0] == row else (row, now)
            for place, row in enumerate(rows)
        ]
        until = {False: now - self._settle, True: now - max(self._settle, _PATIENCE)}
        unripe = (place for place, (row, since) in enumerate(feed.fresh) if not since <= until[is_blank(row)])
        ripe = next(unripe, len(rows))
        # A blank one is passed over with one behind it.
        while 0 < ripe < len(rows) and is_blank(rows[ripe - 1]):
            ripe -= 1
        return ripe

    def _piece(
        self, feed: _Feed, growth: Growth, rows: int, status: os.stat_result, now: datetime, today: date
    ) -> Piece:
        upto = extent(growth, feed.upto, rows)
        taken = self._claimed(
            feed,
            piece(growth, rows),
            rows_before=feed.upto.rows,
            upto=upto,
            seen_at=feed.since or time_of(status.st_mtime),
            set_aside=_age_problem(feed, status, now, today),
        )
        # Only now: what could not be laid down is not read.
        feed.upto, feed.fresh = upto, feed.fresh[rows:]
        feed.recorded_on, feed.refused = today, ""
        return taken

    def _refuse(self, feed: _Feed, data: bytes, why: Reason, status: os.stat_result, now: datetime) -> Piece | None:
        """A file that cannot go on: told once, when it stays so; nothing of it is read until it is as it was."""
        digest = hashlib.sha256(data).hexdigest()
        feed.rewritten_since = feed.rewritten_since or now
        if digest == feed.refused:
            feed.rewritten_since, feed.trouble = None, f"{why.message} {why.message_zh}"
            return None
        if now - feed.rewritten_since < _REWRITING:
            feed.waits = True
            return None
        seen_at = time_of(status.st_mtime)
        told = self._claimed(feed, data, rows_before=0, upto=feed.upto, seen_at=seen_at, problem=why, refused=digest)
        feed.refused, feed.trouble, feed.fresh = digest, f"{why.message} {why.message_zh}", []
        return told

    def _claimed(self, feed: _Feed, data: bytes, *, seen_at: datetime, **said: Any) -> Piece:
        self._spool.mkdir(exist_ok=True)
        path = new_claim(self._spool, feed.name, GREW)
        failpoints.hit("following.piece")
        try:
            path.write_bytes(data)
            claim = claimed_file(path, path.lstat(), seen_at, feed.place.source.name, {})
        except OSError:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise
        values = {name: getattr(claim, name) for name in ClaimedFile.__dataclass_fields__}
        grown_at = feed.place.folder / feed.name
        return Piece(**values | {"modified_at": seen_at}, feed=feed.key, grown_at=grown_at, **said)


def _grows(source: Source, name: str) -> bool:
    pattern = FOREIGN[source.format].growing
    return pattern is not None and pattern.fullmatch(name) is not None and takes_name(source, name)


def _since(feed: _Feed, growth: Growth, rows: int, now: datetime) -> datetime | None:
    """A moment at which what is left after so many rows was not there yet, as far as we have seen it come."""
    left = len(growth.rows) - rows
    if not left and not growth.unread:
        return now
    if feed.since is None:
        return None
    if not left:
        return now if rows else feed.since
    return min(seen for _, seen in feed.fresh) if left == len(feed.fresh) else feed.since


def _age_problem(feed: _Feed, status: os.stat_result, now: datetime, today: date) -> Reason | None:
    """Why rows cannot be orders of today: the file's own name says another day, whenever they came; or they may have
    lain there at the start, and nothing says of which day they are."""
    day = _DAY.search(feed.name)
    named = day[0] if day else ""
    # In the evening the trade date is the next one, and the calendar's day as good a name.
    if named and named not in (f"{today:%Y%m%d}", f"{now:%Y%m%d}"):
        return Reason("FILE_OF_EARLIER_DATE", {"trade_date": named, "file": feed.name})
    if feed.since is not None or named == f"{today:%Y%m%d}" or feed.recorded_on == today:
        return None
    if not named and sys.platform == "win32" and time_of(status.st_ctime).date() == today:
        # There the file's creation.
        return None
    return Reason("ROWS_OF_UNKNOWN_AGE", {"file": feed.name})


def follower_of(home: Path, settings: Settings, recorded: Iterable[Mapping[str, Any]], spool: Path) -> Follower:
    """The follower of a home, over all its folders of other systems."""
    inbox = settings.inbox
    return Follower(
        [Place(each, each.place(home)) for each in inbox.all_sources if each.format in FOREIGN],
        recorded,
        spool,
        settle_seconds=inbox.settle_seconds,
        bytes_max=inbox.max_file_bytes,
    )
