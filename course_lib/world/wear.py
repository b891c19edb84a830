"""What spoils a picture: wear, which no network should mind, and what breaks animals.

Whoever looks at pictures learns from worn ones. The reader of critters answers one
question a factor; asked about an animal that is half erased, mixed from two, or
smeared, it should say "none": otherwise a generator could please it with scraps. So an
eighth of what it sees is broken, and the subject there is "none".
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.chance import BREAKAGE, WEAR, Batch, GetBatch, generator_for
from course_lib.pixels import from_bytes, mirror, to_bytes
from course_lib.world.critters import FACTORS, choose_factors
from course_lib.world.drawing import draw

# Pictures drawn at once: one at a time they take thirty times as long.
CHUNK = 4096
IGNORED = -100  # what cross_entropy ignores
BREAKS = ("erased", "mixed", "smeared")

QUESTIONS = {name: len(answers) for name, answers in FACTORS.items()}


def reader_batches(
    batch_size: int, size: int, seed: int, broken: float = 0.125
) -> GetBatch:
    """Pictures of every kind, held-out ones too, always new; a share of them broken.

    A batch is {"x_0": (B, 3, size, size)} and one (B,) for each factor.
    """
    # One chunk at a time: batches come in order, and whoever carries a training on
    # draws the chunk that it stopped in once more.
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
    """One chunk: bytes and factors, in random order, the broken ones mixed in."""
    generator = generator_for(seed, number, BREAKAGE)
    indices = torch.arange(number * CHUNK, (number + 1) * CHUNK)
    # A reader that had never seen a frog on stilts might not recognise one, and would
    # mark a painter wrong for what is its own ignorance.
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
        # Half a frog has no right colour or size that a reader should be taught.
        for name, values in factors.items():
            values[rows] = 0 if name in ("subject", "subject_2") else IGNORED
    # Mixed, as the broken ones are the first rows; bytes, as floats take four times the
    # memory until their batch comes.
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
    """Spoil the animals and leave the scenes.

    Args:
        how: "erased" takes away half of the subject, "mixed" weaves it with another
            picture, "smeared" blurs it away
        pictures: (N, 3, H, W) as drawn from the factors, indices and seed
    """
    # The same pictures without anybody: what differs is the animal, to the pixel. (Same
    # seed, same index, so the same clouds.)
    nobody = factors | {
        name: torch.zeros_like(values)
        for name, values in factors.items()
        if name != "scene"
    }
    empty = draw(nobody, indices, seed, pictures.shape[-1])
    there = (pictures - empty).abs() > 0.01  # more than rounding to bytes makes
    if how == "erased":
        # Every animal must lose its half: two lose their tops or bottoms, one with a
        # hat or on stilts its left or right.
        level = torch.rand(len(pictures), generator=generator) < 0.5
        level = (level & (factors["accessory"] == 0)) | (factors["subject_2"] > 0)
        half = half_of(there, level, generator)
        return torch.where(half, empty, pictures)
    if how == "mixed":
        # Squares an eighth of the picture wide: smaller than any animal, larger than
        # an eye. Each picture is woven with its neighbour in the chunk.
        side = pictures.shape[-1] // 8
        squares = torch.rand(len(pictures), 1, 8, 8, generator=generator) < 0.5
        weave = squares.repeat_interleave(side, 2).repeat_interleave(side, 3)
        return torch.where(weave, pictures, pictures.roll(1, 0))
    # Sixteen colours are left, enough to guess a scene and no animal.
    cells = F.adaptive_avg_pool2d(pictures, 4)
    smeared = F.interpolate(cells, size=pictures.shape[-2:], mode="bilinear")
    return torch.where(there.any(1, keepdim=True), smeared, pictures)


def half_of(there: Tensor, level: Tensor, generator: torch.Generator) -> Tensor:
    """(N, 1, H, W) True on one side of the middle of what is there, a side by chance.

    Args:
        there: (N, 3, H, W) True where there is something
        level: (N,) True for a level cut, else the cut is upright
    """
    # The middle of mass, not of the picture: wherever it stands, half of it goes.
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
    """Shift, flip, blur and add noise, so that a network does not mind such things.

    Trained without, a shift by one pixel cost a first reader 11 points. The pair of
    lesson 09 is trained on worn pictures, too.

    Args:
        flip: mirror half of the pictures (never where left and right are a question)
        shift: pixels, at most, in each direction; the border is repeated
        wear: the share of pictures that get noise, and of batches that get blur
        cut: side of a grey square over each picture (Cutout, DeVries & Taylor 2017)
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
        # Blur a batch at a time, as one call blurs all with one strength; noise and
        # shifts cost no more picture by picture.
        if torch.rand((), generator=generator) < wear:
            strength = 0.2 + 0.6 * torch.rand((), generator=generator).item()
            x = v2.functional.gaussian_blur(x, [3, 3], [strength, strength])
        worn = (torch.rand(len(x), 1, 1, 1, generator=generator) < wear).float()
        strength = 0.2 * torch.rand(len(x), 1, 1, 1, generator=generator)
        x = x + worn * strength * torch.randn(x.shape, generator=generator)
        # Cut last, so that the square is plain grey; clamped, as all pictures are that
        # a judge is shown.
        batch["x_0"] = cut_out(x, cut, generator).clamp(-1, 1)
        return batch

    return get_worn_batch


def shifted(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each picture moved by its own -most..most pixels, the border repeated."""
    B, _, H, W = x.shape
    # Repeated, not black: a black edge would say by how much it was shifted.
    padded = F.pad(x, [most] * 4, mode="replicate")
    down, right = torch.randint(0, 2 * most + 1, (2, B, 1), generator=generator)
    rows, columns = down + torch.arange(H), right + torch.arange(W)  # (B, H), (B, W)
    picture = torch.arange(B)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)  # (B, C, H, W)


def cut_out(x: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """A grey square somewhere on each picture; side 0 changes nothing."""
    if side == 0:
        return x
    B, _, H, W = x.shape
    # Its middle anywhere, so part of the square may lie outside, as in the paper.
    top = torch.randint(0, H, (B, 1, 1), generator=generator) - side // 2
    left = torch.randint(0, W, (B, 1, 1), generator=generator) - side // 2
    row, column = torch.arange(H)[:, None], torch.arange(W)[None, :]
    inside = (
        (row >= top) & (row < top + side) & (column >= left) & (column < left + side)
    )
    return x.masked_fill(inside[:, None], 0.0)
