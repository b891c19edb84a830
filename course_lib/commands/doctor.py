"""The command `doctor`: what this machine has, how fast it is, and what is missing.

Everything is looked up or measured here and now; nothing is changed, and nothing needs
a network.
"""

import os
import platform
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil  # comes with accelerate
import torch

from course_lib.checkpoint import CheckpointError, load_checkpoint
from course_lib.device import (
    GIB,
    HUB,
    PROFILES,
    best_device,
    cache_folder,
    cpu_has_bf16,
    gpu_memory_gib,
    in_words,
    is_intel_mac,
    memory_gib,
    mirror_folder,
    network_reachable,
    on_colab,
    profile,
    repository_folder,
    usable_cores,
    weights_folder,
)
from course_lib.painters.pipeline import LabelToImage
from course_lib.training.recipes import BATCH, DENOISER, denoiser_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import seconds_an_iteration
from course_lib.world.datasets import (
    CIFAR10_ROWS,
    CRITTERS_ROWS,
    PictureSet,
    cifar10_name,
    critters_name,
)
from course_lib.world.drawing import draw_critters

PACKAGES = ("torch", "torchvision", "numpy", "datasets", "accelerate", "jupyterlab")
SHIPPED = (
    *("critters", "critters-early", "critters-middle"),
    *("reader-32", "reader-64", "inspector-32", "inspector-64"),
    *("cifar10", "cifar10-classifier", "likeness-64"),
    *("pair", "words", "autoencoder", "latent", "films", "film-judge"),
    *("zorp", "zorp-alone", "zorp-word", "blim", "sketch"),
)

# The CPU time of each solved notebook on one core of a slow machine, 2026-11-25: the
# seconds for everything but its longest training, those of one iteration of that (with
# its share of shorter trainings), and the number of iterations in each profile. THERE
# is what `speed` found on that machine. Twice as fast, half as long: the forecast is no
# finer than that.
NOTEBOOKS = {
    "00": (32, 0, (0, 0, 0)),
    "01": (12, 0, (0, 0, 0)),
    "02": (14, 0, (0, 0, 0)),
    "03": (46, 0.006, (2400, 4000, 4000)),
    "04": (17, 0.09, (150, 600, 1000)),
    "05": (73, 0.48, (20, 2400, 8000)),
    "06": (57, 0, (0, 0, 0)),
    "07": (88, 0, (0, 0, 0)),
    "08": (22, 0, (0, 0, 0)),
    "09": (33, 0.32, (40, 600, 2000)),
    "10": (92, 0, (0, 0, 0)),
    "11": (27, 0.20, (50, 600, 3000)),
    "12": (36, 0.27, (60, 600, 3000)),
    "13": (26, 0.29, (30, 400, 400)),
    "14": (63, 0.45, (60, 100, 100)),
    "15": (85, 0, (0, 0, 0)),
    "16": (40, 0.02, (700, 1500, 1500)),
    "17": (75, 0.03, (120, 400, 400)),
    "18": (95, 0.04, (700, 700, 1500)),
    "19": (75, 0, (0, 0, 0)),
}
THERE = {"drawn_critters_per_s": 2600, "training_images_per_s": 38}
ON_GPU = (
    "05",
    "12",
)  # on a GPU if there is one; the others are loops on the CPU


def examine() -> dict:
    """The whole report: machine, network, data, weights, speed, times and advice."""
    found = {
        "machine": machine(),
        # Tried once, with two seconds of patience: nothing here needs a network, but
        # later downloads do.
        "network": network_reachable(),
        "data": data_found(),
        "weights": weights_found(),
        "speed": speed(),
    }
    found["takes_seconds"] = takes(found["speed"], found["machine"]["profile"])
    found["advice"] = advice(found)
    return found


# What is there ------------------------------------------------------------------


