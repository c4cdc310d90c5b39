"""Requests beside orders, cancels and their lists: which function answers which, one row each.

An inquiry looks at the books and the market; an instruction changes the books by records, through the counter. Both
return the payload of the answer, in the shape that `wire.ANSWERS` names.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from filebridge.simulator import bank, exports, holding_rows, offerings, rows
from filebridge.simulator.books import Books
from filebridge.simulator.counter import Counter
from filebridge.simulator.market import Market
from filebridge.simulator.wire import Message

Inquiry = Callable[[Message, Books, Market, datetime], Any]
Instruction = Callable[[Message, Counter, datetime], Any]


def export(request: Message, books: Books, market: Market, now: datetime) -> Any:
    wanted = request[2]
    name, account_type, data_type = wanted.get("accountID"), wanted.get("accountType"), wanted.get("dataType")
    account = books.accounts.get(name) if isinstance(name, str) else None
    if account is None or account.account_type != account_type:
        return exports.failure(f"can not find account info, accountID:{name} accountType:{account_type}")
    listed: dict[str, Callable[[], list[Message]]] = {
        "deal": lambda: [rows.trade_row(fill, account_type, market) for fill in account.fills],
        "order": lambda: [
            rows.order_row(order, order.status, account_type, market) for order in account.orders.values()
        ],
        "position": lambda: holding_rows.position_rows(account, "", market),
        "account": lambda: [holding_rows.asset_row(account, market)],
    }
    if data_type not in listed:
        return exports.failure(f"can not find data type, dataType:{data_type}")
    return exports.chosen(data_type, listed[data_type](), wanted, now.tzinfo)


INQUIRIES: dict[str, Inquiry] = {
    "query_offerings": offerings.offerings,
    "query_purchase_limit": offerings.purchase_limit,
    "query_banks": bank.banks,
    "query_bank_amount": bank.bank_amount,
    "query_bank_transfers": bank.bank_transfers,
    "query_com_fund": bank.com_fund,
    "export": export,
}
INSTRUCTIONS: dict[str, Instruction] = {"bank_transfer": bank.bank_transfer, "transfer": bank.counter_transfer}
