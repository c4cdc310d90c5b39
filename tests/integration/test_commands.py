"""Stale files, halts, refusals to start, dry runs, and reports made again: what a person does around the trading."""

import os
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from filebridge.app import now
from tests.integration.homes import Home, orders_file, run_program, until
from tests.windows.marks import not_wine

GOOD = "600000.SH,BUY,100,10.51"
DATED = "client_order_id,symbol,side,quantity,limit_price,trade_date"


def test_a_stale_file_is_set_aside_until_it_is_released(home: Home) -> None:
    text = orders_file(f"old-1,{GOOD}", f"old-2,{GOOD}")
    home.drop("old.csv", text)
    # Old in every time that a file has, and no test can set the inode's: so the limit is short.
    threading.Event().wait(1.2)
    home.ready(inbox__max_file_age=1, outbox__report_seconds=0.1)
    receipt = home.receipt_no(1, "old.csv")
    assert receipt.outcomes == ["QUARANTINED"]
    assert receipt.codes == ["FILE_STALE"]
    assert "filebridge release old.csv" in receipt.rows[0]["message"]
    assert "filebridge release old.csv" in receipt.rows[0]["message_zh"]
    assert home.resting(receipt).read_bytes() == text.encode()
    assert home.archived("quarantined") == [home.resting(receipt)]
    # A fresh one is traded all the same.
    assert home.trade("fresh.csv", orders_file(f"fresh,{GOOD}")).outcomes == ["ACCEPTED"]
    assert home.command("release", "no such.csv").returncode == 1
    done = home.command("release", "old.csv", "--by", "李雷")
    assert done.returncode == 0, done.stdout + done.stderr
    released = home.receipt_no(2, "old.csv")
    assert released.outcomes == ["ACCEPTED"] * 2
    home.wait_for_status("old-2", "FILLED")
    assert home.resting(released).read_bytes() == text.encode()
    assert home.archived("quarantined") == []
    # Once: a second word finds nothing.
    assert home.command("release", "old.csv").returncode == 1
    assert len(home.requests()) == 3
    assert [(row["name"], row["outcome"]) for row in home.json_of("files")] == [
        ("old.csv", "QUARANTINED"),
        ("fresh.csv", "ACCEPTED"),
        ("old.csv", "ACCEPTED"),
    ]


@not_wine
def test_a_file_copied_with_its_old_time_is_fresh(home: Home) -> None:
    # Its age counts from when it came, as every copy keeps the time of the original.
    path = home.drop("copied.csv", orders_file(f"copied,{GOOD}"))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert home.once().returncode == 0
    assert [row["status"] for row in home.orders()] == ["FILLED"]


def test_a_file_of_an_earlier_day(shared: Home) -> None:
    yesterday = (now() - timedelta(days=1)).date().isoformat()
    rows = (f"day-1,{GOOD},", f"day-2,{GOOD},{yesterday}")
    receipt = shared.trade("yesterday.csv", orders_file(*rows, header=DATED))
    assert receipt.codes == ["FILE_OF_EARLIER_DATE"]
    assert receipt.outcomes == ["QUARANTINED"]
    assert yesterday in receipt.rows[0]["message"]
    assert yesterday in receipt.rows[0]["message_zh"]
    # Its rows could only expire, so it is not let in, and says why; nor would a release of its bytes help.
    done = shared.command("release", "yesterday.csv")
    assert done.returncode == 1
    assert "Correct the column trade_date".lower() in done.stdout.lower()
    assert f"交易日 {yesterday}" in done.stdout
    assert shared.resting(receipt).exists()
    assert not [row for row in shared.orders() if row["client_order_id"].startswith("day-")]


def test_a_halt_holds_until_it_is_lifted(shared: Home) -> None:
    shared.trade("works.csv", orders_file("works,600000.SH,BUY,100,9.51"))
    shared.wait_for_status("works", "ACCEPTED")
    done = shared.command("halt", "--reason", "the market looks odd", "--by", "韩梅梅")
    assert done.returncode == 0
    assert "已完成" in done.stdout
    receipt = shared.trade("halted.csv", orders_file(f"halted,{GOOD}"))
    assert (receipt.outcomes, receipt.codes) == (["DENIED"], ["HALTED"])
    assert "韩梅梅" in receipt.rows[0]["message_zh"]
    status = until(lambda: shared.status_since(0) if shared.status_since(0)["halted"] else None, "the halt in status")
    assert status["halt_reason"] == "the market looks odd"
    # Cancels go on while sending is halted.
    assert shared.command("cancel", "works").returncode == 0
    shared.wait_for_status("works", "CANCELED")
    # Without a reason, and while the file lies there, nobody resumes.
    assert shared.command("resume", "--reason", " ").returncode == 1
    (shared.folder / "control" / "HALT.txt").write_text("by hand\n", encoding="utf-8")
    refused = until(lambda: _refused(shared), "the file to be seen")
    assert "HALT.txt" in refused
    (shared.folder / "control" / "HALT.txt").unlink()
    until(lambda: not _refused(shared), "its absence to be seen")
    # What was denied never goes by itself.
    shared.trade("after.csv", orders_file(f"after,{GOOD}"))
    shared.wait_for_status("after", "FILLED")
    assert shared.sent_for(receipt.tags) == []
    kinds = [event["kind"] for event in shared.events()]
    assert (kinds.count("HALTED"), kinds.count("RESUMED")) == (1, 1)


