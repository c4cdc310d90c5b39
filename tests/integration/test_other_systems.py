"""Programs of other systems trade through the bridge, each knowing its own files alone: order, cancel, part of a fill,
rejection, and a bridge that is stopped, killed and dies while it writes their reports."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from filebridge.config import SETTINGS_FILE
from tests.integration.clients import Client, Seen, cats, goldminer, hundsun, ptrade, tables, xuntou
from tests.integration.homes import ACCOUNT, Home, living_in, until

# The library by which the programs append leaves files open.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
GUID = "e2cdd75b-8e51-11f0-b2eb-52560acd7da0"
PRODUCT = "00080003"
_GOLDMINER = f'format = "goldminer"\naccounts = {{ "{GUID}" = "{ACCOUNT}" }}\n'
# Of each program what its folder's entry in the settings says.
ENTRIES = {
    "goldminer": _GOLDMINER + 'reports = "other/goldminer-out"',
    "goldminer_dbf": _GOLDMINER + 'reports = "other/goldminer-dbf-out"\nreport_form = "dbf"',
    "xuntou": 'format = "xuntou"',
    "hundsun": f'format = "hundsun"\naccounts = {{ "{PRODUCT}/0001/0001" = "{ACCOUNT}" }}',
    "cats": f'format = "cats"\naccounts = {{ "0/20800018203" = "{ACCOUNT}" }}',
    "ptrade": 'format = "ptrade"',
}
SYSTEMS = pytest.mark.parametrize("system", ENTRIES)
# A buy above the last price is filled, one below it rests, one far above it is rejected by the broker.
FILLED, RESTING, REJECTED = 10.51, 9.80, 99.0
# Of this share nobody sells more at once.
SCARCE, SCARCE_PRICE, LOT = "601318", 52.2, 300
INSTRUMENTS = f"symbol,name,board,liquidity_low,liquidity_high\n{SCARCE}.SH,中国平安,,{LOT},{LOT}\n"
# What was on its way to the worker when the bridge died, and is proven never to have left, is told as rejected.
ENDS = ("filled", "rejected")
# No two orders of a home are alike, so that what was sent twice shows by its content.
_HUNDREDS = count(1)


def client_of(system: str, home: Home) -> Client:
    other = home.folder / "other"
    made: dict[str, Callable[[], Client]] = {
        "goldminer": lambda: goldminer.Client(other / system, other / "goldminer-out", GUID),
        "goldminer_dbf": lambda: goldminer.Client(other / system, other / "goldminer-dbf-out", GUID, "dbf"),
        "xuntou": lambda: xuntou.Client(other / system, ACCOUNT),
        "hundsun": lambda: hundsun.Client(other / system, PRODUCT),
        "cats": lambda: cats.Client(other / system, "20800018203"),
        "ptrade": lambda: ptrade.Client(other / system, home.inbox, home.outbox),
    }
    return made[system]()


def opened(home: Home, *systems: str) -> dict[str, Client]:
    """A home with the folders of these systems, and their programs."""
    settings = home.folder / SETTINGS_FILE
    entries = "".join(
        f'\n[[inbox.sources]]\nname = "{system}"\nfolder = "other/{system}"\n{ENTRIES[system]}\n' for system in systems
    )
    settings.write_text(settings.read_text(encoding="utf-8") + entries, encoding="utf-8")
    start(home)
    clients = {system: client_of(system, home) for system in systems}
    for client in clients.values():
        client.make()
    return clients


def start(home: Home, **settings: object) -> None:
    home.ready(outbox__report_seconds=0.05, inbox__settle_seconds=0.1, **settings)


@dataclass
class Day:
    """A day on which every program traded through one bridge: what each ordered, how many shares, and what it saw of
    its orders at noon and in the evening."""

    home: Home
    clients: dict[str, Client]
    ordered: dict[str, dict[str, int]]
    noon: dict[str, dict[str, Seen]]
    evening: dict[str, dict[str, Seen]]

    def order(self, own: str, price: float, code: str = "600000", least: int = 0) -> None:
        for system, client in self.clients.items():
            self.ordered[system][own] = least + 100 * next(_HUNDREDS)
            client.order(named(own, system), code, self.ordered[system][own], price)

    def wait_for(self, own: str, *states: str) -> None:
        for system, client in self.clients.items():
            name = named(own, system)
            until(lambda c=client, n=name: c.seen(n).state in states, f"{name} to be {states}")  # type: ignore[misc]

    def seen(self) -> dict[str, dict[str, Seen]]:
        return {
            system: {own: client.seen(named(own, system)) for own in self.ordered[system]}
            for system, client in self.clients.items()
        }


def named(own: str, system: str) -> str:
    """What a program calls an order: all trade one account, in which no two have one name."""
    return f"{own}-{[*ENTRIES].index(system)}"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    home = Home.made(tmp_path_factory.mktemp("systems") / "home")
    (home.userdata / "instruments.csv").write_text(INSTRUMENTS, encoding="utf-8")
    with living_in(home):
        clients = opened(home, *ENTRIES)
        day = Day(home, clients, {system: {} for system in clients}, {}, {})
        live(day)
        assert home.stop() == 0
        yield day


def live(day: Day) -> None:
    home = day.home
    day.order("filled", FILLED)
    day.order("part", SCARCE_PRICE, SCARCE, least=20_000)
    day.order("resting", RESTING)
    day.order("rejected", REJECTED)
    for system, client in day.clients.items():
        client.nonsense(named("nonsense", system))
        day.ordered[system]["nonsense"] = 0
    states = {"filled": "filled", "part": "part", "resting": "reported", "rejected": "rejected", "nonsense": "rejected"}
    for own, state in states.items():
        day.wait_for(own, state)
    day.noon = day.seen()
    assert home.stop() == 0
    # It dies while it appends to a report, others being written or not.
    done = home.folder.with_name("died")
    home.start(failpoint=f"reports.append:kill:2:{done}", outbox__report_seconds=0.05, inbox__settle_seconds=0.1)
    for number in range(4):
        day.order(f"burst{number}", FILLED)
    home.ended()
    assert done.exists(), home.said()
    for system, client in day.clients.items():
        client.cancel(named("resting", system))
    day.order("meanwhile", FILLED)
    start(home)
    day.wait_for("resting", "canceled")
    for number in range(4, 8):
        day.order(f"burst{number}", FILLED)
    # Some of it read, some sent, some told.
    until(lambda: day.clients["cats"].seen(named("burst4", "cats")).state, "the first of a burst")
    home.kill()
    start(home)
    for system, client in day.clients.items():
        client.cancel(named("part", system))
    day.wait_for("part", "canceled")
    for own in ("meanwhile", *(f"burst{number}" for number in range(8))):
        day.wait_for(own, *ENDS)
    day.evening = day.seen()


@SYSTEMS
def test_an_order_is_filled_and_its_program_reads_it(day: Day, system: str) -> None:
    seen = day.noon[system]["filled"]
    assert seen == ("filled", day.ordered[system]["filled"], "")
    assert day.evening[system]["filled"] == seen


@SYSTEMS
def test_part_of_an_order_is_filled_and_its_rest_is_canceled(day: Day, system: str) -> None:
    assert day.noon[system]["part"][:2] == ("part", LOT)
    assert day.evening[system]["part"][:2] == ("canceled", LOT)


@SYSTEMS
def test_a_cancel_that_was_written_while_nothing_ran_is_obeyed(day: Day, system: str) -> None:
    assert day.noon[system]["resting"][:2] == ("reported", 0)
    assert day.evening[system]["resting"][:2] == ("canceled", 0)


@SYSTEMS
@pytest.mark.parametrize("own", ["rejected", "nonsense"])
def test_a_rejection_by_the_broker_or_by_us_says_why(day: Day, system: str, own: str) -> None:
    seen = day.noon[system][own]
    assert seen[:2] == ("rejected", 0)
    assert seen.why
    assert day.evening[system][own] == seen


@SYSTEMS
def test_after_two_deaths_each_order_stands_in_its_reports_once_and_whole(day: Day, system: str) -> None:
    client, seen = day.clients[system], day.evening[system]
    for own in day.ordered[system]:
        name = named(own, system)
        assert client.rows(name) == 1, own
        told = client.told(name)
        assert [each for each, times in Counter(told).items() if times > 1] == [], own
    assert seen["meanwhile"][:2] == ("filled", day.ordered[system]["meanwhile"])
    sent = {line["order_volume"] for line in day.home.requests()}
    for number in range(8):
        state, filled, why = seen[f"burst{number}"]
        quantity = day.ordered[system][f"burst{number}"]
        assert (state == "filled") == (quantity in sent)
        assert filled == (quantity if state == "filled" else 0)
        assert (state == "filled") != bool(why)


def test_the_counter_got_every_order_once(day: Day) -> None:
    assert day.home.twice() == []
    sent = sorted(line["order_volume"] for line in day.home.requests())
    unsent = {int(row["quantity"]) for row in day.home.orders() if row["status"] == "NOT_SENT"}
    ordered = {quantity for orders in day.ordered.values() for quantity in orders.values() if quantity}
    assert sent == sorted(ordered - unsent)
    assert len(unsent) < len(day.clients) * 4
    assert day.home.command("verify").returncode == 0


def test_cash_positions_and_a_csv_that_is_moved_in(home: Home) -> None:
    clients = opened(home, "goldminer", "goldminer_dbf", "cats")
    name = "csv_input_1795140000.0_42.csv"
    program = clients["cats"]
    assert isinstance(program, cats.Client)
    program.order_by_file(name, "600000", 200, "10.51")
    until(lambda: program.seen_of_file(name).state == "filled", "the CSV to be filled")
    for system in ("goldminer", "goldminer_dbf"):
        reader = clients[system]
        assert isinstance(reader, goldminer.Client)
        (cash,) = until(lambda r=reader: r.read("cash"), "the cash")  # type: ignore[misc]
        assert float(cash["available"]) > 0
        held = until(lambda r=reader: r.read("position"), "positions")  # type: ignore[misc]
        assert "SHSE.600000" in {row["symbol"] for row in held}
    asset = tables.read(home.folder / "other" / "cats" / "asset.dbf")
    assert {row["A_TYPE"] for row in asset} == {"F", "P"}


@pytest.mark.parametrize(("system", "point"), [("hundsun", "following.piece"), ("goldminer", "reports.replace")])
def test_a_death_at_any_step_of_their_own_loses_and_doubles_nothing(home: Home, system: str, point: str) -> None:
    (client,) = opened(home, system).values()
    # From here on its file is known: rows that a start finds in it are as old as the last look at most.
    client.order("known", "600000", 1000, FILLED)
    until(lambda: client.seen("known").state == "filled", "an order before the death")
    assert home.stop() == 0
    done = home.folder.with_name("died")
    home.start(failpoint=f"{point}:kill:2:{done}", outbox__report_seconds=0.05, inbox__settle_seconds=0.1)
    for number in range(3):
        client.order(f"{number}", "600000", 100 * (number + 1), FILLED)
        until(lambda n=number: done.exists() or client.seen(f"{n}").state == "filled", "a death")  # type: ignore[misc]
    home.ended()
    assert done.exists(), home.said()
    start(home)
    for number in range(3):
        seen = until(lambda n=number: ends(client, f"{n}"), f"the end of order {number}")  # type: ignore[misc]
        assert seen.filled == (100 * (number + 1) if seen.state == "filled" else 0)
        assert client.rows(f"{number}") == 1
    sent = [line["order_volume"] for line in home.requests()]
    assert len(sent) == len(set(sent)) == 1 + sum(client.seen(f"{number}").state == "filled" for number in range(3))
    assert len(sent) > 1


def ends(client: Client, own: str) -> Seen | None:
    seen = client.seen(own)
    return seen if seen.state in ENDS else None


def test_rows_that_may_be_old_are_set_aside_and_keep_their_place_when_a_person_lets_them_in(home: Home) -> None:
    (client,) = opened(home, "hundsun").values()
    assert isinstance(client, hundsun.Client)
    client.order("first", "600000", 100, FILLED)
    until(lambda: client.seen("first").state == "filled", "the first")
    assert home.stop() == 0
    client.order("old", "600000", 200, FILLED)
    client.order("older", "600000", 300, FILLED)
    # Nobody knows when they were written since the last look, which is longer ago than this.
    start(home, inbox__max_file_age=0.01)
    name = f"XHPT_WT{client.day}.dbf"
    receipt = home.receipt_no(2, name)
    assert (receipt.outcomes, receipt.codes) == (["QUARANTINED"], ["ROWS_STALE"])
    assert len(home.requests()) == 1
    aside = home.resting(receipt)
    # Rows that are not the ones that were set aside stand nowhere.
    data = aside.read_bytes()
    aside.write_bytes(data.replace(b"600000", b"600036"))
    refused = home.command("release", aside.name)
    assert (refused.returncode, "not as it was set aside" in refused.stdout + refused.stderr) == (1, True)
    aside.write_bytes(data)
    assert home.command("release", aside.name).returncode == 0
    until(lambda: client.seen("older").state == "filled", "what a person let in")
    assert [row["WTXH"] for row in tables.read(client.folder / name)] == ["1", "2", "3"]
    assert {row["client_order_id"] for row in home.orders()} == {f"XHPT_WT{client.day}#{row}" for row in (2, 3, 4)}
    assert home.twice() == []


def test_of_two_homes_over_one_folder_one_follows(home: Home, tmp_path: Path) -> None:
    with living_in(Home.made(tmp_path / "second")) as second:
        (client,) = opened(home, "xuntou").values()
        client.order("one", "600000", 100, FILLED)
        until(lambda: client.seen("one").state == "filled", "the first")
        settings = second.folder / SETTINGS_FILE
        entry = f'\n[[inbox.sources]]\nname = "theirs"\nfolder = {str(home.folder / "other" / "xuntou")!r}\n'
        text = settings.read_text(encoding="utf-8") + entry + 'format = "xuntou"\nreports = "answers"\n'
        settings.write_text(text, encoding="utf-8")
        start(second)
        client.order("two", "600000", 200, FILLED)
        until(lambda: client.seen("two").state == "filled", "the second")
        problems = until(lambda: second.status_since(0).get("problems"), "the second home to be told")
        assert str(home.folder.resolve()) in problems[0]
        home.kill()
        client.order("three", "600000", 300, FILLED)
        # What came before it took over may have been sent by the first.
        receipt = second.receipt_no(1, "XT_DBF_ORDER.dbf")
        assert receipt.codes == ["ROWS_OF_ANOTHER_HOME"]
        client.order("four", "600000", 400, FILLED)
        second.wait_for_status("four", "FILLED")
        assert [line["order_volume"] for line in second.requests()] == [400]
        assert [line["order_volume"] for line in home.requests()] == [100, 200]
