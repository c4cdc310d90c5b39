"""Commands that ask the running bridge for something: a file in control/, an answer beside it, both in the ledger."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from filebridge.cli.showing import HERE, Home, show_rows, tell
from filebridge.errors import HomeError

ANSWER_SECONDS = 5.0
_CANCELED = "client_order_id symbol side quantity limit_price status".split()
# What holds from the next start, however late that is.
STANDS = ("halt", "reduce_only", "disarm")

OrderId = Annotated[str, typer.Argument(help="A tag, a client_order_id, or a number at the broker. 编号。")]
By = Annotated[str, typer.Option("--by", help="Who asks; default: the login. 操作人。")]
HeldId = Annotated[str, typer.Argument(help="A tag or a client_order_id; or use --file or --all. 编号。")]
OfFile = Annotated[str, typer.Option("--file", help="The held orders of the files with this name. 文件名。")]
AllHeld = Annotated[bool, typer.Option("--all", help="All that are held. 全部暂停的委托。")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stands in the ledger. 原因。")]


def cancel(
    order: Annotated[str, typer.Argument(help="The order; or use the options below. 编号。")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Every open order. 全部撤单。")] = False,
    symbol: Annotated[str, typer.Option("--symbol", help="Those of this symbol. 按证券代码。")] = "",
    side: Annotated[str, typer.Option("--side", help="Those of this side: BUY, SELL, 买入 … 按买卖方向。")] = "",
    strategy: Annotated[str, typer.Option("--strategy", help="Those of this strategy. 按策略名称。")] = "",
    basket: Annotated[str, typer.Option("--basket", help="Those of this basket. 按篮子。")] = "",
    account: Annotated[str, typer.Option("--account", help="Those of this account. 按资金账号。")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask at a terminal before several. 不再询问。")] = False,
    home: Home = HERE,
    by: By = "",
    reason: Why = "",
) -> None:
    """Cancel an order, or all that fit what is named. 撤单。"""
    named = {"symbol": symbol, "side": _side(side), "strategy": strategy, "basket": basket, "account": account}
    chosen = {name: value for name, value in named.items() if value}
    if bool(order) == (all_ or bool(chosen)):
        raise typer.BadParameter("name one order, or --all, or what several have in common 请写明一笔，或用选项选择")
    if order:
        ask(home, "cancel", by, id=order, reason=reason)
    # A script cannot answer, and cancels never wait.
    if not yes and sys.stdin.isatty() and sys.stdout.isatty():
        _confirm(home, chosen)
    ask(home, "cancel", by, all=not chosen, **chosen, reason=reason)


def _side(text: str) -> str:
    """The side's name, by any of its words."""
    from filebridge.orderfiles.sidewords import SIDES

    side = SIDES.get(text.strip().casefold()) if text else None
    if text and side is None:
        raise typer.BadParameter(f"--side {text} is not a side 无法识别; write BUY, SELL, 买入, 卖出")
    return side.value if side else ""


def _confirm(home: Path, chosen: dict[str, str]) -> None:
    """Show which orders that is at this moment, and ask; ends the command where they are not meant."""
    from filebridge.app import LEDGER
    from filebridge.domain.canceling import Selection, selection_from
    from filebridge.ledger.views import LedgerReader

    wanted = selection_from(chosen)
    if not isinstance(wanted, Selection):
        # The bridge says what is wrong with it.
        return
    reader = LedgerReader(home / LEDGER)
    try:
        orders = wanted.among(reader.open_orders())
    finally:
        reader.close()
    rows = [
        {
            **{name: getattr(order.terms, name) for name in ("client_order_id", "symbol", "quantity", "limit_price")},
            "side": order.terms.side.value,
            "status": order.status.value,
        }
        for order in orders
    ]
    show_rows(rows, _CANCELED, title="open orders that fit now 此刻符合条件的未完成委托")
    # Rows of very large files may still become orders: those are the bridge's to stop.
    if rows and not typer.confirm("Cancel all open orders that fit? 确认撤销？"):
        typer.echo("Nothing was canceled. 未撤单。", err=True)
        raise typer.Exit(1)


