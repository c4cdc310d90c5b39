"""What people and terminals call the sides and the order types: every word with one meaning, and those with two.

Words are compared without regard to case and width. A word with two meanings is refused with both named; one of a
business that the broker's interface does not have is known, so that it can be refused by name.
"""

import re
from collections.abc import Mapping

from filebridge.domain.orders import OrderType, Side

_S, _T = Side, OrderType
# Beside each side's own name, which is a word too.
_SIDE_WORDS: dict[Side, str] = {
    _S.BUY: "b 买 买入 证券买入 股票买入 普通买入",
    _S.SELL: "s 卖 卖出 证券卖出 股票卖出 普通卖出",
    _S.SUBSCRIBE: "新股申购 新债申购 申购新股 申购新债 打新 债券申购 ipo",
    _S.CREATE: "etf申购 etf_create",
    _S.REDEEM: "赎回 etf赎回 etf_redeem",
    _S.COLLATERAL_BUY: "担保品买入 担保买入",
    _S.COLLATERAL_SELL: "担保品卖出 担保卖出",
    _S.MARGIN_BUY: "融资买入 融资买",
    _S.SHORT_SELL: "融券卖出 融券卖",
    _S.BUY_TO_RETURN: "买券还券",
    _S.DIRECT_RETURN: "直接还券 现券还券",
    _S.SELL_TO_REPAY: "卖券还款",
    _S.DIRECT_REPAY: "直接还款 现金还款",
    _S.MARGIN_BUY_SPECIAL: "专项融资买入",
    _S.SHORT_SELL_SPECIAL: "专项融券卖出",
    _S.BUY_TO_RETURN_SPECIAL: "专项买券还券",
    _S.DIRECT_RETURN_SPECIAL: "专项直接还券",
    _S.SELL_TO_REPAY_SPECIAL: "专项卖券还款",
    _S.DIRECT_REPAY_SPECIAL: "专项直接还款",
    _S.BUY_OPEN: "买入开仓 买开 开多 open_long",
    _S.SELL_OPEN: "卖出开仓 卖开 开空 open_short",
    _S.BUY_CLOSE: "买入平仓 买平 平空 close_short",
    _S.SELL_CLOSE: "卖出平仓 卖平 平多 close_long",
    _S.BUY_CLOSE_TODAY: "买入平今 买平今 平今空 平空今 close_short_today",
    _S.SELL_CLOSE_TODAY: "卖出平今 卖平今 平今多 平多今 close_long_today",
    _S.BUY_CLOSE_YESTERDAY: "买入平昨 买平昨 平昨空 平空昨 close_short_yesterday",
    _S.SELL_CLOSE_YESTERDAY: "卖出平昨 卖平昨 平昨多 平多昨 close_long_yesterday",
    _S.BUY_CLOSE_TODAY_FIRST: "平空优先平今 买入平仓优先平今",
    _S.SELL_CLOSE_TODAY_FIRST: "平多优先平今 卖出平仓优先平今",
    _S.BUY_CLOSE_YESTERDAY_FIRST: "平空优先平昨 买入平仓优先平昨",
    _S.SELL_CLOSE_YESTERDAY_FIRST: "平多优先平昨 卖出平仓优先平昨",
    _S.BUY_NET_TODAY_FIRST: "买入优先平今",
    _S.SELL_NET_TODAY_FIRST: "卖出优先平今",
    _S.BUY_NET_YESTERDAY_FIRST: "买入优先平昨",
    _S.SELL_NET_YESTERDAY_FIRST: "卖出优先平昨",
    _S.COVERED_OPEN: "备兑开仓",
    _S.COVERED_CLOSE: "备兑平仓",
    _S.EXERCISE_CALL: "认购行权",
    _S.EXERCISE_PUT: "认沽行权",
    _S.LOCK: "锁定 证券锁定 备兑锁定",
    _S.UNLOCK: "解锁 证券解锁 备兑解锁",
    _S.BANK_IN: "银行转证券 银转证 bank_to_securities",
    _S.BANK_OUT: "证券转银行 证转银 securities_to_bank",
    _S.FUNDS_TO_FAST: "资金划到极速柜台 资金划拨到极速柜台",
    _S.FUNDS_TO_NORMAL: "资金划到普通柜台 资金划拨到普通柜台",
    _S.FUNDS_SH_TO_SZ: "资金上海划到深圳 上海节点到深圳节点",
    _S.FUNDS_SZ_TO_SH: "资金深圳划到上海 深圳节点到上海节点",
    _S.SHARES_TO_FAST: "股份划到极速柜台 股份划拨到极速柜台",
    _S.SHARES_TO_NORMAL: "股份划到普通柜台 股份划拨到普通柜台",
}
# Words with two meanings or more, and those.
SIDES_AMBIGUOUS: dict[str, tuple[Side, ...]] = {
    "申购": (_S.CREATE, _S.SUBSCRIBE),
    **dict.fromkeys(("开仓", "open"), (_S.BUY_OPEN, _S.SELL_OPEN)),
    **dict.fromkeys(("平仓", "close"), (_S.SELL_CLOSE, _S.BUY_CLOSE)),
    **dict.fromkeys(("平今", "平今仓", "close_today"), (_S.SELL_CLOSE_TODAY, _S.BUY_CLOSE_TODAY)),
    **dict.fromkeys(("平昨", "平昨仓", "close_yesterday"), (_S.SELL_CLOSE_YESTERDAY, _S.BUY_CLOSE_YESTERDAY)),
    **dict.fromkeys(("行权", "期权行权", "exercise"), (_S.EXERCISE_CALL, _S.EXERCISE_PUT)),
    **dict.fromkeys(("还券", "return"), (_S.BUY_TO_RETURN, _S.DIRECT_RETURN)),
    **dict.fromkeys(("还款", "repay"), (_S.SELL_TO_REPAY, _S.DIRECT_REPAY)),
    **dict.fromkeys(("融资", "margin"), (_S.MARGIN_BUY, _S.SELL_TO_REPAY)),
    "融券": (_S.SHORT_SELL, _S.BUY_TO_RETURN),
    **dict.fromkeys(("short", "做空"), (_S.SHORT_SELL, _S.SELL_OPEN)),
}
# Businesses that the broker's interface does not have.
SIDES_ELSEWHERE = re.compile(
    "转股|回售|配股|增发|分拆|合并|质押|入库|出库|套利|展期|组合|要约|大宗|划转|认购|投票|预受|基金申购|基金赎回"
)

