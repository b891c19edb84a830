"""One letter, one meaning: the identifiers that the course never uses.

The names and their reasons stand in lessons/notation.md.
"""

import ast
import doctest
import re
from pathlib import Path

import build
import pytest

ROOT = Path(__file__).resolve().parents[1]
INSTEAD = {
    "x_start": "x_0",
    "noisy": "x_t",
    "xt": "x_t",
    "latents": "x_t, or z_t for what an autoencoder made",
    "pred_original_sample": "x_0_hat",
    "alphas_cumprod": "alpha_bar",
    "context": "cond",
    "prev": "t_next or x_next: the next one in the order we walk",
}
GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")


def pieces_of_code() -> dict[str, str]:
    """All code of the course, by where it stands."""
    pieces = {}
    for file in sorted((ROOT / "course_lib").rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        pieces[name] = file.read_text(encoding="utf-8")
    for file in sorted((ROOT / "lessons").glob("*.md")):
        examples = doctest.DocTestParser().get_examples(file.read_text("utf-8"))
        pieces[f"lessons/{file.name}"] = "".join(each.source for each in examples)
    for name in build.source_names():
        cells = build.notebook_from_source(name, build.without_markers).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        pieces[f"notebooks/src/{name}.py"] = "\n\n".join(code)
    return pieces


def names_in(node: ast.AST) -> list[str]:
    """The identifiers that are ours in this one node; `other.thing` is not."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        own = isinstance(node.ctx, ast.Store) or ast.unparse(node.value) == "self"
        return [node.attr] if own else []
    if isinstance(node, (ast.arg, ast.keyword, ast.alias)):
        written = (getattr(node, field, None) for field in ("arg", "asname"))
        return list(filter(None, written))
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    return []


def targets_and_values(node: ast.AST) -> list[tuple[set[str], ast.AST | None]]:
    """What gets which value here: assignments, and arguments with their defaults."""
    if isinstance(node, ast.Assign):
        return [(bound(target), node.value) for target in node.targets]
    if isinstance(node, (ast.AnnAssign, ast.NamedExpr, ast.For, ast.comprehension)):
        return [(bound(node.target), getattr(node, "value", None))]
    if isinstance(node, ast.arguments):
        plain = node.posonlyargs + node.args
        defaults = [None] * (len(plain) - len(node.defaults)) + node.defaults
        pairs = zip(plain + node.kwonlyargs, defaults + node.kw_defaults, strict=True)
        return [({arg.arg}, default) for arg, default in pairs]
    return []


def bound(target: ast.AST) -> set[str]:
    stored = (node for node in ast.walk(target) if isinstance(node, ast.Name))
    return {node.id for node in stored if isinstance(node.ctx, ast.Store)}


def is_number(value: ast.AST | None) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, (int, float))


def wrong_binding(names: set[str], value: ast.AST | None) -> str | None:
    """A good name that is given to the wrong thing."""
    text = ast.unparse(value) if value else ""
    if "eps" in names and is_number(value):
        return "eps is the noise; call a small constant tiny"
    if "T" in names and (".shape" in text or ".size(" in text or "len(tok" in text):
        return "T is the number of steps; a text's length is L"
    if "v" in names and names & {"q", "query"}:
        return "v is the velocity; spell attention's value"
    if "sigma" in names and ".std(" in text:
        return "sigma is the noise level b_t / a_t; call any other spread std"
    if "sample" in names:
        return "sample is what a sampler does; a clean tensor is x_0"
    return None


def complaints(code: str) -> list[str]:
    """What in this code goes against the notation, one sentence each."""
    said = []
    if greek := GREEK.findall(code):
        said.append(f"Greek characters {greek}: write the name out")
    for node in ast.walk(ast.parse(code)):
        for name in names_in(node):
            never = {name} & INSTEAD.keys() or set(name.split("_")) & {"prev"}
            said += [f"{name}: say {INSTEAD[word]}" for word in never]
        if isinstance(node, ast.alias) and node.asname == "t":
            said.append("t is the step; import torch as torch")
        for names, value in targets_and_values(node):
            said += filter(None, [wrong_binding(names, value)])
        if isinstance(node, ast.BinOp) and re.fullmatch(
            r"1(\.0)? \+ guidance_scale|guidance_scale \+ 1(\.0)?", ast.unparse(node)
        ):
            said.append("guidance_scale 1 is plain: this is the other convention")
    return said


PIECES = pieces_of_code()


@pytest.mark.parametrize("place", PIECES)
def test_the_code_keeps_to_the_notation(place):
    said = complaints(PIECES[place])
    assert not said, f"{place}: " + "; ".join(said)


@pytest.mark.parametrize(
    "code",
    [
        "x_start = 1",
        "def f(noisy): ...",
        "x_prev = x_t",
        "self.pred_original_sample",
        "f(context=None)",
        "import torch as t",
        "eps = 1e-5",
        "def f(x, eps=1e-8): ...",
        "B, T, D = tokens.shape",
        "q, k, v = x.chunk(3)",
        "sigma = x_0.std()",
        "sample = x_0",
        "a = (1 + guidance_scale) * x",
        "label = '\u03b1'",
    ],
)
def test_a_never_is_seen(code):
    assert len(complaints(code)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "nn.GroupNorm(8, width, eps=1e-6)",
        "def sample(model): ...",
        "T = schedule.T",
        "v = a_dot * x_0 + b_dot * eps",
        "previews = []",
    ],
)
def test_what_is_meant_well_passes(code):
    assert complaints(code) == []
