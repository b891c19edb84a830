"""The picture of lesson 16: the same noise in few calls, before and after distillation.

It needs runs/critters-shortcut, which takes about ten minutes of a quiet core:
python -m course_lib distil shortcut --start critters --iterations 700 --out
runs/critters-shortcut
"""

from pathlib import Path

from course_lib.device import repository_folder
from course_lib.figures.figure import Row, sheet
from course_lib.painters.labels import LabelToImage
from course_lib.world.critters import ANIMALS

asked, seed = list(ANIMALS), 2
before = LabelToImage.from_pretrained("critters")
after = LabelToImage.from_pretrained(repository_folder() / "runs" / "critters-shortcut")
rows = []
for calls in (1, 2, 4):
    # Without guidance, which would take two calls a step.
    drawn = before(asked, steps=calls, guidance_scale=1.0, sampler="ddim", seed=seed)
    rows.append(Row(f"{calls} unguided", drawn, []))
rows += [
    Row(f"{calls} distilled", after(asked, steps=calls, seed=seed), [])
    for calls in (1, 2, 4)
]
# What the other was distilled from: guided, in steps half as long as its shortest jump.
path = before(asked, steps=16, sampler="ddim", seed=seed)
rows.append(Row("32 guided", path, asked))
sheet(rows, zoom=2).savefig(Path(__file__).with_name("16_few_steps.png"))
