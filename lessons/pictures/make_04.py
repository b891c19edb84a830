"""The picture of lesson 04: a noisy critter goes into the U-Net, a guess comes out."""

from pathlib import Path

import torch
from matplotlib.figure import Figure

from course_lib.diffusion.objective import predictor
from course_lib.diffusion.schedule import add_noise
from course_lib.figures.anatomy import draw_unet, shapes_inside
from course_lib.figures.figure import png_bytes
from course_lib.painters.pipeline import LabelToImage
from course_lib.pixels import from_bytes, to_image
from course_lib.world.drawing import draw_critters

trained = LabelToImage.from_pretrained("critters")
schedule, target = trained.schedule, trained.card["target"]
x_0 = from_bytes(draw_critters(n=1, seed=0, start=3, kind="one")[0])  # a green turtle
t = torch.tensor([500])
eps = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(0))
x_t = add_noise(x_0, t, eps, schedule)
x_0_hat, _ = predictor(trained.model, schedule, target, clamp_x_0=True)(x_t, t)

figure = Figure((11, 4.2), dpi=90)
draw_unet(
    figure.add_axes((0.12, 0.0, 0.76, 1.0)),
    {"x_t": tuple(x_t.shape)} | shapes_inside(trained.model, x_t, t),
)
for left, picture, words in (
    (0.005, x_t, "in: $x_t$, and t = 500"),
    (0.875, x_0_hat, r"read off: $\hat{x}_0$"),
):
    axis = figure.add_axes((left, 0.5, 0.12, 0.32))
    axis.imshow(to_image(picture[0].clamp(-1, 1)), interpolation="nearest")
    axis.set_title(words, fontsize=9)
    axis.axis("off")
Path(__file__).with_name("04_unet.png").write_bytes(png_bytes(figure))
