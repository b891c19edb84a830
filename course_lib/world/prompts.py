"""What a prompt asks for, and whether a picture shows it.

A prompt is read by the words that captions are made of (wording.py). That is enough to
judge pictures by: what is named must be there, and nothing that was not asked for.
"""

import re

from course_lib.typed import visible
from course_lib.world.critters import ACCESSORIES, FACTORS, SUBJECTS
from course_lib.world.wording import (
    ACCESSORY_WORDS,
    CLEAR_NOUNS,
    EAR_WORDS,
    NOUNS,
    OPENINGS,
    POSITION_WORDS,
    SCENE_WORDS,
    SENSES,
    SIZE_WORDS,
)

UNASKED = ("subject_2", "accessory", "ears")  # must not be there unless they are named
SMALL_WORDS = {
    *("a", "an", "and", "at", "beside", "by", "in", "is", "next", "of", "on", "that"),
    *("the", "to", "under", "with"),
}


def last_words(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """{"grass": "meadow", ...}: the word of each phrase that tells which it is."""
    return {p.split()[-1]: name for name, phrases in table.items() for p in phrases}


NOUN = last_words(NOUNS) | {"crane": "crane"}  # which sense is another question
SCENE, SIZE, WORN = map(last_words, (SCENE_WORDS, SIZE_WORDS, ACCESSORY_WORDS))
LENDER = {p.split()[0]: name for name, phrases in EAR_WORDS.items() for p in phrases}
# {"box": "machine", ...}, taken from the captions: a clue that is added there is known
# here at once.
CLUES = {
    word: subject
    for subject, forms in CLEAR_NOUNS.items()
    for form in forms
    for word in " ".join(form).split()
    if word not in SMALL_WORDS | {"bat", "crane"}
}
COLOUR = set(FACTORS["colour"]) - {"none"}
KNOWN = (
    SMALL_WORDS
    | {*NOUN, *SCENE, *SIZE, *WORN, *LENDER, *CLUES, *COLOUR, "teddy", "ears"}
    | {w for t in (POSITION_WORDS, ACCESSORY_WORDS, SCENE_WORDS) for v in t.values()
       for p in v for w in p.split()}
    | {w for opening in OPENINGS for w in opening.split()}
)  # fmt: skip

TAKEN_OFF = "|".join([*WORN, "ears"])  # what a prompt may ask to be without
WITHOUT = re.compile(  # "without a hat", "without any rabbit ears"; "with no hat"
    rf"\b(?:without\W+(?:\w+\W+){{0,2}}?|(?:with )?no (?:\w+ )?)({TAKEN_OFF})s?\b"
)


def slips(word: str) -> set[str]:
    """How fingers slip: a letter left out or doubled, or exchanged with the next.

    >>> sorted(slips("fish"))
    ['fih', 'fihs', 'fiish', 'fissh', 'fsh', 'fsih']
    """
    inner = range(1, len(word) - 1)  # never the first letter, nor the last
    left_out = {word[:i] + word[i + 1 :] for i in inner}
    doubled = {word[:i] + word[i] + word[i:] for i in inner}
    turned = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in inner}
    return left_out | doubled | turned


NO_SLIPS = {  # one slip away from ours, but words of their own
    *("cane", "eras", "fling", "fury", "holing", "mono", "sanding", "silts", "tinny"),
    *("wadding", "waking", "waling"),
}
# {"turtel": "turtle", ...}: of words long enough to be told from others. There are 564
# of 82 words, and none is a slip of two of them.
SLIPS = {
    slip: word
    for word in sorted(KNOWN)
    for slip in slips(word)
    if len(word) >= 4 and len(slip) >= 4 and slip not in KNOWN | NO_SLIPS
}

Asked = tuple[dict[str, int], set[str]]  # the factors, and the names of those named


def words_of(prompt: str) -> list[str]:
    """The words in lower case, without signs and slips of the fingers."""
    return [SLIPS.get(word, word) for word in typed_words(prompt)]


def typed_words(prompt: str) -> list[str]:
    """The words in lower case, as they were typed."""
    return re.findall(r"\w+", visible(prompt).lower())


def singular(word: str) -> str:
    """'frogs' to 'frog', 'hats' to 'hat'; any other word as it is."""
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        one = word.removesuffix(ending) + instead
        if word.endswith(ending) and (one in NOUN or one in WORN):
            return one
    return word


def unknown_words(prompt: str, known: set[str] = KNOWN) -> list[str]:
    """The words that no caption of the training set has, spelled right."""
    return [word for word in words_of(prompt) if word not in known]


def misspelled(prompt: str) -> dict[str, str]:
    """{"turtel": "turtle"}: the words that are read as others, in their order."""
    return {word: SLIPS[word] for word in typed_words(prompt) if word in SLIPS}


