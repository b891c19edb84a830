"""The checks of notebook 07: where to begin, and how to hold a part of a picture."""

import torch

from course_lib.checks.report import compare, report
from course_lib.diffusion.editing import begin, put_back
from course_lib.diffusion.schedule import add_noise, straight_line

SCHEDULE = straight_line()


def check_begin(learner_begin):
    """The step that a strength means, and the picture with the noise of that step."""

    def inputs(generator):
        x_0, eps = torch.randn(2, 2, 3, 8, 8, generator=generator)
        # Below a half, where 1 - strength is the same.
        strength = 0.1 * int(torch.randint(1, 5, (), generator=generator))
        # A picture ends at -1 and 1, and noise does not: so they cannot be exchanged.
        return x_0.clamp(-1, 1), strength, eps, SCHEDULE

    def from_the_other_end(x_0, strength, eps, schedule):
        return begin(x_0, 1 - strength, eps, schedule)

    def clean(x_0, strength, eps, schedule):
        return begin(x_0, strength, eps, schedule)[0], x_0

    def noise_alone(x_0, strength, eps, schedule):
        return begin(x_0, strength, eps, schedule)[0], eps

    def from_the_top(x_0, strength, eps, schedule):
        return schedule.T, begin(x_0, strength, eps, schedule)[1]

    mistakes = {
        "that is the step of 1 - strength: strength 1 is to mean pure noise, so little "
        "strength is a small t": from_the_other_end,
        "the picture is still clean: the network expects the noise of step `start` in "
        "it": clean,
        "nothing of the picture is left: mix it with the noise, as add_noise does for "
        "step `start`": noise_alone,
        "the walk would begin at T, but the picture has the noise of a smaller step: "
        "the network would take picture for noise": from_the_top,
    }

    def check():
        compare(learner_begin, begin, inputs, mistakes)

    return report(check, learner_begin, begin)


def check_put_back(learner_put_back):
    """The kept part is put back with as much noise as the drawn part has."""

    def inputs(generator):
        x_next, x_0, eps_new = torch.randn(3, 2, 3, 8, 8, generator=generator)
        mask = torch.rand(2, 1, 8, 8, generator=generator) < 0.5
        # Neither end: at 0 a clean part is right, at T nothing of it is left.
        t_next = int(torch.randint(200, 900, (), generator=generator))
        return x_next, x_0, mask, t_next, eps_new, SCHEDULE

    # The commonest mistake in real code: it nearly works, and leaves a seam.
    def clean(x_next, x_0, mask, t_next, eps_new, schedule):
        return torch.where(mask, x_next, x_0)

    def inverted(x_next, x_0, mask, t_next, eps_new, schedule):
        return put_back(x_next, x_0, ~mask, t_next, eps_new, schedule)

    def noise_twice(x_next, x_0, mask, t_next, eps_new, schedule):
        both = torch.where(mask, x_next, x_0)
        return add_noise(both, torch.full((len(x_0),), t_next), eps_new, schedule)

    mistakes = {
        "the kept part is clean, beside a part with noise: give it the noise of step "
        "t_next first": clean,
        "the mask is the wrong way round: it is True where something new is to be "
        "drawn": inverted,
        "the drawn part gets noise twice: it has that of t_next already": noise_twice,
    }

    def check():
        compare(learner_put_back, put_back, inputs, mistakes)

    return report(check, learner_put_back, put_back)
