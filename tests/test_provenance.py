"""Notes and signatures: written, read, changed, lost; and the commands around them."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from test_bad_input import chunk

from course_lib.commands import picture_files
from course_lib.commands import whence as whence_command
from course_lib.painters import provenance
from course_lib.painters.provenance import (
    ProvenanceError,
    make_keys,
    notes_for,
    notes_in,
    sign,
    signature_of,
)

FACTS = {"prompt": "a frög", "seed": 3}
PICTURE = Image.effect_noise((64, 64), 30).convert("RGB")
needs_c2pa = pytest.mark.skipif(not provenance.can_sign(), reason="optional")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder, "Ada")
    return folder


@pytest.fixture
def file(tmp_path):
    name = tmp_path / "a.png"
    PICTURE.save(name, pnginfo=notes_for(FACTS))
    return name


def with_note(file, text: str) -> Path:
    """A picture whose note says this."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Software", provenance.MADE_BY)
    notes.add_itxt("Description", text)
    Image.new("RGB", (64, 64)).save(file, pnginfo=notes)
    return file


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 100_000, '{"a":' * 100_000, "5", "[]", "{}", '{"pictures": 5}'),
        *(
            '{"pictures": null}',
            '{"pictures": [5]}',
            '{"pictures": [{"pictures": []}]}',
        ),
        *('{"prompt": NaN, "seed": 1}', '{"prompt": "a", "seed": 1e999}'),
    ],
)
def test_a_note_of_a_stranger_that_is_none_is_no_note(cli, here, text):
    with_note(here / "a.png", text)
    assert notes_in(here / "a.png") is None
    code, out, _ = cli("whence a.png --json")
    assert code == 0 and json.loads(out[-1])["notes"] is None


def test_a_note_comes_back_and_a_strange_file_has_none(file, tmp_path):
    assert notes_in(file) == FACTS
    other = tmp_path / "b.png"
    Image.open(file).save(other)
    assert notes_in(other) is None


@needs_c2pa
def test_a_signed_file_says_who_signed_and_only_a_root_makes_it_trusted(file, keys):
    size = file.stat().st_size
    sign(file, keys, FACTS, may_train=False)
    assert file.stat().st_size < size + 6000, "no thumbnail"
    found = signature_of(file)
    assert (found.state, found.by, found.facts) == ("signed", "Ada", FACTS)
    assert found.drawn_by_model and found.training == "notAllowed"
    assert signature_of(file, keys / "root.pem").state == "trusted"
    assert notes_in(file) == FACTS, "the picture and its notes stay"


@needs_c2pa
def test_one_changed_bit_is_noticed_and_saving_again_leaves_nothing(file, keys):
    sign(file, keys, FACTS)
    content = bytearray(file.read_bytes())
    content[content.rfind(b"IDAT") + 40] ^= 1
    changed = file.with_name("changed.png")
    changed.write_bytes(content)
    assert signature_of(changed, keys / "root.pem").state == "tampered"
    again = file.with_name("again.png")
    Image.open(file).save(again)
    assert signature_of(again).state == "nothing"


@needs_c2pa
def test_keys_are_made_once(keys):
    before = (keys / "key.pem").read_bytes()
    make_keys(keys, "Eve")
    assert (keys / "key.pem").read_bytes() == before


@needs_c2pa
def test_a_missing_key_and_a_false_root_get_a_sentence(file, tmp_path):
    with pytest.raises(ProvenanceError, match="no key to sign with"):
        sign(file, tmp_path, FACTS)
    with pytest.raises(ProvenanceError, match="no root of trust"):
        signature_of(file, tmp_path / "none.pem")


@needs_c2pa
@pytest.mark.parametrize("name", ["root.pem", "chain.pem"])
def test_no_key_is_made_beside_the_certificates_of_a_friend(cli, here, words, name):
    (here / name).write_text("the school's")
    code, _, err = cli("generate frog --steps 1 --out a.png --sign .")
    assert code == 2 and "nothing was overwritten" in err[-1]
    assert [f.name for f in here.iterdir() if f.is_file()] == [name]
    assert (here / name).read_text() == "the school's"


@needs_c2pa
@pytest.mark.parametrize(
    "spoiled",
    [
        *({"key.pem": b""}, {"key.pem": b"junk"}, {"chain.pem": b"junk"}),
        *({"chain.pem": b""}, {"chain.pem": None}, {"key.pem": "another"}),
    ],
)
def test_keys_that_cannot_sign_are_found_before_anything_is_drawn(
    cli, here, words, keys, spoiled
):
    shutil.copytree(keys, here / "k")
    for name, content in spoiled.items():
        if content == "another":
            make_keys(here / "other")
            content = (here / "other" / name).read_bytes()
        (here / "k" / name).unlink()
        if content is not None:
            (here / "k" / name).write_bytes(content)
    code, _, err = cli("generate frog --steps 1 --out a.png --sign k")
    assert code == 2 and len(err) == 1 and "new folder" in err[0]
    assert not (here / "a.png").exists()


