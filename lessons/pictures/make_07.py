"""The pictures of lesson 07: more strength, holes drawn in, pictures made wider."""

from pathlib import Path

from course_lib.critters import SCENES, SUBJECTS
from course_lib.datasets import load_critters
from course_lib.editing import image_to_image, inpaint, widen
from course_lib.figure import Row, sheet
from course_lib.pipeline import TextToImage
from course_lib.wording import SCENE_WORDS

HERE = Path(__file__).parent
draw = TextToImage.from_pretrained("words")
album = load_critters("test", kind="one")
big = (album.factors["size"] == 1) & (album.factors["accessory"] == 0)
which = big.nonzero()[:8, 0]
mine = album[which][0]
names = [f"a {SUBJECTS[i]}" for i in album.factors["subject"][which].tolist()]
rows = [Row("pictures from the album", mine, [])]
for strength in (0.5, 0.7, 0.8, 0.9):
    changed = image_to_image(draw, mine, ["a red cat"] * 8, strength)
    rows.append(Row(f"“a red cat”, strength {strength}", changed, []))
top, right = mine.new_zeros(32, 32).bool(), mine.new_zeros(32, 32).bool()
top[:16], right[:, 16:] = True, True
rows.append(Row("the top is to be drawn anew", mine.masked_fill(top, 0.0), []))
rows.append(
    Row("“with a hat”", inpaint(draw, mine, top, ["with a hat"] * 8, seed=1), [])
)
rows.append(Row("the right half is", mine.masked_fill(right, 0.0), []))
rows.append(
    Row("“a cat”, “a bird”, ...", inpaint(draw, mine, right, names, seed=3), [])
)
sheet(rows, zoom=2).savefig(HERE / "07_editing.png")

scenes = album.factors["scene"][which].tolist()
places = [SCENE_WORDS[SCENES[i]][0] for i in scenes]  # "in the snow", "at night", ...
wider, room = widen(mine, right=16)
rows = [Row("with room at the right", wider.masked_fill(room, 0.0), [])]
rows.append(Row("the room drawn", inpaint(draw, wider, room, places, seed=2), []))
sheet(rows, zoom=2).savefig(HERE / "07_wider.png")
