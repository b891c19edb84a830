"""The picture of lesson 12: prompts of four kinds, six pictures each, from latents."""

from pathlib import Path

from course_lib.figures.figure import Row, sheet
from course_lib.painters.pipeline import TextToImage

PROMPTS = {  # six pictures a row
    "seen in training": [
        "a red cat with a hat",
        "a small yellow bear in the snow",
        "an orange rabbit holding a balloon",
    ],
    "never seen together": [
        "a frog on stilts",
        "a purple frog",
        "a cat with bear ears",
    ],
    "two animals": [
        "a green bird left of a white bear",
        "a purple fish and a yellow turtle",
    ],
    "one word, two meanings": [
        "a flying bat",
        "a bat beside a ball",
    ],
}
draw = TextToImage.from_pretrained("latent")
rows = [
    Row(text, draw([text] * 6, seed=10), [])
    for texts in PROMPTS.values()
    for text in texts
]
sheet(rows, zoom=2).savefig(Path(__file__).with_name("12_latent_diffusion.png"))
