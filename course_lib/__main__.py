"""`python -m course_lib`: the command line, or a sentence if torch is missing."""

import platform
import sys
from importlib.util import find_spec

NEEDED = ("torch", "torchvision", "typer", "safetensors", "accelerate")


def what_is_missing() -> str:
    """Say which packages are missing and what to do; empty if none is."""
    # find_spec does not import: importing torch alone takes seconds.
    missing = [name for name in NEEDED if find_spec(name) is None]
    if not missing:
        return ""
    sentence = f"Not installed: {', '.join(missing)}."
    if platform.system() == "Darwin" and platform.machine() == "x86_64":
        return (
            f"{sentence} This is an Intel Mac, and no current torch is made for it: "
            "use Colab or another computer."
        )
    return f"{sentence} `make test` sets everything up, or pip install -e . does."


def run() -> int:
    """Run one command and return its exit code.

    Importing torch takes seconds. Ctrl-C during that time would print a hundred lines
    of traceback, so it is caught here.
    """
    try:
        sentence = what_is_missing()
        if sentence:
            print(sentence, file=sys.stderr)
            return 1
        from course_lib.commands.main import main

        return main()
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(run())
