"""The checks of notebook 18: is it a copy, and how a mark gets into the noise."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.judging.memorisation import copy_ratio
from course_lib.painters.watermark import key_of, mark, ring_of

# Is it a copy? ------------------------------------------------------------------------


def some_pictures(generator):
    """A few pictures and a small training set, none of them twice."""
    B, N = ((5, 9), (4, 7))[generator.initial_seed() % 2]
    training = torch.rand(N, 3, 4, 4, generator=generator) * 2 - 1
    near = 0.3 + torch.rand(B, 1, 1, 1, generator=generator)  # copies and strangers
    noise = torch.randn(B, 3, 4, 4, generator=generator)
    return training[:B].flip(0) + 0.5 * near * noise, training


ONE = some_pictures(torch.Generator().manual_seed(5))
ALSO = {
    "with a single picture": (ONE[0][:1], ONE[1]),
    "with two training pictures": (ONE[0], ONE[1][:2]),
}


def check_copy_ratio(learner_ratio):
    """Nearest by second nearest distance, for each picture."""

    @functools.wraps(learner_ratio)
    def ratio_of_learner(pictures, training):
        try:
            return learner_ratio(pictures, training)
        except RuntimeError as error:
            if "must match the size of tensor" in str(error):
                error.add_note(
                    "B pictures do not fit beside N others: make points of both with "
                    ".flatten(1), and torch.cdist measures each of B with each of N"
                )
            raise

    def check():
        compare(ratio_of_learner, copy_ratio, some_pictures, RATIO, also=ALSO)

    return report(check, learner_ratio, copy_ratio)


def differences(pictures: Tensor, training: Tensor) -> Tensor:
    """(B, N, D)."""
    return pictures.flatten(1)[:, None] - training.flatten(1)


def distances(pictures: Tensor, training: Tensor) -> Tensor:
    return differences(pictures, training).square().mean(2).sqrt()  # (B, N)


def of_sorted(answer: Callable[[Tensor], Tensor]) -> Callable:
    """A mistake that sees each picture's distances, from near to far."""
    return lambda pictures, training: answer(distances(pictures, training).sort(1)[0])


def of_table(answer: Callable[[Tensor], Tensor]) -> Callable:
    """A mistake that sees the table of distances, (B, N)."""
    return lambda pictures, training: answer(distances(pictures, training))


def first_by_second(far: Tensor, dim: int = 1) -> Tensor:
    near = far.sort(dim)[0]
    return near.select(dim, 0) / near.select(dim, 1)


def first_by_second_place(far: Tensor) -> Tensor:
    places = far.argsort(1)
    return places[:, 0] / places[:, 1]


