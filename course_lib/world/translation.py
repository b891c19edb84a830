"""Translation of a prompt, phrase by phrase, into the vocabulary of the captions.

"A scarlet kitty cat at the seaside, no hat" is a red cat at the beach without a hat.
Every phrase comes from the tables of `lexicon`, so a word added there is known here at
once. `sentences` works out how the words relate to each other.
"""

import re
from typing import NamedTuple

from course_lib.typed import visible
from course_lib.world import chatter, lexicon, wording


class Said(NamedTuple):
    """A word or a phrase, and its meaning."""

    kind: str  # a factor, or "homonym", "side", "clue", "no", "strange", "sign", ...
    value: str  # "red", "cat", "left"; for kinds without a meaning the word itself
    typed: str  # as it was typed, but in lower case


ARTICLES = {"a", "an", "the", "his", "her", "its", "my", "our", "your", "their"}
# Optional inside a phrase: "in meadow", "with his hat", "the sun is going down".
PASSED_OVER = ARTICLES | {"is"}
SMALL_WORDS = ARTICLES | {
    *("and", "at", "beside", "by", "from", "in", "is", "near", "next", "of", "on"),
    *("that", "to", "under", "with"),
}
SHORT = {"w": "with", "n": "and", "color": "colour", "colored": "coloured"}
SHORT |= {"acc": "accessory", "teh": "the"}

KEYS = r"\b(acc|accessory|colour|color|position|scene|size)"  # "size: S"


def split(text: str) -> list[str]:
    """Words and punctuation in lower case; "snow-white" is two words, "it's" is one.

    >>> split("A frog w/ hat, it's snow-white")
    ['a', 'frog', 'with', 'hat', ',', 'its', 'snow', 'white']
    """
    text = re.sub(r"\bw/o\b", "without", visible(text).lower())
    text = re.sub(r"\bw/", "with ", text)
    text = re.sub(KEYS + r"\s*[:=]", r"\1 ", text)
    text = re.sub(r"(?<=\w)['’](?=\w)", "", text)
    text = re.sub(r"(?<=\w)-(?=\w)|_", " ", text)
    return [SHORT.get(word, word) for word in re.findall(r"\w+|[^\w\s]", text)]


# Singular and plural ----------------------------------------------------------


def plurals(word: str) -> set[str]:
    """Possible plurals, wrong ones included: 'bunnies', 'bunnys', 'fishes'."""
    return {word + "s", word + "es", word.removesuffix("y") + "ies"}


JOINED = {  # a teddy bear may be a teddybear
    name: [noun.replace(" ", "") for noun in nouns]
    for name, nouns in lexicon.NOUNS.items()
}
LAST_WORDS = set(lexicon.SENSED.values()) | {
    phrase.removesuffix(" on").removesuffix(" up").split()[-1]
    for table in (lexicon.NOUNS, JOINED, lexicon.LENDERS, lexicon.THINGS_WORN)
    for phrases in table.values()
    for phrase in phrases
}
# "A rabbit's ears" has lost its apostrophe by now and reads "a rabbits ears".
SINGULAR = {
    many: word for word in LAST_WORDS - {"stilts"} for many in plurals(word)
} | {"stilt": "stilts"}


def plain_words(phrase: str) -> list[str]:
    """The words of a phrase as they are looked up: singular, without articles."""
    words = [SINGULAR.get(word, word) for word in split(phrase)]
    return [word for word in words if word.isalnum() and word not in PASSED_OVER]


# What the phrases mean --------------------------------------------------------


def colours() -> dict[str, list[str]]:
    """Each colour's phrases: 'scarlet', 'red as a tomato', 'the colour of grass'."""
    table = {}
    for colour, names in lexicon.COLOURS.items():
        likened = ["{x} as {l}", "{x} like {l}", "as {x} as {l}"]
        likened += ["{l} {x}", "the colour of {l}", "coloured like {l}", "{l} coloured"]
        table[colour] = [*names] + [
            form.format(x=name, l=like)
            for form in likened
            for name in names
            for like in lexicon.LIKE[colour]
        ]
    return table


def ears() -> dict[str, list[str]]:
    """Each lender's phrases: 'bunny ears', 'the ears of a hare', 'bunny-eared'."""
    forms = [form for form in lexicon.EARS + lexicon.HAS_EARS if "{e}" not in form]
    forms += ["{x}-eared", "ears from a {x}", "ears are those of a {x}"]
    return {
        lender: [form.format(x=name) for form in forms for name in names]
        for lender, names in lexicon.LENDERS.items()
    }


