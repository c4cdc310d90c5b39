"""Opens the ledger for its writer, or makes it: what SQLite has to promise, and the tables as they are now."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from filebridge.errors import LedgerError
from filebridge.ledger import schema
from filebridge.ledger.migrating import migrate
from filebridge.ledger.store import GENESIS, PAGES_AT_REST, Ledger

# A write-ahead log of this size takes thousands of commits on a disk that is full; one that must grow takes none.
WAL_BYTES = 16 * 1024 * 1024


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
            f"the ledger cannot be opened 无法打开账本 {path.name}: {getattr(error, 'orig', None) or error}",
            hint="Is the disk full or a network drive, is it held by another program? Never delete it, nor its -wal.",
            hint_zh="磁盘是否已满，是否位于网络盘，是否被其他程序占用？切勿删除账本及其 -wal 文件。",
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
    found = (last.seq, last.hash) if last else (0, GENESIS)
    return Ledger(engine, connection, home_mark=meta["home_mark"], seq=found[0], head=found[1])


# Each is read back: SQLite answers a pragma that it cannot honour with silence.
_PRAGMAS = (
    ("busy_timeout", "5000", 5000),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    # Without it INSERT OR REPLACE would pass the append-only triggers.
    ("recursive_triggers", "ON", 1),
    # Pages of the day stay at hand (KiB).
    ("cache_size", "-32000", -32000),
    ("wal_autocheckpoint", f"{PAGES_AT_REST}", PAGES_AT_REST),
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
