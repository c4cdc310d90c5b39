"""The simulated market at one moment: what trades, at what price, in which phase, and what an order finds there.

The moment is set by `advance`; until then, and in a still market, none is needed. No orders are kept and no accounts
known here. Prices are in the price units of their board (see `money`).
"""

import csv
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from filebridge.domain.market import TradingCalendar, read_calendar
from filebridge.simulator.exchange_clock import DayPart, ExchangeClock, Phase
from filebridge.simulator.instruments import Instrument, Instruments
from filebridge.simulator.matching import (
    ORDER_TYPES,
    Depth,
    Execution,
    Level,
    allotted,
    auction_price,
    auction_volume,
    market_limit,
    take,
    without,
)
from filebridge.simulator.money import THOUSANDTHS, price, read_rows
from filebridge.simulator.prices import Quote, limits, still, walk, walking_depth
from filebridge.simulator.replay import Replay
from filebridge.simulator.settings import MarketSettings, SettingsRefused, read_settings

LOG = logging.getLogger(__name__)
PACKAGED_CALENDAR = Path(__file__).parents[1] / "trading_calendar.csv"
# The number of a tick: of a still price, of the day and its tick, or of a replayed row.
TickNumber = tuple[int, int]


class Offer(NamedTuple):
    """An order as an auction sees it."""

    side: str
    limit: int
    quantity: int


