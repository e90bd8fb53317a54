"""All voices of a tune as sound."""

from __future__ import annotations

import io
import wave

import numpy as np

from tests.support.voices import BAND, score_of
from tunewright.formats.midi.scores import played_piece
from tunewright.formats.sound.scores import to_wav


def samples(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    with wave.open(io.BytesIO(content)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768


def test_it_lasts_as_long_as_the_music_and_is_never_silent_within() -> None:
    score = score_of(BAND)
    sound = samples(to_wav(score))
    seconds = played_piece(score).seconds
    assert seconds <= len(sound) / 44100 <= seconds + 1.5
    assert 0.85 < np.abs(sound).max() < 0.95
    beats = sound[: int(seconds * 44100)].reshape(-1) ** 2
    assert min(part.mean() for part in np.array_split(beats, 20)) > 1e-5


def test_chords_are_heard() -> None:
    score = score_of(BAND)
    assert to_wav(score, chords=True) != to_wav(score)
