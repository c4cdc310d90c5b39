"""What one lot of a future or an option is: how many units of its price it is worth, its tick, its largest orders.

One row for each product, by the exchange and the letters of its contracts. Sources: the contracts' specifications of
the six futures exchanges and the option rules of Shanghai and Shenzhen, as known in 2025. Where a product's tick was
changed, the finest stands here, and the exchange has the last word; a product that stands in no row is not traded.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from filebridge.domain.symbols import InstrumentKind, instrument_kind

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Contract(NamedTuple):
    """One lot is worth `multiplier` times its price in CNY; an order carries at most so many lots."""

    multiplier: int
    tick: Decimal
    limit_max: int
    market_max: int


# Exchange, largest limit and market orders in lots, then the products: letters, multiplier, tick.
_FUTURES: tuple[tuple[str, int, int, str], ...] = (
    ("IF", 20, 10, "IF 300 0.2, IH 300 0.2, IC 200 0.2, IM 200 0.2"),
    ("IF", 50, 30, "T 10000 0.005, TF 10000 0.005, TS 20000 0.001, TL 10000 0.01"),
    (
        *("SF", 500, 500),
        "cu 5 10, al 5 5, zn 5 5, pb 5 5, ni 1 10, sn 1 10, ao 20 1, ad 10 5, au 1000 0.02, ag 15 1, rb 10 1, hc 10 1, "
        "wr 10 1, ss 5 5, fu 10 1, bu 10 1, br 5 5, ru 10 5, sp 10 2",
    ),
    ("INE", 500, 500, "sc 1000 0.1, lu 10 1, nr 10 5, bc 5 10, ec 50 0.1"),
    (
        *("DF", 1000, 1000),
        "a 10 1, b 10 1, m 10 1, y 10 2, p 10 2, c 10 1, cs 10 1, rr 10 1, jd 10 1, lh 16 5, i 100 0.5, j 100 0.5, "
        "jm 60 0.5, l 5 1, v 5 1, pp 5 1, eg 10 1, eb 5 1, pg 20 1, fb 10 0.5, bb 500 0.05, lg 90 0.5, bz 30 1",
    ),
    (
        *("ZF", 1000, 200),
        "SR 10 1, CF 5 5, CY 5 5, TA 5 2, MA 10 1, FG 20 1, RM 10 1, OI 10 1, RS 10 1, PM 50 1, WH 20 1, RI 20 1, "
        "LR 20 1, JR 20 1, ZC 100 0.2, SF 5 2, SM 5 2, AP 10 1, CJ 5 5, UR 20 1, SA 20 1, PF 5 2, PK 5 2, SH 30 1, "
        "PX 5 2, PR 15 2",
    ),
    ("GF", 1000, 1000, "si 5 5, lc 1 10, ps 3 5, pt 1000 0.05, pd 1000 0.05"),
)
# A standard option on a fund is for 10,000 of its shares; one that a dividend has adjusted is for a few more.
_OPTION = Contract(10_000, Decimal("0.0001"), 50, 10)


def _products() -> Iterator[tuple[tuple[str, str], Contract]]:
    for exchange, limit_max, market_max, products in _FUTURES:
        for row in products.split(", "):
            letters, multiplier, tick = row.split()
            yield (exchange, letters), Contract(int(multiplier), Decimal(tick), limit_max, market_max)


CONTRACTS = dict(_products())


@lru_cache(maxsize=8192)
def contract_of(symbol: str) -> Contract | None:
    """The contract of a canonical symbol; None for what is none, or of a product that no row knows."""
    kind = instrument_kind(symbol)
    if kind is InstrumentKind.OPTION:
        return _OPTION
    number, _, exchange = symbol.partition(".")
    return CONTRACTS.get((exchange, product_of(number))) if kind is InstrumentKind.FUTURE else None


def product_of(number: str) -> str:
    """The letters of a contract: rb of rb2701, and of an option on it."""
    return number[: len(number) - len(number.lstrip(_LETTERS))]
