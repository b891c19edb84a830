"""Training data of the inspector: clean critters, and critters with one fault each.

    pictures, labels = flawed_chunk(0, 2048, size=64, seed=0, copier=Copier.shipped())

Faults are drawn on purpose (world/faults.py). At 64x64 a third of all pictures, clean
or not, have gone through the autoencoder with a little noise in their latents. So
neither its slight blur nor the wobble of a latent diffusion model counts as a flaw. In
some, one spot of the latents is spoiled: this looks most like such a model's mistakes.
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
# Factors that the inspector must name as well: a network that knows what a cat is sees
# what it lacks.
READ = ("subject", "colour", "subject_2", "colour_2", "accessory", "ears")
ASKED = {"grade": len(GRADES), "kind": len(ALL_KINDS)}
ASKED |= {name: len(FACTORS[name]) for name in READ}
CHUNK = 1024  # twins drawn at once
SHOWN = 4  # how often each is shown, augmented anew each time, since drawing is slow
COPIED = 0.35  # the share that goes through the autoencoder
SPOILED = 0.3  # the share of these that is spoiled in its latents
WOBBLE = 0.16  # the most noise in the latents, in standard deviations of a channel
# The least `faults.change` for a small and for a clear fault in latents. (A mere copy
# differs from its picture by 40 on average, but nowhere clearly.)
SMALL, CLEAR = 25.0, 70.0
MANY = 3.0  # changed pixels, of the 16 of a cell of the map, that make it fully faulty
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
        """The latents (posterior means) of (B, 3, 64, 64): (B, C, 16, 16)."""
        with torch.autocast("cpu", torch.bfloat16):
            return self.autoencoder.encode(pictures)[0].float()

    @torch.no_grad()
    def pictures(self, z: Tensor) -> Tensor:
        """Decode latents, 64 at a time: (B, 3, 64, 64) in [-1, 1]."""
        # bfloat16 takes half the time, and its error is below the step of a byte.
        with torch.autocast("cpu", torch.bfloat16):
            parts = [self.autoencoder.decode(some).float() for some in z.split(64)]
        return torch.cat(parts).clamp(-1, 1)


def busy_places(pictures: Tensor, side: int) -> Tensor:
    """How much detail is where, 0.1..1, (B, 1, side, side)."""
    # Generators err at edges and faces; their skies are calm.
    calm = F.avg_pool2d(F.pad(pictures, [2] * 4, mode="replicate"), 5, 1)
    busy = (pictures - calm).abs().amax(1, keepdim=True)
    return (3 * F.adaptive_avg_pool2d(busy, side)).clamp(0.1, 1)


def wobbled(z: Tensor, pictures: Tensor, indices: Tensor, seed: int) -> Tensor:
    """Add a little noise to latents z, (B, C, h, w), an amount for each picture."""
    amount, noise = noise_for(z, indices, seed)
    spread = z.std((0, 2, 3), keepdim=True)
    busy = busy_places(pictures, z.shape[-1])
    return z + WOBBLE * amount * spread * busy * noise


def noise_for(z: Tensor, indices: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """An amount in 0..1, (B, 1, 1, 1), and standard normal noise in the shape of z."""
    u = torch.from_numpy(uniforms(indices, seed, 1 + 2 * z[0].numel(), GRAIN + 1))
    first, second = u[:, 1:].chunk(2, 1)
    # Box & Muller 1958: two uniform numbers make a normal one.
    noise = (-2 * (1 - first).log()).sqrt() * (6.283185307 * second).cos()
    return u[:, :1, None, None].float(), noise.float().reshape(z.shape)


def spoiled_latents(z: Tensor, blob: Tensor, u: Tensor, noise: Tensor) -> Tensor:
    """Spoil latents (B, C, h, w) in a spot, in one of five ways.

    Args:
        blob: (B, 1, h, w) in 0..1, the spot
        u: (B, CHANCES) in 0..1; decides the way and the strength
        noise: standard normal, shaped as z
    """
    spread = z.std((0, 2, 3), keepdim=True)
    strength = u[:, 10, None, None, None]
    drowned = z + (0.4 + 0.9 * strength) * spread * noise
    # An undecided generator draws a mixture. So blend in another picture's latents, or
    # the own ones shifted by a cell, mirrored, or averaged.
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
    """Draw n critters twice: first all clean, then each with a fault.

    Args:
        copier: copies a share of the pictures through the autoencoder, if given
        without: kinds of faults to leave out

    Returns:
        the pictures, (2 n, 3, size, size) uint8, and labels: "grade", "kind" and the
        factors in READ, (2 n,) each, and "change", (2 n, 1, size, size) uint8, how much
        the fault has changed each pixel
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
    """How much each pixel differs, (N, 1, H, W) uint8; 255 is half the range and up."""
    difference = (pictures - clean).abs().amax(1, keepdim=True)
    seen = torch.where(difference > SEEN, difference.clamp(max=1), 0.0)
    return (255 * seen).to(torch.uint8)


