"""When growing files were last seen with nothing new in them, kept from one run to the next.

Rows that lie there at a start were written after that moment, and nobody knows how long after it. This is no record but
a bound: it is written of committed turns only and never flushed, and one that is older, or gone, makes rows older.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from filebridge.plainfiles import write_new

_EVERY = timedelta(seconds=1)


class Seen(NamedTuple):
    """A file of so many rows that were read: a moment at which nothing lay behind them, None where nobody knows."""

    rows: int
    at: datetime | None


class Listed(NamedTuple):
    """A folder as it was listed at that moment, with the growing files that it had."""

    folder: str
    at: datetime
    files: Mapping[str, Seen]


class Sightings:
    """By the names of sources. Not thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = _read(path)
        self._written_at: datetime | None = None

    def of(self, source: str, folder: Path, name: str, *, rows: int) -> datetime | None:
        """A moment in an earlier run at which nothing lay behind so many rows of a file; None where nobody knows."""
        listed = self._before.get(source)
        if listed is None or listed.folder != str(folder):
            return None
        seen = listed.files.get(name, Seen(0, listed.at))
        # More rows than the ledger has: it is a restored one, and these are to be read again.
        return seen.at if seen.rows <= rows else None

    def forget(self, source: str) -> None:
        """What was seen there says nothing any more."""
        self._before.pop(source, None)

    def keep(self, folders: Mapping[str, Listed], now: datetime) -> None:
        """Write what was seen, once a second; folders that were not listed in this run stay as they were."""
        if self._written_at is not None and timedelta(0) <= now - self._written_at < _EVERY:
            return
        self._written_at = now
        bodies = {source: _body(listed) for source, listed in {**self._before, **folders}.items()}
        temporary = self._path.with_name(f"{self._path.name}.tmp")
        try:
            write_new(temporary, json.dumps(bodies).encode())
            temporary.replace(self._path)
        except OSError:
            # The older one is only stricter.
            return


def _body(listed: Listed) -> dict[str, Any]:
    files = {name: [seen.rows, seen.at.isoformat() if seen.at else ""] for name, seen in listed.files.items()}
    return {"folder": listed.folder, "at": listed.at.isoformat(), "files": files}


def _read(path: Path) -> dict[str, Listed]:
    try:
        bodies = json.loads(path.read_bytes())
        return {
            source: Listed(
                body["folder"],
                datetime.fromisoformat(body["at"]),
                {
                    name: Seen(int(rows), datetime.fromisoformat(at) if at else None)
                    for name, (rows, at) in body["files"].items()
                },
            )
            for source, body in bodies.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        # None, or cut by a power loss.
        return {}
