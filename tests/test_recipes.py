"""The trainings of the course: each starts, and its card says all one must know."""

import inspect
import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from PIL import Image

from course_lib.checkpoint import CheckpointError, fill, load_weights, save_weights
from course_lib.device import weights_folder
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
from course_lib.training import recipes
from course_lib.training.recipes import (
    SETTINGS,
    autoencoder_trainer,
    classifier_trainer,
    denoiser_trainer,
    load_data,
    pair_trainer,
    reader_trainer,
    recipe,
    settings_of,
    text_trainer,
)
from course_lib.training.trainer import Settings
from course_lib.world.critters import is_held_out
from course_lib.world.datasets import DataError, PictureSet
from course_lib.world.drawing import draw_critters

ROOT = Path(__file__).resolve().parents[1]
ONCE = Settings(iterations=1, precision="float32")
TINY = dict(widths=(8, 16), blocks=1)


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
    monkeypatch.setattr(recipes, "load_cifar10", lambda split: photos())
    trainer = one_iteration(classifier_trainer(ONCE, batch_size=4))
    assert trainer.card["config"]["answers"] == {"cond": 4}
    assert trainer.card["labels"] == list(photos().names)


def test_the_pair_learns_from_pictures_with_captions(monkeypatch):
    monkeypatch.setattr(recipes, "load_critters", small_critters)
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

    def asked(split):
        seen.append((split, small_critters(split)))
        return seen[0][1]

    monkeypatch.setattr(recipes, "load_critters", asked)
    trainer = pair_trainer(ONCE, batch_size=32)
    batch = trainer.get_batch(0)
    assert [split for split, _ in seen] == ["train"]  # load_critters holds out
    assert not is_held_out(seen[0][1].factors).any()
    assert ((batch["cond"] != PAD).sum(1) > 2).all()  # more than START and END


def test_a_painter_starts_with_what_the_pair_knows_of_texts(monkeypatch):
    monkeypatch.setattr(recipes, "load_critters", small_critters)
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
    for part in SETTINGS["text"]["gently"]:
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
    monkeypatch.setattr(recipes, "load_critters", small_critters)
    trainer = autoencoder_trainer(
        ONCE, batch_size=2, z_channels=3, **TINY, kl_weight=0.1
    )
    batch = trainer.get_batch(0)
    assert batch["x_0"].shape == (2, 3, 64, 64) and batch["eps"].shape == (2, 3, 16, 16)
    assert torch.equal(trainer.get_batch(0)["eps"], batch["eps"])
    card = json.loads(json.dumps(one_iteration(trainer).full_card()))
    again, _, _ = fill(Autoencoder(**card["config"]), trainer.ema)(batch["x_0"])
    assert again.shape == (2, 3, 64, 64) and card["kl_weight"] == 0.1

    mixed = recipe("autoencoder", batch_size=2, strangers=0.5)(ONCE)
    plain, strange = batch["x_0"], mixed.get_batch(0)["x_0"]
    assert torch.equal(strange[1], plain[1]) and not torch.equal(strange[0], plain[0])
    assert mixed.card["strangers"] == 0.5


def test_an_autoencoder_learns_with_the_eyes_of_the_pair_that_is_named(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(recipes, "load_critters", small_critters)
    own = Matcher.from_pretrained("pair")
    for weights in own.model.image_encoder.parameters():
        weights.data *= 0.5
    own.save_pretrained(tmp_path / "mine")
    named = recipe("autoencoder", pair=tmp_path / "mine", batch_size=2, **TINY)(ONCE)
    shipped = recipe("autoencoder", batch_size=2, **TINY)(ONCE)
    assert named.card["pair"] == "mine" and "pair" not in shipped.card
    batch = shipped.get_batch(0)
    losses = [one.loss_fn(shipped.raw_model, batch) for one in (named, shipped)]
    assert losses[0] < losses[1]  # they see half as much, layer by layer


def test_a_decoder_learns_on_and_its_latents_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "load_critters", small_critters)
    coder, place = Autoencoder((8, 16), z_channels=2), tmp_path / "coder"
    for weight in coder.parameters():  # a decoder that has learned something
        torch.nn.init.normal_(weight, std=0.1)
    card = {"kind": "autoencoder", "config": coder.config}
    save_weights(place, coder.state_dict(), card)
    before = load_autoencoder(place)
    trainer = recipe("autoencoder", start=place, blocks=2, batch_size=2)(ONCE)
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


def test_a_decoder_that_learned_on_carries_on_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(recipes, "load_critters", small_critters)
    coder, place = Autoencoder((32, 32), z_channels=2), tmp_path / "coder"
    card = {"kind": "autoencoder", "config": coder.config}
    save_weights(place, coder.state_dict(), card)
    make = recipe("autoencoder", start=place, blocks=2, batch_size=2)
    settings = Settings(iterations=3, precision="float32", muon=True)
    whole = make(settings)
    list(whole.run())
    for progress in make(settings, tmp_path / "on").run():
        if progress.iteration == 2:
            break
    resumed = make(settings, tmp_path / "on", True)
    list(resumed.run())
    assert all(torch.equal(x, resumed.ema[name]) for name, x in whole.ema.items())


