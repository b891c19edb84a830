"""Can the checks be fooled? Hand in every exercise, changed in every small way.

    make mutants                              # all exercises, some minutes
    python tools/mutants.py --only 02 06      # those of two notebooks

Three kinds of answers go through the check that the notebook calls. *Mutants* are the
solution with one thing changed (tools/mutate.py): all must be caught, except those that
change nothing, which are listed in tools/equivalent.toml with the reason. *Beginners'*
answers are wrong ones as people write them, and *right* ones are written in other ways
(tests/answers): the former must be caught and named in the words given with them, the
latter must pass. All run in separate processes, so that none can do harm.
"""

import argparse
import contextlib
import importlib
import io
import multiprocessing
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

# Before torch is imported: a forked child would wait in vain for the parent's threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "tests")]

import answers  # noqa: E402
from exercises import Exercise, exercises  # noqa: E402
from mutate import Mutant, mutants  # noqa: E402

from course_lib.checks import guard  # noqa: E402
from course_lib.judging.metrics import Share  # noqa: E402
from course_lib.judging.results import add_save, save_results  # noqa: E402

EQUIVALENT = ROOT / "tools" / "equivalent.toml"
# Exercises whose answers the notebooks train with, so that a gradient matters.
LEARNED = {
    "my_loss",
    "my_velocity_loss",
    "my_cosines",
    "my_contrastive_loss",
    "my_sample",
    "my_kl_divergence",
    "my_lora_weight",
    "my_prior_loss",
    "my_bradley_terry_loss",
    "my_dpo_loss",
    "my_gan_losses",
    "my_conv_1d",
    "my_attend_along_time",
}
SECONDS = 3  # of CPU time per answer; the slowest right one, with plain loops, takes 1
PATIENCE = 60  # seconds on the clock, until a silent process is killed
# Verdicts that name no mistake: a number that is off, or an accident, perhaps after the
# name of a case ("for one byte alone: ...").
PLAIN = re.compile(
    r"(^|: )(expected |found |at \[|in value number |in '|\w+Error( in line \d+ .*)?: )"
)


# What is handed in --------------------------------------------------------------------


def read_answers() -> None:
    """Fill answers.RIGHT and answers.WRONG from all files."""
    for file in sorted((ROOT / "tests" / "answers").glob("nb*.py")):
        importlib.import_module(f"answers.{file.stem}")


def kinds_of_arguments(exercise: Exercise) -> dict[str, str]:
    """The type that the check passes for each argument."""
    code = exercise.function().__code__
    names = code.co_varnames[: code.co_argcount]
    kinds: dict[str, str] = {}

    def looks(*given):
        kinds.update(zip(names, (type(v).__name__ for v in given), strict=False))
        raise NotImplementedError

    verdict(exercise.check(), looks)
    return kinds


def mutants_of(exercise: Exercise) -> list[Mutant]:
    """Every mutant of a solution."""
    learned = exercise.name in LEARNED
    kinds = kinds_of_arguments(exercise)
    return mutants(exercise.code, exercise.lines, learned, kinds)


def equivalent(file: Path = EQUIVALENT) -> dict[tuple[str, str, str], str]:
    """(exercise, was, now) -> why such a mutant is not a mistake."""
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["mutant"]
    return {(row["exercise"], row["was"], row["now"]): row["why"] for row in rows}


# What is said -------------------------------------------------------------------------


