"""The accounts' side of an order: what it may do, what it holds back, what its trades move, what the night brings.

The counter asks; the answers are records, and only `books` changes anything by them. Ordinary buys and sells are worked
out here, in few steps because most orders are such; every other business has its row in the tables below.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from filebridge.simulator import credit, debts, lending, margin, options
from filebridge.simulator.accounts import Account, Order, Position
from filebridge.simulator.books import Books, Record
from filebridge.simulator.debts import CreditTerms
from filebridge.simulator.effects import BY_NAME, CREDIT, FUTURE, STOCK_OPTION
from filebridge.simulator.fees import Fees
from filebridge.simulator.instruments import STOCK_BOARDS, Board, Instrument
from filebridge.simulator.market import Market
from filebridge.simulator.money import THOUSANDTHS
from filebridge.simulator.postings import Case, Holding, Posting, working

FUNDS = frozenset({"FUND", "FUND_T0"})
DERIVATIVES = frozenset({"OPTION", *margin.MARGIN_PPM})
SPOT_BOARDS = STOCK_BOARDS | FUNDS | {"CONVERTIBLE"}
PLAIN = frozenset({"BUY", "SELL"})


@dataclass(frozen=True, slots=True)
class Money:
    """How the money of one kind of business moves, and on which boards there is such business."""

    boards: frozenset[str]
    hold: Callable[[Case], Holding]
    post: Callable[[Case, int, int], Posting]


_OPTIONS = frozenset({"OPTION"})
MONEY: dict[str, Money] = {
    # Which securities may be borrowed for is a matter of the terms; a repayment of cash names any one.
    **{name: Money(SPOT_BOARDS, *functions) for name, functions in credit.BUSINESSES.items()},
    "MARGIN": Money(frozenset(margin.MARGIN_PPM), margin.hold, margin.post),
    "PREMIUM": Money(_OPTIONS, options.hold, options.post),
    "EXERCISE": Money(_OPTIONS, options.hold_exercise, options.post_exercise),
    "LOCK": Money(FUNDS, options.hold_lock, options.post_lock),
    "LEND": Money(frozenset({"REPO"}), lending.hold, lending.post),
    "SUBSCRIBE": Money(frozenset({"IPO"}), lending.hold_subscription, lending.post),
}
# These are carried out overnight, or come to nothing then; all others that never meet the market are done at once.
OVERNIGHT = frozenset({"EXERCISE", "SUBSCRIBE"})


class Accounting:
    def __init__(self, market: Market, books: Books, fees: Fees, terms: CreditTerms) -> None:
        self.fees = fees
        self.terms = terms
        self._market = market
        self._books = books

    def report(self, order: Order, instrument: Instrument, counter_order_id: str) -> tuple[str, Record | None]:
        """The record of a new order with what it holds back; or the reason why the account cannot bear it."""
        account, board, number = self._books.accounts[order.account], instrument.board, order.broker_order_id
        # A user's instruments.csv may give a share a finer tick or a multiplier; its money would not be counted right.
        if (board.price_unit != THOUSANDTHS or board.multiplier != 1) and board.board not in DERIVATIVES:
            return "SYMBOL_NOT_FOR_BUSINESS", None
        if order.business not in PLAIN:
            money = MONEY[BY_NAME[order.business].money]
            if board.board not in money.boards:
                return "SYMBOL_NOT_FOR_BUSINESS", None
            holding = money.hold(self._case(order, instrument))
            held = [hold for hold in holding.holds if hold[2]]
            return holding.reason, ["hold", number, counter_order_id, held]
        if board.board not in SPOT_BOARDS:
            return "SYMBOL_NOT_FOR_BUSINESS", None
        if order.side == "SELL":
            available_qty = (account.positions.get(order.symbol) or Position()).available_qty
            short = order.quantity > available_qty
            return "POSITION_SHORT" if short else "", ["report", number, counter_order_id, 0]
        cash = self._to_freeze(order, 0, order.quantity, board)
        return "CASH_SHORT" if cash > account.cash else "", ["report", number, counter_order_id, cash]

    def trade(self, order: Order, instrument: Instrument, last_qty: int, last_price: int, now: int) -> list[Record]:
        """The records of one trade."""
        number, fill_number = order.broker_order_id, self._books.last_fill_number + 1
        if order.business in PLAIN:
            board = instrument.board
            filled_amount = order.filled_amount + last_qty * last_price
            fees = self.fees.total(filled_amount, order.side, board)
            frozen = self._to_freeze(order, filled_amount, order.leaves_qty - last_qty, board)
            still_frozen = frozen - fees if frozen else 0
            settled = order.side == "SELL" or board.settle_days == 0
            commission = fees - order.commission
            return [["fill", number, fill_number, last_qty, last_price, commission, still_frozen, settled, now]]
        posting = MONEY[BY_NAME[order.business].money].post(self._case(order, instrument), last_qty, last_price)
        takes, changes = ([part for part in parts if part[-1]] for parts in (posting.takes, posting.changes))
        worth = [last_qty, last_price, posting.amount, posting.commission]
        return [*posting.before, ["trade", number, fill_number, *worth, takes, changes, now]]

    def done_at_once(self, order: Order) -> bool:
        """Whether the order is carried out without meeting the market."""
        return not order.side and BY_NAME[order.business].money not in OVERNIGHT

    def price_at_once(self, order: Order, instrument: Instrument) -> int:
        """The price of a trade outside the market; a repayment of cash carries its amount there."""
        if BY_NAME[order.business].money == "DIRECT_REPAY":
            return order.limit_price
        return self._market.quote(instrument).last

    def exercises(self) -> list[Order]:
        """Working orders that the night carries out."""
        return working(self._books, "CALL_EXERCISE", "PUT_EXERCISE")

    @staticmethod
    def strike(instrument: Instrument) -> int:
        """The price of an exercise, in the option's price units."""
        terms = options.terms_of(instrument)
        return terms.strike * instrument.board.price_unit // THOUSANDTHS if terms else 0

    def overnight(self, trade_date: str) -> Iterator[Record]:
        """What the night before `trade_date` brings; each record is applied before the next is asked for."""
        today = self._books.trade_date
        for account in self._books.accounts.values():
            for reason, all_changes in self._night(account, today, trade_date):
                changes = [change for change in all_changes if change[-1]]
                if changes:
                    yield ["adjust", account.account, reason, changes]

    def _night(self, account: Account, today: str, tomorrow: str) -> Iterator[tuple[str, list[list[object]]]]:
        for loan_id, loan in account.loans.items():
            lent_days = (date.fromisoformat(tomorrow) - date.fromisoformat(loan.lent_on)).days
            if lent_days >= loan.days:
                yield "loan returned", lending.returned(loan_id, loan, lent_days)
        if account.account_type == CREDIT:
            yield "interest", debts.overnight(account, self._market, self.terms, today, tomorrow)
        elif account.account_type == FUTURE:
            for changes in margin.overnight(account, self._market):
                yield "marked to market", changes
        elif account.account_type == STOCK_OPTION:
            for changes in options.overnight(account, self._market, today, tomorrow):
                yield "options", changes

    def _to_freeze(self, order: Order, filled_amount: int, leaves_qty: int, board: Board) -> int:
        """Cash that a buy order keeps frozen for its leaves: their price and all fees not paid yet."""
        if order.side == "SELL" or not leaves_qty:
            return 0
        leaves_amount = leaves_qty * order.limit_price
        return leaves_amount + self.fees.total(filled_amount + leaves_amount, "BUY", board)

    def _case(self, order: Order, instrument: Instrument) -> Case:
        account, quote = self._books.accounts[order.account], self._market.quote(instrument)
        business = BY_NAME[order.business]
        return Case(order, business, account, instrument, quote, self._books, self._market, self.fees, self.terms)
