"""Few steps: a network learns to jump as far as a sampler would have walked.

A sampler's step from t to s takes the velocity at t and follows it straight on. The
path bends, so long steps end beside it. A shortcut model (Frans et al. 2024) is told
how far the step goes, and answers with the velocity that leads there: the mean of all
those on the way. The step itself is the old one, a DDIM step:

    x_s = a_s * x_0_hat + b_s * eps_hat          which on the straight line is
    x_s = x_t - (b_t - b_s) * v_hat

Nobody shows the network where long jumps end. It finds out by itself: one jump must end
where two jumps of half the length end.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from course_lib.diffusion.guidance import Way, guided
from course_lib.diffusion.objective import predictor, read_output
from course_lib.diffusion.samplers import choose_steps, ddim, last_step
from course_lib.diffusion.schedule import NoiseSchedule, add_noise

# In how many calls a picture can be drawn. Each is twice the one before, since a jump
# learns from two of half its length.
CALLS = (1, 2, 4, 8)
# A denoiser whose condition is filled in: (x_t, t, jump) to v_hat, like x_t.
Velocity = Callable[[Tensor, Tensor, Tensor], Tensor]


def check_few_steps(schedule: NoiseSchedule, target: str) -> None:
    """Raise ValueError unless jumps can be learned: v on the straight line."""
    if target != "v" or schedule.name != "straight line":
        raise ValueError(
            "Only a network that predicts v on the straight line can learn to draw in "
            f"few steps; this one predicts {target} on the {schedule.name}."
        )


# Jumps ----------------------------------------------------------------------------


def jump_to(
    x_t: Tensor, v_hat: Tensor, t: Tensor, s: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """Go from step t to step s along v_hat: a DDIM step, with steps for each picture.

    Args:
        x_t, v_hat: (B, C, H, W)
        t, s: (B,) int64
    """
    x_0_hat, eps_hat = read_output(v_hat, x_t, t, schedule, "v")
    return add_noise(x_0_hat, s, eps_hat, schedule)


def velocity_between(
    x_t: Tensor, x_s: Tensor, t: Tensor, s: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """The velocity that leads from x_t to x_s in one jump: `jump_to`, solved for v."""
    return (x_t - x_s) / (schedule.b(t, like=x_t) - schedule.b(s, like=x_t))


@torch.no_grad()
def shortcut_target(
    velocity: Velocity, x_t: Tensor, t: Tensor, jump: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """What the network should answer for a jump: where do two halves of it end?

    Frans et al. 2024, equation 5; for two equal halves it is the mean of both answers.
    No gradient flows through it: the long jump learns from the short ones, and they
    never from it.

    Args:
        x_t: (B, C, H, W)
        t, jump: (B,) int64; the jump leads from t to t - jump
    """
    first = jump // 2
    middle, end = t - first, t - jump
    answer = velocity(x_t, t, first)
    x_middle = jump_to(x_t, answer, t, middle, schedule)
    second = jump - first  # 63 after 62, if the jump is 125
    answer = velocity(x_middle, middle, second)
    x_end = jump_to(x_middle, answer, middle, end, schedule)
    return velocity_between(x_t, x_end, t, end, schedule)


def told(jump: Tensor, shortest: int) -> Tensor:
    """What the network is told of a jump: 0 if it is shorter than all that it learns.

    Those are so short that the velocity itself will do.
    """
    return torch.where(jump < shortest, 0, jump)


def draw_jumps(
    n: int, T: int, calls: tuple[int, ...], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw jumps to learn: where each begins and how long it is, both (n,) int64.

    A jump is one of those that `choose_steps` makes for one of these numbers of calls.
    """
    ways = [torch.tensor(choose_steps(T, c)) for c in calls]  # each ends with 0
    table = pad_sequence(ways, batch_first=True)  # (len(calls), most steps)
    # Each length as often as the others, although there is only one from T to 0: with a
    # single call, everything depends on it.
    which = torch.randint(len(calls), (n,), generator=generator)
    steps = torch.tensor(calls)[which]
    place = (torch.rand(n, generator=generator) * steps).long()
    t = table[which, place]
    return t, t - table[which, place + 1]


def jumping(model: Callable, steps: list[int]) -> Callable:
    """A denoiser for any sampler that visits these steps: it tells the model how far
    each step goes.

    Args:
        model: `model(x_t, t, cond, jump=jump)`
        steps: from the noisiest to 0, as `choose_steps` returns them
    """
    far = {t: t - s for t, s in zip(steps[:-1], steps[1:], strict=True)}

    def denoiser(x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        jump = torch.full_like(t, far.get(int(t[0]), 0))  # one t for the whole batch
        return model(x_t, t, cond, jump=jump)

    return denoiser


def in_calls(
    velocity: Velocity, x_T: Tensor, calls: int, schedule: NoiseSchedule
) -> Tensor:
    """Draw in so many calls, each of which says how far it must lead: x_0, like x_T.

    A painter does the same through a sampler: it is DDIM with a `jumping` denoiser.
    """

    def model(x_t: Tensor, t: Tensor, cond: None, jump: Tensor) -> Tensor:
        return velocity(x_t, t, jump)

    denoiser = jumping(model, choose_steps(schedule.T, calls))
    predict = predictor(denoiser, schedule, "v")
    return last_step(ddim(predict, x_T, schedule, calls))


# Guidance in one call -------------------------------------------------------------


@torch.no_grad()
def guided_target(
    model: Callable, x_t: Tensor, t: Tensor, cond: Tensor, nothing: Tensor, way: Way
) -> Tensor:
    """The guided prediction, for a student who shall need one call for it.

    Meng et al. 2023, "On distillation of guided diffusion models". Unlike `Way.guide`
    it takes a step of its own for each picture: those outside of the way's interval are
    not guided.

    Args:
        cond, nothing: the condition of each picture, and "nothing told", alike in shape
    """
    target = model(x_t, t, cond)
    rows = torch.tensor([way.is_guided(step) for step in t.tolist()], device=t.device)
    if rows.any():
        without = model(x_t[rows], t[rows], nothing[rows])
        target[rows] = guided(target[rows], without, way.guidance_scale)
    return target


# Consistency ----------------------------------------------------------------------


def earlier(t: Tensor, stage: int) -> Tensor:
    """The step that t is compared with: nearer to it with each stage, (B,) int64.

    In stage 0 it is 0 for all, so training begins as plain training. Then the gap is
    halved (Geng et al. 2024, "Consistency models made easy", equation 12, q = 2).

    >>> [earlier(torch.tensor([800]), stage).item() for stage in range(4)]
    [0, 400, 600, 700]
    """
    return t - (t / 2**stage).ceil().long()


def consistency_target(
    velocity: Velocity, x_r: Tensor, r: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """The guess of the clean picture at step r, which that at t > r should equal.

    Song et al. 2023, "Consistency models": all points of one path have one guess, its
    end. At r = 0 it is x_r itself, as v does not matter where b is 0.
    """
    with torch.no_grad():
        v_hat = velocity(x_r, r, torch.zeros_like(r))
    return read_output(v_hat, x_r, r, schedule, "v")[0]
