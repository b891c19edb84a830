"""The checks of notebook 10: guidance, and captions that are left out on purpose."""

import functools
import re
from collections.abc import Callable

import torch

from course_lib.checks.difference import difference, is_comparable
from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.diffusion.guidance import guided
from course_lib.networks.tokenizer import END, PAD, START, forget

# Guidance -----------------------------------------------------------------------

# Where rules that agree elsewhere differ: nothing, half, plain, away, a whole number.
SCALES = (0.0, 0.5, 1.0, -1.0, 3)


def check_guided(learner_guided):
    """Guidance, where 1 is plain."""

    def inputs(generator):
        guesses = torch.randn(2, 2, 3, 8, 8, generator=generator)
        # Never 1, where the guess with the text is right, however it is reached.
        return *guesses, 1.5 + 3 * torch.rand((), generator=generator).item()

    to_ask = in_our_words(learner_guided, GUIDED_ACCIDENTS)

    def the_notebooks(guidance_scale):
        def inputs(generator):
            told_10_and_13 = torch.tensor([13.0]), torch.tensor([10.0])
            pictures = torch.randn(2, 1, 3, 32, 32, generator=generator)
            some = told_10_and_13 if torch.rand((), generator=generator) < 0.5 else None
            return *(some or pictures), guidance_scale

        return inputs

    def check():
        try:
            compare(to_ask, guided, inputs, GUIDED_MISTAKES)
        except NotYetRight as error:
            if str(error) not in GUIDED_MISTAKES and (said := on_example(to_ask)):
                raise NotYetRight(said) from error
            raise
        for scale in SCALES:
            try:
                compare(to_ask, guided, the_notebooks(scale))
            except NotYetRight as error:
                said = f"with guidance_scale = {scale}: {error}"
                raise NotYetRight(said) from error

    return report(check, learner_guided, guided)


def on_example(learner_guided) -> str | None:
    """What is wrong in the notebook's table, which can be checked with a pencil."""
    found = ask(learner_guided, torch.tensor([13.0]), torch.tensor([10.0]), 2.0)
    is_number = isinstance(found, torch.Tensor) and found.shape == (1,)
    if not is_number or not found.isfinite() or abs(found.item() - 16) < 1e-3:
        return None
    return f"for w = 2 the table says 16, and yours says {found.item():.4g}"


def in_our_words(learner: Callable, accidents: dict[str, str]) -> Callable:
    """The same function, whose known accidents are told in our sentence."""

    @functools.wraps(learner)
    def asked(*given):
        try:
            return learner(*given)
        except (NameError, TypeError, RuntimeError) as error:
            for pattern, said in accidents.items():
                if re.search(pattern, str(error)):
                    raise NotYetRight(said) from error
            raise

    return asked


GUIDED_ACCIDENTS = {
    r"name 'w' is not defined": "`w` is not defined: it is called guidance_scale here",
    r"'float' object cannot be interpreted as an integer": (
        "guidance_scale may be 0.5, and range wants a whole number: no loop is needed, "
        "multiply by it once"
    ),
}

