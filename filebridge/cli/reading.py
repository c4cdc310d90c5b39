"""Commands that read: status, orders, fills, files, positions, show, verify, backup; and rebuild, which writes only
views."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from filebridge.cli.showing import (
    HERE,
    AsCsv,
    AsJson,
    Day,
    Home,
    Row,
    clock,
    read_day,
    show_messages,
    show_rows,
    tell,
)
from filebridge.domain.orders import STATUSES_ZH
from filebridge.errors import HomeError

OrderId = Annotated[str, typer.Argument(help="A tag, a client_order_id, or a number at the broker. 编号。")]
# As a table on a screen of 80 columns; --csv and --json have everything.
_ORDERS = "client_order_id symbol side quantity limit_price status filled_qty avg_fill_price".split()
_FILLS = "client_order_id symbol side last_qty last_price filled_qty traded_at".split()
_FILES = "intake_no name outcome reason_code rows received_at".split()
_STORY = "seq at what".split()
_ASSET = (
    ("cash 可用", "cash"),
    ("frozen 冻结", "frozen_cash"),
    ("market value 市值", "market_value"),
    ("total 总资产", "total_asset"),
)
# A heartbeat comes every second.
STATUS_AGE_MAX = timedelta(seconds=10)


def orders(home: Home = HERE, day: Day = "", as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """The orders of a trade date. 委托。"""
    from filebridge.bridge.present import order_report_row
    from filebridge.tables import ORDERS

    reader, today = _open(home)
    rows = [order_report_row(row) for row in reader.order_rows(read_day(day, today))]
    show_rows(rows, ORDERS if as_csv else _ORDERS, title="orders 委托", as_json=as_json, as_csv=as_csv)
    if not as_json and not as_csv:
        show_messages(rows)
        _show_guard(reader, today)


def _show_guard(reader: Any, today: Any) -> None:
    """Below the orders: how things stand, where anything keeps orders from leaving or lets them trade for real."""
    from filebridge.bridge.guard import stance_in, state_of

    state = state_of(stance_in(reader), today)
    if state:
        tell(state)


def fills(home: Home = HERE, day: Day = "", as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """The fills of a trade date. 成交。"""
    from filebridge.tables import FILLS

    reader, today = _open(home)
    columns = FILLS if as_csv else _FILLS
    rows = _timed(reader.fill_rows(read_day(day, today)), "traded_at", day, whole=as_json or as_csv)
    show_rows(rows, columns, title="fills 成交", as_json=as_json, as_csv=as_csv)


def files(home: Home = HERE, day: Day = "", as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """The files of a trade date and what became of them. 文件。"""
    reader, today = _open(home)
    rows = _timed(reader.file_rows(read_day(day, today)), "received_at", day, whole=as_json or as_csv)
    show_rows(rows, _FILES, title="files 文件", as_json=as_json, as_csv=as_csv)


def _timed(rows: Iterable[Row], column: str, day: str, *, whole: bool) -> Iterable[Row]:
    """Rows with that time as a screen shows it; as it is stored for programs."""
    if whole:
        return rows
    return [{**row, column: clock(row[column], with_date=day == "all")} for row in rows]


def positions(home: Home = HERE, as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """What each account holds and has, as the broker told it last. 持仓和资产。"""
    from filebridge.ledger.codec import loads
    from filebridge.tables import POSITIONS

    reader, _ = _open(home)
    books = [{**loads(row["body"]), "at": row["at"]} for row in reader.newest_books()]
    if as_json:
        typer.echo(json.dumps(books, ensure_ascii=False, indent=1))
        return
    rows = [
        {"account": each["account"], "direction": "", **position} for each in books for position in each["positions"]
    ]
    columns = ["account", *POSITIONS] if as_csv or len(books) > 1 else POSITIONS
    show_rows(rows, columns, title="positions 持仓", as_csv=as_csv)
    for each in books if not as_csv else ():
        asset = each["asset"] or {}
        said = ", ".join(f"{name} {asset.get(column, '')}" for name, column in _ASSET)
        tell(f"{each['account']}: {said} ({clock(each['at'], with_date=True)})")


def status(home: Home = HERE, as_json: AsJson = False) -> None:
    """Whether filebridge runs, sends, and needs somebody. 运行状态。"""
    from filebridge import app

    _open(home)
    found = newest_status(home, app.now())
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    elif not found:
        tell("filebridge does not run here; `filebridge run` starts it. 没有运行，请用 filebridge run 启动。")
    else:
        tell("\n".join(_status_lines(found)))
    if not found:
        raise typer.Exit(2)
    is_well = found["connected"] and not (found["halted"] or found["problems"] or found["needs_person_count"])
    raise typer.Exit(0 if is_well else 1)


def _status_lines(found: Row) -> Iterable[str]:
    yield f"running 运行中: {found['mode']}, {clock(found['at'], with_date=True)}"
    yield f"broker 券商: {found['connection']} {found['connection_zh']}"
    yield f"accounts that may send 可发送的账号: {', '.join(found['agreed_accounts']) or 'none 无'}"
    if found["halted"] or found["reduce_only"]:
        yield "HALTED 已暂停发送" if found["halted"] else "REDUCE-ONLY 只许减仓"
        yield f"  {found['halted_by']}: {found['halt_reason']}"
        yield f"  {found['halt_reason_zh']}"
    counts = (f"{count:,} {name} {STATUSES_ZH[name]}" for name, count in found["open_orders"].items())
    yield f"open orders 未完成委托: {', '.join(counts) or 'none 无'}"
    if found["needs_person_count"]:
        yield f"{found['needs_person_count']:,} need a person 需要人工处理: {', '.join(found['needs_person'])}"
    yield f"files waiting 等待收取的文件: {found['files_waiting']:,}"
    for problem in found["problems"]:
        yield f"look 注意: {problem}"


def newest_status(home: Path, now: datetime) -> Row:
    """What status.json says; nothing if that is old, as of a bridge that does not run."""
    try:
        found: Row = json.loads((home / "outbox" / "status.json").read_text(encoding="utf-8"))
        return found if abs(now - datetime.fromisoformat(found["at"])) < STATUS_AGE_MAX else {}
    except (OSError, ValueError, KeyError):
        return {}


def show(order: OrderId, home: Home = HERE, as_json: AsJson = False) -> None:
    """An order's whole story. 一笔委托的全过程。"""
    from filebridge.bridge.present import story

    reader, _ = _open(home)
    found = reader.orders_named(order)
    if not found:
        typer.echo(f"No order {order} is known. 没有找到委托 {order}。", err=True)
        raise typer.Exit(1)
    stories = {each.terms.tag: story(reader.story(each.terms.tag)) for each in found}
    if as_json:
        typer.echo(json.dumps(stories, ensure_ascii=False, indent=1))
        return
    for each in found:
        terms = each.terms
        rows = stories[terms.tag]
        several = len({row["at"][:10] for row in rows}) > 1
        # To the millisecond: several things happen in a second.
        rows = [{**row, "at": row["at"][0 if several else 11 : 23]} for row in rows]
        what = f"{terms.side} {terms.quantity} {terms.symbol} @ {terms.limit_price}"
        title = f"{terms.client_order_id}  {what}  {each.status}  tag {terms.tag}"
        show_rows(rows, _STORY, title=title)


