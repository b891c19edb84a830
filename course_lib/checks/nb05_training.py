"""The checks of notebook 05: the loss with a velocity, and the average of weights."""

import torch

from course_lib.checks.report import checked
from course_lib.diffusion.objective import make_denoising_loss
from course_lib.diffusion.schedule import straight_line


def check_velocity_loss(learner_velocity_loss):
    """The learner's loss must be the library's, for a fake network that uses t."""

    def right(model, x_0, eps, t, T):
        """The mean squared error of model(x_t, t) as a guess of the velocity."""
        loss_fn = make_denoising_loss(straight_line(T), target="v")
        batch = {"x_0": x_0, "eps": eps, "t": t}
        return loss_fn(lambda x_t, t, cond: model(x_t, t), batch)

    def fake_network(x_t, t):
        # Bent, and it hears t: so a wrong x_t and a wrong t change the loss as well.
        return (0.5 * x_t).tanh() + (t / 1000).reshape(-1, 1, 1, 1)

    def inputs(generator):
        x_0 = torch.rand(4, 3, 8, 8, generator=generator) * 2 - 1
        eps = torch.randn(4, 3, 8, 8, generator=generator)
        t = torch.randint(100, 1000, (4,), generator=generator)
        return fake_network, x_0, eps, t, 1000

    def loss(target, model, x_0, eps, t, T):
        u = (t / T).reshape(-1, 1, 1, 1)
        return (model((1 - u) * x_0 + u * eps, t) - target).square().mean()

    # *a is model, x_0, eps, t, T, so a[1] is the picture and a[2] the noise.
    mistakes = {
        "the velocity points from the noise to the picture; noise is mixed *in* as t "
        "grows, so it is eps - x_0": lambda *a: loss(a[1] - a[2], *a),
        "the network is asked for the noise, eps; here it is to say the velocity, "
        "eps - x_0": lambda *a: loss(a[2], *a),
        "the network is asked for the picture, x_0; here it is to say the velocity, "
        "eps - x_0": lambda *a: loss(a[1], *a),
    }
    return checked(learner_velocity_loss, right, inputs, mistakes, name="velocity_loss")


def check_update_average(learner_update_average):
    """The learner's average must keep `kept` of the old one."""

    def right(average, weights, kept):
        """Keep the share `kept` of the average and fill up with the weights."""
        return torch.lerp(average, weights, 1 - kept)

    def inputs(generator):
        average, weights = torch.randn(2, 5, generator=generator)
        # Not 1/2, where neither swapped shares nor the plain mean would show.
        return average, weights, 0.9

    mistakes = {
        "the shares are swapped: `kept` is how much of the *average* stays": (
            lambda average, weights, kept: kept * weights + (1 - kept) * average
        ),
        "the weights are added on top: what is kept and what is new must make 1": (
            lambda average, weights, kept: kept * average + weights
        ),
        "that is the plain mean of both: `kept` says how much of each": (
            lambda average, weights, kept: (average + weights) / 2
        ),
    }
    return checked(
        learner_update_average, right, inputs, mistakes, name="update_average"
    )