def machine() -> dict:
    """Device, cores and threads, memory and disk in GiB, profile and versions."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "device": device_name(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        # How many processes wanted a core in the last minute.
        "load": round(psutil.getloadavg()[0], 1),
        "memory_gib": round(memory_gib(), 1),
        "gpu_memory_gib": round(gpu_memory_gib(), 1),
        # The disk of the cache, not of this folder: pictures will be written there.
        "free_disk_gib": round(
            shutil.disk_usage(nearest(cache_folder())).free / GIB, 1
        ),
        "bfloat16_in_hardware": cpu_has_bf16() or torch.cuda.is_available(),
        "colab": on_colab(),
        # A doctor who faints at the sight of the illness helps nobody: a wrong variable
        # is reported, not raised.
        "profile": or_sentence(profile),
        "versions": {name: version_of(name) for name in PACKAGES},
    }


def device_name() -> str:
    if torch.cuda.is_available():
        return f"cuda, {torch.cuda.get_device_name(0)}"
    return best_device().type


def nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return folder if folder.exists() else nearest(folder.parent)


def version_of(package: str) -> str | None:
    """The version of a package, or None if it is not installed."""
    try:
        # Read from the metadata: importing all packages would take longer than the rest
        # of this page, `datasets` alone three seconds.
        return version(package)
    except PackageNotFoundError:
        return None


def or_sentence(ask: Callable) -> str | None:
    """The answer as text, or the message of the ValueError that refused it."""
    try:
        answer = ask()
    except ValueError as error:
        return str(error)
    return None if answer is None else str(answer)


def state_of(file: Path) -> str:
    """ "missing", "damaged" or "intact"; every byte is read."""
    if not file.is_file():
        return "missing"
    try:
        # This compares the checksum, so that a single wrong byte is found.
        load_checkpoint(file)
    except CheckpointError:
        return "damaged"
    return "intact"


def data_found() -> dict:
    """The state of the picture sets in the cache, and the mirror's folder."""
    # Those with one animal per picture, for notebook 05 and trainings with labels.
    names = {f"critters {s}": critters_name(s, kind="one") for s in CRITTERS_ROWS}
    with suppress(ValueError):  # COURSE_DATA is wrong, as "mirror" will say
        names |= {f"cifar10 {split}": cifar10_name(split) for split in CIFAR10_ROWS}
    folder = cache_folder()
    found = {n: state_of(folder / f"{file}.safetensors") for n, file in names.items()}
    found["mirror"] = or_sentence(mirror_folder)
    return found


def weights_found() -> dict[str, str]:
    """For each of the shipped weights: missing, damaged or intact."""
    folder = weights_folder()
    return {name: state_of(folder / name / "model.safetensors") for name in SHIPPED}


# What it can do -----------------------------------------------------------------


def speed() -> dict:
    """The best of three measurements: other work can only make one slower."""
    tries = [one_speed() for _ in range(3)]
    best = {name: max(found[name] for found in tries) for name in tries[0]}
    picture = min(found["seconds_a_picture"] for found in tries)
    return best | {"seconds_a_picture": picture}


def one_speed() -> dict:
    """Pictures a second, measured on the course's own network and drawing."""
    draw_critters(BATCH, seed=0, kind="one")  # the first time is slower
    started = time.perf_counter()
    # Enough to time, and few enough that nobody waits: a fraction of a second.
    pictures, factors = draw_critters(8 * BATCH, seed=0, kind="one")
    drawn = len(pictures) / (time.perf_counter() - started)
    # As many labels as there are, with numbers for names: names take no time.
    names = ("nothing", *map(str, range(1, int(factors["subject"].max()) + 1)))
    some = PictureSet("critters", pictures, factors["subject"], names, factors)
    trials = []

    def make(settings):
        trials.append(denoiser_trainer(some, settings, batch_size=BATCH, **DENOISER))
        return trials[-1]

    # Four iterations of the real recipe, the first as a warm-up. It picks bfloat16 or
    # float32 as a training would: a figure from another machine would be wrong here.
    seconds = seconds_an_iteration(make, Settings(iterations=4), 4)
    # It has learned nothing, but takes the same time to draw as if it had.
    painter = LabelToImage(trials[0].averaged_model(), trials[0].card)
    started = time.perf_counter()
    painter(["nothing"] * 16, steps=2, guidance_scale=2)
    call = (time.perf_counter() - started) / 16 / 4  # two steps of two calls each
    return {
        "drawn_critters_per_s": drawn,
        "training_images_per_s": BATCH / seconds,
        "precision": trials[0].precision,
        "seconds_a_picture": 50 * call,  # 25 steps with guidance
    }


