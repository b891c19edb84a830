"""The whole system as one picture: from a prompt to a picture, box by box.

Each box links to the files that do its work and to the notebooks that built it. The
boxes are an ordered list in HTML and the arrows a drawing behind it: where styles and
drawings are stripped, as on GitHub, the list with its links remains.
"""

import html
import os
import tomllib
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from course_lib.device import repository_folder
from course_lib.figures.figure import PALETTE, image_tag, png_bytes, publish
from course_lib.pixels import to_image


class Box(NamedTuple):
    """One part of the system: its place on the page, its task, its files."""

    name: str
    column: int
    row: int
    does: str
    files: tuple[str, ...]  # in course_lib, without .py
    notebooks: tuple[str, ...]
    columns: int = 1  # how many columns it fills


# Formatted by hand, two or three lines per box: ruff would make a hundred.
BOXES = (  # in the order in which a prompt passes through them
    Box("prompt", 0, 0, "what you typed", ("world/wording",), ("00_start",)),
    Box("tokenizer", 1, 0, "cuts it into known pieces",
        ("networks/tokenizer",), ("08_words",)),
    Box("text encoder", 2, 0, "one vector a piece, each aware of its neighbours",
        ("networks/text_encoder", "networks/contrastive"),
        ("08_words", "09_image_text")),
    Box("noise", 0, 1, "1,024 numbers by chance",
        ("diffusion/samplers",), ("02_noise",)),
    Box("sampler", 1, 1, "walks from t = 1000 to 0; at each step it asks and mixes",
        ("diffusion/samplers", "diffusion/schedule"), ("06_sampling",)),
    Box("U-Net", 2, 1, "looks at the noisy latent, twice: with the words and without",
        ("networks/text_unet", "networks/layers"), ("04_unet", "10_text_to_image")),
    Box("guidance", 3, 1, "goes further where the words pull",
        ("diffusion/guidance",), ("10_text_to_image",)),
    Box("guess", 4, 1, "reads the answer as clean latent and noise",
        ("diffusion/objective",), ("03_denoise", "05_training")),
    Box("decoder", 1, 2, "once, at the end: 16 x 16 places become 64 x 64 pixels",
        ("networks/autoencoder",), ("11_autoencoder",)),
    Box("picture", 2, 2, "3 x 64 x 64 numbers; the whole way here in one call",
        ("painters/pipeline",), ("12_latent_diffusion",), 2),
    Box("critters", 0, 3, "50,000 pictures with captions",
        ("world/drawing", "training/captions"), ("01_pixels",)),
    Box("encoder", 1, 3, "compresses them, once",
        ("networks/autoencoder", "training/latents"), ("11_autoencoder",)),
    Box("added noise", 2, 3, "covers each latent, of a random t",
        ("diffusion/schedule",), ("02_noise",)),
    Box("loss", 3, 3, "how far off the U-Net's answer is",
        ("diffusion/objective",), ("03_denoise",)),
    Box("trainer", 4, 3, "turns all weights a little, thousands of times",
        ("training/trainer", "training/recipes"), ("05_training",)),
)  # fmt: skip
ARROWS = (
    ("prompt", "tokenizer"), ("tokenizer", "text encoder"), ("text encoder", "U-Net"),
    ("noise", "sampler"), ("sampler", "U-Net"), ("U-Net", "guidance"),
    ("guidance", "guess"), ("sampler", "decoder"), ("decoder", "picture"),
    ("critters", "encoder"), ("encoder", "added noise"), ("added noise", "loss"),
    ("loss", "trainer"),
)  # fmt: skip
TRAINING = 3  # the row of what happens once, before anybody types a prompt
HEADINGS = (  # of the two lists of boxes, each with its top in pixels
    (6, "Each time that somebody types a prompt"),
    (506, "Once, before that: the training"),
)
ACROSS, WIDTH, HEIGHT = (
    172,
    148,
    120,
)  # box to box, and a box itself, in pixels
TOPS = (28, 178, 344, 530)  # of the rows
INK = (PALETTE[0], PALETTE[1], PALETTE[6], "#666666")  # of the rows
ALT = (
    "The whole system. A prompt goes through the tokenizer and the text encoder into "
    "the U-Net. Noise goes into the sampler, which asks the U-Net at every step; "
    "guidance and the reading of the guess lead back to it. At the end the decoder "
    "makes the picture. Below, the training: critters are compressed by the encoder, "
    "covered with noise, and the loss tells the trainer how to turn the weights, which "
    "the U-Net uses above."
)


