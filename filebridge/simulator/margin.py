"""The futures account: positions on margin, closed by today's and yesterday's, marked to the market overnight.

Margin is worked out from the previous settlement price (here: the previous close), so what an order freezes is what its
position binds. Losses may leave less cash than nothing, as at a real counter; then nothing can be opened.
"""

from collections.abc import Iterator

from filebridge.simulator.accounts import Account
from filebridge.simulator.books import Change, Hold
from filebridge.simulator.effects import LONG, LONG_TODAY, NEXT_DAY, SHORT, SHORT_LEGS, SHORT_TODAY
from filebridge.simulator.fees import FEN, MILLION, rounded
from filebridge.simulator.instruments import Instrument
from filebridge.simulator.market import Market
from filebridge.simulator.postings import Case, Holding, Posting, gone, refused

# Millionths of a contract's value that one lot binds, by board; a board that is not here is no future.
MARGIN_PPM = {"INDEX_FUTURE": 120_000, "BOND_FUTURE": 20_000, "COMMODITY_FUTURE": 100_000}
TODAY_LEGS = frozenset(NEXT_DAY)
FUTURES_LEGS = (LONG, LONG_TODAY, SHORT, SHORT_TODAY)


def lot_margin(instrument: Instrument, price: int) -> int:
    """What one lot binds at this price, in the unit of money."""
    return rounded(instrument.board.amount(price, 1) * MARGIN_PPM[instrument.board.board], MILLION)


def hold(case: Case) -> Holding:
    """The legs that the order closes, in its order; and cash for what it opens: margin, and the highest fees."""
    left, holds = case.order.quantity, []
    for leg in case.business.closes:
        closed = min(left, case.account.held(leg, case.symbol).available_qty)
        left -= closed
        if closed:
            holds.append([leg, case.symbol, closed])
    if not left:
        return Holding(holds=holds)
    if not case.business.opens:
        legs = case.business.closes
        return refused("CLOSE_SHORT" if len(legs) > 1 else _NOT_HELD[legs[0] in TODAY_LEGS])
    highest = max(case.order.limit_price, case.quote.limit_up)
    board = case.instrument.board
    fee_of_lot = case.fees.futures(board.amount(highest, 1), board, closes_today=False) + FEN
    needed = left * (lot_margin(case.instrument, case.quote.prev_close) + fee_of_lot)
    if needed > case.account.cash:
        return refused("FUTURES_CASH_SHORT")
    return Holding(holds=[*holds, ["cash", "", needed]])


def post(case: Case, last_qty: int, last_price: int) -> Posting:
    """Closes what the order holds of each leg, realising its profit into cash, and opens what is left."""
    board, symbol, frozen = case.instrument.board, case.symbol, case.order.frozen or {}
    left, fees = last_qty, 0
    takes: list[Hold] = []
    changes: list[Change] = []
    for leg in case.business.closes:
        closed = min(left, frozen.get((leg, symbol), 0))
        if not closed:
            continue
        left -= closed
        value = board.amount(last_price, closed)
        fee = case.fees.futures(value, board, closes_today=leg in TODAY_LEGS)
        parts = gone(case.account, leg, symbol, closed)
        freed = {cell: -amount for _, _, cell, amount in parts}
        profit = value - freed.get("cost", 0)
        cash = (-profit if leg in SHORT_LEGS else profit) + freed.get("margin", 0) - fee
        takes.append([leg, symbol, closed])
        changes += [*parts, ["cash", cash]]
        fees += fee
    if left:
        value = board.amount(last_price, left)
        fee = case.fees.futures(value, board, closes_today=False)
        margin = left * lot_margin(case.instrument, case.quote.prev_close)
        taken = min(margin + fee, case.order.frozen_cash)
        takes.append(["cash", "", taken])
        cells = (("quantity", left), ("available_qty", left), ("cost", value), ("margin", margin))
        changes += [[case.business.opens, symbol, cell, amount] for cell, amount in cells]
        # More than was frozen only if the previous close was changed by hand since.
        changes += [["cash", taken - margin - fee]] if taken < margin + fee else []
        fees += fee
    return Posting(board.amount(last_price, last_qty), fees, takes, changes)


def overnight(account: Account, market: Market) -> Iterator[list[Change]]:
    """Profit and loss of the day go into cash at the last price, and margins follow it."""
    for leg in FUTURES_LEGS:
        for symbol, held in account.legs[leg].items():
            instrument = market.instrument(symbol)
            if instrument is None or instrument.board.board not in MARGIN_PPM or not held.quantity:
                continue
            last = market.quote(instrument).last
            gain = instrument.board.amount(last, held.quantity) - held.cost
            more_margin = held.quantity * lot_margin(instrument, last) - held.margin
            yield [
                [leg, symbol, "cost", gain],
                [leg, symbol, "margin", more_margin],
                ["cash", (-gain if leg in SHORT_LEGS else gain) - more_margin],
            ]


_NOT_HELD = {False: "CLOSE_HISTORY_SHORT", True: "CLOSE_TODAY_SHORT"}
