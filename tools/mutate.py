"""Mutants of a function: the function with one thing changed, as by a slip.

Each way to change it is a function that takes a node of the syntax tree and yields
replacements. The changed tree is unparsed to text, so that two ways to the same mutant
count once.
"""

import ast
import copy
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Mutant(NamedTuple):
    code: str  # the whole function
    was: str  # the lines removed, joined by " / "
    now: str  # the lines in their place, joined likewise


# The name that a slip puts in place of another.
OTHER_NAMES = {
    "sqrt": "square",
    "square": "abs",
    "exp": "log",
    "cos": "sin",
    "sin": "cos",
    "sum": "mean",
    "mean": "sum",
    "softmax": "log_softmax",
    "round": "int",
    "randn": "rand",
    "full_like": "zeros_like",
    "cat": "stack",
    "silu": "relu",
    "norm_1": "norm_2",
    "norm_2": "norm_1",
    "conv_1": "conv_2",
    "conv_2": "conv_1",
    "encode": "decode",
    "a_table": "b_table",
    "b_table": "a_table",
    "START": "END",
    "END": "START",
    "PAD": "END",
}
OTHER_SIGNS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Mod, ast.Div),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt,),
    ast.Is: (ast.IsNot,),
}
COMMUTE = (ast.Add, ast.Mult)


def mutants(
    code: str, lines: range, learned: bool = False, kinds: dict[str, str] | None = None
) -> list[Mutant]:
    """Every mutant of a function, each once, in the order of the syntax tree.

    Args:
        lines:   which lines may be changed, counted from 1
        learned: whether training uses the answer, so that a gradient matters
        kinds:   the type of each argument, such as {"t": "Tensor"}
    """
    tree = ast.parse(code)
    function = tree.body[0]
    plain, found = ast.unparse(tree), {}
    for changed in _changed_trees(tree, function, lines, learned, kinds or {}):
        text = ast.unparse(ast.fix_missing_locations(changed))
        if text != plain:
            found.setdefault(text, Mutant(text, *_difference(plain, text)))
    return list(found.values())


def _difference(plain: str, text: str) -> tuple[str, str]:
    """The lines that only the first text has, and those that only the second has."""
    old, new = plain.splitlines(), text.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return tuple(" / ".join(line.strip() for line in part) for part in (old, new))


def _changed_trees(tree, function, lines, learned, kinds) -> Iterator[ast.AST]:
    """The whole tree with one place changed, for each place and each change."""
    alike = _alike(function, kinds)
    places = list(ast.walk(tree))
    for number, node in enumerate(places):
        if getattr(node, "lineno", None) not in lines:
            continue
        if isinstance(node, ast.expr):
            changes: Iterable = _expressions(node, alike, learned)
        elif isinstance(node, ast.stmt):
            changes = _statements(node, kinds, learned)
        else:
            changes = ()
        for change in changes:
            yield _with(tree, number, change)
    yield from _swapped_lines(tree, lines)


def _with(tree: ast.AST, number: int, change) -> ast.AST:
    """A copy of the tree with node number `number` replaced by `change`."""
    changed = copy.deepcopy(tree)
    node = list(ast.walk(changed))[number]
    for parent in ast.walk(changed):
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, copy.deepcopy(change))
            elif isinstance(value, list) and any(item is node for item in value):
                at = next(i for i, item in enumerate(value) if item is node)
                new = change if isinstance(change, list) else [change]
                value[at : at + 1] = copy.deepcopy(new)
    return changed


# Expressions --------------------------------------------------------------------------


