"""What both painters do: decide how to draw, walk from noise, give pictures back.

The painters are in labels.py and pipeline.py; what they share is these functions, and
no base class: each can be read alone, from its top to its end.
"""

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from course_lib.cards import Card, broken
from course_lib.diffusion import samplers
from course_lib.diffusion.guidance import Way, check_scale
from course_lib.diffusion.objective import Predict
from course_lib.diffusion.samplers import (
    PictureNoise,
    Step,
    check_straight,
    choose_steps,
)
from course_lib.diffusion.schedule import NoiseSchedule
from course_lib.networks.unet import UNet

# Names and not functions: they come from a command line and are shown in sentences.
SAMPLERS = ("ddim", "ddpm", "dpm_solver", "dpm_solver_sde", "euler", "heun")
WITH_CHANCE = ("ddpm", "dpm_solver_sde")  # which put fresh noise back at each step
Watch = Callable[[Step], None]


def check_fit(
    name_or_folder: Path | str, card: Card, unet: UNet, wanted: int, multiple: int
) -> None:
    """Raise a sentence for a card and a network that would fail together in drawing.

    Args:
        wanted: channels that a picture has, or a latent of the autoencoder on the card
        multiple: what the size of a picture must be divisible by
    """
    # Label 0 is "nothing told", so a network of n labels knows n + 1.
    drawn, known = unet.config["channels"], unet.config["labels"] + 1
    size, labels = card["size"], card.get("labels", [])
    if drawn != wanted:
        by = "a latent" if "autoencoder" in card else "no autoencoder, and a picture"
        wrong = f"{drawn} channels are drawn, but there is {by} of {wanted}"
    elif size % multiple:
        wrong = f"size {size} is not divisible by {multiple}"
    elif len(labels) > known:
        wrong = f"{len(labels)} labels for a network that knows {known}"
    else:
        return
    raise broken(name_or_folder, wrong)


# How to draw --------------------------------------------------------------------


def way_of(
    usual: Way,
    guidance_scale: float | None,
    steps: int | None,
    sampler: str | None = None,
) -> Way:
    """The usual way, if not told otherwise; a scale that is said is meant throughout.

    >>> usual = Way(5.0, steps=13, guided_between=(400, 950))
    >>> way_of(usual, None, steps=8).guided_between
    (400, 950)
    >>> way_of(usual, 3.0, None)
    Way(guidance_scale=3.0, steps=13, guided_between=None, sampler='dpm_solver')
    """
    steps = usual.steps if steps is None else operator.index(steps)
    sampler = sampler or usual.sampler
    if guidance_scale is None:
        return replace(usual, steps=steps, sampler=sampler)
    # Without the interval: a scale that was found for the middle of the way is too much
    # for the whole of it, and whoever says a number compares it with tables of such.
    return Way(guidance_scale, steps, sampler=sampler)


def calls_of(way: Way, T: int) -> int:
    """How often a sampler of one call a step asks the network for a picture.

    >>> calls_of(Way(guidance_scale=3.0, steps=10), T=1000)
    20
    >>> calls_of(Way(guidance_scale=5.0, steps=13, guided_between=(400, 950)), T=1000)
    20
    """
    # Samplers are compared by calls, not by steps: the calls are what takes the time.
    return sum(1 + way.is_guided(t) for t in choose_steps(T, way.steps)[:-1])


def longest_within(calls: int, way: Way, T: int) -> Way:
    """The same way in as many steps as so many network calls a picture allow."""
    # Its last step takes one call, so this is one or two too many: a bound.
    times = 2 if way.sampler == "heun" else 1
    # Counted upwards, for with an interval calls are no simple function of steps: which
    # steps fall into it changes with each.
    way = replace(way, steps=1)
    if calls < times * calls_of(way, T):
        least = times * calls_of(way, T)
        raise ValueError(f"One step takes {least} calls; got {calls} calls.")
    longer = replace(way, steps=2)
    while times * calls_of(longer, T) <= calls:
        way, longer = longer, replace(longer, steps=longer.steps + 1)
    return way


