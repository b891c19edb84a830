"""Find the cells of a notebook that break an earlier one, by reading the code.

A learner goes back, changes a number in an earlier cell and runs it again. So a cell
that runs again, after all the others, must find the names that it reads as they were
when it first ran. It does not if a later cell, or the cell itself, rebinds such a name:

    cell 1    model = MLP()
    cell 2    draw(model)
    cell 3    model = UNet()        cell 2 now draws with another network

    cell 4    tokens = merge(tokens)          the second time it merges what was merged

Names that a function reads when called count as read by the cell that calls it. Imports
do not count, nor does a statement that is identical. Changes in place (a list that
grows, a network that learns) cannot be seen here: `tools/run.py twice` finds them by
running.
"""

import ast
from typing import NamedTuple

SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Cell(NamedTuple):
    """The names that running a cell reads and binds at top level."""

    reads: set[str]  # before the cell itself has bound it
    binds: dict[str, str]  # name -> the statement that binds it last
    functions: dict[str, set[str]]  # name -> the globals that it reads when called


class Broken(NamedTuple):
    """A name that cell `by` rebinds, although cell `reader` needs the old value."""

    name: str
    reader: int
    by: int


def broken(codes: list[str]) -> list[Broken]:
    """Every name that some cell reads and that this cell or a later one rebinds.

    >>> broken(["model = 1", "draw(model)", "model = 2"])
    [Broken(name='model', reader=1, by=2)]
    >>> broken(["tokens = [1]", "tokens = merge(tokens)"])
    [Broken(name='tokens', reader=1, by=1)]
    """
    cells = [look_at(code) for code in codes]
    functions, bound, found = {}, {}, []
    for number, cell in enumerate(cells):
        functions |= cell.functions
        # Only names that an earlier cell has bound: the rest are builtin or imported.
        known = through(cell.reads, functions) & bound.keys()
        bound |= cell.binds
        for name in sorted(known - imports_of(ast.parse(codes[number]))):
            before = [each.binds[name] for each in cells[:number] if name in each.binds]
            for later in range(number, len(cells)):
                if cells[later].binds.get(name, before[-1]) != before[-1]:
                    found.append(Broken(name, number, later))
                    break  # one is enough to know
    return found


def through(reads: set[str], functions: dict[str, set[str]]) -> set[str]:
    """The names read, and those read by the functions among them."""
    all_of_them, new = set(reads), set(reads)
    while new:
        called = [functions[name] for name in new if name in functions]
        new = set().union(*called) - all_of_them
        all_of_them |= new
    return all_of_them


def look_at(code: str) -> Cell:
    """Go through a cell from the top, statement by statement."""
    reads, binds, functions = set(), {}, {}
    tree = ast.parse(code)
    for statement in tree.body:
        reads |= loads(statement) - binds.keys()
        for name in stores(statement):
            binds[name] = ast.unparse(statement)
        for node in walk_here(statement):
            if isinstance(node, FUNCTIONS):
                functions[node.name] = loads_when_called(node)
    # A name bound in this very cell belongs to it, whenever the function is called.
    functions = {name: read - binds.keys() for name, read in functions.items()}
    return Cell(reads, binds, functions)


def imports_of(tree: ast.AST) -> set[str]:
    """The names that a piece of code imports."""
    nodes = ast.walk(tree)
    imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    aliases = (alias for node in imports for alias in node.names)
    return {(alias.asname or alias.name).split(".")[0] for alias in aliases}


def walk_here(node: ast.AST):
    """A node and everything below it, except inside functions, lambdas or classes."""
    yield node
    if not isinstance(node, (*SCOPES, ast.ClassDef)):
        for child in ast.iter_child_nodes(node):
            yield from walk_here(child)


def stores(statement: ast.stmt) -> set[str]:
    """Names that a statement binds at top level; imports are left out."""
    names = set()
    for node in walk_here(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif (
            isinstance(node, FUNCTIONS)
            or isinstance(node, ast.ExceptHandler)
            and node.name
        ):
            names.add(node.name)
    return names


def loads(statement: ast.stmt) -> set[str]:
    """Names that a statement reads while it runs, before it has bound them itself."""
    names = set()
    own = set()
    if isinstance(statement, ast.For | ast.With | ast.If | ast.While | ast.Try):
        return loads_of_block(statement)
    for node in walk_here(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.NamedExpr):
            own.add(node.target.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, (*SCOPES, ast.ClassDef)):
            names |= loads_of_scope(node)
    return names - own


def loads_of_block(statement: ast.stmt) -> set[str]:
    """Names read by a compound statement: by its head, then its lines in order."""
    body = {"body", "orelse", "finalbody", "handlers"}
    head = [value for field, value in ast.iter_fields(statement) if field not in body]
    bound, names = set(), set()
    for part in head:
        for node in part if isinstance(part, list) else [part]:
            if isinstance(node, ast.AST):
                names |= loads(ast.Expr(node)) - bound
                bound |= stores(ast.Expr(node))
    for field in ("body", "handlers", "orelse", "finalbody"):
        for line in getattr(statement, field, []):
            if isinstance(line, ast.ExceptHandler):
                line = ast.With([], line.body)  # any block does
            names |= loads(line) - bound
            bound |= stores(line)
    return names


def loads_of_scope(node: ast.AST) -> set[str]:
    """The names that a function, lambda, comprehension or class reads from outside.

    For a function only decorators and defaults: its body runs when it is called.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        outside = [*node.decorator_list, *defaults]
        return set().union(*(loads(ast.Expr(each)) for each in outside))
    return loads_when_called(node)


def loads_when_called(node: ast.AST) -> set[str]:
    """The globals that the body of a function, or of a class's methods, reads."""
    names, own = set(), set()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        spec = node.args
        given = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg]
        own |= {arg.arg for arg in [*given, spec.kwarg] if arg}
    body = getattr(node, "body", None)
    inside = body if isinstance(body, list) else list(ast.iter_child_nodes(node))
    for part in inside:
        for each in walk_here(part):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
                names.add(each.id)
            elif isinstance(each, (*SCOPES, ast.ClassDef)):
                names |= loads_of_scope(each) | loads_when_called(each)
        own |= stores(part) | imports_of(part)
    return names - own
