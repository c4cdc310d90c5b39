"""Sides and order types: the tables are whole, agree with xtquant and with the counter, and deny what fits nowhere."""

from datetime import date
from decimal import Decimal

import pytest
from xtquant import xtconstant

from filebridge.domain import order_types, sides
from filebridge.domain.market_rules import rule_for
from filebridge.domain.order_types import needs_protection, types_of
from filebridge.domain.orders import AccountType, OrderTerms, OrderType, Side
from filebridge.domain.risk import refusal
from filebridge.domain.symbols import InstrumentKind, instrument_kind
from filebridge.gateways.xtnumbers import PRICE_TYPES, SIDE_OF, SIDES, price_type
from filebridge.orderfiles.sidewords import ORDER_TYPES as TYPE_WORDS
from filebridge.orderfiles.sidewords import SIDES as SIDE_WORDS
from filebridge.simulator.effects import BUSINESSES, NOT_ENABLED
from tests.golden.regenerate import RULES
from tests.unit.test_lifecycle import TERMS

ACCOUNTS = {kind: name for name, kind in RULES.accounts.items()}
KINDS = {
    "600000.SH": InstrumentKind.STOCK,
    "510050.SH": InstrumentKind.ETF,
    "204001.SH": InstrumentKind.REPO,
    "787001.SH": InstrumentKind.NEW_SHARE,
    "733001.SH": InstrumentKind.NEW_BOND,
    "072001.SZ": InstrumentKind.NEW_BOND,
    "IF2612.IF": InstrumentKind.FUTURE,
    "rb2701.SF": InstrumentKind.FUTURE,
    "rb2701C3500.SF": InstrumentKind.OTHER,
    "10004358.SHO": InstrumentKind.OPTION,
    "000300.SH": InstrumentKind.OTHER,
}


def said(account: AccountType, symbol: str, side: Side, **more: object) -> str:
    terms = TERMS._replace(account=ACCOUNTS[account], symbol=symbol, side=side, **more)  # type: ignore[arg-type]
    found = sides.breach(terms, account) or order_types.breach(terms)
    return found.code if found else ""


def test_every_side_and_type_has_facts_words_and_numbers() -> None:
    assert set(sides.FACTS) == set(SIDE_WORDS.values()) == set(Side)
    assert set(order_types.FACTS) == set(TYPE_WORDS.values()) == set(PRICE_TYPES) == set(OrderType)
    for account in AccountType:
        assert set(SIDES[account]) == set(sides.sides_of(account))
    for order_type, facts in order_types.FACTS.items():
        for exchange in facts.exchanges:
            assert price_type(order_type, f"1.{exchange}") >= 0


def test_what_a_report_shows_is_the_side_that_was_sent_as_far_as_it_can_tell() -> None:
    for account, numbers in SIDES.items():
        for side, number in numbers.items():
            shown = SIDE_OF[number]
            assert sides.shown(shown) is sides.shown(side), (account, side)


def test_the_counter_knows_every_side_under_its_number() -> None:
    types = {value: key for key, value in xtconstant.ACCOUNT_TYPE_DICT.items()}
    # A transfer is another request.
    ordered = {of: {side: n for side, n in rows.items() if side not in sides.TRANSFERS} for of, rows in SIDES.items()}
    for account, numbers in ordered.items():
        assert set(numbers.values()) <= BUSINESSES[types[account]].keys() | NOT_ENABLED
    # Direction and name agree with the counter's own table.
    for side, number in ordered[AccountType.CREDIT].items():
        business = BUSINESSES[types["CREDIT"]][number]
        met = {"BUY": 1, "SELL": -1, "": 0}[business.side]
        assert business.name in (side, sides.shown(side))
        assert sides.direction(side) == (0 if side is Side.SUBSCRIBE else met)
    for account in (AccountType.FUTURE, AccountType.STOCK_OPTION):
        for side, number in ordered[account].items():
            assert sides.direction(side) == {"BUY": 1, "SELL": -1, "": 0}[BUSINESSES[types[account]][number].side]


