"""What a failed `make course` says: which cell, what it stored, what it shows now."""

import subprocess
from pathlib import Path

import nbformat
import run
import torch
from looks import TOLERANCE, moved
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from verdict import MOST_LETTERS, first_difference

from course_lib.figures.figure import data_uri, png_bytes

ROOT = Path(__file__).resolve().parents[1]
OTHER = """\
01_tiny, In [2]: stored "add_noise: ok", now "add_noise: not yet right"
01_tiny, In [3]: stored "two", now "nothing"
01_tiny, In [4]: stored "<p>a frog</p>", now "<p>a bear</p>"
01_tiny, In [5]: FileNotFoundError: the weights are gone
01_tiny, In [6]: figure 1 of 1 looks other than the stored one: somewhere its \
colour has moved by 255 of 255"""


def cell(count: int, code: str, stored: str):
    output = new_output("stream", name="stdout", text=stored)
    return new_code_cell(code, execution_count=count, outputs=[output])


def said(folder: Path) -> str:
    """nbval's words on a notebook that shows another thing in all cells but one."""
    file = folder / "01_tiny.ipynb"
    frog, bear = ({"text/html": f"<p>a {animal}</p>"} for animal in ("frog", "bear"))
    shown = new_output("display_data", frog)
    white, black = (
        f'<img src="{data_uri(png_bytes(Image.new("RGB", (16, 16), name)))}">'
        for name in ("white", "black")
    )
    figure = new_output("display_data", {"text/html": white})
    show_black = f"display({{'text/html': {black!r}}}, raw=True)"
    cells = [
        cell(1, "print('fine')", "fine\n"),
        cell(2, "print('so\\nadd_noise: not yet right')", "so\nadd_noise: ok\n"),
        cell(3, "print('one')", "one\ntwo\n"),
        new_code_cell(f"display({bear}, raw=True)", execution_count=4, outputs=[shown]),
        cell(5, "raise FileNotFoundError('the weights are gone')", "fine\n"),
        new_code_cell(show_black, execution_count=6, outputs=[figure]),
    ]
    nbformat.write(new_notebook(cells=cells), file)
    command = [*run.command("course", "01_tiny")[:-1], str(file), f"--rootdir={ROOT}"]
    command += ["-c", str(ROOT / "pyproject.toml"), "-p", "conftest"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


def test_each_cell_that_shows_something_else_is_one_line(tmp_path):
    assert run.advice("01_tiny", said(tmp_path)) == OTHER


def test_advice_is_to_store_what_is_meant_and_only_that():
    changed = '01_tiny, In [2]: stored "ok", now "not yet right"'
    meant = f"{changed}\nIf this is meant: make notebooks ONLY=01_tiny"
    assert run.advice("01_tiny", f"FAILED\n{changed}\n1 failed") == meant
    look = "01_tiny, In [6]: figure 1 of 1 looks other than the stored one: somewhere"
    assert run.advice("01_tiny", look).endswith("make notebooks ONLY=01_tiny")
    assert run.advice("01_tiny", "no such file") == "no such file"


def test_of_a_long_line_the_place_is_shown_that_differs():
    old, new = first_difference(["same", "a" * 500 + "b"], ["same", "a" * 500 + "c"])
    assert old[-3:] == "aab" and new[-3:] == "aac"
    assert len(old) == len(new) <= MOST_LETTERS


def test_a_figure_with_fewer_colours_looks_the_same():
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        noise = torch.randint(0, 256, (64, 96, 3), generator=generator)
        figure = Image.fromarray(noise.to(torch.uint8).numpy())
        assert moved(figure, figure.quantize(16, dither=0)) < TOLERANCE
        assert moved(figure, Image.new("RGB", figure.size)) > 2 * TOLERANCE


def test_what_is_transparent_is_white_as_on_the_page():
    clear = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    assert moved(clear, Image.new("RGB", (16, 16), "white")) == 0
