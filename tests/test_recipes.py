"""The trainings of the course: each starts, and its card says all one must know."""

import inspect
import json
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.checkpoint import CheckpointError, fill, load_weights, save_weights
from course_lib.device import plain_torch
from course_lib.diffusion.schedule import cosine_schedule
from course_lib.networks.autoencoder import (
    Autoencoder,
    encoder_digest,
    load_autoencoder,
)
from course_lib.networks.contrastive import ImageTextPair, Matcher
from course_lib.networks.judge import Judge
from course_lib.networks.text_unet import ENDS, TextUNet
from course_lib.networks.tokenizer import PAD, Tokenizer
from course_lib.networks.unet import UNet
from course_lib.painters.pipeline import LabelToImage, TextToImage
from course_lib.training import beginnings, judges, recipes
from course_lib.training.judges import classifier_trainer, reader_trainer
from course_lib.training.recipes import (
    GENTLY,
    autoencoder_trainer,
    denoiser_trainer,
    latent_trainer,
    pair_trainer,
    text_trainer,
)
from course_lib.training.settings import Settings
from course_lib.world.critters import is_held_out
from course_lib.world.datasets import PictureSet
from course_lib.world.drawing import draw_critters
from course_lib.world.photos import load_folder

ONCE = Settings(iterations=1, precision="float32")
TINY = dict(widths=(8, 16), blocks=1)
Z_2 = TINY | dict(z_channels=2)


def photos(factors=None) -> PictureSet:
    pictures = torch.zeros(6, 3, 32, 32, dtype=torch.uint8)
    pictures[..., 0] = 255  # a white left side: mirroring shows
    labels = torch.tensor([1, 2, 1, 2, 1, 2])
    return PictureSet("photos", pictures, labels, ("nothing", "a", "b", "c"), factors)


def one_iteration(trainer):
    for _ in trainer.run():
        pass
    return trainer


def test_a_denoisers_card_is_enough_to_draw_with_it():
    trainer = one_iteration(denoiser_trainer(photos(), ONCE, batch_size=4, **TINY))
    card = json.loads(json.dumps(trainer.full_card()))
    model = UNet(**card["config"])
    model.load_state_dict(trainer.ema)
    pictures = LabelToImage(model.eval(), card)(["b", "nothing"], steps=2)
    assert pictures.shape == (2, 3, 32, 32)


def test_a_label_that_no_picture_shows_is_not_on_the_card():
    card = denoiser_trainer(photos(), ONCE, batch_size=4, **TINY).card
    assert card["labels"] == ["nothing", "a", "b"]


def test_the_seed_decides_weights_and_batches():
    trainers = [denoiser_trainer(photos(), ONCE, seed=s, **TINY) for s in (0, 0, 1)]
    first, same, other = (t.raw_model.into.weight for t in trainers)
    assert torch.equal(first, same) and not torch.equal(first, other)
    first, same, other = (t.get_batch(0)["eps"] for t in trainers)
    assert torch.equal(first, same) and not torch.equal(first, other)


def test_photos_are_mirrored_and_critters_are_not():
    for factors, mirrored in ((None, True), ({"subject": torch.ones(6)}, False)):
        trainer = denoiser_trainer(photos(factors), ONCE, batch_size=32, **TINY)
        left = trainer.get_batch(0)["x_0"][:, 0, 0, 0] == 1
        assert bool((~left).any()) is mirrored


def test_another_process_and_target_stand_on_the_card():
    trainer = denoiser_trainer(
        photos(), ONCE, schedule=cosine_schedule(50), target="eps", **TINY
    )
    card = trainer.card
    assert (card["schedule"], card["T"], card["target"]) == ("cosine", 50, "eps")


@pytest.mark.parametrize("size", [32, 64])
def test_the_reader_learns_from_critters(size, monkeypatch):
    monkeypatch.setattr("course_lib.world.wear.CHUNK", 32)
    trainer = one_iteration(reader_trainer(ONCE, size=size, batch_size=4))
    again = Judge(**json.loads(json.dumps(trainer.card["config"])))
    again.load_state_dict(trainer.ema)
    assert trainer.card["kind"] == "judge" and trainer.card["data"] == "critters"


