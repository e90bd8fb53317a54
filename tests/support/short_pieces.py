"""Pieces of a few notes, for tests that count by hand."""

from __future__ import annotations

from collections.abc import Sequence

from tunewright.music.piece import TICKS, MeterAt, Part, Piece, PieceNote

Written = Sequence[tuple[int | tuple[int, ...] | None, float]]  # a number, a chord or a rest, and quarter notes


def part(*written: tuple[int | tuple[int, ...] | None, float], program: int = 0, drums: bool = False) -> Part:
    """A part of notes, chords and rests one after the other."""
    notes, now = [], 0
    for what, quarters in written:
        length = round(quarters * TICKS)
        numbers = () if what is None else what if isinstance(what, tuple) else (what,)
        notes += [PieceNote(now, now + length, number) for number in sorted(numbers)]
        now += length
    return Part(tuple(notes), program, drums)


def line(*numbers: int | None, quarters: float = 1) -> Part:
    """A part of notes of one length."""
    return part(*((number, quarters) for number in numbers))


def piece(*parts: Part, meter: tuple[int, int] = (4, 4), title: str = "", source: str = "") -> Piece:
    """These parts together."""
    return Piece(parts, (MeterAt(0, *meter),), title=title, source=source)
