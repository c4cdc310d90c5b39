"""What a credit account owes and may still borrow: the terms of credit, the margin that is left, interest overnight.

The margin that is left follows the exchanges' implementation rules for margin trading. No orders here; `credit` makes
and repays the debts.
"""

from dataclasses import dataclass, field
from datetime import date

from filebridge.simulator.accounts import FINANCED, SOLD_SHORT, Account
from filebridge.simulator.books import Change
from filebridge.simulator.fees import MILLION, rounded
from filebridge.simulator.instruments import STOCK_BOARDS, Board
from filebridge.simulator.market import Market

DAYS_OF_A_YEAR = 360
PERCENT = 10_000  # one percent in millionths


@dataclass(frozen=True, slots=True)
class Subject:
    """What may be done with one security; ratios in millionths, `lendable` in shares over all accounts."""

    haircut: int
    financed: bool
    shorted: bool
    lendable: int


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """Ratios and yearly rates in millionths; `subjects` are the user's own, which go before the boards' defaults."""

    fin_ratio: int = 100 * PERCENT
    slo_ratio: int = 100 * PERCENT
    fin_rate: int = 65_000
    slo_rate: int = 83_500
    subjects: dict[str, Subject] = field(default_factory=dict)

    def subject(self, symbol: str, board: Board) -> Subject:
        return self.subjects.get(symbol) or _DEFAULTS.get(board.board, _NONE)


_STOCK = Subject(haircut=65 * PERCENT, financed=True, shorted=True, lendable=100_000)
_FUND = Subject(haircut=80 * PERCENT, financed=True, shorted=True, lendable=1_000_000)
_NONE = Subject(haircut=0, financed=False, shorted=False, lendable=0)
_DEFAULTS = {
    **dict.fromkeys(STOCK_BOARDS, _STOCK),
    "FUND": _FUND,
    "FUND_T0": _FUND,
    "CONVERTIBLE": Subject(haircut=70 * PERCENT, financed=False, shorted=False, lendable=0),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a credit account is worth and owes, at the last prices."""

    market_value: int
    fin_principal: int
    fin_interest: int
    slo_value: int
    slo_interest: int
    available_margin: int

    @property
    def debt(self) -> int:
        return self.fin_principal + self.fin_interest + self.slo_value + self.slo_interest


def standing(account: Account, market: Market, terms: CreditTerms) -> Standing:
    """Available margin = cash + collateral at its haircut + gains of debts at the haircut (losses in full)
    - margin that the debts and the working orders bind - interest. Proceeds of short sales do not count."""
    debts = list(account.compacts.values())
    financed: dict[str, int] = {}
    for debt in debts:
        if debt.kind == FINANCED and debt.principal:
            financed[debt.symbol] = financed.get(debt.symbol, 0) + debt.opened_qty
    market_value = margin = 0
    for symbol, held in account.positions.items():
        last, haircut = _last_and_haircut(symbol, market, terms)
        market_value += held.quantity * last
        margin += max(0, held.quantity - financed.get(symbol, 0)) * last * haircut // MILLION
    sums = dict.fromkeys(("fin", "fin_interest", "slo", "slo_interest"), 0)
    for debt in debts:
        last, haircut = _last_and_haircut(debt.symbol, market, terms)
        if debt.kind == FINANCED:
            held_qty = account.held("LONG", debt.symbol).quantity
            part = min(debt.opened_qty, held_qty * debt.opened_qty // max(1, financed.get(debt.symbol, 0)))
            gain = part * last - debt.principal if debt.principal else 0
            bound = debt.principal * terms.fin_ratio // MILLION
            sums["fin"] += debt.principal
            sums["fin_interest"] += debt.interest
        else:
            value = debt.quantity * last
            gain = debt.amount * debt.quantity // max(1, debt.opened_qty) - value
            bound = value * terms.slo_ratio // MILLION
            sums["slo"] += value
            sums["slo_interest"] += debt.interest
        margin += (gain * haircut // MILLION if gain > 0 else gain) - bound
    margin += account.cash - sums["fin_interest"] - sums["slo_interest"]
    margin -= (account.frozen_fin_quota * terms.fin_ratio + account.frozen_slo_quota * terms.slo_ratio) // MILLION
    return Standing(market_value, sums["fin"], sums["fin_interest"], sums["slo"], sums["slo_interest"], max(0, margin))


def overnight(account: Account, market: Market, terms: CreditTerms, today: str, tomorrow: str) -> list[Change]:
    """Interest of the calendar days until `tomorrow`; interest of returned securities is paid as far as cash goes;
    proceeds of short sales are free when nothing is owed any more."""
    days = (date.fromisoformat(tomorrow) - date.fromisoformat(today)).days
    changes: list[Change] = []
    cash = account.cash
    for number, debt in account.compacts.items():
        last, _ = _last_and_haircut(debt.symbol, market, terms)
        base, rate = (
            (debt.principal, terms.fin_rate) if debt.kind == FINANCED else (debt.quantity * last, terms.slo_rate)
        )
        interest = rounded(base * rate * days, MILLION * DAYS_OF_A_YEAR)
        if interest:
            changes.append(["compacts", number, "interest", interest])
        if debt.kind == SOLD_SHORT and not debt.quantity and debt.interest:
            paid = min(debt.interest, max(0, cash))
            cash -= paid
            changes += [["cash", -paid], *interest_paid(number, paid)]
    if account.proceeds and not any(debt.quantity for debt in account.compacts.values()):
        changes += [["cash", account.proceeds], ["proceeds", -account.proceeds]]
    return changes


def interest_paid(number: str, paid: int) -> list[Change]:
    """Interest of a debt that was paid with cash."""
    if not paid:
        return []
    return [["compacts", number, "interest", -paid], ["compacts", number, "interest_repaid", paid]]


def _last_and_haircut(symbol: str, market: Market, terms: CreditTerms) -> tuple[int, int]:
    instrument = market.instrument(symbol)
    if instrument is None:
        return 0, 0
    return market.quote(instrument).last, terms.subject(symbol, instrument.board).haircut
