"""The credit account: what margin buying, short selling and repaying hold back, and what their trades move.

Debts are contracts (`Compact`), paid oldest first, interest before principal. The numbers of the rules, and what an
account is worth by them, are in `debts`. No clock and no file here.
"""

from collections.abc import Callable, Iterable

from filebridge.simulator.accounts import FINANCED, SOLD_SHORT, Compact
from filebridge.simulator.books import Books, Change, Hold, Record
from filebridge.simulator.debts import Subject, interest_paid, standing
from filebridge.simulator.fees import MILLION
from filebridge.simulator.postings import Case, Holding, Posting, bought, gone, refused, working


def lendable(books: Books, symbol: str, subject: Subject) -> int:
    """What is left to be lent of a security, over all accounts and working orders."""
    debts = (debt for account in books.accounts.values() for debt in account.compacts.values())
    owed = sum(debt.quantity for debt in debts if debt.symbol == symbol)
    asked = sum(o.leaves_qty for o in working(books, "SHORT_SELL", "SHORT_SELL_SPECIAL") if o.symbol == symbol)
    return max(0, subject.lendable - owed - asked)


# One function for what each business holds back


def _hold_margin_buy(case: Case) -> Holding:
    order = case.order
    if not case.terms.subject(case.symbol, case.instrument.board).financed:
        return refused("NOT_FINANCED")
    amount = order.quantity * order.limit_price
    debt = amount + case.fees.total(amount, "BUY", case.instrument.board)
    if debt > case.account.fin_quota:
        return refused("FIN_QUOTA_SHORT")
    if debt * case.terms.fin_ratio > standing(case.account, case.market, case.terms).available_margin * MILLION:
        return refused("MARGIN_SHORT")
    return Holding(holds=[["fin_quota", "", debt]])


def _hold_short_sell(case: Case) -> Holding:
    order, subject = case.order, case.terms.subject(case.symbol, case.instrument.board)
    amount = order.quantity * order.limit_price
    if not subject.shorted:
        return refused("NOT_SHORTED")
    if order.limit_price < case.quote.last:
        return refused("SHORT_BELOW_LAST")
    if order.quantity > lendable(case.books, case.symbol, subject):
        return refused("LENDABLE_SHORT")
    if amount > case.account.slo_quota:
        return refused("SLO_QUOTA_SHORT")
    if amount * case.terms.slo_ratio > standing(case.account, case.market, case.terms).available_margin * MILLION:
        return refused("MARGIN_SHORT")
    return Holding(holds=[["slo_quota", "", amount]])