RATIO = {
    "that is the square of the ratio: take the root of each sum of squares, or 1/3 "
    "would mean 0.58": of_table(lambda far: first_by_second(far.square())),
    "these are sums of absolute differences: a distance is the root of the sum of "
    "their squares": (
        lambda pictures, training: first_by_second(
            differences(pictures, training).abs().mean(2)
        )
    ),
    "the differences are averaged with their signs, so that bright and dark cancel: "
    "square them first": (
        lambda pictures, training: first_by_second(
            differences(pictures, training).mean(2).abs()
        )
    ),
    "that is the largest difference of a single number: one pixel would decide": (
        lambda pictures, training: first_by_second(
            differences(pictures, training).abs().amax(2)
        )
    ),
    "it is upside down: nearest by second nearest, so that a copy is near 0": (
        of_sorted(lambda near: near[:, 1] / near[:, 0])
    ),
    "that is the farthest by the second farthest: a copy is near": (
        of_sorted(lambda near: near[:, -1] / near[:, -2])
    ),
    "that is the second farthest by the farthest: sort from near to far": (
        of_sorted(lambda near: near[:, -2] / near[:, -1])
    ),
    "the distance alone says nothing, since plain pictures are near each other by "
    "chance: divide by the second nearest": of_sorted(lambda near: near[:, 0]),
    "that is the nearest distance, right and alone: divide it by the second nearest": (
        of_sorted(lambda near: near[:, 0] * 48**0.5)
    ),
    "that is the second nearest distance: divide the nearest by it": (
        of_sorted(lambda near: near[:, 1])
    ),
    "that is the second nearest by the third: the first has index 0": (
        of_sorted(lambda near: near[:, 1] / near[:, min(2, near.shape[1] - 1)])
    ),
    "that is the nearest by the third nearest: the second has index 1": (
        of_sorted(lambda near: near[:, 0] / near[:, min(2, near.shape[1] - 1)])
    ),
    "the nearest is divided by the farthest: any training set has something far away": (
        of_sorted(lambda near: near[:, 0] / near[:, -1])
    ),
    "the nearest is divided by the mean of all: take the second nearest": (
        of_sorted(lambda near: near[:, 0] / near.mean(1))
    ),
    "the nearest is divided by the mean of the others: take the second nearest": (
        of_sorted(lambda near: near[:, 0] / near[:, 1:].mean(1))
    ),
    "the nearest is divided by the median: take the second nearest": (
        of_sorted(lambda near: near[:, 0] / near.median(1)[0])
    ),
    "that is the difference of the two, and it depends on how full the pictures are: "
    "divide": of_sorted(lambda near: near[:, 1] - near[:, 0]),
    "that is the difference of the two, below 0; divide the nearest by the second": (
        of_sorted(lambda near: near[:, 0] - near[:, 1])
    ),
    "that is 1 minus the ratio: a copy should be near 0": (
        of_sorted(lambda near: 1 - near[:, 0] / near[:, 1])
    ),
    "the nearest is divided by the sum of both: divide by the second alone": (
        of_sorted(lambda near: near[:, 0] / (near[:, 0] + near[:, 1]))
    ),
    "the minimum runs over the pictures instead of the training set: for each picture "
    "look along its own row": of_table(lambda far: first_by_second(far, 0)),
    "that is one number for all pictures together: keep one for each": (
        of_table(lambda far: first_by_second(far).mean())
    ),
    "the two nearest are taken from the whole table: each picture has its own": (
        of_table(lambda far: first_by_second(far.flatten(), 0))
    ),
    "that is already compared with 1/3: return the ratio itself": (
        of_table(lambda far: (first_by_second(far) < 1 / 3).float())
    ),
    "that is the number of the nearest picture, not how near it is": (
        of_table(lambda far: far.argmin(1))
    ),
    "those are places in the training set, not distances: sort and topk give both, and "
    "the distances are .values": of_table(first_by_second_place),
    "the distance is between colours averaged over the picture: compare pixel by "
    "pixel, all numbers of both": (
        lambda pictures, training: first_by_second(
            distances(pictures.mean((2, 3)), training.mean((2, 3)))
        )
    ),
    "only the first channel is compared: a picture has three": (
        lambda pictures, training: first_by_second(
            distances(pictures[:, 0], training[:, 0])
        )
    ),
    "grey pictures are compared: colour counts, too": (
        lambda pictures, training: first_by_second(
            distances(pictures.mean(1), training.mean(1))
        )
    ),
}  # fmt: skip


# A mark in the noise ------------------------------------------------------------------


def some_noise(generator):
    """Noise of a few pictures, a key, and the ring of each place."""
    side, rings = ((8, 3), (10, 4))[generator.initial_seed() % 2]
    noise = torch.randn(3, 2, side, side, generator=generator)
    return noise, torch.randn(2, rings, generator=generator), ring_of(side)


AS_DRAWN = (
    torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(3)),
    key_of(7),
    ring_of(16),
)


