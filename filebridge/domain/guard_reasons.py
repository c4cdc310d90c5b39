"""Reason codes of the guard: halts and what led to them, reduce-only, approvals, live trading and its check list.

A part of the table in reasons.py, which says what these texts are.
"""

# Why an order that could have left did not.
GUARD_REASONS: dict[str, tuple[str, str]] = {
    "HALTED": (
        "Sending is halted by {by} ({text}). Nothing was sent, and nothing goes by itself later: drop it again after "
        "`filebridge resume`.",
        "发送已由 {by} 暂停（{text_zh}），本委托未发送，恢复后也不会自动发送。请在 filebridge resume 之后重新投放。",
    ),
    "REDUCE_ONLY": (
        "Only orders that reduce a position may leave, by {by} ({text}); {side} {symbol} does not. Drop it again after "
        "`filebridge resume`.",
        "{by} 已设为只许减仓（{text_zh}），{side} {symbol} 不是减仓，未发送。请在 filebridge resume 之后重新投放。",
    ),
    "LIVE_NOT_ARMED": (
        "Live trading is not armed for this account and trade date. A person arms it with `filebridge arm --account "
        "ID`; then drop it again.",
        "该账号在此交易日的实盘交易未解锁。请由人工执行 filebridge arm --account 账号 解锁，然后重新投放。",
    ),
}

# Why an order waits for a person, or was not let out by one.
APPROVAL_REASONS: dict[str, tuple[str, str]] = {
    "APPROVAL_REQUIRED": (
        "It is worth {value} CNY and waits for approval: `filebridge approve {tag}` sends it, `filebridge deny {tag}` "
        "drops it; after {seconds} s it is denied ([approval]).",
        "委托金额 {value} 元，需人工批准：filebridge approve {tag} 批准发送，filebridge deny {tag} 拒绝；"
        "{seconds} 秒内未批准将被拒绝（[approval]）。",
    ),
    "APPROVAL_REQUIRED_AT_MARKET": (
        "It has no price of its own: it is worth at most {value} CNY, at the day's upper limit of {limit}, and waits "
        "for approval: `filebridge approve {tag}` sends it, `filebridge deny {tag}` drops it; after {seconds} s it is "
        "denied ([approval]).",
        "该委托未指定价格：按当日涨停价 {limit} 计算最多 {value} 元，需人工批准：filebridge approve {tag} 批准发送，"
        "filebridge deny {tag} 拒绝；{seconds} 秒内未批准将被拒绝（[approval]）。",
    ),
    "APPROVAL_REQUIRED_UNPRICED": (
        "It names no price ({value}), and no price limit of its day is known here, so nobody can say yet what it will "
        "be worth. It waits for approval: `filebridge approve {tag}` sends it, `filebridge deny {tag}` drops it; "
        "after {seconds} s it is denied ([approval]).",
        "该委托未指定价格（{value}），目前也不知道当日涨停价，因此无法说明金额。需人工批准："
        "filebridge approve {tag} 批准发送，filebridge deny {tag} 拒绝；{seconds} 秒内未批准将被拒绝（[approval]）。",
    ),
    "APPROVAL_EXPIRED": (
        "Nobody approved it within {seconds} s ([approval] expire_seconds); it was not sent. Drop it again if it is "
        "still meant.",
        "{seconds} 秒内无人批准（[approval] expire_seconds），未发送。如仍需要请重新投放。",
    ),
    "APPROVAL_BY_AUTHOR": (
        "{by} may not approve it: {author} dropped the file, and [approval] by_another asks for somebody else. The "
        "order stays held.",
        "{by} 不能批准：该文件由 {author} 投放，而 [approval] by_another 要求由他人批准。委托继续等待。",
    ),
    "APPROVAL_AUTHOR_UNKNOWN": (
        "Nobody knows who dropped the file, and [approval] by_another asks for somebody else's word. Deny the order "
        "and drop it again, or name the author in [approval] author.",
        "无法得知该文件由谁投放，而 [approval] by_another 要求由他人批准。请拒绝后重新投放，或设置 [approval] author。",
    ),
    "APPROVED_PARTLY": (
        "{done} were approved; {left} stay held, the first of them because: {text}",
        "已批准 {done} 笔；{left} 笔继续等待，首笔原因：{text_zh}",
    ),
}