def takes(speed: dict, profile: str) -> dict[str, float]:
    """Seconds that the parts of the course will take here, estimated from the speed."""
    trained, drawn = speed["training_images_per_s"], speed["drawn_critters_per_s"]
    picture = speed["seconds_a_picture"]
    parts, course = {"drawing the 60,000 critters, once": 60_000 / drawn}, 0.0
    for number, (rest, iteration, iterations) in NOTEBOOKS.items():
        # With one speed for all, a GPU would promise faster loops that never run on it.
        pace = "training_images_per_s" if number in ON_GPU else "drawn_critters_per_s"
        # A wrong profile is reported elsewhere; most people have a laptop.
        n = dict(zip(PROFILES, iterations, strict=True)).get(profile, iterations[1])
        name = f"notebook {number}" + (f", training for {n:,} iterations" if n else "")
        # The rest of a notebook is Python and small tensors on the CPU, like drawing
        # critters.
        seconds = rest / speed["drawn_critters_per_s"] * THERE["drawn_critters_per_s"]
        parts[name] = seconds + n * iteration * THERE[pace] / speed[pace]
        course += parts[name]
    return parts | {
        "running all notebooks of the course, one after the other": course,
        # Iterations and batches as in the table of data/weights/README.md.
        "training the shipped critter network again": 7000 * 64 / trained,
        "evaluating it on 3 x 2,048 pictures": 3 * 2048 * picture,
        "training the painter of `make latent` again": (2_000 + 4_000) * 64 / trained,
    }


# What to do ---------------------------------------------------------------------


def advice(found: dict) -> list[str]:
    """One sentence for each thing that is missing or may get in the way."""
    here, data = found["machine"], found["data"]
    sentences = []
    if is_intel_mac():
        sentences.append(
            "This is an Intel Mac, and current torch is not made for it: use Colab or "
            "another computer."
        )
    if here["memory_gib"] < 4:
        sentences.append("With less than 4 GiB of memory, close what else is open.")
    if here["free_disk_gib"] < 2:
        sentences.append(
            "Less than 2 GiB of disk are free: make room before training, or point "
            "COURSE_CACHE to another disk."
        )
    # torch uses all of them by default; only that variable prevents it.
    if here["threads"] < here["cores"]:
        sentences.append(
            f"Only {here['threads']} of {here['cores']} cores are used: unset "
            "OMP_NUM_THREADS."
        )
    # Half a core more than all is what a browser and this page may want.
    if here["load"] > here["cores"] + 0.5:
        sentences.append(
            f"Something else is running (a load of {here['load']} on {here['cores']} "
            "cores), so every time below is too long. Close it and ask again."
        )
    sentences += other_versions(here["versions"])
    for said in (here["profile"], data["mirror"] or ""):
        if said.startswith("COURSE_"):  # a variable was refused
            sentences.append(said)
    damaged = [name for name, state in found["weights"].items() if state == "damaged"]
    missing = [name for name, state in found["weights"].items() if state == "missing"]
    # One sentence for both, since git cures both, in seconds and byte for byte.
    if damaged or missing:
        sentences.append(
            f"Weights {', '.join(damaged + missing)} are damaged or missing: "
            "`git checkout -- data/weights` brings them back, `make weights` trains "
            "them again."
        )
    return sentences + [*data_advice(data, found["network"])]


