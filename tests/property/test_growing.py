"""A file that grows: appended in any pieces, cut within a row, looked at and restarted at any moment, each row is
handed out once, in its order; a file that was cut or written anew gives none of its rows again."""

import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filebridge.bridge.feeds import Place
from filebridge.bridge.following import SIGHTINGS_FILE, Follower, Piece
from filebridge.dbf import COUNT_OFFSET, END_MARK, count_to_bytes
from filebridge.domain.orders import SHANGHAI
from filebridge.inbox import FolderHold, Home
from filebridge.orderfiles import Origin, parse
from filebridge.reports.hundsun import Answers
from filebridge.sources import Source
from tests.golden.tables import HS, HUNDSUN, HUNDSUN_CANCELS, dbf

TODAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
TURN = timedelta(seconds=1)
CSV, DBF = "20261120.order.csv", "XHPT_WT20261120.dbf"
HEADER = "sid,account_id,symbol,volume,order_type,order_business(order_biz),price,comment\n"
STEPS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["look", "look", "restart", "lost"])), max_size=25)


class Desk:
    """Whoever takes the pieces and records them: what it has recorded outlives a follower."""

    def __init__(
        self,
        folder: Path,
        system: str,
        rows_max: int = 1000,
        pattern: str = "*",
        home: str = "",
        at: Path | None = None,
    ) -> None:
        """`home`: its name, where it must share the folder `at` with others."""
        self.folder = folder
        self.home = home
        folder.mkdir(exist_ok=True)
        place = at or folder / "in"
        place.mkdir(exist_ok=True)
        source = Source.model_validate({"name": "other", "folder": "in", "format": system, "pattern": (pattern,)})
        self.place = Place(source, place)
        self.rows_max = rows_max
        self.now = START
        self.today = TODAY
        self.recorded: dict[str, dict[str, object]] = {}
        self.ids: list[str] = []
        # Pieces whose rows are only counted.
        self.takes_any, self.rows = False, 0
        self.passes_over = ""
        self.refused: list[str] = []
        self.set_aside: list[str] = []
        # As old as the rows of the last piece may be.
        self.written_after = START
        self.start()

    def start(self) -> None:
        known = Home(self.home, f"/{self.home}", "1", "this boot")
        hold = FolderHold(self.place.folder, known, is_share=False)
        self.follower = Follower(
            [self.place],
            list(self.recorded.values()),
            self.folder / "grown",
            settle_seconds=0.5,
            bytes_max=10**6,
            rows_max=self.rows_max,
            holds={"other": hold} if self.home else {},
        )

    def restart(self) -> None:
        self.follower.close()
        self.start()

    def look(self, *, commits: bool = True) -> None:
        self.now += TURN
        for piece in self.follower.scan(self.now, self.today):
            # Whoever owns the file wrote its rows; the piece itself is ours.
            assert piece.written_at.parent == self.place.folder, "an approver must not be asked about our own copy"
            assert piece.written_at != piece.path
            assert isinstance(piece, Piece)
            self.written_after = piece.seen_at
            if not commits:
                continue
            self.recorded[piece.feed] = piece.record(self.today)
            if piece.problem is not None:
                self.refused.append(piece.problem.code)
            elif piece.set_aside is not None:
                self.set_aside.append(piece.set_aside.code)
            elif self.takes_any:
                self.rows += piece.upto.rows - (piece.rows_before or 0)
            else:
                before = piece.rows_before or 0
                system = self.place.source.format
                origin = Origin(format=system, accounts={"00080003": "10000001"}, rows_before=before)
                parsed = parse(piece.path.read_bytes(), name=piece.name, today=self.today, origin=origin)
                assert {problem.reason.code for problem in parsed.problems} <= {self.passes_over}
                self.ids += [row.note or row.client_order_id for row in parsed.instructions]

    def look_until_still(self) -> None:
        self.look()
        while self.follower.waiting:
            self.look()


def _written_csv(path: Path, data: bytes, start: int, end: int) -> None:
    with path.open("ab") as file:
        file.write(data[start:end])


def _written_dbf(path: Path, data: bytes, start: int, end: int) -> None:
    """As a program appends: the bytes, and now and then the count of the records that are whole."""
    with path.open("ab") as file:
        file.write(data[start:end])
    head = dbf(HUNDSUN)
    size = len(dbf(HUNDSUN, HS)) - len(head)
    whole = (min(end, len(data)) - len(head) + 1) // size
    if whole > 0:
        with path.open("r+b") as file:
            file.seek(COUNT_OFFSET)
            file.write(count_to_bytes(whole))