def copies(pictures: Tensor, indices: Tensor, seed: int, copier: Copier) -> Tensor:
    """Pass pictures (N, 3, H, W) through the autoencoder, with noise in between."""
    return copier.pictures(wobbled(copier.encoded(pictures), pictures, indices, seed))


def copies_of_twins(clean, flawed, factors, indices, seed: int, copier, to_spoil):
    """Copies of clean pictures and of their twins, some of which get their fault here.

    Args:
        to_spoil: (N,) bool: which twins are spoiled in their latents

    Returns:
        both, (N, 3, H, W) each, and the grades of the spoiled ones, indices of GRADES
    """
    # Twins get the same noise: only the fault tells them apart.
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
    """Batches of twins, clean and flawed, from an endless supply.

    A batch is {"x_0": (B, 3, size, size) in [-1, 1], "map": (B, size / 4, size / 4) in
    0..1} and (B,) for each question in ASKED. Half of all pairs are mirrored.
    """
    copier = Copier.shipped() if size == 64 else None
    twins = max(1, batch_size // 2)
    per_chunk = max(1, CHUNK // twins)
    # One chunk at a time, like the reader's (wear.py).
    kept: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}

    def get_batch(iteration: int) -> Batch:
        number, place = divmod(iteration, per_chunk * SHOWN)
        n = per_chunk * twins
        if number not in kept:
            kept.clear()
            kept[number] = flawed_chunk(number, n, size, seed, copier, without)
        pictures, labels = kept[number]
        # A new order each time the chunk is shown.
        turn, place = divmod(place, per_chunk)
        generator = generator_for(seed, number * SHOWN + turn, FAULTING)
        pair = torch.randperm(n, generator=generator)[place * twins :][:twins]
        rows = torch.cat([pair, pair + n])
        changed = labels["change"][rows] / 255.0
        x, changed = worn(from_bytes(pictures[rows]), changed, seed, iteration)
        # Changed pixels per cell, as a share of MANY.
        cells = (F.avg_pool2d(changed, 4)[:, 0] * 16 / MANY).clamp(max=1)
        batch = {name: labels[name][rows] for name in ASKED}
        return {"x_0": x, "map": cells} | batch

    return get_batch


def worn(x: Tensor, changed: Tensor, seed: int, iteration: int):
    """Augment pictures, and their maps of changes: mirror, shift, blur, add noise.

    The second half are the twins of the first and are augmented alike: only the fault
    tells twins apart. It is gentle, since losing a mouth that way would be a flaw.

    Args:
        x: (2 n, 3, H, W); `changed` is (2 n, 1, H, W)
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
        # A random mixture with a blur of three pixels, at most 0.4 of it.
        blurred = F.avg_pool2d(F.pad(x, [1] * 4, mode="replicate"), 3, 1)
        share = 0.4 * torch.rand(n, 1, 1, 1, generator=generator)
        x = torch.lerp(x, blurred, share.repeat(2, 1, 1, 1))
    is_worn = torch.rand(n, 1, 1, 1, generator=generator) < WORN
    loud = 0.1 * torch.rand(n, 1, 1, 1, generator=generator)
    noise = is_worn * loud * torch.randn(n, 3, size, size, generator=generator)
    return (x + noise.repeat(2, 1, 1, 1)).clamp(-1, 1), changed
