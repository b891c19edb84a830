"""Captions of films: 'a red frog hops to the left at the beach'.

As for pictures (wording.py), a caption is true and may leave things out: the colour,
the direction, the scene. The animal and its motion are always said. `understand_film`
finds what a typed text asks of a film.
"""

import re

import torch
from torch import Tensor

from course_lib.chance import FILM_WRITING, uniforms
from course_lib.world.critters import SCENES, SUBJECTS, Factors
from course_lib.world.films import FILM_FACTORS
from course_lib.world.motions import DIRECTIONS, MOTIONS
from course_lib.world.prompts import understand
from course_lib.world.wording import (
    NOUNS,
    SCENE_WORDS,
    choice,
    join,
    with_article,
)

VERBS = {  # {} is where the direction goes; twice is said twice as often
    "stand": ("stands still", "does not move", "is standing still"),
    "walk": ("walks{}", "walks{}", "is walking{}"),
    "hop": ("hops{}", "jumps{}", "is hopping{}"),
    "swim": ("swims{}", "swims{}", "is swimming{}"),
    "fly": ("flies{}", "flies{}", "is flying{}"),
    "bounce": ("bounces a ball", "plays with a ball", "is bouncing a ball"),
    "wave": ("waves", "waves hello", "is waving"),
    "rise": ("rises on stilts", "goes up on stilts", "is rising on stilts"),
    "sunset": ("watches the sun go down", "looks on as the sun goes down"),
}
WAYS = {
    "left": (" to the left", " to the left", " from right to left"),
    "right": (" to the right", " to the right", " from left to right"),
}
# How often a caption names what is there; the animal and its motion always.
NAMED_SHARE = {"colour": 0.85, "scene": 0.7, "direction": 0.9}
ALWAYS = {"subject", "motion"}
FILM_NUMBERS = 9

# Words of a typed text by which its motion is known, most telling first: "the sun goes
# down while a frog waves" is about the sun.
SIGNS = {
    "sunset": r"\bsun (?:goes|go|going|sets|set|setting|sinks)|\bsunset film\b",
    "rise": r"\bstilts?\b",
    "bounce": r"\bbounc\w+|\bplay\w* (?:with )?(?:a |the )?ball\b|\bball\b",
    "swim": r"\bsw[ia]m\w*|\bpaddl\w+",
    "fly": r"\bfl(?:y|ies|ying|ew)\b|\bflap\w*|\bflutter\w*",
    "hop": r"\bhop\w*|\bjump\w*|\bleap\w*",
    "wave": r"\bwav(?:e|es|ing)\b",
    "walk": r"\bwalk\w*|\bstroll\w*|\bgo(?:es|ing)?\b|\brun\w*|\bmarch\w*",
    "stand": r"\bstand\w*|\bstill\b|\bnot move\b|\bwait\w*|\bsits?\b|\bsitting\b",
}


def film_caption(
    factors_of_one: dict[str, int], numbers: list[float]
) -> tuple[str, set[str]]:
    """One caption, and the names of the factors that it states.

    Args:
        numbers: FILM_NUMBERS uniform numbers in [0, 1) that make the choices
    """
    u = numbers
    f = {name: FILM_FACTORS[name][value] for name, value in factors_of_one.items()}
    shares = zip(NAMED_SHARE.items(), u[:3], strict=True)
    named = {n for (n, share), v in shares if v < share and f[n] != "none"}
    colour = f["colour"] if "colour" in named else ""
    animal = with_article(join(colour, choice(NOUNS[f["subject"]], u[3])))
    way = choice(WAYS[f["direction"]], u[4]) if "direction" in named else ""
    done = choice(VERBS[f["motion"]], u[5]).format(way)
    said = join(animal, done)
    if f["motion"] == "sunset":
        # Where the sun goes down, it is evening: the verb has named the scene.
        said = f"the sun goes down behind {animal}" if u[6] < 0.4 else said
        return said, named | ALWAYS | {"scene"}
    if "scene" not in named:
        return said, named | ALWAYS
    scene = choice(SCENE_WORDS[f["scene"]], u[7])
    said = f"{scene}, {said}" if u[8] < 0.25 else join(said, scene)
    return said, named | ALWAYS


def film_captions(
    factors: Factors, indices: Tensor, seed: int, return_named: bool = False
) -> list[str] | tuple[list[str], list[set[str]]]:
    """One caption for each film and, if asked, the set of factors each one names."""
    indices = torch.as_tensor(indices, dtype=torch.int64).cpu()
    numbers = uniforms(indices, seed, FILM_NUMBERS, FILM_WRITING).tolist()
    columns = zip(*(factors[name].tolist() for name in FILM_FACTORS), strict=True)
    rows = [dict(zip(FILM_FACTORS, row, strict=True)) for row in columns]
    written = [film_caption(*pair) for pair in zip(rows, numbers, strict=True)]
    texts, named = [text for text, _ in written], [names for _, names in written]
    return (texts, named) if return_named else texts


def understand_film(text: str) -> tuple[dict[str, int], set[str]]:
    """What a text asks of a film: its factors, and the names of those that it states.

    >>> factors, named = understand_film("a blue frog is hopping from right to left")
    >>> sorted(named), DIRECTIONS[factors["direction"]]
    (['colour', 'direction', 'motion', 'subject'], 'left')
    """
    said = " ".join(re.findall(r"\w+", text.lower()))
    motion = next((m for m, sign in SIGNS.items() if re.search(sign, said)), "none")
    ends = re.findall(r"\bto (?:the )?(left|right)\b|\b(left|right)wards?\b", said)
    direction = next(filter(None, ends[-1]), "none") if ends else "none"
    factors, found = understand(text)
    named = found & {"subject", "colour", "scene"}
    # In a film a bat is alive, also beside a ball.
    bats = [SUBJECTS.index(name) for name in ("bat", "club")]
    if factors["subject"] in bats and found & {"subject", "either_sense"}:
        factors, named = factors | {"subject": bats[0]}, named | {"subject"}
    if motion == "sunset":  # it is evening then, whether the text says so or not
        factors, named = factors | {"scene": SCENES.index("sunset")}, named | {"scene"}
    factors |= {"motion": MOTIONS.index(motion)}
    factors |= {"direction": DIRECTIONS.index(direction)}
    named |= {name for name in ("motion", "direction") if factors[name]}
    return factors, named
