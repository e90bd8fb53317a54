"""All voices of a tune as sound, each on an instrument of its own.

In: a `Score`. Out: the bytes of a WAV file. This file makes no sound itself (`mixing`) and does not decide how voices
are played (`midi.scores`).
"""

from __future__ import annotations

from pathlib import Path

from tunewright.formats.midi.scores import played_piece
from tunewright.formats.sound import pieces
from tunewright.music.score import Score


def to_wav(
    score: Score,
    *,
    soundfont: Path | None = None,
    tempo: int | None = None,
    straight: bool = False,
    program: int | None = None,
    chords: bool = False,
) -> bytes:
    """The bytes of a WAV file of all voices; how they are played as in `played_piece`, errors as in `pieces.to_wav`."""
    played = played_piece(score, tempo=tempo, straight=straight, program=program, chords=chords)
    return pieces.to_wav(played, soundfont=soundfont)
