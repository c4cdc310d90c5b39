"""What files ask: one question to the broker after the other, quotes beside them, each answered in the ledger, be it
that no answer came.

A question may be asked twice, after a crash; it changes nothing at the broker.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from filebridge.bridge.asking import subscribing_of
from filebridge.bridge.book import OrderBook
from filebridge.bridge.quoting import SYMBOLS_A_QUESTION, Found, Quotations
from filebridge.bridge.subscribing import Subscriptions
from filebridge.domain.orders import Query, price_text
from filebridge.domain.quotes import LEVELS, Quote, is_believed
from filebridge.domain.reasons import Reason
from filebridge.errors import GatewayNotReady
from filebridge.gateways.base import Gateway, Told
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.store import Turn
from filebridge.ledger.views import LedgerReader


class Queries:
    """The questions that are not answered yet. `answer_seconds` is how long one may take, from when its turn comes."""

    def __init__(
        self,
        book: OrderBook,
        reader: LedgerReader,
        gateway: Gateway,
        quotations: Quotations,
        subscriptions: Subscriptions,
        *,
        answer_seconds: float,
    ) -> None:
        self._book = book
        self._gateway = gateway
        self._quotations = quotations
        self._subscriptions = subscriptions
        self._answer_time = timedelta(seconds=answer_seconds)
        self._open: deque[Body] = deque()
        self._quotes: list[_Quotes] = []
        # Of rows that subscribe to new issues, whose day or session is still to come.
        self._waiting: list[Body] = []
        # What the answer to the first one has told so far.
        self._rows: list[Body] = []
        self._add(reader.open_queries())
        # When the first one's turn came; and the number under which it was asked, 0 while it was not.
        self._since: datetime | None = None
        self._asked = 0
        self._last_asked = 0

    @property
    def is_idle(self) -> bool:
        return not (self._open or self._quotes or self._waiting)

    @property
    def is_asking(self) -> bool:
        """Whether the worker is about a question: an order that it was given would wait for the answer."""
        return bool(self._asked)

    # ---- within a turn

    def hear(self, told: Told, now: datetime) -> None:
        """An answer, or a part of it; of a question that was given up it comes too late."""
        if not self._open or told.number != self._asked:
            return
        query = self._open[0]
        self._rows = [*([] if told.is_first else self._rows), *told.rows]
        why = None if told.is_known else Reason("QUERY_FAILED")
        self._tell(query, told.rows, why, is_first=told.is_first, is_end=told.is_end)
        if told.is_end:
            self._end(query, why, now)
            self._next()

    def review(self, now: datetime) -> None:
        """Tell the prices that have come, and give up what is not answered in time."""
        for quotes in self._quotes:
            quotes.look(self._quotations, now)
            if not quotes.waiting:
                self._tell(quotes.query, quotes.rows.values())
        self._quotes = [quotes for quotes in self._quotes if quotes.waiting]
        self._look_at_waiting(now)
        if not self._open:
            return
        if self._since is None or now < self._since:
            self._since = now
        if now - self._since > self._answer_time:
            limit = {"limit_seconds": f"{self._answer_time.total_seconds():g}"}
            self._give_up(self._open[0], Reason("QUERY_NOT_ANSWERED", limit), now)
            self._next()

    def _look_at_waiting(self, now: datetime) -> None:
        """Rows of new issues are asked for as soon as their session runs, or end with their time."""
        waiting, self._waiting = self._waiting, []
        for query in waiting:
            wanted = subscribing_of(query)
            assert wanted is not None
            verdict = self._subscriptions.in_time(wanted, now)
            if isinstance(verdict, Reason):
                self._give_up(query, verdict, now)
            else:
                (self._open if verdict else self._waiting).append(query)

    def _give_up(self, query: Body, why: Reason, now: datetime) -> None:
        self._tell(query, (), why)
        self._end(query, why, now)

    def _tell(
        self,
        query: Body,
        rows: Iterable[Body],
        why: Reason | None = None,
        *,
        is_first: bool = True,
        is_end: bool = True,
    ) -> None:
        answer = {"rows": list(rows), "is_first": is_first, **codec.reason_body(why)}
        self._book.turn.told(query, answer, is_end=is_end)

    def _end(self, query: Body, why: Reason | None, now: datetime) -> None:
        """What waits for an answer goes on with it, or without one."""
        wanted = subscribing_of(query)
        if wanted is not None and why is None:
            self._subscriptions.told(wanted, query, self._rows, now)
        elif wanted is not None and why is not None:
            self._subscriptions.not_told(wanted, query, why)

    # ---- after the commit

    def go_on(self, turn: Turn) -> None:
        """Ask what is to be asked; what files asked in this turn is on the ledger now."""
        self._add(query for query in turn.queries if not query["answered_at"])
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

    def _add(self, queries: Iterable[Body]) -> None:
        for query in queries:
            if query["query"] == Query.QUOTES:
                self._quotes.append(_Quotes(query))
            elif subscribing_of(query):
                self._waiting.append(query)
            else:
                self._open.append(query)

    def _next(self) -> None:
        self._open.popleft()
        self._since, self._asked = None, 0


class _Quotes:
    """A question for prices: the symbols whose answer is still to come, and the rows of the others in their order."""

    def __init__(self, query: Body) -> None:
        self.query = query
        self.rows: dict[str, Body] = {symbol: {} for symbol in query["asked_for"].split()}
        self.waiting = dict.fromkeys(self.rows)

    def look(self, quotations: Quotations, now: datetime) -> None:
        """Take what is known now. Not more symbols at a time than one question has, so that no order waits for many."""
        for symbol in list(islice(self.waiting, SYMBOLS_A_QUESTION)):
            found = quotations.find(symbol, now)
            if found is not None:
                self.rows[symbol] = _quote_row(symbol, found, quotations, now)
                del self.waiting[symbol]


def _quote_row(symbol: str, found: Found, quotations: Quotations, now: datetime) -> Body:
    """What market data says of a symbol, from which source and how old; or why that is not to be believed."""
    quote = found.quote
    if quote is None:
        why = {"symbol": symbol, "text": found.why[0], "text_zh": found.why[1]}
        return {"symbol": symbol, **codec.reason_body(Reason("QUERY_QUOTE_MISSING", why))}
    age = quotations.age_of(quote, now)
    seconds = f"{age.total_seconds():.3f}".rstrip("0").rstrip(".")
    row: Body = {"symbol": symbol, "age_seconds": seconds, **_values(quote)}
    if not is_believed(age, quotations.age_max):
        limit = {"age_seconds": seconds, "limit_seconds": f"{quotations.age_max.total_seconds():g}"}
        row |= codec.reason_body(Reason("QUERY_QUOTE_STALE", {"symbol": symbol, "source": quote.source, **limit}))
    return row


def _values(quote: Quote) -> Body:
    said: Body = {"name": quote.name, "source": quote.source, "quoted_at": codec.time_text(quote.at)}
    for name in ("last", "prev_close", "limit_down", "limit_up"):
        said[name] = price_text(getattr(quote, name))
    for side, prices in (("bid", quote.bids), ("ask", quote.asks)):
        said |= {f"{side}_{level}": price_text(price) for level, price in enumerate(prices[:LEVELS], start=1)}
    return said
