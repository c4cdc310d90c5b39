"""counter.toml in the userdata folder: how the simulated market behaves. Without the file everything is the default.

Read once, when the counter starts. An unknown name or a value of the wrong kind is refused, never passed over.
"""

import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

FILE = "counter.toml"


class SettingsRefused(ValueError):
    """A file of the userdata folder that the counter cannot be started with; the message says what is wrong in it."""


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """Every setting with its default; docs/simulator.md describes them."""

    prices: str = "still"
    seed: int = 1
    tick_seconds: int = 3
    spread_ticks: int = 1
    replay: str = ""
    bar_seconds: int = 60
    hours: str = "always"
    closed: str = "reject"


CHOICES = {"prices": ("still", "walk", "replay"), "hours": ("always", "exchange"), "closed": ("reject", "hold")}
RANGES = {"tick_seconds": range(1, 3601), "spread_ticks": range(1, 101), "bar_seconds": range(4, 86_401)}


def read_settings(userdata: Path) -> MarketSettings:
    """The settings of this folder. SettingsRefused with the reason if the file cannot be taken as it is."""
    path = userdata / FILE
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return MarketSettings()
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"{FILE}: {error}") from None
    for name, value in given.items():
        problem = _problem(name, value)
        if problem:
            raise SettingsRefused(f"{FILE}: {problem}")
    settings = MarketSettings(**given)
    if (settings.prices == "replay") != bool(settings.replay):
        raise SettingsRefused(f'{FILE}: prices = "replay" and replay = "a CSV file" belong together')
    return settings


def _problem(name: str, value: Any) -> str:
    wanted = {field.name: type(field.default) for field in fields(MarketSettings)}
    if name not in wanted:
        near = get_close_matches(name, wanted, n=1)
        known = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(wanted)}"
        return f"unknown setting {name!r}; {known}"
    if type(value) is not wanted[name]:
        return f"{name} takes {wanted[name].__name__}, not {value!r}"
    if name in CHOICES and value not in CHOICES[name]:
        return f"{name} is one of {', '.join(CHOICES[name])}, not {value!r}"
    if name in RANGES and value not in RANGES[name]:
        return f"{name} is {RANGES[name].start} to {RANGES[name].stop - 1}, not {value}"
    return ""
