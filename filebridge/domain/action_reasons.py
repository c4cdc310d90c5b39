"""Reason codes of what is asked about orders that are there: cancels, and orders that take the place of others.

A part of the table in reasons.py, which says what these texts are.
"""

# Cancels.
CANCEL_REASONS: dict[str, tuple[str, str]] = {
    "CANCELED_BEFORE_ARRIVAL": (
        "A cancel for {client_order_id} came before this order, so it was not sent. Use another client_order_id "
        "to place it after all.",
        "针对 {client_order_id} 的撤单先于本委托到达，因此没有发送。如仍要下单，请使用新的自定义编号。",
    ),
    "CANCELED_BEFORE_SENDING": (
        "Canceled before it was sent; the broker never saw it.",
        "委托在发送前已撤销，券商未收到。",
    ),
    "CANCEL_REMEMBERED": (
        "No order {orig_client_order_id} is known today. The cancel is remembered: should that order still come "
        "today, it will not be sent.",
        "今天没有编号为 {orig_client_order_id} 的委托。已记住该撤单：如果该委托今天稍后到达，将不会发送。",
    ),
    "CANCEL_ORDER_FINAL": (
        "Order {orig_client_order_id} is already {earlier_status}; there is nothing to cancel.",
        "委托 {orig_client_order_id} 已是 {earlier_status} 状态，无可撤销。",
    ),
    "CANCEL_IDS_DISAGREE": (
        "Order {orig_client_order_id} has the broker's number {broker_order_id}, not {value}; nothing was canceled. "
        "Correct broker_order_id, or leave it empty.",
        "委托 {orig_client_order_id} 的券商委托编号是 {broker_order_id}，不是 {value}，未撤单。"
        "请更正 委托编号 或将其留空。",
    ),
    "CANCEL_IN_DOUBT": (
        "Order {orig_client_order_id} is in doubt; the cancel goes out as soon as its broker number is known.",
        "委托 {orig_client_order_id} 状态未明，一旦得知券商委托编号即发出撤单。",
    ),
    "CANCEL_NOT_THAT_ORDER": (
        "The row says {column} {value}, but order {orig_client_order_id} has {expected}; nothing was done. Correct "
        "the row, or leave that column empty.",
        "本行 {column} 为 {value}，但委托 {orig_client_order_id} 是 {expected}，未执行。请更正，或将该列留空。",
    ),
    "CANCEL_NUMBER_UNKNOWN": (
        "No order that filebridge sent has the broker's number {value} in account {account} on {trade_date}, so it may "
        "be somebody else's; nothing was canceled. Name the order by its id, or cancel it in the broker's terminal.",
        "账号 {account} 在 {trade_date} 没有由 filebridge 发出、委托编号为 {value} 的委托，可能属于他人，未撤单。"
        "请改用自定义编号，或在券商终端撤单。",
    ),
    "CANCEL_NUMBER_AMBIGUOUS": (
        "Several orders of account {account} have the broker's number {value} on {trade_date} ({text}); nothing was "
        "canceled. Name the order by its id.",
        "账号 {account} 在 {trade_date} 有多笔委托的委托编号为 {value}（{text}），未撤单。请改用自定义编号。",
    ),
    "CANCEL_ALL_TAKEN": (
        "{count} open orders fit and are canceled: {text}. Whether each came in time stands in the orders report.",
        "符合条件的 {count} 笔未完成委托均已申请撤单：{text}。是否撤成见委托报告。",
    ),
    "CANCEL_ALL_AND_REST": (
        "{count} open orders fit and are canceled: {text}. In {files} very large files that are still being taken in, "
        "no further row that fits becomes an order.",
        "符合条件的 {count} 笔未完成委托均已申请撤单：{text}。"
        "另有 {files} 个大文件仍在处理，其中符合条件的行不再成为委托。",
    ),
    "CANCEL_ALL_REST": (
        "No open order fits. In {files} very large files that are still being taken in, no further row that fits "
        "becomes an order.",
        "没有符合条件的未完成委托。另有 {files} 个大文件仍在处理，其中符合条件的行不再成为委托。",
    ),
    "CANCEL_ALL_NONE": (
        "No open order fits; there was nothing to cancel.",
        "没有符合条件的未完成委托，无可撤销。",
    ),
    "CANCEL_WITH_REPLACEMENT": (
        "Order {orig_client_order_id} is being replaced by {client_order_id}; both are canceled.",
        "委托 {orig_client_order_id} 正在改单为 {client_order_id}，两笔均撤销。",
    ),
    "CANCEL_REJECTED": (
        "The broker refused the cancel: {text}",
        "券商拒绝撤单：{text}",
    ),
}

# An order that takes the place of another.
REPLACE_REASONS: dict[str, tuple[str, str]] = {
    "REPLACE_WAITS": (
        "Order {orig_client_order_id} is being canceled. This order goes out for what is left as soon as the broker "
        "has confirmed that, with all fills.",
        "正在撤销委托 {orig_client_order_id}。券商确认撤单及全部成交后，本委托按剩余数量发出。",
    ),
    "REPLACED_BEFORE_SENDING": (
        "Replaced by {client_order_id} before it was sent; the broker never saw it.",
        "发送前已改单为 {client_order_id}，券商未收到。",
    ),
    "REPLACES_HELD": (
        "It replaces {orig_client_order_id}, which needed a person's approval, so it waits for one as well: "
        "`filebridge approve {tag}` sends it, `filebridge deny {tag}` drops it.",
        "原委托 {orig_client_order_id} 需要人工批准，因此改单后的委托同样等待批准：发送用 filebridge approve {tag}，"
        "放弃用 filebridge deny {tag}。",
    ),
    "REPLACE_UNKNOWN_ORDER": (
        "No order {orig_client_order_id} is known on this trade date, so nothing was canceled or sent. Correct the id "
        "(and trade_date), or place the order as a new one.",
        "该交易日没有编号为 {orig_client_order_id} 的委托，未撤单也未发送。请更正编号（及 交易日），或作为新委托提交。",
    ),
    "REPLACE_TOO_LATE": (
        "Order {orig_client_order_id} ended as {earlier_status} before it could be canceled, so this order was not "
        "sent. To trade more, place a new order.",
        "委托 {orig_client_order_id} 在撤单之前已是 {earlier_status}，因此本委托没有发送。如需继续交易请另下委托。",
    ),
    "REPLACE_ALREADY": (
        "Order {orig_client_order_id} is being replaced by {successor} already; this order was not sent. Replace "
        "{successor} instead.",
        "委托 {orig_client_order_id} 正在改单为 {successor}，本委托没有发送。请改为对 {successor} 改单。",
    ),
    "REPLACE_CANCEL_REJECTED": (
        "The broker refused to cancel {orig_client_order_id}, which is {earlier_status} and works on; this order was "
        "not sent.",
        "券商拒绝撤销 {orig_client_order_id}（目前 {earlier_status}，继续有效），因此本委托没有发送。",
    ),
    "REPLACE_NOTHING_LEFT": (
        "What it replaces had already filled {filled_qty}, as much as the new quantity or more, so nothing was left to "
        "send. Nothing works any more.",
        "被改的委托已成交 {filled_qty}，不少于新的数量，没有剩余可发送，已无有效委托。",
    ),
}
