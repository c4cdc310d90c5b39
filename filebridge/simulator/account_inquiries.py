"""Answers to the questions that only credit and futures accounts have, from the books: one function for each.

The lists of securities hold what the counter has a name for; other securities of the same boards have the same terms.
An account of another type has nothing to list.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from filebridge.simulator import credit_rows, futures_rows
from filebridge.simulator.accounts import Account
from filebridge.simulator.books import Books
from filebridge.simulator.credit import lendable
from filebridge.simulator.debts import CreditTerms, Subject
from filebridge.simulator.effects import CREDIT, FUTURE
from filebridge.simulator.market import Market
from filebridge.simulator.wire import Message

# What is asked (kind, seq, account type, account), books, market, time -> the rows of the answer.
Inquiry = Callable[[Message, Books, Market, datetime], list[Message]]
_Credit = Callable[[Account, Books, Market, CreditTerms, datetime], list[Message]]


def inquiries(terms: CreditTerms) -> dict[str, Inquiry]:
    """Which function answers which kind of request, under these terms of credit."""
    credit = {kind: _of_credit(rows, terms) for kind, rows in _CREDIT.items()}
    return credit | {"query_position_statistics": _position_statistics}


def _of_credit(rows: _Credit, terms: CreditTerms) -> Inquiry:
    def answer(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
        account = _account(request, books, CREDIT)
        return rows(account, books, market, terms, now) if account else []

    return answer


def _detail(account: Account, books: Books, market: Market, terms: CreditTerms, now: datetime) -> list[Message]:
    return [credit_rows.detail_row(account, market, terms, now)]


def _compacts(account: Account, *_: Any) -> list[Message]:
    return [credit_rows.compact_row(account, number, debt) for number, debt in account.compacts.items()]


def _subjects(account: Account, books: Books, market: Market, terms: CreditTerms, now: datetime) -> list[Message]:
    subjects = [(symbol, each) for symbol, each in _listed(market, terms) if each.financed or each.shorted]
    return [credit_rows.subject_row(account, symbol, subject, terms) for symbol, subject in subjects]


def _slo_code(account: Account, books: Books, market: Market, terms: CreditTerms, now: datetime) -> list[Message]:
    left = [(symbol, lendable(books, symbol, each)) for symbol, each in _listed(market, terms) if each.shorted]
    return [credit_rows.slo_row(account, symbol, quantity) for symbol, quantity in left if quantity]


def _assure(account: Account, books: Books, market: Market, terms: CreditTerms, now: datetime) -> list[Message]:
    collateral = [(symbol, each) for symbol, each in _listed(market, terms) if each.haircut]
    return [credit_rows.assure_row(account, symbol, subject) for symbol, subject in collateral]


_CREDIT: dict[str, _Credit] = {
    "query_credit_detail": _detail,
    "query_compacts": _compacts,
    "query_credit_subjects": _subjects,
    "query_credit_slo_code": _slo_code,
    "query_credit_assure": _assure,
}


def _position_statistics(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
    account = _account(request, books, FUTURE)
    return futures_rows.statistics_rows(account, market) if account else []


def _account(request: Message, books: Books, account_type: int) -> Account | None:
    known = books.accounts.get(request[3])
    return known if known and request[2] == known.account_type == account_type else None


def _listed(market: Market, terms: CreditTerms) -> list[tuple[str, Subject]]:
    known = [market.instrument(symbol) for symbol in market.instruments.listed()]
    return [(each.symbol, terms.subject(each.symbol, each.board)) for each in known if each]
