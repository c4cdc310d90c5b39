"""All of a day's new issues in one row: an order for each, at the largest size, never a second one."""

from datetime import timedelta

from filebridge.app import now
from tests.integration.homes import Home, Receipt, Row, orders_file, until

HEADER = "client_order_id,symbol,side,quantity,start_at"
# What the simulated market offers every day; 20,000 shares of 600000.SH at 10.50 allot 21,000 in Shanghai.
ISSUES = {"780816.SH": (21_000, 4.88), "787981.SH": (21_000, 27.46)}
EACH = [f"N-1-{symbol}" for symbol in ISSUES]


def answered(home: Home, name: str, rows: int, number: int = 1) -> Receipt:
    """The receipt of a file once it has so many rows: it is written a second time with the broker's answer."""

    def there() -> Receipt | None:
        # Each of its two files is replaced by itself.
        whole = [each for each in home.receipts(name) if len(each.rows) == len(each.whole["rows"])]
        return whole[number - 1] if len(whole) >= number and len(whole[number - 1].rows) == rows else None

    return until(there, f"{rows} rows in the receipt of {name}")


def subscriptions(home: Home) -> list[tuple[str, int, float]]:
    return sorted((line["stock_code"], line["order_volume"], line["price"]) for line in home.requests())


ALL_SENT = [(symbol, quantity, price) for symbol, (quantity, price) in ISSUES.items()]


def outcomes(receipt: Receipt) -> list[tuple[str, str, str]]:
    return [(row["symbol"], row["outcome"], row["reason_code"]) for row in receipt.rows]


def test_each_issue_gets_an_order_at_its_largest_size_and_none_a_second_one(shared: Home) -> None:
    first = shared.trade("issues.csv", orders_file("N-1,全部,新股申购,顶格,", header=HEADER))
    assert (first.codes[0], first.rows[0]["symbol"]) == ("ISSUES_ASKED", "ALL")
    receipt = answered(shared, "issues.csv", 3)
    assert outcomes(receipt)[1:] == [(symbol, "ACCEPTED", "") for symbol in ISSUES]
    assert [row["client_order_id"] for row in receipt.rows] == ["N-1", *EACH]
    assert receipt.whole["rows"][1]["quantity"] == 21_000
    assert receipt.end[-1] == receipt.whole["chain_head"]
    for name in EACH:
        shared.wait_for_status(name, "ACCEPTED", "FILLED")
    assert subscriptions(shared) == ALL_SENT
    # The same file again, and another one under another id.
    shared.trade("issues.csv", orders_file("N-1,全部,新股申购,顶格,", header=HEADER))
    again = answered(shared, "issues.csv", 3, number=2)
    assert outcomes(again)[1:] == [(symbol, "DUPLICATE", "ISSUE_SUBSCRIBED_ALREADY") for symbol in ISSUES]
    assert again.tags[1:] == receipt.tags[1:]
    shared.trade("other.csv", orders_file("N-9,787981.SH,SUBSCRIBE,MAX,", header=HEADER))
    assert outcomes(answered(shared, "other.csv", 2))[1:] == [("787981.SH", "DUPLICATE", "ISSUE_SUBSCRIBED_ALREADY")]
    assert subscriptions(shared) == ALL_SENT
    assert shared.command("verify").returncode == 0


def test_check_asks_nobody_and_says_what_it_would_ask(shared: Home) -> None:
    path = shared.folder / "to-check.csv"
    path.write_text(orders_file("N-7,ALL,SUBSCRIBE,MAX,", header=HEADER), encoding="utf-8")
    before = len(shared.requests("query_offerings"))
    said = shared.command("check", str(path)).stdout
    assert "would subscribe to the day's issues" in said
    assert len(shared.requests("query_offerings")) == before


def test_no_issue_of_that_kind_is_said(shared: Home) -> None:
    shared.trade("bonds.csv", orders_file("N-2,ALL_BONDS,新债申购,,", header=HEADER))
    receipt = answered(shared, "bonds.csv", 2)
    assert outcomes(receipt)[1] == ("ALL_BONDS", "ACCEPTED", "ISSUES_NONE")


