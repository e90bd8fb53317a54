"""Tempo fields: how fast, from the text of `Q:` and back.

In: the text after the colon. Out: a `Tempo`, or None where it says no number. How fast a tune is played that says
nothing is `performance`'s to know. Source: the ABC standard 2.1, sections 3.1.8 and 10.1.
"""

from __future__ import annotations

import re
from fractions import Fraction

from tunewright.formats.abc.numbers import parse_number
from tunewright.music.elements import FASTEST, SLOWEST
from tunewright.music.tune import Tempo

LONGEST_TEMPO = 200  # characters, words in quotation marks left aside, in which numbers are looked for
_COUNT = r"(\d{1,9}(?:\.\d{1,3})?)"
_BEAT = r"\d{1,9}/\d{1,9}"
_TEMPO = re.compile(rf"({_BEAT}(?:\s+{_BEAT}){{0,9}}\s*|C\d?\s*)=\s*{_COUNT}")
_UNITS = re.compile(rf"\s*{_COUNT}\s*")


def parse_tempo(text: str, unit: Fraction) -> Tempo | None:
    """The tempo of 1/4=120, "Allegro" 3/8=100, 1/4 1/8=80, C3=60 or 120 (units a minute); None for words alone.

    >>> parse_tempo('"Allegro" 3/8=100', Fraction(1, 8)).quarters
    Fraction(150, 1)
    """
    words = re.sub(r'"[^"]*"', " ", text)[:LONGEST_TEMPO]
    if found := _TEMPO.search(words):
        beat = _beat(found[1].strip(), unit)
    elif found := _UNITS.fullmatch(words):
        beat = unit
    else:
        return None
    tempo = Tempo(beat, Fraction(found[found.lastindex or 1]))
    return tempo if SLOWEST <= tempo.quarters <= FASTEST else None


def format_tempo(tempo: Tempo) -> str:
    """The text of a tempo, as in "3/8=100".

    >>> format_tempo(Tempo(Fraction(1), Fraction(145, 2)))
    '1/1=72.5'
    """
    beat = f"{tempo.beat.numerator}/{tempo.beat.denominator}"
    return f"{beat}={float(tempo.per_minute):.3f}".rstrip("0").rstrip(".")


def _beat(text: str, unit: Fraction) -> Fraction:
    if text.startswith("C"):
        return unit * parse_number(text[1:] or "1")
    parts = [(parse_number(top), parse_number(bottom)) for top, bottom in re.findall(r"(\d+)/(\d+)", text)]
    return sum((Fraction(top, bottom) for top, bottom in parts if bottom), Fraction(0))
