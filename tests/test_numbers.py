"""A measured figure has one home: benchmarks/results. Pages are filled from there."""

import argparse
import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import fill_numbers as fill  # noqa: E402

from course_lib.commands.main import main  # noqa: E402
from course_lib.judging import results  # noqa: E402
from course_lib.judging.metrics import Share  # noqa: E402

FOUND = fill.results()
ENTRIES = fill.entries_of(FOUND)
LATENT = dict(value=98.6, low=97.7, high=99.2, n=1000, unit="%")
SOME = {"latent.hat": LATENT, "words.hat": LATENT | dict(value=96.1)}


@pytest.fixture
def house(tmp_path):
    """A repository of one page, one result and one network."""
    for folder in ("benchmarks/results", "data/weights/pair"):
        (tmp_path / folder).mkdir(parents=True)
    network = "data/weights/pair/model.safetensors"
    (tmp_path / network).symlink_to(ROOT / network)
    file = tmp_path / "benchmarks" / "results" / "pair.json"
    found = {"first": Share(946, 1000), "second": {"mean": 55.71, "spread": 2.68}}
    results.save_results(file, found, "measure it", ["pair"], seeds=3)
    page = (
        "In <!-- pair.first -->?<!-- / --> of 1,000, <!-- pair.second -->?<!-- / -->."
    )
    (tmp_path / "README.md").write_text(page)
    return tmp_path


# The pages, as they are -----------------------------------------------------------


@pytest.mark.parametrize("page", fill.pages(), ids=lambda page: page.name)
def test_a_page_says_what_the_results_say(page):
    text = page.read_text(encoding="utf-8")
    assert fill.filled(text, ENTRIES) == text, "run `make numbers`"


@pytest.mark.parametrize("page", fill.pages(), ids=lambda page: page.name)
def test_no_figure_of_a_page_is_typed_by_hand(page):
    assert not fill.complaints(page.read_text(encoding="utf-8"), ENTRIES)


def test_every_result_was_measured_with_what_ships():
    assert not fill.stale(FOUND)


@pytest.mark.parametrize("name", FOUND)
def test_a_result_says_how_it_was_found(name):
    result = FOUND[name]
    assert {"command", "date", "machine", "seeds", "weights"} <= result.keys()
    assert result["entries"]
    for entry in result["entries"].values():
        assert {"what", "value"} <= entry.keys()
        low, high = (entry.get(end, entry["value"]) for end in ("low", "high"))
        assert low <= entry["value"] <= high


def test_cards_say_what_the_results_say():
    new, wrong = fill.changes()
    assert not new and not wrong


def test_a_diary_is_filled_as_any_page_and_its_lesson_links_it(house):
    text = "| <!-- pair.first -->?<!-- / --> |"
    diary = house / "benchmarks" / "09_image_text.md"
    diary.write_text(text)
    new, wrong = fill.changes(house)
    assert new[diary] == "| <!-- pair.first -->94.6 % (93.0 to 95.8)<!-- / --> |"
    (sentence,) = wrong
    assert "lessons/09_image_text.md has no link" in sentence
    lesson = house / "lessons" / "09_image_text.md"
    lesson.parent.mkdir()
    lesson.write_text("[The diary](../benchmarks/09_image_text.md) has the rest.")
    assert not fill.changes(house)[1]


# The filling ----------------------------------------------------------------------


def test_filling_twice_is_filling_once(house):
    new, wrong = fill.changes(house)
    (text,) = new.values()
    assert not wrong and "-->94.6 % (93.0 to 95.8)<!-- / --> of 1,000" in text
    assert "-->55.7 ± 2.7<!-- / -->." in text
    (house / "README.md").write_text(text)
    assert fill.changes(house) == ({}, [])


def test_a_number_in_a_table_and_one_in_a_sentence_are_filled_alike():
    row = (
        "| hat | <!-- latent.hat -->0<!-- / --> | <!-- words.hat value -->0<!-- / --> |"
    )
    told = fill.MARKED.sub(r"\g<told>", fill.filled(row, SOME))
    assert told == "| hat | 98.6 % (97.7 to 99.2) | 96.1 % |"


def test_differences_and_ratios_follow_their_entries():
    text = (
        "It is <!-- latent.hat - words.hat plain -->0<!-- / --> points "
        "or <!-- latent.hat / words.hat 3 -->0<!-- / --> times."
    )
    told = fill.MARKED.sub(r"\g<told>", fill.filled(text, SOME))
    assert told == "It is 2.5 points or 1.026 times."


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("of <!-- latent.hut -->9<!-- / -->", "names no result: 'latent.hut'"),
        ("of <!-- latent.hat loud -->9<!-- / -->", "there is no form 'loud'"),
        ("of <!-- latent -->9<!-- / -->", "a marker is misspelt"),
        ("<!-- latent.hat -->9<!-- / --> are right", "A line begins with a marker"),
        ("of <!-- latent.hat -->9 <!-- words.hat -->8<!-- / -->", "lacks one"),
        ("so 98.6 % (97.7 to 99.2)", "Typed by hand"),
        ("so 98.6 %\n(97.7 to 99.2, n = 3 x 2,048)", "Typed by hand"),
        ("| 98.6 % (95 %: 97.7 to 99.2) |", "Typed by hand"),
        ("accessories 94.2\n(92.6 to 95.5)", "Typed by hand"),
        ("97.2 % as typed (95.4 to 98.3)", "Typed by hand"),
        ("98 % (93 to 99)", "Typed by hand"),
        ("above the floor 55.7 ± 2.7", "Typed by hand"),
    ],
)
def test_what_filling_cannot_cure_gets_a_sentence(text, complaint):
    (sentence,) = fill.complaints(text, SOME)
    assert complaint in sentence


