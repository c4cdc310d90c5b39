"""`check` beside a running bridge: what it foretells is what then happens, prices from the market included."""

import json
from pathlib import Path
from typing import Any

from filebridge.simulator import server
from tests.integration.homes import Home, Row, orders_file

HEADER = "action,client_order_id,orig_client_order_id,symbol,side,quantity,order_type,limit_price,price_offset"
SOURCE = {"quotes__sources": '["simulator"]'}


def checked(home: Home, path: Path) -> list[Row]:
    done = home.command("check", str(path), "--json", **SOURCE)
    found: dict[str, list[Row]] = json.loads(done.stdout)
    return found[str(path)]


def test_what_check_foretells_is_what_the_bridge_does(home: Home, tmp_path: Path) -> None:
    home.ready(**SOURCE)
    home.trade("first.csv", orders_file("W-1,000001.SZ,SELL,15000,12.50", "W-2,600000.SH,BUY,100,9.50"))
    for name in ("W-1", "W-2"):
        home.wait_for_status(name, "ACCEPTED")
    rows = (
        *("order,F-1,,600000.SH,BUY,100,OPPOSITE_1,,+2t", "order,F-2,,000001.SZ,SELL,5000,LIMIT,12.50,"),
        *("order,F-3,,000001.SZ,SELL,5000,LIMIT,12.51,", "order,F-4,,510300.SH,BUY,100,LATEST,,"),
        *("order,F-5,,601318.SH,BUY,100,LIMIT,47.50,", "cancel,,F-5,,,,,,", "cancel_all,,,600000.SH,,,,,"),
    )
    path = tmp_path / "second.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    foretold: dict[str, Any] = {row["client_order_id"]: row for row in checked(home, path) if row["action"] == "order"}
    *_, last = checked(home, path)
    # What the file itself orders of that symbol is open by then, too.
    assert last["about"] == "W-2: BUY 100 600000.SH @ 9.5; F-1: BUY 100 600000.SH"
    fates = {"F-1": "CANCELED", "F-2": "SENT", "F-3": "DENIED", "F-4": "SENT", "F-5": "CANCELED"}
    assert {name: row["foreseen"] for name, row in foretold.items()} == fates
    home.trade("second.csv", path.read_text(encoding="utf-8"))
    home.wait_for_status("F-2", "ACCEPTED")
    assert (
        home.wait_for_status("F-3", "DENIED")["reason_code"] == foretold["F-3"]["reason_code"] == "SELLABLE_NOT_ENOUGH"
    )
    bound = home.wait_for_status("F-4", "FILLED")["limit_price"]
    assert foretold["F-4"]["price"] == f"LATEST ≤ {bound}"
    for name in ("F-1", "F-5"):
        assert home.wait_for_status(name, "CANCELED")["submitted_at"] == ""
    home.wait_for_status("W-2", "CANCELED")


def test_prices_are_the_markets_or_the_newest_on_the_ledger(home: Home, tmp_path: Path) -> None:
    home.ready(**SOURCE)
    path = tmp_path / "levels.csv"
    rows = ("order,P-1,,600000.SH,BUY,100,OPPOSITE_1,,+2t", "order,P-2,,000001.SZ,SELL,200,OWN_1,,-0.1%")
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    before = {row["client_order_id"]: row for row in checked(home, path)}
    assert all(row["foreseen"] == "SENT" and row["quote"].startswith("simulator ") for row in before.values())
    home.trade("levels.csv", path.read_text(encoding="utf-8"))
    for name in ("P-1", "P-2"):
        assert home.wait_for_status(name, "FILLED", "ACCEPTED")["limit_price"] == before[name]["price"]

    # With no market to ask, what the bridge recorded last counts; of what it never asked for nothing is known.
    home.stop()
    server.stop(home.userdata)
    rows = ("order,P-3,,600000.SH,BUY,100,OPPOSITE_1,,+2t", "order,P-4,,510300.SH,BUY,100,OWN_1,,")
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    known, unknown = checked(home, path)
    assert (known["foreseen"], known["price"]) == ("SENT", before["P-1"]["price"])
    assert (unknown["foreseen"], unknown["price"], unknown["quote"]) == ("SENT", "", "")
    (note,) = unknown["notes"]
    assert "No price of the security is known here: simulator" in note["message"]
    assert "目前不知道该证券的行情" in note["message_zh"]
