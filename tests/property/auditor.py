"""An auditor of the paper books: counts every fill by itself and compares with what the accounts say.

It sees fills, settlements and the first day's holdings only, never the records that changed the books, so a wrong
record cannot hide from it. Money is int, in thousandths of a yuan, and every comparison is exact.
"""

from collections import defaultdict
from datetime import date
from fractions import Fraction

from filebridge.simulator.accounts import FINAL, FINANCED, Account, Fill
from filebridge.simulator.books import Books
from filebridge.simulator.effects import COVERED, FUTURE, LONG, LONG_TODAY, PLEDGED, SHORT, SHORT_TODAY
from filebridge.simulator.market import Market
from filebridge.simulator.options import terms_of

FEN = 10
FACE = 100_000
LENDS, EXERCISES = ("LEND",), ("CALL_EXERCISE", "PUT_EXERCISE")
# Trades that move no money, or none beyond what is owed.
MOVES_NO_CASH = ("LOCK", "UNLOCK", "DIRECT_RETURN", "DIRECT_RETURN_SPECIAL", "DIRECT_REPAY", "DIRECT_REPAY_SPECIAL")
RETURNS_SHARES = ("DIRECT_RETURN", "DIRECT_RETURN_SPECIAL")
FIN_RATE, SLO_RATE = Fraction(65, 1000), Fraction(835, 10_000)


def to_fen(amount: Fraction) -> int:
    return int(amount / FEN + Fraction(1, 2)) * FEN


