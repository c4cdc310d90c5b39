"""export_data: which rows of the books a client may have as a file, and the writing of that file.

The counter picks the rows; the file is written where the client runs, as a terminal on the same machine does. An
answer is JSON text in the manual's shapes: {"msg": …} or {"error": {"errorMsg": …}}.
"""

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from filebridge.simulator.wire import ROWS, Message

# data_type -> the row class, and the field whose time start_time and end_time are compared with.
DATA_TYPES = {
    "deal": ("XtTrade", "traded_time"),
    "order": ("XtOrder", "order_time"),
    "position": ("XtPosition", ""),
    "account": ("XtAsset", ""),
}
# The manual shows the file's first columns so, with this spelling.
FIRST = ("account_id", "account_type")
SPELLING = {"account_type": "account_Type"}
DAY_END = "235959"


def failure(text: str) -> str:
    return json.dumps({"error": {"errorMsg": text}}, ensure_ascii=False)


def chosen(data_type: str, rows: list[Message], wanted: dict[str, Any], tz: Any) -> dict[str, Any]:
    """What the client needs to write the file. Times are compared as digits (20260105, or 20260105093000)."""
    row_class, time_field = DATA_TYPES[data_type]
    fields = ROWS[row_class]
    start, end = ("".join(filter(str.isdigit, str(wanted.get(name) or ""))) for name in ("startTime", "endTime"))
    if time_field and (start or end):
        place = fields.index(time_field)
        first, last = start.ljust(14, "0"), (end + DAY_END)[:14] if end else "9"
        rows = [row for row in rows if first <= f"{datetime.fromtimestamp(row[place], tz):%Y%m%d%H%M%S}" <= last]
    order = [*FIRST, *(name for name in fields if name not in FIRST)]
    return {
        "path": str(wanted.get("resultPath", "")),
        "header": [SPELLING.get(name, name) for name in order],
        "rows": [[row[fields.index(name)] for name in order] for row in rows],
    }


def write_export(payload: dict[str, Any]) -> str:
    """Writes the file, and says what came of it."""
    try:
        with Path(payload["path"]).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([payload["header"], *payload["rows"]])
    except (OSError, ValueError) as error:  # ValueError: a path that holds a zero byte
        return failure(f"can not write file, path:{payload['path']} ({error})")
    return json.dumps({"msg": "export success"})
