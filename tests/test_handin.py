"""What learners pack, how it is read, and the class's page of pictures."""

import base64
import html
import io
import json
import os
import zipfile

import gallery
import handin
import pytest
from grading import handed_in as reading
from grading.handed_in import read_folder
from grading.notebook_file import NotANotebook, name_of, pictures, read
from PIL import Image


def png(colour: str = "red", side: int = 8) -> str:
    made = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(made, "PNG")
    return base64.b64encode(made.getvalue()).decode()


def figure(alt: str = "A frog.", colour: str = "red") -> dict:
    words = html.escape(alt)
    page = f'<img alt="{words}" src="data:image/png;base64,{png(colour)}">'
    return {"output_type": "display_data", "data": {"text/html": page}, "metadata": {}}


def printed(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def cell(code: str, *outputs: dict) -> dict:
    return {"cell_type": "code", "source": code, "outputs": list(outputs)}


def notebook(*cells: dict) -> bytes:
    return json.dumps({"cells": cells, "metadata": {"widgets": {"x": 1}}}).encode()


NOTEBOOK = notebook(
    cell("def my_mirror(picture):\n    return picture.flip(2)"),
    cell("show(frog)", figure("Another.", "blue"), printed("x" * 9000)),
    cell("m = check_mirror(my_mirror)", printed("mirror: ok\n"), figure("A <b>frog.")),
)


@pytest.fixture
def saved(tmp_path):
    file = tmp_path / "00_start.ipynb"
    file.write_bytes(NOTEBOOK)
    return file


# Packing ------------------------------------------------------------------------------


def test_a_zip_says_what_was_done_and_is_read_again(saved, tmp_path, capsys):
    code = handin.main([str(saved), "--name", "Ada  L.", "--out", str(tmp_path)])
    assert code == 0
    assert "Ada_L-00_start.zip" in capsys.readouterr().out
    packed = zipfile.ZipFile(tmp_path / "Ada_L-00_start.zip")
    page = packed.read("index.html").decode()
    assert "mirror: ok" in page and 'alt="A &lt;b&gt;frog."' in page
    assert page.index("A &lt;b&gt;frog.") < page.index("Another.")
    saved.unlink()
    (found,) = read_folder(tmp_path)
    assert (found.learner, found.name) == ("Ada_L-00_start", "Ada L.")
    assert found.notebook == "00_start" and not found.problem
    assert [picture.alt for picture in pictures(found.cells)] == [
        "A <b>frog.",  # under a check, so it comes first
        "Another.",
    ]


def test_the_same_notebook_makes_the_same_zip(saved, tmp_path):
    made = [
        handin.hand_in([str(saved)], "Ada", folder).read_bytes()
        for folder in (tmp_path, tmp_path)
    ]
    assert made[0] == made[1] and len(made[0]) < 5000


@pytest.mark.parametrize(
    "asked, said",
    [
        (["99_nothing", "--name", "A"], "no such notebook"),
        (["02_noise"], "who you are"),
    ],
)
def test_what_cannot_be_packed_gets_a_sentence(asked, said, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert handin.main(asked) == 2
    assert said in capsys.readouterr().out


# Reading ------------------------------------------------------------------------------


def zipped(path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)


def test_no_path_in_a_zip_leads_out_of_it(tmp_path):
    folder = tmp_path / "handed-in"
    folder.mkdir()
    zipped(folder / "eve.zip", {"../../evil.ipynb": NOTEBOOK, "/abs.ipynb": NOTEBOOK})
    found = list(read_folder(folder))
    assert [each.file for each in found] == ["evil.ipynb", "abs.ipynb"]
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["eve.zip", "handed-in"]


def test_a_zip_bomb_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 2**20)
    zipped(tmp_path / "bomb.zip", {f"{i}.ipynb": bytes(2**21) for i in range(3)})
    assert (tmp_path / "bomb.zip").stat().st_size < 10_000
    (found,) = read_folder(tmp_path)
    assert "more than 2 MB" in found.problem


BROKEN = {
    "no zip": ("x.zip", b"PK\x03\x04 no"),
    "no JSON": ("x.ipynb", b"<html>"),
    "a list": ("x.ipynb", b"[]"),
    "deep": ("x.ipynb", b"[" * 200_000),
    "cells of another kind": ("x.ipynb", b'{"cells": {"a": 1}}'),
    "half letters": ("x.ipynb", b"\xff\xfe\x00"),
    "nothing of the course": ("x.ipynb", notebook(cell("print(1)"))),
}


@pytest.mark.parametrize("name, content", BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_read_is_a_sentence(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.ipynb").write_bytes(NOTEBOOK)
    good, bad = sorted(read_folder(tmp_path), key=lambda each: bool(each.problem))
    assert good.notebook == "00_start"
    assert bad.problem and not bad.notebook


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_no_link_is_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "00_start.ipynb").write_bytes(NOTEBOOK)
    folder = tmp_path / "handed-in"
    (folder / "eve").mkdir(parents=True)
    (folder / "link").symlink_to(outside)
    (folder / "eve" / "inside").symlink_to(outside)
    (folder / "eve" / "x.ipynb").symlink_to(outside / "00_start.ipynb")
    assert [each.problem for each in read_folder(folder)] == ["no notebook lies in it"]


def test_a_notebook_is_known_by_its_exercises_whatever_it_is_called():
    assert name_of("final (2).ipynb", read(NOTEBOOK)) == "00_start"
    assert name_of("03_denoise.ipynb", read(notebook(cell("1")))) == "03_denoise"
    with pytest.raises(NotANotebook, match="larger"):
        read(bytes(33 * 2**20))


# The gallery --------------------------------------------------------------------------


def test_a_gallery_shows_pictures_with_words_and_nothing_else(tmp_path, capsys):
    folder = tmp_path / "handed-in"
    folder.mkdir()
    bad = cell(
        "check_mirror(1)",
        figure("<script>alert(1)</script>"),
        {"data": {"text/html": "<script>evil()</script><img src=x onerror=evil()>"}},
        {"data": {"text/html": '<img src="data:image/png;base64,bm8=">'}},
    )
    (folder / "<i>.ipynb").write_bytes(notebook(cell("def my_mirror(p): 1"), bad))
    out = tmp_path / "gallery.html"
    assert gallery.main([str(folder), "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert page.count("<figure>") == 1  # a page that is no picture is none here
    assert "<script" not in page and "evil" not in page and "<i>" not in page
    assert "&lt;i&gt;" in page and 'alt="&lt;script&gt;' in page
    assert gallery.main([str(folder), "--out", str(out), "--no-names"]) == 0
    assert "&lt;i&gt;" not in out.read_text(encoding="utf-8")
    assert gallery.main([str(tmp_path / "no")]) == 2
    assert "no folder" in capsys.readouterr().out


def test_a_picture_that_is_too_large_is_left_out():
    huge = f'<img alt="x" src="data:image/png;base64,{png(side=2100)}">'
    assert pictures(read(notebook(cell("1", {"data": {"text/html": huge}})))) == []
