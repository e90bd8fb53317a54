"""The bars of a piece in words, for who follows it while it is written.

In: a piece. Out: a line for each bar: which part begins which notes there. This file reads no tokens.
"""

from __future__ import annotations

from itertools import islice, pairwise

from tunewright.music.instruments import drum_name, instrument_name
from tunewright.music.piece import Part, Piece

PITCHES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


def bars_in_words(piece: Piece, most: int | None = None) -> str:
    """A line for each of the first `most` bars, or for all: "bar 2: Violin A4 B4; Cello D3"; "-" for none begun."""
    bars = enumerate(pairwise((*piece.bar_lines, piece.length + 1)), start=1)
    return "".join(f"bar {number}: {_told(piece, *span)}\n" for number, span in islice(bars, most))


def _told(piece: Piece, start: int, stop: int) -> str:
    told = (_part(part, start, stop) for part in sorted(piece.parts, key=lambda part: (part.drums, part.program)))
    return "; ".join(filter(None, told)) or "-"


def _part(part: Part, start: int, stop: int) -> str:
    name = "Drums" if part.drums else instrument_name(part.program)
    of = drum_name if part.drums else _pitch_name
    notes = [of(note.number) for note in part.notes if start <= note.onset < stop]
    return " ".join([name, *notes]) if notes else ""


def _pitch_name(number: int) -> str:
    """As in "C4", middle C."""
    return f"{PITCHES[number % 12]}{number // 12 - 1}"
