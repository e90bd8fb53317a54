"""The music of a tune, line by line and sign by sign.

In: a `State` with a header and its lines of music. Out: what they hold, in that state. Each sign is read by a function
of the table at the end: those of `notes`, `tuplets`, `slurs`, `bars`, of `body_fields`, and the short ones here.
What ties mean is settled in `joining`. Source: the ABC standard 2.1, section 4.
"""

from __future__ import annotations

from collections.abc import Callable

from tunewright.formats.abc.bars import read_bar, read_ending
from tunewright.formats.abc.body_fields import read_body_field, read_inline_field
from tunewright.formats.abc.notes import (
    read_broken,
    read_chord,
    read_grace,
    read_late_length,
    read_note,
    read_rest,
    read_tie,
)
from tunewright.formats.abc.overlays import begin_overlay, end_overlay, is_of_overlay, leave_overlay_at_bar_line
from tunewright.formats.abc.shorthand import LONGEST_EXPANSION, expand_macros, is_decoration
from tunewright.formats.abc.signs import NOTE_LETTERS, SIGNS, is_music
from tunewright.formats.abc.slurs import finish_slurs, read_slur
from tunewright.formats.abc.splitting import FIELD_LINE, goes_on
from tunewright.formats.abc.state import State
from tunewright.formats.abc.tuplets import finish_tuplet, read_tuplet
from tunewright.music.chord_symbols import is_chord
from tunewright.music.tune import ChordSymbol, Note
from tunewright.support.errors import ParseError

NO_NOTES = "no notes found, expected music after K:"
_TIMED = ("note", "rest", "chord")


def read_music(state: State) -> None:
    """Read all lines; ParseError, its bar named, where the music makes no sense or holds no note."""
    for number, text in state.header.music:
        state.line = number
        try:
            _read_line(state, text)
        except ParseError as error:
            raise ParseError(f"bar {state.bar_number()}: {error.reason}") from None
    if not any(isinstance(element, Note) for element in state.music):
        raise ParseError(NO_NOTES)
    finish_tuplet(state)
    if state.grace:
        state.repair("grace notes before no note ignored")
    finish_slurs(state)
    if state.decorations:
        state.left_out["decoration without a note"] += len(state.decorations)


def _expanded(state: State, text: str) -> str:
    """The line with its macros written out; ParseError where those of the tune grow too long."""
    whole = expand_macros(text, state.header.macros)
    state.expanded += len(whole) if whole != text else 0
    if state.expanded > LONGEST_EXPANSION:
        raise ParseError(f"macros make more than {LONGEST_EXPANSION:,} characters")
    return whole


def _read_line(state: State, text: str) -> None:
    field = FIELD_LINE.match(text)
    if field and not is_music(field):
        read_body_field(state, field[1], field[2].strip())
        return
    state.without_length = None
    text, continued = goes_on(_expanded(state, text) if state.header.macros else text)
    for sign in SIGNS.finditer(text):
        kind = sign.lastgroup or ""
        if kind == "space":
            continue
        if kind == "overlay":
            begin_overlay(state, sign[0])
            continue
        if kind == "bar":
            leave_overlay_at_bar_line(state)
        here = state.overlay.state if state.overlay and is_of_overlay(kind, sign[0]) else state
        _READERS[kind](here, sign[0])
        here.last_sign = kind
    if not continued:
        end_overlay(state)
        state.end_line()


def _read_decoration(state: State, text: str) -> None:
    name = text[1:-1]
    if text[0] == "+" and NOTE_LETTERS.fullmatch(name) and name.strip("f"):  # forte is no chord
        state.repair("chord in plus signs", text)  # as ABC 1.6 wrote it
        read_chord(state, f"[{name}]")
    elif is_decoration(name):
        state.decorations.append(name.strip())
    elif text[0] == "!":
        _read_signs(state, name)  # music between two old line breaks
    else:
        _read_unknown(state, text)


def _read_signs(state: State, text: str) -> None:
    for sign in SIGNS.finditer(text):
        if sign.lastgroup != "space":
            _READERS[sign.lastgroup or ""](state, sign[0])


def _read_symbol(state: State, text: str) -> None:
    meaning = state.header.symbols.get(text)
    if meaning is None:
        state.left_out[f"sign {text!r}"] += 1
    elif meaning.startswith('"'):
        _read_quoted(state, meaning)
    else:
        state.decorations.append(meaning)


def _read_number(state: State, text: str) -> None:
    if state.last_sign == "bar" and text[0].isdigit():
        read_ending(state, text)
    elif (
        state.last_sign in _TIMED
        and state.without_length == len(state.music) - 1
        and "." not in text
        and "," not in text
        and "-" not in text.removesuffix("-")
    ):
        read_late_length(state, text.removesuffix("-"))
        if text.endswith("-"):
            read_tie(state, "-")
    else:
        state.left_out["number without a note"] += 1


def _read_quoted(state: State, text: str) -> None:
    if not text.endswith('"') or len(text) < 2:
        state.repair("quotation mark never closed", text[:20])
    words = text.strip('"').strip()
    if is_chord(words):
        state.add(ChordSymbol(words))
    elif words:
        state.annotations.append((len(state.music) + state.close_bar, words))  # a bar line is put before what follows


def _read_linebreak(state: State, _text: str) -> None:
    state.end_line()


def _read_unknown(state: State, text: str) -> None:
    state.left_out[f"sign {text!r}"] += 1


_READERS: dict[str, Callable[[State, str], None]] = {
    "quoted": _read_quoted,
    "field": read_inline_field,
    "ending": read_ending,
    "bar": read_bar,
    "chord": read_chord,
    "grace": read_grace,
    "tuplet": read_tuplet,
    "note": read_note,
    "rest": read_rest,
    "decoration": _read_decoration,
    "slur": read_slur,
    "tie": read_tie,
    "broken": read_broken,
    "number": _read_number,
    "symbol": _read_symbol,
    "linebreak": _read_linebreak,
    "unknown": _read_unknown,
}
