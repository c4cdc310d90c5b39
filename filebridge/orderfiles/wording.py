"""What terminals and programs call the columns of an order, of a position and of an order already placed.

Only words with one meaning in all terminals that we know (同花顺, 通达信, 大智慧, 东方财富, QMT, Ptrade) are read as
ours. Words with two are refused with both named. Case, width, spaces, hyphens, underscores and a fitting unit in
brackets do not count: `委托价格(元)` is 委托价格.
"""

# Column -> other names for it.
ALSO: dict[str, tuple[str, ...]] = {
    "symbol": (
        *("代码", "股票代码", "基金代码", "债券代码", "转债代码", "证券编码", "标的代码", "合约代码", "品种代码"),
        *("code", "ticker", "stock_code", "security_code", "wind_code", "ts_code", "sec_code", "order_book_id"),
    ),
    "side": (
        *("买卖", "方向", "操作", "买卖标志", "买卖标识", "买卖标记", "买卖类别", "买卖类型"),
        *("委托方向", "交易方向", "委托买卖"),
        *("direction", "order_side", "bs", "buy_sell", "trade_side"),
    ),
    "quantity": (
        *("数量", "股数", "委托股数", "委托量", "买卖数量", "下单数量", "下单量", "交易数量", "申报数量"),
        *("qty", "volume", "vol", "shares", "order_qty", "order_volume", "order_quantity"),
    ),
    "limit_price": (
        *("价格", "限价", "委托价", "下单价格", "下单价", "申报价格", "申报价", "买卖价格", "交易价格", "限价价格"),
        *("price", "px", "order_price"),
    ),
    "order_type": ("价格类型", "报价方式", "订单类型", "price_type", "ord_type"),
    "account": ("资金账户", "资金帐号", "资金帐户", "账号", "帐号", "account_id", "acct", "资产账户", "资产账号"),
    "strategy": ("策略", "strategy_name"),
    "note": ("备注信息", "投资备注", "委托备注", "remark", "comment"),
    "trade_date": ("交易日期",),
    "client_order_id": ("cl_ord_id", "自定义委托编号"),
}

# Columns of terminals' exports that say nothing about what to order: they are passed over. Not the market, which could
# contradict the symbol, and nothing about what became of an order, which a list of orders to send cannot know.
PASSED_OVER = (
    "序号", "证券名称", "股票名称", "名称", "币种", "股东代码",
    "股东账号", "股东账户", "股东姓名", "客户姓名", "账号名称", "委托日期", "委托时间", "申报时间",
    "委托金额", "冻结金额",
    "最新价", "现价", "涨跌幅", "手续费", "name", "security_name",
)  # fmt: skip

# Columns of position windows: passed over in a table, as what they say of holdings is not what is ordered.
POSITION = (
    *("股票余额", "证券余额", "可用余额", "当前余额", "持仓数量", "持仓量", "当前持仓", "当前拥股", "拥股数量"),
    *("可用数量", "可用股份", "可卖数量", "可卖量", "可用", "冻结数量", "冻结", "在途数量", "在途股份", "昨夜拥股"),
    *("证券数量", "库存数量", "股份余额", "股份可用", "实际数量", "持股数量", "总持仓", "可用持仓"),
    *("成本价", "参考成本价", "买入均价", "摊薄成本价", "保本价", "盈亏成本", "持仓成本", "开仓均价", "开仓价"),
    *(
        "成本",
        "成本金额",
        "市价",
        "市值",
        "证券市值",
        "最新市值",
        "参考市值",
        "持仓市值",
        "盈亏",
        "浮动盈亏",
        "参考盈亏",
    ),
    *("持仓盈亏", "盈亏比例", "盈亏比", "浮动盈亏比", "当日盈亏", "当日盈亏比", "仓位", "仓位占比", "个股仓位"),
    *("资产占比", "持股天数"),
)

# Columns that only a list of orders or trades that exist can have.
PLACED = (
    *("成交数量", "成交量", "已成交", "已成数量", "成交价格", "成交价", "成交均价", "成交金额", "成交时间", "成交日期"),
    *("成交编号", "成交状态", "委托状态", "订单状态", "状态", "状态说明", "委托状态说明", "撤单数量", "已撤数量"),
    *("剩余数量", "未成交数量", "合同编号", "合同号", "申报编号", "报单编号", "废单原因", "委托子业务"),
    *("status", "order_status", "filled_qty", "leaves_qty", "avg_fill_price", "traded_volume", "traded_price"),
    *("order_sysid", "counter_order_id", "trade_id"),
)

