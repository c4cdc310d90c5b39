"""The limits of a person who answers for the orders: one declared table of checks over what an order asks and what was
sent before it. None can be switched off; each can be set wide.

A check is a row of `CHECKS`: its reason code, what it must know, and a function. `breach` asks them in the order of the
table, so the same order always gets the same answer, and a check whose facts are missing or too old denies. What the
checks know of earlier orders is `Counters`, a small value that `tally` makes for each order, and makes again from the
ledger after a restart.

Money is CNY, quantities are shares (bonds and repos: 张), percents are percent. A limit is the last value allowed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from itertools import groupby
from typing import NamedTuple

from filebridge.domain import market_rules
from filebridge.domain.bounds import ALL_DAY, Limits
from filebridge.domain.counters import Balance, Counters, DayCounts, Holding, value_of
from filebridge.domain.orders import SHANGHAI, OrderTerms, price_text
from filebridge.domain.quotes import Quote, is_believed
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import TRANSFERS, Takes, direction, facts_of, takes
from filebridge.domain.symbols import CASH, Board, InstrumentKind, board, instrument_kind

# Shares of one ST stock that an account may buy on a day: the exchanges' rules for stocks under risk warning.
ST_BUY_MAX = 500_000
_NOTHING = timedelta(0)
_ZERO = Decimal(0)


_WIDE = Limits()
_EVERYTHING = ("*",)
_NO_HOLDING = Holding()
_NOTHING_BEFORE = Counters()


class Need(StrEnum):
    """What a check must know beside the limits."""

    ROW = "ROW"  # the order alone: asked at the intake, and again before sending
    PAST = "PAST"  # what was sent before it, and the time of day
    QUOTE = "QUOTE"  # the market's prices
    BALANCE = "BALANCE"  # the account's money and positions


# What somebody else must have told, and not too long ago.
_OUTSIDE = frozenset({Need.QUOTE, Need.BALANCE})


@dataclass(slots=True)
class Asked:
    """An order before its checks; nothing in it changes. `quote` may be None where no check with that need is asked."""

    terms: OrderTerms
    limits: Limits
    now: datetime
    counters: Counters = _NOTHING_BEFORE
    quote: Quote | None = None
    # As its market counts; None: by the clock alone.
    quote_age: timedelta | None = None
    # Made once, for nearly every check looks at them. `order_value` is what counts among orders; transfers are counted
    # by themselves: `moved` is their money. Of shares that are moved nobody says what they are worth; they stay the
    # owner's.
    value: Decimal = field(init=False)
    takes: Takes = field(init=False)
    is_transfer: bool = field(init=False)
    order_value: Decimal = field(init=False)
    moved: Decimal = field(init=False)

    def __post_init__(self) -> None:
        self.value = value = value_of(self.terms, self.terms.quantity)
        # Lending by a repo is a SELL that takes money, no shares.
        self.takes = takes(self.terms)
        self.is_transfer = self.terms.side in TRANSFERS
        self.order_value, self.moved = (_ZERO, value) if self.is_transfer else (value, _ZERO)

    @property
    def is_loan(self) -> bool:
        return instrument_kind(self.terms.symbol) is InstrumentKind.REPO


class Check(NamedTuple):
    """`code` is the reason that it gives; the facts that `needs` names are there when `finds` is called."""

    code: str
    needs: Need
    finds: Callable[[Asked], Mapping[str, object] | None]


def breach(asked: Asked, needs: frozenset[Need] = frozenset(Need)) -> Reason | None:
    """The first limit that the order would break, of those whose needs are named; None if it keeps them all."""
    for need, checks in _by_need(needs):
        if need in _OUTSIDE and (missing := _missing(asked, need)) is not None:
            return missing
        for code, _, finds in checks:
            if (found := finds(asked)) is not None:
                return _reason(code, asked, found)
    return None


def is_about(reason: Reason, need: Need) -> bool:
    """Whether a limit was broken, or could not be looked at, by what is known of such facts."""
    return _NEED_OF.get(reason.code) is need


def must_wait(asked: Asked) -> bool:
    """Whether the account has sent all that it may within a second: the order keeps its place in the line."""
    return asked.counters.last_second >= asked.limits.orders_per_second_max


def balance_is_old(asked: Asked) -> bool:
    """Whether the broker is to be asked for the account's books again before the order is judged by them."""
    balance = asked.counters.balance
    return balance is None or not _NOTHING <= asked.now - balance.asked_at <= asked.limits.balance_age_max


