"""The pictures of lesson 07: more strength, holes drawn in, pictures made wider."""

from pathlib import Path

from course_lib.diffusion.editing import image_to_image, inpaint, widen
from course_lib.figures.figure import Row, sheet
from course_lib.painters.interpolation import interpolate
from course_lib.painters.pipeline import TextToImage
from course_lib.world.critters import COLOURS, SCENES, SUBJECTS
from course_lib.world.datasets import load_critters
from course_lib.world.wording import SCENE_WORDS

HERE = Path(__file__).parent
draw = TextToImage.from_pretrained("words")
album = load_critters("test", kind="one")
bare = (album.factors["accessory"] == 0) & (album.factors["ears"] == 0)
which = bare.nonzero()[:8, 0]
mine = album[which][0]
subjects, colours = (album.factors[f][which].tolist() for f in ("subject", "colour"))
names = [f"a {SUBJECTS[i]}" for i in subjects]
told = [f"a {COLOURS[c]} {SUBJECTS[i]}" for c, i in zip(colours, subjects, strict=True)]
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
for asked in (names, told):
    title = ", ".join(f"“{name}”" for name in asked[:2]) + ", ..."
    rows.append(Row(title, inpaint(draw, mine, right, asked, seed=3), []))
sheet(rows, zoom=2).savefig(HERE / "07_editing.png")

scenes = album.factors["scene"][which].tolist()
places = [SCENE_WORDS[SCENES[i]][0] for i in scenes]  # "in the snow", "at night", ...
wider, room = widen(mine, right=16)
rows = [Row("with room at the right", wider.masked_fill(room, 0.0), [])]
rows.append(Row("the room drawn", inpaint(draw, wider, room, places, seed=2), []))
sheet(rows, zoom=2).savefig(HERE / "07_wider.png")

large = TextToImage.from_pretrained("latent")
ends = ("a green frog at night", "an orange rabbit at sunset")
way = interpolate(large, *ends, n=7, seed=3)
sheet([Row(f"“{ends[0]}” to “{ends[1]}”", way, [])], zoom=2).savefig(
    HERE / "07_between.png"
)
