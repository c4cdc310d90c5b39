"""The questions of questions.py as SQLite is asked them, written out beforehand in prepared.json.

SQLAlchemy makes them, and takes longer to import than most commands take for all else; whoever only reads does not wait
for it. A test compares the file with the questions; `python dev.py docs` writes it again.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

_FILE = Path(__file__).with_name("prepared.json")


class Prepared(NamedTuple):
    """A statement, the names of its places in their order, the values that it brings itself, and its columns."""

    sql: str
    names: list[str]
    own: dict[str, Any]
    columns: list[str]

    def filled_in(self, given: dict[str, Any]) -> tuple[str, list[Any]]:
        """The statement, and its values in the order of their places."""
        values = self.own | given
        return self.sql, [values[name] for name in self.names]


class _Questions:
    """Each by the name that it has in questions.py."""

    def __init__(self, written: dict[str, list[Any]]) -> None:
        self._by_name = {name: Prepared(*parts) for name, parts in written.items()}

    def __getattr__(self, name: str) -> Prepared:
        return self._by_name[name]


_WRITTEN = json.loads(_FILE.read_text(encoding="utf-8"))
questions = _Questions(_WRITTEN["questions"])


def make_empty(path: Path) -> None:
    """A ledger that has its tables and nothing else: for readers, where there is none yet."""
    store = sqlite3.connect(path, isolation_level=None)
    # What a crash leaves of it nobody misses.
    for statement in ("PRAGMA synchronous=OFF", "BEGIN", *_WRITTEN["tables"], "COMMIT"):
        store.execute(statement)
    store.close()


def written() -> str:
    """What prepared.json has to say."""
    from sqlalchemy.schema import CreateTable

    from filebridge.ledger import questions as asked
    from filebridge.ledger import schema

    asks = {name: each.prepared() for name, each in vars(asked).items() if isinstance(each, asked.Question)}
    makes = [str(CreateTable(table).compile(dialect=asked.DIALECT)) for table in schema.METADATA.sorted_tables]
    # One a line.
    questions = ",\n".join(f"{json.dumps(name)}: {json.dumps(parts)}" for name, parts in asks.items())
    tables = ",\n".join(json.dumps(" ".join(statement.split())) for statement in makes)
    return f'{{"questions": {{\n{questions}\n}},\n"tables": [\n{tables}\n]}}\n'


def write() -> None:
    _FILE.write_text(written(), encoding="utf-8", newline="\n")
