"""What atheris runs: a file whose first byte says its name, read under watch; anything wrong with it is an error."""

import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["filebridge.orderfiles"]):
    from filebridge.orderfiles import FORMATS

from tests.fuzz.judge import Mutant, judge

NAMES = [f"orders{extension}" for extension in FORMATS]


def probe(data: bytes) -> None:
    if data:
        found = judge(Mutant(NAMES[data[0] % len(NAMES)], data[1:])).findings
        if found:
            raise AssertionError(found[0])


def main() -> Any:
    atheris.Setup(sys.argv, probe)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
