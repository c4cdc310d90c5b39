"""A ledger that forgets: the same turns over what is really stored, and nothing is ever written. For `check`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from filebridge.domain.orders import Order
from filebridge.ledger.codec import Body
from filebridge.ledger.store import GENESIS, Ledger, Turn


class DryTurn(Turn):
    """Gathers the same; but its events stand in no chain, so nobody hashes them, and their bodies stay as they are."""

    def append(self, kind: str, body: Body | str, *, tag: str = "", intake_no: int = 0) -> int:
        self.seq += 1
        said = {"kind": kind, "tag": tag, "intake_no": intake_no, "body": body}
        self.events.append({"seq": self.seq, **said, "hash": GENESIS})
        return self.seq

    def _birth(self, order: Order, body: Body) -> Body:
        # A receipt says nothing of an order's terms that its row does not say.
        self.born[order.terms.tag] = ()
        return body


class DryLedger(Ledger):
    """Gives turns and tags like the real one; what a turn gathers is dropped at its end."""

    def __init__(self) -> None:
        self.home_mark = "DRY-"
        self.seq = 0
        self.head = GENESIS
        self._intake_no = -1
        self._tags: list[str] = []

    @contextmanager
    def turn(self, at: datetime, trade_date: date) -> Iterator[Turn]:
        yield DryTurn(at, trade_date, self.seq, self.head)

    def close(self) -> None:
        """There is nothing to close."""
