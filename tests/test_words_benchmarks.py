"""The benchmarks of the network that draws prompts run and say what they promise."""

import re
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import autoencoder_table  # noqa: E402
import copies  # noqa: E402
import editing_table  # noqa: E402
import guidance_interval  # noqa: E402
import guidance_scale  # noqa: E402
import hearing  # noqa: E402
import latent_against_pixels  # noqa: E402
import longer  # noqa: E402
import lying_captions  # noqa: E402
import new_prompts  # noqa: E402
import pull_on_and_off  # noqa: E402
import say_it_twice  # noqa: E402
import untaught  # noqa: E402
import which_error  # noqa: E402
import word_surgery  # noqa: E402
from test_recipes import small_critters  # noqa: E402

from course_lib.training import beginnings, recipes  # noqa: E402


def numbers(said: str) -> dict[str, float]:
    found = re.findall(r"^(\w[\w.]*)=(\S+)$", said, re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_hearing_closes_with_a_number_for_each_beginning(capsys, monkeypatch, saved):
    monkeypatch.setattr(hearing, "BATCHES", 1)
    hearing.main(["--iterations", "1", "--save", str(saved.file)])
    assert not saved.lacks("hearing")
    found = numbers(capsys.readouterr().out)
    assert len(found) == 3 and all(abs(share) < 1 for share in found.values())


def test_lying_captions_close_with_a_number_for_each_share(capsys, saved):
    tiny = ["--iterations", "1", "--n", "4"]
    lying_captions.main([*tiny, "--save", str(saved.file)])
    assert not saved.lacks("lying_captions")
    said = capsys.readouterr().out
    found = numbers(said)
    shares = ("right_0", "right_0.4", "right_0.8")
    assert set(shares) < set(found) and "colour_0.8" in found
    assert all(0 <= share <= 1 for share in found.values())
    assert all(f"| {share} |" in said for share in ("0%", "40%", "80%"))


@pytest.mark.parametrize("spoiled", [0.0, 0.8])
def test_it_carries_on_from_the_shipped_weights_with_spoiled_captions(spoiled):
    painter = lying_captions.carried_on(spoiled, 1)
    before = lying_captions.TextToImage.from_pretrained("words")
    for name, x in painter.model.state_dict().items():
        assert (x - before.model.state_dict()[name]).abs().max() < 0.01


def test_ways_of_guiding_are_compared_at_equal_calls(capsys, saved):
    tiny = ["--n", "2", "--weights", "words"]
    guidance_interval.main([*tiny, "--save", str(saved.file)])
    assert not saved.lacks("guidance_interval", but="latent")
    found = numbers(capsys.readouterr().out)
    assert len(found) == 2 * len(guidance_interval.ASKED)
    for way in guidance_interval.WAYS:
        assert guidance_interval.calls_of(way, 1000) == 20


def test_what_is_said_again_closes_with_a_number_for_each_combination(capsys, saved):
    tiny = ["--n", "2", "--times", "1", "2"]
    say_it_twice.main([*tiny, "--save", str(saved.file)])
    drawn = {name.rsplit("_said_")[0] for name in saved.names()}
    assert not saved.lacks("say_it_twice", but=f"_3$|^(?!{'|'.join(drawn)})")
    found = numbers(capsys.readouterr().out)
    once = {name.removesuffix("_said_1") for name in found if name.endswith("_said_1")}
    assert found.keys() == {f"{name}_said_{times}" for name in once for times in (1, 2)}
    assert len(once) >= 2 and all(0 <= share <= 1 for share in found.values())


def test_only_the_thing_is_said_again():
    said = say_it_twice.say_again("a cat with bear ears under an umbrella", "ears", 2)
    assert said == "a cat with bear ears bear ears under an umbrella"
    again = say_it_twice.say_again("in a top hat", "accessory", 3)
    assert again == "in a top hat hat hat"


@pytest.mark.parametrize("weights", ["words", "latent"])
def test_editing_closes_with_its_numbers(capsys, monkeypatch, weights, saved):
    for name in ("image_to_image", "inpaint"):  # 20 steps would take most of a minute
        short = partial(getattr(editing_table, name), steps=3)
        monkeypatch.setattr(editing_table, name, short)
    once = weights == "words"  # two pixels know nothing of weights
    parts = [part for part in editing_table.PARTS if once or part != "two pixels"]
    tiny = ["--n", "2", "--weights", weights, "--only", *parts]
    editing_table.main([*tiny, "--save", str(saved.file)])
    assert not saved.lacks(f"strengths_{weights}")
    assert not saved.lacks(f"editing_{weights}")
    assert not once or not saved.lacks("two_pixels")
    found = numbers(capsys.readouterr().out)
    assert found.keys() == {
        *("seam_drawn_whole", "seam_pasted_at_the_end", "seam_all_told"),
        *("seam_each_step_1_times", "seam_each_step_3_times"),
        *("seam_pulled_each_step_1_times", "seam_pulled_each_step_3_times"),
        *("kept_changed_by", "right_hat", "right_cat"),
    }
    assert found["kept_changed_by"] <= 1 / 255


def test_errors_close_with_three_numbers_each_and_a_sheet(
    capsys, monkeypatch, tmp_path, saved
):
    for module in (recipes, autoencoder_table):
        monkeypatch.setattr(module, "load_critters", small_critters)
    tiny = ["--iterations", "2", "--n", "9", "--out", str(tmp_path / "out")]
    which_error.main([*tiny, "--save", str(saved.file)])
    assert not saved.lacks("which_error")
    found = numbers(capsys.readouterr().out)
    measured = {"psnr", "edges", "alike"}
    assert found.keys() == {f"{x}_{row}" for x in measured for row in which_error.ROWS}
    assert len({found[f"psnr_{row}"] for row in which_error.ROWS}) == 3  # losses differ
    with Image.open(tmp_path / "out" / "which_error.png") as sheet:
        columns, rows = ((side - 2) // (2 * 64 + 2) for side in sheet.size)
    assert (columns, rows) == (8, 4)


def test_the_pull_closes_with_its_numbers(capsys, monkeypatch, saved):
    monkeypatch.setattr(pull_on_and_off, "load_critters", small_critters)
    tiny = ["--iterations", "1", "--n", "4"]
    pull_on_and_off.main([*tiny, "--save", str(saved.file)])
    assert not saved.lacks("pull_on_and_off")
    found = numbers(capsys.readouterr().out)
    assert len(found) == 3 * len(pull_on_and_off.ROWS) - 1  # a point has no cloud


def test_a_picture_is_as_sharp_as_itself_and_sharper_than_when_blurred():
    x_0, _ = autoencoder_table.critters(4)
    blurred = torch.nn.functional.avg_pool2d(x_0, 3, stride=1, padding=1)
    assert which_error.steepness(blurred) < 0.8 * which_error.steepness(x_0)
    assert which_error.read_alike(x_0, x_0).value == 1
    stripes = torch.tensor([-1.0, 1.0]).repeat(8).expand(1, 3, 16, 16)
    assert which_error.steepness(stripes) == 1  # 2 across, 0 down


def test_latents_are_measured_against_pixels(capsys, monkeypatch, tmp_path, saved):
    for place in (recipes, beginnings):
        monkeypatch.setattr(place, "load_critters", small_critters)
    monkeypatch.setattr(latent_against_pixels, "peak_gib", lambda *how: 1.0)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    tiny = "--minutes 0.0001 --n 4 --steps 1 --batch 2 --widths 8,16"
    places = ["--out", str(tmp_path / "out"), "--save", str(saved.file)]
    latent_against_pixels.main([*tiny.split(), *places])
    assert not saved.lacks("latent_against_pixels")
    found = numbers(capsys.readouterr().out)
    assert 0 < found["flops_ratio"] < 0.5  # the latent's share of the pixels' work
    assert found.keys() == {
        *("flops_ratio", "floor", "above_floor_pixel", "above_floor_latent"),
        "above_floor_there_and_back",
        *("right_pixel", "right_latent"),
    }


def test_a_prompt_cut_in_two_closes_with_a_share_for_each_cut(
    capsys, monkeypatch, saved
):
    monkeypatch.setattr(word_surgery, "STEPS", 2)
    word_surgery.main(["--n", "2", "--save", str(saved.file)])
    assert not saved.lacks("word_surgery")
    found = numbers(capsys.readouterr().out)
    assert found and all(0 <= share <= 1 for share in found.values())


def test_prompts_that_are_switched_differ_in_all_that_is_counted():
    chosen = word_surgery.pairs(5, word_surgery.WHOLE, lambda f: f["size"] == "small")
    for first, second in chosen:
        assert all(first[name] != second[name] for name in word_surgery.WHOLE)


@pytest.mark.parametrize("factor", word_surgery.REPLACED)
def test_a_word_that_is_taken_out_leaves_the_rest_of_the_prompt(factor):
    told, rest, wanted = word_surgery.with_and_without(factor, 5)
    assert len(told) == len(rest) == len(wanted) == 5
    for with_it, without in zip(told, rest, strict=True):
        assert with_it != without
        cut = set(without.split()) - set(with_it.split())
        assert not cut if not word_surgery.REPLACED[factor] else len(cut) <= 3


def test_what_no_caption_said_is_counted(capsys, saved):
    untaught.main(["--n", "4", "--save", str(saved.file)])
    assert not saved.lacks("untaught")
    found = numbers(capsys.readouterr().out)
    for prompt in untaught.COUNTED:
        key = untaught.re.sub(r"[ ,:]+", "_", f"counting, {prompt}: ")
        shares = [share for name, share in found.items() if name.startswith(key)]
        assert any(abs(sum(shares[i : i + 3]) - 1) < 1e-6 for i in range(len(shares)))


def test_pushing_harder_closes_with_a_share_for_each_scale(capsys, saved):
    guidance_scale.main(["--n", "2", "--save", str(saved.file)])
    assert not saved.lacks("guidance_scale")
    found = numbers(capsys.readouterr().out)
    assert len(found) == len(guidance_scale.SCALES) + 1


def test_loud_is_what_stands_at_an_end_of_the_scale():
    half = torch.tensor([1.0, -1.0, 0.5, -0.9])
    assert guidance_scale.loud(half) == 0.5


def test_new_prompts_are_judged_by_both_judges(capsys, saved):
    new_prompts.main(["--n", "2", "--save", str(saved.file)])
    assert not saved.lacks("new_prompts")
    found = numbers(capsys.readouterr().out)
    assert len(found) == len(new_prompts.ASKED)


def test_the_parts_of_a_long_training_are_added_up():
    cards = [dict(iteration=n) for n in (1500, 6613, 2000, 6000)]
    assert longer.iterations_of(cards) == [1500, 6613, 8613, 12613]


def test_a_copier_is_found_among_those_who_draw(capsys, monkeypatch, saved):
    monkeypatch.setattr(copies, "load_critters", small_critters)
    copies.main(["--n", "4", "--save", str(saved.file)])
    assert not saved.lacks("copies")
    found = numbers(capsys.readouterr().out)
    assert found["near_copies"] == 1 and found["near_fresh"] <= 0.5
