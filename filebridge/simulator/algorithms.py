"""Smart algorithm orders: one large order in slices over time, as TWAP (even) or VWAP (by the usual volume of a day).

A task's whole state is in the books, so it goes on after a restart. At each slice what still works is canceled, and
what is missing is ordered: behind its schedule, an algorithm catches up. Nothing of the real algorithms is known but
the manual's shapes; parameters other than the one below are taken and change nothing.
"""

import json
from collections.abc import Callable
from datetime import datetime, time, tzinfo
from typing import Any

from filebridge.simulator.accounts import FINAL
from filebridge.simulator.counter import Counter
from filebridge.simulator.entries import Task
from filebridge.simulator.wire import Message

STOCK, CREDIT = 2, 3
LIMIT, MARKET = 11, 12
# What a slice is sent as: the two price types that the manual allows, in the words of an order.
SENT_AS = {LIMIT: 11, MARKET: 5}
CANCEL = 3
RUNNING, FINISHED, CANCELED, EXPIRED = "运行中", "已完成", "已撤销", "已到期"

# Shares of a day's volume in the half hour that begins then, in percent: a usual shape, not a measured one.
USUAL_VOLUME = (
    (time(9, 30), 22), (time(10, 0), 14), (time(10, 30), 11), (time(11, 0), 10),
    (time(13, 0), 10), (time(13, 30), 9), (time(14, 0), 10), (time(14, 30), 14),
)  # fmt: skip
HALF_HOUR = 1800
ALGORITHMS = ("TWAP", "VWAP")
SLICE_SECONDS = "m_nSliceSeconds"
SLICE_SECONDS_DEFAULT = 60
PARAMETERS = [
    {
        "key": SLICE_SECONDS,
        "name": "下单间隔",
        "dataType": "int",
        "valueRange": "1-3600",
        "defaultValue": SLICE_SECONDS_DEFAULT,
        "enumName": [],
        "enumValue": [],
        "unit": "秒",
        "valueRangeByName": {},
        "defaultValueByName": {},
    }
]
REFUSALS = {
    "ACCOUNT_UNKNOWN": "[100010]资金账号不存在或未登录",
    "NOT_ENABLED": "该业务未开通",
    "ALGORITHM_UNKNOWN": "[260300]不支持的算法",
    "ORDER_INVALID": "[260301]算法委托参数不合法",
    "TIME_OVER": "[260302]算法委托的截止时间已过",
    "TASK_UNKNOWN": "[260303]任务不存在",
    "TASK_OVER": "[260304]任务已结束",
}
# Sends one order as a client would: (message, time) -> (its number or -1, why it was refused).
Send = Callable[[Message, datetime], tuple[int, str]]


