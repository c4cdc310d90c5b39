"""The broker side is the installed xtquant, unmodified, and importing it stays on this machine."""

import base64
import csv
import hashlib
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

# What xtquant's update check would import; here each leaves a mark when it is.
_SPY = "from pathlib import Path\nPath({mark!r}).touch()\n"
_IMPORT = """
from filebridge.gateways.xttrader import import_xttrader
xttrader, xttype = import_xttrader(paper=True)
assert xttrader.XtQuantTrader and xttype.StockAccount
import sys
assert not any(type(finder).__name__ == "_NoUpdateCheck" for finder in sys.meta_path)
"""


def test_the_update_check_never_runs(tmp_path: Path) -> None:
    mark = tmp_path / "imported"
    for name in ("requests", "pkg_resources"):
        (tmp_path / f"{name}.py").write_text(_SPY.format(mark=str(mark)), encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{_IMPORT}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not mark.exists()
    # And without the guard the spies would have seen it.
    subprocess.run([sys.executable, "-c", code.split("from filebridge")[0] + "import xtquant"], check=True)
    assert mark.exists()


def test_xttrader_is_as_it_came() -> None:
    installed = distribution("xtquant")
    record = next(path for path in installed.files or () if path.name == "RECORD")
    for name, digest, _ in csv.reader(Path(str(record.locate())).read_text(encoding="utf-8").splitlines()):
        if name in ("xtquant/xttrader.py", "xtquant/xttype.py", "xtquant/xtconstant.py"):
            data = Path(str(installed.locate_file(name))).read_bytes()
            expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert digest == f"sha256={expected}"
