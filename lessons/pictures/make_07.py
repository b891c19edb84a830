"""The picture of lesson 07: more strength, a hole drawn in, a picture made wider."""

from pathlib import Path

from course_lib.datasets import load_critters
from course_lib.editing import image_to_image, inpaint
from course_lib.figure import Row, sheet
from course_lib.pipeline import TextToImage

draw = TextToImage.from_pretrained("words")
album = load_critters("test", kind="one")
big = (album.factors["size"] == 1) & (album.factors["accessory"] == 0)
mine = album[big.nonzero()[:8, 0]][0]
rows = [Row("pictures from the album", mine, [])]
for strength in (0.5, 0.7, 0.8, 0.9):
    changed = image_to_image(draw, mine, ["a red cat"] * 8, strength)
    rows.append(Row(f"“a red cat”, strength {strength}", changed, []))
top = mine.new_zeros(32, 32).bool()
top[:14] = True
rows.append(Row("the top is to be drawn anew", mine.masked_fill(top, 0.0), []))
hats = inpaint(draw, mine, top, ["with a hat"] * 8, again=3, seed=1)
rows.append(Row("“with a hat”", hats, []))
sheet(rows, zoom=2).savefig(Path(__file__).with_name("07_editing.png"))
