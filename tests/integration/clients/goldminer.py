"""A program that knows 掘金 order files and nothing else: it appends to the day's file, and reads the five reports, all
CSV or all DBF."""

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.integration.clients import Seen, tables

Row = dict[str, str]
SHANGHAI = timezone(timedelta(hours=8))
# The header of a CSV; a DBF has the bracketed word.
ORDERS = "sid,account_id,symbol,volume,order_type,order_business(order_biz),price,comment"
ORDERS_DBF = (
    "sid C(64); account_id C(36); symbol C(20); volume N(10,0); order_type N(4,0); order_biz N(4,0); price N(12,4); "
    "comment C(64)"
)
CANCELS, CANCELS_DBF = "sid,comment", "sid C(64); comment C(64)"
STATES = {
    "0": "unknown",
    "1": "reported",
    "2": "part",
    "3": "filled",
    "5": "canceled",
    "6": "canceling",
    "8": "rejected",
    "10": "waiting",
    "12": "expired",
}
TRADE = "15"


class Client:
    def __init__(self, scanned: Path, out: Path, account_id: str, form: str = "csv") -> None:
        self.scanned = scanned
        self.out = out / account_id
        self.account_id = account_id
        self.form = form
        self.day = f"{datetime.now(SHANGHAI):%Y%m%d}"

    def make(self) -> None:
        if self.form == "dbf":
            tables.make(self._path("order"), ORDERS_DBF)
            tables.make(self._path("cancel_order"), CANCELS_DBF)

    def order(self, own: str, code: str, quantity: int, price: float, business: int = 1) -> None:
        row = (own, self.account_id, f"SHSE.{code}", quantity, 1, business, price, "")
        self._append("order", ORDERS, row)

    def nonsense(self, own: str) -> None:
        self.order(own, "600000", 100, 10.51, business=7)

    def cancel(self, own: str) -> None:
        self._append("cancel_order", CANCELS, (own, ""))

    def seen(self, own: str) -> Seen:
        row = next((row for row in self.read("order_status") if row["sid"] == own), None)
        if row is None:
            return Seen()
        return Seen(STATES[row["status"]], int(row["filled_vol"]), row["rej_detail"])

    def rows(self, own: str) -> int:
        return sum(row["sid"] == own for row in self.read("order_status"))

    def told(self, own: str) -> Sequence[tuple[str, ...]]:
        changes = [(row["status"], row["filled_vol"]) for row in self.read("order_status_change") if row["sid"] == own]
        return changes + [(row["exec_id"], row["volume"]) for row in self.executions(own)]

    def executions(self, own: str) -> list[Row]:
        return [row for row in self.read("execution_report") if (row["sid"], row["exec_type"]) == (own, TRADE)]

    def read(self, name: str) -> list[Row]:
        """The rows of a report, by the short names of its columns."""
        path = self.out / f"{name}.{self.form}"
        if self.form == "dbf":
            return tables.read(path)
        if not path.exists():
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return [{key.rpartition("(")[2].removesuffix(")"): text for key, text in row.items()} for row in rows]

    def _path(self, kind: str) -> Path:
        return self.scanned / f"{self.day}.{kind}.{self.form}"

    def _append(self, kind: str, header: str, row: tuple[object, ...]) -> None:
        path = self._path(kind)
        if self.form == "dbf":
            tables.append(path, row)
            return
        new = not path.exists()
        with path.open("a", encoding="utf-8-sig") as file:
            file.write((f"{header}\n" if new else "") + ",".join(map(str, row)) + "\n")
