"""Trainings on votes: their losses, where they begin, and that they learn a taste."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from test_duels import painter as painter  # in pixels and in latents
from test_layers import shaken

from course_lib.checkpoint import load_weights
from course_lib.networks.reward import Reward, load_reward
from course_lib.painters.pipeline import TextToImage
from course_lib.training import feedback
from course_lib.training.duels import Drawn, Pairs
from course_lib.training.feedback import (
    TUNE_SETTINGS,
    agreement,
    bradley_terry_loss,
    denoising_errors,
    dpo_loss,
    dpo_trainer,
    draft_trainer,
    pair_errors,
    reward_trainer,
    reward_weights,
    tuned,
    weighed,
    weighted_trainer,
)
from course_lib.training.settings import Settings
from course_lib.training.votes import name_of

FEW = Settings(iterations=3, **TUNE_SETTINGS)


def some(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# Losses -------------------------------------------------------------------------------


def test_bradley_terry_is_the_cross_entropy_of_a_difference():
    won, lost = some(64), some(64, seed=1)
    expected = F.binary_cross_entropy_with_logits(won - lost, torch.ones(64))
    torch.testing.assert_close(bradley_terry_loss(won, lost), expected)
    moved = bradley_terry_loss(won + 7, lost + 7)
    torch.testing.assert_close(moved, expected, msg="only differences count")
    far = bradley_terry_loss(torch.tensor([0.0]), torch.tensor([500.0]))
    assert far == 500, "finite, however wrong"


def test_dpo_begins_at_log_2_and_wants_the_winner_nearer_than_the_loser():
    errors = some(4, 8).exp()
    assert dpo_loss(*errors[[0, 1, 0, 1]], 50.0) == pytest.approx(math.log(2))
    won, lost, won_before, lost_before = errors
    nearer = dpo_loss(won - 0.1, lost, won_before, lost_before, 5.0)
    farther = dpo_loss(won, lost + 0.1, won_before, lost_before, 5.0)
    torch.testing.assert_close(nearer, farther)
    assert nearer < dpo_loss(won, lost, won_before, lost_before, 5.0)
    # Both errors may rise: only their difference is seen.
    both = dpo_loss(won + 3, lost + 3, won_before, lost_before, 5.0)
    torch.testing.assert_close(both, dpo_loss(*errors, 5.0))


def test_dpo_takes_the_logarithm_of_each_pair_before_the_mean():
    zero, two = torch.zeros(2), torch.tensor([4.0, -4.0])
    loss = dpo_loss(zero, two, zero, zero, 1.0)
    assert loss == pytest.approx((math.log1p(math.exp(-4)) * 2 + 4) / 2, rel=1e-5)
    assert loss > math.log(2) + 1, "the mean of the gaps is 0, and its loss log 2"


def test_with_an_anchor_a_winner_may_not_be_drawn_worse():
    errors = torch.tensor([[2.0], [9.0], [1.0], [1.0]])
    won, lost, won_before, lost_before = errors
    free = dpo_loss(won, lost, won_before, lost_before, 1.0)
    held = dpo_loss(won, lost, won_before, lost_before, 1.0, anchor=10.0)
    assert free < 0.01 and held > 2, "both errors rose: with an anchor that costs"
    better = (won_before - 0.5, lost, won_before, lost_before, 1.0)
    assert dpo_loss(*better) == dpo_loss(*better, anchor=10.0)


def test_an_error_is_a_mean_over_the_numbers_of_one_picture(painter):
    x_0 = some(3, *painter.shape())
    text_emb = painter.read(["a cat"] * 3)
    batch = {"x_0": x_0, "eps": torch.zeros_like(x_0), "cond": text_emb}
    batch["t"] = torch.tensor([10, 20, 30])
    found = denoising_errors(lambda x, t, c: 0 * x, batch, painter.schedule, "eps")
    assert found.tolist() == [0, 0, 0]
    found = denoising_errors(lambda x, t, c: 0 * x, batch, painter.schedule, "x_0")
    torch.testing.assert_close(found, x_0.square().mean((1, 2, 3)))


# A small world of votes ---------------------------------------------------------------


def pairs_for(painter, n=24) -> Pairs:
    """A taste that can be learned: winners are bright, losers are dark."""
    size = painter.card["size"]
    made = [("a cat" if i % 4 < 2 else "a frog on stilts", i) for i in range(2 * n)]
    light = torch.tensor([0.6, -0.6]).repeat(n)[:, None, None, None]
    pictures = (light + 0.2 * some(2 * n, 3, size, size)).clamp(-1, 1)
    with torch.no_grad():
        x_0 = painter.encode(pictures)
    drawn = Drawn(made, x_0, ((pictures + 1) * 127.5).byte())
    asked = [text for text, _ in made]
    rows = torch.arange(2 * n)
    return Pairs(drawn, asked, asked[::2], rows[::2], rows[1::2])


def losses(trainer) -> list[float]:
    return [progress.loss for progress in trainer.run()]


TUNERS = {
    "dpo": lambda painter, pairs, *rest: dpo_trainer(painter, pairs, *rest),
    "weighted": lambda painter, pairs, *rest: weighted_trainer(
        painter, pairs.drawn, pairs.asked, torch.ones(len(pairs.asked)), *rest
    ),
    "draft": lambda painter, pairs, *rest: draft_trainer(
        painter, pairs.drawn, pairs.asked, Reward(painter.card["size"]), *rest
    ),
}


@pytest.mark.parametrize("name", TUNERS)
def test_a_tuned_painter_is_a_painter_and_the_one_it_began_as_stays(
    painter, name, tmp_path
):
    before = {n: x.clone() for n, x in painter.model.state_dict().items()}
    trainer = TUNERS[name](painter, pairs_for(painter), FEW, tmp_path / "mine")
    assert all(map(math.isfinite, losses(trainer)))
    after = painter.model.state_dict()
    assert all(torch.equal(x, after[n]) for n, x in before.items())
    own = tuned(painter, trainer)
    assert name_of(own) != name_of(painter)
    loaded = TextToImage.from_pretrained(tmp_path / "mine")
    drawn = [p(["a cat"], steps=2, seed=3) for p in (own, loaded)]
    assert (drawn[0] - drawn[1]).abs().max() < 0.05  # half precision
    card = load_weights(tmp_path / "mine")[1]
    assert card["method"] == name and card["base"] == name_of(painter)
    read = [n for n in before if n.startswith("text_encoder")]
    kept = trainer.raw_model.state_dict()
    assert read and all(torch.equal(before[n], kept[n]) for n in read)


@pytest.mark.parametrize("name", TUNERS)
def test_a_tuning_that_was_stopped_carries_on_bit_for_bit(painter, name, tmp_path):
    pairs, ends = pairs_for(painter), []
    torch.manual_seed(5)
    make = TUNERS[name]
    whole = make(painter, pairs, FEW)
    losses(whole)
    torch.manual_seed(5)
    first = make(painter, pairs, FEW, tmp_path)
    first.until = 2
    losses(first)
    torch.manual_seed(5)
    second = make(painter, pairs, FEW, tmp_path, True)
    assert second.iteration == 2
    losses(second)
    ends = [t.raw_model.state_dict() for t in (whole, second)]
    assert all(torch.equal(ends[0][n], ends[1][n]) for n in ends[0])


def test_dpo_moves_the_painter_from_losers_to_winners(painter):
    pairs = pairs_for(painter)
    settings = Settings(iterations=40, precision="float32", learning_rate=3e-3)
    trainer = dpo_trainer(painter, pairs, settings, beta=20.0, between=(0.3, 0.9))
    found = losses(trainer)
    assert found[0] == pytest.approx(math.log(2), abs=1e-4)
    assert sum(found[-10:]) / 10 < 0.6
    gaps = []
    for model in (painter.model, trainer.averaged_model()):
        won, lost = pair_errors(painter, model, pairs, (0.3, 0.9))
        assert won.shape == lost.shape == (len(pairs),)
        gaps.append((lost - won).mean())
    assert gaps[1] > gaps[0]
    assert torch.equal(won, pair_errors(painter, model, pairs, (0.3, 0.9))[0])


def test_the_cheat_climbs_the_reward(painter):
    class Brightness(torch.nn.Module):
        def forward(self, pictures):
            return pictures.mean((1, 2, 3))

    pairs = pairs_for(painter)
    settings = Settings(iterations=20, precision="float32", learning_rate=3e-3)
    how = (painter, pairs.drawn, pairs.asked, Brightness(), settings)
    found = losses(draft_trainer(*how, last=2))
    assert sum(found[-5:]) < sum(found[:5])


def test_only_the_steps_between_are_learned_from(painter, monkeypatch):
    seen = []

    def errors(model, batch, schedule, target):
        seen.extend(batch["t"].tolist())
        return denoising_errors(model, batch, schedule, target)

    monkeypatch.setattr(feedback, "denoising_errors", errors)
    losses(dpo_trainer(painter, pairs_for(painter), FEW, between=(0.2, 0.3)))
    T = painter.card["T"]
    assert 0.2 * T <= min(seen) and max(seen) <= 0.3 * T and len(set(seen)) > 4
    seen.clear()
    losses(dpo_trainer(painter, pairs_for(painter), FEW, between=(0.0, 0.01)))
    assert min(seen) >= 1, "at t = 0 nothing is hidden"


# The reward model ---------------------------------------------------------------------


def test_a_reward_model_learns_to_predict_votes_and_is_found_again(painter, tmp_path):
    pairs = pairs_for(painter)
    learned, held_out = pairs.part(torch.arange(16)), pairs.part(torch.arange(16, 24))
    settings = Settings(iterations=12, learning_rate=3e-3, precision="float32")
    trainer = reward_trainer(learned, settings, tmp_path / "reward", batch_size=8)
    losses(trainer)
    reward, card = load_reward(tmp_path / "reward")
    assert agreement(reward, held_out).float().mean() > 0.8
    assert card["votes"] == 16 and not reward.training
    drawn, asked, weights = weighed(held_out, reward)
    assert asked == pairs.asked and len(drawn) == len(weights)


def test_a_reward_is_one_number_a_picture_whatever_the_others_are():
    torch.manual_seed(0)
    reward = shaken(Reward(16)).eval()
    pictures = some(5, 3, 16, 16)
    torch.testing.assert_close(reward.of(pictures, 2), reward(pictures).detach())
    assert reward(pictures).shape == (5,)
    with pytest.raises(ValueError, match=r"pictures \(B, 3, 16, 16\)"):
        reward(some(5, 3, 32, 32))


def test_weights_are_shared_out_within_each_prompt():
    rewards, prompts = some(12), ["a"] * 4 + ["b"] * 8
    weights = reward_weights(rewards, prompts)
    assert weights[:4].mean() == pytest.approx(1) == weights[4:].mean()
    shifted = reward_weights(rewards + 9.0, prompts)
    torch.testing.assert_close(weights, shifted, rtol=1e-3, atol=1e-3)
    cold = reward_weights(rewards, prompts, temperature=0.01)
    assert cold[:4].max() == pytest.approx(4, abs=0.1)
    assert cold[:4].argmax() == rewards[:4].argmax()
    alike = reward_weights(torch.ones(12), prompts)
    torch.testing.assert_close(alike, torch.ones(12))


def test_pictures_of_weight_0_are_never_learned_from(painter):
    pairs = pairs_for(painter)
    weights = torch.zeros(len(pairs.asked))
    weights[3] = 1.0
    how = (painter, pairs.drawn, pairs.asked, weights, FEW)
    batch = weighted_trainer(*how).get_batch(0)
    assert (batch["x_0"] == pairs.drawn.x_0[3]).all()


def test_the_same_painter_is_changed_and_no_setting_is_lost(painter):
    own = replace(painter, rewrite=None)
    trainer = dpo_trainer(own, pairs_for(own), replace(FEW, iterations=1))
    losses(trainer)
    assert tuned(own, trainer).as_typed and not tuned(painter, trainer).as_typed
