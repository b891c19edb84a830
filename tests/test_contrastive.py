"""Pictures and texts in one space: the loss, the towers, and what comes of them."""

import math

import pytest
import torch
import torch.nn.functional as F

from course_lib.checkpoint import CheckpointError, load_weights, save_weights
from course_lib.networks.contrastive import (
    LARGEST_SCALE,
    ImageTextPair,
    Matcher,
    contrastive_loss,
    cosines,
    make_contrastive_loss,
)
from course_lib.networks.tokenizer import PAD, Tokenizer

TINY = dict(widths=(8, 8), width=16)
TEXT = dict(vocabulary=262, length=12, width=16, blocks=1, heads=2)


def tiny_pair() -> ImageTextPair:
    torch.manual_seed(0)
    return ImageTextPair(TEXT, **TINY).eval()


def tiny_matcher() -> Matcher:
    model, tokenizer = tiny_pair(), Tokenizer([(3 + 97, 3 + 98), (3, 4), (5, 6)])
    card = {"kind": "pair", "config": model.config, "merges": tokenizer.merges}
    return Matcher(model, tokenizer, card)


def pictures(n: int, size: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(n)
    return torch.rand(n, 3, size, size, generator=generator) * 2 - 1


# The loss -----------------------------------------------------------------------


def test_the_length_of_a_vector_does_not_matter():
    image_out, text_out = torch.randn(3, 8), torch.randn(5, 8)
    found = cosines(image_out, text_out)
    assert found.shape == (3, 5)
    torch.testing.assert_close(cosines(7 * image_out, 0.1 * text_out), found)
    expected = F.cosine_similarity(image_out[:, None], text_out[None], dim=2)
    torch.testing.assert_close(found, expected)


def test_cosines_keep_their_digits_under_autocast():
    image_out, text_out = torch.randn(9, 64), torch.randn(9, 64)
    with torch.autocast("cpu", torch.bfloat16):
        found = cosines(image_out, text_out)
    assert torch.equal(found, cosines(image_out, text_out))


def test_the_loss_is_the_mean_of_both_cross_entropies():
    table, logit_scale = torch.randn(6, 6), 3.0
    rows = torch.stack(
        [(logit_scale * row).softmax(0)[i] for i, row in enumerate(table)]
    )
    columns = torch.stack(
        [(logit_scale * table[:, i]).softmax(0)[i] for i in range(len(table))]
    )
    expected = -(rows.log().mean() + columns.log().mean()) / 2
    torch.testing.assert_close(contrastive_loss(table, logit_scale), expected)


def test_the_loss_does_not_care_which_side_is_which():
    table = torch.randn(5, 5)
    torch.testing.assert_close(
        contrastive_loss(table, 9.0), contrastive_loss(table.T, 9.0)
    )


def test_who_knows_nothing_pays_log_b_and_who_knows_all_pays_nothing():
    assert contrastive_loss(torch.zeros(8, 8), 100.0).item() == pytest.approx(
        math.log(8)
    )
    assert contrastive_loss(torch.eye(8), 100.0).item() == pytest.approx(0, abs=1e-6)
    assert contrastive_loss(1 - torch.eye(8), 100.0) > 50


# The towers ---------------------------------------------------------------------


def test_both_towers_end_in_unit_vectors_of_one_width():
    pair = tiny_pair()
    tokens = torch.tensor([[1, 50, 60, 2, PAD], [1, 2, PAD, PAD, PAD]])
    for vec in (pair.image_vec(pictures(2)), pair.text_vec(tokens)):
        assert vec.shape == (2, 16)
        torch.testing.assert_close(vec.norm(dim=1), torch.ones(2))


def test_padding_changes_nothing():
    pair, tokens = tiny_pair(), torch.tensor([[1, 50, 60, 2]])
    padded = F.pad(tokens, (0, 5), value=PAD)
    torch.testing.assert_close(pair.text_vec(padded), pair.text_vec(tokens))


def test_left_and_right_are_not_lost_on_the_way():
    """A mean over places would not tell a picture from its halves exchanged."""
    pair, picture = tiny_pair(), pictures(1)
    exchanged = picture.roll(16, dims=3)
    assert (pair.image_vec(picture) - pair.image_vec(exchanged)).abs().max() > 1e-3


def test_larger_pictures_are_averaged_down():
    pair, small = tiny_pair(), pictures(2)
    large = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(pair.image_vec(large), pair.image_vec(small))
    for wrong in (pictures(1, 48), pictures(1, 16), pictures(1)[..., :16]):
        with pytest.raises(ValueError, match="looks at pictures of 32x32"):
            pair.image_vec(wrong)


def test_the_logit_scale_is_never_above_its_largest():
    pair = tiny_pair()
    assert pair.logit_scale.item() == pytest.approx(1 / 0.07, rel=1e-5)
    with torch.no_grad():
        pair.log_scale.fill_(9.0)
    assert pair.logit_scale.item() == LARGEST_SCALE


def test_the_loss_reaches_every_weight():
    pair = tiny_pair()
    batch = {"x_0": pictures(4), "cond": torch.randint(3, 262, (4, 6))}
    optimizer = torch.optim.SGD(pair.parameters(), lr=0.1)
    for _ in range(2):  # the zeroed ends of blocks hold back what lies before them
        optimizer.zero_grad()
        make_contrastive_loss()(pair, batch).backward()
        optimizer.step()
    still = [
        n for n, p in pair.named_parameters() if p.grad is None or not p.grad.any()
    ]
    assert not still


def test_a_small_pair_learns_to_match_a_batch_by_heart():
    torch.manual_seed(0)
    pair = ImageTextPair(TEXT, **TINY)
    batch = {"x_0": pictures(8), "cond": torch.randint(3, 262, (8, 6))}
    optimizer = torch.optim.AdamW(pair.parameters(), lr=1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        loss = make_contrastive_loss()(pair, batch)
        loss.backward()
        optimizer.step()
    table, _ = pair(batch["x_0"], batch["cond"])
    assert table.argmax(1).tolist() == table.argmax(0).tolist() == list(range(8))
    assert loss < 0.5


# Ready for use ------------------------------------------------------------------


def test_what_was_saved_is_loaded_and_says_the_same(tmp_path):
    matcher = tiny_matcher()
    matcher.save_pretrained(tmp_path)
    again = Matcher.from_pretrained(tmp_path)
    score = matcher.score(pictures(2), ["abab", "cd"])
    torch.testing.assert_close(
        again.score(pictures(2), ["abab", "cd"]), score, atol=5e-3, rtol=0
    )


def test_a_score_does_not_depend_on_who_else_is_in_the_batch():
    matcher, texts = tiny_matcher(), ["a frog", "a much longer text", ""]
    together = matcher.score(pictures(3), texts)
    alone = torch.cat(
        [matcher.score(pictures(3)[i : i + 1], texts[i : i + 1]) for i in range(3)]
    )
    torch.testing.assert_close(together, alone)
    assert together.abs().max() <= 1


def test_chances_sum_to_one_and_the_largest_is_chosen():
    matcher, texts = tiny_matcher(), ["a", "b", "c"]
    chances = matcher.chances(pictures(4), texts)
    assert chances.shape == (4, 3)
    torch.testing.assert_close(chances.sum(1), torch.ones(4))
    assert torch.equal(matcher.choose(pictures(4), texts), chances.argmax(1))


def test_the_nearest_pictures_come_best_first():
    matcher = tiny_matcher()
    image_vec = matcher.see(pictures(10))
    found = matcher.nearest("abc", image_vec, k=4)
    scores = matcher.score(pictures(10), ["abc"] * 10)
    assert found.tolist() == scores.argsort(descending=True)[:4].tolist()


def test_capitals_and_spaces_say_nothing():
    matcher = tiny_matcher()
    torch.testing.assert_close(matcher.read(["A  Frog "]), matcher.read(["a frog"]))


@pytest.mark.parametrize("text", ["", "🐸", "лягушка", "\x00\x07", "frog " * 10_000])
def test_no_text_fails(text):
    assert tiny_matcher().read([text]).isfinite().all()


def test_bad_input_is_told_in_a_sentence():
    matcher = tiny_matcher()
    with pytest.raises(ValueError, match="must be a list of texts; got 'a frog'"):
        matcher.read("a frog")
    with pytest.raises(ValueError, match="There are no texts"):
        matcher.read([])
    with pytest.raises(ValueError, match="2 texts for 3 pictures"):
        matcher.score(pictures(3), ["a", "b"])
    with pytest.raises(ValueError, match="must be shaped"):
        matcher.see(pictures(1)[0])


def test_other_weights_are_refused_in_a_sentence(tmp_path):
    matcher = tiny_matcher()
    tensors = matcher.model.state_dict()
    card = {"kind": "judge", "config": {"answers": {"subject": 2}}}
    save_weights(tmp_path / "judge", tensors, card)
    with pytest.raises(CheckpointError, match="holds a judge, which does not compare"):
        Matcher.from_pretrained(tmp_path / "judge")
    save_weights(tmp_path / "other", tensors, matcher.card | {"merges": []})
    with pytest.raises(CheckpointError, match="belong to another tokenizer"):
        Matcher.from_pretrained(tmp_path / "other")


# What ships ---------------------------------------------------------------------


def test_the_shipped_pair_is_small_and_says_how_it_was_trained():
    tensors, card = load_weights("pair")
    assert sum(x.numel() for x in tensors.values()) < 1.5e6
    assert card["data"] == "critters" and card["caption_noise"] == 0
    assert card["iteration"] == card["settings"]["iterations"]
    assert "--what pair" in card["command"]
