"""Tables of the ledger, and the ordered migrations that make them.

`events` is the truth: append-only and hash-chained. `files`, `orders` and `fills` are views of it, kept beside it so
that a report or a restart need not read the whole day; `verify` makes them again from the events and compares.
Decimals and times are text, because SQLite's numbers would lose digits.
"""

from typing import NamedTuple

# The outcome of a very large file between the commit that accepted it and the answer to its last row.
LOADING = "LOADING"

# Conditions of partial indexes. A question uses such an index only if it says the same, word for word.
HAS_INTAKE, HAS_BROKER_ID, HAS_COUNTER_ID = "intake_no != 0", "broker_order_id != ''", "counter_order_id != ''"
IS_ASKED = "answered_at = ''"
IS_OPEN, IS_DERIVED = "open = 1", "id_derived = 1"
# Of the kinds of which there are many the list is not asked: SQLite makes a table of it for each event that is written.
IS_RARE = (
    "kind NOT IN ('ORDER', 'ROW') AND "
    "kind IN ('ARMED', 'CONTROL', 'DISARMED', 'HALTED', 'REDUCE_ONLY', 'RESUMED', 'WORKER')"
)
IS_BOOKS, BOOKS_ACCOUNT = "kind = 'BOOKS'", "json_extract(body, '$.account')"
IS_CANCEL = """kind = 'ORDER' AND substr(body, 1, 43) = '{"event":"CANCEL","status":"PENDING_CANCEL"'"""
# Last touched on another day than its own; by the calendar, which differs from the trade date after a close as well.
IS_TOUCHED_APART = "substr(updated_at, 1, 10) != trade_date"


class Table(NamedTuple):
    """A table, its columns in their order, and the statements that make it."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    made_by: tuple[str, ...]

    @property
    def listed(self) -> str:
        """The columns as a question names them."""
        return ", ".join(f'{self.name}."{column}"' for column in self.columns)

    @property
    def inserted(self) -> str:
        """What follows an INSERT; the values are in the columns' order."""
        named = ", ".join(f'"{column}"' for column in self.columns)
        return f"INTO {self.name} ({named}) VALUES ({', '.join('?' * len(self.columns))})"


def _table(name: str, columns: str, *indexes: str, key: str, unique: str = "") -> Table:
    """Columns are text that is never NULL, unless they are said to be INTEGER; an index is said as SQL says it."""
    pairs = [(*each.split(), "TEXT")[:2] for each in columns.split(", ")]
    said = [f'"{column}" {kind} NOT NULL' for column, kind in pairs] + [f"PRIMARY KEY ({key})"]
    said += [f"UNIQUE ({unique})"] if unique else []
    made_by = (
        f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(said)}) STRICT",
        *(f"CREATE INDEX IF NOT EXISTS {index}" for index in indexes),
    )
    return Table(name, tuple(column for column, _ in pairs), tuple(key.split(", ")), made_by)


META = _table("meta", "key, value", key="key")

MIGRATIONS_DONE = _table("migrations", "version INTEGER, name, applied_at", key="version")

EVENTS = _table(
    "events",
    "seq INTEGER, at, trade_date, kind, tag, intake_no INTEGER, body, hash",
    # By day and tag, not by tag alone: tags are random, and a basket would touch as many pages all over a large index
    # as it has orders.
    "events_day ON events (trade_date, tag)",
    f"events_intake ON events (intake_no) WHERE {HAS_INTAKE}",
    f"events_rare ON events (kind) WHERE {IS_RARE}",
    f"events_books ON events ({BOOKS_ACCOUNT}) WHERE {IS_BOOKS}",
    f"events_cancels ON events (trade_date, tag) WHERE {IS_CANCEL}",
    key="seq",
)

FILES = _table(
    "files",
    "intake_no INTEGER, name, claim, sha256, size INTEGER, format, encoding, trade_date, outcome, reason_code, "
    "rows INTEGER, received_at, archived_as",
    "files_name ON files (name)",
    "files_date ON files (trade_date)",
    "files_claim ON files (claim)",
    key="intake_no",
)

