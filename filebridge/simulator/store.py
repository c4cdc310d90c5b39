"""The counter's files in its userdata folder: opening state, books.jsonl, journal.jsonl.

Writing is one write per group of lines, straight to the operating system, so what was written survives a kill of
this process. What the lines mean is not known here beyond the numbers that must never repeat.
"""

import io
import json
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from filebridge.simulator.books import Record
from filebridge.simulator.debts import PERCENT, CreditTerms, Subject
from filebridge.simulator.effects import CREDIT
from filebridge.simulator.fees import MONEY_FEES, Fees
from filebridge.simulator.money import price, read_rows
from filebridge.simulator.settings import SettingsRefused
from filebridge.simulator.wire import encode

LOG = logging.getLogger(__name__)

ACCOUNT_TYPES = {"FUTURE": 1, "STOCK": 2, "CREDIT": 3, "FUTURE_OPTION": 5, "STOCK_OPTION": 6, "HUGANGTONG": 7}
ACCOUNT_TYPES["SHENGANGTONG"] = 11

YES = {"1": True, "0": False}

# The counter reads at most this much of a journal to find its last numbers; one group of requests is far smaller.
JOURNAL_TAIL_BYTES = 8 * 1024 * 1024


class AppendFile:
    """A file of whole JSON lines. A last line that a crash cut off is dropped when the file is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = io.FileIO(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644), "r+")
        self._end = _drop_torn_line(self._file)
        self._file.seek(self._end)

    def append(self, lines: list[Any]) -> None:
        data = memoryview(b"".join(map(encode, lines)))
        # A raw write may take a part only (a disk that fills up); the rest follows or raises.
        while data:
            data = data[self._file.write(data) :]

    def lines(self, tail_bytes: int | None = None) -> Iterator[Any]:
        """All lines, or those that lie wholly in the last `tail_bytes`."""
        with self._path.open("rb") as file:
            if tail_bytes is not None and self._end > tail_bytes:
                file.seek(self._end - tail_bytes)
                file.readline()
            for line in file:
                yield json.loads(line)

    def close(self) -> None:
        self._file.close()


def last_numbers(journal: AppendFile) -> tuple[int, int]:
    """(last seq, highest order_id) in the journal: a kill between journal and books must not make an id repeat."""
    seq = order_id = 0
    for line in journal.lines(JOURNAL_TAIL_BYTES):
        seq = line["seq"]
        if line["kind"] == "order":
            order_id = max(order_id, line["order_id"])
    return seq, order_id


def opening_record(userdata: Path, trade_date: str, opened: Collection[str] = ()) -> Record | None:
    """The first record of new books, from accounts.csv and holdings.csv, or one for the accounts that are not `opened`
    yet; None while there is no accounts.csv, or nothing more in it."""
    accounts_csv, holdings_csv = userdata / "accounts.csv", userdata / "holdings.csv"
    if not accounts_csv.exists():
        LOG.warning("no accounts.csv in %s: every account is unknown", userdata)
        return None
    rows = [row for row in read_rows(accounts_csv) if row["account"] and row["account"] not in opened]
    if opened and not rows:
        return None
    accounts = [[row["account"], _account_type(row.get("account_type", "")), price(row["cash"])] for row in rows]
    # A credit account may borrow as much as it brings, of money and of securities, unless the file says otherwise.
    quotas = {
        row["account"]: [price(row.get(name) or row["cash"]) for name in ("fin_quota", "slo_quota")]
        for row, (_, account_type, _) in zip(rows, accounts, strict=True)
        if account_type == CREDIT
    }
    known = {account for account, _, _ in accounts}
    holdings = []
    for row in read_rows(holdings_csv) if holdings_csv.exists() else []:
        if row["account"] in opened:
            continue
        if row["account"] not in known:
            LOG.warning("holdings.csv: account %s is not in accounts.csv", row["account"])
            continue
        quantity = int(row["quantity"])
        available_qty = int(row["available_qty"]) if row.get("available_qty") else quantity
        cost = price(row.get("avg_cost") or "0") * quantity
        holdings.append([row["account"], row["symbol"], quantity, available_qty, cost])
    return ["open", trade_date, accounts, holdings, *([quotas] if quotas else [])]


def read_fees(userdata: Path) -> Fees:
    """fees.csv, if the user wrote one: one row with any of the names of `Fees` (rates in millionths, money in yuan).

    SettingsRefused where it cannot be taken as it is.
    """
    path = userdata / "fees.csv"
    if not path.exists():
        return Fees()
    try:
        [row] = read_rows(path)
        given = {name: price(text) if name in MONEY_FEES else int(text) for name, text in row.items() if text}
        return Fees(**given)
    except (ValueError, TypeError) as error:
        raise SettingsRefused(f"{path.name}: {error}") from None


def read_credit_terms(userdata: Path) -> CreditTerms:
    """credit.csv, if the user wrote one: `symbol,haircut_percent,financed,shorted,lendable`, a row per security.

    SettingsRefused where it cannot be taken as it is.
    """
    path = userdata / "credit.csv"
    if not path.exists():
        return CreditTerms()
    try:
        subjects = {
            row["symbol"]: Subject(
                int(row["haircut_percent"]) * PERCENT, YES[row["financed"]], YES[row["shorted"]], int(row["lendable"])
            )
            for row in read_rows(path)
        }
    except (ValueError, KeyError) as error:
        raise SettingsRefused(f"{path.name}: {error}") from None
    return CreditTerms(subjects=subjects)


def _account_type(text: str) -> int:
    if not text:
        return ACCOUNT_TYPES["STOCK"]
    return int(text) if text.isdigit() else ACCOUNT_TYPES[text.upper()]


def _drop_torn_line(file: io.FileIO) -> int:
    """Cuts what follows the last newline; the size that is left. Looks back in steps, for a line can be long."""
    end = file.seek(0, os.SEEK_END)
    step, start = 65_536, end
    while start > 0:
        start = max(0, start - step)
        file.seek(start)
        newline = file.read(min(step, end - start)).rfind(b"\n")
        if newline >= 0:
            start += newline + 1
            break
    if start != end:
        LOG.warning("dropped %d bytes of an unfinished last line", end - start)
        file.truncate(start)
    return start
