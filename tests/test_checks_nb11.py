"""The checks of notebook 11 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb11_autoencoder import check_kl_divergence, check_sample
from course_lib.networks.autoencoder import kl_divergence, sample


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def parts(mu, logvar):
    """What each number of a latent adds to the divergence."""
    return (mu**2 + logvar.exp() - 1 - logvar) / 2


def test_right_functions_are_used_onward(capsys):
    def mine(mu, logvar, eps):
        return mu + logvar.exp().sqrt() * eps

    assert check_sample(mine) is mine and said(capsys) == "sample: ok"

    def my_kl(mu, logvar):
        return -0.5 * (1 + logvar - mu.square() - logvar.exp()).flatten(1).sum(1)

    assert check_kl_divergence(my_kl) is my_kl
    assert said(capsys) == "kl_divergence: ok"


@pytest.mark.parametrize(
    ("mistaken", "words"),
    [
        (lambda m, v, e: m + v.exp() * e, "halve the logarithm"),
        (lambda m, v, e: m + v * e, "must go through exp before"),
        (lambda m, v, e: m + v.abs().sqrt() * e, "means nothing"),
        (lambda m, v, e: m + v.exp() / 2 * e, "halve it before exp, not after"),
        (lambda m, v, e: m + v / 2 * e, "apply exp to get the spread"),
        (lambda m, v, e: m, "middle of the cloud"),
        (lambda m, v, e: torch.normal(m, (v / 2).exp()), "from the argument `eps`"),
        (
            lambda m, v, e: sample(m, v, torch.randn_like(m)),
            "draws random numbers of its own",
        ),
        (lambda m, v, e: sample(m, v, e).detach(), "no gradient"),
        (lambda m, v, e: sample(m, v.detach(), e), "no gradient reaches `v`"),
        (lambda m, v, e: m - (v / 2).exp() * e, "here it is subtracted"),
        (lambda m, v, e: sample(m, v, e) + 1, "expected"),
    ],
)
def test_mistakes_of_sampling_are_named(capsys, mistaken, words):
    assert check_sample(mistaken) is sample
    assert words in said(capsys)


@pytest.mark.parametrize(
    ("mistaken", "words"),
    [
        (lambda m, v: kl_divergence(m, v) / m[0].numel(), "numbers add up"),
        (lambda m, v: kl_divergence(m, v).sum(), "one number for the whole batch"),
        (lambda m, v: kl_divergence(m, v).mean(), "mean of the batch"),
        (lambda m, v: -kl_divergence(m, v), "never below 0"),
        (lambda m, v: 2 * kl_divergence(m, v), "1/2 is missing"),
        (
            lambda m, v: 0.5 * (m**2 + v.abs() - 1 - v.abs().log()).flatten(1).sum(1),
            "not the variance",
        ),
        (
            lambda m, v: ((m**2 + (v / 2).exp() - 1 - v) / 2).flatten(1).sum(1),
            "has its square",
        ),
        (
            lambda m, v: ((m**2 + v.exp() - v) / 2).flatten(1).sum(1),
            "the - 1 is missing",
        ),
        (lambda m, v: parts(m, v).flatten(1).sum(0), "you summed over the pictures"),
        (lambda m, v: parts(m, v).flatten(1).amax(1), "the largest number"),
        (lambda m, v: m.flatten(1).sum(1), "expected"),
    ],
)
def test_mistakes_of_the_divergence_are_named(capsys, mistaken, words):
    assert check_kl_divergence(mistaken) is kl_divergence
    assert words in said(capsys)


def test_what_is_forgotten_is_said_without_writing_it_down(capsys):
    check_kl_divergence(parts)
    assert "nothing is summed yet" in (words := said(capsys))
    assert ".sum(" not in words


def test_what_is_right_for_pictures_must_be_right_for_hills(capsys):
    """Hills have latents (B, 1), and the notebook trains on them with both."""

    def of_pictures(mu, logvar):
        return ((mu**2 + logvar.exp() - 1 - logvar) / 2).sum((1, 2, 3))

    assert check_kl_divergence(of_pictures) is kl_divergence
    assert "not for (6, 1)" in said(capsys)


def test_what_nothing_can_learn_from_is_not_right(capsys):
    @torch.no_grad()
    def deaf(mu, logvar):
        return kl_divergence(mu, logvar)

    assert check_kl_divergence(deaf) is kl_divergence
    assert "no gradient gets through" in said(capsys)
