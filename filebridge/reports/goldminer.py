"""What 掘金 / EMC programs read back: five files a folder for each account, CSV in UTF-8 with a byte order mark, or DBF
in GBK where their program is set to that.

`order_status` has each order's latest row, `order_status_change` one row a change, `execution_report` fills and
refused cancels; `cash` and `position` what the account holds.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from filebridge import dbf
from filebridge.domain.events import EventKind
from filebridge.domain.orders import Order, Status, price_text
from filebridge.domain.reasons import Reason
from filebridge.reports.base import REFUSED, Reporter, Row, Told, text_of
from filebridge.reports.files import Appended, AppendedDbf, Target, Whole, columns, record, table, write_all

# The headers as the programs know them: the bracketed word is the short name, by which a DBF calls the column.
ORDER_STATUS = (
    "account_id,sid,scan_name,cl_ord_id,order_id,symbol,order_type,order_business(order_biz),status,"
    "ord_rej_reason(rej_reason),ord_rej_reason_detail(rej_detail),price,volume,filled_volume(filled_vol),created_at,"
    "updated_at,sent_at,recv_at"
).split(",")
EXECUTION = (
    "account_id,sid,scan_name,cl_ord_id,order_id,exec_id,symbol,order_type,order_business(order_biz),"
    "ord_rej_reason(rej_reason),ord_rej_reason_detail(rej_detail),exec_type,price,volume,created_at,recv_at"
).split(",")
CASH = (
    "account_id,market_value(market_val),nav,pnl,fpnl,frozen,available,balance,order_frozen(ord_frozen),created_at,"
    "updated_at,recv_at"
).split(",")
POSITION = (
    "account_id,symbol,side,volume,volume_today(vol_today),vwap,vwap_diluted(vwap_dild),market_value(market_val),price,"
    "fpnl,cost,available_now(avl_now),created_at,updated_at,recv_at"
).split(",")

# Their names are 掘金's, their kinds and widths ours: none of its DBF outputs was to be had.
DBF_FIELDS = {
    field.name: field
    for field in columns(
        "account_id C36 sid C64 scan_name C128 cl_ord_id C36 order_id C36 exec_id C64 symbol C20 side N4 order_type N4 "
        "order_biz N4 status N4 exec_type N4 rej_reason N6 rej_detail C254 price N18.6 volume N18 filled_vol N18 "
        "created_at C32 updated_at C32 sent_at C32 recv_at C32 vol_today N18 vwap N18.6 vwap_dild N18.6 "
        "market_val N20.4 fpnl N20.4 pnl N20.4 nav N20.4 cost N20.4 avl_now N18 frozen N20.4 available N20.4 "
        "balance N20.4 ord_frozen N20.4"
    )
}

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


class _Log:
    """A file to which rows are appended, in either form."""

    def __init__(self, path: Path, header: Sequence[str], day: date) -> None:
        self._header = header
        self.csv = None if _is_dbf(path) else Appended(path, _csv(header, ()))
        self.dbf = AppendedDbf(path, fields_of(header), day) if _is_dbf(path) else None

    def add(self, row: Row) -> None:
        if self.csv is not None:
            self.csv.add(_lines(self._header, [row]))
        if self.dbf is not None:
            self.dbf.add(_cells(self._header, row))

    @property
    def target(self) -> Target:
        found = self.csv or self.dbf
        assert found is not None
        return found


class _Account:
    """The files of one account, all in one form; `name` is its own there."""

    def __init__(self, name: str, folder: Path, form: str, day: date) -> None:
        self.name = name
        self.latest: dict[tuple[str, int] | str, Row] = {}
        self.cash: Row = {}
        self.positions: list[Row] = []

        def whole(name: str, header: Sequence[str], rows: Callable[[], Iterable[Row]]) -> Whole:
            path = folder / f"{name}.{form}"
            return Whole(path, lambda: _dbf(header, rows(), day) if _is_dbf(path) else _csv(header, rows()))

        self.status = whole("order_status", ORDER_STATUS, self.latest.values)
        self.changes = _Log(folder / f"order_status_change.{form}", ORDER_STATUS, day)
        self.fills = _Log(folder / f"execution_report.{form}", EXECUTION, day)
        self.cash_file = whole("cash", CASH, lambda: [self.cash] if self.cash else [])
        self.position_file = whole("position", POSITION, lambda: self.positions)

    @property
    def targets(self) -> Sequence[Target]:
        # Whoever sees an order filled finds its fills.
        return (self.fills.target, self.changes.target, self.status, self.cash_file, self.position_file)

    def say(self, key: tuple[str, int] | str, row: Row) -> None:
        before = self.latest.get(key, {})
        self.latest[key] = row
        self.status.due = True
        if any(before.get(column) != row[column] for column in ("status", "filled_volume(filled_vol)")):
            self.changes.add(row)


class Reports:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._accounts: dict[str, _Account] = {}
        self.begin(date(2000, 1, 1))

    def begin(self, day: date) -> None:
        folder, form = self._reporter.folder, self._reporter.form
        self._accounts = {
            ours: _Account(theirs, folder / theirs, form, day) for ours, theirs in self._reporter.accounts.items()
        }

    def tell(self, told: Told) -> None:
        change, order = told.change, told.change.order
        account = self._accounts.get(order.terms.account) if order is not None else self._account_of(told)
        if account is None:
            return
        if order is not None:
            account.say(order.terms.tag, self._order(told, order))
        elif told.is_order and change.answer.get("outcome") in REFUSED:
            account.say((told.file, told.row), _refused(told, account.name))
        elif told.refusal is not None and change.answer.get("outcome") in ("CANCEL_REFUSED", *REFUSED):
            account.fills.add(_cancel_refused(told, _refused(told, account.name), told.refusal))
        if order is not None and change.event is not None:
            if change.event.fill is not None:
                account.fills.add(self._fill(told, order))
            elif change.event.kind is EventKind.REPORT_CANCEL_REJECTED:
                account.fills.add(_cancel_refused(told, self._order(told, order), change.event.reason))

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
            "price": price_text(terms.limit_price) or "0",
            "volume": terms.quantity,
            "filled_volume(filled_vol)": order.filled_qty,
            "created_at": _time(terms.received_at),
            "updated_at": _time(order.updated_at),
            "sent_at": _time(order.submitted_at),
            "recv_at": _time(told.change.at),
        }

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


def _refused(told: Told, account: str) -> Row:
    """A row that made no order. Their programs read numbers where nothing is known."""
    answer, moment = told.change.answer, _time(told.change.at)
    numbers = ("order_type", "order_business(order_biz)", "price", "volume", "filled_volume(filled_vol)")
    known = {
        "account_id": account,
        "sid": answer.get("client_order_id", ""),
        "scan_name": told.file,
        "status": REJECTED,
        "ord_rej_reason(rej_reason)": _REASON_OTHER,
        "ord_rej_reason_detail(rej_detail)": text_of(told.refusal),
        **dict.fromkeys(numbers, 0),
        **dict.fromkeys(("created_at", "updated_at", "recv_at"), moment),
    }
    return dict.fromkeys(ORDER_STATUS, "") | known


def _cancel_refused(told: Told, row: Row, reason: Reason | None) -> Row:
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


def _is_dbf(path: Path) -> bool:
    return path.suffix == ".dbf"


def _csv(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    return "\ufeff".encode() + ",".join(header).encode() + b"\n" + _lines(header, rows)


def _lines(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([row[column] for column in header] for row in rows)
    return text.getvalue().encode()


def _dbf(header: Sequence[str], rows: Iterable[Row], day: date) -> bytes:
    fields = fields_of(header)
    empty = dbf.new_header(fields)
    return table(fields, [record(empty, _cells(header, row)) for row in rows], day)


def fields_of(header: Sequence[str]) -> tuple[dbf.DbfField, ...]:
    """The columns of a report as a DBF has them."""
    return tuple(DBF_FIELDS[_short(name)] for name in header)


def _short(name: str) -> str:
    return name.rpartition("(")[2].removesuffix(")")


def _cells(header: Sequence[str], row: Row) -> dict[str, str]:
    return {field.name: _cell(row[name], field) for name, field in zip(header, fields_of(header), strict=True)}


def _cell(value: object, field: dbf.DbfField) -> str:
    """A number with as many decimals as its column has, where it has more: an average."""
    text = str(value)
    is_long = field.kind == "N" and len(text.partition(".")[2]) > field.decimals
    return f"{Decimal(text):.{field.decimals}f}" if is_long else text


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="microseconds")
