"""Where the time of one order and of one basket goes, as pictures: docs/images/*.svg.

    python -m benchmarks.picture

The real bridge runs in this process, with a clock at the door of each of its rooms, over a real worker and counter.
One order: the median moment of each step, from the rename. A basket: what the bridge's thread did at each moment
until the counter had the last order.
"""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from benchmarks.sides import Deadline, Filebridge
from filebridge import app, config, inbox
from filebridge.bridge import intake, mailbox, reports, sending
from filebridge.bridge.conductor import Bridge
from filebridge.inbox import watcher
from filebridge.ledger import store

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WARM_UP, ORDERS, BASKET = 40, 200, 5_000
REST_SECONDS = 0.03
# A method, what it does in a word, its colour in the basket's picture.
DOORS: tuple[tuple[type, str, str, str], ...] = (
    (inbox.Inbox, "scan", "read the folder, claim", "#8d6e63"),
    (intake.Intake, "take", "read and decide every row", "#1e88e5"),
    (store.Ledger, "_write", "commit and flush", "#e53935"),
    (sending.Sender, "next_group", "choose the next group", "#43a047"),
    (sending.Sender, "dispatch", "hand it to the worker", "#00897b"),
    (Bridge, "_hear", "hear the broker", "#8e24aa"),
    (reports.Reports, "tell", "write reports", "#fb8c00"),
    (mailbox.Mailbox, "take", "wait for the worker", "#cfd8dc"),
)
COLOURS = {label: colour for _, _, label, colour in DOORS}
# The last step of each stage of one order, in their order.
STAGES = (
    ("watcher wakes", watcher._Waker, "note", "#cfd8dc"),
    ("folder read, file claimed", inbox.Inbox, "scan", "#8d6e63"),
    ("read and decided", intake.Intake, "take", "#1e88e5"),
    ("committed and flushed", store.Ledger, "_write", "#e53935"),
    ("handed to the worker", sending.Sender, "dispatch", "#00897b"),
)
RECEIVED = ("worker, xttrader, counter", "#43a047")


class Step(NamedTuple):
    """What the bridge's thread did, in monotonic nanoseconds."""

    label: str
    began: int
    ended: int


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    stages = one_order()
    (IMAGES / "one-order.svg").write_text(one_order_picture(stages), encoding="utf-8")
    steps, arrivals = one_basket()
    (IMAGES / "one-basket.svg").write_text(basket_picture(steps, arrivals), encoding="utf-8")


# ---- measured


def one_order() -> list[tuple[str, float]]:
    """When each stage ended, in milliseconds after the rename: medians."""
    seen: dict[str, int] = {}
    rows: list[list[float]] = []

    def note(label: str) -> Callable[[int, int], None]:
        def tell(_began: int, ended: int) -> None:
            seen.setdefault(label, ended)

        return tell

    def drop(side: Filebridge) -> None:
        pause = threading.Event()
        for number in range(WARM_UP + ORDERS):
            side.prepare_orders(f"one-{number}.csv", range(number, number + 1))
            seen.clear()
            dropped_at = side.drop(f"one-{number}.csv")
            received_at = side.received_all()
            moments = [seen.get(label, 0) for label, *_ in STAGES]
            if number >= WARM_UP and all(moments):
                rows.append([(moment - dropped_at) / 1e6 for moment in (*moments, received_at)])
            pause.wait(REST_SECONDS)

    with clocks((room, name, note(label)) for label, room, name, _ in STAGES):
        run_beside(drop)
    labels = [label for label, *_ in STAGES] + [RECEIVED[0]]
    return [(label, median(column)) for label, column in zip(labels, zip(*rows, strict=True), strict=True)]


def one_basket() -> tuple[list[Step], list[tuple[int, int]]]:
    """What the bridge did, and when the counter had how many orders; nanoseconds after the rename."""
    steps: list[Step] = []
    arrivals: list[tuple[int, int]] = []
    dropped: list[int] = []

    def note(label: str) -> Callable[[int, int], None]:
        return lambda began, ended: steps.append(Step(label, began, ended))

    def drop(side: Filebridge) -> None:
        side.drop_orders("warm-up.csv", range(BASKET))
        side.filled_all()
        side.prepare_orders("basket.csv", range(BASKET, 2 * BASKET))
        dropped.append(side.drop("basket.csv"))
        side.received_all()
        arrivals.extend((side.arrivals.at(BASKET + count) - dropped[0], count) for count in range(50, BASKET + 1, 50))

    with clocks((room, name, note(label)) for room, name, label, _ in DOORS):
        run_beside(drop)
    (start,) = dropped
    until = start + arrivals[-1][0]
    return [
        Step(step.label, step.began - start, step.ended - start) for step in steps if start <= step.began < until
    ], arrivals


