"""What 迅投 PB / QMT programs read back: `<order file>_result.dbf`, whose n-th record answers the order file's n-th.

Besides the columns of the vendor's document it has those of an older version, by which some programs read it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePath

from filebridge import dbf
from filebridge.domain.orders import Order, Status
from filebridge.reports.base import Reporter, Row, Told, text_of
from filebridge.reports.files import Whole, columns, record, table, write_all

RESULT = columns(
    "orderId C32 message C254 status C20 note C32 orderRef C32 note1 C32 cmdState C10 orderState C10 groupId C32 "
    "timetag C20 ORDERNUM C32 TASKPRO C32 TASKSTATUS C10"
)
READ, BAD_PARAMETER = "-1", "-2"
# Our status -> (orderState, its name, the older TASKSTATUS).
STATES: Mapping[Status, tuple[str, str, str]] = {
    **dict.fromkeys((Status.RECEIVED, Status.HELD, Status.APPROVED), ("48", "未报", "1")),
    Status.SUBMITTING: ("49", "待报", "1"),
    Status.UNKNOWN: ("255", "未知", "0"),
    Status.ACCEPTED: ("50", "已报", "2"),
    Status.PENDING_CANCEL: ("51", "已报待撤", "5"),
    Status.PARTIALLY_FILLED: ("55", "部成", "3"),
    Status.FILLED: ("56", "已成", "7"),
    Status.CANCELED: ("54", "已撤", "8"),
    **dict.fromkeys((Status.REJECTED, Status.DENIED, Status.NOT_SENT), ("57", "废单", "9")),
    Status.EXPIRED: ("57", "废单", "9"),
}
_PENDING_OF_PART, _PART_CANCELED = ("52", "部成待撤", "3"), ("53", "部撤", "8")
_FIRST_ROW = 2


@dataclass(slots=True)
class _Result:
    """The answers to one order file, by the place of the record."""

    target: Whole
    rows: dict[int, Mapping[str, str]] = field(default_factory=dict)


class Reports:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._results: dict[str, _Result] = {}
        self._day = date.min

    def begin(self, day: date) -> None:
        self._results, self._day = {}, day

    def tell(self, told: Told) -> None:
        if told.row < _FIRST_ROW:
            return
        result = self._result(told.file)
        place = told.row - _FIRST_ROW
        if told.change.order is not None:
            result.rows[place] = _of_order(told.change.order, told.change.at)
        elif place not in result.rows:
            result.rows[place] = _of_refused(told)
        result.target.due = True

    def books(self, account: str, asset: Row, positions: Sequence[Row], at: datetime) -> None:
        """Their programs read positions from the terminal's own exports, which are none of ours."""

    def write(self) -> Mapping[Path, str]:
        return write_all(result.target for result in self._results.values())

    def _result(self, file: str) -> _Result:
        if file not in self._results:
            path = self._reporter.folder / f"{PurePath(file).stem}_result.dbf"
            self._results[file] = _Result(Whole(path, lambda: self._table(file)))
        return self._results[file]

    def _table(self, file: str) -> bytes:
        rows, header = self._results[file].rows, dbf.new_header(RESULT)
        records = [record(header, rows.get(place, {})) for place in range(max(rows, default=-1) + 1)]
        return table(RESULT, records, self._day)


def _of_order(order: Order, at: datetime) -> Mapping[str, str]:
    terms = order.terms
    code, name, task = STATES[order.status]
    if order.filled_qty and order.status is Status.CANCELED:
        code, name, task = _PART_CANCELED
    elif order.filled_qty and order.status is Status.PENDING_CANCEL:
        code, name, task = _PENDING_OF_PART
    # An id that the row did not bring is ours, not its note.
    note = "" if "#" in terms.client_order_id else terms.client_order_id
    number = order.broker_order_id or READ
    return {
        "orderId": number,
        "message": text_of(order.reason),
        "status": name,
        "note": note,
        "orderRef": terms.tag,
        "note1": terms.note,
        "orderState": code,
        "timetag": f"{at:%Y%m%d%H%M%S}",
        "ORDERNUM": number,
        "TASKPRO": f"{order.filled_qty}/{terms.quantity}",
        "TASKSTATUS": task,
    }


def _of_refused(told: Told) -> Mapping[str, str]:
    """A cancel, or a row that made no order."""
    answer = told.change.answer
    taken = answer.get("outcome") in ("CANCEL_ACCEPTED", "DUPLICATE")
    return {
        "orderId": READ if taken else BAD_PARAMETER,
        "message": text_of(told.refusal),
        # Of a cancel it would be the note of the order that it names.
        "note": answer.get("client_order_id", "") if told.is_order else "",
        "timetag": f"{told.change.at:%Y%m%d%H%M%S}",
        "ORDERNUM": READ if taken else BAD_PARAMETER,
    }
