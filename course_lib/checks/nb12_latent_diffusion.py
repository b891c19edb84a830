"""The checks of notebook 12: pictures to latents, and a whole drawing in latents."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_lib.checks.difference import difference
from course_lib.checks.nb12_mistakes import ON_A_WALK, ON_THE_WAY_IN
from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.device import plain_torch
from course_lib.diffusion.objective import Predict, predictor
from course_lib.diffusion.samplers import (
    choose_steps,
    ddim_update,
    last_step,
    walk,
)
from course_lib.diffusion.schedule import (
    NoiseSchedule,
    cosine_schedule,
    straight_line,
)
from course_lib.networks.autoencoder import (
    Autoencoder,
    from_latents,
    to_latents,
)

LOUD = 2.9  # a scale above 1, as the notebook's: its latents are too soft
NO_CHANCE = (
    "this walk leaves nothing to chance, and decoding samples nothing: the walk ends "
    "with the latent itself, not with the middle of a cloud"
)


# Called before `report` puts defaults aside, so it does that itself.
@plain_torch()
def tiny_autoencoder(z_channels: int = 2, seed: int = 0) -> Autoencoder:
    """An autoencoder that has learned nothing, but whose every weight matters."""
    coder = Autoencoder(widths=(8, 8), z_channels=z_channels).requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for weights in coder.parameters():
        # The blocks of a new one do nothing yet (`zeroed`), and nobody would miss them.
        # With this std, mu spreads by 0.2 and logvar by 0.3: both count.
        nn.init.normal_(weights, std=0.15, generator=generator)
    return coder.eval()


def also(learner: Callable, right: Callable, inputs: Callable, mistakes, where) -> None:
    """Raise NotYetRight if a function that is right so far fails on other inputs."""
    try:
        compare(learner, right, inputs, mistakes)
    except Exception as error:
        # Some mistakes show only here, such as a clamp where latents are large.
        if str(error) in mistakes:
            raise
        raise NotYetRight(
            f"it is right for a first example, but not {where} ({error})"
        ) from None


def draw_of_it(inputs: Callable) -> tuple:
    return inputs(torch.Generator().manual_seed(0))


def all_are_used(learner: Callable, draw: tuple, coder_at: int) -> None:
    """Raise NotYetRight if another autoencoder, or another scale, changes nothing.

    Args:
        coder_at: which of the arguments is the autoencoder; the scale is the last
    """
    # The notebook has its own names for both, and a function that uses those is right
    # there and wrong here.
    other = list(draw)
    for at, name in ((coder_at, "autoencoder"), (len(draw) - 1, "scale")):
        is_scale = name == "scale"
        other[at] = draw[at] / 2 if is_scale else tiny_autoencoder(4, seed=1)
        try:
            both = [ask(learner, *given) for given in (draw, other)]
        except Exception:
            return
        other[at] = draw[at]
        if all(isinstance(x, Tensor) for x in both) and torch.equal(*both):
            raise NotYetRight(
                f"another `{name}` changes nothing: use the arguments, not `draw`, "
                "`coder` or a number of the notebook"
            )


# Pictures to latents ------------------------------------------------------------


def check_to_latents(learner_to_latents):
    """The middles of the clouds, multiplied by the scale."""
    coder, other = tiny_autoencoder(), tiny_autoencoder(z_channels=4)

    def inputs(generator):
        # 8 pictures make 1,024 latents, enough to see a bell in (`is_random_point`).
        pictures = torch.rand(8, 3, 32, 32, generator=generator) * 2 - 1
        return pictures, coder, 0.2 + 0.5 * torch.rand((), generator=generator).item()

    def as_in_the_notebook(generator):
        return torch.rand(3, 3, 64, 64, generator=generator) * 2 - 1, other, LOUD

    def check():
        try:
            compare(learner_to_latents, to_latents, inputs, ON_THE_WAY_IN)
        except TypeError as error:
            if "sequence" not in str(error) and "tuple" not in str(error):
                raise
            raise NotYetRight(
                "encode returns two things, mu and logvar: take the first one, mu, and "
                "multiply that"
            ) from None
        except NotYetRight as error:
            # No formula gives a random point, so it is recognised by its distribution,
            # last.
            draws = [inputs(torch.Generator().manual_seed(seed)) for seed in (0, 1)]
            if all(is_random_point(learner_to_latents, *draw) for draw in draws):
                raise NotYetRight(
                    "that is a random point of each cloud, as in the training of the "
                    "autoencoder: the latents to learn from now are the middles, mu"
                ) from None
            if str(error) not in ON_THE_WAY_IN:
                all_are_used(learner_to_latents, draw_of_it(as_in_the_notebook), 1)
            raise
        where = f"for 3 pictures of 64 x 64, 4 channels and a scale of {LOUD}"
        also(learner_to_latents, to_latents, as_in_the_notebook, ON_THE_WAY_IN, where)

    return report(check, learner_to_latents, to_latents)


def is_random_point(
    learner: Callable, pictures: Tensor, autoencoder: Autoencoder, scale: float
) -> bool:
    """Whether answers scatter around mu as the clouds do, and change at each call."""
    mu, logvar = autoencoder.encode(pictures)
    first, second = (ask(learner, pictures, autoencoder, scale) for _ in range(2))
    if not isinstance(first, Tensor) or first.shape != mu.shape:
        return False
    eps = (first / scale - mu) / (logvar / 2).exp()  # N(0, 1), if it is a random point
    # For 1,024 numbers both stray by about 0.03: five times that is allowed.
    bell = abs(eps.mean()) < 0.15 and abs(eps.std() - 1) < 0.15
    return bool(bell) and not torch.equal(first, second)


# A whole drawing ----------------------------------------------------------------


@torch.no_grad()
def draw_in_latents(
    predict: Predict,
    z_T: Tensor,
    steps: list[int],
    schedule: NoiseSchedule,
    autoencoder: Autoencoder,
    scale: float,
) -> Tensor:
    """Deterministic DDIM, all in latents; a picture only at the end."""
    z_0 = last_step(walk(predict, z_T, steps, ddim_update(schedule)))
    return from_latents(z_0, autoencoder, scale).clamp(-1, 1)


class AsAsked:
    """A `predict` that records each t it is told, and insists on one t per picture."""

    def __init__(self, predict: Predict):
        self.predict, self.told = predict, []

    def __deepcopy__(self, memo) -> "AsAsked":
        return self  # a copy would keep its notes to itself

    def __call__(self, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        if isinstance(t, Tensor) and t.shape == x_t.shape:
            raise NotYetRight(
                "predict needs one t per latent, torch.full((len(z_t),), t), not one "
                "for each of its numbers"
            )
        if not isinstance(t, Tensor) or t.shape != (len(x_t),):
            raise NotYetRight(
                "predict needs one t per picture, torch.full((len(z_t),), t), not one "
                "number for all"
            )
        self.told.append(int(t[0]))
        return self.predict(x_t, t)


def check_draw_in_latents(learner_draw):
    """The walk stays in latents, and a single decoding ends it."""
    coder, other = tiny_autoencoder(), tiny_autoencoder(z_channels=4)

    def walk_from(generator, shape, schedule, steps, autoencoder, scale):
        T = schedule.T
        pull = torch.randn(shape[1], 1, 1, generator=generator)

        def model(x_t, t, cond):
            # Its guesses go beyond [-1, 1], or a clamp would change nothing and could
            # not be named. They depend on t, and differ from channel to channel.
            return 2 * torch.sin(1.5 * x_t + pull) + (t / T).reshape(-1, 1, 1, 1)

        predict = AsAsked(predictor(model, schedule, "v"))
        z_T = torch.randn(shape, generator=generator)
        return predict, z_T, steps, schedule, autoencoder, scale

    def on_the_line(generator, shape, T, steps, autoencoder, scale):
        way = choose_steps(T, steps)
        return walk_from(generator, shape, straight_line(T), way, autoencoder, scale)

    def inputs(generator):
        numbers = torch.rand(2, generator=generator).tolist()
        steps, scale = 3 + int(3 * numbers[0]), 0.3 + 0.4 * numbers[1]
        return on_the_line(generator, (2, 2, 6, 6), 1000, steps, coder, scale)

    def as_in_the_notebook(generator):
        return on_the_line(generator, (4, 4, 16, 16), 1000, 8, other, LOUD)

    def of_another_T(generator):
        return on_the_line(generator, (3, 2, 6, 6), 200, 4, coder, 0.6)

    def from_half_way(generator):
        way, line = [600, 450, 200, 0], straight_line(1000)
        return walk_from(generator, (3, 2, 6, 6), line, way, coder, 0.6)

    def on_another_path(generator):
        way, circle = choose_steps(1000, 4), cosine_schedule(1000)
        return walk_from(generator, (3, 2, 6, 6), circle, way, coder, 0.6)

    def check():
        try:
            compare(
                learner_draw, draw_in_latents, inputs, ON_A_WALK, by_chance=NO_CHANCE
            )
        except Exception as error:
            if isinstance(error, RuntimeError) and "double" in str(error).lower():
                raise NotYetRight(
                    "the tables are float64, and indexed by a tensor they give a "
                    "float64 tensor, which the network cannot take: index by the "
                    "number t_next, or add .float()"
                ) from None
            draw = inputs(torch.Generator().manual_seed(0))
            if said := wrong_time(learner_draw, draw):
                raise NotYetRight(said) from None
            if str(error) not in ON_A_WALK:
                if said := other_steps(learner_draw, draw):
                    raise NotYetRight(said) from None
                if is_right_with_axes(learner_draw, draw):
                    raise NotYetRight(NO_AXES) from None
                all_are_used(learner_draw, draw_of_it(as_in_the_notebook), 4)
            raise
        where = f"for 4 latents of shape (4, 16, 16), 8 steps and a scale of {LOUD}"
        also(learner_draw, draw_in_latents, as_in_the_notebook, ON_A_WALK, where)
        where = "with T = 200: the tables of `schedule` know how many steps there are"
        also(learner_draw, draw_in_latents, of_another_T, {}, where)
        where = "if `way` begins below T: the tables of `schedule` know each step"
        also(learner_draw, draw_in_latents, from_half_way, {}, where)
        where = "for a `schedule` other than the straight line: use its two tables"
        also(learner_draw, draw_in_latents, on_another_path, {}, where)

    return report(check, learner_draw, draw_in_latents)


NO_AXES = (
    "schedule.a(t) and schedule.b(t) give one number per latent, (B,), which does not "
    "multiply (B, 4, 16, 16): pass `like=z_t`, or use the tables, "
    "schedule.a_table[t_next]"
)


class WithAxes(NoiseSchedule):
    """A schedule that is always asked with `like`, for whoever forgets it."""

    def _look_up(self, table: Tensor, t: Tensor, like: Tensor | None = None) -> Tensor:
        return super()._look_up(table, t, like).reshape(-1, 1, 1, 1)


def is_right_with_axes(learner_draw: Callable, draw: tuple) -> bool:
    """Whether the shape of schedule.a(t) is all that is wrong."""
    other = list(draw)
    other[3] = WithAxes(**vars(draw[3]))
    try:
        answer = ask(learner_draw, *other)
    except Exception:
        return False
    return difference(answer, draw_in_latents(*draw)) is None


def other_steps(learner_draw: Callable, draw: tuple) -> str | None:
    """Which steps predict was told, if they are not those of `way`."""
    predict, _, steps, *_ = draw
    predict.told.clear()
    try:
        ask(learner_draw, *draw)
    except Exception:
        return None
    told, way = predict.told, steps[:-1]
    if not told or set(told) <= set(steps):
        return None
    return f"predict is told the steps {told}, and those of `way` are {way}: walk them"


def wrong_time(learner_draw: Callable, draw: tuple) -> str | None:
    """What is wrong with the steps that predict was told, or None."""
    # Judged by the steps, not by the pictures: told t_next, z_t stays z_T for ever,
    # just as it does if the mix is for step t.
    predict, _, steps, *_ = draw
    predict.told.clear()
    try:
        ask(learner_draw, *draw)
    except IndexError:
        if predict.told == steps:
            return (
                "the last step, 0, has no next one: the walk has one step fewer than "
                "`way` has numbers"
            )
        return None
    except Exception:
        return None
    return {
        tuple(
            steps[1:]
        ): "predict is told t_next, but z_t still has the noise of step t: tell it t",
        tuple(steps): (
            "predict is also asked at t = 0, where no noise is left: the walk has one "
            "step fewer than `way` has numbers"
        ),
        tuple(reversed(steps)): "the walk goes up, from 0 to 1000: begin with way[0]",
        tuple(reversed(steps[1:])): "the walk goes up, from 0: begin with way[0]",
        tuple(range(len(steps) - 1)): "predict is told the number of the step, 0, 1, 2 "
        "and so on: tell it t, which is way[i]",
    }.get(tuple(predict.told))
