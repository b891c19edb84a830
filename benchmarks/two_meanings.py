"""Where in a text encoder does a word with two meanings get its meaning? Several seeds.

    python benchmarks/two_meanings.py --seeds 5          # a minute on one core

The small encoders of notebook 08, with and without positions, learn to name nouns. The
table shows how often a probe tells the meaning of *bat* and *crane* from the word's
vector alone, in sentences whose clue it has never seen; and how sure an encoder is of a
club in "bat beside a ball", as it is and with one word hidden.
"""

import argparse

import torch

from course_lib.device import use_all_cores
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.judging.senses import clue_sentences, probe, sense_chances
from course_lib.networks.namer import Namer
from course_lib.networks.tokenizer import PAD, Tokenizer, train_tokenizer
from course_lib.training.nouns import label_nouns, train_namer, two_sensed
from course_lib.world.critters import FACTORS, SUBJECTS, captions, choose_factors
from course_lib.world.wording import SENSES

LENGTH, WIDTH, CAPTIONS = 32, 64, 8_000
ENCODERS = {"with places": True, "without": False}
HIDDEN = (None, "ball", "beside")


def learned_from(n: int):
    """The tokenizer and all the training data, from n captions."""
    indices = torch.arange(n)
    factors = choose_factors(indices, seed=0)
    texts, named = captions(factors, indices, seed=0, return_named=True)
    tokenizer = train_tokenizer(texts, merges=400)
    labels = label_nouns(texts, factors, named, tokenizer, LENGTH)
    return tokenizer, (
        tokenizer.batch(texts, LENGTH),
        labels,
        two_sensed(factors),
    )


def trained(tokenizer: Tokenizer, data, positions: bool, iterations: int, seed: int):
    torch.manual_seed(seed)
    text = dict(vocabulary=len(tokenizer), length=LENGTH, width=WIDTH, blocks=2)
    text["positions"] = positions
    namer = Namer(text, len(SUBJECTS), len(FACTORS["colour"]))
    for _ in train_namer(namer, *data, iterations, torch.Generator().manual_seed(seed)):
        pass
    return namer.eval()


def sure_of_club(namer: Namer, tokenizer: Tokenizer, hidden: str | None) -> float:
    """How sure it is of the club in 40 sentences, with one word of each hidden."""
    tokens = tokenizer.batch(clue_sentences("bat", "beside a ball"), LENGTH)
    if hidden:
        tokens = tokens.masked_fill(tokens == tokenizer.encode(f" {hidden}")[0], PAD)
    chances = sense_chances(namer, tokenizer, tokens, "bat")  # (40, 2)
    return chances[:, SENSES["bat"].index("club")].mean().item()


def over_seeds(values: list[float]) -> dict[str, float]:
    """The mean and standard deviation of values over the trainings."""
    found = torch.tensor(values)
    spread = found.std().item() if len(values) > 1 else 0.0
    return {"mean": found.mean().item(), "spread": spread, "n": len(values)}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=150)
    parser.add_argument("--captions", type=int, default=CAPTIONS)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    tokenizer, data = learned_from(options.captions)
    shares = {}
    for seed in range(options.seeds):
        for name, positions in ENCODERS.items():
            namer = trained(tokenizer, data, positions, options.iterations, seed)
            for word in SENSES:
                for stage, (right, _) in probe(namer.encoder, tokenizer, word).items():
                    key = f"{name} {word} {stage}".replace("+ its", "with its")
                    shares.setdefault(key, []).append(right)
            for hidden in HIDDEN:
                key = f"{name} club, {hidden or 'nothing'} hidden"
                sure = sure_of_club(namer, tokenizer, hidden)
                shares.setdefault(key, []).append(sure)
    found = {key: over_seeds(values) for key, values in shares.items()}
    print(f"{options.seeds} seeds")
    for key, facts in found.items():
        print(f"{key:44} {facts['mean']:.2f} +- {facts['spread']:.2f}")
    for key, facts in found.items():
        name = key.replace(", ", "_").replace(" ", "_")
        print(f"two_meanings_{name}={facts['mean']:.4f}")
    if options.save:
        why = "it trains small encoders of its own"
        command = script_command(arguments)
        save_results(options.save, found, command, [], options.seeds, why_none=why)


if __name__ == "__main__":
    main()
