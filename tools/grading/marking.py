"""From a learner's cells to marks: one job for the numbers, one for the check's words.

The mark comes from our own comparison of numbers. What the check says in the other
process is shown beside it, as text.
"""

import json
from functools import cache
from typing import NamedTuple

from exercises import Exercise, exercises

from grading.networks import pack
from grading.questions import FRESH, Question, compared, questions, what_is_wrong
from grading.workplace import Done, Workplace

# What an exercise wants written by hand though the library has it, besides what its
# check compares with.
CLOSED = {
    "my_add_noise": ("diffusion.schedule:add_noise",),
    "my_loss": ("diffusion.objective:make_denoising_loss",),
    "my_reverse_loop": ("diffusion.samplers:walk", "diffusion.samplers:ddim"),
    "my_residual_block": (
        "networks.layers:ResidualBlock.told",
        "networks.layers:ResidualBlock.forward",
    ),
    "my_velocity_loss": ("diffusion.objective:make_denoising_loss",),
    "my_ddim_step": ("diffusion.samplers:ddim_step",),
    "my_attend": ("networks.layers:attention_weights",),
    "my_draw_in_latents": ("diffusion.samplers:walk", "diffusion.samplers:ddim"),
    "my_gan_losses": ("networks.gan:gan_losses", "networks.gan:generator_loss"),
    "my_draw_tokens": ("networks.next_token:draw_tokens",),
}
ENDS = {
    "time": "it does not come to an end",
    "output": "it writes without an end",
    "exit": "it ends all of Python",
    "server": "it could not be run",
}


class Result(NamedTuple):
    """What one exercise of one notebook got."""

    exercise: Exercise
    state: str  # "there", "empty", "missing" or "broken"
    groups: dict[str, str | None]  # what was asked: None if right, or what was wrong
    words: str  # the check's own sentence
    code: str  # the learner's function

    @property
    def mark(self) -> float:
        """What was right, 0 to 1: half for fresh numbers, half for named cases."""
        halves: dict[bool, list[bool]] = {}
        for group, wrong in self.groups.items():
            halves.setdefault(group.startswith(FRESH), []).append(wrong is None)
        shares = [sum(right) / len(right) for right in halves.values()]
        return sum(shares) / len(shares) if shares else 0.0


class Exam:
    """All questions of one run, the same for everybody who hands in.

    Args:
        seed: decides all numbers
    """

    def __init__(self, seed: int):
        self.seed = seed
        self.asked = cache(self._asked)

    def _asked(self, exercise: Exercise) -> tuple[list[Question], list[dict]]:
        asked = questions(exercise, self.seed)
        packed = [
            {
                "given": [pack(value) for value in question.given],
                "slopes": question.slopes,
                "keeps": question.keeps,
                "asks": question.judge is not None,
            }
            for question in asked
        ]
        json.dumps(packed)  # here, if ever, an input is found that cannot travel
        return asked, packed


def closed(exercise: Exercise) -> list[str]:
    """The library's functions that do what the exercise asks for."""
    names = [f"course_lib.{name}" for name in CLOSED.get(exercise.name, ())]
    for each in compared(exercise):
        module = getattr(each.right, "__module__", "")
        if module.startswith("course_lib.") and ".checks." not in module:
            names.append(f"{module}:{each.right.__qualname__}")
    return sorted(set(names))


def exercises_of(notebook: str) -> list[Exercise]:
    return [each for each in exercises() if each.notebook == notebook]


def grade_exercise(
    place: Workplace, exercise: Exercise, cells: list[str], exam: Exam
) -> Result:
    """Ask a learner's function all questions, and the check for its words."""
    asked, packed = exam.asked(exercise)
    job = {"function": exercise.name, "cells": cells, "needs": exercise.needs}
    done = place.run(job | {"questions": packed, "closed": closed(exercise)})
    first = done.lines[0] if done.lines else {}
    state = text(first.get("state")) or "there"
    if state not in ("there", "empty", "missing", "broken"):
        state = "there"
    groups = marks_of(asked, done)
    code = text(first.get("code"), 20_000)
    words = WORDS_OF_STATE.get(state) or words_for(place, job, exercise, done)
    return Result(exercise, state, groups, words, code)


def wrong_here(place: Workplace, exercise: Exercise, exam: Exam) -> str | None:
    """What is wrong on this machine with the course's own solution: None, hopefully.

    Another torch, or another processor, may want what the walls refuse.
    """
    asked, packed = exam.asked(exercise)
    job = {"function": exercise.name, "cells": [exercise.code]}
    job |= {"needs": exercise.needs, "closed": closed(exercise)}
    groups = marks_of(asked, place.run(job | {"questions": packed}))
    return next(filter(None, groups.values()), None)


WORDS_OF_STATE = {
    "empty": "not done yet",
    "missing": "the function is not in the notebook",
    "broken": "the cell of the function is no Python: it cannot be run",
}


def marks_of(asked: list[Question], done: Done) -> dict[str, str | None]:
    """Each group of questions, and the first thing that is wrong in it."""
    answers: dict[int, dict] = {}
    crash = None
    for line in done.lines:
        number = line.get("number")
        if type(number) is int:
            answers.setdefault(number, line)
        crash = crash or line.get("crash")
    missing = text(crash) or ENDS.get(done.end, f"Python crashed ({done.end})")
    if done.end == "done" and not crash:
        missing = "there is no answer"
    groups: dict[str, str | None] = {}
    seen: dict = {}
    for number, question in enumerate(asked):
        said = answers.get(number)
        wrong = what_is_wrong(question, said, seen) if said else missing
        groups[question.group] = groups.get(question.group) or wrong
    return groups


def words_for(place: Workplace, job: dict, exercise: Exercise, done: Done) -> str:
    """The check's sentence, or ours where the function stops everything."""
    if done.end != "done":
        return f"not yet right - {ENDS.get(done.end, 'Python crashes')}"
    check = [exercise.check_file, exercise.check_name]
    said = place.run(job | {"check": check, "visible": ["course_lib/checks"]})
    lines = [text(line["words"]) for line in said.lines if "words" in line]
    name, _, words = (lines or [""])[0].partition(": ")
    return words or "the check came to no verdict"


def text(value, most: int = 600) -> str:
    """What another process calls a text, if it is one, on one line or as code."""
    return value[:most] if isinstance(value, str) else ""
