"""Where prices come from: a quote and its depth for each instrument, at a part of the day.

`still` depends on the symbol alone; `walk` on seed, symbol, day and tick number and on nothing else, so that any moment
can be computed without those before it, and a restart changes nothing. Integers only: the same on every machine. A
replay is in `replay`. No orders and no accounts here.
"""

import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, Protocol

from filebridge.simulator.exchange_clock import DayPart, ExchangeClock
from filebridge.simulator.instruments import Board, Instrument
from filebridge.simulator.matching import LEVELS, Depth, Level
from filebridge.simulator.money import to_tick

NO_LIMIT = 2**31 - 1
MILLION = 1_000_000

# Octaves of the walk: (period, amplitude), periods in days and in ticks, amplitudes in millionths of walk_percent.
# Their sums keep the change of a day below half of it and the way within a day below a further 0.4.
DAYS = ((64, 2_000_000), (16, 600_000), (4, 200_000), (1, 50_000))
TICKS = ((4800, 200_000), (1200, 100_000), (300, 60_000), (60, 25_000), (12, 10_000), (1, 5_000))
# The level drifts by tenths, never by halves, however lively the days are.
LEVEL_PERCENT_MAX = 10


@dataclass(frozen=True, slots=True)
class Quote:
    """What the market shows of one symbol, in price units; liquidity is what one order finds on the other side."""

    prev_close: int
    last: int
    limit_down: int
    limit_up: int
    liquidity: int

    def locked(self) -> Depth:
        """Both sides at the last price: the depth of a price that stands still."""
        level = (Level(self.last, self.liquidity),) if self.liquidity else ()
        return Depth(level, level)


# The number of a tick: of the day and within it, or of a replayed row.
Tick = tuple[int, int]


class Said(NamedTuple):
    """What a user says of a price, in price units; it stands still at `last` if there is one."""

    last: int | None = None
    prev_close: int | None = None


class Shown(NamedTuple):
    """What the market shows at a moment; `tick` None: it stands still, and each order finds the same depth anew."""

    quote: Quote
    depth: Depth
    tick: Tick | None


class PriceSource(Protocol):
    """`tick` is the tick of what `shown` shows, without the cost of it."""

    def moves(self, instrument: Instrument) -> bool: ...

    def tick(self, instrument: Instrument, now: datetime, said: Said) -> Tick | None: ...

    def shown(self, instrument: Instrument, now: datetime, said: Said) -> Shown: ...


class StillPrices:
    """The price of each symbol is its own, and changes by a user's word only."""

    def moves(self, instrument: Instrument) -> bool:
        return False

    def tick(self, instrument: Instrument, now: datetime, said: Said) -> Tick | None:
        return None

    def shown(self, instrument: Instrument, now: datetime, said: Said) -> Shown:
        return standing(still(instrument), instrument, said)


class WalkingPrices:
    """A walk for each symbol, by a seed; `prev_close` of a user's word is the level around which it walks."""

    def __init__(self, seed: int, tick_seconds: int, spread_ticks: int, clock: ExchangeClock) -> None:
        self._seed, self._tick_seconds, self._spread_ticks, self._clock = seed, tick_seconds, spread_ticks, clock
        self._last_shown: dict[str, tuple[Tick, Said, Shown]] = {}

    def moves(self, instrument: Instrument) -> bool:
        return instrument.board.liquidity_high > 0

    def tick(self, instrument: Instrument, now: datetime, said: Said) -> Tick | None:
        if said.last is not None or not self.moves(instrument):
            return None
        part = self._clock.day_part(now)
        return part.day, part.second // self._tick_seconds

    def shown(self, instrument: Instrument, now: datetime, said: Said) -> Shown:
        tick, part = self.tick(instrument, now, said), self._clock.day_part(now)
        if not self.moves(instrument):
            return standing(still(instrument), instrument, said)
        if tick is None:
            return standing(walk(instrument, self._seed, still(instrument), part, self._tick_seconds), instrument, said)
        known = self._last_shown.get(instrument.symbol)
        if known and known[:2] == (tick, said):
            return known[2]
        base = still(instrument)
        if said.prev_close:
            base = replace(base, prev_close=said.prev_close)
        quote = walk(instrument, self._seed, base, part, self._tick_seconds)
        shown = Shown(quote, walking_depth(instrument, self._seed, quote, tick, self._spread_ticks), tick)
        self._last_shown[instrument.symbol] = (tick, said, shown)
        return shown