# Last words of scene phrases that by themselves do not name the scene.
NO_SCENE = {
    *("landscape", "day", "fall", "sky", "time", "down", "sets", "sun", "setting"),
    *("light", "glow", "dark", "flowers"),
}


def scenes() -> dict[str, list[str]]:
    """Each scene's phrases: 'at night', 'it is dark', 'the sun sets', 'stars'."""
    last = {s: {p.split()[-1] for p in lexicon.SCENES[s]} for s in lexicon.SCENES}
    table = {}
    for scene, phrases in lexicon.SCENES.items():
        # A last word that two scenes share names neither: a field may lie in snow.
        others = set().union(*(last[other] for other in last if other != scene))
        table[scene] = [*(last[scene] - others - NO_SCENE), *wording.SCENE_WORDS[scene]]
        table[scene] += [re.sub("^(when|while|as|where) ", "", p) for p in phrases]
        table[scene] += [*phrases, *lexicon.IT_IS[scene], *lexicon.PLACES[scene]]
    return table


def clues() -> dict[str, list[str]]:
    """Phrases that tell the sense of bat and crane: 'with wings', 'not the machine'."""
    table = {}
    for sense, forms in lexicon.SENSES.items():
        plain = [" _ ".join(form) for form in wording.CLEAR_NOUNS[sense]]
        plain = [form.replace(lexicon.SENSED[sense], "_ ") for form in plain]
        table[sense] = [part for form in [*forms, *plain] for part in form.split("_")]
    return table


def words_in(*tables) -> set[str]:
    """All the words in tables and lists of phrases, in the singular."""
    found = set()
    for table in tables:
        lists = table.values() if isinstance(table, dict) else [table]
        for phrase in (phrase for phrases in lists for phrase in phrases):
            words = split(re.sub(r"\{\w+\}", " ", phrase))
            found |= {SINGULAR.get(word, word) for word in words if word.isalnum()}
    return found


# Tables of words that change nothing in the picture.
AROUND = (
    *(chatter.OPENINGS, chatter.CLOSINGS, chatter.DOING, chatter.ALONE),
    *(chatter.FEELINGS, chatter.ONE, chatter.COMMON, lexicon.BACKDROPS),
)
HARMLESS = words_in(
    *AROUND,
    *(lexicon.IN_ORDER, lexicon.IN_ANY_ORDER, lexicon.SIDES, lexicon.MIDDLE),
    *(lexicon.EARS, lexicon.HAS_EARS, lexicon.WORN, lexicon.WEARS, lexicon.THINGS_WORN),
    *(lexicon.EARS_FIRST, lexicon.WORN_FIRST, lexicon.COLOURED_LATER),
    *(lexicon.NO, lexicon.NO_EARS, lexicon.NO_ACCESSORY, chatter.STRANGELY),
    *(lexicon.SCENES, lexicon.IT_IS, lexicon.SENSES, wording.OPENINGS),
    ["colour coloured painted called named letter size position plus but rather"],
    ["no none neither nor minus which who make sure should has made its l r"],
    ["preferably"],
    ["above below between through across along around in inside within former latter"],
)

IDLE = HARMLESS | SMALL_WORDS


