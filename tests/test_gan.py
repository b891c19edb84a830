"""A GAN's losses, its turns, its critic's slope, and the modes of a ring."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.chance import generator_for
from course_lib.networks.gan import (
    GAN,
    Critic,
    Generator,
    Layers,
    bounded,
    by_player,
    critic_loss,
    generator_loss,
    make_gan_loss,
    modes_hit,
    picture_gan,
    point_gan,
    ring,
    ring_centres,
    steepness,
    with_turns,
)
from course_lib.networks.unet import UNet, count_parameters
from course_lib.training.recipes import DENOISER

SMALL = dict(widths=(8, 8, 8), blocks=1, critic_widths=(8, 8, 8), z_width=4)


@pytest.fixture
def scores():
    return torch.randn(2, 16, generator=generator_for(0)) * 3


@pytest.fixture
def batch():
    points = ring(16, generator_for(1))
    z = torch.randn(16, 8, generator=generator_for(2))
    return {"x_0": points, "cond": torch.zeros(16, dtype=torch.int64), "z": z}


def turn(batch, critics: bool):
    return batch | {"critics_turn": torch.full((16,), critics)}


# The losses -------------------------------------------------------------------------


def test_the_losses_are_the_cross_entropy_of_real_or_drawn(scores):
    real, fake = scores
    entropy = F.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(16), torch.zeros(16)
    ours, theirs = critic_loss(real, fake), entropy(real, ones) + entropy(fake, zeros)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(generator_loss(fake), entropy(fake, ones))


def test_the_losses_are_finite_for_a_critic_that_is_sure():
    sure = torch.tensor([-1000.0, 1000.0])
    assert critic_loss(sure, -sure).isfinite() and generator_loss(sure).isfinite()


def test_the_generator_learns_most_where_the_critic_is_sure_of_a_bad_picture():
    bad = torch.tensor([-20.0], requires_grad=True)
    generator_loss(bad).backward()
    assert bad.grad.item() == pytest.approx(-1)
    saturated = torch.tensor([-20.0], requires_grad=True)
    (-critic_loss(torch.zeros(1), saturated)).backward()
    assert abs(saturated.grad.item()) < 1e-6


# The slope --------------------------------------------------------------------------


def test_the_slope_of_a_linear_critic_is_its_weight():
    critic = Layers(2, 8, 1)
    critic.layers = nn.Linear(2, 1)
    points = torch.randn(5, 2)
    expected = critic.layers.weight.square().sum()
    torch.testing.assert_close(steepness(critic, points, None), expected)


def test_the_critic_learns_from_its_slope():
    critic = Layers(2, 8, 1)
    steepness(critic, torch.randn(5, 2), None).backward()
    assert critic.layers[0].weight.grad.abs().sum() > 0


def test_no_layer_of_a_bounded_critic_stretches_a_difference():
    torch.manual_seed(0)
    critic = Layers(2, 16, 1)
    for layer in critic.layers[::2]:
        nn.init.normal_(layer.weight, std=5)
    bounded(critic)
    for _ in range(30):  # each forward pass refines the estimate
        critic(torch.randn(4, 2))
    critic.eval()
    for layer in critic.layers[::2]:
        largest = torch.linalg.matrix_norm(layer.weight, ord=2).item()
        assert largest == pytest.approx(1, abs=0.02)


# Turns ------------------------------------------------------------------------------


@pytest.mark.parametrize("critics", [True, False])
def test_only_the_player_whose_turn_it_is_learns(batch, critics):
    model = point_gan()
    make_gan_loss(1.0)(model, turn(batch, critics)).backward()
    moved, still = model.critic, model.generator
    if not critics:
        moved, still = still, moved
    assert all(p.grad is not None for p in moved.parameters())
    assert all(p.grad is None for p in still.parameters())


def test_r1_is_half_its_weight_times_the_slope_on_a_quarter_of_the_batch(batch):
    model, batch = point_gan(), turn(batch, critics=True)
    slope = steepness(model.critic, batch["x_0"][:4], None)
    without, with_it = (make_gan_loss(r1)(model, batch) for r1 in (0.0, 3.0))
    torch.testing.assert_close(with_it - without, 1.5 * slope)


@pytest.mark.parametrize("critic_steps", [1, 3])
def test_turns_follow_from_the_iteration_alone(critic_steps):
    def get_batch(iteration):
        return {"x_0": torch.zeros(2, 2)}

    get = with_turns(get_batch, 4, seed=0, critic_steps=critic_steps)
    turns = [bool(get(i)["critics_turn"].all()) for i in range(8)]
    assert turns == ([True] * critic_steps + [False]) * (8 // (critic_steps + 1))
    assert torch.equal(get(5)["z"], get(5)["z"])
    assert not torch.equal(get(5)["z"], get(6)["z"])
    sorted_out = by_player([float(i) for i in range(8)], critic_steps)
    critics = [i for i, mine in enumerate(turns) if mine]
    assert sorted_out["critic"] == critics
    assert sorted(sum(sorted_out.values(), [])) == list(range(8))


# Networks ---------------------------------------------------------------------------


def test_a_gan_has_as_many_parameters_as_the_unet_of_lesson_05():
    unet = count_parameters(UNet(labels=11, **DENOISER))
    gan = picture_gan(11)
    for player in (gan.generator, gan.critic):
        assert count_parameters(player) == pytest.approx(unet, rel=0.04)


def test_pictures_have_their_size_and_range_and_follow_z_and_label():
    torch.manual_seed(0)
    model = picture_gan(3, **SMALL)
    for parameter in model.parameters():  # many start at zero
        nn.init.normal_(parameter, std=0.3)
    z, cond = torch.randn(2, 4), torch.tensor([1, 1])
    pictures = model(z, cond)
    assert pictures.shape == (2, 3, 32, 32) and pictures.abs().max() <= 1
    assert not torch.allclose(pictures[0], pictures[1])
    assert not torch.allclose(pictures, model(z, cond + 1))
    scores = model.critic(pictures, cond)
    assert scores.shape == (2,)
    assert not torch.allclose(scores, model.critic(pictures, cond + 1))


def test_a_new_generator_already_follows_z_and_label():
    torch.manual_seed(0)
    model, z = picture_gan(8), torch.randn(16, 64)
    with torch.no_grad():
        by_z = model(z, torch.full((16,), 3)).std(0).mean()
        by_label = model(z[:1].expand(8, 64), torch.arange(1, 9)).std(0).mean()
    assert by_z > 0.2 and by_label > 0.1


def test_a_gan_that_only_draws_has_no_critic():
    both, alone = picture_gan(2, **SMALL), picture_gan(2, **SMALL, with_critic=False)
    names = {name for name in both.state_dict() if name.startswith("generator.")}
    assert alone.state_dict().keys() == names and alone.config == both.config


def test_four_grids_draw_pictures_of_64():
    model = GAN(Generator(1, 4, (8,) * 4, 1), Critic(1, (8,) * 4))
    cond = torch.tensor([1])
    pictures = model(torch.randn(1, 4), cond)
    assert pictures.shape == (1, 3, 64, 64)
    assert model.critic(pictures, cond).shape == (1,)


# The ring ---------------------------------------------------------------------------


def test_the_ring_itself_hits_all_of_its_modes():
    modes, inside = modes_hit(ring(800, generator_for(0)))
    assert modes == 8 and inside > 0.99


def test_points_on_one_cluster_hit_one_mode_and_points_between_hit_none():
    assert modes_hit(ring_centres()[:1].expand(50, 2)) == (1, 1.0)
    assert modes_hit(torch.zeros(50, 2)) == (0, 0.0)


def test_points_all_over_the_square_hit_no_mode():
    points = 2 * torch.rand(4000, 2, generator=generator_for(0)) - 1
    assert modes_hit(points)[0] == 0
