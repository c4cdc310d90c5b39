"""The control folder: what a person asks of the running bridge, one small JSON file each, answered beside it.

A request is `<name>.json`; its answer `<name>.answer.json` is written when what was asked stands in the ledger. A file
with the plain name HALT halts, and keeps halted as long as it lies there.
"""

import getpass
import json
import os
import secrets
import stat
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filebridge import failpoints
from filebridge.owners import owner_of

ANSWER = ".answer.json"
# As a person makes it, also where the Explorer hides the ending.
HALT_FILES = ("HALT", "HALT.TXT")
VERBS = (
    "halt",
    "reduce_only",
    "resume",
    "arm",
    "disarm",
    "approve",
    "deny",
    "resolve",
    "release",
    "cancel",
    "reconcile",
)
_SIZE_MAX = 65_536
# So much of what a HALT file says is told.
_TOLD_BYTES = 300


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked, `age_seconds` ago; or, in `problem`, why the file cannot be used."""

    name: str
    verb: str = ""
    by: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    age_seconds: float = 0.0
    # Tells this file from a later one of the same name.
    stamp: str = ""
    path: Path = Path()
    # Whose file it is, as the system knows it; empty where it does not tell.
    owner: str = ""


class ControlFolder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # The name of a HALT file that lay there at the last look, and what it says; or None.
        self.halt_file: tuple[str, str] | None = None
        self._held: dict[str, str] = {}

    def requests(self) -> list[Request]:
        """All requests that lie there, in the order of their names, which is that of their times; but not those that
        another program holds open just now."""
        there = list(os.scandir(self.folder))
        halting = min((entry.name for entry in there if entry.name.upper() in HALT_FILES), default="")
        self.halt_file = (halting, _told(self.folder / halting)) if halting else None
        entries = (entry for entry in there if entry.name.endswith(".json"))
        wanted = [
            entry for entry in entries if not entry.name.endswith(ANSWER) and not entry.is_dir(follow_symlinks=False)
        ]
        self._held.clear()
        read = [self._read(Path(entry.path)) for entry in sorted(wanted, key=lambda entry: entry.name)]
        return [request for request in read if request is not None]

    def problems(self) -> list[str]:
        """Requests that could not be read when they were last looked at."""
        return [f"control: {name}: {why}" for name, why in self._held.items()]

    def answer(self, request: Request, answer: dict[str, Any]) -> None:
        """Put the answer beside the request and take the request away."""
        failpoints.hit("control.answer")
        _write(self.folder / (request.name + ANSWER), answer)
        request.path.unlink(missing_ok=True)

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
            # A command at a prompt: nothing wakes it, and a person does not notice.
            time.sleep(0.02)
        answer: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        path.unlink(missing_ok=True)
        return answer

    def _read(self, path: Path) -> Request | None:
        # A name that is not UTF-8 could not be recorded.
        name = os.fsencode(path.name).decode("utf-8", "replace").removesuffix(".json")
        stamp, age_seconds = name, 0.0
        try:
            status = path.lstat()
            stamp = f"{name} {status.st_ino} {status.st_mtime_ns}"
            age_seconds = max(time.time() - status.st_mtime, 0.0)
            verb, by, fields = _parse(_bytes_of(path))
        except (ValueError, OSError, RecursionError) as error:
            if sys.platform == "win32" and isinstance(error, PermissionError):
                # A scanner looks into it, or its writer has not let go: a halt must not be answered as unreadable.
                self._held[path.name] = error.strerror or str(error)
                return None
            return Request(name, problem=str(error), stamp=stamp, path=path)
        owner = owner_of(path)
        return Request(name, verb, by, fields, age_seconds=age_seconds, stamp=stamp, path=path, owner=owner)


def _told(path: Path) -> str:
    """What a HALT file says, on one line; that it is there is enough, so nothing may go wrong here."""
    try:
        text = _bytes_of(path).removeprefix(b"\xef\xbb\xbf")[:_TOLD_BYTES].decode("utf-8", "replace")
    except (ValueError, OSError):
        return ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _bytes_of(path: Path) -> bytes:
    # Neither through a link nor waiting for the other end of a pipe.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("not a file")
        data = file.read(_SIZE_MAX + 1)
    if len(data) > _SIZE_MAX:
        raise ValueError("too large")
    return data


def _parse(data: bytes) -> tuple[str, str, dict[str, Any]]:
    """(verb, by, the other fields). Raises ValueError with what is wrong."""
    values = json.loads(data.decode("utf-8-sig"))
    if not isinstance(values, dict):
        raise ValueError("not an object")
    # Half a character (a lone surrogate) can be neither recorded nor shown.
    json.dumps(values, ensure_ascii=False).encode()
    verb, by = values.pop("verb", ""), values.pop("by", "")
    if verb not in VERBS:
        raise ValueError(f"verb {verb!r} is not one of {', '.join(VERBS)}")
    if not isinstance(by, str) or not by.strip():
        raise ValueError("`by` must name who asks")
    return verb, by.strip()[:64], values


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
