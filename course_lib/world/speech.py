"""How people say what they want to see: orders, questions, lists, afterthoughts.

`wording` speaks as a caption does: "a small red frog on stilts at night". People rather
type "pls draw a frog, it walks on stilts and its small, red. night scene!". This file
says the same factors their way, from the words of `lexicon`: whoever learned from these
sentences is asked less often for something that it has never heard.

Each function gets the factors by name, the set of those to be named, and dice.
"""

from course_lib.world import chatter
from course_lib.world import lexicon as words
from course_lib.world.wording import with_article

SPEECH_NUMBERS = 128  # more than any sentence here needs (tests/test_speech.py)


class Dice:
    """Uniform numbers in [0, 1), taken one after the other."""

    def __init__(self, numbers: list[float]):
        self.numbers = iter(numbers)

    def often(self, share: float) -> bool:
        """True so often."""
        return next(self.numbers) < share

    def pick(self, options):
        """One of them, each as likely."""
        return options[int(next(self.numbers) * len(options))]

    def shuffled(self, things: list) -> list:
        """The same things in any order."""
        left, order = list(things), []
        while left:
            order.append(left.pop(int(next(self.numbers) * len(left))))
        return order


# Parts of a sentence -----------------------------------------------------------


def noun_of(subject: str, dice: Dice) -> tuple[str, str]:
    """What the subject is called, and what may have to follow to tell a sense."""
    if subject in words.SENSED:
        before, after = dice.pick(words.SENSES[subject]).split("_")
        return before + words.SENSED[subject], after.strip()
    return dice.pick(words.NOUNS[subject]), ""


def ears_of(lender: str, dice: Dice, table=words.EARS) -> str:
    """'rabbit ears', 'the ears of a bear'; or, of HAS_EARS, 'has rabbit ears'."""
    name, form = dice.pick(words.LENDERS[lender]), dice.pick(table)
    return form.format(x=name, e=dice.pick(words.EARS).format(x=name))


def place_of(position: str, dice: Dice, how: str = "at") -> str:
    """'on the left', 'in the middle'; as a word of a list: 'left'."""
    if position == "middle":
        return dice.pick(words.MIDDLE[how])
    return dice.pick(words.SIDES[how]).format(s=position)


def behind(name: str, f: dict[str, str], dice: Dice) -> str:
    """A factor as what stands behind the animal: 'with a hat', 'on the left'."""
    if name == "accessory":
        return dice.pick(words.WORN[f["accessory"]])
    if name == "ears":
        return dice.pick(("with ", "with ", "wearing ", "and ")) + ears_of(
            f["ears"], dice
        )
    if name == "position":
        return place_of(f["position"], dice)
    if name == "size":
        return dice.pick(
            ("that is {x}", "of {x} size", ", {x},", "which is {x}")
        ).format(x=dice.pick(words.SIZES[f["size"]]))
    return said_colour(f[name], dice)


def said_colour(colour: str, dice: Dice) -> str:
    """A colour behind its animal: 'in red', 'that is red'."""
    forms = (
        *(
            "in {x}",
            "that is {x}",
            "which is {x}",
            "coloured {x}",
            ", {x},",
            "of {x} colour",
        ),
        *("of color {x}", "({x})", "who is {x}", "painted {x}", ", {x} in colour,"),
        *("as {x} as {l}", ", {x} like {l},"),
        *("the colour of {l}", ", coloured like {l},"),
    )
    like = dice.pick(words.LIKE[colour])
    return dice.pick(forms).format(x=dice.pick(words.COLOURS[colour]), l=like)


def verb(name: str, f: dict[str, str], dice: Dice) -> str:
    """A factor as what the animal does or is: 'has bunny ears', 'is red'."""
    if name == "accessory":
        return dice.pick(words.WEARS[f["accessory"]])
    if name == "ears":
        return ears_of(f["ears"], dice, words.HAS_EARS)
    if name == "position":
        return dice.pick(("is ", "stands ", "sits ")) + place_of(f["position"], dice)
    table = words.SIZES if name == "size" else words.COLOURS
    return "is " + dice.pick(table[f[name]])


