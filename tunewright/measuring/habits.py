"""What is usual in some tunes, place by place, and how much of a tune departs from it.

In: training tunes, counted once into `Habits`; then a `Tune` or its `Features`. Out: shares, NaN where the habits are
too few to tell. Abrupt notes are the objective half of what listeners call abrupt joins. How alike two sets are is
`styles`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tunewright.measuring.averages import mean
from tunewright.music.features import Features, Place, features, pairs
from tunewright.music.tune import Tune

FEWEST = 1000  # seen at a place of the bar, below which "rarer than 1 in 1,000" cannot be told
FEWEST_ENDS = 100
USUAL_ENDS = 20  # a degree is usual where 1 in so many sections ends on it

Context = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Habits:
    """Which intervals and pairs of lengths are not rare at each place of the bar, and on which degrees sections end.

    A place is a metre and a position in its bar. A place that was seen fewer than 1,000 times backs off, for there
    even a single sighting is more than 1 in 1,000: to the metre and the kind of place (beginning of the bar, another
    beat, between beats, no bars); then to the kind of place in any metre; then to any place at all.
    """

    intervals: Mapping[Context, frozenset[Hashable]]
    lengths: Mapping[Context, frozenset[Hashable]]
    ends: frozenset[int] = frozenset()  # semitones above the tonic


def fit_habits(tunes: Iterable[Tune | Features]) -> Habits:
    """The habits of some tunes: of the training tunes, as a rule."""
    intervals: dict[Place, Counter[Hashable]] = {}
    lengths: dict[Place, Counter[Hashable]] = {}
    ends: Counter[int] = Counter()
    for tune in tunes:
        seen = features(tune)
        for place, interval in _intervals(seen):
            intervals.setdefault(place, Counter())[interval] += 1
        for place, pair in _length_pairs(seen):
            lengths.setdefault(place, Counter())[pair] += 1
        ends.update(degree for degree in seen.ends if degree is not None)
    return Habits(_habitual(intervals), _habitual(lengths), _usual(ends))


def abrupt_notes(tune: Tune | Features, habits: Habits) -> float:
    """Share of the melodic intervals that the habits make rarer than 1 in 1,000 where they lead to, 0 to 1.

    The place that counts is the second note's. NaN for a tune of one note, or habits from fewer than 1,000 intervals.
    """
    return _rare_share(_intervals(features(tune)), habits.intervals)


def abrupt_lengths(tune: Tune | Features, habits: Habits) -> float:
    """Share of the pairs of successive note lengths that the habits make rarer than 1 in 1,000, 0 to 1.

    The place that counts is the second note's. NaN for a tune of one note, or habits from fewer than 1,000 pairs.
    """
    return _rare_share(_length_pairs(features(tune)), habits.lengths)


def cadence_rate(tune: Tune | Features, habits: Habits) -> float:
    """Share of the sections that end on a degree where at least 1 in 20 sections of the habits end, 0 to 1.

    A section ends at every bar line but the plain one and at the end of the tune; each of its endings counts. Its
    degree is that of its last note, in semitones above the tonic of the key that holds. NaN for a tune that claims no
    tonic or has no whole bar, or habits from fewer than 100 sections.
    """
    if not habits.ends:
        return math.nan
    return mean(degree in habits.ends for degree in features(tune).ends if degree is not None)


def _intervals(seen: Features) -> Iterator[tuple[Place, int]]:
    return ((b.place, b.pitch - a.pitch) for a, b in pairs(seen))


def _length_pairs(seen: Features) -> Iterator[tuple[Place, tuple[float, float]]]:
    return ((b.place, (a.length, b.length)) for a, b in pairs(seen))


def _contexts(place: Place) -> tuple[Context, ...]:
    """Where to look what is rare at a place, the closest first."""
    return (place.meter, place.position), (place.meter, "kind", place.strength), ("kind", place.strength), ()


def _habitual(seen: Mapping[Place, Counter[Hashable]]) -> dict[Context, frozenset[Hashable]]:
    """For each context that was seen often enough, what was seen there in at least 1 of 1,000 cases."""
    counts: dict[Context, Counter[Hashable]] = {}
    for place, counter in seen.items():
        for context in _contexts(place):
            counts.setdefault(context, Counter()).update(counter)
    return {
        context: frozenset(value for value, count in counter.items() if 1000 * count >= counter.total())
        for context, counter in counts.items()
        if counter.total() >= FEWEST
    }


def _usual(ends: Counter[int]) -> frozenset[int]:
    if ends.total() < FEWEST_ENDS:
        return frozenset()
    return frozenset(degree for degree, count in ends.items() if USUAL_ENDS * count >= ends.total())


def _rare_share(found: Iterable[tuple[Place, Hashable]], habitual: Mapping[Context, frozenset[Hashable]]) -> float:
    if not habitual:
        return math.nan
    return mean(
        value not in next(habitual[context] for context in _contexts(place) if context in habitual)
        for place, value in found
    )
