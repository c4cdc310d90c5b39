"""What is asked of the ledger, each question said once; views.py asks them.

Every one finds its way by an index (a test looks at SQLite's plans), so that it takes as long on the thousandth day as
on the first. Only the `ALL_` ones read a table from end to end. A value that is asked for has the name of its column;
one of a list is given as JSON, a question for lists of any length.
"""

from filebridge.ledger import schema
from filebridge.ledger.schema import EVENTS, FEEDS, FILES, FILLS, ORDERS, QUERIES

NAMED_MAX = 1000
# So many rows of a long report, or events of a file, at a time.
PAGE = 500


def _is(*columns: str) -> str:
    """That each is the value given for it."""
    return " AND ".join(f"{column} = :{column.split('.')[-1]}" for column in columns)


def _is_one_of(column: str) -> str:
    return f"{column} IN (SELECT value FROM json_each(:{column.split('.')[-1]}))"


_ORDERS = f"SELECT {ORDERS.listed} FROM orders"
_OF_DAY = _is("orders.trade_date", "orders.account")
_BY_INTAKE = 'ORDER BY orders.intake_no, orders."row"'
_FROM_FILES = "FROM orders JOIN files ON files.intake_no = orders.intake_no"

ORDER = f"{_ORDERS} WHERE {_is('orders.tag')}"
ORDERS_TAGGED = f"{_ORDERS} WHERE {_is_one_of('orders.tag')}"
ORDERS_WITH_KEYS = f"{_ORDERS} WHERE {_OF_DAY} AND {_is_one_of('orders.client_order_id')} {_BY_INTAKE}"
BASKET_ORDERS = (
    f"{_ORDERS} WHERE {_OF_DAY} AND {_is_one_of('orders.symbol')} AND {schema.IS_DERIVED} AND {_is('orders.basket')} "
    f"{_BY_INTAKE}"
)
ORDERS_OF_SIDE = f"{_ORDERS} WHERE {_OF_DAY} AND {_is('orders.side')} {_BY_INTAKE}"
OPEN_ORDERS = f"{_ORDERS} WHERE {schema.IS_OPEN} {_BY_INTAKE}"
_HAS_BROKER_ID = f"{_is('orders.broker_order_id')} AND {schema.HAS_BROKER_ID}"
_HAS_COUNTER_ID = f"{_is('orders.counter_order_id')} AND {schema.HAS_COUNTER_ID}"
ORDERS_AT_BROKER = f"{_ORDERS} WHERE {_OF_DAY} AND {_HAS_BROKER_ID}"
ORDERS_AT_COUNTER = f"{_ORDERS} WHERE {_OF_DAY} AND {_HAS_COUNTER_ID}"
# The same whatever the account: for a name that a person gives.
ORDERS_WITH_BROKER_ID = f"{_ORDERS} WHERE {_is('orders.trade_date')} AND {_HAS_BROKER_ID}"
ORDERS_WITH_COUNTER_ID = f"{_ORDERS} WHERE {_is('orders.trade_date')} AND {_HAS_COUNTER_ID}"
# A page of a day's orders, in the order in which they were recorded. The plus keeps SQLite from the index by date,
# which would have to be sorted anew for each page.
FIRST_ORDER_OF_DAY = f"SELECT min(orders.rowid) FROM orders WHERE {_is('orders.trade_date')}"
ORDER_ROWS = (
    f"SELECT {ORDERS.listed}, files.name AS file, orders.rowid AS place {_FROM_FILES} "
    f"WHERE orders.rowid > :after AND +{_is('orders.trade_date')} ORDER BY orders.rowid LIMIT {PAGE}"
)
ALL_ORDER_ROWS = f"SELECT {ORDERS.listed}, files.name AS file {_FROM_FILES} {_BY_INTAKE}"
NEXT_ACCOUNT = f"SELECT min(account) FROM orders WHERE {_is('trade_date')} AND account > :account"
NEXT_ORDER_DAY = "SELECT min(trade_date) FROM orders WHERE trade_date > :trade_date"
# What left; the day of an order's SUBMIT is its trade date.
_SENT = f"{_is('orders.mode')} AND orders.submitted_at != ''"
SENT_AND_OPEN = f"{_ORDERS} WHERE {schema.IS_OPEN} AND {_SENT}"
_SENT_AND_ENDED = f"{_is('orders.trade_date')} AND {_SENT} AND orders.open = 0"
SENT_AND_ENDED_SINCE = f"{_ORDERS} WHERE {_SENT_AND_ENDED} AND orders.updated_at >= :since"
# Of each symbol the order that left last.
NEWEST_SENT = (
    "SELECT tag, max(submitted_at) FROM orders "
    f"WHERE {_is('trade_date')} AND {_SENT} AND {_is_one_of('symbol')} GROUP BY symbol"
)
# Of two values max is SQLite's greater one.
SENT_AND_ENDED_BEFORE = (
    "SELECT account, symbol, side, limit_price, count(*), sum(quantity), sum(max(filled_qty, reported_qty)) "
    f"FROM orders WHERE {_SENT_AND_ENDED} AND updated_at < :since GROUP BY account, symbol, side, limit_price"
)
_CANCELS = (
    "FROM events JOIN orders ON orders.tag = events.tag "
    f"WHERE {_is('events.trade_date')} AND {schema.IS_CANCEL} AND {_is('orders.mode')}"
)
CANCELS_SINCE = f"SELECT orders.account, events.at {_CANCELS} AND events.at >= :since"
CANCELS_BEFORE = f"SELECT orders.account, count(*) {_CANCELS} AND events.at < :since GROUP BY orders.account"
# Not DISTINCT: SQLite would rather walk a whole index in the order of the days.
TOUCHED_APART = f"SELECT trade_date FROM orders WHERE {schema.IS_TOUCHED_APART} AND updated_at >= :since"
# The days of files that were answered on another one, since an event.
FILE_DAYS_APART = (
    "SELECT files.trade_date FROM events JOIN files ON files.intake_no = events.intake_no "
    "WHERE events.seq >= :first AND +events.kind = 'FILE' AND files.trade_date != events.trade_date"
)

