"""Five ways to make a painter yours, side by side: what each learns, forgets and costs.

    python benchmarks/finetuning.py              # n = 200, two seeds: two CPU hours
    python benchmarks/finetuning.py --quick      # n = 32, one seed
    python benchmarks/finetuning.py --only lora  # one method alone

Ten pictures of the plush, in two scenes, are all that a method sees of it. Then it is
asked for in these, in three other scenes, on stilts and beside a critter; a probe that
learned from neither painter nor method looks for it. What was forgotten is measured on
old prompts, by the judges of critters, before and after.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import Judged, prompts_of, reader_of
from course_lib.judging.likeness import (
    EXAM,
    SITUATIONS,
    Seen,
    measure_subject,
    recognised,
)
from course_lib.judging.metrics import Share, share
from course_lib.judging.results import (
    add_save,
    entries_of,
    mean_of,
    save_results,
    script_command,
)
from course_lib.networks.control import Controlled
from course_lib.painters.additions import painter_of
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes, to_grid
from course_lib.training import newcomers, personalise, steering
from course_lib.training.likeness import likeness_chunk
from course_lib.training.mine import MySet
from course_lib.training.settings import Settings
from course_lib.world.critters import COLOURS, SUBJECTS
from course_lib.world.guests import PLACES, SIDES, UNDER_WATER, choose
from course_lib.world.plush import bear_photos, draw_plush, plush_photos
from course_lib.world.sketches import sketch_of

WORD = "zorp"
BEAR = "blim"  # the word for a purple bear
NEAR, WRONG = "bear", "umbrella"  # first words for it: an animal, and none
LORA, WORDS, DREAM = (
    personalise.LORA_SETTINGS,
    personalise.WORD_SETTINGS,
    personalise.DREAM_SETTINGS,
)


def my_set(seed: int) -> MySet:
    """The ten pictures that every method learns from."""
    return MySet(WORD, *plush_photos(seed, WORD))


# name -> (trainer, its settings); what is bracketed in the table are the traps.
def methods(seed: int) -> dict:
    mine = my_set(seed)
    lora = partial(personalise.lora_trainer, mine)
    dream = partial(personalise.dreambooth_trainer, mine)
    word = partial(personalise.inversion_trainer, mine)
    bear = partial(personalise.inversion_trainer, MySet(BEAR, *bear_photos(seed, BEAR)))
    longer = DREAM | {"iterations": 4 * DREAM["iterations"]}
    return {
        "carry on": (newcomers.carry_on_trainer, newcomers.NEWCOMER_SETTINGS),
        "lora": (lora, LORA),
        "inversion": (word, WORDS),
        "dreambooth": (dream, DREAM),
        "control": (steering.control_trainer, steering.CONTROL_SETTINGS),
        "no prior": (partial(dream, prior="none"), DREAM),
        "lora, no prior": (partial(lora, prior="none"), LORA),
        "lora, wrong first word": (partial(lora, like=WRONG), LORA),
        "too long": (partial(dream, prior="none"), longer),
        "a bear": (partial(bear, like=NEAR), WORDS),
        "a bear, wrong first word": (partial(bear, like=WRONG), WORDS),
    }


# Measuring ----------------------------------------------------------------------------


def forgotten(painter: TextToImage, n: int, seed: int) -> dict:
    """Old prompts: right, clean, and how often something of the plush is there."""
    prompts = prompts_of("one animal", n, FRESH + seed, painter.card["size"])
    pictures = painter(prompts.texts, seed=seed)
    judged = Judged.of(pictures, prompts.asked)
    right = torch.tensor([all(found.values()) for found in judged.found])
    return {
        "right": share(right),
        "clean": share(torch.tensor(judged.clean)),
        "everyone is me": share(Seen.of(pictures).any_feature),
    }


def spoilt(painter: TextToImage, n: int, seed: int) -> dict:
    """`forgotten` by a painter whose latents may be endless: then nothing is right."""
    try:
        return forgotten(painter, n, seed)
    except FloatingPointError:
        nothing = share(torch.zeros(n, dtype=torch.bool))
        return {"right": nothing, "clean": nothing}


def probe_facts(n: int) -> dict:
    """The probe's own ceiling: on drawings, on near-misses, and on copies."""
    pictures, answers = likeness_chunk(0, EXAM, n=4 * n)
    seen, there = Seen.of(from_bytes(pictures)).is_plush, answers["plush"] == 1
    drawn = from_bytes(draw_plush(n, EXAM, places=PLACES[:5])[0])
    # What the autoencoder makes of it: no painter of its latents can do better.
    base = TextToImage.from_pretrained(personalise.BASE)
    copied = torch.cat([base.decode(base.encode(part)) for part in drawn.split(50)])
    return {
        "recognised": share(seen[there]),
        "near misses taken for it": share(seen[~there]),
        "copies recognised": share(recognised(copied)),
    }


