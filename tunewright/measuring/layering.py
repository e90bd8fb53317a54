"""How many different bars a tune is made of, and how alike their rhythms are.

In: a `Tune` or its `Features`. Out: numbers of bars, and likenesses from 0 to 1; NaN where there is nothing to
compare. Bars are as written, without pickups: where a section ends with a short bar, its missing end is silent, and
what comes after the last bar is no bar. What lies beyond the metre of an irregular bar is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise

from tunewright.measuring.averages import mean
from tunewright.music.features import Features, features
from tunewright.music.tune import Tune

GRID = 48  # places in a bar, whatever its metre: whole parts of it for twos, threes and fours down to the 1/48


def bar_rhythms(tune: Tune | Features) -> float:
    """Number of distinct bar rhythms, that is of orders of note and rest lengths, from 1; NaN without bars."""
    return _distinct(bar.rhythm for bar in features(tune).bars)


def bar_contours(tune: Tune | Features) -> float:
    """Number of distinct bar contours, from 1; NaN without bars.

    A contour is the direction, up, level or down, from each note of the bar to the next.
    """
    return _distinct(bar.contour for bar in features(tune).bars)


def _distinct(things: Iterable[Hashable]) -> float:
    return float(len(set(things))) or math.nan


def groove_consistency(tune: Tune | Features) -> float:
    """How alike the onsets of neighbouring bars are, 0 to 1; NaN with fewer than two bars in a metre.

    Each bar is cut into 48 places, and a note counts at the place where it begins, ties joined; one minus the share
    of the places in which two neighbours differ, the mean over all of them. The value depends on the number of places:
    with more, mostly empty, it rises towards 1. That of muspy (Dong et al. 2020) leaves it to the caller, and adds an
    empty bar, which is none, after a tune that ends with a whole bar.
    """
    return mean(1 - (one ^ other).bit_count() / GRID for one, other in pairwise(_grooves(features(tune))))


def grooving_similarity(tune: Tune | Features) -> float:
    """How alike the onsets of any two bars are, 0 to 1; NaN with fewer than two bars in a metre.

    As `groove_consistency`, on the same 48 places, but the mean over all pairs of bars, near and far. (Wu and Yang
    2020; their MusDr cuts bars into 64 places, in which no triplet lies, and draws 1,000 pairs at random where there
    are more.)
    """
    grooves = _grooves(features(tune))
    count = len(grooves)
    if count < 2:
        return math.nan
    begun = Counter(place for groove in grooves for place in range(GRID) if groove >> place & 1)
    differing = sum(bars * (count - bars) for bars in begun.values())  # pairs of bars, one with an onset there
    return 1 - differing / (GRID * math.comb(count, 2))


def _grooves(seen: Features) -> Sequence[int]:
    """The onsets of each bar that has a metre, as bits, the first place lowest."""
    return [
        sum(1 << place for place in {attack * GRID // bar.length for attack in bar.attacks if attack < bar.length})
        for bar in seen.bars
        if bar.length
    ]
