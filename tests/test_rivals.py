"""The GAN and the next-token model are trained, resumed, kept and draw."""

from functools import partial

import pytest
import torch
from test_recipes import photos

from course_lib.cards import CheckpointError
from course_lib.checkpoint import load_checkpoint, load_weights, save_weights
from course_lib.commands import train_networks
from course_lib.figures.collapse import film_of_points
from course_lib.networks.gan import modes_hit, picture_gan
from course_lib.networks.next_token import NextToken
from course_lib.painters.labels import LabelToImage
from course_lib.painters.rivals import gan_painter, label_painter, token_painter
from course_lib.training import rivals
from course_lib.training.rivals import (
    CARELESS,
    GAN_SETTINGS,
    POINT_SETTINGS,
    TOKEN_SETTINGS,
    gan_trainer,
    point_trainer,
    token_trainer,
)
from course_lib.training.settings import Settings
from course_lib.world.critters import ANIMALS
from course_lib.world.datasets import PictureSet
from course_lib.world.drawing import draw_critters

GAN_OF_TESTS = dict(widths=(8, 8, 8), critic_widths=(8, 8, 8), blocks=1, z_width=4)


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    monkeypatch.setattr(rivals, "picture_gan", partial(picture_gan, **GAN_OF_TESTS))
    small = dict(vocabulary=16, width=16, blocks=1)
    monkeypatch.setattr(rivals, "NextToken", partial(NextToken, **small))


@pytest.fixture(scope="module")
def critters():
    pictures, factors = draw_critters(32, 0, kind="one")
    names = ("nothing", *ANIMALS)
    return PictureSet("critters", pictures, factors["subject"], names, factors)


ROADS = {
    "gan": (gan_trainer, GAN_SETTINGS, gan_painter),
    "tokens": (token_trainer, TOKEN_SETTINGS, token_painter),
}


@pytest.fixture(params=ROADS)
def road(request, critters):
    """Start a training of 4 iterations: start(folder, resume, **options)."""
    recipe, own, _ = ROADS[request.param]
    settings = Settings(iterations=4, precision="float32", **own)

    def start(folder=None, resume=False, **options):
        return recipe(critters, settings, folder, resume, batch_size=4, **options)

    start.name = request.param
    return start


def finished(trainer):
    for _ in trainer.run():
        pass
    return trainer


# Training ---------------------------------------------------------------------------


def test_a_stopped_training_carries_on_bit_for_bit(road, tmp_path):
    whole = finished(road(tmp_path / "whole"))
    for last in (1, 2, 4):  # after each player's turn
        trainer = road(tmp_path / "parts", resume=True)
        trainer.until = last
        finished(trainer)
    kept = [
        load_checkpoint(tmp_path / x / "state.safetensors") for x in ("whole", "parts")
    ]
    assert kept[0][1] == kept[1][1]
    assert all(torch.equal(x, kept[1][0][n]) for n, x in kept[0][0].items())
    assert len(whole.losses) == 4


def test_the_seed_decides_the_network_and_what_it_learns(road):
    one, same, other = (finished(road(seed=seed)) for seed in (0, 0, 1))
    assert one.losses == same.losses != other.losses


def test_spectral_norm_is_a_choice_that_the_card_keeps(critters):
    settings = Settings(iterations=1, **GAN_SETTINGS)
    for spectral in (False, True):
        trainer = gan_trainer(critters, settings, batch_size=2, spectral=spectral)
        assert any("_u" in name for name in trainer.ema) == spectral
        assert trainer.card["config"]["spectral"] is spectral


