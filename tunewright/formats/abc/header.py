"""The header of a tune: from its lines to title, metre, key and the lines of music that follow.

In: the lines of one tune. Out: a `Header`. What single fields mean is in `fields`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from tunewright.formats.abc.fields import default_unit, parse_key, parse_meter, parse_unit
from tunewright.formats.abc.numbers import parse_number
from tunewright.formats.abc.splitting import FIELD_LINE, Source, lines_of_music, strip_comment, undo_mail
from tunewright.music.playing import expand_parts
from tunewright.music.tune import Key, Meter, Repair
from tunewright.support.errors import ParseError

FIELD_NAMES = {
    "w": "lyrics",
    "W": "lyrics",
    "T": "subtitle",
    "Q": "tempo change",
    "V": "voice",
    "m": "macro",
    "s": "symbol line",
    "N": "note in words",
    "R": "rhythm change",
    "+": "continued field",
}
SHORTHAND = {
    ".": "staccato",
    "~": "roll",
    "H": "fermata",
    "L": "accent",
    "M": "lowermordent",
    "O": "coda",
    "P": "uppermordent",
    "S": "segno",
    "T": "trill",
    "u": "upbow",
    "v": "downbow",
    "J": "slide",
    "R": "roll",
}


@dataclass
class Header:
    """What stands before the music, and the numbered lines of music."""

    title: str = ""
    rhythm: str = ""
    parts: str = ""
    number: int = 1
    fields: list[tuple[str, str]] = field(default_factory=list)
    key: Key = field(default_factory=Key)
    octave: int = 0  # shift by K:… octave=
    meter: Meter = field(default_factory=Meter)
    unit: Fraction = Fraction(0)
    symbols: dict[str, str] = field(default_factory=lambda: dict(SHORTHAND))
    repairs: list[Repair] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    music: list[tuple[int, str]] = field(default_factory=list)


def read_header(source: Source) -> Header:
    """Header and lines of music of one tune; ParseError where K: is missing, or a metre or unit is none."""
    header = Header()
    lines = []
    for number, line in enumerate(source.lines, source.line):
        plain, mailed = (line, False) if FIELD_LINE.match(line) else undo_mail(line)  # "=20" may stand in a title
        lines.append((number, plain))
        if mailed:
            header.repairs.append(Repair("mail encoding undone", number, detail=line[-20:]))
    for default in source.defaults:
        _read_field(header, strip_comment(default), source.line)
    if not source.lines[0].startswith("X:"):
        header.repairs.append(Repair("no X: field", source.line))
    for index, (number, line) in enumerate(lines):
        text = strip_comment(line)
        try:
            if text.startswith("K:"):
                _end(header, text[2:], number)
                header.music = _after_header(header, lines[index + 1 :])
                return header
            _read_field(header, text, number)
        except ParseError as error:
            raise ParseError(error.reason, f"{source.name}:{number}") from None
    raise ParseError("no K: field, expected one at the end of the header", source.place)


def _end(header: Header, text: str, number: int) -> None:
    header.key, header.octave, repair = parse_key(text)
    header.unit = header.unit or default_unit(header.meter)
    if repair:
        header.repairs.append(Repair(repair, number, detail=text.strip()))


def _after_header(header: Header, lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    if lines and not lines[0][1].strip() and len(lines) > 1:
        header.repairs.append(Repair("empty line between header and music", lines[0][0]))
    return lines_of_music(lines)


def _read_field(header: Header, text: str, number: int) -> None:
    found = FIELD_LINE.match(text)
    if not found:
        header.left_out["text in the header"] += bool(text.strip())
        return
    letter, value = found[1], found[2].strip()
    if letter == "X":
        digits = re.match(r"\d{1,9}", value)
        header.number = parse_number(digits[0]) if digits else 0
    elif letter == "T" and not header.title:
        header.title = value
    elif letter == "R" and not header.rhythm:
        header.rhythm = value
    elif letter == "M":
        header.meter, repair = parse_meter(value)
        if repair:
            header.repairs.append(Repair(repair, number, detail=value))
    elif letter == "L":
        header.unit = parse_unit(value)
    elif letter == "P":
        _read_parts(header, value)
    elif letter == "U":
        define_symbol(header.symbols, value)
    elif letter == "K":
        header.left_out["key in the head of a file"] += 1
    elif letter in "wWmsV":
        header.left_out[FIELD_NAMES[letter]] += 1
    elif value:
        header.fields.append((letter, value))


def _read_parts(header: Header, value: str) -> None:
    if re.fullmatch(r"[A-Za-z\d(). ]+", value) and expand_parts(value):
        header.parts = value.replace(" ", "").replace(".", "")
    elif value:
        header.left_out["order of parts in words"] += 1


def define_symbol(symbols: dict[str, str], value: str) -> None:
    """Take a `U:` field, as in "T = !trill!", into the table of one-letter decorations."""
    found = re.match(r"([H-Wh-w~])\s*=\s*[!+]?([^!+\s]+)", value)
    if found:
        symbols[found[1]] = found[2]
