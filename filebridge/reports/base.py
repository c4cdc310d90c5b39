"""What every system's reports are made from: changes of one trade date, and the books of accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from filebridge.domain.events import Change
from filebridge.domain.orders import Order, Status
from filebridge.domain.reasons import Reason

Row = dict[str, Any]
REFUSED = ("REFUSED", "QUARANTINED")
# What a value that a form cannot hold raises: a letter that it cannot encode, an amount beyond its digits, a name that
# it has no code for. A report is a view, and none may end the bridge.
FAULTS = (ValueError, ArithmeticError, LookupError)


class Told(NamedTuple):
    """A change, and the name of the file whose row it is about."""

    change: Change
    file: str

    @property
    def row(self) -> int:
        order = self.change.order
        return order.terms.row if order is not None else int(self.change.answer.get("row", 0))

    @property
    def refusal(self) -> Reason | None:
        """Why the row made no order, where it should have made one or canceled one."""
        answer = self.change.answer
        if self.change.order is not None or not answer.get("reason_code"):
            return None
        return Reason(answer["reason_code"], answer.get("context", {}))

    @property
    def is_order(self) -> bool:
        return bool(self.change.answer.get("action", "order") == "order")


@dataclass(frozen=True, slots=True)
class Reporter:
    """Whose reports they are: the folder, and what the system calls our accounts (ours -> theirs)."""

    folder: Path
    accounts: Mapping[str, str]
    # Where the system's files of orders lie.
    source: Path
    # The form of the files, where the system knows two: csv or dbf.
    form: str = "csv"

    def theirs(self, account: str) -> str:
        return self.accounts.get(account, account)


class SystemReports(Protocol):
    """The reports of one system in one folder. Nothing is written before `write`."""

    def __init__(self, reporter: Reporter) -> None: ...
    def begin(self, day: date) -> None:
        """Forget everything: a new trade date, or a start."""

    def tell(self, told: Told) -> None:
        """One change more, in the order of the ledger."""

    def books(self, account: str, asset: Row, positions: Sequence[Row], at: datetime) -> None:
        """What an account holds now; `asset` is empty where it is not known."""

    def write(self) -> Mapping[Path, str]:
        """Write what changed; the files that cannot be written at present, and why. They are tried again."""


def text_of(reason: Reason | None) -> str:
    """Why, in Chinese, for that is what these programs show; the broker's own words as they are."""
    if reason is None:
        return ""
    if reason.code in ("BROKER_REJECTED", "CANCEL_REJECTED"):
        return reason.context.get("text", "") or reason.message_zh
    return reason.message_zh


def cut(text: str, size: int, encoding: str = "gbk") -> str:
    """As much of a text as a cell of so many bytes holds, no letter cut in two; what cannot be written is a question
    mark. The whole text stands in orders-<date>.csv and in the receipt."""
    return text.encode(encoding, "replace")[:size].decode(encoding, "ignore")


def fault_text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def rest_canceled(order: Order) -> int:
    """The quantity that will not be filled any more."""
    return order.terms.quantity - order.filled_qty if order.status in (Status.CANCELED, Status.EXPIRED) else 0


def amount_text(value: Decimal | None, places: int = 2) -> str:
    return "" if value is None else f"{value:.{places}f}"
