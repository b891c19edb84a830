"""The use of the skip connection and of the way down: three equal networks.

    python benchmarks/skip_on_and_off.py --iterations 600 --seeds 3    # three minutes

The hourglass of notebook 04, 32x32 to 4x4 and back, with learned layers all the way up.
Its last layer gets what went down and up, or what came across (the skip), or both; a
missing half is zeros, so that all three have the same layers. They learn from the same
batches, at three noise levels at once, and are judged on critters that none of them has
seen.

error     mean squared error of the guess of the clean picture, whose numbers go from -1
          to 1
"""

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.device import use_all_cores
from course_lib.diffusion.schedule import add_noise, straight_line
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

LEVELS = (200, 500, 800)
WAYS = {"down_and_up": (True, False), "skip": (False, True), "both": (True, True)}
SCHEDULE = straight_line(T=1000)


class Hourglass(nn.Module):
    """The hourglass of notebook 04: (B, 3, 32, 32) to (B, 3, 32, 32)."""

    def __init__(self, deep: bool, skip: bool):
        super().__init__()
        self.deep, self.skip = deep, skip
        self.into = nn.Conv2d(3, 12, 3, padding=1)
        down, up = [], []
        for fine, coarse in [(12, 24), (24, 48), (48, 48)]:
            down += [nn.Conv2d(fine, coarse, 3, stride=2, padding=1), nn.SiLU()]
            grow = nn.Conv2d(coarse, fine, 3, padding=1)
            up = [nn.Upsample(scale_factor=2.0), grow, nn.SiLU(), *up]
        self.down, self.up = nn.Sequential(*down), nn.Sequential(*up)
        self.last = nn.Conv2d(24, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        fine = F.silu(self.into(x))
        h = self.up(self.down(fine)) if self.deep else torch.zeros_like(fine)
        across = fine if self.skip else torch.zeros_like(fine)
        return self.last(torch.cat([h, across], dim=1))


def trained(network: nn.Module, many: Tensor, iterations: int, seed: int) -> nn.Module:
    """The network after `iterations` batches of 16; the learning rate falls late."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    t = torch.tensor([LEVELS[i % len(LEVELS)] for i in range(16)])
    for iteration in range(iterations):
        for group in optimizer.param_groups:
            group["lr"] = 4e-3 * min(1, 2 * (1 - iteration / iterations))
        clean = many[torch.randint(0, len(many), (16,), generator=generator)]
        eps = torch.randn(clean.shape, generator=generator)
        loss = (network(add_noise(clean, t, eps, SCHEDULE)) - clean).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


@torch.no_grad()
def error_at(network: nn.Module, new: Tensor, level: int) -> float:
    """The mean squared error at one noise level, with the same noise every time."""
    eps = torch.randn(new.shape, generator=torch.Generator().manual_seed(99))
    x_t = add_noise(new, torch.full((len(new),), level), eps, SCHEDULE)
    return (network(x_t) - new).square().mean().item()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=600)
    parser.add_argument("--n", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=3)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    many = from_bytes(draw_critters(n=2048, seed=1, kind="one")[0])
    new = from_bytes(draw_critters(n=options.n, seed=2, kind="one")[0])
    errors = {name: {level: [] for level in LEVELS} for name in WAYS}
    for seed in range(options.seeds):
        for name, (deep, skip) in WAYS.items():
            torch.manual_seed(seed)
            network = trained(Hourglass(deep, skip), many, options.iterations, seed)
            for level in LEVELS:
                errors[name][level].append(error_at(network, new, level))
            found = "  ".join(f"{errors[name][level][-1]:.4f}" for level in LEVELS)
            print(f"seed {seed} {name:12} {found}", flush=True)
    table = {name: {} for name in WAYS}
    for name in WAYS:
        for level, values in errors[name].items():
            values = torch.tensor(values)
            spread = {"spread": values.std().item()} if len(values) > 1 else {}
            table[name][level] = {"mean": values.mean().item()} | spread
            print(f"{name}_{level}={values.mean():.4f}")
    if options.save:
        command, why = script_command(arguments), "trains its networks itself"
        save_results(options.save, table, command, [], options.seeds, why)


if __name__ == "__main__":
    main()
