"""What an order is: the words of the trade as types, the key of an order, and the ids that are derived for the user.

Quantities are whole shares (bonds: 张; futures and options: lots) as `int`; prices and money are `Decimal` in CNY;
times carry +08:00. What is known of a side stands in sides.py, of an order type in order_types.py.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from filebridge.domain.reasons import Reason

# Asia/Shanghai has had no summer time since 1991; Windows has no zone data, so the offset is fixed.
SHANGHAI = timezone(timedelta(hours=8))


class AccountType(StrEnum):
    """The kind of an account, by xtquant's names."""

    STOCK = "STOCK"
    CREDIT = "CREDIT"
    FUTURE = "FUTURE"
    STOCK_OPTION = "STOCK_OPTION"


class Side(StrEnum):
    """What an order does, in words of our own; an account's kind says which of them it knows.

    `..._SPECIAL` concerns the special positions (专项头寸) of a credit account; `..._NET_...` closes what there is of
    the opposite side and opens with the rest.
    """

    BUY = "BUY"
    SELL = "SELL"
    SUBSCRIBE = "SUBSCRIBE"
    CREATE = "CREATE"
    REDEEM = "REDEEM"
    COLLATERAL_BUY = "COLLATERAL_BUY"
    COLLATERAL_SELL = "COLLATERAL_SELL"
    MARGIN_BUY = "MARGIN_BUY"
    SHORT_SELL = "SHORT_SELL"
    BUY_TO_RETURN = "BUY_TO_RETURN"
    DIRECT_RETURN = "DIRECT_RETURN"
    SELL_TO_REPAY = "SELL_TO_REPAY"
    DIRECT_REPAY = "DIRECT_REPAY"
    MARGIN_BUY_SPECIAL = "MARGIN_BUY_SPECIAL"
    SHORT_SELL_SPECIAL = "SHORT_SELL_SPECIAL"
    BUY_TO_RETURN_SPECIAL = "BUY_TO_RETURN_SPECIAL"
    DIRECT_RETURN_SPECIAL = "DIRECT_RETURN_SPECIAL"
    SELL_TO_REPAY_SPECIAL = "SELL_TO_REPAY_SPECIAL"
    DIRECT_REPAY_SPECIAL = "DIRECT_REPAY_SPECIAL"
    BUY_OPEN = "BUY_OPEN"
    SELL_OPEN = "SELL_OPEN"
    BUY_CLOSE = "BUY_CLOSE"
    SELL_CLOSE = "SELL_CLOSE"
    BUY_CLOSE_TODAY = "BUY_CLOSE_TODAY"
    SELL_CLOSE_TODAY = "SELL_CLOSE_TODAY"
    BUY_CLOSE_YESTERDAY = "BUY_CLOSE_YESTERDAY"
    SELL_CLOSE_YESTERDAY = "SELL_CLOSE_YESTERDAY"
    BUY_CLOSE_TODAY_FIRST = "BUY_CLOSE_TODAY_FIRST"
    SELL_CLOSE_TODAY_FIRST = "SELL_CLOSE_TODAY_FIRST"
    BUY_CLOSE_YESTERDAY_FIRST = "BUY_CLOSE_YESTERDAY_FIRST"
    SELL_CLOSE_YESTERDAY_FIRST = "SELL_CLOSE_YESTERDAY_FIRST"
    BUY_NET_TODAY_FIRST = "BUY_NET_TODAY_FIRST"
    SELL_NET_TODAY_FIRST = "SELL_NET_TODAY_FIRST"
    BUY_NET_YESTERDAY_FIRST = "BUY_NET_YESTERDAY_FIRST"
    SELL_NET_YESTERDAY_FIRST = "SELL_NET_YESTERDAY_FIRST"
    COVERED_OPEN = "COVERED_OPEN"
    COVERED_CLOSE = "COVERED_CLOSE"
    EXERCISE_CALL = "EXERCISE_CALL"
    EXERCISE_PUT = "EXERCISE_PUT"
    LOCK = "LOCK"
    UNLOCK = "UNLOCK"
    # Transfers: what moves money or shares between the owner's own accounts.
    BANK_IN = "BANK_IN"
    BANK_OUT = "BANK_OUT"
    FUNDS_TO_FAST = "FUNDS_TO_FAST"
    FUNDS_TO_NORMAL = "FUNDS_TO_NORMAL"
    FUNDS_SH_TO_SZ = "FUNDS_SH_TO_SZ"
    FUNDS_SZ_TO_SH = "FUNDS_SZ_TO_SH"
    SHARES_TO_FAST = "SHARES_TO_FAST"
    SHARES_TO_NORMAL = "SHARES_TO_NORMAL"


