"""`generate`: what is drawn, what is refused before anything is, what is written."""

import errno
import json
import os
import re
from pathlib import Path

import pytest
from on_disk import written
from PIL import Image

from course_lib.checkpoint import load_weights, save_weights
from course_lib.commands.generate import MOST_PICTURES
from course_lib.networks.unet import UNet
from course_lib.pixels import read_picture

# Labels ----------------------------------------------------------------------------


def test_a_folder_gets_a_file_a_picture_and_a_grid(cli, here):
    command = "generate --label frog --n 4 --seed 0 --steps 2 --guidance 3 --out some/"
    code, out, err = cli(command + " --weights critters --json")
    assert code == 0 and err == []
    assert written(here / "some") == [f"00{i}.png" for i in range(4)] + ["grid.png"]
    assert Image.open("some/000.png").size == (32, 32)
    grid = Image.open("some/grid.png")
    assert grid.size[0] == grid.size[1] > 2 * 4 * 32
    facts = json.loads(out[-1])
    assert facts["files"][0] == str(Path("some/000.png"))
    assert facts["labels"] == ["frog"] * 4 and facts["seed"] == 0
    assert facts["steps"] == 2 and facts["calls"] == 4 and facts["seconds"] > 0


def test_a_file_gets_the_picture_or_the_grid_of_several(cli, here):
    assert cli("generate --label frog --steps 1 --out one.png")[0] == 0
    assert cli("generate --label frog --steps 1 --n 2 --out new/two.png")[0] == 0
    assert written(here) == ["new", "new/two.png", "one.png"]
    assert Image.open("one.png").size == (32, 32)
    assert Image.open("new/two.png").size[0] > 2 * 32


def test_labels_take_turns(cli):
    command = "generate --label frog,cat --label bear --n 5 --steps 1 --out x/ --json"
    facts = json.loads(cli(command)[1][-1])
    assert facts["labels"] == ["frog", "cat", "bear", "frog", "cat"]


def test_a_picture_depends_on_its_seed_and_place_alone(cli):
    for out, n, seed in (("a", 3, 1), ("b", 2, 1), ("c", 2, 2)):
        cli(f"generate --label cat --n {n} --seed {seed} --steps 2 --out {out}/")
    a, b, c = (read_picture(f"{name}/001.png", 32).int() for name in "abc")
    assert (a - b).abs().max() <= 1
    assert (a - c).abs().max() > 1


@pytest.mark.parametrize(("guidance", "calls"), [(1, 3), (0, 6), (2.5, 6)])
def test_guidance_1_calls_the_network_once_a_step(cli, guidance, calls):
    command = f"generate --label cat --steps 3 --guidance {guidance} --out a.png --json"
    assert json.loads(cli(command)[1][-1])["calls"] == calls


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--n 0", f"--n must lie in 1..{MOST_PICTURES}; got 0."),
        (f"--n {MOST_PICTURES + 1}", f"1..{MOST_PICTURES}; got {MOST_PICTURES + 1}."),
        ("--steps 0", "steps must lie in 1..100; got 0"),
        ("--steps 101", "steps must lie in 1..100; got 101"),
        ("--guidance nan", "a finite number in -100..100; got nan"),
        ("--guidance inf", "guidance_scale must be a finite number"),
        ("--label crow", "do not know 'crow'; they know nothing, frog, rabbit"),
        ("--label frog --size 64", "need a prompt, not a label"),
        ("--label frog,", "do not know ''; they know"),
        ("--sampler magic", "must be one of"),
        ("--weights nowhere", "no weights at 'nowhere'"),
        ("--weights reader-32", "holds a judge, which takes no labels"),
        ("--out some.jpg", "--out must be FILE.png or FOLDER/; got 'some.jpg'"),
        ("--out file/in/a/file.png", "Cannot write to"),
        ("--out file/", "Cannot write to"),
        (f"--out {'f' * 250}.png", "Cannot write to .*: File name too long"),
        (f"--out {'f' * 237}.png", "Cannot write to .*: File name too long"),
        (f"--out {'é' * 125}.png", "Cannot write to .*: File name too long"),
        (f"--out new/{'f' * 300}/x.png", "Cannot write to .*: File name too long"),
        (f"--out {'new/' * 1200}x.png", "Cannot write to .*: File name too long"),
        ("--out=~nouser/x.png", "no home folder is known for ~nouser"),
        ("--weights=~nouser/w", "no home folder is known for ~nouser"),
        ("--n four", "Invalid value for '--n'"),
        ("--colour red", "No such option"),
    ],
)
def test_bad_input_is_answered_before_anything_is_computed_or_written(
    cli, here, options, words, monkeypatch
):
    monkeypatch.setattr(UNet, "forward", None)  # would fail
    Path("file").touch()
    name, _, value = options.replace("=", " ", 1).partition(" ")
    given = {"--label": "frog", "--out": "x.png", "--weights": "critters"}
    given |= {name: value}
    command = " ".join(f"{name} {value}" for name, value in given.items())
    code, out, err = cli(f"generate {command} --json")
    assert (code, out, len(err)) == (2, [], 1)
    assert words in err[0] or re.search(words, err[0])
    assert written(here) == ["file"]