def _case(name: str, rows: int) -> tuple[str, bytes, list[str], Callable[[Path, bytes, int, int], None]]:
    if name == CSV:
        ids = [f"A{n}" for n in range(rows)]
        text = HEADER + "".join(f"{sid},10000001,SHSE.600000,100,1,1,10.5,\n" for sid in ids)
        return "goldminer", text.encode(), ids, _written_csv
    ids = [str(100_000_000 + n) for n in range(rows)]
    data = dbf(HUNDSUN, *({**HS, "WBZDYXH": each} for each in ids)).removesuffix(END_MARK)
    return "hundsun", data[:COUNT_OFFSET] + count_to_bytes(0) + data[COUNT_OFFSET + 4 :], ids, _written_dbf


@settings(deadline=None, max_examples=60)
@given(name=st.sampled_from([CSV, DBF]), rows=st.integers(0, 12), steps=STEPS, at_once=st.sampled_from([1, 3, 1000]))
def test_every_row_is_handed_out_once(name: str, rows: int, steps: list[tuple[int, str]], at_once: int) -> None:
    system, data, ids, write = _case(name, rows)
    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder), system, at_once)
        desk.look()
        path, done = desk.place.folder / name, 0
        for count, then in steps:
            write(path, data, done, done + count)
            done = min(done + count, len(data))
            # What was handed out but never recorded died with its process.
            desk.look(commits=then != "lost")
            if then != "look":
                desk.restart()
            assert desk.ids == ids[: len(desk.ids)]
        write(path, data, done, len(data))
        desk.look_until_still()
        assert desk.ids == ids
        assert desk.refused == []


@pytest.mark.parametrize("name", [CSV, DBF])
@pytest.mark.parametrize("change", ["cut", "anew", "other"])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_file_that_was_written_anew_is_refused_once(tmp_path: Path, name: str, change: str, restarts: bool) -> None:
    system, data, ids, write = _case(name, 3)
    desk = Desk(tmp_path, system)
    desk.look()
    path = desk.place.folder / name
    write(path, data, 0, len(data))
    desk.look_until_still()
    assert desk.ids == ids
    whole = path.read_bytes()
    if restarts:
        desk.restart()
    changed = {"cut": whole[: len(whole) - 30], "anew": whole[:-40], "other": whole.replace(b"10.5", b"10.6")}[change]
    path.write_bytes(changed)
    for _ in range(6):
        desk.look()
    if restarts:
        desk.restart()
        desk.look()
    assert desk.ids == ids
    assert desk.refused == ["FILE_REWRITTEN"]
    assert desk.follower.problems() != []
    # As it was, and one row more: it goes on.
    _, longer, more, _ = _case(name, 4)
    path.write_bytes(whole)
    write(path, longer, len(data), len(longer))
    desk.look_until_still()
    assert desk.ids == more


def test_what_our_answers_say_in_a_row_is_not_its_producers(tmp_path: Path) -> None:
    system, data, ids, write = _case(DBF, 2)
    desk = Desk(tmp_path, system)
    desk.look()
    path = desk.place.folder / DBF
    write(path, data, 0, len(data))
    desk.look_until_still()
    answered = dbf(HUNDSUN, *({**HS, "WBZDYXH": each, "WTXH": "7", "SBYY": "废单"} for each in ids))
    path.write_bytes(answered)
    desk.look_until_still()
    assert desk.refused == []
    assert desk.ids == ids


def test_our_answer_to_a_cancel_is_not_its_producers_but_its_number_is(tmp_path: Path) -> None:
    name = "XHPT_CD20261120.dbf"
    desk = Desk(tmp_path, "hundsun")
    desk.look()
    path = desk.place.folder / name
    path.write_bytes(dbf(HUNDSUN_CANCELS, {"WTXH": "1"}))
    desk.look_until_still()
    answers = Answers(path)
    answers.add(0, {"CDCGBZ": "1", "SBYY": "废单"})
    answers.write()
    answered = {"WTXH": "1", "CDCGBZ": "1", "SBYY": "废单"}
    assert path.read_bytes() == dbf(HUNDSUN_CANCELS, answered)
    path.write_bytes(dbf(HUNDSUN_CANCELS, answered, {"WTXH": "2"}))
    desk.look_until_still()
    assert desk.refused == []
    assert desk.recorded[f"other/{name}"]["rows"] == 2
    # Which order it cancels is its producer's word.
    path.write_bytes(dbf(HUNDSUN_CANCELS, {**answered, "WTXH": "3"}, {"WTXH": "2"}))
    for _ in range(6):
        desk.look()
    assert desk.refused == ["FILE_REWRITTEN"]


