"""Proof that the ledger is whole: its chain, and that its views say what its events say."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from filebridge.domain.events import Change
from filebridge.domain.lifecycle import apply
from filebridge.domain.orders import Order, Status
from filebridge.ledger import codec
from filebridge.ledger.codec import Body
from filebridge.ledger.store import GENESIS, chain_hash
from filebridge.ledger.views import LedgerReader

if TYPE_CHECKING:
    from sqlalchemy import Table


@dataclass(slots=True)
class Verification:
    """What `verify` found; an empty list of problems is a whole ledger."""

    events: int = 0
    head: str = GENESIS
    problems: list[str] = field(default_factory=list)
    # The hashes of the events that close a file, which its receipt names.
    hashes: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Views:
    """The views as the events make them."""

    files: dict[int, Body] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    fills: list[Body] = field(default_factory=list)
    marks: dict[tuple[str, str, str], Body] = field(default_factory=dict)
    stops: list[Body] = field(default_factory=list)
    queries: dict[tuple[int, int], Body] = field(default_factory=dict)
    feeds: dict[str, Body] = field(default_factory=dict)

    def rows(self) -> "dict[Table, list[Body]]":
        from filebridge.ledger import schema

        found = {
            schema.FILES: list(self.files.values()),
            schema.ORDERS: [codec.order_row(order) for order in self.orders.values()],
            schema.FILLS: self.fills,
            schema.CANCEL_MARKS: list(self.marks.values()),
            schema.CANCEL_STOPS: self.stops,
            schema.QUERIES: list(self.queries.values()),
            schema.FEEDS: list(self.feeds.values()),
        }
        assert set(found) == set(schema.VIEWS)
        return found


def fold(events: Iterable[Body]) -> Views:
    """Make the views again from the events alone."""
    views = Views()
    for row in events:
        body = codec.loads(row["body"])
        match row["kind"]:
            case "FILE":
                views.files[body["intake_no"]] = body
            case "LOADED":
                views.files[row["intake_no"]] = body["file"]
            case "ROW" if "terms" in body:
                views.orders[row["tag"]] = _born(body, row["at"])
            case "ORDER":
                event = codec.event_from(body, row["at"])
                order = apply(views.orders[row["tag"]], event)
                views.orders[row["tag"]] = order
                if event.fill is not None:
                    views.fills.append(codec.fill_row(order, event, row["seq"]))
            case "CANCEL_MARK":
                views.marks[(body["trade_date"], body["account"], body["client_order_id"])] = body
            case "QUERY":
                # An older version asked for nothing in particular.
                views.queries[(row["intake_no"], body["row"])] = {"asked_for": "", **body}
            case "QUERIED" if body["is_end"]:
                views.queries[(row["intake_no"], body["row"])]["answered_at"] = row["at"]
            case "REST_CANCELED" if "claim" in body:
                views.stops.append(codec.stop_row(body, row["seq"]))
            case "FEED":
                views.feeds[body["feed"]] = body
            case _:
                pass
    return views


def changes(events: Iterable[Body]) -> Iterator[Change]:
    """What a day's events say of rows and orders, as the turns said it that recorded them. What happened to an order
    that was born before is not known here, and passed over."""
    orders: dict[str, Order] = {}
    for row in events:
        at, tag, intake_no = codec.time_from(row["at"]), row["tag"], row["intake_no"]
        assert at is not None
        if row["kind"] == "ROW":
            body = codec.loads(row["body"])
            if "terms" in body:
                orders[tag] = _born(body, row["at"])
            answer = {name: value for name, value in body.items() if name not in ("terms", "status")}
            yield Change(row["seq"], at, intake_no, orders.get(tag) if tag else None, None, answer)
        elif row["kind"] == "ORDER" and tag in orders:
            event = codec.event_from(codec.loads(row["body"]), row["at"])
            order = orders[tag] = apply(orders[tag], event)
            yield Change(row["seq"], at, order.terms.intake_no, order, event, {})


def verify(path: Path, heads: Mapping[str, str] | None = None) -> Verification:
    """Check the hash chain, SQLite's own integrity, and every view against the events.

    `heads` are chain heads that were written down elsewhere, as every receipt does, by where they stand: each must be
    in the chain, or events were cut off its end.
    """
    reader = LedgerReader(path)
    found = Verification()
    try:
        found.problems += [f"SQLite: {problem}" for problem in reader.integrity()]
        views = fold(_checked(reader.events(), found))
        for head, where in (heads or {}).items():
            if head not in found.hashes:
                found.problems.append(
                    f"{where} names the chain head {head[:16]}…, which the ledger does not have 账本中没有该链头"
                )
        if not found.problems:
            for table, rows in views.rows().items():
                found.problems += _differences(table, rows, reader)
    finally:
        reader.close()
    return found


def _checked(events: Iterable[Body], found: Verification) -> Iterator[Body]:
    for row in events:
        if row["seq"] != found.events + 1:
            found.problems.append(
                f"event {found.events + 1} is missing (next is {row['seq']}) 缺少事件 {found.events + 1}"
            )
            return
        if row["hash"] != chain_hash(found.head, row):
            found.problems.append(
                f"event {row['seq']} was changed: its hash does not follow from the one before 事件 {row['seq']} 被改动"
            )
            return
        found.events, found.head = row["seq"], row["hash"]
        if row["kind"] == "FILE":
            found.hashes.add(row["hash"])
        yield row


def _born(body: Body, at: str) -> Order:
    updated_at = codec.time_from(at)
    assert updated_at is not None
    terms = codec.terms_from(body | body["terms"])
    order = Order(terms=terms, status=Status(body["status"]), updated_at=updated_at)
    if order.status is Status.RECEIVED:
        # What its row's answer says then is about a value that was repaired, not about the order.
        return order
    return order._replace(reason=codec.reason_from(body.get("reason_code", ""), body.get("context", {})))


def _differences(table: "Table", expected: list[Body], reader: LedgerReader) -> Iterator[str]:
    keys = [column.name for column in table.primary_key]

    def key(row: Body) -> tuple[object, ...]:
        return tuple(row[name] for name in keys)

    wanted = {key(row): row for row in expected}
    for row in reader.rows_of(table):
        want = wanted.pop(key(row), None)
        if want is None:
            yield f"{table.name}: {key(row)} has no event 没有对应的事件"
        elif row != want:
            names = ", ".join(name for name in row if row[name] != want.get(name))
            yield f"{table.name}: {key(row)} differs from its events in 与事件不符: {names}"
    for missing in wanted:
        yield f"{table.name}: {missing} is missing 缺失"
