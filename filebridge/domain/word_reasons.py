"""Reason codes of a side, an order type or a price that a row of a file cannot have.

A part of the table in reasons.py, which says what these texts are.
"""

WORD_REASONS: dict[str, tuple[str, str]] = {
    "SIDE_UNKNOWN": (
        "The side {value} is not known. Write BUY or SELL, 买入 or 卖出; docs/language.md lists all others.",
        "无法识别买卖方向 {value}，请填 买入 或 卖出（BUY、SELL）；其他业务的写法见 docs/language.md。",
    ),
    "SIDE_AMBIGUOUS": (
        "The side {value} may mean {nearest}. Write the one that is meant.",
        "买卖方向 {value} 可能指 {nearest}，请写明其中之一。",
    ),
    "SIDE_NOT_SUPPORTED": (
        "The broker's interface has no order for {value}. Place it in the broker's terminal.",
        "券商接口没有 {value} 这种委托，请在券商终端中办理。",
    ),
    "PRICE_MISSING": (
        "{name} is empty, and this order needs a limit price. Write it, or name an order type that has none.",
        "{name_zh} 为空，该委托必须填写限价。请填写价格，或写明不需要价格的报价类型。",
    ),
    "PRICE_NOT_OF_TYPE": (
        "An order of type {type} has no price of its own, but {value} stands there. Leave it empty, or write LIMIT.",
        "报价类型 {type} 不带价格，但填写了 {value}。请把价格留空，或把报价类型改为 限价（LIMIT）。",
    ),
    "PRICE_OFFSET_NOT_READABLE": (
        "The offset {value} is not one of whole ticks, as +2t, or of percent, as -0.5%. Write it with its unit.",
        "无法识别价格偏移 {value}：请写整数个最小变动价位（如 +2t、2跳）或百分比（如 -0.5%），并带单位。",
    ),
    "PRICE_OFFSET_NOT_OF_TYPE": (
        "The offset {value} needs an order type that takes its price from the market (OWN_1 to OPPOSITE_5), and {type} "
        "is none. Leave it empty, or name such a type.",
        "价格偏移 {value} 只能与由行情定价的报价类型（OWN_1 至 OPPOSITE_5）同用，{type} 不是。"
        "请留空，或改用这类报价类型。",
    ),
    "ORDER_TYPE_UNKNOWN": (
        "The order type {value} is not known. Write LIMIT (限价) or leave it empty; docs/language.md lists all others.",
        "无法识别报价类型 {value}，请填 限价（LIMIT）或留空；其他类型的写法见 docs/language.md。",
    ),
    "ORDER_TYPE_AMBIGUOUS": (
        "{value} means another order type at each exchange. Name the one that is meant, such as BEST5_OR_CANCEL "
        "(最优五档即时成交剩余撤销) or COUNTERPARTY_BEST (对手方最优); docs/language.md says which exchange takes "
        "which.",
        "各交易所对 {value} 的定义不同。请写明具体类型，例如 最优五档即时成交剩余撤销（BEST5_OR_CANCEL）或 "
        "对手方最优（COUNTERPARTY_BEST）；各交易所支持的类型见 docs/language.md。",
    ),
    "ORDER_TYPE_NOT_SUPPORTED": (
        "The broker's interface has no order type {value}. Give a limit price instead.",
        "券商接口没有报价类型 {value}。请改用限价并填写价格。",
    ),
}
