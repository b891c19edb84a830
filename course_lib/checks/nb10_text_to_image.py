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

# Where rules that agree elsewhere differ: none, half, plain, away, a whole number.
SCALES = (0.0, 0.5, 1.0, -1.0, 3)


def check_guided(learner_guided):
    """Classifier-free guidance, where 1 is plain: without + w (with_text - without)."""

    def inputs(generator):
        guesses = torch.randn(2, 2, 3, 8, 8, generator=generator)
        # Never 1, where with_text itself is right, however it is reached.
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
    """What is wrong by the notebook's table, which a pencil can check; or None."""
    found = ask(learner_guided, torch.tensor([13.0]), torch.tensor([10.0]), 2.0)
    is_number = isinstance(found, torch.Tensor) and found.shape == (1,)
    if not is_number or not found.isfinite() or abs(found.item() - 16) < 1e-3:
        return None
    return f"for w = 2 the table says 16, but yours says {found.item():.4g}"


def in_our_words(learner: Callable, accidents: dict[str, str]) -> Callable:
    """The same function, with our own sentences for known accidents."""

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
    r"name 'w' is not defined": "`w` is not defined: its name here is guidance_scale",
    r"'float' object cannot be interpreted as an integer": (
        "guidance_scale may be 0.5, but range needs a whole number: use no loop, "
        "multiply by it once"
    ),
}

