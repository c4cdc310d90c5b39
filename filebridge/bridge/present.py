"""Rows of the ledger as people and programs read them: what is derived is added here, in one place."""

import json
from decimal import Decimal
from typing import Any

from filebridge.domain.orders import FINAL, OUTCOMES_ZH, STATUSES_ZH, Status, needs_person, price_text
from filebridge.domain.reasons import Reason

Row = dict[str, Any]


def order_report_row(row: Row) -> Row:
    """A row of the ledger's orders with what a report adds: leaves, average price, messages, who must look."""
    status, filled = Status(row["status"]), row["filled_qty"]
    average = (Decimal(row["filled_amount"]) / filled).quantize(Decimal("0.0001")) if filled else None
    reason = Reason(row["reason_code"], json.loads(row["reason_context"])) if row["reason_code"] else None
    return {
        **row,
        "leaves_qty": 0 if status in FINAL else max(row["quantity"] - filled, 0),
        "avg_fill_price": price_text(average),
        "message": reason.message if reason else "",
        "message_zh": reason.message_zh if reason else "",
        "needs_person": int(needs_person(status, alarmed=bool(row["alarmed"]), broker_order_id=row["broker_order_id"])),
    }


def story(events: list[Row]) -> list[Row]:
    """The events of one order as lines for a person; `body` keeps everything."""
    return [
        {
            "seq": row["seq"],
            "at": row["at"],
            "kind": row["kind"],
            "what": _what(row["kind"], json.loads(row["body"])),
            "body": json.loads(row["body"]),
        }
        for row in events
    ]


def _what(kind: str, body: Row) -> str:
    raw = body.get("raw", {})
    words = {
        "ROW": ("row", "outcome", "status"),
        "ORDER": ("event", "status", "broker_order_id", "counter_order_id"),
        "EVIDENCE": ("text", "text_zh", "first", "second"),
    }.get(kind, ())
    named = ("row", "broker_order_id", "counter_order_id", "first", "second")
    parts = [
        f"{name} {body[name]}" if name in named else _with_chinese(name, body[name]) for name in words if body.get(name)
    ]
    parts = list(dict.fromkeys(parts))
    if "fill" in body:
        parts.append(f"{body['fill']['last_qty']} @ {body['fill']['last_price']} (trade {body['fill']['trade_id']})")
    if "quote" in body:
        price = f"at {body['limit_price']} by " if "limit_price" in body else ""
        parts.append(f"{price}quote of {body['quote']['source']}, {body['quote']['at']}")
    for said in (body, *body.get("also", ())):
        if said.get("reason_code"):
            reason = Reason(said["reason_code"], said.get("context", {}))
            parts += [reason.message, reason.message_zh]
    if kind == "REPORT":
        what = f"{raw['kind']} {raw.get('status_code', '')}".rstrip()
        parts.append(f"nothing new from the broker 券商回报无变化 ({what})")
    return " · ".join(parts)


def _with_chinese(name: str, word: object) -> str:
    """A status or an outcome with its Chinese name; every other word as it is."""
    chinese = {"status": STATUSES_ZH, "outcome": OUTCOMES_ZH}.get(name, {}).get(str(word), "")
    return f"{word} {chinese}".rstrip()
