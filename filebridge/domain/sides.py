"""What is known of each side: which accounts know it, which way it meets the market, what it takes, how it is priced.

One row for each word of `Side`. Whatever asks "does it buy?" or "does it need cash?" asks here, so that a new side is
one row. A broker's numbers stand in its gateway. Sources: xtquant's xtconstant.py and manual; the exchanges' rules for
margin trading (short sales have a limit not below the last price) and for stock options.
"""

from enum import StrEnum
from typing import NamedTuple

from filebridge.domain.orders import AccountType, OrderTerms, Side
from filebridge.domain.reasons import Reason
from filebridge.domain.symbols import InstrumentKind, instrument_kind


class Takes(StrEnum):
    """What an order holds back at the broker, as far as we can know it."""

    CASH = "CASH"  # its value
    SHARES = "SHARES"  # its quantity of what can be sold of its symbol
    CONTRACTS = "CONTRACTS"  # lots of a position of the futures or option account
    MARGIN = "MARGIN"  # what only the broker can say: margin, a quota, proceeds of short sales
    NOTHING = "NOTHING"


class Pricing(StrEnum):
    ANY = "ANY"  # every order type of its exchange
    LIMIT = "LIMIT"  # a limit price and nothing else
    AMOUNT = "AMOUNT"  # limit_price is the money that is paid, quantity is 1
    NONE = "NONE"  # it never meets the market and has no price


class SideFacts(NamedTuple):
    """`direction` is +1 where it buys at the market, -1 where it sells, 0 where it never meets it. `reduces`: it makes
    a position or a debt smaller and never larger. `shown` is the word by which a broker's report tells it: some sides
    share a number. A transfer is no order at the market: it is done or refused at once, has no number at the broker and
    is in none of its lists."""

    accounts: frozenset[AccountType]
    kinds: frozenset[InstrumentKind]
    direction: int
    takes: Takes
    pricing: Pricing = Pricing.ANY
    reduces: bool = False
    shown: Side | None = None
    is_transfer: bool = False


_K = InstrumentKind
_STOCK = frozenset({AccountType.STOCK})
_CREDIT = frozenset({AccountType.CREDIT})
_FUTURE = frozenset({AccountType.FUTURE})
_OPTION = frozenset({AccountType.STOCK_OPTION})
_SPOT = frozenset({_K.STOCK, _K.ETF, _K.LOF, _K.CONVERTIBLE_BOND})
_REPO = frozenset({_K.REPO})
# In Shenzhen and Beijing a new share has its own code.
_NEW = frozenset({_K.NEW_SHARE, _K.NEW_BOND, _K.STOCK})
_ETF = frozenset({_K.ETF})
_FUTURES = frozenset({_K.FUTURE})
_OPTIONS = frozenset({_K.OPTION})
_CASH, _SHARES, _CONTRACTS, _MARGIN, _NOTHING = Takes
_MONEY = frozenset({_K.CASH})


def _lot(accounts: frozenset[AccountType], direction: int, takes: Takes) -> SideFacts:
    """A side of futures or options: it trades contracts at the market."""
    kinds = frozenset(kind for account in accounts for kind in _CONTRACTS_OF[account])
    return SideFacts(accounts, kinds, direction, takes, reduces=takes is _CONTRACTS)


def _moves_money(accounts: frozenset[AccountType], takes: Takes) -> SideFacts:
    return SideFacts(accounts, _MONEY, 0, takes, Pricing.AMOUNT, is_transfer=True)


def _moves_shares(takes: Takes) -> SideFacts:
    """Between the ordinary counter of a broker and its fast one."""
    return SideFacts(_STOCK | _CREDIT, _SPOT, 0, takes, Pricing.NONE, is_transfer=True)


