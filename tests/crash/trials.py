"""What `dev.py crash --all` runs besides the failpoints: trials, each with a name, what it needs, and how it went."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

from filebridge.errors import FilebridgeError
from tests.crash.case import Rest

# What a trial may end with when the program, its files or its machine are not as they should be.
FINDINGS = (AssertionError, LookupError, OSError, RuntimeError, ValueError, SubprocessError, FilebridgeError)


@dataclass(slots=True, kw_only=True)
class Outcome(Rest):
    """How a trial went. `happened`: it was really hurt as meant; `skipped`: why it could not run here."""

    name: str
    happened: bool = False
    skipped: str = ""
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return bool(self.skipped) or (self.happened and not self.problems)

    @property
    def mark(self) -> str:
        return "skipped" if self.skipped else "ok" if self.is_good else "FAILED"


@dataclass(frozen=True, slots=True)
class Trial:
    """`lacks` says why it cannot run on this machine; `run` gets an empty folder and fills the outcome. One that is
    `alone` changes what all processes see, or measures time, and has no other beside it."""

    name: str
    lacks: Callable[[], str]
    run: Callable[[Path, Outcome], None]
    alone: bool = False

    @property
    def part(self) -> str:
        return self.name.partition(":")[0]

    def outcome(self, folder: Path) -> Outcome:
        """Run it; what it raises is a problem that was found, never a reason to stop the others."""
        done = Outcome(name=self.name, skipped=self.lacks())
        if done.skipped:
            return done
        began = time.monotonic()
        try:
            self.run(folder, done)
        except FINDINGS as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            done.problems.append(f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})")
        done.seconds = round(time.monotonic() - began, 1)
        return done
