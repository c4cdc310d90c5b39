"""A program that knows 恒生 XHPT files and nothing else: it appends orders and cancels, and reads what is answered."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.integration.clients import tables
from tests.integration.clients.tables import Row

SHANGHAI = timezone(timedelta(hours=8))
ORDERS = (
    "CPBH C(32); ZCDYBH C(16); ZHBH C(16); GDDM C(20); JYSC C(3); ZQDM C(16); WTFX C(4); WTJGLX C(1); WTJG N(11,4); "
    "WTSL N(12,0); WBZDYXH N(9,0); WTXH N(8,0); WTSBDM N(8,0); SBYY C(254); CLBZ C(1); BYZD C(2); WTJE N(16,2); "
    "TSBS C(64); YWBS C(2)"
)
CANCELS = "WTXH N(8,0); JYSC C(3); ZQDM C(16); CDCGBZ C(1); SBYY C(254); CLBZ C(1); BYZD C(2); BYZD2 C(16)"


class Client:
    def __init__(self, folder: Path, product: str) -> None:
        self.folder = folder
        self.product = product
        self.day = f"{datetime.now(SHANGHAI):%Y%m%d}"

    def make(self) -> None:
        for kind, columns in (("WT", ORDERS), ("CD", CANCELS)):
            path = self.folder / f"XHPT_{kind}{self.day}.dbf"
            tables.make(path, columns)

    def order(self, own: int, market: str, code: str, side: str, price: float, volume: int) -> None:
        whose = {"CPBH": self.product, "ZCDYBH": "0001", "ZHBH": "0001", "GDDM": "A123456789", "JYSC": market}
        what = {"ZQDM": code, "WTFX": side, "WTJGLX": "0", "WTJG": price, "WTSL": volume, "WBZDYXH": own}
        self._append("WT", whose | what)

    def cancel(self, number: int) -> None:
        self._append("CD", {"WTXH": number})

    def orders(self) -> list[Row]:
        return self._read("WTCX")

    def fills(self) -> list[Row]:
        return self._read("CJCX")

    def own_rows(self) -> list[Row]:
        return self._read("WT")

    def status(self, own: int) -> Row:
        return next((row for row in self.orders() if row["WBZDYXH"] == str(own)), {})

    def _append(self, kind: str, row: dict[str, Any]) -> None:
        tables.append(self.folder / f"XHPT_{kind}{self.day}.dbf", row)

    def _read(self, kind: str) -> list[Row]:
        return tables.read(self.folder / f"XHPT_{kind}{self.day}.dbf")
