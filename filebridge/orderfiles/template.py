"""The template: an empty order sheet that a person fills in and drops, as a workbook or as CSV.

Drop-downs and formats keep a spreadsheet from changing what is typed; a last row counts the rows, so that a CSV saved
from the sheet cannot be cut unnoticed. A second sheet explains the first.
"""

from io import BytesIO
from typing import Any

from filebridge.orderfiles.cells import column_letters
from filebridge.orderfiles.columns import COLUMNS
from filebridge.orderfiles.csvfile import END_MARK

ROWS = 200
SHEET = "委托"
_GUIDE = "说明 README"
_TEXT, _WHOLE, _PRICE, _DATE = ("@", "0", "0.00##", "yyyy-mm-dd")
# Column -> number format, an example, what it is in Chinese and English.
_COLUMNS: dict[str, tuple[str, str, str, str]] = {
    "client_order_id": (
        *(_TEXT, "A-001", "您自己的编号，一日之内不可重复；可留空。"),
        "Your own id, not to come twice on one day; may be left empty.",
    ),
    "symbol": (_TEXT, "600000.SH", "六位代码，可加交易所后缀。", "Six digits, with the exchange if you like."),
    "side": (_TEXT, "买入", "从下拉框选择。", "Choose from the list."),
    "quantity": (
        _WHOLE,
        "100",
        "整数，单位为股（债券为张，期货期权为手）。",
        "A whole number of shares (bonds: 张; lots).",
    ),
    "limit_price": (
        *(_PRICE, "10.51", "限价，单位为元；市价委托为保护限价。"),
        "The limit price in CNY; of a market order the protective limit.",
    ),
    "order_type": (_TEXT, "限价", "从下拉框选择；留空即限价。", "Choose from the list; empty means LIMIT."),
    "account": (_TEXT, "", "只配置了一个账号时可留空。", "May be left empty where one account is configured."),
    "strategy": (_TEXT, "", "自由文字，会写入每份报告。", "Free text, carried to every report."),
    "note": (_TEXT, "", "自由文字。", "Free text."),
    "basket": (
        _TEXT,
        "",
        "篮子名称；同一内容再下一次时换一个名称。",
        "A name; another one means the same rows once more.",
    ),
    "trade_date": (_DATE, "2026-11-20", "留空即当前交易日。", "Empty means the current trade date."),
}
# The common ones: a drop-down's list has 255 characters. Any other word may be typed over it.
_SIDES = (
    "买入 卖出 BUY SELL 担保品买入 担保品卖出 融资买入 融券卖出 买券还券 卖券还款 买入开仓 卖出开仓 买入平仓 卖出平仓 "
    "新股申购"
)
_TYPES = "限价 LIMIT 最新价 对手方最优 本方最优 最优五档即时成交剩余撤销 即时成交剩余撤销 全额成交或撤销 盘后定价"
_CHOICES = {"side": _SIDES.replace(" ", ","), "order_type": _TYPES.replace(" ", ",")}
_GUIDE_LINES = (
    ("如何使用", "How to use this"),
    (
        "1. 在工作表“委托”中每行填写一笔委托，表头不要改动。",
        "1. Fill in one order a row on the sheet 委托; leave the header as it is.",
    ),
    (
        "2. 行数不够时，在 #END 行之上插入行；#END 行自动统计行数，用于发现不完整的文件，请勿删除。",
        "2. If you need more rows, insert them above the row #END. It counts them, so that a cut file is found out.",
    ),
    (
        "3. 代码、编号、账号列已设为文本格式，前面的零不会丢失；从别处粘贴时请选“只粘贴值”。",
        "3. Symbols, ids and accounts are formatted as text and keep their zeros. When you paste, paste values only.",
    ),
    (
        "4. 保存并关闭，然后把文件移入 inbox 文件夹；结果在 outbox 文件夹的回执中。",
        "4. Save and close the file, then move it into the folder inbox. The receipt appears in the folder outbox.",
    ),
    (
        "5. 隐藏的行、合并的单元格、尚未计算的公式都会使文件被拒收，回执会写明单元格。",
        "5. Hidden rows, merged cells and formulas without a result are refused; the receipt names the cell.",
    ),
)


def csv_template() -> bytes:
    """A header and nothing else, in UTF-8 with the mark that Excel needs."""
    return (",".join(map(_both_names, _COLUMNS)) + "\r\n").encode("utf-8-sig")


def workbook_template(rows: int = ROWS) -> bytes:
    """An XLSX with room for `rows` orders."""
    # Here: no other command needs it, and it takes a tenth of a second.
    import openpyxl

    book = openpyxl.Workbook()
    _order_sheet(book.active, rows)
    _guide_sheet(book.create_sheet(_GUIDE))
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _both_names(column: str) -> str:
    return f"{COLUMNS[column]} {column}"


def _order_sheet(sheet: Any, rows: int) -> None:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet.title = SHEET
    sheet.freeze_panes = "A2"
    last = rows + 1
    for place, (column, (number_format, *_)) in enumerate(_COLUMNS.items(), start=1):
        head = sheet.cell(1, place, _both_names(column))
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DDEBF7")
        letter = column_letters(place - 1)
        sheet.column_dimensions[letter].width = 24
        for row in range(2, last + 1):
            sheet.cell(row, place).number_format = number_format
        if column in _CHOICES:
            rule = DataValidation(type="list", formula1=f'"{_CHOICES[column]}"', allow_blank=True)
        elif number_format == _WHOLE:
            rule = DataValidation(type="whole", operator="greaterThan", formula1="0", allow_blank=True)
        elif number_format == _PRICE:
            rule = DataValidation(type="decimal", operator="greaterThan", formula1="0", allow_blank=True)
        else:
            continue
        # A list does not name every word: what is not in it is asked about, not forbidden.
        rule.errorStyle = "warning" if column in _CHOICES else "stop"
        rule.error, rule.errorTitle, rule.showErrorMessage = _said_of(column), COLUMNS[column], True
        rule.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(rule)
    filled = "&".join(f"{letter}2:{letter}{last}" for letter in map(column_letters, range(len(_COLUMNS))))
    sheet.cell(last + 1, 1, END_MARK)
    sheet.cell(last + 1, 2, f'=SUMPRODUCT(--({filled}<>""))')
    for place in (1, 2):
        sheet.cell(last + 1, place).fill = PatternFill("solid", fgColor="EEEEEE")


def _guide_sheet(sheet: Any) -> None:
    from openpyxl.styles import Font

    for line in _GUIDE_LINES:
        sheet.append(line)
    sheet.append(())
    sheet.append(("列", "Column", "示例 example", "说明", "Meaning"))
    for column, (_, example, meaning_zh, meaning) in _COLUMNS.items():
        sheet.append((COLUMNS[column], column, example, meaning_zh, meaning))
    for cell in (*sheet[1], *sheet[len(_GUIDE_LINES) + 2]):
        cell.font = Font(bold=True)
    for letter, width in zip("ABCDE", (24, 24, 16, 44, 60), strict=True):
        sheet.column_dimensions[letter].width = width


def _said_of(column: str) -> str:
    _, _, meaning_zh, meaning = _COLUMNS[column]
    return f"{meaning_zh} {meaning}"
