"""Market data on an order's way: who asks for it, what it denies, and what of it stands on the ledger."""

import json
from datetime import timedelta

from filebridge.app import now
from tests.integration.homes import Home, Row, orders_file, until

HEADER = "symbol,at,prev_close,last,bid,ask,limit_down,limit_up"


def submitted(home: Home, receipt_tags: list[str]) -> list[Row]:
    """What the ledger recorded with the sending or the denial of each order."""

    def bodies() -> list[Row] | None:
        found = {row["tag"]: row["body"] for row in home.events() if row["body"].get("event") in ("SUBMIT", "DENY")}
        return [found[tag] for tag in receipt_tags] if found.keys() >= set(receipt_tags) else None

    return until(bodies, "every order to be sent or denied")


def quotes_file(home: Home, *rows: str) -> None:
    part = home.folder / "quotes.part"
    part.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    part.replace(home.folder / "quotes.csv")


def test_a_paper_home_asks_for_nothing(home: Home) -> None:
    receipt = home.ready().trade("plain.csv", orders_file("far,600000.SH,BUY,100,11.60"))
    (body,) = submitted(home, receipt.tags)
    assert (body["event"], "quote" in body) == ("SUBMIT", False)


def test_the_simulated_market_says_what_the_exchange_and_a_limit_would(home: Home) -> None:
    home.ready(quotes__sources='["terminal", "simulator"]', risk__price_from_last_percent_max=3)
    rows = (
        *("near,600000.SH,BUY,100,10.51", "caged,600000.SH,BUY,100,10.75"),
        *("far,600000.SH,BUY,100,11.00", "outside,600000.SH,BUY,100,11.60"),
        "lent,204001.SH,SELL,10,1.500",
    )
    receipt = home.trade("basket.csv", orders_file(*rows))
    near, caged, far, outside, lent = submitted(home, receipt.tags)
    assert near["quote"]["source"] == "simulator"
    assert (near["quote"]["prev_close"], near["quote"]["last"]) == ("10.45", "10.5")
    assert (near["quote"]["limit_down"], near["quote"]["limit_up"]) == ("9.41", "11.5")
    assert near["event"] == "SUBMIT"
    # The cage warns, and is not silent.
    assert (caged["event"], caged["reason_code"]) == ("SUBMIT", "PRICE_BEYOND_CAGE")
    assert caged["context"]["nearest"] == "10.71"
    assert (far["event"], far["reason_code"]) == ("DENY", "PRICE_FAR_FROM_LAST")
    assert far["quote"]["source"] == "simulator"
    assert (outside["event"], outside["reason_code"]) == ("DENY", "PRICE_OUTSIDE_LIMITS")
    assert outside["context"]["high"] == "11.5"
    # A rate is no price.
    assert (lent["event"], "quote" in lent) == ("SUBMIT", False)
    home.settled(but="lent")
    assert {line["price"] for line in home.requests()} == {10.51, 10.75, 1.5}
    shown = home.command("show", "caged").stdout
    assert "quote of simulator" in shown
    assert "price cage" in shown
    assert home.command("verify").returncode == 0


def test_what_a_file_says_is_believed_while_it_is_fresh(home: Home) -> None:
    moment, long_ago = now(), now() - timedelta(hours=1)
    quotes_file(
        home,
        f"600000.SH,{moment:%Y-%m-%d %H:%M:%S},10.45,10.50,10.49,10.50,9.41,11.50",
        f"000001.SZ,{long_ago:%Y-%m-%d %H:%M:%S},11.60,11.65,11.64,11.65,10.44,12.76",
        "510300.SH,today,,,,,,",
    )
    # An hour is the day's age; nobody waits here for longer than two seconds.
    home.ready(quotes__sources='["file"]', risk__quote_age_max=1800, broker__answer_seconds=2)
    rows = (
        *("known,600000.SH,BUY,100,10.51", "old,000001.SZ,BUY,100,11.66"),
        *("unread,510300.SH,BUY,100,4.012", "nowhere,601318.SH,BUY,100,52.11"),
    )
    receipt = home.trade("basket.csv", orders_file(*rows))
    known, old, unread, nowhere = submitted(home, receipt.tags)
    assert (known["event"], known["quote"]["source"]) == ("SUBMIT", "file")
    assert (old["reason_code"], old["context"]["source"]) == ("QUOTE_STALE", "file")
    assert float(old["context"]["age_seconds"]) >= 3600
    assert (unread["reason_code"], nowhere["reason_code"]) == ("QUOTE_MISSING", "QUOTE_MISSING")
    assert nowhere["context"]["text"] == "file does not know it"
    problems = until(lambda: json.loads((home.outbox / "status.json").read_text())["problems"], "a problem to be told")
    assert problems == ["quotes.csv: row 4: at 'today' is no time like 2026-11-20 10:00:00"]
    # A script writes it anew, and the next order is judged by that.
    quotes_file(home, f"000001.SZ,{moment:%Y-%m-%d %H:%M:%S},11.60,11.65,11.64,11.65,10.44,12.76")
    receipt = home.trade("again.csv", orders_file("new,000001.SZ,BUY,100,11.66"))
    (new,) = submitted(home, receipt.tags)
    assert (new["event"], new.get("reason_code"), new.get("context")) == ("SUBMIT", None, None)
    home.wait_for_status("new", "FILLED")
    assert len(home.requests()) == 2


def test_a_price_from_the_market_is_recorded_before_it_leaves_and_is_the_orders_price(home: Home) -> None:
    header = "client_order_id,symbol,side,quantity,order_type,price_offset"
    text = orders_file(
        *("up,600000.SH,BUY,100,OPPOSITE_1,+1t", "down,600000.SH,BUY,100,本方一档,-0.33%"),
        *("sale,000001.SZ,SELL,100,OPPOSITE_1,-0.33%", "empty,600000.SH,BUY,100,OPPOSITE_2,"),
        header=header,
    )
    receipt = home.ready().trade("levels.csv", text)
    up, down, sale, empty = submitted(home, receipt.tags)
    # A buy is rounded down, a sale up: never more aggressive than asked.
    assert [body["limit_price"] for body in (up, down, sale)] == ["10.51", "10.46", "11.62"]
    assert up["quote"]["asks"] == ["10.5"]
    assert (empty["reason_code"], empty["context"]["value"]) == ("PRICE_LEVEL_EMPTY", "OPPOSITE_2")
    home.wait_for_status("up", "FILLED")
    home.wait_for_status("down", "ACCEPTED")
    home.wait_for_status("sale", "FILLED")
    assert {line["order_remark"]: line["price"] for line in home.requests()} == dict(
        zip(receipt.tags, (10.51, 10.46, 11.62), strict=False)
    )
    # xttrader's number for a limit order.
    assert {line["price_type"] for line in home.requests()} == {11}
    down_row = home.order("down")
    assert (down_row["order_type"], down_row["limit_price"]) == ("OWN_1", "10.46")
    # What the row says is the same, wherever the price has gone.
    again = home.trade("levels.csv", text)
    assert again.outcomes[:3] == ["DUPLICATE"] * 3
    assert home.command("verify").returncode == 0
