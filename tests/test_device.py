"""What the machine is asked, and what may be overruled."""

import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import torch

from course_lib import device


def test_the_profile_is_what_the_variable_says(monkeypatch):
    for name in device.PROFILES:
        monkeypatch.setenv("COURSE_PROFILE", name.upper())
        assert device.profile() == name


def test_the_profile_is_found_when_nobody_says(monkeypatch):
    monkeypatch.delenv("COURSE_PROFILE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.profile() == "laptop"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.profile() == "gpu"


def test_an_unknown_profile_is_answered_with_a_sentence(monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "mainframe")
    with pytest.raises(ValueError, match="choose one of smoke, laptop, gpu"):
        device.profile()


def test_a_profile_picks_its_own_number(monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "laptop")
    assert device.scaled(smoke=1, laptop=2, gpu=3) == 2


def test_places_are_in_the_repository_unless_overruled(monkeypatch, tmp_path):
    for variable in ("COURSE_DATA", "COURSE_CACHE", "COURSE_WEIGHTS"):
        monkeypatch.delenv(variable, raising=False)
    repository = Path(__file__).resolve().parents[1]
    assert device.cache_folder() == repository / "data" / "cache"
    assert device.weights_folder() == repository / "data" / "weights"
    assert device.mirror_folder() is None
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert device.cache_folder() == device.mirror_folder() == tmp_path


def test_a_mirror_that_is_not_there_is_answered_with_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="nowhere, which is not a folder"):
        device.mirror_folder()


def test_a_container_is_not_taken_for_the_whole_machine(monkeypatch):
    limits = {"cpu.max": "150000 100000", "memory.max": str(2**30)}
    monkeypatch.setattr(device, "_cgroup_limit", lambda name, default: limits[name])
    assert device.usable_cores() == 1
    assert device.memory_gib() == 1.0


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process is bounded")
def test_what_a_process_may_not_have_is_no_memory():
    code = "import resource as r; r.setrlimit(r.RLIMIT_AS, (2**33, 2**33)); "
    code += "from course_lib.device import memory_gib; print(memory_gib())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert float(told.stdout) <= 8


def test_the_machine_has_cores_memory_and_a_device():
    assert device.usable_cores() >= 1
    assert device.memory_gib() > 0.5
    assert torch.ones(1, device=device.best_device()).item() == 1
    assert isinstance(device.cpu_has_bf16(), bool)


def test_threads_are_left_to_omp_num_threads_where_it_is_set(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert device.use_all_cores() == before


def test_colab_is_known_by_its_release_tag(monkeypatch):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    assert not device.on_colab()
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    assert device.on_colab()


def unreachable(address, timeout):
    raise urllib.error.URLError("no route to host")


def answers(address, timeout):
    raise urllib.error.HTTPError(address, 403, "Forbidden", None, None)


def test_any_answer_of_the_network_counts(monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    assert not device.network_reachable()
    monkeypatch.setattr(urllib.request, "urlopen", answers)
    assert device.network_reachable()


def test_a_network_that_does_not_answer_is_not_waited_for(monkeypatch):
    answered, waited_out = threading.Event(), []

    def say_nothing(address, timeout):  # as a look-up of a name does, for long
        waited_out.append(not answered.wait(60))
        raise OSError("timed out")

    monkeypatch.setattr(device, "PATIENCE_S", 0.2)
    monkeypatch.setattr(urllib.request, "urlopen", say_nothing)
    assert not device.network_reachable()
    assert waited_out == []
    answered.set()


# A GPU is tried before it is trusted ----------------------------------------------


@pytest.fixture
def a_gpu(monkeypatch):
    """A machine with a GPU that computes what we say; to(...) stays on the CPU."""
    device.trusted.cache_clear()
    monkeypatch.delenv("COURSE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    right = device.small_step("cpu")

    def that_computes(change):
        answers = {"cpu": right, "cuda": change(right)}
        monkeypatch.setattr(device, "small_step", answers.get)

    yield that_computes
    device.trusted.cache_clear()


def test_a_gpu_that_rounds_differently_is_used(a_gpu):
    a_gpu(lambda right: right * 1.0005)
    assert device.best_device().type == "cuda"


@pytest.mark.parametrize("change", [lambda right: -right, lambda right: right / 0])
def test_a_gpu_that_computes_something_else_is_left_alone(a_gpu, change):
    a_gpu(change)
    with pytest.warns(UserWarning, match="The device cuda is not used"):
        assert device.best_device().type == "cpu"
    assert device.best_device().type == "cpu"  # and says so once


def test_the_variable_says_what_computes(a_gpu, monkeypatch):
    a_gpu(lambda right: right)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert device.best_device().type == "cpu"
    monkeypatch.setenv("COURSE_DEVICE", "mainframe")
    with pytest.raises(ValueError, match="choose one of cpu, cuda, mps"):
        device.best_device()


def test_the_small_step_is_the_same_each_time_and_not_nothing():
    assert device.off_by("cpu") == 0 and device.small_step("cpu").norm() > 1


def test_nothing_is_set_where_nothing_differs(monkeypatch):
    """So torch 2.6 can still say its default device, which accelerate asks for."""
    monkeypatch.setattr(torch, "set_default_device", None)  # a call would raise
    with device.plain_torch():
        assert torch.ones(1).device.type == "cpu"


def test_torch_is_put_back_also_where_it_cannot_say_its_default(monkeypatch):
    """In torch 2.6 the question fails once the default was set to None."""

    def fails():
        raise AttributeError("'NoneType' object has no attribute 'device'")

    monkeypatch.setattr(torch, "get_default_device", fails)
    with device.plain_torch():
        torch.set_default_device("meta")
        with device.plain_torch():
            assert torch.ones(1).device.type == "cpu"
        assert torch.ones(1).device.type == "meta"
    assert torch.ones(1).device.type == "cpu"
