"""Reason codes of transfers: what moves money or shares between the owner's own accounts.

A part of the table in reasons.py, which says what these texts are.
"""

# What the cells of a row say that is no transfer, or not one that could be made.
TRANSFER_ROW_REASONS: dict[str, tuple[str, str]] = {
    "TRANSFER_ID_REQUIRED": (
        "A transfer needs an id of its own, so that it is never made twice: fill in client_order_id (自定义编号).",
        "划转必须有自己的编号，以免重复划转：请填写 自定义编号（client_order_id）。",
    ),
    "TRANSFER_NOT_AN_ORDER": (
        "The side {value} is a transfer. Write action transfer (划转) in its row.",
        "买卖方向 {value} 是划转，请在该行 动作 列填 划转（transfer）。",
    ),
    "TRANSFER_SIDE_UNKNOWN": (
        "A transfer cannot have the side {value}. Write BANK_IN (银行转证券), BANK_OUT (证券转银行), or another "
        "transfer of docs/language.md.",
        "划转的方向不能是 {value}。请填 银行转证券（BANK_IN）、证券转银行（BANK_OUT）"
        "或 docs/language.md 中的其他划转。",
    ),
    "TRANSFER_AMOUNT_REQUIRED": (
        "A transfer of money must say how much: fill in transfer_amount (划转金额), in CNY.",
        "资金划转必须写明金额：请填写 划转金额（transfer_amount），单位为元。",
    ),
    "TRANSFER_NARROWED": (
        "{name} says {value}, but this transfer has none. Leave it empty.",
        "{name_zh} 填了 {value}，但该划转没有这一项，请留空。",
    ),
    "TRANSFER_AMOUNT_ON_OTHER_ACTION": (
        "{name} says {value}, but this row is no transfer. Write action transfer, or leave it empty.",
        "{name_zh} 填了 {value}，但本行不是划转。请在 动作 列填 划转，或将该列留空。",
    ),
    "AMOUNT_NOT_READABLE": (
        "{value} is no amount of money. Write CNY with at most two decimals, as 5000, 5,000 or 5000.50, more than 0 "
        "and "
        "less than {limit}.",
        "{value} 不是金额。请填写人民币元，最多两位小数，如 5000、5,000 或 5000.50，须大于 0 且小于 {limit}。",
    ),
}

# Transfers that our own rules do not let out, and what became of one that left.
TRANSFER_REASONS: dict[str, tuple[str, str]] = {
    "TRANSFER_NOT_ALLOWED": (
        "Files may not make the transfer {value}: [risk] transfers_allowed is {limit}. Make it in the broker's "
        "terminal, or "
        "name it there if files shall be able to.",
        "不允许由文件发起划转 {value}：[risk] transfers_allowed 为 {limit}。"
        "请在券商终端办理；如确需由文件发起，请将其加入该设置。",
    ),
    "TRANSFER_VALUE_ABOVE_LIMIT": (
        "The transfer of {value} CNY is above the limit of one, {limit} ([risk] transfer_value_cny_max). Correct it, "
        "or "
        "raise the limit.",
        "划转金额 {value} 元超过单笔上限 {limit} 元（[risk] transfer_value_cny_max）。请更正或调高上限。",
    ),
    "TRANSFER_DAY_VALUE_ABOVE_LIMIT": (
        "With this transfer account {account} would have moved {value} CNY today, above its limit {limit} ([risk] "
        "transfer_day_value_cny_max).",
        "加上本笔，账号 {account} 今日划转将达 {value} 元，超过上限 {limit} 元（[risk] transfer_day_value_cny_max）。",
    ),
    "TRANSFER_NO_BANK": (
        "No bank is set for account {account}. Write bank_no (and bank_account) beside it in [broker] accounts.",
        "账号 {account} 没有设置银行。请在 [broker] accounts 中为其填写 bank_no（及 bank_account）。",
    ),
    "TRANSFER_PASSWORD_MISSING": (
        "The settings of account {account} name the environment variable {value} for a password, and there is none. "
        "Set it "
        "where filebridge is started; passwords stand in no file.",
        "账号 {account} 的设置指定由环境变量 {value} 提供密码，但没有该变量。"
        "请在启动 filebridge 的环境中设置；密码不写入任何文件。",
    ),
    "TRANSFER_UNKNOWN": (
        "It is not known whether this transfer was made ({text}). The broker cannot be asked for it by a mark, and "
        "it will "
        "never be sent again. Look at the account's money and transfers in the broker's terminal, then `filebridge "
        "resolve "
        "{tag} --sent` or `--not-sent`.",
        "无法确定该划转是否完成（{text_zh}）。划转没有标记可供查询，绝不会重发。"
        "请在券商终端核对资金和划转流水，然后执行 filebridge resolve {tag} --sent 或 --not-sent。",
    ),
    "CANCEL_OF_TRANSFER": (
        "{orig_client_order_id} is a transfer and has left ({earlier_status}); a broker cancels no transfers.",
        "{orig_client_order_id} 是划转且已发出（{earlier_status}），券商不能撤销划转。",
    ),
    "REPLACE_OF_TRANSFER": (
        "{orig_client_order_id} is a transfer, which is not replaced. Cancel it before it leaves, and make another "
        "one.",
        "{orig_client_order_id} 是划转，不能改单。请在发出前撤销，再另行划转。",
    ),
}
