"""Prices taken from market data: whatever quote and offset, never more aggressive than asked, and on the tick."""

import re
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filebridge.domain.orders import SHANGHAI, OrderType
from filebridge.domain.price_limits import PriceBand
from filebridge.domain.pricing import LEVEL_PRICES, OffsetUnit, PriceOffset, read_offset, resolved
from filebridge.domain.quotes import Quote
from filebridge.domain.reasons import REASONS, Reason

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
TICKS = st.sampled_from([Decimal("0.01"), Decimal("0.001"), Decimal("0.005"), Decimal("0.2")])
OFFSETS = st.none() | st.one_of(
    st.integers(-9999, 9999).map(lambda number: PriceOffset(Decimal(number), OffsetUnit.TICKS)),
    st.decimals(-99, 99, places=4).map(lambda number: PriceOffset(number, OffsetUnit.PERCENT)),
)


@st.composite
def quotes(draw: st.DrawFn, tick: Decimal) -> Quote:
    """Up to five levels of each side, in order."""
    middle = draw(st.integers(6, 100_000))
    steps = draw(st.lists(st.integers(1, 3), max_size=5)), draw(st.lists(st.integers(1, 3), max_size=5))
    bids = [middle - sum(steps[0][: place + 1]) for place in range(len(steps[0]))]
    asks = [middle + sum(steps[1][: place + 1]) for place in range(len(steps[1]))]
    return Quote(
        "600000.SH",
        NOW,
        "test",
        bids=tuple(number * tick for number in bids if number > 0),
        asks=tuple(number * tick for number in asks),
    )


@given(st.data(), st.sampled_from([*LEVEL_PRICES]), OFFSETS, TICKS, st.booleans(), st.booleans())
def test_never_more_aggressive_than_asked(
    data: st.DataObject, order_type: OrderType, offset: PriceOffset | None, tick: Decimal, buys: bool, is_certain: bool
) -> None:
    quote = data.draw(quotes(tick))
    low, high = sorted(data.draw(st.tuples(st.integers(1, 200_000), st.integers(1, 200_000))))
    band = data.draw(st.none() | st.just(PriceBand(low * tick, high * tick, is_certain)))
    wanted = LEVEL_PRICES[order_type]
    side = quote.bids if buys is wanted.is_own else quote.asks
    found = resolved(order_type, offset, quote, buys=buys, tick=tick, band=band)
    if len(side) < wanted.level:
        assert isinstance(found, Reason)
        assert found.code == "PRICE_LEVEL_EMPTY"
        return
    price = side[wanted.level - 1]
    amount = offset.amount if offset else Decimal(0)
    asked = price + (amount * tick if offset and offset.unit is OffsetUnit.TICKS else price * amount / 100)
    if isinstance(found, Reason):
        # Nothing above zero is left of it.
        assert found.code == "PRICE_NOT_POSITIVE"
        assert asked < tick
        return
    assert found > 0
    assert found % tick == 0
    assert found <= asked if buys else found >= asked
    edge = None if band is None or not band.is_certain else band.high if buys else band.low
    if edge is not None and (found == edge):
        assert asked >= edge - tick if buys else asked <= edge + tick
    else:
        assert abs(found - asked) < tick
    if edge is not None:
        assert found <= edge if buys else found >= edge


@given(OFFSETS.filter(lambda offset: offset is not None))
def test_an_offset_is_read_as_it_is_written(offset: PriceOffset) -> None:
    assert read_offset(str(offset)) == offset


@pytest.mark.parametrize(
    ("text", "written"),
    [
        *(("+2t", "+2t"), ("2t", "+2t"), ("-1 tick", "-1t"), ("3跳", "+3t"), ("+2T", "+2t"), ("２ｔ", "+2t")),
        *(("-0.5%", "-0.5%"), ("0.50%", "+0.5%"), ("１．５％", "+1.5%"), ("99%", "+99%"), ("-9999t", "-9999t")),
        *(("2", ""), ("0.5t", ""), ("%", ""), ("t", ""), ("+-1t", ""), ("1e1%", ""), ("100%", ""), ("10000t", "")),
        *(("0.00001%", ""), ("1,5%", ""), ("+2t%", ""), ("", "")),
    ],
)
def test_how_an_offset_is_written(text: str, written: str) -> None:
    found = read_offset(text)
    assert ("" if found is None else str(found)) == written


def test_without_a_tick_there_is_no_offset() -> None:
    quote = Quote("600000.SH", NOW, "test", bids=(Decimal("10.5"),))
    own = OrderType["OWN_1"]
    assert resolved(own, None, quote, buys=True, tick=None, band=None) == Decimal("10.5")
    found = resolved(own, PriceOffset(Decimal(1), OffsetUnit.TICKS), quote, buys=True, tick=None, band=None)
    assert isinstance(found, Reason)
    assert found.code == "TICK_NOT_KNOWN"
    assert not re.search(r"\{\w+\}", found.message + found.message_zh)
    assert {"PRICE_LEVEL_EMPTY", "TICK_NOT_KNOWN"} <= REASONS.keys()