def _refused(home: Home) -> str:
    """What `resume` says if it is refused."""
    done = home.command("resume", "--by", "韩梅梅", "--reason", "looked at")
    return done.stdout if done.returncode else ""


def test_a_halt_without_a_bridge_holds_from_the_next_start(home: Home) -> None:
    done = home.command("halt", "--reason", "not today")
    assert done.returncode == 2
    assert "No answer" in done.stderr
    home.drop("waits.csv", orders_file(f"waits,{GOOD}"))
    assert home.once().returncode == 1
    assert home.requests() == []
    assert home.order("waits")["reason_code"] == "HALTED"
    # It holds over starts.
    home.ready(outbox__report_seconds=0.1)
    assert home.status_since(0)["halted"] is True
    assert home.trade("too.csv", orders_file(f"too,{GOOD}")).codes == ["HALTED"]
    assert home.command("resume", "--reason", "today after all").returncode == 0
    # Denied is not used up: its id is free.
    home.trade("waits.csv", orders_file(f"waits,{GOOD}"))
    home.wait_for_status("waits", "FILLED")


def test_a_second_bridge_refuses_to_start(shared: Home) -> None:
    for words in (("run", "--once"), ("rebuild",)):
        done = shared.command(*words)
        assert done.returncode == 2
        assert "another bridge runs" in done.stderr
        assert "已有 filebridge 在运行" in done.stderr
    assert shared.bridge is not None
    assert shared.bridge.poll() is None


def test_outside_a_home_nothing_starts(tmp_path: Path) -> None:
    for words in (("run", "--once"), ("orders",), ("halt", "--reason", "x")):
        done = run_program(*words, "--home", str(tmp_path))
        assert done.returncode == 2
        assert "is not a filebridge home" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_home_is_made_once(home: Home) -> None:
    settings = home.folder / "filebridge.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    done = run_program("init", str(home.folder))
    assert done.returncode == 2
    assert "# mine" in settings.read_text(encoding="utf-8")


def test_an_unknown_setting_is_refused_with_the_nearest(home: Home) -> None:
    done = home.command("run", "--once", inbox__max_file_agee=5)
    assert done.returncode == 2
    assert "did you mean max_file_age?" in done.stderr
    assert home.command("run", "--once", broker__mode="papper").returncode == 2


def test_check_sends_nothing(shared: Home, tmp_path: Path) -> None:
    shared.trade("checked.csv", orders_file(f"check-1,{GOOD}"))
    shared.wait_for_status("check-1", "FILLED")
    before = len(shared.requests()), len(shared.json_of("files")), len(shared.orders())
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(orders_file(f"check-1,{GOOD}", f"check-2,{GOOD}"))
    bad.write_text(orders_file("check-3,SPAM,BUY,100,10.51"))
    done = shared.command("check", str(good), "--json")
    assert done.returncode == 0, done.stderr
    assert '"DUPLICATE"' in done.stdout
    assert '"ACCEPTED"' in done.stdout
    done = shared.command("check", str(good), str(bad))
    assert done.returncode == 1
    assert "SPAM" in done.stdout
    assert (len(shared.requests()), len(shared.json_of("files")), len(shared.orders())) == before
    assert good.exists()


