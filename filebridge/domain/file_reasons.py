"""Reason codes of what is wrong with an order file: with the file as a whole, and with the values in its rows.

A part of the table in reasons.py, which says what these texts are.
"""

# The file as a whole: it is refused or set aside, and nothing in it trades.
FILE_REASONS: dict[str, tuple[str, str]] = {
    "FILE_EMPTY": ("The file is empty. Save it again and drop it again.", "文件是空的。请重新保存后再投放。"),
    "FILE_IS_WORKBOOK": (
        "This is a workbook (or a ZIP archive), whatever its name says. Give it its own extension (.xlsx, .xls or "
        ".ods), or save it as CSV UTF-8, and drop that file.",
        "这是工作簿（或压缩包），只是扩展名不同。请改回 .xlsx、.xls 或 .ods，或另存为 CSV UTF-8 后再投放。",
    ),
    "FILE_BINARY": (
        "This is not a text file, or bytes 0 stand in it, as in UTF-16 without its mark and in a file that was not "
        "written to its end. Save the orders as CSV UTF-8 and drop that file.",
        "这不是文本文件，或含有值为 0 的字节（不带标记的 UTF-16，或没有写完的文件）。"
        "请把委托保存为 CSV UTF-8 后重新投放。",
    ),
    "FILE_ENCODING_AMBIGUOUS": (
        "The file may be UTF-8 (then it says {utf8}) or GBK (then it says {gbk}), and nothing tells which. Save it as "
        "CSV UTF-8 with its mark (BOM), or call a column by its Chinese name.",
        "文件可能是 UTF-8（内容为 {utf8}），也可能是 GBK（内容为 {gbk}），无法判断。"
        "请另存为 CSV UTF-8（带 BOM），或使用中文列名。",
    ),
    "FILE_ENCODING_UNKNOWN": (
        "The text is neither UTF-8, nor UTF-16 with its mark, nor Chinese GBK/GB18030; part of it may be damaged. "
        "Save the file as CSV UTF-8.",
        "文件既不是 UTF-8、带标记的 UTF-16，也不是 GBK/GB18030 中文编码，内容可能已损坏。请另存为 CSV UTF-8。",
    ),
    "FILE_CONTROL_CHARACTER": (
        "Line {line} holds the control character {character}, which no order file needs; the file may be damaged. "
        "Remove it, or export the file again.",
        "第 {line} 行含有控制字符 {character}，文件可能已损坏。请删除该字符或重新导出。",
    ),
    "FILE_FORMAT_UNKNOWN": (
        "Files named {value} are not read by this version. Save the orders as a workbook (.xlsx, .xls, .ods) or as CSV "
        "UTF-8 (.csv), or write .txt, .tsv, .json or .jsonl.",
        "当前版本不读取扩展名为 {value} 的文件。请另存为工作簿（.xlsx、.xls、.ods）或 CSV UTF-8（.csv），"
        "也可以使用 .txt、.tsv、.json、.jsonl。",
    ),
    "FILE_CONTENT_MISMATCH": (
        "The content does not fit the extension {value}: JSON begins with [ or {, JSON Lines with {, a table with "
        "neither. Give the file the extension of what it holds.",
        "文件内容与扩展名 {value} 不符：JSON 以 [ 或 { 开头，JSON Lines 以 { 开头，表格都不是。"
        "请改用与内容相符的扩展名。",
    ),
    "FILE_DELIMITER_UNKNOWN": (
        "The header line has no comma, semicolon or tab between its columns (a full-width comma does not count): "
        "{value}. Separate the columns by commas.",
        "表头各列之间没有逗号、分号或制表符（全角逗号不算）：{value}。请用英文逗号分隔各列。",
    ),
    "FILE_DELIMITER_AMBIGUOUS": (
        "The header line holds more than one of comma, semicolon and tab, so its columns cannot be told apart: "
        "{value}. Use one of them only.",
        "表头中同时出现逗号、分号或制表符中的多种，无法确定分隔方式：{value}。请只使用一种。",
    ),
    "FILE_CSV_BROKEN": (
        "The quotation marks do not fit together at row {line}; nothing after it can be trusted. "
        "Every quoted cell needs its closing mark.",
        "第 {line} 行的引号不成对，其后的内容都不可信。请补全引号后重新投放。",
    ),
    "FILE_NO_FINAL_NEWLINE": (
        "The last line does not end, so the file may have been cut off while it was written. "
        "End it with a line break as its other lines, or with a last line #END,<number of rows> (JSON Lines: "
        '{"end": <number of rows>}).',
        "最后一行没有换行，文件可能没有写完。请在末尾加上与其他行相同的换行，或以 #END,<行数>"
        '（JSON Lines 为 {"end": <行数>}）作为最后一行。',
    ),
    "FILE_END_LINE_MISSING": (
        'Neither a first line #ROWS,<number of rows> (JSON Lines: {"rows": <number of rows>}) nor a last line '
        '#END,<number of rows> ({"end": <number of rows>}) is there; {found} rows were found. '
        "The settings ask for one of them, so the file counts as cut off.",
        '既没有首行 #ROWS,<行数>（JSON Lines 为 {"rows": <行数>}），也没有末行 #END,<行数>（{"end": <行数>}），'
        "共找到 {found} 行。按设置必须有其一，因此视为文件不完整。",
    ),
    "FILE_END_LINE_BROKEN": (
        "The end line {value} cannot be read; it must be #END,<number of rows>, as in #END,12.",
        "结束行 {value} 无法识别，应写作 #END,<行数>，例如 #END,12。",
    ),
    "FILE_END_LINE_NOT_LAST": (
        "Row {line} follows the end line {value}. Nothing may follow it: were two files joined?",
        "结束行 {value} 之后还有内容（第 {line} 行）。结束行必须是最后一行，请检查是否把两个文件拼在了一起。",
    ),
    "FILE_ROW_COUNT_MISMATCH": (
        "The file's own count says {promised} rows, but {found} were found: it was cut off, or the count is wrong. "
        "Write the file again.",
        "文件写明 {promised} 行，实际找到 {found} 行：文件不完整或行数有误。请重新生成文件。",
    ),
    "FILE_ROWS_LINE_BROKEN": (
        "The first line {value} cannot be read; it must be #ROWS,<number of rows>, as in #ROWS,12, and end with a line "
        "break.",
        "首行 {value} 无法识别，应写作 #ROWS,<行数>（例如 #ROWS,12）并换行。",
    ),
    "FILE_NO_ORDERS": (
        "The file holds no orders. Add at least one row below the header.",
        "文件中没有任何委托。请在表头下至少填写一行。",
    ),
    "FILE_JSON_BROKEN": (
        "This is not valid JSON from line {line}, character {place} on; the file may have been cut off. "
        "Write it again, with a JSON library rather than by hand.",
        "JSON 从第 {line} 行第 {place} 个字符起无法解析，文件可能不完整。请重新生成，最好由 JSON 库写出。",
    ),
    "FILE_JSON_NOT_UTF8": (
        "JSON is UTF-8 by its standard, and this file is not. Have the program write UTF-8 (Python: "
        'encoding="utf-8"), and drop it again.',
        '按标准 JSON 必须是 UTF-8 编码，而本文件不是。请让程序以 UTF-8 写出（Python：encoding="utf-8"）后重新投放。',
    ),
    "FILE_JSON_SHAPE": (
        'The JSON must be an array of orders, [{...}, ...], or an object with the one key orders: {"orders": [...]}.',
        'JSON 应为委托数组 [{...}, ...]，或只含 orders 一个键的对象 {"orders": [...]}。',
    ),
    "FILE_MORE_PROBLEMS": (
        "Only the first {listed} problems are listed; there are {more} more.",
        "只列出前 {listed} 个问题，另有 {more} 个未列出。",
    ),
    "COLUMN_UNKNOWN": (
        "There is no column {value}. Rename it or delete it; the note column (备注) takes free text.",
        "没有名为 {value} 的列。请改名或删除；自由文字可放在 备注 列。",
    ),
    "COLUMN_MISSPELT": (
        "There is no column {value}. If {suggestion} is meant, call it that; if not, delete it.",
        "没有名为 {value} 的列。如果指的是 {suggestion_zh}，请使用该列名，否则请删除此列。",
    ),
    "COLUMN_DUPLICATE": (
        "Both {first} and {column} mean the column {name}. Keep one of them.",
        "{first} 与 {column} 都表示 {name_zh}，请只保留一列。",
    ),
    "COLUMN_UNNAMED": (
        "Column {place} has no name. Name it or delete it (pandas: to_csv(..., index=False)).",
        "第 {place} 列没有列名。请补上列名或删除该列（pandas 请用 to_csv(..., index=False)）。",
    ),
    "COLUMN_MISSING": (
        "The column {name} is missing, and these orders need it.",
        "缺少 {name_zh} 列，这些委托必须有该列。",
    ),
    "FILE_STALE": (
        "The file lay for {age_seconds} s, longer than max_file_age ({limit_seconds} s), so it was set aside and "
        "nothing was sent. If it is still meant: `filebridge release {file}`.",
        "文件已放置 {age_seconds} 秒，超过 max_file_age（{limit_seconds} 秒），已隔离，没有发送任何委托。"
        "如仍需要，请执行 filebridge release {file}。",
    ),
    "FILE_CANCELED": (
        "All orders were canceled while this file was being read, so nothing of it was sent. Drop it again if it is "
        "still meant.",
        "读取本文件时收到全部撤单指令，因此没有发送其中任何委托。如仍需要，请重新投放。",
    ),
    "FILE_OF_EARLIER_DATE": (
        "The file is of trade date {trade_date}, which has passed, so it was set aside and nothing was sent. "
        "Correct the column trade_date and drop it again.",
        "文件属于已过去的交易日 {trade_date}，已隔离，没有发送任何委托。请更正 交易日 列后重新投放。",
    ),
    "FILE_TOO_LARGE": (
        "The file has {size} bytes, more than max_file_bytes ({limit}); it was not read. "
        "Split it, or raise the setting.",
        "文件大小 {size} 字节，超过 max_file_bytes（{limit}），未读取。请拆分文件或调高该设置。",
    ),
    "FILE_NOT_REGULAR": (
        "{file} is a folder or a link, not a file. Drop the order files themselves into the inbox.",
        "{file} 是文件夹或链接，不是文件。请把委托文件本身放入 inbox。",
    ),
    "FILE_UNREADABLE": (
        "The file cannot be read: {text}. Check its permissions and drop it again.",
        "无法读取文件：{text}。请检查权限后重新投放。",
    ),
    "FILE_HAS_OTHER_PROBLEMS": (
        "This row is good, but other rows are not, so the whole file was refused. Correct those and drop it again.",
        "本行无误，但其他行有问题，整个文件未被接受。请更正后重新投放。",
    ),
}

