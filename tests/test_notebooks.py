"""Every notebook has its skeleton, and what was built is what the source says."""

import doctest
import re
import textwrap
from pathlib import Path

import build
import nbformat
import pytest
import reading_order
import run

ROOT = Path(__file__).resolve().parents[1]
MOST_CELLS = 40
MOST_EXERCISES = 2
MOST_LINES = 8  # of a solution
# A file's name and one definition, up to the next line that is not indented.
SHOWN = re.compile(
    r"^# (course_lib/\S+\.py)\n((?:@.*\n)*(?:def|class) .*\n(?:(?:[ )].*)?\n)*)",
    re.MULTILINE,
)
every_notebook = pytest.mark.parametrize("name", build.source_names())
every_variant = pytest.mark.parametrize(
    ("name", "file"),
    [
        pytest.param(name, file, id=f"{name}-{file.__name__}")
        for name in build.source_names()
        for file in (build.learner_file, build.solved_file)
    ],
)


def code_cells(notebook):
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    return [cell for cell in cells if cell.source.strip()]


def solutions(name: str) -> list[str]:
    text = (ROOT / "notebooks" / "src" / f"{name}.py").read_text(encoding="utf-8")
    return [build.MARKER.sub("", part[0]) for part in build.SOLUTION.finditer(text)]


