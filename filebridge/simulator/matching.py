"""Matching, as pure functions: what an order takes from five levels of depth, and the one price of a call auction.

Levels are (price, quantity), best first. No accounts, no instruments, no time here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from filebridge.simulator.money import to_tick

LEVELS = 5


class Level(NamedTuple):
    price: int
    quantity: int


class Execution(NamedTuple):
    quantity: int
    price: int


@dataclass(frozen=True, slots=True)
class Depth:
    """Both sides of the market; a side without levels is one on which nobody stands (at a daily limit)."""

    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()

    def against(self, side: str) -> tuple[Level, ...]:
        """What an order of this side trades with."""
        return self.asks if side == "BUY" else self.bids

    def own(self, side: str) -> tuple[Level, ...]:
        """Where an order of this side queues."""
        return self.bids if side == "BUY" else self.asks


@dataclass(frozen=True, slots=True)
class OrderType:
    """What becomes of the part that finds nobody at once: it rests, is canceled, or kills the whole order."""

    remainder: str
    exchanges: frozenset[str] | None
    levels: int = LEVELS

    @property
    def is_market(self) -> bool:
        return self.exchanges is not None


# The market types' definitions are those of the exchanges' trading rules; price_type numbers belong to the desk.
SPOT, SHENZHEN = frozenset({"SH", "SZ", "BJ", "SZO"}), frozenset({"SZ", "SZO"})
ORDER_TYPES = {
    "LIMIT": OrderType("REST", None),
    "LATEST": OrderType("REST", None),
    # Waits for the session of the fixed price.
    "AFTER_HOURS": OrderType("REST", None),
    "PEER_BEST": OrderType("REST", SPOT, levels=1),
    "OWN_BEST": OrderType("REST", SPOT, levels=0),
    "BEST5_LIMIT": OrderType("REST", frozenset({"SH", "BJ", "IF"})),
    "BEST5_CANCEL": OrderType("CANCEL", SPOT | {"IF"}),
    "IMMEDIATE_OR_CANCEL": OrderType("CANCEL", SHENZHEN | {"DF"}),
    "FILL_OR_KILL": OrderType("KILL", SHENZHEN | {"DF"}),
    "MARKET_BEST": OrderType("CANCEL", frozenset({"ZF"}), levels=1),
    "BEST1_CANCEL": OrderType("CANCEL", frozenset({"IF"}), levels=1),
    "BEST1_LIMIT": OrderType("REST", frozenset({"IF"}), levels=1),
}


def market_limit(order_type: str, side: str, quantity: int, protective: int, depth: Depth) -> int:
    """The price up to which a market order may trade, and at which its remainder rests; 0 where nobody stands.

    Own best: the best price of its own side. Counterparty best: the best of the other side. The others: the last of the
    levels that they reach, within the protective price (0: none); so the remainder of best-5-or-limit rests at the
    price of its last fill, or at the protective price if that lets it reach no level.
    """
    if order_type == "OWN_BEST":
        own = depth.own(side)
        return own[0].price if own else 0
    if not depth.against(side):
        return 0
    reached = depth.against(side)[0].price
    for level in depth.against(side)[: ORDER_TYPES[order_type].levels]:
        if quantity <= 0:
            break
        reached = level.price
        quantity -= level.quantity
    if not protective:
        return reached
    return min(reached, protective) if side == "BUY" else max(reached, protective)


def take(side: str, quantity: int, limit: int, against: Iterable[Level]) -> list[Execution]:
    """Level by level, as far as limit and quantity reach."""
    executions = []
    for level in against:
        reaches = level.price <= limit if side == "BUY" else level.price >= limit
        taken = min(quantity, level.quantity)
        if not reaches or taken <= 0:
            break
        executions.append(Execution(taken, level.price))
        quantity -= taken
    return executions


def without(levels: tuple[Level, ...], taken: dict[int, int]) -> tuple[Level, ...]:
    """The levels after `taken` (price -> quantity) is gone from them."""
    left = (Level(level.price, level.quantity - taken.get(level.price, 0)) for level in levels)
    return tuple(level for level in left if level.quantity > 0)


def auction_price(
    bids: Sequence[Level], asks: Sequence[Level], reference: int, tick: int, *, middle: bool
) -> int | None:
    """The price at which a call auction trades, or None if no bid meets an ask.

    The largest volume, with every bid above and every ask below it filled whole, and of such prices the one with the
    smallest surplus. Where several are left, Shanghai takes their `middle`, the others the one nearest to the
    reference (the previous close; in a closing auction the last price).
    """
    ranks: dict[int, tuple[int, bool, int]] = {}
    orders = {level.price for level in (*bids, *asks)}
    # Between two neighbouring order prices nothing changes, so one tick beside each stands for all of them.
    for price in sorted(orders | {at + tick for at in orders} | {at - tick for at in orders}):
        demand, supply = _demand_and_supply(bids, asks, price)
        volume = min(demand, supply)
        above = sum(level.quantity for level in bids if level.price > price)
        below = sum(level.quantity for level in asks if level.price < price)
        ranks[price] = (volume, max(above, below) <= volume, -abs(demand - supply))
    best = max(ranks.values(), default=(0, False, 0))
    if not best[0]:
        return None
    fitting = [price for price, rank in ranks.items() if rank == best]
    low, high = fitting[0], fitting[-1]
    return to_tick(low + high, 2, tick) if middle else min(max(reference, low), high)


def auction_volume(bids: Sequence[Level], asks: Sequence[Level], price: int) -> int:
    return min(_demand_and_supply(bids, asks, price))


def allotted(side: str, price: int, own: Sequence[Level], others: Sequence[Level], volume: int) -> list[int]:
    """What each of `own` orders (in the order of their time) trades in an auction at `price`.

    Price first, then time; among equal prices the others' orders count as the earlier ones. `volume` is what trades
    on either side.
    """
    reaches = [level.price >= price if side == "BUY" else level.price <= price for level in own]
    queue = [(level.price, 0, index, level.quantity) for index, level in enumerate(others)]
    queue += [(level.price, 1, index, level.quantity) for index, level in enumerate(own) if reaches[index]]
    queue.sort(key=lambda entry: (-entry[0] if side == "BUY" else entry[0], entry[1], entry[2]))
    shares = [0] * len(own)
    for at, is_own, index, quantity in queue:
        if (at < price) if side == "BUY" else (at > price):
            continue
        taken = min(quantity, volume)
        volume -= taken
        if is_own:
            shares[index] = taken
    return shares


def _demand_and_supply(bids: Sequence[Level], asks: Sequence[Level], price: int) -> tuple[int, int]:
    demand = sum(level.quantity for level in bids if level.price >= price)
    supply = sum(level.quantity for level in asks if level.price <= price)
    return demand, supply
