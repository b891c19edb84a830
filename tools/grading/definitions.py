"""Of a notebook, the definitions that one function needs; nothing else is run.

In whatever order the cells were run, whether they crashed or not: the last definition
of the function that is more than the empty one, and for every name that it reads, each
import, function, class or constant of the notebook that binds it.
"""

import ast
import re
from typing import NamedTuple

from rebound import imports_of, loads, loads_when_called, stores

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
KEPT = (*FUNCTIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
MAGIC = re.compile(r"^(\s*)(%|!|\?).*", re.MULTILINE)
MOST_LETTERS = 20_000  # of a function that is shown


class Line(NamedTuple):
    """One statement at the top level of a cell."""

    cell: int  # counted from 1, code cells only
    node: ast.stmt
    code: str  # behind as many empty lines as stand above it in its cell

    def binds(self) -> set[str]:
        return stores(self.node) | imports_of(self.node)

    def reads(self) -> set[str]:
        called = set()
        for node in ast.walk(self.node):
            if isinstance(node, (*FUNCTIONS, ast.Lambda)):
                called |= loads_when_called(node)
            if isinstance(node, ast.ClassDef):
                bases = [*node.bases, *node.decorator_list]
                called |= set().union(*(loads(ast.Expr(base)) for base in bases))
        return loads(self.node) | called


class Found(NamedTuple):
    """What a notebook says of one function."""

    state: str  # "there", "empty" (still as it was handed out), "missing" or "broken"
    lines: list[Line]
    code: str = ""  # of the function itself


def statements(cells: list[str]) -> tuple[list[Line], list[int]]:
    """All top-level statements, and which cells are no Python."""
    lines, broken = [], []
    for number, cell in enumerate(cells, start=1):
        plain = MAGIC.sub(r"\1pass", cell)
        try:
            tree = ast.parse(plain)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            broken.append(number)
            continue
        rows = plain.splitlines()
        for node in tree.body:
            first = min([node.lineno, *(d.lineno for d in decorators(node))])
            code = "\n".join(rows[first - 1 : node.end_lineno])
            lines.append(Line(number, node, "\n" * (first - 1) + code))
    return lines, broken


def decorators(node: ast.stmt) -> list[ast.expr]:
    return getattr(node, "decorator_list", [])


def is_empty(node: ast.stmt) -> bool:
    """Whether nobody has written anything into a function yet."""
    if not isinstance(node, ast.FunctionDef):
        return False
    raised = [each.exc for each in node.body if isinstance(each, ast.Raise)]
    return any(each and "NotImplementedError" in ast.unparse(each) for each in raised)


def find(name: str, cells: list[str]) -> Found:
    """The function of that name and all that it needs, in the notebook's order."""
    lines, broken = statements(cells)
    own = [line for line in lines if name in line.binds()]
    written = [line for line in own if not is_empty(line.node)]
    if not written:
        if any(re.search(rf"def\s+{name}\b", cells[n - 1]) for n in broken):
            return Found("broken", [])
        return Found("empty" if own else "missing", [])
    function = written[-1]
    candidates = [
        line for line in lines if isinstance(line.node, KEPT) and line not in own
    ]
    kept, wanted, new = {id(function): function}, set(), function.reads()
    while new:
        wanted |= new
        more = [
            line for line in candidates if id(line) not in kept and line.binds() & new
        ]
        kept |= {id(line): line for line in more}
        new = set().union(*(line.reads() for line in more)) - wanted
    ordered = [line for line in lines if id(line) in kept and line is not function]
    # Last, as whatever it is decorated with must be there.
    return Found("there", [*ordered, function], function.code.strip()[:MOST_LETTERS])
