"""Reading the ledger: on connections that cannot write, for reports, commands and the bridge's own questions.

Each answer is what was committed last: a question is read to its end at once, which ends its look at the ledger, and
what is long is read on a connection of its own.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filebridge.domain.canceling import Selection
from filebridge.domain.counters import Balance, Past
from filebridge.domain.orders import Order, Side
from filebridge.domain.quotes import Quote
from filebridge.errors import LedgerError
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.prepared import Prepared, questions

if TYPE_CHECKING:
    from sqlalchemy import Table

_BUSY_SECONDS = 5.0
# Greater than any text that the ledger keeps.
_BEYOND = chr(0x10FFFF)
_SEQ_MAX = 2**63 - 1


class LedgerReader:
    """Read-only view of one ledger, of what was last committed."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise LedgerError(
                f"there is no ledger at 找不到账本 {path.resolve()}",
                hint="Is it a filebridge home (--home)? If so, start `filebridge run` once; it makes the ledger.",
                hint_zh="该目录是 filebridge 主目录吗（--home）？如是，请先运行一次 filebridge run，账本会自动建立。",
            )
        # as_uri escapes '#' and '?' in the folder's name, which SQLite would read as its own.
        self._place = f"{path.resolve().as_uri()}?mode=ro"
        self._connection = self._open()

    def close(self) -> None:
        self._connection.close()

    # ---- orders

    def order(self, tag: str) -> Order | None:
        found = self._orders(questions.ORDER, tag=tag)
        return found[0] if found else None

    def orders_tagged(self, tags: Iterable[str]) -> list[Order]:
        return self._orders(questions.ORDERS_TAGGED, tag=_listed(tags))

    def orders_named(self, name: str) -> list[Order]:
        """Orders whose tag, client_order_id or broker numbers are `name`, newest first."""
        found = self._orders(questions.ORDER, tag=name)
        # The other names are known by day only.
        for day in self._order_days():
            found += self._orders(questions.ORDERS_WITH_BROKER_ID, trade_date=day, broker_order_id=name)
            found += self._orders(questions.ORDERS_WITH_COUNTER_ID, trade_date=day, counter_order_id=name)
            for account in self._all(questions.NEXT_ACCOUNT, "account", trade_date=day):
                wanted = {"trade_date": day, "account": account, "client_order_id": _listed([name])}
                found += self._orders(questions.ORDERS_WITH_KEYS, **wanted)
        by_tag = {order.terms.tag: order for order in found}
        return sorted(by_tag.values(), key=lambda order: order.terms.received_at, reverse=True)

    def orders_with_keys(self, *, trade_date: date, account: str, ids: Iterable[str]) -> list[Order]:
        """All orders of these client_order_ids on that day and account, oldest first."""
        wanted = {"trade_date": trade_date.isoformat(), "account": account, "client_order_id": _listed(ids)}
        return self._orders(questions.ORDERS_WITH_KEYS, **wanted)

    def basket_orders(self, *, trade_date: date, account: str, basket: str, symbols: Iterable[str]) -> list[Order]:
        """The orders with derived ids of a basket on that day, in these symbols, oldest first."""
        wanted = {"trade_date": trade_date.isoformat(), "account": account, "basket": basket}
        return self._orders(questions.BASKET_ORDERS, **wanted, symbol=_listed(symbols))

    def orders_of_side(self, *, trade_date: date, account: str, side: Side) -> list[Order]:
        """An account's orders of one side on that day, oldest first."""
        wanted = {"trade_date": trade_date.isoformat(), "account": account, "side": side.value}
        return self._orders(questions.ORDERS_OF_SIDE, **wanted)

    def open_orders(self) -> list[Order]:
        """All that something can still change, in the order in which they were received."""
        return self._orders(questions.OPEN_ORDERS)

    def orders_with_broker_ids(
        self, *, account: str, trade_date: date, broker_order_id: str, counter_order_id: str
    ) -> list[Order]:
        """The orders of that day and account with one of these numbers; empty ones are no numbers."""
        of_day = {"account": account, "trade_date": trade_date.isoformat()}
        found: list[Order] = []
        if broker_order_id:
            found += self._orders(questions.ORDERS_AT_BROKER, **of_day, broker_order_id=broker_order_id)
        if counter_order_id:
            found += self._orders(questions.ORDERS_AT_COUNTER, **of_day, counter_order_id=counter_order_id)
        return [*{order.terms.tag: order for order in found}.values()]

    def order_rows(self, trade_date: date | None) -> Iterator[Body]:
        """Orders of one trade date (all dates: None) for reports, with the file that each came from.

        In the order in which they were recorded, and in pages, each as of the moment when it is read: a question left
        open while the bridge goes on would keep the write-ahead log from being emptied.
        """
        if trade_date is None:
            yield from self._stream(questions.ALL_ORDER_ROWS)
            return
        day = trade_date.isoformat()
        last = (self._one(questions.FIRST_ORDER_OF_DAY, trade_date=day) or 0) - 1
        while page := self._bodies(questions.ORDER_ROWS, trade_date=day, after=last):
            last = page[-1]["place"]
            yield from page

    # ---- what left, in one mode

    def sent_and_open(self, mode: str) -> list[Order]:
        """Orders that left, and that something can still change."""
        return self._orders(questions.SENT_AND_OPEN, mode=mode)

    def sent_and_ended_since(self, since: datetime, *, trade_date: date, mode: str) -> list[Order]:
        """Orders of that day that left, and ended since then."""
        of_day = {"trade_date": trade_date.isoformat(), "mode": mode}
        return self._orders(questions.SENT_AND_ENDED_SINCE, **of_day, since=codec.time_text(since))

    def sent_and_ended_before(self, since: datetime, *, trade_date: date, mode: str) -> list[Past]:
        """The same of those that ended before, summed."""
        of_day = {"trade_date": trade_date.isoformat(), "mode": mode}
        rows = self._ask(questions.SENT_AND_ENDED_BEFORE, **of_day, since=codec.time_text(since))
        return [
            Past(name, symbol, Side(side), Decimal(price) if price else None, *sums)
            for name, symbol, side, price, *sums in rows
        ]

    def cancels_since(self, since: datetime, *, trade_date: date, mode: str) -> list[tuple[str, datetime]]:
        """The account and time of each cancel that was recorded on that day since then."""
        of_day = {"trade_date": trade_date.isoformat(), "mode": mode}
        rows = self._ask(questions.CANCELS_SINCE, **of_day, since=codec.time_text(since))
        return [(account, datetime.fromisoformat(at)) for account, at in rows]

    def cancels_before(self, since: datetime, *, trade_date: date, mode: str) -> dict[str, int]:
        """How many were recorded before, by account."""
        of_day = {"trade_date": trade_date.isoformat(), "mode": mode}
        return dict(self._ask(questions.CANCELS_BEFORE, **of_day, since=codec.time_text(since)))

    def newest_quotes(self, symbols: Iterable[str], *, trade_date: date, mode: str) -> list[Quote]:
        """By which an order of that day was judged when it left, the last one in each symbol, if it took a quote."""
        asked = {"trade_date": trade_date.isoformat(), "mode": mode, "symbol": _listed(symbols)}
        orders = self.orders_tagged(tag for tag, _ in self._ask(questions.NEWEST_SENT, **asked))
        bodies = (codec.loads(event["body"]) for order in orders if (event := self.submitted(order)))
        return [codec.quote_from(body["quote"]) for body in bodies if "quote" in body]

    # ---- files, fills, events

    def fill_rows(self, trade_date: date | None) -> Iterator[Body]:
        return self._rows_of_day(questions.FILL_ROWS, questions.ALL_FILL_ROWS, trade_date)

    def file_rows(self, trade_date: date | None) -> Iterator[Body]:
        return self._rows_of_day(questions.FILE_ROWS, questions.ALL_FILE_ROWS, trade_date)

    def file_of_claim(self, claim: str) -> Body | None:
        return self._first(questions.FILE_OF_CLAIM, claim=claim)

    def intakes_named(self, name: str) -> list[int]:
        """The numbers of the newest files of that name."""
        return [number for (number,) in self._ask(questions.INTAKES_NAMED, name=name)]

    def file_names(self, intake_numbers: Iterable[int]) -> dict[int, str]:
        return dict(self._ask(questions.FILE_NAMES, intake_no=_listed(intake_numbers)))

    def file_numbered(self, intake_no: int) -> Body | None:
        return self._first(questions.FILE_NUMBERED, intake_no=intake_no)

    def feeds(self) -> list[Body]:
        """How far each growing file was read."""
        return self._bodies(questions.ALL_FEEDS)

    def file_events(self, intake_no: int) -> Iterator[Body]:
        """All events of one file, in pages."""
        last = 0
        while page := self._bodies(questions.FILE_EVENTS, intake_no=intake_no, after=last):
            last = page[-1]["seq"]
            yield from page

    def files_loading(self) -> list[Body]:
        """Very large files that are in the ledger and not answered yet, oldest first."""
        return self._bodies(questions.ALL_FILES_LOADING)

    def large_intakes(self, rows: int) -> set[int]:
        """The numbers of the files that have more rows than that."""
        return {number for (number,) in self._ask(questions.ALL_LARGE_INTAKES, rows=rows)}

    def next_file_event(self, intake_no: int, kind: str, *, after: int) -> Body | None:
        """The first event of that kind that a file has after another one."""
        return self._first(questions.NEXT_FILE_EVENT, intake_no=intake_no, kind=kind, after=after)

    def has_file_event(self, intake_no: int, kind: str, *, after: int, text: str) -> bool:
        """Whether a file has an event of that kind with a text in it after another one."""
        found = self._first(questions.FILE_EVENT_WITH, intake_no=intake_no, kind=kind, after=after, text=text)
        return found is not None

    def open_queries(self) -> list[Body]:
        """What files asked of the broker and what is not answered yet, oldest first."""
        return self._bodies(questions.OPEN_QUERIES)

    def query_row(self, intake_no: int, row: int) -> Body:
        """What that row of a file asked of the broker."""
        return self._bodies(questions.QUERY, intake_no=intake_no, row=row)[0]

    def query_rows(self, trade_date: date) -> list[Body]:
        """What files asked of the broker on that day."""
        return self._bodies(questions.QUERIES_OF_DAY, trade_date=trade_date.isoformat())

    def stops_of_claim(self, claim: str) -> list[Selection]:
        """The cancels that hold for the rows of a very large file that are no orders yet, oldest first."""
        rows = self._ask(questions.STOPS_OF_CLAIM, claim=claim)
        return [codec.selection_from(codec.loads(selection)) for (selection,) in rows]

    def last_file_event(self, intake_no: int, kind: str) -> Body | None:
        return self._first(questions.LAST_FILE_EVENT, intake_no=intake_no, kind=kind)

    def story(self, tag: str) -> list[Body]:
        """Every event of one order."""
        return [row for day in self._event_days() for row in self._order_events(tag, day)]

    def submitted(self, order: Order) -> Body | None:
        """The event with which an order was given to be sent, if it was: on its own trade date."""
        events = self._order_events(order.terms.tag, order.terms.trade_date.isoformat())
        return next((row for row in events if row["body"].startswith('{"event":"SUBMIT"')), None)

    def events(self, *, trade_date: date | None = None) -> Iterator[Body]:
        if trade_date is None:
            return self._stream(questions.ALL_EVENTS)
        day = trade_date.isoformat()
        ((first, last),) = self._ask(questions.SPAN_OF_DAY, trade_date=day)
        return self._stream(questions.DAY_EVENTS, first=first, last=last, trade_date=day)

    def rare_events(self, kind: str) -> list[Body]:
        """The events of one of the kinds of which there are few (schema.IS_RARE), oldest first."""
        return self._bodies(questions.RARE_EVENTS, kind=kind)

    def newest_books(self) -> list[Body]:
        """Of each account the event that last told its positions and asset."""
        accounts = self._all(questions.NEXT_BOOKS_ACCOUNT, "account")
        return [row for account in accounts for row in self._bodies(questions.NEWEST_BOOKS, account=account)]

    def balances(self) -> dict[str, Balance]:
        """What the broker last told of each account's money and holdings, and when that was recorded."""
        return {json.loads(row["body"])["account"]: codec.balance_from(row) for row in self.newest_books()}

    def days(self) -> list[date]:
        """Every trade date that an event, an order or a fill belongs to."""
        return sorted(date.fromisoformat(day) for day in {*self._event_days(), *self._order_days()})

    def days_touched(self) -> set[date]:
        """The two latest days on which anything was recorded, and the trade dates of the orders and files that it was
        about.

        Two, so that a crash before midnight is made good after it, even by the second start of the new day. A day more
        may be among them, where only reading all events could tell.
        """
        latest = self._one(questions.EVENT_DAY_BEFORE, trade_date=_BEYOND)
        if latest is None:
            return set()
        earlier = self._one(questions.EVENT_DAY_BEFORE, trade_date=latest) or latest
        ((first, _),) = self._ask(questions.SPAN_OF_DAY, trade_date=earlier)
        since = self._one(questions.TIME_OF_EVENT, seq=first)
        days = {latest, earlier} | {day for (day,) in self._ask(questions.TOUCHED_APART, since=since)}
        # A very large file is answered for as long as its orders wait, on a later day perhaps.
        days |= {day for (day,) in self._ask(questions.FILE_DAYS_APART, first=first)}
        # An order that was last touched on its own calendar day is of one of these.
        day_before = date.fromisoformat(since[:10]) - timedelta(days=1)
        days |= set(self._all(questions.NEXT_ORDER_DAY, "trade_date", after=day_before.isoformat()))
        return {date.fromisoformat(day) for day in days}

    def newest_event(self) -> Body | None:
        return self._first(questions.NEWEST_EVENT)

    def worker_before(self, seq: int) -> Body | None:
        """The worker that was the sole sender when an event happened."""
        return self._first(questions.LAST_RARE, kind="WORKER", before=seq)

    def last_event(self, *kinds: str) -> Body | None:
        """The newest event of these kinds, of which there are few (schema.IS_RARE)."""
        found = [row for kind in kinds for row in self._bodies(questions.LAST_RARE, kind=kind, before=_SEQ_MAX)]
        return max(found, key=lambda row: row["seq"], default=None)

    def canceled_before(self, *, trade_date: date, account: str) -> set[str]:
        """The ids that a cancel named on that day before any such order was known."""
        rows = self._ask(questions.CANCELED_BEFORE, trade_date=trade_date.isoformat(), account=account)
        return {name for (name,) in rows}

    def rows_of(self, table: "Table") -> Iterator[Body]:
        columns = [column.name for column in table.columns]
        named = ", ".join(f'"{column}"' for column in columns)
        return self._stream(Prepared(f"SELECT {named} FROM {table.name}", [], {}, columns))  # noqa: S608

    def integrity(self) -> list[str]:
        """What SQLite itself finds wrong with the file."""
        return [row[0] for row in self._fetched("PRAGMA integrity_check", []) if row[0] != "ok"]

    # ---- how it is read

    def _orders(self, question: Prepared, **values: Any) -> list[Order]:
        rows = self._bodies(question, **values)
        filled = [row["tag"] for row in rows if row["filled_qty"]]
        trade_ids: dict[str, set[str]] = {}
        for tag, trade_id in self._ask(questions.TRADE_IDS, tag=_listed(filled)) if filled else ():
            trade_ids.setdefault(tag, set()).add(trade_id)
        return [codec.order_from(row, frozenset(trade_ids.get(row["tag"], ()))) for row in rows]

    def _order_events(self, tag: str, day: str) -> list[Body]:
        return self._bodies(questions.DAY_OF_ORDER, tag=tag, trade_date=day)

    def _order_days(self) -> list[str]:
        return self._all(questions.NEXT_ORDER_DAY, "trade_date")

    def _event_days(self) -> list[str]:
        return self._all(questions.NEXT_EVENT_DAY, "trade_date")

    def _all(self, question: Prepared, name: str, *, after: str = "", **values: Any) -> list[str]:
        """Every value behind `after`, one after the other, of a question for the next one."""
        found = []
        while (after := self._one(question, **values, **{name: after})) is not None:
            found.append(after)
        return found

    def _rows_of_day(self, of_day: Prepared, of_all: Prepared, trade_date: date | None) -> Iterator[Body]:
        if trade_date is None:
            return self._stream(of_all)
        return self._stream(of_day, trade_date=trade_date.isoformat())

    def _bodies(self, question: Prepared, **values: Any) -> list[Body]:
        columns = question.columns
        return [dict(zip(columns, row, strict=True)) for row in self._ask(question, **values)]

    def _first(self, question: Prepared, **values: Any) -> Body | None:
        return next(iter(self._bodies(question, **values)), None)

    def _one(self, question: Prepared, **values: Any) -> Any:
        """The only value of the only row."""
        return self._ask(question, **values)[0][0]

    def _ask(self, question: Prepared, **values: Any) -> list[Any]:
        return self._fetched(*question.filled_in(values))

    def _fetched(self, sql: str, values: list[Any]) -> list[Any]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise _unreadable(error) from error

    def _stream(self, question: Prepared, **values: Any) -> Iterator[Body]:
        try:
            with closing(self._open()) as connection:
                columns = question.columns
                for row in connection.execute(*question.filled_in(values)):
                    yield dict(zip(columns, row, strict=True))
        except sqlite3.Error as error:
            raise _unreadable(error) from error

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self._place, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)
            connection.execute("PRAGMA query_only=ON")
        except sqlite3.Error as error:
            raise _unreadable(error) from error
        return connection


def _unreadable(error: sqlite3.Error) -> LedgerError:
    if str(error).startswith("no such"):
        return LedgerError(
            f"the ledger is of an older version 账本由旧版本建立 ({error})",
            hint="Start `filebridge run` once: it brings the ledger up to date.",
            hint_zh="请启动一次 filebridge run，它会自动升级账本。",
        )
    return LedgerError(
        f"the ledger cannot be read 无法读取账本: {error}",
        hint="Does another program hold it, or is the disk faulty? `filebridge doctor` looks.",
        hint_zh="是否被其他程序占用，或磁盘有故障？可用 filebridge doctor 检查。",
    )


def _listed(values: Iterable[object]) -> str:
    """A list as the questions want it, each value once."""
    return json.dumps(list(dict.fromkeys(values)))
