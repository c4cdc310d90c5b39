"""kill -9 of the bridge, at any moment: after the next start every row is answered, and nothing was sent twice."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from filebridge.failpoints import VARIABLE
from tests.integration.homes import PATIENCE, Content, Home, Receipt, bytes_of, orders_file, until

ROWS = 800
STARTS_MAX = 6
# Statuses in which it is known what became of an order.
ENDED = {"FILLED", "NOT_SENT"}
HEADER = "client_order_id,symbol,side,quantity,limit_price,basket"


def rows_of(basket: str, count: int, first: int = 0) -> list[str]:
    """Rows that are all filled at once and all differ in price or quantity; every second one has an id of its own."""
    rows = []
    for number in range(first, first + count):
        price = 10.51 + number % 98 / 100
        name = f"{basket}-{number}" if number % 2 else ""
        rows.append(f"{name},600000.SH,BUY,{100 + number // 98 * 100},{price:.2f},{basket}")
    return rows


def killed(home: Home, before: int) -> int:
    """kill -9 of the bridge; its worker is gone at once and sends no more. Returns how many orders arrived.

    `before` had arrived when it started; where all of them were answered, the start has forgotten their logs.
    """
    home.kill()
    began = time.monotonic()
    until(home.worker_is_gone, "the end of the orphaned worker")
    assert time.monotonic() - began < 5
    noted = {tag for path in (home.folder / ".filebridge").glob("*.tags") for tag in path.read_text().split()}
    # What it had noted may still be on its way to the counter: until that is still, with nobody left who could send.
    arrived = -1
    pause = threading.Event()
    while arrived != len(home.requests()):
        arrived = len(home.requests())
        pause.wait(0.3)
    assert {line["order_remark"] for line in home.requests()[before:]} <= noted
    return arrived


def at_rest(home: Home) -> None:
    """Start again, as often as it needs, until everything is answered and ended."""
    for _ in range(STARTS_MAX):
        done = home.once(timeout=6 * PATIENCE)
        assert done.returncode in (0, 1), done.stderr
        if "Not final" not in done.stdout:
            return
        # Noted, but never called: that it never arrived is for a person to say.
        unknown = [row["tag"] for row in home.orders() if row["status"] == "UNKNOWN"]
        arrived = {line["order_remark"] for line in home.requests()}
        assert arrived.isdisjoint(unknown), "the counter lists it, so it is not in doubt"
        resolve_in_next_run(home, unknown)
    raise AssertionError(f"not at rest after {STARTS_MAX} starts:\n{done.stdout[-3000:]}")


def resolve_in_next_run(home: Home, tags: list[str]) -> None:
    """Leave the requests of a person who looked; the next start takes them in."""
    from filebridge.control import ControlFolder

    for tag in tags:
        ControlFolder(home.folder / "control").ask("resolve", by="tests", id=tag, sent=False)


def check_all(home: Home, rows: int) -> None:
    """Ledger, counter and reports tell the same story of these many orders."""
    orders = home.orders()
    assert Counter(row["status"] for row in orders).keys() <= ENDED
    assert len(orders) == rows
    # What was believed of an order never had to be corrected: "proven unsent" was proven.
    assert {row["needs_person"] for row in orders} == {"0"}
    assert home.twice() == []
    sent = {line["order_remark"]: line for line in home.requests()}
    assert len(sent) == len(home.requests())
    fills = home.fills()
    assert len({row["trade_id"] for row in fills}) == len(fills)
    filled: Counter[str] = Counter()
    for fill in fills:
        filled[fill["tag"]] += int(fill["last_qty"])
    for row in orders:
        if row["status"] == "NOT_SENT":
            assert row["tag"] not in sent
            continue
        line = sent[row["tag"]]
        asked = (line["stock_code"], line["order_volume"], line["price"], str(line["order_id"]))
        assert asked == (row["symbol"], int(row["quantity"]), float(row["limit_price"]), row["broker_order_id"])
        assert filled[row["tag"]] == int(row["quantity"]) == int(row["filled_qty"])
    # No order at the counter that the ledger does not know, and the counter's own sum of it all.
    assert sent.keys() <= {row["tag"] for row in orders}
    held = {row["symbol"]: int(row["quantity"]) for row in home.positions()}
    assert held["600000.SH"] == 20_000 + sum(filled.values())
    done = home.command("verify")
    assert done.returncode == 0, done.stdout


def missing_are_taken_again(home: Home, name: str, text: str, contents: set[Content]) -> None:
    """The same file once more sends exactly what never left, so that all has left once in the end."""
    unsent = {row["client_order_id"] for row in home.orders() if row["status"] == "NOT_SENT"}
    home.drop(name, text)
    at_rest(home)
    second = home.receipts(name)[-1]
    wanted = [row["client_order_id"] for row in second.rows if row["outcome"] == "ACCEPTED"]
    assert set(wanted) == unsent
    assert set(second.outcomes) <= {"ACCEPTED", "DUPLICATE"}
    assert home.twice() == []
    assert {tuple(line[name] for name in ("order_volume", "price")) for line in home.requests()} == contents


def whole(receipt: Receipt, rows: int) -> bool:
    return len(receipt.rows) == rows == int(receipt.end[1]) and receipt.outcomes == ["ACCEPTED"] * rows


@pytest.mark.parametrize(("seed", "group_size"), [(1, 10), (2, 40)])
def test_killed_in_the_middle_of_a_large_file(home: Home, seed: int, group_size: int) -> None:
    moments = random.Random(seed)
    rows = rows_of("big", ROWS)
    text = orders_file(*rows, header=HEADER)
    home.drop("big.csv", text)
    # Late enough to be in the middle, early enough that two groups may be lost with each kill.
    for kill in range(3):
        before = len(home.requests())
        home.start(broker__group_size=group_size)
        wanted = moments.randrange(1, ROWS // 8) + before
        until(lambda wanted=wanted: len(home.requests()) >= wanted, f"{wanted} orders at the counter")  # type: ignore[misc]
        arrived = killed(home, before)
        assert kill > 0 or arrived < ROWS, "the kill came too late to be one in the middle"
    at_rest(home)
    (receipt,) = home.receipts("big.csv")
    assert whole(receipt, ROWS)
    check_all(home, ROWS)
    assert [path.read_bytes() for path in home.archived("accepted")] == [text.encode()]
    assert list(home.inbox.iterdir()) == []
    contents = {(int(quantity), float(price)) for _, _, _, quantity, price, _ in (row.split(",") for row in rows)}
    assert len(contents) == ROWS
    missing_are_taken_again(home, "big.csv", text, contents)


PHASES: dict[str, Callable[[Home, str], bool]] = {
    "as soon as it lives": lambda home, name: "filebridge runs" in home.said_last(),
    "when the file is claimed": lambda home, name: not (home.inbox / name).exists(),
    "when the file is recorded": lambda home, name: any(name in bytes_of(path).decode() for path in home.event_files()),
    "when the file is archived": lambda home, name: any(
        path.name.startswith(Path(name).stem) for path in home.archived("accepted")
    ),
    "when the receipt is there": lambda home, name: home.receipts(name) != [],
}


def test_killed_on_the_way_of_a_file(home: Home) -> None:
    """At each phase of a file of its own; the next start has to cope with what all the kills before it left."""
    texts: dict[str, str] = {}
    for number, phase in enumerate(PHASES):
        name = f"phase {number}.csv"
        # No two rows of all the files ask for the same.
        texts[name] = orders_file(*rows_of(f"phase {number}", 60, 60 * number), header=HEADER)
        home.drop(name, texts[name])
        before = len(home.requests())
        home.start(broker__group_size=5)
        until(lambda name=name, phase=phase: PHASES[phase](home, name), phase)  # type: ignore[misc]
        killed(home, before)
    at_rest(home)
    for name in texts:
        (receipt,) = home.receipts(name)
        assert whole(receipt, 60), name
    check_all(home, 60 * len(texts))
    rested = {path.name.partition(".")[0] + ".csv": path.read_bytes().decode() for path in home.archived("accepted")}
    assert rested == texts
    assert list(home.inbox.iterdir()) == []


# Of so many files at once threads write the receipts and bring the files to rest.
@pytest.mark.parametrize("point", ["outbox.replace:kill:51", "archive.unlink:kill:25"])
def test_killed_while_threads_are_at_work_on_many_files(
    home: Home, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"many {number}.csv" for number in range(40)]
    for number, name in enumerate(names):
        home.drop(name, orders_file(f"M{number},600000.SH,BUY,100,{10.51 + number / 100:.2f}"))
    monkeypatch.setenv(VARIABLE, f"{point}:{home.folder.with_name('hit')}")
    assert home.once().returncode not in (0, 1)
    assert home.folder.with_name("hit").exists()
    monkeypatch.delenv(VARIABLE)
    at_rest(home)
    check_all(home, len(names))
    for name in names:
        (receipt,) = home.receipts(name)
        assert whole(receipt, 1), name
    assert len(home.archived("accepted")) == len(names)
    assert list(home.inbox.iterdir()) == []


def test_a_file_that_came_while_nothing_ran_is_taken_at_the_start(home: Home) -> None:
    home.ready().kill()
    home.drop("meanwhile.csv", orders_file("M-1,600000.SH,BUY,100,10.51"))
    assert home.once().returncode == 0
    assert [row["status"] for row in home.orders()] == ["FILLED"]
