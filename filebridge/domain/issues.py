"""All of a day's new issues in one row: which it means, and how much of each may be asked for.

How much an account may ask for is what the exchange allots it by the value of its holdings, and at most what the issue
allows. Sources: xtquant's manual (`query_ipo_data`; `query_new_purchase_limit`, whose numbers are for shares alone: of
a bond everybody may ask for as much as it allows); the exchanges' online issue rules; Beijing's, where what is asked
for is paid at once, so that the largest size is nobody's to choose but the owner's.

Pure: whoever calls has asked the broker, and hands the answer in.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from filebridge.domain.market_rules import subscription_rule
from filebridge.domain.orders import ALL_ISSUES, Action, OrderInstruction, OrderType, Side
from filebridge.domain.reasons import Reason
from filebridge.domain.symbols import InstrumentKind, instrument_kind

# Shares of STAR have a quota of their own, which terminals name after 科创板.
_STAR_CODES = ("787", "789", "688", "689")


class Issue(NamedTuple):
    """A new issue as the broker tells it. Shares, of bonds 张; `purchase_date` is empty where it says none."""

    symbol: str
    min_quantity: int
    max_quantity: int
    purchase_date: str
    price: Decimal
    quotas: Mapping[str, int]


def issue_of(row: Mapping[str, Any]) -> Issue:
    """An issue from the broker's answer about it, a row of texts and numbers."""
    quotas = {name.removeprefix("limit_").upper(): row[name] for name in row if name.startswith("limit_")}
    return Issue(
        symbol=row["symbol"],
        min_quantity=int(row["min_quantity"]),
        max_quantity=int(row["max_quantity"]),
        purchase_date=str(row["purchase_date"]),
        price=Decimal(row["issue_price"]),
        quotas={name: int(value) for name, value in quotas.items() if value != ""},
    )


def is_of_issues(row: OrderInstruction) -> bool:
    """Whether a row asks for the largest size, of one issue or of all: it becomes orders when the broker has told."""
    return not row.quantity and row.side is Side.SUBSCRIBE and row.action is Action.ORDER


def means(row: OrderInstruction, symbol: str) -> bool:
    """Whether such a row means this issue."""
    if row.symbol in ALL_ISSUES:
        is_bond = instrument_kind(symbol) is InstrumentKind.NEW_BOND
        return ALL_ISSUES[row.symbol] in (None, is_bond)
    return row.symbol == symbol


def id_of(client_order_id: str, symbol: str) -> str:
    """The id of the order for one issue, from its row's."""
    return f"{client_order_id}-{symbol}"


def subscription(row: OrderInstruction, issue: Issue, client_order_id: str, trade_date: date) -> OrderInstruction:
    """The order for one issue of such a row; its quantity 0 until it is known."""
    return row._replace(
        symbol=issue.symbol,
        side=Side.SUBSCRIBE,
        order_type=OrderType.LIMIT,
        limit_price=issue.price if issue.price > 0 else None,
        client_order_id=id_of(client_order_id, issue.symbol),
        trade_date=trade_date,
    )


def largest(issue: Issue, trade_date: date) -> int | Reason:
    """The largest quantity that an account may ask for, in whole units; or why there is none."""
    context = {"symbol": issue.symbol}
    rule = subscription_rule(issue.symbol)
    if rule is None:
        return Reason("INSTRUMENT_NOT_SUPPORTED", context)
    day = issue.purchase_date.replace("-", "")
    if day and day != f"{trade_date:%Y%m%d}":
        return Reason("ISSUE_OF_OTHER_DAY", context | {"value": day, "trade_date": trade_date.isoformat()})
    if issue.price <= 0 or issue.max_quantity <= 0:
        return Reason("ISSUE_NOT_KNOWN", context)
    upper = min(issue.max_quantity, rule.limit_max)
    if rule.kind is not InstrumentKind.NEW_BOND:
        quota = _quota(issue)
        if isinstance(quota, Reason):
            return quota
        upper = min(upper, quota)
    # The smallest size is the unit, whatever the exchange's rule allows besides.
    unit = max(issue.min_quantity, rule.step)
    least = max(unit, rule.buy_min)
    quantity = upper // unit * unit
    return quantity if quantity >= least else Reason("ISSUE_QUOTA_TOO_SMALL", context | _said(upper, least))


def _quota(issue: Issue) -> int | Reason:
    number, _, exchange = issue.symbol.partition(".")
    if exchange == "BJ":
        return Reason("ISSUE_PAID_AT_ONCE", {"symbol": issue.symbol})
    market = "KCB" if exchange == "SH" and number.startswith(_STAR_CODES) else exchange
    quota = issue.quotas.get(market)
    return Reason("ISSUE_QUOTA_NOT_KNOWN", {"symbol": issue.symbol, "value": market}) if quota is None else quota


def _said(value: int, limit: int) -> dict[str, str]:
    return {"value": str(value), "limit": str(limit)}
