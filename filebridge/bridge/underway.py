"""What very large files that are under way ask for: a sheet that comes meanwhile may correct rows of theirs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from filebridge.domain.orders import OrderInstruction

# Trade date and account.
Group = tuple[date, str]
# Trade date, account and basket of rows without ids of their own that were ordered before.
Overlap = tuple[str, str, str]


@dataclass(slots=True)
class Sheet:
    """One such file. `overlaps` is its own set, which it goes by when it is answered."""

    name: str
    overlaps: set[Overlap]
    is_loading: bool = True
    # Hashes of the keys: a million of them take some 80 MB, the keys themselves would take twice that.
    keys: set[int] = field(default_factory=set)
    asks: set[tuple[Group, str, str, str]] = field(default_factory=set)

    def note(self, group: Group, name: str, row: OrderInstruction) -> None:
        """A row without an id that will be decided; `name` is its derived id."""
        self.keys.add(hash((group, name)))
        self.asks.add(_ask(group, row))

    def has(self, group: Group, name: str) -> bool:
        return hash((group, name)) in self.keys

    def asks_like(self, group: Group, row: OrderInstruction) -> bool:
        """Whether a row of it wants the same symbol, side and basket."""
        return _ask(group, row) in self.asks


class UnderWay:
    """Very large files from LOADING to FILE, by intake number."""

    def __init__(self) -> None:
        self._sheets: dict[int, Sheet] = {}

    def begin(self, intake_no: int, name: str, overlaps: set[Overlap]) -> Sheet:
        return self._sheets.setdefault(intake_no, Sheet(name, overlaps))

    def end(self, intake_no: int) -> None:
        self._sheets.pop(intake_no, None)

    def overlapping(
        self, intake_no: int, file_name: str, group: Group, basket: str, names: Iterable[str]
    ) -> list[Sheet]:
        """The other files that are this sheet, wholly or in part: of the same name, or with a row of the same key.

        One that is still being read does not know all its rows yet: it is told, and looks at the later ones itself.
        """
        keys = list(names)
        found = [
            sheet
            for number, sheet in self._sheets.items()
            if number != intake_no and (sheet.name == file_name or any(sheet.has(group, key) for key in keys))
        ]
        for sheet in found:
            if sheet.is_loading:
                sheet.overlaps.add((group[0].isoformat(), group[1], basket))
        return found


def _ask(group: Group, row: OrderInstruction) -> tuple[Group, str, str, str]:
    return (group, row.basket, row.symbol, row.side or "")
