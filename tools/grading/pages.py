"""What a teacher gets: a table for the class, a page a learner, CSV and JSON.

Every word of a learner is escaped, and a page may load or run nothing, so that opening
one is safe whatever was handed in.
"""

import csv
import html
import json
import re
from pathlib import Path
from typing import NamedTuple

from grading.handed_in import HandedIn
from grading.marking import Result
from grading.page import page, write


class Graded(NamedTuple):
    """One notebook of one learner, and what each exercise got."""

    handed_in: HandedIn
    results: list[Result]

    @property
    def mark(self) -> float:
        """The mean of its exercises, which all count alike, 0 to 1."""
        marks = [result.mark for result in self.results]
        return sum(marks) / len(marks) if marks else 0.0


def percent(mark: float) -> str:
    """100% only for all of it.

    >>> percent(0.999), percent(1.0)
    ('99%', '100%')
    """
    return f"{int(100 * mark + 1e-9)}%"


def file_name(learner: str, taken: set[str]) -> str:
    """A name for a learner's page that no learner can choose: plain, and not taken."""
    plain = re.sub(r"[^\w.-]+", "_", learner, flags=re.ASCII).strip("._-")[:60]
    name, number = plain or "learner", 2
    while f"{name}.html".lower() in taken:
        name, number = f"{plain or 'learner'}-{number}", number + 1
    taken.add(f"{name}.html".lower())
    return f"{name}.html"


# A learner ---------------------------------------------------------------------------


def sentence(result: Result) -> str:
    """What a learner reads about one exercise."""
    ok = result.words == "ok"
    if result.mark == 1 and ok:
        return "right"
    if result.mark == 1:
        return f"right; the check of the notebook says: {result.words}"
    if ok:
        # It was made to say so, or is right for its numbers and wrong for others.
        wrong = next(filter(None, result.groups.values()))
        return f"the check of the notebook is content, but here it is wrong: {wrong}"
    return result.words


def exercise_section(result: Result) -> str:
    escaped = {
        html.escape(group): html.escape(wrong or "right")
        for group, wrong in result.groups.items()
    }
    rows = [f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in escaped.items()]
    code = f"<pre>{html.escape(result.code)}</pre>" if result.code else ""
    table = (
        "<details><summary>What was asked</summary><table><thead><tr>"
        "<th scope='col'>asked</th><th scope='col'>found</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></details>"
    )
    return (
        f"<section><h3>{result.exercise.name}: {percent(result.mark)}</h3>"
        f"<p>{html.escape(sentence(result))}</p>{code}"
        f"{table if result.state == 'there' else ''}</section>"
    )


def learner_page(learner: str, graded: list[Graded], remark: str) -> str:
    name = next((each.handed_in.name for each in graded if each.handed_in.name), "")
    parts = [f"<p>{html.escape(remark)}</p>"]
    if name:
        parts.insert(0, f"<p>Handed in by: {html.escape(name)}</p>")
    for each in graded:
        file = html.escape(each.handed_in.file)
        notebook = each.handed_in.notebook or "no notebook"
        parts.append(f"<h2>{notebook}: {percent(each.mark)}</h2><p>File: {file}</p>")
        if each.handed_in.problem:
            parts.append(f"<p>{html.escape(each.handed_in.problem)}</p>")
        parts += map(exercise_section, each.results)
    return page(learner, "\n".join(parts))


# The class ---------------------------------------------------------------------------


def best_marks(graded: list[Graded]) -> dict[str, Graded]:
    """Of each notebook the best one, if somebody handed it in twice."""
    best: dict[str, Graded] = {}
    for each in graded:
        notebook = each.handed_in.notebook
        if notebook and (notebook not in best or each.mark > best[notebook].mark):
            best[notebook] = each
    return best


def class_page(
    by_learner: dict[str, list[Graded]], files: dict[str, str], remark: str
) -> str:
    notebooks = sorted(
        {name for each in by_learner.values() for name in best_marks(each)}
    )
    head = "".join(f"<th scope='col'>{name}</th>" for name in notebooks)
    rows = []
    for learner, graded in by_learner.items():
        best = best_marks(graded)
        cells = [
            f"<td class='mark'>{percent(best[name].mark) if name in best else ''}</td>"
            for name in notebooks
        ]
        problems = [g for g in graded if g.handed_in.problem]
        said = "; ".join(f"{g.handed_in.file}: {g.handed_in.problem}" for g in problems)
        name = next((g.handed_in.name for g in graded if g.handed_in.name), "")
        link = f"<a href='learners/{files[learner]}'>{html.escape(learner)}</a>"
        rows.append(
            f"<tr><th scope='row'>{link}</th><td>{html.escape(name)}</td>"
            f"{''.join(cells)}"
            f"<td>{html.escape(said)}</td></tr>"
        )
    table = (
        f"<table><caption>{html.escape(remark)}</caption><thead><tr>"
        f"<th scope='col'>handed in as</th><th scope='col'>name</th>{head}"
        "<th scope='col'>remarks</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    return page("The class", table)


# All files ---------------------------------------------------------------------------

COLUMNS = ("learner", "name", "file", "notebook", "exercise", "mark", "words")


def rows_of(graded: list[Graded]) -> list[dict]:
    """A row for each exercise, and for each file in which there is none."""
    rows = []
    for each in graded:
        who = each.handed_in
        row = dict(learner=who.learner, name=who.name, file=who.file)
        row["notebook"] = who.notebook
        for result in each.results:
            rows.append(
                row
                | dict(
                    exercise=result.exercise.name,
                    mark=round(result.mark, 4),
                    words=sentence(result),
                    asked=result.groups,
                )
            )
        if not each.results:
            rows.append(row | dict(exercise="", mark=0.0, words=who.problem, asked={}))
    return rows


def harmless(value):
    """A cell that a spreadsheet takes for a text, not for a formula."""
    if isinstance(value, str):
        value = value.replace("\r", " ").replace("\n", " ").replace("\t", " ")
        return f"'{value}" if value[:1] in ("=", "+", "-", "@") else value
    return value


def write_all(out: Path, graded: list[Graded], remark: str, facts: dict) -> None:
    """grades.csv, grades.json, index.html and learners/, anew."""
    (out / "learners").mkdir(parents=True, exist_ok=True)
    for old in (out / "learners").glob("*.html"):
        old.unlink()
    by_learner: dict[str, list[Graded]] = {}
    for each in graded:
        by_learner.setdefault(each.handed_in.learner, []).append(each)
    taken: set[str] = set()
    files = {learner: file_name(learner, taken) for learner in by_learner}
    for learner, theirs in by_learner.items():
        write(out / "learners" / files[learner], learner_page(learner, theirs, remark))
    write(out / "index.html", class_page(by_learner, files, remark))
    rows = rows_of(graded)
    write(out / "grades.json", json.dumps(facts | {"rows": rows}, indent=1) + "\n")
    with (out / "grades.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(
            file, COLUMNS, extrasaction="ignore", lineterminator="\n"
        )
        table.writeheader()
        for row in rows:
            table.writerow({key: harmless(value) for key, value in row.items()})
