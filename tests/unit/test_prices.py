"""Prices that walk, and prices that are played again: the same for the same seed or file, and never beyond a limit."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filebridge.simulator.exchange_clock import SHANGHAI, ExchangeClock
from filebridge.simulator.instruments import Instrument, Instruments
from filebridge.simulator.matching import Depth, Level
from filebridge.simulator.prices import Said, WalkingPrices
from filebridge.simulator.replay import Replay
from filebridge.simulator.settings import FILE, MarketSettings, SettingsRefused, read_settings

INSTRUMENTS = Instruments()
ROOT = Path(__file__).parents[2]
LISTED = INSTRUMENTS.listed()
NOTHING = Said()
START = datetime(2026, 1, 5, tzinfo=SHANGHAI)


def named(symbol: str) -> Instrument:
    instrument = INSTRUMENTS.get(symbol)
    assert instrument is not None
    return instrument


def walking(seed: int = 1, spread: int = 1) -> WalkingPrices:
    return WalkingPrices(seed, 3, spread, ExchangeClock())


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LISTED), st.integers(0, 10**6), st.integers(0, 700 * 86_400), st.integers(1, 5))
def test_a_walk_stays_on_the_tick_and_inside_the_limits(symbol: str, seed: int, second: int, spread: int) -> None:
    instrument, board = named(symbol), named(symbol).board
    quote, depth, _ = walking(seed, spread).shown(instrument, START + timedelta(seconds=second), NOTHING)
    assert quote.last % board.tick == quote.prev_close % board.tick == 0
    assert 0 < quote.limit_down <= quote.last <= quote.limit_up
    for side, sign in ((depth.bids, -1), (depth.asks, 1)):
        assert len(side) <= 5
        assert [level.price for level in side] == sorted((level.price for level in side), reverse=sign < 0)
        for level in side:
            assert quote.limit_down <= level.price <= quote.limit_up
            assert level.price % board.tick == 0
            assert level.quantity >= board.buy_min
            assert level.quantity % board.buy_step == 0
            assert (level.price - quote.last) * sign >= -spread * board.tick
    if depth.bids and depth.asks:
        assert depth.asks[0].price - depth.bids[0].price == spread * board.tick


def test_a_walk_that_wants_further_is_stopped_at_the_limits() -> None:
    lively = named("600000.SH")
    narrow = replace(lively, board=replace(lively.board, limit_percent=1))
    stopped = set()
    for hour in range(24 * 60):
        quote, depth, _ = walking().shown(narrow, START + timedelta(hours=hour), NOTHING)
        assert quote.limit_down <= quote.last <= quote.limit_up
        assert all(quote.limit_down <= level.price <= quote.limit_up for level in (*depth.bids, *depth.asks))
        if quote.last in (quote.limit_down, quote.limit_up):
            stopped.add((quote.last == quote.limit_up, bool(depth.bids), bool(depth.asks)))
    # At a limit the other side may be empty: then nobody sells at the upper one, nobody buys at the lower one.
    assert {(True, True, False), (False, False, True)} <= stopped


def test_a_moment_needs_none_before_it() -> None:
    moments = [START + timedelta(seconds=137 * n) for n in range(300)]
    once = walking()
    forward = [once.shown(named("600000.SH"), at, NOTHING) for at in moments]
    backward = [walking().shown(named("600000.SH"), at, NOTHING) for at in reversed(moments)]
    assert forward == backward[::-1]
    assert len({shown.quote.last for shown in forward}) > 20
    other = walking(seed=2)
    assert forward != [other.shown(named("600000.SH"), at, NOTHING) for at in moments]


def test_a_day_begins_where_the_last_one_ended() -> None:
    prices = walking()
    for symbol in ("600000.SH", "300750.SZ", "IF2612.IF", "10005183.SHO", "511880.SH"):
        for day in range(1, 60):
            midnight = START + timedelta(days=day)
            before = prices.shown(named(symbol), midnight - timedelta(seconds=3), NOTHING).quote
            after = prices.shown(named(symbol), midnight, NOTHING).quote
            assert after.last == after.prev_close
            assert abs(before.last - after.last) <= after.last // 200


def test_what_a_user_says_stands() -> None:
    stands = walking().shown(named("600000.SH"), START, Said(last=10_500, prev_close=10_450))
    assert (stands.quote.last, stands.quote.prev_close, stands.quote.limit_up) == (10_500, 10_450, 11_500)
    assert (stands.depth.bids[0].price, stands.depth.asks[0].price, stands.tick) == (10_500, 10_500, None)
    walks = walking().shown(named("600519.SH"), START, Said(prev_close=1_448_000))
    assert abs(walks.quote.prev_close - 1_448_000) < 1_448_000 * 0.3
    assert walks.tick is not None


TICKS = """symbol,time,last,prev_close,volume,bid1,bid1_qty,ask1,ask1_qty,ask2,ask2_qty
600000.SH,09:30:00,10.50,10.40,,10.49,300,10.50,200,10.51,400
600000.SH,09:30:03,10.60,,500,,,,,,
000001.SZ,09:30:01,11.00,,,,,,,,
600000.SH,09:31:00,12.00,,100,10.49,300,11.44,200,11.45,400
"""


def replay_of(folder: Path, text: str, bar_seconds: int = 60) -> Replay:
    path = folder / "ticks.csv"
    path.write_text(text, encoding="utf-8")
    return Replay(path, INSTRUMENTS, bar_seconds)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-05 {clock}").replace(tzinfo=SHANGHAI)


def test_a_replay_of_ticks(tmp_path: Path) -> None:
    replay = replay_of(tmp_path, TICKS)
    bank = named("600000.SH")
    before = replay.shown(bank, at("09:29:59"), NOTHING)
    assert (before.quote.last, before.depth) == (10_400, Depth())
    first = replay.shown(bank, at("09:30:02"), NOTHING)
    assert (first.quote.last, first.quote.limit_up) == (10_500, 11_440)
    assert first.depth == Depth((Level(10_490, 300),), (Level(10_500, 200), Level(10_510, 400)))
    # A row without levels offers its volume at its price.
    assert replay.shown(bank, at("09:30:03"), NOTHING).depth == Depth((Level(10_600, 500),), (Level(10_600, 500),))
    # What lies beyond the daily limit is not there.
    assert replay.shown(bank, at("15:00:00"), NOTHING).depth.asks == (Level(11_440, 200),)
    next_day = at("09:30:02") + timedelta(days=1)
    assert replay.shown(bank, next_day, NOTHING).quote == first.quote
    assert replay.shown(bank, next_day, NOTHING).tick != first.tick
    assert replay.shown(named("600036.SH"), at("10:00:00"), NOTHING).tick is None


def test_a_replay_of_bars(tmp_path: Path) -> None:
    replay = replay_of(
        tmp_path,
        "symbol,time,open,high,low,close,volume\n"
        "600000.SH,2026-01-05 09:30:00,10.00,10.20,9.90,10.10,4000\n"
        "600000.SH,2026-01-05 09:31:00,10.10,10.10,9.80,9.90,8000\n"
        "600000.SH,2026-01-06 09:30:00,9.90,9.90,9.90,9.90,400\n",
    )
    clocks = ["09:29:00", *(f"09:{30 + n // 4}:{n % 4 * 15:02d}" for n in range(8))]
    shown = [replay.shown(named("600000.SH"), at(clock), NOTHING) for clock in clocks]
    assert [each.quote.last for each in shown] == [10_000, 10_000, 9_900, 10_200, 10_100, 10_100, 10_100, 9_800, 9_900]
    assert [each.quote.liquidity for each in shown] == [0, *[1000] * 4, *[2000] * 4]
    assert replay.shown(named("600000.SH"), at("09:30:00") + timedelta(days=1), NOTHING).quote.prev_close == 9_900


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("symbol,time\n", "line 1: columns missing last"),
        ("symbol,time,last,colour\n", "line 1: columns unknown colour"),
        ("symbol,time,last\n", "line 1: no rows"),
        ("symbol,time,last\n600000.SH,09:30:00,x\n", "line 2: not a number: 'x'"),
        ("symbol,time,last\n600000.SH,09:30:00,10.505\n", "line 2: last: '10.505' is no price on the tick"),
        ("symbol,time,last\n600000.SH,09:30:00,10.5000001\n", "line 2: last: '10.5000001' is no price"),
        ("symbol,time,last\n600000.XX,09:30:00,10\n", "line 2: no such symbol"),
        ("symbol,time,last\n600000.SH,9:30,10\n", "line 2: not a time like"),
        ("symbol,time,last\n600000.SH,2026-01-05,10\n", "line 2: not a time like"),
        ("symbol,time,last\n600000.SH,09:30:00\n", "line 2: not as many values as columns"),
        ("symbol,time,last\n600000.SH,09:30:00,10,11\n", "line 2: not as many values as columns"),
        (
            "symbol,time,last\n600000.SH,09:30:00,10\n600000.SH,09:29:59,10\n",
            "line 3: 600000.SH: 09:29:59 comes before",
        ),
        ("symbol,time,last\n600000.SH,09:30:00,10\n600000.SH,2026-01-05 09:30:00,10\n", "line 3: .* in one file"),
        ("symbol,time,last,bid1\n600000.SH,09:30:00,10,10\n", "line 2: bid: a price without its _qty"),
        ("symbol,time,last,bid2,bid2_qty\n600000.SH,09:30:00,10,10,1\n", "line 2: bid: a level is missing"),
        ("symbol,time,last,bid1,bid1_qty,ask1,ask1_qty\n600000.SH,09:30:00,10,10,1,10,1\n", "bid1 is not below ask1"),
        ("symbol,time,open,high,low,close\n600000.SH,09:30:00,1,1,1,1\n", "line 1: columns missing volume"),
        ("symbol,time,open,high,low,close,volume\n600000.SH,09:30:00,10,9,8,9,1\n", "line 2: high and low"),
        ("symbol,time,open,high,low,close,volume\n600000.SH,09:30:00,10,10,10,10,-1\n", "line 2: volume: '-1'"),
    ],
)
def test_a_replay_is_read_strictly(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsRefused, match=rf"ticks.csv, .*{said}"):
        replay_of(tmp_path, text)


def test_a_missing_replay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"ticks\.csv"):
        Replay(tmp_path / "ticks.csv", INSTRUMENTS, 60)


def test_every_setting_is_described_with_its_default_and_stands_in_a_new_home() -> None:
    package = ROOT / "filebridge"
    template = (package / "counter.toml").read_text(encoding="utf-8")
    described = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    for field in fields(MarketSettings):
        default = field.default if isinstance(field.default, int) else f'"{field.default}"'
        assert f"| `{field.name}` | `{default}` |" in described
        assert f"\n{field.name} = " in template.replace("\n# ", "\n")


def test_settings(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == MarketSettings(prices="still", hours="always")
    (tmp_path / FILE).write_text('prices = "walk"\nseed = 7\n', encoding="utf-8-sig")
    assert read_settings(tmp_path) == MarketSettings(prices="walk", seed=7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('price = "walk"', "unknown setting 'price'; did you mean 'prices'"),
        ("colour = 1", "unknown setting 'colour'; known are prices, seed"),
        ('prices = "run"', "prices is one of still, walk, replay, not 'run'"),
        ('seed = "1"', "seed takes int, not '1'"),
        ("seed = true", "seed takes int, not True"),
        ("tick_seconds = 0", "tick_seconds is 1 to 3600, not 0"),
        ('prices = "replay"', "belong together"),
        ('replay = "ticks.csv"', "belong together"),
        ("prices = ", "Invalid value"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsRefused, match=f"counter.toml: .*{said}"):
        read_settings(tmp_path)
