"""Fields that stand in the music: changes of key, metre, unit and tempo, words, and the parts of a tune.

In: a field's letter and value, or the text of an inline one, and the `State` that it is read in. Out: that state
changed. What the values mean is in `fields`, what stands before the music in `header`.
"""

from __future__ import annotations

from collections.abc import Callable

from tunewright.formats.abc.clefs import moves_the_page, sounding_shift
from tunewright.formats.abc.fields import default_unit, names_key, parse_key, parse_meter, parse_unit
from tunewright.formats.abc.header import FIELD_NAMES, set_tempo
from tunewright.formats.abc.lyrics import Words
from tunewright.formats.abc.shorthand import define_macro, define_symbol
from tunewright.formats.abc.state import State
from tunewright.formats.abc.tempos import parse_tempo
from tunewright.music.tune import KeyChange, MeterChange, Part

CHANGED_SOUND = "change of what sounds within the tune"


def read_inline_field(state: State, text: str) -> None:
    """Take a field in brackets, as in "[M:3/4]"."""
    read_body_field(state, text[1], text[3:].rstrip("]").strip())


def read_body_field(state: State, letter: str, value: str) -> None:
    """Take a field; what is no music is counted as left out.

    What stands before the first note holds from the start, as if it stood in the header.
    """
    if letter == "+" and state.words and state.words[-1].line == state.line - 1:
        state.words[-1] = Words(state.line, f"{state.words[-1].text} {value}")
    elif letter in _READERS:
        _READERS[letter](state, value)
    else:
        state.left_out[FIELD_NAMES.get(letter, "text field in the music")] += 1


def _begins(state: State) -> bool:
    """Whether no note has come yet."""
    return state.last_note is None


def _change_key(state: State, value: str) -> None:
    _change_clef(state, value)
    if not names_key(value):
        return
    key, repair = parse_key(value)
    if repair:
        state.repair(repair, value)
    state.signature, state.in_bar = key.signature, {}
    if _begins(state):
        state.key = state.header.key = key
    elif key != state.key:
        state.key = key
        state.add(KeyChange(key))


def _change_clef(state: State, value: str) -> None:
    """What sounds moves for the whole tune: within it a clef of another octave is left out."""
    shift = sounding_shift(value)
    state.left_out["transposition of the page"] += moves_the_page(value)
    if shift is None or shift == state.header.sounding:
        return
    if _begins(state):
        state.header.sounding = shift
    else:
        state.left_out[CHANGED_SOUND] += 1


def _change_meter(state: State, value: str) -> None:
    meter, repair = parse_meter(value)
    if repair:
        state.repair(repair, value)
    if _begins(state):
        state.meter = state.header.meter = meter
    elif meter != state.meter:
        state.meter = meter
        state.add(MeterChange(meter))


def _change_unit(state: State, value: str) -> None:
    unit, repair = parse_unit(value)
    if repair:
        state.repair(repair, value)
    state.unit, state.lengths = unit or default_unit(state.meter), {}
    if _begins(state):
        state.header.unit = state.unit


def _change_tempo(state: State, value: str) -> None:
    if _begins(state):
        set_tempo(state.header, value)
        state.tempos = [(0, state.header.tempo)] if state.header.tempo else []
        return
    tempo = parse_tempo(value, state.unit)
    if tempo is None:
        state.left_out[FIELD_NAMES["Q"]] += 1
        return
    state.left_out[FIELD_NAMES["Q"]] += '"' in value
    place = len(state.music) + state.close_bar  # a bar line is put before what follows
    while state.tempos and state.tempos[-1][0] >= place:
        state.tempos.pop()
    state.tempos.append((place, tempo))


def _begin_part(state: State, value: str) -> None:
    if label := " ".join(value.replace("]", " ").split()):
        state.add(Part(label))


def _define_symbol(state: State, value: str) -> None:
    define_symbol(state.header.symbols, value)


def _define_macro(state: State, value: str) -> None:
    define_macro(state.header.macros, value)


def _take_words(state: State, value: str) -> None:
    state.words.append(Words(state.line, value))


_READERS: dict[str, Callable[[State, str], None]] = {
    "K": _change_key,
    "M": _change_meter,
    "L": _change_unit,
    "Q": _change_tempo,
    "P": _begin_part,
    "U": _define_symbol,
    "m": _define_macro,
    "w": _take_words,
}
