"""The picture of lesson 13: ten photos of Zorp, and what was drawn with additions."""

from pathlib import Path

from course_lib.figures.figure import Row, sheet
from course_lib.painters.additions import with_additions
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.world.plush import plush_photos

draw = TextToImage.from_pretrained("latent")
photos, _ = plush_photos(seed=0, word="zorp")
asked = [f"a zorp {place}" for place in ("in the snow", "at night", "at sunset")] * 2
asked.sort()
drawn = {
    "LoRA": with_additions(draw, ["zorp"])(asked, seed=3),
    "LoRA, on stilts": with_additions(draw, ["zorp"])(["a zorp on stilts"] * 6, seed=3),
    "one new word": with_additions(draw, ["zorp-word"])(asked, seed=3),
}
rows = [Row("photos", from_bytes(photos[2:8]), [])]
rows += [Row(name, pictures, []) for name, pictures in drawn.items()]
sheet(rows, zoom=2).savefig(Path(__file__).with_name("13_finetuning.png"))
