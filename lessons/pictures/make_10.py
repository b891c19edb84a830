"""The picture of lesson 10: prompts of five kinds, eight pictures each, as typed."""

from pathlib import Path

from course_lib.figures.figure import Row, sheet
from course_lib.painters.pipeline import TextToImage

PROMPTS = {  # eight pictures a row
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
        "a white bear left of a green bird",
    ],
    "one word, two meanings": [
        "a flying bat",
        "a bat beside a ball",
    ],
    "what no caption said": [
        "a red and blue frog",
        "three frogs",
        "a frog without a hat",
    ],
}
draw = TextToImage.from_pretrained("words", as_typed=True)
rows = [
    Row(text, draw([text] * 8, seed=10), [])
    for texts in PROMPTS.values()
    for text in texts
]
sheet(rows, zoom=2).savefig(Path(__file__).with_name("10_text_to_image.png"))
