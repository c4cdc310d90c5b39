"""Questions to the broker: each answer is a file in outbox/ and stands in the ledger, also that none came."""

from pathlib import Path

from tests.integration.homes import ACCOUNT, Home, Row, orders_file, read_csv, until

HEADER = "action,query"


def answer(home: Home, receipt_path: Path, row: int, query: str) -> list[Row]:
    """The file that answers a row, once it is there."""
    stem = receipt_path.name.removesuffix(".receipt.csv")
    path = home.outbox / f"{stem}.query-{row}-{query}.csv"
    return read_csv(until(lambda: path if path.exists() else None, f"the answer {path.name}"))


def test_each_question_gets_a_file(shared: Home) -> None:
    shared.trade("orders.csv", orders_file("O-1,600000.SH,BUY,100,10.61", "O-2,600000.SH,BUY,300,9.70"))
    shared.wait_for_status("O-1", "FILLED")
    shared.wait_for_status("O-2", "ACCEPTED")
    rows = ("query,assets", "query,positions", "查询,委托", "query,trades", "query,ipo")
    receipt = shared.trade("ask.csv", orders_file(*rows, header=HEADER))
    assert receipt.outcomes == ["ACCEPTED"] * 5
    assert receipt.codes == ["QUERY_ASKED"] * 5
    assert ".query-2-assets.csv" in receipt.rows[0]["message_zh"]
    (asset,) = answer(shared, receipt.path, 2, "assets")
    assert (asset["account"], asset["reason_code"]) == (ACCOUNT, "")
    assert float(asset["total_asset"]) > 0
    held = {row["symbol"]: row["quantity"] for row in answer(shared, receipt.path, 3, "positions")}
    assert held["600000.SH"] == "20100"
    orders = answer(shared, receipt.path, 4, "orders")
    assert [(row["quantity"], row["status"], row["filled_qty"]) for row in orders] == [
        ("100", "FILLED", "100"),
        ("300", "WORKING", "0"),
    ]
    assert [row["tag"] for row in orders] == [shared.order("O-1")["tag"], shared.order("O-2")["tag"]]
    assert [row["last_qty"] for row in answer(shared, receipt.path, 5, "trades")] == ["100"]
    assert all(row["symbol"] and row["limit_sh"] for row in answer(shared, receipt.path, 6, "ipo"))
    assert shared.command("cancel", "O-2").returncode == 0
    shared.settled()


def test_no_answer_is_said_and_made_again_by_rebuild(home: Home) -> None:
    # No worker connects in so short a time.
    home.drop("ask.csv", orders_file("query,assets", header=HEADER))
    home.start(broker__answer_seconds=0.2, broker__connect_seconds=0.01)
    receipt = home.receipt_no(1, "ask.csv")
    (row,) = answer(home, receipt.path, 2, "assets")
    assert row["reason_code"] == "QUERY_NOT_ANSWERED"
    assert row["message_zh"]
    home.kill()
    before = {path.name: path.read_bytes() for path in home.outbox.glob("*.query-*.csv")}
    for path in home.outbox.glob("*.query-*.csv"):
        path.unlink()
    assert home.command("verify").returncode == 0
    assert home.command("rebuild").returncode == 0
    assert {path.name: path.read_bytes() for path in home.outbox.glob("*.query-*.csv")} == before


def test_what_was_asked_before_a_crash_is_answered_after_it(home: Home) -> None:
    home.ready().stop()
    done = home.folder.with_name("fault-happened")
    home.drop("ask.csv", orders_file("query,positions", header=HEADER))
    home.start(failpoint=f"ledger.committed:kill:3:{done}")
    home.ended()
    home.ready()
    receipt = home.receipt_no(1, "ask.csv")
    assert answer(home, receipt.path, 2, "positions") != []
    home.stop()
    told = [event["body"] for event in home.events() if event["kind"] == "QUERIED"]
    assert [body["is_end"] for body in told].count(True) == 1
    assert home.command("verify").returncode == 0
