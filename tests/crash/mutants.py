"""Would the suite notice? The program with one safety taken out, which must break an invariant.

A mutant is a text of a module and what takes its place, in a copy of the package that only the started programs see.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filebridge
from tests.crash.case import Case, run_case
from tests.crash.orphan import orphan_problems

PACKAGE = Path(filebridge.__file__).parent


@dataclass(frozen=True, slots=True)
class Mutant:
    """`cases` are those that must see it; without any, the orphan test must."""

    name: str
    edits: tuple[tuple[str, str, str], ...]
    cases: tuple[Case, ...] = ()


# Linux kills a child with its parent; without that help, as on other systems, the worker's own look must do.
NO_KERNEL_HELP = ("gateways/worker.py", "prctl(1, signal.SIGKILL)", "prctl(1, 0)")

_NEXT_GROUP = "            acts.group = [] if is_reading else self._sender.next_group(now, behind=behind)\n"

MUTANTS = (
    Mutant(
        "send before journal",
        (
            (
                "bridge/conductor.py",
                _NEXT_GROUP,
                _NEXT_GROUP + "            self._sender.dispatch(acts.group, now)\n            acts.group = []\n",
            ),
        ),
        (Case("ledger.commit", "kill", 6, 1), Case("ledger.commit", "kill", 5, 2)),
    ),
    Mutant(
        "archive before commit",
        (
            (
                "bridge/conductor.py",
                "            acts.moves += moves\n",
                "            acts.moves += moves\n            self._parts.archive.rest(acts.moves)\n",
            ),
        ),
        # Which commit is an intake's is not the same in every run.
        tuple(Case("ledger.commit", "kill", nth, 1) for nth in range(3, 9)),
    ),
    Mutant(
        "results in place",
        (
            (
                "outbox.py",
                '        failpoints.hit("outbox.replace")\n'
                '        os.replace(temporary, f"{self.folder}/{name}")  # noqa: PTH105\n',
                "        whole = Path(temporary).read_bytes()\n"
                "        os.unlink(temporary)\n"
                '        with open(f"{self.folder}/{name}", "wb") as file:\n'
                "            file.write(whole[: len(whole) // 2])\n"
                "            file.flush()\n"
                '            if "receipt" in name:\n'
                '                failpoints.hit("outbox.replace")\n'
                "            file.write(whole[len(whole) // 2 :])\n",
            ),
        ),
        (Case("outbox.replace", "kill", 2, 1), Case("outbox.replace", "kill", 4, 2)),
    ),
    Mutant(
        "mark sent early",
        (
            (
                "bridge/sending.py",
                "group.append(self._book.happen(order, event))\n",
                "group.append(self._book.happen(order, event))\n"
                "                self._book.happen(group[-1], OrderEvent(kind=EventKind.REPORT_WORKING, at=now))\n",
            ),
        ),
        (Case("sending.submit", "kill", 2, 1), Case("worker.note", "kill", 3, 1)),
    ),
    Mutant(
        "no quiet time: an answer without the order is proof",
        (
            (
                "bridge/recovery.py",
                "                if terms.tag in listing.in_doubt:\n                    self._evidence(order, now)\n",
                "                self._book.happen(order, OrderEvent(kind=EventKind.PROVE_NOT_SENT, at=now))\n",
            ),
        ),
        (Case("worker.called", "kill", 3, 1, "query lag"), Case("worker.called", "kill", 6, 2, "query lag")),
    ),
    Mutant(
        "truncated tag collision",
        (
            (
                "ledger/store.py",
                "secrets.token_bytes(10 * made)",
                'b"".join(bytes([*bytes(9), secrets.randbits(4)]) for _ in range(made))',
            ),
        ),
        (Case("ledger.committed", "kill", 3, 1),),
    ),
    Mutant(
        "go on after a failed COMMIT",
        (
            (
                "ledger/store.py",
                "        except (sqlite3.Error, OSError) as error:\n            raise LedgerError(",
                "        except (sqlite3.Error, OSError) as error:\n            return\n            raise LedgerError(",
            ),
        ),
        (Case("ledger.write", "eio", 6, 1), Case("ledger.commit", "eio", 6, 2)),
    ),
    Mutant(
        "an orphaned worker drains its queue",
        (
            NO_KERNEL_HELP,
            ("gateways/worker.py", "        return os.getppid() != self._pid\n", "        return False\n"),
            # Two more that would stop the orphan, a moment later.
            (
                "gateways/worker.py",
                "        except OSError:\n            os._exit(0)\n",
                "        except OSError:\n            return\n",
            ),
            (
                "gateways/worker.py",
                'time.time() >= min(command["not_after"], order.get("not_after", command["not_after"]))',
                "False",
            ),
        ),
    ),
)


def caught_by(mutant: Mutant) -> str:
    """The first thing that went wrong with the mutant; empty if nothing did, and the suite has a hole."""
    with edited(mutant.edits):
        if not mutant.cases:
            return "; ".join(orphan_problems(Path(tempfile.mkdtemp(prefix="filebridge-mutant-"))))
        for case in mutant.cases:
            folder = Path(tempfile.mkdtemp(prefix="filebridge-mutant-"))
            try:
                problems = run_case(case, folder).problems
            except (AssertionError, ValueError, KeyError, IndexError) as error:
                # Reports that cannot even be read are caught as well.
                problems = [f"{type(error).__name__}: {error}"]
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            if problems:
                return f"{case}: {problems[0]}"
    return ""


@contextmanager
def edited(edits: tuple[tuple[str, str, str], ...]) -> Iterator[None]:
    """Programs started meanwhile see the package with these edits (module, text, instead); this process does not."""
    with tempfile.TemporaryDirectory(prefix="filebridge-mutant-") as folder:
        shutil.copytree(PACKAGE, Path(folder) / "filebridge", ignore=shutil.ignore_patterns("__pycache__"))
        for name, old, new in edits:
            module = Path(folder) / "filebridge" / name
            text = module.read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{name}: {old!r} stands there {text.count(old)} times"
            text = text.replace(old, new)
            # A mutant that is no Python would be "caught" by every case, or by none.
            compile(text, name, "exec")
            module.write_text(text, encoding="utf-8")
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = before
