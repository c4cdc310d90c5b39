"""What is asked of the ledger, each question said once; views.py asks them, as
prepared.py has them.

Every one finds its way by an index (a test looks at SQLite's plans), so that it takes as long on the thousandth day as
on the first. Only the `ALL_` ones read a table from end to end.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, select, text
from sqlalchemy.dialects import sqlite

from filebridge.ledger import schema
from filebridge.ledger.instructions import LOADING
from filebridge.ledger.schema import CANCEL_MARKS, CANCEL_STOPS, EVENTS, FEEDS, FILES, FILLS, ORDERS, QUERIES

NAMED_MAX = 1000
# So many rows of a long report, or events of a file, at a time.
PAGE = 500


DIALECT = sqlite.dialect()


class Question:
    """A question in SQLAlchemy's words. It is asked as prepared.json has it: from words to rows SQLAlchemy takes
    several times as long as SQLite takes for a few of them."""

    def __init__(self, query: Select[Any]) -> None:
        self._query = query

    def prepared(self) -> tuple[str, list[str], dict[str, Any], list[str]]:
        """The fields of prepared.Prepared."""
        compiled = self._query.compile(dialect=DIALECT)
        assert compiled.positiontup is not None
        own = {name: value for name, value in compiled.params.items() if value is not None}
        columns = [name for name, _ in self._query.selected_columns.items()]
        return " ".join(str(compiled).split()), compiled.positiontup, own, columns


def _is(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """`column = :column`"""
    return column == bindparam(column.name)


def _is_one_of(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the column is one of a list, which is given as JSON: a statement for lists of any length."""
    return column.in_(select(func.json_each(bindparam(column.name)).table_valued("value").c.value))


_ORDERS = select(ORDERS)
_OF_DAY = and_(_is(ORDERS.c.trade_date), _is(ORDERS.c.account))
_BY_INTAKE = (ORDERS.c.intake_no, ORDERS.c.row)
_ORDER_ROWS = select(ORDERS, FILES.c.name.label("file")).join(FILES, FILES.c.intake_no == ORDERS.c.intake_no)
_BOOKS_ACCOUNT: ColumnElement[str] = literal_column(schema.BOOKS_ACCOUNT)

