"""Pieces as sound: every part in time, in tune and to be heard."""

from __future__ import annotations

import io
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.real_pieces import chorales, songs
from tunewright.formats.sound.mixing import default_soundfont, mix
from tunewright.formats.sound.pieces import timed, to_wav
from tunewright.formats.sound.soundfonts import read_soundfont
from tunewright.formats.sound.timed_notes import SAMPLE_RATE, TAIL_SECONDS
from tunewright.music.piece import TICKS, Part, Piece, PieceNote, TempoAt
from tunewright.support.errors import RenderError


def samples_of(content: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float)


def loudness(samples: np.ndarray) -> float:
    """Root mean square in dB."""
    return 20 * float(np.log10(np.sqrt((samples**2).mean()) + 1e-12))


def scale(program: int, *, drums: bool = False, start: int = 60) -> Part:
    notes = (PieceNote(k * TICKS, (k + 1) * TICKS, start + k, 90) for k in range(8))
    return Part(tuple(notes), program, drums)


@pytest.mark.parametrize("piece", [*chorales()[:2], *songs(2)], ids=lambda piece: piece.title)
def test_sound_lasts_as_long_as_the_piece_and_neither_clips_nor_clicks(piece: Piece) -> None:
    samples = samples_of(to_wav(piece))
    assert piece.seconds - 0.001 <= len(samples) / SAMPLE_RATE <= piece.seconds + TAIL_SECONDS
    assert 20 * np.log10(np.abs(samples).max() / 32767) == pytest.approx(-1, abs=0.01)
    assert np.abs(samples[-10:]).max() < 100
    assert (np.abs(samples).max(axis=0) > 8000).all()  # both ears


def test_every_part_is_heard() -> None:
    font = read_soundfont(default_soundfont())
    for piece in (chorales()[0], *songs(2)):
        whole = loudness(mix(timed(piece), font, piece.seconds))
        for part in piece.parts:
            alone = loudness(mix(timed(replace(piece, parts=(part,))), font, piece.seconds))
            assert -25 < alone - whole < 3, (piece.title, part.name)


def test_every_note_sounds_when_and_as_high_as_it_stands() -> None:
    """In the middle of each note of a scale the strongest frequency is one of its harmonics."""
    piece = Piece((scale(73, start=72),), tempos=(TempoAt(0, 1_000_000), TempoAt(4 * TICKS, 500_000)))
    samples = samples_of(to_wav(piece)).sum(axis=1)
    for note in piece.parts[0].notes:
        begin, end = (round(piece.seconds_at(tick) * SAMPLE_RATE) for tick in (note.onset, note.end))
        middle = samples[begin + (end - begin) // 3 : end]
        power = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 17))
        strongest = np.argmax(power) * SAMPLE_RATE / (1 << 17)
        harmonic = strongest / (440 * 2 ** ((note.number - 69) / 12))
        assert round(harmonic) >= 1
        assert harmonic == pytest.approx(round(harmonic), rel=0.02)


@pytest.mark.parametrize("piece", songs(4), ids=lambda piece: piece.title)
def test_seconds_are_those_of_the_piece(piece: Piece) -> None:
    tempos = tuple(TempoAt(k * 700, 300_000 + 50_000 * (k % 7)) for k in range(9))
    changed = replace(piece, tempos=tempos)
    notes = [note for part in changed.parts for note in part.notes]
    for note, sounded in zip(notes, timed(changed), strict=True):
        assert (sounded.onset, sounded.end) == pytest.approx(
            (changed.seconds_at(note.onset), changed.seconds_at(note.end))
        )


def test_programs_are_told_apart_and_drums_are_no_pitches() -> None:
    sounds = [to_wav(Piece((part,))) for part in (scale(0), scale(40), scale(0, drums=True))]
    assert len(set(sounds)) == 3
    assert to_wav(Piece((scale(0),))) == sounds[0]


def test_more_parts_than_midi_has_channels() -> None:
    parts = tuple(scale(5 * number % 120, start=40 + number) for number in range(18))
    font = read_soundfont(default_soundfont())
    piece = Piece(parts)
    together = mix(timed(piece), font, 1)
    alone = sum(mix(timed(Piece((part,))), font, 1) for part in parts)
    assert np.allclose(together, alone, atol=1e-4)
    assert len(to_wav(piece)) > 44


def test_what_cannot_be_sounded(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"x\.mid:1: no notes"):
        to_wav(Piece((), source="x.mid:1"))
    with pytest.raises(RenderError, match="lasts 33 minutes; expected at most 30"):
        to_wav(Piece((Part((PieceNote(4000 * TICKS, 4001 * TICKS, 60),)),)))
    with pytest.raises(RenderError, match=r"no\.sf2: cannot be read"):
        to_wav(songs(1)[0], soundfont=tmp_path / "no.sf2")
