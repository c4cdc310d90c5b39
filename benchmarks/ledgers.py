"""A large ledger in a short time: a real day, copied.

filebridge itself records one file of orders from intake to the last fill. Its events and the rows of its views are then
written again and again with other tags, dates and numbers, and chained anew with the ledger's own hash; `filebridge
verify` finds nothing wrong with the result. So whatever the ledger's tables and events look like, the copies look the
same. Only `claim`, `sha256` and client ids repeat, which they may on other days.
"""

import re
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from filebridge.domain.orders import SHANGHAI
from filebridge.ledger import store

Row = dict[str, Any]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# The end of a tag names the copy; before it are the home's mark and enough random bits to tell a file's orders apart.
_NAMES_COPY = 8
# Tables that hold a file's orders besides the events.
_VIEWS = ("files", "orders", "fills")


def copy_day(template: Path, target: Path, copies: int, last_day: date) -> None:
    """Make a ledger at `target` of `copies` days, the last of them `last_day`, each as the one file in `template`."""
    now = datetime.now(SHANGHAI)
    store.open_ledger(target, at=now).close()
    source = sqlite3.connect(template)
    source.row_factory = sqlite3.Row
    connection = sqlite3.connect(target)
    try:
        mark = source.execute("SELECT value FROM meta WHERE key = 'home_mark'").fetchone()[0]
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("UPDATE meta SET value = ? WHERE key = 'home_mark'", (mark,))
        # Kept up to date row by row, they would take longer than everything else.
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        _write(_Day(source), connection, copies, last_day)
        for _, sql in indexes:
            connection.execute(sql)
        connection.commit()
    finally:
        connection.close()
        source.close()


class _Day:
    """What the template says of its one file: its events in their order, and its rows in the views."""

    def __init__(self, source: sqlite3.Connection) -> None:
        (file,) = source.execute("SELECT intake_no, trade_date FROM files").fetchall()
        self.intake_no: int = file["intake_no"]
        self.trade_date: str = file["trade_date"]
        tags = [row["tag"] for row in source.execute("SELECT tag FROM orders")]
        wanted = "SELECT * FROM events WHERE intake_no != 0 OR tag != '' ORDER BY seq"
        self.events = [dict(row) for row in source.execute(wanted)]
        self.place_of = {row["seq"]: place for place, row in enumerate(self.events, 1)}
        self.views = {name: [dict(row) for row in source.execute(f"SELECT * FROM {name}")] for name in _VIEWS}  # noqa: S608
        self.tags = re.compile("|".join(tags))
        assert len({tag[:-_NAMES_COPY] for tag in tags}) == len(tags), "tags of the template are too much alike"

    def copied(self, number: int, day: date, seq: int, rows: list[Row]) -> Iterator[Row]:
        """The rows as they would be had they been recorded as the `number`-th file on that day."""
        end = _name_of(number)
        intake_text, trade_date = f'"intake_no":{self.intake_no},', day.isoformat()
        for row in rows:
            made: Row = {}
            for column, value in row.items():
                if isinstance(value, str):
                    text = value.replace(self.trade_date, trade_date)
                    text = self.tags.sub(lambda found: found[0][:-_NAMES_COPY] + end, text)
                    made[column] = text.replace(intake_text, f'"intake_no":{number},') if column == "body" else text
                elif column == "seq":
                    made[column] = seq + self.place_of[value]
                elif column == "intake_no" and value:
                    made[column] = number
                else:
                    made[column] = value
            yield made


def _write(day: _Day, connection: sqlite3.Connection, copies: int, last_day: date) -> None:
    seq, head = 0, store.GENESIS
    inserts = {name: _insert(name, rows[0]) for name, rows in {"events": day.events, **day.views}.items()}
    for number in range(1, copies + 1):
        at = last_day - timedelta(days=copies - number)
        events = list(day.copied(number, at, seq, day.events))
        for event in events:
            head = event["hash"] = store.chain_hash(head, event)
        connection.executemany(inserts["events"], events)
        for name, rows in day.views.items():
            connection.executemany(inserts[name], list(day.copied(number, at, seq, rows)))
        seq += len(events)


def _insert(table: str, row: Row) -> str:
    return f"INSERT INTO {table} ({','.join(row)}) VALUES ({','.join(':' + column for column in row)})"  # noqa: S608


def _name_of(number: int) -> str:
    letters = []
    for _ in range(_NAMES_COPY):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(letters)
