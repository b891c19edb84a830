"""The checks of notebook 03: the loss of a denoiser, and the way back from noise."""

from itertools import pairwise

import torch
from torch import Tensor

from course_lib.checks.difference import difference
from course_lib.checks.report import NotYetRight, ask, checked, report
from course_lib.diffusion.objective import draw_noise, make_denoising_loss, predictor
from course_lib.diffusion.samplers import ddim_update, last_step, walk
from course_lib.diffusion.schedule import NoiseSchedule, linear_schedule


def eps_loss(model, x_0, schedule, generator):
    """How wrong the network's guess of the noise is, at steps drawn at random."""
    batch = {"x_0": x_0} | draw_noise(x_0, schedule.T, generator)
    return make_denoising_loss(schedule, "eps")(without_cond(model), batch)


def without_cond(model):
    """The library tells its networks something; this notebook's are told nothing."""
    return lambda x_t, t, cond: model(x_t, t)


def spy_on(answer):
    """A network, and the list of what it was asked."""
    asked = []

    def model(x_t, t, cond=None):
        asked.append((x_t, t))
        return answer(x_t, t)

    return model, asked


def check_loss(learner_loss):
    """Watch what the network is asked, and see whether the loss fits its answer."""
    # Few steps and many points, so that whatever is drawn at random shows in one call:
    # a right loss misses the last of 10 steps in 800 draws with a chance of 0.9^800.
    schedule = linear_schedule(T=10, beta_1=0.05, beta_T=0.5)

    def run(seed, answer):
        """What there was, what the network was asked, and the loss."""
        generator = torch.Generator().manual_seed(seed)
        x_0 = torch.rand(800, 2, generator=generator) * 2 - 1
        model, asked = spy_on(lambda x_t, t: answer(x_0, x_t, t))
        loss = ask(learner_loss, model, x_0, schedule, generator)
        if not asked:
            raise NotYetRight("the network is never asked: eps_hat = model(x_t, t)")
        return x_0, *asked[0], loss

    # Bent, so that no two targets are equally far from it, and with a slope, which the
    # loss must hand on.
    def some_answer(x_0, x_t, t):
        return torch.tanh(x_t + 0.1 * t[:, None]).requires_grad_()

    # The learner draws eps in secret. But it follows from what the network was shown,
    # so the check need not know when and how it was drawn.
    def noise_in(x_0, x_t, t):
        return (x_t - schedule.a(t, like=x_0) * x_0) / schedule.b(t, like=x_0)

    def compared_with(target, draws):
        """None, or how the losses differ from the squared error to this target."""
        for x_0, x_t, t, loss in draws:
            error = some_answer(x_0, x_t, t) - target(x_0, x_t, t)
            if said := difference(loss, error.square().mean(), tolerance=1e-3):
                return said
        return None

    def check():
        draws = [run(seed, some_answer) for seed in (0, 1)]
        # In the order in which things are made: with a wrong t the rest means nothing.
        for x_0, x_t, t, _ in draws:
            check_steps_drawn(t, len(x_0), schedule.T)
            check_noise_mixed_in(noise_in(x_0, x_t, t), x_0)
        if said := compared_with(noise_in, draws):
            for name, target in WRONG_TARGETS.items():
                if compared_with(target, draws) is None:
                    raise NotYetRight(name)
            # Only once no target is named: that even perfect answers cost something
            # points at a second torch.randn, which no formula can find again.
            check_perfect_network(run(0, noise_in)[-1])
            raise NotYetRight(said)
        if not draws[0][-1].requires_grad:
            raise NotYetRight(
                "the loss has lost its slope, so nothing can learn from it: return the "
                "tensor itself, without .item(), .detach() or torch.no_grad()"
            )
        check_repeatable(draws[0], schedule)

    return report(check, learner_loss, eps_loss, name="my_loss")


WRONG_TARGETS = {
    "the guess is compared with x_0, but the network is asked for the noise": (
        lambda x_0, x_t, t: x_0
    ),
    "the guess is compared with x_t, but the network is asked for the noise in it": (
        lambda x_0, x_t, t: x_t
    ),
}


def check_steps_drawn(t, B: int, T: int) -> None:
    """Every point needs a step of its own, from 1 to T."""
    if not isinstance(t, Tensor) or (t == t.flatten()[0]).all():
        raise NotYetRight(
            "one t for the whole batch: every point gets a random step of its own, so "
            "draw len(x_0) of them"
        )
    if t.shape != (B,):
        raise NotYetRight(f"t should have the shape {(B,)}, found {tuple(t.shape)}")
    if t.min() < 1:
        raise NotYetRight("t = 0 is drawn, too: nothing is hidden there, begin at 1")
    if t.max() < T:
        raise NotYetRight(
            "the last step T is never drawn: torch.randint leaves its upper end out"
        )


