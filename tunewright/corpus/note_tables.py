"""The notes of a tune as rows of a table, and the tune as a row of another.

In: a `Tune`, and whether it is to be as written or as played. Out: `NOTES` and `TUNES`, which say what every column
means, and rows for them. One row is one note of the melody: the top note where several sound together. Rests, grace
notes and lower notes are columns of the note that they follow, lead to, or sound with, so that nothing that sounds is
left out and the rows of a tune are one sequence. This file writes no file (`support.tables`) and reads none (`export`).

Time is counted in quarter notes, as MIDI, music21 and partitura count (the rest of this package counts in whole
notes): exactly, in ticks of which each tune has as few to the quarter as make all its lengths and beats whole, and as
floats to compare tunes by, which are quotients of those and so equal where the fractions are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from tunewright.music.harmony import tonic_class
from tunewright.music.playing import MOST_PLAYED, played_places, plays_on
from tunewright.music.tune import (
    STEPS,
    Element,
    Ending,
    Key,
    KeyChange,
    Measure,
    Meter,
    MeterChange,
    Note,
    Pitch,
    Rest,
    Tune,
)
from tunewright.support.tables import Column, Table

MOST_SIGNS = MOST_PLAYED  # of a tune that is made a table: parts and repeats can ask for thousands of millions
TUNE_ID = Column("tune", "text", "", "twelve hex digits by which the tune is known, as in `corpus --split-out`")
SPLIT = Column("split", "text", "", "train, valid or test; the settings of one tune are in one part")
FAMILY = Column("family", "text", "", "the id of the first tune of its family: those that are settings of one tune")

NOTES = Table(
    "notes",
    (
        TUNE_ID,
        SPLIT,
        FAMILY,
        Column("note", "int32", "", "place of the row in its tune, from 0"),
        Column(
            "written", "int32", "", "which of the tune's written notes it is, from 0: equal to note if not unfolded"
        ),
        Column("bar", "int32", "", "number of its bar as written, from 1; 0 is a pickup that begins the tune"),
        Column("bar_index", "int32", "", "bars before it in the order of the rows: a bar played twice counts twice"),
        Column("position", "int64", "ticks", "from the beginning of the bar; a pickup lies at the end of its bar"),
        Column("onset", "int64", "ticks", "from the beginning of the tune"),
        Column("length", "int64", "ticks", "as written: a note tied over a bar line is two rows"),
        Column("heard", "int64", "ticks", "length with the notes tied to it; 0 if it is itself tied to the row before"),
        Column("rest", "int64", "ticks", "silence after it, before the next note or the end of the tune"),
        Column("ticks", "int64", "", "ticks in a quarter note, the same in all rows of a tune"),
        Column("position_quarters", "float64", "quarter notes", "position / ticks"),
        Column("onset_quarters", "float64", "quarter notes", "onset / ticks"),
        Column("length_quarters", "float64", "quarter notes", "length / ticks"),
        Column("heard_quarters", "float64", "quarter notes", "heard / ticks"),
        Column("rest_quarters", "float64", "quarter notes", "rest / ticks"),
        Column("pitch", "int16", "MIDI number", "60 is middle C"),
        Column("spelling", "text", "", "note name, accidental (# or b) and octave: F#5; C4 is middle C"),
        Column("degree", "int8", "", "step of the scale from the tonic, 1 to 7; 0 where the key claims no tonic"),
        Column("degree_octave", "int16", "octaves", "of the degree, above the tonic nearest to the tune's last note"),
        Column("alteration", "int8", "semitones", "against the key signature: 0 is a note of the scale"),
        Column("semitones", "int8", "semitones", "above the tonic, 0 to 11; -1 where the key claims no tonic"),
        Column("meter", "text", "", "that holds here: 6/8; C is 4/4, C| is 2/2; 0/1 is free metre"),
        Column("strength", "int8", "", "0 the bar's beginning, 1 a later beat, 2 between beats, 3 in free metre"),
        Column("key", "text", "", "tonic and mode that hold here, as written, and what departs from the signature"),
        Column("tied", "bool", "", "written with a tie to the next note"),
        Column("continues", "bool", "", "tied to the row before: no new sound; leave these out to count what is heard"),
        Column("grace", "text", "", "spellings of the grace notes that lead to it, with spaces; they take no time"),
        Column("chord", "text", "", "spellings of the lower notes that sound with it, low to high, with spaces"),
    ),
)

TUNES = Table(
    "tunes",
    (
        TUNE_ID,
        SPLIT,
        FAMILY,
        Column("source", "text", "", "file and line"),
        Column("number", "int64", "", "the X: of ABC; 1 where the file has none"),
        Column("title", "text", "", "the first; cut after 200 characters"),
        Column("rhythm", "text", "", "the dance, as the file says it; empty where it says none"),
        Column("inferred_rhythm", "text", "", "what its notes tell where the file says none; empty where they do not"),
        Column("meter", "text", "", "at the beginning, as in the notes"),
        Column("key", "text", "", "at the beginning, as in the notes"),
        Column("tonic", "text", "", "of that key; empty where it claims none"),
        Column(
            "mode",
            "text",
            "",
            "of that key: major, minor, dorian, phrygian, lydian, mixolydian, locrian; empty as the tonic",
        ),
        Column("inferred_mode", "text", "", "what its notes tell where the file says no mode; empty where they do not"),
        Column("ticks", "int64", "", "ticks in a quarter note, in the rows of this tune"),
        Column("first_row", "int64", "", "row of the notes at which the tune begins, from 0"),
        Column("notes", "int32", "", "rows that it has there"),
        Column("bars", "int32", "", "bars as written"),
        Column("length", "int64", "ticks", "of the tune, in the order of the rows, rests counted"),
        Column("irregular", "bool", "", "whether some bar does not add up"),
        Column("repairs", "int32", "", "how often something was not as the standard has it and was read all the same"),
    ),
)


class Label(NamedTuple):
    """What a tune is known by among others."""

    tune: str
    split: str
    family: str


class NoteRow(NamedTuple):
    """A row of `NOTES`, which says what each of these is."""

    tune: str
    split: str
    family: str
    note: int
    written: int
    bar: int
    bar_index: int
    position: int
    onset: int
    length: int
    heard: int
    rest: int
    ticks: int
    position_quarters: float
    onset_quarters: float
    length_quarters: float
    heard_quarters: float
    rest_quarters: float
    pitch: int
    spelling: str
    degree: int
    degree_octave: int
    alteration: int
    semitones: int
    meter: str
    strength: int
    key: str
    tied: bool
    continues: bool
    grace: str
    chord: str


class TuneRow(NamedTuple):
    """A row of `TUNES`, which says what each of these is."""

    tune: str
    split: str
    family: str
    source: str
    number: int
    title: str
    rhythm: str
    inferred_rhythm: str
    meter: str
    key: str
    tonic: str
    mode: str
    inferred_mode: str
    ticks: int
    first_row: int
    notes: int
    bars: int
    length: int
    irregular: bool
    repairs: int


class TooLong(Exception):
    """A tune of more notes, as written or as played, than are made a table of."""


def note_rows(tune: Tune, label: Label, *, unfold: bool = False) -> list[NoteRow]:
    """Its notes in order, a row each: as written, or with repeats, endings and parts unfolded as they are played.

    None for a tune without notes; TooLong for more than `MOST_SIGNS`.
    """
    if not tune.notes:
        return []
    ticks = ticks_per_quarter(tune)
    return [_row(number, placed, label, ticks) for number, placed in enumerate(_placed(tune, ticks, unfold=unfold))]


def tune_row(tune: Tune, label: Label, rows: Sequence[NoteRow], first_row: int) -> TuneRow:
    """What there is to say of a tune as a whole, whose notes are these rows and begin at `first_row`; not for none."""
    inferred = {inference.what: inference.value for inference in tune.inferred}
    last = rows[-1]
    return TuneRow(
        *label,
        clean(tune.source),
        tune.number,
        clean(tune.title)[:200],
        clean(tune.rhythm),
        clean(inferred.get("rhythm", "")),
        meter_name(tune.meter),
        str(tune.key),
        tune.key.tonic or "",
        tune.key.mode if tune.key.tonic else "",
        clean(inferred.get("mode", "")),
        last.ticks,
        first_row,
        len(rows),
        len(tune.measures),
        last.onset + last.length + last.rest,
        tune.irregular,
        len(tune.repairs),
    )


def clean(text: str) -> str:
    """A text that every format can hold: no control characters, and bytes of a file name that are no UTF-8 as \\udcff.

    >>> clean("Fig\\tfor a kiss"), clean(chr(0xDCFF))
    ('Fig for a kiss', '\\\\udcff')
    """
    printable = "".join(" " if ord(sign) < 32 or ord(sign) == 127 else sign for sign in text)
    return printable.encode("utf-8", "backslashreplace").decode()


def meter_name(meter: Meter) -> str:
    """The metre as a fraction: 4/4 for C, 2/2 for C|, 0/1 for free metre.

    >>> meter_name(Meter(5, 8, groups=(3, 2)))
    '5/8'
    """
    return f"{meter.numerator}/{meter.denominator}"


# ------------------------------------------------------------------------------------------------ time


def ticks_per_quarter(tune: Tune) -> int:
    """The smallest number of parts of a quarter note in which every length, bar and beat of a tune is whole."""
    lengths = {element.length for element in tune.music if isinstance(element, Note | Rest)}
    meters = [tune.meter, *(element.meter for element in tune.music if isinstance(element, MeterChange))]
    units = {unit for meter in meters for unit in (meter.beat, meter.length or Fraction(1))}
    return math.lcm(*((4 * length).denominator for length in lengths | units))


def _in_ticks(length: Fraction, ticks: int) -> int:
    return 4 * ticks * length.numerator // length.denominator


# ------------------------------------------------------------------------------------------------ pitch


class _Step(NamedTuple):
    """A pitch in a key."""

    spelling: str
    degree: int
    octave: int
    alteration: int
    semitones: int


@dataclass(frozen=True, slots=True)
class _Scale:
    """A key, and the pitches met in it, each looked at once."""

    key: Key
    name: str
    tonic: int | None  # its place among the steps of all octaves, C0 being 0; None where the key claims none
    met: dict[Pitch, _Step] = field(default_factory=dict)

    def __getitem__(self, pitch: Pitch) -> _Step:
        found = self.met.get(pitch)
        if found is None:
            found = self.met[pitch] = self._look_at(pitch)
        return found

    def _look_at(self, pitch: Pitch) -> _Step:
        alteration, tonic_pitch_class = pitch.alter - self.key.signature[pitch.step], tonic_class(self.key)
        if self.tonic is None or tonic_pitch_class is None:
            return _Step(str(pitch), 0, 0, alteration, -1)
        octave, step = divmod(_diatonic(pitch) - self.tonic, 7)
        return _Step(str(pitch), step + 1, octave, alteration, (pitch.midi - tonic_pitch_class) % 12)


def _scale(key: Key, near: int) -> _Scale:
    """A key with the tonic nearest to a step, so that octaves are the same wherever the tune is moved."""
    if key.tonic is None:
        return _Scale(key, str(key), None)
    step = STEPS.index(key.tonic[0])
    return _Scale(key, str(key), step + 7 * round((near - step) / 7))


def _diatonic(pitch: Pitch) -> int:
    return 7 * pitch.octave + STEPS.index(pitch.step)


# ------------------------------------------------------------------------------------------------ places


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a note or rest is written."""

    measure: int  # its index among the tune's
    bar: int
    position: int  # ticks
    length: int  # ticks
    meter: str
    strength: int
    scale: _Scale


