"""The counter: takes orders and cancels, checks them as a broker's counter does, and matches them.

It decides and writes records; `books` alone changes state. Time is an argument; no socket, file or thread here, and
nothing that only xtquant calls so: its names are translated at the desk. Money and prices as in `market`.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from filebridge.simulator.books import (
    FINAL,
    PARTIALLY_FILLED_CANCELING,
    REPORTED_CANCELING,
    Account,
    Books,
    Fill,
    Order,
    Position,
    Record,
)
from filebridge.simulator.exchange_clock import SHANGHAI
from filebridge.simulator.instruments import Board, Instrument
from filebridge.simulator.market import Market, Offer
from filebridge.simulator.matching import ORDER_TYPES, Execution
from filebridge.simulator.prices import Quote

MILLION = 1_000_000
FEN = 10  # one fen in thousandths of a yuan

# The texts are those that counters of brokers show; the numbers are this counter's own.
REJECTIONS: dict[str, str] = {
    "SYMBOL_UNKNOWN": "[251010]证券代码不存在",
    "MARKET_CLOSED": "[251060]当前时间不允许委托",
    "CANCEL_NOT_NOW": "[251053]当前时间不允许撤单",
    "ORDER_TYPE_UNSUPPORTED": "[251020]该市场不支持此报价类型",
    "ORDER_TYPE_NOT_NOW": "[251021]当前时段不支持市价委托",
    "NOBODY_THERE": "[251022]市价委托无对手方或本方报价",
    "QUANTITY_NOT_POSITIVE": "[251030]委托数量必须大于0",
    "QUANTITY_BELOW_MINIMUM": "[251031]委托数量低于最小申报数量",
    "QUANTITY_NOT_IN_LOTS": "[251032]委托数量必须是{step}的整数倍",
    "QUANTITY_ABOVE_MAXIMUM": "[251033]委托数量超过单笔最大申报数量",
    "PRICE_INVALID": "[251040]委托价格不合法",
    "PRICE_NOT_ON_TICK": "[251041]委托价格不是最小变动价位的整数倍",
    "PRICE_OUTSIDE_LIMITS": "[251042]价格超出涨跌停",
    "CASH_SHORT": "[260200]资金可用数不足",
    "POSITION_SHORT": "[251005]证券可用数量不足",
}
NO_DUTY_BOARDS = frozenset({"FUND", "FUND_T0", "CONVERTIBLE"})


@dataclass(frozen=True, slots=True)
class Fees:
    """Rates in millionths of the amount; the minimum (thousandths of a yuan) is per order, not per fill."""

    commission_ppm: int = 250
    commission_min: int = 5_000
    stamp_duty_ppm: int = 500

    def total(self, amount: int, side: str, board: Board) -> int:
        """All fees on an order that has traded `amount`, each rounded half up to the fen."""
        if not amount:
            return 0
        fees = max(self.commission_min, _to_fen(amount * self.commission_ppm))
        if side == "SELL" and board.board not in NO_DUTY_BOARDS:
            fees += _to_fen(amount * self.stamp_duty_ppm)
        return fees


class Ticket(NamedTuple):
    """An order as it reaches the counter; price is None where the sender's number is none (NaN, finer than a tick)."""

    account: str
    symbol: str
    side: str
    quantity: int
    order_type: str
    price: int | None
    strategy: str
    tag: str


