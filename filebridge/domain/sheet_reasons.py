"""Reason codes of workbooks (XLSX, XLS, ODS) and of what terminals and spreadsheets export.

A part of the table in reasons.py, which says what these texts are.
"""

SHEET_REASONS: dict[str, tuple[str, str]] = {
    "FILE_WORKBOOK_BROKEN": (
        "The workbook is damaged or was cut off ({value}). Open it in the spreadsheet, save it again as .xlsx, and "
        "drop it again.",
        "工作簿已损坏或不完整（{value}）。请用表格软件打开，另存为 .xlsx 后重新投放。",
    ),
    "FILE_WORKBOOK_LOCKED": (
        "The workbook is protected by a password, so it cannot be read. Save it without one (File, Info, Protect "
        "Workbook) and drop it again.",
        "工作簿有打开密码，无法读取。请取消密码（文件、信息、保护工作簿）后保存并重新投放。",
    ),
    "FILE_WORKBOOK_TOO_LARGE": (
        "The workbook goes beyond what is read ({value}; the limit is {limit}). Delete what is not orders, or save the "
        "sheet as CSV UTF-8.",
        "工作簿超出可读取的范围（{value}，上限 {limit}）。请删除与委托无关的内容，或把该表另存为 CSV UTF-8。",
    ),
    "FILE_WORKBOOK_NOT_READ": (
        "The workbook could not be read within {seconds} s and the memory that there is for it. Nothing was sent. Save "
        "the sheet as CSV UTF-8 and drop that file.",
        "工作簿无法在 {seconds} 秒及限定的内存内读完，没有发送任何委托。请把该表另存为 CSV UTF-8 后投放。",
    ),
    "FILE_WORKBOOK_UNSAFE": (
        "The workbook holds a document type (DOCTYPE), which no spreadsheet writes and which can do harm. Copy the "
        "cells into a new workbook.",
        "工作簿含有文档类型声明（DOCTYPE），表格软件不会写出这种内容，可能有害。请把单元格复制到新工作簿。",
    ),
    "FILE_IS_WEB_PAGE": (
        "This is a web page or XML, though it is named {value}. Open it in the spreadsheet, save it as .xlsx, and drop "
        "that file.",
        "这是网页或 XML 文件，只是扩展名为 {value}。请用表格软件打开，另存为 .xlsx 后投放。",
    ),
    "FILE_HEADER_NOT_FIRST": (
        "The header stands in row {header_row}, below other text ({value}). What stands above may say for which day or "
        "account the sheet is meant. Delete the rows above the header.",
        "表头在第 {header_row} 行，其上还有其他文字（{value}），可能写明日期或账户，因此不作猜测。"
        "请删除表头以上的各行。",
    ),
    "FILE_HEADER_MISSING": (
        "Row {line}, the first one, holds values and names no column: {value}. Write the names of the columns above "
        "it, as in symbol,side,quantity,limit_price.",
        "首行（第 {line} 行）是数据而不是表头：{value}。请在其上写明各列列名，"
        "例如 证券代码,买卖方向,委托数量,委托价格。",
    ),
    "SHEETS_AMBIGUOUS": (
        "Both sheets {first} and {second} could hold the orders. Name the one that is meant 委托 or orders, or delete "
        "the other.",
        "工作表 {first} 与 {second} 都可能是委托表。请把要用的一张命名为 委托（或 orders），或删除另一张。",
    ),
    "SHEET_HIDDEN": (
        "{hidden} of the sheet {sheet} are hidden, but hold something: it cannot be known whether they are meant. "
        "Show them (clear the filter), or delete them.",
        "工作表 {sheet} 中 {hidden_zh} 被隐藏但有内容，无法判断是否有效。请取消隐藏（清除筛选），或删除这些内容。",
    ),
    "CELL_MERGED": (
        "The cells {area} are merged, so only the first of them holds a value. Split them and fill in every cell.",
        "单元格 {area} 已合并，只有第一格有值。请取消合并，并填写每一格。",
    ),
    "CELL_STRUCK_OUT": (
        "{value} is struck out, so it cannot be known whether the row is meant. Delete the row, or write it without "
        "the strikethrough.",
        "{value} 带有删除线，无法判断该行是否有效。请删除该行，或去掉删除线。",
    ),
    "CELL_OUTSIDE_TABLE": (
        "{value} stands beside the table, in a column without a name. Delete it, or put it into the note column "
        "(备注).",
        "{value} 位于表格之外，该列没有列名。请删除，或写入 备注 列。",
    ),
    "CELL_IS_ERROR": (
        "{column} holds the error {value}. Correct the formula, or write the value itself.",
        "{column} 是错误值 {value}。请更正公式，或直接填写数值。",
    ),
    "CELL_IS_BOOLEAN": (
        "{column} is the truth value {value}, which says nothing here. Write the value that is meant.",
        "{column} 是逻辑值 {value}，在这里没有意义。请填写真正的值。",
    ),
    "CELL_IS_DATE": (
        "{column} is a date ({value}) by its format; the spreadsheet may have changed what was typed. Format the cell "
        "as text or number and enter it again.",
        "{column} 是日期格式（{value}），输入的内容可能已被表格软件改变。请把单元格设为文本或数值格式后重新填写。",
    ),
    "CELL_IS_PERCENT": (
        "{column} is shown as a percentage ({format}), and the sheet holds {value}: either may be meant. Format the "
        "cell as a number.",
        "{column} 以百分比显示（{format}），实际数值为 {value}，无法确定指哪一个。请把单元格设为数值格式。",
    ),
    "CELL_FORMAT_AMBIGUOUS": (
        "{column} holds the number {value}, but is shown as {format}: either may be meant. Enter what is meant again, "
        "in a cell that shows it as it is (text, or a number with all its decimals and no unit).",
        "{column} 的数值是 {value}，但显示为 {format}，无法确定指哪一个。"
        "请把单元格设为文本格式（或显示全部小数、不带单位的数值格式）后重新填写。",
    ),
    "CELL_NOT_CALCULATED": (
        "{column} is a formula whose result the file does not hold. Open the file in the spreadsheet and save it, or "
        "write the value itself.",
        "{column} 是公式，但文件中没有计算结果。请用表格软件打开并保存，或直接填写数值。",
    ),
    "CELL_FROM_FORMULA": (
        "Formulas in {cells}: the results that the file holds were taken.",
        "{cells} 是公式，已采用文件中保存的计算结果。",
    ),
    "CELL_ROUNDED": (
        "{value} was read as {meaning}: spreadsheets keep 15 digits, and show no more.",
        "{value} 已按 {meaning} 读取：表格软件只保留并显示 15 位有效数字。",
    ),
    "CELL_DATE_FROM_NUMBER": (
        "The number {value} was read as {meaning}, as the workbook counts days. Format the column as date or text.",
        "数字 {value} 已按工作簿的日期计数读作 {meaning}。请把该列设为日期或文本格式。",
    ),
    "ROW_READ_AS": ("{text}", "{text_zh}"),
    "COLUMN_AMBIGUOUS": (
        "{column} may mean {first} or {second}. Call it by the one that is meant.",
        "{column} 可能指 {first_zh} 或 {second_zh}，请改用明确的列名。",
    ),
    "COLUMN_IN_LOTS": (
        "{column} counts lots (手), and a lot is not the same number for all securities. Write shares (bonds: 张) "
        "into a column quantity (委托数量).",
        "{column} 以手为单位，而不同品种每手数量不同。请改用 委托数量（quantity）列，以股（债券为张）为单位填写。",
    ),
    "COLUMN_UNIT_UNKNOWN": (
        "{column} is counted in {unit}, and nothing is worked out from that. Write {ours} into a column {name}: the "
        "numbers change with the heading.",
        "{column} 以 {unit} 为单位，不会自动换算。请改用 {name_zh} 列，以{ours_zh}为单位填写；数值也要相应修改。",
    ),
    "COLUMN_OF_EXCHANGE": (
        "The column {column} names the exchange beside the code, and is not read. Write both into symbol (证券代码), "
        "as in 000001.SZ or 000001.SH, and delete the column: six digits alone mean the stock.",
        "{column} 列在代码之外写明交易所，不会读取。请把交易所写进 证券代码（symbol），例如 000001.SZ 或 000001.SH，"
        "并删除此列；只写六位代码时按股票读取。",
    ),
    "COLUMN_OF_PLACED_ORDER": (
        "The column {column} tells what became of orders that were placed already, so the file may be an export of "
        "them: sending it would order again. If that is meant, delete the column.",
        "{column} 列记录的是已报委托的结果，该文件可能是委托或成交记录的导出，发送会重复下单。"
        "如确需再下一次，请删除该列。",
    ),
    "DATE_IS_SERIAL": (
        "{value} may be a spreadsheet's number of a day: {first} as Windows counts, {second} as old Macs do. Write the "
        "date as 2026-11-20, or drop the workbook itself.",
        "{value} 可能是表格软件的日期序号：按 Windows 计为 {first}，按旧版 Mac 计为 {second}。"
        "请写作 2026-11-20，或直接投放工作簿。",
    ),
}
