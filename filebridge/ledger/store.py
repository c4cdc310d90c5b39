"""The only writer of the ledger. A turn gathers what happened and commits it at once, flushed, or not at all.

After any error here nothing more may be sent: a COMMIT that failed can be on disk all the same, so the process leaves
and a new start reads what is really there.
"""

import hashlib
import secrets
import sqlite3
from base64 import b32encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from filebridge import failpoints
from filebridge.domain.canceling import Selection
from filebridge.domain.events import Change, OrderEvent
from filebridge.domain.orders import Order, Status
from filebridge.errors import LedgerError
from filebridge.ledger import codec
from filebridge.ledger.codec import Body

if TYPE_CHECKING:
    # Whoever writes nothing (`check`) does not wait for its import.
    from sqlalchemy import Connection, Engine, Table

    from filebridge.ledger.statements import Statement

GENESIS = "0" * 64
# So many pages of the write-ahead log are copied into the ledger's file at a commit. While orders wait to be sent more
# may gather, for copying them takes longer than many commits; it waits for a moment when nobody waits for it.
PAGES_AT_REST, _PAGES_IN_A_HURRY = 1000, 8000
_TAGS_MADE = 100


def chain_hash(previous: str, row: Body) -> str:
    """The hash of one event, over the hash before it and everything that the event says."""
    said = (
        f"{previous}\x1f{row['seq']}\x1f{row['at']}\x1f{row['trade_date']}\x1f{row['kind']}\x1f{row['tag']}\x1f"
        f"{row['intake_no']}\x1f{row['body']}"
    )
    return hashlib.sha256(said.encode()).hexdigest()