# `price_offset` is what is added to a price that comes from market data, `replaces` the tag of the order that this one
# takes the place of; `open` is 1 while something can still change it: what a start has to take up again.
ORDERS = _table(
    "orders",
    "tag, client_order_id, id_derived INTEGER, account, mode, trade_date, symbol, side, order_type, quantity INTEGER, "
    "limit_price, strategy, note, basket, start_at, expire_at, intake_no INTEGER, row INTEGER, received_at, body_hash, "
    "price_offset, replaces, "
    "status, updated_at, reason_code, reason_context, filled_qty INTEGER, filled_amount, reported_qty INTEGER, "
    "broker_order_id, counter_order_id, name, cancel_requested INTEGER, alarmed INTEGER, approved_at, submitted_at, "
    "open INTEGER",
    "orders_key ON orders (trade_date, account, client_order_id)",
    f"orders_derived ON orders (trade_date, account, symbol) WHERE {IS_DERIVED}",
    f"orders_open ON orders (open) WHERE {IS_OPEN}",
    f"orders_broker ON orders (trade_date, broker_order_id) WHERE {HAS_BROKER_ID}",
    # By day as well: a counter's numbers begin again every morning.
    f"orders_counted ON orders (trade_date, counter_order_id) WHERE {HAS_COUNTER_ID}",
    f"orders_apart ON orders (updated_at, trade_date) WHERE {IS_TOUCHED_APART}",
    key="tag",
)

# `seq` is the sequence number of the event that booked it.
FILLS = _table(
    "fills",
    "seq INTEGER, tag, trade_id, trade_date, client_order_id, account, symbol, side, last_qty INTEGER, last_price, "
    "amount, commission, filled_qty INTEGER, leaves_qty INTEGER, avg_fill_price, counter_order_id, traded_at, "
    "recorded_at",
    "fills_date ON fills (trade_date)",
    key="seq",
    # Not (trade_date, account, trade_id): where an account trades with itself, both sides carry one trade id.
    unique="tag, trade_id",
)

# What a cancel named before any such order was known; an order of that key is denied for the day.
CANCEL_MARKS = _table(
    "cancel_marks", "trade_date, account, client_order_id", key="trade_date, account, client_order_id"
)

# Cancels that hold for the rows of a very large file that is under way: none that fits becomes an order. By its claim,
# for a file whose loading was cut off comes again under another number. `seq` is that of the event that recorded it.
CANCEL_STOPS = _table(
    "cancel_stops", "seq INTEGER, claim, selection", "cancel_stops_claim ON cancel_stops (claim)", key="seq"
)

# What files asked of the broker: `asked_for` says what of it (the symbols of quotes), `report` is the name of the file
# in the outbox that answers, `answered_at` is empty until all of the answer is recorded, or that there is none.
QUERIES = _table(
    "queries",
    "intake_no INTEGER, row INTEGER, trade_date, account, query, asked_for, report, asked_at, answered_at",
    "queries_date ON queries (trade_date)",
    f"queries_open ON queries (answered_at) WHERE {IS_ASKED}",
    key="intake_no, row",
)

# How far files were read that other programs append to: a restart goes on there. `feed` is the source and the file's
# name, `trade_date` that of the last piece, `digest` the hash of all that was read, `refused` that of a content that
# was refused, so that it is told once.
FEEDS = _table("feeds", "feed, trade_date, rows INTEGER, offset INTEGER, digest, refused", key="feed")

VIEWS = (FILES, ORDERS, FILLS, CANCEL_MARKS, CANCEL_STOPS, QUERIES, FEEDS)
TABLES = (META, EVENTS, *VIEWS)

_APPEND_ONLY = tuple(
    f"CREATE TRIGGER events_no_{verb} BEFORE {verb} ON events "
    "BEGIN SELECT RAISE(ABORT, 'the events of the ledger are append-only'); END"
    for verb in ("update", "delete")
)

