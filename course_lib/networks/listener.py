"""A text encoder that was taught what texts ask for, before it sees any picture.

    asked = listener.hear(tokenizer.batch(["a red frog on stilts"], 80))
    asked["subject"], asked["accessory"]    # one number a text, or "open"

Who learns words from pictures alone needs an hour of drawing before a word means
anything. Words are cheap beside pictures: from sentences whose meaning is known it is
learned sooner, and a painter begins with a text encoder that understands (Saharia
et al. 2022, section 2.1, take one that has read texts and never a picture).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import Batch
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import PAD

PAIRED = (("subject", "subject_2"), ("colour", "colour_2"))  # who may change places


class Listener(nn.Module):
    """Answers one question a factor about a text.

    Args:
        text: settings of the TextEncoder
        answers: for each question the number of possible answers
    """

    def __init__(self, text: dict, answers: dict[str, int]):
        super().__init__()
        self.text_encoder = TextEncoder(**text)
        self.config = dict(text=self.text_encoder.config, answers=answers)
        width = self.text_encoder.config["width"]
        # As the Gist of a U-Net: the mean of the tokens, turned, and as loud for all
        # texts. What can be read from it in a line, a painter can hear at once.
        self.turn = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.heads = nn.ModuleDict({q: nn.Linear(width, n) for q, n in answers.items()})

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Tokens (B, L) to a score for every answer: name -> (B, answers)."""
        text_emb, mask = self.text_encoder(tokens), tokens != PAD
        gist = self.norm(self.turn(text_emb.sum(1) / mask.sum(1, keepdim=True)))
        return {question: head(gist) for question, head in self.heads.items()}

    @torch.no_grad()
    def hear(self, tokens: Tensor) -> dict[str, Tensor]:
        """The likeliest answer to every question, name -> (B,) int64."""
        return {question: score.argmax(1) for question, score in self(tokens).items()}


LISTENER = ("listener", "not a listener", Listener)  # what `load_network` must know


def listening_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy, the mean over questions; a batch: `tokens`, and one (B,) each.

    Where the order of two animals is open either way is right, and the better counts.
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
