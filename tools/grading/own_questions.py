"""Questions of exercises that are given a network, and further fresh ones.

A network that a check makes as a function cannot be sent to another process. These are
the same questions with networks from networks.py.
"""

import torch

from course_lib.checks import (
    nb03_denoise,
    nb04_unet,
    nb05_training,
    nb12_latent_diffusion,
    nb15_other_roads,
)
from course_lib.checks.difference import difference
from course_lib.checks.drawn_noise import check_draws, noise_in
from course_lib.checks.report import NotYetRight
from course_lib.diffusion.samplers import choose_steps
from course_lib.diffusion.schedule import linear_schedule, straight_line
from course_lib.networks.gan import gan_losses
from course_lib.networks.layers import time_embedding
from grading.networks import Bent, Hearing, Jumping, Looking, Predict, Waves
from grading.questions import DRAWS, Compared, Question, from_compare, generator

# 03: the loss ---------------------------------------------------------------------

POINTS = 1600  # so many that whatever is drawn at random shows
FEW = dict(T=10, beta_1=0.05, beta_T=0.5)


def loss_questions(seed: int) -> list[Question]:
    """The loss draws its own steps and noise: it is judged by what it shows a network.

    So there is no one right answer, but a law: of steps, of noise, of loss and slope.
    """
    schedule = linear_schedule(**FEW)
    found = []
    for draw in range(2):
        chance = torch.Generator().manual_seed(seed + draw)
        x_0 = torch.rand(POINTS, 2, generator=chance) * 2 - 1
        given = Bent(1.0, 0.1, inside=True), x_0, schedule, chance
        judge = judge_of_loss(given, draw)
        found.append(Question("fresh numbers", given, right=None, judge=judge))
    # Once more the same: the same generator must bring the same.
    again = found[0]._replace(group="fresh numbers: gradient", slopes=(0,))
    return [found[0]._replace(keeps=True), found[1], again]


def judge_of_loss(given: tuple, draw: int):
    _, x_0, schedule, _ = given

    def judge(loss, slopes, asked, seen: dict) -> str | None:
        try:
            x_t, t = whole_batch(asked)
            nb03_denoise.check_dtype(x_t)
            number = nb03_denoise.one_number(loss)
            check_draws(halves(x_0, x_t, t), schedule)
        except NotYetRight as error:
            return str(error)
        except (TypeError, ValueError, RuntimeError, IndexError, AttributeError):
            return "the network is not asked about all points and their steps"
        for other, (x_other, t_other) in seen.items():
            if other == draw and not (x_t.equal(x_other) and t.equal(t_other)):
                return "the same generator brings other numbers at each call"
            if other != draw and t.equal(t_other):
                return "t is the same at every call: draw it with generator=generator"
        seen[draw] = x_t, t
        shown = x_0, x_t, t
        if said := nb03_denoise.wrong_by([number], [shown], schedule):
            return said
        return wrong_slope(slopes, shown, schedule) if slopes is not None else None

    return judge


def halves(x_0, x_t, t) -> list[tuple]:
    """As if it were asked twice: the bounds of `check_draws` are made for that."""
    half = POINTS // 2
    return [
        (x_0[part], x_t[part], t[part]) for part in (slice(half), slice(half, None))
    ]


def wrong_slope(slopes, shown, schedule) -> str | None:
    weight = torch.ones((), requires_grad=True)
    x_0, x_t, t = shown
    eps_hat = torch.tanh(weight * x_t + 0.1 * t[:, None])
    loss = (eps_hat - noise_in(x_0, x_t, t, schedule)).square().mean()
    (slope,) = torch.autograd.grad(weigh(loss), weight)
    if difference(slopes, [slope.reshape(1)], tolerance=1e-3):
        return "the numbers are right, but the gradient is not"
    return None


def weigh(loss: torch.Tensor) -> torch.Tensor:
    """As `gradients` weighs the numbers of an answer, here one."""
    chance = torch.Generator().manual_seed(0)
    return loss * torch.randn((), generator=chance)


def whole_batch(asked) -> tuple[torch.Tensor, torch.Tensor]:
    """Points and steps of the last whole batch, even if they were asked one by one."""
    x_t, t = (torch.cat(part)[-POINTS:] for part in zip(*asked, strict=True))
    if x_t.shape != (POINTS, 2) or t.shape != (POINTS,):
        raise ValueError("not all points")
    return x_t, t


# 03, 05, 12: with a network --------------------------------------------------------

UNEVEN = (40, 31, 20, 5, 0)


def loop_questions(seed: int) -> list[Question]:
    """The way back: uneven steps and even ones, by three tables."""
    found = []
    kinds = {
        "few uneven steps": (
            dict(T=40, beta_1=0.01, beta_T=0.2),
            6,
            (40, 31, 20, 5, 0),
        ),
        "20 steps from 600": (dict(T=600), 50, choose_steps(600, 20)),
        "20 steps from 1000": (dict(T=1000), 50, choose_steps(1000, 20)),
    }
    for number, (group, (made, n, steps)) in enumerate(kinds.items()):
        schedule = linear_schedule(**made)
        a, b = schedule.a_table.tolist(), schedule.b_table.tolist()
        for draw in range(2):
            chance = torch.Generator().manual_seed(seed + 2 * number + draw)
            x_T = torch.randn(n, 2, generator=chance)
            model = Bent(1.5, 2 / schedule.T, inside=True).requires_grad_(False)
            given = model, x_T, list(steps), a, b
            found.append(Question(group, given, nb03_denoise.reverse_loop))
    return [found[0]._replace(keeps=True), *found[1:]]