def test_the_classifier_learns_from_cifar10(monkeypatch):
    monkeypatch.setattr(judges, "load_cifar10", lambda split: photos())
    trainer = one_iteration(classifier_trainer(ONCE, batch_size=4))
    assert trainer.card["config"]["answers"] == {"cond": 4}
    assert trainer.card["labels"] == list(photos().names)


def test_the_pair_learns_from_pictures_with_captions(monkeypatch):
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    trainer = one_iteration(pair_trainer(ONCE, batch_size=4))
    card = json.loads(json.dumps(trainer.full_card()))
    matcher = Matcher(
        fill(ImageTextPair(**card["config"]), trainer.ema),
        Tokenizer(card["merges"]),
        card,
    )
    pictures = trainer.get_batch(0)["x_0"]
    assert matcher.score(pictures, ["a frog"] * 4).shape == (4,)
    assert card["kind"] == "pair" and card["caption_noise"] == 0


def test_the_pair_sees_the_training_pictures_alone_and_every_caption(monkeypatch):
    seen = []

    def asked(split, size=32):
        seen.append((split, small_critters(split)))
        return seen[0][1]

    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", asked)
    trainer = pair_trainer(ONCE, batch_size=32)
    batch = trainer.get_batch(0)
    assert [split for split, _ in seen] == ["train"]  # load_critters holds out
    assert not is_held_out(seen[0][1].factors).any()
    assert ((batch["cond"] != PAD).sum(1) > 2).all()  # more than START and END


def test_a_painter_starts_with_what_the_pair_knows_of_texts(monkeypatch):
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    pair = Matcher.from_pretrained("pair")
    started = text_trainer(ONCE, **TINY)
    anew = text_trainer(ONCE, **TINY, pair=None)
    tokens = started.get_batch(0)["cond"]
    with torch.no_grad():
        known = pair.model.text_encoder(tokens)
        assert torch.equal(started.raw_model.read(tokens), known)
        assert not torch.allclose(anew.raw_model.read(tokens), known, atol=0.1)
    gist = started.raw_model.unet.gist.turn
    assert torch.equal(gist.weight, pair.model.text_out.weight)
    # what the command says learns gently is there, under these names
    names = [name for name, _ in started.raw_model.named_parameters()]
    for part in GENTLY:
        assert any(name.startswith(part) for name in names)
    assert (started.card["pair"], anew.card["pair"]) == ("pair", None)
    card = json.loads(json.dumps(one_iteration(started).full_card()))
    draw = TextToImage(
        fill(TextUNet(**card["config"]), started.ema).eval(),
        Tokenizer(card["merges"]),
        card,
    )
    assert draw(["a frog", ""], steps=2).shape == (2, 3, 32, 32)


def test_the_autoencoder_learns_from_large_pictures(monkeypatch):
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    trainer = autoencoder_trainer(
        ONCE, batch_size=2, z_channels=3, **TINY, kl_weight=0.1
    )
    batch = trainer.get_batch(0)
    assert batch["x_0"].shape == (2, 3, 64, 64) and batch["eps"].shape == (2, 3, 16, 16)
    assert torch.equal(trainer.get_batch(0)["eps"], batch["eps"])
    card = json.loads(json.dumps(one_iteration(trainer).full_card()))
    again, _, _ = fill(Autoencoder(**card["config"]), trainer.ema)(batch["x_0"])
    assert again.shape == (2, 3, 64, 64) and card["kl_weight"] == 0.1

    mixed = autoencoder_trainer(ONCE, batch_size=2, strangers=0.5)
    plain, strange = batch["x_0"], mixed.get_batch(0)["x_0"]
    assert torch.equal(strange[1], plain[1]) and not torch.equal(strange[0], plain[0])
    assert mixed.card["strangers"] == 0.5