def test_a_full_disk_is_neither_done_nor_bad_input(cli, here, monkeypatch):
    def full(self, file, *rest, **notes):
        Path(file).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    Path("old.png").write_bytes(b"old")
    monkeypatch.setattr(Image.Image, "save", full)
    code, _, err = cli("generate --label frog --steps 1 --out old.png")
    assert code == 1 and "No space left" in err[-1]
    assert written(here) == ["old.png"] and Path("old.png").read_bytes() == b"old"


# Prompts ---------------------------------------------------------------------------


def test_a_prompt_is_drawn_and_read(cli, here, words):
    code, out, err = cli('generate "a frog on stilts" --steps 2 --out f.png --json')
    assert code == 0 and err == [] and written(here) == ["f.png"]
    facts = json.loads(out[-1])
    assert facts["prompts"] == ["a frog on stilts"]
    assert facts["calls"] == 3  # latents are guided at the second step only
    assert len(facts["seen"]) == 1 and facts["right"] in ([True], [False])


def test_prompts_are_drawn_in_latents_unless_pixels_are_asked_for(cli, words):
    for space, weights, size in (("latent", "latent", 64), ("pixel", "words", 32)):
        command = f'generate "a frog" --steps 1 --space {space} --out f.png --json'
        assert json.loads(cli(command)[1][-1])["weights"] == weights
        assert Image.open("f.png").size == (size, size)
    cli('generate "a frog" --steps 1 --out f.png')
    assert Image.open("f.png").size == (64, 64)
    odd = 'generate "a frog" --steps 1 --size 80 --out f.png --json'
    facts = json.loads(cli(odd)[1][-1])  # the reader cannot read pictures of this size
    assert facts["seen"] is None and facts["right"] is None
    code, out, err = cli('generate "a frog" --steps 1 --size 96 --out f.png')
    assert code == 0 and "learned pictures of 64x64" in err[0]
    assert Image.open("f.png").size == (96, 96)
    for wrong, sentence in (
        ("--space outer", "--space must be latent or pixel; got 'outer'"),
        ("--size 1040", "at most 1024; got 1040"),
        ("--space pixel --weights latent", "--space is for a prompt, and without"),
        ("--size 65", "must be a multiple of 16 here, at most 1024; got 65"),
    ):
        code, out, err = cli(f'generate "a frog" {wrong} --out g.png')
        assert code == 2 and sentence in err[0] and not Path("g.png").exists()


def test_prompts_take_turns(cli, words):
    out = cli('generate "a frog" "a cat" --n 3 --steps 1 --out x/ --json')[1]
    assert json.loads(out[-1])["prompts"] == ["a frog", "a cat", "a frog"]


def test_prompts_are_rewritten_unless_as_typed(cli, words):
    command = 'generate "a forg with a hat" --steps 1 --out f.png --json'
    code, out, err = cli(command)
    assert json.loads(out[-1])["read_as"] == ["a frog with a hat hat"]
    assert (code, err) == (0, ["Slips of the fingers, put right: forg as frog."])
    out = cli(f"{command} --as-typed")[1]
    assert json.loads(out[-1])["read_as"] == ["a forg with a hat"]


