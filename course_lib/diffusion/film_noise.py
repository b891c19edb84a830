"""Noise for films: the frames of a film have a part of their noise in common.

A picture painter lets the noise decide what the words leave open: where the sun stands,
which way a fish looks. Frames with noise of their own therefore begin as different
pictures, and frames with the same noise as one picture. In between lies what a film
needs (Ge et al. 2023, "Preserve your own correlation", section 3.2).
"""

from torch import Tensor

from course_lib.diffusion.samplers import PictureNoise

IN_COMMON = 0.5  # the share of the variance; Ge et al. found one half best


def in_common(own: Tensor, common: Tensor, share: float) -> Tensor:
    """sqrt(share) * common + sqrt(1 - share) * own: variances add up to 1 again.

    Each frame by itself is still N(0, 1): to a picture painter nothing has changed.

    Args:
        own: (B, F, C, H, W)
        common: (B, 1, C, H, W)
    """
    return share**0.5 * common + (1 - share) ** 0.5 * own


class FilmNoise:
    """As PictureNoise, one random stream per film: noise (B, F, C, H, W) per call.

    Args:
        share: the share of the variance that the frames have in common
    """

    def __init__(self, noise: PictureNoise, share: float = IN_COMMON):
        self.noise, self.share = noise, share

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        """The next noise of each film, (B, *shape), shape (F, C, H, W)."""
        frames, *rest = shape
        both = self.noise((frames + 1, *rest))
        return in_common(both[:, 1:], both[:, :1], self.share)
