"""Sliders: one through frames made beforehand, and one that computes as you move it.

A frame slider is plain HTML: it needs no kernel, works in the book, and shows some of
its frames in a row where scripts do not run. Each widget has a still counterpart in
`plots`.
"""

import hashlib
import html
import json
import time

import ipywidgets
import torch
from IPython import get_ipython
from IPython.display import display
from PIL import Image
from torch import Tensor

from course_lib.diffusion.samplers import Step
from course_lib.figures.figure import (
    check_alt,
    data_uri,
    image_tag,
    png_bytes,
    publish,
)
from course_lib.pixels import check_pictures, to_image

# The page starts with a row of frames: a table, since GitHub drops scripts and all
# styles. Where the script may run, it puts a slider in the row's place; it creates all
# its parts, so nothing dead is left where it does not run. Once the slider has the
# focus, the arrow keys move it: JupyterLab uses these keys itself and is told to keep
# away (lm-suppress-shortcuts).
PAGE = """\
<div data-frames="{key}">
<table><tr>
{strip}
</tr></table>
</div>
<script>
for (const box of document.querySelectorAll('[data-frames="{key}"]')) {{
  if (box.dataset.ready) continue;  // the same frames may be shown twice on a page
  box.dataset.ready = "yes";
  const strip = box.querySelector("table"), labels = {labels}, alt = {alt};
  const others = {others}, row = [...strip.querySelectorAll("img")];
  const frames = labels.map((_, i) => others[i] ?? row.shift().src);
  const make = (tag, style) => {{
    const made = document.createElement(tag);
    made.style.cssText = style;
    return made;
  }};
  const slider = make("div", "display: inline-block");  // as wide as its picture
  const image = make("img", "{look}");
  const range = make("input", "width: 100%; min-width: 240px; margin: 6px 0");
  const button = make("button", "margin-right: 8px");
  const label = make("span", "font-family: monospace");
  {width}
  Object.assign(range, {{type: "range", min: 0, max: {last}, value: {start}}});
  range.setAttribute("aria-label", alt);
  range.setAttribute("data-lm-suppress-shortcuts", "true");
  const turn = () => {{
    const i = Number(range.value);
    image.src = frames[i];
    image.alt = alt + ": " + labels[i];
    label.textContent = labels[i];
    range.setAttribute("aria-valuetext", labels[i]);
  }};
  let film = null;
  const stop = () => {{
    clearInterval(film);
    film = null;
    button.textContent = "▶ Play";
  }};
  const step = () => {{
    range.value = Number(range.value) + 1;
    turn();
    if (Number(range.value) === {last}) stop();  // once through, no loop
  }};
  button.onclick = () => {{
    if (film !== null) return stop();
    if (Number(range.value) === {last}) range.value = 0;
    turn();
    button.textContent = "⏸ Pause";
    film = setInterval(step, Math.max(150, Math.min(600, 6000 / frames.length)));
  }};
  range.oninput = () => {{ stop(); turn(); }};
  slider.append(image, make("br", ""), range, make("br", ""), button, label);
  box.append(slider);
  strip.style.display = "none";
  stop();
  turn();
}}
</script>"""
STRIP, THUMB = 8, 80  # most frames in the row, and the most pixels across each


def frame_slider(
    frames: Tensor | list[Image.Image],
    labels: list[str],
    alt: str,
    zoom: int | None = None,
    start: int = 0,
) -> None:
    """Show frames one at a time, with a slider to go through them.

    The same frames give the same HTML, byte for byte. Between machines the last bit of
    a float may differ, and with it a pixel: tools/nbval.cfg makes nbval skip the bytes
    of the frames and the key made from them, and compare labels, description and sizes.
    The cell needs no tag. The still counterpart is `plots.show_pictures`.

    Args:
        frames: (S, 3, H, W) in [-1, 1], or Pillow images of one size
        labels: one per frame, written under it
        alt: what the slider shows; each frame is described by this and its label
        zoom: how many screen pixels wide a pixel is; chosen for a tensor, else 1
        start: the number of the frame to begin with
    """
    publish(slider_page(frames, labels, alt, zoom, start), alt)


