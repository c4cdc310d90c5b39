"""The command line. Exit codes: 0 clean, 1 problems found, 2 could not run."""

import gc
import sys

import typer

from filebridge.cli import arming, asking, checking, doctor, reading, running, template
from filebridge.cli.showing import tell
from filebridge.errors import FilebridgeError

app = typer.Typer(
    help="filebridge: files become orders, and every answer comes back as a file. 文件即委托，结果以文件返回。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for room in (running, checking, reading, template, asking, arming, doctor):
    for command in room.COMMANDS:
        app.command(name=command.__name__.rstrip("_").replace("_", "-"))(command)


def main() -> None:
    """Entry point of the `filebridge` command."""
    # Values by the thousand, and none in a ring: to look for rings every few hundred of them took a tenth of the time,
    # and to look for them among all that there is held a busy day's turn up for a tenth of a second.
    gc.set_threshold(20_000, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or a pipe may use an encoding that cannot show Chinese; better a mark than a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", **({"encoding": "utf-8"} if sys.platform == "win32" else {}))
    try:
        app()
    except FilebridgeError as error:
        tell(f"filebridge: {error}", err=True)
        for hint in filter(None, (error.hint, error.hint_zh)):
            tell(f"→ {hint}", err=True)
        sys.exit(2)
    except OSError as error:
        # A failure of the world that no room has its own words for, as a full disk at the start.
        tell(f"filebridge: {error}", err=True)
        tell("→ Is the disk full, or has this user no right to write there? It was not carried out.", err=True)
        tell("→ 磁盘是否已满，当前用户是否有写权限？命令没有执行。", err=True)
        sys.exit(2)
