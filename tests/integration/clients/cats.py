"""A program that knows CATS files and nothing else: it appends instructions, or moves in a CSV, and reads
order_updates.dbf."""

from pathlib import Path

from tests.integration.clients import tables
from tests.integration.clients.tables import Row

COLUMNS = (
    "inst_type C(1); client_id C(16); acct_type C(8); acct C(16); ord_no C(32); symbol C(16); tradeside C(8); "
    "ord_qty C(9); ord_price C(8); ord_type C(8); ord_param C(32)"
)


class Client:
    def __init__(self, folder: Path, account: str) -> None:
        self.folder = folder
        self.account = account

    def make(self) -> None:
        tables.make(self.folder / "instructions.dbf", COLUMNS)

    def order(self, client_id: str, symbol: str, side: int, quantity: int, price: str) -> None:
        self._append(("O", client_id, "0", self.account, "", symbol, str(side), str(quantity), price, "0", ""))

    def cancel(self, number: str) -> None:
        self._append(("C", "", "0", self.account, number, "", "", "", "", "", ""))

    def order_by_file(self, name: str, symbol: str, side: int, quantity: int, price: str) -> None:
        """As such programs write it: elsewhere, without a line break, and moved in."""
        elsewhere = self.folder.parent / name
        elsewhere.write_text(f"O,0,{self.account},{symbol},{quantity},{side},{price},0", encoding="ascii")
        elsewhere.rename(self.folder / name)

    def updates(self, client_id: str = "", file: str = "") -> list[Row]:
        rows = tables.read(self.folder / "order_updates.dbf")
        return [row for row in rows if (row["corr_id"] == file if file else row["client_id"] == client_id)]

    def _append(self, row: tuple[str, ...]) -> None:
        tables.append(self.folder / "instructions.dbf", row)
