"""What a worker owes is kept by two threads: the loop asks and forgives, the reader's notes what was answered."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from filebridge.domain.orders import Order, Status
from filebridge.domain.reconcile import Lists
from filebridge.gateways.supervisor import _STILL_SECONDS, ORDERS_LISTED_A_SECOND, Supervisor, WorkerSettings, _Worker
from tests.unit.test_lifecycle import NOW, TERMS

ANSWER = b'{"kind":"handed"}'
SNAPSHOTS = b'{"kind":"snapshots","accounts":[],"is_first":true,"is_last":false}'


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor whose worker lives, and says and hears nothing."""
    settings = WorkerSettings(
        userdata=tmp_path,
        accounts=(),
        paper=True,
        session_base=1,
        home=tmp_path,
        folder=tmp_path,
        connect_seconds=60,
        answer_seconds=60,
        heartbeat_seconds=60,
    )
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    supervisor = Supervisor(settings, queue.Queue())
    supervisor._worker = _Worker(1, process, tmp_path / "log", time.monotonic(), up=True)
    supervisor.accept(1)
    yield supervisor
    assert process.stdin is not None
    process.stdin.close()
    supervisor.close()


def test_no_answer_is_lost_while_a_standstill_is_forgiven(keeper: Supervisor) -> None:
    worker = keeper._worker
    assert worker is not None
    answers = 20_000
    asked = threading.Semaphore(0)

    def reader() -> None:
        for _ in range(answers):
            asked.acquire()
            keeper._heard(worker, ANSWER)

    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=reader)
    thread.start()
    try:
        for _ in range(answers):
            keeper._ask("submit", "handed")
            asked.release()
            # As if the machine had been paused since the last tick.
            keeper._ticked_at -= 2 * _STILL_SECONDS
            keeper.tick()
        thread.join()
    finally:
        sys.setswitchinterval(switching)
    assert keeper._worker is worker, "it was taken for late or silent"
    assert worker.owes == []


def test_a_standstill_is_not_the_workers_silence_and_no_excuse_for_what_follows(keeper: Supervisor) -> None:
    worker = keeper._worker
    assert worker is not None
    worker.has_spoken = True
    keeper._ask("submit", "handed")
    keeper._ticked_at -= 3600
    worker.heard_at -= 3600
    worker.owes[:] = [(what, due - 3600) for what, due in worker.owes]
    keeper.tick()
    assert keeper._worker is worker
    # A word at the moment of waking counts from now, not from an hour ahead.
    worker.heard_at += 3600
    keeper.tick()
    assert worker.heard_at <= keeper._awake()
    worker.owes[:] = [(what, due - 61) for what, due in worker.owes]
    keeper.tick()
    assert keeper._worker is None


def test_each_part_of_a_long_list_may_take_its_time(keeper: Supervisor) -> None:
    worker = keeper._worker
    assert worker is not None
    orders = 1_000_000
    keeper.query(Lists.ALL, expected=orders)
    keeper._heard(worker, SNAPSHOTS)
    # The first list is at its end; this asks for the other, of as many rows.
    keeper.more()
    worker.owes[:] = [(what, due - 61) for what, due in worker.owes]
    keeper.tick()
    assert keeper._worker is worker
    worker.owes[:] = [(what, due - orders / ORDERS_LISTED_A_SECOND) for what, due in worker.owes]
    keeper.tick()
    assert keeper._worker is None


def test_an_order_takes_the_end_of_its_own_time_along(keeper: Supervisor) -> None:
    """Behind others it may lie with the worker beyond that."""
    keeper.submit([Order(TERMS._replace(expire_at=end), Status.SUBMITTING, NOW) for end in (NOW, None)])
    assert keeper._worker is not None
    command = keeper._worker.commands.get_nowait()
    assert command is not None
    assert [order.get("not_after") for order in command["orders"]] == [NOW.timestamp(), None]
