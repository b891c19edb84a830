"""Drawing films: from words, from a first frame, between two; and judging them."""

import json
import sys
from pathlib import Path

import pytest
import torch
from test_film_training import a_film_painter
from test_layers import shaken

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import films as benchmark  # noqa: E402

from course_lib.checkpoint import save_weights  # noqa: E402
from course_lib.commands.films import ENDINGS  # noqa: E402
from course_lib.judging import motion  # noqa: E402
from course_lib.networks.film_judge import (  # noqa: E402
    OF_FILMS,
    OF_FRAMES,
    FilmJudge,
    load_film_judge,
)
from course_lib.painters.films import TextToFilm  # noqa: E402
from course_lib.pixels import read_picture  # noqa: E402

ASKED = ["a frog hops to the right", "a cat"]


@pytest.fixture
def draw(here) -> TextToFilm:
    torch.manual_seed(0)
    a_film_painter("films")
    return TextToFilm.from_pretrained("films")


@pytest.fixture
def at_home(here, draw):
    """A film painter and a film judge where the commands look for them, by folder."""
    judge = shaken(FilmJudge(32, (8, 8, 8)))
    card = dict(kind="film judge", config=judge.config)
    save_weights("film-judge", judge.state_dict(), card)
    return here


def picture(shade: float) -> torch.Tensor:
    return torch.full((3, 32, 32), shade)


# The painter ------------------------------------------------------------------------


def test_a_film_a_prompt(draw):
    films = draw(ASKED, steps=2)
    assert films.shape == (2, 3, 3, 32, 32) and films.abs().max() <= 1
    assert draw(ASKED[:1], steps=1, frames=5).shape[1] == 5


