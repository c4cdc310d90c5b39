"""Who may import whom: the streets of ARCHITECTURE.md, enforced.

A new module in filebridge/ gets its line here first: decide where it belongs, then write it.
"""

import ast
import sys
from fnmatch import fnmatch

import pytest

from tests.house.tree import Module, called, imports, keep, modules

# From the top down. A room imports rooms on lower lines only; rooms on one line do not know each other.
LINES: tuple[tuple[str, ...], ...] = (
    ("cli",),
    ("trial",),
    ("app",),
    ("bridge",),
    ("inbox", "control", "orderfiles", "outbox", "reports", "archive", "ledger", "gateways", "quotes", "proof"),
    ("simulator",),
    ("receipts",),
    ("config", "locks", "failpoints", "owners", "plainfiles", "tables", "dbf"),
    ("sources", "sections", "missettings"),
    ("errors",),
    ("domain",),
)
DEPTH = {room: depth for depth, line in enumerate(LINES) for room in line}

# Stricter than the lines: the simulator is a program of its own that could be taken out of the house.
IMPORTS_ONLY = {"simulator": {"domain"}}
IMPORTED_ONLY_BY = {"simulator": {"gateways", "app", "cli"}}

# One library, one room. A library that has no row here is used nowhere.
ROOM_OF_LIBRARY: dict[str, tuple[str, ...]] = {
    # The stand-in for xtquant's native module reads documents with the codec by which xttrader.py writes them.
    "xtquant": (
        *("filebridge/gateways/xttrader.py", "filebridge/gateways/xtquotes.py"),
        "filebridge/simulator/native.py",
    ),
    "watchdog": ("filebridge/inbox/watcher.py",),
    "cryptography": ("filebridge/proof.py",),
    "sqlalchemy": ("filebridge/ledger/*",),
    "typer": ("filebridge/cli/*",),
    "rich": ("filebridge/cli/*",),
    # Its JSON, three times as fast, where every report of the broker passes.
    "pydantic_core": (
        "filebridge/ledger/codec.py",
        "filebridge/gateways/*",
        "filebridge/outbox.py",
        "filebridge/receipts.py",
    ),
    "pydantic": ("filebridge/config.py", "filebridge/sections.py", "filebridge/sources.py", "filebridge/orderfiles/*"),
    "pandas": ("filebridge/orderfiles/*", "filebridge/reports/*", "filebridge/analysis/*"),
    "openpyxl": ("filebridge/orderfiles/template.py",),
    "xlrd": ("filebridge/orderfiles/xls.py",),
    "exchange_calendars": ("dev.py",),
}

# All that the domain needs of the standard library. Nothing here can see a clock, a file, a socket or a dice.
PURE = {
    *(
        "abc",
        "base64",
        "bisect",
        "collections",
        "copy",
        "dataclasses",
        "decimal",
        "difflib",
        "enum",
        "fnmatch",
        "fractions",
        "functools",
    ),
    *("hashlib", "heapq", "itertools", "json", "math", "operator", "re", "string", "types", "typing", "unicodedata"),
    "datetime",
}
# What needs no import and still sees the world: built-in functions, and the clock behind datetime and date.
IMPURE_CALLS = {"open", "input", "print", "eval", "exec"}
CLOCKS = {"now", "today", "utcnow"}


def street_violations(module: Module) -> list[str]:
    if module.room == "__init__":
        return [f"{where} imports {name}: the package itself imports nothing" for where, name in imports(module)]
    if module.room not in DEPTH:
        return [f"{module.path}: the room {module.room} is on no line of the table above"]
    found = []
    for where, name in imports(module):
        if not name.startswith("filebridge."):
            continue
        room = name.split(".")[1]
        if room not in DEPTH:
            # `from filebridge import __version__`: a name of the package, not a room.
            known = room.startswith("__")
        elif room == module.room:
            known = True
        else:
            known = (
                DEPTH[room] > DEPTH[module.room]
                and room in IMPORTS_ONLY.get(module.room, {room})
                and module.room in IMPORTED_ONLY_BY.get(room, {module.room})
            )
        if not known:
            found.append(f"{where}: {module.room} must not import {name}")
    return found


