"""What a film painter and a film judge learn from, and how they resume."""

import pytest
import torch
from test_layers import shaken

from course_lib.cards import CheckpointError
from course_lib.checkpoint import load_weights, save_weights
from course_lib.diffusion.film_noise import IN_COMMON, FilmNoise
from course_lib.diffusion.samplers import PictureNoise
from course_lib.diffusion.schedule import straight_line
from course_lib.networks.film_judge import FilmJudge, film_judge_loss
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import END, PAD, START, train_tokenizer
from course_lib.networks.video import FilmUNet
from course_lib.painters.films import TextToFilm
from course_lib.training import film_judging
from course_lib.training import films as recipe
from course_lib.training.trainer import Settings

TINY = Settings(iterations=3, precision="float32", warmup=0)


@pytest.fixture
def start(here, words, monkeypatch):
    """The tiny picture painter, under its name; films come a few at a time."""
    monkeypatch.setattr("course_lib.world.films.CHUNK", 4)
    monkeypatch.setattr("course_lib.world.endless.CHUNK", 16)
    monkeypatch.setattr(film_judging, "CHUNK", 4)
    monkeypatch.setattr(recipe, "LENGTH", 24)
    monkeypatch.setattr("course_lib.training.captions.TEXTS", {"plain": {"length": 24}})
    return here


def trainer(folder=None, settings=TINY, **options):
    own = dict(batch_size=2, frames=3, pictures=0.5) | options
    resume = own.pop("resume", False)
    return recipe.film_trainer(settings, folder, resume, **own)


# The film painter -------------------------------------------------------------------


def test_it_starts_as_the_picture_painter(start):
    new, old = trainer().raw_model.painter.state_dict(), load_weights("words")[0]
    assert all(torch.equal(new[name], old[name]) for name in old)


def test_a_killed_training_resumes_bit_for_bit(start):
    for _ in trainer("whole").run():
        pass
    first = trainer("parts")
    first.until = 2
    for _ in first.run():
        pass
    second = trainer("parts", resume=True)
    for _ in second.run():
        pass
    whole, parts = (load_weights(name)[0] for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert load_weights("parts")[1]["kind"] == "film denoiser"


def test_a_film_painter_goes_on_learning_from_another(start):
    for _ in trainer("one").run():
        pass
    again, one = trainer(start="one").raw_model, load_weights("one")[0]
    state = again.state_dict()
    assert all(torch.allclose(state[n], x, atol=1e-3) for n, x in one.items())


def test_latents_of_a_painter_are_learned_in_its_own_space(start):
    training = trainer("films", start="latent", frames=2)
    batch = training.get_batch(0)
    assert batch["x_0"].shape == (2, 2, 2, 16, 16)
    for _ in training.run():
        pass
    film = TextToFilm.from_pretrained("films")(["a frog"], steps=1)
    assert film.shape == (1, 2, 3, 64, 64)


def test_a_network_that_takes_no_prompts_is_refused(start):
    with pytest.raises(CheckpointError, match="takes no prompts"):
        trainer(start="critters")


@pytest.mark.parametrize(
    ("option", "sentence"),
    [(dict(frames=1), "--frames"), (dict(pictures=1.5), "--pictures")],
)
def test_impossible_options_are_refused(start, option, sentence):
    with pytest.raises(ValueError, match=sentence):
        trainer(**option)


# Its batches ------------------------------------------------------------------------


def test_films_and_pictures_take_turns(start):
    training = trainer(pictures=0.5)
    shapes = [tuple(training.get_batch(i)["x_0"].shape[:2]) for i in range(4)]
    # As many pictures as two films of three frames.
    assert shapes == [(2, 3), (6, 1), (2, 3), (6, 1)]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.3, 1.0])
def test_every_film_and_every_picture_batch_comes_once(share):
    of = recipe.mixed(lambda i: ("film", i), lambda i: ("picture", i), share)
    seen = [of(i) for i in range(100)]
    pictures = [i for kind, i in seen if kind == "picture"]
    films = [i for kind, i in seen if kind == "film"]
    assert pictures == list(range(round(100 * share)))
    assert films == list(range(100 - len(pictures)))


def test_frames_are_given_as_often_as_planned():
    get_batch = recipe.with_given_frames(lambda i: {"x_0": torch.zeros(1000, 4, 1)}, 0)
    given = get_batch(7)["given"]
    assert not given[:, 1:3].any()
    assert not (given[:, 3] & ~given[:, 0]).any()  # the last only with the first
    assert given[:, 0].float().mean().item() == pytest.approx(0.4, abs=0.05)
    assert given[:, 3].float().mean().item() == pytest.approx(0.15, abs=0.04)


def test_there_is_always_a_frame_to_draw():
    get_batch = recipe.with_given_frames(lambda i: {"x_0": torch.zeros(500, 2, 1)}, 0)
    assert not get_batch(0)["given"].all(1).any()


def test_some_captions_are_dropped_for_guidance():
    tokenizer = train_tokenizer(["a red frog hops to the left"] * 2, merges=20)
    factors = recipe.endless_films(40, frames=1)(0)
    get_batch = recipe.with_film_captions(lambda i: factors, tokenizer, 0, drop=0.5)
    tokens = get_batch(0)["cond"]
    empty = (tokens[:, 1] == END) & (tokens[:, 0] == START)
    assert 8 < int(empty.sum()) < 32 and not (tokens[empty, 2:] != PAD).any()