class OrderType(StrEnum):
    """How an order is priced; an exchange knows some of them. NO_PRICE is what has none by its nature, such as LOCK.

    OWN_n and OPPOSITE_n are limit orders whose price is taken from a level of the market at sending; OWN_BEST and
    COUNTERPARTY_BEST are the exchange's own market types.
    """

    LIMIT = "LIMIT"
    LATEST = "LATEST"
    COUNTERPARTY_BEST = "COUNTERPARTY_BEST"
    OWN_BEST = "OWN_BEST"
    BEST5_OR_CANCEL = "BEST5_OR_CANCEL"
    BEST5_OR_LIMIT = "BEST5_OR_LIMIT"
    BEST1_OR_CANCEL = "BEST1_OR_CANCEL"
    BEST1_OR_LIMIT = "BEST1_OR_LIMIT"
    IMMEDIATE_OR_CANCEL = "IMMEDIATE_OR_CANCEL"
    FILL_OR_KILL = "FILL_OR_KILL"
    MARKET_BEST = "MARKET_BEST"
    AFTER_HOURS = "AFTER_HOURS"
    OWN_1 = "OWN_1"
    OWN_2 = "OWN_2"
    OWN_3 = "OWN_3"
    OWN_4 = "OWN_4"
    OWN_5 = "OWN_5"
    OPPOSITE_1 = "OPPOSITE_1"
    OPPOSITE_2 = "OPPOSITE_2"
    OPPOSITE_3 = "OPPOSITE_3"
    OPPOSITE_4 = "OPPOSITE_4"
    OPPOSITE_5 = "OPPOSITE_5"
    NO_PRICE = "NO_PRICE"


# What stands in the place of a symbol where a row means every new issue of its day: whether bonds alone, None: both.
ALL_ISSUES: Mapping[str, bool | None] = MappingProxyType({"ALL": None, "ALL_SHARES": False, "ALL_BONDS": True})


class Action(StrEnum):
    ORDER = "order"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel_all"
    REPLACE = "replace"
    TRANSFER = "transfer"
    QUERY = "query"


# The actions whose rows become orders, with a key.
PLACING = frozenset({Action.ORDER, Action.REPLACE, Action.TRANSFER})


class Query(StrEnum):
    """What a file may ask: of the broker about an account, or of the sources of market data."""

    ASSETS = "assets"
    POSITIONS = "positions"
    ORDERS = "orders"
    TRADES = "trades"
    IPO = "ipo"
    # Of no account: what market data says of the symbols that its rows name.
    QUOTES = "quotes"


class Status(StrEnum):
    """OrdStatus of one order; `domain/lifecycle.py` holds every way from one to another."""

    RECEIVED = "RECEIVED"
    HELD = "HELD"
    APPROVED = "APPROVED"
    SUBMITTING = "SUBMITTING"
    UNKNOWN = "UNKNOWN"
    PENDING_CANCEL = "PENDING_CANCEL"
    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    DENIED = "DENIED"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    NOT_SENT = "NOT_SENT"
    FILLED = "FILLED"


