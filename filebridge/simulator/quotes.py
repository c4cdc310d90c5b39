"""What the market shows of some symbols, as xtquant's xtdata tells it: the tick of the moment, and the day's terms.

Prices in yuan, as floats, and 0 for what is not there: the shapes are xtquant's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from filebridge.simulator.instruments import Instrument
from filebridge.simulator.market import Market
from filebridge.simulator.matching import LEVELS, Level
from filebridge.simulator.prices import NO_LIMIT

Told = dict[str, dict[str, Any]]


def told(symbols: Sequence[str], market: Market, now: datetime) -> dict[str, Told]:
    """Of those that trade here: `ticks` as get_full_tick, `details` as get_instrument_detail_list answers."""
    known = [found for symbol in symbols if (found := market.instrument(symbol))]
    return {
        "ticks": {instrument.symbol: _tick(instrument, market, now) for instrument in known},
        "details": {instrument.symbol: _detail(instrument, market) for instrument in known},
    }


def _tick(instrument: Instrument, market: Market, now: datetime) -> dict[str, Any]:
    quote, depth, unit = market.quote(instrument), market.depth(instrument), instrument.board.price_unit
    return {
        "time": int(now.timestamp() * 1000),
        "timetag": f"{now:%Y%m%d %H:%M:%S}",
        "lastPrice": quote.last / unit,
        "lastClose": quote.prev_close / unit,
        **{name: _prices(levels, unit) for name, levels in (("bidPrice", depth.bids), ("askPrice", depth.asks))},
        **{name: _quantities(levels) for name, levels in (("bidVol", depth.bids), ("askVol", depth.asks))},
    }


def _detail(instrument: Instrument, market: Market) -> dict[str, Any]:
    quote, unit = market.quote(instrument), instrument.board.price_unit
    is_limited = quote.limit_up != NO_LIMIT
    return {
        "InstrumentID": instrument.symbol.partition(".")[0],
        "InstrumentName": instrument.name,
        "PreClose": quote.prev_close / unit,
        "UpStopPrice": quote.limit_up / unit if is_limited else 0.0,
        "DownStopPrice": quote.limit_down / unit if is_limited else 0.0,
        "PriceTick": instrument.board.tick / unit,
        # When a security was listed is not known here.
        "OpenDate": "",
    }


def _prices(levels: Sequence[Level], unit: int) -> list[float]:
    shown = [level.price / unit for level in levels[:LEVELS]]
    return shown + [0.0] * (LEVELS - len(shown))


def _quantities(levels: Sequence[Level]) -> list[int]:
    shown = [level.quantity for level in levels[:LEVELS]]
    return shown + [0] * (LEVELS - len(shown))