_LEVELS = tuple(enumerate("一二三四五", start=1))
_TYPE_WORDS: dict[OrderType, str] = {
    _T.LIMIT: "lmt 限价 限价委托 限价单 指定价 限价申报",
    _T.LATEST: "最新价 现价 last",
    _T.COUNTERPARTY_BEST: "对手方最优 对手方最优价格 对手方最优价格委托 对手最优 peer_best",
    _T.OWN_BEST: "本方最优 本方最优价格 本方最优价格委托",
    _T.BEST5_OR_CANCEL: (
        "五档即成剩撤 最优五档即时成交剩余撤销 最优五档即时成交剩余撤销委托 最优五档即成剩撤 五档即时成交剩余撤销 "
        "市价最优五档即成剩撤"
    ),
    _T.BEST5_OR_LIMIT: (
        "五档即成转限价 五档即成剩转 最优五档即时成交剩转限价 最优五档即时成交剩余转限价 五档即时成交剩余转限价 "
        "市价最优五档即成剩转"
    ),
    _T.BEST1_OR_CANCEL: "最优一档即成剩撤 市价最优一档即成剩撤",
    _T.BEST1_OR_LIMIT: "最优一档即成剩转 市价最优一档即成剩转",
    _T.IMMEDIATE_OR_CANCEL: "即时成交剩余撤销 即时成交剩余撤销委托 即成剩撤 市价即成剩撤 ioc",
    _T.FILL_OR_KILL: "全额成交或撤销 全额成交或撤销委托 全成或撤 市价全额成交或撤 fok",
    _T.MARKET_BEST: "市价最优价",
    _T.AFTER_HOURS: "盘后定价 盘后固定价格 科创板盘后定价",
    **{_T[f"OWN_{level}"]: f"本方{level}档 本方{word}档" for level, word in _LEVELS},
    **{
        _T[f"OPPOSITE_{level}"]: f"对手{level}档 对手方{level}档 对手{word}档 对手方{word}档" for level, word in _LEVELS
    },
    _T.NO_PRICE: "",
}
# "Market order" alone means another thing at each exchange.
TYPES_AMBIGUOUS = ("市价", "市价委托", "市价单", "market", "mkt", "最优五档", "五档", "最优价", "best")
# Order types that the broker's interface does not have.
TYPES_ELSEWHERE = re.compile("止损|止盈|条件|冰山|竞价限价|stop|iceberg|twap|vwap")


def _by_word(words: Mapping[Side, str] | Mapping[OrderType, str]) -> dict[str, Side | OrderType]:
    found: dict[str, Side | OrderType] = {}
    for meant, spelled in words.items():
        for word in (meant.value.casefold(), *spelled.split()):
            assert word not in found, f"{word} stands twice"
            found[word] = meant
    return found


SIDES: dict[str, Side] = {word: Side(meant) for word, meant in _by_word(_SIDE_WORDS).items()}
ORDER_TYPES: dict[str, OrderType] = {word: OrderType(meant) for word, meant in _by_word(_TYPE_WORDS).items()}
# How a terminal shows a side: the first word of two letters or more that is not the side's own name.
SIDES_ZH: dict[Side, str] = {
    side: next(word for word in words.split() if len(word) > 1 and not word.isascii()).upper()
    for side, words in _SIDE_WORDS.items()
}
