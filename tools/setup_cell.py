# %%
# @title Set-up: run it and go on
# The same in every notebook. On your own machine there is nothing to do; on Colab it
# fetches the course once and adds what Colab lacks.
import importlib.util
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "0.0"


found = importlib.util.find_spec("course_lib")
if found is None or not (Path(found.origin).parents[1] / "data").is_dir():
    course = os.environ.get("COURSE_REPOSITORY", "https://github.com/OWNER/REPO")
    clone = ["git", "clone", "-q", "--depth", "1", "--branch", "BRANCH-OR-TAG"]
    wanted = ["accelerate", "datasets", "safetensors", "torchmetrics", "tqdm", "typer"]
    least = {"Python": "3.11", "torch": "2.6", "numpy": "2.0", "ipywidgets": "7.7"}
    least |= {"torchvision": "0.1", "pillow": "1.0", "matplotlib": "3.0"}  # any will do
    have = {name: installed(name) for name in least}
    have["Python"] = "{}.{}".format(*sys.version_info)
    for name, floor in least.items():
        here, needed = ([int(n) for n in v.split(".")[:2]] for v in (have[name], floor))
        if here < needed:
            sys.exit(
                f"The course needs {name} {floor} or newer, and here is {have[name]}. "
                "In Colab: Runtime, Change runtime type, the latest version. On your "
                "own machine: the README of the course says how to set it up."
            )
    if shutil.which("git") is None:
        sys.exit("The course is fetched with git: install it, then run me again.")
    # Each with the very version that is here, so that pip cannot move it: a running
    # kernel breaks when torch or numpy change.
    kept = [f"{name}=={have[name]}" for name in least if name != "Python"]
    steps = [[sys.executable, "-m", "pip", "install", "-q", *wanted, *kept]]
    if not Path("course").is_dir():
        steps.insert(0, [*clone, course, "course"])
    for step in steps:
        # No question for a password, which nobody could answer here.
        alone = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(step, capture_output=True, text=True, env=alone)
        if done.returncode:
            print(" ".join(step), "said:", done.stderr, sep="\n")
            sys.exit("It could not be fetched: is there a network? Then run me again.")
    sys.path.insert(0, str(Path("course").resolve()))
    from course_lib.checkpoint import load_weights

    load_weights("reader-32")  # whole? then the rest of the clone is too