def verdict(check: Callable, function: Callable) -> str:
    """The first line that a learner reads."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        check(function)
    return (said.getvalue().splitlines() or [""])[0]


def is_caught(said: str) -> bool:
    return "not yet right" in said


def names_a_mistake(said: str) -> bool:
    """Whether a verdict names a mistake, and not only a number that is wrong."""
    words = said.partition("not yet right - ")[2]
    return bool(words) and not PLAIN.search(words)


# Processes of their own ---------------------------------------------------------------


def verdicts(jobs: list[Callable[[], str]]) -> list[str]:
    """The verdict of each job; a process that a job ends or blocks is replaced."""
    said: list[str] = []
    while len(said) < len(jobs):
        said += _until_one_fails(jobs[len(said) :])
    return said


def _until_one_fails(jobs: list[Callable[[], str]]) -> list[str]:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(jobs, theirs), daemon=True)
    child.start()
    theirs.close()
    said = []
    try:
        while len(said) < len(jobs):
            if not ours.poll(PATIENCE):
                return [*said, "not yet right - it never comes to an end"]
            said.append(ours.recv())
    except EOFError:
        return [*said, "not yet right - it ends all of Python"]
    finally:
        child.kill()
        child.join()
    return said


def _work(jobs: list[Callable[[], str]], pipe) -> None:
    guard.SECONDS = SECONDS
    _limit_memory()
    for job in jobs:
        try:
            said = job()
        except BaseException as error:
            said = f"the check itself fails: {type(error).__name__}: {error}"
        pipe.send(said)


def _limit_memory(more: int = 4 * 2**30) -> None:
    """Limit memory, so that a mutant that asks for 10^12 numbers gets an error."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, OSError, ValueError):  # not Linux
        pass


# One exercise -------------------------------------------------------------------------


class Found(NamedTuple):
    exercise: Exercise
    mutants: list[tuple[Mutant, str]]  # each with its verdict
    wrong: list[tuple[answers.Answer, str]]
    right: list[tuple[answers.Answer, str]]
    judged: set[tuple[str, str, str]]  # the equivalent mutants that occurred

    def missed(self) -> list[Mutant]:
        return [
            mutant
            for mutant, said in self.mutants
            if not is_caught(said) and self.key(mutant) not in self.judged
        ]

    def key(self, mutant: Mutant) -> tuple[str, str, str]:
        return self.exercise.name, mutant.was, mutant.now

    def shares(self) -> dict[str, Share]:
        """The shares in the table."""
        counted = [m for m, _ in self.mutants if self.key(m) not in self.judged]
        caught = [said for _, said in self.wrong if is_caught(said)]
        named = [a for a, said in self.wrong if a.says and a.says in said]
        refused = [a for a, said in self.right if not said.endswith(": ok")]
        misnamed = [a for a, said in self.wrong if is_misnamed(a, said)]
        wrong, right = len(self.wrong), len(self.right)
        return {
            "caught": Share(len(counted) - len(self.missed()), len(counted)),
            "beginners caught": Share(len(caught), wrong),
            "named": Share(len(named), wrong),
            "misnamed": Share(len(misnamed), wrong),
            "refused": Share(len(refused), right),
        }


def is_misnamed(answer: answers.Answer, said: str) -> bool:
    """Whether the verdict names a mistake other than the one that was made."""
    expected = answer.says is not None and answer.says in said
    return is_caught(said) and not expected and names_a_mistake(said)


def hand_in(exercise: Exercise, changed: list[Mutant], judged: dict) -> Found:
    """Give the check every mutant, every beginner's answer and every right answer."""
    check = exercise.check()
    wrong = [a for a in answers.WRONG if a.check.__name__ == exercise.check_name]
    right = [a for a in answers.RIGHT if a.check.__name__ == exercise.check_name]

    def of_code(code):
        return lambda: verdict(check, exercise.function(code))

    def of_function(function):
        return lambda: verdict(check, function)

    jobs = [of_code(mutant.code) for mutant in changed]
    jobs += [of_function(answer.function) for answer in (*wrong, *right)]
    said = iter(verdicts(jobs))
    keys = {(exercise.name, m.was, m.now) for m in changed}
    return Found(
        exercise,
        [(mutant, next(said)) for mutant in changed],
        [(answer, next(said)) for answer in wrong],
        [(answer, next(said)) for answer in right],
        keys & judged.keys(),
    )


# The table ----------------------------------------------------------------------------

