"""The picture sets: what is in them, and what happens when they cannot be had."""

import hashlib
import io
import os
import sys
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from course_lib.checkpoint import load_checkpoint, save_checkpoint
from course_lib.world import datasets
from course_lib.world.critters import (
    ANIMALS,
    SUBJECTS,
    choose_factors,
    held_out_by_kind,
    is_held_out,
)
from course_lib.world.datasets import (
    CIFAR10_NAMES,
    DataError,
    PictureSet,
    batches,
    cached,
    load_cifar10,
    load_cifar10_or_critters,
    load_critters,
    load_emoji,
)
from course_lib.world.photos import load_folder

MIRROR = pytest.mark.skipif(
    "COURSE_DATA" not in os.environ, reason="no mirror with the real CIFAR-10 here"
)


def ten_pictures() -> PictureSet:
    pictures = torch.arange(10, dtype=torch.uint8).reshape(10, 1, 1, 1)
    pictures = pictures.expand(10, 3, 4, 4).clone()
    pictures[:, :, :, 0] = 255  # a white left side: mirroring shows
    labels = torch.arange(10) % 2 + 1
    factors = {"number": torch.arange(10)}
    return PictureSet("ten", pictures, labels, ("nothing", "even", "odd"), factors)


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Few critters, and a cache of one's own."""
    monkeypatch.setattr(datasets, "CRITTERS_ROWS", {"train": 96, "test": 32})
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return tmp_path


# Any set ----------------------------------------------------------------------------


def test_a_set_gives_pictures_between_minus_1_and_1():
    x_0, label = ten_pictures()[torch.tensor([0, 3])]
    assert x_0.shape == (2, 3, 4, 4) and x_0.dtype == torch.float32
    assert -1 <= x_0.min() and x_0.max() == 1
    assert label.tolist() == [1, 2]


def test_a_label_is_found_by_its_name_or_the_names_are_told():
    assert ten_pictures().label("odd") == 2
    with pytest.raises(
        DataError, match="No label is called 'prime'.*nothing, even, odd"
    ):
        ten_pictures().label("prime")


def test_every_picture_comes_once_an_epoch():
    get_batch = batches(ten_pictures(), batch_size=4)
    seen = torch.cat([get_batch(i)["number"] for i in range(5)])  # two epochs
    assert sorted(seen[:10].tolist()) == sorted(seen[10:].tolist()) == list(range(10))
    assert seen[:10].tolist() != seen[10:].tolist()


def test_a_batch_depends_on_its_iteration_alone():
    walked, jumped = (batches(ten_pictures(), 4, flip=True) for _ in range(2))
    for i in range(7):
        last = walked(i)
    jump = jumped(6)
    assert all(torch.equal(last[name], jump[name]) for name in last)


def test_another_seed_shuffles_differently():
    orders = [
        batches(ten_pictures(), 10, seed)(0)["number"].tolist() for seed in (0, 1)
    ]
    assert orders[0] != orders[1]


def test_labels_and_factors_belong_to_their_picture():
    batch = batches(ten_pictures(), 10)(0)
    assert torch.equal(batch["cond"], batch["number"] % 2 + 1)
    gray = ((batch["x_0"][:, 0, 0, 1] + 1) * 127.5).round().long()
    assert torch.equal(gray, batch["number"])


def test_pictures_are_mirrored_only_where_it_is_asked_for():
    left = batches(ten_pictures(), 64)(0)["x_0"][:, 0, 0, 0] == 1
    assert left.all()
    left = batches(ten_pictures(), 64, flip=True)(0)["x_0"][:, 0, 0, 0] == 1
    assert 16 < left.sum() < 48


# Critters ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["any", "one"])
def test_no_held_out_combination_is_among_the_training_critters(kind):
    factors = choose_factors(torch.arange(50_000), seed=0, kind=kind)
    assert not is_held_out(factors).any()
    free = choose_factors(torch.arange(5000), 0, kind, allow_held_out=True)
    kinds = ["accessory", "colour", "ears"] + ["pair"] * (kind == "any")
    assert all(held_out_by_kind(free)[name].any() for name in kinds)


