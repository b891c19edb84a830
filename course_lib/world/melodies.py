"""Short melodies with captions: a world for the ear, drawn from a seed like critters.

A melody is a **roll**, (PITCHES, LENGTH) numbers in [-1, 1]: a row for each semitone
from C4 to C5, a column for each step of time, 1 where a note sounds and -1 elsewhere.
Three factors make it: its **shape** (does it rise?), its **mode** (major or minor) and
its **pace**. The caption says them, in many ways, and may leave one out.

    rolls, captions = melodies(1000, seed=0)
    heard(rolls)[0]
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from course_lib.chance import generator_for

PITCHES, LENGTH = 13, 16
SCALES = {  # semitones above C, an octave up to the next C
    "major": (0, 2, 4, 5, 7, 9, 11, 12),
    "minor": (0, 2, 3, 5, 7, 8, 10, 12),
}
SHAPES = {  # the degrees of the scale that a melody passes, 0 is low C, 7 high C
    "rising": (0, 7),
    "falling": (7, 0),
    "arching": (0, 7, 0),
    "dipping": (7, 0, 7),
}
PACES = {  # the lengths of its notes, again and again
    "slow": (2,),
    "quick": (1,),
    "skipping": (3, 1),
}
FACTORS = {"shape": tuple(SHAPES), "mode": tuple(SCALES), "pace": tuple(PACES)}
# Held out of all training: to draw one of these is to combine what was learned apart.
UNHEARD = (
    ("rising", "minor", "skipping"),
    ("falling", "major", "quick"),
    ("arching", "minor", "slow"),
)
WAYS_TO_SAY = {
    "rising": ("rising", "climbing"),
    "falling": ("falling", "sinking"),
    "arching": ("arching", "up and down"),
    "dipping": ("dipping", "down and up"),
    "slow": ("slow", "calm"),
    "quick": ("quick", "fast"),
    "skipping": ("skipping", "hopping"),
}
Factors = tuple[str, str, str]  # shape, mode, pace


def combinations(unheard: bool = False) -> list[Factors]:
    """All combinations of shape, mode and pace that training shows, or never shows."""
    every = [(s, m, p) for s in SHAPES for m in SCALES for p in PACES]
    return [each for each in every if (each in UNHEARD) == unheard]


def melodies(n: int, seed: int = 0) -> tuple[Tensor, list[str]]:
    """n melodies with their captions: rolls (n, PITCHES, LENGTH) in [-1, 1]."""
    known, rolls, captions = combinations(), [], []
    for i in range(n):
        generator = generator_for(seed, i)
        factors = known[int(torch.randint(len(known), (), generator=generator))]
        rolls.append(melody(factors, generator))
        captions.append(caption(factors, generator))
    return torch.stack(rolls), captions


def melody(factors: Factors, generator: torch.Generator) -> Tensor:
    """One melody with these factors, (PITCHES, LENGTH)."""
    shape, mode, pace = factors
    lengths = lengths_of(pace)
    own = set(SCALES[mode]) - set(SCALES["minor" if mode == "major" else "major"])
    while True:  # until its mode can be heard: C, D, F and G are in both
        degrees = degrees_of(SHAPES[shape], len(lengths), generator)
        pitches = [SCALES[mode][degree] for degree in degrees]
        if own & set(pitches):
            return roll_of(pitches, lengths)


def lengths_of(pace: str) -> list[int]:
    """The lengths of all notes: they fill the LENGTH steps exactly."""
    beat = PACES[pace]
    return list(beat) * (LENGTH // sum(beat))


def degrees_of(turns: Sequence[int], n: int, generator: torch.Generator) -> list[int]:
    """n degrees of a scale that wander along a line through these turns."""
    line = np.interp(np.linspace(0, len(turns) - 1, n), range(len(turns)), turns)
    wander = (1.1 * torch.randn(n, generator=generator)).tolist()
    degrees: list[int] = []
    for i, (height, off) in enumerate(zip(line.tolist(), wander, strict=True)):
        ends = i in (0, n - 1)  # a melody begins and ends on C
        degree = round(height if ends else min(7.0, max(0.0, height + off)))
        # Never twice the same: two notes in a row of one pitch would sound as one.
        if degrees and degree == degrees[-1]:
            degree += 1 if degree == 0 or (off > 0 and degree < 7) else -1
        degrees.append(degree)
    if degrees[-1] != turns[-1]:  # the step aside above, at the very end
        degrees[-2:] = [turns[-1] + (1 if turns[-1] == 0 else -1), turns[-1]]
        if n > 2 and degrees[-3] == degrees[-2]:
            degrees[-2] += 1 if turns[-1] == 0 else -1
    return degrees


def roll_of(pitches: Sequence[int], lengths: Sequence[int]) -> Tensor:
    """Notes as a roll: (PITCHES, LENGTH), 1 where a note sounds and -1 elsewhere."""
    roll, start = -torch.ones(PITCHES, LENGTH), 0
    for pitch, length in zip(pitches, lengths, strict=True):
        roll[pitch, start : start + length] = 1.0
        start += length
    return roll


def caption(factors: Factors, generator: torch.Generator) -> str:
    """A caption; it may leave out one of the factors, and mostly says all."""
    shape, mode, pace = factors
    number = torch.rand(5, generator=generator).tolist()
    said = {
        word: WAYS_TO_SAY[word][number[i] < 0.5] for i, word in enumerate((shape, pace))
    }
    left_out = int(number[2] * 12)  # 0, 1 and 2 of twelve: this one is left out
    words = [said[pace]] * (left_out != 0) + [said[shape]] * (left_out != 1)
    mood = f" in {mode}" * (left_out != 2)
    if number[3] < 0.3:
        words.reverse()
    an = "an" if words[0][0] in "aeiou" else "a"
    return f"{an} {' '.join([*words, 'tune'])}{mood}"


# What is heard --------------------------------------------------------------------


def notes_of(roll: Tensor) -> list[tuple[int, int]]:
    """A roll as notes (pitch, length): the loudest at each step; -1 is silence."""
    loudest = roll.max(dim=0)
    pitches = torch.where(loudest.values > 0, loudest.indices, -1).tolist()
    notes: list[tuple[int, int]] = []
    for pitch in pitches:
        if notes and notes[-1][0] == pitch:
            notes[-1] = (pitch, notes[-1][1] + 1)
        else:
            notes.append((pitch, 1))
    return notes


def heard(rolls: Tensor) -> list[tuple[str | None, str | None, str | None]]:
    """Shape, mode and pace of each melody by rule; None where it has none clearly.

    No network judges here: notes can be counted.
    """
    return [(shape_of(x), mode_of(x), pace_of(x)) for x in map(notes_of, rolls)]


def shape_of(notes: list[tuple[int, int]]) -> str | None:
    """The shape whose line lies nearest to the notes, if it is near enough."""
    steps = [pitch for pitch, length in notes for _ in range(length)]
    if steps.count(-1) > len(steps) // 4:
        return None
    place = np.linspace(0, 1, len(steps))
    off = {}
    for name, turns in SHAPES.items():
        knots = np.linspace(0, 1, len(turns))
        line = np.interp(place, knots, [12 * turn / 7 for turn in turns])
        off[name] = float(np.abs(line - steps).mean())
    best = min(off, key=off.get)
    return best if off[best] < 3 else None  # semitones; a flat one is 3 or more off


def mode_of(notes: list[tuple[int, int]]) -> str | None:
    """The scale that has more of the notes, if it has nearly all; None if both do."""
    inside = {
        mode: sum(pitch in scale for pitch, _ in notes)
        for mode, scale in SCALES.items()
    }
    best = max(inside, key=inside.get)
    # One wrong note in six is forgiven, as it is at a school concert.
    clear = inside["major"] != inside["minor"] and inside[best] >= len(notes) * 5 / 6
    return best if clear else None


def pace_of(notes: list[tuple[int, int]]) -> str | None:
    """The pace whose notes begin where these do, at all steps but two."""
    begins = onsets([length for _, length in notes])
    wrong = {pace: len(begins ^ onsets(lengths_of(pace))) for pace in PACES}
    best = min(wrong, key=wrong.get)
    return best if wrong[best] <= 2 else None


def onsets(lengths: list[int]) -> set[int]:
    """The steps at which notes of these lengths begin."""
    return {sum(lengths[:i]) for i in range(len(lengths))}


def asked_for(prompt: str) -> tuple[str | None, str | None, str | None]:
    """Shape, mode and pace that a prompt names; None for what it leaves open."""
    said = {way: word for word, ways in WAYS_TO_SAY.items() for way in ways}
    said |= {mode: mode for mode in SCALES}
    text = f" {prompt.lower()} "
    named = {word for way, word in said.items() if f" {way} " in text}
    return tuple(
        next((word for word in words if word in named), None)
        for words in FACTORS.values()
    )
