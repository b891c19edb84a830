"""Result files: measured numbers get a home, one file a command, one entry a figure.

`make numbers` fills the figures of a page in from benchmarks/results, so nobody types
them. A file records the command, date, machine and weights of its measurement; a test
fails if those weights no longer ship.
"""

import argparse
import hashlib
import json
import math
import platform
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import torch
from torch import Tensor

from course_lib.cards import from_json
from course_lib.checkpoint import (
    Shipped,
    check_file,
    find_weights,
    is_bare,
    replace_file,
)
from course_lib.device import usable_cores, weights_folder
from course_lib.judging.evaluation import as_facts
from course_lib.judging.metrics import Share
from course_lib.typed import expanded

Found = dict  # name -> a Share, its facts, a mean, a number, or another such dict

# Entries ----------------------------------------------------------------------


def mean_of(values: Tensor) -> dict[str, float]:
    """The mean of (N,) numbers with its 95 % interval."""
    # 1.96 standard errors suffice for hundreds of numbers. (Shares: see `Share`.)
    mean, half = values.mean().item(), 1.96 * values.std().item() / len(values) ** 0.5
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": len(values)}


def entry_of(found) -> dict | None:
    """One figure as a file keeps it, shares in per cent; None for a table of figures.

    >>> entry_of(Share(right=97, n=100))
    {'value': 97.0, 'low': 91.5479, 'high': 98.9746, 'n': 100, 'unit': '%'}
    >>> entry_of({"mean": 55.71, "spread": 2.68})
    {'value': 55.71, 'spread': 2.68}
    """
    # The keys tell what it is: scripts pass on whatever they measured and need not say
    # for each figure how to keep it.
    if isinstance(found, Share):
        found = as_facts(found)
    if isinstance(found, int | float):
        return {"value": rounded(found)}
    if "share" in found:
        ends = {k: rounded(100 * found[k]) for k in ("low", "high") if k in found}
        n = {"n": found["n"]} if "n" in found else {}
        return {"value": rounded(100 * found["share"])} | ends | n | {"unit": "%"}
    if "mean" in found:
        rest = {k: found[k] for k in ("low", "high", "spread", "n") if k in found}
        return {"value": rounded(found["mean"])} | {
            name: value if name == "n" or value is None else rounded(value)
            for name, value in rest.items()
        }
    return None


def plain(found: Share | dict | float) -> float:
    """One figure as a plain number, for a script's last lines; shares in 0..1."""
    if isinstance(found, Share):
        return found.value
    return found.get("share", found.get("mean")) if isinstance(found, dict) else found


def rounded(value: float) -> float:
    """Round to six digits, more than any page shows; raises for NaN and infinity."""
    # JSON has no NaN, though Python would write one, and no page should state it.
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be a result: something went astray.")
    return value if isinstance(value, int) else float(f"{value:.6g}")


def entries_of(found: Found, path: tuple[str, ...] = ()) -> Iterator[tuple[str, dict]]:
    """Yield every figure in a table of tables: its short name and its entry."""
    for name, inner in found.items():
        here = (*path, str(name))
        entry = entry_of(inner)
        if entry is None:
            yield from entries_of(inner, here)
        else:
            what = ", ".join(here).replace("_", " ")
            # A name for use on a page: letters, digits and underscores only.
            key = re.sub(r"\W+", "_", what.lower()).strip("_")
            yield key, {"what": what} | entry


# What `evaluate` found ----------------------------------------------------------


def figures(found: dict) -> Found:
    """The results of `evaluate` that a page may want to state."""
    if "told_apart" in found:
        return {"told apart": found["told_apart"]}
    if found["kind"] == "text denoiser":
        return (
            figures_of_kinds(found["kinds"]) if "kinds" in found else found["factors"]
        )
    if found["kind"] == "pair":
        # The fresh ones get no heading of their own: they are the page's main figures.
        chance = {k: chances(found[k]) for k in ("fresh", "held out")}
        fresh = found["fresh"] | chance["fresh"]
        rest = {k: found[k] for k in ("zero-shot", "prefers the right sentence")}
        return fresh | {"held out": found["held out"] | chance["held out"]} | rest
    if found["kind"] == "inspector":
        told = {"threshold": found["threshold"]}
        return told | {"false alarms": found["false_alarms"], "found": found["found"]}
    if found["kind"] == "judge":
        whole = found["accuracy"]["as they are"]
        # The least share over all questions: one figure in place of forty.
        rows = [row for row in found["accuracy"].values() if row is not whole]
        worn = {(i, q): facts for i, row in enumerate(rows) for q, facts in row.items()}
        told = {"least": {"as they are": least(whole), "worn": least(worn)}}
        broken = {"called none": found.get("broken_called_none", {})}
        return found["accuracy"] | told | broken
    names = ("right", "real_right", "distance", "floor", "above_floor")
    more = ("precision", "recall", "real_precision", "real_recall")
    return {name: found[name] for name in (*names, *more)}


def figures_of_kinds(kinds: dict[str, dict]) -> Found:
    """For each kind, the shares of right, clean, and both; combinations separately.

    The share of right pictures has the name of its kind. A combination, say turtle_hat,
    counts as correct if it is right and clean.
    """
    told: Found = {}
    for kind, shares in kinds.items():
        drawn = shares["drawn"]
        told[kind] = drawn["all_factors"]
        told[f"{kind}, clean"] = drawn["clean"]
        told[f"{kind}, both"] = drawn["right_and_clean"]
        told |= shares.get("combinations", {})
    if "one animal, ears named" in kinds:
        told["the ears alone"] = kinds["one animal, ears named"]["drawn"]["ears"]
    real = {kind: shares["real"]["all_factors"] for kind, shares in kinds.items()}
    told["real"] = real | {"least": least(real), "most": least(real, -1)}
    told["real, clean"] = {kind: each["real"]["clean"] for kind, each in kinds.items()}
    return told


