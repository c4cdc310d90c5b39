"""A program that knows CATS files and nothing else: it appends instructions, or moves in a CSV, and reads
order_updates.dbf."""

from collections.abc import Sequence
from pathlib import Path

from tests.integration.clients import Seen, tables
from tests.integration.clients.tables import Row

COLUMNS = (
    "inst_type C(1); client_id C(16); acct_type C(8); acct C(16); ord_no C(32); symbol C(16); tradeside C(8); "
    "ord_qty C(9); ord_price C(8); ord_type C(8); ord_param C(32)"
)
STATES = {
    "0": "reported",
    "1": "part",
    "2": "filled",
    "3": "canceled",
    "4": "canceled",
    "5": "rejected",
    "6": "rejected",
}


class Client:
    def __init__(self, folder: Path, account: str) -> None:
        self.folder = folder
        self.account = account

    def make(self) -> None:
        tables.make(self.folder / "instructions.dbf", COLUMNS)

    def order(self, own: str, code: str, quantity: int, price: float, side: str = "1") -> None:
        what = (f"{code}.SH", side, str(quantity), f"{price:.2f}", "0", "")
        self._append(("O", own, "0", self.account, "", *what))

    def nonsense(self, own: str) -> None:
        self.order(own, "600000", 100, 10.51, side="9")

    def cancel(self, own: str) -> None:
        self._append(("C", "", "0", self.account, self.updates(own)[-1]["ORD_NO"], "", "", "", "", "", ""))

    def order_by_file(self, name: str, code: str, quantity: int, price: str) -> None:
        """As such programs write it: elsewhere, without a line break, and moved in."""
        elsewhere = self.folder.parent / name
        elsewhere.write_text(f"O,0,{self.account},{code}.SH,{quantity},1,{price},0", encoding="ascii")
        elsewhere.rename(self.folder / name)

    def seen(self, own: str) -> Seen:
        return self._seen(self.updates(own))

    def seen_of_file(self, name: str) -> Seen:
        return self._seen(self.updates(file=name))

    def rows(self, own: str) -> int:
        """It is told of changes alone; how many orders they are about."""
        return len({row["ORD_NO"] for row in self.updates(own)})

    def told(self, own: str) -> Sequence[tuple[str, ...]]:
        return [(row["ORD_STATUS"], row["FILLED_QTY"]) for row in self.updates(own)]

    def updates(self, own: str = "", file: str = "") -> list[Row]:
        rows = tables.read(self.folder / "order_updates.dbf")
        return [row for row in rows if (row["CORR_ID"] == file if file else row["CLIENT_ID"] == own)]

    def _seen(self, updates: list[Row]) -> Seen:
        if not updates:
            return Seen()
        last = updates[-1]
        assert last["ACCT"] == self.account
        return Seen(STATES[last["ORD_STATUS"]], int(last["FILLED_QTY"]), last["ERR_MSG"])

    def _append(self, row: tuple[str, ...]) -> None:
        tables.append(self.folder / "instructions.dbf", row)
