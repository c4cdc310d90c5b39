"""CSV files as people and programs write them, whole and broken."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from filebridge.domain.orders import SHANGHAI, Action, OrderInstruction, OrderType, Side
from filebridge.orderfiles import ParsedFile, parse

TODAY = date(2026, 11, 20)
HEADER = "client_order_id,symbol,side,quantity,limit_price\n"
ROW = "A1,600000.SH,BUY,100,10.5\n"
ORDER = OrderInstruction(
    row=2,
    client_order_id="A1",
    symbol="600000.SH",
    side=Side.BUY,
    quantity=100,
    order_type=OrderType.LIMIT,
    limit_price=Decimal("10.5"),
)


def parsed(text: str | bytes, name: str = "basket.csv", *, end_line_required: bool = False) -> ParsedFile:
    data = text if isinstance(text, bytes) else text.encode()
    return parse(data, name=name, today=TODAY, end_line_required=end_line_required)


def told(file: ParsedFile) -> list[tuple[int, str, str, str]]:
    return [(found.row, found.column, found.value, found.reason.code) for found in file.problems]


def codes(file: ParsedFile) -> list[str]:
    return [found.reason.code for found in file.problems]


def test_a_plain_file() -> None:
    assert parsed(HEADER + ROW) == ParsedFile(
        format="csv", encoding="utf-8", delimiter="comma", instructions=(ORDER,), rows=1
    )


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        (HEADER + ROW, "comma"),
        ((HEADER + ROW).replace(",", ";"), "semicolon"),
        ((HEADER + ROW).replace(",", "\t"), "tab"),
        ((HEADER + ROW).replace("\n", "\r\n"), "comma"),
        ((HEADER + ROW).replace("\n", "\r"), "comma"),
        (HEADER.upper() + ROW, "comma"),
        ("Client Order ID, Symbol ,SIDE,quantity,Limit-Price\n" + ROW, "comma"),
        ("自定义编号,证券代码,买卖方向,委托数量,委托价格\nA1,SH600000,买入,100,10.50\n", "comma"),
        ("自定义编号,证券 代码,\u3000买卖方向,委托数量,ＬＩＭＩＴ＿ＰＲＩＣＥ\n" + ROW, "comma"),
        ("symbol,limit_price,side,quantity,client_order_id\n600000,10.50,b,100,A1\n", "comma"),
        (HEADER + '"A1","600000.SH","BUY","100","10.5"\n', "comma"),
        (HEADER + " A1 , 600000.SH ,BUY, 100 , 10.5 \n", "comma"),
        (HEADER.strip() + ",,\n" + ROW.strip() + ",,\n,,,,,,\n", "comma"),
        (HEADER + ROW + "\n\n,,,,\n", "comma"),
        (HEADER + ROW + "#END,1", "comma"),
        (HEADER + ROW + "#END,1\n", "comma"),
        (HEADER + ROW + "#end,1,,,\n,,\n", "comma"),
        ((HEADER + ROW).replace(",", "\t") + "#END,1", "tab"),
        ("序号,证券名称," + HEADER + "1,浦发银行," + ROW, "comma"),
        ("\ufeff" + HEADER + ROW, "comma"),
        ("sep=;\r\n" + (HEADER + ROW).replace(",", ";"), "semicolon"),
        ('\ufeff"sep=,"\n' + HEADER + ROW, "comma"),
        ('自定义编号,="证券代码",买卖,股数,价格(元)\nA1,="600000",证券买入,="100",10.5\n', "comma"),
        ("自定义编号 client_order_id,代码,操作,数量（股）,委托价\nA1,600000,买入,100,10.5\n", "comma"),
        ("持仓数量,成本价," + HEADER + "700,8.1," + ROW, "comma"),
    ],
)
def test_one_order_in_many_spellings(text: str, delimiter: str) -> None:
    file = parsed(text)
    assert file.problems == ()
    assert file.instructions == (ORDER,)
    assert (file.delimiter, file.rows) == (delimiter, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_one_order_in_every_encoding(encoding: str) -> None:
    text = "证券代码,买卖方向,委托数量,委托价格,备注\n600000,买入,100,10.5,茅台替代：浦发“银行”\n"
    file = parsed(text.encode(encoding))
    assert file.problems == ()
    assert file.instructions[0].note == "茅台替代：浦发“银行”"


@pytest.mark.parametrize(
    ("note", "encoding", "refused"),
    [
        *(("茅台", "gbk", True), ("路", "gbk", True), ("浦发", "gbk", False)),
        *(("茅台", "utf-8", False), ("路", "utf-8", False), ("café", "utf-8", True), ("🙂", "utf-8", True)),
    ],
)
def test_what_is_valid_as_gbk_and_as_utf8_is_read_by_its_header_or_refused(
    note: str, encoding: str, refused: bool
) -> None:
    row = f"600519,BUY,100,1680.5,{note}\n"
    file = parsed(f"symbol,side,quantity,limit_price,note\n{row}".encode(encoding))
    assert codes(file) == (["FILE_ENCODING_AMBIGUOUS"] if refused else [])
    file = parsed(f"symbol,side,quantity,limit_price,备注\n{row}".encode(encoding))
    assert (file.problems, file.instructions[0].note) == ((), note)


def test_an_ambiguous_encoding_shows_both_readings() -> None:
    (found,) = parsed("symbol,side,quantity,limit_price,note\n600519,BUY,100,1680.5,茅台\n".encode("gbk")).problems
    assert (found.reason.context["utf8"], found.reason.context["gbk"]) == ("茅台".encode("gbk").decode(), "茅台")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b" \r\n\xef\xbb\xbf", "FILE_EMPTY"),
        (b"PK\x03\x04abc", "FILE_IS_WORKBOOK"),
        (b"\xd0\xcf\x11\xe0abc", "FILE_IS_WORKBOOK"),
        (b"%PDF-1.7", "FILE_BINARY"),
        (b"symbol\0,side\n", "FILE_BINARY"),
        (b"\xff\xfe\x00\x00s\x00\x00\x00", "FILE_BINARY"),
        (b"\xff\xfea", "FILE_ENCODING_UNKNOWN"),
        (HEADER.encode() + "café,600000,BUY,1,1\n".encode("latin-1"), "FILE_ENCODING_UNKNOWN"),
        (HEADER.encode() + "Привет,600000,BUY,1,1\n".encode("gbk"), "FILE_ENCODING_UNKNOWN"),
        (HEADER.encode() + b"A\x1b1\n", "FILE_CONTROL_CHARACTER"),
        (b"[]\n", "FILE_CONTENT_MISMATCH"),
        (b"symbol|side\n", "FILE_DELIMITER_UNKNOWN"),
        ("证券代码，买卖方向\n".encode(), "FILE_DELIMITER_UNKNOWN"),
        (b"symbol,side;quantity\n", "FILE_DELIMITER_AMBIGUOUS"),
        (HEADER.encode(), "FILE_NO_ORDERS"),
        (("委托清单,,\n" + HEADER + ROW).encode(), "FILE_HEADER_NOT_FIRST"),
        (b"#END,0\n", "FILE_NO_ORDERS"),
        ((HEADER + ROW).rstrip("\n").encode(), "FILE_NO_FINAL_NEWLINE"),
        ((HEADER + ROW + '"A2,600001,BUY,100,10.5\n').encode(), "FILE_CSV_BROKEN"),
        ((HEADER + ROW + '"A2"x,600001,BUY,100,10.5\n').encode(), "FILE_CSV_BROKEN"),
        ((HEADER + ROW + "#END,2\n").encode(), "FILE_ROW_COUNT_MISMATCH"),
        ((HEADER + ROW + "#END,\n").encode(), "FILE_END_LINE_BROKEN"),
        ((HEADER + ROW + "#END,1\n" + ROW).encode(), "FILE_END_LINE_NOT_LAST"),
    ],
)
def test_a_broken_file_has_no_instructions(data: bytes, code: str) -> None:
    file = parsed(data)
    assert codes(file)[0] == code
    assert file.problems[0].row == 0
    assert file.instructions == ()


@pytest.mark.parametrize("name", ["a.xlsb", "a.ET", "a.pdf", "a", ".csv", "a.csv.bak"])
def test_other_extensions_are_told_what_to_do(name: str) -> None:
    file = parsed(HEADER + ROW, name)
    assert codes(file) == ["FILE_FORMAT_UNKNOWN"]
    assert "CSV UTF-8" in file.problems[0].reason.message
    assert "CSV UTF-8" in file.problems[0].reason.message_zh


def test_a_required_end_line_shows_a_cut_between_two_rows() -> None:
    assert codes(parsed(HEADER + ROW, end_line_required=True)) == ["FILE_END_LINE_MISSING"]
    assert parsed(HEADER + ROW + "#END,1", end_line_required=True).instructions == (ORDER,)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("symbol,side,quantity,limit_price,colour", (1, "colour", "colour", "COLUMN_UNKNOWN")),
        ("symbol,side,quantity,limit_price,Quantty", (1, "Quantty", "Quantty", "COLUMN_MISSPELT")),
        ("symbol,side,quantity,limit_price,Volume", (1, "Volume", "Volume", "COLUMN_DUPLICATE")),
        ("symbol,side,quantity,limit_price,日期", (1, "日期", "日期", "COLUMN_AMBIGUOUS")),
        ("symbol,side,quantity,limit_price,委托手数", (1, "委托手数", "委托手数", "COLUMN_IN_LOTS")),
        ("symbol,side,quantity,limit_price,数量(手)", (1, "数量(手)", "数量(手)", "COLUMN_IN_LOTS")),
        ("symbol,side,quantity,limit_price,委托数量(元)", (1, "委托数量(元)", "委托数量(元)", "COLUMN_UNIT_UNKNOWN")),
        ("symbol,side,quantity,limit_price,数量（万股）", (1, "数量（万股）", "数量（万股）", "COLUMN_UNIT_UNKNOWN")),
        ("symbol,side,quantity,limit_price,价格/分", (1, "价格/分", "价格/分", "COLUMN_UNIT_UNKNOWN")),
        ("symbol,side,quantity,limit_price,price[%]", (1, "price[%]", "price[%]", "COLUMN_UNIT_UNKNOWN")),
        ("symbol,side,quantity,limit_price,数量/手", (1, "数量/手", "数量/手", "COLUMN_IN_LOTS")),
        ("symbol,side,quantity,limit_price,exchange", (1, "exchange", "exchange", "COLUMN_OF_EXCHANGE")),
        ("symbol,side,quantity,limit_price,成交数量", (1, "成交数量", "成交数量", "COLUMN_OF_PLACED_ORDER")),
        ("symbol,side,quantity,limit_price,证券代码", (1, "证券代码", "证券代码", "COLUMN_DUPLICATE")),
        ("symbol,side,quantity,limit_price,quantity", (1, "quantity", "quantity", "COLUMN_DUPLICATE")),
        ("symbol,side,,quantity,limit_price", (1, "", "", "COLUMN_UNNAMED")),
        ("symbol,side,quantity,note,strategy", (1, "limit_price", "", "COLUMN_MISSING")),
    ],
)
def test_a_header_problem_is_told_once_and_nothing_trades(header: str, problem: tuple[int, str, str, str]) -> None:
    file = parsed(header + "\n" + "600000,BUY,100,10.5,x\n" * 5)
    assert problem in told(file)
    assert [row for row, *_ in told(file)].count(1) == 1
    assert file.instructions == ()


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        # As FoxPro writes it: every line ended, and then the sign that the text ends.
        (HEADER + ROW + "\x1a", []),
        (HEADER + ROW.strip() + "\x1a", ["FILE_NO_FINAL_NEWLINE"]),
        (HEADER + ROW + "\x1a" + ROW, ["FILE_CONTROL_CHARACTER"]),
        (HEADER + ROW + "\x1a\x1a", ["FILE_CONTROL_CHARACTER"]),
        ("# my orders\n" + HEADER + ROW, ["FILE_HEADER_NOT_FIRST"]),
        ("委托单\n\n" + HEADER.replace(",", "\t") + ROW.replace(",", "\t"), ["FILE_HEADER_NOT_FIRST"]),
        ("symbol|side|quantity\n600000|BUY|100\n", ["FILE_DELIMITER_UNKNOWN"]),
        (HEADER + ROW + HEADER + ROW.replace("A1", "A2"), ["ROW_REPEATS_HEADER"]),
        ("600000.SH,BUY,100,10.5\n000001.SZ,BUY,100,11.5\n", ["FILE_HEADER_MISSING"]),
        ('="000001",买入,100,11.5\n', ["FILE_HEADER_MISSING"]),
        ("symbol,side,目标数量,limit_price\n600000,BUY,100,10.5\n", ["COLUMN_AMBIGUOUS", "COLUMN_MISSING"]),
    ],
)
def test_what_files_of_people_and_old_programs_have_beside_their_orders(data: str, wanted: list[str]) -> None:
    assert codes(parsed(data)) == wanted


def test_a_character_that_nobody_sees_is_shown() -> None:
    file = parsed(HEADER + "A1,600000,BUY,100,\u200b10.5\n")
    assert file.problems[0].value == "\\u200b10.5"
    assert "\\u200b10.5" in file.problems[0].reason.message


def test_a_title_above_the_header_tells_where_the_header_stands() -> None:
    file = parsed("#ROWS,1\n委托单\n" + HEADER + ROW)
    assert file.problems[0].reason.context["header_row"] == "3"


def test_a_column_may_name_its_own_unit_or_both_its_names() -> None:
    file = parsed("证券代码(symbol),买卖/方向,委托数量（股）,委托价格（limit_price）\n600000,BUY,100,10.51\n")
    assert file.instructions == parsed("symbol,side,quantity,limit_price\n600000,BUY,100,10.51\n").instructions != ()


def test_beside_holdings_a_bare_quantity_may_be_the_holding() -> None:
    rows = "600000,BUY,100,10.5,700\n"
    file = parsed("symbol,side,数量,limit_price,可用余额\n" + rows)
    assert told(file)[0] == (1, "数量", "数量", "COLUMN_AMBIGUOUS")
    assert "the quantity held" in file.problems[0].reason.message
    assert parsed("symbol,side,委托数量,limit_price,可用余额\n" + rows).instructions[0].quantity == 100


@pytest.mark.parametrize(
    ("header", "suggestion"),
    [
        ("limit_prices", "limit_price"),
        ("quantty", "quantity"),
        ("sybmol", "symbol"),
        ("证卷代码", "symbol"),
        ("委托价格2", "limit_price"),
        ("signal_id", "client_order_id"),
    ],
)
def test_the_nearest_column_is_suggested(header: str, suggestion: str) -> None:
    file = parsed(f"{header},note\nx,A1\n")
    assert file.problems[0].reason.code == "COLUMN_MISSPELT"
    assert suggestion in file.problems[0].reason.message
    assert suggestion in file.problems[0].reason.message_zh


def test_all_problems_at_once_in_a_declared_order() -> None:
    text = (
        HEADER
        + "A1,600000.SZ,BUY,100.5,10.5\n"
        + "A2,600000,BUY,100,10.5\n"
        + "A3,600000,BUY\n"
        + "A4,,hold,0,\n"
        + "A5,600000,BUY,1,000,10.5\n"
    )
    file = parsed(text)
    assert told(file) == [
        (2, "symbol", "600000.SZ", "SYMBOL_EXCHANGE_MISMATCH"),
        (2, "quantity", "100.5", "QUANTITY_NOT_INTEGER"),
        (4, "", "", "ROW_TOO_SHORT"),
        (5, "symbol", "", "VALUE_MISSING"),
        (5, "side", "hold", "SIDE_UNKNOWN"),
        (5, "quantity", "0", "QUANTITY_NOT_POSITIVE"),
        (5, "limit_price", "", "PRICE_MISSING"),
        (6, "", "10.5", "ROW_TEXT_AFTER_LAST_COLUMN"),
    ]
    assert [order.client_order_id for order in file.instructions] == ["A2"]
    assert file.rows == 5


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    header = "\n证券代码,买卖方向,委托数量,委托价格,备注\n\n"
    text = header + '600000,买入,100,x,\n600000,买入,100,10.5,"a\nb"\n600000,买入,y,10.5,\n'
    assert told(parsed(text)) == [
        (4, "委托价格", "x", "PRICE_NOT_NUMBER"),
        (5, "备注", "a\\u000ab", "TEXT_CONTROL_CHARACTER"),
        (6, "委托数量", "y", "QUANTITY_NOT_INTEGER"),
    ]


def test_at_most_a_thousand_problems_are_listed() -> None:
    file = parsed(HEADER + "A1,600000,BUY,x,10.5\n" * 1234)
    assert len(file.problems) == 1001
    last = file.problems[-1]
    assert (last.row, last.reason.code, last.reason.context["more"]) == (0, "FILE_MORE_PROBLEMS", "234")
    assert parsed(HEADER + "A1,600000,BUY,x,10.5\n" * 1000).problems[-1].row == 1001


def test_a_long_value_is_cut_where_it_is_shown() -> None:
    found = parsed(HEADER + f"A1,600000,BUY,{'x' * 5000},10.5\n").problems[0]
    assert len(found.value) == 80
    assert len(found.reason.message) < 300


def test_a_cancel_names_the_order_it_is_about() -> None:
    text = "action,orig_client_order_id,broker_order_id\ncancel,A1,\n撤单,,123456\ncancel,,\n"
    file = parsed(text)
    assert [(order.action, order.orig_client_order_id, order.broker_order_id) for order in file.instructions] == [
        (Action.CANCEL, "A1", ""),
        (Action.CANCEL, "", "123456"),
    ]
    assert told(file) == [(4, "orig_client_order_id", "", "CANCEL_ID_REQUIRED")]
    assert file.rows == 3


def test_all_is_canceled_by_the_shortest_of_files() -> None:
    assert [row.action for row in parsed("action\ncancel_all\n").instructions] == [Action.CANCEL_ALL]


def test_a_cancel_of_several_orders_says_by_what_it_chooses() -> None:
    text = (
        "action,client_order_id,symbol,side,quantity,strategy,basket\n"
        "cancel_all,,,,,,\n"
        "全撤,,600000,卖,,动量,篮子 1\n"
        "cancel_all,A1,600000,,100,,\n"
        "cancel,,600000,,,,\n"
    )
    file = parsed(text)
    assert [(row.action, row.symbol, row.side, row.strategy, row.basket) for row in file.instructions] == [
        (Action.CANCEL_ALL, "", None, "", ""),
        (Action.CANCEL_ALL, "600000.SH", Side.SELL, "动量", "篮子 1"),
    ]
    assert told(file) == [
        (4, "client_order_id", "A1", "CANCEL_ALL_NARROWED"),
        (4, "quantity", "100", "CANCEL_ALL_NARROWED"),
        (5, "orig_client_order_id", "", "CANCEL_ID_REQUIRED"),
    ]


def test_orders_and_cancels_in_one_file() -> None:
    text = (
        "action,client_order_id,orig_client_order_id,symbol,side,quantity,limit_price\n"
        "order,A1,,600000,BUY,100,10.5\n"
        "cancel,,A0,,,,\n"
        ",A2,A0,600000,BUY,100,10.5\n"
        "cancel,A3,,,,,\n"
        "replace,A4,A1,600000,BUY,100,10.6\n"
    )
    file = parsed(text)
    assert [order.action for order in file.instructions] == [Action.ORDER, Action.CANCEL, Action.REPLACE]
    assert told(file) == [
        (4, "orig_client_order_id", "A0", "CANCEL_ID_ON_ORDER"),
        (5, "orig_client_order_id", "", "CANCEL_ID_REQUIRED"),
    ]


def test_a_replace_names_its_order_and_what_becomes_other() -> None:
    text = (
        "action,client_order_id,orig_client_order_id,quantity,limit_price\n"
        "replace,A2,A1,,10.6\n改单,,A1,500,\nreplace,A3,,500,\nreplace,A3,A1,,\n"
    )
    file = parsed(text)
    read = [(row.client_order_id, row.quantity, row.limit_price) for row in file.instructions]
    assert read == [("A2", 0, Decimal("10.6")), ("", 500, None)]
    assert told(file) == [
        (4, "orig_client_order_id", "", "REPLACE_ID_REQUIRED"),
        (5, "quantity", "", "REPLACE_NOTHING_NEW"),
    ]


def test_a_time_of_day_means_the_trade_date_of_its_row() -> None:
    header = HEADER.strip() + ",trade_date,start_at,expire_at\n"
    rows = (
        "A1,600000,BUY,100,10.5,2026-11-23,09:35,\n"
        "A2,600000,BUY,100,10.5,,,14:50:30\n"
        "A3,600000,BUY,100,10.5,,10:00,09:59\n"
        "A4,600000,BUY,100,10.5,2026-11-23,2026-11-23T09:31,2026-11-23T10:00+08:00\n"
    )
    file = parsed(header + rows)
    first, second, fourth = file.instructions
    assert first.start_at == datetime(2026, 11, 23, 9, 35, tzinfo=SHANGHAI)
    assert second.expire_at == datetime(2026, 11, 20, 14, 50, 30, tzinfo=SHANGHAI)
    assert fourth.trade_date == date(2026, 11, 23)
    assert fourth.expire_at == datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
    assert codes(file) == ["EXPIRE_BEFORE_START"]


def test_a_repaired_symbol_is_noted() -> None:
    (order,) = parsed(HEADER + "A1,1,BUY,100,11.6\n").instructions
    assert order.symbol == "000001.SZ"
    assert [note.code for note in order.notes] == ["SYMBOL_ZEROS_RESTORED"]


def test_a_cell_without_end_is_a_problem_not_a_traceback() -> None:
    assert codes(parsed(HEADER + '"' + "x" * 200_000 + '"\n'))[0] == "FILE_CSV_BROKEN"


def test_a_transfer_without_a_column_for_its_way_is_told_once_for_the_file() -> None:
    file = parsed("action,client_order_id,transfer_amount\ntransfer,T-1,5\ntransfer,T-2,6\n")
    assert file.instructions == ()
    assert [(problem.row, problem.column, problem.reason.code) for problem in file.problems] == [
        (1, "side", "COLUMN_MISSING")
    ]
