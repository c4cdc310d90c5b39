"""What a row may become: a new order, a held one, a denied one, a duplicate. Decided in one declared order.

Cancels are decided in canceling.py.

Pure: whoever calls has looked up what is known of the row's key, and hands it in.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from filebridge.domain.orders import (
    Action,
    Order,
    OrderInstruction,
    OrderTerms,
    OrderType,
    Outcome,
    Query,
    Status,
)
from filebridge.domain.reasons import Problem, Reason


class Desk(NamedTuple):
    """What the configuration says about who may send what, for the files of one source.

    `fixed`: column -> the value that each of its rows has. `called`: what its files call an account -> the account.
    """

    accounts: tuple[str, ...]
    mode: str
    source: str = ""
    fixed: Mapping[str, str] = MappingProxyType({})
    called: Mapping[str, str] = MappingProxyType({})
    on_bad_row: str = "refuse"
    # Whether each row has to say its day, for nothing else of its file does.
    dates_required: bool = False


class Known(NamedTuple):
    """What is known of one row's key before it is decided.

    `orders` are those with this key, oldest first; `corrects` is the earlier order that this row may be a correction
    of, and `meets` the file under way that asks for the same; `refusal` is why orders like this one cannot be sent at
    all, `approval` why a person has to approve it first; `files` names the file of an intake number.
    """

    files: Mapping[int, str]
    orders: Sequence[Order] = ()
    canceled_before: bool = False
    corrects: Order | None = None
    meets: str = ""
    refusal: Reason | None = None
    approval: Reason | None = None


class Answer(NamedTuple):
    """What a receipt says of one row. `order` is the order that the row made, if it made one; `canceled` are the tags
    of those that a cancel of several is about."""

    instruction: OrderInstruction
    outcome: Outcome
    client_order_id: str
    account: str
    reason: Reason | None = None
    tag: str = ""
    earlier_status: str = ""
    order: Order | None = None
    canceled: tuple[str, ...] = ()


def placed(row: OrderInstruction, desk: Desk) -> tuple[OrderInstruction, list[Problem]]:
    """The row with what its source fixes; a row may repeat that, but not say otherwise."""
    found: list[Problem] = []
    if desk.dates_required and row.trade_date is None:
        found.append(Problem(row.row, "trade_date", "", Reason("PROOF_WITHOUT_DATE")))
    if row.account in desk.called:
        row = row._replace(account=desk.called[row.account])
    for column, value in desk.fixed.items():
        said = getattr(row, column)
        row = row._replace(**{column: value})  # type: ignore[arg-type]
        if said not in ("", value):
            context = {"column": column, "value": said, "expected": value, "source": desk.source}
            found.append(Problem(row.row, column, said, Reason("ROW_CONTRADICTS_SOURCE", context)))
    return row, found


def row_problems(instruction: OrderInstruction, desk: Desk) -> list[Problem]:
    """What makes a well-formed row unusable under this configuration."""
    found = []
    named = instruction.account
    accounts = ", ".join(desk.accounts)
    if named and named not in desk.accounts:
        reason = Reason("ACCOUNT_UNKNOWN", {"value": named, "accounts": accounts})
        found.append(Problem(instruction.row, "account", named, reason))
    elif not named and len(desk.accounts) != 1 and instruction.query is not Query.QUOTES:
        found.append(Problem(instruction.row, "account", "", Reason("ACCOUNT_REQUIRED", {"accounts": accounts})))
    if instruction.mode and instruction.mode != desk.mode:
        reason = Reason("MODE_MISMATCH", {"value": instruction.mode, "mode": desk.mode})
        found.append(Problem(instruction.row, "mode", instruction.mode, reason))
    return found


def burning(orders: Sequence[Order]) -> Order | None:
    """The order that uses up a key, if one does."""
    return next((order for order in reversed(orders) if order.burns_key), None)


def repeated(
    instruction: OrderInstruction, client_order_id: str, body: str, account: str, known: Known
) -> Answer | None:
    """The answer to a row whose key is used up: the same again, or something else under the same id."""
    earlier = burning(known.orders) if known.orders else None
    if earlier is None:
        return None
    same = earlier.terms.body_hash == body
    where = {"file": known.files.get(earlier.terms.intake_no, ""), "first_row": str(earlier.terms.row)}
    in_doubt = earlier.status in (Status.SUBMITTING, Status.UNKNOWN)
    code = "CLIENT_ORDER_ID_REUSED" if not same else "DUPLICATE_IN_DOUBT" if in_doubt else "DUPLICATE_ORDER"
    context = {"client_order_id": client_order_id, "earlier_status": earlier.status.value, **where}
    context["tag"] = earlier.terms.tag
    return Answer(
        instruction=instruction,
        outcome=Outcome.DUPLICATE if same else Outcome.REFUSED,
        client_order_id=client_order_id,
        account=account,
        reason=Reason(code, context),
        tag=earlier.terms.tag if same else "",
        earlier_status=earlier.status.value,
    )


def decide_order(instruction: OrderInstruction, terms: OrderTerms, known: Known, at: datetime) -> Answer:
    """The answer to a row that asks for an order. Checks run in this order, so a row always gets the same answer."""
    again = repeated(instruction, terms.client_order_id, terms.body_hash, terms.account, known)
    if again is not None:
        return again
    if known.canceled_before:
        denied: Reason | None = Reason("CANCELED_BEFORE_ARRIVAL", {"client_order_id": terms.client_order_id})
    else:
        denied = known.refusal
    if denied is not None:
        return born(instruction, terms, Status.DENIED, Outcome.DENIED, denied, at)
    if known.corrects is not None:
        first = known.corrects.terms
        context = {
            "symbol": terms.symbol,
            "side": terms.side.value,
            "file": known.files.get(first.intake_no, ""),
            "first_row": str(first.row),
            "earlier_status": known.corrects.status.value,
            "tag": terms.tag,
        }
        return born(instruction, terms, Status.HELD, Outcome.HELD, Reason("LOOKS_LIKE_CORRECTION", context), at)
    if known.meets:
        context = {"symbol": terms.symbol, "side": terms.side.value, "file": known.meets, "tag": terms.tag}
        return born(instruction, terms, Status.HELD, Outcome.HELD, Reason("CORRECTS_FILE_UNDER_WAY", context), at)
    if known.approval is not None:
        return born(instruction, terms, Status.HELD, Outcome.HELD, known.approval, at)
    return born(instruction, terms, Status.RECEIVED, Outcome.ACCEPTED, None, at)


def correction_of(row: OrderInstruction, ordered: Sequence[Order]) -> Order | None:
    """The earlier order of this basket with the same symbol and side, if it bought or sold something or still may."""
    for order in reversed(ordered):
        came_to_nothing = order.is_settled and not order.filled_qty
        if (order.terms.symbol, order.terms.side) == (row.symbol, row.side) and not came_to_nothing:
            return order
    return None


def terms_of(
    instruction: OrderInstruction,
    *,
    tag: str,
    client_order_id: str,
    body: str,
    account: str,
    mode: str,
    trade_date: date,
    intake_no: int,
    received_at: datetime,
) -> OrderTerms:
    """The fixed terms of the order that a row asks for; `body` is its hash."""
    assert instruction.action in (Action.ORDER, Action.TRANSFER)
    assert instruction.side is not None
    return OrderTerms(
        tag=tag,
        client_order_id=client_order_id,
        id_derived=not instruction.client_order_id,
        account=account,
        mode=mode,
        trade_date=trade_date,
        symbol=instruction.symbol,
        side=instruction.side,
        order_type=instruction.order_type or OrderType.LIMIT,
        quantity=instruction.quantity,
        limit_price=instruction.limit_price,
        strategy=instruction.strategy,
        note=instruction.note,
        basket=instruction.basket,
        start_at=instruction.start_at,
        expire_at=instruction.expire_at,
        intake_no=intake_no,
        row=instruction.row,
        received_at=received_at,
        body_hash=body,
        price_offset=instruction.price_offset,
    )


def born(
    instruction: OrderInstruction,
    terms: OrderTerms,
    status: Status,
    outcome: Outcome,
    reason: Reason | None,
    at: datetime,
) -> Answer:
    """The answer to a row that makes an order, which begins in this status."""
    return Answer(
        instruction=instruction,
        outcome=outcome,
        client_order_id=terms.client_order_id,
        account=terms.account,
        reason=reason,
        tag=terms.tag,
        order=Order(terms=terms, status=status, updated_at=at, reason=reason),
    )
