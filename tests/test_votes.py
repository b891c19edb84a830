"""Votes: a file that keeps every one of them, and sentences about those of no use."""

import json
from dataclasses import replace

import pytest
from test_pipeline_text import make_painter

from course_lib.diffusion.guidance import Way
from course_lib.training import votes
from course_lib.training.votes import (
    LEFT,
    NEITHER,
    RIGHT,
    Duel,
    Vote,
    VoteError,
    append_vote,
    contradictions,
    decided,
    name_of,
    read_votes,
)

WAY = Way(5.0, 13, (400, 950))
VOTE = Vote(Duel("a red cat", (4, 9)), LEFT, "me", "0123456789ab", WAY)
HATTED = replace(VOTE, duel=Duel("a cat", (1, 2), ("a cat", "a cat with a hat")))
TWINS = replace(VOTE, duel=Duel("a cat", (3, 3), twins=(1, 2)))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "new folder" / "votes.jsonl"


@pytest.fixture
def said(monkeypatch):
    sentences = []
    monkeypatch.setattr(votes, "remark", sentences.append)
    return sentences


def test_what_is_written_is_read_back_and_nothing_before_it_changes(file):
    cast = [VOTE, HATTED, TWINS, replace(VOTE, winner=NEITHER, way=Way(1.0, 4))]
    cast.append(replace(VOTE, who="Ä 'quote\"\nline", winner=RIGHT))
    for i, vote in enumerate(cast, 1):
        before = file.read_bytes() if file.exists() else b""
        append_vote(file, vote)
        assert read_votes(file) == cast[:i]
        assert file.read_bytes().startswith(before)
    assert file.read_bytes().count(b"\n") == len(cast)
    append_vote(file, *cast)
    assert read_votes(file) == cast * 2


def test_a_line_says_all_that_draws_both_pictures_again():
    facts = json.loads(VOTE.as_line())
    assert facts["prompt"] == "a red cat" and facts["seeds"] == [4, 9]
    assert facts["way"] == json.loads(json.dumps(WAY.__dict__))
    assert facts["painter"] == "0123456789ab" and "drawn_as" not in facts
    assert json.loads(HATTED.as_line())["drawn_as"] == ["a cat", "a cat with a hat"]
    assert json.loads(TWINS.as_line())["twins"] == [1, 2]
    for vote in (VOTE, HATTED, TWINS):
        assert Duel.between(vote.duel.prompt, *vote.duel.sides) == vote.duel


@pytest.mark.parametrize("torn", [1, 20, -1])
def test_a_torn_last_line_is_mended_with_a_sentence(file, said, torn):
    append_vote(file, VOTE, VOTE)
    whole = file.read_bytes()
    file.write_bytes(whole + whole.splitlines()[0][:torn])
    assert read_votes(file) == [VOTE] * 2 and "only half written" in said[0]
    append_vote(file, HATTED)
    assert "cut off" in said[1] and len(said) == 2
    assert read_votes(file) == [VOTE, VOTE, HATTED] and len(said) == 2


def changed(**facts) -> str:
    whole = json.loads(VOTE.as_line()) | facts
    return json.dumps({key: x for key, x in whole.items() if x != "gone"})


def in_way(**facts) -> str:
    return changed(way=WAY.__dict__ | facts)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("no JSON", "is no vote"),
        ("[1]", "is no vote: it is no JSON object"),
        ("3", "is no vote: it is no JSON object"),
        ("null", "is no vote: it is no JSON object"),
        ("{}", "lacks 'prompt'"),
        (changed(seeds="gone"), "lacks 'seeds'"),
        (changed(way="gone"), "lacks 'way'"),
        (changed(prompt=3), "prompt must be a text"),
        (changed(who=None), "who must be a text"),
        (changed(seeds=[1, 2, 3]), "seeds must be two whole numbers"),
        (changed(seeds=[1, True]), "seeds must be two whole numbers"),
        (changed(seeds=[1, -2]), "a seed, and a twin, lies in"),
        (changed(seeds=[5, 5]), "both sides are one picture"),
        (changed(drawn_as=["a"]), "drawn_as must be two texts"),
        (changed(twins=[0.5, 1]), "twins must be two whole numbers"),
        (changed(twins=[-1, 1]), "and a twin, lies in"),
        (changed(winner=2), "the winner is 0, 1 or null"),
        (changed(winner=True), "the winner is 0, 1 or null"),
        (changed(way={}), "lacks 'guided_between'"),
        (changed(way=WAY.__dict__ | {"sampler": "magic"}), "no sampler 'magic'"),
        (changed(way=[1]), "way must be a JSON object, not [1]"),
        (in_way(sampler=["euler"]), "no sampler ['euler']"),
        (in_way(steps="x"), "steps must be a whole number in 1..10000, not 'x'"),
        (in_way(steps=float("inf")), "steps must be a whole number"),
        (in_way(steps=0), "steps must be a whole number"),
        (in_way(guidance_scale=None), "guidance_scale must be a number, not None"),
        (in_way(guidance_scale=float("nan")), "in -100..100; got nan. Correct"),
        (in_way(guided_between=[1]), "guided_between must be null or two numbers"),
        (in_way(guided_between=[900, 100]), "two numbers, the lower one first"),
        (in_way(guided_between=[1, 10**400]), "guided_between must be null or two"),
        (in_way(guided_between=[None, 2]), "guided_between must be null or two"),
        (changed(prompt="x" * 20_000), "too long for a vote"),
        ("[" * 9_000, "is no vote"),
    ],
)
def test_a_line_that_is_no_vote_is_named_by_its_number(file, line, sentence):
    append_vote(file, VOTE)
    file.write_text(VOTE.as_line() + "\n\n" + line + "\n", encoding="utf-8")
    with pytest.raises(VoteError, match="Line 3 of .*votes.jsonl") as error:
        read_votes(file)
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_a_whole_vote_whose_line_has_no_end_is_a_vote(file, said):
    append_vote(file, VOTE, HATTED)
    file.write_bytes(file.read_bytes().rstrip())
    assert read_votes(file) == [VOTE, HATTED]
    append_vote(file, TWINS)
    assert read_votes(file) == [VOTE, HATTED, TWINS] and not said


