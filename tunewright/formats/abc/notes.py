"""Notes, chords, rests, grace notes and ties: their pitches by key, accidentals and ties, and how long they are.

In: the text of one sign, and the `State` that it is read in. Out: elements added to that. Tuplets are begun in
`tuplets`, slurs paired in `slurs`; what a tie means is settled in `joining`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from tunewright.formats.abc.bars import read_bar
from tunewright.formats.abc.fields import ALTERATIONS
from tunewright.formats.abc.numbers import parse_length, whole_number
from tunewright.formats.abc.signs import NOTE_SIGN
from tunewright.formats.abc.state import State
from tunewright.music.tune import Note, Pitch, Rest
from tunewright.support.errors import ParseError

_LONGEST_NOTE = 64  # whole notes
_FINEST_NOTE = 2**16  # parts of a whole note
_IN_CHORD = re.compile(r'"[^"]*"|![^!]*!')
_TIE = re.compile(r"\.?-")


def _length(state: State, text: str) -> Fraction:
    length = _checked(parse_length(text) * state.unit, text)
    if state.broken is not None:
        length *= state.broken
        state.broken = None
    if state.tuplet_left:
        length *= state.tuplet_ratio
        state.tuplet_left -= 1
    return length


def read_late_length(state: State, text: str) -> None:
    """Make the last note as long as a number says that stands after a blank, as folk-rnn prints it."""
    last = state.music[-1]
    assert isinstance(last, Note | Rest)
    state.music[-1] = replace(last, length=_checked(last.length * parse_length(text), text))
    state.without_length = None
    state.repair("blank before a length", text, place=len(state.music) - 1)


def _checked(length: Fraction, text: str) -> Fraction:
    if not 0 < length <= _LONGEST_NOTE or length.denominator > _FINEST_NOTE:
        raise ParseError(f"note length {text[:20]!r} is not between 1/65536 and 64 whole notes")
    return length


def _pitch(state: State, sign: re.Match[str]) -> Pitch:
    accidental, micro, letter, octaves, _ = sign.groups()
    step = letter.upper()
    octave = 4 + letter.islower() + octaves.count("'") - octaves.count(",")
    if not -1 <= octave <= 9:
        raise ParseError(f"pitch {sign[0][:20]!r} is outside octaves -1 to 9")
    if micro:
        state.repair("microtone rounded to a semitone", sign[0])
    if accidental:
        state.in_bar[step] = ALTERATIONS[accidental]
    elif (tied := _tied_alteration(state, step, octave)) is not None:
        return Pitch(step, tied, octave)
    return Pitch(step, state.in_bar.get(step, state.signature[step]), octave)


def _tied_alteration(state: State, step: str, octave: int) -> int | None:
    """A tie carries its accidental over the bar line."""
    last = state.music[state.last_note] if state.last_note is not None else None
    if not isinstance(last, Note) or not (last.tied or last.held) or step in state.in_bar:
        return None
    return next((pitch.alter for pitch in last.tied_pitches if (pitch.step, pitch.octave) == (step, octave)), None)


def _add_note(
    state: State, pitches: tuple[Pitch, ...], length: Fraction, *, tied: bool = False, held: tuple[Pitch, ...] = ()
) -> None:
    note = Note(pitches, length, tied, tuple(state.grace), state.slurs, 0, tuple(state.decorations), held)
    to_grace, opened = state.slurs_to_grace, state.slurs
    state.grace, state.decorations, state.slurs, state.slurs_to_grace = [], [], 0, 0
    state.add(note)
    state.last_note = len(state.music) - 1
    state.open_slurs += [(state.last_note, number < to_grace) for number in range(opened)]


def read_note(state: State, text: str) -> None:
    """Add a note, as in "^c'3/2"."""
    sign = NOTE_SIGN.fullmatch(text)
    assert sign is not None
    pitch = _pitch(state, sign)
    _add_note(state, (pitch,), _length(state, sign[5]))
    state.without_length = None if sign[5] else state.last_note


def read_chord(state: State, text: str) -> None:
    """Add the notes in brackets as one; a tie in it ties its own note alone."""
    inside, _, outside = text[1:].rpartition("]")
    inside, decorations = _IN_CHORD.subn("", inside)
    state.left_out["decoration in a chord"] += decorations
    signs = list(NOTE_SIGN.finditer(inside))
    if not signs:
        state.left_out["brackets without notes"] += 1
        return
    tied = {_pitch(state, sign): bool(_TIE.match(inside, sign.end())) for sign in signs}
    pitches = tuple(sorted(tied, key=lambda pitch: (pitch.midi, pitch.step)))
    if len({sign[5] for sign in signs}) > 1:
        state.repair("chord of unequal lengths takes its first", text)
    if len(pitches) < len(signs):
        state.repair("unison in a chord read as one note", text)
    if outside and not outside.strip("0"):
        state.repair("chord of length 0 as long as its notes", text)  # heads without stems
        outside = ""
    length = _checked(_length(state, outside) * parse_length(signs[0][5] or "1"), text)
    held = tuple(pitch for pitch in pitches if tied[pitch])
    _add_note(state, pitches, length, tied=held == pitches, held=held if held != pitches else ())
    state.without_length = None if outside or signs[0][5] else state.last_note


def read_rest(state: State, text: str) -> None:
    """Add a rest, or some bars of it; a `y` is space on the page alone."""
    letter, length = text[0], text[1:]
    if letter == "y":
        return
    if letter in "ZX":
        _read_bars_of_rest(state, letter, length)
        return
    state.add(Rest(_length(state, length), visible=letter == "z"))
    state.last_note = len(state.music) - 1
    state.without_length = None if length else state.last_note


def _read_bars_of_rest(state: State, letter: str, length: str) -> None:
    bars = whole_number(length) if length.isdigit() else 1
    if not 0 < bars <= 100:
        raise ParseError(f"{letter + length!r} is not a rest of 1 to 100 bars")
    for bar in range(bars):
        if bar:
            read_bar(state, "|")
        state.add(Rest(state.meter.length or Fraction(1), visible=letter == "Z"))
        state.last_note = len(state.music) - 1


def read_grace(state: State, text: str) -> None:
    """Keep grace notes for the next note."""
    state.slurs_to_grace = state.slurs
    state.grace += [_pitch(state, sign) for sign in NOTE_SIGN.finditer(text.strip("{}/"))]


def read_tie(state: State, _text: str) -> None:
    """Tie the last note."""
    last = state.music[state.last_note] if state.last_note is not None else None
    if isinstance(last, Note) and state.last_note is not None:
        state.music[state.last_note] = replace(last, tied=True, held=())
    else:
        state.repair("tie without a note ignored")


def read_broken(state: State, text: str) -> None:
    """Make the last note longer and the next one shorter, or the other way round."""
    last = state.music[state.last_note] if state.last_note is not None else None
    if not isinstance(last, Note | Rest) or state.broken is not None or len(text) > 3:
        state.repair("broken rhythm without two notes ignored", text)
        return
    short = Fraction(1, 2 ** len(text))
    mine, state.broken = (2 - short, short) if text[0] == ">" else (short, 2 - short)
    assert state.last_note is not None
    state.music[state.last_note] = replace(last, length=last.length * mine)
