# %%
# @title Set-up: run it and go on
# The same in every notebook. On your own machine there is nothing to do; on Colab it
# fetches the course once and adds what Colab lacks.
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

found = importlib.util.find_spec("course_lib")
if found is None or not (Path(found.origin).parents[1] / "data").is_dir():
    course = os.environ.get("COURSE_REPOSITORY", "https://github.com/OWNER/REPO")
    wanted = ["accelerate", "datasets", "safetensors", "torchmetrics", "tqdm", "typer"]
    # Without -U pip leaves alone what is there, torch and numpy above all.
    steps = [[sys.executable, "-m", "pip", "install", "-q", *wanted]]
    if not Path("course").is_dir():
        steps.insert(0, ["git", "clone", "-q", "--depth", "1", course, "course"])
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            print(" ".join(step), "said:", done.stderr, sep="\n")
            sys.exit("It could not be fetched: is there a network? Then run me again.")
    sys.path.insert(0, str(Path("course").resolve()))
    from course_lib.checkpoint import load_weights

    load_weights("reader-32")  # whole? then the rest of the clone is too