def item(name: str, f: dict[str, str], dice: Dice) -> str:
    """A factor as a word of a list: 'hat', 'small', 'left'."""
    if name == "accessory":
        return dice.pick(("", "", "with ", "w/ ")) + dice.pick(
            words.THINGS_WORN[f["accessory"]]
        )
    if name == "ears":
        form = dice.pick(("{x} ears", "{x} ears", "{x} ears", "plus {x} ears"))
        return form.format(x=dice.pick(words.LENDERS[f["ears"]]))
    if name == "position":
        return place_of(f["position"], dice, "word")
    table = words.SIZES if name == "size" else words.COLOURS
    return dice.pick(table[f[name]])


def denied(f: dict[str, str], dice: Dice) -> str:
    """What the picture does not show, said so: 'no umbrella'; seldom, else nothing."""
    if f["ears"] == "none" and dice.often(0.03):
        return dice.pick(words.NO_EARS).format(x=dice.pick(("rabbit", "cat", "bear")))
    if f["accessory"] == "none" and dice.often(0.02):
        return dice.pick(words.NO_ACCESSORY)
    thing = dice.pick(("stilts", "hat", "balloon", "umbrella"))
    if thing == f["accessory"] or not dice.often(0.07):
        return ""
    name = thing if thing == "stilts" else with_article(thing)
    return dice.pick(words.NO).format(x=thing, a=name)


# Who it is ---------------------------------------------------------------------


def animal(
    f: dict[str, str], second: bool, named: set[str], dice: Dice, before=()
) -> str:
    """'a cute red frog', 'one birdie in blue': one animal with its colour, if named."""
    subject, colour = (f[n + "_2" * second] for n in ("subject", "colour"))
    is_coloured = "colour" + "_2" * second in named
    noun, after = noun_of(subject, dice)
    adjectives = list(before)
    if dice.often(0.12):
        adjectives.append(dice.pick(chatter.FEELINGS))
    if is_coloured and (after or dice.often(0.85)):
        adjectives.append(dice.pick(words.COLOURS[colour]))
    elif is_coloured:
        after = said_colour(colour, dice)
    noun = " ".join([*adjectives, noun])
    if f["subject_2"] == "none" and dice.often(0.02) and not after:
        noun = f"{dice.pick(chatter.MANY)} {noun}s"  # one is all that there can be
    else:
        one_ = dice.often(0.06)
        noun = f"{dice.pick(chatter.ONE)} {noun}" if one_ else with_article(noun)
    if dice.often(0.03) and not after:
        noun += f" {dice.pick(('called', 'named'))} {made_up(dice)}"
    return f"{noun} {after}".strip()


def made_up(dice: Dice) -> str:
    """A name that nobody has heard: 'zuben', 'lyka'."""
    return dice.pick(chatter.SYLLABLES) + dice.pick(chatter.SYLLABLES)


def short(f: dict[str, str], second: bool, named: set[str], dice: Dice) -> str:
    """The animal once more: 'the cat'; of two cats 'the red one', if that is known."""
    subject, colour = (n + "_2" * second for n in ("subject", "colour"))
    if f["subject"] != f["subject_2"]:
        noun = words.SENSED.get(f[subject]) or dice.pick(words.NOUNS[f[subject]])
        return f"the {noun}"
    both = {"colour", "colour_2"} <= named
    return f"the {dice.pick(words.COLOURS[f[colour]])} one" if both else ""


# One animal ----------------------------------------------------------------------


