"""What is handed in for notebook 01."""

import numpy as np
import torch
import torch.nn.functional as F

from answers import right, wrong
from course_lib.checks.nb01_pixels import check_from_bytes, check_paint_square

# A square, right ----------------------------------------------------------------------


@right(check_paint_square)
def one_line_a_channel(picture, top, left, side, colour):
    new = picture.clone()
    new[0, top : top + side, left : left + side] = colour[0]
    new[1, top : top + side, left : left + side] = colour[1]
    new[2, top : top + side, left : left + side] = colour[2]
    return new


@right(check_paint_square)
def broadcast(picture, top, left, side, colour):
    new = picture.clone()
    shade = torch.tensor(colour).reshape(3, 1, 1)
    new[:, top : top + side, left : left + side] = shade
    return new


@right(check_paint_square)
def pixel_by_pixel(picture, top, left, side, colour):
    new = picture.detach().clone()
    for row in range(side):
        for column in range(side):
            for channel, shade in enumerate(colour):
                new[channel, top + row, left + column] = shade
    return new


@right(check_paint_square)
def by_a_mask(picture, top, left, side, colour):
    _, height, width = picture.shape
    row = torch.arange(height).view(-1, 1)
    column = torch.arange(width).view(1, -1)
    inside = (row >= top) & (row < top + side) & (column >= left)
    inside &= column < left + side
    return torch.where(inside, torch.tensor(colour).float()[:, None, None], picture)


@right(check_paint_square)
def with_a_patch(picture, top, left, side, colour):
    new = picture.clone()
    patch = torch.ones(3, side, side) * torch.tensor(colour)[:, None, None]
    new[:, top : top + side, left : left + side] = patch
    return new


@right(check_paint_square)
def filled(picture, top, left, side, colour):
    new = picture.clone()
    for channel, shade in zip(new, colour, strict=True):
        channel[top : top + side, left : left + side].fill_(shade)
    return new


@right(check_paint_square)
def copied(picture, top, left, side, colour):
    import copy

    bottom, edge = top + side, left + side
    new = copy.deepcopy(picture)
    for channel in (0, 1, 2):
        new[channel][top:bottom, left:edge] = colour[channel]
    return new


@right(check_paint_square)
def through_numpy(picture, top, left, side, colour):
    new = picture.numpy().copy()
    new[:, top : top + side, left : left + side] = np.array(colour).reshape(3, 1, 1)
    return torch.from_numpy(new)


@right(check_paint_square)
def masked_fill(picture, top, left, side, colour):
    mask = torch.zeros(picture.shape[1:], dtype=torch.bool)
    mask[top : top + side, left : left + side] = True
    painted = [
        channel.masked_fill(mask, shade)
        for channel, shade in zip(picture, colour, strict=True)
    ]
    return torch.stack(painted)


@right(check_paint_square)
def times_and_plus(picture, top, left, side, colour):
    mask = torch.zeros(1, *picture.shape[1:])
    mask[:, top : top + side, left : left + side] = 1.0
    return picture * (1 - mask) + torch.tensor(colour).view(3, 1, 1) * mask


@right(check_paint_square)
def padded(picture, top, left, side, colour):
    _, height, width = picture.shape
    around = (left, width - left - side, top, height - top - side)
    mask = F.pad(torch.ones(side, side), around)
    return torch.where(mask > 0, torch.tensor(colour)[:, None, None] + 0.0, picture)


@right(check_paint_square)
def rows_as_lists(picture, top, left, side, colour):
    numbers = picture.tolist()
    for channel in range(3):
        for row in numbers[channel][top : top + side]:
            row[left : left + side] = [colour[channel]] * side
    return torch.tensor(numbers)


@right(check_paint_square)
def transposed(picture, top, left, side, colour):
    """The colours as the last axis, as in files."""
    new = picture.permute(1, 2, 0).clone()
    new[top : top + side, left : left + side] = torch.tensor(colour).to(new.dtype)
    return new.permute(2, 0, 1)


# A square, wrong ----------------------------------------------------------------------


@wrong(check_paint_square, "it changes its input `picture` in place")
def in_place(picture, top, left, side, colour):
    for channel in range(3):
        picture[channel, top : top + side, left : left + side] = colour[channel]
    return picture


