"""Stored pictures are small, and look as they did."""

import base64

import nbformat
import numpy as np
import pytest
import shrink
from PIL import Image


def picture(side: int, levels: int = 256) -> Image.Image:
    numbers = np.random.default_rng(0).integers(0, levels, (side, side, 3))
    return Image.fromarray((numbers * (255 // (levels - 1))).astype(np.uint8))


def notebook_with(*pictures: Image.Image) -> nbformat.NotebookNode:
    """A notebook that shows each picture in an <img>, with words around it."""
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": page(shrink.png_of(each))})
        for each in pictures
    ]
    cell = nbformat.v4.new_code_cell("show()", outputs=outputs)
    return nbformat.v4.new_notebook(cells=[cell])


def page(png: bytes) -> str:
    uri = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img alt="noise" src="{uri}"><script>const others = ["{uri}"]</script>'


def shown(notebook) -> list[np.ndarray]:
    pages = [output.data["text/html"] for output in notebook.cells[0].outputs]
    found = [png for each in pages for png in shrink.DATA_URI.findall(each)]
    return [np.asarray(shrink.decoded(png)).astype(int) for png in found]


def test_what_fits_loses_nothing():
    few, many = picture(32, levels=2), picture(32)
    notebook = notebook_with(few, many)
    size = shrink.shrink(notebook)
    assert size == len(nbformat.writes(notebook)) <= shrink.MOST_BYTES
    for now, before in zip(shown(notebook), [few, few, many, many], strict=True):
        np.testing.assert_array_equal(now, np.asarray(before))


def test_what_is_too_large_is_pressed_until_it_fits(monkeypatch):
    monkeypatch.setattr(shrink, "MOST_BYTES", 500_000)
    large, chart = picture(256), picture(32, levels=2)
    notebook = notebook_with(large, chart)
    words = notebook.cells[0].outputs[0].data["text/html"][:16]
    assert len(nbformat.writes(notebook)) > 500_000 >= shrink.shrink(notebook)
    now, _, small, _ = shown(notebook)
    assert 0 < np.abs(now - np.asarray(large)).max() <= 255 / 22
    np.testing.assert_array_equal(small, np.asarray(chart))
    assert notebook.cells[0].outputs[0].data["text/html"].startswith(words)


def test_pressing_twice_changes_nothing_more(monkeypatch):
    monkeypatch.setattr(shrink, "MOST_BYTES", 500_000)
    notebook = notebook_with(picture(256))
    shrink.shrink(notebook)
    once = nbformat.writes(notebook)
    shrink.shrink(notebook)
    assert nbformat.writes(notebook) == once


@pytest.mark.parametrize("levels", shrink.LEVELS)
def test_black_and_white_stay_and_nothing_is_further_off_than_half_a_level(levels):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    now = np.asarray(shrink.rounded(Image.fromarray(ramp), levels)).astype(int)
    assert (now.min(), now.max()) == (0, 255)
    assert np.abs(now - ramp).max() <= np.ceil(255 / (levels - 1) / 2)


def test_a_notebook_without_pictures_is_left_alone():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    before = nbformat.writes(notebook)
    shrink.shrink(notebook)
    assert nbformat.writes(notebook) == before


def test_a_table_of_colours_is_exact():
    colours = picture(16)  # 256 of them
    assert len(colours.getcolors(256)) == 256
    png = base64.b64encode(shrink.png_of(colours)).decode()
    np.testing.assert_array_equal(np.asarray(shrink.decoded(png)), np.asarray(colours))
