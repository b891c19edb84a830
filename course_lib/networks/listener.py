"""The listener: a text encoder trained on sentences alone, before it sees any picture.

    asked = listener.hear(tokenizer.batch(["a red frog on stilts"], 80))
    asked["subject"], asked["accessory"]    # (1,) each: the number of the answer

Learning words from pictures alone takes an hour of training before a word means
anything. Sentences with known meanings are far cheaper than pictures and teach words
sooner, so a painter can start with a text encoder that understands (Saharia et al.
2022, section 2.1, use one that has read texts and never seen a picture).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import Batch
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import PAD

PAIRED = (("subject", "subject_2"), ("colour", "colour_2"))  # may swap places


class Listener(nn.Module):
    """A text classifier with one question per factor of the caption.

    Args:
        text: settings of the TextEncoder
        answers: for each question the number of possible answers
    """

    def __init__(self, text: dict, answers: dict[str, int]):
        super().__init__()
        self.text_encoder = TextEncoder(**text)
        self.config = dict(text=self.text_encoder.config, answers=answers)
        width = self.text_encoder.config["width"]
        # Pooled as in the U-Net's Gist: the mean of the tokens, projected and
        # normalised. What a linear head can read from it, a painter can use at once.
        self.turn = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.heads = nn.ModuleDict({q: nn.Linear(width, n) for q, n in answers.items()})

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Tokens (B, L) to logits for every question: name -> (B, answers)."""
        text_emb, mask = self.text_encoder(tokens), tokens != PAD
        gist = self.norm(self.turn(text_emb.sum(1) / mask.sum(1, keepdim=True)))
        return {question: head(gist) for question, head in self.heads.items()}

    @torch.no_grad()
    def hear(self, tokens: Tensor) -> dict[str, Tensor]:
        """The most likely answer to every question, name -> (B,) int64."""
        return {question: score.argmax(1) for question, score in self(tokens).items()}


LISTENER = ("listener", "not a listener", Listener)  # arguments for `load_network`


def listening_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy over the questions. A batch: `tokens`, (B,) per question.

    `open` (B,) is True where a text leaves the order of its two animals open: either
    order is right there, and the better one counts.
    """
    scores = model(batch["tokens"])
    apart = {
        q: F.cross_entropy(score, batch[q], reduction="none")
        for q, score in scores.items()
    }
    as_said = sum(apart[left] + apart[right] for left, right in PAIRED)
    exchanged = sum(
        F.cross_entropy(scores[left], batch[right], reduction="none")
        + F.cross_entropy(scores[right], batch[left], reduction="none")
        for left, right in PAIRED
    )
    pairs = torch.where(batch["open"], torch.minimum(as_said, exchanged), as_said)
    of_pairs = {q for pair in PAIRED for q in pair}
    rest = sum(loss for q, loss in apart.items() if q not in of_pairs)
    return (pairs + rest).mean() / len(scores)
