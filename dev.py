"""Every developer command of this project, for a machine that has Python and nothing else: `python dev.py help`.

Standard library only, on Windows and Linux; `calendar` alone uses an installed package, inside the environment that
`setup` makes. Everything is installed into `.venv` beside this file and nowhere else. The file must also be readable by
older Pythons, down to 3.7, so that they can say what is missing instead of showing a syntax error.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
FILEBRIDGE = VENV / ("Scripts/filebridge.exe" if WINDOWS else "bin/filebridge")
STAMP = VENV / "filebridge-setup.txt"
PYPROJECT, CONSTRAINTS = ROOT / "pyproject.toml", ROOT / "constraints.txt"
CALENDAR = ROOT / "filebridge" / "trading_calendar.csv"
CALENDAR_START = "2020-01-01"

# The versions that pyproject.toml allows; a house test keeps the two in step. The newest is looked for first.
SUPPORTED = ((3, 13), (3, 12), (3, 11))
WHAT_IS_INSTALLED = ("-c", "constraints.txt", "-e", ".[dev]")
# A test file stays on one process, so that what its tests share is made once. Four for two cores, for they wait much;
# in the order of their folders, so that the long files come before many short ones.
PYTEST_DEFAULTS = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")


class CannotRun(Exception):
    """The machine lacks something; the text tells the user what to do."""


# ---- the commands ----------------------------------------------------------------------------------------------------


def setup(args: list[str]) -> int:
    """Make or repair .venv (uv if it is there, else venv and pip); instant when nothing has changed"""
    _refuse(args, "setup")
    if _ensure_environment(quiet=False):
        _say(f"{VENV.name} is ready")
    return 0


def demo(args: list[str]) -> int:
    """Set up quietly, then run `filebridge demo`; arguments are passed on"""
    _ensure_environment(quiet=True)
    return _run([FILEBRIDGE, "demo", *args])


def test(args: list[str]) -> int:
    """Set up, then run the tests; arguments go to pytest (for --pdb add -n0)"""
    _ensure_environment(quiet=False)
    return _run([PYTHON, "-m", "pytest", *PYTEST_DEFAULTS, *args])


def check(args: list[str]) -> int:
    """Everything that CI runs: ruff, format, mypy, generated docs, tests and house rules"""
    _refuse(args, "check")
    _ensure_environment(quiet=False)
    results = []
    for name, command in CHECKS:
        began = time.monotonic()
        code = _run([PYTHON, "-m", *command])
        results.append((name, code, time.monotonic() - began))
    _say("")
    for name, code, seconds in results:
        _say(f"{'passed' if code == 0 else 'FAILED':8}{name:14}{seconds:6.1f} s")
    return 1 if any(code for _, code, _ in results) else 0


def fix(args: list[str]) -> int:
    """Repair what ruff can repair, then format"""
    _refuse(args, "fix")
    _ensure_environment(quiet=False)
    # Ruff ends with 1 when something is left that a person must repair; formatting is done all the same.
    return max([_run([PYTHON, "-m", "ruff", *what, "."]) for what in (["check", "--fix"], ["format"])])


def crash(args: list[str]) -> int:
    """Every failpoint x fault x seed with the real program: some ten minutes; --all: docs/reliability.md"""
    _ensure_environment(quiet=False)
    told = 0
    if args in ([], ["--all"]):
        # Of people, files, brokers and crashes, made up by hypothesis; the ordinary tests run fewer.
        os.environ["FILEBRIDGE_STORIES"] = "500"
        told = _run([PYTHON, "-m", "pytest", *PYTEST_DEFAULTS, "-k", "TestStory or no_sequence or cut_file"])
    return _run([PYTHON, "-m", "tests.crash.matrix", *args]) or told


def fuzz(args: list[str]) -> int:
    """100,000 damaged order files, minutes long; --minutes M, --files N, --seed S, --case NUMBER"""
    _ensure_environment(quiet=False)
    return _run([PYTHON, "-m", "tests.fuzz", *args])


def mutants(args: list[str]) -> int:
    """Every limit, guard and step of a replacement taken out once: the tests must see it; some minutes"""
    _ensure_environment(quiet=False)
    os.environ["FILEBRIDGE_ALL_BROKEN"] = "1"
    return _run([PYTHON, "-m", "pytest", *PYTEST_DEFAULTS, "-k", "is_seen", "tests/property", *args])


def bench(args: list[str]) -> int:
    """Benchmarks beside a program written by hand: docs/performance.md; --quick, --full, --only NAME"""
    _ensure_environment(quiet=False)
    return _run([PYTHON, "-m", "benchmarks", *args])


def windows(args: list[str]) -> int:
    """The tests that need no Linux, on Windows' CPython (here: under Wine); --quick: the parts that CI runs"""
    if WINDOWS:
        _ensure_environment(quiet=False)
    # Elsewhere it makes a machine of its own, and needs nothing of ours but a Python.
    return _run([PYTHON if WINDOWS else _find_interpreter().path, "-m", "tests.windows", *args])


