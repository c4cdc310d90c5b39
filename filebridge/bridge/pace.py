"""Which of the broker's lists are to be read next, and when.

The lists of the day are given whole or not at all: on a busy day they take the worker and the bridge many seconds and
hundreds of megabytes. The list of what still works is short, and enough as long as it shows what we believe to work.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from filebridge.domain.reconcile import Lists

# The lists of the day are read at least every so many periods.
_ALL_AT_LEAST = 20
# Reading a list may take at most one part in so many of the time.
_PAUSE = 10


class Pace:
    """When each list was asked for, and how long it took; `period` is how often books are compared."""

    def __init__(self, period: timedelta) -> None:
        self._period = period
        # What the last question was about.
        self.lists = Lists.NONE
        self._asked_at: dict[Lists, datetime] = {}
        self._took: dict[Lists, timedelta] = {}
        # An order that we believe to work was not listed as working: only the lists of the day tell what became of it.
        self.is_missing = False

    def begin(self) -> None:
        """A new connection: nothing that was read before says anything."""
        self._asked_at.clear()

    def asked(self, lists: Lists, now: datetime) -> None:
        self.lists = lists
        self._asked_at[lists] = now
        if lists is Lists.ALL:
            self._asked_at[Lists.WORKING] = now
            self.is_missing = False

    def answered(self, now: datetime) -> None:
        self._took[self.lists] = max(now - self._asked_at.get(self.lists, now), timedelta(0))

    @property
    def rest(self) -> timedelta:
        """How long the lists of the day are not to be read again."""
        return _PAUSE * self._took.get(Lists.ALL, timedelta(0))

    def wants_all(self, now: datetime) -> bool:
        """Whether the lists of the day are to tell what became of a missing order, and may be read."""
        read_at = self._asked_at.get(Lists.ALL)
        return self.is_missing and (read_at is None or now - read_at >= max(self._period, self.rest))

    def due(self, now: datetime, silent: Iterable[object], *, hurried: bool) -> Lists:
        """What is to be read, though nothing calls for it: a push may have been lost.

        Such an order is one of the `silent`, of which nothing was heard for a period. `hurried`: orders are being sent.
        """
        read_at = self._asked_at.get(Lists.ALL)
        if read_at is None or self.wants_all(now):
            return Lists.ALL
        if not hurried and now - read_at >= max(_ALL_AT_LEAST * self._period, self.rest):
            return Lists.ALL
        pause = max(self._period, _PAUSE * self._took.get(Lists.WORKING, timedelta(0)))
        if now - self._asked_at[Lists.WORKING] >= pause and any(True for _ in silent):
            return Lists.WORKING
        return Lists.NONE