@dataclass(frozen=True)
class Prepared:
    """All that is decided before the first step; remarks and drawing follow from it.

    It is made once for all that is asked at once, so that no text is rewritten twice.

    Args:
        asked: a prompt or a label a picture, as typed
        read: what is read in place of each
        negative: the same for what guidance leads away from
        shape: of what the network draws for one picture: channels, height, width
    """

    asked: tuple[str, ...]
    read: tuple[str, ...]
    negative: str
    shape: tuple[int, int, int]
    way: Way

    def in_turns(self, n: int) -> "Prepared":
        """The same of n pictures: what is asked takes turns."""
        turns = [i % len(self.asked) for i in range(n)]
        asked, read = ([texts[i] for i in turns] for texts in (self.asked, self.read))
        return replace(self, asked=tuple(asked), read=tuple(read))

    def some(self, first: int, n: int) -> "Prepared":
        """The same of n pictures only, or of as many as there are from `first` on."""
        part = slice(first, first + n)
        return replace(self, asked=self.asked[part], read=self.read[part])


def checked(prepared: Prepared, schedule: NoiseSchedule) -> Prepared:
    """The same, or a sentence for what would fail only when it is drawn."""
    if not prepared.asked:
        raise ValueError("Nothing was asked for: the list is empty.")
    if prepared.way.sampler not in SAMPLERS:
        raise ValueError(
            f"The sampler must be one of {SAMPLERS}; got {prepared.way.sampler!r}."
        )
    # Each of these raises its own sentence, now and not after a minute of drawing.
    if prepared.way.sampler in ("euler", "heun"):
        check_straight(schedule)
    choose_steps(schedule.T, prepared.way.steps)
    check_scale(prepared.way.guidance_scale)
    return prepared


def list_of_texts(prompts: list[str]) -> list[str]:
    """The same, or a sentence: "frog" would otherwise be four prompts."""
    if isinstance(prompts, str) or not all(isinstance(p, str) for p in prompts):
        raise ValueError(f"The prompts must be a list of texts; got {prompts!r}.")
    return list(prompts)


# Drawing --------------------------------------------------------------------------


def from_noise(
    predict: Predict,
    prepared: Prepared,
    schedule: NoiseSchedule,
    seed: int,
    first: int,
    device: torch.device,
) -> Iterator[Step]:
    """Walk to what was prepared, in one batch; `first` is the number of its first."""
    # By the number of a picture in all that was asked: batches do not change it.
    noise = PictureNoise(seed, range(first, first + len(prepared.read)), device)
    # The same streams go on: after the first noise of a picture comes its second.
    fresh = {"noise": noise} if prepared.way.sampler in WITH_CHANCE else {}
    # A module and a name from SAMPLERS, which `checked` has seen.
    walk = getattr(samplers, prepared.way.sampler)
    return walk(predict, noise(prepared.shape), schedule, prepared.way.steps, **fresh)


def draw_all(
    walk: Callable[[Prepared, int, int], Iterator[Step]],
    prepared: Prepared,
    seed: int,
    batch_size: int,
    callback: Watch | None,
    decode: Callable[[Tensor], Tensor],
) -> Tensor:
    """One picture for each that is asked, some at a time: (B, 3, H, W) in [-1, 1]."""
    pictures = []
    for first in range(0, len(prepared.read), batch_size):
        # Only the last step is kept; who wants to watch the others gives a callback.
        for step in walk(prepared.some(first, batch_size), seed, first):
            if callback:
                callback(step)
        pictures.append(decode(step.x_0_hat))
    return torch.cat(pictures)


def read_each_once(
    read: Callable[[tuple[str, ...]], Tensor], texts: tuple[str, ...], negative: str
) -> Tensor:
    """text_emb (B + 1, L, D) of texts and, last, of what guidance leads away from.

    However often a text is asked for, it is encoded once. `negative` keeps a row of its
    own, though it may be among the texts: a batch of one is summed in another order,
    and the last bits of a picture would tell.
    """
    # Sorted, for a set of texts has another order in every run of Python, and equal
    # calls should be equal to the last bit.
    distinct = tuple(sorted(set(texts)))
    rows = [distinct.index(text) for text in texts]
    # (D distinct + 1, L, D) to a row a picture; -1 is the negative one.
    return read((*distinct, negative))[[*rows, -1]]


def decoded(
    steps: Iterable[Step], decode: Callable[[Tensor], Tensor]
) -> Iterator[Step]:
    """The same steps, each decoded, to be looked at."""
    for step in steps:
        yield Step(step.t, decode(step.x_t), decode(step.x_0_hat))