class Turn:
    """What happened since the last commit; written as one transaction when the turn ends."""

    def __init__(self, at: datetime, trade_date: date, seq: int, head: str) -> None:
        self.at = at
        self._at_text = codec.time_text(at)
        self._date_text = trade_date.isoformat()
        self.trade_date = trade_date
        self.seq = seq
        self.head = head
        self.events: list[Body] = []
        self.fills: list[Body] = []
        self.orders: dict[str, Order] = {}
        # The terms of the orders that this turn made, as they are stored, by tag.
        self.born: dict[str, tuple[Any, ...]] = {}
        # The orders whose numbers at the broker are others than before, or that were settled or are open again.
        self.renumbered: set[str] = set()
        # The orders whose sending made their price (by market data) or quantity (what a replaced order has left).
        self.priced: set[str] = set()
        self.files: dict[int, Body] = {}
        # Very large ones, whose rows came into the ledger before this turn, or come after it.
        self.loaded: dict[int, Body] = {}
        self.marks: list[Body] = []
        self.stops: list[Body] = []
        # What was asked of the broker, and what was answered in this turn, as rows of the view `queries`.
        self.queries: list[Body] = []
        self.feeds: list[Body] = []
        self.changes: list[Change] = []
        # The last event of which all is said by itself, the status that it led to, and its text.
        self._worded: tuple[OrderEvent | None, Status | None, str] = (None, None, "")

    def append(self, kind: str, body: Body | str, *, tag: str = "", intake_no: int = 0) -> int:
        """Add an event to the chain, its body as it is or as it is stored; returns its sequence number."""
        self.seq += 1
        row = {
            "seq": self.seq,
            "at": self._at_text,
            "trade_date": self._date_text,
            "kind": kind,
            "tag": tag,
            "intake_no": intake_no,
            "body": body if isinstance(body, str) else codec.dumps(body),
        }
        self.head = row["hash"] = chain_hash(self.head, row)
        self.events.append(row)
        return self.seq

    def close_file(self, file: Body) -> None:
        """Record a file; the last event of its answer, whose hash stands in its receipt."""
        self.files[file["intake_no"]] = file
        self.append("FILE", file, intake_no=file["intake_no"])

    def accept_loaded(self, file: Body, **said: Any) -> None:
        """Record that a very large file is whole in the ledger: what it asks for holds from here on."""
        self.loaded[file["intake_no"]] = file
        self.append("LOADED", {"file": file, **said}, intake_no=file["intake_no"])

    def close_loaded(self, file: Body) -> None:
        """Record that every row of a very large file is answered."""
        self.loaded[file["intake_no"]] = file
        self.append("FILE", file, intake_no=file["intake_no"])

    def answer_row(self, body: Body, *, intake_no: int, order: Order | None = None) -> None:
        """Record the answer to one row and, if it made one, the birth of its order."""
        said, tag = body, order.terms.tag if order else ""
        if order is not None:
            self.orders[tag] = order
            said = self._birth(order, body)
        seq = self.append("ROW", said, tag=tag, intake_no=intake_no)
        self.changes.append(Change(seq, self.at, intake_no, order, None, body))

    def _birth(self, order: Order, body: Body) -> Body:
        """What the answer to a row says as the event that makes its order."""
        terms = self.born[order.terms.tag] = codec.terms_values(order.terms)
        return {**body, "status": order.status.value, "terms": codec.terms_said(terms, body)}

    def follow(self, feed: Body, *, intake_no: int) -> None:
        """Record how far a file that grows is read; `feed` is its row in the view."""
        self.feeds.append(feed)
        self.append("FEED", feed, intake_no=intake_no)

    def mark_canceled(self, *, trade_date: date, account: str, client_order_id: str) -> None:
        mark = {"trade_date": trade_date.isoformat(), "account": account, "client_order_id": client_order_id}
        self.marks.append(mark)
        self.append("CANCEL_MARK", mark)

    def ask(self, query: Body) -> None:
        """Record what a file asks of the broker; `query` is a row of the view `queries`."""
        self.queries.append(query)
        self.append("QUERY", query, intake_no=query["intake_no"])

    def told(self, query: Body, answer: Body, *, is_end: bool) -> None:
        """Record the answer to a query, or a part of it."""
        if is_end:
            query["answered_at"] = self._at_text
            self.queries.append(query)
        body = {**answer, "row": query["row"], "report": query["report"], "is_end": is_end}
        self.append("QUERIED", body, intake_no=query["intake_no"])

    def stop_rest(self, claim: str, stop: Selection, *, intake_no: int) -> None:
        """Record that no row of a very large file that fits becomes an order from here on."""
        body = {"claim": claim, **codec.selection_body(stop)}
        self.stops.append(codec.stop_row(body, self.append("REST_CANCELED", body, intake_no=intake_no)))

    def happen(self, order: Order, what: OrderEvent, after: Order, *, raw: Body | None = None) -> None:
        """Record an event and the order after it; `raw` is the broker's own words, if they caused it."""
        seq = self.append("ORDER", self._in_words(order, what, after, raw), tag=order.terms.tag)
        self.changes.append(Change(seq, self.at, order.terms.intake_no, after, what, {}))
        if what.limit_price is not None or what.quantity:
            self.priced.add(order.terms.tag)
        if what.fill is not None:
            self.fills.append(codec.fill_row(after, what, seq))
        self.orders[order.terms.tag] = after
        if (
            order.broker_order_id != after.broker_order_id
            or order.counter_order_id != after.counter_order_id
            or order.is_settled is not after.is_settled
        ):
            self.renumbered.add(order.terms.tag)

    def _in_words(self, order: Order, what: OrderEvent, after: Order, raw: Body | None) -> str:
        """An event as it is stored. A group of orders leaves by one event: put into words once, for it takes as long as
        applying it."""
        is_plain = raw is None and after.reason is order.reason
        if is_plain and what is self._worded[0] and after.status is self._worded[1]:
            return self._worded[2]
        body = codec.event_body(what, after.status)
        if after.reason is not order.reason:
            body |= codec.reason_body(after.reason)
        if raw is not None:
            body["raw"] = raw
        text = codec.dumps(body)
        if is_plain:
            self._worded = (what, after.status, text)
        return text