def velocity_questions(seed: int) -> list[Question]:
    found = []
    for draw in range(DRAWS):
        _, *rest = nb05_training.batch_of(generator(seed + draw, kind=draw % 2))
        given = Bent(0.5, 1 / 1000), *rest
        question = Question("fresh numbers", given, nb05_training.right_loss)
        found.append(question)
        if draw < 2:
            learns = question._replace(group="fresh numbers: gradient", slopes=(0,))
            found.append(learns)
    return [found[0]._replace(keeps=True), *found[1:]]


def drawing_questions(seed: int) -> list[Question]:
    """A whole drawing: two autoencoders, several lengths of the way, another T."""
    tiny = nb12_latent_diffusion.tiny_autoencoder
    two, four = tiny(), tiny(z_channels=4)
    kinds = {
        "fresh numbers": ((2, 2, 6, 6), 1000, 4, two, 0.55),
        "as in the notebook": ((4, 4, 16, 16), 1000, 8, four, 2.9),
        "with T = 200": ((3, 2, 6, 6), 200, 4, two, 0.6),
    }
    found = []
    for number, (group, (shape, T, steps, coder, scale)) in enumerate(kinds.items()):
        for draw in range(2):
            chance = torch.Generator().manual_seed(seed + 2 * number + draw)
            schedule, model = straight_line(T), Waves(shape[1], T)
            model.pull.data = torch.randn(shape[1], 1, 1, generator=chance)
            z_T = torch.randn(shape, generator=chance)
            way = choose_steps(T, steps + draw)
            given = Predict(model, schedule), z_T, way, schedule, coder, scale
            right = nb12_latent_diffusion.draw_in_latents
            found.append(Question(group, given, right))
    return [found[0]._replace(keeps=True), *found[1:]]


# 15: two losses at once -------------------------------------------------------------


def gan_questions(seed: int) -> list[Question]:
    """The check looks at each loss by itself; here both are one answer."""
    far = nb15_other_roads.FAR
    also = nb15_other_roads.ONE_EACH | {
        "where the critic is badly wrong": (
            torch.tensor([-far, 1.0]),
            torch.tensor([far, -1.0]),
        ),
        "where the generator is badly wrong": (
            torch.tensor([far, 1.0]),
            torch.tensor([-far, 0.0]),
        ),
    }
    scores = nb15_other_roads.some_scores
    both = Compared(gan_losses, scores, tolerance=1e-4, also=also, gradient=True)
    found = list(from_compare(both, 0, seed))
    return [found[0]._replace(keeps=True), *found[1:]]


OWN = {
    "my_loss": loss_questions,
    "my_reverse_loop": loop_questions,
    "my_velocity_loss": velocity_questions,
    "my_draw_in_latents": drawing_questions,
    "my_gan_losses": gan_questions,
}

# Where only one thing that a check gives cannot travel -------------------------------


def hearing(reader: nb15_other_roads.Reader) -> Hearing:
    """A network with the weights of the check's own."""
    network = Hearing(*reader.word.shape)
    weights = {"word": reader.word, "mix": reader.mix, "out": reader.out}
    network.load_state_dict(weights)
    return network


# From what a check gives to the same, with a network of networks.py in it.
TRAVELS = {
    "my_draw_tokens": lambda given: (hearing(given[0]), *given[1:]),
    "my_in_calls": lambda given: (Jumping(), *given[1:]),
    "my_shortcut_target": lambda given: (Jumping(), *given[1:]),
    "my_attend_along_time": lambda given: (*given[:2], Looking(given[0].shape[1])),
}

# Where a check's own numbers never change --------------------------------------------


def step_lists(seed: int) -> list[Question]:
    """Other lengths than the check's; none makes a half, which rounds either way."""
    chance = torch.Generator().manual_seed(seed)
    found = []
    while len(found) < DRAWS:
        T, steps = torch.randint(3, 1200, (2,), generator=chance).tolist()
        steps = 1 + steps % T
        if all(2 * T * i % (2 * steps) != steps for i in range(steps + 1)):
            found.append(Question("other lengths", (T, steps), choose_steps))
    return found


def clock_hands(seed: int) -> list[Question]:
    chance = torch.Generator().manual_seed(seed)
    t = torch.randint(0, 1001, (9,), generator=chance)
    width = 2 * int(torch.randint(2, 40, (), generator=chance))
    return [Question("other widths", (t, width), time_embedding, 1e-3)]


def shares(seed: int) -> list[Question]:
    found = []
    for draw in range(2):
        chance = torch.Generator().manual_seed(seed + draw)
        average, weights = torch.randn(2, 3, 5, generator=chance)
        kept = 0.55 + 0.44 * torch.rand((), generator=chance).item()
        given = average, weights, kept
        found.append(Question("other shares", given, nb05_training.right_average))
    return found


def block_slopes(seed: int) -> list[Question]:
    """Blocks lie behind blocks, and all learn: so a gradient goes through x."""
    given = nb04_unet.shaken_block(generator(seed))
    asked = Question("fresh numbers: gradient", given, nb04_unet.right_block)
    return [asked._replace(slopes=(0, 1, 2))]


MORE = {
    "my_residual_block": block_slopes,
    "my_choose_steps": step_lists,
    "my_time_embedding": clock_hands,
    "my_update_average": shares,
}
