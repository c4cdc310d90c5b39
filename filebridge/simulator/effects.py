"""The businesses that an order can be: what each does at the market and in the books, one row each.

xtquant's order types (its xtconstant.py) come in here and go out again; the counter speaks of a business by name.
No accounts and no prices here. To add a business is to add a row, and a function where its money moves in a new way.
"""

from typing import NamedTuple

FUTURE, STOCK, CREDIT, STOCK_OPTION = 1, 2, 3, 6
HUGANGTONG, SHENGANGTONG = 7, 11

# Where an account holds what: a leg is one column of holdings, from which one kind of order closes.
# Futures keep yesterday's and today's positions apart, because their orders do.
LONG, LONG_TODAY, SHORT, SHORT_TODAY = "LONG", "LONG_TODAY", "SHORT", "SHORT_TODAY"
# Options: written against locked underlying; the underlying that is locked, and what a written option holds of it.
COVERED, LOCKED, PLEDGED = "COVERED", "LOCKED", "PLEDGED"
LEGS = (LONG, LONG_TODAY, SHORT, SHORT_TODAY, COVERED, LOCKED, PLEDGED)
NEXT_DAY = {LONG_TODAY: LONG, SHORT_TODAY: SHORT}
SHORT_LEGS = frozenset({SHORT, SHORT_TODAY, COVERED})

# Numbers of the terminal (xtconstant.py): which way a position looks, and what an order does to it.
DIRECTION_LONG, DIRECTION_SHORT = 48, 49
OFFSET_OPEN, OFFSET_CLOSE, OFFSET_CLOSE_TODAY, OFFSET_CLOSE_YESTERDAY = 48, 49, 51, 52


class Business(NamedTuple):
    """`side` is how the order meets the market, "" if it never does. It closes from the legs in their order, and what
    is left of its quantity opens a position, unless `opens` is empty. `money` names who works out cash and debts."""

    name: str
    side: str
    money: str
    closes: tuple[str, ...] = ()
    opens: str = ""
    special: bool = False

    @property
    def direction(self) -> int:
        """As futures and options show it; stocks are always long."""
        legs = (*self.closes, self.opens)
        return DIRECTION_SHORT if legs[0] in SHORT_LEGS else DIRECTION_LONG

    @property
    def offset_flag(self) -> int:
        """Stocks show a buy as an opening and a sell as a closing; so do all that only look like them."""
        if self.money in ("MARGIN", "PREMIUM"):
            first = self.closes[:1]
            if not first or self.opens:
                return OFFSET_OPEN
            if len(self.closes) == 1 and self.money == "MARGIN":
                return OFFSET_CLOSE_YESTERDAY if first[0] in NEXT_DAY.values() else OFFSET_CLOSE_TODAY
            return OFFSET_CLOSE
        return OFFSET_OPEN if self.side == "BUY" else OFFSET_CLOSE


def _rows(special: bool) -> tuple[Business, ...]:
    end = "_SPECIAL" if special else ""
    return (
        Business(f"MARGIN_BUY{end}", "BUY", "MARGIN_BUY", opens=LONG, special=special),
        Business(f"SHORT_SELL{end}", "SELL", "SHORT_SELL", special=special),
        Business(f"BUY_TO_RETURN{end}", "BUY", "BUY_TO_RETURN", special=special),
        Business(f"DIRECT_RETURN{end}", "", "DIRECT_RETURN", closes=(LONG,), special=special),
        Business(f"SELL_TO_REPAY{end}", "SELL", "SELL_TO_REPAY", closes=(LONG,), special=special),
        Business(f"DIRECT_REPAY{end}", "", "DIRECT_REPAY", special=special),
    )


