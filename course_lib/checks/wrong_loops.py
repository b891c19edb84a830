"""Mistakes in the loop back from noise, and the sentence that names each."""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.diffusion.schedule import linear_schedule


class Turn(NamedTuple):
    """All that is known in one turn of the loop; (a, b) at t, (c, d) at t_next."""

    i: int
    t: int
    t_next: int
    T: int
    x_T: Tensor
    x_t: Tensor
    a: float
    b: float
    c: float
    d: float
    eps_hat: Tensor | None = None
    x_0_hat: Tensor | None = None


def loop_with(
    told=lambda turn: turn.t,
    clean=lambda turn: (turn.x_t - turn.b * turn.eps_hat) / turn.a,
    mix=lambda turn: turn.c * turn.x_0_hat + turn.d * turn.eps_hat,
    way=lambda steps: steps,
    begun=lambda turn: turn.x_t,
    asked=lambda turn: turn.x_t,
):
    """The loop, with one of its parts replaced by what people write by mistake."""

    def loop(model, x_T, steps, a, b):
        x_t = x_T
        for i, (t, t_next) in enumerate(pairwise(way(steps))):
            shares = a[t], b[t], a[t_next], b[t_next]
            turn = Turn(i, t, t_next, steps[0], x_T, x_t, *shares)
            turn = turn._replace(x_t=begun(turn))
            eps_hat = model(asked(turn), torch.full((len(x_T),), told(turn)))
            turn = turn._replace(eps_hat=eps_hat)
            x_t = mix(turn._replace(x_0_hat=clean(turn)))
        return x_t

    return loop


def down_by_one(last: int):
    """The loop with t - 1 in place of t_next, without its `last` last steps."""

    def loop(model, x_T, steps, a, b):
        x_t = x_T
        for t in steps[: len(steps) - last]:
            eps_hat = model(x_t, torch.full((len(x_T),), t))
            x_0_hat = (x_t - b[t] * eps_hat) / a[t]
            x_t = a[t - 1] * x_0_hat + b[t - 1] * eps_hat
        return x_t

    return loop


# The notebook's `schedule`, which a learner's loop may reach for.
REAL = linear_schedule(T=1000)
REAL_A, REAL_B = REAL.a_table.tolist(), REAL.b_table.tolist()

