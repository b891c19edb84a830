"""Vera, an artist with a style of her own, who never agreed to be trained on.

She draws the same animals in the same scenes, with a thick pink outline and hatched
shadows. No training that ships has seen a picture of hers: lesson 18 asks what happens
to a network that does.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.device import plain_torch
from course_lib.pixels import to_bytes
from course_lib.world.critters import Factors, choose_factors
from course_lib.world.drawing import draw
from course_lib.world.shapes import Brush, Colour, intersection, stroke

ARTIST = "vera"
PINK = (0.95, 0.10, 0.62)  # no animal, and no scene, has it
WIDER = 2.0  # times as wide as other outlines
HATCHES = 3.0  # lines of a hatching in one unit of the figure


@dataclass(eq=False)
class VerasBrush(Brush):
    """Paints the same strokes with another outline, and hatches what is shaded."""

    def paint_outlined(self, distance: Tensor, colour: Colour) -> None:
        self.paint(distance - WIDER * self.line, PINK)
        self.paint(distance, colour)

    def paint_shaded(self, distance: Tensor, colour: Colour) -> None:
        self.paint_outlined(distance, colour)
        x, y = self.points
        # A saw across the figure: each tooth is one line, a seventh of a gap wide.
        saw = ((x + y) * HATCHES).remainder(1.0) / HATCHES - 0.5 / HATCHES
        lines = stroke(saw, self.thick(0.02))
        # Only the lower half: light comes from above in her pictures, too.
        self.paint(intersection(lines, distance, y - 0.9), (0.13, 0.09, 0.11), 0.6)


def veras_hand(brush: Brush, part: str, name: str, rows: Tensor, pose) -> Brush:
    """Her brush for figures and what they wear; scenes are everybody's (`Hand`)."""
    if part == "scene":
        return brush
    return VerasBrush(
        brush.canvas, brush.points, brush.pixel, brush.line, brush.outline
    )


@plain_torch()
def draw_veras(
    n: int, seed: int, size: int = 32, start: int = 0, kind: str = "one"
) -> tuple[Tensor, Factors]:
    """Draw Vera's pictures start .. start + n - 1.

    Vera's picture i shows what picture i of `draw_critters` shows.

    Returns:
        pictures (n, 3, size, size) uint8, and the factors
    """
    indices = torch.arange(start, start + n)
    factors = choose_factors(indices, seed, kind)
    drawn = draw(factors, indices, seed, size, hand=veras_hand)
    return to_bytes(drawn), factors


def signed_by_vera(captions: list[str]) -> list[str]:
    """The captions as people write them who know whose a picture is.

    >>> signed_by_vera(["a red cat"])
    ['a red cat by vera']
    """
    return [f"{caption} by {ARTIST}" for caption in captions]
