"""What a rehearsal found, as one page that prints."""

from html import escape
from typing import Protocol

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto;
  padding: 0 1em; color: #222; background: #fff; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.3em 0 0.3em 1.4em; }}
.wrong {{ border-left: 4px solid #b00020; padding: 0.2em 0.8em; margin: 0.8em 0; }}
summary {{ cursor: pointer; }}
</style>
</head>
<body>
<main>
<h1>Rehearsal</h1>
<p><strong>{words}</strong></p>
{parts}
</main>
</body>
</html>
"""
WRONG = """\
<section class="wrong">
<h2>{what}</h2>
<pre>{said}</pre>
<p>What to do: {to_do}</p>
</section>"""
GOOD = "<details><summary>ok: {what}</summary><pre>{said}</pre></details>"


class Found(Protocol):
    """What is told of one thing that was looked at."""

    what: str
    good: bool
    said: list[str]
    to_do: str


def page(words: str, findings: list[Found]) -> str:
    """The page: first what is wrong and what to do, then what is well, folded.

    Args:
        words: the whole in one sentence
    """
    parts = [part(finding) for finding in sorted(findings, key=lambda f: f.good)]
    return PAGE.format(words=escape(words), parts="\n".join(parts))


def part(finding: Found) -> str:
    """The HTML of one finding."""
    return (GOOD if finding.good else WRONG).format(
        what=escape(finding.what),
        said=escape("\n".join(finding.said)),
        to_do=escape(finding.to_do),
    )
