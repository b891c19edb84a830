"""The way back from noise as people write it by mistake, each loop and its sentence."""

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
    """The loop, with one of its parts exchanged for what people write by mistake."""

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
    """The loop over single steps, in which t_next is t - 1; `last` steps are left."""

    def loop(model, x_T, steps, a, b):
        x_t = x_T
        for t in steps[: len(steps) - last]:
            eps_hat = model(x_t, torch.full((len(x_T),), t))
            x_0_hat = (x_t - b[t] * eps_hat) / a[t]
            x_t = a[t - 1] * x_0_hat + b[t - 1] * eps_hat
        return x_t

    return loop


# What the notebook calls `schedule`, which a loop of its own may reach for.
REAL = linear_schedule(T=1000)
REAL_A, REAL_B = REAL.a_table.tolist(), REAL.b_table.tolist()

WRONG_LOOPS = {
    # What the network is told.
    "the network is told t_next: tell it t, the step at which x_t is": loop_with(
        told=lambda turn: turn.t_next
    ),
    "the network is told how manieth turn it is: tell it t, the step at which x_t is": (
        loop_with(told=lambda turn: turn.i)
    ),
    "the network is told t - 1: tell it t, the step at which x_t is": loop_with(
        told=lambda turn: turn.t - 1
    ),
    "the network is told t / 1000: tell it t itself, a whole number": loop_with(
        told=lambda turn: turn.t / 1000
    ),
    "the network is told t / T: tell it t itself, a whole number": loop_with(
        told=lambda turn: turn.t / turn.T
    ),
    "the network is asked about x_T every time: ask it about x_t, which has moved": (
        loop_with(asked=lambda turn: turn.x_T)
    ),
    "x_t never moves, each turn begins at x_T again: what step 3 makes is the x_t of "
    "the next turn": loop_with(begun=lambda turn: turn.x_T),
    # Step 2, the clean point.
    "in step 2 nothing is divided by a_t: what is left of x_t is a_t * x_0": loop_with(
        clean=lambda turn: turn.x_t - turn.b * turn.eps_hat
    ),
    "in step 2 only a part is divided by a_t: (x_t - b[t] * eps_hat) / a[t], with "
    "brackets": loop_with(clean=lambda turn: turn.x_t - turn.b * turn.eps_hat / turn.a),
    "in step 2 a_t is multiplied instead of divided": loop_with(
        clean=lambda turn: (turn.x_t - turn.b * turn.eps_hat) * turn.a
    ),
    "in step 2 it is divided by b_t: x_t = a_t * x_0 + b_t * eps, solved for x_0, is "
    "divided by a_t": loop_with(
        clean=lambda turn: (turn.x_t - turn.b * turn.eps_hat) / turn.b
    ),
    "in step 2 a and b have changed places: a_t is the share of x_0": loop_with(
        clean=lambda turn: (turn.x_t - turn.a * turn.eps_hat) / turn.b
    ),
    "in step 2 the noise is added: it is to be taken off": loop_with(
        clean=lambda turn: (turn.x_t + turn.b * turn.eps_hat) / turn.a
    ),
    "in step 2 eps_hat is taken off without its share b_t": loop_with(
        clean=lambda turn: (turn.x_t - turn.eps_hat) / turn.a
    ),
    "in step 2 roots are taken: a and b are the roots already": loop_with(
        clean=lambda turn: (turn.x_t - turn.b**0.5 * turn.eps_hat) / turn.a**0.5
    ),
    "in step 2 eps_hat alone is divided: (x_t - b[t] * eps_hat) / a[t]": loop_with(
        clean=lambda turn: turn.x_t / turn.a - turn.b * turn.eps_hat
    ),
    "what the network says is the noise, not the clean point: work x_0_hat out from "
    "it": loop_with(clean=lambda turn: turn.eps_hat),
    "in step 2 eps_hat is taken off whole, and nothing is divided: "
    "(x_t - b[t] * eps_hat) / a[t]": loop_with(
        clean=lambda turn: turn.x_t - turn.eps_hat
    ),
    "x_0_hat is clamped: leave it as it is, or it no longer goes with eps_hat": (
        loop_with(
            clean=lambda turn: ((turn.x_t - turn.b * turn.eps_hat) / turn.a).clamp(
                -1, 1
            )
        )
    ),
    "a and b have changed places, in steps 2 and 3: a is the share of the clean "
    "point, b that of the noise": loop_with(
        clean=lambda turn: (turn.x_t - turn.a * turn.eps_hat) / turn.b,
        mix=lambda turn: turn.d * turn.x_0_hat + turn.c * turn.eps_hat,
    ),
    "in step 2 the noise is taken off x_T: take it off x_t, which has moved": loop_with(
        clean=lambda turn: (turn.x_T - turn.b * turn.eps_hat) / turn.a
    ),
    "in step 2 the notebook's `schedule` is asked: use the given a and b, "
    "(x_t - b[t] * eps_hat) / a[t]": loop_with(
        clean=lambda turn: (turn.x_t - REAL_B[turn.t] * turn.eps_hat) / REAL_A[turn.t]
    ),
    "in steps 2 and 3 the notebook's `schedule` is asked: use the given a and b": (
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
    "in step 3 the notebook's `schedule` is asked: use the given a and b, "
    "a[t_next] * x_0_hat + b[t_next] * eps_hat": loop_with(
        mix=lambda turn: (
            REAL_A[turn.t_next] * turn.x_0_hat + REAL_B[turn.t_next] * turn.eps_hat
        )
    ),
    "the noise is not put back: x_0_hat is only a guess, mix it with eps_hat again "
    "in the proportions of t_next": loop_with(mix=lambda turn: turn.x_0_hat),
    "the noise is not put back: + b[t_next] * eps_hat is missing in step 3": loop_with(
        mix=lambda turn: turn.c * turn.x_0_hat
    ),
    "a and b have changed places in the mix: a is the share of x_0_hat, b that "
    "of eps_hat": loop_with(
        mix=lambda turn: turn.d * turn.x_0_hat + turn.c * turn.eps_hat
    ),
    # The same as x_t - (b_t - b_next) * eps_hat.
    "the noise gets less, but the share of the clean point stays a_t: in step 3 it is "
    "a[t_next]": loop_with(
        mix=lambda turn: turn.a * turn.x_0_hat + turn.d * turn.eps_hat
    ),
    "in the mix b is that of t: both a and b are those of t_next": loop_with(
        mix=lambda turn: turn.c * turn.x_0_hat + turn.b * turn.eps_hat
    ),
    "x_t itself is mixed with noise: mix x_0_hat, the guess of x_0": loop_with(
        mix=lambda turn: turn.c * turn.x_t + turn.d * turn.eps_hat
    ),
    "the noise of the start, x_T, is put back: put eps_hat back": loop_with(
        mix=lambda turn: turn.c * turn.x_0_hat + turn.d * turn.x_T
    ),
    "in the mix the noise is taken off instead of put back": loop_with(
        mix=lambda turn: turn.c * turn.x_0_hat - turn.d * turn.eps_hat
    ),
    "in the mix x_0_hat has no share: a[t_next] * x_0_hat + b[t_next] * eps_hat": (
        loop_with(mix=lambda turn: turn.x_0_hat + turn.d * turn.eps_hat)
    ),
    "all of the noise is taken off at each step: steps 2 and 3 work x_0_hat out and "
    "mix it anew, with less noise": loop_with(mix=lambda turn: turn.x_t - turn.eps_hat),
    # Which way it walks.
    "it returns after the first step: `return` belongs behind the loop, not in it": (
        loop_with(way=lambda steps: steps[:2])
    ),
    "it stops before the last step: the last pair ends in 0": loop_with(
        way=lambda steps: steps[:-1]
    ),
    "it leaves out the first step: begin with the pair (steps[0], steps[1])": loop_with(
        way=lambda steps: steps[1:]
    ),
    "it walks from 0 up to T: the steps come in the right order already": loop_with(
        way=lambda steps: steps[::-1]
    ),
    "t_next is not t - 1: it is the step after t in `steps`, as pairwise(steps) gives "
    "it": down_by_one(last=1),
    "t_next is not t - 1, and below 0 there is none: pairwise(steps) gives each t with "
    "its t_next": down_by_one(last=0),
    "it walks every step from T down: walk those of `steps`, pairwise(steps)": (
        loop_with(way=lambda steps: list(range(steps[0], -1, -1)))
    ),
    # Also where both steps take the shares of t, or both those of t_next.
    "x_T comes back as it went in: step 2 is about t and step 3 about t_next, and the "
    "next turn goes on from the new x_t": (lambda model, x_T, steps, a, b: x_T),
}
