"""The picture of lesson 13: ten photos of Zorp, and what was drawn with additions."""

from pathlib import Path

import torch

from course_lib.figures.figure import Row, sheet
from course_lib.painters.additions import with_additions
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.world.plush import plush_photos

draw = TextToImage.from_pretrained("latent")
photos, _ = plush_photos(seed=0, word="zorp")
mine, word = (with_additions(draw, [name]) for name in ("zorp", "zorp-word"))
alone = with_additions(draw, ["zorp-alone"])
strengths = [
    with_additions(draw, [f"zorp:{strength}"])(["a zorp in the snow"], seed=5)
    for strength in (0, 0.5, 0.7, 0.9, 1.1, 1.3)
]
rows = {
    "photos": from_bytes(photos[2:8]),
    "LoRA: in the snow": mine(["a zorp in the snow"] * 6, seed=3),
    "LoRA: at sunset": mine(["a zorp at sunset"] * 6, seed=3),
    "strength 0 to 1.3": torch.cat(strengths),
    "a new word alone": word(["a zorp in the snow"] * 6, seed=3),
    "a red bear, without the old world": alone(["a red bear"] * 6, seed=3),
}
sheet([Row(name, x, []) for name, x in rows.items()], zoom=2).savefig(
    Path(__file__).with_name("13_finetuning.png")
)
