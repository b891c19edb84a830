"""Pictures and names from outside: does the pair find emoji by their names?

    COURSE_DATA=FOLDER python benchmarks/emoji_pair.py --iterations 150

The pair of lesson 09 is trained on emoji and their names, and tested on names that it
has never seen (one in five; all skin tones of an emoji are on the same side). It is
compared with chance; with the training name that shares the most words, and the emoji
that look most like that one's picture, pixel by pixel; and with the same pair with a
bag of words for a text tower.
"""

import argparse

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.judging.metrics import Share, share
from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.judging.retrieval import by_chance, found_among
from course_lib.networks.contrastive import (
    ImageTextPair,
    Matcher,
    make_contrastive_loss,
)
from course_lib.networks.tokenizer import PAD, Tokenizer, tidy, train_tokenizer
from course_lib.training.captions import LENGTH
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer, train
from course_lib.world.datasets import DataError, PictureSet, batches, load_emoji
from course_lib.world.prompts import words_of
from course_lib.world.wear import with_wear

TOWERS = {
    "bag of words": dict(blocks=0, positions=False),
    "the pair": dict(blocks=2, positions=True),
}
PLAIN = "one picture a name"  # no skin tones
ALL = "with all skin tones"


def emoji_batches(pictures: PictureSet, tokenizer: Tokenizer, batch_size: int, seed):
    """Batches of `x_0` and `cond`, the tokens of the names."""
    get_pictures = batches(pictures, batch_size, seed)

    def get_batch(iteration: int) -> dict[str, Tensor]:
        batch = get_pictures(iteration)
        texts = [tidy(pictures.names[label]) for label in batch["cond"]]
        tokens = tokenizer.batch(texts, LENGTH)
        longest = int((tokens != PAD).sum(1).max())
        return {"x_0": batch["x_0"], "cond": tokens[:, :longest]}

    return get_batch


def trained_pair(
    pictures: PictureSet, tower: dict, iterations: int, batch_size: int, seed: int
) -> Matcher:
    """The pair of lesson 09 with the given text tower, trained on these names."""
    tokenizer = train_tokenizer((tidy(name) for name in pictures.names[1:]), merges=400)
    torch.manual_seed(seed)
    model = ImageTextPair(dict(vocabulary=len(tokenizer), length=LENGTH) | tower)
    get_batch = emoji_batches(pictures, tokenizer, batch_size, seed)
    worn = with_wear(get_batch, seed, shift=2, wear=0.3)
    settings = Settings(iterations, weight_decay=0.05, decay=0.7)
    trainer = Trainer(model, make_contrastive_loss(), worn, settings)
    return Matcher(train(trainer), tokenizer, {"kind": "pair"})


def by_shared_words(train: PictureSet, texts: list[str], x_0: Tensor) -> Tensor:
    """Scores without any learning, (texts, pictures), as described at the top."""
    known = [set(words_of(name)) for name in train.names[1:]]
    scores = []
    for text in texts:
        words = set(words_of(text))
        alike = [len(words & other) / len(words | other) for other in known]
        best = train[torch.tensor([max(range(len(known)), key=alike.__getitem__)])][0]
        scores.append(-(x_0 - best).square().flatten(1).mean(1))
    return torch.stack(scores)


def same_name(texts: list[str]) -> Tensor:
    """Whether text i is the name of picture j, (N, N) bool."""
    return torch.tensor([[a == b for b in texts] for a in texts])


def some(
    pictures: PictureSet, kind: str, most: int = 10_000
) -> tuple[list[str], Tensor]:
    """Names and pictures, all of them or only those without a skin tone."""
    names = pictures.names[1:]
    rows = [i for i, n in enumerate(names) if kind == ALL or "," not in n][:most]
    return [names[i] for i in rows], pictures[torch.tensor(rows)][0]


def tell(name: str, scores: Tensor, right: Tensor) -> dict[str, Share]:
    """Print and return one line of the table: recall at 1 and at 10."""
    found = {f"recall at {k}": share(found_among(scores, right, k)) for k in (1, 10)}
    print(f"| {name} | " + " | ".join(map(str, found.values())) + " |")
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=150)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    try:
        train_set, test_set = load_emoji("train"), load_emoji("test")
    except DataError as error:
        raise SystemExit(str(error)) from error
    print(f"{len(train_set)} emoji to learn from, {len(test_set)} to be found")
    made = {
        name: trained_pair(
            train_set, tower, options.iterations, options.batch, options.seed
        )
        for name, tower in TOWERS.items()
    }
    table: Found = {}
    known = {word for name in train_set.names[1:] for word in words_of(name)}
    for kind in (PLAIN, ALL):
        texts, x_0 = some(test_set, kind)
        right = same_name(texts)
        print(f"\nfound among {len(texts)} held-out emoji, {kind}:")
        print("| | recall@1 | recall@10 |\n| --- | --- | --- |")
        row = table["plain" if kind == PLAIN else "all"] = {}
        chance = {k: by_chance(right, k) for k in (1, 10)}
        told = [f"{100 * share:.1f} %" for share in chance.values()]
        print("| chance | " + " | ".join(told) + " |")
        row["chance"] = {f"recall at {k}": {"share": s} for k, s in chance.items()}
        name = "most shared words, then pixels"
        row[name] = tell(name, by_shared_words(train_set, texts, x_0), right)
        for name, matcher in made.items():
            scores = matcher.read(texts) @ matcher.see(x_0).T
            row[name] = tell(name, scores, right)
        familiar = torch.tensor([set(words_of(text)) <= known for text in texts])
        for words, rows in (("all words known", familiar), ("a new word", ~familiar)):
            name = f"the pair, {words}"
            row[name] = tell(name, scores[rows], right[rows])
        if kind == PLAIN:
            found = [found_among(scores, right, k).float().mean() for k in (1, 10)]
            first = scores.argmax(1)
            for i in range(0, len(texts), max(1, len(texts) // 12)):
                print(f"    {texts[i]!r} finds {texts[first[i]]!r}")
    texts, x_0 = some(train_set, PLAIN, most=len(some(test_set, PLAIN)[0]))
    matcher = made["the pair"]
    scores = matcher.read(texts) @ matcher.see(x_0).T
    print(f"\nand {len(texts)} emoji that it was trained on:")
    table["trained on"] = tell("the pair", scores, same_name(texts))
    print(f"emoji_recall_at_1={found[0]:.4f}\nemoji_recall_at_10={found[1]:.4f}")
    if options.save:
        command, why = script_command(arguments), "trains its pairs itself"
        save_results(options.save, table, command, [], why_none=why)


if __name__ == "__main__":
    main()