TRADE_IDS = f"SELECT tag, trade_id FROM fills WHERE {_is_one_of('tag')}"
_FILLS = f"SELECT {FILLS.listed} FROM fills"
FILL_ROWS = f"{_FILLS} WHERE {_is('trade_date')} ORDER BY seq"
ALL_FILL_ROWS = f"{_FILLS} ORDER BY seq"

_FILES = f"SELECT {FILES.listed} FROM files"
FILE_ROWS = f"{_FILES} WHERE {_is('trade_date')} ORDER BY intake_no"
ALL_FILE_ROWS = f"{_FILES} ORDER BY intake_no"
ALL_FILES_LOADING = f"{_FILES} WHERE outcome = '{schema.LOADING}' ORDER BY intake_no"
ALL_LARGE_INTAKES = "SELECT intake_no FROM files WHERE files.rows > :rows"
FILE_OF_CLAIM = f"{_FILES} WHERE {_is('claim')}"
INTAKES_NAMED = f"SELECT intake_no FROM files WHERE {_is('name')} ORDER BY intake_no DESC LIMIT {NAMED_MAX}"
FILE_NUMBERED = f"{_FILES} WHERE {_is('intake_no')}"
FILE_NAMES = f"SELECT intake_no, name FROM files WHERE {_is_one_of('intake_no')}"

_EVENTS = f"SELECT {EVENTS.listed} FROM events"
_NEWEST = "ORDER BY seq DESC LIMIT 1"
ALL_EVENTS = f"{_EVENTS} ORDER BY seq"
NEWEST_EVENT = f"{_EVENTS} {_NEWEST}"
_OF_FILE = f"{_EVENTS} WHERE {_is('intake_no')} AND {schema.HAS_INTAKE}"
FILE_EVENTS = f"{_OF_FILE} AND seq > :after ORDER BY seq LIMIT {PAGE}"
NEXT_FILE_EVENT = f"{_OF_FILE} AND seq > :after AND {_is('kind')} ORDER BY seq LIMIT 1"
# Whether a text stands in any of a file's events of a kind.
FILE_EVENT_WITH = f"{_OF_FILE} AND seq > :after AND {_is('kind')} AND instr(body, :text) > 0 ORDER BY seq LIMIT 1"
LAST_FILE_EVENT = f"{_OF_FILE} AND {_is('kind')} {_NEWEST}"
DAY_OF_ORDER = f"{_EVENTS} WHERE {_is('trade_date', 'tag')} ORDER BY seq"
# A day's events lie together: read from the first to the last of them they need no sorting.
SPAN_OF_DAY = f"SELECT min(seq), max(seq) FROM events WHERE {_is('trade_date')}"
DAY_EVENTS = f"{_EVENTS} WHERE seq BETWEEN :first AND :last AND +{_is('trade_date')} ORDER BY seq"
RARE_EVENTS = f"{_EVENTS} WHERE {_is('kind')} AND {schema.IS_RARE} ORDER BY seq"
LAST_RARE = f"{_EVENTS} WHERE {_is('kind')} AND {schema.IS_RARE} AND seq < :before {_NEWEST}"
NEXT_EVENT_DAY = "SELECT min(trade_date) FROM events WHERE trade_date > :trade_date"
EVENT_DAY_BEFORE = "SELECT max(trade_date) FROM events WHERE trade_date < :trade_date"
TIME_OF_EVENT = f"SELECT at FROM events WHERE {_is('seq')}"
NEXT_BOOKS_ACCOUNT = (
    f"SELECT min({schema.BOOKS_ACCOUNT}) FROM events WHERE {schema.IS_BOOKS} AND {schema.BOOKS_ACCOUNT} > :account"
)
NEWEST_BOOKS = f"{_EVENTS} WHERE {schema.IS_BOOKS} AND {schema.BOOKS_ACCOUNT} = :account {_NEWEST}"
CANCELED_BEFORE = f"SELECT client_order_id FROM cancel_marks WHERE {_is('trade_date', 'account')}"
STOPS_OF_CLAIM = f"SELECT selection FROM cancel_stops WHERE {_is('claim')} ORDER BY seq"
_QUERIES = f"SELECT {QUERIES.listed} FROM queries"
OPEN_QUERIES = f'{_QUERIES} WHERE {schema.IS_ASKED} ORDER BY intake_no, "row"'
QUERY = f'{_QUERIES} WHERE {_is("intake_no")} AND "row" = :row'
QUERIES_OF_DAY = f'{_QUERIES} WHERE {_is("trade_date")} ORDER BY intake_no, "row"'
ALL_FEEDS = f"SELECT {FEEDS.listed} FROM feeds ORDER BY feed"
