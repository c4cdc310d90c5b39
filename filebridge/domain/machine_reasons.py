"""Reason codes of what surrounds filebridge: the way to the broker, and what `doctor` finds on the machine.

A part of the table in reasons.py, which says what these texts are.
"""

# The way to the broker: what status.json and the screen say of it.
CONNECTION_REASONS: dict[str, tuple[str, str]] = {
    "CONNECTED": ("connected", "已连接"),
    "CONNECTION_NOT_STARTED": ("not started", "未启动"),
    "CONNECTION_STOPPED": ("stopped", "已停止"),
    "TERMINAL_ABSENT": (
        "The terminal is not there, or not logged in (connect() answered {value}). Nothing is sent; filebridge keeps "
        "trying. Look whether miniQMT was started in 极简模式 (独立交易 ticked) and is logged in; whether [broker] "
        "userdata, {userdata}, is the userdata_mini folder of that very terminal; whether this user may write in that "
        "folder (start both with the same rights); and whether the broker has opened miniQMT for account {accounts}. "
        "`filebridge doctor` checks what can be checked from here.",
        "找不到交易终端，或终端未登录（connect() 返回 {value}）。不会发送任何委托，filebridge 会持续重试。请检查："
        "miniQMT 是否已以极简模式（勾选独立交易）启动并登录；[broker] userdata（{userdata}）是否就是该终端的 "
        "userdata_mini 目录；当前用户对该目录是否有写权限（请以相同权限启动两者）；券商是否已为账号 {accounts} "
        "开通 miniQMT 权限。可运行 filebridge doctor 检查。",
    ),
    "ACCOUNT_NOT_SUBSCRIBED": (
        "The terminal is there, but does not serve account {account} (subscribe() answered {value}). Nothing is sent. "
        "Look whether that account is logged in there, and whether its number in filebridge.toml is right.",
        "终端已连接，但不提供账号 {account} 的服务（subscribe() 返回 {value}），不会发送任何委托。"
        "请检查该账号是否已在终端登录，以及 filebridge.toml 中的账号是否正确。",
    ),
    "PAPER_ACCOUNT_ABSENT": (
        "The paper counter has no account {account} of kind {account_type}, so no account of this home trades. Add the "
        "row `{account},{account_type},1000000` (account, account_type, cash) to userdata/accounts.csv: it is opened "
        "within half a minute. An account that was opened keeps its kind.",
        "模拟柜台没有类型为 {account_type} 的账号 {account}，因此本主目录的所有账号都不会交易。"
        "请在 userdata/accounts.csv 中增加一行 `{account},{account_type},1000000`（账号、类型、资金），"
        "半分钟内自动开户。已开账号的类型不能更改。",
    ),
    "USERDATA_ABSENT": (
        "There is no folder {userdata}. Nothing is sent. Write the full path of the terminal's userdata_mini folder "
        "under [broker] userdata in filebridge.toml.",
        "目录 {userdata} 不存在，不会发送任何委托。请在 filebridge.toml 的 [broker] userdata 中填写终端 userdata_mini "
        "目录的完整路径。",
    ),
    "USERDATA_NOT_WRITABLE": (
        "The folder {userdata} cannot be written in ({text}). Nothing is sent. Start filebridge with the rights that "
        "the terminal has, or give this user the right to write there.",
        "目录 {userdata} 无法写入（{text}），不会发送任何委托。请以与终端相同的权限启动 filebridge，"
        "或授予当前用户写权限。",
    ),
    "NATIVE_MODULE_ABSENT": (
        "xtquant's native module cannot be loaded here ({text}): live trading needs 64-bit Windows with CPython 3.11 "
        "to 3.13. Nothing is sent.",
        "此处无法加载 xtquant 的本地模块（{text}）：实盘交易需要 64 位 Windows 与 CPython 3.11 至 3.13。"
        "不会发送任何委托。",
    ),
    "ACCOUNT_IN_USE": (
        "account {account} is in use by another filebridge ({text}). Stop that one first.",
        "账号 {account} 正被另一个 filebridge 使用（{text}），请先停止它。",
    ),
    "OLD_WORKER_ENDED": (
        "an old worker of this home was still there and was ended",
        "本主目录的旧工作进程仍在运行，已将其结束",
    ),
    "TERMINAL_DISCONNECTED": ("the terminal disconnected", "终端已断开连接"),
    "WORKER_ENDED": (
        "the worker ended ({value}), see .filebridge/worker.log",
        "工作进程已退出（{value}），请查看 .filebridge/worker.log",
    ),
    "WORKER_SILENT": ("the worker's heartbeat stopped", "工作进程心跳停止"),
    "WORKER_LATE": ("the worker did not answer ({value}) in time", "工作进程未按时应答（{value}）"),
}

