"""A ledger that forgets: the same turns over what is really stored, and nothing is ever written. For `check`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from filebridge.ledger.store import GENESIS, Ledger, Turn


class DryLedger(Ledger):
    """Gives turns and tags like the real one; what a turn gathers is dropped at its end."""

    def __init__(self) -> None:
        self.home_mark = "DRY-"
        self.seq = 0
        self.head = GENESIS
        self._intake_no = -1

    @contextmanager
    def turn(self, at: datetime, trade_date: date) -> Iterator[Turn]:
        yield Turn(at, trade_date, self.seq, self.head)

    def close(self) -> None:
        """There is nothing to close."""
