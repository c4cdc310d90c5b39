"""A machine that stands still: the bridge is stopped (SIGSTOP) while files arrive. None is lost, none goes twice."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

from filebridge.app import LEDGER
from filebridge.ledger.views import LedgerReader
from filebridge.simulator import server
from tests.crash.case import restart_until_rest
from tests.crash.invariants import Found, violations
from tests.crash.machine import lacks, until_slowly
from tests.crash.scenario import Scenario
from tests.crash.trials import Outcome, Trial
from tests.integration.homes import ACCOUNT, Home, living_in

STOPPED_SECONDS = 10.0
_CASH = 10**12
# symbol -> its lowest price that fills at once; so many ticks above it do too, within the market's price cage.
_PRICES = {"600000.SH": "10.51", "000001.SZ": "11.66", "601318.SH": "52.11"}
_TICKS = 18
_HEADER = "client_order_id,symbol,side,quantity,limit_price\n"
# Files a second that any machine should manage, for the deadline alone.
_SLOWEST_A_SECOND = 10


def trials(_folder: Path, *, files: int) -> Iterator[Trial]:
    yield Trial(f"paused:{files} files", lacks, partial(_stopped, files), alone=True)


def _stopped(files: int, folder: Path, outcome: Outcome) -> None:
    """SIGSTOP, that many files by rename, SIGCONT: each sent once and answered."""
    scenario = one_order_files(files)
    home = Home.made(folder / "home", cash=_CASH)
    elsewhere = folder / "written"
    elsewhere.mkdir()
    for name, data in scenario.files.items():
        (elsewhere / name).write_bytes(data)
    with living_in(home):
        server.start(home.userdata, idle_seconds=None)
        home.ready(ledger__free_bytes_min=0)
        bridge = home.bridge
        assert bridge is not None
        began = time.monotonic()
        os.kill(bridge.pid, signal.SIGSTOP)
        for name in scenario.files:
            (elsewhere / name).rename(home.inbox / name)
        outcome.figures["dropped in seconds"] = round(time.monotonic() - began, 1)
        threading.Event().wait(max(0.0, STOPPED_SECONDS - (time.monotonic() - began)))
        outcome.figures["stood still for seconds"] = round(time.monotonic() - began, 1)
        outcome.happened = not home.receipts_all()
        os.kill(bridge.pid, signal.SIGCONT)
        began = time.monotonic()
        until_slowly(
            lambda: bridge.poll() is not None or (not any(home.inbox.iterdir()) and _filled(home) == files),
            f"{files} files archived and orders filled",
            60 + files / _SLOWEST_A_SECOND,
        )
        outcome.figures["all filled after seconds"] = round(time.monotonic() - began, 1)
        home.stop()
        restart_until_rest(home, outcome)
        outcome.problems += violations(Found.of(home, scenario))
        outcome.figures |= {"requests": len(home.requests()), "receipts": len(home.receipts_all())}


def one_order_files(count: int) -> Scenario:
    """Files of one row each; every order differs from every other in what it is."""
    made = Scenario(0)
    for number in range(count):
        # Quantities stay small: the market fills a very large order in parts.
        lots, rest = divmod(number, len(_PRICES) * _TICKS)
        symbol = tuple(_PRICES)[rest % len(_PRICES)]
        price = Decimal(_PRICES[symbol]) + Decimal("0.01") * (rest // len(_PRICES))
        quantity = 100 * (lots + 1)
        name = f"{number:05d}.csv"
        made.files[name] = f"{_HEADER}P-{number},{symbol},BUY,{quantity},{price}\n".encode()
        made.orders[(ACCOUNT, symbol, 23, quantity, 11, float(price), "")] = f"P-{number}"
    assert len(made.orders) == count
    return made


def _filled(home: Home) -> int:
    reader = LedgerReader(home.folder / LEDGER)
    count = sum(1 for row in reader.order_rows(None) if row["status"] == "FILLED")
    reader.close()
    return count