# Values in a row.
ROW_REASONS: dict[str, tuple[str, str]] = {
    "ROW_TOO_SHORT": (
        "The row has {found} cells, the header {expected}. Look for a missing separator or a line break in a cell.",
        "本行有 {found} 个单元格，表头有 {expected} 个。请检查是否缺少分隔符，或单元格中有换行。",
    ),
    "ROW_TEXT_AFTER_LAST_COLUMN": (
        "There is text after the last of the {expected} columns: {value}. A number with a comma (1,000) must stand "
        "in quotation marks.",
        "在全部 {expected} 列之后还有内容：{value}。含逗号的数字（1,000）需要加引号。",
    ),
    "ROW_REPEATS_HEADER": (
        "This row is the header again: were two files put together? Delete the row; if the rows below it are of "
        "another file, drop that one by itself.",
        "本行又是表头，可能是两个文件拼在了一起。请删除本行；如果其下属于另一个文件，请单独投放那个文件。",
    ),
    "ROW_NOT_AN_OBJECT": (
        'This is not an order: {value}. Every order is a JSON object, {"symbol": ..., "side": ...}.',
        '这不是一笔委托：{value}。每笔委托应为 JSON 对象 {"symbol": ..., "side": ...}。',
    ),
    "ROW_JSON_BROKEN": (
        "This line is not valid JSON from character {place} on. JSON Lines hold one whole object a line.",
        "本行从第 {place} 个字符起不是有效的 JSON。JSON Lines 每行应是一个完整的对象。",
    ),
    "VALUE_MISSING": (
        "{name} is empty, and an order needs it. Fill it in; a row that is no order (a total, a remark) must go.",
        "{name_zh} 为空，委托必须填写。请补上；不是委托的行（合计、说明等）请删除。",
    ),
    "VALUE_TYPE_WRONG": (
        "{column} is {value}; only a text or a plain number can stand here.",
        "{column} 的值是 {value}，这里只能是文本或普通数字。",
    ),
    "SYMBOL_NOT_RECOGNISED": (
        "{value} is not a symbol that can be recognised. Write six digits with the exchange, as in 600000.SH, "
        "000001.SZ or 430047.BJ.",
        "无法识别证券代码 {value}。请写六位代码加交易所，例如 600000.SH、000001.SZ、430047.BJ。",
    ),
    "SYMBOL_EXCHANGE_MISMATCH": (
        "{value} names another exchange than the one that lists this number. If {symbol} is meant, write that.",
        "{value} 写明的交易所与该代码不符。如果指的是 {symbol}，请改正。",
    ),
    "SYMBOL_ZEROS_RESTORED": (
        "{value} was read as {symbol}: spreadsheets drop leading zeros. Format the column as text to keep them.",
        "{value} 已按 {symbol} 读取：表格软件会去掉前面的零。请把该列设为文本格式。",
    ),
    "SYMBOL_ZEROS_AMBIGUOUS": (
        "{value} has zeros in front, but not six digits: {symbol} may be meant, or a security of another market (in "
        "Hong Kong numbers have five). Write six digits with the exchange.",
        "{value} 前面有零，但不足六位：可能指 {symbol}，也可能是其他市场的证券（港股代码为五位）。"
        "请写六位代码加交易所。",
    ),
    "QUANTITY_NOT_INTEGER": (
        "The quantity {value} is not a whole number. Write digits only, in shares (bonds: 张), as in 1000: "
        "not 1e+05 (R: scientific = FALSE), and not 1.000, which may be a thousand.",
        "委托数量 {value} 不是整数。请只写数字，单位为股（债券为张），例如 1000；"
        "不要写成 1e+05（R 用 scientific = FALSE）或 1.000（可能指一千）。",
    ),
    "QUANTITY_NOT_POSITIVE": (
        "The quantity {value} must be above zero; the side says whether to buy or to sell.",
        "委托数量 {value} 必须大于零，买卖由 买卖方向 列决定。",
    ),
    "QUANTITY_TOO_LARGE": (
        "The quantity {value} is larger than an order can carry ({limit}). Split it.",
        "委托数量 {value} 超过单笔委托可表示的上限 {limit}。请拆分。",
    ),
    "PRICE_NOT_NUMBER": (
        "The price {value} is not a plain number. Write digits and a decimal point, as in 10.51; for another price "
        "than a limit leave it empty and name an order_type (报价类型), as in LATEST.",
        "委托价格 {value} 不是普通数字。请只写数字和小数点，例如 10.51；不用限价的请留空，并在 报价类型 列写明类型，"
        "例如 最新价。",
    ),
    "PRICE_AMBIGUOUS": (
        "The comma in the price {value} may be a decimal comma or may group thousands. Write a decimal point and "
        "no comma, as in 1680.5.",
        "委托价格 {value} 中的逗号可能是小数点，也可能是千分位。请用小数点且不写逗号，例如 1680.5。",
    ),
    "PRICE_NOT_POSITIVE": (
        "The price {value} must be above zero. Write the limit price, as in 10.51; for another price than a limit "
        "leave it empty and name an order_type (报价类型), as in LATEST.",
        "委托价格 {value} 必须大于零。请填写限价，例如 10.51；不用限价的请留空，并在 报价类型 列写明类型，"
        "例如 最新价。",
    ),
    "PRICE_TOO_PRECISE": (
        "The price {value} has more than {limit} decimals. Round it to the tick where it is calculated.",
        "委托价格 {value} 的小数超过 {limit} 位。请在计算时按最小价差取整。",
    ),
    "PRICE_TOO_LARGE": (
        "The price {value} cannot be meant: prices stay below {limit}.",
        "委托价格 {value} 明显有误：价格应低于 {limit}。",
    ),
    "ID_CHARACTERS": (
        "{column} {value} cannot be used as an id: it begins with a letter, digit, underscore or Chinese character "
        "and holds only those, spaces and # - . : / @ +",
        "{column} {value} 不能用作编号：须以字母、数字、下划线或汉字开头，其余只能是这些字符、空格和 # - . : / @ +",
    ),
    "ID_TOO_LONG": (
        "{column} has {length} characters; at most {limit} are possible.",
        "{column} 有 {length} 个字符，最多 {limit} 个。",
    ),
    "ID_ROUNDED_BY_SPREADSHEET": (
        "The spreadsheet turned {column} into {value}, and its last digits are lost. Format the column as text and "
        "enter it again.",
        "表格软件已把 {column} 变成 {value}，末尾数字已丢失。请把该列设为文本格式后重新填写。",
    ),
    "ID_MEANS_MISSING": (
        "{column} is {value}, which programs write where a value is missing. Leave the cell empty, or give an id.",
        "{column} 的值是 {value}，这是程序对缺失值的写法。请留空或填写真正的编号。",
    ),
    "ACCOUNT_CHARACTERS": (
        "{value} is not an account: it has at most 32 letters, digits, hyphens and underscores.",
        "{value} 不是有效的资金账号：只能包含字母、数字、连字符和下划线，最多 32 位。",
    ),
    "TEXT_TOO_LONG": (
        "{column} has {length} characters; at most {limit} are carried. Shorten it.",
        "{column} 有 {length} 个字符，最多 {limit} 个。请缩短。",
    ),
    "TEXT_CONTROL_CHARACTER": (
        "{column} holds a line break or an unprintable character ({character}). Write it on one line.",
        "{column} 含有换行或不可打印字符（{character}）。请写成一行普通文字。",
    ),
    "DATE_NOT_READABLE": (
        "{value} is not a date that can be read. Write it as 2026-11-20, 20261120 or 2026/11/20.",
        "无法识别日期 {value}，请写作 2026-11-20、20261120 或 2026/11/20。",
    ),
    "TIME_NOT_READABLE": (
        "{value} is not a time that can be read. Write it as 2026-11-20T09:35:00 (Beijing time), or 09:35 for the "
        "trade date.",
        "无法识别时间 {value}，请写作 2026-11-20T09:35:00（北京时间），或只写 09:35 表示交易日当天。",
    ),
    "EXPIRE_BEFORE_START": (
        "The order would expire ({expire_at}) before it may start ({start_at}). Correct one of them.",
        "失效时间 {expire_at} 不晚于开始时间 {start_at}，请更正。",
    ),
    "MODE_UNKNOWN": (
        "The mode {value} is not known. Write paper (模拟) or live (实盘), or leave it empty.",
        "无法识别模式 {value}，请填 模拟（paper）或 实盘（live），也可留空。",
    ),
}