def test_the_critters_that_are_loaded_are_those(small):
    train, test = (load_critters(split, kind="one") for split in ("train", "test"))
    everything = choose_factors(torch.arange(128), seed=0, kind="one")
    for name, values in everything.items():
        assert torch.equal(train.factors[name], values[:96])
        assert torch.equal(test.factors[name], values[96:])
    assert torch.equal(train.labels, train.factors["subject"])
    assert train.names == ("nothing", *SUBJECTS[1:])
    assert {train.names[label] for label in train.labels.tolist()} <= set(ANIMALS)
    assert (
        train.pictures.shape == (96, 3, 32, 32) and train.pictures.dtype == torch.uint8
    )


def test_critters_come_from_the_cache_the_second_time(small, monkeypatch):
    first = load_critters("test")
    monkeypatch.setattr(datasets, "draw_critters", None)  # would fail
    assert torch.equal(load_critters("test").pictures, first.pictures)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied"])
def test_a_damaged_cache_is_made_again(small, damage):
    first = load_critters("test")
    (file,) = (small / "cache").iterdir()
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    file.write_bytes(
        {"truncated": whole[:-9], "flipped": flipped, "emptied": b""}[damage]
    )
    assert torch.equal(load_critters("test").pictures, first.pictures)
    assert torch.equal(load_checkpoint(file)[0]["pictures"], first.pictures)


@pytest.mark.parametrize(
    ("tensors", "card"),
    [
        ({"x": 0}, {"name": "right"}),  # no pictures
        ({"pictures": 0}, {"name": "wrong"}),  # a file that somebody renamed
        ({"pictures": 0}, {}),
    ],
)
def test_a_cache_of_something_else_is_made_again(small, tensors, card):
    file = small / "cache" / "right.safetensors"
    save_checkpoint(file, {n: torch.tensor(x) for n, x in tensors.items()}, card)
    left_over = file.with_name(f".{file.name}.0.part")
    left_over.touch()
    os.utime(left_over, (0, 0))
    for _ in range(2):
        found = cached("right", lambda: {"pictures": torch.tensor(7)}, "pictures")
        assert found == {"pictures": 7}
    assert load_checkpoint(file) == ({"pictures": 7}, {"name": "right"})
    assert list(file.parent.iterdir()) == [file]


def test_a_cache_of_more_pictures_than_labels_is_made_again(small):
    made = {"pictures": torch.zeros(3, 4), "labels": torch.zeros(3)}
    file = small / "cache" / "right.safetensors"
    save_checkpoint(file, made | {"labels": torch.zeros(2)}, {"name": "right"})
    found = cached("right", lambda: made, "pictures", "labels")
    assert len(found["labels"]) == 3


def test_a_cache_that_cannot_be_written_costs_only_time(small, monkeypatch, capsys):
    (small / "file").touch()
    monkeypatch.setenv("COURSE_CACHE", str(small / "file" / "cache"))
    assert len(load_critters("test")) == 32
    assert "not kept for the next time" in capsys.readouterr().out


def test_a_split_that_is_none_is_refused():
    with pytest.raises(DataError, match="'train' and 'test'; got 'valid'"):
        load_critters("valid")
    with pytest.raises(DataError, match="'train' and 'test'; got 'valid'"):
        load_cifar10("valid")


# CIFAR-10 ---------------------------------------------------------------------------