def verify(home: Home = HERE, as_json: AsJson = False) -> None:
    """Prove that the ledger is whole: its hash chain, its views, and the receipts that name its heads. 校验账本。"""
    from filebridge.app import LEDGER
    from filebridge.ledger.verify import verify as verify_ledger
    from filebridge.receipts import receipt_heads

    found = verify_ledger(home / LEDGER, receipt_heads(home / "outbox"))
    if as_json:
        typer.echo(json.dumps({"events": found.events, "head": found.head, "problems": found.problems}))
    else:
        typer.echo(f"{found.events} events, chain head {found.head}")
        for problem in found.problems:
            typer.echo(f"PROBLEM  {problem}")
        typer.echo("NOT WHOLE 账本不完整" if found.problems else "whole 账本完整")
    raise typer.Exit(1 if found.problems else 0)


def rebuild(home: Home = HERE) -> None:
    """Make the ledger's views and all reports again from its events; the bridge must not run. 重建报告。"""
    from filebridge import app
    from filebridge.config import load_settings

    days = app.rebuild(home, load_settings(home))
    typer.echo(f"Reports were made again in {home / 'outbox'} (days: {days}). 已重建。")


def backup(
    file: Annotated[Path, typer.Argument(help="The new file. 备份文件。")],
    home: Home = HERE,
) -> None:
    """Copy the ledger whole, while the bridge runs, and verify the copy. 备份账本。"""
    from filebridge.app import LEDGER
    from filebridge.ledger.backup import backup as backup_ledger

    found = backup_ledger(home / LEDGER, file)
    typer.echo(f"{file}: {found.events} events, whole, chain head {found.head}. 备份完成。")


def _open(home: Path) -> tuple[Any, Any]:
    """The ledger for reading, and today's trade date."""
    from filebridge import app
    from filebridge.config import SETTINGS_FILE, load_settings
    from filebridge.domain.risk import current_date
    from filebridge.ledger.views import LedgerReader

    if not (home / SETTINGS_FILE).exists() and not (home / app.LEDGER).exists():
        raise HomeError(
            f"{home.resolve()} is not a filebridge home 不是 filebridge 主目录",
            hint="Name it with --home.",
            hint_zh="请用 --home 指定。",
        )
    today = current_date(app.now(), app.rules_of(load_settings(home), app.load_calendar(home)))
    return LedgerReader(home / app.LEDGER), today


COMMANDS = (status, orders, fills, files, positions, show, verify, rebuild, backup)