def test_a_cancel_finds_rows_of_later_days_one_issue_of_all_and_orders_that_a_row_became(home: Home) -> None:
    home.ready(approval__required="always")
    cancel = "action,orig_client_order_id\ncancel,"
    tomorrow = (now() + timedelta(days=1)).date().isoformat()
    of_days = HEADER.replace("start_at", "trade_date")
    home.trade("tomorrow.csv", orders_file(f"N-6,ALL,SUBSCRIBE,,{tomorrow}", header=of_days))
    assert home.trade("stop-6.csv", f"{cancel}N-6\n").codes == ["CANCEL_ALL_TAKEN"]
    assert answered(home, "tomorrow.csv", 2).codes[1] == "CANCELED_BEFORE_ARRIVAL"
    home.trade("later.csv", orders_file("N-7,ALL,SUBSCRIBE,,23:59:59", header=HEADER))
    one = home.trade("stop-one.csv", "action,symbol\ncancel_all,787981.SH\n")
    assert (one.codes, "N-7-787981.SH" in one.rows[0]["message"]) == (["CANCEL_ALL_TAKEN"], True)
    marks = [event["body"]["client_order_id"] for event in home.events() if event["kind"] == "CANCEL_MARK"]
    assert marks[-1] == "N-7-787981.SH"
    home.trade("held.csv", orders_file("N-8,ALL,SUBSCRIBE,MAX,", header=HEADER))
    assert answered(home, "held.csv", 3).outcomes[1:] == ["HELD", "HELD"]
    assert home.trade("stop-8.csv", f"{cancel}N-8\n").codes == ["CANCEL_ALL_TAKEN"]
    for symbol in ISSUES:
        home.wait_for_status(f"N-8-{symbol}", "CANCELED")
    assert home.command("verify").returncode == 0


def test_a_cancel_holds_for_orders_that_are_still_to_come(shared: Home) -> None:
    rows = ("N-3,ALL,SUBSCRIBE,,23:59:59", "N-4,ALL,SUBSCRIBE,,23:59:59")
    shared.trade("later.csv", orders_file(*rows, header=HEADER))
    shared.trade("stop.csv", "action,orig_client_order_id\ncancel,N-3\n")
    (stopped,) = answered(shared, "later.csv", 3).rows[1:2]
    assert (stopped["client_order_id"], stopped["reason_code"]) == ("N-3", "CANCELED_BEFORE_ARRIVAL")
    said = shared.command("cancel", "--all")
    assert said.returncode == 0
    assert [row["reason_code"] for row in answered(shared, "later.csv", 4).rows if row["outcome"] == "DENIED"] == [
        "CANCELED_BEFORE_ARRIVAL",
        "CANCELED_BEFORE_ARRIVAL",
    ]
    assert shared.command("halt", "--reason", "enough").returncode == 0
    denied = shared.trade("halted.csv", orders_file("N-5,ALL,SUBSCRIBE,,", header=HEADER))
    assert (denied.outcomes, denied.codes) == (["DENIED"], ["HALTED"])


def test_a_crash_between_question_and_answer_makes_no_order_twice(home: Home) -> None:
    home.ready().stop()
    home.drop("issues.csv", orders_file("N-1,ALL,SUBSCRIBE,MAX,", header=HEADER))
    # After the question is recorded; before its answer is; and when the orders leave.
    for point in ("ledger.committed:kill:3", "ledger.commit:kill:4", "sending.submit:kill:1"):
        home.start(failpoint=f"{point}:{home.folder.with_name(point.replace(':', '-'))}")
        home.ended()
    home.ready()
    receipt = answered(home, "issues.csv", 3)
    assert outcomes(receipt)[1:] == [(symbol, "ACCEPTED", "") for symbol in ISSUES]
    assert home.twice() == []
    told: list[Row] = [event["body"] for event in home.events() if event["kind"] == "QUERIED"]
    assert [body["is_end"] for body in told].count(True) == 1
    assert {order["client_order_id"] for order in home.orders()} == set(EACH)
    assert home.command("verify").returncode == 0
