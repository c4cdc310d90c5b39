"""The project's files as the house tests read them. The rules are in the tests; here is only the reading."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Not ours, or made while the program runs.
SKIPPED = {"__pycache__", "build", "dist", "node_modules"}
SHOWN_ALTHOUGH_HIDDEN = {".ci", ".github", ".gitignore", ".gitattributes"}


@dataclass(frozen=True)
class Module:
    """A Python file: its path from the root with forward slashes, and its text."""

    path: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All of the tree: every rule walks it."""
        return [*ast.walk(self.tree)]

    @cached_property
    def lines(self) -> list[str]:
        return self.source.splitlines()

    @property
    def room(self) -> str:
        """`ledger` of filebridge/ledger/store.py, `inbox` of filebridge/inbox.py; empty outside filebridge/."""
        first, *rest = self.path.removesuffix(".py").split("/")
        return rest[0] if first == "filebridge" else ""

    @property
    def package(self) -> list[str]:
        """What a leading dot of an import means in this file."""
        return self.path.split("/")[:-1]

    def at(self, node: ast.stmt | ast.expr | ast.excepthandler | ast.arg | ast.keyword | ast.alias) -> str:
        return f"{self.path}:{node.lineno}"


def files(root: Path = ROOT) -> Iterator[Path]:
    """Every file of the project, without what tools and runs leave behind."""
    for path in sorted(root.iterdir()):
        hidden = path.name.startswith(".") and path.name not in SHOWN_ALTHOUGH_HIDDEN
        if hidden or path.name in SKIPPED or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from files(path)
        elif path.is_file():
            yield path


def modules(*tops: str) -> list[Module]:
    """The Python files under these folders (or these very files), sorted by path."""
    return [module for name, module in all_modules().items() if any(_is_under(name, top) for top in tops)]


@cache
def all_modules() -> dict[str, Module]:
    """All of them by path: read once, and parsed once, for all rules of a file of tests."""
    paths = [(path, path.relative_to(ROOT).as_posix()) for path in files() if path.suffix == ".py"]
    return {name: Module(name, path.read_text(encoding="utf-8")) for path, name in paths}


def _is_under(name: str, top: str) -> bool:
    return name == top or name.startswith(top + "/")


def imports(module: Module) -> list[tuple[str, str]]:
    """(where, full name) of everything that a file imports, at whatever depth and for whatever reason.

    `from a.b import c` gives a.b.c, because c may be a module. `import_module("a.b")` counts too.
    """
    found = []
    for node in module.nodes:
        if isinstance(node, ast.Import):
            found += [(module.at(node), alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = module.package[: len(module.package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            found += [(module.at(node), f"{stem}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Call) and called(node).split(".")[-1] in ("import_module", "__import__"):
            names = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
            found += [(module.at(node), str(name)) for name in names]
    return found


def called(node: ast.Call) -> str:
    """`datetime.now` of the call datetime.now(…); empty where the callee has no plain name."""
    names, callee = [], node.func
    while isinstance(callee, ast.Attribute):
        names.append(callee.attr)
        callee = callee.value
    if isinstance(callee, ast.Name):
        return ".".join([callee.id, *reversed(names)])
    # Of something that was called or looked up itself: rare, and slow to write out.
    return ast.unparse(node.func) if names else ""


def keep(violations: list[str]) -> None:
    """Fails with every violation on a line of its own; pytest would show the first of a list and cut the rest."""
    assert not violations, "\n" + "\n".join(violations)
