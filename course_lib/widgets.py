"""Sliders: one for frames made beforehand, one for what is computed while you move it.

A frame slider is plain HTML: it needs no kernel, works in the book, and shows all its
frames in a strip where scripts do not run. Each widget has a still twin in `plots`.
"""

import hashlib
import html
import json

import torch
from IPython import get_ipython
from IPython.display import display
from PIL import Image
from torch import Tensor

from course_lib.figure import image_tag, png_bytes, publish
from course_lib.pixels import check_pictures, to_image
from course_lib.samplers import Step

# The strip of frames is there from the start; the script, where it may run, puts a
# slider in its place. Arrow keys move the slider once it has the focus.
PAGE = """\
<div data-frames="{key}">
<div class="strip" style="display: flex; flex-wrap: wrap; gap: 8px">
{strip}
</div>
<div class="slider" style="display: none">
<div>{first}</div>
<input type="range" min="0" max="{last}" value="{start}" step="1"
 aria-label="{alt}" style="width: {width}px; max-width: 100%">
<output aria-live="polite" style="display: block; font-family: monospace"></output>
</div>
</div>
<script>
for (const box of document.querySelectorAll('[data-frames="{key}"]')) {{
  const strip = box.querySelector(".strip"), slider = box.querySelector(".slider");
  const frames = strip.querySelectorAll("img"), labels = {labels};
  const image = slider.querySelector("img"), range = slider.querySelector("input");
  const show = () => {{
    const i = Number(range.value);
    image.src = frames[i].src;
    image.alt = frames[i].alt;
    slider.querySelector("output").textContent = labels[i];
    range.setAttribute("aria-valuetext", labels[i]);
  }};
  range.oninput = show;
  strip.style.display = "none";
  slider.style.display = "block";
  show();
}}
</script>"""


def frame_slider(
    frames: Tensor | list[Image.Image],
    labels: list[str],
    alt: str,
    zoom: int | None = None,
    start: int = 0,
) -> None:
    """Show frames one at a time, with a slider to go through them.

    The same frames make the same HTML to the byte. Between machines a float can differ
    in its last bit and a pixel by one; notebooks/conftest.py therefore has nbval skip
    the bytes of pictures (and the key made of them) and compare labels and description.

    Args:
        frames: (S, 3, H, W) in [-1, 1], or Pillow images of one size
        labels: what is written under each frame
        alt: what the slider shows; a frame's description is this and its label
        zoom: how many screen pixels wide a picture's pixel is
        start: the frame to begin with
    """
    publish(slider_page(frames, labels, alt, zoom, start), alt)


def slider_page(frames, labels, alt, zoom=None, start=0) -> str:
    """The HTML of a frame slider."""
    if isinstance(frames, Tensor):
        check_pictures(frames)
        zoom = zoom or max(1, 256 // frames.shape[3])
        frames = [to_image(frame.detach()) for frame in frames]
    labels = [str(label) for label in labels]
    if len(labels) != len(frames):
        raise ValueError(f"{len(labels)} labels for {len(frames)} frames.")
    pngs = [png_bytes(frame)[0] for frame in frames]
    key = hashlib.sha256(
        b"".join(pngs) + json.dumps([alt, labels]).encode()
    ).hexdigest()
    width, height = frames[0].width * (zoom or 1), frames[0].height * (zoom or 1)
    crisp = "image-rendering: pixelated" if (zoom or 1) > 1 else ""

    def tag(number: int, share: float = 1.0) -> str:
        size = (round(width * share), round(height * share))
        return image_tag(pngs[number], size, f"{alt}: {labels[number]}", crisp)

    small = min(1.0, 96 / width)
    strip = [
        f'<div style="text-align: center">{tag(i, small)}<br>{html.escape(label)}</div>'
        for i, label in enumerate(labels)
    ]
    return PAGE.format(
        key=key[:16],
        strip="\n".join(strip),
        first=tag(start),
        last=len(frames) - 1,
        start=start,
        alt=html.escape(alt),
        width=max(width, 240),
        labels=json.dumps(labels).replace("</", "<\\/"),
    )


def sampler_slider(
    steps: list[Step], alt: str, picture: int = 0, zoom: int | None = None
) -> None:
    """Go through a sampler's steps: x_t at the left, the guess x_0_hat at the right.

    Its still twin is `plots.show_trace`.
    """
    frames = torch.stack([side_by_side(step, picture) for step in steps])
    labels = [f"t = {step.t}: x_t at the left, x_0_hat at the right" for step in steps]
    frame_slider(frames, labels, alt, zoom or max(1, 192 // steps[0].x_t.shape[3]))


def side_by_side(step: Step, picture: int) -> Tensor:
    """x_t and x_0_hat of one picture with a white gap between: (3, H, 2 W + 2)."""
    x_t, x_0_hat = (
        step.x_t[picture].detach().cpu(),
        step.x_0_hat[picture].detach().cpu(),
    )
    gap = torch.ones(3, x_t.shape[1], 2)
    return torch.cat([x_t, gap, x_0_hat], dim=2).clamp(-1, 1)


def live(function, **sliders) -> None:
    """Call the function again whenever a slider has been moved.

    Each keyword becomes one control: (low, high) or (low, high, step) a slider, a list or
    a dict a menu, True or False a tick box, a text a text field. The function is called
    when the mouse is let go. Where no sliders can be shown, a sentence says so.

    A cell with live sliders carries the tag nbval-ignore-output.
    """
    names = ", ".join(sliders)
    sentence = (
        f"Live sliders ({names}): run this cell in Jupyter or Colab to move them. "
        "The still figure shows the same."
    )
    try:
        import ipywidgets
    except ImportError:
        return print(sentence)
    if get_ipython() is None:
        return print(sentence)
    controls = {name: control(name, what) for name, what in sliders.items()}
    shown = ipywidgets.interactive_output(function, controls)
    box = ipywidgets.VBox([*controls.values(), shown])
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    display(
        {"application/vnd.jupyter.widget-view+json": view, "text/plain": sentence},
        raw=True,
    )


def control(name: str, what):
    """The ipywidgets control for one keyword of `live`."""
    import ipywidgets

    words = dict(description=name, style={"description_width": "initial"})
    if isinstance(what, ipywidgets.Widget):
        return what
    if isinstance(what, bool):
        return ipywidgets.Checkbox(value=what, **words)
    if isinstance(what, str):
        return ipywidgets.Text(value=what, continuous_update=False, **words)
    if isinstance(what, (list, dict)):
        return ipywidgets.Dropdown(options=what, **words)
    if not isinstance(what, tuple) or len(what) not in (2, 3):
        raise ValueError(
            f"{name} must be (low, high) or (low, high, step), a list or a dict of "
            f"choices, True, False or a text; got {what!r}."
        )
    low, high = what[:2]
    whole = all(isinstance(number, int) for number in what)
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    step = what[2] if len(what) == 3 else (1 if whole else (high - low) / 20)
    middle = low + round((high - low) / 2 / step) * step
    return kind(
        value=middle, min=low, max=high, step=step, continuous_update=False, **words
    )