def test_an_autoencoder_learns_with_the_eyes_of_the_pair_that_is_named(
    tmp_path, monkeypatch
):
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    own = Matcher.from_pretrained("pair")
    for weights in own.model.image_encoder.parameters():
        weights.data *= 0.5
    own.save_pretrained(tmp_path / "mine")
    small = dict(batch_size=2, **TINY)
    named = autoencoder_trainer(ONCE, pair=tmp_path / "mine", **small)
    shipped = autoencoder_trainer(ONCE, **small)
    assert named.card["pair"] == "mine" and "pair" not in shipped.card
    batch = shipped.get_batch(0)
    losses = [one.loss_fn(shipped.raw_model, batch) for one in (named, shipped)]
    assert losses[0] < losses[1]  # they see half as much, layer by layer


def test_a_decoder_learns_on_and_its_latents_stay(tmp_path, monkeypatch):
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    coder, place = Autoencoder((8, 16), z_channels=2), tmp_path / "coder"
    for weight in coder.parameters():  # a decoder that has learned something
        torch.nn.init.normal_(weight, std=0.1)
    card = {"kind": "autoencoder", "config": coder.config}
    save_weights(place, coder.state_dict(), card)
    before = load_autoencoder(place)
    trainer = autoencoder_trainer(ONCE, start=place, blocks=2, batch_size=2)
    pictures, z = torch.rand(2, 3, 64, 64) * 2 - 1, torch.randn(2, 2, 16, 16)
    with torch.no_grad():  # larger, and as it was
        assert torch.equal(trainer.averaged_model().decode(z), before.decode(z))
    list(trainer.run())
    after = trainer.averaged_model()
    assert encoder_digest(after) == encoder_digest(before)
    with torch.no_grad():
        assert torch.equal(after.encode(pictures)[0], before.encode(pictures)[0])
        assert not torch.equal(after.decode(z), before.decode(z))
    assert trainer.card["start"] == "coder"
    assert trainer.card["config"]["decoder_blocks"] == 2
    save_weights(tmp_path / "more", trainer.ema, trainer.card)
    on = autoencoder_trainer(ONCE, start=tmp_path / "more", batch_size=2)
    assert on.card["config"] == trainer.card["config"]  # its own depth, if unsaid
    with pytest.raises(ValueError, match=r"has --widths \(8, 16\), not \(8, 8\)"):
        autoencoder_trainer(ONCE, start=place, widths=(8, 8))


def test_a_decoder_that_learned_on_carries_on_bit_for_bit(tmp_path, monkeypatch):
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    coder, place = Autoencoder((32, 32), z_channels=2), tmp_path / "coder"
    card = {"kind": "autoencoder", "config": coder.config}
    save_weights(place, coder.state_dict(), card)
    make = partial(autoencoder_trainer, start=place, blocks=2, batch_size=2)
    settings = Settings(iterations=3, precision="float32", muon=True)
    whole = make(settings)
    list(whole.run())
    for progress in make(settings, tmp_path / "on").run():
        if progress.iteration == 2:
            break
    resumed = make(settings, tmp_path / "on", True)
    list(resumed.run())
    assert all(torch.equal(x, resumed.ema[name]) for name, x in whole.ema.items())


def test_latents_are_learned_by_the_recipe_that_learns_pixels(tmp_path, monkeypatch):
    card = few_critters_and_a_coder(tmp_path, monkeypatch)
    where = dict(autoencoder=tmp_path / "coder", pair=None)
    trainer = latent_trainer(ONCE, tmp_path / "latent", **TINY, **where)
    batch = trainer.get_batch(0)
    assert batch["x_0"].shape[1:] == batch["eps"].shape[1:] == (2, 16, 16)
    assert trainer.card["config"]["unet"]["channels"] == 2
    list(trainer.run())
    coder_path = tmp_path / "coder"  # the training keeps a copy of its own
    coder_path.rename(tmp_path / "elsewhere")
    drawn = TextToImage.from_pretrained(tmp_path / "latent")(["a frog"], steps=2)
    assert drawn.shape == (1, 3, 64, 64)
    (tmp_path / "elsewhere").rename(coder_path)
    assert trainer.card["noisier"] == 0.8
    on = latent_trainer(ONCE, **where, start=tmp_path / "latent", noisier=0.3)
    assert on.card["start"] == "latent" and on.card["noisier"] == 0.3
    saved, _ = load_weights(tmp_path / "latent")
    assert all(torch.equal(x, saved[name]) for name, x in on.ema.items())
    with pytest.raises(CheckpointError, match="belong to another network"):
        latent_trainer(ONCE, widths=(16, 16), **where, start=tmp_path / "latent")
    other = Autoencoder((8, 8), z_channels=2)
    save_weights(tmp_path / "other", other.state_dict(), card)
    where = dict(autoencoder=tmp_path / "other", start=tmp_path / "latent")
    with pytest.raises(CheckpointError, match="learned latents of another autoencoder"):
        latent_trainer(ONCE, **where)


