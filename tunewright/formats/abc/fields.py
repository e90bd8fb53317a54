"""ABC information fields: keys, metres, unit lengths and endings, from text to values and back.

In: the text after a field's colon, comments already taken off. Out: `Key`, `Meter`, `Fraction`, with a
word on what had to be repaired. The music itself is read in `music` and written in `writing`.
Source: the ABC standard 2.1, sections 3 and 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from tunewright.formats.abc.clefs import without_clef
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
_KEY = re.compile(r"(Es|As|[A-H])([#b♯♭]?)[ \t]*(?:-[ \t]*)?([A-Za-z]*)")
_LOWER_KEY = re.compile(
    rf"[a-g][#b♯♭]?[ \t-]*(?:m|(?:{'|'.join(name for name in _MODES if len(name) == 3)})\w*)?(?!\w)", re.I
)
_EXPLICIT = re.compile(r"\s*-?\s*exp(?![A-Za-z])")
_KEY_ACCIDENTAL = re.compile(r"(\^\^|\^|__|_|=)([A-Ga-g])(?![A-Za-z])")
_METER = re.compile(r"(\(?\d+(?:\+\d+)*\)?)/(\d+)")
_LONE_METER = re.compile(r"\d+")
_SUM = re.compile(rf"\s*{_METER.pattern}(?:\s*\+\s*{_METER.pattern})+\s*")
_LARGEST_METER = 64
_LOWER_NUMBERS = (2, 4, 8, 16, 32, 64)  # of a unit length, where one stands alone
_LONGEST_METER = 100  # characters in which a metre is looked for: what takes its time grows with their square
_LONGEST_SPAN = 15  # of an ending "1-99"


def parse_key(text: str) -> tuple[Key, str]:
    """The key of a `K:` field, and what had to be repaired ("" for nothing). What it says of clefs is for `clefs`.

    >>> parse_key("Dmix ^g")[0]
    Key(tonic='D', mode='mixolydian', accidentals=(('G', 1),))
    """
    text = text.strip()
    if text.casefold().startswith("hp"):  # the pipes: F and C sharp, on A; with HP they are not on the page
        return Key("A", "mixolydian", drawn=not text.startswith("HP")), ""
    words = without_clef(text)
    accidentals = _key_accidentals(words)
    found = _KEY.match(words)
    if not found:
        lower = _LOWER_KEY.match(words)
        if lower:
            return parse_key(words[0].upper() + words[1:])[0], "key in small letters"
        repair = "" if words.casefold().startswith("none") or accidentals or text else "empty key read as none"
        if words and not accidentals and not words.casefold().startswith("none"):
            repair = "unknown key read as none"
        return Key(None, "major", accidentals), repair
    letter, sign, word = found.groups()
    explicit = _EXPLICIT.match(words[found.end(2) :])
    mode, repair = ("major", "") if explicit else _parse_mode(word)
    if letter in _GERMAN_TONICS:
        repair = "German note name in key"
    tonic = _GERMAN_TONICS.get(letter, letter) + sign.replace("♯", "#").replace("♭", "b")
    if explicit:
        return _explicit(tonic, accidentals), repair
    key = Key(tonic, mode)
    return Key(tonic, mode, tuple((s, a) for s, a in accidentals if key.signature[s] != a)), repair


def names_key(text: str) -> bool:
    """Whether a `K:` field says anything of the key: one that has a clef alone leaves it as it is.

    >>> names_key("clef=bass"), names_key("D"), names_key("")
    (False, True, True)
    """
    return not text.strip() or bool(without_clef(text))


def _parse_mode(word: str) -> tuple[str, str]:
    if word == "M":  # "capitalisation is ignored for the modes"; in print a capital M would be major
        return "minor", "mode M read as minor"
    if word == "n":  # beside the m on the keyboard; its tunes sound minor
        return "minor", "mode n read as minor"
    name = word.casefold()
    for length in (3, 1):
        if (mode := _MODES.get(name[:length])) and (length == 3 or name == "m"):
            return mode, ""
    if name in ("", "none"):
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
    text = text[:_LONGEST_METER]
    if found := _LONE_METER.fullmatch(text):  # as some write 2 for 2/4
        return _meter([parse_number(found[0])], 4, text), "metre without its lower number counted in quarters"
    found = _METER.search(text)
    if not found:
        raise _no_meter(text)
    if len(terms := _METER.findall(text)) > 1 and _SUM.fullmatch(text):
        return _sum_of(terms, text), "sum of metres read as one"
    groups = [parse_number(group) for group in found[1].strip("()").split("+")]
    return _meter(groups, parse_number(found[2]), text), "" if found[0] == text else "metre with stray signs"


def _sum_of(terms: Sequence[tuple[str, str]], text: str) -> Meter:
    """3/4+2/4 and 3/4+3/8: one metre in the shorter unit."""
    lower = [parse_number(bottom) for _, bottom in terms]
    denominator = max(lower)
    if any(not bottom or denominator % bottom for bottom in lower):
        raise _no_meter(text)
    groups = [
        parse_number(group) * denominator // bottom
        for (top, _), bottom in zip(terms, lower, strict=True)
        for group in top.strip("()").split("+")
    ]
    return _meter(groups, denominator, text)


def _meter(groups: Sequence[int], denominator: int, text: str) -> Meter:
    if not 0 < sum(groups) <= _LARGEST_METER or denominator not in (1, 2, 4, 8, 16, 32, 64):
        raise _no_meter(text)
    return Meter(sum(groups), denominator, "", tuple(groups) if len(groups) > 1 else ())


def _no_meter(text: str) -> ParseError:
    return ParseError(f"unknown metre {text[:40]!r}, expected a fraction like 6/8, C, C| or none")


def parse_unit(text: str) -> tuple[Fraction | None, str]:
    """The unit note length of an `L:` field in whole notes, and what had to be repaired; None where the metre says it.

    >>> parse_unit("1/16"), parse_unit("8")
    ((Fraction(1, 16), ''), (Fraction(1, 8), 'unit length without its upper number'))
    """
    text = text.strip()
    if not text or text.casefold() == "auto":
        return None, "" if text else "empty unit length left to the metre"
    found = re.match(r"(\d+)\s*(?:/\s*(\d+))?", text)
    top, bottom = (parse_number(found[1]), parse_number(found[2] or "1")) if found else (0, 0)
    if not top or not bottom or not is_length(Fraction(top, bottom)):
        raise ParseError(f"unknown unit length {text[:40]!r}, expected a fraction like 1/8")
    if found and not found[2] and top in _LOWER_NUMBERS:
        return Fraction(1, top), "unit length without its upper number"
    return Fraction(top, bottom), ""


def default_unit(meter: Meter) -> Fraction:
    """The unit length where no `L:` says: 1/16 in metres shorter than 3/4, else 1/8."""
    return Fraction(1, 16) if meter.length is not None and meter.length < Fraction(3, 4) else Fraction(1, 8)


def parse_ending(text: str) -> tuple[int, ...]:
    """The times through of an ending.

    >>> parse_ending("1,3-5"), parse_ending("1.-3.")
    ((1, 3, 4, 5), (1, 2, 3))
    """
    numbers: set[int] = set()
    for first, last in re.findall(r"(\d+)\.?(?:\s*-\s*(\d+))?", text):
        begin, end = parse_number(first), parse_number(last or first)
        numbers.update(range(begin, min(end, begin + _LONGEST_SPAN) + 1))
        if len(numbers) > MOST_TIMES:
            raise ParseError(f"an ending for {len(numbers)} times through ({text[:20]}), expected at most {MOST_TIMES}")
    return tuple(sorted(numbers))
