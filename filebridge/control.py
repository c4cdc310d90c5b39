"""The control folder: what a person asks of the running bridge, one small JSON file each, answered beside it.

A request is `<name>.json`; its answer `<name>.answer.json` is written when what was asked stands in the ledger.
"""

import getpass
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filebridge import failpoints

ANSWER = ".answer.json"
VERBS = ("halt", "resume", "approve", "deny", "resolve", "release", "cancel", "reconcile")
_SIZE_MAX = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked, `age_seconds` ago; or, in `problem`, why the file cannot be used."""

    name: str
    verb: str = ""
    by: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    age_seconds: float = 0.0


class ControlFolder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def requests(self) -> list[Request]:
        """All requests that lie there, in the order of their names, which is that of their times."""
        names = (entry.name for entry in os.scandir(self.folder) if entry.name.endswith(".json"))
        return [self._read(name) for name in sorted(names) if not name.endswith(ANSWER)]

    def answer(self, request: Request, answer: dict[str, Any]) -> None:
        """Put the answer beside the request and take the request away."""
        failpoints.hit("control.answer")
        _write(self.folder / (request.name + ANSWER), answer)
        (self.folder / f"{request.name}.json").unlink(missing_ok=True)

    def ask(self, verb: str, *, by: str, **fields: Any) -> str:
        """Leave a request for the bridge; returns its name."""
        name = f"{time.time_ns():020d}-{verb}-{secrets.token_hex(3)}"
        _write(self.folder / f"{name}.json", {"verb": verb, "by": by, **fields})
        return name

    def wait(self, name: str, seconds: float) -> dict[str, Any] | None:
        """The bridge's answer, or None if none came in time (the request stays for its next start)."""
        path = self.folder / (name + ANSWER)
        deadline = time.monotonic() + seconds
        while not path.exists():
            if time.monotonic() > deadline:
                return None
            time.sleep(0.02)
        answer: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        path.unlink(missing_ok=True)
        return answer

    def _read(self, file_name: str) -> Request:
        name = file_name.removesuffix(".json")
        try:
            age_seconds = max(time.time() - (self.folder / file_name).stat().st_mtime, 0.0)
            text = (self.folder / file_name).read_bytes()[: _SIZE_MAX + 1]
            if len(text) > _SIZE_MAX:
                raise ValueError("too large")
            values = json.loads(text.decode("utf-8-sig"))
            if not isinstance(values, dict):
                raise ValueError("not an object")
            verb, by = values.pop("verb", ""), values.pop("by", "")
            if verb not in VERBS:
                raise ValueError(f"verb {verb!r} is not one of {', '.join(VERBS)}")
            if not isinstance(by, str) or not by.strip():
                raise ValueError("`by` must name who asks")
        except (ValueError, OSError, RecursionError) as error:
            return Request(name, problem=str(error))
        return Request(name, verb, by.strip()[:64], values, age_seconds=age_seconds)


def login() -> str:
    """The name under which this person is logged in, for the ledger."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # No such user in this container; the ledger should still say so.
        return "unnamed"


def _write(path: Path, values: dict[str, Any]) -> None:
    """Whole or not at all: written under a name that is never read, then renamed."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(path)
