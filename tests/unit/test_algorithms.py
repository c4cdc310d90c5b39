"""Algorithms at a desk whose time is given: when slices leave, how large they are, and how a task ends."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from filebridge.simulator.algorithms import due_slices, scheduled, slice_count
from filebridge.simulator.desk import Desk
from filebridge.simulator.entries import Task
from filebridge.simulator.faults import Faults
from filebridge.simulator.sessions import SHANGHAI
from filebridge.simulator.wire import Message, decode_lines

START = datetime(2026, 1, 5, 9, 30, tzinfo=SHANGHAI)
SYMBOL, HELD = "600000.SH", "600036.SH"
ACCOUNT = "10001"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "accounts.csv").write_text(f"account,account_type,cash\n{ACCOUNT},STOCK,1000000\n", encoding="utf-8")
    held = f"account,symbol,quantity,available_qty,avg_cost\n{ACCOUNT},{HELD},1050,1050,9\n"
    (tmp_path / "holdings.csv").write_text(held, encoding="utf-8")
    prices = f"symbol,prev_close,last\n{SYMBOL},10,10\n{HELD},10,10\n"
    (tmp_path / "market.csv").write_text(prices, encoding="utf-8")
    made = Desk(tmp_path, Faults(), START)
    yield made
    made.close()


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def ask(desk: Desk, message: Message, now: datetime) -> Any:
    desk.handle(1, [message], now)
    lines = desk.out.lines.pop(1)
    return next(line[2] for line in decode_lines(b"".join(lines)) if line[:2] == message[:2])


def order(desk: Desk, *, now: datetime = START, seconds: int = 60, parameters: Any = None, **changed: Any) -> Any:
    terms = {
        "account_type": 2,
        "account_id": ACCOUNT,
        "stock_code": SYMBOL,
        "order_type": 23,
        "order_volume": 1000,
        "price_type": 11,
        "price": 10.0,
        "strategy_name": "s",
        "order_remark": "r",
        "algo_name": "TWAP",
        "start_time": int(START.timestamp()),
        "end_time": int(after(seconds).timestamp()),
    }
    answer = ask(desk, ["algorithm_order", 1, terms | changed, parameters or {"m_nSliceSeconds": 10}], now)
    return json.loads(answer)


def children(desk: Desk) -> list[tuple[int, int, int]]:
    """(quantity, filled, status) of every order of the books."""
    return [(child.quantity, child.filled_qty, child.status) for child in desk.counter.books.orders.values()]


def status(desk: Desk) -> str:
    answer = ask(desk, ["query_tasks", 2, {"account_type": 2, "account_id": ACCOUNT}], START)
    return str(json.loads(answer)["datas"][0]["task_status"])


def test_even_slices_leave_on_time_and_add_up(desk: Desk) -> None:
    assert order(desk)["task_id"] == 1
    assert children(desk) == [(100, 100, 56)]
    for second, quantities in ((9, [100]), (10, [100, 200]), (20, [100, 200, 200])):
        desk.tick(after(second))
        assert [quantity for quantity, _, _ in children(desk)] == quantities
    assert status(desk) == "运行中"
    desk.tick(after(59))
    assert [quantity for quantity, _, _ in children(desk)] == [100, 200, 200, 500]
    desk.tick(after(59.5))
    assert status(desk) == "已完成"


def test_before_its_time_nothing_leaves(desk: Desk) -> None:
    order(desk, start_time=int(after(30).timestamp()))
    desk.tick(after(29))
    assert children(desk) == []
    desk.tick(after(30))
    assert len(children(desk)) == 1


def test_what_does_not_trade_is_ordered_again_and_at_the_end_canceled(desk: Desk) -> None:
    order(desk, price=9.5)
    desk.tick(after(10))
    assert children(desk) == [(100, 0, 54), (300, 0, 50)]
    desk.tick(after(50))
    assert children(desk)[-1] == (1000, 0, 50)
    desk.tick(after(60))
    assert children(desk)[-1] == (1000, 0, 54)
    assert status(desk) == "已到期"


def test_an_odd_remainder_is_sold_with_the_last_slice(desk: Desk) -> None:
    order(desk, stock_code=HELD, order_type=24, order_volume=1050, seconds=20)
    assert children(desk) == [(500, 500, 56)]
    desk.tick(after(10))
    assert children(desk)[-1] == (550, 550, 56)


def test_a_slice_below_the_smallest_order_waits_for_the_next(desk: Desk) -> None:
    order(desk, order_volume=300, seconds=60)
    assert children(desk) == []
    desk.tick(after(10))
    assert children(desk) == [(100, 100, 56)]
    desk.tick(after(50))
    assert sum(filled for _, filled, _ in children(desk)) == 300


def test_at_market_price_it_takes_what_the_market_asks(desk: Desk) -> None:
    order(desk, price_type=12, price=0.0, seconds=10)
    assert children(desk) == [(1000, 1000, 56)]


def test_a_rejected_slice_is_told_and_the_next_one_tries_again(desk: Desk) -> None:
    order(desk, price=100.0)
    assert children(desk) == [(100, 0, 57)]
    task = desk.counter.books.tasks[1]
    assert "涨跌停" in task.message
    desk.tick(after(10))
    assert [quantity for quantity, _, _ in children(desk)] == [100, 300]


def test_a_new_day_knows_no_task_of_the_old_one(desk: Desk) -> None:
    order(desk)
    desk.tick(START + timedelta(days=1))
    assert desk.counter.books.tasks == {}
    assert order(desk, now=START + timedelta(days=1), end_time=int(after(90_000).timestamp()))["task_id"] == 2


def test_what_is_over_or_makes_no_sense_is_refused(desk: Desk) -> None:
    assert order(desk, now=after(61))["error"]["error_msg"] == "[260302]算法委托的截止时间已过"
    for wrong in (
        {"order_volume": 1.5}, {"order_volume": "x"}, {"price": None}, {"price_type": 5}, {"stock_code": "x"},
        {"start_time": None}, {"end_time": int(START.timestamp())}, {"parameters": {"m_nSliceSeconds": "10"}},
    ):  # fmt: skip
        assert order(desk, **wrong)["error"]["error_msg"] == "[260301]算法委托参数不合法", wrong
    assert order(desk, order_type=27)["error"]["error_msg"] == "该业务未开通"
    for nobody in ({"account_id": "x"}, {"account_id": None}, {"account_type": 3}):
        assert order(desk, **nobody)["error"]["task_id"] == -1
    assert desk.counter.books.tasks == {}


def test_the_journal_has_what_was_asked_for_and_not_the_counters_own_orders(desk: Desk, tmp_path: Path) -> None:
    order(desk, price=float("nan"), price_type=12)
    (line,) = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_bytes().splitlines()]
    assert (line["kind"], line["account"], line["order_volume"], line["order_remark"]) == (
        ("algorithm_order", ACCOUNT, 1000, "r")
    )
    assert (line["price"], line["order_id"]) == ("nan", None)
    assert len(children(desk)) == 1


@pytest.mark.parametrize(
    ("name", "parts"),
    # By the hour from 9:30 on: a VWAP's hours weigh 36, 21, 0 and 10.
    [("TWAP", [0, 250, 500, 750, 1000]), ("VWAP", [0, 537, 850, 850, 1000])],
)
def test_the_schedule_of_a_day(name: str, parts: list[int]) -> None:
    start = int(START.timestamp())
    terms = {"order_volume": 1000, "algo_name": name, "start_time": start, "end_time": start + 4 * 3600}
    task = Task(1, ACCOUNT, terms, 3600)
    assert slice_count(task) == 4
    assert [scheduled(task, slices, SHANGHAI) for slices in range(5)] == parts
    assert [due_slices(task, start + seconds) for seconds in (-1, 0, 3599, 3600, 99_999)] == [0, 1, 1, 2, 4]
    # At night nothing usually trades; then its slices are even.
    night = Task(1, ACCOUNT, terms | {"start_time": start - 8 * 3600, "end_time": start - 4 * 3600}, 3600)
    assert [scheduled(night, slices, SHANGHAI) for slices in range(5)] == [0, 250, 500, 750, 1000]
