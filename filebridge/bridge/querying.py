"""What files ask of the broker: one question after the other, each answered in the ledger, be it that no answer came.

A question may be asked twice, after a crash; it changes nothing at the broker.
"""

from collections import deque
from datetime import datetime, timedelta

from filebridge.bridge.book import OrderBook
from filebridge.domain.reasons import Reason
from filebridge.errors import GatewayNotReady
from filebridge.gateways.base import Gateway, Told
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.store import Turn
from filebridge.ledger.views import LedgerReader


class Queries:
    """The questions that are not answered yet. `answer_seconds` is how long one may take, from when its turn comes."""

    def __init__(self, book: OrderBook, reader: LedgerReader, gateway: Gateway, *, answer_seconds: float) -> None:
        self._book = book
        self._gateway = gateway
        self._answer_time = timedelta(seconds=answer_seconds)
        self._open: deque[Body] = deque(reader.open_queries())
        # When the first one's turn came; and the number under which it was asked, 0 while it was not.
        self._since: datetime | None = None
        self._asked = 0
        self._last_asked = 0

    @property
    def is_idle(self) -> bool:
        return not self._open

    @property
    def is_asking(self) -> bool:
        """Whether the worker is about a question: an order that it was given would wait for the answer."""
        return bool(self._asked)

    # ---- within a turn

    def hear(self, told: Told) -> None:
        """An answer, or a part of it; of a question that was given up it comes too late."""
        if not self._open or told.number != self._asked:
            return
        query = self._open[0]
        answer: Body = {"rows": list(told.rows), "is_first": told.is_first}
        if not told.is_known:
            answer |= codec.reason_body(Reason("QUERY_FAILED"))
        self._book.turn.told(query, answer, is_end=told.is_end)
        if told.is_end:
            self._next()

    def review(self, now: datetime) -> None:
        """Give up what is not answered in time."""
        if not self._open:
            return
        if self._since is None or now < self._since:
            self._since = now
        if now - self._since > self._answer_time:
            limit = {"limit_seconds": f"{self._answer_time.total_seconds():g}"}
            answer = {"rows": [], "is_first": True, **codec.reason_body(Reason("QUERY_NOT_ANSWERED", limit))}
            self._book.turn.told(self._open[0], answer, is_end=True)
            self._next()

    # ---- after the commit

    def go_on(self, turn: Turn) -> None:
        """Ask what is to be asked; what files asked in this turn is on the ledger now."""
        self._open.extend(query for query in turn.queries if not query["answered_at"])
        if not self._open or self._asked:
            return
        query = self._open[0]
        try:
            self._gateway.ask(query["query"], query["account"], self._last_asked + 1)
        except GatewayNotReady:
            return
        self._last_asked += 1
        self._asked = self._last_asked

    def worker_is_gone(self) -> None:
        """What it was asked is asked of the next one. Parts of an answer that were heard are on the ledger: the first
        part of the new answer says that it begins anew."""
        self._asked = 0

    def _next(self) -> None:
        self._open.popleft()
        self._since, self._asked = None, 0
