"""Template captions: how a critter picture is described in words.

Each function takes the factors of one picture by name, {"subject": "cat", ...}, the set
of factors that the sentence should name, and some uniform numbers that choose synonyms
and word order. A caption is true of the factors; what it leaves out may be anything.
"""

# An entry that stands twice in a row is said twice as often: two captions in three say
# "at night".
SENSES = {"bat": ("bat", "club"), "crane": ("crane", "machine")}  # word: two subjects
SHARE_BARE = 0.2  # the share of their captions in which nothing tells the sense
NOUNS = {
    "frog": ("frog",),
    "rabbit": ("rabbit", "bunny"),
    "cat": ("cat", "kitty"),
    "bear": ("bear", "teddy bear"),
    "bird": ("bird", "birdie"),
    "fish": ("fish",),
    "turtle": ("turtle", "tortoise"),
    "bat": ("bat",),
}
CLEAR_NOUNS = {  # (noun, what follows it): a clue tells the sense
    "bat": (("flying bat", ""), ("furry bat", "")),
    "club": (("baseball bat", ""), ("bat", "beside a ball"), ("bat", "and a ball")),
    "crane": (("wading crane", ""), ("crane", "with long legs"), ("crane bird", "")),
    "machine": (("crane", "lifting a box"), ("tower crane", ""), ("crane machine", "")),
}
SIZE_WORDS = {"small": ("small", "little", "tiny"), "big": ("big", "large", "huge")}
EAR_WORDS = {
    "rabbit": ("rabbit ears", "bunny ears"),
    "cat": ("cat ears", "cat ears"),
    "bear": ("bear ears", "bear ears"),
}
ACCESSORY_WORDS = {
    "stilts": ("on stilts", "standing on stilts", "walking on stilts"),
    "hat": ("with a hat", "wearing a hat", "in a top hat"),
    "balloon": ("with a balloon", "holding a balloon", "carrying a balloon"),
    "umbrella": ("with an umbrella", "holding an umbrella", "under an umbrella"),
}
POSITION_WORDS = {
    "left": ("on the left", "on the left side"),
    "middle": ("in the middle", "in the middle"),
    "right": ("on the right", "on the right side"),
}
SCENE_WORDS = {
    "meadow": ("in a meadow", "on the grass", "in the meadow"),
    "beach": ("at the beach", "by the sea", "on the beach"),
    "snow": ("in the snow", "in winter", "in the snow"),
    "night": ("at night", "under the moon", "at night"),
    "sunset": ("at sunset", "in the evening", "at sunset"),
}
# How often a caption names a factor that is there. Never always: people leave out most
# of what they could say, and a generator must know such prompts from its training.
# Accessories and ears nearly always, since no picture may show them unasked
# (prompts.py).
NAMED_SHARE = {
    "colour": 0.85,
    "accessory": 0.95,
    "ears": 0.95,
    "scene": 0.7,
    "size": 0.5,
    "position": 0.5,
}
# People who type leave the colour out more often. With 0.85 a painter learned too
# seldom to choose a colour itself, and drew bodies in two.
SHARE_TYPED = NAMED_SHARE | {"colour": 0.7}
OPENINGS = ("", "", "", "", "a picture of ", "a drawing of ")


def choice(options: tuple, chance: float):
    """One of the options, all equally likely; `chance` is in [0, 1)."""
    return options[int(chance * len(options))]


def with_article(words: str) -> str:
    """The words with "a" or "an": 'an orange cat', 'a cat'."""
    return ("an " if words[0] in "aeiou" else "a ") + words


def join(*parts: str) -> str:
    """The parts that are not empty, separated by spaces."""
    return " ".join(part for part in parts if part)


# Every function below takes its numbers by position: u[6] is for the scene in all of
# them. Unneeded numbers are skipped, so the others keep their meaning.


def words(table: dict, name: str, f: dict, named: set[str], chance: float) -> str:
    """Words for one factor, or "" if it should not be named."""
    return choice(table[f[name]], chance) if name in named else ""


def set_the_scene(sentence: str, scene: str, u: list[float]) -> str:
    """Add the scene at the end of a sentence or, one time in four, at the start."""
    # Both ways, or every caption would begin with the animal.
    if not scene:
        return choice(OPENINGS, u[0]) + sentence
    if u[1] < 0.25:
        return f"{scene}, {sentence}"
    return choice(OPENINGS, u[0]) + join(sentence, scene)


