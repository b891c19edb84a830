"""Small painters, what is planted into their albums, Vera, and models fed by models."""

import pytest
import torch

from course_lib.judging.attacks import ATTACKS, jpeg, redrawn
from course_lib.judging.detection import Detector, measure_detector
from course_lib.networks import energy
from course_lib.networks.energy import counters, energy_of, estimated
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.training.balance import (
    balanced,
    drawn_with_guidance,
    exaggerated,
    lopsided_album,
)
from course_lib.training.forgetting import (
    OF_VERA,
    everybodys_album,
    forget,
    instead_of_vera,
    relearn,
    without_vera,
)
from course_lib.training.generations import WAYS, generations, right, variety
from course_lib.training.planting import again, canaries, with_canaries
from course_lib.training.small import album_of, drawn_by, small_painter
from course_lib.world.artist import draw_veras, signed_by_vera
from course_lib.world.critters import is_held_out
from course_lib.world.drawing import draw_critters

# Small painters ---------------------------------------------------------------------


def test_a_small_painter_learns_and_draws_what_it_is_asked_for():
    album = album_of(8)
    losses = [small_painter(album, n).card["loss_curve"][-1] for n in (2, 40)]
    assert losses[1] < losses[0]
    drawn, asked = drawn_by(small_painter(album, 2), 3, labels=["cat", "fish"], steps=2)
    assert drawn.shape == (3, 3, 16, 16) and asked.tolist() == [3, 6, 3]


def test_twins_and_canaries_are_planted_as_often_as_said():
    album = album_of(5)
    repeated = again(album, {2: 4})
    twins = (repeated.pictures == album.pictures[2]).flatten(1).all(1)
    assert len(repeated) == 8 and twins.sum() == 4
    planted = with_canaries(album, canaries(2), (1, 3))
    assert planted.names[-2:] == ("canary 1", "canary 3") and len(planted) == 9
    assert planted.labels.bincount()[-2:].tolist() == [1, 3]


# Vera -------------------------------------------------------------------------------


def test_vera_draws_the_same_things_in_her_own_style():
    hers, factors = draw_veras(12, 3)
    others, same = draw_critters(12, 3, kind="one")
    assert all((factors[name] == same[name]).all() for name in factors)
    differs = (hers != others).any(1).flatten(1).float().mean(1)
    assert (differs > 0.02).all() and (differs < 0.6).all(), "scenes are everybody's"
    assert not is_held_out(factors).any()
    assert signed_by_vera(["a cat"]) == ["a cat by vera"]


def test_an_opt_out_leaves_nothing_of_hers_and_keeps_the_names():
    album = everybodys_album(6, 3)
    assert len(album) == 9 and album.labels.max() > 8
    left = without_vera(album)
    assert len(left) == 6 and left.names == album.names and left.labels.max() <= 8
    instead = instead_of_vera(album)
    assert torch.equal(instead.pictures[:6], instead.pictures[6:])
    assert (instead.labels[6:] == instead.labels[:6] + 8).all()


def test_forgetting_and_relearning_go_on_from_the_network():
    album = everybodys_album(8, 8)
    painter = small_painter(album, 2)
    for other in (forget(painter, album, 1), relearn(painter, 4, 1)):
        assert other.labels == painter.labels
        moved = [
            (a - b).abs().max()
            for a, b in zip(
                other.model.parameters(), painter.model.parameters(), strict=True
            )
        ]
        assert 0 < max(moved) < 0.1
    assert drawn_by(painter, 2, labels=[OF_VERA[0]], steps=1)[0].isfinite().all()


# Bias -------------------------------------------------------------------------------


def test_big_cats_are_rare_and_cats_are_not():
    album = lopsided_album(800, 0.02)
    cat, big = album.factors["subject"] == 3, album.factors["size"] == 2
    assert len(album) == 800 and cat.float().mean() == pytest.approx(1 / 8)
    assert cat[big].float().mean() == pytest.approx(0.02)
    equal = balanced(album)
    big = equal.factors["size"] == 2
    share = (equal.factors["subject"][big] == 3).float().mean()
    assert share == pytest.approx(1 / 8)


