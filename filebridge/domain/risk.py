"""What our own rules say of an order: at the intake whether it may ever go, at the sending whether it may go now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from filebridge.domain import approval, guard, limits, market_rules, order_types, sides, trading_hours
from filebridge.domain.approval import NOTHING_TO_APPROVE, Approval
from filebridge.domain.bounds import Limits
from filebridge.domain.contracts import contract_of
from filebridge.domain.events import EventKind
from filebridge.domain.guard import Stance
from filebridge.domain.issues import is_of_issues
from filebridge.domain.limits import Asked, Need
from filebridge.domain.market import Hours, Phase, TradingCalendar, open_since, trade_date_at
from filebridge.domain.orders import AccountType, Action, Order, OrderInstruction, OrderTerms, OrderType, Side, Status
from filebridge.domain.reasons import Reason
from filebridge.domain.symbols import Board, InstrumentKind, board, instrument_kind
from filebridge.domain.trading_hours import Kept, Opening, kept_hours, opening, record_date, trade_date_of

# What this version knows how to trade; the other kinds come with their own rules.
TRADABLE = frozenset(set(InstrumentKind) - {InstrumentKind.OTHER})
_OF_THE_ROW = frozenset({Need.ROW})

# Clocks are corrected by fractions of a second all the time.
CLOCK_SLACK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The configured rules that an order meets."""

    mode: str
    hours: Hours
    calendar: TradingCalendar
    max_order_age: timedelta
    limits: Limits
    # The kind of each account; one that is not named is an ordinary stock account.
    accounts: Mapping[str, AccountType] = field(default_factory=dict)
    approval: Approval = NOTHING_TO_APPROVE
    # What becomes of an order that comes while its market takes none: it waits, or it is denied.
    outside_session: str = "wait"
    # Whether an order needs market data that no limit and no price of its own asks for: see `quote_checks`.
    always_quotes: bool = False
    # The accounts that have a bank, and of each the environment variable of a password that it lacks, if it lacks one.
    banks: Mapping[str, str] = field(default_factory=dict)


class Verdict(StrEnum):
    SEND = "SEND"
    # Not yet; others may pass it meanwhile.
    WAIT = "WAIT"
    # Not at this moment; nothing of its account passes it.
    KEEP_PLACE = "KEEP_PLACE"


def refusal(terms: OrderTerms, rules: Rules) -> Reason | None:
    """Why an order like this can never be sent, or None. Asked in this order, so a row always gets the same answer."""
    kind = instrument_kind(terms.symbol)
    # Of a future whose contract no row knows, nobody could say what it is worth.
    if kind not in TRADABLE or (kind is InstrumentKind.FUTURE and contract_of(terms.symbol) is None):
        return Reason("INSTRUMENT_NOT_SUPPORTED", {"symbol": terms.symbol})
    if terms.mode != rules.mode:
        return Reason("MODE_MISMATCH", {"value": terms.mode, "mode": rules.mode})
    if rules.hours == "exchange" and not rules.calendar.is_trading_day(terms.trade_date):
        return Reason("OUTSIDE_CALENDAR", {"trade_date": terms.trade_date.isoformat()})
    account = rules.accounts.get(terms.account, AccountType.STOCK)
    asked = Asked(terms, rules.limits, terms.received_at)
    return (
        sides.breach(terms, account)
        or order_types.breach(terms)
        or market_rules.breach(terms)
        or _no_bank(terms, rules)
        or limits.breach(asked, _OF_THE_ROW)
    )


def _no_bank(terms: OrderTerms, rules: Rules) -> Reason | None:
    """Why nothing can be moved from or to the account's bank, or None."""
    if terms.side not in (Side.BANK_IN, Side.BANK_OUT):
        return None
    missing = rules.banks.get(terms.account)
    if missing is None:
        return Reason("TRANSFER_NO_BANK", {"account": terms.account})
    return Reason("TRANSFER_PASSWORD_MISSING", {"account": terms.account, "value": missing}) if missing else None


