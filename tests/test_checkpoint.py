"""Checkpoints: what was saved comes back, and nothing else ever does."""

import errno
import json
import os
import pickle
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from course_lib import checkpoint
from course_lib.checkpoint import (
    CheckpointError,
    Shipped,
    WriteError,
    check_writable,
    fill,
    find_weights,
    load_checkpoint,
    load_weights,
    remove_left_overs,
    save_checkpoint,
    save_weights,
)

CARD = {"kind": "test", "labels": ["nothing", "größer"], "nested": {"n": 1.5}}


def some_tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "weight": torch.randn(4, 3, generator=generator),
        "half": torch.randn(5, generator=generator).half(),
        "bf16": torch.randn(5, generator=generator).bfloat16(),
        "count": torch.tensor(7),
        "bytes": torch.arange(9, dtype=torch.uint8),
        "empty": torch.zeros(0),
    }


@pytest.fixture
def saved(tmp_path):
    file = tmp_path / "some.safetensors"
    save_checkpoint(file, some_tensors(), CARD)
    return file


def assert_whole(file, card=CARD):
    tensors, found = load_checkpoint(file)
    assert found == card
    assert tensors.keys() == some_tensors().keys()
    for name, tensor in some_tensors().items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


# What was saved ---------------------------------------------------------------------


def test_tensors_and_card_come_back_as_they_were(saved):
    assert_whole(saved)


def test_the_digest_tells_any_difference():
    digests = {checkpoint.digest(some_tensors())}
    for name in some_tensors():
        changed = some_tensors()
        changed[name + "!"] = changed.pop(name)
        digests.add(checkpoint.digest(changed))
    digests.add(checkpoint.digest(some_tensors() | {"weight": torch.zeros(4, 3)}))
    digests.add(checkpoint.digest(some_tensors() | {"empty": torch.zeros(0, 2)}))
    assert len(digests) == 9


def test_loaded_tensors_hold_on_to_no_file(saved):
    """Windows replaces no file that is in use, and a mapped one may change."""
    tensors, _ = load_checkpoint(saved)
    saved.write_bytes(b"\0" * saved.stat().st_size)
    assert torch.equal(tensors["weight"], some_tensors()["weight"])


def test_weights_for_use_are_halved_and_come_back_whole(tmp_path):
    save_weights(tmp_path, some_tensors(), CARD)
    stored, _ = load_checkpoint(tmp_path / "model.safetensors")
    tensors, card = load_weights(tmp_path)
    assert stored["weight"].dtype == torch.float16
    assert tensors["weight"].dtype == torch.float32
    assert torch.equal(tensors["weight"], some_tensors()["weight"].half().float())
    assert torch.equal(tensors["count"], some_tensors()["count"])
    assert card == CARD == json.loads((tmp_path / "card.json").read_text("utf-8"))


@pytest.mark.parametrize("number", [torch.nan, torch.inf, 1e5])  # half ends at 65504
def test_weights_that_went_astray_are_refused(tmp_path, number):
    tensors = some_tensors()
    tensors["weight"][1, 1] = number
    save_weights(tmp_path, tensors, CARD)
    with pytest.raises(CheckpointError, match=r"NaN or infinity .* first in weight: "):
        load_weights(tmp_path)


