"""Which symbols trade, under which name, and under which rules of their board.

boards.csv holds the rules, by exchange and prefix; instruments.csv the names, and where a security's rules differ
from its board's. Both may be extended by an instruments.csv of the user. No prices of the day here.
"""

import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from filebridge.simulator.money import THOUSANDTHS, price, read_rows
from filebridge.simulator.settings import SettingsRefused

HERE = Path(__file__).parent
# What stands before the dot, by what stands behind it: securities, options, and futures by their product's letters.
NUMBERS = {
    **dict.fromkeys(("SH", "SZ", "BJ"), re.compile("[0-9]{6}")),
    **dict.fromkeys(("SHO", "SZO"), re.compile("[0-9]{8}")),
    **dict.fromkeys(("IF", "SF", "DF", "ZF", "INE", "GF"), re.compile("[A-Za-z]{1,2}[0-9]{3,4}")),
}
STOCK_BOARDS = frozenset({"MAIN", "CHINEXT", "STAR", "BSE"})


@dataclass(frozen=True, slots=True)
class Board:
    """Rules that all symbols of one board share; `price_unit` price units make a yuan, the tick is in price units.

    Quantities are in what the broker counts: shares, 张 of bonds and repos, lots (手, 张) of futures and options; a lot
    is `multiplier` times its price. `limit_percent` 0: no daily limit; `settle_days` 0: sold on the day of the buy. How
    far a walking price goes in a day is measured by `walk_percent`, at most the daily limit.
    """

    exchange: str
    prefix: str
    board: str
    product: str
    buy_min: int
    buy_step: int
    max_quantity: int
    max_market_quantity: int
    tick: int
    limit_percent: int
    walk_percent: int
    settle_days: int
    multiplier: int
    price_low: int
    price_high: int
    liquidity_low: int
    liquidity_high: int
    price_unit: int = THOUSANDTHS

    def amount(self, price: int, quantity: int) -> int:
        """What `quantity` costs at `price`, in thousandths of a yuan."""
        return price * quantity * self.multiplier * THOUSANDTHS // self.price_unit


@dataclass(frozen=True, slots=True)
class Instrument:
    symbol: str
    name: str
    board: Board


COUNTS = (
    *("buy_min", "buy_step", "max_quantity", "max_market_quantity", "limit_percent", "walk_percent"),
    *("settle_days", "multiplier", "liquidity_low", "liquidity_high"),
)
PRICES = ("tick", "price_low", "price_high")
RULES = frozenset({field.name for field in fields(Board)} - {"exchange", "prefix", "price_unit"})


class Instruments:
    """All instruments by symbol; an unlisted symbol takes its board's rules and a made-up name."""

    def __init__(self, own: Path | None = None) -> None:
        self._boards = [_board(row) for row in read_rows(HERE / "boards.csv")]
        self._rows = {row["symbol"]: row for row in read_rows(HERE / "instruments.csv")}
        self._known: dict[str, Instrument] = {}
        if own is not None and own.exists():
            self._take_in(own)

    def get(self, symbol: str) -> Instrument | None:
        """The instrument, or None for what is no symbol of an exchange known here."""
        known = self._known.get(symbol)
        if known is None and (board := self._board_of(symbol)) is not None:
            known = self._known[symbol] = _instrument(symbol, board, self._rows.get(symbol, {}))
        return known

    def listed(self) -> list[str]:
        """The symbols of both lists, in their order."""
        return list(self._rows)

    def _board_of(self, symbol: str) -> Board | None:
        number, _, exchange = symbol.partition(".")
        pattern = NUMBERS.get(exchange)
        if pattern is None or not pattern.fullmatch(number):
            return None
        named = self._rows.get(symbol, {}).get("board")
        boards = [board for board in self._boards if board.exchange == exchange]
        if named:
            return next((board for board in boards if board.board == named), None)
        letters = number.rstrip("0123456789")
        fitting = [b for b in boards if (b.prefix == letters if letters else number.startswith(b.prefix))]
        return max(fitting, key=lambda board: len(board.prefix), default=None)

    def _take_in(self, path: Path) -> None:
        try:
            rows = read_rows(path)
        except (OSError, ValueError) as error:
            raise SettingsRefused(f"{path.name}: {error}") from None
        for line, row in enumerate(rows, start=2):
            unknown = set(row) - RULES - {"symbol", "name"}
            if unknown:
                raise SettingsRefused(f"{path.name}: unknown columns {', '.join(sorted(unknown))}")
            self._rows[row.get("symbol", "")] = row
            try:
                if self.get(row.get("symbol", "")) is None:
                    raise ValueError(f"no board takes the symbol {row.get('symbol')!r}")
            except ValueError as error:
                raise SettingsRefused(f"{path.name}, line {line}: {error}") from None


def _instrument(symbol: str, board: Board, row: dict[str, str]) -> Instrument:
    number = symbol.partition(".")[0]
    own = {name: row[name] for name in (*COUNTS, *PRICES) if row.get(name)}
    if own:
        unit = _price_unit(own["tick"]) if "tick" in own else board.price_unit
        if unit != board.price_unit and not set(PRICES) <= set(own):
            raise ValueError(f"{symbol}: with this tick, price_low and price_high must be given too")
        numbers: dict[str, Any] = _numbers(own, unit)
        board = replace(board, **numbers, price_unit=unit)
    made_up = board.product + number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    return Instrument(symbol, row.get("name") or (made_up if board.product else f"模拟{number}"), board)


def _board(row: dict[str, str]) -> Board:
    unit = _price_unit(row["tick"])
    values: dict[str, Any] = {name: row[name] for name in ("exchange", "prefix", "board", "product")}
    return Board(**values | _numbers(row, unit), price_unit=unit)


def _numbers(row: dict[str, str], unit: int) -> dict[str, int]:
    """The counts and prices that the row holds; ValueError for what is no number, or no tick."""
    numbers = {name: int(row[name]) for name in COUNTS if name in row}
    numbers |= {name: price(row[name], unit) for name in PRICES if name in row}
    for name in ("tick", "buy_min", "buy_step", "multiplier", "price_low", "walk_percent"):
        if numbers.get(name, 1) <= 0:
            raise ValueError(f"{name} must be more than 0")
    return numbers


def _price_unit(tick: str) -> int:
    """Thousandths, or ten-thousandths where the tick is finer; ValueError for what is no number."""
    finest = price(tick, THOUSANDTHS * 10)
    return THOUSANDTHS * 10 if finest % 10 else THOUSANDTHS
