"""The header of a tune: from its lines to title, metre, key and the lines of music that follow.

In: the lines of one tune. Out: a `Header`. What single fields mean is in `fields`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from tunewright.formats.abc.accents import TEXT_FIELDS, decode_accents
from tunewright.formats.abc.clefs import moves_the_page, sounding_shift
from tunewright.formats.abc.fields import default_unit, parse_key, parse_meter, parse_unit
from tunewright.formats.abc.numbers import parse_number
from tunewright.formats.abc.shorthand import SHORTHAND, define_macro, define_symbol
from tunewright.formats.abc.splitting import FIELD_LINE, Source, lines_of_music, strip_comment, undo_mail
from tunewright.formats.abc.tempos import format_tempo, parse_tempo
from tunewright.music.playing import expand_parts
from tunewright.music.tune import Key, Meter, Repair, Tempo
from tunewright.support.errors import ParseError

FIELD_NAMES = {
    "w": "lyrics",
    "W": "lyrics",
    "Q": "tempo in words",
    "T": "title within the music",
    "V": "voice",
    "s": "symbol line",
    "N": "note in words",
    "R": "rhythm change",
    "+": "continued field",
}
LONGEST_FIELD = 10_000  # characters that may be gone on with: each line that does copies them
HELD_BY_FILE = "ABCDFGHILMmNOQRrSUZ"  # fields of a file's head that hold for each of its tunes (2.1, 3)


@dataclass
class Header:
    """What stands before the music, and the numbered lines of music."""

    title: str = ""
    rhythm: str = ""
    parts: str = ""
    number: int = 1
    fields: list[tuple[str, str]] = field(default_factory=list)
    key: Key = field(default_factory=Key)
    sounding: int = 0  # semitones from what is written to what sounds
    meter: Meter = field(default_factory=Meter)
    unit: Fraction = Fraction(0)
    tempo: Tempo | None = None
    symbols: dict[str, str] = field(default_factory=lambda: dict(SHORTHAND))
    macros: list[tuple[str, str]] = field(default_factory=list)
    voices: list[str] = field(default_factory=list)  # what V: fields say
    repairs: list[Repair] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    music: list[tuple[int, str]] = field(default_factory=list)


def read_header(source: Source) -> Header:
    """Header and lines of music of one tune; ParseError where K: is missing, or a metre or unit is none."""
    header = Header(repairs=list(source.repairs), left_out=Counter(dict(source.left_out)))
    lines = []
    for number, line in enumerate(source.read or source.lines, source.line):
        plain, mailed = (line, False) if FIELD_LINE.match(line) else undo_mail(line)  # "=20" may stand in a title
        lines.append((number, plain))
        if mailed:
            header.repairs.append(Repair("mail encoding undone", number, detail=line[-20:]))
    _read_defaults(header, source)
    held, header.rhythm = header.rhythm, ""  # of the file's head: it gives way to the tune's own
    if not source.lines[0].startswith("X:"):
        header.repairs.append(Repair("no X: field", source.line))
    last = ""  # the letter of the field that a "+:" goes on with
    for index, (number, line) in enumerate(lines):
        text = strip_comment(line)
        try:
            if text.startswith("K:"):
                header.rhythm = header.rhythm or held
                _end(header, text[2:], number)
                header.music = _after_header(header, lines[index + 1 :])
                return header
            last = _read_line(header, text, number, last)
        except ParseError as error:
            raise ParseError(error.reason, f"{source.name}:{number}") from None
    raise ParseError("no K: field, expected one at the end of the header", source.place)


def _read_defaults(header: Header, source: Source) -> None:
    """The fields of the file's head that hold for every tune; what cannot be read there costs no tune."""
    last = ""
    for number, line in source.defaults:
        text = strip_comment(line)
        if text[0] not in HELD_BY_FILE and not (text[0] == "+" and last):
            header.left_out["field of the file's head that holds for no tune"] += source.first
            last = ""
            continue
        try:
            last = _read_line(header, text, number, last)
        except ParseError as error:
            header.repairs.append(
                Repair("field of the file's head that says nothing ignored", number, detail=error.reason)
            )


