"""Money lent by reverse repo, and subscriptions to new shares: sells and buys of symbols that are neither.

A reverse repo is a sell whose price is a yearly rate in percent: the money leaves and comes back with its interest. A
subscription needs market value, not cash, and the lottery of this counter is never won. No clock and no file here.
"""

import re

from filebridge.simulator.accounts import Loan
from filebridge.simulator.books import Change
from filebridge.simulator.effects import BUY, CREDIT, LEND, SELL, SUBSCRIBE
from filebridge.simulator.fees import rounded
from filebridge.simulator.instruments import STOCK_BOARDS, Instrument
from filebridge.simulator.money import THOUSANDTHS
from filebridge.simulator.postings import Case, Holding, Posting, refused, working

FACE = 100 * THOUSANDTHS  # what one 张 of a repo lends
DAYS_OF_A_YEAR = 365
# Shanghai and Shenzhen alike: one new share for each 10 yuan of market value, in lots of the subscription code.
VALUE_OF_A_SHARE = 10 * THOUSANDTHS
VALUE_LEAST = 10_000 * THOUSANDTHS

# What a buy or sell becomes on these boards.
SPECIAL = {("REPO", SELL.name): LEND, ("IPO", BUY.name): SUBSCRIBE}


def days_of(instrument: Instrument) -> int:
    """The term in days that stands in the name (GC007, R-014); 1 where it tells none."""
    named = re.search(r"(\d{3})$", instrument.name)
    return max(1, int(named[1])) if named else 1


def hold(case: Case) -> Holding:
    # Credit accounts may not be used for repos, by the exchanges' rules.
    if case.account.account_type == CREDIT:
        return refused("SYMBOL_NOT_FOR_BUSINESS")
    amount = case.order.quantity * FACE
    needed = amount + case.fees.repo(amount, days_of(case.instrument))
    return refused("CASH_SHORT") if needed > case.account.cash else Holding(holds=[["cash", "", needed]])


def post(case: Case, last_qty: int, last_price: int) -> Posting:
    """The money of this trade is lent; the fees are those of the whole order so far, so that rounding never adds up."""
    order, days = case.order, days_of(case.instrument)
    amount = last_qty * FACE
    commission = case.fees.repo(order.filled_qty * FACE + amount, days) - order.commission
    loan_id = f"{case.books.trade_date.replace('-', '')}{case.books.last_fill_number + 1:010d}"
    before = [["loan", order.account, loan_id, days, last_price, case.symbol]]
    changes: list[Change] = [["loans", loan_id, "principal", amount]]
    return Posting(amount, commission, [["cash", "", amount + commission]], changes, before)


def returned(loan_id: str, loan: Loan, lent_days: int) -> list[Change]:
    """Principal and interest come back, for the calendar days until the money is there again."""
    interest = rounded(loan.principal * loan.rate * lent_days, 100 * THOUSANDTHS * DAYS_OF_A_YEAR)
    return [["loans", loan_id, "principal", -loan.principal], ["cash", loan.principal + interest]]


def hold_subscription(case: Case) -> Holding:
    """One subscription for each new share, of no more than the account's market value of that exchange allows."""
    exchange = case.symbol.partition(".")[2]
    value = 0
    for symbol, held in case.account.positions.items():
        instrument = case.market.instrument(symbol)
        if instrument and symbol.endswith(exchange) and instrument.board.board in STOCK_BOARDS:
            value += held.quantity * case.market.quote(instrument).last
    earlier = working(case.books, "SUBSCRIBE")
    if any(order.account == case.account.account and order.symbol == case.symbol for order in earlier):
        return refused("SUBSCRIBED_ALREADY")
    if value < VALUE_LEAST or case.order.quantity * VALUE_OF_A_SHARE > value:
        return refused("SUBSCRIPTION_QUOTA_SHORT")
    return Holding()