def in_one_go(f: dict[str, str], named: set[str], dice: Dice) -> str:
    """'a tiny red frog with bunny ears on the left'."""
    before, extras = [], [n for n in ("accessory", "ears", "position") if n in named]
    if "ears" in extras and dice.often(0.05):  # "a bunny-eared bear"
        extras.remove("ears")
        before.append(dice.pick(words.LENDERS[f["ears"]]) + "-eared")
    if "size" in named:
        if dice.often(0.85):
            before.append(dice.pick(words.SIZES[f["size"]]))
        else:
            extras.append("size")
    who = animal(f, False, named, dice, before)
    parts = [behind(name, f, dice) for name in dice.shuffled(extras)]
    if dice.often(0.1):
        parts.insert(0, dice.pick(chatter.DOING))
    if dice.often(0.04):
        parts.append(dice.pick(chatter.STRANGELY).format(x=dice.pick(chatter.STRANGE)))
    between = dice.pick((" ", " ", " ", ", ", " and "))
    return f"{who} {between.join(parts)}"


def beginning_otherwise(f: dict[str, str], named: set[str], dice: Dice) -> str:
    """'put bunny ears on a red frog', 'a balloon for my cat', if there is something."""
    what = [n for n in ("ears", "accessory") if n in named]
    if not what:
        return in_one_go(f, named, dice)
    first = dice.pick(what)
    who = in_one_go(f, named - {first}, dice).strip(" ,")
    if first == "ears":
        name, form = dice.pick(words.LENDERS[f["ears"]]), dice.pick(words.EARS)
        forms = dict(e=form.format(x=name), x=name)
        return dice.pick(words.EARS_FIRST).format(w=who, **forms)
    noun = f["accessory"]
    thing = noun if noun == "stilts" else with_article(noun)
    return dice.pick(words.WORN_FIRST).format(w=who, t=thing, n=noun)


def told(f: dict[str, str], named: set[str], dice: Dice) -> str:
    """'a frog that is red and has bunny ears', 'the bear is on stilts. it is blue.'"""
    known = [
        n for n in ("colour", "accessory", "ears", "position", "size") if n in named
    ]
    order = dice.shuffled(known)
    at_once = {n for n in order if n in ("colour", "size") and dice.often(0.5)}
    before = [dice.pick(words.SIZES[f["size"]])] if "size" in at_once else []
    who = animal(f, False, at_once, dice, before)
    later = [verb(n, f, dice) for n in order if n not in at_once]
    if dice.often(0.15):
        later.insert(0, "is " + dice.pick(chatter.DOING))
    if not later:
        return who
    form = dice.pick(("that", "who", "which", "", "it", "it", "and it", "make sure it"))
    if form in ("that", "who", "which", ""):
        return f"{who} {form} {dice.pick((' and ', ', ')).join(later)}"
    # One sentence after the other, as children tell.
    ends = dice.pick((". ", ", ", " and ", "; "))
    return who + "".join(
        f"{ends}{dice.pick(('it', 'it', form))} {each}" for each in later
    )


def afterthought(f: dict[str, str], named: set[str], dice: Dice) -> str:
    """'a frog with a hat, and make it blue'; 'a bear. blue would be lovely'."""
    late = [n for n in ("colour", "size") if n in named]
    if not late:
        return in_one_go(f, named, dice)
    which = dice.pick(late)
    value = item(which, f, dice)
    forms = (
        *("{s}, and make it {x}", "{s}. {x} would be lovely", "{s}. it should be {x}"),
        *("{s}, {x} please", "{s}, {x}", "{s}, a {x} one", "{s}, it has to be {x}"),
        *("{s} - {x}", "{s}, in {x}" if which == "colour" else "{s}, rather {x}"),
        *("{s}, preferably {x}", "{s}; {x} one", "{s} and its {x}", "{s}, make it {x}"),
    )
    if which == "colour":
        other = dice.pick([c for c in words.COLOURS if c != f["colour"]])
        forms += (
            "{s}, not " + other + " but {x}",
            "{s}, the colour is {x}",
            "{s} = {x}",
        )
    said = in_one_go(f, named - {which}, dice).strip(" ,")
    return dice.pick(forms).format(s=said, x=value)


