"""Files from several folders, each with its own rules, in the real program."""

import hashlib
import hmac
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from filebridge import app
from filebridge.config import SETTINGS_FILE
from filebridge.inbox.claims import new_claim
from tests.integration.homes import ACCOUNT, Home, Receipt, orders_file, until

GOOD = "600000.SH,BUY,100,10.51"
ENTRIES = f"""
[[inbox.sources]]
name = "desk-a"
folder = "inbox/desk-a"
account = "{ACCOUNT}"
accounts = {{ "fund-1" = "{ACCOUNT}" }}
strategy = "alpha"
on_bad_row = "skip"
format = "csv"

[[inbox.sources]]
name = "夜盘"
folder = "night"
pattern = ["*.csv"]
policy = "rename"
watch = false
"""


def with_sources(home: Home, entries: str = ENTRIES) -> Home:
    settings = home.folder / SETTINGS_FILE
    settings.write_text(settings.read_text(encoding="utf-8") + entries, encoding="utf-8")
    return home


def drop(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    # Byte for byte what is signed: as text, Windows would write other line ends.
    part.write_bytes(text.encode())
    part.rename(folder / name)


def receipt_from(home: Home, source: str, name: str) -> Receipt:
    def there() -> list[Receipt]:
        return [found for found in home.receipts(name) if found.whole["source"] == source]

    return until(there, f"the receipt of {name} from {source}")[0]


def test_each_folder_has_its_own_rules_and_answers(home: Home) -> None:
    with_sources(home).ready(outbox__report_seconds=0.1)
    desk, night = home.inbox / "desk-a", home.folder / "night"
    # The same name and content in three folders: what differs is whose strategy it is.
    for quantity, folder in ((100, home.inbox), (200, desk), (300, night)):
        drop(folder, "same.csv", orders_file(f"s-{folder.name},600000.SH,BUY,{quantity},10.51"))
    for source, folder, strategy in (("inbox", home.inbox, ""), ("desk-a", desk, "alpha"), ("夜盘", night, "")):
        receipt = receipt_from(home, source, "same.csv")
        assert receipt.outcomes == ["ACCEPTED"]
        home.wait_for_status(f"s-{folder.name}", "FILLED")
        assert home.order(f"s-{folder.name}")["strategy"] == strategy
        place = home.resting(receipt)
        assert place.parent.name == (source if source != "inbox" else "accepted")
    header = "client_order_id,account,strategy,symbol,side,quantity,limit_price"
    rows = (f"c-1,fund-1,alpha,{GOOD}", f"c-2,,beta,{GOOD}", f"c-3,999,,{GOOD}", "c-4,,,600000.SH,BUY,400,10.51")
    drop(desk, "mixed.dat", orders_file(*rows, header=header))
    receipt = receipt_from(home, "desk-a", "mixed.dat")
    assert receipt.outcomes == ["ACCEPTED", "REFUSED", "REFUSED", "ACCEPTED"]
    assert receipt.codes[1:3] == ["ROW_CONTRADICTS_SOURCE"] * 2
    assert receipt.rows[0]["account"] == ACCOUNT
    assert "beta" in receipt.rows[1]["message"]
    drop(night, "left.txt", orders_file(f"no,{GOOD}"))
    drop(night, "after.csv", orders_file("yes,600000.SH,BUY,500,10.51"))
    assert receipt_from(home, "夜盘", "after.csv").outcomes == ["ACCEPTED"]
    assert (night / "left.txt").exists()
    until(lambda: {path.name for path in home.inbox.iterdir()} == {"desk-a"}, "an inbox with only its folder")
    assert home.twice() == []


def test_check_answers_by_the_rules_of_the_folder_that_is_named(home: Home, tmp_path: Path) -> None:
    with_sources(home)
    path = tmp_path / "orders.csv"
    path.write_text(orders_file(f"c-1,beta,{GOOD}", header="client_order_id,strategy,symbol,side,quantity,limit_price"))
    assert home.command("check", str(path)).returncode == 0
    refused = home.command("check", str(path), "--source", "desk-a")
    assert refused.returncode == 1
    assert "ROW_CONTRADICTS_SOURCE" in refused.stdout or "beta" in refused.stdout
    assert home.command("check", str(path), "--source", "nobody").returncode == 2


def test_a_start_takes_up_claims_in_every_folder_once(home: Home) -> None:
    with_sources(home)
    desk, night = home.inbox / "desk-a", home.folder / "night"
    for quantity, folder in ((100, desk), (200, night)):
        folder.mkdir()
        text = orders_file(f"left-{folder.name},600000.SH,BUY,{quantity},10.51")
        new_claim(folder, "left.csv", "renamed").write_text(text, encoding="utf-8")
    home.ready(outbox__report_seconds=0.1)
    for folder in (desk, night):
        home.wait_for_status(f"left-{folder.name}", "FILLED")
    home.kill()
    # Recorded, but not brought to rest, as after a crash at that moment: brought to rest, and never read again.
    (receipt,) = [found for found in home.receipts("left.csv") if found.whole["source"] == "夜盘"]
    place = home.resting(receipt)
    claim = next(
        event for event in home.events() if event["kind"] == "FILE" and event["body"]["archived_as"].count("夜盘")
    )
    back = night / f".claimed-{claim['body']['claim']}.renamed-left.csv"
    place.rename(back)
    home.ready(outbox__report_seconds=0.1)
    until(lambda: place.exists() and not back.exists(), "the file to rest again")
    assert len(home.requests()) == 2
    assert home.twice() == []


SIGNED = """
[[inbox.sources]]
name = "signed"
folder = "signed"
policy = "rename"
proof = "hmac"
key_file = "secret.key"
proof_seconds = 0.5

[[inbox.sources]]
name = "done"
folder = "done"
policy = "done_file"

[[inbox.sources]]
name = "slow"
folder = "slow"
policy = "settle"
"""
SECRET = b"sixteen bytes or more"


def sign(folder: Path, name: str, text: str, day: str = "") -> None:
    mac = hmac.new(SECRET, (f"{day}\n" if day else "").encode() + text.encode(), hashlib.sha256)
    (folder / f"{name}.hmac").write_text(f"{mac.hexdigest()} {day}".strip() + "\n", encoding="utf-8")


def test_only_what_is_proven_for_this_day_trades(home: Home) -> None:
    (home.folder / "secret.key").write_bytes(SECRET)
    with_sources(home, SIGNED).ready(outbox__report_seconds=0.1)
    signed = home.folder / "signed"
    today = app.now().date()
    header = "client_order_id,trade_date,symbol,side,quantity,limit_price"

    def row(name: str, quantity: int, day: str = "") -> str:
        return orders_file(f"{name},{day},600000.SH,BUY,{quantity},10.51", header=header)

    files = {
        # name: (text, text that is signed, day that is signed, codes)
        "dated-rows.csv": (row("p-1", 100, str(today)), row("p-1", 100, str(today)), "", [""]),
        "dated-proof.csv": (row("p-2", 200), row("p-2", 200), str(today), [""]),
        "undated.csv": (row("p-3", 300), row("p-3", 300), "", ["PROOF_WITHOUT_DATE"]),
        "yesterday.csv": (row("p-4", 400), row("p-4", 400), str(today - timedelta(days=1)), ["PROOF_OF_OTHER_DAY"]),
        "other-bytes.csv": (row("p-5", 500), row("p-5", 600), str(today), ["PROOF_WRONG"]),
        "missing.csv": (row("p-6", 600), None, "", ["PROOF_MISSING"]),
    }
    for name, (text, proven, day, _) in files.items():
        if proven is not None:
            sign(signed, name, proven, day)
        drop(signed, name, text)
    for name, (text, _, _, codes) in files.items():
        receipt = receipt_from(home, "signed", name)
        assert receipt.codes == codes, name
        place = home.resting(receipt)
        assert place.read_text(encoding="utf-8") == text
        assert place.with_name(f"{place.name}.hmac").exists() == (name != "missing.csv")
    for name in ("p-1", "p-2"):
        home.wait_for_status(name, "FILLED")
    until(lambda: list(signed.iterdir()) == [], "an empty folder")
    # The same proof again, the same day: the orders are the same orders.
    text = files["dated-proof.csv"][0]
    sign(signed, "again.csv", text, str(today))
    drop(signed, "again.csv", text)
    assert receipt_from(home, "signed", "again.csv").outcomes == ["DUPLICATE"]
    # No id stands in these rows, and no signature covers the name.
    text = f"O,0,{ACCOUNT},600000.SH,700,1,10.51,0\nO,0,{ACCOUNT},600000.SH,700,1,10.51,0"
    for name, outcome in (("lines.csv", "ACCEPTED"), ("lines-again.csv", "DUPLICATE")):
        sign(signed, name, text, str(today))
        drop(signed, name, text)
        assert receipt_from(home, "signed", name).outcomes == [outcome] * 2
    until(lambda: len(home.requests()) == 4, "both lines to be sent once")
    assert SECRET.decode() not in home.said()


def test_a_receipt_says_how_little_showed_that_a_file_is_whole(home: Home) -> None:
    (home.folder / "secret.key").write_bytes(SECRET)
    with_sources(home, SIGNED)
    for name in ("done", "slow"):
        (home.folder / name).mkdir()
    (home.folder / "done" / "never.csv").write_text(orders_file(f"never,{GOOD}"), encoding="utf-8")
    home.once(inbox__max_file_age=1)
    never = receipt_from(home, "done", "never.csv")
    assert never.codes == ["FILE_NEVER_FINISHED"]
    assert "never.csv.done" in never.rows[0]["message"]
    (home.folder / "slow" / "slow.csv").write_text(orders_file(f"slow,{GOOD}"), encoding="utf-8")
    (home.folder / "done" / "done.csv").write_text(orders_file("done,600000.SH,BUY,200,10.51"), encoding="utf-8")
    (home.folder / "done" / "done.csv.done").touch()
    home.once()
    slow, done = receipt_from(home, "slow", "slow.csv"), receipt_from(home, "done", "done.csv")
    assert (slow.outcomes, slow.codes) == (["ACCEPTED", "ACCEPTED"], ["FILE_TAKEN_SETTLED", ""])
    assert (done.outcomes, done.codes) == (["ACCEPTED"], [""])
    place = home.resting(done)
    assert place.with_name(f"{place.name}.done").exists()
    assert len(home.requests()) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is watched cannot be moved there")
def test_a_release_into_a_folder_that_is_away_is_answered_and_ends_nothing(home: Home) -> None:
    with_sources(home)
    desk = home.inbox / "desk-a"
    drop(desk, "old.csv", orders_file(f"old,{GOOD}"))
    # Whatever lay there at the start is too old.
    home.ready(inbox__max_file_age=0.01, inbox__settle_seconds=0, outbox__report_seconds=0.1)
    receipt = receipt_from(home, "desk-a", "old.csv")
    assert receipt.codes == ["FILE_STALE"]
    until(lambda: not list(desk.iterdir()), "an empty folder")
    desk.rename(home.folder / "away")
    refused = home.command("release", "old.csv")
    assert (refused.returncode, "desk-a" in refused.stdout + refused.stderr) == (1, True)
    assert home.resting(receipt).exists()
    (home.folder / "away").rename(desk)
    assert home.command("release", "old.csv").returncode == 0
    home.wait_for_status("old", "FILLED")
    assert home.twice() == []
