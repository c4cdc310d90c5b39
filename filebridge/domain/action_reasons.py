"""Reason codes of a row's action, and of what is asked beside orders: cancels, replacements, queries.

A part of the table in reasons.py, which says what these texts are.
"""

# What the cells of a row say that do not fit its action.
ACTION_REASONS: dict[str, tuple[str, str]] = {
    "CANCEL_ID_REQUIRED": (
        "A cancel must say which order it is about: fill in orig_client_order_id (原自定义编号) or broker_order_id "
        "(委托编号). To cancel all orders of a symbol, a side, a strategy or a basket, write cancel_all.",
        "撤单必须指明要撤哪一笔：请填写 原自定义编号（orig_client_order_id）或 委托编号（broker_order_id）。"
        "要按证券、方向、策略或篮子全部撤单，请在 动作 列填 全撤（cancel_all）。",
    ),
    "CANCEL_ALL_NARROWED": (
        "{name} says {value}, but cancel_all goes by account, trade_date, symbol, side, strategy and basket alone, so "
        "it would cancel more than this. Leave it empty, or cancel one order by its id with action cancel.",
        "{name_zh} 填了 {value}，但全撤只按 资金账号、交易日、证券代码、买卖方向、策略名称、篮子 选择，会撤得更多。"
        "请留空；只撤一笔请在 动作 列填 撤单 并写明编号。",
    ),
    "REPLACE_ID_REQUIRED": (
        "A replace must say which order it is about: fill in orig_client_order_id (原自定义编号). The new order's own "
        "id stands in client_order_id (自定义编号).",
        "改单必须指明要改哪一笔：请填写 原自定义编号（orig_client_order_id）。"
        "新委托自己的编号填在 自定义编号（client_order_id）。",
    ),
    "REPLACE_NOTHING_NEW": (
        "A replace must say what becomes other: fill in quantity (委托数量), limit_price (委托价格), or both.",
        "改单必须写明改什么：请填写 委托数量（quantity）或 委托价格（limit_price），也可以都填。",
    ),
    "QUERY_UNKNOWN": (
        "The query {value} is not known. Write assets, positions, orders, trades, ipo or quotes.",
        "无法识别的查询内容 {value}，请填 资产、持仓、委托、成交、新股 或 行情"
        "（assets、positions、orders、trades、ipo、quotes）。",
    ),
    "QUERY_MISSING": (
        "A query must say what it asks for: fill in query (查询内容) with assets, positions, orders, trades, ipo or "
        "quotes.",
        "查询必须写明内容：请在 查询内容（query）列填 资产、持仓、委托、成交、新股 或 行情。",
    ),
    "QUERY_NARROWED": (
        "{name} says {value}, but a query goes by account and query alone, and by symbol where it asks for quotes. "
        "Leave "
        "it empty.",
        "{name_zh} 填了 {value}，但查询只看 资金账号 和 查询内容（查行情时看 证券代码），请留空。",
    ),
    "QUERY_SYMBOL_MISSING": (
        "A query for quotes must name a security: fill in symbol (证券代码), one in each row.",
        "查询行情必须写明证券：请填写 证券代码（symbol），每行一个。",
    ),
    "QUERY_ON_OTHER_ACTION": (
        "{name} says {value}, but this row is no query. Write action query, or leave it empty.",
        "{name_zh} 填了 {value}，但本行不是查询。请在 动作 列填 查询，或将该列留空。",
    ),
    "CANCEL_ID_ON_ORDER": (
        "{name} names an earlier order ({value}), but this row places a new one. To cancel it, write action cancel, to "
        "change it, replace; otherwise leave {column} empty.",
        "{name_zh} 指向已有委托 {value}，但本行是新委托。如要撤单请在 动作 列填 撤单，如要改单请填 改单，"
        "否则请把 {column} 留空。",
    ),
    "ACTION_UNKNOWN": (
        "The action {value} is not known. Write order, cancel, cancel_all, replace or query.",
        "无法识别的动作 {value}，请填 order（委托）、cancel（撤单）、cancel_all（全撤）、"
        "replace（改单）或 query（查询）。",
    ),
    "ACTION_NOT_SUPPORTED": (
        "The action {value} is not supported by this version. Do it in the broker's terminal.",
        "当前版本不支持动作 {value}，请在券商终端操作。",
    ),
}

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
    "CANCEL_ORDER_REPLACED": (
        "Order {orig_client_order_id} is {earlier_status}: it was replaced by {successor} (tag {tag}), "
        "which is {status}. Nothing was canceled; to cancel what works now, cancel {successor}.",
        "委托 {orig_client_order_id} 为 {earlier_status}：已改单为 {successor}，后者目前为 {status}（tag {tag}）。"
        "本次未撤单；如需撤单，请撤销 {successor}。",
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

# Questions to the broker.
QUERY_REASONS: dict[str, tuple[str, str]] = {
    "QUERY_ASKED": (
        "The broker is asked. The answer becomes outbox/{report}.",
        "已向券商查询，结果将写入 outbox/{report}。",
    ),
    "QUERY_NOT_ANSWERED": (
        "The broker gave no answer within {limit_seconds} s. Look at `connection` in status.json, and ask again in a "
        "new file.",
        "券商在 {limit_seconds} 秒内没有应答。请查看 status.json 中的连接状态，然后用新文件再次查询。",
    ),
    "QUERY_QUOTE_MISSING": (
        "No source of market data knows {symbol} ({text}). See [quotes] in docs/market-data.md.",
        "行情来源均无 {symbol}（{text_zh}）。请查看 docs/market-data.md 中的 [quotes] 设置。",
    ),
    "QUERY_QUOTE_STALE": (
        "The newest price of {symbol} ({source}) is {age_seconds} s old, more than the {limit_seconds} s for which "
        "one is "
        "believed ([risk] quote_age_max): no order would be judged by it.",
        "{symbol} 的最新行情（{source}）已有 {age_seconds} 秒，超过可信的 {limit_seconds} 秒（[risk] quote_age_max），"
        "不会用于判断委托。",
    ),
    "QUERY_FAILED": (
        "The terminal has no answer to this query. Look in the broker's terminal, and ask again in a new file.",
        "终端没有返回该查询的结果。请在券商终端查看，然后用新文件再次查询。",
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