def shown(notebook) -> list:
    """All outputs of a notebook that was run."""
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def complaints(notebook) -> list[str]:
    """Every error of a notebook that was run, and all that it wrote to stderr."""
    return [
        output.get("text") or output.evalue
        for output in shown(notebook)
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def sources_shown(cell) -> list[tuple[str, str]]:
    """Each file that `show_source` names in a cell's output, with the code below it."""
    text = "".join(output.get("text", "") for output in cell.outputs)
    return [(file, code.rstrip()) for file, code in SHOWN.findall(text)]


every_solution = pytest.mark.parametrize(
    "solution", [text for name in build.source_names() for text in solutions(name)]
)


# What was built -----------------------------------------------------------------


@every_notebook
def test_built_is_source(name):
    wrong = [file.relative_to(ROOT).as_posix() for file in build.stale(name)]
    assert not wrong, f"run `make notebooks`: {wrong}"


def test_nothing_is_built_without_a_source():
    assert build.source_names()
    assert build.orphans() == []


@every_notebook
def test_every_solved_cell_was_run_in_order(name):
    """nbval passes, comparing nothing, where the execution counts are missing."""
    cells = code_cells(nbformat.read(build.solved_file(name), as_version=4))
    counts = [cell.execution_count for cell in cells]
    assert counts and counts == list(range(1, len(cells) + 1))


@every_notebook
def test_no_solved_cell_ended_in_an_error_or_warned(name):
    notebook = nbformat.read(build.solved_file(name), as_version=4)
    assert shown(notebook), "a finished notebook that shows nothing"
    assert complaints(notebook) == []


@every_notebook
def test_the_librarys_code_is_shown_as_it_is_now(name):
    """`make course` says so too, but only after minutes."""
    notebook = nbformat.read(build.solved_file(name), as_version=4)
    for cell in code_cells(notebook):
        for file, code in sources_shown(cell):
            text = (ROOT / file).read_text(encoding="utf-8")
            # A method stands in its file with an indent, which the notebook left out.
            assert code in text or textwrap.indent(code, "    ") in text, (
                f"run `make notebooks ONLY={name}`: {file} has changed"
            )


def test_shown_sources_are_found_below_their_files():
    printed = "ok\n# course_lib/a.py\ndef f():\n    pass\n"
    printed += (
        "# course_lib/b.py\n@no_grad()\ndef g(\n    x\n):\n\n    return x\nTrue\n"
    )
    cell = nbformat.v4.new_code_cell(
        outputs=[nbformat.v4.new_output("stream", text=printed)]
    )
    assert sources_shown(cell) == [
        ("course_lib/a.py", "def f():\n    pass"),
        ("course_lib/b.py", "@no_grad()\ndef g(\n    x\n):\n\n    return x"),
    ]


def test_an_error_and_a_warning_are_complaints():
    said = [
        nbformat.v4.new_output("stream", name="stdout", text="all is well"),
        nbformat.v4.new_output("stream", name="stderr", text="soon gone"),
        nbformat.v4.new_output("error", ename="ValueError", evalue="no such file"),
    ]
    cell = nbformat.v4.new_code_cell("draw()", outputs=said)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert complaints(notebook) == ["soon gone", "no such file"]


@every_notebook
def test_the_learners_variant_keeps_no_output_and_no_solution(name):
    notebook = nbformat.read(build.learner_file(name), as_version=4)
    kept = [len(cell.outputs) for cell in code_cells(notebook)]
    assert kept and set(kept) == {0}
    text = "\n".join(cell.source for cell in notebook.cells)
    assert text and "SOLUTION" not in text
    assert text.count('raise NotImplementedError("your turn")') == len(solutions(name))


# The skeleton -------------------------------------------------------------------


@every_variant
def test_a_notebook_opens_with_title_links_and_minutes(name, file):
    first = nbformat.read(file(name), as_version=4).cells[0]
    place = file(name).relative_to(ROOT).as_posix()
    address = f"/github/{build.address()}/{place}"
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert f"https://colab.research.google.com{address})" in first.source
    assert f"lessons/{name}.md)" in first.source
    assert re.search(r"\d+ minutes", first.source)
    assert "![" not in first.source, "a picture needs a network, or is a gap in Colab"


@every_variant
def test_every_link_of_a_notebook_leads_somewhere(name, file):
    cells = nbformat.read(file(name), as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    links = [to for to in re.findall(r"\]\(([^)\s]+)\)", text) if ":" not in to]
    lost = [to for to in links if not (file(name).parent / to.split("#")[0]).exists()]
    assert links and not lost


@every_variant
def test_a_notebook_ends_with_the_way_to_the_next(name, file):
    last = nbformat.read(file(name), as_version=4).cells[-1].source.splitlines()[-1]
    following = reading_order.after(name)
    if following is None:
        assert "lessons/README.md)" in last
    else:
        assert last.startswith(f"Next: [{following[:2]} · ")
        assert f"]({following}.ipynb)" in last


@every_notebook
def test_no_source_says_what_the_builder_says(name):
    text = (ROOT / "notebooks" / "src" / f"{name}.py").read_text(encoding="utf-8")
    assert not re.search(r"^# Next: ", text, re.MULTILINE)


def test_the_reading_order_has_every_notebook_once():
    assert sorted(reading_order.ORDER) == build.source_names()


@every_variant
def test_the_set_up_cell_comes_after_the_title_folded_away_and_has_no_copy(name, file):
    cells = nbformat.read(file(name), as_version=4).cells
    found = [i for i, cell in enumerate(cells) if "COURSE_REPOSITORY" in cell.source]
    assert found == [1] and cells[1].source.startswith("# @title Set-up")
    assert cells[1].metadata.jupyter.source_hidden is True
    assert cells[1].metadata.cellView == "form"


@every_notebook
def test_a_notebook_is_one_sitting(name):
    cells = nbformat.read(build.learner_file(name), as_version=4).cells
    assert 0 < len(cells) <= MOST_CELLS
    assert len(solutions(name)) <= MOST_EXERCISES


@every_solution
def test_a_solution_is_short(solution):
    lines = [line.strip() for line in solution.splitlines()]
    written = [line for line in lines if line and not line.startswith("#")]
    assert 0 < len(written) <= MOST_LINES


@every_notebook
def test_no_cell_ends_in_a_semicolon(name):
    """nbval strict fails on one: write plt.show()."""
    cells = code_cells(nbformat.read(build.learner_file(name), as_version=4))
    assert cells
    assert not [cell.source for cell in cells if cell.source.rstrip().endswith(";")]


@every_notebook
def test_a_solved_notebook_is_small_enough_for_a_page(name):
    assert build.solved_file(name).stat().st_size <= 1_000_000


@every_notebook
def test_one_number_one_name(name):
    assert (ROOT / "lessons" / f"{name}.md").is_file()
    assert (ROOT / "course_lib" / "checks" / f"nb{name}.py").is_file()


# The builder itself ---------------------------------------------------------------


@pytest.fixture
def tiny_course(tmp_path, monkeypatch):
    """A course of one notebook in a folder of its own."""
    (tmp_path / "notebooks" / "src").mkdir(parents=True)
    toml = '[tool.course]\nrepository = "someone/somewhere"\ntag = "v2"\n'
    (tmp_path / "pyproject.toml").write_text(toml)
    monkeypatch.setattr(build, "NOTEBOOKS", tmp_path / "notebooks")
    source = tmp_path / "notebooks" / "src" / "01_tiny.py"
    source.write_text(TINY)
    return source


TINY = """\
# %% [markdown]
# # Tiny, from OWNER/REPO

# %% tags=["nbval-ignore-output"]
def my_double(x):
    ### BEGIN SOLUTION
    y = 2 * x
    return y
    ### END SOLUTION


# %%
print("hello")

# %%
print("hello")
"""


@pytest.mark.parametrize("module", [build, reading_order])
def test_the_builders_own_examples_are_true(module):
    tried = doctest.testmod(module)
    assert tried.attempted > 0 and tried.failed == 0


def test_a_solution_is_cut_for_the_learner_and_kept_for_the_teacher(tiny_course):
    learner = build.notebook_from_source("01_tiny", build.without_solution)
    solved = build.notebook_from_source("01_tiny", build.without_markers)
    stub = 'def my_double(x):\n    raise NotImplementedError("your turn")'
    assert learner.cells[2].source == stub
    assert solved.cells[2].source == "def my_double(x):\n    y = 2 * x\n    return y"
    assert learner.cells[2].metadata.tags == ["nbval-ignore-output"]
    assert learner.cells[0].source.startswith("# Tiny, from someone/somewhere\n\n[")


def test_links_hold_in_the_folder_of_either_variant(tiny_course):
    page = "[the map](../lessons/README.md)"
    tiny_course.write_text(f"{TINY}\n# %% [markdown]\n# {page}\n")
    learner = build.notebook_from_source("01_tiny", build.without_solution)
    solved = build.notebook_from_source("01_tiny", build.without_markers)
    assert "](../lessons/01_tiny.md)" in learner.cells[0].source
    assert "/blob/v2/notebooks/01_tiny.ipynb)" in learner.cells[0].source
    assert learner.cells[-1].source.startswith(page)
    assert "](../../lessons/01_tiny.md)" in solved.cells[0].source
    assert "/blob/v2/notebooks/solutions/01_tiny.ipynb)" in solved.cells[0].source
    assert solved.cells[-1].source.startswith("[the map](../../lessons/README.md)")


def test_ids_depend_on_the_text_alone(tiny_course):
    before = build.notebook_from_source("01_tiny", build.without_markers).cells
    tiny_course.write_text(TINY.replace("Tiny,", "Small,"))
    after = build.notebook_from_source("01_tiny", build.without_markers).cells
    same = [old.id == new.id for old, new in zip(before, after, strict=True)]
    assert same == [False, True, True, True, True, True]
    assert len({cell.id for cell in after}) == 6  # also where two cells say the same


def test_building_twice_gives_the_same_bytes_and_an_edit_is_noticed(tiny_course):
    build.build("01_tiny")
    first = build.solved_file("01_tiny").read_bytes()
    assert build.stale("01_tiny") == []
    build.build("01_tiny")
    assert build.solved_file("01_tiny").read_bytes() == first
    tiny_course.write_text(TINY.replace("hello", "goodbye"))
    assert len(build.stale("01_tiny")) == 2


def test_what_lost_its_source_is_found(tiny_course):
    build.build("01_tiny")
    assert build.orphans() == []
    tiny_course.unlink()
    assert build.orphans() == [
        build.learner_file("01_tiny"),
        build.solved_file("01_tiny"),
    ]


def test_a_marker_without_its_partner_is_refused(tiny_course):
    tiny_course.write_text(TINY.replace("    ### END SOLUTION\n", ""))
    with pytest.raises(SystemExit, match="without its partner"):
        build.notebook_from_source("01_tiny", build.without_solution)


@pytest.mark.parametrize("name", build.source_names())
def test_after_its_last_exercise_a_notebook_is_the_solved_one(name):
    """So `make check` runs an unsolved notebook only up to there."""
    variants = (build.learner_file, build.solved_file)
    learner, solved = (
        code_cells(nbformat.read(file(name), as_version=4)) for file in variants
    )
    for cell, other in zip(learner, solved, strict=True):
        assert cell.source == other.source or run.EXERCISE.search(cell.source)
