"""Stands in for xtquant's xtdata, with what filebridge asks of it: the market that the simulated counter trades in.

Like the real one it is a way of its own, beside the client's connection: each question is a connection to the counter.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filebridge.simulator.endpoint import dial, read_terminal

ANSWER_SECONDS = 5.0
# Symbols in one question: its line stays far below what a counter reads of one.
SYMBOLS_MAX = 1000


class NoMarketData(Exception):
    """Nobody answers; the real module raises a bare Exception of this text."""


class MarketData:
    """`xtquant.xtdata` of the counter that serves this folder."""

    def __init__(self, userdata: Path) -> None:
        self._userdata = userdata

    def get_full_tick(self, code_list: Sequence[str]) -> dict[str, Any]:
        return self._ask(code_list, "ticks")

    def get_instrument_detail_list(self, stock_list: Sequence[str], iscomplete: bool = False) -> dict[str, Any]:
        """As the real one: each symbol that was asked for, with None for one that it does not know."""
        found = self._ask(stock_list, "details")
        return {symbol: found.get(symbol) for symbol in stock_list}

    def _ask(self, symbols: Sequence[str], what: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for start in range(0, len(symbols), SYMBOLS_MAX):
            found |= self._part(list(symbols[start : start + SYMBOLS_MAX]))[what]
        return found

    def _part(self, symbols: list[str]) -> dict[str, Any]:
        terminal = read_terminal(self._userdata)
        if terminal is None:
            raise NoMarketData("无法连接xtquant服务，请检查QMT-投研版或QMT-极简版是否开启")
        try:
            link, answer = dial(terminal, {"hello": "quotes", "symbols": symbols}, ANSWER_SECONDS)
        except OSError as error:
            raise NoMarketData(f"无法连接xtquant服务，请检查QMT-投研版或QMT-极简版是否开启 ({error})") from error
        link.close()
        return answer
