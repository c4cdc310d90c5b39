"""Which security a text means: every spelling in, one canonical symbol out, and what kind of thing it is.

Canonical is xtquant's spelling: `600000.SH`, `000001.SZ`, `430047.BJ`, futures `IF2401.IF`, options `10004358.SHO`.
One table of prefixes says which exchange lists a number and as what. A spelling with two readings, or none, is
answered with a reason, never with a guess. Prices, lots and limits live elsewhere.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from filebridge.domain.reasons import Reason


class InstrumentKind(StrEnum):
    STOCK = "STOCK"
    ETF = "ETF"
    LOF = "LOF"
    CONVERTIBLE_BOND = "CONVERTIBLE_BOND"
    REPO = "REPO"
    # The codes under which new issues are subscribed to, where they are not the security's own.
    NEW_SHARE = "NEW_SHARE"
    NEW_BOND = "NEW_BOND"
    FUTURE = "FUTURE"
    # Money, which transfers move.
    CASH = "CASH"
    # Options on funds, of the stock exchanges; options on futures are OTHER.
    OPTION = "OPTION"
    OTHER = "OTHER"


# The symbol of what is money.
CASH = "CNY"


class Board(StrEnum):
    """Where a stock is listed; lots, limits and ticks differ by board."""

    MAIN = "MAIN"
    CHINEXT = "CHINEXT"
    STAR = "STAR"
    BSE = "BSE"


@dataclass(frozen=True, slots=True)
class SymbolReading:
    """A canonical symbol, and what was repaired to get it (None if nothing was)."""

    symbol: str
    note: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Listing:
    exchange: str
    kind: InstrumentKind
    board: Board | None
    prefixes: str


# Where two exchanges list a prefix (000: stocks of Shenzhen, indices of Shanghai; 111: convertible bonds of Shanghai),
# the earlier row is what a bare number means: a stock file means the stock.
_LISTINGS = (
    _Listing("SZ", InstrumentKind.STOCK, Board.MAIN, "000 001 002 003 004"),
    _Listing("SZ", InstrumentKind.STOCK, Board.CHINEXT, "300 301 302 309"),
    _Listing("SH", InstrumentKind.STOCK, Board.MAIN, "600 601 603 605"),
    _Listing("SH", InstrumentKind.STOCK, Board.STAR, "688 689"),
    _Listing("BJ", InstrumentKind.STOCK, Board.BSE, "43 83 87 88 92"),
    _Listing("SH", InstrumentKind.ETF, None, "510 511 512 513 515 516 517 518 520 530 551 560 561 562 563 588 589"),
    _Listing("SZ", InstrumentKind.ETF, None, "159"),
    _Listing("SH", InstrumentKind.LOF, None, "501 502 506"),
    _Listing("SZ", InstrumentKind.LOF, None, "160 161 162 163 164 165 166 167 168 169"),
    _Listing("SH", InstrumentKind.CONVERTIBLE_BOND, None, "110 111 113 118"),
    _Listing("SZ", InstrumentKind.CONVERTIBLE_BOND, None, "123 127 128"),
    _Listing("SH", InstrumentKind.REPO, None, "204"),
    _Listing("SZ", InstrumentKind.REPO, None, "1318"),
    # The exchanges' guides to code ranges: shares of 600, 601, 603, 605, 688; bonds of them, and of Shenzhen's boards.
    # In Shenzhen, and in Beijing since 2024, a new share is subscribed to under its own code.
    _Listing("SH", InstrumentKind.NEW_SHARE, None, "707 730 732 780 787"),
    _Listing("SH", InstrumentKind.NEW_BOND, None, "713 718 733 754 783"),
    _Listing("SZ", InstrumentKind.NEW_BOND, None, "070 071 072 073 370 371"),
    _Listing("BJ", InstrumentKind.NEW_SHARE, None, "889"),
    # Indices, B shares, closed and open funds, REITs, government bonds: known, so that they can be denied by name.
    _Listing("SH", InstrumentKind.OTHER, None, "000 900 500 505 508 519 010 018 019 020"),
    _Listing("SZ", InstrumentKind.OTHER, None, "200 395 399 150 180 184 111"),
    _Listing("BJ", InstrumentKind.OTHER, None, "81 82 899"),
)
_STOCK_EXCHANGES = ("SH", "SZ", "BJ")
_BY_EXCHANGE: dict[str, dict[str, _Listing]] = {
    exchange: {
        prefix: listing for listing in _LISTINGS if listing.exchange == exchange for prefix in listing.prefixes.split()
    }
    for exchange in _STOCK_EXCHANGES
}
_PREFIX_LENGTHS = (4, 3, 2)

# Every name of an exchange that users and their programs write -> the canonical suffix.
_EXCHANGES = {
    "SH": "SH", "SS": "SH", "SHSE": "SH", "SSE": "SH", "XSHG": "SH",
    "SZ": "SZ", "SZSE": "SZ", "XSHE": "SZ",
    "BJ": "BJ", "BJSE": "BJ", "BSE": "BJ",
}  # fmt: skip
_FUTURES_EXCHANGES = {
    "IF": "IF", "CFFEX": "IF",
    "SF": "SF", "SHFE": "SF",
    "DF": "DF", "DCE": "DF",
    "ZF": "ZF", "CZCE": "ZF",
    "INE": "INE",
    "GF": "GF", "GFEX": "GF",
}  # fmt: skip
_UPPER_CASE_CONTRACTS = ("IF", "ZF")
_OPTION_EXCHANGES = {"SHO": "SHO", "SZO": "SZO", "SH": "SHO", "SHSE": "SHO", "SZ": "SZO", "SZSE": "SZO"}
_OPTION_BY_PREFIX = {"10": "SHO", "90": "SZO"}

_SECURITY = re.compile(r"(?:([A-Z]+)\.?)?([0-9]{6})(?:\.?([A-Z]+))?")
_OPTION = re.compile(r"(?:([A-Z]+)\.)?([0-9]{8})(?:\.([A-Z]+))?")
_CONTRACT = r"[A-Za-z]{1,2}[0-9]{3,4}(?:-?[CPcp]-?[0-9]{1,6})?"
_FUTURE = re.compile(r"[A-Za-z]{1,2}[0-9]{3,4}")
_CONTRACT_FIRST = re.compile(rf"({_CONTRACT})\.([A-Za-z]+)")
_EXCHANGE_FIRST = re.compile(rf"([A-Za-z]+)\.({_CONTRACT})")
_SHORT_NUMBER = re.compile(r"[0-9]{1,5}")
_FULL_WIDTH = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x3000: 0x20}


def half_width(text: str) -> str:
    """Full-width letters, digits, signs and the ideographic space as their ASCII twins; nothing else changes."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def read_symbol(text: str) -> SymbolReading | Reason:
    """The one security that `text` means, or the reason why it cannot be said."""
    plain = half_width(text).strip()
    upper = plain.upper()
    if match := _SECURITY.fullmatch(upper):
        return _security(plain, match)
    if _SHORT_NUMBER.fullmatch(upper):
        return _short_number(plain)
    if match := _OPTION.fullmatch(upper):
        return _option(plain, match)
    return _future(plain)


