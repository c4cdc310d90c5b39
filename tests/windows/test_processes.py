"""How processes end on Windows: killed, pressed, and taken along."""

import os
import signal
import time

from tests.integration.homes import Home, orders_file, until
from tests.windows.console import press_ctrl_c
from tests.windows.holder import suspend
from tests.windows.marks import only_windows

pytestmark = only_windows
COUNT = 300


def basket() -> str:
    return orders_file(*(f"B-{n},600000.SH,BUY,{100 * (n + 1)},10.51" for n in range(COUNT)))


def test_a_bridge_that_is_killed_takes_its_worker_along_even_if_that_hangs(home: Home) -> None:
    home.ready()
    # It cannot look at its parent, nor at its pipe: only the job can end it.
    suspend(home.worker_pid())
    home.kill()
    until(home.worker_is_gone, "the end of the worker")


def test_a_silent_worker_is_replaced(home: Home) -> None:
    home.ready(broker__heartbeat_seconds=3)
    first = home.worker_pid()
    suspend(first)
    until(lambda: home.worker_pid() not in (0, first), "another worker")
    home.trade("after.csv", orders_file("after,000001.SZ,BUY,100,11.66"))
    home.wait_for_status("after", "FILLED")


def test_killed_in_the_middle_of_a_file_nothing_is_sent_twice(home: Home) -> None:
    home.drop("basket.csv", basket())
    home.start(broker__group_size=10)
    until(lambda: len(home.requests()) >= 30, "30 orders at the counter")
    home.kill()
    until(home.worker_is_gone, "the end of the worker")
    assert len(home.requests()) < COUNT, "the kill came too late"
    home.ready(outbox__report_seconds=0.1)
    # What was noted before its call, but has not arrived, stays in doubt: that is for a person to say.
    until(lambda: {row["status"] for row in home.orders()} <= {"FILLED", "NOT_SENT", "UNKNOWN"}, "all to end", 120)
    rows = home.orders()
    assert len(rows) == COUNT
    assert home.twice() == []
    sent = {line["order_remark"] for line in home.requests()}
    assert {row["tag"] for row in rows if row["status"] == "FILLED"} == sent
    assert home.command("verify").returncode == 0


def test_a_killed_worker_is_replaced(home: Home) -> None:
    home.ready(outbox__report_seconds=0.1)
    first = home.worker_pid()
    os.kill(first, signal.SIGTERM)
    until(lambda: home.worker_pid() not in (0, first), "another worker")
    home.trade("after.csv", orders_file("after,000001.SZ,BUY,100,11.66"))
    home.wait_for_status("after", "FILLED")


def test_ctrl_c_ends_it_in_order_and_the_next_start_goes_on(home: Home) -> None:
    home.ready(outbox__report_seconds=0.1)
    home.trade("resting.csv", orders_file("C-1,600000.SH,BUY,100,9.90"))
    home.wait_for_status("C-1", "ACCEPTED")
    assert home.bridge is not None
    began = time.time()
    press_ctrl_c(home.bridge.pid)
    # Its worker is in the same console, and must not die of the same key before the bridge has ended it.
    assert home.ended() == 0
    assert home.events()[-1]["kind"] == "STOPPED"
    assert [event["kind"] for event in home.events()].count("CONNECTION") == 1
    assert "Not final; nothing was cancelled." in home.said()
    assert home.status_since(began)["connection_code"] == "CONNECTION_STOPPED"
    assert home.worker_is_gone()
    home.ready(outbox__report_seconds=0.1)
    assert home.wait_for_status("C-1", "ACCEPTED")
    assert len(home.requests()) == 1
