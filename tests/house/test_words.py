"""The words of the trade, and a few habits that a reader should be able to rely on.

Each rule is a function from a file to the lines that break it, so that the test below it can show it failing.
"""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.house.tree import ROOT, Module, called, files, keep, modules

# Names that say nothing about the trade, and other systems' words for what has a name here. A name is compared by its
# parts, so FillManager and order_no_text are found, and order_not_found is not.
BANNED = (
    *("util", "utils", "helper", "helpers", "manager", "managers", "service", "services", "misc", "common"),
    *("ticker", "entrust", "order_no", "deal_id", "stock_no", "px"),
)

# xtquant's words stop at the door of the room that knows xtquant. (The formats in orderfiles/ read such headers, those
# in reports/ write them.)
XTQUANT_WORDS = frozenset(
    {
        *("stock_code", "order_volume", "order_sysid", "order_remark", "order_status", "price_type", "strategy_name"),
        *("traded_id", "traded_volume", "traded_price", "traded_amount", "traded_time", "can_use_volume", "account_id"),
        *("order_stock_async", "order_stock", "cancel_order_stock_async", "cancel_order_stock", "status_msg"),
    }
)
XTQUANT_ROOMS = (
    *("filebridge/simulator/", "filebridge/gateways/xttrader.py", "filebridge/gateways/xtrows.py"),
    "filebridge/orderfiles/",
    # Columns of other systems, which have such names as well.
    "filebridge/reports/",
)

# The rooms that talk to a person.
PRINTING = re.compile(r"filebridge/(cli\.py|cli/.*|demo\.py)|dev\.py")


def banned_names(module: Module) -> list[str]:
    """Names that are given here, not names of others' that are used."""
    found = [f"{module.path}: the module's name" for part in module.path.split("/") if _banned(part.split(".")[0])]
    return found + [f"{where}: {name}" for where, name in _given_names(module) if _banned(name)]


def xtquant_words(module: Module) -> list[str]:
    if module.path.startswith(XTQUANT_ROOMS):
        return []
    found = []
    for node in module.nodes:
        word = None
        if isinstance(node, ast.Name):
            word = node.id
        elif isinstance(node, ast.Attribute):
            word = node.attr
        elif isinstance(node, (ast.arg, ast.keyword)):
            word = node.arg
        elif isinstance(node, ast.Constant):
            word = node.value if isinstance(node.value, str) else None
        if word in XTQUANT_WORDS and isinstance(node, (ast.expr, ast.arg, ast.keyword)):
            found.append(f"{module.at(node)}: {word} is xtquant's word")
    return found


def prints(module: Module) -> list[str]:
    return [] if PRINTING.fullmatch(module.path) else _calls(module, lambda node: called(node) == "print")


def naive_times(module: Module) -> list[str]:
    """Clocks read without an offset; our own clocks may well have a method now()."""

    def is_naive(node: ast.Call) -> bool:
        *before, name = called(node).split(".")
        if before[-1:] not in (["datetime"], ["date"]):
            return False
        zone = node.args[1:] or node.keywords if name == "fromtimestamp" else node.args or node.keywords
        return name in ("utcnow", "utcfromtimestamp", "today") or (name in ("now", "fromtimestamp") and not zone)

    return _calls(module, is_naive)


def fixed_pauses(module: Module) -> list[str]:
    """Waiting is for a condition, with a deadline; a pause is too short on a busy machine and too long on any other."""
    return _calls(module, lambda node: called(node) in ("time.sleep", "sleep", "asyncio.sleep"))


def blind_excepts(module: Module) -> list[str]:
    """`except Exception` without a comment `# why: …` on its line, the one before, or before its first statement."""
    found = []
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler) and _is_blind(node):
            near = module.lines[max(node.lineno - 2, 0) : node.body[0].lineno]
            if not any(re.search(r"#.*\bwhy:", line) for line in near):
                found.append(module.at(node))
    return found


def foreign_paths(text: str) -> list[str]:
    """Folders of one person's machine. Pieced together here, because this file is searched too."""
    machine = "|".join(("work", "root", "home"))
    pattern = rf"(?<![\w.}}])/(?:{machine})/|\.\./{'shared'}"
    return [f"line {number}" for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]