@pytest.mark.parametrize(
    "content",
    [
        b"Dear diary, a whole year without a newline",
        b"Dear diary,\na year\n",
        b"\x89PNG\r\n\x1a\n\0\0",
        b'{"a": "JSON of somebody\'s"}',
        VOTE.as_line().encode() + b'\nmy notes\n{"prompt": "a re',
    ],
)
def test_a_file_that_holds_anything_else_than_votes_stays_as_it_is(file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    for use in (read_votes, lambda file: append_vote(file, VOTE)):
        with pytest.raises(VoteError, match="Line [12] of .*votes.jsonl"):
            use(file)
    assert file.read_bytes() == content


def test_a_vote_that_could_not_be_read_again_is_not_written(file):
    append_vote(file, VOTE)
    for duel in (Duel("a cat", (1, 2**63)), Duel("x" * 20_000, (1, 2))):
        with pytest.raises(VoteError, match="A vote on"):
            append_vote(file, VOTE, replace(VOTE, duel=duel))
    assert read_votes(file) == [VOTE]


def test_a_file_that_is_not_there_or_cannot_be_written_is_a_sentence(tmp_path):
    with pytest.raises(VoteError, match="cannot be read: No such file"):
        read_votes(tmp_path / "none.jsonl")
    with pytest.raises(VoteError, match="could not be written .* untouched"):
        append_vote(tmp_path, VOTE)


# What a training can use --------------------------------------------------------------


@pytest.fixture(scope="module")
def painter():
    return make_painter()


@pytest.fixture
def own(painter):
    return replace(VOTE, painter=name_of(painter))


def test_votes_for_neither_are_left_out(painter, own, said):
    assert decided([own, replace(own, winner=None)], painter, "v") == [own] and not said


def test_no_votes_others_votes_and_votes_for_neither_are_a_sentence_each(painter, own):
    for given, sentence in (
        ([], "no vote in v: vote first"),
        ([own, VOTE], "1 of 2 votes in v are about pictures of another painter"),
        ([replace(own, winner=None)], "All 1 votes in v are for neither"),
    ):
        with pytest.raises(VoteError, match=sentence):
            decided(given, painter, "v")


def test_contradictions_are_counted_and_said_and_not_refused(painter, own, said):
    against = replace(own, winner=RIGHT, who="you")
    turned = replace(own, duel=Duel("a red cat", (9, 4)), winner=RIGHT)
    other = replace(own, duel=Duel("a red cat", (4, 10)), winner=RIGHT)
    assert contradictions([own, own, other]) == 0
    assert contradictions([own, turned]) == 0, "the same two, the other way round"
    assert contradictions([own, against, other]) == 2
    assert len(decided([own, against, turned], painter, "v")) == 3
    assert "3 of 3 votes in v contradict another" in said[0]


def test_drawn_from_other_words_it_is_another_picture(own):
    hat = replace(own, duel=Duel("a cat", (1, 2), ("a cat", "a cat with a hat")))
    none = replace(hat, duel=Duel("a cat", (1, 2)), winner=RIGHT)
    assert contradictions([hat, none]) == 0


def test_another_painter_has_another_name(painter):
    other = make_painter()
    assert name_of(other) == name_of(painter)
    next(other.model.parameters()).data += 1
    assert name_of(other) != name_of(painter)
