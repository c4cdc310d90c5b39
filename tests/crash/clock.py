"""The clock of the bridge's machine is set while orders flow: an hour forward, an hour back, back over a trade date.

By libfaketime, for the bridge process alone (its worker would lose its heartbeat: libfaketime 0.9.10 does not know the
absolute monotonic sleep of Python's `time.sleep`); the counter's machine keeps its own clock. Files that are dropped
carry the times of the bridge's machine, on which their writer works too.
"""

import os
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from filebridge.control import ControlFolder
from filebridge.domain.orders import SHANGHAI
from filebridge.simulator import server
from tests.crash.case import recover
from tests.crash.machine import faketime_library, lacks
from tests.crash.scenario import SETTINGS, Scenario
from tests.crash.trials import Outcome, Trial
from tests.integration.homes import Home, living_in, until

_HOUR = 3600
# How far from a day's end an hour's jump does not cross it, with time for the run.
_CLEAR_HOURS = 2
_LATER = ("cancel.csv", "x.csv", "a-again.csv", "c.csv")
# The started Python takes the library out of its environment, so that its children have the real clock.
_ALONE = 'import os\n\nos.environ.pop("LD_PRELOAD", None)\n'


def trials(_folder: Path, *, seeds: int) -> Iterator[Trial]:
    for seed in range(1, seeds + 1):
        yield Trial(f"clock:an hour forward:{seed}", _why_not_now, partial(_jump, _HOUR, seed))
        yield Trial(f"clock:an hour back:{seed}", _why_not_now, partial(_jump, -_HOUR, seed))
    yield Trial("clock:back over a trade date", why_not, _back_over_midnight)


def why_not() -> str:
    return lacks("faketime") or ("" if faketime_library() else "libfaketime is not where Debian puts it")


def _why_not_now() -> str:
    hour = datetime.now(SHANGHAI).hour
    if not _CLEAR_HOURS <= hour < 24 - _CLEAR_HOURS:
        return why_not() or f"within {_CLEAR_HOURS} hours of midnight in Shanghai an hour's jump changes the trade date"
    return why_not()


class _Clock:
    """The clock of a home's bridge, some seconds ahead of the real one."""

    def __init__(self, home: Home, folder: Path, ahead: int) -> None:
        self._home = home
        self._file = folder / "clock.txt"
        self._elsewhere = folder / "elsewhere"
        self._elsewhere.mkdir(parents=True)
        (self._elsewhere / "sitecustomize.py").write_text(_ALONE, encoding="utf-8")
        self.ahead = 0
        self.set(ahead)
        paths = [str(self._elsewhere), *filter(None, [os.environ.get("PYTHONPATH")])]
        home.before = (
            "env",
            f"LD_PRELOAD={faketime_library()}",
            f"PYTHONPATH={os.pathsep.join(paths)}",
            f"FAKETIME_TIMESTAMP_FILE={self._file}",
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "NO_FAKE_STAT=1",
        )

    def set(self, ahead: int) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(f"{ahead:+d}\n", encoding="ascii")
        part.replace(self._file)
        self.ahead = ahead

    def is_shown(self) -> bool:
        at = self._home.status_since(0).get("at")
        return bool(at) and abs(datetime.fromisoformat(str(at)).timestamp() - time.time() - self.ahead) < _HOUR / 2

    def drop(self, name: str, data: bytes) -> None:
        part = self._elsewhere / name
        part.write_bytes(data)
        self._put(part, self._home.inbox / name)

    def ask(self, verb: str) -> None:
        name = ControlFolder(self._elsewhere).ask(verb, by="crash suite", reason="the clock is right") + ".json"
        self._put(self._elsewhere / name, self._home.folder / "control" / name)

    def _put(self, part: Path, place: Path) -> None:
        now = time.time() + self.ahead
        os.utime(part, (now, now))
        part.rename(place)


def _jump(seconds: int, seed: int, folder: Path, outcome: Outcome) -> None:
    """Some orders are sent before, others wait, files come after; then the clock is put right again."""
    scenario = Scenario.of(seed)
    home = Home.made(folder / "home")
    clock = _Clock(home, folder, 0)
    with living_in(home):
        server.start(home.userdata, idle_seconds=None)
        for name in ("a.csv", "b.csv"):
            clock.drop(name, scenario.files[name])
        process = home.start(**SETTINGS)
        until(lambda: len(home.requests()) >= 4 * seed, "the first orders at the counter")
        outcome.figures["at the counter when it was set"] = len(home.requests())
        clock.set(seconds)
        until(clock.is_shown, "the bridge's clock to be set")
        outcome.happened = True
        for name in _LATER:
            clock.drop(name, scenario.files[name])
        home.receipt_no(1, "c.csv")
        if home.status_since(0)["halted"] or process.poll() is not None:
            outcome.problems.append("it halted or ended, though the trade date is the same")
        outcome.figures["connections"] = home.said().count("broker: connected")
        home.stop()
        # The clock is right again for the clean starts: it is set once more, the other way.
        home.before = ()
        recover(home, scenario, outcome)


def _back_over_midnight(folder: Path, outcome: Outcome) -> None:
    """From the first minutes of a trade date into the one before: it halts until a person resumes."""
    scenario = Scenario.of(2)
    home = Home.made(folder / "home")
    now = datetime.now(SHANGHAI)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    ahead = int((midnight - now).total_seconds()) + _HOUR // 2
    clock = _Clock(home, folder, ahead)
    with living_in(home):
        server.start(home.userdata, idle_seconds=None)
        clock.drop("a.csv", scenario.files["a.csv"])
        home.start(**SETTINGS)
        until(lambda: len(home.requests()) >= 12, "the orders of a.csv at the counter")
        clock.set(ahead - _HOUR)
        status = until(lambda: _halted(home), "the bridge to halt")
        outcome.happened = status["halt_reason_code"] == "CLOCK_WENT_BACK"
        for name in ("b.csv", *_LATER):
            clock.drop(name, scenario.files[name])
        threading.Event().wait(1.0)
        if len(home.requests()) > 12 or home.receipts("b.csv"):
            outcome.problems.append("it went on in a day that came a second time")
        clock.set(ahead)
        until(clock.is_shown, "the clock to be right again")
        clock.ask("resume")
        home.receipt_no(1, "c.csv")
        home.stop()
        recover(home, scenario, outcome)


def _halted(home: Home) -> dict[str, Any]:
    status = home.status_since(0)
    return status if status.get("halted") else {}
