"""A picture while you type: a text field that draws at every key.

    as_you_type(lambda text: draw([text], steps=1)[0], "a red cat")

Keys come faster than pictures. Drawing in the field's own callback would queue them:
the picture on the screen would answer a text of ten keys ago. So the drawing runs in a
thread beside, and whenever it is free it takes the newest text and forgets the others.
"""

import threading
from collections.abc import Callable

import ipywidgets
from IPython import get_ipython
from IPython.display import display
from torch import Tensor

from course_lib.figures.figure import png_bytes
from course_lib.pixels import to_grid

WIDTH = 256  # screen pixels of a picture


class Newest:
    """Does `work` for the newest wish, one at a time; older ones are forgotten.

    Args:
        work: takes a wish; it runs in a thread of its own
    """

    def __init__(self, work: Callable[[str], None]):
        self.work = work
        self.lock, self.waiting, self.busy = threading.Lock(), [], False
        self.thread: threading.Thread | None = None

    def wish(self, wanted: str) -> None:
        """Ask for this, and no longer for what has not been begun."""
        with self.lock:
            self.waiting = [wanted]
            if self.busy:
                return
            self.busy = True
        # A thread that lives only while there is something to do: none is left behind
        # when the cell runs again.
        self.thread = threading.Thread(target=self.do_all, daemon=True)
        self.thread.start()

    def do_all(self) -> None:
        """Work until no wish is waiting."""
        while True:
            with self.lock:
                if not self.waiting:
                    self.busy = False
                    return
                wanted = self.waiting.pop()
            self.work(wanted)

    def rest(self) -> None:
        """Wait until all is done."""
        if self.thread is not None:
            self.thread.join()


def as_you_type(
    draw: Callable[[str], Tensor], start: str, alt: str = "What you asked for, drawn"
) -> None:
    """Show a text field and what `draw` makes of its text, at every key.

    Where no field can be shown, a sentence says so. The cell needs the tag
    nbval-ignore-output, and a still figure beside it for readers without a kernel.

    Args:
        draw: a text to a picture (3, H, W), or to some (B, 3, H, W), in [-1, 1]; what
            it raises is said below the picture
        start: the first text
    """
    sentence = "A field to type in: run this cell in Jupyter or Colab."
    if get_ipython() is None:
        print(sentence)
        return
    box = typing_field(draw, start, alt)
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    bundle = {"text/plain": sentence, "application/vnd.jupyter.widget-view+json": view}
    display(bundle, raw=True)


def typing_field(
    draw: Callable[[str], Tensor], start: str, alt: str
) -> ipywidgets.VBox:
    """The field, the picture and a line for what went wrong."""
    field = ipywidgets.Text(value=start, description="type here")
    picture = ipywidgets.Image(format="png")
    said = ipywidgets.Label()

    def show(text: str) -> None:
        try:
            drawn = draw(text)
        except Exception as error:  # in a thread nobody would ever see it
            said.value = str(error)
            return
        drawn = drawn if drawn.ndim == 4 else drawn[None]
        # Enlarged here: a browser would smooth the pixels of this widget.
        zoom = max(1, WIDTH // drawn.shape[3])
        picture.value = png_bytes(to_grid(drawn, zoom=zoom))
        said.value = f"{alt}: {text}"

    newest = Newest(show)
    field.observe(lambda change: newest.wish(change["new"]), "value")
    show(start)
    box = ipywidgets.VBox([field, picture, said])
    box.newest = newest
    return box
