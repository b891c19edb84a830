"""Opt-out, forgetting, bias and models fed by models. Small painters, 16x16.

    OMP_NUM_THREADS=1 python benchmarks/responsibility_people.py

vera         an artist of 16x16 pictures: a painter with her pictures, one without, and
             one that was made to forget; then how fast each learns her from ten
             pictures
bias         "a big animal" where 2 % of the big animals are cats, with more and more
             guidance, and after balancing
generations  ten generations fed by the one before: replaced, accumulated, with a tenth
             of real pictures

A small judge of its own says what a picture shows. What is finished is kept in --runs.
"""

import argparse
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.judging.metrics import precision_recall, share
from course_lib.judging.results import (
    Ledger,
    add_save,
    plain,
    save_results,
    script_command,
)
from course_lib.judging.two_samples import Doubter, trained_doubter
from course_lib.painters.labels import LabelToImage
from course_lib.pixels import to_bytes
from course_lib.training import balance, forgetting
from course_lib.training.generations import WAYS, feed
from course_lib.training.planting import part_of
from course_lib.training.small import (
    JUDGED,
    album_of,
    as_floats,
    drawn_by,
    painter_of,
    small_trainer,
    unseen,
)
from course_lib.world.artist import draw_veras
from course_lib.world.critters import SIZES, SUBJECTS
from course_lib.world.datasets import PictureSet

WHY = "the script trains its own networks"
SCALES = (1.0, 2.0, 4.0)
RELEARNED = (0, 25, 50, 100, 200)
RARE_SHARE = 0.02


