"""Whatever a learner's function does, nothing of it is left when the check is over."""

import contextlib
import gc
import importlib
import os
import pkgutil
import random
import signal
import sys
import threading
import time
import warnings
from inspect import unwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib import checks
from course_lib.checks import guard
from course_lib.checks.report import ask, checked, report
from course_lib.device import plain_torch

X = torch.arange(6.0).reshape(2, 3)


def double(x):
    """The library's function of these tests."""
    return 2.0 * torch.ones(3) * x


def inputs(generator):
    return (torch.randn(2, 3, generator=generator),)


def check_double(learner):
    return checked(learner, double, inputs)


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def in_a_cell(source: str):
    """A function as a notebook defines it: in a file of its own, lines from 1."""
    names = {"torch": torch}
    exec(compile(source, "/tmp/ipykernel_1/2.py", "exec"), names)
    return names["mine"]


# What it prints ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "call", ["print(torch.ones(30, 8))", "print(list(range(5000)))", "print(x.shape)"]
)
def test_pages_that_it_prints_do_not_hide_what_the_check_says(capsys, call):
    mine = in_a_cell(f"def mine(x):\n    for _ in range(9): {call}\n    return x + 1")
    check_double(mine)
    out = capsys.readouterr().out
    assert "double: not yet right" in out and len(out) < 3000
    assert out.count("is left out)\n") == 1
    assert len(out.splitlines()) <= 25


def test_a_line_or_two_are_shown_as_they_are(capsys):
    mine = in_a_cell("def mine(x):\n    print(x.ndim, end=' ')\n    return 2 * x")
    assert check_double(mine) is mine
    assert capsys.readouterr().out.startswith("2 2 double: ok\n")
    mine(X)  # and all of it, once the check is over
    assert capsys.readouterr().out == "2 "


# What ends everything ---------------------------------------------------------------


@pytest.mark.parametrize("call", ["import sys; sys.exit()", "raise SystemExit(3)"])
def test_exit_ends_no_notebook(capsys, call):
    mine = in_a_cell(f"def mine(x):\n    {call}")
    assert check_double(mine) is double
    assert said(capsys) == (
        "double: not yet right - it calls exit() in line 2 of the cell, which ends all "
        "of Python: use `return`"
    )


def test_other_ways_to_end_everything_are_verdicts_too(capsys):
    class Curtain(BaseException):
        pass

    def mine(x):
        raise Curtain("the end")

    assert check_double(mine) is double
    assert "Curtain" in said(capsys)


def test_an_exception_that_cannot_say_what_it_is_stops_nothing(capsys):
    class Mute(Exception):
        def __str__(self):
            return 1 / 0

    def mine(x):
        raise Mute

    assert check_double(mine) is double
    assert "Mute" in said(capsys)


def endless(x):
    for _ in range(10**7):  # minutes, should nobody stop it
        with contextlib.suppress(Exception):  # as learners write it
            sum(range(1000))
    return x


def test_an_endless_loop_comes_to_an_end(capsys, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.05)
    handler = signal.getsignal(signal.SIGPROF)
    assert check_double(endless) is double
    assert "it does not come to an end: after 0.05 seconds of work" in said(capsys)
    assert signal.getsignal(signal.SIGPROF) is handler
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_a_bare_except_eats_no_end(capsys, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.05)
    mine = in_a_cell(
        "def work():\n    sum(range(10**5))\n\n"
        "def mine(x):\n    for _ in range(10**7):\n        try:\n"
        "            work()\n        except:\n            continue\n"
    )
    traced = sys.gettrace()
    assert check_double(mine) is double
    assert "it does not come to an end: after 0.05 seconds of work" in said(capsys)
    assert sys.gettrace() is traced
    assert check_double(double) is double