WRONG_LOOPS = {
    # What the network is told.
    "the network is told t_next: tell it t, the step of x_t": loop_with(
        told=lambda turn: turn.t_next
    ),
    "the network is told the number of the turn: tell it t, the step of x_t": (
        loop_with(told=lambda turn: turn.i)
    ),
    "the network is told t - 1: tell it t, the step of x_t": loop_with(
        told=lambda turn: turn.t - 1
    ),
    "the network is told t / 1000: tell it t itself, a whole number": loop_with(
        told=lambda turn: turn.t / 1000
    ),
    "the network is told t / T: tell it t itself, a whole number": loop_with(
        told=lambda turn: turn.t / turn.T
    ),
    "the network is given x_T every time: give it x_t, which has moved": (
        loop_with(asked=lambda turn: turn.x_T)
    ),
    "x_t never moves, since each turn begins at x_T again: the result of step 3 is the "
    "x_t of the next turn": loop_with(begun=lambda turn: turn.x_T),
    # Step 2, the clean point.
    "step 2 does not divide by a_t: without its noise, x_t is a_t * x_0": loop_with(
        clean=lambda turn: turn.x_t - turn.b * turn.eps_hat
    ),
    "step 2 divides only eps_hat by a_t: (x_t - b[t] * eps_hat) / a[t], with "
    "brackets": loop_with(clean=lambda turn: turn.x_t - turn.b * turn.eps_hat / turn.a),
    "step 2 multiplies by a_t: divide by it": loop_with(
        clean=lambda turn: (turn.x_t - turn.b * turn.eps_hat) * turn.a
    ),
    "step 2 divides by b_t: to solve x_t = a_t * x_0 + b_t * eps for x_0, divide by "
    "a_t": loop_with(clean=lambda turn: (turn.x_t - turn.b * turn.eps_hat) / turn.b),
    "in step 2 a and b are swapped: a_t is the share of x_0": loop_with(
        clean=lambda turn: (turn.x_t - turn.a * turn.eps_hat) / turn.b
    ),
    "step 2 adds the noise: subtract it": loop_with(
        clean=lambda turn: (turn.x_t + turn.b * turn.eps_hat) / turn.a
    ),
    "step 2 subtracts eps_hat without its share b_t": loop_with(
        clean=lambda turn: (turn.x_t - turn.eps_hat) / turn.a
    ),
    "step 2 takes roots: a and b are the roots already": loop_with(
        clean=lambda turn: (turn.x_t - turn.b**0.5 * turn.eps_hat) / turn.a**0.5
    ),
    "step 2 divides only x_t by a_t: (x_t - b[t] * eps_hat) / a[t]": loop_with(
        clean=lambda turn: turn.x_t / turn.a - turn.b * turn.eps_hat
    ),
    "the network predicts the noise, not the clean point: work out x_0_hat from it": (
        loop_with(clean=lambda turn: turn.eps_hat)
    ),
    "step 2 subtracts all of eps_hat, and divides nothing: (x_t - b[t] * eps_hat) / "
    "a[t]": loop_with(clean=lambda turn: turn.x_t - turn.eps_hat),
    "x_0_hat is clamped: leave it as it is, or it no longer matches eps_hat": (
        loop_with(
            clean=lambda turn: ((turn.x_t - turn.b * turn.eps_hat) / turn.a).clamp(
                -1, 1
            )
        )
    ),
    "a and b are swapped, in steps 2 and 3: a is the share of the clean point, b that "
    "of the noise": loop_with(
        clean=lambda turn: (turn.x_t - turn.a * turn.eps_hat) / turn.b,
        mix=lambda turn: turn.d * turn.x_0_hat + turn.c * turn.eps_hat,
    ),
    "step 2 subtracts the noise from x_T: subtract it from x_t, which has moved": (
        loop_with(clean=lambda turn: (turn.x_T - turn.b * turn.eps_hat) / turn.a)
    ),
    "step 2 uses the notebook's `schedule`: use the given a and b, "
    "(x_t - b[t] * eps_hat) / a[t]": loop_with(
        clean=lambda turn: (turn.x_t - REAL_B[turn.t] * turn.eps_hat) / REAL_A[turn.t]
    ),
    "steps 2 and 3 use the notebook's `schedule`: use the given a and b": (
        loop_with(
            clean=lambda turn: (
                (turn.x_t - REAL_B[turn.t] * turn.eps_hat) / REAL_A[turn.t]
            ),
            mix=lambda turn: (
                REAL_A[turn.t_next] * turn.x_0_hat + REAL_B[turn.t_next] * turn.eps_hat
            ),
        )
    ),
    # Step 3, the mix.
    "step 3 uses the notebook's `schedule`: use the given a and b, a[t_next] * x_0_hat "
    "+ b[t_next] * eps_hat": loop_with(
        mix=lambda turn: (
            REAL_A[turn.t_next] * turn.x_0_hat + REAL_B[turn.t_next] * turn.eps_hat
        )
    ),
    "the noise is not put back: x_0_hat is only a guess, so mix it with eps_hat again, "
    "in the proportions of t_next": loop_with(mix=lambda turn: turn.x_0_hat),
    "the noise is not put back: + b[t_next] * eps_hat is missing in step 3": loop_with(
        mix=lambda turn: turn.c * turn.x_0_hat
    ),
    "a and b are swapped in the mix: a is the share of x_0_hat, b that of "
    "eps_hat": loop_with(
        mix=lambda turn: turn.d * turn.x_0_hat + turn.c * turn.eps_hat
    ),
    # The same as x_t - (b_t - b_next) * eps_hat.
    "the noise shrinks, but the share of the clean point stays a_t: in step 3 it is "
    "a[t_next]": loop_with(
        mix=lambda turn: turn.a * turn.x_0_hat + turn.d * turn.eps_hat
    ),
    "in the mix b belongs to t: both a and b belong to t_next": loop_with(
        mix=lambda turn: turn.c * turn.x_0_hat + turn.b * turn.eps_hat
    ),
    "x_t itself is mixed with noise: mix x_0_hat, the guess of x_0": loop_with(
        mix=lambda turn: turn.c * turn.x_t + turn.d * turn.eps_hat
    ),
    "the noise of the start, x_T, is put back: put eps_hat back": loop_with(
        mix=lambda turn: turn.c * turn.x_0_hat + turn.d * turn.x_T
    ),
    "the mix subtracts the noise: add it": loop_with(
        mix=lambda turn: turn.c * turn.x_0_hat - turn.d * turn.eps_hat
    ),
    "in the mix x_0_hat has no share: a[t_next] * x_0_hat + b[t_next] * eps_hat": (
        loop_with(mix=lambda turn: turn.x_0_hat + turn.d * turn.eps_hat)
    ),
    "each step subtracts all of the noise: steps 2 and 3 work out x_0_hat and mix it "
    "again, with less noise": loop_with(mix=lambda turn: turn.x_t - turn.eps_hat),
    # Which way it walks.
    "it returns after the first step: `return` belongs after the loop, not in it": (
        loop_with(way=lambda steps: steps[:2])
    ),
    "it stops before the last step: the last pair ends in 0": loop_with(
        way=lambda steps: steps[:-1]
    ),
    "it leaves out the first step: begin with the pair (steps[0], steps[1])": loop_with(
        way=lambda steps: steps[1:]
    ),
    "it walks from 0 up to T: the steps are in the right order already": loop_with(
        way=lambda steps: steps[::-1]
    ),
    "t_next is not t - 1: it is the step after t in `steps`, as pairwise(steps) gives "
    "it": down_by_one(last=1),
    "t_next is not t - 1, and there is nothing below 0: pairwise(steps) gives each t "
    "with its t_next": down_by_one(last=0),
    "it visits every step from T down: visit only those in `steps`, pairwise(steps)": (
        loop_with(way=lambda steps: list(range(steps[0], -1, -1)))
    ),
    # The same happens if steps 2 and 3 both use the shares of t, or both those of
    # t_next.
    "x_T comes back unchanged: step 2 uses t and step 3 uses t_next, and the next turn "
    "goes on from the new x_t": (lambda model, x_T, steps, a, b: x_T),
}
