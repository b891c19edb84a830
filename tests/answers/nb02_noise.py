"""What is handed in for notebook 02."""

from answers import right, wrong
from course_lib.checks.nb02_noise import check_add_noise


@right(check_add_noise)
def with_view(x_0, t, eps, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return kept**0.5 * x_0 + (1 - kept) ** 0.5 * eps


@wrong(check_add_noise, "square root")
def no_roots(x_0, t, eps, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return kept * x_0 + (1 - kept) * eps
