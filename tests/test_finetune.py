"""The commands `finetune`, and `generate --with`: what they write and refuse."""

import json

import pytest
from on_disk import contents, written
from PIL import Image
from test_pipeline_text import make_painter

from course_lib.checkpoint import load_weights
from course_lib.commands.finetune import FINETUNE
from course_lib.training import newcomers, personalise, steering

SHORT = "--iterations 2 --batch 4 --precision float32"


@pytest.fixture
def tiny(here, monkeypatch):
    """A painter of 16x16 pixels and a folder of three pictures, in an empty folder."""
    make_painter(length=40).save_pretrained(here / "tiny")
    for i in range(3):
        (here / "photos").mkdir(exist_ok=True)
        Image.new("RGB", (30 + i, 24), (60 * i, 90, 200)).save(
            here / "photos" / f"zorp at night {i}.png"
        )
    for module, name in (
        *((personalise, "PRIOR"), (steering, "PICTURES"), (newcomers, "PICTURES")),
    ):
        monkeypatch.setattr(module, name, 16)
    monkeypatch.setattr("course_lib.commands.finetune.EVERY", 1)
    return here


MINE = "--images photos --word zorp --weights tiny"


def test_a_lora_is_trained_shown_and_drawn_with(cli, tiny):
    code, out, _ = cli(f"finetune lora {MINE} --rank 2 --out runs/z {SHORT} --json")
    assert code == 0 and "about" in out[0]
    assert (tiny / "runs/z/pictures/00002.png").is_file()
    _, card = load_weights(tiny / "runs/z")
    assert card["word"] == "zorp" and card["captions"] == ["a zorp at night"] * 3
    assert "finetune lora" in card["command"]
    assert cli("generate 'a zorp' --weights tiny --out z.png --with runs/z")[2] == []
    draw = "generate 'a frog' --weights tiny --steps 2 --out"
    assert cli(f"{draw} a.png --with runs/z:0.5")[0] == 0
    assert cli(f"{draw} b.png --with runs/z:0")[0] == 0
    assert cli(f"{draw} c.png")[0] == 0
    a, b, c = ((tiny / f"{name}.png").read_bytes() for name in "abc")
    assert b == c and a != c
    code, _, err = cli(f"finetune lora {MINE} --out runs/z {SHORT}")
    assert code == 2 and "--resume" in err[-1]
    assert cli(f"finetune lora {MINE} --rank 2 --out runs/z {SHORT} --resume")[0] == 0


def test_the_other_four_are_trained_too(cli, tiny):
    of_mine = {"inversion": "--like cat", "dreambooth": "--prior none"}
    for method, options in of_mine.items():
        run = f"finetune {method} {MINE} {options} --out runs/{method} {SHORT}"
        assert cli(run)[0] == 0
    for method in ("control", "carry-on"):
        run = f"finetune {method} --weights tiny --out runs/{method} {SHORT}"
        assert cli(run)[0] == 0
    Image.new("L", (20, 20), 255).save(tiny / "paper.png")
    draw = "generate 'a cat' --steps 2 --out x.png"
    assert cli(f"{draw} --weights runs/dreambooth")[0] == 0
    assert cli(f"{draw} --weights runs/carry-on")[0] == 0
    both = "--weights tiny --with runs/control:0.5 --with runs/inversion"
    assert cli(f"{draw} {both} --sketch paper.png")[0] == 0
    code, _, err = cli(f"{draw} {both}")
    assert code == 2 and "--sketch FILE" in err[-1]


