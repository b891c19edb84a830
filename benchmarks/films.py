"""Films: the asked motion, the same animal in every frame, flicker, seconds, memory.

    OMP_NUM_THREADS=2 python benchmarks/films.py --save benchmarks/results/films.json

Three makers draw the same prompts: the film painter; the picture painter, which draws
every frame by itself (from noise of its own, and from one noise for all frames); and
the world, whose films are the judge's ceiling. Then two pictures of a real film are
given, the first, or the first and the last, and the painter makes the film between. And
it draws films of twice as many frames as it has learned.

A stopped run carries on: what is measured already is kept in FILE.part beside the
results.
"""

import argparse
import json
import time
from pathlib import Path

import psutil
import torch
from torch import Tensor

from course_lib.checkpoint import replace_file
from course_lib.device import use_all_cores
from course_lib.judging.evaluation import FRESH, spoken
from course_lib.judging.motion import (
    FilmPrompts,
    by_motion,
    film_prompts,
    judged,
    measure_films,
)
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.film_judge import FILM_JUDGE, load_film_judge
from course_lib.painters.films import FILMS, TextToFilm
from course_lib.painters.pipeline import TextToImage
from course_lib.world.films import WHICH

KINDS = WHICH[:2]  # seen, held out
AT_ONCE = 8  # films drawn between two looks at the clock
MAKERS = ("real", "film", "frames apart", "frames from one noise")
GIVEN = ("first given", "first and last given")
LONGER = "twice the frames"  # more than it has learned


def draw_apart(
    painter: TextToImage, texts: list[str], frames: int, seed: int
) -> Tensor:
    """Every frame by itself: the same words, and noise of its own."""
    pictures = painter([text for text in texts for _ in range(frames)], seed=seed)
    return pictures.unflatten(0, (len(texts), frames))


def draw_from_one_noise(painter: TextToImage, texts: list[str], frames: int, seed: int):
    """Every frame from the same words and the same noise: one picture, F times."""
    pictures = painter(texts, seed=seed)
    return pictures[:, None].expand(-1, frames, -1, -1, -1)


def make(maker: str, painters: dict, prompts: FilmPrompts) -> tuple[Tensor, float]:
    """All films of one maker, and the CPU seconds that one of them took."""
    frames, films = prompts.real.shape[1], []
    started = time.process_time()
    for first in range(0, len(prompts.texts), AT_ONCE):
        texts = prompts.texts[first : first + AT_ONCE]
        real = prompts.real[first : first + AT_ONCE]
        # Another seed for each part, or every eighth film would have the same noise.
        if maker == "real":
            films.append(real)
        elif maker == "frames apart":
            films.append(draw_apart(painters["words"], texts, frames, first))
        elif maker == "frames from one noise":
            films.append(draw_from_one_noise(painters["words"], texts, frames, first))
        else:
            ends = {"first": real[:, 0]} if maker in GIVEN else {}
            ends |= {"last": real[:, -1]} if maker == GIVEN[1] else {}
            ends |= {"frames": 2 * frames} if maker == LONGER else {}
            films.append(painters["films"](texts, seed=first, **ends))
    seconds = (time.process_time() - started) / len(prompts.texts)
    return torch.cat(films), seconds


def measure(maker: str, kind: str, painters: dict, n: int) -> dict:
    """Everything about one maker and one kind of prompts."""
    card = painters["films"].card
    # Another world than in training, and another for each kind.
    world = FRESH + KINDS.index(kind)
    prompts = film_prompts(kind, n, world, card["size"], card["frames"])
    films, seconds = make(maker, painters, prompts)
    facts = measure_films(films, prompts, painters["judge"])
    right = judged(films, prompts, painters["judge"])["motion"]
    for motion, found in by_motion(right, prompts).items():
        facts[f"motion {motion}"] = found
    return facts | {"cpu seconds a film": seconds}


def cost(painter: TextToFilm) -> dict:
    """The memory for one film, drawn alone, and its CPU seconds beside a picture's."""
    process, before = psutil.Process(), psutil.Process().memory_info().rss
    held = []

    def look(step) -> None:
        held.append(process.memory_info().rss)

    text = ["a frog hops to the right"]
    started = time.process_time()
    painter(text, callback=look)
    middle = time.process_time()
    painter.pictures(text)
    return {
        "film, MiB above the painter": (max(held) - before) / 2**20,
        "film, cpu seconds": middle - started,
        "picture, cpu seconds": time.process_time() - middle,
    }


def told(facts: dict | float) -> str:
    """A figure in words."""
    if isinstance(facts, float):
        return f"{facts:.3g}"
    return spoken(facts) if "share" in facts else f"{facts['mean']:.4f}"


def carry_on(file: Path | None) -> dict:
    """What an earlier run has measured; nothing if there was none."""
    if file is None or not file.is_file():
        return {}
    return json.loads(file.read_text(encoding="utf-8"))


def keep(file: Path | None, found: dict) -> None:
    """Write what is measured so far."""
    if file is not None:
        text = json.dumps(found, indent=1)
        replace_file(file, lambda part: part.write_text(text, encoding="utf-8"))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500, help="prompts of each kind")
    parser.add_argument("--n-given", type=int, default=200, help="and of the rest")
    parser.add_argument("--weights", default=FILMS)
    parser.add_argument("--words", default="words", help="the picture painter")
    parser.add_argument("--judge", default=FILM_JUDGE)
    parser.add_argument("--makers", nargs="+", default=[*MAKERS, *GIVEN, LONGER])
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    painters = dict(
        films=TextToFilm.from_pretrained(options.weights),
        words=TextToImage.from_pretrained(options.words),
        judge=load_film_judge(options.judge),
    )
    kept = options.save and options.save.with_suffix(".part")
    found = carry_on(kept)
    for kind in KINDS:
        for maker in options.makers:
            name = f"{maker}, {kind}"
            if name not in found:
                n = options.n if maker in MAKERS else options.n_given
                found[name] = measure(maker, kind, painters, n)
                keep(kept, found)
            words = [f"{key} {told(facts)}" for key, facts in found[name].items()]
            print(f"{name}: {'; '.join(words)}", flush=True)
    if "cost" not in found:
        found["cost"] = cost(painters["films"])
        keep(kept, found)
    print("; ".join(f"{name} {told(facts)}" for name, facts in found["cost"].items()))
    if options.save:
        weights = [options.weights, options.words, options.judge]
        save_results(options.save, found, script_command(arguments), weights)
        kept.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
