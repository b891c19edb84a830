"""The picture of lesson 14: a painter before, tuned to votes, tuned to a reward.

Voters like hats. It takes about a minute of one core.
"""

from dataclasses import replace
from pathlib import Path

import torch

from course_lib.figures.figure import Row, sheet
from course_lib.judging.voters import (
    FIRST_SEED,
    cast_votes,
    hats,
    prompts_for,
    with_hats,
)
from course_lib.painters.pipeline import TextToImage
from course_lib.training.duels import Drawn, Pairs, pairs_of
from course_lib.training.feedback import (
    EVERYTHING,
    REWARD_SETTINGS,
    dpo_trainer,
    draft_trainer,
    reward_trainer,
)
from course_lib.training.settings import Settings
from course_lib.training.votes import Made
from course_lib.world.critters import ACCESSORIES, ANIMALS
from course_lib.world.drawing import draw_critters

BRIEF = {"warmup": 5, "precision": "float32"}
draw = TextToImage.from_pretrained("latent")


def trained(trainer):
    for _ in trainer.run():
        pass
    return trainer.model.eval()


# Votes on the painter's own pictures: no prompt mentions a hat, half of the pictures
# are drawn with one.
some = with_hats(prompts_for(draw, 64, bare=True), 1, FIRST_SEED)
votes = [
    vote for vote in cast_votes(draw, some, hats, "hats") if vote.winner is not None
]
pairs = pairs_of(votes, draw)
gently = Settings(60, learning_rate=5e-5, **BRIEF)
tuned = trained(dpo_trainer(draw, pairs, gently, beta=100.0, between=EVERYTHING))

# Votes on pictures of the album, and a reward model that learns from them.
album, factors = draw_critters(1500, seed=0, size=64, kind="one")
worn = factors["accessory"] == ACCESSORIES.index("hat")
chance = torch.Generator().manual_seed(0)
sides = [
    rows[torch.randint(len(rows), (300,), generator=chance)]
    for rows in (worn.nonzero()[:, 0], (~worn).nonzero()[:, 0])
]
of_album = Drawn([Made("", i) for i in range(len(album))], album, album)
reward = reward_trainer(
    Pairs(of_album, [""] * len(album), [""] * 300, *sides),
    Settings(60, **REWARD_SETTINGS),
)
made, lost = pairs.drawn, pairs.loser
plain = Drawn([made.made_from[i] for i in lost], made.x_0[lost], made.bytes[lost])
cheat = draft_trainer(
    draw,
    plain,
    pairs.prompts,
    trained(reward),
    Settings(24, learning_rate=1e-4, **BRIEF),
    batch_size=8,
    last=2,
)
models = {"before": draw.model, "tuned to votes": tuned, "to a reward": trained(cheat)}
asked = [f"a purple {animal}" for animal in ANIMALS]
rows = [
    Row(name, replace(draw, model=model)(asked, seed=900), [])
    for name, model in models.items()
]
sheet(rows, zoom=2).savefig(Path(__file__).with_name("14_feedback.png"))