@contextmanager
def clocks(doors: Any) -> Iterator[None]:
    """While open, each of these methods tells when it began and ended."""
    before = []
    for room, name, tell in doors:
        before.append((room, name, getattr(room, name)))
        setattr(room, name, _timed(getattr(room, name), tell))
    try:
        yield
    finally:
        for room, name, plain in before:
            setattr(room, name, plain)


def _timed(plain: Callable[..., Any], tell: Callable[[int, int], None]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        began = time.monotonic_ns()
        try:
            return plain(*arguments, **named)
        finally:
            tell(began, time.monotonic_ns())

    return timed


def run_beside(drop: Callable[[Filebridge], None]) -> None:
    """A bridge in this thread, and `drop` in another one until it is done."""
    folder = Path(tempfile.mkdtemp(prefix="filebridge-picture-"))
    side = Filebridge("filebridge", folder / "home", Deadline(120))
    side.start_counter()
    settings = config.load_settings(side.folder)
    producer = threading.Thread(target=drop, args=(side,))
    with app.open_bridge(side.folder, settings, lambda _: None) as bridge:
        bridge.start()
        while not bridge.has_agreed:
            app.turn(bridge)
        producer.start()
        while producer.is_alive():
            app.turn(bridge)
        bridge.finish()
    producer.join()
    side.stop()
    problems = side.problems()
    assert not problems, problems
    shutil.rmtree(folder)


# ---- drawn

WIDTH, LEFT, BAR = 900, 10, 34


def one_order_picture(stages: list[tuple[str, float]]) -> str:
    colours = [colour for *_, colour in STAGES] + [RECEIVED[1]]
    total = stages[-1][1]
    scale = (WIDTH - 2 * LEFT) / total
    parts, before = [], 0.0
    for place, ((label, at), colour) in enumerate(zip(stages, colours, strict=True)):
        parts.append(_bar(LEFT + before * scale, 40, (at - before) * scale, BAR, colour))
        y = 100 + 20 * place
        parts.append(_bar(LEFT, y - 11, 12, 12, colour))
        parts.append(_text(LEFT + 20, y, f"{label}: {at - before:.2f} ms"))
        before = at
    title = f"One order, from the rename to the counter: {total:.1f} ms (medians of {ORDERS})"
    return _svg(title, parts, 100 + 20 * len(stages))


def basket_picture(steps: list[Step], arrivals: list[tuple[int, int]]) -> str:
    total, height = arrivals[-1][0], 150
    scale = (WIDTH - 2 * LEFT) / total
    parts = [_bar(LEFT + s.began * scale, 40, (s.ended - s.began) * scale, BAR, COLOURS[s.label]) for s in steps]
    line = " ".join(f"{LEFT + at * scale:.1f},{90 + height - height * count / BASKET:.1f}" for at, count in arrivals)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#263238" stroke-width="2"/>')
    parts.append(_text(LEFT, 90 + height + 18, "orders at the counter"))
    parts.append(_text(WIDTH - 130, 90 + height + 18, f"{BASKET:,} at {total / 1e6:,.0f} ms"))
    for place, (label, colour) in enumerate(COLOURS.items()):
        x, y = LEFT + 300 * (place % 3), 90 + height + 46 + 20 * (place // 3)
        spent = sum(step.ended - step.began for step in steps if step.label == label) / 1e6
        parts.append(_bar(x, y - 11, 12, 12, colour))
        parts.append(_text(x + 20, y, f"{label}: {spent:.0f} ms"))
    title = f"A basket of {BASKET:,} orders: what the bridge's thread did, and how many orders the counter had"
    return _svg(title, parts, 90 + height + 46 + 60)


def _svg(title: str, parts: list[str], height: int) -> str:
    size = f'viewBox="0 0 {WIDTH} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">'
    ground = f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
    return "\n".join((head, ground, _text(LEFT, 22, title), *parts, "</svg>")) + "\n"


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.2):.1f}" height="{height}" fill="{colour}"/>'


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


if __name__ == "__main__":
    main()
