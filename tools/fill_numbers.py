"""Fill in the figures on all pages from benchmarks/results, the only source of each.

    make numbers                             # fill
    python tools/fill_numbers.py --check     # only say what differs; 1 if anything does

A page writes `<!-- words.one_animal -->98.0 % (96.4 to 98.9)<!-- / -->`: the entry
`one_animal` of benchmarks/results/words.json. The text between the two comments is
replaced; GitHub never shows comments, not even in tables or within a sentence.
benchmarks/README.md lists the forms. What a lesson leaves out is in its diary,
benchmarks/NN_name.md: a page like all others, which its lesson must link to. Needs only
Python, so it takes no time.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
WEIGHTS = ROOT / "data" / "weights"
DIGITS = 1

# <!-- NAME [-/ OTHER] [FORM] [DIGITS] -->what is told<!-- / -->, on one line or two.
# The told part may not contain <, so that a missing end cannot swallow the next figure.
NAME = r"[a-z]\w*\.\w+"
MARKED = re.compile(
    rf"<!-- (?P<name>{NAME})(?: (?P<sign>[-/]) (?P<other>{NAME}))?"
    r"(?: (?P<form>[a-z]+))?(?: (?P<digits>\d))? -->(?P<told>[^<]*?)<!-- / -->"
)
END = "<!-- / -->"
BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)

# Forms that nobody may type by hand: 98.6 % (97.7 to 99.2), with or without the %,
# (97.7 to 99.2) after other words, and 55.7 ± 2.7.
_N = r"\d[\d,]*(?:\.\d+)?"
BY_HAND = re.compile(
    rf"{_N}(?:\s*%)?\s+\((?:95 %: )?{_N}\s+to\s+{_N}[^)]*\)"
    rf"|\((?:95 %: )?\d+\.\d+\s+to\s+{_N}[^)]*\)"
    rf"|{_N}\s(?:±|\+-)\s{_N}"
)


# Results ------------------------------------------------------------------------


def results(folder: Path = RESULTS) -> dict[str, dict]:
    """The content of every file of results, by name, in order."""
    files = sorted(folder.glob("*.json"))
    return {file.stem: json.loads(file.read_text("utf-8")) for file in files}


def entries_of(found: dict[str, dict]) -> dict[str, dict]:
    """Every entry, by its name on pages: `words.one_animal`."""
    return {
        f"{name}.{key}": entry
        for name, result in found.items()
        for key, entry in result["entries"].items()
    }


def checksum_of(weights: Path) -> str | None:
    """As in course_lib/judging/results.py, but without torch; None if missing."""
    file = weights / "model.safetensors"
    if not file.is_file():
        return None
    content = file.read_bytes()
    # Without the header, which contains the card: filling in a card must not make its
    # own figures stale.
    behind = 8 + int.from_bytes(content[:8], "little")
    return hashlib.sha256(content[behind:]).hexdigest()[:12]


def stale(found: dict[str, dict], shipped: Path = WEIGHTS) -> list[str]:
    """A sentence for each result that was measured with weights that no longer ship."""
    sentences = []
    for name, result in found.items():
        # No weights without a reason, or leaving them out would be the easy way never
        # to be stale.
        if result["weights"] is None:
            if not result.get("why_no_weights"):
                sentences.append(f"{name}.json names no weights: say why_no_weights.")
            continue
        for weights, checksum in result["weights"].items():
            if checksum_of(shipped / weights) != checksum:
                sentences.append(
                    f"{name}.json was measured with other weights than the {weights} "
                    f"that ship: run `{result['command']} --save "
                    f"benchmarks/results/{name}.json`, then `make numbers`."
                )
    return sentences


# In print -----------------------------------------------------------------------


def number(value: float, digits: int) -> str:
    """1,234.5; and never -0.0."""
    # -0.04 rounds to -0.0, and adding 0.0 removes the sign.
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def in_print(entry: dict, form: str = "", digits: int = DIGITS) -> str:
    """An entry as text, in one of the forms.

    >>> entry = dict(value=98.6, low=97.7, high=99.2, n=1000, unit="%")
    >>> in_print(entry), in_print(entry, "value"), in_print(entry, "plain", 0)
    ('98.6 % (97.7 to 99.2)', '98.6 %', '99')
    >>> in_print(entry, "bare"), in_print(entry, "interval"), in_print(entry, "n")
    ('98.6 (97.7 to 99.2)', '97.7 to 99.2', '1,000')
    >>> in_print(entry, "full")
    '98.6 % (97.7 to 99.2, n = 1,000)'
    >>> in_print(dict(value=55.71, spread=2.68))
    '55.7 ± 2.7'
    """
    plain = number(entry["value"], digits)
    value = f"{plain} {entry['unit']}" if entry.get("unit") else plain
    interval = ""
    if "low" in entry:
        interval = " to ".join(number(entry[end], digits) for end in ("low", "high"))
    n = number(entry["n"], 0) if "n" in entry else "unknown"
    full = f"{value} ({interval}, n = {n})"
    forms = dict(value=value, plain=plain, interval=interval, n=n, full=full)
    if form in forms:
        return forms[form]
    if form not in ("", "bare"):
        raise ValueError(f"there is no form {form!r}")
    told = plain if form == "bare" else value
    if entry.get("spread") is not None:
        return f"{told} ± {number(entry['spread'], digits)}"
    return f"{told} ({interval})" if interval else told


def combined(one: dict, sign: str, other: dict) -> dict:
    """The difference of two entries, or their ratio; without an interval."""
    # No interval: that of a difference is not the difference of two intervals.
    a, b = one["value"], other["value"]
    return (
        {"value": a / b} if sign == "/" else {"value": a - b, "unit": one.get("unit")}
    )


def told(match: re.Match, entries: dict[str, dict]) -> str:
    """The text for between the two comments; KeyError for an unknown name."""
    entry = entries[match["name"]]
    if match["sign"]:
        entry = combined(entry, match["sign"], entries[match["other"]])
    return in_print(entry, match["form"] or "", int(match["digits"] or DIGITS))


# Pages --------------------------------------------------------------------------


def pages(root: Path = ROOT) -> list[Path]:
    """Every page and notebook source that may state a figure."""
    folders = ("", "data/", "benchmarks/", "lessons/")
    found = [page for folder in folders for page in sorted(root.glob(f"{folder}*.md"))]
    return found + sorted(root.glob("notebooks/src/*.py"))


def unread(root: Path = ROOT) -> list[str]:
    """A sentence for each diary that its lesson does not link to."""
    sentences = []
    for diary in sorted(root.glob("benchmarks/[0-9][0-9]_*.md")):
        lesson = root / "lessons" / diary.name
        link = f"](../benchmarks/{diary.name})"
        if not lesson.is_file() or link not in lesson.read_text(encoding="utf-8"):
            sentences.append(f"lessons/{diary.name} has no link {link} to its diary.")
    return sentences


def filled(text: str, entries: dict[str, dict]) -> str:
    """The page with every figure taken from its entry; unknown names stay as is."""

    # The old text is replaced unread, so filling twice is the same as filling once.
    def fill(match: re.Match) -> str:
        try:
            new = told(match, entries)
        except (KeyError, ValueError, ZeroDivisionError):
            return match[0]  # `complaints` has a sentence for it
        return match[0].split("-->", 1)[0] + "-->" + new + END

    return MARKED.sub(fill, text)


def complaints(text: str, entries: dict[str, dict]) -> list[str]:
    """One sentence for each fault that filling cannot cure."""
    sentences, marked = [], list(MARKED.finditer(text))
    for match in marked:
        try:
            told(match, entries)
        except (KeyError, ValueError, ZeroDivisionError) as error:
            opener = match[0].split("-->", 1)[0] + "-->"
            sentences.append(f"{opener} names no result: {error}.")
    # The pattern skips what it does not match, and a misspelt marker would stay for
    # ever: so beginnings and ends are also counted separately.
    begun, ended = len(re.findall(f"<!-- {NAME}", text)), text.count(END)
    if not begun == len(marked) == ended:
        sentences.append(
            f"{begun} figures begin and {ended} end with {END}: a marker is misspelt, "
            "or lacks one of its two comments."
        )
    # CommonMark, section 4.6: a line that begins with a comment is an HTML block, where
    # ** and | mean nothing.
    for line in re.findall(rf"^\s*<!-- {NAME}.*", text, re.MULTILINE):
        sentences.append(
            f"A line begins with a marker, and Markdown takes the whole line for HTML: "
            f"begin with a word: {line.strip()[:60]}"
        )
    # Code blocks quote what a terminal once said, which is not a claim of the page.
    unmarked = BLOCK.sub("", MARKED.sub("", text))
    for typed in BY_HAND.findall(unmarked):
        typed = " ".join(typed.split())
        sentences.append(f"Typed by hand, so give it a home in results: {typed}")
    return sentences


# Cards --------------------------------------------------------------------------


def filled_card(text: str, found: dict[str, dict]) -> str:
    """A card with the figures that it lists of each result; all if it lists none."""
    card = json.loads(text)
    for name in card.get("measured", {}).keys() & found.keys():
        told = {
            # Per cent to a tenth; distances and losses have no unit and may be small.
            key: in_print(entry, digits=1 if entry.get("unit") else 2)
            for key, entry in found[name]["entries"].items()
        }
        listed = {key: told[key] for key in card["measured"][name] if key in told}
        command = {"command": found[name]["command"]}
        card["measured"][name] = command | (listed or told)
    return json.dumps(card, indent=2, ensure_ascii=False) + "\n"


def changes(root: Path = ROOT) -> tuple[dict[Path, str], list[str]]:
    """The new text of each file that should change, and a list of what is wrong."""
    # Everything is read first and written last: faults are reported for all pages at
    # once, and --check runs the same code.
    found = results(root / "benchmarks" / "results")
    entries, new = entries_of(found), {}
    wrong = stale(found, root / "data" / "weights") + unread(root)
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        name = page.relative_to(root).as_posix()
        wrong += [f"{name}: {sentence}" for sentence in complaints(text, entries)]
        new[page] = (text, filled(text, entries))
    for card in sorted(root.glob("data/weights/*/card.json")):
        text = card.read_text(encoding="utf-8")
        for name in json.loads(text).get("measured", {}).keys() - found.keys():
            wrong.append(f"{card.parent.name}/card.json: no results are called {name}.")
        new[card] = (text, filled_card(text, found))
    return {f: told for f, (text, told) in new.items() if told != text}, wrong


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    new, wrong = changes()
    for file, text in new.items():
        name = file.relative_to(ROOT)
        if options.check:
            wrong.append(f"{name} differs from the results: run `make numbers`.")
        else:
            file.write_text(text, encoding="utf-8")
            print(f"{name}: filled")
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    # Everything else is filled in even so: one unknown name should not keep the others
    # from being right.
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
