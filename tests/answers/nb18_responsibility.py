"""What is handed in for notebook 18."""

import torch

from answers import right, wrong
from course_lib.checks.nb18_responsibility import check_copy_ratio, check_mark

# Is it a copy: right ------------------------------------------------------------------


@right(check_copy_ratio)
def as_the_solution(pictures, training):
    far = torch.cdist(pictures.flatten(1), training.flatten(1))
    nearest, second = far.sort(dim=1).values[:, :2].T
    return nearest / second


@right(check_copy_ratio)
def by_topk(pictures, training):
    far = torch.cdist(pictures.flatten(1), training.flatten(1))
    two = far.topk(2, dim=1, largest=False).values
    return two[:, 0] / two[:, 1]


@right(check_copy_ratio)
def by_differences(pictures, training):
    gap = pictures[:, None] - training[None]
    far = gap.square().sum((2, 3, 4)).sqrt()
    near = far.sort(1)[0]
    return near[:, 0] / near[:, 1]


@right(check_copy_ratio)
def by_root_mean_squares(pictures, training):
    far = (pictures.unsqueeze(1) - training).pow(2).flatten(2).mean(-1) ** 0.5
    near = torch.sort(far, dim=-1)[0]
    return near[..., 0] / near[..., 1]


@right(check_copy_ratio)
def by_norm(pictures, training):
    far = torch.linalg.vector_norm(pictures[:, None] - training, dim=(2, 3, 4))
    return far.kthvalue(1, dim=1)[0] / far.kthvalue(2, dim=1)[0]


@right(check_copy_ratio)
def picture_by_picture(pictures, training):
    ratios = []
    for picture in pictures:
        far = (training - picture).flatten(1).norm(dim=1)
        near = far.sort().values
        ratios.append(near[0] / near[1])
    return torch.stack(ratios)


@right(check_copy_ratio)
def two_loops(pictures, training):
    ratios = torch.zeros(len(pictures))
    for i, picture in enumerate(pictures):
        far = [((picture - other) ** 2).sum().sqrt().item() for other in training]
        far.sort()
        ratios[i] = far[0] / far[1]
    return ratios


@right(check_copy_ratio)
def root_last(pictures, training):
    squares = (pictures[:, None] - training).square().mean((2, 3, 4))
    near = squares.sort(1).values
    return (near[:, 0] / near[:, 1]).sqrt()


@right(check_copy_ratio)
def minimum_then_masked(pictures, training):
    far = torch.cdist(pictures.flatten(1), training.flatten(1))
    nearest, where = far.min(1)
    rest = far.scatter(1, where[:, None], torch.inf)
    return nearest / rest.min(1).values


@right(check_copy_ratio)
def reshaped(pictures, training):
    a = pictures.reshape(len(pictures), 1, -1)
    b = training.reshape(1, len(training), -1)
    near, _ = (a - b).norm(dim=-1).sort(-1)
    return torch.div(near[:, 0], near[:, 1])


@right(check_copy_ratio)
def from_the_far_end(pictures, training):
    far = torch.cdist(pictures.flatten(1), training.flatten(1))
    near = far.sort(dim=1, descending=True).values
    return near[:, -1] / near[:, -2]


@right(check_copy_ratio)
def by_products(pictures, training):
    a, b = pictures.flatten(1), training.flatten(1)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    near = squares.clamp(min=0).sqrt().sort(1)[0]
    return near[:, 0] / near[:, 1]


# Is it a copy: wrong ------------------------------------------------------------------


def table(pictures, training):
    return torch.cdist(pictures.flatten(1), training.flatten(1))


@wrong(check_copy_ratio, "the square of the ratio")
def no_root(pictures, training):
    near = (pictures[:, None] - training).square().sum((2, 3, 4)).sort(1)[0]
    return near[:, 0] / near[:, 1]


@wrong(check_copy_ratio, "sums of absolute differences")
def city_blocks(pictures, training):
    near = torch.cdist(pictures.flatten(1), training.flatten(1), p=1).sort(1)[0]
    return near[:, 0] / near[:, 1]


@wrong(check_copy_ratio, "with their signs")
def signs(pictures, training):
    near = (pictures[:, None] - training).mean((2, 3, 4)).abs().sort(1)[0]
    return near[:, 0] / near[:, 1]


@wrong(check_copy_ratio, "largest difference of a single number")
def one_pixel(pictures, training):
    far = torch.cdist(pictures.flatten(1), training.flatten(1), p=torch.inf)
    near = far.sort(1)[0]
    return near[:, 0] / near[:, 1]