def looks_at_prices(limits: Limits) -> bool:
    """Whether a limit on how far a price may be from the market's is set narrower than wide."""
    return (
        limits.price_from_last_percent_max < _WIDE.price_from_last_percent_max
        or limits.price_from_prev_close_percent_max < _WIDE.price_from_prev_close_percent_max
    )


def stale_quote(terms: OrderTerms, quote: Quote, age: timedelta, limits: Limits) -> Reason:
    """The newest quote is of so long ago that nothing is judged by it."""
    ages = {"age_seconds": f"{age.total_seconds():g}", "limit_seconds": f"{limits.quote_age_max.total_seconds():g}"}
    return Reason("QUOTE_STALE", {"symbol": terms.symbol, "account": terms.account, "source": quote.source, **ages})


def _reason(code: str, asked: Asked, found: Mapping[str, object]) -> Reason:
    said = {name: price_text(value) if isinstance(value, Decimal) else f"{value}" for name, value in found.items()}
    return Reason(code, {"symbol": asked.terms.symbol, "account": asked.terms.account, **said})


def _missing(asked: Asked, need: Need) -> Reason | None:
    """Why the facts that a check needs are not there; no check passes on what is not known."""
    if need is Need.BALANCE and not balance_is_old(asked):
        return None
    context = {"symbol": asked.terms.symbol, "account": asked.terms.account}
    if need is Need.BALANCE:
        limit = asked.limits.balance_age_max.total_seconds()
        return Reason("BALANCE_NOT_KNOWN", context | {"limit_seconds": f"{limit:g}"})
    if asked.quote is None or (not asked.quote.prev_close and looks_at_prices(asked.limits)):
        said = (
            {"text": "no previous close", "text_zh": "无昨收价"} if asked.quote else {"text": "none", "text_zh": "无"}
        )
        return Reason("QUOTE_MISSING", context | said)
    age = asked.now - asked.quote.at if asked.quote_age is None else asked.quote_age
    return (
        None
        if is_believed(age, asked.limits.quote_age_max)
        else stale_quote(asked.terms, asked.quote, age, asked.limits)
    )


# ---- the checks; each answers the values that its text names, or None


def _above(value: Decimal | int, limit: Decimal | int, **more: object) -> dict[str, object] | None:
    return {"value": value, "limit": limit, **more} if value > limit else None


# Symbols and strategies repeat, and their patterns do not change.
@lru_cache(maxsize=10_000)
def _fitting(value: str, patterns: tuple[str, ...]) -> str | None:
    return next((pattern for pattern in patterns if fnmatchcase(value, pattern)), None)


def _allowed(value: str, patterns: tuple[str, ...]) -> dict[str, object] | None:
    if patterns == _EVERYTHING or _fitting(value, patterns) is not None:
        return None
    return {"value": value, "limit": ", ".join(patterns)}


def _forbidden(value: str, patterns: tuple[str, ...]) -> dict[str, object] | None:
    pattern = _fitting(value, patterns) if patterns else None
    return None if pattern is None else {"value": value, "limit": pattern}


def _transfer(asked: Asked) -> dict[str, object] | None:
    """None may be made unless its direction is named: a file that moves money out is dangerous."""
    if not asked.is_transfer or asked.terms.side in (allowed := asked.limits.transfers_allowed):
        return None
    return {"value": asked.terms.side.value, "limit": ", ".join(allowed) or "-"}


def _symbol(asked: Asked) -> dict[str, object] | None:
    symbol = asked.terms.symbol
    return None if symbol == CASH else _allowed(symbol, asked.limits.symbols_allowed)


def _hour(asked: Asked) -> dict[str, object] | None:
    hours = asked.limits.hours_allowed
    if hours == ALL_DAY:
        return None
    clock = asked.now.astimezone(SHANGHAI).time()
    if any(_is_within(clock, starts, ends) for starts, ends in hours):
        return None
    spelled = (f"{starts:%H:%M}-{'24:00' if ends == time.max else f'{ends:%H:%M}'}" for starts, ends in hours)
    return {"value": f"{clock:%H:%M:%S}", "limit": ", ".join(spelled)}


def _is_within(clock: time, starts: time, ends: time) -> bool:
    """Half-open, over midnight where the end comes first; `time.max` is the end of the day."""
    if starts > ends:
        return clock >= starts or clock < ends
    return starts <= clock and (clock < ends or ends == time.max)