def listed(f: dict[str, str], named: set[str], dice: Dice) -> str:
    """'frog, red, bunny ears, left': as keywords."""
    known = [
        n for n in ("colour", "accessory", "ears", "position", "size") if n in named
    ]
    noun, after = noun_of(f["subject"], dice)
    first, rest = [f"{noun} {after}".strip(" ,")], dice.shuffled(known)
    if "colour" in named and dice.often(0.6):
        rest.remove("colour")
        first = [f"{dice.pick(words.COLOURS[f['colour']])} {first[0]}"]
    parts = [item(n, f, dice) for n in rest]
    if dice.often(0.15):
        keys = dict(size="size", position="position", accessory="with", colour="colour")
        keys |= {"ears": "ears"}
        sign = dice.pick((": ", " = ", " "))
        parts = [f"{keys[n]}{sign}{item(n, f, dice)}" for n in rest]
    parts = first + parts if dice.often(0.75) else dice.shuffled(first + parts)
    between = (", ", ", ", ", ", " ", " ", "; ", ". ", " - ", " + ", ".", "/", " / ")
    return dice.pick(between).join(parts)


def one(f: dict[str, str], named: set[str], dice: Dice) -> str:
    """One animal, or one thing, in any of these manners."""
    manners = (
        *(in_one_go, in_one_go, in_one_go, in_one_go, told, told, told),
        *(afterthought, afterthought, listed, listed, listed, beginning_otherwise),
    )
    said = dice.pick(manners)(f, named, dice)
    no = denied(f, dice) if f["subject"] in words.NOUNS or f["subject"] == "bat" else ""
    if no:
        said = f"{said}{dice.pick((', ', ' ', '; '))}{no}"
    elif dice.often(0.03):
        said = f"{said} {dice.pick(chatter.ALONE)}"
    return said


# Two animals ---------------------------------------------------------------------


def in_order(left: str, right: str, l: str, r: str, dice: Dice) -> str:  # noqa: E741
    """Both, and who stands where.

    Args:
        left, right: 'a red cat', 'a fish'
        l, r: the same once more: 'the cat', 'the fish'
    """
    # Every form is given for one side; in the mirror it is the form for the other.
    X, Y, x, y, side, other = left, right, l, r, "left", "right"
    if dice.often(0.5):
        X, Y, x, y, side, other = right, left, r, l, "right", "left"
    s, o = (place_of(p, dice) for p in (side, other))
    forms = words.IN_ORDER
    if not x:  # two of a kind that nobody tells apart
        forms = [form for form in forms if "{x}" not in form and "{y}" not in form]
    form = dice.pick(forms)
    if dice.often(0.04):  # a list has but one direction
        then = dice.pick((", ", ", then ", " and ", "; "))
        form = f"from {side} to {other}: {{X}}{then}{{Y}}"
    letter = side[0]
    return form.format(
        X=X, Y=Y, x=x, y=y, side=side, other=other, s=s, o=o, letter=letter
    )


def in_any_order(a: str, b: str, dice: Dice) -> str:
    """Both, and nobody says who stands where."""
    form = dice.pick(words.IN_ANY_ORDER)
    return form.format(A=a, B=b)


def two(f: dict[str, str], named: set[str], dice: Dice) -> str:
    """Two animals; the colours may follow: 'a cat and a fish, the fish is red'."""
    at_once = {n for n in ("colour", "colour_2") if n in named}
    # Two of a kind are told apart by nothing else.
    apart = f["subject"] != f["subject_2"]
    late = {n for n in sorted(at_once) if apart and dice.often(0.12)}
    left = animal(f, False, at_once - late, dice).replace(" ,", ",")
    right = animal(f, True, at_once - late, dice).replace(" ,", ",")
    if dice.often(0.05):  # as keywords are typed
        left, right = without_article(left), without_article(right)
    l, r = (short(f, second, named, dice) for second in (False, True))  # noqa: E741
    if "order" in named:
        said = in_order(left, right, l, r, dice)
    else:
        a, b = (left, right) if dice.often(0.5) else (right, left)
        said = in_any_order(a, b, dice)
    if late:
        whose = {"colour": l, "colour_2": r}
        verbs = dice.pick(words.COLOURED_LATER)
        told_ = [
            verbs.format(x=whose[n], c=dice.pick(words.COLOURS[f[n]]))
            for n in dice.shuffled(sorted(late))
        ]
        said += dice.pick((". ", ", ", "; ")) + dice.pick((" and ", ", ")).join(told_)
    return said