def _hold_buy_to_return(case: Case) -> Holding:
    order, account, board = case.order, case.account, case.instrument.board
    owed = _returnable(case)
    if owed <= 0:
        return refused("NO_DEBT")
    if order.quantity > -(-owed // board.buy_step) * board.buy_step:
        return refused("RETURN_ABOVE_DEBT")
    amount = order.quantity * order.limit_price
    needed = amount + case.fees.total(amount, "BUY", board)
    proceeds = min(account.proceeds, needed)
    if needed - proceeds > account.cash:
        return refused("REPAY_CASH_SHORT")
    return Holding(holds=[["proceeds", "", proceeds], ["cash", "", needed - proceeds]])


def _hold_direct_return(case: Case) -> Holding:
    quantity = case.order.quantity
    owed = _returnable(case)
    if owed <= 0:
        return refused("NO_DEBT")
    if quantity > owed:
        return refused("RETURN_ABOVE_DEBT")
    if quantity > case.account.held("LONG", case.symbol).available_qty:
        return refused("POSITION_SHORT")
    return Holding(holds=[["LONG", case.symbol, quantity]])


def _hold_sell_to_repay(case: Case) -> Holding:
    if not any(debt.principal or debt.interest for _, debt in _debts(case, FINANCED)):
        return refused("NO_DEBT")
    if case.order.quantity > case.account.held("LONG", case.symbol).available_qty:
        return refused("POSITION_SHORT")
    return Holding(holds=[["LONG", case.symbol, case.order.quantity]])


def _hold_direct_repay(case: Case) -> Holding:
    money = case.order.limit_price
    if money <= 0:
        return refused("PRICE_INVALID")
    if money > case.account.cash:
        return refused("REPAY_CASH_SHORT")
    if not any(debt.principal or debt.interest for _, debt in _debts(case, FINANCED, SOLD_SHORT)):
        return refused("NO_DEBT")
    return Holding(holds=[["cash", "", money]])


# One function for what a trade of each business moves


def _post_margin_buy(case: Case, last_qty: int, last_price: int) -> Posting:
    amount, commission = _worth(case, last_qty, last_price)
    number, before = _contract(case, FINANCED)
    debt = amount + commission
    changes = [*bought(case, last_qty, debt), *_owed(number, last_qty, amount, commission),
               ["compacts", number, "principal", debt]]  # fmt: skip
    return Posting(amount, commission, [["fin_quota", "", debt]], changes, before)


def _post_short_sell(case: Case, last_qty: int, last_price: int) -> Posting:
    amount, commission = _worth(case, last_qty, last_price)
    number, before = _contract(case, SOLD_SHORT)
    changes = [["proceeds", amount - commission], *_owed(number, last_qty, amount, commission),
               ["compacts", number, "quantity", last_qty]]  # fmt: skip
    # The order may not ask less than the last price, so a trade can be worth more than what it held back.
    used = min(amount, (case.order.frozen or {}).get(("slo_quota", ""), 0))
    return Posting(amount, commission, [["slo_quota", "", used]], [["slo_quota", used - amount], *changes], before)


def _post_buy_to_return(case: Case, last_qty: int, last_price: int) -> Posting:
    amount, commission = _worth(case, last_qty, last_price)
    cost = amount + commission
    proceeds = min(cost, (case.order.frozen or {}).get(("proceeds", ""), 0))
    takes: list[Hold] = [["proceeds", "", proceeds], ["cash", "", cost - proceeds]]
    changes, surplus = _returned(case, last_qty)
    if surplus:
        changes += bought(case, surplus, cost * surplus // last_qty)
    return Posting(amount, commission, takes, changes)


def _post_direct_return(case: Case, last_qty: int, last_price: int) -> Posting:
    changes, _ = _returned(case, last_qty)
    changes += gone(case.account, "LONG", case.symbol, last_qty)
    return Posting(last_qty * last_price, 0, [["LONG", case.symbol, last_qty]], changes)


def _post_sell_to_repay(case: Case, last_qty: int, last_price: int) -> Posting:
    amount, commission = _worth(case, last_qty, last_price)
    changes, rest = _repaid(_debts(case, FINANCED), amount - commission)
    changes += [["cash", rest], ["sold_today", rest], *gone(case.account, "LONG", case.symbol, last_qty)]
    return Posting(amount, commission, [["LONG", case.symbol, last_qty]], changes)


def _post_direct_repay(case: Case, last_qty: int, last_price: int) -> Posting:
    money = case.order.limit_price
    changes, rest = _repaid(_debts(case, FINANCED, SOLD_SHORT), money)
    return Posting(money - rest, 0, [["cash", "", money]], [["cash", rest], *changes])


# What each business of `effects` holds back, and what its trades move.
BUSINESSES: dict[str, tuple[Callable[[Case], Holding], Callable[[Case, int, int], Posting]]] = {
    "MARGIN_BUY": (_hold_margin_buy, _post_margin_buy),
    "SHORT_SELL": (_hold_short_sell, _post_short_sell),
    "BUY_TO_RETURN": (_hold_buy_to_return, _post_buy_to_return),
    "DIRECT_RETURN": (_hold_direct_return, _post_direct_return),
    "SELL_TO_REPAY": (_hold_sell_to_repay, _post_sell_to_repay),
    "DIRECT_REPAY": (_hold_direct_repay, _post_direct_repay),
}


def _worth(case: Case, last_qty: int, last_price: int) -> tuple[int, int]:
    """Amount and fees of a trade; the minimum commission is per order."""
    order, board = case.order, case.instrument.board
    amount = last_qty * last_price
    return amount, case.fees.total(order.filled_amount + amount, order.side, board) - order.commission


def _contract(case: Case, kind: int) -> tuple[str, list[Record]]:
    """The number of the order's debt contract, and the record that opens it if this is its first trade."""
    order = case.order
    number = f"{case.books.trade_date.replace('-', '')}{order.broker_order_id:010d}"
    if number in case.account.compacts:
        return number, []
    return number, [["compact", order.account, number, order.symbol, kind, case.business.special]]


def _owed(number: str, quantity: int, amount: int, fees: int) -> list[Change]:
    cells = (("opened_qty", quantity), ("amount", amount), ("fees", fees))
    return [["compacts", number, cell, added] for cell, added in cells]


def _debts(case: Case, *kinds: int) -> list[tuple[str, Compact]]:
    """The account's debts of these kinds, oldest first, of special positions or of ordinary ones."""
    debts = case.account.compacts.items()
    return [(number, debt) for number, debt in debts if debt.kind in kinds and debt.special == case.business.special]


def _returnable(case: Case) -> int:
    """Securities that may be given back: sold short before today, and not on their way back already."""
    today = case.books.trade_date
    owed = sum(
        debt.quantity for _, debt in _debts(case, SOLD_SHORT) if debt.symbol == case.symbol and debt.opened_on < today
    )
    name = "BUY_TO_RETURN_SPECIAL" if case.business.special else "BUY_TO_RETURN"
    return owed - sum(
        order.leaves_qty
        for order in working(case.books, name)
        if order.account == case.account.account and order.symbol == case.symbol
    )


def _returned(case: Case, quantity: int) -> tuple[list[Change], int]:
    """What giving back `quantity` changes, oldest debt first; and what is left when nothing is owed any more."""
    changes: list[Change] = []
    for number, debt in _debts(case, SOLD_SHORT):
        if debt.symbol != case.symbol or debt.opened_on >= case.books.trade_date or not debt.quantity:
            continue
        part = min(quantity, debt.quantity)
        quantity -= part
        freed = _bound(debt, debt.quantity) - _bound(debt, debt.quantity - part)
        changes += [
            ["compacts", number, "quantity", -part],
            ["compacts", number, "repaid", freed],
            ["slo_quota", freed],
        ]
    return changes, quantity


def _bound(debt: Compact, quantity: int) -> int:
    """The quota that `quantity` of a debt binds."""
    return debt.amount * quantity // debt.opened_qty


def _repaid(debts: Iterable[tuple[str, Compact]], money: int) -> tuple[list[Change], int]:
    """What paying `money` changes: interest before principal, oldest debt first; and what is left of it."""
    changes: list[Change] = []
    for number, debt in debts:
        interest = min(money, debt.interest)
        principal = min(money - interest, debt.principal)
        money -= interest + principal
        changes += interest_paid(number, interest)
        if principal:
            changes += [["compacts", number, "principal", -principal], ["compacts", number, "repaid", principal],
                        ["fin_quota", principal]]  # fmt: skip
    return changes, money
