"""A program that knows 掘金 order files and nothing else: it appends to the day's file, and reads the five reports."""

import csv
from datetime import datetime, timedelta, timezone
from pathlib import Path

Row = dict[str, str]
SHANGHAI = timezone(timedelta(hours=8))
HEADER = "sid,account_id,symbol,volume,order_type,order_business(order_biz),price,comment\n"


class Client:
    def __init__(self, scanned: Path, out: Path, account_id: str) -> None:
        self.scanned = scanned
        self.out = out / account_id
        self.account_id = account_id
        self.day = f"{datetime.now(SHANGHAI):%Y%m%d}"

    def order(self, sid: str, symbol: str, volume: int, business: int, price: float) -> None:
        row = f"{sid},{self.account_id},{symbol},{volume},1,{business},{price},\n"
        self._append(f"{self.day}.order.csv", HEADER, row)

    def cancel(self, sid: str) -> None:
        self._append(f"{self.day}.cancel_order.csv", "sid,comment\n", f"{sid},\n")

    def status(self, sid: str) -> Row:
        return next((row for row in self.read("order_status.csv") if row["sid"] == sid), {})

    def executions(self, sid: str) -> list[Row]:
        return [row for row in self.read("execution_report.csv") if row["sid"] == sid]

    def read(self, name: str) -> list[Row]:
        path = self.out / name
        if not path.exists():
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def _append(self, name: str, header: str, row: str) -> None:
        path = self.scanned / name
        new = not path.exists()
        with path.open("a", encoding="utf-8-sig") as file:
            if new:
                file.write(header)
            file.write(row)
