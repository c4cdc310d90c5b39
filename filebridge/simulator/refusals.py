"""What the counter says when an account cannot bear an order.

Ordinary texts are those that brokers' counters show. The futures texts and numbers are CTP's, the credit ones those of
a public counter interface (OES); the wording of the option texts is this counter's own.
"""

ACCOUNT_REFUSALS: dict[str, str] = {
    "SYMBOL_NOT_FOR_BUSINESS": "[251011]该证券不允许此委托类别",
    "CASH_SHORT": "[260200]资金可用数不足",
    "POSITION_SHORT": "[251005]证券可用数量不足",
    "SUBSCRIPTION_QUOTA_SHORT": "[251061]申购数量超过可申购额度",
    "SUBSCRIBED_ALREADY": "[251062]同一新股不能重复申购",
    # Credit
    "MARGIN_SHORT": "[1401]保证金可用余额不足",
    "REPAY_CASH_SHORT": "[1402]可用还款资金不足",
    "FIN_QUOTA_SHORT": "[1405]客户可用融资额度不足",
    "SLO_QUOTA_SHORT": "[1407]客户可用融券额度不足",
    "LENDABLE_SHORT": "[1410]可用融券头寸不足",
    "NOT_FINANCED": "[1431]非融资标的证券",
    "NOT_SHORTED": "[1432]非融券标的证券",
    "NO_DEBT": "[1438]无可归还的负债",
    "RETURN_ABOVE_DEBT": "[1442]还券数量超过融券合约待归还数量",
    "SHORT_BELOW_LAST": "[1445]申报价格不得低于最近成交价",
    # Futures
    "CLOSE_SHORT": "[30]CTP:平仓量超过持仓量",
    "FUTURES_CASH_SHORT": "[31]CTP:资金不足",
    "CLOSE_TODAY_SHORT": "[50]CTP:平今仓位不足",
    "CLOSE_HISTORY_SHORT": "[51]CTP:平昨仓位不足",
    # Stock options
    "OPTION_UNKNOWN": "[261000]期权合约不存在",
    "OPTION_CASH_SHORT": "[261001]期权可用资金不足",
    "OPTION_POSITION_SHORT": "[261002]合约可平数量不足",
    "LOCKED_SHORT": "[261003]可用锁定证券数量不足",
    "NOT_UNDERLYING": "[261004]非期权合约标的证券",
    "NOT_EXERCISE_DAY": "[261005]非行权日，不允许行权",
    "EXERCISE_OF_OTHER_KIND": "[261006]合约类型与行权方向不符",
}
