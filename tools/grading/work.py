"""Behind the walls: a stranger's function, what it answers, and what its check says.

Whatever is written here may have been written by the stranger. It is read as answers
(plain.py), never as marks.
"""

import contextlib
import importlib
import inspect
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from course_lib.checks.guard import fresh
from course_lib.checks.slope import asking_for_gradients, gradients, leaves
from grading.definitions import find
from grading.networks import Bent, unpack
from grading.plain import to_plain

MOST_LETTERS = 600  # of a sentence
CHECK_SECONDS = 5  # of work, until a check says that there is no end


def work(job: dict, write: Callable[[bytes], object]) -> None:
    """Do one job and write what comes out of it, a line of JSON for each piece.

    Args:
        job: "function", "cells", "needs"; "questions" and "closed", or "check"
    """

    def say(**said) -> None:
        write(json.dumps(said).encode() + b"\n")

    found = find(job["function"], job["cells"])
    say(state=found.state, code=found.code)
    if found.state != "there":
        return
    for name in job.get("closed", ()):
        close(name)
    function = define(job["function"], job["needs"], found.lines, say)
    if function is None:
        return
    if "check" in job:
        say(words=words_of(job["check"], function))
    for number, question in enumerate(job.get("questions", ())):
        say(number=number, **answer(function, question))


def define(name: str, needs: str, lines: list, say: Callable) -> Callable | None:
    """The function, among what the course's cells and the learner's leave behind."""
    names = {"__name__": "__main__"}
    with contextlib.suppress(Exception):
        exec(compile(needs, "<cells before>", "exec"), names)
    for line in lines:
        try:
            code = compile(line.code, f"<cell {line.cell}>", "exec")
            exec(code, names)
        except BaseException as error:
            # A cell that crashes is no reason to lose the function, unless it is in it.
            if line is lines[-1]:
                say(crash=in_words(error))
                return None
    return names.get(name)


def in_words(error: BaseException) -> str:
    """The type and the message of an error, whatever its author wrote."""
    try:
        message = " ".join(str(error).split())
    except BaseException:
        message = ""
    kind = type(error).__name__
    return f"{kind}: {message}"[:MOST_LETTERS] if message else kind[:MOST_LETTERS]


# Answers --------------------------------------------------------------------------


def answer(function: Callable, question: dict) -> dict:
    """What it answers to one question: numbers, gradients, what it asked a network."""
    given = tuple(map(unpack, question["given"]))
    slopes = question["slopes"]
    if slopes:
        given = asking_for_gradients(given)
    before = fresh(given)
    try:
        said = function(*before)
        found = {"answer": to_plain(said)}
        if slopes:
            found["slopes"] = to_plain(slopes_of(said, before, slopes))
        if question["keeps"]:
            found["kept"] = to_plain([plain_or_none(value) for value in before])
    except BaseException as error:
        return {"error": in_words(error)}
    asked = [network.asked for network in before if isinstance(network, Bent)]
    if asked and question["asks"]:
        found["asked"] = to_plain(asked[0])
    return found


def plain_or_none(value):
    """A number or a tensor; nothing else is worth comparing afterwards."""
    return value if isinstance(value, (int, float, torch.Tensor, list)) else None


def slopes_of(said, given: tuple, places: list[int]) -> list:
    """The gradient of an answer by each of these arguments, all numbers in a row."""
    found = []
    for place in places:
        needed = leaves(given[place])
        arrived = gradients(said, needed)
        pairs = zip(arrived, needed, strict=True)
        flat = [torch.zeros_like(x) if g is None else g for g, x in pairs]
        found.append(torch.cat([g.reshape(-1) for g in flat]) if flat else None)
    return found


# The check's own words ------------------------------------------------------------


def words_of(check: list[str], function: Callable) -> str:
    """The first line that the learner would have read in the notebook."""
    file, name = check
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        importlib.import_module("course_lib.checks.guard").SECONDS = CHECK_SECONDS
        getattr(importlib.import_module(file), name)(function)
    return (printed.getvalue().splitlines() or [""])[0][:MOST_LETTERS]


# What is to be written and not called ------------------------------------------------

CLOSED = "the library's function is closed while yours is graded: write it yourself"


def close(name: str) -> None:
    """Let a function of the library, "module:name", do nothing but say that it is shut.

    Its code is exchanged, so that every place that has it has the shut one.
    """
    module, _, path = name.partition(":")
    thing = importlib.import_module(module)
    for part in path.split("."):
        thing = getattr(thing, part)
    thing = inspect.unwrap(thing)
    source = f"def shut(*given, **named):\n    raise RuntimeError({CLOSED!r})"
    names: dict = {}
    exec(source, names)
    thing.__code__ = names["shut"].__code__


ROOMS = ("", "diffusion", "judging", "networks", "painters", "training", "world")


def preload() -> None:
    """Import all that a notebook may need, while the files can still be read."""
    for room in ROOMS:
        folder = importlib.import_module(f"course_lib.{room}".rstrip(".")).__path__[0]
        for file in sorted(Path(folder).glob("[!_]*.py")):
            whole = ".".join(filter(None, ("course_lib", room, file.stem)))
            importlib.import_module(whole)
    assert "course_lib.checks.report" not in sys.modules