@needs_c2pa
def test_what_is_refused_makes_no_keys(cli, here, words):
    assert cli("generate frog --steps 0 --out a.png --sign k")[0] == 2
    assert not (here / "k").exists()


@needs_c2pa
def test_a_picture_that_cannot_be_signed_is_not_there(here, keys, monkeypatch):
    """No file has the name that was asked for without the signature asked for."""

    def no_signature(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(picture_files, "signed", no_signature)
    with pytest.raises(KeyboardInterrupt):
        picture_files.write_image(PICTURE, here / "a.png", FACTS, keys)
    assert not (here / "a.png").exists()


@needs_c2pa
@pytest.mark.parametrize("name", ["empty.pem", "key.pem", "none.pem"])
def test_only_a_certificate_is_a_root_of_trust(cli, here, file, keys, name):
    (here / "empty.pem").touch()
    shutil.copy(keys / "key.pem", here)
    code, _, err = cli(f"whence {file} --trust {name}")
    assert code == 2 and err == [
        f"{name} is no root of trust: name the root.pem of whom you trust."
    ]


@needs_c2pa
def test_a_damaged_signature_is_a_finding_and_the_rest_is_still_told(cli, file, keys):
    sign(file, keys, FACTS)
    content = bytearray(file.read_bytes())
    at = content.index(b"caBX")
    length = int.from_bytes(content[at - 4 : at], "big")
    junk = chunk(b"caBX", b"junk" * (length // 4))
    file.write_bytes(content[: at - 4] + junk + content[at + length + 8 :])
    assert signature_of(file).state == "unreadable"
    code, out, _ = cli(f"whence {file}")
    assert code == 0 and "cannot be read" in out[0] and "seed 3" in out[1]


@needs_c2pa
def test_a_file_that_nobody_can_sign_has_no_signature(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.bmp")
    assert signature_of(tmp_path / "a.bmp").state == "nothing"


def test_without_the_libraries_a_sentence_says_what_to_do(file, keys, monkeypatch):
    monkeypatch.setattr(provenance, "find_spec", lambda name: None)
    with pytest.raises(ProvenanceError, match=r"pip install .*\[sign\]"):
        sign(file, keys, FACTS)
    assert notes_in(file) == FACTS


def test_the_extra_names_what_is_needed():
    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    extras = tomllib.loads(project.read_text("utf-8"))["project"]
    wanted = " ".join(extras["optional-dependencies"]["sign"])
    assert "c2pa-python" in wanted and "cryptography" in wanted


# The commands -----------------------------------------------------------------------


@needs_c2pa
def test_generate_signs_and_marks_and_whence_reads_it(cli, here, words):
    draw = "generate 'a frog' --steps 1 --seed 4 "
    code, _, err = cli(draw + "--mark 12 --sign keys --out frog.png")
    assert code == 0, err
    code, out, _ = cli("whence frog.png --trust keys/root.pem --mark 12 --json")
    said, facts = " ".join(out), json.loads(out[-1])
    assert code == 0 and facts["signature"] == "trusted"
    assert facts["notes"] == dict(prompt="a frog", seed=4, number=0, weights="latent")
    assert "a model drew it" in said and "seed 4" in said
    assert 0 < facts["chance of the mark"] <= 1
    assert "whether a picture is true" in said
    assert cli(draw + "--n 2 --sign keys --out many/")[0] == 0
    assert signature_of(here / "many" / "001.png").state == "signed"
    assert len(signature_of(here / "many" / "grid.png").facts["pictures"]) == 2


@needs_c2pa
def test_whence_repeats_nothing_that_was_signed_of_another_file(cli, file, keys):
    sign(file, keys, FACTS, may_train=False)
    content = bytearray(file.read_bytes())
    content[content.rfind(b"IDAT") + 40] ^= 1
    file.write_bytes(content)
    code, out, _ = cli(f"whence {file}")
    assert code == 0 and "no longer holds" in out[0]
    assert "a model drew it" not in " ".join(out) and "training" not in " ".join(out)


def test_whence_says_that_nothing_is_known(cli, here):
    Image.new("RGB", (64, 64)).save("grey.png")
    code, out, _ = cli("whence grey.png")
    assert code == 0 and "no signature" in out[0] and "true" in out[-1]


def test_whence_speaks_without_the_libraries(cli, here, words, monkeypatch):
    monkeypatch.setattr(whence_command, "can_sign", lambda: False)
    assert cli("generate frog --steps 1 --out f.png")[0] == 0
    code, out, _ = cli("whence f.png")
    assert code == 0 and "[sign]" in out[0] and "drawn by this course" in out[1]


def test_what_a_mark_says_depends_on_chance():
    assert "is there" in whence_command.mark_in_words(0.001)
    assert "not found" in whence_command.mark_in_words(0.3)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("whence none.png", "none.png"),
        (
            "generate --label frog --mark 3 --out f.png",
            "--mark and --pick need a prompt",
        ),
        ("generate frog --mark 3 --sampler ddpm --out f.png", "hides a mark"),
    ],
)
def test_bad_input_gets_a_sentence(cli, here, words, command, sentence):
    code, _, err = cli(command)
    assert code == 2 and sentence in err[-1]