def test_a_given_frame_has_no_loss():
    """Whatever the network says about it: only the others count."""
    loss_fn = recipe.make_film_loss(straight_line(), "v")
    film = torch.zeros(1, 3, 1, 2, 2)
    batch = dict(x_0=film, eps=film, t=torch.tensor([500]), cond=torch.zeros(1))
    given = torch.tensor([[True, False, False]])

    def says(film, each, cond):  # 3 for given frames, 1 for the others
        return torch.where(each == 0, 3.0, 1.0)[:, :, None, None, None].expand_as(film)

    assert loss_fn(says, batch | {"given": given}) == 1.0
    assert loss_fn(says, batch | {"given": ~given}) == 1.0


# The judge --------------------------------------------------------------------------


def test_the_judge_answers_about_frames_and_films():
    judge = shaken(FilmJudge(32, (8, 8, 8))).eval()
    for frames in (2, 5):
        seen = judge.read(torch.zeros(3, frames, 3, 32, 32))
        assert seen["subject"].shape == (3, frames) and seen["motion"].shape == (3,)
    assert judge.read(torch.zeros(1, 2, 3, 64, 64))["scene"].shape == (1, 2)
    with pytest.raises(ValueError, match="films"):
        judge(torch.zeros(3, 3, 32, 32))


def test_the_judge_is_trained_and_loaded_again(start):
    trainer = film_judging.film_judge_trainer(TINY, "judge", batch_size=2, frames=3)
    for _ in trainer.run():
        pass
    tensors, card = load_weights("judge")
    assert card["kind"] == "film judge"
    again = FilmJudge(**card["config"])
    again.load_state_dict(tensors)


def test_frames_out_of_order_are_no_motion():
    films = torch.rand(40, 6, 3, 32, 32)
    batch = {"x_0": films, "motion": torch.full((40,), 2)}
    batch |= {"direction": torch.ones(40, dtype=torch.int64)}
    frames = {n: torch.full((40, 6), 3) for n in ("subject", "colour", "scene")}
    generator = torch.Generator().manual_seed(0)
    found = film_judging.spoiled(batch | frames, generator)
    same = (found["x_0"] == films).flatten(1).all(1)
    assert torch.equal(found["motion"] == 2, same)  # spoiled, and so no motion
    woven = found["motion"] == film_judging.IGNORED
    assert woven.any() and (found["motion"] == 0).any() and same.any()
    torn = (found["subject"] == 0) & woven[:, None]
    assert (found["colour"][torn] == film_judging.IGNORED).all()


def test_what_is_not_asked_costs_the_judge_nothing():
    judge = shaken(FilmJudge(32, (8, 8, 8)))
    batch = {"x_0": torch.zeros(2, 3, 3, 32, 32)}
    batch |= {n: torch.zeros(2, 3, dtype=torch.int64) for n in ("colour", "scene")}
    batch |= {n: torch.zeros(2, dtype=torch.int64) for n in ("motion", "direction")}
    asked = batch | {"subject": torch.zeros(2, 3, dtype=torch.int64)}
    none = batch | {"subject": torch.full((2, 3), film_judging.IGNORED)}
    assert film_judge_loss(judge, none) < film_judge_loss(judge, asked)


def a_film_painter(folder, frames: int = 3) -> None:
    """A tiny film painter in a folder, for the tests of what draws."""
    tokenizer = train_tokenizer(["a frog hops to the right"] * 2, merges=20)
    text = dict(vocabulary=len(tokenizer), length=24, width=16, blocks=1)
    model = FilmUNet(text, dict(widths=(8, 16), blocks=1))
    shaken(model)
    card = dict(kind="film denoiser", merges=tokenizer.merges, config=model.config)
    card |= dict(schedule="straight line", T=1000, target="v", size=32, frames=frames)
    card |= dict(in_common=0.5)
    save_weights(folder, model.state_dict(), card)


def test_text_unet_and_film_unet_have_one_config():
    text, unet = dict(vocabulary=50, length=12, width=16), dict(widths=(8,), blocks=1)
    assert TextUNet(text, unet).config == FilmUNet(text, unet).config


# Noise in common ----------------------------------------------------------------------


def test_frames_have_half_of_their_noise_in_common_and_each_is_whole():
    noise = FilmNoise(PictureNoise(0, range(40)))((4, 3, 16, 16))
    assert noise.shape == (40, 4, 3, 16, 16)
    flat = noise.transpose(0, 1).flatten(1)  # one row a frame
    expected = torch.full((4, 4), IN_COMMON).fill_diagonal_(1.0)
    torch.testing.assert_close(torch.cov(flat), expected, atol=0.02, rtol=0)


def test_the_noise_of_a_film_does_not_depend_on_those_beside_it():
    alone = FilmNoise(PictureNoise(0, [2]))((3, 1, 4, 4))
    together = FilmNoise(PictureNoise(0, range(4)))((3, 1, 4, 4))
    assert torch.equal(alone[0], together[2])


def test_a_training_sees_noise_as_a_drawing_does(start):
    training = trainer(pictures=0.0, frames=4)
    eps = torch.cat([training.get_batch(i)["eps"] for i in range(8)])
    flat = eps.transpose(0, 1).flatten(1)
    expected = torch.full((4, 4), IN_COMMON).fill_diagonal_(1.0)
    torch.testing.assert_close(torch.cov(flat), expected, atol=0.03, rtol=0)
