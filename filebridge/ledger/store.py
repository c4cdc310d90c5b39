"""The only writer of the ledger. A turn gathers what happened and commits it at once, flushed, or not at all.

After any error here nothing more may be sent: a COMMIT that failed can be on disk all the same, so the process leaves
and a new start reads what is really there.
"""

import hashlib
import secrets
import sqlite3
from base64 import b32encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Insert,
    Table,
    Update,
    bindparam,
    create_engine,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from filebridge import failpoints
from filebridge.domain.canceling import Selection
from filebridge.domain.events import Change, OrderEvent
from filebridge.domain.orders import Order, OrderTerms
from filebridge.errors import LedgerError
from filebridge.ledger import codec, schema
from filebridge.ledger.codec import Body
from filebridge.ledger.migrating import migrate

GENESIS = "0" * 64
# A write-ahead log of this size takes thousands of commits on a disk that is full; one that must grow takes none.
WAL_BYTES = 16 * 1024 * 1024
# So many pages of the write-ahead log are copied into the ledger's file at a commit. While orders wait to be sent more
# may gather, for copying them takes longer than many commits; it waits for a moment when nobody waits for it.
_PAGES_AT_REST, _PAGES_IN_A_HURRY = 1000, 8000


def chain_hash(previous: str, row: Body) -> str:
    """The hash of one event, over the hash before it and everything that the event says."""
    parts = (previous, str(row["seq"]), row["at"], row["trade_date"], row["kind"], row["tag"], str(row["intake_no"]))
    return hashlib.sha256("\x1f".join((*parts, row["body"])).encode()).hexdigest()


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
        self.born: dict[str, Body] = {}
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

    def append(self, kind: str, body: Body, *, tag: str = "", intake_no: int = 0) -> int:
        """Add an event to the chain; returns its sequence number."""
        self.seq += 1
        row = {
            "seq": self.seq,
            "at": self._at_text,
            "trade_date": self._date_text,
            "kind": kind,
            "tag": tag,
            "intake_no": intake_no,
            "body": codec.dumps(body),
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
            terms = self.born[tag] = codec.terms_body(order.terms)
            said = {**body, "status": order.status.value, "terms": terms}
        seq = self.append("ROW", said, tag=tag, intake_no=intake_no)
        self.changes.append(Change(seq, self.at, intake_no, order, None, body))

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
        body = codec.event_body(what, after.status)
        if after.reason is not order.reason:
            body |= codec.reason_body(after.reason)
        if raw is not None:
            body["raw"] = raw
        seq = self.append("ORDER", body, tag=order.terms.tag)
        self.changes.append(Change(seq, self.at, order.terms.intake_no, after, what, {}))
        if what.limit_price is not None or what.quantity:
            self.priced.add(order.terms.tag)
        if what.fill is not None:
            self.fills.append(codec.fill_row(after, what, seq))
        self.orders[order.terms.tag] = after
        if _numbers(order) != _numbers(after):
            self.renumbered.add(order.terms.tag)


def _numbers(order: Order) -> tuple[bool, str, str]:
    """What the ledger finds an order by, of what changes in it."""
    return order.is_settled, order.broker_order_id, order.counter_order_id


class Ledger:
    """The open ledger of one home; hold exactly one in a process, and one process in a home."""

    def __init__(self, engine: Engine, connection: Connection, meta: dict[str, str], seq: int, head: str) -> None:
        self._engine = engine
        self._connection = connection
        # The driver's own: for a turn of one order SQLAlchemy takes longer than SQLite.
        self._store: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        self._hurried = False
        self.home_mark = meta["home_mark"]
        self.seq = seq
        self.head = head
        # Also that of a file whose loading was cut off: it has events, and is no file.
        self._intake_no = int(
            connection.execute(text("SELECT COALESCE(MAX(intake_no), 0) FROM events WHERE intake_no != 0")).scalar_one()
        )
        connection.rollback()

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
            self._store.execute(f"PRAGMA wal_autocheckpoint={_PAGES_IN_A_HURRY if hurried else _PAGES_AT_REST}")

    def new_intake_no(self) -> int:
        """The number of a file that is taken in."""
        self._intake_no += 1
        return self._intake_no

    def _write(self, turn: Turn) -> None:
        """All of a turn, or nothing; flushed when this returns."""
        store = self._store
        born = (
            codec.order_row(turn.orders[tag]) if tag in turn.priced else terms | codec.state_body(turn.orders[tag])
            for tag, terms in turn.born.items()
        )
        moved: list[Body] = []
        changed: list[Body] = []
        priced: list[Body] = []
        for tag, order in turn.orders.items():
            if tag in turn.priced and tag not in turn.born:
                priced.append({**codec.order_row(order), "of_tag": tag})
            elif tag not in turn.born:
                (changed if tag in turn.renumbered else moved).append({**codec.state_body(order), "of_tag": tag})
        store.execute("BEGIN IMMEDIATE")
        try:
            failpoints.hit("ledger.write")
            for (statement, values), rows in (
                (_NEW_EVENT, turn.events),
                (_NEW_FILE, [*turn.loaded.values(), *turn.files.values()]),
                (_NEW_ORDER, born),
                (_CHANGED_ORDER, changed),
                (_MOVED_ORDER, moved),
                (_PRICED_ORDER, priced),
                (_NEW_FILL, turn.fills),
                (_NEW_MARK, turn.marks),
                (_NEW_STOP, turn.stops),
                (_NEW_QUERY, turn.queries),
                (_NEW_FEED, turn.feeds),
            ):
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
        """Tags of 20 characters: four that name this home, then 80 random bits in base32."""
        letters = b32encode(secrets.token_bytes(10 * count)).decode()
        return [self.home_mark + letters[start : start + 16] for start in range(0, 16 * count, 16)]

    def rewrite_views(self, views: dict[Table, list[Body]]) -> None:
        """Replace the views by what the events say (see verify.fold)."""
        with self._connection.begin():
            for table, rows in views.items():
                self._connection.execute(table.delete())
                if rows:
                    self._connection.execute(insert(table), rows)


def open_ledger(path: Path, *, at: datetime, wal_bytes: int | None = None) -> Ledger:
    """Open or make the ledger at `path`; brings an older one up to date. `wal_bytes`: how large its write-ahead log is
    made, 0 for a ledger that nothing will be written to.

    Raises LedgerError when SQLite cannot give what the ledger needs, LedgerTooNew for a later version's ledger.
    """
    # One connection for the life of the process: SQLite's checkpoints are safest with a single writer.
    engine = create_engine(
        URL.create("sqlite", database=str(path)), poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    event.listen(engine, "connect", _set_pragmas)
    # pysqlite would begin transactions by itself, and deferred ones; ours begin as writers.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        return _opened(engine, path, at, wal_bytes)
    except SQLAlchemyError as error:
        engine.dispose()
        raise LedgerError(
            f"the ledger cannot be opened 无法打开账本 {path.name}: {error}",
            hint="Does another program hold it, is the disk full, is it on a network drive? See `filebridge verify`.",
            hint_zh="是否被其他程序占用、磁盘已满或位于网络盘？可用 filebridge verify 检查。",
        ) from error
    except LedgerError:
        engine.dispose()
        raise


def _opened(engine: Engine, path: Path, at: datetime, wal_bytes: int | None) -> Ledger:
    connection = engine.connect()
    _grow_wal(connection, path, WAL_BYTES if wal_bytes is None else wal_bytes)
    migrate(connection, at)
    with connection.begin():
        meta = {row.key: row.value for row in connection.execute(select(schema.META))}
        last = connection.execute(
            select(schema.EVENTS.c.seq, schema.EVENTS.c.hash).order_by(schema.EVENTS.c.seq.desc()).limit(1)
        ).first()
    return Ledger(engine, connection, meta, last.seq if last else 0, last.hash if last else GENESIS)


# Each is read back: SQLite answers a pragma that it cannot honour with silence.
_PRAGMAS = (
    ("busy_timeout", "5000", 5000),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    # Without it INSERT OR REPLACE would pass the append-only triggers.
    ("recursive_triggers", "ON", 1),
    # Pages of the day stay at hand (KiB).
    ("cache_size", "-32000", -32000),
    ("wal_autocheckpoint", f"{_PAGES_AT_REST}", _PAGES_AT_REST),
    ("journal_size_limit", f"{WAL_BYTES}", WAL_BYTES),
)


def _set_pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    try:
        for name, value, expected in _PRAGMAS:
            connection.execute(f"PRAGMA {name}={value}")
            found = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if found != expected:
                raise LedgerError(
                    f"SQLite refuses 拒绝 {name}={value} (it says 返回 {found})",
                    hint="The ledger must lie on a local disk.",
                    hint_zh="账本必须放在本地磁盘上。",
                )
    except BaseException:  # why: whatever happened, nobody else knows of this connection yet
        connection.close()
        raise


def _grow_wal(connection: Connection, path: Path, size: int) -> None:
    """Make the write-ahead log large before it is needed: a transaction that is rolled back leaves its pages in it."""
    wal = path.with_name(path.name + "-wal")
    if not size or (wal.exists() and wal.stat().st_size >= size):
        return
    # A cache too small for the pages writes them out before the transaction ends.
    connection.exec_driver_sql("PRAGMA cache_size=10")
    connection.exec_driver_sql("CREATE TABLE filler (bytes BLOB)")
    connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(?))", (size,))
    connection.rollback()
    connection.exec_driver_sql("PRAGMA cache_size=-32000")
    connection.rollback()


# Rows go to SQLite as tuples: SQLAlchemy's own way with parameters costs several times what SQLite takes for a row.
def _prepared(statement: Insert | Update) -> tuple[str, Callable[[Body], tuple[Any, ...]]]:
    compiled = statement.compile(dialect=sqlite.dialect())
    assert compiled.positiontup is not None
    return str(compiled), itemgetter(*compiled.positiontup)


_NEW_EVENT, _NEW_ORDER, _NEW_FILL = (_prepared(insert(table)) for table in (schema.EVENTS, schema.ORDERS, schema.FILLS))
# A very large file is recorded twice: when it is loaded, and when it is answered.
_NEW_FILE = _prepared(insert(schema.FILES).prefix_with("OR REPLACE"))
# A cancel of an unknown id may come twice.
_NEW_MARK = _prepared(insert(schema.CANCEL_MARKS).prefix_with("OR IGNORE"))
_NEW_STOP = _prepared(insert(schema.CANCEL_STOPS))
# A query is recorded twice: when it is asked, and when it is answered.
_NEW_QUERY = _prepared(insert(schema.QUERIES).prefix_with("OR REPLACE"))
_NEW_FEED = _prepared(insert(schema.FEEDS).prefix_with("OR REPLACE"))
_STATE = [column.name for column in schema.ORDERS.columns if column.name not in OrderTerms._fields]
_INDEXED = ("open", "broker_order_id", "counter_order_id")


def _change_of(names: list[str]) -> tuple[str, Callable[[Body], tuple[Any, ...]]]:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return _prepared(update(schema.ORDERS).where(schema.ORDERS.c.tag == bindparam("of_tag")).values(values))


_CHANGED_ORDER = _change_of(_STATE)
# An UPDATE that names an indexed column writes its index as well, the value be the same or not.
_MOVED_ORDER = _change_of([name for name in _STATE if name not in _INDEXED])
_PRICED_ORDER = _change_of([*_STATE, "limit_price", "quantity"])
