"""The paper books balance to the fen, whatever is ordered, canceled, priced and settled, in every kind of account.

One driver turns plain numbers into steps; Hypothesis looks for numbers that break the books, and one long walk of
10,000 steps goes on where short examples end. The auditor does the counting.
"""

import json
from datetime import date, timedelta
from itertools import count
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from filebridge.simulator import options
from filebridge.simulator.accounts import CANCELED, FILLED, FINAL, Order
from filebridge.simulator.books import Books
from filebridge.simulator.counter import Counter, Ticket
from filebridge.simulator.effects import BUSINESSES, BY_NAME
from filebridge.simulator.fees import Fees
from filebridge.simulator.instruments import Instruments
from filebridge.simulator.market import Market
from tests.property.auditor import Auditor

CASH = 3_000_000_000
CASH_OF_FUTURES = 60_000_000_000
STOCKS = ("600000.SH", "688981.SH", "430047.BJ", "510300.SH", "513100.SH", "113050.SH")
LENT_AND_NEW = ("204001.SH", "204007.SH", "131810.SZ", "787981.SH")
FUTURES = ("IF2612.IF", "T2612.IF", "au2612.SF", "rb2701.SF")
OPTIONS = ("10005183.SHO", "10011255.SHO", "90006532.SZO", "90006533.SZO", "90006534.SZO")
UNDERLYING = ("510050.SH", "159915.SZ")
# account: (type, symbols that it orders, its first holdings)
ACCOUNTS = {
    "stock": (2, (*STOCKS, *LENT_AND_NEW), (("600000.SH", 5_050), ("113050.SH", 300), ("430047.BJ", 333))),
    "credit": (3, STOCKS, (("600000.SH", 200_000), ("510300.SH", 300_000))),
    "futures": (1, FUTURES, ()),
    "options": (6, (*OPTIONS, *UNDERLYING), (("510050.SH", 400_000), ("159915.SZ", 350_000))),
}
TURNS = ("stock", "credit", "futures", "futures", "options", "options")
INSTRUMENTS = Instruments()
ACTIONS = ("place",) * 28 + ("cancel",) * 5 + ("price",) * 10 + ("settle",) + ("forget",)
ORDER_TYPES = ("LIMIT",) * 5 + ("LATEST", "BEST5_CANCEL", "OWN_BEST")
LOTS = (1, 1, 1, 2, 3, 5, 10, 40, 777)
Numbers = tuple[int, int, int, int, int, int]


