"""A newcomer's first five minutes: a home of its own, the sample files dropped one by one, and what comes back."""

import csv
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import typer

from filebridge import app
from filebridge.bridge.conductor import Bridge
from filebridge.cli.showing import Row, show_rows, tell
from filebridge.config import load_settings
from filebridge.domain.orders import Order
from filebridge.errors import HomeError
from filebridge.orderfiles import FORMATS
from filebridge.simulator import launching

ACCOUNT, CASH = "10000001", 10_000_000
# How long one file's orders may take until the counter has said all that it will say.
FILE_SECONDS = 20.0
_RECEIPT = "row client_order_id symbol side quantity limit_price outcome".split()
_FILLS = "client_order_id symbol side last_qty last_price commission".split()


def play(samples: Path | None, home: Path | None, watch: app.Watch) -> int:
    """Run the demo; returns the exit code: 0 when every sample was answered and something was filled."""
    folder = samples or Path(__file__).resolve().parents[2] / "samples" / "accepted"
    found = (path for path in folder.glob("*") if path.suffix in FORMATS and ".expected" not in path.suffixes)
    # Plain names first: those that begin with a day are of other systems.
    files = sorted(found, key=lambda path: (path.name[0].isdigit(), path.name))
    if not files:
        raise HomeError(
            f"there are no sample files in 没有样例文件 {folder}",
            hint="Name their folder with --samples.",
            hint_zh="请用 --samples 指定样例目录。",
        )
    home = home or Path(tempfile.mkdtemp(prefix="filebridge-demo-")) / "home"
    app.init_home(home, account=ACCOUNT, cash=CASH)
    typer.echo(f"Paper trading in {home}: account {ACCOUNT}, {CASH:,} CNY. 模拟交易开始。\n")
    try:
        with app.open_bridge(home, load_settings(home), watch) as bridge:
            bridge.start()
            for file in files:
                typer.echo(f"\n→ dropping {file.name} into inbox/ 投放")
                _drop(file, home / "inbox")
                _turn_until_answered(bridge, home / "outbox", file)
            left = bridge.unfinished()
            bridge.finish()
    finally:
        launching.stop(home / "userdata")
    fills = _show(home)
    if left:
        _explain(left)
    return 0 if fills else 1


def _drop(file: Path, inbox: Path) -> None:
    """As a careful program does: write under another name, then rename."""
    part = inbox / f"{file.name}.part"
    shutil.copyfile(file, part)
    part.rename(inbox / file.name)


def _turn_until_answered(bridge: Bridge, outbox: Path, file: Path) -> None:
    deadline = time.monotonic() + FILE_SECONDS
    while time.monotonic() < deadline:
        busy = app.turn(bridge)
        if not busy and bridge.is_quiet() and list(outbox.glob(f"{file.stem}.*.receipt.csv")):
            return
    raise HomeError(
        f"{file.name} was not answered within {FILE_SECONDS:.0f} s 未在限时内得到答复",
        hint="Is the machine very busy? Look into .filebridge/worker.log of the demo's home.",
        hint_zh="机器是否过于繁忙？请查看演示主目录的 .filebridge/worker.log。",
    )


def _show(home: Path) -> list[Row]:
    outbox = home / "outbox"
    typer.echo("")
    receipts = sorted(outbox.glob("*.receipt.csv"), key=lambda path: path.stat().st_mtime_ns)
    for receipt in receipts[:2]:
        show_rows(_read(receipt), _RECEIPT, title=f"receipt 回执  {receipt.name}")
    fills = [row for path in sorted(outbox.glob("fills-*.csv")) for row in _read(path)]
    show_rows(fills, _FILLS, title=f"fills 成交 ({len(fills)})")
    places = (
        ("receipts, orders, fills 回执、委托、成交", outbox),
        ("your files, unchanged 原始文件", home / "archive"),
        ("the ledger 账本 (filebridge verify)", home / app.LEDGER),
        ("what the counter received 柜台收到的请求", home / "userdata" / "journal.jsonl"),
    )
    for what, where in places:
        typer.echo(f"{what}:\n  {where}")
    return fills


def _explain(left: Sequence[Order]) -> None:
    """A limit order that rests is nothing that went wrong."""
    typer.echo("\nstill working 仍在挂单:")
    for order in left:
        terms = order.terms
        what = f"{terms.side} {terms.quantity} {terms.symbol} at {terms.limit_price}"
        typer.echo(f"  {terms.client_order_id}  {what}  {order.status}")
    tell(
        "  The market has not reached its limit: it waits until a price meets it, it is canceled (filebridge cancel "
        "ID), or the day ends. The demo ends here.\n"
        "  市场价格还没有达到其限价：继续等待，直到到价成交、撤单（filebridge cancel 编号）或收盘。演示到此结束。"
    )


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if not str(next(iter(row.values()))).startswith("#END")]
