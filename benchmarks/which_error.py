"""Which loss gives sharp edges? Three autoencoders that differ only in their loss.

    OMP_NUM_THREADS=1 python benchmarks/which_error.py --iterations 1000

The recipe of the autoencoder is trained three times from the same seed: with only
squared errors of pixels, with squared and absolute ones, and as it is, which adds the
features of the image-text pair. Then fresh critters are reconstructed. The table shows
the PSNR, how sharp the edges are, and whether the reader, which had no part in the
training, answers all its questions as for the original. With --out, it also saves eight
pictures.
"""

import argparse
from pathlib import Path

import torch
from autoencoder_table import critters, there_and_back, told
from torch import Tensor

from course_lib.commands.picture_files import write_image
from course_lib.device import use_all_cores
from course_lib.judging.metrics import Share, share
from course_lib.judging.results import (
    add_save,
    mean_of,
    plain,
    save_results,
    script_command,
)
from course_lib.networks.autoencoder import Autoencoder, psnr
from course_lib.networks.judge import load_judge
from course_lib.pixels import to_grid
from course_lib.training.recipes import AUTOENCODER_SETTINGS, autoencoder_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import train

ROWS = {  # name in the table, and the difference from the recipe's loss
    "squared": ("squared errors alone", dict(squared=True, feature_weight=0.0)),
    "absolute": ("squared and absolute", dict(feature_weight=0.0)),
    "features": ("and with features", {}),
}
SHOWN = 8  # pictures in a row of the sheet


def trained(iterations: int, **loss: float) -> Autoencoder:
    """The recipe with this loss, in a fixed precision, so that nothing else differs."""
    settings = Settings(iterations, precision="float32", **AUTOENCODER_SETTINGS)
    return train(autoencoder_trainer(settings, **loss)).eval().cpu()


def steepness(pictures: Tensor) -> float:
    """How much neighbouring pixels differ, on average over rows and columns."""
    across = (pictures[..., :, 1:] - pictures[..., :, :-1]).abs().mean()
    down = (pictures[..., 1:, :] - pictures[..., :-1, :]).abs().mean()
    return ((across + down) / 2).item()


def read_alike(x_0: Tensor, back: Tensor) -> Share:
    """The share of pictures for which the reader answers every question as before."""
    reader = load_judge("reader-32")
    before, after = reader.read(x_0), reader.read(back)
    return share(torch.stack([before[name] == after[name] for name in before]).all(0))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--out", type=Path, help="a folder for which_error.png")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    x_0, _ = critters(options.n)
    sheet, found = [x_0[:SHOWN]], {}
    print("| errors | PSNR in dB | edges, the original's are 1 | all answers alike |")
    print("| --- | --- | --- | --- |")
    for name, (title, loss) in ROWS.items():
        back = there_and_back(trained(options.iterations, **loss), x_0)
        sheet.append(back[:SHOWN])
        quality, alike = psnr(x_0, back), read_alike(x_0, back)
        edges = steepness(back) / steepness(x_0)
        print(f"| {title} | {told(quality)} | {edges:.2f} | {alike} |", flush=True)
        found |= {f"psnr_{name}": mean_of(quality), f"edges_{name}": edges}
        found[f"alike_{name}"] = alike
    for name, value in found.items():
        print(f"{name}={plain(value):.4f}")
    if options.save:
        command, why = script_command(arguments), "trains its autoencoders itself"
        save_results(options.save, found, command, [], why_none=why)
    if options.out is not None:
        grid = to_grid(torch.cat(sheet), columns=len(sheet[0]), zoom=2)
        write_image(grid, options.out / "which_error.png")


if __name__ == "__main__":
    main()
