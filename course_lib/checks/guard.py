"""Isolation: whatever a learner's function does, none of it leaks out of a check.

The function may change its arguments, seed every random number, set another default
dtype, call sys.exit(), print pages or run for ever, and the notebook around it may have
done some of that before. So the function gets copies, and all global settings of Python
and torch are put aside while it runs and restored afterwards.
"""

import copy
import gc
import io
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from types import FrameType

import numpy as np
import torch
from torch import Tensor, _tensor_str

from course_lib.checks.difference import difference

SECONDS = 20  # of work; the slowest check, draw_in_latents, takes 0.2
LINES, LETTERS = 20, 2000  # that it may print: one tensor, or the shapes of a few

# What it is given ---------------------------------------------------------------


def fresh(value):
    """A copy that shares nothing with the value, so that no call spoils the next."""
    if isinstance(value, Tensor):
        return value.clone()  # deepcopy refuses a tensor with a gradient graph
    if isinstance(value, torch.Generator):
        return value.clone_state()
    # Just these two: a namedtuple would not take its parts as one list.
    if type(value) in (list, tuple):
        return type(value)(fresh(item) for item in value)
    if type(value) is dict:
        return {key: fresh(item) for key, item in value.items()}
    return copy.deepcopy(value)  # a network, a schedule; a function stays itself


def kept(answer):
    """A copy of an answer that could still be changed; any other answer itself.

    A function that refills the same tensor or list at each call would change its
    earlier answers.
    """
    if isinstance(answer, (Tensor, np.ndarray)) or type(answer) in (list, tuple, dict):
        try:
            return fresh(answer)
        except Exception:  # something inside that cannot be copied
            return answer
    return answer


def is_changed(after, before) -> bool:
    """Whether a copy is no longer equal to its original; generators never count."""
    if after is before or isinstance(before, torch.Generator):
        return False
    if type(after) is not type(before):
        return True
    if isinstance(before, Tensor):
        return difference(after, before, tolerance=0) is not None
    if isinstance(before, Mapping):
        keys = after.keys() == before.keys()
        return not keys or any(is_changed(after[key], before[key]) for key in before)
    if isinstance(before, (list, tuple)):
        return len(after) != len(before) or any(map(is_changed, after, before))
    if hasattr(before, "__dict__"):  # a network's weights and parts are there too
        return is_changed(vars(after), vars(before))
    return bool(after != before)


# What is set for everybody ---------------------------------------------------------


@contextmanager
def same_chance() -> Iterator[None]:
    """Restore the random state afterwards, whatever is drawn or seeded inside.

    That of Python, numpy and torch, on every device where torch has drawn numbers.
    """
    # If a check moved the notebook's random state, all later pictures would depend on
    # how often the learner tried.
    states = random.getstate(), np.random.get_state()
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    used = torch.cuda.is_initialized()  # asking a sleeping GPU would wake it up
    gpus = list(range(torch.cuda.device_count())) if used else []
    try:
        # This restores the CPU's and these GPUs' states; it does not know Apple's.
        with torch.random.fork_rng(devices=gpus):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if mps is not None:
            torch.mps.set_rng_state(mps)


# What else holds for all of Python or torch: how to read it, and how to set it.
SETTINGS: list[tuple[Callable, Callable]] = [
    (torch.get_num_threads, torch.set_num_threads),
    (
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (np.get_printoptions, lambda options: np.set_printoptions(**options)),
    # torch has no way to read its own; its file of that name keeps them.
    (
        lambda: dict(vars(_tensor_str.PRINT_OPTS)),
        lambda options: torch.set_printoptions(**options),
    ),
    (os.getcwd, os.chdir),
    (lambda: dict(os.environ), lambda there: _refill(os.environ, there)),
    (lambda: list(sys.path), lambda there: _refill(sys.path, there)),
    (lambda: list(warnings.filters), lambda there: _refill(warnings.filters, there)),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (gc.isenabled, lambda enabled: gc.enable() if enabled else gc.disable()),
    (lambda: sys.excepthook, lambda hook: setattr(sys, "excepthook", hook)),
]


def _refill(collection, contents) -> None:
    """Give a dict or list its contents back; others hold on to the object itself."""
    collection.clear()
    if isinstance(contents, dict):
        collection.update(contents)
    else:
        collection.extend(contents)


@contextmanager
def same_settings() -> Iterator[None]:
    """Restore all SETTINGS afterwards, whatever is set inside."""
    before = [read() for read, _ in SETTINGS]
    try:
        yield
    finally:
        for (read, write), value in zip(SETTINGS, before, strict=True):
            if read() != value:
                write(value)


# What it prints ------------------------------------------------------------------


@contextmanager
def few_lines() -> Iterator[None]:
    """Of what is printed inside, the first lines are shown, and a word on the rest."""
    # A check calls the function a dozen times: `print(picture)` in it would push what
    # the check says off the screen.
    if sys.stdout is None:
        yield
        return
    with redirect_stdout(_FewLines(sys.stdout)):
        yield


class _FewLines(io.TextIOBase):
    """Passes on the first lines of what is written, and swallows the rest."""

    def __init__(self, out):
        self.out, self.lines, self.letters, self.is_told = out, LINES, LETTERS, False

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        self.out.flush()

    def write(self, text: str) -> int:
        lines = text.splitlines(keepends=True)[: self.lines]
        shown = "".join(lines)[: self.letters]
        self.lines -= shown.count("\n")
        self.letters -= len(shown)
        self.out.write(shown)
        if len(shown) < len(text) and not self.is_told:
            self.is_told = True
            within = "" if self.lines == 0 else "\n"  # of a line that was cut
            self.out.write(
                f"{within}... (the check calls your function several times; what it "
                "prints from here on is left out)\n"
            )
        return len(text)


# How long it may take --------------------------------------------------------------


class NoEnd(BaseException):
    """The time is up. No Exception: the learner's `except Exception` would eat it."""


@contextmanager
def time_limit(seconds: float, cell: str | None = None) -> Iterator[None]:
    """Raise NoEnd after so many seconds of CPU time, where that is possible.

    CPU time, not wall time: a busy machine, a debugger or a question to the user is no
    endless loop. It works in the main thread only, and not on Windows.

    Args:
        cell: the file of the learner's code, where a bare `except:` may eat NoEnd
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        yield
        return

    watched: list[FrameType] = []
    traced = sys.gettrace()

    def stop(number, frame):
        watched.extend(insist(frame, cell))
        raise NoEnd

    handler = signal.signal(signal.SIGPROF, stop)
    timer = signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        try:
            yield
        finally:
            # First stop the clock, then remove its handler: the other way round, a late
            # signal would meet a handler that ends the process.
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:  # also if the time ran out in the line above
        if watched:
            sys.settrace(traced)
        for frame in watched:
            frame.f_trace = None
        signal.signal(signal.SIGPROF, handler or signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, *timer)  # somebody else's, if any


def insist(frame: FrameType | None, cell: str | None) -> list[FrameType]:
    """Raise NoEnd again at the next line of the learner's code; return its frames.

    `while True: try: ... except: pass` eats the first. But the line of its `except` is
    not part of the `try`, and there it is raised again.
    """

    def told_again(frame, event, argument):
        if event == "line":
            raise NoEnd
        return told_again

    watched = []
    while frame is not None:
        if frame.f_code.co_filename == cell:
            frame.f_trace = told_again
            watched.append(frame)
        frame = frame.f_back
    if watched:
        sys.settrace(lambda frame, event, argument: None)  # no new frames
    return watched
