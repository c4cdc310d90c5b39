"""A program that knows 恒生 XHPT files and nothing else: it appends orders and cancels, and reads what is answered."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.integration.clients import Seen, tables
from tests.integration.clients.tables import Row

SHANGHAI = timezone(timedelta(hours=8))
ORDERS = (
    "CPBH C(32); ZCDYBH C(16); ZHBH C(16); GDDM C(20); JYSC C(3); ZQDM C(16); WTFX C(4); WTJGLX C(1); WTJG N(11,4); "
    "WTSL N(12,0); WBZDYXH N(9,0); WTXH N(8,0); WTSBDM N(8,0); SBYY C(254); CLBZ C(1); BYZD C(2); WTJE N(16,2); "
    "TSBS C(64); YWBS C(2)"
)
CANCELS = "WTXH N(8,0); JYSC C(3); ZQDM C(16); CDCGBZ C(1); SBYY C(254); CLBZ C(1); BYZD C(2); BYZD2 C(16)"
STATES = {
    "0": "waiting",
    "4": "reported",
    "5": "rejected",
    "6": "part",
    "7": "filled",
    "8": "canceled",
    "9": "canceled",
    "a": "canceling",
}
REFUSED = "0"


class Client:
    def __init__(self, folder: Path, product: str) -> None:
        self.folder = folder
        self.product = product
        self.day = f"{datetime.now(SHANGHAI):%Y%m%d}"
        # The place of each order of its own, and the number that it gave.
        self.places: dict[str, int] = {}

    def make(self) -> None:
        for kind, columns in (("WT", ORDERS), ("CD", CANCELS)):
            tables.make(self._path(kind), columns)

    def order(self, own: str, code: str, quantity: int, price: float, side: str = "1") -> None:
        self.places[own] = len(self.places)
        whose = {"CPBH": self.product, "ZCDYBH": "0001", "ZHBH": "0001", "GDDM": "A123456789", "JYSC": "1"}
        what = {"ZQDM": code, "WTFX": side, "WTJGLX": "0", "WTJG": price, "WTSL": quantity}
        self._append("WT", whose | what | {"WBZDYXH": self._own(own)})

    def nonsense(self, own: str) -> None:
        self.order(own, "600000", 100, 10.51, side="9")

    def cancel(self, own: str) -> None:
        self._append("CD", {"WTXH": int(self._row(own)["WTXH"])})

    def seen(self, own: str) -> Seen:
        answered = self._row(own)
        if answered["WTXH"] == REFUSED:
            return Seen("rejected", 0, answered["SBYY"])
        found = [row for row in self._read("WTCX") if row["WBZDYXH"] == str(self._own(own))]
        if not found or not answered["WTXH"]:
            return Seen()
        assert found[0]["WTXH"] == answered["WTXH"], "its number is another one"
        return Seen(STATES[found[0]["WTZT"]], sum(int(row["CJSL"]) for row in self.fills(own)), found[0]["FDYY"])

    def rows(self, own: str) -> int:
        is_refused = self._row(own)["WTXH"] == REFUSED
        return is_refused + sum(row["WBZDYXH"] == str(self._own(own)) for row in self._read("WTCX"))

    def told(self, own: str) -> Sequence[tuple[str, ...]]:
        return [(row["CJBH"], row["CJSL"]) for row in self.fills(own)]

    def fills(self, own: str) -> list[Row]:
        return [row for row in self._read("CJCX") if row["WBZDYXH"] == str(self._own(own))]

    def _row(self, own: str) -> Row:
        """Its own row, into which the answer goes."""
        return self._read("WT")[self.places[own]]

    def _own(self, own: str) -> int:
        return 100_000_000 + self.places[own]

    def _path(self, kind: str) -> Path:
        return self.folder / f"XHPT_{kind}{self.day}.dbf"

    def _append(self, kind: str, row: dict[str, Any]) -> None:
        tables.append(self._path(kind), row)

    def _read(self, kind: str) -> list[Row]:
        return tables.read(self._path(kind))
