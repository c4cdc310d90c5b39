"""The counter: takes orders and cancels, checks them as a broker's counter does, and matches them.

It decides and writes records; `books` alone changes state. Time is an argument; no socket, file or thread here, and
nothing that only xtquant calls so: its names are translated at the desk. Money and prices as in `market`.
"""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from filebridge.simulator.accounting import Accounting
from filebridge.simulator.accounts import (
    FINAL,
    PARTIALLY_FILLED_CANCELING,
    REPORTED_CANCELING,
    Fill,
    Order,
    Position,
)
from filebridge.simulator.books import Books, Record
from filebridge.simulator.debts import CreditTerms
from filebridge.simulator.exchange_clock import SHANGHAI
from filebridge.simulator.fees import Fees
from filebridge.simulator.instruments import Board, Instrument
from filebridge.simulator.lending import SPECIAL
from filebridge.simulator.market import Market, Offer
from filebridge.simulator.matching import ORDER_TYPES, Execution
from filebridge.simulator.prices import Quote
from filebridge.simulator.refusals import ACCOUNT_REFUSALS

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
} | ACCOUNT_REFUSALS


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
    # What the order does, where that is not an ordinary buy or sell: a name of `effects`.
    business: str = ""


class Counter:
    """`on_order(order, status)` and `on_fill(fill)` are called at each step; `records` collects what must be stored."""

    def __init__(
        self,
        market: Market,
        books: Books,
        *,
        fees: Fees,
        terms: CreditTerms | None = None,
        on_order: Callable[[Order, int], None],
        on_fill: Callable[[Fill], None],
    ) -> None:
        self.market = market
        self.books = books
        self.accounting = Accounting(market, books, fees, terms or CreditTerms())
        self.records: list[Record] = []
        self.forced_rejections: deque[str] = deque()
        self._on_order = on_order
        self._on_fill = on_fill

    def place(self, ticket: Ticket, number: int, now: int) -> Order:
        """Books the order under `number` (the caller's, never used before) and fills what the market gives at once."""
        instrument = self.market.instrument(ticket.symbol)
        quote = self.market.quote(instrument) if instrument else None
        ticket = _on_board(ticket, instrument)
        limit_price = self._limit_price(ticket, instrument)
        terms = [*ticket[:5], limit_price or 0, ticket.strategy, ticket.tag, now]
        self._record(["order", number, *terms, ticket.business] if ticket.business else ["order", number, *terms])
        order = self.books.orders[number]
        self._on_order(order, order.status)
        message, report = self._report(order, instrument, quote, limit_price)
        if message or instrument is None or quote is None or report is None:
            self._record(["reject", number, message])
            self._on_order(order, order.status)
            return order
        self._record(report)
        if order.side:
            self._enter(order, instrument, now)
        elif self.accounting.done_at_once(order):
            self._fill(order, instrument, order.quantity, self.accounting.price_at_once(order, instrument), now)
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

    def settle(self, trade_date: str, now: int = 0) -> None:
        """The night before `trade_date`: options are exercised, resting orders end, and the accounts are settled."""
        for order in self.accounting.exercises():
            instrument = self.market.instrument(order.symbol)
            if instrument is not None:
                self._fill(order, instrument, order.quantity, self.accounting.strike(instrument), now)
                self._on_order(order, order.status)
        for order in [order for order in self.books.orders.values() if order.status not in FINAL]:
            self._record(["cancel", order.broker_order_id, "日终清算撤单"])
            self._on_order(order, order.status)
        for record in self.accounting.overnight(trade_date):
            self._record(record)
        self._record(["settle", trade_date])

    def forget(self, numbers: list[int]) -> None:
        self._record(["forget", numbers])

    def enter(self, record: Record) -> None:
        """A record of something beside orders: a transfer of cash, an algorithm's task."""
        self._record(record)

    def _record(self, record: Record) -> None:
        self.records.append(record)
        self.books.apply(record)

    def _report(
        self, order: Order, instrument: Instrument | None, quote: Quote | None, limit_price: int | None
    ) -> tuple[str, Record | None]:
        """Why the order is rejected, in words; or the record that says what it holds back."""
        if self.forced_rejections:
            return self.forced_rejections.popleft(), None
        if instrument is None or quote is None:
            return REJECTIONS["SYMBOL_UNKNOWN"], None
        board = instrument.board
        reason = self.market.entry_problem(instrument, order.order_type) or _quantity_problem(
            order, board, self.books.accounts[order.account].positions.get(order.symbol) or Position()
        )
        if order.side and not reason:
            reason = _price_problem(order, limit_price, board, quote)
        report = None
        if not reason:
            reason, report = self.accounting.report(order, instrument, f"{order.broker_order_id:08d}")
        return REJECTIONS[reason].format(step=board.buy_step) if reason else "", report

    def _enter(self, order: Order, instrument: Instrument, now: int) -> None:
        """A new order meets the market; what of it does not rest is canceled."""
        remainder = ORDER_TYPES[order.order_type].remainder
        if order.order_type != "OWN_BEST" and not (remainder == "KILL" and self._available(order) < order.quantity):
            self._match(order, instrument, now)
        if remainder != "REST" and order.status not in FINAL:
            self._record(["cancel", order.broker_order_id, "剩余撤销"])

    def _match(self, order: Order, instrument: Instrument, now: int) -> bool:
        """Whether the order traded with what the market offers at this moment."""
        if order.order_type == "AFTER_HOURS" and not self.market.is_after_hours(instrument):
            return False
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
        for record in self.accounting.trade(order, instrument, last_qty, last_price, now):
            self._record(record)
        self._on_fill(self.books.accounts[order.account].fills[-1])

    def _limit_price(self, ticket: Ticket, instrument: Instrument | None) -> int | None:
        """The sender's limit; of a market type, the price that the market and a protective price let it reach."""
        if ticket.order_type in ("LIMIT", "AFTER_HOURS") or instrument is None or ticket.price is None:
            return ticket.price
        given = max(0, ticket.price)
        return self.market.market_price(instrument, ticket.order_type, ticket.side, ticket.quantity, given)


def _on_board(ticket: Ticket, instrument: Instrument | None) -> Ticket:
    """The ticket with its business: a sell of a reverse repo lends, a buy of a new share's code subscribes."""
    board = instrument.board.board if instrument else ""
    special = SPECIAL.get((board, ticket.business or ticket.side))
    return ticket._replace(side=special.side, business=special.name) if special else ticket


def _offer(order: Order) -> Offer:
    return Offer(order.side, order.limit_price, order.leaves_qty)


def _quantity_problem(order: Order, board: Board, held: Position) -> str:
    quantity = order.quantity
    if quantity <= 0:
        return "QUANTITY_NOT_POSITIVE"
    if not order.side:
        return ""
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
