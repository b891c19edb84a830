"""Networks that judge: what they answer, and the wear they are trained to bear."""

import pytest
import torch
import torch.nn.functional as F

from course_lib.checkpoint import save_weights
from course_lib.networks.judge import Judge, make_judge_loss, shared_judge
from course_lib.world.wear import cut_out, shifted, with_wear


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def get_batch(iteration: int) -> dict[str, torch.Tensor]:
    labels = torch.arange(8) % 3
    return {"x_0": noise(8, 3, 16, 16, seed=iteration), "subject": labels}


@pytest.mark.parametrize(("size", "widths"), [(32, (8, 16)), (64, (8, 8, 16))])
def test_every_question_gets_a_score_for_every_answer(size, widths):
    judge = Judge({"subject": 4, "colour": 9}, size, widths)
    scores = judge(noise(2, 3, size, size))
    assert {q: tuple(s.shape) for q, s in scores.items()} == {
        "subject": (2, 4),
        "colour": (2, 9),
    }
    assert judge.features(noise(2, 3, size, size)).shape == (2, 192)


def test_it_can_be_built_again_from_its_config():
    judge = Judge({"subject": 4}, 32, (8, 16))
    again = Judge(**judge.config)
    again.load_state_dict(judge.state_dict())


def test_the_answer_read_is_the_likeliest_whatever_the_batch():
    judge = Judge({"subject": 4}, 32, (8, 8)).eval()
    pictures = noise(5, 3, 32, 32)
    likeliest = judge(pictures)["subject"].argmax(1)
    assert torch.equal(judge.read(pictures)["subject"], likeliest)
    assert torch.equal(judge.read(pictures, batch_size=2)["subject"], likeliest)


def test_pictures_of_another_size_are_refused():
    judge = Judge({"subject": 4}, 32, (8, 8))
    for height, width in ((16, 16), (48, 48), (64, 32), (32, 64)):
        with pytest.raises(ValueError, match=rf"times as large; got \(1, 3, {height}"):
            judge(noise(1, 3, height, width))


def test_a_larger_picture_is_averaged_down_first():
    judge = Judge({"subject": 4}, 32, (8, 8)).eval()
    large = noise(2, 3, 64, 64)
    seen = judge(F.avg_pool2d(large, 2))["subject"]
    torch.testing.assert_close(judge(large)["subject"], seen)


def answering(scores: dict[str, torch.Tensor]):
    return lambda pictures: scores


def test_the_loss_is_the_mean_cross_entropy_of_the_questions():
    scores = {"subject": noise(8, 3), "colour": noise(8, 5, seed=1)}
    batch = get_batch(0) | {"colour": torch.arange(8) % 5}
    expected = [F.cross_entropy(s, batch[q]) for q, s in scores.items()]
    found = make_judge_loss()(answering(scores), batch)
    torch.testing.assert_close(found, sum(expected) / 2)


def test_what_is_not_asked_costs_nothing():
    scores = {"subject": noise(8, 3)}
    asked = torch.tensor([0, 1, -100, 2, -100, -100, 1, 0])
    there = asked != -100
    some = F.cross_entropy(scores["subject"][there], asked[there])
    loss = make_judge_loss()(answering(scores), {"x_0": None, "subject": asked})
    torch.testing.assert_close(loss, some)
    nobody = {"x_0": None, "subject": torch.full((8,), -100)}
    assert make_judge_loss()(answering(scores), nobody) == 0


def test_smoothing_punishes_too_much_certainty():
    sure = {"subject": 50 * F.one_hot(get_batch(0)["subject"], 3).float()}
    assert make_judge_loss()(answering(sure), get_batch(0)) < 1e-6
    assert make_judge_loss(smoothing=0.1)(answering(sure), get_batch(0)) > 1


def test_wear_depends_on_seed_and_iteration_alone():
    walked, jumped = (with_wear(get_batch, seed=3, cut=4) for _ in range(2))
    for i in range(4):
        last = walked(i)
    assert torch.equal(last["x_0"], jumped(3)["x_0"])
    assert not torch.equal(last["x_0"], with_wear(get_batch, seed=4, cut=4)(3)["x_0"])


def test_wear_leaves_answers_and_the_given_batch_alone():
    given = get_batch(0)
    before = given["x_0"].clone()
    worn = with_wear(lambda i: given)(0)
    assert torch.equal(given["x_0"], before)
    assert torch.equal(worn["subject"], given["subject"])
    assert worn["x_0"].abs().max() <= 1 and not torch.equal(worn["x_0"], before)


def test_without_wear_shift_and_cut_nothing_changes():
    plain = with_wear(get_batch, shift=0, wear=0.0)(0)
    assert torch.equal(plain["x_0"], get_batch(0)["x_0"])


def test_half_of_the_pictures_are_flipped_where_it_is_asked_for():
    flipped = 0
    for i in range(20):
        x_0 = with_wear(get_batch, flip=True, shift=0, wear=0.0)(i)["x_0"]
        for new, old in zip(x_0, get_batch(i)["x_0"], strict=True):
            assert torch.equal(new, old) or torch.equal(new, old.flip(2))
            flipped += torch.equal(new, old.flip(2))
    assert 50 < flipped < 110


def test_a_shift_moves_each_picture_a_little_and_repeats_the_border():
    x = noise(200, 3, 8, 8)
    moved = shifted(x, 2, torch.Generator().manual_seed(0))
    inside = [
        next(
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if torch.equal(
                new[:, 2:6, 2:6], old[:, 2 + down : 6 + down, 2 + right : 6 + right]
            )
        )
        for new, old in zip(moved, x, strict=True)
    ]
    assert len(set(inside)) == 25  # all of them, -2..2 each way
    flat = torch.ones(1, 3, 8, 8)
    assert torch.equal(shifted(flat, 2, torch.Generator()), flat)


def test_a_cut_is_a_grey_square_and_the_rest_stays():
    x = torch.ones(50, 3, 12, 12)
    cut = cut_out(x, 4, torch.Generator().manual_seed(0))
    holes = (cut == 0).all(1).flatten(1).sum(1)
    assert holes.max() == 16 and holes.min() >= 4  # at a border it sticks out
    assert set(cut.unique().tolist()) == {0.0, 1.0}
    assert cut_out(x, 0, torch.Generator()) is x


def test_a_judge_is_loaded_once_and_again_when_its_file_has_changed(tmp_path):
    judge = Judge({"subject": 4}, 32, (8, 8))
    card = {"kind": "judge", "config": judge.config}
    save_weights(tmp_path, judge.state_dict(), card)
    first = shared_judge(tmp_path)
    assert shared_judge(tmp_path) is first
    tensors = {name: x + 1 for name, x in judge.state_dict().items()}
    save_weights(tmp_path, tensors, card)
    assert (shared_judge(tmp_path).squeeze.bias - first.squeeze.bias).mean() > 0.9
