"""The doctor: what it finds, and that it is honest and quick about it."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType

import pytest
import torch

from course_lib import __main__ as start
from course_lib.checkpoint import save_weights
from course_lib.commands import doctor
from course_lib.commands.main import main
from course_lib.world import datasets
from course_lib.world.datasets import load_critters

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch, tmp_path):
    """No weights, no cache, no mirror, no network; a network small enough to time."""
    monkeypatch.setenv("COURSE_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr(doctor, "DENOISER", {"widths": (8, 16), "blocks": 1})
    monkeypatch.setattr(doctor, "BATCH", 8)
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(datasets, "CRITTERS_ROWS", {"train": 64, "test": 32})


def unreachable(address, timeout):
    raise urllib.error.URLError("no route to host")


def told(found: dict, words: str) -> bool:
    return any(words in sentence for sentence in doctor.advice(found))


@pytest.fixture
def found(monkeypatch):
    monkeypatch.setattr(doctor, "speed", lambda: ASSUMED)
    return doctor.examine()


ASSUMED = {
    "drawn_critters_per_s": 1000.0,
    "training_images_per_s": 100.0,
    "precision": "float32",
    "seconds_a_picture": 0.5,
}
PICTURE = {"seconds_a_picture": 0.5}


def test_the_command_prints_a_page_and_ends_with_json(capsys):
    assert main(["doctor", "--json"]) == 1, "there are no weights here"
    *page, last = capsys.readouterr().out.splitlines()
    found = json.loads(last)
    assert found["machine"]["versions"]["torch"] == torch.__version__.split("+")[0]
    assert found["machine"]["threads"] == torch.get_num_threads()
    assert found["machine"]["memory_gib"] > 0.5
    assert all(found["speed"][name] > 0 for name in ASSUMED.keys() - {"precision"})
    assert all(seconds > 0 for seconds in found["takes_seconds"].values())
    words = {line.split()[0] for line in page}
    assert words >= {"machine", "device", "network", "data", "weights", "speed", "to"}


def test_times_are_reckoned_from_the_speed():
    takes = doctor.takes(ASSUMED, "laptop")
    assert takes["drawing the 60,000 critters, once"] == 60
    assert takes["training the shipped critter network again"] == 4480
    faster = doctor.takes(
        {n: 2 * s for n, s in doctor.THERE.items()} | PICTURE, "smoke"
    )
    rest, iteration, (smoke, *_) = doctor.NOTEBOOKS["05"]
    name = f"notebook 05, training for {smoke} iterations"
    assert faster[name] == pytest.approx((rest + smoke * iteration) / 2)
    assert faster["notebook 00"] == doctor.NOTEBOOKS["00"][0] / 2


def test_a_faster_gpu_shortens_only_the_trainings_that_go_there():
    slow = doctor.takes(doctor.THERE | PICTURE, "gpu")
    gpu = doctor.THERE | PICTURE | {"training_images_per_s": 1e9}
    shorter = {name for name, s in doctor.takes(gpu, "gpu").items() if s < slow[name]}
    assert {n.split()[1][:2] for n in shorter if n.startswith("notebook")} == {
        "05",
        "12",
    }


def test_every_notebook_has_a_line_with_the_iterations_it_really_has():
    sources = sorted((ROOT / "notebooks" / "src").glob("[0-9][0-9]_*.py"))
    longest = {}
    for source in sources:
        counts = re.findall(
            r"scaled\(smoke=(\d+), laptop=(\d+), gpu=(\d+)\)",
            source.read_text(encoding="utf-8"),
        )
        counts = [tuple(map(int, count)) for count in counts]
        longest[source.stem[:2]] = max(counts, key=lambda c: c[1], default=(0, 0, 0))
    assert {number: work[2] for number, work in doctor.NOTEBOOKS.items()} == longest
    takes = doctor.takes(ASSUMED, "laptop")
    lines = [name for name in takes if name.startswith("notebook")]
    assert [line.split()[1][:2] for line in lines] == list(longest)
    whole = takes["running all notebooks of the course, one after the other"]
    assert whole == pytest.approx(sum(takes[line] for line in lines))


def test_without_a_known_profile_a_laptop_is_reckoned_with():
    said = "COURSE_PROFILE is 'mainframe', which is not a profile"
    assert doctor.takes(ASSUMED, said) == doctor.takes(ASSUMED, "laptop")


def test_what_is_missing_comes_with_what_to_do(found):
    assert set(found["weights"].values()) == {"missing"}
    assert found["data"]["critters train"] == found["data"]["cifar10 test"] == "missing"
    assert found["data"]["mirror"] is None and found["network"] is False
    assert told(found, "git checkout -- data/weights")
    assert told(found, "critters will be drawn when they are first needed")
    assert told(found, "set COURSE_DATA=<folder>")


def test_with_a_network_or_a_mirror_cifar10_is_within_reach(
    found, monkeypatch, tmp_path
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert told(found | {"network": True}, "will be downloaded (170 MB)")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not told(found | {"network": True}, "will be downloaded")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert told(found | {"data": doctor.data_found()}, "will be read from")


def test_all_weights_that_ship_are_looked_at():
    files = (ROOT / "data" / "weights").rglob("model.safetensors")
    ships = {file.parent.name for file in files}
    assert set(doctor.SHIPPED) == ships and len(doctor.SHIPPED) == len(ships)


def test_what_is_there_is_checked_byte_by_byte(tmp_path):
    for name in ("critters", "reader-32"):
        save_weights(tmp_path / "weights" / name, {"x": torch.zeros(3)}, {})
    load_critters("train", kind="one")
    load_critters("test", kind="one")
    damaged = tmp_path / "weights" / "critters" / "model.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\1")
    weights, data = doctor.weights_found(), doctor.data_found()
    assert weights["critters"] == "damaged" and weights["reader-32"] == "intact"
    assert weights["cifar10"] == "missing"
    assert data["critters train"] == data["critters test"] == "intact"


def test_in_print_only_what_is_wrong_looks_wrong(found):
    found["weights"] = dict.fromkeys(found["weights"], "intact")
    said = "\n".join(doctor.as_lines(found))
    assert "critters train: not here yet" in said and ": missing" not in said
    assert f"all {len(found['weights'])} intact" in said
    found["weights"]["pair"] = "damaged"
    assert "weights   pair: damaged" in doctor.as_lines(found)


def test_a_damaged_cache_and_damaged_weights_are_named(found):
    found["data"]["critters train"] = found["weights"]["cifar10"] = "damaged"
    assert told(found, "cache of critters train is damaged; it will be made again")
    assert told(found, "Weights cifar10, critters,")


def test_when_all_is_there_it_says_so(found):
    for part in ("weights", "data"):
        found[part] = dict.fromkeys(found[part], "intact")
    found["machine"] |= dict(cores=1, threads=1, memory_gib=8, free_disk_gib=50)
    found["machine"] |= dict(load=1.0, versions={})
    found["data"]["mirror"] = None
    found["advice"] = doctor.advice(found)
    assert found["advice"] == []
    assert doctor.as_lines(found)[0] == "to do     nothing: all is well."


def test_a_machine_that_is_too_small_is_told(found):
    found["machine"] |= dict(cores=4, threads=1, memory_gib=2, free_disk_gib=1)
    assert told(found, "less than 4 GiB of memory")
    assert told(found, "2 GiB of disk")
    assert told(found, "1 of 4 cores are used: unset OMP_NUM_THREADS")


def test_variables_that_are_wrong_are_told_and_not_fatal(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "speed", lambda: ASSUMED)
    monkeypatch.setenv("COURSE_PROFILE", "mainframe")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    found = doctor.examine()
    assert told(found, "choose one of smoke, laptop, gpu")
    assert told(found, "nowhere, which is not a folder")
    doctor.as_lines(found)


# Where there is no torch ------------------------------------------------------------


def intel_mac(monkeypatch):
    for module in (start.platform, doctor.platform):
        monkeypatch.setattr(module, "system", lambda: "Darwin")
        monkeypatch.setattr(module, "machine", lambda: "x86_64")


def test_an_intel_mac_is_told_that_no_torch_is_made_for_it(found, monkeypatch):
    intel_mac(monkeypatch)
    assert told(found, "This is an Intel Mac, and current torch is not made for it")
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    assert "Intel Mac, and no current torch is made for it" in start.what_is_missing()


def test_where_all_is_installed_nothing_is_missing():
    assert start.what_is_missing() == ""


def test_ctrl_c_while_torch_is_imported_is_one_word(monkeypatch, capsys):
    class Slow(ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "course_lib.commands.main", Slow("main"))
    assert start.run() == 1
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_python_without_torch_is_answered_with_a_sentence():
    """-S hides everything that was installed."""
    command = [sys.executable, "-S", "-m", "course_lib", "doctor"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 1 and ran.stdout == ""
    assert ran.stderr.count("\n") == 1 and ran.stderr.startswith("Not installed: torch")


def test_of_three_measurements_the_best_counts(monkeypatch):
    slow = ASSUMED | {"drawn_critters_per_s": 500.0, "seconds_a_picture": 0.9}
    tries = iter([slow, ASSUMED, slow])
    monkeypatch.setattr(doctor, "one_speed", lambda: next(tries))
    assert doctor.speed() == ASSUMED


def test_a_busy_machine_is_told_that_its_times_are_too_long(found):
    found["machine"] |= dict(cores=2, load=7.4)
    assert told(found, "a load of 7.4 on 2 cores")
    found["machine"]["load"] = 2.2
    assert not told(found, "a load of")


def test_versions_that_were_not_tested_are_named(found):
    found["machine"]["versions"] = {"torch": "1.0", "numpy": None}
    assert told(found, "torch 1.0 (tested: ")
    assert not told(found, "numpy")


def test_what_to_do_comes_first(found):
    page = doctor.as_lines(found)
    assert [line.startswith("to do") for line in page] == sorted(
        (line.startswith("to do") for line in page), reverse=True
    )


def test_only_weights_make_the_doctor_worry():
    assert not doctor.healthy({"weights": {"pair": "damaged", "latent": "intact"}})
    assert doctor.healthy({"weights": {"pair": "intact"}})
