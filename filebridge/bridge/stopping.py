"""Cancels that hold for rows of very large files which are no orders yet, as the ledger has them."""

from collections.abc import Callable
from datetime import date

from filebridge.domain.admission import Answer
from filebridge.domain.canceling import Selection, Stops, several_canceled
from filebridge.domain.orders import Order, Outcome
from filebridge.ledger import codec
from filebridge.ledger.views import LedgerReader


def recorded_stops(reader: LedgerReader, intake_no: int, claim: str) -> Stops:
    """The cancels that an earlier run has recorded for a file: by its claim, for it may have had another number."""
    stops = Stops()
    for stop in reader.stops_of_claim(claim):
        stops.add(stop)
    earlier = reader.last_file_event(intake_no, "REST_CANCELED")
    if earlier is not None and "claim" not in codec.loads(earlier["body"]):
        # As older versions recorded that all was canceled.
        stops.add(Selection())
    return stops


def has_waiting(reader: LedgerReader, intake_no: int, after: int, client_order_id: str) -> bool:
    """Whether a row with this id is among those that were read and not answered yet."""
    key = codec.dumps({"key": client_order_id})[1:-1]
    return reader.has_file_event(intake_no, "PART", after=after, text=key)


def also_what_waits(answer: Answer, target: Order, day: date | None, stop_rest: Callable[[Selection], int]) -> Answer:
    """The answer to a cancel of an order that has ended. If that never left, its id may be used again, and stand in a
    very large file whose rows are no orders yet: the cancel holds for those, of that `day` if it names one."""
    if not target.is_final or target.burns_key:
        return answer
    terms = target.terms
    files = stop_rest(Selection(account=terms.account, trade_date=day, client_order_id=terms.client_order_id))
    if not files:
        return answer
    return answer._replace(outcome=Outcome.CANCEL_ACCEPTED, reason=several_canceled((), (), files))