class Trader:
    """Does what the numbers say, and has the auditor look at every fill and every night."""

    def __init__(self) -> None:
        self.market = Market(instruments=INSTRUMENTS)
        self.books = Books()
        self.today = date(2026, 11, 20)
        accounts = [[name, kind, CASH_OF_FUTURES if kind == 1 else CASH] for name, (kind, _, _) in ACCOUNTS.items()]
        holdings = [[name, s, q, q, q * 1_000] for name, (_, _, held) in ACCOUNTS.items() for s, q in held]
        self.opening = ["open", self.today.isoformat(), accounts, holdings, {"credit": [CASH, CASH]}]
        self.books.apply(self.opening)
        self.auditor = Auditor(self.books, self.market)
        self.numbers = count(1)
        self.ended: set[tuple[str, int]] = set()
        self.counter = Counter(self.market, self.books, fees=Fees(), on_order=self._told, on_fill=self.auditor.filled)

    def step(self, numbers: Numbers) -> None:
        action = ACTIONS[numbers[0] % len(ACTIONS)]
        if action == "place":
            self._place(numbers)
        elif action == "cancel":
            working = [order for order in self.books.orders.values() if order.status not in FINAL]
            if working:
                order = working[numbers[1] % len(working)]
                assert self.counter.cancel(order, order.account) == ""
        elif action == "price":
            self._price(numbers)
        elif action == "forget" and self.books.orders:
            forgotten = list(self.books.orders)[numbers[1] % len(self.books.orders)]
            self.counter.forget([forgotten])
        elif action == "settle":
            self._settle(self._next_day(numbers))

    def _told(self, order: Order, status: int) -> None:
        self.ended.add((order.business, status))

    def _place(self, numbers: Numbers) -> None:
        _, at, which, symbol_at, lots, percent = numbers
        name = TURNS[at % len(TURNS)]
        kind, symbols, _ = ACCOUNTS[name]
        business = list(BUSINESSES[kind].values())[which % len(BUSINESSES[kind])]
        symbol = symbols[symbol_at % len(symbols)]
        if business.money in ("PREMIUM", "EXERCISE"):
            choice = self._exercisable(business.name) or list(OPTIONS)
            symbol = choice[symbol_at % len(choice)]
        elif business.money == "LOCK":
            symbol = UNDERLYING[symbol_at % len(UNDERLYING)]
        instrument = self.market.instrument(symbol)
        assert instrument is not None
        board, quote = instrument.board, self.market.quote(instrument)
        limit = quote.last * (100 + percent % 9 - 4) // 100
        limit -= limit % board.tick
        quantity = LOTS[lots % len(LOTS)] * (board.buy_step if board.buy_step > 1 else max(1, board.buy_min))
        if business.money == "LOCK":
            quantity *= 100
        elif business.money in ("MARGIN", "PREMIUM", "EXERCISE"):
            quantity = LOTS[lots % (len(LOTS) - 2)]
        if lots % 7 == 0 and business.side == "SELL":
            quantity = self.books.accounts[name].held("LONG", symbol).available_qty
        if business.money == "DIRECT_REPAY":
            limit *= 1 + lots * 100
        order_type = ORDER_TYPES[(lots + percent) % len(ORDER_TYPES)] if name in ("stock", "credit") else "LIMIT"
        ordinary = business.name == business.side
        ticket = Ticket(
            name, symbol, business.side, quantity, order_type, limit, "", "", "" if ordinary else business.name
        )
        self.counter.place(ticket, next(self.numbers), 0)

    def _exercisable(self, name: str) -> list[str]:
        """Options that the account has bought and may exercise by this business today."""
        bought = [self.market.instrument(symbol) for symbol in self.books.accounts["options"].legs["LONG"]]
        terms = {each.symbol: options.terms_of(each) for each in bought if each}
        today = self.today.isoformat()
        due = {symbol: each for symbol, each in terms.items() if each and each.expiry(today) == today}
        return [symbol for symbol, each in due.items() if name == ("CALL_EXERCISE" if each.is_call else "PUT_EXERCISE")]

    def _price(self, numbers: Numbers) -> None:
        _, at, which, symbol_at, _, percent = numbers
        symbols = (*STOCKS, *LENT_AND_NEW[:2], *FUTURES, *OPTIONS, *UNDERLYING)
        symbol = symbols[(symbol_at + which) % len(symbols)]
        instrument = self.market.instrument(symbol)
        assert instrument is not None
        board, quote = instrument.board, self.market.quote(instrument)
        last = quote.last * (1_000 + percent % 61 - 30 + (at % 2)) // 1_000
        last = min(max(last - last % board.tick, board.tick, quote.limit_down), quote.limit_up)
        # Now and then somebody changes the close of the day before, and with it what margins are worked out from.
        self.market.set_price(symbol, last=last, prev_close=None if which % 8 else last)
        self.counter.requote([symbol], 0)

    def _next_day(self, numbers: Numbers) -> date:
        """Some days later; at times the next day on which options are exercised."""
        if numbers[2] % 3:
            return self.today + timedelta(days=1 + numbers[1] % 4)
        tomorrow = self.today + timedelta(days=1)
        terms = [options.terms_of(each) for each in map(self.market.instrument, OPTIONS) if each]
        return date.fromisoformat(min(each.expiry(tomorrow.isoformat()) for each in terms if each))

    def _settle(self, day: date) -> None:
        self.today = day
        self.auditor.before_night(self.today.isoformat())
        self.counter.settle(self.today.isoformat())
        self.auditor.after_night()
        for symbol in (*STOCKS, *FUTURES, *OPTIONS, *UNDERLYING):
            instrument = self.market.instrument(symbol)
            assert instrument is not None
            last = self.market.quote(instrument).last
            base = instrument.board.price_low
            # A walk that has gone far away begins again, so that the accounts keep trading.
            close = last if base // 3 < last < 5 * base else base
            self.market.set_price(symbol, last=last if close == last else base, prev_close=close)

    def replayed(self) -> Books:
        books = Books()
        for record in [self.opening, *self.counter.records]:
            books.apply(json.loads(json.dumps(record)))
        return books


NUMBER = st.integers(0, 10_000)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER), max_size=60))
def test_the_books_balance_after_every_step(steps: list[Numbers]) -> None:
    trader = Trader()
    for numbers in steps:
        trader.step(numbers)
        trader.auditor.check()
    assert trader.replayed().accounts == trader.books.accounts


def test_the_books_balance_after_ten_thousand_steps() -> None:
    random = Random(4)
    trader = Trader()
    for number in range(10_000):
        trader.step(tuple(random.randrange(10_001) for _ in range(6)))  # type: ignore[arg-type] # six of them
        if number % 10 == 0:
            trader.auditor.check()
    trader.auditor.check()
    assert trader.replayed().accounts == trader.books.accounts
    # No business was only ever rejected, or this test would say nothing about it.
    assert {name for name, status in trader.ended if status == FILLED} == set(BY_NAME) - {"SUBSCRIBE"}
    assert ("SUBSCRIBE", CANCELED) in trader.ended
