"""Each commit, told to the outbox and to whoever watches. What is told comes from the ledger's rows alone."""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from filebridge.bridge.replies import Replies
from filebridge.ledger.codec import Body
from filebridge.ledger.store import Turn
from filebridge.outbox import Outbox

# While orders wait to be sent, reports may be late by this much: the orders are what waits.
LAG = timedelta(seconds=2)
# And by so many events: each takes some kilobytes until it is told.
_UNTOLD_MAX = 10_000
# And so many at a time, to the end of their turn: the next order waits meanwhile.
_TOLD_A_TURN = 1000
_ORDERS_LAG = timedelta(seconds=5)
_PIECE_SECONDS = 0.02
_TIMES = 20


class Reports:
    """Reports of commits, told at once, or a little later and together while the bridge is busy sending."""

    def __init__(
        self, outbox: Outbox, replies: Replies, watch: Callable[[Turn], None], *, report_seconds: float
    ) -> None:
        self._outbox = outbox
        self._replies = replies
        self._watch = watch
        self._least = timedelta(seconds=report_seconds)
        self._untold: deque[Turn] = deque()
        self._untold_events = 0
        # What is to be told now was too much for one turn.
        self._is_behind = False
        self._orders_every = self._least
        self._orders_at: datetime | None = None
        # Seconds of work on what is being written, and until when it rests while orders wait to be sent.
        self._took = self._rest_until = 0.0

    def add(self, turn: Turn) -> None:
        """Note a committed turn; `tell` tells it."""
        if turn.events:
            self._untold.append(turn)
            self._untold_events += len(turn.events)

    def tell(self, now: datetime, *, hurried: bool) -> None:
        """Tell what was noted, and write the reports that are due, or a part of them."""
        may_wait, self._is_behind = hurried and self._untold_events < _UNTOLD_MAX, False
        if not (may_wait and self._untold and timedelta(0) <= now - self._untold[0].at < LAG):
            self._tell(_TOLD_A_TURN)
            self._is_behind = bool(self._untold)
            self._replies.write(now)
            # A report on all orders of a day takes longest, so in a hurry it comes less often.
            written, every = self._orders_at, max(self._orders_every, _ORDERS_LAG if hurried else timedelta(0))
            if not self._outbox.is_writing and (written is None or not timedelta(0) <= now - written < every):
                self._outbox.write_due()
                self._took, self._orders_at = 0.0, now
        self._go_on(now, hurried=hurried)

    def _tell(self, at_most: float) -> None:
        """Tell the oldest turns, of about so many events, and one at least: no more can come than are told."""
        turns: list[Turn] = []
        count = 0
        while self._untold and count < at_most:
            turns.append(self._untold.popleft())
            count += len(turns[-1].events)
        self._untold_events -= count
        if turns:
            events = [row for turn in turns for row in turn.events]
            fills = [row for turn in turns for row in turn.fills]
            self._outbox.publish(events, fills, [receipt for turn in turns for receipt in _receipts(turn)])
        for turn in turns:
            for file in turn.loaded.values():
                self._outbox.long_receipt(file)
            self._watch(turn)
            self._replies.add(turn)
            self._outbox.orders_changed({order.terms.trade_date for order in turn.orders.values()})

    def _go_on(self, now: datetime, *, hurried: bool) -> None:
        """A long report is written in pieces: nothing waits for all of it."""
        began = time.monotonic()
        if not self._outbox.is_writing or (hurried and began < self._rest_until):
            return
        self._outbox.go_on(_PIECE_SECONDS)
        took = time.monotonic() - began
        self._took += took
        # While orders wait to be sent it may take a twentieth of the time; and so may each report of a long day.
        self._rest_until = began + _TIMES * took
        if not self._outbox.is_writing:
            self._orders_every = max(self._least, timedelta(seconds=_TIMES * self._took))
            self._orders_at = now

    @property
    def is_writing(self) -> bool:
        """Whether there is something to write or to tell at once."""
        return self._outbox.is_writing or self._is_behind

    def finish(self, now: datetime) -> None:
        """Tell everything, before the end."""
        self._tell(float("inf"))
        self._replies.finish(now)
        self._outbox.go_on(float("inf"))
        self._outbox.write_due()
        self._outbox.go_on(float("inf"))


def _receipts(turn: Turn) -> list[tuple[Body, list[Body]]]:
    """The files that a turn answered, each with its events."""
    by_file: dict[int, list[Body]] = {number: [] for number in turn.files}
    for row in turn.events if turn.files else ():
        if row["intake_no"] in by_file:
            by_file[row["intake_no"]].append(row)
    return [(file, by_file[number]) for number, file in turn.files.items()]
