"""A file of people's prompts says what they want, and nothing else is believed."""

import json

import pytest

from course_lib.judging.people import read_prompts
from course_lib.world.critters import FACTORS


def written(tmp_path, *prompts):
    file = tmp_path / "prompts.json"
    file.write_text(json.dumps(prompts))
    return file


def test_a_want_becomes_factors_and_their_names(tmp_path):
    want = dict(subject="fish", colour="blue", subject_2="cat", scene="night")
    prompts = read_prompts(written(tmp_path, dict(prompt="a thing", want=want)))
    (factors, named), text = prompts.asked[0], prompts.texts[0]
    assert text == "a thing" and named == {*want, "order"}
    assert {n: FACTORS[n][factors[n]] for n in want} == want


def test_an_order_left_open_is_not_named(tmp_path):
    want = dict(subject="fish", subject_2="cat", either_order=True)
    prompts = read_prompts(written(tmp_path, dict(prompt="both", want=want)))
    assert prompts.asked[0][1] == {"subject", "subject_2"}


def test_what_is_not_wanted_is_named_and_none(tmp_path):
    want = dict(subject="cat", accessory="none")
    factors, named = read_prompts(
        written(tmp_path, dict(prompt="no hat", want=want))
    ).asked[0]
    assert "accessory" in named and factors["accessory"] == 0


def test_prompts_take_turns(tmp_path):
    two = [dict(prompt=p, want=dict(subject="cat")) for p in ("one", "two")]
    assert read_prompts(written(tmp_path, *two), n=3).texts == ["one", "two", "one"]


@pytest.mark.parametrize(
    "prompts, sentence",
    [
        ([dict(prompt="x", want=dict(subject="dog"))], "wants subject = 'dog'"),
        ([dict(prompt="x", want=dict(animal="cat"))], "wants animal = 'cat'"),
        ([dict(prompt="x", want={})], "must say what it wants"),
        ([dict(prompt="x", want=dict(either_order=True))], "must say what it wants"),
        ([dict(prompt=3, want=dict(subject="cat"))], "Prompt 1 must be"),
        ([dict(prompt="x", want=dict(subject=["cat"]))], "wants subject"),
        ([], "a list of 1 to"),
    ],
)
def test_what_cannot_be_gets_a_sentence(tmp_path, prompts, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_prompts(written(tmp_path, *prompts))


def test_a_file_that_is_no_json_gets_a_sentence(tmp_path):
    file = tmp_path / "prompts.json"
    file.write_text("a red cat\n")
    with pytest.raises(ValueError, match="must be a JSON file"):
        read_prompts(file)


def test_the_published_prompts_can_be_read():
    from pathlib import Path

    folder = Path(__file__).resolve().parents[1] / "data" / "prompts"
    files = sorted(folder.glob("*.json"))
    assert files and all(len(read_prompts(file).texts) >= 100 for file in files)
