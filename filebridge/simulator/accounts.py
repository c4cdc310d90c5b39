"""What an account consists of: cash, holdings, debts, orders and fills; values only, changed by `books` alone.

Money is int, in the market's unit of prices (so amount = price x quantity x multiplier is exact); quantities are
shares (bonds: 张), futures and options lots.
"""

from dataclasses import dataclass, field

from filebridge.simulator.effects import LEGS, LONG

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

# A debt of a credit account, as the terminal numbers it: money owed, or securities owed.
FINANCED, SOLD_SHORT = 48, 49


@dataclass(slots=True)
class Order:
    """`frozen` says what a working order holds back beside cash: (resource, symbol) -> amount; None for nothing."""

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
    business: str = ""
    counter_order_id: str = ""
    status: int = UNREPORTED
    filled_qty: int = 0
    filled_amount: int = 0
    commission: int = 0
    frozen_cash: int = 0
    frozen: dict[tuple[str, str], int] | None = None
    message: str = ""

    @property
    def leaves_qty(self) -> int:
        return 0 if self.status in FINAL else self.quantity - self.filled_qty


@dataclass(frozen=True, slots=True)
class Fill:
    """`amount` is what the trade is worth; not price x quantity where an instrument has a multiplier."""

    trade_id: str
    order: Order
    last_qty: int
    last_price: int
    amount: int
    commission: int
    traded_at: int


@dataclass(slots=True)
class Position:
    """quantity = available_qty + frozen_qty + unsettled_qty; unsettled is what T+1 keeps until tomorrow.

    `cost` is what was paid or received for it; `margin` is the cash that a future or a written option binds.
    """

    quantity: int = 0
    available_qty: int = 0
    frozen_qty: int = 0
    unsettled_qty: int = 0
    opening_qty: int = 0
    cost: int = 0
    margin: int = 0


@dataclass(slots=True)
class Compact:
    """A debt contract: `principal` of money, or `quantity` of securities sold for `amount`, with its interest.

    What was borrowed at first stays in `amount` and `opened_qty`; `interest` is owed, the repaid sums are history.
    """

    symbol: str
    kind: int
    opened_on: str
    special: bool
    opened_qty: int = 0
    amount: int = 0
    fees: int = 0
    principal: int = 0
    quantity: int = 0
    interest: int = 0
    repaid: int = 0
    interest_repaid: int = 0

    @property
    def is_open(self) -> bool:
        return bool(self.principal or self.quantity or self.interest)


@dataclass(slots=True)
class Loan:
    """Money lent by reverse repo, until it comes back with its interest; `rate` in thousandths of a percent a year."""

    lent_on: str
    days: int
    rate: int
    principal: int = 0
    # Books of older versions do not say it.
    symbol: str = ""


@dataclass(slots=True)
class Account:
    """`proceeds` of short sales may only buy securities back; the quotas are what may still be borrowed."""

    account: str
    account_type: int
    cash: int
    frozen_cash: int = 0
    sold_today: int = 0
    proceeds: int = 0
    frozen_proceeds: int = 0
    fin_quota: int = 0
    frozen_fin_quota: int = 0
    slo_quota: int = 0
    frozen_slo_quota: int = 0
    fin_quota_max: int = 0
    slo_quota_max: int = 0
    positions: dict[str, Position] = field(default_factory=dict)
    legs: dict[str, dict[str, Position]] = field(default_factory=dict)
    compacts: dict[str, Compact] = field(default_factory=dict)
    loans: dict[str, Loan] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.legs = {leg: self.positions if leg == LONG else {} for leg in LEGS}

    def held(self, leg: str, symbol: str) -> Position:
        """The position, or an empty one that is not in the books."""
        return self.legs[leg].get(symbol) or Position()

    @property
    def margin(self) -> int:
        return sum(held.margin for leg in self.legs.values() for held in leg.values())

    @property
    def lent(self) -> int:
        return sum(loan.principal for loan in self.loans.values())
