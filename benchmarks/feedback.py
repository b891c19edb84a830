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
BETAS, RATES = (300.0, 1000.0, 3000.0), (1e-5, 3e-5, 1e-4)
HATS = 64  # prompts of the voters who like hats: every vote says the same
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
    prompts = min(HATS, prompts) if about_hats else prompts
    asked = voters.prompts_for(painter, prompts, bare=about_hats)
    if about_hats:
        groups = voters.with_hats(asked, of // 2, voters.FIRST_SEED)
    else:
        groups = voters.candidates(asked, of, voters.FIRST_SEED)
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


def show(name: str, row: Found, about_hats: bool) -> None:
    """One row of the table."""
    # Who likes hats is asked where there is room for one, and it is forgiven there.
    keys = ("win_bare", "judge_bare", "second_bare", "named_bare", "second_bare_gained")
    if not about_hats:
        keys = tuple(key.replace("_bare", "").replace("named", "right") for key in keys)
    cells = [
        plain(row[key]) * (1 if isinstance(row[key], dict) else 100) for key in keys
    ]
    print(
        f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="latent")
    parser.add_argument("--second", default="inspector-32")
    parser.add_argument("--prompts", type=int, default=256, help="to vote on")
    parser.add_argument("--of", type=int, default=8, help="pictures a prompt")
    parser.add_argument("--iterations", type=int, default=400)
    parser.add_argument("--n", type=int, default=248, help="people's prompts, judged")
    parser.add_argument("--quick", action="store_true", help="minutes, no intervals")
    parser.add_argument("--sweep", action="store_true", help="only beta and rate")
    add_save(parser)
    options = parser.parse_args(arguments)
    if options.quick:
        options.prompts, options.of, options.n = 6, 4, 4
        options.iterations = 2
    use_all_cores()
    painter, clock = TextToImage.from_pretrained(options.weights), Clock()
    exam = exam_for(painter, options.n, options.second)
    found: Found = {}
    work = Bench(painter, exam, clock, options, found)
    judges = ["inspector-64", "reader-64", options.second]
    for part in [work.sweep] if options.sweep else [work.clean, work.hats]:
        part()
        found |= {f"seconds_{name}": value for name, value in clock.spent.items()}
        if options.save:  # after each part: together they take an hour
            command = script_command(arguments)
            save_results(options.save, found, command, [options.weights, *judges])
    for name, value in found.items():
        print(f"{name}={plain(value):.4f}")


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
        show(name, row, taste is not voters.clean)
        self.found |= {f"{name}_{key}": value for key, value in row.items()}

    def votes(self, taste: str, **rest) -> Pairs:
        ask = (self.painter, self.options.prompts, self.options.of, taste)
        return self.clock.timed(f"{taste}_votes", lambda: votes_of(*ask, **rest))

    def tune(self, name: str, trainer: Trainer) -> TextToImage:
        self.clock.timed(name, lambda: run(trainer))
        return feedback.tuned(self.painter, trainer)

    def clean(self) -> None:
        """The real use: votes for clean pictures."""
        pairs = self.votes("clean")
        self.head(f"{len(pairs)} votes for clean pictures")
        self.add("clean_base", self.painter, voters.clean)
        settings = Settings(self.options.iterations, **feedback.DETAIL_SETTINGS)
        self.three_ways("clean", voters.clean, pairs, settings, feedback.FOR_DETAILS)
        # The voter's own judge as the reward: what no votes can beat.
        self.climb("clean_judge", voters.clean, pairs, voters.CleanReward())

    def hats(self) -> None:
        """A taste of one's own, and two groups of opposite tastes."""
        pairs = self.votes("hats")
        fewer = max(2, 3 * self.options.iterations // 10)
        settings = Settings(fewer, **feedback.TUNE_SETTINGS)
        self.head(f"{len(pairs)} votes for hats")
        self.add("hats_base", self.painter, voters.hats)
        self.three_ways("hats", voters.hats, pairs, settings, feedback.FOR_THINGS)
        # Without the anchor the loss is lower still; look at the pictures.
        loose = feedback.FOR_THINGS | {"anchor": 0.0}
        self.dpo("hats_loose", voters.hats, pairs, settings, loose)

        both = self.both_groups(pairs)
        self.head(f"{len(both)} votes, half of them against hats")
        how = (self.painter, both, settings)
        torn = self.tune("groups", feedback.dpo_trainer(*how, **feedback.FOR_THINGS))
        self.add("groups_hats", torn, voters.hats)
        self.add("groups_no_hats", torn, voters.no_hats)

    def three_ways(self, name: str, taste, pairs: Pairs, settings, how: dict) -> None:
        """A reward model, and the three ways to tune a painter."""
        learned, held_out = split(pairs)
        self.found[f"{name}_votes"] = len(pairs)
        few = Settings(self.options.iterations, **feedback.REWARD_SETTINGS)
        trainer = feedback.reward_trainer(learned, few)
        self.clock.timed(f"{name}_reward", lambda: run(trainer))
        reward = trainer.averaged_model()
        for key, some in (("learned", learned), ("held_out", held_out)):
            right = share(feedback.agreement(reward, some))
            self.found[f"{name}_agreement_{key}"] = right
            print(f"The reward agrees with votes that were {key}: {right}")

        shown = feedback.weighed(pairs, reward)
        trainer = feedback.weighted_trainer(self.painter, *shown, settings)
        self.add(f"{name}_weighted", self.tune(f"{name}_weighted", trainer), taste)
        self.dpo(f"{name}_dpo", taste, learned, settings, how, held_out)
        cheat = self.climb(f"{name}_draft", taste, pairs, reward)
        # What the reward thinks of it: far more than of all that it ever saw.
        drawn = {"base": self.exam.base, "draft": self.exam.drawn_by(cheat)}
        for key, pictures in drawn.items():
            self.found[f"{name}_reward_of_{key}"] = mean_of(reward.of(pictures))

    def dpo(self, name, taste, pairs: Pairs, settings, how, held_out=None) -> None:
        """Diffusion-DPO, with the errors of winners and losers on the way."""
        trainer = feedback.dpo_trainer(self.painter, pairs, settings, **how)
        watched = (self.painter, held_out or pairs, trainer, how["between"])
        every = max(1, trainer.last // 10)
        curve = self.clock.timed(name, lambda: both_losses(*watched, every))
        self.found |= {f"{name}_{key}": value for key, value in curve.items()}
        self.add(name, feedback.tuned(self.painter, trainer), taste)

    def climb(self, name: str, taste, pairs: Pairs, reward) -> TextToImage:
        """DRaFT, and what voter and judges say of it on the way.

        An iteration takes three times as long as the others'; these are fewer.
        """
        last = 4 * max(1, self.options.iterations // 10)
        settings = Settings(last, **feedback.DRAFT_SETTINGS)
        how = (self.painter, pairs.drawn, pairs.asked, reward)
        trainer = feedback.draft_trainer(*how, settings, last=2)
        going = trainer.run()
        for part in (last // 4, last // 2, last):
            some = part - trainer.iteration
            self.clock.timed(name, lambda n=some: [next(going) for _ in range(n)])
            tuned = feedback.tuned(self.painter, trainer)
            self.add(name if part == last else f"{name}_{part}", tuned, taste)
        return tuned

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
                own = feedback.DETAIL_SETTINGS | {"learning_rate": rate}
                settings = Settings(self.options.iterations, **own)
                how = feedback.FOR_DETAILS | {"beta": beta}
                trainer = feedback.dpo_trainer(self.painter, learned, settings, **how)
                name = f"beta_{beta:g}_rate_{rate:g}".replace("-", "_")
                self.add(name, self.tune("sweep", trainer), voters.clean)


if __name__ == "__main__":
    main()