@pytest.mark.parametrize(
    "text",
    [
        "as in a network that takes noise out of pictures (04 to 06)",
        "the first of 1,000 (Ho and Salimans 2022)",
        "```python\n>>> print(share)\n97.0 % (91.5 to 99.0, n = 100)\n```",
    ],
)
def test_what_is_no_measured_figure_may_be_typed(text):
    assert not fill.complaints(text, SOME)


def test_a_card_is_filled_with_what_it_lists(house):
    found = fill.results(house / "benchmarks" / "results")
    listed = json.dumps({"kind": "pair", "measured": {"pair": {"first": ""}}})
    text = fill.filled_card(listed, found)
    figures = {"command": "measure it", "first": "94.6 % (93.0 to 95.8)"}
    assert json.loads(text) == {"kind": "pair", "measured": {"pair": figures}}
    assert fill.filled_card(text, found) == text
    whole = fill.filled_card('{"measured": {"pair": {}}}', found)
    assert json.loads(whole)["measured"]["pair"]["second"] == "55.71 ± 2.68"
    (house / "data" / "weights" / "pair" / "card.json").write_text(
        '{"measured": {"nobody": {}}}'
    )
    assert "no results are called nobody" in fill.changes(house)[1][0]


# The results ----------------------------------------------------------------------


def test_new_weights_make_their_results_stale(house):
    file = house / "benchmarks" / "results" / "pair.json"
    file.write_text(file.read_text().replace(results.checksum("pair"), "0" * 12))
    (sentence,) = fill.changes(house)[1]
    assert "other weights than the pair that ship" in sentence
    assert "run `measure it --save benchmarks/results/pair.json`" in sentence


def test_both_readers_of_a_header_find_the_same_checksum():
    assert fill.checksum_of(ROOT / "data/weights/pair") == results.checksum("pair")
    assert fill.checksum_of(ROOT / "data/weights/nobody") is None


def test_what_does_not_ship_says_so(tmp_path):
    results.save_results(tmp_path / "a.json", {"x": 1}, "c", ["runs/mine"])
    saved = json.loads((tmp_path / "a.json").read_text())
    assert saved["weights"] is None and "runs/mine" in saved["why_no_weights"]
    assert not fill.stale({"a": saved})
    assert fill.stale({"a": saved | {"why_no_weights": ""}})


@pytest.mark.parametrize("typed", ["./pair", "{here}/pair"])
def test_a_path_is_not_what_ships_whatever_it_is_called(tmp_path, monkeypatch, typed):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "data/weights/words", "pair")
    name, file = typed.format(here=tmp_path), tmp_path / "a.json"
    results.save_results(file, {"x": 1}, "c", [name, "reader-32"])
    saved = json.loads(file.read_text())
    assert saved["weights"] is None and name in saved["why_no_weights"]
    # And a name that nobody typed means what ships, whatever lies here.
    results.save_results(file, {"x": 1}, "c", ["pair"])
    monkeypatch.chdir(ROOT)
    assert json.loads(file.read_text())["weights"] == {"pair": results.checksum("pair")}


@pytest.mark.parametrize("place", ["folder", "folder/no.json/a.json", "a" * 300])
def test_a_script_that_could_not_save_does_not_begin(tmp_path, capsys, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "no.json").touch()
    parser = argparse.ArgumentParser()
    results.add_save(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--save", str(tmp_path / place)])
    assert "Cannot write to" in capsys.readouterr().err


def test_tables_of_tables_become_entries_with_readable_names():
    found = {"ears": {"turtle, hat": Share(1, 2)}, "real": {"ears": 0.5}, "n": 3}
    entries = dict(results.entries_of(found))
    assert list(entries) == ["ears_turtle_hat", "real_ears", "n"]
    assert entries["ears_turtle_hat"]["what"] == "ears, turtle, hat"
    assert entries["ears_turtle_hat"]["value"] == 50


def test_what_is_no_number_is_no_result():
    with pytest.raises(ValueError, match="went astray"):
        dict(results.entries_of({"x": float("nan")}))


def test_a_script_s_command_is_kept_without_where_it_was_saved(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/benchmarks/hearing.py"])
    given = ["--iterations", "3", "--save", "a.json", "--n", "2"]
    told = results.script_command(given)
    assert told == "python benchmarks/hearing.py --iterations 3 --n 2"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ("--weights critters --seeds 2 --calls 2", "critters_10"),
        ("--weights pair --seeds 1", "pair"),
        ("--weights reader-32 --seeds 1", "reader_32"),
    ],
)
def test_evaluate_saves_what_the_pages_state(saved, options, name):
    command = f"evaluate {options} --n 32 --save {saved.file}"
    assert main(command.split()) == 0
    assert not saved.lacks(name)
    shipped = json.loads(saved.file.read_text())["weights"]
    assert shipped == {weights: results.checksum(weights) for weights in shipped}
