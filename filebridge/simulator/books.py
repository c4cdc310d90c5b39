"""The counter's books: accounts, positions, orders and fills of the trade date.

Books change by `apply(record)` only, and a record holds everything that it changes, so replaying the records of a
file gives the same books whatever the rules and fees are by then. No decision, no clock and no file here.
An ordinary buy or sell has short records (report, fill) whose numbers say all; everything else says what it holds
back, takes and adds (hold, trade, adjust), each a sum for a cell of the account.
"""

from collections.abc import Callable
from typing import Any

from filebridge.simulator.accounts import (
    CANCELED,
    FILLED,
    PARTIALLY_CANCELED,
    PARTIALLY_FILLED,
    REJECTED,
    REPORTED,
    Account,
    Compact,
    Fill,
    Loan,
    Order,
    Position,
)
from filebridge.simulator.effects import NEXT_DAY
from filebridge.simulator.entries import Task, Transfer

Record = list[Any]
# [resource, symbol, amount]: a leg and its symbol, or "cash", "proceeds", "fin_quota", "slo_quota" and "".
Hold = list[Any]
# [cell of the account, amount], or [leg | "compacts" | "loans", key, cell, amount]: what is added.
Change = list[Any]


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
        # What came from the ordinary counter, by account.
        self.moved: dict[str, int] = {}
        self.tasks: dict[int, Task] = {}
        self._apply: dict[str, Callable[..., None]] = {
            "open": self._open,
            "order": self._order,
            "report": self._report,
            "hold": self._hold,
            "reject": self._reject,
            "fill": self._fill,
            "trade": self._trade,
            "cancel": self._cancel,
            "compact": self._compact,
            "loan": self._loan,
            "adjust": self._adjust,
            "settle": self._settle,
            "forget": self._forget,
            "transfer": self._transfer,
            "move": self._move,
            "task": self._task,
            "task_slice": self._task_slice,
            "task_end": self._task_end,
        }

    def apply(self, record: Record) -> None:
        self._apply[record[0]](*record[1:])

    def _open(
        self, trade_date: str, accounts: list[list[Any]], holdings: list[list[Any]], quotas: dict[str, list[int]]
        | None = None,
    ) -> None:  # fmt: skip
        self.trade_date = trade_date
        for name, account_type, cash in accounts:
            account = self.accounts[name] = Account(name, account_type, cash)
            fin_quota, slo_quota = (quotas or {}).get(name, (0, 0))
            account.fin_quota = account.fin_quota_max = fin_quota
            account.slo_quota = account.slo_quota_max = slo_quota
        for name, symbol, quantity, available_qty, cost in holdings:
            held = Position(quantity, available_qty, 0, quantity - available_qty, quantity, cost)
            self.accounts[name].positions[symbol] = held

    # Orders

    def _order(
        self, number: int, account: str, symbol: str, side: str, quantity: int, order_type: str, limit_price: int,
        strategy: str, tag: str, entered_at: int, business: str = "",
    ) -> None:  # fmt: skip
        order = Order(
            number, account, symbol, side, quantity, order_type, limit_price, strategy, tag, entered_at,
            business or side,
        )  # fmt: skip
        self.orders[number] = order
        self.accounts[account].orders[number] = order
        self.last_order_number = max(self.last_order_number, number)

    def _report(self, number: int, counter_order_id: str, frozen_cash: int) -> None:
        """An ordinary buy freezes cash, an ordinary sell what it sells."""
        order = self._reported(number, counter_order_id)
        order.frozen_cash = frozen_cash
        account = self.accounts[order.account]
        account.cash -= frozen_cash
        account.frozen_cash += frozen_cash
        if order.side == "SELL":
            held = account.positions[order.symbol]
            held.available_qty -= order.quantity
            held.frozen_qty += order.quantity

    def _hold(self, number: int, counter_order_id: str, holds: list[Hold]) -> None:
        """Any other order: it freezes what the record says."""
        order = self._reported(number, counter_order_id)
        order.frozen = {}
        for resource, symbol, amount in holds:
            self._freeze(order, resource, symbol, amount)
            self._add(order, [resource, symbol, -amount])

    def _reported(self, number: int, counter_order_id: str) -> Order:
        order = self.orders[number]
        order.status, order.counter_order_id = REPORTED, counter_order_id
        self.by_counter_order_id[counter_order_id] = order
        if order.side:
            self.resting.setdefault(order.symbol, {})[number] = order
        return order

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
        if order.side == "BUY":
            account.cash += order.frozen_cash - still_frozen - amount - commission
            account.frozen_cash -= order.frozen_cash - still_frozen
            order.frozen_cash = still_frozen
            held = account.positions.get(order.symbol)
            if held is None:
                held = account.positions[order.symbol] = Position()
            held.quantity += last_qty
            held.cost += amount + commission
            if settled:
                held.available_qty += last_qty
            else:
                held.unsettled_qty += last_qty
        else:
            held = account.positions[order.symbol]
            account.cash += amount - commission
            account.sold_today += amount - commission
            held.cost -= held.cost * last_qty // held.quantity
            held.quantity -= last_qty
            held.frozen_qty -= last_qty
        self._filled(order, account, fill_number, last_qty, last_price, amount, commission, traded_at)

    def _trade(
        self, number: int, fill_number: int, last_qty: int, last_price: int, amount: int, commission: int,
        takes: list[Hold], changes: list[Change], traded_at: int,
    ) -> None:  # fmt: skip
        """A trade takes from what its order froze, and adds what the record says."""
        order = self.orders[number]
        account = self.accounts[order.account]
        for resource, symbol, taken in takes:
            self._freeze(order, resource, symbol, -taken)
        for change in changes:
            self._change(account, change)
        self._filled(order, account, fill_number, last_qty, last_price, amount, commission, traded_at)

    def _filled(
        self, order: Order, account: Account, fill_number: int, last_qty: int, last_price: int, amount: int,
        commission: int, traded_at: int,
    ) -> None:  # fmt: skip
        order.filled_qty += last_qty
        order.filled_amount += last_qty * last_price
        order.commission += commission
        if order.filled_qty == order.quantity:
            order.status = FILLED
            if order.side:
                self.resting[order.symbol].pop(order.broker_order_id, None)
            if order.frozen is not None:
                self._unfreeze(order)
        else:
            order.status = PARTIALLY_FILLED
        self.last_fill_number = max(self.last_fill_number, fill_number)
        account.fills.append(Fill(f"{fill_number:010d}", order, last_qty, last_price, amount, commission, traded_at))

    def _cancel(self, number: int, message: str) -> None:
        order = self.orders[number]
        self._release(order)
        order.status = PARTIALLY_CANCELED if order.filled_qty else CANCELED
        order.message = message

    def _transfer(self, account: str, number: int, amount: int, at: str) -> None:
        self.accounts[account].cash += amount
        self.transfers.append(Transfer(account, number, amount, at))

    def _move(self, account: str, amount: int) -> None:
        self.accounts[account].cash += amount
        self.moved[account] = self.moved.get(account, 0) + amount

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

    # Debts, and what happens overnight

    def _compact(self, account: str, compact_id: str, symbol: str, kind: int, special: bool) -> None:
        self.accounts[account].compacts[compact_id] = Compact(symbol, kind, self.trade_date, special)

    def _loan(self, account: str, loan_id: str, days: int, rate: int, symbol: str = "") -> None:
        self.accounts[account].loans[loan_id] = Loan(self.trade_date, days, rate, symbol=symbol)

    def _adjust(self, account: str, reason: str, changes: list[Change]) -> None:
        """What happens to an account without an order; `reason` is for whoever reads the file."""
        for change in changes:
            self._change(self.accounts[account], change)

    def _settle(self, trade_date: str) -> None:
        """Overnight: what was bought becomes available, today's positions become yesterday's, and the finished day's
        orders and the paid debts leave the books."""
        self.trade_date = trade_date
        for account in self.accounts.values():
            account.sold_today = 0
            account.orders.clear()
            account.fills.clear()
            account.compacts = {number: debt for number, debt in account.compacts.items() if debt.is_open}
            account.loans = {number: loan for number, loan in account.loans.items() if loan.principal}
            for today, history in NEXT_DAY.items():
                for symbol, held in account.legs[today].items():
                    _merge(account.legs[history].setdefault(symbol, Position()), held)
                account.legs[today].clear()
            for leg in account.legs.values():
                for symbol in [symbol for symbol, held in leg.items() if not held.quantity]:
                    del leg[symbol]
                for held in leg.values():
                    held.available_qty += held.unsettled_qty
                    held.unsettled_qty = 0
                    held.opening_qty = held.quantity
        self.orders.clear()
        self.by_counter_order_id.clear()
        self.resting.clear()
        self.tasks.clear()

    # Cells

    def _release(self, order: Order) -> None:
        self.resting.get(order.symbol, {}).pop(order.broker_order_id, None)
        if order.frozen is not None:
            self._unfreeze(order)
            return
        account, leaves_qty = self.accounts[order.account], order.leaves_qty
        account.cash += order.frozen_cash
        account.frozen_cash -= order.frozen_cash
        order.frozen_cash = 0
        if order.side == "SELL" and order.counter_order_id and leaves_qty:
            held = account.positions[order.symbol]
            held.available_qty += leaves_qty
            held.frozen_qty -= leaves_qty

    def _unfreeze(self, order: Order) -> None:
        """All that the order still holds back becomes available again."""
        left: list[Hold] = [[*where, amount] for where, amount in (order.frozen or {}).items()]
        if order.frozen_cash:
            left.append(["cash", "", order.frozen_cash])
        for resource, symbol, amount in left:
            self._freeze(order, resource, symbol, -amount)
            self._add(order, [resource, symbol, amount])

    def _freeze(self, order: Order, resource: str, symbol: str, amount: int) -> None:
        """Adds to what is frozen (a negative amount takes from it); the available side is `_add`'s."""
        account = self.accounts[order.account]
        if resource in account.legs:
            account.legs[resource][symbol].frozen_qty += amount
        else:
            cell = f"frozen_{resource}"
            setattr(account, cell, getattr(account, cell) + amount)
        if resource == "cash":
            order.frozen_cash += amount
            return
        assert order.frozen is not None
        order.frozen[resource, symbol] = order.frozen.get((resource, symbol), 0) + amount
        if not order.frozen[resource, symbol]:
            del order.frozen[resource, symbol]

    def _add(self, order: Order, hold: Hold) -> None:
        resource, symbol, amount = hold
        account = self.accounts[order.account]
        if resource in account.legs:
            self._change(account, [resource, symbol, "available_qty", amount])
        else:
            self._change(account, [resource, amount])

    @staticmethod
    def _change(account: Account, change: Change) -> None:
        where: Any = account
        if len(change) == 4:
            table, key = change[:2]
            if table in account.legs:
                where = account.legs[table].get(key)
                if where is None:
                    where = account.legs[table][key] = Position()
            else:
                where = getattr(account, table)[key]
        cell, amount = change[-2:]
        setattr(where, cell, getattr(where, cell) + amount)


def _merge(history: Position, today: Position) -> None:
    for cell in ("quantity", "available_qty", "frozen_qty", "unsettled_qty", "cost", "margin"):
        setattr(history, cell, getattr(history, cell) + getattr(today, cell))
