"""Data augmentation ("wear"), and pictures with broken animals for the reader.

Networks that look at pictures are trained on augmented ones: shifted, flipped, blurred
or noisy. The reader of critters answers one question for each factor. Asked about an
animal that is half erased, mixed from two or smeared, it should say "none"; otherwise a
generator could please it with scraps. So an eighth of its training pictures are broken,
and the right subject there is "none".
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.chance import BREAKAGE, WEAR, Batch, GetBatch, generator_for
from course_lib.pixels import from_bytes, mirror, to_bytes
from course_lib.world.critters import FACTORS, choose_factors
from course_lib.world.drawing import draw

# Pictures drawn at once; one at a time they would take thirty times as long.
CHUNK = 4096
IGNORED = -100  # the label that cross_entropy ignores
BREAKS = ("erased", "mixed", "smeared")

QUESTIONS = {name: len(answers) for name, answers in FACTORS.items()}


def reader_batches(
    batch_size: int, size: int, seed: int, broken: float = 0.125
) -> GetBatch:
    """Batches of new pictures of every kind, including held-out combinations.

    A batch is {"x_0": (B, 3, size, size) in [-1, 1]} and (B,) for each factor.

    Args:
        broken: the share of pictures with broken animals
    """
    # One chunk suffices, since batches come in order; resuming redraws one chunk.
    kept: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}

    def chunk_of(number: int) -> tuple[Tensor, dict[str, Tensor]]:
        if number not in kept:
            kept.clear()
            kept[number] = draw_chunk(number, size, seed, broken)
        return kept[number]

    def get_batch(iteration: int) -> Batch:
        per_chunk = CHUNK // batch_size
        pictures, factors = chunk_of(iteration // per_chunk)
        place = iteration % per_chunk * batch_size
        rows = slice(place, place + batch_size)
        batch = {name: values[rows] for name, values in factors.items()}
        return {"x_0": from_bytes(pictures[rows])} | batch

    return get_batch


def draw_chunk(number: int, size: int, seed: int, broken: float):
    """One chunk of CHUNK pictures, shuffled: (CHUNK, 3, size, size) uint8, factors."""
    generator = generator_for(seed, number, BREAKAGE)
    indices = torch.arange(number * CHUNK, (number + 1) * CHUNK)
    # Held-out combinations included: a reader that had never seen a frog on stilts
    # might not recognise one, and would blame a generator for its own ignorance.
    factors = choose_factors(indices, seed, "any", allow_held_out=True)
    pictures = draw(factors, indices, seed, size)
    n = round(broken * CHUNK)
    for how, rows in zip(
        BREAKS, torch.arange(n).tensor_split(len(BREAKS)), strict=True
    ):
        some = {name: values[rows] for name, values in factors.items()}
        pictures[rows] = break_pictures(
            how, pictures[rows], some, indices[rows], seed, generator
        )
        # Half a frog has no right colour or size for a reader to learn.
        for name, values in factors.items():
            values[rows] = 0 if name in ("subject", "subject_2") else IGNORED
    # Shuffled, since the broken ones are the first rows. As bytes, since floats would
    # take four times the memory while they wait for their batch.
    order = torch.randperm(CHUNK, generator=generator)
    return to_bytes(pictures[order]), {
        n: values[order] for n, values in factors.items()
    }


def break_pictures(
    how: str,
    pictures: Tensor,
    factors: dict[str, Tensor],
    indices: Tensor,
    seed: int,
    generator: torch.Generator,
) -> Tensor:
    """Break the animals in pictures, (N, 3, H, W).

    Args:
        how: "erased" removes half of the subject, "mixed" mixes the picture with
            another in squares, "smeared" blurs the subject away
        pictures: (N, 3, H, W) as drawn from the factors, indices and seed
    """
    # The same scenes without animals: the difference is the animal, to the pixel. (The
    # same seed and index give the same clouds.)
    nobody = factors | {
        name: torch.zeros_like(values)
        for name, values in factors.items()
        if name != "scene"
    }
    empty = draw(nobody, indices, seed, pictures.shape[-1])
    there = (pictures - empty).abs() > 0.01  # above the error of rounding to bytes
    if how == "erased":
        # Every animal must lose half: two animals lose their tops or bottoms, one with
        # an accessory loses its left or right.
        level = torch.rand(len(pictures), generator=generator) < 0.5
        level = (level & (factors["accessory"] == 0)) | (factors["subject_2"] > 0)
        half = half_of(there, level, generator)
        return torch.where(half, empty, pictures)
    if how == "mixed":
        # Squares an eighth of the picture wide: smaller than any animal, larger than
        # an eye. Each picture is mixed with the one before it.
        side = pictures.shape[-1] // 8
        squares = torch.rand(len(pictures), 1, 8, 8, generator=generator) < 0.5
        weave = squares.repeat_interleave(side, 2).repeat_interleave(side, 3)
        return torch.where(weave, pictures, pictures.roll(1, 0))
    # Sixteen cells of colour are left: enough to guess a scene, but not an animal.
    cells = F.adaptive_avg_pool2d(pictures, 4)
    smeared = F.interpolate(cells, size=pictures.shape[-2:], mode="bilinear")
    return torch.where(there.any(1, keepdim=True), smeared, pictures)


def half_of(there: Tensor, level: Tensor, generator: torch.Generator) -> Tensor:
    """A mask, (N, 1, H, W): True on one side of the subject's centre, at random.

    Args:
        there: (N, 3, H, W) bool, True where the subject is
        level: (N,) bool: True for a horizontal cut, False for a vertical one
    """
    # The subject's centre of mass, not the picture's centre: half of it goes wherever
    # it stands.
    there = there.any(1).float()  # (N, H, W)
    N, H, W = there.shape
    row = torch.arange(H).float().reshape(1, H, 1)
    column = torch.arange(W).float().reshape(1, 1, W)
    count = there.sum((1, 2)).clamp(min=1)
    middle_row = ((there * row).sum((1, 2)) / count).reshape(N, 1, 1)
    middle_column = ((there * column).sum((1, 2)) / count).reshape(N, 1, 1)
    first = torch.rand(N, 1, 1, generator=generator) < 0.5
    level = level.reshape(N, 1, 1)
    beyond = torch.where(level, row - middle_row, column - middle_column) > 0
    return (beyond ^ first)[:, None]


def with_wear(
    get_batch: GetBatch,
    seed: int = 0,
    flip: bool = False,
    shift: int = 2,
    wear: float = 0.5,
    cut: int = 0,
) -> GetBatch:
    """Augment batches: shift, flip, blur and add noise, so a network tolerates these.

    A first reader, trained without, lost 11 points when pictures shifted by one pixel.
    The image-text pair of lesson 09 is also trained on augmented pictures.

    Args:
        flip: mirror half of the pictures (never if left and right have a meaning)
        shift: the most pixels in each direction; the border is repeated
        wear: the share of pictures that get noise, and of batches that get blur
        cut: side of a grey square on each picture, in pixels; 0 is none (Cutout,
            DeVries & Taylor 2017)
    """

    from torchvision.transforms import v2  # 2 s to import, so only where it is used

    def get_worn_batch(iteration: int) -> Batch:
        batch = dict(get_batch(iteration))
        generator = generator_for(seed, iteration, WEAR)
        x = batch["x_0"]
        if flip:
            mirrored = torch.rand(len(x), generator=generator) < 0.5
            x = torch.where(mirrored[:, None, None, None], mirror(x), x)
        x = shifted(x, shift, generator)
        # Blur is per batch, since one call has one strength; noise and shift cost no
        # more for each picture by itself.
        if torch.rand((), generator=generator) < wear:
            strength = 0.2 + 0.6 * torch.rand((), generator=generator).item()
            x = v2.functional.gaussian_blur(x, [3, 3], [strength, strength])
        worn = (torch.rand(len(x), 1, 1, 1, generator=generator) < wear).float()
        strength = 0.2 * torch.rand(len(x), 1, 1, 1, generator=generator)
        x = x + worn * strength * torch.randn(x.shape, generator=generator)
        # Cut last, to keep the square plain grey; clamped, like all pictures that a
        # judge sees.
        batch["x_0"] = cut_out(x, cut, generator).clamp(-1, 1)
        return batch

    return get_worn_batch


def shifted(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each picture shifted by -most..most pixels of its own, the border repeated.

    Args:
        x: (B, C, H, W)
    """
    B, _, H, W = x.shape
    # Repeated, not black: a black edge would give the shift away.
    padded = F.pad(x, [most] * 4, mode="replicate")
    down, right = torch.randint(0, 2 * most + 1, (2, B, 1), generator=generator)
    rows, columns = down + torch.arange(H), right + torch.arange(W)  # (B, H), (B, W)
    picture = torch.arange(B)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)  # (B, C, H, W)


def cut_out(x: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Put a grey square somewhere on each picture; side 0 changes nothing."""
    if side == 0:
        return x
    B, _, H, W = x.shape
    # The centre may be anywhere, so the square may reach outside, as in the paper.
    top = torch.randint(0, H, (B, 1, 1), generator=generator) - side // 2
    left = torch.randint(0, W, (B, 1, 1), generator=generator) - side // 2
    row, column = torch.arange(H)[:, None], torch.arange(W)[None, :]
    inside = (
        (row >= top) & (row < top + side) & (column >= left) & (column < left + side)
    )
    return x.masked_fill(inside[:, None], 0.0)
