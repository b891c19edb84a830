"""The checks of notebook 11: a point of a cloud, and its distance from N(0, 1)."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from course_lib.checks.difference import difference
from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.networks.autoencoder import kl_divergence, sample

# The shapes of latents: first one whose axes all differ, then that of a single number,
# (B, 1), and that of the notebook's pictures.
GENERAL, OTHERS = (2, 4, 5, 3), ((6, 1), (3, 4, 16, 16))


def clouds(
    generator: torch.Generator, shape: tuple[int, ...] = GENERAL, count: int = 2
):
    """mu and logvar of some clouds, and eps if count=3; spreads from about 0.2 to 5."""
    return tuple(torch.randn(count, *shape, generator=generator))


def of_clouds(learner: Callable, right: Callable, count: int, mistakes: dict) -> None:
    """Raise NotYetRight unless answers and gradients are right for random clouds."""
    try:
        draw = partial(clouds, count=count)
        compare(learner, right, draw, mistakes, gradient=True)
    except RuntimeError as error:
        # torch suggests "use detach().numpy()", after which nothing could learn.
        if "numpy" not in str(error):
            raise
        raise NotYetRight(
            "no gradient gets through numpy: stay with torch tensors, or the encoder "
            "cannot learn"
        ) from None


def of_other_shapes(learner: Callable, right: Callable, count: int) -> None:
    """Raise NotYetRight if it is right for one shape of latents but not for another."""
    for shape in OTHERS:
        try:
            compare(learner, right, lambda g, shape=shape: clouds(g, shape, count))
        except Exception as error:
            raise NotYetRight(
                f"it is right for latents of shape {GENERAL}, but not for {shape}, "
                f"which the notebook also needs ({error})"
            ) from None


# A point of a cloud ---------------------------------------------------------------

# A root or a logarithm of logvar is NaN where logvar is below 0. Learners leave it at
# that or write .abs(): both are here.
OF_SAMPLING = {
    "exp(logvar) is the variance, but eps needs the spread, its square root: halve the "
    "logarithm first": lambda mu, logvar, eps: mu + logvar.exp() * eps,
    "logvar is a logarithm: it must go through exp before it can be a spread": (
        lambda mu, logvar, eps: mu + logvar * eps
    ),
    "logvar is a logarithm, and its root means nothing: exp of half of it is the "
    "spread": lambda mu, logvar, eps: mu + logvar.abs().sqrt() * eps,
    "logvar is a logarithm and may be below 0, where it has no root: exp of half of it "
    "is the spread": lambda mu, logvar, eps: mu + logvar.sqrt() * eps,
    "logvar is a logarithm already, and may be below 0: exp undoes it, another log "
    "does not": lambda mu, logvar, eps: mu + logvar.log() * eps,
    "the spread is exp of half the logarithm: halve it before exp, not after": (
        lambda mu, logvar, eps: mu + logvar.exp() / 2 * eps
    ),
    "half of logvar is the logarithm of the spread: apply exp to get the spread": (
        lambda mu, logvar, eps: mu + logvar / 2 * eps
    ),
    "that is the middle of the cloud: add the spread times eps": lambda mu, *_: mu,
    "mu is forgotten: a point of the cloud is its middle plus the spread times eps": (
        lambda mu, logvar, eps: (logvar / 2).exp() * eps
    ),
    "that is only the spread: a point is mu plus the spread times eps": (
        lambda mu, logvar, eps: (logvar / 2).exp()
    ),
    "eps is forgotten: the spread says how far a point may lie, eps where it lies": (
        lambda mu, logvar, eps: mu + (logvar / 2).exp()
    ),
    "eps is averaged: each number of a latent has its own draw": (
        lambda mu, logvar, eps: mu + (logvar / 2).exp() * eps.mean()
    ),
    "eps lost its sign: a point may lie on either side of mu, so leave eps as it is": (
        lambda mu, logvar, eps: mu + (logvar / 2).exp() * eps.abs()
    ),
    "eps is squared: it is used as it is, and may be below 0": (
        lambda mu, logvar, eps: mu + (logvar / 2).exp() * eps**2
    ),
    "logvar is forgotten: how far eps goes is up to the spread": (
        lambda mu, logvar, eps: mu + eps
    ),
    "the formula adds the spread times eps, but here it is subtracted": (
        lambda mu, logvar, eps: mu - (logvar / 2).exp() * eps
    ),
    "the spread multiplies eps alone: add mu afterwards": (
        lambda mu, logvar, eps: (logvar / 2).exp() * (mu + eps)
    ),
    "eps multiplies the spread alone: add mu afterwards": (
        lambda mu, logvar, eps: (mu + (logvar / 2).exp()) * eps
    ),
    "mu and eps are swapped: the spread multiplies eps": (
        lambda mu, logvar, eps: eps + (logvar / 2).exp() * mu
    ),
    "eps multiplies mu, and the spread is added: the spread multiplies eps, and mu is "
    "added": lambda mu, logvar, eps: mu * eps + (logvar / 2).exp(),
    "mu and logvar are swapped": (
        lambda mu, logvar, eps: logvar + (mu / 2).exp() * eps
    ),
    "that is the way back, from a point to eps: multiply eps by the spread, then add "
    "mu": lambda mu, logvar, eps: (eps - mu) / (logvar / 2).exp(),
    "the sign of logvar is turned: a large logvar is a wide cloud": (
        lambda mu, logvar, eps: mu + (-logvar / 2).exp() * eps
    ),
    "it divides eps by the variance: multiply it by the spread": (
        lambda mu, logvar, eps: mu + eps / logvar.exp()
    ),
    "it is halved twice: exp(logvar / 2) is already the spread, without another root": (
        lambda mu, logvar, eps: mu + (logvar / 4).exp() * eps
    ),
    "the variance is squared, but the spread is its root": (
        lambda mu, logvar, eps: mu + (2 * logvar).exp() * eps
    ),
    "logvar is the natural logarithm: .exp() undoes it, a power of 10 does not": (
        lambda mu, logvar, eps: mu + 10 ** (logvar / 2) * eps
    ),
    "logvar is the natural logarithm: .exp() undoes it, a power of 2 does not": (
        lambda mu, logvar, eps: mu + 2 ** (logvar / 2) * eps
    ),
    "the point is clamped to [-1, 1]: those are the bounds of pixels, but a latent has "
    "none": lambda *given: sample(*given).clamp(-1, 1),
    "the point is kept at or above 0: a latent may be anything": (
        lambda *given: sample(*given).clamp(min=0)
    ),
}


def check_sample(learner_sample):
    """Check `sample`: a point of each cloud, through which gradients flow."""

    def check():
        try:
            of_clouds(learner_sample, sample, 3, OF_SAMPLING)
        except NotYetRight:
            # No formula explains random answers, so they cannot be among the mistakes;
            # and they are tested last, since an answer that matches a mistake drew
            # nothing.
            if draws_by_itself(learner_sample):
                raise NotYetRight(
                    "it draws random numbers of its own: all randomness must come from "
                    "the argument `eps`, so use that in place of torch.normal or "
                    "torch.randn"
                ) from None
            raise
        of_other_shapes(learner_sample, sample, count=3)

    return report(check, learner_sample, sample)


def draws_by_itself(learner_sample) -> bool:
    """Whether the answer is random even where eps is 0, which asks for the middle."""
    mu, logvar, eps = torch.ones(3, *GENERAL)
    # Ones, as good as any draw: only the difference between two calls counts.
    both = [ask(learner_sample, mu, logvar, 0 * eps) for _ in range(2)]
    alike = all(isinstance(z, Tensor) and z.shape == mu.shape for z in both)
    return alike and difference(*both, tolerance=0) is not None


# How far a cloud is from N(0, 1) ----------------------------------------------------


def summed(each: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """A divergence: half the sum, over a picture's latent, of what `each` gives."""
    return lambda mu, logvar: each(mu, logvar).flatten(1).sum(1) / 2


