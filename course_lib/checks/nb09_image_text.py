"""The checks of notebook 09: the table of cosines, and the loss that reads it."""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.report import compare, report
from course_lib.networks.contrastive import contrastive_loss, cosines

# The table --------------------------------------------------------------------------


def as_many_of_each(generator):
    """B pictures and B texts of B numbers: no wrong axis raises, each can be named."""
    B = (6, 5)[generator.initial_seed() % 2]
    image_out = 2 * torch.randn(B, B, generator=generator)
    return image_out, torch.randn(B, B, generator=generator)


def more_pictures_than_texts(generator):
    N, M, D = ((5, 4, 8), (3, 7, 2))[generator.initial_seed() % 2]
    image_out = 3 * torch.randn(N, D, generator=generator)
    # A short one and a long one: lengths must not matter.
    image_out[0] *= 0.01
    image_out[1] *= 100
    return image_out, torch.randn(M, D, generator=generator)


def _unit(vectors: Tensor, dim: int = 1) -> Tensor:
    return F.normalize(vectors, dim=dim)


def _by(length):
    """The table when each row is divided by something other than its length."""

    def mistaken(image_out, text_out):
        image_vec, text_vec = (x / length(x) for x in (image_out, text_out))
        return image_vec @ text_vec.T

    return mistaken


def _less_their_mean(image_out, text_out):
    image_out, text_out = (x - x.mean(1, keepdim=True) for x in (image_out, text_out))
    return cosines(image_out, text_out)


def _lengths_beside_rows(image_out, text_out):
    if len(image_out) != len(text_out):
        return image_out  # torch itself refuses these shapes
    lengths = (x.norm(dim=1, keepdim=True) for x in (image_out, text_out))
    by_picture, by_text = lengths  # (N, 1) both
    return image_out @ text_out.T / (by_picture * by_text)


COSINES = {
    "the lengths of the texts are lined up with the rows, but a text is a column: "
    "transpose them, text_out.norm(dim=1, keepdim=True).T is (1, M)": (
        _lengths_beside_rows
    ),
    "the vectors were not brought to length 1: divide each row by its length first, or "
    "long vectors win whatever they mean": lambda i, t: i @ t.T,
    "only the pictures were brought to length 1: do the same with the texts": (
        lambda i, t: _unit(i) @ t.T
    ),
    "only the texts were brought to length 1: do the same with the pictures": (
        lambda i, t: i @ _unit(t).T
    ),
    "the columns have length 1, not the rows: a vector is a row, so take its length "
    "over dim=1": lambda i, t: _unit(i, 0) @ _unit(t, 0).T,
    "the lengths lie along the wrong axis: keepdim=True keeps one beside each row": (
        _by(lambda x: x.norm(dim=1))
    ),
    "all rows are divided by one number, the length of everything together: each row "
    "has a length of its own, dim=1": _by(lambda x: x.norm()),
    "the rows are divided by the square of their length: the root is missing": (
        _by(lambda x: (x**2).sum(1, keepdim=True))
    ),
    "the rows are divided by the sum of their numbers: the length is the root of the "
    "sum of their squares": _by(lambda x: x.sum(1, keepdim=True)),
    "the rows are divided by the sum of their absolute numbers: the length is the root "
    "of the sum of their squares": _by(lambda x: x.abs().sum(1, keepdim=True)),
    "the rows are divided by their largest number: the length is the root of the sum "
    "of their squares": _by(lambda x: x.max(1, keepdim=True).values),
    "the rows are divided by the root of the number of their entries: each has a "
    "length of its own": _by(lambda x: x.shape[1] ** 0.5),
    "the rows are multiplied by their length: divide": (
        _by(lambda x: 1 / x.norm(dim=1, keepdim=True))
    ),
    "the mean of each row was subtracted: cosines need the vectors as they are": (
        _less_their_mean
    ),
    "pictures and texts are swapped: a row of the table is a picture, a column is a "
    "text": lambda i, t: cosines(t, i),
    "the texts are not transposed: (N, D) @ (D, M) needs .T behind the texts": (
        lambda i, t: _unit(i) @ _unit(t)
    ),
    "the pictures are transposed, but the texts should be: put .T behind the texts": (
        lambda i, t: _unit(i).T @ _unit(t)
    ),
    "pictures are compared with pictures: the columns are texts": (
        lambda i, t: cosines(i, i)
    ),
    "texts are compared with texts: the rows are pictures": lambda i, t: cosines(t, t),
    "each picture meets only its own text: compare every picture with every text, @": (
        lambda i, t: F.cosine_similarity(i, t, dim=1) if len(i) == len(t) else i
    ),
    "the numbers are multiplied one by one: @ multiplies and adds up, for every "
    "picture with every text": lambda i, t: _unit(i) * _unit(t),
    "these are distances: a cosine is the sum of the products of two unit vectors": (
        lambda i, t: torch.cdist(_unit(i), _unit(t))
    ),
    "these are distances, 1 - cosine: leave the 1 out": lambda i, t: 1 - cosines(i, t),
    "a softmax brings no row to length 1, it makes its sum 1: divide each row by its "
    "length": lambda i, t: i.softmax(dim=1) @ t.softmax(dim=1).T,
    "a softmax is too early here: this table holds cosines": (
        lambda i, t: cosines(i, t).softmax(dim=1)
    ),
    "the table is twice the cosines: there is a factor 2 too many": (
        lambda i, t: 2 * cosines(i, t)
    ),
    "negative cosines are lost: the table goes from -1 to 1": (
        lambda i, t: cosines(i, t).clamp(min=0)
    ),
    "the signs are lost: the table goes from -1 to 1": lambda i, t: cosines(i, t).abs(),
}