def test_one_picture_works_with_a_remark(cli, tiny):
    for file in sorted((tiny / "photos").iterdir())[1:]:
        file.unlink()
    code, _, err = cli(f"finetune inversion {MINE} --out runs/one {SHORT}")
    assert code == 0 and err[0].startswith("One picture is enough to start")


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("lora --images nowhere --word zorp", "There is no folder nowhere"),
        ("lora --images empty --word zorp", "There is no picture in empty"),
        ("lora --images photos --word cat", "'cat' means something already"),
        ("lora --images photos --word 'a zorp'", "one word of 2 to 20 letters"),
        ("lora --images photos --word zorp --rank 0", "rank must be 1..256; got 0"),
        ("lora --images photos --word zorp --rank 20000", "rank must be 1..256"),
        ("lora --images photos --word zorp --alpha -1", "alpha must be 0.001..1000000"),
        ("lora --images photos --word zorp --alpha nan", "alpha must be 0.001"),
        ("lora --images photos --word zorp --alpha inf", "alpha must be 0.001"),
        ("lora --images photos --word zorp --alpha 1e7", "alpha must be 0.001"),
        ("lora --images photos --word zorp --alpha 1e-300", "alpha must be 0.001"),
        ("lora --images photos --word zorp --batch 1", "--batch must be 2 or more"),
        ("dreambooth --images photos --word zorp --batch 1", "--batch must be 2 or"),
        ("carry-on --batch 1", "--batch must be 2 or more"),
        ("lora --images photos --word zorp --prior some", "prior must be one of"),
        ("lora --images photos --word zorp --weights nothing", "no weights at"),
        ("inversion --images photos --word zorp --like gnarl", "is no word"),
        ("inversion --images photos --word zorp --like '!!!'", "is no word"),
        ("inversion --images photos --word zorp --like the", "is no word"),
        ("dreambooth --images photos --word zorp --iterations 0", "iterations must"),
        ("control --weights reader-32", "which takes no prompts"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_a_sentence(cli, tiny, words, sentence):
    (tiny / "empty").mkdir()
    weights = "" if "--weights" in words else "--weights tiny"
    before = written(tiny)
    code, _, err = cli(f"finetune {words} {weights} --out runs/new")
    assert code == 2 and sentence in err[-1]
    assert written(tiny) == before


@pytest.mark.parametrize(
    "out, images",
    [
        ("photos", "photos"),
        ("photos/run", "photos"),
        ("link/run", "photos"),
        ("photos", "photos/pictures"),
    ],
)
def test_a_training_does_not_write_among_its_pictures(cli, tiny, out, images):
    (tiny / "link").symlink_to("photos")
    (tiny / "photos/pictures").mkdir()
    before = written(tiny)
    run = f"finetune inversion --images {images} --word zorp --weights tiny {SHORT}"
    for more in ("", "--resume"):
        code, _, err = cli(f"{run} --out {out} {more}")
        assert code == 2 and f"--out {out} lies among the pictures" in err[-1]
    assert written(tiny) == before


def test_what_its_maker_refuses_teaches_no_word(cli, tiny):
    refused = {"c2pa.ai_generative_training": {"use": "notAllowed"}}
    consent = {"entries": {"zorp at night 0.png": refused}}
    (tiny / "photos/consent.json").write_text(json.dumps(consent), encoding="utf-8")
    code, out, _ = cli(f"finetune inversion {MINE} --out runs/two {SHORT}")
    assert code == 0 and "1 of 3 pictures left out" in " ".join(out)
    assert len(load_weights(tiny / "runs/two")[1]["captions"]) == 2
    for content, sentence in (
        (json.dumps({"entries": {"*": refused}}), "may be trained on"),
        ("not a list", "is no list of consent"),
    ):
        (tiny / "photos/consent.json").write_text(content, encoding="utf-8")
        code, _, err = cli(f"finetune inversion {MINE} --out runs/none {SHORT}")
        assert code == 2 and sentence in err[-1]
        assert not (tiny / "runs/none").exists()


def test_a_word_that_the_painter_has_learned_is_not_taught_again(cli, tiny):
    dream = f"finetune dreambooth --prior none {SHORT} --images photos"
    assert cli(f"{dream} --word zorp --weights tiny --out runs/zorp")[0] == 0
    code, _, err = cli(
        f"finetune lora {SHORT} --images photos --word zorp --weights runs/zorp --out x"
    )
    assert code == 2 and "has learned before: invent another" in err[-1]
    assert not (tiny / "x").exists()
    # Both words stay its own, and both lead on.
    assert cli(f"{dream} --word blim --weights runs/zorp --out runs/both")[0] == 0
    assert cli(f"finetune carry-on {SHORT} --weights runs/both --out runs/all")[0] == 0
    own = {name: load_weights(tiny / f"runs/{name}")[1] for name in ("both", "all")}
    assert own["both"]["own_words"] == own["both"]["words"] == ["zorp", "blim"]
    assert own["all"]["own_words"] == ["zorp", "blim", "octopus", "water"]
    assert own["all"]["words"] == ["zorp", "blim"]
    assert cli("generate 'a zorp' --steps 1 --weights runs/all --out z.png")[2] == []


def test_finished_weights_are_not_overwritten_by_a_training(cli, tiny):
    assert cli(f"finetune inversion {MINE} --out runs/theirs {SHORT}")[0] == 0
    (tiny / "runs/theirs/state.safetensors").unlink()
    make_painter(length=40).save_pretrained(tiny / "runs/painter")
    before = contents(tiny)
    for command in (
        f"finetune inversion {MINE} {SHORT} --out runs/theirs",
        f"finetune inversion {MINE} {SHORT} --out runs/theirs --resume",
        f"finetune dreambooth {MINE} {SHORT} --out runs/painter",
        "train --iterations 2 --widths 8 --blocks 1 --out runs/painter",
        "distil guidance --start critters --iterations 2 --out runs/painter",
    ):
        code, _, err = cli(command)
        assert code == 2 and "already holds weights" in err[-1], command
    assert contents(tiny) == before


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("--with runs/none", "no weights at 'runs/none'"),
        ("--with tiny", "a whole painter"),
        ("--with reader-32", "which cannot be added"),
        ("--with tiny:5", "A strength lies in 0..3"),
        ("--with tiny:-0.1", "A strength lies in 0..3"),
        ("--sketch photos/nothing.png", "cannot be opened"),
    ],
)
def test_what_cannot_be_added_is_refused_with_a_sentence(cli, tiny, words, sentence):
    draw = f"generate 'a cat' --weights tiny --out x.png {words}"
    code, _, err = cli(draw)
    assert code == 2 and sentence in err[-1]
    assert not (tiny / "x.png").exists()
    assert cli("generate --label frog --with tiny --out x.png")[0] == 2


def test_each_command_explains_itself_with_an_example(cli):
    names = {
        command.name or command.callback.__name__
        for command in (FINETUNE.registered_commands)
    }
    assert names == {"lora", "inversion", "dreambooth", "control", "carry-on"}
    for name in names:
        code, out, _ = cli(f"finetune {name} --help")
        assert code == 0
        assert f"python -m course_lib finetune {name}" in " ".join(
            " ".join(out).split()
        )
