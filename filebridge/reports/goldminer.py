"""What 掘金 / EMC programs read back: five CSV files a folder for each account, UTF-8 with a byte order mark.

`order_status.csv` has each order's latest row, `order_status_change.csv` one row a change, `execution_report.csv` fills
and refused cancels; `cash.csv` and `position.csv` what the account holds.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from filebridge.domain.events import EventKind
from filebridge.domain.orders import Order, Status, price_text
from filebridge.reports.base import REFUSED, Reporter, Row, Told, text_of
from filebridge.reports.files import Appended, Target, Whole, write_all

# The headers as the programs know them: the bracketed word is the short name.
ORDER_STATUS = (
    "account_id,sid,scan_name,cl_ord_id,order_id,symbol,order_type,order_business(order_biz),status,"
    "ord_rej_reason(rej_reason),ord_rej_reason_detail(rej_detail),price,volume,filled_volume(filled_vol),created_at,"
    "updated_at,sent_at,recv_at"
).split(",")
EXECUTION = (
    "account_id,sid,scan_name,cl_ord_id,order_id,exec_id,symbol,order_business(order_biz),ord_rej_reason(rej_reason),"
    "ord_rej_reason_detail(rej_detail),exec_type,price,volume,created_at,recv_at"
).split(",")
CASH = (
    "account_id,market_value(market_val),nav,pnl,fpnl,frozen,available,balance,order_frozen(ord_frozen),created_at,"
    "updated_at,recv_at"
).split(",")
POSITION = (
    "account_id,symbol,side,volume,volume_today(vol_today),vwap,vwap_diluted(vwap_dild),market_value(market_val),price,"
    "fpnl,cost,available_now(avl_now),created_at,updated_at,recv_at"
).split(",")

STATUSES: Mapping[Status, int] = {
    **dict.fromkeys((Status.RECEIVED, Status.HELD, Status.APPROVED, Status.SUBMITTING), 10),
    Status.UNKNOWN: 0,
    Status.ACCEPTED: 1,
    Status.PARTIALLY_FILLED: 2,
    Status.FILLED: 3,
    Status.CANCELED: 5,
    Status.PENDING_CANCEL: 6,
    **dict.fromkeys((Status.REJECTED, Status.DENIED, Status.NOT_SENT), 8),
    Status.EXPIRED: 12,
}
REJECTED = 8
TRADE, CANCEL_REFUSED = 15, 19
# Why a rejected order was: no code of theirs is known for our reasons, whose text stands beside.
_REASON_OTHER = 1
_LONG = 1
_SIDES = {"BUY": 1, "SELL": 2, "BUY_OPEN": 10, "SELL_CLOSE": 11, "SELL_CLOSE_TODAY": 12, "SELL_CLOSE_YESTERDAY": 13,
          "SELL_OPEN": 14, "BUY_CLOSE": 15, "BUY_CLOSE_TODAY": 16, "BUY_CLOSE_YESTERDAY": 17}  # fmt: skip
_ORDER_TYPES = {"LIMIT": 1, "COUNTERPARTY_BEST": 20, "OWN_BEST": 21, "IMMEDIATE_OR_CANCEL": 22, "FILL_OR_KILL": 23,
                "BEST5_OR_CANCEL": 24, "BEST5_OR_LIMIT": 25}  # fmt: skip
_EXCHANGES = {"SH": "SHSE", "SZ": "SZSE", "BJ": "BJSE"}


class _Account:
    """The files of one account."""

    def __init__(self, folder: Path) -> None:
        self.latest: dict[tuple[str, int] | str, Row] = {}
        self.cash: Row = {}
        self.positions: list[Row] = []
        self.status = Whole(folder / "order_status.csv", lambda: _table(ORDER_STATUS, self.latest.values()))
        self.changes = Appended(folder / "order_status_change.csv", _table(ORDER_STATUS, ()))
        self.fills = Appended(folder / "execution_report.csv", _table(EXECUTION, ()))
        self.cash_file = Whole(folder / "cash.csv", lambda: _table(CASH, [self.cash] if self.cash else []))
        self.position_file = Whole(folder / "position.csv", lambda: _table(POSITION, self.positions))

    @property
    def targets(self) -> Sequence[Target]:
        # Whoever sees an order filled finds its fills.
        return (self.fills, self.changes, self.status, self.cash_file, self.position_file)

    def say(self, key: tuple[str, int] | str, row: Row) -> None:
        before = self.latest.get(key, {})
        self.latest[key] = row
        self.status.due = True
        if any(before.get(column) != row[column] for column in ("status", "filled_volume(filled_vol)")):
            self.changes.add(_lines(ORDER_STATUS, [row]))


class Reports:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._accounts: dict[str, _Account] = {}
        self.begin(date.min)

    def begin(self, day: date) -> None:
        names = self._reporter.accounts
        self._accounts = {ours: _Account(self._reporter.folder / theirs) for ours, theirs in names.items()}

    def tell(self, told: Told) -> None:
        change, order = told.change, told.change.order
        account = self._accounts.get(order.terms.account) if order is not None else self._account_of(told)
        if account is None:
            return
        if order is not None:
            account.say(order.terms.tag, self._order(told, order))
        elif told.is_order and change.answer.get("outcome") in REFUSED:
            account.say((told.file, told.row), self._refused(told))
        elif told.refusal is not None and change.answer.get("outcome") in ("CANCEL_REFUSED", *REFUSED):
            account.fills.add(_lines(EXECUTION, [self._cancel_refused(told, None)]))
        if order is not None and change.event is not None:
            if change.event.fill is not None:
                account.fills.add(_lines(EXECUTION, [self._fill(told, order)]))
            elif change.event.kind is EventKind.REPORT_CANCEL_REJECTED:
                account.fills.add(_lines(EXECUTION, [self._cancel_refused(told, order)]))

    def books(self, account: str, asset: Row, positions: Sequence[Row], at: datetime) -> None:
        files = self._accounts.get(account)
        if files is None:
            return
        named, moment = {"account_id": self._reporter.theirs(account)}, _time(at)
        times = {"created_at": moment, "updated_at": moment, "recv_at": moment}
        held = [named | times | _position(row) for row in positions]
        files.positions, files.position_file.due = held, True
        if asset:
            gain = sum((Decimal(row["fpnl"]) for row in held), Decimal(0))
            files.cash, files.cash_file.due = named | times | _cash(asset, gain), True

    def write(self) -> Mapping[Path, str]:
        return write_all(target for account in self._accounts.values() for target in account.targets)

    def _account_of(self, told: Told) -> _Account | None:
        """Of a row that made no order: the account that it named, or the first."""
        named = self._accounts.get(told.change.answer.get("account", ""))
        return named or next(iter(self._accounts.values()), None)

    def _order(self, told: Told, order: Order) -> Row:
        terms, reason = order.terms, order.reason
        refused = STATUSES[order.status] == REJECTED
        return {
            "account_id": self._reporter.theirs(terms.account),
            "sid": terms.client_order_id,
            "scan_name": told.file,
            "cl_ord_id": terms.tag,
            "order_id": order.broker_order_id,
            "symbol": symbol(terms.symbol),
            "order_type": _ORDER_TYPES.get(terms.order_type.value, ""),
            "order_business(order_biz)": _SIDES.get(terms.side.value, ""),
            "status": STATUSES[order.status],
            "ord_rej_reason(rej_reason)": _REASON_OTHER if refused else 0,
            "ord_rej_reason_detail(rej_detail)": text_of(reason),
            "price": price_text(terms.limit_price),
            "volume": terms.quantity,
            "filled_volume(filled_vol)": order.filled_qty,
            "created_at": _time(terms.received_at),
            "updated_at": _time(order.updated_at),
            "sent_at": _time(order.submitted_at),
            "recv_at": _time(told.change.at),
        }

    def _refused(self, told: Told) -> Row:
        answer, moment = told.change.answer, _time(told.change.at)
        known = {
            "sid": answer.get("client_order_id", ""),
            "scan_name": told.file,
            "status": REJECTED,
            "ord_rej_reason(rej_reason)": _REASON_OTHER,
            "ord_rej_reason_detail(rej_detail)": text_of(told.refusal),
            "filled_volume(filled_vol)": 0,
            **dict.fromkeys(("created_at", "updated_at", "recv_at"), moment),
        }
        return dict.fromkeys(ORDER_STATUS, "") | known

    def _fill(self, told: Told, order: Order) -> Row:
        assert told.change.event is not None
        assert told.change.event.fill is not None
        fill = told.change.event.fill
        return self._order(told, order) | {
            "exec_id": fill.trade_id,
            "exec_type": TRADE,
            "ord_rej_reason(rej_reason)": 0,
            "ord_rej_reason_detail(rej_detail)": "",
            "price": price_text(fill.last_price),
            "volume": fill.last_qty,
            "created_at": _time(told.change.at),
        }

    def _cancel_refused(self, told: Told, order: Order | None) -> Row:
        reason = told.refusal if order is None else told.change.event.reason if told.change.event else None
        row = self._refused(told) if order is None else self._order(told, order)
        said = {"exec_id": "", "exec_type": CANCEL_REFUSED, "ord_rej_reason(rej_reason)": _REASON_OTHER}
        return row | said | {"ord_rej_reason_detail(rej_detail)": text_of(reason), "created_at": _time(told.change.at)}


def symbol(ours: str) -> str:
    number, _, exchange = ours.partition(".")
    return f"{_EXCHANGES.get(exchange, exchange)}.{number}"


def _position(row: Row) -> Row:
    quantity, cost, last = int(row["quantity"]), Decimal(row["avg_cost"] or 0), Decimal(row["last_price"] or 0)
    return {
        "symbol": symbol(row["symbol"]),
        "side": _LONG,
        "volume": quantity,
        "volume_today(vol_today)": quantity - int(row["available_qty"]),
        "vwap": price_text(cost),
        "vwap_diluted(vwap_dild)": price_text(cost),
        "market_value(market_val)": row["market_value"],
        "price": price_text(last),
        "fpnl": price_text((last - cost) * quantity) if last and cost else "0",
        "cost": price_text(cost * quantity),
        "available_now(avl_now)": row["available_qty"],
    }


def _cash(asset: Row, gain: Decimal) -> Row:
    cash, frozen = Decimal(asset["cash"] or 0), Decimal(asset["frozen_cash"] or 0)
    return {
        "market_value(market_val)": asset["market_value"],
        "nav": asset["total_asset"],
        "pnl": "0",
        "fpnl": price_text(gain),
        "frozen": price_text(frozen),
        "available": price_text(cash),
        "balance": price_text(cash + frozen),
        "order_frozen(ord_frozen)": price_text(frozen),
    }


def _table(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    return "\ufeff".encode() + ",".join(columns).encode() + b"\n" + _lines(columns, rows)


def _lines(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([row[column] for column in columns] for row in rows)
    return text.getvalue().encode()


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="microseconds")
