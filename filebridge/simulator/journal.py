"""The lines of the journal: which fields of a request stand in one, and how a line calls them."""

from filebridge.simulator.wire import REQUESTS

JOURNAL_FIELDS = (
    "ts", "seq", "kind", "account", "stock_code", "order_type", "order_volume", "price_type", "price",
    "strategy_name", "order_remark", "order_id",
)  # fmt: skip
# What a line calls the fields of a request that are named otherwise.
ACCOUNT_NAMES = {
    "account_id": "account",
    "m_strAccountID": "account",
    "direction": "order_type",
    "balance": "price",
    "m_nOrderType": "order_type",
    "m_dPrice": "price",
    "m_strStockCode": "stock_code",
    "m_nOrderVolume": "order_volume",
}
# For each kind, the journal fields that its request fills, with their place in the message.
JOURNALED = {
    kind: [
        (name, place)
        for place, field in enumerate(fields, start=2)
        if (name := ACCOUNT_NAMES.get(field, field)) in JOURNAL_FIELDS
    ]
    for kind, fields in REQUESTS.items()
}