LOCAL = frozenset({Status.RECEIVED, Status.HELD, Status.APPROVED})
FINAL = frozenset({Status.DENIED, Status.REJECTED, Status.CANCELED, Status.EXPIRED, Status.NOT_SENT, Status.FILLED})


class Outcome(StrEnum):
    """What a receipt says of one row."""

    ACCEPTED = "ACCEPTED"
    HELD = "HELD"
    DENIED = "DENIED"
    REFUSED = "REFUSED"
    DUPLICATE = "DUPLICATE"
    QUARANTINED = "QUARANTINED"
    CANCEL_ACCEPTED = "CANCEL_ACCEPTED"
    CANCEL_REFUSED = "CANCEL_REFUSED"


# As people read them; terminals' words where they have one.
OUTCOMES_ZH: dict[str, str] = {
    "ACCEPTED": "已接收",
    "HELD": "待人工确认",
    "DENIED": "已拒绝",
    "REFUSED": "不予接受",
    "DUPLICATE": "重复",
    "QUARANTINED": "已隔离",
    "CANCEL_ACCEPTED": "撤单已受理",
    "CANCEL_REFUSED": "无法撤单",
}
STATUSES_ZH: dict[str, str] = {
    "RECEIVED": "已接收",
    "HELD": "待人工确认",
    "APPROVED": "已批准",
    "SUBMITTING": "正在发送",
    "UNKNOWN": "状态未明",
    "PENDING_CANCEL": "待撤",
    "ACCEPTED": "已报",
    "PARTIALLY_FILLED": "部分成交",
    "DENIED": "已拒绝",
    "REJECTED": "废单",
    "CANCELED": "已撤单",
    "EXPIRED": "已失效",
    "NOT_SENT": "未发送",
    "FILLED": "全部成交",
}


class OrderInstruction(NamedTuple):
    """One row of an order file, read strictly and normalised; nothing in it was guessed.

    `row` counts as a spreadsheet does (the header is row 1; in JSON the n-th element is row n).
    `notes` says what was repaired where a value had exactly one reading (`1` read as 000001.SZ).
    An order with quantity 0 means the largest size of a new issue, or of all that ALL_ISSUES names (issues.py).
    """

    row: int
    action: Action = Action.ORDER
    client_order_id: str = ""
    orig_client_order_id: str = ""
    broker_order_id: str = ""
    account: str = ""
    symbol: str = ""
    side: Side | None = None
    quantity: int = 0
    order_type: OrderType | None = None
    limit_price: Decimal | None = None
    strategy: str = ""
    note: str = ""
    basket: str = ""
    trade_date: date | None = None
    start_at: datetime | None = None
    expire_at: datetime | None = None
    mode: str = ""
    price_offset: str = ""
    query: Query | None = None
    notes: tuple[Reason, ...] = ()


class Fill(NamedTuple):
    """One execution. `last_qty` in shares, `amount` and `commission` in CNY; unique by (tag, trade_id)."""

    trade_id: str
    last_qty: int
    last_price: Decimal
    amount: Decimal
    commission: Decimal
    counter_order_id: str
    traded_at: str
    # Whether the average price counts this one's price; in older versions it counted the amount.
    by_price: bool = True


class OrderTerms(NamedTuple):
    """What was asked for; fixed in the intake commit and never changed afterwards.

    But for the quantity of an order that replaces another: it is the total, with what the other one has filled, until
    that is known; its SUBMIT makes it what is left. `replaces` is the tag of the other one.

    `limit_price` is the limit; of a market type its protective limit, None where it has none; of DIRECT_REPAY the money
    that is paid, of a transfer the money that is moved, in CNY. Of a type that takes its price from market data (OWN_n,
    OPPOSITE_n) it is None until the SUBMIT, which says it. `price_offset` is what is added to that price: `+2t`,
    `-0.5%`, or nothing.
    """

    tag: str
    client_order_id: str
    id_derived: bool
    account: str
    mode: str
    trade_date: date
    symbol: str
    side: Side
    order_type: OrderType
    quantity: int
    limit_price: Decimal | None
    strategy: str
    note: str
    basket: str
    start_at: datetime | None
    expire_at: datetime | None
    intake_no: int
    row: int
    received_at: datetime
    body_hash: str
    replaces: str = ""
    price_offset: str = ""