OF_DIVERGENCE = {
    "that is the mean over a picture's latents; the divergences of independent numbers "
    "add up": lambda *given: kl_divergence(*given) / given[0][0].numel(),
    "that is one number for the whole batch: each picture has its own": (
        lambda *given: kl_divergence(*given).sum()
    ),
    "that is the mean of the batch: each picture has its own": (
        lambda *given: kl_divergence(*given).mean()
    ),
    "that is the mean of everything: each picture has its own number, a sum": (
        lambda *given: kl_divergence(*given).mean() / given[0][0].numel()
    ),
    "nothing is summed yet: each picture gets one number, however many its latent "
    "has": (lambda mu, logvar: (mu**2 + logvar.exp() - 1 - logvar) / 2),
    "the numbers of each picture stand in a row, and are not summed yet": (
        lambda mu, logvar: ((mu**2 + logvar.exp() - 1 - logvar) / 2).flatten(1)
    ),
    "that sums over only one axis: all numbers of a picture belong to its sum": (
        lambda mu, logvar: ((mu**2 + logvar.exp() - 1 - logvar) / 2).sum(1)
    ),
    "that sums over the pictures: the sum runs over the numbers of one picture, and "
    "the first axis stays": (
        lambda mu, logvar: ((mu**2 + logvar.exp() - 1 - logvar) / 2).sum(0)
    ),
    "you summed over the pictures: after .flatten(1) the first axis counts the "
    "pictures and the second the numbers of each, so sum over the second": (
        lambda mu, logvar: ((mu**2 + logvar.exp() - 1 - logvar) / 2).flatten(1).sum(0)
    ),
    "that is the largest number of each picture: take the sum of all of them": (
        lambda mu, logvar: ((mu**2 + logvar.exp() - 1 - logvar) / 2).flatten(1).amax(1)
    ),
    "the sign is turned: a divergence is never below 0": (
        lambda *given: -kl_divergence(*given)
    ),
    "the factor 1/2 is missing": lambda *given: 2 * kl_divergence(*given),
    "the factor 1/2 is there twice": lambda *given: kl_divergence(*given) / 2,
    "the factor 1/2 belongs to all four terms, not to mu alone": (
        summed(lambda mu, logvar: mu**2 + 2 * (logvar.exp() - 1 - logvar))
    ),
    "the factor 1/2 belongs to all four terms, not to the last alone": (
        summed(lambda mu, logvar: 2 * (mu**2 + logvar.exp() - 1) - logvar)
    ),
    "logvar is the logarithm of the variance, not the variance": (
        summed(lambda mu, logvar: mu**2 + logvar.abs() - 1 - logvar.abs().log())
    ),
    "logvar is used as if it were the spread, sigma: it is the logarithm of sigma "
    "squared": (summed(lambda mu, logvar: mu**2 + logvar**2 - 1 - (logvar**2).log())),
    "the variance is exp(logvar), but logvar itself is in its place": (
        summed(lambda mu, logvar: mu**2 - 1)
    ),
    "the variance is exp(logvar), but the square of logvar is in its place": (
        summed(lambda mu, logvar: mu**2 + logvar**2 - 1 - logvar)
    ),
    "exp of half of logvar is the spread, but the formula has its square: no half": (
        summed(lambda mu, logvar: mu**2 + (logvar / 2).exp() - 1 - logvar)
    ),
    "exp(logvar) is already the variance, the square of the spread: it is squared once "
    "too often": summed(lambda mu, logvar: mu**2 + (2 * logvar).exp() - 1 - logvar),
    "logvar is already the logarithm of the square: subtract it once, not twice": (
        summed(lambda mu, logvar: mu**2 + logvar.exp() - 1 - 2 * logvar)
    ),
    "the formula subtracts the logarithm of the variance, logvar; half of it is that "
    "of the spread": summed(lambda mu, logvar: mu**2 + logvar.exp() - 1 - logvar / 2),
    "the formula subtracts the natural logarithm, torch.log, which logvar is already; "
    "here that of base 10 is subtracted": (
        summed(lambda mu, logvar: mu**2 + logvar.exp() - 1 - logvar / math.log(10))
    ),
    "the formula subtracts the natural logarithm, torch.log, which logvar is already; "
    "here that of base 2 is subtracted": (
        summed(lambda mu, logvar: mu**2 + logvar.exp() - 1 - logvar / math.log(2))
    ),
    "the formula subtracts logvar, but here it is added": (
        summed(lambda mu, logvar: mu**2 + logvar.exp() - 1 + logvar)
    ),
    "the formula subtracts 1, but here it is added": (
        summed(lambda mu, logvar: mu**2 + logvar.exp() + 1 - logvar)
    ),
    "the formula adds the square of mu, but here it is subtracted": (
        summed(lambda mu, logvar: -(mu**2) + logvar.exp() - 1 - logvar)
    ),
    "the formula adds the variance, but here it is subtracted": (
        summed(lambda mu, logvar: mu**2 - logvar.exp() - 1 - logvar)
    ),
    "the - 1 is missing: for N(0, 1) itself the divergence must be 0": (
        summed(lambda mu, logvar: mu**2 + logvar.exp() - logvar)
    ),
    "the - 1 is outside the sum: each number of a latent has its own": (
        lambda mu, logvar: (mu**2 + logvar.exp() - logvar).flatten(1).sum(1) / 2 - 1 / 2
    ),
    "the - logvar is missing: nothing would keep a cloud from becoming a point": (
        summed(lambda mu, logvar: mu**2 + logvar.exp() - 1)
    ),
    "the variance, exp(logvar), is missing: nothing would keep a cloud from growing": (
        summed(lambda mu, logvar: mu**2 - 1 - logvar)
    ),
    "mu is missing: a cloud far from 0 would count as near": (
        summed(lambda mu, logvar: logvar.exp() - 1 - logvar)
    ),
    "square mu: as it stands, a cloud left of 0 counts as nearer": (
        summed(lambda mu, logvar: mu + logvar.exp() - 1 - logvar)
    ),
    "square mu: its absolute value is not enough": (
        summed(lambda mu, logvar: mu.abs() + logvar.exp() - 1 - logvar)
    ),
    "mu and logvar are swapped": lambda mu, logvar: kl_divergence(logvar, mu),
    "that is how far N(0, 1) is from the cloud, which is a different number from how "
    "far the cloud is from N(0, 1)": (
        summed(lambda mu, logvar: (1 + mu**2) / logvar.exp() - 1 + logvar)
    ),
    "there is a root at the end that the formula does not have": (
        lambda *given: kl_divergence(*given).sqrt()
    ),
}


def check_kl_divergence(learner_kl):
    """The divergence of each picture's cloud, summed over its latents."""

    def check():
        try:
            of_clouds(learner_kl, kl_divergence, 2, OF_DIVERGENCE)
        except NotYetRight:
            # One NaN spoils a sum, so numbers cannot tell apart the mistakes that make
            # one.
            answer = ask(learner_kl, *clouds(torch.Generator().manual_seed(0)))
            if isinstance(answer, Tensor) and answer.isnan().all():
                raise NotYetRight(
                    "that is not a number (NaN): logvar is a logarithm already, and "
                    "may be below 0, where it has no root and no logarithm of its own"
                ) from None
            raise
        of_other_shapes(learner_kl, kl_divergence, count=2)

    return report(check, learner_kl, kl_divergence)
