"""The film judge: what each frame shows, and how what it shows moves.

It only evaluates. One trunk looks at every frame by itself and says which animal, which
colour and which scene it shows. Two convolutions along time then look at the answers of
the whole film and say which motion it is, and to which side.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import Batch
from course_lib.checkpoint import Shipped, load_network
from course_lib.networks.judge import Block

FILM_JUDGE = Shipped("film-judge")
OF_FRAMES = {"subject": 12, "colour": 9, "scene": 5}  # answers, as in critters.FACTORS
OF_FILMS = {"motion": 10, "direction": 3}  # as in films.FILM_FACTORS
FEATURES = 128
IGNORED = -100


class FilmJudge(nn.Module):
    """Answers questions about each frame, and about the film.

    Args:
        size: height and width of the frames
        widths: channels after each halving
    """

    def __init__(self, size: int = 32, widths: tuple[int, ...] = (48, 96, 128)):
        super().__init__()
        self.config = dict(size=size, widths=list(widths))
        side, rest = divmod(size, 2 ** (len(widths) + 1))
        if rest or not side:
            raise ValueError(f"{len(widths)} widths halve {size} pixels too often.")
        self.into = nn.Conv2d(12, 24, 3, padding=1, bias=False)
        sizes = [24, *widths]
        self.blocks = nn.Sequential(
            *[Block(b, a) for b, a in zip(sizes[:-1], sizes[1:], strict=True)]
        )
        # All places of the last grid: where the animal is tells where it goes.
        self.squeeze = nn.Linear(widths[-1] * side**2, FEATURES)
        self.along = nn.ModuleList(
            [
                nn.Conv1d(FEATURES, FEATURES, 3, padding=1),
                nn.Conv1d(FEATURES, FEATURES, 3, padding=2, dilation=2),
            ]
        )
        self.of_frames = nn.ModuleDict(
            {name: nn.Linear(FEATURES, n) for name, n in OF_FRAMES.items()}
        )
        self.of_films = nn.ModuleDict(
            {name: nn.Linear(2 * FEATURES, n) for name, n in OF_FILMS.items()}
        )

    def forward(self, films: Tensor) -> dict[str, Tensor]:
        """Films (B, F, 3, H, W) in [-1, 1] to logits: (B, F, n) of frames, (B, n)."""
        size = self.config["size"]
        times, rest = divmod(films.shape[-1], size)
        if films.ndim != 5 or films.shape[2] != 3 or rest or not times:
            raise ValueError(
                f"This judge looks at films (B, F, 3, {size}, {size}), or a whole "
                f"number of times as large; got {tuple(films.shape)}."
            )
        frames = F.avg_pool2d(films.flatten(0, 1), times)
        h = self.blocks(F.gelu(self.into(F.pixel_unshuffle(frames, 2))))
        features = F.gelu(self.squeeze(h.flatten(1))).unflatten(0, films.shape[:2])
        course = features.transpose(1, 2)  # (B, FEATURES, F)
        for layer in self.along:
            course = course + F.gelu(layer(course))
        # The mean and the extremes over time, so that a film may have any length.
        whole = torch.cat([course.mean(2), course.amax(2)], dim=1)
        of_frames = {name: head(features) for name, head in self.of_frames.items()}
        return of_frames | {name: head(whole) for name, head in self.of_films.items()}

    @torch.no_grad()
    def read(self, films: Tensor, batch_size: int = 32) -> dict[str, Tensor]:
        """The likeliest answers: (N, F) for each question of frames, (N,) of films."""
        found = [self(some.clamp(-1, 1)) for some in films.split(batch_size)]
        return {
            name: torch.cat([f[name].argmax(-1) for f in found]) for name in found[0]
        }


def film_judge_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy over the questions; an answer of IGNORED is not asked for."""
    losses = []
    for name, scores in model(batch["x_0"]).items():
        answer = batch[name].flatten()
        asked = (answer != IGNORED).sum().clamp(min=1)
        total = F.cross_entropy(scores.flatten(0, -2), answer, reduction="sum")
        losses.append(total / asked)
    return torch.stack(losses).mean()


def load_film_judge(name_or_folder: Path | str = FILM_JUDGE) -> FilmJudge:
    """Load a film judge, the shipped one or your own."""
    return load_network(name_or_folder, "film judge", "not a film judge", FilmJudge)[0]
