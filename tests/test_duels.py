"""The pictures of duels: those that `generate` draws, each drawn once."""

from dataclasses import replace

import pytest
import torch
from test_latents import make_autoencoder
from test_pipeline_text import make_painter

from course_lib.diffusion.guidance import Way
from course_lib.networks.autoencoder import encoder_digest
from course_lib.painters.painter import WITH_CHANCE
from course_lib.pixels import to_bytes
from course_lib.training import duels
from course_lib.training.duels import (
    draw_duels,
    draw_made,
    draw_once,
    draw_twins,
    pairs_of,
)
from course_lib.training.votes import Duel, Made, Vote, VoteError, name_of

WAY = Way(2.0, 2)
MADE = [Made("a frog on stilts", 4), Made("a cat", 9), Made("a cat", 4)]


@pytest.fixture(params=["pixels", "latents"])
def painter(request, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    if request.param == "pixels":
        return make_painter()
    coder, painter = make_autoencoder(seed=0), make_painter(channels=2)
    space = dict(autoencoder="autoencoder", latent_scale=0.5)
    space |= dict(encoder_sha256=encoder_digest(coder))
    return replace(painter, card=painter.card | space, autoencoder=coder)


@pytest.fixture
def counted(monkeypatch):
    """What is really drawn, and does not come from the cache."""
    drawn = []

    def draw(painter, made_from, *rest):
        drawn.extend(made_from)
        return draw_from(painter, made_from, *rest)

    draw_from = duels.draw_from
    monkeypatch.setattr(duels, "draw_from", draw)
    return drawn


def test_a_picture_of_a_vote_is_what_generate_draws_from_its_seed(painter):
    drawn = draw_once(painter, MADE, WAY)
    for made, latent, picture in zip(MADE, drawn.x_0, drawn.pictures, strict=True):
        how = dict(steps=2, guidance_scale=2.0, sampler=WAY.sampler, seed=made.seed)
        alone = painter([made.text], **how)
        assert (picture - alone[0]).abs().max() <= 2 / 255
        *_, last = painter.trace([made.text], **how)
        torch.testing.assert_close(latent, last.x_0_hat[0])


def test_each_picture_is_drawn_once_for_ever(painter, counted):
    first = draw_once(painter, MADE + MADE, WAY)
    assert first.made_from == MADE and counted == MADE
    new = Made("a frog", 1)
    again = draw_once(painter, [MADE[2], new, MADE[0]], WAY)
    assert counted == [*MADE, new]
    assert torch.equal(again.bytes[[2, 0]], first.bytes[[0, 2]])
    assert torch.equal(again.x_0[[2, 0]], first.x_0[[0, 2]])


def test_twins_are_nearer_to_each_other_than_to_strangers(painter, counted):
    plain = Made("a cat", 9)
    alike = [plain._replace(twin=i) for i in (1, 2, 3)]
    drawn = draw_once(painter, [*alike, Made("a cat", 4)], WAY)
    assert counted == [plain, Made("a cat", 4), *alike], "first whose twins they are"
    one, two, three, stranger = drawn.x_0
    near = (one - two).square().mean()
    assert 0 < near < (one - stranger).square().mean() / 2
    assert not torch.equal(two, three)
    again = draw_once(painter, [alike[1]], WAY)
    assert torch.equal(again.x_0[0], two) and len(counted) == 5


def test_another_way_and_other_weights_are_other_pictures(painter, counted):
    first = draw_once(painter, MADE[:1], WAY)
    assert not torch.equal(draw_once(painter, MADE[:1], Way(1.0, 3)).x_0, first.x_0)
    with torch.no_grad():
        next(iter(painter.model.unet.parameters())).add_(0.5)
    assert not torch.equal(draw_once(painter, MADE[:1], WAY).x_0, first.x_0)
    assert len(counted) == 3


def test_a_damaged_cache_costs_time_and_nothing_else(painter, counted, tmp_path):
    first = draw_once(painter, MADE[:1], WAY)
    (file,) = tmp_path.glob("duels-*.safetensors")
    file.write_bytes(file.read_bytes()[:-9])
    assert torch.equal(draw_once(painter, MADE[:1], WAY).bytes, first.bytes)
    assert len(counted) == 2


def test_winner_and_loser_are_the_pictures_that_were_voted_on(painter):
    own = dict(who="me", painter=name_of(painter), way=WAY)
    plain = Duel("a cat", (9, 4))
    hat = Duel("a cat", (1, 2), ("a cat", "a cat with a hat"))
    pairs = pairs_of([Vote(plain, 1, **own), Vote(hat, 1, **own)], painter)
    made = pairs.drawn.made_from
    assert [made[i][:2] for i in pairs.winner] == [
        ("a cat", 4),
        ("a cat with a hat", 2),
    ]
    assert [made[i][:2] for i in pairs.loser] == [("a cat", 9), ("a cat", 1)]
    assert pairs.prompts == ["a cat"] * 2 and pairs.asked == ["a cat"] * 4
    second = pairs.part(torch.tensor([1]))
    assert len(second) == 1 and second.winner.tolist() == pairs.winner[1:].tolist()
    both = draw_duels(painter, [plain, hat], WAY).of(plain)
    assert torch.equal(both[1], pairs.drawn.pictures[pairs.winner[0]])


def test_votes_of_two_settings_are_refused(painter):
    vote = Vote(Duel("a cat", (1, 2)), 0, "me", name_of(painter), WAY)
    with pytest.raises(VoteError, match="2 different settings"):
        pairs_of([vote, replace(vote, way=Way(1.0, 2))], painter)
    with pytest.raises(VoteError, match="no vote to learn from"):
        pairs_of([], painter)


@pytest.mark.parametrize("sampler", WITH_CHANCE)
def test_fresh_noise_is_that_of_the_picture_in_any_batch(painter, sampler):
    way = replace(WAY, sampler=sampler)
    alone, _ = draw_made(painter, MADE[1:2], way)
    together, bytes = draw_made(painter, MADE, way)
    assert torch.allclose(alone[0], together[1], atol=1e-5)
    usual = painter(
        [MADE[0].text], way.steps, way.guidance_scale, MADE[0].seed, sampler=sampler
    )
    assert torch.equal(bytes[:1], to_bytes(usual))
    twins, _ = draw_twins(painter, [MADE[0]._replace(twin=1)], way, together[:1])
    assert not torch.equal(twins, together[:1])