COLUMNS = (
    *("exercise", "mutants", "equivalent", "caught"),
    *("beginners", "caught", "named", "misnamed", "right", "refused"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}"


def row(name: str, found: list[Found]) -> str:
    """One row of the table: an exercise, or all of them together."""
    total = summed(found)
    numbers = [
        sum(len(f.mutants) for f in found),
        sum(len(f.judged) for f in found),
        percent(total["caught"]),
        total["named"].n,
        percent(total["beginners caught"]),
        percent(total["named"]),
        total["misnamed"].right,
        total["refused"].n,
        total["refused"].right,
    ]
    return f"| {name} | " + " | ".join(map(str, numbers)) + " |"


def percent(share: Share) -> str:
    return f"{share.value:.1%}" if share.n else "-"


def summed(found: list[Found]) -> dict[str, Share]:
    """The shares of some exercises, added up."""
    every = [f.shares() for f in found]
    return {
        key: Share(sum(s[key].right for s in every), sum(s[key].n for s in every))
        for key in every[0]
    }


def complaints(found: list[Found]) -> Iterator[str]:
    """Lines for everything that needs mending: what it is, and what the check said."""
    for f in found:
        name = f.exercise.name
        for mutant in f.missed():
            said = dict(f.mutants)[mutant]
            yield f"{name} passes, changed: {mutant.was}"
            yield f"    -> {mutant.now}\n    {said}"
        for mutant, said in f.mutants:
            if is_caught(said) and f.key(mutant) in f.judged:
                yield f"{name} is called equivalent: {mutant.now}\n    {said}"
        for answer, said in f.wrong:
            if what := wrong_with(answer, said):
                yield f"{name}: a beginner's answer {what}: {answer.function.__name__}"
                yield f"    {said}"
        for answer, said in f.right:
            if not said.endswith(": ok"):
                yield f"{name}: a right answer is refused: {answer.function.__name__}"
                yield f"    {said}"


def wrong_with(answer: answers.Answer, said: str) -> str | None:
    """What is wrong with the verdict on a beginner's answer, or None."""
    if not is_caught(said):
        return "passes"
    if is_misnamed(answer, said):
        return f"is misnamed (should be: {answer.says})"
    if answer.says is None:
        return "has no name"
    return None if answer.says in said else f"is not named {answer.says!r}"


def stale(found: list[Found], judged: dict) -> list[tuple]:
    """Entries that were judged equivalent and are no longer mutants."""
    names = {f.exercise.name for f in found}
    seen = set().union(*(f.judged for f in found))
    return [key for key in judged if key[0] in names and key not in seen]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", help="notebooks, say 02 06", default=[])
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--notes", type=Path, help="a folder for what is to be mended")
    add_save(parser)
    options = parser.parse_args(arguments)
    read_answers()
    chosen = [
        e for e in exercises() if not options.only or e.notebook[:2] in options.only
    ]
    judged, found = equivalent(), []
    print(HEAD)
    # Made before the threads start: redirecting what is printed affects all of them.
    changed = [mutants_of(exercise) for exercise in chosen]
    with ThreadPoolExecutor(options.jobs) as pool:
        for one in pool.map(hand_in, chosen, changed, [judged] * len(chosen)):
            found.append(one)
            print(
                row(f"{one.exercise.notebook[:2]} {one.exercise.name}", [one]),
                flush=True,
            )
    print(row("all", found), "\n")
    print("\n".join(complaints(found)))
    for notebook in {f.exercise.notebook for f in found} if options.notes else ():
        own = [f for f in found if f.exercise.notebook == notebook]
        lines = [HEAD, *(row(f.exercise.name, [f]) for f in own), "", *complaints(own)]
        file = options.notes / f"mutants_{notebook[:2]}.txt"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    old = stale(found, judged)
    for name, was, now in old:
        print(f"{EQUIVALENT.name} judges a mutant that is none: {name}: {was} -> {now}")
    if options.save:
        save(options.save, found)
    sys.exit(bool(old))


def save(file: Path, found: list[Found]) -> None:
    """Save the table as a result that pages can quote."""
    every = {f.exercise.name.removeprefix("my_"): measured([f]) for f in found}
    save_results(
        file,
        {"all": measured(found)} | every,
        "python tools/mutants.py",
        [],
        why_none="no network is measured",
    )


def measured(found: list[Found]) -> dict:
    total = summed(found)
    shares = {key: share for key, share in total.items() if share.n}
    return shares | {
        "mutants": sum(len(f.mutants) for f in found),
        "equivalent": sum(len(f.judged) for f in found),
    }


if __name__ == "__main__":
    main()
