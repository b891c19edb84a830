"""The small network keeps the contract of a denoiser, and the spiral is one."""

import torch

from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.diffusion.schedule import linear_schedule
from course_lib.networks.mlp import MLP, spiral


def test_it_answers_in_the_shape_of_x_t():
    t = torch.tensor([1, 500, 1000])
    for dim in (1, 2, 3):
        assert MLP(dim=dim)(torch.randn(3, dim), t).shape == (3, dim)


def test_each_point_is_looked_at_by_itself():
    torch.manual_seed(0)
    model, x_t, t = MLP(), torch.randn(4, 2), torch.tensor([1, 10, 100, 1000])
    together = model(x_t, t)
    alone = torch.cat([model(x_t[i : i + 1], t[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(together, alone)


def test_it_hears_how_noisy_the_point_is():
    torch.manual_seed(0)
    x_t = torch.zeros(2, 2)
    early, late = MLP()(x_t, torch.tensor([10, 900]))
    assert not torch.allclose(early, late)


def test_every_weight_gets_a_slope():
    torch.manual_seed(0)
    model = MLP(width=16)
    model(torch.randn(8, 2), torch.arange(1, 9)).square().mean().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in model.parameters())


def test_a_few_iterations_make_the_loss_smaller():
    torch.manual_seed(0)
    model, schedule = MLP(width=32), linear_schedule()
    points = spiral(256, torch.Generator().manual_seed(0))
    get_batch = with_noise(lambda iteration: {"x_0": points}, schedule)
    loss_fn = make_denoising_loss(schedule, "eps")
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    same = get_batch(0)  # fixed t and eps, before and after
    before = loss_fn(model, same).item()
    for iteration in range(60):
        optimizer.zero_grad()
        loss_fn(model, get_batch(iteration)).backward()
        optimizer.step()
    assert loss_fn(model, same).item() < 0.6 * before


def test_the_spiral_winds_outwards_inside_the_square():
    points = spiral(4000, torch.Generator().manual_seed(0), turns=1.5)
    assert points.shape == (4000, 2)
    assert points.abs().max() < 1
    r = torch.linspace(0, 1, 1000)
    angle = 1.5 * 2 * torch.pi * r
    curve = 0.9 * r[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    distance = torch.cdist(points, curve)
    assert distance.min(1).values.max() < 0.1  # every point lies on it
    assert distance.min(0).values.max() < 0.1  # and all of it is covered


def test_the_same_generator_draws_the_same_spiral():
    first, second = (spiral(50, torch.Generator().manual_seed(3)) for _ in "ab")
    assert torch.equal(first, second)