def _end(header: Header, text: str, number: int) -> None:
    header.key, repair = parse_key(text)
    header.sounding = sounding_shift(text) or 0
    header.left_out["transposition of the page"] += moves_the_page(text)
    header.unit = header.unit or default_unit(header.meter)
    for value in [value for letter, value in header.fields if letter == "Q"]:
        set_tempo(header, value)
    if repair:
        header.repairs.append(Repair(repair, number, detail=text.strip()))


def set_tempo(header: Header, value: str) -> None:
    """Take a `Q:` field; kept among the other fields only where it has words: a number is the tempo of the tune."""
    header.fields = [field for field in header.fields if field[0] != "Q"]
    tempo = parse_tempo(value, header.unit)
    if tempo is None and header.tempo is not None:  # words in a field of their own
        words = value.replace('"', "").strip()
        value = f'"{words}" {format_tempo(header.tempo)}' if words else ""
    header.tempo = tempo or header.tempo
    if value and (header.tempo is None or '"' in value):
        header.fields.append(("Q", value))


def _after_header(header: Header, lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    if lines and not lines[0][1].strip() and len(lines) > 1:
        header.repairs.append(Repair("empty line between header and music", lines[0][0]))
    music = lines_of_music(lines)
    header.fields += [("W", decode_accents(text[2:])) for _, text in music if text.startswith("W:")]
    header.fields.sort(key=lambda field: field[0] == "W")  # words below the music come last, wherever they are written
    return [(number, text) for number, text in music if not text.startswith("W:")]


def _read_line(header: Header, text: str, number: int, last: str) -> str:
    """Take one line; the letter of its field, or of the one that it goes on with."""
    found = FIELD_LINE.match(text)
    if not found:
        header.left_out["text in the header"] += bool(text.strip())
        return last
    letter, value = found[1], found[2].strip()
    if letter == "+":
        _go_on(header, last, value)
        return last
    _read_field(header, letter, decode_accents(value) if letter in TEXT_FIELDS else value, number)
    return letter


def _go_on(header: Header, letter: str, value: str) -> None:
    """What follows "+:" is of the field before it."""
    value = decode_accents(value)
    if letter == "T" and not any(name == "T" for name, _ in header.fields):
        header.title = _longer(header.title, value)
    elif letter == "R":
        header.rhythm = _longer(header.rhythm, value)
    elif letter and header.fields and header.fields[-1][0] == letter:
        header.fields[-1] = letter, _longer(header.fields[-1][1], value)
    else:
        header.left_out[FIELD_NAMES["+"]] += 1


def _longer(text: str, more: str) -> str:
    """A field with what another line adds to it; ParseError where it becomes too long."""
    if more and len(text) > LONGEST_FIELD:
        raise ParseError(f"a field of more than {LONGEST_FIELD:,} characters is continued")
    return f"{text} {more}".strip()


def _read_field(header: Header, letter: str, value: str, number: int) -> None:
    if letter == "X":
        digits = re.match(r"\d+", value)
        header.number = parse_number(digits[0]) if digits else 0
    elif letter == "T" and not header.title:
        header.title = value
    elif letter == "R" and not header.rhythm:
        header.rhythm = value
    elif letter == "M":
        header.meter, repair = parse_meter(value)
        _note_repair(header, repair, number, value)
    elif letter == "L":
        unit, repair = parse_unit(value)
        header.unit = unit or Fraction(0)
        _note_repair(header, repair, number, value)
    elif letter == "P":
        _read_parts(header, value)
    elif letter == "U":
        define_symbol(header.symbols, value)
    elif letter == "m":
        define_macro(header.macros, value)
    elif letter == "V":
        header.voices.append(value)
    elif letter == "W":
        header.fields.append((letter, decode_accents(value)))
    elif letter in "ws":
        header.left_out[FIELD_NAMES[letter]] += 1
    elif value:
        header.fields.append((letter, value))


def _note_repair(header: Header, repair: str, number: int, value: str) -> None:
    if repair:
        header.repairs.append(Repair(repair, number, detail=value))


def _read_parts(header: Header, value: str) -> None:
    if re.fullmatch(r"[A-Za-z\d(). ]+", value) and expand_parts(value):
        header.parts = value.replace(" ", "").replace(".", "")
    elif value:
        header.left_out["order of parts in words"] += 1
