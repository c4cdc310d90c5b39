"""Modules of at most 400 lines, functions of at most 60: what is longer has two subjects."""

import ast

from tests.house.tree import Module, keep, modules

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60


def too_long(module: Module) -> list[str]:
    found = []
    if len(module.lines) > MODULE_LINES_MAX:
        found.append(f"{module.path}: {len(module.lines)} lines, at most {MODULE_LINES_MAX}")
    for node in module.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                found.append(f"{module.at(node)}: {node.name} has {length} lines, at most {FUNCTION_LINES_MAX}")
    return found


def test_modules_and_functions_are_short() -> None:
    keep([line for module in modules("filebridge", "benchmarks", "docs", "dev.py") for line in too_long(module)])


def test_the_rule_can_fail() -> None:
    function = "def f():\n" + "    pass\n" * FUNCTION_LINES_MAX
    assert len(too_long(Module("filebridge/inbox.py", function))) == 1
    assert too_long(Module("filebridge/inbox.py", function.removesuffix("    pass\n"))) == []
    assert len(too_long(Module("filebridge/inbox.py", "x = 1\n" * (MODULE_LINES_MAX + 1)))) == 1
    assert too_long(Module("filebridge/inbox.py", "x = 1\n" * MODULE_LINES_MAX)) == []
