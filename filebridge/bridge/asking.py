"""What a file asks: its rows become questions on the ledger, which querying.py puts to the broker after the commit.

Also rows that subscribe to all of a day's new issues: they ask which there are, and become orders with the answer
(subscribing.py).
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import PurePath
from typing import NamedTuple

from filebridge import archive
from filebridge.bridge.book import OrderBook
from filebridge.domain import issues
from filebridge.domain.admission import Answer
from filebridge.domain.canceling import Selection, several_canceled
from filebridge.domain.market_rules import subscription_rule
from filebridge.domain.orders import ALL_ISSUES, Order, OrderInstruction, Outcome, Query, Side
from filebridge.domain.reasons import Reason
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.instructions import instruction_body, instruction_from


class Subscribing(NamedTuple):
    """A row that waits for the broker to tell the day's new issues. Its `row` has the id, account and trade date that
    are its key; `mode` is the one in which it was taken in."""

    row: OrderInstruction
    mode: str
    received_at: datetime

    @property
    def name(self) -> str:
        return self.row.client_order_id

    @property
    def day(self) -> date:
        assert self.row.trade_date is not None
        return self.row.trade_date

    @property
    def body(self) -> str:
        return codec.dumps(
            {"row": instruction_body(self.row), "mode": self.mode, "received_at": codec.time_text(self.received_at)}
        )


def subscribing_of(query: Body) -> Subscribing | None:
    """The row that waits for this question's answer; None where it is asked for its own sake."""
    if query["query"] != Query.IPO or not query["asked_for"]:
        return None
    body = codec.loads(query["asked_for"])
    received_at = codec.time_from(body["received_at"])
    assert received_at is not None
    return Subscribing(instruction_from(body["row"]), body["mode"], received_at)


def stop_subscribing(book: OrderBook, wanted: Selection) -> list[str]:
    """Have the rows that fit become no orders, as a cancel wants it; returns their ids. Of a row of all issues, one of
    a new issue stops that order alone."""
    stopped = []
    for found in filter(None, map(subscribing_of, book.open_questions())):
        day, row, name, selected = found.day, found.row, found.name, wanted
        if row.symbol in ALL_ISSUES and subscription_rule(wanted.symbol) and issues.means(row, wanted.symbol):
            name, selected = issues.id_of(name, wanted.symbol), wanted._replace(symbol="")
        if selected.fits(row) and name not in book.canceled_before(trade_date=day, account=row.account):
            book.mark_canceled(trade_date=day, account=row.account, client_order_id=name)
            stopped.append(name)
    return stopped


def cancel_unknown(
    book: OrderBook, answer: Answer, name: str, day: date, named_day: date | None, take_back: Callable[[Order], None]
) -> Answer:
    """A cancel of an id that no order has: should one come on that day, it is not sent. A row of new issues may have
    it, of a later day where the cancel names none: it becomes no orders, and those that it became are taken back."""
    wanted = Selection(account=answer.account, trade_date=named_day, client_order_id=name)
    stopped = stop_subscribing(book, wanted)
    orders = _made_of(book, wanted._replace(trade_date=day))
    for order in orders:
        take_back(order)
    book.mark_canceled(trade_date=day, account=answer.account, client_order_id=name)
    if not (orders or stopped):
        return answer
    tags = tuple(order.terms.tag for order in orders)
    return answer._replace(reason=several_canceled(orders, stopped, 0), canceled=tags)


def _made_of(book: OrderBook, wanted: Selection) -> list[Order]:
    """The orders that a row of new issues with this id became on that day, as far as they can be canceled."""
    assert wanted.trade_date is not None
    asked = filter(None, map(subscribing_of, book.questions_of(wanted.trade_date)))
    if not any(wanted.fits(each.row) for each in asked):
        return []
    made = wanted._replace(client_order_id="", side=Side.SUBSCRIBE).among(book.open_orders())
    name = wanted.client_order_id
    return [order for order in made if order.terms.client_order_id == issues.id_of(name, order.terms.symbol)]


class FileQuestions:
    """The questions of one file, within the current turn. Its quotes are one question with one report."""

    def __init__(self, book: OrderBook, *, file_name: str, intake_no: int, now: datetime) -> None:
        self._book = book
        self._file_name = file_name
        self._intake_no = intake_no
        self._now = now
        self._quotes: Body | None = None

    def ask(self, row: OrderInstruction, account: str, rows: Iterable[OrderInstruction]) -> Answer:
        """Have it asked once this is committed; the answer has a file of its own. `rows` are all that are decided
        together."""
        assert row.query is not None
        if row.query is Query.QUOTES:
            self._quotes = query = self._quotes or self._asked(row.row, row.query, "", _symbols(rows))
        else:
            query = self._asked(row.row, row.query, account, "")
        return Answer(row, Outcome.ACCEPTED, "", query["account"], Reason("QUERY_ASKED", {"report": query["report"]}))

    def subscribe(self, row: OrderInstruction, wanted: Subscribing) -> Answer:
        """Have the day's new issues asked for, which `row` subscribes to."""
        # Of the day on which it is asked: that day's reports are made again after a crash.
        query = self._asked(row.row, Query.IPO, wanted.row.account, wanted.body, wanted.day)
        context = {"trade_date": wanted.day.isoformat(), "report": query["report"]}
        return Answer(row, Outcome.ACCEPTED, wanted.name, wanted.row.account, Reason("ISSUES_ASKED", context))

    def _asked(self, row: int, query: Query, account: str, asked_for: str, day: date | None = None) -> Body:
        trade_date = self._book.turn.trade_date
        stem = PurePath(archive.numbered(self._file_name, trade_date, self._intake_no)).stem
        body: Body = {
            "intake_no": self._intake_no,
            "row": row,
            "trade_date": (day or trade_date).isoformat(),
            "account": account,
            "query": query.value,
            "asked_for": asked_for,
            "report": f"{stem}.query-{row}-{query.value}.csv",
            "asked_at": codec.time_text(self._now),
            "answered_at": "",
        }
        self._book.turn.ask(body)
        return body


def _symbols(rows: Iterable[OrderInstruction]) -> str:
    """Prices are of no account, so those that a file asks for are told together, each once."""
    return " ".join(dict.fromkeys(row.symbol for row in rows if row.query is Query.QUOTES))