ORDER = Question(_ORDERS.where(_is(ORDERS.c.tag)))
ORDERS_TAGGED = Question(_ORDERS.where(_is_one_of(ORDERS.c.tag)))
ORDERS_WITH_KEYS = Question(_ORDERS.where(_OF_DAY, _is_one_of(ORDERS.c.client_order_id)).order_by(*_BY_INTAKE))
BASKET_ORDERS = Question(
    _ORDERS.where(_OF_DAY, _is_one_of(ORDERS.c.symbol), text(schema.IS_DERIVED), _is(ORDERS.c.basket)).order_by(
        *_BY_INTAKE
    )
)
ORDERS_OF_SIDE = Question(_ORDERS.where(_OF_DAY, _is(ORDERS.c.side)).order_by(*_BY_INTAKE))
OPEN_ORDERS = Question(_ORDERS.where(text(schema.IS_OPEN)).order_by(*_BY_INTAKE))
ORDERS_AT_BROKER = Question(_ORDERS.where(_OF_DAY, _is(ORDERS.c.broker_order_id), text(schema.HAS_BROKER_ID)))
ORDERS_AT_COUNTER = Question(_ORDERS.where(_OF_DAY, _is(ORDERS.c.counter_order_id), text(schema.HAS_COUNTER_ID)))
# The same whatever the account: for a name that a person gives.
ORDERS_WITH_BROKER_ID = Question(
    _ORDERS.where(_is(ORDERS.c.trade_date), _is(ORDERS.c.broker_order_id), text(schema.HAS_BROKER_ID))
)
ORDERS_WITH_COUNTER_ID = Question(
    _ORDERS.where(_is(ORDERS.c.trade_date), _is(ORDERS.c.counter_order_id), text(schema.HAS_COUNTER_ID))
)
# A page of a day's orders, in the order in which they were recorded. The plus keeps SQLite from the index by date,
# which would have to be sorted anew for each page.
_PLACE: ColumnElement[int] = literal_column("orders.rowid")
FIRST_ORDER_OF_DAY = Question(select(func.min(_PLACE)).select_from(ORDERS).where(_is(ORDERS.c.trade_date)))
ORDER_ROWS = Question(
    _ORDER_ROWS.add_columns(_PLACE.label("place"))
    .where(bindparam("after") < _PLACE, text("+orders.trade_date = :trade_date"))
    .order_by(_PLACE)
    .limit(PAGE)
)
ALL_ORDER_ROWS = Question(_ORDER_ROWS.order_by(*_BY_INTAKE))
NEXT_ACCOUNT = Question(
    select(func.min(ORDERS.c.account)).where(_is(ORDERS.c.trade_date), ORDERS.c.account > bindparam("account"))
)
NEXT_ORDER_DAY = Question(select(func.min(ORDERS.c.trade_date)).where(ORDERS.c.trade_date > bindparam("trade_date")))
# What left; the day of an order's SUBMIT is its trade date.
_SENT = and_(_is(ORDERS.c.mode), ORDERS.c.submitted_at != "")
SENT_AND_OPEN = Question(_ORDERS.where(text(schema.IS_OPEN), _SENT))
_SENT_AND_ENDED = and_(_is(ORDERS.c.trade_date), _SENT, ORDERS.c.open == 0)
SENT_AND_ENDED_SINCE = Question(_ORDERS.where(_SENT_AND_ENDED, ORDERS.c.updated_at >= bindparam("since")))
# Of each symbol the order that left last.
NEWEST_SENT = Question(
    select(ORDERS.c.tag, func.max(ORDERS.c.submitted_at))
    .where(_is(ORDERS.c.trade_date), _SENT, _is_one_of(ORDERS.c.symbol))
    .group_by(ORDERS.c.symbol)
)
_ALIKE = (ORDERS.c.account, ORDERS.c.symbol, ORDERS.c.side, ORDERS.c.limit_price)
SENT_AND_ENDED_BEFORE = Question(
    select(
        *_ALIKE,
        func.count(),
        func.sum(ORDERS.c.quantity),
        # Of two values max is SQLite's greater one.
        func.sum(func.max(ORDERS.c.filled_qty, ORDERS.c.reported_qty)),
    )
    .where(_SENT_AND_ENDED, ORDERS.c.updated_at < bindparam("since"))
    .group_by(*_ALIKE)
)
_CANCELS = and_(_is(EVENTS.c.trade_date), text(schema.IS_CANCEL), _is(ORDERS.c.mode))
_CANCELED = EVENTS.join(ORDERS, ORDERS.c.tag == EVENTS.c.tag)
CANCELS_SINCE = Question(
    select(ORDERS.c.account, EVENTS.c.at).select_from(_CANCELED).where(_CANCELS, EVENTS.c.at >= bindparam("since"))
)
CANCELS_BEFORE = Question(
    select(ORDERS.c.account, func.count())
    .select_from(_CANCELED)
    .where(_CANCELS, EVENTS.c.at < bindparam("since"))
    .group_by(ORDERS.c.account)
)
# Not DISTINCT: SQLite would rather walk a whole index in the order of the days.
TOUCHED_APART = Question(
    select(ORDERS.c.trade_date).where(text(schema.IS_TOUCHED_APART), ORDERS.c.updated_at >= bindparam("since"))
)
# The days of files that were answered on another one, since an event.
FILE_DAYS_APART = Question(
    select(FILES.c.trade_date)
    .select_from(EVENTS.join(FILES, FILES.c.intake_no == EVENTS.c.intake_no))
    .where(EVENTS.c.seq >= bindparam("first"), text("+events.kind = 'FILE'"), FILES.c.trade_date != EVENTS.c.trade_date)
)

TRADE_IDS = Question(select(FILLS.c.tag, FILLS.c.trade_id).where(_is_one_of(FILLS.c.tag)))
FILL_ROWS = Question(select(FILLS).where(_is(FILLS.c.trade_date)).order_by(FILLS.c.seq))
ALL_FILL_ROWS = Question(select(FILLS).order_by(FILLS.c.seq))

FILE_ROWS = Question(select(FILES).where(_is(FILES.c.trade_date)).order_by(FILES.c.intake_no))
ALL_FILE_ROWS = Question(select(FILES).order_by(FILES.c.intake_no))
ALL_FILES_LOADING = Question(select(FILES).where(FILES.c.outcome == LOADING).order_by(FILES.c.intake_no))
ALL_LARGE_INTAKES = Question(select(FILES.c.intake_no).where(FILES.c.rows > bindparam("rows")))
FILE_OF_CLAIM = Question(select(FILES).where(_is(FILES.c.claim)))
INTAKES_NAMED = Question(
    select(FILES.c.intake_no).where(_is(FILES.c.name)).order_by(FILES.c.intake_no.desc()).limit(NAMED_MAX)
)
FILE_NUMBERED = Question(select(FILES).where(_is(FILES.c.intake_no)))
FILE_NAMES = Question(select(FILES.c.intake_no, FILES.c.name).where(_is_one_of(FILES.c.intake_no)))

