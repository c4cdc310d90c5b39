"""Prices from xtquant's xtdata, as quotes in our words. Runs inside the worker process, on a thread of its own.

xtdata is a way of its own beside xttrader, by another service of the terminal: it may be missing, slow or silent while
orders go well, so nothing of an order waits for it here.
"""

import importlib
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from filebridge.domain.orders import SHANGHAI, price_text
from filebridge.domain.quotes import LEVELS
from filebridge.simulator.xtdata import MarketData

Wire = dict[str, Any]
# What the ledger calls the two: a price that a program made up is never to be taken for the market's.
TERMINAL, SIMULATOR = "terminal", "simulator"


class XtQuotes:
    """Asks xtdata of the terminal, in paper mode its stand-in over the simulated counter."""

    def __init__(self, *, paper: bool, userdata: str) -> None:
        self._source = SIMULATOR if paper else TERMINAL
        self._stand_in = MarketData(Path(userdata)) if paper else None

    def ask(self, symbols: Sequence[str]) -> Wire:
        """The message home: the symbols that were asked for, a row for each that is known, and what went wrong."""
        answer: Wire = {"kind": "quotes", "source": self._source, "symbols": list(symbols), "rows": [], "text": ""}
        try:
            # Not before it is needed: it brings a great deal with it, and exists on Windows only.
            xtdata: Any = self._stand_in or importlib.import_module("xtquant.xtdata")
            ticks = xtdata.get_full_tick(list(symbols)) or {}
            details = xtdata.get_instrument_detail_list(list(symbols)) or {}
            rows = (_row(symbol, ticks.get(symbol) or {}, details.get(symbol) or {}) for symbol in symbols)
            answer["rows"] = [row for row in rows if row is not None]
        except Exception as error:  # noqa: BLE001  # why: whatever it raises, there is no price, and that is the answer
            answer["text"] = f"{type(error).__name__}: {error}"
        return answer


def _row(symbol: str, tick: Mapping[str, Any], detail: Mapping[str, Any]) -> Wire | None:
    """One symbol's quote; None where the terminal does not say as of when its values are."""
    at = _at(tick)
    if at is None:
        return None
    return {
        "symbol": symbol,
        "at": at.isoformat(timespec="milliseconds"),
        "name": str(detail.get("InstrumentName") or ""),
        "prev_close": _price(tick.get("lastClose")) or _price(detail.get("PreClose")),
        "last": _price(tick.get("lastPrice")),
        "bids": _levels(tick.get("bidPrice")),
        "asks": _levels(tick.get("askPrice")),
        "limit_down": _price(detail.get("DownStopPrice")),
        "limit_up": _price(detail.get("UpStopPrice")),
        "listed_on": _day(detail.get("OpenDate")),
    }


def _at(tick: Mapping[str, Any]) -> datetime | None:
    """`time` is in milliseconds since 1970; older terminals say `timetag` only."""
    moment = tick.get("time")
    if isinstance(moment, int | float) and 1e12 < moment < 1e13:
        return datetime.fromtimestamp(moment / 1000, SHANGHAI)
    try:
        return datetime.strptime(str(tick.get("timetag"))[:17], "%Y%m%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def _price(value: object) -> str:
    """To four places, as an order's report is read; empty for 0, NaN, or a number that stands for no limit."""
    if not isinstance(value, int | float) or not math.isfinite(value) or not 0 < value < 1e7:
        return ""
    return price_text(Decimal(repr(round(float(value), 4))))


def _levels(values: object) -> list[str]:
    """The prices of one side, the best first, up to the first level at which nobody stands."""
    found: list[str] = []
    for value in values[:LEVELS] if isinstance(values, list) else ():
        price = _price(value)
        if not price:
            break
        found.append(price)
    return found


def _day(value: object) -> str:
    """20260105 as 2026-01-05; empty for 0 and the other ways in which a terminal says that it does not know."""
    text = str(value)
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=SHANGHAI).date().isoformat() if len(text) == 8 else ""
    except ValueError:
        return ""
