"""From the worker's JSON lines to the messages of base: one table, one function a kind."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from pydantic_core import from_json

from filebridge.domain.events import EventKind, FillReport, OrderReport
from filebridge.domain.orders import Fill, Side
from filebridge.domain.quotes import Quote
from filebridge.domain.reconcile import Lists
from filebridge.gateways import base
from filebridge.gateways.base import Raw


def message_of(wire: Raw, generation: int) -> base.Message | None:
    """The message that a line of the worker makes; None for those that only its keeper needs."""
    make = _MESSAGES.get(wire["kind"])
    return make(wire, generation) if make else None


# Calling an enumeration for its member takes as long as reading the whole line.
_KINDS = {kind.value: kind for kind in EventKind}
_SIDES: dict[str, Side | None] = {"": None, **{side.value: side for side in Side}}
# As the worker begins such a line (see XtBroker): what is about one order. The worker's keeper needs none of them.
NEWS = (b'{"kind":"order', b'{"kind":"fill"')


def opened(message: base.Message) -> base.Message:
    """A sealed message as what it says; any other as it is."""
    if type(message) is not base.Sealed:
        return message
    found = message_of(from_json(message.line), 0)
    assert found is not None, "the worker's news is of no known kind"
    return found


def order_report(wire: Raw) -> OrderReport:
    return OrderReport(
        kind=_KINDS[wire["report"]],
        account=wire["account"],
        symbol=wire["symbol"],
        side=_SIDES[wire["side"]],
        quantity=wire["quantity"],
        limit_price=Decimal(wire["limit_price"]),
        filled_qty=wire["filled_qty"],
        tag=wire["tag"],
        broker_order_id=wire["broker_order_id"],
        counter_order_id=wire["counter_order_id"],
        name=wire["name"],
        status_code=wire["status_code"],
        text=wire["text"],
        ordered_at=datetime.fromisoformat(wire["ordered_at"]) if wire["ordered_at"] else None,
    )


def fill_report(wire: Raw) -> FillReport:
    return FillReport(
        account=wire["account"],
        symbol=wire["symbol"],
        side=_SIDES[wire["side"]],
        tag=wire["tag"],
        broker_order_id=wire["broker_order_id"],
        counter_order_id=wire["counter_order_id"],
        fill=Fill(
            trade_id=wire["trade_id"],
            last_qty=wire["last_qty"],
            last_price=Decimal(wire["last_price"]),
            amount=Decimal(wire["amount"]),
            commission=Decimal(wire["commission"]),
            counter_order_id=wire["counter_order_id"],
            traded_at=wire["traded_at"],
        ),
    )


def quote(wire: Raw, source: str) -> Quote:
    """Empty texts are what the source does not say."""
    prices = {
        name: Decimal(wire[name]) if wire[name] else None for name in ("prev_close", "last", "limit_down", "limit_up")
    }
    return Quote(
        symbol=wire["symbol"],
        at=datetime.fromisoformat(wire["at"]),
        source=source,
        name=wire["name"],
        **prices,
        bids=tuple(map(Decimal, wire["bids"])),
        asks=tuple(map(Decimal, wire["asks"])),
        listed_on=date.fromisoformat(wire["listed_on"]) if wire["listed_on"] else None,
    )


def _snapshot(wire: Raw) -> base.Snapshot:
    account = wire["account"]
    return base.Snapshot(
        account=account,
        complete=wire["complete"],
        lists=Lists(wire["lists"]),
        orders=tuple((order_report(row), row) for row in wire["orders"]),
        fills=tuple((fill_report(row), row) for row in wire["fills"]),
        positions=tuple(
            base.Position(
                account=account,
                symbol=row["symbol"],
                name=row["name"],
                quantity=row["quantity"],
                available_qty=row["available_qty"],
                avg_cost=Decimal(row["avg_cost"]),
                last_price=Decimal(row["last_price"]),
                market_value=Decimal(row["market_value"]),
                direction=row["direction"],
            )
            for row in wire["positions"]
        ),
        asset=base.Asset(account, **{name: Decimal(text) for name, text in wire["asset"].items()})
        if wire["asset"]
        else None,
        is_end=wire["is_end"],
        rows_before=wire["rows_before"],
        info=wire["info"],
    )


_MESSAGES: dict[str, Callable[[Raw, int], base.Message]] = {
    "alone": lambda wire, generation: base.SoleSender(generation, wire["log"]),
    "up": lambda wire, generation: base.GatewayUp(generation),
    "handed": lambda wire, generation: base.GroupHanded(generation),
    "not_called": lambda wire, generation: base.NotCalled(wire["tag"]),
    "order": lambda wire, generation: base.OrderPushed(order_report(wire), wire),
    "fill": lambda wire, generation: base.FillPushed(fill_report(wire), wire),
    "order_answer": lambda wire, generation: base.OrderAnswer(wire["tag"], wire["broker_order_id"], wire["text"], wire),
    "order_refused": lambda wire, generation: base.OrderRefused(wire["tag"], wire["text"], wire),
    "cancel_answer": lambda wire, generation: base.CancelAnswer(wire["tag"], wire["taken"], wire["text"], wire),
    "snapshots": lambda wire, generation: base.Snapshots(
        generation, tuple(_snapshot(account) for account in wire["accounts"]), wire["is_first"], wire["is_last"]
    ),
    "told": lambda wire, generation: base.Told(
        wire["number"], tuple(wire["rows"]), wire["is_known"], wire["is_first"], wire["is_end"]
    ),
    "quotes": lambda wire, generation: base.Quotes(
        wire["source"], tuple(wire["symbols"]), tuple(quote(row, wire["source"]) for row in wire["rows"]), wire["text"]
    ),
    "balances": lambda wire, generation: base.Balances(
        generation, tuple(_snapshot(account) for account in wire["accounts"])
    ),
    "trouble": lambda wire, generation: base.WorkerTrouble(wire["text"]),
}
