"""The code that an export carries: one file, made of the library's own source.

    print(carried("course_lib.networks.unet", "UNet"))

Whoever gets exported weights has no course. So the classes that read them go along, and
with them everything of the course that they use. The code is copied from the source at
the moment of the export: a copy kept in the repository would drift away from it.
"""

import ast
import importlib.util
from functools import lru_cache
from pathlib import Path

COURSE = "course_lib"
HEAD = '''"""{what}

Written by `python -m course_lib export` of the course "Pixels to Prompts", from the
course's own source (Apache-2.0). It needs torch{more}, and nothing of the course.
"""
'''


def carried(module: str, *names: str, what: str = "Classes of an export.") -> str:
    """The source of some names of a module, and of all in the course that they use.

    Args:
        module: such as "course_lib.networks.unet"; it is read, not imported
        names: functions, classes and constants at its top level
        what: the first line of the file

    Raises:
        ValueError: two different things have the same name, or one is not there
    """
    imports: dict[str, None] = {}  # dicts: they keep the order
    parts: dict[tuple[str, int], str] = {}  # (module, line) -> source
    owner: dict[str, str] = {}

    def take(module: str, name: str) -> None:
        code, defined, imported = opened(module)
        if name in imported:
            line, whence, original = imported[name]
            if whence is None:
                imports[line] = None
            else:
                take(whence, original)
            return
        if name not in defined:
            return  # a builtin, or a name of the function's own
        if owner.setdefault(name, module) != module:
            raise ValueError(
                f"{name} means one thing in {owner[name]} and another in {module}: "
                "rename one of them."
            )
        node = defined[name]
        if (module, node.lineno) in parts:
            return
        # Marked before its needs are looked up: two functions may call each other.
        parts[module, node.lineno] = ""
        for used in names_in(node):
            take(module, used)
        # To the end: what it needs must stand above it.
        del parts[module, node.lineno]
        parts[module, node.lineno] = source_of(node, code)

    for name in names:
        if name not in opened(module)[1]:
            raise ValueError(f"There is no {name} in {module}.")
        take(module, name)
    foreign = {line.split()[1].split(".")[0] for line in imports}
    more = "".join(f", {x}" for x in ("diffusers", "transformers") if x in foreign)
    head = HEAD.format(what=what, more=more)
    return "\n".join([head, *sorted(imports), "", *parts.values()])


Imported = dict[str, tuple[str, str | None, str]]


@lru_cache(maxsize=64)
def opened(module: str) -> tuple[list[str], dict[str, ast.stmt], Imported]:
    """A module's lines, what it defines, and what it imports.

    Returns:
        lines, {name: statement}, {name: (import line, module of the course or None,
        name in that module)}
    """
    # Found without being run: a part of the course that needs diffusers can be
    # exported by people who have none.
    file = Path(importlib.util.find_spec(module).origin)
    code = file.read_text(encoding="utf-8")
    defined: dict[str, ast.stmt] = {}
    imported: Imported = {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for each in ast.walk(target):
                    if isinstance(each, ast.Name):
                        defined[each.id] = node
        elif isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                said = f" as {alias.asname}" if alias.asname else ""
                imported[name] = (f"import {alias.name}{said}", None, name)
        elif isinstance(node, ast.ImportFrom):
            own = node.module.split(".")[0] == COURSE
            for alias in node.names:
                said = f" as {alias.asname}" if alias.asname else ""
                line = f"from {node.module} import {alias.name}{said}"
                whence = node.module if own else None
                imported[alias.asname or alias.name] = (line, whence, alias.name)
    return code.splitlines(), defined, imported


def names_in(node: ast.AST) -> list[str]:
    """Every name in a piece of code, in order, each once."""
    found = (each.id for each in ast.walk(node) if isinstance(each, ast.Name))
    return list(dict.fromkeys(found))


def source_of(node: ast.stmt, code: list[str]) -> str:
    """The source of a statement, with its decorators and the comment above it."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)]) - 1
    while first and code[first - 1].startswith("#"):
        first -= 1
    text = "\n".join(code[first : node.end_lineno])
    gap = "\n\n" if isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
    return f"{gap}{text}"
