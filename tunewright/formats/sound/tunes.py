"""A tune as sound: as a player might play it, on one instrument, and its chords on another where they are asked for.

In: a `Tune`. Out: the bytes of a WAV file. This file makes no sound itself (`mixing`) and does not decide how a tune is
played (`performance`); it says which note sounds when.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from tunewright.formats.midi.accompaniment import GUITAR, accompaniment
from tunewright.formats.midi.performance import performed, speeds
from tunewright.formats.midi.tunes import FLUTE
from tunewright.formats.sound.timed_notes import TimedNote
from tunewright.music.tune import Tune
from tunewright.support.errors import RenderError
from tunewright.support.files import replace_file


def write_wav(
    tune: Tune,
    path: Path,
    *,
    soundfont: Path | None = None,
    tempo: int | None = None,
    straight: bool = False,
    program: int = FLUTE,
) -> None:
    """Write a tune as sound: 44.1 kHz, 16 bits, stereo, its peak at -1 dB. Errors as in `to_wav` and `replace_file`."""
    replace_file(path, to_wav(tune, soundfont=soundfont, tempo=tempo, straight=straight, program=program))


def to_wav(
    tune: Tune,
    *,
    soundfont: Path | None = None,
    tempo: int | None = None,
    straight: bool = False,
    program: int = FLUTE,
    chords: bool = False,
) -> bytes:
    """The bytes of a WAV file of a tune; `program` is General MIDI's, from 0, `tempo` in beats of its metre per minute.

    With `chords` a guitar plays its chord symbols.

    Raises `RenderError` where the SoundFont is missing, broken or has not the instrument, or the tune has no notes or
    lasts more than half an hour.
    """
    from tunewright.formats.sound import mixing  # noqa: PLC0415 - numpy, only where there is sound to make

    notes = timed(tune, tempo=tempo, straight=straight, program=program, chords=chords)
    if not notes:
        raise RenderError(f"{tune.source or tune.title or 'tune'}: no notes; expected at least one")
    return mixing.to_wav(notes, soundfont)


def timed(
    tune: Tune, *, tempo: int | None = None, straight: bool = False, program: int = FLUTE, chords: bool = False
) -> list[TimedNote]:
    """Every note in seconds, those of the melody first; options as in `to_wav`. RenderError for an absurd tempo."""
    seconds = clock(speeds(tune, tempo))
    played = [(program, note) for note in performed(tune, straight=straight)]
    if chords:
        played += [(GUITAR, note) for note in accompaniment(tune)]
    return [
        TimedNote(seconds(note.onset), seconds(note.onset + note.length), note.number, note.velocity, on)
        for on, note in played
    ]


def clock(changes: Sequence[tuple[Fraction, Fraction]]) -> Callable[[Fraction], float]:
    """From onsets in whole notes to seconds, for a tune that is so fast from each of these onsets on."""
    onsets = [onset for onset, _ in changes]
    wholes = [4 * 60 / float(quarters) for _, quarters in changes]  # seconds of a whole note
    lengths = (float(after - before) * whole for before, after, whole in zip(onsets, onsets[1:], wholes, strict=False))
    starts = list(accumulate(lengths, initial=0.0))

    def seconds(onset: Fraction) -> float:
        place = max(0, bisect_right(onsets, onset) - 1)
        return starts[place] + float(onset - onsets[place]) * wholes[place]

    return seconds
