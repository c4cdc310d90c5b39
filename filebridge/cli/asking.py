"""Commands that ask the running bridge for something: a file in control/, an answer beside it, both in the ledger."""

from typing import Annotated, Any

import typer

from filebridge.cli.showing import HERE, Home
from filebridge.errors import HomeError

ANSWER_SECONDS = 5.0

OrderId = Annotated[str, typer.Argument(help="A tag, a client_order_id, or a number at the broker. 编号。")]
By = Annotated[str, typer.Option("--by", help="Who asks; default: the login. 操作人。")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stands in the ledger. 原因。")]


def cancel(
    order: Annotated[str, typer.Argument(help="The order; or use --all. 编号。")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Every open order. 全部撤单。")] = False,
    home: Home = HERE,
    by: By = "",
    reason: Why = "",
) -> None:
    """Cancel an order, or all. 撤单。"""
    if bool(order) == all_:
        raise typer.BadParameter("name one order, or --all")
    _ask(home, "cancel", by, id=order, all=all_, reason=reason)


def approve(order: OrderId, home: Home = HERE, by: By = "") -> None:
    """Send an order that is held. 批准暂停的委托。"""
    _ask(home, "approve", by, id=order)


def deny(order: OrderId, home: Home = HERE, by: By = "", reason: Why = "") -> None:
    """Drop an order that was not sent. 拒绝未发送的委托。"""
    _ask(home, "deny", by, id=order, reason=reason)


def resolve(
    order: OrderId,
    sent: Annotated[bool, typer.Option("--sent/--not-sent", help="Whether the broker has it. 券商是否已收到。")],
    home: Home = HERE,
    by: By = "",
    reason: Why = "",
) -> None:
    """End the doubt about an order, after looking in the broker's terminal. 人工确认状态未明的委托。"""
    _ask(home, "resolve", by, id=order, sent=sent, reason=reason)


def release(
    file: Annotated[str, typer.Argument(help="Its name in archive/<date>/quarantined/, or its own. 文件名。")],
    home: Home = HERE,
    by: By = "",
) -> None:
    """Let a file in that was set aside as too old. 放行被隔离的文件。"""
    _ask(home, "release", by, file=file)


def halt(reason: Why, home: Home = HERE, by: By = "") -> None:
    """Stop sending; cancels and reports go on. 暂停发送。"""
    _ask(home, "halt", by, reason=reason)


def resume(home: Home = HERE, by: By = "", reason: Why = "") -> None:
    """Send again after a halt. 恢复发送。"""
    _ask(home, "resume", by, reason=reason)


def reconcile(home: Home = HERE, by: By = "") -> None:
    """Compare the broker's books with the ledger now. 立即与券商对账。"""
    _ask(home, "reconcile", by)


def _ask(home: Any, verb: str, by: str, **fields: Any) -> None:
    from filebridge.control import ControlFolder, login

    folder = ControlFolder(home / "control")
    if not folder.folder.is_dir():
        raise HomeError(
            f"{home.resolve()} is not a filebridge home", hint="Name it with --home.", hint_zh="请用 --home 指定。"
        )
    name = folder.ask(verb, by=by or login(), **fields)
    answer = folder.wait(name, ANSWER_SECONDS)
    if answer is None:
        typer.echo(
            f"No answer within {ANSWER_SECONDS:.0f} s: the bridge does not run, or is busy. "
            + (
                "It halts as soon as it starts."
                if verb == "halt"
                else "Started within a minute it does it; else ask again."
            )
            + "\n没有应答：filebridge 未运行或繁忙。"
            + ("启动后即暂停发送。" if verb == "halt" else "一分钟内启动则执行，否则请重新发出。"),
            err=True,
        )
        raise typer.Exit(2)
    typer.echo(f"{answer['message']}\n{answer['message_zh']}")
    raise typer.Exit(0 if answer["ok"] else 1)


COMMANDS = (cancel, approve, deny, resolve, release, halt, resume, reconcile)
