"""What a page of music needs to know beyond the tune: measures as printed, note values, where beams break.

In: a `Tune`, lengths and metres. Out: plain values. Lengths are `Fraction`s of a whole note.
This file writes no format (`document`) and draws nothing (`engraving`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from tunewright.music.tune import Bar, Ending, Meter, Note, Rest, Tune, Tuplet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tunewright.music.tune import Element

TYPES = {  # whole notes: name
    Fraction(8): "maxima",
    Fraction(4): "long",
    Fraction(2): "breve",
    Fraction(1): "whole",
    Fraction(1, 2): "half",
    Fraction(1, 4): "quarter",
    Fraction(1, 8): "eighth",
    **{Fraction(1, 2**power): f"{2**power}{'nd' if power == 5 else 'th'}" for power in range(4, 11)},
}
BARS_PER_LINE = 4  # as tune books have it
MOST_ON_LINE = 48  # notes
PIECE = 16  # notes and rests to a piece of an overlong measure
SHORT_SYLLABLE, LETTERS = 1, 2  # letters that stand under a note, and how many more take the room of another
SHORTEST = Fraction(1, 1024)
DOTTED = (Fraction(1), Fraction(3, 2), Fraction(7, 4))


# ------------------------------------------------------------------------------------------------ measures


@dataclass(frozen=True, slots=True)
class Sheet:
    """One measure of the page: its elements (those between it and the one before included) and its bar lines."""

    elements: tuple[Element, ...]
    begin: int  # the place of the first of them in the music
    number: str
    implicit: bool  # not counted: a pickup, or the rest of a bar
    offset: Fraction  # from the beginning of the bar that it is part of
    opening: Bar | None
    closing: Bar | None
    ending: tuple[int, ...] = ()  # that begins here
    ending_stops: bool = False
    full: bool = False
    new_line: bool = False  # a good place to begin a line of the page
    continues: bool = False  # no bar line stands before it
    continued: bool = False  # no bar line stands after it
    letters: tuple[int, ...] = ()  # of the longest syllable under each note, where there are words


def sheets(tune: Tune, room: int = MOST_ON_LINE) -> Iterator[Sheet]:
    """The measures of the page; a short bar that completes the one before shares its number.

    A measure that is too long for a line, as in free metre, comes in pieces without bar lines between.
    A line has `room` for so many notes.
    """
    return in_lines([piece for sheet in measures_of(tune) for piece in _in_pieces(sheet)], room)


def in_lines(pieces: Sequence[Sheet], room: int = MOST_ON_LINE) -> Iterator[Sheet]:
    """The same measures, with the places where a line of the page begins."""
    in_ending, bars, notes = False, 0, 0
    most = _bars_per_line(pieces, room)
    for sheet in pieces:
        in_ending = in_ending or bool(sheet.ending)
        section = sheet.opening is not None and sheet.opening.ends_section
        # a second ending stays with the first, the rest of a bar with its beginning unless a section lies between
        apart = section or not sheet.number.startswith("X")
        again = bool(sheet.ending) and 1 not in sheet.ending
        new_line = (bars >= most and apart and not again) or (notes > 0 and notes + width_of(sheet) > room)
        bars, notes = (0, 0) if new_line else (bars, notes)
        yield replace(sheet, ending_stops=in_ending and sheet.ending_stops, new_line=new_line)
        in_ending = in_ending and not sheet.ending_stops
        bars += not sheet.implicit and not again
        notes += width_of(sheet)


def width_of(sheet: Sheet) -> int:
    """How much room a measure needs, in notes: a grace note takes half of one, as do `LETTERS` of a syllable."""
    timed = [element for element in sheet.elements if isinstance(element, Note | Rest)]
    graces = sum(len(element.grace) for element in timed if isinstance(element, Note))
    words = sum(max(0, letters - SHORT_SYLLABLE) for letters in sheet.letters)
    return len(timed) + (graces + 1) // 2 + (words + LETTERS - 1) // LETTERS


def _bars_per_line(pieces: Sequence[Sheet], room: int) -> int:
    """Four, or two where four in a row would not fit a line."""
    widths = [width_of(sheet) for sheet in pieces]
    fits = all(sum(widths[start : start + BARS_PER_LINE]) <= room for start in range(len(widths)))
    return BARS_PER_LINE if fits else BARS_PER_LINE // 2


def measures_of(tune: Tune) -> Iterator[Sheet]:
    """The measures of the page, each whole, and without lines."""
    measures = tune.measures
    begin, count, carry, sung = 0, 0, Fraction(0), 0
    letters = [max(map(len, syllables)) for syllables in zip(*tune.lyrics, strict=True)]
    for index, measure in enumerate(measures):
        last = index + 1 == len(measures)
        closing = _final_bar(tune, measure.stop) if last else measures[index + 1].opening
        place, begin = begin, measure.stop + 1
        elements = tune.music[place : measure.stop]
        missing = max(Fraction(0), measure.expected - measure.length) if measure.expected else Fraction(0)
        completes = bool(missing) and missing == carry
        pickup = (
            bool(missing) and not completes and (not index or bool(measure.opening and measure.opening.ends_section))
        )
        implicit = completes or pickup
        count += not implicit
        first, sung = sung, sung + sum(isinstance(element, Note) for element in elements)
        yield Sheet(
            elements,
            place,
            f"X{index}" if completes else str(count),
            implicit,
            offset=missing if completes or pickup else Fraction(0),
            opening=measure.opening,
            closing=closing,
            ending=tuple(number for part in elements if isinstance(part, Ending) for number in part.numbers),
            ending_stops=last or measures[index + 1].opens_ending or bool(closing and closing.ends_section),
            full=not missing and measure.length == measure.expected,
            letters=tuple(letters[first:sung]),
        )
        carry = measure.length if missing and not completes and not pickup else Fraction(0)


def _in_pieces(sheet: Sheet) -> Iterator[Sheet]:
    """A measure with very many notes cut where no tuplet is going on."""
    cuts, count, tuplet_left = [0], 0, 0
    for index, element in enumerate(sheet.elements):
        tuplet_left = element.r if isinstance(element, Tuplet) else tuplet_left
        if isinstance(element, Note | Rest):
            count, tuplet_left = count + 1, max(0, tuplet_left - 1)
            if count % PIECE == 0 and not tuplet_left:
                cuts.append(index + 1)
    if count < 2 * PIECE or len(cuts) < 2:
        yield sheet
        return
    offset, sung = sheet.offset, 0
    pieces = list(pairwise([*cuts[:-1], len(sheet.elements)]))
    for number, (start, stop) in enumerate(pieces):
        first, last = number == 0, stop == len(sheet.elements)
        before, sung = sung, sung + sum(isinstance(element, Note) for element in sheet.elements[start:stop])
        yield replace(
            sheet,
            elements=sheet.elements[start:stop],
            begin=sheet.begin + start,
            number=sheet.number if first else f"{sheet.number}-{number}",
            implicit=sheet.implicit or not first,
            offset=offset,
            opening=sheet.opening if first else None,
            closing=sheet.closing if last else None,
            ending=sheet.ending if first else (),
            ending_stops=sheet.ending_stops and last,
            full=False,
            continues=not first,
            continued=not last,
            letters=sheet.letters[before:sung],
        )
        timed = (element for element in sheet.elements[start:stop] if isinstance(element, Note | Rest))
        offset += sum((element.length for element in timed), Fraction(0))


def _final_bar(tune: Tune, stop: int) -> Bar | None:
    """The strongest of the bar lines at the end."""
    lines = [element for element in tune.music[stop:] if isinstance(element, Bar)]
    return next((bar for bar in lines if bar.ends_repeat), lines[-1] if lines else None)


# ------------------------------------------------------------------------------------------------ written values


@dataclass(frozen=True, slots=True)
class Value:
    """One written note or rest value: its type and dots, and what it lasts in whole notes."""

    kind: str
    dots: int
    length: Fraction

    @property
    def flags(self) -> int:
        """How many flags or beams it has."""
        base = next(length for length, name in TYPES.items() if name == self.kind)
        return max(0, base.denominator.bit_length() - 3)


@lru_cache(maxsize=4096)  # a tune has few lengths, and looking for one goes through every type and dot
def written_values(length: Fraction, ratio: Fraction) -> tuple[Value, ...]:
    """The values, to be tied, that write a length in a tuplet of `ratio` (written over sounding)."""
    return tuple(_written_values(length, ratio))


def _written_values(length: Fraction, ratio: Fraction) -> Iterator[Value]:
    left = length * ratio
    while left > 0:
        fitting = [
            (base * factor, dots, base)
            for base in TYPES
            for dots, factor in enumerate(DOTTED)
            if base * factor == left or (dots < 2 and base * factor < left)
        ]
        # what is left of a length in odd fractions is written as the shortest note and keeps its true length
        value, dots, base = max(fitting) if left >= SHORTEST and fitting else (left, 0, SHORTEST)
        if left - value and left - value < SHORTEST:
            value = left
        yield Value(TYPES[base], dots, value / ratio)
        left -= value


def own_ratio(length: Fraction) -> tuple[int, int]:
    """The tuplet (p, q) that a single note with an odd fraction of a length needs; (1, 1) for ordinary lengths."""
    odd = length.denominator // (length.denominator & -length.denominator)
    return (odd, 1 << (odd.bit_length() - 1)) if odd > 1 else (1, 1)


# ------------------------------------------------------------------------------------------------ beats


def beat_groups(meter: Meter) -> list[Fraction]:
    """Where in a bar beams break, as the lengths between, repeated."""
    if meter.groups:
        return [Fraction(group, meter.denominator) for group in meter.groups]
    if meter.compound:
        return [meter.beat]
    if meter.length in (Fraction(1), Fraction(3, 8)):
        return [meter.length / 2 if meter.length == 1 else meter.length]
    return [max(meter.beat, Fraction(1, 4)) if meter.beat < Fraction(1, 2) else Fraction(1, 4)]


def beat_group_of(position: Fraction, lengths: Sequence[Fraction]) -> int:
    """Which beat group a position of the bar lies in."""
    rounds, inside = divmod(position, sum(lengths, Fraction(0)))
    number = int(rounds) * len(lengths)
    for length in lengths:
        if inside < length:
            break
        inside -= length
        number += 1
    return number