def check_noise_mixed_in(eps: Tensor, x_0: Tensor) -> None:
    """What was mixed into x_0 must look like N(0, 1), one draw for each number."""
    # Rounded to thousandths, four fifths of 1,600 normal numbers are different ones. Of
    # one draw for the whole batch there are two.
    fresh = len(eps.round(decimals=3).unique()) > eps.numel() / 4
    # The mean of so many strays by 0.025, their spread by 0.018: 0.15 is six times
    # that, which no right answer reaches.
    bell = abs(float(eps.mean())) < 0.15 and abs(float(eps.std()) - 1) < 0.15
    if not (fresh and bell and abs(float((eps * x_0).mean())) < 0.15):
        raise NotYetRight(
            "what the network is asked about is not x_0 with noise of step t: eps is "
            "torch.randn in the shape of x_0, x_t is add_noise(x_0, t, eps, schedule)"
        )


def check_perfect_network(loss) -> None:
    """A network that knows the noise exactly must have no loss."""
    # Above rounding: one part in a thousand of what eps against 0 would cost.
    if isinstance(loss, Tensor) and loss.numel() == 1 and float(loss) > 1e-3:
        raise NotYetRight(
            "a network that says exactly which noise is in x_t gets the loss "
            f"{float(loss):.2g} instead of 0: compare eps_hat with the very eps that "
            "was mixed in"
        )


def check_repeatable(draw, schedule) -> None:
    """The same generator must bring the same t and eps as the library's."""
    x_0, x_t, t, _ = draw
    generator = torch.Generator().manual_seed(0)
    torch.rand(x_0.shape, generator=generator)  # x_0 was drawn from it before
    model, asked = spy_on(lambda x_t, t: x_t)
    eps_loss(model, x_0, schedule, generator)
    expected_x_t, expected_t = asked[0]
    # The last thing asked, since mathematics does not care: only who compares trainings
    # of the same seed does.
    if difference(t, expected_t) or difference(x_t, expected_x_t):
        raise NotYetRight(
            "the loss is right, but cannot be repeated: draw t first, with "
            "torch.randint, then eps, with torch.randn, both with generator=generator"
        )


def reverse_loop(model, x_T, steps, a, b):
    """From noise to data: the library's DDIM, with the two tables as plain lists."""
    # On DDPM's circle, a^2 + b^2 = 1, the velocity's two tables are these.
    a, b = torch.tensor([a, b], dtype=torch.float64)
    schedule = NoiseSchedule("as given", a, b, a_dot_table=-b, b_dot_table=a)
    predict = predictor(without_cond(model), schedule, "eps")
    return last_step(walk(predict, x_T, steps, ddim_update(schedule)))


def check_reverse_loop(learner_loop):
    """The learner's walk must end where the right one ends."""
    schedule = linear_schedule(T=40, beta_1=0.01, beta_T=0.2)

    def model(x_t, t, cond=None):
        # It hears t, or being told another one would change nothing.
        return torch.tanh(1.5 * x_t + 0.05 * t[:, None])

    def inputs(generator):
        x_T = torch.randn(6, 2, generator=generator)
        # Uneven, so that a loop that reckons the next step for itself is seen.
        steps = [40, 31, 20, 12, 5, 0]
        return model, x_T, steps, schedule.a_table.tolist(), schedule.b_table.tolist()

    def walk(model, x_T, steps, a, b, update, ask_at_next=False):
        x_t = x_T
        for t, t_next in pairwise(steps):
            asked = t_next if ask_at_next else t
            eps_hat = model(x_t, torch.full((len(x_t),), asked))
            x_0_hat = (x_t - b[t] * eps_hat) / a[t]
            x_t = update(x_0_hat, eps_hat, a[t_next], b[t_next])
        return x_t

    def mixed(x_0_hat, eps_hat, a_next, b_next):
        return a_next * x_0_hat + b_next * eps_hat

    def off_by_one(*given):
        return walk(*given, mixed, ask_at_next=True)

    def no_noise_again(*given):
        return walk(*given, lambda x_0_hat, eps_hat, a_next, b_next: x_0_hat)

    def swapped(*given):
        def wrong_way(x_0_hat, eps_hat, a_next, b_next):
            return b_next * x_0_hat + a_next * eps_hat

        return walk(*given, wrong_way)

    mistakes = {
        "the network is told t_next: tell it t, the step at which x_t is": off_by_one,
        "the noise is not put back: x_0_hat is only a guess, mix it with eps_hat again "
        "in the proportions of t_next": no_noise_again,
        "a and b have changed places in the mix: a is the share of x_0_hat, b that of "
        "eps_hat": swapped,
    }
    return checked(learner_loop, reverse_loop, inputs, mistakes, name="my_reverse_loop")
