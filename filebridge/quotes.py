"""Prices from a file: `quotes.csv` in the home, which a user's sheet or script writes as often as it likes.

Read strictly. A row that cannot be read is left out and named among the problems: its symbol then has no price, which
denies what depends on it. A file whose first line cannot be read, or whose end is not there yet, says nothing; what it
said before stands, and is as old as it is.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from filebridge.domain.orders import SHANGHAI
from filebridge.domain.quotes import LEVELS, Quote
from filebridge.domain.reasons import Reason
from filebridge.domain.symbols import read_symbol

QUOTES_FILE = "quotes.csv"
SOURCE = "file"
REQUIRED = ("symbol", "at")
_BIDS, _ASKS = (tuple(f"{side}{level}" for level in range(1, LEVELS + 1)) for side in ("bid", "ask"))
PRICES = ("prev_close", "last", *_BIDS, *_ASKS, "limit_down", "limit_up")
COLUMNS = (*REQUIRED, "name", *PRICES, "listed_on")
# The best level may be called so.
ALIASES = {"bid": "bid1", "ask": "ask1"}
# A larger file is no list of quotes.
BYTES_MAX = 64 * 1024 * 1024
PROBLEMS_MAX = 20
_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
# To the second; with an offset, or none, which is Asia/Shanghai.
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([+-][0-9]{2}:[0-9]{2})?")


class Unreadable(ValueError):
    """A value of a row, or a file as a whole; the text says which and what is expected."""


class QuoteFile:
    """The file at `path`, read again when it has changed. Without the file there are no quotes and no problem."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._problems: list[str] = []
        self.quotes: Mapping[str, Quote] = {}

    def look(self) -> Mapping[str, Quote]:
        """The quotes by symbol, as the file says them now."""
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp == self._stamp:
                return self.quotes
            if status.st_size > BYTES_MAX:
                raise Unreadable(f"larger than {BYTES_MAX} bytes")
            self.quotes, self._problems = read_quotes(self._path.read_bytes())
            self._stamp = stamp
        except FileNotFoundError:
            self._stamp, self.quotes, self._problems = None, {}, []
        except OSError as error:
            # On Windows nobody can read it while it is being replaced; the next look does.
            self._problems = [f"cannot be read: {error}"]
        except Unreadable as error:
            self._stamp, self._problems = stamp, [str(error)]
        return self.quotes

    def problems(self) -> list[str]:
        """What could not be read, for status.json; the first of many."""
        more = len(self._problems) - PROBLEMS_MAX
        said = self._problems[:PROBLEMS_MAX] + ([f"{more} more problems"] if more > 0 else [])
        return [f"{self._path.name}: {problem}" for problem in said]


def read_quotes(data: bytes) -> tuple[dict[str, Quote], list[str]]:
    """The quotes of a CSV by symbol, and a sentence for each row that could not be read.

    Raises Unreadable where the whole of it says nothing.
    """
    if not data.endswith(b"\n"):
        raise Unreadable("its last line has no end, so it is being written, or was cut; write it by rename")
    rows = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    found: dict[str, Quote] = {}
    problems: list[str] = []
    twice: set[str] = set()
    for number, row in _numbered(rows, problems):
        if number == 1:
            columns = _columns(row)
        elif any(row):
            try:
                quote = _quote(columns, row)
            except Unreadable as error:
                problems.append(f"row {number}: {error}")
                continue
            if quote.symbol in found:
                twice.add(quote.symbol)
                problems.append(f"row {number}: {quote.symbol} stands there twice, so neither is taken")
            found[quote.symbol] = quote
    return {symbol: quote for symbol, quote in found.items() if symbol not in twice}, problems


def _numbered(rows: Iterator[list[str]], problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows with their numbers, to the end or to the first that is no CSV."""
    number = 0
    try:
        for number, row in enumerate(rows, start=1):
            yield number, [cell.strip() for cell in row]
    except csv.Error as error:
        if not number:
            raise Unreadable(f"no CSV: {error}") from error
        problems.append(f"row {number + 1}: no CSV, and nothing is read from here on: {error}")


def _text(data: bytes) -> str:
    """UTF-8, or what Excel writes on a Chinese Windows."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("neither UTF-8 nor GBK")


def _columns(header: Sequence[str]) -> list[str]:
    names = [ALIASES.get(name.lower(), name.lower()) for name in header]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise Unreadable(f"unknown column {unknown[0] or '(empty)'}; known are {', '.join(COLUMNS)}")
    if len(set(names)) < len(names):
        raise Unreadable("a column stands there twice")
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise Unreadable(f"the column {missing[0]} is missing")
    return names


def _quote(columns: Sequence[str], row: Sequence[str]) -> Quote:
    if len(row) != len(columns):
        raise Unreadable(f"{len(row)} cells where the header has {len(columns)}")
    cells = dict(zip(columns, row, strict=True))
    reading = read_symbol(cells["symbol"])
    # An order's symbol may be repaired, for its receipt says so; here nobody would read that.
    if isinstance(reading, Reason) or reading.note is not None:
        raise Unreadable(f"the symbol {cells['symbol']!r} is not written like 600000.SH")
    prices = {name: _price(name, cells.get(name, "")) for name in PRICES}
    down, up = prices["limit_down"], prices["limit_up"]
    if down is not None and up is not None and down > up:
        raise Unreadable(f"limit_down {down} is above limit_up {up}")
    return Quote(
        symbol=reading.symbol,
        at=_at(cells["at"]),
        source=SOURCE,
        name=cells.get("name", ""),
        prev_close=prices["prev_close"],
        last=prices["last"],
        bids=_levels("bid", [prices[name] for name in _BIDS], falling=True),
        asks=_levels("ask", [prices[name] for name in _ASKS], falling=False),
        limit_down=down,
        limit_up=up,
        listed_on=_day(cells.get("listed_on", "")),
    )


def _price(name: str, text: str) -> Decimal | None:
    if not text:
        return None
    if not _PRICE.fullmatch(text) or not Decimal(text):
        raise Unreadable(f"{name} {text!r} is no price like 10.51; leave it empty where there is none")
    return Decimal(text)


def _levels(side: str, prices: Sequence[Decimal | None], *, falling: bool) -> tuple[Decimal, ...]:
    known = tuple(price for price in prices if price is not None)
    if known != tuple(prices[: len(known)]):
        raise Unreadable(f"{side} levels have a gap")
    if list(known) != sorted(set(known), reverse=falling):
        raise Unreadable(f"{side} levels are not in order, the best first")
    return known


def _at(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if _AT.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise Unreadable(f"at {text!r} is no time like 2026-11-20 10:00:00")
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = None
    if text and (day is None or day.isoformat() != text):
        raise Unreadable(f"listed_on {text!r} is no date like 2026-01-05")
    return day
