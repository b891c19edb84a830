"""`generate`, `edit` and `interpolate` do nothing twice."""

import pytest
from PIL import Image

from course_lib.commands.generate import MOST_PICTURES
from course_lib.commands.main import main
from course_lib.networks import judge
from course_lib.networks.text_encoder import TextEncoder
from course_lib.painters import pipeline
from course_lib.painters.provenance import notes_in
from course_lib.world import sketches


@pytest.fixture
def done(monkeypatch):
    """Counts which texts are rewritten, how often any are encoded, judges loaded."""
    done = {"rewritten": [], "encoded": 0, "loaded": 0}
    rewrite, forward = pipeline.rewrite, TextEncoder.forward
    load_judge = judge.load_judge

    def rewritten(prompt):
        done["rewritten"].append(prompt)
        return rewrite(prompt)

    def encoded(encoder, tokens):
        done["encoded"] += 1
        return forward(encoder, tokens)

    def loaded(name):
        done["loaded"] += 1
        return load_judge(name)

    monkeypatch.setattr(pipeline, "rewrite", rewritten)
    monkeypatch.setattr(TextEncoder, "forward", encoded)
    monkeypatch.setattr(judge, "load_judge", loaded)
    judge.judge_of_file.cache_clear()
    return done


@pytest.mark.parametrize(
    "command",
    [
        "generate 'a frog' --steps 1 --out f.png",
        "generate 'a frog' --n 70 --space pixel --steps 1 --out f/",
        "edit 'a frog' --image p.png --steps 2 --n 2 --out e.png",
        "edit 'a frog' --image p.png --wider 16 --steps 2 --again 1 --out e.png",
        "interpolate 'a frog' 'a frog' --to-seed 1 --steps 1 --n 2 --out i.png",
    ],
    ids=["one", "many", "all of a picture", "beside a picture", "between"],
)
def test_a_text_is_rewritten_and_encoded_once_and_the_reader_loaded_once(
    cli,
    here,
    words,
    done,
    command,
):
    Image.new("RGB", (64, 64), (0, 90, 200)).save("p.png")
    code, _, err = cli(f"{command} --json")
    assert code == 0, err
    assert sorted(done["rewritten"]) == ["", "a frog"]  # "" is led away from
    assert done["encoded"] == 1 and done["loaded"] <= 1


def test_what_is_said_of_a_wish_is_said_even_if_its_turn_does_not_come(
    cli,
    words,
):
    code, _, err = cli("generate 'a frog' 'a dragon' --n 1 --steps 1 --out f.png")
    assert code == 0 and "training: dragon" in err[0]


def test_bytes_that_are_no_letters_are_left_out_of_a_prompt(here, words, capsys):
    """An old terminal sends a byte that is no UTF-8."""
    prompt = "a gr\udcfcn frog"
    how = ["--steps", "1", "--negative", prompt, "--out", "f.png"]
    assert main(["generate", prompt, *how]) == 0
    assert "are no letters (UTF-8), and are left out" in capsys.readouterr().err
    assert notes_in(here / "f.png")["prompt"] == "a grn frog"


def test_a_size_is_refused_before_a_sketch_is_made_of_it(cli, words, monkeypatch):
    monkeypatch.setattr(sketches, "read_sketch", None)  # would fail
    for size in (-64, 0, 1, 1_000_000):
        how = f"--sketch s.png --with x --size {size} --out f.png"
        code, _, err = cli(f"generate 'a frog' {how}")
        assert code == 2 and "The size of a picture must be a multiple" in err[-1]


def test_there_is_a_most_that_is_drawn_at_once(cli, here):
    code, _, err = cli(f"generate --label frog --n {MOST_PICTURES + 1} --out f/")
    assert code == 2 and f"must lie in 1..{MOST_PICTURES}" in err[0]
