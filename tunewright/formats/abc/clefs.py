"""Clefs and transposition: how far from what is written a tune sounds.

In: the text of a `K:` or `V:` field. Out: semitones, and the text without what says nothing of the key. Source: the ABC
standard 2.1, section 4.6; `sound=`, `shift=` and `score=` are abcm2ps's.
"""

from __future__ import annotations

import re

from tunewright.formats.abc.numbers import parse_number
from tunewright.music.tune import SEMITONES

FARTHEST = 48  # semitones; what asks for more is a slip of the pen
_CLEF = r"treble|alto|tenor|bass|soprano|mezzosoprano|baritone|perc(?:ussion)?"
_NAMES = (
    "clef|octave|transpose|score|sound|shift|instrument|middle|m|t|stafflines|staffscale|cue|style|name|nm|"
    "subname|sname|snm|stem|stems|gstem|merge|up|down|dyn|lyrics|gchord|bracket|brace|map|program|scale|space"
)
_SETTING = re.compile(rf'(?<!\S)({_NAMES})\s*=\s*("[^"]*"|\S+)', re.IGNORECASE)
_BARE_CLEF = re.compile(rf"({_CLEF})\d?([+\-^_](?:8|15))?(?!\w)", re.IGNORECASE)
_OCTAVES = re.compile(r"([+\-^_])(8|15)\W*$")
_INTEGER = re.compile(r"[+-]?\d+$")
_NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([#b]?)([,']*)")
_SIGNS = {"^^": 2, "^": 1, "#": 1, "=": 0, "": 0, "_": -1, "b": -1, "__": -2}


def without_clef(text: str) -> str:
    """The text of a `K:` field without clef and settings: what may name a key.

    >>> without_clef("Am clef=bass octave=-1"), without_clef("treble-8")
    ('Am', '')
    """
    return _BARE_CLEF.sub("", _SETTING.sub("", text)).strip()


def sounding_shift(text: str) -> int | None:
    """Semitones from what is written to what sounds; None where the field says nothing of it.

    >>> sounding_shift("C treble-8"), sounding_shift("C octave=1 transpose=-2"), sounding_shift("C bass")
    (-12, 10, 0)
    """
    shifts = [shift for name, value in _SETTING.findall(text) if (shift := _shift(name.lower(), value)) is not None]
    bare = _BARE_CLEF.search(_SETTING.sub("", text))
    if bare:
        shifts.append(_octaves(bare[2] or ""))
    return max(-FARTHEST, min(FARTHEST, sum(shifts))) if shifts else None


def moves_the_page(text: str) -> bool:
    """Whether the field asks for a page in another key than the text: `score=` or `shift=`."""
    return any(name.lower() in ("score", "shift") for name, _ in _SETTING.findall(text))


def _shift(name: str, value: str) -> int | None:
    """What one setting says; None for one that is of the page alone."""
    value = value.strip('"')
    if name == "clef":
        return _octaves(value)
    if name in ("octave", "transpose"):
        semitones = 12 if name == "octave" else 1
        return semitones * _integer(value) if _INTEGER.match(value) else None
    if name in ("sound", "shift"):
        return _interval(value)
    return None


def _integer(text: str) -> int:
    return -parse_number(text[1:]) if text[0] == "-" else parse_number(text.lstrip("+"))


def _octaves(clef: str) -> int:
    """The 8 or 15 over or under a clef, in semitones."""
    found = _OCTAVES.search(clef)
    if not found:
        return 0
    return (1 if found[1] in "+^" else -1) * (12 if found[2] == "8" else 24)


def _interval(notes: str) -> int | None:
    """From the first of two notes to the second, or from c to the only one: "_B" is two semitones down."""
    found = [_number(note) for note in _NOTE.finditer(notes)]
    if len(found) == 1:
        up = (found[0] - _number_of("C", 0)) % 12
        return up if up <= 6 else up - 12
    return found[1] - found[0] if len(found) == 2 else None


def _number(note: re.Match[str]) -> int:
    sign, letter, after, octaves = note.groups()
    octave = letter.islower() + octaves.count("'") - octaves.count(",")
    return _number_of(letter.upper(), octave) + _SIGNS[sign or after]


def _number_of(step: str, octave: int) -> int:
    return 12 * octave + SEMITONES[step]