def test_latents_go_on_from_pixels_with_new_ends(tmp_path, monkeypatch):
    few_critters_and_a_coder(tmp_path, monkeypatch)
    list(text_trainer(ONCE, tmp_path / "words", **TINY, pair=None).run())
    where = dict(autoencoder=tmp_path / "coder", start=tmp_path / "words")
    on = latent_trainer(ONCE, **where)
    before, _ = load_weights(tmp_path / "words")
    new = {n for n, x in on.ema.items() if not torch.equal(x, before[n].float())}
    assert new and all(name.startswith(ENDS) for name in new)
    assert on.card["config"]["unet"]["channels"] == 2
    list(on.run())

    anew = dict(pair=None, autoencoder=tmp_path / "coder")
    list(latent_trainer(ONCE, tmp_path / "latent", **TINY, **anew).run())
    with pytest.raises(CheckpointError, match="learned latents of another"):
        text_trainer(ONCE, start=tmp_path / "latent")  # and no way back
    for make in (text_trainer, autoencoder_trainer):  # what draws by labels starts none
        with pytest.raises(CheckpointError, match="critters holds a denoiser, which"):
            make(ONCE, start="critters")


def few_critters_and_a_coder(tmp_path, monkeypatch) -> dict:
    """A world in which latents are learned in no time; the card of its autoencoder."""
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    torch.manual_seed(0)
    coder = Autoencoder((8, 8), z_channels=2)
    card = {"kind": "autoencoder", "config": coder.config}
    save_weights(tmp_path / "coder", coder.state_dict(), card)
    return card


def small_critters(split: str, size: int = 32) -> PictureSet:
    """The first 64 of what load_critters would give."""
    pictures, factors = draw_critters(64, 0, size, 0, "any")
    return PictureSet("critters", pictures, factors["subject"], ("nothing",), factors)


def test_every_recipe_has_settings_that_exist():
    known = inspect.signature(Settings).parameters
    there = vars(recipes) | vars(judges)
    named = [name for name in there if name.endswith("_SETTINGS")]
    trainers = [name for name in there if name.endswith("_trainer")]
    assert len(named) == len(trainers) == 8
    for name in named:
        assert name.lower().replace("settings", "trainer") in trainers
        assert there[name].keys() <= known.keys()


@pytest.mark.parametrize(
    "odd", [torch.float64, torch.bfloat16, torch.device("meta")], ids=str
)
def test_no_recipe_hangs_on_torchs_defaults(odd, tmp_path, monkeypatch):
    few_critters_and_a_coder(tmp_path, monkeypatch)
    monkeypatch.setattr("course_lib.world.wear.CHUNK", 32)
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (32, 32), (200, 40, 90)).save(tmp_path / "photos" / "a.png")
    settings = Settings(iterations=2, precision="float32", **recipes.MUON)
    coder = tmp_path / "coder"

    def losses() -> list[list[float]]:
        mine = load_folder(tmp_path / "photos")
        trainers = [
            denoiser_trainer(mine, settings, batch_size=2, **TINY),
            text_trainer(settings, batch_size=2, **TINY),
            latent_trainer(settings, autoencoder=coder, batch_size=2, **TINY),
            pair_trainer(ONCE, batch_size=2),
            autoencoder_trainer(ONCE, batch_size=2, **Z_2),
            reader_trainer(ONCE, batch_size=4),
        ]
        return [one_iteration(trainer).losses for trainer in trainers]

    expected = losses()
    with plain_torch():  # puts back what is changed
        if isinstance(odd, torch.dtype):
            torch.set_default_dtype(odd)
        else:
            torch.set_default_device(odd)
        assert losses() == expected


