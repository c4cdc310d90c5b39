"""Files that are answered, on their way to the archive: a few at once, many on the archive's own thread."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filebridge.archive import Archive

if TYPE_CHECKING:
    from concurrent.futures import Future

_MOVES_AT_ONCE = 500
# Flushing a few files takes some milliseconds; flushing many takes longer than all else that is done with them, and
# would have the orders of others wait.
_FEW = 20

Moves = Sequence[tuple[Path, str]]


class Resting:
    """What was decided to rest, until it does. What cannot be brought is tried again; `problem` says why."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._waiting: list[tuple[Path, str]] = []
        self._under_way: tuple[Moves, Future[dict[Path, str]]] | None = None
        self.problem = ""

    @property
    def is_empty(self) -> bool:
        return not self._waiting and self._under_way is None

    def add(self, moves: Moves) -> None:
        self._waiting += moves

    def look(self) -> None:
        """Take note of what the thread has brought."""
        if self._under_way is not None and self._under_way[1].done():
            self._settle()

    def go_on(self) -> None:
        """Bring some of it, or have the thread do it, if it has nothing to do."""
        if self._under_way is not None or not self._waiting:
            return
        part, self._waiting = self._waiting[:_MOVES_AT_ONCE], self._waiting[_MOVES_AT_ONCE:]
        if len(part) > _FEW:
            self._under_way = part, self._archive.begin(part)
            return
        self._note(part, lambda: self._archive.rest(part))

    def finish(self) -> None:
        """Bring all of it, or as much as can be brought."""
        while not self.is_empty:
            self.go_on()
            if self._under_way is not None:
                self._settle()
            if self.problem:
                break

    def _settle(self) -> None:
        assert self._under_way is not None
        (part, brought), self._under_way = self._under_way, None
        self._note(part, brought.result)

    def _note(self, part: Moves, brought: Callable[[], dict[Path, str]]) -> None:
        """What failed waits behind the others."""
        try:
            failed = brought()
        except OSError as error:
            self._waiting += part
            self.problem = f"archive: {error}"
            return
        self._waiting += [move for move in part if move[0] in failed] if failed else []
        self.problem = "archive: " + "; ".join(f"{path.name}: {why}" for path, why in failed.items()) if failed else ""