BUY = Business("BUY", "BUY", "PLAIN", opens=LONG)
SELL = Business("SELL", "SELL", "PLAIN", closes=(LONG,))
LEND = Business("LEND", "SELL", "LEND")
# Never matched: the night ends it without a share.
SUBSCRIBE = Business("SUBSCRIBE", "", "SUBSCRIBE")
_PLAIN = {23: BUY, 24: SELL}
_FUTURES = (
    Business("OPEN_LONG", "BUY", "MARGIN", opens=LONG_TODAY),
    Business("CLOSE_LONG_HISTORY", "SELL", "MARGIN", (LONG,)),
    Business("CLOSE_LONG_TODAY", "SELL", "MARGIN", (LONG_TODAY,)),
    Business("OPEN_SHORT", "SELL", "MARGIN", opens=SHORT_TODAY),
    Business("CLOSE_SHORT_HISTORY", "BUY", "MARGIN", (SHORT,)),
    Business("CLOSE_SHORT_TODAY", "BUY", "MARGIN", (SHORT_TODAY,)),
    Business("CLOSE_LONG_TODAY_FIRST", "SELL", "MARGIN", (LONG_TODAY, LONG)),
    Business("CLOSE_LONG_HISTORY_FIRST", "SELL", "MARGIN", (LONG, LONG_TODAY)),
    Business("CLOSE_SHORT_TODAY_FIRST", "BUY", "MARGIN", (SHORT_TODAY, SHORT)),
    Business("CLOSE_SHORT_HISTORY_FIRST", "BUY", "MARGIN", (SHORT, SHORT_TODAY)),
    Business("CLOSE_LONG_TODAY_HISTORY_THEN_OPEN_SHORT", "SELL", "MARGIN", (LONG_TODAY, LONG), SHORT_TODAY),
    Business("CLOSE_LONG_HISTORY_TODAY_THEN_OPEN_SHORT", "SELL", "MARGIN", (LONG, LONG_TODAY), SHORT_TODAY),
    Business("CLOSE_SHORT_TODAY_HISTORY_THEN_OPEN_LONG", "BUY", "MARGIN", (SHORT_TODAY, SHORT), LONG_TODAY),
    Business("CLOSE_SHORT_HISTORY_TODAY_THEN_OPEN_LONG", "BUY", "MARGIN", (SHORT, SHORT_TODAY), LONG_TODAY),
    Business("OPEN", "BUY", "MARGIN", opens=LONG_TODAY),
    Business("CLOSE", "SELL", "MARGIN", opens=SHORT_TODAY),
)
_OPTIONS = (
    Business("OPTION_BUY_OPEN", "BUY", "PREMIUM", opens=LONG),
    Business("OPTION_SELL_CLOSE", "SELL", "PREMIUM", (LONG,)),
    Business("OPTION_SELL_OPEN", "SELL", "PREMIUM", opens=SHORT),
    Business("OPTION_BUY_CLOSE", "BUY", "PREMIUM", (SHORT,)),
    Business("COVERED_OPEN", "SELL", "PREMIUM", opens=COVERED),
    Business("COVERED_CLOSE", "BUY", "PREMIUM", (COVERED,)),
    Business("CALL_EXERCISE", "", "EXERCISE", (LONG,)),
    Business("PUT_EXERCISE", "", "EXERCISE", (LONG,)),
    Business("LOCK", "", "LOCK"),
    Business("UNLOCK", "", "LOCK"),
)

# Account type -> xtquant's order type -> business.
BUSINESSES: dict[int, dict[int, Business]] = {
    STOCK: _PLAIN,
    HUGANGTONG: _PLAIN,
    SHENGANGTONG: _PLAIN,
    CREDIT: _PLAIN | dict(enumerate(_rows(special=False), start=27)) | dict(enumerate(_rows(special=True), start=40)),
    FUTURE: dict(enumerate(_FUTURES)),
    STOCK_OPTION: dict(enumerate(_OPTIONS, start=48)),
}
BY_NAME = {row.name: row for rows in BUSINESSES.values() for row in rows.values()} | {
    row.name: row for row in (LEND, SUBSCRIBE)
}
_ORDER_TYPES = {row.name: number for rows in BUSINESSES.values() for number, row in rows.items()}
# What an order of a business shows: order type, direction, offset flag.
SHOWN = {
    name: (_ORDER_TYPES.get(name, 23 if name == SUBSCRIBE.name else 24), row.direction, row.offset_flag)
    for name, row in BY_NAME.items()
}
# Order types that xtquant knows and this broker has not enabled for anybody.
# They are: arbitrage, rolling and combinations of futures, exercise of futures options, creation and redemption of
# ETFs, combinations of options.
NOT_ENABLED = frozenset({*range(16, 23), 100, *range(110, 120), 134, 135, 137, 138, 139, 400})