def test_weights_are_found_by_folder_and_by_shipped_name(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WEIGHTS", str(tmp_path))
    save_weights(tmp_path / "mine", some_tensors(), CARD)
    assert find_weights("mine") == find_weights(tmp_path / "mine") == tmp_path / "mine"
    with pytest.raises(CheckpointError, match=r"'yours'.*shipped \['mine'\]"):
        find_weights("yours")


def test_a_name_that_nobody_typed_means_what_ships(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WEIGHTS", str(tmp_path / "ships"))
    monkeypatch.chdir(tmp_path)
    for folder in ("ships/words", "words", "mine"):
        save_weights(folder, some_tensors(), CARD | {"data": folder})

    def found(name) -> str:
        return load_weights(name)[1]["data"]

    assert found(Shipped("words")) == found(tmp_path / "ships/words") == "ships/words"
    assert found("./words") == found(Path("words")) == "words"
    assert found("mine") == "mine"
    with pytest.raises(CheckpointError, match=r"may mean .* write '\./words' ") as both:
        load_weights("words")
    assert found(str(both.value).split("'")[-2]) == "ships/words"
    with pytest.raises(CheckpointError, match="no weights at 'mine'"):
        load_weights(Shipped("mine"))
    monkeypatch.chdir(tmp_path / "ships")  # here and there are one folder
    assert found("words") == "ships/words"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_others_may_read_what_they_may_read_elsewhere(saved, tmp_path):
    (tmp_path / "plain").touch()
    assert saved.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_from_before_cards_had_a_checksum_is_read(tmp_path):
    header = {"card": json.dumps(CARD), "sha256": checkpoint.digest(some_tensors())}
    save_file(some_tensors(), tmp_path / "old.safetensors", header)
    assert_whole(tmp_path / "old.safetensors")


def test_what_shipped_first_is_read(tmp_path):
    """Its header has three keys, and safetensors shuffles them."""
    card, file = json.dumps(CARD), tmp_path / "old.safetensors"
    header = {"card": card, "sha256": checkpoint.digest(some_tensors())}
    header["card_sha256"] = checkpoint.sha256(card)
    save_file(some_tensors(), file, header)
    assert_whole(file)
    save_file(some_tensors(), file, header | {"card_sha256": checkpoint.sha256("")})
    with pytest.raises(CheckpointError, match="do not match its checksum"):
        load_checkpoint(file)


def test_equal_trainings_give_equal_files(saved):
    whole = saved.read_bytes()
    for _ in range(8):
        save_checkpoint(saved, some_tensors(), CARD)
        assert saved.read_bytes() == whole


def test_a_header_of_any_length_is_a_header(tmp_path):
    """Its length stands first, and some lengths look like the start of a pickle."""
    file = tmp_path / "some.safetensors"
    starts = set()
    for length in range(500, 1300, 8):
        save_checkpoint(file, {"x": torch.zeros(1)}, {"pad": "x" * length})
        starts.add(file.read_bytes()[:2])
        assert load_checkpoint(file)[1] == {"pad": "x" * length}
    assert {b"\x80\x03", b"\x80\x04", b"\x80\x05"} <= starts


# What was not -----------------------------------------------------------------------


def test_a_truncated_file_is_refused_wherever_it_ends(saved):
    whole = saved.read_bytes()
    for length in range(0, len(whole), 13):
        saved.write_bytes(whole[:length])
        with pytest.raises(
            CheckpointError, match=r"damaged or is not a safetensors|pickle"
        ):
            load_checkpoint(saved)


def test_a_header_of_absurd_length_is_refused_before_it_is_read(saved, monkeypatch):
    whole = saved.read_bytes()
    saved.write_bytes((2**24).to_bytes(8, "little") + whole[8:] + b" " * 2**24)
    monkeypatch.setattr(checkpoint, "safe_open", None)  # would fail
    with pytest.raises(CheckpointError, match="a header of 16777216 bytes"):
        load_checkpoint(saved)


def test_a_card_that_could_not_be_read_back_is_not_written(saved):
    with pytest.raises(WriteError, match="would have .* characters"):
        save_checkpoint(saved, some_tensors(), {"labels": ["x" * 99] * 99_999})
    assert_whole(saved)


def test_a_flipped_bit_is_noticed_or_changes_nothing(saved):
    """In every byte of the file; a flip may only hit what nobody reads."""
    whole, chance = saved.read_bytes(), random.Random(0)
    unharmed = 0
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        saved.write_bytes(flipped)
        try:
            assert_whole(saved)
            unharmed += 1
        except CheckpointError:
            pass
    assert unharmed < 0.1 * len(whole)


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    save_file(some_tensors(), tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match="not written by this course"):
        load_checkpoint(tmp_path / "foreign.safetensors")


class Malicious:
    """Whoever unpickles it makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_and_nothing_in_it_runs(tmp_path, protocol):
    file, trace = tmp_path / "model.safetensors", tmp_path / "it ran"
    file.write_bytes(pickle.dumps(Malicious(trace), protocol))
    with pytest.raises(CheckpointError, match=r"pickle|not a safetensors"):
        load_weights(tmp_path)
    assert not trace.exists()
    pickle.loads(file.read_bytes())  # so it was a real one
    assert trace.exists()


def test_what_torch_save_writes_is_refused_and_nothing_in_it_runs(tmp_path):
    file, trace = tmp_path / "model.safetensors", tmp_path / "it ran"
    for zipped in (True, False):
        torch.save(Malicious(trace), file, _use_new_zipfile_serialization=zipped)
        with pytest.raises(CheckpointError, match="is a pickle"):
            load_weights(tmp_path)
    assert not trace.exists()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint at .*nowhere"):
        load_checkpoint(tmp_path / "nowhere.safetensors")
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        load_checkpoint(tmp_path)  # a folder


def test_weights_of_another_network_are_refused(saved):
    model = nn.Linear(3, 4)
    with pytest.raises(CheckpointError, match="another network: .* differ, the first"):
        fill(model, some_tensors())
    with pytest.raises(
        CheckpointError, match=r"weight, \(4, 4\) in the file and \(4, 3"
    ):
        fill(model, {"weight": torch.zeros(4, 4), "bias": torch.zeros(4)})


# When writing fails -----------------------------------------------------------------


def test_without_space_the_old_file_stays_whole(saved, monkeypatch):
    def write_half(tensors, file, header):
        with open(file, "wb") as opened:
            opened.write(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint, "save_file", write_half)
    with pytest.raises(WriteError, match=r"(?i)no space left.*what was there before"):
        save_checkpoint(saved, {"new": torch.zeros(3)}, {})
    assert_whole(saved)
    assert [file.name for file in saved.parent.iterdir()] == [saved.name]


def test_threads_that_write_one_file_do_not_meet(saved):
    """Each writes to a temporary file of its own, and the last one wins."""

    def write(number: int) -> None:
        save_checkpoint(saved, {"x": torch.full((100_000,), number)}, {"n": number})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(64)))
    tensors, card = load_checkpoint(saved)
    assert (tensors["x"] == card["n"]).all()
    assert [file.name for file in saved.parent.iterdir()] == [saved.name]


def test_what_killed_runs_left_of_a_file_is_removed_and_nothing_else(saved):
    names = (".some.safetensors.1a.part", ".other.safetensors.1a.part", "notes.part")
    names += (".some.safetensors.mine.part",)  # somebody else's
    for name in names:
        (saved.parent / name).touch()
        os.utime(saved.parent / name, (0, 0))
    young = saved.with_name(".some.safetensors.2b.part")  # somebody may be writing it
    young.touch()
    remove_left_overs(saved)
    left = {file.name for file in saved.parent.iterdir()}
    assert left == {saved.name, young.name, *names[1:]}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_where_the_system_really_stops_the_writing_the_old_file_stays_whole(saved):
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(WriteError, match="What was there before is untouched"):
            save_checkpoint(saved, {"large": torch.zeros(100_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert_whole(saved)
    assert [file.name for file in saved.parent.iterdir()] == [saved.name]


def test_a_place_that_cannot_be_written_to_is_refused_beforehand(tmp_path):
    (tmp_path / "file").touch()
    check_writable(tmp_path / "new" / "folder")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    with pytest.raises(ValueError, match="Cannot write to .*file"):
        check_writable(tmp_path / "file" / "folder")
    with pytest.raises(WriteError, match="Could not write"):
        save_checkpoint(tmp_path / "file" / "x.safetensors", some_tensors(), CARD)