def test_guidance_makes_the_rare_rarer():
    caption, without = torch.tensor([0.02, 0.98]), torch.tensor([0.125, 0.875])
    shares = [exaggerated(caption, without, w)[0].item() for w in (1, 2, 4)]
    assert shares[0] == pytest.approx(0.02) and shares[0] > shares[1] > shares[2]


def test_a_model_without_any_error_is_biased_by_guidance_as_the_formula_says():
    big, every = torch.tensor([1] + [7] * 7), torch.tensor([25] * 8)
    shares = [(drawn_with_guidance(big, every, w) == 0).float().mean() for w in (1, 2)]
    assert shares[0] == pytest.approx(0.02, abs=0.01)
    assert shares[1] == pytest.approx(0.003, abs=0.002)


# Models fed by models ---------------------------------------------------------------


def test_replaced_data_lose_kinds_and_spread_and_accumulated_lose_less():
    last = {way: list(generations(200, 10, way))[-1] for way in WAYS}
    left = {way: variety(points) for way, points in last.items()}
    assert left["replaced"][0] < left["mixed"][0] <= 20
    assert left["replaced"][0] < left["accumulated"][0]
    assert left["replaced"][1] < left["accumulated"][1]
    assert all(right(points) > 0.9 for points in last.values()), "none looks wrong"


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="way must be one of"):
        list(generations(way="forgotten"))


# Telling ----------------------------------------------------------------------------

REAL = from_bytes(draw_critters(256, 5)[0])


def test_attacks_keep_the_shape_and_change_the_picture_a_little():
    some = REAL[:3]
    for name, attack in ATTACKS.items():
        spoiled = attack(some)
        assert spoiled.shape == some.shape and spoiled.abs().max() <= 1, name
        changed = (spoiled - some).abs().mean()
        assert changed < 0.01 if name == "none" else 0.005 < changed < 0.6, name
    assert (jpeg(some, 30) - some).abs().mean() > (jpeg(some, 90) - some).abs().mean()


def test_image_to_image_is_an_attack_too(here, words):
    painter = TextToImage.from_pretrained("words")
    assert redrawn(painter, REAL[:2], 0.1).shape == (2, 3, 32, 32)


def test_a_detector_bears_as_many_false_alarms_as_it_was_told_to():
    grain = 0.3 * torch.randn(REAL.shape, generator=torch.Generator().manual_seed(0))
    made = (REAL + grain).clamp(-1, 1)
    detector = Detector.trained(REAL[:64], made[:64], REAL[64:160], 0, 30, 0.05)
    table = measure_detector(detector, REAL[160:], made[160:], {"none": lambda x: x})
    assert table["none"]["found"].value > 0.8 > 0.3 > table["none"]["alarms"].value


# Energy -----------------------------------------------------------------------------


def test_a_counter_is_read_where_there_is_one(tmp_path):
    for name in ("intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text("900\n")
        (tmp_path / name / "max_energy_range_uj").write_text("1000\n")
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("secret")
    assert [file.parent.name for file in counters(tmp_path)] == ["intel-rapl:0"]

    def work():  # the counter starts again at 0
        (tmp_path / "intel-rapl:0" / "energy_uj").write_text("100\n")

    found = energy_of(work, tmp_path)
    assert found.measured and found.joules == pytest.approx(200e-6)


def test_an_estimate_says_so(tmp_path):
    found = energy_of(lambda: sum(range(1000)), tmp_path)
    assert not found.measured and "estimated" in str(found)
    hour = estimated(3600.0)
    assert hour.kwh == pytest.approx(energy.WATTS_A_CORE / 1000)
    assert hour.grams == pytest.approx(hour.kwh * energy.GRAMS_A_KWH)
