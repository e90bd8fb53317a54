"""Tunes as sound: in time, in tune, and no click at the end."""

from __future__ import annotations

import io
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.support.short_tunes import JIG
from tunewright.formats.abc import parse_abc
from tunewright.formats.midi.listening.transcription import spell
from tunewright.formats.midi.performance import speed
from tunewright.formats.midi.tunes import FLUTE, TICKS_PER_QUARTER, to_score
from tunewright.formats.sound.timed_notes import SAMPLE_RATE, TAIL_SECONDS
from tunewright.formats.sound.tunes import to_wav, write_wav
from tunewright.music.tune import Key, Note, Tune
from tunewright.support.errors import RenderError


def samples_of(content: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_sound_has_the_right_length_peak_and_no_silent_end() -> None:
    score = to_score(JIG)
    seconds = score.end() / TICKS_PER_QUARTER * 60 / float(speed(JIG))
    samples = samples_of(to_wav(JIG))
    assert seconds <= len(samples) / SAMPLE_RATE <= seconds + TAIL_SECONDS
    assert 20 * np.log10(np.abs(samples.astype(float)).max() / 32767) == pytest.approx(-1, abs=0.05)
    assert np.abs(samples[-SAMPLE_RATE // 5 : -SAMPLE_RATE // 25].astype(int)).max() > 0
    assert np.abs(samples[-10:].astype(int)).max() < 100  # no click


@pytest.mark.parametrize(("program", "number"), [(FLUTE, number) for number in range(55, 94, 3)] + [(40, 60), (0, 69)])
def test_every_note_sounds_at_its_pitch(program: int, number: int) -> None:
    tune = Tune((Note((spell(number, Key()),), Fraction(1)),))
    samples = samples_of(to_wav(tune, tempo=60, program=program))[: SAMPLE_RATE * 3, 0].astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequency = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    fundamental = 440 * 2 ** ((number - 69) / 12)
    harmonic = np.round(frequency / fundamental)
    near = (harmonic >= 1) & (np.abs(frequency - harmonic * fundamental) < np.maximum(15, 0.015 * frequency))
    assert power[near].sum() > 0.85 * power[frequency > 60].sum()
    low = (frequency > 0.6 * fundamental) & (frequency < 1.5 * fundamental)
    assert frequency[low][np.argmax(power[low])] == pytest.approx(fundamental, rel=0.012)


def test_tempo_makes_it_shorter() -> None:
    assert len(samples_of(to_wav(JIG, tempo=200))) < len(samples_of(to_wav(JIG, tempo=60))) / 2


def test_a_soundfont_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"no\.sf2: cannot be read"):
        write_wav(JIG, tmp_path / "t.wav", soundfont=tmp_path / "no.sf2")
    (tmp_path / "bad.sf2").write_bytes(b"not a SoundFont at all")
    with pytest.raises(RenderError, match=r"bad\.sf2: begins with b'not '"):
        write_wav(JIG, tmp_path / "t.wav", soundfont=tmp_path / "bad.sf2")
    assert not (tmp_path / "t.wav").exists()


def test_changes_of_tempo_are_heard() -> None:
    slow, fast = parse_abc(
        "X:1\nL:1/4\nQ:1/4=60\nK:C\nCDEF|GABc|]\n\nX:2\nL:1/4\nQ:1/4=60\nK:C\nCDEF|[Q:1/4=240]GABc|]\n"
    )
    lengths = [len(samples_of(to_wav(tune, straight=True))) / SAMPLE_RATE for tune in (slow, fast)]
    assert lengths[0] - lengths[1] == pytest.approx(3, abs=0.05)


def test_what_sounds_an_octave_lower_is_heard_there() -> None:
    low, written = parse_abc("X:1\nK:C treble-8\nc8|]\n\nX:2\nK:C\nC8|]\n")
    assert to_wav(low) == to_wav(written)
