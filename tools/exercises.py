"""The exercises of all notebooks: each solution, the code it needs, and its check.

Read from notebooks/src, never run as a notebook: of the cells before, only the lines
that the solution needs are kept, so that an exercise is ready in a second.
"""

import ast
import importlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "notebooks" / "src"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


class Exercise(NamedTuple):
    notebook: str  # "02_noise"
    name: str  # "my_add_noise"
    code: str  # the function, with its solution
    lines: range  # the lines of `code` with the solution, counted from 1
    needs: str  # the code to run before
    check_name: str  # "check_add_noise"
    check_file: str  # "course_lib.checks.nb02_noise"

    def check(self) -> Callable:
        """The check that the notebook calls with the learner's function."""
        return getattr(importlib.import_module(self.check_file), self.check_name)

    def function(self, code: str | None = None) -> Callable:
        """The function as a notebook would define it, compiled as its own file."""
        names = dict(_run(self.needs))
        exec(compile(code or self.code, f"<{self.name}>", "exec"), names)
        return names[self.name]


@cache
def _run(needs: str) -> dict:
    """The names that the cells before define; run once, as some load a network."""
    names: dict = {}
    exec(compile(needs, "<cells before>", "exec"), names)
    return names


@cache
def exercises() -> tuple[Exercise, ...]:
    """All exercises, in the order of the notebooks."""
    return tuple(
        exercise for file in sorted(SOURCES.glob("*.py")) for exercise in _in(file)
    )


def _in(file: Path) -> list[Exercise]:
    code = file.read_text(encoding="utf-8")
    lines, tree, found = code.splitlines(), ast.parse(code), []
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        first = function.lineno
        # END is a comment after the last line of code, so Python leaves it out.
        own = lines[first - 1 : function.end_lineno + 1]
        marks = {line.strip(): i for i, line in enumerate(own, start=1)}
        if BEGIN not in marks:
            continue
        before = [node for node in tree.body if node.end_lineno < first]
        check, module = _check_of(function.name, code)
        exercise = Exercise(
            file.stem,
            function.name,
            "\n".join(own) + "\n",
            range(marks[BEGIN] + 1, marks[END]),
            _needed(function, before),
            check,
            module,
        )
        found.append(exercise)
    return found


def _check_of(name: str, code: str) -> tuple[str, str]:
    """The check that a notebook calls with this function, and the check's module."""
    check = re.search(rf"\b(check_\w+)\({name}\)", code)[1]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and check in {a.name for a in node.names}:
            return check, node.module
    raise ValueError(f"{check} is imported nowhere")


def _needed(function: ast.FunctionDef, before: list[ast.stmt]) -> str:
    """The lines of earlier cells that a function needs, in their order."""
    wanted, kept = _used(function), []
    for node in reversed(before):
        bound = _bound(node)
        if bound & wanted:
            kept.append(node)
            # Not for x += 1, which needs the x before it.
            wanted = (wanted - bound) | _used(node)
    return "\n".join(ast.unparse(node) for node in reversed(kept)) + "\n"


def _used(node: ast.AST) -> set[str]:
    """The names that a piece of code reads and does not set itself."""
    names = [name for name in ast.walk(node) if isinstance(name, ast.Name)]
    own = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    given = {
        argument.arg for argument in ast.walk(node) if isinstance(argument, ast.arg)
    }
    # Outside functions, `x = x + 1` reads the x before it.
    if not isinstance(node, ast.FunctionDef):
        own = set()
    return {name.id for name in names if isinstance(name.ctx, ast.Load)} - own - given


def _bound(node: ast.stmt) -> set[str]:
    """The names that a line of a cell sets."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(a.asname or a.name).split(".")[0] for a in node.names}
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    # Not those set in a comprehension or a function inside.
    targets = [node] if isinstance(node, (ast.Assign, ast.AnnAssign)) else []
    return {
        name.id
        for target in targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
