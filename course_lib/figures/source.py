"""Print the library's own code in a notebook: the real thing, never a copy."""

import inspect
import textwrap
from pathlib import Path


def show_source(*things) -> None:
    """Print the file and the source of each function or class.

    >>> from course_lib.device import data_folder
    >>> show_source(data_folder)
    # course_lib/device.py
    def data_folder() -> Path:
        \"\"\"What ships with the course: cards, weights, samples.\"\"\"
        return repository_folder() / "data"
    """
    for thing in things:
        # Look beneath a decorator such as torch.no_grad, which has its own module.
        module = inspect.unwrap(thing).__module__
        # From the module's name, not from the file's path: that differs between
        # machines, and stored outputs are compared.
        folder = Path(*module.split("."))
        if Path(inspect.getfile(thing)).name == "__init__.py":
            folder = folder / "__init__"
        print(f"# {folder.as_posix()}.py")
        # A method is printed without its indent, to be read like a function.
        print(textwrap.dedent(inspect.getsource(thing)).rstrip())
