"""The simulated market at one moment: what trades, at what price, in which phase, and what an order finds there.

The moment is set by `advance`; until then, and in a still market, none is needed. No orders are kept and no accounts
known here. Prices are in the price units of their board (see `money`).
"""

import csv
import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from filebridge.simulator.exchange_clock import SHANGHAI, ExchangeClock, Phase
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
from filebridge.simulator.prices import PriceSource, Quote, Said, Shown, StillPrices, Tick

LOG = logging.getLogger(__name__)
# Before the first `advance`; later than year 1 by a day, so that every offset can be counted from it.
NEVER = datetime(1, 1, 2, tzinfo=SHANGHAI)


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
        *,
        source: PriceSource | None = None,
        instruments: Instruments | None = None,
        clock: ExchangeClock | None = None,
        holds: bool = False,
    ) -> None:
        self.instruments = instruments or Instruments()
        self._source = source or StillPrices()
        self._clock = clock or ExchangeClock()
        self._holds = holds
        self._now = NEVER
        # What market.csv or a test says of a price: it then stands still, or (without `last`) moves from there.
        self._said: dict[str, Said] = {}
        # What was taken out of the depth since its tick began, by price; the next tick brings new depth.
        self._taken: dict[tuple[str, str], tuple[Tick, dict[int, int]]] = {}
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
        """Goes on to `now`. Of the watched symbols: those whose auction has ended, and those with new depth.

        The first moment of all changes nothing: whatever is watched then was there before, in another process.
        """
        watching = [] if self._now == NEVER else self._moving(watched)
        before = [(self.phase(instrument), self._tick(instrument)) for instrument in watching]
        then, self._now = self._now, now
        ended, moved = [], []
        for instrument, known in zip(watching, before, strict=True):
            if self._clock.auction_ended(instrument.board.board, then, now):
                ended.append(instrument.symbol)
            phase = self.phase(instrument)
            # What is left when the close comes has no part in the trade after hours.
            if phase == Phase.CONTINUOUS and (phase, self._tick(instrument)) != known:
                moved.append(instrument.symbol)
        return ended, moved

    def recall(self, symbol: str, side: str, execution: Execution, at: datetime) -> None:
        """A trade of an earlier process: if its tick still runs, what it took is gone from the depth."""
        instrument = self.instrument(symbol)
        if instrument and self._tick(instrument, at) == self._tick(instrument):
            self._note(instrument, side, execution)

    # Rules of the moment

    def phase(self, instrument: Instrument) -> Phase:
        return self._clock.phase(instrument.board.board, self._now)

    def is_after_hours(self, instrument: Instrument) -> bool:
        """Whether the fixed price after hours is traded; a market that is always open does so at any time."""
        return self._clock.always_open or self.phase(instrument) == Phase.FIXED_PRICE

    def entry_problem(self, instrument: Instrument, order_type: str) -> str:
        """Why an order of this type is not taken now: a key of the counter's rejections, or nothing."""
        phase, kind, board = self.phase(instrument), ORDER_TYPES[order_type], instrument.board
        if kind.exchanges is not None and (
            board.exchange not in kind.exchanges or (board.exchange == "SZ" and not board.limit_percent)
        ):
            return "ORDER_TYPE_UNSUPPORTED"
        held = self._holds and self._clock.opens_later(board.board, self._now)
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
        return self._shown(instrument).quote

    def depth(self, instrument: Instrument) -> Depth:
        """Five levels of each side, without what was taken since their tick began. A still price has one level, anew
        for each order."""
        shown = self._shown(instrument)
        if shown.tick is None:
            return shown.depth
        sides = {
            side: without(shown.depth.against(side), self._taken_since(instrument.symbol, side, shown.tick))
            for side in ("BUY", "SELL")
        }
        return Depth(bids=sides["SELL"], asks=sides["BUY"])

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
        for execution in executions:
            self._note(instrument, offer.side, execution)
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

        Without `last`, a price that moves goes on doing so, from `prev_close`.
        """
        instrument = self.instrument(symbol)
        if instrument is None:
            return False
        said = self._said.get(symbol, Said())
        if last is None and not self._source.moves(instrument):
            last = said.last
        self._said[symbol] = Said(last, said.prev_close if prev_close is None else prev_close)
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

    def _moving(self, symbols: Iterable[str]) -> list[Instrument]:
        """Those that time can change: what neither moves nor closes need not be looked at."""
        known = [found for symbol in symbols if (found := self.instrument(symbol))]
        return known if not self._clock.always_open else [each for each in known if self._source.moves(each)]

    def _tick(self, instrument: Instrument, at: datetime | None = None) -> Tick | None:
        return self._source.tick(instrument, at or self._now, self._said.get(instrument.symbol, Said()))

    def _shown(self, instrument: Instrument) -> Shown:
        return self._source.shown(instrument, self._now, self._said.get(instrument.symbol, Said()))

    def _note(self, instrument: Instrument, side: str, execution: Execution) -> None:
        tick = self._tick(instrument)
        if tick is not None:
            taken = self._taken_since(instrument.symbol, side, tick)
            taken[execution.price] = taken.get(execution.price, 0) + execution.quantity

    def _taken_since(self, symbol: str, side: str, tick: Tick) -> dict[int, int]:
        at, taken = self._taken.get((symbol, side), (None, {}))
        if at != tick:
            taken = {}
            self._taken[symbol, side] = (tick, taken)
        return taken
