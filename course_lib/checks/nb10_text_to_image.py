"""The checks of notebook 10: guidance, and captions that are left out on purpose."""

import torch

from course_lib.checks.report import compare, report
from course_lib.diffusion.guidance import guided
from course_lib.networks.tokenizer import END, PAD, START, forget


def check_guided(learner_guided):
    """Guidance, where 1 is plain."""

    def inputs(generator):
        guesses = torch.randn(2, 2, 3, 8, 8, generator=generator)
        # Never 1, where the guess with the text is right, however it is reached.
        return *guesses, 1.5 + 3 * torch.rand((), generator=generator).item()

    def one_more(with_text, without, guidance_scale):
        return with_text + guidance_scale * (with_text - without)

    def from_the_wrong_end(with_text, without, guidance_scale):
        return with_text + guidance_scale * (without - with_text)

    def from_the_text(with_text, without, guidance_scale):
        return with_text + (guidance_scale - 1) * with_text

    mistakes = {
        "that is the (1 + w) convention of some papers: here 1 is plain, so start from "
        "`without` and go guidance_scale times the difference": one_more,
        "the difference points the wrong way: from `without` to `with_text`, it leads "
        "to the words": from_the_wrong_end,
        "what both guesses agree on is made larger, too: only the difference is to "
        "grow": from_the_text,
    }

    def check():
        compare(learner_guided, guided, inputs, mistakes)

    return report(check, learner_guided, guided)


def check_forget(learner_forget):
    """Some captions are replaced by the empty text, the others are left alone."""

    def inputs(generator):
        # No token of these is START, END or PAD, so each of them is seen where it is
        # put.
        tokens = torch.randint(END + 1, 400, (6, 9), generator=generator)
        tokens[:, 0] = START
        dropped = torch.tensor([True, False, False, True, False, False])
        # Always two of six: some must go, and some must stay.
        return tokens, dropped[torch.randperm(6, generator=generator)]

    def to_padding(tokens, dropped):
        return tokens.masked_fill(dropped[:, None], PAD)

    def others(tokens, dropped):
        return forget(tokens, ~dropped)

    def nobody(tokens, dropped):
        return tokens

    def all_of_them(tokens, dropped):
        return forget(tokens, torch.ones_like(dropped))

    mistakes = {
        "a row of padding alone is no text, and attention has nothing to look at: the "
        "empty text is START, END and then padding": to_padding,
        "the wrong ones are forgotten: `dropped` is True for those that go": others,
        "no caption is forgotten, so the empty text would never be trained, and what "
        "the network says to it would be arbitrary: put it where `dropped` is True": (
            nobody
        ),
        "every caption is forgotten, so no word would ever be learned": all_of_them,
    }

    def check():
        compare(learner_forget, forget, inputs, mistakes)

    return report(check, learner_forget, forget)
