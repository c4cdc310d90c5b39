"""The simulated market: which symbols trade, under which rules, and at what price.

Prices come from the symbol alone, so every run sees the same market, unless market.csv says otherwise. No orders, no
accounts and no sockets here. Money and prices are int, in thousandths of a yuan: exact, and amount = price x quantity.
"""

import csv
import logging
import math
import zlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

LOG = logging.getLogger(__name__)
HERE = Path(__file__).parent
THOUSANDTHS = 1000
EXCHANGES = ("SH", "SZ", "BJ")
LIQUIDITY_LOW, LIQUIDITY_HIGH = 50_000, 200_000


@dataclass(frozen=True, slots=True)
class Board:
    """Rules that all symbols of one board share; quantities in shares (bonds: 张), prices in thousandths."""

    exchange: str
    prefix: str
    board: str
    buy_min: int
    buy_step: int
    max_quantity: int
    tick: int
    limit_percent: int
    settle_days: int
    price_low: int
    price_high: int


@dataclass(frozen=True, slots=True)
class Instrument:
    symbol: str
    name: str
    board: Board


@dataclass(slots=True)
class Quote:
    """What the market shows of one symbol; liquidity is what one order finds on the other side."""

    prev_close: int
    last: int
    limit_down: int
    limit_up: int
    liquidity: int


class Market:
    """Instruments and quotes; `reread` takes in a changed market.csv."""

    def __init__(self, market_csv: Path | None = None) -> None:
        self._boards = _load_boards()
        self._names = {row["symbol"]: row["name"] for row in read_rows(HERE / "instruments.csv")}
        self._instruments: dict[str, Instrument] = {}
        self._quotes: dict[str, Quote] = {}
        self._market_csv = market_csv
        self._stamp: tuple[int, int] | None = None
        self.reread()

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument, or None for what is not six digits and a stock exchange."""
        known = self._instruments.get(symbol)
        if known is not None:
            return known
        digits, _, exchange = symbol.partition(".")
        if len(digits) != 6 or not (digits.isascii() and digits.isdigit()) or exchange not in EXCHANGES:
            return None
        boards = [b for b in self._boards if b.exchange == exchange and digits.startswith(b.prefix)]
        board = max(boards, key=lambda b: len(b.prefix))
        known = Instrument(symbol, self._names.get(symbol, f"模拟{digits}"), board)
        self._instruments[symbol] = known
        return known

    def quote(self, instrument: Instrument) -> Quote:
        quote = self._quotes.get(instrument.symbol)
        if quote is None:
            quote = self._quotes[instrument.symbol] = _seeded_quote(instrument)
        return quote

    def set_price(self, symbol: str, *, last: int | None, prev_close: int | None = None) -> bool:
        """Overrides a price in thousandths; False where there is no such symbol."""
        instrument = self.instrument(symbol)
        if instrument is None:
            return False
        old = self.quote(instrument)
        close = old.prev_close if prev_close is None else prev_close
        down, up = _limits(close, instrument.board)
        self._quotes[symbol] = Quote(close, old.last if last is None else last, down, up, old.liquidity)
        return True

    def reread(self) -> list[str]:
        """Takes in market.csv if it changed since the last look; the symbols that got a price."""
        if self._market_csv is None:
            return []
        try:
            stat = self._market_csv.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp == self._stamp:
                return []
            rows = read_rows(self._market_csv)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            # A file being saved at this moment reads badly once; the next look takes it whole.
            if not isinstance(error, FileNotFoundError):
                LOG.warning("market.csv cannot be read yet: %s", error)
            return []
        self._stamp = stamp
        return [row["symbol"] for row in rows if self._override(row)]

    def _override(self, row: dict[str, str]) -> bool:
        try:
            last, close = (price(row[name]) if row.get(name) else None for name in ("last", "prev_close"))
        except ValueError as error:
            LOG.warning("market.csv: %s: %s", row, error)
            return False
        accepted = bool(row.get("symbol")) and self.set_price(row["symbol"], last=last, prev_close=close)
        if not accepted:
            LOG.warning("market.csv: no such symbol: %s", row)
        return accepted


def price(text: str) -> int:
    """Thousandths of a yuan in `text`, rounded half up; ValueError for what is no positive number."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"not a number: {text!r}") from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"not a price: {text!r}")
    return int((value * THOUSANDTHS).to_integral_value(ROUND_HALF_UP))


def exact_price(value: float) -> int | None:
    """A broker's float as thousandths, or None if it is no number or finer than a thousandth."""
    if not math.isfinite(value) or abs(value) >= 2**31:
        return None
    nearest = round(value * THOUSANDTHS)
    return nearest if abs(value * THOUSANDTHS - nearest) < 1e-6 * max(1.0, abs(value)) else None


def _seeded_quote(instrument: Instrument) -> Quote:
    board, seed = instrument.board, zlib.crc32(instrument.symbol.encode())
    close = board.price_low + seed % (board.price_high - board.price_low)
    close -= close % board.tick
    down, up = _limits(close, board)
    # The last price stands within 3 % of the previous close, so that it is inside every board's limits.
    drift = (seed >> 7) % 601 - 300
    last = _to_tick(close * (10_000 + drift), 10_000, board.tick)
    liquidity = LIQUIDITY_LOW + (seed >> 3) % (LIQUIDITY_HIGH - LIQUIDITY_LOW + 1)
    return Quote(close, min(max(last, down), up), down, up, liquidity - liquidity % 100)


def _limits(prev_close: int, board: Board) -> tuple[int, int]:
    down = _to_tick(prev_close * (100 - board.limit_percent), 100, board.tick)
    up = _to_tick(prev_close * (100 + board.limit_percent), 100, board.tick)
    return max(down, board.tick), up


def _to_tick(numerator: int, denominator: int, tick: int) -> int:
    """numerator / denominator, rounded half up to the tick, as the exchanges round a daily limit."""
    unit = denominator * tick
    return (2 * numerator + unit) // (2 * unit) * tick


def _load_boards() -> list[Board]:
    return [
        Board(
            exchange=row["exchange"],
            prefix=row["prefix"],
            board=row["board"],
            buy_min=int(row["buy_min"]),
            buy_step=int(row["buy_step"]),
            max_quantity=int(row["max_quantity"]),
            tick=price(row["tick"]),
            limit_percent=int(row["limit_percent"]),
            settle_days=int(row["settle_days"]),
            price_low=price(row["price_low"]),
            price_high=price(row["price_high"]),
        )
        for row in read_rows(HERE / "boards.csv")
    ]


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a small CSV file that a user may have saved with a spreadsheet; everything is text."""
    # Excel writes a byte order mark; utf-8-sig takes a file with one or without.
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            {key.strip(): (value or "").strip() for key, value in row.items() if key} for row in csv.DictReader(file)
        ]
