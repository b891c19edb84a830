"""Print the library's own code in a notebook: the real thing, never a copy."""

import inspect
import textwrap
from pathlib import Path


def show_source(*things) -> None:
    """Print where each function or class lives, and its source.

    >>> from course_lib.device import data_folder
    >>> show_source(data_folder)
    # course_lib/device.py
    def data_folder() -> Path:
        \"\"\"What ships with the course: cards, weights, samples.\"\"\"
        return repository_folder() / "data"
    """
    for thing in things:
        module = inspect.unwrap(thing).__module__
        folder = Path(*module.split("."))
        if Path(inspect.getfile(thing)).name == "__init__.py":
            folder = folder / "__init__"
        print(f"# {folder.as_posix()}.py")
        print(textwrap.dedent(inspect.getsource(thing)).rstrip())
