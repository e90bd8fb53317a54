"""What families are found by: of a tune its melody as written, of a piece of several parts the line on top.

In: a `Tune` or a `Piece`. Out: a `Melody`: pitches in order, and fingerprints. Which melodies belong together is
`families`' to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tunewright.music import piece as pieces
from tunewright.music.kinds import Music
from tunewright.music.piece import TICKS, Piece
from tunewright.music.playing import fingerprint, written_melody
from tunewright.music.tune import Note, Pitch, Tune

LONGEST_LINE = 2000  # notes of a piece's top line that families are found by
_SPELLED = (
    ("C", 0),
    ("C", 1),
    ("D", 0),
    ("E", -1),
    ("E", 0),
    ("F", 0),
    ("F", 1),
    ("G", 0),
    ("G", 1),
    ("A", 0),
    ("B", -1),
    ("B", 0),
)

Line = npt.NDArray[np.int16]


class Melody(NamedTuple):
    """The pitches of a melody as MIDI numbers, and fingerprints: what has one of them in common is one family.

    The first fingerprint says which part of the data a family goes to.
    """

    line: Line
    fingerprints: tuple[str, ...]


def melody(music: Music) -> Melody:
    """The melody of a tune as written, or the top line of a piece."""
    return _MELODIES[music.kind](music)


def melody_line(tune: Tune) -> Line:
    """The pitches of a tune as written, as MIDI numbers: ties joined, the top note of a chord."""
    heard = written_melody(tune)
    return np.fromiter((max(-32000, min(32000, note.pitch.midi)) for note in heard), dtype=np.int16, count=len(heard))


def top_line(piece: Piece) -> Tune:
    """The highest notes of a piece as a tune, each as long as up to the next one; the drums where there is no other."""
    line = piece.skyline[:LONGEST_LINE] or piece.parts[0].notes[:LONGEST_LINE]
    lengths = [after.onset - note.onset for note, after in pairwise(line)] + [TICKS]
    return Tune(
        tuple(
            Note((_pitch(note.number),), Fraction(max(length, 1), 4 * TICKS))
            for note, length in zip(line, lengths, strict=True)
        )
    )


def _pitch(number: int) -> Pitch:
    step, alter = _SPELLED[number % 12]
    return Pitch(step, alter, number // 12 - 1)


def _of_tune(tune: Tune) -> Melody:
    return Melody(melody_line(tune), (fingerprint(tune),))


def _of_piece(piece: Piece) -> Melody:
    """Its top line, so that two settings of one chorale stay together; and all its notes, in any key."""
    line = top_line(piece)
    return Melody(melody_line(line), (fingerprint(line), pieces.fingerprint(piece)))


_MELODIES: Mapping[str, Callable[[Any], Melody]] = {Tune.kind: _of_tune, Piece.kind: _of_piece}