def show_system(
    prompt: str = "a frog on stilts",
    noise: Tensor | None = None,
    picture: Tensor | None = None,
) -> None:
    """Show the whole system; each part links to its file and its notebook.

    Args:
        prompt: the text in the first box noise, picture: (3, H, W) in [-1, 1], shown in
        their boxes
    """
    shown = {"noise": noise, "picture": picture}
    shown = {name: some for name, some in shown.items() if some is not None}
    publish(system_page(course_root(Path.cwd()), prompt, shown), ALT)


def course_root(here: Path) -> str:
    """The relative path from a folder to the course around it; else the GitHub address.

    It does not depend on where the library was imported from, which may be another
    copy.

    >>> course_root(repository_folder() / "notebooks" / "solutions")
    '../..'
    """
    here = here.resolve()
    # Relative, so that the links work in a clone, in JupyterLab and on GitHub.
    for folder in (here, *here.parents):
        if (folder / "course_lib").is_dir() and (folder / "notebooks").is_dir():
            return Path(os.path.relpath(folder, here)).as_posix()
    # On Colab the notebook is beside the course, not inside it.
    text = (repository_folder() / "pyproject.toml").read_text(encoding="utf-8")
    course = tomllib.loads(text)["tool"]["course"]
    return f"https://github.com/{course['repository']}/blob/{course['tag']}"


def system_page(root: str, prompt: str, shown: dict[str, Tensor]) -> str:
    """The HTML of the map; the same input gives the same bytes."""
    width, height = 4 * ACROSS + WIDTH + 8, TOPS[-1] + HEIGHT + 8
    # Two lists with one numbering: what happens at each prompt, and what happened once.
    items = [item(box, root, prompt, shown.get(box.name)) for box in BOXES]
    first = sum(box.row != TRAINING for box in BOXES)
    drawing = ordered(HEADINGS[0], items[:first], 1)
    training = ordered(HEADINGS[1], items[first:], first + 1)
    return f"""\
<div role="group" aria-label="{html.escape(ALT)}" style="overflow-x: auto">
<div style="position: relative; width: {width}px; height: {height}px;
 background: white; color: black; font: 12px/1.3 sans-serif">
{arrows(width, height)}
{drawing}
{training}
</div>
</div>"""


def ordered(heading: tuple[int, str], items: list[str], first: int) -> str:
    """A heading at its height and a list of boxes, numbered from `first`."""
    place = f"position: absolute; left: 4px; top: {heading[0]}px"
    boxes = "\n".join(items)
    return f"""\
<div style="{place}"><b>{heading[1]}</b></div>
<ol start="{first}" style="list-style: none; margin: 0; padding: 0">
{boxes}
</ol>"""


def item(box: Box, root: str, prompt: str, picture: Tensor | None) -> str:
    """One box: its name, its task, its picture if it has one, its links."""
    left, top = corner(box)
    # Dashed, and in another colour: no meaning depends on colour alone.
    dashed = "dashed" if box.row == TRAINING else "solid"
    look = (
        f"position: absolute; left: {left}px; top: {top}px; width: {wide(box)}px; "
        f"height: {HEIGHT}px; box-sizing: border-box; padding: 4px 6px; "
        f"margin: 0; border: 2px {dashed} {INK[box.row]}; border-radius: 8px; "
        "background: white; overflow: hidden"
    )
    # Escaped below with all other words, since a prompt is whatever somebody types.
    does = f"“{prompt}”" if box.name == "prompt" else box.does
    image = ""
    if picture is not None:
        png = png_bytes(to_image(picture.detach().cpu()))
        side = 64 if box.columns == 1 else HEIGHT - 16
        look_of_it = "float: right; margin: 0 0 0 6px; image-rendering: pixelated"
        image = image_tag(png, f"the {box.name}", side, look_of_it)
    return (
        f'<li style="{look}">{image}<b>{html.escape(box.name)}</b><br>\n'
        f"{html.escape(does)}<br>\n{links(box, root)}</li>"
    )