def check_mark(learner_mark):
    """Fourier transform, one number a ring, and back."""

    @functools.wraps(learner_mark)
    def mark_of_learner(noise, key, ring):
        try:
            return learner_mark(noise, key, ring)
        except IndexError as error:
            if f"index {key.shape[1]} is out of bounds" in str(error):
                error.add_note(
                    "the key has fewer rings than the table: only the first, "
                    "range(key.shape[1]), are marked"
                )
            raise

    def check():
        found = ask(mark_of_learner, *AS_DRAWN)
        if isinstance(found, Tensor) and found.is_complex():
            by_ifft = torch.allclose(found, mark(*AS_DRAWN).to(found.dtype), atol=1e-4)
            raise NotYetRight(
                "right, but the numbers are still complex: take .real of the result"
                if by_ifft
                else "that is complex: go back with torch.fft.ifft2 (with the same "
                'norm="ortho"), and take .real'
            )
        also = {"with the noise of a latent": AS_DRAWN}
        compare(mark_of_learner, mark, some_noise, MARK, also=also)

    return report(check, learner_mark, mark)


def with_waves(change: Callable, back: str = "ortho", there: str = "ortho") -> Callable:
    """A mistake between the two transforms: change(waves, key, ring) in place."""

    def mistaken(noise, key, ring):
        waves = torch.fft.fft2(noise, norm=there)
        changed = change(waves, key, ring)
        waves = waves if changed is None else changed
        return torch.fft.ifft2(waves, norm=back).real

    return mistaken


def write(waves, key, ring, first=0, last=None, plus=False, times=False, c=None):
    """Write the key, or what is made of it, on some of the rings."""
    channels = range(waves.shape[1]) if c is None else c
    for r in range(first, key.shape[1] if last is None else last):
        for channel in channels:
            old = waves[:, channel, ring == r]
            new = key[channel, r].to(waves.dtype)
            new = old + new if plus else old * new if times else new
            waves[:, channel, ring == r] = new


def fixed(**how) -> Callable:
    return with_waves(lambda waves, key, ring: write(waves, key, ring, **how))


def shifted(waves, key, ring):
    """The rings around the middle of the table, where fft2 has the highest waves."""
    write(waves, key, torch.fft.fftshift(ring))


def off_by_one(waves, key, ring):
    for r in range(1, key.shape[1] + 1):
        waves[..., ring == r] = key[:, r - 1, None].to(waves.dtype)


def real_part_only(waves, key, ring):
    for r in range(key.shape[1]):
        old = waves[..., ring == r]
        waves[..., ring == r] = torch.complex(
            key[:, r, None].expand_as(old.real), old.imag
        )


def size_only(waves, key, ring):
    for r in range(key.shape[1]):
        old = waves[..., ring == r]
        waves[..., ring == r] = old / old.abs() * key[:, r, None]


def real_too_early(waves, key, ring):
    waves = waves.real.clone()
    write(waves, key, ring)
    return waves


def rest_is_zero(waves, key, ring):
    write(waves, key, ring)
    waves[..., (ring < 0) | (ring >= key.shape[1])] = 0


def discs(waves, key, ring):
    """<= in place of ==, from the inside out: the last number covers all."""
    for r in range(key.shape[1]):
        waves[..., ring <= r] = key[:, r, None].to(waves.dtype)


def mean_too(waves, key, ring):
    """key[:, ring] takes -1 for the last."""
    write(waves, key, ring)
    waves[..., ring == -1] = key[:, -1, None].to(waves.dtype)


def on_pixels(noise, key, ring):
    marked = noise.clone()
    for r in range(key.shape[1]):
        marked[..., ring == r] = key[:, r, None]
    return marked


def into(how: Callable) -> Callable:
    """A mistake after the right key is written: how(waves) makes the answer."""

    def mistaken(noise, key, ring):
        waves = torch.fft.fft2(noise, norm="ortho")
        write(waves, key, ring)
        return how(waves)

    return mistaken


