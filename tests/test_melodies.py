"""Melodies: their captions say what is heard."""

import io
import wave

import pytest
import torch

from course_lib.figures.sound import LOWEST, RATE, sound_of, tone, wav_bytes, write_wav
from course_lib.training.composer import compose, learn_melodies, new_composer
from course_lib.world.melodies import (
    LENGTH,
    PITCHES,
    UNHEARD,
    asked_for,
    combinations,
    heard,
    melodies,
    melody,
    notes_of,
)


def test_a_melody_is_what_its_caption_says():
    rolls, captions = melodies(600, seed=3)
    assert rolls.shape == (600, PITCHES, LENGTH)
    wrong = 0
    for found, asked in zip(heard(rolls), map(asked_for, captions), strict=True):
        wrong += any(a and a != b for a, b in zip(asked, found, strict=True))
    assert wrong <= 6  # a wide wanderer may sound like another shape


def test_one_note_sounds_at_a_time_and_never_twice_in_a_row():
    rolls, _ = melodies(100, seed=1)
    assert (rolls.sum(1) == 2 - PITCHES).all()
    lengths = [tuple(n for _, n in notes_of(roll)) for roll in rolls]
    assert set(lengths) == {(2,) * 8, (1,) * 16, (3, 1) * 4}


def test_what_is_held_out_is_never_shown():
    seen = {asked_for(caption) for caption in melodies(800)[1]}
    assert not seen & set(UNHEARD) and set(combinations()) <= seen
    assert len(combinations()) + len(combinations(unheard=True)) == 24


def test_the_same_seed_gives_the_same_melody_in_any_number():
    few, many = melodies(3, seed=5), melodies(6, seed=5)
    assert torch.equal(few[0], many[0][:3]) and few[1] == many[1][:3]


def test_noise_is_no_melody():
    noise = torch.randn(50, PITCHES, LENGTH, generator=torch.Generator().manual_seed(0))
    assert sum(None not in each for each in heard(noise)) <= 5
    silence = -torch.ones(1, PITCHES, LENGTH)
    assert heard(silence) == [(None, None, None)]


# Sound ------------------------------------------------------------------------


@pytest.mark.parametrize("pitch", [0, 7, 12])
def test_a_note_has_its_frequency(pitch):
    sound = tone(pitch, 1.0, RATE)
    loudest = torch.fft.rfft(sound).abs().argmax().item()  # in Hz: it lasts a second
    assert loudest == pytest.approx(LOWEST * 2 ** (pitch / 12), abs=1.0)


def test_a_wav_file_holds_the_sound(tmp_path):
    roll = melody(("rising", "major", "slow"), torch.Generator().manual_seed(0))
    sound = sound_of(roll)
    write_wav(tmp_path / "tune.wav", sound)
    assert (tmp_path / "tune.wav").read_bytes() == wav_bytes(sound)
    with wave.open(io.BytesIO(wav_bytes(sound))) as file:
        assert file.getframerate() == RATE and file.getnframes() == len(sound)
        numbers = torch.frombuffer(
            bytearray(file.readframes(len(sound))), dtype=torch.int16
        )
    assert (numbers / 32767 - sound).abs().max() < 1e-4 and sound.abs().max() <= 1


# The composer -------------------------------------------------------------------


def test_a_composer_learns_and_writes_the_same_melody_again():
    composer = new_composer(widths=(8, 16))
    losses = [loss for _, loss in learn_melodies(composer, 12, batch_size=8, known=40)]
    assert sum(losses[-4:]) < sum(losses[:4])
    prompts = ["a slow rising tune in minor", "a fast tune"]
    rolls = compose(composer, prompts, seed=1, steps=3)
    assert rolls.shape == (2, PITCHES, LENGTH)
    torch.testing.assert_close(
        compose(composer, prompts[:1], seed=1, steps=3), rolls[:1]
    )


def test_words_that_no_caption_held_are_read_letter_by_letter():
    composer = new_composer(widths=(8, 16))
    assert composer.read(["ein Lied", ""]).shape[0] == 2