class Ledger:
    """The open ledger of one home; hold exactly one in a process, and one process in a home."""

    def __init__(self, engine: "Engine", connection: "Connection", *, home_mark: str, seq: int, head: str) -> None:
        self._engine = engine
        self._connection = connection
        # The driver's own: for a turn of one order SQLAlchemy takes longer than SQLite.
        self._store: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        self._hurried = False
        # Made, and given to nobody yet; they ascend.
        self._tags: list[str] = []
        self.home_mark = home_mark
        self.seq = seq
        self.head = head
        # Also that of a file whose loading was cut off: it has events, and is no file.
        newest = self._store.execute("SELECT COALESCE(MAX(intake_no), 0) FROM events WHERE intake_no != 0")
        self._intake_no = int(newest.fetchone()[0])

    @contextmanager
    def turn(self, at: datetime, trade_date: date) -> Iterator[Turn]:
        """Gather events; on leaving, write and flush them as one transaction.

        Raises LedgerError if that failed; then nothing of the turn may be believed either way.
        """
        turn = Turn(at, trade_date, self.seq, self.head)
        yield turn
        if not turn.events:
            return
        try:
            self._write(turn)
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"the ledger could not be written 账本无法写入: {error}",
                hint="filebridge has ended and sends nothing. Make room on the disk, then start again.",
                hint_zh="filebridge 已退出，不再发送。请释放磁盘空间后重新启动。",
            ) from error
        self.seq, self.head = turn.seq, turn.head

    def hurry(self, hurried: bool) -> None:
        """Whether orders wait to be sent; from the next commit on."""
        if hurried is not self._hurried:
            self._hurried = hurried
            self._store.execute(f"PRAGMA wal_autocheckpoint={_PAGES_IN_A_HURRY if hurried else PAGES_AT_REST}")

    def new_intake_no(self) -> int:
        """The number of a file that is taken in."""
        self._intake_no += 1
        return self._intake_no

    def _write(self, turn: Turn) -> None:
        """All of a turn, or nothing; flushed when this returns."""
        from filebridge.ledger import statements

        store = self._store
        orders = statements.order_rows(turn.orders, turn.born, renumbered=turn.renumbered, priced=turn.priced)
        store.execute("BEGIN IMMEDIATE")
        try:
            failpoints.hit("ledger.write")
            written: tuple[tuple[Statement, Sequence[Any]], ...] = (
                (statements.NEW_EVENT, turn.events),
                (statements.NEW_FILE, [*turn.loaded.values(), *turn.files.values()]),
                *orders,
                (statements.NEW_FILL, turn.fills),
                (statements.NEW_MARK, turn.marks),
                (statements.NEW_STOP, turn.stops),
                (statements.NEW_QUERY, turn.queries),
                (statements.NEW_FEED, turn.feeds),
            )
            for (statement, values), rows in written:
                if found := list(map(values, rows)):
                    store.executemany(statement, found)
            failpoints.hit("ledger.commit")
            store.execute("COMMIT")
        except BaseException:  # why: whatever it was, nothing of the turn may stay open
            store.rollback()
            raise
        failpoints.hit("ledger.committed")

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def new_tags(self, count: int) -> list[str]:
        """Tags of 20 characters: four that name this home, then 80 random bits in base32. They ascend: so the orders of
        a file lie together in each index by tag, and a commit about some of them writes few of its pages."""
        if count > len(self._tags):
            # Those of small files are made together: making one takes as long as making dozens.
            made = max(count, _TAGS_MADE)
            letters = b32encode(secrets.token_bytes(10 * made)).decode()
            self._tags = sorted(self.home_mark + letters[start : start + 16] for start in range(0, 16 * made, 16))
        tags, self._tags = self._tags[:count], self._tags[count:]
        return tags

    def rewrite_views(self, views: "dict[Table, list[Body]]") -> None:
        """Replace the views by what the events say (see verify.fold)."""
        from sqlalchemy import insert

        with self._connection.begin():
            for table, rows in views.items():
                self._connection.execute(table.delete())
                if rows:
                    self._connection.execute(insert(table), rows)
