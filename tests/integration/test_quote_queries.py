"""Questions for prices: one report for those of a file, each price with its source and age; what is old or not there is
said."""

from datetime import timedelta

from filebridge.app import now
from tests.integration.homes import Home, orders_file
from tests.integration.test_queries import answer

HEADER = "action,query,symbol"


def test_the_prices_of_a_file_stand_in_one_report(home: Home) -> None:
    moment, long_ago = now(), now() - timedelta(hours=1)
    lines = (
        "symbol,at,prev_close,last,bid,ask,limit_down,limit_up",
        f"600000.SH,{moment:%Y-%m-%d %H:%M:%S},10.45,10.50,10.49,10.51,9.41,11.50",
        f"000001.SZ,{long_ago:%Y-%m-%d %H:%M:%S},11.60,11.65,11.64,11.65,10.44,12.76",
    )
    (home.folder / "quotes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    home.ready(quotes__sources='["file"]', risk__quote_age_max=1800, broker__answer_seconds=1)
    asked = ("query,quotes,600000.SH", "查询,行情,000001.SZ", "query,positions,", "query,quotes,601318.SH")
    receipt = home.trade("ask.csv", orders_file(*asked, header=HEADER))
    assert receipt.codes == ["QUERY_ASKED"] * 4
    fresh, old, unknown = answer(home, receipt.path, 2, "quotes")
    assert (fresh["symbol"], fresh["source"], fresh["reason_code"]) == ("600000.SH", "file", "")
    assert (fresh["last"], fresh["bid_1"], fresh["ask_1"], fresh["limit_up"]) == ("10.5", "10.49", "10.51", "11.5")
    assert 0 <= float(fresh["age_seconds"]) < 60
    # What no order would be judged by is shown all the same, and said to be old.
    assert (old["symbol"], old["last"], old["reason_code"]) == ("000001.SZ", "11.65", "QUERY_QUOTE_STALE")
    assert float(old["age_seconds"]) >= 3600
    assert (unknown["symbol"], unknown["last"], unknown["reason_code"]) == ("601318.SH", "", "QUERY_QUOTE_MISSING")
    assert "无此证券" in unknown["message_zh"]
    assert answer(home, receipt.path, 4, "positions") != []
    assert home.command("verify").returncode == 0


def test_the_simulated_market_is_asked_and_a_question_outlives_the_bridge(home: Home) -> None:
    home.ready().stop()
    home.drop("ask.csv", orders_file("query,quotes,600000.SH", header=HEADER))
    # No worker connects in so short a time, and nobody else knows a price.
    home.start(broker__connect_seconds=0.01)
    receipt = home.receipt_no(1, "ask.csv")
    home.kill()
    home.ready()
    (row,) = answer(home, receipt.path, 2, "quotes")
    assert (row["source"], row["last"], row["reason_code"]) == ("simulator", "10.5", "")
    assert [event["body"]["is_end"] for event in home.events() if event["kind"] == "QUERIED"] == [True]