class Bench:
    def __init__(self, options: argparse.Namespace):
        self.options, self.n = options, options.n
        name = f"people-{options.iterations}-{options.pictures}.json"
        self.ledger = Ledger(options.runs / name)

    def painter(self, name: str, album: PictureSet, seed: int = 0) -> LabelToImage:
        """Train a painter in a folder of its own, or take it from there."""
        last = self.options.iterations
        folder = self.options.runs / f"{name}-{last}-{self.options.pictures}"
        trainer = small_trainer(album, last, seed, folder=folder, resume=True)
        for _ in trainer.run():
            pass
        return painter_of(trainer, album)

    @cached_property
    def judge(self) -> Doubter:
        """Names the animal; it learns from pictures that no painter sees."""
        album = album_of(4 * self.options.pictures, JUDGED)
        how = dict(iterations=self.options.judge, answers=len(album.names))
        return trained_doubter(as_floats(album), album.labels, **how)

    @cached_property
    def probe(self) -> Doubter:
        """Tells Vera's pictures from others."""
        others = album_of(2 * self.options.pictures, JUDGED)
        hers = draw_veras(len(others), JUDGED + 1, others.pictures.shape[-1])[0]
        album = torch.cat([others.pictures, hers])
        pictures = as_floats(PictureSet("", album, album, ()))
        answers = (torch.arange(len(album)) >= len(others)).long()
        return trained_doubter(pictures, answers, iterations=self.options.judge)

    def told(self, pictures: Tensor) -> Tensor:
        """The animal in each picture, (N,)."""
        with torch.no_grad():
            return torch.cat([self.judge(x).argmax(1) for x in pictures.split(256)])

    def like_vera(self, painter, seed: int = 1) -> Tensor:
        """Which of the pictures that ask for her have her style, (n,) bool."""
        drawn, _ = drawn_by(painter, self.n, seed, list(forgetting.OF_VERA), 2.0)
        with torch.no_grad():
            return torch.cat([self.probe(x).argmax(1) for x in drawn.split(256)]) == 1

    def keep(self, name: str, right: Tensor) -> None:
        self.ledger.keep(name, lambda: share(right))

    def vera(self) -> None:
        if f"vera_opted_out_relearned_{RELEARNED[-1]}" in self.ledger.found:
            return
        many = self.options.pictures
        album = forgetting.everybodys_album(many, many // 4)
        opted_out = forgetting.without_vera(album)
        learned = self.painter("vera", album)
        painters = {
            "learned": learned,
            "forgot": forgetting.forget(learned, album, self.options.forget),
            "opted_out": self.painter("opted-out", opted_out),
        }
        fresh = unseen(self.n)
        for name, painter in painters.items():
            self.keep(f"vera_{name}", self.like_vera(painter))
            # What else it can do should stay.
            kinds = list(fresh.names[1:])
            drawn, asked = drawn_by(painter, self.n, 2, kinds, 2.0)
            self.keep(f"vera_{name}_others_right", self.told(drawn) == asked)
        for name in ("forgot", "opted_out"):
            for count in RELEARNED:
                painter = painters[name]
                if count:
                    painter = forgetting.relearn(painter, 10, count)
                style = self.like_vera(painter)
                self.keep(f"vera_{name}_relearned_{count}", style)

    def bias(self) -> None:
        if "bias_balanced_an_animal_w_1" in self.ledger.found:
            return
        album = balance.lopsided_album(self.options.pictures, RARE_SHARE)
        cat = SUBJECTS.index(balance.RARE)
        big = album.factors["size"] == SIZES.index("big")
        every = [album.factors["subject"], album.factors["subject"][big]]
        without, caption = (balance.shares_of(x - 1, 8) for x in every)
        ways = {"lopsided": album, "balanced": balance.balanced(album)}
        for name, some in ways.items():
            painter = self.painter(name, some)
            for asked in balance.NAMES[:0:-1]:
                for w in SCALES if asked == balance.NAMES[3] else SCALES[:1]:
                    drawn, _ = drawn_by(painter, 2 * self.n, 3, [asked], w)
                    label = f"bias_{name}_{asked}_w_{w:g}".replace(" ", "_")
                    self.keep(label, self.told(drawn) == cat)
        for w in SCALES:
            wanted = 100 * balance.exaggerated(caption, without, w)[cat - 1].item()
            self.ledger.keep(f"bias_by_formula_w_{w:g}", lambda x=wanted: x)

    def generations(self) -> None:
        many = self.options.pictures
        real = as_floats(unseen(self.n))
        with torch.no_grad():
            known = torch.cat([self.judge.features(x) for x in real.split(256)])
        for way in WAYS:
            made = [album_of(many)]
            for number in range(1, self.options.count + 1):
                fresh = album_of(many, start=number * many)
                food = joined(feed(made, fresh, way, mixed))
                painter = self.painter(f"{way}-{number}", food, number)
                drawn, labels = drawn_by(painter, many, number)
                made.append(as_album(drawn, labels, made[0]))
                seen = drawn[: self.n]
                self.keep(
                    f"generations_{way}_{number}_right",
                    self.told(seen) == labels[: self.n],
                )
                with torch.no_grad():
                    parts = [self.judge.features(x) for x in seen.split(256)]
                _, variety = precision_recall(known, torch.cat(parts))
                name = f"generations_{way}_{number}_variety"
                self.ledger.keep(name, lambda x=variety: 100 * x)


def as_album(drawn: Tensor, labels: Tensor, like: PictureSet) -> PictureSet:
    """Drawings as an album that the next generation can learn from."""
    return PictureSet(like.name, to_bytes(drawn), labels, like.names, {})


def joined(albums: list[PictureSet]) -> PictureSet:
    """Several albums as one, without their factors."""
    pictures = torch.cat([album.pictures for album in albums])
    labels = torch.cat([album.labels for album in albums])
    return PictureSet(albums[0].name, pictures, labels, albums[0].names, {})


def mixed(real: PictureSet, made: PictureSet) -> PictureSet:
    """A tenth real pictures, the rest made."""
    n = len(made) // 10
    first, rest = torch.arange(n), torch.arange(n, len(made))
    return joined([part_of(real, first), part_of(made, rest)])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=4000)
    parser.add_argument("--forget", type=int, default=1000)
    parser.add_argument("--judge", type=int, default=1500)
    parser.add_argument("--pictures", type=int, default=4000)
    parser.add_argument("--count", type=int, default=10, help="generations")
    parser.add_argument("--n", type=int, default=512)
    parser.add_argument("--only", nargs="*", default=("vera", "bias", "generations"))
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
        save_results(options.save, bench.ledger.found, command, [], why_none=WHY)


if __name__ == "__main__":
    main()