# What `doctor` finds.
DOCTOR_REASONS: dict[str, tuple[str, str]] = {
    "PYTHON_NOT_SUITABLE": (
        "This is Python {value}; live trading needs a 64-bit CPython 3.11, 3.12 or 3.13, for which xtquant exists. "
        "Install one from python.org.",
        "当前 Python 为 {value}；实盘交易需要 64 位 CPython 3.11、3.12 或 3.13（xtquant 支持的版本）。"
        "请从 python.org 安装。",
    ),
    "XTQUANT_NOT_USABLE": (
        "xtquant cannot be imported ({text}). Install filebridge again: pip install --force-reinstall filebridge.",
        "无法导入 xtquant（{text}）。请重新安装：pip install --force-reinstall filebridge。",
    ),
    "TERMINAL_NEVER_RAN": (
        "There is no up_queue_xtquant in {userdata}: no terminal has run with this folder in 极简模式. Start "
        "miniQMT with 极简模式 (独立交易) ticked, or correct [broker] userdata: it is the terminal's userdata_mini.",
        "{userdata} 中没有 up_queue_xtquant：没有终端以极简模式使用过该目录。请勾选极简模式（独立交易）启动 miniQMT，"
        "或更正 [broker] userdata，应为终端的 userdata_mini 目录。",
    ),
    "SESSION_FILES_MANY": (
        "{value} session files (down_queue_*, {size}) lie in {userdata}. Each connection under a new session number "
        "leaves one. Those that no running program uses may be deleted while the terminal is closed.",
        "{userdata} 中有 {value} 个会话文件（down_queue_*，共 {size}）。每个新的会话号会留下一个。"
        "关闭终端后可删除不再使用的文件。",
    ),
    "DISK_NEARLY_FULL": (
        "Only {value} are free on the disk of {folder}; below {limit} nothing is taken in or sent. Make room.",
        "{folder} 所在磁盘仅剩 {value}；低于 {limit} 时将停止收取文件和发送委托。请清理磁盘。",
    ),
    "DISK_FULL": (
        "Only {value} are free on the disk of {folder}: below {limit} nothing is taken in or sent. Make room; a "
        "running filebridge goes on by itself.",
        "{folder} 所在磁盘仅剩 {value}，低于 {limit}，已停止收取文件和发送委托。请清理磁盘；"
        "正在运行的 filebridge 会自动继续。",
    ),
    "CLOCK_BEHIND_LEDGER": (
        "The clock says {value}, but the ledger was written at {text}. Set the clock; with a wrong one orders would "
        "get a wrong trade date.",
        "系统时间为 {value}，但账本的最后写入时间是 {text}。请校准系统时间，否则委托的交易日会出错。",
    ),
    "CHECK_NO_TRADING_DAY": (
        "The trade_date {trade_date} is no trading day. Only a paper home that trades round the clock sends such an "
        "order; everywhere else it is denied. Correct the date.",
        "交易日 {trade_date} 不是交易日。只有全天交易的模拟主目录会在当天发送，其他情况一律拒绝。请更正日期。",
    ),
    "CHECK_DAY_UNKNOWN": (
        "The trade_date {trade_date} lies outside the trading calendar, which ends with {value}. Only a paper home "
        "that trades round the clock sends such an order; everywhere else it is denied. Correct the date, or add it to "
        "calendar.csv.",
        "交易日 {trade_date} 超出交易日历（到 {value} 为止）。只有全天交易的模拟主目录会在当天发送，其他情况一律拒绝。"
        "请更正日期，或补充 calendar.csv。",
    ),
    "CHECK_BALANCE_NOT_KNOWN": (
        "The broker has told nothing yet of account {account}: its cash and holdings are not known here, and are "
        "looked at when the order leaves.",
        "券商尚未返回账号 {account} 的资金与持仓，目前无法检查，将在委托发出时检查。",
    ),
    "CHECK_BALANCE_RECORDED": (
        "Judged by what the broker told of account {account} at {at}: {value} CNY in cash. It is asked anew when the "
        "order leaves.",
        "按券商 {at} 返回的账号 {account} 数据检查：可用资金 {value} 元。委托发出时会重新查询。",
    ),
    "CHECK_QUOTE_NOT_KNOWN": (
        "No price of the security is known here: {source} is asked when the order leaves, and what depends on it is "
        "checked then.",
        "目前不知道该证券的行情：{source} 只在委托发出时查询，届时再检查与价格有关的内容。",
    ),
    "CHECK_QUOTE_RECORDED": (
        "Judged by the newest price of {symbol} that is on the ledger ({source}, {at}); {source} is asked anew when "
        "the order leaves.",
        "按账本中 {symbol} 的最新行情（{source}，{at}）检查；委托发出时会重新查询 {source}。",
    ),
    "CHECK_DENIED_BY_NOW": (
        "It waits; by what is known now it would then be denied: {text}",
        "该委托将等待；按目前情况届时会被拒绝：{text_zh}",
    ),
    "CHECK_CANCEL_WAITS": (
        "The exchange takes no cancel at this time; the cancel waits until it does.",
        "交易所此时不接受撤单，撤单请求将等待。",
    ),
    "CALENDAR_ENDS": (
        "The trading calendar knows no day after {trade_date}; live orders for later days are denied. Install a newer "
        "filebridge, or add the days to {file}: the header trade_date, then one date like 2026-11-20 a line.",
        "交易日历只到 {trade_date}，之后的实盘委托会被拒绝。请升级 filebridge，或在 {file} 中补充交易日："
        "首行为 trade_date，之后每行一个日期（如 2026-11-20）。",
    ),
    "CALENDAR_ENDED": (
        "The trading calendar ended with {trade_date}; live orders are denied. Install a newer filebridge, or add the "
        "days to {file}: the header trade_date, then one date like 2026-11-20 a line.",
        "交易日历已于 {trade_date} 结束，实盘委托一律拒绝。请升级 filebridge，或在 {file} 中补充交易日："
        "首行为 trade_date，之后每行一个日期（如 2026-11-20）。",
    ),
    "FOLDER_NOT_USABLE": (
        "In the folder {folder} a file cannot be made, renamed and deleted ({text}). Give this user the right to write "
        "there.",
        "无法在目录 {folder} 中新建、改名和删除文件（{text}）。请授予当前用户写权限。",
    ),
    "FOLDER_OPEN_TO_OTHERS": (
        "Every user of this machine may write in {folder}, and who may do that may trade. Take that right away: "
        "chmod o-w.",
        "本机任何用户都可以写入 {folder}，也就可以下单或控制。请收回该权限：chmod o-w。",
    ),
    "FOLDER_TELLS_NO_WRITERS": (
        "In {folder} the system does not say who has a file open, so under the policy {value} a file is only taken "
        "when it has settled, with a warning. If it is a share: watch = false. Choose rename, done_file or end_line if "
        "you can.",
        "在 {folder} 中无法得知文件是否仍被打开，策略 {value} 只能等文件不再变化后收取，并在回执中警告。"
        "如为网络共享，请设置 watch = false，并尽量改用 rename、done_file 或 end_line。",
    ),
    "PROOF_KEY_NOT_USABLE": (
        "The proof of origin of {source} cannot be checked: {text}",
        "无法核验 {source} 的来源证明：{text}",
    ),
    "PROOF_KEY_OPEN_TO_OTHERS": (
        "Other users may read the key {file}, and who has it can sign orders for {source}. Take that right away: "
        "chmod go= on it, and make a new key if somebody may have read it.",
        "其他用户可以读取密钥 {file}，拥有密钥即可为 {source} 签名下单。请收回权限：chmod go=；"
        "如可能已被读取，请更换密钥。",
    ),
    "OWN_INBOX_UNPROVEN": (
        "Other folders need a proof of origin, but files in the home's own inbox/ trade without one. Give it an "
        'entry with folder = "inbox" and a proof, or let nobody write there.',
        '其他目录要求来源证明，但主目录自己的 inbox/ 无需证明即可下单。请为其添加 folder = "inbox" 的条目并设置证明，'
        "或不让任何人写入。",
    ),
    "LEDGER_NOT_READABLE": (
        "The ledger cannot be read ({text}). Do not delete it. `filebridge verify` says more; a backup can take its "
        "place.",
        "账本无法读取（{text}）。请勿删除，可用 filebridge verify 检查，或用备份恢复。",
    ),
    "ACCOUNT_IS_THE_EXAMPLE": (
        "Account {account} is the example of a new home, and [broker] mode is live. Write your account's number.",
        "当前为实盘模式，但账号 {account} 是新建主目录时的示例。请填写您自己的资金账号。",
    ),
}
