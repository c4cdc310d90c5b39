"""Between the domain's values and what the ledger stores: rows of the views, JSON bodies of the events."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

# pydantic's JSON, which is here anyway, is three times as fast as the standard library's and writes the same bytes.
from pydantic_core import from_json, to_json

from filebridge.domain.canceling import Selection
from filebridge.domain.counters import Balance, balance_of
from filebridge.domain.events import EventKind, OrderEvent
from filebridge.domain.orders import Fill, Order, OrderTerms, OrderType, Side, Status, price_text
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import Reason

Body = dict[str, Any]
_QUOTE_PRICES = ("prev_close", "last", "limit_down", "limit_up")


def dumps(body: Body) -> str:
    """The one JSON form that is stored and hashed; Chinese stays readable."""
    return to_json(body).decode()


def loads(text: str) -> Body:
    body = from_json(text)
    assert isinstance(body, dict)
    return body


def time_text(value: datetime | None) -> str:
    return "" if value is None else _time_text(value, value.tzinfo)


# Thousands of orders of a turn have the same times. One moment is equal to itself in every zone, but not spelled so.
@lru_cache(maxsize=1024)
def _time_text(value: datetime, _zone: tzinfo | None) -> str:
    return value.isoformat(timespec="milliseconds")


def time_from(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def reason_body(reason: Reason | None) -> Body:
    return {} if reason is None else {"reason_code": reason.code, "context": dict(reason.context)}


def reason_from(code: str, context: Mapping[str, str]) -> Reason | None:
    return Reason(code, dict(context)) if code else None


# The columns of the view `orders`: what was asked for, and what changes as things happen to it. Their values are made
# as tuples, for a basket has a hundred thousand of them.
TERMS = (
    *("tag", "client_order_id", "id_derived", "account", "mode", "trade_date", "symbol", "side", "order_type"),
    *("quantity", "limit_price", "strategy", "note", "basket", "start_at", "expire_at", "intake_no", "row"),
    *("received_at", "body_hash", "price_offset", "replaces"),
)
STATE = (
    *("status", "updated_at", "reason_code", "reason_context", "filled_qty", "filled_amount", "reported_qty"),
    *("broker_order_id", "counter_order_id", "name", "cancel_requested", "alarmed", "approved_at", "submitted_at"),
    "open",
)


def terms_values(terms: OrderTerms) -> tuple[Any, ...]:
    """The values of `TERMS`."""
    return (
        terms.tag,
        terms.client_order_id,
        int(terms.id_derived),
        terms.account,
        terms.mode,
        terms.trade_date.isoformat(),
        terms.symbol,
        terms.side.value,
        terms.order_type.value,
        terms.quantity,
        price_text(terms.limit_price),
        terms.strategy,
        terms.note,
        terms.basket,
        time_text(terms.start_at),
        time_text(terms.expire_at),
        terms.intake_no,
        terms.row,
        time_text(terms.received_at),
        terms.body_hash,
        terms.price_offset,
        terms.replaces,
    )


def terms_said(values: tuple[Any, ...], answer: Body) -> Body:
    """Terms as the event stores them that answers their row: without what the answer says in the same words."""
    said = answer.get
    pairs = zip(TERMS, values, strict=True)
    return {name: value for name, value in pairs if value != said(name, "") and (value or said(name))}


def state_values(order: Order) -> tuple[Any, ...]:
    """The values of `STATE`."""
    reason = order.reason
    return (
        order.status.value,
        time_text(order.updated_at),
        reason.code if reason else "",
        dumps(dict(reason.context)) if reason else "{}",
        order.filled_qty,
        price_text(order.filled_amount),
        order.reported_qty,
        order.broker_order_id,
        order.counter_order_id,
        order.name,
        int(order.cancel_requested),
        int(order.alarmed),
        time_text(order.approved_at),
        time_text(order.submitted_at),
        int(not order.is_settled),
    )


def terms_from(body: Mapping[str, Any]) -> OrderTerms:
    """From a row of the view, or an event's answer and terms together; what is empty may be left out."""
    received_at = time_from(body["received_at"])
    assert received_at is not None
    return OrderTerms(
        tag=body["tag"],
        client_order_id=body["client_order_id"],
        id_derived=bool(body.get("id_derived", 0)),
        account=body["account"],
        mode=body["mode"],
        trade_date=date.fromisoformat(body["trade_date"]),
        symbol=body["symbol"],
        side=Side(body["side"]),
        order_type=OrderType(body["order_type"]),
        quantity=body["quantity"],
        limit_price=Decimal(body["limit_price"]) if body.get("limit_price") else None,
        strategy=body.get("strategy", ""),
        note=body.get("note", ""),
        basket=body.get("basket", ""),
        start_at=time_from(body.get("start_at", "")),
        expire_at=time_from(body.get("expire_at", "")),
        intake_no=body["intake_no"],
        row=body["row"],
        received_at=received_at,
        body_hash=body["body_hash"],
        # An older version knew none.
        price_offset=body.get("price_offset", ""),
        # An order of an older version replaces none.
        replaces=body.get("replaces", ""),
    )


