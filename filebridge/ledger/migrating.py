"""Brings a ledger to the newest version of its tables, one migration after the other, each whole or not at all."""

import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from filebridge.errors import LedgerTooNew
from filebridge.ledger import codec, schema

# Base32: no two letters that a broker's system could fold into one by changing case.
_TAG_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_NEW_COLUMN = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+) .*")


@contextmanager
def transaction(store: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing; flushed when this ends. It begins as a writer, so that no other one comes between."""
    store.execute("BEGIN IMMEDIATE")
    try:
        yield
        store.execute("COMMIT")
    except BaseException:  # why: whatever it was, nothing of it may stay open
        store.rollback()
        raise


def migrate(store: sqlite3.Connection, at: datetime) -> None:
    """Bring a ledger up to date, or make a new one. Raises LedgerTooNew for one that a later version has made."""
    with transaction(store):
        for statement in schema.MIGRATIONS_DONE.made_by:
            store.execute(statement)
    done = {version for (version,) in store.execute("SELECT version FROM migrations")}
    newest = schema.MIGRATIONS[-1][0]
    if max(done, default=0) > newest:
        raise LedgerTooNew(
            f"the ledger is of version {max(done)}, this filebridge knows versions up to {newest}",
            hint="Install the newer filebridge again; an older one must not write into this ledger.",
            hint_zh="请使用更新版本的 filebridge；旧版本不得写入此账本。",
        )
    due = [migration for migration in schema.MIGRATIONS if migration[0] not in done]
    # A new ledger is made in one step, for each is flushed; a large one is changed in small ones.
    for step in [[migration] for migration in due] if done else [due]:
        with transaction(store):
            for version, name, statements in step:
                _apply(store, version, statements)
                store.execute("INSERT INTO migrations VALUES (?, ?, ?)", (version, name, codec.time_text(at)))


def _apply(store: sqlite3.Connection, version: int, statements: tuple[str, ...]) -> None:
    if version == 1:
        for statement in (statement for table in schema.TABLES for statement in table.made_by):
            store.execute(statement)
        mark = "".join(secrets.choice(_TAG_LETTERS) for _ in range(4))
        store.execute("INSERT INTO meta VALUES ('home_mark', ?)", (mark,))
    for statement in statements:
        if not _is_there(store, statement):
            store.execute(statement)


def _is_there(store: sqlite3.Connection, statement: str) -> bool:
    """Whether a migration's new column is there already, as in a ledger that was made with it."""
    match = _NEW_COLUMN.fullmatch(statement)
    if match is None:
        return False
    return any(name == match[2] for _, name, *_ in store.execute(f"PRAGMA table_info({match[1]})"))
