"""Prices played again from a CSV file of ticks or of bars; read once and strictly, then asked for any moment.

Ticks: `symbol,time,last`, and as wanted `prev_close`, `volume`, and five levels `bid1,bid1_qty,ask1,ask1_qty`, ….
Bars: `symbol,time,open,high,low,close,volume`, and as wanted `prev_close`; a bar's time is its beginning, and it is
played as four ticks in `bar_seconds`: open, low, high, close if it rises, open, high, low, close if it falls. `time`
is `09:30:00` (played on every day) or `2026-01-05 09:30:00` (on its own days), the same in the whole file.
"""

import csv
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from filebridge.simulator.exchange_clock import SHANGHAI
from filebridge.simulator.instruments import Instrument, Instruments
from filebridge.simulator.matching import LEVELS, Depth, Level
from filebridge.simulator.money import price
from filebridge.simulator.prices import Quote, Said, Shown, Tick, limits, standing, still
from filebridge.simulator.settings import SettingsRefused

SIDES = ("bid", "ask")
LEVEL_COLUMNS = {f"{side}{n}{of}" for side in SIDES for n in range(1, LEVELS + 1) for of in ("", "_qty")}
TICK_COLUMNS = {"symbol", "time", "last"}
BAR_COLUMNS = {"symbol", "time", "open", "high", "low", "close", "volume"}
MORE_COLUMNS = {"tick": {"prev_close", "volume", *LEVEL_COLUMNS}, "bar": {"prev_close"}}
TIME_OF_DAY = re.compile("[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?")
# A file that is played on every day keeps its times on this one.
EVERY_DAY = datetime(1, 1, 1, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Row:
    at: datetime
    prev_close: int
    last: int
    volume: int | None
    depth: Depth | None


@dataclass(slots=True)
class Tape:
    """One symbol's rows in the order of their time; a bar is four of them."""

    times: list[datetime] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


class Replay:
    """The whole file; what is shown is the last row that is not after the moment. Other symbols stand still."""

    def __init__(self, path: Path, instruments: Instruments, bar_seconds: int) -> None:
        self._tapes: dict[str, Tape] = {}
        self._every_day: bool | None = None
        self._instruments = instruments
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                self._read(csv.DictReader(file, strict=True), bar_seconds)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SettingsRefused(f"{path.name}: {error}") from None
        except ValueError as error:
            raise SettingsRefused(f"{path.name}, {error}") from None

    def moves(self, instrument: Instrument) -> bool:
        return instrument.symbol in self._tapes

    def tick(self, instrument: Instrument, now: datetime, said: Said) -> Tick | None:
        tape = self._tapes.get(instrument.symbol)
        if tape is None or said.last is not None:
            return None
        local = now.astimezone(SHANGHAI)
        if not self._every_day:
            return 0, bisect_right(tape.times, local)
        at = local.replace(year=EVERY_DAY.year, month=EVERY_DAY.month, day=EVERY_DAY.day)
        return local.toordinal(), bisect_right(tape.times, at)

    def shown(self, instrument: Instrument, now: datetime, said: Said) -> Shown:
        """Before a symbol's first row its price is the previous close, and nobody stands on either side."""
        tick = self.tick(instrument, now, said._replace(last=None))
        if tick is None:
            return standing(still(instrument), instrument, said)
        rows, number = self._tapes[instrument.symbol].rows, tick[1]
        row = rows[max(number - 1, 0)]
        close = said.prev_close or row.prev_close
        down, up = limits(close, instrument.board)
        volume = still(instrument).liquidity if row.volume is None else row.volume
        quote = Quote(close, row.last, down, up, volume) if number else Quote(close, close, down, up, 0)
        if said.last is not None:
            return standing(quote, instrument, said)
        return Shown(quote, _within(row.depth or quote.locked(), quote) if number else Depth(), tick)

    def _read(self, reader: "csv.DictReader[str]", bar_seconds: int) -> None:
        header = {name.strip() for name in reader.fieldnames or ()}
        kind, needed = ("bar", BAR_COLUMNS) if "open" in header else ("tick", TICK_COLUMNS)
        missing, unknown = needed - header, header - needed - MORE_COLUMNS[kind]
        if missing or unknown:
            named = f"missing {', '.join(sorted(missing))}" if missing else f"unknown {', '.join(sorted(unknown))}"
            raise ValueError(f"line 1: columns {named}; this is read as a file of {kind}s")
        closes: dict[str, int] = {}
        for row in reader:
            try:
                if None in row or None in row.values():
                    raise ValueError("not as many values as columns")
                self._take({key.strip(): value.strip() for key, value in row.items()}, kind, closes, bar_seconds)
            except ValueError as error:
                raise ValueError(f"line {reader.line_num}: {error}") from None
        if not self._tapes:
            raise ValueError("line 1: no rows")

    def _take(self, row: dict[str, str], kind: str, closes: dict[str, int], bar_seconds: int) -> None:
        instrument = self._instruments.get(row["symbol"])
        if instrument is None:
            raise ValueError(f"no such symbol: {row['symbol']!r}")
        at, tape = self._time(row["time"]), self._tapes.setdefault(row["symbol"], Tape())
        if tape.times and at < tape.times[-1]:
            raise ValueError(f"{row['symbol']}: {row['time']} comes before the end of the row above")
        names = ("last",) if kind == "tick" else ("open", "high", "low", "close")
        prices = [_price(row, name, instrument) for name in names]
        volume = _quantity(row, "volume") if row.get("volume") else None
        if row.get("prev_close"):
            closes[row["symbol"]] = _price(row, "prev_close", instrument)
        elif not tape.rows:
            closes[row["symbol"]] = prices[0]
        elif at.date() != tape.times[-1].date():
            closes[row["symbol"]] = tape.rows[-1].last
        close, depth = closes[row["symbol"]], None
        if kind == "tick":
            depth = _depth(row, instrument)
        else:
            opens, high, low, last = prices
            if not low <= min(opens, last) <= max(opens, last) <= high:
                raise ValueError("high and low do not hold open and close between them")
            prices = [opens, *((low, high) if last >= opens else (high, low)), last]
        for number, at_price in enumerate(prices):
            tape.times.append(at + timedelta(seconds=bar_seconds) * number / len(prices))
            share = None if volume is None else volume // len(prices)
            tape.rows.append(Row(tape.times[-1], close, at_price, share, depth))

    def _time(self, text: str) -> datetime:
        every_day = TIME_OF_DAY.fullmatch(text) is not None
        if self._every_day not in (None, every_day):
            raise ValueError(f"{text!r}: times with and without a date in one file")
        self._every_day = every_day
        try:
            moment = datetime.fromisoformat(f"0001-01-01 {text}" if every_day else text)
        except ValueError:
            raise ValueError(f"not a time like 09:30:00 or 2026-01-05 09:30:00: {text!r}") from None
        if len(text) < len("2026-01-05 09:30:00") and not every_day:
            raise ValueError(f"not a time like 09:30:00 or 2026-01-05 09:30:00: {text!r}")
        return moment.astimezone(SHANGHAI) if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _price(row: dict[str, str], name: str, instrument: Instrument) -> int:
    board = instrument.board
    value = price(row[name], board.price_unit)
    # Compared with the text itself, so that rounding hides nothing.
    if value <= 0 or Decimal(row[name]) * board.price_unit != value or value % board.tick:
        raise ValueError(f"{name}: {row[name]!r} is no price on the tick of {instrument.symbol}")
    return value


def _quantity(row: dict[str, str], name: str) -> int:
    if not (row[name].isascii() and row[name].isdigit()):
        raise ValueError(f"{name}: {row[name]!r} is no whole number")
    return int(row[name])


def _depth(row: dict[str, str], instrument: Instrument) -> Depth | None:
    """The row's levels, if it has any; best first, without gaps, and bids below asks."""
    sides = []
    for side in SIDES:
        given = [n for n in range(1, LEVELS + 1) if row.get(f"{side}{n}")]
        if given != list(range(1, len(given) + 1)):
            raise ValueError(f"{side}: a level is missing between others")
        levels = [
            Level(_price(row, f"{side}{n}", instrument), _quantity(row, f"{side}{n}_qty"))
            for n in given
            if f"{side}{n}_qty" in row
        ]
        if len(levels) != len(given):
            raise ValueError(f"{side}: a price without its _qty column")
        if any((a.price <= b.price) if side == "bid" else (a.price >= b.price) for a, b in pairwise(levels)):
            raise ValueError(f"{side}: the levels are not in order, best first")
        sides.append(tuple(levels))
    bids, asks = sides
    if bids and asks and bids[0].price >= asks[0].price:
        raise ValueError("bid1 is not below ask1")
    return Depth(bids, asks) if bids or asks else None


def _within(depth: Depth, quote: Quote) -> Depth:
    """Nothing trades beyond the daily limits, whatever the file says."""

    def inside(levels: tuple[Level, ...]) -> tuple[Level, ...]:
        return tuple(lv for lv in levels if quote.limit_down <= lv.price <= quote.limit_up and lv.quantity)

    return Depth(inside(depth.bids), inside(depth.asks))
