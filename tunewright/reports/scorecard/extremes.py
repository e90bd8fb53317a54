"""The best and the worst tune by each measure of one tune: where to look first.

In: a `Scorecard` of tunes and a `Wording`. Out: which tune is best and which is worst, and their values in words.
Numbers were made in `judging`; this file only compares them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from tunewright.judging.scorecard import Scorecard
from tunewright.measuring.table import MEASURES
from tunewright.music.tune import Tune
from tunewright.reports.scorecard.numbers import TOLD, measure_name, numbers_of, written
from tunewright.reports.wording import Wording


@dataclass(frozen=True, slots=True)
class Extreme:
    """The best and the worst tune by one measure: their places on the card, and their values in words."""

    name: str
    best: int
    best_value: str
    worst: int
    worst_value: str


def extremes(card: Scorecard[Tune], wording: Wording) -> list[Extreme]:
    """The best and the worst tune by each measure of one tune, by what is shared, and by surprise.

    Best is nearest to the middle of real tunes, or least (or most) where less (or more) is better; without those, and
    where all tunes are alike, a measure has no row. Of several tunes, the first.
    """
    found = []
    for name in ("longest", "surprise", *TOLD[card.kind].of_one):
        values = dict(numbers_of(card.each, name))
        better = MEASURES[name].better if name in MEASURES else {"longest": "less"}.get(name, "real")
        real = [value for _, value in numbers_of(card.real, name)]
        if (better == "real" and not real) or len(set(values.values())) < 2:
            continue
        middle = median(real) if better == "real" else {"less": -math.inf, "more": math.inf}[better]
        best, worst = _nearest(values, middle), _farthest(values, middle)
        best_value, worst_value = (written(name, values[place], wording) for place in (best, worst))
        found.append(Extreme(measure_name(name, wording), best, best_value, worst, worst_value))
    return found


def _nearest(values: Mapping[int, float], middle: float) -> int:
    if math.isinf(middle):
        return min(values, key=lambda place: -values[place] if middle > 0 else values[place])
    return min(values, key=lambda place: abs(values[place] - middle))


def _farthest(values: Mapping[int, float], middle: float) -> int:
    if math.isinf(middle):
        return max(values, key=lambda place: -values[place] if middle > 0 else values[place])
    return max(values, key=lambda place: abs(values[place] - middle))
