"""The stock option account: premiums, margin of written options, locked underlying, exercise and expiry.

An option's terms are read from its name (`50ETF购4月2600`: call, April, strike 2.600), as the exchanges build it; an
option without such a name cannot be traded. Underlying shares lie in the option account itself. No clock, no file here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from filebridge.simulator.accounts import Account
from filebridge.simulator.books import Change, Hold
from filebridge.simulator.effects import COVERED, LOCKED, LONG, PLEDGED, SHORT
from filebridge.simulator.fees import FEN
from filebridge.simulator.instruments import Instrument
from filebridge.simulator.market import Market
from filebridge.simulator.money import THOUSANDTHS
from filebridge.simulator.postings import Case, Holding, Posting, gone, refused

NAME = re.compile(r"(?P<underlying>.+)(?P<kind>[购沽])(?P<month>\d{1,2})月(?P<strike>\d+)A?")
# What the exchanges' option names call the underlying, by the exchange of the option.
UNDERLYING = {
    "SHO": {"50ETF": "510050.SH", "300ETF": "510300.SH", "500ETF": "510500.SH", "科创50": "588000.SH"},
    "SZO": {"300ETF": "159919.SZ", "500ETF": "159922.SZ", "创业板ETF": "159915.SZ", "深证100ETF": "159901.SZ"},
}
# Least margin of a written option, in percent of the underlying's price (calls) or of the strike (puts).
MARGIN_PERCENT, MARGIN_PERCENT_LEAST = 12, 7
WEDNESDAY, FOURTH = 2, 4


@dataclass(frozen=True, slots=True)
class Terms:
    """`strike` in thousandths of a yuan, `units` shares of the underlying for one lot."""

    is_call: bool
    underlying: str
    month: int
    strike: int
    units: int

    def expiry(self, today: str) -> str:
        """The day on which it can be exercised: the fourth Wednesday of its month, in this year or the next."""
        this_year = _fourth_wednesday(int(today[:4]), self.month)
        return this_year if this_year >= today else _fourth_wednesday(int(today[:4]) + 1, self.month)

    def intrinsic(self, underlying_price: int) -> int:
        """What one share of it is worth when exercised; never negative."""
        gain = underlying_price - self.strike
        return max(0, gain if self.is_call else -gain)


def terms_of(instrument: Instrument) -> Terms | None:
    """None for what is no option, or an option whose name does not tell its terms."""
    exchange = instrument.symbol.partition(".")[2]
    named = NAME.fullmatch(instrument.name)
    underlying = UNDERLYING.get(exchange, {}).get(named["underlying"]) if named else None
    if named is None or underlying is None or not 1 <= int(named["month"]) <= 12:
        return None
    return Terms(
        named["kind"] == "购", underlying, int(named["month"]), int(named["strike"]), instrument.board.multiplier
    )


def lot_margin(instrument: Instrument, option_price: int, underlying_price: int) -> int:
    """The exchanges' least margin of one written lot, rounded up to the fen."""
    terms = terms_of(instrument)
    assert terms is not None
    out_of_the_money = max(0, (terms.strike - underlying_price) * (1 if terms.is_call else -1))
    least = MARGIN_PERCENT_LEAST * (underlying_price if terms.is_call else terms.strike)
    # Hundredths of a thousandth, so that the percentages stay whole.
    margin = max(MARGIN_PERCENT * underlying_price - 100 * out_of_the_money, least)
    margin += 100 * option_price * THOUSANDTHS // instrument.board.price_unit
    if not terms.is_call:
        margin = min(margin, 100 * terms.strike)
    return -(-margin * terms.units // (100 * FEN)) * FEN


def hold(case: Case) -> Holding:
    terms = terms_of(case.instrument)
    if terms is None:
        return refused("OPTION_UNKNOWN")
    account, business, quantity = case.account, case.business, case.order.quantity
    fee = quantity * case.fees.option_fee
    premium = case.instrument.board.amount(case.order.limit_price, quantity)
    holds: list[Hold] = []
    for leg in business.closes:
        if quantity > account.held(leg, case.symbol).available_qty:
            return refused("OPTION_POSITION_SHORT")
        holds.append([leg, case.symbol, quantity])
    # A sale pays its fee from the premium, and holds back what that leaves open.
    cash = premium + fee if business.side == "BUY" else max(0, fee - premium)
    if business.opens == SHORT:
        cash = quantity * _margin_now(case, terms) + fee
    elif business.opens == COVERED:
        cash = fee
        if quantity * terms.units > account.held(LOCKED, terms.underlying).available_qty:
            return refused("LOCKED_SHORT")
        holds.append([LOCKED, terms.underlying, quantity * terms.units])
    if cash > account.cash:
        return refused("OPTION_CASH_SHORT")
    return Holding(holds=[*holds, ["cash", "", cash]] if cash else holds)


def post(case: Case, last_qty: int, last_price: int) -> Posting:
    terms = terms_of(case.instrument)
    assert terms is not None
    account, business, symbol = case.account, case.business, case.symbol
    premium, fee = case.instrument.board.amount(last_price, last_qty), last_qty * case.fees.option_fee
    takes: list[Hold] = []
    changes: list[Change] = []
    for leg in business.closes:
        takes.append([leg, symbol, last_qty])
        parts = gone(account, leg, symbol, last_qty)
        changes += [*parts, *(["cash", -amount] for _, _, cell, amount in parts if cell == "margin")]
    shares = last_qty * terms.units
    if business.closes == (COVERED,):
        changes += moved(account, PLEDGED, LOCKED, terms.underlying, shares, available=True)
    margin = 0
    if business.opens:
        if business.opens == SHORT:
            margin = last_qty * _margin_now(case, terms)
        elif business.opens == COVERED:
            takes.append([LOCKED, terms.underlying, shares])
            changes += moved(account, LOCKED, PLEDGED, terms.underlying, shares)
        cost = premium + fee if business.side == "BUY" else premium - fee
        cells = (("quantity", last_qty), ("available_qty", last_qty), ("cost", cost), ("margin", margin))
        changes += [[business.opens, symbol, cell, amount] for cell, amount in cells]
    paid = fee + (premium if business.side == "BUY" else margin)
    taken = min(paid, case.order.frozen_cash)
    takes.append(["cash", "", taken])
    changes.append(["cash", taken - paid + (premium if business.side == "SELL" else 0)])
    return Posting(premium, fee, takes, changes)


def hold_exercise(case: Case) -> Holding:
    """Only on the day of expiry; carried out overnight. A call holds the money for the shares, a put the shares."""
    terms = terms_of(case.instrument)
    if terms is None or terms.is_call != (case.business.name == "CALL_EXERCISE"):
        return refused("EXERCISE_OF_OTHER_KIND")
    if terms.expiry(case.books.trade_date) != case.books.trade_date:
        return refused("NOT_EXERCISE_DAY")
    quantity, shares = case.order.quantity, case.order.quantity * terms.units
    if quantity > case.account.held(LONG, case.symbol).available_qty:
        return refused("OPTION_POSITION_SHORT")
    if not terms.is_call and shares > case.account.held(LONG, terms.underlying).available_qty:
        return refused("POSITION_SHORT")
    if terms.is_call and shares * terms.strike > case.account.cash:
        return refused("OPTION_CASH_SHORT")
    bound = ["cash", "", shares * terms.strike] if terms.is_call else [LONG, terms.underlying, shares]
    return Holding(holds=[[LONG, case.symbol, quantity], bound])


def post_exercise(case: Case, last_qty: int, last_price: int) -> Posting:
    terms = terms_of(case.instrument)
    assert terms is not None
    shares = last_qty * terms.units
    money = shares * terms.strike
    takes: list[Hold] = [[LONG, case.symbol, last_qty]]
    changes = gone(case.account, LONG, case.symbol, last_qty)
    if terms.is_call:
        takes.append(["cash", "", money])
        cells = (("quantity", shares), ("available_qty", shares), ("cost", money))
        changes += [[LONG, terms.underlying, cell, amount] for cell, amount in cells]
    else:
        takes.append([LONG, terms.underlying, shares])
        changes += [*gone(case.account, LONG, terms.underlying, shares), ["cash", money]]
    return Posting(money, 0, takes, changes)


def hold_lock(case: Case) -> Holding:
    leg = LONG if case.business.name == "LOCK" else LOCKED
    if case.symbol not in {symbol for names in UNDERLYING.values() for symbol in names.values()}:
        return refused("NOT_UNDERLYING")
    if case.order.quantity > case.account.held(leg, case.symbol).available_qty:
        return refused("POSITION_SHORT" if leg == LONG else "LOCKED_SHORT")
    return Holding(holds=[[leg, case.symbol, case.order.quantity]])


def post_lock(case: Case, last_qty: int, last_price: int) -> Posting:
    source, target = (LONG, LOCKED) if case.business.name == "LOCK" else (LOCKED, LONG)
    return Posting(0, 0, [[source, case.symbol, last_qty]], moved(case.account, source, target, case.symbol, last_qty))


def overnight(account: Account, market: Market, today: str, tomorrow: str) -> Iterator[list[Change]]:
    """Options whose day has passed leave the account; margins of the others follow the last prices."""
    for leg in (LONG, SHORT, COVERED):
        for symbol, held in list(account.legs[leg].items()):
            instrument = market.instrument(symbol)
            terms = terms_of(instrument) if instrument else None
            underlying = market.instrument(terms.underlying) if terms else None
            if instrument is None or terms is None or underlying is None or not held.quantity:
                continue
            price = market.quote(underlying).last
            if terms.expiry(today) < tomorrow:
                yield _expired(account, leg, symbol, terms, price)
            elif leg == SHORT:
                margin = held.quantity * lot_margin(instrument, market.quote(instrument).last, price)
                yield [[SHORT, symbol, "margin", margin - held.margin], ["cash", held.margin - margin]]


def moved(
    account: Account, source: str, target: str, symbol: str, quantity: int, *, available: bool = False
) -> list[Change]:
    """From one leg to another, with its share of cost; `available` if nothing had frozen it in the first."""
    changes = gone(account, source, symbol, quantity)
    cost = sum(-amount for _, _, cell, amount in changes if cell == "cost")
    if available:
        changes.append([source, symbol, "available_qty", -quantity])
    cells = (("quantity", quantity), ("available_qty", quantity), ("cost", cost))
    return changes + [[target, symbol, cell, amount] for cell, amount in cells]


def _expired(account: Account, leg: str, symbol: str, terms: Terms, price: int) -> list[Change]:
    """A bought option that was not exercised is worth nothing. Of a written one in the money the difference is paid;
    a covered one delivers its shares at the strike."""
    held = account.held(leg, symbol)
    shares = held.quantity * terms.units
    changes = [*gone(account, leg, symbol, held.quantity), [leg, symbol, "available_qty", -held.quantity]]
    if leg == SHORT:
        changes.append(["cash", held.margin - shares * terms.intrinsic(price)])
    if leg == COVERED and terms.intrinsic(price):
        delivered = gone(account, PLEDGED, terms.underlying, shares)
        changes += [*delivered, [PLEDGED, terms.underlying, "available_qty", -shares], ["cash", shares * terms.strike]]
    elif leg == COVERED:
        changes += moved(account, PLEDGED, LOCKED, terms.underlying, shares, available=True)
    return changes


def _margin_now(case: Case, terms: Terms) -> int:
    underlying = case.market.instrument(terms.underlying)
    assert underlying is not None
    return lot_margin(case.instrument, case.quote.prev_close, case.market.quote(underlying).prev_close)


def _fourth_wednesday(year: int, month: int) -> str:
    first = date(year, month, 1)
    return (first + timedelta(days=(WEDNESDAY - first.weekday()) % 7 + 7 * (FOURTH - 1))).isoformat()