def commands() -> list[list[str]]:
    """What `make weights` calls: ["train", "--resume", ...], ["average", ...], ..."""
    told = subprocess.run(
        ["make", "-n", "weights"], cwd=ROOT, capture_output=True, text=True
    )
    lines = told.stdout.replace("\\\n", " ").splitlines()
    return [x.split("-m course_lib ")[1].split() for x in lines if "course_lib " in x]


def options_of(training: list[str]) -> dict[str, str]:
    """{"--what": "pair", "--iterations": "700", ...} of one command."""
    _, _, *words = training
    given = dict(zip(words[::2], words[1::2], strict=True))
    return {n: x for n, x in given.items() if n != "--until"}


def trainings() -> list[dict[str, str]]:
    """The options of each `train` in `make weights`."""
    return [options_of(words) for words in commands() if words[0] == "train"]


def test_whoever_trains_everything_anew_takes_nothing_from_what_ships():
    """Each network of `make weights` is trained before another one needs it, and by one
    command only, so that a second `make weights` finds it done."""
    made, told = [], {}
    for command in commands():
        if command[0] == "average":
            _, *parts, _, mean = command
            assert set(parts) <= set(made)
            made.append(mean)
            continue
        given = options_of(command)
        before = told.get(given["--out"])
        told[given["--out"]] = given
        if before:
            assert before == given
            continue
        needed = {given.get(f"--{what}") for what in ("pair", "start", "autoencoder")}
        assert needed <= {None, *made}
        if given.get("--what") in recipes.OPTIONS["pair"]:
            assert given.get("--pair", given.get("--start")) in made
        aside = given.get("--keep", "").split(",")
        made += [given["--out"], *(f"{given['--out']}/at-{n}" for n in aside if n)]
    assert made[0] == "runs/pair" and len(made) == len(set(made))
    assert {"runs/words-mean", "runs/latent-mean", "runs/autoencoder-3"} <= set(made)


def decisive(settings: dict) -> dict:
    """All but `keep` and `precision`, which do not decide what is learned."""
    left = {n: x for n, x in settings.items() if n not in ("keep", "precision")}
    return json.loads(json.dumps(left))


def trainings_of(card: dict) -> list[dict]:
    """The cards of all trainings that weights were made of, means of means too."""
    shared = {name: x for name, x in card.items() if name != "mean_of"}
    parts = [shared | part for part in card.get("mean_of", [])]
    return [one for part in parts for one in trainings_of(part)] or [card]


def test_what_ships_was_trained_as_it_would_be_again():
    """A card of a mean tells of all its parts, any other of the last training alone."""
    again = {}  # {"words": the settings of runs/words, runs/words-1, ...}
    for given in trainings():
        named = given.get("--optimizer"), given.get("--learning-rate")
        rate = named[1] and float(named[1])
        asked = settings_of(given.get("--what", "denoiser"), named[0], rate)
        settings = decisive(asdict(Settings(int(given["--iterations"]), **asked)))
        name = given["--out"].removeprefix("runs/")
        family = name if name == "cifar10-classifier" else name.split("-")[0]
        again.setdefault(family, []).append(settings)
    for folder in weights_folder().iterdir():
        card = load_weights(folder)[1]
        name = folder.name
        now = again[name if name in again else name.split("-")[0]]
        then = [
            decisive(asdict(Settings(1)) | one["settings"])
            for one in trainings_of(card)
        ]
        assert all(settings in now for settings in then), name
        if "mean_of" in card:
            assert all(settings in then for settings in now), name
        else:
            assert then == now[-1:], name


def test_latents_are_learned_by_the_recipe_that_learns_pixels(tmp_path, monkeypatch):
    card = few_critters_and_a_coder(tmp_path, monkeypatch)
    where = dict(autoencoder=tmp_path / "coder", pair=None)
    make = recipe("latent", **TINY, **where)
    trainer = make(ONCE, tmp_path / "latent")
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
    make = recipe("latent", **where, start=tmp_path / "latent", noisier=0.3)
    on = make(ONCE)
    assert on.card["start"] == "latent" and on.card["noisier"] == 0.3
    saved, _ = load_weights(tmp_path / "latent")
    assert all(torch.equal(x, saved[name]) for name, x in on.ema.items())
    with pytest.raises(CheckpointError, match="belong to another network"):
        recipe("latent", widths=(16, 16), **where, start=tmp_path / "latent")(ONCE)
    other = Autoencoder((8, 8), z_channels=2)
    save_weights(tmp_path / "other", other.state_dict(), card)
    where = dict(autoencoder=tmp_path / "other", start=tmp_path / "latent")
    with pytest.raises(CheckpointError, match="learned latents of another autoencoder"):
        recipe("latent", **where)(ONCE)


