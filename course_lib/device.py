"""What this machine is, and how much of it the course may use.

Nothing here changes any state, except `use_all_cores`, `set_threads`, `set_defaults`
and, until its block ends, `plain_torch`. A few environment variables overrule what is
detected:

    COURSE_PROFILE   smoke, laptop or gpu: how long the trainings run
    COURSE_DEVICE    cpu, cuda or mps: what computes
    COURSE_DATA      a local mirror of the real data sets, tried before the network
    COURSE_CACHE     where drawn and downloaded pictures are kept (data/cache)
    COURSE_WEIGHTS   where the shipped weights lie (data/weights)
"""

import os
import platform
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
import torch.nn.functional as F

from course_lib.typed import TypedError, expanded

PROFILES = ("smoke", "laptop", "gpu")
GIB = 2**30
HUB = "https://huggingface.co"  # where CIFAR-10 comes from
PATIENCE_S = 2.0  # seconds to wait for the network
MOST_THREADS = 1024  # more than any machine has cores; 100,000 crash torch
Value = TypeVar("Value")


# Places -----------------------------------------------------------------------


def repository_folder() -> Path:
    """The folder that holds course_lib/ and data/."""
    return Path(__file__).resolve().parents[1]


def data_folder() -> Path:
    """What ships with the course: cards, weights, samples."""
    return repository_folder() / "data"


def weights_folder() -> Path:
    """Where the shipped weights lie."""
    return _folder_from("COURSE_WEIGHTS") or data_folder() / "weights"


def cache_folder() -> Path:
    """Where drawn and downloaded pictures are kept; not in git, safe to delete."""
    return _folder_from("COURSE_CACHE") or data_folder() / "cache"


def mirror_folder() -> Path | None:
    """The local mirror of the real data sets, if COURSE_DATA names one.

    Raises:
        TypedError: COURSE_DATA names something that is not a folder
    """
    folder = _folder_from("COURSE_DATA")
    if folder is not None and not folder.is_dir():
        raise TypedError(
            f"COURSE_DATA names {folder}, which is not a folder: "
            "correct it, or unset it to go on without a mirror."
        )
    return folder


def _folder_from(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    try:
        return Path(expanded(value)).resolve() if value else None
    except TypedError as error:
        raise TypedError(f"{variable}: {error}") from error


# Machine ----------------------------------------------------------------------


def best_device() -> torch.device:
    """The fastest device here: an NVIDIA or AMD GPU, Apple's GPU, or the CPU.

    COURSE_DEVICE=cpu leaves a GPU alone. A GPU is used only if it computes what the CPU
    computes; if it does not, a warning says so.
    """
    wanted = os.environ.get("COURSE_DEVICE", "").strip().lower()
    if wanted not in ("", "cpu", "cuda", "mps"):
        raise TypedError(
            f"COURSE_DEVICE is {wanted!r}: choose one of cpu, cuda, mps, or unset it."
        )
    # The course needs no float64 on the device, and MPS has none (schedule.py).
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    for name in [wanted] if wanted else there:
        if name in there and there[name]() and trusted(name):
            return torch.device(name)
    return torch.device("cpu")


@cache
def trusted(name: str) -> bool:
    """Whether a device computes what the CPU does; asked once, it takes a moment."""
    # Drivers have bugs: on one Mac a loss of 3.8 came out as 19.9, and nothing else
    # looked wrong.
    off = off_by(name)
    if off > 0.01:
        warnings.warn(
            f"The device {name} is not used: a small test came out {off:.0%} away from "
            "what the CPU computes. A newer torch or driver may mend that.",
            stacklevel=3,
        )
    return off <= 0.01


def off_by(name: str) -> float:
    """How far a device is from the CPU in a small training step, as a share."""
    there, here = small_step(name), small_step("cpu")
    return ((there - here).norm() / here.norm()).nan_to_num(torch.inf).item()


def small_step(device: str) -> torch.Tensor:
    """Gradients of what our networks are made of: convolution, norm, attention."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 8, 16, 16, generator=generator).to(device)
    kernel = torch.randn(8, 8, 3, 3, generator=generator).to(device).requires_grad_()
    x = F.silu(F.group_norm(F.conv2d(x, kernel, padding=1), 2))
    places = x.flatten(2).transpose(1, 2)  # (2, 256, 8)
    seen = F.scaled_dot_product_attention(places, places, places)
    (seen - places.flip(1)).square().mean().backward()
    return torch.cat([seen.detach().flatten(), kernel.grad.flatten()]).cpu()


def usable_cores() -> int:
    """How many CPU cores this process may use; often fewer than the machine has."""
    # The cores that a batch system gave to this process.
    if hasattr(os, "sched_getaffinity"):  # Linux
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    # A container may see sixty-four cores but get the time of two. More threads than
    # the quota pays for only wait for each other.
    quota, period = _cgroup_limit("cpu.max", default="max 100000").split()
    return cores if quota == "max" else max(1, min(cores, int(quota) // int(period)))


def use_all_cores() -> int:
    """Let torch use all usable cores unless OMP_NUM_THREADS is set; return how many."""
    # On a busy machine two threads were up to six times slower than one, so there may
    # be a good reason for the variable.
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(usable_cores())
    return torch.get_num_threads()


def set_threads(threads: int) -> None:
    """Set the number of CPU threads that torch uses.

    Raises:
        ValueError: fewer than 1, or more than MOST_THREADS
    """
    if not 1 <= threads <= MOST_THREADS:
        raise ValueError(
            f"--threads must be 1 or more, and {MOST_THREADS} at most; got {threads}."
        )
    torch.set_num_threads(threads)


def memory_gib() -> float:
    """How much memory this process may use, in GiB."""
    import psutil  # comes with accelerate

    # psutil sees the whole machine; a container kills a process at its own limit.
    there = [psutil.virtual_memory().total]
    limit = _cgroup_limit("memory.max", default="max")
    there += [] if limit == "max" else [int(limit)]
    if hasattr(psutil, "RLIMIT_AS"):  # Linux: `ulimit -v`
        allowed = psutil.Process().rlimit(psutil.RLIMIT_AS)[0]
        there += [] if allowed == psutil.RLIM_INFINITY else [allowed]
    return min(there) / GIB


def gpu_memory_gib() -> float:
    """How much memory the GPU has, in GiB; 0 without an NVIDIA or AMD GPU."""
    if not torch.cuda.is_available():
        return 0.0
    return torch.cuda.get_device_properties(0).total_memory / GIB


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512-BF16 or AMX).

    Without it bf16 autocast works but is emulated, and slower than float32.
    """
    # Private names in torch: after a renaming, every CPU counts as one without bf16.
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in probes)