def listed(things: list[str], most: int = 5) -> str:
    """The first few of them, and how many more there are.

    >>> listed(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    """
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more


def understand(prompt: str) -> Asked:
    """The factors that a prompt names, as `critters.caption` would say them.

    >>> factors, named = understand("a red frog on stilts")
    >>> sorted(named)
    ['accessory', 'colour', 'subject']
    """
    prompt = visible(prompt).lower()
    # Taken out before anything is read: else "without a hat" would ask for a hat.
    unwanted = WITHOUT.findall(prompt)
    words = [singular(w) for w in words_of(WITHOUT.sub(" ", prompt))]
    f = {name: values[0] for name, values in FACTORS.items()}
    named = read_subjects(words, f)
    # The last one counts, where somebody says two: a picture has one scene, one size
    # and one accessory.
    for name, table in {"scene": SCENE, "size": SIZE, "accessory": WORN}.items():
        for word in words:
            if word in table:
                f[name], named = table[word], named | {name}
    for lender, ears in zip(words, words[1:], strict=False):
        if ears == "ears" and lender in LENDER:
            f["ears"], named = LENDER[lender], named | {"ears"}
    for thing in unwanted:  # "without a hat" names an accessory, which is "none"
        named = named | {"ears" if thing == "ears" else "accessory"}
    # "On the left" beside a second animal says their order, which is read elsewhere.
    if f["subject_2"] == "none":
        for word in words:
            if word in POSITION_WORDS:
                f["position"], named = word, named | {"position"}
    return {name: FACTORS[name].index(value) for name, value in f.items()}, named


def names_something(prompt: str) -> bool:
    """Whether a picture can be right or wrong: "" and "an astronaut" name nothing."""
    return bool(understand(prompt)[1])


def read_subjects(words: list[str], f: dict[str, str]) -> set[str]:
    """Put subjects and their colours into `f`; the names of what was found."""
    found: list[tuple[str, str]] = []  # (subject, its colour or "none")
    colour = "none"  # said, and waiting for its noun
    places = []
    for i, word in enumerate(words):
        of_ears = words[i + 1 : i + 2] == ["ears"]
        of_crane = words[i - 1 : i] == ["crane"]  # a crane bird is one bird
        if word in COLOUR and found and stands_behind(words, i):
            found[-1] = (found[-1][0], word)
        elif word in COLOUR:
            colour = word
        elif word in NOUN and not of_ears and not of_crane:
            found.append((NOUN[word], colour))
            places.append(i)
            colour = "none"
    if not found:
        return set()
    (f["subject"], f["colour"]), second = found[0], found[1:2]
    if second:
        f["subject_2"], f["colour_2"] = second[0]
        return name_two(words, places, f)
    named = {"subject"} | ({"colour"} if f["colour"] != "none" else set())
    return choose_sense(words, f, named)


def stands_behind(words: list[str], i: int) -> bool:
    """Whether the colour at i is of what came before: "a frog, red", "in blue at"."""
    if words[max(0, i - 2) : i] == ["that", "is"]:
        return True
    # "A frog, red, and a cat": the colour belongs to what was named, unless a noun
    # follows.
    ends = i + 1 == len(words) or words[i + 1] in SMALL_WORDS
    return ends and words[i - 1] not in ("a", "an", "the")  # "a red and blue cat"


def name_two(words: list[str], places: list[int], f: dict[str, str]) -> set[str]:
    """Exchange the two if the first stands right; the names of what is named."""
    # "X left of Y", "X on the left and Y ..." have it between; "X right of Y" exchanges
    # them, and so does "X and Y to its left".
    between = words[places[0] + 1 : places[1]]
    after = words[places[1] + 1 :]
    ordered = "left" in between or "right" in between or "left" in after
    if "right" in between or ("left" in after and "left" not in between):
        f["subject"], f["subject_2"] = f["subject_2"], f["subject"]
        f["colour"], f["colour_2"] = f["colour_2"], f["colour"]
    named = {"subject", "subject_2"} | ({"order"} if ordered else set())
    return named | {c for c in ("colour", "colour_2") if f[c] != "none"}


def choose_sense(words: list[str], f: dict[str, str], named: set[str]) -> set[str]:
    """Which bat, which crane: by the clue, else by what only an animal has."""
    if f["subject"] not in SENSES:
        return named
    senses = SENSES[f["subject"]]
    clues = [CLUES[word] for word in words if CLUES.get(word) in senses]
    # A club wears no hat: what only an animal can have tells the sense as well as a
    # clue does.
    alive = f["subject"] == "bat" and any(w in WORN or w == "ears" for w in words)
    if clues or alive:
        f["subject"] = clues[0] if clues else "bat"
        return named
    return named - {"subject"} | {"either_sense"}


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