def test_latents_go_on_from_pixels_with_new_ends(tmp_path, monkeypatch):
    few_critters_and_a_coder(tmp_path, monkeypatch)
    list(recipe("text", **TINY, pair=None)(ONCE, tmp_path / "words").run())
    where = dict(autoencoder=tmp_path / "coder", start=tmp_path / "words")
    on = recipe("latent", **where)(ONCE)
    before, _ = load_weights(tmp_path / "words")
    new = {n for n, x in on.ema.items() if not torch.equal(x, before[n].float())}
    assert new and all(name.startswith(ENDS) for name in new)
    assert on.card["config"]["unet"]["channels"] == 2
    list(on.run())

    list(
        recipe("latent", **TINY, pair=None, autoencoder=tmp_path / "coder")(
            ONCE, tmp_path / "latent"
        ).run()
    )
    with pytest.raises(CheckpointError, match="learned latents of another"):
        recipe("text", start=tmp_path / "latent")(ONCE)  # and no way back
    for what in ("text", "autoencoder"):  # what draws by labels starts neither
        with pytest.raises(CheckpointError, match="critters holds a denoiser, which"):
            recipe(what, start="critters")(ONCE)


def few_critters_and_a_coder(tmp_path, monkeypatch) -> dict:
    """A world in which latents are learned in no time; the card of its autoencoder."""
    monkeypatch.setattr(recipes, "load_critters", small_critters)
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


def test_a_command_finds_its_recipe(tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "1.png")
    make = recipe("denoiser", f"folder:{tmp_path}", batch_size=2, seed=9, **TINY)
    trainer = make(ONCE)
    assert trainer.card["batch_size"] == 2 and trainer.card["seed"] == 9
    assert trainer.card["config"]["widths"] == [8, 16]
    assert recipe("reader", size=64).keywords == {"size": 64}
    assert recipe("reader").keywords == {"size": 32}
    assert recipe("autoencoder", z_channels=8).keywords["z_channels"] == 8
    assert recipe("classifier", batch_size=3).keywords == {"batch_size": 3}
    assert recipe("pair", seed=3).func is pair_trainer
    own = recipe("text", blocks=2).keywords  # the rest as the recipe has it
    assert own == {"widths": (64, 160), "blocks": 2, "size": 32}
    mine = recipe("latent", pair="runs/pair", autoencoder="runs/coder").keywords
    assert (mine["pair"], mine["autoencoder"]) == ("runs/pair", "runs/coder")
    assert recipe("latent").keywords["autoencoder"] == "autoencoder"


def test_the_same_command_trains_a_larger_painter_where_there_is_a_gpu(monkeypatch):
    monkeypatch.setattr(recipes, "best_device", lambda: torch.device("cuda"))
    own = recipe("text", size=64).keywords
    assert own == {"widths": (128, 256), "blocks": 2, "size": 64}
    assert recipe("text", widths=(8, 16)).keywords["widths"] == (8, 16)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            dict(what="poet"),
            "--what must be one of denoiser, text, latent, pair, autoencoder, reader",
        ),
        (dict(what="reader", data="cifar10"), "A reader learns from critters"),
        (dict(what="classifier", data="critters"), "classifier learns from cifar10"),
        (dict(what="classifier", size=64), "--size must be 32"),
        (dict(what="pair", size=64), "--size must be 32"),
        (dict(what="autoencoder", size=32), "--size must be 64 here"),
        (dict(what="pair", data="cifar10"), "A pair learns from critters"),
        (
            dict(what="autoencoder", data="cifar10"),
            "An autoencoder learns from critters; got --data cifar10",
        ),
        (dict(what="denoiser", data="cifar10", size=64), "--size must be 32"),
        (dict(what="denoiser", size=48), "--size must be 32 or 64"),
        (dict(what="denoiser", widths=(12,)), "--widths must be multiples of 8"),
        (dict(what="denoiser", widths=()), "--widths must be multiples of 8"),
        (dict(what="denoiser", blocks=0), "--blocks 1 or more"),
        (
            dict(what="denoiser", widths=(8,) * 6),
            "6 --widths halve 32 pixels too often",
        ),
        (dict(what="latent", size=32), "--size must be 64 here"),
        (dict(what="latent", widths=(8,) * 5), "5 --widths halve 16 latents too often"),
        (
            dict(what="pair", pair="mine"),
            "--pair is for text and latent and autoencoder, not pair",
        ),
        (dict(what="text", autoencoder="mine"), "--autoencoder is for latent, not"),
        (dict(what="denoiser", seed=-1), "--seed must be 0"),
        (dict(what="denoiser", seed=2**70), "--seed must be 0"),
        (dict(what="denoiser", batch_size=0), "--batch must be 1..4096"),
    ],
)
def test_what_no_recipe_can_do_is_refused_before_any_data_is_loaded(
    words, sentence, monkeypatch
):
    monkeypatch.setattr(recipes, "load_data", None)  # would fail
    with pytest.raises(ValueError, match=sentence):
        recipe(**words)


def test_unknown_data_is_refused():
    with pytest.raises(
        DataError, match="critters, cifar10 or folder:PATH; got 'mnist'"
    ):
        load_data("mnist")


def test_every_kind_of_network_has_settings_that_exist():
    known = inspect.signature(Settings).parameters
    assert all(settings.keys() <= known.keys() for settings in SETTINGS.values())
    assert SETTINGS.keys() == recipes.DATA.keys()