def library_violations(module: Module) -> list[str]:
    found = []
    for where, name in imports(module):
        library = name.split(".")[0]
        if library in sys.stdlib_module_names or library == "filebridge":
            continue
        rooms = ROOM_OF_LIBRARY.get(library, ())
        if not any(fnmatch(module.path, room) for room in rooms):
            found.append(f"{where}: {library} lives only in {', '.join(rooms) or 'no room at all'}")
    return found


def purity_violations(module: Module) -> list[str]:
    names = [(where, name) for where, name in imports(module) if not name.startswith("filebridge.domain")]
    found = [f"{where}: the domain must not know {name}" for where, name in names if name.split(".")[0] not in PURE]
    for node in module.nodes:
        name = called(node) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and (name in IMPURE_CALLS or name.split(".")[-1] in CLOCKS):
            found.append(f"{module.at(node)}: {name}() in the domain; what it would answer comes in as an argument")
    return found


def test_imports_point_down_only() -> None:
    keep([line for module in modules("filebridge") for line in street_violations(module)])


def test_one_library_one_room() -> None:
    keep([line for module in modules("filebridge", "dev.py") for line in library_violations(module)])


def test_the_domain_is_pure() -> None:
    domain = modules("filebridge/domain")
    assert domain
    keep([line for module in domain for line in purity_violations(module)])


STREETS = [
    ("filebridge/inbox.py", "import filebridge.ledger.store", False),
    ("filebridge/inbox.py", "from filebridge import bridge", False),
    ("filebridge/inbox.py", "def late():\n    from filebridge.app import build", False),
    ("filebridge/ledger/store.py", "from ..bridge import Bridge", False),
    ("filebridge/ledger/store.py", "from .schema import events", True),
    ("filebridge/domain/risk.py", "from filebridge.errors import HomeError", False),
    ("filebridge/errors.py", "from filebridge.config import Settings", False),
    ("filebridge/config.py", "from filebridge.errors import SettingsError", True),
    ("filebridge/outbox.py", "from filebridge.config import Settings", True),
    ("filebridge/gateways/worker.py", "from filebridge.simulator import native", True),
    ("filebridge/gateways/worker.py", "import importlib\nimportlib.import_module('filebridge.ledger')", False),
    ("filebridge/bridge.py", "from filebridge.simulator import counter", False),
    ("filebridge/simulator/counter.py", "from filebridge.errors import FilebridgeError", False),
    ("filebridge/simulator/counter.py", "from filebridge.domain.market import is_open", True),
    ("filebridge/cli.py", "from filebridge import __version__, app", True),
    ("filebridge/attic.py", "", False),
]


@pytest.mark.parametrize(("path", "source", "fits"), STREETS)
def test_the_rule_of_the_streets_can_fail(path: str, source: str, fits: bool) -> None:
    assert (street_violations(Module(path, source)) == []) is fits


@pytest.mark.parametrize(
    ("path", "source", "fits"),
    [
        ("filebridge/bridge.py", "from xtquant import xttrader", False),
        ("filebridge/gateways/xttrader.py", "from xtquant.xttype import StockAccount", True),
        ("filebridge/ledger/views.py", "import sqlalchemy as sa", True),
        ("filebridge/outbox.py", "import sqlalchemy as sa", False),
        ("filebridge/app.py", "import requests", False),
        ("filebridge/app.py", "import json", True),
    ],
)
def test_the_rule_of_the_libraries_can_fail(path: str, source: str, fits: bool) -> None:
    assert (library_violations(Module(path, source)) == []) is fits


IMPURE = [
    *(f"import {name}" for name in ("os", "time", "pathlib", "socket", "random", "secrets", "sqlite3", "rich")),
    "from datetime import datetime, UTC\nx = datetime.now(UTC)",
    "import datetime\nx = datetime.date.today()",
    "x = open('orders.csv')",
]


@pytest.mark.parametrize("source", IMPURE)
def test_the_rule_of_purity_can_fail(source: str) -> None:
    assert purity_violations(Module("filebridge/domain/risk.py", source)) != []


def test_the_domain_may_know_itself_and_what_is_pure() -> None:
    source = "from datetime import date\nfrom filebridge.domain import orders\nx = date.fromisoformat('2026-01-05')"
    assert purity_violations(Module("filebridge/domain/risk.py", source)) == []
