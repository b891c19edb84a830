"""What lies half way between two texts, and does it take a network to find it?

    python benchmarks/half_way.py          # a minute on one core

Half way between "a frog" and "a rabbit" the pair of lesson 09 finds frogs with rabbit
ears. Their captions say "a frog with rabbit ears", which has both words. So the pair is
compared with a search that sees no picture and has learned nothing: it counts the words
that a picture's caption shares with both texts, weighted by how rare they are, with
synonyms as one. For every two animals of which one wears the other's ears in at least
ten test pictures: how many of the ten nearest pictures have something of both?
"""

import argparse
import math
from collections import Counter

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.judging.metrics import Share, share
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.contrastive import Matcher
from course_lib.world.critters import ANIMALS, EARS, SUBJECTS, captions
from course_lib.world.datasets import PictureSet, load_critters
from course_lib.world.prompts import words_of
from course_lib.world.wording import NOUNS, with_article

NEAREST = 10
ONE_WORD = {noun.split()[-1]: name for name, nouns in NOUNS.items() for noun in nouns}


def something_of_both(pictures: PictureSet, one: str, other: str) -> Tensor:
    """Whether a picture shows one animal with the ears of the other, (N,) bool."""
    subject, ears = pictures.factors["subject"], pictures.factors["ears"]
    found = torch.zeros(len(subject), dtype=torch.bool)
    for animal, owner in ((one, other), (other, one)):
        if owner in EARS:
            found |= (subject == SUBJECTS.index(animal)) & (ears == EARS.index(owner))
    return found


def asked_of(pictures: PictureSet) -> list[tuple[str, str]]:
    """Every two animals for which enough pictures show something of both."""
    pairs = [(a, b) for i, a in enumerate(ANIMALS) for b in ANIMALS[i + 1 :]]
    return [
        pair for pair in pairs if something_of_both(pictures, *pair).sum() >= NEAREST
    ]


# Two ways to search ---------------------------------------------------------------


def by_network(matcher: Matcher, pictures: PictureSet):
    """A search by the network: each picture's cosine with the mean of some texts."""
    parts = torch.arange(len(pictures)).split(1000)
    image_vec = torch.cat([matcher.see(pictures[part][0]) for part in parts])

    def scores_of(texts: list[str]) -> Tensor:
        return image_vec @ F.normalize(matcher.read(texts).mean(0), dim=0)

    return scores_of


def bag_of(text: str) -> set[str]:
    """The words of a text, with "bunny" and "teddy bear" as their plain synonyms."""
    return {ONE_WORD.get(word, word) for word in words_of(text)} - {"teddy"}


def by_counting(pictures: PictureSet):
    """A search by the words of the pictures' captions, without seeing a picture."""
    rows = torch.arange(len(pictures))
    bags = [bag_of(text) for text in captions(pictures.factors, rows, seed=0)]
    held = Counter(word for bag in bags for word in bag)
    weight = {word: math.log(len(bags) / times) for word, times in held.items()}

    def length(bag: set[str]) -> float:
        return math.sqrt(sum(weight.get(word, 0) ** 2 for word in bag))

    def scores_of(texts: list[str]) -> Tensor:
        # The cosine of two bags with each word once, weighted by its rarity.
        wanted = set().union(*map(bag_of, texts))
        shared = [length(wanted & bag) ** 2 / (length(bag) or 1) for bag in bags]
        return torch.tensor(shared) / length(wanted)

    return scores_of


# Measuring -------------------------------------------------------------------------


def measured(scores_of, pictures: PictureSet) -> dict[str, Share]:
    """How many of the ten nearest pictures have something of both animals."""
    half_way, alone, pairs = [], [], []
    for one, other in asked_of(pictures):
        right = something_of_both(pictures, one, other)
        texts = [with_article(one), with_article(other)]
        near = right[scores_of(texts).topk(NEAREST).indices]
        half_way.append(near)
        # Ten neighbours are not ten independent witnesses, so count pairs of animals.
        pairs.append(near.sum() > NEAREST / 2)
        alone += [right[scores_of([text]).topk(NEAREST).indices] for text in texts]
    return {
        "half way": share(torch.cat(half_way)),
        "at either end": share(torch.cat(alone)),
        "pairs where most are": share(torch.stack(pairs)),
    }


def by_chance(pictures: PictureSet) -> Share:
    """The share for pictures drawn at random."""
    pairs = asked_of(pictures)
    return share(torch.cat([something_of_both(pictures, *pair) for pair in pairs]))


def first(pictures: PictureSet, n: int) -> PictureSet:
    """The first n pictures of a set."""
    factors = {name: values[:n] for name, values in pictures.factors.items()}
    parts = pictures.pictures[:n], pictures.labels[:n]
    return PictureSet(pictures.name, *parts, pictures.names, factors)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=10_000, help="test pictures")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    pictures = first(load_critters("test", kind="one"), options.n)
    ways = {
        "the pair": by_network(Matcher.from_pretrained("pair"), pictures),
        "words counted": by_counting(pictures),
    }
    found = {"chance": by_chance(pictures)}
    print(f"{len(asked_of(pictures))} pairs of animals, {len(pictures)} test pictures")
    print("| | half way | at either end | pairs where most are |")
    print("| --- | --- | --- | --- |")
    for name, scores_of in ways.items():
        found[name] = measured(scores_of, pictures)
        print(f"| {name} | " + " | ".join(map(str, found[name].values())) + " |")
    print(f"| chance | {found['chance']} | | |")
    for name in ways:
        key = name.replace(" ", "_")
        print(f"half_way_{key}={found[name]['half way'].value:.4f}")
    if options.save:
        save_results(options.save, found, script_command(arguments), ["pair"])


if __name__ == "__main__":
    main()
