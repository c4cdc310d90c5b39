"""xtquant's objects as plain dicts in our words: orders, trades, positions, assets, new issues."""

import math
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from filebridge.domain.events import EventKind
from filebridge.domain.orders import SHANGHAI, price_text
from filebridge.gateways.xtnumbers import ACCOUNT_TYPE_OF, SIDE_OF

Wire = dict[str, Any]

# OrdStatus by xtconstant's numbers. 51 and 52 are not final; any other number works, and is never taken for an end.
REPORT_OF = {
    48: EventKind.REPORT_WORKING,
    49: EventKind.REPORT_WORKING,
    50: EventKind.REPORT_WORKING,
    51: EventKind.REPORT_PENDING_CANCEL,
    52: EventKind.REPORT_PENDING_CANCEL,
    53: EventKind.REPORT_CANCELED,
    54: EventKind.REPORT_CANCELED,
    55: EventKind.REPORT_PARTIALLY_FILLED,
    56: EventKind.REPORT_FILLED,
    57: EventKind.REPORT_REJECTED,
}

# Of a future or an option; what stands there of shares is nobody's direction but LONG.
DIRECTION_OF = {48: "LONG", 49: "SHORT"}


def order_row(row: Any) -> Wire:
    return {
        "report": REPORT_OF.get(row.order_status, EventKind.REPORT_WORKING).value,
        "status_code": row.order_status,
        "text": text_of(row, "status_msg"),
        "account": row.account_id,
        "symbol": row.stock_code,
        "side": _side(row.order_type),
        "quantity": row.order_volume,
        "limit_price": _money(row.price),
        "filled_qty": row.traded_volume,
        "tag": text_of(row, "order_remark"),
        "broker_order_id": str(row.order_id) if row.order_id > 0 else "",
        "counter_order_id": text_of(row, "order_sysid"),
        "name": text_of(row, "instrument_name"),
        "ordered_at": _time(row.order_time),
    }


def fill_row(row: Any) -> Wire:
    return {
        "account": row.account_id,
        "symbol": row.stock_code,
        "side": _side(row.order_type),
        "trade_id": text_of(row, "traded_id"),
        "last_qty": row.traded_volume,
        "last_price": _money(row.traded_price),
        "amount": _money(row.traded_amount),
        "commission": _money(row.commission),
        "tag": text_of(row, "order_remark"),
        "broker_order_id": str(row.order_id) if row.order_id > 0 else "",
        "counter_order_id": text_of(row, "order_sysid"),
        "traded_at": _time(row.traded_time),
    }


def transfer_row(order: Wire) -> Wire:
    """A transfer that was made, as the execution of its whole: the terminal's answer to it has no number of its own."""
    return {
        **{name: order[name] for name in ("account", "symbol", "side", "tag")},
        "trade_id": order["tag"],
        "last_qty": order["quantity"],
        "last_price": order["limit_price"] or "0",
        "amount": order["limit_price"] or "0",
        "commission": "0",
        "broker_order_id": "",
        "counter_order_id": "",
        "traded_at": datetime.now(SHANGHAI).isoformat(timespec="seconds"),
    }


def position_row(row: Any) -> Wire:
    return {
        "symbol": row.stock_code,
        "name": text_of(row, "instrument_name"),
        "quantity": row.volume,
        "available_qty": row.can_use_volume,
        "avg_cost": _money(row.avg_price),
        "last_price": _money(row.last_price),
        "market_value": _money(row.market_value),
        "direction": DIRECTION_OF.get(row.direction, ""),
    }


def info_row(row: Any) -> Wire:
    """Whose an account is and of what kind, as the terminal says."""
    kind = ACCOUNT_TYPE_OF.get(row.account_type)
    return {"account_type": kind.value if kind else str(row.account_type), "broker_name": text_of(row, "broker_name")}


def issue_row(symbol: str, issue: dict[str, Any], limits: dict[str, int]) -> Wire:
    """A new issue, and how many shares the account may ask for on each market."""
    return {
        "symbol": symbol,
        "name": issue["name"],
        "type": issue["type"],
        "min_quantity": issue["minPurchaseNum"],
        "max_quantity": issue["maxPurchaseNum"],
        "purchase_date": issue["purchaseDate"],
        "issue_price": _money(issue["issuePrice"]),
        **{f"limit_{market.lower()}": limits.get(market, "") for market in ("SH", "SZ", "KCB")},
    }


def asset_row(row: Any) -> Wire:
    return {name: _money(getattr(row, name)) for name in ("cash", "frozen_cash", "market_value", "total_asset")}


def text_of(row: Any, name: str) -> str:
    """A string of the native module. Cut within a Chinese character it cannot be read: what it said is then not known,
    but that must not hide the rest of the report."""
    try:
        return getattr(row, name) or ""
    except UnicodeDecodeError:
        return ""


def _side(order_type: int) -> str:
    side = SIDE_OF.get(order_type)
    return side.value if side else ""


# Prices, and the seconds of a busy minute, come thousands of times.
@lru_cache(maxsize=10_000)
def _money(value: float) -> str:
    """To four places: a binary float carries no more of a price, and 10.1 must read 10.1. NaN is 0: no price."""
    return price_text(Decimal(repr(round(value, 4)))) if math.isfinite(value) else "0"


@lru_cache(maxsize=100)
def _time(value: int) -> str:
    """xtquant gives seconds since 1970; anything that cannot be that is left out."""
    if not 1_000_000_000 < value < 10_000_000_000:
        return ""
    return datetime.fromtimestamp(value, SHANGHAI).isoformat()


def ascii_of(text: str) -> str:
    """The strategy's name as the native module can keep it: 23 bytes, cut in mid-character it could not be read."""
    return text.encode("ascii", "replace").decode()[:23]