def order_row(order: Order) -> Body:
    """The order as a row of the view `orders`."""
    return dict(zip((*TERMS, *STATE), (*terms_values(order.terms), *state_values(order)), strict=True))


def order_from(row: Mapping[str, Any], trade_ids: frozenset[str]) -> Order:
    updated_at = time_from(row["updated_at"])
    assert updated_at is not None
    return Order(
        terms=terms_from(row),
        status=Status(row["status"]),
        updated_at=updated_at,
        reason=reason_from(row["reason_code"], loads(row["reason_context"])),
        filled_qty=row["filled_qty"],
        filled_amount=Decimal(row["filled_amount"]),
        reported_qty=row["reported_qty"],
        trade_ids=trade_ids,
        broker_order_id=row["broker_order_id"],
        counter_order_id=row["counter_order_id"],
        name=row["name"],
        cancel_requested=bool(row["cancel_requested"]),
        alarmed=bool(row["alarmed"]),
        approved_at=time_from(row["approved_at"]),
        submitted_at=time_from(row["submitted_at"]),
    )


def selection_body(selection: Selection) -> Body:
    """What a cancel means, without what it leaves open; JSON writes its date as ISO 8601."""
    return {name: value for name, value in selection._asdict().items() if value}


def selection_from(body: Mapping[str, Any]) -> Selection:
    said = {name: value for name, value in body.items() if name in Selection._fields}
    if "trade_date" in said:
        said["trade_date"] = date.fromisoformat(said["trade_date"])
    if "side" in said:
        said["side"] = Side(said["side"])
    return Selection(**said)


def stop_row(body: Mapping[str, Any], seq: int) -> Body:
    """A cancel of what waits in a very large file, as a row of the view `cancel_stops`."""
    selection = {name: value for name, value in body.items() if name in Selection._fields}
    return {"seq": seq, "claim": body["claim"], "selection": dumps(selection)}


def event_body(event: OrderEvent, status: Status) -> Body:
    """An order event as stored; `status` is what it led to. Empty fields are left out."""
    body: Body = {"event": event.kind.value, "status": status.value, **reason_body(event.reason)}
    if event.broker_order_id:
        body["broker_order_id"] = event.broker_order_id
    if event.counter_order_id:
        body["counter_order_id"] = event.counter_order_id
    if event.name:
        body["name"] = event.name
    if event.reported_qty:
        body["reported_qty"] = event.reported_qty
    if event.alarm:
        body["alarm"] = 1
    if event.limit_price is not None:
        body["limit_price"] = price_text(event.limit_price)
    if event.quantity:
        body["quantity"] = event.quantity
    if event.also:
        body["also"] = [reason_body(reason) for reason in event.also]
    if event.quote is not None:
        body["quote"] = quote_body(event.quote)
    if event.fill is not None:
        fill = event.fill
        body["fill"] = {
            "trade_id": fill.trade_id,
            "last_qty": fill.last_qty,
            "last_price": price_text(fill.last_price),
            "amount": price_text(fill.amount),
            "commission": price_text(fill.commission),
            "counter_order_id": fill.counter_order_id,
            "traded_at": fill.traded_at,
            "by_price": fill.by_price,
        }
    return body


