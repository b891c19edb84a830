"""Melodies for ears and eyes: a WAV file, a play button, a picture of the notes.

play(rolls[0])
write_wav(Path("tune.wav"), sound_of(rolls[0]))
"""

import io
import wave
from pathlib import Path

import torch
from IPython import get_ipython
from IPython.display import Audio, display
from torch import Tensor

from course_lib.checkpoint import replace_file
from course_lib.figures.figure import panels
from course_lib.world.melodies import LENGTH, PITCHES, notes_of

RATE = 8000  # numbers a second; the highest overtone here is at 2,093 Hz
LOWEST = 261.63  # Hz, C4
STEP = 0.25  # seconds of one step of a roll
# Strength of the overtones, at once, twice, three times ... the frequency. One alone
# sounds like a telephone.
OVERTONES = (1.0, 0.5, 0.25, 0.12)


def sound_of(roll: Tensor, step: float = STEP, rate: int = RATE) -> Tensor:
    """A melody as sound pressure, (N,) in [-1, 1].

    Args:
        roll: (PITCHES, LENGTH)
        step: seconds of a step
    """
    parts = [tone(pitch, length * step, rate) for pitch, length in notes_of(roll)]
    sound = torch.cat(parts)
    return sound / sound.abs().max().clamp(min=1e-9) * 0.8


def tone(pitch: int, seconds: float, rate: int) -> Tensor:
    """One note: a plucked string, more or less; pitch -1 is silence."""
    time = torch.arange(round(seconds * rate)) / rate
    if pitch < 0:
        return torch.zeros(len(time))
    # Twelve semitones double the frequency.
    angle = 2 * torch.pi * LOWEST * 2 ** (pitch / 12) * time
    pairs = enumerate(OVERTONES, start=1)
    wave_form = sum(loud * (times * angle).sin() for times, loud in pairs)
    # Loud at once, then fading; the last hundredth of a second fades out altogether, or
    # each note would end in a click.
    fading = (-3 * time).exp() * ((time[-1] - time) * 100).clamp(max=1)
    return wave_form * fading * (time * 200).clamp(max=1)


def wav_bytes(sound: Tensor, rate: int = RATE) -> bytes:
    """Sound (N,) in [-1, 1] as the bytes of a WAV file, one channel of 16 bits."""
    numbers = (sound.clamp(-1, 1) * 32767).round().to(torch.int16)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(numbers.numpy().astype("<i2").tobytes())
    return file.getvalue()


def write_wav(file: Path, sound: Tensor, rate: int = RATE) -> None:
    """Write a WAV file, whole or not at all."""
    content = wav_bytes(sound, rate)
    replace_file(Path(file), lambda new: new.write_bytes(content))


def play(roll: Tensor, title: str = "") -> None:
    """A play button for a melody; a terminal prints its title instead."""
    if get_ipython() is None:
        print(f"sound: {title}")
        return
    if title:
        print(title)
    display(Audio(data=wav_bytes(sound_of(roll))))


def show_rolls(rolls: Tensor, titles: list[str], alt: str) -> None:
    """Melodies as pictures: time goes to the right, pitch goes up; black sounds.

    Args:
        rolls: (N, PITCHES, LENGTH)
    """
    with panels(alt, len(rolls), width=2.3, height=1.7) as axes:
        axes[0].set(xlabel="time", ylabel="pitch")
        for axis, roll, title in zip(axes, rolls, titles, strict=True):
            axis.imshow(
                roll.detach().cpu(),
                origin="lower",
                cmap="Greys",
                vmin=-1,
                vmax=1,
                aspect="auto",
            )
            axis.grid(False)
            axis.set_title(title, fontsize=8)
            axis.set(xticks=range(0, LENGTH + 1, 4), yticks=range(0, PITCHES, 12))
            axis.set_yticklabels(["C", "C'"])
