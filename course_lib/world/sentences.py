"""The grammar of a prompt: how its words relate to each other.

Which animals there are, which one a colour belongs to, who stands where, what is not
wanted: a few rules about the words that `translation` has found. Each rule is simple
enough to read, and each can fail.
"""

import re
from dataclasses import dataclass, field

from course_lib.world.lexicon import SENSED
from course_lib.world.translation import (
    NAMES_A_THING,
    SMALL_WORDS,
    Said,
    plain_words,
    translate,
)

MOST_WORDS = 500  # read of a prompt: the rules look back and forth, which takes time
ANIMAL = ("subject", "homonym")
VALUES = ("colour", "size", "scene", "side")
NEGATIONS = {"no", "not", "without", "minus", "isnt", "doesnt", "dont", "arent"}
NEGATIONS |= {"neither", "nor"}
# Words that may stand between a negation and its object: "without any of those hats".
AFTER_NOT = {
    *("a", "an", "the", "any", "his", "her", "its", "with", "wearing", "have", "has"),
    *("in", "of", "those", "borrowed", "wear", "hold", "carry", "holding", "carrying"),
    *("want", "draw", "put", "add", "give"),
}
ARTICLES = {
    *("a", "an", "the", "this", "that", "my", "his", "her", "one", "single", "just"),
    "only",
}
DEFINITE = {"the", "this", "that"}
POINTING = {"its", "his", "her", "their", "whose"}  # "to its left"
PRONOUNS = {"it", "him", "her", "them"}  # "left of it"
# Words of position: "on the left-hand side of", "at the left edge of".
OF_PLACE = {"hand", "side", "edge", "half", "corner", "part"}


@dataclass
class Wish:
    """A parsed prompt: its words, its animals, and where each animal is mentioned."""

    said: list[Said]
    animals: list[Said] = field(default_factory=list)  # at most two
    colours: list[str] = field(default_factory=list)  # one for each animal, or "none"
    mentions: list[tuple[int, int]] = field(default_factory=list)  # (word, animal)

    def word(self, i: int) -> str:
        """The i-th word, or "" beyond the ends."""
        return self.said[i].typed if 0 <= i < len(self.said) else ""

    def kind(self, i: int) -> str:
        """The kind of the i-th word, or "" beyond the ends."""
        return self.said[i].kind if 0 <= i < len(self.said) else ""

    def before(self, i: int) -> tuple[int, int] | None:
        """The last mention before the i-th word, as (word, animal), or None."""
        return max((m for m in self.mentions if m[0] < i), default=None)

    def after(self, i: int) -> tuple[int, int] | None:
        """The first mention after the i-th word, as (word, animal), or None."""
        return min((m for m in self.mentions if m[0] > i), default=None)


def read(prompt: str) -> Wish:
    """Parse a prompt into its words, its animals and their colours."""
    wish = Wish(take_denials(birds_of_cranes(translate(prompt)[:MOST_WORDS])))
    find_animals(wish)
    for i, said in enumerate(wish.said):
        if said.kind == "colour":
            give_colour(wish, i)
    find_ones(wish)
    return wish


# Negation -------------------------------------------------------------------------


def birds_of_cranes(said: list[Said]) -> list[Said]:
    """Read "bird" beside a crane as a clue to the sense: a crane stands alone here."""
    if not any(one.value == "crane" and one.kind in ANIMAL for one in said):
        return said
    return [Said("clue", "crane", s.typed) if s.value == "bird" else s for s in said]


def take_denials(said: list[Said]) -> list[Said]:
    """Turn 'no hat' into one word, and drop denials such as 'not green but'."""
    left, i = [], 0
    while i < len(said):
        if said[i].typed in NEGATIONS:
            instead, end = denied(said, i + 1)
            left += instead
            i = end
        else:
            left.append(said[i])
            i += 1
    return left


def denied(said: list[Said], start: int) -> tuple[list[Said], int]:
    """What replaces a denial whose first word is at `start`, and where it ends."""
    i = start
    while i < len(said) and (said[i].typed in AFTER_NOT or said[i].kind == "feeling"):
        i += 1
    first = i
    while i < len(said) and said[i].kind in ("colour", "size"):
        i += 1  # of a thing ("no red hat") or itself denied ("not red but blue")
    one = said[i] if i < len(said) else Said("", "", "")
    if one.kind in ("accessory", "ears") or one.typed == "ears":
        factor = "accessory" if one.kind == "accessory" else "ears"
        return [Said("no", factor, one.typed)], i + 1
    if one.kind == "clue":
        return [Said("clue", other_sense(one.value), one.typed)], i + 1
    if i == first and one.kind in (*VALUES, *ANIMAL):
        return [], i + 1
    return ([], i) if i > first else ([said[start - 1]], start)


