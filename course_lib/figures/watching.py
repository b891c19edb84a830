"""Watch a training live: how long it takes, its loss curve, and its pictures.

    for iteration, loss in watch(training(model), total=2000, picture=draw):
        losses.append(loss)

`draw` takes no argument and shows a figure, as `show_pictures` does. The library's
trainer works the same way:

    for progress in watch(trainer.run(), total=trainer.last, picture=draw):
        pass
    model = trainer.averaged_model()
"""

import html
import random
import time
from collections.abc import Callable, Iterable, Iterator

import torch
from IPython import get_ipython
from IPython.display import display

from course_lib.device import in_words, profile
from course_lib.figures.figure import collected, panels
from course_lib.figures.plots import line_look, numbers, running_mean

WARM_UP = 3  # iterations before the first timed one, while caches fill
TIMED_S = 1.0  # before the first forecast: three quick iterations tell nothing
LINE_EVERY_S = 0.5  # how often the line with the numbers is rewritten
SHARE = 0.1  # of the time goes into pictures, at most
PAUSE_S = 1.5  # between two pictures, at least
PICTURES = 20  # in all, at most
LINES = 10  # in a terminal, about


def watch(
    steps: Iterable,
    total: int,
    picture: Callable[[], None] | None = None,
    every: int | None = None,
    name: str = "loss",
) -> Iterator:
    """Yield what a training yields, and show under the cell how it is doing.

    Once a few iterations are timed, a line says how long all of them will take here.
    The curve and the picture are redrawn while it runs, in at most a tenth of the time,
    and stay when it is over; the line says how long the drawing took. The stop button
    ends the loop, not the cell: progress is kept, and the cell can be run again. With
    COURSE_PROFILE=smoke only the last state is shown, without times. The cell needs the
    tag nbval-ignore-output.

    Args:
        steps: yields (iteration, loss), a `Progress`, or only the loss
        total: the number of the last iteration
        picture: shows a figure of the current state; the random state is restored
        every: draw at every n-th iteration; by default as often as its cost allows
        name: what the numbers are, for the axis and the line
    """
    watcher = Watcher(total, picture, every, name, screen())
    try:
        for step in steps:
            watcher.saw(*iteration_and_loss(step, watcher.iteration))
            yield step
    # Somebody stopped it on purpose. An error would keep the rest of the cell from
    # running, and the next cells would miss its names.
    except KeyboardInterrupt:
        watcher.stopped = True
    finally:
        # If the stop came during a drawing, the training is still waiting; a trainer
        # saves when closed.
        getattr(steps, "close", lambda: None)()
        watcher.end()


def iteration_and_loss(step, before: int) -> tuple[int, float]:
    """The iteration and loss of one training step, given in any of three forms.

    >>> iteration_and_loss((7, 0.5), before=6), iteration_and_loss(0.5, before=6)
    ((7, 0.5), (7, 0.5))
    """
    if hasattr(step, "iteration"):
        return step.iteration, float(step.loss)
    if isinstance(step, tuple):
        return int(step[0]), float(step[1])
    return before + 1, float(step)


