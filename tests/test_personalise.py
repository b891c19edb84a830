"""Fine-tuning: what each method moves, what it leaves, and that it can carry on."""

from functools import partial

import pytest
import torch
from PIL import Image
from test_pipeline_text import make_painter

from course_lib.checkpoint import (
    CheckpointError,
    digest,
    load_weights,
    save_checkpoint,
    save_weights,
)
from course_lib.networks.lora import lora_change
from course_lib.painters import additions
from course_lib.painters.additions import (
    added,
    folder_and_strength,
    painter_of,
    with_additions,
)
from course_lib.painters.pipeline import TextToImage
from course_lib.training import mine as my_pictures
from course_lib.training import newcomers, personalise, steering
from course_lib.training.mine import MySet, caption_of, checked_word, own_pictures
from course_lib.training.personalise import (
    dreambooth_trainer,
    inversion_trainer,
    lora_trainer,
)
from course_lib.training.settings import Settings
from course_lib.world.datasets import DataError
from course_lib.world.plush import draw_plush

TWICE = Settings(iterations=2, learning_rate=0.01, precision="float32", warmup=0)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A painter of 16x16 pixels, and few pictures of the world to keep it."""
    folder = tmp_path_factory.mktemp("base")
    painter = make_painter(length=40)
    painter.save_pretrained(folder / "tiny")
    return folder / "tiny"


@pytest.fixture(autouse=True)
def small_world(monkeypatch):
    for module, name in (
        *((personalise, "PRIOR"), (steering, "PICTURES"), (newcomers, "PICTURES")),
    ):
        monkeypatch.setattr(module, name, 16)


@pytest.fixture(scope="module")
def mine():
    pictures, captions, _ = draw_plush(3, 0, size=16, word="zorp")
    return MySet("zorp", pictures, captions)


def trained(make, folder, resume=False, until=None):
    trainer = make(TWICE, folder, resume, batch_size=4)
    trainer.until = until
    for _ in trainer.run():
        pass
    return trainer


def methods(mine, base) -> dict:
    return {
        "lora": partial(lora_trainer, mine, base=base, rank=2, alpha=3.0),
        "word": partial(inversion_trainer, mine, base=base, like="cat"),
        "dream": partial(dreambooth_trainer, mine, base=base),
        "control": partial(steering.control_trainer, base=base),
        "carry on": partial(newcomers.carry_on_trainer, base=base),
    }


@pytest.mark.parametrize("method", ["lora", "word", "dream", "control", "carry on"])
def test_a_killed_training_carries_on_to_the_same_bits(method, mine, base, tmp_path):
    make = methods(mine, base)[method]
    whole = trained(make, tmp_path / "whole")
    trained(make, tmp_path / "half", until=1)
    half = trained(make, tmp_path / "half", resume=True)
    assert digest(whole.ema) == digest(half.ema)
    assert whole.losses == half.losses


def test_lora_saves_a_few_numbers_and_leaves_the_painter_as_it_was(
    mine, base, tmp_path
):
    trained(methods(mine, base)["lora"], tmp_path / "z")
    tensors, card = load_weights(tmp_path / "z")
    whole, _ = load_weights(base)
    assert sum(x.numel() for x in tensors.values()) < 0.5 * sum(
        x.numel() for x in whole.values()
    )
    assert (card["kind"], card["word"], card["alpha"]) == ("lora", "zorp", 3.0)
    assert card["base_sha256"] == digest(whole)
    draw = TextToImage.from_pretrained(base)
    before = draw(["a frog"], steps=2)
    with_it = with_additions(draw, [str(tmp_path / "z")])
    assert torch.equal(draw(["a frog"], steps=2), before)
    assert not torch.equal(with_it(["a frog"], steps=2), before)
    without = with_additions(draw, [f"{tmp_path / 'z'}:0"])
    assert torch.equal(without(["a frog"], steps=2), before)
    # The formula, for one layer, by hand.
    name = "unet.into"
    down, up = (tensors[f"{name}.{part}.weight"] for part in ("down", "up"))
    weight, was = (m.get_submodule(name).weight for m in (with_it.model, draw.model))
    torch.testing.assert_close(weight, was + lora_change(down, up, 3.0))


def test_before_it_has_learned_the_word_is_the_one_that_it_starts_as(mine, base):
    """For all three methods alike."""
    draw = TextToImage.from_pretrained(base)
    cat = draw(["a cat"], steps=2)
    for make in (lora_trainer, inversion_trainer, dreambooth_trainer):
        trainer = make(mine, TWICE, base=base, batch_size=2, like="cat")
        new = painter_of(base, trainer.full_card(), trainer.averaged_model())
        torch.testing.assert_close(new(["a zorp"], steps=2), cat)
        with pytest.raises(ValueError, match="no word that the painter knows"):
            make(mine, TWICE, base=base, like="gnarl")


@pytest.mark.usefixtures("words", "here")
def test_a_folder_that_is_refused_gets_no_autoencoder(mine, base, tmp_path):
    other, _ = load_weights(base)
    for make in (dreambooth_trainer, newcomers.carry_on_trainer):
        start = (mine,) if make is dreambooth_trainer else ()
        save_weights(tmp_path / "theirs", other, {"kind": "friend's"})
        with pytest.raises(CheckpointError, match="already holds weights"):
            make(*start, TWICE, tmp_path / "theirs", base="latent", batch_size=2)
        assert not (tmp_path / "theirs" / "coder").exists()


def test_a_new_word_moves_nothing_but_its_own_row(mine, base, tmp_path):
    trainer = trained(methods(mine, base)["word"], tmp_path / "w")
    assert set(trainer.ema) == {"text_encoder.token.rows", "begun"}
    assert not torch.equal(trainer.ema["text_encoder.token.rows"], trainer.ema["begun"])
    draw = TextToImage.from_pretrained(base)
    taught = with_additions(draw, [str(tmp_path / "w")])
    for prompt in ("a cat", "a frog on stilts"):
        assert torch.equal(taught([prompt], steps=2), draw([prompt], steps=2))
    assert not torch.equal(taught(["a zorp"], steps=2), draw(["a zorp"], steps=2))
    # At strength 0 it is the word that it began as.
    begun = with_additions(draw, [f"{tmp_path / 'w'}:0"])
    cat = draw(["a cat"], steps=2)
    if len(draw.tokenizer.encode(" cat")) == 1:
        torch.testing.assert_close(begun(["a zorp"], steps=2), cat)
    assert "zorp" not in " ".join(taught.remarks(["a zorp at night"]))
    assert "zorp" in " ".join(draw.remarks(["a zorp at night"]))


def test_dreambooth_leaves_the_text_encoder_and_is_a_painter_of_its_own(
    mine, base, tmp_path
):
    trained(methods(mine, base)["dream"], tmp_path / "d")
    tensors, card = load_weights(tmp_path / "d")
    whole, _ = load_weights(base)
    # Below its token table there is one more row, and that learns.
    whole["text_encoder.token.table.weight"] = whole.pop("text_encoder.token.weight")
    assert tensors.keys() - whole.keys() == {"text_encoder.token.rows"}
    moved = {name for name in whole if not torch.equal(whole[name], tensors[name])}
    assert moved and not any(name.startswith("text_encoder.") for name in moved)
    assert card["words"] == ["zorp"] and card["config"]["text"]["new_words"] == 1
    painter = TextToImage.from_pretrained(tmp_path / "d")
    assert len(painter.tokenizer.encode("a zorp")) == 2
    assert "zorp" not in " ".join(painter.remarks(["a zorp"]))
    with pytest.raises(CheckpointError, match="--weights"):
        with_additions(TextToImage.from_pretrained(base), [str(tmp_path / "d")])


def test_half_of_a_batch_is_mine_and_half_the_worlds(mine, base):
    painter = TextToImage.from_pretrained(base, as_typed=True)
    get_batch = personalise.learned_batches(mine, painter, 6, 0, "world")
    batch = get_batch(0)
    assert batch["x_0"].shape == (6, 3, 16, 16) and len(batch["cond"]) == 6
    own = personalise.my_batches(mine, painter, 3, 0)(0)["x_0"]
    assert torch.equal(batch["x_0"][:3], own)
    alone = personalise.learned_batches(mine, painter, 6, 0, "none")(0)["x_0"]
    assert torch.equal(alone[:0], own[:0]) and len(alone) == 6
    with pytest.raises(ValueError, match="prior must be one of"):
        personalise.learned_batches(mine, painter, 6, 0, "everything")


# Additions ----------------------------------------------------------------------------


def test_additions_stack_and_those_for_other_weights_are_refused(mine, base, tmp_path):
    methods_here = methods(mine, base)
    trained(methods_here["lora"], tmp_path / "z")
    trained(methods_here["control"], tmp_path / "c")
    other = MySet("blim", mine.pictures, ["a blim"] * 3)
    make = partial(inversion_trainer, other, base=base, like="frog")
    trained(make, tmp_path / "b")
    draw = TextToImage.from_pretrained(base)
    folders = [str(tmp_path / name) for name in "czb"]  # the control goes last
    sketch = torch.zeros(1, 1, 16, 16)
    sketch[..., 4:12, 8] = 1
    stacked = with_additions(draw, folders, sketch)
    one = stacked(["a zorp left of a blim"], steps=2)
    assert one.shape == (1, 3, 16, 16)
    assert not torch.equal(one, draw(["a zorp left of a blim"], steps=2))
    assert stacked.remarks(["a zorp left of a blim"]) == []
    with pytest.raises(ValueError, match="needs a sketch"):
        with_additions(draw, folders)
    with pytest.raises(ValueError, match="needs a control"):
        with_additions(draw, folders[1:], sketch)
    with pytest.raises(ValueError, match="teach the word 'zorp'"):
        with_additions(draw, [folders[1], folders[1]])
    with pytest.raises(CheckpointError, match="which cannot be added"):
        save_weights(tmp_path / "j", {"x": torch.ones(1)}, {"kind": "judge"})
        with_additions(draw, [str(tmp_path / "j")])
    torch.nn.init.normal_(draw.model.unet.out.weight)
    with pytest.raises(CheckpointError, match="was trained on other weights"):
        with_additions(draw, folders[1:])


ROWS = "text_encoder.token.rows"


def changed(part: str, change):
    """A change of all tensors whose names hold this part."""
    return lambda t: {n: change(x) if part in n else x for n, x in t.items()}


def whole(x):
    return x.long()


@pytest.mark.parametrize(
    ("kind", "spoil", "on_card", "sentence"),
    [
        ("lora", changed("down", lambda x: x[:0]), {}, "belongs to another network"),
        ("lora", changed("down", lambda x: x[0, 0]), {}, "belongs to another network"),
        ("lora", changed("down", torch.flatten), {}, "belongs to another network"),
        ("lora", changed("up", whole), {}, "of torch.int64, and"),
        ("lora", changed("rows", whole), {}, "its text_encoder.token.rows is"),
        ("lora", changed("rows", lambda x: x[:, :7]), {}, "would fit"),
        ("lora", changed("rows", torch.flatten), {}, "would fit"),
        ("lora", changed("rows", lambda x: x[:0]), {}, "would fit"),
        ("lora", changed("rows", lambda x: x.repeat(9, 1)), {}, "would fit"),
        ("lora", changed("begun", lambda x: x[:, :3]), {}, "its begun is"),
        ("lora", lambda t: {}, {}, "it has no row"),
        ("lora", lambda t: {n: x for n, x in t.items() if n != ROWS}, {}, "no row"),
        ("lora", changed("up", lambda x: x + 1e30), {"alpha": 1e6}, "not finite"),
        *(
            ("lora", None, {"word": word}, "a word of 2 to 20 letters")
            for word in ("", " ", "a red cat", "\x1b[31mzorp", "zo\nrp", "(((")
        ),
        ("lora", None, {"word": "frog"}, "'frog' is no new word"),
        ("lora", None, {"word": "ZORP"}, "'ZORP' is no new word"),
        *(
            ("control", None, {"config": config}, "another")
            for config in ({}, {"unet": {}}, {"cell": 4}, {"unet": {"widths": [8]}})
        ),
    ],
)
def test_an_addition_that_does_not_fit_gets_a_sentence(
    mine, base, tmp_path, kind, spoil, on_card, sentence
):
    trained(methods(mine, base)[kind], tmp_path / "z")
    tensors, card = load_weights(tmp_path / "z")
    spoiled = {n: x.contiguous() for n, x in (spoil or dict)(tensors).items()}
    save_checkpoint(tmp_path / "z/model.safetensors", spoiled, card | on_card)
    sketch = torch.zeros(1, 1, 16, 16) if kind == "control" else None
    draw = TextToImage.from_pretrained(base)
    with pytest.raises(CheckpointError) as refused:
        with_additions(draw, [str(tmp_path / "z")], sketch)
    said = str(refused.value)
    assert sentence in said and said.endswith(".") and "\n" not in said


def test_finite_weights_that_draw_no_numbers_are_no_mistake_of_ours(base):
    draw = TextToImage.from_pretrained(base)
    torch.nn.init.constant_(draw.model.unet.out.weight, 1e38)
    with pytest.raises(FloatingPointError, match="not finite"):
        draw(["a frog"], steps=2)


def test_a_strength_is_a_number_within_bounds(monkeypatch):
    assert folder_and_strength("runs/zorp:0.8") == ("runs/zorp", 0.8)
    assert folder_and_strength("runs/zorp") == ("runs/zorp", 1.0)
    assert folder_and_strength(r"C:\runs\zorp") == (r"C:\runs\zorp", 1.0)
    there = {"tiny", "a:0.5"}  # a folder may have a colon in its name
    monkeypatch.setattr(additions, "is_there", there.__contains__)
    assert folder_and_strength("a:0.5") == ("a:0.5", 1.0)
    assert folder_and_strength("a:0.5:2") == ("a:0.5", 2.0)
    for wrong in ("tiny:abc", "tiny:", "tiny:0x1", "tiny:\u0663", "tiny:1_0"):
        with pytest.raises(ValueError, match=r"A strength lies in 0..3"):
            folder_and_strength(wrong)
    for wrong in ("z:5", "z:-1", "z:nan", "z:inf"):
        with pytest.raises(ValueError, match=r"A strength lies in 0..3"):
            folder_and_strength(wrong)


def test_what_is_in_memory_draws_as_what_was_saved(mine, base, tmp_path):
    trainer = trained(methods(mine, base)["lora"], tmp_path / "z")
    now = painter_of(base, trainer.card, trainer.averaged_model())
    draw = TextToImage.from_pretrained(base)
    again = added(draw, trainer.ema, trainer.full_card())
    assert torch.equal(now(["a zorp"], steps=2), again(["a zorp"], steps=2))


# My pictures --------------------------------------------------------------------------


def test_pictures_of_any_size_become_squares_and_their_names_captions(tmp_path):
    for name, size in (
        ("zorp at the beach 2.png", (90, 40)),
        ("my_zorp_in_the_snow-3.jpg", (33, 64)),
        ("IMG_2041.png", (500, 500)),
    ):
        Image.new("RGB", size, (200, 100, 50)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    mine = own_pictures(tmp_path, "Zorp")
    assert mine.word == "zorp" and mine.pictures.shape == (3, 3, 64, 64)
    assert sorted(mine.captions) == [
        "a zorp",
        "a zorp at the beach",
        "my zorp in the snow",
    ]
    assert caption_of("zorp", "zorp") == "a zorp"


@pytest.mark.parametrize("word", ["cat", "cats", "red", "stilts", "beach", "kitty"])
def test_a_word_that_exists_is_refused(word):
    with pytest.raises(ValueError, match="means something already|would be read"):
        checked_word(word)


@pytest.mark.parametrize("word", ["", "two words", "z", "zorp2", "<zorp>", "x" * 30])
def test_a_word_that_is_none_is_refused(word):
    with pytest.raises(ValueError, match="one word of 2 to 20 letters"):
        checked_word(word)


def test_a_word_that_would_be_corrected_is_refused():
    with pytest.raises(ValueError, match="turtle"):
        checked_word("turtel")


def test_a_folder_without_pictures_or_with_hundreds_is_refused(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="There is no folder"):
        own_pictures(tmp_path / "none", "zorp")
    with pytest.raises(DataError, match="no picture in"):
        own_pictures(tmp_path, "zorp")
    monkeypatch.setattr(my_pictures, "MOST_MINE", 2)
    for i in range(3):
        Image.new("RGB", (20, 20)).save(tmp_path / f"{i}.png")
    with pytest.raises(DataError, match="3 pictures"):
        own_pictures(tmp_path, "zorp")


def test_a_damaged_picture_is_named_and_the_others_are_used(tmp_path, capsys):
    Image.new("RGB", (20, 20)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"not a picture at all")
    assert len(own_pictures(tmp_path, "zorp")) == 1
    assert "bad.png" in capsys.readouterr().out
