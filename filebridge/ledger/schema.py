"""Tables of the ledger, and the ordered migrations that make them.

`events` is the truth: append-only and hash-chained. `files`, `orders` and `fills` are views of it, kept beside it so
that a report or a restart need not read the whole day; `verify` makes them again from the events and compares.
Decimals and times are text, because SQLite's numbers would lose digits.
"""

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

METADATA = MetaData()


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
    Index("events_tag", "tag", sqlite_where=Column("tag", Text) != ""),
    Index("events_intake", "intake_no", sqlite_where=Column("intake_no", Integer) != 0),
    Index("events_date", "trade_date"),
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
    Index("orders_derived", "trade_date", "account", "symbol", sqlite_where=Column("id_derived", Integer) == 1),
    Index("orders_open", "open", sqlite_where=Column("open", Integer) == 1),
    Index("orders_broker", "trade_date", "broker_order_id", sqlite_where=Column("broker_order_id", Text) != ""),
    Index("orders_counter", "counter_order_id", sqlite_where=Column("counter_order_id", Text) != ""),
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

VIEWS = (FILES, ORDERS, FILLS, CANCEL_MARKS)

_APPEND_ONLY = tuple(
    f"CREATE TRIGGER events_no_{verb} BEFORE {verb} ON events "
    "BEGIN SELECT RAISE(ABORT, 'the events of the ledger are append-only'); END"
    for verb in ("update", "delete")
)

# (version, name, statements); a version is never edited once it was released, only followed.
MIGRATIONS: tuple[tuple[int, str, tuple[str, ...]], ...] = ((1, "first tables", _APPEND_ONLY),)
