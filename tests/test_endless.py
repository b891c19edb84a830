"""Critters without end are new, the same for a seed, and seen so often as asked."""

import torch

from course_lib.checkpoint import Shipped
from course_lib.training.latents import encoder_of
from course_lib.world import endless
from course_lib.world.critters import FACTORS, is_held_out
from course_lib.world.datasets import load_critters
from course_lib.world.drawing import draw_critters
from course_lib.world.endless import endless_batches


def small_chunks(monkeypatch):
    monkeypatch.setattr(endless, "CHUNK", 32)


def test_a_batch_follows_from_its_number_alone(monkeypatch):
    small_chunks(monkeypatch)
    one, other = endless_batches(8, again=2), endless_batches(8, again=2)
    for iteration in range(10):
        one(iteration)
    for name, values in other(9).items():
        assert torch.equal(one(9)[name], values), name


def test_each_picture_is_seen_as_often_as_asked_and_then_never_again(monkeypatch):
    small_chunks(monkeypatch)
    get_batch = endless_batches(8, again=3)
    chunks = [
        torch.cat([get_batch(12 * c + i)["x_0"] for i in range(12)]) for c in range(2)
    ]
    for pictures in chunks:
        _, times = torch.unique(pictures.flatten(1), dim=0, return_counts=True)
        assert times.tolist() == [3] * 32
    both = torch.cat([torch.unique(p.flatten(1), dim=0) for p in chunks])
    assert len(torch.unique(both, dim=0)) == 64


def test_no_held_out_combination_occurs(monkeypatch):
    batch = endless_batches(512)(0)
    assert not is_held_out({name: batch[name] for name in FACTORS}).any()


def test_none_of_them_is_a_test_picture(monkeypatch):
    small_chunks(monkeypatch)
    new = endless_batches(32)(0)["x_0"].mul(127.5).add(127.5).round().byte()
    kept = load_critters("test").pictures.flatten(1)
    assert all(not (kept == one).all(1).any() for one in new.flatten(1))


def test_latents_of_them_have_a_spread_of_one():
    encode, space = encoder_of(64, 0, Shipped("autoencoder"))
    latents = encode(draw_critters(256, 9, 64)[0])
    assert latents.shape == (256, 4, 16, 16) and abs(latents.std() - 1) < 0.05
    assert set(space) == {"autoencoder", "encoder_sha256", "latent_scale"}