def test_check_works_before_the_first_run(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "first.csv"
    path.write_text(orders_file(f"first,{GOOD}"))
    assert home.command("check", str(path)).returncode == 0
    assert not (home.folder / "ledger.sqlite").exists()


def test_rebuild_makes_the_same_outbox(home: Home) -> None:
    home.drop("a.csv", orders_file(f"a-1,{GOOD}", "a-2,000001.SZ,SELL,200,11.60", "a-3,600000.SH,BUY,100,99.99"))
    assert home.once().returncode == 1
    home.drop("a.csv", orders_file(f"a-1,{GOOD}", f"a-4,{GOOD}"))
    home.drop("b.csv", orders_file(f"b-1,{GOOD},=x", header="client_order_id,symbol,side,quantity,limit_price,note"))
    home.drop("c.csv", orders_file("c-1,SPAM,BUY,none,x"))
    home.drop("d.csv", orders_file("cancel,a-1", "cancel,nobody", header="action,orig_client_order_id"))
    assert home.once().returncode == 1
    before = outbox(home)
    assert sum(name.endswith(".receipt.csv") for name in before) == 5
    assert {name.partition("-2")[0] for name in before if ".receipt." not in name} == {
        *("orders", "fills", "events", "positions-10000001.csv", "asset-10000001.csv", "status.json")
    }
    for path in home.outbox.iterdir():
        path.unlink()
    done = home.command("rebuild")
    assert done.returncode == 0, done.stderr
    after = outbox(home)
    # The status says how a bridge is, not what happened.
    assert after.keys() == before.keys() - {"status.json"}
    assert {name for name in after if after[name] != before[name]} == set()
    assert home.command("verify").returncode == 0


def outbox(home: Home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.outbox.iterdir()}


def test_verify_finds_a_changed_ledger(home: Home) -> None:
    home.drop("a.csv", orders_file(f"a-1,{GOOD}"))
    assert home.once().returncode == 0
    path = home.folder / "ledger.sqlite"
    data = path.read_bytes()
    changed = data.replace(b'"limit_price":"10.51"', b'"limit_price":"10.41"')
    assert changed != data, "the change must hit an event"
    path.write_bytes(changed)
    done = home.command("verify")
    assert done.returncode == 1
    assert "was changed" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there the native module exists: tests/windows/test_live.py")
def test_live_connects_reports_and_denies(home: Home) -> None:
    home.drop("live.csv", orders_file(f"live-1,{GOOD}", "live-2,000001.SZ,SELL,100,11.60"))
    done = home.once(broker__mode="live")
    assert done.returncode == 1, done.stderr
    (receipt,) = home.receipts("live.csv")
    assert receipt.outcomes == ["DENIED"] * 2
    assert receipt.codes == ["LIVE_NOT_ARMED"] * 2
    assert "not armed" in receipt.rows[0]["message"]
    assert "未解锁" in receipt.rows[0]["message_zh"]
    assert [row["status"] for row in home.orders()] == ["DENIED"] * 2
    # The real native module is not for this machine, and the simulator must not step in.
    assert "native module cannot be loaded" in done.stdout
    assert "无法加载 xtquant 的本地模块" in done.stdout
    assert not (home.userdata / "journal.jsonl").exists()
    status = home.status_since(0)
    assert (status["mode"], status["connected"]) == ("live", False)
    # What was denied may be dropped again, in paper.
    home.drop("live.csv", orders_file(f"live-1,{GOOD}"))
    assert home.once().returncode == 0
    # By the exchange's calendar it may have been an order of another day.
    assert sorted(row["status"] for row in home.orders()) == ["DENIED", "DENIED", "FILLED"]


def test_a_row_for_the_other_mode_is_refused(home: Home) -> None:
    header = "client_order_id,symbol,side,quantity,limit_price,mode"
    home.drop("modes.csv", orders_file(f"m-1,{GOOD},paper", f"m-2,{GOOD},实盘", header=header))
    assert home.once().returncode == 1
    assert home.receipts("modes.csv")[0].codes == ["FILE_HAS_OTHER_PROBLEMS", "MODE_MISMATCH"]
    assert home.requests() == []


def test_a_ledger_that_cannot_be_written_ends_the_program_and_says_so(home: Home, tmp_path: Path) -> None:
    """On a full disk nothing leaves that is not recorded: the program ends, and so does every start until there is
    room."""
    home.drop("first.csv", orders_file(f"first,{GOOD}"))
    assert home.once().returncode == 0
    for number, when in enumerate(("4", "1")):
        home.drop(f"full-{number}.csv", orders_file(f"full-{number},{GOOD}"))
        done = home.once(failpoint=f"ledger.write:enospc:{when}:{tmp_path / when}")
        assert done.returncode == 2, done.stdout
        assert "账本无法写入" in done.stderr
        assert "Make room on the disk" in done.stderr
        assert "请释放磁盘空间" in done.stderr
        assert "Traceback" not in done.stderr
        status = home.status_since(0)
        assert status["connected"] is False
        assert "不再发送" in status["problems"][0]
    assert home.once().returncode == 0
    assert [home.order(f"full-{number}")["status"] for number in (0, 1)] == ["FILLED"] * 2
    assert len(home.requests()) == 3
    assert home.command("verify").returncode == 0


def test_status_and_positions_say_how_things_stand(home: Home) -> None:
    assert home.command("status").returncode == 2
    home.ready(outbox__report_seconds=0.1)
    home.trade("buys.csv", orders_file(f"buys,{GOOD}"))
    home.wait_for_status("buys", "FILLED")
    done = home.command("status")
    assert done.returncode == 0, done.stdout
    assert "broker 券商: connected 已连接" in done.stdout
    assert home.command("halt", "--reason", "a look first").returncode == 0
    until(lambda: home.status_since(0)["halted"], "the halt in status.json")
    done = home.command("status")
    assert done.returncode == 1
    assert "HALTED 已暂停发送" in done.stdout
    assert "a look first" in done.stdout
    held = until(
        lambda: [row for row in home.json_of("positions")[0]["positions"] if row["symbol"] == "600000.SH"], "it"
    )
    assert f"{held[0]['quantity']}" in home.command("positions").stdout
    assert "总资产" in home.command("positions").stdout