_CONTRACTS_OF = {AccountType.FUTURE: _FUTURES, AccountType.STOCK_OPTION: _OPTIONS}
_CREDIT_ROWS = {
    Side.MARGIN_BUY: SideFacts(_CREDIT, _SPOT, +1, _MARGIN),
    Side.SHORT_SELL: SideFacts(_CREDIT, _SPOT, -1, _MARGIN, Pricing.LIMIT),
    Side.BUY_TO_RETURN: SideFacts(_CREDIT, _SPOT, +1, _MARGIN, reduces=True),
    Side.DIRECT_RETURN: SideFacts(_CREDIT, _SPOT, 0, _SHARES, Pricing.NONE, reduces=True),
    Side.SELL_TO_REPAY: SideFacts(_CREDIT, _SPOT, -1, _SHARES, reduces=True),
    # It names a security because the terminal's interface wants one; any will do.
    Side.DIRECT_REPAY: SideFacts(_CREDIT, _SPOT, 0, _CASH, Pricing.AMOUNT, reduces=True),
}
FACTS: dict[Side, SideFacts] = {
    Side.BUY: SideFacts(_STOCK, _SPOT, +1, _CASH),
    # Of a reverse repo it lends money.
    Side.SELL: SideFacts(_STOCK, _SPOT | _REPO, -1, _SHARES, reduces=True),
    Side.SUBSCRIBE: SideFacts(_STOCK | _CREDIT, _NEW, 0, _NOTHING, Pricing.LIMIT, shown=Side.BUY),
    # Creating takes shares of the fund's basket and some cash, which only the fund's list of the day tells.
    Side.CREATE: SideFacts(_STOCK, _ETF, 0, _MARGIN, Pricing.NONE),
    Side.REDEEM: SideFacts(_STOCK, _ETF, 0, _SHARES, Pricing.NONE),
    Side.COLLATERAL_BUY: SideFacts(_CREDIT, _SPOT, +1, _CASH, shown=Side.BUY),
    Side.COLLATERAL_SELL: SideFacts(_CREDIT, _SPOT, -1, _SHARES, reduces=True, shown=Side.SELL),
    **_CREDIT_ROWS,
    **{Side[f"{side}_SPECIAL"]: facts for side, facts in _CREDIT_ROWS.items()},
    Side.BUY_OPEN: _lot(_FUTURE | _OPTION, +1, _MARGIN),
    Side.SELL_OPEN: _lot(_FUTURE | _OPTION, -1, _MARGIN),
    # On a futures account closing has to say which of the position: the counters know no plain one.
    Side.BUY_CLOSE: _lot(_OPTION, +1, _CONTRACTS),
    Side.SELL_CLOSE: _lot(_OPTION, -1, _CONTRACTS),
    Side.BUY_CLOSE_TODAY: _lot(_FUTURE, +1, _CONTRACTS),
    Side.SELL_CLOSE_TODAY: _lot(_FUTURE, -1, _CONTRACTS),
    Side.BUY_CLOSE_YESTERDAY: _lot(_FUTURE, +1, _CONTRACTS),
    Side.SELL_CLOSE_YESTERDAY: _lot(_FUTURE, -1, _CONTRACTS),
    Side.BUY_CLOSE_TODAY_FIRST: _lot(_FUTURE, +1, _CONTRACTS),
    Side.SELL_CLOSE_TODAY_FIRST: _lot(_FUTURE, -1, _CONTRACTS),
    Side.BUY_CLOSE_YESTERDAY_FIRST: _lot(_FUTURE, +1, _CONTRACTS),
    Side.SELL_CLOSE_YESTERDAY_FIRST: _lot(_FUTURE, -1, _CONTRACTS),
    Side.BUY_NET_TODAY_FIRST: _lot(_FUTURE, +1, _MARGIN),
    Side.SELL_NET_TODAY_FIRST: _lot(_FUTURE, -1, _MARGIN),
    Side.BUY_NET_YESTERDAY_FIRST: _lot(_FUTURE, +1, _MARGIN),
    Side.SELL_NET_YESTERDAY_FIRST: _lot(_FUTURE, -1, _MARGIN),
    Side.COVERED_OPEN: _lot(_OPTION, -1, _MARGIN),
    Side.COVERED_CLOSE: _lot(_OPTION, +1, _CONTRACTS),
    Side.EXERCISE_CALL: SideFacts(_OPTION, _OPTIONS, 0, _CONTRACTS, Pricing.NONE),
    Side.EXERCISE_PUT: SideFacts(_OPTION, _OPTIONS, 0, _CONTRACTS, Pricing.NONE),
    # Of the fund that the options are on, held in the option account.
    Side.LOCK: SideFacts(_OPTION, _ETF, 0, _SHARES, Pricing.NONE),
    Side.UNLOCK: SideFacts(_OPTION, _ETF, 0, _NOTHING, Pricing.NONE),
    Side.BANK_IN: _moves_money(_STOCK | _CREDIT | _FUTURE | _OPTION, _NOTHING),
    Side.BANK_OUT: _moves_money(_STOCK | _CREDIT | _FUTURE | _OPTION, _CASH),
    Side.FUNDS_TO_FAST: _moves_money(_STOCK | _CREDIT, _NOTHING),
    Side.FUNDS_TO_NORMAL: _moves_money(_STOCK | _CREDIT, _CASH),
    # Between the nodes of one account, whose money the broker tells as one sum.
    Side.FUNDS_SH_TO_SZ: _moves_money(_STOCK | _CREDIT, _NOTHING),
    Side.FUNDS_SZ_TO_SH: _moves_money(_STOCK | _CREDIT, _NOTHING),
    Side.SHARES_TO_FAST: _moves_shares(_NOTHING),
    Side.SHARES_TO_NORMAL: _moves_shares(_SHARES),
}

