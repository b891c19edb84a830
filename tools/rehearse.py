"""The evening before a class: does everything work here, and how long will it take?

    python tools/rehearse.py           everything, about as long as two `make course`
    python tools/rehearse.py --room    five minutes, for each machine of a room

Nothing is changed, and the network is cut while the notebooks run, as it may be in the
class. What was found goes to the terminal and to a page, rehearsal.html.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from build import NOTEBOOKS, orphans, source_names, stale
from rehearsal_page import page
from run import Outcome, outcome
from tqdm.auto import tqdm

from course_lib.commands.doctor import examine, healthy
from course_lib.device import in_words

ROOT = NOTEBOOKS.parent
PAGE = ROOT / "rehearsal.html"
# In five minutes: the first notebook, which draws with the largest network, and one
# that trains.
ROOM = ("00_start", "05_training")
SLOW = 90  # seconds; a notebook that takes longer here will keep a class waiting


@dataclass
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    said: list[str] = field(default_factory=list)
    to_do: str = ""


# What is looked at ------------------------------------------------------------------


def this_machine(found: dict) -> Iterator[Finding]:
    """Memory, disk, versions and weights, as the doctor finds them."""
    here = found["machine"]
    yield Finding(
        "This machine",
        here["memory_gib"] >= 4 and here["free_disk_gib"] >= 2,
        [
            f"{here['system']}, Python {here['python']}, {here['device']}",
            f"{here['cores']} cores, {here['memory_gib']} GiB of memory, "
            f"{here['free_disk_gib']} GiB of free disk",
        ],
        "A machine needs 4 GiB of memory and 2 GiB of free disk.",
    )
    wrong = [name for name, state in found["weights"].items() if state != "intact"]
    yield Finding(
        "The trained networks, each against its checksum",
        healthy(found),
        [f"damaged or missing: {', '.join(wrong)}"] if wrong else ["all whole"],
        "`git checkout -- data/weights` brings them back.",
    )
    damaged = [name for name, state in found["data"].items() if state == "damaged"]
    yield Finding(
        "The pictures to learn from",
        not damaged,
        [f"{name}: {state}" for name, state in found["data"].items() if state],
        "A damaged cache is made again by itself; nothing to do.",
    )


def built_is_source() -> Finding:
    """Whether the notebooks are those of the course, and nobody's experiments."""
    wrong = [file for name in source_names() for file in stale(name)] + orphans()
    return Finding(
        "The notebooks are as the course ships them",
        not wrong,
        [str(file.relative_to(ROOT)) for file in wrong] or ["all unchanged"],
        "`git checkout -- notebooks` brings the course's own back; copy yours first.",
    )


def as_finding(one: Outcome) -> Finding:
    """What a run of a notebook says to a teacher."""
    kind = {"course": "solved", "smoke": "not solved yet"}[one.kind]
    late = f", longer than {SLOW}: close what else is running" * (one.seconds > SLOW)
    return Finding(
        f"{one.name}, {kind}",
        one.good,
        [f"{one.seconds:.0f} seconds{late}", *one.said],
        f"Open notebooks/{one.name}.ipynb and run it: does it happen again? Then "
        "`git status` says what was changed, and `make lab` in a fresh clone shows "
        "whether it is this machine.",
    )


def notebooks(names: list[str]) -> Iterator[Finding]:
    """Every notebook, solved and compared, then unsolved and to its end."""
    runs = [(kind, name) for name in reversed(names) for kind in ("course", "smoke")]
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(outcome, *run) for run in runs]
        for done in tqdm(as_completed(waiting), "notebooks", len(waiting), unit=""):
            yield as_finding(done.result())


def in_class(found: dict, names: list[str]) -> Finding:
    """How long each notebook's cells will run in class, by the doctor's measurement."""
    numbers = {name[:2] for name in names}
    times = [
        f"{in_words(seconds):>12}  {part}"
        for part, seconds in found["takes_seconds"].items()
        if part.startswith("notebook") and part.split()[1][:2].rstrip(",") in numbers
    ]
    load, cores = found["machine"]["load"], found["machine"]["cores"]
    busy = [f"Measured with a load of {load} on {cores} cores."]
    if load > cores:
        busy.append("Something else is running, so these times are too long.")
    return Finding("What the cells of each notebook take here", True, times + busy)


# Command line -----------------------------------------------------------------------


def in_print(finding: Finding) -> str:
    """A finding for the terminal: one line if it is good, and what to do if not."""
    if finding.good:
        return f"ok      {finding.what}"
    return "\n        ".join([f"WRONG   {finding.what}", *finding.said, finding.to_do])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NN_name")
    parser.add_argument("--room", action="store_true", help="the five-minute version")
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    names = given.names or (list(ROOM) if given.room else source_names())
    if unknown := set(names) - set(source_names()):
        sys.exit(
            f"No notebook is called {sorted(unknown)}; there are {source_names()}."
        )
    started = time.monotonic()
    print("Looking at this machine ...")
    found = examine()
    findings = [*this_machine(found), built_is_source(), in_class(found, names)]
    for finding in findings:
        print(in_print(finding))
    for finding in notebooks(names):
        findings.append(finding)
        tqdm.write(in_print(finding))
    wrong = sum(not finding.good for finding in findings)
    words = f"{wrong} of {len(findings)} things are wrong" if wrong else "All is well"
    words += f", after {in_words(time.monotonic() - started)}."
    given.page.write_text(page(words, findings), encoding="utf-8", newline="\n")
    print(f"{words} As a page: {given.page}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
