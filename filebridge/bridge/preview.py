"""What `check` says of the rows of a file beside their receipt: for which day an order waits, and what a row that is no
order is about. Nothing here has happened, so no tag of it may be shown as something that a command takes."""

import re
from typing import Any

from filebridge.bridge.book import OrderBook
from filebridge.domain.market import TradingCalendar
from filebridge.domain.orders import Action, Order, Query, price_text
from filebridge.domain.reasons import Reason
from filebridge.ledger.store import Turn

Row = dict[str, Any]


def previewed(rows: list[Row], turn: Turn, book: OrderBook, calendar: TradingCalendar, mark: str) -> list[Row]:
    """Receipt rows with `waits_for` (a later trade date), `about` (what a cancel, a replacement or a query means) and
    `warning`, `warning_zh`; each empty where there is nothing to say. Tags begin with `mark` that stay in this turn."""
    tag = re.compile(re.escape(mark) + r"\w+")

    def name(found: re.Match[str]) -> str:
        order = turn.orders.get(found[0])
        return order.terms.client_order_id if order else found[0]

    # Quotes are asked for together, by the first of their rows.
    asked = {query["row"]: query["query"] for query in turn.queries}
    seen = []
    for row in rows:
        order = book.get(row["tag"]) if row["tag"] else None
        said = {"message": tag.sub(name, row["message"]), "message_zh": tag.sub(name, row["message_zh"])}
        about = asked.get(row["row"], Query.QUOTES) if row["action"] == Action.QUERY else _about(row, order, book)
        seen.append({**row, **said, "about": about, **_day(row, order, turn, calendar)})
    return seen


def _about(row: Row, order: Order | None, book: OrderBook) -> str:
    if order is None:
        return ""
    if row["action"] == Action.REPLACE:
        old = book.get(order.terms.replaces) if order.terms.replaces else None
        return _shown(old) if old else ""
    return _shown(order) if row["action"] == Action.CANCEL else ""


def _shown(order: Order) -> str:
    terms = order.terms
    price = f" @ {price_text(terms.limit_price)}" if terms.limit_price is not None else ""
    return f"{terms.client_order_id}: {terms.side} {terms.quantity} {terms.symbol}{price}"


def _day(row: Row, order: Order | None, turn: Turn, calendar: TradingCalendar) -> Row:
    """For which later day an order waits, and whether that is one on which the market trades."""
    is_new = order is not None and row["action"] in (Action.ORDER, Action.REPLACE) and row["tag"] in turn.born
    if order is None or not is_new or order.terms.trade_date <= turn.trade_date:
        return {"waits_for": "", "warning": "", "warning_zh": ""}
    day = order.terms.trade_date
    said = {"trade_date": day.isoformat(), "value": calendar.last.isoformat()}
    reason = None
    if not calendar.covers(day):
        reason = Reason("CHECK_DAY_UNKNOWN", said)
    elif not calendar.is_trading_day(day):
        reason = Reason("CHECK_NO_TRADING_DAY", said)
    texts = (reason.message, reason.message_zh) if reason else ("", "")
    return {"waits_for": day.isoformat(), "warning": texts[0], "warning_zh": texts[1]}