def _sent(counts: DayCounts, limit: int) -> dict[str, object] | None:
    return _above(counts.orders + counts.cancels + 1, limit)


def _repeated(asked: Asked) -> dict[str, object] | None:
    found = _above(asked.counters.repeats + 1, asked.limits.repeats_max)
    return found and {**found, "seconds": f"{asked.limits.repeat_time.total_seconds():g}"}


def _cancel_ratio(asked: Asked) -> dict[str, object] | None:
    counts, limits = asked.counters.account, asked.limits
    if counts.orders < limits.cancel_percent_from or counts.cancels * 100 <= limits.cancel_percent_max * counts.orders:
        return None
    return {"cancels": counts.cancels, "orders": counts.orders, "limit": limits.cancel_percent_max}


def _self_trade(asked: Asked) -> dict[str, object] | None:
    own, price = asked.counters.own_opposite, asked.terms.limit_price
    if own is None or asked.is_loan:
        return None
    # An order without a limit takes whatever stands there.
    meets = price is None or (price - own) * direction(asked.terms.side) >= 0
    return {"value": "-" if price is None else price, "own": own} if meets else None


def _distance(asked: Asked, base: Decimal | None, percent_max: Decimal) -> dict[str, object] | None:
    """Only what hurts: a buy above, a sale below."""
    price, sign = asked.terms.limit_price, direction(asked.terms.side)
    if asked.is_loan or not base or price is None or not sign:
        return None
    percent = (price - base) * sign * 100 / base
    return _above(percent, percent_max) and {
        "value": price,
        "base": base,
        "percent": percent.quantize(Decimal("0.01")),
        "limit": percent_max,
    }


def _quote(asked: Asked) -> Quote:
    assert asked.quote is not None, "a check was asked without its facts"
    return asked.quote


def _balance(asked: Asked) -> Balance:
    assert asked.counters.balance is not None, "a check was asked without its facts"
    return asked.counters.balance


def _st_stock(asked: Asked) -> dict[str, object] | None:
    terms = asked.terms
    applies = direction(terms.side) > 0 and board(terms.symbol) in (Board.MAIN, Board.CHINEXT, Board.STAR)
    if not applies or "ST" not in _quote(asked).name.upper():
        return None
    return _above(asked.counters.bought_qty + terms.quantity, ST_BUY_MAX)


def _position_value(asked: Asked) -> Decimal | None:
    """What the position may come to be worth at the order's price; None for what adds nothing to it."""
    terms = asked.terms
    if direction(terms.side) <= 0 or facts_of(terms.side).reduces:
        return None
    held = _balance(asked).holdings.get(terms.symbol, _NO_HOLDING).quantity
    return value_of(terms, held + asked.counters.exposed_qty + terms.quantity)


def _position(asked: Asked) -> dict[str, object] | None:
    value = _position_value(asked)
    return None if value is None else _above(value, asked.limits.position_value_cny_max)


def _concentration(asked: Asked) -> dict[str, object] | None:
    value, asset, limit = _position_value(asked), _balance(asked).total_asset, asked.limits.position_percent_max
    if value is None or value * 100 <= limit * asset:
        return None
    return {"value": value, "asset": asset, "limit": limit}


def _cash(asked: Asked) -> dict[str, object] | None:
    if asked.takes is not Takes.CASH:
        return None
    free = _balance(asked).cash - asked.counters.cash_reserved
    return _above(asked.value, free, reserved=asked.counters.cash_reserved)


def _sellable(asked: Asked) -> dict[str, object] | None:
    if asked.takes is not Takes.SHARES:
        return None
    reserved = asked.counters.sell_reserved
    return _above(asked.terms.quantity, _available(asked), reserved=reserved)


def _available(asked: Asked) -> int:
    held = _balance(asked).holdings.get(asked.terms.symbol, _NO_HOLDING)
    return held.available_qty - asked.counters.sell_reserved


def _odd_lot(asked: Asked) -> dict[str, object] | None:
    if asked.takes is not Takes.SHARES:
        return None
    # What is reserved for earlier orders the balance may show already or not: the odd rest must be whole either way.
    least = _available(asked)
    for available in (least, least + asked.counters.sell_reserved):
        found = market_rules.breach(asked.terms, available_qty=available)
        if found is not None and found.code == "ODD_LOT_NOT_WHOLE":
            return dict(found.context)
    return None


