"""Chords relative to the tonic: written chord symbols, and the triads that a bar's notes imply.

In: a key, and a symbol or the notes of a bar. Out: a `Harmony`: the root in semitones above the tonic, and "major" or
"minor" by its third. Sevenths, suspensions, inversions and augmented or diminished fifths are not told apart.

This file does not know where in a tune a chord stands (`features`), and what it infers is a proxy: one triad for
each bar, from the melody alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tunewright.music.chord_symbols import parse_chord
from tunewright.music.tune import SEMITONES, STEPS, Key

Harmony = tuple[int, str]

_BY_PREFERENCE = (0, 4, 3, 1, 5, 2, 6)  # I V IV ii vi iii vii, where two triads fit equally well


def tonic_class(key: Key) -> int | None:
    """Pitch class of the tonic, C 0 to B 11; None where the key claims none.

    >>> tonic_class(Key("Bb"))
    10
    """
    if key.tonic is None:
        return None
    return (SEMITONES[key.tonic[0]] + key.tonic.count("#") - key.tonic.count("b")) % 12


def symbol_harmony(text: str, key: Key) -> Harmony | None:
    """A chord symbol relative to the tonic; None where it names no chord, or the key no tonic.

    A chord with a minor third (Am, Am7, Adim) is "minor", every other one (A, A7, Amaj7, A5, Asus4) "major".

    >>> symbol_harmony("Am7/G", Key("G"))
    (2, 'minor')
    """
    tonic, chord = tonic_class(key), parse_chord(text)
    if tonic is None or chord is None or chord.silent:
        return None
    return (chord.root - tonic) % 12, "minor" if chord.minor else "major"


def implied_harmony(strong: Sequence[int], lengths: Sequence[tuple[int, int]], key: Key) -> Harmony | None:
    """The triad on one of the key's seven steps that a bar implies; None without notes or without a tonic.

    `strong` are the pitch classes of the notes on a beat, `lengths` pairs of pitch class and length of all notes. The
    triad that holds most of the strong notes wins; of those, the one that holds most of the bar's length; of those,
    the first of I V IV ii vi iii vii.
    """
    if not lengths or key.tonic is None:
        return None
    triads = _triads(key)
    scores = [
        (sum(mask >> note & 1 for note in strong), sum(length for note, length in lengths if mask >> note & 1))
        for mask, _ in triads
    ]
    return triads[scores.index(max(scores))][1]


@lru_cache(maxsize=1024)
def _triads(key: Key) -> tuple[tuple[int, Harmony], ...]:
    """The seven triads of a key's steps, preferred ones first: a bit for each pitch class, and the harmony."""
    tonic, signature = tonic_class(key), key.signature
    assert key.tonic is not None
    assert tonic is not None
    first = STEPS.index(key.tonic[0])
    scale = [SEMITONES[step] + signature[step] for step in STEPS[first:] + STEPS[:first]]
    triads = []
    for degree in _BY_PREFERENCE:
        root, third, fifth = (scale[(degree + above) % 7] % 12 for above in (0, 2, 4))
        kind = "minor" if (third - root) % 12 == 3 else "major"
        triads.append((1 << root | 1 << third | 1 << fifth, ((root - tonic) % 12, kind)))
    return tuple(triads)
