"""What market data says of an order that is about to leave: which orders need a quote, what price those get that take
it from the market, and whether the exchange stands against the price.

An order that needs a quote and has none, or one that is too old, is denied. For one that needs none nothing is asked.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from filebridge.domain import limits, market_rules, price_limits
from filebridge.domain.market import Phase, market_age, phase_at
from filebridge.domain.orders import SHANGHAI, OrderTerms
from filebridge.domain.price_limits import PriceBand
from filebridge.domain.pricing import LEVEL_PRICES, read_offset, resolved
from filebridge.domain.quotes import Quote, is_believed
from filebridge.domain.reasons import Reason
from filebridge.domain.risk import Rules
from filebridge.domain.sides import direction
from filebridge.domain.symbols import InstrumentKind, instrument_kind


class Priced(NamedTuple):
    """An order as market data lets it go: its terms with the price that it goes with, the age of the quote for its
    market, and what its sender should know."""

    terms: OrderTerms
    age: timedelta
    warnings: tuple[Reason, ...] = ()


def needs_quote(terms: OrderTerms, rules: Rules) -> bool:
    """Whether the order cannot be judged without a price of the market."""
    if terms.order_type in LEVEL_PRICES or is_unbounded(terms):
        return True
    if not rules.always_quotes and (terms.limit_price is None or not limits.looks_at_prices(rules.limits)):
        return False
    # The price of a repo is a rate; some sides never meet the market.
    return instrument_kind(terms.symbol) is not InstrumentKind.REPO and direction(terms.side) != 0


def is_unbounded(terms: OrderTerms) -> bool:
    """Whether it meets the market without a limit of its own: the latest price, a market type without a protective
    limit. What a repo lends is worth the same at any rate."""
    if terms.limit_price is not None or terms.order_type in LEVEL_PRICES or not direction(terms.side):
        return False
    return instrument_kind(terms.symbol) is not InstrumentKind.REPO


def priced(
    terms: OrderTerms, quote: Quote | None, why: tuple[str, str], now: datetime, rules: Rules
) -> Priced | Reason:
    """The order with its price, judged by the exchange's limits of the day, or why it may not go. `why` says in English
    and Chinese why there is no quote. The limits of a person are asked after it, with the same quote."""
    context = {"symbol": terms.symbol, "account": terms.account}
    if quote is None:
        return Reason("QUOTE_MISSING", context | {"text": why[0], "text_zh": why[1]})
    age = market_age(terms.symbol, quote.at, now, rules.calendar, rules.hours)
    if not is_believed(age, rules.limits.quote_age_max):
        return limits.stale_quote(terms, quote, age, rules.limits)
    band = price_limits.band_of(terms.symbol, quote, terms.trade_date, rules.calendar)
    if terms.order_type in LEVEL_PRICES:
        price = _price(terms, quote, band)
        if isinstance(price, Reason):
            return price
        terms = terms._replace(limit_price=price)
    elif is_unbounded(terms):
        # The limits of a person hold for what it may cost: the day's limit becomes its protective one.
        if band is None or not band.is_certain:
            return Reason("PRICE_BOUND_UNKNOWN", context | {"value": terms.order_type.value})
        terms = terms._replace(limit_price=band.high if direction(terms.side) > 0 else band.low)
    denied = price_limits.outside(terms, band)
    if denied is not None:
        return denied
    phase = Phase.CONTINUOUS if rules.hours == "always" else phase_at(terms.symbol, now, rules.calendar)
    return Priced(terms, age, price_limits.warnings(terms, quote, phase, band))


def highest(terms: OrderTerms, quote: Quote | None, rules: Rules) -> Decimal | None:
    """The highest price at which an order may trade on its day, where the quote is of that day and tells it."""
    if quote is None or not direction(terms.side) or quote.at.astimezone(SHANGHAI).date() != terms.trade_date:
        return None
    band = price_limits.band_of(terms.symbol, quote, terms.trade_date, rules.calendar)
    return band.high if band is not None and band.is_certain else None


def _price(terms: OrderTerms, quote: Quote, band: PriceBand | None) -> Decimal | Reason:
    """The limit price that the market's level and the order's offset make."""
    rule = market_rules.rule_of(terms.symbol, terms.trade_date)
    return resolved(
        terms.order_type,
        read_offset(terms.price_offset),
        quote,
        buys=direction(terms.side) > 0,
        tick=rule.tick if rule else None,
        band=band,
    )
