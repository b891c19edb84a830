"""An honest card: what only a person knows stays open until a person has said it."""

import json
import shutil
from pathlib import Path

import pytest

from course_lib.commands.card import card
from course_lib.training.honest_card import (
    FILE,
    OPEN,
    QUESTIONS,
    answers,
    still_empty,
    template,
)

ROOT = Path(__file__).resolve().parents[1]


def test_a_new_card_says_what_the_machine_knows_and_leaves_the_rest_open():
    text = template("zorp")
    assert "- kind: lora" in text and "- the word it was taught: zorp" in text
    assert still_empty(text) == list(QUESTIONS)


def test_an_answer_of_some_words_closes_its_question():
    text = template("zorp")
    for answered, question in enumerate(QUESTIONS, start=1):
        hint = f"*{QUESTIONS[question]}*"
        before, after = text.split(f"### {question}")
        text = f"{before}### {question}{after.replace(OPEN, 'My own four words.', 1)}"
        assert hint in text and len(still_empty(text)) == len(QUESTIONS) - answered
    assert still_empty(text) == []


def test_hints_and_shrugs_are_no_answers():
    question = next(iter(QUESTIONS))
    for said in ("", OPEN, "yes", "see above", f"*{QUESTIONS[question]}*"):
        assert question in still_empty(f"### {question}\n\n{said}\n")
    assert still_empty("") == list(QUESTIONS)
    told = answers(f"### {question}\n\nfour words of mine\n\n# Another page\nlong text")
    assert told[question] == "four words of mine"


def test_the_command_writes_a_card_and_then_says_what_is_open(cli, here):
    shutil.copytree(ROOT / "data" / "weights" / "zorp", here / "mine")
    code, out, err = cli("card mine")
    assert code == 0 and err == [] and "open it in an editor" in out[0]
    assert (here / "mine" / FILE).read_text(encoding="utf-8") == template(here / "mine")
    assert card.__doc__.splitlines()[0] in cli("card --help")[1][2].strip()
    code, out, _ = cli("card mine")
    assert code == 0 and out[-1].endswith("10 questions are open.")


def test_the_command_never_overwrites(cli, here):
    folder = here / "mine"
    folder.mkdir()
    (folder / FILE).write_text("### Whom can one ask?\n\nAda of the second class\n")
    code, out, err = cli("card mine --json")
    assert code == 0 and err == []
    left = json.loads(out[-1])["still_open"]
    assert "Whom can one ask?" not in left and len(left) == len(QUESTIONS) - 1
    assert "9 questions are open" in out[-2]
    assert cli("card nowhere")[0] == 2


def test_a_link_that_leads_nowhere_is_kept(cli, here):
    shutil.copytree(ROOT / "data" / "weights" / "zorp", here / "mine")
    try:
        (here / "mine" / FILE).symlink_to(here / "gone.md")
    except OSError:
        pytest.skip("no right to make links")
    code, _, err = cli("card mine")
    assert code == 2 and "is a link to" in err[0] and "not there" in err[0]
    assert (here / "mine" / FILE).is_symlink()
