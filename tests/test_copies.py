"""The command `copies`: is a picture of mine in there?"""

import json

import pytest

from course_lib.commands import copies as copies_command
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes, to_image
from course_lib.world.drawing import draw_critters


@pytest.fixture
def folders(cli, here, words):
    """Mine: what the painter draws. Its training set holds the first of two."""
    drawn = TextToImage.from_pretrained("words")(["a frog"] * 2, 1, seed=0)
    for i, picture in enumerate(drawn):
        for name in ("mine", "set")[: 2 - i]:
            (here / name).mkdir(exist_ok=True)
            to_image(picture).save(here / name / f"{i}.png")
    (here / "others").mkdir()
    for i, picture in enumerate(from_bytes(draw_critters(6, 1, 32)[0])):
        to_image(picture).save(here / "others" / f"{i}.png")
        to_image(picture).save(here / "set" / f"other{i}.png")
    return here


def test_it_finds_a_picture_in_the_set_and_among_the_drawings(cli, folders):
    command = "copies --images mine --weights words --n 2 --prompt 'a frog' --json "
    code, out, err = cli(command + "--data folder:set --others others")
    assert code == 0, err
    found = json.loads(out[-1])
    assert found["in the training set"] == [True, False]
    assert 0 <= found["guessed better than"] <= 1 and found["drawn"] == 2
    assert "1 of 2 are in the training set (7)." in out
    assert "no proof" in err[-1]
    assert "fewer than 20 pictures" in err[-2]


def test_only_training_asks_for_consent(cli, folders):
    (folders / "mine" / "consent.json").write_text('{"entries": {}}')
    assert cli("copies --images mine --weights words --others others")[0] == 0


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ("", "A distance means nothing alone"),
        ("--data cifar10", "critters or folder:PATH"),
        ("--data folder:set --n 0", "--n must lie in"),
        ("--data folder:none", "no folder"),
        ("--others mine --prompt frog", "All pictures in mine are yours"),
    ],
)
def test_bad_input_gets_a_sentence(cli, folders, rest, sentence):
    code, _, err = cli(f"copies --images mine --weights words {rest}")
    assert code == 2 and sentence in err[-1]


def test_critters_of_any_kind_are_what_prompts_were_learned_from(monkeypatch):
    asked = []
    monkeypatch.setattr(copies_command, "load_critters", lambda *a: asked.append(a))
    copies_command.training_set("critters", 64, False)
    copies_command.training_set("critters", 32, True)
    assert asked == [("train", 64, "any"), ("train", 32, "one")]
