"""What the tests of commands ask of a folder."""

from pathlib import Path


def written(folder: Path) -> list[str]:
    """Everything in a folder, by its path in there."""
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*"))


def contents(folder: Path) -> dict[str, bytes]:
    """What is in every file of a folder."""
    files = (folder / name for name in written(folder))
    return {str(file): file.read_bytes() for file in files if file.is_file()}