class Moment(NamedTuple):
    """What the clock means: `today` is the trade date that what happens now belongs to, None outside the calendar;
    `open_since` is None while no order for a share can be taken. `known` is what it means for orders of which some were
    asked about already."""

    now: datetime
    today: date | None
    open_since: datetime | None
    known: dict[tuple[Kept, InstrumentKind, Board | None, OrderType] | None, Opening]


def moment_of(now: datetime, rules: Rules) -> Moment:
    today = record_date(now, rules.calendar, rules.hours)
    return Moment(now, today, open_since(now, rules.calendar, rules.hours), {})


def opening_of(terms: OrderTerms, moment: Moment, rules: Rules) -> Opening:
    """What the moment means for an order like this."""
    if rules.hours == "always":
        # Then all orders are alike.
        return moment.known.get(None) or moment.known.setdefault(
            None, Opening(moment.today, moment.open_since, Phase.CONTINUOUS)
        )
    symbol = terms.symbol
    alike = (kept_hours(symbol), instrument_kind(symbol), board(symbol), terms.order_type)
    if alike not in moment.known:
        moment.known[alike] = opening(symbol, terms.order_type, moment.now, rules.calendar, rules.hours)
    return moment.known[alike]


def at_sending(order: Order, moment: Moment, rules: Rules, stance: Stance) -> Verdict | Reason:
    """Whether an order may leave at that moment; a reason ends it, or holds it (see `event_of`)."""
    # Once more: the configuration may be another one than at the intake.
    return refusal(order.terms, rules) or in_time(order, moment, rules, stance)


def in_time(order: Order, moment: Moment, rules: Rules, stance: Stance) -> Verdict | Reason:
    """Whether this is a time at which the order may leave, and the guard lets it; a reason ends it, or holds it."""
    terms, now, here = order.terms, moment.now, opening_of(order.terms, moment, rules)
    barred = _expiry(terms, here, now) or guard.refusal(terms, stance)
    if barred is not None:
        return barred
    unasked = approval.required(terms, rules.approval) if order.status is Status.RECEIVED else None
    if unasked is not None:
        return unasked
    if here.today != terms.trade_date or (terms.start_at is not None and now < terms.start_at):
        return Verdict.WAIT
    if here.open_since is None:
        missed = outside_session(terms, here, rules) if here.phase is not Phase.CLOSED else None
        return missed or Verdict.WAIT
    waiting_since = max(could_go_at(order), here.open_since)
    age = now - waiting_since
    if age < -CLOCK_SLACK:
        # The clock went back since it came, so nobody can say how long it has waited.
        return Reason("EXPIRED_CLOCK_WENT_BACK", {"received_at": waiting_since.isoformat(timespec="seconds")})
    if age > rules.max_order_age:
        limit = str(int(rules.max_order_age.total_seconds()))
        return Reason("EXPIRED_TOO_OLD", {"age_seconds": str(int(age.total_seconds())), "limit_seconds": limit})
    return Verdict.SEND


def outside_session(terms: OrderTerms, here: Opening, rules: Rules) -> Reason | None:
    """Why an order does not wait for the session that takes it, or None. One that names its time is not asked: before
    its day begins it waits."""
    if rules.outside_session != "deny" or here.open_since is not None:
        return None
    return Reason(
        "OUTSIDE_SESSION", {"symbol": terms.symbol, "phase": here.phase.value, "value": terms.order_type.value}
    )


def issues_refusal(row: OrderInstruction, trade_date: date, moment: Moment, rules: Rules) -> Reason | None:
    """Why a row of new issues cannot wait for them, or None; their orders are looked at when they are known."""
    if rules.hours == "exchange" and not rules.calendar.is_trading_day(trade_date):
        return Reason("OUTSIDE_CALENDAR", {"trade_date": trade_date.isoformat()})
    names_its_time = row.start_at is not None or row.trade_date is not None
    if rules.outside_session != "deny" or names_its_time or moment.open_since is not None:
        return None
    value = (row.order_type or OrderType.LIMIT).value
    return Reason("OUTSIDE_SESSION", {"symbol": row.symbol, "phase": Phase.CLOSED.value, "value": value})


