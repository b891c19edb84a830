"""`evaluate`: labels, judges, prompts of ours and of others; weights gone astray."""

import json
import os
import re
from pathlib import Path

import pytest
import torch
from on_disk import written

from course_lib.checkpoint import load_weights, save_weights
from course_lib.judging import evaluation, results, two_samples
from course_lib.networks.unet import UNet

ROOT = Path(__file__).resolve().parents[1]
PROMPTS = "evaluate --weights words --prompts p.txt --calls 2"


@pytest.fixture
def lines(here):
    """A file of prompts, two of which nobody can judge."""
    (here / "p.txt").write_text("a red frog\n\nan astronaut\na cat at night\nhm\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--seeds 0", "number of seeds must lie in 1..100; got 0"),
        ("--seeds -1", "number of seeds must lie in 1..100; got -1"),
        ("--only ears", "--only chooses among our prompts: leave out --prompts"),
        ("--size 64", "--size needs weights that judge, not words"),
        ("--n 99999999999999999", "--n must lie in 1..10000; got 99999999999999999"),
        (f"--prompts {'p' * 300}", "must be a text file; pp.*: File name too long"),
    ],
)
def test_what_means_nothing_beside_prompts_is_refused(
    cli,
    words,
    lines,
    options,
    sentence,
):
    code, out, err = cli(f"{PROMPTS} {options}")
    assert (code, out, len(err)) == (2, [], 1) and re.search(sentence, err[0])


def test_lines_that_name_nothing_are_left_out(cli, words, lines):
    code, out, err = cli(f"{PROMPTS} --seeds 1 --json")
    facts = json.loads(out[-1])
    assert code == 0 and facts["n"] == 2 == facts["factors"]["all_factors"]["n"]
    assert len(err) == 1 and "lines 3 ('an astronaut'), 5 ('hm')" in err[0]


def test_a_file_that_names_nothing_is_bad_input(cli, here, words):
    (here / "p.txt").write_text("an astronaut\n")
    code, out, err = cli(PROMPTS)
    assert (code, out, len(err)) == (2, [], 1) and "can be judged" in err[0]


def test_every_kind_is_told_beside_real_pictures(
    cli,
    words,
    monkeypatch,
):
    monkeypatch.setattr(evaluation, "FEWEST", 2)
    command = "evaluate --weights words --only ears --n 2 --seeds 1 --calls 2 --json"
    out = cli(command)[1]
    shares = json.loads(out[-1])["kinds"]["ears"]
    assert "of_ceiling" in shares["drawn"]["all_factors"]
    assert out[0].split() == ["drawn", "real"]
    assert out[1].split()[-6:] == ["right", "clean", "both"] * 2


def test_two_samples_are_told_apart(cli, words, monkeypatch):
    monkeypatch.setattr(two_samples, "ITERATIONS", 2)
    command = "evaluate --weights words --two-sample --n 70 --seeds 1 --calls 2 --json"
    code, out, _ = cli(command)
    apart = json.loads(out[-1])["told_apart"]
    assert code == 0 and apart.keys() == {"drawn", "real"}
    assert all(0 <= share["share"] <= 1 for share in apart.values())


@pytest.mark.parametrize(
    "command",
    [
        "generate 'a frog' --out f.png --weights astray",
        "edit 'a frog' --image p.png --out f.png --weights astray",
        "evaluate --weights astray",
    ],
)
def test_weights_that_went_astray_are_bad_input(cli, words, command):
    tensors, card = load_weights("words")
    next(iter(tensors.values())).fill_(torch.nan)
    save_weights("astray", tensors, card)
    code, out, err = cli(command)
    assert (code, out, len(err)) == (2, [], 1) and "NaN or infinity" in err[0]


def test_an_empty_prompt_is_neither_right_nor_wrong(cli, words):
    code, out, _ = cli("generate '' --steps 1 --space pixel --out f.png --json")
    facts = json.loads(out[-1])
    assert code == 0 and facts["right"] == [None] and len(facts["seen"]) == 1


