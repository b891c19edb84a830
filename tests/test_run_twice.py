"""A learner goes back: no cell takes from an earlier one the names that it reads."""

import doctest

import build
import pytest
import rebound
import run


@pytest.mark.parametrize("name", build.source_names())
def test_every_cell_may_be_run_again_after_all_the_others(name):
    cells = build.notebook_from_source(name, build.without_markers).cells
    code = [i for i, cell in enumerate(cells) if cell.cell_type == "code"]
    found = rebound.broken([cells[i].source for i in code])
    said = [
        f"cell {code[each.by]} binds `{each.name}` anew, which cell "
        f"{code[each.reader]} reads"
        for each in found
    ]
    assert not said, "\n".join(said)


def test_the_examples_of_what_is_found_are_true():
    tried = doctest.testmod(rebound)
    assert tried.attempted > 0 and tried.failed == 0


@pytest.mark.parametrize(
    "cells",
    [
        ["x = 1", "print(x)", "for x in range(3): pass"],
        ["x = 1", "print(x)", "with open('f') as x: pass"],
        ["x = 1", "def f(): return x", "f()", "x = 2"],
        ["x = 1", "f = lambda: x", "x = 2"],
        ["x = 1", "def f(y=x): return y", "x = 2"],
        ["x = 1", "print([x for _ in range(3)])", "x = 2"],
        ["def f(): pass", "f()", "def f(): return 1"],
        ["x = 1", "if True:\n    x = x + 1"],
        ["x = 1", "x += 1"],
        ["my_loss = 1", "my_loss = check_loss(my_loss)"],
        ["x = 1", "class A:\n    def f(self): return x", "A().f()", "x = 2"],
        ["x = 1", "print(x)", "x, y = 2, 3"],
    ],
)
def test_a_name_that_is_taken_away_is_found(cells):
    assert rebound.broken(cells)


@pytest.mark.parametrize(
    "cells",
    [
        ["x = 1", "x = 2\nprint(x)", "x = 3"],  # each has its own
        ["import torch", "torch.rand(1)", "import torch"],
        ["x = f(1)", "print(x)", "x = f(1)"],  # the same as before
        ["x = 1", "def f():\n    x = 2\n    return x", "f()", "x = 3"],
        ["print([i for i in range(3)])", "i = 3"],
        ["x = 1", "for x in range(3): print(x)"],
        ["def f(x): return x", "f(1)", "x = 2"],
        ["x = 1", "y = 2"],
        ["def f(n): return f(n - 1)", "f(3)"],
        ["total = 0\nfor i in range(3):\n    total += i\nprint(total)", "total = 1"],
    ],
)
def test_what_is_not_taken_away_is_left_alone(cells):
    assert rebound.broken(cells) == []


def test_running_twice_says_which_cell_breaks_and_which_says_something_else(tmp_path):
    notebook = run.nbformat.v4.new_notebook()
    code = ["tokens = [1]", "tokens = tokens[0]", "print(tokens)", "n = [0]"]
    code += ["n.append(0)\nprint(len(n))"]
    notebook.cells = [run.nbformat.v4.new_code_cell(source) for source in code]
    breaks, differs = run.run_again(notebook, tmp_path)
    assert breaks == ["In [2], run twice: TypeError: 'int' object is not subscriptable"]
    assert differs[0] == 'In [5], run twice: first "2", then "3"'
