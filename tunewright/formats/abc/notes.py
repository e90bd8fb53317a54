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
from tunewright.formats.abc.numbers import LENGTHS, is_length, parse_length, parse_number
from tunewright.formats.abc.signs import NOTE_SIGN
from tunewright.formats.abc.state import OpenSlurs, State
from tunewright.music.tune import Note, Pitch, Rest
from tunewright.support.errors import ParseError

MOST_BARS_OF_REST = 4096  # in one tune: a sign of four letters stands for a hundred
_IN_CHORD = re.compile(r'"[^"]*"|![^!]*!')
_TIE = re.compile(r"\.?-")


def _length(state: State, text: str) -> Fraction:
    length = state.lengths.get(text)
    if state.broken is None and not state.tuplet_left:
        if length is None:
            length = state.lengths[text] = _checked(parse_length(text) * state.unit, text)
        return length
    length = length or parse_length(text) * state.unit
    if state.broken is not None:
        length *= state.broken
        state.broken = None
    if state.tuplet_left:
        length *= state.tuplet_ratio
        state.tuplet_left -= 1
    return _checked(length, text)


def _checked(length: Fraction, text: str) -> Fraction:
    """The length of a note or rest; ParseError where none may last so long."""
    if not is_length(length):
        raise ParseError(f"note length {text[:20]!r} is not {LENGTHS}")
    return length


def read_late_length(state: State, text: str) -> None:
    """Make the last note as long as a number says that stands after a blank, as folk-rnn prints it."""
    last = state.music[-1]
    assert isinstance(last, Note | Rest)
    state.change_length(len(state.music) - 1, _checked(last.length * parse_length(text), text))
    state.without_length = None
    state.repair("blank before a length", text, place=len(state.music) - 1)


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
    if opened:
        state.open_slurs.append(OpenSlurs(state.last_note, to_grace, opened - to_grace))


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
    length = _checked(_length(state, outside) * parse_length(signs[0][5]), text)
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
    bars = parse_number(length) if length.isdigit() else 1
    if not 0 < bars <= 100:
        raise ParseError(f"{letter + length!r} is not a rest of 1 to 100 bars")
    state.bars_of_rest += bars
    if state.bars_of_rest > MOST_BARS_OF_REST:
        raise ParseError(f"more than {MOST_BARS_OF_REST} bars of rest by {letter}")
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
    state.change_length(state.last_note, _checked(last.length * mine, text))