def check_cosines(learner_cosines):
    """Every picture against every text, whatever the lengths."""

    def check():
        for inputs in (as_many_of_each, more_pictures_than_texts):
            compare(learner_cosines, cosines, inputs, COSINES, gradient=True)

    return report(check, learner_cosines, cosines)


# The loss ---------------------------------------------------------------------------


def table_and_scale(generator):
    """Cosines that are not symmetric: rows and columns ask different questions."""
    B = (6, 4)[generator.initial_seed() % 2]
    table = torch.rand(B, B, generator=generator) * 2 - 1
    # Never near 1, where dividing by it does the same as multiplying.
    return table, 2 + 8 * torch.rand((), generator=generator).item()


def as_in_training(generator):
    """The scale as the network has it: a tensor, which is learned."""
    table, logit_scale = table_and_scale(generator)
    return table, torch.tensor(logit_scale)


# How training begins, and how it ends: large numbers must not become nan.
ALSO = {
    "where nothing is known, 64 pairs": (torch.zeros(64, 64), 20.0),
    "where everything is right, at logit_scale 100": (2 * torch.eye(5) - 1, 100.0),
}


def _ce(logits: Tensor) -> Tensor:
    """The mean cross-entropy of choosing along the rows; the diagonal is right."""
    return F.cross_entropy(logits, torch.arange(len(logits)))


def _both(loss, half: float = 0.5):
    """Both directions of something that is not quite the cross-entropy."""

    def mistaken(table, logit_scale):
        logits = logit_scale * table
        return half * (loss(logits) + loss(logits.T))

    return mistaken


def _chances_of_right(logits: Tensor) -> Tensor:
    return logits.softmax(dim=1).diagonal()


def _of_all(logits: Tensor) -> Tensor:
    return -logits.log_softmax(dim=1).mean()


def _backwards(logits: Tensor) -> Tensor:
    return F.cross_entropy(logits, torch.arange(len(logits)).flip(0))


def _first_for_all(logits: Tensor) -> Tensor:
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.int64))


def _scaled_for_pictures(table, logit_scale):
    return (_ce(logit_scale * table) + _ce(table.T)) / 2


def _scaled_for_texts(table, logit_scale):
    return (_ce(table) + _ce(logit_scale * table.T)) / 2


def _ones_for_all(logits: Tensor) -> Tensor:
    return F.cross_entropy(logits, torch.ones(len(logits), dtype=torch.int64))


def _chances_turned(table, logit_scale):
    chances = (logit_scale * table).softmax(dim=1)
    return (_ce(chances) + _ce(chances.T)) / 2


def _logs_turned(table, logit_scale):
    logs = (logit_scale * table).log_softmax(dim=1)
    return (_ce(logs) + _ce(logs.T)) / 2