def is_intel_mac() -> bool:
    """Whether this is an Intel Mac, for which torch is no longer built."""
    return platform.system() == "Darwin" and platform.machine() == "x86_64"


def on_colab() -> bool:
    """Whether this is a Google Colab runtime."""
    return "COLAB_RELEASE_TAG" in os.environ


def network_reachable() -> bool:
    """Whether HUB answers at all within two seconds."""
    answers = []

    def ask():
        try:
            with urllib.request.urlopen(HUB, timeout=PATIENCE_S):
                answers.append(True)
        except urllib.error.HTTPError:  # an answer, if not a friendly one
            answers.append(True)
        except OSError:
            pass

    # A DNS look-up has no timeout, so it runs in a thread that we can stop waiting for.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE_S)
    return bool(answers)


def _cgroup_limit(name: str, default: str) -> str:
    """A limit that a container sets on this process (Linux cgroups, version 2)."""
    file = Path("/sys/fs/cgroup") / name
    return file.read_text().strip() if file.is_file() else default


# torch's own settings ---------------------------------------------------------------


@contextmanager
def plain_torch() -> Iterator[None]:
    """Inside: float32, on the CPU, with gradients. Afterwards: torch as it was before.

    Drawing, training and measuring must not depend on a global default that somebody
    set ten cells ago: in float64 a generator gives different numbers.
    """
    dtype, device = torch.get_default_dtype(), device_of_new_tensors()
    set_defaults(torch.float32, torch.device("cpu"))
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        set_defaults(dtype, device)


def set_defaults(dtype: torch.dtype, device: torch.device) -> None:
    """Set torch's defaults for the dtype and device of new tensors."""
    torch.set_default_dtype(dtype)
    # None undoes only what set_default_device has set. Only where it must: torch 2.6,
    # which Colab had, can never again say its default device after that.
    for wanted in (None, device):
        if device_of_new_tensors() != device:
            torch.set_default_device(wanted)


def device_of_new_tensors() -> torch.device:
    """The device where torch makes a tensor if none is named."""
    # torch.get_default_device() asks the same, but may fail in torch 2.6: see above.
    return torch.empty(0).device


# Profile ----------------------------------------------------------------------


def profile() -> str:
    """The profile, which sets how long trainings run: `smoke`, `laptop` or `gpu`.

    COURSE_PROFILE decides. If it is unset, a CUDA device means `gpu`, all else
    `laptop`.

    Raises:
        ValueError: COURSE_PROFILE names no profile
    """
    # Shell scripts do not tell an unset variable from an empty one, nor do we.
    name = os.environ.get("COURSE_PROFILE", "").strip().lower()
    if not name:
        return "gpu" if torch.cuda.is_available() else "laptop"
    if name not in PROFILES:
        raise ValueError(
            f"COURSE_PROFILE is {name!r}, which is not a profile: "
            f"choose one of {', '.join(PROFILES)}, or unset it."
        )
    return name


def scaled(*, smoke: Value, laptop: Value, gpu: Value) -> Value:
    """Pick the value for this profile; meant for iteration counts only.

    All three profiles run the same code, so `smoke` tests what a learner runs.
    """
    # Keyword-only arguments, so that a call reads like a table.
    return {"smoke": smoke, "laptop": laptop, "gpu": gpu}[profile()]


def in_words(seconds: float) -> str:
    """A duration for a person: 40 seconds, 43 minutes, 2.5 hours."""
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    if seconds < 6000:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
