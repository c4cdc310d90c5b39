"""A console that speaks GBK: no command may die of a letter that it cannot show. Runs on every system."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from filebridge.cli import app
from tests.integration.homes import COMMAND_SECONDS, PROGRAM, Home, finished, living_in, orders_file
from tests.windows.console import OWN_CONSOLE
from tests.windows.marks import only_windows

# 鿭 and the rocket are in no GBK; 龘 is in GBK and in no code page of the West.
LETTERS = "龘鿭🚀"
HEADER = "client_order_id,symbol,side,quantity,limit_price,strategy,note"

# Each command with its arguments in a home that has one order; None: it would run for long, and others show it.
COMMANDS: dict[str, list[str] | None] = {
    "init": ["{new}"],
    "run": ["--once", "--timeout", "60"],
    "check": ["{file}"],
    "orders": [],
    "fills": [],
    "files": [],
    "positions": [],
    "status": None,
    "show": ["G-1"],
    "verify": [],
    "rebuild": [],
    "backup": ["{new}.sqlite"],
    "doctor": [],
    "template": ["{new}.xlsx"],
    "cancel": None,
    "approve": None,
    "deny": None,
    "resolve": None,
    "release": None,
    "halt": None,
    "resume": None,
    "reduce-only": None,
    "arm": None,
    "disarm": None,
    "reconcile": None,
    "demo": None,
    "simulator": None,
}
HOMELESS = ("init", "template")
GBK = {**os.environ, "PYTHONIOENCODING": "gbk", "COLUMNS": "500"}
if sys.platform == "win32":
    GBK["PYTHONLEGACYWINDOWSSTDIO"] = "1"


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with an order whose texts no GBK console can show."""
    home = Home.made(tmp_path_factory.mktemp("gbk") / f"主目录{LETTERS}")
    with living_in(home):
        row = f"G-1,600000.SH,BUY,100,10.51,{LETTERS},{LETTERS}"
        home.drop(f"{LETTERS}.csv", orders_file(row, header=HEADER).encode("utf-8-sig"))
        assert home.once().returncode == 0
        yield home


def gbk(command: list[str]) -> "subprocess.CompletedProcess[bytes]":
    return finished(command, GBK)


def words(traded: Home, name: str, arguments: list[str], folder: Path) -> list[str]:
    file = folder / f"{LETTERS}.csv"
    file.write_text(orders_file("G-2,600000.SH,BUY,100,10.51"), encoding="utf-8")
    filled = [word.format(new=folder / f"新{LETTERS}", file=file) for word in arguments]
    return [name, *filled, *([] if name in HOMELESS else ["--home", str(traded.folder)])]


def test_every_command_is_here() -> None:
    assert COMMANDS.keys() >= typer.main.get_command(app).commands.keys()  # type: ignore[attr-defined]


def test_no_command_dies_of_a_letter(traded: Home, tmp_path: Path) -> None:
    shown = b""
    for name, arguments in COMMANDS.items():
        if arguments is not None:
            done = gbk(words(traded, name, arguments, tmp_path))
            assert done.returncode in (0, 1), done.stderr
            assert b"Traceback" not in done.stderr, (name, done.stderr)
            shown += done.stdout
    encoding = "utf-8" if sys.platform == "win32" else "gbk"
    assert "委托" in shown.decode(encoding)


def test_a_request_without_a_bridge_is_answered_in_gbk(tmp_path: Path) -> None:
    done = gbk(["halt", "--reason", LETTERS, "--home", str(tmp_path)])
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@only_windows
def test_in_a_console_of_code_page_936(traded: Home, tmp_path: Path) -> None:
    for name, arguments in COMMANDS.items():
        if arguments is not None and name != "init":
            # No pipe: what it says goes to a console of its own, and only its end comes back.
            command = [*PROGRAM, *words(traded, name, arguments, tmp_path)]
            code = subprocess.call(command, env=GBK, creationflags=OWN_CONSOLE, timeout=COMMAND_SECONDS)
            assert code in (0, 1), name
