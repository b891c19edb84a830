"""The line that a teacher reads when a solved notebook prints something else.

02_noise, In [8]: stored "add_noise: ok", now "add_noise: not yet right"

nbval itself prints screens of both outputs, counts cells from 0 where the notebook says
In [1], and marks the new output with a minus. conftest.py replaces that by this line.
"""

from itertools import zip_longest

from looks import other_look

MOST_LETTERS = 100  # of a line that is shown


def lines_shown(outputs: list, sanitize) -> list[str]:
    """Every line of a cell's outputs that nbval compares, kind by kind."""
    lines = []
    # The kinds that nbval compares; it ignores PNG and JPEG.
    for kind in ("text", "text/html", "text/plain"):
        for output in outputs:
            text = output.get("data", output).get(kind, "")
            lines += sanitize(text).splitlines()
    return lines


def first_difference(stored: list[str], now: list[str]) -> tuple[str, str]:
    """The first two lines that differ, each cut to a window around the difference."""
    for old, new in zip_longest(stored, now, fillvalue="nothing"):
        if old != new:
            same = 0
            # The two lines are not equal, so they differ somewhere, at the end of one
            # at the latest.
            while old[same : same + 1] == new[same : same + 1]:
                same += 1
            # A frame slider is a line of 30 KB: half the window comes before the
            # difference, half after it.
            start = max(0, same - MOST_LETTERS // 2)
            end = start + MOST_LETTERS
            return old[start:end], new[start:end]
    return "the same text", "in another number of parts"


def verdict(item, error: Exception) -> str:
    """One sentence about a cell that failed under nbval.

    item: nbval's cell, with what it stored and what came out now
    """
    where = f"{item.path.stem}, In [{item.cell.execution_count}]:"
    outputs = item.test_outputs or []
    # An error explains every difference further down.
    for output in outputs:
        if output.output_type == "error":
            return f"{where} {output.ename}: {output.evalue}"
    # nbval's own words; anything else that it says, such as a timeout, is passed on.
    if str(error) != "Cell outputs differ":
        return f"{where} {error}"
    stored = lines_shown(item.cell.outputs, item.sanitize)
    now = lines_shown(outputs, item.sanitize)
    if stored == now and (look := other_look(item.cell.outputs, outputs)):
        return f"{where} {look}"
    stored, now = first_difference(stored, now)
    return f'{where} stored "{stored}", now "{now}"'