@MIRROR
@pytest.mark.parametrize(("split", "rows"), [("train", 50_000), ("test", 10_000)])
def test_cifar10_is_all_there(split, rows):
    pictures = load_cifar10(split)
    assert len(pictures) == rows
    assert pictures.pictures.shape == (rows, 3, 32, 32)
    assert pictures.pictures.dtype == torch.uint8
    assert pictures.names == ("nothing", *CIFAR10_NAMES) and len(CIFAR10_NAMES) == 10
    assert torch.bincount(pictures.labels).tolist() == [0] + [rows // 10] * 10
    assert pictures.pictures.float().mean().item() == pytest.approx(120.7, abs=2)


class Rows(dict):
    """What `datasets` gives, as far as we use it."""

    def __len__(self):
        return len(self["label"])

    def cast_column(self, name, feature):
        assert name == "img" and feature == {"decode": False}
        return self


def hub(monkeypatch, load_dataset):
    """Let `import datasets` find this instead."""
    fake = SimpleNamespace(load_dataset=load_dataset, Dataset=SimpleNamespace())
    fake.Image = dict
    monkeypatch.setitem(sys.modules, "datasets", fake)
    monkeypatch.setattr(datasets, "network_reachable", lambda: True)


def png(image: Image.Image) -> dict:
    """A picture as `datasets` keeps it in a row."""
    content = io.BytesIO()
    image.save(content, "PNG")
    return {"bytes": content.getvalue(), "path": None}


def rows_of(monkeypatch, images, labels, expected=None):
    """A hub with these rows, and checksums that expect them."""
    checksum = hashlib.sha256(bytes(expected or labels)).hexdigest()
    monkeypatch.setattr(datasets, "CIFAR10_ROWS", {"train": len(expected or labels)})
    monkeypatch.setattr(datasets, "CIFAR10_LABELS", {"train": checksum})
    hub(monkeypatch, lambda *a, **k: Rows(img=images, label=labels))


def out_of_reach(*args, **kwargs):
    raise ConnectionError("Temporary failure in name resolution")


def test_rows_become_bytes_and_labels_from_1(small, monkeypatch):
    images = [png(Image.new("RGB", (32, 32), (i, 0, 255))) for i in range(3)]
    rows_of(monkeypatch, images, [2, 0, 9])
    pictures = load_cifar10("train")
    assert pictures.labels.tolist() == [3, 1, 10]
    assert pictures.pictures[:, :, 5, 5].tolist() == [[i, 0, 255] for i in range(3)]


def test_an_interrupted_download_is_answered_with_a_sentence(small, monkeypatch):
    hub(monkeypatch, out_of_reach)
    with pytest.raises(DataError, match="from the network .*download was interrupted"):
        load_cifar10("train")
    assert not (small / "cache").exists()


def test_without_a_network_no_download_is_tried(small, monkeypatch):
    hub(monkeypatch, lambda *args, **kwargs: pytest.fail("tried all the same"))
    monkeypatch.setattr(datasets, "network_reachable", lambda: False)
    with pytest.raises(DataError, match="from the network .*it is out of reach"):
        load_cifar10("train")


@pytest.mark.parametrize("labels", [[1, 2], [2, 1, 3]])
def test_rows_that_are_missing_or_out_of_order_are_noticed(small, monkeypatch, labels):
    images = [png(Image.new("RGB", (32, 32)))] * len(labels)
    rows_of(monkeypatch, images, labels, expected=[1, 2, 3])
    with pytest.raises(DataError, match=f"should hold 3 pictures.*{len(labels)} were"):
        load_cifar10("train")


def test_a_damaged_picture_among_the_rows_is_noticed(small, monkeypatch):
    whole = png(Image.new("RGB", (32, 32)))["bytes"]
    rows_of(monkeypatch, [{"bytes": whole[:60]}], [1])
    with pytest.raises(DataError, match="CIFAR-10, train, is damaged.*try again"):
        load_cifar10("train")


@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n", None])
def test_a_row_of_another_kind_is_given_to_no_other_decoder(
    small, monkeypatch, content, tmp_path
):
    """Ghostscript is one; and a row without bytes may name any file there is."""
    Image.new("RGB", (32, 32)).save(tmp_path / "x.png")
    file = {"bytes": content, "path": str(tmp_path / "x.png")}
    rows_of(monkeypatch, [file], [1])
    with pytest.raises(DataError, match="is not a picture that can be read"):
        load_cifar10("train")


def test_a_table_of_pictures_is_read_without_decoding_any(small, monkeypatch):
    """The real `datasets`: what it decodes, it decodes whatever it is."""
    real = pytest.importorskip("datasets")
    postscript = {"bytes": b"%!PS-Adobe-3.0 EPSF-3.0\n", "path": None}
    told = {"image": [png(Image.new("RGB", (32, 32))), postscript]}
    features = real.Features(image=real.Image(), text=real.Value("string"))
    names = [x for x in map(str, range(99)) if datasets.emoji_split(x) == "train"]
    rows = real.Dataset.from_dict(told | {"text": names[:2]}, features=features)
    file = small / datasets.EMOJI
    file.parent.mkdir()
    rows.to_parquet(str(file))
    monkeypatch.setenv("COURSE_DATA", str(small))
    with pytest.raises(DataError, match="is not a picture that can be read"):
        load_emoji("train")


def test_a_mirror_without_it_is_named_and_the_network_tried(small, monkeypatch):
    (small / "mirror").mkdir()
    monkeypatch.setenv("COURSE_DATA", str(small / "mirror"))
    hub(monkeypatch, out_of_reach)
    with pytest.raises(
        DataError, match=r"from the network.*the mirror .*mirror has no"
    ):
        load_cifar10("train")


def test_a_damaged_mirror_is_named(small, monkeypatch):
    file = small / "mirror" / "cifar10" / "x" / "train-00000.parquet"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"PAR1 and no more")
    monkeypatch.setenv("COURSE_DATA", str(small / "mirror"))
    hub(monkeypatch, out_of_reach)
    fake = sys.modules["datasets"].Dataset
    fake.from_parquet = lambda files: out_of_reach()
    with pytest.raises(DataError, match="from the mirror"):
        load_cifar10("train")


