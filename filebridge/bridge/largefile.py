"""One very large file that is under way: what is known of it between two turns."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from filebridge.bridge.rows import RowKeys
from filebridge.bridge.underway import Overlap, Sheet
from filebridge.domain.admission import Desk
from filebridge.domain.canceling import Stops
from filebridge.domain.reasons import Problem, Reason
from filebridge.inbox import ClaimedFile
from filebridge.ledger.codec import Body
from filebridge.orderfiles import Slices


@dataclass(slots=True)
class LargeFile:
    """`slices` reads it, until it is loaded."""

    # As in the view `files`.
    row: Body
    claimed: ClaimedFile | None
    # The entry of the settings whose folder it lay in.
    source: str
    desk: Desk
    warning: Reason | None = None
    slices: Slices | None = None
    keys: RowKeys | None = None
    # Lines: about so many rows will come. 0 for a workbook, of which nobody knows.
    lines: int = 0
    problems: list[Problem] = field(default_factory=list)
    problems_more: int = 0
    ids: dict[int, str] = field(default_factory=dict)
    rows_loaded: int = 0
    overlaps: set[Overlap] = field(default_factory=set)
    sheet: Sheet | None = None
    parts: int = 0
    refused: bool = False
    has_problems: bool = False
    # The sequence number of the last part that was answered.
    after: int = 0
    parts_answered: int = 0
    rows_answered: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    first_code: str = ""
    # The mode in which it was loaded: its rows never become orders of another one.
    mode: str = "paper"
    stops: Stops = field(default_factory=Stops)

    @property
    def number(self) -> int:
        number: int = self.row["intake_no"]
        return number

    @property
    def today(self) -> date:
        return date.fromisoformat(self.row["trade_date"])
