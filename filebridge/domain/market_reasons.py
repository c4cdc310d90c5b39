"""Reason codes of orders that the market's own rules do not allow, so that they were denied before they were sent.

A part of the table in reasons.py, which says what these texts are.
"""

MARKET_REASONS: dict[str, tuple[str, str]] = {
    "SIDE_NOT_OF_ACCOUNT": (
        "Account {account} is of type {type}, which has no {value} (for {symbol} it has: {nearest}).",
        "资金账号 {account} 的类型为 {type}，没有 {value} 业务（{symbol} 可用：{nearest}）。",
    ),
    "SIDE_NOT_OF_INSTRUMENT": (
        "{symbol} cannot be traded with side {value} (possible: {nearest}). A reverse repo lends money by SELL.",
        "{symbol} 不支持买卖方向 {value}（可用：{nearest}）。逆回购出借资金请填 卖出（SELL）。",
    ),
    "REPAYMENT_QUANTITY": (
        "A repayment names its money in limit_price, and its quantity is 1, not {value}. Write the amount in CNY as "
        "the price.",
        "直接还款的金额写在 委托价格 列（单位元），委托数量填 1，不是 {value}。",
    ),
    "ORDER_TYPE_NOT_OF_SIDE": (
        "An order with side {side} cannot be of type {value} (possible: {nearest}).",
        "买卖方向 {side} 不能使用报价类型 {value}（可用：{nearest}）。",
    ),
    "ORDER_TYPE_NOT_OF_EXCHANGE": (
        "{symbol} cannot be ordered with type {value} at its exchange (possible: {nearest}).",
        "{symbol} 所在交易所不接受报价类型 {value}（可用：{nearest}）。",
    ),
    "PROTECTIVE_PRICE_REQUIRED": (
        "A market order of {symbol} needs a protective limit: the highest price to buy at, or the lowest to sell at. "
        "Write it in limit_price.",
        "{symbol} 的市价委托必须填写保护限价：买入为可接受的最高价，卖出为最低价。请填写在 委托价格 列。",
    ),
    "QUANTITY_BELOW_MINIMUM": (
        "One order of {symbol} buys at least {limit}, not {value}. Write {nearest}.",
        "{symbol} 单笔买入至少 {limit}，委托数量 {value} 不足。请改为 {nearest}。",
    ),
    "QUANTITY_NOT_IN_LOTS": (
        "{symbol} is ordered in multiples of {step}, and {value} is none. The nearest are {nearest}.",
        "{symbol} 的委托数量须为 {step} 的整数倍，{value} 不是。可改为 {nearest}。",
    ),
    "ODD_LOT_NOT_WHOLE": (
        "Of {symbol}, {available} can be sold now, so {value} is not the whole of its odd lot; an odd lot is only sold "
        "whole. Possible next to it: {nearest}.",
        "{symbol} 当前可卖 {available}，委托数量 {value} 不是全部零股；零股必须一次性卖出。可改为：{nearest}。",
    ),
    "QUANTITY_ABOVE_MAXIMUM": (
        "One order of {symbol} carries at most {limit}, not {value}. Split it into orders of at most {nearest}.",
        "{symbol} 单笔委托最多 {limit}，{value} 超出上限。请拆分为每笔不超过 {nearest} 的委托。",
    ),
    "PRICE_NOT_ON_TICK": (
        "The price {value} of {symbol} is no multiple of its tick {step}. The nearest are {nearest}.",
        "{symbol} 的委托价格 {value} 不是最小变动价位 {step} 的整数倍。可改为 {nearest}。",
    ),
    "PRICE_OUTSIDE_LIMITS": (
        "The price {value} of {symbol} is outside its limits of the day, {low} to {high}, so the exchange would "
        "refuse it. The nearest is {nearest}.",
        "{symbol} 的委托价格 {value} 超出当日涨跌停范围 {low} 至 {high}，交易所会拒绝。最接近的有效价格为 {nearest}。",
    ),
    "PRICE_BOUND_UNKNOWN": (
        "No certain limits of the day are known for {symbol}, so nothing says what a {value} order may cost. Write a "
        "protective limit in limit_price, or a limit order.",
        "无法确定 {symbol} 当日的涨跌停价，{value} 委托的成本没有上限。请在 委托价格 列填写保护限价，或改用限价委托。",
    ),
    "PRICE_LEVEL_EMPTY": (
        "At {at} nobody stood at the level of {symbol} that {value} names ({source}), so the order has no price. Drop "
        "it again, or give it a limit_price.",
        "{at} 的行情（{source}）中，{symbol} 在 {value} 所指档位没有报价，无法确定委托价格。"
        "请重新投放，或填写委托价格。",
    ),
    "TICK_NOT_KNOWN": (
        "The tick of {symbol} is not known here, so the offset {value} cannot be turned into a price. Leave out "
        "price_offset, or give it a limit_price.",
        "不掌握 {symbol} 的最小变动价位，无法按偏移 {value} 计算价格。请去掉价格偏移，或填写委托价格。",
    ),
    "PRICE_PERHAPS_OUTSIDE_LIMITS": (
        "The price {value} of {symbol} is outside {low} to {high}, its limits of the day if it has the usual ones; "
        "that could not be made certain. The order goes as it is.",
        "{symbol} 的委托价格 {value} 超出 {low} 至 {high}（按通常涨跌幅推算，无法确定）。委托照常发送。",
    ),
    "PRICE_BEYOND_CAGE": (
        "The price {value} of {symbol} is beyond the price cage of the continuous session; the exchange refuses it, or "
        "keeps it until the market comes near. The farthest that counts now is {nearest}.",
        "{symbol} 的委托价格 {value} 超出连续竞价阶段的有效申报范围（价格笼子），可能被交易所拒绝或暂不进入撮合。"
        "当前最远有效价格为 {nearest}。",
    ),
}