def test_the_codebook_is_made_of_squares_of_the_data(critters):
    trainer = token_trainer(critters, Settings(iterations=1), batch_size=2)
    model = trainer.raw_model
    x_0, _ = critters[torch.arange(8)]
    off = (model.pictures_of(model.tokens_of(x_0)) - x_0).square().mean()
    assert off < x_0.var() / 4  # sixteen squares, and most of the picture is there


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (dict(r1=-1.0), "--r1 must lie in 0"),
        (dict(r1=float("nan")), "--r1 must lie in 0"),
        (dict(critic_steps=0), "--critic-steps must be 1..100"),
        (dict(batch_size=0), "--batch must be"),
    ],
)
def test_a_gan_that_makes_no_sense_is_refused(critters, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        gan_trainer(critters, Settings(iterations=1, **GAN_SETTINGS), **options)


def test_a_gan_refuses_muon_and_both_refuse_larger_pictures(critters):
    with pytest.raises(ValueError, match="leave out --optimizer muon"):
        gan_trainer(critters, Settings(iterations=1, muon=True))
    large = PictureSet("large", torch.zeros(2, 3, 64, 64), torch.ones(2), ("nothing",))
    for recipe in (gan_trainer, token_trainer):
        with pytest.raises(ValueError, match="32x32 here; got 64x64"):
            recipe(large, Settings(iterations=1))


# Mode collapse ------------------------------------------------------------------------


def points_after(settings: dict, **options) -> torch.Tensor:
    settings = Settings(iterations=1200, **settings)
    trainer = finished(point_trainer(settings, **options))
    with torch.no_grad():
        return trainer.averaged_model().generator(torch.randn(500, 8))


def test_with_the_usual_care_every_mode_is_found_and_without_it_few_are():
    torch.manual_seed(0)
    careful = modes_hit(points_after(POINT_SETTINGS))[0]
    careless = modes_hit(points_after(POINT_SETTINGS | CARELESS, r1=0.0))[0]
    assert careful >= 7 and careless <= 4


def test_a_film_shows_the_data_in_grey_and_the_points_in_blue():
    data, drawn = torch.tensor([[-0.9, 0.9]]), torch.tensor([[0.9, -0.9]])
    film = film_of_points([drawn, data], data, size=40)
    assert film.shape == (2, 3, 40, 40)
    assert film[0, :, :10, :10].min() < 1 and film[0, :, 30:, 30:].min() < 0
    assert (film[0, :, :10, 30:] == 1).all()


# Painters -----------------------------------------------------------------------------


@pytest.fixture
def painter(road, tmp_path):
    finished(road(tmp_path / "mine"))
    return ROADS[road.name][2](tmp_path / "mine")


def test_a_picture_depends_on_its_label_its_seed_and_its_place(painter):
    one = painter(["frog", "cat", "frog"], seed=0)
    assert one.shape == (3, 3, 32, 32) and one.abs().max() <= 1
    assert torch.equal(one, painter(["frog", "cat", "frog"], seed=0))
    assert not torch.equal(one[0], one[2])
    assert not torch.equal(one, painter(["frog", "cat", "frog"], seed=1))


def test_a_batch_changes_no_picture(painter):
    prepared = painter.prepare(["frog"] * 3)
    whole, parts = (painter.paint(prepared, batch_size=size) for size in (3, 2))
    assert (whole - parts).abs().max() < 1e-4


def test_weights_are_kept_and_found_by_their_card(painter, tmp_path):
    painter.save_pretrained(tmp_path / "again")
    assert not any("critic" in name for name in load_weights(tmp_path / "again")[0])
    again = label_painter(tmp_path / "again")
    assert torch.equal(again(["bat"]), painter(["bat"]))
    assert isinstance(label_painter("critters"), LabelToImage)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (dict(labels=["dog"]), "do not know 'dog'"),
        (dict(labels="frog"), "Give a list"),
        (dict(labels=[]), "the list is empty"),
        (dict(labels=["frog"], steps=5), "takes no steps"),
        (dict(labels=["frog"], guidance_scale=2.0), "takes no guidance"),
    ],
)
def test_what_it_cannot_draw_is_refused(painter, asked, sentence):
    with pytest.raises(ValueError, match=sentence):
        painter.prepare(**asked)


@pytest.mark.parametrize("wrong", [dict(size=64), dict(labels=["x"] * 99)])
def test_a_card_that_does_not_fit_is_refused(painter, tmp_path, wrong, road):
    tensors, card = load_weights(tmp_path / "mine")
    save_weights(tmp_path / "odd", tensors, card | wrong)
    with pytest.raises(CheckpointError, match="broken"):
        ROADS[road.name][2](tmp_path / "odd")


def test_a_cold_painter_draws_one_picture_for_every_seed(critters, tmp_path):
    finished(token_trainer(critters, Settings(iterations=6), tmp_path, batch_size=2))
    cold = token_painter(tmp_path, temperature=1e-7)
    pictures = cold(["frog"] * 3)
    assert torch.equal(pictures[0], pictures[1])
    assert torch.equal(token_painter(tmp_path, top_k=1)(["frog"] * 3), pictures)
    for odd in (dict(temperature=0.0), dict(temperature=float("nan")), dict(top_k=0)):
        with pytest.raises(ValueError, match="temperature must|top_k must"):
            token_painter(tmp_path, **odd)


# Commands -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "calls"), [("gan --r1 0.5 --spectral", 1), ("tokens", 256)]
)
def test_what_was_trained_by_a_command_draws_by_another(
    cli, here, monkeypatch, words, calls
):
    monkeypatch.setattr(train_networks, "load_critters", lambda *a, **k: photos())
    how = "--iterations 2 --batch 2 --precision float32 --out trained"
    code, _, err = cli(f"train {words} {how}")
    assert code == 0, err
    name = photos().names[1]
    drawn = f"generate --label {name} --n 2 --weights trained --out two.png"
    code, out, err = cli(f"{drawn} --json")
    assert code == 0, err
    assert f'"calls": {calls}.0' in out[-1] and (here / "two.png").is_file()
    code, _, err = cli(f"{drawn} --steps 5")
    assert code == 2 and "takes no steps" in err[0]
    code, _, err = cli("evaluate --weights trained")
    assert code == 2 and "benchmarks/rivals.py measures" in err[0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("gan --r1 -1", "--r1 must lie in"),
        ("gan --optimizer muon", "leave out --optimizer muon"),
        ("gan --size 64", "--size must be 32 here"),
        ("tokens --size 64", "--size must be 32 here"),
        ("tokens --batch 0", "--batch must be"),
    ],
)
def test_what_makes_no_sense_is_refused_before_pictures_are_loaded(
    cli, here, monkeypatch, words, sentence
):
    monkeypatch.setattr(train_networks, "load_critters", None)  # would fail
    code, out, err = cli(f"train {words} --iterations 1 --out t")
    assert (code, out, len(err)) == (2, [], 1) and sentence in err[0]
