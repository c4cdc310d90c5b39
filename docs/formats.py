"""The page of docs/ about the formats of other systems, made from their tables of columns and codes."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from docs.format_columns import IN, OUT
from filebridge.dbf import DbfField
from filebridge.domain.orders import OrderType, Side, Status
from filebridge.orderfiles import cats, goldminer, hundsun, ptrade, xuntou
from filebridge.orderfiles.foreign import Code
from filebridge.reports import cats as cats_out
from filebridge.reports import goldminer as goldminer_out
from filebridge.reports import hundsun as hundsun_out
from filebridge.reports import xuntou as xuntou_out

_TITLE = "Formats of other systems"
_MADE = "<!-- Made by `python dev.py docs` from filebridge/orderfiles/ and filebridge/reports/; edit those. -->"
_INTRO = """\
A program that writes order files for 掘金/EMC, 迅投, 恒生 PB, CATS or Ptrade runs against filebridge without
a change: name its folder in `filebridge.toml`, and what it calls your account.

```toml
[[inbox.sources]]
name = "emc"
folder = "D:/emc/scan"
format = "goldminer"                      # xuntou, hundsun, cats, ptrade
reports = "D:/emc/out"                    # default: the folder itself
accounts = { "e2cdd75b-8e51-11f0-b2eb-52560acd7da0" = "10000001" }
```

Single files may also lie in `inbox/`: they are recognised by their columns, and are answered by
receipts alone.

- **Codes** mean what the tables here say. An unknown one refuses its row; one that your account or this
  version cannot send is refused or denied by its meaning, and never replaced by another.
- **Files that grow** (marked so below) stay where they are. Each new row is read once, when its line
  has ended, or its record is counted and has not changed for `[inbox] settle_seconds`; how far was read
  is recorded in the commit that answers the row. Each row stands for itself: a malformed one is
  refused, the others are taken. A file that does not begin any more with what was read is refused
  (`FILE_REWRITTEN`) until it does; on another trade date it may begin anew.
- **Rows that came while nothing looked** (filebridge was stopped, the share was away) count as old as the
  last look: longer ago than `max_file_age`, they are set aside (`ROWS_STALE`). So are rows of a file of
  which no earlier look is known and that Windows does not say was made since
  (`ROWS_OF_UNKNOWN_AGE`). `filebridge release FILE` lets them in under their own row numbers.
- **One home follows a folder.** `.filebridge-follower.json` in it says which. A second one reads none of
  its growing files, and says so in `status.json`; it takes over once the first has ended, on another
  machine after its note has stood still for 30 s. What lies there then the other may have sent, so it is set
  aside (`ROWS_OF_ANOTHER_HOME`). The user of filebridge must be allowed to write there. A share that
  keeps no locks between machines is watched by that note alone: set `watch = false` for shares.
- **Ids**: the user's own id is the `client_order_id` where the format has one. A row without one is
  called after its file and row, as `XT_DBF_ORDER#7`, for in such files two equal rows are two orders.
- **Receipts** and reports of filebridge are written besides; where a column cuts a text, they have the
  whole.
- **Reports** here are of the current trade date and of the orders that came from that folder; positions
  and cash are of its accounts. They are made again from the ledger at a start and by `filebridge
  rebuild`.
- **†** marks what neither a vendor's document nor a program that runs against the real product says, as
  far as we could look: it is ours, or from memory. Compare it with your program before you rely on it.