def slider_page(frames, labels, alt, zoom=None, start=0) -> str:
    """The HTML of a frame slider."""
    # All frames are in the page already, so the slider works in a book, and with the
    # kernel gone.
    images, zoom = as_images(frames, zoom)
    labels = [str(label) for label in labels]
    if len(labels) != len(images):
        raise ValueError(f"{len(labels)} labels for {len(images)} frames.")
    if not 0 <= start < len(images):
        raise ValueError(f"start must lie in 0..{len(images) - 1}; got {start}.")
    width = images[0].width * zoom
    look = "image-rendering: pixelated;" if zoom > 1 else ""
    alt = check_alt(alt)
    pngs = [png_bytes(image) for image in images]
    tags = [
        image_tag(png, f"{alt}: {label}", min(width, THUMB), look)
        for png, label in zip(pngs, labels, strict=True)
    ]
    row = in_row(len(tags))
    return PAGE.format(
        # A hash and not a random id: the same cell run twice must give the same bytes,
        # or nbval would find a difference at every run. Two sliders with the same
        # frames share it, and the script handles both.
        key=hashlib.sha256(b"".join(pngs)).hexdigest()[:16],
        strip="\n".join(
            f'<td align="center">{tags[i]}<br>{html.escape(labels[i])}</td>'
            for i in row
        ),
        # Each frame is in the page once: in the row, or here.
        others=as_script(
            {i: data_uri(pngs[i]) for i in range(len(pngs)) if i not in row}
        ),
        alt=as_script(alt),
        labels=as_script(labels),
        # The browser enlarges a picture's pixels, which keeps them square and the page
        # small. A drawn figure has its own size, which may differ by a pixel between
        # versions of matplotlib, so it is not written down.
        width=f"image.width = {width};" if zoom > 1 else "",
        look=f"max-width: 100%; height: auto; {look}",
        last=len(images) - 1,
        start=start,
    )


def in_row(count: int) -> list[int]:
    """The numbers of the frames in the row: the first, the last, and some between.

    >>> in_row(3), in_row(15)
    ([0, 1, 2], [0, 2, 4, 6, 8, 10, 12, 14])
    """
    shown = min(count, STRIP)
    return [round(i * (count - 1) / max(1, shown - 1)) for i in range(shown)]


def as_script(value) -> str:
    """A value as a JavaScript literal, safe inside a page."""
    return json.dumps(value).replace("<", "\\u003c")  # no </script> from a label