@wrong(check_paint_square, "it changes its input `picture` in place")
def no_copy(picture, top, left, side, colour):
    new = picture
    new[:, top : top + side, left : left + side] = torch.tensor(colour)[:, None, None]
    return new


@wrong(check_paint_square, "rows and columns are swapped: it")
def x_before_y(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, left : left + side, top : top + side] = colour[channel]
    return new


@wrong(check_paint_square, "a slice needs both its ends")
def ends_at_side(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top:side, left:side] = colour[channel]
    return new


@wrong(check_paint_square, "the rows stop at `side`, wherever they begin")
def rows_end_at_side(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top:side, left : left + side] = colour[channel]
    return new


@wrong(check_paint_square, "one pixel too large")
def end_is_added(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        rows, columns = slice(top, top + side + 1), slice(left, left + side + 1)
        new[channel, rows, columns] = colour[channel]
    return new


@wrong(check_paint_square, "one pixel too small")
def end_is_taken_off(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top : top + side - 1, left : left + side - 1] = colour[channel]
    return new


@wrong(check_paint_square, "one pixel too far up and to the left")
def counted_from_1(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        rows, columns = slice(top - 1, top + side - 1), slice(left - 1, left + side - 1)
        new[channel, rows, columns] = colour[channel]
    return new


@wrong(check_paint_square, "one pixel too far down and to the right")
def range_from_1(picture, top, left, side, colour):
    new = picture.clone()
    for row in range(1, side + 1):
        for column in range(1, side + 1):
            new[:, top + row, left + column] = torch.tensor(colour)
    return new


@wrong(check_paint_square, "the square is centred on (top, left)")
def around_the_point(picture, top, left, side, colour):
    new = picture.clone()
    up, west = top - side // 2, left - side // 2
    for channel in range(3):
        new[channel, up : up + side, west : west + side] = colour[channel]
    return new


@wrong(check_paint_square, "the square sits in the corner")
def in_the_corner(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, :side, :side] = colour[channel]
    return new


@wrong(check_paint_square, "whole rows are painted")
def rows_only(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top : top + side] = colour[channel]
    return new


@wrong(check_paint_square, "everything from there to the edge is painted")
def no_end(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top:, left:] = colour[channel]
    return new


@wrong(check_paint_square, "only one pixel is painted")
def one_pixel(picture, top, left, side, colour):
    new = picture.clone()
    new[:, top, left] = torch.tensor(colour)
    return new


@wrong(check_paint_square, "only the diagonal is painted")
def one_loop(picture, top, left, side, colour):
    new = picture.clone()
    for i in range(side):
        for channel in range(3):
            new[channel, top + i, left + i] = colour[channel]
    return new


@wrong(check_paint_square, "only the first channel is painted")
def returned_too_soon(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top : top + side, left : left + side] = colour[channel]
        return new


@wrong(check_paint_square, "only the first channel is painted")
def red_only(picture, top, left, side, colour):
    new = picture.clone()
    new[0, top : top + side, left : left + side] = colour[0]
    return new


@wrong(check_paint_square, "all three channels get the first number")
def first_shade(picture, top, left, side, colour):
    new = picture.clone()
    new[:, top : top + side, left : left + side] = colour[0]
    return new


@wrong(check_paint_square, "come in the wrong order")
def bgr(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top : top + side, left : left + side] = colour[::-1][channel]
    return new


@wrong(check_paint_square, "the square is white")
def always_white(picture, top, left, side, colour):
    new = picture.clone()
    new[:, top : top + side, left : left + side] = 1
    return new


@wrong(check_paint_square, "they are in [-1, 1] already")
def scaled_again(picture, top, left, side, colour):
    new = picture.clone()
    shade = torch.tensor(colour)[:, None, None] / 127.5 - 1
    new[:, top : top + side, left : left + side] = shade
    return new


@wrong(check_paint_square, "added to what was there")
def added(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top : top + side, left : left + side] += colour[channel]
    return new


@wrong(check_paint_square, "everything around the square is lost")
def on_a_new_sheet(picture, top, left, side, colour):
    new = torch.zeros_like(picture)
    for channel in range(3):
        new[channel, top : top + side, left : left + side] = colour[channel]
    return new


@wrong(check_paint_square, "only the square comes back")
def the_square_alone(picture, top, left, side, colour):
    new = picture.clone()[:, top : top + side, left : left + side]
    for channel in range(3):
        new[channel] = colour[channel]
    return new


@wrong(check_paint_square, "nothing is painted")
def the_wrong_one(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top : top + side, left : left + side] = colour[channel]
    return picture


@wrong(check_paint_square, "each pair of brackets")
def three_brackets(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel][top : top + side][left : left + side] = colour[channel]
    return new


@wrong(check_paint_square, "torch.tensor(colour)[:, None, None]")
def colour_is_no_picture(picture, top, left, side, colour):
    new = picture.clone()
    new[:, top : top + side, left : left + side] = torch.tensor(colour)
    return new


@wrong(check_paint_square)
def a_channel_a_row(picture, top, left, side, colour):
    """Right only where the side is 3."""
    new = picture.clone()
    for i in range(side):
        new[i, top : top + side, left : left + side] = colour[i]
    return new


@wrong(check_paint_square, "does it end with a `return`?")
def no_return(picture, top, left, side, colour):
    new = picture.clone()
    for channel in range(3):
        new[channel, top : top + side, left : left + side] = colour[channel]


@wrong(check_paint_square, "the channel axis is missing")
def no_channel(picture, top, left, side, colour):
    new = picture.clone()
    new[top : top + side, left : left + side] = torch.tensor(colour)[:, None, None]
    return new


# Bytes, right -------------------------------------------------------------------------


@right(check_from_bytes)
def twice_and_minus(pictures):
    return pictures.float() / 255 * 2 - 1


@right(check_from_bytes)
def around_the_middle(pictures):
    return (pictures.float() - 127.5) / 127.5


@right(check_from_bytes)
def promoted(pictures):
    return (pictures - 127.5) / 127.5


@right(check_from_bytes)
def half_and_half(pictures):
    share = pictures / 255
    return (share - 0.5) / 0.5


@right(check_from_bytes)
def by_to(pictures):
    return pictures.to(torch.float32).div(127.5).sub(1)


@right(check_from_bytes)
def in_place_on_a_copy(pictures):
    x = pictures.float()
    x *= 2
    x /= 255
    x -= 1
    return x


@right(check_from_bytes)
def by_lerp(pictures):
    return torch.lerp(torch.tensor(-1.0), torch.tensor(1.0), pictures.float() / 255)


@right(check_from_bytes)
def by_table(pictures):
    return torch.linspace(-1, 1, 256)[pictures.long()]


@right(check_from_bytes)
def by_table_of_ints(pictures):
    table = torch.tensor([byte / 127.5 - 1 for byte in range(256)])
    return table[pictures.int()]


@right(check_from_bytes)
def numpy_and_back(pictures):
    return torch.tensor(pictures.numpy().astype("float32") / 127.5 - 1)


@right(check_from_bytes)
def whole_numbers_first(pictures):
    return (2 * pictures.long() - 255) / 255


@right(check_from_bytes)
def by_helpers(pictures):
    def share(x):
        return x.float() / 255

    def to_both_sides(x):
        return 2 * x - 1

    return to_both_sides(share(pictures))


@right(check_from_bytes)
def two_shares(pictures):
    white = pictures.float() / 255
    return white - (1 - white)


@right(check_from_bytes)
def in_double_and_back(pictures):
    return (pictures.double() / 127.5 - 1).float()


# Bytes, wrong -------------------------------------------------------------------------


@wrong(check_from_bytes, "dividing by 255 gives 0 to 1")
def to_one(pictures):
    return pictures.float() / 255


@wrong(check_from_bytes, "half of 255 is 127.5, not 128")
def by_128(pictures):
    return pictures.float() / 128 - 1


@wrong(check_from_bytes, "half of 255 is 127.5, not 127")
def by_127(pictures):
    return pictures.float() / 127 - 1


@wrong(check_from_bytes, "only 1 wide")
def narrow(pictures):
    return pictures.float() / 255 - 0.5


@wrong(check_from_bytes, "from 0 to 2")
def no_minus(pictures):
    return pictures / 255 * 2


@wrong(check_from_bytes, "from -1 to 0")
def no_twice(pictures):
    return pictures / 255 - 1


@wrong(check_from_bytes, "that goes from -127.5 to 127.5")
def not_divided(pictures):
    return pictures.float() - 127.5


@wrong(check_from_bytes, "from -2 to 0")
def two_off(pictures):
    return 2 * pictures.float() / 255 - 2


@wrong(check_from_bytes, "the brackets are missing")
def no_brackets(pictures):
    return pictures.float() - 127.5 / 127.5


@wrong(check_from_bytes, "black and white are swapped")
def negative(pictures):
    return 1 - pictures.float() / 127.5


@wrong(check_from_bytes, "a byte holds nothing above 255")
def overflow(pictures):
    return pictures * 2 / 255 - 1


@wrong(check_from_bytes, "a byte holds nothing below 0")
def underflow(pictures):
    return (pictures - 128) / 127.5


@wrong(check_from_bytes, "// cuts off the fraction")
def whole_division(pictures):
    return pictures.float() // 127.5 - 1


@wrong(check_from_bytes, "stretched by its own brightest number")
def by_its_maximum(pictures):
    return pictures / pictures.max() * 2 - 1


@wrong(check_from_bytes, "own darkest to its own brightest")
def min_max(pictures):
    x = pictures.float()
    x = (x - x.min()) / (x.max() - x.min())
    return 2 * x - 1


@wrong(check_from_bytes, "mean 0 and standard deviation 1")
def standardised(pictures):
    x = pictures.float()
    return (x - x.mean()) / x.std()


@wrong(check_from_bytes, "divide, do not clamp")
def clamped(pictures):
    return pictures.float().clamp(-1, 1)


@wrong(check_from_bytes, "nothing is computed")
def only_float(pictures):
    return pictures.float()


@wrong(check_from_bytes, "the fractions are cut off")
def whole_numbers(pictures):
    return (pictures / 127.5 - 1).long()


@wrong(check_from_bytes, "add .float()")
def in_double(pictures):
    return pictures.double() / 127.5 - 1


@wrong(check_from_bytes, "it returned a numpy array")
def numpys(pictures):
    return pictures.numpy() / 127.5 - 1


@wrong(check_from_bytes, "does it end with a `return`?")
def nothing_returned(pictures):
    pictures = pictures.float() / 127.5 - 1


@wrong(check_from_bytes, ".float() first")
def in_place_on_bytes(pictures):
    pictures /= 127.5
    pictures -= 1
    return pictures


@wrong(check_from_bytes, "the largest byte is 255, not 256")
def by_256(pictures):
    return (pictures.float() + 0.5) / 256 * 2 - 1


@wrong(check_from_bytes, "torch.stack(answer)")
def a_list(pictures):
    return [row / 127.5 - 1 for row in pictures.float()]


@wrong(check_from_bytes)
def one_number(pictures):
    return float(pictures) / 127.5 - 1


@wrong(check_from_bytes)
def tanh(pictures):
    return torch.tanh(pictures / 127.5 - 1)


@wrong(check_from_bytes, "half of 255 is 127.5, not 128")
def twice_and_by_256(pictures):
    return pictures / 256 * 2 - 1


# Seen in class later ------------------------------------------------------------------


@wrong(check_paint_square, "torch.tensor(colour)[:, None, None]")
def a_tuple_with_axes(picture, top, left, side, colour):
    new = picture.clone()
    new[:, top : top + side, left : left + side] = colour[:, None, None]
    return new


@wrong(check_paint_square, "torch.tensor(colour)[:, None, None]")
def a_bare_tuple(picture, top, left, side, colour):
    new = picture.clone()
    new[:, top : top + side, left : left + side] = colour
    return new


@wrong(check_paint_square, "only the first channel is painted")
def no_loop(picture, top, left, side, colour):
    new = picture.clone()
    new[0, top : top + side, left : left + side] = colour[0]
    return new


@wrong(check_paint_square, "only the outline is painted")
def a_frame(picture, top, left, side, colour):
    new = picture.clone()
    for c in range(3):
        new[c, top, left : left + side] = colour[c]
        new[c, top + side - 1, left : left + side] = colour[c]
        new[c, top : top + side, left] = colour[c]
        new[c, top : top + side, left + side - 1] = colour[c]
    return new


@wrong(check_paint_square, "the square is black whatever the colour is")
def always_black(picture, top, left, side, colour):
    new = picture.clone()
    new[:, top : top + side, left : left + side] = -1
    return new


@wrong(check_paint_square, "brackets are missing")
def clone_without_brackets(picture, top, left, side, colour):
    new = picture.clone
    for c in range(3):
        new[c, top : top + side, left : left + side] = colour[c]
    return new


@wrong(check_from_bytes, "the middle is 127.5")
def around_128_by_127(pictures):
    return (pictures.float() - 128) / 127


@wrong(check_from_bytes, "255 must become exactly 1, and 0 exactly -1")
def around_127_by_128(pictures):
    return (pictures.float() - 127) / 128


@wrong(check_from_bytes, "the middle is 127.5")
def around_128_in_bytes(pictures):
    return (pictures - 128) / 127


@wrong(check_from_bytes, "everything is divided, even the 1")
def the_1_divided_as_well(pictures):
    return (pictures.float() * 2 - 1) / 255


@wrong(check_from_bytes, "a byte holds nothing above 255")
def twice_in_bytes(pictures):
    return (pictures * 2 - 1) / 255


@wrong(check_paint_square, "the square is above `top`")
def upwards(picture, top, left, side, colour):
    new = picture.clone()
    for c in range(3):
        new[c, top - side : top, left : left + side] = colour[c]
    return new


# Named since -------------------------------------------------------------------------


@wrong(check_paint_square, "only the first row is painted: `return` stands inside")
def returned_after_a_row(picture, top, left, side, colour):
    new = picture.clone()
    for row in range(top, top + side):
        for column in range(left, left + side):
            new[:, row, column] = torch.tensor(colour)
        return new


@wrong(check_paint_square, "only the first column is painted: `return` stands inside")
def returned_after_a_column(picture, top, left, side, colour):
    new = picture.clone()
    for column in range(left, left + side):
        for row in range(top, top + side):
            new[:, row, column] = torch.tensor(colour)
        return new


@wrong(check_paint_square, "and `return` stands after all loops")
def returned_after_a_pixel(picture, top, left, side, colour):
    new = picture.clone()
    for row in range(top, top + side):
        for column in range(left, left + side):
            new[:, row, column] = torch.tensor(colour)
            return new


@wrong(check_paint_square, "all three channels got the last number of the colour")
def over_the_colours(picture, top, left, side, colour):
    new = picture.clone()
    for shade in colour:
        new[:, top : top + side, left : left + side] = shade
    return new


@wrong(check_paint_square, "the rows are counted from the bottom")
def y_goes_up(picture, top, left, side, colour):
    new = picture.clone()
    height = picture.shape[1]
    for c in range(3):
        rows = slice(height - top - side, height - top)
        new[c, rows, left : left + side] = colour[c]
    return new


@wrong(check_paint_square, "the first row and the first column are missing")
def slices_begin_after(picture, top, left, side, colour):
    new = picture.clone()
    for c in range(3):
        new[c, top + 1 : top + side, left + 1 : left + side] = colour[c]
    return new


@wrong(check_paint_square, "the channel axis is missing")
def no_channel_and_three_numbers(picture, top, left, side, colour):
    new = picture.clone()
    new[top : top + side, left : left + side] = torch.tensor(colour)
    return new


@wrong(check_paint_square, "the channel axis is missing")
def no_channel_pixel_by_pixel(picture, top, left, side, colour):
    new = picture.clone()
    for row in range(top, top + side):
        for column in range(left, left + side):
            new[row, column] = torch.tensor(colour)
    return new


@wrong(check_paint_square, "does its place have three parts, [channel, rows, columns]?")
def no_channel_in_a_loop(picture, top, left, side, colour):
    new = picture.clone()
    for c in range(3):
        new[top : top + side, left : left + side] = colour[c]
    return new


@wrong(check_from_bytes, "so 144 - 255 becomes 145: .float() first")
def twice_less_255(pictures):
    return (2 * pictures - 255) / 255


@wrong(check_from_bytes, "so 144 - 255 becomes 145: .float() first")
def in_two_lines(pictures):
    pictures = pictures * 2
    pictures = pictures - 255
    return pictures / 255
