"""The picture of lesson 00: what the course's own network drew for typed prompts."""

from pathlib import Path

from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import to_grid

PROMPTS = [
    "a frog on stilts",
    "a red cat with a hat",
    "a small yellow bear in the snow",
    "a blue frog with rabbit ears",
    "a purple fish at night",
    "an orange rabbit holding a balloon",
    "a green bird left of a white bear",
    "a blue turtle in the snow",
]
pictures = TextToImage.from_pretrained("latent")(PROMPTS * 3, seed=11)
grid = to_grid(pictures, columns=8, zoom=2)
grid.save(Path(__file__).with_name("00_start.png"), optimize=True)