@pytest.mark.parametrize(
    ("account", "side", "name"),
    [
        (AccountType.STOCK, Side.CREATE, "ETF_PURCHASE"),
        (AccountType.CREDIT, Side.SELL_TO_REPAY, "CREDIT_SELL_SECU_REPAY"),
        (AccountType.CREDIT, Side.DIRECT_RETURN_SPECIAL, "CREDIT_DIRECT_SECU_REPAY_SPECIAL"),
        (AccountType.FUTURE, Side.BUY_CLOSE_YESTERDAY, "FUTURE_CLOSE_SHORT_HISTORY"),
        (AccountType.FUTURE, Side.SELL_CLOSE_TODAY_FIRST, "FUTURE_CLOSE_LONG_TODAY_FIRST"),
        (AccountType.FUTURE, Side.BUY_NET_YESTERDAY_FIRST, "FUTURE_CLOSE_SHORT_HISTORY_TODAY_THEN_OPEN_LONG"),
        (AccountType.STOCK_OPTION, Side.BUY_CLOSE, "STOCK_OPTION_BUY_CLOSE"),
        (AccountType.STOCK_OPTION, Side.UNLOCK, "STOCK_OPTION_SECU_UNLOCK"),
    ],
)
def test_the_numbers_are_those_of_xtconstant(account: AccountType, side: Side, name: str) -> None:
    assert SIDES[account][side] == getattr(xtconstant, name)


@pytest.mark.parametrize(
    ("symbol", "order_type", "name"),
    [
        ("600000.SH", OrderType.BEST5_OR_CANCEL, "MARKET_SH_CONVERT_5_CANCEL"),
        ("000001.SZ", OrderType.BEST5_OR_CANCEL, "MARKET_SZ_CONVERT_5_CANCEL"),
        ("IF2612.IF", OrderType.BEST5_OR_LIMIT, "MARKET_CONVERT_5"),
        ("IF2612.IF", OrderType.BEST1_OR_CANCEL, "MARKET_CANCEL_1"),
        ("m2701.DF", OrderType.FILL_OR_KILL, "MARKET_CANCEL_ALL"),
        ("90001234.SZO", OrderType.IMMEDIATE_OR_CANCEL, "MARKET_SZ_INSTBUSI_RESTCANCEL"),
        ("SR701.ZF", OrderType.MARKET_BEST, "MARKET_BEST"),
        ("600000.SH", OrderType.OWN_BEST, "MARKET_MINE_PRICE_FIRST"),
        ("600000.SH", OrderType.LATEST, "LATEST_PRICE"),
        ("600000.SH", OrderType.LIMIT, "FIX_PRICE"),
    ],
)
def test_the_price_types_are_those_of_xtconstant(symbol: str, order_type: OrderType, name: str) -> None:
    assert price_type(order_type, symbol) == getattr(xtconstant, name)
    assert order_type in types_of(symbol)


def test_kinds_of_new_symbols() -> None:
    assert {symbol: instrument_kind(symbol) for symbol in KINDS} == KINDS


@pytest.mark.parametrize(
    ("account", "symbol", "side", "code"),
    [
        (AccountType.CREDIT, "600000.SH", Side.BUY, "SIDE_NOT_OF_ACCOUNT"),
        (AccountType.STOCK, "600000.SH", Side.MARGIN_BUY, "SIDE_NOT_OF_ACCOUNT"),
        (AccountType.FUTURE, "rb2701.SF", Side.SELL_CLOSE, "SIDE_NOT_OF_ACCOUNT"),
        (AccountType.STOCK, "204001.SH", Side.BUY, "SIDE_NOT_OF_INSTRUMENT"),
        (AccountType.STOCK, "IF2612.IF", Side.BUY, "SIDE_NOT_OF_INSTRUMENT"),
        (AccountType.STOCK, "600000.SH", Side.SUBSCRIBE, "SIDE_NOT_OF_INSTRUMENT"),
        (AccountType.STOCK, "301001.SZ", Side.SUBSCRIBE, ""),
        (AccountType.STOCK, "787001.SH", Side.BUY, "SIDE_NOT_OF_INSTRUMENT"),
        (AccountType.FUTURE, "600000.SH", Side.BUY_OPEN, "SIDE_NOT_OF_INSTRUMENT"),
        (AccountType.STOCK_OPTION, "510050.SH", Side.BUY_OPEN, "SIDE_NOT_OF_INSTRUMENT"),
        (AccountType.STOCK_OPTION, "10004358.SHO", Side.BUY_OPEN, ""),
    ],
)
def test_a_side_belongs_to_accounts_and_instruments(account: AccountType, symbol: str, side: Side, code: str) -> None:
    assert said(account, symbol, side) == code