def phrase_table() -> dict[tuple[str, ...], tuple[str, str]]:
    """{("kitty", "cat"): ("subject", "cat"), ...}: every phrase with a meaning.

    The last entry for a phrase wins. So comparisons beat scenes ("grass" is a place,
    "green as grass" a colour), and denials beat what they deny.
    """
    table = {}

    def add(kind: str, phrases_of: dict) -> None:
        for value, phrases in phrases_of.items():
            for phrase in phrases:
                if words := plain_words(phrase):
                    table[tuple(words)] = (kind, value)

    for word, sense in clue_words().items():
        add("clue", {sense: [word]})
    add("clue", clues())
    around = chatter.OPENINGS + chatter.CLOSINGS + chatter.DOING
    add("noise", {"": [p for p in around if len(plain_words(p)) > 1]})
    add("strange", {"": chatter.STRANGE})
    add("many", {"": set(chatter.MANY) - set(chatter.COMMON)})
    add("accessory", worn())
    add("scene", scenes())
    add("side", {"middle": lexicon.MIDDLE["at"] + lexicon.MIDDLE["word"]})
    add("side", {"left": ["left", "leftmost", "west"]})
    add("side", {"right": ["right", "rightmost", "east"]})
    add("size", lexicon.SIZES)
    add("size", {"small": ["size s"], "big": ["size l"]})
    add("colour", colours())
    add("subject", JOINED)
    add("subject", lexicon.NOUNS)
    for sense, forms in lexicon.SENSES.items():  # "night bat" is not a bat at night
        alone = [form for form in forms if form.endswith("_") and form[0] != "_"]
        add("subject", {sense: [f.replace("_", lexicon.SENSED[sense]) for f in alone]})
    add("homonym", {word: [word] for word in lexicon.SENSED.values()})
    add("ears", ears())
    add("no", {"ears": lexicon.NO_EARS[-1:], "accessory": lexicon.NO_ACCESSORY})
    return table


def worn() -> dict[str, list[str]]:
    """Each accessory's phrases: 'topper', 'on wooden stilts', 'with a red balloon'."""
    table = {}
    for thing, names in lexicon.THINGS_WORN.items():
        forms = [f.removeprefix("and ") for f in lexicon.WORN[thing]]
        alone = [re.fullmatch(r"\w+ an? (\w+)", form) for form in forms]
        table[thing] = [*names, *forms, *lexicon.WEARS[thing]]
        table[thing] += [match[1] for match in alone if match]
    return table


def with_stems(words: set[str]) -> set[str]:
    """The words and their stems: 'lift' for 'lifting' and 'lifts'."""
    return words | {re.sub("(ing|(?<![ei])s)$", "", word) for word in words}


def clue_words() -> dict[str, str]:
    """{"wings": "bat", ...}: single words that occur with one sense only."""
    taken = words_in(*AROUND, lexicon.NOUNS, lexicon.SCENES, lexicon.PLACES)
    taken |= SMALL_WORDS | {"bat", "crane", "bird", "not", "one", "kind", "two"}
    taken |= {"which", "made", "through", "things"}
    found = {}
    for sense, parts in clues().items():
        for word in with_stems(words_in(parts)) - with_stems(taken):
            found.setdefault(word, set()).add(sense)
    return {word: min(senses) for word, senses in found.items() if len(senses) == 1}


PHRASES = phrase_table()
LONGEST = max(map(len, PHRASES))
# Things that can have a colour of their own: "a red hat", "on a green lawn".
NAMES_A_THING = {
    tuple(plain_words(phrase))
    for table in (worn(), lexicon.PLACES)
    for phrases in table.values()
    for phrase in phrases
    if split(phrase)[0] in {*LAST_WORDS, *words_in(lexicon.PLACES)}
}


# Typing errors ------------------------------------------------------------------


def slips(word: str) -> set[str]:
    """Likely typing errors: a letter left out, doubled, or exchanged with the next.

    >>> sorted(slips("fish"))
    ['fih', 'fihs', 'fiish', 'fissh', 'fsh', 'fsih']
    """
    inner = range(1, len(word) - 1)  # never the first letter or the last
    left_out = {word[:i] + word[i + 1 :] for i in inner}
    doubled = {word[:i] + word[i] + word[i:] for i in inner}
    turned = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in inner}
    return left_out | doubled | turned


IN_CAPTIONS = words_in(
    *(wording.NOUNS, wording.SIZE_WORDS, wording.EAR_WORDS, wording.SCENE_WORDS),
    *(wording.ACCESSORY_WORDS, wording.POSITION_WORDS, wording.OPENINGS),
    [part for forms in wording.CLEAR_NOUNS.values() for form in forms for part in form],
)
NOT_HERE = words_in(chatter.STRANGE, chatter.MANY)
ALONE = {said[0]: kind for said, (kind, _) in PHRASES.items() if len(said) == 1}
MEANING = IN_CAPTIONS | words_in(
    *(lexicon.NOUNS, lexicon.COLOURS, lexicon.SIZES, lexicon.LENDERS),
    *(lexicon.THINGS_WORN, lexicon.PLACES, lexicon.MIDDLE),
    [word for word, kind in ALONE.items() if kind not in ("clue", "strange", "many")],
)
KNOWN = MEANING | SMALL_WORDS | (ALONE.keys() - NOT_HERE)

