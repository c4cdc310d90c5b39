"""Which orders need a quote, and what one says of them: missing, stale, outside the day's limits, beyond the cage."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from filebridge.domain import order_types
from filebridge.domain.bounds import Limits
from filebridge.domain.market import TradingCalendar
from filebridge.domain.orders import SHANGHAI, OrderTerms, OrderType, Side
from filebridge.domain.quote_checks import Priced, needs_quote, priced
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import Reason
from filebridge.domain.risk import Rules
from tests.unit.test_lifecycle import TERMS

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
D = Decimal
RULES = Rules(
    mode="paper",
    hours="exchange",
    calendar=TradingCalendar.of([DAY]),
    max_order_age=timedelta(minutes=10),
    limits=Limits(),
)
ALWAYS = Rules(**{**{name: getattr(RULES, name) for name in RULES.__slots__}, "always_quotes": True})
NARROW = Rules(
    **{
        **{name: getattr(RULES, name) for name in RULES.__slots__},
        "limits": Limits(price_from_last_percent_max=Decimal(2)),
    }
)
QUOTE = Quote("600000.SH", NOW, "terminal", "浦发银行", D("10.45"), D("10.50"), (D("10.49"),), (D("10.50"),))
NOBODY = ("nobody", "无")


def order(price: str = "10.50", symbol: str = "600000.SH", side: Side = Side.BUY) -> OrderTerms:
    return TERMS._replace(symbol=symbol, side=side, limit_price=D(price), quantity=100, trade_date=DAY)


@pytest.mark.parametrize(
    ("terms", "rules", "expected"),
    [
        (order(), RULES, False),
        (order(), ALWAYS, True),
        (order(), NARROW, True),
        (order("1.5", "204001.SH", Side.SELL), ALWAYS, False),
        (order("1.5", "204001.SH", Side.SELL), NARROW, False),
    ],
)
def test_who_needs_a_quote(terms: OrderTerms, rules: Rules, expected: bool) -> None:
    assert needs_quote(terms, rules) is expected


def code_of(found: Priced | Reason) -> str:
    return found.code if isinstance(found, Reason) else " ".join(reason.code for reason in found.warnings)


@pytest.mark.parametrize(
    ("terms", "quote", "expected"),
    [
        (order(), None, "QUOTE_MISSING"),
        (order(), QUOTE._replace(at=NOW - timedelta(seconds=31)), "QUOTE_STALE"),
        (order(), QUOTE._replace(at=NOW + timedelta(seconds=3)), "QUOTE_STALE"),
        (order(), QUOTE._replace(at=NOW + timedelta(seconds=1)), ""),
        (order(), QUOTE, ""),
        (order("11.50"), QUOTE, "PRICE_BEYOND_CAGE"),
        (order("11.51"), QUOTE, "PRICE_OUTSIDE_LIMITS"),
        (order("9.40", side=Side.SELL), QUOTE, "PRICE_OUTSIDE_LIMITS"),
        (order("11.51"), QUOTE._replace(name=""), "PRICE_PERHAPS_OUTSIDE_LIMITS PRICE_BEYOND_CAGE"),
        (order("11.51"), QUOTE._replace(limit_down=D(9), limit_up=D(12)), "PRICE_BEYOND_CAGE"),
        (order("10.52"), QUOTE._replace(limit_down=D(9), limit_up=D("10.51")), "PRICE_OUTSIDE_LIMITS"),
    ],
)
def test_what_a_quote_says(terms: OrderTerms, quote: Quote | None, expected: str) -> None:
    assert code_of(priced(terms, quote, NOBODY, NOW, ALWAYS)) == expected


def test_a_price_from_before_noon_is_good_after_it() -> None:
    noon, after = (datetime(2026, 11, 20, *clock, tzinfo=SHANGHAI) for clock in ((11, 29, 59), (13, 0, 1)))
    found = priced(order(), QUOTE._replace(at=noon), NOBODY, after, ALWAYS)
    assert isinstance(found, Priced)
    assert found.age == timedelta(seconds=2)
    # Before the opening there is no cage, and yesterday's price is none of today's.
    early = datetime(2026, 11, 20, 9, 16, tzinfo=SHANGHAI)
    assert code_of(priced(order("11.50"), QUOTE._replace(at=early), NOBODY, early, ALWAYS)) == ""
    assert (
        code_of(priced(order(), QUOTE._replace(at=early - timedelta(hours=19)), NOBODY, early, ALWAYS)) == "QUOTE_STALE"
    )


@pytest.mark.parametrize(
    ("side", "order_type", "offset", "expected"),
    [
        (Side.BUY, "OPPOSITE_1", "", "10.50"),
        (Side.BUY, "OPPOSITE_1", "+2t", "10.52"),
        (Side.SELL, "OPPOSITE_1", "-0.5%", "10.44"),  # 10.43755, up
        (Side.BUY, "OWN_1", "+0.05%", "10.49"),  # 10.495245, down
        # Beyond the daily limit it is held back; on the other side that would be more than was asked.
        (Side.BUY, "OPPOSITE_1", "+15%", "11.50"),
        (Side.SELL, "OPPOSITE_1", "+15%", "PRICE_OUTSIDE_LIMITS"),
        (Side.BUY, "OPPOSITE_2", "", "PRICE_LEVEL_EMPTY"),
    ],
)
def test_a_price_from_a_level(side: Side, order_type: str, offset: str, expected: str) -> None:
    terms = order(side=side)._replace(order_type=OrderType(order_type), limit_price=None, price_offset=offset)
    assert needs_quote(terms, RULES)
    found = priced(terms, QUOTE, NOBODY, NOW, RULES)
    if isinstance(found, Reason):
        assert found.code == expected
    else:
        assert found.terms == terms._replace(limit_price=D(expected))
        assert {reason.code for reason in found.warnings} <= {"PRICE_BEYOND_CAGE"}


def test_an_order_without_any_limit_gets_that_of_the_day_or_is_denied() -> None:
    """Whatever it costs, it is less than what the limits were held against."""
    best = order()._replace(symbol="000001.SZ", order_type=OrderType.BEST5_OR_CANCEL, limit_price=None)
    seen = QUOTE._replace(symbol="000001.SZ", limit_down=D("9.41"), limit_up=D("11.50"))
    for side, bound in ((Side.BUY, D("11.50")), (Side.SELL, D("9.41"))):
        for order_type in (OrderType.BEST5_OR_CANCEL, OrderType.LATEST):
            asked = best._replace(side=side, order_type=order_type)
            assert needs_quote(asked, RULES)
            found = priced(asked, seen, NOBODY, NOW, RULES)
            assert not isinstance(found, Reason)
            assert found.terms.limit_price == bound
            # Its price is no reason to deny it when it is looked at once more.
            assert order_types.breach(found.terms) is None
    protected = best._replace(limit_price=D("10.60"))
    assert not needs_quote(protected, RULES)
    no_limits = seen._replace(limit_down=None, limit_up=None, prev_close=None)
    assert code_of(priced(best, no_limits, NOBODY, NOW, RULES)) == "PRICE_BOUND_UNKNOWN"
    # A repo lends the same at any rate; some sides never meet the market.
    assert not needs_quote(best._replace(symbol="131810.SZ", side=Side.SELL, order_type=OrderType.LATEST), RULES)
    assert not needs_quote(best._replace(side=Side.DIRECT_RETURN, order_type=OrderType.NO_PRICE), RULES)
