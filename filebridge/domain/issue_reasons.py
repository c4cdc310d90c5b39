"""Reason codes of rows that subscribe to all of a day's new issues, or to one at its largest size.

A part of the table in reasons.py, which says what these texts are.
"""

ISSUE_REASONS: dict[str, tuple[str, str]] = {
    "ISSUES_NOT_OF_SIDE": (
        "{name} says {value}, which goes with side SUBSCRIBE alone. Write a security and a quantity, or the side "
        "SUBSCRIBE (新股申购).",
        "{name_zh} 填了 {value}，这只能与 新股申购（SUBSCRIBE）同用。请写明证券和数量，或把买卖方向改为 新股申购。",
    ),
    "ISSUES_NARROWED": (
        "{name} says {value}, but the largest size and the issue price are what the broker tells. Leave it empty, or "
        "name "
        "the security with its quantity and price.",
        "{name_zh} 填了 {value}，但最大可申购数量和发行价以券商返回为准。请留空，或写明证券代码、数量和价格。",
    ),
    "ISSUES_ASKED": (
        "The broker is asked which issues there are on {trade_date} and how much may be asked for; the list becomes "
        "outbox/{report}. Then this receipt is written again, with a row for each issue.",
        "将向券商查询 {trade_date} 的新股新债及可申购额度，清单写入 outbox/{report}；"
        "随后本回执会重新写出，每只新股新债一行。",
    ),
    "ISSUES_NONE": (
        "The broker lists no such issue on {trade_date}; there was nothing to subscribe to.",
        "券商在 {trade_date} 没有列出符合条件的新股新债，无可申购。",
    ),
    "ISSUES_NOT_TOLD": (
        "The broker did not tell which issues there are on {trade_date} ({text}), so nothing was subscribed to. Look "
        "at "
        "`connection` in status.json, then drop the file again; what was subscribed to is not subscribed to twice.",
        "券商没有返回 {trade_date} 的新股新债（{text_zh}），未申购。请查看 status.json 中的连接状态，然后重新投放；"
        "已申购的不会重复申购。",
    ),
    "ISSUE_OF_OTHER_DAY": (
        "{symbol} can be subscribed to on {value}, not on {trade_date}.",
        "{symbol} 的申购日是 {value}，不是 {trade_date}。",
    ),
    "ISSUE_NOT_KNOWN": (
        "The broker does not tell the price or the largest size of {symbol}. Subscribe with a row that names its "
        "quantity "
        "and price.",
        "券商没有返回 {symbol} 的发行价或申购上限。请另写一行，写明数量和价格。",
    ),
    "ISSUE_QUOTA_NOT_KNOWN": (
        "The broker does not tell how much of {symbol} the account may ask for (market {value}). Subscribe with a "
        "row that "
        "names its quantity and price.",
        "券商没有返回 {symbol} 的可申购额度（市场 {value}）。请另写一行，写明数量和价格。",
    ),
    "ISSUE_QUOTA_TOO_SMALL": (
        "The account may ask for {value} of {symbol}, and {limit} is the least: it holds too little in that market.",
        "账号对 {symbol} 的可申购额度为 {value}，低于最小申购数量 {limit}：该市场持仓市值不足。",
    ),
    "ISSUE_PAID_AT_ONCE": (
        "{symbol} is of Beijing, where what is asked for is paid at once, so no largest size is chosen. Subscribe "
        "with a "
        "row that names its quantity and price.",
        "{symbol} 为北交所新股，申购时即全额缴款，不自动按最大数量申购。请另写一行，写明数量和价格。",
    ),
    "ISSUE_SUBSCRIBED_ALREADY": (
        "The account has subscribed to {symbol} on this day ({client_order_id}, {earlier_status}); the exchange "
        "counts one "
        "subscription alone. Nothing was sent.",
        "账号当日已申购 {symbol}（{client_order_id}，{earlier_status}），交易所只认一次申购，未发送。",
    ),
}