# One line each, as a learner would write it: c is with_text, u is without.
GUIDED_MISTAKES = {
    "that is the (1 + w) convention of some papers, 16 for w = 1: here 1 is plain, so "
    "start from `without` and go guidance_scale times the difference": (
        lambda c, u, w: c + w * (c - u)
    ),
    "with_text and without have changed places: w = 0 is to give `without`": (
        lambda c, u, w: c + w * (u - c)
    ),
    "it goes away from the words, 7 for w = 1: a minus stands where a plus belongs, or "
    "the difference is the wrong way round": lambda c, u, w: u - w * (c - u),
    "what both guesses agree on is made larger, too, 26 for w = 2: only the difference "
    "is to grow (are there brackets around it?)": lambda c, u, w: w * c,
    "with_text is added and not the difference, 23 for w = 1: take `without` off it "
    "first": lambda c, u, w: u + w * c,
    "the sum of both is added, 33 for w = 1: it must be their difference": (
        lambda c, u, w: u + w * (c + u)
    ),
    "that is the difference alone, 3 for w = 1: it starts from `without`, so add it": (
        lambda c, u, w: w * (c - u)
    ),
    "guidance_scale is not used: for w = 2 it still says 13": lambda c, u, w: c,
    "with_text is not used: it says 10 for every w": lambda c, u, w: u,
    "that lies between both guesses for every w: guidance goes on beyond with_text": (
        lambda c, u, w: (u + w * c) / (1 + w)
    ),
    "that is the mean of both for every w": lambda c, u, w: (u + c) / 2,
    "guidance_scale multiplies with_text and leaves `without` whole, 3 for w = 1: it "
    "multiplies the difference, and `without` is added": lambda c, u, w: w * c - u,
    "guidance_scale multiplies `without` alone, 13 for w = 0: it multiplies the "
    "difference": lambda c, u, w: c - w * u,
    "brackets are missing: guidance_scale multiplies with_text alone and not the "
    "difference": lambda c, u, w: c + w * c - u,
    "the difference is multiplied by `without`, too: write + between them": (
        lambda c, u, w: u * w * (c - u)
    ),
    "a difference below 0 is made positive: it may point either way, so no abs": (
        lambda c, u, w: u + w * (c - u).abs()
    ),
    "what leaves -1..1 is cut off: these are velocities, which may be larger, and the "
    "sampler cuts the picture itself": lambda c, u, w: (u + w * (c - u)).clamp(-1, 1),
    "the numbers of the example, 10 and 3, stand in it: use `without` and with_text": (
        lambda c, u, w: 10 + w * 3 + 0 * u
    ),
    "the numbers of the example, 10 and 3, stand in it, and one plain number comes "
    "back: use `without` and with_text": lambda c, u, w: 10.0 + 3.0 * w,
    "it is the mean of all numbers: each number of a prediction is guided by itself, "
    "so no .mean()": lambda c, u, w: (u + w * (c - u)).mean(),
    "the difference is averaged over all numbers: each keeps its own, so no .mean()": (
        lambda c, u, w: u + w * (c - u).mean()
    ),
    "guidance_scale is squared, 22 for w = 2: multiply by it once": (
        lambda c, u, w: u + w**2 * (c - u)
    ),
    "the result is divided by 1 + guidance_scale, 5.33 for w = 2: nothing is divided": (
        lambda c, u, w: (u + w * (c - u)) / (1 + w)
    ),
    "the 3 of the example stands in it: it is with_text less `without`": (
        lambda c, u, w: u + w * 3
    ),
    "guidance_scale is added and not multiplied: it says how many times as far": (
        lambda c, u, w: u + (c - u) + w
    ),
    "`without` is added at full size to a whole with_text, 23 for w = 1": (
        lambda c, u, w: w * (c + u)
    ),
    "guidance_scale is taken to be a whole number: 0.5 is a scale, too": (
        lambda c, u, w: u + int(w) * (c - u)
    ),
    "you divide by guidance_scale: more of it must lead further": (
        lambda c, u, w: u + (c - u) / w
    ),
    "it goes one difference too short, 10 for w = 1: here 1 is plain": (
        lambda c, u, w: u + (w - 1) * (c - u)
    ),
}


# Captions left out ----------------------------------------------------------------


def check_forget(learner_forget):
    """Some captions are replaced by the empty text, the others are left alone."""

    to_ask = in_our_words(learner_forget, FORGET_ACCIDENTS)

    def check():
        try:
            compare(to_ask, forget, six_captions, FORGET_MISTAKES, by_chance=CHANCE)
        except NotYetRight as error:
            if draws_its_own(to_ask):
                raise NotYetRight(CHANCE) from error
            raise
        for name, inputs in OTHER_BATCHES.items():
            try:
                compare(to_ask, forget, inputs)
            except NotYetRight as error:
                raise NotYetRight(f"{name}: {error}") from error

    return report(check, learner_forget, forget)


# The first batch has six captions of nine tokens, so the two numbers of a misfit say
# what was set beside what.
SIX_BY_NINE = r"\((6\).*\(9|9\).*\(6)\)"
FORGET_ACCIDENTS = {
    rf"{SIX_BY_NINE}": (
        "one yes or no for each caption, (B,), stands beside tokens, (B, L): make a "
        "column of it, dropped[:, None]"
    ),
    r"must match the size of tensor \w \(\d+\) at non-singleton dimension 1|"
    r"cannot be broadcast to indexing result|expanded size of the tensor": (
        "the empty text is not as long as the captions: they may have any length, "
        "tokens.shape[1]"
    ),
    r"must match the size of tensor \w \(\d+\) at non-singleton dimension 0": (
        "there are not as many empty texts as captions: there may be any number of "
        "them, len(tokens)"
    ),
    r"can't assign a (tuple|list) to a": (
        "several numbers are written in as a tensor: torch.tensor([START, END])"
    ),
    r"invalid combination of arguments": (
        "a function of torch was given something that is no tensor: a list becomes one "
        "by torch.tensor([...]), and must be as long as a caption"
    ),
}

CHANCE = (
    "who is forgotten is decided already, `dropped` says it: it is given, so draw none "
    "of your own"
)


def draws_its_own(learner_forget: Callable) -> bool:
    """Whether it forgets others when it is asked again."""
    # Many captions: of six, one drawn in ten is mostly none, and twice the same.
    tokens = captions(torch.Generator().manual_seed(2), 400, 9)
    try:
        first, again = (
            ask(learner_forget, tokens, torch.arange(400) % 3 == 0) for _ in range(2)
        )
    except Exception:  # then what six captions showed is told
        return False
    return is_comparable(first) and difference(first, again) is not None


