"""Market data for the orders that wait for it: asked of its sources in the declared order, by the symbols that wait.

Nothing is asked that no order needs. An order that needs a price waits for it, but not for longer than an answer of the
broker may take; then it is judged by what is known, which may be nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from filebridge.domain.quotes import Quote, is_believed
from filebridge.gateways import base
from filebridge.quotes import SOURCE as FILE
from filebridge.quotes import QuoteFile

# An answer serves the orders of so long; whoever comes later asks again, for prices move.
REUSE = timedelta(seconds=1)
# One question at a time, and no more symbols in it than are answered in a moment.
SYMBOLS_A_QUESTION = 500


class Found(NamedTuple):
    """What is known of a symbol now: the quote that counts, or why there is none (in English and Chinese). `age_max` is
    how old it may be where that is not what the limits say."""

    quote: Quote | None
    why: tuple[str, str] = ("", "")
    age_max: timedelta | None = None


class _Told(NamedTuple):
    """The last answer of a source about a symbol."""

    at: datetime
    quote: Quote | None
    text: str


class Quotations:
    """`sources` in the order in which they count. `age_of` says how old a quote is for its market; what is older than
    `age_max` is waited for and, in the end, denied by whoever looks at it, but for the sources that are `ageless`."""

    def __init__(
        self,
        file: QuoteFile,
        sources: Sequence[str],
        *,
        age_of: Callable[[Quote, datetime], timedelta],
        age_max: timedelta,
        answer_seconds: float,
        ageless: Collection[str] = (),
    ) -> None:
        self._file = file
        self._sources = tuple(sources)
        self.age_of = age_of
        self.age_max = age_max
        self._answer_time = timedelta(seconds=answer_seconds)
        self._ageless = ageless
        self._told: dict[str, dict[str, _Told]] = {source: {} for source in sources}
        # Since when a symbol is waited for without a fresh price, and when somebody waited last.
        self._waiting: dict[str, tuple[datetime, datetime]] = {}
        self._wanted: dict[str, None] = {}
        self._file_seen_at: datetime | None = None
        self._in_file: Mapping[str, Quote] = {}
        # When the question was asked that has no answer yet.
        self._asked_at: datetime | None = None
        # The last word of each source that could not answer.
        self._trouble: dict[str, str] = {}

    # ---- within a turn

    def find(self, symbol: str, now: datetime) -> Found | None:
        """The quote of the first source that has a fresh one, else the newest; None: wait for an answer."""
        known: list[Quote] = []
        may_wait, is_sure = self._may_wait(symbol, now), True
        for source in self._sources:
            told = self._from_file(symbol, now) if source == FILE else self._told[source].get(symbol)
            if source != FILE and (told is None or not timedelta(0) <= now - told.at < REUSE):
                self._wanted[symbol] = None
                if may_wait:
                    self._wait(symbol, now)
                    return None
            quote = told.quote if told is not None else None
            if quote is not None and is_believed(self.age_of(quote, now), self.age_max):
                self._waiting.pop(symbol, None)
                return self._found(quote)
            known += [quote] if quote is not None else []
            is_sure &= told is not None and not told.text
        if may_wait and (known or not is_sure):
            # A source that is late, or does not answer, may do better within the time.
            self._wait(symbol, now)
            return None
        newest = max(known, key=lambda quote: quote.at, default=None)
        return self._found(newest) if newest else Found(None, self._why(symbol))

    def newest(self, symbol: str, now: datetime) -> Quote | None:
        """The newest quote that is known, of whatever age; nobody is asked."""
        places = (
            self._from_file(symbol, now) if name == FILE else told.get(symbol) for name, told in self._told.items()
        )
        quotes = (told.quote for told in places if told is not None and told.quote is not None)
        return max(quotes, key=lambda quote: quote.at, default=None)

    def hear(self, message: base.Quotes, now: datetime) -> None:
        """What a source answered; of a source that nobody declared nothing is believed."""
        self._asked_at = None
        told = self._told.get(message.source)
        if told is None:
            return
        found = {quote.symbol: quote for quote in message.quotes}
        for symbol in message.symbols:
            told[symbol] = _Told(now, found.get(symbol), message.text)
            self._wanted.pop(symbol, None)
        self._trouble.pop(message.source, None)
        if message.text:
            self._trouble[message.source] = message.text

    def problems(self) -> list[str]:
        """For status.json: sources that were asked and said that they cannot, and what cannot be read in the file."""
        return self._file.problems() + [f"market data, {source}: {text}" for source, text in self._trouble.items()]

    # ---- after the commit

    def due(self, now: datetime) -> list[str]:
        """The symbols that are to be asked for now: those that orders wait for, unless an answer is still to come."""
        if self._asked_at is not None and self._asked_at <= now <= self._asked_at + self._answer_time:
            return []
        part = list(self._wanted)[:SYMBOLS_A_QUESTION]
        for symbol in part:
            del self._wanted[symbol]
        self._asked_at = now if part else None
        return part

    def not_asked(self) -> None:
        """The worker that was asked, or was to be asked, is gone; who waits wants it again."""
        self._asked_at = None

    # ---- inside

    def _found(self, quote: Quote) -> Found:
        return Found(quote, age_max=timedelta.max if quote.source in self._ageless else None)

    def _from_file(self, symbol: str, now: datetime) -> _Told:
        # Once a turn: who writes a price and then drops an order means that order to be judged by it.
        if self._file_seen_at != now:
            self._in_file, self._file_seen_at = self._file.look(), now
        return _Told(now, self._in_file.get(symbol), "")

    def _may_wait(self, symbol: str, now: datetime) -> bool:
        since, last = self._waiting.get(symbol, (now, now))
        if not last <= now <= last + self._answer_time:
            # Nobody has wanted it for a while (or the clock leapt): who wants it now begins to wait anew.
            self._waiting.pop(symbol, None)
            return True
        return now < since + self._answer_time

    def _wait(self, symbol: str, now: datetime) -> None:
        since, _ = self._waiting.get(symbol, (now, now))
        self._waiting[symbol] = (since, now)

    def _why(self, symbol: str) -> tuple[str, str]:
        """What each source says of a symbol that none knows."""
        if not self._sources:
            return ("none is declared", "未配置")
        said, said_zh = [], []
        for source in self._sources:
            told = self._told[source].get(symbol)
            if source == FILE or (told is not None and not told.text):
                said.append(f"{source} does not know it")
                said_zh.append(f"{source} 无此证券")
            else:
                said.append(f"{source}: {told.text if told else 'no answer in time'}")
                said_zh.append(f"{source}：{told.text if told else '未在时限内应答'}")
        return "; ".join(said), "；".join(said_zh)
