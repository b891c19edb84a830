"""`export`: trained weights in, another library's folders out; or one sentence."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from on_disk import written

from course_lib.checkpoint import save_weights
from course_lib.commands.export import LIBRARIES

CARD = dict(schedule="straight line", T=100, target="v", size=32, merges=[])
CARD |= dict(frames=4, in_common=0.5, config={"text": {}, "unet": {}})


def test_the_parts_are_written_and_each_is_spoken_of(cli, here, words):
    code, out, err = cli("export --to diffusers --weights words some/new --json")
    assert code == 0 and err == []
    files = [f for f in written(here / "some" / "new") if "." in f]
    assert files == [
        "README.md",
        "critter_pipeline.py",
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "tokenizer/tokenizer.json",
        "tokenizer/tokenizer_config.json",
        "unet/config.json",
        "unet/critter_unet.py",
        "unet/diffusion_pytorch_model.safetensors",
    ]
    facts = json.loads(out[-1])
    said = [line.partition(":")[0] for line in out[:-1]]
    assert said == ["scheduler", "tokenizer", "text_encoder", "unet", "pipeline"]
    assert list(facts["files"]) == said and facts["without_equal"] == {}
    assert "CritterUNet, its own" in out[3]
    listed = [Path(file) for wrote in facts["files"].values() for file in wrote]
    assert sorted(listed) == [Path("some/new") / f for f in files]


def test_diffusers_reads_what_the_command_wrote(cli, words):
    assert cli("export --weights critters e")[0] == 0
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(
        "e", subfolder="scheduler"
    )
    assert scheduler.config.num_train_timesteps == 100  # that of the card


def test_nobody_needs_diffusers_to_export(cli, words, monkeypatch):
    for library in (*LIBRARIES, "transformers", "tokenizers"):
        monkeypatch.setitem(sys.modules, library, None)  # importing it now fails
    assert cli("export --weights words e")[0] == 0


def test_the_same_export_writes_the_same_files(cli, here, words):
    for folder in ("a", "b"):
        cli(f"export --weights words {folder}")
    first, second = (
        [f.read_bytes() for f in sorted((here / name).rglob("*.*"))] for name in "ab"
    )
    assert first == second and len(first) == 11


@pytest.mark.parametrize("name", ["README.md", "unet/config.json", "scheduler"])
def test_what_is_there_is_never_replaced_by_something_else(cli, here, words, name):
    assert cli("export --weights words e")[0] == 0
    assert cli("export --weights words e")[0] == 0, "the same files"
    place = here / "e" / name
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    place.write_text("mine")
    before = {f: f.read_bytes() for f in (here / "e").rglob("*") if f.is_file()}
    code, _, err = cli("export --weights words e")
    assert code == 2 and re.search("nothing was overwritten|Cannot write to", err[0])
    after = {f: f.read_bytes() for f in (here / "e").rglob("*") if f.is_file()}
    assert before == after


def test_a_film_painter_has_no_equal(cli, here):
    save_weights(here / "w", {"x": torch.zeros(1)}, dict(CARD, kind="film denoiser"))
    code, _, err = cli("export --weights w e")
    assert code == 2 and "Nothing in w has an equal" in err[0] and "began as" in err[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--to keras e", "--to must be diffusers; got 'keras'"),
        ("--weights nowhere e", "no weights at 'nowhere'"),
        ("--weights reader-32 e", "Nothing in reader-32 has an equal"),
        ("--weights critters --with words e", "--with needs weights that take prompts"),
        ("--weights words --with words e", "holds a whole painter and no addition"),
        ("taken.txt", "Cannot write to taken.txt"),
        ("taken.txt/new", "Cannot write to"),
        ("", "Missing argument 'out'"),
    ],
)
def test_bad_input_gets_a_sentence(cli, here, words, options, sentence):
    (here / "taken.txt").write_text("a file")
    code, _, err = cli(f"export {options}")
    assert code == 2 and len(err) == 1 and sentence in err[0]
    assert written(here) == ["taken.txt"]