_INDEXES_OF_2 = (
    "DROP INDEX IF EXISTS events_tag",
    "DROP INDEX IF EXISTS events_date",
    "DROP INDEX IF EXISTS orders_counter",
    *(
        f"CREATE INDEX IF NOT EXISTS {index}"
        for index in (
            "events_day ON events (trade_date, tag)",
            "events_rare ON events (kind) WHERE kind IN ('CONTROL', 'HALTED', 'RESUMED', 'WORKER')",
            "events_books ON events (json_extract(body, '$.account')) WHERE kind = 'BOOKS'",
            "events_cancels ON events (trade_date, tag) WHERE kind = 'ORDER' AND "
            """substr(body, 1, 43) = '{"event":"CANCEL","status":"PENDING_CANCEL"'""",
            "orders_counted ON orders (trade_date, counter_order_id) WHERE counter_order_id != ''",
            "orders_apart ON orders (updated_at, trade_date) WHERE substr(updated_at, 1, 10) != trade_date",
        )
    ),
)

_STOPS_OF_3 = (
    "CREATE TABLE IF NOT EXISTS cancel_stops "
    "(seq INTEGER NOT NULL, claim TEXT NOT NULL, selection TEXT NOT NULL, PRIMARY KEY (seq)) STRICT",
    "CREATE INDEX IF NOT EXISTS cancel_stops_claim ON cancel_stops (claim)",
)

_INDEX_OF_5 = (
    "DROP INDEX IF EXISTS events_rare",
    "CREATE INDEX events_rare ON events (kind) "
    "WHERE kind IN ('ARMED', 'CONTROL', 'DISARMED', 'HALTED', 'REDUCE_ONLY', 'RESUMED', 'WORKER')",
)

_QUERIES_OF_7 = (
    'CREATE TABLE IF NOT EXISTS queries (intake_no INTEGER NOT NULL, "row" INTEGER NOT NULL, '
    'trade_date TEXT NOT NULL, account TEXT NOT NULL, "query" TEXT NOT NULL, report TEXT NOT NULL, '
    'asked_at TEXT NOT NULL, answered_at TEXT NOT NULL, PRIMARY KEY (intake_no, "row")) STRICT',
    "CREATE INDEX IF NOT EXISTS queries_date ON queries (trade_date)",
    "CREATE INDEX IF NOT EXISTS queries_open ON queries (answered_at) WHERE answered_at = ''",
)

_INDEX_OF_10 = (
    "DROP INDEX IF EXISTS events_rare",
    "CREATE INDEX events_rare ON events (kind) WHERE kind NOT IN ('ORDER', 'ROW') AND "
    "kind IN ('ARMED', 'CONTROL', 'DISARMED', 'HALTED', 'REDUCE_ONLY', 'RESUMED', 'WORKER')",
)

_FEEDS = (
    "CREATE TABLE IF NOT EXISTS feeds (feed TEXT NOT NULL, trade_date TEXT NOT NULL, rows INTEGER NOT NULL, "
    '"offset" INTEGER NOT NULL, digest TEXT NOT NULL, refused TEXT NOT NULL, PRIMARY KEY (feed)) STRICT',
)

# (version, name, statements); a version is never edited once it was released, only followed. The first makes the tables
# as they are described above, so in a new ledger the later ones find their work done.
MIGRATIONS: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (1, "first tables", _APPEND_ONLY),
    (2, "indexes for a thousand days", _INDEXES_OF_2),
    (3, "cancels of rows that are no orders yet", _STOPS_OF_3),
    (4, "orders that replace others", ("ALTER TABLE orders ADD COLUMN replaces TEXT NOT NULL DEFAULT ''",)),
    (5, "the guard's events", _INDEX_OF_5),
    (6, "offsets to prices from market data", ("ALTER TABLE orders ADD COLUMN price_offset TEXT NOT NULL DEFAULT ''",)),
    (7, "questions to the broker", _QUERIES_OF_7),
    (8, "how far growing files were read", _FEEDS),
    (9, "what a question asks for", ("ALTER TABLE queries ADD COLUMN asked_for TEXT NOT NULL DEFAULT ''",)),
    (10, "the guard's events, asked of few", _INDEX_OF_10),
)
