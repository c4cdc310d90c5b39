"""How long a person waits for the command line."""

import subprocess
import time
from statistics import median

from benchmarks.bench import Bench
from benchmarks.orders import order_file
from tests.integration.homes import PROGRAM, environment


def run(bench: Bench) -> None:
    """Times of the whole process, from its start to its end. The bridge does not run."""
    sizes = bench.sizes
    home = bench.filebridge()
    path = bench.folder / "orders.csv"
    path.write_text(order_file(range(sizes.check_rows)), encoding="utf-8")
    bare = _times(sizes.command_repeats, "--help", program=(PROGRAM[0], "-P", "-c", "pass"))
    helped = _times(sizes.command_repeats, "--help")
    bench.report("help", ours=median(helped), floor=median(bare), value=median(helped), samples={"ours": helped})
    checked = _times(sizes.command_repeats, "check", str(path), "--home", str(home.folder))
    bench.report(
        "check",
        size=sizes.check_rows,
        ours=median(checked),
        floor=median(bare),
        value=median(checked),
        samples={"ours": checked},
    )


def _times(repeats: int, *words: str, program: tuple[str, ...] = PROGRAM) -> list[float]:
    times = []
    # The first one is not counted: it may have to write compiled modules.
    for number in range(repeats + 1):
        began = time.monotonic()
        done = subprocess.run([*program, *words], capture_output=True, env=environment({}), check=False)
        assert done.returncode == 0, done.stderr.decode()
        if number:
            times.append(time.monotonic() - began)
    return times
