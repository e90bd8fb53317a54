"""A tune in another key: pitches, keys and chord symbols moved along the line of fifths, so that spelling stays right.

In: a `Tune` and a number of semitones. Out: the same tune higher or lower.
"""

from __future__ import annotations

import re
from dataclasses import replace

from tunewright.music.chord_symbols import parse_chord
from tunewright.music.tune import (
    FIFTHS,
    ORDER_OF_SHARPS,
    SEMITONES,
    ChordSymbol,
    Element,
    Key,
    KeyChange,
    Note,
    Pitch,
    Tune,
    accidental_sign,
    tonic_fifths,
)


def fifths(pitch: Pitch) -> int:
    """Place on the line of fifths: C 0, G 1, F sharp 6, B flat -2."""
    return FIFTHS[pitch.step] + 7 * pitch.alter


def transpose(tune: Tune, semitones: int) -> Tune:
    """The same tune higher or lower, its key spelled with the fewest sharps or flats."""
    base = (7 * semitones) % 12
    by_fifths = min((base - 12, base), key=lambda shift: (abs(tune.key.sharps + shift), abs(shift)))
    music = tuple(_transposed(element, by_fifths, semitones) for element in tune.music)
    return replace(tune, music=music, key=_transposed_key(tune.key, by_fifths), text="", repairs=(), left_out=())


def _transposed(element: Element, by_fifths: int, semitones: int) -> Element:
    if isinstance(element, Note):
        return replace(
            element,
            pitches=tuple(_transposed_pitch(pitch, by_fifths, semitones) for pitch in element.pitches),
            grace=tuple(_transposed_pitch(pitch, by_fifths, semitones) for pitch in element.grace),
            held=tuple(_transposed_pitch(pitch, by_fifths, semitones) for pitch in element.held),
        )
    if isinstance(element, KeyChange):
        return KeyChange(_transposed_key(element.key, by_fifths))
    if isinstance(element, ChordSymbol):
        return ChordSymbol(_transposed_chord(element.text, by_fifths))
    return element


def _spell(place: int) -> tuple[str, int]:
    """Step and alteration at a place on the line of fifths."""
    return ORDER_OF_SHARPS[(place + 1) % 7], (place + 1) // 7


def _transposed_pitch(pitch: Pitch, by_fifths: int, semitones: int) -> Pitch:
    step, alter = _spell(fifths(pitch) + by_fifths)
    octave = (pitch.midi + semitones - alter - SEMITONES[step]) // 12 - 1
    return Pitch(step, alter, octave)


def _transposed_name(name: str, by_fifths: int) -> str:
    step, alter = _spell(tonic_fifths(name) + by_fifths)
    return step + accidental_sign(alter)


def _transposed_key(key: Key, by_fifths: int) -> Key:
    tonic = key.tonic and _transposed_name(key.tonic, by_fifths)
    accidentals = []
    for step, alter in key.accidentals:
        moved, altered = _spell(FIFTHS[step] + 7 * alter + by_fifths)
        accidentals.append((moved, altered))
    return Key(tonic, key.mode, tuple(accidentals))


def _transposed_chord(text: str, by_fifths: int) -> str:
    """Its root, its bass and whatever chords follow; H is B natural, and moved it has its English name."""
    if (named := parse_chord(text)) is None or named.silent:
        return text

    def moved(match: re.Match[str]) -> str:
        name = match[2].upper().replace("H", "B") + match[3].replace("♯", "#").replace("♭", "b")
        return match[1] + _transposed_name(name, by_fifths)

    return re.sub(r"(^\(?|[;,]\s*|/\s*)([A-H]|(?<=/)[a-h](?![a-z]))([#b♯♭]?)", moved, text)