class Watcher:
    """The numbers and the clock of a training; decides when to draw."""

    def __init__(self, total, picture, every, name, shown):
        self.total, self.picture, self.every, self.name = total, picture, every, name
        self.shown, self.stopped = shown, False
        self.iteration, self.seen, self.losses = 0, [], []
        # With the profile smoke a build must be quick, and the same each time.
        self.quiet = profile() == "smoke"
        self.began = self.timed_from = self.last_line = time.perf_counter()
        self.has_forecast = False
        self.drawing = self.last_drawing = 0.0  # seconds, in all and the last
        self.last_drawn = self.began
        if not self.quiet:
            self.shown.line("Timing the first iterations.", 0, total)

    def saw(self, iteration: int, loss: float) -> None:
        """Record one more iteration."""
        self.iteration = iteration
        self.seen.append(iteration)
        self.losses.append(loss)
        now = time.perf_counter()
        if len(self.seen) == WARM_UP:
            self.timed_from = now
        if self.quiet or len(self.seen) < 2 * WARM_UP:
            return
        if self.is_time_to_draw(now):
            self.draw()
        if now - self.timed_from < TIMED_S:
            return
        # The first line comes as soon as there is a forecast.
        first = not self.has_forecast
        if first or now - self.last_line > self.shown.pause(self.seconds_in_all()):
            self.shown.line(self.words_now(), self.iteration, self.total)
            self.has_forecast, self.last_line = True, now

    def is_time_to_draw(self, now: float) -> bool:
        if not self.shown.draws:
            return False
        if self.every is not None:
            return self.iteration % self.every == 0
        # A pause long enough to keep the pictures below their share of the time.
        pauses = PAUSE_S, self.last_drawing / SHARE, self.seconds_in_all() / PICTURES
        return now - self.last_drawn > max(pauses)

    def draw(self) -> None:
        """Show the curve, and the picture under it."""
        started = time.perf_counter()
        self.shown.pictures("\n".join([self.curve(), *self.figures()]))
        self.last_drawn = time.perf_counter()
        self.last_drawing = self.last_drawn - started
        self.drawing += self.last_drawing

    def curve(self) -> str:
        """The losses so far, as HTML."""
        losses, look = numbers(self.losses), line_look(0)
        alt = f"The {self.name} up to iteration {self.iteration}, and its running mean."
        with collected() as pages, panels(alt, 1, 5.6, 2.6) as axes:
            [axis] = axes
            axis.plot(self.seen, losses, color=look["color"], alpha=0.25, lw=0.8)
            smooth = max(1, len(losses) // 20)
            axis.plot(self.seen, running_mean(losses, smooth), **look)
            # The axis reaches to the end from the start, and so shows the progress.
            axis.set(xlim=(0, self.total), xlabel="iteration", ylabel=self.name)
            if losses.min() > 0 and losses.max() > 10 * losses.min():
                axis.set_yscale("log")
        return pages[0]

    def figures(self) -> list[str]:
        """The figures that the learner's function shows, as HTML."""
        if self.picture is None:
            return []
        # The clock decides when pictures come. If they used up the training's random
        # numbers, no two runs would be alike.
        dice = random.getstate()
        with collected() as pages, torch.random.fork_rng([]), torch.no_grad():
            self.picture()
        random.setstate(dice)
        return pages

    def seconds_left(self) -> float:
        """Estimated from the mean iteration since the warm-up, drawing included."""
        passed = time.perf_counter() - self.timed_from
        done = len(self.seen) - WARM_UP
        return passed / done * (self.total - self.iteration)

    def seconds_in_all(self) -> float:
        return time.perf_counter() - self.began + self.seconds_left()

    def words_now(self) -> str:
        """Iteration, loss, and how long the training takes."""
        return (
            f"{self.where()}, about {in_words(self.seconds_left())} left; "
            f"it takes about {in_words(self.seconds_in_all())} here"
        )

    def where(self) -> str:
        return (
            f"iteration {self.iteration:,} of {self.total:,}, "
            f"{self.name} {self.losses[-1]:.3g}"
        )

    def end(self) -> None:
        """Show the last state, which stays."""
        if not self.losses:
            return
        words = self.where()
        # Twice, since the line should be above the pictures and say how long they took.
        self.shown.line(f"{words}.", self.iteration, self.total)
        if self.shown.draws:
            self.draw()
        if not self.quiet:
            words += f", {in_words(time.perf_counter() - self.began)}"
            if self.drawing >= 1:
                words += f", {in_words(self.drawing)} of them for drawing"
        if self.stopped:
            words += (
                ". Stopped: what was reached is kept. "
                "Run the cell again to train from its start"
            )
        if self.stopped or not self.quiet:
            self.shown.line(f"{words}.", self.iteration, self.total)


# Where it is shown ----------------------------------------------------------------


def screen() -> "Notebook | Terminal":
    return Notebook() if get_ipython() is not None else Terminal()


class Notebook:
    """Two places under the cell, which are updated: a line, and pictures."""

    draws = True

    def __init__(self):
        self.places = {}

    def pause(self, seconds_in_all: float) -> float:
        return LINE_EVERY_S

    def line(self, words: str, iteration: int, total: int) -> None:
        bar = f'<progress max="{total}" value="{iteration}"></progress>'
        self.put("line", f"<div>{bar} {html.escape(words)}</div>", words)

    def pictures(self, page: str) -> None:
        self.put("pictures", page, "figure: the curve and the picture of a training")

    def put(self, place: str, page: str, words: str) -> None:
        """Replace what is in a place, without clearing anything else."""
        bundle = {"text/html": page, "text/plain": words}
        if place in self.places:
            self.places[place].update(bundle, raw=True)
        else:
            self.places[place] = display(bundle, raw=True, display_id=True)


class Terminal:
    """Ten lines or so in a terminal, without pictures."""

    draws = False

    def pause(self, seconds_in_all: float) -> float:
        return max(LINE_EVERY_S, seconds_in_all / LINES)

    def line(self, words: str, iteration: int, total: int) -> None:
        print(words)
