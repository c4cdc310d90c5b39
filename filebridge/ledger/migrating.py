"""Brings a ledger to the newest version of its tables, one migration after the other, each whole or not at all."""

import re
import secrets
from datetime import datetime

from sqlalchemy import Connection, insert, select

from filebridge.errors import LedgerTooNew
from filebridge.ledger import codec, schema

# Base32: no two letters that a broker's system could fold into one by changing case.
_TAG_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_NEW_COLUMN = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+) .*")


def migrate(connection: Connection, at: datetime) -> None:
    """Bring a ledger up to date, or make a new one. Raises LedgerTooNew for one that a later version has made."""
    with connection.begin():
        schema.MIGRATIONS_DONE.create(connection, checkfirst=True)
        done = connection.execute(select(schema.MIGRATIONS_DONE.c.version)).scalars().all()
    newest = schema.MIGRATIONS[-1][0]
    if max(done, default=0) > newest:
        raise LedgerTooNew(
            f"the ledger is of version {max(done)}, this filebridge knows versions up to {newest}",
            hint="Install the newer filebridge again; an older one must not write into this ledger.",
            hint_zh="请使用更新版本的 filebridge；旧版本不得写入此账本。",
        )
    due = [migration for migration in schema.MIGRATIONS if migration[0] not in done]
    # Each commit is flushed: a new ledger is made by one of them, a large one is changed in small steps.
    for step in [[migration] for migration in due] if done else [due]:
        with connection.begin():
            for version, name, statements in step:
                _apply(connection, version, statements)
                record = {"version": version, "name": name, "applied_at": codec.time_text(at)}
                connection.execute(insert(schema.MIGRATIONS_DONE), [record])


def _apply(connection: Connection, version: int, statements: tuple[str, ...]) -> None:
    if version == 1:
        schema.METADATA.create_all(connection)
        mark = "".join(secrets.choice(_TAG_LETTERS) for _ in range(4))
        connection.execute(insert(schema.META), [{"key": "home_mark", "value": mark}])
    for statement in statements:
        if not _is_there(connection, statement):
            connection.exec_driver_sql(statement)


def _is_there(connection: Connection, statement: str) -> bool:
    """Whether a migration's new column is there already, as in a ledger that was made with it."""
    match = _NEW_COLUMN.fullmatch(statement)
    if match is None:
        return False
    return any(row.name == match[2] for row in connection.exec_driver_sql(f"PRAGMA table_info({match[1]})"))
