"""Rows that subscribe to all of a day's new issues, from the broker's answer to their orders.

The question stands on the ledger, and its answer and the orders that it makes are one commit: after a crash between the
two it is asked again. The orders' ids follow from the row's and the issue's, and no issue is subscribed to twice on a
day by one account, whatever the ids.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from filebridge.bridge.answers import answer_body
from filebridge.bridge.asking import Subscribing
from filebridge.bridge.book import OrderBook
from filebridge.bridge.guard import Guard
from filebridge.bridge.rows import Draft, FileRows
from filebridge.domain import issues, risk
from filebridge.domain.admission import Answer, burning
from filebridge.domain.issues import Issue
from filebridge.domain.orders import OrderInstruction, Outcome, body_hash
from filebridge.domain.reasons import Reason
from filebridge.ledger.codec import Body
from filebridge.ledger.instructions import LOADING
from filebridge.ledger.store import Ledger
from filebridge.ledger.views import LedgerReader


class Subscriptions:
    """Everything happens within the current turn. `may_send` says whether an account's books were reconciled on this
    connection."""

    def __init__(
        self,
        book: OrderBook,
        ledger: Ledger,
        reader: LedgerReader,
        rules: risk.Rules,
        guard: Guard,
        *,
        may_send: Callable[[str], bool],
    ) -> None:
        self._book = book
        self._ledger = ledger
        self._reader = reader
        self._rules = rules
        self._guard = guard
        self._may_send = may_send

    def in_time(self, wanted: Subscribing, now: datetime) -> bool | Reason:
        """Whether the broker is to be asked now: on the row's day, while orders are taken. A reason ends the row."""
        row, moment = wanted.row, risk.moment_of(now, self._rules)
        if wanted.name in self._book.canceled_before(trade_date=wanted.day, account=row.account):
            return Reason("CANCELED_BEFORE_ARRIVAL", {"client_order_id": wanted.name})
        if moment.today is not None and moment.today > wanted.day:
            return Reason("EXPIRED_TRADE_DATE", {"trade_date": wanted.day.isoformat()})
        if row.expire_at is not None and now >= row.expire_at:
            return Reason("EXPIRED_AT", {"expire_at": row.expire_at.isoformat(timespec="seconds")})
        since = moment.open_since
        if moment.today != wanted.day or since is None or (row.start_at is not None and now < row.start_at):
            return False
        waited = now - max(wanted.received_at, row.start_at or since, since)
        if waited > self._rules.max_order_age:
            limit = str(int(self._rules.max_order_age.total_seconds()))
            return Reason("EXPIRED_TOO_OLD", {"age_seconds": str(int(waited.total_seconds())), "limit_seconds": limit})
        return self._may_send(row.account)

    def told(self, wanted: Subscribing, query: Body, rows: Sequence[Body], now: datetime) -> None:
        """The broker has told the issues: each that is meant becomes an order, or the reason why not."""
        meant = [row for row in rows if issues.means(wanted.row, row["symbol"])]
        if wanted.name in self._book.canceled_before(trade_date=wanted.day, account=wanted.row.account):
            self.not_told(wanted, query, Reason("CANCELED_BEFORE_ARRIVAL", {"client_order_id": wanted.name}))
        elif not meant:
            reason = Reason("ISSUES_NONE", {"trade_date": wanted.day.isoformat()})
            self._record(query, [_answer(wanted, wanted.row, Outcome.ACCEPTED, reason)])
        else:
            self._record(
                query,
                self._decided(wanted, query, sorted(map(issues.issue_of, meant), key=lambda issue: issue.symbol), now),
            )

    def not_told(self, wanted: Subscribing, query: Body, why: Reason) -> None:
        """The row comes to nothing; it may be dropped again."""
        if why.code in ("QUERY_NOT_ANSWERED", "QUERY_FAILED"):
            said = {"trade_date": wanted.day.isoformat(), "text": why.message, "text_zh": why.message_zh}
            why = Reason("ISSUES_NOT_TOLD", said)
        self._record(query, [_answer(wanted, wanted.row, Outcome.DENIED, why)])

    def _decided(self, wanted: Subscribing, query: Body, found: Sequence[Issue], now: datetime) -> Iterator[Answer]:
        group = (wanted.day, wanted.row.account)
        subscribed = self._book.subscribed(trade_date=wanted.day, account=wanted.row.account)
        drafts = []
        for issue in found:
            row = issues.subscription(wanted.row, issue, wanted.name, wanted.day)
            earlier = burning([order for order in subscribed if order.terms.symbol == issue.symbol])
            quantity = issues.largest(issue, wanted.day)
            if earlier is not None:
                context = {"client_order_id": earlier.terms.client_order_id, "earlier_status": earlier.status.value}
                reason = Reason("ISSUE_SUBSCRIBED_ALREADY", {"symbol": issue.symbol, **context})
                again = _answer(wanted, row, Outcome.DUPLICATE, reason)
                yield again._replace(tag=earlier.terms.tag, earlier_status=earlier.status.value)
            elif isinstance(quantity, Reason):
                yield _answer(wanted, row, Outcome.DENIED, quantity)
            else:
                row = row._replace(quantity=quantity)
                drafts.append(Draft(row, group, row.client_order_id, body_hash(row, wanted.row.account)))
        yield from self._rows_of(wanted, query, now).decide(drafts)

    def _rows_of(self, wanted: Subscribing, query: Body, now: datetime) -> FileRows:
        file = self._reader.file_numbered(query["intake_no"])
        assert file is not None, "a file's questions are answered after the file"
        return FileRows(
            *(self._book, self._ledger, self._rules, self._guard),
            file_name=file["name"],
            intake_no=query["intake_no"],
            received_at=wanted.received_at,
            now=now,
            mode=wanted.mode,
            stop_rest=lambda _, __: 0,
        )

    def _record(self, query: Body, answers: Iterator[Answer] | list[Answer]) -> None:
        """The receipt is written again, with these answers below what it said of the row."""
        number = query["intake_no"]
        for answer in answers:
            self._book.answer(answer_body(answer), answer.order, intake_no=number)
        file = self._reader.file_numbered(number)
        # That of a very large file is written when all of it is answered.
        if file is not None and file["outcome"] != LOADING:
            self._book.turn.close_loaded(file)


def _answer(wanted: Subscribing, row: OrderInstruction, outcome: Outcome, reason: Reason) -> Answer:
    return Answer(row, outcome, row.client_order_id, wanted.row.account, reason)