# Why sending is halted, as status.json and the receipts say it.
HALT_REASONS: dict[str, tuple[str, str]] = {
    "HALT_ASKED": ("{text}", "{text}"),
    "HALT_FILE": (
        "the file {file} lies in control/: {text}",
        "control/ 中有文件 {file}：{text}",
    ),
    "HALT_REJECTS": (
        "the broker refused {value} of the last {orders} orders ([halt] reject_percent_max is {limit})",
        "券商拒绝了最近 {orders} 笔委托中的 {value} 笔（[halt] reject_percent_max 为 {limit}）",
    ),
    "HALT_BROKER_LOST": (
        "the broker was out of reach for {value} s ([halt] broker_lost_seconds)",
        "与券商失去联系已 {value} 秒（[halt] broker_lost_seconds）",
    ),
    "CLOCK_WENT_BACK": (
        "the computer's clock went back over a trade date, from {before} to {now}",
        "系统时钟被调回到更早的交易日，从 {before} 到 {now}",
    ),
    "LEDGER_BEHIND_BROKER": (
        "the broker has our order {tag}, which this ledger does not know",
        "券商处有本主目录的委托 {tag}，但账本中没有",
    ),
}

# What doctor says of it.
STATE_REASONS: dict[str, tuple[str, str]] = {
    "SENDING_HELD_BACK": (
        "Orders are held back: {text}. `filebridge resume --reason ...` lets them go again, once no HALT file lies in "
        "control/.",
        "发送受限：{text}。移走 control/ 中的 HALT 文件后，可用 filebridge resume --reason … 恢复。",
    ),
}

# What keeps live trading from being armed.
ARM_REASONS: dict[str, tuple[str, str]] = {
    "ARM_NOT_LIVE": (
        "filebridge runs in mode {mode}: there is nothing to arm.",
        "filebridge 当前为 {mode} 模式，无需解锁。",
    ),
    "ARM_ACCOUNT_NOT_AGREED": (
        "The books of account {account} have not been compared with the broker's on this connection. Let `filebridge "
        "run` connect first, and look at `connection` in outbox/status.json.",
        "账号 {account} 尚未与券商核对账目。请先运行 filebridge run 并连接券商，"
        "查看 outbox/status.json 的 connection。",
    ),
    "ARM_ACCOUNT_TYPE": (
        "The broker says that account {account} is of type {value}, and the settings say {expected}. Correct the type "
        "under [[broker.accounts]].",
        "券商返回的账号 {account} 类型为 {value}，与设置中的 {expected} 不符。请更正 [[broker.accounts]] 中的 type。",
    ),
    "ARM_ASSET_UNKNOWN": (
        "The broker has not told what account {account} has, so nobody can see whether it is the right one.",
        "券商尚未返回账号 {account} 的资产，无法确认是否为正确的账号。",
    ),
    "ARM_LIMIT_NOT_SET": (
        "[risk] {value} is not in filebridge.toml, so its wide default counts. Write what one of your worst days may "
        "cost, and start `filebridge run` again.",
        "filebridge.toml 未设置 [risk] {value}，当前为宽松默认值。请按可承受的上限填写，并重新启动 filebridge run。",
    ),
    "ARM_DRY_RUN_MISSING": (
        "Before its first live order an account needs a dry run: `filebridge arm --account ID --dry-run FILE` with an "
        "order file like those to come.",
        "首次实盘前需试检一个委托文件：filebridge arm --account 账号 --dry-run 文件，请使用与实际相近的委托文件。",
    ),
    "ARM_DRY_RUN_FAILED": (
        "Not all of {file} could be used: {text}",
        "{file} 未能全部通过：{text}",
    ),
    "ARM_LIST_MISSING": (
        "The request carries no check list. Use `filebridge arm`.",
        "请求中没有检查清单，请使用 filebridge arm。",
    ),
    "ARM_OTHER_DATE": (
        "It was meant for trade date {value}, and it is {trade_date} now. Arm it again.",
        "请求针对交易日 {value}，当前交易日为 {trade_date}，请重新解锁。",
    ),
}

# Why a person's word about the guard could not be carried out.
RESUME_REASONS: dict[str, tuple[str, str]] = {
    "RESUME_NEEDS_REASON": (
        "Say why sending may go on: `filebridge resume --reason ...`. It stands in the ledger.",
        "请说明恢复发送的理由：filebridge resume --reason …，理由会记入账本。",
    ),
    "RESUME_HALT_FILE": (
        "The file {file} lies in control/, so sending stays halted. Take it away first.",
        "control/ 中仍有文件 {file}，保持暂停。请先移走该文件。",
    ),
    "HALTED_ALREADY": (
        "Sending is halted, which is more than reduce-only; `filebridge resume --reduce-only --reason ...` loosens it.",
        "当前已全部暂停，比只许减仓更严。如需放宽请执行 filebridge resume --reduce-only --reason …。",
    ),
}
