"""The bundled instruments and their rules, and those that a user adds."""

from pathlib import Path

import pytest

from filebridge.domain.symbols import SymbolReading, read_symbol
from filebridge.simulator.instruments import Instruments
from filebridge.simulator.settings import SettingsRefused

BUNDLED = Instruments()


def test_every_listed_symbol_has_a_name_and_a_board_and_is_canonical() -> None:
    listed = BUNDLED.listed()
    assert len(listed) == len(set(listed)) > 500
    boards = set()
    for symbol in listed:
        instrument = BUNDLED.get(symbol)
        assert instrument is not None, symbol
        assert instrument.name
        assert "模拟" not in instrument.name
        boards.add(instrument.board.board)
        if instrument.board.board != "IPO":  # subscription codes are no securities for the domain
            assert read_symbol(symbol) == SymbolReading(symbol)
    assert boards == {
        *("MAIN", "CHINEXT", "STAR", "BSE", "FUND", "FUND_T0", "CONVERTIBLE", "REPO", "IPO", "OPTION"),
        *("INDEX_FUTURE", "BOND_FUTURE", "COMMODITY_FUTURE"),
    }


@pytest.mark.parametrize(
    ("symbol", "name", "tick", "unit", "step", "multiplier", "limit_percent", "settle_days"),
    [
        ("600000.SH", "浦发银行", 10, 1000, 100, 1, 10, 1),
        ("688981.SH", "中芯国际", 10, 1000, 1, 1, 20, 1),
        ("159915.SZ", "创业板ETF易方达", 1, 1000, 100, 1, 20, 1),
        ("159920.SZ", "恒生ETF", 1, 1000, 100, 1, 10, 0),
        ("113052.SH", "兴业转债", 1, 1000, 10, 1, 20, 0),
        ("204001.SH", "GC001", 5, 1000, 10, 1, 0, 0),
        ("IF2612.IF", "沪深300股指期货2612", 200, 1000, 1, 300, 10, 0),
        ("IC9999.IF", "中证500股指期货9999", 200, 1000, 1, 200, 10, 0),
        ("10005183.SHO", "50ETF购4月2600", 1, 10_000, 1, 10_000, 0, 0),
        ("10004358.SHO", "模拟10004358", 1, 10_000, 1, 10_000, 0, 0),
        ("605999.SH", "模拟605999", 10, 1000, 100, 1, 10, 1),
    ],
)
def test_rules_come_from_the_board_and_the_row(
    symbol: str, name: str, tick: int, unit: int, step: int, multiplier: int, limit_percent: int, settle_days: int
) -> None:
    instrument = BUNDLED.get(symbol)
    assert instrument is not None
    board = instrument.board
    assert (instrument.name, board.tick, board.price_unit, board.buy_step) == (name, tick, unit, step)
    assert (board.multiplier, board.limit_percent, board.settle_days) == (multiplier, limit_percent, settle_days)


@pytest.mark.parametrize(
    ("symbol", "price", "quantity", "amount"),
    [
        ("600000.SH", 10_500, 1_000, 10_500_000),
        ("IF2612.IF", 4_000_200, 2, 2 * 300 * 4_000_200),
        ("10005183.SHO", 918, 3, 3 * 918_000),  # 0.0918 yuan, 10,000 a lot: 918 yuan
    ],
)
def test_what_a_quantity_costs(symbol: str, price: int, quantity: int, amount: int) -> None:
    instrument = BUNDLED.get(symbol)
    assert instrument is not None
    assert instrument.board.amount(price, quantity) == amount


@pytest.mark.parametrize(
    "symbol", ["", "600000", "60000.SH", "6000000.SH", "XX2612.IF", "IF.IF", "600000.HK", "٦00000.SH"]
)
def test_what_is_no_symbol(symbol: str) -> None:
    assert BUNDLED.get(symbol) is None


def test_a_user_adds_and_changes_instruments(tmp_path: Path) -> None:
    own = tmp_path / "instruments.csv"
    own.write_text(
        "symbol,name,board,limit_percent,tick,price_low,price_high\n"
        "600000.SH,我的浦发,,5,,,\n605998.SH,我的基金,FUND,,0.001,1,2\n",
        encoding="utf-8-sig",
    )
    instruments = Instruments(own)
    changed, added = instruments.get("600000.SH"), instruments.get("605998.SH")
    assert changed is not None
    assert added is not None
    assert (changed.name, changed.board.limit_percent, changed.board.tick) == ("我的浦发", 5, 10)
    assert (added.name, added.board.board, added.board.tick) == ("我的基金", "FUND", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("symbol,nme\n600000.SH,x\n", "unknown columns nme"),
        ("symbol,name\n600000.XX,x\n", "line 2: no board takes the symbol '600000.XX'"),
        ("symbol,board\n600000.SH,NONE\n", "line 2: no board takes"),
        ("symbol,tick\n600000.SH,0\n", "line 2: tick must be more than 0"),
        ("symbol,multiplier\n600000.SH,many\n", "line 2: invalid literal"),
    ],
)
def test_a_wrong_list_is_refused(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "instruments.csv"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsRefused, match=said):
        Instruments(own)