def test_rows_of_nobody_knows_which_day_are_set_aside_at_the_start(tmp_path: Path) -> None:
    """A file without a day in its name lies there from yesterday; what comes while we look is traded."""
    _, data, _, write = _case(CSV, 1)
    desk = Desk(tmp_path, "goldminer")
    old = desk.place.folder / "20261119.order.csv"
    write(old, data, 0, len(data))
    desk.look_until_still()
    assert desk.ids == []
    assert desk.set_aside == ["FILE_OF_EARLIER_DATE"]
    write(desk.place.folder / CSV, data, 0, len(data))
    desk.look_until_still()
    assert desk.ids == ["A0"]


@pytest.mark.parametrize("name", [CSV, DBF])
@pytest.mark.parametrize("lost", [0, 1, 3])
def test_rows_of_a_time_when_nothing_looked_are_as_old_as_that_may_be(tmp_path: Path, name: str, lost: int) -> None:
    """However young the file is, and however often a start dies before its commit."""
    system, data, ids, write = _case(name, 4)
    some = len(_case(name, 2)[1])
    desk = Desk(tmp_path, system)
    desk.look()
    path = desk.place.folder / name
    write(path, data, 0, some)
    desk.look_until_still()
    desk.look()
    last_look = desk.now - TURN
    desk.now += timedelta(hours=1)
    write(path, data, some, len(data))
    for _ in range(lost):
        desk.restart()
        # A record is ripe at the second look only.
        for _ in range(1 if name == CSV else 2):
            desk.look(commits=False)
    desk.restart()
    desk.look_until_still()
    assert (desk.ids, desk.set_aside) == (ids, [])
    if sys.platform != "win32":
        assert desk.written_after == last_look
    # What comes from now on is new.
    _, longer, more, _ = _case(name, 5)
    write(path, longer, len(data), len(longer))
    desk.look_until_still()
    assert desk.ids == more
    assert desk.now - desk.written_after < timedelta(seconds=5)


@pytest.mark.skipif(sys.platform == "win32", reason="there a file says when it was made")
@pytest.mark.parametrize("left", [b"", b"{", b'{"other":{"folder":"","at":"","files":{}}}'])
def test_rows_at_a_start_that_knows_of_no_earlier_look_are_set_aside(tmp_path: Path, left: bytes) -> None:
    system, data, ids, write = _case(CSV, 3)
    some = len(_case(CSV, 2)[1])
    (tmp_path / SIGHTINGS_FILE).write_bytes(left)
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / CSV, data, 0, some)
    desk = Desk(tmp_path, system)
    desk.look_until_still()
    assert (desk.ids, desk.set_aside) == ([], ["ROWS_OF_UNKNOWN_AGE"])
    write(tmp_path / "in" / CSV, data, some, len(data))
    desk.look_until_still()
    assert desk.ids == ids[2:]


WHO = st.sampled_from(["a", "b"])
# `turn`: the other one ends, and this one follows for a while; `back`: in the process that it was.
DOES = st.sampled_from(["look", "look", "close", "open", "back", "row", "turn", "turn"])


@settings(deadline=None, max_examples=60)
@example(name=CSV, steps=[("a", "turn"), ("b", "turn"), ("a", "back")])
@example(name=DBF, steps=[("a", "turn"), ("b", "turn"), ("a", "turn"), ("b", "back"), ("b", "look")])
@given(name=st.sampled_from([CSV, DBF]), steps=st.lists(st.tuples(WHO, DOES), min_size=5, max_size=30))
def test_of_two_homes_one_follows_a_file_and_no_row_is_traded_by_both(name: str, steps: list[tuple[str, str]]) -> None:
    system, data, ids, write = _case(name, 41)
    ends = [len(_case(name, rows)[1]) for rows in range(42)]
    with TemporaryDirectory() as folder:
        at = Path(folder) / "theirs"
        desks = {who: Desk(Path(folder) / who, system, home=who, at=at) for who in "ab"}
        is_open, written, done = dict.fromkeys(desks, True), 0, 0
        one_by_one = {"turn": ("close other", "open", "look", "row", "look"), "back": ("close other", "back", "look")}
        for who, step in ((who, each) for who, what in steps for each in one_by_one.get(what, (what,))):
            desk, other = desks[who], "b" if who == "a" else "a"
            now = max(each.now for each in desks.values())
            if step == "row":
                written += 1
                write(at / name, data, done, ends[written])
                done = ends[written]
            elif step == "close" and is_open[who]:
                desk.follower.close()
                is_open[who] = False
            elif step == "close other" and is_open[other]:
                desks[other].follower.close()
                is_open[other] = False
            elif step in ("open", "back") and not is_open[who]:
                if step == "open":
                    desk.start()
                is_open[who] = True
            elif step == "look" and is_open[who]:
                desk.now = now
                desk.look()
                desk.look()
        traded = [each for desk in desks.values() for each in desk.ids]
        assert len(traded) == len(set(traded)), "a row was traded by both homes"
        assert set(traded) <= set(ids)
        # Whoever is alone at last trades what comes from then on.
        desks["a"].follower.close()
        last = desks["b"]
        if not is_open["b"]:
            last.start()
        last.look_until_still()
        last.look()
        write(at / name, data, done, ends[written + 1])
        last.look()
        last.look_until_still()
        assert last.ids[-1:] == [ids[written]]
        for desk in desks.values():
            assert desk.refused == []
            desk.follower.close()


