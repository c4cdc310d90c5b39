"""docs/language.md: every side, order type and instrument with words, facts and a sample row, from the tables."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from filebridge.domain import market_rules, order_types, sides
from filebridge.domain.order_types import Price
from filebridge.domain.orders import AccountType, Action, OrderInstruction, OrderType, Side, price_text
from filebridge.domain.sides import Pricing, Takes
from filebridge.domain.symbols import InstrumentKind, board, instrument_kind
from filebridge.gateways.xtnumbers import PRICE_TYPES, SIDES
from filebridge.orderfiles import parse, sidewords, values

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "language"
# The samples name no date; what they say is the same on any.
_ANY_DAY = date(2026, 11, 20)
_DIRECTION = {1: "buys", -1: "sells", 0: "-"}
_TAKES = {
    Takes.CASH: "cash: its value",
    Takes.SHARES: "sellable shares",
    Takes.CONTRACTS: "contracts held",
    Takes.MARGIN: "what the broker says",
    Takes.NOTHING: "-",
}
_PRICING = {
    Pricing.ANY: "any order type",
    Pricing.LIMIT: "a limit only",
    Pricing.AMOUNT: "the money to pay in `limit_price`, `quantity` 1; of a transfer in `transfer_amount`",
    Pricing.NONE: "none",
}
_PRICE = {
    Price.LIMIT: "the limit",
    Price.PROTECTIVE: "a protective limit; in Shanghai and Beijing it must be there, else the day's limit becomes it",
    Price.LEVEL: "empty: a limit is taken from market data at sending",
    Price.NONE: "empty",
}
_KINDS = {
    InstrumentKind.STOCK: ("stocks of all boards", "股票"),
    InstrumentKind.ETF: ("exchange-traded funds", "ETF"),
    InstrumentKind.LOF: ("listed open-end funds", "LOF"),
    InstrumentKind.CONVERTIBLE_BOND: ("convertible bonds, in 张", "可转债"),
    InstrumentKind.REPO: ("reverse repos, in 张; a SELL lends", "国债逆回购"),
    InstrumentKind.NEW_SHARE: ("subscription codes of new shares", "新股申购代码"),
    InstrumentKind.NEW_BOND: ("subscription codes of new bonds, in 张", "新债申购代码"),
    InstrumentKind.FUTURE: ("futures, in lots", "期货"),
    InstrumentKind.OPTION: ("options on funds, in lots", "股票期权"),
    InstrumentKind.CASH: ("money, which transfers move: no row names it", "资金"),
    InstrumentKind.OTHER: ("known, but not traded: indices, B shares, options on futures, ...", "其他"),
}
_ACTIONS = {
    Action.ORDER: ("places an order; the default", "stocks.csv"),
    Action.CANCEL: ("cancels one order: by its id, or by the broker's number", "cancel-several.csv"),
    Action.CANCEL_ALL: ("cancels all open orders, or those that fit what is filled in", "cancel-several.csv"),
    Action.REPLACE: ("cancels an order and, once that is certain, places a new one for what is left", "replace.csv"),
    Action.TRANSFER: (
        "moves money or shares between the owner's accounts, where the settings let files do so",
        "transfer.csv",
    ),
    Action.QUERY: ("asks the broker; the answer is a file in `outbox/`", "query.csv"),
}
_Rows = list[tuple[str, OrderInstruction]]


def sections() -> Iterator[tuple[str, str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Heading, text, header and rows of each table of the page."""
    samples = list(_samples())
    yield (
        "Actions",
        "docs/order-files.md says more of each, and which columns it takes.",
        ("action", "words", "what it does", "sample"),
        [_action(action) for action in Action],
    )
    yield (
        "Sides",
        "A word goes in any case and width. What it takes is what the limits count; `price` is what the row may name.",
        ("side", "words", "account: xttrader's order_type", "instruments", "", "takes", "price", "sample"),
        [_side(side, samples) for side in Side],
    )
    ambiguous: list[tuple[str, ...]] = [(word, " / ".join(meant)) for word, meant in sidewords.SIDES_AMBIGUOUS.items()]
    yield (
        "Words of several meanings",
        "They are refused (`SIDE_AMBIGUOUS`, `ORDER_TYPE_AMBIGUOUS`); one of these has to be written.",
        ("word", "may mean"),
        [*ambiguous, *((word, "another type at each exchange") for word in sidewords.TYPES_AMBIGUOUS)],
    )
    yield (
        "Order types",
        "Where nothing is written it is LIMIT, and NO_PRICE for a side that has none. A market type goes in the "
        "continuous session; before it, it waits.",
        ("order_type", "words", "exchange: xttrader's price_type", "instruments", "limit_price", "sessions", "sample"),
        [_type(order_type, samples) for order_type in OrderType],
    )
    yield (
        "Instruments",
        "Which sizes and ticks hold on a day stands in dated tables (filebridge/domain/market_rules.py, contracts.py).",
        ("kind", "", "中文", "sides", "smallest, step, tick", "samples"),
        [_kind(kind, samples) for kind in InstrumentKind],
    )


