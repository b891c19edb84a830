"""Voting: two pictures, a click or a key, and the vote is on the disk.

    vote_here(painter, duels_of(["a red cat", "a frog on stilts"]), "votes.jsonl")

Click on the better picture, or press the left or right arrow; the space bar is for
"neither". It carries on where the file ends. Where no widget can be shown, a sentence
says so.
"""

import html
import json
from pathlib import Path

import ipywidgets
from IPython import get_ipython
from IPython.display import display
from torch import Tensor

from course_lib.figures.figure import image_tag, png_bytes
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import to_image
from course_lib.training.duels import draw_duels
from course_lib.training.votes import (
    LEFT,
    NEITHER,
    RIGHT,
    Duel,
    Vote,
    VoteError,
    append_vote,
    mend,
    name_of,
    read_votes,
)
from course_lib.typed import expanded

WIDTH = 256  # screen pixels across a picture
NAME = "course-vote"  # the class of the box on the page
PLACES = {"ArrowLeft": 0, " ": 1, "ArrowRight": 2}  # keys, and the buttons they press
SAID = {LEFT: "◀ this one", NEITHER: "neither", RIGHT: "this one ▶"}

# Buttons alone would do: they can be clicked, and reached with the tab key. This script
# adds the arrow keys and makes the pictures clickable; both press the buttons, so what
# a vote does is decided in Python alone. A widget appears some time after the script
# ran, hence the waiting. JupyterLab uses arrow keys itself and is told to keep away.
SCRIPT = """\
<script>
(() => {{
  const keys = {keys};
  const press = (box, n) => box.querySelector(".{name}-button-" + n)?.click();
  const dress = (box) => {{
    box.dataset.ready = "yes";
    box.tabIndex = 0;
    box.dataset.lmSuppressShortcuts = "true";
    box.addEventListener("keydown", (event) => {{
      if (!(event.key in keys)) return;
      event.preventDefault();
      event.stopPropagation();
      press(box, keys[event.key]);
      box.focus();
    }});
    box.addEventListener("click", (event) => {{
      const picture = event.target.closest(".{name}-picture");
      if (picture) press(box, picture.classList.contains("{name}-left") ? 0 : 2);
      box.focus({{preventScroll: true}});
    }});
    box.focus({{preventScroll: true}});
  }};
  let tries = 0;
  const wait = setInterval(() => {{
    const boxes = document.querySelectorAll(".{name}:not([data-ready])");
    boxes.forEach(dress);
    if (boxes.length || ++tries > 100) clearInterval(wait);
  }}, 100);
}})();
</script>"""


class Booth:
    """What the widget does, without the widget: the next duel, and what a vote writes.

    Args:
        duels: all are drawn at once, since nobody likes to wait for each pair
        file: the file of the votes; duels that this voter decided in it are left out
    """

    def __init__(
        self, painter: TextToImage, duels: list[Duel], file: Path | str, who: str
    ):
        self.file, self.who = Path(expanded(str(file))), who
        self.name, self.way = name_of(painter), painter.way()
        mend(self.file)
        before = read_votes(self.file) if self.file.is_file() else []
        # Only this voter's: in a class, everybody votes on the same pictures.
        mine = {vote.duel for vote in before if vote.who == who}
        self.left = [duel for duel in duels if duel not in mine]
        self.of = len(duels)
        self.drawn = draw_duels(painter, self.left) if self.left else None

    @property
    def now(self) -> Duel | None:
        """The duel to vote on; None if all are decided."""
        return self.left[0] if self.left else None

    @property
    def progress(self) -> str:
        """How far the voter is, in a sentence."""
        done = self.of - len(self.left)
        if self.left:
            return f"Vote {done + 1} of {self.of}: which picture is better?"
        return f"All {self.of} votes are in {self.file}. Thank you."

    def pictures(self) -> Tensor:
        """The two pictures of the duel, (2, 3, H, W) in [-1, 1]."""
        return self.drawn.of(self.now)

    def vote(self, winner: int | None) -> None:
        """Write a vote on this duel, and go on to the next."""
        if self.now is not None:  # a key may be pressed once too often
            vote = Vote(self.now, winner, self.who, self.name, self.way)
            append_vote(self.file, vote)
            self.left.pop(0)


def vote_here(
    painter: TextToImage, duels: list[Duel], file: Path | str, who: str = "me"
) -> None:
    """Show the widget: two pictures, a click or a key, the next two.

    The cell needs the tag nbval-ignore-output, and a still figure beside it for readers
    without a kernel.

    Args:
        file: every vote is written to it at once; the widget carries on where it ends
        who: the name of the voter, for the file
    """
    booth = Booth(painter, duels, file, who)
    if get_ipython() is None:
        print("Voting: run this cell in Jupyter or Colab to vote.")
        return
    box = voting_box(booth)
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    sentence = "Voting: run this cell in Jupyter or Colab to vote."
    bundle = {"text/plain": sentence, "application/vnd.jupyter.widget-view+json": view}
    display(bundle, raw=True)
    # Without a text of its own: where no script runs, nothing is to be read.
    script = SCRIPT.format(keys=json.dumps(PLACES), name=NAME)
    display({"text/html": script, "text/plain": ""}, raw=True)


def voting_box(booth: Booth) -> ipywidgets.VBox:
    """The widget of a booth: the prompt, two pictures, and three buttons."""
    told, asked = ipywidgets.HTML(), ipywidgets.HTML()
    pictures = [ipywidgets.HTML(), ipywidgets.HTML()]
    buttons = [
        ipywidgets.Button(description=words, layout={"width": f"{WIDTH // 2}px"})
        for words in SAID.values()
    ]

    def turn() -> None:
        told.value = html.escape(booth.progress)
        if booth.now is None:
            asked.value = ""
            for shown in (*pictures, *buttons):
                shown.layout.display = "none"
            return
        asked.value = f"<b>{html.escape(booth.now.prompt)}</b>"
        sides = zip(pictures, booth.pictures(), ("left", "right"), strict=True)
        for shown, picture, side in sides:
            alt = f"the picture on the {side}: {booth.now.prompt}"
            look = "image-rendering: pixelated; cursor: pointer;"
            shown.value = image_tag(png_bytes(to_image(picture)), alt, WIDTH, look)

    def press(winner: int | None) -> None:
        try:
            booth.vote(winner)
            turn()
        except VoteError as error:  # a full disk: the vote is asked for again
            told.value = html.escape(str(error))

    for i, (button, winner) in enumerate(zip(buttons, SAID, strict=True)):
        button.add_class(f"{NAME}-button-{i}")
        button.on_click(lambda _, winner=winner: press(winner))
    for shown, place in zip(pictures, ("left", "right"), strict=True):
        shown.add_class(f"{NAME}-picture").add_class(f"{NAME}-{place}")
    turn()
    box = ipywidgets.VBox(
        [told, asked, ipywidgets.HBox(pictures), ipywidgets.HBox(buttons)]
    )
    return box.add_class(NAME)