class Auditor:
    def __init__(self, books: Books, market: Market) -> None:
        self.books, self.market = books, market
        self.money = {name: account.cash for name, account in books.accounts.items()}
        self.fees: defaultdict[str, int] = defaultdict(int)
        self.accrued: defaultdict[str, int] = defaultdict(int)
        self.shares: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.loans: list[tuple[str, date, int, int, int]] = []
        self.sellable: dict[tuple[str, str], int] = {}
        for name, account in books.accounts.items():
            for symbol, held in account.positions.items():
                self.shares[name, symbol] = held.quantity
        self._new_day()

    def filled(self, fill: Fill) -> None:
        """Counts one fill: what it cost, what it brought, and whether its shares could be sold today at all."""
        order, account = fill.order, fill.order.account
        instrument = self.market.instrument(order.symbol)
        assert instrument is not None
        self.fees[account] += fill.commission
        if order.business in LENDS:
            lent_on = date.fromisoformat(self.books.trade_date)
            days = int(instrument.name[-3:])
            self.loans.append((account, lent_on, days, fill.last_qty * FACE, fill.last_price))
            return
        if order.business in EXERCISES:
            self._exercised(fill)
            return
        bought = 1 if order.side == "BUY" else -1
        if order.business not in MOVES_NO_CASH:
            worth = instrument.board.amount(fill.last_price, fill.last_qty)
            assert fill.amount == worth
            self.money[account] -= bought * worth
            self.shares[account, order.symbol] += bought * fill.last_qty
        if order.business == "UNLOCK":
            self.sellable[account, order.symbol] += fill.last_qty
        leaves = order.side == "SELL" or order.business in RETURNS_SHARES or order.business == "LOCK"
        is_short = order.business.startswith("SHORT_SELL")
        if leaves and not is_short and instrument.board.settle_days:
            self.sellable[account, order.symbol] -= fill.last_qty
            assert self.sellable[account, order.symbol] >= 0, "T+1 is broken"

    def before_night(self, tomorrow: str) -> None:
        """Counts what the night must bring; called before the counter settles."""
        today = self.books.trade_date
        days = (date.fromisoformat(tomorrow) - date.fromisoformat(today)).days
        for name, account in self.books.accounts.items():
            for debt in account.compacts.values():
                owed = debt.principal if debt.kind == FINANCED else debt.quantity * self._last(debt.symbol)
                yearly = FIN_RATE if debt.kind == FINANCED else SLO_RATE
                self.accrued[name] += to_fen(owed * yearly * days / 360)
            self._expire(name, account, today, tomorrow)
        for loan in list(self.loans):
            account_name, lent_on, term, principal, rate = loan
            lent_days = (date.fromisoformat(tomorrow) - lent_on).days
            if lent_days >= term:
                self.money[account_name] += to_fen(principal * Fraction(rate, 100_000) * lent_days / 365)
                self.loans.remove(loan)

    def after_night(self) -> None:
        self._new_day()
        for account in self.books.accounts.values():
            if account.account_type == FUTURE:
                for leg in (LONG, SHORT):
                    for symbol, held in account.legs[leg].items():
                        assert held.cost == self._amount(symbol, held.quantity), "not marked to the market"

    def check(self) -> None:
        for account in self.books.accounts.values():
            self._check_money(account)
            self._check_shares(account)
            self._check_frozen(account)

    def _check_money(self, account: Account) -> None:
        held = account.cash + account.frozen_cash + account.proceeds + account.frozen_proceeds + account.lent
        held += account.margin - sum(debt.principal for debt in account.compacts.values())
        if account.account_type == FUTURE:
            # What was marked to the market is in cash already, and in the cost of the positions.
            for sign, legs in ((-1, (LONG, LONG_TODAY)), (1, (SHORT, SHORT_TODAY))):
                held += sign * sum(each.cost for leg in legs for each in account.legs[leg].values())
        unpaid = sum(debt.interest for debt in account.compacts.values())
        paid = self.accrued[account.account] - unpaid
        assert held == self.money[account.account] - self.fees[account.account] - paid, account.account
        if account.account_type not in (FUTURE, 6):
            assert account.cash >= 0
        used_fin = sum(debt.principal for debt in account.compacts.values())
        assert account.fin_quota + account.frozen_fin_quota + used_fin == account.fin_quota_max
        assert min(account.frozen_cash, account.proceeds, account.frozen_proceeds, account.fin_quota) >= 0

    def _check_shares(self, account: Account) -> None:
        net: defaultdict[str, int] = defaultdict(int)
        pledged: defaultdict[str, int] = defaultdict(int)
        for leg, positions in account.legs.items():
            for symbol, held in positions.items():
                assert held.quantity == held.available_qty + held.frozen_qty + held.unsettled_qty
                parts = (held.available_qty, held.frozen_qty, held.unsettled_qty, held.margin)
                assert min(parts) >= 0, (leg, symbol, held)
                net[symbol] += -held.quantity if leg in (SHORT, SHORT_TODAY, COVERED) else held.quantity
                instrument = self.market.instrument(symbol)
                terms = terms_of(instrument) if instrument else None
                if leg == COVERED and terms:
                    pledged[terms.underlying] += held.quantity * terms.units
        for debt in account.compacts.values():
            assert min(debt.principal, debt.quantity, debt.interest) >= 0
            net[debt.symbol] -= debt.quantity
        for symbol in {*net, *(symbol for name, symbol in self.shares if name == account.account)}:
            assert net[symbol] == self.shares[account.account, symbol], (account.account, symbol)
        assert {s: held.quantity for s, held in account.legs[PLEDGED].items() if held.quantity} == {
            symbol: quantity for symbol, quantity in pledged.items() if quantity
        }

    def _check_frozen(self, account: Account) -> None:
        frozen: defaultdict[tuple[str, str], int] = defaultdict(int)
        for order in account.orders.values():
            if order.status in FINAL:
                assert not order.frozen_cash
                assert not order.frozen
                continue
            frozen["cash", ""] += order.frozen_cash
            if order.frozen is None and order.side == "SELL":
                frozen[LONG, order.symbol] += order.leaves_qty
            for where, amount in (order.frozen or {}).items():
                assert amount > 0
                frozen[where] += amount
        for resource in ("cash", "proceeds", "fin_quota", "slo_quota"):
            assert getattr(account, f"frozen_{resource}") == frozen[resource, ""]
        for leg, positions in account.legs.items():
            for symbol, held in positions.items():
                assert held.frozen_qty == frozen[leg, symbol]

    def _exercised(self, fill: Fill) -> None:
        instrument = self.market.instrument(fill.order.symbol)
        terms = terms_of(instrument) if instrument else None
        assert terms is not None
        account, shares = fill.order.account, fill.last_qty * terms.units
        sign = 1 if terms.is_call else -1
        self.money[account] -= sign * shares * terms.strike
        self.shares[account, terms.underlying] += sign * shares
        self.shares[account, fill.order.symbol] -= fill.last_qty

    def _expire(self, name: str, account: Account, today: str, tomorrow: str) -> None:
        for leg in (LONG, SHORT, COVERED):
            for symbol, held in account.legs[leg].items():
                instrument = self.market.instrument(symbol)
                terms = terms_of(instrument) if instrument else None
                if terms is None or terms.expiry(today) >= tomorrow:
                    continue
                shares, price = held.quantity * terms.units, self._last(terms.underlying)
                # What will be exercised is counted when it is.
                lapses = held.quantity - sum(
                    order.quantity
                    for order in account.orders.values()
                    if order.symbol == symbol and order.business in EXERCISES and order.status not in FINAL
                )
                self.shares[name, symbol] -= lapses if leg == LONG else -held.quantity
                in_the_money = max(0, price - terms.strike if terms.is_call else terms.strike - price)
                if leg == SHORT:
                    self.money[name] -= shares * in_the_money
                elif leg == COVERED and in_the_money:
                    self.money[name] += shares * terms.strike
                    self.shares[name, terms.underlying] -= shares

    def _new_day(self) -> None:
        self.sellable = defaultdict(int)
        for name, account in self.books.accounts.items():
            for symbol, held in account.positions.items():
                self.sellable[name, symbol] = held.quantity

    def _last(self, symbol: str) -> int:
        instrument = self.market.instrument(symbol)
        assert instrument is not None
        return self.market.quote(instrument).last

    def _amount(self, symbol: str, quantity: int) -> int:
        instrument = self.market.instrument(symbol)
        assert instrument is not None
        return instrument.board.amount(self._last(symbol), quantity)