@pytest.mark.parametrize(
    ("prompt", "remark"),
    [
        ("''", "asks for nothing"),
        ("'an astronaut'", "no caption of the training: astronaut"),
        (f"'{'frog ' * 10_000}'", "cut after 22 tokens"),
        ("'カエル 🐸'", "no caption of the training"),
        ("'a red blue frog \x07'", None),
        ("'\ufeffa re\u200bd frog'", None),
        ("'\u200b'", "asks for nothing"),
        ("'a \u202efrog\u202c'", "Hidden characters in a prompt are not read: U+202C"),
    ],
    ids=[
        *("empty", "unknown", "long", "another script", "control character"),
        *("hidden", "nothing but hidden", "turned round"),
    ],
)
def test_no_prompt_fails(cli, here, words, prompt, remark):
    code, _, err = cli(f"generate {prompt} --steps 1 --out f.png")
    assert code == 0 and written(here) == ["f.png"]
    assert (remark is None and err == []) or remark in err[0]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("generate --out f.png", "either a prompt or --label"),
        ("generate 'a frog' --label frog --out f.png", "either a prompt or --label"),
        ("generate --label frog --negative cat --out f.png", "need a prompt"),
        ("generate --label frog --size 0 --out f.png", "need a prompt"),
        ("generate --label frog --as-typed --out f.png", "need a prompt"),
        (f"generate 'a frog' --out {'f' * 300}.png", "name too long"),
        ("generate 'a frog' --n 0 --out f.png", "must lie in 1..10000"),
        ("generate 'a frog' --guidance nan --out f.png", "finite"),
        ("generate 'a frog' --weights critters --out f.png", "takes no prompts"),
        ("generate 'a frog' --weights nowhere --out f.png", "no weights at"),
        ("generate --label frog --weights words --out f.png", "takes no labels"),
    ],
)
def test_bad_prompts_get_a_sentence_and_write_nothing(
    cli, here, words, command, sentence
):
    code, out, err = cli(command)
    assert code == 2 and len(err) == 1 and re.search(sentence, err[0]), err
    assert written(here) == []


def test_hidden_signs_draw_no_other_picture(cli, words):
    for name, prompt in (("a", "a red frog"), ("b", "\ufeffa re\u200bd\u202a frog")):
        cli(f'generate "{prompt}" --space pixel --steps 1 --out {name}.png')
    assert (read_picture("a.png", 32) == read_picture("b.png", 32)).all()


def test_a_label_with_a_comma_can_be_asked_for(cli, here, world):
    tensors, card = load_weights("critters")
    labels = ["nothing", "salt,pepper", "m\u00fcsli", *card["labels"][3:]]
    save_weights("mine", tensors, card | {"labels": labels})
    ask = "generate --weights ./mine --steps 1 --out x/ --json --n 3 --label"
    facts = json.loads(cli(f"{ask} 'salt\\,pepper, mu\u0308sli'")[1][-1])
    assert facts["labels"] == ["salt,pepper", "m\u00fcsli", "salt,pepper"]
    code, out, err = cli(f"{ask} salt,pepper")
    assert (code, out) == (2, []) and "nothing, salt\\,pepper, m\u00fcsli" in err[0]


def test_a_name_may_be_as_long_as_it_can_be_written(cli, here):
    for name in ("f" * 200, "é" * 100):
        assert cli(f"generate --label frog --steps 1 --out {name}.png")[0] == 0
    assert cli(f"generate --label frog --steps 1 --out {'d' * 250}/")[0] == 0


def test_where_a_folder_has_the_name_nothing_is_drawn(cli, here, monkeypatch):
    monkeypatch.setattr(UNet, "forward", None)  # would fail
    (here / "some" / "grid.png").mkdir(parents=True)
    code, out, err = cli("generate --label frog --out some/ --n 2")
    assert (code, out) == (2, []) and "grid.png: it is a folder" in err[0]


def test_home_is_home(cli, here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("USERPROFILE", str(here))
    assert cli("generate --label frog --steps 1 --out=~/one.png")[0] == 0
    assert cli("generate --label frog --steps 1 --out=~/some/")[0] == 0
    assert written(here) == ["one.png", "some", "some/000.png", "some/grid.png"]