def standing(quote: Quote, instrument: Instrument, said: Said) -> Shown:
    """The quote after a user's word, standing still."""
    close = quote.prev_close if said.prev_close is None else said.prev_close
    last = quote.last if said.last is None else said.last
    down, up = limits(close, instrument.board)
    quote = Quote(close, last, down, up, still(instrument).liquidity)
    return Shown(quote, quote.locked(), None)


@lru_cache(maxsize=4096)
def still(instrument: Instrument) -> Quote:
    """A price of its own for each symbol, the same in every run."""
    board, seed = instrument.board, zlib.crc32(instrument.symbol.encode())
    close = board.price_low + seed % max(1, board.price_high - board.price_low)
    close = max(board.tick, close - close % board.tick)
    down, up = limits(close, board)
    # The last price stands within 3 % of the previous close; a board with a narrower limit keeps it at that.
    drift = (seed >> 7) % 601 - 300 if board.price_low < board.price_high else 0
    last = to_tick(close * (10_000 + drift), 10_000, board.tick)
    liquidity = board.liquidity_low + (seed >> 3) % (board.liquidity_high - board.liquidity_low + 1)
    if liquidity > 100:
        liquidity -= liquidity % 100
    return Quote(close, min(max(last, down), up), down, up, liquidity)


def limits(prev_close: int, board: Board) -> tuple[int, int]:
    """The daily limits, down and up."""
    if not board.limit_percent:
        return board.tick, NO_LIMIT
    down = to_tick(prev_close * (100 - board.limit_percent), 100, board.tick)
    up = to_tick(prev_close * (100 + board.limit_percent), 100, board.tick)
    return max(down, board.tick), up


def walk(instrument: Instrument, seed: int, base: Quote, part: DayPart, tick_seconds: int) -> Quote:
    """The walk around `base` at a part of the day; a day closes exactly where the next one begins."""
    name, board = f"{seed}|{instrument.symbol}", instrument.board
    percent = board.walk_percent
    opens, closes = (_level(name, base.prev_close, day, percent) for day in (part.day, part.day + 1))
    prev_close = max(board.tick, to_tick(opens, MILLION, board.tick))
    tick, ticks = part.second // tick_seconds, max(1, part.seconds // tick_seconds)
    way = sum(_noise(f"{name}|{part.day}|{period}", tick, period, height) for period, height in TICKS)
    # The way within the day fades out towards both of its ends.
    fade = MILLION * min(4 * tick, 4 * (ticks - tick), ticks) // ticks
    swing = opens * percent // 100 * way // MILLION * fade // MILLION
    at = opens + (closes - opens) * tick // ticks + swing
    down, up = limits(prev_close, board)
    return replace(
        base,
        prev_close=prev_close,
        last=min(max(to_tick(at, MILLION, board.tick), down), up),
        limit_down=down,
        limit_up=up,
    )


def walking_depth(instrument: Instrument, seed: int, quote: Quote, tick: tuple[int, int], spread: int) -> Depth:
    """Five levels around the last price, which was either side's best or between them; none beyond a daily limit."""
    board = instrument.board
    bits = _hash(f"{seed}|{instrument.symbol}|{tick[0]}|{tick[1]}|depth")
    best_bid = quote.last - board.tick * (bits % (spread + 1))
    best_ask = best_bid + board.tick * spread
    sides: list[tuple[Level, ...]] = []
    for best, step in ((best_bid, -board.tick), (best_ask, board.tick)):
        levels = []
        for number in range(LEVELS):
            bits >>= 6
            # Further away more is waiting; all five together are about the symbol's liquidity.
            quantity = quote.liquidity * (number + 1) * (16 + bits % 64) // (15 * 48)
            quantity = max(board.buy_min, quantity - quantity % board.buy_step)
            at = best + number * step
            if quote.limit_down <= at <= quote.limit_up:
                levels.append(Level(at, quantity))
        sides.append(tuple(levels))
    return Depth(*sides)


@lru_cache(maxsize=4096)
def _level(name: str, base: int, day: int, percent: int) -> int:
    """Where the price stands when the day begins, in millionths of a price unit."""
    shift = sum(_noise(f"{name}|days|{period}", day, period, height) for period, height in DAYS)
    return base * MILLION + base * min(percent, LEVEL_PERCENT_MAX) * shift // 100


def _noise(name: str, at: int, period: int, height: int) -> int:
    """Between -height and +height: a random value at every `period`, and a straight line from each to the next."""
    number, rest = divmod(at, period)
    ends = (_hash(f"{name}|{number}") % MILLION, _hash(f"{name}|{number + 1}") % MILLION)
    between = ends[0] * (period - rest) + ends[1] * rest
    return height * (2 * between - MILLION * period) // (MILLION * period)


@lru_cache(maxsize=65_536)
def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
