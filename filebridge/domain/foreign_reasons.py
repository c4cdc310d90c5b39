"""Reason codes of what is wrong with files of other systems, and with files that other programs append to.

A part of the table in reasons.py, which says what these texts are.
"""

FOREIGN_REASONS: dict[str, tuple[str, str]] = {
    "FILE_REWRITTEN": (
        "{rows} rows of this file were read, and it does not begin with them any more: it was cut, or written anew. "
        "Nothing more of it is read, for rows that were sent would be sent again. Put the file back as it was, or "
        "write the new rows into a file of another name.",
        "本文件此前已读取 {rows} 行，但现在开头已不相同：文件被截断或重写。为避免重复下单，不再读取其内容。"
        "请恢复原文件，或把新行写入另一个文件名。",
    ),
    "ROWS_OF_UNKNOWN_AGE": (
        "{file} held these rows when filebridge first saw it, and nothing says when they were written, so nothing was "
        "sent. Write those that are still meant once more, or let all of them in: `filebridge release {file}`.",
        "filebridge 首次看到 {file} 时这些行就已存在，无法确认其写入时间，因此没有发送。如仍需要，请重新写入，"
        "或执行 filebridge release {file} 全部放行。",
    ),
    "ROWS_STALE": (
        "Rows of {file} were written since filebridge last looked, {age_seconds} s ago, and may be as old as that: "
        "older than max_file_age ({limit_seconds} s), so they were set aside and nothing was sent. If all of them are "
        "still meant: `filebridge release {file}`.",
        "{file} 中的这些行写于 filebridge 上次查看（{age_seconds} 秒前）之后，可能已有这么久，超过 max_file_age"
        "（{limit_seconds} 秒），已隔离，没有发送。如全部仍需要，请执行 filebridge release {file}。",
    ),
    "ROWS_OF_ANOTHER_HOME": (
        "{file} held these rows while another filebridge followed it ({home}), which may have sent them, so nothing "
        "was sent. Look there; then write those that are still meant once more, or `filebridge release {file}`.",
        "{file} 中的这些行写入时由另一个 filebridge（{home}）读取，可能已由其发送，因此没有发送。请先在那里核对；"
        "如仍需要，请重新写入，或执行 filebridge release {file}。",
    ),
    "FILE_DBF_UNKNOWN": (
        "This DBF file has the columns of no system that is known here (掘金, 迅投, 恒生 XHPT, CATS). Make it from the "
        "template of that system, without columns of your own.",
        "该 DBF 文件的列不属于任何已知系统（掘金、迅投、恒生 XHPT、CATS）。请使用该系统的模板，不要增加自定义列。",
    ),
    "DBF_HEADER_CUT": (
        "The DBF file ends within its header ({text}); it was not written to its end. Write it again.",
        "DBF 文件在表头处中断（{text}），没有写完。请重新生成。",
    ),
    "DBF_VERSION_UNKNOWN": (
        "This is no DBF file that can be read ({text}). Write it as dBASE III or FoxPro.",
        "无法读取该 DBF 文件（{text}）。请使用 dBASE III 或 FoxPro 格式。",
    ),
    "DBF_HEADER_BROKEN": (
        "The header of the DBF file contradicts itself ({text}). Make the file again from its template.",
        "DBF 文件的表头自相矛盾（{text}）。请用模板重新生成该文件。",
    ),
    "DBF_FIELD_UNKNOWN": (
        "The DBF column {field} is of a kind that is not read ({text}). Use C, N, F, D or L.",
        "DBF 列 {field} 的类型无法读取（{text}）。请使用 C、N、F、D 或 L。",
    ),
    "DBF_RECORD_BROKEN": (
        "The record begins with neither a space nor an asterisk ({text}); the file is damaged here. Write it again.",
        "该记录的起始字节不正确（{text}），文件在此处已损坏。请重新写入。",
    ),
    "DBF_CELL_NOT_READABLE": (
        "The cell {column} holds what its column cannot hold ({text}). Write it again.",
        "单元格 {column} 的内容与列类型不符（{text}）。请重新写入。",
    ),
    "ROW_DELETED": (
        "The record is marked as deleted, so it is no order. To take an order back, write a cancel.",
        "该记录已标记为删除，不作为委托处理。如要撤回委托，请写入撤单。",
    ),
    "ROW_ALREADY_ANSWERED": (
        "{column} is {value}: another program has answered this row already, so it is not sent. Write a new row.",
        "{column} 已是 {value}：该行已由其他程序处理过，因此不发送。请写入新行。",
    ),
    "CODE_UNKNOWN": (
        "{column} is {value}, a code that this format does not define here. It defines: {known}.",
        "{column} 的值 {value} 不是此格式在此处定义的代码。可用代码：{known}。",
    ),
    "CODE_NOT_SUPPORTED": (
        "{column} {value} means {meaning}, which this version does not send. Nothing else is sent in its place.",
        "{column} {value} 表示{meaning_zh}，当前版本不发送此类委托，也不会以其他方式代替。",
    ),
    "COLUMN_NOT_SUPPORTED": (
        "{column} is {value}, which asks for another kind of order than this version sends. Leave it empty.",
        "{column} 的值 {value} 要求当前版本不支持的委托方式。请留空。",
    ),
    "ACCOUNT_NOT_MAPPED": (
        "{account} is no account of ours. Say in this folder's entry of filebridge.toml whose it is: "
        'accounts = {"{account}" = "<account>"}.',
        "{account} 不是已配置的资金账号。请在 filebridge.toml 中该目录的条目里写明："
        'accounts = {"{account}" = "<资金账号>"}。',
    ),
    "UNIX_TIME_NOT_READABLE": (
        "{column} {value} is not a time in whole seconds since 1970 (ten digits), so nobody can tell how long the row "
        "is good.",
        "{column} 的值 {value} 不是 1970 年以来的秒数（十位数字），无法判断该行的有效期。",
    ),
    "FILE_NAME_WITHOUT_DAY": (
        "{column} {value} counts the rows of one day's file of orders, and this file's name does not say which. "
        "Call it XHPT_CDyyyymmdd.dbf.",
        "{column} 的值 {value} 是当日委托文件中的行序号，但本文件名没有写明日期。请命名为 XHPT_CDyyyymmdd.dbf。",
    ),
    "ORDER_NUMBER_NOT_READABLE": (
        "{column} {value} is no number of an order. Write the number that was answered for it, up to eight digits.",
        "{column} 的值 {value} 不是委托序号。请填写委托应答中的序号（不超过八位数字）。",
    ),
}
