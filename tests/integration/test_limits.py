"""The limits with the real program: what they stop never reaches the counter, over a kill as well, and lines keep."""

from pathlib import Path

from tests.integration.homes import Home, living_in, orders_file


def test_money_shares_and_the_days_number_end_before_the_counter_and_over_a_kill(tmp_path: Path) -> None:
    with living_in(Home.made(tmp_path / "home", cash=25_000)) as home:
        settings = {"risk__orders_per_day_max": 4, "outbox__report_seconds": 0.1}
        home.ready(**settings)
        basket = [f"A-{n},600000.SH,BUY,1000,10.51" for n in (1, 2, 3)]
        receipt = home.trade("basket.csv", orders_file(*basket, "A-4,600000.SH,SELL,20100,11.00"))
        assert receipt.outcomes == ["ACCEPTED"] * 4
        denied = home.wait_for_status("A-3", "DENIED")
        assert denied["reason_code"] == "CASH_NOT_ENOUGH"
        # Of the 22,000 shares those of today can be sold tomorrow.
        assert home.wait_for_status("A-4", "DENIED")["reason_code"] == "SELLABLE_NOT_ENOUGH"
        home.wait_for_status("A-2", "FILLED")
        home.kill()

        home.ready(**settings)
        later = [f"B-{n},600000.SH,BUY,100,9.80" for n in (1, 2, 3)]
        home.trade("later.csv", orders_file(*later))
        assert home.wait_for_status("B-3", "DENIED")["reason_code"] == "ORDERS_PER_DAY_EXCEEDED"
        home.wait_for_status("B-2", "ACCEPTED")
        assert len(home.requests()) == 4


def test_what_is_too_much_for_a_second_waits_in_its_order(home: Home) -> None:
    home.ready(risk__orders_per_second_max=4, outbox__report_seconds=0.1)
    first = home.trade("first.csv", orders_file(*(f"A-{n},600000.SH,BUY,{n}00,9.80" for n in range(1, 7))))
    second = home.trade("second.csv", orders_file("B-1,600000.SH,BUY,900,9.80"))
    home.wait_for_status("B-1", "ACCEPTED")
    assert [line["order_remark"] for line in home.requests()] == first.tags + second.tags
