"""A piece as sound: every part on its own instrument, at the tempi that the piece states.

In: a `Piece`. Out: the bytes of a WAV file. This file makes no sound itself (`mixing`); it says which note sounds
when, and on what.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate, pairwise
from pathlib import Path

from tunewright.formats.sound.timed_notes import TimedNote
from tunewright.music.piece import TICKS, USUAL_TEMPO, Piece, TempoAt
from tunewright.support.errors import RenderError
from tunewright.support.files import replace_file


def to_wav(piece: Piece, *, soundfont: Path | None = None) -> bytes:
    """The bytes of a WAV file of all parts: 44.1 kHz, 16 bits, stereo, its peak at -1 dB.

    Raises `RenderError` for a piece without notes or of more than half an hour, and where the SoundFont is missing,
    broken or has not the instruments.
    """
    from tunewright.formats.sound import mixing  # noqa: PLC0415 - numpy, only where there is sound to make

    notes = timed(piece)
    if not notes:
        raise RenderError(f"{piece.source or piece.title or 'piece'}: no notes; expected at least one")
    return mixing.to_wav(notes, soundfont)


def write_wav(piece: Piece, path: Path, *, soundfont: Path | None = None) -> None:
    """Write a piece as sound. Errors as in `to_wav` and `replace_file`."""
    replace_file(path, to_wav(piece, soundfont=soundfont))


def timed(piece: Piece) -> list[TimedNote]:
    """Every note of every part in seconds, part after part."""
    seconds = _clock(piece)
    return [
        TimedNote(seconds(note.onset), seconds(note.end), note.number, note.velocity, part.program, part.drums)
        for part in piece.parts
        for note in part.notes
    ]


def _clock(piece: Piece) -> Callable[[int], float]:
    """What gives the seconds of a tick; as `Piece.seconds_at`, but quick where there are many tempi."""
    tempos = [TempoAt(0, USUAL_TEMPO), *piece.tempos]
    lengths = ((after.time - tempo.time) * tempo.microseconds for tempo, after in pairwise(tempos))
    begins = list(accumulate(lengths, initial=0))
    times = [tempo.time for tempo in tempos]

    def seconds(tick: int) -> float:
        place = bisect_right(times, tick) - 1
        return (begins[place] + (tick - times[place]) * tempos[place].microseconds) / (TICKS * 1e6)

    return seconds
