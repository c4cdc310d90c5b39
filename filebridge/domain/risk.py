"""What our own rules say of an order: at the intake whether it may ever go, at the sending whether it may go now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from filebridge.domain import limits, market_rules, order_types, sides
from filebridge.domain.contracts import contract_of
from filebridge.domain.events import EventKind
from filebridge.domain.limits import Asked, Limits, Need
from filebridge.domain.market import Hours, TradingCalendar, open_since, trade_date_at
from filebridge.domain.orders import AccountType, Order, OrderTerms
from filebridge.domain.reasons import Reason
from filebridge.domain.symbols import InstrumentKind, instrument_kind

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
    if rules.mode == "live":
        return Reason("LIVE_NOT_ARMED")
    if rules.hours == "exchange" and not rules.calendar.is_trading_day(terms.trade_date):
        return Reason("OUTSIDE_CALENDAR", {"trade_date": terms.trade_date.isoformat()})
    account = rules.accounts.get(terms.account, AccountType.STOCK)
    asked = Asked(terms, rules.limits, terms.received_at)
    return (
        sides.breach(terms, account)
        or order_types.breach(terms)
        or market_rules.breach(terms)
        or limits.breach(asked, _OF_THE_ROW)
    )


class Moment(NamedTuple):
    """What the clock means for the market: `today` is the trade date of an order that comes now, None outside the
    calendar; `open_since` is None while no order can be taken."""

    now: datetime
    today: date | None
    open_since: datetime | None


def moment_of(now: datetime, rules: Rules) -> Moment:
    today = trade_date_at(now, rules.calendar, rules.hours)
    return Moment(now, today, open_since(now, rules.calendar, rules.hours))


def at_sending(order: Order, moment: Moment, rules: Rules, *, halted: bool) -> Verdict | Reason:
    """Whether an order may leave at that moment; a reason ends it (see `event_of`)."""
    # Once more: the configuration may be another one than at the intake.
    return refusal(order.terms, rules) or in_time(order, moment, rules, halted=halted)


def in_time(order: Order, moment: Moment, rules: Rules, *, halted: bool) -> Verdict | Reason:
    """Whether this is a time at which the order may leave; a reason ends it."""
    terms, (now, today, open_from) = order.terms, moment
    if today is not None and terms.trade_date < today:
        return Reason("EXPIRED_TRADE_DATE", {"trade_date": terms.trade_date.isoformat()})
    if terms.expire_at is not None and now >= terms.expire_at:
        return Reason("EXPIRED_AT", {"expire_at": terms.expire_at.isoformat(timespec="seconds")})
    if today != terms.trade_date or open_from is None or (terms.start_at is not None and now < terms.start_at):
        return Verdict.WAIT
    waiting_since = max(could_go_at(order), open_from)
    age = now - waiting_since
    if age < -CLOCK_SLACK:
        # The clock went back since it came, so nobody can say how long it has waited.
        return Reason("EXPIRED_CLOCK_WENT_BACK", {"received_at": waiting_since.isoformat(timespec="seconds")})
    if age > rules.max_order_age:
        limit = str(int(rules.max_order_age.total_seconds()))
        return Reason("EXPIRED_TOO_OLD", {"age_seconds": str(int(age.total_seconds())), "limit_seconds": limit})
    return Verdict.WAIT if halted else Verdict.SEND


def could_go_at(order: Order) -> datetime:
    """Since when nothing but the market keeps an order back that its author or an approver has to say."""
    terms = order.terms
    return max(order.approved_at or terms.received_at, terms.start_at or terms.received_at)


def event_of(reason: Reason) -> EventKind:
    """How an order ends that our own rules stop before sending."""
    return EventKind.EXPIRE if reason.code.startswith("EXPIRED_") else EventKind.DENY


def current_date(now: datetime, rules: Rules) -> date:
    """The trade date that a record made now belongs to; the calendar day where the calendar does not reach."""
    return trade_date_at(now, rules.calendar, rules.hours) or now.date()