def captions(generator, rows: int, length: int):
    """Texts as the tokenizer writes them: START, words, END, PAD."""
    # No word of these is START, END or PAD, so each of them is seen where it is put.
    tokens = torch.randint(END + 1, 400, (rows, length), generator=generator)
    tokens[:, 0] = START
    for i in range(rows):
        end = 3 + (i + int(tokens[i, 1])) % (length - 3)
        tokens[i, end], tokens[i, end + 1 :] = END, PAD
    return tokens


def six_captions(generator):
    """Always two of six are dropped: some must go, and some must stay."""
    dropped = torch.tensor([True, False, False, True, False, False])
    return captions(generator, 6, 9), dropped[torch.randperm(6, generator=generator)]


OTHER_BATCHES = {
    "where no caption is dropped": lambda g: (
        captions(g, 3, 8),
        torch.zeros(3, dtype=torch.bool),
    ),
    "where every caption is dropped": lambda g: (
        captions(g, 3, 8),
        torch.ones(3, dtype=torch.bool),
    ),
    "in a batch as large as a caption is long": lambda g: (
        captions(g, 8, 8),
        torch.rand(8, generator=g) < 0.5,
    ),
    "with one caption": lambda g: (captions(g, 1, 12), torch.tensor([True])),
}


def nothing(tokens):
    empty = torch.full_like(tokens, PAD)
    empty[:, 0], empty[:, 1] = START, END
    return empty


def put(tokens, dropped, empty):
    return torch.where(dropped[:, None], empty, tokens)


def to_padding(tokens, dropped):
    return tokens.masked_fill(dropped[:, None], PAD)


def start_alone(tokens, dropped):
    empty = nothing(tokens)
    empty[:, 1] = PAD
    return put(tokens, dropped, empty)


def end_alone(tokens, dropped):
    empty = torch.full_like(tokens, PAD)
    empty[:, 0] = END
    return put(tokens, dropped, empty)


def end_last(tokens, dropped):
    empty = nothing(tokens)
    empty[:, 1], empty[:, -1] = PAD, END
    return put(tokens, dropped, empty)


def turned_round(tokens, dropped):
    empty = nothing(tokens)
    empty[:, 0], empty[:, 1] = END, START
    return put(tokens, dropped, empty)


def words_left(tokens, dropped):
    empty = tokens.clone()
    empty[:, 1] = END
    return put(tokens, dropped, empty)


def words_blanked(tokens, dropped):
    special = (tokens == START) | (tokens == END)
    return put(tokens, dropped, torch.where(special, tokens, PAD))


def rows_for_columns(tokens, dropped):
    empty = torch.full_like(tokens, PAD)
    empty[0], empty[1] = START, END
    return put(tokens, dropped, empty)


def first_alone(tokens, dropped):
    first = torch.zeros_like(dropped)
    first[dropped.nonzero()[0]] = True
    return forget(tokens, first)


FORGET_MISTAKES = {
    "a row of padding alone is no text, and attention has nothing to look at: the "
    "empty text is START, END and then padding": to_padding,
    "the wrong ones are forgotten: `dropped` is True for those that go": (
        lambda tokens, dropped: forget(tokens, ~dropped)
    ),
    "no caption is forgotten, so the empty text would never be trained, and what the "
    "network says to it would be arbitrary: put it where `dropped` is True "
    "(new[dropped][:, 2:] = PAD writes into a copy: new[dropped, 2:] = PAD does not)": (
        lambda tokens, dropped: tokens
    ),
    "every caption is forgotten, so no word would ever be learned": (
        lambda tokens, dropped: nothing(tokens)
    ),
    "END is missing: the empty text is START, END and then padding": start_alone,
    "START is missing: the empty text is START, END and then padding": end_alone,
    "END stands in the last place: it comes right behind START, then padding": end_last,
    "START and END have changed places": turned_round,
    "words of the caption are still there behind END: what follows it is PAD": (
        words_left
    ),
    "END stays where the caption ended: in the empty text it stands right behind "
    "START": words_blanked,
    "after END comes END again: fill up with PAD": (
        lambda tokens, dropped: put(tokens, dropped, end_filled(tokens))
    ),
    "START stands in every place: it comes once, then END, then padding": (
        lambda tokens, dropped: put(tokens, dropped, torch.full_like(tokens, START))
    ),
    "`empty[0]` is the first row, a whole caption: the first token of every row is "
    "`empty[:, 0]`": rows_for_columns,
    "the dropped captions are gone: the batch must keep its shape, so put the empty "
    "text in their place": lambda tokens, dropped: tokens[~dropped],
    "only the dropped captions come back: the others must stay as they are": (
        lambda tokens, dropped: nothing(tokens)[dropped]
    ),
    "that is one empty text: the whole batch is wanted": (
        lambda tokens, dropped: nothing(tokens)[0]
    ),
    "only the first of the dropped captions is replaced": first_alone,
}


def end_filled(tokens):
    empty = torch.full_like(tokens, END)
    empty[:, 0] = START
    return empty
