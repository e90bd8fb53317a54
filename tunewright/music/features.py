"""What the measures look at in a tune, built once: its melody with places in the bar, its bars, its chords.

In: a `Tune`. Out: `Features`, plain numbers. Everything is as written: repeat signs are not unfolded, or each of them
would make half of all bars a repetition. Ties are joined, grace notes dropped, the top note of a chord is its melody.

Lengths and places that are compared between tunes are floats in whole notes, quotients of integers: equal lengths
give equal floats. Nothing here counts or judges (`measuring`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from tunewright.music.harmony import Harmony, implied_harmony, symbol_harmony, tonic_class
from tunewright.music.tune import (
    ChordSymbol,
    Element,
    Ending,
    Key,
    KeyChange,
    Meter,
    MeterChange,
    Note,
    Pitch,
    Rest,
    Tune,
)

Sign = tuple[int | None, int]  # pitch (None: a rest) and length in ticks


class Place(NamedTuple):
    """Where in a bar a note begins; a pickup lies at the end of its bar."""

    meter: str  # "6/8"; "4/4" for C, "2/2" for C|, "0/1" for free metre
    position: float  # whole notes from the bar's beginning; 0 in free metre
    strength: int  # 0 the bar's beginning, 1 a later beat, 2 between beats, 3 in free metre


class MelodyNote(NamedTuple):
    """A note as heard, ties joined."""

    pitch: int  # MIDI number
    onset: float  # whole notes from the beginning of the tune
    length: float  # whole notes
    place: Place
    degree: int | None  # semitones above the tonic, 0 to 11; None where the key claims no tonic
    follows: bool  # whether the note before in writing also sounds before it: no for the first, and in a later ending


class MelodyBar(NamedTuple):
    """One bar, pickups left out; lengths and onsets in `Features.ticks`."""

    signs: tuple[Sign, ...]  # ties within the bar joined
    length: int | None  # by the metre; None in free metre
    attacks: tuple[int, ...]  # when the notes begin, without one that is tied over from the bar before
    classes: tuple[int, ...]  # pitch classes of the notes that begin in it
    place: int  # bars since the section began; a later ending is where the first one is
    harmony: Harmony | None  # implied by its strong notes

    @property
    def onsets(self) -> frozenset[tuple[int, int]]:
        """Its notes as pairs of onset and pitch."""
        begun, found = 0, []
        for pitch, length in self.signs:
            if pitch is not None:
                found.append((begun, pitch))
            begun += length
        return frozenset(found)

    @property
    def rhythm(self) -> tuple[tuple[bool, int], ...]:
        """Its notes and rests without their pitches."""
        return tuple((pitch is not None, length) for pitch, length in self.signs)

    @property
    def contour(self) -> tuple[int, ...]:
        """The direction from each note to the next: 1 up, 0 level, -1 down."""
        pitches = [pitch for pitch, _ in self.signs if pitch is not None]
        return tuple((b > a) - (b < a) for a, b in pairwise(pitches))


@dataclass(frozen=True, slots=True)
class Features:
    """A tune as the measures see it."""

    melody: tuple[MelodyNote, ...]
    bars: tuple[MelodyBar, ...]
    chords: tuple[Harmony, ...]  # chord symbols in order, a symbol that only says the last one again left out
    ends: tuple[int | None, ...]  # the degree of the last note of each section, and of each of its endings
    ticks: int  # to a whole note


def features(tune: Tune | Features) -> Features:
    """What the measures look at in a tune; features are returned as they are."""
    return tune if isinstance(tune, Features) else _Reader(tune).read(tune)


def pairs(seen: Features) -> Iterator[tuple[MelodyNote, MelodyNote]]:
    """The notes that follow one another as heard: not the end of a first ending and the beginning of a second."""
    return ((one, other) for one, other in pairwise(seen.melody) if other.follows)


# ------------------------------------------------------------------------------------------------ reading a tune


@dataclass(frozen=True, slots=True)
class _Span:
    """A measure: its elements and those that stand before it, its metre, and where its bar begins."""

    elements: Sequence[Element]
    meter: Meter
    late: int  # ticks between the beginning of the bar and its first note
    pickup: bool
    place: int  # bars since the section began
    closes: bool  # whether a section, or one of its endings, ends with it


def _ticks(tune: Tune) -> int:
    """The smallest number of parts of a whole note in which every length, bar and beat of a tune is whole."""
    lengths = {element.length.denominator for element in tune.music if isinstance(element, Note | Rest)}
    meters = [tune.meter, *(element.meter for element in tune.music if isinstance(element, MeterChange))]
    return math.lcm(*lengths, *(meter.beat.denominator for meter in meters))


def _spans(tune: Tune, ticks: int) -> Iterator[_Span]:
    """The measures in order. A short one that begins the tune or a section, later endings apart, is a pickup."""
    meter, after, place, first_ending = tune.meter, 0, 0, 0
    for index, measure in enumerate(tune.measures):
        elements = tune.music[after : measure.stop]
        after = measure.stop
        meter = next((element.meter for element in reversed(elements) if isinstance(element, MeterChange)), meter)
        later_ending = any(_opens_later_ending(element) for element in elements)
        opens_section = index == 0 or (measure.opening is not None and measure.opening.ends_section)
        if later_ending:
            place = first_ending
        elif opens_section:
            place = 0
        if measure.opens_ending and not later_ending:
            first_ending = place
        missing = measure.expected - measure.length if measure.expected else Fraction(0)
        pickup = missing > 0 and opens_section and not later_ending
        closes = measure.closing is None or measure.closing.ends_section or index + 1 == len(tune.measures)
        yield _Span(elements, meter, _whole(missing, ticks) if pickup else 0, pickup, place, closes)
        place += not pickup


def _opens_later_ending(element: Element) -> bool:
    return isinstance(element, Ending) and min(element.numbers) > 1


def _whole(length: Fraction, ticks: int) -> int:
    return length.numerator * (ticks // length.denominator)


class _Reader:
    """One pass over a tune: the key that holds, the note that is tied on, and what was found so far."""

    def __init__(self, tune: Tune) -> None:
        self.ticks = _ticks(tune)
        self.key = tune.key
        self.tonic = tonic_class(tune.key)
        self.tied: tuple[Pitch, ...] = ()
        self.led_to = False  # whether the note before sounds before the next
        self.now = 0  # ticks since the tune began
        self.begun = False  # whether the section has a bar yet: one that is all pickup is none
        self.pitches: list[int] = []  # of the melody, as are the next five
        self.onsets: list[int] = []
        self.lengths: list[int] = []
        self.places: list[Place] = []
        self.degrees: list[int | None] = []
        self.follows: list[bool] = []
        self.bars: list[MelodyBar] = []
        self.chords: list[Harmony] = []
        self.ends: list[int | None] = []

    def read(self, tune: Tune) -> Features:
        for span in _spans(tune, self.ticks):
            self._read_span(span)
        onsets, lengths = ([ticks / self.ticks for ticks in some] for some in (self.onsets, self.lengths))
        melody = map(MelodyNote, self.pitches, onsets, lengths, self.places, self.degrees, self.follows)
        return Features(tuple(melody), tuple(self.bars), tuple(self.chords), tuple(self.ends), self.ticks)

    def _read_span(self, span: _Span) -> None:
        first, start, bar_signs = len(self.pitches), self.now - span.late, list[Sign]()
        place_of = _places(span.meter, self.ticks)
        for element in span.elements:
            if isinstance(element, Note | Rest):
                length = _whole(element.length, self.ticks)
                if isinstance(element, Note):
                    self._read_note(element, length, place_of(self.now - start), bar_signs)
                else:
                    bar_signs.append((None, length))
                    self.tied = ()
                self.now += length
            else:
                self._read_sign(element)
        if not span.pickup:
            self._add_bar(span.meter, span.place, first, start, bar_signs)
        self.begun = self.begun or not span.pickup
        if span.closes and self.begun and self.degrees:
            self.ends.append(self.degrees[-1])
            self.begun = False

    def _add_bar(self, meter: Meter, place: int, first: int, start: int, signs: Sequence[Sign]) -> None:
        """A bar that began at a tick, and in which the notes from the `first` on begin."""
        length = None if meter.length is None else _whole(meter.length, self.ticks)
        attacks = tuple(onset - start for onset in self.onsets[first:])
        classes = tuple(pitch % 12 for pitch in self.pitches[first:])
        harmony = _bar_harmony(signs, meter, self.ticks, self.key)
        self.bars.append(MelodyBar(tuple(signs), length, attacks, classes, place, harmony))

    def _read_note(self, note: Note, length: int, place: Place, bar_signs: list[Sign]) -> None:
        pitch, joined = note.pitch.midi, self.tied == note.pitches
        bar_signs.append((pitch, bar_signs.pop()[1] + length if joined and bar_signs else length))
        if joined:
            self.lengths[-1] += length
        else:
            self._add_note(pitch, length, place)
        self.tied = note.pitches if note.tied else ()

    def _read_sign(self, element: Element) -> None:
        if isinstance(element, KeyChange):
            self.key, self.tonic = element.key, tonic_class(element.key)
        elif isinstance(element, ChordSymbol):
            chord = symbol_harmony(element.text, self.key)
            if chord is not None and self.chords[-1:] != [chord]:
                self.chords.append(chord)
        elif _opens_later_ending(element):
            self.led_to = False

    def _add_note(self, pitch: int, length: int, place: Place) -> None:
        self.pitches.append(pitch)
        self.onsets.append(self.now)
        self.lengths.append(length)
        self.places.append(place)
        self.degrees.append(None if self.tonic is None else (pitch - self.tonic) % 12)
        self.follows.append(self.led_to)
        self.led_to = True


def _places(meter: Meter, ticks: int) -> Callable[[int], Place]:
    """The place of a note that begins so many ticks after the beginning of its bar."""
    name, beat = f"{meter.numerator}/{meter.denominator}", _whole(meter.beat, ticks)
    if meter.free:
        return lambda position: Place(name, 0.0, 3)
    return lambda position: Place(name, position / ticks, 0 if position == 0 else 1 if position % beat == 0 else 2)


def _bar_harmony(signs: Sequence[Sign], meter: Meter, ticks: int, key: Key) -> Harmony | None:
    """The triad that a bar implies; its strong notes are those on a beat, none in free metre."""
    beat, begun = _whole(meter.beat, ticks), 0
    strong, lengths = [], []
    for pitch, length in signs:
        if pitch is not None:
            lengths.append((pitch % 12, length))
            if not meter.free and begun % beat == 0:
                strong.append(pitch % 12)
        begun += length
    return implied_harmony(strong, lengths, key)