# rule -> (where it holds, what breaks it, what does not); the path matters where a rule has its places.
RULES: dict[Callable[[Module], list[str]], tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    banned_names: (
        ("filebridge", "tests", "benchmarks", "docs", "dev.py"),
        ("class FillManager: ...", "def f(order_no): ...", "ticker = 1", "from x import y as utils", "self.px = 1"),
        ("order_not_found = 1", "import logging.handlers", "multiprocessing.Manager()", "manage = 1"),
    ),
    xtquant_words: (
        ("filebridge",),
        ("row['stock_code']", "x.order_sysid", "f(traded_volume=1)", "def f(price_type): ..."),
        ("'''The stock_code of xtquant is our symbol.'''", "x.order_type"),
    ),
    prints: (("filebridge",), ("print('x')",), ("console.print('x')",)),
    naive_times: (
        ("filebridge", "tests", "benchmarks", "docs", "dev.py"),
        (
            *("datetime.now()", "datetime.datetime.now()", "datetime.utcnow()", "date.today()"),
            *("datetime.fromtimestamp(1)", "datetime.utcfromtimestamp(1)"),
        ),
        ("datetime.now(SHANGHAI)", "datetime.now(tz=UTC)", "clock.now()", "datetime.fromtimestamp(1, UTC)"),
    ),
    fixed_pauses: (
        ("tests",),
        ("time.sleep(1)", "from time import sleep\nsleep(1)"),
        ("stopped.wait(1)",),
    ),
    blind_excepts: (
        ("filebridge", "tests", "benchmarks", "docs", "dev.py"),
        (
            "try: ...\nexcept Exception: ...",
            "try: ...\nexcept: ...",
            "try: ...\nexcept (OSError, BaseException) as e:\n    # a note\n    raise",
        ),
        (
            "try: ...\nexcept OSError: ...",
            "try: ...\nexcept Exception:  # noqa: BLE001 - why: callbacks must never raise\n    ...",
            "try: ...\nexcept Exception:\n    # why: whatever it is, the worker must be told\n    ...",
        ),
    ),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Callable[[Module], list[str]]) -> None:
    where, _, _ = RULES[rule]
    keep([line for module in modules(*where) for line in rule(module)])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_can_fail(rule: Callable[[Module], list[str]]) -> None:
    _, broken, kept = RULES[rule]
    assert [source for source in broken if not rule(Module("filebridge/bridge.py", source))] == []
    assert [source for source in kept if rule(Module("filebridge/bridge.py", source))] == []


def test_rules_that_have_their_places() -> None:
    assert banned_names(Module("filebridge/utils.py", ""))
    assert banned_names(Module("filebridge/order_helpers/fills.py", ""))
    assert not prints(Module("filebridge/cli.py", "print('x')"))
    assert not xtquant_words(Module("filebridge/gateways/xttrader.py", "x.order_sysid"))
    assert xtquant_words(Module("filebridge/gateways/worker.py", "x.order_sysid"))


def test_no_file_names_somebodys_machine() -> None:
    found = []
    for path in files():
        # Latin-1 reads any bytes, and the folders that are searched for are ASCII in every encoding but UTF-16.
        text = path.read_bytes().decode("latin-1")
        found += [f"{path.relative_to(ROOT).as_posix()}, {line}" for line in foreign_paths(text)]
    keep(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see " + "/" + "work/main", True),
        ("../" + "shared/design.md", True),
        ("C:/" + "home/x", True),
        ("https://example.org/" + "home/", False),
        ("{root}/" + "work/", False),
        ("at home and at work", False),
    ],
)
def test_the_search_for_paths_can_fail(text: str, found: bool) -> None:
    assert bool(foreign_paths(text)) is found


def _calls(module: Module, is_broken: Callable[[ast.Call], bool]) -> list[str]:
    calls = [node for node in module.nodes if isinstance(node, ast.Call) and is_broken(node)]
    return [f"{module.at(node)}: {called(node)}(…)" for node in calls]


def _given_names(module: Module) -> Iterator[tuple[str, str]]:
    for node in module.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield module.at(node), node.name
        elif isinstance(node, ast.arg):
            yield module.at(node), node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield module.at(node), node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield module.at(node), node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield module.at(node), node.asname


def _banned(name: str) -> bool:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")
    return any(f"_{word}_" in f"_{spaced}_" for word in BANNED)


def _is_blind(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in caught if isinstance(kind, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})
