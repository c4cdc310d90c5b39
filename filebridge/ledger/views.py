"""Reading the ledger: on connections that cannot write, for reports, commands and the bridge's own questions."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Select, Table, create_engine, event, func, or_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from filebridge.domain.orders import Order
from filebridge.errors import LedgerError
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.schema import CANCEL_MARKS, EVENTS, FILES, FILLS, ORDERS

# SQLite binds at most 32,766 values; a question about a large file is asked in parts.
_CHUNK = 5000
_NAMED_MAX = 1000
# Word for word what the partial indexes say: with a bound value SQLite would not know that it may use them.
_HAS_INTAKE, _HAS_TAG, _IS_OPEN, _IS_DERIVED = map(text, ("intake_no != 0", "tag != ''", "open = 1", "id_derived = 1"))


class LedgerReader:
    """Read-only view of one ledger, of what was last committed."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise LedgerError(
                f"there is no ledger at {path.resolve()}",
                hint="Is it a filebridge home (--home)? If so, start `filebridge run` once; it makes the ledger.",
                hint_zh="该目录是 filebridge 主目录吗（--home）？如是，请先运行一次 filebridge run，账本会自动建立。",
            )
        # as_uri escapes '#' and '?' in the folder's name, which SQLite would read as its own; in pieces, because
        # SQLAlchemy may undo that in a text.
        self._engine = create_engine(
            URL.create("sqlite", database=path.resolve().as_uri(), query={"mode": "ro", "uri": "true"}),
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
        )
        event.listen(self._engine, "connect", _read_only)

    def close(self) -> None:
        self._engine.dispose()

    # ---- orders

    def order(self, tag: str) -> Order | None:
        found = self._orders(select(ORDERS).where(ORDERS.c.tag == tag))
        return found[0] if found else None

    def orders_tagged(self, tags: Iterable[str]) -> list[Order]:
        wanted = list(tags)
        parts = (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))
        return [order for part in parts for order in self._orders(select(ORDERS).where(ORDERS.c.tag.in_(part)))]

    def orders_named(self, name: str) -> list[Order]:
        """Orders whose tag, client_order_id or broker numbers are `name`, newest first."""
        columns = (ORDERS.c.tag, ORDERS.c.client_order_id, ORDERS.c.broker_order_id, ORDERS.c.counter_order_id)
        wanted = or_(*(column == name for column in columns))
        return self._orders(select(ORDERS).where(wanted).order_by(ORDERS.c.received_at.desc()))

    def orders_with_keys(self, *, trade_date: date, account: str, ids: Iterable[str]) -> list[Order]:
        """All orders of these client_order_ids on that day and account, oldest first."""
        wanted = list(dict.fromkeys(ids))
        found: list[Order] = []
        for start in range(0, len(wanted), _CHUNK):
            found += self._orders(
                select(ORDERS)
                .where(ORDERS.c.trade_date == trade_date.isoformat(), ORDERS.c.account == account)
                .where(ORDERS.c.client_order_id.in_(wanted[start : start + _CHUNK]))
                .order_by(ORDERS.c.intake_no, ORDERS.c.row)
            )
        return found

    def basket_orders(self, *, trade_date: date, account: str, basket: str, symbols: Iterable[str]) -> list[Order]:
        """The orders with derived ids of a basket on that day, in these symbols, oldest first."""
        wanted = list(dict.fromkeys(symbols))
        found: list[Order] = []
        for start in range(0, len(wanted), _CHUNK):
            found += self._orders(
                select(ORDERS)
                .where(ORDERS.c.trade_date == trade_date.isoformat(), ORDERS.c.account == account)
                .where(ORDERS.c.symbol.in_(wanted[start : start + _CHUNK]), _IS_DERIVED)
                .where(ORDERS.c.basket == basket)
                .order_by(ORDERS.c.intake_no, ORDERS.c.row)
            )
        return found

    def open_orders(self) -> list[Order]:
        """All that something can still change, in the order in which they were received."""
        return self._orders(select(ORDERS).where(_IS_OPEN).order_by(ORDERS.c.intake_no, ORDERS.c.row))

    def orders_with_broker_ids(
        self, *, account: str, trade_date: date, broker_order_id: str, counter_order_id: str
    ) -> list[Order]:
        """The orders of that day and account with one of these numbers; empty ones are no numbers."""
        pairs = ((ORDERS.c.broker_order_id, broker_order_id), (ORDERS.c.counter_order_id, counter_order_id))
        numbered = [column == number for column, number in pairs if number]
        if not numbered:
            return []
        query = select(ORDERS).where(ORDERS.c.trade_date == trade_date.isoformat(), ORDERS.c.account == account)
        return self._orders(query.where(or_(*numbered)))

    def order_rows(self, trade_date: date | None) -> Iterator[Body]:
        """Orders of one trade date (all dates: None) for reports, with the file that each came from."""
        query = select(ORDERS, FILES.c.name.label("file")).join(FILES, FILES.c.intake_no == ORDERS.c.intake_no)
        if trade_date is not None:
            query = query.where(ORDERS.c.trade_date == trade_date.isoformat())
        return self._stream(query.order_by(ORDERS.c.intake_no, ORDERS.c.row))

    def sent_counts(self, trade_date: date) -> dict[str, int]:
        """How many orders and cancels left on that day, per account."""
        sent = or_(
            EVENTS.c.body.startswith('{"event":"SUBMIT"'),
            EVENTS.c.body.startswith('{"event":"CANCEL","status":"PENDING_CANCEL"'),
        )
        query = (
            select(ORDERS.c.account, func.count().label("sent"))
            .join(EVENTS, EVENTS.c.tag == ORDERS.c.tag)
            .where(EVENTS.c.trade_date == trade_date.isoformat(), EVENTS.c.kind == "ORDER", sent)
            .group_by(ORDERS.c.account)
        )
        return {row["account"]: row["sent"] for row in self._rows(query)}

    # ---- files, fills, events

    def fill_rows(self, trade_date: date | None) -> Iterator[Body]:
        query = select(FILLS).order_by(FILLS.c.seq)
        return self._stream(query if trade_date is None else query.where(FILLS.c.trade_date == trade_date.isoformat()))

    def file_rows(self, trade_date: date | None) -> Iterator[Body]:
        query = select(FILES).order_by(FILES.c.intake_no)
        return self._stream(query if trade_date is None else query.where(FILES.c.trade_date == trade_date.isoformat()))

    def file_of_claim(self, claim: str) -> Body | None:
        return next(iter(self._rows(select(FILES).where(FILES.c.claim == claim))), None)

    def intakes_named(self, name: str) -> list[int]:
        """The numbers of the newest files of that name."""
        query = select(FILES.c.intake_no).where(FILES.c.name == name).order_by(FILES.c.intake_no.desc())
        return [row["intake_no"] for row in self._rows(query.limit(_NAMED_MAX))]

    def file_names(self, intake_numbers: Iterable[int]) -> dict[int, str]:
        wanted = list(intake_numbers)
        if not wanted:
            return {}
        rows = self._rows(select(FILES.c.intake_no, FILES.c.name).where(FILES.c.intake_no.in_(wanted)))
        return {row["intake_no"]: row["name"] for row in rows}

    def file_events(self, intake_no: int) -> Iterator[Body]:
        query = select(EVENTS).where(EVENTS.c.intake_no == intake_no, _HAS_INTAKE)
        return self._stream(query.order_by(EVENTS.c.seq))

    def story(self, tag: str) -> list[Body]:
        """Every event of one order."""
        return self._rows(select(EVENTS).where(EVENTS.c.tag == tag, _HAS_TAG).order_by(EVENTS.c.seq))

    def events(self, *, trade_date: date | None = None, kind: str | None = None) -> Iterator[Body]:
        query = select(EVENTS).order_by(EVENTS.c.seq)
        if trade_date is not None:
            query = query.where(EVENTS.c.trade_date == trade_date.isoformat())
        if kind is not None:
            query = query.where(EVENTS.c.kind == kind)
        return self._stream(query)

    def days(self) -> list[date]:
        """Every trade date that an event, an order or a fill belongs to."""
        found = {row["day"] for table in (EVENTS, ORDERS) for row in self._rows(_days_of(table))}
        return sorted(date.fromisoformat(day) for day in found)

    def days_touched(self) -> set[date]:
        """The two latest days on which anything was recorded, and the trade dates of the orders that it was about.

        Two, so that a crash before midnight is made good after it, even by the second start of the new day.
        """
        latest = select(EVENTS.c.trade_date.label("day")).distinct().order_by(EVENTS.c.trade_date.desc()).limit(2)
        days = [row["day"] for row in self._rows(latest)]
        about = select(ORDERS.c.trade_date.label("day")).distinct().join(EVENTS, EVENTS.c.tag == ORDERS.c.tag)
        days += [row["day"] for row in self._rows(about.where(EVENTS.c.trade_date.in_(days)))]
        return {date.fromisoformat(day) for day in days}

    def newest_event(self) -> Body | None:
        return next(iter(self._rows(select(EVENTS).order_by(EVENTS.c.seq.desc()).limit(1))), None)

    def worker_before(self, seq: int) -> Body | None:
        """The worker that was the sole sender when an event happened."""
        query = select(EVENTS).where(EVENTS.c.kind == "WORKER", EVENTS.c.seq < seq)
        return next(iter(self._rows(query.order_by(EVENTS.c.seq.desc()).limit(1))), None)

    def last_event(self, *kinds: str) -> Body | None:
        query = select(EVENTS).where(EVENTS.c.kind.in_(kinds)).order_by(EVENTS.c.seq.desc()).limit(1)
        return next(iter(self._rows(query)), None)

    def canceled_before(self, *, trade_date: date, account: str) -> set[str]:
        """The ids that a cancel named on that day before any such order was known."""
        query = (
            select(CANCEL_MARKS.c.client_order_id)
            .where(CANCEL_MARKS.c.trade_date == trade_date.isoformat())
            .where(CANCEL_MARKS.c.account == account)
        )
        return {row["client_order_id"] for row in self._rows(query)}

    def rows_of(self, table: Any) -> Iterator[Body]:
        return self._stream(select(table))

    # ---- how it is read

    def _orders(self, query: Select[Any]) -> list[Order]:
        rows = self._rows(query)
        filled = [row["tag"] for row in rows if row["filled_qty"]]
        trade_ids: dict[str, set[str]] = {}
        for start in range(0, len(filled), _CHUNK):
            part = filled[start : start + _CHUNK]
            for row in self._rows(select(FILLS.c.tag, FILLS.c.trade_id).where(FILLS.c.tag.in_(part))):
                trade_ids.setdefault(row["tag"], set()).add(row["trade_id"])
        return [codec.order_from(row, frozenset(trade_ids.get(row["tag"], ()))) for row in rows]

    def _rows(self, query: Select[Any]) -> list[Body]:
        return list(self._stream(query))

    def _stream(self, query: Select[Any]) -> Iterator[Body]:
        try:
            with self._engine.connect() as connection:
                for row in connection.execution_options(yield_per=1000).execute(query):
                    yield dict(row._mapping)
        except SQLAlchemyError as error:
            raise LedgerError(f"the ledger cannot be read: {error}") from error


def _read_only(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA busy_timeout=5000")


def _days_of(table: Table) -> Select[Any]:
    return select(table.c.trade_date.label("day")).distinct()
