"""Build the "Try it" page: the shipped painter in the reader's own browser.

python tools/tryit.py           into book/built/html/try; open index.html

The page opens from a folder as well as from a server. A browser lets a page that was
opened from a folder load scripts and nothing else, so the weights, the WebAssembly and
the worker's source become scripts too.
"""

import argparse
import base64
import gzip
import json
import shutil
import sys
from pathlib import Path

import torch
from torch import Tensor
from tryit_kernel import kernel

from course_lib.checkpoint import CheckpointError
from course_lib.diffusion.samplers import choose_steps
from course_lib.painters.pipeline import SPACES, TextToImage
from course_lib.world.translation import KNOWN

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "book" / "try"
PAGE = ROOT / "book" / "built" / "html" / "try"
# What the painter needs, in this order; worker.js joins them beside the page.
PARTS = ("text", "noise", "grids", "networks", "painter", "worker")
SAMPLERS = ("dpm_solver", "dpm_solver_sde")  # that painter.js knows
PIECE = 2**21  # characters of weights in a script: a bar can show how far loading is
MOST_BYTES = 25 * 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--weights", default=SPACES["latent"], help="a latent painter")
    given = parser.parse_args()
    try:
        size = write_page(given.out, given.weights)
    except (CheckpointError, ValueError) as error:
        sys.exit(str(error))
    print(f"Try it, {size / 2**20:.1f} MiB: open {given.out / 'index.html'}")


def write_page(folder: Path, weights: Path | str = SPACES["latent"]) -> int:
    """Write the page into a folder of its own; return its size in bytes.

    Raises:
        CheckpointError, ValueError: weights that the page cannot draw with
    """
    painter = TextToImage.from_pretrained(weights, as_typed=True)
    check(painter)
    tensors = tensors_of(painter)
    pieces = packed(tensors)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in SOURCE.iterdir():
        shutil.copyfile(file, folder / file.name)
    card = card_of(painter, tensors) | {"pieces": len(pieces)}
    write_script(folder / "card.js", "CARD", card)
    write_script(folder / "program.js", "PROGRAM", as_text(kernel()))
    parts = [(SOURCE / f"{name}.js").read_text(encoding="utf-8") for name in PARTS]
    write_script(folder / "worker-source.js", "WORKER", "\n".join(parts))
    for i, piece in enumerate(pieces):
        write(folder / f"weights-{i}.js", f'PIECES.push("{piece}");\n')
    size = sum(file.stat().st_size for file in folder.iterdir())
    if size > MOST_BYTES:
        raise ValueError(f"The page has {size} bytes; at most {MOST_BYTES} were meant.")
    return size


def check(painter: TextToImage) -> None:
    """Raise ValueError for a network that the page's JavaScript does not know."""
    text, unet = painter.model.config["text"], painter.model.config["unet"]
    heads = [text["width"] // text["heads"], *(width // 4 for width in unet["widths"])]
    if painter.autoencoder is None or unet["fold"] != 1:
        raise ValueError("The page draws latents: give it weights with an autoencoder.")
    if painter.usual.sampler not in SAMPLERS:
        raise ValueError(f"The page draws with {' and '.join(SAMPLERS)} alone.")
    if any(width % 4 for width in heads) or coarsest(painter) ** 2 % 8:
        raise ValueError(
            "The page's matrix product takes rows in fours, columns in 8s."
        )


def coarsest(painter: TextToImage) -> int:
    """The side of the U-Net's coarsest grid."""
    return painter.shape()[1] // painter.unet.multiple


def card_of(painter: TextToImage, tensors: dict[str, Tensor]) -> dict:
    """All that the page must know besides the weights."""
    channels, side, _ = painter.shape()
    decoder = painter.autoencoder.config
    return {
        "config": painter.model.config | {"decoder": decoder},
        "channels": channels,
        "side": side,
        "size": painter.card["size"],
        "latent_scale": painter.card["latent_scale"],
        "target": painter.card["target"],
        "guidance_scale": painter.usual.guidance_scale,
        "sampler": painter.usual.sampler,
        "steps": steps_of(painter),
        "numbers": sum(x.numel() for x in painter.model.parameters()),
        "merges": painter.tokenizer.merges,
        "known": sorted(KNOWN),
        "tensors": [
            {"name": name, "shape": list(x.shape), "type": str(x.dtype).split(".")[1]}
            for name, x in tensors.items()
        ],
    }


def steps_of(painter: TextToImage) -> list[dict]:
    """The steps of the usual way, with their entries in the tables of the schedule."""
    schedule, way = painter.schedule, painter.usual
    tables = {
        "a": schedule.a_table,
        "b": schedule.b_table,
        "b_dot": schedule.b_dot_table,
    }
    return [
        {"t": t, "guided": way.is_guided(t)}
        | {name: float(table[t]) for name, table in tables.items()}
        for t in choose_steps(schedule.T, way.steps)
    ]


def tensors_of(painter: TextToImage) -> dict[str, Tensor]:
    """The weights for drawing, without the encoder, in half precision."""
    decoder = {
        name: x
        for name, x in painter.autoencoder.state_dict().items()
        if not name.startswith("encoder.")
    }
    return {
        name: halved(name, x)
        for name, x in (painter.model.state_dict() | decoder).items()
    }


def halved(name: str, x: Tensor) -> Tensor:
    """The tensor in the half precision that it was stored in: nothing is lost."""
    for half in (x.half(), x.bfloat16()):
        if (half.float() == x).all():
            return half
    raise ValueError(f"The weights {name} are not in half precision: save them so.")


def packed(tensors: dict[str, Tensor]) -> list[str]:
    """All tensors, one after another, compressed and as text, in pieces."""
    stored = torch.cat([x.flatten().view(torch.uint8) for x in tensors.values()])
    # The upper bytes hold the exponents, and few of those are common. Apart from the
    # lower ones they compress better: 5.4 MB in place of 5.8.
    lower, upper = stored[::2].numpy(), stored[1::2].numpy()
    # mtime=0: equal weights give equal pages.
    text = as_text(gzip.compress(lower.tobytes() + upper.tobytes(), 9, mtime=0))
    return [text[i : i + PIECE] for i in range(0, len(text), PIECE)]


def as_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def write_script(file: Path, name: str, value: object) -> None:
    """A script that defines one constant."""
    write(file, f"const {name} = {json.dumps(value, separators=(',', ':'))};\n")


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
