"""How ABC spells what a bar and a header are made of, with the signs that a vocabulary has.

In: the signs of a vocabulary; a unit length, a key, a range. Out: the texts of lengths, pitches, metres, units, keys
and chord symbols that can be written, and with how few notes a room can be filled. No order of signs is known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from math import gcd

from tunewright.formats.abc.fields import format_key, parse_key, parse_meter
from tunewright.formats.abc.numbers import parse_length
from tunewright.music.tune import STEPS, Key, Meter, Pitch

WHOLE = 768  # ticks of a whole note: lengths of bars are sums of whole ticks, within tuplets as well
SHORTEST = WHOLE // 64
SIGNS_OF_A_NOTE = 5  # the longest that a note is on a short way
SIGNS_OF_A_LINE = 8  # of a bar line and an ending
ALTERATIONS = {"^": 1, "=": 0, "_": -1}
OCTAVES = {"upper": ("", ",", ",,"), "lower": ("", "'", "''")}  # what may follow a capital, and a small letter
LOWEST, HIGHEST = 36, 100  # MIDI notes, where nobody asks for a range
LENGTHS = (
    *("", "2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "14", "16"),
    *("/", "/2", "1/2", "3/", "3/2", "5/", "5/2", "7/", "7/2", "9/2", "//", "/4", "1/4", "3/4", "5/4", "7/4", "9/4"),
)
METERS = ("C", "C|", "2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "3/8", "2/2", "3/2", "5/4", "5/8", "6/4", "7/8")
UNITS = ("1/8", "1/16", "1/4")
TONICS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "F", "Bb", "Eb", "Ab", "Db", "Gb")
MODE_WORDS = {
    "major": ("", "maj", "Maj", "major", "Major"),
    "minor": ("m", "min", "Min", "minor", "Minor"),
    "dorian": ("dor", "Dor", "dorian", "Dorian"),
    "mixolydian": ("mix", "Mix", "mixolydian", "Mixolydian"),
    "phrygian": ("phr", "Phr", "phrygian", "Phrygian"),
    "lydian": ("lyd", "Lyd", "lydian", "Lydian"),
}
MOST_SHARPS = 6
CHORD_KINDS = ("", "m", "7", "m7", "maj7", "dim", "6", "sus4")


def written_with(texts: Iterable[str], signs: frozenset[str]) -> tuple[str, ...]:
    """Those texts that these signs can write."""
    return tuple(text for text in texts if signs.issuperset(text))


def meter_texts(signs: frozenset[str], meter: Meter | None) -> dict[str, Meter]:
    """The metres that can be written, or the one asked for, by how they are spelled."""
    texts = METERS if meter is None else (str(meter), *METERS)
    metres = {text: parse_meter(text)[0] for text in written_with(texts, signs)}
    return {text: found for text, found in metres.items() if meter is None or found == meter}


def key_texts(signs: frozenset[str], key: Key | None, *, canonical: bool) -> dict[str, Key]:
    """The keys that can be written, or the one asked for, by how they are spelled."""
    keys = [Key(tonic, mode) for tonic in TONICS for mode in MODE_WORDS] if key is None else [key]
    texts: dict[str, Key] = {}
    for each in keys:
        if key is None and abs(each.sharps) > MOST_SHARPS:
            continue
        spelled = [format_key(each)]
        if not canonical and each.tonic and not each.accidentals:
            spelled += [f"{each.tonic}{gap}{word}" for word in MODE_WORDS.get(each.mode, ()) for gap in ("", " ")]
        texts |= {text: each for text in written_with(spelled, signs) if parse_key(text) == (each, "")}
    return texts


def chord_texts(signs: frozenset[str]) -> tuple[str, ...]:
    """The chord symbols that can be written, without quotation marks."""
    roots = [letter + sign for letter in STEPS for sign in ("", "#", "b")]
    return written_with((root + kind for root in roots for kind in CHORD_KINDS), signs)


class Lengths:
    """The lengths that can be written with a unit, in ticks, and with how few of them a room can be filled."""

    def __init__(self, unit: Fraction, signs: frozenset[str]) -> None:
        exact = {text: parse_length(text) * unit * WHOLE for text in written_with(LENGTHS, signs)}
        self.ticks = {text: int(ticks) for text, ticks in exact.items() if ticks.denominator == 1 and ticks >= SHORTEST}
        self._values = sorted(set(self.ticks.values()), reverse=True)
        self._step = gcd(*self._values)
        self._fewest: list[int | None] = [0]  # by room, in steps

    def fewest(self, room: int) -> int | None:
        """With how few notes a room can be filled exactly; None where it cannot be."""
        if room < 0 or not self._values or room % self._step:
            return None
        steps = room // self._step
        for total in range(len(self._fewest), steps + 1):
            left = (total - value // self._step for value in self._values)
            counts = [self._fewest[steps_left] for steps_left in left if steps_left >= 0]
            self._fewest.append(min((count + 1 for count in counts if count is not None), default=None))
        return self._fewest[steps]

    def fills(self, room: int) -> bool:
        """Whether a room can be filled."""
        return self.fewest(room) is not None

    def signs(self, meter: Meter) -> int:
        """About the most signs that a bar takes on a short way through it."""
        assert meter.length is not None
        return SIGNS_OF_A_LINE + SIGNS_OF_A_NOTE * (1 + (self.fewest(int(meter.length * WHOLE)) or 0))


class Pitches:
    """Which notes may be written in a key so that they sound within a range of MIDI notes."""

    def __init__(self, key: Key, signs: frozenset[str], low: int, high: int) -> None:
        self._signature, self._low, self._high, self._signs = key.signature, low, high, signs
        self.letters = [letter for letter in "CDEFGABcdefgab" if letter in signs]
        self.accidentals = [sign for sign in ALTERATIONS if sign in signs]
        self.octaves = cache(self._octaves)
        self.possible = cache(self._possible)

    def alteration(self, letter: str, accidental: str, altered: tuple[tuple[str, int], ...]) -> int:
        """How a note is altered by its accidental, the one before it in its bar, or the key."""
        step = letter.upper()
        return ALTERATIONS[accidental] if accidental else dict(altered).get(step, self._signature[step])

    def _octaves(self, letter: str, alteration: int) -> frozenset[str]:
        """The octave marks with which a letter sounds within the range."""
        marks = written_with(OCTAVES["upper" if letter.isupper() else "lower"], self._signs)
        return frozenset(text for text in marks if self._low <= _midi(letter, text, alteration) <= self._high)

    def _possible(self, accidental: str, altered: tuple[tuple[str, int], ...]) -> frozenset[str]:
        """The letters that may follow an accidental, or come without one."""
        sounding = ((letter, self.alteration(letter, accidental, altered)) for letter in self.letters)
        return frozenset(letter for letter, alteration in sounding if self.octaves(letter, alteration))


def _midi(letter: str, marks: str, alteration: int) -> int:
    octave = 4 + letter.islower() + marks.count("'") - marks.count(",")
    return Pitch(letter.upper(), alteration, octave).midi
