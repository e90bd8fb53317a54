"""Fields that stand in the music: changes of key, metre, unit and voice, and the parts of a tune.

In: a field's letter and value, or the text of an inline one, and the `State` that it is read in. Out: that state
changed. What the values mean is in `fields`, what stands before the music in `header`.
"""

from __future__ import annotations

from tunewright.formats.abc.fields import parse_key, parse_meter, parse_unit
from tunewright.formats.abc.header import FIELD_NAMES, define_symbol
from tunewright.formats.abc.state import State
from tunewright.music.tune import KeyChange, MeterChange, Part


def read_inline_field(state: State, text: str) -> None:
    """Take a field in brackets, as in "[M:3/4]"."""
    read_body_field(state, text[1], text[3:].rstrip("]").strip())


def read_body_field(state: State, letter: str, value: str) -> None:
    """Take a field; what is no music is counted as left out."""
    if letter == "V":
        _set_voice(state, value)
    elif state.muted:
        return
    elif letter == "K":
        _change_key(state, value)
    elif letter == "M":
        _change_meter(state, value)
    elif letter == "L":
        state.unit = parse_unit(value)
    elif letter == "P" and value:
        state.add(Part(" ".join(value.replace("]", " ").split())))
    elif letter == "U":
        define_symbol(state.header.symbols, value)
    else:
        state.left_out[FIELD_NAMES.get(letter, "text field in the music")] += 1


def _change_key(state: State, value: str) -> None:
    key, state.octave, repair = parse_key(value)
    if repair:
        state.repair(repair, value)
    state.signature, state.in_bar = key.signature, {}
    if key != state.key:
        state.key = key
        state.add(KeyChange(key))


def _change_meter(state: State, value: str) -> None:
    meter, repair = parse_meter(value)
    if repair:
        state.repair(repair, value)
    if meter != state.meter:
        state.meter = meter
        state.add(MeterChange(meter))


def _set_voice(state: State, value: str) -> None:
    name = value.split()[0] if value.split() else ""
    if state.voice is None and state.last_note is None:
        state.voice = name
    elif state.voice is None:
        state.voice = ""
    state.muted = name != state.voice
    if state.muted:
        state.left_out["line of another voice"] += 1