@pytest.mark.parametrize("call", ["sys.exit()", "sum(range(10**4))"])
def test_a_message_that_ends_everything_or_never_is_none(capsys, monkeypatch, call):
    monkeypatch.setattr(guard, "SECONDS", 0.05)

    class Odd(Exception):
        def __str__(self):
            while True:
                eval(call)

    def mine(x):
        raise Odd

    assert check_double(mine) is double
    assert "Odd" in said(capsys)


def test_waiting_is_no_work(monkeypatch):
    """A learner at a breakpoint, or a machine that sleeps, is in no endless loop."""
    monkeypatch.setattr(guard, "SECONDS", 1)

    def mine(x):
        time.sleep(1.2)
        return 2 * x

    assert check_double(mine) is mine


def test_a_check_runs_where_it_cannot_be_called_back(capsys):
    """Python gives signals to the main thread alone."""
    answers = []

    def mine(x):
        return 2 * x

    thread = threading.Thread(target=lambda: answers.append(check_double(mine)))
    thread.start()
    thread.join()
    assert answers == [mine]


# What is set for all of Python --------------------------------------------------------


def defaults() -> tuple:
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        *(read() for read, _ in guard.SETTINGS),
    )


def next_numbers() -> tuple:
    """The next of every stream; it takes them."""
    drawn = torch.rand(1, dtype=torch.float64, device="cpu").item()
    return drawn, np.random.rand(), random.random()


def seed_all() -> None:
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)


@pytest.fixture
def as_it_was():
    """Whatever a test sets, the next test begins plain."""
    with guard.same_chance(), plain_torch():
        yield


def sets_a_dtype(x):
    torch.set_default_dtype(torch.float64)
    return 2 * x


def sets_a_device(x):
    torch.set_default_device("meta")
    return 2 * x


def stops_gradients(x):
    torch.set_grad_enabled(False)
    return 2 * x


def sets_threads(x):
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    return 2 * x


def sets_python(x):
    os.chdir("/")
    os.environ["COURSE_PROFILE"] = "mainframe"
    sys.path.insert(0, "/nowhere")
    sys.setrecursionlimit(5000)
    sys.excepthook = print
    gc.disable()
    warnings.simplefilter("error")
    np.set_printoptions(precision=1)
    torch.set_printoptions(precision=1)
    torch.set_float32_matmul_precision("medium")
    return 2 * x


def seeds_everything(x):
    torch.manual_seed(7)
    np.random.seed(7)
    random.seed(7)
    return 2 * x


def draws_everything(x):
    torch.randn(5), np.random.rand(5), random.random()
    return 2 * x


def interrupted(x):
    sets_a_dtype(x), sets_a_device(x), stops_gradients(x), seeds_everything(x)
    raise KeyboardInterrupt


LEAKS = [
    sets_a_dtype,
    sets_a_device,
    stops_gradients,
    sets_threads,
    sets_python,
    seeds_everything,
    draws_everything,
]


@pytest.mark.parametrize("mine", LEAKS, ids=lambda f: f.__name__)
def test_nothing_that_is_set_or_drawn_leaks_out(mine, as_it_was, capsys):
    seed_all()
    before = defaults(), next_numbers()
    seed_all()
    assert check_double(mine) is mine
    assert (defaults(), next_numbers()) == before


def test_ctrl_c_stops_the_cell_once_everything_is_as_it_was(as_it_was):
    seed_all()
    before = defaults(), next_numbers()
    seed_all()
    with pytest.raises(KeyboardInterrupt):
        check_double(interrupted)
    assert (defaults(), next_numbers()) == before


@pytest.mark.parametrize("mine", LEAKS, ids=lambda f: f.__name__)
def test_one_answer_changes_nothing_for_the_next(mine, as_it_was):
    """A check by hand asks more than once, and computes in between."""

    def check():
        ask(mine, X)
        assert torch.ones(1).dtype == torch.float32
        assert torch.ones(1).device == torch.device("cpu")
        assert torch.ones(1, requires_grad=True).add(1).requires_grad

    assert report(check, mine, double) is mine


