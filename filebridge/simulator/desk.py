"""The desk: requests of sessions in, messages for sessions out, through journal, counter and books, in that order.

Here xtquant's numbers become the counter's words and back. No sockets and no clock: the server hands in whole
groups of requests with their time and takes `out.lines` afterwards. Faults that concern requests, numbers and what a
query sees of the books are applied here; those of messages in `outgoing`.
"""

import logging
import math
from collections.abc import Callable
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

from filebridge.simulator import holding_rows, quotes, rows
from filebridge.simulator.account_inquiries import inquiries
from filebridge.simulator.accounts import FINAL, Account, Fill, Order
from filebridge.simulator.algorithms import Algorithms
from filebridge.simulator.books import Books
from filebridge.simulator.counter import Counter, Ticket
from filebridge.simulator.effects import BUSINESSES, NOT_ENABLED
from filebridge.simulator.exchange_clock import SHANGHAI
from filebridge.simulator.faults import Faults, LaggedBooks
from filebridge.simulator.inquiries import INQUIRIES, INSTRUCTIONS, Inquiry, Instruction
from filebridge.simulator.journal import ACCOUNT_NAMES, JOURNAL_FIELDS, JOURNALED
from filebridge.simulator.market_files import open_market
from filebridge.simulator.money import exact_price
from filebridge.simulator.outgoing import COUNTED, Outgoing, Push
from filebridge.simulator.store import AppendFile, last_numbers, opening_record, read_credit_terms, read_fees
from filebridge.simulator.wire import Message

LOG = logging.getLogger(__name__)

ORDER_TYPES = {
    11: "LIMIT",
    5: "LATEST",
    18: "MARKET_BEST",
    19: "IMMEDIATE_OR_CANCEL",
    20: "FILL_OR_KILL",
    21: "BEST1_CANCEL",
    22: "BEST5_CANCEL",
    23: "BEST1_LIMIT",
    24: "BEST5_LIMIT",
    42: "BEST5_CANCEL",
    43: "BEST5_LIMIT",
    44: "PEER_BEST",
    45: "OWN_BEST",
    46: "IMMEDIATE_OR_CANCEL",
    47: "BEST5_CANCEL",
    48: "FILL_OR_KILL",
    49: "AFTER_HOURS",
}

# Refusals that the terminal finds itself, before the counter gives a number to the order.
REFUSALS = {
    "ACCOUNT_UNKNOWN": "[100010]资金账号不存在或未登录",
    "SIDE_UNSUPPORTED": "[100020]不支持的委托类型",
    "NOT_ENABLED": "[100022]该业务未开通",
    "PRICE_TYPE_UNSUPPORTED": "[100021]不支持的报价类型",
}
NO_ORDER_ID = -1
LAST_MOMENT = time(23, 59, 59, tzinfo=SHANGHAI)


