"""A training that is watched is the same training, and says how long it takes."""

import random

import pytest
import torch
from torch import nn

from course_lib.figures import watching
from course_lib.figures.figure import publish
from course_lib.figures.watching import watch
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer


class Screen(watching.Notebook):
    """Keeps what was shown, in order: (place, words or page)."""

    def __init__(self):
        self.shown = []

    def line(self, words, iteration, total):
        self.shown.append(("line", words))

    def pictures(self, page):
        self.shown.append(("pictures", page))

    def lines(self):
        return [words for place, words in self.shown if place == "line"]

    def pages(self):
        return [page for place, page in self.shown if place == "pictures"]


@pytest.fixture
def clock(monkeypatch):
    """A clock that the tests move."""

    class Clock:
        now = 100.0

        def perf_counter(self):
            return self.now

    monkeypatch.setattr(watching, "time", Clock())
    monkeypatch.setenv("COURSE_PROFILE", "laptop")
    return watching.time


@pytest.fixture
def screen(monkeypatch):
    shown = Screen()
    monkeypatch.setattr(watching, "screen", lambda: shown)
    return shown


def training(iterations, clock=None, seconds=1.0):
    for iteration in range(1, iterations + 1):
        if clock is not None:
            clock.now += seconds
        yield iteration, 1 / iteration


def frog():
    publish("<p>a frog</p>", "a frog")


# What comes through ---------------------------------------------------------------


def test_what_the_training_yields_comes_through(screen):
    assert list(watch(training(5), total=5)) == list(training(5))


def test_a_loss_alone_is_counted(screen):
    assert list(watch([0.5, torch.tensor(0.25)], total=2)) == [0.5, torch.tensor(0.25)]
    assert screen.lines() == ["iteration 2 of 2, loss 0.25."]


def test_the_librarys_trainer_is_watched_the_same_way(screen):
    def loss_fn(model, batch):
        return model(batch["x"]).square().mean()

    def get_batch(iteration):
        return {"x": torch.ones(2, 1)}

    trainer = Trainer(nn.Linear(1, 1), loss_fn, get_batch, Settings(iterations=4))
    steps = [step.iteration for step in watch(trainer.run(), total=trainer.last)]
    assert steps == [1, 2, 3, 4]
    assert screen.lines() == [f"iteration 4 of 4, loss {trainer.losses[-1]:.3g}."]


def test_pictures_leave_chance_as_it_was(screen, clock):
    def draw():
        torch.rand(3), random.random()

    def dice(picture):
        torch.manual_seed(0), random.seed(0)
        steps = watch(training(9, clock), total=9, picture=picture, every=1)
        return [(torch.rand(1).item(), random.random()) for _ in steps]

    assert dice(draw) == dice(None)
    assert len(screen.pages()) > 2


# What is shown --------------------------------------------------------------------


def test_in_smoke_the_last_state_is_shown_once_and_no_times(screen):
    list(watch(training(50), total=50, picture=frog, name="distance"))
    (first, words), (second, page) = screen.shown
    assert (first, second) == ("line", "pictures")
    assert words == "iteration 50 of 50, distance 0.02."
    assert 'alt="The distance up to iteration 50' in page
    assert page.endswith("<p>a frog</p>")


def test_it_says_beforehand_how_long_it_takes_here(screen, clock):
    list(watch(training(80, clock), total=80))
    assert screen.lines()[0] == "Timing the first iterations."
    after_six = "iteration 6 of 80, loss 0.167, about 74 seconds left"
    assert screen.lines()[1] == f"{after_six}; it takes about 80 seconds here"
    assert screen.lines()[-1] == "iteration 80 of 80, loss 0.0125, 80 seconds."


def test_no_forecast_comes_from_less_than_a_second(screen, clock):
    def quick():
        for iteration in range(1, 1001):
            clock.now += 0.2 if iteration < 7 else 0.02
            yield iteration, 1.0

    list(watch(quick(), total=1000))
    told = screen.lines()[1]
    assert told.startswith("iteration 27 of 1,000") and "about 41 seconds left" in told


def test_a_training_that_was_carried_on_counts_its_own_iterations(screen, clock):
    steps = ((70 + iteration, loss) for iteration, loss in training(10, clock))
    list(watch(steps, total=80))
    assert screen.lines()[1].startswith("iteration 76 of 80, loss 0.167, about 4 sec")


def test_drawing_costs_a_tenth_of_the_time_at_most_and_its_cost_is_said(screen, clock):
    def slow():
        clock.now += 3

    list(watch(training(200, clock), total=200, picture=slow))
    pictures = len(screen.pages())
    assert 5 <= pictures <= 8  # 200 / 30, and the last
    assert f"{3 * pictures} seconds of them for drawing." in screen.lines()[-1]


def test_cheap_pictures_are_about_twenty(screen, clock):
    list(watch(training(2000, clock), total=2000, picture=frog))
    assert 18 <= len(screen.pages()) <= 22


def test_every_so_many_iterations_if_it_is_said(screen, clock):
    list(watch(training(40, clock), total=40, picture=frog, every=10))
    assert len(screen.pages()) == 5  # four, and the last state


def test_a_picture_may_fail_and_that_is_seen_at_once(screen, clock):
    def broken():
        raise ValueError("no such frog")

    with pytest.raises(ValueError, match="no such frog"):
        list(watch(training(40, clock), total=40, picture=broken))


def test_nothing_is_shown_of_no_iterations(screen):
    assert list(watch([], total=0)) == []
    assert screen.shown == []


# Stopped --------------------------------------------------------------------------


def test_stopped_it_keeps_what_was_reached_and_the_cell_goes_on(screen, clock):
    def interrupted():
        yield from training(7, clock)
        raise KeyboardInterrupt

    seen = [iteration for iteration, _ in watch(interrupted(), total=50, picture=frog)]
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert "iteration 7 of 50" in screen.lines()[-1]
    assert "Run the cell again" in screen.lines()[-1]
    assert screen.shown[-2][0] == "pictures"


def test_left_early_it_shows_the_last_state_and_closes_the_training(screen):
    closed = []

    def steps():
        try:
            yield from training(50)
        finally:
            closed.append(True)

    for iteration, _ in watch(steps(), total=50):
        if iteration == 20:
            break
    assert closed and screen.lines() == ["iteration 20 of 50, loss 0.05."]


# Where ----------------------------------------------------------------------------


def test_without_a_notebook_it_is_some_lines(capsys, clock):
    list(watch(training(300, clock), total=300, picture=frog))
    lines = capsys.readouterr().out.splitlines()
    assert 10 <= len(lines) <= 13
    assert lines[-1] == "iteration 300 of 300, loss 0.00333, 5 minutes."


def test_in_a_notebook_two_places_are_written_anew(monkeypatch):
    class Place:
        def update(self, bundle, raw):
            written.append(bundle["text/plain"])

    def display(bundle, raw, display_id):
        made.append(bundle["text/html"])
        return Place()

    made, written = [], []
    monkeypatch.setattr(watching, "display", display)
    notebook = watching.Notebook()
    notebook.line("a < b", 1, 9)
    notebook.pictures("<p>a frog</p>")
    notebook.line("b", 2, 9)
    assert made == [
        '<div><progress max="9" value="1"></progress> a &lt; b</div>',
        "<p>a frog</p>",
    ]
    assert written == ["b"]
