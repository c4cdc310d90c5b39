"""What goes over the wire between native module and counter: the messages, and their fields in order.

Both ends read these tables; nothing here opens a socket. A message is one JSON array a line. These are xtquant's
names: the wire is the edge where they belong.
"""

import json
from typing import Any

Message = list[Any]

# First line of a connection, and what a counter answers to it; longer lines come from no client of ours.
HELLO_BYTES_MAX = 65_536

# Fields of each row, in order: every field that the native class stores, so that a row fills an object whole.
ROWS: dict[str, tuple[str, ...]] = {
    "XtOrder": (
        "account_type", "account_id", "stock_code", "order_id", "order_sysid", "order_time", "order_type",
        "order_volume", "price_type", "price", "traded_volume", "traded_price", "order_status", "status_msg",
        "strategy_name", "order_remark", "direction", "offset_flag", "secu_account", "instrument_name",
    ),
    "XtTrade": (
        "account_type", "account_id", "stock_code", "order_type", "traded_id", "traded_time", "traded_price",
        "traded_volume", "traded_amount", "order_id", "order_sysid", "strategy_name", "order_remark", "direction",
        "offset_flag", "commission", "secu_account", "instrument_name",
    ),
    "XtAsset": (
        "account_type", "account_id", "cash", "frozen_cash", "market_value", "total_asset", "fetch_balance",
        "current_balance",
    ),
    "XtPosition": (
        "account_type", "account_id", "stock_code", "volume", "can_use_volume", "open_price", "market_value",
        "frozen_volume", "on_road_volume", "yesterday_volume", "avg_price", "direction", "last_price", "profit_rate",
        "float_profit", "position_profit", "open_date", "secu_account", "instrument_name",
    ),
    "XtAccountStatus": ("account_type", "account_id", "status"),
    "XtAccountInfo": (
        "account_type", "account_id", "broker_type", "platform_id", "broker_id", "broker_name", "product_id",
        "product_code", "product_name", "login_status",
    ),
    "OrderStockResp": (
        "account_type", "account_id", "order_id", "strategy_name", "order_remark", "error_id", "error_msg",
    ),
    "CancelOrderStockResp": (
        "account_type", "account_id", "order_id", "order_sysid", "cancel_result", "error_id", "error_msg",
    ),
    "XtOrderError": (
        "account_type", "account_id", "order_id", "seq", "error_id", "error_msg", "strategy_name", "order_remark",
    ),
    "XtCancelError": (
        "account_type", "account_id", "order_id", "market", "order_sysid", "error_id", "error_msg",
    ),
}  # fmt: skip

# Requests: message kind -> the fields that follow [kind, seq] (storage names of the native request class).
REQUESTS: dict[str, tuple[str, ...]] = {
    "subscribe": ("account_type", "account_id"),
    "unsubscribe": ("account_type", "account_id"),
    "order": (
        "account_type", "account_id", "stock_code", "order_type", "order_volume", "price_type", "price",
        "strategy_name", "order_remark",
    ),
    "cancel": ("account_type", "account_id", "order_id", "market", "order_sysid"),
    "query_orders": ("account_type", "account_id", "can_cancel", "order_id"),
    "query_trades": ("account_type", "account_id"),
    "query_asset": ("account_type", "account_id"),
    "query_positions": ("account_type", "account_id", "stock_code"),
    "query_account_status": (),
    "query_account_infos": (),
}  # fmt: skip

# Pushes, [kind, row], and answers, [kind, seq, payload]: the binding that is called, and the class of the row(s).
PUSHES: dict[str, tuple[str, str]] = {
    "push_order": ("bindOnStockOrderCallback", "XtOrder"),
    "push_trade": ("bindOnStockTradeCallback", "XtTrade"),
    "push_order_error": ("bindOnOrderErrorCallback", "XtOrderError"),
    "push_cancel_error": ("bindOnCancelErrorCallback", "XtCancelError"),
    "push_account_status": ("bindOnUpdateAccountStatusCallback", "XtAccountStatus"),
}
ANSWERS: dict[str, tuple[str, str]] = {
    "subscribe": ("bindOnSubscribeRespCallback", "int"),
    "unsubscribe": ("bindOnUnsubscribeRespCallback", "int"),
    "order": ("bindOnOrderStockRespCallback", "OrderStockResp"),
    "cancel": ("bindOnCancelOrderStockRespCallback", "CancelOrderStockResp"),
    "query_orders": ("bindOnQueryStockOrdersCallback", "list[XtOrder]"),
    "query_trades": ("bindOnQueryStockTradesCallback", "list[XtTrade]"),
    "query_asset": ("bindOnQueryStockAssetCallback", "list[XtAsset]"),
    "query_positions": ("bindOnQueryStockPositionsCallback", "list[XtPosition]"),
    "query_account_status": ("bindOnQueryAccountStatusCallback", "list[XtAccountStatus]"),
    "query_account_infos": ("bindOnQueryAccountInfosCallback", "list[XtAccountInfo]"),
}

_ENCODE = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def encode(message: Any) -> bytes:
    """One line. ASCII with escapes, so half a character that a native buffer cut off crosses as it is."""
    return _ENCODE(message).encode("ascii") + b"\n"


def decode_lines(block: bytes) -> list[Message]:
    """The messages of whole lines; ValueError for what is no JSON. One parse for all of them, for speed."""
    messages: list[Message] = json.loads(b"[" + block.rstrip(b"\n").replace(b"\n", b",") + b"]")
    return messages
