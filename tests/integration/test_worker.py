"""The worker process alone, spoken to as its keeper does."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from filebridge.simulator import server
from tests.integration.homes import ACCOUNT, Home, living_in, until


class Worker:
    def __init__(self, home: Home, log: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "filebridge.gateways.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.say(
            parent_pid=os.getpid(),
            userdata=str(home.userdata),
            accounts=[[ACCOUNT, "STOCK"]],
            paper=True,
            session=4711,
            handover=str(log),
            home=str(home.folder),
            banks={},
        )

    def say(self, **command: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, kind: str) -> dict[str, Any]:
        """The next message of a kind; other ones are passed over."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message: dict[str, Any] = json.loads(line)
            if message["kind"] == kind:
                return message
        raise AssertionError(f"the worker ended without {kind}")

    def end(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(10)


def order(tag: str, quantity: int) -> dict[str, Any]:
    return {
        "tag": tag,
        "account": ACCOUNT,
        "symbol": "600000.SH",
        "side": "BUY",
        "quantity": quantity,
        "order_type": "LIMIT",
        "limit_price": "10.51",
        "strategy": "",
        "broker_order_id": "",
    }


@pytest.fixture
def worker(home: Home, tmp_path: Path) -> Any:
    server.start(home.userdata, idle_seconds=None)
    with living_in(home):
        started = Worker(home, tmp_path / "handover.tags")
        started.hear("up")
        yield started
        started.end()


def test_an_order_that_comes_too_late_is_not_sent(worker: Worker, home: Home, tmp_path: Path) -> None:
    worker.say(do="submit", orders=[order("HOME" + "A" * 16, 100)], not_after=time.time() - 1)
    assert worker.hear("not_called")["tag"] == "HOME" + "A" * 16
    expired = {**order("HOME" + "C" * 16, 300), "not_after": time.time() - 1}
    worker.say(do="submit", orders=[expired, order("HOME" + "B" * 16, 200)], not_after=time.time() + 60)
    assert worker.hear("order_answer")["tag"] == "HOME" + "B" * 16
    assert [line["order_volume"] for line in home.requests()] == [200]
    assert (tmp_path / "handover.tags").read_text() == "HOME" + "B" * 16 + "\n"


def test_a_second_worker_does_not_get_the_account(worker: Worker, home: Home, tmp_path: Path) -> None:
    second = Worker(home, tmp_path / "second.tags")
    refused = second.hear("locked")
    assert refused["account"] == ACCOUNT
    assert json.loads(refused["holder"])["pid"] == worker.process.pid
    second.end()
    assert second.process.returncode == 0


def test_it_ends_with_its_pipe(worker: Worker, home: Home) -> None:
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    until(lambda: worker.process.poll() is not None, "the end of the worker")
    until(home.worker_is_gone, "the lock to be free")


def test_prices_come_from_the_counter_and_no_order_waits_for_them(worker: Worker, home: Home) -> None:
    worker.say(do="quotes", symbols=["600000.SH", "000001.SZ", "no such symbol"])
    answer = worker.hear("quotes")
    assert (answer["source"], answer["text"]) == ("simulator", "")
    assert answer["symbols"] == ["600000.SH", "000001.SZ", "no such symbol"]
    first, second = answer["rows"]
    assert (first["prev_close"], first["last"], first["limit_up"]) == ("10.45", "10.5", "11.5")
    assert (first["bids"], first["asks"]) == (["10.5"], ["10.5"])
    assert second["symbol"] == "000001.SZ"
    # The counter is gone, and with it the prices; what was asked is answered all the same.
    server.stop(home.userdata)
    worker.say(do="quotes", symbols=["600000.SH"])
    answer = worker.hear("quotes")
    assert answer["rows"] == []
    assert "NoMarketData" in answer["text"]