def other_sense(sense: str) -> str:
    """The other sense of the same word: "club" for "bat"."""
    return next(s for s, w in SENSED.items() if w == SENSED[sense] and s != sense)


# Which animals ----------------------------------------------------------------------


def same_word(a: Said, b: Said) -> bool:
    """Whether two words can mean the same animal: a club can be called a bat."""
    return SENSED.get(a.value, a.value) == SENSED.get(b.value, b.value)


def find_animals(wish: Wish) -> None:
    """Find up to two animals, and every place where they are mentioned."""
    for i, said in enumerate(wish.said):
        if said.kind in ANIMAL:
            find_animal(wish, i)
        elif said.typed in ("former", "latter") and len(wish.animals) == 2:
            wish.mentions.append((i, int(said.typed == "latter")))
        elif said.typed in ("one", "other") and (colour := colour_of_one(wish, i)):
            # "Two cats, one red and one blue": the noun occurs only once.
            if wish.colours == ["none"]:
                wish.colours = [colour]
                wish.mentions.append((i, 0))
            elif len(wish.animals) == 1:
                wish.mentions.append((i, 1))
                wish.animals.append(wish.animals[0])
                wish.colours.append(colour)


def find_animal(wish: Wish, i: int) -> None:
    """Add the animal at i, or another mention if it is known already."""
    colour = colour_before(wish, i)
    known = [k for k, a in enumerate(wish.animals) if same_word(a, wish.said[i])]
    if known and is_repeat(wish, i, known, colour):
        same = [k for k in known if wish.colours[k] == colour]
        wish.mentions.append((i, (same or known)[0]))
    elif len(wish.animals) < 2:
        wish.mentions.append((i, len(wish.animals)))
        wish.animals.append(wish.said[i])
        wish.colours.append(colour)


def colour_of_one(wish: Wish, i: int) -> str:
    """The colour in 'a red one' or 'one red', after two of a kind; else ""."""
    if len(wish.animals) != 1 or not is_two(wish, wish.mentions[0][0]):
        return ""
    near = (wish.said[i - 1], *wish.said[i + 1 : i + 2])
    return next((said.value for said in near if said.kind == "colour"), "")


def is_two(wish: Wish, i: int) -> bool:
    """Whether the noun at i means two animals: 'two cute cats'."""
    return wish.word(adjectives_before(wish, i) - 1) in ("two", "2")


def find_ones(wish: Wish) -> None:
    """Find which of two animals 'the red one' mentions."""
    for i, said in enumerate(wish.said):
        if said.typed == "one" and wish.kind(i - 1) == "colour":
            colour = wish.said[i - 1].value
            if len(wish.animals) == 2 and colour in wish.colours:
                wish.mentions.append((i, wish.colours.index(colour)))


def adjectives_before(wish: Wish, i: int) -> int:
    """Where the adjectives before the noun at i begin: 'cute' in 'a cute red frog'."""
    start, strangers = i, 0
    while start > 0:
        kind = wish.kind(start - 1)
        strangers += kind == "word"
        joined = (  # "a red and blue cat"; not "the cat is red and blue fish ..."
            wish.word(start - 1) in ("and", "&")
            and wish.kind(start) == wish.kind(start - 2) == "colour"
            and wish.word(start - 3) in ARTICLES
        )
        eared = kind == "ears" and wish.word(start - 1).endswith("eared")
        near = kind in ("colour", "size", "feeling", "clue") or eared or joined
        if not near and not (kind == "word" and strangers < 3):
            break
        start -= 1
    return start


def colour_before(wish: Wish, i: int) -> str:
    """The colour among the adjectives before the noun at i, or "none"."""
    start = adjectives_before(wish, i)
    colours = [s.value for s in wish.said[start:i] if s.kind == "colour"]
    return colours[-1] if colours else "none"


def is_repeat(wish: Wish, i: int, known: list[int], colour: str) -> bool:
    """Whether the noun at i means an animal already found: 'the cat', 'cat left'."""
    if len(wish.animals) == 2:
        return True
    start = adjectives_before(wish, i)
    if is_predicate(wish, start, known):
        return True
    newly_coloured = colour not in ("none", wish.colours[known[0]])
    return wish.word(start - 1) in DEFINITE and not newly_coloured


def is_predicate(wish: Wish, start: int, known: list[int]) -> bool:
    """Whether a noun is a predicate: "the cat on the left is a red cat" is one cat."""
    is_, last = start - 1, wish.before(start)
    while wish.word(is_) in ARTICLES:
        is_ -= 1
    if last and follows_of(wish, last[0]):  # "left of a cat is a cat"
        return False
    between = {wish.word(j) for j in range(last[0], is_)} if last else {"one"}
    return wish.word(is_) == "is" and not between & {"one", ";", ".", "and"}