# One typing error away from our words, but words of their own: of 1,700 such errors,
# these are in an English word list (or are names, or mean something elsewhere).
NO_SLIPS = {
    *("bight", "cane", "cast", "coat", "coats", "cost", "eras", "feine"),
    *("filed", "fling", "foggy", "form", "fury", "gassy", "gong", "greta", "holing"),
    *("leon", "mono", "rally", "sanding", "sans", "shoe", "silts", "sore"),
    *("sowing", "sows", "tinny", "toda", "toper", "topical", "wadding", "waking"),
    *("waling",),
}


def slips_of(words: set[str]) -> dict[str, str]:
    """{"turtel": "turtle", ...}: errors in words of four letters or more."""
    meant: dict[str, set[str]] = {}
    others = KNOWN | HARMLESS | NO_SLIPS
    for word in words:
        for slip in slips(word) if len(word) >= 4 else ():
            if len(slip) >= 4 and slip not in others:
                meant.setdefault(slip, set()).add(word)
    # An error that fits two words stays: nobody knows which was meant.
    return {slip: min(of) for slip, of in sorted(meant.items()) if len(of) == 1}


SLIPS = slips_of(MEANING | SMALL_WORDS)


def put_right(word: str) -> str:
    """Correct a typing error: the word that was meant by 'turtel' or 'huuuge'.

    >>> put_right("turtel"), put_right("huuuge"), put_right("dragon")
    ('turtle', 'huge', 'dragon')
    """
    calm = re.sub(r"(.)\1{2,}", r"\1", word)
    return SLIPS.get(word, calm if calm in KNOWN else word)


# Reading ------------------------------------------------------------------------


def translate(prompt: str) -> list[Said]:
    """The words, phrases and punctuation of a prompt, each with its meaning.

    >>> [(said.kind, said.value) for said in translate("scarlet kitty, dusk")]
    [('colour', 'red'), ('subject', 'cat'), ('sign', ','), ('scene', 'sunset')]
    """
    typed = split(prompt)
    words = [SINGULAR.get(word, word) for word in map(put_right, typed)]
    said, i = [], 0
    while i < len(words):
        end, meaning = longest_phrase(words, i)
        if not meaning:
            end, meaning = i + 1, (kind_of(words[i]), words[i])
        said.append(Said(*meaning, " ".join(typed[i:end])))
        i = end
    return said


def longest_phrase(words: list[str], start: int):
    """Where the longest known phrase from `start` ends, and its meaning or None."""
    found, key = (start, None), []
    for end in range(start, len(words)):
        if words[end] in PASSED_OVER:
            # "Give a bear the ears of a hare": no bear ears.
            if not key or words[end + 1 : end + 2] == ["ears"]:
                break
            continue
        key.append(words[end])
        if len(key) > LONGEST or not words[end].isalnum():
            break
        meaning = PHRASES.get(tuple(key))
        if meaning and not goes_on(words, end, meaning[0], len(key)):
            found = (end + 1, meaning)
    return found


def goes_on(words: list[str], end: int, kind: str, length: int) -> bool:
    """Whether the last word of a phrase really begins another one."""
    follows = words[end + 1 : end + 2]
    if kind == "subject" and length > 1:
        # "Teddy bear ears" are a teddy's ears, and "kitty cat ears" are no kitty cat.
        return follows == ["ears"]
    if kind == "ears":  # a key in a list: "hare, ears: bear ears"
        return follows in ([":"], ["="]) and "ears" in words[end + 2 : end + 7]
    if kind != "scene" or length == 1:
        return False
    # "By a sea turtle" is not by the sea, and "in grass green" is not in the grass.
    other, _ = PHRASES.get((words[end], *follows), ("", ""))
    return other == "subject" or (other == "colour" and words[end - 1] != "the")


def kind_of(word: str) -> str:
    """The kind of a word that has no meaning in PHRASES."""
    if not word.isalnum():
        return "sign"
    if word in SMALL_WORDS:
        return "small"
    if word in chatter.FEELINGS:
        return "feeling"
    stem = re.sub(r"(s|ed|d|ing|ly|nt|ve|ll|re)$", "", word)  # "that's", "placed"
    return "noise" if {word, stem} & IDLE else "word"