@wrong(check_copy_ratio, "upside down")
def upside_down(pictures, training):
    near = table(pictures, training).sort(1)[0]
    return near[:, 1] / near[:, 0]


@wrong(check_copy_ratio, "the farthest by the second farthest")
def topk_as_it_is(pictures, training):
    two = table(pictures, training).topk(2, dim=1).values
    return two[:, 0] / two[:, 1]


@wrong(check_copy_ratio, "sort from near to far")
def far_end(pictures, training):
    near = table(pictures, training).sort(1)[0]
    return near[:, -2] / near[:, -1]


@wrong(check_copy_ratio, "nearest distance, right and alone")
def nearest_only(pictures, training):
    return table(pictures, training).min(1).values


@wrong(check_copy_ratio, "the distance alone says nothing")
def nearest_mean_only(pictures, training):
    far = (pictures[:, None] - training).square().mean((2, 3, 4)).sqrt()
    return far.min(dim=1)[0]


@wrong(check_copy_ratio, "that is the second nearest distance")
def second_only(pictures, training):
    far = (pictures[:, None] - training).square().mean((2, 3, 4)).sqrt()
    return far.sort(dim=1)[0][:, 1]


@wrong(check_copy_ratio, "the second nearest by the third")
def counted_from_one(pictures, training):
    near = table(pictures, training).sort(1)[0]
    return near[:, 1] / near[:, min(2, near.shape[1] - 1)]


@wrong(check_copy_ratio, "the nearest by the third nearest")
def first_by_third(pictures, training):
    near = table(pictures, training).sort(1)[0]
    return near[:, 0] / near[:, min(2, near.shape[1] - 1)]


@wrong(check_copy_ratio, "divided by the farthest")
def by_the_farthest(pictures, training):
    far = table(pictures, training)
    return far.min(1).values / far.max(1).values


@wrong(check_copy_ratio, "the mean of all")
def by_the_mean(pictures, training):
    far = table(pictures, training)
    return far.min(1).values / far.mean(1)


@wrong(check_copy_ratio, "the mean of the others")
def by_the_mean_of_the_others(pictures, training):
    near = table(pictures, training).sort(1)[0]
    return near[:, 0] / near[:, 1:].mean(1)


@wrong(check_copy_ratio, "the median")
def by_the_median(pictures, training):
    far = table(pictures, training)
    return far.min(1).values / far.median(1).values


@wrong(check_copy_ratio, "1 minus the ratio")
def likeness(pictures, training):
    near = table(pictures, training).sort(1)[0]
    return 1 - near[:, 0] / near[:, 1]


@wrong(check_copy_ratio, "the sum of both")
def share_of_both(pictures, training):
    near = table(pictures, training).sort(1)[0][:, :2]
    return near[:, 0] / near.sum(1)


@wrong(check_copy_ratio, "the difference of the two")
def gap(pictures, training):
    far = (pictures[:, None] - training).square().mean((2, 3, 4)).sqrt()
    near = far.sort(1)[0]
    return near[:, 1] - near[:, 0]


@wrong(check_copy_ratio, "over the pictures instead of the training set")
def wrong_way(pictures, training):
    near = table(pictures, training).sort(0)[0]
    return near[0] / near[1]


@wrong(check_copy_ratio, "one number for all pictures")
def averaged(pictures, training):
    near = table(pictures, training).sort(1)[0]
    return (near[:, 0] / near[:, 1]).mean()


@wrong(check_copy_ratio, "from the whole table")
def whole_table(pictures, training):
    near = table(pictures, training).flatten().sort()[0]
    return near[0] / near[1]


@wrong(check_copy_ratio, "already compared with 1/3")
def verdict(pictures, training):
    near = table(pictures, training).sort(1)[0]
    return near[:, 0] / near[:, 1] < 1 / 3


@wrong(check_copy_ratio, "the number of the nearest picture")
def argmin(pictures, training):
    return table(pictures, training).argmin(1)


@wrong(check_copy_ratio, "places in the training set, not distances")
def indices(pictures, training):
    places = table(pictures, training).sort(1).indices
    return places[:, 0] / places[:, 1]


@wrong(check_copy_ratio, "make points of both with .flatten(1)")
def not_flat(pictures, training):
    near = torch.cdist(pictures, training).sort(1).values
    return near[:, 0] / near[:, 1]


@wrong(check_copy_ratio, "make points of both with .flatten(1)")
def no_new_axis(pictures, training):
    near = (pictures - training).flatten(1).norm(dim=1).sort()[0]
    return near[0] / near[1]


