"""How much of a tune stood in it before: bars, phrases and runs of notes, the same or moved.

In: a `Tune` or its `Features`. Out: shares, NaN where there is nothing to repeat. Bars are as written, without
pickups; a repeat sign repeats nothing. Which bars return where is the phrase plan's (`phrases`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from tunewright.music.features import Features, Sign, features
from tunewright.music.tune import Tune

T = TypeVar("T")


def repetition_rate(tune: Tune | Features, bars: int = 1, *, transposed: bool = False) -> float:
    """Share of the phrases of so many bars that stood earlier in the tune, 0 to 1; NaN with fewer than two phrases.

    A phrase begins at every bar, so those of 2 and 4 bars overlap. Two are equal when all their notes and rests have
    the same pitches and lengths; with `transposed`, the same intervals between them.
    """
    phrases = list(runs([bar.signs for bar in features(tune).bars], bars))
    return _repeated([_from_first_note(phrase) for phrase in phrases] if transposed else phrases)


def repeated_ngrams(tune: Tune | Features, n: int = 4) -> float:
    """Share of the runs of n notes that stood earlier in the tune, 0 to 1; NaN with fewer than two runs.

    A run begins at every note. Two are equal when their notes have the same pitches and lengths; rests are left out.
    """
    return _repeated(list(runs([(note.pitch, note.length) for note in features(tune).melody], n)))


def runs(things: Sequence[T], width: int) -> Iterator[tuple[T, ...]]:
    """Every run of so many things in a row, one beginning at each."""
    return zip(*(things[offset:] for offset in range(width)), strict=False)


def _repeated(things: Sequence[Hashable]) -> float:
    """The share of things that were there before."""
    return 1 - len(set(things)) / len(things) if len(things) > 1 else math.nan


def _from_first_note(phrase: Iterable[Sequence[Sign]]) -> tuple[tuple[Sign, ...], ...]:
    """A phrase with its pitches counted from its first note."""
    first = next((pitch for signs in phrase for pitch, _ in signs if pitch is not None), 0)
    return tuple(
        tuple((None if pitch is None else pitch - first, length) for pitch, length in signs) for signs in phrase
    )