def approve(order: HeldId = "", file: OfFile = "", all_: AllHeld = False, home: Home = HERE, by: By = "") -> None:
    """Send what is held: one order, those of a file, or all. 批准暂停的委托。"""
    ask(home, "approve", by, **_which(order, file, all_))


def deny(
    order: HeldId = "", file: OfFile = "", all_: AllHeld = False, home: Home = HERE, by: By = "", reason: Why = ""
) -> None:
    """Drop what was not sent: one order, the held ones of a file, or all that are held. 拒绝未发送的委托。"""
    ask(home, "deny", by, **_which(order, file, all_), reason=reason)


def _which(order: str, file: str, all_: bool) -> dict[str, Any]:
    if [bool(order), bool(file), all_].count(True) != 1:
        raise typer.BadParameter("name one order, or --file NAME, or --all 请写明一笔，或用 --file、--all")
    return {"id": order, "file": file, "all": all_}


def resolve(
    order: OrderId,
    sent: Annotated[bool, typer.Option("--sent/--not-sent", help="Whether the broker has it. 券商是否已收到。")],
    home: Home = HERE,
    by: By = "",
    reason: Why = "",
) -> None:
    """End the doubt about an order, after looking in the broker's terminal. 人工确认状态未明的委托。"""
    ask(home, "resolve", by, id=order, sent=sent, reason=reason)


def release(
    file: Annotated[str, typer.Argument(help="Its name in archive/<date>/quarantined/, or its own. 文件名。")],
    home: Home = HERE,
    by: By = "",
) -> None:
    """Let a file in that was set aside as too old. 放行被隔离的文件。"""
    ask(home, "release", by, file=file)


def halt(reason: Why, home: Home = HERE, by: By = "") -> None:
    """Stop sending; new orders are denied, cancels and reports go on. 暂停发送。"""
    ask(home, "halt", by, reason=reason)


def reduce_only(reason: Why, home: Home = HERE, by: By = "") -> None:
    """Send only what reduces a position, and cancels; other orders are denied. 只许减仓。"""
    ask(home, "reduce_only", by, reason=reason)


def resume(
    reason: Why,
    home: Home = HERE,
    by: By = "",
    reduce_only: Annotated[
        bool, typer.Option("--reduce-only", help="Only what reduces a position, for now. 仅恢复减仓。")
    ] = False,
) -> None:
    """Send again after a halt. 恢复发送。"""
    ask(home, "resume", by, reason=reason, reduce_only=reduce_only)


def reconcile(home: Home = HERE, by: By = "") -> None:
    """Compare the broker's books with the ledger now. 立即与券商对账。"""
    ask(home, "reconcile", by)


def ask(home: Any, verb: str, by: str, **fields: Any) -> None:
    """Leave a request, and show its answer; ends the command."""
    from filebridge.control import ControlFolder, login

    folder = ControlFolder(home / "control")
    if not folder.folder.is_dir():
        raise HomeError(
            f"{home.resolve()} is not a filebridge home 不是 filebridge 主目录",
            hint="Name it with --home.",
            hint_zh="请用 --home 指定。",
        )
    name = folder.ask(verb, by=by or login(), **fields)
    answer = folder.wait(name, ANSWER_SECONDS)
    if answer is None:
        holds = "It holds as soon as it starts.", "启动后立即生效。"
        may = "Started within a minute it does it; else ask again.", "一分钟内启动则执行，否则请重新发出。"
        english, chinese = holds if verb in STANDS else may
        tell(f"No answer within {ANSWER_SECONDS:.0f} s: the bridge does not run, or is busy. {english}", err=True)
        tell(f"没有应答：filebridge 未运行或繁忙。{chinese}", err=True)
        raise typer.Exit(2)
    tell(f"{answer['message']}\n{answer['message_zh']}")
    raise typer.Exit(0 if answer["ok"] else 1)


COMMANDS = (cancel, approve, deny, resolve, release, halt, reduce_only, resume, reconcile)