# A meaning in English and Chinese.
Meaning = tuple[str, str]
_SIDE: Meaning = ("side (买卖方向)", "买卖方向（side）")
_TYPE: Meaning = ("order_type (报价类型)", "报价类型（order_type）")
_ACTION: Meaning = ("action (动作)", "动作（action）")
_QUANTITY: Meaning = ("quantity (委托数量)", "委托数量（quantity）")
_PRICE: Meaning = ("limit_price (委托价格)", "委托价格（limit_price）")
_OWN_ID: Meaning = ("client_order_id (自定义编号)", "自定义编号（client_order_id）")
_BROKER_ID: Meaning = ("broker_order_id (委托编号)", "委托编号（broker_order_id）")
_DAY: Meaning = ("trade_date (交易日)", "交易日（trade_date）")
_MONEY: Meaning = ("an amount of money", "金额")
_HELD: Meaning = ("the quantity held", "持仓数量")
_QUOTED: Meaning = ("a price of the market or a cost", "行情价或成本价")
_TARGET: Meaning = ("the holding that is to be reached", "目标持仓")
_WRITTEN: Meaning = ("the day of writing", "填写日期")

# Words with two meanings.
TWO_MEANINGS: dict[str, tuple[Meaning, Meaning]] = {
    **dict.fromkeys(("委托类型", "交易类型", "类型"), (_SIDE, _TYPE)),
    **dict.fromkeys(("委托类别", "业务名称"), (_SIDE, _ACTION)),
    "交易类别": (_SIDE, ("the kind of market", "市场类别")),
    "委托方式": (_TYPE, ("the channel of the order", "委托渠道")),
    "报价": (_PRICE, _TYPE),
    "账户": (("account (资金账号)", "资金账号（account）"), ("the name of the account", "账户名称")),
    **dict.fromkeys(("编号", "委托号"), (_OWN_ID, _BROKER_ID)),
    **dict.fromkeys(("日期", "date"), (_DAY, _WRITTEN)),
    **dict.fromkeys(("金额", "amount"), (_QUANTITY, _MONEY)),
    **dict.fromkeys(("目标数量", "目标股数", "目标持仓", "目标仓位"), (_QUANTITY, _TARGET)),
    **dict.fromkeys(
        ("target", "target_quantity", "target_qty", "target_volume", "target_position"), (_QUANTITY, _TARGET)
    ),
}
# Words that mean the order's own only where nothing in the header speaks of holdings.
BARE: dict[str, tuple[Meaning, Meaning]] = {
    **dict.fromkeys(("数量", "股数", "qty", "volume", "vol", "shares"), (_QUANTITY, _HELD)),
    **dict.fromkeys(("价格", "price", "px"), (_PRICE, _QUOTED)),
}

# Columns that say beside the code where it is listed: 000001 is another security in Shanghai than in Shenzhen.
EXCHANGES = (
    *("市场", "交易市场", "证券市场", "交易所", "市场代码", "市场类型", "市场名称", "交易所代码", "上市地"),
    *("market", "exchange", "exchange_id", "exch", "market_code", "mkt"),
)

# The units that a column of ours may name, and what it is counted in.
UNITS: dict[str, tuple[str, ...]] = {
    "quantity": ("股", "张", "份", "股/张", "shares"),
    "limit_price": ("元", "人民币", "cny", "rmb", "元/股"),
    "transfer_amount": ("元", "人民币", "cny", "rmb"),
}
_SHARES: Meaning = ("shares (bonds: 张)", "股（债券为张）")
_YUAN: Meaning = ("yuan (CNY)", "元")
UNITS_MEANT: dict[str, Meaning] = {"quantity": _SHARES, "limit_price": _YUAN, "transfer_amount": _YUAN}

LOTS = ("手数", "委托手数", "数量手", "委托数量手", "买卖手数", "下单手数", "lots", "hands")
