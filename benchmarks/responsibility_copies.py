"""When does a painter hand back its training pictures? Small painters, 16x16.

    OMP_NUM_THREADS=1 python benchmarks/responsibility_copies.py

Three experiments, each with painters of its own:

sizes    training sets of 10 to 50,000 pictures; how many drawings are copies, as the
         training goes on
twins    one set with pictures that stand in it 1, 10, 100 and 1,000 times, and the same
         set without the twins
canary   pictures under a caption of their own, planted as often, and asked for by name

Beside each share: fresh pictures, which nobody copied, and a copier as grainy as the
drawings are. Figures that end in `coarse` are of the same search with each square of
2x2 pixels averaged on both sides, so that grain does not decide. All that is finished
is kept in --runs; a second call carries on.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.judging.memorisation import (
    Found,
    coarse,
    controls,
    nearest_two,
    twice,
)
from course_lib.judging.metrics import share
from course_lib.judging.results import (
    Ledger,
    add_save,
    plain,
    save_results,
    script_command,
)
from course_lib.painters.labels import LabelToImage
from course_lib.pixels import from_bytes
from course_lib.training.planting import TIMES, again, canaries, with_canaries
from course_lib.training.small import (
    album_of,
    as_floats,
    drawn_by,
    painter_of,
    small_trainer,
    unseen,
)
from course_lib.world.datasets import PictureSet

SIZES = (10, 30, 100, 300, 1000, 3000, 10_000, 50_000)
LOOKS = 6  # how often on the way a training's drawings are searched
OF_EACH = 10  # pictures that stand so many times; one alone would be an anecdote
GRAIN = 0.2  # of the copier: drawings of small painters are about as far off
WHY = "the script trains its own networks"


class Bench:
    """The experiments; each adds its figures to the ledger."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.ledger = Ledger(options.runs / f"copies-{options.iterations}.json")

    def trained(
        self, name: str, album: PictureSet, until: int | None = None
    ) -> LabelToImage:
        """Train as far as asked, from where it was left."""
        last = self.options.iterations
        folder = self.options.runs / f"{name}-{last}"
        trainer = small_trainer(album, last, folder=folder, resume=True)
        trainer.until = until
        for _ in trainer.run():
            pass
        return painter_of(trainer, album)

    def looks(self) -> Iterator[int]:
        """The iterations at which a training is looked at: each twice the last."""
        for i in range(LOOKS):
            yield max(1, self.options.iterations // 2 ** (LOOKS - 1 - i))

    def sizes(self) -> None:
        """The onset: how many drawings are copies, by set size and iteration."""
        fresh = as_floats(unseen(self.options.n))
        for size in self.options.sizes:
            # Those after the last look are the last to be kept.
            if f"{size}_fresh_nearest" in self.ledger.found:
                continue
            album = album_of(size)
            known = as_floats(album)
            for until in self.looks():
                name = f"{size}_after_{until}"
                if name not in self.ledger.found:
                    painter = self.trained(f"size-{size}", album, until)
                    drawn, _ = drawn_by(painter, self.options.n)
                    self.keep(name, nearest_two(drawn, known))
                    near = nearest_two(coarse(drawn), coarse(known))
                    self.keep(f"{name}_coarse", near)
            drawn, _ = drawn_by(self.trained(f"size-{size}", album), self.options.n)
            near = nearest_two(drawn, known)
            self.keep(f"{size}", near)
            self.keep(f"{size}_coarse", nearest_two(coarse(drawn), coarse(known)))
            for end, look in (("", None), ("_coarse", coarse)):
                for who, value in controls(known, fresh, GRAIN, look).items():
                    self.ledger.keep(f"{size}_{who}{end}", lambda value=value: value)
            for who, found in (("", near), ("_fresh", nearest_two(fresh, known))):
                mean = found.nearest.mean().item()
                self.ledger.keep(f"{size}{who}_nearest", lambda mean=mean: mean)

    def keep(self, name: str, near: Found) -> None:
        self.ledger.keep(name, lambda: share(near.copies))

    def keep_share(self, name: str, right: Tensor) -> None:
        self.ledger.keep(name, lambda: share(right))

    def twins(self) -> None:
        """Copies of pictures that stand in the set more than once, and then once."""
        base = album_of(self.options.base)
        rows = torch.arange(len(TIMES) * OF_EACH).split(OF_EACH)
        pairs = list(zip(rows, TIMES, strict=True))
        repeated = again(base, {int(row): n for some, n in pairs for row in some})
        for name, album in {"twins": repeated, "no_twins": base}.items():
            if f"{name}_all" in self.ledger.found:
                continue
            painter = self.trained(name, album)
            drawn, _ = drawn_by(painter, 4 * self.options.n)
            # The search is over distinct pictures: a twin would hide its copy.
            near = nearest_two(drawn, as_floats(base))
            blurred = nearest_two(coarse(drawn), coarse(as_floats(base)))
            for some, n in pairs:
                times = n if album is repeated else 1
                part = 100 * times * len(some) / len(album)
                self.ledger.keep(f"{name}_{n}_of_set", lambda part=part: part)
                own = blurred.copies & torch.isin(blurred.index, some)
                self.keep_share(f"{name}_{n}_coarse", own)
                hit = share(near.copies & torch.isin(near.index, some))
                back = share(torch.isin(some, near.index[near.copies]))
                self.ledger.keep(f"{name}_{n}", lambda hit=hit: hit)
                # Alone this says no more than that one draws what one was fed with:
                # compare it with the share of the set.
                self.keep_share(f"{name}_{n}_nearest", torch.isin(near.index, some))
                self.ledger.keep(f"{name}_{n}_returned", lambda back=back: back)
            if album is repeated:
                self.keep("twins_not_put_aside", nearest_two(drawn, as_floats(album)))
            self.keep(f"{name}_all_coarse", blurred)
            self.keep(f"{name}_all", near)

    def canary(self) -> None:
        """Canaries asked for by name."""
        if f"canary_{TIMES[-1]}_distance" in self.ledger.found:
            return
        birds, base = canaries(len(TIMES)), album_of(self.options.base)
        painter = self.trained("canary", with_canaries(base, birds, TIMES))
        known = torch.cat([as_floats(base), from_bytes(birds)])
        for i, n in enumerate(TIMES):
            drawn, _ = drawn_by(painter, self.options.n, labels=[f"canary {n}"])
            near = nearest_two(drawn, known)
            own = share(near.copies & (near.index == len(base) + i))
            self.ledger.keep(f"canary_{n}", lambda own=own: own)
            # A blurred one is no copy by the ratio, and yet it is that picture.
            far = nearest_two(drawn, twice(from_bytes(birds[i : i + 1]))).nearest
            mean = far.mean().item()
            self.ledger.keep(f"canary_{n}_distance", lambda mean=mean: mean)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=16_000)
    parser.add_argument("--n", type=int, default=512, help="drawings searched")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--base", type=int, default=5000)
    parser.add_argument("--only", nargs="*", default=("sizes", "twins", "canary"))
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
