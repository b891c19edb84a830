"""What votes achieve: tastes that are known, three ways to tune, and a second judge.

    OMP_NUM_THREADS=2 python benchmarks/feedback.py

A simulated voter compares pictures of the shipped painter; then the painter is tuned on
the votes. Each tuned painter draws prompts that nobody voted on, from the same noise as
the painter that it began as:

win      how often the voter prefers its picture (a tie counts one half)
judge    the share of pictures in which the voter's own judge of drawing sees no flaw
second   the same by a judge that had no part in the votes
right    the share of pictures that show what was asked for, and nothing else

`seconds` are of one core: process time, so another busy program does not count.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.judging import voters
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import Prompts, judge_all, prompts_of, reader_of
from course_lib.judging.inspection import Inspector
from course_lib.judging.metrics import share
from course_lib.judging.people import read_prompts
from course_lib.judging.results import (
    Found,
    add_save,
    mean_of,
    plain,
    save_results,
    script_command,
)
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.training import feedback
from course_lib.training.duels import Pairs, draw_made, pairs_of
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.training.votes import Made

KINDS = ("one animal", "two animals", "ears", "accessory")
BETAS, RATES = (100.0, 300.0, 1000.0), (3e-5, 1e-4, 3e-4)
DRAWN_FROM = 50_000  # the first seed of the pictures that are judged
PEOPLE = Path(__file__).resolve().parents[1] / "data" / "prompts" / "people.json"


class Clock:
    """Seconds of one core by what they were spent on."""

    def __init__(self):
        self.spent: dict[str, float] = {}

    def timed(self, name: str, work):
        """Do the work, add its time to that of `name`, and return its result."""
        started = time.process_time()
        result = work()
        took = time.process_time() - started
        self.spent[name] = self.spent.get(name, 0.0) + took
        return result


@dataclass
class Exam:
    """Prompts that nobody voted on, and the base's pictures of them.

    Args:
        second: the judge of drawing that had no part in the votes
        people: how many of the prompts were written by people; they come first
    """

    painter: TextToImage
    prompts: Prompts
    second: Inspector
    people: int

    def __post_init__(self):
        self.base = self.drawn_by(self.painter)

    def drawn_by(self, painter: TextToImage) -> Tensor:
        """The picture of each prompt, from the same noise whoever draws."""
        texts = enumerate(self.prompts.texts)
        made = [Made(text, DRAWN_FROM + i) for i, text in texts]
        return from_bytes(draw_made(painter, made, painter.way())[1])

    def bare(self) -> Tensor:
        """Which prompts ask for one animal and nothing on it, (N,) bool."""
        worn = ("accessory", "ears", "subject_2")
        free = [not any(f[name] for name in worn) for f, _ in self.prompts.asked]
        return torch.tensor(free)

    def verdict(self, pictures: Tensor, taste: voters.Taste) -> dict:
        """What voter and judges say of the pictures, one entry a picture."""
        found = judge_all(reader_of(pictures.shape[-1]), pictures, self.prompts.asked)
        # A hat that nobody asked for is what one of the voters wants.
        unasked = "nothing unasked"
        return {
            "win": voters.win_rate(taste, pictures, self.base),
            "judge": voters.shared_inspector(pictures.shape[-1]).clean(pictures),
            "second": self.second.clean(pictures),
            "right": torch.tensor([all(one.values()) for one in found]),
            "named": torch.tensor(
                [all(v for k, v in one.items() if k != unasked) for one in found]
            ),
        }

    def row(self, painter: TextToImage, taste: voters.Taste) -> Found:
        """A row of the table, and the same for some of the prompts: those of people,
        and those that leave room for a hat."""
        judged = self.verdict(self.drawn_by(painter), taste)
        before = self.verdict(self.base, taste)
        found: Found = {}
        everybody = torch.ones(len(self.base), dtype=torch.bool)
        of_people = torch.arange(len(self.base)) < self.people
        parts = {"": everybody, "_people": of_people, "_bare": self.bare()}
        for name, part in parts.items():
            found[f"win{name}"] = percent(judged["win"][part])
            for key in ("judge", "second", "right", "named"):
                now, then = judged[key][part], before[key][part]
                found[key + name] = share(now)
                # Of the same prompts and noises: a difference picture by picture.
                found[f"{key}{name}_gained"] = percent(now.float() - then.float())
        return found


def percent(values: Tensor) -> dict[str, float]:
    """The mean of (N,) numbers with its interval, times 100."""
    return mean_of(100 * values) | {"unit": "%"}


def exam_for(painter: TextToImage, n: int, second: str) -> Exam:
    """n prompts by people and n of the grammar, of four kinds."""
    people = read_prompts(PEOPLE, n)
    texts, asked = list(people.texts), list(people.asked)
    for i, kind in enumerate(KINDS):
        some = prompts_of(kind, max(1, n // len(KINDS)), FRESH + 50 + i)
        texts, asked = texts + some.texts, asked + some.asked
    inspector = Inspector.from_pretrained(second)
    return Exam(painter, Prompts(texts, asked), inspector, len(people.texts))


# Votes and trainings ----------------------------------------------------------------


def votes_of(painter, prompts: int, of: int, taste: str, **rest) -> Pairs:
    """The pairs that a simulated voter makes."""
    about_hats = taste != "clean"
    asked = voters.prompts_for(painter, prompts, bare=about_hats)
    if about_hats:
        groups = voters.with_hats(asked, of // 2, voters.FIRST_SEED)
    else:
        groups = voters.twins(asked, of, voters.FIRST_SEED)
    votes = voters.cast_votes(painter, groups, voters.TASTES[taste], taste, **rest)
    return pairs_of([vote for vote in votes if vote.winner is not None], painter)


def run(trainer: Trainer) -> list[float]:
    """The losses of a training, run to its end."""
    return [progress.loss for progress in trainer.run()]


def both_losses(
    painter: TextToImage, pairs: Pairs, trainer: Trainer, between, every: int
) -> Found:
    """Train, and measure the errors of winners and losers now and then, in per cent of
    those of the painter before."""
    won, lost = feedback.pair_errors(painter, painter.model, pairs, between)
    found: Found = {}
    for progress in trainer.run():
        if progress.iteration % every and progress.iteration != trainer.last:
            continue
        now = feedback.pair_errors(painter, trainer.averaged_model(), pairs, between)
        for name, errors, before in zip(
            ("winner", "loser"), now, (won, lost), strict=True
        ):
            value = 100 * errors.mean().item() / before.mean().item()
            found[f"{name}_{progress.iteration}"] = value
    return found


def split(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Four fifths to learn from, and one that is held out, of other prompts."""
    prompts = list(dict.fromkeys(pairs.prompts))
    kept = set(prompts[: 4 * len(prompts) // 5])
    learned = torch.tensor([prompt in kept for prompt in pairs.prompts])
    return pairs.part(learned.nonzero()[:, 0]), pairs.part((~learned).nonzero()[:, 0])


def show(name: str, row: Found) -> None:
    """One row of the table."""
    cells = [row["win"], row["judge"], row["second"], row["right"]]
    told = [f"{plain(c) * (100 if not isinstance(c, dict) else 1):.1f}" for c in cells]
    gained = f"{plain(row['second_gained']):+.1f}"
    print(f"| {name} | " + " | ".join(told) + f" | {gained} |", flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="latent")
    parser.add_argument("--second", default="inspector-32")
    parser.add_argument("--prompts", type=int, default=128, help="to vote on")
    parser.add_argument("--of", type=int, default=8, help="pictures a prompt")
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--n", type=int, default=248, help="people's prompts, judged")
    parser.add_argument("--quick", action="store_true", help="minutes, no intervals")
    parser.add_argument("--sweep", action="store_true", help="only beta and rate")
    add_save(parser)
    options = parser.parse_args(arguments)
    if options.quick:
        options.prompts, options.of, options.n = 8, 4, 8
        options.iterations = 4
    use_all_cores()
    painter, clock = TextToImage.from_pretrained(options.weights), Clock()
    exam = exam_for(painter, options.n, options.second)
    found: Found = {}
    work = Bench(painter, exam, clock, options, found)
    if options.sweep:
        work.sweep()
    else:
        work.clean()
        work.hats()
    found |= {f"seconds_{name}": value for name, value in clock.spent.items()}
    for name, value in found.items():
        print(f"{name}={plain(value):.4f}")
    if options.save:
        judges = ["inspector-64", "reader-64", options.second]
        command = script_command(arguments)
        save_results(options.save, found, command, [options.weights, *judges])


@dataclass
class Bench:
    """The experiments; each adds its rows to `found` and prints them."""

    painter: TextToImage
    exam: Exam
    clock: Clock
    options: argparse.Namespace
    found: Found

    def head(self, what: str) -> None:
        print(f"\n{what}\n| painter | win | judge | second | right | second gained |")
        print("| --- | --- | --- | --- | --- | --- |")

    def add(self, name: str, painter: TextToImage, taste: voters.Taste) -> None:
        row = self.exam.row(painter, taste)
        show(name, row)
        self.found |= {f"{name}_{key}": value for key, value in row.items()}

    def settings(self, own: dict = feedback.TUNE_SETTINGS, **rest) -> Settings:
        return Settings(iterations=self.options.iterations, **own | rest)

    def votes(self, taste: str, **rest) -> Pairs:
        ask = (self.painter, self.options.prompts, self.options.of, taste)
        return self.clock.timed(f"votes_{taste}", lambda: votes_of(*ask, **rest))

    def tune(self, name: str, trainer: Trainer) -> TextToImage:
        self.clock.timed(name, lambda: run(trainer))
        return feedback.tuned(self.painter, trainer)

    def clean(self) -> None:
        """The real use: votes for clean pictures."""
        pairs = self.votes("clean")
        self.found["votes_clean"] = len(pairs)
        learned, held_out = split(pairs)
        self.head(f"{len(pairs)} votes for clean pictures")
        self.add("base", self.painter, voters.clean)

        trainer = feedback.reward_trainer(
            learned, self.settings(feedback.REWARD_SETTINGS)
        )
        self.clock.timed("reward", lambda: run(trainer))
        reward = trainer.averaged_model()
        self.found["agreement"] = share(feedback.agreement(reward, held_out))
        self.found["agreement_learned"] = share(feedback.agreement(reward, learned))

        shown = feedback.weighed(pairs, reward)
        trainer = feedback.weighted_trainer(self.painter, *shown, self.settings())
        self.add("weighted", self.tune("weighted", trainer), voters.clean)

        trainer = feedback.dpo_trainer(self.painter, learned, self.settings())
        how = (self.painter, held_out, trainer, feedback.DETAILS)
        every = max(1, self.options.iterations // 10)
        curve = self.clock.timed("dpo", lambda: both_losses(*how, every))
        self.found |= {f"dpo_{name}": value for name, value in curve.items()}
        self.add("dpo", feedback.tuned(self.painter, trainer), voters.clean)

        how = (self.painter, pairs.drawn, pairs.asked, reward)
        trainer = feedback.draft_trainer(*how, self.settings(feedback.DRAFT_SETTINGS))
        cheat = self.tune("draft", trainer)
        self.add("draft", cheat, voters.clean)
        # What the reward thinks of it: far above all that it ever saw.
        for name, who in (("base", self.painter), ("draft", cheat)):
            drawn = self.exam.base if who is self.painter else self.exam.drawn_by(who)
            self.found[f"reward_of_{name}"] = mean_of(reward.of(drawn))

    def hats(self) -> None:
        """A taste of one's own, and two groups of opposite tastes."""
        settings = self.settings()
        how = dict(between=feedback.EVERYTHING)
        likes = self.votes("hats")
        self.head(f"{len(likes)} votes for hats")
        trainer = feedback.dpo_trainer(self.painter, likes, settings, **how)
        self.add("hats", self.tune("hats", trainer), voters.hats)

        both = self.both_groups(likes)
        self.head(f"{len(both)} votes, half of them against hats")
        trainer = feedback.dpo_trainer(self.painter, both, settings, **how)
        torn = self.tune("groups", trainer)
        self.add("groups_hats", torn, voters.hats)
        self.add("groups_no_hats", torn, voters.no_hats)

    def both_groups(self, likes: Pairs) -> Pairs:
        """The votes of those who like hats, and those of as many who do not."""
        winner = torch.cat([likes.winner, likes.loser])
        loser = torch.cat([likes.loser, likes.winner])
        return Pairs(likes.drawn, likes.asked, likes.prompts * 2, winner, loser)

    def sweep(self) -> None:
        """beta and rate, each pair once."""
        learned, _ = split(self.votes("clean"))
        self.head("beta and rate")
        for beta in BETAS:
            for rate in RATES:
                settings = self.settings(learning_rate=rate)
                trainer = feedback.dpo_trainer(
                    self.painter, learned, settings, beta=beta
                )
                name = f"beta_{beta:g}_rate_{rate:g}".replace("-", "_")
                self.add(name, self.tune("sweep", trainer), voters.clean)


if __name__ == "__main__":
    main()
