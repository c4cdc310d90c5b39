"""The credit account in xtquant's words: what it owes and may borrow, as rows in the order that `wire.ROWS` fixes.

Where the vendor's documentation only names a field, its meaning here is in docs/simulator.md. Nothing is decided here.
"""

from datetime import datetime

from filebridge.simulator.accounts import FINANCED, Account, Compact
from filebridge.simulator.debts import CreditTerms, Subject, standing
from filebridge.simulator.fees import MILLION
from filebridge.simulator.instruments import STOCK_BOARDS
from filebridge.simulator.market import Market
from filebridge.simulator.money import THOUSANDTHS
from filebridge.simulator.rows import MARKET_NUMBERS, STATUS_OK
from filebridge.simulator.wire import Message

# The terminal's numbers: a subject is normal (48) or none (50); a position is ordinary (1) or special (2).
SUBJECT_NORMAL, NO_SUBJECT = 48, 50
ORDINARY, SPECIAL = 1, 2


def detail_row(account: Account, market: Market, terms: CreditTerms, now: datetime) -> Message:
    stood = standing(account, market, terms)
    cash = account.cash + account.frozen_cash
    proceeds = account.proceeds + account.frozen_proceeds
    stock_value, fund_value, profit = _values(account, market)
    balance = cash + proceeds + stood.market_value
    debts = account.compacts.values()
    sold = sum(debt.amount for debt in debts if debt.kind != FINANCED)
    return [
        account.account_type,
        account.account,
        STATUS_OK,
        int(now.timestamp()),
        0,
        _yuan(account.frozen_cash),
        _yuan(balance),
        _yuan(account.cash),
        _yuan(profit),
        _yuan(stood.market_value),
        _yuan(max(0, account.cash - account.sold_today)),
        _yuan(stock_value),
        _yuan(fund_value),
        _yuan(stood.debt),
        _yuan(stood.available_margin),
        # Without a debt there is no ratio.
        balance / stood.debt if stood.debt else 0.0,
        _yuan(balance - stood.debt),
        _yuan(stood.fin_principal + stood.fin_interest),
        _yuan(stood.fin_principal),
        _yuan(stood.fin_interest),
        _yuan(stood.slo_value + stood.slo_interest),
        _yuan(stood.slo_value),
        _yuan(stood.slo_interest),
        0.0,
        _yuan(account.fin_quota_max),
        _yuan(account.fin_quota),
        _yuan(account.frozen_fin_quota),
        _yuan(account.slo_quota_max),
        _yuan(account.slo_quota),
        _yuan(account.frozen_slo_quota),
        _yuan(sold),
        _yuan(sold - proceeds if sold > proceeds else 0),
        _yuan(proceeds),
    ]


def compact_row(account: Account, number: str, debt: Compact) -> Message:
    financed = debt.kind == FINANCED
    left = debt.principal if financed else _left(debt)
    return [
        account.account_type,
        account.account,
        debt.kind,
        SPECIAL if debt.special else ORDINARY,
        _exchange(debt.symbol),
        _date_number(debt.opened_on),
        debt.opened_qty,
        0 if financed else debt.quantity,
        _date_number(debt.opened_on) + 10_000,  # a contract may run for a year at first
        _yuan(debt.amount + (debt.fees if financed else 0)),
        _yuan(debt.interest + debt.interest_repaid),
        _yuan(left),
        _yuan(debt.interest),
        _yuan(debt.interest_repaid),
        _yuan(debt.repaid),
        debt.symbol.partition(".")[0],
        number,
        number,
    ]


def subject_row(account: Account, symbol: str, subject: Subject, terms: CreditTerms) -> Message:
    return [
        account.account_type,
        account.account,
        SUBJECT_NORMAL if subject.shorted else NO_SUBJECT,
        SUBJECT_NORMAL if subject.financed else NO_SUBJECT,
        _exchange(symbol),
        terms.slo_ratio / MILLION,
        terms.fin_ratio / MILLION,
        symbol.partition(".")[0],
    ]


def slo_row(account: Account, symbol: str, quantity: int) -> Message:
    return [account.account_type, account.account, ORDINARY, _exchange(symbol), quantity, symbol.partition(".")[0]]


def assure_row(account: Account, symbol: str, subject: Subject) -> Message:
    return [
        account.account_type,
        account.account,
        SUBJECT_NORMAL if subject.haircut else NO_SUBJECT,
        _exchange(symbol),
        subject.haircut / MILLION,
        symbol.partition(".")[0],
    ]


def _values(account: Account, market: Market) -> tuple[int, int, int]:
    """Market value of stocks, of everything else, and what all positions have gained."""
    stocks = others = gained = 0
    for symbol, held in account.positions.items():
        instrument = market.instrument(symbol)
        value = held.quantity * market.quote(instrument).last if instrument else 0
        gained += value - held.cost
        if instrument and instrument.board.board in STOCK_BOARDS:
            stocks += value
        else:
            others += value
    return stocks, others, gained


def _left(debt: Compact) -> int:
    """The part of a short sale's amount that its securities still owed stand for."""
    return debt.amount * debt.quantity // debt.opened_qty if debt.opened_qty else 0


def _exchange(symbol: str) -> int:
    return MARKET_NUMBERS.get(symbol.partition(".")[2], -1)


def _date_number(day: str) -> int:
    return int(day.replace("-", ""))


def _yuan(amount: int) -> float:
    return amount / THOUSANDTHS