SET = {
    "dtype": lambda: torch.set_default_dtype(torch.float64),
    "half": lambda: torch.set_default_dtype(torch.bfloat16),
    "device": lambda: torch.set_default_device("meta"),
    "no gradients": lambda: torch.set_grad_enabled(False),
}


@pytest.mark.parametrize("what", SET)
def test_what_was_set_before_decides_no_verdict_and_stays_set(what, as_it_was):
    SET[what]()
    before = defaults()

    def mine(x):
        assert x.device.type == "cpu"
        return x + x

    assert check_double(mine) is mine
    assert defaults() == before


@pytest.mark.parametrize(
    "around",
    [torch.inference_mode, torch.no_grad, lambda: torch.device("meta")],
    ids=["inference", "no gradients", "device"],
)
def test_a_block_around_a_check_decides_nothing_and_ends_as_it_began(around):
    before = defaults()

    def check():
        assert (torch.ones(1, requires_grad=True) * 2).requires_grad
        assert torch.ones(1).device.type == "cpu"

    with around():
        inside = defaults()
        assert report(check, seed_all, double) is seed_all
        assert defaults() == inside
    assert defaults() == before


# Every check ------------------------------------------------------------------------


def every_check() -> dict:
    """Those that a notebook calls with one function, by name."""
    found = {}
    for module in pkgutil.iter_modules(checks.__path__):
        if module.name.startswith("nb"):
            inside = vars(importlib.import_module(f"{checks.__name__}.{module.name}"))
            for name, check in inside.items():
                one = getattr(
                    getattr(unwrap(check), "__code__", None), "co_varnames", ""
                )[:1]
                if name.startswith("check_") and "learner" in "".join(one):
                    found[name] = check
    return found


def test_there_is_a_check_for_each_exercise():
    sources = (Path(__file__).parents[1] / "notebooks" / "src").glob("*.py")
    texts = [source.read_text(encoding="utf-8") for source in sources]
    exercises = sum(text.count("### BEGIN SOLUTION") for text in texts)
    assert len(every_check()) == exercises > 20


@pytest.mark.parametrize("name", every_check())
def test_what_a_check_hands_on_passes_it_whatever_was_set(name, as_it_was, capsys):
    check = every_check()[name]

    def nothing_yet(*given):
        raise NotImplementedError

    librarys = check(nothing_yet)

    # Under a name of its own: what a check handed on is not checked again.
    def again(*given):
        return librarys(*given)

    for change in (lambda: None, *SET.values()):
        change()
        capsys.readouterr()
        check(again)
        assert said(capsys).endswith(": ok")


@pytest.mark.parametrize("name", every_check())
def test_a_check_that_is_run_twice_says_the_same_twice(name, capsys):
    check = every_check()[name]

    def wrong(*given):
        return "nothing"

    librarys = check(wrong)
    first = said(capsys)
    assert "not yet right" in first and librarys is not wrong
    assert check(wrong) is not wrong
    assert said(capsys) == first
    # `loss = check(loss)`, run twice
    assert check(librarys) is librarys
    assert ": ok" not in capsys.readouterr().out
    assert check(wrong) is not wrong
    assert said(capsys) == first


# Copies -----------------------------------------------------------------------------


def test_a_copy_is_not_changed_and_shares_nothing():
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.GroupNorm(1, 2))
    given = (X, [1, [X]], {"a": X}, network, double, None, 3, torch.Generator())
    copied = guard.fresh(given)
    assert not guard.is_changed(copied, given)
    copied[1][1][0][0, 0] = 7
    assert X[0, 0] == 0 and guard.is_changed(copied, given)
    copied[3][0].weight.data.zero_()
    assert network[0].weight.any() and guard.is_changed(copied[3], network)


def test_nan_in_an_input_is_no_change():
    assert not guard.is_changed(guard.fresh(X / 0), X / 0)


def test_a_copy_carries_gradients_back():
    x = torch.ones(3, requires_grad=True)
    ask(lambda x: 2 * x, x).sum().backward()
    assert (x.grad == 2).all()