def _places(tune: Tune, ticks: int) -> dict[int, _Place]:
    """Of each note and rest, by its index in the music."""
    found: dict[int, _Place] = {}
    last = _diatonic(tune.notes[-1].pitch)
    scale, meter, after = _scale(tune.key, last), tune.meter, 0
    for index, measure in enumerate(tune.measures):
        elements = tune.music[after : measure.stop]
        meter = next((element.meter for element in reversed(elements) if isinstance(element, MeterChange)), meter)
        name, strength_at = meter_name(meter), _strengths(meter, ticks)
        now = _in_ticks(_missing(measure, elements, index), ticks)
        for place, element in enumerate(elements, after):
            if isinstance(element, Note | Rest):
                length = _in_ticks(element.length, ticks)
                found[place] = _Place(index, measure.number, now, length, name, strength_at(now), scale)
                now += length
            elif isinstance(element, KeyChange):
                scale = _scale(element.key, last)
        after = measure.stop
    return found


def _missing(measure: Measure, elements: Sequence[Element], index: int) -> Fraction:
    """What a pickup lacks before its first note: a short bar that begins the tune or a section, later endings apart.

    The measures have it so too (`music.features`).
    """
    opens_section = index == 0 or (measure.opening is not None and measure.opening.ends_section)
    later_ending = any(isinstance(element, Ending) and min(element.numbers) > 1 for element in elements)
    missing = measure.expected - measure.length if measure.expected else Fraction(0)
    return missing if missing > 0 and opens_section and not later_ending else Fraction(0)


