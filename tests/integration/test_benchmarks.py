"""The benchmark's own verification: it must fail when an order is dropped, doubled or changed, and only then."""

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks run on Linux only")
if sys.platform == "linux":
    from benchmarks import verify
    from benchmarks.__main__ import main
    from benchmarks.bench import Bench, Scenario
    from benchmarks.ledgers import copy_day
    from benchmarks.orders import order_file, order_line
    from benchmarks.sizes import QUICK
    from filebridge.app import LEDGER
    from filebridge.ledger.verify import verify as verify_ledger
    from filebridge.ledger.views import LedgerReader

ORDERS = 8
KEY = "flood.lost"


def faithful(bench: "Bench") -> None:
    side = bench.by_hand(is_async=True)
    bench.start(side)
    side.drop_orders("a.csv", range(ORDERS))
    side.received_all()
    bench.report(KEY, ours=0.0, value=0.0)


def one_dropped(bench: "Bench") -> None:
    side = bench.by_hand(is_async=True)
    bench.start(side)
    side.fault(drop_next_requests=1)
    side.drop_orders("a.csv", range(ORDERS))
    side.received_all()
    bench.report(KEY, ours=0.0, value=0.0)


def one_doubled(bench: "Bench") -> None:
    side = bench.by_hand(is_async=True)
    bench.start(side)
    side.drop_orders("a.csv", range(ORDERS))
    side.received_all()
    # Behind the benchmark's back: no file that it knows of asks for this order twice.
    (side.inbox / "again.csv.part").write_text(order_file([ORDERS - 1]), encoding="utf-8")
    (side.inbox / "again.csv.part").rename(side.inbox / "again.csv")
    bench.deadline.until(lambda: side.arrivals.total() > ORDERS, "the second one")
    bench.report(KEY, ours=0.0, value=0.0)


def too_slow(bench: "Bench") -> None:
    side = bench.by_hand(is_async=False)
    # Nobody watches the inbox.
    side.start_counter()
    side.drop_orders("a.csv", range(ORDERS))
    bench.report(KEY, ours=0.0, value=0.0)
    bench.deadline.end()
    side.received_all()


def breaks(_bench: "Bench") -> None:
    raise ZeroDivisionError("nothing can be said of this one")


@pytest.mark.parametrize(
    ("run", "code", "met", "said"),
    [
        (faithful, 0, True, ""),
        (one_dropped, 1, True, "never received"),
        (one_doubled, 1, True, "no file asked for it"),
        (too_slow, 0, False, ""),
        (breaks, 1, False, "ZeroDivisionError"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_only_a_failed_verification_ends_with_another_code_than_0(
    tmp_path: Path, run: Callable[["Bench"], None], code: int, met: bool, said: str
) -> None:
    results = tmp_path / "results.json"
    scenario = Scenario(run.__name__, run, (KEY,), 30)
    assert main(["--quick", "--folder", str(tmp_path), "--results", str(results)], [scenario]) == code
    written = json.loads(results.read_bytes())
    (row,) = written["rows"]
    assert row["met"] is met
    assert said in " ".join(written["verification"])
    assert bool(said) == bool(written["verification"])


def test_the_journal_is_compared_as_a_multiset(tmp_path: Path) -> None:
    lines = [_journal_line(number) for number in range(ORDERS)]
    wanted = verify.expected(order_file(range(ORDERS)))

    def found(*journal: str) -> str:
        (tmp_path / "journal.jsonl").write_text("".join(journal), encoding="utf-8")
        return " ".join(verify.problems(wanted, tmp_path))

    assert found(*lines) == ""
    assert "never received" in found(*lines[1:])
    assert "no file asked for it" in found(*lines, lines[0].replace('"B0000000"', '"other"'))
    assert "under one tag" in found(*lines, lines[0])
    # As many as were asked for, and yet not the same.
    replaced = found(*lines[1:], lines[1].replace('"B0000001"', '"other"'))
    assert "never received" in replaced
    assert "no file asked for it" in replaced
    assert "never received" in found(lines[0].replace('"order_volume": 100', '"order_volume": 200'), *lines[1:])


def _journal_line(number: int) -> str:
    name, symbol, _, quantity, price = order_line(number).split(",")
    row = {"kind": "order", "stock_code": symbol, "order_type": 23, "order_volume": int(quantity), "price_type": 11}
    row |= {"price": float(price), "order_remark": name}
    return json.dumps(row).replace('"kind": "order"', '"kind":"order"') + "\n"


def test_a_copied_ledger_is_whole(tmp_path: Path) -> None:
    copies = 3
    bench = Bench(tmp_path, QUICK, 60)
    template = bench.filebridge()
    try:
        bench.start(template)
        template.drop_orders("day.csv", range(ORDERS))
        template.received_all()
        template.filled_all()
    finally:
        bench.close(is_complete=True)
    assert bench.problems == []
    copy = tmp_path / LEDGER
    copy_day(template.folder / LEDGER, copy, copies, date(2026, 1, 9))
    found = verify_ledger(copy)
    assert found.problems == []
    reader = LedgerReader(copy)
    orders = list(reader.order_rows(None))
    reader.close()
    assert found.events > len(orders) == ORDERS * copies
    assert {row["trade_date"] for row in orders} == {"2026-01-07", "2026-01-08", "2026-01-09"}
    assert {row["status"] for row in orders} == {"FILLED"}
