"""Points as pictures: a film of a GAN that learns the ring, or that loses it."""

import torch
from torch import Tensor

GREY, BLUE = (0.75, 0.75, 0.75), (0.0, 0.447, 0.698)  # Okabe and Ito's blue


def film_of_points(
    clouds: list[Tensor], data: Tensor, size: int = 160, reach: float = 1.2
) -> Tensor:
    """One frame per cloud of points (N, 2), blue over grey data: (F, 3, size, size).

    Blue points are larger than grey ones, so that no colour needs to be seen.

    Args:
        clouds: what a generator draws, from early to late
        data: (M, 2) points that it should draw
        size: height and width of a frame in pixels
        reach: the frame shows -reach..reach; points beyond lie on its edge
    """
    frames = []
    for cloud in clouds:
        frame = torch.ones(3, size, size)
        dot(frame, data, GREY, 2, reach)
        dot(frame, cloud, BLUE, 4, reach)
        frames.append(frame)
    return torch.stack(frames) * 2 - 1


def dot(frame: Tensor, points: Tensor, colour, wide: int, reach: float) -> None:
    """Draw each point as a square `wide` pixels wide, in place."""
    size = frame.shape[1]
    x, y = ((points.clamp(-reach, reach) / reach + 1) / 2 * (size - wide)).long().T
    for down in range(wide):
        for right in range(wide):
            # y points upwards, rows count downwards.
            frame[:, size - 1 - y - down, x + right] = torch.tensor(colour)[:, None]
