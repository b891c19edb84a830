"""The commands `finetune`, and `generate --with`: what they write and refuse."""

import pytest
from on_disk import written
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
        ("lora --images photos --word zorp --rank 0", "rank must be 1 or more"),
        ("lora --images photos --word zorp --alpha -1", "alpha above 0"),
        ("lora --images photos --word zorp --prior some", "prior must be one of"),
        ("lora --images photos --word zorp --weights nothing", "no weights at"),
        ("inversion --images photos --word zorp --like gnarl", "is no word"),
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
