"""Music spelled in musical tokens.

In: a stretch of a tune's music, its key, the octave of the tonic. Out: tokens, or a `TokenError` for what they do not
cover. Headers and forms are `tokenizer`'s; the way back is `parsing`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction

from tunewright.music.tune import Bar, ChordSymbol, Element, Ending, Key, Note, Pitch, Rest, Tuplet
from tunewright.support.errors import TokenError
from tunewright.tokens.degrees.scale import offset_of
from tunewright.tokens.degrees.vocabulary import (
    ALTERATIONS,
    OFFSETS,
    QUALITIES,
    length_token,
    pitch_token,
    tuplet_token,
)

_CHORD = re.compile(r"([A-G])(#|b|)([^/]*)(?:/([A-G])(#|b|))?")


def spell(music: Sequence[Element], key: Key, home: int, one_token: Collection[str]) -> Iterator[str]:
    """The tokens of a stretch of music."""
    factor, left = Fraction(1), 0  # of the tuplet that we are in
    for element in music:
        if isinstance(element, Note | Rest):
            length = length_token(element.length / factor if left else element.length)
            left = max(0, left - 1)
            if isinstance(element, Note):
                yield from _spell_note(element, length, key, home, one_token)
            else:
                yield from _spell_sound("z" if element.visible else "x", length, one_token)
        elif isinstance(element, Tuplet):
            factor, left = Fraction(element.q, element.p), element.r
            yield tuplet_token(element)
        else:
            yield from spell_sign(element, key)


def _spell_note(note: Note, length: str, key: Key, home: int, one_token: Collection[str]) -> Iterator[str]:
    if len(note.pitches) > 1:
        raise TokenError("notes sound together; expected one melody")
    yield from (f"!{name}!" for name in note.decorations)
    yield from "(" * note.slurs_opened
    if note.grace:
        yield from ("{", *(_degree(pitch, key, home) for pitch in note.grace), "}")
    yield from _spell_sound(_degree(note.pitch, key, home), length, one_token)
    if note.tied:
        yield "-"
    yield from ")" * note.slurs_closed


def _spell_sound(sound: str, length: str, one_token: Collection[str]) -> Iterator[str]:
    note = f"{sound}:{length}"
    yield from (note,) if note in one_token else (length, sound)


def _degree(pitch: Pitch, key: Key, home: int) -> str:
    offset, alter = offset_of(pitch, key, home)
    if alter not in ALTERATIONS or offset not in OFFSETS:
        raise TokenError(f"{pitch} is outside what the tokens cover in {key}")
    return pitch_token(offset, alter)


def spell_sign(element: Element, key: Key) -> Iterator[str]:
    """The tokens of what is no note and no rest; TokenError for a change of key, metre or tempo within the tune."""
    if isinstance(element, Bar):
        yield element.line
    elif isinstance(element, Ending):
        yield "[" + ",".join(map(str, element.numbers))
    elif isinstance(element, ChordSymbol):
        yield from _spell_chord(element.text, key)
    else:
        raise TokenError(
            f"there is a change of {type(element).__name__.removesuffix('Change').lower()} within the tune"
        )


def _spell_chord(text: str, key: Key) -> Iterator[str]:
    found = _CHORD.fullmatch(text)
    if not found or found[3] not in QUALITIES:
        raise TokenError(f"the chord {text!r} is outside what the tokens cover; known kinds: {' '.join(QUALITIES)}")
    yield f"chord:{_chord_degree(found[1], found[2], key)}"
    if found[3]:
        yield f"quality:{found[3]}"
    if found[4]:
        yield f"bass:{_chord_degree(found[4], found[5], key)}"


def _chord_degree(step: str, sign: str, key: Key) -> str:
    offset, alter = offset_of(Pitch(step, {"": 0, "#": 1, "b": -1}[sign], 4), key, 4)
    if alter not in ALTERATIONS:
        raise TokenError(f"a chord on {step}{sign} is outside what the tokens cover in {key}")
    return pitch_token(offset % 7, alter)
