"""Whether the counter received exactly what the files said, no more and no less. Knows nothing of filebridge.

Orders are compared by what they are (symbol, side, quantity, price), as a multiset: two of one content are two orders.
"""

import csv
import json
from collections import Counter
from pathlib import Path

Content = tuple[str, int, int, int, float]
SIDES = {"BUY": 23, "SELL": 24}
LIMIT = 11
_SHOWN = 5


def expected(*texts: str) -> Counter[Content]:
    """What these order files ask for."""
    return Counter(
        (row["symbol"], SIDES[row["side"]], int(row["quantity"]), LIMIT, float(row["limit_price"]))
        for text in texts
        for row in csv.DictReader(text.splitlines())
    )


def received(userdata: Path) -> tuple[Counter[Content], Counter[str]]:
    """What the counter's journal says that it received: contents, and the tags (remarks) that came with them."""
    contents: Counter[Content] = Counter()
    tags: Counter[str] = Counter()
    journal = userdata / "journal.jsonl"
    if not journal.exists():
        return contents, tags
    with journal.open("rb") as file:
        for line in file:
            # A line without its end was cut by the counter's end.
            if b'"kind":"order"' in line and line.endswith(b"\n"):
                row = json.loads(line)
                names = ("stock_code", "order_type", "order_volume", "price_type", "price")
                contents[tuple(row[name] for name in names)] += 1
                tags[row["order_remark"]] += 1
    return contents, tags


def problems(wanted: Counter[Content], userdata: Path, *, is_complete: bool = True) -> list[str]:
    """What is wrong with what the counter received; empty if nothing is.

    `is_complete` False: the run was cut by its time limit, so an order may be missing, but none may be too many.
    """
    contents, tags = received(userdata)
    found = [f"received {times} times under one tag: {tag}" for tag, times in tags.items() if times > 1]
    found += [f"received, but no file asked for it: {each} x {times}" for each, times in (contents - wanted).items()]
    if is_complete:
        found += [f"never received: {each} x {times}" for each, times in (wanted - contents).items()]
    more = len(found) - _SHOWN
    return found[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])