def docs(args: list[str]) -> int:
    """Write the generated pages of docs/ again; --check only says which are stale"""
    _ensure_environment(quiet=False)
    return _run([PYTHON, "-m", "docs.generate", *args])


def calendar(args: list[str]) -> int:
    """Write filebridge/trading_calendar.csv again, from exchange_calendars"""
    _refuse(args, "calendar")
    _ensure_environment(quiet=False)
    if Path(sys.prefix).resolve() != VENV.resolve():
        # Once more, under the interpreter that has the package.
        return _run([PYTHON, __file__, "calendar"])
    return _write_calendar()


def show_help(args: list[str]) -> int:
    """This list"""
    print("python dev.py COMMAND [ARGUMENTS]\n")
    for name, command in COMMANDS.items():
        print(f"  {name:10}{command.__doc__}")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "setup": setup,
    "demo": demo,
    "test": test,
    "check": check,
    "fix": fix,
    "crash": crash,
    "fuzz": fuzz,
    "mutants": mutants,
    "bench": bench,
    "windows": windows,
    "docs": docs,
    "calendar": calendar,
    "help": show_help,
}

CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff check", ("ruff", "check", ".")),
    ("ruff format", ("ruff", "format", "--check", ".")),
    ("mypy", ("mypy",)),
    ("docs", ("docs.generate", "--check")),
    ("tests", ("pytest", *PYTEST_DEFAULTS)),
)


