"""A large ledger in a short time: a real day, copied.

filebridge itself records one file of orders, from its start to its end. Its events and the rows of its views are then
written again and again with other tags, dates and numbers, and chained anew with the ledger's own hash; `filebridge
verify` finds nothing wrong with the result. So whatever the ledger's tables and events look like, the copies look the
same. Only `claim`, `sha256` and client ids repeat, which they may on other days.
"""

import hashlib
import re
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from filebridge.domain.orders import SHANGHAI
from filebridge.ledger import opening, store

Row = dict[str, Any]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_VALUE = {letter: value for value, letter in enumerate(_LETTERS)}
# A tag is the home's mark and random letters. In a copy some of them are mixed with the copy's own, so that its tags
# lie among all others, as random ones do; the rest tell a file's orders apart.
_MIXED = slice(4, 12)
# Tables that hold a file's orders besides the events.
_VIEWS = ("files", "orders", "fills")


def copy_day(template: Path, target: Path, copies: int, last_day: date) -> None:
    """Make a ledger at `target` of `copies` days, the last of them `last_day`, each as the one file in `template`."""
    now = datetime.now(SHANGHAI)
    opening.open_ledger(target, at=now).close()
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
        tags = [row["tag"] for row in source.execute("SELECT tag FROM orders")]
        assert len({tag[_MIXED.stop :] for tag in tags}) == len(tags), "tags of the template are too much alike"
        self.letters = {tag: [_VALUE[letter] for letter in tag[_MIXED]] for tag in tags}
        events = [dict(row) for row in source.execute("SELECT * FROM events ORDER BY seq")]
        self._place_of = {row["seq"]: place for place, row in enumerate(events, 1)}
        self._tags = re.compile("|".join(tags))
        self._trade_date, self._intake_text = file["trade_date"], f'"intake_no":{file["intake_no"]},'
        self.tables = {"events": [self._form(row) for row in events]}
        for name in _VIEWS:
            self.tables[name] = [self._form(dict(row)) for row in source.execute(f"SELECT * FROM {name}")]  # noqa: S608

    def _form(self, row: Row) -> "_Form":
        """The row with places for what differs from copy to copy."""
        texts = {}
        for column, value in row.items():
            if isinstance(value, str):
                text = value.replace("%", "%%").replace(self._trade_date, "%(day)s")
                text = self._tags.sub(lambda found: f"%({found[0]})s", text)
                if column == "body":
                    text = text.replace(self._intake_text, '"intake_no":%(number)d,')
                if text != value:
                    texts[column] = text
        seq = self._place_of[row["seq"]] if "seq" in row else 0
        return _Form(row, texts, seq, has_intake_no=bool(row.get("intake_no")))


class _Form:
    """One row of the template, to be filled in for each copy."""

    def __init__(self, row: Row, texts: dict[str, str], place: int, *, has_intake_no: bool) -> None:
        self.row, self._texts, self._place, self._has_intake_no = row, texts, place, has_intake_no

    def filled(self, values: Row) -> Row:
        """The row as it would be had it been recorded on that day, as a part of that file."""
        made = self.row.copy()
        for column, text in self._texts.items():
            made[column] = text % values
        if self._place:
            made["seq"] = values["seq"] + self._place
        if self._has_intake_no:
            made["intake_no"] = values["number"]
        return made


def _write(day: _Day, connection: sqlite3.Connection, copies: int, last_day: date) -> None:
    seq, head = 0, store.GENESIS
    inserts = {name: _insert(name, forms[0].row) for name, forms in day.tables.items()}
    for number in range(1, copies + 1):
        at = last_day - timedelta(days=copies - number)
        values = {"day": at.isoformat(), "number": number, "seq": seq} | _tags(day, number)
        for name, forms in day.tables.items():
            rows = [form.filled(values) for form in forms]
            if name == "events":
                seq += len(rows)
                for event in rows:
                    head = event["hash"] = store.chain_hash(head, event)
            connection.executemany(inserts[name], [tuple(row.values()) for row in rows])


def _insert(table: str, row: Row) -> str:
    return f"INSERT INTO {table} ({','.join(row)}) VALUES ({','.join('?' * len(row))})"  # noqa: S608


def _tags(day: _Day, number: int) -> dict[str, str]:
    """The template's tags, each with the one that takes its place in this copy."""
    own = [byte % 32 for byte in hashlib.sha256(str(number).encode()).digest()]
    return {
        tag: tag[: _MIXED.start]
        + "".join([_LETTERS[value ^ mine] for value, mine in zip(letters, own, strict=False)])
        + tag[_MIXED.stop :]
        for tag, letters in day.letters.items()
    }