def test_out_of_reach_critters_take_its_place_in_one_line(small, monkeypatch, capsys):
    hub(monkeypatch, out_of_reach)
    assert load_cifar10_or_critters("test").name == "critters"
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.endswith("Critters take its place.\n")


# Emoji ------------------------------------------------------------------------------


@MIRROR
def test_emoji_have_their_names_as_captions():
    train, test = load_emoji("train"), load_emoji("test")
    assert train.pictures.shape[1:] == (3, 32, 32)
    assert len(test) > 300 and 3 < len(train) / len(test) < 6
    x_0, label = test[7]
    assert x_0.shape == (3, 32, 32) and len(test.names[label]) > 2


@MIRROR
def test_no_emoji_is_in_both_splits_in_whatever_skin_tone():
    names = [
        {name.split(",")[0] for name in load_emoji(split).names[1:]}
        for split in ("train", "test")
    ]
    assert not names[0] & names[1]


def test_without_a_mirror_emoji_are_refused_in_a_sentence(small, monkeypatch):
    with pytest.raises(DataError, match="only from the mirror .* it names none"):
        load_emoji()
    monkeypatch.setenv("COURSE_DATA", str(small))
    with pytest.raises(DataError, match="has no emoji/emoji32"):
        load_emoji()
    file = small / datasets.EMOJI
    file.parent.mkdir()
    file.write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="emoji32.* is damaged"):
        load_emoji()
    with pytest.raises(DataError, match="splits 'train' and 'test'; got 'dev'"):
        load_emoji("dev")


# Your own photos --------------------------------------------------------------------


def test_a_folder_of_photos_becomes_a_set(tmp_path):
    Image.new("CMYK", (50, 30)).save(tmp_path / "a.jpg")
    Image.new("L", (8, 9), 255).save(tmp_path / "b.png")
    pictures = load_folder(tmp_path, size=16)
    assert pictures.pictures.shape == (2, 3, 16, 16)
    assert pictures.names == ("nothing", "photo") and pictures.labels.tolist() == [1, 1]


def test_subfolders_are_labels(tmp_path):
    for name in ("dogs", "cats"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (9, 9)).save(tmp_path / name / "1.png")
    Image.new("RGB", (9, 9)).save(tmp_path / "unsorted.png")
    pictures = load_folder(tmp_path)
    assert pictures.names == ("nothing", "cats", "dogs")
    assert pictures.labels.tolist() == [1, 2, 0]


def test_bad_files_are_named_and_skipped(tmp_path, capsys):
    Image.new("RGB", (40, 40)).save(tmp_path / "good.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:60])
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".DS_Store").write_text("no file of yours")
    assert len(load_folder(tmp_path)) == 1
    lines = capsys.readouterr().out.splitlines()
    named = {
        name for name in ("dot.png", "cut.png", "notes.txt") for x in lines if name in x
    }
    assert len(lines) == 3 and len(named) == 3
    assert all(line.startswith("skipped: ") for line in lines)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="There is no folder .*nowhere"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is empty: put some photos into it"):
        load_folder(tmp_path)
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text("words")
    with pytest.raises(DataError, match="None of the 3 files .* is a usable picture"):
        load_folder(tmp_path)
    with pytest.raises(DataError, match="There is no folder"):
        load_folder(tmp_path / "0.txt")


def photo(file) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (9, 9)).save(file)


@pytest.mark.parametrize("name", [".ipynb_checkpoints", ".thumbnails", "@eaDir"])
def test_what_programs_keep_in_a_folder_is_no_photo(tmp_path, capsys, name):
    for file in ("a.png", f"{name}/a.png", f"{name}/cat/a.png", "@b.png"):
        photo(tmp_path / file)
    pictures = load_folder(tmp_path)
    assert pictures.names == ("nothing", "photo") and pictures.labels.tolist() == [1]
    assert capsys.readouterr().out == ""


