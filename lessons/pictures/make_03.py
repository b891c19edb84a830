"""The pictures of lesson 03: a spiral in noise and back, and walks on a line."""

from io import BytesIO
from pathlib import Path

import torch
from matplotlib.figure import Figure
from PIL import Image

from course_lib.chance import generator_for
from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import make_denoising_loss, predictor, with_noise
from course_lib.diffusion.samplers import PictureNoise, ddim, ddpm
from course_lib.diffusion.schedule import add_noise, linear_schedule
from course_lib.figures.density import draw_walk
from course_lib.figures.figure import PALETTE, png_bytes
from course_lib.networks.mlp import MLP, spiral

ITERATIONS = 4000
schedule = linear_schedule(T=1000)
generator = torch.Generator().manual_seed(0)
data = spiral(5000, generator)
four = torch.tensor([-1.0, -0.4, 0.3, 1.0])


def trained() -> MLP:
    """The network of the notebook, in its laptop profile."""
    torch.manual_seed(0)
    model, loss_fn = MLP(), make_denoising_loss(schedule, "eps")

    def some_points(iteration):
        chosen = torch.randint(len(data), (512,), generator=generator_for(1, iteration))
        return {"x_0": data[chosen]}

    get_batch = with_noise(some_points, schedule)
    optimizer = torch.optim.Adam(model.parameters(), lr=6e-3)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, ITERATIONS)
    for iteration in range(ITERATIONS):
        optimizer.zero_grad()
        loss_fn(model, get_batch(iteration)).backward()
        optimizer.step()
        slower.step()
    return model


def there() -> dict[str, torch.Tensor]:
    """The spiral at four steps of noise."""
    x_0, eps = data[:800], torch.randn(800, 2, generator=generator)
    steps = (0, 30, 100, 1000)
    return {
        f"adding noise: t = {t}": add_noise(x_0, torch.full((800,), t), eps, schedule)
        for t in steps
    }


def back() -> dict[str, torch.Tensor]:
    """Fresh noise, and where the network takes it."""
    x_T = torch.randn(800, 2, generator=generator)
    walk = ddim(predictor(trained(), schedule, "eps"), x_T, schedule, steps=100)
    wanted = (1000, 100, 30, 0)
    return {f"way back: t = {s.t}": s.x_t for s in walk if s.t in wanted}


def walks() -> dict[str, list]:
    """The best denoiser of four numbers, walking with and without chance."""
    predict = predictor(IdealDenoiser(four[:, None], schedule), schedule, "x_0")
    spread, same = torch.linspace(-2, 2, 13)[:, None], torch.full((12, 1), 0.5)
    fresh = PictureNoise(seed=0, indices=range(12))
    return {
        "DDIM, 200 steps": list(ddim(predict, spread, schedule, 200)),
        "DDPM, 100 steps": list(ddpm(predict, same, schedule, 100, fresh)),
        "DDIM, 5 steps": list(ddim(predict, spread, schedule, 5)),
    }


def save(figure: Figure, name: str) -> None:
    image = Image.open(BytesIO(png_bytes(figure))).convert("RGB")
    file = Path(__file__).with_name(name)
    image.quantize(64).save(file, optimize=True)  # 64 colours are enough


figure = Figure(figsize=(8.4, 4.6), layout="constrained")
axes = figure.subplots(2, 4, sharex=True, sharey=True).flat
rows = {**there(), **back()}
for axis, (title, points) in zip(axes, rows.items(), strict=True):
    colour = PALETTE[title.startswith("way")]
    axis.scatter(*points.T, s=5, color=colour, alpha=0.5, linewidths=0)
    axis.set(title=title, xlim=(-2.0, 2.0), ylim=(-2.0, 2.0), aspect="equal")
    axis.title.set_fontsize(9)
save(figure, "03_denoise.png")

figure = Figure(figsize=(8.4, 2.9), layout="constrained")
axes = figure.subplots(1, 3, sharex=True, sharey=True)
for axis, (title, steps) in zip(axes, walks().items(), strict=True):
    draw_walk(axis, four, schedule, steps, limit=2.6)
    axis.set_title(title, fontsize=9)
axes[0].set_ylabel("x_t")
save(figure, "03_walks.png")