"""


def formats() -> str:
    parts = [f"# {_TITLE}", "", _MADE, "", _INTRO]
    for title, note, sections in _SYSTEMS:
        parts += [f"## {title}", "", note, ""]
        for heading, lines in sections:
            parts += [f"**{heading}**", "", *lines, ""]
    return "\n".join(parts).rstrip() + "\n"


_TABLES = {
    "goldminer": goldminer.TABLES,
    "xuntou": xuntou.TABLES,
    "hundsun": hundsun.TABLES,
    "cats": cats.TABLES,
    "ptrade": ptrade.TABLES,
}


def _columns_in(system: str, name: str) -> list[str]:
    """Each column of an order file, whether a file needs it, and how it is read."""
    table, said = _TABLES[system][name], IN[system, name]
    lines = ["| column | needed | read as |", "|---|---|---|"]
    for column, others in table.columns.items():
        spelled = " or ".join(f"`{each}`" for each in (column, *others))
        lines.append(f"| {spelled} | {'yes' if column in table.required else ''} | {said[column]} |")
    return lines


def _columns_out(system: str, name: str, columns: Sequence[str], fields: Sequence[DbfField]) -> list[str]:
    """Each column of a report, its kind and width in a DBF, and what stands in it."""
    said = OUT[system, name]
    lines = ["| column | DBF | holds |", "|---|---|---|"]
    for column, each in zip(columns, fields, strict=True):
        size = f"{each.kind}{each.length}" + (f".{each.decimals}" if each.decimals else "")
        lines.append(f"| `{column}` | {size} | {said[column]} |")
    return lines


def _of_goldminer(name: str, header: Sequence[str]) -> list[str]:
    return _columns_out("goldminer", name, header, goldminer_out.fields_of(header))


def _fields(system: str, name: str, fields: Sequence[DbfField]) -> list[str]:
    return _columns_out(system, name, [each.name for each in fields], fields)


def _codes(codes: Mapping[str, Code], kind: type[StrEnum]) -> list[str]:
    lines = ["| code | means | |", "|---|---|---|"]
    for code, meaning in codes.items():
        sent = f"`{meaning.name}`" if meaning.name in kind.__members__ else "not sent"
        lines.append(f"| `{code}` | {meaning.meaning} {meaning.meaning_zh} | {sent} |")
    return lines


def _by_exchange(codes: Mapping[str, Mapping[str, Code]]) -> list[str]:
    flat = {f"{exchange} {code}": meaning for exchange, each in codes.items() for code, meaning in each.items()}
    return _codes(flat, OrderType)


def _statuses(codes: Mapping[Status, object], part: Callable[[object], str] = str) -> list[str]:
    lines = ["| our status | theirs |", "|---|---|"]
    return lines + [f"| {status.value} | `{part(codes[status])}` |" for status in Status if status in codes]


def _first(code: object) -> str:
    assert isinstance(code, tuple)
    return f"{code[0]} {code[1]}"


_Section = tuple[str, list[str]]
_SYSTEMS: tuple[tuple[str, str, tuple[_Section, ...]], ...] = (
    (
        "掘金量化 / 东方财富 EMC (`goldminer`)",
        "UTF-8 CSV, or DBF in GBK. `yyyymmdd.order.csv` and `yyyymmdd.cancel_order.csv` (or "
        "`.dbf`) grow; any other `*.order.csv` and `*.cancel_order.csv` comes whole: with `.fin` "
        'beside it set `policy = "done_file"` and `done_suffix = ".fin"`. Reports lie in a folder '
        "for each account, named as the account is there; `order_status_change` and "
        '`execution_report` are appended to. They are CSV, or with `report_form = "dbf"` DBF in GBK, '
        "whose columns have the words in brackets; kinds and widths there are ours †.",
        (
            ("Orders", _columns_in("goldminer", "order")),
            ("Cancels, by the user's sid", _columns_in("goldminer", "cancel")),
            ("order_business", _codes(goldminer.SIDES, Side)),
            ("order_type, by exchange", _by_exchange(goldminer.ORDER_TYPES)),
            ("order_status, order_status_change", _of_goldminer("order_status", goldminer_out.ORDER_STATUS)),
            ("execution_report", _of_goldminer("execution_report", goldminer_out.EXECUTION)),
            ("cash", _of_goldminer("cash", goldminer_out.CASH)),
            ("position", _of_goldminer("position", goldminer_out.POSITION)),
            ("status", _statuses(goldminer_out.STATUSES)),
        ),
    ),
    (
        "迅投 PB / QMT (`xuntou`)",
        "`XT_DBF_ORDER*.dbf` in GBK grow. A row is good for 60 s from its `inserttime` (seconds "
        "since 1970), if it has one. `201` or `cancel_order` cancels by the broker's number, in "
        "`mode_price`. `note` is the client_order_id. The answers, `<order file>_result.dbf`, "
        "appear by rename; their n-th record is about the n-th of the order file.",
        (
            ("Orders and cancels", _columns_in("xuntou", "order and cancel")),
            ("order_type", _codes(xuntou.SIDES, Side)),
            ("price_type", _codes(xuntou.ORDER_TYPES, OrderType)),
            ("<order file>_result.dbf", _fields("xuntou", "<order file>_result.dbf", xuntou_out.RESULT)),
            ("orderState (52, 53: after a part was filled)", _statuses(xuntou_out.STATES, _first)),
        ),
    ),
    (
        "恒生 PB (`hundsun`)",
        "`XHPT_WTyyyymmdd.dbf` and `XHPT_CDyyyymmdd.dbf` in GBK grow. WTXH is the row's place in "
        "the file of orders, counted from 1, and cancels name it; the client_order_id is made of "
        "it, and WBZDYXH is the note. The account is CPBH/ZCDYBH/ZHBH, CPBH/ZCDYBH or CPBH, "
        'whichever `accounts` names. WTXH, WTSBDM, SBYY (orders: WTXH "0" and WTSBDM -1 † where none was made) '
        "and CDCGBZ, SBYY (cancels: 1 taken, 0 not †) are written into the row itself, once.",
        (
            ("Orders", _columns_in("hundsun", "order")),
            ("Cancels", _columns_in("hundsun", "cancel")),
            ("WTFX", _codes(hundsun.SIDES, Side)),
            ("WTJGLX, by exchange", _by_exchange(hundsun.ORDER_TYPES)),
            ("XHPT_WTCXyyyymmdd.dbf, by rename", _fields("hundsun", "XHPT_WTCX", hundsun_out.ORDERS)),
            ("XHPT_CJCXyyyymmdd.dbf, appended to", _fields("hundsun", "XHPT_CJCX", hundsun_out.FILLS)),
            ("WTZT (8: canceled after a part was filled)", _statuses(hundsun_out.STATUSES)),
        ),
    ),
    (
        "中信 CATS (`cats`)",
        "`instructions.dbf` in GBK grows; `*.csv` comes whole, without a header: "
        "`O,acct_type,acct,symbol,qty,tradeside,price,ord_type` and `C,acct_type,acct,ord_no`. "
        "`ord_no` is our tag, known from `order_updates.dbf`, to which a record is appended for "
        "each change; of a line of CSV its `corr_id` is the file's name. `accounts` may name "
        "`acct` or `acct_type/acct`. err_msg is the broker's text, or our reason code.",
        (
            ("instructions.dbf", _columns_in("cats", "instructions.dbf")),
            ("A line of CSV, by the place of its cells", _columns_in("cats", "a line of CSV")),
            ("tradeside", _codes(cats.SIDES, Side)),
            ("ord_type", _codes(cats.ORDER_TYPES, OrderType)),
            ("order_updates.dbf, appended to", _fields("cats", "order_updates.dbf", cats_out.UPDATES)),
            ("asset.dbf †, by rename", _fields("cats", "asset.dbf", cats_out.ASSET)),
            ("ord_status (3: canceled after a part was filled)", _statuses(cats_out.STATUSES)),
        ),
    ),
    (
        "Ptrade (`ptrade`)",
        "`*.csv` in UTF-8 comes whole. It knows no cancel, and no reports of its own are known: read the receipt.",
        (
            ("Orders †", _columns_in("ptrade", "order")),
            ("side", _codes(ptrade.SIDES, Side)),
            ("price_type", _codes(ptrade.ORDER_TYPES, OrderType)),
        ),
    ),
)
PAGES = {"formats.md": formats}
