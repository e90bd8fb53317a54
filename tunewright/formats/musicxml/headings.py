"""What stands over a tune rather than in it: titles, who made it, how fast it goes, how far from the page it sounds.

In: the element that it stands in, and a `Tune` or what is known of it. Out: children of it. What stands at single notes
is in `elements`.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from fractions import Fraction

from tunewright.formats.musicxml.elements import add
from tunewright.music.tune import Tempo, Tune

BEATS = {  # of a tempo, in whole notes: the note that stands for it, and its dots
    Fraction(1): ("whole", 0),
    Fraction(3, 4): ("half", 1),
    Fraction(1, 2): ("half", 0),
    Fraction(3, 8): ("quarter", 1),
    Fraction(1, 4): ("quarter", 0),
    Fraction(3, 16): ("eighth", 1),
    Fraction(1, 8): ("eighth", 0),
    Fraction(1, 16): ("16th", 0),
}
_OF_WORDS = re.compile(r"\s*(?:words|text|lyrics|lyricist|poem|poet|poetry)\b", re.IGNORECASE)
_STEPS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)  # of the staff, in so many semitones


def write_titles(root: ET.Element, tune: Tune) -> None:
    """Its title, those under it, and everybody who is named as having made it: who wrote words as their writer."""
    add(add(root, "work"), "work-title", tune.title or "Untitled")
    identification = add(root, "identification")
    for name in tune.headers("C"):
        add(identification, "creator", name, type="lyricist" if _OF_WORDS.match(name) else "composer")
    add(add(identification, "encoding"), "software", "Tunewright")
    for title in tune.headers("T"):
        credit = add(root, "credit", page="1")
        add(credit, "credit-type", "subtitle")
        add(credit, "credit-words", title)


def write_speed(measure: ET.Element, quarters: Fraction, tempo: Tempo | None, words: str = "") -> None:
    """How fast it goes from here on: for who plays it, and on the page where the tune says so."""
    if tempo is None and not words:
        add(measure, "sound", tempo=f"{float(quarters):g}")
        return
    direction = add(measure, "direction", placement="above")
    if words:
        add(add(direction, "direction-type"), "words", words)
    if tempo is not None:
        _write_metronome(add(add(direction, "direction-type"), "metronome"), tempo)
    add(direction, "sound", tempo=f"{float(quarters):g}")


def _write_metronome(metronome: ET.Element, tempo: Tempo) -> None:
    """A note and how many of it a minute; in quarters where no one note is as long as the beat."""
    beat = tempo.beat if tempo.beat in BEATS else Fraction(1, 4)
    kind, dots = BEATS[beat]
    add(metronome, "beat-unit", kind)
    for _ in range(dots):
        add(metronome, "beat-unit-dot")
    add(metronome, "per-minute", f"{float(tempo.quarters / (4 * beat)):g}")


def write_transposition(attributes: ET.Element, semitones: int) -> None:
    """From what is written to what sounds, where that is not the same."""
    if not semitones:
        return
    sign = 1 if semitones > 0 else -1
    octaves, rest = divmod(abs(semitones), 12)
    transpose = add(attributes, "transpose")
    add(transpose, "diatonic", str(sign * _STEPS[rest]))
    add(transpose, "chromatic", str(sign * rest))
    if octaves:
        add(transpose, "octave-change", str(sign * octaves))