def _samples() -> Iterator[tuple[str, OrderInstruction]]:
    for path in sorted(SAMPLES.glob("*.csv")):
        for row in parse(path.read_bytes(), name=path.name, today=_ANY_DAY).instructions:
            if row.side is not None and row.order_type is not None:
                yield path.name, row


def _action(action: Action) -> tuple[str, ...]:
    about, sample = _ACTIONS[action]
    words = ", ".join(word for word, meant in values._ACTIONS.items() if meant is action)
    return f"`{action}`", words, about, f"[{sample}](../samples/language/{sample})"


def _side(side: Side, samples: _Rows) -> tuple[str, ...]:
    facts = sides.FACTS[side]
    words = (word for word, meant in sidewords.SIDES.items() if meant is side)
    numbers = (f"{account}: {SIDES[account][side]}" for account in AccountType if account in facts.accounts)
    sample = _first(samples, lambda row: row.side is side)
    return (
        *(f"`{side}`", _joined(words), ", ".join(numbers), _sorted(facts.kinds), _DIRECTION[facts.direction]),
        *(_TAKES[facts.takes], _PRICING[facts.pricing], sample),
    )


def _type(order_type: OrderType, samples: _Rows) -> tuple[str, ...]:
    facts, numbers = order_types.FACTS[order_type], PRICE_TYPES[order_type]
    words = (word for word, meant in sidewords.ORDER_TYPES.items() if meant is order_type)
    exchanges = sorted(facts.exchanges)
    where = (
        f"{', '.join(exchanges)}: {numbers['']}"
        if "" in numbers
        else ", ".join(f"{exchange}: {numbers[exchange]}" for exchange in exchanges)
    )
    when = "all" if facts.phases is None else _sorted(facts.phases)
    sample = _first(samples, lambda row: row.order_type is order_type)
    return (f"`{order_type}`", _joined(words), where, _sorted(facts.kinds), _PRICE[facts.price], when, sample)


def _kind(kind: InstrumentKind, samples: _Rows) -> tuple[str, ...]:
    fitting = (side for side, facts in sides.FACTS.items() if kind in facts.kinds)
    symbols = dict.fromkeys(row.symbol for _, row in samples if instrument_kind(row.symbol) is kind)
    rules = dict.fromkeys(_rule(symbol) for symbol in symbols)
    return (f"`{kind}`", *_KINDS[kind], _joined(fitting), "; ".join(filter(None, rules)), _joined(symbols))


def _rule(symbol: str) -> str:
    rule = market_rules.rule_of(symbol, _ANY_DAY) or market_rules.subscription_rule(symbol)
    listed = f"{board(symbol)}: " if board(symbol) else ""
    return f"{listed}{rule.buy_min:,}, {rule.step:,}, {price_text(rule.tick)}" if rule else ""


def _first(samples: _Rows, fits: Callable[[OrderInstruction], bool]) -> str:
    found = next(((name, row) for name, row in samples if fits(row)), None)
    return f"[{found[0]}](../samples/language/{found[0]}) {found[1].client_order_id}" if found else ""


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words)


def _sorted(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
