"""Sketches: the lines of a picture, and drawings by hand."""

import torch
from PIL import Image, ImageDraw

from course_lib.pixels import from_bytes
from course_lib.world.critters import FACTORS, SCENES
from course_lib.world.drawing import draw, draw_critters
from course_lib.world.sketches import read_sketch, sketch_of


def test_an_edge_between_two_areas_is_no_line_and_a_thin_line_is():
    picture = torch.ones(1, 3, 32, 32)
    picture[..., 16:] = -1  # half white, half black
    assert sketch_of(picture).max() == 0
    picture[..., 8] = -1
    lines = sketch_of(picture)
    assert (lines[..., 8] == 1).all() and lines.sum() == 32


def test_a_scene_has_hardly_a_line_and_an_animal_has_an_outline():
    n = 2 * len(SCENES)
    factors = {name: torch.zeros(n, dtype=torch.int64) for name in FACTORS}
    factors["scene"] = torch.arange(n) % len(SCENES)
    empty = draw(factors, torch.arange(n), 0, 64)
    assert sketch_of(empty).mean() < 0.01
    animals = from_bytes(draw_critters(n, 0, 64, kind="one")[0])
    inked = sketch_of(animals).mean((1, 2, 3))
    assert (inked > 0.02).all() and (inked < 0.2).all()


def test_a_drawing_on_grey_paper_becomes_lines(tmp_path):
    paper = Image.new("L", (200, 200), 200)
    ImageDraw.Draw(paper).ellipse((40, 40, 160, 160), outline=20, width=6)
    paper.save(tmp_path / "drawing.png")
    sketch = read_sketch(tmp_path / "drawing.png")
    assert sketch.shape == (1, 1, 64, 64)
    assert sketch[0, 0, 32, 32] == 0 and sketch[0, 0, 0, 0] == 0
    assert sketch[0, 0, 32, 13] > 0.9