class Counter:
    """`on_order(order, status)` and `on_fill(fill)` are called at each step; `records` collects what must be stored."""

    def __init__(
        self,
        market: Market,
        books: Books,
        *,
        fees: Fees,
        on_order: Callable[[Order, int], None],
        on_fill: Callable[[Fill], None],
    ) -> None:
        self.market = market
        self.books = books
        self.fees = fees
        self.records: list[Record] = []
        self.forced_rejections: deque[str] = deque()
        self._on_order = on_order
        self._on_fill = on_fill

    def place(self, ticket: Ticket, number: int, now: int) -> Order:
        """Books the order under `number` (the caller's, never used before) and fills what the market gives at once."""
        instrument = self.market.instrument(ticket.symbol)
        quote = self.market.quote(instrument) if instrument else None
        limit_price = self._limit_price(ticket, instrument)
        self._record(["order", number, *ticket[:5], limit_price or 0, ticket.strategy, ticket.tag, now])
        order = self.books.orders[number]
        self._on_order(order, order.status)
        message = self._rejection(order, instrument, quote, limit_price)
        if message or instrument is None or quote is None:
            self._record(["reject", number, message])
            self._on_order(order, order.status)
            return order
        frozen_cash = self._to_freeze(order, 0, order.quantity, instrument.board)
        self._record(["report", number, f"{number:08d}", frozen_cash])
        remainder = ORDER_TYPES[order.order_type].remainder
        if order.order_type != "OWN_BEST" and not (remainder == "KILL" and self._available(order) < order.quantity):
            self._match(order, instrument, now)
        if remainder != "REST" and order.status not in FINAL:
            self._record(["cancel", number, "剩余撤销"])
        # The report (50) is only shown of an order that rests; a state that is over already may be skipped.
        self._on_order(order, order.status)
        return order

    def cancel(self, order: Order | None, account: str) -> str:
        """Cancels a working order; the reason, in words, if it does not."""
        if order is None or order.account != account:
            return "[251050]委托不存在"
        if order.status in FINAL:
            return "[251051]委托已完成，不能撤单"
        instrument = self.market.instrument(order.symbol)
        if instrument and self.market.cancel_problem(instrument):
            return REJECTIONS[self.market.cancel_problem(instrument)]
        self._on_order(order, PARTIALLY_FILLED_CANCELING if order.filled_qty else REPORTED_CANCELING)
        self._record(["cancel", order.broker_order_id, ""])
        self._on_order(order, order.status)
        return ""

    def advance(self, now: datetime) -> None:
        """The market goes on to `now`: auctions that ended are matched, and resting orders meet the new prices."""
        ended, moved = self.market.advance(now, [symbol for symbol, orders in self.books.resting.items() if orders])
        for symbol in ended:
            self._uncross(symbol, int(now.timestamp()))
        self.requote(moved, int(now.timestamp()))

    def recall(self) -> None:
        """After a restart: what today's fills took from a depth that still stands is not there once more."""
        for account in self.books.accounts.values():
            for fill in account.fills:
                at = datetime.fromtimestamp(fill.traded_at, SHANGHAI)
                taken = Execution(fill.last_qty, fill.last_price)
                self.market.recall(fill.order.symbol, _offer(fill.order).side, taken, at)

    def requote(self, symbols: Iterable[str], now: int) -> None:
        """A new quote of each symbol has come: resting orders meet it once, in the order in which they came."""
        for symbol in symbols:
            instrument = self.market.instrument(symbol)
            for order in list(self.books.resting.get(symbol, {}).values()) if instrument else []:
                if instrument and self._match(order, instrument, now):
                    self._on_order(order, order.status)

    def settle(self, trade_date: str) -> None:
        """The night before `trade_date`: resting orders end, what was bought becomes available."""
        for orders in list(self.books.resting.values()):
            for order in list(orders.values()):
                self._record(["cancel", order.broker_order_id, "日终清算撤单"])
                self._on_order(order, order.status)
        self._record(["settle", trade_date])

    def forget(self, numbers: list[int]) -> None:
        self._record(["forget", numbers])

    def enter(self, record: Record) -> None:
        """A record of something beside orders: a transfer of cash, an algorithm's task."""
        self._record(record)

    def _record(self, record: Record) -> None:
        self.records.append(record)
        self.books.apply(record)

    def _rejection(
        self, order: Order, instrument: Instrument | None, quote: Quote | None, limit_price: int | None
    ) -> str:
        if self.forced_rejections:
            return self.forced_rejections.popleft()
        if instrument is None or quote is None:
            return REJECTIONS["SYMBOL_UNKNOWN"]
        board = instrument.board
        account = self.books.accounts[order.account]
        held = account.positions.get(order.symbol) or Position()
        reason = (
            self.market.entry_problem(instrument, order.order_type)
            or _quantity_problem(order, board, held)
            or _price_problem(order, limit_price, board, quote)
            or self._holding_problem(order, board, account, held)
        )
        return REJECTIONS[reason].format(step=board.buy_step) if reason else ""

    def _holding_problem(self, order: Order, board: Board, account: Account, held: Position) -> str:
        if order.side == "SELL":
            return "POSITION_SHORT" if order.quantity > held.available_qty else ""
        return "CASH_SHORT" if self._to_freeze(order, 0, order.quantity, board) > account.cash else ""

    def _to_freeze(self, order: Order, filled_amount: int, leaves_qty: int, board: Board) -> int:
        """Cash that a buy order keeps frozen for its leaves: their price and all fees not paid yet."""
        if order.side == "SELL" or not leaves_qty:
            return 0
        leaves_amount = leaves_qty * order.limit_price
        return leaves_amount + self.fees.total(filled_amount + leaves_amount, "BUY", board)

    def _match(self, order: Order, instrument: Instrument, now: int) -> bool:
        """Whether the order traded with what the market offers at this moment."""
        executions = self.market.take(instrument, _offer(order))
        for last_qty, last_price in executions:
            self._fill(order, instrument, last_qty, last_price, now)
        return bool(executions)

    def _uncross(self, symbol: str, now: int) -> None:
        """The end of an auction: all that gathered trades at one price."""
        instrument = self.market.instrument(symbol)
        orders = list(self.books.resting.get(symbol, {}).values())
        if instrument is None:
            return
        executions = self.market.auction(instrument, [_offer(order) for order in orders])
        for order, (last_qty, last_price) in zip(orders, executions, strict=True):
            if last_qty:
                self._fill(order, instrument, last_qty, last_price, now)
                self._on_order(order, order.status)

    def _available(self, order: Order) -> int:
        instrument = self.market.instrument(order.symbol)
        return self.market.available(instrument, _offer(order)) if instrument else 0

    def _fill(self, order: Order, instrument: Instrument, last_qty: int, last_price: int, now: int) -> None:
        board = instrument.board
        filled_amount = order.filled_amount + last_qty * last_price
        commission = self.fees.total(filled_amount, order.side, board) - order.commission
        leaves_qty = order.leaves_qty - last_qty
        frozen = self._to_freeze(order, filled_amount, leaves_qty, board)
        still_frozen = frozen - order.commission - commission if frozen else 0
        settled = order.side == "SELL" or board.settle_days == 0
        number, fill_number = order.broker_order_id, self.books.last_fill_number + 1
        self._record(["fill", number, fill_number, last_qty, last_price, commission, still_frozen, settled, now])
        self._on_fill(self.books.accounts[order.account].fills[-1])

    def _limit_price(self, ticket: Ticket, instrument: Instrument | None) -> int | None:
        """The sender's limit; of a market type, the price that the market and a protective price let it reach."""
        if ticket.order_type == "LIMIT" or instrument is None or ticket.price is None:
            return ticket.price
        given = max(0, ticket.price)
        return self.market.market_price(instrument, ticket.order_type, ticket.side, ticket.quantity, given)