# Whose colour -------------------------------------------------------------------------


def give_colour(wish: Wish, i: int) -> None:
    """Give the colour at i to its animal."""
    if is_of_a_thing(wish, i) or not wish.animals:
        return
    colour, follows = wish.said[i].value, wish.after(i)
    whose = (wish.before(i) or follows)[1]
    if follows and adjectives_before(wish, follows[0]) <= i:
        whose = follows[1]
    elif wish.word(i - 1) == "both":
        wish.colours = [colour] * len(wish.colours)
    elif wish.word(i + 1) == "one" and wish.word(i - 1) in DEFINITE:
        return  # "the red one" refers to an animal and tells nothing new about it
    elif follows and wish.word(i + 1) == "for" and wish.word(i + 2) in ARTICLES:
        whose = follows[1]  # "red for the cat"
    wish.colours[whose] = colour


def is_of_a_thing(wish: Wish, i: int) -> bool:
    """Whether the adjective at i describes a thing: 'red hat', 'green lawn'."""
    adjectives = ("feeling", "size", "colour")
    start, follows = i, i + 1
    while wish.kind(follows) in adjectives:
        follows += 1
    while wish.kind(start - 1) in adjectives:
        start -= 1
    if wish.kind(follows) == "strange":
        return wish.word(start - 1) in ARTICLES
    if wish.kind(follows) not in ("accessory", "scene"):
        return False
    # In a list of keywords such as "frog red hat", the colour is the animal's.
    names = tuple(plain_words(wish.word(follows))) in NAMES_A_THING
    last = wish.word(start - 1).split()[-1:]
    return names and last != ["is"] and SMALL_WORDS.issuperset(last or ["?"])


# Left and right -----------------------------------------------------------------------


def left_one(wish: Wish) -> int | None:
    """Which of two animals is on the left, 0 or 1; None if the prompt does not say."""
    for i in range(len(wish.said)):
        side = side_at(wish, i)
        if side:
            there = whose_side(wish, i, side)
            return there if side == "left" else 1 - there
    return None


def side_at(wish: Wish, i: int) -> str:
    """'left', 'right' or '' for the i-th word; '(l)' and 'l of' count as 'left'."""
    said = wish.said[i]
    if said.kind == "side" and said.value != "middle":
        return said.value
    letter = wish.word(i - 1) == "(" or wish.word(i + 1) == "of"
    return {"l": "left", "r": "right"}.get(said.typed, "") if letter else ""


def whose_side(wish: Wish, i: int, side: str) -> int:
    """The animal, 0 or 1, that is on the side named by the i-th word."""
    if wish.word(i + 1) == "to" and wish.kind(i + 2) == "side":
        return 0  # "from left to right: a cat, a fish"
    anchor = anchor_of(wish, i)
    if anchor is not None:
        return 1 - anchor
    before, after = wish.before(i), wish.after(i)
    if before and after:
        # "A bear, and on the right a cat": the words between decide.
        cut_before = is_cut(wish, before[0], i)
        cut_after = is_cut(wish, i, after[0])
        return after[1] if cut_before and not cut_after else before[1]
    return (before or after)[1]


def anchor_of(wish: Wish, i: int) -> int | None:
    """The animal that a side is relative to: 'left of the cat', 'to its left'."""
    # "It" is the animal named first: "a cat, and left of it a fish", "a cat, a fish
    # left of it".
    near = {wish.word(j) for j in range(i - 3, i + 3)}
    if wish.word(i - 1) in POINTING or near & {"neighbour", "neighbor"}:
        return 0
    j = i + 1
    while wish.word(j) in OF_PLACE:
        j += 1
    if wish.word(j) != "of":
        return None
    if wish.word(j + 1) in PRONOUNS and wish.kind(j + 2) not in ANIMAL:
        return 0
    follows = wish.after(j)
    return follows[1] if follows and follows_of(wish, follows[0]) == j else None


def follows_of(wish: Wish, i: int) -> int | None:
    """Where the "of" before the i-th word's adjectives is: 'of a red cat'; or None."""
    start = adjectives_before(wish, i)
    while wish.word(start - 1) in ARTICLES:
        start -= 1
    return start - 1 if wish.word(start - 1) == "of" else None


def is_cut(wish: Wish, start: int, end: int) -> bool:
    """Whether punctuation or a conjunction separates two words, asides ignored."""
    between = " ".join(
        "aside" if s.kind in ("clue", "colour", "size") else s.typed
        for s in wish.said[start + 1 : end]
    )
    between = re.sub(r"[()]|,( \w+)? aside( \w+){0,2} ,", " ", between)
    return bool(re.search(r"[^\w\s]|\b(and|then|while)\b", between))