class Market:
    """`quote`, `depth` and what hangs on them hold for the moment of the last `advance`."""

    def __init__(
        self,
        market_csv: Path | None = None,
        settings: MarketSettings | None = None,
        instruments: Instruments | None = None,
        clock: ExchangeClock | None = None,
        replay: Replay | None = None,
    ) -> None:
        self.settings = settings or MarketSettings()
        self.instruments = instruments or Instruments()
        self._clock = clock or ExchangeClock()
        self._replay = replay
        self._now = datetime.min
        self._part = DayPart(0, 0, 1)
        # Prices that market.csv or a test set stand still; those of `_bases` walk around what market.csv says.
        self._pinned: dict[str, Quote] = {}
        self._bases: dict[str, Quote] = {}
        self._walked: dict[str, tuple[TickNumber, Quote]] = {}
        # What was taken out of the depth since its tick began, by price; the next tick brings new depth.
        self._taken: dict[tuple[str, str], tuple[TickNumber, dict[int, int]]] = {}
        self._market_csv = market_csv
        self._stamp: tuple[int, int] | None = None
        self.reread()

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument, or None for what is no symbol of an exchange known here."""
        return self.instruments.get(symbol)

    def price_unit(self, symbol: str) -> int:
        """How many price units make a yuan; thousandths for what is no symbol."""
        instrument = self.instrument(symbol)
        return instrument.board.price_unit if instrument else THOUSANDTHS

    def advance(self, now: datetime, watched: Iterable[str]) -> tuple[list[str], list[str]]:
        """Goes on to `now`. Of the watched symbols: those whose auction has just ended, and those with new depth."""
        watching = [found for symbol in watched if (found := self.instrument(symbol))]
        before = [(self.phase(instrument), self._tick(instrument)) for instrument in watching]
        self._now, self._part = now, self._clock.day_part(now)
        ended, moved = [], []
        for instrument, (phase, tick) in zip(watching, before, strict=True):
            new_phase = self.phase(instrument)
            if phase == Phase.AUCTION != new_phase:
                ended.append(instrument.symbol)
            if (new_phase, self._tick(instrument)) != (phase, tick):
                moved.append(instrument.symbol)
        return ended, moved

    # Rules of the moment

    def phase(self, instrument: Instrument) -> Phase:
        return self._clock.phase(instrument.board.board, self._now)

    def entry_problem(self, instrument: Instrument, order_type: str) -> str:
        """Why an order of this type is not taken now: a key of the counter's rejections, or nothing."""
        phase, kind, board = self.phase(instrument), ORDER_TYPES[order_type], instrument.board
        if kind.exchanges is not None and (
            board.exchange not in kind.exchanges or (board.exchange == "SZ" and not board.limit_percent)
        ):
            return "ORDER_TYPE_UNSUPPORTED"
        held = self.settings.closed == "hold" and self._clock.opens_later(board.board, self._now)
        if phase == Phase.CLOSED and not held:
            return "MARKET_CLOSED"
        return "ORDER_TYPE_NOT_NOW" if kind.is_market and phase != Phase.CONTINUOUS else ""

    def cancel_problem(self, instrument: Instrument) -> str:
        """The same for a cancel. Between two sessions of a day the counter itself takes it."""
        session = self._clock.session(instrument.board.board, self._now)
        if session is None:
            return "" if self._clock.opens_later(instrument.board.board, self._now) else "CANCEL_NOT_NOW"
        return "" if session.can_cancel else "CANCEL_NOT_NOW"

    # Prices

    def quote(self, instrument: Instrument) -> Quote:
        symbol = instrument.symbol
        if symbol in self._pinned:
            return self._pinned[symbol]
        if self.settings.prices == "walk":
            return self._walk(instrument)
        played = self._replay.quote(instrument, self._now) if self._replay else None
        if played:
            return played[0]
        if symbol not in self._bases:
            self._bases[symbol] = still(instrument)
        return self._bases[symbol]

    def depth(self, instrument: Instrument) -> Depth:
        """Five levels of each side. A still price has one, with its liquidity anew for each order."""
        quote, symbol = self.quote(instrument), instrument.symbol
        played = self._replay.quote(instrument, self._now) if self._replay else None
        if symbol in self._pinned or (self.settings.prices != "walk" and played is None):
            return quote.locked()
        tick = self._tick(instrument)
        if played:
            whole = played[1]
        else:
            whole = walking_depth(instrument, self.settings.seed, quote, tick, self.settings.spread_ticks)
        left = [without(whole.against(side), self._taken_since(symbol, side, tick)) for side in ("SELL", "BUY")]
        return Depth(*left)

    def market_price(self, instrument: Instrument, order_type: str, side: str, quantity: int, given: int) -> int:
        """The limit under which an order that is none of type LIMIT enters; 0 where nobody stands."""
        if order_type == "LATEST":
            return self.quote(instrument).last
        return market_limit(order_type, side, quantity, given, self.depth(instrument))

    # Trades

    def take(self, instrument: Instrument, offer: Offer) -> list[Execution]:
        """What the order trades now; it is gone from the depth then."""
        phase, depth = self.phase(instrument), self.depth(instrument)
        if phase == Phase.FIXED_PRICE:
            depth = self.quote(instrument).locked()
        if phase not in (Phase.CONTINUOUS, Phase.FIXED_PRICE):
            return []
        executions = take(offer.side, offer.quantity, offer.limit, depth.against(offer.side))
        taken = self._taken_since(instrument.symbol, offer.side, self._tick(instrument))
        for quantity, at in executions:
            taken[at] = taken.get(at, 0) + quantity
        return executions

    def available(self, instrument: Instrument, offer: Offer) -> int:
        """How much of the order would trade now; nothing is taken."""
        against = self.depth(instrument).against(offer.side)
        return sum(quantity for quantity, _ in take(offer.side, offer.quantity, offer.limit, against))

    def auction(self, instrument: Instrument, offers: list[Offer]) -> list[Execution]:
        """What each of the offers, in the order of their time, trades in the auction that has just ended.

        The others in it are the depth of the moment. A price that stands still is its own auction price.
        """
        depth, last = self.depth(instrument), self.quote(instrument).last
        if depth.bids and depth.asks and depth.bids[0].price >= depth.asks[0].price:
            taken = [take(offer.side, offer.quantity, offer.limit, depth.against(offer.side)) for offer in offers]
            return [each[0] if each else Execution(0, last) for each in taken]
        own = {side: [Level(o.limit, o.quantity) for o in offers if o.side == side] for side in ("BUY", "SELL")}
        others = {"BUY": depth.bids, "SELL": depth.asks}
        bids, asks = ([*others[side], *own[side]] for side in ("BUY", "SELL"))
        middle = instrument.board.exchange == "SH"
        at = auction_price(bids, asks, last, instrument.board.tick, middle=middle)
        if at is None:
            return [Execution(0, last)] * len(offers)
        volume = auction_volume(bids, asks, at)
        shares = {side: iter(allotted(side, at, own[side], others[side], volume)) for side in ("BUY", "SELL")}
        return [Execution(next(shares[offer.side]), at) for offer in offers]

    # Prices that somebody sets

    def set_price(self, symbol: str, *, last: int | None, prev_close: int | None = None) -> bool:
        """Has the price stand at `last`, in price units; False where there is no such symbol.

        Without `last` a walking price walks on, around `prev_close`.
        """
        instrument = self.instrument(symbol)
        if instrument is None:
            return False
        if last is None and self.settings.prices == "walk":
            self._pinned.pop(symbol, None)
            self._walked.pop(symbol, None)
            self._bases[symbol] = replace(still(instrument), prev_close=prev_close or still(instrument).prev_close)
            return True
        old = self.quote(instrument)
        close = old.prev_close if prev_close is None else prev_close
        down, up = limits(close, instrument.board)
        liquidity = still(instrument).liquidity
        self._pinned[symbol] = Quote(close, old.last if last is None else last, down, up, liquidity)
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
        instrument = self.instrument(row.get("symbol", ""))
        if instrument is None:
            LOG.warning("market.csv: no such symbol: %s", row)
            return False
        unit = instrument.board.price_unit
        try:
            last, close = (price(row[name], unit) if row.get(name) else None for name in ("last", "prev_close"))
        except ValueError as error:
            LOG.warning("market.csv: %s: %s", row, error)
            return False
        return self.set_price(instrument.symbol, last=last, prev_close=close)

    def _tick(self, instrument: Instrument) -> TickNumber:
        if instrument.symbol in self._pinned:
            return 0, 0
        if self.settings.prices == "walk":
            return self._part.day, self._part.second // self.settings.tick_seconds
        played = self._replay.quote(instrument, self._now) if self._replay else None
        return (1, played[2]) if played else (0, 0)

    def _walk(self, instrument: Instrument) -> Quote:
        tick, symbol = self._tick(instrument), instrument.symbol
        known = self._walked.get(symbol)
        if known is None or known[0] != tick:
            base = self._bases.get(symbol) or still(instrument)
            quote = walk(instrument, self.settings.seed, base, self._part, self.settings.tick_seconds)
            known = self._walked[symbol] = (tick, quote)
        return known[1]

    def _taken_since(self, symbol: str, side: str, tick: TickNumber) -> dict[int, int]:
        at, taken = self._taken.get((symbol, side), (None, {}))
        if at != tick:
            taken = {}
            self._taken[symbol, side] = (tick, taken)
        return taken


def open_market(userdata: Path) -> Market:
    """The market that the files of this folder describe. SettingsRefused where one of them cannot be taken as it is."""
    settings = read_settings(userdata)
    instruments = Instruments(userdata / "instruments.csv")
    clock = ExchangeClock(_calendar(userdata) if settings.hours == "exchange" else None)
    replay = Replay(userdata / settings.replay, instruments, settings.bar_seconds) if settings.replay else None
    return Market(userdata / "market.csv", settings, instruments, clock, replay)


def _calendar(userdata: Path) -> TradingCalendar:
    """The packaged trading days, and those that the user adds in calendar.csv."""
    own = userdata / "calendar.csv"
    paths = [PACKAGED_CALENDAR, own] if own.exists() else [PACKAGED_CALENDAR]
    try:
        return read_calendar(line for path in paths for line in path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"{own.name}: {error}") from None
