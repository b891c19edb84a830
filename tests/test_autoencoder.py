"""The autoencoder: shapes there and back, the cloud, its divergence, the loss."""

import math

import pytest
import torch
import torch.nn.functional as F
from test_layers import features, shaken

from course_lib.checkpoint import CheckpointError, save_weights
from course_lib.networks.autoencoder import (
    Autoencoder,
    BoundedConv,
    from_latents,
    kl_divergence,
    load_autoencoder,
    make_autoencoder_loss,
    psnr,
    sample,
    to_latents,
    with_strangers,
)

PICTURES = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return shaken(Autoencoder(widths=(8, 16), z_channels=3)).eval()


def test_there_and_back(model):
    mu, logvar = model.encode(PICTURES)
    assert mu.shape == logvar.shape == (2, 3, 4, 6) and model.times == 4
    assert model.decode(mu).shape == PICTURES.shape
    again, *cloud = model(PICTURES)
    assert torch.equal(again, model.decode(mu)) and torch.equal(cloud[0], mu)


def test_latents_of_any_scale_come_back_as_the_same_pictures(model):
    z_0 = to_latents(PICTURES, model, scale=4.0)  # a power of two rounds nothing
    assert torch.equal(z_0, 4 * model.encode(PICTURES)[0])
    assert torch.equal(from_latents(z_0, model, scale=4.0), model(PICTURES)[0])


def test_one_more_grid_makes_latents_half_as_wide():
    deeper = Autoencoder(widths=(8, 8, 16), z_channels=4)
    assert deeper.times == 8
    assert deeper.encode(torch.zeros(1, 3, 64, 64))[0].shape == (1, 4, 8, 8)


def test_it_is_made_again_from_its_config(model):
    again = Autoencoder(**model.config)
    again.load_state_dict(model.state_dict())
    assert torch.equal(again(PICTURES)[0], model(PICTURES)[0])


def test_it_is_loaded_by_its_folder_and_other_weights_are_refused(model, tmp_path):
    card = {"kind": "autoencoder", "config": model.config}
    save_weights(tmp_path / "mine", model.state_dict(), card)
    again = load_autoencoder(tmp_path / "mine")
    assert not again.training
    torch.testing.assert_close(  # files hold half the digits
        again(PICTURES)[0], model(PICTURES)[0], atol=0.01, rtol=0.01
    )
    judge = {"kind": "judge", "config": {"answers": {"subject": 2}}}
    save_weights(tmp_path / "judge", model.state_dict(), judge)
    with pytest.raises(CheckpointError, match="holds a judge, which makes no latents"):
        load_autoencoder(tmp_path / "judge")


def test_each_picture_is_coded_by_itself(model):
    alone, together = model(PICTURES[1:])[0], model(PICTURES)[0]
    torch.testing.assert_close(alone, together[1:])


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (torch.zeros(1, 3, 18, 16), "divisible by 4; got 18x16"),
        (torch.zeros(3, 16, 16), "must be shaped"),
        (torch.zeros(1, 1, 16, 16), "must be shaped"),
    ],
)
def test_what_cannot_be_encoded_gets_a_sentence(model, pictures, words):
    with pytest.raises(ValueError, match=words):
        model.encode(pictures)


def test_what_cannot_be_decoded_gets_a_sentence(model):
    with pytest.raises(ValueError, match="another autoencoder"):
        model.decode(torch.zeros(1, 4, 4, 4))
    with pytest.raises(ValueError, match="not finite"):
        model.decode(torch.full((1, 3, 4, 4), math.nan))


def test_a_cloud_has_the_mean_and_the_spread_it_says():
    mu, logvar = torch.full((100_000,), 2.0), torch.full((100_000,), math.log(9.0))
    z = sample(mu, logvar, torch.randn(100_000, generator=torch.Generator()))
    assert z.mean().item() == pytest.approx(2, abs=0.05)
    assert z.std().item() == pytest.approx(3, abs=0.05)


def test_gradients_flow_through_the_sampling():
    mu, logvar = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    sample(mu, logvar, torch.tensor([1.0, -2.0])).sum().backward()
    assert mu.grad.tolist() == [1, 1] and logvar.grad.tolist() == [0.5, -1]