def test_a_hidden_folder_that_is_asked_for_is_read(tmp_path):
    photo(tmp_path / ".mine" / "a.png")
    assert len(load_folder(tmp_path / ".mine")) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such links")
def test_links_to_folders_are_followed_and_never_in_a_circle(tmp_path, capsys):
    photo(tmp_path / "elsewhere" / "1.png")
    photo(tmp_path / "pets" / "cat" / "1.png")
    (tmp_path / "pets" / "dog").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "pets" / "lost").symlink_to(tmp_path / "nowhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "pets")
    (tmp_path / "pets" / "cat" / "itself").symlink_to(tmp_path / "pets" / "cat")
    pictures = load_folder(tmp_path / "pets")
    assert pictures.names == ("nothing", "cat", "dog")
    assert pictures.labels.tolist() == [1, 2]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and sum("leads back" in line for line in lines) == 2
    assert any("lost is neither a file nor a folder" in line for line in lines)


def test_a_label_has_a_picture(tmp_path, capsys):
    photo(tmp_path / "dog" / "1.png")
    (tmp_path / "cat").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "1.png").write_text("no picture")
    pictures = load_folder(tmp_path)
    assert pictures.names == ("nothing", "dog") and pictures.labels.tolist() == [1]
    broken, cat = capsys.readouterr().out.splitlines()
    assert "cat holds no picture, so it is no label" in cat + broken
    assert "1.png is not a picture" in cat + broken


def test_a_folder_that_may_not_be_read_is_named(tmp_path, capsys, monkeypatch):
    photo(tmp_path / "dog" / "1.png")
    (tmp_path / "cat").mkdir()
    iterdir = datasets.Path.iterdir

    def refuse(self):
        if self.name == closed:
            raise PermissionError(13, "Permission denied", str(self))
        return iterdir(self)

    monkeypatch.setattr(datasets.Path, "iterdir", refuse)
    closed = "cat"
    assert load_folder(tmp_path).names == ("nothing", "dog")
    assert "cat cannot be read: Permission denied." in capsys.readouterr().out
    closed = tmp_path.name
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        load_folder(tmp_path)


def test_labels_are_names_that_can_be_asked_for(tmp_path):
    for name in ("mu\u0308sli", " lead", "salt,pepper", "z\u200b"):
        photo(tmp_path / name / "1.png")
    pictures = load_folder(tmp_path)
    assert pictures.names == ("nothing", "lead", "m\u00fcsli", "salt,pepper", "z")
    assert pictures.label("mu\u0308sli ") == pictures.label("m\u00fcsli") == 2
    with pytest.raises(DataError, match=r"there are nothing, lead, .*salt\\,pepper"):
        pictures.label("salt")


def test_two_spellings_of_a_name_are_one_label(tmp_path):
    for name in ("mu\u0308sli", "m\u00fcsli", "a"):
        photo(tmp_path / name / "1.png")
    pictures = load_folder(tmp_path)
    assert pictures.names == ("nothing", "a", "m\u00fcsli")
    assert sorted(pictures.labels.tolist()) == [1, 2, 2]


def test_a_folder_called_nothing_holds_what_has_no_label(tmp_path):
    for name in ("nothing", "cat"):
        photo(tmp_path / name / "1.png")
    pictures = load_folder(tmp_path)
    assert pictures.names == ("nothing", "cat")
    assert pictures.labels.tolist() == [1, 0]


def test_a_folder_has_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo(tmp_path / "a.png")
    for empty in ("", " "):
        with pytest.raises(DataError, match="name a folder of photos"):
            load_folder(empty)
    assert len(load_folder(".")) == 1
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert len(load_folder("~")) == len(load_folder("~/")) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_the_name_of_a_skipped_file_commands_no_terminal(tmp_path, capsys):
    photo(tmp_path / "a.png")
    (tmp_path / "b\x1b]0;owned\x07.png").write_text("no picture")
    load_folder(tmp_path)
    assert "\x1b" not in (said := capsys.readouterr().out) and "\\x1b]0;" in said


def test_a_comment_changes_no_picture_and_a_number_does(monkeypatch, tmp_path):
    def named(text: str) -> str:
        (tmp_path / "scenes.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(datasets.scenes, "__file__", str(tmp_path / "scenes.py"))
        return datasets.critters_name()

    assert named("sun = 1  # bright\n") == named("# a sun\nsun = 1\n")
    assert named("sun = 1\n") != named("sun = 2\n")