def test_a_film_does_not_depend_on_those_beside_it(draw):
    together, alone = draw(ASKED, steps=2, seed=4), draw(ASKED[:1], steps=2, seed=4)
    torch.testing.assert_close(together[:1], alone, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(alone, draw(ASKED[:1], steps=2, seed=5))


@pytest.mark.parametrize("sampler", ["ddim", "dpm_solver", "euler", "ddpm"])
def test_a_film_begins_and_ends_with_what_is_given(draw, sampler):
    ends = dict(first=picture(0.5), last=picture(-0.25))
    films = draw(ASKED, steps=3, sampler=sampler, **ends)
    torch.testing.assert_close(films[:, 0], picture(0.5).expand(2, 3, 32, 32))
    torch.testing.assert_close(films[:, -1], picture(-0.25).expand(2, 3, 32, 32))
    assert not torch.allclose(films[:, 1], films[:, 0])


def test_each_film_may_begin_with_a_picture_of_its_own(draw):
    firsts = torch.stack([picture(0.5), picture(0.0)])
    assert torch.allclose(draw(ASKED, steps=1, first=firsts)[:, 0], firsts)


def test_what_is_given_changes_the_other_frames(draw):
    one, other = (draw(ASKED[:1], steps=2, first=picture(x)) for x in (0.9, -0.9))
    assert not torch.allclose(one[:, 1:], other[:, 1:], atol=1e-3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (dict(frames=0), "1..64 frames"),
        (dict(first=torch.zeros(3, 16, 16)), r"shaped \(3, 32, 32\)"),
        (dict(first=torch.zeros(3, 3, 32, 32)), "2 films need as many"),
        (dict(sampler="magic"), "sampler must be one of"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw(ASKED, **options)


def test_it_is_saved_and_loaded(draw):
    draw.save_pretrained("copy")
    again = TextToFilm.from_pretrained("copy")
    films = [painter(ASKED, steps=1) for painter in (again, draw)]
    torch.testing.assert_close(*films, atol=0.02, rtol=0)


def test_the_picture_painter_inside_draws_pictures(draw):
    assert draw.pictures(["a frog"], steps=1).shape == (1, 3, 32, 32)


# The command ------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_film_becomes_a_file(cli, at_home, ending):
    how = f"--weights films --steps 1 --out a{ending}"
    code, out, err = cli(f"generate --film 'a frog hops to the right' {how}")
    assert (code, err) == (0, []) and Path(f"a{ending}").stat().st_size > 100
    assert "1 film in" in out[-1]


def test_a_film_begins_with_a_file_and_is_read_back(cli, at_home, monkeypatch):
    judge = load_film_judge("film-judge")
    monkeypatch.setattr("course_lib.networks.film_judge.load_film_judge", lambda: judge)
    assert cli("generate --film 'a frog' --weights films --steps 1 --out a.png")[0] == 0
    how = "--weights films --steps 1 --first a.png --last a.png --out b.gif --json"
    code, out, err = cli(f"generate --film 'a frog waves' {how}")
    facts = json.loads(out[-1])
    assert code == 0 and facts["frames"] == 3 and facts["right"] in ([True], [False])
    assert facts["seen"][0].keys() == {*OF_FRAMES, *OF_FILMS}


def test_without_a_judge_nothing_is_drawn_that_should_be_read_back(cli, at_home):
    how = "--weights films --steps 1 --out c.gif --json"
    code, _, err = cli(f"generate --film 'a frog waves' {how}")
    assert code == 2 and "no weights at 'film-judge'" in err[-1]
    assert not Path("c.gif").exists()


def test_a_prompt_without_a_motion_is_remarked_on(cli, at_home):
    how = "--weights films --steps 1 --out a.gif"
    assert "No motion" in cli(f"generate --film 'a red frog' {how}")[2][0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--out a.txt", "FILE.gif"),
        ("--out a.gif --n 65", "1..64"),
        ("--out a.gif --label frog", "either a prompt or"),
        ("--out a.gif --size 0 --space pixel", "and no --space or --size"),
        ("--out a.gif --as-typed --calls 4", "and no --as-typed or --calls"),
        ("--out a.gif --with x --sketch y", "and no --with or --sketch"),
        ("--out a.gif --mark 0 --sign k", "and no --mark or --sign"),
        ("--out a.gif --first missing.png", "missing.png cannot be opened"),
        ("--out a.gif --weights words", "which makes no films"),
    ],
)
def test_bad_input_gets_a_sentence(cli, at_home, words, options, sentence):
    weights = "" if "--weights" in options else "--weights films"
    code, out, err = cli(f"generate --film 'a frog' {weights} {options}")
    assert code == 2 and sentence in err[-1] and not Path("a.gif").exists()


def test_a_first_frame_needs_a_film(cli, at_home):
    code, _, err = cli("generate 'a frog' --first a.png --out b.png")
    assert code == 2 and "add --film" in err[-1]


# Judging -----------------------------------------------------------------------------


class Oracle:
    """A judge that knows the truth, but for what it is told to get wrong."""

    def __init__(self, prompts, **wrong):
        self.prompts, self.wrong = prompts, wrong

    def read(self, films):
        seen = {}
        for name in ("subject", "colour", "scene"):
            truth = self.prompts.factors[name][:, None].expand(films.shape[:2]).clone()
            truth[:, self.wrong.get(name, [])] += 1
            seen[name] = truth
        for name in ("motion", "direction"):
            seen[name] = self.prompts.factors[name] + self.wrong.get(name, 0)
        return seen


def test_real_films_are_right_in_everything():
    prompts = motion.film_prompts("seen", 12, 1_000_000, frames=4)
    right = motion.judged(prompts.real, prompts, Oracle(prompts))
    assert all(found.all() for found in right.values())


def test_one_wrong_frame_is_enough():
    prompts = motion.film_prompts("held out", 12, 1_000_000, frames=4)
    right = motion.judged(prompts.real, prompts, Oracle(prompts, colour=[2]))
    named = torch.tensor(["colour" in names for names in prompts.named])
    assert torch.equal(right["colour"], ~named)
    assert not right["same"].any() and right["motion"].all() and not right["all"].any()


def test_another_colour_in_all_frames_is_the_same_colour():
    prompts = motion.film_prompts("seen", 6, 1_000_000, frames=4)
    right = motion.judged(prompts.real, prompts, Oracle(prompts, colour=[0, 1, 2, 3]))
    assert right["same"].all()


def test_flicker_is_nought_for_stills_and_large_for_noise():
    still = torch.rand(2, 1, 3, 8, 8).expand(2, 5, 3, 8, 8)
    assert not motion.flicker(still).any() and not motion.still_flicker(still).any()
    fading = torch.linspace(-1, 1, 5)[None, :, None, None, None].expand(2, 5, 3, 8, 8)
    assert motion.flicker(fading).max() < 1e-5
    noise = torch.rand(2, 5, 3, 8, 8)
    assert (motion.flicker(noise) > 0.1).all()
    assert (motion.still_flicker(noise) < motion.flicker(noise)).all()
    with pytest.raises(ValueError, match="three frames"):
        motion.flicker(noise[:, :2])


def test_the_benchmark_measures_all_makers_and_carries_on(
    at_home, words, saved, capsys, monkeypatch
):
    tiny = "--n 2 --n-given 2 --weights ./films --judge ./film-judge"
    makers = ["--makers", "real", "frames apart", "first and last given"]
    arguments = [*tiny.split(), *makers, "--save", str(saved.file)]
    real_make = benchmark.make
    made = []

    def stopping(maker, *rest):
        made.append(maker)
        if len(made) == 3:
            raise KeyboardInterrupt
        return real_make(maker, *rest)

    monkeypatch.setattr(benchmark, "make", stopping)
    with pytest.raises(KeyboardInterrupt):
        benchmark.main(arguments)
    made.clear()
    made.extend(["so far", "so far", "so far"])  # it is not stopped again
    benchmark.main(arguments)
    assert len(made) - 3 == 2 * 3 - 2  # two were measured before
    names = saved.names()
    assert "real_seen_motion" in names and "frames_apart_held_out_same" in names
    assert not saved.file.with_suffix(".part.json").exists()


def test_read_back_from_a_strip_is_the_first_frame(cli, at_home):
    cli("generate --film 'a frog' --weights films --steps 1 --out a.png")
    assert read_picture("a.png", 32).shape == (3, 32, 32)