@pytest.mark.parametrize(
    ("symbol", "side", "order_type", "price", "code"),
    [
        ("600000.SH", Side.COLLATERAL_BUY, OrderType.FILL_OR_KILL, "10", "ORDER_TYPE_NOT_OF_EXCHANGE"),
        ("000001.SZ", Side.COLLATERAL_BUY, OrderType.FILL_OR_KILL, None, ""),
        ("000001.SZ", Side.COLLATERAL_BUY, OrderType.FILL_OR_KILL, "10", ""),
        ("600000.SH", Side.COLLATERAL_BUY, OrderType.OWN_BEST, None, "PROTECTIVE_PRICE_REQUIRED"),
        ("600000.SH", Side.COLLATERAL_BUY, OrderType.OWN_BEST, "10", ""),
        ("113050.SH", Side.COLLATERAL_BUY, OrderType.OWN_BEST, "100", "ORDER_TYPE_NOT_OF_EXCHANGE"),
        ("600000.SH", Side.COLLATERAL_BUY, OrderType.LATEST, None, ""),
        # A row that says so is refused; at the sending the day's limit stands there.
        ("600000.SH", Side.COLLATERAL_BUY, OrderType.LATEST, "10", ""),
        ("600000.SH", Side.DIRECT_RETURN, OrderType.NO_PRICE, "10", "PRICE_NOT_OF_TYPE"),
        ("600000.SH", Side.COLLATERAL_BUY, OrderType.LIMIT, None, "PRICE_MISSING"),
        ("600000.SH", Side.SHORT_SELL, OrderType.OWN_BEST, "10", "ORDER_TYPE_NOT_OF_SIDE"),
        ("600000.SH", Side.DIRECT_RETURN, OrderType.LIMIT, "10", "ORDER_TYPE_NOT_OF_SIDE"),
        ("600000.SH", Side.DIRECT_RETURN, OrderType.NO_PRICE, None, ""),
        ("600000.SH", Side.COLLATERAL_BUY, OrderType.NO_PRICE, None, "ORDER_TYPE_NOT_OF_SIDE"),
        ("688981.SH", Side.COLLATERAL_BUY, OrderType.AFTER_HOURS, "10", ""),
    ],
)
def test_an_order_type_belongs_to_sides_and_exchanges(
    symbol: str, side: Side, order_type: OrderType, price: str | None, code: str
) -> None:
    limit_price = Decimal(price) if price else None
    assert said(AccountType.CREDIT, symbol, side, order_type=order_type, limit_price=limit_price) == code


def test_dates_say_who_needs_a_protective_limit_and_who_trades_after_hours() -> None:
    def terms(symbol: str, day: date, order_type: OrderType) -> OrderTerms:
        return TERMS._replace(symbol=symbol, trade_date=day, order_type=order_type, limit_price=Decimal(10))

    best = OrderType.OWN_BEST
    assert not needs_protection(terms("600000.SH", date(2023, 4, 7), best))
    assert needs_protection(terms("600000.SH", date(2023, 4, 10), best))
    assert needs_protection(terms("688981.SH", date(2023, 4, 7), best))
    assert order_types.breach(terms("600000.SH", date(2026, 7, 3), OrderType.AFTER_HOURS)) is not None
    assert order_types.breach(terms("600000.SH", date(2026, 7, 6), OrderType.AFTER_HOURS)) is None


def test_a_future_of_an_unknown_product_and_an_option_on_a_future_are_denied() -> None:
    for symbol in ("xx2701.SF", "rb2701C3500.SF"):
        terms = TERMS._replace(account=ACCOUNTS[AccountType.FUTURE], symbol=symbol, side=Side.BUY_OPEN)
        found = refusal(terms, RULES)
        assert found is not None
        assert found.code == "INSTRUMENT_NOT_SUPPORTED"


def test_whatever_meets_the_market_meets_a_rule() -> None:
    for side, facts in sides.FACTS.items():
        for symbol in KINDS:
            if facts.direction and sides.fits(side, symbol):
                assert rule_for(TERMS._replace(side=side, symbol=symbol)) is not None, (side, symbol)
