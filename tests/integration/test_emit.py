"""samples/emit/: the same basket from every language whose tool is on this machine, against the real program."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.homes import ACCOUNT, COMMAND_SECONDS, POLL_SECONDS, Home, living_in

EMIT = Path(__file__).resolve().parents[2] / "samples" / "emit"
LINES_MAX = 75
PYTHON = Path(sys.executable).as_posix()
BASIC = (PYTHON, "-m", "tests.integration.basic", "{build}/office")
BUY, SELL, LIMIT = 23, 24, 11
STRATEGY = "动量"
# As the counter must be asked for it, whatever language it was written in. The broker's interface is sure of ASCII
# only, so the strategy itself stands in our reports.
BASKET = [
    (ACCOUNT, "600000.SH", BUY, 1000, LIMIT, 10.51, "??"),
    (ACCOUNT, "510300.SH", BUY, 100000, LIMIT, 4.013, "??"),
    (ACCOUNT, "000001.SZ", SELL, 500, LIMIT, 11.6, "??"),
]


class Language(NamedTuple):
    """How one sample is built and run; the tools are what must be on the machine for that."""

    source: str
    tools: tuple[str, ...]
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    # LibreOffice's Dir raises "File not found" when a file goes while it lists the folder, which Windows' does not.
    needs_quiet: bool = False

    @property
    def lacks(self) -> list[str]:
        return [tool for tool in self.tools if not shutil.which(tool)]


LANGUAGES = {
    "vba": Language("emit.bas", ("soffice",), (*BASIC, "{source}", "{home}", "{name}"), BASIC, needs_quiet=True),
    "java": Language(
        "Emit.java", ("java", "javac"), ("java", "-cp", "{build}", "Emit", "{home}", "{name}"),
        ("javac", "-d", "{build}", "{source}"),
    ),
    "c++": Language(
        "emit.cpp", ("g++",), ("{build}/emit", "{home}", "{name}"),
        ("g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "{source}", "-o", "{build}/emit"),
    ),
    "go": Language(
        "emit.go", ("go",), ("{build}/emit", "{home}", "{name}"), ("go", "build", "-o", "{build}/emit", "{source}")
    ),
    "c#": Language(
        "Emit.cs", ("mcs", "mono"), ("mono", "{build}/Emit.exe", "{home}", "{name}"),
        ("mcs", "-out:{build}/Emit.exe", "{source}"),
    ),
    "sh": Language("emit.sh", ("sh",), ("sh", "{source}", "{home}", "{name}")),
    "octave": Language(
        "emit.m", ("octave",), ("octave", "-q", "--no-gui", "--path", "{folder}", "--eval", "emit('{home}', '{name}')")
    ),
    "r": Language("emit.R", ("Rscript",), ("Rscript", "{source}", "{home}", "{name}")),
    "node": Language("emit.mjs", ("node",), ("node", "{source}", "{home}", "{name}")),
    "python": Language("emit.py", (), (PYTHON, "{source}", "{home}", "{name}")),
    "powershell": Language(
        "emit.ps1", ("pwsh",), ("pwsh", "-NoProfile", "-File", "{source}", "{home}", "{name}")
    ),
}  # fmt: skip

Said = subprocess.CompletedProcess[str]


class Answers(NamedTuple):
    """What came of one language: its basket, the same once more, and one that must be refused."""

    first: Said
    again: Said
    refused: Said


def file_name(language: str) -> str:
    return "basket-" + language.replace("+", "p").replace("#", "s")


def answers(language: Language, name: str, home: Home, build: Path) -> Answers:
    build.mkdir()
    if language.build:
        call(language, language.build, name, home.folder, build).check_returncode()
    with quiet(home, build) if language.needs_quiet else nullcontext(home.folder) as folder:
        first, again = (call(language, language.run, name, folder, build) for _ in range(2))
        # The name goes into the ids, and no id holds an exclamation mark.
        return Answers(first, again, call(language, language.run, f"{name}!", folder, build))


@contextmanager
def quiet(home: Home, build: Path) -> Iterator[Path]:
    """A folder like the home's, in which nothing comes and goes but files of its user: a courier carries them."""
    folder = build / "quiet home"
    inbox, outbox = folder / "inbox", folder / "outbox"
    inbox.mkdir(parents=True)
    outbox.mkdir()
    done = threading.Event()

    def carry() -> None:
        while not done.wait(POLL_SECONDS):
            for path in inbox.glob("*.csv"):
                path.rename(home.inbox / path.name)
            for path in home.outbox.glob("basket-vba*.receipt.csv"):
                if not (outbox / path.name).exists():
                    shutil.copy(path, build / path.name)
                    (build / path.name).rename(outbox / path.name)

    courier = threading.Thread(target=carry)
    courier.start()
    try:
        yield folder
    finally:
        done.set()
        courier.join()