def links(box: Box, root: str) -> str:
    files = [
        anchor(f"{root}/course_lib/{file}.py", f"{Path(file).name}.py")
        for file in box.files
    ]
    numbers = [
        anchor(f"{root}/notebooks/{name}.ipynb", name.split("_")[0], f"notebook {name}")
        for name in box.notebooks
    ]
    # A screen reader would read a bare "08" as a number that leads nowhere, hence
    # `says`.
    word = "notebooks" if len(numbers) > 1 else "notebook"
    return f"{', '.join(files)}<br>\n{word} {', '.join(numbers)}"


def anchor(to: str, text: str, says: str = "") -> str:
    """A link; a screen reader reads `says` in place of a bare number."""
    aloud = f' aria-label="{says}"' if says else ""
    return f'<a href="{to}"{aloud} style="color: #0050a0">{text}</a>'


def wide(box: Box) -> int:
    """The width of a box, in pixels."""
    return WIDTH + ACROSS * (box.columns - 1)


def corner(box: Box) -> tuple[int, int]:
    """The upper left corner of a box (left, top), in pixels."""
    return 4 + ACROSS * box.column, TOPS[box.row]


def arrows(width: int, height: int) -> str:
    """The SVG behind the boxes: straight arrows, and two that go around the boxes."""
    by_name = {box.name: box for box in BOXES}
    lines = [straight(by_name[a], by_name[b]) for a, b in ARROWS]
    # The sampler's loop, the only arrow against the reading direction.
    lines.append(loop(by_name["guess"], by_name["sampler"]))
    # The weights that training leaves behind, the only link between the two lists.
    lines.append(learned(by_name["trainer"], by_name["U-Net"]))
    # Hidden from screen readers (aria-hidden): the description says it in words.
    right, top = corner(by_name["trainer"])
    paths = "\n".join(
        f'<path d="{line}" fill="none" stroke="black" stroke-width="1.6" '
        'marker-end="url(#system-map-arrow)"/>'
        for line in lines
    )
    return f"""\
<svg width="{width}" height="{height}" aria-hidden="true" focusable="false"
 style="position: absolute; left: 0; top: 0">
<defs><marker id="system-map-arrow" markerWidth="9" markerHeight="8" refX="8" refY="4"
 orient="auto" markerUnits="userSpaceOnUse"><path d="M0,0 L9,4 L0,8 z"/></marker></defs>
{paths}
<text x="{right + WIDTH - 34}" y="{top - 60}" text-anchor="end">weights</text>
</svg>"""


def straight(start: Box, end: Box) -> str:
    """The path from box to box along a row, or down a column."""
    (x, y), (to_x, to_y) = corner(start), corner(end)
    if start.row == end.row:
        middle = y + HEIGHT // 2
        return f"M{x + WIDTH},{middle} L{to_x - 2},{middle}"
    middle = x + WIDTH // 2
    return f"M{middle},{y + HEIGHT} L{middle},{to_y - 2}"


def loop(start: Box, end: Box) -> str:
    """The path from the last box of a row back, below the others, to an earlier one."""
    (x, y), (to_x, _) = corner(start), corner(end)
    # Below the row, since a straight line would run through all the boxes between.
    bottom = y + HEIGHT
    out, back = x + WIDTH // 2, to_x + WIDTH - 24
    return f"M{out},{bottom} V{bottom + 22} H{back} V{bottom + 2}"


def learned(start: Box, end: Box) -> str:
    """The path from the training up to its network, below the sampler's loop."""
    (x, y), (to_x, to_y) = corner(start), corner(end)
    bottom = to_y + HEIGHT
    out, into = x + WIDTH - 28, to_x + WIDTH - 24
    return f"M{out},{y} V{bottom + 34} H{into} V{bottom + 2}"