class Algorithms:
    def __init__(self, counter: Counter, send: Send) -> None:
        self._counter, self._send = counter, send

    @property
    def _tasks(self) -> dict[int, Task]:
        return self._counter.books.tasks

    def parameters(self, request: Message, now: datetime) -> str:
        return _text({"datas": {name: PARAMETERS for name in request[2] if name in ALGORITHMS}})

    def order(self, request: Message, now: datetime) -> str:
        order, parameters = request[2:]
        reason = self._problem(order, parameters, now)
        told = {name: str(order.get(name, "")) for name in ("account_id", "strategy_name", "order_remark")}
        if reason:
            return _text({"error": {**told, "task_id": -1, "error_msg": REFUSALS[reason]}})
        number = self._counter.books.last_task_number + 1
        seconds = parameters.get(SLICE_SECONDS, SLICE_SECONDS_DEFAULT)
        self._counter.enter(["task", number, order["account_id"], order, seconds])
        self.advance(now)
        return _text({**told, "task_id": number, "error_msg": ""})

    def tasks(self, request: Message, now: datetime) -> str:
        name, account_type = request[2].get("account_id"), request[2].get("account_type")
        if not self._is_known(name, account_type):
            return _text({"error": {"error_msg": REFUSALS["ACCOUNT_UNKNOWN"], "datas": []}})
        return _text({"datas": [self._shown(task) for task in self._tasks.values() if task.account == name]})

    def operate(self, request: Message, now: datetime) -> Message:
        _, _, _, name, number, operation = request
        task = self._tasks.get(number)
        if task is None or task.account != name:
            reason = "TASK_UNKNOWN"
        elif task.ended_at:
            reason = "TASK_OVER"
        elif operation != CANCEL:
            reason = "NOT_ENABLED"
        else:
            self._end(task, CANCELED, now)
            return [True, number, "", ""]
        return [False, number, "", REFUSALS[reason]]

    def advance(self, now: datetime) -> None:
        """Places the slices that are due, and ends what is done or over."""
        for task in list(self._tasks.values()):
            if task.ended_at:
                continue
            seconds = int(now.timestamp())
            if self._filled(task) >= task.order["order_volume"]:
                self._end(task, FINISHED, now)
            elif seconds >= task.order["end_time"]:
                self._end(task, EXPIRED, now)
            elif due_slices(task, seconds) > task.slices:
                self._slice(task, due_slices(task, seconds), now)

    def _slice(self, task: Task, due: int, now: datetime) -> None:
        self._cancel_children(task)
        order, filled = task.order, self._filled(task)
        instrument = self._counter.market.instrument(order["stock_code"])
        assert instrument is not None  # looked at when the task came
        rest = order["order_volume"] - filled
        step, least = instrument.board.buy_step, instrument.board.buy_min
        quantity = scheduled(task, due, now.tzinfo) - filled
        if due < slice_count(task):
            quantity -= quantity % step
            if 0 < rest - quantity < least:
                quantity = rest
        number, refusal = 0, ""
        if quantity >= min(least, rest):
            number, refusal = self._send(_child(order, quantity), now)
            child = self._counter.books.orders.get(number)
            refusal = refusal or (child.message if child else "")
        self._counter.enter(["task_slice", task.number, due, max(0, number), refusal])

    def _end(self, task: Task, status: str, now: datetime) -> None:
        self._cancel_children(task)
        self._counter.enter(["task_end", task.number, status, int(now.timestamp())])

    def _cancel_children(self, task: Task) -> None:
        for number in task.children:
            child = self._counter.books.orders.get(number)
            if child is not None and child.status not in FINAL:
                self._counter.cancel(child, task.account)

    def _filled(self, task: Task) -> int:
        orders = self._counter.books.orders
        return sum(orders[number].filled_qty for number in task.children if number in orders)

    def _problem(self, order: dict[str, Any], parameters: dict[str, Any], now: datetime) -> str:
        account_type = order.get("account_type")
        if not self._is_known(order.get("account_id"), account_type):
            return "ACCOUNT_UNKNOWN"
        if account_type not in (STOCK, CREDIT) or order.get("order_type") not in (23, 24):
            return "NOT_ENABLED"
        if order.get("algo_name") not in ALGORITHMS:
            return "ALGORITHM_UNKNOWN"
        whole = (order.get("order_volume"), order.get("start_time"), order.get("end_time"))
        seconds = parameters.get(SLICE_SECONDS, SLICE_SECONDS_DEFAULT)
        sound = (
            all(type(number) is int and number > 0 for number in (*whole, seconds))
            and isinstance(order.get("price"), int | float)
            and order.get("price_type") in SENT_AS
            and self._counter.market.instrument(str(order.get("stock_code"))) is not None
        )
        if not sound or order["start_time"] >= order["end_time"]:
            return "ORDER_INVALID"
        return "TIME_OVER" if order["end_time"] <= now.timestamp() else ""

    def _is_known(self, name: Any, account_type: Any) -> bool:
        account = self._counter.books.accounts.get(name) if isinstance(name, str) else None
        return account is not None and account.account_type == account_type

    def _shown(self, task: Task) -> dict[str, Any]:
        """As the manual lists it; group_id and algo_id are those of algorithms elsewhere, so this counter has none."""
        order = task.order
        return {
            "task_id": task.number,
            "task_status": task.status or RUNNING,
            "task_msg": task.message,
            "start_time": order["start_time"],
            "end_time": order["end_time"],
            "cancel_time": task.ended_at if task.status == CANCELED else 0,
            "order_num": order["order_volume"],
            "business_num": str(self._filled(task)),
            "group_id": "",
            "algo_id": "",
            "account_id": task.account,
            "account_type": order["account_type"],
            "strategy_name": order.get("strategy_name", ""),
            "order_remark": order.get("order_remark", ""),
            "order_id_list": task.children,
        }


def slice_count(task: Task) -> int:
    seconds: int = task.order["end_time"] - task.order["start_time"]
    return max(1, -(-seconds // task.slice_seconds))


def due_slices(task: Task, seconds: int) -> int:
    """How many slices should have been sent by then."""
    elapsed = seconds - task.order["start_time"]
    return 0 if elapsed < 0 else min(slice_count(task), elapsed // task.slice_seconds + 1)


def scheduled(task: Task, slices: int, tz: tzinfo | None) -> int:
    """The quantity that these slices should have bought or sold together."""
    seconds, start = task.slice_seconds, task.order["start_time"]
    part, whole = slices, slice_count(task)
    if task.order["algo_name"] == "VWAP":
        before, then, after = (_usual_volume(start + count * seconds, tz) for count in (0, part, whole))
        if after > before:  # else nothing usually trades at that time, and the slices are even
            part, whole = then - before, after - before
    return int(task.order["order_volume"]) * part // whole


def _usual_volume(timestamp: int, tz: tzinfo | None) -> int:
    """What has usually traded by that time of its day, as percents of seconds."""
    moment = datetime.fromtimestamp(timestamp, tz)
    midnight = moment.replace(hour=0, minute=0, second=0)
    clock = int((moment - midnight).total_seconds())
    begins = [since.hour * 3600 + since.minute * 60 for since, _ in USUAL_VOLUME]
    elapsed = [min(max(0, clock - begin), HALF_HOUR) for begin in begins]
    return sum(percent * passed for (_, percent), passed in zip(USUAL_VOLUME, elapsed, strict=True))


def _child(order: dict[str, Any], quantity: int) -> Message:
    price_type = SENT_AS[order["price_type"]]
    strategy, remark = str(order.get("strategy_name", "")), str(order.get("order_remark", ""))
    account = (order["account_type"], order["account_id"])
    terms = (order["stock_code"], order["order_type"], quantity, price_type, float(order["price"]))
    return ["order", 0, *account, *terms, strategy, remark]


def _text(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)
