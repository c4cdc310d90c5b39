"""Cancels: which orders one means, also those that are no orders yet, and what its row is answered.

Pure: whoever calls has looked the orders up, and hands them in.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from filebridge.domain.admission import Answer, burning
from filebridge.domain.events import EventKind
from filebridge.domain.lifecycle import allows
from filebridge.domain.orders import LOCAL, Order, OrderInstruction, OrderTerms, Outcome, Side, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.sides import TRANSFERS
from filebridge.domain.symbols import read_symbol

# What a row may say of the order that it names, beside its id: it must fit.
_SAID_OF_IT = ("symbol", "side", "order_type", "price_offset", "strategy", "basket")
# By what a person may select orders.
SELECTS = ("account", "symbol", "side", "strategy", "basket")
# So many ids stand in the message of a cancel of several orders; the receipt as JSON has all their tags.
_NAMED_MAX = 10


class Selection(NamedTuple):
    """The orders that fit every field that is filled in; an empty one means all."""

    account: str = ""
    trade_date: date | None = None
    client_order_id: str = ""
    symbol: str = ""
    side: Side | None = None
    strategy: str = ""
    basket: str = ""

    def fits(self, terms: OrderTerms | OrderInstruction) -> bool:
        return all(not wanted or getattr(terms, name) == wanted for name, wanted in self._asdict().items())

    def among(self, orders: Iterable[Order]) -> list[Order]:
        """The orders that are meant and that a cancel can still do something about."""
        asked = [(name, wanted) for name, wanted in self._asdict().items() if wanted]
        return [
            order
            for order in orders
            if all(getattr(order.terms, name) == wanted for name, wanted in asked) and can_cancel(order)
        ]


def selection_from(fields: Mapping[str, object]) -> Selection | tuple[str, str]:
    """Which orders a person's request means; its symbol in any spelling that an order file may have.

    Returns the field and the value that mean nothing, where one does not: it must never select more than was meant.
    """
    given = {name: str(fields.get(name) or "").strip() for name in SELECTS}
    symbol = read_symbol(given["symbol"]) if given["symbol"] else None
    if isinstance(symbol, Reason):
        return "symbol", given["symbol"]
    if given["side"] and given["side"].upper() not in Side.__members__:
        return "side", given["side"]
    return Selection(
        account=given["account"],
        symbol=symbol.symbol if symbol else "",
        side=Side(given["side"].upper()) if given["side"] else None,
        strategy=given["strategy"],
        basket=given["basket"],
    )


def can_cancel(order: Order) -> bool:
    """Whether a cancel can do something about an order. A transfer that has left is done or refused at once: there is
    nothing at the broker that could be canceled."""
    has_left = order.status not in LOCAL and order.terms.side in TRANSFERS
    return allows(order.status, EventKind.CANCEL) and not has_left


class Stops:
    """Cancels that were accepted and hold for rows that are not orders yet. Thousands may name an id each, and a
    million rows ask."""

    def __init__(self) -> None:
        self._by_id: dict[str, list[Selection]] = {}
        self._others: list[Selection] = []

    def add(self, stop: Selection) -> None:
        (self._by_id.setdefault(stop.client_order_id, []) if stop.client_order_id else self._others).append(stop)

    def hit(self, terms: OrderTerms) -> bool:
        """Whether a row may not become an order with these terms."""
        if not (self._by_id or self._others):
            return False
        named = self._by_id.get(terms.client_order_id, ())
        return any(stop.fits(terms) for stop in (*named, *self._others))


def selection_of(row: OrderInstruction, account: str) -> Selection:
    """What a row that cancels several orders means: those of its account that fit all that it names."""
    return Selection(
        account=account,
        trade_date=row.trade_date,
        symbol=row.symbol,
        side=row.side,
        strategy=row.strategy,
        basket=row.basket,
    )


def decide_cancel(instruction: OrderInstruction, account: str, orders: Sequence[Order]) -> Answer:
    """The answer to a cancel; `orders` are those that its orig_client_order_id names."""
    target = burning(orders) or (orders[-1] if orders else None)
    return _decided(instruction, account, target)


def decide_cancel_by_number(
    instruction: OrderInstruction, account: str, trade_date: date, orders: Sequence[Order]
) -> Answer:
    """The answer to a cancel that names the broker's number alone; `orders` are ours that have it on that day.

    A number that our ledger does not know is another program's order, or a person's at the terminal.
    """
    where = {"value": instruction.broker_order_id, "account": account, "trade_date": trade_date.isoformat()}
    if not orders:
        return _refused(instruction, account, Reason("CANCEL_NUMBER_UNKNOWN", where))
    if len(orders) > 1:
        text = ", ".join(order.terms.tag for order in orders)
        return _refused(instruction, account, Reason("CANCEL_NUMBER_AMBIGUOUS", {**where, "text": text}))
    return _decided(instruction, account, orders[0])


def decide_cancel_all(
    instruction: OrderInstruction, account: str, orders: Sequence[Order], issues: Sequence[str], files: int
) -> Answer:
    """The answer to a cancel of several orders, which are `orders`; it holds for what waits in so many large files, and
    for rows of new issues whose orders are still to come, `issues` by their ids."""
    return Answer(
        instruction=instruction,
        outcome=Outcome.CANCEL_ACCEPTED,
        client_order_id="",
        account=account,
        reason=several_canceled(orders, issues, files),
        canceled=tuple(order.terms.tag for order in orders),
    )


def several_canceled(orders: Sequence[Order], issues: Sequence[str], files: int) -> Reason:
    """What is said of these canceled orders, of rows of new issues that become none, and of so many large files whose
    waiting rows it holds for."""
    named = [*(order.terms.client_order_id for order in orders[:_NAMED_MAX]), *issues]
    if len(orders) > _NAMED_MAX:
        named.append("…")
    context = {"count": str(len(orders) + len(issues)), "text": ", ".join(named), "files": str(files)}
    code = ("CANCEL_ALL_AND_REST" if named else "CANCEL_ALL_REST") if files else "CANCEL_ALL_TAKEN"
    return Reason(code if named or files else "CANCEL_ALL_NONE", context)


def _decided(instruction: OrderInstruction, account: str, target: Order | None) -> Answer:
    name = instruction.orig_client_order_id or (target.terms.client_order_id if target else "")
    context = {"orig_client_order_id": name, "earlier_status": target.status.value if target else ""}
    outcome, code = Outcome.CANCEL_ACCEPTED, ""
    number = instruction.broker_order_id
    if target is None:
        code = "CANCEL_REMEMBERED"
    elif number not in ("", target.terms.tag) and target.broker_order_id not in ("", number):
        outcome, code = Outcome.CANCEL_REFUSED, "CANCEL_IDS_DISAGREE"
        context |= {"value": instruction.broker_order_id, "broker_order_id": target.broker_order_id}
    elif contradiction := contradicted(instruction, target.terms):
        outcome, code = Outcome.CANCEL_REFUSED, "CANCEL_NOT_THAT_ORDER"
        context |= contradiction
    elif not can_cancel(target):
        is_over = not allows(target.status, EventKind.CANCEL)
        outcome, code = Outcome.CANCEL_REFUSED, "CANCEL_ORDER_FINAL" if is_over else "CANCEL_OF_TRANSFER"
    elif target.status is Status.UNKNOWN:
        code = "CANCEL_IN_DOUBT"
    return Answer(
        instruction=instruction,
        outcome=outcome,
        client_order_id=name,
        account=account,
        reason=Reason(code, context) if code else None,
        tag=target.terms.tag if target else "",
        earlier_status=context["earlier_status"],
    )


def contradicted(row: OrderInstruction, terms: OrderTerms) -> dict[str, str]:
    """What a row says of the order that it names and that is not so: the column, its value, the order's; or nothing."""
    for column in _SAID_OF_IT:
        said, value = getattr(row, column), getattr(terms, column)
        if said and said != value:
            return {"column": column, "value": str(said), "expected": str(value)}
    return {}


def _refused(instruction: OrderInstruction, account: str, reason: Reason) -> Answer:
    return Answer(
        instruction=instruction,
        outcome=Outcome.CANCEL_REFUSED,
        client_order_id=instruction.orig_client_order_id,
        account=account,
        reason=reason,
    )
