"""What CATS programs read back: `order_updates.dbf`, a record appended for each change, and `asset.dbf`.

ord_no, by which they cancel, is our tag: an order has it from the first moment, and no other order ever has it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from filebridge import dbf
from filebridge.domain.events import EventKind
from filebridge.domain.orders import Order, Status, price_text
from filebridge.domain.reasons import Reason
from filebridge.reports.base import REFUSED, Reporter, Row, Told, rest_canceled, text_of
from filebridge.reports.files import AppendedDbf, Whole, columns, record, table, write_all

UPDATES = columns(
    "CLIENT_ID C16 ORD_NO C32 ORD_STATUS C4 ACCT_TYPE C8 ACCT C16 CATS_ACCT C16 SYMBOL C16 TRADESIDE C8 ORD_QTY C9 "
    "ORD_PX C8 ORD_TYPE C8 ORD_PARAM C32 CORR_TYPE C16 CORR_ID C32 FILLED_QTY C9 AVG_PX C8 CXL_QTY C9 ORD_TIME C24 "
    "ERR_MSG C32 WRITE_TIME C24"
)
ASSET = columns("A_TYPE C4 ACCT_TYPE C8 ACCT C16 S1 C32 S2 C32 S3 C32 S4 C32 S5 C32 S6 C32 S7 C32")
# What waits, is in doubt or is being canceled has no code of theirs: the next one tells.
STATUSES: Mapping[Status, str] = {
    Status.ACCEPTED: "0",
    Status.PARTIALLY_FILLED: "1",
    Status.FILLED: "2",
    Status.CANCELED: "4",
    Status.EXPIRED: "4",
    Status.REJECTED: "5",
    **dict.fromkeys((Status.DENIED, Status.NOT_SENT), "6"),
}
_PART_CANCELED, _NOT_TAKEN = "3", "6"
_SIDES = {"BUY": "1", "SELL": "2", "COLLATERAL_BUY": "1", "COLLATERAL_SELL": "2", "MARGIN_BUY": "A", "SHORT_SELL": "B",
          "BUY_TO_RETURN": "C", "SELL_TO_REPAY": "D", "CREATE": "F", "REDEEM": "G", "BUY_OPEN": "FA",
          "SELL_OPEN": "FB", "BUY_CLOSE": "FC", "SELL_CLOSE": "FD"}  # fmt: skip
_ORDER_TYPES = {"LIMIT": "0", "NO_PRICE": "0", "COUNTERPARTY_BEST": "Q", "BEST5_OR_LIMIT": "R", "OWN_BEST": "S",
                "IMMEDIATE_OR_CANCEL": "T", "BEST5_OR_CANCEL": "U", "FILL_OR_KILL": "V"}  # fmt: skip
_SOURCE = "CLIENT_SCAN_ORDER@4"
_NUMBER_CHARS = 8


class Reports:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.begin(date(2000, 1, 1))

    def begin(self, day: date) -> None:
        self._day = day
        self._updates = AppendedDbf(self._reporter.folder / "order_updates.dbf", UPDATES, day)
        self._said: dict[str, tuple[str, int]] = {}
        self._books: dict[str, tuple[Row, Sequence[Row]]] = {}
        self._asset = Whole(self._reporter.folder / "asset.dbf", self._asset_table)

    def tell(self, told: Told) -> None:
        change, order = told.change, told.change.order
        if order is None:
            if change.answer.get("outcome") in (*REFUSED, "CANCEL_REFUSED"):
                self._updates.add(self._refused(told))
            return
        status = STATUSES.get(order.status, "")
        if status == "4" and order.filled_qty:
            status = _PART_CANCELED
        refused = change.event is not None and change.event.kind is EventKind.REPORT_CANCEL_REJECTED
        said = (status, order.filled_qty)
        if status and (refused or self._said.get(order.terms.tag) != said):
            self._said[order.terms.tag] = said
            reason = change.event.reason if refused and change.event else order.reason
            self._updates.add(self._order(told, order, status) | {"ERR_MSG": _why(reason)})

    def books(self, account: str, asset: Row, positions: Sequence[Row], at: datetime) -> None:
        if account in self._reporter.accounts:
            self._books[account] = (asset, positions)
            self._asset.due = True

    def write(self) -> Mapping[Path, str]:
        return write_all((self._updates, self._asset))

    def _account(self, ours: str) -> dict[str, str]:
        kind, separator, account = self._reporter.theirs(ours).partition("/")
        return {"ACCT_TYPE": kind if separator else "", "ACCT": account if separator else kind, "CATS_ACCT": ours}

    def _order(self, told: Told, order: Order, status: str) -> dict[str, str]:
        terms = order.terms
        # Of a line of CSV, which has no id, their programs know the file.
        own_id = "" if "#" in terms.client_order_id else terms.client_order_id
        ordered_at = order.submitted_at or terms.received_at
        return {
            "CLIENT_ID": own_id,
            "ORD_NO": terms.tag,
            "ORD_STATUS": status,
            **self._account(terms.account),
            "SYMBOL": terms.symbol,
            "TRADESIDE": _SIDES.get(terms.side.value, ""),
            "ORD_QTY": str(terms.quantity),
            "ORD_PX": _number(terms.limit_price) or "0",
            "ORD_TYPE": _ORDER_TYPES.get(terms.order_type.value, ""),
            "CORR_TYPE": _SOURCE,
            "CORR_ID": told.file,
            "FILLED_QTY": str(order.filled_qty),
            "AVG_PX": _number(order.avg_fill_price) or "0",
            "CXL_QTY": str(rest_canceled(order)),
            "ORD_TIME": f"{ordered_at:%Y-%m-%d %H:%M:%S}",
            "WRITE_TIME": f"{told.change.at:%Y-%m-%d %H:%M:%S.%f}"[:23],
        }

    def _refused(self, told: Told) -> dict[str, str]:
        answer, at = told.change.answer, told.change.at
        named = str(answer.get("client_order_id", ""))
        return {
            "CLIENT_ID": "" if "#" in named else named,
            "ORD_STATUS": _NOT_TAKEN,
            **self._account(answer.get("account") or next(iter(self._reporter.accounts), "")),
            "CORR_TYPE": _SOURCE,
            "CORR_ID": told.file,
            **dict.fromkeys(("FILLED_QTY", "CXL_QTY", "ORD_QTY", "AVG_PX", "ORD_PX"), "0"),
            "ORD_TIME": f"{at:%Y-%m-%d %H:%M:%S}",
            "ERR_MSG": _why(told.refusal),
            "WRITE_TIME": f"{at:%Y-%m-%d %H:%M:%S.%f}"[:23],
        }

    def _asset_table(self) -> bytes:
        header = dbf.new_header(ASSET)
        rows = [row for account in self._books for row in self._asset_rows(account)]
        return table(ASSET, [record(header, row) for row in rows], self._day)

    def _asset_rows(self, account: str) -> list[Mapping[str, str]]:
        asset, positions = self._books[account]
        named = {name: text for name, text in self._account(account).items() if name != "CATS_ACCT"}
        rows: list[Mapping[str, str]] = []
        if asset:
            cash, frozen = Decimal(asset["cash"] or 0), Decimal(asset["frozen_cash"] or 0)
            money = {"S1": named["ACCT"], "S2": "0", "S3": price_text(cash + frozen), "S4": price_text(cash)}
            rows.append({"A_TYPE": "F", **named, **money})
        for held in positions:
            shares = {"S1": held["symbol"], "S2": str(held["quantity"]), "S3": str(held["available_qty"])}
            rows.append({"A_TYPE": "P", **named, **shares, "S4": str(held["avg_cost"])})
        return rows


def _why(reason: Reason | None) -> str:
    """The broker's own words, or our code: 32 bytes hold no more, and the whole text stands in the receipt."""
    if reason is None:
        return ""
    return text_of(reason) if reason.code in ("BROKER_REJECTED", "CANCEL_REJECTED") else reason.code


def _number(value: Decimal | None) -> str:
    """A price in eight characters: with fewer decimals where it would be longer."""
    text = price_text(value)
    while len(text) > _NUMBER_CHARS and "." in text:
        places = len(text.partition(".")[2]) - 1
        assert value is not None
        text = f"{value:.{places}f}"
    return text