def quote_body(quote: Quote) -> Body:
    """A quote as stored beside what was decided by it; what its source did not say is left out."""
    body = {
        "symbol": quote.symbol,
        "source": quote.source,
        "at": time_text(quote.at),
        "name": quote.name,
        **{name: price_text(getattr(quote, name)) for name in _QUOTE_PRICES},
        "bids": [price_text(price) for price in quote.bids],
        "asks": [price_text(price) for price in quote.asks],
        "listed_on": quote.listed_on.isoformat() if quote.listed_on else "",
    }
    return {name: value for name, value in body.items() if value}


def quote_from(body: Mapping[str, Any]) -> Quote:
    at = time_from(body["at"])
    assert at is not None
    return Quote(
        symbol=body["symbol"],
        at=at,
        source=body["source"],
        name=body.get("name", ""),
        **{name: Decimal(body[name]) if name in body else None for name in _QUOTE_PRICES},
        bids=tuple(map(Decimal, body.get("bids", ()))),
        asks=tuple(map(Decimal, body.get("asks", ()))),
        listed_on=date.fromisoformat(body["listed_on"]) if "listed_on" in body else None,
    )


def balance_from(row: Body) -> Balance:
    """The money and holdings that a BOOKS event tells, as of when it was recorded."""
    at, books = time_from(row["at"]), loads(row["body"])
    assert at is not None
    held = ((each["symbol"], each["quantity"], each["available_qty"]) for each in books["positions"])
    return balance_of(at, Decimal(books["asset"]["cash"]), Decimal(books["asset"]["total_asset"]), held)


def event_from(body: Mapping[str, Any], at: str) -> OrderEvent:
    moment = time_from(at)
    assert moment is not None
    fill = body.get("fill")
    return OrderEvent(
        kind=EventKind(body["event"]),
        at=moment,
        reason=reason_from(body.get("reason_code", ""), body.get("context", {})),
        broker_order_id=body.get("broker_order_id", ""),
        counter_order_id=body.get("counter_order_id", ""),
        name=body.get("name", ""),
        reported_qty=body.get("reported_qty", 0),
        alarm=bool(body.get("alarm", 0)),
        limit_price=Decimal(body["limit_price"]) if "limit_price" in body else None,
        also=tuple(Reason(said["reason_code"], said["context"]) for said in body.get("also", ())),
        quote=quote_from(body["quote"]) if "quote" in body else None,
        quantity=body.get("quantity", 0),
        fill=Fill(
            trade_id=fill["trade_id"],
            last_qty=fill["last_qty"],
            last_price=Decimal(fill["last_price"]),
            amount=Decimal(fill["amount"]),
            commission=Decimal(fill["commission"]),
            counter_order_id=fill["counter_order_id"],
            traded_at=fill["traded_at"],
            by_price=fill.get("by_price", False),
        )
        if fill
        else None,
    )


def fill_row(order: Order, event: OrderEvent, seq: int) -> Body:
    """The fill of `event` as a row of the view `fills`; `order` is the order after it."""
    fill = event.fill
    assert fill is not None
    return {
        "seq": seq,
        "tag": order.terms.tag,
        "trade_id": fill.trade_id,
        "trade_date": order.terms.trade_date.isoformat(),
        "client_order_id": order.terms.client_order_id,
        "account": order.terms.account,
        "symbol": order.terms.symbol,
        "side": order.terms.side.value,
        "last_qty": fill.last_qty,
        "last_price": price_text(fill.last_price),
        "amount": price_text(fill.amount),
        "commission": price_text(fill.commission),
        "filled_qty": order.filled_qty,
        "leaves_qty": order.leaves_qty,
        "avg_fill_price": price_text(order.avg_fill_price),
        "counter_order_id": fill.counter_order_id or order.counter_order_id,
        "traded_at": fill.traded_at,
        "recorded_at": time_text(event.at),
    }