def test_the_second_home_over_a_folder_is_told_who_follows_and_takes_over_what_comes_later(tmp_path: Path) -> None:
    system, data, ids, write = _case(CSV, 4)
    ends = [len(_case(CSV, rows)[1]) for rows in range(5)]
    at = tmp_path / "theirs"
    first, second = (Desk(tmp_path / who, system, home=who, at=at) for who in "ab")

    def row(number: int) -> None:
        write(at / CSV, data, ends[number - 1] if number > 1 else 0, ends[number])

    first.look()
    second.look()
    row(1)
    first.look()
    second.look()
    assert (first.ids, second.ids) == (ids[:1], [])
    (problem,) = second.follower.problems()
    assert "/a" in problem
    assert second.follower.waiting == 1
    # The first dies; what it may have read is nobody's.
    row(2)
    first.follower.close()
    second.look()
    row(3)
    second.look()
    assert (second.ids, second.follower.problems()) == (ids[2:3], [])
    assert second.set_aside == ["ROWS_OF_ANOTHER_HOME"]
    first.start()
    first.look()
    assert first.follower.problems() != []
    second.follower.close()
    first.look()
    row(4)
    first.look()
    assert first.ids == [ids[0], ids[3]]
    assert first.set_aside == ["ROWS_OF_ANOTHER_HOME"]
    first.follower.close()


def test_rows_that_could_not_be_laid_down_are_taken_later(tmp_path: Path) -> None:
    """A disk without room, or no room for one more open file: told, and nothing is lost; other files go on."""
    _, data, ids, write = _case(CSV, 3)
    desk = Desk(tmp_path, "goldminer")
    desk.look()
    write(desk.place.folder / CSV, data, 0, len(data))
    spool = tmp_path / "grown"
    spool.write_bytes(b"no folder")
    desk.look()
    desk.look()
    assert (desk.ids, desk.follower.waiting) == ([], 1)
    assert desk.follower.problems() != []
    spool.unlink()
    desk.look_until_still()
    assert (desk.ids, desk.follower.problems()) == (ids, [])


def test_a_file_of_another_day_trades_nothing_whenever_it_changes(tmp_path: Path) -> None:
    system, data, _, write = _case(DBF, 2)
    _, longer, _, _ = _case(DBF, 3)
    desk = Desk(tmp_path, system)
    desk.look()
    path = desk.place.folder / DBF
    write(path, data, 0, len(data))
    desk.look_until_still()
    taken = list(desk.ids)
    desk.today, desk.now = date(2026, 11, 23), START + timedelta(days=3)
    desk.look()
    write(path, longer, len(data), len(longer))
    desk.look_until_still()
    # Cut, and its rows written once more.
    path.write_bytes(data.replace(b"10.5", b"10.6"))
    for _ in range(4):
        desk.look_until_still()
    # Another day's is copied in while we look.
    write(desk.place.folder / "XHPT_WT20261119.dbf", data, 0, len(data))
    desk.look_until_still()
    assert desk.ids == taken
    assert set(desk.set_aside) == {"FILE_OF_EARLIER_DATE"}


