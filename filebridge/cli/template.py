"""The command that writes an empty order sheet: template."""

from pathlib import Path
from typing import Annotated

import typer

_FILE = "The new file; default: orders.xlsx or orders.csv here. 新文件。"


def template(
    file: Annotated[Path | None, typer.Argument(help=_FILE)] = None,
    xlsx: Annotated[bool, typer.Option("--xlsx/--csv", help="A workbook, or a plain CSV. 工作簿或 CSV。")] = True,
) -> None:
    """Write an empty order sheet that explains itself, to fill in and drop. 生成委托模板。"""
    from filebridge.orderfiles.template import csv_template, workbook_template

    path = file or Path("orders.xlsx" if xlsx else "orders.csv")
    try:
        with path.open("xb") as new:
            new.write(workbook_template() if xlsx else csv_template())
    except FileExistsError:
        raise typer.BadParameter(f"{path} exists already; nothing was written 文件已存在") from None
    typer.echo(f"{path}: fill it in, save it, and move it into inbox/. 填写后移入 inbox/。")


COMMANDS = (template,)