def test_the_divergence_is_torchs():
    mu, logvar = torch.randn(2, 3, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    cloud = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    normal = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    right = torch.distributions.kl_divergence(cloud, normal).flatten(1).sum(1)
    torch.testing.assert_close(kl_divergence(mu, logvar), right)
    assert not kl_divergence(torch.zeros(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)).any()


def test_the_loss_adds_up(model):
    mu, logvar = model.encode(PICTURES)
    eps = torch.randn(mu.shape, generator=torch.Generator().manual_seed(1))
    batch = {"x_0": PICTURES, "eps": eps}
    again = model.decode(sample(mu, logvar, eps))
    apart, square = (again - PICTURES).abs().mean(), (again - PICTURES).square().mean()
    kl = kl_divergence(mu, logvar).mean() / mu[0].numel()
    plain = make_autoencoder_loss(kl_weight=0.1)(model, batch)
    torch.testing.assert_close(plain, apart + 2 * square + 0.1 * kl)
    looked = make_autoencoder_loss(0.1, lambda x: [x, 2 * x], feature_weight=0.5)
    first = (again - PICTURES)[:1].abs().mean()  # of four pictures one is looked at
    torch.testing.assert_close(looked(model, batch), plain + 0.5 * 1.5 * first)
    squared = make_autoencoder_loss(kl_weight=0.0, squared=True)(model, batch)
    torch.testing.assert_close(squared, 2 * square)


def test_what_was_learned_comes_back_better():
    torch.manual_seed(0)
    model = Autoencoder(widths=(8, 16))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    loss_fn = make_autoencoder_loss()
    batch = {"x_0": PICTURES, "eps": torch.zeros(2, 4, 4, 6)}
    before = psnr(PICTURES, model(PICTURES)[0])
    for _ in range(60):
        optimizer.zero_grad()
        loss_fn(model, batch).backward()
        optimizer.step()
    assert (psnr(PICTURES, model(PICTURES)[0]) > before + 1).all()


def test_a_share_of_a_batch_is_as_no_critter_looks_and_again_the_same():
    x_0 = features(6, 3, 8, 8)
    get_batch = with_strangers(lambda iteration: {"x_0": x_0}, share=0.5, seed=0)
    made = [get_batch(iteration)["x_0"] for iteration in range(20)]
    for i, x in enumerate(made):
        assert torch.equal(x[3:], x_0[3:])
        assert torch.equal(x, get_batch(i)["x_0"])
        before, after = (y[:3].abs().flatten(1).sort()[0] for y in (x_0, x))
        assert torch.equal(before, after)  # the same numbers, elsewhere or negative
    assert len({x[0].flatten()[0].item() for x in made}) > 4
    none = with_strangers(lambda iteration: {"x_0": x_0}, share=0.0, seed=0)
    assert torch.equal(none(0)["x_0"], x_0)


def test_a_decoder_answers_no_louder_than_it_did_in_training():
    torch.manual_seed(0)
    conv = BoundedConv(2, 3, 1)
    loud = 100 * features(1, 2, 4, 4)
    unheard = conv.eval()(loud)
    torch.testing.assert_close(unheard, F.conv2d(loud, conv.weight, conv.bias))
    x = features(5, 2, 4, 4)
    for _ in range(10_000):
        conv.train()(x)
    heard = F.conv2d(x, conv.weight, conv.bias)
    torch.testing.assert_close(conv.eval()(x), heard)
    low, high = heard.amin((0, 2, 3)), heard.amax((0, 2, 3))
    after = conv(loud)
    bounded = unheard.clamp(low[:, None, None], high[:, None, None])
    torch.testing.assert_close(after, bounded)
    assert not torch.allclose(after, unheard)


def test_bounds_are_saved_and_change_nothing_in_training(tmp_path):
    model = Autoencoder(widths=(8, 8), z_channels=2)
    z = features(1, 2, 4, 4)
    in_training = model.train().decode(z)
    torch.testing.assert_close(model.eval().decode(z), in_training)
    state = model.state_dict()
    assert "decoder.0.low" in state and not any("encoder.0.l" in name for name in state)
    save_weights(tmp_path, state, {"kind": "autoencoder", "config": model.config})
    again = load_autoencoder(tmp_path).state_dict()["unfold.high"]
    torch.testing.assert_close(again, state["unfold.high"], atol=0, rtol=1e-3)


def test_pictures_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="pictures that are not finite"):
        Autoencoder((8, 8)).encode(torch.full((1, 3, 16, 16), math.nan))