@pytest.mark.parametrize("rotated", [False, True])
def test_a_name_without_a_day_begins_anew_on_the_next(tmp_path: Path, rotated: bool) -> None:
    """Emptied in the morning and then written to, it is a new file; with rows of yesterday in it, they are nobody's."""
    _, data, _, _ = _case(DBF, 3)
    head = data[: len(dbf(HUNDSUN)) - 1]
    size = (len(data) - len(head)) // 3
    system, name = "xuntou", "XT_DBF_ORDER.dbf"
    desk = Desk(tmp_path, system)
    desk.takes_any = True
    desk.look()
    path = desk.place.folder / name

    def write(rows: int, text: bytes) -> None:
        body = data[len(head) : len(head) + rows * size].replace(b"10.5", text)
        path.write_bytes(head[:COUNT_OFFSET] + count_to_bytes(rows) + head[COUNT_OFFSET + 4 :] + body)

    write(2, b"10.5")
    desk.look_until_still()
    assert desk.rows == 2
    desk.today, desk.now = date(2026, 11, 23), START + timedelta(days=3)
    desk.look()
    write(0 if rotated else 1, b"10.6")
    desk.look()
    assert desk.follower.waiting == 1
    write(2, b"10.6")
    for _ in range(4):
        desk.look_until_still()
    assert desk.rows == (4 if rotated else 2)
    assert desk.set_aside == ([] if rotated else ["ROWS_OF_UNKNOWN_AGE"])
    write(3, b"10.6")
    desk.look_until_still()
    assert desk.rows == (5 if rotated else 3)
    assert desk.refused == []


@pytest.mark.parametrize("how", ["no line feed", "returns alone", "not counted", "not there"])
def test_what_stays_unread_is_told(tmp_path: Path, how: str) -> None:
    """A writer that ends no line, or never counts its records: its rows are not taken, and that is no secret."""
    name = CSV if how in ("no line feed", "returns alone") else DBF
    system, data, ids, write = _case(name, 3)
    desk = Desk(tmp_path, system)
    desk.look()
    path = desk.place.folder / name
    if how == "no line feed":
        path.write_bytes(data[:-1])
    elif how == "returns alone":
        path.write_bytes(data.replace(b"\n", b"\r"))
    else:
        write(path, data, 0, len(data))
        counted = {"not counted": 2, "not there": 5}[how]
        whole = path.read_bytes()
        path.write_bytes(whole[:COUNT_OFFSET] + count_to_bytes(counted) + whole[COUNT_OFFSET + 4 :])
    for _ in range(3):
        desk.look()
    assert (desk.follower.waiting, desk.follower.problems()) == (1, [])
    for _ in range(6):
        desk.look()
    assert desk.ids == ids[: {"returns alone": 0, "not there": 3}.get(how, 2)]
    assert desk.follower.waiting == len(desk.follower.problems()) == 1
    path.unlink()
    desk.look()
    assert (desk.follower.waiting, desk.follower.problems()) == (0, [])
    # As it should be.
    write(path, data, 0, len(data))
    desk.look_until_still()
    assert (desk.ids, desk.refused, desk.follower.problems()) == (ids, [], [])


@pytest.mark.parametrize("at_once", [1, 1000])
def test_a_record_that_stays_blank_holds_up_no_other(tmp_path: Path, at_once: int) -> None:
    _, data, ids, write = _case(DBF, 3)
    head = len(dbf(HUNDSUN)) - 1
    size = (len(data) - head) // 3
    desk = Desk(tmp_path, "hundsun", at_once)
    desk.passes_over = "ROW_DELETED"
    desk.look()
    path = desk.place.folder / DBF
    blank = data[: head + size] + b" " * size + data[head + 2 * size :]
    write(path, blank, 0, len(blank))
    for _ in range(4):
        desk.look()
    # It may yet be filled in.
    assert desk.ids == ids[:1]
    for _ in range(6):
        desk.look()
    assert (desk.ids, desk.follower.waiting) == ([ids[0], ids[2]], 0)


def test_only_names_of_the_pattern_are_followed(tmp_path: Path) -> None:
    system, data, _, write = _case(CSV, 1)
    desk = Desk(tmp_path, system, pattern="2026112*.CANCEL*")
    desk.look()
    write(desk.place.folder / CSV, data, 0, len(data))
    desk.look_until_still()
    assert desk.ids == []


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are others there")
def test_a_link_and_a_pipe_are_not_read(tmp_path: Path) -> None:
    system, data, _, _ = _case(CSV, 1)
    desk = Desk(tmp_path, system)
    desk.look()
    (tmp_path / "elsewhere").write_bytes(data)
    (desk.place.folder / CSV).symlink_to(tmp_path / "elsewhere")
    os.mkfifo(desk.place.folder / "20261120.cancel_order.csv")
    desk.look()
    assert len(desk.follower.problems()) == 2
    desk.place.folder.rename(tmp_path / "real")
    desk.place.folder.symlink_to(tmp_path / "real")
    (tmp_path / "real" / CSV).unlink()
    (tmp_path / "real" / CSV).write_bytes(data)
    desk.look()
    assert desk.ids == []
