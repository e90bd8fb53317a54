"""The header of a tune, sign by sign: which fields may come, and what may stand in them.

In: the signs of a vocabulary, which text of a tune it has learnt, what was asked for, and sign after sign. Out:
`Line`s, where writing stands in a header, and the signs that may come next; at its end metre, unit and key. The music
that follows is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from tunewright.formats.abc.fields import default_unit, parse_unit
from tunewright.music.rhythms import RHYTHMS, known_rhythm
from tunewright.music.tune import Key, Meter
from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.grammar.spelling import UNITS, key_texts, meter_texts, written_with

WORDS = "TZSNCODBFGHA"  # fields of words, of verbatim text; two of each at most
MOST_WORDS = 64  # signs in a field of words
MOST_LINES = 10
NO_WORDS = frozenset("%\\&$\n")  # comments and escapes
LARGEST_NUMBER = 9999

Fills = Callable[[Meter, Fraction], bool]


class Line(NamedTuple):
    """Where writing stands in a header: in a field, or at the beginning of a line, where `letter` is ""."""

    letter: str = ""
    text: str = ""  # after the letter: the colon and the value; of words only the length counts
    length: int = 0
    meter: str = ""
    unit: str = ""
    key: str = ""  # with a key the header is complete
    before: str = ""  # the letters of the fields before, in order of alphabet

    @property
    def complete(self) -> bool:
        """Whether the music begins here."""
        return bool(self.key) and not self.letter


class Header:
    """The automaton of headers, for one request; ConfigError where the vocabulary cannot write it."""

    def __init__(
        self,
        signs: frozenset[str],
        fills: Fills,
        *,
        canonical: bool,
        meter: Meter | None,
        key: Key | None,
        rhythm: str | None,
    ) -> None:
        self._signs, self._canonical, self._rhythm = signs, canonical, rhythm
        self.keys = key_texts(signs, key, canonical=canonical)
        units = written_with(UNITS, signs) if "L" in signs else ()
        self._units = {text: unit for text in units if (unit := parse_unit(text)[0])}
        self.meters = meter_texts(signs, meter)
        fitting = {text: tuple(self._fitting(found, fills)) for text, found in self.meters.items()}
        self._fit = {text: units for text, units in fitting.items() if units}  # units by metre; "" is none written
        self._rhythms = _rhythm_texts(signs, rhythm, canonical=canonical)
        for found, what in ((self._fit, f"metre {meter or ''}"), (self.keys, f"key {key or ''}")):
            if not found:
                raise ConfigError(
                    f"the vocabulary cannot write the {what.strip()} and fill its bars; expected its signs"
                )
        if rhythm and not self._rhythms:
            raise ConfigError(f"the vocabulary cannot write the rhythm {rhythm!r}; expected its letters")

    def _fitting(self, meter: Meter, fills: Fills) -> list[str]:
        """The units with which bars of a metre can be filled; "" where none has to be written."""
        units = [text for text, unit in self._units.items() if fills(meter, unit)]
        return units if self._canonical or not fills(meter, default_unit(meter)) else ["", *units]

    @property
    def pairs(self) -> list[tuple[Meter, Fraction]]:
        """The metres and units that may come together."""
        return [
            (self.meters[text], self._units[unit] if unit else default_unit(self.meters[text]))
            for text, units in self._fit.items()
            for unit in units
        ]

    def unit_of(self, line: Line) -> Fraction:
        """The unit length of a complete header."""
        return self._units[line.unit] if line.unit else default_unit(self.meters[line.meter])

    # -------------------------------------------------------------------------------------------- what may come

    def options(self, line: Line, *, shortest: bool = False) -> frozenset[str]:
        """The signs that may come next; with `shortest` those of a short way to the music."""
        if not line.letter:
            letters = self._letters(line)
            needed = [letter for letter in letters if letter in "XMLK"] if shortest else []
            return frozenset(needed[:1] or letters)
        if not line.text:
            return frozenset(":")
        values = self._values(line)
        if values is None:
            return self._words(line, shortest=shortest)
        written = line.text[1:]
        going_on = {text[len(written)] for text in values if len(text) > len(written) and text.startswith(written)}
        return frozenset(going_on | ({"\n"} if written in values else set()))

    def _letters(self, line: Line) -> list[str]:
        """The fields that may come, needed ones first."""
        if not self._canonical and not line.before:
            return ["X"]
        asked = bool(self._rhythm) and "R" not in line.before
        letters = [] if asked else self._needed(line)
        if "R" not in line.before and self._rhythms and not (self._canonical and line.meter):
            letters.append("R")
        if not self._canonical and len(line.before) < MOST_LINES:
            letters += [letter for letter in WORDS if letter in self._signs and line.before.count(letter) < 2]
        return letters

    def _needed(self, line: Line) -> list[str]:
        if not line.meter:
            return ["M"] if self._canonical or line.unit or not self._units else ["M", "L"]
        if line.unit:
            return ["K"]
        units = self._fit[line.meter]
        return (["K"] if "" in units else []) + (["L"] if any(units) else [])

    def _values(self, line: Line) -> tuple[str, ...] | None:
        """All values of this field, in all its spellings; None for words."""
        if line.letter in WORDS or (line.letter == "R" and not self._canonical and not self._rhythm):
            return None
        if line.letter == "X":
            return tuple(text for text in map(str, range(1, LARGEST_NUMBER)) if self._signs.issuperset(text))
        if line.letter == "R":
            return self._rhythms
        if line.letter == "M":
            values = [text for text, units in self._fit.items() if not line.unit or line.unit in units]
        elif line.letter == "L":
            values = [text for text in (self._fit[line.meter] if line.meter else self._units) if text]
        else:
            values = list(self.keys)
        return tuple(values if self._canonical else values + [f" {value}" for value in values if " " in self._signs])

    def _words(self, line: Line, *, shortest: bool) -> frozenset[str]:
        ends = frozenset("\n") if line.length else frozenset[str]()
        if line.length >= MOST_WORDS or (shortest and ends):
            return ends
        return ends | {sign for sign in self._signs - NO_WORDS if sign.isascii() and sign.isprintable()}

    # -------------------------------------------------------------------------------------------- going on

    def after(self, line: Line, sign: str) -> Line:
        """The line after a sign that may come."""
        if not line.letter:
            return line._replace(letter=sign)
        if sign != "\n":
            if line.text and self._values(line) is None:
                return line._replace(length=line.length + 1)
            return line._replace(text=line.text + sign)
        before = "".join(sorted(line.before + line.letter))
        value, line = line.text[1:].strip(), line._replace(letter="", text="", length=0, before=before)
        if "M" in before and not line.meter:
            return line._replace(meter=value)
        if "L" in before and not line.unit:
            return line._replace(unit=value)
        return line._replace(key=value) if "K" in before else line


def _rhythm_texts(signs: frozenset[str], rhythm: str | None, *, canonical: bool) -> tuple[str, ...]:
    """How the rhythm that was asked for may be spelled, or any; none where none was to be told."""
    if rhythm == "" or "R" not in signs:
        return ()
    known = known_rhythm(rhythm) if rhythm else None
    names = [known.name] if known else [rhythm] if rhythm else list(RHYTHMS)
    if not canonical:
        spelled = {text for name in names for text in (name, name.capitalize(), name.title())}
        names = sorted(spelled | {f" {text}" for text in spelled})
    return written_with(names, signs)