def _expressions(node: ast.expr, alike: dict, learned: bool) -> Iterator[ast.expr]:
    ways = {
        ast.BinOp: _sums,
        ast.UnaryOp: _signs,
        ast.Compare: _comparisons,
        ast.Constant: _constants,
        ast.Subscript: _indices,
        ast.Call: _calls,
        ast.Attribute: _attributes,
        ast.IfExp: _choices,
        ast.Tuple: _tuples,
    }
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return
    if isinstance(node, ast.Name):
        for other in alike.get(node.id, ()):
            yield ast.Name(other, ast.Load())
        if node.id in OTHER_NAMES:
            yield ast.Name(OTHER_NAMES[node.id], ast.Load())
    elif type(node) in ways:
        yield from ways[type(node)](node)


def _sums(node: ast.BinOp) -> Iterator[ast.expr]:
    for sign in OTHER_SIGNS.get(type(node.op), ()):
        yield ast.BinOp(node.left, sign(), node.right)
    if not isinstance(node.op, COMMUTE):
        yield ast.BinOp(node.right, node.op, node.left)
    yield node.left
    yield node.right


def _signs(node: ast.UnaryOp) -> Iterator[ast.expr]:
    yield node.operand


def _comparisons(node: ast.Compare) -> Iterator[ast.expr]:
    for sign in OTHER_SIGNS.get(type(node.ops[0]), ()):
        yield ast.Compare(node.left, [sign()], node.comparators)


def _constants(node: ast.Constant) -> Iterator[ast.expr]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, float):
        yield from (ast.Constant(2 * value), ast.Constant(value + 0.5))


def _indices(node: ast.Subscript) -> Iterator[ast.expr]:
    def at(index):
        return ast.Subscript(node.value, index, node.ctx)

    index = node.slice
    yield node.value
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    for i, part in enumerate(parts):
        for other in _other_index(part):
            new = [*parts[:i], other, *parts[i + 1 :]]
            yield at(ast.Tuple(new, ast.Load()) if len(parts) > 1 else other)
    if len(parts) > 1:
        for i in range(len(parts) - 1):
            new = [*parts]
            new[i], new[i + 1] = new[i + 1], new[i]
            yield at(ast.Tuple(new, ast.Load()))


def _other_index(part: ast.expr) -> Iterator[ast.expr]:
    """The index one higher and one lower; for a slice each end so, or left out."""
    if isinstance(part, ast.Slice):
        for end in ("lower", "upper"):
            value = getattr(part, end)
            if value is None:
                continue
            for other in (None, *_off_by_one(value)):
                yield ast.Slice(
                    **{"lower": part.lower, "upper": part.upper, end: other}
                )
    elif not isinstance(part, (ast.Constant, ast.UnaryOp)):
        yield from _off_by_one(part)


def _off_by_one(value: ast.expr) -> Iterator[ast.expr]:
    yield ast.BinOp(value, ast.Add(), ast.Constant(1))
    yield ast.BinOp(value, ast.Sub(), ast.Constant(1))


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    for i in range(len(node.args) - 1):
        swapped = [*node.args]
        swapped[i], swapped[i + 1] = swapped[i + 1], swapped[i]
        yield ast.Call(node.func, swapped, node.keywords)
    for i in range(len(node.args)):
        yield ast.Call(node.func, [*node.args[:i], *node.args[i + 1 :]], node.keywords)
    for i in range(len(node.keywords)):
        rest = [*node.keywords[:i], *node.keywords[i + 1 :]]
        yield ast.Call(node.func, node.args, rest)
    if isinstance(node.func, ast.Attribute):
        yield node.func.value  # without the method: x.sqrt() becomes x
    if len(node.args) == 1:
        yield node.args[0]  # without the function: f(x) becomes x
    yield node.func  # without its brackets


def _attributes(node: ast.Attribute) -> Iterator[ast.expr]:
    if node.attr in OTHER_NAMES:
        yield ast.Attribute(node.value, OTHER_NAMES[node.attr], node.ctx)


def _choices(node: ast.IfExp) -> Iterator[ast.expr]:
    yield ast.IfExp(node.test, node.orelse, node.body)
    yield node.body
    yield node.orelse


