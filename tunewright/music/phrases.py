"""The phrase plan of a tune: which bars return, the same or varied, as in A B A' A.

In: a `Tune` or its `Features`. Out: a label for each bar, and for each bar what it returns to. Bars are as written,
without pickups. What sets of tunes do how often is counted in `measuring.styles`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tunewright.music.features import Features, MelodyBar, Sign, features
from tunewright.music.tune import Tune

PHRASE_BARS = 8  # a bar's place in its section is counted modulo this
FARTHEST = 32  # bars; one that returns after more counts as this
VARIATION = 0.5  # of the notes of two bars in common make one a variation of the other


def phrase_plan(tune: Tune | Features) -> tuple[str, ...]:
    """A label for each bar: "A" for the first, the same label where it returns, "A'" where it returns varied.

    A bar varies an earlier one, its letter's first, when they share at least half of their notes: twice the notes
    with the same onset and pitch, over the notes of both. Another variation of A is A''. After Z comes AA.

    >>> from tunewright.formats.abc import parse_abc
    >>> " ".join(phrase_plan(parse_abc("X:1\\nM:2/4\\nL:1/8\\nK:C\\nCDEF|GABc|CDEG|CDEF|CDEG|]")[0]))
    "A B A' A A'"
    """
    return tuple(_letters(letter) + "'" * variation for letter, variation in _plan(features(tune).bars))


def _plan(bars: Sequence[MelodyBar]) -> list[tuple[int, int]]:
    """For each bar the number of its letter, and which variation of that it is, the letter itself being 0."""
    labels: dict[tuple[Sign, ...], tuple[int, int]] = {}
    firsts: list[frozenset[tuple[int, int]]] = []
    variations: list[int] = []
    for bar in bars:
        if bar.signs in labels:
            continue
        onsets = bar.onsets
        letter = next((number for number, first in enumerate(firsts) if _varies(onsets, first)), len(firsts))
        if letter == len(firsts):
            firsts.append(onsets)
            variations.append(0)
        else:
            variations[letter] += 1
        labels[bar.signs] = letter, variations[letter]
    return [labels[bar.signs] for bar in bars]


def _varies(one: frozenset[tuple[int, int]], other: frozenset[tuple[int, int]]) -> bool:
    both = len(one) + len(other)
    return both > 0 and 2 * len(one & other) >= VARIATION * both


def _letters(number: int) -> str:
    more, last = divmod(number, 26)
    return (_letters(more - 1) if more else "") + chr(ord("A") + last)


def returns(seen: Features) -> Iterator[tuple[int, str, int]]:
    """For each bar its place in the section, modulo 8; whether it is "new", "same" or "varied"; and since when.

    A bar is the same, or varied, when its letter stood before; the distance is to the latest bar with just this
    label, or else to the latest with its letter, at most 32 bars.
    """
    latest: dict[object, int] = {}
    for index, (bar, label) in enumerate(zip(seen.bars, _plan(seen.bars), strict=True)):
        kind = "same" if label in latest else "varied" if label[0] in latest else "new"
        since = index - latest.get(label, latest.get(label[0], index))
        yield bar.place % PHRASE_BARS, kind, min(since, FARTHEST)
        latest[label] = latest[label[0]] = index
