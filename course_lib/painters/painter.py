"""Code shared by both painters: settings, sampling from noise, decoding.

The painters are in labels.py and pipeline.py. They share these functions instead of a
base class, so each painter can be read by itself, from top to bottom.
"""

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from course_lib.cards import Card, broken
from course_lib.diffusion import samplers
from course_lib.diffusion.few_steps import jumping
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

# Names, not functions: they come from the command line and appear in messages.
SAMPLERS = (
    *("ddim", "ddpm", "dpm_solver", "dpm_solver_sde", "euler", "heun"),
    "renoise",
)
# These add fresh noise at each step.
WITH_CHANCE = ("ddpm", "dpm_solver_sde", "renoise")
STRAIGHT = ("ddim", "euler")  # their step is one jump along the velocity
USUAL_CALLS = 4  # of weights that can draw in few
Watch = Callable[[Step], None]
Noise = Callable[[tuple[int, ...]], Tensor]  # as PictureNoise


def check_fit(
    name_or_folder: Path | str, card: Card, unet: UNet, wanted: int, multiple: int
) -> None:
    """Raise CheckpointError if drawing with this card and network would fail.

    Args:
        wanted: channels of a picture, or of a latent of the card's autoencoder
        multiple: the number that the size of a picture must be divisible by
    """
    # Label 0 is "nothing told", so a network with n labels knows n + 1.
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


def usual_of(card: Card, way: Way) -> Way:
    """The default settings of weights: `way`, unless a distillation changed them.

    Args:
        way: what a painter of this kind usually does
    """
    if "calls" in card:
        # A shortcut model jumps; a consistency model guesses the end, and puts fresh
        # noise on the guess.
        sampler = "ddim" if knows_jumps(card) else "renoise"
        return Way(1.0, USUAL_CALLS, sampler=sampler)
    if "guidance" in card:  # learned, so no step is asked twice
        return Way(1.0, way.steps, sampler=way.sampler)
    return way


def usual_calls(card: Card, otherwise: int) -> int:
    """In how many network calls a picture is drawn if nothing is said."""
    return USUAL_CALLS if "calls" in card else otherwise


def knows_jumps(card: Card) -> bool:
    """Whether a network can be told how far a step goes."""
    config = card["config"]
    return config.get("unet", config).get("jumps", False)


def steps_for(card: Card, calls: int, of: object = "These weights") -> int:
    """The steps that make so many network calls a picture, after distillation.

    Raises:
        ValueError: a number that was not learned, or weights that were not distilled
    """
    if "calls" not in card:
        raise ValueError(
            f"{of} cannot draw in few calls: choose --steps, or train some that can "
            "with `python -m course_lib distil shortcut`."
        )
    if calls not in card["calls"]:
        *some, last = card["calls"]
        raise ValueError(
            f"--calls must be {', '.join(map(str, some))} or {last}; got {calls}."
        )
    return calls


def told_jumps(model: Callable, card: Card, way: Way) -> Callable:
    """The denoiser for a way: it is told how far each step goes, if it learned that."""
    # A step of another sampler is no straight jump, and other numbers of steps make
    # jumps that it has never seen: there it is asked for the velocity alone.
    if not knows_jumps(card) or way.sampler not in STRAIGHT:
        return model
    if way.steps not in card.get("calls", ()):
        return model
    return jumping(model, choose_steps(card["T"], way.steps))


def check_guidance_is_free(card: Card, guidance_scale: float | None) -> None:
    """Raise ValueError for a guidance scale beside the one that was learned."""
    if "guidance" in card and guidance_scale not in (None, 1):
        raise ValueError(
            f"These weights have learned their guidance ({card['guidance']:g}), and no "
            "other can be added: leave the guidance scale out. To edit pictures, use "
            f"the weights that they began as ({card.get('start', 'see their card')})."
        )


