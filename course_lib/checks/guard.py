"""A function that somebody else wrote may do anything: none of it leaks out of a check.

It may change what it is given, seed every random number, set another default dtype,
call sys.exit() or never come to an end. And the notebook around it may have done some
of that before. So the function gets copies, and everything that is set for all of
Python or torch is put aside while it runs and put back as it was.
"""

import copy
import random
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.difference import difference

SECONDS = 20  # of work; the slowest check, draw_in_latents, takes 0.2

# What it is given ---------------------------------------------------------------


def fresh(value):
    """A copy that shares nothing with the value, so that no call spoils the next."""
    if isinstance(value, Tensor):
        return value.clone()  # deepcopy refuses what carries a gradient's way back
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if type(value) in (list, tuple):
        return type(value)(fresh(item) for item in value)
    return copy.deepcopy(value)  # a network, a schedule; a function stays itself


def is_changed(after, before) -> bool:
    """Whether a copy is no longer what it was copied from; generators always move."""
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
    if hasattr(before, "__dict__"):  # a network's weights and parts lie there as well
        return is_changed(vars(after), vars(before))
    return bool(after != before)


# What is set for everybody ---------------------------------------------------------


@contextmanager
def same_chance() -> Iterator[None]:
    """Whatever is drawn or seeded inside, outside the random numbers go on as before.

    Python's, numpy's and torch's, on every device where torch has drawn some.
    """
    states = random.getstate(), np.random.get_state()
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    used = torch.cuda.is_initialized()  # asking a sleeping GPU would wake it up
    gpus = list(range(torch.cuda.device_count())) if used else []
    try:
        with torch.random.fork_rng(devices=gpus):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if mps is not None:
            torch.mps.set_rng_state(mps)


# How long it may take --------------------------------------------------------------


class NoEnd(BaseException):
    """The time is up. No Exception: the learner's `except Exception` would eat it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise NoEnd after so many seconds of work, where that can be done.

    Work, not time on the clock: a busy machine, a debugger or a question to the user
    is no endless loop. Only the main thread can be called back, and not on Windows.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number, frame):
        raise NoEnd

    handler = signal.signal(signal.SIGPROF, stop)
    timer = signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:  # also if the time ran out in the line above
        signal.signal(signal.SIGPROF, handler or signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, *timer)  # somebody else's, if there was
