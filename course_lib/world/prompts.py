"""What a prompt asks for, and whether a picture shows it.

A prompt is parsed with the words that people use for the things of this world
(lexicon.py). That is enough to judge pictures: everything named must be there, and
nothing that was not asked for.
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

UNASKED = ("subject_2", "accessory", "ears")  # must be absent unless they are named

Asked = tuple[dict[str, int], set[str]]  # the factors, and the names of those named


def words_of(prompt: str) -> list[str]:
    """The words in lower case, without punctuation and with typing errors corrected."""
    return [put_right(word) for word in typed_words(prompt)]


def typed_words(prompt: str) -> list[str]:
    """The words in lower case, as they were typed."""
    return re.findall(r"\w+", visible(prompt).lower())


def unknown_words(prompt: str, known: set[str] = KNOWN) -> list[str]:
    """Words for things that this world does not have: 'dragon', 'three'.

    Words that ask for nothing ("please", "my sister wants") do not count.
    """
    unknown, before = [], ""
    for said in translate(prompt):
        # "A book" asks for a thing; "for my book" asks for nothing.
        idle = said.typed in COMMON and before not in ("a", "an")
        if said.kind in ("word", "strange", "many") and not idle:
            unknown += [put_right(word) for word in said.typed.split()]
        before = said.typed
    return [word for word in unknown if word not in known | SMALL_WORDS]


def misspelled(prompt: str) -> dict[str, str]:
    """Typing errors and their corrections, in order: {"turtel": "turtle"}."""
    read_as = {word: put_right(word) for word in typed_words(prompt)}
    return {word: read for word, read in read_as.items() if read != word}


def listed(things: list[str], most: int = 5) -> str:
    """The first few things, and how many more there are.

    >>> listed(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    """
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more


def understand(prompt: str) -> Asked:
    """Parse a prompt: its factors, and the names of those that it states.

    The result has the form that `critters.caption` uses.

    >>> factors, named = understand("a scarlet froggy w/ stilts, no hat please")
    >>> sorted(named)
    ['accessory', 'colour', 'subject']
    """
    wish = read(prompt)
    f = {name: values[0] for name, values in FACTORS.items()}
    named = name_two(wish, f) if len(wish.animals) == 2 else name_one(wish, f)
    for said in wish.said:
        if said.kind == "no":  # "without a hat" names the accessory "none"
            named = named | {said.value}
    for i, said in enumerate(wish.said):
        # A picture has one scene, one size and one accessory: if a prompt names two,
        # the last one counts.
        of_a_thing = said.kind == "size" and is_of_a_thing(wish, i)
        if said.kind in ("scene", "size", "accessory", "ears") and not of_a_thing:
            f[said.kind], named = said.value, named | {said.kind}
        # With a second animal, "on the left" states their order, not a position.
        elif said.kind == "side" and len(wish.animals) < 2:
            f["position"], named = said.value, named | {"position"}
    return {name: FACTORS[name].index(value) for name, value in f.items()}, named


def names_something(prompt: str) -> bool:
    """Whether a picture can be judged: "" and "an astronaut" name nothing."""
    return bool(understand(prompt)[1])


def name_one(wish: Wish, f: dict[str, str]) -> set[str]:
    """Write the animal and its colour into `f`; return the names of those found."""
    if not wish.animals:
        return set()
    f["subject"], f["colour"] = sense_of(wish, 0), wish.colours[0]
    named = {"colour"} if f["colour"] != "none" else set()
    if f["subject"]:
        return named | {"subject"}
    f["subject"] = SENSES[wish.animals[0].value][0]
    return named | {"either_sense"}


def name_two(wish: Wish, f: dict[str, str]) -> set[str]:
    """Write both animals into `f`, the left one first if known; return the names."""
    left = left_one(wish)
    for name, k in zip(
        ("subject", "subject_2"), (1, 0) if left else (0, 1), strict=True
    ):
        # A club stands alone: beside another animal, a bat is an animal.
        f[name] = sense_of(wish, k) or wish.animals[k].value
        f[name.replace("subject", "colour")] = wish.colours[k]
    named = {"subject", "subject_2"} | ({"order"} if left is not None else set())
    return named | {c for c in ("colour", "colour_2") if f[c] != "none"}


def sense_of(wish: Wish, k: int) -> str:
    """The sense of a bat or a crane: from a clue, or from an accessory; else ""."""
    animal = wish.animals[k]
    if animal.kind != "homonym":
        return animal.value
    senses = SENSES[animal.value]
    clues = [s.value for s in wish.said if s.kind == "clue" and s.value in senses]
    # A club wears no hat: an accessory or ears mean the animal as clearly as a clue.
    alive = any(said.kind in ("accessory", "ears") for said in wish.said)
    if clues:
        return clues[0]
    return "bat" if alive and animal.value == "bat" else ""


# Judging ----------------------------------------------------------------------


def check_picture(asked: dict[str, int], named: set[str], seen: dict[str, int]):
    """Check each named factor, and that nothing unasked is there.

    Args:
        asked: the factors of the prompt
        named: which of them count, as `understand` says
        seen: the factors that the reader sees

    Returns:
        name of the factor -> whether it is right; also for "nothing unasked"
    """
    if "subject_2" in named and "order" not in named:
        # "Next to" is true both ways round: the better match counts.
        ways = [check_as_is(asked, named, way) for way in (seen, swapped(seen))]
        return max(ways, key=lambda found: sum(found.values()))
    return check_as_is(asked, named, seen)


def check_as_is(asked: dict[str, int], named: set[str], seen: dict[str, int]):
    """`check_picture` with left and right as they are."""
    found = {n: seen[n] == asked[n] for n in FACTORS if n in named}
    if "either_sense" in named:
        # The prompt leaves the sense open: a club is as right as the animal.
        word = next(w for w, s in SENSES.items() if SUBJECTS[asked["subject"]] in s)
        found["subject"] = SUBJECTS[seen["subject"]] in SENSES[word]
    # Every picture has some scene, colour and position, so an unnamed one may be any. A
    # second animal, an accessory or ears are extras, so leaving them out forbids them.
    unasked = [n for n in UNASKED if n not in named]
    found["nothing unasked"] = all(seen[name] == 0 for name in unasked)
    return found


def swapped(seen: dict[str, int]) -> dict[str, int]:
    """The factors with the left and the right animal exchanged."""
    pairs = {"subject": "subject_2", "colour": "colour_2"}
    pairs |= {right: left for left, right in pairs.items()}
    return {name: seen[pairs.get(name, name)] for name in seen}


def describe(seen: dict[str, int]) -> str:
    """The factors that the reader saw, in words: 'orange cat with hat, beach'."""
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
