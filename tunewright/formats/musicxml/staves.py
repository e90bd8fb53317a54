"""The staves of a page, and the measures of several voices side by side.

In: a `Tune`, or a `Score` of several voices. Out: `Staff`s from the top down, with the measures of their voices, as
many in each: bar lines, numbers, endings and lines of the page are those of the melody, and a voice that ends early
rests. This file writes no format (`document`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tunewright.formats.musicxml.notation import MOST_ON_LINE, Sheet, in_lines, measures_of, sheets, width_of
from tunewright.music.score import Score
from tunewright.music.tune import Note, Rest, Tune


@dataclass(frozen=True, slots=True)
class Line:
    """One voice on the page: its music, its measures, and whether what all voices share is written with it."""

    tune: Tune
    sheets: tuple[Sheet, ...]
    leads: bool = True


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff: the voices on it, its name and short name, and its clef, "" where that follows from the notes."""

    lines: tuple[Line, ...]
    name: str = ""
    short_name: str = ""
    clef: str = ""


def staves_of(music: Tune | Score, room: int = MOST_ON_LINE) -> list[Staff]:
    """The staves of a page, from the top down, a line of which has room for so many notes."""
    if isinstance(music, Tune):
        return [Staff((Line(music, tuple(sheets(music, room))),))]
    tunes = music.tunes
    rows = _side_by_side(tunes, room)
    top = music.staves[0][0]
    staves = []
    for places in music.staves:
        lines = tuple(Line(tunes[place], tuple(rows[place]), leads=place == top) for place in places)
        voices = [music.voices[place] for place in places]
        name = "\n".join(voice.name for voice in voices if voice.name)
        short = "\n".join(voice.short_name for voice in voices if voice.short_name)
        staves.append(Staff(lines, name, short, next((voice.clef for voice in voices if voice.clef), "")))
    return staves


def _side_by_side(tunes: Sequence[Tune], room: int) -> list[list[Sheet]]:
    """The measures of each voice, the melody first, all as it divides them."""
    rows = [list(measures_of(tune)) for tune in tunes]
    count = max(map(len, rows))
    frame = list(in_lines(_widest(rows, count), room))
    return [[_framed(row[place] if place < len(row) else None, frame[place]) for place in range(count)] for row in rows]


def _widest(rows: Sequence[Sequence[Sheet]], count: int) -> list[Sheet]:
    """The measures that all voices have in common, each as the first voice that has it says, and as full as any."""
    frame = []
    for place in range(count):
        there = [row[place] for row in rows if place < len(row)]
        widest = max(there, key=width_of)
        frame.append(replace(there[0], elements=widest.elements, letters=widest.letters))
    return frame


def _framed(sheet: Sheet | None, frame: Sheet) -> Sheet:
    """A measure of one voice with the bar lines that all have."""
    if sheet is None:
        timed = (element.length for element in frame.elements if isinstance(element, Note | Rest))
        silence = Rest(sum(timed, Fraction(0)), visible=False)
        return replace(frame, elements=(silence,), begin=-1, letters=(), full=False)
    return replace(
        frame,
        elements=sheet.elements,
        begin=sheet.begin,
        offset=sheet.offset,
        full=sheet.full,
        letters=sheet.letters,
    )