LOSSES = {
    "the mean of the table and the turned table is taken, and then one loss: take both "
    "losses first, of logits and of logits.T, and then their mean": (
        lambda table, s: _ce(s * (table + table.T) / 2)
    ),
    "exp is too early: F.cross_entropy takes the scores, logit_scale * table, and it "
    "makes the softmax itself": lambda table, s: contrastive_loss(table.exp(), s),
    "exp is too early: F.cross_entropy makes the softmax itself, so give it the "
    "scores, logit_scale * table": _both(lambda logits: _ce(logits.exp())),
    "only the second loss is halved, that of the columns: a + b / 2 halves b alone, so "
    "write (a + b) / 2": lambda table, s: _ce(s * table) + _ce(s * table.T) / 2,
    "only the second loss is halved, that of the rows: a + b / 2 halves b alone, so "
    "write (a + b) / 2": lambda table, s: _ce(s * table.T) + _ce(s * table) / 2,
    "the chances of the rows are transposed and used for the columns, and "
    "F.cross_entropy does the softmax itself: give it the scores, logits and "
    "logits.T": (_chances_turned),
    "the softmax of the rows is transposed and used for the columns: each text needs a "
    "softmax of its own, over the scores logits.T": _logs_turned,
    "the table is multiplied by 20 whatever the scale is: use `logit_scale`": (
        lambda table, s: contrastive_loss(table, 20.0)
    ),
    "everybody is told to choose number 1: picture i belongs to text i, so `partner` "
    "is 0, 1, 2, ...": _both(_ones_for_all),
    "this is 1 minus the chance of the right answer: the loss is minus its logarithm": (
        _both(lambda logits: (1 - _chances_of_right(logits)).mean())
    ),
    "the rows of the table are brought to length 1: it holds cosines, so leave it as "
    "it is": lambda table, s: contrastive_loss(F.normalize(table, dim=1), s),
    # In either direction: the sum is the same, as both use the other diagonal.
    "the partners of one direction are reversed: picture i belongs to text i and text "
    "i to picture i, so `partner` is 0, 1, 2, ... both times": (
        lambda table, s: (_ce(s * table) + _backwards(s * table.T)) / 2
    ),
    "only the rows count: each text must also choose its picture, and its chances run "
    "down a column": lambda table, s: _ce(s * table),
    "only the columns count: each picture must also choose its text, and its chances "
    "run along a row": lambda table, s: _ce(s * table.T),
    "it is the sum of both losses: take their mean, half of it": _both(_ce, half=1),
    "it is a quarter of the sum of both losses: their mean is half of it": (
        _both(_ce, half=0.25)
    ),
    "both losses are right, but one is subtracted from the other: add them": (
        lambda table, s: (_ce(s * table) - _ce(s * table.T)) / 2
    ),
    "the losses of a batch are added up: take their mean, as F.cross_entropy does by "
    "itself": _both(lambda logits: len(logits) * _ce(logits)),
    "logit_scale changes nothing: multiply the table by it first (adding it to all "
    "scores changes no chance)": lambda table, s: contrastive_loss(table, 1.0),
    "logit_scale is used only for the rows: multiply the whole table, once, before "
    "both": _scaled_for_pictures,
    "logit_scale is used only for the columns: multiply the whole table, once, before "
    "both": _scaled_for_texts,
    "the table was divided by logit_scale: multiply by it (it is 1 over what others "
    "call the temperature)": lambda table, s: contrastive_loss(table, 1 / s),
    "the table was multiplied by logit_scale twice: once is enough": (
        lambda table, s: contrastive_loss(table, s * s)
    ),
    "the loss is multiplied by logit_scale: multiply the table instead, before the "
    "softmax": (lambda table, s: s * contrastive_loss(table, 1.0)),
    "F.cross_entropy takes scores and does the softmax itself: leave yours out": (
        _both(lambda logits: _ce(logits.softmax(dim=1)))
    ),
    "this is the chance of the right answer: the loss is minus its logarithm": (
        _both(lambda logits: _chances_of_right(logits).mean())
    ),
    "the minus is missing: the loss is minus the logarithm of the chance": (
        _both(lambda logits: -_ce(logits))
    ),
    "the mean is taken first and the logarithm after: take the logarithm of each "
    "chance": _both(lambda logits: -_chances_of_right(logits).mean().log()),
    "all chances count, not only those of matching pairs: take the diagonal": (
        _both(_of_all)
    ),
    "the wrong partners: picture i belongs to text i, so `partner` is 0, 1, 2, ...": (
        _both(_backwards)
    ),
    "everybody is told to choose number 0: picture i belongs to text i": (
        _both(_first_for_all)
    ),
    "the right cosines are made large, but without a choice among others: "
    "F.cross_entropy compares them with the rest of the row": (
        _both(lambda logits: -logits.diagonal().mean())
    ),
    "the larger of the two losses is taken: take their mean": (
        lambda table, s: torch.maximum(_ce(s * table), _ce(s * table.T))
    ),
}


def check_contrastive_loss(learner_loss):
    """Both cross-entropies of the scaled table, and their mean."""

    @functools.wraps(learner_loss)
    def loss_of_learner(table, logit_scale):
        try:
            return learner_loss(table, logit_scale)
        except NotImplementedError as error:
            # The table holds fractions, so whole numbers mean that partners took its
            # place.
            if "not implemented for 'Long'" in str(error):
                error.add_note(
                    "are the two swapped? F.cross_entropy(logits, partner) takes the "
                    "scores first, then the numbers of the right columns"
                )
            raise
        except RuntimeError as error:
            # One row of scores, and B numbers: torch takes those for chances.
            if "class probabilities, got Long" in str(error):
                error.add_note(
                    "are the scores one row only, as table[0] is? F.cross_entropy "
                    "takes the whole table, (B, B): a row for each of the B partners"
                )
            raise

    def check():
        compare(loss_of_learner, contrastive_loss, table_and_scale, LOSSES, also=ALSO)
        # And a gradient must reach both the table and the scale, which learn from it.
        compare(
            loss_of_learner, contrastive_loss, as_in_training, LOSSES, gradient=True
        )

    return report(check, learner_loss, contrastive_loss)
