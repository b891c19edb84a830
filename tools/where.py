"""Where to run this: how long each notebook takes on a machine, and how much memory.

    python tools/where.py                       measure every solved notebook, in order
    python tools/where.py 02_noise              only this one
    python tools/where.py --save old_laptop     and keep it, for the table
    python tools/where.py --table               write the table of benchmarks/where.md

Each notebook runs as a learner runs it: with the profile, the device and the threads
that the course chooses here. Measure on a quiet machine. The table has a column for
each benchmarks/results/where_NAME.json.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
from build import NOTEBOOKS, notebook_from_source, source_names, without_markers
from kernel import client_for
from reading_order import ORDER

from course_lib.device import best_device, profile
from course_lib.judging.results import save_results

ROOT = NOTEBOOKS.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "benchmarks" / "where.md"
BETWEEN = re.compile(r"(?<=<!-- table -->\n\n).*?(?=<!-- end of table -->)", re.DOTALL)
EVERY = 0.2  # seconds between two looks at the memory


def run_alone(name: str) -> None:
    """Run a solved notebook to its end, however long its cells take."""
    notebook = notebook_from_source(name, without_markers)
    client = client_for(notebook, NOTEBOOKS / "solutions")
    client.timeout = None
    client.execute()


def measured(name: str) -> dict[str, float]:
    """Minutes of one notebook, and the GiB of its largest process."""
    started, most = time.perf_counter(), 0
    running = subprocess.Popen([sys.executable, __file__, "--alone", name])
    while running.poll() is None:
        most = max(most, largest(running.pid))
        time.sleep(EVERY)
    if running.returncode:
        sys.exit(f"{name} did not reach its end: what it said stands above.")
    return {
        "minutes": (time.perf_counter() - started) / 60,
        "memory": most / 2**30,
    }


def largest(pid: int) -> int:
    """Bytes in memory of the largest process begun by this one; its kernel, that is."""
    sizes = [0]
    try:
        for process in psutil.Process(pid).children(recursive=True):
            sizes.append(process.memory_info().rss)
    except psutil.NoSuchProcess:  # ended while we looked
        pass
    return max(sizes)


# The table ------------------------------------------------------------------------


def table(folder: Path = RESULTS) -> str:
    """A row for each notebook, a column for each machine, with fill marks."""
    files = sorted(folder.glob("where_*.json"))
    found = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    if not found:
        return "No machine is measured yet.\n\n"
    machines = [name.removeprefix("where_").replace("_", " ") for name in found]
    lines = [
        f"| notebook | {' | '.join(machines)} |",
        "| --- |" + " --- |" * len(found),
    ]
    for name in ORDER:
        cells = [cell(stem, result, name) for stem, result in found.items()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    told = [
        f"- {name}: {result['machine']}; `{result['command']}`, {result['date']}"
        for name, result in zip(machines, found.values(), strict=True)
    ]
    return "\n".join([*lines, "", *told, "", ""])


def cell(stem: str, result: dict, name: str) -> str:
    """Minutes and GiB of a notebook on one machine, for fill_numbers.py to fill."""
    if f"{name}_minutes" not in result["entries"]:
        return "not measured"
    minutes = f"<!-- {stem}.{name}_minutes 1 -->?<!-- / -->"
    return f"{minutes} min, <!-- {stem}.{name}_memory 1 -->?<!-- / --> GiB"


def write_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BETWEEN.sub(table(), text), encoding="utf-8", newline="\n")
    print(f"{PAGE.relative_to(ROOT)}: written. Now `make numbers` fills it.")


# Command line ---------------------------------------------------------------------


def main(given: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NN_name")
    parser.add_argument("--save", metavar="MACHINE", help="as in old_laptop")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--alone", metavar="NN_name", help=argparse.SUPPRESS)
    asked = parser.parse_args(given)
    if asked.table:
        return write_table()
    if asked.alone:
        return run_alone(asked.alone)
    if asked.save and not re.fullmatch("[a-z][a-z0-9_]*", asked.save):
        sys.exit("A machine's name has small letters, digits and _, as in old_laptop.")
    if unknown := set(asked.names) - set(source_names()):
        sys.exit(f"No notebook is called {sorted(unknown)}; there are {ORDER}.")
    load, cores = psutil.getloadavg()[0], os.cpu_count() or 1
    print(
        f"Device {best_device()}, profile {profile()}, load {load:.1f}, {cores} cores"
    )
    if load > 0.5 * cores:
        print("Something else is running here, so these times will be too long.")
    found = {"load": load}
    for name in asked.names or ORDER:
        found[name] = measured(name)
        minutes, memory = found[name].values()
        print(f"{name}: {minutes:.1f} minutes, {memory:.1f} GiB", flush=True)
    if asked.save:
        command = " ".join(["python tools/where.py", *asked.names])
        why = "measures time and memory of all notebooks"
        file = RESULTS / f"where_{asked.save}.json"
        save_results(file, found, command, [], why_none=why)
        print(f"Kept in {file.relative_to(ROOT)}: now `python tools/where.py --table`.")


if __name__ == "__main__":
    main()
