"""The checks of notebook 10 name the mistakes that people make, and no others."""

import pytest

from course_lib.checks.nb10_text_to_image import check_forget, check_guided
from course_lib.diffusion.guidance import guided
from course_lib.networks.tokenizer import END, PAD, START, forget


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_right_functions_are_used_onward(capsys):
    def mine(with_text, without, guidance_scale):
        return guidance_scale * with_text + (1 - guidance_scale) * without

    assert check_guided(mine) is mine and said(capsys) == "guided: ok"

    def my_forget(tokens, dropped):
        tokens = tokens.clone()
        tokens[dropped] = PAD
        tokens[dropped, 0], tokens[dropped, 1] = START, END
        return tokens

    assert check_forget(my_forget) is my_forget and said(capsys) == "forget: ok"


@pytest.mark.parametrize(
    ("mistaken", "words"),
    [
        (lambda c, u, w: c + w * (c - u), "(1 + w) convention"),
        (lambda c, u, w: c + w * (u - c), "are swapped"),
        (lambda c, u, w: u - w * (c - u), "the wrong way round"),
        (lambda c, u, w: w * c, "it also enlarges"),
        (lambda c, u, w: u + w * c, "instead of the difference"),
        (lambda c, u, w: c, "is not used"),
        (lambda c, u, w: c.maximum(u), "the table says 16, but yours says 13"),
    ],
)
def test_mistakes_in_guidance_are_named(mistaken, words, capsys):
    assert check_guided(mistaken) is guided
    assert words in said(capsys)


def half(tokens, dropped):
    tokens = tokens.clone()
    tokens[dropped, 1:] = PAD
    return tokens


@pytest.mark.parametrize(
    ("mistaken", "words"),
    [
        (lambda k, d: k.masked_fill(d[:, None], 0), "leaves attention nothing"),
        (lambda k, d: forget(k, ~d), "the wrong ones"),
        (lambda k, d: k, "no caption is forgotten, so the empty text"),
        (lambda k, d: forget(k, d | True), "every caption"),
        (half, "END is missing"),
        (lambda k, d: k.flip(1), "expected"),
        (lambda k, d: None, "returned None"),
    ],
)
def test_mistakes_in_forgetting_are_named(mistaken, words, capsys):
    assert check_forget(mistaken) is forget
    assert words in said(capsys)


@pytest.mark.parametrize("w", [0.0, 0.5, 1.0, -1.0, 3])
def test_a_rule_that_fails_at_one_scale_is_refused_there(w, capsys):
    def but_there(with_text, without, guidance_scale):
        if guidance_scale == w:
            return with_text + without
        return guided(with_text, without, guidance_scale)

    assert check_guided(but_there) is guided
    assert f"with guidance_scale = {w}: " in said(capsys)


def test_what_holds_for_some_batches_only_is_refused_there(capsys):
    def needs_one(tokens, dropped):
        return forget(tokens, dropped) if dropped.any() else tokens[:0]

    assert check_forget(needs_one) is forget
    assert "where no caption is dropped" in said(capsys)


@pytest.mark.parametrize("check", [check_guided, check_forget])
def test_what_is_not_written_yet_blocks_nobody(check, capsys):
    def empty(*given):
        raise NotImplementedError

    assert check(empty) in (guided, forget)
    assert "not done yet" in said(capsys)
