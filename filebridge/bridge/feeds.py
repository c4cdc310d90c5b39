"""One file that other programs append to, between two looks at it: what of it is read, which of its new rows are whole,
and since when these can be there."""

import re
import sys
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from os import stat_result
from pathlib import Path
from typing import NamedTuple

from filebridge.bridge.sightings import Seen
from filebridge.domain.reasons import Reason
from filebridge.inbox import takes_name
from filebridge.inbox.claims import changed_at, time_of
from filebridge.orderfiles import FOREIGN
from filebridge.orderfiles.growing import START, Extent, Growth, is_blank
from filebridge.sources import Source

# What is unread for so long is told; a record that stays blank for so long, with others behind it, is passed over.
PATIENCE = timedelta(seconds=5)
_NEVER = (0, 0, 0)
_DAY = re.compile(r"(?<![0-9])20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9])")


@dataclass(frozen=True, slots=True)
class Place:
    """An entry whose files of one format grow, and its folder."""

    source: Source
    folder: Path


class Fresh(NamedTuple):
    """A record behind what is read: its bytes, and since when they are as they are; a moment at which it was not there
    yet, None where nobody knows."""

    row: bytes
    unchanged_since: datetime
    absent_at: datetime | None


@dataclass(slots=True)
class Feed:
    """One file that grows, as it was seen last."""

    place: Place
    name: str
    upto: Extent = START
    # Trade date of the last piece; None before the first.
    recorded_on: date | None = None
    # The hash of a content that was refused, so that it is not refused again.
    refused: str = ""
    looks: tuple[int, int, int] = _NEVER
    # A moment at which nothing was there that is neither read nor in `fresh`; None where nobody knows.
    absent_at: datetime | None = None
    # The home that followed it before us, and may have sent what we find there.
    theirs: str = ""
    # Of each record behind `upto`, as far as one piece goes.
    fresh: list[Fresh] = field(default_factory=list)
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

    @property
    def seen(self) -> Seen:
        """What the next run may know of it."""
        return Seen(self.upto.rows, _earliest([self.absent_at, *(each.absent_at for each in self.fresh)]))

    def begin_anew(self, theirs: str) -> None:
        """Nothing is known any more of what lies behind the rows that were read."""
        self.looks, self.absent_at, self.fresh, self.waits, self.theirs = _NEVER, None, [], False, theirs

    def forget_looks(self) -> None:
        self.looks, self.waits, self.trouble = _NEVER, False, ""


def grows(source: Source, name: str) -> bool:
    pattern = FOREIGN[source.format].growing
    return pattern is not None and pattern.fullmatch(name) is not None and takes_name(source, name)


def ripe_rows(feed: Feed, growth: Growth, now: datetime, settle: timedelta, rows_max: int) -> int:
    """How many of the new rows are whole, from the first on; notes how each record looks."""
    rows = growth.rows[:rows_max]
    if not feed.is_dbf:
        return len(rows)
    known = feed.fresh
    feed.fresh = [
        _looked_at(row, known[place] if place < len(known) else Fresh(row, now, feed.absent_at), now)
        for place, row in enumerate(rows)
    ]
    until = {False: now - settle, True: now - max(settle, PATIENCE)}
    unripe = (place for place, each in enumerate(feed.fresh) if not each.unchanged_since <= until[is_blank(each.row)])
    ripe = next(unripe, len(rows))
    # A blank one is passed over with one behind it.
    while 0 < ripe < len(rows) and is_blank(rows[ripe - 1]):
        ripe -= 1
    return ripe


def _looked_at(row: bytes, before: Fresh, now: datetime) -> Fresh:
    return before if before.row == row else Fresh(row, now, before.absent_at)


def written_after(feed: Feed, rows: int, status: stat_result) -> datetime | None:
    """A moment at which none of the first so many new rows was there; None where nobody knows."""
    found = _earliest([each.absent_at for each in feed.fresh[:rows]] if feed.is_dbf else [feed.absent_at])
    if sys.platform != "win32" or feed.theirs:
        return found
    # There a file says when it was made; a copy keeps when it was written.
    made = min(changed_at(status), time_of(status.st_mtime))
    return max(found or made, made)


def absent_after(feed: Feed, growth: Growth, rows: int, now: datetime) -> datetime | None:
    """A moment at which nothing was there but what is read with so many rows, and what is in `fresh`."""
    if len(growth.rows) - rows != len(feed.fresh) or (growth.unread and not rows and growth.header):
        return feed.absent_at
    return now


def age_problem(feed: Feed, written: datetime | None, now: datetime, today: date) -> Reason | None:
    """Why rows cannot be orders of today: the file's own name says another day, whenever they came; or nothing says
    when they were written."""
    day = _DAY.search(feed.name)
    named = day[0] if day else ""
    # In the evening the trade date is the next one, and the calendar's day as good a name.
    if named and named not in (f"{today:%Y%m%d}", f"{now:%Y%m%d}"):
        return Reason("FILE_OF_EARLIER_DATE", {"trade_date": named, "file": feed.name})
    if written is not None:
        return None
    if feed.theirs:
        return Reason("ROWS_OF_ANOTHER_HOME", {"file": feed.name, "home": feed.theirs})
    return Reason("ROWS_OF_UNKNOWN_AGE", {"file": feed.name})


def _earliest(moments: list[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None
