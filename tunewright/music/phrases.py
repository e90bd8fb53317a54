"""The phrase plan of a tune: which bars return, the same or varied, as in A B A' A.

In: a `Tune` or its `Features`. Out: a label for each bar, and for each bar what it returns to. Bars are as written,
without pickups. What sets of tunes do how often is counted in `measuring.styles`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tunewright.music.features import Features, MelodyBar, Sign, features
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError

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


# ------------------------------------------------------------------------------------------------ asked for


Label = tuple[int, int]  # the number of a letter, and which variation of it, 0 being the letter itself
_LABELS = re.compile(r"\s*(?:([A-Za-z])('*)|(\.))[\s|,]*")


@dataclass(frozen=True, slots=True)
class PhrasePlan:
    """Which bars of a tune are to return which, by labels; None for a bar that is left open."""

    bars: tuple[Label | None, ...]

    @classmethod
    def parse(cls, text: str) -> PhrasePlan:
        """The plan in words: a letter for each bar, with as many ' as there are variations before it; . is open.

        ConfigError, which says where, for other words, and for a variation of what does not stand before it.

        >>> str(PhrasePlan.parse("ABA'. AB"))
        "A B A' . A B"
        """
        labels: list[Label | None] = []
        place = 0
        while place < len(text):
            found = _LABELS.match(text, place)
            if not found:
                expected = "letters for bars, ' for varied and . for any, as in \"A B A' .\""
                raise ConfigError(f"the plan has {text[place : place + 10]!r} at sign {place + 1}; expected {expected}")
            letter, primes, _ = found.groups()
            label = (ord(letter.upper()) - ord("A"), len(primes)) if letter else None
            if label and label[1] and label[0] not in {one[0] for one in labels if one}:
                varied = letter.upper()
                raise ConfigError(f"bar {len(labels) + 1} of the plan is {varied}{primes}; expected {varied} before it")
            labels.append(label)
            place = found.end()
        if not labels:
            raise ConfigError('the plan names no bar; expected a letter for each, as in "A B A\' B"')
        return cls(tuple(labels))

    @classmethod
    def of(cls, tune: Tune) -> PhrasePlan:
        """The plan of a tune."""
        return cls(tuple(_plan(features(tune).bars)))

    def ways(self, place: int) -> tuple[str, int] | None:
        """How this bar returns an earlier one, "same" or "varied", and which; None for a new one and an open one.

        That is the last one of its label, or, of what it varies, the last one of the letter itself, if there is one.
        """
        label, before = self.bars[place], self.bars[:place]
        if label is None:
            return None
        if label in before:
            return "same", max(at for at, one in enumerate(before) if one == label)
        letters = [(one[1] == 0, at) for at, one in enumerate(before) if one and one[0] == label[0]]
        return ("varied", max(letters)[1]) if letters else None

    def __str__(self) -> str:
        """As `parse` reads it; letters after Z are doubled, which it would take for two bars."""
        return " ".join("." if label is None else _letters(label[0]) + "'" * label[1] for label in self.bars)
