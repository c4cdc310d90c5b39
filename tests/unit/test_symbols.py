"""Every spelling of a symbol that market rules and other programs know, and those that must not be guessed."""

import pytest

from filebridge.domain.reasons import Reason
from filebridge.domain.symbols import Board, InstrumentKind, SymbolReading, board, instrument_kind, read_symbol

READ = [
    ("600000.SH", "600000.SH"),
    ("600000.sh", "600000.SH"),
    ("SHSE.600000", "600000.SH"),
    ("SH600000", "600000.SH"),
    ("sh.600000", "600000.SH"),
    ("600000.SS", "600000.SH"),
    ("600000.XSHG", "600000.SH"),
    ("600000", "600000.SH"),
    (" 600000 ", "600000.SH"),
    ("６０００００．ＳＨ", "600000.SH"),
    ("sz000001", "000001.SZ"),
    ("SZSE.000001", "000001.SZ"),
    ("000001.XSHE", "000001.SZ"),
    ("000001", "000001.SZ"),
    ("000001.SH", "000001.SH"),
    ("300750", "300750.SZ"),
    ("688981", "688981.SH"),
    ("510300", "510300.SH"),
    ("159915", "159915.SZ"),
    ("123001", "123001.SZ"),
    ("110059", "110059.SH"),
    ("204001", "204001.SH"),
    ("131810", "131810.SZ"),
    ("430047", "430047.BJ"),
    ("920819", "920819.BJ"),
    ("bj830799", "830799.BJ"),
    ("399001", "399001.SZ"),
    ("900901", "900901.SH"),
    ("999999.SH", "999999.SH"),
    ("IF2401.IF", "IF2401.IF"),
    ("CFFEX.if2401", "IF2401.IF"),
    ("ag2407.SF", "ag2407.SF"),
    ("SHFE.ag2407", "ag2407.SF"),
    ("CZCE.SR405", "SR405.ZF"),
    ("IO2401-C-3500.IF", "IO2401-C-3500.IF"),
    ("10004358.SHO", "10004358.SHO"),
    ("SHSE.10004358", "10004358.SHO"),
    ("10004358", "10004358.SHO"),
    ("90000123.SZO", "90000123.SZO"),
]

UNREADABLE = [
    "",
    "浦发银行",
    "60000",
    "0600000",
    "600000.0",
    "6e5",
    "600000.XX",
    "700.HK",
    "00700.HK",
    "SH600000.SH",
    "SH600000.SZ",
    "999999",
    "123456789",
    "IF2401",
    "IF2401.XX",
    "20004358",
    "①",
    "٦٠٠٠٠٠",
    "1.SZ",
    "=600000",
    "SH10004358.SHO",
    "SHFE.10004358",
]


@pytest.mark.parametrize(("text", "symbol"), READ)
def test_a_spelling_with_one_reading_is_read_without_a_note(text: str, symbol: str) -> None:
    assert read_symbol(text) == SymbolReading(symbol)


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_has_no_reading_is_a_problem(text: str) -> None:
    reading = read_symbol(text)
    assert isinstance(reading, Reason)
    assert reading.code == "SYMBOL_NOT_RECOGNISED"


@pytest.mark.parametrize(("text", "symbol"), [("1", "000001.SZ"), ("2594", "002594.SZ"), ("２５９４", "002594.SZ")])
def test_zeros_that_a_spreadsheet_ate_are_restored_and_told(text: str, symbol: str) -> None:
    reading = read_symbol(text)
    assert isinstance(reading, SymbolReading)
    assert reading.symbol == symbol
    assert reading.note is not None
    assert reading.note.code == "SYMBOL_ZEROS_RESTORED"
    assert symbol in reading.note.message
    assert symbol in reading.note.message_zh


@pytest.mark.parametrize("text", ["00700", "0700", "00001", "０２５９４"])
def test_a_number_that_kept_some_zeros_may_be_of_another_market(text: str) -> None:
    reading = read_symbol(text)
    assert isinstance(reading, Reason)
    assert reading.code == "SYMBOL_ZEROS_AMBIGUOUS"


def test_zeros_are_restored_for_stocks_only() -> None:
    assert isinstance(read_symbol("19547"), Reason)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("600000.SZ", "600000.SH"),
        ("300750.SH", "300750.SZ"),
        ("SH159915", "159915.SZ"),
        ("430047.SZ", "430047.BJ"),
        ("10004358.SZO", "10004358.SHO"),
    ],
)
def test_an_exchange_that_contradicts_the_number_is_not_accepted(text: str, meant: str) -> None:
    reading = read_symbol(text)
    assert isinstance(reading, Reason)
    assert reading.code == "SYMBOL_EXCHANGE_MISMATCH"
    assert reading.context["symbol"] == meant


@pytest.mark.parametrize(
    ("symbol", "kind", "its_board"),
    [
        ("600000.SH", InstrumentKind.STOCK, Board.MAIN),
        ("000001.SZ", InstrumentKind.STOCK, Board.MAIN),
        ("300750.SZ", InstrumentKind.STOCK, Board.CHINEXT),
        ("688981.SH", InstrumentKind.STOCK, Board.STAR),
        ("830799.BJ", InstrumentKind.STOCK, Board.BSE),
        ("510300.SH", InstrumentKind.ETF, None),
        ("159915.SZ", InstrumentKind.ETF, None),
        ("161725.SZ", InstrumentKind.LOF, None),
        ("113052.SH", InstrumentKind.CONVERTIBLE_BOND, None),
        ("128136.SZ", InstrumentKind.CONVERTIBLE_BOND, None),
        ("204001.SH", InstrumentKind.REPO, None),
        ("131810.SZ", InstrumentKind.REPO, None),
        ("000001.SH", InstrumentKind.OTHER, None),
        ("900901.SH", InstrumentKind.OTHER, None),
        ("200002.SZ", InstrumentKind.OTHER, None),
        ("899050.BJ", InstrumentKind.OTHER, None),
        ("999999.SH", InstrumentKind.OTHER, None),
        ("IF2401.IF", InstrumentKind.FUTURE, None),
        ("10004358.SHO", InstrumentKind.OPTION, None),
    ],
)
def test_kind_and_board_come_from_the_prefix_table(symbol: str, kind: InstrumentKind, its_board: Board | None) -> None:
    assert instrument_kind(symbol) is kind
    assert board(symbol) is its_board


@pytest.mark.parametrize(("_", "symbol"), READ)
def test_a_canonical_symbol_reads_as_itself(_: str, symbol: str) -> None:
    assert read_symbol(symbol) == SymbolReading(symbol)
