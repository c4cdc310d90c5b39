"""A claim: a file renamed, within its folder, to a name that says whose it was and when it became ours.

`.claimed-<token>.<sign>-<name>`, and for each companion (a signature, say) `.beside-<token>-<name><suffix>`. The token
is the claim's name in the ledger, and ends with the mark of the home whose it is, for several may take files from one
folder; the sign is what showed that the file was whole.
"""

import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from filebridge.domain.orders import SHANGHAI
from filebridge.sources import HOME_INBOX

CLAIMED, BESIDE = ".claimed-", ".beside-"
# Nanoseconds and chance; the home's mark comes behind them.
_TOKEN_CHARS = 20 + 8
# The sign of what was let in again: of rows of a growing file, whose numbers hang on how many came before them, or of
# any other file; and the number of the intake that set it aside.
_RELEASED = re.compile("(?:released|rows([0-9]{1,12}))(?:of([0-9]{1,12}))?")
# Seconds; the end of the year 9999, in any time zone.
_TIME_MAX = 253_402_128_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Room for our own prefix under the 255 bytes that file systems allow.
_NAME_BYTES_MAX = 180
_LETTER_BYTES_MAX = 4


class Written(NamedTuple):
    """What is known of the file that ours is a copy of: its status when it was read, and its owner's name."""

    status: os.stat_result
    author: str


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file that is ours alone. `claim` is its unique name in the ledger, `name` the user's (a very long one cut).

    `source` names the entry whose folder it lay in, `sign` what showed that it was whole. `companions` are the files
    that belong to it, by what their names add to its own. `written` stands where it is a copy. `rows_before`: it holds
    rows of a file that grows, and so many came before them; None for any other. `let_in_of`: a person let it in again,
    and this intake had set it aside, 0 where nobody knows which.
    """

    path: Path
    name: str
    claim: str
    size: int
    is_regular: bool
    modified_at: datetime
    seen_at: datetime
    source: str = HOME_INBOX
    sign: str = ""
    companions: Mapping[str, Path] = field(default_factory=dict)
    written: Written | None = None
    rows_before: int | None = None
    let_in_of: int | None = None

    @property
    def written_at(self) -> Path:
        """Where its author put it: whoever owns that wrote it."""
        return self.path

    def moves(self, place: str) -> Iterator[tuple[Path, str]]:
        """Where it and what belongs to it will rest."""
        for suffix, path in self.companions.items():
            yield path, place + suffix
        yield self.path, place


def new_claim(folder: Path, name: str, sign: str, mark: str = "") -> Path:
    # The clock first, so that claims sort in the order in which they were made.
    token = f"{time.time_ns():020d}{secrets.token_hex(4)}{mark}"
    return folder / f"{CLAIMED}{token}.{sign}-{short(name)}"


def sign_of_released(intake_no: int, rows_before: int | None) -> str:
    return f"{'released' if rows_before is None else f'rows{rows_before}'}of{intake_no}"


def mark_of(token: str) -> str:
    """The mark of the home that made a claim; empty in claims of earlier versions."""
    return token[_TOKEN_CHARS:]


def parts_of(name: str) -> tuple[str, str, str]:
    """(token, sign, the file's name) of a claim's name; claims of earlier versions have no sign."""
    head, _, rest = name.removeprefix(CLAIMED).partition("-")
    token, _, sign = head.partition(".")
    return token, sign, rest


def beside(claim: Path, suffix: str) -> Path:
    """What a companion of a claimed file is called."""
    token, _, name = parts_of(claim.name)
    return claim.with_name(f"{BESIDE}{token}-{name}{suffix}")


def claimed_file(
    path: Path, status: os.stat_result, seen_at: datetime, source: str, companions: Mapping[str, Path]
) -> ClaimedFile:
    token, sign, name = parts_of(path.name)
    released = _RELEASED.fullmatch(sign)
    return ClaimedFile(
        path=path,
        name=name,
        claim=token,
        size=status.st_size,
        is_regular=stat.S_ISREG(status.st_mode),
        modified_at=time_of(status.st_mtime),
        seen_at=seen_at,
        source=source,
        sign=sign,
        companions=companions,
        rows_before=int(released[1]) if released and released[1] else None,
        let_in_of=int(released[2] or 0) if released else None,
    )


def changed_at(status: os.stat_result) -> datetime:
    """When the file came here: creation on Windows, the last change of the inode elsewhere."""
    born = getattr(status, "st_birthtime", status.st_ctime) if sys.platform == "win32" else status.st_ctime
    return time_of(born)


def time_of(seconds: float) -> datetime:
    """A file system may hold times that no calendar has (a year 33658), or that functions of Windows do not know."""
    return (_EPOCH + timedelta(seconds=min(max(seconds, 0), _TIME_MAX))).astimezone(SHANGHAI)


def short(name: str) -> str:
    """The name as it can be written anywhere: without control characters, and cut where it is too long to carry our
    additions."""
    if name.isprintable() and len(name) * _LETTER_BYTES_MAX <= _NAME_BYTES_MAX:
        return name
    data = name.encode("utf-8", "surrogateescape")
    name = "".join(letter if letter.isprintable() else "_" for letter in data.decode("utf-8", "replace"))
    if len(data) <= _NAME_BYTES_MAX:
        return name
    suffix = Path(name).suffix[:10]
    return data[: _NAME_BYTES_MAX - 40].decode("utf-8", "ignore") + "…" + suffix