@pytest.mark.parametrize("integer", [np.int64, torch.tensor])
def test_seeds_and_counts_may_be_integers_of_numpy_and_torch(integer, monkeypatch):
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    counts = dict(batch_size=integer(2), seed=integer(1))
    network = dict(widths=[integer(8), integer(16)], blocks=integer(1))
    plain = dict(batch_size=2, seed=1)
    for make, more in (
        (partial(denoiser_trainer, photos()), (network, TINY)),
        (text_trainer, (network | dict(size=integer(32)), TINY)),
        (autoencoder_trainer, (network | dict(z_channels=integer(2)), Z_2)),
        (pair_trainer, ({}, {})),
    ):
        odd, usual = make(ONCE, **counts, **more[0]), make(ONCE, **plain, **more[1])
        assert json.dumps(odd.full_card()) == json.dumps(usual.full_card())
        mine, theirs = (t.get_batch(0)["x_0"] for t in (odd, usual))
        assert torch.equal(mine, theirs)
    card = reader_trainer(ONCE, size=integer(64), **counts).card
    assert json.dumps(card["size"]) == "64"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: pair_trainer(ONCE, seed=-1), "--seed must be 0"),
        (lambda: pair_trainer(ONCE, seed=2**70), "--seed must be 0"),
        (lambda: pair_trainer(ONCE, seed=0.5), "--seed takes whole numbers; got 0.5"),
        (lambda: text_trainer(ONCE, batch_size=0), "--batch must be 1..4096; got 0"),
        (lambda: classifier_trainer(ONCE, batch_size=5000), "--batch must be 1..4096"),
        (lambda: text_trainer(ONCE, size=48), "--size must be 32 or 64 here; got 48"),
        (lambda: reader_trainer(ONCE, size=48), "--size must be 32 or 64 here"),
        (lambda: text_trainer(ONCE, caption_noise=2), "caption_noise is a share, 0..1"),
        (lambda: text_trainer(ONCE, noisier=6), "--noisier must lie in -5..5; got 6"),
        (lambda: text_trainer(ONCE, widths=(12,)), "--widths must be multiples of 8"),
        (lambda: text_trainer(ONCE, widths=()), "--widths must be multiples of 8"),
        (lambda: text_trainer(ONCE, blocks=0), "--blocks 1 or more"),
        (
            lambda: text_trainer(ONCE, widths=(8,) * 6),
            "6 --widths halve 32 pixels too often",
        ),
        (
            lambda: latent_trainer(ONCE, widths=(8,) * 5),
            "5 --widths halve 16 latents too often",
        ),
        (lambda: text_trainer(ONCE, widths=(10**8,)), "needs .* GiB of memory or more"),
        (lambda: latent_trainer(ONCE, blocks=10**9), "needs .* GiB of memory or more"),
        (
            lambda: autoencoder_trainer(ONCE, widths=(8 * 10**400,)),
            "needs 1,000,000,000 GiB of memory or more",
        ),
        (lambda: autoencoder_trainer(ONCE, strangers=2), "--strangers is a share"),
        (lambda: autoencoder_trainer(ONCE, z_channels=0), "z_channels must be 1..64"),
    ],
)
def test_what_no_recipe_can_do_is_refused_before_anything_is_made(
    make, sentence, monkeypatch
):
    for name in ("load_critters", "TextUNet", "Autoencoder"):
        monkeypatch.setattr(recipes, name, None)  # would fail
    for name in ("load_cifar10", "Judge"):
        monkeypatch.setattr(judges, name, None)
    with pytest.raises(ValueError, match=sentence):
        make()