_R, _P, _Q, _B = Need.ROW, Need.PAST, Need.QUOTE, Need.BALANCE
CHECKS: tuple[Check, ...] = (
    Check("TRANSFER_NOT_ALLOWED", _R, _transfer),
    Check("TRANSFER_VALUE_ABOVE_LIMIT", _R, lambda a: _above(a.moved, a.limits.transfer_value_cny_max)),
    Check("SYMBOL_FORBIDDEN", _R, lambda a: _forbidden(a.terms.symbol, a.limits.symbols_forbidden)),
    Check("SYMBOL_NOT_ALLOWED", _R, _symbol),
    Check("STRATEGY_FORBIDDEN", _R, lambda a: _forbidden(a.terms.strategy, a.limits.strategies_forbidden)),
    Check("STRATEGY_NOT_ALLOWED", _R, lambda a: _allowed(a.terms.strategy, a.limits.strategies_allowed)),
    Check("ORDER_QUANTITY_ABOVE_LIMIT", _R, lambda a: _above(a.terms.quantity, a.limits.order_quantity_max)),
    Check("ORDER_VALUE_ABOVE_LIMIT", _R, lambda a: _above(a.order_value, a.limits.order_value_cny_max)),
    Check("HOUR_NOT_ALLOWED", _P, _hour),
    Check("ORDERS_PER_DAY_EXCEEDED", _P, lambda a: _sent(a.counters.account, a.limits.orders_per_day_max)),
    Check("TOTAL_ORDERS_PER_DAY_EXCEEDED", _P, lambda a: _sent(a.counters.total, a.limits.total_orders_per_day_max)),
    Check(
        *("DAY_VALUE_ABOVE_LIMIT", _P),
        lambda a: _above(a.counters.account.value + a.order_value, a.limits.day_value_cny_max),
    ),
    Check(
        *("TOTAL_DAY_VALUE_ABOVE_LIMIT", _P),
        lambda a: _above(a.counters.total.value + a.order_value, a.limits.total_day_value_cny_max),
    ),
    Check(
        *("TRANSFER_DAY_VALUE_ABOVE_LIMIT", _P),
        lambda a: _above(a.counters.account.moved + a.moved, a.limits.transfer_day_value_cny_max) if a.moved else None,
    ),
    Check(
        *("OPEN_ORDERS_ABOVE_LIMIT", _P),
        lambda a: _above(a.counters.account.open_orders + 1, a.limits.open_orders_max),
    ),
    Check(
        *("TOTAL_OPEN_ORDERS_ABOVE_LIMIT", _P),
        lambda a: _above(a.counters.total.open_orders + 1, a.limits.total_open_orders_max),
    ),
    Check("ORDER_REPEATED", _P, _repeated),
    Check("CANCEL_RATIO_ABOVE_LIMIT", _P, _cancel_ratio),
    Check("SELF_TRADE", _P, _self_trade),
    Check(
        *("PRICE_FAR_FROM_LAST", _Q),
        # Before the first trade of a day there is no last price.
        lambda a: _distance(a, _quote(a).last or _quote(a).prev_close, a.limits.price_from_last_percent_max),
    ),
    Check(
        *("PRICE_FAR_FROM_PREV_CLOSE", _Q),
        lambda a: _distance(a, _quote(a).prev_close, a.limits.price_from_prev_close_percent_max),
    ),
    Check("ST_BUY_ABOVE_LIMIT", _Q, _st_stock),
    Check("POSITION_VALUE_ABOVE_LIMIT", _B, _position),
    Check("CONCENTRATION_ABOVE_LIMIT", _B, _concentration),
    Check("CASH_NOT_ENOUGH", _B, _cash),
    Check("SELLABLE_NOT_ENOUGH", _B, _sellable),
    Check("ODD_LOT_NOT_WHOLE", _B, _odd_lot),
)
_NEED_OF: dict[str, Need] = {
    **{check.code: check.needs for check in CHECKS},
    "BALANCE_NOT_KNOWN": Need.BALANCE,
    "QUOTE_MISSING": Need.QUOTE,
    "QUOTE_STALE": Need.QUOTE,
}


@cache
def _by_need(needs: frozenset[Need]) -> tuple[tuple[Need, tuple[Check, ...]], ...]:
    """In the order of the table, those together that stand together in it and need the same."""
    asked = (check for check in CHECKS if check.needs in needs)
    return tuple((need, tuple(checks)) for need, checks in groupby(asked, key=lambda check: check.needs))