def as_images(frames, zoom: int | None) -> tuple[list[Image.Image], int]:
    """Frames of either kind as Pillow images of one size, and their zoom."""
    if isinstance(frames, Tensor):
        check_pictures(frames)
        frames, narrow = [to_image(frame.detach()) for frame in frames], True
    else:
        frames, narrow = list(frames), False
    if not frames or len({image.size for image in frames}) > 1:
        sizes = sorted({image.size for image in frames})
        raise ValueError(f"A slider needs frames of one size; got sizes {sizes}.")
    # 256 screen pixels for a picture of 32 or 64; drawn frames keep their size.
    return frames, zoom or (max(1, 256 // frames[0].width) if narrow else 1)


def sampler_slider(
    steps: list[Step],
    alt: str,
    picture: int = 0,
    zoom: int | None = None,
    of: str = "x",
) -> None:
    """Go through a sampler's steps: x_t on the left, the guess x_0_hat on the right.

    The still counterpart is `plots.show_trace`.

    Args:
        of: the letter of what was drawn, z for latents
    """
    frames = torch.stack([side_by_side(step, picture) for step in steps])
    labels = [f"{of}_t and {of}_0_hat at t = {step.t}" for step in steps]
    frame_slider(frames, labels, alt, zoom or max(1, 192 // steps[0].x_t.shape[3]))


def side_by_side(step: Step, picture: int) -> Tensor:
    """x_t and x_0_hat of one picture, with a white gap between: (3, H, 2 W + 2)."""
    x_t, x_0_hat = step.x_t[picture].cpu(), step.x_0_hat[picture].cpu()
    # White, and two of the picture's own pixels wide: it is enlarged with them.
    gap = x_t.new_ones(3, x_t.shape[1], 2)
    return torch.cat([x_t, gap, x_0_hat], dim=2).clamp(-1, 1)


def live(function, play: str | None = None, **sliders) -> None:
    """Call the function again whenever a slider has been moved and let go.

    Each keyword is one argument of the function and becomes one control:

        (low, high), (low, high, step) or (low, high, step, start)    a slider
        a list, or a dict name -> value                               a menu
        True or False                                                 a tick box
        a text                                                        a text field
        a widget of ipywidgets                                        itself

    The slider named by `play` gets a play button, which moves it once from where it is
    to its end, or from its beginning if it is at its end. It begins at its lowest
    number, unless a start is given.

    Where no sliders can be shown, a sentence says so. The cell needs the tag
    nbval-ignore-output, and a still figure beside it for readers without a kernel.
    """
    sentence = (
        f"Live sliders ({', '.join(sliders)}): "
        "run this cell in Jupyter or Colab to move them."
    )
    if get_ipython() is None:
        print(sentence)
        return
    # Not ipywidgets.interact: strict nbval fails on what it prints or plots, and by
    # default it computes at every place that a slider is dragged across.
    controls = {name: control(name, what) for name, what in sliders.items()}
    rows = list(controls.values())
    if play is not None:
        moved = slider_to_play(play, controls)
        if isinstance(sliders[play], tuple) and len(sliders[play]) < 4:
            moved.value = moved.min
        button = play_button(moved)
        rows[rows.index(moved)] = ipywidgets.HBox([button, moved])
        function = pacing(function, button)
    output = ipywidgets.interactive_output(function, controls)
    box = ipywidgets.VBox([*rows, output])
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    # Without widgets the plain text is shown; that of ipywidgets would be its repr.
    bundle = {"text/plain": sentence, "application/vnd.jupyter.widget-view+json": view}
    display(bundle, raw=True)


def control(name: str, what) -> ipywidgets.Widget:
    """The control for one keyword of `live`."""
    words = dict(description=name, style={"description_width": "initial"})
    if isinstance(what, ipywidgets.Widget):
        return what
    if isinstance(what, bool):
        return ipywidgets.Checkbox(value=what, **words)
    # continuous_update=False, here and in `slider`: an answer takes seconds on a CPU,
    # and answers for every key or pixel on the way would queue up.
    if isinstance(what, str):
        return ipywidgets.Text(value=what, continuous_update=False, **words)
    if isinstance(what, (list, dict)):
        return ipywidgets.Dropdown(options=what, **words)
    if isinstance(what, tuple) and len(what) in (2, 3, 4):
        return slider(*what, words=words)
    raise ValueError(
        f"{name} must be (low, high), (low, high, step) or (low, high, step, start), a "
        f"list or a dict of choices, True or False, or a text; got {what!r}."
    )


def slider(low, high, step=None, start=None, *, words: dict) -> ipywidgets.Widget:
    """A slider over whole numbers if all are whole; it starts in the middle."""
    # (1, 10) counts steps, (0.0, 1.0) is a share: the type says which, as in Python.
    whole = all(
        isinstance(number, int) for number in (low, high, step or 0, start or 0)
    )
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    step = step or (1 if whole else (high - low) / 20)
    if start is None:
        # In the middle, but on a step: otherwise the widget would show a number that it
        # can never return to.
        start = low + round((high - low) / 2 / step) * step
    numbers = dict(value=start, min=low, max=high, step=step)
    return kind(**numbers, continuous_update=False, **words)


# Playing ------------------------------------------------------------------------------

FRAME_MS = 300  # how long a frame is shown, at least


def slider_to_play(name: str, controls: dict) -> ipywidgets.Widget:
    """The slider of that name; raise ValueError if there is none."""
    kinds = (ipywidgets.IntSlider, ipywidgets.FloatSlider)
    if not isinstance(controls.get(name), kinds):
        sliders = [other for other, each in controls.items() if isinstance(each, kinds)]
        raise ValueError(f"play names one of the sliders {sliders}; got {name!r}.")
    return controls[name]


def play_button(slider: ipywidgets.Widget) -> ipywidgets.Play:
    """A button that moves the slider from step to step, once, to its end."""

    # Play counts whole numbers, but a slider may go by tenths. So Play counts steps,
    # and the two are linked here, not in the browser.
    def step_of(value) -> int:
        return round((value - slider.min) / slider.step)

    last = int((slider.max - slider.min) / slider.step + 1e-6)
    button = ipywidgets.Play(
        min=0, max=last, value=step_of(slider.value), interval=FRAME_MS
    )

    def move(change) -> None:
        slider.value = slider.min + change["new"] * slider.step

    def follow(change) -> None:  # moved by hand: play on from there
        button.value = step_of(change["new"])

    button.observe(move, "value")
    slider.observe(follow, "value")
    return button


def pacing(function, button: ipywidgets.Play):
    """The same function, after which the button waits as long as the frame took."""

    def timed(**arguments):
        started = time.perf_counter()
        try:
            return function(**arguments)
        finally:
            # Otherwise the button runs ahead and skips frames. A little longer than the
            # frame took, for the way to the browser.
            took = 1000 * (time.perf_counter() - started)
            button.interval = max(FRAME_MS, round(1.2 * took))

    return timed