def may_cancel(order: Order, moment: Moment, rules: Rules) -> bool:
    """Whether the exchange takes a cancel now; in the last minutes of an auction it does not, and the cancel waits."""
    return opening_of(order.terms, moment, rules).can_cancel


def has_closed(terms: OrderTerms, moment: Moment, rules: Rules) -> bool:
    """Whether an order that left cannot trade any more; never outside the calendar."""
    return moment.today is not None and moment.now >= closes_at(terms, rules)


def closes_at(terms: OrderTerms, rules: Rules) -> datetime:
    """The first moment at which an order cannot trade any more on its trade date."""
    return trading_hours.closes_at(terms.symbol, terms.order_type, terms.trade_date, rules.calendar, rules.hours)


def leaves_at(terms: OrderTerms, moment: Moment, rules: Rules) -> datetime | None:
    """When its market and its own row let an order leave: from now on; None: on its trade date no more."""
    since = max(moment.now, terms.start_at or moment.now)
    return trading_hours.opens_next(
        terms.symbol, terms.order_type, terms.trade_date, since, rules.calendar, rules.hours
    )


def expiry(terms: OrderTerms, moment: Moment, rules: Rules) -> Reason | None:
    """Why its own time is over, sent or not: its trade date, or the moment that its row names."""
    return _expiry(terms, opening_of(terms, moment, rules), moment.now)


def _expiry(terms: OrderTerms, here: Opening, now: datetime) -> Reason | None:
    # No order like this is taken any more on its trade date.
    if here.today is not None and terms.trade_date < here.today:
        return Reason("EXPIRED_TRADE_DATE", {"trade_date": terms.trade_date.isoformat()})
    if terms.expire_at is not None and now >= terms.expire_at:
        return Reason("EXPIRED_AT", {"expire_at": terms.expire_at.isoformat(timespec="seconds")})
    return None


def while_held(order: Order, moment: Moment, rules: Rules) -> Reason | None:
    """Why an order that waits for a person ends, or None."""
    return expiry(order.terms, moment, rules) or approval.lapsed(order, moment.now, rules.approval)


def could_go_at(order: Order) -> datetime:
    """Since when nothing but the market keeps an order back that its author or an approver has to say."""
    terms = order.terms
    return max(order.approved_at or terms.received_at, terms.start_at or terms.received_at)


def event_of(reason: Reason) -> EventKind:
    """What becomes of an order that our own rules do not let out."""
    if reason.code in approval.HOLDS:
        return EventKind.HOLD
    return EventKind.EXPIRE if reason.code.startswith("EXPIRED_") else EventKind.DENY


def current_date(now: datetime, rules: Rules) -> date:
    """The trade date that a record made now belongs to; the calendar day where the calendar does not reach."""
    return record_date(now, rules.calendar, rules.hours) or now.date()


def intake_date(now: datetime, rules: Rules) -> date:
    """The trade date that a file means which comes now, where its rows say nothing else."""
    return trade_date_at(now, rules.calendar, rules.hours) or now.date()


def row_date(row: OrderInstruction, now: datetime, rules: Rules) -> date:
    """The trade date of a row that names none: that on which its own market takes it next."""
    if rules.hours == "always" or row.action is not Action.ORDER or is_of_issues(row):
        return intake_date(now, rules)
    found = trade_date_of(row.symbol, row.order_type or OrderType.LIMIT, now, rules.calendar, rules.hours)
    return found or intake_date(now, rules)


def is_of_earlier_date(row: OrderInstruction, now: datetime, rules: Rules) -> bool:
    """Whether a row names a trade date that is over for it."""
    return row.trade_date is not None and row.trade_date < row_date(row, now, rules)
