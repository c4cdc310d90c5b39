"""Reason codes of orders that the limits of [risk] do not allow, so that they were denied before they were sent.

A part of the table in reasons.py, which says what these texts are. `ORDERS_PER_DAY_EXCEEDED` stands there.
"""

LIMIT_REASONS: dict[str, tuple[str, str]] = {
    "SYMBOL_FORBIDDEN": (
        "{value} may not be traded here: [risk] symbols_forbidden names {limit}.",
        "{value} 禁止交易：[risk] symbols_forbidden 含 {limit}。",
    ),
    "SYMBOL_NOT_ALLOWED": (
        "{value} may not be traded here: [risk] symbols_allowed is {limit}. Add it there if it is meant.",
        "{value} 不在允许交易范围内：[risk] symbols_allowed 为 {limit}。如需交易请加入。",
    ),
    "STRATEGY_FORBIDDEN": (
        "The strategy {value} may not trade here: [risk] strategies_forbidden names {limit}.",
        "策略 {value} 禁止交易：[risk] strategies_forbidden 含 {limit}。",
    ),
    "STRATEGY_NOT_ALLOWED": (
        "The strategy {value} may not trade here: [risk] strategies_allowed is {limit}. Add it there if it is meant.",
        "策略 {value} 不在允许范围内：[risk] strategies_allowed 为 {limit}。如需交易请加入。",
    ),
    "ORDER_QUANTITY_ABOVE_LIMIT": (
        "The quantity {value} is above the limit of one order, {limit} ([risk] order_quantity_max). Split the order, "
        "or raise the limit.",
        "委托数量 {value} 超过单笔上限 {limit}（[risk] order_quantity_max）。请拆分委托或调高上限。",
    ),
    "ORDER_VALUE_ABOVE_LIMIT": (
        "The order is worth {value} CNY, above the limit of one order, {limit} ([risk] order_value_cny_max). Split the "
        "order, or raise the limit.",
        "委托金额 {value} 元超过单笔上限 {limit} 元（[risk] order_value_cny_max）。请拆分委托或调高上限。",
    ),
    "HOUR_NOT_ALLOWED": (
        "At {value} no order may leave; [risk] hours_allowed is {limit}. Drop it again within these hours.",
        "{value} 不在允许下单的时段内，[risk] hours_allowed 为 {limit}。请在允许时段内重新投放。",
    ),
    "TOTAL_ORDERS_PER_DAY_EXCEEDED": (
        "All accounts together have sent as many orders and cancels today as they may, {limit} "
        "([risk] total_orders_per_day_max).",
        "全部账号今日委托与撤单合计已达上限 {limit}（[risk] total_orders_per_day_max）。",
    ),
    "DAY_VALUE_ABOVE_LIMIT": (
        "With this order account {account} would have ordered {value} CNY today, above its limit {limit} "
        "([risk] day_value_cny_max).",
        "加上本笔，账号 {account} 今日委托金额将达 {value} 元，超过上限 {limit} 元（[risk] day_value_cny_max）。",
    ),
    "TOTAL_DAY_VALUE_ABOVE_LIMIT": (
        "With this order all accounts would have ordered {value} CNY today, above their limit {limit} "
        "([risk] total_day_value_cny_max).",
        "加上本笔，全部账号今日委托金额将达 {value} 元，超过上限 {limit} 元（[risk] total_day_value_cny_max）。",
    ),
    "OPEN_ORDERS_ABOVE_LIMIT": (
        "It would be open order number {value} of account {account}, above the limit {limit} "
        "([risk] open_orders_max). Cancel some, or wait until some have ended.",
        "本笔将成为账号 {account} 的第 {value} 笔未完成委托，超过上限 {limit}（[risk] open_orders_max）。"
        "请撤销部分委托，或等待其完成。",
    ),
    "TOTAL_OPEN_ORDERS_ABOVE_LIMIT": (
        "It would be open order number {value} of all accounts, above the limit {limit} "
        "([risk] total_open_orders_max). Cancel some, or wait until some have ended.",
        "本笔将成为全部账号的第 {value} 笔未完成委托，超过上限 {limit}（[risk] total_open_orders_max）。"
        "请撤销部分委托，或等待其完成。",
    ),
    "ORDER_REPEATED": (
        "The same order (account, symbol, side, quantity, price) would leave {value} times within {seconds} s, above "
        "the limit {limit} ([risk] repeats_max). A program may be running in circles; look at it first.",
        "相同委托（账号、证券、方向、数量、价格）在 {seconds} 秒内将第 {value} 次发出，超过上限 {limit}"
        "（[risk] repeats_max）。程序可能在重复下单，请先检查。",
    ),
    "CANCEL_RATIO_ABOVE_LIMIT": (
        "Account {account} has sent {cancels} cancels for {orders} orders today, above {limit} % "
        "([risk] cancel_percent_max), so it may send no further orders. Cancels still go.",
        "账号 {account} 今日撤单 {cancels} 笔、委托 {orders} 笔，撤单比例超过 {limit}%"
        "（[risk] cancel_percent_max），暂停新委托；撤单不受影响。",
    ),
    "SELF_TRADE": (
        "At {value} it would meet an own order for {symbol} that works at {own}. Cancel that one first, or move the "
        "price.",
        "委托价格 {value} 会与本方在途委托 {symbol} @ {own} 成交（自成交）。请先撤销该委托或调整价格。",
    ),
    "PRICE_FAR_FROM_LAST": (
        "The price {value} of {symbol} is {percent} % worse than the last price {base}, above {limit} % "
        "([risk] price_from_last_percent_max). Correct the price, or raise the limit.",
        "{symbol} 的委托价格 {value} 比最新价 {base} 差 {percent}%，超过 {limit}%"
        "（[risk] price_from_last_percent_max）。请更正价格或调高上限。",
    ),
    "PRICE_FAR_FROM_PREV_CLOSE": (
        "The price {value} of {symbol} is {percent} % worse than the previous close {base}, above {limit} % "
        "([risk] price_from_prev_close_percent_max). Correct the price, or raise the limit.",
        "{symbol} 的委托价格 {value} 比昨收价 {base} 差 {percent}%，超过 {limit}%"
        "（[risk] price_from_prev_close_percent_max）。请更正价格或调高上限。",
    ),
    "ST_BUY_ABOVE_LIMIT": (
        "With this order account {account} would buy {value} shares of {symbol} today; of a stock under risk warning "
        "(ST) the exchange allows {limit}.",
        "加上本笔，账号 {account} 今日将买入 {symbol} 共 {value} 股；"
        "交易所规定风险警示股票（ST）每日最多买入 {limit} 股。",
    ),
    "POSITION_VALUE_ABOVE_LIMIT": (
        "With this order the position in {symbol} could be worth {value} CNY, above the limit {limit} "
        "([risk] position_value_cny_max).",
        "加上本笔，{symbol} 持仓市值可能达到 {value} 元，超过上限 {limit} 元（[risk] position_value_cny_max）。",
    ),
    "CONCENTRATION_ABOVE_LIMIT": (
        "With this order the position in {symbol} could be worth {value} CNY, more than {limit} % of the account's "
        "{asset} ([risk] position_percent_max).",
        "加上本笔，{symbol} 持仓市值可能达到 {value} 元，超过总资产 {asset} 元的 {limit}%"
        "（[risk] position_percent_max）。",
    ),
    "CASH_NOT_ENOUGH": (
        "It needs {value} CNY, and account {account} has {limit} left; own orders that the broker does not show yet "
        "({reserved}) are taken off.",
        "本笔需要 {value} 元，账号 {account} 可用 {limit} 元（已扣除券商尚未体现的本方委托 {reserved} 元）。",
    ),
    "SELLABLE_NOT_ENOUGH": (
        "Account {account} can sell {limit} of {symbol} now, not {value}; own orders that the broker does not show yet "
        "({reserved}) are taken off. What was bought today can be sold from the next trading day on (T+1).",
        "账号 {account} 当前可卖 {symbol} {limit}，少于 {value}（已扣除券商尚未体现的本方委托 {reserved}）。"
        "当日买入的须下一交易日起方可卖出（T+1）。",
    ),
    "QUOTE_MISSING": (
        "No source of market data knows what is needed of {symbol} ({text}), so its price could not be found or "
        "checked. See [quotes] in docs/market-data.md, then drop the order again.",
        "行情来源均未给出 {symbol} 所需的数据（{text_zh}），无法确定或检查价格，因此未发送。"
        "请查看 docs/market-data.md 中的 [quotes] 设置，然后重新投放。",
    ),
    "QUOTE_STALE": (
        "The newest price of {symbol} ({source}) is {age_seconds} s old, and {limit_seconds} s are allowed "
        "([risk] quote_age_max), so its price could not be found or checked. Look at that source, then drop the order "
        "again.",
        "{symbol} 的最新行情（{source}）已有 {age_seconds} 秒，超过允许的 {limit_seconds} 秒（[risk] quote_age_max），"
        "无法确定或检查价格，因此未发送。请检查该行情来源，然后重新投放。",
    ),
    "BALANCE_NOT_KNOWN": (
        "The broker did not say within {limit_seconds} s what account {account} has ([risk] balance_age_max), so cash "
        "and positions could not be checked. Look at the connection, then drop the order again.",
        "券商未在 {limit_seconds} 秒内返回账号 {account} 的资金与持仓（[risk] balance_age_max），无法检查，因此未发送。"
        "请检查连接后重新投放。",
    ),
}
