"""Commands that run something: init, run, demo, simulator."""

from pathlib import Path
from typing import Annotated

import typer

from filebridge.cli.showing import HERE, Home, show_rows, tell
from filebridge.cli.telling import Problems, say
from filebridge.errors import HomeError

_MODES_ZH = {"paper": "模拟", "live": "实盘"}
_SHOWN_ORDERS = ["tag", "client_order_id", "symbol", "side", "quantity", "limit_price", "status", "filled_qty"]


def init(
    home: Annotated[Path, typer.Argument(help="The folder to make. 要建立的目录。")],
    account: Annotated[str, typer.Option(help="The paper account's number. 模拟资金账号。")] = "10000001",
    cash: Annotated[int, typer.Option(min=0, help="Its cash in CNY. 模拟资金（元）。")] = 10_000_000,
) -> None:
    """Make a home with a paper account. 新建主目录（模拟账户）。"""
    from filebridge import app

    app.init_home(home, account=account, cash=cash)
    tell(f"{home}: ready, with paper account {account} and {cash:,} CNY. 已就绪。")
    tell(f"Start it 启动:  filebridge run --home {home}")
    tell(f"Then drop order files into 再把委托文件放入 {home / 'inbox'}")


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
    where, mode = home.resolve(), settings.broker.mode
    tell(f"filebridge runs in {where} ({mode}). Ctrl-C stops it; orders stay as they are.")
    tell(f"filebridge 正在运行（{_MODES_ZH[mode]}）。按 Ctrl-C 停止，委托保持原状。")
    clean, left = app.run(home, settings, once=once, timeout=timeout, watch=say, watch_status=Problems().say)
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
