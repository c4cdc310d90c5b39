"""Our package as a user installs it on Windows: with its data files, and with a filebridge.exe."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.windows.marks import only_windows

pytestmark = only_windows
ROOT = Path(__file__).resolve().parents[2]


def run(command: list[str], **environment: str) -> str:
    given = {**os.environ, **environment}
    done = subprocess.run(command, env=given, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
    return done.stdout.decode("utf-8")


def test_installed_it_trades_end_to_end(tmp_path: Path) -> None:
    tree, site, home = tmp_path / "tree", tmp_path / "site", tmp_path / "新的 主目录"
    shutil.copytree(ROOT / "filebridge", tree / "filebridge", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tree)
    # What it needs is here already; nothing is fetched.
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    run([sys.executable, "-m", "pip", "install", *offline, "--target", str(site), str(tree)])
    program = str(site / "bin" / "filebridge.exe")
    alone = {"PYTHONPATH": str(site)}
    assert "文件即委托" in run([program, "--help"], **alone)
    where = run([sys.executable, "-P", "-c", "import filebridge; print(filebridge.__file__)"], **alone)
    assert Path(where.strip()).is_relative_to(site)
    run([program, "init", str(home)], **alone)
    basket = "证券代码,买卖方向,委托数量,委托价格\n600000.SH,买入,100,10.60\n000001.SZ,BUY,200,11.00\n"
    (home / "inbox" / "第一个 篮子.csv").write_text(basket, encoding="gbk")
    market = "symbol,prev_close,last\n600000.SH,10.45,10.50\n000001.SZ,11.00,10.90\n"
    (home / "userdata" / "market.csv").write_text(market, encoding="utf-8")
    run([program, "run", "--once", "--timeout", "120", "--home", str(home)], **alone)
    (report,) = (home / "outbox").glob("orders-*.csv")
    rows = list(csv.DictReader(report.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["symbol"], row["status"]) for row in rows] == [("600000.SH", "FILLED"), ("000001.SZ", "FILLED")]
    assert "whole" in run([program, "verify", "--home", str(home)], **alone)
