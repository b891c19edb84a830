"""Can one tell, and can one mark? A detector, a mark in the noise, and attacks on both.

    OMP_NUM_THREADS=2 python benchmarks/responsibility_marks.py

detector   learns real pictures and those of --weights; its limit is set on real ones,
           at 1 % false alarms. Then attacks, and pictures of a generator that it never
           saw (--other), enlarged to the same size.
strangers  the same with two painters of 32x32: found of its own, of its own with more
           guidance, and of --other, none of them enlarged.
mark       pictures with and without a mark; the limit is set on half of those without,
           at 1 % false alarms. Then the same attacks, and image-to-image.
theft      the key out of 1 to 20 marked pictures, and how often pictures that a thief
           draws with it pass as marked; `other_keys` is the stricter test, which does
           not let a key pass that is only like ours.
variety    how far apart pictures of one prompt are, with a mark and without: all of one
           key share most of their starting noise.

`seconds` are of one core. What is finished is kept in --runs.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from course_lib.device import use_all_cores
from course_lib.judging.attacks import ATTACKS, redrawn, through_bytes
from course_lib.judging.detection import Detector
from course_lib.judging.evaluation import FRESH
from course_lib.judging.metrics import share
from course_lib.judging.results import (
    Ledger,
    add_save,
    mean_of,
    plain,
    save_results,
    script_command,
)
from course_lib.judging.two_samples import mixed_prompts
from course_lib.painters.pipeline import LabelToImage, TextToImage
from course_lib.painters.watermark import (
    agreement,
    chance_of,
    draw_marked,
    key_of,
    noise_of,
    stolen_key,
    threshold,
)
from course_lib.pixels import from_bytes
from course_lib.world.critters import ANIMALS
from course_lib.world.drawing import draw_critters

SECRET = 2026
STRENGTHS = (0.1, 0.3, 0.5, 0.7)
STOLEN_FROM = (1, 2, 5, 10, 20)
EVERYTHING = ("detector", "strangers", "mark", "theft", "variety")
BATCH = 64  # pictures drawn, and walked back, together


class Bench:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.painter = TextToImage.from_pretrained(options.weights)
        self.ledger = Ledger(options.runs / f"marks-{options.weights}-{options.n}.json")

    def drawn(self, n: int, world: int, key: Tensor | None) -> tuple[Tensor, Tensor]:
        """n pictures drawn, marked or not, and n real ones of the same prompts."""
        texts, real = mixed_prompts(n, FRESH + world, self.painter.card["size"])
        made = draw_marked(self.painter, texts, key, seed=world, batch_size=BATCH)
        return through_bytes(made), through_bytes(real)

    def attacks(self) -> dict:
        """The attacks of `attacks.py`, and image-to-image."""
        again = {
            f"redrawn {strength:g}": lambda x, s=strength: torch.cat(
                [redrawn(self.painter, some, s) for some in x.split(BATCH)]
            )
            for strength in self.options.strengths
        }
        return ATTACKS | again

    def keep(self, name: str, right: Tensor) -> None:
        self.ledger.keep(name, lambda: share(right))

    def detector(self) -> None:
        if "detector_other" in self.ledger.found:
            return
        n = self.options.n
        size = self.painter.card["size"]
        texts, real = mixed_prompts(n, FRESH + 81, size)
        # Drawn as `generate` draws, chance and all.
        made = through_bytes(self.painter(texts, seed=81))
        (_, others), (_, fresh) = (
            mixed_prompts(2 * n, FRESH + world, size) for world in (82, 83)
        )
        detector = Detector.trained(real, made, others, 0, self.options.iterations)
        new = through_bytes(
            self.painter(mixed_prompts(n, FRESH + 84, size)[0], seed=84)
        )
        for name, attack in self.attacks().items():
            self.keep(f"detector_found_{name}", detector.called_made(attack(new)))
            real = detector.called_made(attack(fresh[:n]))
            self.keep(f"detector_alarms_{name}", real)
        self.keep("detector_alarms", detector.called_made(fresh))
        stranger = TextToImage.from_pretrained(self.options.other)
        texts, _ = mixed_prompts(n, FRESH + 85, 32)
        other = interpolate(stranger(texts), (size, size), mode="nearest")
        self.keep("detector_other", detector.called_made(through_bytes(other)))

    def strangers(self) -> None:
        """A detector at 32x32, where two painters draw without being enlarged."""
        if "strangers_other" in self.ledger.found:
            return
        n, asked = self.options.n, [ANIMALS[i % 8] for i in range(self.options.n)]
        own = LabelToImage.from_pretrained("critters")
        real = from_bytes(draw_critters(4 * n, FRESH + 92, 32, kind="one")[0])
        made = own(asked, seed=92)
        training = real[:n], made, real[n : 3 * n]
        detector = Detector.trained(*training, 0, self.options.iterations)
        stranger = TextToImage.from_pretrained(self.options.other)
        sets = {
            "alarms": real[3 * n :],
            "own": own(asked, seed=93),
            "own_more_guidance": own(asked, guidance_scale=4.0, seed=93),
            "other": stranger([f"a {animal}" for animal in asked], seed=93),
        }
        for name, pictures in sets.items():
            called = detector.called_made(through_bytes(pictures))
            self.keep(f"strangers_{name}", called)

    def mark(self) -> None:
        if "mark_alarms_other_keys" in self.ledger.found:
            return
        n, key = self.options.n, self.key()
        plain_ones, real = self.drawn(2 * n, 86, None)
        marked, _ = self.drawn(n, 87, key)
        limit = threshold(self.fit(plain_ones[:n], key))
        self.ledger.keep("mark_limit", lambda: limit)
        for name, attack in self.attacks().items():
            fit = self.fit(attack(marked), key)
            self.keep(f"mark_found_{name}", fit > limit)
            self.ledger.keep(f"mark_fit_{name}", lambda fit=fit: mean_of(fit))
        fit = self.fit(plain_ones[n:], key)
        self.ledger.keep("mark_fit_of_unmarked", lambda: mean_of(fit))
        self.keep("mark_alarms_drawn", fit > limit)
        self.keep("mark_alarms_real", self.fit(real[:n], key) > limit)
        # Without pictures to set a limit on: `whence` compares with other keys.
        noise = self.back(marked)
        self.keep("mark_found_other_keys", chance_of(noise, key) <= 0.01)
        noise = self.back(plain_ones[n:])
        self.keep("mark_alarms_real_other_keys", self.fits_best(real[:n], key))
        self.keep("mark_alarms_other_keys", chance_of(noise, key) <= 0.01)

    def theft(self) -> None:
        if f"theft_{self.options.stolen[-1]}" in self.ledger.found:
            return
        key, limit = self.key(), self.ledger.found["mark_limit"]
        marked, _ = self.drawn(10 + max(self.options.stolen), 88, key)
        own, _ = self.drawn(64, 90, None)  # the thief's own, of other prompts and seeds
        noise, plain_noise = self.back(marked), self.back(own)
        for count in self.options.stolen:
            stolen = stolen_key(noise[:count], plain_noise)
            forged, _ = self.drawn(self.options.n, 89, stolen)
            fit = torch.nn.functional.cosine_similarity(
                stolen.flatten(), key.flatten(), 0
            )
            self.ledger.keep(f"theft_{count}_key", lambda fit=fit: fit.item())
            self.keep(f"theft_{count}_other_keys", self.fits_best(forged, key))
            self.keep(f"theft_{count}", self.fit(forged, key) > limit)

    def variety(self) -> None:
        for name, key in (("marked", self.key()), ("unmarked", None)):
            drawn = draw_marked(
                self.painter, ["an animal"] * self.options.n, key, 91, batch_size=BATCH
            )
            far = torch.pdist(drawn.flatten(1)) / drawn[0].numel() ** 0.5
            mean = far.mean().item()
            self.ledger.keep(f"variety_{name}", lambda mean=mean: mean)

    def key(self) -> Tensor:
        return key_of(SECRET, self.painter.shape()[0])

    def back(self, pictures: Tensor) -> Tensor:
        return noise_of(self.painter, pictures, batch_size=BATCH)

    def fit(self, pictures: Tensor, key: Tensor) -> Tensor:
        return agreement(self.back(pictures), key)

    def fits_best(self, pictures: Tensor, key: Tensor) -> Tensor:
        """Which are called marked by comparing with other keys, as `whence` does."""
        return chance_of(self.back(pictures), key) <= 0.01


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="latent")
    parser.add_argument("--other", default="words", help="draws 32x32 pixels")
    parser.add_argument("--n", type=int, default=512, help="pictures of each row")
    parser.add_argument("--iterations", type=int, help="of the detector")
    parser.add_argument("--strengths", type=float, nargs="*", default=STRENGTHS)
    parser.add_argument("--stolen", type=int, nargs="*", default=STOLEN_FROM)
    parser.add_argument("--only", nargs="*", default=EVERYTHING)
    parser.add_argument("--runs", type=Path, default=Path("runs/responsibility"))
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    bench = Bench(options)
    print("| what | found |\n| --- | --- |")
    for name in options.only:
        getattr(bench, name)()
    for name, value in bench.ledger.found.items():
        print(f"{name}={plain(value):.4f}")
    if options.save:
        command = script_command(arguments)
        weights = [options.weights, options.other, "critters"]
        save_results(options.save, bench.ledger.found, command, weights)


if __name__ == "__main__":
    main()