def _tuples(node: ast.Tuple) -> Iterator[ast.expr]:
    if len(node.elts) == 2:
        yield ast.Tuple([*reversed(node.elts)], node.ctx)


def _alike(function: ast.FunctionDef, kinds: dict[str, str]) -> dict[str, list[str]]:
    """For each name, those that could be mistaken for it: arguments of its type."""
    # And names that are set together: t, t_next; a, b; mu, logvar.
    groups = []
    for kind in dict.fromkeys(kinds.values()):
        groups.append([name for name, its in kinds.items() if its == kind])
    for node in ast.walk(function):
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
            groups.append([n.id for n in node.elts if isinstance(n, ast.Name)])
    alike: dict[str, list[str]] = {}
    for group in groups:
        for name in group:
            others = [other for other in group if other != name]
            alike.setdefault(name, []).extend(others)  # a mutant twice counts once
    return alike


# Lines --------------------------------------------------------------------------------


def _statements(node: ast.stmt, kinds: dict, learned: bool) -> Iterator:
    if isinstance(node, ast.Return):
        yield from _returns(node, kinds, learned)
        return
    yield ast.Pass()
    if isinstance(node, (ast.For, ast.While)):
        yield _loop(node, [*node.body, ast.Break()])  # the first round only
        yield _loop(node, node.body, first=True)
        yield [*node.body] if isinstance(node, ast.While) else ast.Pass()
    if isinstance(node, ast.Assign) and learned:
        yield ast.Assign(node.targets, _method(node.value, "detach"), lineno=0)
    if isinstance(node, ast.AugAssign):
        for sign in OTHER_SIGNS.get(type(node.op), ()):
            yield ast.AugAssign(node.target, sign(), node.value)


def _loop(node, body: list, first: bool = False):
    """The loop with another body, or without its first round."""
    new = copy.deepcopy(node)
    new.body = copy.deepcopy(body)
    if first and isinstance(new, ast.For):
        # With list(x)[1:]; a learner gets there with range(1, n).
        every = ast.Call(ast.Name("list", ast.Load()), [new.iter], [])
        new.iter = ast.Subscript(every, ast.Slice(ast.Constant(1)), ast.Load())
    return new


def _returns(node: ast.Return, kinds: dict, learned: bool) -> Iterator:
    yield ast.Expr(node.value)  # no return
    yield ast.Return(ast.UnaryOp(ast.USub(), node.value))
    yield ast.Return(ast.Tuple([node.value], ast.Load()))
    if learned:
        yield ast.Return(_method(node.value, "detach"))
        yield ast.Return(_method(node.value, "item"))
        no_grad = ast.parse("with torch.no_grad():\n    pass").body[0]
        no_grad.body = [node]
        yield [ast.parse("import torch").body[0], no_grad]
    answer = ast.Assign([ast.Name("answer", ast.Store())], node.value, lineno=0)
    for name, kind in kinds.items():
        if spoilt := SPOIL.get(kind):
            line = ast.parse(spoilt.format(name)).body[0]
            yield [answer, line, ast.Return(ast.Name("answer", ast.Load()))]


# A line that changes an argument in place, by its type.
SPOIL = {
    "Tensor": "{0}.copy_({0} == 0)",
    "list": "{0}.pop()",
    "dict": "{0}.clear()",
}


def _method(value: ast.expr, name: str) -> ast.expr:
    return ast.Call(ast.Attribute(value, name, ast.Load()), [], [])


def _swapped_lines(tree: ast.AST, lines: range) -> Iterator[ast.AST]:
    """Trees with two neighbouring lines swapped."""
    for number, node in enumerate(ast.walk(tree)):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for i in range(len(body) - 1):
            if body[i].lineno in lines and body[i + 1].lineno in lines:
                changed = copy.deepcopy(tree)
                inner = list(ast.walk(changed))[number].body
                inner[i], inner[i + 1] = inner[i + 1], inner[i]
                yield changed