def _strengths(meter: Meter, ticks: int) -> Callable[[int], int]:
    beat = _in_ticks(meter.beat, ticks)
    if meter.free:
        return lambda position: 3
    return lambda position: 0 if position == 0 else 1 if position % beat == 0 else 2


# ------------------------------------------------------------------------------------------------ notes in order


@dataclass(slots=True)
class _Placed:
    """A note in the order of the rows."""

    note: Note
    written: int
    place: _Place
    bar_index: int
    onset: int  # ticks, as the next two
    heard: int = 0
    rest: int = 0
    continues: bool = False


def _placed(tune: Tune, ticks: int, *, unfold: bool) -> list[_Placed]:
    """Its notes in the order in which they are played, or written."""
    places = _places(tune, ticks)
    written = {place: number for number, place in enumerate(_notes_at(tune))}
    found: list[_Placed] = []
    onset, bar_index, last, sounding = 0, -1, -1, 0  # sounding: where in `found` the note that sounds on began
    tied = False
    for place in _in_order(tune, unfold=unfold):
        element = tune.music[place]
        if not isinstance(element, Note | Rest):
            continue
        at, length = places[place], places[place].length
        bar_index += last < 0 or place <= last or at.measure != places[last].measure
        if isinstance(element, Note):
            continues = tied and found[-1].note.pitches == element.pitches
            sounding = sounding if continues else len(found)
            found.append(_Placed(element, written[place], at, bar_index, onset, continues=continues))
            found[sounding].heard += length
        elif found:
            found[-1].rest += length
        tied = isinstance(element, Note) and element.tied
        onset, last = onset + length, place
    return found