def other_versions(installed: dict[str, str | None]) -> list[str]:
    """One sentence if packages are not those that the course was tested with."""
    file = repository_folder() / "constraints.txt"
    if on_colab() or not file.is_file():
        return []  # Colab brings its own, which were tested too
    pins = [line.split("==") for line in file.read_text(encoding="utf-8").splitlines()]
    tested = {pin[0]: pin[1] for pin in pins if len(pin) == 2}
    other = [
        f"{name} {found} (tested: {tested[name]})"
        for name, found in installed.items()
        if found and name in tested and found != tested[name]
    ]
    if not other:
        return []
    return [
        f"Not the tested versions: {', '.join(other)}. If something breaks, "
        "`pip install -c constraints.txt -e .` brings those back."
    ]


def healthy(found: dict) -> bool:
    """Whether nothing is damaged or missing that the course cannot make again."""
    return set(found["weights"].values()) == {"intact"}


def data_advice(data: dict, network: bool) -> list[str]:
    """What to do about pictures that are not there yet."""
    sentences = []
    states = {name: state for name, state in data.items() if name != "mirror"}
    for name in (name for name, state in states.items() if state == "damaged"):
        sentences.append(f"The cache of {name} is damaged; it will be made again.")
    if any(s == "missing" for n, s in states.items() if n.startswith("critters")):
        sentences.append("The critters will be drawn when they are first needed.")
    if any(s != "intact" for n, s in states.items() if n.startswith("cifar10")):
        if data["mirror"] is not None:
            sentences.append(f"CIFAR-10 will be read from {data['mirror']}.")
        # The variable is Hugging Face's, with its own idea of "off".
        elif network and os.environ.get("HF_HUB_OFFLINE", "0") in ("", "0"):
            sentences.append("CIFAR-10 will be downloaded (170 MB) when first needed.")
        else:
            sentences.append(
                "CIFAR-10 is neither here nor within reach, so critters take its place."
                " To have it, connect to the network once, or set COURSE_DATA=<folder> "
                "to a folder with cifar10/**/train-*.parquet and test-*.parquet."
            )
    return sentences


# In print -----------------------------------------------------------------------


def as_lines(found: dict) -> list[str]:
    """The report as lines for people."""
    here, done = found["machine"], found["speed"]
    versions = ", ".join(f"{n} {v or 'missing'}" for n, v in here["versions"].items())
    # First, as nobody reads thirty lines to their end.
    sentences = found["advice"] or ["nothing: all is well."]
    lines = [f"to do     {sentence}" for sentence in sentences]
    lines += [
        f"machine   {here['system']}, Python {here['python']}",
        f"device    {here['device']}, {here['threads']} of {here['cores']} cores, "
        f"{here['memory_gib']} GiB memory, {here['free_disk_gib']} GiB free disk",
        f"versions  {versions}",
        f"profile   {here['profile']}",
        f"network   {'reachable' if found['network'] else 'not reachable'} ({HUB})",
    ]
    lines += [f"data      {n}: {in_print(s)}" for n, s in found["data"].items()]
    lines += weights_in_print(found["weights"])
    lines += [
        f"speed     {done['training_images_per_s']:.0f} training images/s "
        f"({done['precision']}), {done['seconds_a_picture']:.2f} s a picture, "
        f"{done['drawn_critters_per_s']:.0f} critters/s drawn",
    ]
    # Durations in one column, so that the eye finds the long one.
    return lines + [
        f"takes     {in_words(s):>12}  {part}"
        for part, s in found["takes_seconds"].items()
    ]


def in_print(state: str | None) -> str:
    """The state of data that is made or fetched when needed, in words."""
    # Four lines of "missing" would look like four faults, but nothing is wrong.
    return {"missing": "not here yet", None: "none"}.get(state, state)


def weights_in_print(states: dict[str, str]) -> list[str]:
    """One line if all weights are intact, else one for each that is not."""
    wrong = {name: state for name, state in states.items() if state != "intact"}
    if not wrong:
        return [f"weights   all {len(states)} intact"]
    return [f"weights   {name}: {state}" for name, state in wrong.items()]
