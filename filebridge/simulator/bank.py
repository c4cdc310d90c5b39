"""The bank behind each ordinary stock account: cash in and out at once, its own balance, and the list of transfers; and
its money at the broker's ordinary counter, from and to which cash is moved as well.

Passwords do not reach the counter: whatever the client gives is right. Other kinds of accounts have no bank here.
"""

import math
import zlib
from datetime import datetime
from typing import Any

from filebridge.simulator.books import Books
from filebridge.simulator.counter import Counter
from filebridge.simulator.entries import Transfer
from filebridge.simulator.market import Market
from filebridge.simulator.wire import Message

STOCK = 2
FEN, YUAN = 10, 1000
BANK_NO, BANK_NAME, MONEY_TYPE = "1", "模拟银行", "0"
OPENING_BALANCE = 1_000_000 * YUAN
INTO_ACCOUNT, OUT_OF_ACCOUNT = 501, 502
# Between the ordinary counter and this one, the fast one.
TO_FAST, TO_NORMAL = 510, 511
# What the list of transfers calls the two directions; the manual names them.
SHOWN_IN, SHOWN_OUT = "1", "2"
DONE = "成功"

REFUSALS = {
    "NOT_ENABLED": "该业务未开通",
    "BANK_UNKNOWN": "[260210]银行信息不存在",
    "AMOUNT_INVALID": "[260211]转账金额不合法",
    "CASH_SHORT": "[260200]资金可用数不足",
    "BANK_SHORT": "[260212]银行余额不足",
}


def bank_transfer(request: Message, counter: Counter, now: datetime) -> Message:
    _, _, account_type, name, direction, bank_no, bank_account, balance = request
    books, amount = counter.books, _whole_fen(balance)
    if not _has_bank(books, account_type, name) or direction not in (INTO_ACCOUNT, OUT_OF_ACCOUNT):
        reason = "NOT_ENABLED"
    elif bank_no != BANK_NO or bank_account not in ("", bank_account_of(name)):
        reason = "BANK_UNKNOWN"
    elif amount is None:
        reason = "AMOUNT_INVALID"
    elif direction == OUT_OF_ACCOUNT and amount > fetchable(books, name):
        reason = "CASH_SHORT"
    elif direction == INTO_ACCOUNT and amount > bank_balance(books, name):
        reason = "BANK_SHORT"
    else:
        signed = amount if direction == INTO_ACCOUNT else -amount
        counter.enter(["transfer", name, len(books.transfers) + 1, signed, now.isoformat(timespec="seconds")])
        return [name, True, ""]
    return [name, False, REFUSALS[reason]]


def counter_transfer(request: Message, counter: Counter, now: datetime) -> Message:
    """Cash between the two counters. Nodes and shares are not enabled here."""
    _, _, account_type, name, direction, price, _, _, _ = request
    books, amount = counter.books, _whole_fen(price)
    if not _has_bank(books, account_type, name) or direction not in (TO_FAST, TO_NORMAL):
        reason = "NOT_ENABLED"
    elif amount is None:
        reason = "AMOUNT_INVALID"
    elif amount > (com_balance(books, name) if direction == TO_FAST else fetchable(books, name)):
        reason = "CASH_SHORT"
    else:
        counter.enter(["move", name, amount if direction == TO_FAST else -amount])
        return [name, True, ""]
    return [name, False, REFUSALS[reason]]


def com_fund(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
    """xttrader.py reads the first row without looking: where there is no such account it says so."""
    _, _, account_type, name = request
    if not _has_bank(books, account_type, name):
        return [[False, REFUSALS["NOT_ENABLED"], MONEY_TYPE, *(0.0,) * 8]]
    balance = com_balance(books, name) / YUAN
    return [[True, "", MONEY_TYPE, balance, balance, balance, 0.0, balance, balance, 0.0, 0.0]]


def banks(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
    _, _, account_type, name = request
    if not _has_bank(books, account_type, name):
        return []
    return [[True, "", MONEY_TYPE, BANK_NO, bank_account_of(name), BANK_NAME]]


def bank_amount(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
    _, _, account_type, name, bank_no, _ = request
    if not _has_bank(books, account_type, name) or bank_no != BANK_NO:
        return []
    balance = bank_balance(books, name) / YUAN
    return [[True, "", name, bank_account_of(name), MONEY_TYPE, balance, balance]]


def bank_transfers(request: Message, books: Books, market: Market, now: datetime) -> list[Message]:
    """The days from start_date to end_date (20260105), both included."""
    _, _, _, name, start_date, end_date, bank_no, _ = request
    if bank_no not in ("", BANK_NO):
        return []
    mine = [transfer for transfer in books.transfers if transfer.account == name]
    return [_row(transfer) for transfer in mine if start_date <= _day(transfer) <= (end_date or "9")]


def bank_account_of(name: str) -> str:
    return f"6222{zlib.crc32(name.encode('utf-8', 'surrogateescape')):012d}"


def bank_balance(books: Books, name: str) -> int:
    return OPENING_BALANCE - sum(transfer.amount for transfer in books.transfers if transfer.account == name)


def com_balance(books: Books, name: str) -> int:
    """At the ordinary counter."""
    return OPENING_BALANCE - books.moved.get(name, 0)


def fetchable(books: Books, name: str) -> int:
    """What was sold today can be traded with, but not taken out before tomorrow."""
    account = books.accounts[name]
    return max(0, account.cash - account.sold_today)


def _has_bank(books: Books, account_type: int, name: str) -> bool:
    account = books.accounts.get(name)
    return account is not None and account.account_type == account_type == STOCK


def _whole_fen(balance: float) -> int | None:
    """A positive sum in thousandths, or None for what is finer than a fen, too large, or no number."""
    if not math.isfinite(balance) or not 0 < balance < 1e12:
        return None
    fen = round(balance * 100)
    return fen * FEN if fen and abs(balance * 100 - fen) < 1e-6 * max(1.0, balance) else None


def _day(transfer: Transfer) -> str:
    return transfer.at[:10].replace("-", "")


def _row(transfer: Transfer) -> list[Any]:
    return [
        True,
        "",
        _day(transfer),
        transfer.at[11:19],
        f"{transfer.number:08d}",
        SHOWN_IN if transfer.amount > 0 else SHOWN_OUT,
        DONE,
        BANK_NO,
        BANK_NAME,
        bank_account_of(transfer.account),
        MONEY_TYPE,
        transfer.account,
        abs(transfer.amount) / YUAN,
        "",
    ]
