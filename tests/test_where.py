"""The table of minutes and memory says what was measured, and on which machine."""

import json
import re

import fill_numbers
import pytest
import where


def test_a_machine_that_was_measured_gets_a_column(tmp_path, monkeypatch):
    assert "No machine" in where.table(tmp_path)
    ran = iter([{"minutes": 1.25, "memory": 0.5}])
    monkeypatch.setattr(where, "measured", lambda name: next(ran))
    monkeypatch.setattr(where, "RESULTS", tmp_path / "kept")
    monkeypatch.setattr(where, "ROOT", tmp_path)
    (tmp_path / "kept").mkdir()
    where.main(["02_noise", "--save", "old_laptop"])
    kept = json.loads((tmp_path / "kept" / "where_old_laptop.json").read_text("utf-8"))
    text = where.table(tmp_path / "kept")
    entries = fill_numbers.entries_of({"where_old_laptop": kept})
    filled = fill_numbers.filled(text, entries)
    plain = re.sub(r"<!-- .*? -->", "", filled)
    assert "| notebook | old laptop |" in plain and kept["machine"] in plain
    assert "| 02_noise | 1.2 min, 0.5 GiB |" in plain
    assert "| 03_denoise | not measured |" in plain
    assert fill_numbers.complaints(filled, entries) == []


def test_the_page_has_a_place_for_the_table():
    page = where.PAGE.read_text(encoding="utf-8")
    assert len(where.BETWEEN.findall(page)) == 1


@pytest.mark.parametrize(
    "given", [["99_nothing"], ["--save", "My Laptop"], ["--save", "../x"]]
)
def test_what_does_not_exist_is_a_sentence(given):
    with pytest.raises(SystemExit, match="No notebook is called|A machine's name"):
        where.main(given)