class Desk:
    """`out` holds what is to be said to the sessions; the server empties it."""

    def __init__(self, userdata: Path, faults: Faults, now: datetime) -> None:
        self.faults = faults
        self.out = Outgoing(faults)
        self._userdata = userdata
        self.market = open_market(userdata)
        self._journal = AppendFile(userdata / "journal.jsonl")
        self._books_file = AppendFile(userdata / "books.jsonl")
        self._lagged: LaggedBooks | None = None
        # What queries tell of every account: 0 is ready; a night log-out is another number.
        self._account_status = rows.STATUS_OK
        self._handlers: dict[str, Callable[[int, Message, datetime], None]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "order": self._order,
            "cancel": self._cancel,
            "query_orders": self._query_orders,
            "query_trades": self._query_trades,
            "query_asset": self._query_asset,
            "query_positions": self._query_positions,
            "query_account_status": self._query_account_status,
            "query_account_infos": self._query_account_infos,
        }
        books = Books()
        for record in self._books_file.lines():
            books.apply(record)
        self._seq, journaled_id = last_numbers(self._journal)
        self._order_number = max(books.last_order_number, journaled_id)
        self.counter = Counter(
            self.market,
            books,
            fees=read_fees(userdata),
            terms=read_credit_terms(userdata),
            on_order=self._push_order,
            on_fill=self._push_fill,
        )
        self._algorithms = Algorithms(self.counter, self._send_own)
        asked = INQUIRIES | inquiries(self.counter.accounting.terms)
        self._handlers |= {kind: partial(self._ask, inquiry) for kind, inquiry in asked.items()}
        self._handlers |= {kind: partial(self._instruct, instruction) for kind, instruction in INSTRUCTIONS.items()}
        self._handlers |= {
            "query_algorithms": partial(self._algorithm, self._algorithms.parameters),
            "algorithm_order": partial(self._algorithm, self._algorithms.order),
            "query_tasks": partial(self._algorithm, self._algorithms.tasks),
            "operate_task": partial(self._algorithm, self._algorithms.operate),
        }
        if not books.trade_date:
            self._open_books(now)
        self.tick(now)
        self.counter.recall()

    def connected(self, now: datetime) -> None:
        self._journal.append([self._journal_line("connect", [], now.isoformat(timespec="milliseconds"))])

    def handle(self, session: int, requests: list[Message], now: datetime) -> None:
        """A group of requests of one session: journaled by one write, done one by one, stored by one write."""
        self._move(now)
        requests = [r for r in requests if r[0] not in COUNTED or not self.faults.use("drop_next_requests")]
        ts = now.isoformat(timespec="milliseconds")
        lines = []
        for request in requests:
            if request[0] == "order":
                self._number(request)
            lines.append(self._journal_line(request[0], request, ts))
        self._journal.append(lines)
        for request in requests:
            self._handlers[request[0]](session, request, now)
        self._store(now)

    def tick(self, now: datetime) -> None:
        """What happens by itself: a new day, a changed market.csv, answers that were held back."""
        self._move(now)
        self.requote(self.market.reread(), now)
        self.out.release(now)

    def _move(self, now: datetime) -> None:
        """The market's time goes on to `now`: before anything else that happens then."""
        trade_date, open_date = now.date().isoformat(), self.counter.books.trade_date
        if open_date and trade_date > open_date:
            # The accounts are settled at the prices with which their own day ended, whenever that is noticed.
            self.counter.advance(datetime.combine(date.fromisoformat(open_date), LAST_MOMENT))
            self._settle(trade_date, now)
        self.counter.advance(now)
        self._algorithms.advance(now)

    def requote(self, symbols: list[str], now: datetime) -> None:
        self.counter.requote(symbols, int(now.timestamp()))
        self.out.send_pushes()
        self._store(now)

    def quotes(self, symbols: list[str], now: datetime) -> dict[str, quotes.Told]:
        """What the market shows at `now`; looking at it changes nothing but that the time has come so far."""
        self._move(now)
        self._store(now)
        return quotes.told(symbols, self.market, now)

    def start_lag(self) -> None:
        """From now on a copy of the books follows behind; queries show it while query_lag_seconds is set."""
        self._lagged = LaggedBooks.of(self.counter.books) if self.faults.query_lag_seconds else None

    def command(self, name: str, value: Any, now: datetime) -> None:
        """The control commands that concern the books; ValueError where the argument makes no sense."""
        if name == "forget_orders":
            self.counter.forget([int(number) for number in value])
        elif name == "set_price":
            symbol, last = value
            if not self.market.set_price(symbol, last=exact_price(float(last), self.market.price_unit(symbol))):
                raise ValueError(f"no such symbol: {symbol}")
            self.requote([symbol], now)
        elif name == "account_status":
            self._account_status = value
            for account in self.counter.books.accounts.values():
                row = rows.account_status_row(account, value)
                self.out.push(account.account, "push_account_status", row)
            self.out.send_pushes()
        elif name == "settle":
            self._settle(value, now)
            self.out.send_pushes()
        self._store(now)

    def close(self) -> None:
        self._journal.close()
        self._books_file.close()

    def _settle(self, trade_date: str, now: datetime) -> None:
        self.counter.settle(trade_date, int(now.timestamp()))
        if self.faults.ids_restart:
            self._order_number = 0

    def _open_books(self, now: datetime) -> None:
        """New books; or in those that there are, the accounts that accounts.csv has come to name."""
        books = self.counter.books
        record = opening_record(self._userdata, books.trade_date or now.date().isoformat(), books.accounts)
        if record is not None:
            self.counter.enter(record)

    def _number(self, request: Message) -> None:
        """Puts [order id, refusal] at the end of an order, so that the journal line can name the id."""
        refusal = self._refusal(request)
        if not refusal:
            self._order_number += 1
        request += [NO_ORDER_ID if refusal else self._order_number, refusal]

    def _refusal(self, request: Message) -> str:
        _, _, account_type, account, _, side, _, price_type, *_ = request
        if self.faults.use("refuse_next"):
            return self.faults.refuse_text
        if self._account(account_type, account, self.counter.books) is None:
            return REFUSALS["ACCOUNT_UNKNOWN"]
        if side not in BUSINESSES.get(account_type, {}):
            known = side in NOT_ENABLED or any(side in rows_of for rows_of in BUSINESSES.values())
            return REFUSALS["NOT_ENABLED" if known else "SIDE_UNSUPPORTED"]
        return "" if price_type in ORDER_TYPES else REFUSALS["PRICE_TYPE_UNSUPPORTED"]

    def _journal_line(self, kind: str, request: Message, ts: str) -> dict[str, Any]:
        self._seq += 1
        line: dict[str, Any] = dict.fromkeys(JOURNAL_FIELDS)
        line["ts"], line["seq"], line["kind"] = ts, self._seq, kind
        if request:
            for name, place in JOURNALED[kind]:
                line[name] = request[place]
        if kind == "order":
            line["order_id"] = request[-2]
        elif kind == "algorithm_order":
            told = {ACCOUNT_NAMES.get(name, name): value for name, value in request[2].items()}
            line |= {name: told.get(name) for name in JOURNAL_FIELDS[3:]}
        if isinstance(line["price"], float) and not math.isfinite(line["price"]):
            line["price"] = str(line["price"])  # JSON has no NaN
        return line

    def _store(self, now: datetime) -> None:
        records = self.counter.records
        if not records:
            return
        if self._lagged:
            self._lagged.feed(now, records)
        self._books_file.append(records)
        records.clear()

    # Answers and pushes

    def _push_order(self, order: Order, status: int) -> None:
        if self.out.is_heard(order.account):
            account_type = self.counter.books.accounts[order.account].account_type
            self.out.push(order.account, "push_order", rows.order_row(order, status, account_type, self.market))

    def _push_fill(self, fill: Fill) -> None:
        account = fill.order.account
        if self.out.is_heard(account):
            account_type = self.counter.books.accounts[account].account_type
            self.out.push(account, "push_trade", rows.trade_row(fill, account_type, self.market))

    def _answer(self, session: int, request: Message, payload: Any, now: datetime, error: Push | None = None) -> None:
        self.out.answer(session, request, payload, now, error)

    # One method for each kind of request

    def _subscribe(self, session: int, request: Message, now: datetime) -> None:
        if request[3] not in self.counter.books.accounts:
            try:
                self._open_books(now)
            except (LookupError, ArithmeticError, ValueError, OSError) as error:
                LOG.warning("accounts.csv: %r", error)
        known = self._account(request[2], request[3], self.counter.books)
        if known:
            self.out.subscribe(session, known.account)
        self._answer(session, request, 0 if known else -1, now)

    def _unsubscribe(self, session: int, request: Message, now: datetime) -> None:
        self._answer(session, request, 0 if self.out.unsubscribe(session, request[3]) else -1, now)

    def _order(self, session: int, request: Message, now: datetime) -> None:
        _, seq, account_type, account, _, _, _, _, _, strategy, tag, number, refusal = request
        error_id, error = _error_id(refusal), None
        if refusal:
            error = ("push_order_error", [account_type, account, NO_ORDER_ID, seq, error_id, refusal, strategy, tag])
        else:
            self._place(request, now)
        self._answer(session, request, [account_type, account, number, strategy, tag, error_id, refusal], now, error)

    def _place(self, request: Message, now: datetime) -> None:
        _, _, account_type, account, symbol, side, quantity, price_type, price, strategy, tag, number, _ = request
        if self.faults.use("reject_next"):
            self.counter.forced_rejections.append(self.faults.reject_text)
        order_type = ORDER_TYPES[price_type]
        limit = exact_price(price, self.market.price_unit(symbol))
        business = BUSINESSES[account_type][side]
        name = business.name if business.name != business.side else ""
        ticket = Ticket(account, symbol, business.side, quantity, order_type, limit, strategy, tag, name)
        self.counter.place(ticket, number, int(now.timestamp()))

    def _send_own(self, request: Message, now: datetime) -> tuple[int, str]:
        """An order that the counter sends itself; no client sent it, so it is in no journal."""
        self._number(request)
        number, refusal = request[-2:]
        if not refusal:
            self._place(request, now)
        return number, refusal

    def _cancel(self, session: int, request: Message, now: datetime) -> None:
        _, _, account_type, account, number, market, counter_order_id = request
        books = self.counter.books
        order = books.by_counter_order_id.get(counter_order_id) if counter_order_id else books.orders.get(number)
        # A counter's number is one of its market; a cancel by the terminal's own number names no market.
        if order and counter_order_id and market != rows.market_number(order.symbol):
            order = None
        refusal = self.counter.cancel(order, account)
        error_id = _error_id(refusal)
        result = -1 if refusal else 0
        row = [account_type, account, number, market, counter_order_id, error_id, refusal]
        error = ("push_cancel_error", row) if refusal else None
        payload = [account_type, account, number, counter_order_id, result, error_id, refusal]
        self._answer(session, request, payload, now, error)

    def _query_orders(self, session: int, request: Message, now: datetime) -> None:
        _, _, account_type, account, cancelable_only, number = request
        known = self._account(account_type, account, self._shown(now))
        orders = list(known.orders.values()) if known else []
        if number:
            orders = [order for order in orders if order.broker_order_id == number]
        if cancelable_only:
            orders = [order for order in orders if order.status not in FINAL]
        payload = [rows.order_row(order, order.status, account_type, self.market) for order in orders]
        self._answer(session, request, payload, now)

    def _query_trades(self, session: int, request: Message, now: datetime) -> None:
        known = self._account(request[2], request[3], self._shown(now))
        fills = known.fills if known else []
        self._answer(session, request, [rows.trade_row(fill, request[2], self.market) for fill in fills], now)

    def _query_asset(self, session: int, request: Message, now: datetime) -> None:
        known = self._account(request[2], request[3], self._shown(now))
        self._answer(session, request, [holding_rows.asset_row(known, self.market)] if known else [], now)

    def _query_positions(self, session: int, request: Message, now: datetime) -> None:
        _, _, account_type, account, symbol = request
        known = self._account(account_type, account, self._shown(now))
        payload = holding_rows.position_rows(known, symbol, self.market) if known else []
        self._answer(session, request, payload, now)

    def _query_account_status(self, session: int, request: Message, now: datetime) -> None:
        accounts = self.counter.books.accounts.values()
        self._answer(
            session, request, [rows.account_status_row(account, self._account_status) for account in accounts], now
        )

    def _query_account_infos(self, session: int, request: Message, now: datetime) -> None:
        accounts = self.counter.books.accounts.values()
        self._answer(session, request, [rows.account_info_row(account) for account in accounts], now)

    def _ask(self, inquiry: Inquiry, session: int, request: Message, now: datetime) -> None:
        self._answer(session, request, inquiry(request, self._shown(now), self.market, now), now)

    def _instruct(self, instruction: Instruction, session: int, request: Message, now: datetime) -> None:
        self._answer(session, request, instruction(request, self.counter, now), now)

    def _algorithm(
        self, answer: Callable[[Message, datetime], Any], session: int, request: Message, now: datetime
    ) -> None:
        self._answer(session, request, answer(request, now), now)

    def _shown(self, now: datetime) -> Books:
        return self._lagged.at(now, self.faults.query_lag_seconds) if self._lagged else self.counter.books

    @staticmethod
    def _account(account_type: int, account: str, books: Books) -> Account | None:
        known = books.accounts.get(account)
        return known if known and known.account_type == account_type else None


def _error_id(message: str) -> int:
    """The number in front of a text such as `[251005]证券可用数量不足`; 0 for no message."""
    digits = message[1 : message.find("]")] if message.startswith("[") else ""
    return int(digits) if digits.isdigit() else (-1 if message else 0)
