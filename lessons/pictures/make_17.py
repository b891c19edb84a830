"""The picture of lesson 17: one film by the world, by the painter of pictures, by ours.

It needs the weights `films` (data/weights/README.md).
"""

from pathlib import Path

import torch

from course_lib.figures.figure import Row, sheet
from course_lib.painters.films import FILMS, TextToFilm
from course_lib.painters.pipeline import TextToImage
from course_lib.world.film_captions import understand_film
from course_lib.world.films import FRAMES, draw_frames

EVERY = 2  # frame that is shown
words, films = TextToImage.from_pretrained("words"), TextToFilm.from_pretrained(FILMS)


def shown(name: str, film: torch.Tensor, titles: list[str] | None = None) -> Row:
    return Row(name, film[::EVERY], titles or [])


asked, _ = understand_film("a green frog hops to the right")
factors = {name: torch.tensor([value]) for name, value in asked.items()}
real = draw_frames(factors, torch.tensor([0]), seed=1)[0]
hop, walk = "a frog hops to the right", "a red cat walks to the right in the snow"
cat = words(["a small red cat in the snow"], seed=5)[0]
rows = [
    shown("the world", real),
    shown("frame by frame", words([hop] * FRAMES, seed=3)),
    shown("one noise", words([hop], seed=3).expand(FRAMES, -1, -1, -1)),
    shown("film maker", films([hop], seed=3)[0]),
    shown(
        "first given",
        films([walk], seed=0, first=cat)[0],
        [f"frame {i}" for i in range(1, FRAMES + 1, EVERY)],
    ),
]
sheet(rows, zoom=2).savefig(Path(__file__).with_name("17_video.png"))