def test_a_denoiser_is_measured(cli):
    code, out, _ = cli("evaluate --weights critters --n 32 --seeds 2 --calls 2 --json")
    facts = json.loads(out[-1])
    assert code == 0 and facts["weights"] == "critters" and facts["steps"] == 1
    assert facts["n"] == 32 and facts["seeds"] == 2 and facts["right"]["n"] == 64
    assert {"distance", "floor", "above_floor", "precision", "recall"} <= facts.keys()


def test_a_judge_is_measured(cli):
    code, out, _ = cli("evaluate --weights reader-32 --n 32 --seeds 1 --json")
    assert code == 0 and json.loads(out[-1])["kind"] == "judge"
    assert any("called none" in line for line in out)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--weights nowhere", "no weights at 'nowhere'"),
        ("--weights mine", "There is no judge for pictures of 'folder x'"),
        ("--n 3", "n must lie in 32..10000; got 3"),
        ("--weights reader-32 --n 3", "n must lie in"),
        ("--weights reader-32 --n 32 --size 48", "--size must be 32, 64"),
        ("--weights reader-32 --n 32 --size 3200000", "at most 256; got 3200000"),
        ("--seeds 0", "number of seeds must lie in"),
        ("--calls 1", "One step takes 2 calls"),
        ("--guidance nan", "finite number"),
        ("--sampler magic", "must be one of"),
    ],
)
def test_a_measurement_that_makes_no_sense_is_refused(cli, options, words, monkeypatch):
    monkeypatch.setattr(UNet, "forward", None)  # would fail
    code, out, err = cli(f"evaluate {options} --json")
    assert (code, out, len(err)) == (2, [], 1) and words in err[0]


def test_prompts_of_a_file_are_judged(cli, here, words):
    (here / "p.txt").write_text("a red frog\n\na cat at night\n")
    command = "evaluate --weights words --prompts p.txt --n 4 --seeds 2 --calls 2"
    code, out, _ = cli(f"{command} --json")
    facts = json.loads(out[-1])
    assert code == 0 and facts["n"] == 4 and facts["factors"]["subject"]["n"] == 8
    assert 0 <= facts["all_factors"] <= 1


def test_every_kind_of_prompt_is_judged(cli, words, monkeypatch):
    monkeypatch.setattr(evaluation, "FEWEST", 2)
    out = cli("evaluate --weights words --n 2 --seeds 1 --calls 2 --json")[1]
    kinds = json.loads(out[-1])["kinds"]
    assert kinds["frog on stilts"]["drawn"]["all_factors"]["n"] == 2
    assert any("frog on stilts" in line for line in out)
    some = "--only ears --only 'two senses, context' --n 2 --calls 2 --json"
    found = json.loads(cli(f"evaluate --weights words {some} --as-typed")[1][-1])
    assert list(found["kinds"]) == ["ears", "two senses, context"]
    assert found["as_typed"]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("evaluate --weights critters --as-typed", "needs weights that take prompts"),
        ("evaluate --weights critters --prompts p.txt", "take prompts"),
        ("evaluate --weights critters --only ears", "need weights that take prompts"),
        (
            "evaluate --weights words --only noses",
            "no kind 'noses' of prompts, but one",
        ),
        ("evaluate --weights words --prompts nowhere.txt", "must be a text file"),
        ("evaluate --weights words --n 3", "n must lie in"),
        ("evaluate --weights words --n 0", "n must lie in"),
        ("evaluate --weights critters --n 0", "n must lie in"),
        ("evaluate --weights reader-32 --n 0", "n must lie in"),
        ("evaluate --weights words --calls 1", "One step takes 2 calls"),
    ],
)
def test_bad_prompts_get_a_sentence_and_write_nothing(
    cli, here, words, command, sentence
):
    code, out, err = cli(command)
    assert code == 2 and len(err) == 1 and re.search(sentence, err[0]), err
    assert written(here) == []


