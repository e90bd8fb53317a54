"""ABC information fields: keys, metres, unit lengths and endings, from text to values and back.

In: the text after a field's colon, comments already taken off. Out: `Key`, `Meter`, `Fraction`, with a
word on what had to be repaired. The music itself is read in `reading` and written in `writing`.
Source: the ABC standard 2.1, sections 3 and 4.
"""

from __future__ import annotations

import re
from fractions import Fraction

from tunewright.formats.abc.numbers import is_length, parse_number
from tunewright.music.playing import MOST_TIMES
from tunewright.music.tune import FREE, Key, Meter
from tunewright.support.errors import ParseError

_MODES = {
    "": "major",
    "maj": "major",
    "ion": "major",
    "m": "minor",
    "min": "minor",
    "aeo": "minor",
    "dor": "dorian",
    "phr": "phrygian",
    "lyd": "lydian",
    "mix": "mixolydian",
    "loc": "locrian",
}
ALTERATIONS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_GERMAN_TONICS = {"Es": "Eb", "As": "Ab", "H": "B"}
_KEY = re.compile(r"(Es|As|[A-H])([#b♯♭]?)[ \t]*([A-Za-z]*)")
_KEY_ACCIDENTAL = re.compile(r"(?<![\w=])(\^\^|\^|__|_|=)([A-Ga-g])(?![A-Za-z])")
_KEY_OCTAVE = re.compile(r"octave=(-?\d)")
_METER = re.compile(r"(\(?\d+(?:\+\d+)*\)?)/(\d+)")
_LARGEST_METER = 64
_LONGEST_METER = 100  # characters in which a metre is looked for: what takes its time grows with their square


def parse_key(text: str) -> tuple[Key, int, str]:
    """The key of a `K:` field, its octave shift, and what had to be repaired ("" for nothing).

    >>> parse_key("Dmix ^g")[0]
    Key(tonic='D', mode='mixolydian', accidentals=(('G', 1),))
    """
    text = text.strip()
    shift = _KEY_OCTAVE.search(text)
    octave = int(shift[1]) if shift else 0
    if text.casefold().startswith("hp"):  # the pipes: F and C sharp, on A
        return Key("A", "mixolydian"), octave, ""
    accidentals = _key_accidentals(text)
    found = _KEY.match(text)
    if not found:
        repair = "" if text.casefold().startswith("none") or accidentals else "empty key read as none"
        if text and not accidentals and not text.casefold().startswith(("none", "clef", "octave", "treble", "bass")):
            repair = "unknown key read as none"
        return Key(None, "major", accidentals), octave, repair
    letter, sign, word = found.groups()
    mode, repair = _parse_mode(word)
    if letter in _GERMAN_TONICS:
        repair = "German note name in key"
    tonic = _GERMAN_TONICS.get(letter, letter) + sign.replace("♯", "#").replace("♭", "b")
    if re.match(r"\s*exp\b", text[found.end(2) :]):
        return _explicit(tonic, accidentals), octave, repair
    key = Key(tonic, mode)
    return Key(tonic, mode, tuple((s, a) for s, a in accidentals if key.signature[s] != a)), octave, repair


def _parse_mode(word: str) -> tuple[str, str]:
    if word == "M":  # "capitalisation is ignored for the modes"; in print a capital M would be major
        return "minor", "mode M read as minor"
    if word == "n":  # beside the m on the keyboard; its tunes sound minor
        return "minor", "mode n read as minor"
    name = word.casefold()
    for length in (3, 1):
        if (mode := _MODES.get(name[:length])) and (length == 3 or name == "m"):
            return mode, ""
    if name in ("", "exp", "clef", "octave", "treble", "bass", "alto", "tenor", "none", "transpose", "middle"):
        return "major", ""
    return "major", "unknown mode read as major"


def _key_accidentals(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(
        {step.upper(): ALTERATIONS[sign] for sign, step in _KEY_ACCIDENTAL.findall(text)}.items()  # last one wins
    )


def _explicit(tonic: str, accidentals: tuple[tuple[str, int], ...]) -> Key:
    """`K:D exp _b ^f`: these accidentals and no others, told as what departs from D major."""
    wanted = dict.fromkeys("CDEFGAB", 0) | dict(accidentals)
    plain = Key(tonic).signature
    return Key(tonic, "major", tuple((step, alter) for step, alter in wanted.items() if plain[step] != alter))


def format_key(key: Key) -> str:
    """Canonical text of a key: "Em", "Ddor", "Bb", "none".

    >>> format_key(Key("D", "mixolydian", (("G", 1),)))
    'Dmix ^g'
    """
    signs = {alter: sign for sign, alter in ALTERATIONS.items()}
    extra = "".join(f" {signs[alter]}{step.lower()}" for step, alter in key.accidentals)
    if key.tonic is None:
        return "none" + extra
    short = {"major": "", "minor": "m"}.get(key.mode, key.mode[:3])
    return f"{key.tonic}{short}{extra}"


def parse_meter(text: str) -> tuple[Meter, str]:
    """The metre of an `M:` field, and what had to be repaired. ParseError where it names no metre.

    >>> parse_meter("2+3/8")[0].length
    Fraction(5, 8)
    """
    text = text.strip()
    if text in ("C", "c"):
        return Meter(4, 4, "C"), ""
    if text in ("C|", "c|"):
        return Meter(2, 2, "C|"), ""
    if text.casefold() in ("none", "free", "frei") or text.casefold().startswith("frei"):
        return FREE, "" if text.casefold() == "none" else "metre read as free"
    if not text:
        return FREE, "empty metre read as free"
    found = _METER.search(text[:_LONGEST_METER])
    if found:
        groups = tuple(parse_number(group) for group in found[1].strip("()").split("+"))
        denominator = parse_number(found[2])
        if 0 < sum(groups) <= _LARGEST_METER and denominator in (1, 2, 4, 8, 16, 32, 64):
            repair = "" if found[0] == text else "metre with stray signs"
            return Meter(sum(groups), denominator, "", groups if len(groups) > 1 else ()), repair
    raise ParseError(f"unknown metre {text[:40]!r}, expected a fraction like 6/8, C, C| or none")


def parse_unit(text: str) -> Fraction:
    """The unit note length of an `L:` field, in whole notes."""
    found = re.match(r"\s*(\d+)\s*(?:/\s*(\d+))?", text)
    top, bottom = (parse_number(found[1]), parse_number(found[2] or "1")) if found else (0, 0)
    if not top or not bottom or not is_length(Fraction(top, bottom)):
        raise ParseError(f"unknown unit length {text.strip()[:40]!r}, expected a fraction like 1/8")
    return Fraction(top, bottom)


def default_unit(meter: Meter) -> Fraction:
    """The unit length where no `L:` says: 1/16 in metres shorter than 3/4, else 1/8."""
    return Fraction(1, 16) if meter.length is not None and meter.length < Fraction(3, 4) else Fraction(1, 8)


def parse_ending(text: str) -> tuple[int, ...]:
    """The times through of an ending.

    >>> parse_ending("1,3-5")
    (1, 3, 4, 5)
    """
    numbers: set[int] = set()
    for item in re.findall(r"\d+(?:-\d+)?", text):
        first, _, last = item.partition("-")
        begin, end = parse_number(first), parse_number(last or first)
        numbers.update(range(begin, min(end, begin + 15) + 1))
        if len(numbers) > MOST_TIMES:
            raise ParseError(f"an ending for {len(numbers)} times through ({text[:20]}), expected at most {MOST_TIMES}")
    return tuple(sorted(numbers))
