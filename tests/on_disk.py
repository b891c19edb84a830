"""What the tests of commands ask of a folder."""

from pathlib import Path


def written(folder: Path) -> list[str]:
    """Everything in a folder, by its path in there."""
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*"))