@wrong(check_copy_ratio, "colours averaged over the picture")
def mean_colours(pictures, training):
    far = torch.cdist(pictures.mean((2, 3)), training.mean((2, 3)))
    near = far.sort(1)[0]
    return near[:, 0] / near[:, 1]


@wrong(check_copy_ratio, "only the first channel")
def red_only(pictures, training):
    far = torch.cdist(pictures[:, 0].flatten(1), training[:, 0].flatten(1))
    near = far.sort(1)[0]
    return near[:, 0] / near[:, 1]


@wrong(check_copy_ratio, "grey pictures")
def grey(pictures, training):
    far = torch.cdist(pictures.mean(1).flatten(1), training.mean(1).flatten(1))
    near = far.sort(1)[0]
    return near[:, 0] / near[:, 1]


@wrong(check_copy_ratio)
def nothing_near(pictures, training):
    return torch.ones(len(pictures))


@wrong(check_copy_ratio)
def against_each_other(pictures, training):
    near = table(pictures, pictures).sort(1)[0]
    return near[:, 0] / near[:, 1]


# A mark: right ------------------------------------------------------------------------


@right(check_mark)
def ring_by_ring(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return torch.fft.ifft2(waves, norm="ortho").real


@right(check_mark)
def all_at_once(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    inside = (ring >= 0) & (ring < key.shape[1])
    waves[:, :, inside] = key[:, ring[inside]].to(waves.dtype)
    return torch.fft.ifft2(waves, norm="ortho").real


@right(check_mark)
def by_where(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    field = key[:, ring.clamp(0, key.shape[1] - 1)]
    inside = (ring > -1) & (ring < key.shape[1])
    waves = torch.where(inside, field + 0j, waves)
    return torch.fft.ifft2(waves, norm="ortho").real


@right(check_mark)
def channel_by_channel(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for c in range(noise.shape[1]):
        for r in range(key.shape[1]):
            waves[:, c, ring == r] = key[c, r].to(waves.dtype)
    return torch.fft.ifft2(waves, norm="ortho").real


@right(check_mark)
def one_by_one(noise, key, ring):
    marked = []
    for picture in noise:
        waves = torch.fft.fft2(picture, norm="ortho")
        for r in range(key.shape[1]):
            waves[:, ring == r] = key[:, r].unsqueeze(1) + 0j
        marked.append(torch.fft.ifft2(waves, norm="ortho").real)
    return torch.stack(marked)


@right(check_mark)
def norms_by_hand(noise, key, ring):
    side = noise.shape[-1]
    waves = torch.fft.fft2(noise) / side
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return torch.fft.ifft2(waves * side).real


@right(check_mark)
def key_enlarged_instead(noise, key, ring):
    waves = torch.fft.fft2(noise)
    for r in range(key.shape[1]):
        waves[..., ring == r] = noise.shape[-1] * key[:, r, None].to(waves.dtype)
    return torch.fft.ifft2(waves).real


@right(check_mark)
def by_real_transform(noise, key, ring):
    side = noise.shape[-1]
    waves = torch.fft.rfft2(noise, norm="ortho")
    half = ring[:, : side // 2 + 1]
    for r in range(key.shape[1]):
        waves[..., half == r] = key[:, r, None].to(waves.dtype)
    return torch.fft.irfft2(waves, s=(side, side), norm="ortho")


@right(check_mark)
def by_complex_key(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    numbers = torch.complex(key, torch.zeros_like(key))
    for r, number in enumerate(numbers.T):
        waves[..., ring == r] = number[:, None]
    return torch.real(torch.fft.ifft2(waves, norm="ortho"))


@right(check_mark)
def named_dimensions(noise, key, ring):
    waves = torch.fft.fftn(noise, dim=(2, 3), norm="ortho")
    for r in range(key.size(1)):
        waves[:, :, ring == r] = key[None, :, r, None].to(waves.dtype)
    return torch.fft.ifftn(waves, dim=(-2, -1), norm="ortho").real


@right(check_mark)
def by_mask_sum(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        there = (ring == r).float()
        waves = waves * (1 - there) + key[:, r, None, None] * there
    return torch.fft.ifft2(waves, norm="ortho").real


@right(check_mark)
def only_the_change(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    change = torch.zeros_like(waves)
    for r in range(key.shape[1]):
        change[..., ring == r] = key[:, r, None] - waves[..., ring == r]
    return noise + torch.fft.ifft2(change, norm="ortho").real


# A mark: wrong ------------------------------------------------------------------------


def written(noise, key, ring, norm="ortho"):
    waves = torch.fft.fft2(noise, norm=norm)
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return waves


def back(waves, norm="ortho"):
    return torch.fft.ifft2(waves, norm=norm).real


@wrong(check_mark, "no Fourier transform")
def on_pixels(noise, key, ring):
    noise = noise.clone()
    for r in range(key.shape[1]):
        noise[..., ring == r] = key[:, r, None]
    return noise


@wrong(check_mark, "go back with torch.fft.ifft2")
def never_back(noise, key, ring):
    return written(noise, key, ring)


@wrong(check_mark, "still complex")
def still_complex(noise, key, ring):
    return torch.fft.ifft2(written(noise, key, ring), norm="ortho")


@wrong(check_mark, "torch.fft.ifft2 is missing")
def real_but_never_back(noise, key, ring):
    return written(noise, key, ring).real


@wrong(check_mark, "noise has a sign")
def absolute(noise, key, ring):
    return torch.fft.ifft2(written(noise, key, ring), norm="ortho").abs()


@wrong(check_mark, "imaginary part, which is 0")
def imaginary(noise, key, ring):
    return torch.fft.ifft2(written(noise, key, ring), norm="ortho").imag


@wrong(check_mark, "forward twice")
def forward_twice(noise, key, ring):
    return torch.fft.fft2(written(noise, key, ring), norm="ortho").real


@wrong(check_mark, "missing both times")
def no_norm(noise, key, ring):
    return back(written(noise, key, ring, None), None)


@wrong(check_mark, "missing on the way there")
def no_norm_there(noise, key, ring):
    return back(written(noise, key, ring, None))


@wrong(check_mark, "missing on the way back")
def no_norm_back(noise, key, ring):
    return back(written(noise, key, ring), None)


@wrong(check_mark, "nothing is marked")
def unmarked(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r].copy_(key[:, r, None] + 0j)  # indexing made a copy
    return back(waves)


@wrong(check_mark, "added to the waves")
def added(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r] += key[:, r, None]
    return back(waves)


@wrong(check_mark, "multiplied by the key")
def multiplied(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r] *= key[:, r, None]
    return back(waves)


@wrong(check_mark, "ring 0 is left out")
def from_one(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(1, key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "one ring too far out")
def one_too_far(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r + 1] = key[:, r, None].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "the last ring is left out")
def all_but_the_last(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1] - 1):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "only the last ring is marked")
def anew_each_time(noise, key, ring):
    for r in range(key.shape[1]):
        waves = torch.fft.fft2(noise, norm="ortho")
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "inside the loop?")
def returns_early(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
        return back(waves)


@wrong(check_mark, "only the first channel is marked")
def first_channel(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[:, 0, ring == r] = key[0, r].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "all channels get the numbers of the first")
def one_key_for_all(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[0, r].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "no shift")
def with_shift(noise, key, ring):
    waves = torch.fft.fftshift(torch.fft.fft2(noise, norm="ortho"), dim=(-2, -1))
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return back(torch.fft.ifftshift(waves, dim=(-2, -1)))


@wrong(check_mark, "the imaginary parts stay")
def real_only(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves.real[..., ring == r] = key[:, r, None]
    return back(waves)


@wrong(check_mark, "keep the waves there")
def rest_lost(noise, key, ring):
    waves = torch.zeros_like(noise) + 0j
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "the mean is overwritten")
def forgot_the_mean(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    inside = ring < key.shape[1]
    waves[:, :, inside] = key[:, ring[inside]].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "fills a whole disc")
def disc(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring <= r] = key[:, r, None].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "more than height and width")
def over_all(noise, key, ring):
    waves = torch.fft.fftn(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return torch.fft.ifftn(waves, norm="ortho").real


@wrong(check_mark, ".real is for the last line")
def real_too_early(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho").real
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None]
    return back(waves)


@wrong(check_mark, "add .to(x.dtype)")
def not_complex(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None]
    return back(waves)


@wrong(check_mark, "key has fewer rings")
def all_rings(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(ring.max() + 1):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "the sign of the key is turned")
def negative(noise, key, ring):
    return back(written(noise, -key, ring))


@wrong(check_mark, "the outermost ring first")
def reversed_key(noise, key, ring):
    return back(written(noise, key.flip(1), ring))


@wrong(check_mark, "not !=")
def all_but_these(noise, key, ring):
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring != r] = key[:, r, None].to(waves.dtype)
    return back(waves)


@wrong(check_mark, "differently each time")
def fresh_noise(noise, key, ring):
    return back(written(torch.randn(noise.shape), key, ring))