def newcomer_facts(painter: TextToImage, n: int, seed: int) -> dict:
    """Is the ninth animal an octopus, and is the new scene under water?"""
    shown = choose(torch.arange(n), EXAM, PLACES, coloured=True)
    seen = Seen.of(painter(shown.captions("octopus"), seed=seed))
    wet = Seen.of(painter([f"a red cat {UNDER_WATER}"] * n, seed=seed))
    found = seen.shows("octopus")
    coloured = found & (seen.answers["colour"] == shown.own)
    return {
        "octopus": share(found),
        "octopus of its colour": share(coloured),
        "under water": share(wet.at(UNDER_WATER)),
    }


def bear_facts(painter: TextToImage, n: int, seed: int) -> dict:
    """Does the new word draw purple bears, in each situation?"""
    wanted = dict(subject=SUBJECTS.index("bear"), colour=COLOURS.index("purple"))
    table = {}
    for situation, how in SITUATIONS.items():
        shown = choose(torch.arange(n), EXAM, **how)
        seen = reader_of(64).read(painter(shown.captions(BEAR), seed=seed))
        # Left of its companion it is the reader's first animal, right of it the second.
        second = shown.beside == SIDES.index("left")
        right = torch.ones(n, dtype=torch.bool)
        for name, value in wanted.items():
            both = torch.where(second, seen[f"{name}_2"], seen[name])
            right &= both == value
        table[situation] = {"purple bear": share(right)}
    return table


def agreement(pictures: Tensor, sketch: Tensor) -> Tensor:
    """The share of each sketch's lines that its picture's lines cover, to a pixel."""
    # Grown by a pixel: a line beside its place counts, one three pixels off does not.
    grown = torch.nn.functional.max_pool2d(sketch_of(pictures), 3, 1, 1) > 0.5
    lines = sketch > 0.5
    return (grown & lines).sum((1, 2, 3)) / lines.sum((1, 2, 3))


def control_facts(control, painter: TextToImage, n: int, seed: int) -> dict:
    """What is drawn for a caption and the sketch of its picture, and without it."""
    prompts = prompts_of("one animal", n, FRESH + seed, painter.card["size"])
    sketches = sketch_of(prompts.real)
    drawn, lines = {"with": [], "without": []}, {}
    for rows in torch.arange(n).split(50):
        steered = Controlled(painter.model, control, sketches[rows])
        texts = [prompts.texts[i] for i in rows]
        drawn["with"].append(replace(painter, model=steered)(texts, seed=seed))
        drawn["without"].append(painter(texts, seed=seed))
    for name, parts in drawn.items():
        pictures = torch.cat(parts)
        judged = Judged.of(pictures, prompts.asked)
        right = torch.tensor([all(found.values()) for found in judged.found])
        lines[f"{name} control"] = {
            "lines": agreement(pictures, sketches),
            "right": share(right),
            "clean": share(torch.tensor(judged.clean)),
        }
    return lines


def size_of(folder: Path) -> int:
    """Bytes of the weights in a folder."""
    return (folder / "model.safetensors").stat().st_size


def trained(make, settings: dict, seed: int, iterations: int | None, out: Path):
    """Train a method: the trainer, and the CPU seconds that it took."""
    if iterations:
        settings = settings | {"iterations": iterations}
    begun = time.process_time()
    trainer = make(Settings(**settings), out, seed=seed)
    for _ in trainer.run():
        pass
    return trainer, time.process_time() - begun