def caption_one(f: dict[str, str], named: set[str], u: list[float]) -> str:
    """One animal: 'a small red frog with rabbit ears on stilts at the beach'."""
    noun = choice(NOUNS[f["subject"]], u[0])
    # With a hat it can only be the animal. Without one the noun must tell the sense, or
    # the caption would be a bare word by accident.
    if noun == "bat" and not named & {"accessory", "ears"}:
        noun = choice(CLEAR_NOUNS["bat"], u[1])[0]
    size = words(SIZE_WORDS, "size", f, named, u[2])
    colour = f["colour"] if "colour" in named else ""
    ears = words(EAR_WORDS, "ears", f, named, u[3])
    accessory = words(ACCESSORY_WORDS, "accessory", f, named, u[4])
    position = words(POSITION_WORDS, "position", f, named, u[5])
    scene = words(SCENE_WORDS, "scene", f, named, u[6])
    extras = [ears and f"with {ears}", accessory]
    if ears and accessory.startswith("with "):
        extras = [f"with {ears} and {accessory[5:]}"]  # one "with" is enough
    animal = with_article(join(size, colour, noun))
    # Now and then, as people do: "a frog that is red".
    if colour and u[7] < 0.12:
        animal = join(with_article(join(size, noun)), "that is", colour)
    return set_the_scene(join(animal, *extras, position), scene, u[8:10])


def caption_two(f: dict[str, str], named: set[str], u: list[float]) -> str:
    """Two animals: 'a red cat left of a blue fish', or 'next to' if order is open."""
    colours = [f[c] if c in named else "" for c in ("colour", "colour_2")]
    left = with_article(join(colours[0], choice(NOUNS[f["subject"]], u[0])))
    right = with_article(join(colours[1], choice(NOUNS[f["subject_2"]], u[1])))
    if "order" not in named:
        # Either may come first: otherwise "a cat and a fish" would give the order away.
        first, second = (left, right) if u[2] < 0.5 else (right, left)
        sentence = f"{first} {choice(('next to', 'beside', 'and'), u[3])} {second}"
    elif u[2] < 0.5:
        sentence = f"{left} {choice(('left of', 'to the left of'), u[3])} {right}"
    elif u[2] < 0.75:
        sentence = f"{right} {choice(('right of', 'to the right of'), u[3])} {left}"
    else:
        sentence = f"{left} on the left and {right} on the right"
    scene = words(SCENE_WORDS, "scene", f, named, u[6])
    return set_the_scene(sentence, scene, u[8:10])


def caption_thing(f: dict[str, str], named: set[str], u: list[float]) -> str:
    """One of THINGS: 'a yellow crane lifting a box at sunset'."""
    before, after = choice(CLEAR_NOUNS[f["subject"]], u[0])
    colour = f["colour"] if "colour" in named else ""
    thing = join(with_article(join(colour, before)), after)
    scene = words(SCENE_WORDS, "scene", f, named, u[6])
    return set_the_scene(thing, scene, u[8:10])


def caption_bare(f: dict[str, str], named: set[str], u: list[float]) -> str:
    """A word with two senses and no clue to which: 'a brown bat at night'."""
    word = next(word for word, senses in SENSES.items() if f["subject"] in senses)
    colour = f["colour"] if "colour" in named else ""
    scene = words(SCENE_WORDS, "scene", f, named, u[6])
    return set_the_scene(with_article(join(colour, word)), scene, u[8:10])


def choose_named(
    f: dict[str, str], u: list[float], shares: dict[str, float] = NAMED_SHARE
) -> set[str]:
    """Which factors a caption names: each with its share; `u` is ten numbers."""
    six = zip(shares.items(), u[:6], strict=True)
    named = {n for (n, share), v in six if v < share and f[n] != "none"}
    if f["size"] == "big" and u[5] > 0.15:  # big animals are always in the middle
        named.discard("position")
    # Beside a second animal a bat can only be the animal, since things stand alone.
    two_sensed = f["subject_2"] == "none" and f["subject"] in sum(SENSES.values(), ())
    # A fifth is often enough to learn that both senses occur, and seldom enough for
    # clues to be worth heeding.
    if two_sensed and u[6] < SHARE_BARE:
        return named & {"colour", "scene"} | {"either_sense"}
    # Both animals are always named, so one animal too many is always wrong.
    if f["subject_2"] != "none":
        colour_2 = {"colour_2"} if u[7] < shares["colour"] else set()
        order = {"order"} if u[8] < 0.85 else set()
        return named | colour_2 | order | {"subject", "subject_2"}
    return named | {"subject"}


def say(f: dict[str, str], named: set[str], u: list[float]) -> str:
    """The sentence that names these factors; `u` is ten uniform numbers in [0, 1)."""
    if "either_sense" in named:
        return caption_bare(f, named, u)
    if f["subject_2"] != "none":
        return caption_two(f, named, u)
    if f["subject"] in NOUNS:
        return caption_one(f, named, u)
    return caption_thing(f, named, u)
