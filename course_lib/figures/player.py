"""A film player: films side by side that play together, and films as GIF files.

Like the frame slider (widgets.py) it is plain HTML with everything inside: it needs no
kernel, works in the book, and shows the frames of each film in a row where scripts do
not run. All frames of a film are one picture, a strip, of which a window shows one
frame at a time.
"""

import hashlib
import html
import io
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from course_lib.checkpoint import replace_file
from course_lib.figures.figure import check_alt, image_tag, png_bytes, publish
from course_lib.figures.widgets import as_script
from course_lib.pixels import PictureError, check_pictures, to_bytes, to_image

FRAMES_A_SECOND = 8
# A table, as GitHub drops scripts and styles. Where the script may run, it puts a
# window over each strip; films begin to play when they are asked to, and then go round.
PAGE = """\
<div data-films="{key}">
<table>
{rows}
</table>
</div>
<script>
for (const box of document.querySelectorAll('[data-films="{key}"]')) {{
  if (box.dataset.ready) continue;  // the same films may be shown twice on a page
  box.dataset.ready = "yes";
  const table = box.querySelector("table"), labels = {labels}, alt = {alt};
  const strips = [...table.querySelectorAll("img")].map((image) => image.src);
  const make = (tag, style) => {{
    const made = document.createElement(tag);
    made.style.cssText = style;
    return made;
  }};
  const shelf = make("div", "display: flex; flex-wrap: wrap; gap: 8px");
  const windows = strips.map((strip, i) => {{
    const one = make("figure", "margin: 0; text-align: center");
    const view = make("div", "{look}");
    view.style.backgroundImage = `url(${{strip}})`;
    view.setAttribute("role", "img");
    const words = make("figcaption", "max-width: {width}px");
    words.textContent = labels[i];
    one.append(view, words);
    shelf.append(one);
    return view;
  }});
  const range = make("input", "width: 240px; margin: 6px 0; vertical-align: middle");
  const button = make("button", "margin-right: 8px");
  const label = make("span", "font-family: monospace; margin-left: 8px");
  Object.assign(range, {{type: "range", min: 0, max: {last}, value: 0}});
  range.setAttribute("aria-label", alt);
  range.setAttribute("data-lm-suppress-shortcuts", "true");
  const turn = () => {{
    const frame = Number(range.value), says = `frame ${{frame + 1}} of {frames}`;
    windows.forEach((view, i) => {{
      view.style.backgroundPositionX = `${{-frame * {width}}}px`;
      view.setAttribute("aria-label", `${{labels[i] || alt}}: ${{says}}`);
    }});
    label.textContent = says;
    range.setAttribute("aria-valuetext", says);
  }};
  let film = null;
  const stop = () => {{
    clearInterval(film);
    film = null;
    button.textContent = "▶ Play";
  }};
  button.onclick = () => {{
    if (film !== null) return stop();
    button.textContent = "⏸ Pause";
    film = setInterval(() => {{
      range.value = (Number(range.value) + 1) % {frames};  // round and round
      turn();
    }}, {pause});
  }};
  range.oninput = () => {{ stop(); turn(); }};
  box.append(shelf, button, range, label);
  table.style.display = "none";
  stop();
  turn();
}}
</script>"""
WHOLE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<body style="font-family: sans-serif">
{page}
</body>
</html>
"""


def film_player(
    films: Tensor,
    labels: list[str],
    alt: str,
    zoom: int | None = None,
    rate: int = FRAMES_A_SECOND,
) -> None:
    """Show films under the cell, with a button that plays them all together.

    The same films give the same HTML, byte for byte, on one machine (widgets.py tells
    what nbval compares). The still counterpart is `strips`, which is also what shows
    where scripts do not run.

    Args:
        films: (N, F, 3, H, W) in [-1, 1]
        labels: one per film, written under it
        alt: what the films show
        zoom: how many screen pixels wide a pixel is; by default the film is 192 wide
        rate: frames a second
    """
    publish(player_page(films, labels, alt, zoom, rate), alt)


def player_page(
    films: Tensor,
    labels: list[str],
    alt: str,
    zoom: int | None = None,
    rate: int = FRAMES_A_SECOND,
) -> str:
    """The HTML of a film player."""
    check_films(films)
    labels, alt = [str(label) for label in labels], check_alt(alt)
    if len(labels) != len(films):
        raise ValueError(f"{len(labels)} labels for {len(films)} films.")
    if not 1 <= rate <= 60:
        raise ValueError(f"A film has 1..60 frames a second; got {rate}.")
    frames, (height, width) = films.shape[1], films.shape[-2:]
    zoom = zoom or max(1, 192 // width)
    pngs = [png_bytes(to_image(strip)) for strip in strips(films)]
    # In the row every frame is shown at its own size: sixteen of 32 pixels fit.
    tags = [
        image_tag(png, f"{alt}: {label}" if label else alt)
        for png, label in zip(pngs, labels, strict=True)
    ]
    return PAGE.format(
        key=hashlib.sha256(b"".join(pngs)).hexdigest()[:16],
        rows="\n".join(
            f"<tr><td>{html.escape(label)}<br>{tag}</td></tr>"
            for label, tag in zip(labels, tags, strict=True)
        ),
        labels=as_script(labels),
        alt=as_script(alt),
        look=f"width: {width * zoom}px; height: {height * zoom}px; "
        f"background-size: {frames * width * zoom}px {height * zoom}px; "
        "image-rendering: pixelated",
        width=width * zoom,
        last=frames - 1,
        frames=frames,
        pause=round(1000 / rate),
    )


def film_page(films: Tensor, labels: list[str], alt: str) -> str:
    """A whole web page with a film player."""
    return WHOLE.format(title=html.escape(alt), page=player_page(films, labels, alt))


def strips(films: Tensor) -> Tensor:
    """The frames of each film side by side: (N, F, 3, H, W) to (N, 3, H, F * W)."""
    return films.permute(0, 2, 3, 1, 4).flatten(3)


def check_films(films: Tensor) -> None:
    """Raise PictureError unless these are finite float films (N, F, 3, H, W), N > 0."""
    if films.ndim != 5:
        raise PictureError(
            f"Films must be shaped (N, F, 3, H, W); got {tuple(films.shape)}. "
            "One film becomes a batch with film[None]."
        )
    check_pictures(films.flatten(0, 1))


# GIF ------------------------------------------------------------------------------


def gif_bytes(film: Tensor, zoom: int = 8, rate: int = FRAMES_A_SECOND) -> bytes:
    """A film (F, 3, H, W) in [-1, 1] as an animated GIF that goes round for ever."""
    check_films(film[None])
    # One palette for all frames, from all of them side by side: with a palette a frame,
    # a still background would shimmer.
    strip = to_image(strips(film[None])[0])
    palette = strip.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    images = []
    for frame in to_bytes(film).permute(0, 2, 3, 1).cpu():
        image = Image.fromarray(frame.numpy())
        image = image.quantize(palette=palette, dither=Image.Dither.NONE)
        large = (image.width * zoom, image.height * zoom)
        images.append(image.resize(large, Image.Resampling.NEAREST))
    file = io.BytesIO()
    # GIF counts hundredths of a second. Of equal neighbours Pillow makes one frame, and
    # shows it longer.
    images[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=round(100 / rate) * 10,
        loop=0,
        disposal=1,
        optimize=False,
    )
    return file.getvalue()


def side_by_side(films: Tensor, columns: int | None = None, gap: int = 1) -> Tensor:
    """Many films as one, in a grid: (N, F, 3, H, W) to (F, 3, H', W')."""
    N, frames, _, H, W = films.shape
    columns = columns or min(N, max(1, round(N**0.5)))
    rows = -(-N // columns)
    whole = films.new_ones(frames, 3, rows * (H + gap) - gap, columns * (W + gap) - gap)
    for i, film in enumerate(films):
        down, across = (i // columns) * (H + gap), (i % columns) * (W + gap)
        whole[:, :, down : down + H, across : across + W] = film
    return whole


def write_film(films: Tensor, file: Path, labels: list[str], alt: str) -> None:
    """Write films to one file, FILE.gif, FILE.html or FILE.png (a strip of frames).

    Args:
        films: (N, F, 3, H, W) in [-1, 1]
    """
    kind = file.suffix.lower()
    if kind == ".gif":
        content = gif_bytes(side_by_side(films), zoom=8 if len(films) == 1 else 4)
    elif kind == ".html":
        content = film_page(films, labels, alt).encode()
    else:
        zoomed = strips(films).repeat_interleave(4, 2).repeat_interleave(4, 3)
        content = png_bytes(to_image(torch.cat(list(zoomed), dim=1)))
    replace_file(file, lambda temporary: temporary.write_bytes(content))