def way_of(
    usual: Way,
    guidance_scale: float | None,
    steps: int | None,
    sampler: str | None = None,
) -> Way:
    """The usual settings, except for those given; a given scale holds at every step.

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
    # The interval is dropped: `usual` has a scale for the middle of the way alone, and
    # people compare the number that they give with tables for the whole way.
    return Way(guidance_scale, steps, sampler=sampler)


def calls_of(way: Way, T: int) -> int:
    """The network calls per picture, for a sampler that makes one guess per step.

    >>> calls_of(Way(guidance_scale=3.0, steps=10), T=1000)
    20
    >>> calls_of(Way(guidance_scale=5.0, steps=13, guided_between=(400, 950)), T=1000)
    20
    """
    # Samplers are compared by calls, not by steps: the calls take the time.
    return sum(1 + way.is_guided(t) for t in choose_steps(T, way.steps)[:-1])


def longest_within(calls: int, way: Way, T: int) -> Way:
    """`way` with as many steps as `calls` network calls per picture allow.

    Raises:
        ValueError: too few calls for one step
    """
    # An upper bound for Heun, which looks only once in its last step.
    times = 2 if way.sampler == "heun" else 1
    # Counting up: with an interval, calls are no simple function of steps, because
    # other steps fall into it each time.
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
    """A request, checked and ready to draw; remarks and drawing both start from it.

    It is made once for all pictures of a request, so no text is rewritten twice.

    Args:
        asked: one prompt or label per picture, as typed
        read: what the network reads instead, one per picture
        negative: what the network reads for the text that guidance leads away from
        shape: channels, height and width of x_t for one picture
        way: the sampler settings
    """

    asked: tuple[str, ...]
    read: tuple[str, ...]
    negative: str
    shape: tuple[int, int, int]
    way: Way

    def in_turns(self, n: int) -> "Prepared":
        """A request for n pictures that cycles through the prompts of this one."""
        turns = [i % len(self.asked) for i in range(n)]
        asked, read = ([texts[i] for i in turns] for texts in (self.asked, self.read))
        return replace(self, asked=tuple(asked), read=tuple(read))

    def some(self, first: int, n: int) -> "Prepared":
        """The part of the request for pictures first..first + n - 1, if there are n."""
        part = slice(first, first + n)
        return replace(self, asked=self.asked[part], read=self.read[part])


def checked(prepared: Prepared, schedule: NoiseSchedule) -> Prepared:
    """Return `prepared`; raise ValueError for what would only fail while drawing."""
    if not prepared.asked:
        raise ValueError("Nothing was asked for: the list is empty.")
    if prepared.way.sampler not in SAMPLERS:
        raise ValueError(
            f"The sampler must be one of {SAMPLERS}; got {prepared.way.sampler!r}."
        )
    # Each of these raises an error of its own, now and not after a minute of drawing.
    if prepared.way.sampler in ("euler", "heun"):
        check_straight(schedule)
    choose_steps(schedule.T, prepared.way.steps)
    check_scale(prepared.way.guidance_scale)
    return prepared


def list_of_texts(prompts: list[str]) -> list[str]:
    """The prompts as a list; ValueError for a string: "frog" would be four prompts."""
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
    """Yield every step from noise to the prepared pictures, in one batch.

    Args:
        first: the number of the batch's first picture in the whole request
    """
    # Seeded by that number, so the batch size does not change a picture.
    noise = PictureNoise(seed, range(first, first + len(prepared.read)), device)
    return from_this_noise(predict, prepared, schedule, noise)


def from_this_noise(
    predict: Predict, prepared: Prepared, schedule: NoiseSchedule, noise: Noise
) -> Iterator[Step]:
    """`from_noise` with any source of noise, one stream per picture of the batch."""
    # Fresh noise continues the stream of each picture.
    fresh = {"noise": noise} if prepared.way.sampler in WITH_CHANCE else {}
    # `checked` has compared the name with SAMPLERS.
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
    """Draw all prepared pictures, in batches: (N, 3, H, W) in [-1, 1].

    Args:
        walk: takes a part of the request, the seed and the number of its first picture
        callback: called with every Step
    """
    pictures = []
    for first in range(0, len(prepared.read), batch_size):
        # Only the last step is kept; `callback` sees the others.
        for step in walk(prepared.some(first, batch_size), seed, first):
            if callback:
                callback(step)
        pictures.append(decode(step.x_0_hat))
    return torch.cat(pictures)


def finite(x_0: Tensor) -> Tensor:
    """What was drawn; FloatingPointError if there is NaN or infinity in it.

    The weights may all be finite: only drawing shows it.
    """
    if not x_0.isfinite().all():
        raise FloatingPointError(
            "There are numbers in what was drawn that are not finite: the weights, or "
            "what was added to them, are too large. Use others, or train them again."
        )
    return x_0


def read_each_once(
    read: Callable[[tuple[str, ...]], Tensor], texts: tuple[str, ...], negative: str
) -> Tensor:
    """text_emb (B + 1, L, D): one row per text, and the negative one last.

    Repeated texts are encoded once. `negative` keeps a row of its own even if it is
    among the texts: a batch of one is summed in another order, and the last bits of a
    picture would show it.
    """
    # Sorted: a set of texts has another order in every run of Python, and equal calls
    # should give equal results to the last bit.
    distinct = tuple(sorted(set(texts)))
    rows = [distinct.index(text) for text in texts]
    # (distinct + 1, L, D) to one row per picture; -1 is the negative one.
    return read((*distinct, negative))[[*rows, -1]]


def decoded(
    steps: Iterable[Step], decode: Callable[[Tensor], Tensor]
) -> Iterator[Step]:
    """Decode the x_t and x_0_hat of each step to pictures, for display."""
    for step in steps:
        yield Step(step.t, decode(step.x_t), decode(step.x_0_hat))
