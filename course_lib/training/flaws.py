"""What the inspector learns from: clean critters, and critters with one fault each.

    pictures, labels = flawed_chunk(0, 2048, size=64, seed=0, copier=Copier.shipped())

Faults are drawn (world/faults.py). At 64x64 half of all pictures, clean or not, have
gone through the autoencoder, a little noise in their latents: its slight blur and the
wobble of every painter in latents say nothing then. And some are spoiled there, in a
spot, which looks most like what such a painter does wrong.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.chance import (
    FAULTING,
    GRAIN,
    WEAR,
    Batch,
    GetBatch,
    generator_for,
    uniforms,
)
from course_lib.networks.autoencoder import Autoencoder, load_autoencoder
from course_lib.pixels import from_bytes, mirror, to_bytes
from course_lib.world.critters import FACTORS, choose_factors
from course_lib.world.drawing import draw
from course_lib.world.faults import (
    GRADES,
    KINDS,
    SEEN,
    TRIES,
    blob_of,
    change,
    choose_kinds,
    spoil,
)
from course_lib.world.faulty_brush import CHANCES
from course_lib.world.wear import shifted

# "spoiled": in the latents of an autoencoder.
ALL_KINDS = (*KINDS, "spoiled")
# What is in a picture is asked as well: who knows what a cat is sees what it lacks.
READ = ("subject", "colour", "subject_2", "colour_2", "accessory", "ears")
ASKED = {"grade": len(GRADES), "kind": len(ALL_KINDS)}
ASKED |= {name: len(FACTORS[name]) for name in READ}
CHUNK = 1024  # twins drawn at once
SHOWN = 4  # how often each is shown, worn in another way: drawn it costs as much
COPIED = 0.35  # the share that has gone through the autoencoder
SPOILED = 0.3  # of those: spoiled in latents
WOBBLE = 0.16  # the most noise in the latents of a copy, in spreads of their channel
# A copy differs from its picture by 40 on the average (faults.change), nowhere clearly.
SMALL, CLEAR = 25.0, 70.0
MANY = 3.0  # pixels of 16 in a cell of the map that make it wrong for sure
WORN = 0.3  # the share of pictures with noise, and of batches with blur


@dataclass(eq=False)
class Copier:
    """An autoencoder that copies pictures, and spoils some of the copies."""

    autoencoder: Autoencoder

    @classmethod
    def shipped(cls) -> "Copier":
        """The autoencoder of lesson 11."""
        return cls(load_autoencoder("autoencoder").eval().requires_grad_(False))

    @torch.no_grad()
    def encoded(self, pictures: Tensor) -> Tensor:
        """The middles of the clouds of (B, 3, 64, 64), (B, C, 16, 16)."""
        with torch.autocast("cpu", torch.bfloat16):
            return self.autoencoder.encode(pictures)[0].float()

    @torch.no_grad()
    def pictures(self, z: Tensor) -> Tensor:
        """Decoded, 64 at a time, in [-1, 1]."""
        # bfloat16 errs by less than a byte's step, in half of the time.
        with torch.autocast("cpu", torch.bfloat16):
            parts = [self.autoencoder.decode(some).float() for some in z.split(64)]
        return torch.cat(parts).clamp(-1, 1)


def busy_places(pictures: Tensor, side: int) -> Tensor:
    """Where there is something to go wrong, 0..1, (B, 1, side, side)."""
    # A painter errs at edges and faces; its skies are calm.
    calm = F.avg_pool2d(F.pad(pictures, [2] * 4, mode="replicate"), 5, 1)
    busy = (pictures - calm).abs().amax(1, keepdim=True)
    return (3 * F.adaptive_avg_pool2d(busy, side)).clamp(0.1, 1)


def wobbled(z: Tensor, pictures: Tensor, indices: Tensor, seed: int) -> Tensor:
    """Latents with a little noise, each picture with its own amount."""
    amount, noise = noise_for(z, indices, seed)
    spread = z.std((0, 2, 3), keepdim=True)
    busy = busy_places(pictures, z.shape[-1])
    return z + WOBBLE * amount * spread * busy * noise


def noise_for(z: Tensor, indices: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """An amount in 0..1, (B, 1, 1, 1), and noise of spread 1, shaped as z."""
    u = torch.from_numpy(uniforms(indices, seed, 1 + 2 * z[0].numel(), GRAIN + 1))
    first, second = u[:, 1:].chunk(2, 1)
    # Box & Muller 1958: two uniform numbers make a normal one.
    noise = (-2 * (1 - first).log()).sqrt() * (6.283185307 * second).cos()
    return u[:, :1, None, None].float(), noise.float().reshape(z.shape)


def spoiled_latents(z: Tensor, blob: Tensor, u: Tensor, noise: Tensor) -> Tensor:
    """Latents with something wrong in a spot, in one of five ways.

    Args:
        blob: (B, 1, h, w) in 0..1, the spot
        u: (B, CHANCES), decides the way and the strength
    """
    spread = z.std((0, 2, 3), keepdim=True)
    strength = u[:, 10, None, None, None]
    drowned = z + (0.4 + 0.9 * strength) * spread * noise
    # What a painter hesitates between, it draws both of: another picture's latents,
    # its own from a step beside, mirrored, or averaged away.
    other = torch.lerp(z, z.roll(1, 0), 0.5 + 0.5 * strength)
    beside = torch.lerp(z, z.roll((1, 1), (2, 3)), 0.5 + 0.5 * strength)
    mirrored = torch.lerp(z, z.flip(3), 0.5 + 0.5 * strength)
    flat = F.avg_pool2d(F.pad(z, [2] * 4, mode="replicate"), 5, 1)
    flat = torch.lerp(z, flat, 0.5 + 0.5 * strength)
    ways = torch.stack([drowned, drowned, other, beside, mirrored, flat])
    way = (u[:, 12] * len(ways)).long()
    return torch.lerp(z, ways[way, torch.arange(len(z))], blob)


def flawed_chunk(
    number: int,
    n: int,
    size: int,
    seed: int,
    copier: Copier | None = None,
    without: tuple[str, ...] = (),
) -> tuple[Tensor, dict[str, Tensor]]:
    """n critters twice, clean and then with a fault each: (2 n, 3, size, size) bytes.

    Returns:
        the pictures, {"grade", "kind"}: (2 n,) each, and "change": (2 n, 1, size, size)
        bytes, how much the fault has changed each pixel
    """
    indices = torch.arange(number * n, (number + 1) * n)
    factors = choose_factors(indices, seed, "any", allow_held_out=True)
    u = torch.from_numpy(uniforms(indices, seed, 2, FAULTING + TRIES + 1))
    copied = (u[:, 0] < COPIED) & (copier is not None)
    to_spoil = copied & (u[:, 1] < SPOILED) & ("spoiled" not in without)
    kinds = choose_kinds(indices, seed, 0.0, without).masked_fill(to_spoil, 0)
    clean = draw(factors, indices, seed, size)
    flawed, grades = spoil(clean, factors, indices, seed, kinds)
    changed = bytes_of_change(flawed, clean)
    kinds = torch.where(grades > 0, kinds, 0)
    if copied.any():
        some = {name: values[copied] for name, values in factors.items()}
        clean[copied], flawed[copied], found = copies_of_twins(
            *(clean[copied], flawed[copied], some, indices[copied], seed),
            copier,
            to_spoil[copied],
        )
        grades[to_spoil] = found
        spoiled = ALL_KINDS.index("spoiled")
        kinds[to_spoil] = torch.where(found > 0, spoiled, 0)
        changed[to_spoil] = bytes_of_change(flawed[to_spoil], clean[to_spoil])
    none = torch.zeros_like(kinds)
    shown = {name: factors[name].repeat(2) for name in READ}
    return to_bytes(torch.cat([clean, flawed])), shown | {
        "grade": torch.cat([none, grades]),
        "kind": torch.cat([none, kinds]),
        "change": torch.cat([torch.zeros_like(changed), changed]),
    }


def bytes_of_change(pictures: Tensor, clean: Tensor) -> Tensor:
    """How much each pixel differs, (N, 1, H, W) uint8: 255 for half of all or more."""
    difference = (pictures - clean).abs().amax(1, keepdim=True)
    seen = torch.where(difference > SEEN, difference.clamp(max=1), 0.0)
    return (255 * seen).to(torch.uint8)


def copies(pictures: Tensor, indices: Tensor, seed: int, copier: Copier) -> Tensor:
    """Pictures that went through the autoencoder, a little wobbly, (N, 3, H, W)."""
    return copier.pictures(wobbled(copier.encoded(pictures), pictures, indices, seed))


def copies_of_twins(clean, flawed, factors, indices, seed: int, copier, to_spoil):
    """Copies of clean pictures and of flawed ones, some of these spoiled only now.

    Args:
        to_spoil: (N,) bool: who is flawed by what happens to its latents

    Returns:
        both, (N, 3, H, W), and index of GRADES of those spoiled
    """
    # Twins wobble alike: what tells them apart is the fault alone.
    z = wobbled(copier.encoded(clean), clean, indices, seed)
    right = copier.pictures(z)
    z_flawed = wobbled(copier.encoded(flawed), clean, indices, seed)
    if to_spoil.any():
        own = indices[to_spoil]
        u = torch.from_numpy(uniforms(own, seed, CHANCES, FAULTING)).float()
        some = {name: values[to_spoil] for name, values in factors.items()}
        blob = blob_of(some, own, seed, u, clean.shape[-1])
        blob = F.adaptive_avg_pool2d(blob, z.shape[-1])
        _, noise = noise_for(z[to_spoil], own, seed + 1)
        z_flawed[to_spoil] = spoiled_latents(z[to_spoil], blob, u, noise)
    wrong = copier.pictures(z_flawed)
    differs = change(wrong[to_spoil], right[to_spoil])
    return right, wrong, (differs >= SMALL).long() + (differs >= CLEAR).long()


def flaw_batches(
    batch_size: int,
    size: int,
    seed: int,
    without: tuple[str, ...] = (),
) -> GetBatch:
    """Batches of twins, clean and flawed, always new; half of all pairs are mirrored.

    A batch is {"x_0": (B, 3, size, size), "map": (B, size / 4, size / 4) in 0..1} and
    "grade" and "kind", (B,) each.
    """
    copier = Copier.shipped() if size == 64 else None
    twins = max(1, batch_size // 2)
    per_chunk = max(1, CHUNK // twins)
    # One chunk at a time, as the reader's (wear.py).
    kept: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}

    def get_batch(iteration: int) -> Batch:
        number, place = divmod(iteration, per_chunk * SHOWN)
        n = per_chunk * twins
        if number not in kept:
            kept.clear()
            kept[number] = flawed_chunk(number, n, size, seed, copier, without)
        pictures, labels = kept[number]
        # Another order each time it is shown.
        turn, place = divmod(place, per_chunk)
        generator = generator_for(seed, number * SHOWN + turn, FAULTING)
        pair = torch.randperm(n, generator=generator)[place * twins :][:twins]
        rows = torch.cat([pair, pair + n])
        changed = labels["change"][rows] / 255.0
        x, changed = worn(from_bytes(pictures[rows]), changed, seed, iteration)
        # The pixels of a cell that are quite another, up to MANY.
        cells = (F.avg_pool2d(changed, 4)[:, 0] * 16 / MANY).clamp(max=1)
        batch = {name: labels[name][rows] for name in ASKED}
        return {"x_0": x, "map": cells} | batch

    return get_batch


def worn(x: Tensor, changed: Tensor, seed: int, iteration: int):
    """Pictures and what changed in them, mirrored and shifted; a little blurred, noisy.

    The second half are the twins of the first, and are worn as these are: what tells
    twins apart is the fault alone. Gently: a picture that is worn so much that a mouth
    is lost has a flaw.
    """
    generator = generator_for(seed, iteration, WEAR)
    n, size = len(x) // 2, x.shape[-1]
    both = torch.cat([x, changed], 1)  # (2 n, 4, H, W)
    twins = torch.cat(both.chunk(2), 1)  # (n, 8, H, W)
    mirrored = torch.rand(n, 1, 1, 1, generator=generator) < 0.5
    twins = shifted(torch.where(mirrored, mirror(twins), twins), 2, generator)
    both = torch.cat(twins.chunk(2, 1))
    x, changed = both[:, :3], both[:, 3:]
    if torch.rand((), generator=generator) < WORN:
        # As far from a blur of three pixels as chance wants, at most half way.
        blurred = F.avg_pool2d(F.pad(x, [1] * 4, mode="replicate"), 3, 1)
        share = 0.4 * torch.rand(n, 1, 1, 1, generator=generator)
        x = torch.lerp(x, blurred, share.repeat(2, 1, 1, 1))
    is_worn = torch.rand(n, 1, 1, 1, generator=generator) < WORN
    loud = 0.1 * torch.rand(n, 1, 1, 1, generator=generator)
    noise = is_worn * loud * torch.randn(n, 3, size, size, generator=generator)
    return (x + noise.repeat(2, 1, 1, 1)).clamp(-1, 1), changed