def instrument_kind(symbol: str) -> InstrumentKind:
    """The kind of a canonical symbol; what no table row knows is OTHER."""
    listing = _listing_of(symbol)
    return listing.kind if listing else _derivative(symbol)


def board(symbol: str) -> Board | None:
    """The board of a canonical stock symbol; None for everything else."""
    listing = _listing_of(symbol)
    return listing.board if listing else None


@lru_cache(maxsize=8192)
def _derivative(symbol: str) -> InstrumentKind:
    if symbol == CASH:
        return InstrumentKind.CASH
    number, _, exchange = symbol.partition(".")
    if exchange in _OPTION_BY_PREFIX.values():
        return InstrumentKind.OPTION
    is_future = exchange in _FUTURES_EXCHANGES.values() and _FUTURE.fullmatch(number)
    return InstrumentKind.FUTURE if is_future else InstrumentKind.OTHER


@lru_cache(maxsize=8192)
def _listing_of(symbol: str) -> _Listing | None:
    number, _, exchange = symbol.partition(".")
    return _listing(number, exchange)


def _listing(number: str, exchange: str) -> _Listing | None:
    rows = _BY_EXCHANGE.get(exchange, {})
    return next((rows[number[:length]] for length in _PREFIX_LENGTHS if number[:length] in rows), None)