# One line each, as a learner would write it: c is with_text, u is without.
GUIDED_MISTAKES = {
    "that is the (1 + w) convention of some papers, 16 for w = 1: here 1 is plain, so "
    "start from `without` and add guidance_scale times the difference": (
        lambda c, u, w: c + w * (c - u)
    ),
    "with_text and without are swapped: w = 0 should give `without`": (
        lambda c, u, w: c + w * (u - c)
    ),
    "it moves away from the words, 7 for w = 1: there is a minus in place of a plus, "
    "or the difference is the wrong way round": lambda c, u, w: u - w * (c - u),
    "it also enlarges what both guesses agree on, 26 for w = 2: only the difference "
    "should grow (are there brackets around it?)": lambda c, u, w: w * c,
    "it adds with_text instead of the difference, 23 for w = 1: subtract `without` "
    "first": lambda c, u, w: u + w * c,
    "it adds the sum of both, 33 for w = 1: add their difference": (
        lambda c, u, w: u + w * (c + u)
    ),
    "that is the difference alone, 3 for w = 1: guidance starts from `without`, so add "
    "that": (lambda c, u, w: w * (c - u)),
    "guidance_scale is not used: for w = 2 the answer is still 13": lambda c, u, w: c,
    "with_text is not used: the answer is 10 for every w": lambda c, u, w: u,
    "that lies between the two guesses for every w: guidance goes beyond with_text": (
        lambda c, u, w: (u + w * c) / (1 + w)
    ),
    "that is the mean of both for every w": lambda c, u, w: (u + c) / 2,
    "guidance_scale multiplies with_text and leaves `without` whole, 3 for w = 1: it "
    "multiplies the difference, and `without` is added": lambda c, u, w: w * c - u,
    "guidance_scale multiplies `without` alone, 13 for w = 0: it multiplies the "
    "difference": lambda c, u, w: c - w * u,
    "brackets are missing: guidance_scale multiplies with_text alone, not the "
    "difference": lambda c, u, w: c + w * c - u,
    "`without` multiplies the difference: write + between them": (
        lambda c, u, w: u * w * (c - u)
    ),
    "a difference below 0 is made positive: it may point either way, so use no abs": (
        lambda c, u, w: u + w * (c - u).abs()
    ),
    "what lies beyond -1..1 is cut off: these are velocities, which may be larger, and "
    "the sampler clamps the picture itself": (
        lambda c, u, w: (u + w * (c - u)).clamp(-1, 1)
    ),
    "it contains the example's numbers, 10 and 3: use `without` and with_text": (
        lambda c, u, w: 10 + w * 3 + 0 * u
    ),
    "it contains the example's numbers, 10 and 3, and returns a single plain number: "
    "use `without` and with_text": lambda c, u, w: 10.0 + 3.0 * w,
    "it is the mean of all numbers: each number of a prediction is guided on its own, "
    "so use no .mean()": lambda c, u, w: (u + w * (c - u)).mean(),
    "the difference is averaged over all numbers: each keeps its own, so use no "
    ".mean()": (lambda c, u, w: u + w * (c - u).mean()),
    "guidance_scale is squared, 22 for w = 2: multiply by it once": (
        lambda c, u, w: u + w**2 * (c - u)
    ),
    "the result is divided by 1 + guidance_scale, 5.33 for w = 2: do not divide": (
        lambda c, u, w: (u + w * (c - u)) / (1 + w)
    ),
    "it contains the example's 3: use with_text - `without`": (
        lambda c, u, w: u + w * 3
    ),
    "guidance_scale is added: multiply the difference by it": (
        lambda c, u, w: u + (c - u) + w
    ),
    "`without` is added to the whole of with_text, 23 for w = 1: subtract it": (
        lambda c, u, w: w * (c + u)
    ),
    "guidance_scale is cut to a whole number: 0.5 is also a scale": (
        lambda c, u, w: u + int(w) * (c - u)
    ),
    "it divides by guidance_scale: a larger one must lead further": (
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


# The first batch has six captions of nine tokens, so the two numbers in the message say
# which axes did not fit.
SIX_BY_NINE = r"\((6\).*\(9|9\).*\(6)\)"
FORGET_ACCIDENTS = {
    rf"{SIX_BY_NINE}": (
        "one True or False per caption, (B,), does not fit tokens, (B, L): make it a "
        "column, dropped[:, None]"
    ),
    r"must match the size of tensor \w \(\d+\) at non-singleton dimension 1|"
    r"cannot be broadcast to indexing result|expanded size of the tensor": (
        "the empty text is not as long as the captions: these may have any length, "
        "tokens.shape[1]"
    ),
    r"must match the size of tensor \w \(\d+\) at non-singleton dimension 0": (
        "there are not as many empty texts as captions: a batch may have any number of "
        "captions, len(tokens)"
    ),
    r"can't assign a (tuple|list) to a": (
        "several numbers are assigned as a tensor: torch.tensor([START, END])"
    ),
    r"invalid combination of arguments": (
        "a torch function was given something that is not a tensor: "
        "torch.tensor([...]) makes one of a list, which must be as long as a caption"
    ),
}

CHANCE = (
    "`dropped` has already decided which captions are forgotten: it is given, so do "
    "not draw your own"
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
    # No word is START, END or PAD, so each of them shows where it is put.
    tokens = torch.randint(END + 1, 400, (rows, length), generator=generator)
    tokens[:, 0] = START
    for i in range(rows):
        end = 3 + (i + int(tokens[i, 1])) % (length - 3)
        tokens[i, end], tokens[i, end + 1 :] = END, PAD
    return tokens


def six_captions(generator):
    """Always two of six dropped: some must go, and some must stay."""
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
    "a row of nothing but padding leaves attention nothing to look at: the empty text "
    "is START, END and then padding": to_padding,
    "the wrong ones are forgotten: `dropped` is True for those that go": (
        lambda tokens, dropped: forget(tokens, ~dropped)
    ),
    "no caption is forgotten, so the empty text would never be trained, and the "
    "network's answer to it would be arbitrary: put it where `dropped` is True "
    "(new[dropped][:, 2:] = PAD writes into a copy: new[dropped, 2:] = PAD does not)": (
        lambda tokens, dropped: tokens
    ),
    "every caption is forgotten, so no word would ever be learned": (
        lambda tokens, dropped: nothing(tokens)
    ),
    "END is missing: the empty text is START, END and then padding": start_alone,
    "START is missing: the empty text is START, END and then padding": end_alone,
    "END is in the last place: it comes right after START, then padding": end_last,
    "START and END are swapped": turned_round,
    "words of the caption are still there after END: fill up with PAD": (words_left),
    "END stays where the caption ended: in the empty text it comes right after START": (
        words_blanked
    ),
    "after END comes END again: fill up with PAD": (
        lambda tokens, dropped: put(tokens, dropped, end_filled(tokens))
    ),
    "START is in every place: it comes once, then END, then padding": (
        lambda tokens, dropped: put(tokens, dropped, torch.full_like(tokens, START))
    ),
    "`empty[0]` is the first row, an entire caption: the first token of every row is "
    "`empty[:, 0]`": rows_for_columns,
    "the dropped captions are gone: the batch must keep its shape, so put the empty "
    "text in their place": lambda tokens, dropped: tokens[~dropped],
    "only the dropped captions come back: the others must stay as they are": (
        lambda tokens, dropped: nothing(tokens)[dropped]
    ),
    "that is a single empty text: return the whole batch": (
        lambda tokens, dropped: nothing(tokens)[0]
    ),
    "only the first of the dropped captions is replaced": first_alone,
}


def end_filled(tokens):
    empty = torch.full_like(tokens, END)
    empty[:, 0] = START
    return empty
