"""The checks of notebook 11: a point of a cloud, and its distance from N(0, 1)."""

import torch
from torch import Tensor

from course_lib.checks.difference import difference
from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.networks.autoencoder import kl_divergence, sample


def check_sample(learner_sample):
    """A point of each cloud, through which gradients flow."""

    def inputs(generator):
        mu, logvar, eps = torch.randn(3, 2, 4, 5, 5, generator=generator)
        return mu, logvar, eps

    def variance(mu, logvar, eps):
        return mu + logvar.exp() * eps

    def raw(mu, logvar, eps):
        return mu + logvar * eps

    # logvar may be below 0, where a root is NaN. Who meets that and writes .abs() lands
    # here; who does not sees the NaN, and a hint at where it comes from.
    def root(mu, logvar, eps):
        return mu + logvar.abs().sqrt() * eps

    def halved_after(mu, logvar, eps):
        return mu + logvar.exp() / 2 * eps

    def half_raw(mu, logvar, eps):
        return mu + logvar / 2 * eps

    def middle(mu, logvar, eps):
        return mu

    mistakes = {
        "exp(logvar) is the variance, and eps wants the spread, its root: halve the "
        "logarithm first": variance,
        "logvar is a logarithm: it must go through exp before it can be a spread": raw,
        "logvar is a logarithm, and a root of it means nothing: exp of its half is the "
        "spread": root,
        "the spread is exp of half the logarithm: halve before exp, not after": (
            halved_after
        ),
        "half of logvar is the logarithm of the spread: it must go through exp, then "
        "it is the spread": half_raw,
        "that is the middle of the cloud: add the spread times eps": middle,
    }

    def check():
        try:
            compare(learner_sample, sample, inputs, mistakes)
        except NotYetRight:
            # Chance explains no single answer, so it cannot stand among the mistakes;
            # and it comes after them, since whoever matches one of them drew nothing.
            if draws_by_itself(learner_sample):
                raise NotYetRight(
                    "it draws a point by itself: use eps, which is 0 where the picture "
                    "itself is wanted back, for then one decodes the middle, mu"
                ) from None
            raise
        check_gradients()

    # Right numbers are not enough: with .detach() or .data everything seems to run, and
    # the encoder learns nothing about its clouds (lesson 11).
    @torch.enable_grad()
    def check_gradients():
        mu, logvar = (torch.zeros(3, requires_grad=True) for _ in range(2))
        # No eps is 0, as there logvar has no gradient even if all is right.
        z = ask(learner_sample, mu, logvar, torch.tensor([1.0, -2.0, 0.5]))
        if not z.requires_grad:
            raise NotYetRight(
                "no gradient comes through: the encoder could not learn from it. Use "
                "mu and logvar as they are, without detach or .data"
            )
        grads = torch.autograd.grad(z.sum(), (mu, logvar), allow_unused=True)
        if any(g is None or not g.any() for g in grads):
            raise NotYetRight(
                "the gradient reaches only one of mu and logvar: both must be learned"
            )

    return report(check, learner_sample, sample)


def draws_by_itself(learner_sample) -> bool:
    """Whether it answers by chance where eps is 0, which asks for the middle."""
    mu, logvar, eps = torch.ones(3, 2, 4, 5, 5)
    # Ones, in place of some draw: what differs between two calls is all that counts.
    first, second = (ask(learner_sample, mu, logvar, 0 * eps) for _ in range(2))
    return difference(second, first, tolerance=0) is not None


def check_kl_divergence(learner_kl):
    """The divergence of each picture's cloud, summed over its latents."""

    def inputs(generator):
        return tuple(torch.randn(2, 3, 4, 5, 5, generator=generator))

    def averaged(mu: Tensor, logvar: Tensor) -> Tensor:
        return kl_divergence(mu, logvar) / mu[0].numel()

    def of_all(mu, logvar):
        return kl_divergence(mu, logvar).sum()

    def mean_of_all(mu, logvar):
        return kl_divergence(mu, logvar).mean()

    def negative(mu, logvar):
        return -kl_divergence(mu, logvar)

    def doubled(mu, logvar):
        return 2 * kl_divergence(mu, logvar)

    # The same here: a logarithm of logvar asks for .abs() first.
    def variance(mu, logvar):
        safe = logvar.abs()
        return 0.5 * (mu**2 + safe - 1 - safe.log()).flatten(1).sum(1)

    def spread(mu, logvar):
        return 0.5 * (mu**2 + (logvar / 2).exp() - 1 - logvar).flatten(1).sum(1)

    def no_one(mu, logvar):
        return 0.5 * (mu**2 + logvar.exp() - logvar).flatten(1).sum(1)

    mistakes = {
        "that is the mean over a picture's latents; the divergence of independent "
        "numbers is their sum": averaged,
        "that is one number for the whole batch: each picture has its own": of_all,
        "that is the mean of the batch: each picture has its own": mean_of_all,
        "the sign is turned: a divergence is never below 0": negative,
        "the factor 1/2 is missing": doubled,
        "logvar is the logarithm of the variance, not the variance": variance,
        "exp of half of logvar is the spread, but the formula has its square: exp of "
        "logvar": spread,
        "the - 1 is missing: for N(0, 1) itself the divergence must be 0": no_one,
    }

    def check():
        compare(learner_kl, kl_divergence, inputs, mistakes)

    return report(check, learner_kl, kl_divergence)
