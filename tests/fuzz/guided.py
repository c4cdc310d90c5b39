"""Files that other tools make: tables by hypothesis, and what atheris finds by watching which code its files reach."""

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from filebridge.orderfiles import FORMATS
from tests.fuzz.judge import Mutant, Promise, in_slices, judge, read
from tests.fuzz.seeds import files
from tests.property.test_any_bytes import ORDERS, TABLES, table_text

_DELIMITERS = (",", ";", "\t", "|")
_ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16")
_ENDS = ("", "\n", "\n#END,2", "\r\n#END,1\r\n")


def by_hypothesis(seed: int, examples: int) -> list[str]:
    """What is wrong with one of so many tables, of rows good and bad; hypothesis minimises it."""
    if examples <= 0:
        return []

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(table=TABLES, orders=ORDERS, form=hypothesis.strategies.integers(0, 10**6))
    def probe(table: tuple[list[str], list[list[str]]], orders: list[tuple[object, ...]], form: int) -> None:
        header, rows = table
        delimiter, encoding = _DELIMITERS[form % 4], _ENCODINGS[form // 4 % 5]
        if form // 20 % 2:
            text = "\n".join(delimiter.join(row) for row in [header, *rows]) + _ENDS[form // 40 % 4]
            mutant = Mutant("orders.csv", text.encode(encoding, "replace"))
        else:
            text = table_text(orders).replace(",", delimiter)  # type: ignore[arg-type]
            promise = Promise.REFUSED if delimiter == "|" else Promise.NOTHING
            mutant = Mutant("orders.txt", text.encode(encoding), promise=promise)
        verdict = judge(mutant, in_slices if form % 3 else read)
        if verdict.findings:
            raise AssertionError(f"{verdict.findings[0]}: {mutant.data!r}")

    try:
        probe()
    except AssertionError as error:
        return [f"hypothesis: {error}"]
    return []


def by_atheris(seed: int, seconds: int) -> list[str]:
    """What atheris finds in so many seconds; it has no wheels for every Python, and is no part of the environment."""
    if importlib.util.find_spec("atheris") is None:
        print("atheris: not installed here, so nothing is watched (pip install atheris, where it has a wheel)")
        return []
    with tempfile.TemporaryDirectory() as folder:
        _write_corpus(Path(folder))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.fuzz.watched", folder, f"-max_total_time={seconds}", f"-seed={seed}"),
                *("-timeout=30", "-rss_limit_mb=1500", "-max_len=65536", "-verbosity=0", f"-artifact_prefix={folder}/"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    print(f"atheris: {seconds} s, exit code {done.returncode}")
    return [] if done.returncode == 0 else [f"atheris: {done.stderr[-2000:]}"]


def _write_corpus(folder: Path) -> None:
    """The first byte of each says what the file is called."""
    for number, seed in enumerate(files()):
        extension = Path(seed.name).suffix.lower()
        if extension in FORMATS:
            (folder / f"{number}").write_bytes(bytes([[*FORMATS].index(extension)]) + seed.data)
