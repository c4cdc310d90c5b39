"""The counter's books: accounts, positions, orders and fills of the trade date.

Books change by `apply(record)` only, and a record holds everything that it changes, so replaying the records of a
file gives the same books whatever the rules and fees are by then. No decision, no clock and no file here.
Money is int, in thousandths of a yuan; quantities are shares (bonds: 张).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from filebridge.simulator.entries import Task, Transfer

# The counter's statuses, with the numbers that every terminal of this family shows.
UNREPORTED = 48
REPORTED = 50
REPORTED_CANCELING = 51
PARTIALLY_FILLED_CANCELING = 52
PARTIALLY_CANCELED = 53
CANCELED = 54
PARTIALLY_FILLED = 55
FILLED = 56
REJECTED = 57

FINAL = frozenset({PARTIALLY_CANCELED, CANCELED, FILLED, REJECTED})

Record = list[Any]


@dataclass(slots=True)
class Order:
    broker_order_id: int
    account: str
    symbol: str
    side: str
    quantity: int
    order_type: str
    limit_price: int
    strategy: str
    tag: str
    entered_at: int
    counter_order_id: str = ""
    status: int = UNREPORTED
    filled_qty: int = 0
    filled_amount: int = 0
    commission: int = 0
    frozen_cash: int = 0
    message: str = ""

    @property
    def leaves_qty(self) -> int:
        return 0 if self.status in FINAL else self.quantity - self.filled_qty


@dataclass(frozen=True, slots=True)
class Fill:
    trade_id: str
    order: Order
    last_qty: int
    last_price: int
    commission: int
    traded_at: int


@dataclass(slots=True)
class Position:
    """quantity = available_qty + frozen_qty + unsettled_qty; unsettled is what T+1 keeps until tomorrow."""

    quantity: int = 0
    available_qty: int = 0
    frozen_qty: int = 0
    unsettled_qty: int = 0
    opening_qty: int = 0
    cost: int = 0


@dataclass(slots=True)
class Account:
    account: str
    account_type: int
    cash: int
    frozen_cash: int = 0
    sold_today: int = 0
    positions: dict[str, Position] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)


class Books:
    """All accounts. `resting` holds, per symbol, the orders that a new price may fill."""

    def __init__(self) -> None:
        self.trade_date = ""
        self.accounts: dict[str, Account] = {}
        self.orders: dict[int, Order] = {}
        self.by_counter_order_id: dict[str, Order] = {}
        self.resting: dict[str, dict[int, Order]] = {}
        self.last_order_number = 0
        self.last_fill_number = 0
        self.last_task_number = 0
        self.transfers: list[Transfer] = []
        self.tasks: dict[int, Task] = {}
        self._apply: dict[str, Callable[..., None]] = {
            "open": self._open,
            "order": self._order,
            "report": self._report,
            "reject": self._reject,
            "fill": self._fill,
            "cancel": self._cancel,
            "settle": self._settle,
            "forget": self._forget,
            "transfer": self._transfer,
            "task": self._task,
            "task_slice": self._task_slice,
            "task_end": self._task_end,
        }

    def apply(self, record: Record) -> None:
        self._apply[record[0]](*record[1:])

    def _open(self, trade_date: str, accounts: list[list[Any]], holdings: list[list[Any]]) -> None:
        self.trade_date = trade_date
        for account, account_type, cash in accounts:
            self.accounts[account] = Account(account, account_type, cash)
        for account, symbol, quantity, available_qty, cost in holdings:
            held = Position(quantity, available_qty, 0, quantity - available_qty, quantity, cost)
            self.accounts[account].positions[symbol] = held

    def _order(
        self, number: int, account: str, symbol: str, side: str, quantity: int, order_type: str, limit_price: int,
        strategy: str, tag: str, entered_at: int,
    ) -> None:  # fmt: skip
        order = Order(number, account, symbol, side, quantity, order_type, limit_price, strategy, tag, entered_at)
        self.orders[number] = order
        self.accounts[account].orders[number] = order
        self.last_order_number = max(self.last_order_number, number)

    def _report(self, number: int, counter_order_id: str, frozen_cash: int) -> None:
        order = self.orders[number]
        order.status, order.counter_order_id, order.frozen_cash = REPORTED, counter_order_id, frozen_cash
        self.by_counter_order_id[counter_order_id] = order
        self.resting.setdefault(order.symbol, {})[number] = order
        account = self.accounts[order.account]
        account.cash -= frozen_cash
        account.frozen_cash += frozen_cash
        if order.side == "SELL":
            held = account.positions[order.symbol]
            held.available_qty -= order.quantity
            held.frozen_qty += order.quantity

    def _reject(self, number: int, message: str) -> None:
        order = self.orders[number]
        order.status, order.message = REJECTED, message

    def _fill(
        self, number: int, fill_number: int, last_qty: int, last_price: int, commission: int, still_frozen: int,
        settled: bool, traded_at: int,
    ) -> None:  # fmt: skip
        order = self.orders[number]
        account = self.accounts[order.account]
        amount = last_qty * last_price
        order.filled_qty += last_qty
        order.filled_amount += amount
        order.commission += commission
        held = account.positions.setdefault(order.symbol, Position())
        if order.side == "BUY":
            account.cash += order.frozen_cash - still_frozen - amount - commission
            account.frozen_cash -= order.frozen_cash - still_frozen
            order.frozen_cash = still_frozen
            held.quantity += last_qty
            held.cost += amount + commission
            if settled:
                held.available_qty += last_qty
            else:
                held.unsettled_qty += last_qty
        else:
            account.cash += amount - commission
            account.sold_today += amount - commission
            held.cost -= held.cost * last_qty // held.quantity
            held.quantity -= last_qty
            held.frozen_qty -= last_qty
        order.status = FILLED if order.filled_qty == order.quantity else PARTIALLY_FILLED
        if order.status == FILLED:
            self.resting[order.symbol].pop(number, None)
        self.last_fill_number = max(self.last_fill_number, fill_number)
        account.fills.append(Fill(f"{fill_number:010d}", order, last_qty, last_price, commission, traded_at))

    def _cancel(self, number: int, message: str) -> None:
        order = self.orders[number]
        self._release(order)
        order.status = PARTIALLY_CANCELED if order.filled_qty else CANCELED
        order.message = message

    def _settle(self, trade_date: str) -> None:
        """Overnight: what was bought becomes available, and the finished day's orders leave the books."""
        self.trade_date = trade_date
        for account in self.accounts.values():
            account.sold_today = 0
            account.orders.clear()
            account.fills.clear()
            account.positions = {symbol: held for symbol, held in account.positions.items() if held.quantity}
            for held in account.positions.values():
                held.available_qty += held.unsettled_qty
                held.unsettled_qty = 0
                held.opening_qty = held.quantity
        self.orders.clear()
        self.by_counter_order_id.clear()
        self.resting.clear()
        self.tasks.clear()

    def _transfer(self, account: str, number: int, amount: int, at: str) -> None:
        self.accounts[account].cash += amount
        self.transfers.append(Transfer(account, number, amount, at))

    def _task(self, number: int, account: str, order: dict[str, Any], slice_seconds: int) -> None:
        self.tasks[number] = Task(number, account, order, slice_seconds)
        self.last_task_number = number

    def _task_slice(self, number: int, slices: int, child: int, message: str) -> None:
        task = self.tasks[number]
        task.slices, task.message = slices, message
        if child:
            task.children.append(child)

    def _task_end(self, number: int, status: str, ended_at: int) -> None:
        task = self.tasks[number]
        task.status, task.ended_at = status, ended_at

    def _forget(self, numbers: list[int]) -> None:
        """A counter that lost orders: they are in no list any more; what they had filled stays in the positions."""
        for number in numbers:
            order = self.orders.pop(number, None)
            if order is None:
                continue
            self._release(order)
            self.by_counter_order_id.pop(order.counter_order_id, None)
            account = self.accounts[order.account]
            account.orders.pop(number, None)
            account.fills = [fill for fill in account.fills if fill.order is not order]

    def _release(self, order: Order) -> None:
        self.resting.get(order.symbol, {}).pop(order.broker_order_id, None)
        account, leaves_qty = self.accounts[order.account], order.leaves_qty
        account.cash += order.frozen_cash
        account.frozen_cash -= order.frozen_cash
        order.frozen_cash = 0
        if order.side == "SELL" and order.counter_order_id and leaves_qty:
            held = account.positions[order.symbol]
            held.available_qty += leaves_qty
            held.frozen_qty -= leaves_qty
