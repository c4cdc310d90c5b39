"""Tables of the ledger, and the ordered migrations that make them.

`events` is the truth: append-only and hash-chained. `files`, `orders` and `fills` are views of it, kept beside it so
that a report or a restart need not read the whole day; `verify` makes them again from the events and compares.
Decimals and times are text, because SQLite's numbers would lose digits.
"""

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, UniqueConstraint, text

METADATA = MetaData()

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


def _text(name: str, **options: object) -> Column[str]:
    return Column(name, Text, nullable=False, **options)  # type: ignore[arg-type]


def _int(name: str, **options: object) -> Column[int]:
    return Column(name, Integer, nullable=False, **options)  # type: ignore[arg-type]


META = Table("meta", METADATA, _text("key", primary_key=True), _text("value"), sqlite_strict=True)

MIGRATIONS_DONE = Table(
    "migrations", METADATA, _int("version", primary_key=True), _text("name"), _text("applied_at"), sqlite_strict=True
)

EVENTS = Table(
    "events",
    METADATA,
    _int("seq", primary_key=True),
    _text("at"),
    _text("trade_date"),
    _text("kind"),
    _text("tag"),
    _int("intake_no"),
    _text("body"),
    _text("hash"),
    # By day and tag, not by tag alone: tags are random, and a basket would touch as many pages all over a large index
    # as it has orders.
    Index("events_day", "trade_date", "tag"),
    Index("events_intake", "intake_no", sqlite_where=text(HAS_INTAKE)),
    Index("events_rare", "kind", sqlite_where=text(IS_RARE)),
    Index("events_books", text(BOOKS_ACCOUNT), sqlite_where=text(IS_BOOKS)),
    Index("events_cancels", "trade_date", "tag", sqlite_where=text(IS_CANCEL)),
    sqlite_strict=True,
)

FILES = Table(
    "files",
    METADATA,
    _int("intake_no", primary_key=True),
    _text("name"),
    _text("claim"),
    _text("sha256"),
    _int("size"),
    _text("format"),
    _text("encoding"),
    _text("trade_date"),
    _text("outcome"),
    _text("reason_code"),
    _int("rows"),
    _text("received_at"),
    _text("archived_as"),
    Index("files_name", "name"),
    Index("files_date", "trade_date"),
    Index("files_claim", "claim"),
    sqlite_strict=True,
)

ORDERS = Table(
    "orders",
    METADATA,
    _text("tag", primary_key=True),
    _text("client_order_id"),
    _int("id_derived"),
    _text("account"),
    _text("mode"),
    _text("trade_date"),
    _text("symbol"),
    _text("side"),
    _text("order_type"),
    _int("quantity"),
    _text("limit_price"),
    _text("strategy"),
    _text("note"),
    _text("basket"),
    _text("start_at"),
    _text("expire_at"),
    _int("intake_no"),
    _int("row"),
    _text("received_at"),
    _text("body_hash"),
    # What is added to a price that comes from market data.
    _text("price_offset"),
    # The tag of the order that this one takes the place of.
    _text("replaces"),
    _text("status"),
    _text("updated_at"),
    _text("reason_code"),
    _text("reason_context"),
    _int("filled_qty"),
    _text("filled_amount"),
    _int("reported_qty"),
    _text("broker_order_id"),
    _text("counter_order_id"),
    _text("name"),
    _int("cancel_requested"),
    _int("alarmed"),
    _text("approved_at"),
    _text("submitted_at"),
    # 1 while something can still change it: what a start has to take up again.
    _int("open"),
    Index("orders_key", "trade_date", "account", "client_order_id"),
    Index("orders_derived", "trade_date", "account", "symbol", sqlite_where=text(IS_DERIVED)),
    Index("orders_open", "open", sqlite_where=text(IS_OPEN)),
    Index("orders_broker", "trade_date", "broker_order_id", sqlite_where=text(HAS_BROKER_ID)),
    # By day as well: a counter's numbers begin again every morning.
    Index("orders_counted", "trade_date", "counter_order_id", sqlite_where=text(HAS_COUNTER_ID)),
    Index("orders_apart", "updated_at", "trade_date", sqlite_where=text(IS_TOUCHED_APART)),
    sqlite_strict=True,
)

FILLS = Table(
    "fills",
    METADATA,
    # The sequence number of the event that booked it.
    _int("seq", primary_key=True),
    _text("tag"),
    _text("trade_id"),
    _text("trade_date"),
    _text("client_order_id"),
    _text("account"),
    _text("symbol"),
    _text("side"),
    _int("last_qty"),
    _text("last_price"),
    _text("amount"),
    _text("commission"),
    _int("filled_qty"),
    _int("leaves_qty"),
    _text("avg_fill_price"),
    _text("counter_order_id"),
    _text("traded_at"),
    _text("recorded_at"),
    # Not (trade_date, account, trade_id): where an account trades with itself, both sides carry one trade id.
    UniqueConstraint("tag", "trade_id"),
    Index("fills_date", "trade_date"),
    sqlite_strict=True,
)

# What a cancel named before any such order was known; an order of that key is denied for the day.
CANCEL_MARKS = Table(
    "cancel_marks",
    METADATA,
    _text("trade_date", primary_key=True),
    _text("account", primary_key=True),
    _text("client_order_id", primary_key=True),
    sqlite_strict=True,
)

# Cancels that hold for the rows of a very large file that is under way: none that fits becomes an order. By its claim,
# for a file whose loading was cut off comes again under another number.
CANCEL_STOPS = Table(
    "cancel_stops",
    METADATA,
    # The sequence number of the event that recorded it.
    _int("seq", primary_key=True),
    _text("claim"),
    _text("selection"),
    Index("cancel_stops_claim", "claim"),
    sqlite_strict=True,
)

# What files asked of the broker; `report` is the name of the file in the outbox that answers.
QUERIES = Table(
    "queries",
    METADATA,
    _int("intake_no", primary_key=True),
    _int("row", primary_key=True),
    _text("trade_date"),
    _text("account"),
    _text("query"),
    # What of it: the symbols of quotes.
    _text("asked_for"),
    _text("report"),
    _text("asked_at"),
    # Empty until all of the answer is recorded, or that there is none.
    _text("answered_at"),
    Index("queries_date", "trade_date"),
    Index("queries_open", "answered_at", sqlite_where=text(IS_ASKED)),
    sqlite_strict=True,
)

# How far files were read that other programs append to: a restart goes on there.
FEEDS = Table(
    "feeds",
    METADATA,
    # The source and the file's name.
    _text("feed", primary_key=True),
    # Of the last piece.
    _text("trade_date"),
    _int("rows"),
    _int("offset"),
    # The hash of all that was read; and of a content that was refused, so that it is told once.
    _text("digest"),
    _text("refused"),
    sqlite_strict=True,
)

VIEWS = (FILES, ORDERS, FILLS, CANCEL_MARKS, CANCEL_STOPS, QUERIES, FEEDS)

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
