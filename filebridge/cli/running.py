"""Commands that run something: init, run, demo, simulator."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from filebridge.cli.showing import HERE, OTHER_PROBLEMS, Home, show_rows
from filebridge.domain.reasons import Reason
from filebridge.errors import HomeError

_SHOWN_ORDERS = ["tag", "client_order_id", "symbol", "side", "quantity", "limit_price", "status", "filled_qty"]


def init(
    home: Annotated[Path, typer.Argument(help="The folder to make. 要建立的目录。")],
    account: Annotated[str, typer.Option(help="The paper account's number. 模拟资金账号。")] = "10000001",
    cash: Annotated[int, typer.Option(min=0, help="Its cash in CNY. 模拟资金（元）。")] = 10_000_000,
) -> None:
    """Make a home with a paper account. 新建主目录（模拟账户）。"""
    from filebridge import app

    app.init_home(home, account=account, cash=cash)
    typer.echo(f"{home}: ready, with paper account {account} and {cash:,} CNY. 已就绪。")
    typer.echo(f"Start it:  filebridge run --home {home}\nThen drop order files into {home / 'inbox'}")


def run(
    home: Home = HERE,
    once: Annotated[
        bool, typer.Option(help="Handle what is there, wait until all is final, and end. 处理完即退出。")
    ] = False,
    timeout: Annotated[float | None, typer.Option(min=0, help="Seconds after which to end anyway. 最长秒数。")] = None,
) -> None:
    """Run the bridge: take in files, send orders, follow them, report. 运行。"""
    from filebridge import app
    from filebridge.config import load_settings

    settings = load_settings(home)
    typer.echo(
        f"filebridge runs in {home.resolve()} ({settings.broker.mode}). Ctrl-C stops it; orders stay as they are."
    )
    clean, left = app.run(home, settings, once=once, timeout=timeout, watch=say)
    if left:
        rows = [
            {
                "tag": order.terms.tag,
                "client_order_id": order.terms.client_order_id,
                "symbol": order.terms.symbol,
                "side": order.terms.side.value,
                "quantity": order.terms.quantity,
                "limit_price": order.terms.limit_price,
                "status": order.status.value,
                "filled_qty": order.filled_qty,
            }
            for order in left
        ]
        show_rows(rows, _SHOWN_ORDERS, title="Not final; nothing was cancelled. 尚未终结，未撤单。")
    raise typer.Exit(0 if clean or not once else 1)


# A very large file is told of so many times while it is answered.
_STEPS = 20
# Rows that somebody has to do something about.
_LOUD = ("HELD", "DENIED", "REFUSED", "CANCEL_REFUSED", "QUARANTINED")
# So many rows or orders with the same answer are named in a commit; a basket has thousands.
_ALIKE_MAX = 10
_INDENT = "\n          "


def say(turn: Any) -> None:
    """One line for each thing that a person at the screen wants to know of a commit."""
    # Here, for `--help` needs none of it.
    from filebridge.ledger.codec import loads

    answers: dict[int, Counter[str]] = {}
    alike: Counter[tuple[str, str]] = Counter()
    lines: list[str] = []
    for row in turn.events:
        if row["kind"] == "REPORT":
            continue
        body = loads(row["body"])
        # Row 0 of an accepted file is a warning, and no order.
        if row["kind"] == "ROW" and (body["row"] or body["outcome"] != "ACCEPTED"):
            answers.setdefault(row["intake_no"], Counter())[body["outcome"]] += 1
        order = turn.orders.get(row["tag"]) if row["kind"] != "ROW" else None
        # Of a very large file, the last commit has not all answers.
        known = row["kind"] != "FILE" or row["intake_no"] in turn.files
        counted = answers.get(row["intake_no"], Counter()) if known else Counter()
        line = _line(row["kind"], body, _name(order) if order else "", counted)
        answer = _answer(row["kind"], body) if line else None
        if answer is not None:
            alike[answer] += 1
        if line and (answer is None or alike[answer] <= _ALIKE_MAX):
            lines.append(f"{row['at'][11:19]}  {line}")
    for (outcome, code), count in alike.items():
        if count > _ALIKE_MAX:
            left = f"{count - _ALIKE_MAX:,}"
            more = f"… {left} more {outcome} {code}; `filebridge orders` and the receipts name them all."
            lines.append(f"          {more} 另有 {left} 条，见 filebridge orders 与回执。")
    if lines:
        # At once: a busy commit has hundreds of lines, and each write waits for the screen.
        typer.echo("\n".join(lines))


def _answer(kind: str, body: dict[str, Any]) -> tuple[str, str] | None:
    """What thousands of rows or orders may be told alike: the outcome and the code."""
    if kind == "ROW":
        return body["outcome"], body["reason_code"]
    return (body["status"], body.get("reason_code", "")) if kind == "ORDER" and body["status"] == "DENIED" else None


def _said(outcome: str, reason: Reason) -> str:
    return f"{outcome} {reason.code}. {reason.message}{_INDENT}{reason.message_zh}"


def _is_step(done: int, newly: int, of: int) -> bool:
    """Whether another twentieth of a very large file is done with these rows."""
    return done * _STEPS // of != (done - newly) * _STEPS // of


def _name(order: Any) -> str:
    terms = order.terms
    return f"{terms.client_order_id}  {terms.side} {terms.quantity} {terms.symbol}"


def _line(kind: str, body: dict[str, Any], order: str, answers: Counter[str]) -> str:
    match kind:
        case "FILE":
            counts = ", ".join(f"{count} {outcome}" for outcome, count in answers.items())
            counts = counts or f"all {body['rows']:,} rows are answered"
            return f"{body['name']}: {counts} {body['reason_code']}".rstrip()
        case "PART" if _is_step(body["rows_loaded"], len(body["rows"]), body["lines"]):
            return f"{body['name']}: {body['rows_loaded']:,} of some {body['lines']:,} rows are loaded"
        case "ANSWERED" if _is_step(body["rows"], answers.total(), body["of"]):
            return f"{body['name']}: {body['rows']:,} of {body['of']:,} rows are answered"
        case "ROW" if body["outcome"] in _LOUD and body["reason_code"] not in ("", OTHER_PROBLEMS):
            reason = Reason(body["reason_code"], body.get("context", {}))
            where = f"row {body['row']} {body.get('client_order_id', '')}".rstrip()
            return f"{where}: {_said(body['outcome'], reason)}"
        case "EVIDENCE":
            return f"{order}: still in doubt; {body['text']}. `filebridge resolve` ends it."
        case "ALARM":
            return f"ALARM: {Reason(body['reason_code'], body['context']).message}"
        case "CONNECTION":
            # Long only where somebody has to do something: then in both languages.
            more = f"{_INDENT}{body['detail_zh']}" if not body["up"] else ""
            return f"broker: {body['detail']}{more}"
        case "HALTED":
            return f"HALTED by {body['by']}: {body['text']}"
        case "REDUCE_ONLY":
            return f"REDUCE-ONLY by {body['by']}: {body['text']}"
        case "RESUMED":
            return f"resumed by {body['by']}: {body['text']}"
        case "ARMED":
            return f"ARMED by {body['by']}: account {body['account']} trades live on {body['armed'][body['account']]}"
        case "DISARMED":
            return f"disarmed by {body['by']}: account {body['account']}"
        case "STOPPED":
            return "stopped"
        case "CONTROL":
            answer = Reason(body["reason_code"], body["context"])
            return f"{body['by'] or 'someone'} asked: {body['verb'] or '?'}. {answer.message}"
        case "ORDER" if "fill" in body:
            fill = body["fill"]
            return f"{order}: {fill['last_qty']} filled @ {fill['last_price']}, {body['status']}"
        case "ORDER" if body["status"] == "DENIED" and body.get("reason_code"):
            return f"{order}: {_said('DENIED', Reason(body['reason_code'], body['context']))}"
        case "ORDER" if body["status"] in ("REJECTED", "UNKNOWN", "EXPIRED", "NOT_SENT", "CANCELED"):
            code = body.get("reason_code", "")
            return f"{order}: {body['status']}" + (f". {Reason(code, body['context']).message}" if code else "")
        case _:
            return ""


def demo(
    samples: Annotated[Path | None, typer.Option(help="Folder with the sample files. 样例目录。")] = None,
    home: Annotated[
        Path | None, typer.Option(help="A new folder for the demo's home; default: a temporary one.")
    ] = None,
) -> None:
    """Five minutes of paper trading: drop the sample files and watch what comes back. 演示。"""
    from filebridge.cli.demo import play

    raise typer.Exit(play(samples, home, say))


def simulator(
    userdata: Annotated[Path, typer.Option(help="The folder with its books. 账本目录。")],
    idle_seconds: Annotated[
        float | None, typer.Option(help="End this long after the last client; default: never.")
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(help="A TOML file of faults and when they come; default: scenario.toml there. 故障剧本。"),
    ] = None,
) -> None:
    """Run the simulated counter by hand. 单独运行模拟柜台。"""
    from filebridge.simulator import server
    from filebridge.simulator.scenario import ScenarioUnusable
    from filebridge.simulator.settings import SettingsRefused

    try:
        server.serve(userdata, idle_seconds=idle_seconds, scenario_file=scenario)
    except ScenarioUnusable as error:
        raise HomeError(
            str(error),
            hint="docs/simulator.md says what a scenario may hold.",
            hint_zh="剧本格式见 docs/simulator.md。",
        ) from error
    except server.FolderAlreadyServed as error:
        raise HomeError(
            str(error), hint="One folder has one counter.", hint_zh="一个目录只能运行一个模拟柜台。"
        ) from error
    except SettingsRefused as error:
        raise HomeError(
            str(error),
            hint="Correct this file of the userdata folder; docs/simulator.md describes it.",
            hint_zh="请修改该文件后重新启动，说明见 docs/simulator.md。",
        ) from error


COMMANDS = (init, run, demo, simulator)
