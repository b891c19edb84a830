"""What is handed in for notebook 00."""

import numpy as np
import torch

from answers import right, wrong
from course_lib.checks.nb00_start import check_mirror

# Right --------------------------------------------------------------------------------


@right(check_mirror)
def last_axis(picture):
    return picture.flip(-1)


@right(check_mirror)
def torchs_flip(picture):
    return torch.flip(picture, dims=(2,))


@right(check_mirror)
def fliplr_of_each_channel(picture):
    return torch.stack([torch.fliplr(channel) for channel in picture])


@right(check_mirror)
def backwards_index(picture):
    width = picture.shape[2]
    return picture[:, :, torch.arange(width - 1, -1, -1)]


@right(check_mirror)
def list_of_columns(picture):
    _, _, width = picture.shape
    return picture[..., list(range(width))[::-1]]


@right(check_mirror)
def index_select(picture):
    backwards = torch.tensor([picture.size(2) - 1 - i for i in range(picture.size(2))])
    return picture.index_select(2, backwards)


@right(check_mirror)
def through_numpy(picture):
    return torch.from_numpy(picture.numpy()[:, :, ::-1].copy())


@right(check_mirror)
def pixel_by_pixel(picture):
    mirrored = torch.zeros(picture.shape)
    channels, height, width = picture.shape
    for channel in range(channels):
        for row in range(height):
            for column in range(width):
                there = width - 1 - column
                mirrored[channel, row, there] = picture[channel, row, column]
    return mirrored


@right(check_mirror)
def column_by_column(picture):
    mirrored = picture.clone()
    for column in range(picture.shape[2]):
        mirrored[:, :, column] = picture[:, :, -1 - column]
    return mirrored


@right(check_mirror)
def stacked(picture):
    return torch.stack(picture.unbind(2)[::-1], dim=2)


@right(check_mirror)
def turned_and_flipped(picture):
    """Half a turn, then upside down."""
    return picture.rot90(2, (1, 2)).flip(1)


@right(check_mirror)
def over_and_back(picture):
    return picture.transpose(1, 2).flip(1).transpose(1, 2)


@right(check_mirror)
def as_a_product(picture):
    return picture @ torch.eye(picture.shape[-1]).flip(0)


@right(check_mirror)
def gathered(picture):
    width = picture.shape[2]
    return picture.gather(2, (width - 1 - torch.arange(width)).expand(picture.shape))


@right(check_mirror)
def swapped_in_pairs(picture):
    mirrored, width = picture.clone(), picture.shape[2]
    for i in range(width // 2):
        kept = mirrored[:, :, i].clone()
        mirrored[:, :, i] = mirrored[:, :, width - 1 - i]
        mirrored[:, :, width - 1 - i] = kept
    return mirrored


# Wrong --------------------------------------------------------------------------------


@wrong(check_mirror, "it stands on its head")
def rows(picture):
    return picture.flip(1)


@wrong(check_mirror, "it stands on its head")
def numpys_word(picture):
    return picture.fliplr()


@wrong(check_mirror, "red and blue are swapped: axis")
def colours(picture):
    return picture.flip(0)


@wrong(check_mirror, "red and blue are swapped: axis")
def first_axis_backwards(picture):
    return torch.stack(list(picture)[::-1])


@wrong(check_mirror, "it is mirrored, and it stands on its head")
def half_a_turn(picture):
    return torch.rot90(picture, 2, (1, 2))


@wrong(check_mirror, "it is mirrored, and it stands on its head")
def both_axes(picture):
    return picture.flip((1, 2))


@wrong(check_mirror, "all three axes are reversed")
def every_axis(picture):
    return picture.flip(0, 1, 2)


@wrong(check_mirror, "it is mirrored, but red and blue are swapped")
def colours_too(picture):
    return picture.flip((0, 2))


@wrong(check_mirror, "red and blue are swapped, and")
def the_other_two(picture):
    return picture.flip(0).flip(1)


@wrong(check_mirror, "the axes [1, 2] are swapped")
def transposed(picture):
    return picture.transpose(1, 2)


@wrong(check_mirror, "the axes [1, 2] are swapped")
def quarter_turn(picture):
    return picture.rot90(1, (1, 2))


@wrong(check_mirror, "nothing has changed")
def not_returned(picture):
    picture.flip(2)
    return picture


@wrong(check_mirror, "nothing has changed")
def twice(picture):
    return picture.flip(2).flip(2)


@wrong(check_mirror, "does it end with a `return`?")
def no_return(picture):
    picture = picture.flip(2)


@wrong(check_mirror, "light and dark are swapped, but")
def negative(picture):
    return -picture


@wrong(check_mirror, "leave out the minus")
def negative_mirror(picture):
    return -picture.flip(2)


@wrong(check_mirror, "a torch slice cannot run backwards")
def pythons_way(picture):
    return picture[:, :, ::-1]


@wrong(check_mirror, "axes are counted from 0")
def counted_from_1(picture):
    return picture.flip(3)


@wrong(check_mirror, "axes must be in brackets here")
def no_brackets(picture):
    return torch.flip(picture, 2)


@wrong(check_mirror, "the left half is lost")
def into_itself(picture):
    mirrored = picture.clone()
    width = picture.shape[2]
    for column in range(width):
        mirrored[:, :, column] = mirrored[:, :, width - 1 - column]
    return mirrored


@wrong(check_mirror, "in place")
def swapped_as_views(picture):
    width = picture.shape[2]
    for i in range(width // 2):
        left, right = picture[:, :, i], picture[:, :, width - 1 - i]
        picture[:, :, i], picture[:, :, width - 1 - i] = right, left
    return picture


@wrong(check_mirror, "only one colour is mirrored")
def red_alone(picture):
    mirrored = picture.clone()
    mirrored[0] = picture[0].flip(1)
    return mirrored


@wrong(check_mirror, "the columns are shifted, not reversed")
def rolled(picture):
    return picture.roll(1, dims=2)


@wrong(check_mirror, "the columns are shifted by")
def halves(picture):
    middle = picture.shape[2] // 2
    return torch.cat([picture[:, :, middle:], picture[:, :, :middle]], dim=2)


@wrong(check_mirror, "sorted by their brightness")
def in_order(picture):
    return picture.sort(dim=2)[0]


@wrong(check_mirror, "it returned a numpy array")
def as_numpy(picture):
    return np.flip(picture.numpy(), 2)


@wrong(check_mirror, "torch.stack(answer)")
def a_list(picture):
    return [channel.flip(1) for channel in picture]


@wrong(check_mirror, "call it, with ()")
def not_called(picture):
    return picture.flip


@wrong(check_mirror, "one too few along axis 2")
def first_column_lost(picture):
    width = picture.shape[2]
    return picture[:, :, list(range(width - 1, 0, -1))]


@wrong(check_mirror, "AttributeError")
def a_lists_method(picture):
    return picture.reverse()


@wrong(check_mirror, "picture.shape[2] says how many there are")
def counts_on_32(picture):
    mirrored = picture.clone()
    for i in range(32):
        mirrored[:, :, i] = picture[:, :, 31 - i]
    return mirrored


@wrong(check_mirror, "the columns are shifted by")
def halves_exchanged_at_16(picture):
    return torch.cat([picture[:, :, 16:], picture[:, :, :16]], dim=2)


@wrong(check_mirror, "the `raise` is still there")
def the_raise_below(picture):
    mirrored = picture.flip(2)  # noqa: F841
    raise NotImplementedError("your turn")


@wrong(check_mirror, "the `raise` is still there")
def the_raise_above(picture):
    raise NotImplementedError("your turn")
    return picture.flip(2)