TRANSFERS = frozenset(side for side, facts in FACTS.items() if facts.is_transfer)


def facts_of(side: Side) -> SideFacts:
    return FACTS[side]


def direction(side: Side) -> int:
    """+1 buys at the market, -1 sells, 0 never meets it."""
    return FACTS[side].direction


def takes(terms: OrderTerms) -> Takes:
    """What an order holds back, as far as we can know it."""
    kind, facts = instrument_kind(terms.symbol), FACTS[terms.side]
    if kind is _K.REPO:
        return Takes.CASH
    # Whoever buys an option pays its premium.
    return Takes.CASH if kind is _K.OPTION and terms.side is Side.BUY_OPEN else facts.takes


def shown(side: Side | None) -> Side | None:
    """The word by which a broker's report tells a side: what shares a number cannot be told apart."""
    return None if side is None else FACTS[side].shown or side


def fits(side: Side, symbol: str) -> bool:
    """Whether there is such business in a symbol, on whatever account."""
    kind = instrument_kind(symbol)
    # A new share of Shanghai is subscribed to under a code of its own.
    own_code = side is not Side.SUBSCRIBE or kind is not _K.STOCK or not symbol.endswith(".SH")
    return own_code and kind in FACTS[side].kinds


def breach(terms: OrderTerms, account: AccountType) -> Reason | None:
    """Why an account of this kind has no such business, or not in this symbol; or None."""
    facts = FACTS[terms.side]
    if account in facts.accounts and fits(terms.side, terms.symbol):
        if facts.pricing is not Pricing.AMOUNT or terms.quantity == 1:
            return None
        return Reason("REPAYMENT_QUANTITY", {"symbol": terms.symbol, "value": str(terms.quantity)})
    context = {"symbol": terms.symbol, "value": terms.side.value}
    # Of orders only orders are near, of transfers only transfers.
    alike = [side for side in sides_of(account) if FACTS[side].is_transfer == facts.is_transfer]
    near = [side for side in alike if fits(side, terms.symbol)]
    if account not in facts.accounts:
        said = {"account": terms.account, "type": account.value, "nearest": " / ".join(near or alike) or "-"}
        return Reason("SIDE_NOT_OF_ACCOUNT", context | said)
    return Reason("SIDE_NOT_OF_INSTRUMENT", context | {"nearest": " / ".join(near) or "-"})


def sides_of(account: AccountType, kind: InstrumentKind | None = None) -> tuple[Side, ...]:
    """The sides that an account knows, of one kind of instrument or of all."""
    return tuple(
        side for side, facts in FACTS.items() if account in facts.accounts and (kind is None or kind in facts.kinds)
    )
