"""`evaluate` by prompts that somebody wrote, and by weights that went astray."""

import json

import pytest
import torch
from test_cli import cli, here, words, world  # noqa: F401

from course_lib.checkpoint import load_weights, save_weights
from course_lib.judging import evaluation

PROMPTS = "evaluate --weights words --prompts p.txt --calls 2"


@pytest.fixture
def lines(here):  # noqa: F811
    """A file of prompts, two of which nobody can judge."""
    (here / "p.txt").write_text("a red frog\n\nan astronaut\na cat at night\nhm\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--seeds 0", "number of seeds must lie in 1..100; got 0"),
        ("--seeds -1", "number of seeds must lie in 1..100; got -1"),
        ("--only ears", "--only chooses among our prompts: leave out --prompts"),
        ("--size 64", "--size needs weights that judge, not words"),
    ],
)
def test_what_means_nothing_beside_prompts_is_refused(
    cli,  # noqa: F811
    words,  # noqa: F811
    lines,
    options,
    sentence,
):
    code, out, err = cli(f"{PROMPTS} {options}")
    assert (code, out, len(err)) == (2, [], 1) and sentence in err[0]


def test_lines_that_name_nothing_are_left_out(cli, words, lines):  # noqa: F811
    code, out, err = cli(f"{PROMPTS} --seeds 1 --json")
    facts = json.loads(out[-1])
    assert code == 0 and facts["n"] == 2 == facts["factors"]["all_factors"]["n"]
    assert len(err) == 1 and "lines 3 ('an astronaut'), 5 ('hm')" in err[0]


def test_a_file_that_names_nothing_is_bad_input(cli, here, words):  # noqa: F811
    (here / "p.txt").write_text("an astronaut\n")
    code, out, err = cli(PROMPTS)
    assert (code, out, len(err)) == (2, [], 1) and "can be judged" in err[0]


def test_every_kind_is_told_in_parts_of_its_ceiling(
    cli,  # noqa: F811
    words,  # noqa: F811
    monkeypatch,
):
    monkeypatch.setattr(evaluation, "FEWEST", 2)
    command = "evaluate --weights words --only ears --n 2 --seeds 1 --calls 2 --json"
    out = cli(command)[1]
    shares = json.loads(out[-1])["kinds"]["ears"]
    assert "of_ceiling" in shares["drawn"]["all_factors"]
    assert "of the reader's ceiling" in out[0]


@pytest.mark.parametrize(
    "command",
    [
        "generate 'a frog' --out f.png --weights astray",
        "edit 'a frog' --image p.png --out f.png --weights astray",
        "evaluate --weights astray",
    ],
)
def test_weights_that_went_astray_are_bad_input(cli, words, command):  # noqa: F811
    tensors, card = load_weights("words")
    next(iter(tensors.values())).fill_(torch.nan)
    save_weights("astray", tensors, card)
    code, out, err = cli(command)
    assert (code, out, len(err)) == (2, [], 1) and "NaN or infinity" in err[0]


def test_an_empty_prompt_is_neither_right_nor_wrong(cli, words):  # noqa: F811
    code, out, _ = cli("generate '' --steps 1 --space pixel --out f.png --json")
    facts = json.loads(out[-1])
    assert code == 0 and facts["right"] == [None] and len(facts["seen"]) == 1


def test_what_is_saved_is_what_the_pages_state(cli, words, saved):  # noqa: F811
    command = "evaluate --weights words --n 40 --seeds 1 --calls 2"
    code, _, err = cli(f"{command} --save {saved.file}")
    assert code == 0, err
    for name in ("words", "words_as_typed", "latent", "make_words"):
        assert not saved.lacks(name)
    result = json.loads(saved.file.read_text())
    assert result["command"] == f"python -m course_lib {command}"
    assert list(result["weights"]) == ["words", "reader-32"]


def test_where_nothing_can_be_saved_nothing_is_measured(cli, here):  # noqa: F811
    (here / "file").touch()
    code, out, err = cli("evaluate --weights critters --n 32 --save file/a.json")
    assert (code, out) == (2, []) and "Cannot write to" in err[0]
