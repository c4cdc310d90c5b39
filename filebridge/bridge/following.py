"""Files that other programs append to all day: their new rows, each handed out once, as an order file of its own.

Such a file is not ours to rename. How far it was read is recorded in the commit that answers its rows, so a restart
goes on there: no row comes twice, and none is lost. A piece of new rows is laid down as a claim of our own; one that an
earlier run left without recording it is deleted, for the file still has its rows. Of the homes that could follow a
folder's files one does.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from filebridge import failpoints
from filebridge.bridge.feeds import (
    PATIENCE,
    Feed,
    Place,
    absent_after,
    age_problem,
    grows,
    ripe_rows,
    written_after,
)
from filebridge.bridge.sightings import Listed, Sightings
from filebridge.config import Settings
from filebridge.domain.reasons import Reason
from filebridge.inbox import ClaimedFile, FolderHold, Held, Home, refuse_link
from filebridge.inbox.claims import claimed_file, new_claim, parts_of, time_of
from filebridge.orderfiles import FOREIGN
from filebridge.orderfiles.growing import START, Extent, Growth, extent, piece, read_growth

Body = dict[str, Any]
# By which a claim is known as a piece of a file that stays where it is.
GREW = "grew"
# Beside the folder in which pieces are laid down.
SIGHTINGS_FILE = "followed.json"
ROWS_A_PIECE = 1000
# Of whatever comes under the name of a file that was looked at: no link is followed, and no pipe waited for.
_FLAGS = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    _FLAGS |= getattr(os, _flag, 0)
# A file may be cut for a moment while a program writes it anew; one that stays so was cut.
_REWRITING = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece(ClaimedFile):
    """New rows of a file that grows. `feed` names it in the ledger, `upto` is how far it is read with them.

    `set_aside` is why they cannot be orders: the file was written anew, or nobody knows how old they are.
    """

    feed: str
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
        holds: Mapping[str, FolderHold] | None = None,
    ) -> None:
        """`recorded` are the rows of the ledger's view `feeds`; `spool` is the folder in which claims lie; `holds` are
        the notes of who follows, by the names of sources."""
        self._places = list(places)
        self._spool = spool
        self._settle = timedelta(seconds=settle_seconds)
        self._bytes_max = bytes_max
        self._rows_max = rows_max
        self._holds = dict(holds or {})
        self._recorded = {row["feed"]: row for row in recorded}
        self._feeds: dict[str, Feed] = {}
        self._sightings = Sightings(spool.with_name(SIGHTINGS_FILE))
        # Folders that were listed, and when: what comes into them after that is new.
        self._listed: dict[str, datetime] = {}
        # Folders whose files another home followed before us -> that home.
        self._theirs: dict[str, str] = {}
        # Folders that are not ours to follow at present.
        self._left: set[str] = set()

    def scan(self, now: datetime, today: date) -> list[ClaimedFile]:
        """The pieces that have come, one of a file at most. Whoever takes one records it in the same turn."""
        # What the last scan saw, for the pieces that it found are committed by now.
        self._keep_sightings(now)
        found: list[ClaimedFile] = []
        for place in self._places:
            try:
                refuse_link(place.source, place.folder)
                if not self._may_follow(place):
                    continue
                names = sorted(path.name for path in place.folder.iterdir())
            except OSError:
                # The inbox tells of a folder that is away, or a link.
                continue
            for name in names:
                if grows(place.source, name) and (new := self._at(place, name, now, today)) is not None:
                    found.append(new)
            self._listed[place.source.name] = now
            for feed in self._feeds_of(place):
                if feed.name not in names:
                    # A file that is gone waits for nothing; should it come back, it is looked at anew.
                    feed.forget_looks()
        return found

    def leftovers(self) -> list[tuple[Path, str]]:
        """The pieces that an earlier run laid down, with their claims."""
        self._spool.mkdir(exist_ok=True)
        return [(path, parts_of(path.name)[0]) for path in sorted(self._spool.iterdir())]

    def close(self) -> None:
        """Let another home follow."""
        for hold in self._holds.values():
            hold.release()

    @property
    def waiting(self) -> int:
        """How many files hold rows that are not taken yet, or folders may, which another home follows."""
        return sum(feed.waits for feed in self._feeds.values()) + len(self._left)

    def problems(self) -> list[str]:
        found = [f"inbox: {name}: {hold.trouble}" for name, hold in self._holds.items() if hold.trouble]
        return found + [f"inbox: {feed.name}: {feed.trouble}" for feed in self._feeds.values() if feed.trouble]

    # ---- whose it is, and what is known of it

    def _may_follow(self, place: Place) -> bool:
        """Whether the files of a folder are ours to follow. After another home all of them begin anew."""
        name = place.source.name
        hold = self._holds.get(name)
        held = hold.look() if hold is not None else Held.OURS
        self._left.discard(name)
        if held is Held.NOT:
            self._left.add(name)
        if hold is not None and held is Held.ANEW:
            self._theirs[name] = hold.before
            self._listed.pop(name, None)
            self._sightings.forget(name)
            for feed in self._feeds_of(place):
                feed.begin_anew(hold.before)
        return held is not Held.NOT

    def _keep_sightings(self, now: datetime) -> None:
        folders = {
            place.source.name: Listed(
                str(place.folder),
                self._listed[place.source.name],
                {feed.name: feed.seen for feed in self._feeds_of(place)},
            )
            for place in self._places
            if place.source.name in self._listed
        }
        if folders:
            self._sightings.keep(folders, now)

    def _feeds_of(self, place: Place) -> list[Feed]:
        return [feed for feed in self._feeds.values() if feed.place == place]

    def _feed(self, place: Place, name: str, now: datetime) -> Feed:
        source = place.source.name
        feed = Feed(place, name, theirs=self._theirs.get(source, ""))
        if feed.key in self._feeds:
            return self._feeds[feed.key]
        if row := self._recorded.get(feed.key):
            feed.upto = Extent(row["rows"], row["offset"], row["digest"])
            feed.recorded_on, feed.refused = date.fromisoformat(row["trade_date"]), row["refused"]
        absent_at = self._listed.get(source) or self._sightings.of(source, place.folder, name, rows=feed.upto.rows)
        # A clock that went back makes no row younger.
        feed.absent_at = absent_at if absent_at is None or absent_at <= now else None
        self._feeds[feed.key] = feed
        return feed

    # ---- looking

    def _at(self, place: Place, name: str, now: datetime, today: date) -> Piece | None:
        feed = self._feed(place, name, now)
        try:
            # Asked of the file: on Windows its folder's listing shows an old size while its writer has it open.
            return self._look(feed, (place.folder / name).lstat(), now, today)
        except OSError as error:
            # Its writer holds it, or the disk is full: its rows stay behind `upto`, and other files' pieces are taken.
            feed.trouble, feed.waits = error.strerror or str(error), True
            return None

    def _look(self, feed: Feed, status: os.stat_result, now: datetime, today: date) -> Piece | None:
        looks = (status.st_ino, status.st_size, status.st_mtime_ns)
        if looks == feed.looks and not feed.waits:
            feed.absent_at = now
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
            if feed.upto == START:
                feed.absent_at = now
            return None
        feed.rewritten_since = feed.empty_at = None
        rows = ripe_rows(feed, growth, now, self._settle, self._rows_max)
        feed.waits = rows < len(growth.rows) or bool(growth.unread)
        taken = self._piece(feed, growth, rows, status, now, today) if rows else None
        feed.absent_at = absent_after(feed, growth, rows, now)
        self._tell_unread(feed, growth, rows, now)
        return taken

    def _tell_unread(self, feed: Feed, growth: Growth, rows: int, now: datetime) -> None:
        if not growth.unread:
            feed.unread_since = None
            return
        if rows or feed.unread_since is None:
            feed.unread_since = now
        if now - feed.unread_since >= PATIENCE:
            feed.trouble = growth.unread

    def _anew(self, feed: Feed, data: bytes, why: Reason, now: datetime) -> Growth | Reason | None:
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
        feed.upto, feed.fresh, feed.absent_at = START, [], feed.empty_at
        return anew

    def _read(self, feed: Feed, status: os.stat_result) -> bytes | None:
        if not stat.S_ISREG(status.st_mode) or status.st_size > self._bytes_max:
            feed.trouble = "it is no plain file, or larger than max_file_bytes 不是普通文件，或超过 max_file_bytes"
            return None
        with os.fdopen(os.open(feed.place.folder / feed.name, _FLAGS), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise OSError("it is no plain file")
            return stream.read(self._bytes_max)

    # ---- laying down

    def _piece(
        self, feed: Feed, growth: Growth, rows: int, status: os.stat_result, now: datetime, today: date
    ) -> Piece:
        upto = extent(growth, feed.upto, rows)
        written = written_after(feed, rows, status)
        taken = self._claimed(
            feed,
            piece(growth, rows),
            rows_before=feed.upto.rows,
            upto=upto,
            seen_at=written or time_of(status.st_mtime),
            set_aside=age_problem(feed, written, now, today),
        )
        # Only now: what could not be laid down is not read.
        feed.upto, feed.fresh = upto, feed.fresh[rows:]
        feed.recorded_on, feed.refused = today, ""
        return taken

    def _refuse(self, feed: Feed, data: bytes, why: Reason, status: os.stat_result, now: datetime) -> Piece | None:
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

    def _claimed(self, feed: Feed, data: bytes, *, seen_at: datetime, **said: Any) -> Piece:
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
        return Piece(**values | {"modified_at": seen_at} | said, feed=feed.key, grown_at=grown_at)


def follower_of(
    folder: Path, settings: Settings, recorded: Iterable[Mapping[str, Any]], spool: Path, home: Home | None = None
) -> Follower:
    """The follower of the home in a folder, over all its folders of other systems; without `home` nobody is kept from
    them."""
    inbox = settings.inbox
    systems = [name for name, system in FOREIGN.items() if system.growing is not None]
    places = [Place(each, each.place(folder)) for each in inbox.all_sources if each.format in systems]
    holds = {
        place.source.name: FolderHold(place.folder, home, is_share=not place.source.watch)
        for place in places
        if home is not None
    }
    return Follower(
        places, recorded, spool, settle_seconds=inbox.settle_seconds, bytes_max=inbox.max_file_bytes, holds=holds
    )
