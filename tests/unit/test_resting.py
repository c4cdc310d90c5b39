"""Files on their way to the archive, when there are many."""

from pathlib import Path

from filebridge.archive import Archive
from filebridge.bridge.resting import Resting

DAY = "2026-01-05/accepted"


def test_many_files_are_brought_beside_and_what_could_not_be_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    names = [f"{number}.csv" for number in range(30)]
    for name in names:
        (tmp_path / "inbox" / name).write_text(f"{name}\n", encoding="utf-8")
    resting = Resting(Archive(tmp_path / "archive"))
    resting.add([(tmp_path / "inbox" / name, f"{DAY}/{name}") for name in names])
    # No folder can be made there.
    (tmp_path / "archive").write_text("in the way\n", encoding="utf-8")
    resting.finish()
    assert resting.problem.startswith("archive: 0.csv: ")
    assert not resting.is_empty
    assert len(list((tmp_path / "inbox").iterdir())) == len(names)
    (tmp_path / "archive").unlink()
    resting.finish()
    assert (resting.problem, resting.is_empty) == ("", True)
    assert not list((tmp_path / "inbox").iterdir())
    rest = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "archive" / DAY).iterdir()}
    assert rest == {name: f"{name}\n" for name in names}


def test_while_the_thread_works_nothing_else_is_begun(tmp_path: Path) -> None:
    resting = Resting(Archive(tmp_path / "archive"))
    sources = [tmp_path / f"{number}.csv" for number in range(31)]
    for source in sources:
        source.write_text("orders\n", encoding="utf-8")
    resting.add([(source, f"{DAY}/{source.name}") for source in sources[:30]])
    resting.go_on()
    resting.add([(sources[30], f"{DAY}/{sources[30].name}")])
    resting.go_on()
    assert sources[30].exists()
    resting.finish()
    assert not any(source.exists() for source in sources)