class Order(NamedTuple):
    """An order as it stands now: its terms and what has become of them."""

    terms: OrderTerms
    status: Status
    updated_at: datetime
    reason: Reason | None = None
    filled_qty: int = 0
    filled_amount: Decimal = Decimal(0)
    reported_qty: int = 0
    trade_ids: frozenset[str] = frozenset()
    broker_order_id: str = ""
    counter_order_id: str = ""
    name: str = ""
    cancel_requested: bool = False
    alarmed: bool = False
    approved_at: datetime | None = None
    submitted_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def is_settled(self) -> bool:
        """Final, and every fill that the broker counted has been booked."""
        return self.status in FINAL and self.filled_qty >= self.reported_qty

    @property
    def leaves_qty(self) -> int:
        return 0 if self.is_final else max(self.terms.quantity - self.filled_qty, 0)

    @property
    def avg_fill_price(self) -> Decimal | None:
        """CNY per share, to four places; None before the first fill."""
        return (self.filled_amount / self.filled_qty).quantize(Decimal("0.0001")) if self.filled_qty else None

    @property
    def burns_key(self) -> bool:
        """Whether its key is used up: it reached the sending, still may, or its owner took it back.

        A cancel before sending uses the key up as well: who cancels an id does not mean it to go when its file comes
        once more.
        """
        if self.status in (Status.DENIED, Status.NOT_SENT):
            return False
        return self.status is not Status.EXPIRED or self.submitted_at is not None

    @property
    def needs_person(self) -> bool:
        return needs_person(self.status, alarmed=self.alarmed, broker_order_id=self.broker_order_id)


def needs_person(status: Status, *, alarmed: bool, broker_order_id: str) -> bool:
    """Whether a person has to look: at a surprise, a doubt, a held order, one that works by a person's word alone."""
    unnumbered = status in (Status.ACCEPTED, Status.PENDING_CANCEL) and not broker_order_id
    return alarmed or unnumbered or status in (Status.UNKNOWN, Status.HELD)


# Prices repeat: the same few thousand come in each basket, and each is spelled several times.
@lru_cache(maxsize=10_000)
def price_text(price: Decimal | None) -> str:
    """The one spelling of a price: plain digits, no trailing zeros (10.50 -> 10.5, 1E+1 -> 10)."""
    return "" if price is None else format(price.normalize(), "f")


def body_hash(instruction: OrderInstruction, account: str) -> str:
    """Hash of what the row asks for: not its id, its note or its spelling."""
    content: tuple[str, ...] = (
        account,
        instruction.symbol,
        instruction.side or "",
        str(instruction.quantity),
        instruction.order_type or "",
        price_text(instruction.limit_price),
        instruction.strategy,
    )
    if instruction.action is Action.REPLACE:
        content = (*content, instruction.action, instruction.orig_client_order_id)
    if instruction.price_offset:
        content = (*content, instruction.price_offset)
    return _digest(content).hex()


def derived_id(*, trade_date: date, account: str, basket: str, body: str, nth: int) -> str:
    """The id of a row that brought none: the n-th identical row of a basket on a day always gets the same."""
    digest = _digest((trade_date.isoformat(), account, basket, body, str(nth)))
    # 60 bits: short enough for a table; were two ever the same, the second would be refused as another body.
    return "auto-" + base64.b32encode(digest)[:12].decode().lower()


def _digest(parts: Iterable[str]) -> bytes:
    # The unit separator cannot stand in any part: the readers refuse control characters.
    return hashlib.sha256("\x1f".join(parts).encode()).digest()