def _offer(order: Order) -> Offer:
    return Offer(order.side, order.limit_price, order.leaves_qty)


def _quantity_problem(order: Order, board: Board, held: Position) -> str:
    quantity = order.quantity
    if quantity <= 0:
        return "QUANTITY_NOT_POSITIVE"
    if quantity > (board.max_market_quantity if ORDER_TYPES[order.order_type].is_market else board.max_quantity):
        return "QUANTITY_ABOVE_MAXIMUM"
    if order.side == "SELL" and _sells_odd_lot(quantity, board, held.available_qty):
        return ""
    if quantity < board.buy_min:
        return "QUANTITY_BELOW_MINIMUM" if board.buy_step == 1 else "QUANTITY_NOT_IN_LOTS"
    return "QUANTITY_NOT_IN_LOTS" if quantity % board.buy_step else ""


def _sells_odd_lot(quantity: int, board: Board, available_qty: int) -> bool:
    """An odd remainder may be sold, but only the whole of it at once (with or without full lots)."""
    if board.buy_step == 1:
        return quantity == available_qty < board.buy_min
    return quantity <= available_qty and quantity % board.buy_step == available_qty % board.buy_step


def _price_problem(order: Order, limit_price: int | None, board: Board, quote: Quote) -> str:
    if limit_price is None or limit_price <= 0:
        return "NOBODY_THERE" if limit_price == 0 and ORDER_TYPES[order.order_type].is_market else "PRICE_INVALID"
    if limit_price % board.tick:
        return "PRICE_NOT_ON_TICK"
    return "" if quote.limit_down <= limit_price <= quote.limit_up else "PRICE_OUTSIDE_LIMITS"


def _to_fen(millionths: int) -> int:
    unit = MILLION * FEN
    return (2 * millionths + unit) // (2 * unit) * FEN