def measure(name: str, how, n: int, seed: int, iterations, out: Path) -> dict:
    """One method: trained, drawn with, judged."""
    trainer, seconds = trained(*how, seed, iterations, out)
    facts = {
        "seconds": seconds,
        "iterations": trainer.settings.iterations,
        "bytes": size_of(out),
        "numbers": sum(x.numel() for x in trainer.raw_model.parameters()),
    }
    base = TextToImage.from_pretrained(personalise.BASE)
    if name == "control":
        return facts | control_facts(trainer.averaged_model(), base, n, seed)
    painter = painter_of(
        personalise.BASE, trainer.full_card(), trainer.averaged_model()
    )
    keep_sheet(painter, out / "sheet.png")
    if name == "carry on":
        facts |= newcomer_facts(painter, n, seed)
    elif name.startswith("a bear"):
        facts |= bear_facts(painter, n, seed)
    else:
        facts |= measure_subject(painter, WORD, n, seed)
    facts |= {"old prompts": forgotten(painter, n, seed)}
    if name == "lora":  # the trap: alpha where alpha / rank belongs
        strong = trainer.full_card() | {
            "alpha": trainer.card["rank"] * trainer.card["alpha"]
        }
        painter = painter_of(personalise.BASE, strong, trainer.averaged_model())
        facts["alpha without rank"] = spoilt(painter, n, seed)
    return facts


def keep_sheet(painter: TextToImage, file: Path) -> None:
    """Pictures to look at: the word in five prompts, and three old ones."""
    prompts = [f"a {WORD}", f"a {WORD} in the snow", f"a {WORD} at night"]
    prompts += [f"a {WORD} on stilts", f"a {WORD} left of a red cat"]
    prompts += ["a red cat", "a green rabbit at night", "an octopus under water"]
    drawn = torch.cat([painter([prompt] * 4, seed=1) for prompt in prompts])
    to_grid(drawn, 8, zoom=3).save(file)


# The table ----------------------------------------------------------------------------


def together(of_seeds: list):
    """The facts of several seeds as one: shares pooled, numbers averaged."""
    first = of_seeds[0]
    if isinstance(first, Share):
        return Share(sum(s.right for s in of_seeds), sum(s.n for s in of_seeds))
    if isinstance(first, Tensor):
        return mean_of(torch.cat(of_seeds))
    if isinstance(first, dict):
        return {key: together([facts[key] for facts in of_seeds]) for key in first}
    return sum(of_seeds) / len(of_seeds)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="n = 32, one seed")
    parser.add_argument("--iterations", type=int, help="of every training, for a test")
    parser.add_argument("--only", nargs="+", choices=list(methods(0)))
    parser.add_argument("--out", type=Path, help="keep trainings and pictures here")
    add_save(parser)
    options = parser.parse_args(arguments)
    n, seeds = (32, 1) if options.quick else (options.n, options.seeds)
    use_all_cores()
    with tempfile.TemporaryDirectory() as place:
        place = options.out or Path(place)
        base = TextToImage.from_pretrained(personalise.BASE)
        before = [forgotten(base, n, seed) for seed in range(seeds)]
        table = {"before": together([{"old prompts": facts} for facts in before])}
        table["probe"] = probe_facts(n)

        def save(file: Path | None) -> None:
            weights = [str(personalise.BASE), "likeness-64"]
            weights += ["reader-64", "inspector-64"]
            if file:
                save_results(
                    file, table, script_command(arguments), weights, seeds=seeds
                )

        for name in options.only or list(methods(0)):
            found = []
            for seed in range(seeds):
                out = place / f"{name.replace(', ', '-').replace(' ', '-')}-{seed}"
                how = methods(seed)[name]
                found.append(measure(name, how, n, seed, options.iterations, out))
            table[name] = together(found)
            for key, entry in entries_of({name: table[name]}):
                print(f"{key}={entry['value']}", flush=True)
            save(options.save)  # after each method: together they take hours
    for key, entry in entries_of({k: table[k] for k in ("before", "probe")}):
        print(f"{key}={entry['value']}")


if __name__ == "__main__":
    main()
