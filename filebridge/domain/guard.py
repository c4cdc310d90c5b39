"""What the guard lets through: halted or not, only what reduces a position, which accounts are armed for live trading.

The limits judge an order by what it is; the guard judges it by how things stand. Whoever holds a `Stance` asks here
when a row comes in, and again when its order would leave.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from filebridge.domain.orders import OrderTerms
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import FACTS as SIDES
from filebridge.domain.symbols import InstrumentKind, instrument_kind


class Level(StrEnum):
    """How much may leave, beside cancels, which always may."""

    OPEN = "OPEN"
    REDUCE_ONLY = "REDUCE_ONLY"
    HALTED = "HALTED"


class Stance(NamedTuple):
    """How things stand. `why` and `by` say who set the level and what for; `armed` names the trade date for which each
    account was armed last."""

    level: Level = Level.OPEN
    why: Reason | None = None
    by: str = ""
    since: datetime | None = None
    armed: Mapping[str, date] = MappingProxyType({})

    @property
    def is_halted(self) -> bool:
        return self.level is Level.HALTED

    def arms(self, account: str, trade_date: date) -> bool:
        return self.armed.get(account) == trade_date


def refusal(terms: OrderTerms, stance: Stance) -> Reason | None:
    """Why no such order may leave now, or None."""
    if stance.level is not Level.OPEN:
        assert stance.why is not None
        said = {"text": stance.why.message, "text_zh": stance.why.message_zh, "by": stance.by}
        if stance.is_halted:
            return Reason("HALTED", said)
        if not reduces(terms):
            return Reason("REDUCE_ONLY", said | {"side": terms.side.value, "symbol": terms.symbol})
    if terms.mode == "live" and not stance.arms(terms.account, terms.trade_date):
        return Reason("LIVE_NOT_ARMED")
    return None


def reduces(terms: OrderTerms) -> bool:
    """Whether an order can only make a position or a debt smaller, by its side alone: how much is held is asked by the
    limits. Lending by a repo is a SELL as well, and makes a new position."""
    return SIDES[terms.side].reduces and instrument_kind(terms.symbol) is not InstrumentKind.REPO