def without_article(text: str) -> str:
    """'red cat' instead of 'a red cat'."""
    first, _, rest = text.partition(" ")
    return rest if first in ("a", "an") else text


# The whole ------------------------------------------------------------------------


def bare(f: dict[str, str], named: set[str], dice: Dice) -> str:
    """A word with two senses, and nothing that tells which: 'a brown bat'."""
    colour = [dice.pick(words.COLOURS[f["colour"]])] if "colour" in named else []
    return with_article(" ".join([*colour, words.SENSED[f["subject"]]]))


def in_its_scene(said: str, scene: str, dice: Dice) -> str:
    """The sentence and where or when it is, behind it or before."""
    where = dice.pick(words.SCENES[scene])
    forms = ("{s} {w}",) * 5 + ("{w}, {s}", "{w} {s}", "{s}, {w}")
    forms += ("{s}. {i}", "{s} and {i}", "{s}, {b}", "{s}, {b}", "{b}: {s}", "{s}; {b}")
    backdrop = dice.pick(words.BACKDROPS).format(p=dice.pick(words.PLACES[scene]))
    is_there = dice.pick(words.IT_IS[scene])
    return dice.pick(forms).format(s=said.strip(" ,"), w=where, i=is_there, b=backdrop)


def framed(said: str, dice: Dice) -> str:
    """The wish with the words around it: 'please draw ..., thank you!'"""
    forms = ("{c} {s}", "{c}, {s}", "{s} {c}", "{s}. {c}", "{c}. {s}", "{s}, {c}")
    if dice.often(0.05):  # another language, a joke, a name: nobody can know them all
        chat = " ".join(made_up(dice) for _ in range(dice.pick((1, 2, 3))))
        said = dice.pick(forms).format(c=chat, s=said)
    if dice.often(0.12):
        chat = " ".join(
            dice.pick(chatter.COMMON) for _ in range(dice.pick(range(1, 9)))
        )
        said = dice.pick(forms).format(c=chat, s=said)
    if dice.often(0.35):
        said = interrupted(said, dice)
    if dice.often(0.4):
        said = f"{dice.pick(chatter.OPENINGS)} {said}"
    if dice.often(0.15):
        said = f"{said}{dice.pick((', ', ' ', '. '))}{dice.pick(chatter.CLOSINGS)}"
    return said + dice.pick(("", "", "", "", "", ".", ".", "!", "?", "..."))


def interrupted(said: str, dice: Dice) -> str:
    """The sentence with words in it that nobody expects, and other signs."""
    # Whoever has met strange words only before and behind a sentence takes one in its
    # middle for a colour: "a blue cat with a magician hat" was green.
    parts = said.split()
    for _ in range(dice.pick((1, 1, 1, 2, 2, 3))):
        word = dice.pick(chatter.COMMON) if dice.often(0.6) else made_up(dice)
        parts.insert(dice.pick(range(len(parts) + 1)), word)
    said = " ".join(parts)
    if dice.often(0.3):
        said = said.replace(",", dice.pick(("", ".", ";", " -", "!")))
    return said


def spoken(f: dict[str, str], named: set[str], numbers: list[float]) -> str:
    """A wish that names these factors as `wording.say` would, but as people type it.

    Args:
        numbers: SPEECH_NUMBERS uniform numbers in [0, 1), which make the choices
    """
    dice = Dice(numbers)
    if "either_sense" in named:
        said = bare(f, named, dice)
    elif f["subject_2"] != "none":
        said = two(f, named, dice)
    else:
        said = one(f, named, dice)
    if "scene" in named:
        said = in_its_scene(said, f["scene"], dice)
    return " ".join(framed(said, dice).replace(" ,", ",").replace(",,", ",").split())
