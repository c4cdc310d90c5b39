"""Daily limits and the price cage; and that they agree with the simulated market, which works its own limits out."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filebridge.domain.market import Phase, TradingCalendar
from filebridge.domain.orders import SHANGHAI, Side
from filebridge.domain.price_limits import LIMITS, PriceBand, band_of, cage_edge, outside, warnings
from filebridge.domain.quotes import CLOCK_SLACK, Quote, is_believed
from filebridge.domain.symbols import InstrumentKind, instrument_kind
from filebridge.simulator.instruments import Instruments
from filebridge.simulator.market import Market
from tests.unit.test_lifecycle import TERMS

DAYS = TradingCalendar.of(date(2026, 6, 1) + timedelta(days=n) for n in range(200))
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
MAIN, CHINEXT, STAR, BSE, FUND, BOND = "600000.SH", "300750.SZ", "688981.SH", "430047.BJ", "510300.SH", "113050.SH"


def quote(prev_close: str | None = "10", name: str = "某某股份", **more: object) -> Quote:
    base = Quote(MAIN, NOW, "test", name, Decimal(prev_close) if prev_close else None)
    return base._replace(**more)  # type: ignore[arg-type]


def shown(symbol: str, seen: Quote, day: date = TODAY) -> str:
    band = band_of(symbol, seen, day, DAYS)
    return f"{band.low} {band.high}" if band else ""


@pytest.mark.parametrize(
    ("symbol", "prev_close", "name", "day", "expected"),
    [
        (MAIN, "10", "浦发银行", TODAY, "9.00 11.00"),
        (MAIN, "10.05", "浦发银行", TODAY, "9.05 11.06"),  # 9.045 and 11.055: half up
        (MAIN, "0.04", "浦发银行", TODAY, "0.03 0.05"),  # at least one tick
        (MAIN, "0.01", "浦发银行", TODAY, "0.01 0.02"),
        (MAIN, "10", "*ST某某", date(2026, 7, 3), "9.50 10.50"),
        (MAIN, "10", "ＳＴ某某", date(2026, 7, 3), "9.50 10.50"),
        (MAIN, "10", "*ST某某", date(2026, 7, 6), "9.00 11.00"),
        (CHINEXT, "10", "ST某某", TODAY, "8.00 12.00"),
        (STAR, "10", "某某科技", TODAY, "8.00 12.00"),
        (BSE, "10", "某某股份", TODAY, "7.00 13.00"),
        (FUND, "4.005", "沪深300ETF", TODAY, "3.204 4.806"),
        (BOND, "110.055", "某某转债", TODAY, "88.044 132.066"),
        (MAIN, "10", "N某某", TODAY, ""),
        (STAR, "10", "C某某", TODAY, ""),
        ("204001.SH", "1.8", "GC001", TODAY, ""),
    ],
)
def test_the_limits_of_a_day(symbol: str, prev_close: str, name: str, day: date, expected: str) -> None:
    assert shown(symbol, quote(prev_close, name), day) == expected


def test_the_first_days_have_none() -> None:
    listed = date(2026, 11, 16)
    assert [bool(shown(STAR, quote(listed_on=listed), listed + timedelta(days=n))) for n in range(7)] == [
        *(False, False, False, False, False),
        *(True, True),
    ]
    assert [bool(shown(BSE, quote(listed_on=listed), listed + timedelta(days=n))) for n in range(2)] == [False, True]
    assert shown(BOND, quote("100", listed_on=TODAY)) == "56.700 157.300"
    assert shown(BOND, quote("100", listed_on=TODAY - timedelta(days=1))) == "80.000 120.000"
    # Longer ago than the calendar knows.
    assert shown(STAR, quote(listed_on=date(2019, 7, 22))) == "8.00 12.00"


def test_what_the_exchange_says_goes_before_what_is_worked_out() -> None:
    told = quote(limit_down=Decimal("9.5"), limit_up=Decimal("10.5"))
    assert band_of(MAIN, told, TODAY, DAYS) == PriceBand(Decimal("9.5"), Decimal("10.5"), is_certain=True)
    assert band_of(MAIN, quote(None), TODAY, DAYS) is None


@pytest.mark.parametrize(
    ("price", "name", "denied", "warned"),
    [
        ("11", "某某股份", "", ()),
        ("11.01", "某某股份", "PRICE_OUTSIDE_LIMITS", ()),
        ("8.99", "某某股份", "PRICE_OUTSIDE_LIMITS", ()),
        ("8.99", "", "", ("PRICE_PERHAPS_OUTSIDE_LIMITS",)),
        ("8.99", "某某退", "", ("PRICE_PERHAPS_OUTSIDE_LIMITS",)),
    ],
)
def test_outside_is_denied_if_it_is_certain(price: str, name: str, denied: str, warned: tuple[str, ...]) -> None:
    terms = TERMS._replace(limit_price=Decimal(price))
    seen = quote(name=name)
    band = band_of(MAIN, seen, TODAY, DAYS)
    found = outside(terms, band)
    assert (found.code if found else "") == denied
    assert tuple(reason.code for reason in warnings(terms, seen, Phase.OPENING_AUCTION, band)) == warned


@pytest.mark.parametrize(
    ("symbol", "side", "edge"),
    [
        (MAIN, Side.BUY, "10.40"),  # 102 % of the ask 10.20
        (MAIN, Side.SELL, "9.90"),  # 98 % of the bid 10.10
        (BSE, Side.BUY, "10.71"),
        (BSE, Side.SELL, "9.60"),
        (FUND, Side.BUY, None),
    ],
)
def test_the_cage(symbol: str, side: Side, edge: str | None) -> None:
    terms = TERMS._replace(symbol=symbol, side=side)
    seen = quote(bids=(Decimal("10.10"),), asks=(Decimal("10.20"),))
    assert cage_edge(terms, seen) == (Decimal(edge) if edge else None)
    if edge is None:
        return
    beyond = Decimal(edge) + (Decimal("0.01") if side is Side.BUY else Decimal("-0.01"))
    for price, codes in ((Decimal(edge), ()), (beyond, ("PRICE_BEYOND_CAGE",))):
        asked = terms._replace(limit_price=price)
        assert tuple(reason.code for reason in warnings(asked, seen, Phase.CONTINUOUS, None)) == codes
        assert warnings(asked, seen, Phase.OPENING_AUCTION, None) == ()


def test_the_cage_of_a_cheap_stock_is_ten_ticks_wide_and_its_base_what_there_is() -> None:
    buy, sell = TERMS, TERMS._replace(side=Side.SELL)
    assert cage_edge(buy, quote("2.00")) == Decimal("2.10")
    assert cage_edge(sell, quote("2.00")) == Decimal("1.90")
    assert cage_edge(buy, quote("2.00", last=Decimal("3.00"))) == Decimal("3.10")
    assert cage_edge(buy, quote("2.00", last=Decimal("3.00"), bids=(Decimal("4.00"),))) == Decimal("4.10")
    # STAR before the ten ticks came.
    before = buy._replace(symbol=STAR, trade_date=date(2022, 1, 4))
    assert cage_edge(before, quote("2.00")) == Decimal("2.04")
    assert cage_edge(buy, quote(None)) is None


@given(st.integers(1, 300_000), st.sampled_from((MAIN, CHINEXT, STAR, BSE, FUND, BOND)))
def test_a_band_holds_the_previous_close_and_lies_on_the_tick(units: int, symbol: str) -> None:
    tick = Decimal("0.001") if symbol in (FUND, BOND) else Decimal("0.01")
    prev_close = units * tick
    band = band_of(symbol, quote()._replace(prev_close=prev_close), TODAY, DAYS)
    assert band is not None
    assert tick <= band.low <= prev_close < band.high
    assert band.low % tick == band.high % tick == 0


def test_the_simulated_market_has_the_same_limits() -> None:
    market, instruments, compared = Market(), Instruments(), 0
    for symbol in instruments.listed():
        instrument = instruments.get(symbol)
        assert instrument is not None
        kind = instrument_kind(symbol)
        if not any(row.kind is kind for row in LIMITS):
            continue
        told = market.quote(instrument)
        seen = quote()._replace(symbol=symbol, name=instrument.name, prev_close=Decimal(told.prev_close) / 1000)
        band = band_of(symbol, seen, TODAY, DAYS)
        assert band is not None, symbol
        ours, theirs = (band.low, band.high), (Decimal(told.limit_down) / 1000, Decimal(told.limit_up) / 1000)
        if kind in (InstrumentKind.ETF, InstrumentKind.LOF):
            # Ours is the wider one of the two that a fund may have.
            assert ours[0] <= theirs[0] < theirs[1] <= ours[1], symbol
        else:
            assert ours == theirs, symbol
        compared += 1
    assert compared > 400


def test_a_quote_ages() -> None:
    limit, slack = timedelta(seconds=5), CLOCK_SLACK
    assert is_believed(limit, limit)
    assert not is_believed(limit + timedelta(milliseconds=1), limit)
    assert is_believed(-slack, limit)
    assert not is_believed(-slack - timedelta(milliseconds=1), limit)
