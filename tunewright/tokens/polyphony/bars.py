"""The bars of a piece in words, for who follows it while it is written.

In: a piece. Out: a line for each bar: which part begins which notes there. This file reads no tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tunewright.music.instruments import drum_name, instrument_name
from tunewright.music.piece import Part, Piece

PITCHES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


def told_bars(piece: Piece, count: int) -> Iterator[str]:
    """A line for each of the first `count` bars, as "bar 2: Violin A4 B4; Cello D3"; "-" where nothing begins."""
    for number, (start, stop) in enumerate(pairwise((*piece.bar_lines[:count], *piece.bar_lines[count:][:1])), 1):
        yield f"bar {number}: {_told(piece, start, stop)}\n"
    if 0 < len(piece.bar_lines) <= count:
        yield f"bar {len(piece.bar_lines)}: {_told(piece, piece.bar_lines[-1], piece.length + 1)}\n"


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
