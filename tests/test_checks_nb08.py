"""The checks of notebook 08 name the mistakes that people make, and no others."""

import re
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F

from course_lib.checks.nb08_mistakes import MERGES
from course_lib.checks.nb08_words import (
    ASKED,
    attend,
    check_attend,
    check_merge,
    ends_in_the_pair,
    nothing_at_all,
    of_two_equal,
)
from course_lib.networks.tokenizer import merge

ROOT = Path(__file__).resolve().parents[1]


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


# Merge --------------------------------------------------------------------------


def test_a_right_merge_is_used_onward(capsys):
    def mine(tokens, pair, new):
        merged = []
        for token in tokens:
            merged.append([token])
        i = 0
        while i < len(merged) - 1:
            if merged[i] + merged[i + 1] == list(pair):
                merged[i : i + 2] = [[new]]
            i += 1
        return [token for group in merged for token in group]

    assert check_merge(mine) is mine
    assert said(capsys) == "merge: ok"


def second_half_stays(tokens, pair, new):
    merged = []
    for i, token in enumerate(tokens):
        merged.append(new if tuple(tokens[i : i + 2]) == pair else token)
    return merged


def first_pair_only(tokens, pair, new):
    for i in range(len(tokens)):
        if tuple(tokens[i : i + 2]) == pair:
            return tokens[:i] + [new] + tokens[i + 2 :]
    return tokens


def end_forgotten(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens) - 1:
        found = (tokens[i], tokens[i + 1]) == pair
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (second_half_stays, "the second half of a merged pair is still there"),
        (first_pair_only, "only the first pair is merged"),
        (end_forgotten, "the last token is lost"),
    ],
)
def test_wrong_merges_are_named(capsys, wrong, words):
    assert check_merge(wrong) is merge
    assert words in said(capsys)


def test_a_merge_that_nothing_explains_shows_what_was_expected(capsys):
    check_merge(lambda tokens, pair, new: sorted(merge(tokens, pair, new)))
    assert "expected" in said(capsys)


@pytest.mark.parametrize("inputs", ASKED, ids=lambda inputs: inputs.__name__)
def test_both_lists_of_a_kind_ask_for_different_pairs(inputs):
    draws = [inputs(torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    assert inputs is nothing_at_all or draws[0][1] != draws[1][1]
    assert all(new not in tokens for tokens, _, new in draws)


def test_some_lists_end_in_the_pair_and_some_hold_three_equal_tokens():
    generator = torch.Generator().manual_seed(0)
    tokens, pair, _ = ends_in_the_pair(generator)
    assert tuple(tokens[-2:]) == pair
    tokens, (a, b), _ = of_two_equal(generator)
    assert a == b and tokens[-3:] == [a, a, a]


# Attention ----------------------------------------------------------------------


def test_what_checks_attention_is_torchs():
    generator = torch.Generator().manual_seed(0)
    query, key, value = torch.randn(3, 2, 6, 8, generator=generator)
    mask = torch.arange(6) < torch.tensor([[6], [4]])
    theirs = F.scaled_dot_product_attention(query, key, value, mask[:, None, :])
    torch.testing.assert_close(attend(query, key, value, mask), theirs)


def test_right_attention_is_used_onward(capsys):
    def mine(query, key, value, mask):
        return F.scaled_dot_product_attention(query, key, value, mask[:, None])

    assert check_attend(mine) is mine
    assert said(capsys) == "attend: ok"


def scores(query, key):
    return query @ key.transpose(1, 2) / query.shape[-1] ** 0.5


def mask_inverted(query, key, value, mask):
    hidden = scores(query, key).masked_fill(mask[:, None, :], -torch.inf)
    return hidden.softmax(-1) @ value


def wrong_axis(query, key, value, mask):
    hidden = scores(query, key).masked_fill(~mask[:, None, :], -torch.inf)
    return hidden.softmax(-2) @ value


def no_root(query, key, value, mask):
    raw = query @ key.transpose(1, 2)
    return raw.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (mask_inverted, "the mask is inverted"),
        (wrong_axis, "the softmax goes over the wrong axis"),
        (no_root, "not divided by the root of d"),
    ],
)
def test_wrong_attention_is_named(capsys, wrong, words):
    assert check_attend(wrong) is not wrong
    assert words in said(capsys)


def all_nan(query, key, value, mask):
    return value * torch.nan


def twice_as_much(query, key, value, mask):
    return 2 * attend(query, key, value, mask)


@pytest.mark.parametrize("wrong", [twice_as_much, all_nan])
def test_another_mistake_shows_one_number(capsys, wrong):
    check_attend(wrong)
    words = said(capsys)
    assert "expected" in words
    assert "found" in words


# Nothing written yet ----------------------------------------------------------------


def test_empty_answers_get_functions_that_work(capsys):
    def nothing(*given):
        raise NotImplementedError("your turn")

    merge_onward, attend_onward = check_merge(nothing), check_attend(nothing)
    lines = capsys.readouterr().out.splitlines()
    assert "merge: not done yet" in lines
    assert "attend: not done yet" in lines
    assert merge_onward([5, 6, 6], (5, 6), 9) == [9, 6]
    one = torch.ones(1, 2, 4)
    assert torch.equal(attend_onward(one, one, one, one[..., 0] > 0), one)


# The lesson ---------------------------------------------------------------------


def test_the_lessons_answers_quote_what_the_notebook_printed():
    """A new training brings new numbers: then both the notebook and the page change."""
    page = (ROOT / "lessons" / "08_words.md").read_text(encoding="utf-8")
    answers = page.split("## Questions people ask")[1].split("<details>")[0]
    answers = re.sub(r"<!-- \w+\.\w+.*?<!-- / -->", "", answers)  # of a benchmark
    solved = nbformat.read(ROOT / "notebooks/solutions/08_words.ipynb", as_version=4)
    outputs = (out for cell in solved.cells for out in cell.get("outputs", []))
    printed = " ".join(out.get("text", "") for out in outputs)
    quoted = set(re.findall(r"\d\.\d\d|\d+%", answers.replace(" %", "%")))
    assert len(quoted) >= 4
    assert not {words for words in quoted if words not in printed}


@pytest.mark.parametrize("sentence", MERGES)
def test_every_known_mistake_of_merging_is_told_as_it_is_written(sentence, capsys):
    mistaken = MERGES[sentence]
    check_merge(lambda *given: mistaken(*given))
    assert said(capsys).startswith("merge: not yet right")
