"""What a prompt asks for, and whether a picture shows it.

A prompt is read by the words that people have for what is in this world (lexicon.py).
That is enough to judge pictures by: what is named must be there, and nothing that was
not asked for.
"""

import re

from course_lib.typed import visible
from course_lib.world.chatter import COMMON
from course_lib.world.critters import ACCESSORIES, FACTORS, SUBJECTS
from course_lib.world.sentences import Wish, is_of_a_thing, left_one, read
from course_lib.world.translation import (
    KNOWN,
    SMALL_WORDS,
    put_right,
    translate,
)
from course_lib.world.wording import SENSES

UNASKED = ("subject_2", "accessory", "ears")  # must not be there unless they are named

Asked = tuple[dict[str, int], set[str]]  # the factors, and the names of those named


def words_of(prompt: str) -> list[str]:
    """The words in lower case, without signs and slips of the fingers."""
    return [put_right(word) for word in typed_words(prompt)]


def typed_words(prompt: str) -> list[str]:
    """The words in lower case, as they were typed."""
    return re.findall(r"\w+", visible(prompt).lower())


def unknown_words(prompt: str, known: set[str] = KNOWN) -> list[str]:
    """The words for what this world does not have: 'dragon', 'three'.

    Words that ask for nothing ("please", "my sister wants") are none of them.
    """
    unknown, before = [], ""
    for said in translate(prompt):
        # "A book" is a thing, and "for my book" is no wish.
        idle = said.typed in COMMON and before not in ("a", "an")
        if said.kind in ("word", "strange", "many") and not idle:
            unknown += [put_right(word) for word in said.typed.split()]
        before = said.typed
    return [word for word in unknown if word not in known | SMALL_WORDS]


def misspelled(prompt: str) -> dict[str, str]:
    """{"turtel": "turtle"}: the words that are read as others, in their order."""
    read_as = {word: put_right(word) for word in typed_words(prompt)}
    return {word: read for word, read in read_as.items() if read != word}


def listed(things: list[str], most: int = 5) -> str:
    """The first few of them, and how many more there are.

    >>> listed(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    """
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more


def understand(prompt: str) -> Asked:
    """The factors that a prompt names, as `critters.caption` would say them.

    >>> factors, named = understand("a scarlet froggy w/ stilts, no hat please")
    >>> sorted(named)
    ['accessory', 'colour', 'subject']
    """
    wish = read(prompt)
    f = {name: values[0] for name, values in FACTORS.items()}
    named = name_two(wish, f) if len(wish.animals) == 2 else name_one(wish, f)
    for said in wish.said:
        if said.kind == "no":  # "without a hat" names an accessory, which is "none"
            named = named | {said.value}
    for i, said in enumerate(wish.said):
        # The last one counts, where somebody says two: a picture has one scene, one
        # size and one accessory.
        of_a_thing = said.kind == "size" and is_of_a_thing(wish, i)
        if said.kind in ("scene", "size", "accessory", "ears") and not of_a_thing:
            f[said.kind], named = said.value, named | {said.kind}
        # "On the left" beside a second animal says their order.
        elif said.kind == "side" and len(wish.animals) < 2:
            f["position"], named = said.value, named | {"position"}
    return {name: FACTORS[name].index(value) for name, value in f.items()}, named


def names_something(prompt: str) -> bool:
    """Whether a picture can be right or wrong: "" and "an astronaut" name nothing."""
    return bool(understand(prompt)[1])


def name_one(wish: Wish, f: dict[str, str]) -> set[str]:
    """Put the animal and its colour into `f`; the names of what was found."""
    if not wish.animals:
        return set()
    f["subject"], f["colour"] = sense_of(wish, 0), wish.colours[0]
    named = {"colour"} if f["colour"] != "none" else set()
    if f["subject"]:
        return named | {"subject"}
    f["subject"] = SENSES[wish.animals[0].value][0]
    return named | {"either_sense"}


def name_two(wish: Wish, f: dict[str, str]) -> set[str]:
    """Put both animals into `f`, the left one first if somebody says which."""
    left = left_one(wish)
    for name, k in zip(
        ("subject", "subject_2"), (1, 0) if left else (0, 1), strict=True
    ):
        # A club stands alone: what stands beside another is an animal.
        f[name] = sense_of(wish, k) or wish.animals[k].value
        f[name.replace("subject", "colour")] = wish.colours[k]
    named = {"subject", "subject_2"} | ({"order"} if left is not None else set())
    return named | {c for c in ("colour", "colour_2") if f[c] != "none"}


def sense_of(wish: Wish, k: int) -> str:
    """Which bat, which crane: by the clue, else by what only an animal has; or ""."""
    animal = wish.animals[k]
    if animal.kind != "homonym":
        return animal.value
    senses = SENSES[animal.value]
    clues = [s.value for s in wish.said if s.kind == "clue" and s.value in senses]
    # A club wears no hat: what only an animal can have tells the sense as well as a
    # clue does.
    alive = any(said.kind in ("accessory", "ears") for said in wish.said)
    if clues:
        return clues[0]
    return "bat" if alive and animal.value == "bat" else ""


# Judging ----------------------------------------------------------------------


def check_picture(asked: dict[str, int], named: set[str], seen: dict[str, int]):
    """For each factor that is named: is it there? And "nothing unasked".

    Args:
        asked: the factors of the prompt; `named` says which of them count
        seen: what the reader sees

    Returns:
        name of the factor -> whether it is right
    """
    if "subject_2" in named and "order" not in named:
        # "Next to" is true both ways round; the better one is what was meant.
        ways = [check_as_is(asked, named, way) for way in (seen, swapped(seen))]
        return max(ways, key=lambda found: sum(found.values()))
    return check_as_is(asked, named, seen)


def check_as_is(asked: dict[str, int], named: set[str], seen: dict[str, int]):
    """The same, with left and right as they are."""
    found = {n: seen[n] == asked[n] for n in FACTORS if n in named}
    if "either_sense" in named:
        # Nobody said which bat: a club is as right as the animal.
        word = next(w for w, s in SENSES.items() if SUBJECTS[asked["subject"]] in s)
        found["subject"] = SUBJECTS[seen["subject"]] in SENSES[word]
    # A scene, a colour or a place has to be something, so leaving it open allows any. A
    # second animal, a hat or ears need not be, so leaving them out forbids them.
    unasked = [n for n in UNASKED if n not in named]
    found["nothing unasked"] = all(seen[name] == 0 for name in unasked)
    return found


def swapped(seen: dict[str, int]) -> dict[str, int]:
    """The picture as in a mirror: left animal right, right animal left."""
    pairs = {"subject": "subject_2", "colour": "colour_2"}
    pairs |= {right: left for left, right in pairs.items()}
    return {name: seen[pairs.get(name, name)] for name in seen}


def describe(seen: dict[str, int]) -> str:
    """What the reader saw, in words: 'orange cat with a hat, beach'."""
    f = {name: FACTORS[name][value] for name, value in seen.items()}
    first = f"{f['colour']} {f['subject']}".replace("none ", "")
    second = f" left of {f['colour_2']} {f['subject_2']}"
    ears = f" with {f['ears']} ears" if f["ears"] != "none" else ""
    worn = f" with {f['accessory']}" if f["accessory"] in ACCESSORIES[1:] else ""
    return (
        first
        + (second if f["subject_2"] != "none" else ears + worn)
        + f", {f['scene']}"
    )