@pytest.mark.parametrize("mark", ["\ufeff", "\u200b", "\u202a"])
def test_a_mark_that_nobody_sees_changes_no_prompt(cli, here, words, mark):
    found = []
    for lines in ("red frog\n", f"{mark}red fr{mark}og\n"):
        (here / "p.txt").write_text(lines, encoding="utf-8")
        code, out, err = cli(f"{PROMPTS} --seeds 1 --json")
        assert code == 0 and err == []
        found.append(json.loads(out[-1])["factors"].keys())
    assert found[0] == found[1] and "colour" in found[0]


def test_what_is_saved_is_what_the_pages_state(cli, words, saved):
    command = "evaluate --weights words --n 40 --seeds 1 --calls 2"
    code, _, err = cli(f"{command} --save {saved.file}")
    assert code == 0, err
    for name in ("words", "words_as_typed", "latent", "make_words"):
        assert not saved.lacks(name)
    result = json.loads(saved.file.read_text())
    assert result["command"] == f"python -m course_lib {command}"
    assert list(result["weights"]) == ["words", "reader-32", "inspector-32"]


@pytest.mark.parametrize("content", ["mine", "[1]", '{"entries": {}}', "[" * 99_999])
def test_only_results_are_replaced_by_results(cli, here, content):
    (here / "a.json").write_text(content)
    command = "evaluate --weights critters --n 32 --seeds 1 --calls 2 --save"
    code, out, err = cli(f"{command} a.json")
    assert (code, out, len(err)) == (2, [], 1) and "nothing was overwritten" in err[0]
    assert (here / "a.json").read_text() == content
    (here / "new.json").touch()
    for _ in range(2):
        assert cli(f"{command} new.json")[0] == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipe with a name")
def test_results_do_not_replace_what_is_no_file(here):
    os.mkfifo("pipe")
    with pytest.raises(ValueError, match="no result"):
        results.check_place(here / "pipe")


@pytest.mark.parametrize(
    ("kind", "script"),
    [
        ("lora", "holds a lora, a kind that python benchmarks/finetuning.py measures."),
        ("control", "benchmarks/finetuning.py"),
        ("film denoiser", "benchmarks/films.py"),
        ("GAN", "benchmarks/rivals.py"),
        ("autoencoder", "holds an autoencoder, a kind that python benchmarks/auto"),
    ],
)
def test_what_is_measured_elsewhere_is_named_with_its_script(cli, here, kind, script):
    save_weights(here / "w", {"x": torch.zeros(1)}, {"kind": kind})
    code, _, err = cli("evaluate --weights w")
    assert code == 2 and script in err[0]
    assert (ROOT / "benchmarks" / re.search(r"\w+\.py", err[0])[0]).is_file()


def test_a_judge_is_measured_on_pictures_of_its_own_size(cli):
    code, out, err = cli("evaluate --weights reader-64 --n 32 --seeds 1 --json")
    assert code == 0, err


def test_a_judge_of_something_else_is_not_measured(cli, here):
    tensors, card = load_weights("reader-32")
    save_weights(here / "w", tensors, card | {"data": "plush and near-misses"})
    code, _, err = cli("evaluate --weights w --n 32 --seeds 1")
    assert code == 2 and "judges pictures of 'plush and near-misses'" in err[0]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'[{"prompt": "a cat"},\n}]', "line 2 column 1"),
        (b"[" * 99_999, "nested too deep"),
        (b"\xfc", "position 0"),
    ],
)
def test_it_is_said_where_a_file_of_prompts_is_broken(cli, here, words, content, where):
    (here / "p.json").write_bytes(content)
    code, _, err = cli("evaluate --weights words --prompts p.json")
    assert code == 2 and where in err[0] and "p.json" in err[0]


@pytest.mark.parametrize("place", ["file/a.json", "folder", "a" * 240])
def test_where_nothing_can_be_saved_nothing_is_measured(cli, here, place):
    (here / "file").touch()
    (here / "folder").mkdir()
    code, out, err = cli(f"evaluate --weights critters --n 32 --save {place}")
    assert (code, out, len(err)) == (2, [], 1) and "Cannot write to" in err[0]