def least(shares: dict[str, dict], which: int = 0) -> dict:
    """The smallest of some shares, or with `which` = -1 the largest."""
    return sorted(shares.values(), key=lambda facts: facts["share"])[which]


def chances(facts: dict) -> Found:
    """What random guesses would get, as shares without an interval."""
    return {"chance": {k: {"share": value} for k, value in facts["chance"].items()}}


# Files ------------------------------------------------------------------------


def checksum(name: str) -> str:
    """Twelve digits of the SHA-256 of the tensors: all bytes after the file's header.

    The header holds the card. It is excluded because a corrected card changes nothing
    about what was measured.
    """
    content = (find_weights(name) / "model.safetensors").read_bytes()
    behind = 8 + int.from_bytes(content[:8], "little")  # the safetensors layout
    return hashlib.sha256(content[behind:]).hexdigest()[:12]


def ships(name: str) -> bool:
    """Whether weights ship with the course; a path never does, whatever it leads to.

    "./words" or "/runs/words" is another network than the shipped "words".
    """
    return is_bare(name) and (weights_folder() / name).is_dir()


def machine() -> str:
    """The processor, cores, the graphics card if there is one, and torch's version."""
    # On Linux platform.processor() is empty or "x86_64": no word about speed.
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    models = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    name = models[0].strip() if models else platform.processor() or platform.machine()
    words = [name, f"{usable_cores()} cores, {torch.get_num_threads()} threads"]
    if torch.cuda.is_available():
        words.append(torch.cuda.get_device_name())
    return ", ".join([*words, f"torch {torch.__version__}"])


def check_place(file: Path) -> None:
    """Raise ValueError unless results may be written to this file.

    Older results may be replaced, since their command repeats them; nothing else may.
    """
    check_file(file)
    if file.exists() and not is_result(file):
        raise ValueError(
            f"--save {file} already holds something that is no result: choose another "
            "file; nothing was overwritten."
        )


def is_result(file: Path) -> bool:
    """Whether `save_results` wrote this file; an empty file is as good as one."""
    if not file.is_file():
        return False
    try:
        text = file.read_text(encoding="utf-8")
        found = from_json(text) if text else dict(command="", entries={})
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and {"command", "entries"} <= set(found)


def save_results(
    file: Path,
    found: Found,
    command: str,
    weights: list[str],
    seeds: int = 1,
    why_none: str = "",
) -> None:
    """Write the results of a command to a file, one entry a line.

    Args:
        file: benchmarks/results/NAME.json, if pages should state it
        found: the results, see `entries_of`
        command: the command that repeats the measurement
        weights: names of the networks measured and of the judges; if one does not ship,
            the file says so and keeps no checksums
        seeds: how many seeds, from 0 on
        why_none: why there are no weights, say because the command trains them
    """
    # Checksums only if everybody has the same files: that of a private training would
    # tell nobody anything.
    own = [name for name in weights if not ships(name)]
    if own:
        why_none = f"{own[0]} does not ship"
    named = None if why_none else {name: checksum(Shipped(name)) for name in weights}
    head = dict(command=command, date=date.today().isoformat(), machine=machine())
    head |= dict(seeds=seeds, weights=named)
    if why_none:
        head["why_no_weights"] = why_none
    # Formatted by hand, one entry a line: `git diff` then shows which figures changed.
    lines = [f"  {json.dumps(k)}: {json.dumps(v)}," for k, v in head.items()]
    entries = [f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in entries_of(found)]
    body = ",\n".join(entries)
    text = "\n".join(["{", *lines, '  "entries": {', body, "  }", "}", ""])
    # Written whole or not at all: a truncated file would fail every page that uses it.
    replace_file(file, lambda part: part.write_text(text, encoding="utf-8"))


class Ledger:
    """What a long script has measured so far: stop it, and it carries on.

    Args:
        file: a JSON file; figures in it are not measured again
    """

    def __init__(self, file: Path):
        self.file, self.found = file, {}
        if file.is_file():
            self.found = json.loads(file.read_text(encoding="utf-8"))

    def keep(self, name: str, measure: Callable[[], Share | dict | float]):
        """The figure of this name: as kept, or measured, printed and kept now."""
        if name not in self.found:
            value = measure()
            self.found[name] = as_facts(value) if isinstance(value, Share) else value
            text = json.dumps(self.found, indent=0)
            replace_file(self.file, lambda part: part.write_text(text, "utf-8"))
            told = value if isinstance(value, Share) else f"{plain(value):.4g}"
            print(f"| {name} | {told} |", flush=True)
        return self.found[name]


# Shared by the scripts of benchmarks/ -------------------------------------------


def add_save(parser: argparse.ArgumentParser) -> None:
    """Add the option `--save`; an unusable file is refused before any measuring."""

    def path(given: str) -> Path:
        try:
            file = Path(expanded(given))
            check_place(file)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return file

    parser.add_argument("--save", type=path, help="benchmarks/results/NAME.json")


def script_command(arguments: list[str] | None) -> str:
    """The command line `python benchmarks/NAME.py ...`, without --save."""
    # Readers type the command in a result file, and they save elsewhere.
    given = sys.argv[1:] if arguments is None else list(arguments)
    if "--save" in given:
        at = given.index("--save")
        del given[at : at + 2]
    return shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *given])
