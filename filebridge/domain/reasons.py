"""Every reason code with its answer to the user, in English and Chinese.

A code reads CATEGORY_CONDITION. The text says what is wrong and what to do about it; `{name}` is filled from the
context given with the code. One table, so that receipts, reports, tables and docs/reasons.md can never disagree.
Codes may be added; a code that once stood in a receipt is never given another meaning.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from filebridge.domain.action_reasons import ACTION_REASONS, CANCEL_REASONS, QUERY_REASONS, REPLACE_REASONS
from filebridge.domain.file_reasons import FILE_REASONS, ROW_REASONS
from filebridge.domain.foreign_reasons import FOREIGN_REASONS
from filebridge.domain.guard_reasons import (
    APPROVAL_REASONS,
    ARM_REASONS,
    GUARD_REASONS,
    HALT_REASONS,
    RESUME_REASONS,
    STATE_REASONS,
)
from filebridge.domain.issue_reasons import ISSUE_REASONS
from filebridge.domain.limit_reasons import LIMIT_REASONS
from filebridge.domain.machine_reasons import CONNECTION_REASONS, DOCTOR_REASONS
from filebridge.domain.market_reasons import MARKET_REASONS
from filebridge.domain.sheet_reasons import SHEET_REASONS
from filebridge.domain.source_reasons import SOURCE_REASONS
from filebridge.domain.transfer_reasons import TRANSFER_REASONS, TRANSFER_ROW_REASONS
from filebridge.domain.word_reasons import WORD_REASONS

Context = Mapping[str, str]
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Reason(NamedTuple):
    """Why something was answered as it was: a code of `REASONS` and the values that its text names.

    Where the context names the `cell` of a spreadsheet, the text begins with it: a person looks for C7.
    """

    code: str
    context: Context = MappingProxyType({})

    @property
    def message(self) -> str:
        return self._place(": ") + _fill(REASONS[self.code][0], self.context)

    @property
    def message_zh(self) -> str:
        return self._place("：") + _fill(REASONS[self.code][1], self.context)

    def _place(self, colon: str) -> str:
        return f"{self.context['cell']}{colon}" if "cell" in self.context else ""


class Problem(NamedTuple):
    """One thing wrong with a file: where (row 0 is the file itself), what stands there, and why it cannot be used.

    `row` counts as a spreadsheet does: the header is row 1.
    """

    row: int
    column: str
    value: str
    reason: Reason


def _fill(text: str, context: Context) -> str:
    """One pass, so that a value that itself looks like a placeholder stays as it is."""

    def value(name: re.Match[str]) -> str:
        # What a ledger of an older version has in English alone is told in English.
        return context.get(name[1], context.get(name[1].removesuffix("_zh"), name[0]))

    return _PLACEHOLDER.sub(value, text)


# Keys, duplicates, accounts.
KEY_REASONS: dict[str, tuple[str, str]] = {
    "DUPLICATE_ORDER": (
        "This order was already taken from {file} row {first_row}; it is now {earlier_status}. Nothing was sent "
        "again. To mean it again, give it another client_order_id or another basket.",
        "该委托此前已由文件 {file} 第 {first_row} 行收到，目前状态 {earlier_status}，没有重复发送。"
        "如确需再下一笔，请使用另一个 自定义编号 或另一个 篮子。",
    ),
    "DUPLICATE_IN_DOUBT": (
        "This order was already taken from {file} row {first_row}; whether the broker has it is not known yet. Nothing "
        "was sent again. Do not place it anew under another id: it could trade twice. Look at `filebridge show {tag}`.",
        "该委托此前已由文件 {file} 第 {first_row} 行收到，目前尚不能确定券商是否收到，没有重复发送。"
        "请勿换编号重新下单，否则可能成交两次。请查看 filebridge show {tag}。",
    ),
    "CLIENT_ORDER_ID_REUSED": (
        "The client_order_id {client_order_id} was used today for another order ({file} row {first_row}). "
        "Give this order its own client_order_id.",
        "自定义编号 {client_order_id} 今天已用于另一笔内容不同的委托（{file} 第 {first_row} 行）。"
        "请为本委托使用新的编号。",
    ),
    "LOOKS_LIKE_CORRECTION": (
        "{symbol} {side} was already ordered from this basket today ({file} row {first_row}, now {earlier_status}); "
        "this row looks like a correction of it. It waits: `filebridge approve {tag}` sends it as well, "
        "`filebridge deny {tag}` drops it.",
        "本篮子今天已下过 {symbol} {side}（{file} 第 {first_row} 行，目前 {earlier_status}），本行看起来是对它的修改。"
        "已暂停等待确认：确认也要发送用 filebridge approve {tag}，放弃用 filebridge deny {tag}。",
    ),
    "CORRECTS_FILE_UNDER_WAY": (
        "{file} is this sheet, wholly or in part, is still being taken in, and asks for {symbol} {side} as well; "
        "this row looks like a correction of it. It waits: `filebridge approve {tag}` sends it as well, "
        "`filebridge deny {tag}` drops it.",
        "{file} 与本文件全部或部分相同，仍在读入之中，其中也有 {symbol} {side}；本行看起来是对它的修改。"
        "已暂停等待确认：确认也要发送用 filebridge approve {tag}，放弃用 filebridge deny {tag}。",
    ),
    "ACCOUNT_REQUIRED": (
        "Several accounts are configured ({accounts}); say in the column account which one is meant.",
        "配置了多个资金账号（{accounts}），请在 资金账号 列写明。",
    ),
    "ACCOUNT_UNKNOWN": (
        "Account {value} is not configured (configured: {accounts}). Correct it, or add it to filebridge.toml.",
        "资金账号 {value} 未配置（已配置：{accounts}）。请更正，或在 filebridge.toml 中添加。",
    ),
    "MODE_MISMATCH": (
        "This row is for mode {value}, but filebridge runs in mode {mode}. Nothing was sent.",
        "本行注明模式 {value}，但 filebridge 当前为 {mode} 模式，未发送。",
    ),
}

# Why our own rules did not let an order out.
RULE_REASONS: dict[str, tuple[str, str]] = {
    "DENIED_BY_PERSON": ("Denied by {by}: {text}", "由 {by} 拒绝：{text}"),
    "ORDERS_PER_DAY_EXCEEDED": (
        "The account has sent {limit} orders and cancels today, the configured limit (orders_per_day_max).",
        "该账号今日委托与撤单已达配置上限 {limit}（orders_per_day_max）。",
    ),
    "INSTRUMENT_NOT_SUPPORTED": (
        "{symbol} is not a stock, ETF, LOF, convertible bond or reverse repo; this version cannot trade it.",
        "{symbol} 不是股票、ETF、LOF、可转债或逆回购，当前版本不支持交易。",
    ),
    "OUTSIDE_CALENDAR": (
        "{trade_date} is outside the trading calendar. Extend the calendar file, then drop the file again.",
        "{trade_date} 超出交易日历范围。请补充日历文件后重新投放。",
    ),
    "OUTSIDE_SESSION": (
        "{symbol} takes no {value} order now ({phase}), and [risk] outside_session is deny. Drop it again while it "
        "does, or name start_at or trade_date in its row.",
        "{symbol} 当前（{phase}）不接受 {value} 委托，且 [risk] outside_session 为 deny。"
        "请在可委托时段重新投放，或在行中写明 开始时间 或 交易日。",
    ),
    "EXPIRED_TOO_OLD": (
        "It waited {age_seconds} s, longer than max_order_age ({limit_seconds} s), and was not sent. "
        "Drop it again if it is still meant.",
        "等待 {age_seconds} 秒，超过 max_order_age（{limit_seconds} 秒），未发送。如仍需要请重新投放。",
    ),
    "EXPIRED_CLOCK_WENT_BACK": (
        "The clock went back while it waited (since {received_at}), so its age is not known; it was not sent. "
        "Drop it again if it is still meant.",
        "等待期间系统时钟被调回（自 {received_at} 起），无法判断已等待多久，未发送。如仍需要请重新投放。",
    ),
    "EXPIRED_AT": (
        "Its expire_at {expire_at} has passed; it was not sent.",
        "已过失效时间 {expire_at}，未发送。",
    ),
    "EXPIRED_TRADE_DATE": (
        "It belongs to trade date {trade_date}, which has passed; it was not sent.",
        "该委托属于交易日 {trade_date}，已过期，未发送。",
    ),
    "DAY_OVER": (
        "Its trade date ended; what was not filled by then has lapsed.",
        "交易日已结束，未成交部分失效。",
    ),
}

# What is not known, and what surprised us.
DOUBT_REASONS: dict[str, tuple[str, str]] = {
    "OUTCOME_UNKNOWN": (
        "It is not known whether the broker received this order ({text}). It is being asked about and will never "
        "be sent again. Look in the broker's terminal, then `filebridge resolve {tag} --sent` or `--not-sent`.",
        "无法确定券商是否收到该委托（{text_zh}）。正在查询，绝不会重发。请在券商终端核对后执行 "
        "filebridge resolve {tag} --sent 或 --not-sent。",
    ),
    "NOT_SENT_PROVEN": (
        "It was recorded but proven never to have been handed to the broker ({text}). "
        "Drop it again if it is still meant.",
        "已记录但可证明从未交给券商（{text_zh}）。如仍需要请重新投放。",
    ),
    "RESOLVED_SENT": ("{by} says that the broker has it: {text}", "{by} 确认券商已收到：{text}"),
    "RESOLVED_NOT_SENT": ("{by} says that the broker does not have it: {text}", "{by} 确认券商未收到：{text}"),
    "BROKER_REJECTED": ("The broker rejected it: {text}", "券商废单：{text}"),
    "BROKER_CANCELED": ("Canceled at the broker. {text}", "已在券商处撤单。{text}"),
    "WORKING_NOT_LISTED": (
        "{client_order_id} (tag {tag}) was working at the broker, and two complete lists do not show it any more. "
        "Nothing was changed here. Look for it in the broker's terminal before you do anything about it.",
        "委托 {client_order_id}（标记 {tag}）此前在券商处有效，但已连续两次完整查询都没有列出。"
        "本地状态未改动，请先在券商终端核实。",
    ),
    "DAY_OVER_UNSEEN": (
        "Its trade date ended while the broker's list was not read to the end of it, so fills may be missing here. "
        "Compare the position, and look in the broker's terminal.",
        "该交易日结束前未能完整读取券商委托列表，可能有成交未入账。请核对持仓并查看券商终端。",
    ),
    "MATCHED_BY_TERMS": (
        "The broker's order {value} carries no tag of ours, but fits this order alone; they were taken to be the same. "
        "Check it in the broker's terminal.",
        "券商委托 {value} 没有本系统的标记，但只与本委托相符，已视为同一笔。请在券商终端核对。",
    ),
    "STATUS_CORRECTED": (
        "It was {earlier_status} here, but the broker reports {text}; corrected.",
        "此前记录为 {earlier_status}，但券商报告 {text}，已更正。",
    ),
    "FILL_AFTER_FINAL": (
        "A fill came after it was {earlier_status}; it was booked. Check the position.",
        "在 {earlier_status} 之后收到成交，已入账，请核对持仓。",
    ),
    "WORKER_TROUBLE": (
        "The worker reports: {text}. The books are read again; look into worker.log.",
        "工作进程报告：{text}。将重新核对账目，请查看 worker.log。",
    ),
    "OVERFILLED": (
        "Fills add up to more than was ordered. Check with the broker.",
        "成交合计超过委托数量，请与券商核对。",
    ),
}

# Commands given by a person.
CONTROL_REASONS: dict[str, tuple[str, str]] = {
    "CONTROL_DONE": ("Done. {text}", "已完成。{text_zh}"),
    "CONTROL_SELECTION_UNCLEAR": (
        "Nothing was canceled: {value} is not understood. Select by account, symbol, side (BUY, SELL, ...), strategy "
        "or basket, or all.",
        "没有撤单：无法识别 {value}。可按 account、symbol、side（BUY、SELL 等）、strategy、basket 选择，或用 all。",
    ),
    "CONTROL_RELEASED": (
        "Done. {file} is taken in again, as if it had been dropped now: its new receipt says what becomes of each row.",
        "已完成。{file} 按刚刚投放重新接收，每一行的结果见新的回执。",
    ),
    "RELEASE_OF_EARLIER_DATE": (
        "{file} was not let in: its rows name trade date {trade_date}, which has passed, so no order of them could be "
        "sent. If it is still meant, correct the column trade_date (or leave it empty) and drop the file again.",
        "未放行 {file}：其中的行写明交易日 {trade_date}，已经过去，委托无法发送。"
        "如仍需要，请更正 交易日 列（或留空）后重新投放。",
    ),
    "CONTROL_CANCEL_WAITING": (
        "Done. {value} waits in {file}, which is still being answered; it will not be sent.",
        "已完成。{value} 仍在文件 {file} 中等待处理，将不会发送。",
    ),
    "CONTROL_CANCEL_REMEMBERED": (
        "No order {value} is known that could be canceled. Should a row of {file}, which is still being read, carry "
        "this id, it will not be sent.",
        "没有可撤的委托 {value}。文件 {file} 仍在读取，如其中有该编号的行，将不会发送。",
    ),
    "CONTROL_UNKNOWN_ORDER": ("No order {value} is known.", "没有找到委托 {value}。"),
    "CONTROL_AMBIGUOUS": (
        "{value} fits several orders ({text}); name one by its tag.",
        "{value} 对应多笔委托（{text}），请用 tag 指明。",
    ),
    "CONTROL_NOT_POSSIBLE": (
        "Order {value} is {earlier_status}; `{verb}` is not possible there.",
        "委托 {value} 状态为 {earlier_status}，不能执行 {verb}。",
    ),
    "CONTROL_ORDER_REPLACED": (
        "Order {orig_client_order_id} is {earlier_status}: it was replaced by {successor}, which is {status}. Nothing "
        "was canceled; cancel that one: `filebridge cancel {tag}`.",
        "委托 {orig_client_order_id} 为 {earlier_status}：已改单为 {successor}，后者目前为 {status}。"
        "本次未撤单，请撤销后者：filebridge cancel {tag}。",
    ),
    "CONTROL_TOO_OLD": (
        "The request `{verb}` was left {age_seconds} s ago, while the bridge did not run; it was not carried out. "
        "Ask again if it is still meant.",
        "请求 {verb} 已放置 {age_seconds} 秒（当时 filebridge 未运行），未执行。如仍需要请重新发出。",
    ),
    "CONTROL_UNREADABLE": (
        "The control file {file} cannot be used: {text}",
        "控制文件 {file} 无法使用：{text}",
    ),
    "CONTROL_ROWS_UNKNOWN": (
        "{value} holds rows of a file that grows, but is not as it was set aside, so nobody can tell which rows they "
        "are. Have its program write those that are still meant once more.",
        "{value} 是追加文件中的部分行，但已不是隔离时的内容，无法确定行号。如仍需要，请由原程序重新写入这些行。",
    ),
    "CONTROL_NOT_RELEASED": (
        "{file} stays set aside: it cannot be brought back into the folder of {source} ({text}). Mend that, and "
        "release it again.",
        "{file} 仍在隔离区：无法移回 {source} 的目录（{text}）。请排除故障后重新执行 release。",
    ),
    "CONTROL_FILE_UNKNOWN": (
        "No quarantined file {value}; look into archive/<date>/quarantined/.",
        "隔离区没有文件 {value}，请查看 archive/<日期>/quarantined/。",
    ),
}

# code -> (English, Chinese); each says the remedy.
_TABLES = (
    *(FILE_REASONS, ROW_REASONS, ACTION_REASONS, WORD_REASONS, SHEET_REASONS, SOURCE_REASONS, FOREIGN_REASONS),
    *(KEY_REASONS, CANCEL_REASONS, REPLACE_REASONS, QUERY_REASONS, ISSUE_REASONS),
    *(TRANSFER_ROW_REASONS, TRANSFER_REASONS),
    *(RULE_REASONS, MARKET_REASONS, LIMIT_REASONS, DOUBT_REASONS, CONNECTION_REASONS, CONTROL_REASONS, DOCTOR_REASONS),
    *(GUARD_REASONS, APPROVAL_REASONS, ARM_REASONS, HALT_REASONS, RESUME_REASONS, STATE_REASONS),
)
REASONS: dict[str, tuple[str, str]] = {code: texts for table in _TABLES for code, texts in table.items()}
assert len(REASONS) == sum(map(len, _TABLES)), "a reason code stands twice"