def main(argv: list[str]) -> int:
    """0 clean, 1 problems found, 2 could not run."""
    _speak_utf8()
    name, args = (argv[0], argv[1:]) if argv else ("help", [])
    command = COMMANDS.get("help" if name in ("-h", "--help") else name)
    try:
        if command is None:
            raise CannotRun(f"there is no command {name!r}; the commands are: {', '.join(COMMANDS)}")
        return command(args)
    except CannotRun as problem:
        print(f"dev.py: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


# ---- the environment -------------------------------------------------------------------------------------------------


class Interpreter(NamedTuple):
    """A Python to build the environment with; `path` may be just a version where uv is to find or fetch it."""

    path: str
    version: tuple[int, int]


def _ensure_environment(*, quiet: bool) -> bool:
    """Returns True where there was nothing to do. A half-made or broken environment is made again."""
    base = _find_interpreter()
    wanted = _fingerprint(base)
    if _works() and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
        return True
    _say("Setting up .venv (once; it takes a minute or two, later runs start at once)")
    # Gone before anything changes: whatever interrupts us now, the next call starts over.
    if STAMP.is_file():
        STAMP.unlink()
    failures = []
    for name, build in _builders(base):
        try:
            build(base, quiet)
            if not _works():
                # Damaged underneath what the installer believes to be there.
                _remove_environment()
                build(base, quiet)
        except CannotRun as problem:
            failures.append(f"with {name}: {problem}")
            continue
        STAMP.write_text(wanted, encoding="utf-8")
        return False
    raise CannotRun("the environment could not be made\n  " + "\n  ".join(failures))


def _builders(base: Interpreter) -> list[tuple[str, Callable[[Interpreter, bool], None]]]:
    """uv first, for its speed; then pip, because uv does not read the mirrors that are set in pip's configuration."""
    builders: list[tuple[str, Callable[[Interpreter, bool], None]]] = []
    if shutil.which("uv"):
        builders.append(("uv", _build_with_uv))
    if os.sep in base.path:
        builders.append(("venv and pip", _build_with_pip))
    return builders


def _build_with_uv(base: Interpreter, quiet: bool) -> None:
    uv = shutil.which("uv") or "uv"
    if _version_of(PYTHON) != base.version:
        _remove_environment()
        _install([uv, "venv", "--python", base.path, VENV], quiet)
    _install([uv, "pip", "install", "--python", PYTHON, *WHAT_IS_INSTALLED], quiet)


def _build_with_pip(base: Interpreter, quiet: bool) -> None:
    # An environment made by uv has no pip inside and is of no use here.
    if _version_of(PYTHON) != base.version or _answer([PYTHON, "-m", "pip", "--version"]) is None:
        if _answer([base.path, "-c", "import ensurepip, venv"]) is None:
            raise CannotRun(_no_venv(base))
        _remove_environment()
        _install([base.path, "-m", "venv", VENV], quiet)
    _install([PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *WHAT_IS_INSTALLED], quiet)


def _no_venv(base: Interpreter) -> str:
    package = f"python{base.version[0]}.{base.version[1]}-venv"
    return (
        f"{base.path} comes without venv or ensurepip. On Debian and Ubuntu: sudo apt-get install {package} "
        "(or python3-venv). Elsewhere install Python from python.org, or uv from astral.sh."
    )


def _find_interpreter() -> Interpreter:
    """Our own Python if it fits, else one that lies beside it, else one that uv finds or fetches."""
    own = sys.version_info[:2]
    if own in SUPPORTED:
        # Inside an environment `sys.executable` would go away with it; the base stays.
        return Interpreter(getattr(sys, "_base_executable", None) or sys.executable, own)
    for version in SUPPORTED:
        path = shutil.which("python{}.{}".format(*version)) or _from_launcher(version)
        if path and _version_of(Path(path)) == version:
            return Interpreter(path, version)
    if shutil.which("uv"):
        return Interpreter("{}.{}".format(*SUPPORTED[0]), SUPPORTED[0])
    raise CannotRun(
        "this is Python {}.{}, but filebridge needs 3.11, 3.12 or 3.13 (xtquant exists for no newer one). "
        "Install one of them from python.org and call it by name: `python3.13 dev.py` on Linux, "
        "`py -3.13 dev.py` on Windows.".format(*own)
    )


def _from_launcher(version: tuple[int, int]) -> str | None:
    """Windows' `py` knows the installed Pythons, which are rarely on the PATH there."""
    launcher = shutil.which("py") if WINDOWS else None
    if launcher is None:
        return None
    return _answer([launcher, "-{}.{}".format(*version), "-c", "import sys; print(sys.executable)"])


def _fingerprint(base: Interpreter) -> str:
    """What the environment was made from. The folder counts: in a moved or copied tree .venv points at the old one."""
    parts = [str(ROOT).encode(), repr(base.version).encode(), PYPROJECT.read_bytes(), CONSTRAINTS.read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _works() -> bool:
    # -P: from this folder filebridge could be imported even where nothing is installed.
    return FILEBRIDGE.exists() and _answer([PYTHON, "-P", "-c", "import filebridge, pytest"]) is not None


def _version_of(python: Path) -> tuple[int, int] | None:
    answer = _answer([python, "-c", "import sys; print(*sys.version_info[:2])"]) if python.exists() else None
    major, _, minor = (answer or "").partition(" ")
    return (int(major), int(minor)) if minor else None


def _remove_environment() -> None:
    if not VENV.exists() and not VENV.is_symlink():
        return
    _say(f"removing {VENV.name}, which is incomplete, damaged or of another Python")
    try:
        VENV.unlink() if VENV.is_symlink() or VENV.is_file() else shutil.rmtree(VENV)
    except OSError as problem:
        raise CannotRun(f"{VENV} is in use ({problem}). End what runs from it, `deactivate`, and try again.") from None


# ---- processes -------------------------------------------------------------------------------------------------------


def _run(command: Sequence[str | Path]) -> int:
    """Runs with our own input and output; returns its exit code."""
    text = [str(part) for part in command]
    _say(f"$ {_shown(text)}")
    return subprocess.call(text, cwd=ROOT, env=_child_environment())


def _install(command: Sequence[str | Path], quiet: bool) -> None:
    """One step of the setup. Quiet shows a sign of life and keeps the output for the case that it fails."""
    text = [str(part) for part in command]
    if not quiet:
        if _run(text) != 0:
            raise CannotRun(f"this failed, see above: {_shown(text)}")
        return
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(text, cwd=ROOT, env=_child_environment(), stdout=output, stderr=subprocess.STDOUT)
        began = time.monotonic()
        while True:
            try:
                process.wait(timeout=5)
                break
            except subprocess.TimeoutExpired:
                _say(f"  still installing, {time.monotonic() - began:.0f} s")
        if process.returncode != 0:
            output.seek(0)
            _say(output.read().decode("utf-8", "replace"))
            raise CannotRun(f"this failed, see above: {_shown(text)}")


def _answer(command: Sequence[str | Path]) -> str | None:
    """The output of a short question to another program; None where it cannot answer."""
    try:
        done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()


def _child_environment() -> dict[str, str]:
    """UTF-8 (PYTHONUTF8 would hide a file opened without an encoding); what is compiled is kept for the next start."""
    return {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": ""}


def _shown(command: list[str]) -> str:
    return " ".join(part.replace(str(ROOT) + os.sep, "") for part in command)


# ---- smaller things --------------------------------------------------------------------------------------------------


def _write_calendar() -> int:
    import exchange_calendars  # only here, under the interpreter of .venv

    shanghai = exchange_calendars.get_calendar("XSHG", start=CALENDAR_START)
    days = [session.date().isoformat() for session in shanghai.sessions]
    version = exchange_calendars.__version__
    lines = [f"# Trading days {days[0]} to {days[-1]}: XSHG of exchange_calendars {version}", "trade_date", *days]
    CALENDAR.write_bytes(("\n".join(lines) + "\n").encode())
    _say(f"{len(days)} trading days, {days[0]} to {days[-1]}, written to {CALENDAR.relative_to(ROOT)}")
    return 0


def _refuse(args: list[str], name: str) -> None:
    if args:
        raise CannotRun(f"`{name}` takes no arguments, but got: {' '.join(args)}")


def _say(text: str) -> None:
    # Flushed, or it would come out after the output of the child that it announces.
    print(text, flush=True)


def _speak_utf8() -> None:
    """A Windows console or a bare container may have an encoding in which Chinese text would end the program."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
