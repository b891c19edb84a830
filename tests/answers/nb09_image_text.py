"""What is handed in for notebook 09."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from answers import right, wrong
from course_lib.checks.nb09_image_text import check_contrastive_loss, check_cosines

# The table: right --------------------------------------------------------------------


@right(check_cosines)
def normalised(image_out, text_out):
    return F.normalize(image_out, dim=1) @ F.normalize(text_out, dim=1).T


@right(check_cosines)
def divided_afterwards(image_out, text_out):
    lengths = image_out.norm(dim=1)[:, None] * text_out.norm(dim=1)[None, :]
    return image_out @ text_out.T / lengths


@right(check_cosines)
def by_broadcasting(image_out, text_out):
    return F.cosine_similarity(image_out[:, None], text_out[None], dim=2)


@right(check_cosines)
def with_einsum(image_out, text_out):
    pictures = image_out / torch.linalg.norm(image_out, dim=-1, keepdim=True)
    texts = text_out / torch.linalg.norm(text_out, dim=-1, keepdim=True)
    return torch.einsum("nd,md->nm", pictures, texts)


@right(check_cosines)
def with_squares_and_roots(image_out, text_out):
    image_vec = image_out / (image_out**2).sum(dim=1, keepdim=True).sqrt()
    text_vec = text_out / torch.sqrt(torch.sum(text_out * text_out, 1)).unsqueeze(1)
    return torch.matmul(image_vec, text_vec.transpose(0, 1))


@right(check_cosines)
def row_by_row(image_out, text_out):
    rows = [[F.cosine_similarity(i, t, dim=0) for t in text_out] for i in image_out]
    return torch.stack([torch.stack(row) for row in rows])


@right(check_cosines)
def by_loops(image_out, text_out):
    table = torch.zeros(len(image_out), len(text_out))
    for n in range(len(image_out)):
        for m in range(len(text_out)):
            product = (image_out[n] * text_out[m]).sum()
            table[n, m] = product / (image_out[n].norm() * text_out[m].norm())
    return table


@right(check_cosines)
def with_a_helper(image_out, text_out):
    def unit(x):
        return torch.stack([row / row.norm() for row in x])

    return unit(image_out).mm(unit(text_out).t())


@right(check_cosines)
def by_distance(image_out, text_out):
    image_vec = image_out / image_out.norm(dim=1, keepdim=True)
    text_vec = text_out / text_out.norm(dim=1, keepdim=True)
    gaps = ((image_vec[:, None] - text_vec[None]) ** 2).sum(2)
    return 1 - gaps / 2


@right(check_cosines)
def turned_twice(image_out, text_out):
    text_vec = F.normalize(text_out)
    return (text_vec @ F.normalize(image_out).T).T


@right(check_cosines)
def as_diagonals(image_out, text_out):
    def shrunk(x):
        return torch.diag(1 / x.norm(dim=1)) @ x

    return shrunk(image_out) @ shrunk(text_out).T


@right(check_cosines)
def in_float64_and_back(image_out, text_out):
    image_vec, text_vec = (
        F.normalize(x.double(), dim=1) for x in (image_out, text_out)
    )
    return (image_vec @ text_vec.T).float()


@right(check_cosines)
def with_linear(image_out, text_out):
    return F.linear(F.normalize(image_out, dim=-1), F.normalize(text_out, dim=-1))


@right(check_cosines)
def text_by_text(image_out, text_out):
    image_vec = image_out * image_out.square().sum(1, keepdim=True).rsqrt()
    columns = [image_vec @ text / text.norm() for text in text_out]
    return torch.stack(columns, dim=1)


# The table: wrong --------------------------------------------------------------------


def unit(vectors, dim=1):
    return vectors / vectors.norm(dim=dim, keepdim=True)


@wrong(check_cosines, "not brought to length 1")
def no_length(image_out, text_out):
    return image_out @ text_out.T


@wrong(check_cosines, "only the pictures were brought to length 1")
def one_side(image_out, text_out):
    return unit(image_out) @ text_out.T


@wrong(check_cosines, "only the texts were brought to length 1")
def other_side(image_out, text_out):
    return image_out @ unit(text_out).T


@wrong(check_cosines, "the columns have length 1")
def over_columns(image_out, text_out):
    return unit(image_out, 0) @ unit(text_out, 0).T


@wrong(check_cosines, "keepdim=True")
def no_keepdim(image_out, text_out):
    image_vec = image_out / image_out.norm(dim=1)
    return image_vec @ (text_out / text_out.norm(dim=1)).T


@wrong(check_cosines, "the length of everything together")
def one_length_for_all(image_out, text_out):
    return (image_out / image_out.norm()) @ (text_out / text_out.norm()).T


@wrong(check_cosines, "the root is missing")
def no_root(image_out, text_out):
    image_vec = image_out / (image_out**2).sum(1, keepdim=True)
    return image_vec @ (text_out / (text_out**2).sum(1, keepdim=True)).T


@wrong(check_cosines, "the sum of their numbers")
def by_the_sum(image_out, text_out):
    image_vec = image_out / image_out.sum(1, keepdim=True)
    return image_vec @ (text_out / text_out.sum(1, keepdim=True)).T


@wrong(check_cosines, "absolute numbers")
def by_absolute_numbers(image_out, text_out):
    return F.normalize(image_out, p=1) @ F.normalize(text_out, p=1).T


@wrong(check_cosines, "their largest number")
def by_the_largest(image_out, text_out):
    image_vec = image_out / image_out.max(1, keepdim=True).values
    return image_vec @ (text_out / text_out.max(1, keepdim=True).values).T


@wrong(check_cosines, "the rows are divided by the root")
def by_the_width(image_out, text_out):
    return image_out @ text_out.T / image_out.shape[1]


@wrong(check_cosines, "multiplied by their length")
def times_length(image_out, text_out):
    image_vec = image_out * image_out.norm(dim=1, keepdim=True)
    return image_vec @ (text_out * text_out.norm(dim=1, keepdim=True)).T


@wrong(check_cosines, "the mean of each row was subtracted")
def correlation(image_out, text_out):
    image_out = image_out - image_out.mean(1, keepdim=True)
    text_out = text_out - text_out.mean(1, keepdim=True)
    return unit(image_out) @ unit(text_out).T


@wrong(check_cosines, "pictures and texts are swapped")
def exchanged(image_out, text_out):
    return unit(text_out) @ unit(image_out).T


@wrong(check_cosines, "the texts are not transposed")
def not_turned(image_out, text_out):
    return unit(image_out) @ unit(text_out)


@wrong(check_cosines, "the pictures are transposed")
def pictures_turned(image_out, text_out):
    return unit(image_out).T @ unit(text_out)


@wrong(check_cosines, "pictures are compared with pictures")
def pictures_only(image_out, text_out):
    return unit(image_out) @ unit(image_out).T


@wrong(check_cosines, "each picture meets only its own text")
def pairs_only(image_out, text_out):
    return F.cosine_similarity(image_out, text_out)


@wrong(check_cosines, "each picture meets only its own text")
def summed_products(image_out, text_out):
    return (unit(image_out) * unit(text_out)).sum(1)


@wrong(check_cosines, "multiplied one by one")
def star(image_out, text_out):
    return unit(image_out) * unit(text_out)


@wrong(check_cosines, "these are distances: a cosine")
def distances(image_out, text_out):
    return torch.cdist(unit(image_out), unit(text_out))


@wrong(check_cosines, "leave the 1 out")
def one_minus(image_out, text_out):
    return 1 - unit(image_out) @ unit(text_out).T


@wrong(check_cosines, "a softmax is too early")
def too_early(image_out, text_out):
    return (unit(image_out) @ unit(text_out).T).softmax(dim=1)


@wrong(check_cosines, "the signs are lost")
def absolute(image_out, text_out):
    return (unit(image_out) @ unit(text_out).T).abs()


@wrong(check_cosines, "leave out torch.no_grad()")
def under_no_grad(image_out, text_out):
    with torch.no_grad():
        return unit(image_out) @ unit(text_out).T


@wrong(check_cosines, "leave out .detach()")
def detached(image_out, text_out):
    return unit(image_out.detach()) @ unit(text_out.detach()).T


@wrong(check_cosines, "leave out .item()")
def lengths_as_numbers(image_out, text_out):
    image_vec = torch.stack([row / row.norm().item() for row in image_out])
    return image_vec @ torch.stack([row / row.norm().item() for row in text_out]).T


@wrong(check_cosines, "leave out .tolist()")
def from_lists(image_out, text_out):
    rows = normalised(image_out, text_out).tolist()
    return torch.tensor(rows)


@wrong(check_cosines, "in place")
def divided_in_place(image_out, text_out):
    image_out /= image_out.norm(dim=1, keepdim=True)
    text_out /= text_out.norm(dim=1, keepdim=True)
    return image_out @ text_out.T


@wrong(check_cosines, "add .float()")
def in_float64(image_out, text_out):
    return normalised(image_out.double(), text_out.double())


@wrong(check_cosines, "numpy array")
def in_numpy(image_out, text_out):
    pictures, texts = image_out.detach().numpy(), text_out.detach().numpy()
    pictures = pictures / np.linalg.norm(pictures, axis=1, keepdims=True)
    return pictures @ (texts / np.linalg.norm(texts, axis=1, keepdims=True)).T


@wrong(check_cosines, "it returned None")
def no_return(image_out, text_out):
    table = normalised(image_out, text_out)
    table.shape  # noqa: B018


@wrong(check_cosines)
def of_the_table(image_out, text_out):
    table = image_out @ text_out.T
    return table / table.norm(dim=1, keepdim=True)


@wrong(check_cosines, "the lengths of the texts")
def lengths_not_turned(image_out, text_out):
    by_picture = image_out.norm(dim=1, keepdim=True)
    by_text = text_out.norm(dim=1, keepdim=True)
    return image_out @ text_out.T / (by_picture * by_text)


# The loss: right ---------------------------------------------------------------------


@right(check_contrastive_loss)
def as_written(table, logit_scale):
    partner = torch.arange(len(table))
    logits = table * logit_scale
    return 0.5 * F.cross_entropy(logits, partner) + 0.5 * F.cross_entropy(
        logits.T, partner
    )


@right(check_contrastive_loss)
def by_logarithms(table, logit_scale):
    logits = logit_scale * table
    rows = -logits.log_softmax(dim=1).diagonal().mean()
    columns = -logits.log_softmax(dim=0).diagonal().mean()
    return (rows + columns) / 2


@right(check_contrastive_loss)
def by_logsumexp(table, logit_scale):
    logits = logit_scale * table
    wanted = torch.diag(logits)
    rows = torch.logsumexp(logits, 1) - wanted
    columns = torch.logsumexp(logits, 0) - wanted
    return torch.cat([rows, columns]).mean()


@right(check_contrastive_loss)
def with_nll(table, logit_scale):
    partner = torch.arange(table.shape[0])
    logits = logit_scale * table
    losses = [
        F.nll_loss(F.log_softmax(x, dim=1), partner) for x in (logits, logits.t())
    ]
    return sum(losses) / 2


@right(check_contrastive_loss)
def with_a_module(table, logit_scale):
    choose = torch.nn.CrossEntropyLoss()
    partner = torch.arange(len(table))
    logits = table.mul(logit_scale)
    return torch.stack([choose(logits, partner), choose(logits.mT, partner)]).mean()


@right(check_contrastive_loss)
def choice_by_choice(table, logit_scale):
    B, total = len(table), 0.0
    for i in range(B):
        row, column = logit_scale * table[i], logit_scale * table[:, i]
        total = total - torch.log_softmax(row, 0)[i] - torch.log_softmax(column, 0)[i]
    return total / (2 * B)


@right(check_contrastive_loss)
def with_probabilities_as_targets(table, logit_scale):
    truth = torch.eye(len(table))
    logits = logit_scale * table
    rows, columns = F.cross_entropy(logits, truth), F.cross_entropy(logits.T, truth)
    return (rows + columns) / 2


@right(check_contrastive_loss)
def one_call(table, logit_scale):
    both = logit_scale * torch.cat([table, table.T])
    return F.cross_entropy(both, torch.arange(len(table)).repeat(2))


@right(check_contrastive_loss)
def scaled_each(table, logit_scale):
    partner = torch.tensor(list(range(len(table))))
    by_picture = F.cross_entropy(table * logit_scale, partner)
    by_text = F.cross_entropy(table.transpose(0, 1) * logit_scale, partner)
    return torch.add(by_picture, by_text) * 0.5


@right(check_contrastive_loss)
def summed_and_divided(table, logit_scale):
    partner, logits = torch.arange(len(table)), logit_scale * table
    loss = F.cross_entropy(logits, partner, reduction="sum")
    loss = loss + F.cross_entropy(logits.T, partner, reduction="sum")
    return loss / (2 * len(table))


@right(check_contrastive_loss)
def shifted_by_hand(table, logit_scale):
    def choose(logits):
        logits = logits - logits.max(dim=1, keepdim=True).values
        chances = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
        return -chances[torch.arange(len(logits)), torch.arange(len(logits))].log()

    logits = logit_scale * table
    return (choose(logits) + choose(logits.T)).mean() / 2


@right(check_contrastive_loss)
def with_gather(table, logit_scale):
    partner = torch.arange(len(table))[:, None]
    logits = logit_scale * table
    losses = [-x.log_softmax(1).gather(1, partner).mean() for x in (logits, logits.T)]
    return (losses[0] + losses[1]) / 2


@right(check_contrastive_loss)
def each_choice_and_its_mean(table, logit_scale):
    partner, logits = torch.arange(len(table)), logit_scale * table
    rows = F.cross_entropy(logits, partner, reduction="none")
    columns = F.cross_entropy(logits.T, partner, reduction="none")
    return ((rows + columns) / 2).mean()


# The loss: wrong ---------------------------------------------------------------------


def choose(logits):
    return F.cross_entropy(logits, torch.arange(len(logits)))


def chances(logits):
    return logits.softmax(1).diagonal()


def both(loss, table, logit_scale):
    return (loss(logit_scale * table) + loss((logit_scale * table).T)) / 2


@wrong(check_contrastive_loss, "only the rows count")
def rows_only(table, logit_scale):
    return choose(logit_scale * table)


@wrong(check_contrastive_loss, "only the rows count")
def rows_twice(table, logit_scale):
    logits = logit_scale * table
    return (choose(logits) + choose(logits)) / 2


@wrong(check_contrastive_loss, "only the columns count")
def columns_only(table, logit_scale):
    return choose(logit_scale * table.T)


@wrong(check_contrastive_loss, "it is the sum of both losses")
def the_sum(table, logit_scale):
    return choose(logit_scale * table) + choose(logit_scale * table.T)


@wrong(check_contrastive_loss, "both losses are right")
def the_difference(table, logit_scale):
    return (choose(logit_scale * table) - choose(logit_scale * table.T)) / 2


@wrong(check_contrastive_loss, "the losses of a batch are added up")
def summed_over_the_batch(table, logit_scale):
    partner, logits = torch.arange(len(table)), logit_scale * table
    rows = F.cross_entropy(logits, partner, reduction="sum")
    return (rows + F.cross_entropy(logits.T, partner, reduction="sum")) / 2


@wrong(check_contrastive_loss, "logit_scale changes nothing")
def no_scale(table, logit_scale):
    return (choose(table) + choose(table.T)) / 2


@wrong(check_contrastive_loss, "logit_scale is used only for the rows")
def scaled_rows(table, logit_scale):
    return (choose(logit_scale * table) + choose(table.T)) / 2


@wrong(check_contrastive_loss, "logit_scale is used only for the columns")
def scaled_columns(table, logit_scale):
    return (choose(table) + choose(logit_scale * table.T)) / 2


@wrong(check_contrastive_loss, "was divided by logit_scale")
def temperature(table, logit_scale):
    return both(choose, table, 1 / logit_scale)


@wrong(check_contrastive_loss, "the table was multiplied")
def scaled_twice(table, logit_scale):
    logits = logit_scale * table
    return both(choose, logits, logit_scale)


@wrong(check_contrastive_loss, "logit_scale changes nothing")
def scale_added(table, logit_scale):
    logits = logit_scale + table
    return (choose(logits) + choose(logits.T)) / 2


@wrong(check_contrastive_loss, "the loss is multiplied by logit_scale")
def scale_at_the_end(table, logit_scale):
    return logit_scale * (choose(table) + choose(table.T)) / 2


@wrong(check_contrastive_loss, "F.cross_entropy takes")
def softmax_first(table, logit_scale):
    return both(lambda logits: choose(logits.softmax(dim=1)), table, logit_scale)


@wrong(check_contrastive_loss, "minus its logarithm")
def chance_of_right(table, logit_scale):
    return both(lambda logits: chances(logits).mean(), table, logit_scale)


@wrong(check_contrastive_loss, "the minus is missing")
def no_minus(table, logit_scale):
    return both(lambda logits: chances(logits).log().mean(), table, logit_scale)


@wrong(check_contrastive_loss, "take the logarithm of each chance")
def logarithm_of_the_mean(table, logit_scale):
    return both(lambda logits: -chances(logits).mean().log(), table, logit_scale)


@wrong(check_contrastive_loss, "take the diagonal")
def every_chance(table, logit_scale):
    return both(lambda logits: -logits.softmax(1).log().mean(), table, logit_scale)


@wrong(check_contrastive_loss, "the wrong partners")
def partners_backwards(table, logit_scale):
    partner, logits = torch.arange(len(table)).flip(0), logit_scale * table
    return (F.cross_entropy(logits, partner) + F.cross_entropy(logits.T, partner)) / 2


@wrong(check_contrastive_loss, "everybody is told to choose number 0")
def partners_zero(table, logit_scale):
    partner, logits = torch.zeros(len(table)).long(), logit_scale * table
    return (F.cross_entropy(logits, partner) + F.cross_entropy(logits.T, partner)) / 2


@wrong(check_contrastive_loss, "the right cosines")
def diagonal_only(table, logit_scale):
    return -(logit_scale * table).diagonal().mean()


@wrong(check_contrastive_loss, "the larger of the two losses is taken")
def the_larger(table, logit_scale):
    return max(choose(logit_scale * table), choose(logit_scale * table.T))


@wrong(check_contrastive_loss, "expected the shape ()")
def both_returned(table, logit_scale):
    return torch.stack([choose(logit_scale * table), choose(logit_scale * table.T)])


@wrong(check_contrastive_loss, ".item()")
def as_a_number(table, logit_scale):
    return torch.tensor(both(choose, table, logit_scale).item())


@wrong(check_contrastive_loss, "expected the type Tensor, found float")
def as_pythons_number(table, logit_scale):
    return both(choose, table, logit_scale).item()


@wrong(check_contrastive_loss, "leave out torch.no_grad()")
def without_a_gradient(table, logit_scale):
    with torch.no_grad():
        return both(choose, table, logit_scale)


@wrong(check_contrastive_loss, "leave out .detach()")
def detached_at_the_end(table, logit_scale):
    return both(choose, table, logit_scale).detach()


@wrong(check_contrastive_loss, "no gradient reaches `logit_scale`")
def scale_as_a_number(table, logit_scale):
    return both(choose, table, float(logit_scale))


@wrong(check_contrastive_loss, "no gradient reaches `logit_scale`")
def scale_anew(table, logit_scale):
    return both(choose, table, torch.tensor(float(logit_scale)))


@wrong(check_contrastive_loss, "in place")
def scaled_in_place(table, logit_scale):
    table *= logit_scale
    return (choose(table) + choose(table.T)) / 2


@wrong(check_contrastive_loss, "add .float()")
def loss_in_float64(table, logit_scale):
    return both(choose, table.double(), logit_scale)


@wrong(check_contrastive_loss, "it returned None")
def loss_without_return(table, logit_scale):
    loss = both(choose, table, logit_scale)
    loss.shape  # noqa: B018


@wrong(check_contrastive_loss)
def softmax_unshifted(table, logit_scale):
    logits = (logit_scale * table) ** 2
    return both(choose, logits, 1.0)


@wrong(check_contrastive_loss)
def yes_or_no(table, logit_scale):
    truth = torch.eye(len(table))
    return F.binary_cross_entropy_with_logits(logit_scale * table, truth)


@wrong(check_contrastive_loss)
def root_of_the_scale(table, logit_scale):
    return both(choose, table, math.sqrt(float(logit_scale)))


@wrong(check_contrastive_loss, "a + b / 2 halves b alone")
def half_of_the_second(table, logit_scale):
    logits = logit_scale * table
    return choose(logits) + choose(logits.T) / 2


@wrong(check_contrastive_loss, "a + b / 2 halves b alone")
def half_of_the_rows(table, logit_scale):
    logits = logit_scale * table
    return choose(logits.T) + choose(logits) / 2


@wrong(check_contrastive_loss, "give it the scores, logits and logits.T")
def chances_turned(table, logit_scale):
    chances = (logit_scale * table).softmax(dim=1)
    return (choose(chances) + choose(chances.T)) / 2


@wrong(check_contrastive_loss, "a softmax of its own")
def logarithms_turned(table, logit_scale):
    logs = (logit_scale * table).softmax(dim=1).log()
    return (choose(logs) + choose(logs.T)) / 2


@wrong(check_contrastive_loss, "multiplied by 20")
def scale_of_twenty(table, logit_scale):
    return both(choose, table, 20)


@wrong(check_contrastive_loss, "choose number 1")
def partners_of_ones(table, logit_scale):
    partner = torch.ones(len(table)).long()
    logits = logit_scale * table
    return (F.cross_entropy(logits, partner) + F.cross_entropy(logits.T, partner)) / 2


@wrong(check_contrastive_loss, "1 minus the chance")
def one_minus_the_chance(table, logit_scale):
    logits = logit_scale * table
    rows, columns = logits.softmax(1).diagonal(), logits.softmax(0).diagonal()
    return ((1 - rows).mean() + (1 - columns).mean()) / 2


@wrong(check_contrastive_loss, "it holds cosines, so leave it")
def normalised_again(table, logit_scale):
    return both(choose, table / table.norm(dim=1, keepdim=True), logit_scale)


@wrong(check_contrastive_loss, "the partners of one direction are reversed")
def partners_turned_for_texts(table, logit_scale):
    partner = torch.arange(len(table))
    logits = logit_scale * table
    by_text = F.cross_entropy(logits.T, partner.flip(0))
    return (F.cross_entropy(logits, partner) + by_text) / 2


@wrong(check_contrastive_loss, "are the two swapped?")
def scores_and_partners_exchanged(table, logit_scale):
    partner = torch.arange(len(table))
    logits = logit_scale * table
    return (F.cross_entropy(partner, logits) + F.cross_entropy(partner, logits.T)) / 2


@wrong(check_contrastive_loss, "infinity divided by infinity")
def too_large_for_exp(table, logit_scale):
    chances = (table * logit_scale).exp()
    rows = -(chances.diag() / chances.sum(dim=1)).log().mean()
    columns = -(chances.diag() / chances.sum(dim=0)).log().mean()
    return (rows + columns) / 2


@wrong(check_cosines, "a softmax brings no row to length 1")
def softmax_as_scaling(image_out, text_out):
    return image_out.softmax(dim=1) @ text_out.softmax(dim=1).T


@wrong(check_contrastive_loss, "take both losses first")
def mean_of_the_tables(table, logit_scale):
    logits = logit_scale * table
    return F.cross_entropy((logits + logits.T) / 2, torch.arange(len(table)))


@wrong(check_contrastive_loss, "exp is too early")
def exp_of_cosines(table, logit_scale):
    logits, partner = table.exp() * logit_scale, torch.arange(len(table))
    return (F.cross_entropy(logits, partner) + F.cross_entropy(logits.T, partner)) / 2


@wrong(check_contrastive_loss, "exp is too early")
def exp_of_scores(table, logit_scale):
    chances, partner = (table * logit_scale).exp(), torch.arange(len(table))
    return (F.cross_entropy(chances, partner) + F.cross_entropy(chances.T, partner)) / 2


@wrong(check_contrastive_loss, "are the scores one row only")
def first_row_only(table, logit_scale):
    logits, partner = logit_scale * table[0], torch.arange(len(table))
    return F.cross_entropy(logits, partner)