def _notes_at(tune: Tune) -> Iterator[int]:
    return (place for place, element in enumerate(tune.music) if isinstance(element, Note))


def _in_order(tune: Tune, *, unfold: bool) -> Iterator[int]:
    """The places in the music, one after the other; TooLong where they do not come to an end soon enough."""
    if plays_on(tune) if unfold else len(tune.music) > MOST_SIGNS:
        raise TooLong
    yield from played_places(tune) if unfold else range(len(tune.music))


def _row(number: int, placed: _Placed, label: Label, ticks: int) -> NoteRow:
    place, note = placed.place, placed.note
    step = place.scale[note.pitch]
    return NoteRow(
        *label,
        number,
        placed.written,
        place.bar,
        placed.bar_index,
        place.position,
        placed.onset,
        place.length,
        placed.heard,
        placed.rest,
        ticks,
        place.position / ticks,
        placed.onset / ticks,
        place.length / ticks,
        placed.heard / ticks,
        placed.rest / ticks,
        note.pitch.midi,
        step.spelling,
        step.degree,
        step.octave,
        step.alteration,
        step.semitones,
        place.meter,
        place.strength,
        place.scale.name,
        note.tied,
        placed.continues,
        " ".join(map(str, note.grace)),
        " ".join(map(str, note.pitches[:-1])),
    )
