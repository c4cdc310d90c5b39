"""What an account holds, in xtquant's words: rows of asset and positions, in the order that `wire.ROWS` fixes.

Stocks show a row for each symbol; futures and options one for each symbol and direction, whatever the legs. Nothing is
decided here.
"""

from filebridge.simulator.accounts import Account, Position
from filebridge.simulator.effects import (
    COVERED,
    DIRECTION_LONG,
    DIRECTION_SHORT,
    LOCKED,
    LONG,
    LONG_TODAY,
    PLEDGED,
    SHORT,
    SHORT_TODAY,
)
from filebridge.simulator.lending import FACE
from filebridge.simulator.market import Market
from filebridge.simulator.money import THOUSANDTHS
from filebridge.simulator.wire import Message

# Directions with the legs that they show, yesterday's first; locked underlying is part of what is held.
SHOWN = {
    DIRECTION_LONG: (LONG, LOCKED, PLEDGED, LONG_TODAY),
    DIRECTION_SHORT: (SHORT, COVERED, SHORT_TODAY),
}
TODAY = frozenset({LONG_TODAY, SHORT_TODAY})


def asset_row(account: Account, market: Market) -> Message:
    """total_asset = cash + frozen_cash + market_value; what a short position is worth is its margin and its gain."""
    value = account.lent
    for direction, legs in SHOWN.items():
        for leg in legs:
            for symbol, held in account.legs[leg].items():
                value += _worth(symbol, held, direction, market)
    cash = account.cash + account.proceeds
    frozen = account.frozen_cash + account.frozen_proceeds
    return [
        account.account_type,
        account.account,
        account.cash / THOUSANDTHS,
        account.frozen_cash / THOUSANDTHS,
        value / THOUSANDTHS,
        (cash + frozen + value) / THOUSANDTHS,
        max(0, account.cash - account.sold_today) / THOUSANDTHS,
        (cash + frozen) / THOUSANDTHS,
    ]


def position_rows(account: Account, wanted: str, market: Market) -> list[Message]:
    """All positions, money that is lent among them, or those of one symbol."""
    rows = []
    lent: dict[str, int] = {}
    for loan in account.loans.values():
        if loan.principal and loan.symbol and wanted in ("", loan.symbol):
            lent[loan.symbol] = lent.get(loan.symbol, 0) + loan.principal
    for direction, legs in SHOWN.items():
        parts = [(leg, account.legs[leg]) for leg in legs if account.legs[leg]]
        symbols = {symbol: None for _, held in parts for symbol in held if wanted in ("", symbol)}
        for symbol in symbols:
            both = [(leg, held[symbol]) for leg, held in parts if symbol in held]
            rows.append(_position_row(account, symbol, direction, both, market))
    return rows + [_loan_row(account, symbol, principal, market) for symbol, principal in lent.items()]


def _loan_row(account: Account, symbol: str, principal: int, market: Market) -> Message:
    """Money lent by reverse repo, in 张 of 100 yuan: its price is a rate and says nothing of what it is worth. None of
    it is available, for it comes back by itself."""
    instrument = market.instrument(symbol)
    yuan, face, quantity = principal / THOUSANDTHS, FACE / THOUSANDTHS, principal // FACE
    nothing = [0, 0, 0]
    return [
        *(account.account_type, account.account, symbol, quantity, 0, face, yuan, *nothing, face, DIRECTION_LONG),
        *(face, 0.0, 0.0, 0.0, "", ""),
        instrument.name if instrument else "",
    ]


def _position_row(
    account: Account, symbol: str, direction: int, parts: list[tuple[str, Position]], market: Market
) -> Message:
    held = [position for _, position in parts]
    quantity, cost = sum(each.quantity for each in held), sum(each.cost for each in held)
    instrument = market.instrument(symbol)
    last = market.quote(instrument).last if instrument else 0
    multiplier = instrument.board.multiplier if instrument else 1
    value = instrument.board.amount(last, quantity) if instrument else 0
    profit = (value - cost if direction == DIRECTION_LONG else cost - value) / THOUSANDTHS
    avg_cost = cost / quantity / multiplier / THOUSANDTHS if quantity else 0.0
    return [
        account.account_type,
        account.account,
        symbol,
        quantity,
        # Of the underlying only what is not locked may be sold.
        sum(each.available_qty for leg, each in parts if leg not in (LOCKED, PLEDGED)),
        avg_cost,
        value / THOUSANDTHS,
        sum(each.frozen_qty for each in held),
        sum(each.unsettled_qty for each in held),
        sum(each.opening_qty for leg, each in parts if leg not in TODAY),
        avg_cost,
        direction,
        last / market.price_unit(symbol),
        profit / (cost / THOUSANDTHS) if cost else 0.0,
        profit,
        profit,
        "",
        "",
        instrument.name if instrument else "",
    ]


def _worth(symbol: str, held: Position, direction: int, market: Market) -> int:
    """What a position adds to the assets: its value; a future its margin and gain, a written option less its value."""
    instrument = market.instrument(symbol)
    if instrument is None:
        return 0
    value = instrument.board.amount(market.quote(instrument).last, held.quantity)
    if instrument.board.board.endswith("_FUTURE"):
        gain = value - held.cost
        return held.margin + (gain if direction == DIRECTION_LONG else -gain)
    return value if direction == DIRECTION_LONG else held.margin - value
