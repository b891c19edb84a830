"""The checks of notebook 09: the table of cosines, and the loss that reads it."""

import torch
import torch.nn.functional as F

from course_lib.checks.report import compare, report
from course_lib.networks.contrastive import contrastive_loss, cosines


def check_cosines(learner_cosines):
    """Every picture against every text, lengths aside."""

    def inputs(generator):
        image_out = 2 * torch.randn(5, 8, generator=generator)
        return image_out, torch.randn(5, 8, generator=generator)

    def not_unit(image_out, text_out):
        return image_out @ text_out.T

    def unit_columns(image_out, text_out):
        return F.normalize(image_out, dim=0) @ F.normalize(text_out, dim=0).T

    def turned(image_out, text_out):
        return cosines(text_out, image_out)

    mistakes = {
        "the vectors were not brought to length 1: divide each row by its length "
        "first, or long vectors win whatever they say": not_unit,
        "the columns have length 1, not the rows: a vector is a row, so its length is "
        "taken over dim=1": unit_columns,
        "pictures and texts are exchanged: a row of the table is a picture, a column "
        "is a text": turned,
    }

    def check():
        compare(learner_cosines, cosines, inputs, mistakes)

    return report(check, learner_cosines, cosines)


def check_contrastive_loss(learner_loss):
    """Both cross-entropies of the scaled table, and their mean."""

    def inputs(generator):
        # Not symmetric, so that rows and columns ask different questions.
        table = torch.rand(6, 6, generator=generator) * 2 - 1
        # Never near 1, where dividing by it does what multiplying does.
        return table, 2 + 8 * torch.rand((), generator=generator).item()

    def cross_entropy(logits):
        return F.cross_entropy(logits, torch.arange(len(logits)))

    def pictures_alone(table, logit_scale):
        return cross_entropy(logit_scale * table)

    def texts_alone(table, logit_scale):
        return cross_entropy(logit_scale * table.T)

    def scaled_for_pictures(table, logit_scale):
        return (cross_entropy(logit_scale * table) + cross_entropy(table.T)) / 2

    def scaled_for_texts(table, logit_scale):
        return (cross_entropy(table) + cross_entropy(logit_scale * table.T)) / 2

    def divided(table, logit_scale):
        return contrastive_loss(table, 1 / logit_scale)

    mistakes = {  # three mistakes; two of them can be made from either side
        "only the rows are asked: each text must also choose its picture, and its "
        "chances run down a column": pictures_alone,
        "only the columns are asked: each picture must also choose its text, and its "
        "chances run along a row": texts_alone,
        "logit_scale is used for the rows only: multiply the whole table, once, "
        "before both": scaled_for_pictures,
        "logit_scale is used for the columns only: multiply the whole table, once, "
        "before both": scaled_for_texts,
        "the table was divided by logit_scale: it multiplies (it is one over what "
        "others call temperature)": divided,
    }

    def check():
        compare(learner_loss, contrastive_loss, inputs, mistakes)

    return report(check, learner_loss, contrastive_loss)
