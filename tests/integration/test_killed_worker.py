"""kill -9 of the worker, or its silence, in the middle of a basket: it is replaced, and nothing is sent twice."""

import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from filebridge.simulator import server
from filebridge.simulator.endpoint import dial, read_terminal
from filebridge.simulator.faults import control
from tests.integration.homes import DEADLINE_SECONDS, Home, orders_file, until

COUNT = 300


def basket() -> str:
    rows = (
        f"W-{number},600000.SH,BUY,{100 + number // 98 * 100},{10.51 + number % 98 / 100:.2f}"
        for number in range(COUNT)
    )
    return orders_file(*rows)


def resolve_what_never_arrived(home: Home) -> None:
    """Orders that were noted and never called stay in doubt until a person has looked at the counter."""
    arrived = {line["order_remark"] for line in home.requests()}
    for row in home.orders():
        if row["status"] == "UNKNOWN" and row["tag"] not in arrived:
            assert home.command("resolve", row["tag"], "--not-sent", "--by", "tests").returncode == 0


def everything_ends(home: Home) -> Counter[str]:
    """Wait until each order is ended or in doubt, let a person end the doubt, and check it all."""

    def ended() -> bool:
        rows = home.orders()
        return len(rows) == COUNT and {row["status"] for row in rows} <= {"FILLED", "NOT_SENT", "UNKNOWN"}

    until(ended, "every order to be ended or in doubt")
    # An order that did arrive is found in the counter's books; then only a person can say more.
    arrived = {line["order_remark"] for line in home.requests()}
    until(lambda: not in_doubt(home) & arrived, "what arrived to be found")
    resolve_what_never_arrived(home)
    until(lambda: not in_doubt(home), "the end of all doubt")
    statuses = Counter(row["status"] for row in home.orders())
    assert home.twice() == []
    assert statuses["FILLED"] == len(home.requests())
    assert len({row["trade_id"] for row in home.fills()}) == statuses["FILLED"] == len(home.fills())
    for row in home.orders():
        if row["status"] == "NOT_SENT":
            assert row["reason_code"] in ("NOT_SENT_PROVEN", "RESOLVED_NOT_SENT")
            assert row["message"]
            assert row["message_zh"]
    return statuses


def in_doubt(home: Home) -> set[str]:
    return {row["tag"] for row in home.orders() if row["status"] == "UNKNOWN"}


def test_a_killed_worker_is_replaced(home: Home) -> None:
    home.ready(broker__group_size=20)
    home.drop("basket.csv", basket())
    until(lambda: len(home.requests()) >= 50, "50 orders at the counter")
    first = home.worker_pid()
    os.kill(first, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    until(lambda: home.worker_pid() not in (0, first), "another worker")
    statuses = everything_ends(home)
    assert statuses["FILLED"] > 200, "the work goes on after one lost group at most"
    (receipt,) = home.receipts("basket.csv")
    assert receipt.outcomes == ["ACCEPTED"] * COUNT
    down = [event["body"] for event in home.events() if event["kind"] == "CONNECTION"]
    assert [body["up"] for body in down] == [True, False, True]
    # The same file again: only what never left goes out.
    unsent = {row["client_order_id"] for row in home.orders() if row["status"] == "NOT_SENT"}
    again = home.trade("basket.csv", basket())
    assert {row["client_order_id"] for row in again.rows if row["outcome"] == "ACCEPTED"} == unsent
    home.settled()
    assert home.twice() == []
    assert len(home.requests()) == COUNT
    assert home.command("verify").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP there: tests/windows/test_processes.py suspends it")
def test_a_silent_worker_is_replaced(home: Home) -> None:
    home.ready(broker__group_size=20, broker__heartbeat_seconds=1.5)
    home.drop("basket.csv", basket())
    until(lambda: len(home.requests()) >= 30, "30 orders at the counter")
    first = home.worker_pid()
    os.kill(first, signal.SIGSTOP)
    until(lambda: home.worker_pid() not in (0, first), "another worker")
    everything_ends(home)
    # The silent one was killed, not left to wake up later.
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    home.trade("after.csv", orders_file("after,000001.SZ,BUY,100,11.66"))
    home.wait_for_status("after", "FILLED")


# Read by every Python at its start; only the worker's is slow.
_SLOW_START = """
import sys, threading
if "filebridge.gateways.worker" in sys.orig_argv:
    threading.Event().wait(5)
"""


def test_a_worker_that_starts_slowly_is_waited_for(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(_SLOW_START, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    home.ready(broker__heartbeat_seconds=4)
    assert [event["body"]["up"] for event in home.events() if event["kind"] == "CONNECTION"] == [True]


def test_a_lost_counter_is_found_again(home: Home) -> None:
    home.ready()
    home.trade("resting.csv", orders_file("S-1,600000.SH,BUY,100,9.80"))
    home.wait_for_status("S-1", "ACCEPTED")
    server.stop(home.userdata)
    until(lambda: not home.status_since(0)["connected"], "the loss to be seen")
    home.drop("meanwhile.csv", orders_file("S-2,600000.SH,BUY,100,10.51"))
    # Nothing is lost by waiting, and nothing is sent into the void.
    # (The bridge may have started the counter again before anybody looks.)
    home.wait_for_status("S-2", "RECEIVED", "ACCEPTED", "FILLED")
    server.start(home.userdata, idle_seconds=60)
    home.wait_for_status("S-2", "FILLED")
    assert home.order("S-1")["status"] == "ACCEPTED"
    assert len(home.requests()) == 2


def test_a_counter_that_died_of_idleness_is_started_again(home: Home) -> None:
    """Nobody was connected for a while, and then the bridge is started again."""
    first = server.start(home.userdata, idle_seconds=2)
    terminal = read_terminal(home.userdata)
    assert terminal is not None
    # A client of ours keeps it until the bridge is there.
    with dial(terminal, {"hello": "client", "session": 1}, DEADLINE_SECONDS)[0]:
        home.ready(outbox__report_seconds=0.1)
    assert server.running(home.userdata) == first
    home.trade("day.csv", orders_file("I-1,600000.SH,BUY,100,9.80", "I-2,600000.SH,BUY,100,10.51"))
    home.wait_for_status("I-1", "ACCEPTED")
    home.wait_for_status("I-2", "FILLED")
    assert home.stop() == 0
    until(lambda: server.running(home.userdata) is None, "the end of a counter without clients")
    home.ready(outbox__report_seconds=0.1)
    assert server.running(home.userdata) not in (None, first)
    again = home.trade("day.csv", orders_file("I-1,600000.SH,BUY,100,9.80", "I-2,600000.SH,BUY,100,10.51"))
    assert again.outcomes == ["DUPLICATE"] * 2
    # What rested while nobody was there is filled, and told.
    control(home.userdata, set_price=["600000.SH", 9.8])
    home.wait_for_status("I-1", "FILLED")
    assert [line["order_volume"] for line in home.requests()] == [100, 100]
    assert len({row["trade_id"] for row in home.fills()}) == len(home.fills()) == 2
    assert home.stop() == 0
    assert home.command("verify").returncode == 0