def call(language: Language, words: tuple[str, ...], name: str, home: Path, build: Path) -> Said:
    source = EMIT / language.source
    places = {"source": source, "folder": EMIT, "build": build, "home": home, "name": name}
    command = [word.format_map(places) for word in words]
    # Go keeps its cache in the user's home; a locale whose file names are UTF-8 is what every desktop has.
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "GOFLAGS": "-mod=mod", "PYTHONPATH": str(EMIT.parents[1])}
    command[0] = shutil.which(command[0]) or command[0]
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", errors="replace",
        env=environment, timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, dict[str, Future[Answers]]]]:
    """All languages at once, against one bridge."""
    folder = tmp_path_factory.mktemp("emit")
    with living_in(Home.made(folder / "我的 home")) as home, ThreadPoolExecutor(max_workers=4) as pool:
        home.ready(outbox__report_seconds=0.1)
        here = {name: language for name, language in LANGUAGES.items() if not language.lacks}
        yield (
            home,
            {
                name: pool.submit(answers, language, file_name(name), home, folder / file_name(name))
                for name, language in here.items()
            },
        )


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_basket_arrives_as_it_does_from_every_language(
    name: str, emitted: tuple[Home, dict[str, Future[Answers]]]
) -> None:
    if lacks := LANGUAGES[name].lacks:
        pytest.skip(f"{', '.join(lacks)}: not on this machine")
    home, answered = emitted
    done = answered[name].result()
    file = file_name(name)

    assert done.first.returncode == 0, done.first
    assert re.findall(r"(\S+) ACCEPTED", done.first.stdout) == [f"{file}-{number}" for number in (1, 2, 3)]
    tags = home.receipts(file)[0].tags
    orders = [home.wait_for_status(f"{file}-{number}", "FILLED") for number in (1, 2, 3)]
    assert [order["strategy"] for order in orders] == [STRATEGY] * len(BASKET)
    assert home.sent_for(tags) == BASKET

    assert done.again.returncode == 0, done.again
    assert done.again.stdout.count(" DUPLICATE DUPLICATE_ORDER") == len(BASKET)
    assert home.receipts(file)[1].outcomes == ["DUPLICATE"] * len(BASKET)

    assert done.refused.returncode == 1, done.refused
    assert (done.refused.stdout + done.refused.stderr).count(" REFUSED ID_CHARACTERS") == len(BASKET)
    assert home.receipts(f"{file}!")[0].outcomes == ["REFUSED"] * len(BASKET)


def test_no_basket_arrived_twice(emitted: tuple[Home, dict[str, Future[Answers]]]) -> None:
    home, answered = emitted
    for future in answered.values():
        future.result()
    assert len(home.requests()) == len(BASKET) * len(answered)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_sample_is_short_and_says_in_chinese_what_it_does(language: Language) -> None:
    lines = (EMIT / language.source).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) <= LINES_MAX
    assert any(re.search("[\u4e00-\u9fff]{5}", line) for line in lines[:2])


def test_every_sample_is_run_and_named_on_its_page() -> None:
    files = {path.name for path in EMIT.iterdir()} - {"README.md"}
    assert files == {language.source for language in LANGUAGES.values()}
    assert set(re.findall(r"^\| \[(\S+)\]", (EMIT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)) == files