MARK = {
    "there is no Fourier transform: the rings are rings of waves, not of pixels. "
    "First torch.fft.fft2": on_pixels,
    "the mark is in, but it never comes back from the waves: torch.fft.ifft2 is "
    "missing": into(lambda waves: waves.real),
    "that is the size of the complex numbers, and noise has a sign: take .real": (
        into(lambda waves: torch.fft.ifft2(waves, norm="ortho").abs())
    ),
    "that is the imaginary part, which is 0 but for rounding: take .real": (
        into(lambda waves: torch.fft.ifft2(waves, norm="ortho").imag)
    ),
    "the mean is overwritten, too: where the ring is -1, nothing is marked": (
        with_waves(mean_too)
    ),
    "it transforms forward twice: the way back is torch.fft.ifft2": (
        into(lambda waves: torch.fft.fft2(waves, norm="ortho").real)
    ),
    "norm=\"ortho\" is missing both times: the waves of noise are then as large as the "
    "side of the picture, and the key drowns": (
        with_waves(write, back="backward", there="backward")
    ),
    "norm=\"ortho\" is missing on the way there: both ways need it": (
        with_waves(write, there="backward")
    ),
    "norm=\"ortho\" is missing on the way back: both ways need it": (
        with_waves(write, back="backward")
    ),
    "nothing is marked: this is the noise as it came": lambda noise, key, ring: noise,
    "the key is added to the waves: put it in their place, or the old waves hide it": (
        fixed(plus=True)
    ),
    "the waves are multiplied by the key: put the key in their place": (
        fixed(times=True)
    ),
    "ring 0 is left out: the key has a number for it, too": fixed(first=1),
    "the numbers are one ring too far out: key[:, r] belongs on ring r, from 0 on": (
        with_waves(off_by_one)
    ),
    "the last ring is left out: range(key.shape[1]) reaches it": (
        with_waves(lambda w, key, ring: write(w, key, ring, last=key.shape[1] - 1))
    ),
    "only the last ring is marked: repeat it for every r, inside the loop": (
        with_waves(lambda w, key, ring: write(w, key, ring, first=key.shape[1] - 1))
    ),
    "only ring 0 is marked: does `return` stand inside the loop?": fixed(last=1),
    "only the first channel is marked: each has numbers of its own": fixed(c=(0,)),
    "all channels get the numbers of the first: channel c needs key[c]": (
        with_waves(lambda w, key, ring: write(w, key[:1].expand_as(key), ring))
    ),
    "the rings lie around the middle of the table, but fft2 has the lowest waves in "
    "its corners, and `ring` already fits that: no shift": with_waves(shifted),
    "the imaginary parts stay as they were: put the whole number in their place": (
        with_waves(real_part_only)
    ),
    "only the size of the waves is set, and they keep their direction: put the number "
    "itself there": with_waves(size_only),
    "outside of the rings nothing is left: keep the waves there, or the pictures get "
    "all alike": with_waves(rest_is_zero),
    "each number fills a whole disc, so the last one covers all: ring == r": (
        with_waves(discs)
    ),
    "the transform runs over more than height and width: fft2 takes the last two, "
    "and the pictures of a batch have nothing to do with each other": (
        lambda noise, key, ring: _by_fftn(noise, key, ring)
    ),
    "the waves lose their imaginary parts before the key comes: .real is for the last "
    "line, after ifft2": with_waves(real_too_early),
    "the sign of the key is turned": (
        with_waves(lambda w, key, ring: write(w, -key, ring))
    ),
    "the key is written in reverse, the outermost ring first": (
        with_waves(lambda w, key, ring: write(w, key.flip(1), ring))
    ),
    "all but the marked rings are marked, with the last number: ring == r, not !=": (
        with_waves(lambda w, key, ring: _all_but(w, key, ring))
    ),
}  # fmt: skip


def _by_fftn(noise, key, ring):
    waves = torch.fft.fftn(noise, norm="ortho")
    write(waves, key, ring)
    return torch.fft.ifftn(waves, norm="ortho").real


def _all_but(waves, key, ring):
    for r in range(key.shape[1]):
        waves[..., ring != r] = key[:, r, None].to(waves.dtype)
