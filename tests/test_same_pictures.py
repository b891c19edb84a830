"""The same seed draws the same picture as it did: for ever, whatever is moved about.

What a few seeds drew on 2026-11-29 stands in same_pictures.json, each picture as 4 x 4
means a channel. Who means to change a picture (another drawing, other weights) writes
the file anew:

    python tests/test_same_pictures.py
"""

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.chance import generator_for, uniforms
from course_lib.painters.pipeline import LabelToImage, TextToImage
from course_lib.pixels import from_bytes
from course_lib.training.captions import caption_batches, caption_tokenizer
from course_lib.world.critters import captions, choose_factors
from course_lib.world.datasets import PictureSet, batches
from course_lib.world.drawing import draw_critters
from course_lib.world.wear import draw_chunk, with_wear

FILE = Path(__file__).with_name("same_pictures.json")
NUMBERS = [(0, 0), (0, 7), (5, 3, 2), (1000, 6), (2**63, 9, 7)]


def some_critters() -> PictureSet:
    pictures, factors = draw_critters(12, seed=0, size=32)
    return PictureSet("critters", pictures, factors["subject"], ("nothing",), factors)


def critters(size: int) -> Tensor:
    return from_bytes(draw_critters(6, seed=0, size=size)[0])


def words_said() -> list[str]:
    index = torch.arange(8)
    return captions(choose_factors(index, seed=0), index, seed=0)


def prompts_drawn(name: str) -> Tensor:
    draw = TextToImage.from_pretrained(name)
    return draw(["a frog on stilts", "a blue bird left of a white bear"], seed=4)


def labels_drawn(sampler: str) -> Tensor:
    draw = LabelToImage.from_pretrained("critters")
    return draw(["frog", "bear"], seed=1, steps=5, sampler=sampler)


def shuffled() -> Tensor:
    return batches(some_critters(), batch_size=4, seed=3, flip=True)(4)["x_0"]


def worn() -> Tensor:
    return with_wear(batches(some_critters(), batch_size=4, seed=3), seed=3)(5)["x_0"]


def read_by_a_reader() -> Tensor:
    return from_bytes(draw_chunk(0, 32, seed=1, broken=0.125)[0][:4])


def read_by_a_painter() -> list[list[int]]:
    get_batch = caption_batches(some_critters(), caption_tokenizer(), 3, seed=0)
    return get_batch(1)["cond"].tolist()


def streams() -> list[list[float]]:
    normal = [torch.randn(3, generator=generator_for(*n)).tolist() for n in NUMBERS]
    even = uniforms(torch.tensor([0, 5, 2**40]), seed=1, k=3, stream=2).tolist()
    return normal + even


MADE = {
    "critters at 32x32": lambda: critters(32),
    "critters at 64x64": lambda: critters(64),
    "captions": words_said,
    "prompts in pixels": lambda: prompts_drawn("words"),
    "prompts in latents": lambda: prompts_drawn("latent"),
    "labels": lambda: labels_drawn("dpm_solver"),
    "labels, with fresh noise": lambda: labels_drawn("ddpm"),
    "a batch": shuffled,
    "a worn batch": worn,
    "what a reader learns from": read_by_a_reader,
    "what a painter reads": read_by_a_painter,
    "streams of numbers": streams,
}


def in_short(made: Tensor | list) -> list:
    """Pictures as their 4 x 4 means a channel, in 255ths of the way from 0 to 1."""
    if not isinstance(made, Tensor):
        return made
    means = F.adaptive_avg_pool2d((made + 1) / 2 * 255, 4)
    return means.round(decimals=2).tolist()


@pytest.mark.parametrize("what", MADE)
def test_a_seed_draws_what_it_always_drew(what):
    made, before = MADE[what](), json.loads(FILE.read_text(encoding="utf-8"))[what]
    if isinstance(made, Tensor):  # another machine may round the last bit otherwise
        now, then = torch.tensor(in_short(made)), torch.tensor(before)
        torch.testing.assert_close(now, then, rtol=0, atol=1.0)
    elif isinstance(made[0], list) and isinstance(made[0][0], float):
        now, then = torch.tensor(made), torch.tensor(before)
        torch.testing.assert_close(now, then, rtol=0, atol=1e-6)
    else:
        assert made == before


if __name__ == "__main__":
    made = {what: in_short(make()) for what, make in MADE.items()}
    rows = [f"{json.dumps(what)}: {json.dumps(row)}" for what, row in made.items()]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
