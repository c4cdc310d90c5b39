"""What a file asks: its rows become questions on the ledger, which querying.py puts to the broker after the commit."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePath

from filebridge import archive
from filebridge.bridge.book import OrderBook
from filebridge.domain.admission import Answer
from filebridge.domain.orders import OrderInstruction, Outcome, Query
from filebridge.domain.reasons import Reason
from filebridge.ledger import codec
from filebridge.ledger.codec import Body


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
            self._quotes = query = self._quotes or self._asked(row, "", _symbols(rows))
        else:
            query = self._asked(row, account, "")
        return Answer(row, Outcome.ACCEPTED, "", query["account"], Reason("QUERY_ASKED", {"report": query["report"]}))

    def _asked(self, row: OrderInstruction, account: str, asked_for: str) -> Body:
        assert row.query is not None
        trade_date = self._book.turn.trade_date
        stem = PurePath(archive.numbered(self._file_name, trade_date, self._intake_no)).stem
        query: Body = {
            "intake_no": self._intake_no,
            "row": row.row,
            "trade_date": trade_date.isoformat(),
            "account": account,
            "query": row.query.value,
            "asked_for": asked_for,
            "report": f"{stem}.query-{row.row}-{row.query.value}.csv",
            "asked_at": codec.time_text(self._now),
            "answered_at": "",
        }
        self._book.turn.ask(query)
        return query


def _symbols(rows: Iterable[OrderInstruction]) -> str:
    """Prices are of no account, so those that a file asks for are told together, each once."""
    return " ".join(dict.fromkeys(row.symbol for row in rows if row.query is Query.QUOTES))
