"""Best of n: of several pictures of a prompt, the one that the judges like best."""

import json

import pytest
import torch

from course_lib.judging import choosing
from course_lib.judging.choosing import best_of, check_choice, liking
from course_lib.judging.fidelity import prompts_of
from course_lib.painters.provenance import notes_in


def pictures_by_seed(scores):
    """draw(seed=...), whose pictures are as good as scores[seed] says."""
    return lambda seed: torch.tensor(scores[seed]).view(-1, 1, 1, 1).repeat(1, 3, 2, 2)


def test_of_each_prompt_the_best_is_kept_and_the_first_of_equals(monkeypatch):
    monkeypatch.setattr(choosing, "liking", lambda pictures, _: pictures[:, 0, 0, 0])
    draw = pictures_by_seed({7: [0.5, 0.1], 8: [0.2, 0.9], 9: [0.5, 0.3]})
    best, seeds = best_of(draw, ["a cat", "a frog"], range(7, 10))
    assert seeds == [7, 8] and best[:, 0, 0, 0].tolist() == pytest.approx([0.5, 0.9])


def test_what_was_asked_for_counts_more_than_a_clean_picture():
    prompts = prompts_of("one animal", 8, world=1_000_000, size=64)
    noisy = prompts.real + 0.4 * torch.randn(
        prompts.real.shape, generator=torch.Generator().manual_seed(0)
    )
    good, broken = (liking(some, prompts.texts) for some in (prompts.real, noisy))
    other = liking(prompts.real, ["two birds, purple, in the snow"] * 8)
    assert (good > 1).all() and (good > broken).all() and (other < 1).all()


def test_a_choice_that_cannot_be_made_is_refused():
    check_choice(1, (48, 96), additions=True)  # no choice: no judge is asked
    for pick, size, more, words in (
        (0, (64, 64), False, "must lie in 1..64; got 0"),
        (65, (64, 64), False, "must lie in 1..64; got 65"),
        (2, (64, 96), False, "these are 64x96"),
        (2, (64, 64), True, "what --with adds"),
    ):
        with pytest.raises(ValueError, match=words):
            check_choice(pick, size, more)


def test_the_picture_that_is_kept_is_the_one_of_its_seed(cli, here, words, capsys):
    how = "generate 'a red cat' --space pixel --steps 2 --seed 3"
    code, out, err = cli(f"{how} --pick 3 --out best.png --json")
    assert code == 0, err
    [seed] = json.loads(out[-1])["seeds"]
    assert seed in (3, 4, 5) and notes_in(here / "best.png")["seed"] == seed
    again = how.replace("--seed 3", f"--seed {seed}")
    assert cli(f"{again} --out same.png")[0] == 0
    assert (here / "best.png").read_bytes() == (here / "same.png").read_bytes()


def test_a_label_is_not_chosen_from(cli):
    code, _, err = cli("generate --label frog --pick 2 --out f.png")
    assert code == 2 and "--pick need a prompt" in err[-1]
