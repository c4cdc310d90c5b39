"""What `check` says of the rows of a file beside their receipt: what would become of their orders, and what a row that
is no order is about. Nothing here has happened, so no tag of it may be shown as something that a command takes."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from filebridge.bridge.book import OrderBook
from filebridge.bridge.foreseeing import Foreseen
from filebridge.domain import risk
from filebridge.domain.counters import value_of
from filebridge.domain.events import EventKind
from filebridge.domain.market import TradingCalendar
from filebridge.domain.orders import SHANGHAI, Action, Order, Outcome, Query, Status, price_text
from filebridge.domain.pricing import LEVEL_PRICES
from filebridge.domain.reasons import Reason
from filebridge.domain.risk import Rules, Verdict
from filebridge.domain.sides import direction
from filebridge.ledger.store import Turn
from filebridge.tables import CHECK, RECEIPT

Row = dict[str, Any]
_NAMED_MAX = 2
_MAKES_ORDER = (Action.ORDER, Action.REPLACE, Action.TRANSFER)
_BLANK: Row = dict.fromkeys(CHECK[len(RECEIPT) : -2], "")


def previewed(
    rows: list[Row], turn: Turn, book: OrderBook, rules: Rules, foreseen: Mapping[str, Foreseen], mark: str
) -> list[Row]:
    """Receipt rows with `foreseen` (SENT, WAITS, DENIED, EXPIRED, CANCELED by a row below, HELD), `price` and `worth`
    as the order would leave, `quote` (what it was judged by), `waits_for`, `about` (what a cancel, a replacement or a
    query means), and `notes`, what its sender should know. Of an order that would not leave the outcome and the reason
    are those that it would end with. Tags begin with `mark` that stay in this turn."""
    tag = re.compile(re.escape(mark) + r"\w+")

    def name(found: re.Match[str]) -> str:
        order = turn.orders.get(found[0])
        return order.terms.client_order_id if order else found[0]

    moment = risk.moment_of(turn.at, rules)
    # Quotes are asked for together, by the first of their rows.
    asked = {query["row"]: query["query"] for query in turn.queries}
    reached = _reached(turn)
    # Thousands of rows say the same. Each note is kept with its texts, for an id is its own only while it lives.
    texts_of: dict[int, tuple[Row, Reason]] = {}
    seen = []
    for row in rows:
        order = book.get(row["tag"]) if row["tag"] else None
        is_new = order is not None and row["action"] in _MAKES_ORDER and row["tag"] in turn.born
        said: Row = {"about": asked.get(row["row"], Query.QUOTES) if row["action"] == Action.QUERY else ""}
        notes: list[Reason] = []
        if targets := reached.get(row["row"]):
            said["about"] = "; ".join(_shown(each) for each in targets[:_NAMED_MAX])
            said["about"] += f"; … ({len(targets)})" if len(targets) > _NAMED_MAX else ""
            waits = any(
                each.status is Status.PENDING_CANCEL and not risk.may_cancel(each, moment, rules) for each in targets
            )
            notes += [Reason("CHECK_CANCEL_WAITS")] if waits else []
        if is_new and order is not None:
            fate = foreseen.get(row["tag"])
            said |= _fate(order, fate)
            notes += [*(fate.notes if fate else ()), *_about_day(order, turn, rules.calendar)]
        for note in notes:
            if id(note) not in texts_of:
                texts_of[id(note)] = (_texts(note), note)
        whole = {**row, **_BLANK, **said, "notes": [texts_of[id(note)][0] for note in notes]}
        if mark in whole["message"]:
            whole |= {each: tag.sub(name, whole[each]) for each in ("message", "message_zh")}
        seen.append(whole)
    return seen


def _texts(note: Reason) -> Row:
    return {"reason_code": note.code, "message": note.message, "message_zh": note.message_zh}


def _reached(turn: Turn) -> dict[int, list[Order]]:
    """By row, the orders that it would cancel, or try to."""
    found: dict[int, dict[str, Order]] = {}
    before: dict[str, Order] = {}
    for change in turn.changes:
        if change.event is None:
            if before:
                found[change.answer["row"]] = before
            before = {}
        elif change.order is not None and change.event.kind is EventKind.CANCEL:
            before[change.order.terms.tag] = change.order
    return {row: [*orders.values()] for row, orders in found.items()}


def _shown(order: Order) -> str:
    terms = order.terms
    price = f" @ {price_text(terms.limit_price)}" if terms.limit_price is not None else ""
    return f"{terms.client_order_id}: {terms.side} {terms.quantity} {terms.symbol}{price}"


def _fate(order: Order, fate: Foreseen | None) -> Row:
    """What would become of an order of the file."""
    if fate is None:
        # It is not ready to leave: a person has to look at it, a row below takes it back, or it was denied already.
        words = {Status.HELD: "HELD", Status.CANCELED: "CANCELED", Status.DENIED: "DENIED"}
        return {"foreseen": words.get(order.status, ""), "price": price_text(order.terms.limit_price)}
    if isinstance(fate.verdict, Reason):
        reason, outcome = fate.verdict, Outcome.DENIED.value
        if risk.event_of(reason) is EventKind.EXPIRE:
            outcome = "EXPIRED"
        said = {"outcome": outcome, "reason_code": reason.code}
        return {**said, "foreseen": outcome, "message": reason.message, "message_zh": reason.message_zh, **_by(fate)}
    terms = fate.order.terms
    worth = value_of(terms, terms.quantity)
    return {
        "foreseen": "SENT" if fate.verdict is Verdict.SEND else "WAITS",
        "price": _price(order, fate.order),
        "worth": price_text(worth) if worth else "",
        "waits_for": _moment(fate.leaves_at),
        **_by(fate),
    }


def _price(order: Order, leaving: Order) -> str:
    """As it would leave: the limit, or what the market may not pass where the row names none."""
    price, terms = leaving.terms.limit_price, order.terms
    if price is None or terms.limit_price is not None or terms.order_type in LEVEL_PRICES:
        return price_text(price)
    return f"{terms.order_type} {'≤' if direction(terms.side) > 0 else '≥'} {price_text(price)}"


def _by(fate: Foreseen) -> Row:
    quote = fate.quote
    return {"quote": f"{quote.source} {quote.at.astimezone(SHANGHAI):%H:%M:%S}"} if quote is not None else {}


def _moment(at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    return f"{local:%Y-%m-%d}" if local.time() == time(0) else f"{local:%Y-%m-%d %H:%M}"


def _about_day(order: Order, turn: Turn, calendar: TradingCalendar) -> Sequence[Reason]:
    """Whether the later day for which an order waits is one on which the market trades."""
    day = order.terms.trade_date
    if day <= turn.trade_date:
        return ()
    said = {"trade_date": day.isoformat(), "value": calendar.last.isoformat()}
    if not calendar.covers(day):
        return (Reason("CHECK_DAY_UNKNOWN", said),)
    return () if calendar.is_trading_day(day) else (Reason("CHECK_NO_TRADING_DAY", said),)