def _listings(number: str) -> list[_Listing]:
    """Every exchange's row for this number; the one that a bare number means comes first."""
    found = [listing for exchange in _STOCK_EXCHANGES if (listing := _listing(number, exchange))]
    return sorted(found, key=_LISTINGS.index)


def _security(plain: str, match: re.Match[str]) -> SymbolReading | Reason:
    before, number, after = match.groups()
    if before and after:
        return _not_recognised(plain)
    listings = _listings(number)
    if not (before or after):
        return SymbolReading(f"{number}.{listings[0].exchange}") if listings else _not_recognised(plain)
    exchange = _EXCHANGES.get(before or after)
    if exchange is None:
        return _not_recognised(plain)
    # A number that no row knows may be a new kind of listing: the named exchange stands, its kind is OTHER.
    if listings and exchange not in [listing.exchange for listing in listings]:
        meant = f"{number}.{listings[0].exchange}"
        return Reason("SYMBOL_EXCHANGE_MISMATCH", {"value": plain, "symbol": meant})
    return SymbolReading(f"{number}.{exchange}")


def _short_number(plain: str) -> SymbolReading | Reason:
    """Excel eats the zeros of 000001, all of them. Only a stock is restored: there the zeros have one reading.

    Who wrote 00700 kept zeros: in Hong Kong, where a number has five digits, that is another security than 000700.
    """
    number = plain.zfill(6)
    listings = _listings(number)
    if not listings or listings[0].kind is not InstrumentKind.STOCK:
        return _not_recognised(plain)
    symbol = f"{number}.{listings[0].exchange}"
    if plain[0] == "0":
        return Reason("SYMBOL_ZEROS_AMBIGUOUS", {"value": plain, "symbol": symbol})
    return SymbolReading(symbol, Reason("SYMBOL_ZEROS_RESTORED", {"value": plain, "symbol": symbol}))


def _option(plain: str, match: re.Match[str]) -> SymbolReading | Reason:
    before, number, after = match.groups()
    listed_at = _OPTION_BY_PREFIX.get(number[:2])
    if listed_at is None or (before and after):
        return _not_recognised(plain)
    named = before or after
    if named is None:
        return SymbolReading(f"{number}.{listed_at}")
    exchange = _OPTION_EXCHANGES.get(named)
    if exchange is None:
        return _not_recognised(plain)
    if exchange != listed_at:
        return Reason("SYMBOL_EXCHANGE_MISMATCH", {"value": plain, "symbol": f"{number}.{listed_at}"})
    return SymbolReading(f"{number}.{exchange}")


def _future(plain: str) -> SymbolReading | Reason:
    if match := _CONTRACT_FIRST.fullmatch(plain):
        contract, named = match.groups()
    elif match := _EXCHANGE_FIRST.fullmatch(plain):
        named, contract = match.groups()
    else:
        return _not_recognised(plain)
    exchange = _FUTURES_EXCHANGES.get(named.upper())
    if exchange is None:
        return _not_recognised(plain)
    spelled = contract.upper() if exchange in _UPPER_CASE_CONTRACTS else contract
    return SymbolReading(f"{spelled}.{exchange}")


def _not_recognised(plain: str) -> Reason:
    return Reason("SYMBOL_NOT_RECOGNISED", {"value": plain})