_NEWEST = EVENTS.c.seq.desc()
_EVENTS = select(EVENTS).order_by(EVENTS.c.seq)
ALL_EVENTS = Question(_EVENTS)
NEWEST_EVENT = Question(select(EVENTS).order_by(_NEWEST).limit(1))
_OF_FILE = and_(_is(EVENTS.c.intake_no), text(schema.HAS_INTAKE))
_AFTER = EVENTS.c.seq > bindparam("after")
FILE_EVENTS = Question(_EVENTS.where(_OF_FILE, _AFTER).limit(PAGE))
NEXT_FILE_EVENT = Question(_EVENTS.where(_OF_FILE, _AFTER, _is(EVENTS.c.kind)).limit(1))
# Whether a text stands in any of a file's events of a kind.
FILE_EVENT_WITH = Question(
    _EVENTS.where(_OF_FILE, _AFTER, _is(EVENTS.c.kind), func.instr(EVENTS.c.body, bindparam("text")) > 0).limit(1)
)
LAST_FILE_EVENT = Question(select(EVENTS).where(_OF_FILE, _is(EVENTS.c.kind)).order_by(_NEWEST).limit(1))
DAY_OF_ORDER = Question(_EVENTS.where(_is(EVENTS.c.trade_date), _is(EVENTS.c.tag)))
# A day's events lie together: read from the first to the last of them they need no sorting.
SPAN_OF_DAY = Question(select(func.min(EVENTS.c.seq), func.max(EVENTS.c.seq)).where(_is(EVENTS.c.trade_date)))
DAY_EVENTS = Question(
    _EVENTS.where(EVENTS.c.seq.between(bindparam("first"), bindparam("last")), text("+trade_date = :trade_date"))
)
RARE_EVENTS = Question(_EVENTS.where(_is(EVENTS.c.kind), text(schema.IS_RARE)))
LAST_RARE = Question(
    select(EVENTS)
    .where(_is(EVENTS.c.kind), text(schema.IS_RARE), EVENTS.c.seq < bindparam("before"))
    .order_by(_NEWEST)
    .limit(1)
)
NEXT_EVENT_DAY = Question(select(func.min(EVENTS.c.trade_date)).where(EVENTS.c.trade_date > bindparam("trade_date")))
EVENT_DAY_BEFORE = Question(select(func.max(EVENTS.c.trade_date)).where(EVENTS.c.trade_date < bindparam("trade_date")))
TIME_OF_EVENT = Question(select(EVENTS.c.at).where(_is(EVENTS.c.seq)))
NEXT_BOOKS_ACCOUNT = Question(
    select(func.min(_BOOKS_ACCOUNT))
    .select_from(EVENTS)
    .where(text(schema.IS_BOOKS), bindparam("account") < _BOOKS_ACCOUNT)
)
NEWEST_BOOKS = Question(
    select(EVENTS).where(text(schema.IS_BOOKS), bindparam("account") == _BOOKS_ACCOUNT).order_by(_NEWEST).limit(1)
)
CANCELED_BEFORE = Question(
    select(CANCEL_MARKS.c.client_order_id).where(_is(CANCEL_MARKS.c.trade_date), _is(CANCEL_MARKS.c.account))
)
STOPS_OF_CLAIM = Question(
    select(CANCEL_STOPS.c.selection).where(_is(CANCEL_STOPS.c.claim)).order_by(CANCEL_STOPS.c.seq)
)
OPEN_QUERIES = Question(select(QUERIES).where(text(schema.IS_ASKED)).order_by(QUERIES.c.intake_no, QUERIES.c.row))
QUERY = Question(select(QUERIES).where(_is(QUERIES.c.intake_no), _is(QUERIES.c.row)))
QUERIES_OF_DAY = Question(select(QUERIES).where(_is(QUERIES.c.trade_date)).order_by(QUERIES.c.intake_no, QUERIES.c.row))
ALL_FEEDS = Question(select(FEEDS).order_by(FEEDS.c.feed))
