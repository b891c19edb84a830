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
    Batch,
    GetBatch,
    generator_for,
    uniforms,
)
from course_lib.networks.autoencoder import Autoencoder, load_autoencoder
from course_lib.pixels import from_bytes, to_bytes
from course_lib.world.critters import choose_factors
from course_lib.world.drawing import draw
from course_lib.world.faults import (
    KINDS,
    TRIES,
    blob_of,
    change,
    choose_kinds,
    spoil,
)
from course_lib.world.faulty_brush import CHANCES

# "spoiled": in the latents of an autoencoder.
ALL_KINDS = (*KINDS, "spoiled")
ASKED = {"grade": 3, "kind": len(ALL_KINDS)}
CHUNK = 2048  # pictures drawn at once
SHOWN = 2  # how often each is shown, worn in another way: drawn it costs as much
CLEAN = 0.5  # the share that is drawn without a fault
COPIED = 0.5  # the share that has gone through the autoencoder
SPOILED = 0.3  # of the clean ones among those: spoiled in latents
WOBBLE = 0.16  # the most noise in the latents of a copy, in spreads of their channel
# A copy differs from its picture by 40 on the average (faults.change), nowhere clearly.
SMALL, CLEAR = 25.0, 70.0


@dataclass(eq=False)
class Copier:
    """An autoencoder that copies pictures, and spoils some of the copies."""

    autoencoder: Autoencoder

    @classmethod
    def shipped(cls) -> "Copier":
        """The autoencoder of lesson 11."""
        return cls(load_autoencoder("autoencoder").eval().requires_grad_(False))

    @torch.no_grad()
    def latents(self, pictures: Tensor) -> Tensor:
        """The middles of the clouds of (B, 3, 64, 64), (B, C, 16, 16)."""
        with torch.autocast("cpu", torch.bfloat16):
            return self.autoencoder.encode(pictures)[0].float()

    @torch.no_grad()
    def pictures(self, latents: Tensor) -> Tensor:
        """Decoded, 64 at a time, in [-1, 1]."""
        # bfloat16 errs by less than a byte's step, in half of the time.
        with torch.autocast("cpu", torch.bfloat16):
            parts = [self.autoencoder.decode(z).float() for z in latents.split(64)]
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
    noisy = z + (0.4 + 0.9 * strength) * spread * noise
    # What a painter hesitates between, it draws both of: another picture's latents,
    # its own from a step beside, mirrored, or averaged away.
    other = torch.lerp(z, z.roll(1, 0), 0.5 + 0.5 * strength)
    beside = torch.lerp(z, z.roll((1, 1), (2, 3)), 0.5 + 0.5 * strength)
    mirrored = torch.lerp(z, z.flip(3), 0.5 + 0.5 * strength)
    flat = F.avg_pool2d(F.pad(z, [2] * 4, mode="replicate"), 5, 1)
    flat = torch.lerp(z, flat, 0.5 + 0.5 * strength)
    ways = torch.stack([noisy, noisy, other, beside, mirrored, flat])
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
    """Pictures (n, 3, size, size) as bytes, and {"grade", "kind"}: (n,) each."""
    indices = torch.arange(number * n, (number + 1) * n)
    factors = choose_factors(indices, seed, "any", allow_held_out=True)
    kinds = choose_kinds(indices, seed, CLEAN, without)
    pictures = draw(factors, indices, seed, size)
    pictures, grades = spoil(pictures, factors, indices, seed, kinds)
    kinds = torch.where(grades > 0, kinds, 0)
    if copier is not None:
        u = torch.from_numpy(uniforms(indices, seed, 2, FAULTING + TRIES + 1))
        rows = torch.nonzero(u[:, 0] < COPIED)[:, 0]
        some = {name: values[rows] for name, values in factors.items()}
        to_spoil = (kinds[rows] == 0) & (u[rows, 1] < SPOILED)
        if "spoiled" in without:
            to_spoil[:] = False
        copied, found = copies(
            pictures[rows], some, indices[rows], seed, copier, to_spoil
        )
        pictures[rows] = copied
        grades[rows] = torch.where(to_spoil, found, grades[rows])
        last = len(ALL_KINDS) - 1
        kinds[rows] = torch.where(to_spoil & (found > 0), last, kinds[rows])
    return to_bytes(pictures), {"grade": grades, "kind": kinds}


def copies(pictures, factors, indices, seed: int, copier: Copier, to_spoil: Tensor):
    """Copies of pictures, some spoiled, and how badly: index of GRADES, (N,)."""
    z = copier.latents(pictures)
    z = wobbled(z, pictures, indices, seed)
    rows = torch.nonzero(to_spoil)[:, 0]
    found = torch.zeros(len(pictures), dtype=torch.int64)
    if len(rows) == 0:
        return copier.pictures(z), found
    u = torch.from_numpy(uniforms(indices[rows], seed, CHANCES, FAULTING)).float()
    some = {name: values[rows] for name, values in factors.items()}
    blob = blob_of(some, indices[rows], seed, u, pictures.shape[-1])
    blob = F.adaptive_avg_pool2d(blob, z.shape[-1])
    _, noise = noise_for(z[rows], indices[rows], seed + 1)
    wrong = spoiled_latents(z[rows], blob, u, noise)
    # Measured against its own unspoiled copy, not against the drawing.
    right = copier.pictures(z[rows])
    z[rows] = wrong
    made = copier.pictures(z)
    differs = change(made[rows], right)
    found[rows] = (differs >= SMALL).long() + (differs >= CLEAR).long()
    return made, found


def flaw_batches(
    batch_size: int,
    size: int,
    seed: int,
    without: tuple[str, ...] = (),
) -> GetBatch:
    """Batches of clean and flawed pictures: {"x_0", "grade", "kind"}, always new."""
    copier = Copier.shipped() if size == 64 else None
    # One chunk at a time, as the reader's (wear.py).
    kept: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}

    def get_batch(iteration: int) -> Batch:
        per_chunk = max(1, CHUNK // batch_size)
        number, place = divmod(iteration, per_chunk * SHOWN)
        if number not in kept:
            kept.clear()
            n = max(CHUNK, batch_size)
            kept[number] = flawed_chunk(number, n, size, seed, copier, without)
        pictures, labels = kept[number]
        # Another order each time it is shown.
        turn, place = divmod(place, per_chunk)
        generator = generator_for(seed, number * SHOWN + turn, FAULTING)
        order = torch.randperm(len(pictures), generator=generator)
        rows = order[place * batch_size : (place + 1) * batch_size]
        batch = {name: values[rows] for name, values in labels.items()}
        return {"x_0": from_bytes(pictures[rows])} | batch

    return get_batch
